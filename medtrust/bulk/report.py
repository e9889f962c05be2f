"""What a very large import did: figures, packs of certificates, and a file of all that was out of the ordinary."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from medtrust.certificate import Certificate
from medtrust.errors import InputError
from medtrust.import_journal import PlannedBatch

__all__ = ["BulkReport", "PackedCertificate", "packs_in", "read_pack", "tallied"]

_FORM: Final = "import-report/1"


@dataclass(frozen=True)
class BulkReport:
    """What became of everything in the files.

    `path` where the report lies · `is_complete` false if nothing was anchored because something was refused · `counts`
    of doses: anchored, traced, duplicate, known (anchored by an earlier import), notDone, withdrawn, refused ·
    `batches` that hold what was anchored · `packs` files of certificates · `problems` a file with one line of JSON for
    each dose that was not simply anchored · `refused_files` which files hold what was refused · `losses` by file, then
    by disposition, how many fields of each path · `peak_memory` of this process and its workers (bytes).
    """

    path: Path
    organisation: str
    is_complete: bool
    counts: Mapping[str, int]
    batches: tuple[PlannedBatch, ...]
    packs: tuple[Path, ...]
    problems: Path
    refused_files: tuple[str, ...]
    losses: Mapping[str, Mapping[str, Mapping[str, int]]]
    peak_memory: int

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON object."""
        return {
            "t": _FORM,
            "organisation": self.organisation,
            "complete": self.is_complete,
            "counts": dict(self.counts),
            "batches": [
                {"root": "0x" + one.root.hex(), "size": one.size, "lots": ["0x" + lot.hex() for lot in one.lots]}
                for one in self.batches
            ],
            "packs": [one.name for one in self.packs],
            "problems": self.problems.name,
            "refused": [{"file": file} for file in self.refused_files],
            "loss": {file: _shares(loss) for file, loss in self.losses.items()},
        }


@dataclass(frozen=True)
class PackedCertificate:
    """A certificate of a pack, and where its dose stood: file and place."""

    certificate: Certificate
    file: str
    place: str


def packs_in(paths: Iterable[Path]) -> Iterator[Path]:
    """Yield the packs that `paths` stand for: a folder stands for those in it."""
    for path in paths:
        yield from sorted(path.glob("certificates-*.ndjson")) if path.is_dir() else [path]


def read_pack(path: Path) -> Iterator[PackedCertificate]:
    """Yield every certificate of a pack, in the order of the doses in their batch.

    Raises `InputError` with the line for anything else.
    """
    with path.open(encoding="utf-8", newline="\n") as lines:
        for number, line in enumerate(lines, 1):
            try:
                raw = json.loads(line)
                found = Certificate.parse(json.dumps(raw["certificate"]))
                yield PackedCertificate(found, str(raw["file"]), str(raw["place"]))
            except InputError as error:
                place = f"line {number}, {error.place}"
                raise InputError(file=str(path), place=place, found=error.found, expected=error.expected) from None
            except (ValueError, KeyError, TypeError):
                expected = "a certificate with its file and place"
                raise InputError(
                    file=str(path), place=f"line {number}", found="something else", expected=expected
                ) from None


def tallied(losses: Sequence[Sequence[Any]]) -> dict[str, dict[str, int]]:
    """Sort [path, disposition, count] of fields by disposition."""
    found: dict[str, dict[str, int]] = {}
    for path, disposition, count in losses:
        paths = found.setdefault(disposition, {})
        paths[path] = paths.get(path, 0) + count
    return found


def _shares(loss: Mapping[str, Mapping[str, int]]) -> dict[str, Any]:
    counts = {name: sum(loss.get(name, {}).values()) for name in ("mapped", "defaulted", "preserved", "dropped")}
    total = sum(counts.values())
    ratio = round(1 - counts["dropped"] / total, 4) if total else 1.0
    return {**counts, "ratio": ratio, "droppedPaths": dict(loss.get("dropped", {}))}
