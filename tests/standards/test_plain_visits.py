"""Visits in plain JSON: the same visit as its twins in HL7 v2 and FHIR, or refused with its path."""

from __future__ import annotations

import json
from typing import Any

import pytest

from medtrust import samples
from medtrust.errors import InputError
from medtrust.standards.plain_visits import is_plain_visit
from tests.standards.support import reading, refusal
from tests.standards.test_loss import changes, fingerprint, leaves_of

VISIT = json.loads(samples.read("visit.json"))


def changed(path: str, value: Any) -> str:
    """The sample with one member changed, taken away if the value is None; "lines.1.units" leads to it."""
    document = json.loads(samples.read("visit.json"))
    *above, name = path.split(".")
    at = document
    for one in above:
        at = at[int(one)] if isinstance(at, list) else at[one]
    if value is None:
        del at[name]
    else:
        at[name] = value
    return json.dumps(document)


class TestRead:
    """
    given the sample             -> the same objects, to the byte, as its twins; every leaf is mapped
    given several, one on a line -> reads each, and refuses a bad one alone
    given no end, no total, no authority -> reads it all the same
    when any member is wrong     -> refuses with its path; the visit stands when only the claim is wrong
    when the schema is another   -> is no such visit; of another version, is refused at its schema
    when visits are not wanted   -> InputError
    """

    def test_says_what_its_twins_say(self) -> None:
        found = reading(samples.read("visit.json"))
        twin = reading(samples.read("visit_dft_p03.hl7"))
        assert found.refusals == ()
        assert [one.to_json() for one in found.objects] == [one.to_json() for one in twin.objects]
        assert [record.patient for record in found.records] == [record.patient for record in twin.records]
        assert found.records[1].beside == {"policy": "MM-4471-882"}
        assert found.loss.counts() == {"mapped": 31, "defaulted": 0, "preserved": 0, "dropped": 0}

    def test_reads_one_on_each_line(self) -> None:
        lines = [changed("visit.number", "V-1"), changed("payer", "Meridian"), "{oops", json.dumps(VISIT)]
        found = reading("\n".join(line.replace("\n", "") for line in lines))
        assert [one.schema for one in found.objects] == ["enc/1", "claim/1", "enc/1", "enc/1", "claim/1"]
        assert [error.place for error in found.refusals] == ["line[2].resource.payer", "line[3]"]

    @pytest.mark.parametrize("path", ["visit.end", "total", "visit.authority", "patient.type", "diagnoses"])
    def test_reads_without_what_is_optional(self, path: str) -> None:
        assert len(reading(changed(path, None)).records) == 2

    @pytest.mark.parametrize(
        ("path", "value", "place", "kept"),
        [
            ("patient.value", None, "patient.value", 0),
            ("patient", None, "patient.value", 0),
            ("provider", "Lindenfeld", "provider", 0),
            ("visit.number", "", "visit.number", 0),
            ("visit.class", "amb", "visit.class", 0),
            ("visit.start", "2026-02-30", "visit.start", 0),
            ("visit.end", 5, "visit.end", 0),
            ("payer", None, "payer", 1),
            ("policy", "", "policy", 1),
            ("currency", "USX", "lines[0].amount", 1),
            ("total", "190.51", "total", 1),
            ("lines", [], "total", 1),
            ("lines.1.amount", "25.001", "lines[1].amount", 1),
            ("lines.1.amount", "-25", "lines[1].amount", 1),
            ("lines.1.amount", 25, "lines[1].amount", 1),
            ("lines.1.units", "one", "lines[1].units", 1),
            ("lines.1.code", "", "lines[1].code", 1),
            ("lines.1.system", "ours", "lines[1].system", 1),
            ("lines.1.day", "5 October", "lines[1].day", 1),
            ("diagnoses.0.code", "", "diagnoses[0].code", 1),
        ],
    )
    def test_refuses_with_the_path(self, path: str, value: Any, place: str, kept: int) -> None:
        found = reading(changed(path, value))
        assert refusal(found)[0] == f"document.{place}"
        assert len(found.records) == kept

    def test_refuses_a_claim_without_lines(self) -> None:
        document = {name: value for name, value in VISIT.items() if name not in ("lines", "total")}
        assert refusal(reading(json.dumps(document)))[0] == "document.lines"

    def test_is_known_by_its_schema(self) -> None:
        assert is_plain_visit(samples.read("visit.json"))
        assert not is_plain_visit(samples.read("visit_claim.json"))
        assert not is_plain_visit(b'{"schema": "plan/1", "was": "visit/1"}')

    def test_of_another_version_is_refused_as_such(self) -> None:
        found = reading('{"schema": "visit/2"}')
        assert refusal(found) == ("document.schema", "visit/2", "visit/1")

    def test_reverts_when_visits_are_not_wanted(self) -> None:
        for name in ("visit_837p.x12",):
            with pytest.raises(InputError) as caught:
                reading(samples.read(name), take=["imm/1"])
            assert caught.value.place == "beginning"


class TestLedger:
    """
    given the sample            -> every leaf has one entry
    when any leaf is changed    -> the objects, the refusals or the ledger change
    """

    def test_every_leaf_has_one_entry(self) -> None:
        entries = [entry.path for entry in reading(json.dumps(VISIT)).loss.entries() if entry.digest]
        assert entries == list(leaves_of(VISIT, "document"))

    def test_every_change_shows(self) -> None:
        before = fingerprint(reading(json.dumps(VISIT)))
        for told in changes(VISIT):
            assert fingerprint(reading(json.dumps(told))) != before
