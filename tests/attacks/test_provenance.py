"""What somebody may try who wants to sell a pack that is not his, not good, or not real."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from medtrust.accreditation import Role
from medtrust.drugs import Fate, LotStatus, RecallClass, RecallDepth, Verdict, mark_of
from medtrust.errors import InputError, Reverted
from medtrust.merkle import MerkleTree, standard_leaf
from medtrust.packing import Container, PackedLot, Step, container_id, pack_id
from medtrust.standards.gs1 import Scan, check_digit
from medtrust.types import organisation_id
from tests.attacks.framework import Attack, AttackTests, Blocked, attacks_on
from tests.drugs_world import (
    CASE,
    EXPIRY,
    GTIN,
    PALLET,
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
    ship,
    sscc,
    stock,
)
from tests.world import CHINA, FAR, World

ATTACKS: list[Attack] = []
attack = attacks_on("DrugProvenance", ATTACKS)

LOT = packed().id
PALLET_ID, CASE_ID = container_id(PALLET), container_id(CASE)
RIVAL = organisation_id("urn:gs1:gln:0614141999996")


def rival(world: World, role: Role, organisation: bytes = RIVAL, jurisdiction: int = 840) -> None:
    """Another organisation with a role, for which the attacker signs."""
    signer = world.account("attacker").address
    if jurisdiction != 840:
        world.acting_as("steward").accreditation.open_jurisdiction(jurisdiction, signer)
    registry = world.acting_as("authority" if jurisdiction == 840 else "attacker").accreditation
    registry.register(organisation, jurisdiction, signer, until=FAR)
    registry.accredit(organisation, role, until=FAR)
    world.acting_as("attacker").accreditation.add_signer(organisation, signer, role, until=FAR)


def is_dispensed(world: World, unit: bytes = pack()) -> bool:
    end = world.suite.drugs.end_of(unit)
    return end is not None and end.fate == Fate.DISPENSED


def dispense(world: World, by: str = "pharmacy", serial: str = SERIAL) -> None:
    drugs(world, by).dispense(getattr(world, by), LOT, serial, path_of(pack(serial)))


# The product


@attack(
    "provenance-foreign-prefix",
    defence="a product is commissioned only by the owner of its GS1 company prefix",
    blocked_by="PrefixNotOwned",
    patch=[
        (
            "require(prefixOwnerOf(prefix, digits) == manufacturer, PrefixNotOwned(prefix, digits, manufacturer));",
            "",
        )
    ],
)
def foreign_prefix(world: World) -> None:
    assign_prefix(world)
    rival(world, Role.MANUFACTURER)
    drugs(world, "attacker").commission(RIVAL, packed(), prefix_digits=7, expiry=EXPIRY)
    assert world.suite.drugs.lot_of(LOT).manufacturer == RIVAL


@attack(
    "provenance-longer-prefix",
    defence="no prefix is part of another, so that no product has two owners",
    blocked_by="PrefixTaken",
    file="contracts/base/GS1Prefixes.sol",
    patch=[("require(_owners[length][shorter] == bytes32(0), PrefixTaken(shorter, length));", "")],
)
def longer_prefix(world: World) -> None:
    assign_prefix(world)
    rival(world, Role.MANUFACTURER)
    drugs(world, "regulator").assign_prefix(world.regulator, RIVAL, GTIN[1:9])
    drugs(world, "attacker").commission(RIVAL, packed(), prefix_digits=8, expiry=EXPIRY)
    assert world.suite.drugs.lot_of(LOT).manufacturer == RIVAL


@attack(
    "provenance-shorter-prefix",
    defence="a prefix of which a longer form is assigned stays free",
    blocked_by="PrefixTaken",
    file="contracts/base/GS1Prefixes.sol",
    patch=[(" && !_divided[digits][prefix]", "")],
)
def shorter_prefix(world: World) -> None:
    assign_prefix(world)
    rival(world, Role.MANUFACTURER)
    drugs(world, "regulator").assign_prefix(world.regulator, RIVAL, PREFIX[:5])
    drugs(world, "attacker").commission(RIVAL, packed(), prefix_digits=5, expiry=EXPIRY)
    assert world.suite.drugs.lot_of(LOT).manufacturer == RIVAL


@attack(
    "provenance-foreign-regulator-prefix",
    defence="a regulator assigns prefixes only within its own jurisdiction",
    blocked_by="ForeignRegulator",
    file="contracts/base/GS1Prefixes.sol",
    patch=[
        ("require(_isHome(regulator, organisation), ", "require(regulator != 0, "),
    ],
)
def foreign_regulator_prefix(world: World) -> None:
    rival(world, Role.REGULATOR, jurisdiction=CHINA)
    drugs(world, "attacker").assign_prefix(RIVAL, world.wholesaler, PREFIX)
    assert world.suite.drugs.prefix_owner_of(PREFIX) == world.wholesaler


@attack(
    "provenance-recommission",
    defence="a lot number of a product is commissioned once",
    blocked_by="LotExists",
    patch=[
        (
            "require(_lot(lot).commissionedAt == 0, LotExists(lot));",
            "",
        ),
    ],
)
def recommission(world: World) -> None:
    """Make an expired lot young by commissioning it again."""
    assign_prefix(world)
    commission(world)
    world.chain.travel(world.suite.drugs.lot_of(LOT).expires_at)
    commission(world, expiry=EXPIRY.replace(year=2033))
    assert world.suite.drugs.lot_status(LOT) == LotStatus.ACTIVE


@attack(
    "provenance-misread-gtin",
    defence="the check digit of a product is verified on chain",
    blocked_by="BadCheckDigit",
    patch=[("require(GS1.isGtin(gtin), BadCheckDigit(gtin));", "")],
)
def misread_gtin(world: World) -> None:
    assign_prefix(world)
    wrong = PackedLot("00361414567984", "MT2026A", bytes(32), packs=["1"])
    commission(world, wrong)
    assert world.suite.drugs.lot_status(wrong.id) == LotStatus.ACTIVE


# The pack


@attack(
    "provenance-cloned-serial",
    defence="a pack ends once, whoever holds the box that carries its serial",
    blocked_by="AlreadyDispensed",
    file="contracts/libraries/Dispensing.sol",
    patch=[
        (
            "uint256 end = state.ends[pack];\n        (uint256 portion, uint256 whole)",
            "uint256 end = 0;\n        (uint256 portion, uint256 whole)",
        ),
    ],
)
def cloned_serial(world: World) -> None:
    """A copy of a box is dispensed in a second city, from the same serial and path."""
    stock(world)
    dispense(world)
    dispense(world)


@attack(
    "provenance-double-dispensing",
    defence="after a dispense a pack cannot travel on to a second pharmacy",
    blocked_by="AlreadyDispensed",
    file="contracts/libraries/Dispensing.sol",
    patch=[
        (
            "require(end == 0, IDrugProvenance.AlreadyDispensed(pack, uint32(end)));",
            "",
        ),
        (
            "uint256 end = state.ends[pack];\n        (uint256 portion, uint256 whole)",
            "uint256 end = 0;\n        (uint256 portion, uint256 whole)",
        ),
    ],
)
def double_dispensing(world: World) -> None:
    stock(world)
    rival(world, Role.PHARMACY)
    dispense(world)
    given = replace(offer(world, pack(), "pharmacy", "wholesaler"), receiver=RIVAL, receiver_role=Role.PHARMACY)
    drugs(world, "pharmacy").ship(given, path_of(pack()))
    drugs(world, "attacker").receive(given)
    drugs(world, "attacker").dispense(RIVAL, LOT, SERIAL)
    assert world.suite.drugs.end_of(pack()).by == mark_of(RIVAL)


@attack(
    "provenance-serial-in-two-lots",
    defence="the end is kept per pack, not per lot, so that a serial commissioned twice is sold once",
    blocked_by="AlreadyDispensed",
    file="contracts/base/Counter.sol",
    patch=[
        (
            "_packs().dispense(pharmacy, _lot(lot).unitsRoot, unit, filling);",
            "_packs().dispense(pharmacy, 0, keccak256(abi.encode(lot, unit)), filling);",
        ),
    ],
)
def serial_in_two_lots(world: World) -> None:
    stock(world)
    second = packed("MT2026C")
    commission(world, second)
    given = offer(world, PALLET_ID, "maker", "pharmacy", lot=second.id)
    drugs(world, "maker").ship(given, second.path(PALLET_ID))
    drugs(world, "pharmacy").receive(given)
    dispense(world)
    drugs(world, "pharmacy").dispense(world.pharmacy, second.id, SERIAL, second.path(pack()))


@attack(
    "provenance-invented-serial",
    defence="a pack is proven against the root that its maker committed to",
    blocked_by="UnitNotProven",
    file="contracts/libraries/Paths.sol",
    patch=[
        (
            "return node == record.unitsRoot;",
            "return node != 0;",
        ),
    ],
)
def invented_serial(world: World) -> None:
    stock(world)
    *above, last = path_of(pack())
    counterfeit = pack_id(GTIN, "COUNTERFEIT")
    path = (*above, replace(last, unit=counterfeit))
    drugs(world, "pharmacy").dispense(world.pharmacy, LOT, "COUNTERFEIT", path)
    assert is_dispensed(world, counterfeit)


@attack(
    "provenance-another-packs-path",
    defence="the last unit of a path is the pack that is dispensed",
    blocked_by="UnitNotProven",
    file="contracts/libraries/Paths.sol",
    patch=[
        (
            "node = keccak256(abi.encode(keccak256(abi.encode(lot, unit, node))));",
            "node = keccak256(abi.encode(keccak256(abi.encode(lot, step.unit == 0 ? unit : step.unit, node))));",
        ),
    ],
)
def another_packs_path(world: World) -> None:
    stock(world)
    counterfeit = pack_id(GTIN, "COUNTERFEIT")
    whole = (bytes(32), 0, 0)
    drugs(world, "pharmacy")._send("dispense", world.pharmacy, LOT, "COUNTERFEIT", path_of(pack()), whole)
    assert is_dispensed(world, counterfeit)


@attack(
    "provenance-inner-node-as-unit",
    defence="a leaf is hashed twice, so that no inner node of the tree passes for one",
    blocked_by="UnitNotProven",
    file="contracts/libraries/Paths.sol",
    patch=[
        (
            "node = keccak256(abi.encode(keccak256(abi.encode(lot, unit, node))));",
            "node = unit;",
        ),
    ],
)
def inner_node_as_unit(world: World) -> None:
    """Ship the hash over two pallets as if it were a unit; the twin takes nodes as they are."""
    assign_prefix(world)
    lot = PackedLot(GTIN, "MT2026D", bytes(32), packs=["1", "2", "3", "4"])
    commission(world, lot)
    leaves = [standard_leaf(("bytes32",) * 3, (lot.id, step.unit, step.content)) for step in _last_steps(lot)]
    inner, sibling = _inner_nodes(leaves)
    given = offer(world, inner, "maker", "wholesaler", lot=lot.id)
    drugs(world, "maker").ship(given, (Step(inner, b"\x01" * 32, (sibling,)),))
    assert world.suite.drugs.custody_of(lot.id, inner).offer == given.id


def _last_steps(lot: PackedLot) -> list[Step]:
    return [lot.path(unit)[-1] for unit in lot.units()]


def _inner_nodes(leaves: list[bytes]) -> tuple[bytes, bytes]:
    nodes = list(MerkleTree(leaves).nodes())
    return nodes[1], nodes[2]


@attack(
    "provenance-unit-of-another-lot",
    defence="a leaf names its lot, so that a path of one lot proves nothing in another",
    blocked_by="UnitNotProven",
    file="contracts/libraries/Paths.sol",
    patch=[
        (
            "node = keccak256(abi.encode(keccak256(abi.encode(lot, unit, node))));",
            "node = keccak256(abi.encode(keccak256(abi.encode(bytes32(0), unit, node))));",
        ),
    ],
)
def unit_of_another_lot(world: World) -> None:
    """A root built for no lot in particular is committed to by two lots; the twin takes leaves without a lot."""
    assign_prefix(world)
    unit = pack_id(GTIN, "1")
    root = standard_leaf(("bytes32",) * 3, (bytes(32), unit, b"\x01" * 32))
    lot = PackedLot(GTIN, "MT2026E", bytes(32), packs=["1"])
    drugs(world, "maker")._send("commission", world.maker, int(GTIN), 7, "MT2026E", FAR, 1, root)
    given = offer(world, unit, "maker", "pharmacy", lot=lot.id)
    drugs(world, "maker").ship(given, (Step(unit, b"\x01" * 32),))
    assert world.suite.drugs.custody_of(lot.id, unit).offer == given.id


@attack(
    "provenance-hijacked-container",
    defence="the state of a container is kept per lot",
    blocked_by="NotInCustody",
    file="contracts/libraries/Custody.sol",
    patch=[
        (
            "keccak256(abi.encode(lot, unit))",
            "keccak256(abi.encode(lot ^ lot, unit))",
        ),
    ],
)
def hijacked_container(world: World) -> None:
    """A rival maker names the wholesaler's pallet in a tree of its own, and moves it."""
    assign_prefix(world)
    commission(world)
    rival(world, Role.MANUFACTURER)
    drugs(world, "regulator").assign_prefix(world.regulator, RIVAL, "0370000")
    gtin = "0037000000001" + check_digit("0037000000001")
    bait = PackedLot(gtin, "BAIT", bytes(32), containers=[Container(PALLET, packs=("1",))])
    drugs(world, "attacker").commission(RIVAL, bait, prefix_digits=7, expiry=EXPIRY)
    given = replace(
        offer(world, PALLET_ID, "maker", "pharmacy", lot=bait.id), sender=RIVAL, sender_role=Role.MANUFACTURER
    )
    drugs(world, "attacker").ship(given, bait.path(PALLET_ID))
    drugs(world, "pharmacy").receive(given)
    drugs(world, "pharmacy").ship(offer(world, PALLET_ID, "pharmacy", "hospital"), path_of(PALLET_ID))


@attack(
    "provenance-two-parents",
    defence="each unit is packed in one place: the packing refuses a second parent",
    blocked_by="packed twice",
)
def two_parents(world: World) -> None:
    """A list that has one pack in two cases; without the rule, two holders each prove that they have it."""
    cases = [Container(sscc(91), packs=("1",)), Container(sscc(92), packs=("1",))]
    if world.defended:
        _refused(cases)
    inner = PackedLot(GTIN, "T", bytes(32), packs=["1"])
    units = [container_id(case.sscc) for case in cases]
    tree = MerkleTree([standard_leaf(("bytes32",) * 3, (inner.id, unit, inner.root)) for unit in units])
    above = [Step(unit, inner.root, tree.proof(index)) for index, unit in enumerate(units)]
    twice = pack_id(GTIN, "1")
    assign_prefix(world)
    drugs(world, "maker")._send("commission", world.maker, int(GTIN), 7, "T", FAR, 2, tree.root)
    for step, receiver in zip(above, ("wholesaler", "hospital"), strict=True):
        given = offer(world, step.unit, "maker", receiver, lot=inner.id)
        drugs(world, "maker").ship(given, (step,))
        drugs(world, receiver).receive(given)
    holders = [world.suite.drugs.custody_of(inner.id, twice, (step, *inner.path(twice))).custodian for step in above]
    assert holders == [mark_of(world.wholesaler), mark_of(world.hospital)]


@attack(
    "provenance-packing-cycle",
    defence="a container cannot be inside itself: the packing refuses it a second time",
    blocked_by="packed twice",
)
def packing_cycle(world: World) -> None:
    """A list that has a pallet inside itself; without the rule, shipping what is in it ships what is around it."""
    if world.defended:
        _refused([Container(sscc(91), containers=(Container(sscc(91), packs=("1",)),))])
    pallet = container_id(sscc(91))
    inner = PackedLot(GTIN, "T", bytes(32), packs=["1"])
    content = standard_leaf(("bytes32",) * 3, (inner.id, pallet, inner.root))
    root = standard_leaf(("bytes32",) * 3, (inner.id, pallet, content))
    assign_prefix(world)
    drugs(world, "maker")._send("commission", world.maker, int(GTIN), 7, "T", FAR, 1, root)
    outer_path, inner_path = (Step(pallet, content),), (Step(pallet, content), Step(pallet, inner.root))
    given = offer(world, pallet, "maker", "hospital", lot=inner.id)
    drugs(world, "maker").ship(given, inner_path)
    assert world.suite.drugs.custody_of(inner.id, pallet, outer_path).offer == given.id


def _refused(containers: list[Container]) -> None:
    try:
        PackedLot(GTIN, "T", bytes(32), containers=containers)
    except InputError as refused:
        if "a second time" in refused.found:
            raise Blocked("packed twice") from refused


# The shipment


@attack(
    "provenance-accept-after-take-back",
    defence="only the offer that the unit waits in can be received",
    blocked_by="OfferNotLive",
    file="contracts/base/Stock.sol",
    patch=[
        (
            "require(_words[key] == id, OfferNotLive(id));",
            "id;",
        ),
    ],
)
def accept_after_take_back(world: World) -> None:
    assign_prefix(world)
    commission(world)
    given = ship(world, PALLET_ID, "maker", "wholesaler")
    drugs(world, "maker").take_back(given)
    drugs(world, "wholesaler").receive(given)
    assert world.suite.drugs.custody_of(LOT, PALLET_ID).custodian == mark_of(world.wholesaler)


@attack(
    "provenance-accept-twice",
    defence="an offer is gone once it was received",
    blocked_by="OfferNotLive",
    file="contracts/base/Stock.sol",
    patch=[
        (
            "require(_words[key] == id, OfferNotLive(id));",
            "id;",
        ),
    ],
)
def accept_twice(world: World) -> None:
    """The wholesaler sold the pallet on, and takes it again with the old offer."""
    assign_prefix(world)
    commission(world)
    given = move(world, PALLET_ID, "maker", "wholesaler")
    move(world, PALLET_ID, "wholesaler", "hospital")
    drugs(world, "wholesaler").receive(given)
    assert world.suite.drugs.custody_of(LOT, PALLET_ID).custodian == mark_of(world.wholesaler)


@attack(
    "provenance-accept-by-third-party",
    defence="only a signer of the named receiver receives",
    blocked_by="NotAuthorised",
    file="contracts/base/Receiving.sol",
    patch=[
        (
            "ACCREDITATION.checkTakeover(offer.to, msg.sender, offer.toRole(), offer.from, offer.fromRole());",
            "_checkAccredited(offer.from, offer.fromRole());",
        )
    ],
)
def accept_by_third_party(world: World) -> None:
    """A stranger makes a receiver the holder of goods that it never saw."""
    assign_prefix(world)
    commission(world)
    given = ship(world, PALLET_ID, "maker", "wholesaler")
    drugs(world, "stranger").receive(given)
    assert world.suite.drugs.custody_of(LOT, PALLET_ID).custodian == mark_of(world.wholesaler)


@attack(
    "provenance-divert-shipment",
    defence="the id of an offer binds its receiver",
    blocked_by="OfferNotLive",
    file="contracts/base/Stock.sol",
    patch=[
        (
            "require(_words[key] == id, OfferNotLive(id));",
            "id;",
        ),
    ],
)
def divert_shipment(world: World) -> None:
    assign_prefix(world)
    commission(world)
    rival(world, Role.WHOLESALER)
    given = ship(world, PALLET_ID, "maker", "wholesaler")
    drugs(world, "attacker").receive(replace(given, receiver=RIVAL))
    assert world.suite.drugs.custody_of(LOT, PALLET_ID).custodian == mark_of(RIVAL)


@attack(
    "provenance-steal-by-shipping",
    defence="only the holder ships",
    blocked_by="NotInCustody",
    file="contracts/base/Stock.sol",
    patch=[
        (
            "        require(false, NotInCustody(unit, organisation, Custody.stateOf(word), custodian));\n",
            "",
        ),
    ],
)
def steal_by_shipping(world: World) -> None:
    assign_prefix(world)
    commission(world)
    given = offer(world, PALLET_ID, "wholesaler", "pharmacy")
    drugs(world, "wholesaler").ship(given, path_of(PALLET_ID))
    assert world.suite.drugs.custody_of(LOT, PALLET_ID).offer == given.id


@attack(
    "provenance-ship-for-another",
    defence="only a signer of the sender ships",
    blocked_by="NotAuthorised",
    file="contracts/base/Sending.sol",
    patch=[
        (
            "_checkAuthorised(offer.from, offer.fromRole());",
            "",
        ),
    ],
)
def ship_for_another(world: World) -> None:
    assign_prefix(world)
    commission(world)
    rival(world, Role.WHOLESALER)
    given = replace(offer(world, PALLET_ID, "maker", "wholesaler"), receiver=RIVAL)
    drugs(world, "attacker").ship(given, path_of(PALLET_ID))
    drugs(world, "attacker").receive(given)
    assert world.suite.drugs.custody_of(LOT, PALLET_ID).custodian == mark_of(RIVAL)


@attack(
    "provenance-dispense-in-flight",
    defence="what is on its way is held by nobody, however deep",
    blocked_by="NotInCustody",
    file="contracts/base/Sending.sol",
    patch=[
        (
            "        _put(offer.lot, offer.unit, Custody.offered());\n",
            "        if (offer.fromRole() != Roles.PHARMACY) _put(offer.lot, offer.unit, Custody.offered());\n",
        ),
    ],
)
def dispense_in_flight(world: World) -> None:
    """Sell a pack out of the case that is on its way to another buyer."""
    stock(world)
    ship(world, CASE_ID, "pharmacy", "wholesaler")
    dispense(world)
    assert is_dispensed(world)


@attack(
    "provenance-offer-that-locks",
    defence="the sender takes an unreceived shipment back at any time",
    blocked_by="not locked",
    file="contracts/base/Sending.sol",
    patch=[
        (
            "        if (block.timestamp < offer.until()) _checkAuthorised(offer.from, Roles.PARTICIPANT);\n",
            "        require(block.timestamp >= offer.until(), OfferExpired(offer.until()));\n",
        ),
    ],
)
def offer_that_locks(world: World) -> None:
    """A receiver that never answers keeps the goods from everyone, with a deadline far away."""
    assign_prefix(world)
    commission(world)
    given = replace(offer(world, PALLET_ID, "maker", "wholesaler"), until=2**47)
    drugs(world, "maker").ship(given, path_of(PALLET_ID))
    if world.defended:
        drugs(world, "maker").take_back(given)
        assert world.suite.drugs.custody_of(LOT, PALLET_ID).custodian == mark_of(world.maker)
        raise Blocked("not locked")
    _refuses(lambda: drugs(world, "maker").take_back(given), "OfferExpired")


@attack(
    "provenance-vanished-sender",
    defence="once an offer has expired, anyone returns the goods to their sender",
    blocked_by="not locked",
    file="contracts/base/Sending.sol",
    patch=[
        (
            "if (block.timestamp < offer.until()) _checkAuthorised",
            "_checkAuthorised",
        ),
    ],
)
def vanished_sender(world: World, who: str = "stranger") -> None:
    """Sender and receiver lost every signer: nobody may act for them, and the goods stay on their way."""
    assign_prefix(world)
    commission(world)
    given = ship(world, PALLET_ID, "maker", "wholesaler")
    world.chain.travel(given.until)
    if world.defended:
        drugs(world, who).take_back(given)
        assert world.suite.drugs.custody_of(LOT, PALLET_ID).custodian == mark_of(world.maker)
        raise Blocked("not locked")
    _refuses(lambda: drugs(world, who).take_back(given), "NotAuthorised")


def _refuses(act: Callable[[], object], error: str) -> None:
    with pytest.raises(Reverted) as refused:
        act()
    assert refused.value.error == error


@attack(
    "provenance-take-back-by-receiver",
    defence="before the deadline only the sender takes back",
    blocked_by="NotAuthorised",
    file="contracts/base/Sending.sol",
    patch=[
        (
            "        if (block.timestamp < offer.until()) _checkAuthorised(offer.from, Roles.PARTICIPANT);\n",
            "",
        ),
    ],
)
def take_back_by_another(world: World) -> None:
    """An attacker ends every shipment as soon as it is offered."""
    assign_prefix(world)
    commission(world)
    given = ship(world, PALLET_ID, "maker", "wholesaler")
    drugs(world, "attacker").take_back(given)
    assert world.suite.drugs.custody_of(LOT, PALLET_ID).custodian == mark_of(world.maker)


@attack(
    "provenance-refuse-by-another",
    defence="only the receiver refuses",
    blocked_by="NotAuthorised",
    file="contracts/base/Receiving.sol",
    patch=[
        (
            "        _checkAuthorised(offer.to, Roles.PARTICIPANT);\n        _giveBack(offer);",
            "        _giveBack(offer);",
        ),
    ],
)
def refuse_by_another(world: World) -> None:
    assign_prefix(world)
    commission(world)
    given = ship(world, PALLET_ID, "maker", "wholesaler")
    drugs(world, "attacker").refuse(given)
    assert world.suite.drugs.custody_of(LOT, PALLET_ID).custodian == mark_of(world.maker)


@attack(
    "provenance-late-receipt",
    defence="an offer is received before its deadline or not at all",
    blocked_by="OfferExpired",
    file="contracts/base/Receiving.sol",
    patch=[
        (
            "require(block.timestamp < offer.until(), OfferExpired(offer.until()));",
            "",
        )
    ],
)
def late_receipt(world: World) -> None:
    assign_prefix(world)
    commission(world)
    given = ship(world, PALLET_ID, "maker", "wholesaler")
    world.chain.travel(given.until)
    drugs(world, "wholesaler").receive(given)
    assert world.suite.drugs.custody_of(LOT, PALLET_ID).custodian == mark_of(world.wholesaler)


@attack(
    "provenance-sender-lost-accreditation",
    defence="the sender must be accredited when the goods are taken over",
    blocked_by="NotAccredited",
    file="contracts/base/Receiving.sol",
    patch=[
        (
            "ACCREDITATION.checkTakeover(offer.to, msg.sender, offer.toRole(), offer.from, offer.fromRole());",
            "_checkAuthorised(offer.to, offer.toRole());",
        )
    ],
)
def sender_lost_accreditation(world: World) -> None:
    """A maker whose licence was suspended still places the stock that it had offered before."""
    assign_prefix(world)
    commission(world)
    given = ship(world, PALLET_ID, "maker", "wholesaler")
    world.acting_as("authority").accreditation.suspend(world.maker, Role.MANUFACTURER)
    drugs(world, "wholesaler").receive(given)
    assert world.suite.drugs.custody_of(LOT, PALLET_ID).custodian == mark_of(world.wholesaler)


@attack(
    "provenance-receiver-lost-accreditation",
    defence="the receiver must be accredited when the goods are taken over",
    blocked_by="NotAuthorised",
    file="contracts/base/Receiving.sol",
    patch=[
        (
            "ACCREDITATION.checkTakeover(offer.to, msg.sender, offer.toRole(), offer.from, offer.fromRole());",
            "_checkAuthorised(offer.to, Roles.PARTICIPANT);",
        )
    ],
)
def receiver_lost_accreditation(world: World) -> None:
    assign_prefix(world)
    commission(world)
    given = ship(world, PALLET_ID, "maker", "wholesaler")
    world.acting_as("authority").accreditation.suspend(world.wholesaler, Role.WHOLESALER)
    drugs(world, "wholesaler").receive(given)
    assert world.suite.drugs.custody_of(LOT, PALLET_ID).custodian == mark_of(world.wholesaler)


@attack(
    "provenance-receive-unaccredited",
    defence="goods are taken over only in the role in which they were sent, by who is accredited for it",
    blocked_by="NotAuthorised",
    file="contracts/base/Receiving.sol",
    patch=[
        (
            "ACCREDITATION.checkTakeover(offer.to, msg.sender, offer.toRole(), offer.from, offer.fromRole());",
            "_checkAuthorised(offer.to, Roles.PARTICIPANT);",
        )
    ],
)
def receive_unaccredited(world: World) -> None:
    """A wholesaler that never was a pharmacy takes goods over as one."""
    assign_prefix(world)
    commission(world)
    given = replace(offer(world, PALLET_ID, "maker", "wholesaler"), receiver_role=Role.PHARMACY)
    drugs(world, "maker").ship(given, path_of(PALLET_ID))
    drugs(world, "wholesaler").receive(given)
    assert world.suite.drugs.custody_of(LOT, PALLET_ID).custodian == mark_of(world.wholesaler)


@attack(
    "provenance-insurer-holds-stock",
    defence="only roles of the supply chain hold medicines",
    blocked_by="NotCustodialRole",
    file="contracts/base/Sending.sol",
    patch=[
        (
            "require(roles & Roles.CUSTODIANS == roles, NotCustodialRole(roles));",
            "roles;",
        ),
    ],
)
def insurer_holds_stock(world: World) -> None:
    assign_prefix(world)
    commission(world)
    move(world, PALLET_ID, "maker", "insurer")
    assert world.suite.drugs.custody_of(LOT, PALLET_ID).custodian == mark_of(world.insurer)


# The sale


@attack(
    "provenance-dispense-by-wholesaler",
    defence="only an accredited pharmacy dispenses",
    blocked_by="NotAuthorised",
    file="contracts/base/Counter.sol",
    patch=[
        (
            "        _checkAuthorised(pharmacy, Roles.PHARMACY);\n        // A pack",
            "        // A pack",
        ),
    ],
)
def dispense_by_wholesaler(world: World) -> None:
    stock(world)
    dispense(world, by="wholesaler", serial="1-2-1")
    assert is_dispensed(world, pack("1-2-1"))


@attack(
    "provenance-dispense-of-others-stock",
    defence="a pharmacy dispenses only what it holds",
    blocked_by="NotInCustody",
    file="contracts/base/Stock.sol",
    patch=[
        (
            "        require(false, NotInCustody(unit, organisation, Custody.stateOf(word), custodian));\n",
            "",
        ),
    ],
)
def dispense_of_others_stock(world: World) -> None:
    stock(world)
    dispense(world, serial="2-1-1")
    assert is_dispensed(world, pack("2-1-1"))


@attack(
    "provenance-dispense-expired",
    defence="an expired pack is not dispensed",
    blocked_by="LotExpired",
    file="contracts/libraries/Standings.sol",
    patch=[
        (
            "require(status != IDrugProvenance.LotStatus.EXPIRED, IDrugProvenance.LotExpired(lot));",
            "",
        ),
    ],
)
def dispense_expired(world: World) -> None:
    stock(world)
    world.chain.travel(world.suite.drugs.lot_of(LOT).expires_at)
    dispense(world)
    assert is_dispensed(world)


# The recall

_STANDINGS = "contracts/libraries/Standings.sol"
_NO_RECALL = [("require(status != IDrugProvenance.LotStatus.RECALLED, IDrugProvenance.LotRecalled(lot));", "")]


def recall(world: World) -> None:
    drugs(world, "regulator").recall(world.regulator, LOT, RecallClass.CLASS_I, depth=RecallDepth.CONSUMER)


@attack(
    "provenance-dispense-recalled",
    defence="a recall stops every dispense of the lot",
    blocked_by="LotRecalled",
    file=_STANDINGS,
    patch=_NO_RECALL,
)
def dispense_recalled(world: World) -> None:
    stock(world)
    recall(world)
    dispense(world)
    assert is_dispensed(world)


@attack(
    "provenance-recall-dodged-by-aggregation",
    defence="a recall is looked up by lot, so that it reaches a pack through any depth of packing",
    blocked_by="LotRecalled",
    file=_STANDINGS,
    patch=_NO_RECALL,
)
def recall_dodged_by_aggregation(world: World) -> None:
    """Ship the pallet on, as a unit that has not been named in the recall."""
    stock(world)
    recall(world)
    move(world, PALLET_ID, "wholesaler", "hospital")
    assert world.suite.drugs.custody_of(LOT, PALLET_ID).custodian == mark_of(world.hospital)


@attack(
    "provenance-recall-dodged-in-flight",
    defence="a recalled lot is not taken over, though it was shipped before",
    blocked_by="LotRecalled",
    file=_STANDINGS,
    patch=_NO_RECALL,
)
def recall_dodged_in_flight(world: World) -> None:
    stock(world)
    given = ship(world, CASE_ID, "pharmacy", "hospital")
    recall(world)
    drugs(world, "hospital").receive(given)
    assert world.suite.drugs.custody_of(LOT, CASE_ID).custodian == mark_of(world.hospital)


@attack(
    "provenance-false-recall",
    defence="only a regulator of the maker's own jurisdiction recalls",
    blocked_by="ForeignRegulator",
    patch=[
        (
            "if (!isManufacturer) _checkRegulates(organisation, manufacturer);",
            "",
        ),
    ],
)
def false_recall(world: World) -> None:
    """A regulator elsewhere takes a competitor's lot off the market."""
    stock(world)
    rival(world, Role.REGULATOR, jurisdiction=CHINA)
    drugs(world, "attacker").recall(RIVAL, LOT, RecallClass.CLASS_I, depth=RecallDepth.CONSUMER)
    assert world.suite.drugs.lot_status(LOT) == LotStatus.RECALLED


@attack(
    "provenance-recall-by-competitor",
    defence="no other organisation recalls a lot",
    blocked_by="NotAuthorised",
    patch=[("_checkAuthorised(organisation, isManufacturer ? Roles.MANUFACTURER : Roles.REGULATOR);", "")],
)
def recall_by_competitor(world: World) -> None:
    stock(world)
    rival(world, Role.MANUFACTURER)
    drugs(world, "attacker").recall(RIVAL, LOT, RecallClass.CLASS_I, depth=RecallDepth.CONSUMER)
    assert world.suite.drugs.lot_status(LOT) == LotStatus.RECALLED


@attack(
    "provenance-recall-watered-down",
    defence="a recall is made stronger or left alone",
    blocked_by="RecallNotStronger",
    file="contracts/libraries/Standings.sol",
    patch=[
        (
            "require(isStronger, IDrugProvenance.RecallNotStronger(class_, depth));",
            "isStronger;",
        ),
    ],
)
def recall_watered_down(world: World) -> None:
    stock(world)
    recall(world)
    drugs(world, "maker").recall(world.maker, LOT, RecallClass.CLASS_III, depth=RecallDepth.WHOLESALE)
    assert world.suite.drugs.lot_of(LOT).recall_class == RecallClass.CLASS_III


# The label


@attack(
    "provenance-relabelled-expiry",
    defence="the printed expiry is compared with the one that the maker recorded",
    blocked_by="EXPIRY_MISMATCH",
    patch=[
        (
            "if (_lot(lot).expiresAt != scan.expiresAt) return Verdict.EXPIRY_MISMATCH;",
            "",
        ),
    ],
)
def relabelled_expiry(world: World) -> None:
    """Old stock with a new sticker."""
    stock(world)
    _passes(world, scan(expiry=EXPIRY.replace(year=2033)))


@attack(
    "provenance-relabelled-lot",
    defence="the printed lot is compared with the one in which the pack was commissioned",
    blocked_by="LOT_MISMATCH",
    patch=[(" || GS1.lotId(scan.gtin, scan.lotNumber) != lot) return Verdict", ") return Verdict")],
)
def relabelled_lot(world: World) -> None:
    stock(world)
    _passes(world, scan(lot_number="MT2026Z"))


@attack(
    "provenance-scan-of-a-sold-box",
    defence="a verdict tells that a pack with this serial was dispensed",
    blocked_by="ALREADY_DISPENSED",
    patch=[
        (
            "if (ended != 0 && !Dispensing.isOpenAt(ended, holder)) return Verdict.ALREADY_DISPENSED;",
            "",
        ),
    ],
)
def scan_of_a_sold_box(world: World) -> None:
    """An empty box, refilled, is scanned in another city."""
    stock(world)
    dispense(world)
    _passes(world, scan())


@attack(
    "provenance-scan-of-anothers-box",
    defence="a verdict tells that another organisation holds the pack",
    blocked_by="NOT_IN_CUSTODY",
    patch=[
        (
            "return verdict == Verdict.OK && holder != bytes32(0) && !isTheirs ? Verdict.NOT_IN_CUSTODY : verdict;",
            "isTheirs;\n        return verdict;",
        ),
    ],
)
def scan_of_anothers_box(world: World) -> None:
    stock(world)
    verdict = world.suite.drugs.verify(LOT, scan(), path_of(pack()), holder=world.hospital)
    if verdict != Verdict.OK:
        raise Blocked(verdict.name)


def _passes(world: World, label: Scan) -> None:
    verdict = world.suite.drugs.verify(LOT, label, path_of(pack()))
    if verdict != Verdict.OK:
        raise Blocked(verdict.name)


class TestAttacks(AttackTests):
    """Each attack of the list, with the defence and without."""
