"""Guardians who hold no ETH: what they sign counts within their scope and their time, whoever sends it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from medtrust.consent import Record
from medtrust.emergency import EVERYTHING
from medtrust.patients import Scope
from medtrust.types import name_hash
from tests.consents import DAY, give_ether, simulate, valid_consent, valid_request
from tests.emergencies import emergency, open_session, staff
from tests.world import FAR

AROUND = [-1, 0, 1]
GROUNDS = name_hash("what the mother says, and a salt")


@pytest.fixture
def patients(world):
    """The registry as the patient, with ETH."""
    give_ether(world, world.patient.address)
    return world.acting_as(world.patient).patients


@pytest.fixture
def appoint(world, patients, stranger):
    """Appoints the stranger as a guardian, and waits until it protects where that is its scope."""

    def appointed(scope, *, until=FAR):
        patients.add_guardian(world.patient.address, stranger.address, scope, until=until)
        if scope & (Scope.FREEZE | Scope.RECOVER):
            world.chain.mine(seconds=7 * DAY)

    return appointed


@pytest.fixture
def guardians(world):
    """The registry of patients as the guardian."""
    return world.acting_as("stranger").patients


@pytest.fixture
def relayers(world):
    """The registry of patients as whoever sends."""
    return world.acting_as("relayer").patients


class TestGrant:
    """
    given a guardian for GRANT
      when anyone sends the grant that it signed  -> recorded as a guardian's; permitted
      when it is sent at the end of its time      -> granted before; reverts InvalidSignature from then on
      given the patient is frozen                 -> reverts Frozen
    given a guardian for REVOKE alone             -> reverts InvalidSignature
    """

    @pytest.fixture
    def receipt(self, world, patient):
        return world.acting_as("stranger").consent.for_patient(patient.address).sign(valid_consent(world))

    def test_is_a_guardians(self, world, appoint, receipt, patient):
        appoint(Scope.GRANT)
        done = world.acting_as("relayer").consent.grant_by_sig(receipt)
        client = world.suite.consent

        assert done.event("ConsentGranted").values["isByGuardian"] is True
        assert client.record_of(patient.address, receipt.consent.id) == Record(granted_at=done.at, is_by_guardian=True)
        assert client.check(receipt.consent, valid_request(world)).is_permitted

    @pytest.mark.parametrize("late", AROUND)
    def test_counts_until_its_time_ends(self, world, appoint, receipt, patient, reverts, late):
        majority = world.chain.now() + 8 * DAY
        appoint(Scope.GRANT, until=majority)
        world.chain.travel(majority + late)
        sent = ("grantBySig", receipt.consent.outer, receipt.signature)
        client = world.acting_as("relayer").consent
        if late < 0:
            simulate(client, *sent)
        else:
            with reverts("InvalidSignature", signer=patient.address):
                simulate(client, *sent)

    def test_reverts_given_the_patient_is_frozen(self, world, appoint, patients, receipt, patient, reverts):
        appoint(Scope.GRANT)
        patients.freeze(patient.address, world.chain.now() + DAY)
        with reverts("Frozen", patient=patient.address):
            world.acting_as("relayer").consent.grant_by_sig(receipt)

    def test_reverts_out_of_scope(self, world, appoint, receipt, patient, reverts):
        appoint(Scope.REVOKE)
        with reverts("InvalidSignature", signer=patient.address):
            world.acting_as("relayer").consent.grant_by_sig(receipt)


class TestRevoke:
    """
    given a guardian for REVOKE, when anyone sends what it signed -> revoked, also while the patient is frozen
    given a guardian for GRANT alone                              -> reverts InvalidSignature
    """

    @pytest.mark.parametrize("scope", [Scope.REVOKE, Scope.GRANT])
    def test_revokes_in_scope(self, world, appoint, patients, patient, reverts, scope):
        appoint(scope)
        consent = valid_consent(world)
        world.acting_as(world.patient).consent.grant(consent)
        patients.freeze(patient.address, world.chain.now() + DAY)
        signature = (
            world.acting_as("stranger").consent.for_patient(patient.address).sign_revoke(consent.id, deadline=FAR)
        )
        client = world.acting_as("relayer").consent
        if scope is Scope.REVOKE:
            client.revoke_by_sig(patient.address, consent.id, signature, deadline=FAR)
        else:
            with reverts("InvalidSignature", signer=patient.address):
                client.revoke_by_sig(patient.address, consent.id, signature, deadline=FAR)
        assert client.check(consent, valid_request(world)).is_permitted is (scope is Scope.GRANT)


class TestProtect:
    """
    given a guardian for RECOVER and FREEZE
      when anyone sends its vote        -> it is the guardian's; emits RecoveryVoted; a second copy reverts NonceTaken
      when anyone sends its freeze      -> frozen; the next reverts FrozenBefore
      when anyone sends its resignation -> its time is over; a second one reverts NotGuardian
    given nobody's guardian             -> reverts NotGuardian, NotController
    """

    def test_votes(self, world, appoint, guardians, relayers, patient, stranger, doctor, reverts):
        appoint(Scope.RECOVER | Scope.FREEZE)
        act = guardians.sign_recover(patient.address, doctor.address, deadline=FAR)
        receipt = relayers.send(act)

        voted = {"patient": patient.address, "guardian": stranger.address, "controller": doctor.address, "round": 0}
        assert receipt.event("RecoveryVoted").values == voted
        assert receipt.event("NonceUsed").values == {"signer": stranger.address, "nonce": act.nonce}
        assert relayers.recovery_of(patient.address).controller == doctor.address
        with reverts("NonceTaken", signer=stranger.address, nonce=act.nonce):
            relayers.send(act)

    def test_freezes(self, world, appoint, guardians, relayers, patient, stranger, reverts):
        appoint(Scope.RECOVER | Scope.FREEZE)
        until = world.chain.now() + DAY
        receipt = relayers.send(guardians.sign_freeze(patient.address, until, deadline=FAR))

        begun = receipt.event("FreezeBegun").values
        assert (begun["patient"], begun["caller"], begun["until"]) == (patient.address, stranger.address, until)
        again = guardians.sign_freeze(patient.address, until, deadline=FAR)
        with reverts("FrozenBefore", patient=patient.address):
            relayers.send(again)

    def test_resigns(self, world, appoint, guardians, relayers, patient, stranger, reverts):
        appoint(Scope.RECOVER)
        receipt = relayers.send(guardians.sign_resign(patient.address, deadline=FAR))

        assert receipt.event("GuardianResigned").values["guardian"] == stranger.address
        assert not relayers.is_guardian(patient.address, stranger.address, Scope.RECOVER)
        with reverts("NotGuardian", patient=patient.address, guardian=stranger.address):
            relayers.send(guardians.sign_resign(patient.address, deadline=FAR))

    def test_reverts_given_nobodys_guardian(self, world, guardians, relayers, patient, stranger, reverts):
        with reverts("NotGuardian", patient=patient.address, guardian=stranger.address):
            relayers.send(guardians.sign_recover(patient.address, stranger.address, deadline=FAR))
        until = world.chain.now() + DAY
        with reverts("NotController", patient=patient.address, caller=stranger.address):
            relayers.send(guardians.sign_freeze(patient.address, until, deadline=FAR))
        broken = replace(guardians.sign_resign(patient.address, deadline=FAR), signature=bytes(65))
        with reverts("InvalidSignature", signer=patient.address):
            relayers.send(broken)


class TestEmergencies:
    """
    given a guardian for EMERGENCY, when anyone sends the rule that it signed -> it stands; a contest: InvalidSignature
    given a guardian for CONTEST, when anyone sends the contest that it signed -> contested; a rule: InvalidSignature
    """

    @pytest.mark.parametrize("scope", [Scope.EMERGENCY, Scope.CONTEST])
    def test_acts_in_scope(self, world, appoint, patient, reverts, scope):
        staff(world)
        appoint(scope)
        number = open_session(world)
        guardian, relayer = emergency(world, "stranger"), emergency(world, "relayer")
        rule = guardian.sign_change_rule(patient.address, EVERYTHING, deadline=FAR)
        contest = guardian.sign_contest(world.hospital, number, deadline=FAR, grounds=GROUNDS)
        allowed, refused = (
            (lambda: relayer.change_rule_by_sig(rule), lambda: relayer.contest_by_sig(contest))
            if scope is Scope.EMERGENCY
            else (lambda: relayer.contest_by_sig(contest), lambda: relayer.change_rule_by_sig(rule))
        )
        allowed()
        with reverts("InvalidSignature", signer=patient.address):
            refused()
        assert (relayer.withheld_of(patient.address) == EVERYTHING) is (scope is Scope.EMERGENCY)
        assert (relayer.session_of(world.hospital, number).contested_at > 0) is (scope is Scope.CONTEST)
