"""Attacks on what loggers and scanners wrote: each twin is the module without its one defence."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import wraps

from medtrust.cold_chain import Reading, Summary, summarise
from medtrust.errors import InputError
from medtrust.travel import Place, Sighting
from tests.attacks.framework import Attack, AttackTests, Blocked, Run, attacks_on
from tests.attacks.python_twin import module
from tests.world import World

ATTACKS: list[Attack] = []
attack = attacks_on("", ATTACKS)

NOON = 1_793_620_800
SHIPMENT, ANOTHER = b"\x07" * 32, b"\x08" * 32
LIMITS = {"lowest": 200, "highest": 800}
WARM = tuple(Reading(NOON + 600 * n, temperature) for n, temperature in enumerate((500, 500, 1500, 500)))
LINES = [f"{n},{one.at},{one.temperature / 100}" for n, one in enumerate(WARM)]
BOSTON, MUNICH = Place("Boston", 42.3601, -71.0589), Place("Munich", 48.1374, 11.5755)


class TestAttacks(AttackTests):
    pass


def refused(run: Callable[[World], None]) -> Run:
    """Take a refusal of a file for what it is: the attack was blocked, at the last word of the place."""

    @wraps(run)
    def guarded(world: World) -> None:
        try:
            run(world)
        except InputError as error:
            raise Blocked(error.place.rpartition(".")[2]) from None

    return guarded


def file_of(*lines: str) -> str:
    return "\n".join(["number,time,celsius", *lines])


# Who hands the readings on


@attack("readings-missing", defence="the numbers of readings go up by one", blocked_by="number")
@refused
def leave_the_warm_one_out(world: World) -> None:
    """Leave out the one reading that was too warm."""
    twin = module(world, "cold_chain", ("if before is not None and number != before + 1:", "if False:"))
    readings = twin.read_readings(file_of(LINES[0], LINES[1], LINES[3]))
    assert max(one.temperature for one in readings) == 500


@attack("readings-reordered", defence="each reading is after the one before", blocked_by="time")
@refused
def change_the_order(world: World) -> None:
    """Put the warm reading to the end of an unnumbered file, so that nothing seems to follow it."""
    patch = ("if len(readings) > 1 and readings[-1].at <= readings[-2].at:", "if False:")
    lines = [line.partition(",")[2] for line in (LINES[0], LINES[1], LINES[3], LINES[2])]
    readings = module(world, "cold_chain", patch).read_readings("\n".join(["time,celsius", *lines]))
    assert [one.temperature for one in readings] == [500, 500, 500, 1500]


@attack("readings-twice", defence="no two readings are of one time", blocked_by="time")
@refused
def repeat_the_cold_ones(world: World) -> None:
    """Count cold readings many times, until the kinetic mean is within the policy."""
    patch = ("readings[-1].at <= readings[-2].at:", "readings[-1].at < readings[-2].at:")
    lines = [line.partition(",")[2] for line in (LINES[2], *[LINES[3]] * 30)]
    twin = module(world, "cold_chain", patch)
    readings = twin.read_readings("\n".join(["time,celsius", *lines]))
    assert twin.kinetic_temperature(one.temperature for one in readings) < 800


@attack("readings-future", defence="no reading is of the future", blocked_by="time")
@refused
def read_ahead(world: World) -> None:
    """Report the rest of the way before it was travelled."""
    twin = module(world, "cold_chain", ("if now is not None and reading.at > now:", "if False:"))
    assert len(twin.read_readings(file_of(*LINES), now=WARM[-1].at - 1)) == 4


@attack("readings-cooler", defence="an excursion lasts from the last good reading to the next", blocked_by="excursion")
@refused
def hide_a_peak(world: World) -> None:
    """Pass off one warm reading between cold ones as no time at all."""
    patch = (
        "if a.temperature in outside or b.temperature in outside",
        "if a.temperature in outside and b.temperature in outside",
    )
    claimed = replace(summarise(WARM, SHIPMENT, **LIMITS), excursion=0)
    module(world, "cold_chain", patch).check_summary(claimed, WARM, SHIPMENT, **LIMITS)


@attack("readings-forged", defence="every figure is computed again", blocked_by="kinetic")
@refused
def forge_a_figure(world: World) -> None:
    """Have the logger sign a kinetic mean that its readings do not come to."""
    claimed: Summary = replace(summarise(WARM, SHIPMENT, **LIMITS), kinetic=500)
    module(world, "cold_chain", ("if said != found:", "if False:")).check_summary(claimed, WARM, SHIPMENT, **LIMITS)


@attack("readings-of-another-way", defence="the root is over the shipment, too", blocked_by="root")
@refused
def show_another_way(world: World) -> None:
    """Show the readings of a cold journey for another one."""
    twin = module(world, "cold_chain", ("_encode_leaf((shipment, index,", "_encode_leaf((bytes(32), index,"))
    twin.check_summary(twin.summarise(WARM, SHIPMENT, **LIMITS), WARM, ANOTHER, **LIMITS)


# Who copies a pack


def scanned(place: Place, hours: int, *, is_end: bool = False) -> Sighting:
    return Sighting("00361414567894", "A1", NOON + 3600 * hours, place, is_end)


def flagged(world: World, scans: list[Sighting], *patch: tuple[str, str]) -> None:
    """Stop if the scans are flagged."""
    for flag in module(world, "travel", *patch).flag_scans(scans):
        raise Blocked(flag.kind)


@attack("scans-two-cities", defence="no pack travels faster than goods do", blocked_by="travel")
def sell_a_clone_elsewhere(world: World) -> None:
    """Scan a copy of a serial number in Munich, an hour after the pack was scanned in Boston."""
    patch = ("if distance is None or distance * 3600 <= speed * (seconds + clocks):", "if True:")
    flagged(world, [scanned(BOSTON, 0), scanned(MUNICH, 1)], patch)


@attack("scans-after-the-end", defence="no pack is scanned after its end", blocked_by="ended")
def sell_a_clone_later(world: World) -> None:
    """Scan a copy where the pack was dispensed, a week later."""
    flagged(world, [scanned(BOSTON, 0, is_end=True), scanned(BOSTON, 168)], ("    if end:\n", "    if False:\n"))
