"""Sensor data, certificates, headers and queries of EPCIS were valid whatever type their values had."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from medtrust.cli.drug import app as drug
from medtrust.cli.epcis import app
from medtrust.standards.epcis import read_epcis
from medtrust.standards.epcis_words import SENSOR_METADATA, SENSOR_REPORT
from tests.standards.test_epcis import CONTEXT, document, event, problems

TIMES = ("time", "startTime", "endTime")
NUMBERS = ("value", "minValue", "maxValue", "meanValue", "sDev", "percRank", "percValue")
TEXTS = ("stringValue", "uom")
WORDS = ("type", "exception", "component")
GOOD: dict[str, Any] = {
    **dict.fromkeys((*SENSOR_METADATA, *SENSOR_REPORT), "https://id.example.com/8004/4000001111"),
    **dict.fromkeys(TIMES, "2026-11-03T10:00:00Z"),
    **dict.fromkeys(NUMBERS, 4.5),
    **dict.fromkeys(TEXTS, "CEL"),
    **dict.fromkeys(WORDS, "Temperature"),
    "booleanValue": False,
    "hexBinaryValue": "f0F0",
}


def sensed(part: str, **fields: Any) -> dict[str, Any]:
    element: dict[str, Any] = {"sensorReport": [{"type": "gs1:Temperature", "value": 4}]}
    if part == "sensorMetadata":
        element[part] = fields
    else:
        element["sensorReport"][0] |= fields
    return event(sensorElementList=[element])


def query(**parameters: Any) -> list[str]:
    found = read_epcis(json.dumps({"@context": [CONTEXT], **parameters}).encode())
    return [one.place for one in found.problems]


class TestSensors:
    """
    given every field of a report, of its metadata -> valid
    when any of them is of another type            -> refused with its path
    """

    @pytest.mark.parametrize(("part", "names"), [("sensorReport", SENSOR_REPORT), ("sensorMetadata", SENSOR_METADATA)])
    def test_take_every_field(self, part: str, names: tuple[str, ...]) -> None:
        assert problems(sensed(part, **{name: GOOD[name] for name in names})) == []

    @pytest.mark.parametrize(
        ("part", "name"),
        [*(("sensorReport", name) for name in SENSOR_REPORT), *(("sensorMetadata", name) for name in SENSOR_METADATA)],
    )
    def test_refuse_another_type(self, part: str, name: str) -> None:
        inner = f"{part}[0]" if part == "sensorReport" else part
        place = f"[0].sensorElementList[0].{inner}.{name}"
        wrong: list[Any] = [None, [], {}, ["x"]]
        wrong += [] if name in NUMBERS else [7]
        wrong += [] if name == "booleanValue" else [True]
        wrong += [] if name in TEXTS else ["no such thing"]
        for value in wrong:
            assert [where for where, _ in problems(sensed(part, **{name: value}))] == [place], value


class TestDocuments:
    """
    given a certificate, several, a sender -> valid
    when one is of another type            -> refused with its path
    given EPCIS 1.2, which has no type for certificates -> valid
    """

    def test_take_certificates_and_senders(self) -> None:
        one = "https://council.example.org/certificate/1"
        assert problems(event(certificationInfo=one)) == problems(event(certificationInfo=[one, one])) == []
        assert problems(event(certificationInfo="ours"), schemaVersion="1.2") == []
        assert problems(event(), sender="urn:epc:id:sgln:0353579.00001.0", receiver="x", instanceIdentifier="1") == []

    @pytest.mark.parametrize("value", [7, {}, True, "ours"])
    def test_refuse_certificates(self, value: Any) -> None:
        assert [place for place, _ in problems(event(certificationInfo=value))] == ["[0].certificationInfo"]
        assert [place for place, _ in problems(event(certificationInfo=[value]))] == ["[0].certificationInfo[0]"]

    @pytest.mark.parametrize("name", ["sender", "receiver", "instanceIdentifier"])
    @pytest.mark.parametrize("value", [None, 7, {}, ["x"]])
    def test_refuse_senders(self, name: str, value: Any) -> None:
        assert [one.place for one in read_epcis(document(event(), **{name: value})).problems] == [name]

    @pytest.mark.parametrize("command", ["validate", "hash"])
    @pytest.mark.parametrize("kind", [["EPCISDocument"], {}, [], None, 5])
    def test_of_no_kind_are_refused(self, tmp_path: Path, command: str, kind: Any) -> None:
        file = tmp_path / "events.json"
        file.write_text(json.dumps({"type": kind}))
        result = CliRunner().invoke(app, [command, str(file), "--json"])
        assert result.exit_code == 1
        told = json.loads(result.stdout)
        assert (told["problems"][0] if command == "validate" else told["refused"][0])["path"] == "type"

    def test_of_no_kind_are_not_carried_over(self, tmp_path: Path) -> None:
        file = tmp_path / "events.json"
        file.write_text(json.dumps({"type": ["EPCISDocument"]}))
        words = ["import-epcis", str(file), "--by", "maker", "--lots", str(file), "--dry-run", "--json"]
        result = CliRunner().invoke(drug, words)
        assert result.exit_code == 1, result.output
        assert json.loads(result.stdout)["refused"][0]["path"] == "type"


class TestQueries:
    """
    given parameters of their types        -> valid
    when one is of another type            -> refused at its name
    """

    @pytest.mark.parametrize(
        ("name", "good", "wrong"),
        [
            ("EQ_action", ["ADD"], (0, "ADD", ["PLUS"], [0], None)),
            ("GE_eventTime", "2026-01-01T00:00:00Z", (["x"], 0, "2026-01-01", None)),
            ("LT_recordTime", "2026-01-01T00:00:00Z", (["x"], 0)),
            ("eventType", ["ObjectEvent"], ("ObjectEvent", [1], {})),
            ("MATCH_epc", ["urn:epc:idpat:sgtin:4012345.*.*"], ("x", [{}], 7)),
            ("EQ_source_owning_party", ["urn:x:1"], ("urn:x:1", [7])),
            ("GE_quantity", 1, ("1", [1], True)),
            ("EQ_quantity", [1, 2.5], ("1", ["1"], True)),
            ("LT_value_CEL", 8.5, ("8", [8], None)),
            ("EQ_booleanValue", True, ("true", 1, [True])),
            ("EXISTS_ilmd", None, ("x", [], {})),
            ("EQ_INNER_ILMD_x:y", ["z"], ([1], {}, None)),
            ("GE_x:y", "2026-01-01T00:00:00Z", ("soon", [1], {})),
            ("orderBy", "eventTime", (1, [])),
            ("orderDirection", "DESC", ("down", 1, [])),
            ("maxEventCount", 1, (0, "1", 1.5, True)),
        ],
    )
    def test_parameters(self, name: str, good: Any, wrong: tuple[Any, ...]) -> None:
        assert query(**{name: good}) == []
        for value in wrong:
            assert [place.partition("[")[0] for place in query(**{name: value})] == [name], value
