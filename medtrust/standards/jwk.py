"""JSON Web Keys of those who issue SMART Health Cards: each is what the framework asks for, or refused with why."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import rfc8785
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec

from medtrust.errors import CheckRefused

__all__ = ["IssuerKey", "base64url", "issuer_key", "published", "thumbprint", "to_base64url"]

_BASE64URL = re.compile(r"[A-Za-z0-9_-]*")
_COORDINATE_BYTES = 32
_MOST_CERTIFICATES = 8


@dataclass(frozen=True, slots=True)
class IssuerKey:
    """The key of an issuer: its id, which is its thumbprint (RFC 7638), and the version of its revocation list.

    `issuers` are the URLs that its certificate names, empty if it has none; `list_version` 0 if it says nothing.
    """

    kid: str
    key: ec.EllipticCurvePublicKey
    issuers: frozenset[str]
    list_version: int


def base64url(text: str) -> bytes:
    """Read base64url without padding (RFC 7515) in its one form; raises `ValueError` for anything else."""
    if not _BASE64URL.fullmatch(text):
        raise ValueError("a character that base64url does not have")
    try:
        raw = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except binascii.Error as error:
        raise ValueError(str(error)) from None
    if to_base64url(raw) != text:
        raise ValueError("bits behind the end that say nothing")
    return raw


def thumbprint(key: ec.EllipticCurvePublicKey) -> str:
    """Return the thumbprint (RFC 7638) of a key on P-256, which is what its `kid` must be."""
    numbers = key.public_numbers()
    x, y = (to_base64url(value.to_bytes(_COORDINATE_BYTES, "big")) for value in (numbers.x, numbers.y))
    members = {"crv": "P-256", "kty": "EC", "x": x, "y": y}
    return to_base64url(hashlib.sha256(rfc8785.dumps(members)).digest())


def published(key: ec.EllipticCurvePublicKey) -> dict[str, str]:
    """Return a key on P-256 as an issuer publishes it in its key set."""
    numbers = key.public_numbers()
    x, y = (to_base64url(value.to_bytes(_COORDINATE_BYTES, "big")) for value in (numbers.x, numbers.y))
    return {"kty": "EC", "kid": thumbprint(key), "use": "sig", "alg": "ES256", "crv": "P-256", "x": x, "y": y}


def issuer_key(raw: Any, place: str) -> IssuerKey:
    """Read one key of a key set.

    Raises `CheckRefused` with reason "KeyBroken", "KeyPrivate", "KeyType", "KeyCurve", "KeyAlgorithm", "KeyUse",
    "KeyId" or "KeyCertificate".
    """
    if not isinstance(raw, Mapping):
        raise CheckRefused("KeyBroken", f"{place} is no JSON object")
    if "d" in raw:
        raise CheckRefused("KeyPrivate", f"{place} is a private key, which nobody but the issuer may have")
    for member, wanted, reason in _FIXED:
        if raw.get(member) != wanted:
            raise CheckRefused(reason, f"{place}.{member} is {raw.get(member)!r}, a health card asks for {wanted!r}")
    key = _public_key(raw, place)
    if raw.get("kid") != thumbprint(key):
        raise CheckRefused("KeyId", f"{place}.kid is {raw.get('kid')!r}, the thumbprint of the key {thumbprint(key)!r}")
    version = raw.get("crlVersion", 0)
    if type(version) is not int or version < 0:
        raise CheckRefused("KeyBroken", f"{place}.crlVersion is {version!r}, expected a whole number")
    return IssuerKey(str(raw["kid"]), key, _certified_issuers(raw, key, place), version)


_FIXED = (
    ("kty", "EC", "KeyType"),
    ("crv", "P-256", "KeyCurve"),
    ("alg", "ES256", "KeyAlgorithm"),
    ("use", "sig", "KeyUse"),
)


def _public_key(raw: Mapping[str, Any], place: str) -> ec.EllipticCurvePublicKey:
    try:
        x, y = (base64url(raw[member]) for member in ("x", "y"))
        if (len(x), len(y)) != (_COORDINATE_BYTES, _COORDINATE_BYTES):
            raise ValueError("a coordinate of another length")
        return ec.EllipticCurvePublicNumbers(
            int.from_bytes(x, "big"), int.from_bytes(y, "big"), ec.SECP256R1()
        ).public_key()
    except (KeyError, TypeError, ValueError):
        raise CheckRefused("KeyBroken", f"{place}: x and y are no point on P-256") from None


def _certified_issuers(raw: Mapping[str, Any], key: ec.EllipticCurvePublicKey, place: str) -> frozenset[str]:
    """Return the URLs of issuers that the first certificate of `x5c` names; it must be of this very key."""
    chain = raw.get("x5c")
    if chain is None:
        return frozenset()
    try:
        if not isinstance(chain, list) or not 0 < len(chain) <= _MOST_CERTIFICATES:
            raise ValueError("no list of certificates")
        certificate = x509.load_der_x509_certificate(base64.b64decode(chain[0], validate=True))
        certified = certificate.public_key()
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        names = x509.SubjectAlternativeName([])
    except (TypeError, ValueError):
        raise CheckRefused("KeyCertificate", f"{place}.x5c holds no certificate") from None
    if not isinstance(certified, ec.EllipticCurvePublicKey) or certified.public_numbers() != key.public_numbers():
        raise CheckRefused("KeyCertificate", f"{place}.x5c is of another key")
    issuers = frozenset(names.get_values_for_type(x509.UniformResourceIdentifier))
    if not issuers:
        raise CheckRefused(
            "KeyCertificate", f"{place}.x5c names no issuer: its alternative name must be the issuer's URL"
        )
    return issuers


def to_base64url(raw: bytes) -> str:
    """Write base64url without padding (RFC 7515)."""
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
