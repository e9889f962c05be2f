"""Used codes: a folder in which every one-time code that was accepted has a file, so that none counts twice."""

from __future__ import annotations

import os
from pathlib import Path

from medtrust.files import state_folder

__all__ = ["UsedCodes"]


class UsedCodes:
    """A ledger of used codes; several desks may share its folder.

    A code is used by making its file, which one of any number of processes succeeds in. Its name is a hash, from which
    nobody reads the code or the certificate.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = folder or state_folder() / "used-codes"

    def use(self, code: bytes) -> bool:
        """Note the hash of a code (32 bytes) as used; False if it was before."""
        self.folder.mkdir(parents=True, exist_ok=True)
        try:
            handle = os.open(self.folder / code.hex(), os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        except FileExistsError:
            return False
        os.close(handle)
        return True
