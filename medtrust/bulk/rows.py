"""Rows: doses of a very large import as sorted lines of text, merged from many files without holding them."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import groupby
from typing import Any, Final, NamedTuple

from medtrust.canonical import Immunization
from medtrust.errors import InputError
from medtrust.import_journal import PlannedBatch
from medtrust.intake import compare, unusable_lot

__all__ = [
    "DOSE",
    "KNOWN",
    "SETTLED",
    "UPDATE",
    "WITHDRAWN",
    "Problem",
    "Row",
    "marked_rows",
    "refusal",
    "resolve",
]

DOSE: Final = "a"
UPDATE: Final = "u"
WITHDRAWN: Final = "w"
KNOWN: Final = "k"
SETTLED: Final = "s"

_DIGITS: Final = 64
_NOBODY: Final = "0" * 64

Problem = dict[str, Any]
"""What stands in a file beside doses to anchor: "what", "file" (its number), "place", and what belongs to it."""


class Row(NamedTuple):
    """One dose, or its withdrawal, in the order in which lines of text are sorted.

    `key` digest and place in the order of the sources, hexadecimal · `kind` dose, update or withdrawal · `file` number
    of the file · `lot` id on the chain, `product` GTIN of it, both "" if it is not traced.
    """

    key: str
    kind: str
    file: str
    place: str
    sub: str
    vc: str
    d: str
    number: str
    mvx: str
    patient_key: str
    lot: str
    product: str

    @classmethod
    def parse(cls, line: str) -> Row:
        """Read a line."""
        return cls(*line.rstrip("\n").split("\t"))

    def line(self) -> str:
        """Write the line; no part of it can hold a tab or a line feed."""
        return "\t".join(self) + "\n"

    @property
    def digest(self) -> str:
        """The digest, hexadecimal."""
        return self.key[:_DIGITS]

    def immunization(self) -> Immunization:
        """Return the canonical object."""
        return Immunization(self.sub, "cvx", self.vc, self.d, "completed", self.number, self.mvx)


def marked_rows(batches: Iterable[PlannedBatch], kind: str) -> Iterator[str]:
    """Yield a line for each digest of planned batches, which sorts before the doses of that digest."""
    for batch in batches:
        root = batch.root.hex()
        for index, digest in enumerate(batch.digests):
            yield f"{digest.hex()}\t{kind}\t{root}\t{index}\n"


def resolve(
    streams: Sequence[Iterable[str]],
    usable: Callable[[str], str],
    report: Callable[[Problem], None],
    *,
    is_planned: bool,
) -> Iterator[Row]:
    """Merge sorted lines and yield each dose that is to be anchored, once, in the order of the digests.

    What else they hold goes to `report`. `usable` says why a lot cannot be used now, "" if it can; doses that are
    settled are not asked about. With `is_planned` only settled ones are yielded.
    """
    for digest, lines in groupby(heapq.merge(*streams), key=lambda line: line[:_DIGITS]):
        group = _Group(digest, usable, report)
        for line in lines:
            group.add(line)
        dose = group.dose()
        if dose and group.is_settled >= is_planned:
            yield dose
        elif dose:
            expected = "an import of its own: it could not be used when this one was planned"
            report({"what": "refused", "file": dose.file, "place": dose.place, "found": "a dose", "expected": expected})


class _Group:
    """Everything that stands under one digest."""

    def __init__(self, digest: str, usable: Callable[[str], str], report: Callable[[Problem], None]) -> None:
        self._digest, self._usable, self._report = digest, usable, report
        self.is_settled = False
        self._known: tuple[str, str] | None = None
        self._first: Row | None = None

    def add(self, line: str) -> None:
        """Take the next line."""
        if line[_DIGITS] == "\t":
            _, kind, root, index = line.rstrip("\n").split("\t")
            if kind == SETTLED:
                self.is_settled = True
            else:
                self._known = (root, index)
            return
        row = Row.parse(line)
        if row.kind == WITHDRAWN:
            self._first = None
            self._report({"what": "withdrawn", **self._place(row)})
        elif not self._is_refused(row):
            self._take(row)

    def dose(self) -> Row | None:
        """Return the dose that is to be anchored, None if there is none or it was anchored before."""
        if self._first and self._known:
            self._report({"what": "known", **self._place(self._first)})
            return None
        return self._first

    def _is_refused(self, row: Row) -> bool:
        reason = "" if self.is_settled or not row.lot else self._usable(row.lot)
        if reason:
            error = unusable_lot(row.number, row.product, reason)
            self._report(refusal(row.file, row.place, error))
        return bool(reason)

    def _take(self, row: Row) -> None:
        first = self._first
        if first is None:
            self._first = row
            return
        differs, counts = compare(first.immunization(), row.immunization(), is_update=row.kind == UPDATE)
        self._report({"what": "duplicate", **self._place(row), "differs": list(differs)})
        if counts:
            self._first = row._replace(key=first.key, file=first.file, place=first.place)

    def _place(self, row: Row) -> Problem:
        before = {"root": self._known[0], "index": int(self._known[1])} if self._known else {}
        return {"file": row.file, "place": row.place, **before}


def refusal(file: str, place: str, error: InputError) -> Problem:
    """Write a refusal, so that it can be kept in a file."""
    return {"what": "refused", "file": file, "place": place, "found": error.found, "expected": error.expected}
