"""What somebody may try by a detour: another lot, another box, another role, another policy."""

from __future__ import annotations

from medtrust.drugs import Item
from medtrust.packing import container_id
from medtrust.types import name_hash
from tests.attacks.framework import Attack, AttackTests, attacks_on
from tests.attacks.provenance_goods import CASE_ID, DISPENSING, LOT, OTHER, PALLET_ID, item
from tests.drugs_world import (
    SERIAL,
    commission,
    drugs,
    move,
    offer,
    pack,
    path_of,
    sscc,
    stock,
)
from tests.world import World

ATTACKS: list[Attack] = []
attack = attacks_on("DrugProvenance", ATTACKS)
REASONS = name_hash("reasons")

# Dispensed, gone, and whole again


def _dispensed_and_gone(world: World) -> None:
    """A pack that the pharmacy dispensed went on to the hospital in its case."""
    drugs(world, "pharmacy").dispense(world.pharmacy, LOT, SERIAL, path_of(pack()))
    move(world, CASE_ID, "pharmacy", "hospital")


def _undo(world: World, there: Item) -> None:
    """The pharmacy takes it back by something else that bears the same id."""
    drugs(world, "pharmacy").undo(world.pharmacy, there)
    assert world.suite.drugs.end_of(pack()) is None


@attack(
    "provenance-undo-in-a-box-of-that-name",
    defence="a dispensing is taken back in the lot in which the pack was dispensed",
    blocked_by="NotUndoable",
    file=DISPENSING,
    patch=[(" && uint48(end >> 32) == uint48(uint256(root))", "")],
)
def undo_in_a_box_of_that_name(world: World) -> None:
    """A pharmacy packs a box, and gives it the id of the pack that went."""
    stock(world)
    move(world, container_id(sscc(12)), "wholesaler", "pharmacy")
    _dispensed_and_gone(world)
    shop, child = drugs(world, "pharmacy"), item("1-2-1")
    mix = shop.pack(world.pharmacy, [LOT], pack(), [child]).event("UnitPacked").values["mix"]
    _undo(world, Item(mix, pack()))


@attack(
    "provenance-undo-in-a-twin-lot",
    defence="a dispensing is taken back in the lot in which the pack was dispensed, not in one with the same serial",
    blocked_by="NotUndoable",
    file=DISPENSING,
    patch=[(" && uint48(end >> 32) == uint48(uint256(root))", "")],
)
def undo_in_a_twin_lot(world: World) -> None:
    stock(world)
    commission(world, OTHER)
    sent = offer(world, PALLET_ID, "maker", "pharmacy", lot=OTHER.id)
    drugs(world, "maker").ship(sent, OTHER.path(PALLET_ID))
    drugs(world, "pharmacy").receive(sent)
    _dispensed_and_gone(world)
    _undo(world, Item(OTHER.id, pack(), OTHER.path(pack())))


class TestAttacks(AttackTests):
    """Each attack of the list, with the defence and without."""
