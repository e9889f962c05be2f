"""What the words of drug provenance mean: lots, units, offers, verdicts, policies and reports."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, timezone
from enum import IntEnum
from typing import Any, Final

from medtrust.errors import InputError
from medtrust.keccak import keccak256
from medtrust.merkle import leaf_encoder
from medtrust.packing import Path
from medtrust.types import ZERO_ADDRESS, ZERO_HASH

__all__ = [
    "NO_FILLING",
    "NO_POLICY",
    "VERDICT_SENTENCES",
    "ZERO_MARK",
    "Custody",
    "End",
    "Fate",
    "Filling",
    "Item",
    "Lot",
    "LotStatus",
    "Offer",
    "Policy",
    "RecallClass",
    "RecallDepth",
    "State",
    "Suspicion",
    "Verdict",
    "custody_record",
    "expires_at",
    "lot_record",
    "mark_of",
]

ZERO_MARK: Final = bytes(16)
"""The mark of nobody."""

_encode_organisation = leaf_encoder(("bytes32",))
_encode_offer = leaf_encoder(("bytes32", "bytes32", "bytes32", "bytes32", "bytes32", "address"))


class LotStatus(IntEnum):
    """How a lot stands now; a mix is as its worst lot is."""

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
    Verdict.QUARANTINED: "The pack, what it is in, or its lot is quarantined: do not dispense it until it is released.",
    Verdict.ALREADY_DISPENSED: "A pack with this serial number was dispensed before.",
    Verdict.STOLEN: "The pack was reported stolen.",
    Verdict.EXPORTED: "The pack was exported from this market.",
    Verdict.NOT_IN_CUSTODY: "The pack is genuine, but this organisation does not hold it.",
    Verdict.DESTROYED: "The pack was reported destroyed.",
}


class State(IntEnum):
    """What became of a unit: on its way, in a container, waiting for its report, stopped, ended, or held."""

    IN_TRANSIT = 0
    INSIDE = 1
    AWAITING = 2
    QUARANTINED = 3
    ILLEGITIMATE = 4
    STOLEN = 5
    EXPORTED = 6
    DESTROYED = 7
    HELD = 8


class Suspicion(IntEnum):
    """What is thought of a whole lot."""

    NONE = 0
    SUSPECT = 1
    ILLEGITIMATE = 2


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


@dataclass(frozen=True)
class Lot:
    """One production lot: GTIN of 14 digits, times in Unix seconds, `size` in packs, root of its outermost units.

    `is_cold` says whether its product had a temperature policy when it was commissioned.
    """

    gtin: str
    expires_at: int
    commissioned_at: int
    size: int
    recall_class: RecallClass
    recall_depth: RecallDepth
    manufacturer: bytes
    units_root: bytes
    suspicion: Suspicion = Suspicion.NONE
    is_cold: bool = False


@dataclass(frozen=True)
class Item:
    """One unit with what proves it: its lot or mix, its id, and its path, empty where it has a state of its own."""

    lot: bytes
    unit: bytes
    path: Path = ()


@dataclass(frozen=True)
class Offer:
    """A shipment that waits for its receiver; roles are single bits of `Role`, `until` is in Unix seconds.

    `source` is who sold the unit to the sender, as `Custody.source` has it · `logger` the account of the logger that
    travels with a cold lot, which measures since `logged_from` (Unix seconds).
    """

    lot: bytes
    unit: bytes
    sender: bytes
    sender_role: int
    receiver: bytes
    receiver_role: int
    until: int
    source: bytes = ZERO_MARK
    logger: str = ZERO_ADDRESS
    logged_from: int = 0

    @property
    def id(self) -> bytes:
        """The 32 bytes that stand for it on chain; the first eight are zero."""
        return bytes(8) + keccak256(_encode_offer(self.abi_fields))[8:]

    @property
    def abi_fields(self) -> tuple[bytes, bytes, bytes, bytes, bytes, str]:
        """How the contract has it."""
        return self.lot, self.unit, self.sender, self.receiver, self.terms, self.logger

    @property
    def terms(self) -> bytes:
        """Its source, its roles and its times in 32 bytes. Raises `InputError` if one of them is too large."""
        try:
            roles = b"".join(int(role).to_bytes(2, "big") for role in (self.sender_role, self.receiver_role))
            return self.source + roles + self.until.to_bytes(6, "big") + self.logged_from.to_bytes(6, "big")
        except OverflowError:
            found = f"{self.sender_role}, {self.receiver_role}, {self.until}, {self.logged_from}"
            raise InputError(place="offer", found=found, expected="roles below 2^16, times below 2^48") from None

    @classmethod
    def shipped(cls, values: Mapping[str, Any]) -> Offer:
        """Read the offer that a `UnitShipped` tells of."""
        terms = values["terms"]
        sender_role, receiver_role = (int.from_bytes(terms[place : place + 2], "big") for place in (16, 18))
        until, logged_from = (int.from_bytes(terms[place : place + 6], "big") for place in (20, 26))
        sides = (values["from"], sender_role, values["to"], receiver_role)
        return cls(values["lot"], values["unit"], *sides, until, terms[:16], values["logger"], logged_from)


@dataclass(frozen=True)
class Custody:
    """What became of a unit, or of what it is in.

    `custodian` the mark of who holds it, or held it last; None while it is on its way or waits for its report, in
    `offer` (32 bytes) · `source` the 16 bytes that say who sold it to its custodian, zero if nobody did · `since` when
    it was stopped or ended (Unix seconds), 0 while it was not.
    """

    state: State
    custodian: bytes | None = None
    offer: bytes | None = None
    source: bytes = ZERO_MARK
    since: int = field(default=0, compare=False)

    def is_held_by(self, organisation: bytes) -> bool:
        """Whether an organisation holds it, free to use it."""
        return self.state is State.HELD and self.custodian == mark_of(organisation)


@dataclass(frozen=True)
class End:
    """How far a pack was dispensed: since when (Unix seconds), and the mark of the pharmacy.

    `taken` of `whole` parts were given out, 0 of 0 if it was dispensed whole, for `fills` prescriptions.
    """

    ended_at: int
    by: bytes
    taken: int = 0
    whole: int = 0
    fills: int = 0

    @property
    def fate(self) -> Fate:
        """Whether all of it was dispensed."""
        return Fate.DISPENSED if self.taken == self.whole else Fate.OPENED


@dataclass(frozen=True)
class Filling:
    """What of a pack is dispensed: `portion` of `whole` parts, 0 of 0 for all, and for which prescription.

    `prescription` is the keyed hash (32 bytes) of a prescription and the number of its refill; zero without one.
    """

    prescription: bytes = ZERO_HASH
    portion: int = 0
    whole: int = 0


NO_FILLING: Final = Filling()
"""A whole pack without a prescription."""


@dataclass(frozen=True)
class Policy:
    """What the temperature of a product may be on its way: hundredths of a degree Celsius, times in seconds.

    `lowest`, `highest` the range · `max_kinetic` the highest mean kinetic temperature · `max_excursion` how long in all
    it may be out of the range · `max_gap` the longest time between two readings · `report_within` how long after the
    arrival the report may come.
    """

    lowest: int
    highest: int
    max_kinetic: int
    max_excursion: int
    max_gap: int
    report_within: int


NO_POLICY: Final = Policy(0, 0, 0, 0, 0, 0)
"""Need not be kept cold."""


def expires_at(day: date) -> int:
    """Return the first second (Unix) after the day of expiry, in UTC, where a lot begins to be expired."""
    return int(datetime(day.year, day.month, day.day, tzinfo=timezone.utc).timestamp() + timedelta(1).total_seconds())


def mark_of(organisation: bytes) -> bytes:
    """Return the 16 bytes that stand for an organisation where the chain says who holds a unit."""
    digest = keccak256(_encode_organisation((organisation,)))
    return bytes([digest[0] | 0x80]) + digest[1:16]


def lot_record(raw: Mapping[str, Any]) -> Lot:
    """Turn what the registry keeps of a lot, by its names there, into a record."""
    return Lot(
        gtin=f"{raw['gtin']:014}",
        expires_at=raw["expiresAt"],
        commissioned_at=raw["commissionedAt"],
        size=raw["size"],
        recall_class=RecallClass(raw["recallClass"]),
        recall_depth=RecallDepth(raw["recallDepth"]),
        manufacturer=raw["manufacturer"],
        units_root=raw["unitsRoot"],
        suspicion=Suspicion(raw["suspicion"]),
        is_cold=raw["isCold"],
    )


def custody_record(state: State, custodian: bytes, detail: int) -> Custody:
    """Turn what the registry says of a unit into a record; what `detail` is depends on the state."""
    if state is State.HELD:
        return Custody(state, custodian, None, detail.to_bytes(16, "big"))
    if state in (State.IN_TRANSIT, State.AWAITING):
        return Custody(state, None, detail.to_bytes(32, "big"))
    return Custody(state, custodian, None, ZERO_MARK, detail)
