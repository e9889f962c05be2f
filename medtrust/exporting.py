"""Exporting: a certificate of ours as what others read: FHIR, SMART Health Card, picture, page."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import segno
from cryptography.hazmat.primitives.asymmetric import ec

from medtrust.certificate import Certificate, dose_leaf
from medtrust.errors import InputError
from medtrust.files import write_whole
from medtrust.importer import write_qr
from medtrust.page import pdf_of
from medtrust.standards.fhir_certificate import Person, bundle_of, signed_bundle_of
from medtrust.standards.jwk import to_base64url
from medtrust.standards.shc_writing import sign_card, to_numeric

__all__ = ["Card", "card_of", "write_card", "write_fhir", "write_page", "write_picture"]

_PICTURES: Final = (".png", ".svg")
_RID_BYTES: Final = 18
_SCALE: Final = 4


@dataclass(frozen=True, slots=True)
class Card:
    """A health card (JWS), and the id by which its issuer can withdraw it."""

    text: str
    rid: str


def card_of(
    certificate: Certificate,
    person: Person,
    key: ec.EllipticCurvePrivateKey,
    issuer: str,
    *,
    at: int,
) -> Card:
    """Sign the same content as a SMART Health Card of the URL `issuer` at a time (Unix seconds).

    Ask the chain first: what was withdrawn must not be signed anew. Raises `CheckRefused` if the certificate does not
    fit together or is of no dose that was given, or the issuer is no URL as a card has it, `InputError` if the
    certificate does not show vaccine, day and status.
    """
    rid = to_base64url(dose_leaf(certificate.organisation, certificate.dose)[:_RID_BYTES])
    return Card(sign_card(signed_bundle_of(certificate, person), key, issuer, at=at, rid=rid), rid)


def write_card(path: Path, card: Card) -> None:
    """Write a card as the file that wallets take (.smart-health-card), or as its QR code (.png, .svg)."""
    if path.suffix in _PICTURES:
        parts: Any = list(to_numeric(card.text))  # bytes and digits, each packed in its own way
        _write_picture(path, segno.make(parts, error="l", micro=False, boost_error=False))
    elif path.suffix == ".smart-health-card":
        _write_json(path, {"verifiableCredential": [card.text]})
    else:
        raise InputError(place="file", found=path.name, expected="a name that ends in .smart-health-card, .png or .svg")


def write_fhir(path: Path, certificate: Certificate, person: Person | None = None) -> None:
    """Write the FHIR Bundle, with the certificate itself as its identifier."""
    _write_json(path, bundle_of(certificate, person))


def write_picture(path: Path, certificate: Certificate) -> None:
    """Write the QR code of the certificate, .png or .svg."""
    if path.suffix not in _PICTURES:
        raise InputError(place="file", found=path.name, expected="a name that ends in .png or .svg")
    write_qr(path, certificate)


def write_page(path: Path, certificate: Certificate) -> None:
    """Write the page to print, as PDF."""
    write_whole(path, pdf_of(certificate), mode=0o600)


def _write_json(path: Path, value: object) -> None:
    write_whole(path, (json.dumps(value, indent=2, ensure_ascii=False) + "\n").encode(), mode=0o600)


def _write_picture(path: Path, code: segno.QRCode) -> None:
    image = io.BytesIO()
    save: Callable[..., None] = code.save
    save(image, kind=path.suffix[1:], scale=_SCALE)
    write_whole(path, image.getvalue(), mode=0o600)
