"""Sensors in events: the temperatures that loggers wrote into EPCIS documents, and a summary as an event has it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timezone
from decimal import Decimal
from typing import Any, Final

from medtrust.cold_chain import Reading, Summary, hundredths, lined_up, whole_seconds
from medtrust.errors import InputError
from medtrust.standards.epcis import EpcisEvent
from medtrust.types import checksum_address

__all__ = ["LOGGER", "logger_of", "sensor_readings", "summary_element"]

_UNITS: Final = {"CEL": "celsius", "FAH": "fahrenheit", "KEL": "kelvin"}
"""Units of temperature, by their codes (UN/CEFACT Recommendation 20)."""

LOGGER: Final = "urn:medtrust:logger:"
"""What the account of a logger stands behind where a device is named."""

_LOGGER: Final = re.compile(rf"{LOGGER}(0x[0-9A-Fa-f]{{40}})")
_TEMPERATURE: Final = frozenset({"Temperature", "gs1:Temperature", "https://gs1.org/voc/Temperature"})


def sensor_readings(events: Sequence[EpcisEvent], *, now: int | None = None) -> tuple[Reading, ...]:
    """Read the single temperatures in the sensor elements of events, event after event, in the order of their times.

    A report without a value of its own, such as a mean, and what measured something else are passed over. Raises
    `InputError` with the path if there is no temperature, if two devices wrote them, if one has no time or another
    unit, and as `lined_up`.
    """
    found: list[tuple[str, Reading]] = []
    devices: dict[str, str] = {}
    for event in sorted(events, key=lambda one: (one.at is None, one.at)):
        for place, report in _temperatures(event):
            devices.setdefault(str(report.get("deviceID", "")), place)
            found.append((place, _reading(report, place)))
    if not found:
        raise InputError(place="sensorElementList", found="no temperature", expected="a value of gs1:Temperature")
    if len(devices) > 1:
        place = list(devices.values())[1]
        raise InputError(place=f"{place}.deviceID", found="a second device", expected="the readings of one logger")
    return lined_up(found, now=now)


def _temperatures(event: EpcisEvent) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield each report of a single temperature with its path; what its metadata say of all is said of it."""
    for index, element in enumerate(event.fields.get("sensorElementList", [])):
        metadata = element.get("sensorMetadata", {})
        for at, report in enumerate(element.get("sensorReport", [])):
            if report.get("type") in _TEMPERATURE and "value" in report:
                place = f"{event.path}.sensorElementList[{index}].sensorReport[{at}]"
                yield place.strip("."), {**metadata, **report}


def _reading(report: Mapping[str, Any], place: str) -> Reading:
    if "time" not in report:
        raise InputError(place=f"{place}.time", found="nothing", expected="when it was measured")
    unit = str(report.get("uom", ""))
    if unit not in _UNITS:
        raise InputError(place=f"{place}.uom", found=repr(unit), expected=", ".join(_UNITS))
    at = whole_seconds(report["time"], f"{place}.time")
    return Reading(at, hundredths(report["value"], _UNITS[unit], f"{place}.value"))


def logger_of(event: EpcisEvent) -> str:
    """Find the account of the logger that travels with the goods of an event, from its device; "" if none is named."""
    for element in event.fields.get("sensorElementList", []):
        if found := _LOGGER.fullmatch(str(element.get("sensorMetadata", {}).get("deviceID", ""))):
            return checksum_address(found[1])
    return ""


def summary_element(summary: Summary, device: str) -> dict[str, Any]:
    """Write a summary as a sensor element of an event; `device` is the URI of the logger.

    EPCIS has no place for a mean kinetic temperature, excursion and gap: they stand in it as fields of our own.
    """
    own = "{urn:medtrust:epcis}"
    report = {
        "type": "gs1:Temperature",
        "minValue": _celsius(summary.lowest),
        "maxValue": _celsius(summary.highest),
        "uom": "CEL",
        f"{own}kineticValue": _celsius(summary.kinetic),
        f"{own}excursionSeconds": summary.excursion,
        f"{own}longestGapSeconds": summary.gap,
        f"{own}readings": summary.count,
        f"{own}readingsRoot": f"0x{summary.root.hex()}",
    }
    times = {"startTime": _iso(summary.since), "endTime": _iso(summary.until)}
    return {"sensorMetadata": {**times, "deviceID": device}, "sensorReport": [report]}


def _celsius(temperature: int) -> Decimal:
    return (Decimal(temperature) / 100).normalize()


def _iso(at: int) -> str:
    return datetime.fromtimestamp(at, timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.000Z")
