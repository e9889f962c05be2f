"""C-CDA: immunization activities of documents and pieces of them, refusals with their XPath, hostile XML."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medtrust import samples
from medtrust.canonical import Immunization
from medtrust.pseudonym import PatientIdentifier
from medtrust.standards import Reading
from tests.standards.support import corpus, reading

SAMPLE = samples.read("immunization_ccda.xml").decode()
ACTIVITY = "/ClinicalDocument/component/structuredBody/component/section/entry/substanceAdministration"


def changed(*changes: tuple[str, str]) -> Reading:
    """Read the sample with parts of it replaced, each of which must be there."""
    text = SAMPLE
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new)
    return reading(text)


def refused(*changes: tuple[str, str]) -> tuple[str, str]:
    """Return where the only refusal stands, without the line, and what was found there."""
    found = changed(*changes)
    assert len(found.refusals) == 1
    assert found.records == ()
    return found.refusals[0].place.rpartition(" (")[0], found.refusals[0].found


def dose(found: Reading) -> Immunization:
    (record,) = found.records
    assert isinstance(record.canonical, Immunization)
    return record.canonical


class TestDose:
    """
    given the sample                            -> the dose with its place, patient and what stands beside it
    given negationInd true                      -> not-done; nullified -> entered-in-error and deleted
    given an interval within one day            -> that day
    given an NDC in the code, CVX as translation -> the same vaccine
    given no number of the custodian's          -> the social security number, as such
    given no maker's code, no lot, amount 999   -> left out
    """

    def test_is_read_with_its_place(self) -> None:
        found = reading(SAMPLE)
        record = found.records[0]
        assert (dose(found).vc, dose(found).d, dose(found).st) == ("115", "2026-10-05", "completed")
        assert (dose(found).lot, dose(found).mvx, record.place) == ("MT2026A", "SKB", ACTIVITY)
        assert record.patient == PatientIdentifier("urn:oid:2.16.840.1.113883.19.5.1", "MR", "700101")
        assert record.beside == {"amount": "0.5", "unit": "mL"}

    def test_says_what_was_not_done_or_is_an_error(self) -> None:
        assert dose(changed(('negationInd="false"', 'negationInd="true"'))).st == "not-done"
        nullified = changed(('<statusCode code="completed"/>', '<statusCode code="nullified"/>'))
        assert (dose(nullified).st, nullified.records[0].action) == ("entered-in-error", "delete")

    def test_takes_an_interval_within_one_day(self) -> None:
        low_and_high = '<effectiveTime><low value="202610050900"/><high value="20261005"/></effectiveTime>'
        assert dose(changed(('<effectiveTime value="20261005101000-0500"/>', low_and_high))).d == "2026-10-05"

    def test_takes_codes_in_any_order(self) -> None:
        turned = changed(
            (
                'code="115" codeSystem="2.16.840.1.113883.12.292"',
                'code="58160-842-52" codeSystem="2.16.840.1.113883.6.69"',
            ),
            (
                'code="58160-842-52" codeSystem="2.16.840.1.113883.6.69"/>',
                'code="115" codeSystem="2.16.840.1.113883.12.292"/>',
            ),
        )
        assert dose(turned) == dose(reading(SAMPLE))

    def test_falls_back_on_the_first_identifier(self) -> None:
        found = changed(('<id root="2.16.840.1.113883.19.5.1" extension="700101"/>', ""))
        assert found.records[0].patient == PatientIdentifier("urn:oid:2.16.840.1.113883.4.1", "SS", "987-65-4321")

    def test_leaves_out_what_is_not_there(self) -> None:
        found = changed(
            ('<id root="2.16.840.1.113883.12.227" extension="SKB"/>', ""),
            ("<lotNumberText>mt2026a</lotNumberText>", ""),
            ('value="0.5"', 'value="999"'),
        )
        assert (dose(found).mvx, dose(found).lot, found.records[0].beside) == ("", "", {})


class TestRefusals:
    """
    given a wrong day, status, vaccine, mood, negation, or no patient -> refused with XPath and what was found
    given two patients                                                -> refused
    given a document without immunizations                            -> refused as a whole
    """

    @pytest.mark.parametrize(
        ("old", "new", "place", "found"),
        [
            ('value="20261005101000-0500"', 'value="2026"', "/effectiveTime/@value", "2026"),
            ('value="20261005101000-0500"', 'value="20261399"', "/effectiveTime/@value", "20261399"),
            (
                'effectiveTime value="20261005101000-0500"',
                'effectiveTime nullFlavor="UNK"',
                "/effectiveTime/@value",
                "nothing",
            ),
            ('<statusCode code="completed"/>', '<statusCode code="active"/>', "/statusCode/@code", "active"),
            ('<statusCode code="completed"/>', "", "/statusCode", "nothing"),
            ('moodCode="EVN"', 'moodCode="INT"', "/@moodCode", "INT"),
            ('negationInd="false"', 'negationInd="no"', "/@negationInd", "no"),
        ],
    )
    def test_name_the_place(self, old: str, new: str, place: str, found: str) -> None:
        assert refused((old, new)) == (f"{ACTIVITY}{place}", found)

    def test_name_the_code(self) -> None:
        place = f"{ACTIVITY}/consumable/manufacturedProduct/manufacturedMaterial/code"
        assert refused(('code="115"', 'code="99999"')) == (f"{place}/@code", "99999")
        assert refused(("58160-842-52", "49281-0215-88")) == (f"{place}/translation/@code", "49281-0215-88")
        assert refused(('code="115"', 'code="998"'), ("58160-842-52", "")) == (
            f"{place}/@code",
            "998, no vaccine, in a dose that is completed",
        )

    def test_need_one_patient(self) -> None:
        place = "/ClinicalDocument/recordTarget/patientRole/id"
        assert refused((' extension="700101"', ""), (' extension="987-65-4321"', "")) == (place, "nothing")
        target = SAMPLE[SAMPLE.index("<recordTarget>") : SAMPLE.index("</recordTarget>") + len("</recordTarget>")]
        assert refused((target, target * 2)) == (ACTIVITY, "2 recordTargets")

    def test_need_an_immunization(self) -> None:
        found = changed(("2.16.840.1.113883.10.20.22.4.52", "2.16.840.1.113883.10.20.22.4.16"))
        assert [(one.place, one.found) for one in found.refusals] == [("/ClinicalDocument", "none")]

    def test_take_no_other_dose_with_them(self) -> None:
        entry = SAMPLE[SAMPLE.index("<entry ") : SAMPLE.index("</entry>") + len("</entry>")]
        bad = entry.replace("20261005101000-0500", "soon")
        found = changed((entry, bad + entry))
        assert [record.place for record in found.records] == [ACTIVITY.replace("/entry/", "/entry[2]/")]
        assert found.refusals[0].place.startswith(ACTIVITY.replace("/entry/", "/entry[1]/"))


class TestHostile:
    """
    given a document type, an entity, in UTF-8 or UTF-16 -> refused before it is parsed
    given a file that is to be read through an entity    -> refused, nothing of it shows
    given an entity bomb                                 -> refused
    given XML that is cut off, or no XML                 -> refused with line and column
    given any bytes behind an angle bracket              -> read or refused
    """

    @pytest.mark.parametrize(
        "prolog",
        [
            '<!DOCTYPE x [<!ENTITY f SYSTEM "file:///etc/passwd">]>',
            '<!DOCTYPE x SYSTEM "http://127.0.0.1:9/x.dtd">',
            '<!doctype x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>',
        ],
    )
    @pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
    def test_is_refused(self, prolog: str, encoding: str) -> None:
        text = SAMPLE.replace('<?xml version="1.0" encoding="UTF-8"?>', f'<?xml version="1.0"?>{prolog}')
        found = reading(text.replace("mt2026a", "&f;").encode(encoding))
        assert (found.records, [(one.place, one.found) for one in found.refusals]) == ((), [("document", "<!DOCTYPE")])
        assert "root:" not in str(found.refusals[0])

    def test_is_refused_where_it_breaks_off(self) -> None:
        found = reading(SAMPLE[: SAMPLE.index("</section>")])
        assert [one.place.split(",")[0][:5] for one in found.refusals] == ["line "]
        assert [entry.path for entry in found.loss.entries()] == ["document"]

    def test_an_undeclared_entity_is_refused(self) -> None:
        found = reading(SAMPLE.replace("mt2026a", "&lot;"))
        assert (found.records, len(found.refusals)) == ((), 1)

    @given(st.binary(max_size=60))
    def test_any_bytes_are_read_or_refused(self, noise: bytes) -> None:
        found = reading(b"<" + noise)
        assert found.refusals
        assert list(found.loss.entries())


class TestPieces:
    """
    given a piece without declared namespaces -> the same activity, its place from the piece on; no patient, so refused
    given UTF-16 or Latin-1                   -> read
    """

    def test_a_piece_is_read_as_far_as_it_goes(self) -> None:
        piece = SAMPLE[SAMPLE.index("<section>") : SAMPLE.index("</section>") + len("</section>")]
        (error,) = reading(piece).refusals
        assert error.place.startswith("/section/entry/substanceAdministration (line ")
        assert "recordTarget" in error.expected
        target = SAMPLE[SAMPLE.index("<recordTarget>") : SAMPLE.index("</recordTarget>") + len("</recordTarget>")]
        assert dose(reading(target + piece)) == dose(reading(SAMPLE))

    @pytest.mark.parametrize("encoding", ["utf-16", "iso-8859-1"])
    def test_other_character_sets_are_read(self, encoding: str) -> None:
        text = SAMPLE.replace("UTF-8", encoding).replace("Harbour", "Hafenstraße")
        assert dose(reading(text.encode(encoding))) == dose(reading(SAMPLE))


class TestCorpus:
    """
    given the real documents -> every immunization is imported, or refused with its XPath; others refused as a whole
    """

    def test_is_read_or_refused_with_the_path(self) -> None:
        files = sorted(corpus("ccda").glob("*/*"))
        assert len(files) >= 20
        imported = 0
        for file in files:
            found = reading(file.read_bytes())
            imported += len(found.records)
            assert found.records or found.refusals, file.name
            assert all(error.place.startswith("/") for error in found.refusals), file.name
            assert list(found.loss.entries())
        assert imported >= 1
