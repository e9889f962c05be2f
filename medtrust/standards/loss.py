"""The loss ledger: what became of every field that a source holds."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from medtrust.errors import CheckRefused
from medtrust.keyed import keyed_hash

__all__ = ["DEFAULTED", "DROPPED", "MAPPED", "PRESERVED", "LossEntry", "LossReport", "Marks", "Tallied"]

MAPPED: Final = "mapped"
DEFAULTED: Final = "defaulted"
PRESERVED: Final = "preserved"
DROPPED: Final = "dropped"

Marks = dict[str, str]


_NUMBER: Final = re.compile(r"^(?:message|line)\[[0-9]+\][ .]|\[[0-9]+\]")


class Tallied:
    """A part of a source that counts its fields by kind faster than one by one."""

    __slots__ = ()

    def tally(self, marks: Marks, found: Counter[tuple[str, str]]) -> None:
        """Count each field that is not empty into `found`, by its path without numbers and its disposition."""
        raise NotImplementedError


@dataclass(frozen=True, slots=True)
class LossEntry:
    """What became of one field.

    `path` where it stands · `disposition` mapped (it is in the canonical object), defaulted (it says nothing usable, or
    is not there, and a rule of the standard filled in), preserved (kept beside the object) or dropped · `digest` 16
    hexadecimal digits of a keyed hash of its value, so that a change shows and the value does not; "" if not there.
    """

    path: str
    disposition: str
    digest: str

    def to_dict(self) -> dict[str, str]:
        """Return the JSON object."""
        return {"path": self.path, "disposition": self.disposition, "digest": self.digest}


class LossReport:
    """What became of every field of one source, each in exactly one disposition.

    Built from parts: a function that yields (path, value) of every field present, and the marks that reading left on
    some paths. What has no mark was dropped. Nothing is hashed before somebody asks.
    """

    __slots__ = ("_key", "_parts")

    def __init__(self, key: bytes) -> None:
        self._key = key
        self._parts: list[tuple[Callable[[Marks], Iterable[tuple[str, str, str]]], Marks]] = []

    def add(self, present: Callable[[Marks], Iterable[tuple[str, str, str]]], marks: Marks) -> None:
        """Add a part: `present(marks)` yields (path, disposition or "", value) of every field there is."""
        self._parts.append((present, marks))

    def entries(self) -> Iterator[LossEntry]:
        """Yield one entry for each field present, in the order of the source, then those that were filled in."""
        for present, marks in self._parts:
            seen = set()
            for path, disposition, value in present(marks):
                seen.add(path)
                yield LossEntry(path, disposition or DROPPED, keyed_hash(self._key, path, value)[:8].hex())
            for path, disposition in marks.items():
                if disposition == DEFAULTED and path not in seen:
                    yield LossEntry(path, DEFAULTED, "")

    def paths(self, disposition: str) -> Iterator[str]:
        """Yield the paths of the fields present with this disposition, in the order of the source."""
        for present, marks in self._parts:
            for path, found, _ in present(marks):
                if (found or DROPPED) == disposition:
                    yield path

    def counts(self) -> Mapping[str, int]:
        """Return how many of the fields present have each disposition."""
        counts: Counter[str] = Counter({MAPPED: 0, DEFAULTED: 0, PRESERVED: 0, DROPPED: 0})
        for present, marks in self._parts:
            counts.update(disposition or DROPPED for _, disposition, _ in present(marks))
        return counts

    def tally(self) -> Counter[tuple[str, str]]:
        """Return how many of the fields present have each path, written without numbers, and disposition."""
        found: Counter[tuple[str, str]] = Counter()
        for present, marks in self._parts:
            owner = getattr(present, "__self__", None)
            if isinstance(owner, Tallied):
                owner.tally(marks, found)
            else:
                kinds = ((_NUMBER.sub("", path), disposition or DROPPED) for path, disposition, _ in present(marks))
                found.update(kinds)
        return found

    @property
    def ratio(self) -> float:
        """The share of the fields present that were not dropped; 1.0 if there are none."""
        counts = self.counts()
        total = sum(counts.values())
        return 1 - counts[DROPPED] / total if total else 1.0

    def strict(self, threshold: float) -> None:
        """Raise `CheckRefused` with reason "TooMuchDropped" if `ratio` is under `threshold` (0 … 1)."""
        ratio = self.ratio
        if ratio < threshold:
            sentence = f"{ratio:.1%} of the fields were carried over, {threshold:.1%} are asked for"
            raise CheckRefused("TooMuchDropped", sentence)
