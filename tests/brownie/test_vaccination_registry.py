"""VaccinationRegistry in Brownie: doses anchored in batches, verified and revoked one by one."""

from __future__ import annotations

import pytest

from medtrust.accreditation import Role
from medtrust.certificate import Dose, dose_id, dose_leaf
from medtrust.keccak import keccak256
from medtrust.merkle import MerkleTree
from medtrust.types import ZERO_HASH
from medtrust.vaccination import Advisory, Status

EVER = 2**64 - 1
SIZE = 5


@pytest.fixture
def clinic(accredit, hospital):
    """The id of a vaccinator whose signer is `hospital`."""
    return accredit(hospital, Role.VACCINATOR)


@pytest.fixture
def doses(patient):
    return [Dose(index, patient.address, ZERO_HASH, keccak256(bytes([index]))) for index in range(SIZE)]


@pytest.fixture
def tree(clinic, doses):
    return MerkleTree([dose_leaf(clinic, dose) for dose in doses])


@pytest.fixture
def anchored(vaccination, clinic, tree, hospital):
    return vaccination.anchor(clinic, tree.root, SIZE, [], {"from": hospital})


def verify(vaccination, clinic, tree, dose, place):
    """Ask about a dose: status, advisories, time of the anchor, size, signer, successor."""
    parts = (dose.index, dose.holder, dose.lot, dose.fields)
    return tuple(vaccination.verify(clinic, tree.root, parts, list(tree.proof(place)), EVER))


class TestAnchor:
    """
    when the caller signs for no vaccinator -> reverts NotAuthorised
    given a lot that nobody commissioned    -> reverts UnknownLot
    given the root is anchored              -> reverts BatchExists
    when everything is in order             -> keeps time, size and signer; emits BatchAnchored
    """

    def test_reverts_when_caller_signs_for_no_vaccinator(self, vaccination, clinic, tree, reverts, attacker):
        with reverts("NotAuthorised", clinic, attacker, Role.VACCINATOR.value):
            vaccination.anchor(clinic, tree.root, SIZE, [], {"from": attacker})

    def test_reverts_given_an_unknown_lot(self, vaccination, clinic, tree, reverts, hospital):
        lot = keccak256(b"counterfeit")
        with reverts("UnknownLot", lot):
            vaccination.anchor(clinic, tree.root, SIZE, [lot], {"from": hospital})

    def test_reverts_given_the_root_is_anchored(self, vaccination, clinic, tree, anchored, reverts, hospital):
        with reverts("BatchExists", clinic, tree.root):
            vaccination.anchor(clinic, tree.root, SIZE, [], {"from": hospital})

    def test_keeps_time_size_and_signer(self, vaccination, clinic, tree, anchored, hospital):
        event = anchored.events["BatchAnchored"]
        assert (event["signer"], event["anchoredAt"], event["size"]) == (hospital, anchored.timestamp, SIZE)
        assert tuple(vaccination.batchOf(clinic, tree.root)) == (anchored.timestamp, SIZE, hospital)


class TestVerifyAndRevoke:
    """
    given a dose of an anchored batch   -> ACTIVE, UNTRACED_LOT, with time and signer
    when a part of it is changed        -> UNKNOWN
    when a stranger revokes it          -> reverts NotAuthorised
    when the issuer revokes it          -> REVOKED; emits DoseRevoked; its neighbour stands
    """

    def test_is_active(self, vaccination, clinic, tree, doses, anchored, hospital):
        expected = (Status.ACTIVE, Advisory.UNTRACED_LOT, anchored.timestamp, SIZE, hospital)
        assert [verify(vaccination, clinic, tree, dose, place)[:5] for place, dose in enumerate(doses)] == [
            expected
        ] * SIZE

    def test_is_unknown_when_a_part_is_changed(self, vaccination, clinic, tree, doses, anchored, attacker):
        forged = Dose(0, attacker.address, ZERO_HASH, doses[0].fields)
        assert verify(vaccination, clinic, tree, forged, 0)[0] == Status.UNKNOWN

    def test_reverts_when_a_stranger_revokes(self, vaccination, clinic, tree, anchored, reverts, attacker):
        with reverts("NotAuthorised", clinic, attacker, Role.VACCINATOR.value):
            vaccination.revoke(clinic, tree.root, 1, {"from": attacker})

    def test_revokes_one_dose(self, vaccination, clinic, tree, doses, anchored, hospital):
        transaction = vaccination.revoke(clinic, tree.root, 1, {"from": hospital})
        assert transaction.events["DoseRevoked"]["index"] == 1
        standing = [verify(vaccination, clinic, tree, dose, place)[0] for place, dose in enumerate(doses)]
        assert standing == [Status.ACTIVE, Status.REVOKED, Status.ACTIVE, Status.ACTIVE, Status.ACTIVE]


class TestAmendAndDispute:
    """
    when a stranger corrects a dose      -> reverts NotAuthorised
    when the issuer corrects it          -> SUPERSEDED by the other dose; emits DoseAmended; once alone
    when the issuer enters one in error  -> REVOKED and ENTERED_IN_ERROR
    when a stranger disputes             -> reverts NotController
    when the holder disputes             -> DISPUTED; emits DoseDisputed
    """

    @pytest.fixture
    def places(self, clinic, tree):
        return [(clinic, tree.root, index) for index in range(SIZE)]

    def test_reverts_when_a_stranger_corrects(self, vaccination, clinic, places, anchored, reverts, attacker):
        with reverts("NotAuthorised", clinic, attacker, Role.VACCINATOR.value):
            vaccination.amend(places[0], places[1], ZERO_HASH, {"from": attacker})

    def test_supersedes_once(self, vaccination, clinic, tree, doses, places, anchored, reverts, hospital):
        event = vaccination.amend(places[0], places[1], ZERO_HASH, {"from": hospital}).events["DoseAmended"]
        assert (event["index"], event["correctionIndex"]) == (0, 1)
        standing = verify(vaccination, clinic, tree, doses[0], 0)
        assert (standing[0], bytes(standing[5])) == (Status.SUPERSEDED, dose_id(clinic, tree.root, 1))
        assert verify(vaccination, clinic, tree, doses[1], 1)[0] == Status.ACTIVE
        with reverts("DoseAlreadyRevoked", 0):
            vaccination.amend(places[0], places[2], ZERO_HASH, {"from": hospital})

    def test_enters_in_error(self, vaccination, clinic, tree, doses, anchored, hospital):
        vaccination.enterInError(clinic, tree.root, 3, {"from": hospital})
        expected = (Status.REVOKED, Advisory.UNTRACED_LOT | Advisory.ENTERED_IN_ERROR)
        assert verify(vaccination, clinic, tree, doses[3], 3)[:2] == expected

    def test_reverts_when_a_stranger_disputes(self, vaccination, patient, anchored, reverts, attacker):
        with reverts("NotController", patient, attacker):
            vaccination.dispute(patient, keccak256(b"dose"), ZERO_HASH, {"from": attacker})

    def test_is_disputed_by_the_holder(self, vaccination, clinic, tree, doses, anchored, patient):
        event = vaccination.dispute(patient, dose_id(clinic, tree.root, 2), ZERO_HASH, {"from": patient}).events[0]
        assert event["holder"] == patient
        assert verify(vaccination, clinic, tree, doses[2], 2)[1] == Advisory.UNTRACED_LOT | Advisory.DISPUTED
