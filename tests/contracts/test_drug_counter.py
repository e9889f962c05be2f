"""DrugProvenance at the counter: prescriptions, portions, and what is taken back."""

from __future__ import annotations

import pytest

from medtrust.drugs import End, Filling, Item, State, Verdict, mark_of
from medtrust.packing import container_id
from medtrust.types import name_hash
from tests.drugs_world import CASE, SERIAL, at_second, drugs, pack, packed, path_of, scan, ship, stock

LOT = packed().id
OTHER = packed("MT2026B")
SCRIPT, REFILL = name_hash("prescription 1, refill 0"), name_hash("prescription 1, refill 1")
DAY = 86_400


@pytest.fixture(autouse=True)
def stocked(world):
    stock(world)


def item(serial=SERIAL):
    return Item(LOT, pack(serial), path_of(pack(serial)))


def dispense(world, serial=SERIAL, **filling):
    client = drugs(world, "pharmacy")
    return client.dispense(world.pharmacy, LOT, serial, path_of(pack(serial)), filling=Filling(**filling))


class TestPrescriptions:
    """
    given the prescription was filled -> reverts PrescriptionFilled, also with another pack; that pack stays whole
    given it was not                  -> it is filled with the pack; emits PackDispensed; its refill is free
    """

    def test_reverts_given_it_was_filled(self, world, reverts):
        dispense(world, prescription=SCRIPT)
        with reverts("PrescriptionFilled", prescription=SCRIPT):
            dispense(world, "1-1-2", prescription=SCRIPT)
        assert world.suite.drugs.end_of(pack("1-1-2")) is None

    def test_fills_it_once(self, world):
        receipt = dispense(world, prescription=SCRIPT)

        assert receipt.event("PackDispensed").values == {
            "pack": pack(),
            "lot": LOT,
            "pharmacy": world.pharmacy,
            "prescription": SCRIPT,
            "portion": 0,
            "whole": 0,
        }
        assert world.suite.drugs.end_of(pack()) == End(receipt.at, mark_of(world.pharmacy), 0, 0, 1)
        dispense(world, "1-1-2", prescription=REFILL)


class TestPortions:
    """
    when just one of portion and whole is zero    -> reverts InvalidPortion
    when it is more than is left by one           -> reverts InvalidPortion, telling what is taken
    when it is just what is left, or one less     -> it is taken; only the last part ends the pack
    given it was opened in other parts, or is empty -> reverts AlreadyDispensed
    given it is open                              -> OK for its pharmacy, ALREADY_DISPENSED for all others
    """

    @pytest.mark.parametrize(("portion", "whole"), [(0, 30), (1, 0), (31, 30)])
    def test_reverts_when_it_is_no_portion(self, world, reverts, portion, whole):
        with reverts("InvalidPortion", pack=pack(), taken=0):
            dispense(world, portion=portion, whole=whole)

    @pytest.mark.parametrize("portion", [9, 10])
    def test_takes_what_is_left(self, world, portion):
        first = dispense(world, portion=20, whole=30)
        dispense(world, portion=portion, whole=30)
        assert world.suite.drugs.end_of(pack()) == End(first.at, mark_of(world.pharmacy), 20 + portion, 30, 0)

    def test_reverts_when_it_is_more_than_is_left(self, world, reverts):
        dispense(world, portion=20, whole=30)
        with reverts("InvalidPortion", pack=pack(), taken=20):
            dispense(world, portion=11, whole=30)

    def test_reverts_given_other_parts_or_none_left(self, world, reverts):
        at = dispense(world, portion=20, whole=30).at
        with reverts("AlreadyDispensed", pack=pack(), endedAt=at):
            dispense(world, portion=1, whole=60)
        dispense(world, portion=10, whole=30)
        with reverts("AlreadyDispensed", pack=pack(), endedAt=at):
            dispense(world, portion=1, whole=30)

    def test_is_good_at_its_pharmacy_alone(self, world):
        dispense(world, portion=20, whole=30)
        verify = world.suite.drugs.verify
        assert verify(LOT, scan(), path_of(pack()), holder=world.pharmacy) == Verdict.OK
        for other in (world.hospital, None):
            assert verify(LOT, scan(), path_of(pack()), holder=other) == Verdict.ALREADY_DISPENSED


class TestUndo:
    """
    when the caller does not act for a pharmacy          -> reverts NotAuthorised
    given it was not dispensed, or 10 days ago           -> reverts NotUndoable
    when another lot or a mix is named                   -> reverts NotUndoable, whatever is there under that id
    when prescriptions are left out, or of another pack  -> reverts InvalidCount or NotFilledWith
    given the pharmacy shipped it, or what it was in     -> reverts NotInCustody; reverts UnitNotProven without a path
    given it is in quarantine at the pharmacy            -> whole again, and in quarantine
    when the pharmacy calls before 10 days are over      -> whole again, prescriptions free; emits DispenseReversed
    """

    def test_reverts_when_caller_is_no_pharmacy(self, world, reverts, wholesaler):
        dispense(world)
        with reverts("NotAuthorised", organisation=world.pharmacy, signer=wholesaler.address):
            drugs(world, "wholesaler").undo(world.pharmacy, item())

    def test_reverts_given_it_was_not_dispensed(self, world, reverts):
        with reverts("NotUndoable", pack=pack(), endedAt=0):
            drugs(world, "pharmacy").undo(world.pharmacy, item())

    @pytest.mark.parametrize("late", [0, 1])
    def test_reverts_after_ten_days(self, world, reverts, late):
        at = dispense(world).at
        world.chain.travel(at + 10 * DAY + late)
        with reverts("NotUndoable", pack=pack(), endedAt=at):
            drugs(world, "pharmacy").undo(world.pharmacy, item())

    def test_takes_it_back_in_the_last_second(self, world):
        at = dispense(world).at
        at_second(world, at + 10 * DAY - 1)
        drugs(world, "pharmacy").undo(world.pharmacy, item())
        assert world.suite.drugs.end_of(pack()) is None

    def test_reverts_when_another_lot_is_named(self, world, reverts):
        at = dispense(world).at
        shop = drugs(world, "pharmacy")
        mix = shop.pack(world.pharmacy, [LOT], pack(), [item("1-1-2")]).event("UnitPacked").values["mix"]
        for lot in (mix, OTHER.id):
            with reverts("NotUndoable", pack=pack(), endedAt=at):
                shop.undo(world.pharmacy, Item(lot, pack(), OTHER.path(pack())))
        assert world.suite.drugs.end_of(pack()) == End(at, mark_of(world.pharmacy), 0, 0, 0)

    def test_reverts_when_prescriptions_are_left_out(self, world, reverts):
        dispense(world, prescription=SCRIPT)
        dispense(world, "1-1-2", prescription=REFILL)
        shop = drugs(world, "pharmacy")
        with reverts("InvalidCount", count=0):
            shop.undo(world.pharmacy, item())
        with reverts("NotFilledWith", prescription=REFILL, pack=pack()):
            shop.undo(world.pharmacy, item(), [REFILL])
        assert world.suite.drugs.end_of(pack()) is not None

    def test_reverts_given_its_case_was_shipped(self, world, reverts):
        dispense(world)
        with reverts("UnitNotProven", lot=LOT, unit=pack()):
            drugs(world, "pharmacy").undo(world.pharmacy, Item(LOT, pack()))
        ship(world, container_id(CASE), "pharmacy", "hospital")
        left = {"unit": pack(), "organisation": world.pharmacy, "state": State.IN_TRANSIT, "custodian": bytes(16)}
        with reverts("NotInCustody", **left):
            drugs(world, "pharmacy").undo(world.pharmacy, item())
        assert world.suite.drugs.end_of(pack()) is not None

    def test_makes_whole_what_is_in_quarantine(self, world):
        dispense(world)
        drugs(world, "pharmacy").flag_suspect(world.pharmacy, item())
        drugs(world, "pharmacy").undo(world.pharmacy, item())
        assert world.suite.drugs.end_of(pack()) is None
        assert world.suite.drugs.custody_of(LOT, pack()).state == State.QUARANTINED

    def test_makes_pack_and_prescriptions_free(self, world):
        dispense(world, portion=1, whole=3, prescription=SCRIPT)
        dispense(world, portion=1, whole=3, prescription=REFILL)
        dispense(world, "1-1-2")
        receipt = drugs(world, "pharmacy").undo(world.pharmacy, item(), [SCRIPT, REFILL])

        values = receipt.event("DispenseReversed").values
        assert (values["pack"], values["pharmacy"]) == (pack(), world.pharmacy)
        assert list(values["prescriptions"]) == [SCRIPT, REFILL]
        assert world.suite.drugs.end_of(pack()) is None
        assert world.suite.drugs.end_of(pack("1-1-2")) is not None
        dispense(world, prescription=SCRIPT)
        dispense(world, "1-1-3", prescription=REFILL)
