"""ABI: what is encoded and decoded, by name, without a chain."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from eth_abi.abi import encode

from medtrust.abi import Interface, RevertDecoder, interface, to_plain
from medtrust.errors import InputError, NotDeployed, ToolMissing
from medtrust.keccak import keccak256
from tests.sdk.refuser import refuser

SOMEONE = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8"
LOT = b"\x01" * 32


@dataclass(frozen=True)
class Dose:
    lot: bytes
    at: int


@pytest.fixture(scope="module")
def face() -> Interface:
    return Interface(refuser())


def _data(text: str, *values: object) -> bytes:
    types = text[text.index("(") + 1 : -1]
    return keccak256(text.encode())[:4] + (encode(_split(types), values) if values else b"")


def _split(types: str) -> list[str]:
    found, depth = [""], 0
    for letter in types:
        depth += {"(": 1, ")": -1}.get(letter, 0)
        if letter == "," and not depth:
            found.append("")
        else:
            found[-1] += letter
    return found


class TestCalls:
    """
    given a struct as mapping, dataclass or tuple -> the same bytes, fields in the order of the ABI
    given too few or too many arguments           -> TypeError with the names
    given a value that does not fit its type      -> InputError with its name and type
    given a function that is not there            -> KeyError
    given a constructor without arguments         -> the creation code alone
    """

    @pytest.mark.parametrize("dose", [{"at": 42, "lot": LOT}, Dose(LOT, 42), (LOT, 42)])
    def test_encodes_structs_alike(self, face, dose):
        assert face.encode_call("last", [dose]) == _data("last((bytes32,uint64))", (LOT, 42))

    def test_encodes_arrays_of_structs(self, face):
        expected = _data("same((bytes32,uint64)[])", [(LOT, 1), (LOT, 2)])
        assert face.encode_call("same", [[Dose(LOT, 1), {"lot": LOT, "at": 2}]]) == expected

    @pytest.mark.parametrize("arguments", [[], [SOMEONE, 1]])
    def test_refuses_another_number_of_arguments(self, face, arguments):
        with pytest.raises(TypeError, match=rf"{len(arguments)} arguments for \(patient\)"):
            face.encode_call("named", arguments)

    @pytest.mark.parametrize("at", [-1, 2**64, "soon", 1.5, None])
    def test_refuses_a_value_that_does_not_fit(self, face, at):
        with pytest.raises(InputError, match=r"dose: found .* a value of \(bytes32,uint64\)"):
            face.encode_call("last", [(LOT, at)])

    def test_refuses_a_number_that_is_too_large(self, face):
        with pytest.raises(InputError, match=r"until: found 115.*, expected a value of uint256"):
            face.encode_call("late", [2**256])

    def test_refuses_a_function_that_is_not_there(self, face):
        with pytest.raises(KeyError, match="nowhere"):
            face.encode_call("nowhere", [])

    def test_encodes_a_deployment(self, face):
        assert face.encode_deployment([]) == bytes.fromhex(face.artifact.bytecode[2:])
        registry = interface("AccreditationRegistry")
        assert registry.encode_deployment([SOMEONE]).endswith(bytes.fromhex(SOMEONE[2:]))


class TestResults:
    """
    given no value, one, several named, several unnamed -> None, the value, a mapping, a tuple
    given an address                                    -> with its checksum
    given a struct                                      -> a mapping by field
    given bytes of another form                         -> NotDeployed: it is another contract, or none
    """

    def test_decodes_nothing(self, face):
        assert face.decode_result("nothing", b"") is None

    def test_decodes_one_value(self, face):
        assert face.decode_result("one", encode(["uint256"], [7])) == 7

    def test_decodes_several_by_name(self, face):
        answer = encode(["uint256", "bytes4"], [1, b"\x01\x02\x03\x04"])
        assert face.decode_result("two", answer) == {"first": 1, "second": b"\x01\x02\x03\x04"}

    def test_decodes_several_without_names(self, face):
        assert face.decode_result("unnamed", encode(["uint256", "bool"], [1, True])) == (1, True)

    def test_gives_an_address_its_checksum(self, face):
        assert face.decode_result("who", encode(["address"], [SOMEONE.lower()])) == SOMEONE

    def test_decodes_structs_by_field(self, face):
        answer = encode(["(bytes32,uint64)[]"], [[(LOT, 1), (LOT, 2)]])
        assert face.decode_result("same", answer) == [{"lot": LOT, "at": 1}, {"lot": LOT, "at": 2}]

    @pytest.mark.parametrize("answer", [b"", b"\x01", bytes(31)])
    def test_refuses_the_answer_of_another_contract(self, face, answer):
        with pytest.raises(NotDeployed, match=f"no Refuser: `one` answers {len(answer)} bytes"):
            face.decode_result("one", answer)


class TestEvents:
    """
    given an event of the contract        -> its name and all values; an indexed text as the hash that stands there
    given an event of another             -> None
    given a search by indexed values      -> their topics, None for the others
    given a search by what is not indexed -> KeyError
    """

    def test_decodes_all_values(self, face):
        topics = [face.topics["Refused"], encode(["address"], [SOMEONE]), keccak256(b"note")]
        name, values = face.decode_event(topics, encode(["uint256", "(bytes32,uint64)[]"], [7, [(LOT, 42)]]))
        assert name == "Refused"
        assert values == {
            "patient": SOMEONE,
            "note": keccak256(b"note"),
            "count": 7,
            "doses": [{"lot": LOT, "at": 42}],
        }

    @pytest.mark.parametrize("topics", [[], [b"\x00" * 32]])
    def test_passes_over_what_is_of_another(self, face, topics):
        assert face.decode_event(topics, b"") is None

    def test_writes_the_topics_of_a_search(self, face):
        found = face.event_topics("Refused", {"patient": SOMEONE})
        assert found == ["0x" + face.topics["Refused"].hex(), "0x" + encode(["address"], [SOMEONE]).hex(), None]

    def test_refuses_a_search_by_what_is_not_indexed(self, face):
        with pytest.raises(KeyError, match="Refused has no indexed value count"):
            face.event_topics("Refused", {"count": 1})


class TestReverts:
    """
    given a custom error           -> its name, all values, its sentence, the contract and the raw data
    given one without a sentence   -> its name for a sentence
    given two contracts that know it, one with a sentence -> the sentence
    given Error(string), Panic     -> "Error" with the reason, "Panic" with the code and what it means
    given no data                  -> no name; what the node said, or that there is no reason
    given data of an unknown error -> no name, and the data in the sentence
    """

    def test_names_a_custom_error(self, face):
        data = _data("TooLate((bytes32,uint64),address)", (LOT, 42), SOMEONE)
        error = RevertDecoder([face.artifact]).decode(data, "Refuser")
        assert (error.error, error.sentence, error.contract) == ("TooLate", "The dose is too late.", "Refuser")
        assert error.values == {"dose": {"lot": LOT, "at": 42}, "patient": SOMEONE}
        assert error.data == data
        assert str(error).startswith("TooLate(dose=")
        assert str(error).endswith("): The dose is too late.")

    def test_takes_the_name_for_a_missing_sentence(self, face):
        error = RevertDecoder([face.artifact]).decode(_data("Unexplained(bytes32)", LOT))
        assert (error.error, error.sentence, error.values) == ("Unexplained", "Unexplained", {"id": LOT})

    @pytest.mark.parametrize("order", [1, -1])
    def test_prefers_the_contract_that_has_the_sentence(self, order):
        shipped = [interface(name).artifact for name in ("AccreditationRegistry", "VaccinationRegistry")]
        decoder = RevertDecoder(shipped[::order])
        error = decoder.decode(_data("ZeroIdentifier()"))
        assert error.sentence == shipped[0].errors["ZeroIdentifier"]

    def test_names_a_text(self):
        error = RevertDecoder([]).decode(_data("Error(string)", "in words"))
        assert (error.error, error.values, error.sentence) == ("Error", {"reason": "in words"}, "in words")

    @pytest.mark.parametrize(
        ("code", "sentence"),
        [
            (0x01, "an assertion failed"),
            (0x11, "a number ran over or under its range"),
            (0x12, "a division by zero"),
            (0x21, "a number is no member of the enumeration"),
            (0x32, "an index is outside the array"),
            (0x41, "too much memory was asked for"),
            (0x51, "panic 0x51"),
        ],
    )
    def test_names_a_panic(self, code, sentence):
        error = RevertDecoder([]).decode(_data("Panic(uint256)", code))
        assert (error.error, error.values, error.sentence) == ("Panic", {"code": code}, sentence)

    def test_says_what_the_node_said_without_data(self):
        assert str(RevertDecoder([]).decode(b"", "", "out of gas")) == "out of gas"
        assert RevertDecoder([]).decode(b"").sentence == "the contract refused without a reason"

    @pytest.mark.parametrize(
        "data",
        [
            b"\xde\xad\xbe\xef\x01",
            b"\xde",
            _data("Error(string)", "x")[:20],
            _data("Error(string)")[:4] + encode(["bytes"], [b"\xff"]),
        ],
    )
    def test_shows_data_that_it_cannot_read(self, data):
        error = RevertDecoder([]).decode(data)
        assert (error.error, error.values) == ("", {})
        assert f"0x{data.hex()}" in error.sentence


class TestPlain:
    """given decoded values -> as JSON takes them: bytes as hex with 0x, dataclasses and mappings as objects"""

    def test_writes_values_plainly(self):
        value = {"dose": Dose(b"\x01\x02", 3), "list": (b"", [1]), 5: None, "yes": True}
        assert to_plain(value) == {"dose": {"lot": "0x0102", "at": 3}, "list": ["0x", [1]], "5": None, "yes": True}


class TestInterface:
    """given a contract that the package does not ship -> ToolMissing"""

    def test_refuses_a_contract_that_is_not_shipped(self):
        with pytest.raises(ToolMissing, match="the artifact of Nothing is missing"):
            interface("Nothing")
