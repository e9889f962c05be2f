"""Drugs: where each lot and pack is, and whether it may be dispensed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from enum import IntEnum
from typing import Any, Final

from medtrust.chain import Event, Receipt
from medtrust.contract import Client
from medtrust.errors import InputError
from medtrust.keccak import keccak256
from medtrust.merkle import leaf_encoder
from medtrust.packing import PackedLot, Path
from medtrust.standards.gs1 import Scan
from medtrust.types import ZERO_ADDRESS, ZERO_HASH

__all__ = [
    "VERDICT_SENTENCES",
    "Act",
    "Custody",
    "DrugClient",
    "End",
    "Fate",
    "Lot",
    "LotStatus",
    "Movement",
    "Offer",
    "RecallClass",
    "RecallDepth",
    "State",
    "Verdict",
    "expires_at",
    "mark_of",
]

_encode_offer = leaf_encoder(
    ("bytes32", "bytes32", "bytes32", "uint64", "bytes32", "uint64", "uint64", "bytes16", "address", "uint64")
)


class LotStatus(IntEnum):
    """How a lot stands now."""

    UNKNOWN = 0
    ACTIVE = 1
    QUARANTINED = 2
    RECALLED = 3
    EXPIRED = 4


class Verdict(IntEnum):
    """What a scanned pack is."""

    OK = 0
    UNKNOWN_SERIAL = 1
    LOT_MISMATCH = 2
    EXPIRY_MISMATCH = 3
    EXPIRED = 4
    RECALLED = 5
    QUARANTINED = 6
    ALREADY_DISPENSED = 7
    STOLEN = 8
    EXPORTED = 9
    NOT_IN_CUSTODY = 10
    DESTROYED = 11

    @property
    def sentence(self) -> str:
        """What it means, for people."""
        return VERDICT_SENTENCES[self]


VERDICT_SENTENCES: Final[Mapping[Verdict, str]] = {
    Verdict.OK: "The pack is genuine as far as the chain knows, and may be dispensed.",
    Verdict.UNKNOWN_SERIAL: "The manufacturer never commissioned a pack with this serial number in this lot.",
    Verdict.LOT_MISMATCH: "The lot number on the pack is not the one that the manufacturer recorded for it.",
    Verdict.EXPIRY_MISMATCH: "The expiry date on the pack is not the one that the manufacturer recorded.",
    Verdict.EXPIRED: "The pack is expired.",
    Verdict.RECALLED: "The lot is recalled: do not dispense it.",
    Verdict.QUARANTINED: "The lot is quarantined: do not dispense it until it is released.",
    Verdict.ALREADY_DISPENSED: "A pack with this serial number was dispensed before.",
    Verdict.STOLEN: "The pack was reported stolen.",
    Verdict.EXPORTED: "The pack was exported from this market.",
    Verdict.NOT_IN_CUSTODY: "The pack is genuine, but this organisation does not hold it.",
    Verdict.DESTROYED: "The pack was reported destroyed.",
}


class RecallClass(IntEnum):
    """How dangerous a recalled lot is: I can kill, II can harm for a time, III is unlikely to harm."""

    NONE = 0
    CLASS_I = 1
    CLASS_II = 2
    CLASS_III = 3


class RecallDepth(IntEnum):
    """How far down the chain a recall reaches."""

    NONE = 0
    WHOLESALE = 1
    RETAIL = 2
    CONSUMER = 3


class Fate(IntEnum):
    """Whether a pack was dispensed: not, all of it, or only portions so far."""

    NONE = 0
    DISPENSED = 1
    OPENED = 2


class State(IntEnum):
    """What became of a unit."""

    IN_TRANSIT = 0
    INSIDE = 1
    AWAITING = 2
    QUARANTINED = 3
    ILLEGITIMATE = 4
    STOLEN = 5
    EXPORTED = 6
    DESTROYED = 7
    HELD = 8


class Act(IntEnum):
    """What happened to a unit or to its lot."""

    COMMISSIONED = 0
    SHIPPED = 1
    RECEIVED = 2
    REFUSED = 3
    TAKEN_BACK = 4
    DISPENSED = 5
    RECALLED = 6


_ACTS: Final = {
    "LotCommissioned": Act.COMMISSIONED,
    "UnitShipped": Act.SHIPPED,
    "UnitReceived": Act.RECEIVED,
    "ShipmentRefused": Act.REFUSED,
    "ShipmentTakenBack": Act.TAKEN_BACK,
    "PackDispensed": Act.DISPENSED,
    "RecallIssued": Act.RECALLED,
}


@dataclass(frozen=True)
class Lot:
    """One production lot: GTIN of 14 digits, times in Unix seconds, `size` in packs, root of its outermost units."""

    gtin: str
    expires_at: int
    commissioned_at: int
    size: int
    recall_class: RecallClass
    recall_depth: RecallDepth
    manufacturer: bytes
    units_root: bytes


@dataclass(frozen=True)
class Offer:
    """A shipment that waits for its receiver; roles are single bits of `Role`, `until` is in Unix seconds."""

    lot: bytes
    unit: bytes
    sender: bytes
    sender_role: int
    receiver: bytes
    receiver_role: int
    until: int
    source: bytes = bytes(16)
    logger: str = ZERO_ADDRESS
    logged_from: int = 0

    @property
    def id(self) -> bytes:
        """The 32 bytes that stand for it on chain; the first eight are zero."""
        parts = (self.lot, self.unit, self.sender, self.sender_role, self.receiver, self.receiver_role, self.until)
        return bytes(8) + keccak256(_encode_offer((*parts, self.source, self.logger, self.logged_from)))[8:]


@dataclass(frozen=True)
class Custody:
    """What became of a unit: its state, the mark of its custodian, the offer that it waits in, the source in those hands."""

    state: State
    custodian: bytes | None
    offer: bytes | None = None
    source: bytes = bytes(16)


@dataclass(frozen=True)
class End:
    """How far a pack was dispensed: when (Unix seconds), the mark of the pharmacy, parts taken, fills of prescriptions."""

    ended_at: int
    fate: Fate
    by: bytes
    taken: int = 0
    whole: int = 0
    fills: int = 0


@dataclass(frozen=True)
class Movement:
    """One thing that happened to a unit, to a container while the unit was in it, or to its lot.

    `unit` is what moved (the lot for its commissioning and recall), `organisation` who did it, `other` the other side
    of a shipment, `at` the time of the block (Unix seconds).
    """

    at: int
    act: Act
    unit: bytes
    organisation: bytes
    other: bytes | None
    transaction_hash: str


def mark_of(organisation: bytes) -> bytes:
    """Return the 16 bytes that stand for an organisation that holds something: of the hash of its id, the first bit set."""
    digest = keccak256(organisation)
    return bytes((digest[0] | 0x80,)) + digest[1:16]


def expires_at(day: date) -> int:
    """Return the first second (Unix) after the day of expiry, in UTC, where a lot begins to be expired."""
    return int(datetime(day.year, day.month, day.day, tzinfo=timezone.utc).timestamp() + timedelta(1).total_seconds())


class DrugClient(Client):
    """Calls to one deployed DrugProvenance."""

    artifact = "DrugProvenance"

    def assign_prefix(self, regulator: bytes, owner: bytes, prefix: str) -> Receipt:
        """Assign a GS1 company prefix (4 to 12 digits, zeros included) to an organisation, for ever.

        Raises `Reverted` with error "NotAuthorised", "ForeignRegulator", "InvalidPrefix" or "PrefixTaken".
        """
        return self._send("assignPrefix", regulator, owner, _number(prefix, "company prefix"), len(prefix))

    def commission(self, manufacturer: bytes, lot: PackedLot, *, prefix_digits: int, expiry: date) -> Receipt:
        """Record a lot with all its packs; `expiry` is the printed day, the company prefix has `prefix_digits` digits.

        Raises `Reverted` with error "NotAuthorised", "BadCheckDigit", "InvalidPrefix", "PrefixNotOwned",
        "InvalidLotNumber", "LotExists" or "LotExpired".
        """
        gtin, end = _number(lot.gtin, "GTIN"), expires_at(expiry)
        return self._send("commission", manufacturer, gtin, prefix_digits, lot.lot_number, end, lot.size, lot.root)

    def ship(self, offer: Offer, path: Path = ()) -> Receipt:
        """Give a unit, with everything in it, on its way; a unit that was shipped before needs no path.

        Raises `Reverted` with error "NotAuthorised", "NotAccredited", "NotCustodialRole", "OfferExpired", "UnknownLot",
        "LotRecalled", "LotExpired", "AlreadyDispensed", "UnitNotProven", "NotInCustody" or "WrongSource".
        """
        return self._send("ship", offer, path)

    def receive(self, offer: Offer) -> Receipt:
        """Take over a unit that is on its way to the signer's organisation.

        Raises `Reverted` with error "NotAuthorised", "OfferNotLive", "NotAccredited", "OfferExpired", "LotRecalled" or
        "LotExpired".
        """
        return self._send("receiveUnit", offer)

    def refuse(self, offer: Offer) -> Receipt:
        """Send a shipment back to its sender, as its receiver.

        Raises `Reverted` with error "NotAuthorised" or "OfferNotLive".
        """
        return self._send("refuse", offer)

    def take_back(self, offer: Offer) -> Receipt:
        """End a shipment that was not received: as its sender at any time, as anyone once it has expired.

        Raises `Reverted` with error "NotAuthorised" or "OfferNotLive".
        """
        return self._send("takeBack", offer)

    def dispense(self, pharmacy: bytes, lot: bytes, serial: str, path: Path = ()) -> Receipt:
        """Dispense a pack: the one time that it can be; a pack that was shipped by itself needs no path.

        Raises `Reverted` with error "NotAuthorised", "UnknownLot", "LotRecalled", "LotExpired", "AlreadyDispensed",
        "UnitNotProven" or "NotInCustody".
        """
        return self._send("dispense", pharmacy, lot, serial, path, (ZERO_HASH, 0, 0))

    def recall(self, organisation: bytes, lot: bytes, recall_class: RecallClass, *, depth: RecallDepth) -> Receipt:
        """Recall a lot, as its manufacturer or as a regulator of the manufacturer's jurisdiction; final.

        Raises `Reverted` with error "UnknownLot", "NotAuthorised", "ForeignRegulator" or "RecallNotStronger".
        """
        return self._send("recall", organisation, lot, int(recall_class), int(depth))

    def verify(self, lot: bytes, scan: Scan, path: Path = (), *, holder: bytes | None = None) -> Verdict:
        """Say what a scanned pack is, as of now.

        `lot` is the one that its packing list names, `holder` the organisation that should hold it (None asks about no
        one). Raises `InputError` if the scan lacks product, serial number, lot or expiry date.
        """
        label = (
            int(_scanned(scan.gtin, "(01)")),
            _scanned(scan.serial, "(21)"),
            _scanned(scan.lot, "(10)"),
            expires_at(_scanned(scan.expiry, "(17)")),
        )
        return Verdict(self._call("verifyPack", lot, label, holder or ZERO_HASH, path))

    def lot_status(self, lot: bytes, *, block: int | None = None) -> LotStatus:
        """Say how a lot stands now, or at a block."""
        return LotStatus(self._call("lotStatus", lot, block=block))

    def commissioned(self) -> list[Event]:
        """Read the commissions of all lots, oldest first."""
        return self._events("LotCommissioned")

    def lot_of(self, lot: bytes) -> Lot | None:
        """Read the record of a lot; None if it was never commissioned."""
        raw = self._call("lotOf", lot)
        if not raw["commissionedAt"]:
            return None
        return Lot(
            gtin=f"{raw['gtin']:014}",
            expires_at=raw["expiresAt"],
            commissioned_at=raw["commissionedAt"],
            size=raw["size"],
            recall_class=RecallClass(raw["recallClass"]),
            recall_depth=RecallDepth(raw["recallDepth"]),
            manufacturer=raw["manufacturer"],
            units_root=raw["unitsRoot"],
        )

    def custody_of(self, lot: bytes, unit: bytes, path: Path = ()) -> Custody:
        """Say who holds a unit now. Raises `Reverted` with error "UnitNotProven"."""
        raw = self._call("custodyOf", lot, unit, path)
        state, detail = State(raw["state"]), raw["detail"]
        offer = detail.to_bytes(32, "big") if state in (State.IN_TRANSIT, State.AWAITING) else None
        source = detail.to_bytes(16, "big") if state is State.HELD else bytes(16)
        return Custody(state, raw["custodian"] if any(raw["custodian"]) else None, offer, source)

    def end_of(self, pack: bytes) -> End | None:
        """Read how the life of a pack ended; None while it has not."""
        raw = self._call("endOf", pack)
        if not raw["endedAt"]:
            return None
        return End(raw["endedAt"], Fate(raw["fate"]), raw["by"], raw["taken"], raw["whole"], raw["fills"])

    def prefix_owner_of(self, prefix: str) -> bytes | None:
        """Read which organisation may commission under a GS1 company prefix; None if it is not assigned."""
        return _or_none(self._call("prefixOwnerOf", _number(prefix, "company prefix"), len(prefix)))

    def offer_of(self, lot: bytes, unit: bytes) -> Offer | None:
        """Find the offer that a unit itself waits in, from the newest shipment; None if it is not on its way."""
        shipped = self._events("UnitShipped", indexed={"lot": lot, "unit": unit})
        if not shipped:
            return None
        offer = _offer(shipped[-1])
        return offer if self.custody_of(lot, unit).offer == offer.id else None

    def trace(self, lot: bytes, path: Path) -> tuple[Movement, ...]:
        """List the whole way of the unit at the end of `path`, in the order in which it happened.

        What happened to a container counts until the unit, or a container between the two, was shipped by itself.
        """
        depths = {step.unit: depth for depth, step in enumerate(path)}
        deepest = 0
        movements = []
        for event in self._history(lot, path):
            unit = event.values.get("unit")
            if unit is not None:
                if depths[unit] < deepest:
                    continue
                deepest = depths[unit]
            movements.append(_movement(event, self.chain.time_of(event.block)))
        return tuple(movements)

    def movements(self, lot: bytes) -> tuple[Movement, ...]:
        """List all that happened to a lot and to any of its units, in the order in which it happened."""
        events = [one for name in _ACTS for one in self._events(name, indexed={"lot": lot})]
        ordered = sorted(events, key=lambda event: (event.block, event.log_index))
        return tuple(_movement(event, self.chain.time_of(event.block)) for event in ordered)

    def _history(self, lot: bytes, path: Path) -> list[Event]:
        """Read the events of a lot and of the units of a path, in their order; none of any other unit."""
        events = self._events("LotCommissioned", indexed={"lot": lot})
        events += self._events("RecallIssued", indexed={"lot": lot})
        events += self._events("PackDispensed", indexed={"lot": lot, "pack": path[-1].unit})
        for step in path:
            for name in ("UnitShipped", "UnitReceived", "ShipmentRefused", "ShipmentTakenBack"):
                events += self._events(name, indexed={"lot": lot, "unit": step.unit})
        return sorted(events, key=lambda event: (event.block, event.log_index))


def _movement(event: Event, at: int) -> Movement:
    act, values = _ACTS[event.name], event.values
    unit = values.get("unit") or values.get("pack") or values["lot"]
    if act in (Act.SHIPPED, Act.TAKEN_BACK):
        organisation, other = values["from"], values["to"]
    elif act in (Act.RECEIVED, Act.REFUSED):
        organisation, other = values["to"], values["from"]
    else:
        organisation = values.get("manufacturer") or values.get("pharmacy") or values["organisation"]
        other = None
    return Movement(at, act, unit, organisation, other, event.transaction_hash)


def _offer(event: Event) -> Offer:
    names = ("lot", "unit", "from", "fromRole", "to", "toRole", "until", "source", "logger", "loggedFrom")
    return Offer(*(event.values[name] for name in names))


def _or_none(value: bytes) -> bytes | None:
    return None if value == ZERO_HASH else value


def _scanned(value: Any, place: str) -> Any:
    if value is None:
        raise InputError(place=f"scan {place}", found="nothing", expected="product, serial number, lot and expiry date")
    return value


def _number(digits: str, place: str) -> int:
    if not (digits.isascii() and digits.isdecimal()):
        raise InputError(place=place, found=repr(digits), expected="decimal digits")
    return int(digits)
