"""FHIR claims that name no Encounter, explanations as claims, and payers that go by a name."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medtrust import samples
from medtrust.errors import InputError
from medtrust.standards import Reading
from medtrust.visit_file import bills_in
from tests.standards.support import ORGANISATION, corpus, reading, refusal
from tests.standards.test_loss import changes, fingerprint

PLACES = "http://terminology.hl7.org/CodeSystem/ex-serviceplace"
CATEGORIES = "http://terminology.hl7.org/CodeSystem/adjudication"
MERIDIAN = "urn:gs1:gln:0614141000067"
PAYER = "Centers for Medicare and Medicaid Services"


def document(**changed: Any) -> dict[str, Any]:
    """The sample Claim without its Encounter, some of its members changed; None takes one away."""
    claim = json.loads(samples.read("visit_claim.json"))
    claim["contained"] = [one for one in claim["contained"] if one["resourceType"] != "Encounter"]
    claim["identifier"] = [{"system": "urn:oid:2.16.840.1.113883.19.5.2", "value": "V-2026-1005"}]
    for item in claim["item"]:
        del item["encounter"]
    return {name: value for name, value in {**claim, **changed}.items() if value is not None}


def decided(category: str, value: float, system: str = CATEGORIES) -> dict[str, Any]:
    coding = [{"system": system, "code": category}]
    return {"category": {"coding": coding}, "amount": {"value": value, "currency": "USD"}}


def explanation(**changed: Any) -> dict[str, Any]:
    """The same as an ExplanationOfBenefit, of its first line: 120.50, of which the plan pays 32."""
    claim = document(resourceType="ExplanationOfBenefit", outcome="complete")
    line = {**claim["item"][0], "adjudication": [decided("submitted", 120.5), decided("eligible", 110)]}
    line["adjudication"] += [decided("deductible", 50), decided("copay", 20), decided("benefit", 32)]
    line["adjudication"].append(decided("https://medicare.example/variables/line_coinsrnc_amt", 8, "urn:other"))
    del line["net"], line["unitPrice"]
    return {**claim, "item": [line], "total": [decided("submitted", 120.5), decided("benefit", 32)], **changed}


def read(value: dict[str, Any], **more: Any) -> Reading:
    return reading(json.dumps(value), **more)


def with_places(*codes: str) -> dict[str, Any]:
    claim = document()
    for item, code in zip(claim["item"], codes, strict=False):
        item["locationCodeableConcept"] = {"coding": [{"system": PLACES, "code": code}]}
    return claim


class TestClaimAlone:
    """
    given a Claim that names no Encounter -> the visit that its own members say, and its claim
    given a period that is billed         -> the visit's days; else those of the lines
    given places of service               -> the class; ambulatory where there is none and no hospital bills
    given a person who bills              -> the provider is the organisation that reads
    when places differ, a hospital names none, or no day is said -> refused with its path
    when it is no claim, or not in force  -> refused; there is no visit either
    """

    def test_says_what_its_encounter_would(self) -> None:
        found = read(document())
        twin = reading(samples.read("visit_claim.json"))
        assert found.refusals == ()
        assert [one.to_json() for one in found.objects] == [one.to_json() for one in twin.objects]

    def test_days_are_those_of_the_period(self) -> None:
        visit, _ = read(document(billablePeriod={"start": "2026-10-04", "end": "2026-10-06T12:00:00Z"})).objects
        assert (visit.start, visit.end) == ("2026-10-04", "2026-10-06")
        visit, _ = read(document(billablePeriod={"start": "2026-10-04"})).objects
        assert (visit.start, visit.end) == ("2026-10-04", "")

    def test_days_are_those_of_the_lines(self) -> None:
        claim = document()
        claim["item"][2]["servicedPeriod"] = {"start": "2026-10-03", "end": "2026-10-08"}
        del claim["item"][2]["servicedDate"]
        visit, made = read(claim).objects
        assert (visit.start, visit.end, made.ln[2].d) == ("2026-10-03", "2026-10-08", "2026-10-03")

    @pytest.mark.parametrize(("codes", "kind"), [(("23",), "EMER"), (("21", "21"), "IMP"), (("11", "22"), "AMB")])
    def test_class_comes_from_the_places(self, codes: tuple[str, ...], kind: str) -> None:
        assert read(with_places(*codes)).objects[0].cls == kind

    def test_a_person_bills_for_the_reader(self) -> None:
        claim = document(provider={"reference": "#doctor"})
        claim["contained"].append({"resourceType": "Practitioner", "id": "doctor", "identifier": [{"value": "31002"}]})
        assert read(claim, organisation=ORGANISATION).objects[0].org == ORGANISATION

    @pytest.mark.parametrize(
        ("claim", "place"),
        [
            (with_places("11", "23"), "item"),
            (document(type={"coding": [{"code": "institutional"}]}), "type"),
            (document(type=None), "type"),
            (document(identifier=None, id=None), "identifier"),
            (document(billablePeriod={"start": "October"}), "billablePeriod.start"),
            (document(patient=None), "patient.reference"),
            (document(use="preauthorization"), "use"),
            (document(status="cancelled"), "status"),
            (document(item=[]), "item"),
        ],
    )
    def test_refuses_with_the_path(self, claim: dict[str, Any], place: str) -> None:
        found = read(claim)
        assert (refusal(found)[0], found.records) == (f"Claim.{place}", ())

    def test_refuses_without_a_day(self) -> None:
        claim = document()
        for item in claim["item"]:
            del item["servicedDate"]
        assert refusal(read(claim))[0] == "Claim.billablePeriod.start"

    def test_every_change_shows(self) -> None:
        before = fingerprint(read(document()))
        for changed in changes(document()):
            assert fingerprint(read(changed)) != before


class TestExplanation:
    """
    given an ExplanationOfBenefit  -> the claim that it explains, charged as submitted; what was decided beside it
    given only what is left over   -> what a line does not say is not there
    when the sum is another        -> refused with its path
    when it should be billed again -> InputError
    """

    def test_is_the_claim_and_what_was_decided(self) -> None:
        found = read(explanation())
        assert found.refusals == ()
        _, claim = found.objects
        assert (claim.tot, [line.amt for line in claim.ln]) == ("12050", ["12050"])
        assert claim.enc == read(document()).objects[1].enc
        said = {"submitted": "120.5", "allowed": "110", "deductible": "50", "copay": "20", "coinsurance": "8"}
        assert json.loads(found.records[1].beside["decision"]) == [{**said, "planPays": "32"}]
        entries = {entry.path: entry.disposition for entry in found.loss.entries()}
        line = "ExplanationOfBenefit.item[0].adjudication"
        assert (entries[f"{line}[1].amount.value"], entries[f"{line}[0].amount.value"]) == ("preserved", "preserved")

    def test_what_is_not_said_is_not_there(self) -> None:
        bill = explanation()
        bill["item"][0]["adjudication"] = [decided("submitted", 120.5), decided("unheard-of", 1)]
        assert json.loads(read(bill).records[1].beside["decision"]) == [{"submitted": "120.5"}]

    def test_refuses_another_sum(self) -> None:
        place, found, _ = refusal(read(explanation(total=[decided("submitted", 120.51)])))
        assert (place, found) == ("ExplanationOfBenefit.total[0].amount.value", "12051 of USD")

    def test_reverts_when_billed_again(self) -> None:
        with pytest.raises(InputError) as caught:
            bills_in(read(explanation()).records)
        assert (caught.value.place, caught.value.found) == ("ExplanationOfBenefit", "an explanation")

    def test_every_change_shows(self) -> None:
        before = fingerprint(read(explanation()))
        for changed in changes(explanation()):
            assert fingerprint(read(changed)) != before


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place in a document."""
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(place for name, member in pairs for place in places(member, (*path, name)))]


class TestAnything:
    """given any JSON in any place of a Claim or an explanation -> read or refused, never another exception"""

    @given(st.data(), st.booleans(), JSON)
    def test_is_read_or_refused(self, data: st.DataObject, is_claim: bool, value: Any) -> None:
        claim = document() if is_claim else explanation()
        *above, name = data.draw(st.sampled_from([place for place in places(claim) if place]))
        at: Any = claim
        for one in above:
            at = at[one]
        at[name] = value
        found = read(claim)
        assert found.records or found.refusals or name == "resourceType"
        assert list(found.loss.entries())


class TestPayers:
    """
    given a payer who goes by a name or a number -> the URI that the reader was told, in FHIR and in HL7 v2
    when nobody told                             -> refused
    when it was told something that is no URI    -> InputError
    """

    @pytest.mark.parametrize(
        "insurer", [{"display": "Meridian"}, {"identifier": {"value": "Meridian"}}, {"reference": "#insurer"}]
    )
    def test_fhir_names_are_looked_up(self, insurer: dict[str, Any]) -> None:
        claim = document(insurer=insurer)
        for one in claim["contained"]:
            if one["id"] == "insurer":
                one["name"] = "Meridian"
                del one["identifier"]
            one.pop("payor", None)
        assert refusal(read(claim))[0] == "Claim.insurer"
        assert read(claim, payers={"Meridian": MERIDIAN}).objects[1].payer == MERIDIAN

    def test_hl7_numbers_are_looked_up(self) -> None:
        text = samples.read("visit_dft_p03.hl7").decode().replace(MERIDIAN, "MM01")
        assert refusal(reading(text))[0] == "IN1[1]-3.1"
        assert reading(text, payers={"MM01": MERIDIAN}).objects[1].payer == MERIDIAN

    def test_reverts_when_told_no_uri(self) -> None:
        with pytest.raises(InputError) as caught:
            read(document(), payers={"Meridian": "Meridian Mutual"})
        assert (caught.value.place, caught.value.found) == ("payer Meridian", "'Meridian Mutual'")


class TestCorpus:
    """
    given the Claims, Coverages, Encounters and explanations of the corpus -> read, or refused with a path in them
    given one beside its patient, its coverage and its payer               -> read
    """

    def test_an_explanation_is_read_beside_what_it_refers_to(self) -> None:
        (eob,) = corpus("eob").glob("*/*eob_read_carrier_v2.json")
        patient, coverages, bill = (
            json.loads((eob.parent / eob.name.replace("eob_read_carrier", name)).read_bytes())
            for name in ("patient_read", "coverage_search", "eob_read_carrier")
        )
        held = [entry["resource"] for entry in coverages["entry"]]
        found = reading("\n".join(map(json.dumps, [patient, *held, bill])), payers={PAYER: MERIDIAN})
        assert found.refusals == ()
        visit, claim = found.objects
        assert (visit.start, visit.cls, claim.tot, claim.ln[0].c) == ("2015-12-01", "AMB", "25000", "77085")
        assert json.loads(found.records[1].beside["decision"])[0]["planPays"] == "50.0"

    def test_a_claim_is_read_beside_what_it_refers_to(self) -> None:
        folder = corpus("fhir-r4") / "fhir"
        files = [json.loads((folder / name).read_bytes()) for name in ("Claim-100156.json", "Coverage-9876B1.json")]
        patient = {"resourceType": "Patient", "id": "1", "identifier": [{"system": "urn:oid:1.2", "value": "9"}]}
        payer = {"resourceType": "Organization", "id": "2", "identifier": [{"system": "urn:oid:1.3", "value": "2"}]}
        found = reading("\n".join(map(json.dumps, [*files, patient, payer])))
        assert refusal(found)[:2] == ("line[2].Coverage.beneficiary.reference", "Patient/4")
        files[1]["beneficiary"] = files[0]["patient"]
        found = reading("\n".join(map(json.dumps, [*files, patient, payer])))
        assert found.refusals == ()
        assert [one.schema for one in found.objects] == ["enc/1", "claim/1"]

    @pytest.mark.parametrize(("folder", "count"), [("fhir-r4", 18), ("eob", 12)])
    def test_are_read_or_refused_with_a_path(self, folder: str, count: int) -> None:
        kinds = ("Claim", "Coverage", "ExplanationOfBenefit", "Encounter")
        seen = 0
        for file in sorted(corpus(folder).glob("*/*.json")):
            value = json.loads(file.read_bytes())
            inside = [value, *(entry.get("resource", {}) for entry in value.get("entry", ()))]
            found = [one["resourceType"] for one in inside if one.get("resourceType") in kinds]
            if not found or (value["resourceType"] == "Bundle" and folder == "fhir-r4"):
                continue
            seen += 1
            outcome = reading(file.read_bytes())
            claims = sum(kind in ("Claim", "ExplanationOfBenefit") for kind in found)
            assert len(outcome.refusals) >= claims - len(outcome.records), file.name
            for error in outcome.refusals:
                assert error.place.split(".")[0] in (*kinds, "Bundle"), (file.name, error.place)
            assert outcome.records or outcome.refusals or set(found) == {"Coverage"}, file.name
        assert seen == count
