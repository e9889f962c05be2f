"""The few plain values that every module shares: identifiers, addresses and times."""

from __future__ import annotations

import re
from typing import Final

from medtrust.errors import InputError
from medtrust.keccak import keccak256

__all__ = ["ZERO_ADDRESS", "ZERO_HASH", "bytes32", "checksum_address", "is_text", "name_hash", "organisation_id"]

ZERO_ADDRESS: Final = "0x" + "00" * 20
ZERO_HASH: Final = bytes(32)

_URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:\S+")
_ADDRESS = re.compile(r"0x[0-9a-fA-F]{40}")


def organisation_id(identifier: str) -> bytes:
    """Hash the public identifier of an organisation, a URI such as "urn:gs1:gln:0614141000005", to its 32-byte id.

    Raises `InputError` if it is not a URI.
    """
    if not _URI.fullmatch(identifier):
        raise InputError(
            place="organisation", found=repr(identifier), expected="a URI such as urn:gs1:gln:0614141000005"
        )
    return keccak256(identifier.encode())


def name_hash(name: str) -> bytes:
    """Hash a name (UTF-8) to 32 bytes, as Solidity's `keccak256(bytes(name))`."""
    return keccak256(name.encode())


def bytes32(value: str | bytes, *, place: str = "value") -> bytes:
    """Take 32 bytes, or 64 hexadecimal digits with or without 0x.

    Raises `InputError` for anything else.
    """
    raw = value
    if isinstance(value, str):
        try:
            raw = bytes.fromhex(value.removeprefix("0x"))
        except ValueError:
            raw = b""
    if not isinstance(raw, bytes) or len(raw) != 32:
        raise InputError(place=place, found=repr(value), expected="32 bytes, or 0x and 64 hexadecimal digits")
    return raw


def is_text(value: object) -> bool:
    """Say whether a value is text that can be written as UTF-8; JSON can hold halves of characters, which cannot."""
    try:
        return isinstance(value, str) and value.encode() is not None
    except UnicodeEncodeError:
        return False


def checksum_address(value: str, *, place: str = "address") -> str:
    """Write an address in its mixed-case form (ERC-55).

    Raises `InputError` if it is no address, or is written in mixed case with a wrong checksum.
    """
    if not _ADDRESS.fullmatch(value):
        raise InputError(place=place, found=repr(value), expected="0x and 40 hexadecimal digits")
    digits = value[2:].lower()
    nibbles = keccak256(digits.encode()).hex()
    checked = "0x" + "".join([c.upper() if n > "7" else c for c, n in zip(digits, nibbles, strict=False)])
    if value[2:] not in (digits, digits.upper(), checked[2:]):
        raise InputError(place=place, found=value, expected=f"{checked} (its ERC-55 checksum)")
    return checked
