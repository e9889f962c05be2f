"""HL7 v2: the encoding, who a patient is, and where exactly each refusal stands."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medtrust import samples
from medtrust.errors import InputError
from medtrust.pseudonym import PatientIdentifier
from tests.standards.hl7_oracle import agree
from tests.standards.support import DOSE, HEADER, PERSON, only, reading, refusal, rxa, vxu

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
