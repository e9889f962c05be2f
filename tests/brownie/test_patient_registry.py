"""PatientRegistry in Brownie: a key is rotated, a guardian named, a stolen phone frozen."""

from __future__ import annotations

import pytest

from medtrust.types import ZERO_HASH

FAR = 4_000_000_000
DAY = 86_400
GRANT, REVOKE, FREEZE, RECOVER = 1 << 0, 1 << 1, 1 << 5, 1 << 6


@pytest.fixture
def guarded(patients, patient, regulator):
    """A patient with one guardian, who may do everything that is tried here."""
    scope = GRANT | FREEZE | RECOVER
    return patients.addGuardian((patient, regulator, scope, 0, FAR, ZERO_HASH), {"from": patient})


class TestRotate:
    """
    when the caller is not the controller -> reverts NotController
    when the patient rotates              -> the new account decides; emits ControllerRotated; the old one does not
    """

    def test_reverts_when_caller_is_not_the_controller(self, patients, reverts, patient, attacker):
        with reverts("NotController", patient, attacker):
            patients.rotate(patient, attacker, {"from": attacker})

    def test_lets_the_new_account_decide(self, patients, reverts, patient, regulator):
        transaction = patients.rotate(patient, regulator, {"from": patient})

        assert dict(transaction.events["ControllerRotated"]) == {"patient": patient, "controller": regulator}
        assert patients.controllerOf(patient) == regulator
        with reverts("NotController", patient, patient):
            patients.rotate(patient, patient, {"from": patient})


class TestGuardian:
    """
    given a guardian               -> it acts in its scope alone; it protects only after 7 days
    given it freezes the patient   -> nobody grants, and the patient revokes still
    given it votes for another key -> after 2 days that key decides
    """

    def test_acts_in_scope(self, patients, guarded, reverts, patient, regulator, attacker):
        now = guarded.timestamp

        assert patients.checkMay(patient, regulator, GRANT) == patient
        with reverts("NotController", patient, regulator):
            patients.checkMay(patient, regulator, REVOKE)
        with reverts("NotController", patient, attacker):
            patients.checkMay(patient, attacker, GRANT)
        assert [patients.isGuardian(patient, regulator, FREEZE, now + 7 * DAY + late) for late in (-1, 0, 1)] == [
            False,
            True,
            True,
        ]

    def test_freezes(self, patients, guarded, reverts, patient, regulator, chain):
        chain.sleep(7 * DAY)
        patients.freeze(patient, chain.time() + DAY, {"from": regulator})

        with reverts("Frozen", patient):
            patients.checkMay(patient, patient, GRANT)
        assert patients.checkMay(patient, patient, REVOKE) == patient

    def test_recovers(self, patients, guarded, reverts, patient, regulator, hospital, chain):
        chain.sleep(7 * DAY)
        begun = patients.recover(patient, hospital, {"from": regulator})
        ready = begun.timestamp + 2 * DAY
        with reverts("RecoveryNotReady", patient, ready):
            patients.finishRecovery(patient, {"from": regulator})
        chain.sleep(2 * DAY)
        patients.finishRecovery(patient, {"from": regulator})

        assert begun.events["RecoveryBegun"]["readyAt"] == ready
        assert patients.controllerOf(patient) == hospital
