"""Sensors in events: temperatures come out in their order, or are refused with the path; a summary goes in."""

from __future__ import annotations

import json

import pytest

from medtrust.cold_chain import Reading, summarise
from medtrust.errors import InputError
from medtrust.standards.epcis import read_epcis
from medtrust.standards.epcis_sensor import sensor_readings, summary_element
from medtrust.standards.epcis_writing import write_document, written_fields

HEAD = {"type": "ObjectEvent", "eventTimeZoneOffset": "+00:00", "action": "OBSERVE", "bizStep": "sensor_reporting"}
ELEMENT = {
    "sensorMetadata": {"deviceID": "urn:epc:id:giai:0361414.LOG1"},
    "sensorReport": [
        {"type": "gs1:Temperature", "time": "2026-11-02T08:00:00Z", "value": 5.25, "uom": "CEL"},
        {"type": "gs1:Temperature", "minValue": 2, "maxValue": 9, "uom": "CEL"},
        {"type": "gs1:RelativeHumidity", "time": "2026-11-02T08:00:00Z", "value": 40, "uom": "A93"},
        {"type": "gs1:Temperature", "time": "2026-11-02T08:10:00Z", "value": 41, "uom": "FAH"},
    ],
}


def document(*events) -> bytes:
    return json.dumps(write_document([written_fields(one) for one in events], created="2026-11-07T09:00:00Z")).encode()


def event(element, time="2026-11-02T09:00:00Z") -> dict:
    return {
        **HEAD,
        "eventTime": time,
        "epcList": ["urn:epc:id:sscc:0361414.0000000200"],
        "sensorElementList": [element],
    }


def one_report(**changes) -> dict:
    report = {name: value for name, value in {**ELEMENT["sensorReport"][0], **changes}.items() if value is not None}
    return event({"sensorReport": [report]})


def read(*events, now=None):
    found = read_epcis(document(*events))
    assert found.is_valid, found.problems
    return sensor_readings(found.events, now=now)


class TestReadings:
    """
    given events with sensor elements -> every single temperature, in hundredths of a degree, by the time of the events
    given no temperature, two devices, another unit, no time, another order, the future -> InputError with the path
    """

    def test_reads_temperatures(self):
        later = one_report(
            time="2026-11-02T09:30:00Z", deviceID="urn:epc:id:giai:0361414.LOG1", value=278.15, uom="KEL"
        )
        later["eventTime"] = "2026-11-02T10:00:00Z"
        found = read(later, event(ELEMENT))
        assert found == (Reading(1_793_606_400, 525), Reading(1_793_607_000, 500), Reading(1_793_611_800, 500))

    @pytest.mark.parametrize(
        ("changes", "place", "found"),
        [
            ({"uom": "A93"}, "uom", "'A93'"),
            ({"uom": None}, "uom", "''"),
            ({"time": None}, "time", "nothing"),
            ({"value": -300}, "value", "-300"),
            ({"time": "2026-11-02T12:00:01Z"}, "time", "2026-11-02T12:00:01Z, in the future"),
        ],
    )
    def test_refuses_with_the_path(self, changes, place, found):
        with pytest.raises(InputError) as caught:
            read(one_report(**changes), now=1_793_620_800)
        assert caught.value.place == f"epcisBody.eventList[0].sensorElementList[0].sensorReport[0].{place}"
        assert caught.value.found == found

    def test_refuses_another_order(self):
        element = {**ELEMENT, "sensorReport": ELEMENT["sensorReport"][::-1]}
        with pytest.raises(InputError, match=r"sensorReport\[3\].time: found 2026-11-02T08:00:00Z: a time before"):
            read(event(element))

    def test_refuses_two_devices(self):
        with pytest.raises(InputError, match="a second device"):
            read(event(ELEMENT), one_report(time="2026-11-02T09:30:00Z", deviceID="urn:x:other"))

    def test_needs_a_temperature(self):
        with pytest.raises(InputError, match="no temperature"):
            read({**event(ELEMENT), "sensorElementList": [{"sensorReport": ELEMENT["sensorReport"][1:3]}]})


class TestSummary:
    """given a summary -> a sensor element that is valid, and whose numbers are those of the summary"""

    def test_is_a_valid_element(self):
        readings = [Reading(1_793_606_400, 500), Reading(1_793_607_000, 901)]
        summary = summarise(readings, b"\x07" * 32, lowest=200, highest=800)
        found = read_epcis(document(event(summary_element(summary, "urn:epc:id:giai:0361414.LOG1"))))
        assert found.is_valid
        (element,) = found.events[0].fields["sensorElementList"]
        (report,) = element["sensorReport"]
        values = {name.rpartition("}")[2]: str(value) for name, value in report.items()}
        assert values == {
            "type": "gs1:Temperature",
            "minValue": "5",
            "maxValue": "9.01",
            "uom": "CEL",
            "kineticValue": "7.24",
            "excursionSeconds": "600",
            "longestGapSeconds": "600",
            "readings": "2",
            "readingsRoot": "0x" + summary.root.hex(),
        }
        assert element["sensorMetadata"]["endTime"] == "2026-11-02T08:10:00.000Z"
