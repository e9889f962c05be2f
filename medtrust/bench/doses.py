"""Invented doses: as many as one likes, the same for the same seed, as HL7 v2 messages and as FHIR resources."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Final

__all__ = ["write_doses"]

_AUTHORITY: Final = "2.16.840.1.113883.19.5.1"
_FIRST_DAY: Final = date(2025, 1, 1)
_DAYS: Final = 600
# CVX code, maker, first letters of lots.
_VACCINES: Final = (
    ("115", "SKB", "TD"),
    ("140", "PMC", "FL"),
    ("207", "MOD", "CV"),
    ("03", "MSD", "MM"),
    ("133", "WAL", "PN"),
)
_MESSAGE: Final = (
    "MSH|^~\\&|BENCH|CLINIC|IIS|STATE|20261005101530||VXU^V04^VXU_V04|{number}|P|2.5.1|||ER|AL||UNICODE UTF-8\r"
    "PID|1||{patient}^^^CLINIC&" + _AUTHORITY + "&ISO^MR||Invented^Person{patient}||19800101|F\r"
    "ORC|RE|{number}^CLINIC|{number}^CLINIC\r"
    "RXA|0|1|{day}||{vaccine}^^CVX|0.5|mL^^UCUM||00^^NIP001||||||{lot}|20290630|{maker}^^MVX|||CP|A\r"
    "RXR|IM^^HL70162|LD^^HL70163\r"
)


def write_doses(folder: Path, count: int, *, seed: int = 1, resources: float = 0.2) -> list[Path]:
    """Write `count` different doses into `folder`: a share of `resources` as NDJSON, the others as messages.

    One dose in a hundred stands twice, once more as a resource. Returns the two files.
    """
    folder.mkdir(parents=True, exist_ok=True)
    messages, lines = folder / "doses.hl7", folder / "doses.ndjson"
    draw = random.Random(seed)  # noqa: S311  it invents doses, and the same ones again
    with messages.open("w", newline="") as of_messages, lines.open("w", newline="") as of_lines:
        for number, dose in enumerate(_doses(count, draw)):
            as_resource = draw.random() < resources
            if not as_resource:
                of_messages.write(_MESSAGE.format(number=number, **{**dose, "day": dose["day"].replace("-", "")}))
            if as_resource or number % 100 == 0:
                of_lines.write(_resource(number, dose))
    return [messages, lines]


def _doses(count: int, draw: random.Random) -> Iterator[dict[str, str]]:
    """Yield doses that differ in patient, or in vaccine: about two and a half for each person."""
    patient = 1_000_000
    while count > 0:
        patient += 1
        for vaccine, maker, prefix in draw.sample(_VACCINES, min(count, draw.randint(1, 4))):
            day = (_FIRST_DAY + timedelta(days=draw.randrange(_DAYS))).isoformat()
            lot = f"{prefix}{draw.randrange(40):03}"
            yield {"patient": str(patient), "vaccine": vaccine, "maker": maker, "lot": lot, "day": day}
            count -= 1


def _resource(number: int, dose: dict[str, str]) -> str:
    kind = {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v2-0203", "code": "MR"}]}
    identifier = {"type": kind, "system": f"urn:oid:{_AUTHORITY}", "value": dose["patient"]}
    maker = {"system": "http://hl7.org/fhir/sid/mvx", "value": dose["maker"]}
    resource: dict[str, Any] = {
        "resourceType": "Immunization",
        "id": f"dose-{number}",
        "contained": [
            {"resourceType": "Patient", "id": "p", "identifier": [identifier]},
            {"resourceType": "Organization", "id": "m", "identifier": [maker]},
        ],
        "status": "completed",
        "vaccineCode": {"coding": [{"system": "http://hl7.org/fhir/sid/cvx", "code": dose["vaccine"]}]},
        "patient": {"reference": "#p"},
        "occurrenceDateTime": dose["day"],
        "primarySource": True,
        "manufacturer": {"reference": "#m"},
        "lotNumber": dose["lot"],
        "doseQuantity": {"value": 0.5, "code": "mL", "system": "http://unitsofmeasure.org"},
    }
    return json.dumps(resource, separators=(",", ":")) + "\n"
