"""The goods that attacks on provenance are tried with, and the files in which their defences stand."""

from __future__ import annotations

from medtrust.drugs import Item, State
from medtrust.packing import container_id
from medtrust.types import name_hash
from tests.drugs_world import CASE, PALLET, SERIAL, pack, packed, path_of, sscc
from tests.world import World

LOT = packed().id
OTHER = packed("MT2026B")
PALLET_ID, CASE_ID = container_id(PALLET), container_id(CASE)
BOX = container_id(sscc(77))
SCRIPT = name_hash("prescription 1, refill 0")
CUSTODY, STOCK, PACKING, MIXES = (
    "contracts/libraries/Custody.sol",
    "contracts/base/Stock.sol",
    "contracts/base/Packing.sol",
    "contracts/libraries/Mixes.sol",
)
DISPENSING, COLD = "contracts/libraries/Dispensing.sol", "contracts/libraries/ColdChain.sol"
COUNTER = "contracts/base/Counter.sol"
DAY = 86_400


def item(serial: str = SERIAL) -> Item:
    """A pack of the lot, with its path."""
    return Item(LOT, pack(serial), path_of(pack(serial)))


def state_of(world: World, unit: bytes, lot: bytes = LOT) -> State:
    path = path_of(unit) if lot == LOT else ()
    return world.suite.drugs.custody_of(lot, unit, path).state
