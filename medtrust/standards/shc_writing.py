"""Writing SMART Health Cards: a FHIR Bundle, signed with the P-256 key of its issuer, as a file or as digits."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from typing import Any

import rfc8785
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from medtrust.errors import InputError
from medtrust.standards.deflate import RAW
from medtrust.standards.jwk import thumbprint, to_base64url
from medtrust.standards.shc import LONGEST_SINGLE, PREFIX, Payload
from medtrust.standards.shc_profile import types_of

__all__ = ["sign_card", "to_numeric"]

_FHIR_VERSION = "4.0.1"
_HALF_BYTES = 32
_FIRST_CHARACTER = 45


def sign_card(
    bundle: Mapping[str, Any], key: ec.EllipticCurvePrivateKey, issuer: str, *, at: int, rid: str = ""
) -> str:
    """Return the card (compact JWS) of a Bundle, issued by the URL `issuer` at a time (Unix seconds).

    `rid` is what its issuer may withdraw it by. Raises `CheckRefused` if issuer or Bundle are not as a card has them.
    """
    credential: dict[str, Any] = {
        "type": types_of(bundle),
        "credentialSubject": {"fhirVersion": _FHIR_VERSION, "fhirBundle": bundle},
    }
    if rid:
        credential["rid"] = rid
    payload: dict[str, Any] = {"iss": issuer, "nbf": at, "vc": credential}
    Payload.read(payload).check_profile(at)
    header = {"zip": "DEF", "alg": "ES256", "kid": thumbprint(key.public_key())}
    packer = zlib.compressobj(9, zlib.DEFLATED, RAW)
    deflated = packer.compress(rfc8785.dumps(payload)) + packer.flush()
    signed = f"{to_base64url(rfc8785.dumps(header))}.{to_base64url(deflated)}"
    numbers = decode_dss_signature(key.sign(signed.encode(), ec.ECDSA(SHA256())))
    signature = b"".join(number.to_bytes(_HALF_BYTES, "big") for number in numbers)
    return f"{signed}.{to_base64url(signature)}"


def to_numeric(card: str) -> tuple[str, str]:
    """Return the two parts of the QR code of a card: its prefix, as bytes, and digits, which codes pack best.

    Raises `InputError` if the card is too long for one code.
    """
    if len(card) > LONGEST_SINGLE:
        raise InputError(
            place="card", found=f"{len(card)} characters", expected=f"at most {LONGEST_SINGLE} in one code"
        )
    return PREFIX, "".join(f"{ord(letter) - _FIRST_CHARACTER:02d}" for letter in card)
