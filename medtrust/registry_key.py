"""Registry keys: the 32 secret bytes from which an organisation derives its pseudonyms and salts."""

from __future__ import annotations

import os
import re
import secrets
from pathlib import Path

from medtrust.errors import InputError
from medtrust.files import state_folder, write_once
from medtrust.keyed import KEY_SIZE

__all__ = ["registry_key"]


def registry_key(organisation: str, path: Path | None = None) -> bytes:
    """Return the registry key of `organisation` (identifier URI), made at first use from the system's randomness.

    It is kept, readable by its owner alone, in `keys/` of the state folder unless `path` names another file. Losing it
    makes every certificate that was issued with it unrepeatable, and its pseudonyms unlinkable for ever: back it up.
    Raises `InputError`, which never shows the key, if the file holds no key or others may read it.
    """
    file = path or state_folder() / "keys" / f"{_slug(organisation)}.key"
    if not file.exists():
        write_once(file, secrets.token_bytes(KEY_SIZE).hex().encode() + b"\n", mode=0o600)
    if os.name == "posix" and file.stat().st_mode & 0o077:
        raise InputError(file=str(file), place="permissions", found="others may read it", expected="mode 0600")
    try:
        key = bytes.fromhex(file.read_text(encoding="ascii").strip())
    except ValueError:
        key = b""
    if len(key) != KEY_SIZE:
        expected = f"{2 * KEY_SIZE} hexadecimal digits"
        raise InputError(file=str(file), place="key", found="something else", expected=expected)
    return key


def _slug(identifier: str) -> str:
    return re.sub(r"[^A-Za-z0-9]+", "-", identifier).strip("-").lower()
