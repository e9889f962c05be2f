"""COSE_Sign1 (RFC 9052): one signed message, its key and algorithm named in the protected header first."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from math import isfinite
from typing import Any

import cbor2
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from medtrust.errors import CheckRefused

__all__ = ["Sign1", "load_cbor"]

ALGORITHM = 1
KEY_ID = 4
ES256 = -7
PS256 = -37

_SIGN1_TAG = 18
_CWT_TAG = 61
_FEWEST_RSA_BITS = 2048
_DEEPEST = 32


def load_cbor(raw: bytes) -> Any:
    """Read one CBOR item as plain values: dates are ISO 8601 text, tags that say nothing more are taken off.

    Raises `ValueError` if it is none, has other tags, or is too deep.
    """
    try:
        return _plain(cbor2.loads(raw), _DEEPEST)
    except (cbor2.CBORDecodeError, RecursionError, OverflowError, TypeError) as error:
        raise ValueError(str(error)) from None


def _plain(value: Any, depth: int) -> Any:
    if depth == 0:
        raise ValueError("too deep a structure")
    if isinstance(value, Mapping) and all(isinstance(key, (str, int)) for key in value):
        return {key: _plain(member, depth - 1) for key, member in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(member, depth - 1) for member in value]
    if isinstance(value, (datetime, date)):
        return value.isoformat()
    if value is None or isinstance(value, (str, bytes, int)) or (isinstance(value, float) and isfinite(value)):
        return value
    if isinstance(value, cbor2.CBORTag) and value.tag in (_SIGN1_TAG, _CWT_TAG):
        return _plain(value.value, depth - 1)
    raise ValueError(f"a {type(value).__name__}, which has no place here")


@dataclass(frozen=True, slots=True)
class Sign1:
    """One signed message: its headers, what was signed, and the signature."""

    protected: bytes
    headers: Mapping[Any, Any]
    unprotected: Mapping[Any, Any]
    payload: bytes
    signature: bytes

    @classmethod
    def parse(cls, raw: bytes) -> Sign1:
        """Read a COSE_Sign1, whether or not it is tagged, perhaps with the tag of a CWT around it.

        Raises `ValueError` if it is none.
        """
        message = load_cbor(raw)
        if not isinstance(message, list) or len(message) != 4:
            raise ValueError("no list of four")
        protected, unprotected, payload, signature = message
        if not all(isinstance(part, bytes) for part in (protected, payload, signature)):
            raise ValueError("a header, payload or signature that is no bytes")
        headers = load_cbor(protected) if protected else {}
        if not isinstance(headers, dict) or not isinstance(unprotected, dict):
            raise ValueError("a header that is no map")
        return cls(protected, headers, unprotected, payload, signature)

    @property
    def kid(self) -> bytes:
        """The id of the key: of the protected header, else of the other one; b"" if neither names one."""
        kid = self.headers.get(KEY_ID, self.unprotected.get(KEY_ID))
        return kid if isinstance(kid, bytes) else b""

    @property
    def is_ecdsa(self) -> bool:
        """Whether the signature is two numbers, as ECDSA makes them."""
        return bool(self.headers.get(ALGORITHM) == ES256)

    def check(self, key: ec.EllipticCurvePublicKey | rsa.RSAPublicKey) -> None:
        """Check the signature with the algorithm that the protected header names and the key must be fit for.

        Raises `CheckRefused` with reason "AlgorithmRefused" or "SignatureWrong".
        """
        algorithm = self.headers.get(ALGORITHM)
        if algorithm == ES256 and isinstance(key, ec.EllipticCurvePublicKey):
            self._check_ecdsa(key)
        elif algorithm == PS256 and isinstance(key, rsa.RSAPublicKey) and key.key_size >= _FEWEST_RSA_BITS:
            self._check(key, self.signature, padding.PSS(padding.MGF1(SHA256()), SHA256.digest_size), SHA256())
        else:
            kind = "RSA" if isinstance(key, rsa.RSAPublicKey) else "EC"
            sentence = f"the header names the algorithm {algorithm!r}, which a key of {kind} is not used with"
            raise CheckRefused("AlgorithmRefused", sentence)

    def _check_ecdsa(self, key: ec.EllipticCurvePublicKey) -> None:
        half = (key.curve.key_size + 7) // 8
        if len(self.signature) != 2 * half:
            raise CheckRefused("SignatureWrong", f"the signature has {len(self.signature)} bytes, not {2 * half}")
        numbers = (int.from_bytes(part, "big") for part in (self.signature[:half], self.signature[half:]))
        self._check(key, encode_dss_signature(*numbers), ec.ECDSA(SHA256()))

    def _check(self, key: Any, signature: bytes, *how: Any) -> None:
        signed = cbor2.dumps(["Signature1", self.protected, b"", self.payload])
        try:
            key.verify(signature, signed, *how)
        except InvalidSignature:
            raise CheckRefused("SignatureWrong", "the signature is not that of this key over this content") from None
