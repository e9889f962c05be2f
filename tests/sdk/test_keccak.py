"""The hash function against published digests, native and portable."""

from __future__ import annotations

import builtins
import importlib
import sys
from collections.abc import Iterator
from types import ModuleType

import pytest
from hypothesis import given
from hypothesis import strategies as st

import medtrust.keccak

# From the Keccak team's known answers (empty, one byte, 32 bytes) and from the Ethereum yellow paper's common examples.
KNOWN = {
    "": "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470",
    "cc": "eead6dbfc7340a56caedc044696a168870549a6a7f6f56961e84a54bd9970b8a",
    "9f2fcc7c90de090d6b87cd7e9718c1ea6cb21118fc2d5de9f97e5db6ac1e9c10": (
        "24dd2ee02482144f539f810d2caa8a7b75d0fa33657e47932122d273c3f6f6d1"
    ),
    b"Transfer(address,address,uint256)".hex(): "ddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef",
}


@pytest.fixture
def without_native(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    """The module as it loads where no native wheel is installed."""
    real = builtins.__import__

    def refuse(name: str, *rest: object, **named: object) -> object:
        if name == "tiny_keccak":
            raise ImportError(name)
        return real(name, *rest, **named)

    monkeypatch.delitem(sys.modules, "tiny_keccak", raising=False)
    monkeypatch.setattr(builtins, "__import__", refuse)
    yield importlib.reload(medtrust.keccak)
    monkeypatch.undo()
    importlib.reload(medtrust.keccak)


class TestKeccak256:
    """
    when given published messages          -> their published digests
    given no native wheel                  -> the portable function, same digests
    given a native function that is SHA3   -> it is not used
    """

    @pytest.mark.parametrize(("message", "digest"), KNOWN.items())
    def test_gives_the_published_digest(self, message: str, digest: str) -> None:
        assert medtrust.keccak.keccak256(bytes.fromhex(message)).hex() == digest

    @pytest.mark.parametrize(("message", "digest"), KNOWN.items())
    def test_falls_back_to_the_portable_function(self, without_native: ModuleType, message: str, digest: str) -> None:
        assert without_native.keccak256 is without_native._portable
        assert without_native.keccak256(bytes.fromhex(message)).hex() == digest

    def test_refuses_a_native_function_that_hashes_otherwise(self, monkeypatch: pytest.MonkeyPatch) -> None:
        import hashlib

        import tiny_keccak

        monkeypatch.setattr(tiny_keccak, "keccak256", lambda data: hashlib.sha3_256(data).digest())
        assert medtrust.keccak._fastest() is medtrust.keccak._portable

    @given(st.binary(max_size=600))
    def test_native_and_portable_agree(self, message: bytes) -> None:
        assert medtrust.keccak.keccak256(message) == medtrust.keccak._portable(message)
