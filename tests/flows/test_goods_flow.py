"""What happens to goods beyond their straight way, by the codes on the packages: through `Goods` on a chain."""

from __future__ import annotations

from contextlib import nullcontext
from decimal import Decimal

import pytest

from medtrust import samples
from medtrust.accreditation import Role
from medtrust.cold_chain import Reading, from_celsius
from medtrust.drugs import NO_POLICY, Act, Fate, Filling, Policy, RecallClass, RecallDepth, State, Verdict, mark_of
from medtrust.errors import InputError, Reverted
from medtrust.goods import Goods, verify_alone
from medtrust.lotfile import LotFile
from medtrust.nullifier import prescription_nullifier
from medtrust.packing import PackedLot, pack_id
from medtrust.reasons import committed
from medtrust.recall_effect import NOTICE, Whereabouts
from tests.drugs_world import at_second, sscc
from tests.world import FAR

GTIN = "00361414567894"
PALLET, CASE, OTHER_CASE = "(00)103614140000000015", "(00)003614140000000032", "(00)003614140000000025"
CODE = f"(01){GTIN}(17)280630(10)MT2026A(21)BW7K00005"
NEXT = CODE.replace("00005", "00006")
BOX, BIGGER_BOX = f"(00){sscc(7001)}", f"(00){sscc(7002)}"
WHY = committed("the seal was ours")[1]
WEEK = 7 * 86_400
COLD = Policy(200, 800, 800, 600, 900, 86_400)


@pytest.fixture
def files():
    """The sample lot, and the one that must be kept cold."""
    found = []
    for name in ("lot.json", "cold_lot.json"):
        with samples.path(name) as path:
            found.append(LotFile.read(path))
    return found


@pytest.fixture
def goods(world, files):
    """The sample lot, commissioned, as the account of a name."""
    world.acting_as("regulator").drugs.assign_prefix(world.regulator, world.maker, "0361414")
    Goods(world.acting_as("maker"), files[0]).commission()
    return lambda name: Goods(world.acting_as(name), files[0])


@pytest.fixture
def move(world):
    def ship_and_receive(of, code: str, sender: str, receiver: str, **more):
        until = world.chain.now() + WEEK
        sides = {"sender": getattr(world, sender), "receiver": getattr(world, receiver)}
        of(sender).ship(code, **sides, until=until, **more)
        return of(receiver).receive(code)[1]

    return ship_and_receive


@pytest.fixture
def stocked(goods, move):
    """The pallet at the wholesaler, a case of it at the pharmacy."""
    move(goods, PALLET, "maker", "wholesaler")
    move(goods, CASE, "wholesaler", "pharmacy")
    return goods


def custody(goods, code):
    item = goods.item(code)
    return goods.suite.drugs.custody_of(item.lot, item.unit, item.path)


class TestReturns:
    """
    given a pack that was bought -> goes back to its seller, who may sell it again
    given it shipped to another  -> quarantined there
    given it carried by one who trades too -> carried on, as who carries it, and free at its seller
    given what nobody sold       -> InputError
    """

    def test_goes_back_to_its_seller(self, world, stocked):
        pharmacy, wholesaler = stocked("pharmacy"), stocked("wholesaler")
        offer, _ = pharmacy.give_back(CODE, sender=world.pharmacy, until=world.chain.now() + WEEK)
        assert (offer.receiver, offer.unit) == (world.wholesaler, pack_id(GTIN, "BW7K00005"))
        wholesaler.receive(CODE)
        assert custody(wholesaler, CODE).is_held_by(world.wholesaler)
        assert custody(wholesaler, NEXT).is_held_by(world.pharmacy)

    def test_is_quarantined_at_another(self, world, stocked, move):
        receipt = move(stocked, CODE, "pharmacy", "maker")
        assert receipt.event("UnitReceived").values["state"] == State.QUARANTINED
        assert stocked("maker").verify(CODE) == Verdict.QUARANTINED
        stocked("maker").resolve(world.maker, CODE, is_cleared=True, justification=WHY)
        assert custody(stocked("maker"), CODE).is_held_by(world.maker)

    def test_is_carried_on(self, world, stocked, move):
        move(stocked, CODE, "pharmacy", "carrier")
        world.acting_as("authority").accreditation.accredit(world.carrier, Role.WHOLESALER, until=FAR)
        until = world.chain.now() + WEEK
        offer, _ = stocked("carrier").ship(CODE, sender=world.carrier, receiver=world.wholesaler, until=until)
        assert offer.sender_role == Role.CARRIER
        stocked("wholesaler").receive(CODE)
        assert custody(stocked("wholesaler"), CODE).is_held_by(world.wholesaler)

    def test_needs_a_seller(self, world, goods):
        with pytest.raises(InputError, match="a unit that nobody sold"):
            goods("maker").give_back(PALLET, sender=world.maker, until=world.chain.now() + WEEK)


class TestDiscrepancy:
    """
    given a pallet without one of its cases     -> received, and the case is the sender's again
    given a case too many, which is the sender's -> received, and that stays the sender's
    the trace of a pack in the missing case     -> says so, and no more of the pallet
    """

    def test_leaves_what_is_missing_with_its_sender(self, world, goods):
        other = "(00)103614140000000053"
        goods("maker").ship(PALLET, sender=world.maker, receiver=world.wholesaler, until=world.chain.now() + WEEK)
        offer, receipt = goods("wholesaler").receive(PALLET, missing=[CASE], extra=[other])
        assert [one.name for one in receipt.events] == ["MissingReported", "ExtraReported", "UnitReceived"]
        assert custody(goods("maker"), CASE).is_held_by(world.maker)
        assert custody(goods("maker"), other).is_held_by(world.maker)
        assert custody(goods("maker"), OTHER_CASE).is_held_by(world.wholesaler)
        assert offer.sender == world.maker
        found = [(one.act, one.organisation, one.other) for one in goods("maker").trace(CODE)]
        assert found == [
            (Act.COMMISSIONED, world.maker, None),
            (Act.SHIPPED, world.maker, world.wholesaler),
            (Act.MISSING, world.wholesaler, world.maker),
        ]


class TestPacking:
    """
    given a case and packs in a new box, in a bigger one -> each is where the biggest is; a recall stops all of it
      the trace of a pack goes through both, names who packed, and ends with the box when it is out of it
    given units of another lot -> its file is named, and a recall of that lot stops the box
    given a container that the maker packed -> nothing to take it out of
    """

    def test_goes_with_its_boxes(self, world, stocked, move):
        wholesaler = stocked("wholesaler")
        mix, _ = wholesaler.pack(BOX, [OTHER_CASE], packer=world.wholesaler)
        again, _ = wholesaler.pack(BOX, ["(00)003614140000000049"], packer=world.wholesaler)
        assert mix == again
        outer, _ = wholesaler.pack(BIGGER_BOX, [BOX], packer=world.wholesaler)
        assert (mix[-1], outer[-1]) == (1, 2)
        move(stocked, BIGGER_BOX, "wholesaler", "hospital")
        hospital, pack = stocked("hospital"), CODE.replace("00005", "00001")
        assert hospital.verify(pack, holder=world.hospital) == Verdict.OK
        hospital.unpack(BIGGER_BOX, [BOX], holder=world.hospital)
        hospital.unpack(BOX, [OTHER_CASE], holder=world.hospital)
        move(stocked, BOX, "hospital", "clinic")
        steps = [(one.act, one.organisation) for one in hospital.trace(pack)]
        assert steps == [
            (Act.COMMISSIONED, world.maker),
            (Act.SHIPPED, world.maker),
            (Act.RECEIVED, world.wholesaler),
            (Act.PACKED, world.wholesaler),
            (Act.PACKED, world.wholesaler),
            (Act.SHIPPED, world.wholesaler),
            (Act.RECEIVED, world.hospital),
            (Act.UNPACKED, world.hospital),
            (Act.UNPACKED, world.hospital),
        ]
        assert [one.act for one in hospital.trace(BOX)][-2:] == [Act.SHIPPED, Act.RECEIVED]
        assert custody(hospital, pack).is_held_by(world.hospital)
        assert custody(hospital, CODE.replace("00005", "00009")).is_held_by(world.clinic)

    def test_is_stopped_by_a_recall_of_either_lot(self, world, goods, files):
        raw = PackedLot(GTIN, "MT2026Z", b"\x09" * 32, packs=("Z1", "Z2"))
        other = LotFile(files[0].manufacturer, GTIN, "0361414", files[0].expiry, raw)
        Goods(world.acting_as("maker"), other).commission()
        maker = goods("maker")
        maker.pack(BOX, [CODE, f"(01){GTIN}(21)Z1"], packer=world.maker, others=[other])
        Goods(world.acting_as("maker"), other).recall(world.maker, RecallClass.CLASS_I, depth=RecallDepth.CONSUMER)
        with pytest.raises(Reverted, match="LotRecalled"):
            maker.ship(BOX, sender=world.maker, receiver=world.wholesaler, until=world.chain.now() + WEEK)

    def test_needs_a_box_that_was_packed_later(self, world, stocked):
        with pytest.raises(InputError, match="needs no unpacking"):
            stocked("wholesaler").unpack(PALLET, [OTHER_CASE], holder=world.wholesaler)
        with pytest.raises(InputError, match="a unit of no lot here"):
            stocked("wholesaler").pack(BOX, [BIGGER_BOX], packer=world.wholesaler)


class TestPrescriptions:
    """
    given a pack dispensed in parts for prescriptions -> opened, then dispensed; each prescription once
    undone within 10 days                             -> whole again, its prescriptions can be filled again
    """

    def test_fills_each_once(self, world, stocked):
        pharmacy, key = stocked("pharmacy"), b"\x07" * 32
        first, second = (prescription_nullifier(key, "urn:x:all", "RX-1", refill) for refill in (0, 1))
        pharmacy.dispense(CODE, pharmacy=world.pharmacy, filling=Filling(first, 10, 30))
        pack = pack_id(GTIN, "BW7K00005")
        assert world.suite.drugs.end_of(pack).fate is Fate.OPENED
        with pytest.raises(Reverted, match="PrescriptionFilled"):
            pharmacy.dispense(NEXT, pharmacy=world.pharmacy, filling=Filling(first))
        pharmacy.dispense(CODE, pharmacy=world.pharmacy, filling=Filling(second, 20, 30))
        assert world.suite.drugs.end_of(pack).fate is Fate.DISPENSED
        assert world.suite.drugs.prescriptions_of(pack) == (first, second)
        pharmacy.undo(CODE, pharmacy=world.pharmacy)
        assert (world.suite.drugs.end_of(pack), world.suite.drugs.prescriptions_of(pack)) == (None, ())
        pharmacy.dispense(NEXT, pharmacy=world.pharmacy, filling=Filling(first))
        found = [(one.act, one.portion) for one in pharmacy.trace(CODE)][-3:]
        assert found == [(Act.DISPENSED, (10, 30)), (Act.DISPENSED, (20, 30)), (Act.UNDONE, (0, 0))]
        assert pharmacy.trace(CODE)[-1].prescriptions == (first, second)


class TestSuspects:
    """
    given one case under suspicion -> it and its packs stop, its neighbours do not; cleared, it goes on
    given a whole lot              -> QUARANTINED without any file
    found illegitimate             -> each partner has a day to acknowledge, then it is late
    """

    def test_stops_what_it_names(self, world, stocked):
        pharmacy = stocked("pharmacy")
        pharmacy.suspect(world.pharmacy, CASE)
        assert (pharmacy.verify(CODE), pharmacy.verify(CODE.replace("05", "01"))) == (Verdict.QUARANTINED, Verdict.OK)
        stocked("regulator").resolve(world.regulator, CASE, is_cleared=True, justification=WHY)
        assert pharmacy.verify(CODE, holder=world.pharmacy) == Verdict.OK
        acts = [one.act for one in pharmacy.trace(CODE)][-2:]
        assert acts == [Act.SUSPECTED, Act.CLEARED]
        stocked("maker").suspect(world.maker)
        assert verify_alone(world.suite, CODE) == Verdict.QUARANTINED

    def test_tells_who_is_late(self, world, stocked):
        pharmacy = stocked("pharmacy")
        pharmacy.suspect(world.pharmacy, CODE)
        stocked("maker").resolve(world.maker, CODE, is_cleared=False)
        assert pharmacy.partners() == (world.maker, world.wholesaler, world.pharmacy)
        assert pharmacy.partners("(00)103614140000000053") == (world.maker,)
        pharmacy.acknowledge(world.pharmacy, CODE)
        assert pharmacy.late(CODE) == ()
        world.chain.mine(seconds=NOTICE)
        assert pharmacy.late(CODE) == (world.maker, world.wholesaler)
        assert pharmacy.late() == ()


class TestRecall:
    """
    given a recalled lot -> every pack counted where it is, by the nearest thing around it that moved
      as partners acknowledge and destroy -> the percentages rise
      made stronger, or found illegitimate -> the partners' day begins anew; who is late is so for the chain too
    given no recall      -> InputError
    """

    def test_says_how_far_it_has_come(self, world, stocked):
        pharmacy, wholesaler = stocked("pharmacy"), stocked("wholesaler")
        pharmacy.dispense(CODE, pharmacy=world.pharmacy)
        pharmacy.dispense(NEXT, pharmacy=world.pharmacy, filling=Filling(portion=1, whole=2))
        wholesaler.end(OTHER_CASE, State.STOLEN, organisation=world.wholesaler)
        wholesaler.pack(BOX, ["(00)003614140000000049"], packer=world.wholesaler)
        stocked("maker").recall(world.maker, RecallClass.CLASS_I, depth=RecallDepth.CONSUMER)
        found = pharmacy.recall_effect()
        assert found.packs == {
            Whereabouts.WITH_MAKER: 12,
            Whereabouts.HELD: 2 + 4,
            Whereabouts.OPENED: 1,
            Whereabouts.STOLEN: 4,
            Whereabouts.DISPENSED: 1,
        }
        assert found.holders == {world.wholesaler: 4, world.pharmacy: 3}
        assert (found.percentage, found.dispensed_since) == (Decimal("63.1"), 0)
        assert set(found.waiting) == {world.maker, world.wholesaler, world.pharmacy}
        wholesaler.acknowledge(world.wholesaler)
        wholesaler.end(BOX, State.DESTROYED, organisation=world.wholesaler)
        world.chain.mine(seconds=NOTICE)
        after = pharmacy.recall_effect()
        assert (after.packs[Whereabouts.DESTROYED], after.percentage) == (4, Decimal("84.2"))
        assert (list(after.answered), set(after.late)) == ([world.wholesaler], {world.maker, world.pharmacy})

    @pytest.mark.parametrize("second", [-1, 0, 1])
    @pytest.mark.parametrize("restart", ["", "stronger", "illegitimate"])
    def test_agrees_with_the_chain_on_who_is_late(self, world, stocked, second, restart):
        maker, pharmacy, wholesaler = (stocked(name) for name in ("maker", "pharmacy", "wholesaler"))
        begun = maker.recall(world.maker, RecallClass.CLASS_II, depth=RecallDepth.RETAIL).at
        at_second(world, begun + NOTICE + second)
        answered = wholesaler.acknowledge(world.wholesaler).at
        self.agree(pharmacy, late=answered >= begun + NOTICE, partner=world.wholesaler)
        world.chain.mine(seconds=2)  # what is said in the second of a notice answers it
        if restart == "stronger":
            begun = maker.recall(world.maker, RecallClass.CLASS_I, depth=RecallDepth.RETAIL).at
        if restart == "illegitimate":
            maker.suspect(world.maker)
            begun = maker.resolve(world.maker, is_cleared=False).at
        if restart:
            self.agree(pharmacy, late=False, partner=world.wholesaler)
            world.chain.travel(begun + NOTICE + second)
            self.agree(pharmacy, late=second >= 0, partner=world.wholesaler)

    def agree(self, goods, *, late, partner):
        found = goods.recall_effect()
        assert found.late == tuple(sorted(goods.late()))
        assert (partner in found.late) == late

    def test_needs_a_recall(self, goods):
        with pytest.raises(InputError, match="not recalled"):
            goods("maker").recall_effect()


class TestColdChain:
    """
    given a cold lot -> ships with a logger alone, waits for its report, and then is free, or in quarantine
    refused or taken back -> in quarantine at its sender, until somebody looked at it
    given its policy switched off -> free without a report
    given its readings -> anyone computes the same figures; one reading more, less or other does not agree
    given a product without a policy -> InputError
    """

    @pytest.fixture
    def cold(self, world, goods, files):
        maker = Goods(world.acting_as("maker"), files[1])
        maker.change_policy(COLD)
        maker.commission()
        return lambda name: Goods(world.acting_as(name), files[1])

    def measured(self, world, *celsius: str):
        now = world.chain.now()
        return tuple(Reading(now - 600 * n, from_celsius(Decimal(one))) for n, one in enumerate(celsius))[::-1]

    @pytest.mark.parametrize(
        ("celsius", "state"), [(("5", "8", "5.5"), State.HELD), (("5", "8.01", "5.5"), State.QUARANTINED)]
    )
    def test_is_free_when_it_was_cold(self, world, cold, move, celsius, state):
        logger = world.account("carrier").address
        pallet, readings = "(00)103614140000003009", self.measured(world, *celsius)
        receipt = move(cold, pallet, "maker", "wholesaler", logger=logger, logged_from=readings[0].at)
        assert receipt.event("UnitReceived").values["state"] == State.AWAITING
        with pytest.raises(Reverted, match="InvalidSignature"):
            cold("wholesaler").report(pallet, readings, logger=cold("maker"))
        summary, receipt = cold("wholesaler").report(pallet, readings, logger=cold("carrier"))
        assert receipt.event("ReadingsReported").values["state"] == state
        assert custody(cold("wholesaler"), pallet).state is state
        assert custody(cold("wholesaler"), pallet).custodian == mark_of(world.wholesaler)
        assert cold("pharmacy").check_report(pallet, readings) == summary
        for other in (readings[1:], readings[:-1], (*readings[:-1], Reading(readings[-1].at, 501))):
            with pytest.raises(InputError, match="which the readings come to"):
                cold("pharmacy").check_report(pallet, other)

    def test_does_not_travel_without_a_logger(self, world, cold, move):
        with pytest.raises(Reverted, match="WrongLogger"):
            move(cold, "(00)103614140000003009", "maker", "wholesaler")

    @pytest.mark.parametrize("act", ["refuse", "take_back"])
    def test_comes_back_into_quarantine(self, world, cold, act):
        pallet, logger = "(00)103614140000003009", world.account("carrier").address
        until = world.chain.now() + WEEK
        cold("maker").ship(pallet, sender=world.maker, receiver=world.wholesaler, until=until, logger=logger)
        getattr(cold("wholesaler" if act == "refuse" else "maker"), act)(pallet)
        assert custody(cold("maker"), pallet).state is State.QUARANTINED
        cold("maker").resolve(world.maker, pallet, is_cleared=True, justification=WHY)
        assert custody(cold("maker"), pallet).is_held_by(world.maker)

    def test_needs_no_report_once_it_need_not_be_cold(self, world, cold, move):
        pallet = "(00)103614140000003009"
        move(cold, pallet, "maker", "wholesaler", logger=world.account("carrier").address)
        cold("maker").change_policy(NO_POLICY)
        cold("wholesaler").give_up_report(pallet)
        assert custody(cold("wholesaler"), pallet).is_held_by(world.wholesaler)

    def test_gives_up_waiting(self, world, cold, move):
        pallet = "(00)103614140000003009"
        move(cold, pallet, "maker", "wholesaler", logger=world.account("carrier").address)
        cold("wholesaler").give_up_report(pallet)
        assert custody(cold("wholesaler"), pallet).state is State.QUARANTINED
        with pytest.raises(InputError, match="not on its way"):
            cold("wholesaler").give_up_report(pallet)

    @pytest.mark.parametrize(("second", "is_due"), [(-1, False), (0, False), (1, True)])
    def test_is_given_up_by_anyone_once_it_is_overdue(self, world, cold, move, second, is_due):
        pallet = "(00)103614140000003009"
        at = move(cold, pallet, "maker", "wholesaler", logger=world.account("carrier").address).at
        world.chain.travel(at + COLD.report_within + second)
        with nullcontext() if is_due else pytest.raises(Reverted, match="NotAuthorised"):
            cold("stranger").give_up_report(pallet)
        expected = State.QUARANTINED if is_due else State.AWAITING
        assert custody(cold("wholesaler"), pallet).state is expected

    def test_needs_a_policy_and_a_report(self, world, stocked, cold):
        with pytest.raises(InputError, match="without a policy"):
            stocked("pharmacy").check_report(CASE, self.measured(world, "5"))
        with pytest.raises(InputError, match="without a report"):
            cold("maker").check_report("(00)103614140000003009", self.measured(world, "5"))
