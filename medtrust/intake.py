"""Intake: which doses a set of files holds, each once, and what else stands in them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta, timezone
from typing import Final

import rfc8785

from medtrust import standards
from medtrust.canonical import Immunization
from medtrust.errors import InputError
from medtrust.keyed import keyed_hash
from medtrust.pseudonym import patient_key
from medtrust.standards import CsvMapping, Record
from medtrust.standards.foreign_doses import Vouch
from medtrust.standards.loss import DROPPED
from medtrust.standards.reading import UPDATED
from medtrust.stock import Stock, StockedLot
from medtrust.types import ZERO_HASH

__all__ = [
    "Duplicate",
    "GivenDose",
    "Intake",
    "Loss",
    "Source",
    "check_day",
    "compare",
    "dose_digest",
    "latest_day",
    "unusable_lot",
]

_DIGEST: Final = "medtrust/dose/1"
_SCHEMAS: Final = ("imm/1",)
_ORIGIN: Final = ("form", "issuer", "certificate", "product")
_CLOCK_SKEW: Final = timedelta(hours=14, minutes=15)
"""The farthest time zone ahead of UTC, and the fifteen minutes by which clocks may differ."""


@dataclass(frozen=True, slots=True)
class Source:
    """Where something stands: the file as it was named, and the place in it."""

    file: str
    place: str


@dataclass(frozen=True, slots=True)
class GivenDose:
    """One dose that was given, with what is needed to anchor it.

    `digest` a keyed hash that says which event it is, and nothing to whoever has no key · `patient_key` 32 bytes ·
    `lot` id of its lot on the chain, zero if it is not traced · `origin` of a dose on a foreign certificate, as JSON.
    """

    source: Source
    given: Immunization
    digest: bytes
    patient_key: bytes
    lot: bytes
    origin: str = ""


@dataclass(frozen=True, slots=True)
class Duplicate:
    """A dose that is there already: where it stands again, where it stood first, and which details differ."""

    source: Source
    first: Source
    differs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Loss:
    """What became of the fields of one file: how many by disposition, the share carried over, what was dropped."""

    counts: Mapping[str, int]
    ratio: float
    dropped: tuple[str, ...]


@dataclass
class Intake:
    """Reads files one by one and sorts what they hold.

    `doses` to anchor, by digest, in the order in which they were found · `duplicates` of these · `not_done` doses that
    were refused or not given · `withdrawn` doses that the source deletes or calls an error, with their digest ·
    `refused` what could not be read or used, and why · `losses` by file.

    `usable` says why a lot cannot be used now, "" if it can; `settled` are digests of doses that an earlier run
    anchored already, of which that is no longer asked. `now` is the chain's clock (Unix seconds), `mapping` what the
    columns of CSV files hold; `vouch` is told each foreign certificate and raises `CheckRefused` for those that are not
    to be read, as none is without it.
    """

    organisation: str
    key: bytes
    stock: Stock
    now: int
    usable: Callable[[StockedLot], str]
    settled: frozenset[bytes] = frozenset()
    mapping: CsvMapping | None = None
    vouch: Vouch | None = None
    doses: dict[bytes, GivenDose] = field(default_factory=dict)
    duplicates: list[Duplicate] = field(default_factory=list)
    not_done: list[Source] = field(default_factory=list)
    withdrawn: list[tuple[Source, bytes]] = field(default_factory=list)
    refused: list[InputError] = field(default_factory=list)
    losses: dict[str, Loss] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._latest = latest_day(self.now)

    def read(self, file: str, data: bytes) -> None:
        """Read one file; whatever is wrong in it is refused by its place, and everything else is taken."""
        try:
            reading = standards.read(
                data,
                name=file,
                key=self.key,
                organisation=self.organisation,
                take=_SCHEMAS,
                mapping=self.mapping,
                vouch=self.vouch,
            )
        except InputError as error:
            self.refused.append(error if error.file else error.within(file))
            return
        for record in reading.records:
            if not isinstance(record.canonical, Immunization):  # nothing else was asked for
                continue
            try:
                self._take(file, record, record.canonical)
            except InputError as error:
                at = InputError(file=file, place=record.place, found=error.found, expected=error.expected)
                self.refused.append(at)
        self.refused += reading.refusals
        counts, dropped = dict(reading.loss.counts()), tuple(reading.loss.paths(DROPPED))
        ratio = 1 - len(dropped) / (sum(counts.values()) or 1)
        self.losses[file] = Loss(counts, round(ratio, 4), dropped)

    def _take(self, file: str, record: Record, given: Immunization) -> None:
        source = Source(file, record.place)
        if given.st == "not-done":
            self.not_done.append(source)
            return
        digest = dose_digest(self.key, given)
        if given.st == "entered-in-error":
            self.withdrawn.append((source, digest))
            self.doses.pop(digest, None)
            return
        check_day(given, self._latest)
        lot = self._lot(given, digest)
        dose = GivenDose(source, given, digest, self._patient_key(record), lot, _origin(record))
        first = self.doses.setdefault(digest, dose)
        if first is not dose:
            differs, counts = compare(first.given, dose.given, is_update=record.action == UPDATED)
            self.duplicates.append(Duplicate(source, first.source, differs))
            if counts:
                self.doses[digest] = replace(dose, source=first.source)

    def _patient_key(self, record: Record) -> bytes:
        return patient_key(self.key, self.organisation, record.patient)

    def _lot(self, given: Immunization, digest: bytes) -> bytes:
        lot = self.stock.lot_of(given)
        if lot is None:
            return ZERO_HASH
        reason = "" if digest in self.settled else self.usable(lot)
        if reason:
            raise unusable_lot(lot.lot, lot.gtin, reason)
        return lot.id


def _origin(record: Record) -> str:
    """Return where a dose on a foreign certificate comes from, as canonical JSON; "" for what a clinic recorded."""
    found = {name: record.beside[name] for name in _ORIGIN if name in record.beside}
    return rfc8785.dumps(found).decode() if "form" in found else ""


def dose_digest(key: bytes, given: Immunization) -> bytes:
    """Return the keyed hash of the core, the same for a dose and for the message that withdraws it."""
    completed = given if given.st == "completed" else replace(given, st="completed")
    return keyed_hash(key, _DIGEST, completed.core_hash())


def latest_day(now: int) -> str:
    """Return the last day (YYYY-MM-DD) that has begun anywhere at the time `now` (Unix seconds)."""
    return (datetime.fromtimestamp(now, timezone.utc) + _CLOCK_SKEW).date().isoformat()


def check_day(given: Immunization, latest: str) -> None:
    """Refuse a dose of a day that has not begun anywhere yet."""
    if given.d > latest:
        raise InputError(place="d", found=given.d, expected=f"a day that has begun: at most {latest}")


def compare(first: Immunization, again: Immunization, *, is_update: bool) -> tuple[tuple[str, ...], bool]:
    """Return in which details a dose that stands again differs, and whether they count.

    They do where the source calls them an update, or where the first has none.
    """
    differs = tuple(name for name in ("lot", "mvx") if getattr(first, name) != getattr(again, name))
    return differs, bool(differs) and (is_update or all(not getattr(first, name) for name in differs))


def unusable_lot(lot: str, gtin: str, reason: str) -> InputError:
    """Return the refusal of a dose from a lot that is not in use."""
    return InputError(place="lot", found=f"lot {lot} of {gtin}, which is {reason}", expected="a lot in use")
