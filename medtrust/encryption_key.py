"""Encryption keys on disk: the private key that an organisation opens records with, and the public one of it."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any, Final

from medtrust.errors import InputError
from medtrust.files import read_json, state_folder, write_once
from medtrust.wrapping import KeySuite, PrivateKey, PublicKey

__all__ = ["encryption_key", "public_from_json", "public_to_json"]

_FORMAT: Final = "encryption-key/1"


def encryption_key(organisation: str, path: Path | None = None, *, suite: KeySuite = KeySuite.X25519) -> PrivateKey:
    """Return the encryption key of `organisation` (identifier URI), made at first use from the system's randomness.

    It is kept, readable by its owner alone, in `keys/` of the state folder unless `path` names another file. Losing it
    makes unreadable what was wrapped to it: back it up. Raises `InputError`, which never shows the key, if the file
    holds no key or others may read it.
    """
    file = path or state_folder() / "keys" / f"{_slug(organisation)}.encryption.json"
    if not file.exists():
        made = PrivateKey.generate(suite)
        value = {"format": _FORMAT, "suite": made.suite.name, "key": made.raw.hex()}
        write_once(file, json.dumps(value).encode() + b"\n", mode=0o600)
    if os.name == "posix" and file.stat().st_mode & 0o077:
        raise InputError(file=str(file), place="permissions", found="others may read it", expected="mode 0600")
    raw = read_json(file)
    try:
        if raw["format"] == _FORMAT:
            return PrivateKey(KeySuite[raw["suite"]], bytes.fromhex(raw["key"]))
    except (KeyError, TypeError, ValueError, InputError):
        pass
    raise InputError(file=str(file), place="key", found="something else", expected=f"a key of form {_FORMAT}") from None


def public_to_json(public: PublicKey) -> dict[str, str]:
    """Write a public key as JSON takes it: the name of its suite and its bytes as hexadecimal digits."""
    return {"suite": public.suite.name, "key": "0x" + public.raw.hex()}


def public_from_json(raw: Any, *, place: str = "publicKey") -> PublicKey:
    """Read what `public_to_json` wrote. Raises `InputError` with the place, and names a suite that is not known."""
    if not isinstance(raw, dict) or not isinstance(raw.get("key"), str):
        raise InputError(place=place, found=type(raw).__name__, expected="an object with suite and key")
    if raw.get("suite") not in list(KeySuite.__members__):  # which also takes what cannot be hashed
        expected = f"one of {', '.join(KeySuite.__members__)}"
        raise InputError(place=f"{place}.suite", found=repr(raw.get("suite")), expected=expected)
    try:
        octets = bytes.fromhex(raw["key"].removeprefix("0x"))
    except ValueError:
        raise InputError(place=f"{place}.key", found=repr(raw["key"]), expected="hexadecimal digits") from None
    return PublicKey(KeySuite[raw["suite"]], octets)


def _slug(identifier: str) -> str:
    return re.sub(r"[^A-Za-z0-9]+", "-", identifier).strip("-").lower()
