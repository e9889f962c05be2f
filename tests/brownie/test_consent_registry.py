"""ConsentRegistry in Brownie: a patient grants, a doctor asks, the patient withdraws."""

from __future__ import annotations

import pytest

from medtrust.accreditation import Role
from medtrust.types import ZERO_HASH

USA = 840
FAR = 4_000_000_000
TREAT, MARKETING = 1 << 0, 1 << 16
SUMMARY, GENETICS = 1 << 0, 1 << 20
NORMAL, RESTRICTED = 4, 5
TERMS = (TREAT, SUMMARY, NORMAL, USA, ZERO_HASH, 0, 0, False, ZERO_HASH, ZERO_HASH, b"\x07" * 32)

DEFAULT_DENIAL, PERMIT, EXPLICIT_DENIAL = 0, 1, 3
NONE, REVOKED, UNKNOWN = 0, 2, 4
ACTOR, PURPOSE, DATA_CLASS, SENSITIVITY = 13, 14, 15, 16


@pytest.fixture(scope="module")
def grantee(accredit, hospital):
    return accredit(hospital, Role.HOSPITAL)


@pytest.fixture
def consent(patient, grantee):
    """What the patient agrees to, with its terms."""
    return (patient.address, grantee, 0, FAR, 10, 0, TERMS)


@pytest.fixture
def outer(consents, consent):
    """What of it reaches the chain: the terms only as their hash."""
    return (*consent[:-1], consents.termsHashOf(TERMS))


@pytest.fixture
def granted(consents, outer, patient):
    return consents.grant(outer, {"from": patient})


@pytest.fixture
def ask(consents, consent, grantee, hospital):
    """Ask for access as the hospital's doctor, or as `changes` say."""

    def check(**changes):
        request = {
            "actor": hospital.address,
            "organisation": grantee,
            "purpose": TREAT,
            "dataClass": SUMMARY,
            "sensitivity": NORMAL,
            "facility": ZERO_HASH,
            "jurisdiction": USA,
            "dataAt": 1,
        }
        return tuple(consents.check(consent, tuple({**request, **changes}.values()), b""))

    return check


class TestGrant:
    """
    when the caller is not the patient   -> reverts NotController
    when the window is empty             -> reverts InvalidAccessWindow
    when the patient calls               -> the doctor is let in; emits ConsentGranted; before, it was not
    """

    def test_reverts_when_caller_is_not_the_patient(self, consents, reverts, outer, patient, attacker):
        with reverts("NotController", patient, attacker):
            consents.grant(outer, {"from": attacker})

    def test_reverts_when_the_window_is_empty(self, consents, reverts, outer, patient):
        with reverts("InvalidAccessWindow", FAR, FAR):
            consents.grant((*outer[:2], FAR, *outer[3:]), {"from": patient})

    def test_lets_the_doctor_in(self, consents, ask, outer, patient, grantee):
        before = ask()
        transaction = consents.grant(outer, {"from": patient})
        event = transaction.events["ConsentGranted"]

        assert before == (DEFAULT_DENIAL, UNKNOWN)
        assert ask() == (PERMIT, NONE)
        assert bytes(event["consent"]) == bytes(consents.idOf(outer))
        assert (event["patient"], bytes(event["grantee"])) == (patient, grantee)
        assert (event["accessFrom"], event["accessUntil"]) == (0, FAR)


class TestCheck:
    """
    given a consent in force
      when one dimension is another      -> denied, with that dimension as the reason
    """

    @pytest.mark.parametrize(
        ("change", "reason"),
        [
            ({"purpose": MARKETING}, PURPOSE),
            ({"dataClass": GENETICS}, DATA_CLASS),
            ({"sensitivity": RESTRICTED}, SENSITIVITY),
        ],
        ids=["purpose", "data class", "sensitivity"],
    )
    def test_names_the_dimension_that_refuses(self, granted, ask, change, reason):
        assert ask(**change) == (DEFAULT_DENIAL, reason)
        assert ask() == (PERMIT, NONE)

    def test_refuses_someone_who_does_not_sign_for_the_grantee(self, granted, ask, attacker):
        assert ask(actor=attacker.address) == (DEFAULT_DENIAL, ACTOR)


class TestRevoke:
    """
    when the caller is not the patient   -> reverts NotController, consent stands
    when the patient calls               -> denied in the same block; emits ConsentRevoked
    given it was revoked                 -> granting it again reverts AlreadyRevoked
    """

    def test_reverts_when_caller_is_not_the_patient(self, consents, reverts, granted, outer, ask, patient, attacker):
        with reverts("NotController", patient, attacker):
            consents.revoke(patient, consents.idOf(outer), {"from": attacker})

        assert ask() == (PERMIT, NONE)

    def test_denies_at_once(self, consents, granted, outer, ask, patient):
        consent = consents.idOf(outer)
        transaction = consents.revoke(patient, consent, {"from": patient})

        event = dict(transaction.events["ConsentRevoked"])

        assert event == {"consent": consent, "patient": patient, "revokedAt": transaction.timestamp}
        assert ask() == (EXPLICIT_DENIAL, REVOKED)

    def test_is_final(self, consents, reverts, granted, outer, patient):
        consent = consents.idOf(outer)
        at = consents.revoke(patient, consent, {"from": patient}).timestamp

        with reverts("AlreadyRevoked", bytes(consent), at):
            consents.grant(outer, {"from": patient})
