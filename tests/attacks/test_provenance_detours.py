"""What somebody may try by a detour: another lot, another box, another role, another policy."""

from __future__ import annotations

from dataclasses import replace

from medtrust.accreditation import Role
from medtrust.cold_chain import Summary
from medtrust.drugs import Item, LotStatus, Policy, State, Verdict
from medtrust.merkle import standard_leaf
from medtrust.packing import Step, container_id, lot_id
from medtrust.standards.gs1 import check_digit
from medtrust.types import ZERO_HASH, name_hash
from tests.attacks.framework import Attack, AttackTests, Blocked, attacks_on
from tests.attacks.provenance_goods import (
    BOX,
    CASE_ID,
    CUSTODY,
    DAY,
    DISPENSING,
    LOT,
    OTHER,
    PALLET_ID,
    STOCK,
    item,
    state_of,
)
from tests.attacks.test_provenance_custody import _carried, _sold
from tests.drugs_world import (
    GTIN,
    PREFIX,
    SERIAL,
    assign_prefix,
    commission,
    drugs,
    move,
    offer,
    pack,
    packed,
    path_of,
    scan,
    sscc,
    stock,
)
from tests.world import FAR, World

ATTACKS: list[Attack] = []
attack = attacks_on("DrugProvenance", ATTACKS)
REASONS = name_hash("reasons")
FROZEN = f"0{PREFIX}99999"
FROZEN += check_digit(FROZEN)

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


# What stands for a whole lot, and for nobody


@attack(
    "provenance-illegitimate-lot-set-free",
    defence="no unit has the id that stands for a whole lot",
    blocked_by="UnitNotProven",
    file=STOCK,
    patch=[(" && unit != bytes32(0)", "")],
)
def illegitimate_lot_set_free(world: World) -> None:
    """A maker commissions a pack with the id zero, and has it on its way when the lot is found illegitimate."""
    assign_prefix(world)
    lot, maker = lot_id(GTIN, "ZERO"), drugs(world, "maker")
    root = standard_leaf(("bytes32",) * 3, (lot, ZERO_HASH, REASONS))
    maker._send("commission", world.maker, int(GTIN), 7, "ZERO", FAR, 1, root)
    sent = offer(world, ZERO_HASH, "maker", "wholesaler", lot=lot)
    maker.ship(sent, (Step(ZERO_HASH, REASONS, ()),))
    authority = drugs(world, "regulator")
    authority.flag_suspect(world.regulator, Item(lot, ZERO_HASH))
    authority.resolve(world.regulator, lot, ZERO_HASH, is_cleared=False)
    maker.flag_shipment(sent, world.maker)
    maker.resolve(world.maker, lot, ZERO_HASH, is_cleared=True, justification=REASONS)
    assert world.suite.drugs.lot_status(lot) == LotStatus.ACTIVE


@attack(
    "provenance-carried-goods-set-free",
    defence="what is carried for another is carried on after it was stopped and set free",
    blocked_by="NotInCustody",
    file=CUSTODY,
    patch=[("return isCleared ? holder | tier :", "return isCleared ? holder | (tier & 0) :")],
)
def carried_goods_set_free(world: World) -> None:
    """A carrier stops what it carries, and once the maker has looked into it sells it as a wholesaler."""
    _carried(world, Role.WHOLESALER)
    drugs(world, "carrier").flag_suspect(world.carrier, Item(LOT, CASE_ID))
    drugs(world, "maker").resolve(world.maker, LOT, CASE_ID, is_cleared=True, justification=REASONS)
    _sold(world, CASE_ID)
    assert state_of(world, CASE_ID) == State.HELD


@attack(
    "provenance-carried-goods-verified",
    defence="goods that are only carried are good at nobody's counter",
    blocked_by="NOT_IN_CUSTODY",
    patch=[("Custody.isOwn(word) && bytes16(word) ==", "Custody.custodianOf(word) ==")],
)
def carried_goods_verified(world: World) -> None:
    """A carrier that is a pharmacy too shows what it carries as its stock."""
    _carried(world, Role.PHARMACY)
    verdict = world.suite.drugs.verify(LOT, scan(), path_of(pack()), holder=world.carrier)
    if verdict != Verdict.OK:
        raise Blocked(verdict.name)


# Notices and ranges


@attack(
    "provenance-notice-begun-again",
    defence="what left the chain is found out once, so that the day to answer in begins once",
    blocked_by="NotSuspect",
    patch=[(" && !_isNoticed(lot, unit)", "")],
)
def notice_begun_again(world: World) -> None:
    """A maker that is late itself finds the stolen pack out once more, and nobody is late."""
    stock(world)
    maker = drugs(world, "maker")
    drugs(world, "pharmacy").end(world.pharmacy, item(), State.STOLEN)
    maker.resolve(world.maker, LOT, pack(), is_cleared=False)
    world.chain.travel(world.chain.now() + DAY)
    assert world.suite.drugs.late_of(LOT, pack(), [world.wholesaler]) == (world.wholesaler,)
    maker.resolve(world.maker, LOT, pack(), is_cleared=False)
    assert world.suite.drugs.late_of(LOT, pack(), [world.wholesaler]) == ()


@attack(
    "provenance-frost-counted-by-another-range",
    defence="where the ranges in a shipment differ, nothing may be outside of any",
    blocked_by="QUARANTINED",
    patch=[("isFine = isFine && ColdChain.isPlain(_policies[first], policy, readings);", "first;")],
)
def frost_counted_by_another_range(world: World) -> None:
    """Hours of frost are counted by the range of the product that bears it, a minute of it was outside of both."""
    assign_prefix(world)
    maker, now, logger = drugs(world, "maker"), world.chain.now(), world.account("carrier").address
    lots = [packed(), packed("F", FROZEN)]
    for lot, lowest in zip(lots, (200, -2_000), strict=True):
        policy = Policy(lowest, 800, max_kinetic=700, max_excursion=600, max_gap=600, report_within=DAY)
        maker.change_policy(world.maker, lot.gtin, policy, prefix_digits=7)
        commission(world, lot)
    children = [Item(lot.id, CASE_ID, lot.path(CASE_ID)) for lot in lots]
    mix = maker.pack(world.maker, [lot.id for lot in lots], BOX, children).event("MixRegistered").values["mix"]
    sent = replace(offer(world, BOX, "maker", "wholesaler", lot=mix, seconds=DAY), logger=logger, logged_from=now)
    maker.ship(sent)
    world.chain.travel(now + 3_600)
    drugs(world, "wholesaler").receive(sent)
    readings = Summary(name_hash("readings"), 61, now, world.chain.now(), -2_100, 500, 60, 60, 400)
    drugs(world, "wholesaler").report(sent, readings, drugs(world, "carrier").sign_report(sent, readings))
    state = world.suite.drugs.custody_of(mix, BOX).state
    if state != State.HELD:
        raise Blocked(state.name)


class TestAttacks(AttackTests):
    """Each attack of the list, with the defence and without."""
