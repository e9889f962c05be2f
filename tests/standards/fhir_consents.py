"""Consents in FHIR: one of ours, the sample, what changes in it, and what reading one says."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from medtrust import samples
from medtrust.consent_terms import Confidentiality, Consent, DataClass, Purpose, Terms
from medtrust.errors import InputError
from medtrust.standards.fhir_consent import ConsentReading, read_consent
from medtrust.types import ZERO_HASH, name_hash, organisation_id
from tests.standards.support import KEY

HOSPITAL = "urn:gs1:gln:0614141000029"
PATIENT = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8"
SALT = b"\x5a" * 32
FOREVER = 2**64 - 1
HL7 = "http://terminology.hl7.org/CodeSystem"
REASON = f"{HL7}/v3-ActReason"


def utc(text: str) -> int:
    return int(datetime.fromisoformat(f"{text}+00:00").timestamp())


def consent(**changes: Any) -> Consent:
    """A consent to the hospital that narrows everything; changes go to it or to its terms."""
    terms = Terms(
        purposes=Purpose.TREAT,
        data_classes=DataClass.MEDICATION | DataClass.MENTAL_HEALTH,
        sensitivity=Confidentiality.N,
        jurisdiction=40,
        facility=name_hash("ward 3"),
        data_from=utc("2020-01-01"),
        data_until=utc("2026-01-01"),
        onward=False,
        parent=ZERO_HASH,
        document=name_hash("what the patient read"),
        salt=SALT,
    )
    inner = {name: value for name, value in changes.items() if hasattr(terms, name)}
    outer = {name: value for name, value in changes.items() if name not in inner}
    whole = Consent(
        PATIENT, organisation_id(HOSPITAL), utc("2026-11-01"), utc("2027-02-01"), 3, 7, replace(terms, **inner)
    )
    return replace(whole, **outer)


def read(document: Any, **more: Any) -> ConsentReading:
    data = document if isinstance(document, bytes) else json.dumps(document).encode()
    return read_consent(data, name="file", key=KEY, **more)


def sample() -> dict[str, Any]:
    return json.loads(samples.read("consent.json"))  # type: ignore[no-any-return]  # the sample is an object


def paths(found: Any, disposition: str) -> list[str]:
    return [entry.path for entry in found.loss.entries() if entry.disposition == disposition]


def refusal(document: Any) -> tuple[str, str]:
    with pytest.raises(InputError) as caught:
        read(document)
    assert caught.value.file == "file"
    return caught.value.place, caught.value.found


def changed(path: str, value: Any) -> dict[str, Any]:
    """The sample with one member set, or taken away by None."""
    document = sample()
    *parents, last = path.split(".")
    node: Any = document
    for name in parents:
        node = node[int(name)] if name.isdigit() else node.setdefault(name, {})
    if value is None:
        del node[last]
    else:
        node[last] = value
    return document


def label(code: str) -> list[dict[str, str]]:
    return [{"system": f"{HL7}/v3-Confidentiality", "code": code}]
