"""What the tests of medicines share: a lot that is packed, a prefix that is assigned, goods that moved."""

from __future__ import annotations

from datetime import date
from functools import cache

from medtrust.accreditation import Role
from medtrust.chain import Receipt
from medtrust.drugs import Custody, DrugClient, Offer, State, mark_of
from medtrust.errors import Reverted
from medtrust.packing import Container, PackedLot, Path, container_id, pack_id
from medtrust.standards.gs1 import Scan, check_digit
from tests.world import World

PREFIX = "0361414"
GTIN = "00361414567894"
EXPIRY = date(2030, 6, 30)
LOT_NUMBER = "MT2026A"
ROLES = {
    "maker": Role.MANUFACTURER,
    "wholesaler": Role.WHOLESALER,
    "carrier": Role.CARRIER,
    "pharmacy": Role.PHARMACY,
    "hospital": Role.HOSPITAL,
    "insurer": Role.INSURER,
}


def sscc(number: int) -> str:
    """The SSCC of a number, under the prefix of the maker."""
    digits = f"0{PREFIX}{number:09}"
    return digits + check_digit(digits)


PALLET, CASE = sscc(1), sscc(11)
SERIAL = "1-1-1"


@cache
def packed(lot_number: str = LOT_NUMBER, gtin: str = GTIN) -> PackedLot:
    """A lot of 2 pallets of 3 cases of 5 packs; pack "1-1-1" is in case `CASE` on pallet `PALLET`."""
    pallets = [
        Container(
            sscc(pallet),
            containers=tuple(
                Container(sscc(10 * pallet + case), packs=tuple(f"{pallet}-{case}-{n}" for n in range(1, 6)))
                for case in (1, 2, 3)
            ),
        )
        for pallet in (1, 2)
    ]
    return PackedLot(gtin, lot_number, b"\x05" * 32, containers=pallets)


def drugs(world: World, name: str) -> DrugClient:
    """The contract as the account of a name."""
    return world.acting_as(name).drugs


def assign_prefix(world: World) -> Receipt:
    """Assign the prefix to the maker."""
    return drugs(world, "regulator").assign_prefix(world.regulator, world.maker, PREFIX)


def commission(world: World, lot: PackedLot | None = None, *, expiry: date = EXPIRY, digits: int = 7) -> Receipt:
    """Commission a lot as the maker."""
    return drugs(world, "maker").commission(world.maker, lot or packed(), prefix_digits=digits, expiry=expiry)


def pack(serial: str = SERIAL) -> bytes:
    return pack_id(GTIN, serial)


def path_of(unit: bytes, lot: PackedLot | None = None) -> Path:
    return (lot or packed()).path(unit)


def offer(
    world: World, unit: bytes, sender: str, receiver: str, *, lot: bytes | None = None, seconds: int = 600
) -> Offer:
    """An offer between two organisations of the world, in the roles that they have, good for some time."""
    lot = lot or packed().id
    return Offer(
        lot,
        unit,
        getattr(world, sender),
        ROLES[sender],
        getattr(world, receiver),
        ROLES[receiver],
        world.chain.now() + seconds,
        source_of(world, lot, unit),
    )


def source_of(world: World, lot: bytes, unit: bytes, path: Path | None = None) -> bytes:
    """The source of a unit in the hands that hold it; zero where it is not held or cannot be proven."""
    if path is None:
        path = _known_path(lot, unit)
    try:
        return world.suite.drugs.custody_of(lot, unit, path).source
    except Reverted:
        return bytes(16)


def _known_path(lot: bytes, unit: bytes) -> Path:
    for number in (LOT_NUMBER, "MT2026B", "MT2026C"):
        if packed(number).id == lot and unit in packed(number).units():
            return packed(number).path(unit)
    return ()


def held(organisation: bytes, source: bytes | None = None) -> Custody:
    """In the hands of an organisation, which bought it from another, or has it from its maker's own hands."""
    return Custody(State.HELD, mark_of(organisation), None, sold_by(source) if source else bytes(16))


def sold_by(organisation: bytes) -> bytes:
    """What stands for an organisation as the source of a unit."""
    return bytes(1) + mark_of(organisation)[1:]


def ship(world: World, unit: bytes, sender: str, receiver: str) -> Offer:
    """Ship a unit, with its path; it stays on its way."""
    given = offer(world, unit, sender, receiver)
    drugs(world, sender).ship(given, path_of(unit))
    return given


def move(world: World, unit: bytes, sender: str, receiver: str) -> Offer:
    """Ship a unit and receive it."""
    given = ship(world, unit, sender, receiver)
    drugs(world, receiver).receive(given)
    return given


def stock(world: World) -> None:
    """Prefix, lot, the pallet to the wholesaler, the case to the pharmacy."""
    assign_prefix(world)
    commission(world)
    move(world, container_id(PALLET), "maker", "wholesaler")
    move(world, container_id(CASE), "wholesaler", "pharmacy")


def scan(serial: str = SERIAL, lot_number: str = LOT_NUMBER, expiry: date = EXPIRY, gtin: str = GTIN) -> Scan:
    """What the scanner reads from a pack."""
    return Scan(gtin=gtin, serial=serial, lot=lot_number, expiry=expiry)


def at_second(world: World, second: int) -> None:
    """Let the next transaction be in a block of this very time; on Ganache, which cannot, a little before it."""
    if world.chain.id == 1337:
        world.chain.travel(second - 30)
    else:
        world.chain.request("evm_setNextBlockTimestamp", second)
