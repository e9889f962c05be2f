"""HL7 v2: the encoding, vaccinations and charged visits, and where exactly each refusal stands."""

from __future__ import annotations

import hl7
import pytest
from hypothesis import given
from hypothesis import strategies as st

from medtrust import samples
from medtrust.canonical import Immunization
from medtrust.errors import InputError
from medtrust.pseudonym import PatientIdentifier, pseudonym
from medtrust.standards.er7 import Message, messages
from tests.standards.support import HEADER, KEY, ORGANISATION, PERSON, only, reading, refusal, rxa, segment, vxu

SUB = pseudonym(KEY, ORGANISATION, PatientIdentifier("CLINIC", "MR", "700101"))
DOSE = Immunization(sub=SUB, vs="cvx", vc="115", d="2026-10-05", st="completed", lot="MT2026A", mvx="SKB")
BATCH = "FHS|^~\\&|X\rBHS|^~\\&|X\r"


def header(character_set: str) -> str:
    return HEADER + "||||||" + character_set


class TestEncoding:
    """
    given CR, LF, CRLF, a byte order mark, an MLLP frame, other delimiters -> the same object
    given several messages, or batches      -> each is read, and named in what is refused
    given escapes, repetitions and nulls    -> what they mean
    given a character set                   -> text in it
    when delimiters, a segment, an escape, a character set or a count is wrong -> refused with its place
    """

    @pytest.mark.parametrize(
        "encoded",
        [
            vxu().encode(),
            vxu().replace("\r", "\n").encode(),
            vxu().replace("\r", "\r\n").encode(),
            vxu().rstrip().encode(),
            b"\xef\xbb\xbf" + vxu().encode(),
            b"\x0b" + vxu().encode() + b"\x1c\r",
            vxu().replace("|", "#").replace("^", "!").encode(),
            BATCH.encode() + vxu().encode() + b"BTS|1\rFTS|1\r",
            vxu(header=header("UNICODE UTF-8")).encode(),
            vxu(header=header("ASCII")).encode(),
            vxu(header=header("GB 18030-2000")).encode(),
        ],
    )
    def test_says_the_same_however_it_is_written(self, encoded: bytes) -> None:
        found = reading(encoded)
        assert only(found) == DOSE
        assert found.records[0].place == "RXA[1]"

    def test_reads_every_message_of_a_file(self) -> None:
        found = reading(vxu() + vxu(rxa({3: "20261006"})) + vxu(rxa({3: "bad"})))
        assert [dose.d for dose in found.objects] == ["2026-10-05", "2026-10-06"]  # type: ignore[attr-defined]
        assert [record.place for record in found.records] == ["message[1] RXA[1]", "message[2] RXA[1]"]
        assert refusal(found)[:2] == ("message[3] RXA[1]-3", "bad")

    @pytest.mark.parametrize(("announced", "refused"), [("1", True), ("2", False), ("3", True), ("", False)])
    def test_counts_the_messages_of_a_batch(self, announced: str, refused: bool) -> None:
        found = reading(BATCH + vxu() + vxu() + f"BTS|{announced}\r")
        assert len(found.records) == 2
        assert [error.place for error in found.refusals] == (["BTS[1]-1"] if refused else [])

    def test_each_batch_counts_for_itself(self) -> None:
        found = reading("BHS|^~\\&\r" + vxu() + "BTS|1\rBHS|^~\\&\r" + vxu() + vxu() + "BTS|1\r")
        assert refusal(found) == ("BTS[2] BTS[1]-1", "1 messages announced", "2, as many as there are")

    @pytest.mark.parametrize(
        ("written", "value"),
        [("A\\T\\B", "A&B"), ("A\\F\\B", "A|B"), ("A\\E\\B", "A\\B"), ("A\\X26\\B", "A&B"), ("A\\XC3A9\\B", "AéB")],
    )
    def test_escapes_mean_characters(self, written: str, value: str) -> None:
        found = reading(vxu(person=f"PID|1||{written}^^^CLINIC^MR"))
        assert found.records[0].patient == PatientIdentifier("CLINIC", "MR", value)

    @pytest.mark.parametrize(
        "written", ["1\\2", "1\\T", "1\\Q\\2", "1\\.br\\2", "1\\H\\2", "1\\XFF\\2", "1\\X2\\2", "1\\\\2"]
    )
    def test_reverts_when_an_escape_means_no_character(self, written: str) -> None:
        """A library that leaves it out would turn "1\\Q\\2" into "12", another patient."""
        found = reading(vxu(person=f"PID|1||{written}^^^CLINIC^MR"))
        assert found.records == ()
        assert refusal(found)[:2] == ("PID[1]-3.1", repr(written))

    def test_null_says_nothing(self) -> None:
        assert only(reading(vxu(rxa({15: '""', 17: '""^""^""', 20: '""'})))).to_dict() == {
            **{name: value for name, value in DOSE.to_dict().items() if name not in ("lot", "mvx")}
        }

    def test_characters_of_gb18030_are_read(self) -> None:
        person = "PID|1||七^^^CLINIC^MR||王^芳"
        found = reading(vxu(header=header("GB 18030-2000"), person=person).encode("gb18030"))
        assert found.records[0].patient.value == "七"
        assert found.records[0].canonical == only(reading(vxu(person=person)))

    def test_bytes_that_look_like_delimiters_are_none(self) -> None:
        """In GB18030 the second byte of a character may be that of | or ^."""
        name = b"\x82|\x82^".decode("gb18030")
        person = f"PID|1||700101{name}^^^CLINIC^MR||{name}"
        found = reading(vxu(header=header("GB18030"), person=person).encode("gb18030"))
        assert found.records[0].patient == PatientIdentifier("CLINIC", "MR", f"700101{name}")

    @pytest.mark.parametrize(
        ("data", "found"),
        [
            (vxu(header=header("ASCII"), person="PID|1||é^^^CLINIC^MR").encode(), "ASCII"),
            (vxu(header=header("EBCDIC")).encode(), "EBCDIC"),
            (vxu(person="PID|1||é^^^CLINIC^MR").encode("latin-1"), "nothing"),
            (vxu(header=header("UNICODE UTF-16")).encode(), "UNICODE UTF-16"),
        ],
    )
    def test_reverts_when_the_character_set_does_not_hold(self, data: bytes, found: str) -> None:
        assert refusal(reading(data))[:2] == ("MSH[1]-18", found)

    def test_reverts_when_the_character_set_moves_its_own_name(self) -> None:
        """Read in GB18030, half of a character is a delimiter: then MSH-18 says 8859/1, in which it says nothing."""
        fields = [
            b"MSH",
            b"^~\\&",
            b"\x82|",
            b"CLINIC",
            *[b""] * 4,
            b"VXU^V04",
            b"1",
            b"P",
            b"2.5.1",
            *[b""] * 5,
            b"8859/1",
        ]
        found = reading(b"|".join(fields) + b"\r" + vxu().partition("\r")[2].encode())
        assert found.records == ()
        assert refusal(found)[0] == "MSH[1]-18"

    @pytest.mark.parametrize("encoding", ["^", "^^\\&", "^~\\&#$", "A~\\&", "^ \\&"])
    def test_reverts_when_delimiters_are_not_different_signs(self, encoding: str) -> None:
        place, found, expected = refusal(reading(vxu().replace("^~\\&", encoding, 1)))
        assert (place, found) == ("MSH[1]-2", repr(encoding))
        assert expected == "four or five different delimiters, such as ^~\\&"

    def test_reverts_when_a_line_is_no_segment(self) -> None:
        found = reading(vxu() + "and more\r")
        assert refusal(found)[:2] == ("line 4", "'and more'")

    def test_reverts_when_it_is_neither_hl7_nor_fhir(self) -> None:
        with pytest.raises(InputError) as caught:
            reading("name,day\nQuint,2026-10-05\n")
        assert (caught.value.file, caught.value.place) == ("file", "beginning")
        assert caught.value.found == repr(b"name,day\nQuint,2")

    @pytest.mark.parametrize("name", ["vxu_v04.hl7", "visit_dft_p03.hl7"])
    def test_splits_as_the_hl7_package_does(self, name: str) -> None:
        agree(samples.read(name))

    @given(st.lists(st.text("ab&^~ ", max_size=6), min_size=1, max_size=8))
    def test_splits_any_field_as_the_hl7_package_does(self, fields: list[str]) -> None:
        agree("\r".join([HEADER, PERSON, "|".join(["ZZZ", *fields, "end"])]).encode())


def agree(data: bytes) -> None:
    """Hold our segments, repetitions and components against those of the `hl7` package, which serves as the oracle."""
    data = data.rstrip()  # as the package does, also in the last field
    (ours,) = messages(data)
    assert isinstance(ours, Message)
    text = "\r".join(line for line in data.decode("utf-8-sig").splitlines() if line.strip())
    for mine, theirs in zip(ours.segments, hl7.parse(text), strict=True):
        assert mine.name == str(theirs[0])
        for field in range(3 if mine.name == "MSH" else 1, len(theirs)):
            if str(theirs[field]) == '""':
                continue
            assert mine.raw(field) == str(theirs[field])
            for repeat in theirs[field] if str(theirs[field]) else []:
                for number, component in enumerate(repeat if isinstance(repeat, list) else [repeat], 1):
                    assert mine.text(field, number, of=str(repeat)) == ours_unescaped(str(component))


def ours_unescaped(text: str) -> str:
    for sequence, character in (("\\T\\", "&"), ("\\S\\", "^"), ("\\R\\", "~"), ("\\F\\", "|")):
        text = text.replace(sequence, character)
    return text.strip()


class TestPatient:
    """
    given identifiers in PID-2, PID-3, PID-4 -> the first of type MR, else the first, with its authority
    given an authority with a universal id   -> that, because it is unique; else its name
    given a number of another authority or type -> another person
    when there is none                       -> refused at PID-3, and no dose is read
    """

    @pytest.mark.parametrize(
        ("person", "identifier"),
        [
            ("PID|1||7^^^A^MR", ("A", "MR", "7")),
            ("PID|1||7^^^A^SS~8^^^B^MR~9^^^C^MR", ("B", "MR", "8")),
            ("PID|1|6^^^A^MR|7^^^B^MR", ("A", "MR", "6")),
            ("PID|1|6^^^A^XX|7^^^B^MR", ("B", "MR", "7")),
            ("PID|1|6|7", ("", "", "6")),
            ("PID|1||^^^A^MR~7^^^A^PI", ("A", "PI", "7")),
            ("PID|1|||8^^^C^MR", ("C", "MR", "8")),
            ("PID|1||7^5^M11^A&1.2.3&ISO^MR", ("urn:oid:1.2.3", "MR", "7")),
            ("PID|1||7^^^&1.2.3&ISO^MR", ("urn:oid:1.2.3", "MR", "7")),
            ("PID|1||7^^^A&0A1B&UUID^MR", ("urn:uuid:0a1b", "MR", "7")),
            ("PID|1||7^^^A&https://a.example/mrn&URI^MR", ("https://a.example/mrn", "MR", "7")),
            ("PID|1||7^^^A&clinic.example&DNS^MR", ("DNS:clinic.example", "MR", "7")),
            ("PID|1||7^^^^MR", ("", "MR", "7")),
        ],
    )
    def test_is_the_first_record_number(self, person: str, identifier: tuple[str, str, str]) -> None:
        (record,) = reading(vxu(person=person)).records
        assert record.patient == PatientIdentifier(*identifier)

    def test_two_people_never_become_one(self) -> None:
        people = [
            "7^^^A^MR",
            "7^^^B^MR",
            "7^^^A^SS",
            "7^^^A&1.2.3&ISO^MR",
            "7^^^^MR",
            "07^^^A^MR",
            "7A^^^^MR",
            "a7^^^A^MR",
        ]
        subs = {only(reading(vxu(person=f"PID|1||{person}"))).sub for person in people}
        assert len(subs) == len(people)

    @pytest.mark.parametrize("person", ["PID|1", "PID|1||^^^A^MR||Quint", 'PID|1||""', "PID|1||~"])
    def test_reverts_given_no_identifier(self, person: str) -> None:
        found = reading(vxu(person=person))
        assert found.records == ()
        assert refusal(found) == ("PID[1]-3", "nothing", "an identifier of the patient")

    def test_reverts_given_no_patient(self) -> None:
        found = reading("\r".join([HEADER, rxa()]))
        assert refusal(found) == ("RXA[1]", "no PID before it", "the patient in a PID")

    def test_each_dose_is_of_the_patient_before_it(self) -> None:
        found = reading("\r".join([HEADER, "PID|1||1^^^A^MR", rxa(), "PID|2", rxa(), "PID|3||3^^^A^MR", rxa()]))
        assert [record.patient.value for record in found.records] == ["1", "3"]
        assert refusal(found)[0] == "PID[2]-3"


class TestDose:
    """
    given a dose                  -> sub, vaccine, day, status, lot and maker; source, amount and expiry beside it
    given an NDC in any form      -> the CVX code that it means
    given RXA-20 and RXA-21       -> status and action
    given a field in another form that says the same -> the same object
    when a field is wrong         -> refused with segment, ordinal and component, and the other doses are read
    """

    def test_is_what_the_message_says(self) -> None:
        (record,) = reading(vxu(rxa({9: "00^New^NIP001", 16: "20280630"}))).records
        assert record.canonical == DOSE
        assert record.action == "add"
        assert record.beside == {"source": "administered", "amount": "0.5", "unit": "mL", "expires": "2028-06-30"}

    @pytest.mark.parametrize(
        ("coded", "vaccine"),
        [
            ("49281-0215-88^TENIVAC^NDC", "113"),
            ("49281-215-88^TENIVAC^NDC", "113"),
            ("49281021588^TENIVAC^NDC", "113"),
            ("8^HepB^CVX", "08"),
            ("08^HepB^HL70292", "08"),
            ("136^MCV4^CVX^90734^MCV4^CPT", "136"),
            ("90734^MCV4^CPT^136^MCV4^CVX", "136"),
            ("83^Hep A^CVX~34^Hep A^STC0292", "83"),
            ("58160-0821-11^Engerix^NDC^43^HepB^CVX", "43"),
            ("99999-9999-99^new^NDC^115^Tdap^CVX", "115"),
            ("x^x^L^x^x^L^^^^115^Tdap^CVX", "115"),
        ],
    )
    def test_vaccine_is_one_cvx_code(self, coded: str, vaccine: str) -> None:
        assert only(reading(vxu(rxa({5: coded})))).vc == vaccine

    @pytest.mark.parametrize(
        ("coded", "place", "found"),
        [
            ("", "RXA[1]-5.1", "nothing"),
            ("^Tdap", "RXA[1]-5.1", "nothing"),
            ("115^Tdap", "RXA[1]-5.3", "nothing"),
            ("115^Tdap^LOCAL", "RXA[1]-5.3", "LOCAL"),
            ("90715^Tdap^CPT", "RXA[1]-5.1", "CPT 90715"),
            ("209^none^CVX", "RXA[1]-5.1", "209"),
            ("x^x^L^209^none^CVX", "RXA[1]-5.4", "209"),
            ("209^none^CVX^49281-0215-88^TENIVAC^NDC", "RXA[1]-5.1", "209"),
            ("115^Tdap^CVX^08^HepB^CVX", "RXA[1]-5.4", "08"),
            ("115^Tdap^CVX^49281-0215-88^TENIVAC^NDC", "RXA[1]-5.4", "49281-0215-88"),
            ("4928102158^ten digits^NDC", "RXA[1]-5.1", "4928102158"),
            ("99999-9999-99^new^NDC", "RXA[1]-5.1", "99999-9999-99"),
            ("58160-0821-11^Engerix^NDC", "RXA[1]-5.1", "58160-0821-11"),
            ("998^none^CVX", "RXA[1]-5.1", "998, no vaccine, in a dose that RXA-20 calls complete"),
        ],
    )
    def test_reverts_when_the_vaccine_is_not_sure(self, coded: str, place: str, found: str) -> None:
        assert refusal(reading(vxu(rxa({5: coded}))))[:2] == (place, found)

    @pytest.mark.parametrize(
        ("written", "day"),
        [
            ("20261005", "2026-10-05"),
            ("202610052359", "2026-10-05"),
            ("20261005235959.9999-0500", "2026-10-05"),
            ("20261005000000+1400", "2026-10-05"),
            ("20240229", "2024-02-29"),
        ],
    )
    def test_day_is_the_local_one_as_written(self, written: str, day: str) -> None:
        assert only(reading(vxu(rxa({3: written})))).d == day

    @pytest.mark.parametrize(
        "written",
        ["", "201501011", "2026", "202610", "20260229", "20261305", "2026100524", "202610051260", "2026-10-05"],
    )
    def test_reverts_when_it_is_no_day(self, written: str) -> None:
        found = refusal(reading(vxu(rxa({3: written}))))
        assert found[:2] == ("RXA[1]-3", written or "nothing")

    @pytest.mark.parametrize(
        ("code", "status"),
        [("CP", "completed"), ("PA", "completed"), ("RE", "not-done"), ("NA", "not-done"), ("", "completed")],
    )
    def test_status_is_that_of_rxa_20(self, code: str, status: str) -> None:
        assert only(reading(vxu(rxa({20: code})))).st == status

    def test_reverts_given_a_reason_for_a_refusal_and_no_status(self) -> None:
        place, found, _ = refusal(reading(vxu(rxa({18: "00^Parental^NIP002", 20: ""}))))
        assert (place, found) == ("RXA[1]-20", "nothing")
        assert only(reading(vxu(rxa({18: "00^Parental^NIP002", 20: "RE"})))).st == "not-done"

    def test_no_vaccine_was_not_given(self) -> None:
        dose = only(reading(vxu(rxa({5: "998^none^CVX", 20: "NA"}))))
        assert (dose.vc, dose.st) == ("998", "not-done")

    @pytest.mark.parametrize(
        ("code", "action", "status"),
        [
            ("A", "add", "completed"),
            ("", "add", "completed"),
            ("U", "update", "completed"),
            ("D", "delete", "entered-in-error"),
        ],
    )
    def test_action_is_that_of_rxa_21(self, code: str, action: str, status: str) -> None:
        (record,) = reading(vxu(rxa({21: code}))).records
        assert (record.action, record.canonical) == (action, only(reading(vxu(rxa({21: code})))))
        assert record.canonical.to_dict()["st"] == status

    @pytest.mark.parametrize(
        ("changed", "place", "found"),
        [
            ({20: "XX"}, "RXA[1]-20", "XX"),
            ({21: "CP"}, "RXA[1]-21", "CP"),
            ({15: "A1~B2"}, "RXA[1]-15", "2 of them"),
            ({17: "SKB^^MVX~PMC^^MVX"}, "RXA[1]-17", "2 of them"),
        ],
    )
    def test_reverts_when_a_field_is_wrong(self, changed: dict[int, str], place: str, found: str) -> None:
        assert refusal(reading(vxu(rxa(changed))))[:2] == (place, found)

    @pytest.mark.parametrize(
        ("field", "written"),
        [(15, "mt2026a"), (15, " MT 2026 A "), (15, "MT2026A~MT2026A"), (17, "SKB"), (17, "SKB^GSK^HL70227")],
    )
    def test_one_lot_and_one_maker_however_written(self, field: int, written: str) -> None:
        assert only(reading(vxu(rxa({field: written})))) == DOSE

    @pytest.mark.parametrize("written", ["", "^sanofi^MVX", "XYZ^?^MVX", "SKB^GSK^LOCAL"])
    def test_a_maker_without_a_code_is_not_guessed(self, written: str) -> None:
        found = reading(vxu(rxa({17: written})))
        assert only(found).mvx == ""
        dispositions = {entry.path: entry.disposition for entry in found.loss.entries()}
        assert dispositions.get("RXA[1]-17", "dropped") == "dropped"

    @pytest.mark.parametrize(
        ("fields", "beside"),
        [
            ({6: "999"}, {}),
            ({6: "", 7: ""}, {}),
            ({6: ".50"}, {"amount": "0.5", "unit": "mL"}),
            ({9: "01^Historical^NIP001"}, {"amount": "0.5", "unit": "mL", "source": "historical"}),
            ({9: "01^Historical^OTHER"}, {"amount": "0.5", "unit": "mL"}),
            ({16: "202806"}, {"amount": "0.5", "unit": "mL"}),
        ],
    )
    def test_what_is_kept_beside(self, fields: dict[int, str], beside: dict[str, str]) -> None:
        (record,) = reading(vxu(rxa(fields))).records
        assert record.beside == beside
        assert record.canonical == DOSE

    def test_a_wrong_dose_takes_no_other_with_it(self) -> None:
        found = reading(vxu(rxa(), rxa({3: "x"}), rxa({3: "20261007"})))
        assert [record.place for record in found.records] == ["RXA[1]", "RXA[3]"]
        assert refusal(found)[0] == "RXA[2]-3"

    def test_response_of_a_registry_reads_alike(self) -> None:
        assert only(reading(vxu(header=HEADER.replace("VXU^V04^VXU_V04", "RSP^K11^RSP_K11")))) == DOSE

    @pytest.mark.parametrize("kind", ["ADT^A01", "VXU", "", "VXU^V03"])
    def test_reverts_given_another_message(self, kind: str) -> None:
        place, found, _ = refusal(reading(vxu(header=HEADER.replace("VXU^V04^VXU_V04", kind))))
        assert (place, found) == ("MSH[1]-9", kind if "^" in kind else f"{kind}^")

    def test_reverts_given_a_message_that_is_not_wanted(self) -> None:
        assert refusal(reading(vxu(), take=["claim/1"]))[:2] == ("MSH[1]-9", "VXU^V04")
        assert refusal(reading(dft(), take=["imm/1"]))[:2] == ("MSH[1]-9", "DFT^P03")

    @pytest.mark.parametrize("schema", ["enc/1", "claim/1"])
    def test_only_what_is_wanted_of_a_visit_is_read(self, schema: str) -> None:
        found = reading(dft(insurance={3: ""} if schema == "enc/1" else {}), take=[schema])
        assert only(found).schema == schema


VISIT = {1: "1", 2: "O", 19: "V1^^^CLINIC^VN", 44: "20261005093000", 45: "20261005102000"}
CHARGE = {1: "1", 4: "20261005", 6: "CG", 7: "99213^^C4", 10: "1", 11: "120.50&USD"}
INSURANCE = {1: "1", 3: "urn:gs1:gln:0614141000067", 36: "MM-4471"}


def dft(
    *,
    visit: dict[int, str] | None = None,
    charges: tuple[dict[int, str], ...] = ({},),
    insurance: dict[int, str] | None = None,
    diagnoses: tuple[str, ...] = ("Z23^^I10C",),
    sender: str = "CLINIC",
) -> str:
    """Write a DFT, some of the fields of its segments changed."""
    start = HEADER.replace("VXU^V04^VXU_V04", "DFT^P03").replace("|CLINIC|", f"|{sender}|")
    lines = [start, PERSON, segment("PV1", {**VISIT, **(visit or {})})]
    lines += [segment("DG1", {1: "1", 3: code}) for code in diagnoses]
    lines += [segment("FT1", {**CHARGE, **changed}) for changed in charges]
    lines += [segment("IN1", {**INSURANCE, **insurance})] if insurance is not None else [segment("IN1", INSURANCE)]
    return "\r".join(lines)


class TestVisit:
    """
    given a DFT                        -> one visit, and one claim that names its core
    given no discharge, no sender's URI, no admission -> absent, the reader's organisation, the first charge
    given another visit number, payer or policy       -> another hash
    when a field of the visit is wrong -> refused with its place, nothing is read
    when a field of the claim is wrong -> refused with its place, the visit stands
    """

    def test_is_a_visit_and_its_claim(self) -> None:
        found = reading(dft(charges=({}, {7: "90471^^C4", 10: "2", 11: "", 12: "12.25&USD", 4: "20261006"})))
        assert found.refusals == ()
        visit, claim = (canonical.to_dict() for canonical in found.objects)
        assert visit.pop("vn") != claim["pol"]
        assert visit == {
            "t": "enc/1",
            "sub": SUB,
            "org": ORGANISATION,
            "cls": "AMB",
            "start": "2026-10-05",
            "end": "2026-10-05",
        }
        assert claim == {
            "t": "claim/1",
            "enc": found.objects[0].core_hash().hex(),
            "payer": "urn:gs1:gln:0614141000067",
            "pol": claim["pol"],
            "cur": "USD",
            "tot": "14500",
            "dx": ("Z23",),
            "ln": [
                {"n": 1, "sys": "cpt", "c": "99213", "q": "1", "amt": "12050", "d": "2026-10-05"},
                {"n": 2, "sys": "cpt", "c": "90471", "q": "2", "amt": "2450", "d": "2026-10-06"},
            ],
        }
        assert found.records[1].beside == {"policy": "MM-4471"}

    def test_provider_is_the_sender_with_a_uri(self) -> None:
        sent = dft(sender="CLINIC^urn:gs1:gln:0614141000029^URI")
        assert reading(sent).objects[0].to_dict()["org"] == "urn:gs1:gln:0614141000029"

    def test_what_is_not_said_is_filled_in_or_absent(self) -> None:
        found = reading(dft(visit={44: "", 45: ""}, charges=({4: "20261009"}, {4: "20261007"})))
        visit = found.objects[0].to_dict()
        assert visit["start"] == "2026-10-07"
        assert "end" not in visit
        dispositions = {entry.path: entry.disposition for entry in found.loss.entries()}
        assert dispositions["PV1[1]-44"] == dispositions["MSH[1]-4"] == "defaulted"

    @pytest.mark.parametrize("visit", [{19: "V2^^^CLINIC^VN"}, {19: "V1^^^OTHER^VN"}])
    def test_visit_number_tells_visits_apart(self, visit: dict[int, str]) -> None:
        assert reading(dft(visit=visit)).objects[0].core_hash() != reading(dft()).objects[0].core_hash()

    def test_hashes_say_nothing_without_the_key(self) -> None:
        mine, other = reading(dft()), reading(dft(), key=bytes(32))
        assert mine.objects[0].to_dict()["vn"] != other.objects[0].to_dict()["vn"]
        assert mine.objects[1].to_dict()["pol"] != other.objects[1].to_dict()["pol"]

    @pytest.mark.parametrize(
        ("visit", "place"),
        [
            ({2: "X"}, "PV1[1]-2"),
            ({2: ""}, "PV1[1]-2"),
            ({19: ""}, "PV1[1]-19.1"),
            ({19: "1~2"}, "PV1[1]-19"),
            ({44: "x"}, "PV1[1]-44"),
            ({45: "x"}, "PV1[1]-45"),
        ],
    )
    def test_reverts_when_the_visit_is_wrong(self, visit: dict[int, str], place: str) -> None:
        found = reading(dft(visit=visit))
        assert found.records == ()
        assert refusal(found)[0] == place

    @pytest.mark.parametrize(
        ("charge", "place"),
        [
            ({6: "PY"}, "FT1[2]-6"),
            ({7: "626.2"}, "FT1[2]-7.3"),
            ({7: ""}, "FT1[2]-7.1"),
            ({7: "X^^L"}, "FT1[2]-7.3"),
            ({4: "2026"}, "FT1[2]-4"),
            ({10: "two"}, "FT1[2]-10"),
            ({11: "120.505&USD"}, "FT1[2]-11.1"),
            ({11: "120.50"}, "FT1[2]-11.1"),
            ({11: "-1&USD"}, "FT1[2]-11.1"),
            ({11: "1&EUR"}, "FT1[2]-11.1"),
            ({11: "1&ABC"}, "FT1[2]-11.1"),
            ({11: ""}, "FT1[2]-12.1"),
        ],
    )
    def test_reverts_when_a_charge_is_wrong(self, charge: dict[int, str], place: str) -> None:
        found = reading(dft(charges=({}, charge)))
        assert [canonical.schema for canonical in found.objects] == ["enc/1"]
        assert refusal(found)[0] == place

    @pytest.mark.parametrize(
        ("more", "place"),
        [
            ({"insurance": {3: "4711"}}, "IN1[1]-3.1"),
            ({"insurance": {36: ""}}, "IN1[1]-36"),
            ({"charges": ()}, "FT1"),
            ({"diagnoses": ("Z23",)}, "DG1[1]-3.3"),
            ({"diagnoses": ("Z23^^I10C", "")}, "DG1[2]-3.1"),
        ],
    )
    def test_reverts_when_the_claim_is_wrong(self, more: dict[str, object], place: str) -> None:
        found = reading(dft(**more))  # type: ignore[arg-type]  # by name
        assert [canonical.schema for canonical in found.objects] == ["enc/1"]
        assert refusal(found)[0] == place

    @pytest.mark.parametrize(
        ("company", "payer"),
        [
            ("0614141000067^^^&1.3.88&ISO", "urn:gs1:gln:0614141000067"),
            ("1234567893^^^&2.16.840.1.113883.4.6&ISO", "http://hl7.org/fhir/sid/us-npi|1234567893"),
            ("77^^^&1.2.3&ISO", "urn:oid:1.2.3|77"),
        ],
    )
    def test_payer_is_a_uri(self, company: str, payer: str) -> None:
        assert reading(dft(insurance={3: company})).objects[1].to_dict()["payer"] == payer

    def test_diagnoses_stand_once_and_name_a_foreign_system(self) -> None:
        codes = ("Z23^^I10C", "29857009^^SCT", "Z23^^I10")
        assert reading(dft(diagnoses=codes)).objects[1].to_dict()["dx"] == ("Z23", "sct|29857009")

    def test_procedure_wins_over_a_charge_code_of_the_house(self) -> None:
        line = reading(dft(charges=({7: "X1^^L", 25: "99213^^C4"},))).objects[1].to_dict()["ln"][0]
        assert (line["sys"], line["c"]) == ("cpt", "99213")
