"""Scan: what the files of a very large import are, by content, and into which tasks of reading they fall."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from medtrust.errors import InputError
from medtrust.standards import CsvMapping
from medtrust.standards.pieces import PIECE, Piece, pieces

__all__ = ["ScannedFile", "read_tasks", "scan"]

_PIECES_IN_RUN: Final = 2
_MOST_RUNS: Final = 400


@dataclass(frozen=True)
class ScannedFile:
    """A file as it was named, its number as text that sorts, the hash of its content, and its pieces."""

    path: Path
    number: str
    digest: bytes
    pieces: tuple[Piece, ...]


def scan(path: Path, number: int, mapping: CsvMapping | None) -> ScannedFile:
    """Read a file once, block by block.

    Raises `InputError` if it cannot be opened.
    """
    content = hashlib.sha256()

    def blocks() -> Iterator[bytes]:
        with path.open("rb") as file:
            while block := file.read(PIECE):
                content.update(block)
                yield block

    try:
        found = tuple(pieces(blocks(), mapping))
    except OSError as error:
        raise InputError(file=str(path), place="file", found=error.strerror or "nothing", expected="a file") from None
    return ScannedFile(path, f"{number:06x}", content.digest(), found or (Piece(0, 0),))


def read_tasks(files: Sequence[ScannedFile], work: Path) -> Iterator[dict[str, Any]]:
    """Yield a task for each run: some pieces of one file, whose rows are sorted together."""
    total = sum(len(file.pieces) for file in files)
    together = max(_PIECES_IN_RUN, total // _MOST_RUNS + 1)
    run = 0
    for file in files:
        for first in range(0, len(file.pieces), together):
            yield {
                "do": "read",
                "run": run,
                "file": file.number,
                "path": str(file.path.resolve()),
                "pieces": [
                    {**asdict(piece), "head": piece.head.hex()} for piece in file.pieces[first : first + together]
                ],
                "rows": str(work / f"run-{run:06}.rows"),
                "summary": str(work / f"run-{run:06}.json"),
            }
            run += 1
