"""Codes of a FHIR Consent: which of HL7's codes mean which purpose, class of data and label, and names of our own."""

from __future__ import annotations

from typing import Final

from medtrust.consent_terms import DataClass

__all__ = [
    "ACTIONS",
    "ACT_CODE",
    "CLASSES",
    "CONFIDENTIALITY",
    "CONSENT",
    "COUNTRY",
    "DOCUMENT",
    "EXTENSION",
    "FACILITY",
    "LOINC",
    "ORGANISATION",
    "PARTICIPATION",
    "PATIENT",
    "POLICY",
    "PURPOSE",
    "SCOPE",
    "URI",
]

_HL7: Final = "http://terminology.hl7.org/CodeSystem/"

SCOPE: Final = f"{_HL7}consentscope"
ACTIONS: Final = f"{_HL7}consentaction"
PURPOSE: Final = f"{_HL7}v3-ActReason"
CONFIDENTIALITY: Final = f"{_HL7}v3-Confidentiality"
PARTICIPATION: Final = f"{_HL7}v3-ParticipationType"
ACT_CODE: Final = f"{_HL7}v3-ActCode"
LOINC: Final = "http://loinc.org"
COUNTRY: Final = "urn:iso:std:iso:3166"
URI: Final = "urn:ietf:rfc:3986"

_RESOURCE: Final = "http://hl7.org/fhir/resource-types"
_OBSERVATION: Final = f"{_HL7}observation-category"

# What FHIR and the field have no name for: systems of identifiers, the policy that a consent stands on, extensions.
PATIENT: Final = "urn:medtrust:patient"
ORGANISATION: Final = "urn:medtrust:organisation"
FACILITY: Final = "urn:medtrust:facility"
DOCUMENT: Final = "urn:medtrust:document"
CONSENT: Final = "urn:medtrust:consent"
POLICY: Final = "urn:medtrust:policy:consent:1"
EXTENSION: Final = "urn:medtrust:consent:"

CLASSES: Final[dict[DataClass, tuple[tuple[str, str], ...]]] = {
    DataClass.SUMMARY: ((_RESOURCE, "Composition"),),
    DataClass.DEMOGRAPHICS: ((_RESOURCE, "Patient"), (_RESOURCE, "RelatedPerson")),
    DataClass.PROBLEM: ((_RESOURCE, "Condition"),),
    DataClass.MEDICATION: (
        (_RESOURCE, "MedicationRequest"),
        (_RESOURCE, "MedicationDispense"),
        (_RESOURCE, "MedicationStatement"),
    ),
    DataClass.ALLERGY: ((_RESOURCE, "AllergyIntolerance"),),
    DataClass.IMMUNIZATION: ((_RESOURCE, "Immunization"),),
    DataClass.LABORATORY: ((_OBSERVATION, "laboratory"),),
    DataClass.IMAGING: ((_RESOURCE, "ImagingStudy"),),
    DataClass.VITAL_SIGNS: ((_OBSERVATION, "vital-signs"),),
    DataClass.PROCEDURE: ((_RESOURCE, "Procedure"),),
    DataClass.DEVICE: ((_RESOURCE, "Device"), (_RESOURCE, "DeviceUseStatement")),
    DataClass.DOCUMENT: ((_RESOURCE, "DocumentReference"),),
    DataClass.CARE_PLAN: ((_RESOURCE, "CarePlan"), (_RESOURCE, "Goal"), (_RESOURCE, "CareTeam")),
    DataClass.VISIT: ((_RESOURCE, "Encounter"), (_RESOURCE, "Appointment")),
    DataClass.CLAIM: ((_RESOURCE, "Claim"), (_RESOURCE, "Coverage"), (_RESOURCE, "ExplanationOfBenefit")),
    DataClass.FAMILY_HISTORY: ((_RESOURCE, "FamilyMemberHistory"),),
    DataClass.SOCIAL_HISTORY: ((_OBSERVATION, "social-history"),),
    DataClass.MENTAL_HEALTH: ((ACT_CODE, "MH"),),
    DataClass.SUBSTANCE_USE: ((ACT_CODE, "SUD"),),
    DataClass.SEXUAL_HEALTH: ((ACT_CODE, "SEX"),),
    DataClass.GENETICS: ((ACT_CODE, "GDIS"),),
}
"""What a class is called in `provision.class`, all of which must be named: part of a class is less than the class."""
