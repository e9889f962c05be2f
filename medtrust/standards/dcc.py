"""EU Digital COVID Certificates (HC1), step by step from the text of the QR code to what was signed and by whom."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Any, ClassVar, Final

import base45

from medtrust.errors import CheckRefused
from medtrust.standards.cose import Sign1, load_cbor
from medtrust.standards.dcc_schema import check_form
from medtrust.standards.deflate import ZLIB, inflate
from medtrust.standards.trust import Signer, TrustList

__all__ = ["PREFIX", "HealthCertificate", "claims_of", "from_base45", "message_of", "unprefix", "unzip"]

PREFIX: Final = "HC1:"

_LONGEST_TEXT = 8192
_MOST_BYTES = 64 * 1024
_ISSUER, _EXPIRES_AT, _ISSUED_AT, _HEALTH = 1, 4, 6, -260
_DOCUMENT = 1
_END_OF_CALENDAR = 253_370_764_800
_HASH_BYTES = 16
_EARLIEST_ZONE = timedelta(hours=14)


def unprefix(text: str) -> str:
    """Take the prefix off; raises `CheckRefused` with reason "PrefixMissing"."""
    if not text.startswith(PREFIX):
        raise CheckRefused("PrefixMissing", f"the text begins with {text[:4]!r}, a DCC with {PREFIX!r}")
    return text[len(PREFIX) :]


def from_base45(text: str) -> bytes:
    """Read base 45 (RFC 9285); raises `CheckRefused` with reason "Base45Broken" or "TooLarge"."""
    if len(text) > _LONGEST_TEXT:
        raise CheckRefused("TooLarge", f"the text has {len(text)} characters, at most {_LONGEST_TEXT} may be")
    try:
        return bytes(base45.b45decode(text))
    except ValueError:
        raise CheckRefused("Base45Broken", "the text is not base 45") from None


def unzip(deflated: bytes) -> bytes:
    """Inflate; raises `CheckRefused` with reason "CompressionBroken" or "TooLarge"."""
    return inflate(deflated, ZLIB, most=_MOST_BYTES)


def message_of(raw: bytes) -> Sign1:
    """Read the signed message; raises `CheckRefused` with reason "CoseBroken"."""
    try:
        return Sign1.parse(raw)
    except ValueError as error:
        raise CheckRefused("CoseBroken", f"the content is no signed message (COSE_Sign1): {error}") from None


@dataclass(frozen=True, slots=True)
class Claims:
    """What is signed: the issuer, from when until when (Unix seconds), and the certificate itself."""

    issuer: str
    issued_at: float
    expires_at: float
    document: Any


def claims_of(payload: bytes) -> Claims:
    """Read the claims (CWT, RFC 8392); raises `CheckRefused` with reason "ClaimsBroken"."""
    try:
        claims = load_cbor(payload)
    except ValueError as error:
        raise CheckRefused("ClaimsBroken", f"what is signed is no CBOR: {error}") from None
    if not isinstance(claims, Mapping):
        raise CheckRefused("ClaimsBroken", "what is signed are no claims")
    issued_at, expires_at = (_time(claims.get(claim)) for claim in (_ISSUED_AT, _EXPIRES_AT))
    health = claims.get(_HEALTH)
    if not isinstance(health, Mapping) or _DOCUMENT not in health:
        raise CheckRefused("ClaimsBroken", "the claims hold no health certificate")
    issuer = claims.get(_ISSUER)
    return Claims(issuer if isinstance(issuer, str) else "", issued_at, expires_at, health[_DOCUMENT])


def _time(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value < _END_OF_CALENDAR:
        raise CheckRefused("ClaimsBroken", f"a time reads {value!r:.40}, expected Unix seconds")
    return value


@dataclass(frozen=True, slots=True)
class HealthCertificate:
    """One EU DCC, taken apart; whether it is genuine `check_signature` says, whether it holds `check_content`."""

    form: ClassVar[str] = "dcc"

    message: Sign1
    said: Claims

    @classmethod
    def parse(cls, text: str) -> HealthCertificate:
        """Take the text of a QR code apart. Raises `CheckRefused` with the reason of the step that fails."""
        message = message_of(unzip(from_base45(unprefix(text))))
        return cls(message, claims_of(message.payload))

    @property
    def issuer(self) -> str:
        """Who issued it, as it says: mostly a country."""
        return self.said.issuer

    @property
    def key_id(self) -> str:
        """The id of the key that it names, in hexadecimal."""
        return self.message.kid.hex()

    @property
    def issued_at(self) -> float:
        """When it was issued, as it says (Unix seconds)."""
        return self.said.issued_at

    @property
    def claims(self) -> dict[str, Any]:
        """What it says, under the names of the registered claims."""
        said = self.said
        return {"iss": said.issuer, "iat": said.issued_at, "exp": said.expires_at, "hcert": said.document}

    def check_form(self) -> str:
        """Check the form and return the group: "v", "t" or "r"; nobody is born after the certificate was issued.

        Raises `CheckRefused` with reason "SchemaBroken".
        """
        group = check_form(self.said.document)
        issued, born = datetime.fromtimestamp(self.said.issued_at, timezone.utc), self.said.document["dob"]
        if born[:10] > (issued + _EARLIEST_ZONE).date().isoformat():
            raise CheckRefused("SchemaBroken", f"dob: found {born!r}, expected a day before it was issued")
        return group

    def check_signature(self, trust: TrustList) -> None:
        """Check that a trusted signer with the key id that it names signed it.

        Raises `CheckRefused` with reason "KeyIdMissing", "KeyNotTrusted", "AlgorithmRefused" or "SignatureWrong".
        """
        self._signer(trust)

    def _signer(self, trust: TrustList) -> Signer:
        if not self.message.kid:
            raise CheckRefused("KeyIdMissing", "the certificate does not name the key that it is signed with")
        known = trust.signers_of(self.message.kid)
        if not known:
            raise CheckRefused("KeyNotTrusted", f"no signer that is trusted has the key id {self.key_id}")
        for signer in known[:-1]:
            try:
                self.message.check(signer.key)
            except CheckRefused:
                continue
            return signer
        self.message.check(known[-1].key)
        return known[-1]

    def check_content(self, trust: TrustList, at: float) -> None:
        """Check form, purpose of the key, time and revocation, of a certificate whose signature was checked.

        Raises `CheckRefused` with reason "SchemaBroken", "KeyPurpose", "NotYetValid", "Expired" or "Revoked".
        """
        group = self.check_form()
        self.check_purpose(trust, group)
        self.check_time(at)
        self._check_revocation(trust, group)

    def check_purpose(self, trust: TrustList, group: str) -> None:
        """Check that the signer may sign certificates of this group; raises `CheckRefused`, reason "KeyPurpose"."""
        named = trust.signers_of(self.message.kid)
        signer = named[0] if len(named) == 1 else self._signer(trust)
        if group not in signer.groups:
            sentence = f"the signer may sign {', '.join(sorted(signer.groups))}, the certificate is of group {group}"
            raise CheckRefused("KeyPurpose", sentence)

    def check_time(self, at: float) -> None:
        """Check the time (Unix seconds), of which the second of expiry is the last: "after which a verifier rejects".

        Raises `CheckRefused` with reason "NotYetValid" or "Expired".
        """
        if at < self.said.issued_at:
            raise CheckRefused("NotYetValid", f"it holds from {self.said.issued_at:.0f}, asked is {at:.0f}")
        if at > self.said.expires_at:
            raise CheckRefused("Expired", f"it held until {self.said.expires_at:.0f}, asked is {at:.0f}")

    def _check_revocation(self, trust: TrustList, group: str) -> None:
        for entry in self.said.document[group] if trust.hash_lists else ():
            hashes = self._hashes(entry)
            if any(hashes[listed.kind] in listed.hashes for listed in trust.hash_lists):
                raise CheckRefused("Revoked", "its issuer withdrew it")

    def _hashes(self, entry: Mapping[str, Any]) -> dict[str, bytes]:
        """Return what a revocation list may know an entry by; of an ECDSA signature only the first half counts."""
        signature = self.message.signature
        if self.message.is_ecdsa:
            signature = signature[: len(signature) // 2]
        named = {"SIGNATURE": signature, "UCI": entry["ci"].encode()}
        named["COUNTRYCODEUCI"] = (entry["co"] + entry["ci"]).encode()
        return {kind: hashlib.sha256(value).digest()[:_HASH_BYTES] for kind, value in named.items()}
