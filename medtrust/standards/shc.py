"""SMART Health Cards: from the digits of a QR code, or a file, to what was signed and by whom."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from medtrust.errors import CheckRefused
from medtrust.standards.deflate import RAW, inflate
from medtrust.standards.jwk import base64url
from medtrust.standards.shc_profile import HEALTH_CARD, check_bundle, check_types
from medtrust.standards.trust import TrustList

__all__ = ["LONGEST_SINGLE", "PREFIX", "HealthCard", "Payload", "from_numeric", "load_object"]

PREFIX: Final = "shc:/"

_NUMERIC = re.compile(r"shc:/(?:([1-9][0-9]?)/([1-9][0-9]?)/)?([0-9]+)")
LONGEST_SINGLE: Final = 1195
_LONGEST_CHUNK = 1191
_LARGEST_PAIR = 77
_FIRST_CHARACTER = 45
_LONGEST_JWS = 256 * 1024
_MOST_BYTES = 1024 * 1024
_SIGNATURE_BYTES = 64
_END_OF_CALENDAR = 253_370_764_800


def from_numeric(codes: Sequence[str]) -> str:
    """Put the card (JWS) together from its QR codes: `shc:/` and digits, or chunks `shc:/2/3/` in any order.

    Raises `CheckRefused` with reason "NumericBroken", "ChunkHeader", "ChunkTooSmall", "ChunkTooBig", "ChunksMissing",
    "ChunkTwice" or "CardTooLong".
    """
    chunks: dict[int, str] = {}
    count = 0
    for code in codes:
        index, of, text = _chunk(code)
        if count not in (0, of):
            raise CheckRefused("ChunkHeader", f"one chunk is of {of}, another of {count}")
        if chunks.setdefault(index, text) != text:
            raise CheckRefused("ChunkTwice", f"two different chunks are number {index}")
        count = of
    missing = sorted(set(range(1, count + 1)) - set(chunks))
    if missing:
        raise CheckRefused("ChunksMissing", f"of {count} chunks number {', '.join(map(str, missing))} is missing")
    return "".join(chunks[index] for index in sorted(chunks))


def _chunk(code: str) -> tuple[int, int, str]:
    """Return number, count and text of one QR code."""
    match = _NUMERIC.fullmatch(code)
    if not match or len(match[3]) % 2:
        raise CheckRefused("NumericBroken", "after shc:/ only pairs of digits may stand")
    pairs = [int(match[3][place : place + 2]) for place in range(0, len(match[3]), 2)]
    if max(pairs) > _LARGEST_PAIR:
        raise CheckRefused("NumericBroken", f"a pair of digits is {max(pairs)}, the largest is {_LARGEST_PAIR}")
    text = "".join(chr(pair + _FIRST_CHARACTER) for pair in pairs)
    if match[1] is None:
        if len(text) > LONGEST_SINGLE:
            raise CheckRefused("CardTooLong", f"one code holds {len(text)} characters, at most {LONGEST_SINGLE} may be")
        return 1, 1, text
    index, count = int(match[1]), int(match[2])
    if count == 1 or index > count:
        raise CheckRefused("ChunkHeader", f"chunk {index} of {count}: one code alone has no such header")
    if len(text) > _LONGEST_CHUNK:
        raise CheckRefused(
            "ChunkTooBig", f"chunk {index} holds {len(text)} characters, at most {_LONGEST_CHUNK} may be"
        )
    if len(text) * count <= LONGEST_SINGLE:
        raise CheckRefused(
            "ChunkTooSmall", f"{count} chunks of {len(text)} characters: a card that fits one code is one"
        )
    return index, count, text


def load_object(text: str | bytes, reason: str, what: str) -> dict[str, Any]:
    """Read a JSON object; raises `CheckRefused` with this reason if `what` it should be is none."""
    try:
        raw = json.loads(text)
    except (ValueError, RecursionError):
        raise CheckRefused(reason, f"{what} is no JSON") from None
    if not isinstance(raw, dict):
        raise CheckRefused(reason, f"{what} is no JSON object")
    return raw


@dataclass(frozen=True, slots=True)
class Payload:
    """What a card says: the issuer (URL), from when, until when (Unix seconds; None if for ever), types and Bundle."""

    raw: Mapping[str, Any]
    issuer: str
    not_before: float
    expires_at: float | None
    types: tuple[str, ...]
    bundle: Mapping[str, Any]
    rid: str

    @classmethod
    def read(cls, raw: Mapping[str, Any]) -> Payload:
        """Read a payload; raises `CheckRefused` with reason "PayloadBroken", "NotBeforeMissing" or "BundleMissing"."""
        credential = raw.get("vc")
        subject = credential.get("credentialSubject") if isinstance(credential, dict) else None
        bundle = subject.get("fhirBundle") if isinstance(subject, dict) else None
        if not isinstance(credential, dict) or not isinstance(bundle, dict):
            raise CheckRefused("BundleMissing", "the payload holds no vc.credentialSubject.fhirBundle")
        issuer, types, rid = raw.get("iss"), credential.get("type"), credential.get("rid", "")
        if not isinstance(issuer, str) or not isinstance(types, list) or not isinstance(rid, str):
            raise CheckRefused("PayloadBroken", "the payload has iss, a text, and vc.type, a list")
        not_before, expires_at = raw.get("nbf"), raw.get("exp")
        if not _is_time(not_before):
            raise CheckRefused("NotBeforeMissing", f"nbf is {not_before!r}, expected Unix seconds")
        if expires_at is not None and not _is_time(expires_at):
            raise CheckRefused("PayloadBroken", f"exp is {expires_at!r}, expected Unix seconds")
        return cls(raw, issuer, not_before, expires_at, tuple(map(str, types)), bundle, rid)  # type: ignore[arg-type]

    def check(self, at: float) -> None:
        """Check issuer, times and the type that every card has.

        Raises `CheckRefused` with reason "IssuerUrl", "ExpiresBeforeValid", "NotYetValid", "Expired" or "TypeMissing".
        """
        if self.expires_at is not None and self.expires_at <= self.not_before:
            raise CheckRefused("ExpiresBeforeValid", f"it expires at {self.expires_at:.0f}, before it holds")
        if at < self.not_before:
            raise CheckRefused("NotYetValid", f"it holds from {self.not_before:.0f}, asked is {at:.0f}")
        if self.expires_at is not None and at >= self.expires_at:
            raise CheckRefused("Expired", f"it held until {self.expires_at:.0f}, asked is {at:.0f}")
        if HEALTH_CARD not in self.types:
            raise CheckRefused("TypeMissing", f"the card does not name the type {HEALTH_CARD!r}")

    def check_issuer(self) -> None:
        """Check the issuer's URL; raises `CheckRefused` with reason "IssuerUrl"."""
        if not self.issuer.startswith("https://") or self.issuer.endswith("/"):
            raise CheckRefused("IssuerUrl", f"the issuer is {self.issuer!r}, expected https:// and no slash at the end")

    def check_profile(self, at: float) -> None:
        """Check what nobody signed as strictly as the framework's profile has it; raises `CheckRefused`."""
        self.check_issuer()
        self.check(at)
        check_types(list(self.types), self.bundle)
        check_bundle(self.bundle)


def _is_time(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) < _END_OF_CALENDAR


@dataclass(frozen=True, slots=True)
class HealthCard:
    """One SMART Health Card, taken apart; whether it is genuine `check_signature` says, whether it holds
    `check_content`.
    """

    form: ClassVar[str] = "shc"

    key_id: str
    payload: Payload
    signed: bytes
    signature: bytes

    @classmethod
    def parse(cls, jws: str) -> HealthCard:
        """Take a card (compact JWS) apart. Raises `CheckRefused` with the reason of the step that fails."""
        parts = jws.split(".")
        if len(jws) > _LONGEST_JWS or len(parts) != 3:
            raise CheckRefused("JwsBroken", "the card is not three parts with dots between them")
        try:
            header, deflated, signature = map(base64url, parts)
        except ValueError:
            raise CheckRefused("JwsBroken", "a part of the card is not base64url") from None
        key_id = _key_id(load_object(header, "JwsBroken", "the header"))
        if len(signature) != _SIGNATURE_BYTES:
            hint = ", which reads as DER" if signature[:1] == b"\x30" else ""
            sentence = f"the signature has {len(signature)} bytes{hint}; two numbers of 32 bytes each are expected"
            raise CheckRefused("SignatureForm", sentence)
        payload = load_object(inflate(deflated, RAW, most=_MOST_BYTES), "PayloadBroken", "the payload")
        return cls(key_id, Payload.read(payload), jws.rpartition(".")[0].encode(), signature)

    @property
    def issuer(self) -> str:
        """Who issued it, as it says: a URL."""
        return self.payload.issuer

    @property
    def issued_at(self) -> float:
        """From when on it holds, as it says (Unix seconds)."""
        return self.payload.not_before

    @property
    def claims(self) -> dict[str, Any]:
        """What it says."""
        return dict(self.payload.raw)

    def check_signature(self, trust: TrustList) -> None:
        """Check that the issuer that it names, if it is trusted, signed it with the key that it names.

        Raises `CheckRefused` with reason "IssuerUrl", "KeyNotTrusted", "IssuerNotTrusted" or "SignatureWrong".
        """
        self.payload.check_issuer()
        numbers = (int.from_bytes(part, "big") for part in (self.signature[:32], self.signature[32:]))
        signature = encode_dss_signature(*numbers)
        for known in trust.keys_of(self.key_id, self.issuer):
            try:
                known.key.verify(signature, self.signed, ec.ECDSA(SHA256()))
            except InvalidSignature:
                continue
            return
        raise CheckRefused("SignatureWrong", "the signature is not that of this key over this content")

    def check_content(self, trust: TrustList, at: float) -> None:
        """Check times, type and revocation, of a card whose signature was checked.

        Raises `CheckRefused` as `Payload.check` does, and with reason "Revoked".
        """
        self.payload.check(at)
        for listed in trust.card_lists:
            if listed.kid == self.key_id and listed.withdraws(self.payload.rid, self.payload.not_before):
                raise CheckRefused("Revoked", "its issuer withdrew it")


def _key_id(header: Mapping[str, Any]) -> str:
    if header.get("alg") != "ES256":
        raise CheckRefused(
            "AlgorithmRefused", f"the header names the algorithm {header.get('alg')!r}, expected 'ES256'"
        )
    if header.get("zip") != "DEF":
        raise CheckRefused("CompressionMissing", f"the header names the compression {header.get('zip')!r}, not 'DEF'")
    key_id = header.get("kid")
    if not isinstance(key_id, str) or not key_id:
        raise CheckRefused("KeyIdMissing", "the header does not name the key that the card is signed with")
    return key_id
