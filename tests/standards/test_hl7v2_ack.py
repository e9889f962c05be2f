"""Acknowledgements: which code, whose message, and where in it something is wrong."""

from __future__ import annotations

import hl7
import pytest
from hypothesis import given
from hypothesis import strategies as st

from medtrust import samples
from medtrust.errors import InputError
from medtrust.standards.hl7v2_ack import ACCEPTED, ERROR, REJECTED, Answer, receive

SAMPLE = samples.read("vxu_v04.hl7")


def parsed(answer: Answer, message: bytes = SAMPLE) -> hl7.Message:
    return hl7.parse(answer.to_bytes(receive(message), control="7", at="20261005101530+0000").decode())


class TestReceive:
    """
    given the sample                            -> its control id, kind, sender and receiver
    given no control id, two messages, a batch header, no HL7 v2 -> a problem with its place
    given any bytes                             -> read, or a problem
    """

    def test_reads_the_header(self) -> None:
        received = receive(SAMPLE)
        assert (received.control, received.kind, received.problem) == ("LF-20261005-0001", ("VXU", "V04"), None)
        assert (received.sender, received.receiver) == (("LINDENEHR", "LINDENFELD"), ("STATEIIS", "STATEIIS"))

    @pytest.mark.parametrize(
        ("message", "place"),
        [
            (SAMPLE.replace(b"LF-20261005-0001", b""), "MSH[1]-10"),
            (SAMPLE + SAMPLE, "MSH[1]-1"),
            (b"BHS|^~\\&\r", "MSH[1]-1"),
            (SAMPLE.replace(b"MSH|^~\\&", b"MSH|^^^^"), "MSH[1]-2"),
            (b"hello", "line 1"),
            (b"", "MSH[1]-1"),
        ],
    )
    def test_says_what_cannot_be_answered(self, message: bytes, place: str) -> None:
        problem = receive(message).problem
        assert problem is not None
        assert problem.place == place

    @given(st.binary(max_size=80))
    def test_takes_any_bytes(self, noise: bytes) -> None:
        for start in (b"", b"MSH|^~\\&|"):
            received = receive(start + noise)
            assert received.control or received.problem


class TestAnswer:
    """
    given a message and AA   -> ACK^V04 back to its sender, MSA with its control id, no ERR
    given AE with a place    -> ERR with segment, sequence, field and component, and nothing of what was found
    given AR                 -> ERR 200 where the kind is not supported, 101 where something is missing
    given delimiters in what is sent back -> escaped
    """

    def test_accepts(self) -> None:
        ack = parsed(Answer(ACCEPTED, word="taken in before"))
        assert str(ack["MSH"][0][9]) == "ACK^V04^ACK"
        assert [str(ack["MSH"][0][field]) for field in (3, 4, 5, 6)] == [
            "STATEIIS",
            "STATEIIS",
            "LINDENEHR",
            "LINDENFELD",
        ]
        assert [str(ack["MSA"][0][field]) for field in (1, 2, 3)] == ["AA", "LF-20261005-0001", "taken in before"]
        assert [str(segment[0]) for segment in ack] == ["MSH", "MSA"]

    @pytest.mark.parametrize(
        ("place", "location"),
        [
            ("RXA[2]-5.1", "RXA^2^5^1^1"),
            ("RXA[1]-3", "RXA^1^3"),
            ("message[1] PID[1]-3", "PID^1^3"),
            ("RXA[1]", "RXA^1"),
            ("line 3", ""),
        ],
    )
    def test_names_segment_and_field(self, place: str, location: str) -> None:
        ack = parsed(Answer(ERROR, [InputError(place=place, found="Quint", expected="a day as YYYYMMDD")]))
        (error,) = ack["ERR"]
        assert (str(error[2]), str(error[3]), str(error[4])) == (location, "102^Data type error^HL70357", "E")
        assert str(error[8]) == "expected a day as YYYYMMDD"
        assert "Quint" not in str(ack)

    def test_rejects(self) -> None:
        wrong = InputError(place="MSH[1]-9", found="ADT^A01", expected="VXU^V04")
        (error,) = parsed(Answer(REJECTED, [wrong]))["ERR"]
        assert (str(error[2]), str(error[3])) == ("MSH^1^9", "200^Unsupported message type^HL70357")
        assert str(error[8]) == "expected VXU\\S\\V04"
        missing = InputError(place="MSH[1]-10", found="nothing", expected="a control id")
        assert str(parsed(Answer(REJECTED, [missing]))["ERR"][0][3]) == "101^Required field missing^HL70357"

    def test_escapes_what_it_sends_back(self) -> None:
        message = SAMPLE.replace(b"LF-20261005-0001", b"a\\F\\b").replace(b"LINDENEHR", b"E\\T\\R")
        ack = parsed(Answer(ACCEPTED), message)
        assert (str(ack["MSA"][0][2]), str(ack["MSH"][0][5])) == ("a\\F\\b", "E\\T\\R")
