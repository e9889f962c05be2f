"""A model of the provenance of medicines in plain Python: who has what, without trees, hashes and packed slots."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any, NamedTuple

from eth_abi.abi import encode

from medtrust.keccak import keccak256
from medtrust.merkle import leaf_encoder
from medtrust.packing import Path
from medtrust.types import ZERO_ADDRESS

PARTICIPANT, HOSPITAL, MANUFACTURER, WHOLESALER, CARRIER, PHARMACY, INSURER, REGULATOR = (
    1 << bit for bit in (0, 2, 5, 6, 7, 8, 10, 12)
)
CUSTODIANS = 2 | HOSPITAL | MANUFACTURER | WHOLESALER | CARRIER | PHARMACY
DAY = 86_400
MAX_DEPTH = 8

At = IntEnum("At", "IN_TRANSIT INSIDE AWAITING QUARANTINED ILLEGITIMATE STOLEN EXPORTED DESTROYED HELD", start=0)
Standing = IntEnum("Standing", "UNKNOWN ACTIVE QUARANTINED RECALLED EXPIRED", start=0)
TRUSTED, SUSPECT, ILLEGITIMATE = range(3)
Unit = tuple[bytes, bytes]
"""A lot, or a mix, and a unit in it."""


class Source(NamedTuple):
    """Who sold a unit to its holder, as 15 bytes of his mark; a carrier's, also how near the maker its customer is."""

    tier: int = 0
    seller: bytes = bytes(15)

    @property
    def is_carried(self) -> bool:
        """Whether its holder carries it for somebody else."""
        return self.tier > 0

    @property
    def told(self) -> bytes:
        """The 16 bytes that offers and answers have."""
        return bytes([self.tier]) + self.seller


NOBODY = Source()


@dataclass(frozen=True)
class Offer:
    lot: bytes
    unit: bytes
    sender: bytes
    sender_role: int
    receiver: bytes
    receiver_role: int
    until: int
    source: bytes = NOBODY.told
    logger: str = ZERO_ADDRESS
    logged_from: int = 0

    @property
    def terms(self) -> bytes:
        """The source, the roles and the times as one word."""
        numbers = ((self.sender_role, 2), (self.receiver_role, 2), (self.until, 6), (self.logged_from, 6))
        return self.source + b"".join(number.to_bytes(length, "big") for number, length in numbers)

    @property
    def abi_fields(self) -> tuple[bytes | str, ...]:
        """The words that the contract hashes."""
        return self.lot, self.unit, self.sender, self.receiver, self.terms, self.logger

    @property
    def id(self) -> bytes:
        return bytes(8) + keccak256(_encode_offer(self.abi_fields))[8:]

    @classmethod
    def shipped(cls, values: Mapping[str, Any]) -> Offer:
        """What an event says that was shipped."""
        terms = values["terms"]
        numbers = [int.from_bytes(terms[first:last], "big") for first, last in ((16, 18), (18, 20), (20, 26), (26, 32))]
        sides = values["from"], numbers[0], values["to"], numbers[1]
        return cls(values["lot"], values["unit"], *sides, numbers[2], terms[:16], values["logger"], numbers[3])

    @property
    def place(self) -> Unit:
        return self.lot, self.unit

    @property
    def sold_by(self) -> Source:
        return Source(self.source[0], self.source[1:])


_encode_offer = leaf_encoder(("bytes32", "bytes32", "bytes32", "bytes32", "bytes32", "address"))


class Item(NamedTuple):
    lot: bytes
    unit: bytes
    path: Path = ()

    @property
    def place(self) -> Unit:
        return self.lot, self.unit


class Policy(NamedTuple):
    """What a product bears: hundredths of a degree Celsius, seconds."""

    lowest: int
    highest: int
    kinetic: int
    excursion: int
    gap: int
    report_within: int


@dataclass(frozen=True)
class Place:
    """Where a unit is: with whom and from whom, in which offer, in which container; `since` when, where that counts."""

    at: At
    holder: bytes | None = None
    source: Source = NOBODY
    offer: bytes | None = None
    container: Unit | None = None
    since: int = 0


@dataclass(frozen=True)
class Lot:
    gtin: int
    expires_at: int
    commissioned_at: int
    size: int
    manufacturer: bytes
    root: bytes
    is_cold: bool
    recall: tuple[int, int] = (0, 0)
    suspicion: int = TRUSTED


@dataclass(frozen=True)
class End:
    """The end of a pack, or of a part of it: `taken` of `whole`, none of none if it was dispensed at once."""

    ended_at: int
    by: bytes | None
    taken: int = 0
    whole: int = 0
    fills: int = 0
    lot: bytes = b""


@dataclass(frozen=True)
class Mix:
    packer: bytes
    level: int
    lots: tuple[bytes, ...]


NO_END = End(0, None)


@dataclass
class State:
    """All that there is to know."""

    lots: dict[bytes, Lot] = field(default_factory=dict)
    mixes: dict[bytes, Mix] = field(default_factory=dict)
    places: dict[Unit, Place] = field(default_factory=dict)
    ends: dict[bytes, End] = field(default_factory=dict)
    fills: dict[bytes, bytes] = field(default_factory=dict)
    notices: dict[Unit, int] = field(default_factory=dict)
    answers: dict[tuple[Unit, bytes], int] = field(default_factory=dict)
    policies: dict[int, Policy] = field(default_factory=dict)

    def copy(self) -> State:
        return State(*(dict(kept) for kept in self.__dict__.values()))

    def own(self, unit: Unit) -> Place | None:
        """Where a unit itself is known to be, or the outermost container that it was packed into."""
        found = self.places.get(unit)
        while found is not None and found.container is not None:
            found = self.places[found.container]
        return found

    def standing(self, lot: bytes, now: int) -> Standing:
        record, mix = self.lots.get(lot), self.mixes.get(lot)
        if mix is not None:
            all_ = [self.standing(one, now) for one in mix.lots]
            wrong = [one for one in all_ if one not in (Standing.ACTIVE, Standing.RECALLED)]
            if Standing.RECALLED in all_:
                return Standing.RECALLED
            return (wrong or all_)[-1]
        if record is None:
            return Standing.UNKNOWN
        if record.recall != (0, 0):
            return Standing.RECALLED
        if record.suspicion:
            return Standing.QUARANTINED
        return Standing.ACTIVE if now < record.expires_at else Standing.EXPIRED

    def lots_of(self, lot: bytes) -> tuple[bytes, ...]:
        return self.mixes[lot].lots if lot in self.mixes else (lot,)

    def is_cold(self, lot: bytes) -> bool:
        return any(one in self.lots and self.lots[one].is_cold for one in self.lots_of(lot))

    def is_late(self, of: Unit, organisation: bytes, now: int) -> bool:
        started, at = self.notices.get(of, 0), self.answers.get((of, organisation), 0)
        return started > 0 and (now if at < started else at) >= started + DAY


def mark(organisation: bytes) -> bytes:
    """The 16 bytes that stand for an organisation."""
    digest = keccak256(organisation)
    return bytes([digest[0] | 0x80]) + digest[1:16]


def key_of(lot: bytes, unit: bytes) -> bytes:
    """The 28 bytes that stand for a unit."""
    return bytes(4) + keccak256(lot + unit)[4:]


def mix_id(packer: bytes, level: int, lots: Sequence[bytes]) -> bytes:
    """The id of a mix; its level is its last byte."""
    digest = keccak256(encode(["bytes32", "uint8", "bytes32[]"], [packer, level, list(lots)]))
    return digest[:31] + bytes([level])


def tier(role: int) -> int:
    return {CARRIER: 0, MANUFACTURER: 3, WHOLESALER: 2}.get(role, 1)


def returned(offer: Offer, now: int) -> Place:
    """Where a unit is that did not arrive: what must be kept cold waits for somebody to look at it."""
    if offer.logger != ZERO_ADDRESS:
        return quarantined(Place(At.HELD, offer.sender, offer.sold_by), now)
    return Place(At.HELD, offer.sender, offer.sold_by)


def quarantined(held: Place, now: int) -> Place:
    """Where a unit that somebody holds is once it was stopped: what is carried stays so."""
    return Place(At.QUARANTINED, held.holder, Source(held.source.tier), since=now)


def cleared(stopped: Place) -> Place:
    """Where a unit is that was looked into: its holder has it from nobody, or to carry it on."""
    return Place(At.HELD, stopped.holder, stopped.source)


def arrived(offer: Offer, now: int) -> Place:
    """Where a unit is once it was received, its temperature apart: whoever takes something back must have sold it."""
    back_from, seller = offer.sold_by
    if offer.sender_role != CARRIER:
        back_from, seller = tier(offer.sender_role), mark(offer.sender)[1:]
    if offer.receiver_role == CARRIER:
        if offer.sender_role != CARRIER and back_from == 1:
            seller = offer.sold_by.seller
        # Whoever hands on what is his own as a carrier might be anybody: it is carried as if for a pharmacy.
        return Place(At.HELD, offer.receiver, Source(back_from or 1, seller))
    if tier(offer.receiver_role) <= back_from:
        is_unknown = offer.sender_role == CARRIER and back_from == 1
        return Place(At.HELD, offer.receiver, NOBODY if is_unknown else Source(0, seller))
    if offer.sold_by.seller == mark(offer.receiver)[1:]:
        return Place(At.HELD, offer.receiver)
    return Place(At.QUARANTINED, offer.receiver, since=now)
