"""FHIR: Encounters and Claims as visits, and where each refusal stands."""

from __future__ import annotations

import json
from copy import deepcopy
from typing import Any

import pytest

from medtrust import samples
from tests.standards.support import bundle, reading, refusal


def claim(*changes: tuple[str, Any]) -> dict[str, Any]:
    """Return the sample claim with members changed by path ("item.0.net"); None takes one away."""
    document: Any = deepcopy(json.loads(samples.read("visit_claim.json")))
    for path, value in changes:
        *way, last = (int(step) if step.isdigit() else step for step in path.split("."))
        at = document
        for step in way:
            at = at[step]
        if value is None:
            del at[last]
        elif isinstance(at, list) and last == len(at):
            at.append(value)
        else:
            at[last] = value
    return dict(document)


PATIENT, CLINIC, INSURER, COVERAGE, ENCOUNTER = (f"contained.{number}" for number in range(5))


class TestVisit:
    """
    given a Claim with its Encounter     -> one visit, and one claim that names its core
    given an Encounter alone             -> one visit
    given a planned or cancelled one     -> let by in a Bundle
    given what another member says, too  -> the same object
    when a field of the visit is wrong   -> refused with its path, nothing is read
    when a field of the claim is wrong   -> refused with its path, the visit stands
    """

    def test_is_a_visit_and_its_claim(self) -> None:
        found = reading(json.dumps(claim()))
        visit, made = found.objects
        assert (visit.schema, made.schema) == ("enc/1", "claim/1")
        assert made.to_dict()["enc"] == visit.core_hash().hex()
        assert [line["amt"] for line in made.to_dict()["ln"]] == ["12050", "2500", "4500"]
        assert found.records[1].beside == {"policy": "MM-4471-882"}

    @pytest.mark.parametrize(
        "changes",
        [
            [("total", None)],
            [("item.0.quantity", None), ("item.0.net", None)],
            [("item.0.net", None)],
            [("item.0.servicedDate", None)],
            [("item.0.servicedDate", None), ("item.0.servicedPeriod", {"start": "2026-10-05"})],
            [("insurer", None)],
            [(f"{COVERAGE}.payor", None)],
            [(f"{COVERAGE}.identifier", None), (f"{COVERAGE}.subscriberId", "MM-4471-882")],
            [("insurance.0.focal", False)],
            [("item.0.productOrService.coding.0.system", "urn:oid:2.16.840.1.113883.6.12")],
            [
                (
                    "diagnosis.1",
                    {"sequence": 2, "diagnosisCodeableConcept": claim()["diagnosis"][0]["diagnosisCodeableConcept"]},
                )
            ],
        ],
    )
    def test_says_the_same_in_other_members(self, changes: list[tuple[str, Any]]) -> None:
        found = reading(json.dumps(claim(*changes)))
        assert found.refusals == ()
        assert found.objects == reading(json.dumps(claim())).objects

    def test_an_encounter_alone_is_a_visit(self) -> None:
        inside = claim()["contained"]
        encounter = {**inside[4], "contained": inside[:2]}
        assert reading(json.dumps(encounter)).objects == reading(json.dumps(claim())).objects[:1]

    def test_an_encounter_in_the_bundle_is_read_once(self) -> None:
        document = claim()
        encounter = {**document["contained"].pop(), "contained": document["contained"][:2]}
        for item in document["item"]:
            item["encounter"] = [{"reference": "Encounter/visit"}]
        found = reading(bundle(encounter, document))
        assert found.objects == reading(json.dumps(claim())).objects
        assert [record.place for record in found.records] == ["Bundle.entry[0].resource", "Bundle.entry[1].resource"]

    def test_a_visit_without_a_number_goes_by_its_name(self) -> None:
        nameless = claim((f"{ENCOUNTER}.identifier", None))
        found = reading(json.dumps(nameless))
        assert found.refusals == ()
        assert found.objects[0].core_hash() != reading(json.dumps(claim())).objects[0].core_hash()

    def test_a_policy_number_counts_for_its_payer_alone(self) -> None:
        other = claim((f"{INSURER}.identifier.0.value", "urn:gs1:gln:0614141000029"))
        assert (
            reading(json.dumps(other)).objects[1].to_dict()["pol"]
            != reading(json.dumps(claim())).objects[1].to_dict()["pol"]
        )

    def test_a_provider_without_a_uri_is_the_reader(self) -> None:
        found = reading(json.dumps(claim((f"{CLINIC}.identifier", None))), organisation="urn:gs1:gln:0614141000029")
        assert found.objects[0].to_dict()["org"] == "urn:gs1:gln:0614141000029"

    @pytest.mark.parametrize("status", ["planned", "cancelled", "entered-in-error", "unknown"])
    def test_a_visit_that_did_not_take_place_is_let_by(self, status: str) -> None:
        inside = claim((f"{ENCOUNTER}.status", status))["contained"]
        encounter = {**inside[4], "contained": inside[:2]}
        found = reading(bundle(encounter))
        assert (found.records, found.refusals) == ((), ())
        assert refusal(reading(json.dumps(encounter)))[0] == "Encounter"

    @pytest.mark.parametrize(
        ("path", "value", "place"),
        [
            (f"{ENCOUNTER}.status", "planned", "contained[4].status"),
            (f"{ENCOUNTER}.class.code", "ambulatory", "contained[4].class.code"),
            (f"{ENCOUNTER}.class.system", "urn:x", "contained[4].class.system"),
            (f"{ENCOUNTER}.period", None, "contained[4].period.start"),
            (f"{ENCOUNTER}.period.end", "2026", "contained[4].period.end"),
            (f"{ENCOUNTER}.subject", None, "contained[4].subject.reference"),
            ("item.0.encounter", None, None),
            ("item.0.encounter.0.reference", "Encounter/elsewhere", "item[0].encounter[0].reference"),
            ("contained.4", {"resourceType": "Encounter", "id": "visit"}, "contained[4].status"),
        ],
    )
    def test_reverts_when_the_visit_is_wrong(self, path: str, value: Any, place: str | None) -> None:
        found = reading(json.dumps(claim((path, value))))
        if place is None:
            assert found.refusals == ()  # the other lines name the visit
        else:
            assert found.records == ()
            assert refusal(found)[0] == f"Claim.{place}"

    @pytest.mark.parametrize(
        ("path", "value", "place"),
        [
            ("use", "preauthorization", "use"),
            ("status", "draft", "status"),
            ("patient", {"identifier": {"system": "urn:oid:1.2", "value": "9"}}, "patient"),
            ("insurance", [], "insurance"),
            ("insurance.1", {"focal": True, "coverage": {"reference": "#coverage"}}, "insurance"),
            (f"{INSURER}.identifier", None, "insurer"),
            (f"{COVERAGE}.identifier", None, "insurance[0].coverage.identifier"),
            ("item.1.productOrService.coding.0.system", "LOCAL", "item[1].productOrService.coding[0].system"),
            ("item.1.productOrService.coding", [], "item[1].productOrService.coding[0].code"),
            ("item.1.servicedDate", "2026", "item[1].servicedDate"),
            ("item.1.net.currency", "EUR", "item[1].net.currency"),
            ("item.1.net.currency", "ABC", "item[1].net"),
            ("item.1.net.value", -1, "item[1].net"),
            ("item.1.net.value", 0.001, "item[1].net"),
            ("item.1.net", {}, "item[1].net"),
            ("total.value", 190.51, "total.value"),
            ("total.currency", "EUR", "total.value"),
            (
                "diagnosis.0.diagnosisCodeableConcept.coding.0.system",
                "x",
                "diagnosis[0].diagnosisCodeableConcept.coding[0].system",
            ),
            (
                "diagnosis.0",
                {"sequence": 1, "diagnosisReference": {"reference": "#c"}},
                "diagnosis[0].diagnosisReference.reference",
            ),
        ],
    )
    def test_reverts_when_the_claim_is_wrong(self, path: str, value: Any, place: str) -> None:
        found = reading(json.dumps(claim((path, value))))
        assert [canonical.schema for canonical in found.objects] == ["enc/1"]
        assert refusal(found)[0] == f"Claim.{place}"

    def test_reverts_given_no_line(self) -> None:
        place, found, expected = refusal(reading(json.dumps(claim(("item", [])))))
        assert (place, found, expected) == ("Claim.item", "nothing", "a line")

    def test_a_diagnosis_may_stand_in_a_condition(self) -> None:
        condition = {
            "resourceType": "Condition",
            "id": "c",
            "code": {"coding": [{"system": "http://hl7.org/fhir/sid/icd-10", "code": "Z23"}]},
        }
        diagnosis = {"sequence": 1, "diagnosisReference": {"reference": "#c"}}
        found = reading(json.dumps(claim(("contained.5", condition), ("diagnosis.0", diagnosis))))
        assert found.objects == reading(json.dumps(claim())).objects
