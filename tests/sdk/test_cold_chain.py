"""What loggers measured: files read or refused with the place, one root, and the numbers that sum it up."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medtrust.cold_chain import (
    Reading,
    check_summary,
    from_celsius,
    kinetic_temperature,
    read_readings,
    reading_leaf,
    readings_tree,
    summarise,
    to_celsius,
)
from medtrust.errors import InputError
from medtrust.merkle import standard_leaf, verify

SHIPMENT = b"\x07" * 32
START = 1_790_000_000
LIMITS = {"lowest": from_celsius(Decimal(2)), "highest": from_celsius(Decimal(8))}
CSV = """Number,Time,Celsius
1,2026-11-02T08:00:00Z,5.0
2,2026-11-02T08:10:00Z,8.01
3,2026-11-02T10:20:00+02:00,7.5
4,1793614200,-1.25
"""


def line(*celsius: float, every: int = 600) -> tuple[Reading, ...]:
    """Readings at even distances."""
    return tuple(Reading(START + every * n, from_celsius(Decimal(str(one)))) for n, one in enumerate(celsius))


def refused(text: str, now: int | None = None) -> tuple[str, str]:
    with pytest.raises(InputError) as caught:
        read_readings(text, now=now)
    return caught.value.place, caught.value.found


class TestFiles:
    """
    given CSV or JSON, in degrees Celsius, Fahrenheit or kelvin -> the same readings, in hundredths of a degree
    when a reading is missing, stands twice, in another order, in the future -> InputError with its place
    when a field is no time, no temperature, unknown, or lacks               -> InputError with its place
    when there is none                                                       -> InputError
    """

    def test_reads_every_form(self):
        found = read_readings(CSV)
        assert [one.temperature for one in found] == [500, 801, 750, -125]
        assert [one.at - found[0].at for one in found] == [0, 600, 1200, 1200 + 6600]
        times = [one.at for one in found]
        kelvin = [
            {"time": at, "kelvin": value} for at, value in zip(times, (278.15, 281.16, 280.65, 271.9), strict=True)
        ]
        assert read_readings(json.dumps(kelvin)) == found
        assert read_readings("\ufefftime, fahrenheit\n2026-11-02, 41\n")[0].temperature == 500
        assert read_readings('{"time": "2026-11-02", "celsius": 5}')[0].temperature == 500

    @pytest.mark.parametrize(
        ("old", "new", "place", "found"),
        [
            ("3,2026", "4,2026", "line 4.number", "4: missing readings"),
            ("3,2026", "2,2026", "line 4.number", "2: a reading twice"),
            ("3,2026", "1,2026", "line 4.number", "1: another order"),
            ("3,2026", "x,2026", "line 4.number", "'x'"),
            ("T08:10:00Z", "T07:59:59Z", "line 3.time", "2026-11-02T07:59:59Z: a time before the one above"),
            ("T08:10:00Z", "T08:00:00Z", "line 3.time", "2026-11-02T08:00:00Z: a second reading of the same time"),
            ("2026-11-02T08:10:00Z", "soon", "line 3.time", "'soon'"),
            ("1793614200", "999999999999999999", "line 5.time", "'999999999999999999'"),
            ("8.01", "warm", "line 3.celsius", "'warm'"),
            ("8.01", "NaN", "line 3.celsius", "'NaN'"),
            ("8.01", "-273.15", "line 3.celsius", "'-273.15'"),
            ("8.01", "327.68", "line 3.celsius", "'327.68'"),
            (",8.01", "", "line 3", "more or fewer fields than the heading"),
            ("Celsius", "Colour", "line 2", "number, time, colour"),
        ],
    )
    def test_refuses_with_the_place(self, old, new, place, found):
        assert refused(CSV.replace(old, new)) == (place, found)

    def test_refuses_what_is_to_come(self):
        last = read_readings(CSV)[-1].at
        assert read_readings(CSV, now=last)[-1].at == last
        assert refused(CSV, now=last - 1) == ("line 5.time", "2026-11-02T10:10:00Z, in the future")

    def test_refuses_other_files(self):
        assert refused("") == ("file", "no reading")
        assert refused("[]") == ("file", "no reading")
        assert refused("[1]") == ("[0]", "int")
        assert refused('[{"time": 1')[0] == "line 1, column 12"
        assert refused('[{"time": "2026-11-02", "celsius": true}]') == ("[0].celsius", "True")
        some = '[{"time": "2026-11-02", "celsius": 5, "number": 1}, {"time": "2026-11-03", "celsius": 5}]'
        assert refused(some) == ("[1]", "some readings with a number, some without")


class TestKinetic:
    """
    given one temperature throughout -> that one
    given several                    -> Haynes' equation, above their mean and not above the highest
    given none                       -> ValueError
    """

    @given(st.lists(st.integers(-7_000, 8_000), min_size=1, max_size=40))
    def test_is_the_equation_of_haynes(self, temperatures):
        found = kinetic_temperature(temperatures)
        mean = sum(math.exp(-1_000_000 / (one + 27_315)) for one in temperatures) / len(temperatures)
        assert abs(found + 27_315 - 1_000_000 / -math.log(mean)) < 0.51
        assert math.floor(sum(temperatures) / len(temperatures)) <= found <= max(temperatures)

    def test_is_that_one_throughout(self):
        assert [kinetic_temperature([one] * 3) for one in (-1, 0, 500, 2_500)] == [-1, 0, 500, 2_500]

    def test_weighs_the_warm(self):
        assert to_celsius(kinetic_temperature(one.temperature for one in line(5, 5, 5, 25))) == "15.13"

    def test_needs_one(self):
        with pytest.raises(ValueError, match="no temperature"):
            kinetic_temperature([])


class TestSummary:
    """
    given readings -> root, count, first, last, lowest, highest, excursion, gap, kinetic
      the excursion -> every span with one end outside; the limits themselves are inside
    the root -> changes with each reading, their order and the shipment; a proof shows a single one
    when there are none, or not one after the other -> InputError
    """

    def test_sums_up(self):
        readings = (*line(5, 8, 8.01, 5, 2, 1.99), Reading(START + 4_000, from_celsius(Decimal(5))))
        found = summarise(readings, SHIPMENT, **LIMITS)
        assert (found.count, found.since, found.until) == (7, START, START + 4_000)
        assert (to_celsius(found.lowest), to_celsius(found.highest)) == ("1.99", "8.01")
        assert (found.excursion, found.gap) == (600 + 600 + 600 + 1_000, 1_000)
        assert found.kinetic == kinetic_temperature(one.temperature for one in readings)

    def test_one_reading_has_no_span(self):
        found = summarise(line(9), SHIPMENT, **LIMITS)
        assert (found.count, found.excursion, found.gap, found.since) == (1, 0, 0, found.until)

    def test_the_root_holds_every_reading_in_its_place(self):
        readings = line(5, 6, 7)
        tree = readings_tree(readings, SHIPMENT)
        types, values = (
            ("bytes32", "uint256", "uint64", "int16"),
            (SHIPMENT, 1, START + 600, from_celsius(Decimal(6))),
        )
        assert reading_leaf(SHIPMENT, 1, readings[1]) == standard_leaf(types, values)
        assert verify(tree.root, reading_leaf(SHIPMENT, 1, readings[1]), tree.proof(1), size=3)
        assert not verify(tree.root, reading_leaf(SHIPMENT, 2, readings[1]), tree.proof(1), size=3)
        others = [readings[:2], line(5, 7, 6), line(5, 6, 7, every=601), line(5, 6, 7.01)]
        assert len({tree.root, *(readings_tree(one, SHIPMENT).root for one in others)}) == 5
        assert readings_tree(readings, b"\x08" * 32).root != tree.root

    def test_needs_an_order(self):
        for readings, place in (((), "readings"), (line(5, 6)[::-1], "[1].time"), (line(5) * 2, "[1].time")):
            with pytest.raises(InputError) as caught:
                summarise(readings, SHIPMENT, **LIMITS)
            assert caught.value.place == place


class TestAgreement:
    """
    given the summary of the readings  -> nothing is said
    given one number of it changed     -> InputError that names the number and both values
    given one reading changed, dropped -> InputError
    """

    def test_agrees_with_its_readings(self):
        readings = line(5, 6, 9, 7)
        check_summary(summarise(readings, SHIPMENT, **LIMITS), readings, SHIPMENT, **LIMITS)

    @pytest.mark.parametrize(
        "name", ["root", "count", "since", "until", "lowest", "highest", "excursion", "gap", "kinetic"]
    )
    def test_names_what_does_not(self, name):
        readings = line(5, 6, 9, 7)
        right = summarise(readings, SHIPMENT, **LIMITS)
        value = getattr(right, name)
        wrong = replace(right, **{name: bytes(32) if name == "root" else value + 1})
        with pytest.raises(InputError) as caught:
            check_summary(wrong, readings, SHIPMENT, **LIMITS)
        assert caught.value.place == f"report.{name}"
        assert caught.value.expected.startswith("0x" + value.hex() if name == "root" else str(value))

    def test_sees_every_reading(self):
        readings = line(5, 6, 9, 7)
        right = summarise(readings, SHIPMENT, **LIMITS)
        for other in (readings[:-1], readings[:2] + readings[3:], line(5, 6, 9, 6.99)):
            with pytest.raises(InputError, match="which the readings come to"):
                check_summary(right, other, SHIPMENT, **LIMITS)
