"""What an import did, for programs and for people who mend what was refused."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from medtrust.errors import InputError
from medtrust.files import read_json
from medtrust.import_journal import PlannedBatch
from medtrust.intake import Intake, Source
from medtrust.json_fields import JsonFields

__all__ = ["ImportReport", "Issued", "Known", "refused_files"]

_FORM: Final = "import-report/1"


@dataclass(frozen=True)
class Issued:
    """A dose that is anchored: where it stood, its certificate, its batch, and whether its lot is traced."""

    source: Source
    certificate: Path
    root: bytes
    index: int
    is_traced: bool


@dataclass(frozen=True)
class Known:
    """A dose that was anchored before: where it stands now, root and index of its batch, and whether it was revoked."""

    source: Source
    root: bytes
    index: int
    is_revoked: bool


@dataclass(frozen=True)
class ImportReport:
    """What became of everything in the files.

    `path` where the report lies · `is_complete` false if nothing was anchored because something was refused · `issued`
    doses with their certificates · `known` doses that earlier imports anchored; revoked ones are not anchored anew, or
    an old file would bring back what was withdrawn · `to_revoke` anchored doses that a file now withdraws · `batches`
    that hold what was issued · `intake` duplicates, not-done and refused doses, and losses.
    """

    path: Path
    is_complete: bool
    issued: tuple[Issued, ...]
    known: tuple[Known, ...]
    to_revoke: tuple[Known, ...]
    batches: tuple[PlannedBatch, ...]
    intake: Intake = field(repr=False)

    @property
    def refused(self) -> tuple[InputError, ...]:
        """What could not be read or used: file, place, what was found and what was expected."""
        return tuple(self.intake.refused)

    @property
    def refused_files(self) -> tuple[str, ...]:
        """The files in which something was refused, each once."""
        return tuple(dict.fromkeys(one.file for one in self.refused))

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON object. It holds what stood in the files where that was refused: keep it as you keep them."""
        intake = self.intake
        return {
            "t": _FORM,
            "organisation": intake.organisation,
            "complete": self.is_complete,
            "batches": [
                {"root": _hex(one.root), "size": one.size, "lots": list(map(_hex, one.lots))} for one in self.batches
            ],
            "issued": [
                {**_issued(one), "certificate": one.certificate.name, "traced": one.is_traced} for one in self.issued
            ],
            "known": [{**_issued(one), "revoked": one.is_revoked} for one in self.known],
            "duplicates": [
                {**_place(one.source), "first": _place(one.first), "differs": list(one.differs)}
                for one in intake.duplicates
            ],
            "notDone": list(map(_place, intake.not_done)),
            "withdrawn": [_place(source) for source, _ in intake.withdrawn],
            "toRevoke": list(map(_issued, self.to_revoke)),
            "refused": [
                {"file": one.file, "place": one.place, "found": one.found, "expected": one.expected}
                for one in self.refused
            ],
            "loss": {
                file: {**loss.counts, "ratio": loss.ratio, "dropped": list(loss.dropped)}
                for file, loss in intake.losses.items()
            },
        }


def refused_files(path: Path) -> Sequence[Path] | None:
    """Return the files of which a report refused something, each once; None if `path` is no report."""
    try:
        raw = read_json(path) if path.suffix == ".json" else None
    except InputError:
        return None
    if not isinstance(raw, dict) or raw.get("t") != _FORM:
        return None
    try:
        refused = JsonFields(raw, "report").each("refused")
        return [Path(file) for file in dict.fromkeys(one.take("file", str) for one in refused)]
    except InputError as error:
        raise error.within(str(path)) from None


def _issued(one: Issued | Known) -> dict[str, Any]:
    return {**_place(one.source), "root": _hex(one.root), "index": one.index}


def _place(source: Source) -> dict[str, str]:
    return {"file": source.file, "place": source.place}


def _hex(value: bytes) -> str:
    return "0x" + value.hex()
