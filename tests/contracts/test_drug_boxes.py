"""DrugProvenance between holders: boxes that are packed later, discrepancies, returns, ends, suspects and notices."""

from __future__ import annotations

import pytest

from medtrust.drugs import Item, LotStatus, RecallClass, RecallDepth, State, Verdict, mark_of
from medtrust.packing import container_id
from medtrust.types import ZERO_HASH, name_hash
from tests.drugs_world import (
    CASE,
    at_second,
    commission,
    drugs,
    held,
    move,
    offer,
    pack,
    packed,
    path_of,
    scan,
    ship,
    sscc,
    stock,
)

LOT, OTHER = packed().id, packed("MT2026B")
CASE_ID, NEXT_CASE = container_id(CASE), container_id(sscc(12))
BOX = container_id(sscc(77))
DAY = 86_400
REASONS = name_hash("reasons")


@pytest.fixture(autouse=True)
def stocked(world):
    stock(world)


def item(serial="1-1-1"):
    return Item(LOT, pack(serial), path_of(pack(serial)))


def box(world, *serials, container=BOX, lots=(LOT,), level=1):
    packed_ = drugs(world, "pharmacy").pack(
        world.pharmacy, lots, container, [item(one) for one in serials], level=level
    )
    return packed_.events, packed_.event("UnitPacked").values["mix"] if len(serials) == 1 else None


def custody(world, unit, lot=LOT):
    return world.suite.drugs.custody_of(lot, unit, path_of(unit) if lot == LOT else ())


class TestPack:
    """
    when there are no units, or 201               -> reverts InvalidCount
    when there are 0 or 9 lots, or level 0 or 9   -> reverts InvalidMix
    when the container is another's               -> reverts NotInCustody
    when the packer holds all                     -> each is where the box is; emits MixRegistered once, UnitPacked
    given a box is shipped                        -> what is in it goes with it; what is not stays
    """

    @pytest.mark.parametrize("count", [0, 201])
    def test_reverts_when_the_count_is_wrong(self, world, reverts, count):
        with reverts("InvalidCount", count=count):
            drugs(world, "pharmacy").pack(world.pharmacy, [LOT], BOX, [Item(LOT, pack())] * count)

    @pytest.mark.parametrize(("lots", "level"), [(0, 1), (9, 1), (1, 0), (1, 9)])
    def test_reverts_when_it_is_no_mix(self, world, reverts, lots, level):
        with reverts("InvalidMix", lots=lots, level=level):
            drugs(world, "pharmacy").pack(world.pharmacy, [LOT] * lots, BOX, [item()], level=level)

    @pytest.mark.parametrize(("lots", "level"), [(1, 1), (8, 8)])
    def test_packs_at_the_limits(self, world, lots, level):
        _, mix = box(world, "1-1-1", lots=(LOT,) * lots, level=level)
        assert mix[-1] == level
        assert custody(world, BOX, mix) == held(world.pharmacy)

    def test_puts_units_where_the_box_is(self, world):
        events, mix = box(world, "1-1-1")

        assert [event.name for event in events] == ["MixRegistered", "UnitPacked"]
        registered = dict(events[0].values)
        assert list(registered.pop("lots")) == [LOT]
        assert registered == {"mix": mix, "packer": world.pharmacy, "level": 1}
        assert events[1].values == {"lot": LOT, "unit": pack(), "container": BOX, "mix": mix}
        events, _ = box(world, "1-1-2", container=container_id(sscc(78)))
        assert [event.name for event in events] == ["UnitPacked"]
        given = offer(world, BOX, "pharmacy", "hospital", lot=mix)
        drugs(world, "pharmacy").ship(given)
        assert custody(world, pack()).state == State.IN_TRANSIT
        drugs(world, "hospital").receive(given)
        assert custody(world, pack()) == held(world.hospital, world.pharmacy)
        assert custody(world, pack("1-1-2")).custodian == mark_of(world.pharmacy)

    def test_reverts_given_the_box_is_gone(self, world, reverts):
        _, mix = box(world, "1-1-1")
        given = offer(world, BOX, "pharmacy", "hospital", lot=mix)
        drugs(world, "pharmacy").ship(given)
        with reverts("NotInCustody", unit=BOX, organisation=world.pharmacy, state=State.IN_TRANSIT):
            box(world, "1-1-2")


class TestUnpack:
    """
    when a unit is not in it       -> reverts NotInside
    when its holder calls          -> the unit is held as the box is; emits UnitUnpacked; the rest stays in it
    given the box is in quarantine -> the unit comes out in quarantine, its maker decides; one that ended: reverts
    """

    def test_reverts_when_it_is_not_in_it(self, world, reverts):
        _, mix = box(world, "1-1-1")
        with reverts("NotInside", lot=LOT, unit=pack("1-1-2")):
            drugs(world, "pharmacy").unpack(world.pharmacy, mix, BOX, [Item(LOT, pack("1-1-2"))])

    def test_takes_it_out(self, world):
        _, mix = box(world, "1-1-1")
        box(world, "1-1-2", "1-1-3")
        receipt = drugs(world, "pharmacy").unpack(world.pharmacy, mix, BOX, [Item(LOT, pack())])
        values = {"lot": LOT, "unit": pack(), "container": BOX, "mix": mix}
        assert receipt.event("UnitUnpacked").values == values
        given = offer(world, BOX, "pharmacy", "hospital", lot=mix)
        drugs(world, "pharmacy").ship(given)
        assert custody(world, pack()) == held(world.pharmacy)
        assert custody(world, pack("1-1-2")).state == State.IN_TRANSIT

    def test_takes_it_out_in_quarantine(self, world, reverts):
        _, mix = box(world, "1-1-1")
        drugs(world, "pharmacy").flag_suspect(world.pharmacy, Item(mix, BOX))
        drugs(world, "pharmacy").unpack(world.pharmacy, mix, BOX, [Item(LOT, pack())])
        assert custody(world, pack()).state == State.QUARANTINED
        drugs(world, "maker").resolve(world.maker, LOT, pack(), is_cleared=True, justification=REASONS)
        assert custody(world, pack()) == held(world.pharmacy)
        assert world.suite.drugs.custody_of(mix, BOX).state == State.QUARANTINED
        drugs(world, "pharmacy").end(world.pharmacy, Item(mix, BOX), State.DESTROYED)
        with reverts("NotInCustody", unit=BOX, organisation=world.pharmacy, state=State.DESTROYED):
            drugs(world, "pharmacy").unpack(world.pharmacy, mix, BOX, [Item(LOT, pack())])

    def test_reverts_when_the_box_has_no_id(self, world, reverts):
        with reverts("UnitNotProven", unit=ZERO_HASH):
            box(world, "1-1-1", container=ZERO_HASH)
        assert custody(world, pack()) == held(world.pharmacy, world.wholesaler)


class TestDiscrepancy:
    """
    when a pack is missing          -> it is the sender's, the rest the receiver's; emits MissingReported, UnitReceived
    when a case is too much         -> it stays the sender's; emits ExtraReported
    when what is too much is not the sender's -> reverts NotInCustody
    """

    def test_leaves_what_is_missing_with_the_sender(self, world):
        given = ship(world, NEXT_CASE, "wholesaler", "pharmacy")
        receipt = drugs(world, "pharmacy").receive(given, [item("1-2-1")])

        values = {"lot": LOT, "unit": pack("1-2-1"), "to": world.pharmacy, "from": world.wholesaler}
        assert receipt.event("MissingReported").values == values
        assert custody(world, pack("1-2-1")) == held(world.wholesaler, world.maker)
        assert custody(world, pack("1-2-2")) == held(world.pharmacy, world.wholesaler)

    def test_reports_what_is_too_much(self, world, reverts):
        given = ship(world, NEXT_CASE, "wholesaler", "pharmacy")
        extra = container_id(sscc(13))
        with reverts("NotInCustody", unit=pack(), organisation=world.wholesaler, custodian=mark_of(world.pharmacy)):
            drugs(world, "pharmacy").receive(given, (), [item()])
        receipt = drugs(world, "pharmacy").receive(given, (), [Item(LOT, extra, path_of(extra))])
        values = {"lot": LOT, "unit": extra, "to": world.pharmacy, "from": world.wholesaler}
        assert receipt.event("ExtraReported").values == values
        assert custody(world, extra) == held(world.wholesaler, world.maker)


class TestReturn:
    """
    given it goes back to who had sold it   -> held, to be sold again, its source forgotten
    given it goes to another upstream       -> QUARANTINED; cleared by the maker it is held
    """

    def test_goes_back_to_its_seller(self, world):
        move(world, CASE_ID, "pharmacy", "wholesaler")
        assert custody(world, CASE_ID) == held(world.wholesaler)

    def test_goes_back_through_a_carrier(self, world):
        move(world, CASE_ID, "pharmacy", "carrier")
        move(world, CASE_ID, "carrier", "wholesaler")
        assert custody(world, CASE_ID) == held(world.wholesaler)

    def test_is_quarantined_elsewhere(self, world, reverts):
        move(world, CASE_ID, "pharmacy", "hospital")
        move(world, CASE_ID, "hospital", "wholesaler")
        assert custody(world, CASE_ID).state == State.QUARANTINED
        with reverts("NotInCustody", state=State.QUARANTINED, custodian=mark_of(world.wholesaler)):
            ship(world, CASE_ID, "wholesaler", "pharmacy")
        drugs(world, "maker").resolve(world.maker, LOT, CASE_ID, is_cleared=True, justification=REASONS)
        assert custody(world, CASE_ID) == held(world.wholesaler)


class TestSuspects:
    """
    given nothing is suspect      -> resolve reverts NotSuspect
    when no reason is given       -> resolve reverts MissingJustification where it sets free; it stays stopped
    given it was stolen           -> found illegitimate it stays stolen, partners must know; cleared reverts NotSuspect
    given it was found out before -> reverts NotSuspect
    when a pack is flagged        -> QUARANTINED, its neighbour OK; emits SuspectFlagged; illegitimate it stays for ever
    when a whole mix is flagged   -> reverts UnknownLot; its containers are flagged, which are units
    when a whole lot is flagged   -> nothing of it moves; a second flag reverts LotQuarantined; cleared it is active
    """

    def test_reverts_given_nothing_is_suspect(self, world, reverts):
        for unit in (ZERO_HASH, pack()):
            with reverts("NotSuspect", lot=LOT, unit=unit):
                drugs(world, "maker").resolve(world.maker, LOT, unit, is_cleared=True, justification=REASONS)

    def test_reverts_without_a_reason(self, world, reverts):
        drugs(world, "pharmacy").flag_suspect(world.pharmacy, item())
        with reverts("MissingJustification"):
            drugs(world, "maker").resolve(world.maker, LOT, pack(), is_cleared=True)
        assert custody(world, pack()).state == State.QUARANTINED
        drugs(world, "maker").resolve(world.maker, LOT, pack(), is_cleared=False)
        assert custody(world, pack()).state == State.ILLEGITIMATE

    @pytest.mark.parametrize("fate", [State.STOLEN, State.DESTROYED])
    def test_tells_of_what_was_found_out_too_late(self, world, reverts, fate):
        maker = drugs(world, "maker")
        drugs(world, "pharmacy").end(world.pharmacy, item(), fate)
        with reverts("NotSuspect", lot=LOT, unit=pack()):
            maker.resolve(world.maker, LOT, pack(), is_cleared=True, justification=REASONS)
        receipt = maker.resolve(world.maker, LOT, pack(), is_cleared=False, justification=REASONS)
        told = {"lot": LOT, "unit": pack(), "organisation": world.maker, "isCleared": False, "justification": REASONS}
        assert receipt.event("SuspectResolved").values == told
        assert custody(world, pack()).state == fate
        drugs(world, "wholesaler").acknowledge(world.wholesaler, LOT, pack())

    def test_stops_a_pack_for_ever(self, world, reverts):
        receipt = drugs(world, "pharmacy").flag_suspect(world.pharmacy, item())
        values = {"lot": LOT, "unit": pack(), "organisation": world.pharmacy, "custodian": mark_of(world.pharmacy)}
        assert receipt.event("SuspectFlagged").values == {**values, "carriedFor": 0}
        reasons = name_hash("reasons")
        maker = drugs(world, "maker")
        decided = maker.resolve(world.maker, LOT, pack(), is_cleared=False, justification=reasons)
        told = {"lot": LOT, "unit": pack(), "organisation": world.maker, "isCleared": False, "justification": reasons}
        assert decided.event("SuspectResolved").values == told
        assert custody(world, pack()).state == State.ILLEGITIMATE
        with reverts("NotSuspect", lot=LOT, unit=pack()):
            maker.resolve(world.maker, LOT, pack(), is_cleared=True, justification=REASONS)
        verify = world.suite.drugs.verify
        assert verify(LOT, scan(), path_of(pack())) == Verdict.QUARANTINED
        assert verify(LOT, scan("1-1-2"), path_of(pack("1-1-2"))) == Verdict.OK

    def test_stops_no_whole_mix(self, world, reverts):
        _, mix = box(world, "1-1-1")
        with reverts("UnknownLot", lot=mix):
            drugs(world, "regulator").flag_suspect(world.regulator, Item(mix, ZERO_HASH))
        assert world.suite.drugs.lot_status(mix) == LotStatus.ACTIVE
        drugs(world, "regulator").flag_suspect(world.regulator, Item(mix, BOX))
        assert world.suite.drugs.verify(LOT, scan(), path_of(pack())) == Verdict.QUARANTINED

    def test_finds_out_once_what_left(self, world, reverts):
        drugs(world, "pharmacy").end(world.pharmacy, item(), State.DESTROYED)
        maker = drugs(world, "maker")
        maker.resolve(world.maker, LOT, pack(), is_cleared=False)
        with reverts("NotSuspect", lot=LOT, unit=pack()):
            maker.resolve(world.maker, LOT, pack(), is_cleared=False)
        assert custody(world, pack()).state == State.DESTROYED

    def test_stops_a_whole_lot(self, world, reverts):
        whole = Item(LOT, ZERO_HASH)
        drugs(world, "regulator").flag_suspect(world.regulator, whole)
        with reverts("LotQuarantined", lot=LOT):
            drugs(world, "pharmacy").dispense(world.pharmacy, LOT, "1-1-1", path_of(pack()))
        with reverts("LotQuarantined", lot=LOT):
            drugs(world, "maker").flag_suspect(world.maker, whole)
        drugs(world, "maker").resolve(world.maker, LOT, ZERO_HASH, is_cleared=True, justification=REASONS)
        drugs(world, "pharmacy").dispense(world.pharmacy, LOT, "1-1-1", path_of(pack()))


class TestBoxOnItsWay:
    """
    when the maker of a lot in a box stops it  -> QUARANTINED at its sender, with what is in it; emits SuspectFlagged
    when who oversees none of its lots does so -> reverts NotAuthorised
    """

    def test_is_stopped_by_the_maker_of_a_lot(self, world, reverts):
        _, mix = box(world, "1-1-1")
        given = offer(world, BOX, "pharmacy", "hospital", lot=mix)
        drugs(world, "pharmacy").ship(given)
        with reverts("NotAuthorised", organisation=world.wholesaler):
            drugs(world, "wholesaler").flag_shipment(given, world.wholesaler)
        receipt = drugs(world, "maker").flag_shipment(given, world.maker)
        told = {"lot": mix, "unit": BOX, "organisation": world.maker, "custodian": mark_of(world.pharmacy)}
        assert receipt.event("SuspectFlagged").values == {**told, "carriedFor": 0}
        assert custody(world, pack()).state == State.QUARANTINED
        assert custody(world, pack("1-1-2")) == held(world.pharmacy, world.wholesaler)


class TestEnds:
    """
    when it is no end               -> reverts NotAnEnd
    when its holder ends it         -> so for ever, with what is in it; emits UnitEnded; a scan tells
    """

    @pytest.mark.parametrize("fate", [State.ILLEGITIMATE, State.HELD])
    def test_reverts_when_it_is_no_end(self, world, reverts, fate):
        with reverts("NotAnEnd", fate=fate):
            drugs(world, "pharmacy").end(world.pharmacy, item(), fate)

    @pytest.mark.parametrize("fate", [State.STOLEN, State.EXPORTED, State.DESTROYED])
    def test_ends_it_with_what_is_in_it(self, world, reverts, fate):
        receipt = drugs(world, "pharmacy").end(world.pharmacy, Item(LOT, CASE_ID), fate)
        values = {"lot": LOT, "unit": CASE_ID, "organisation": world.pharmacy, "fate": fate}
        assert receipt.event("UnitEnded").values == values
        assert world.suite.drugs.verify(LOT, scan(), path_of(pack())) == Verdict[fate.name]
        with reverts("NotInCustody", state=fate, custodian=mark_of(world.pharmacy)):
            drugs(world, "pharmacy").end(world.pharmacy, Item(LOT, CASE_ID), State.DESTROYED)
        other = path_of(pack("1-2-1"))
        assert world.suite.drugs.verify(LOT, scan("1-2-1"), other) == Verdict.OK


class TestNotices:
    """
    given there is none                -> acknowledge reverts NothingToAcknowledge; nobody is late
    given a recall
      when 24 hours have not passed    -> nobody is late; at 24 hours all are who said nothing
      when it is acknowledged          -> emits NoticeAcknowledged; a second time reverts
      when it is made stronger         -> it is to be acknowledged again
    """

    def test_reverts_given_there_is_none(self, world, reverts):
        with reverts("NothingToAcknowledge", organisation=world.pharmacy, acknowledgedAt=0):
            drugs(world, "pharmacy").acknowledge(world.pharmacy, LOT)
        assert world.suite.drugs.late_of(LOT, ZERO_HASH, [world.pharmacy]) == ()

    def test_tells_who_is_late(self, world, reverts):
        partners = [world.wholesaler, world.pharmacy]
        maker = drugs(world, "maker")
        at = maker.recall(world.maker, LOT, RecallClass.CLASS_III, depth=RecallDepth.RETAIL).at
        receipt = drugs(world, "pharmacy").acknowledge(world.pharmacy, LOT)
        values = {"lot": LOT, "unit": ZERO_HASH, "organisation": world.pharmacy}
        assert receipt.event("NoticeAcknowledged").values == values
        with reverts("NothingToAcknowledge", organisation=world.pharmacy, acknowledgedAt=receipt.at):
            drugs(world, "pharmacy").acknowledge(world.pharmacy, LOT)
        at_second(world, at + DAY - 1)
        commission(world, OTHER)
        assert world.suite.drugs.late_of(LOT, ZERO_HASH, partners) == ()
        world.chain.travel(at + DAY)
        assert world.suite.drugs.late_of(LOT, ZERO_HASH, partners) == (world.wholesaler,)
        maker.recall(world.maker, LOT, RecallClass.CLASS_I, depth=RecallDepth.CONSUMER)
        drugs(world, "pharmacy").acknowledge(world.pharmacy, LOT)
