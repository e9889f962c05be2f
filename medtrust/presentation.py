"""Presentations: a certificate that its holder signs over for one verifier and one challenge, so that a copy fails."""

from __future__ import annotations

import base64
import binascii
import json
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

import rfc8785

from medtrust.certificate import LONGEST_TEXT, Certificate, Flaw
from medtrust.errors import InputError
from medtrust.judgement import Registry, judge, unknown
from medtrust.keccak import keccak256
from medtrust.signing import Domain, TypedData, recover, sign
from medtrust.types import is_text
from medtrust.verdict import Verdict

__all__ = [
    "PREFIX",
    "SCHEMA",
    "Presentation",
    "certificate_in",
    "domain_of",
    "judge_presentation",
    "load_object",
    "signature_in",
    "text_in",
    "time_in",
    "unsigned",
]

PREFIX: Final = "MP1:"
SCHEMA: Final = "presentation/1"
_MEMBERS: Final = ("t", "cert", "verifier", "challenge", "until", "sig")
_STATEMENT: Final = TypedData(
    "Presentation",
    {
        "Presentation": {
            "dose": "bytes32",
            "certificate": "bytes32",
            "verifier": "string",
            "challenge": "string",
            "expiresAt": "uint64",
        }
    },
)


@dataclass(frozen=True, slots=True)
class Presentation:
    """A certificate with the signature of whoever decides for its holder.

    `verifier` names who asked, `challenge` is the text that it asked with, which it uses once, `expires_at` is the
    first second in which the presentation no longer counts (Unix seconds).
    """

    certificate: Certificate
    verifier: str
    challenge: str
    expires_at: int
    signature: bytes = b""

    @property
    def digest(self) -> bytes:
        """The 32 bytes that are signed; fields that are hidden or shown beside these change them."""
        message = {
            "dose": self.certificate.dose_id,
            "certificate": keccak256(self.certificate.to_json()),
            "verifier": self.verifier,
            "challenge": self.challenge,
            "expiresAt": self.expires_at,
        }
        return _STATEMENT.digest(domain_of(self.certificate), message)

    def signed(self, private_key: bytes) -> Presentation:
        """Copy it with the signature of a private key (32 bytes): that of the holder."""
        return replace(self, signature=sign(private_key, self.digest))

    def to_json(self) -> bytes:
        """Return the canonical JSON text (RFC 8785)."""
        return rfc8785.dumps(self._to_dict(self.certificate.to_dict()))

    def to_text(self) -> str:
        """Return the text of its QR code: "MP1:" and the JSON, deflated, in base 32."""
        packed = base64.b32encode(zlib.compress(rfc8785.dumps(self._to_dict(self.certificate.to_text())), 9))
        return PREFIX + packed.decode().rstrip("=")

    def _to_dict(self, certificate: Any) -> dict[str, Any]:
        return {
            "t": SCHEMA,
            "cert": certificate,
            "verifier": self.verifier,
            "challenge": self.challenge,
            "until": self.expires_at,
            "sig": "0x" + self.signature.hex(),
        }

    @classmethod
    def parse(cls, text: str) -> Presentation:
        """Read a presentation from its JSON or its QR text.

        Raises `InputError`, which names the member, for anything that no presentation has.
        """
        raw = load_object(text, PREFIX, SCHEMA, _MEMBERS)
        return cls(
            certificate=certificate_in(raw),
            verifier=text_in(raw, "verifier"),
            challenge=text_in(raw, "challenge"),
            expires_at=time_in(raw, "until"),
            signature=signature_in(raw),
        )

    def flaw(self, *, verifier: str, challenge: str, now: int, controller: Callable[[], str]) -> Flaw | None:
        """Name the first reason why this does not show that the holder is here; None if it does.

        `verifier` and `challenge` are those of whoever asks, `now` the verifier's clock (Unix seconds), `controller`
        finds who decides for the holder.
        """
        if self.verifier != verifier:
            return Flaw("OtherVerifier", f"it was made for {self.verifier!r}, not for {verifier!r}")
        if self.challenge != challenge:
            return Flaw("OtherChallenge", "it answers another challenge: a copy of what was shown before")
        if now >= self.expires_at:
            return Flaw("PresentationExpired", f"it counted until {self.expires_at}, it is {now}")
        return unsigned(self.digest, self.signature, controller())


def judge_presentation(
    presentation: Presentation,
    registry: Registry,
    *,
    verifier: str,
    challenge: str,
    now: int,
    at: int | None = None,
) -> Verdict:
    """Say what stands about a presentation that answers a `challenge` of `verifier`, by its clock (Unix seconds).

    If the holder did not sign it for this moment, it is UNKNOWN, and the reason says why; else the verdict is that of
    the certificate, and no bearer's.
    """
    certificate = presentation.certificate
    verdict = judge(certificate, registry, at=at)
    if not verdict.shown:
        return verdict
    flaw = presentation.flaw(
        verifier=verifier,
        challenge=challenge,
        now=now,
        controller=lambda: registry.controller_of(certificate.dose.holder),
    )
    return unknown(certificate.issuer, flaw) if flaw else replace(verdict, bearer=False)


def domain_of(certificate: Certificate) -> Domain:
    """Return the EIP-712 domain in which the holder of a certificate signs: that of the registry it stands in."""
    return Domain("VaccinationRegistry", "1", certificate.chain_id, certificate.registry)


def unsigned(digest: bytes, signature: bytes, controller: str) -> Flaw | None:
    """Say why a signature does not show that `controller` is here; None if it does."""
    try:
        signer = recover(digest, signature)
    except InputError as error:
        return Flaw("NotSignedByHolder", f"the signature is damaged: {error.found}")
    if signer == controller:
        return None
    return Flaw("NotSignedByHolder", f"{signer} signed it, and {controller} decides for the holder")


def load_object(text: str, prefix: str, schema: str, members: tuple[str, ...]) -> Mapping[str, Any]:
    """Read the JSON object in a file or in QR text that begins with `prefix`, and check that it has all `members`.

    Raises `InputError`.
    """
    if len(text) > LONGEST_TEXT:
        raise InputError(place="presentation", found=f"{len(text)} characters", expected=f"at most {LONGEST_TEXT}")
    plain = text.strip()
    if plain.startswith(prefix):
        plain = _inflate(plain.removeprefix(prefix), prefix)
    try:
        raw = json.loads(plain)
    except (ValueError, RecursionError):
        raise InputError(place=schema, found="no JSON", expected=f"JSON or {prefix}… text") from None
    if not isinstance(raw, dict) or raw.get("t") != schema:
        raise InputError(place="t", found="something else", expected=schema)
    for member in members:
        if member not in raw:
            raise InputError(place=member, found="nothing", expected=f"a value: it is of form {schema}")
    return raw


def _inflate(packed: str, prefix: str) -> str:
    """Unpack what stands behind the prefix of QR text, up to a bound and no further. Raises `InputError`."""
    try:
        inflater = zlib.decompressobj()
        plain = inflater.decompress(base64.b32decode(packed + "=" * (-len(packed) % 8)), LONGEST_TEXT)
    except (binascii.Error, ValueError, zlib.error):
        raise InputError(place=prefix, found="damaged QR text", expected=f"{prefix} and base 32 text") from None
    if not inflater.eof:
        raise InputError(place=prefix, found="QR text that does not end", expected=f"at most {LONGEST_TEXT} characters")
    return plain.decode("utf-8", errors="replace")


def certificate_in(raw: Mapping[str, Any]) -> Certificate:
    """Read the certificate in an object, as object or as QR text. Raises `InputError`."""
    inner = raw["cert"]
    if isinstance(inner, str) and inner.startswith("MT1:"):
        return Certificate.parse(inner)
    return Certificate.parse(json.dumps(inner))


def text_in(raw: Mapping[str, Any], member: str) -> str:
    """Read a text. Raises `InputError`."""
    value = raw[member]
    if not is_text(value) or not value:
        raise InputError(place=member, found=repr(value), expected="text")
    return str(value)


def time_in(raw: Mapping[str, Any], member: str) -> int:
    """Read a time (Unix seconds). Raises `InputError`."""
    value = raw[member]
    if type(value) is not int or not 0 <= value < 2**53:
        raise InputError(place=member, found=repr(value), expected="Unix seconds")
    return value


def signature_in(raw: Mapping[str, Any]) -> bytes:
    """Read the signature of an object; whether it is one is judged later. Raises `InputError`."""
    try:
        return bytes.fromhex(text_in(raw, "sig").removeprefix("0x"))
    except ValueError:
        raise InputError(place="sig", found="something else", expected="0x and hexadecimal digits") from None
