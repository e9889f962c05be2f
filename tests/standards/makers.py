"""Issuers of foreign certificates, made on the spot: they sign what a test wants, right or wrong."""

from __future__ import annotations

import base64
import hashlib
import json
import zlib
from datetime import datetime, timezone
from functools import lru_cache
from typing import Any

import base45
import cbor2
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID, ObjectIdentifier

from medtrust.standards.jwk import thumbprint
from medtrust.standards.trust import TrustList

ISSUED, EXPIRES = 1_767_225_600, 2_082_758_400
AT = 1_793_491_200
ISSUER = "https://clinic.example/issuer"
PURPOSES = {group: ObjectIdentifier(f"1.3.6.1.4.1.1847.2021.1.{n}") for group, n in (("t", 1), ("v", 2), ("r", 3))}

ENTRY = {
    "tg": "840539006",
    "vp": "1119349007",
    "mp": "EU/1/20/1528",
    "ma": "ORG-100030215",
    "dn": 1,
    "sd": 2,
    "dt": "2021-06-15",
    "co": "XX",
    "is": "Clinic of the samples",
    "ci": "URN:UVCI:01:XX:MEDTRUST/SAMPLE/0001",
}
NAME = {"fn": "Quint", "fnt": "QUINT", "gn": "Marisol Ada", "gnt": "MARISOL<ADA"}


def document(*, entry: dict[str, Any] | None = None, **changed: Any) -> dict[str, Any]:
    """Return a certificate's document, some of its members, or of its entry's, changed; None takes one away."""
    dose = {name: value for name, value in {**ENTRY, **(entry or {})}.items() if value is not None}
    whole = {"ver": "1.3.0", "nam": dict(NAME), "dob": "1984-03-09", "v": [dose], **changed}
    return {name: value for name, value in whole.items() if value is not None}


@lru_cache
def rsa_key(bits: int) -> rsa.RSAPrivateKey:
    """Make an RSA key once, as that takes a while."""
    return rsa.generate_private_key(public_exponent=65537, key_size=bits)


class Signer:
    """Who signs DCCs, with a certificate of its own making."""

    def __init__(self, key: Any = None, groups: str = "") -> None:
        self.key = key or ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COUNTRY_NAME, "XX"), x509.NameAttribute(NameOID.COMMON_NAME, "S")])
        begun, ended = (datetime.fromtimestamp(one, timezone.utc) for one in (ISSUED, EXPIRES))
        builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(self.key.public_key())
        builder = builder.serial_number(1).not_valid_before(begun).not_valid_after(ended)
        if groups:
            usage = x509.ExtendedKeyUsage([PURPOSES[group] for group in groups])
            builder = builder.add_extension(usage, critical=False)
        self.certificate = builder.sign(self.key, SHA256())

    @property
    def der(self) -> bytes:
        return self.certificate.public_bytes(Encoding.DER)

    @property
    def pem(self) -> bytes:
        return self.certificate.public_bytes(Encoding.PEM)

    @property
    def kid(self) -> bytes:
        return hashlib.sha256(self.der).digest()[:8]

    def trust(self) -> TrustList:
        return TrustList.read([("signer", self.pem)])

    def claims(self, content: Any = None, **changed: Any) -> bytes:
        """Return the payload: claims by their number, `iss`, `exp` and `iat` by name."""
        known = {1: changed.pop("iss", "XX"), 4: changed.pop("exp", EXPIRES), 6: changed.pop("iat", ISSUED)}
        known[-260] = {1: document() if content is None else content}
        return cbor2.dumps({name: value for name, value in known.items() if value is not None})

    def message(
        self,
        payload: bytes,
        *,
        headers: dict[int, Any] | None = None,
        beside: dict[int, Any] | None = None,
        signature: bytes | None = None,
    ) -> bytes:
        """Return the signed message; `headers` takes the place of the protected header, `beside` of the other one."""
        algorithm = -37 if isinstance(self.key, rsa.RSAPrivateKey) else -7
        protected = cbor2.dumps({1: algorithm, 4: self.kid} if headers is None else headers)
        signed = self._sign(cbor2.dumps(["Signature1", protected, b"", payload])) if signature is None else signature
        return cbor2.dumps(cbor2.CBORTag(18, [protected, beside or {}, payload, signed]))

    def text(self, content: Any = None, **changed: Any) -> str:
        """Return the text of the QR code of a certificate."""
        more = {name: changed.pop(name) for name in ("headers", "beside", "signature") if name in changed}
        return text_of(self.message(self.claims(content, **changed), **more))

    def _sign(self, raw: bytes) -> bytes:
        if isinstance(self.key, rsa.RSAPrivateKey):
            return self.key.sign(raw, padding.PSS(padding.MGF1(SHA256()), 32), SHA256())
        half = (self.key.curve.key_size + 7) // 8
        return _joined(self.key.sign(raw, ec.ECDSA(SHA256())), half)


def text_of(message: bytes) -> str:
    """Return the text of the QR code that holds a message."""
    return "HC1:" + base45.b45encode(zlib.compress(message)).decode()


def _joined(der: bytes, half: int) -> bytes:
    return b"".join(number.to_bytes(half, "big") for number in decode_dss_signature(der))


def encoded(raw: bytes) -> str:
    """Write base64url without padding."""
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def payload(**changed: Any) -> dict[str, Any]:
    """Return the payload of a card, some of its members changed; `types`, `bundle` and `rid` stand further in."""
    patient = {"resourceType": "Patient", "name": [{"family": "Quint", "given": ["Marisol", "Ada"]}]}
    dose = {
        "resourceType": "Immunization",
        "status": "completed",
        "vaccineCode": {"coding": [{"system": "http://hl7.org/fhir/sid/cvx", "code": "208"}]},
        "patient": {"reference": "resource:0"},
        "occurrenceDateTime": "2021-06-15",
        "lotNumber": "MT2021C",
    }
    resources = [{**patient, "birthDate": "1984-03-09"}, dose]
    entries = [{"fullUrl": f"resource:{index}", "resource": one} for index, one in enumerate(resources)]
    bundle = changed.pop("bundle", {"resourceType": "Bundle", "type": "collection", "entry": entries})
    credential = {
        "type": changed.pop("types", ["https://smarthealth.cards#health-card"]),
        "credentialSubject": {"fhirVersion": "4.0.1", "fhirBundle": bundle},
    }
    if "rid" in changed:
        credential["rid"] = changed.pop("rid")
    whole = {"iss": ISSUER, "nbf": ISSUED, "vc": credential, **changed}
    return {name: value for name, value in whole.items() if value is not None}


class CardIssuer:
    """Who issues SMART Health Cards, with one key."""

    def __init__(self) -> None:
        self.key = ec.generate_private_key(ec.SECP256R1())

    @property
    def kid(self) -> str:
        return thumbprint(self.key.public_key())

    def jwk(self, **changed: Any) -> dict[str, Any]:
        """Return the key as it is published, some of its members changed; None takes one away."""
        numbers = self.key.public_key().public_numbers()
        x, y = (encoded(one.to_bytes(32, "big")) for one in (numbers.x, numbers.y))
        known = {"kty": "EC", "kid": self.kid, "use": "sig", "alg": "ES256", "crv": "P-256", "x": x, "y": y, **changed}
        return {name: value for name, value in known.items() if value is not None}

    def key_set(self, **changed: Any) -> bytes:
        return json.dumps({"keys": [self.jwk(**changed)]}).encode()

    def certified(self, *issuers: str) -> bytes:
        """Return the key set with a certificate that names these issuers."""
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "issuer")])
        begun, ended = (datetime.fromtimestamp(one, timezone.utc) for one in (ISSUED, EXPIRES))
        builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(self.key.public_key())
        builder = builder.serial_number(1).not_valid_before(begun).not_valid_after(ended)
        if issuers:
            names = x509.SubjectAlternativeName([x509.UniformResourceIdentifier(one) for one in issuers])
            builder = builder.add_extension(names, critical=False)
        certificate = builder.sign(self.key, SHA256()).public_bytes(Encoding.DER)
        return self.key_set(x5c=[base64.b64encode(certificate).decode()])

    def trust(self, *more: bytes) -> TrustList:
        return TrustList.read([(f"file {index}", one) for index, one in enumerate((self.key_set(), *more))])

    def card(self, content: dict[str, Any] | None = None, **changed: Any) -> str:
        """Return a card (JWS); `header`, `deflated` and `signature` take the place of what belongs there."""
        header = {"zip": "DEF", "alg": "ES256", "kid": self.kid} | changed.get("header", {})
        deflated = changed.get("deflated") or deflate(payload() if content is None else content)
        signed = f"{encoded(json.dumps(header).encode())}.{encoded(deflated)}"
        signature = changed.get("signature") or _joined(self.key.sign(signed.encode(), ec.ECDSA(SHA256())), 32)
        return f"{signed}.{encoded(signature)}"


def deflate(content: dict[str, Any]) -> bytes:
    """Write JSON and deflate it without a header."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    return packer.compress(json.dumps(content, separators=(",", ":")).encode()) + packer.flush()


def numeric(text: str, header: str = "shc:/") -> str:
    """Write a card, or a chunk of one, as the digits of a QR code."""
    return header + "".join(f"{ord(letter) - 45:02d}" for letter in text)
