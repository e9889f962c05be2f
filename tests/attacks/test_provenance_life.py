"""What somebody may try with returns, repacking and prescriptions."""

from __future__ import annotations

from dataclasses import replace

from medtrust.accreditation import Role
from medtrust.drugs import Filling, Item, RecallClass, RecallDepth, State, mark_of
from medtrust.packing import container_id
from tests.attacks.framework import Attack, AttackTests, Blocked, attacks_on
from tests.attacks.provenance_goods import (
    BOX,
    CASE_ID,
    CUSTODY,
    DAY,
    DISPENSING,
    LOT,
    MIXES,
    OTHER,
    PACKING,
    SCRIPT,
    STOCK,
    item,
    state_of,
)
from tests.drugs_world import (
    SERIAL,
    commission,
    drugs,
    move,
    offer,
    pack,
    path_of,
    ship,
    sscc,
    stock,
)
from tests.world import FAR, World

ATTACKS: list[Attack] = []
attack = attacks_on("DrugProvenance", ATTACKS)


def holder_of(world: World, unit: bytes = CASE_ID) -> bytes | None:
    return world.suite.drugs.custody_of(LOT, unit, path_of(unit)).custodian


def dispense(world: World, serial: str = SERIAL, filling: Filling | None = None) -> None:
    drugs(world, "pharmacy").dispense(world.pharmacy, LOT, serial, path_of(pack(serial)), filling=filling or Filling())


def second_pharmacy(world: World) -> None:
    """The hospital is a pharmacy too."""
    registry = world.acting_as("authority").accreditation
    registry.accredit(world.hospital, Role.PHARMACY, until=FAR)
    admin, signer = world.acting_as("hospital").accreditation, world.account("stranger").address
    admin.add_signer(world.hospital, signer, Role.PHARMACY, until=FAR)


# Whose it is


@attack(
    "provenance-lookalike-holder",
    defence="a holder is known by a hash of its id, which no authority can choose",
    blocked_by="NotInCustody",
    file=CUSTODY,
    patch=[("uint256(keccak256(abi.encode(organisation))) | _HELD", "uint256(organisation) | _HELD")],
)
def lookalike_holder(world: World) -> None:
    """An authority registers an id that begins as the pharmacy's, and its man dispenses the pharmacy's stock."""
    stock(world)
    lookalike = world.pharmacy[:16] + bytes(16)
    signer = world.account("attacker").address
    registry = world.acting_as("authority").accreditation
    registry.register(lookalike, 840, signer, until=FAR)
    registry.accredit(lookalike, Role.PHARMACY, until=FAR)
    world.acting_as("attacker").accreditation.add_signer(lookalike, signer, Role.PHARMACY, until=FAR)
    drugs(world, "attacker").dispense(lookalike, LOT, SERIAL, path_of(pack()))
    assert world.suite.drugs.end_of(pack()) is not None


@attack(
    "provenance-extra-units-taken",
    defence="what is too much in a shipment is reported, and stays the sender's",
    blocked_by="not taken",
    patch=[
        (
            "            emit ExtraReported(lot, unit, offer.to, offer.from);",
            (
                "            _put(lot, unit, Custody.held(offer.to, 0));\n"
                "            emit ExtraReported(lot, unit, offer.to, offer.from);"
            ),
        )
    ],
)
def extra_units_taken(world: World) -> None:
    """A receiver names a pallet that it never got as too much in its shipment."""
    stock(world)
    given = ship(world, container_id(sscc(12)), "wholesaler", "pharmacy")
    wanted = container_id(sscc(13))
    drugs(world, "pharmacy").receive(given, (), [Item(LOT, wanted, path_of(wanted))])
    if holder_of(world, wanted) == mark_of(world.wholesaler):
        raise Blocked("not taken")
    assert holder_of(world, wanted) == mark_of(world.pharmacy)


@attack(
    "provenance-missing-unit-of-another",
    defence="what is said to be missing is proven to be in this shipment",
    blocked_by="NotInside",
    patch=[(" && _wordOf(_lot(lot), lot, unit, missing[i].path) == id;", ";")],
)
def missing_unit_of_another(world: World) -> None:
    """Sender and receiver agree that a pack of the pharmacy is missing: so it would be the sender's."""
    stock(world)
    given = ship(world, container_id(sscc(12)), "wholesaler", "hospital")
    drugs(world, "hospital").receive(given, [item()])
    assert holder_of(world, pack()) == mark_of(world.wholesaler)


# Returns


@attack(
    "provenance-return-to-a-stranger",
    defence="what comes back is sold again only by who had sold it",
    blocked_by="QUARANTINED",
    file=CUSTODY,
    patch=[("bool isSaleable = uint120(source) == uint120(uint128(mark));", "bool isSaleable = true;")],
)
def return_to_a_stranger(world: World) -> None:
    """A hospital's stock comes to a wholesaler through a pharmacy that never bought it there."""
    stock(world)
    move(world, CASE_ID, "pharmacy", "hospital")
    _moves(world, CASE_ID, "hospital", "wholesaler")


@attack(
    "provenance-return-through-a-carrier",
    defence="a carrier's source tells for whom it carries, so that a return stays one",
    blocked_by="QUARANTINED",
    file=CUSTODY,
    patch=[("if (tierTo <= tier) return", "if (tierTo <= tier || offer.fromRole() == Roles.CARRIER) return")],
)
def return_through_a_carrier(world: World) -> None:
    stock(world)
    move(world, CASE_ID, "pharmacy", "hospital")
    move(world, CASE_ID, "hospital", "carrier")
    _moves(world, CASE_ID, "carrier", "wholesaler")


@attack(
    "provenance-return-of-what-a-carrier-passed-on",
    defence="what a carrier brings from one pharmacy to another has no seller, so nobody takes it back for sale",
    blocked_by="QUARANTINED",
    file=CUSTODY,
    patch=[("if (offer.fromRole() == Roles.CARRIER && tier == _RETAIL && tierTo == _RETAIL) seller = 0;", "")],
)
def return_of_what_a_carrier_passed_on(world: World) -> None:
    """A hospital has the pharmacy's stock by a carrier, and returns it to the wholesaler, who never sold to it."""
    stock(world)
    move(world, CASE_ID, "pharmacy", "carrier")
    move(world, CASE_ID, "carrier", "hospital")
    _moves(world, CASE_ID, "hospital", "wholesaler")


@attack(
    "provenance-forged-source",
    defence="an offer names the source that the unit has",
    blocked_by="WrongSource",
    file="contracts/base/Sending.sol",
    patch=[("require(bytes16(word << 128) == offer.source(), WrongSource(offer.unit, bytes16(word << 128)));", "")],
)
def forged_source(world: World) -> None:
    """The hospital pretends that it bought from the wholesaler what it has from a pharmacy."""
    stock(world)
    move(world, CASE_ID, "pharmacy", "hospital")
    seller = bytes(1) + mark_of(world.wholesaler)[1:]
    given = replace(offer(world, CASE_ID, "hospital", "wholesaler"), source=seller)
    drugs(world, "hospital").ship(given)
    drugs(world, "wholesaler").receive(given)
    assert state_of(world, CASE_ID) == State.HELD


def _moves(world: World, unit: bytes, sender: str, receiver: str) -> None:
    move(world, unit, sender, receiver)
    state = state_of(world, unit)
    if state != State.HELD:
        raise Blocked(state.name)


# Repacking


@attack(
    "provenance-pack-others-goods",
    defence="only what the packer holds comes into its container",
    blocked_by="NotInCustody",
    file=PACKING,
    patch=[("_checkHolder(unit, organisation, word, Custody.isOwn(word));", "")],
)
def pack_others_goods(world: World) -> None:
    stock(world)
    drugs(world, "hospital").pack(world.hospital, [LOT], BOX, [item()])
    assert holder_of(world, pack()) == mark_of(world.hospital)


@attack(
    "provenance-two-later-parents",
    defence="what is in a container must be taken out before it comes into another",
    blocked_by="AlreadyPacked",
    file=PACKING,
    patch=[("require(!Custody.isInside(_wordAt(lot, unit)), AlreadyPacked(lot, unit));", "")],
)
def two_later_parents(world: World) -> None:
    stock(world)
    shop = drugs(world, "pharmacy")
    for box in (BOX, container_id(sscc(78))):
        shop.pack(world.pharmacy, [LOT], box, [item()])


@attack(
    "provenance-later-cycle",
    defence="what is in a container is of a lower level, so that none comes into itself",
    blocked_by="InvalidMix",
    file=MIXES,
    patch=[("bool isLower = count == 0 || uint8(uint256(lot)) < level;", "bool isLower = true;")],
)
def later_cycle(world: World) -> None:
    """Two boxes of one level in each other would be nobody's, for ever, and looking for them would never end."""
    stock(world)
    shop = drugs(world, "pharmacy")
    packing = shop.pack(world.pharmacy, [LOT], BOX, [item()])
    mix = packing.event("UnitPacked").values["mix"]
    shop.pack(world.pharmacy, [LOT], container_id(sscc(78)), [Item(mix, BOX)])


@attack(
    "provenance-recall-dodged-by-a-mix",
    defence="a mix names each lot that is in it",
    blocked_by="LotNotListed",
    file=MIXES,
    patch=[("require(i != lots.length, IDrugProvenance.LotNotListed(lot));", "")],
)
def recall_dodged_by_a_mix(world: World) -> None:
    """A pack of a lot that will be recalled travels in a box of another lot."""
    stock(world)
    commission(world, OTHER)
    packing = drugs(world, "pharmacy").pack(world.pharmacy, [OTHER.id], BOX, [item()])
    mix = packing.event("UnitPacked").values["mix"]
    drugs(world, "maker").recall(world.maker, LOT, RecallClass.CLASS_I, depth=RecallDepth.CONSUMER)
    given = offer(world, BOX, "pharmacy", "hospital", lot=mix)
    drugs(world, "pharmacy").ship(given)


@attack(
    "provenance-recall-of-one-lot-of-a-mix",
    defence="a mix is as its worst lot is",
    blocked_by="LotRecalled",
    file="contracts/base/LotBook.sol",
    patch=[
        (
            "if (i == 0 || (status != LotStatus.ACTIVE && worst != LotStatus.RECALLED)) worst = status;",
            "worst = status;",
        )
    ],
)
def recall_of_one_lot_of_a_mix(world: World) -> None:
    stock(world)
    commission(world, OTHER)
    packing = drugs(world, "pharmacy").pack(world.pharmacy, [LOT, OTHER.id], BOX, [item()])
    mix = packing.event("UnitPacked").values["mix"]
    drugs(world, "maker").recall(world.maker, LOT, RecallClass.CLASS_I, depth=RecallDepth.CONSUMER)
    drugs(world, "pharmacy").ship(offer(world, BOX, "pharmacy", "hospital", lot=mix))


# The counter


@attack(
    "provenance-prescription-twice",
    defence="a prescription is filled once, wherever",
    blocked_by="PrescriptionFilled",
    file=DISPENSING,
    patch=[("state.fills[prescription] == bytes32(0)", "prescription != bytes32(0)")],
)
def prescription_twice(world: World) -> None:
    stock(world)
    for serial in ("1-1-1", "1-1-2"):
        dispense(world, serial, Filling(SCRIPT))


@attack(
    "provenance-more-than-a-pack",
    defence="the portions of a pack never come to more than it",
    blocked_by="InvalidPortion",
    file=DISPENSING,
    patch=[("taken + portion <= whole", "portion <= whole")],
)
def more_than_a_pack(world: World) -> None:
    stock(world)
    for _ in range(2):
        dispense(world, filling=Filling(portion=20, whole=30))


@attack(
    "provenance-opened-pack-elsewhere",
    defence="an opened pack goes on only at the pharmacy that opened it",
    blocked_by="AlreadyDispensed",
    file=DISPENSING,
    patch=[(" && bytes16(bytes32(end)) == Custody.markOf(pharmacy);", " && pharmacy != 0;")],
)
def opened_pack_elsewhere(world: World) -> None:
    """It cannot be shipped, but travels on in its case, and a second pharmacy sells the rest of it as new."""
    stock(world)
    second_pharmacy(world)
    part = Filling(portion=10, whole=30)
    dispense(world, filling=part)
    move(world, CASE_ID, "pharmacy", "hospital")
    drugs(world, "stranger").dispense(world.hospital, LOT, SERIAL, path_of(pack()), filling=part)


@attack(
    "provenance-undo-after-ten-days",
    defence="a pack comes back to stock within 10 days or not at all",
    blocked_by="NotUndoable",
    file=DISPENSING,
    patch=[("block.timestamp < uint256(uint32(end)) + _UNDO_PERIOD", "end != 0")],
)
def undo_after_ten_days(world: World) -> None:
    stock(world)
    dispense(world)
    world.chain.travel(world.chain.now() + 10 * DAY)
    drugs(world, "pharmacy").undo(world.pharmacy, item())
    assert world.suite.drugs.end_of(pack()) is None


@attack(
    "provenance-undo-by-another",
    defence="only the pharmacy that dispensed a pack takes it back",
    blocked_by="NotUndoable",
    file=DISPENSING,
    patch=[("bytes16(bytes32(end)) == Custody.markOf(pharmacy) &&", "pharmacy != 0 &&")],
)
def undo_by_another(world: World) -> None:
    """The next pharmacy has the case in which the pack was, and makes it good."""
    stock(world)
    second_pharmacy(world)
    dispense(world)
    move(world, CASE_ID, "pharmacy", "hospital")
    drugs(world, "stranger").undo(world.hospital, item())
    assert world.suite.drugs.end_of(pack()) is None


@attack(
    "provenance-stolen-pallet",
    defence="what is stolen is so with everything in it",
    blocked_by="NotInCustody",
    file=STOCK,
    patch=[
        ("if (isFree && custodian == ", "if ((isFree || word != 0) && custodian == "),
    ],
)
def stolen_pallet(world: World) -> None:
    stock(world)
    drugs(world, "pharmacy").end(world.pharmacy, Item(LOT, CASE_ID), State.STOLEN)
    dispense(world)


class TestAttacks(AttackTests):
    """Each attack of the list, with the defence and without."""
