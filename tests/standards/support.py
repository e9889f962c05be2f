"""What the tests of the standards share: reading with a fixed key, small messages and resources, and the corpus."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from medtrust.canonical import Immunization
from medtrust.pseudonym import PatientIdentifier, pseudonym
from medtrust.standards import Reading, read

KEY = bytes(range(32))
ORGANISATION = "urn:gs1:gln:0614141000012"

HEADER = "MSH|^~\\&|EHR|CLINIC|IIS|STATE|20261005101530||VXU^V04^VXU_V04|1|P|2.5.1"
PERSON = "PID|1||700101^^^CLINIC^MR||Quint^Marisol"

SUB = pseudonym(KEY, ORGANISATION, PatientIdentifier("CLINIC", "MR", "700101"))
DOSE = Immunization(sub=SUB, vs="cvx", vc="115", d="2026-10-05", st="completed", lot="MT2026A", mvx="SKB")


def reading(data: bytes | str, **more: Any) -> Reading:
    """Read `data` as the test organisation."""
    raw = data.encode() if isinstance(data, str) else data
    return read(raw, name="file", key=more.pop("key", KEY), organisation=more.pop("organisation", ORGANISATION), **more)


def segment(name: str, fields: dict[int, str]) -> str:
    """Write a segment from its fields by number."""
    return "|".join([name, *(fields.get(number, "") for number in range(1, max(fields) + 1))])


RXA = {1: "0", 2: "1", 3: "20261005", 5: "115^Tdap^CVX", 6: "0.5", 7: "mL^mL^UCUM", 15: "MT2026A", 17: "SKB^^MVX"}


def rxa(changed: dict[int, str] | None = None) -> str:
    """Write the RXA of the default dose, some of its fields changed."""
    return segment("RXA", {**RXA, 20: "CP", 21: "A", **(changed or {})})


def vxu(*doses: str, person: str = PERSON, header: str = HEADER) -> str:
    """Write a VXU with these RXA, by default the one of the default dose."""
    return "\r".join([header, person, *(doses or (rxa(),))]) + "\r"


VISIT = {1: "1", 2: "O", 19: "V1^^^CLINIC^VN", 44: "20261005093000", 45: "20261005102000"}
CHARGE = {1: "1", 4: "20261005", 6: "CG", 7: "99213^^C4", 10: "1", 11: "120.50&USD"}
INSURANCE = {1: "1", 3: "urn:gs1:gln:0614141000067", 36: "MM-4471"}


def dft(
    *,
    visit: dict[int, str] | None = None,
    charges: tuple[dict[int, str], ...] = ({},),
    insurance: dict[int, str] | None = None,
    diagnoses: tuple[str, ...] = ("Z23^^I10C",),
    sender: str = "CLINIC",
) -> str:
    """Write a DFT, some of the fields of its segments changed."""
    start = HEADER.replace("VXU^V04^VXU_V04", "DFT^P03").replace("|CLINIC|", f"|{sender}|")
    lines = [start, PERSON, segment("PV1", {**VISIT, **(visit or {})})]
    lines += [segment("DG1", {1: "1", 3: code}) for code in diagnoses]
    lines += [segment("FT1", {**CHARGE, 1: str(at), **changed}) for at, changed in enumerate(charges, 1)]
    lines += [segment("IN1", {**INSURANCE, **insurance})] if insurance is not None else [segment("IN1", INSURANCE)]
    return "\r".join(lines)


def patient(**changed: Any) -> dict[str, Any]:
    """Return the FHIR Patient who is the PID of `PERSON`."""
    kind = {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v2-0203", "code": "MR"}]}
    system = "http://example.com/v2-to-fhir-converter/Identifier/CLINIC"
    identifier = {"type": kind, "system": system, "value": "700101"}
    return {"resourceType": "Patient", "id": "p", "identifier": [identifier], **changed}


def immunization(**changed: Any) -> dict[str, Any]:
    """Return the FHIR Immunization that is the default dose, some of its members changed; None takes one away."""
    maker = {"resourceType": "Organization", "id": "m", "identifier": [{"system": "MVX", "value": "SKB"}]}
    resource = {
        "resourceType": "Immunization",
        "contained": [patient(), maker],
        "status": "completed",
        "vaccineCode": {"coding": [{"system": "http://hl7.org/fhir/sid/cvx", "code": "115"}]},
        "patient": {"reference": "#p"},
        "occurrenceDateTime": "2026-10-05",
        "manufacturer": {"reference": "#m"},
        "lotNumber": "MT2026A",
        **changed,
    }
    return {name: value for name, value in resource.items() if value is not None}


def bundle(*resources: dict[str, Any], urls: bool = True) -> str:
    """Return a Bundle of these resources, under their type and id as full URLs."""
    entries = [
        {"fullUrl": f"https://fhir.example/{resource['resourceType']}/{resource['id']}", "resource": resource}
        if urls and "id" in resource
        else {"resource": resource}
        for resource in resources
    ]
    return json.dumps({"resourceType": "Bundle", "type": "collection", "entry": entries})


def only(found: Reading) -> Any:
    """Return the one canonical object of a reading that refused nothing."""
    assert [str(refusal) for refusal in found.refusals] == []
    (record,) = found.records
    return record.canonical


def refusal(found: Reading) -> tuple[str, str, str]:
    """Return place, found and expected of the one refusal of a reading."""
    (error,) = found.refusals
    assert error.file == "file"
    return error.place, error.found, error.expected


def corpus(folder: str) -> Path:
    """Return a folder of the real sample files, or skip the test where there are none."""
    root = os.environ.get("MEDTRUST_CORPUS") or str(Path(__file__).parents[3] / "shared" / "data")
    if not (Path(root) / folder).is_dir():
        pytest.skip("no corpus")
    return Path(root) / folder
