"""DrugProvenance and the cold chain: what a report must be so that its unit is free to be used."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import pytest

from medtrust.accreditation import Role
from medtrust.cold_chain import Summary
from medtrust.drugs import Item, Policy, State, Verdict, mark_of
from medtrust.packing import container_id
from medtrust.types import ZERO_ADDRESS, name_hash
from tests.drugs_world import (
    CASE,
    GTIN,
    PALLET,
    assign_prefix,
    at_second,
    commission,
    drugs,
    held,
    offer,
    pack,
    packed,
    path_of,
    scan,
    sscc,
)

LOT, PALLET_ID = packed().id, container_id(PALLET)
DAY, HOUR = 86_400, 3_600
POLICY = Policy(lowest=200, highest=800, max_kinetic=700, max_excursion=120, max_gap=600, report_within=DAY)


@pytest.fixture
def product(world):
    assign_prefix(world)
    drugs(world, "maker").change_policy(world.maker, GTIN, POLICY, prefix_digits=7)
    commission(world)


@pytest.fixture
def given(world, product):
    """A pallet on its way with a logger."""
    now, logger = world.chain.now(), world.account("carrier").address
    given = replace(offer(world, PALLET_ID, "maker", "wholesaler", seconds=DAY), logger=logger, logged_from=now)
    drugs(world, "maker").ship(given, path_of(PALLET_ID))
    return given


@pytest.fixture
def arrived(world, given):
    """When it arrived: an hour later."""
    at_second(world, given.logged_from + HOUR)
    return drugs(world, "wholesaler").receive(given).at


def report(world, given, arrived, by="stranger", **changes):
    fine = Summary(name_hash("readings"), 61, given.logged_from, arrived, 300, 500, 0, 60, 400)
    readings = replace(fine, **changes)
    return drugs(world, by).report(given, readings, drugs(world, "carrier").sign_report(given, readings))


class TestShipCold:
    """
    when no logger travels, or it measures only later -> reverts WrongLogger
    given the lot need not be kept cold
      when a logger travels                           -> reverts WrongLogger
    """

    @pytest.mark.parametrize("later", [None, 10_000])
    def test_reverts_without_a_logger(self, world, product, reverts, later):
        given = offer(world, PALLET_ID, "maker", "wholesaler")
        if later:
            logger = world.account("carrier").address
            given = replace(given, logger=logger, logged_from=world.chain.now() + later)
        with reverts("WrongLogger", logger=given.logger, loggedFrom=given.logged_from):
            drugs(world, "maker").ship(given, path_of(PALLET_ID))

    def test_reverts_with_a_logger_for_other_goods(self, world, reverts):
        assign_prefix(world)
        commission(world)
        given = replace(offer(world, PALLET_ID, "maker", "wholesaler"), logger=world.account("carrier").address)
        with reverts("WrongLogger", logger=given.logger, loggedFrom=0):
            drugs(world, "maker").ship(given, path_of(PALLET_ID))
        assert given.logger != ZERO_ADDRESS


class TestReport:
    """
    given it did not arrive, or was reported -> reverts OfferNotLive
    when another key signed                  -> reverts InvalidSignature
    when all is just within the policy       -> HELD; emits ReadingsReported; before that a scan says QUARANTINED
    when one thing is beyond it by one       -> QUARANTINED, for its receiver; reverts NotAuthorised for all others
    when nothing is signed                   -> reverts NotAuthorised but for the receiver, who gives up: QUARANTINED
    given it is too late for a better report -> anyone gives up: QUARANTINED; emits ReadingsReported
    """

    def test_reverts_given_it_did_not_arrive(self, world, given, reverts):
        with reverts("OfferNotLive", offer=given.id):
            report(world, given, given.logged_from)

    def test_reverts_when_another_key_signed(self, world, given, arrived, reverts):
        readings = Summary(name_hash("readings"), 61, given.logged_from, arrived, 300, 500, 0, 60, 400)
        signature = drugs(world, "attacker").sign_report(given, readings)
        with reverts("InvalidSignature", signer=given.logger):
            drugs(world, "stranger").report(given, readings, signature)
        assert world.suite.drugs.custody_of(LOT, PALLET_ID).state == State.AWAITING

    def test_makes_it_free(self, world, given, arrived, reverts):
        assert world.suite.drugs.verify(LOT, scan(), path_of(pack())) == Verdict.QUARANTINED
        receipt = report(world, given, arrived)

        assert receipt.event("ReadingsReported").values == {
            "lot": LOT,
            "unit": PALLET_ID,
            "to": world.wholesaler,
            "offer": given.id,
            "root": name_hash("readings"),
            "state": State.HELD,
        }
        assert world.suite.drugs.custody_of(LOT, PALLET_ID) == held(world.wholesaler, world.maker)
        with reverts("OfferNotLive", offer=given.id):
            report(world, given, arrived)

    @pytest.mark.parametrize(
        ("fine", "wrong"),
        [
            ({"kinetic": 700}, {"kinetic": 701}),
            ({"gap": 600}, {"gap": 601}),
            ({"count": 7}, {"count": 6}),
            ({"excursion": 120, "highest": 801}, {"excursion": 121, "highest": 801}),
            ({"lowest": 200}, {"lowest": 199}),
            ({"highest": 800}, {"highest": 801}),
        ],
        ids=lambda changes: next(iter(changes)),
    )
    def test_judges_by_the_policy(self, world, given, arrived, fine, wrong):
        for changes, state in ((fine, State.HELD), (wrong, State.QUARANTINED)):
            snapshot = world.chain.request("evm_snapshot")
            report(world, given, arrived, by="wholesaler", **changes)
            assert world.suite.drugs.custody_of(LOT, PALLET_ID).state == state
            world.chain.request("evm_revert", snapshot)

    @pytest.mark.parametrize(("late", "state"), [(-1, State.HELD), (0, State.HELD), (1, State.QUARANTINED)])
    def test_comes_in_time(self, world, given, arrived, late, state):
        (world.chain.travel if late > 0 else partial(at_second, world))(arrived + DAY + late)
        report(world, given, arrived)
        assert world.suite.drugs.custody_of(LOT, PALLET_ID).state == state

    @pytest.mark.parametrize(("early", "state"), [(600, State.HELD), (601, State.QUARANTINED)])
    def test_covers_the_whole_way(self, world, given, arrived, early, state):
        report(world, given, arrived, by="wholesaler", until=arrived - early)
        assert world.suite.drugs.custody_of(LOT, PALLET_ID).state == state

    def test_reverts_when_a_stranger_settles_for_less(self, world, given, arrived, reverts, stranger):
        with reverts("NotAuthorised", organisation=world.wholesaler, signer=stranger.address):
            report(world, given, arrived, until=arrived - 601)
        report(world, given, arrived)
        assert world.suite.drugs.custody_of(LOT, PALLET_ID).state == State.HELD

    @pytest.mark.parametrize("late", [-1, 0, 1])
    def test_is_given_up_by_anyone_once_it_is_too_late(self, world, given, arrived, reverts, stranger, late):
        world.chain.travel(arrived + DAY + late)
        if late <= 0:
            at_second(world, arrived + DAY + late)
            with reverts("NotAuthorised", organisation=world.wholesaler, signer=stranger.address):
                drugs(world, "stranger").give_up_report(given)
            return
        receipt = drugs(world, "stranger").give_up_report(given)
        told = receipt.event("ReadingsReported").values
        assert (told["to"], told["offer"], told["state"]) == (world.wholesaler, given.id, State.QUARANTINED)
        custody = world.suite.drugs.custody_of(LOT, PALLET_ID)
        assert (custody.state, custody.custodian) == (State.QUARANTINED, mark_of(world.wholesaler))

    def test_is_given_up_by_its_receiver_alone(self, world, given, arrived, reverts, stranger):
        with reverts("NotAuthorised", organisation=world.wholesaler, signer=stranger.address):
            drugs(world, "stranger").give_up_report(given)
        drugs(world, "wholesaler").give_up_report(given)
        assert world.suite.drugs.custody_of(LOT, PALLET_ID).state == State.QUARANTINED


class TestPolicyIsOff:
    """
    given the policy was switched off after the lot was commissioned
      when its receiver asks for no report           -> HELD, so does anyone: also given the receiver is suspended
      when a stranger brings what would be too warm  -> HELD
    """

    @pytest.fixture
    def off(self, world, arrived):
        drugs(world, "maker").change_policy(world.maker, GTIN, Policy(0, 0, 0, 0, 0, 0), prefix_digits=7)

    def test_needs_no_report(self, world, given, off):
        drugs(world, "wholesaler").give_up_report(given)
        assert world.suite.drugs.custody_of(LOT, PALLET_ID) == held(world.wholesaler, world.maker)

    def test_waits_for_no_receiver(self, world, given, off):
        world.acting_as("authority").accreditation.suspend(world.wholesaler, Role.WHOLESALER)
        drugs(world, "stranger").give_up_report(given)
        assert world.suite.drugs.custody_of(LOT, PALLET_ID) == held(world.wholesaler, world.maker)

    def test_takes_any_that_is_signed(self, world, given, arrived, off):
        report(world, given, arrived, highest=3_000, excursion=3_600)
        assert world.suite.drugs.custody_of(LOT, PALLET_ID) == held(world.wholesaler, world.maker)


class TestComingBack:
    """
    when a cold shipment is refused or taken back   -> QUARANTINED at its sender, its neighbour not; cleared it is free
    when a unit is missing from a cold shipment     -> QUARANTINED at its sender; the rest is AWAITING
    """

    @pytest.mark.parametrize("is_refused", [True, False])
    def test_is_in_quarantine(self, world, given, is_refused):
        receipt = drugs(world, "wholesaler").refuse(given) if is_refused else drugs(world, "maker").take_back(given)
        name = "ShipmentRefused" if is_refused else "ShipmentTakenBack"
        told = {"lot": LOT, "unit": PALLET_ID, "to": world.wholesaler, "from": world.maker}
        assert receipt.event(name).values == told
        custody = world.suite.drugs.custody_of(LOT, PALLET_ID)
        assert (custody.state, custody.custodian) == (State.QUARANTINED, mark_of(world.maker))
        neighbour = container_id(sscc(2))
        assert world.suite.drugs.custody_of(LOT, neighbour, path_of(neighbour)) == held(world.maker)
        client = drugs(world, "maker")
        client.resolve(world.maker, LOT, PALLET_ID, is_cleared=True, justification=name_hash("reasons"))
        assert world.suite.drugs.custody_of(LOT, PALLET_ID) == held(world.maker)

    def test_is_in_quarantine_what_is_missing(self, world, given):
        case = container_id(CASE)
        receipt = drugs(world, "wholesaler").receive(given, [Item(LOT, case, path_of(case))])
        told = {"lot": LOT, "unit": case, "to": world.wholesaler, "from": world.maker}
        assert receipt.event("MissingReported").values == told
        custody = world.suite.drugs.custody_of(LOT, case)
        assert (custody.state, custody.custodian) == (State.QUARANTINED, mark_of(world.maker))
        assert world.suite.drugs.custody_of(LOT, PALLET_ID).state == State.AWAITING


class TestFlagShipment:
    """
    given it was received or never shipped so -> reverts OfferNotLive
    when the caller oversees nothing          -> reverts NotAuthorised
    when it is on its way                     -> QUARANTINED at its sender; emits SuspectFlagged; cannot be received
    when it waits for its report              -> QUARANTINED at its receiver; cannot be reported
    """

    def test_reverts_given_it_is_not_on_its_way(self, world, given, arrived, reverts):
        report(world, given, arrived)
        with reverts("OfferNotLive", offer=given.id):
            drugs(world, "maker").flag_shipment(given, world.maker)
        assert world.suite.drugs.custody_of(LOT, PALLET_ID).state == State.HELD

    def test_reverts_when_caller_oversees_nothing(self, world, given, reverts, wholesaler):
        with reverts("NotAuthorised", organisation=world.wholesaler, signer=wholesaler.address):
            drugs(world, "wholesaler").flag_shipment(given, world.wholesaler)
        assert world.suite.drugs.custody_of(LOT, PALLET_ID).offer == given.id

    @pytest.mark.parametrize("by", ["maker", "regulator"])
    def test_stops_it_on_its_way(self, world, given, reverts, by):
        receipt = drugs(world, by).flag_shipment(given, getattr(world, by))
        holder = mark_of(world.maker)
        told = {"lot": LOT, "unit": PALLET_ID, "organisation": getattr(world, by), "custodian": holder}
        assert receipt.event("SuspectFlagged").values == {**told, "carriedFor": 0}
        custody = world.suite.drugs.custody_of(LOT, PALLET_ID)
        assert (custody.state, custody.custodian) == (State.QUARANTINED, holder)
        with reverts("OfferNotLive", offer=given.id):
            drugs(world, "wholesaler").receive(given)

    def test_stops_what_waits_for_its_report(self, world, given, arrived, reverts):
        receipt = drugs(world, "regulator").flag_shipment(given, world.regulator)
        assert receipt.event("SuspectFlagged").values["custodian"] == mark_of(world.wholesaler)
        custody = world.suite.drugs.custody_of(LOT, PALLET_ID)
        assert (custody.state, custody.custodian) == (State.QUARANTINED, mark_of(world.wholesaler))
        with reverts("OfferNotLive", offer=given.id):
            report(world, given, arrived)
