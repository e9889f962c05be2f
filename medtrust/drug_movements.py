"""What happened to medicines: each event of the registry as a movement, in words that need no event."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import IntEnum
from typing import Any, Final

from medtrust.drug_types import State
from medtrust.types import ZERO_HASH

__all__ = ["ACTS", "UNIT_EVENTS", "Act", "Movement", "movement_of", "way_of"]


class Act(IntEnum):
    """What happened to a unit or to its lot."""

    COMMISSIONED = 0
    SHIPPED = 1
    RECEIVED = 2
    REFUSED = 3
    TAKEN_BACK = 4
    DISPENSED = 5
    RECALLED = 6
    MISSING = 7
    EXTRA = 8
    REPORTED = 9
    PACKED = 10
    UNPACKED = 11
    STOLEN = 12
    EXPORTED = 13
    DESTROYED = 14
    SUSPECTED = 15
    CLEARED = 16
    ILLEGITIMATE = 17
    ACKNOWLEDGED = 18
    UNDONE = 19


UNIT_EVENTS: Final = {
    "UnitShipped": Act.SHIPPED,
    "UnitReceived": Act.RECEIVED,
    "ShipmentRefused": Act.REFUSED,
    "ShipmentTakenBack": Act.TAKEN_BACK,
    "MissingReported": Act.MISSING,
    "ExtraReported": Act.EXTRA,
    "ReadingsReported": Act.REPORTED,
    "UnitPacked": Act.PACKED,
    "UnitUnpacked": Act.UNPACKED,
    "UnitEnded": Act.DESTROYED,
    "SuspectFlagged": Act.SUSPECTED,
    "SuspectResolved": Act.ILLEGITIMATE,
}
"""Events of one unit; where the unit is zero, of its whole lot."""

ACTS: Final = {
    "LotCommissioned": Act.COMMISSIONED,
    "RecallIssued": Act.RECALLED,
    "PackDispensed": Act.DISPENSED,
    "DispenseReversed": Act.UNDONE,
    "NoticeAcknowledged": Act.ACKNOWLEDGED,
    **UNIT_EVENTS,
}
"""Every event of a lot or a unit."""

_START, _END = (-1, -1), (1 << 62, 0)
_ENDS: Final = {State.STOLEN: Act.STOLEN, State.EXPORTED: Act.EXPORTED, State.DESTROYED: Act.DESTROYED}


@dataclass(frozen=True)
class Movement:
    """One thing that happened to a unit, to a container while the unit was in it, or to its lot.

    `unit` is what moved (the lot for what happened to all of it), `organisation` who did it (empty where the chain does
    not say), `other` the other side of a shipment, `at` the time of the block (Unix seconds), `lot` its lot or mix.

    `state` what a receipt or a report left it in · `container`, `mix` what it was packed into or taken from ·
    `portion` what of how many parts was dispensed, (0, 0) for a whole pack · `prescriptions` what was filled or freed ·
    `root` that of the readings · `place` the block and the place in it.
    """

    at: int
    act: Act
    unit: bytes
    organisation: bytes
    other: bytes | None
    transaction_hash: str
    lot: bytes = b""
    state: State | None = None
    container: bytes | None = None
    mix: bytes | None = None
    portion: tuple[int, int] = (0, 0)
    prescriptions: tuple[bytes, ...] = ()
    root: bytes | None = None
    place: tuple[int, int] = (0, 0)

    @property
    def moves(self) -> bool:
        """Whether the unit has a state of its own from then on, apart from what it was in."""
        return self.unit != self.lot and self.act not in _BESIDE


_BESIDE: Final = frozenset({Act.EXTRA, Act.DISPENSED, Act.UNDONE, Act.ACKNOWLEDGED})


def movement_of(event: str, values: Mapping[str, Any], *, at: int, place: tuple[int, int], hash_: str) -> Movement:
    """Turn an event of the registry, by its name and its values, into a movement.

    `at` is when (Unix seconds), `place` its block and its place there, `hash_` that of its transaction.
    """
    act, lot = ACTS[event], values.get("lot", b"")
    unit = values.get("unit") or values.get("pack") or lot
    organisation, other = _sides(act, values)
    found = Movement(at, act, lot if unit == ZERO_HASH else unit, organisation, other, hash_, lot, place=place)
    if act is Act.PACKED or act is Act.UNPACKED:
        return replace(found, container=values["container"], mix=values["mix"])
    if act is Act.DISPENSED or act is Act.UNDONE:
        filled = values["prescriptions"] if act is Act.UNDONE else [values["prescription"]]
        filled = tuple(one for one in filled if one != ZERO_HASH)
        return replace(found, portion=(values.get("portion", 0), values.get("whole", 0)), prescriptions=filled)
    if event == "UnitEnded":
        return replace(found, act=_ENDS[State(values["fate"])])
    if event == "SuspectResolved" and values["isCleared"]:
        return replace(found, act=Act.CLEARED)
    if "state" in values:
        return replace(found, state=State(values["state"]), root=values.get("root"))
    return found


def _sides(act: Act, values: Mapping[str, Any]) -> tuple[bytes, bytes | None]:
    """Say who acted, and who was on the other side."""
    if act in (Act.SHIPPED, Act.TAKEN_BACK):
        return values["from"], values["to"]
    if "from" in values:
        return values["to"], values["from"]
    by = (values.get(name) for name in ("manufacturer", "pharmacy", "organisation", "to"))
    return next((one for one in by if one), b""), None


Reader = Callable[[bytes, Sequence[bytes]], Iterable[Movement]]
"""Reads what happened to a lot or mix as a whole, and to some of its units."""


def way_of(read: Reader, lot: bytes, units: Sequence[bytes]) -> tuple[Movement, ...]:
    """List the whole way of the last of `units`, of which each is in the one before, in the order in which it happened.

    What happened to a container counts until the unit, or a container between the two, had a state of its own; what
    happened to one that it was packed into later counts until it was taken out, or left it otherwise.
    """
    found = sorted(dict.fromkeys(_way(read, lot, units, _START, _END)), key=lambda one: one.place)
    return tuple(_with_packers(found))


def _with_packers(movements: Iterable[Movement]) -> Iterator[Movement]:
    """Name who packed and unpacked, whom the events do not name: who had the unit in hands."""
    holder = b""
    for one in movements:
        if one.act in (Act.MISSING, Act.REFUSED):
            holder = one.other or b""
        elif one.act in (Act.COMMISSIONED, Act.SHIPPED, Act.RECEIVED, Act.TAKEN_BACK):
            holder = one.organisation
        yield one if one.organisation else replace(one, organisation=holder)


def _way(
    read: Reader, lot: bytes, units: Sequence[bytes], after: tuple[int, int], before: tuple[int, int]
) -> list[Movement]:
    depths = {unit: depth for depth, unit in enumerate(units)}
    deepest, kept = 0, []
    for one in sorted(read(lot, units), key=lambda movement: movement.place):
        depth = depths.get(one.unit, deepest)
        if after < one.place < before and depth >= deepest:
            kept.append(one)
            deepest = depth if one.moves else deepest
    found = list(kept)
    for index, one in enumerate(kept):
        if one.act is Act.PACKED and one.mix and one.container:
            left = next((later.place for later in kept[index + 1 :] if later.moves), before)
            found += _way(read, one.mix, (one.container,), one.place, left)
    return found
