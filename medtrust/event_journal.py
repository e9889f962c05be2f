"""The journal of events: which of them are on the chain, unit by unit, so that each is carried over once."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from medtrust.errors import InputError
from medtrust.files import read_json, state_folder, write_json
from medtrust.suite import Suite

__all__ = ["CarriedEvent", "EventJournal"]

_FORM: Final = "events/1"


@dataclass
class CarriedEvent:
    """One event and what became of it: its fields, and the transaction of each unit that was carried over.

    `undone` has the transactions that took units back, and `declaration` the fields of the event that declared it an
    error, once all of them were.
    """

    deed: str
    fields: Mapping[str, Any]
    transactions: dict[str, str] = field(default_factory=dict)
    undone: dict[str, str] = field(default_factory=dict)
    declaration: Mapping[str, Any] | None = None

    @property
    def is_void(self) -> bool:
        """Whether it was declared an error, and taken back."""
        return self.declaration is not None


class EventJournal:
    """The events of one organisation on one chain, by their hash; the file is written whole or not at all."""

    def __init__(self, suite: Suite, organisation: bytes) -> None:
        place = f"{suite.chain.id}-{suite.drugs.address.lower()}-{organisation.hex()[:16]}"
        self._file = state_folder() / "events" / f"{place}.json"
        self.events: dict[str, CarriedEvent] = {}
        if self._file.exists():
            self.events = _read(self._file)

    @classmethod
    def all_of(cls, suite: Suite) -> dict[str, CarriedEvent]:
        """Read the events of every organisation that this folder knows on a chain."""
        start = f"{suite.chain.id}-{suite.drugs.address.lower()}-"
        found: dict[str, CarriedEvent] = {}
        for file in sorted((state_folder() / "events").glob(f"{start}*.json")):
            for name, carried in _read(file).items():
                known = found.setdefault(name, carried)
                known.transactions.update(carried.transactions)
        return found

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keep other imports of the same organisation out. Raises `InputError` if one is at work."""
        self._file.parent.mkdir(parents=True, exist_ok=True)
        with self._file.with_suffix(".lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                expected = "none: wait until it ends"
                raise InputError(place=str(self._file), found="another import at work", expected=expected) from None
            yield

    def save(self) -> None:
        """Write the journal."""
        events = {
            name: {
                "deed": one.deed,
                "fields": one.fields,
                "transactions": one.transactions,
                "undone": one.undone,
                "declaration": one.declaration,
            }
            for name, one in self.events.items()
        }
        write_json(self._file, {"t": _FORM, "events": events}, mode=0o600)


def _read(file: Path) -> dict[str, CarriedEvent]:
    raw = read_json(file)
    if not isinstance(raw, dict) or raw.get("t") != _FORM:
        raise InputError(file=str(file), place="t", found="something else", expected=_FORM)
    return {
        name: CarriedEvent(one["deed"], one["fields"], one["transactions"], one["undone"], one["declaration"])
        for name, one in raw["events"].items()
    }
