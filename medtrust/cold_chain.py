"""Cold chain: what a logger measured on the way of a shipment, as one root and the few numbers that sum it up."""

from __future__ import annotations

import csv
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime, timezone
from decimal import ROUND_HALF_EVEN, Decimal, DecimalException, localcontext
from itertools import pairwise
from typing import Any, Final

from medtrust.errors import InputError
from medtrust.instants import instant
from medtrust.keccak import keccak256
from medtrust.merkle import MerkleTree, leaf_encoder
from medtrust.signing import TypedData

__all__ = [
    "REPORT",
    "Reading",
    "Summary",
    "check_summary",
    "from_celsius",
    "hundredths",
    "kinetic_temperature",
    "lined_up",
    "read_readings",
    "reading_leaf",
    "readings_tree",
    "report_message",
    "summarise",
    "to_celsius",
    "whole_seconds",
]

_ABSOLUTE_ZERO: Final = -27_315
_HOTTEST: Final = 32_767
_END_OF_CALENDAR: Final = 253_402_300_800
_ACTIVATION: Final = Decimal(1_000_000)
"""Activation energy over gas constant, 83.144 kJ/mol over 8.3144 J/(mol·K) as USP <1079.2> has them, in 0.01 K."""

_UNITS: Final = ("celsius", "kelvin", "fahrenheit")
_encode_leaf = leaf_encoder(("bytes32", "uint256", "uint64", "int16"))


REPORT: Final = TypedData(
    "Report",
    {
        "Report": {
            "registry": "address",
            "offer": "bytes32",
            "root": "bytes32",
            "count": "uint32",
            "from": "uint64",
            "until": "uint64",
            "min": "int16",
            "max": "int16",
            "excursion": "uint32",
            "gap": "uint32",
            "kinetic": "int16",
        }
    },
)
"""What a logger signs, in the domain of the registry of patients."""


@dataclass(frozen=True, slots=True)
class Reading:
    """One measurement: when (Unix seconds), and the temperature in hundredths of a degree Celsius."""

    at: int
    temperature: int


@dataclass(frozen=True)
class Summary:
    """What the readings of one shipment come to; temperatures in hundredths of a degree Celsius, times in seconds.

    `root` commits to every reading in its order · `since`, `until` the first and last of them (Unix seconds) ·
    `lowest`, `highest` what was measured · `excursion` how long it was outside the limits · `gap` the longest time
    without a reading · `kinetic` the mean kinetic temperature.
    """

    root: bytes
    count: int
    since: int
    until: int
    lowest: int
    highest: int
    excursion: int
    gap: int
    kinetic: int


def from_celsius(degrees: Decimal) -> int:
    """Return degrees Celsius as hundredths, rounded to the nearest."""
    return int((degrees * 100).quantize(Decimal(1), ROUND_HALF_EVEN))


def to_celsius(temperature: int) -> str:
    """Write hundredths of a degree Celsius as degrees, with both decimals."""
    return f"{Decimal(temperature) / 100:.2f}"


# ---- files


def read_readings(text: str, *, now: int | None = None) -> tuple[Reading, ...]:
    """Read what a logger wrote: CSV with a heading, or a JSON list of objects.

    Each reading has `time` (ISO 8601, or Unix seconds) and one of `celsius`, `kelvin` and `fahrenheit`; `number`, where
    the logger counts its readings, must go up by one. Finer values are rounded to hundredths of a degree. Raises
    `InputError` with the place of a reading that is not one, is missing, stands out of order or twice, or is after
    `now` (Unix seconds).
    """
    rows = list(_json_rows(text) if text.lstrip()[:1] in ("[", "{") else _csv_rows(text))
    if not rows:
        raise InputError(place="file", found="no reading", expected="at least one")
    readings: list[tuple[str, Reading]] = []
    number: int | None = None
    for place, row in rows:
        number = _numbered(row, number, place, is_first=not readings)
        readings.append((place, _reading(row, place)))
    return lined_up(readings, now=now)


def lined_up(readings: Sequence[tuple[str, Reading]], *, now: int | None = None) -> tuple[Reading, ...]:
    """Return readings, each with its place in a file, without the places.

    Raises `InputError` with the place of one that is not after the one before it, or is after `now` (Unix seconds).
    """
    for index, (place, reading) in enumerate(readings):
        _check_order([one for _, one in readings[max(index - 1, 0) : index + 1]], place)
        if now is not None and reading.at > now:
            raise InputError(place=f"{place}.time", found=f"{_iso(reading.at)}, in the future", expected=_iso(now))
    return tuple(reading for _, reading in readings)


def _json_rows(text: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    try:
        raw = json.loads(text, parse_float=str)
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        raise InputError(place=place, found=error.msg, expected="JSON") from None
    for index, row in enumerate(raw if isinstance(raw, list) else [raw]):
        if not isinstance(row, dict):
            raise InputError(place=f"[{index}]", found=type(row).__name__, expected="an object with time and celsius")
        yield f"[{index}]", row


def _csv_rows(text: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    lines = csv.DictReader(text.lstrip("\ufeff").splitlines(), strict=True, skipinitialspace=True)
    lines.fieldnames = [name.strip().lower() for name in lines.fieldnames or ()]
    try:
        for row in lines:
            if None in row or None in row.values():
                found, expected = "more or fewer fields than the heading", f"{len(lines.fieldnames or ())} fields"
                raise InputError(place=f"line {lines.line_num}", found=found, expected=expected)
            yield f"line {lines.line_num}", row
    except csv.Error as error:
        raise InputError(place=f"line {lines.line_num}", found=str(error), expected="CSV") from None


def _reading(row: Mapping[str, Any], place: str) -> Reading:
    unknown = sorted(set(row) - {"time", "number", *_UNITS})
    units = [unit for unit in _UNITS if unit in row]
    if unknown or len(units) != 1 or "time" not in row:
        expected = f"time, one of {', '.join(_UNITS)}, and perhaps number"
        raise InputError(place=place, found=", ".join(map(str, row)) or "nothing", expected=expected)
    return Reading(
        whole_seconds(row["time"], f"{place}.time"), hundredths(row[units[0]], units[0], f"{place}.{units[0]}")
    )


def whole_seconds(value: Any, place: str) -> int:
    """Read a time as whole Unix seconds; a count of seconds has at least 9 digits, so that no year is one.

    Raises `InputError` with the place for anything else.
    """
    text = str(value).strip()
    at = int(text) if text.isascii() and text.isdecimal() and len(text) > 8 else int(instant(text, place=place))
    if not 0 < at < _END_OF_CALENDAR:
        raise InputError(place=place, found=repr(value), expected="a time from 1970 to 9999")
    return at


def hundredths(value: Any, unit: str, place: str) -> int:
    """Read degrees "celsius", "kelvin" or "fahrenheit" as hundredths of a degree Celsius.

    Raises `InputError` with the place for what is no temperature above absolute zero and up to 327.67 °C.
    """
    try:
        degrees = Decimal(str(value).strip())
        if unit == "fahrenheit":
            degrees = (degrees - 32) * 5 / 9
        found = from_celsius(degrees) + (_ABSOLUTE_ZERO if unit == "kelvin" else 0)
    except (DecimalException, OverflowError, ValueError):
        raise InputError(place=place, found=repr(value), expected=f"degrees {unit}") from None
    if not _ABSOLUTE_ZERO < found <= _HOTTEST:
        raise InputError(place=place, found=repr(value), expected="a temperature above absolute zero, up to 327.67 °C")
    return found


def _numbered(row: Mapping[str, Any], before: int | None, place: str, *, is_first: bool) -> int | None:
    """Take the number that the logger gave a reading; None where it counts none."""
    if not is_first and (before is None) != ("number" not in row):
        raise InputError(place=place, found="some readings with a number, some without", expected="all or none")
    if "number" not in row:
        return None
    text = str(row["number"]).strip()
    if not (text.isascii() and text.isdecimal()):
        raise InputError(place=f"{place}.number", found=repr(row["number"]), expected="a whole number")
    number = int(text)
    if before is not None and number != before + 1:
        kind = "a reading twice" if number == before else "missing readings" if number > before else "another order"
        raise InputError(place=f"{place}.number", found=f"{number}: {kind}", expected=str(before + 1))
    return number


def _check_order(readings: Sequence[Reading], place: str) -> None:
    if len(readings) > 1 and readings[-1].at <= readings[-2].at:
        at, before = readings[-1].at, readings[-2].at
        kind = "a second reading of the same time" if at == before else "a time before the one above"
        raise InputError(place=f"{place}.time", found=f"{_iso(at)}: {kind}", expected=f"after {_iso(before)}")


def _iso(at: int) -> str:
    return datetime.fromtimestamp(at, timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


# ---- what they come to


def reading_leaf(shipment: bytes, index: int, reading: Reading) -> bytes:
    """Return the leaf hash of one reading: over the shipment (32 bytes), its index, time and temperature."""
    return keccak256(keccak256(_encode_leaf((shipment, index, reading.at, reading.temperature))))


def readings_tree(readings: Sequence[Reading], shipment: bytes) -> MerkleTree:
    """Build the tree over the readings of a shipment: its root is in the report, its proofs show single readings.

    Raises `InputError` if there is none, or if they do not follow one after the other.
    """
    if not readings:
        raise InputError(place="readings", found="none", expected="at least one")
    for index in range(1, len(readings)):
        _check_order(readings[index - 1 : index + 1], f"[{index}]")
    return MerkleTree([reading_leaf(shipment, index, one) for index, one in enumerate(readings)])


def kinetic_temperature(temperatures: Iterable[int]) -> int:
    """Compute the mean kinetic temperature by Haynes' equation, as USP <1079.2> has it, in hundredths of a degree.

    Every reading counts alike, so a logger should measure at even distances. Computed in decimals, so that every
    machine comes to the same hundredth. Raises `ValueError` if there is none.
    """
    counted = Counter(temperatures)
    if not counted:
        raise ValueError("no temperature has a mean")
    with localcontext() as context:
        context.prec = 50
        total = sum(times * (-_ACTIVATION / (one - _ABSOLUTE_ZERO)).exp() for one, times in counted.items())
        mean = _ACTIVATION / -(Decimal(total) / counted.total()).ln()
        return int(mean.quantize(Decimal(1), ROUND_HALF_EVEN)) + _ABSOLUTE_ZERO


def summarise(readings: Sequence[Reading], shipment: bytes, *, lowest: int, highest: int) -> Summary:
    """Sum up the readings of a shipment; `lowest` and `highest` are what its product bears, in hundredths of a degree.

    The time between two readings counts as an excursion if one of the two is outside: nobody knows when it left.
    Raises `InputError` as `readings_tree`.
    """
    tree = readings_tree(readings, shipment)
    spans = [(before, after, after.at - before.at) for before, after in pairwise(readings)]
    measured = [one.temperature for one in readings]
    outside = {one for one in set(measured) if not lowest <= one <= highest}
    return Summary(
        root=tree.root,
        count=len(readings),
        since=readings[0].at,
        until=readings[-1].at,
        lowest=min(measured),
        highest=max(measured),
        excursion=sum(long for a, b, long in spans if a.temperature in outside or b.temperature in outside),
        gap=max((long for _, _, long in spans), default=0),
        kinetic=kinetic_temperature(measured),
    )


def check_summary(claimed: Summary, readings: Sequence[Reading], shipment: bytes, *, lowest: int, highest: int) -> None:
    """Compute a summary again from the readings; the two must agree.

    Raises `InputError` with the name of the first number that does not, and as `summarise`.
    """
    ours = summarise(readings, shipment, lowest=lowest, highest=highest)
    for one in fields(Summary)[::-1]:
        said, found = getattr(claimed, one.name), getattr(ours, one.name)
        if said != found:
            raise InputError(
                place=f"report.{one.name}", found=_shown(said), expected=f"{_shown(found)}, which the readings come to"
            )


def _shown(value: int | bytes) -> str:
    return f"0x{value.hex()}" if isinstance(value, bytes) else str(value)


def report_message(report: Summary, *, registry: str, offer: bytes) -> dict[str, Any]:
    """Write what a logger signs: its summary for one shipment (the id of its offer, 32 bytes) at one registry."""
    return {
        "registry": registry,
        "offer": offer,
        "root": report.root,
        "count": report.count,
        "from": report.since,
        "until": report.until,
        "min": report.lowest,
        "max": report.highest,
        "excursion": report.excursion,
        "gap": report.gap,
        "kinetic": report.kinetic,
    }
