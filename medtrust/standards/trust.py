"""Trust lists: whose signatures under foreign certificates count, and which of those were withdrawn."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from medtrust.errors import CheckRefused, InputError
from medtrust.standards.jwk import IssuerKey, issuer_key
from medtrust.standards.revocation import CardList, HashList, card_list, hash_list

__all__ = ["KID_BYTES", "Signer", "TrustList", "signer"]

KID_BYTES = 8
"""The id of a DCC's signer is the first so many bytes of the SHA-256 of its certificate."""

_BEGIN, _END = b"-----BEGIN CERTIFICATE-----", b"-----END CERTIFICATE-----"
_PEM = re.compile(_BEGIN + b".+?" + _END, re.DOTALL)
# What a signer may sign: purposes of its certificate's key (1.3.6.1.4.1.1847.2021.1.1 to 3, and a form with a zero too
# many, which is in use), as they stand in it. They are looked for as bytes, because some signers' certificates have
# an extension that is no DER, and then a reader of certificates reads none.
_PURPOSES = {
    bytes.fromhex(f"{head}8e378f6501{number:02x}"): group
    for head in ("060b2b06010401", "060c2b0601040100")
    for number, group in ((1, "t"), (2, "v"), (3, "r"))
}


@dataclass(frozen=True, slots=True)
class Signer:
    """Who signs DCCs: the id of its certificate, its key, its name, and the groups that it may sign.

    `groups` of "v", "t" and "r"; a certificate that names none of these purposes may sign all.
    """

    kid: bytes
    key: ec.EllipticCurvePublicKey | rsa.RSAPublicKey
    name: str
    groups: frozenset[str]


@dataclass(frozen=True, slots=True)
class TrustList:
    """Who is trusted: signers of DCCs and keys of issuers of SMART Health Cards, with what they withdrew.

    `keys` stand with the issuers (URLs) that they are bound to; None binds to no one. `directory` names the issuers
    that are trusted at all, None if there is no directory. `fingerprint` is a hash of the files that it was read from.
    """

    signers: tuple[Signer, ...] = ()
    keys: tuple[tuple[IssuerKey, frozenset[str] | None], ...] = ()
    card_lists: tuple[CardList, ...] = ()
    hash_lists: tuple[HashList, ...] = ()
    directory: frozenset[str] | None = None
    fingerprint: str = ""

    @classmethod
    def read(cls, sources: Iterable[tuple[str, bytes]]) -> TrustList:
        """Read a trust list from (name, content) of files of any of these kinds, told apart by themselves.

        X.509 certificates (PEM, DER, base64), key sets (JWKS, an issuer's or a snapshot of a directory), directories of
        issuers, revocation lists of health cards and of DCCs, test vectors of the DCC with their certificate. A key set
        belongs to the issuers that its certificates name. Raises `CheckRefused` with what is wrong about a key or
        a list, `InputError` if a file is none of these.
        """
        parts, digest = _Parts(), hashlib.sha256()
        for name, content in sources:
            digest.update(hashlib.sha256(content).digest())
            try:
                parts.add(name, content)
            except InputError as error:
                raise error.within(name) from None
        parts.check_versions()
        directory = frozenset(parts.directory) if parts.has_directory else None
        found = tuple(parts.signers), tuple(parts.keys), tuple(parts.cards), tuple(parts.hashes)
        return cls(*found, directory, digest.hexdigest())

    def signers_of(self, kid: bytes) -> list[Signer]:
        """Return the signers whose certificate has this id; eight bytes may, in theory, be those of two."""
        return [one for one in self.signers if one.kid == kid]

    def keys_of(self, kid: str, issuer: str) -> list[IssuerKey]:
        """Return the keys with this id that may sign for this issuer.

        Raises `CheckRefused` with reason "KeyNotTrusted" if nobody has the key, "IssuerNotTrusted" if the directory
        does not name the issuer, or the key is another's.
        """
        known = [(key, issuers) for key, issuers in self.keys if key.kid == kid]
        if not known:
            raise CheckRefused("KeyNotTrusted", f"no key set that is trusted has the key {kid}")
        found = [key for key, issuers in known if issuers is None or issuer in issuers]
        if not found or (self.directory is not None and issuer not in self.directory):
            raise CheckRefused("IssuerNotTrusted", f"{issuer} is not the issuer that this key is trusted for")
        return found


@dataclass(slots=True)
class _Parts:
    """What was found so far."""

    signers: list[Signer] = field(default_factory=list)
    keys: list[tuple[IssuerKey, frozenset[str] | None]] = field(default_factory=list)
    cards: list[CardList] = field(default_factory=list)
    hashes: list[HashList] = field(default_factory=list)
    directory: set[str] = field(default_factory=set)
    has_directory: bool = False

    def add(self, name: str, content: bytes) -> None:
        """Add what one file holds."""
        if content.lstrip()[:1] in (b"{", b"["):
            self._add_json(name, content)
        else:
            self._add_certificates(content)

    def _add_certificates(self, content: bytes) -> None:
        certificates = _PEM.findall(content)
        for certificate in certificates:
            self.signers.append(signer(_from_pem(certificate)))
        if not certificates:
            self.signers.append(signer(_from_base64(content) or content))

    def _add_json(self, name: str, content: bytes) -> None:
        try:
            raw = json.loads(content)
        except (ValueError, RecursionError):
            raise InputError(place="document", found="no JSON", expected=_EXPECTED) from None
        if not isinstance(raw, dict):
            raise InputError(place="document", found=type(raw).__name__, expected=_EXPECTED)
        if isinstance(raw.get("TESTCTX"), dict):
            self._add_certificates(str(raw["TESTCTX"].get("CERTIFICATE", "")).encode())
        elif "keys" in raw or "kty" in raw:
            self._add_keys(raw.get("keys", [raw]), name, None)
        elif "rids" in raw:
            self.cards.append(card_list(raw, name))
        elif "hashType" in raw:
            self.hashes.append(hash_list(raw, name))
        elif "participating_issuers" in raw:
            self._add_directory([{"issuer": one} for one in _objects(raw["participating_issuers"])], name)
        elif "issuerInfo" in raw:
            self._add_directory(_objects(raw["issuerInfo"]), name)
        else:
            raise InputError(place="document", found=", ".join(sorted(raw)[:5]) or "nothing", expected=_EXPECTED)

    def _add_keys(self, listed: Any, name: str, issuer: str | None) -> None:
        """Add the keys of one set. Such as are no good are let by where others are: sets hold keys for other uses."""
        found: list[IssuerKey] = []
        problems: list[CheckRefused] = []
        for index, raw in enumerate(listed if isinstance(listed, list) else [listed]):
            try:
                found.append(issuer_key(raw, f"{name} keys[{index}]"))
            except CheckRefused as problem:
                problems.append(problem)
        if not found:
            raise problems[0] if problems else CheckRefused("KeyBroken", f"{name} holds no key")
        certified = frozenset[str]().union(*(key.issuers for key in found))
        bound = frozenset((issuer,)) if issuer else certified or None
        self.keys.extend((key, bound) for key in found)

    def _add_directory(self, entries: list[Mapping[str, Any]], name: str) -> None:
        self.has_directory = True
        for entry in entries:
            issuer = entry.get("issuer")
            url = issuer.get("iss") if isinstance(issuer, dict) else None
            if not isinstance(url, str):
                raise InputError(place="iss", found=repr(url), expected="the URL of an issuer")
            self.directory.add(url)
            if "keys" in entry:
                self._add_keys(entry["keys"], name, url)
            self.cards.extend(card_list(one, name) for one in _objects(entry.get("crls", [])))

    def check_versions(self) -> None:
        """Refuse a list of another version than the key that it belongs to names."""
        for listed in self.cards:
            for key, _ in self.keys:
                if key.kid == listed.kid and key.list_version not in (0, listed.version):
                    sentence = f"the list is version {listed.version}, its key names version {key.list_version}"
                    raise CheckRefused("RevocationVersion", sentence)


_EXPECTED = "a certificate, a key set, a directory of issuers or a revocation list"


def signer(certificate: bytes) -> Signer:
    """Read the signer that an X.509 certificate (DER) names.

    Raises `InputError` if it is no certificate, or of a key that no DCC is signed with.
    """
    try:
        parsed = x509.load_der_x509_certificate(certificate)
        key = parsed.public_key()
    except (ValueError, UnsupportedAlgorithm):
        raise InputError(place="certificate", found="something else", expected=_EXPECTED) from None
    if not isinstance(key, (ec.EllipticCurvePublicKey, rsa.RSAPublicKey)):
        raise InputError(place="certificate", found="a key of another kind", expected="an EC or RSA key")
    groups = frozenset(group for purpose, group in _PURPOSES.items() if purpose in certificate)
    kid = hashlib.sha256(certificate).digest()[:KID_BYTES]
    return Signer(kid, key, parsed.subject.rfc4514_string(), groups or frozenset(_PURPOSES.values()))


def _from_pem(certificate: bytes) -> bytes:
    return _from_base64(certificate.removeprefix(_BEGIN).removesuffix(_END))


def _from_base64(text: bytes) -> bytes:
    try:
        return base64.b64decode(b"".join(text.split()), validate=True)
    except (binascii.Error, ValueError):
        return b""


def _objects(values: Any) -> list[Mapping[str, Any]]:
    if not isinstance(values, list) or not all(isinstance(value, dict) for value in values):
        raise InputError(place="document", found="something else", expected="a list of objects")
    return values
