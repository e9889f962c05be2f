"""VaccinationRegistry in Brownie: batches of doses behind one root, each verified and withdrawn alone."""

from __future__ import annotations

from dataclasses import astuple, replace

import pytest

from medtrust.accreditation import Role
from medtrust.certificate import Dose, dose_leaf
from medtrust.merkle import MerkleTree
from medtrust.types import ZERO_HASH, checksum_address
from medtrust.vaccination import Advisory, Status

SIZE = 5
DAY = 86_400
NOW = 2**64 - 1


@pytest.fixture(scope="module")
def issuer(accredit, hospital):
    return accredit(hospital, Role.VACCINATOR)


@pytest.fixture(scope="module")
def doses():
    """Doses of five people, of a lot that is not traced."""
    holders = [checksum_address(f"0x{person:040x}") for person in range(1, SIZE + 1)]
    return [Dose(index=i, holder=holder, lot=ZERO_HASH, fields=bytes([i]) * 32) for i, holder in enumerate(holders)]


@pytest.fixture(scope="module")
def tree(issuer, doses):
    return MerkleTree([dose_leaf(issuer, dose) for dose in doses])


@pytest.fixture
def anchored(vaccination, issuer, tree, hospital):
    return vaccination.anchor(issuer, tree.root, SIZE, [], {"from": hospital})


@pytest.fixture
def verify(vaccination, issuer, doses, tree):
    """Ask for the verdict on a dose, or on what `changes` makes of it."""

    def ask(place, **changes):
        dose = astuple(replace(doses[place], **changes))
        return vaccination.verify(issuer, tree.root, dose, list(tree.proof(place)), NOW)

    return ask


class TestAnchor:
    """
    when the caller is no vaccinator     -> reverts NotAuthorised
    when the batch is too large          -> reverts InvalidSize
    given it is anchored                 -> reverts BatchExists
    given it is not                      -> each dose is active, with its advisory; emits BatchAnchored
    """

    def test_reverts_when_caller_is_no_vaccinator(self, vaccination, reverts, issuer, tree, attacker):
        with reverts("NotAuthorised", issuer, attacker, int(Role.VACCINATOR)):
            vaccination.anchor(issuer, tree.root, SIZE, [], {"from": attacker})

    def test_reverts_when_the_batch_is_too_large(self, vaccination, reverts, issuer, tree, hospital):
        with reverts("InvalidSize", 2**20 + 1):
            vaccination.anchor(issuer, tree.root, 2**20 + 1, [], {"from": hospital})

    def test_reverts_given_it_is_anchored(self, vaccination, reverts, issuer, tree, anchored, hospital):
        with reverts("BatchExists", issuer, tree.root):
            vaccination.anchor(issuer, tree.root, SIZE, [], {"from": hospital})

    def test_makes_each_dose_active(self, anchored, verify, issuer, tree, hospital):
        event = anchored.events["BatchAnchored"]

        assert (bytes(event["organisation"]), bytes(event["root"])) == (issuer, tree.root)
        assert (event["signer"], event["anchoredAt"], event["size"]) == (hospital, anchored.timestamp, SIZE)
        for place in range(SIZE):
            verdict = verify(place)
            assert tuple(verdict) == (int(Status.ACTIVE), int(Advisory.UNTRACED_LOT), anchored.timestamp, hospital)


class TestVerify:
    """
    given an anchored dose
      when one field is another          -> UNKNOWN
      when nothing is changed            -> ACTIVE
    """

    @pytest.mark.parametrize(
        "change",
        [{"index": 4}, {"holder": checksum_address("0x" + "9" * 40)}, {"lot": b"\x01" * 32}, {"fields": b"\x09" * 32}],
        ids=lambda change: next(iter(change)),
    )
    def test_knows_no_dose_with_another_field(self, anchored, verify, change):
        assert verify(1, **change)[0] == Status.UNKNOWN
        assert verify(1)[0] == Status.ACTIVE


class TestRevoke:
    """
    when the dose is beyond the batch    -> reverts UnknownDose
    when the caller is a stranger        -> reverts NotAuthorised
    given it was withdrawn               -> reverts DoseAlreadyRevoked
    when the issuer calls                -> it is REVOKED; emits DoseRevoked; the others stay ACTIVE
    """

    def test_reverts_when_the_dose_is_beyond_the_batch(self, vaccination, reverts, issuer, tree, anchored, hospital):
        with reverts("UnknownDose", SIZE, SIZE):
            vaccination.revoke(issuer, tree.root, SIZE, {"from": hospital})

    def test_reverts_when_caller_is_a_stranger(self, vaccination, reverts, issuer, tree, anchored, attacker):
        with reverts("NotAuthorised", issuer, attacker, int(Role.VACCINATOR)):
            vaccination.revoke(issuer, tree.root, 2, {"from": attacker})

    def test_reverts_given_it_was_withdrawn(self, vaccination, reverts, issuer, tree, anchored, hospital, chain):
        vaccination.revoke(issuer, tree.root, 2, {"from": hospital})
        chain.sleep(DAY)

        with reverts("DoseAlreadyRevoked", 2):
            vaccination.revoke(issuer, tree.root, 2, {"from": hospital})

    def test_withdraws_that_dose_alone(self, vaccination, issuer, tree, anchored, verify, hospital):
        transaction = vaccination.revoke(issuer, tree.root, 2, {"from": hospital})

        assert transaction.events["DoseRevoked"]["index"] == 2
        assert [verify(place)[0] for place in range(SIZE)] == [
            Status.REVOKED if place == 2 else Status.ACTIVE for place in range(SIZE)
        ]
