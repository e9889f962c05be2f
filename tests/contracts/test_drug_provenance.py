"""DrugProvenance: where each lot and pack is, and whether it may be dispensed."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import date

import pytest

from medtrust.accreditation import Role
from medtrust.drugs import (
    Custody,
    End,
    Fate,
    Lot,
    LotStatus,
    Offer,
    RecallClass,
    RecallDepth,
    State,
    Verdict,
    expires_at,
    mark_of,
)
from medtrust.merkle import process_proof, standard_leaf
from medtrust.packing import PackedLot, Step, container_id, lot_id, pack_id, path_leads_to
from medtrust.types import ZERO_ADDRESS, ZERO_HASH, organisation_id
from tests.drugs_world import (
    CASE,
    EXPIRY,
    GTIN,
    LOT_NUMBER,
    PALLET,
    PREFIX,
    SERIAL,
    assign_prefix,
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
from tests.world import CHINA, FAR

LOT = packed().id
PALLET_ID, CASE_ID = container_id(PALLET), container_id(CASE)
OTHER_MAKER = organisation_id("urn:gs1:gln:0614141999996")
EXPIRES_AT = expires_at(EXPIRY)
SERIALS = [f"1-1-{n}" for n in range(1, 6)]


@pytest.fixture
def foreign(world, stranger):
    """A regulator of another jurisdiction, with the stranger as its signer."""
    regulator = organisation_id("urn:gs1:gln:6901234999999")
    world.suite.accreditation.open_jurisdiction(CHINA, stranger.address)
    registry = world.acting_as("stranger").accreditation
    registry.register(regulator, CHINA, stranger.address, until=FAR)
    registry.accredit(regulator, Role.REGULATOR, until=FAR)
    registry.add_signer(regulator, stranger.address, Role.REGULATOR, until=FAR)
    return regulator


@pytest.fixture
def other_maker(world, stranger):
    """Another manufacturer of the same jurisdiction, with the stranger as its signer."""
    registry = world.acting_as("authority").accreditation
    registry.register(OTHER_MAKER, 840, stranger.address, until=FAR)
    registry.accredit(OTHER_MAKER, Role.MANUFACTURER, until=FAR)
    world.acting_as("stranger").accreditation.add_signer(OTHER_MAKER, stranger.address, Role.MANUFACTURER, until=FAR)
    return OTHER_MAKER


class TestAssignPrefix:
    """
    when the caller does not act for a regulator    -> reverts NotAuthorised
    when the owner is of another jurisdiction       -> reverts ForeignRegulator
    when it has 3 or 13 digits, or more than it says -> reverts InvalidPrefix
    given it, a shorter or a longer one is assigned -> reverts PrefixTaken, naming the one in the way
    given none of them is
      when it has 4 or 12 digits                    -> the owner has it; emits PrefixAssigned; its neighbours are free
    """

    def test_reverts_when_caller_is_no_regulator(self, world, reverts, maker):
        with reverts("NotAuthorised", organisation=world.regulator, signer=maker.address, role=Role.REGULATOR):
            drugs(world, "maker").assign_prefix(world.regulator, world.maker, PREFIX)
        with reverts("NotAuthorised", organisation=world.maker, signer=maker.address, role=Role.REGULATOR):
            drugs(world, "maker").assign_prefix(world.maker, world.maker, PREFIX)

    def test_reverts_when_the_owner_is_foreign(self, world, reverts, foreign):
        with reverts("ForeignRegulator", regulator=foreign, organisation=world.maker):
            drugs(world, "stranger").assign_prefix(foreign, world.maker, PREFIX)
        with reverts("ForeignRegulator", regulator=world.regulator, organisation=ZERO_HASH):
            drugs(world, "regulator").assign_prefix(world.regulator, ZERO_HASH, PREFIX)

    @pytest.mark.parametrize("prefix", ["036", "0361414567894"])
    def test_reverts_when_its_length_is_wrong(self, world, reverts, prefix):
        with reverts("InvalidPrefix", prefix=int(prefix), digits=len(prefix)):
            drugs(world, "regulator").assign_prefix(world.regulator, world.maker, prefix)

    def test_reverts_when_the_number_is_longer_than_it_says(self, world, reverts):
        with reverts("InvalidPrefix", prefix=10_000, digits=4):
            drugs(world, "regulator")._send("assignPrefix", world.regulator, world.maker, 10_000, 4)

    @pytest.mark.parametrize(
        ("first", "second", "in_the_way"),
        [
            ("0361414", "0361414", "0361414"),
            ("0361414", "036141", "036141"),
            ("0361414", "0361", "0361"),
            ("0361414", "03614145", "0361414"),
            ("0361414", "036141456789", "0361414"),
        ],
    )
    def test_reverts_given_one_in_the_way(self, world, reverts, first, second, in_the_way):
        client = drugs(world, "regulator")
        client.assign_prefix(world.regulator, world.maker, first)
        with reverts("PrefixTaken", prefix=int(in_the_way), digits=len(in_the_way)):
            client.assign_prefix(world.regulator, world.wholesaler, second)
        assert client.prefix_owner_of(first) == world.maker

    @pytest.mark.parametrize("prefix", ["0361", "0361414", "036141456789"])
    def test_gives_it_to_the_owner(self, world, prefix):
        client = drugs(world, "regulator")
        receipt = client.assign_prefix(world.regulator, world.maker, prefix)

        assert receipt.event("PrefixAssigned").values == {
            "owner": world.maker,
            "prefix": int(prefix),
            "digits": len(prefix),
            "regulator": world.regulator,
        }
        assert client.prefix_owner_of(prefix) == world.maker
        neighbour = f"{int(prefix) + 1:0{len(prefix)}}"
        assert client.prefix_owner_of(neighbour) is None
        client.assign_prefix(world.regulator, world.wholesaler, neighbour)


class TestCommission:
    """
    when the caller does not act for the manufacturer -> reverts NotAuthorised
    when the prefix is another's, or cut elsewhere    -> reverts PrefixNotOwned
    when it is said to have 13 digits                 -> reverts InvalidPrefix
    when a digit of the GTIN is wrong, or it has 15   -> reverts BadCheckDigit
    when the lot number has 0 or 21 characters        -> reverts InvalidLotNumber
    when it is expired or expires now                 -> reverts LotExpired
    when it has no packs or no root                   -> reverts EmptyLot
    given it is commissioned                          -> reverts LotExists, also with other contents
    given it is not
      when its maker calls -> it is recorded and active; emits LotCommissioned; another lot number stays unknown
    """

    def test_reverts_when_caller_does_not_act_for_the_manufacturer(self, world, reverts, attacker):
        assign_prefix(world)
        with reverts("NotAuthorised", organisation=world.maker, signer=attacker.address, role=Role.MANUFACTURER):
            drugs(world, "attacker").commission(world.maker, packed(), prefix_digits=7, expiry=EXPIRY)

    def test_reverts_when_the_prefix_is_anothers(self, world, reverts, other_maker):
        assign_prefix(world)
        with reverts("PrefixNotOwned", prefix=int(PREFIX), digits=7, organisation=other_maker):
            drugs(world, "stranger").commission(other_maker, packed(), prefix_digits=7, expiry=EXPIRY)

    @pytest.mark.parametrize("digits", [0, 3, 6, 8, 12])
    def test_reverts_when_the_prefix_is_cut_elsewhere(self, world, reverts, digits):
        assign_prefix(world)
        prefix = int(GTIN[1 : 1 + digits] or "0")
        with reverts("PrefixNotOwned", prefix=prefix, digits=digits, organisation=world.maker):
            commission(world, digits=digits)

    def test_reverts_when_the_prefix_is_too_long(self, world, reverts):
        with reverts("InvalidPrefix", prefix=int(GTIN), digits=13):
            commission(world, digits=13)

    @pytest.mark.parametrize("gtin", ["00361414567893", "00361414567895", "00361414567984", "100361414567893", "0"])
    def test_reverts_when_the_check_digit_is_wrong(self, world, reverts, gtin):
        assign_prefix(world)
        with reverts("BadCheckDigit", gtin=int(gtin)):
            commission(world, PackedLot(gtin, LOT_NUMBER, bytes(32), packs=["1"]))

    @pytest.mark.parametrize("length", [0, 21])
    def test_reverts_when_the_lot_number_has_another_length(self, world, reverts, length):
        assign_prefix(world)
        with reverts("InvalidLotNumber", length=length):
            commission(world, PackedLot(GTIN, "A" * length, bytes(32), packs=["1"]))

    @pytest.mark.parametrize("length", [1, 20])
    def test_takes_the_shortest_and_the_longest_lot_number(self, world, length):
        assign_prefix(world)
        lot = PackedLot(GTIN, "A" * length, bytes(32), packs=["1"])
        assert commission(world, lot).event("LotCommissioned").values["lotNumber"] == "A" * length
        assert world.suite.drugs.lot_status(lot.id) == LotStatus.ACTIVE

    @pytest.mark.parametrize("late", [0, 1])
    def test_reverts_when_it_is_expired(self, world, reverts, late):
        assign_prefix(world)
        world.chain.travel(EXPIRES_AT + late)
        with reverts("LotExpired", lot=LOT):
            commission(world)

    def test_takes_a_lot_in_the_last_second_before_it_expires(self, world):
        assign_prefix(world)
        at_second(world, EXPIRES_AT - 1)
        assert commission(world).event("LotCommissioned").values["expiresAt"] == EXPIRES_AT

    @pytest.mark.parametrize(("size", "root"), [(0, b"\x01" * 32), (1, ZERO_HASH)])
    def test_reverts_when_it_is_empty(self, world, reverts, size, root):
        assign_prefix(world)
        with reverts("EmptyLot"):
            drugs(world, "maker")._send("commission", world.maker, int(GTIN), 7, LOT_NUMBER, EXPIRES_AT, size, root)

    def test_reverts_given_it_is_commissioned(self, world, reverts):
        assign_prefix(world)
        commission(world)
        with reverts("LotExists", lot=LOT):
            commission(world, PackedLot(GTIN, LOT_NUMBER, b"\x06" * 32, packs=["X"]))
        assert world.suite.drugs.lot_of(LOT).units_root == packed().root

    def test_records_the_lot(self, world):
        assign_prefix(world)
        receipt = commission(world)

        assert receipt.event("LotCommissioned").values == {
            "lot": LOT,
            "manufacturer": world.maker,
            "gtin": int(GTIN),
            "lotNumber": LOT_NUMBER,
            "expiresAt": EXPIRES_AT,
            "size": 30,
            "unitsRoot": packed().root,
        }
        assert world.suite.drugs.lot_of(LOT) == Lot(
            gtin=GTIN,
            expires_at=EXPIRES_AT,
            commissioned_at=receipt.at,
            size=30,
            recall_class=RecallClass.NONE,
            recall_depth=RecallDepth.NONE,
            manufacturer=world.maker,
            units_root=packed().root,
        )
        assert world.suite.drugs.lot_status(LOT) == LotStatus.ACTIVE
        other = lot_id(GTIN, "MT2026B")
        assert world.suite.drugs.lot_of(other) is None
        assert world.suite.drugs.lot_status(other) == LotStatus.UNKNOWN

    def test_leaves_every_unit_with_the_manufacturer(self, world):
        assign_prefix(world)
        commission(world)
        for unit in packed().units():
            assert world.suite.drugs.custody_of(LOT, unit, path_of(unit)) == held(world.maker)


class TestShip:
    """
    when the caller does not act for the sender in its role     -> reverts NotAuthorised
    when a role does not hold medicines                         -> reverts NotCustodialRole
    when the offer ends in the past or now                      -> reverts OfferExpired
    given the lot is unknown, expired, recalled                 -> reverts UnknownLot, LotExpired, LotRecalled
    given the pack was dispensed                                -> reverts AlreadyDispensed
    when the path proves nothing                                -> reverts UnitNotProven
    given the sender does not hold it, or it is on its way      -> reverts NotInCustody
    given the sender holds it
      when it ships  -> nobody holds it nor what is in it; emits UnitShipped; its siblings stay with the sender
    given it was shipped before                                 -> it needs no path
    """

    @pytest.fixture(autouse=True)
    def _commissioned(self, world):
        assign_prefix(world)
        commission(world)

    def test_reverts_when_caller_does_not_act_for_the_sender(self, world, reverts, attacker):
        given = offer(world, PALLET_ID, "maker", "wholesaler")
        with reverts("NotAuthorised", organisation=world.maker, signer=attacker.address, role=Role.MANUFACTURER):
            drugs(world, "attacker").ship(given, path_of(PALLET_ID))

    @pytest.mark.parametrize("receiver", ["insurer"])
    def test_reverts_when_a_role_holds_no_medicines(self, world, reverts, receiver):
        with reverts("NotCustodialRole", role=Role.MANUFACTURER | Role.INSURER):
            drugs(world, "maker").ship(offer(world, PALLET_ID, "maker", receiver), path_of(PALLET_ID))

    @pytest.mark.parametrize("early", [0, 1])
    def test_reverts_when_the_offer_is_over(self, world, reverts, early):
        given = offer(world, PALLET_ID, "maker", "wholesaler", seconds=100)
        world.chain.travel(given.until + early)
        with reverts("OfferExpired", until=given.until):
            drugs(world, "maker").ship(given, path_of(PALLET_ID))

    def test_ships_in_the_last_second_of_the_offer(self, world):
        given = offer(world, PALLET_ID, "maker", "wholesaler", seconds=100)
        at_second(world, given.until - 1)
        drugs(world, "maker").ship(given, path_of(PALLET_ID))
        assert world.suite.drugs.custody_of(LOT, PALLET_ID).offer == given.id

    def test_reverts_given_the_lot_is_unknown(self, world, reverts):
        unknown = packed("MT2026B")
        given = offer(world, PALLET_ID, "maker", "wholesaler", lot=unknown.id)
        with reverts("UnknownLot", lot=unknown.id):
            drugs(world, "maker").ship(given, unknown.path(PALLET_ID))

    @pytest.mark.parametrize("late", [0, 1])
    def test_reverts_given_the_lot_is_expired(self, world, reverts, late):
        world.chain.travel(EXPIRES_AT + late)
        with reverts("LotExpired", lot=LOT):
            drugs(world, "maker").ship(offer(world, PALLET_ID, "maker", "wholesaler"), path_of(PALLET_ID))

    def test_reverts_given_the_lot_is_recalled(self, world, reverts):
        drugs(world, "maker").recall(world.maker, LOT, RecallClass.CLASS_III, depth=RecallDepth.WHOLESALE)
        with reverts("LotRecalled", lot=LOT):
            drugs(world, "maker").ship(offer(world, PALLET_ID, "maker", "wholesaler"), path_of(PALLET_ID))

    def test_reverts_given_the_pack_was_dispensed(self, world, reverts):
        move(world, PALLET_ID, "maker", "pharmacy")
        receipt = drugs(world, "pharmacy").dispense(world.pharmacy, LOT, SERIAL, path_of(pack()))
        with reverts("AlreadyDispensed", pack=pack(), endedAt=receipt.at):
            drugs(world, "pharmacy").ship(offer(world, pack(), "pharmacy", "wholesaler"), path_of(pack()))

    @pytest.mark.parametrize(
        "path",
        [
            (),
            path_of(PALLET_ID)[:0] + path_of(CASE_ID)[1:],
            path_of(CASE_ID)[:1],
            (path_of(CASE_ID)[0], replace(path_of(CASE_ID)[1], content=b"\x01" * 32)),
            (path_of(CASE_ID)[0], replace(path_of(CASE_ID)[1], proof=())),
            path_of(container_id(sscc(12))),
        ],
        ids=["none", "without its pallet", "only its pallet", "other content", "no proof", "another case"],
    )
    def test_reverts_when_the_path_proves_nothing(self, world, reverts, path):
        with reverts("UnitNotProven", lot=LOT, unit=CASE_ID):
            drugs(world, "maker").ship(offer(world, CASE_ID, "maker", "wholesaler"), path)

    def test_reverts_when_the_proof_is_reordered(self, world, reverts):
        *above, last = next(path for path in map(path_of, map(pack, SERIALS)) if len(path[-1].proof) > 1)
        path = (*above, replace(last, proof=last.proof[::-1]))
        with reverts("UnitNotProven", lot=LOT, unit=last.unit):
            drugs(world, "maker").ship(offer(world, last.unit, "maker", "wholesaler"), path)

    def test_reverts_given_the_sender_does_not_hold_it(self, world, reverts):
        with reverts("NotInCustody", unit=PALLET_ID, organisation=world.wholesaler, custodian=mark_of(world.maker)):
            drugs(world, "wholesaler").ship(offer(world, PALLET_ID, "wholesaler", "pharmacy"), path_of(PALLET_ID))

    @pytest.mark.parametrize("unit", [PALLET_ID, CASE_ID, pack()], ids=["the pallet", "its case", "its pack"])
    def test_reverts_given_it_is_on_its_way(self, world, reverts, unit):
        ship(world, PALLET_ID, "maker", "wholesaler")
        for sender in ("maker", "wholesaler"):
            with reverts("NotInCustody", unit=unit, organisation=getattr(world, sender), custodian=bytes(16)):
                drugs(world, sender).ship(offer(world, unit, sender, "pharmacy"), path_of(unit))

    def test_gives_it_on_its_way(self, world):
        given = offer(world, PALLET_ID, "maker", "wholesaler")
        receipt = drugs(world, "maker").ship(given, path_of(PALLET_ID))

        assert receipt.event("UnitShipped").values == {
            "lot": LOT,
            "unit": PALLET_ID,
            "to": world.wholesaler,
            "from": world.maker,
            "terms": given.terms,
            "logger": ZERO_ADDRESS,
        }
        assert Offer.shipped(receipt.event("UnitShipped").values) == given
        on_its_way = Custody(State.IN_TRANSIT, None, given.id)
        for unit in (PALLET_ID, CASE_ID, pack()):
            assert world.suite.drugs.custody_of(LOT, unit, path_of(unit)) == on_its_way
        other = container_id(sscc(2))
        assert world.suite.drugs.custody_of(LOT, other, path_of(other)).custodian == mark_of(world.maker)
        assert world.suite.drugs.offer_of(LOT, PALLET_ID) == given
        assert world.suite.drugs.offer_of(LOT, CASE_ID) is None

    def test_needs_no_path_given_it_was_shipped_before(self, world):
        move(world, PALLET_ID, "maker", "wholesaler")
        given = offer(world, PALLET_ID, "wholesaler", "pharmacy")
        drugs(world, "wholesaler").ship(given)
        assert world.suite.drugs.custody_of(LOT, PALLET_ID) == Custody(State.IN_TRANSIT, None, given.id)

    def test_a_unit_that_left_stays_where_it_went(self, world):
        move(world, PALLET_ID, "maker", "wholesaler")
        move(world, CASE_ID, "wholesaler", "pharmacy")
        move(world, PALLET_ID, "wholesaler", "hospital")

        custody_of = world.suite.drugs.custody_of
        sibling = container_id(sscc(12))
        assert custody_of(LOT, CASE_ID, path_of(CASE_ID)).custodian == mark_of(world.pharmacy)
        assert custody_of(LOT, pack(), path_of(pack())).custodian == mark_of(world.pharmacy)
        assert custody_of(LOT, sibling, path_of(sibling)).custodian == mark_of(world.hospital)


class TestPathLimits:
    """
    given a chain of containers of depth 8   -> its pack is proven
    given one of depth 9                     -> UnitNotProven
    given proofs of 32 hashes in all         -> proven; of 33 -> UnitNotProven
    given a proof longer than log2 of the size of the lot -> UnitNotProven
    """

    @staticmethod
    def _line(lot: bytes, depth: int, proofs: list[int]) -> tuple[bytes, tuple[Step, ...]]:
        """A path of units in each other, with proofs of some lengths, and the root that it leads to."""
        content = b"\x09" * 32
        steps: list[Step] = []
        for level in range(depth, 0, -1):
            unit = level.to_bytes(32, "big")
            proof = tuple(bytes([level, n + 1]) * 16 for n in range(proofs[level - 1]))
            steps.insert(0, Step(unit, content, proof))
            content = process_proof(standard_leaf(("bytes32",) * 3, (lot, unit, content)), proof)
        return content, tuple(steps)

    def _check(self, world, reverts, proofs: list[int], size: int, proven: bool) -> None:
        root, path = self._line(LOT, len(proofs), proofs)
        unit = path[-1].unit
        assert path_leads_to(path, lot=LOT, root=root, size=size) is proven
        assign_prefix(world)
        drugs(world, "maker")._send("commission", world.maker, int(GTIN), 7, LOT_NUMBER, EXPIRES_AT, size, root)
        given = offer(world, unit, "maker", "wholesaler")
        if proven:
            drugs(world, "maker").ship(given, path)
            assert world.suite.drugs.custody_of(LOT, unit).offer == given.id
            return
        with reverts("UnitNotProven", lot=LOT, unit=unit):
            drugs(world, "maker").ship(given, path)

    @pytest.mark.parametrize(("depth", "proven"), [(7, True), (8, True), (9, False)])
    def test_depth(self, world, reverts, depth, proven):
        self._check(world, reverts, [1] * depth, 2**31, proven)

    @pytest.mark.parametrize(("last", "proven"), [(15, True), (16, True), (17, False)])
    def test_hashes_in_all(self, world, reverts, last, proven):
        self._check(world, reverts, [16, last], 2**31, proven)

    @pytest.mark.parametrize(
        ("size", "length", "proven"),
        [(1, 0, True), (1, 1, False), (4, 2, True), (4, 3, False), (5, 3, True), (5, 4, False), (2**32 - 1, 32, True)],
    )
    def test_length_against_the_size(self, world, reverts, size, length, proven):
        self._check(world, reverts, [length], size, proven)


class TestReceive:
    """
    when the caller does not act for the receiver in its role -> reverts NotAuthorised
    when a field of the offer differs                         -> reverts OfferNotLive
    given it was received, refused or taken back              -> reverts OfferNotLive
    given the sender lost its accreditation                   -> reverts NotAccredited
    given the receiver lost its accreditation                 -> reverts NotAuthorised
    given the receiver never was accredited for its role      -> reverts NotAuthorised, and the sender takes it back
    when it is the last second before the deadline            -> received; at and after it -> reverts OfferExpired
    given the lot is recalled or expired meanwhile            -> reverts LotRecalled, LotExpired
    given it is on its way
      when the receiver calls -> the receiver holds it and what is in it; emits UnitReceived; the sender keeps the rest
    """

    @pytest.fixture(autouse=True)
    def _commissioned(self, world):
        assign_prefix(world)
        commission(world)

    @pytest.mark.parametrize("caller", ["attacker", "maker", "pharmacy"])
    def test_reverts_when_caller_does_not_act_for_the_receiver(self, world, reverts, caller):
        given = ship(world, PALLET_ID, "maker", "wholesaler")
        signer = world.account(caller).address
        with reverts("NotAuthorised", organisation=world.wholesaler, signer=signer, role=Role.WHOLESALER):
            drugs(world, caller).receive(given)

    @pytest.mark.parametrize("name", [field.name for field in fields(Offer)])
    def test_reverts_when_a_field_differs(self, world, reverts, name):
        given = ship(world, PALLET_ID, "maker", "wholesaler")
        changed = {
            "lot": ZERO_HASH,
            "unit": CASE_ID,
            "sender": world.carrier,
            "sender_role": Role.CARRIER,
            "receiver": world.carrier,
            "receiver_role": Role.CARRIER,
            "until": given.until + 1,
            "source": b"\x01" * 16,
            "logger": world.account("carrier").address,
            "logged_from": 1,
        }
        other = replace(given, **{name: changed[name]})
        caller = "carrier" if name in ("receiver", "receiver_role") else "wholesaler"
        errors = {"receiver": "NotAuthorised", "receiver_role": "NotAuthorised"}
        errors |= {"sender": "NotAccredited", "sender_role": "NotAccredited"}
        error = errors.get(name, "OfferNotLive")
        with reverts(error) as caught:
            drugs(world, caller).receive(other)
        if error == "OfferNotLive":
            assert caught.value.values == {"offer": other.id}
        assert world.suite.drugs.custody_of(LOT, PALLET_ID).offer == given.id

    def test_reverts_when_another_receiver_puts_itself_in_the_offer(self, world, reverts):
        given = ship(world, PALLET_ID, "maker", "wholesaler")
        other = replace(given, receiver=world.carrier, receiver_role=Role.CARRIER)
        with reverts("OfferNotLive", offer=other.id):
            drugs(world, "carrier").receive(other)

    @pytest.mark.parametrize(
        ("act", "caller"), [("receive", "wholesaler"), ("refuse", "wholesaler"), ("take_back", "maker")]
    )
    def test_reverts_given_it_is_over(self, world, reverts, act, caller):
        given = ship(world, PALLET_ID, "maker", "wholesaler")
        getattr(drugs(world, caller), act)(given)
        with reverts("OfferNotLive", offer=given.id):
            drugs(world, "wholesaler").receive(given)

    def test_reverts_given_the_sender_lost_its_accreditation(self, world, reverts):
        given = ship(world, PALLET_ID, "maker", "wholesaler")
        world.acting_as("authority").accreditation.suspend(world.maker, Role.MANUFACTURER)
        with reverts("NotAccredited", organisation=world.maker, role=Role.MANUFACTURER):
            drugs(world, "wholesaler").receive(given)

    def test_reverts_given_the_receiver_lost_its_accreditation(self, world, reverts, wholesaler):
        given = ship(world, PALLET_ID, "maker", "wholesaler")
        world.acting_as("authority").accreditation.suspend(world.wholesaler, Role.WHOLESALER)
        with reverts("NotAuthorised", organisation=world.wholesaler, signer=wholesaler.address, role=Role.WHOLESALER):
            drugs(world, "wholesaler").receive(given)

    def test_reverts_given_the_receiver_never_was_accredited(self, world, reverts, wholesaler):
        given = replace(offer(world, PALLET_ID, "maker", "wholesaler"), receiver_role=Role.PHARMACY)
        drugs(world, "maker").ship(given, path_of(PALLET_ID))
        with reverts("NotAuthorised", organisation=world.wholesaler, signer=wholesaler.address, role=Role.PHARMACY):
            drugs(world, "wholesaler").receive(given)
        drugs(world, "maker").take_back(given)
        assert world.suite.drugs.custody_of(LOT, PALLET_ID) == held(world.maker)

    @pytest.mark.parametrize("late", [0, 1])
    def test_reverts_after_the_deadline(self, world, reverts, late):
        given = ship(world, PALLET_ID, "maker", "wholesaler")
        world.chain.travel(given.until + late)
        with reverts("OfferExpired", until=given.until):
            drugs(world, "wholesaler").receive(given)

    def test_receives_in_the_last_second(self, world):
        given = ship(world, PALLET_ID, "maker", "wholesaler")
        at_second(world, given.until - 1)
        drugs(world, "wholesaler").receive(given)
        assert world.suite.drugs.custody_of(LOT, PALLET_ID).custodian == mark_of(world.wholesaler)

    def test_reverts_given_the_lot_is_recalled_meanwhile(self, world, reverts):
        given = ship(world, PALLET_ID, "maker", "wholesaler")
        drugs(world, "regulator").recall(world.regulator, LOT, RecallClass.CLASS_I, depth=RecallDepth.CONSUMER)
        with reverts("LotRecalled", lot=LOT):
            drugs(world, "wholesaler").receive(given)

    def test_reverts_given_the_lot_expired_meanwhile(self, world, reverts):
        given = offer(world, PALLET_ID, "maker", "wholesaler", seconds=EXPIRES_AT)
        drugs(world, "maker").ship(given, path_of(PALLET_ID))
        world.chain.travel(EXPIRES_AT)
        with reverts("LotExpired", lot=LOT):
            drugs(world, "wholesaler").receive(given)

    def test_gives_it_to_the_receiver(self, world):
        given = ship(world, PALLET_ID, "maker", "wholesaler")
        receipt = drugs(world, "wholesaler").receive(given)

        assert receipt.event("UnitReceived").values == {
            "lot": LOT,
            "unit": PALLET_ID,
            "to": world.wholesaler,
            "from": world.maker,
            "state": State.HELD,
        }
        for unit in (PALLET_ID, CASE_ID, pack()):
            assert world.suite.drugs.custody_of(LOT, unit, path_of(unit)) == held(world.wholesaler, world.maker)
        other = container_id(sscc(2))
        assert world.suite.drugs.custody_of(LOT, other, path_of(other)).custodian == mark_of(world.maker)


class TestRefuseAndTakeBack:
    """
    refuse
      when the caller does not act for the receiver -> reverts NotAuthorised
      given it is over                              -> reverts OfferNotLive
      when the receiver calls, accredited or not, the lot recalled or not
        -> the sender holds it again; emits ShipmentRefused
    takeBack
      when anyone but the sender calls before the deadline -> reverts NotAuthorised
      when anyone calls at the deadline             -> the sender holds it again; emits ShipmentTakenBack
      given it is over                              -> reverts OfferNotLive
      when the sender calls, accredited or not, the lot recalled or not -> the sender holds it again
    given either -> it can be shipped again
    """

    @pytest.fixture
    def given(self, world):
        assign_prefix(world)
        commission(world)
        return ship(world, PALLET_ID, "maker", "wholesaler")

    @staticmethod
    def values(world, given: Offer) -> dict[str, object]:
        return {"lot": LOT, "unit": given.unit, "to": world.wholesaler, "from": world.maker}

    def test_refuse_reverts_when_caller_does_not_act_for_the_receiver(self, world, reverts, given, attacker):
        with reverts("NotAuthorised", organisation=world.wholesaler, signer=attacker.address, role=Role.PARTICIPANT):
            drugs(world, "attacker").refuse(given)

    def test_refuse_reverts_given_it_is_over(self, world, reverts, given):
        drugs(world, "wholesaler").receive(given)
        with reverts("OfferNotLive", offer=given.id):
            drugs(world, "wholesaler").refuse(given)
        assert world.suite.drugs.custody_of(LOT, PALLET_ID).custodian == mark_of(world.wholesaler)

    def test_refuse_gives_it_back(self, world, given):
        receipt = drugs(world, "wholesaler").refuse(given)
        assert receipt.event("ShipmentRefused").values == self.values(world, given)
        assert world.suite.drugs.custody_of(LOT, PALLET_ID).custodian == mark_of(world.maker)

    @pytest.mark.parametrize("act", ["refuse", "take_back"])
    def test_works_though_roles_and_lot_are_lost(self, world, given, act):
        authority = world.acting_as("authority").accreditation
        authority.suspend(world.maker, Role.MANUFACTURER)
        authority.suspend(world.wholesaler, Role.WHOLESALER)
        drugs(world, "regulator").recall(world.regulator, LOT, RecallClass.CLASS_I, depth=RecallDepth.CONSUMER)
        getattr(drugs(world, "wholesaler" if act == "refuse" else "maker"), act)(given)
        assert world.suite.drugs.custody_of(LOT, PALLET_ID).custodian == mark_of(world.maker)

    @pytest.mark.parametrize("caller", ["attacker", "wholesaler"])
    def test_take_back_reverts_for_others_before_the_deadline(self, world, reverts, given, caller):
        world.chain.travel(given.until - 1)
        signer = world.account(caller).address
        with reverts("NotAuthorised", organisation=world.maker, signer=signer, role=Role.PARTICIPANT):
            drugs(world, caller).take_back(given)

    @pytest.mark.parametrize("late", [0, 1])
    def test_take_back_is_open_to_anyone_from_the_deadline_on(self, world, given, late):
        world.chain.travel(given.until + late)
        receipt = drugs(world, "stranger").take_back(given)
        assert receipt.event("ShipmentTakenBack").values == self.values(world, given)
        assert world.suite.drugs.custody_of(LOT, PALLET_ID).custodian == mark_of(world.maker)

    @pytest.mark.parametrize(
        ("act", "caller"), [("receive", "wholesaler"), ("refuse", "wholesaler"), ("take_back", "maker")]
    )
    def test_take_back_reverts_given_it_is_over(self, world, reverts, given, act, caller):
        getattr(drugs(world, caller), act)(given)
        with reverts("OfferNotLive", offer=given.id):
            drugs(world, "maker").take_back(given)

    def test_take_back_gives_it_back(self, world, given):
        receipt = drugs(world, "maker").take_back(given)
        assert receipt.event("ShipmentTakenBack").values == self.values(world, given)
        assert world.suite.drugs.custody_of(LOT, CASE_ID, path_of(CASE_ID)).custodian == mark_of(world.maker)

    @pytest.mark.parametrize(("act", "caller"), [("refuse", "wholesaler"), ("take_back", "maker")])
    def test_can_be_shipped_again(self, world, given, act, caller):
        getattr(drugs(world, caller), act)(given)
        again = replace(given, until=given.until + 100)
        drugs(world, "maker").ship(again)
        assert world.suite.drugs.custody_of(LOT, PALLET_ID) == Custody(State.IN_TRANSIT, None, again.id)


class TestDispense:
    """
    when the caller does not act for the pharmacy as one      -> reverts NotAuthorised
    given the lot is unknown, recalled, or expired            -> reverts UnknownLot, LotRecalled, LotExpired
    when it is the last second before it expires              -> dispensed
    given the pack was dispensed                              -> reverts AlreadyDispensed, also by another pharmacy
    given the serial was commissioned in a second lot         -> reverts AlreadyDispensed there
    when the serial was never commissioned, or is a container -> reverts UnitNotProven
    given another holds it, or it is on its way               -> reverts NotInCustody
    given the pharmacy holds it
      through its case, its pallet or by itself -> it has ended and nobody holds it; emits PackDispensed; its sibling
      stays
    """

    @pytest.fixture(autouse=True)
    def _stocked(self, world):
        stock(world)

    @staticmethod
    def dispense(world, serial: str = SERIAL, by: str = "pharmacy"):
        return drugs(world, by).dispense(getattr(world, by), LOT, serial, path_of(pack(serial)))

    def test_reverts_when_caller_does_not_act_for_the_pharmacy(self, world, reverts, attacker):
        with reverts("NotAuthorised", organisation=world.pharmacy, signer=attacker.address, role=Role.PHARMACY):
            drugs(world, "attacker").dispense(world.pharmacy, LOT, SERIAL, path_of(pack()))

    def test_reverts_when_the_holder_is_no_pharmacy(self, world, reverts, wholesaler):
        with reverts("NotAuthorised", organisation=world.wholesaler, signer=wholesaler.address, role=Role.PHARMACY):
            self.dispense(world, "1-2-1", by="wholesaler")

    def test_reverts_given_the_lot_is_unknown(self, world, reverts):
        unknown = packed("MT2026B")
        with reverts("UnknownLot", lot=unknown.id):
            drugs(world, "pharmacy").dispense(world.pharmacy, unknown.id, SERIAL, unknown.path(pack()))

    def test_reverts_given_the_lot_is_recalled(self, world, reverts):
        drugs(world, "maker").recall(world.maker, LOT, RecallClass.CLASS_II, depth=RecallDepth.RETAIL)
        with reverts("LotRecalled", lot=LOT):
            self.dispense(world)

    @pytest.mark.parametrize("late", [0, 1])
    def test_reverts_given_the_lot_is_expired(self, world, reverts, late):
        world.chain.travel(EXPIRES_AT + late)
        with reverts("LotExpired", lot=LOT):
            self.dispense(world)

    def test_dispenses_in_the_last_second(self, world):
        at_second(world, EXPIRES_AT - 1)
        self.dispense(world)
        assert world.suite.drugs.end_of(pack()).fate == Fate.DISPENSED

    def test_reverts_given_it_was_dispensed(self, world, reverts):
        receipt = self.dispense(world)
        with reverts("AlreadyDispensed", pack=pack(), endedAt=receipt.at):
            self.dispense(world)

    def test_reverts_given_the_serial_was_commissioned_twice(self, world, reverts):
        second = packed("MT2026C")
        commission(world, second)
        given = offer(world, PALLET_ID, "maker", "pharmacy", lot=second.id)
        drugs(world, "maker").ship(given, second.path(PALLET_ID))
        drugs(world, "pharmacy").receive(given)
        receipt = self.dispense(world)
        with reverts("AlreadyDispensed", pack=pack(), endedAt=receipt.at):
            drugs(world, "pharmacy").dispense(world.pharmacy, second.id, SERIAL, second.path(pack()))

    @pytest.mark.parametrize("serial", ["1-1-6", CASE])
    def test_reverts_when_the_serial_is_no_pack(self, world, reverts, serial):
        unit = pack_id(GTIN, serial)
        with reverts("UnitNotProven", lot=LOT, unit=unit):
            drugs(world, "pharmacy").dispense(world.pharmacy, LOT, serial, path_of(pack()))
        with reverts("UnitNotProven", lot=LOT, unit=unit):
            drugs(world, "pharmacy").dispense(world.pharmacy, LOT, serial, path_of(CASE_ID))

    def test_reverts_given_another_holds_it(self, world, reverts):
        with reverts(
            "NotInCustody", unit=pack("1-2-1"), organisation=world.pharmacy, custodian=mark_of(world.wholesaler)
        ):
            self.dispense(world, "1-2-1")
        with reverts("NotInCustody", unit=pack("2-1-1"), organisation=world.pharmacy, custodian=mark_of(world.maker)):
            self.dispense(world, "2-1-1")

    @pytest.mark.parametrize("unit", [CASE_ID, pack()], ids=["its case", "itself"])
    def test_reverts_given_it_is_on_its_way(self, world, reverts, unit):
        ship(world, unit, "pharmacy", "wholesaler")
        with reverts("NotInCustody", unit=pack(), organisation=world.pharmacy, custodian=bytes(16)):
            self.dispense(world)

    def test_ends_the_pack(self, world):
        receipt = self.dispense(world)

        client = world.suite.drugs
        assert receipt.event("PackDispensed").values == {
            "pack": pack(),
            "lot": LOT,
            "pharmacy": world.pharmacy,
            "prescription": ZERO_HASH,
            "portion": 0,
            "whole": 0,
        }
        assert client.end_of(pack()) == End(receipt.at, mark_of(world.pharmacy))
        assert client.custody_of(LOT, pack(), path_of(pack())).custodian == mark_of(world.pharmacy)
        sibling = pack("1-1-2")
        assert client.end_of(sibling) is None
        assert client.custody_of(LOT, sibling, path_of(sibling)).custodian == mark_of(world.pharmacy)

    @pytest.mark.parametrize("unit", [container_id(sscc(2)), pack("2-1-1")], ids=["its pallet", "itself"])
    def test_dispenses_from_any_depth(self, world, unit):
        move(world, unit, "maker", "pharmacy")
        self.dispense(world, "2-1-1")
        assert world.suite.drugs.end_of(pack("2-1-1")).fate == Fate.DISPENSED

    def test_needs_no_path_given_it_was_shipped_by_itself(self, world):
        move(world, pack("2-1-1"), "maker", "pharmacy")
        drugs(world, "pharmacy").dispense(world.pharmacy, LOT, "2-1-1")
        assert world.suite.drugs.end_of(pack("2-1-1")).fate == Fate.DISPENSED


class TestRecall:
    """
    given the lot is unknown                                -> reverts UnknownLot
    when the caller acts neither for maker nor regulator    -> reverts NotAuthorised
    when the regulator is of another jurisdiction           -> reverts ForeignRegulator
    when class or depth is missing                          -> reverts RecallNotStronger
    given a recall stands
      when it is repeated, or one of the two is weaker      -> reverts RecallNotStronger
      when one of the two is stronger                       -> that stands from then on
    given none stands
      when maker or regulator calls -> the lot is recalled; emits RecallIssued; another lot is not
    """

    @pytest.fixture(autouse=True)
    def _commissioned(self, world):
        assign_prefix(world)
        commission(world)

    def test_reverts_given_the_lot_is_unknown(self, world, reverts):
        unknown = lot_id(GTIN, "MT2026B")
        with reverts("UnknownLot", lot=unknown):
            drugs(world, "maker").recall(world.maker, unknown, RecallClass.CLASS_I, depth=RecallDepth.CONSUMER)

    @pytest.mark.parametrize(
        ("caller", "organisation", "role"),
        [
            ("attacker", "maker", Role.MANUFACTURER),
            ("attacker", "regulator", Role.REGULATOR),
            ("wholesaler", "wholesaler", Role.REGULATOR),
        ],
    )
    def test_reverts_when_caller_may_not(self, world, reverts, caller, organisation, role):
        id_, signer = getattr(world, organisation), world.account(caller).address
        with reverts("NotAuthorised", organisation=id_, signer=signer, role=role):
            drugs(world, caller).recall(id_, LOT, RecallClass.CLASS_I, depth=RecallDepth.CONSUMER)

    def test_reverts_when_another_maker_calls(self, world, reverts, other_maker, stranger):
        with reverts("NotAuthorised", organisation=other_maker, signer=stranger.address, role=Role.REGULATOR):
            drugs(world, "stranger").recall(other_maker, LOT, RecallClass.CLASS_I, depth=RecallDepth.CONSUMER)

    def test_reverts_when_the_regulator_is_foreign(self, world, reverts, foreign):
        with reverts("ForeignRegulator", regulator=foreign, organisation=world.maker):
            drugs(world, "stranger").recall(foreign, LOT, RecallClass.CLASS_I, depth=RecallDepth.CONSUMER)

    @pytest.mark.parametrize(
        ("class_", "depth"),
        [(RecallClass.NONE, RecallDepth.CONSUMER), (RecallClass.CLASS_I, RecallDepth.NONE)],
    )
    def test_reverts_when_class_or_depth_is_missing(self, world, reverts, class_, depth):
        with reverts("RecallNotStronger", recallClass=0, recallDepth=0):
            drugs(world, "maker").recall(world.maker, LOT, class_, depth=depth)

    @pytest.mark.parametrize(
        ("class_", "depth"),
        [
            (RecallClass.CLASS_II, RecallDepth.RETAIL),
            (RecallClass.CLASS_III, RecallDepth.RETAIL),
            (RecallClass.CLASS_III, RecallDepth.CONSUMER),
            (RecallClass.CLASS_I, RecallDepth.WHOLESALE),
        ],
    )
    def test_reverts_when_it_is_not_stronger(self, world, reverts, class_, depth):
        client = drugs(world, "maker")
        client.recall(world.maker, LOT, RecallClass.CLASS_II, depth=RecallDepth.RETAIL)
        with reverts("RecallNotStronger", recallClass=2, recallDepth=2):
            client.recall(world.maker, LOT, class_, depth=depth)

    @pytest.mark.parametrize(
        ("class_", "depth"),
        [
            (RecallClass.CLASS_I, RecallDepth.RETAIL),
            (RecallClass.CLASS_II, RecallDepth.CONSUMER),
            (RecallClass.CLASS_I, RecallDepth.CONSUMER),
        ],
    )
    def test_takes_a_stronger_one(self, world, class_, depth):
        drugs(world, "maker").recall(world.maker, LOT, RecallClass.CLASS_II, depth=RecallDepth.RETAIL)
        drugs(world, "regulator").recall(world.regulator, LOT, class_, depth=depth)
        record = world.suite.drugs.lot_of(LOT)
        assert (record.recall_class, record.recall_depth) == (class_, depth)

    @pytest.mark.parametrize("caller", ["maker", "regulator"])
    def test_recalls_the_lot(self, world, caller):
        other = packed("MT2026C")
        commission(world, other)
        before = world.suite.drugs.lot_of(LOT)
        organisation = getattr(world, caller)
        receipt = drugs(world, caller).recall(organisation, LOT, RecallClass.CLASS_I, depth=RecallDepth.CONSUMER)

        assert receipt.event("RecallIssued").values == {
            "lot": LOT,
            "organisation": organisation,
            "recallClass": RecallClass.CLASS_I,
            "recallDepth": RecallDepth.CONSUMER,
        }
        assert world.suite.drugs.lot_status(LOT) == LotStatus.RECALLED
        after = replace(before, recall_class=RecallClass.CLASS_I, recall_depth=RecallDepth.CONSUMER)
        assert world.suite.drugs.lot_of(LOT) == after
        assert world.suite.drugs.lot_status(other.id) == LotStatus.ACTIVE

    def test_stays_recalled_after_it_expired(self, world):
        drugs(world, "maker").recall(world.maker, LOT, RecallClass.CLASS_I, depth=RecallDepth.CONSUMER)
        world.chain.travel(EXPIRES_AT + 1)
        assert world.suite.drugs.lot_status(LOT) == LotStatus.RECALLED


class TestLotStatus:
    """
    given the lot was never commissioned                -> UNKNOWN
    when it is a second before, at and after its expiry -> ACTIVE, EXPIRED, EXPIRED
    """

    def test_is_unknown_given_it_was_never_commissioned(self, world):
        assert world.suite.drugs.lot_status(LOT) == LotStatus.UNKNOWN

    @pytest.mark.parametrize(
        ("late", "status"), [(-1, LotStatus.ACTIVE), (0, LotStatus.EXPIRED), (1, LotStatus.EXPIRED)]
    )
    def test_expires(self, world, late, status):
        assign_prefix(world)
        commission(world)
        world.chain.travel(EXPIRES_AT + late)
        assert world.suite.drugs.lot_status(LOT) == status


class TestVerifyPack:
    """
    given a pack that its holder has                        -> OK, for the holder and for nobody in particular
    when the serial is unknown, or the path is of another   -> UNKNOWN_SERIAL
    when product, lot or expiry on the pack differ          -> UNKNOWN_SERIAL, LOT_MISMATCH, EXPIRY_MISMATCH
    given the lot is expired                                -> EXPIRED
    given it is recalled, expired or not, dispensed or not  -> RECALLED
    given it was dispensed                                  -> ALREADY_DISPENSED, also without a path
    given another holds it, or it is on its way             -> NOT_IN_CUSTODY
    given it was shipped by itself                          -> OK without a path
    """

    @pytest.fixture(autouse=True)
    def _stocked(self, world):
        stock(world)

    @staticmethod
    def verify(world, label=None, *, serial: str = SERIAL, holder: bytes | None = None) -> Verdict:
        return world.suite.drugs.verify(LOT, label or scan(serial), path_of(pack(serial)), holder=holder)

    def test_is_ok(self, world):
        assert self.verify(world) == Verdict.OK
        assert self.verify(world, holder=world.pharmacy) == Verdict.OK

    def test_knows_no_other_serial(self, world):
        for serial in ("1-1-6", "1-1-2"):
            assert world.suite.drugs.verify(LOT, scan(serial), path_of(pack())) == Verdict.UNKNOWN_SERIAL
        assert world.suite.drugs.verify(LOT, scan()) == Verdict.UNKNOWN_SERIAL
        unknown = packed("MT2026B")
        assert world.suite.drugs.verify(unknown.id, scan(), unknown.path(pack())) == Verdict.UNKNOWN_SERIAL

    @pytest.mark.parametrize(
        ("label", "verdict"),
        [
            (scan(gtin="00361414567993"), Verdict.UNKNOWN_SERIAL),
            (scan(lot_number="MT2026B"), Verdict.LOT_MISMATCH),
            (scan(expiry=date(2030, 7, 1)), Verdict.EXPIRY_MISMATCH),
            (scan(lot_number="MT2026B", expiry=date(2031, 6, 30)), Verdict.LOT_MISMATCH),
        ],
    )
    def test_compares_what_is_printed(self, world, label, verdict):
        assert self.verify(world, label) == verdict

    @pytest.mark.parametrize(("late", "verdict"), [(-1, Verdict.OK), (0, Verdict.EXPIRED), (1, Verdict.EXPIRED)])
    def test_expires(self, world, late, verdict):
        world.chain.travel(EXPIRES_AT + late)
        assert self.verify(world) == verdict

    def test_tells_a_recall_before_all_else(self, world):
        drugs(world, "pharmacy").dispense(world.pharmacy, LOT, SERIAL, path_of(pack()))
        drugs(world, "maker").recall(world.maker, LOT, RecallClass.CLASS_I, depth=RecallDepth.CONSUMER)
        assert self.verify(world) == self.verify(world, serial="1-1-2") == Verdict.RECALLED
        world.chain.travel(EXPIRES_AT)
        assert self.verify(world) == Verdict.RECALLED

    def test_tells_that_it_was_dispensed(self, world):
        drugs(world, "pharmacy").dispense(world.pharmacy, LOT, SERIAL, path_of(pack()))
        assert self.verify(world) == Verdict.ALREADY_DISPENSED
        assert self.verify(world, holder=world.pharmacy) == Verdict.ALREADY_DISPENSED
        assert world.suite.drugs.verify(LOT, scan()) == Verdict.ALREADY_DISPENSED
        unknown = scan(lot_number="MT2026B")
        assert world.suite.drugs.verify(packed("MT2026B").id, unknown) == Verdict.LOT_MISMATCH
        assert self.verify(world, serial="1-1-2") == Verdict.OK

    def test_tells_that_another_holds_it(self, world):
        assert self.verify(world, holder=world.wholesaler) == Verdict.NOT_IN_CUSTODY
        ship(world, CASE_ID, "pharmacy", "wholesaler")
        for holder in (world.pharmacy, world.wholesaler):
            assert self.verify(world, holder=holder) == Verdict.NOT_IN_CUSTODY
        assert self.verify(world) == Verdict.OK

    def test_needs_no_path_given_it_was_shipped_by_itself(self, world):
        move(world, pack(), "pharmacy", "hospital")
        assert world.suite.drugs.verify(LOT, scan(), holder=world.hospital) == Verdict.OK


class TestCustodyOf:
    """
    when the path proves nothing and it has no state -> reverts UnitNotProven
    """

    def test_reverts_when_the_path_proves_nothing(self, world, reverts):
        assign_prefix(world)
        commission(world)
        with reverts("UnitNotProven", lot=LOT, unit=pack()):
            world.suite.drugs.custody_of(LOT, pack(), path_of(CASE_ID))


class TestFlatCost:
    """
    given a lot of 1 pack and one of 2^20           -> commissioning and recalling cost the same
    given a lot of 10 packs, and later one of 1,000,000 among much else
      when a pack is shipped, received, dispensed   -> each costs the same, but for its calldata
    """

    def test_size_does_not_matter(self, world):
        assign_prefix(world)
        client = drugs(world, "maker")
        used = []
        for number, size in (("A0", 7), ("A1", 1), ("A2", 1 << 20)):
            root = bytes([number.encode()[1]]) * 32
            made = client._send("commission", world.maker, int(GTIN), 7, number, EXPIRES_AT, size, root).gas_used
            lot = lot_id(GTIN, number)
            recalled = client.recall(world.maker, lot, RecallClass.CLASS_I, depth=RecallDepth.RETAIL).gas_used
            used.append((made, recalled))
        assert abs(used[1][0] - used[2][0]) <= 24  # two bytes of calldata are not zero
        assert used[1][1] == used[2][1]

    def test_nothing_grows_with_what_there_is(self, world):
        assign_prefix(world)
        first = self._life(world, "FLAT1", 10)
        commission(world)
        for unit in [one for one in packed().units() if len(path_of(one)) == 3][:20]:
            move(world, unit, "maker", "pharmacy")
        then = self._life(world, "FLAT2", 1_000_000)
        # Which of two hashes comes first is chance, and costs tens of gas; one more read would cost 2,100.
        assert [abs(one - other) < 200 for one, other in zip(first, then, strict=True)] == [True] * 3

    def _life(self, world, number: str, size: int) -> list[int]:
        """What it costs to ship, receive and dispense a pack of a lot with a size, beside the calldata."""
        lot = PackedLot(GTIN, number, b"\x05" * 32, packs=[str(one) for one in range(10)])
        maker, shop = drugs(world, "maker"), drugs(world, "pharmacy")
        maker._send("commission", world.maker, int(GTIN), 7, number, EXPIRES_AT, size, lot.root)
        serial = next(one for one in map(str, range(10)) if len(lot.path(pack(one))[0].proof) == 4)
        given = offer(world, pack(serial), "maker", "pharmacy", lot=lot.id)
        sent = [maker.ship(given, lot.path(pack(serial))), shop.receive(given)]
        sent.append(shop.dispense(world.pharmacy, lot.id, serial, ()))
        return [one.gas_used - self._calldata(world, one.transaction_hash) for one in sent]

    @staticmethod
    def _calldata(world, hash_: str) -> int:
        data = bytes.fromhex(world.chain.request("eth_getTransactionByHash", hash_)["input"].removeprefix("0x"))
        return sum(16 if byte else 4 for byte in data)
