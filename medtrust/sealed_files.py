"""Sealed files: JSON that only its owner reads, and that nobody changes without the owner's key."""

from __future__ import annotations

import fcntl
import hmac
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from medtrust.errors import CheckRefused
from medtrust.files import read_json, write_json
from medtrust.json_fields import hex_text
from medtrust.keyed import keyed_hash

__all__ = ["locked", "read_sealed", "write_sealed"]

_SEAL: Final = "seal"
_LABEL: Final = "medtrust/sealed-file/1"


def write_sealed(path: Path, value: dict[str, Any], key: bytes) -> None:
    """Write an object, whole or not at all, with a keyed hash of it and of the file's name; mode 0600.

    Without a key, that is b"", there is no seal.
    """
    sealed = {**value, _SEAL: hex_text(_seal(path, value, key))} if key else value
    write_json(path, sealed, mode=0o600)


def read_sealed(path: Path, key: bytes) -> Any:
    """Read what `write_sealed` wrote; without a key, nothing is checked.

    Raises `CheckRefused` with reason "VaultAltered" if it was changed, exchanged, or written without the key.
    """
    value = read_json(path)
    if not isinstance(value, dict):
        return value
    seal = value.pop(_SEAL, "")
    if key and not hmac.compare_digest(str(seal), hex_text(_seal(path, value, key))):
        raise CheckRefused("VaultAltered", f"the file {path.name} is not what its owner wrote")
    return value


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Let one process at a time change what is in a folder, so that a service and a command lose nothing."""
    folder.mkdir(parents=True, exist_ok=True)
    handle = os.open(folder / "lock", os.O_WRONLY | os.O_CREAT, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _seal(path: Path, value: dict[str, Any], key: bytes) -> bytes:
    return keyed_hash(key, _LABEL, path.name, json.dumps(value, sort_keys=True, separators=(",", ":")))
