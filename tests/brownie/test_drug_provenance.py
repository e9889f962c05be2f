"""DrugProvenance in Brownie: a pallet goes to the pharmacy, a pack to one patient, and a recall stops the rest."""

from __future__ import annotations

import pytest

from medtrust.accreditation import Role
from medtrust.drugs import Offer, mark_of
from medtrust.packing import Container, PackedLot, container_id, pack_id
from medtrust.standards.gs1 import check_digit

PREFIX, DIGITS = 361414, 7
GTIN = "00361414567894"
EXPIRES_AT = 3_900_000_000
FAR = 4_000_000_000
PALLET = "00361414000000001" + check_digit("00361414000000001")
CLASS_I, CONSUMER = 1, 3
HELD = 8
WHOLE = (bytes(32), 0, 0)
OK, RECALLED, ALREADY_DISPENSED = 0, 5, 7


@pytest.fixture(scope="module")
def lot():
    """One pallet of four packs."""
    return PackedLot(GTIN, "MT2026A", b"\x05" * 32, containers=[Container(PALLET, packs=("s1", "s2", "s3", "s4"))])


@pytest.fixture(scope="module")
def organisations(accredit, maker, pharmacy, regulator):
    return {
        "maker": accredit(maker, Role.MANUFACTURER),
        "pharmacy": accredit(pharmacy, Role.PHARMACY),
        "regulator": accredit(regulator, Role.REGULATOR),
    }


@pytest.fixture
def commissioned(provenance, organisations, lot, maker, regulator):
    provenance.assignPrefix(organisations["regulator"], organisations["maker"], PREFIX, DIGITS, {"from": regulator})
    product = (int(GTIN), DIGITS, lot.lot_number, EXPIRES_AT, lot.size, lot.root)
    return provenance.commission(organisations["maker"], *product, {"from": maker})


@pytest.fixture
def offer(organisations, lot):
    """The pallet, from the maker to the pharmacy."""
    sides = (organisations["maker"], int(Role.MANUFACTURER), organisations["pharmacy"], int(Role.PHARMACY))
    return Offer(lot.id, container_id(PALLET), *sides, FAR).abi_fields


@pytest.fixture
def stocked(provenance, commissioned, offer, lot, maker, pharmacy):
    provenance.ship(offer, steps(lot, container_id(PALLET)), {"from": maker})
    return provenance.receiveUnit(offer, {"from": pharmacy})


@pytest.fixture
def verdict_on(provenance, lot, organisations):
    """Ask what the pharmacy would be told about a pack."""

    def ask(serial):
        scan = (int(GTIN), serial, lot.lot_number, EXPIRES_AT)
        path = steps(lot, pack_id(GTIN, serial))
        return provenance.verifyPack(lot.id, scan, organisations["pharmacy"], path)

    return ask


def steps(lot, unit):
    """The path of a unit as the contract takes it."""
    return [(step.unit, step.content, list(step.proof)) for step in lot.path(unit)]


class TestCommission:
    """
    when the prefix is of another        -> reverts PrefixNotOwned
    given the lot is there               -> reverts LotExists
    given it is not                      -> it is active, in the maker's custody; emits LotCommissioned
    """

    def test_reverts_when_the_prefix_is_of_another(self, provenance, reverts, organisations, lot, maker):
        product = (int(GTIN), DIGITS, lot.lot_number, EXPIRES_AT, lot.size, lot.root)
        with reverts("PrefixNotOwned", PREFIX, DIGITS, organisations["maker"]):
            provenance.commission(organisations["maker"], *product, {"from": maker})

    def test_reverts_given_the_lot_is_there(self, provenance, reverts, commissioned, organisations, lot, maker):
        product = (int(GTIN), DIGITS, lot.lot_number, EXPIRES_AT, lot.size, lot.root)
        with reverts("LotExists", lot.id):
            provenance.commission(organisations["maker"], *product, {"from": maker})

    def test_puts_the_lot_into_custody_of_its_maker(self, provenance, commissioned, organisations, lot):
        event = commissioned.events["LotCommissioned"]
        state, custodian, _ = provenance.custodyOf(lot.id, container_id(PALLET), steps(lot, container_id(PALLET)))

        assert (bytes(event["lot"]), event["gtin"], event["lotNumber"]) == (lot.id, int(GTIN), lot.lot_number)
        assert (event["expiresAt"], event["size"], bytes(event["unitsRoot"])) == (EXPIRES_AT, lot.size, lot.root)
        assert (state, bytes(custodian)) == (HELD, mark_of(organisations["maker"]))


class TestDispense:
    """
    given the pallet is with the maker   -> reverts NotInCustody
    given it was received
      when a pack is dispensed           -> it has ended; emits PackDispensed; the others may be dispensed
      when it is dispensed again         -> reverts AlreadyDispensed
    given the lot was recalled           -> reverts LotRecalled; the verdict says so
    """

    def test_reverts_given_it_is_with_the_maker(self, provenance, reverts, commissioned, organisations, lot, pharmacy):
        pack = pack_id(GTIN, "s1")
        with reverts("NotInCustody", pack, organisations["pharmacy"], HELD, mark_of(organisations["maker"])):
            provenance.dispense(organisations["pharmacy"], lot.id, "s1", steps(lot, pack), WHOLE, {"from": pharmacy})

    def test_ends_that_pack_alone(self, provenance, stocked, organisations, lot, pharmacy, verdict_on):
        pack = pack_id(GTIN, "s1")
        transaction = provenance.dispense(
            organisations["pharmacy"], lot.id, "s1", steps(lot, pack), WHOLE, {"from": pharmacy}
        )
        event = transaction.events["PackDispensed"]

        assert [bytes(event[name]) for name in ("pack", "lot", "pharmacy")] == [pack, lot.id, organisations["pharmacy"]]
        assert provenance.endOf(pack)[0] == transaction.timestamp
        assert [verdict_on(serial) for serial in ("s1", "s2")] == [ALREADY_DISPENSED, OK]

    def test_reverts_when_it_is_dispensed_again(self, provenance, reverts, stocked, organisations, lot, pharmacy):
        pack = pack_id(GTIN, "s1")
        arguments = (organisations["pharmacy"], lot.id, "s1", steps(lot, pack), WHOLE, {"from": pharmacy})
        at = provenance.dispense(*arguments).timestamp

        with reverts("AlreadyDispensed", pack, at):
            provenance.dispense(*arguments)

    def test_reverts_given_the_lot_was_recalled(
        self, provenance, reverts, stocked, organisations, lot, maker, pharmacy, verdict_on
    ):
        provenance.recall(organisations["maker"], lot.id, CLASS_I, CONSUMER, {"from": maker})

        assert verdict_on("s1") == RECALLED
        with reverts("LotRecalled", lot.id):
            path = steps(lot, pack_id(GTIN, "s1"))
            provenance.dispense(organisations["pharmacy"], lot.id, "s1", path, WHOLE, {"from": pharmacy})
