"""Bytecode: what is deployed can neither be replaced nor end itself, makes no other contract, and fits on any chain."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import pytest

from medtrust.artifacts import load
from medtrust.deploy import PLAN

MAX_SIZE: Final = 24_576
"""Bytes of code that a contract may have (EIP-170)."""

FORBIDDEN: Final = {0xF0: "CREATE", 0xF2: "CALLCODE", 0xF4: "DELEGATECALL", 0xF5: "CREATE2", 0xFF: "SELFDESTRUCT"}
_PUSH1: Final = 0x60
_PUSH32: Final = 0x7F
_JUMPDEST: Final = 0x5B
_ENDS: Final = {0x00, 0x56, 0xF3, 0xFD, 0xFE, 0xFF}
"""STOP, JUMP, RETURN, REVERT, INVALID and SELFDESTRUCT: what follows runs only from a JUMPDEST on."""


def instructions(code: bytes) -> Iterator[tuple[int, int]]:
    """Walk code: (place, opcode) of each instruction that can run, without the data of pushes and of constants."""
    place, is_live = 0, True
    while place < len(code):
        opcode = code[place]
        is_live = is_live or opcode == _JUMPDEST
        if is_live:
            yield place, opcode
        is_live = is_live and opcode not in _ENDS
        place += 1 + (opcode - _PUSH1 + 1 if _PUSH1 <= opcode <= _PUSH32 else 0)


def without_metadata(code: bytes) -> bytes:
    """Cut off what the compiler appends about itself; the last two bytes say how long that is."""
    return code[: -int.from_bytes(code[-2:], "big") - 2]


def forbidden(whole: bytes) -> list[str]:
    code = without_metadata(whole)
    return [f"{FORBIDDEN[opcode]} at byte {place}" for place, opcode in instructions(code) if opcode in FORBIDDEN]


class TestBytecode:
    """
    given any contract that is deployed -> no delegatecall, callcode, create, create2 or selfdestruct in it
                                        -> at most 24,576 bytes, and as long as the artifact says
    """

    @pytest.mark.parametrize("name", [step.contract for step in PLAN])
    def test_has_no_forbidden_instruction(self, name, world):
        assert forbidden(bytes.fromhex(load(name).bytecode[2:])) == []
        assert forbidden(world.chain.code(world.address(name))) == []

    @pytest.mark.parametrize("name", [step.contract for step in PLAN])
    def test_fits(self, name):
        assert 0 < load(name).deployed_size <= MAX_SIZE

    @pytest.mark.parametrize("name", [step.contract for step in PLAN])
    def test_is_as_long_on_the_chain(self, name, world):
        assert len(world.chain.code(world.address(name))) == world.built[name].deployed_size


class TestTeeth:
    """
    given a forbidden opcode           -> it is found, also behind an end that a jump passes
    given the same byte in pushed data -> it is not
    given it in data behind the code   -> it is not
    """

    @pytest.mark.parametrize(("opcode", "name"), FORBIDDEN.items())
    def test_finds_what_is_planted(self, opcode, name):
        assert forbidden(_with_metadata(bytes([0x60, opcode, opcode]))) == [f"{name} at byte 2"]
        assert forbidden(_with_metadata(bytes([0x56, _JUMPDEST, opcode]))) == [f"{name} at byte 2"]

    def test_passes_over_pushed_data_and_metadata(self):
        assert forbidden(_with_metadata(b"\x61\xf4\xff\x00", b"\xf4\xff")) == []

    def test_passes_over_constants_behind_the_code(self):
        assert forbidden(_with_metadata(b"\x00\xfe\xf4\xff")) == []


def _with_metadata(code: bytes, metadata: bytes = b"") -> bytes:
    return code + metadata + len(metadata).to_bytes(2, "big")
