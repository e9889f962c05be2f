"""FHIR: Immunizations in every wrapping, who their patient is, and where each refusal stands."""

from __future__ import annotations

import json
from typing import Any

import pytest

from medtrust import samples
from medtrust.pseudonym import PatientIdentifier
from tests.standards.support import DOSE, bundle, immunization, only, patient, reading, refusal

CVX = "http://hl7.org/fhir/sid/cvx"
NDC = "http://hl7.org/fhir/sid/ndc"
CONVERTED = "http://example.com/v2-to-fhir-converter"


def coded(*codings: tuple[str, str]) -> dict[str, Any]:
    return {"coding": [{"system": system, "code": code} for system, code in codings]}


def apart(**changed: Any) -> dict[str, Any]:
    """Return the default dose without its Patient inside."""
    return immunization(
        id="d", contained=immunization()["contained"][1:], patient={"reference": "Patient/p"}, **changed
    )


class TestWrapping:
    """
    given a resource, a Bundle of any type, or NDJSON -> the same object, its place in it
    given resources that nothing comes from           -> let by
    when the JSON is broken, a line is, or a member stands twice -> refused with its place, the rest is read
    when the whole file is something else             -> refused
    """

    @pytest.mark.parametrize(
        ("data", "place"),
        [
            (json.dumps(immunization()), "Immunization"),
            ("\ufeff" + json.dumps(immunization(), indent=2), "Immunization"),
            (bundle(immunization()), "Bundle.entry[0].resource"),
            (bundle(patient(), apart()), "Bundle.entry[1].resource"),
            (bundle(patient(), apart(), urls=False), "Bundle.entry[1].resource"),
            (json.dumps(patient()) + "\n\n" + json.dumps(apart()) + "\n", "line[3].Immunization"),
            (json.dumps(apart()) + "\r\n" + json.dumps(patient()), "line[1].Immunization"),
        ],
    )
    def test_says_the_same_however_it_is_wrapped(self, data: str, place: str) -> None:
        found = reading(data)
        assert only(found) == DOSE
        assert found.records[0].place == place

    def test_full_urls_of_a_bundle_lead_to_the_patient(self) -> None:
        entries = [
            {"fullUrl": "urn:uuid:1", "resource": patient(id=None) | {"id": "x"}},
            {"fullUrl": "urn:uuid:2", "resource": apart() | {"patient": {"reference": "urn:uuid:1"}}},
        ]
        assert only(reading(json.dumps({"resourceType": "Bundle", "entry": entries}))) == DOSE

    def test_a_relative_reference_stays_on_its_server(self) -> None:
        other = patient(identifier=[{"system": "urn:oid:1.2.3", "value": "9"}])
        entries = [
            {"fullUrl": "https://b.example/Patient/p", "resource": other},
            {"fullUrl": "https://a.example/Patient/p", "resource": patient()},
            {"fullUrl": "https://a.example/Immunization/d", "resource": apart()},
        ]
        assert only(reading(json.dumps({"resourceType": "Bundle", "entry": entries}))) == DOSE

    def test_reverts_when_the_name_leads_to_another_server(self) -> None:
        entries = [
            {"fullUrl": "https://b.example/Patient/p", "resource": patient()},
            {"fullUrl": "https://a.example/Immunization/d", "resource": apart()},
        ]
        refused = refusal(reading(json.dumps({"resourceType": "Bundle", "entry": entries})))
        assert refused[:2] == ("Bundle.entry[1].resource.patient.reference", "Patient/p")

    def test_what_nothing_comes_from_is_let_by(self) -> None:
        found = reading(bundle(patient(), {"resourceType": "Observation", "id": "o", "status": "final"}))
        assert (found.records, found.refusals) == ((), ())

    def test_what_is_not_wanted_is_let_by(self) -> None:
        found = reading(samples.read("visit_claim.json"), take=["claim/1"])
        assert [canonical.schema for canonical in found.objects] == ["claim/1"]

    @pytest.mark.parametrize(
        ("data", "place", "found"),
        [
            ("{", "document", "Expecting"),
            (json.dumps(immunization())[:-1] + ', "status": "not-done"}', "document", "'status' stands twice"),
            (json.dumps(immunization(lotNumber=0.5)).replace("0.5", "NaN"), "document", "NaN is no number"),
            (json.dumps(immunization(lotNumber="\ud800")), "document", "surrogates not allowed"),
            ('{"a":' * 5000 + "1" + "}" * 5000, "document", ""),
            ("{} {}", "document", "Extra data"),
            (json.dumps({"resourceType": "Bundle", "entry": {}}), "Bundle.entry", "{}"),
            (json.dumps({"resourceType": "Bundle", "entry": [{"resource": []}]}), "Bundle.entry[0].resource", "[]"),
            (json.dumps(patient()), "Patient", "Patient"),
            (json.dumps({"a": 1}), "document", "nothing"),
        ],
    )
    def test_reverts_when_the_whole_is_broken(self, data: str, place: str, found: str) -> None:
        read = reading(data)
        assert read.records == ()
        assert refusal(read)[0] == place
        assert found in refusal(read)[1]

    def test_a_broken_line_takes_no_other_with_it(self) -> None:
        found = reading("\n".join([json.dumps(immunization()), "{oops", json.dumps(immunization())]))
        assert [record.canonical for record in found.records] == [DOSE, DOSE]
        assert refusal(found)[0] == "line[2]"


class TestPatient:
    """
    given a Patient contained, in the file, or an identifier in the reference -> the first of type MR, else the first
    given a converter's URL              -> the name that HL7 v2 has for the authority
    given two servers' URLs              -> two authorities, whatever they end in
    when a converter lost the authority  -> its number is passed over, or found with the assigner
    when nobody, or two people, go by the name -> refused
    """

    @pytest.mark.parametrize(
        ("identifiers", "expected"),
        [
            ([("urn:oid:1.2", "", "7")], ("urn:oid:1.2", "", "7")),
            ([("urn:oid:1.2", "SS", "7"), ("urn:oid:1.3", "MR", "8")], ("urn:oid:1.3", "MR", "8")),
            ([("urn:oid:1.2", "MR", ""), ("urn:oid:1.3", "PI", "8")], ("urn:oid:1.3", "PI", "8")),
            ([("", "MR", "7")], ("", "MR", "7")),
            ([(f"{CONVERTED}/Identifier/A", "MR", "7")], ("A", "MR", "7")),
            ([("https://a.example/mrn", "MR", "7")], ("https://a.example/mrn", "MR", "7")),
            ([("https://a.example/Identifier/A", "MR", "7")], ("https://a.example/Identifier/A", "MR", "7")),
            ([(f"{CONVERTED}/Identifier/HCD", "MR", "7"), ("urn:oid:1", "PI", "8")], ("urn:oid:1", "PI", "8")),
        ],
    )
    def test_is_the_first_record_number(
        self, identifiers: list[tuple[str, str, str]], expected: tuple[str, str, str]
    ) -> None:
        written = [
            {"system": system, "value": value, "type": {"coding": [{"code": kind}]} if kind else {}}
            for system, kind, value in identifiers
        ]
        found = reading(bundle(patient(identifier=written), apart()))
        assert found.refusals == ()
        assert found.records[0].patient == PatientIdentifier(*expected)

    def test_an_authority_that_a_converter_lost_is_found_with_the_assigner(self) -> None:
        kind = {"coding": [{"code": "HCD"}]}
        organisation = {
            "resourceType": "Organization",
            "id": "o",
            "identifier": [{"value": "A"}, {"value": "2.16.1", "type": kind}],
        }
        identifier = {
            **patient()["identifier"][0],
            "system": f"{CONVERTED}/Identifier/HCD",
            "assigner": {"reference": "Organization/o"},
        }
        found = reading(bundle(organisation, patient(identifier=[identifier]), apart()))
        assert found.records[0].patient == PatientIdentifier("HCD:2.16.1", "MR", "700101")

    def test_an_identifier_in_the_reference_is_enough(self) -> None:
        reference = {"identifier": patient()["identifier"][0]}
        assert only(reading(json.dumps(immunization(patient=reference)))) == DOSE

    @pytest.mark.parametrize(
        ("resources", "place", "found"),
        [
            ([apart()], "patient.reference", "Patient/p"),
            ([apart(), patient(identifier=[])], "patient.reference", "Patient/p"),
            (
                [apart(), patient(identifier=[{"system": f"{CONVERTED}/Identifier/ISO", "value": "7"}])],
                "patient.reference",
                "Patient/p",
            ),
            ([immunization(patient={"reference": "#nobody"})], "patient.reference", "#nobody"),
            ([immunization(patient={"reference": "#m"})], "patient.reference", "#m, a Organization"),
            ([immunization(patient=None)], "patient.reference", "nothing"),
            ([immunization(patient="Patient/p")], "patient", '"Patient/p"'),
            ([immunization(contained=None)], "patient.reference", "#p"),
        ],
    )
    def test_reverts_given_nobody(self, resources: list[dict[str, Any]], place: str, found: str) -> None:
        refused = refusal(reading(bundle(*resources)))
        assert refused[:2] == (f"Bundle.entry[0].resource.{place}", found)

    def test_reverts_given_two_people_of_one_name(self) -> None:
        other = patient(identifier=[{"system": "urn:oid:1.2.3", "value": "9"}])
        found = reading("\n".join(map(json.dumps, [patient(), other, apart()])))
        assert refusal(found)[:2] == (
            "line[3].Immunization.patient.reference",
            "Patient/p, which several resources are called",
        )

    def test_one_person_twice_is_one(self) -> None:
        assert only(reading("\n".join(map(json.dumps, [patient(), patient(), apart()])))) == DOSE


class TestDose:
    """
    given a dose                -> sub, vaccine, day, status, lot and maker; source, amount and expiry beside it
    given code systems by any of their names -> one CVX code
    given a field in another form that says the same -> the same object
    when a field is wrong       -> refused with its path
    """

    def test_is_what_the_resource_says(self) -> None:
        more = {"primarySource": False, "doseQuantity": {"value": 0.50, "unit": "ml"}, "expirationDate": "2028-06-30"}
        (record,) = reading(json.dumps(immunization(**more))).records
        assert record.canonical == DOSE
        assert record.action == "add"
        assert record.beside == {"source": "historical", "amount": "0.5", "unit": "ml", "expires": "2028-06-30"}

    @pytest.mark.parametrize(
        ("codings", "vaccine"),
        [
            ([(CVX, "8")], "08"),
            ([("urn:oid:2.16.840.1.113883.12.292", "08")], "08"),
            ([(f"{CONVERTED}/CodeSystem/CVX", "08")], "08"),
            ([(NDC, "49281-0215-88")], "113"),
            ([("urn:oid:2.16.840.1.113883.6.69", "49281021588")], "113"),
            ([("http://snomed.info/sct", "1119349007"), (CVX, "207")], "207"),
            ([(CVX, "113"), (NDC, "49281-215-88")], "113"),
        ],
    )
    def test_vaccine_is_one_cvx_code(self, codings: list[tuple[str, str]], vaccine: str) -> None:
        assert only(reading(json.dumps(immunization(vaccineCode=coded(*codings))))).vc == vaccine

    @pytest.mark.parametrize(
        ("codings", "place", "found"),
        [
            ([], "coding[0].code", "nothing"),
            ([("https://a.example/CodeSystem/CVX", "08")], "coding[0].system", "https://a.example/CodeSystem/CVX"),
            ([("http://snomed.info/sct", "1119349007")], "coding[0].code", "http://snomed.info/sct 1119349007"),
            ([("http://snomed.info/sct", "1"), (CVX, "209")], "coding[1].code", "209"),
            ([(CVX, "115"), (NDC, "49281-215-88")], "coding[1].code", "49281-215-88"),
            ([("", "08")], "coding[0].system", "nothing"),
            ([(CVX, "998")], "coding[0].code", "998, no vaccine, in a dose that is completed"),
        ],
    )
    def test_reverts_when_the_vaccine_is_not_sure(self, codings: list[tuple[str, str]], place: str, found: str) -> None:
        refused = refusal(reading(json.dumps(immunization(vaccineCode=coded(*codings)))))
        assert refused[:2] == (f"Immunization.vaccineCode.{place}", found)

    @pytest.mark.parametrize(
        "written", ["2026-10-05", "2026-10-05T00:00:00Z", "2026-10-05T23:59:59.999-05:00", "2026-10-05T00:30:00+14:00"]
    )
    def test_day_is_the_local_one_as_written(self, written: str) -> None:
        assert only(reading(json.dumps(immunization(occurrenceDateTime=written)))) == DOSE

    @pytest.mark.parametrize(
        "written", ["2026", "2026-10", "2026-02-29", "2026-10-05T24:00:00Z", "2026-10-05T10:00", "20261005", None]
    )
    def test_reverts_when_it_is_no_day(self, written: str | None) -> None:
        refused = refusal(reading(json.dumps(immunization(occurrenceDateTime=written))))
        assert refused[:2] == ("Immunization.occurrenceDateTime", written or "nothing")

    @pytest.mark.parametrize(
        ("status", "action"), [("completed", "add"), ("not-done", "add"), ("entered-in-error", "delete")]
    )
    def test_status_is_as_written(self, status: str, action: str) -> None:
        (record,) = reading(json.dumps(immunization(status=status))).records
        assert (record.canonical.to_dict()["st"], record.action) == (status, action)

    @pytest.mark.parametrize("status", ["done", "", None])
    def test_reverts_when_the_status_is_unknown(self, status: str | None) -> None:
        place, _, expected = refusal(reading(json.dumps(immunization(status=status))))
        assert (place, expected) == ("Immunization.status", "completed or not-done or entered-in-error")

    @pytest.mark.parametrize(
        ("member", "value", "place"),
        [
            ("lotNumber", 5, "Immunization.lotNumber"),
            ("vaccineCode", [], "Immunization.vaccineCode"),
            ("vaccineCode", {"coding": {}}, "Immunization.vaccineCode.coding"),
            ("vaccineCode", {"coding": [{"code": 115}]}, "Immunization.vaccineCode.coding[0].code"),
            ("contained", [5], "Immunization.contained"),
            ("doseQuantity", {"value": "0.5"}, "Immunization.doseQuantity.value"),
            ("doseQuantity", {"value": True}, "Immunization.doseQuantity.value"),
            ("doseQuantity", {"value": 10**40}, "Immunization.doseQuantity.value"),
        ],
    )
    def test_reverts_when_a_member_has_another_type(self, member: str, value: Any, place: str) -> None:
        assert refusal(reading(json.dumps(immunization(**{member: value}))))[0] == place

    @pytest.mark.parametrize(
        ("system", "maker"),
        [
            ("http://hl7.org/fhir/sid/mvx", "SKB"),
            ("urn:oid:2.16.840.1.113883.12.227", "SKB"),
            (f"{CONVERTED}/Identifier/MVX", "SKB"),
            ("https://a.example/makers", ""),
        ],
    )
    def test_maker_is_one_with_an_mvx_code(self, system: str, maker: str) -> None:
        organisation = {"resourceType": "Organization", "id": "m", "identifier": [{"system": system, "value": "SKB"}]}
        assert only(reading(json.dumps(immunization(contained=[patient(), organisation])))).mvx == maker
        logical = {"identifier": {"system": system, "value": "SKB"}}
        assert only(reading(json.dumps(immunization(manufacturer=logical)))).mvx == maker

    def test_a_maker_that_is_not_in_the_file_is_not_guessed(self) -> None:
        maker = {"reference": "Organization/elsewhere", "display": "SKB"}
        assert only(reading(json.dumps(immunization(manufacturer=maker)))).mvx == ""
