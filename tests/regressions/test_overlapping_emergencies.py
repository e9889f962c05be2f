"""Of two sessions that overlap, the short one aged out first, and hid the long one from the count of 48 hours."""

from __future__ import annotations

import pytest

from tests.consents import DAY
from tests.emergencies import LABORATORY, REASON, emergency, open_session, review, staff
from tests.world import World

HOUR = 3600
WINDOW = 30 * DAY


@pytest.fixture(autouse=True)
def _staff(world: World) -> None:
    staff(world)


class TestOverlapping:
    """
    given 47 hours in two long sessions, and a short one that begins and ends within them
      when the short one is 30 days old, and the long ones not -> the long ones count still: reverts AllowanceSpent
      when the long ones are 30 days old too                   -> opens
    """

    @pytest.mark.parametrize("is_over", [False, True])
    def test_counts_the_long_ones(self, world, reverts, is_over):
        hers = world.patient.address
        client = emergency(world, "doctor")
        for number, period in enumerate([23 * HOUR, DAY, HOUR]):
            open_session(world, period=period)
            review(world, number)
        ends = [client.session_of(world.hospital, number).until for number in range(3)]
        assert ends[2] < ends[0] < ends[1]

        if is_over:
            world.chain.travel(ends[1] + WINDOW)
            assert open_session(world, period=DAY) == 3
        else:
            world.chain.travel(ends[2] + WINDOW)
            with reverts("AllowanceSpent", patient=hers, actor=client.signer.address):
                client.open(hers, world.hospital, REASON, classes=LABORATORY, period=HOUR)
