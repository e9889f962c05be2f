"""Certificates as FHIR R4: a Bundle of the person and the dose, which other systems and wallets read."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from medtrust.canonical import canonical_text
from medtrust.certificate import Certificate
from medtrust.errors import CheckRefused, InputError

__all__ = ["CERTIFICATE_SYSTEM", "Person", "bundle_of", "signed_bundle_of"]

CERTIFICATE_SYSTEM: Final = "urn:medtrust:certificate"
"""Under this system a Bundle carries the text of the certificate that proves it."""

_CVX = "http://hl7.org/fhir/sid/cvx"
_MVX = "http://hl7.org/fhir/sid/mvx"
_PSEUDONYM_SYSTEM = "urn:medtrust:pseudonym"
_NEEDED = ("vs", "vc", "d", "st")


def _is_day(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


@dataclass(frozen=True, slots=True)
class Person:
    """Whom a certificate is of, as documents name people: family name, given names, date of birth (YYYY-MM-DD).

    A certificate of ours says none of this: who exports it knows the person.
    """

    family: str
    given: str
    born: str

    def __post_init__(self) -> None:
        if not canonical_text(self.family) or not canonical_text(self.given):
            raise InputError(place="name", found=f"{self.family!r}, {self.given!r}", expected="family and given name")
        if not _is_day(self.born):
            raise InputError(place="date of birth", found=repr(self.born), expected="YYYY-MM-DD")

    def to_patient(self) -> dict[str, Any]:
        """Return the FHIR Patient."""
        name = {"family": canonical_text(self.family), "given": canonical_text(self.given).split()}
        return {"resourceType": "Patient", "name": [name], "birthDate": self.born}


def signed_bundle_of(certificate: Certificate, person: Person) -> dict[str, Any]:
    """Return the Bundle as a health card holds it: nothing that is not needed, short references.

    Raises `CheckRefused` if the certificate does not fit together, or is of no dose that was given, and `InputError`
    if it does not show vaccine, day and status.
    """
    return _bundle(person.to_patient(), _immunization(certificate))


def bundle_of(certificate: Certificate, person: Person | None = None) -> dict[str, Any]:
    """Return the Bundle with the certificate itself as its identifier, so that whoever has it can verify it.

    Without a person the patient is the pseudonym alone. Raises as `signed_bundle_of`.
    """
    patient: dict[str, Any] = person.to_patient() if person else {"resourceType": "Patient"}
    patient["identifier"] = [{"system": _PSEUDONYM_SYSTEM, "value": certificate.dose.holder}]
    bundle = _bundle(patient, _immunization(certificate))
    return {**bundle, "identifier": {"system": CERTIFICATE_SYSTEM, "value": certificate.to_text()}}


def _bundle(*resources: dict[str, Any]) -> dict[str, Any]:
    entries = [{"fullUrl": f"resource:{index}", "resource": resource} for index, resource in enumerate(resources)]
    return {"resourceType": "Bundle", "type": "collection", "entry": entries}


def _immunization(certificate: Certificate) -> dict[str, Any]:
    flaw, shown = certificate.flaw(), certificate.values
    if flaw:
        raise CheckRefused(flaw.reason, flaw.sentence)
    for name in _NEEDED:
        if name not in shown:
            raise InputError(place=name, found="nothing", expected="a certificate that shows vaccine, day and status")
    if shown["st"] != "completed":
        raise CheckRefused("NotGiven", f"the dose is {shown['st']}, and a document says what was given")
    resource: dict[str, Any] = {
        "resourceType": "Immunization",
        "status": shown["st"],
        "vaccineCode": {"coding": [{"system": _CVX, "code": shown["vc"]}]},
        "patient": {"reference": "resource:0"},
        "occurrenceDateTime": shown["d"],
        "performer": [{"actor": {"display": certificate.issuer}}],
    }
    if "lot" in shown:
        resource["lotNumber"] = shown["lot"]
    if "mvx" in shown:
        resource["manufacturer"] = {"identifier": {"system": _MVX, "value": shown["mvx"]}}
    return resource
