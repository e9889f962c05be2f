"""Conformance: published EPCIS documents are accepted or refused as they should be, and published hashes are met."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from medtrust import samples
from medtrust.cli.epcis import app
from medtrust.standards.epcis import read_epcis
from tests.standards.support import corpus

RUNNER = CliRunner()

# Where the reference implementation departs from the standard that it implements; docs/conformance.md says how.
DEPARTURES = {("SensorDataExamples", 6), ("SensorDataExamples", 10)}

# What is wrong with each document that must be refused: where it is said first.
REFUSED = {
    "JSON_Capture_Invalid_Combination_of_events_with_missing_mandatory_fields.json": "epcisBody.eventList[0].action",
    "JSON_Capture_Invalid_Combination_of_multiple_invalid_fields.json": "epcisBody.eventList[0].bizStep",
    "JSON_Capture_Invalid_ObjectEvent_with_invalid_action.json": "epcisBody.eventList[0].action",
    "JSON_Capture_Invalid_ObjectEvent_with_non_standard_bizStep.json": "epcisBody.eventList[0].bizStep",
    "JSON_Capture_Invalid_ObjectEvent_with_non_standard_disposition.json": "epcisBody.eventList[0].disposition",
    "JSON_Capture_Invalid_ObjectEvent_with_quantity_as_text.json": "epcisBody.eventList[0].quantityList[0].quantity",
    "JSON_Capture_Invalid_ObjectEvent_with_unknown_field_in_quantityList.json": (
        "epcisBody.eventList[0].quantityList[0].weight"
    ),
    "JSON_Capture_Invalid_ObjectEvent_without_identifier_list.json": "epcisBody.eventList[0].epcList",
    "JSON_Query_Queries_Invalid_Query_with_unknown_parameter.json": "GE_eventDate",
    "XML_Capture_Invalid_ObjectEvent_with_invalid_action.xml": "EventList[0].action",
    "XML_Capture_Invalid_ObjectEvent_with_near_miss_action.xml": "EventList[0].action",
    "XML_Capture_Invalid_ObjectEvent_with_wrong_element_order.xml": "EventList[0].eventTime",
    "XML_Query_Invalid_QueryDocument_with_missing_value.xml": "Poll.params[1].value",
    "XML_Query_Queries_Invalid_Query_without_queryName.xml": "Poll.queryName",
}


def hashing(pattern: str) -> list[Path]:
    found = sorted((corpus("epcis-hash") / "epcis-event-hash-generator").glob(pattern))
    assert found
    return found


class TestDocuments:
    """
    given every published document -> valid, or refused at the place that is wrong
    given the same events in JSON and XML -> the same hashes, where both files say the same
    """

    def test_are_accepted_or_refused(self):
        files = sorted((corpus("epcis") / "openepcis-test-resources").iterdir())
        assert len(files) == 65
        for file in files:
            found = read_epcis(file.read_bytes())
            first = found.problems[0].place if found.problems else None
            assert first == REFUSED.get(file.name.removeprefix("2.0_EPCIS_")), (file.name, first)
        assert set(REFUSED) <= {file.name.removeprefix("2.0_EPCIS_") for file in files}

    def test_are_alike_in_both_forms(self):
        folder = corpus("epcis") / "openepcis-test-resources"
        same = other = 0
        for file in sorted(folder.glob("2.0_EPCIS_JSON_*.json")):
            twin = folder / file.name.replace("_JSON_", "_XML_").replace(".json", ".xml")
            if twin.exists():
                for one, two in zip(
                    read_epcis(file.read_bytes()).events, read_epcis(twin.read_bytes()).events, strict=True
                ):
                    same, other = same + (one.hash == two.hash), other + (one.hash != two.hash)
        assert (same, other) == (33, 3), "three events have other fields in XML than in JSON"


class TestHashes:
    """
    given every published hash               -> met, but where the reference departs from the standard
    given events that are said to be equal   -> one hash
    """

    def test_are_met(self):
        met = 0
        for published in hashing("*.hashes"):
            expected = published.read_text(encoding="utf-8").split()
            name = published.stem.removeprefix("tests_examples_")
            for file in [published.with_suffix(".xml"), published.with_suffix(".jsonld")]:
                events = read_epcis(file.read_bytes()).events if file.exists() else ()
                assert len(events) in (0, len(expected))
                for index, event in enumerate(events):
                    assert (event.hash == expected[index]) == ((name, index) not in DEPARTURES), (name, index)
                    met += 1
        assert met == 35

    def test_equal_events_have_one_hash(self):
        for file in hashing("*expected_equal*"):
            events = read_epcis(file.read_bytes()).events
            assert len(events) > 1
            assert len({event.hash for event in events}) == 1, file.name


class TestCommands:
    """
    given a valid document    -> exit 0, and the hash of each event
    given an invalid one      -> exit 1, and each problem with its path
    given one that is no EPCIS -> exit 1 from validate, as a problem
    """

    @pytest.fixture
    def wrong(self, tmp_path):
        file = tmp_path / "wrong.json"
        file.write_bytes(samples.read("events.jsonld").replace(b'"OBSERVE"', b'"CREATE"', 1))
        return file

    def run(self, *arguments):
        result = RUNNER.invoke(app, [*map(str, arguments), "--json"])
        return result.exit_code, json.loads(result.stdout)

    def test_a_valid_document(self):
        with samples.path("events.jsonld") as path:
            assert self.run("validate", path) == (
                0,
                {"valid": True, "kind": "document", "version": "2.0", "events": 10, "problems": []},
            )
            status, found = self.run("hash", path)
            assert (status, len(found), found[5]["type"]) == (0, 10, "ObjectEvent")
            assert found[5]["hash"] == read_epcis(path.read_bytes()).events[5].hash
            assert set(found[0]) == {"path", "type", "hash"}
            assert self.run("hash", path, "--prehash")[1][0]["prehash"].startswith("eventType=ObjectEvent")
            assert RUNNER.invoke(app, ["hash", str(path)]).stdout.split()[5] == found[5]["hash"]

    def test_an_invalid_document(self, wrong):
        status, found = self.run("validate", wrong)
        assert (status, found["valid"], found["events"]) == (1, False, 10)
        assert [(one["path"], one["found"]) for one in found["problems"]] == [
            ("epcisBody.eventList[5].action", "'CREATE'"),
        ]
        assert "eventList[5].action" in RUNNER.invoke(app, ["validate", str(wrong)]).stderr

    def test_what_is_no_epcis(self, tmp_path):
        (tmp_path / "x").write_bytes(b"MSH|")
        status, found = self.run("validate", tmp_path / "x")
        assert (status, found["kind"], found["problems"][0]["path"]) == (1, "unreadable", "document")
