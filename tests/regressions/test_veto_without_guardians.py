"""A recovery that had lost its last guardian could not be vetoed: none of none counted as all."""

from __future__ import annotations

import pytest

from medtrust.patients import Scope
from medtrust.types import ZERO_ADDRESS
from tests.consents import DAY, give_ether
from tests.world import FAR


class TestVeto:
    """
    given a recovery for which the only guardian voted, who resigned then
      when the controller vetoes -> the recovery is over; emits RecoveryVetoed; the controller stays
    """

    @pytest.fixture(autouse=True)
    def _recovery(self, world, patient):
        give_ether(world, patient.address)
        registry = world.acting_as(patient).patients
        registry.add_guardian(patient.address, world.account("doctor").address, Scope.RECOVER, until=FAR)
        world.chain.mine(seconds=8 * DAY)
        doctor = world.acting_as("doctor").patients
        doctor.recover(patient.address, world.account("stranger").address)
        doctor.resign(patient.address)

    def test_is_over(self, world, patient, stranger):
        registry = world.acting_as(patient).patients
        assert registry.recovery_of(patient.address).total == 0

        vetoed = registry.veto(patient.address).event("RecoveryVetoed")

        assert vetoed.values == {"patient": patient.address, "controller": stranger.address}
        assert registry.recovery_of(patient.address).controller == ZERO_ADDRESS
        assert registry.recovery_of(patient.address).round == 1
        assert registry.control_of(patient.address).controller == patient.address
