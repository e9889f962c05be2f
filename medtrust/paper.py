"""Paper: one-time codes on paper, for people who have no phone to sign with."""

from __future__ import annotations

import base64
import re
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import rfc8785

from medtrust.certificate import Certificate, Flaw
from medtrust.errors import InputError
from medtrust.judgement import Registry, judge, unknown
from medtrust.keccak import keccak256
from medtrust.presentation import (
    certificate_in,
    domain_of,
    load_object,
    signature_in,
    time_in,
    unsigned,
)
from medtrust.signing import TypedData, sign
from medtrust.types import bytes32
from medtrust.verdict import Verdict

__all__ = ["CODE_BYTES", "PREFIX", "SCHEMA", "PaperCertificate", "judge_paper", "write_code"]

PREFIX: Final = "MK1:"
SCHEMA: Final = "paper/1"
CODE_BYTES: Final = 10
"""Random bytes of a code: 80 bits, 16 characters in four groups."""

_MAX_CODES: Final = 100
_CODE = re.compile(r"[A-Z2-7]{16}")
_MEMBERS: Final = ("t", "cert", "codes", "until", "sig")
_STATEMENT: Final = TypedData(
    "PaperCodes",
    {"PaperCodes": {"dose": "bytes32", "certificate": "bytes32", "codes": "bytes32[]", "expiresAt": "uint64"}},
)


def write_code(secret: bytes) -> str:
    """Write the random bytes of a code (10) for people: four groups of four letters and digits."""
    text = base64.b32encode(secret).decode()
    return "-".join(text[place : place + 4] for place in range(0, len(text), 4))


@dataclass(frozen=True, slots=True)
class PaperCertificate:
    """A certificate with hashes of codes that count once each, and the signature of its holder over all.

    The QR code of it may be copied by anyone: it is worth nothing without a code, and the codes stand beside it, to be
    struck out one by one. `expires_at` is the first second in which none counts any more (Unix seconds).
    """

    certificate: Certificate
    codes: tuple[bytes, ...]
    expires_at: int
    signature: bytes = b""

    @classmethod
    def make(cls, certificate: Certificate, secrets: Sequence[bytes], *, expires_at: int) -> PaperCertificate:
        """Make one for codes of these random bytes (10 each, 1 to 100 of them), not signed yet.

        Raises `InputError` if they are too many, or none.
        """
        if not 1 <= len(secrets) <= _MAX_CODES:
            raise InputError(place="codes", found=str(len(secrets)), expected=f"from 1 to {_MAX_CODES}")
        codes = tuple(_hash_of(certificate, write_code(secret)) for secret in secrets)
        return cls(certificate, codes, expires_at)

    @property
    def digest(self) -> bytes:
        """The 32 bytes that are signed."""
        message = {
            "dose": self.certificate.dose_id,
            "certificate": keccak256(self.certificate.to_json()),
            "codes": list(self.codes),
            "expiresAt": self.expires_at,
        }
        return _STATEMENT.digest(domain_of(self.certificate), message)

    def signed(self, private_key: bytes) -> PaperCertificate:
        """Copy it with the signature of a private key (32 bytes): that of the holder."""
        return replace(self, signature=sign(private_key, self.digest))

    def to_json(self) -> bytes:
        """Return the canonical JSON text (RFC 8785)."""
        return rfc8785.dumps(self._to_dict(self.certificate.to_dict()))

    def to_text(self) -> str:
        """Return the text of its QR code: "MK1:" and the JSON, deflated, in base 32."""
        packed = base64.b32encode(zlib.compress(rfc8785.dumps(self._to_dict(self.certificate.to_text())), 9))
        return PREFIX + packed.decode().rstrip("=")

    def _to_dict(self, certificate: Any) -> dict[str, Any]:
        return {
            "t": SCHEMA,
            "cert": certificate,
            "codes": ["0x" + code.hex() for code in self.codes],
            "until": self.expires_at,
            "sig": "0x" + self.signature.hex(),
        }

    @classmethod
    def parse(cls, text: str) -> PaperCertificate:
        """Read one from its JSON or its QR text. Raises `InputError`, which names the member."""
        raw = load_object(text, PREFIX, SCHEMA, _MEMBERS)
        codes = raw["codes"]
        if not isinstance(codes, list) or not 1 <= len(codes) <= _MAX_CODES:
            raise InputError(place="codes", found="something else", expected=f"a list of 1 to {_MAX_CODES} hashes")
        return cls(
            certificate=certificate_in(raw),
            codes=tuple(bytes32(str(code), place=f"codes[{place}]") for place, code in enumerate(codes)),
            expires_at=time_in(raw, "until"),
            signature=signature_in(raw),
        )

    def flaw(self, code: str, *, now: int, controller: Callable[[], str]) -> Flaw | None:
        """Name the first reason why a code does not count; None if it does. Whether it was used is not asked."""
        if self.code_hash(code) not in self.codes:
            return Flaw("WrongCode", "this is none of the codes that were handed out with the certificate")
        if now >= self.expires_at:
            return Flaw("CodesExpired", f"the codes counted until {self.expires_at}, it is {now}")
        return unsigned(self.digest, self.signature, controller())

    def code_hash(self, code: str) -> bytes:
        """Return the 32 bytes by which a code is known, as a ledger of used codes keeps it."""
        return _hash_of(self.certificate, code)


def judge_paper(
    paper: PaperCertificate,
    registry: Registry,
    *,
    code: str,
    use: Callable[[bytes], bool],
    now: int,
    at: int | None = None,
) -> Verdict:
    """Say what stands about a certificate on paper that is shown with a one-time code.

    `use` notes the hash of the code as used and says whether it was new; it is called last, so that a code is not spent
    on what fails anyway. If the code does not count, it is UNKNOWN; else the verdict is that of the certificate, and no
    bearer's.
    """
    certificate = paper.certificate
    verdict = judge(certificate, registry, at=at)
    if not verdict.shown:
        return verdict
    flaw = paper.flaw(code, now=now, controller=lambda: registry.controller_of(certificate.dose.holder))
    if flaw is None and not use(paper.code_hash(code)):
        flaw = Flaw("CodeUsed", "this code was used before")
    return unknown(certificate.issuer, flaw) if flaw else replace(verdict, bearer=False)


def _hash_of(certificate: Certificate, code: str) -> bytes:
    """Hash a code as people write it: in small letters, with spaces, with or without hyphens."""
    plain = re.sub(r"[\s-]", "", code).upper()
    return keccak256(certificate.dose_id + plain.encode()) if _CODE.fullmatch(plain) else b""
