"""The journal of imports: what was planned before it was sent, so that a run after a crash ends as one without."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from medtrust.digest_file import DigestFile
from medtrust.errors import InputError
from medtrust.files import read_json, write_json

__all__ = ["Journal", "PlannedBatch"]

_FORM = "import/1"


@dataclass
class PlannedBatch:
    """A batch that is to be anchored, or was.

    `lots` ids on the chain · `digests` keyed hashes of its doses, ascending, in the order of their indices; those of an
    import of very many lie in a file of their own · `transaction` hash of the transaction that anchors it, "" before
    one was signed.
    """

    root: bytes
    lots: tuple[bytes, ...]
    digests: Sequence[bytes]
    transaction: str = ""

    @property
    def size(self) -> int:
        """How many doses it has."""
        return len(self.digests)


class Journal:
    """The imports of one organisation into one registry, a file each; nothing in it can be guessed without the key."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keep other imports out; the end of this process, however it comes, lets them in.

        Raises `InputError` if another import is running.
        """
        self._folder.mkdir(parents=True, exist_ok=True)
        with (self._folder / "lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                expected = "none: wait until it ends"
                raise InputError(place=str(self._folder), found="another import at work", expected=expected) from None
            yield

    def names(self) -> list[str]:
        """List the imports that were planned, sorted."""
        return sorted(file.stem for file in self._folder.glob("*.json"))

    def load(self, name: str) -> list[PlannedBatch]:
        """Read what an import planned; nothing if it planned nothing yet."""
        file = self._folder / f"{name}.json"
        if not file.exists():
            return []
        raw = read_json(file)
        if not isinstance(raw, dict) or raw.get("t") != _FORM:
            raise InputError(file=str(file), place="t", found="something else", expected=_FORM)
        return [self._batch(one) for one in raw["batches"]]

    def _batch(self, raw: dict[str, Any]) -> PlannedBatch:
        lots = tuple(bytes.fromhex(lot) for lot in raw["lots"])
        digests: Sequence[bytes]
        if "file" in raw:
            digests = DigestFile(self._folder / raw["file"], raw["first"], raw["count"])
        else:
            digests = tuple(bytes.fromhex(digest) for digest in raw["digests"])
        return PlannedBatch(bytes.fromhex(raw["root"]), lots, digests, raw["transaction"])

    def digest_path(self, name: str) -> Path:
        """Return where the digests of an import of very many doses lie."""
        return self._folder / f"{name}.digests"

    def work_folder(self, name: str) -> Path:
        """Return where an import keeps what it has done so far, until it ends."""
        return self._folder / f"{name}.work"

    def save(self, name: str, batches: Sequence[PlannedBatch]) -> None:
        """Write what an import plans, whole or not at all."""
        written = [
            {
                "root": batch.root.hex(),
                "lots": [lot.hex() for lot in batch.lots],
                "transaction": batch.transaction,
                **_digests(batch.digests),
            }
            for batch in batches
        ]
        write_json(self._folder / f"{name}.json", {"t": _FORM, "batches": written}, mode=0o600)


def _digests(digests: Sequence[bytes]) -> dict[str, Any]:
    if isinstance(digests, DigestFile):
        return {"file": digests.path.name, "first": digests.first, "count": digests.size}
    return {"digests": [digest.hex() for digest in digests]}
