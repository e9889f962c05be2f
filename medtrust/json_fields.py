"""The fields of a JSON object, each taken as what it should be, or refused with its place."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from typing import Any, TypeVar

from medtrust.errors import InputError
from medtrust.types import bytes32, checksum_address

__all__ = ["JsonFields", "base64_text", "hex_text"]

T = TypeVar("T")


class JsonFields:
    """The fields of one JSON object. Every method raises `InputError` for a field that is missing or something else."""

    def __init__(self, raw: Any, place: str) -> None:
        if not isinstance(raw, Mapping):
            raise InputError(place=place, found=repr(raw), expected="a JSON object")
        self._raw = raw
        self._place = place

    def take(self, name: str, kind: type[T]) -> T:
        """Take a field of a type of JSON."""
        value = self._raw.get(name)
        if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
            found = repr(value) if name in self._raw else "nothing"
            raise self._wrong(name, found, kind.__name__)
        if isinstance(value, str):
            self._check_text(name, value)
        return value

    def require(self, name: str, expected: str) -> None:
        """Refuse any text but one."""
        if self.take(name, str) != expected:
            raise self._wrong(name, self.take(name, str), expected)

    def names(self, name: str) -> str:
        """Take a list of names, at least one, as they are written on a command line: separated by commas."""
        values = self.take(name, list)
        if not values:
            raise self._wrong(name, "none", "at least one name")
        text = ",".join(map(str, values))
        self._check_text(name, text)
        return text

    def number(self, name: str, *, bits: int = 64) -> int:
        """Take a whole number from 0 on, of at most so many bits."""
        value = self.take(name, int)
        if not 0 <= value < 1 << bits:
            raise self._wrong(name, str(value), f"a number from 0 to 2^{bits} - 1")
        return value

    def address(self, name: str) -> str:
        """Take an address."""
        return checksum_address(self.take(name, str), place=f"{self._place}.{name}")

    def hash(self, name: str) -> bytes:
        """Take 32 bytes, as 64 hexadecimal digits."""
        return bytes32(self.take(name, str), place=f"{self._place}.{name}")

    def octets(self, name: str, *, length: int | None = None) -> bytes:
        """Take bytes, as hexadecimal digits; as many as `length` says."""
        text = self.take(name, str)
        try:
            value = bytes.fromhex(text.removeprefix("0x"))
        except ValueError:
            raise self._wrong(name, repr(text), "hexadecimal digits") from None
        if length is not None and len(value) != length:
            raise self._wrong(name, f"{len(value)} bytes", f"{length} bytes")
        return value

    def base64(self, name: str) -> bytes:
        """Take bytes, as base 64."""
        try:
            return base64.b64decode(self.take(name, str), validate=True)
        except (binascii.Error, ValueError):
            raise self._wrong(name, "something else", "base 64") from None

    def inner(self, name: str) -> JsonFields:
        """Take an object."""
        return JsonFields(self.take(name, dict), f"{self._place}.{name}")

    def each(self, name: str, *, is_optional: bool = False) -> list[JsonFields]:
        """Take a list of objects; one that is optional is empty where it is left out."""
        if is_optional and name not in self._raw:
            return []
        return [JsonFields(one, f"{self._place}.{name}[{at}]") for at, one in enumerate(self.take(name, list))]

    def _check_text(self, name: str, text: str) -> None:
        """Refuse halves of characters, which JSON can name and nothing can print or send."""
        if any("\ud800" <= one <= "\udfff" for one in text):
            raise self._wrong(name, ascii(text), "text in Unicode")

    def _wrong(self, name: str, found: str, expected: str) -> InputError:
        return InputError(place=f"{self._place}.{name}", found=found, expected=expected)


def hex_text(value: bytes) -> str:
    """Write bytes as 0x and hexadecimal digits."""
    return "0x" + value.hex()


def base64_text(value: bytes) -> str:
    """Write bytes as base 64, which is shorter than digits."""
    return base64.b64encode(value).decode()
