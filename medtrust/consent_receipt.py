"""Receipts of consents as files: the consent, the patient's signature, and the registry for which it counts."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from medtrust.consent_terms import (
    Confidentiality,
    Consent,
    DataClass,
    Purpose,
    SignedConsent,
    Terms,
    flags_of,
    level_of,
    names_of,
)
from medtrust.errors import InputError
from medtrust.files import read_json, write_json
from medtrust.json_fields import JsonFields, hex_text
from medtrust.signing import Domain

__all__ = ["from_json", "read_receipt", "to_json", "write_receipt"]

_FORMAT: Final = "consent/1"


def write_receipt(path: Path, receipt: SignedConsent) -> None:
    """Write a receipt to a file that only its owner can read, as it holds the terms and their salt."""
    write_json(path, to_json(receipt), mode=0o600)


def read_receipt(path: Path) -> SignedConsent:
    """Read a receipt from a file. Raises `InputError` with the file and the field that is wrong."""
    try:
        return from_json(read_json(path))
    except InputError as error:
        raise error if error.file else error.within(str(path)) from None


def to_json(receipt: SignedConsent) -> dict[str, Any]:
    """Write a receipt as JSON takes it: purposes, classes and the label by their names, hashes as 0x and digits."""
    consent, domain = receipt.consent, receipt.domain
    terms = consent.terms
    return {
        "format": _FORMAT,
        "id": hex_text(consent.id),
        "domain": {
            "name": domain.name,
            "version": domain.version,
            "chainId": domain.chain_id,
            "verifyingContract": domain.contract,
        },
        "consent": {
            "patient": consent.patient,
            "grantee": hex_text(consent.grantee),
            "accessFrom": consent.access_from,
            "accessUntil": consent.access_until,
            "maxUses": consent.max_uses,
            "epoch": consent.epoch,
            "terms": {
                "purposes": names_of(Purpose(terms.purposes)),
                "dataClasses": names_of(DataClass(terms.data_classes)),
                "sensitivity": Confidentiality(terms.sensitivity).name,
                "jurisdiction": terms.jurisdiction,
                "facility": hex_text(terms.facility),
                "dataFrom": terms.data_from,
                "dataUntil": terms.data_until,
                "onward": terms.onward,
                "parent": hex_text(terms.parent),
                "document": hex_text(terms.document),
                "salt": hex_text(terms.salt),
            },
        },
        "signature": hex_text(receipt.signature),
    }


def from_json(raw: Any) -> SignedConsent:
    """Read what `to_json` wrote.

    Raises `InputError` with the field that is wrong; also where the id is not that of the consent, so that a receipt
    that was changed does not pass for another.
    """
    whole = JsonFields(raw, "receipt")
    whole.require("format", _FORMAT)
    place = JsonFields(whole.take("domain", dict), "domain")
    domain = Domain(
        name=place.take("name", str),
        version=place.take("version", str),
        chain_id=place.take("chainId", int),
        contract=place.address("verifyingContract"),
    )
    consent = _consent(JsonFields(whole.take("consent", dict), "consent"))
    whole.require("id", hex_text(consent.id))
    return SignedConsent(consent, whole.octets("signature"), domain)


def _consent(outer: JsonFields) -> Consent:
    return Consent(
        patient=outer.address("patient"),
        grantee=outer.hash("grantee"),
        access_from=outer.take("accessFrom", int),
        access_until=outer.take("accessUntil", int),
        max_uses=outer.take("maxUses", int),
        epoch=outer.take("epoch", int),
        terms=_terms(JsonFields(outer.take("terms", dict), "terms")),
    )


def _terms(inner: JsonFields) -> Terms:
    return Terms(
        purposes=int(flags_of(Purpose, inner.names("purposes"), place="terms.purposes")),
        data_classes=int(flags_of(DataClass, inner.names("dataClasses"), place="terms.dataClasses")),
        sensitivity=int(level_of(inner.take("sensitivity", str), place="terms.sensitivity")),
        jurisdiction=inner.take("jurisdiction", int),
        facility=inner.hash("facility"),
        data_from=inner.take("dataFrom", int),
        data_until=inner.take("dataUntil", int),
        onward=inner.take("onward", bool),
        parent=inner.hash("parent"),
        document=inner.hash("document"),
        salt=inner.hash("salt"),
    )
