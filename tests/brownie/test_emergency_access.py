"""EmergencyAccess in Brownie: a doctor opens, an officer of another unit reviews, the patient contests."""

from __future__ import annotations

import pytest

from medtrust.accreditation import Role
from medtrust.types import ZERO_HASH

FAR = 4_000_000_000
HOUR = 3600
LABORATORY, GENETICS = 1 << 6, 1 << 20
JUSTIFIED, UNJUSTIFIED = 2, 3
REASON, FINDINGS = b"\x01" * 32, b"\x02" * 32
EMERGENCY_UNIT, PRIVACY_UNIT = b"\x03" * 32, b"\x04" * 32


@pytest.fixture(scope="module")
def organisation(accreditation, accredit, hospital, pharmacy, wholesaler):
    """A hospital whose doctor is the account of the pharmacy, and whose privacy officer that of the wholesaler."""
    organisation = accredit(hospital, Role.EMERGENCY_CARE, Role.PRIVACY_OFFICER)
    both = Role.EMERGENCY_CARE | Role.PRIVACY_OFFICER
    for account, unit in ((pharmacy, EMERGENCY_UNIT), (wholesaler, PRIVACY_UNIT)):
        accreditation.addSigner(organisation, account, both, FAR, unit, {"from": hospital})
    return organisation


@pytest.fixture
def opened(emergencies, organisation, patient, pharmacy):
    return emergencies.open(patient, organisation, REASON, LABORATORY, 0, {"from": pharmacy})


class TestOpen:
    """
    when the caller does not act for the organisation -> reverts NotAuthorised
    given the patient withholds a class               -> open for the others alone
    given none of this                                -> open for 4 hours; emits EmergencyOpened
    """

    def test_reverts_when_the_caller_may_not(self, emergencies, reverts, organisation, patient, attacker):
        with reverts("NotAuthorised", organisation, attacker, int(Role.EMERGENCY_CARE)):
            emergencies.open(patient, organisation, REASON, LABORATORY, 0, {"from": attacker})

    def test_keeps_closed_what_the_patient_withholds(self, emergencies, organisation, patient, pharmacy):
        emergencies.changeRule(patient, GENETICS, {"from": patient})
        opened = emergencies.open(patient, organisation, REASON, LABORATORY | GENETICS, 0, {"from": pharmacy})
        asked = [
            emergencies.isOpen(organisation, 0, patient, pharmacy, class_, opened.timestamp)
            for class_ in (LABORATORY, GENETICS)
        ]
        assert asked == [True, False]

    def test_opens_for_4_hours(self, emergencies, opened, organisation, patient, pharmacy):
        event, at = opened.events["EmergencyOpened"], opened.timestamp
        asked = [
            emergencies.isOpen(organisation, 0, patient, pharmacy, LABORATORY, at + late) for late in (0, 4 * HOUR)
        ]

        assert (event["patient"], event["actor"], event["number"]) == (patient, pharmacy, 0)
        assert (event["openedAt"], event["until"]) == (at, at + 4 * HOUR)
        assert asked == [True, False]


class TestReview:
    """
    when the doctor reviews -> reverts SelfReview
    when the officer does   -> the verdict stands; emits EmergencyReviewed; nothing waits any more
    """

    def test_reverts_when_the_doctor_reviews(self, emergencies, reverts, opened, organisation, pharmacy):
        with reverts("SelfReview", pharmacy):
            emergencies.review(organisation, 0, JUSTIFIED, FINDINGS, {"from": pharmacy})

    def test_records_the_verdict(self, emergencies, opened, organisation, wholesaler):
        transaction = emergencies.review(organisation, 0, UNJUSTIFIED, FINDINGS, {"from": wholesaler})

        assert transaction.events["EmergencyReviewed"]["verdict"] == UNJUSTIFIED
        assert list(emergencies.unreviewedOf(organisation)) == []
        assert not emergencies.isSuspended(organisation, transaction.timestamp)


class TestContest:
    """
    when a stranger contests -> reverts NotController
    when the patient does    -> recorded; emits EmergencyContested
    """

    def test_reverts_when_a_stranger_contests(self, emergencies, reverts, opened, organisation, patient, attacker):
        with reverts("NotController", patient, attacker):
            emergencies.contest(organisation, 0, ZERO_HASH, {"from": attacker})

    def test_records_it(self, emergencies, opened, organisation, patient):
        transaction = emergencies.contest(organisation, 0, ZERO_HASH, {"from": patient})

        assert transaction.events["EmergencyContested"]["contestedAt"] == transaction.timestamp
