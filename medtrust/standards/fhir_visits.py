"""FHIR visits: an Encounter, or what a claim says of the visit that it names no Encounter for, as enc/1."""

from __future__ import annotations

from medtrust.canonical import Encounter, canonical_text
from medtrust.errors import InputError
from medtrust.pseudonym import PatientIdentifier
from medtrust.standards.fhir_json import Node
from medtrust.standards.fhir_source import Source, check_rules, choice, codings, day
from medtrust.standards.identifiers import authority_of_uri
from medtrust.standards.loss import DEFAULTED, MAPPED, Marks
from medtrust.standards.places import class_of_place
from medtrust.standards.reading import Record

__all__ = ["read_encounter", "visit_of_claim", "visit_of_encounter"]

# States of an Encounter in which the patient came, and those in which there is no visit to speak of.
_NO_VISIT = ("planned", "cancelled", "entered-in-error", "unknown")
_CAME = {state: state for state in ("arrived", "triaged", "in-progress", "onleave", "finished")}
_PLACE_SYSTEMS = (
    "http://terminology.hl7.org/CodeSystem/ex-serviceplace",
    "https://www.cms.gov/Medicare/Coding/place-of-service-codes/Place_of_Service_Code_Set",
    "https://bluebutton.cms.gov/resources/variables/line_place_of_srvc_cd",
)
# The types of claim whose visits are ambulatory where no place is named; one of an institution may be for a stay.
_AMBULATORY = {"professional", "oral", "vision", "pharmacy"}
_CLASS_SYSTEMS = ("http://terminology.hl7.org/CodeSystem/v3-ActCode", "urn:oid:2.16.840.1.113883.5.4")


def read_encounter(resource: Node, source: Source) -> None:
    """Read an Encounter as a visit; one that is only planned, or was cancelled, is let by."""
    marks: Marks = {}
    try:
        if resource.text("status") in _NO_VISIT:
            return
        visit, patient = visit_of_encounter(resource, source, marks)
        source.reader.records.append(Record(visit, resource.path, patient))
        source.marks.update(marks)
    except InputError as error:
        source.reader.refuse(error)


def visit_of_encounter(resource: Node, source: Source, marks: Marks) -> tuple[Encounter, PatientIdentifier]:
    """Return the visit that an Encounter is, and whose it is; raises `InputError` with the path of what is wrong."""
    check_rules(resource)
    choice(resource, "status", _CAME, marks)
    patient = source.patient(resource.child("subject"), marks)
    period = resource.child("period")
    provider = source.organisation(resource.child("serviceProvider"), marks)
    if not provider:
        marks[f"{resource.path}.serviceProvider"] = DEFAULTED
    start, end = _period(period, marks)
    visit = Encounter(
        sub=source.reader.pseudonym(patient),
        org=provider or source.reader.organisation,
        cls=_class(resource.child("class"), marks),
        start=start,
        vn=_visit_number(resource, source, marks),
        end=end,
    )
    return visit, patient


def _period(period: Node, marks: Marks) -> tuple[str, str]:
    """Return the first and the last day of a Period, "" for one that has no end."""
    start, end = day(period, "start", marks), day(period, "end", marks) if "end" in period.value else ""
    if end and end < start:
        raise period.error("end", end, f"{start}, when it starts, or later")
    return start, end


def _class(coding: Node, marks: Marks) -> str:
    if coding.text("system") not in _CLASS_SYSTEMS:
        raise coding.error("system", coding.text("system"), "the code system v3-ActCode")
    code = coding.text("code")
    if not (code.isascii() and code.isalpha() and code.isupper() and 2 <= len(code) <= 10):
        raise coding.error("code", code, "a class of v3-ActCode, such as AMB")
    marks[coding.path] = MAPPED
    return code


def _visit_number(resource: Node, source: Source, marks: Marks) -> str:
    """Return the keyed hash of the first identifier, else of the full URL or the id, which name the visit as well."""
    for node in resource.children("identifier"):
        if value := canonical_text(node.text("value")):
            marks[node.path] = MAPPED
            return source.reader.visit_number(authority_of_uri(node.text("system")), value)
    name = source.library.full_url(resource)
    if not name and resource.text("id"):
        name = f"Encounter/{resource.text('id')}"
        marks[f"{resource.path}.id"] = MAPPED
    if not name:
        raise resource.error("identifier", "", "the visit number")
    return source.reader.visit_number("", name)


def visit_of_claim(resource: Node, source: Source, marks: Marks) -> tuple[Encounter, PatientIdentifier]:
    """Return the visit that a claim without an Encounter is for: its patient, its provider, its days, its number.

    Raises `InputError` with the path of what is wrong.
    """
    patient = source.patient(resource.child("patient"), marks)
    provider = _biller(resource.child("provider"), source, marks)
    if not provider:
        marks[f"{resource.path}.provider"] = DEFAULTED
    start, end = _days(resource, marks)
    visit = Encounter(
        sub=source.reader.pseudonym(patient),
        org=provider or source.reader.organisation,
        cls=_class_of_claim(resource, marks),
        start=start,
        vn=_visit_number(resource, source, marks),
        end=end,
    )
    return visit, patient


def _biller(reference: Node, source: Source, marks: Marks) -> str:
    """Return the URI of the organisation that bills, "" if a person does or it has none."""
    found = source.library.find(reference, "Organization", "Practitioner", "PractitionerRole")
    if found is not None and found.value.get("resourceType") != "Organization":
        return ""
    return source.organisation(reference, marks)


def _days(resource: Node, marks: Marks) -> tuple[str, str]:
    """Return first and last day: of the period that is billed, which may have no end, else of the lines."""
    period = resource.child("billablePeriod")
    if "start" in period.value:
        return _period(period, marks)
    days: list[str] = []
    for item in resource.children("item"):
        served = item.child("servicedPeriod")
        if "servicedDate" in item.value:
            days.append(day(item, "servicedDate", marks))
        elif served.value:
            days += [day(served, name, marks) for name in ("start", "end") if name in served.value]
    if not days:
        raise resource.error("billablePeriod.start", "", "the day of the visit, here or on a line")
    return min(days), max(days)


def _class_of_claim(resource: Node, marks: Marks) -> str:
    """Return the class of the visit: by the places of the lines, else ambulatory, where a claim is no hospital's."""
    found: dict[str, Node] = {}
    for item in resource.children("item"):
        for coding in item.child("locationCodeableConcept").children("coding"):
            if coding.text("system") in _PLACE_SYSTEMS and (name := class_of_place(coding.text("code"))):
                found[name] = coding
                marks[coding.path] = MAPPED
    if len(found) > 1:
        raise resource.error("item", f"places of {' and '.join(sorted(found))}", "one kind of visit")
    if found:
        return next(iter(found))
    kinds = [code for _, code in codings(resource.child("type"))]
    if not set(kinds) & _AMBULATORY:
        expected = f"{', '.join(sorted(_AMBULATORY))}, or a place of service on a line: was it an inpatient?"
        raise resource.error("type", " ".join(kinds), expected)
    marks[f"{resource.path}.item[0].locationCodeableConcept"] = DEFAULTED
    return "AMB"
