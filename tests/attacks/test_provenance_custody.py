"""What somebody may try with goods that it only carries, that came back, that are on their way, or that it gave out."""

from __future__ import annotations

from dataclasses import replace

from medtrust.accreditation import Role
from medtrust.drugs import Item, Offer, State, mark_of
from medtrust.packing import pack_id
from tests.attacks.framework import Attack, AttackTests, Blocked, attacks_on
from tests.attacks.provenance_goods import (
    BOX,
    CASE_ID,
    COUNTER,
    CUSTODY,
    DAY,
    LOT,
    PACKING,
    PALLET_ID,
    SCRIPT,
    item,
    state_of,
)
from tests.attacks.test_provenance_stops import POLICY, _arrived, _readings
from tests.drugs_world import (
    GTIN,
    SERIAL,
    assign_prefix,
    commission,
    drugs,
    move,
    offer,
    pack,
    path_of,
    ship,
    stock,
)
from tests.world import FAR, World

ATTACKS: list[Attack] = []
attack = attacks_on("DrugProvenance", ATTACKS)

# Carriers that are something else too


def _carried(world: World, role: Role) -> None:
    """A hospital's case, which it has from a pharmacy, is with a carrier that is accredited for another role too."""
    stock(world)
    move(world, CASE_ID, "pharmacy", "hospital")
    move(world, CASE_ID, "hospital", "carrier")
    world.acting_as("authority").accreditation.accredit(world.carrier, role, until=FAR)
    signer = world.account("stranger").address
    world.acting_as("carrier").accreditation.add_signer(world.carrier, signer, role, until=FAR)


def _sold(world: World, unit: bytes, lot: bytes = LOT) -> Offer:
    """The carrier sells as a wholesaler."""
    sent = offer(world, unit, "carrier", "pharmacy", lot=lot)
    sent = replace(sent, sender_role=Role.WHOLESALER)
    drugs(world, "stranger").ship(sent)
    drugs(world, "pharmacy").receive(sent)
    return sent


@attack(
    "provenance-return-laundered-by-its-carrier",
    defence="what was received as a carrier is shipped as one",
    blocked_by="NotInCustody",
    file="contracts/base/Sending.sol",
    patch=[("offer.fromRole() == Roles.CARRIER ? Custody.isHeld(word) : Custody.isOwn(word)", "Custody.isHeld(word)")],
)
def return_laundered_by_its_carrier(world: World) -> None:
    """A return that nobody may sell again is carried by one who is a wholesaler too, and who sells it."""
    _carried(world, Role.WHOLESALER)
    _sold(world, CASE_ID)
    assert state_of(world, CASE_ID) == State.HELD


@attack(
    "provenance-return-laundered-in-a-box",
    defence="what is only carried comes into no box, which would forget for whom",
    blocked_by="NotInCustody",
    file=PACKING,
    patch=[("_checkHolder(unit, organisation, word, Custody.isOwn(word));", "")],
)
def return_laundered_in_a_box(world: World) -> None:
    _carried(world, Role.WHOLESALER)
    packing = drugs(world, "carrier").pack(world.carrier, [LOT], BOX, [Item(LOT, CASE_ID)])
    _sold(world, BOX, packing.event("UnitPacked").values["mix"])
    assert state_of(world, CASE_ID) == State.HELD


@attack(
    "provenance-carried-box-filled-again",
    defence="a box that is only carried is nobody's to fill, also not its packer's",
    blocked_by="NotInCustody",
    file=PACKING,
    patch=[("_checkHolder(container, organisation, word, Custody.isOwn(word));\n\n", "{}\n\n")],
)
def carried_box_filled_again(world: World) -> None:
    """A pharmacy's box comes back to the pharmacy as a carrier's, and with one more pack in it is its own again."""
    stock(world)
    shop = drugs(world, "pharmacy")
    mix = shop.pack(world.pharmacy, [LOT], BOX, [item()]).event("UnitPacked").values["mix"]
    _receive_as_carrier(world, BOX, mix)
    shop.pack(world.pharmacy, [LOT], BOX, [item("1-1-2")])
    assert world.suite.drugs.custody_of(mix, BOX).source == bytes(16)


def _receive_as_carrier(world: World, unit: bytes, lot: bytes) -> None:
    """The hospital has a unit from the pharmacy, and hands it to the pharmacy as to a carrier."""
    sent = offer(world, unit, "pharmacy", "hospital", lot=lot)
    drugs(world, "pharmacy").ship(sent)
    drugs(world, "hospital").receive(sent)
    world.acting_as("authority").accreditation.accredit(world.pharmacy, Role.CARRIER, until=FAR)
    signer = world.account("stranger").address
    world.acting_as("pharmacy").accreditation.add_signer(world.pharmacy, signer, Role.CARRIER, until=FAR)
    back = replace(offer(world, unit, "hospital", "pharmacy", lot=lot), receiver_role=Role.CARRIER)
    drugs(world, "hospital").ship(back)
    drugs(world, "stranger").receive(back)


@attack(
    "provenance-carried-pack-dispensed",
    defence="what is only carried is not dispensed",
    blocked_by="NotInCustody",
    file=COUNTER,
    patch=[("_checkHolder(unit, pharmacy, word, Custody.isOwn(word));", "")],
)
def carried_pack_dispensed(world: World) -> None:
    _carried(world, Role.PHARMACY)
    drugs(world, "stranger").dispense(world.carrier, LOT, SERIAL, path_of(pack()))
    assert world.suite.drugs.end_of(pack()) is not None


# Cold goods that come back


def _warm(world: World) -> Offer:
    """A cold pallet lies in the sun for an hour, on its way."""
    assign_prefix(world)
    drugs(world, "maker").change_policy(world.maker, GTIN, POLICY, prefix_digits=7)
    commission(world)
    now, logger = world.chain.now(), world.account("carrier").address
    given = replace(offer(world, PALLET_ID, "maker", "wholesaler", seconds=DAY), logger=logger, logged_from=now)
    drugs(world, "maker").ship(given, path_of(PALLET_ID))
    world.chain.travel(now + 3_600)
    return given


def _sell_on(world: World, given: Offer, unit: bytes) -> None:
    again = replace(given, unit=unit, receiver=world.pharmacy, receiver_role=Role.PHARMACY)
    again = replace(again, until=world.chain.now() + DAY, logged_from=world.chain.now())
    drugs(world, "maker").ship(again, path_of(unit))


@attack(
    "provenance-warm-goods-taken-back",
    defence="cold goods that did not arrive come back into quarantine",
    blocked_by="NotInCustody",
    file=CUSTODY,
    patch=[("offer.logger == address(0) ? word : quarantined(word)", "word")],
)
def warm_goods_taken_back(world: World) -> None:
    """Its sender takes back what became warm, and sells it with a new logger."""
    given = _warm(world)
    drugs(world, "maker").take_back(given)
    _sell_on(world, given, PALLET_ID)


@attack(
    "provenance-warm-goods-missing",
    defence="what is missing from a cold shipment comes back into quarantine",
    blocked_by="NotInCustody",
    patch=[("_put(lot, unit, Custody.returned(offer));", "_put(lot, unit, Custody.held(offer.from, offer.source()));")],
)
def warm_goods_missing(world: World) -> None:
    given = _warm(world)
    drugs(world, "wholesaler").receive(given, [Item(LOT, CASE_ID, path_of(CASE_ID))])
    _sell_on(world, given, CASE_ID)


@attack(
    "provenance-interim-report",
    defence="while a better report may come, only the receiver settles for less",
    blocked_by="NotAuthorised",
    patch=[("if (!isFine && !isLate) _checkAuthorised(offer.to, Roles.PARTICIPANT);", "isLate;")],
)
def interim_report(world: World) -> None:
    """What a logger signed half way is brought by somebody who does not wish the receiver well."""
    given = _arrived(world)
    readings = _readings(world, given, until=given.logged_from + 600)
    signature = drugs(world, "carrier").sign_report(given, readings)
    drugs(world, "attacker").report(given, readings, signature)
    assert state_of(world, PALLET_ID) == State.QUARANTINED


@attack(
    "provenance-given-up-by-a-stranger",
    defence="until a report is too late, only the receiver gives it up",
    blocked_by="NotAuthorised",
    patch=[("if (!isFine && !isLate) _checkAuthorised(offer.to, Roles.PARTICIPANT);", "isLate;")],
)
def given_up_by_a_stranger(world: World) -> None:
    given = _arrived(world)
    drugs(world, "attacker").give_up_report(given)
    assert state_of(world, PALLET_ID) == State.QUARANTINED


@attack(
    "provenance-freed-without-a-report",
    defence="without a signature nothing is within a policy that stands",
    blocked_by="QUARANTINED",
    patch=[("isFine = isFine && isSigned && ColdChain", "isFine = isFine && ColdChain")],
)
def freed_without_a_report(world: World) -> None:
    """A receiver makes the readings up, and says that nobody signed them."""
    given = _arrived(world)
    drugs(world, "wholesaler").report(given, _readings(world, given), b"")
    if state_of(world, PALLET_ID) != State.HELD:
        raise Blocked(state_of(world, PALLET_ID).name)


# What is on its way


@attack(
    "provenance-flag-dodged-by-shipping",
    defence="a shipment is stopped on its way",
    blocked_by="OfferNotLive",
    patch=[("_flag(offer.lot, offer.unit, organisation, held);", "held;")],
)
def flag_dodged_by_shipping(world: World) -> None:
    """The hospital gets a suspect pack, because its holder shipped it before the regulator came."""
    stock(world)
    given = ship(world, pack(), "pharmacy", "hospital")
    drugs(world, "regulator").flag_shipment(given, world.regulator)
    drugs(world, "hospital").receive(given)
    assert state_of(world, pack()) == State.HELD


@attack(
    "provenance-shipment-stopped-by-a-rival",
    defence="only the manufacturer or a regulator stops what is on its way",
    blocked_by="NotAuthorised",
    patch=[("        _checkOversees(organisation, _overseen(organisation, offer.lot));\n", "")],
)
def shipment_stopped_by_a_rival(world: World) -> None:
    stock(world)
    given = ship(world, pack(), "pharmacy", "hospital")
    drugs(world, "wholesaler").flag_shipment(given, world.wholesaler)
    assert state_of(world, pack()) == State.QUARANTINED


@attack(
    "provenance-invented-shipment-stopped",
    defence="what is stopped on its way is on its way with this very offer",
    blocked_by="OfferNotLive",
    patch=[("require(Custody.isOf(word, id), OfferNotLive(id));", "")],
)
def invented_shipment_stopped(world: World) -> None:
    """A maker invents that the pharmacy's case came to a wholesaler: stopped and cleared, it is the wholesaler's."""
    stock(world)
    drugs(world, "maker").flag_shipment(offer(world, CASE_ID, "hospital", "wholesaler"), world.maker)
    drugs(world, "maker").resolve(world.maker, LOT, CASE_ID, is_cleared=True, justification=SCRIPT)
    assert world.suite.drugs.custody_of(LOT, CASE_ID).custodian == mark_of(world.wholesaler)


@attack(
    "provenance-missing-is-all",
    defence="the unit that arrives is not missing from itself",
    blocked_by="NotInside",
    patch=[("unit != offer.unit && ", "")],
)
def missing_is_all(world: World) -> None:
    """A receiver says that all of a shipment is missing, and has it."""
    stock(world)
    given = ship(world, CASE_ID, "pharmacy", "hospital")
    drugs(world, "hospital").receive(given, [Item(LOT, CASE_ID)])
    assert world.suite.drugs.custody_of(LOT, CASE_ID).custodian == mark_of(world.hospital)


@attack(
    "provenance-released-without-a-reason",
    defence="what was stopped is set free for a reason that can be shown",
    blocked_by="MissingJustification",
    patch=[("require(!isCleared || justification != bytes32(0), MissingJustification());", "")],
)
def released_without_a_reason(world: World) -> None:
    stock(world)
    drugs(world, "maker").flag_suspect(world.maker, item())
    drugs(world, "maker").resolve(world.maker, LOT, pack(), is_cleared=True, justification=bytes(32))
    assert state_of(world, pack()) == State.HELD


# The counter


@attack(
    "provenance-undo-after-shipping",
    defence="a pharmacy takes a dispense back only while it has the pack",
    blocked_by="NotInCustody",
    file=COUNTER,
    patch=[("_checkHolder(item.unit, pharmacy, word, !Custody.hasLeft(word));", "word;")],
)
def undo_after_shipping(world: World) -> None:
    """A pharmacy gives a pack out, ships the case in which it was, and makes the pack good at the next one."""
    stock(world)
    drugs(world, "pharmacy").dispense(world.pharmacy, LOT, SERIAL, path_of(pack()))
    move(world, CASE_ID, "pharmacy", "hospital")
    drugs(world, "pharmacy").undo(world.pharmacy, item())
    assert world.suite.drugs.end_of(pack()) is None


@attack(
    "provenance-box-dispensed",
    defence="what is dispensed is a pack of a lot, no box of a mix",
    blocked_by="UnknownLot",
    file=COUNTER,
    patch=[
        (
            "(LotStatus status, ) = _lot(lot).standing();\n        Standings.checkActive(lot, status);",
            "_checkActive(lot);",
        )
    ],
)
def box_dispensed(world: World) -> None:
    """A pharmacy gives its box the id of a pack without a product, and dispenses it."""
    stock(world)
    invented = pack_id("0", "1")
    packing = drugs(world, "pharmacy").pack(world.pharmacy, [LOT], invented, [item()])
    drugs(world, "pharmacy").dispense(world.pharmacy, packing.event("UnitPacked").values["mix"], "1")
    assert world.suite.drugs.end_of(invented) is not None


class TestAttacks(AttackTests):
    """Each attack of the list, with the defence and without."""
