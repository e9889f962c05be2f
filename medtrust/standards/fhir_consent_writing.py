"""FHIR R4 Consent: a consent written as one, with what became of every field."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from medtrust.consent_terms import UNLIMITED, Confidentiality, Consent, DataClass, Purpose, Terms, names_of
from medtrust.errors import InputError
from medtrust.standards import fhir_consent_codes as codes
from medtrust.standards.fhir_consent_time import FOREVER, instant
from medtrust.standards.fhir_json import present
from medtrust.standards.loss import MAPPED, LossReport, Marks
from medtrust.types import ZERO_HASH, organisation_id

__all__ = ["ConsentWriting", "write_consent"]

_MOST_USES: Final = 2**31 - 1
_RESEARCH: Final = Purpose.HRESCH | Purpose.CLINTRCH


@dataclass(frozen=True)
class ConsentWriting:
    """A FHIR Consent as JSON takes it, and what became of every field of the consent that it was written from."""

    document: dict[str, Any]
    loss: LossReport


def write_consent(consent: Consent, *, key: bytes, known: Iterable[str] = ()) -> ConsentWriting:
    """Write a consent as a FHIR R4 Consent in the shape of IHE PCF: one permit at the root, in whole seconds of UTC.

    `key` (32 bytes) is that of the ledger; `known` are identifier URIs of organisations, as the consent has the hash of
    one alone; a grantee that is none of them is named by its id. The number of uses, jurisdiction, facility, parent and
    the obligation to accept narrow a consent and have no element, so they stand in modifier extensions: who does not
    know them must not act on the consent. Epoch and salt are not carried. Raises `InputError` for terms that FHIR would
    read as wider than they are (an empty mask, an undefined bit or label), an empty window, or what its types cannot
    hold.
    """
    document: dict[str, Any] = {
        "resourceType": "Consent",
        "identifier": [_identifier(codes.CONSENT, _hex(consent.id))],
        "status": "active",
        "scope": _concept(codes.SCOPE, _scope(consent.terms)),
        "category": [_concept(codes.LOINC, "59284-0")],
        "patient": {"identifier": _identifier(codes.PATIENT, consent.patient)},
        "performer": [{"identifier": _identifier(codes.PATIENT, consent.patient)}],
    }
    if consent.terms.document != ZERO_HASH:
        named = _identifier(codes.DOCUMENT, _hex(consent.terms.document))
        document["sourceReference"] = {"type": "DocumentReference", "identifier": named}
    document["policy"] = [{"uri": codes.POLICY}]
    document["provision"] = _provision(consent, {organisation_id(one): one for one in known})
    marks: Marks = {"consent": MAPPED, "consent.epoch": "", "consent.terms.salt": ""}
    loss = LossReport(key)
    loss.add(lambda found: present(consent.message, "consent", found), marks)
    return ConsentWriting(document, loss)


def _provision(consent: Consent, known: Mapping[bytes, str]) -> dict[str, Any]:
    terms = consent.terms
    label = terms.sensitivity
    if not Confidentiality.U <= label <= Confidentiality.V:
        raise InputError(place="terms.sensitivity", found=str(label), expected="a label, U to V")
    until = 0 if consent.access_until == FOREVER else consent.access_until
    members = {
        "modifierExtension": _extensions(consent),
        "type": "permit",
        "period": _period(consent.access_from, until, "consent.access", is_open=consent.access_until == FOREVER),
        "actor": [_actor(consent.grantee, known)],
        "action": [_concept(codes.ACTIONS, code) for code in _actions(terms)],
        "securityLabel": [_coding(codes.CONFIDENTIALITY, Confidentiality(label).name)],
        "purpose": [_coding(codes.PURPOSE, name) for name in names_of(_purposes(terms))],
        "class": [_coding(*code) for one in DataClass if one in _data_classes(terms) for code in codes.CLASSES[one]],
        "dataPeriod": _period(terms.data_from, terms.data_until, "terms.data", is_open=terms.data_until == 0),
    }
    return {name: value for name, value in members.items() if value}


def _purposes(terms: Terms) -> Purpose:
    purposes = terms.purposes & ~Purpose.OBLIGATION
    _require_bits(purposes, sum(Purpose) & ~Purpose.OBLIGATION, "terms.purposes")
    return Purpose(purposes)


def _data_classes(terms: Terms) -> DataClass:
    _require_bits(terms.data_classes, sum(DataClass), "terms.dataClasses")
    return DataClass(terms.data_classes)


def _require_bits(mask: int, defined: int, place: str) -> None:
    """Refuse an empty mask, which permits nothing here and everything in FHIR, and bits that mean nothing."""
    if mask == 0 or mask & ~defined:
        raise InputError(place=place, found=hex(mask), expected=f"bits of {hex(defined)}, at least one")


def _scope(terms: Terms) -> str:
    return "patient-privacy" if _purposes(terms) & ~_RESEARCH else "research"


def _actions(terms: Terms) -> tuple[str, ...]:
    return ("access", "use", "disclose") if terms.onward else ("access", "use")


def _actor(grantee: bytes, known: Mapping[bytes, str]) -> dict[str, Any]:
    uri = known.get(grantee)
    named = _identifier(codes.URI, uri) if uri else _identifier(codes.ORGANISATION, _hex(grantee))
    reference = {"type": "Organization", "identifier": named}
    return {"role": _concept(codes.PARTICIPATION, "IRCP"), "reference": reference}


def _period(start: int, until: int, place: str, *, is_open: bool) -> dict[str, str]:
    """Write `[start, until)` as a Period, whose end is its last second; a bound that does not bind is left out."""
    if not is_open and until <= start:
        raise InputError(place=f"{place}Until", found=str(until), expected=f"a time after {start}")
    period = {"start": instant(start, place=f"{place}From")} if start else {}
    return period if is_open else {**period, "end": instant(until - 1, place=f"{place}Until")}


def _extensions(consent: Consent) -> list[dict[str, Any]]:
    terms = consent.terms
    found: dict[str, Any] = {}
    if consent.max_uses != UNLIMITED:
        if consent.max_uses > _MOST_USES:
            raise InputError(place="consent.maxUses", found=str(consent.max_uses), expected=f"at most {_MOST_USES}")
        found["max-uses"] = {"valueUnsignedInt": consent.max_uses}
    if terms.jurisdiction:
        if terms.jurisdiction > 999:
            raise InputError(place="terms.jurisdiction", found=str(terms.jurisdiction), expected="three digits")
        found["jurisdiction"] = {"valueCoding": _coding(codes.COUNTRY, f"{terms.jurisdiction:03}")}
    if terms.facility != ZERO_HASH:
        found["facility"] = {"valueIdentifier": _identifier(codes.FACILITY, _hex(terms.facility))}
    if terms.parent != ZERO_HASH:
        found["parent"] = {"valueIdentifier": _identifier(codes.CONSENT, _hex(terms.parent))}
    if terms.purposes & Purpose.OBLIGATION:
        found["obligation"] = {"valueBoolean": True}
    return [{"url": codes.EXTENSION + name, **value} for name, value in found.items()]


def _coding(system: str, code: str) -> dict[str, str]:
    return {"system": system, "code": code}


def _concept(system: str, code: str) -> dict[str, Any]:
    return {"coding": [_coding(system, code)]}


def _identifier(system: str, value: str) -> dict[str, str]:
    return {"system": system, "value": value}


def _hex(value: bytes) -> str:
    return "0x" + value.hex()
