"""X12 837P: envelopes, levels and claims, what is refused and with which segment, and the real files of the corpus."""

from __future__ import annotations

import io
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medtrust import samples
from medtrust.standards import Reading
from medtrust.standards.places import class_of_place
from medtrust.standards.x12 import segments
from tests.standards.support import ORGANISATION, corpus, reading, refusal

NAME = "visit_837p.x12"
TEXT = samples.read(NAME).decode()
PLACE = re.compile(r"[A-Z][A-Z0-9]{1,2}\[[0-9]+\](-[0-9]+(\.[0-9]+)?)?|segment [0-9]+")

# What is refused in the 837P of the corpus: files that break their own delimiters' promise, and two that only report.
REFUSED = {
    "004010X098A1_dependent-commercial-insurance-01.837": "CLM[1]-5.3",
    "004010X098A1_patient-is-subscriber.837": "BHT[1]-6",
    "005010X222A2_demo.cob.2ndary.example4.837": "CLM[1]-5.1",
    "005010X222A2_demo.example11.837": "CLM[1]-5.1",
    "005010X222A2_demo.example12.837": "CLM[1]-5.1",
    "005010X222A2_demo.example2.837": "BHT[1]-6",
    "005010X222A2_demo.example9.837": "CLM[1]-5.1",
}


def changed(old: str, new: str, text: str = TEXT) -> Reading:
    """Read the sample with one place in it changed."""
    assert text.count(old) == 1, old
    return reading(text.replace(old, new))


def counted(text: str) -> str:
    """Write the number of segments of the only transaction set into its SE."""
    lines = [line.strip() for line in text.split("~")]
    first, last = (next(n for n, line in enumerate(lines) if line.startswith(name)) for name in ("ST*", "SE*"))
    lines[last] = f"SE*{last - first + 1}*0031"
    return "~\n".join(lines)


def claim_of(found: Reading):
    assert [str(one) for one in found.refusals] == []
    _, claim = found.objects
    return claim


class TestInterchange:
    """
    given the delimiters of another header, line ends or none, a byte order mark -> reads the same
    given two interchanges behind one another                                    -> reads both
    when the header, a segment's name, the end or an encoding is broken          -> refuses with the segment
    when an envelope is open, out of turn, miscounted or of another number       -> refuses with the element
    """

    def test_delimiters_come_from_the_header(self) -> None:
        plain = reading(TEXT).objects
        for old, new in (("*", "|"), (":", ">"), ("~\n", "\n"), ("~\n", "~"), ("~\n", "'\r\n"), ("ISA*", "\ufeffISA*")):
            assert reading(TEXT.replace(old, new)).objects == plain, new

    def test_reads_interchanges_behind_one_another(self) -> None:
        assert len(reading(TEXT + TEXT).objects) == 4

    @pytest.mark.parametrize(
        ("old", "new", "place"),
        [
            ("ISA*00*  ", "ISA*00* ", "ISA[1]"),
            ("*P*:~", "*P*~~", "ISA[1]-16"),
            ("*00501*", "*00301*", "ISA[1]-12"),
            ("BHT*", "bht*", "segment 4"),
            ("BHT*", "BHTX*", "segment 4"),
            ("IEA*1*000000031~", "IEA*1*000000031", "segment 34"),
            ("IEA*1*000000031~\n", "", "GE[1]"),
            ("IEA*1*000000031~\n", "IEA*1*000000031~\nREST~", "ISA[2]"),
            ("IEA*1*", "IEA*2*", "IEA[1]-1"),
            ("GE*1*31", "GE*1*32", "GE[1]-2"),
            ("SE*30*", "SE*29*", "SE[1]-1"),
            ("SE*30*0031", "SE*30*0032", "SE[1]-2"),
            ("GE*1*31~\n", "", "IEA[1]"),
            ("ST*837*", "SX*837*", "SX[1]"),
            ("GS*HC", "ST*HC", "ST[1]"),
        ],
    )
    def test_refuses_what_is_broken_with_its_segment(self, old: str, new: str, place: str) -> None:
        found = changed(old, new)
        assert refusal(found)[0] == place
        assert found.records == ()
        assert {entry.disposition for entry in found.loss.entries()} == {"dropped"}

    def test_refuses_what_is_no_utf8(self) -> None:
        found = reading(TEXT.encode().replace(b"QUINT", b"QU\xcfNT"))
        assert refusal(found)[0] == "NM1[4]"
        assert claim_of(reading(TEXT.replace("QUINT", "QUÍNT")))

    def test_refuses_every_file_that_is_cut_off(self) -> None:
        for length in range(len("ISA"), len(TEXT.rstrip()) - 1):
            found = reading(TEXT[:length])
            assert found.records == (), length


class TestClaim:
    """
    given the sample                  -> the lines, the diagnosis, the payer and the policy of its twins in HL7 and FHIR
    given another place of service    -> another class of visit
    given a diagnosis of either list  -> its code with the point
    given a line of several days      -> its first day; the visit ends with the last one
    given a patient who is no subscriber -> known by her own number, else by the subscriber's and her birth and name
    given a provider without a number -> the organisation that reads, defaulted
    given a payer's number            -> its URI, of the standard, of ours, or as told
    when anything of it is no 837P    -> refuses with the element
    """

    def test_says_what_its_twins_say(self) -> None:
        visit, claim = (one.to_dict() for one in reading(TEXT).objects)
        twin_visit, twin = (one.to_dict() for one in reading(samples.read("visit_dft_p03.hl7")).objects)
        assert {**visit, "sub": "", "vn": ""} == {**twin_visit, "sub": "", "vn": ""}
        assert {**claim, "enc": ""} == {**twin, "enc": ""}
        assert [record.beside for record in reading(TEXT).records] == [{}, {"policy": "MM-4471-882", "order": "P"}]

    def test_is_its_twin_where_numbers_have_the_same_authorities(self) -> None:
        told = {"EA": "urn:oid:2.16.840.1.113883.19.5.1", "CLM": "urn:oid:2.16.840.1.113883.19.5.2"}
        twin = reading(samples.read("visit_dft_p03.hl7"))
        found = reading(TEXT, authorities=told)
        assert [one.to_json() for one in found.objects] == [one.to_json() for one in twin.objects]
        assert [one.patient for one in found.records] == [one.patient for one in twin.records]

    @pytest.mark.parametrize(
        ("place", "kind"), [("11", "AMB"), ("23", "EMER"), ("21", "IMP"), ("12", "HH"), ("41", "FLD")]
    )
    def test_class_comes_from_the_place(self, place: str, kind: str) -> None:
        visit, _ = changed("11:B:1", f"{place}:B:1").objects
        assert (visit.cls, class_of_place(place)) == (kind, kind)

    @pytest.mark.parametrize(
        ("said", "written"),
        [
            ("ABK:E119", ("E11.9",)),
            ("ABK:E11.9", ("E11.9",)),
            ("ABK:I10", ("I10",)),
            ("BK:4779", ("icd-9-cm|477.9",)),
            ("BK:E8888", ("icd-9-cm|E888.8",)),
            ("ABK:Z23*ABF:E119", ("Z23", "E11.9")),
            ("ABK:Z23*ABF:Z23*BE:A2", ("Z23",)),
        ],
    )
    def test_diagnoses_have_their_point(self, said: str, written: tuple[str, ...]) -> None:
        assert claim_of(changed("HI*ABK:Z23", f"HI*{said}")).dx == written

    def test_a_line_has_its_first_day(self) -> None:
        found = changed("LX*2~\nSV1*HC:90471*25*UN*1***1~\nDTP*472*D8*20261005", _line(2, "RD8*20261003-20261007"))
        visit, claim = found.objects
        assert (visit.start, visit.end, claim.ln[1].d) == ("2026-10-03", "2026-10-07", "2026-10-03")

    def test_a_dependent_is_somebody_else(self) -> None:
        subscriber = TEXT.replace("REF*EA*700101~\n", "")
        her = counted(subscriber)
        him = _dependent(subscriber, "NM1*QC*1*QUINT*NOAH~", "DMG*D8*20150102*M~")
        twin = _dependent(subscriber, "NM1*QC*1*QUINT*LIAM~", "DMG*D8*20150102*M~")
        own = _dependent(subscriber, "NM1*QC*1*QUINT*NOAH****MI*MM-4471-883~", "DMG*D8*20150102*M~")
        found = [reading(text) for text in (her, him, twin, own, TEXT)]
        subs = [one.objects[0].sub for one in found]
        assert len(set(subs)) == len(subs)
        assert [one.refusals for one in found] == [()] * 5
        assert {one.objects[1].pol for one in found} == {claim_of(reading(TEXT)).pol}

    def test_a_provider_without_a_number_is_who_reads(self) -> None:
        found = changed("*LINDENFELD CLINIC*****UL*0614141000012", "*LINDENFELD CLINIC")
        assert found.objects[0].org == ORGANISATION
        entries = {entry.path: entry.disposition for entry in found.loss.entries()}
        assert (entries["NM1[3]-9"], entries["CUR[1]-2"]) == ("defaulted", "defaulted")

    @pytest.mark.parametrize(
        ("said", "uri"),
        [
            ("NI*12345", "urn:oid:2.16.840.1.113883.6.300|12345"),
            ("PI*12345", "urn:medtrust:x12:payer:PI|12345"),
            ("XV*PLAN1", "urn:medtrust:x12:payer:XV|PLAN1"),
            ("PI*MERIDIAN", "urn:gs1:gln:0614141000067"),
        ],
    )
    def test_payers_have_uris(self, said: str, uri: str) -> None:
        text = TEXT.replace("UL*0614141000067", said)
        assert claim_of(reading(text, payers={"MERIDIAN": "urn:gs1:gln:0614141000067"})).payer == uri

    def test_currency_is_as_said(self) -> None:
        text = TEXT.replace("NM1*85", "CUR*85*JPY~\nNM1*85").replace("190.5", "190").replace("120.5", "120")
        assert (claim_of(reading(counted(text))).cur, claim_of(reading(counted(text))).tot) == ("JPY", "190")

    @pytest.mark.parametrize(
        ("old", "new", "place", "kept"),
        [
            ("ST*837*", "ST*835*", "ST[1]-1", 0),
            ("*005010X222A1~\nBHT", "*005010X223A2~\nBHT", "ST[1]-3", 0),
            ("HL*1**20", "HL*2**20", "HL[1]-1", 0),
            ("HL*2*1*22", "HL*2*1*24", "HL[2]-3", 0),
            ("HL*2*1*22", "HL*2*7*22", "HL[2]-2", 0),
            ("HL*2*1*22", "HL*2*1*23", "HL[2]-2", 0),
            ("NM1*85*", "NM1*86*", "HL[1]", 0),
            ("UL*0614141000012", "34*123456789", "NM1[3]-8", 0),
            ("UL*0614141000067", "PI*", "NM1[5]-9", 0),
            ("CLM*V-2026-1005", "CLM*", "CLM[1]-1", 0),
            ("11:B:1", "98:B:1", "CLM[1]-5.1", 0),
            ("11:B:1", "11:A:1", "CLM[1]-5.2", 0),
            ("11:B:1", "11:B:7", "CLM[1]-5.3", 0),
            ("LX*2", "LX*3", "LX[2]-1", 1),
            ("*190.5*", "*190.51*", "CLM[1]-2", 1),
            ("MI*MM-4471-882", "ZZ*MM-4471-882", "NM1[4]-9", 1),
            ("HC:90471*25", "ER:90471*25", "SV1[2]-1.1", 1),
            ("HC:90471*25", "HC:W0471*25", "SV1[2]-1.2", 1),
            ("HC:90471*25", "HC:90471*-25", "SV1[2]-2", 1),
            ("*25*UN", "*25*MJ", "SV1[2]-3", 1),
            ("*25*UN*1*", "*25*UN*one*", "SV1[2]-4", 1),
            ("HI*ABK:Z23", "HI*ABK", "HI[1]-1.2", 1),
        ],
    )
    def test_refuses_what_is_no_837p(self, old: str, new: str, place: str, kept: int) -> None:
        found = changed(old, new)
        assert refusal(found)[0] == place
        assert [one.canonical.schema for one in found.records] == ["enc/1"] * kept

    @pytest.mark.parametrize(
        ("new", "place"),
        [
            ("D8*20261032", "DTP[2]-3"),
            ("RD8*20261005", "DTP[2]-3"),
            ("RD8*20261006-20261005", "DTP[2]-3"),
            ("TM*1005", "DTP[2]-2"),
        ],
    )
    def test_refuses_what_is_no_day(self, new: str, place: str) -> None:
        found = changed("LX*2~\nSV1*HC:90471*25*UN*1***1~\nDTP*472*D8*20261005", _line(2, new))
        assert refusal(found)[0] == place

    def test_a_refused_claim_takes_no_other_with_it(self) -> None:
        again = TEXT[TEXT.index("CLM*") : TEXT.index("SE*")]
        bad = again.replace("V-2026-1005", "V-2").replace("90471", "W0471")
        text = counted(TEXT.replace("SE*30", bad + again.replace("V-2026-1005", "V-3") + "SE*30"))
        found = reading(text)
        assert [error.place for error in found.refusals] == ["SV1[5]-1.2"]
        assert [one.canonical.schema for one in found.records] == ["enc/1", "claim/1", "enc/1", "enc/1", "claim/1"]


def _line(number: int, days: str) -> str:
    return f"LX*{number}~\nSV1*HC:90471*25*UN*1***1~\nDTP*472*{days}"


def _dependent(text: str, name: str, birth: str) -> str:
    """Let the claim be for a dependent."""
    text = text.replace("HL*2*1*22*0", "HL*2*1*22*1").replace("CLM*", f"HL*3*2*23*0~\nPAT*19~\n{name}\n{birth}\nCLM*")
    return counted(text)


class TestLedger:
    """
    given the sample               -> each element, and each component of a composite, has one entry
    when any element is changed    -> the objects, the refusals or the ledger change
    given any bytes in an element  -> read or refused, never another exception
    """

    def test_every_element_has_one_entry(self) -> None:
        paths, seen = [], Counter()
        for line in filter(None, (line.strip() for line in TEXT.split("~"))):
            name, *elements = line.split("*")
            seen[name] += 1
            for number, element in enumerate(elements, 1):
                parts = element.split(":") if name != "ISA" else [element]
                for part, value in enumerate(parts, 1):
                    if value:
                        paths.append(f"{name}[{seen[name]}]-{number}" + (f".{part}" if len(parts) > 1 else ""))
        assert [entry.path for entry in reading(TEXT).loss.entries() if entry.digest] == paths

    def test_every_change_shows(self) -> None:
        before = _fingerprint(reading(TEXT))
        for what, text in _mutations(TEXT):
            assert _fingerprint(reading(text)) != before, what

    @given(st.integers(0, 33), st.integers(1, 16), st.text(st.characters(exclude_categories=("Cs",)), max_size=12))
    def test_any_text_is_read_or_refused(self, row: int, column: int, text: str) -> None:
        lines = [line.strip().split("*") for line in TEXT.strip().rstrip("~").split("~")]
        lines[row] = [*lines[row][:column], text, *lines[row][column + 1 :]]
        found = reading("~\n".join("*".join(line) for line in lines) + "~")
        assert found.records or found.refusals
        assert list(found.loss.entries())

    @given(st.binary(max_size=80))
    def test_any_bytes_are_refused(self, noise: bytes) -> None:
        header = TEXT[:106].encode()
        for start in (b"ISA", header, header + b"\nGS*"):
            found = reading(start + noise)
            assert (len(found.refusals), found.records) == (1, ())
            assert list(found.loss.entries())


def _fingerprint(found: Reading):
    entries = tuple((entry.path, entry.disposition, entry.digest) for entry in found.loss.entries())
    return tuple(one.to_json() for one in found.objects), tuple(map(str, found.refusals)), entries


def _mutations(text: str) -> Iterator[tuple[str, str]]:
    """Yield a file once for each element, that element with a new tail, empty, begun otherwise, and filled."""
    lines = text.strip().rstrip("~").split("~\n")
    for row, line in enumerate(lines):
        elements = line.split("*")
        for column, old in enumerate(elements):
            if (row, column) == (0, 0):
                continue  # without ISA it is no X12 at all
            for new in {old + "Z", "", "Q" + old[1:], "X"} - {old}:
                told = "*".join([*elements[:column], new, *elements[column + 1 :]])
                yield f"{line}: {new!r}", "~\n".join([*lines[:row], told, *lines[row + 1 :]]) + "~\n"


def _oracle(text: str) -> list[tuple[str, ...]]:
    """Split a file as pyx12 does."""
    pyx12 = pytest.importorskip("pyx12.x12file", reason="pyx12 is not for this Python")
    reader = pyx12.X12Reader(io.StringIO(text))
    return [tuple(one.format().rstrip("~").split("*")) for one in reader]


class TestCorpus:
    """
    given an 837P of the corpus  -> read, or refused with its element
    given any other file         -> refused at ST, or where its envelope is broken
    given any file               -> split as pyx12 splits it
    given any file that lost a segment, or its tail -> refused
    """

    @pytest.fixture
    def files(self) -> list[Path]:
        return sorted(corpus("x12").glob("*/*"))

    def test_every_file_is_read_or_refused_with_its_segment(self, files: list[Path]) -> None:
        read = 0
        for file in files:
            found = reading(file.read_bytes())
            name = file.name.rpartition("resources_837_")[2]
            is_professional = "X222A" in name or "X098A" in name
            places = [error.place for error in found.refusals]
            assert places == ([REFUSED[name]] if name in REFUSED else [] if is_professional else places), file.name
            assert places or [one.canonical.schema for one in found.records] == ["enc/1", "claim/1"], file.name
            assert is_professional or places[0] in ("ST[1]-1", "ST[1]-3", "SE[1]-2"), file.name
            assert all(PLACE.fullmatch(place) for place in places)
            read += bool(found.records)
        assert (len(files), read) == (60, 16)

    def test_every_file_is_split_as_pyx12_does(self, files: list[Path]) -> None:
        for file in files:
            text = file.read_text(encoding="utf-8")
            ours = [
                tuple("*".join((one.name, *one.elements)).rstrip("*").split("*")) for one in segments(text.encode())
            ]
            assert [one[0] for one in ours] == [one[0] for one in _oracle(text)], file.name
            assert ours[1:] == [tuple("*".join(one).rstrip("*").split("*")) for one in _oracle(text)][1:], file.name

    def test_every_loss_of_a_segment_is_refused(self, files: list[Path]) -> None:
        for file in files[::6]:
            lines = file.read_text(encoding="utf-8").replace("\n", "").split("~")
            for lost in range(1, len(lines) - 1):
                found = reading("~".join([*lines[:lost], *lines[lost + 1 :]]).encode())
                assert found.refusals, (file.name, lines[lost])
                assert found.records == ()
