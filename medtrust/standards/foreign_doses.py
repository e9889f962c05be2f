"""Doses on foreign certificates as canonical objects, with their origin beside them and every field accounted for."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final

from medtrust.canonical import Immunization
from medtrust.errors import CheckRefused, InputError
from medtrust.standards.dcc import HealthCertificate
from medtrust.standards.fhir import read_fhir
from medtrust.standards.fhir_json import present
from medtrust.standards.foreign import ForeignCertificate, parse
from medtrust.standards.loss import MAPPED, PRESERVED, Marks
from medtrust.standards.persons import person
from medtrust.standards.reading import Reader, Record
from medtrust.standards.shc import HealthCard

__all__ = ["PRODUCTS", "Vouch", "read_foreign"]

Vouch = Callable[[ForeignCertificate], None]
"""Told each foreign certificate; raises `CheckRefused` for one whose doses are not to be read."""

_UNSPECIFIED = "213"
PRODUCTS: Final = {
    "EU/1/20/1528": ("208", "2021-10-18"),
    "EU/1/20/1507": ("207", "2022-02-24"),
    "EU/1/21/1529": ("210", ""),
    "EU/1/20/1525": ("212", ""),
    "EU/1/21/1618": ("211", "2023-10-31"),
    "EU/1/21/1624": ("518", ""),
    "EU/1/21/1580": ("521", ""),
    "NVX-CoV2373": ("211", "2023-10-31"),
    "Covovax": ("211", "2023-10-31"),
    "Covishield": ("210", ""),
    "Sputnik-V": ("505", ""),
    "Sputnik-Light": ("504", ""),
    "Convidecia": ("506", ""),
    "EpiVacCorona": ("509", ""),
    "BBIBP-CorV": ("510", ""),
    "CoronaVac": ("511", ""),
    "Covaxin": ("502", ""),
    "CoviVac": ("503", ""),
    "MVC-COV1901": ("515", ""),
    "VLA2001": ("518", ""),
    "Vidprevtyn": ("521", ""),
    "Covifenz": ("512", ""),
}
"""The CVX code of each product that the EU's list names, and the day from which its name may stand for several
strengths or variants, which have codes of their own: from then on the dose is of a vaccine that is not specified."""


def read_foreign(data: bytes, reader: Reader, vouch: Vouch | None) -> None:
    """Read the doses of the certificates in `data`, for each of which `vouch` must stand: without it none is read.

    A DCC of a test or a recovery holds no dose, and is refused. Persons are known by name and date of birth.
    """
    try:
        certificates = parse([data])
        for certificate in certificates:
            _require(vouch)(certificate)
    except CheckRefused as refused:
        expected = f"a certificate that holds: {refused.sentence}"
        reader.refuse(InputError(place="certificate", found=refused.reason, expected=expected))
        return
    for index, certificate in enumerate(certificates):
        path = f"certificate[{index}]" if len(certificates) > 1 else "certificate"
        if isinstance(certificate, HealthCertificate):
            _read_dcc(certificate, reader, path)
        elif isinstance(certificate, HealthCard):
            _read_card(certificate, reader, path)


def _require(vouch: Vouch | None) -> Vouch:
    if vouch is None:
        raise CheckRefused("NobodyVouches", "a foreign certificate is read where somebody says whom to trust")
    return vouch


def _read_dcc(certificate: HealthCertificate, reader: Reader, path: str) -> None:
    claims, marks = certificate.claims, Marks()
    reader.loss.add(lambda found: present(claims, path, found), marks)
    try:
        group = certificate.check_form()
        if group != "v":
            kind = "a test" if group == "t" else "a recovery"
            raise InputError(place=f"{path}.hcert.{group}", found=kind, expected="a vaccination")
        for index, entry in enumerate(claims["hcert"]["v"]):
            place = f"{path}.hcert.v[{index}]"
            reader.records.append(_dose(claims, entry, reader, place))
            marks |= {f"{place}.{name}": MAPPED for name in ("mp", "dt")}
            marks |= {f"{place}.{name}": PRESERVED for name in ("ci", "dn", "sd")}
    except CheckRefused as refused:
        reader.refuse(InputError(place=f"{path}.hcert", found=refused.reason, expected=refused.sentence))
    except InputError as error:
        reader.refuse(error)
    else:
        marks |= {f"{path}.hcert.{name}": MAPPED for name in ("nam.fnt", "nam.gnt", "dob")} | {f"{path}.iss": PRESERVED}


def _dose(claims: Mapping[str, Any], entry: Mapping[str, Any], reader: Reader, place: str) -> Record:
    name, born = claims["hcert"]["nam"], claims["hcert"]["dob"][:10]
    if len(born) != len("1970-01-01"):
        raise InputError(place=f"{place.rpartition('.')[0]}.dob", found=repr(born), expected="a whole date of birth")
    patient = person(name.get("fnt") or "", name.get("gnt") or "", born)
    given = entry["dt"][:10]
    vaccine = _vaccine(entry["mp"], given, place)
    dose = Immunization(reader.pseudonym(patient), "cvx", vaccine, given, "completed")
    return Record(
        dose,
        place,
        patient,
        beside={
            "source": "historical",
            "form": "dcc",
            "issuer": str(claims["iss"]),
            "certificate": entry["ci"],
            "product": entry["mp"],
            "dose": f"{entry['dn']}/{entry['sd']}",
        },
    )


def _vaccine(product: str, given: str, place: str) -> str:
    """Return the CVX code of a product that was given on a day."""
    if product not in PRODUCTS:
        expected = "a vaccine of the EU's list of products that has a CVX code of its own"
        raise InputError(place=f"{place}.mp", found=repr(product), expected=expected)
    code, until = PRODUCTS[product]
    return code if not until or given < until else _UNSPECIFIED


def _read_card(card: HealthCard, reader: Reader, path: str) -> None:
    claims = card.claims
    bundle = claims["vc"]["credentialSubject"]["fhirBundle"]
    outside = _without_bundle(claims)
    marks: Marks = {f"{path}.iss": PRESERVED, f"{path}.vc.rid": PRESERVED}
    reader.loss.add(lambda found: present(outside, path, found), marks)
    known = len(reader.records)
    read_fhir(json.dumps(bundle).encode(), reader)
    origin = {"source": "historical", "form": card.form, "issuer": card.issuer}
    if card.payload.rid:
        origin["certificate"] = card.payload.rid
    reader.records[known:] = [replace(one, beside={**one.beside, **origin}) for one in reader.records[known:]]


def _without_bundle(claims: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a card says outside its Bundle, which has a ledger of its own."""
    subject = {name: value for name, value in claims["vc"]["credentialSubject"].items() if name != "fhirBundle"}
    return {**claims, "vc": {**claims["vc"], "credentialSubject": subject}}
