"""What emergencies cost."""

from __future__ import annotations

from collections.abc import Callable

from medtrust.emergency import Verdict
from tests.emergencies import LABORATORY, REASON, emergency, open_session, review, staff
from tests.gas.frame import Operation, execution_gas
from tests.world import World


def _open(*, is_known: bool) -> Callable[[World], int]:
    def measure(world: World) -> int:
        staff(world)
        known = world.patient.address
        open_session(world, patient=known if is_known else world.account("stranger").address)
        return emergency(world, "doctor").open(known, world.hospital, REASON, classes=LABORATORY).gas_used

    return measure


def _review(world: World) -> int:
    staff(world)
    open_session(world)
    open_session(world)
    review(world, 0)
    return emergency(world, "carrier").review(world.hospital, 1, Verdict.JUSTIFIED, findings=REASON).gas_used


def _asking(function: str, *, sessions: int = 96) -> Callable[[World], int]:
    """Ask a view of an organisation with as many sessions as may wait."""

    def measure(world: World) -> int:
        staff(world)
        for number in range(1, sessions + 1):
            open_session(world, patient=f"0x{number:040x}")
        return execution_gas(emergency(world, "doctor"), function, world.hospital)

    return measure


def _is_open(world: World) -> int:
    staff(world)
    number = open_session(world)
    client = emergency(world, "doctor")
    actor = world.account("doctor").address
    now = world.chain.now()
    arguments = (world.hospital, number, world.patient.address, actor, int(LABORATORY), now)
    return execution_gas(client, "isOpen", *arguments)


OPERATIONS = [
    Operation("break-glass open", _open(is_known=True), budget=110_000, bound=85_000),
    Operation("break-glass open, a patient new to the clinician", _open(is_known=False), budget=110_000, bound=105_000),
    Operation("break-glass review", _review),
    Operation("break-glass isOpen", _is_open, kind="execution"),
    Operation("break-glass unreviewedOf, 96 sessions", _asking("unreviewedOf"), kind="execution"),
    Operation("break-glass overdueOf, 96 sessions", _asking("overdueOf"), kind="execution"),
]
