"""Wrapped keys: the key of a record, encrypted with HPKE (RFC 9180) to one reader and for one version alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from hashlib import sha256
from typing import Any, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hpke
from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey, MLKEM768PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey

from medtrust.envelope import Header, is_key_of
from medtrust.errors import CheckRefused, InputError

__all__ = ["KeySuite", "PrivateKey", "PublicKey", "WrappedKey", "decrypt_as", "encrypt_to", "unwrap", "wrap"]

_LABEL: Final = b"medtrust/wrap/1"


class KeySuite(IntEnum):
    """How keys are wrapped: HPKE in base mode, with HKDF-SHA-256 and ChaCha20-Poly1305.

    MLKEM768_X25519 withstands a quantum computer as long as ML-KEM does, and anyone else as long as X25519 does.
    """

    X25519 = 1
    MLKEM768_X25519 = 2


@dataclass(frozen=True, slots=True)
class PublicKey:
    """What a reader publishes so that others encrypt to it; never the key of an account that signs."""

    suite: KeySuite
    raw: bytes

    def __post_init__(self) -> None:
        if len(self.raw) != _PUBLIC_SIZE[self.suite]:
            expected = f"{_PUBLIC_SIZE[self.suite]} bytes for {self.suite.name}"
            raise InputError(place="public key", found=f"{len(self.raw)} bytes", expected=expected)

    @property
    def fingerprint(self) -> bytes:
        """The 32 bytes by which the RecordExchange names this key: SHA-256 of its suite and its bytes."""
        return sha256(bytes((self.suite,)) + self.raw).digest()


@dataclass(frozen=True, slots=True)
class PrivateKey:
    """The key with which a reader opens what was wrapped to it; its text never shows it."""

    suite: KeySuite
    raw: bytes

    def __post_init__(self) -> None:
        if len(self.raw) != _PRIVATE_SIZE[self.suite]:
            expected = f"{_PRIVATE_SIZE[self.suite]} bytes for {self.suite.name}"
            raise InputError(place="private key", found="another length", expected=expected)

    def __repr__(self) -> str:
        return f"PrivateKey(suite={self.suite.name}, raw=…)"

    @classmethod
    def generate(cls, suite: KeySuite = KeySuite.X25519) -> PrivateKey:
        """Make a new key from the operating system's randomness."""
        x25519 = X25519PrivateKey.generate().private_bytes_raw()
        if suite == KeySuite.X25519:
            return cls(suite, x25519)
        return cls(suite, MLKEM768PrivateKey.generate().private_bytes_raw() + x25519)

    @property
    def public(self) -> PublicKey:
        """The public key that belongs to it."""
        x25519 = X25519PrivateKey.from_private_bytes(self.raw[-32:]).public_key().public_bytes_raw()
        if self.suite == KeySuite.X25519:
            return PublicKey(self.suite, x25519)
        mlkem = MLKEM768PrivateKey.from_seed_bytes(self.raw[:64]).public_key().public_bytes_raw()
        return PublicKey(self.suite, mlkem + x25519)


@dataclass(frozen=True, slots=True)
class WrappedKey:
    """A data key that one reader can unwrap.

    `recipient` is the 32-byte id of the reader, `fingerprint` that of its public key, `sealed` what HPKE gives: the
    encapsulated key and the ciphertext.
    """

    suite: KeySuite
    recipient: bytes
    fingerprint: bytes
    sealed: bytes


def wrap(header: Header, key: bytes, recipient: bytes, public: PublicKey) -> WrappedKey:
    """Wrap the data key of an envelope to a reader (32-byte id).

    Suite, reader, its public key and the whole header, with chain, registry, record, version and epoch, go into the
    key schedule of HPKE (its `info`), so the result opens for nobody else and nothing else. Raises `CheckRefused` with
    reason "WrongKey" if the key is not that of the header.
    """
    if not is_key_of(header, key):
        raise CheckRefused("WrongKey", "the data key is not that of this envelope")
    sealed = encrypt_to(public, key, _info(header, recipient, public))
    return WrappedKey(public.suite, recipient, public.fingerprint, sealed)


def unwrap(header: Header, wrapped: WrappedKey, recipient: bytes, private: PrivateKey) -> bytes:
    """Unwrap the data key of an envelope as its reader.

    Raises `CheckRefused` with reason "NotForThisReader" if it names another reader or another key, and "WrongKey" if it
    does not open, or opens to something that is not the key of this header.
    """
    public = private.public
    named = (wrapped.suite, wrapped.recipient, wrapped.fingerprint)
    if named != (private.suite, recipient, public.fingerprint):
        raise CheckRefused("NotForThisReader", "the key was wrapped to another reader, or to another key of this one")
    key = decrypt_as(private, wrapped.sealed, _info(header, recipient, public))
    if not is_key_of(header, key):
        raise CheckRefused("WrongKey", "the wrapped key is not that of this envelope")
    return key


def encrypt_to(public: PublicKey, secret: bytes, info: bytes) -> bytes:
    """Encrypt a few secret bytes to a public key; only who knows the private key and `info` opens them.

    Raises `InputError` for bytes that are no public key, such as a point of low order.
    """
    try:
        return _SUITES[public.suite].encrypt(secret, _load_public(public), info)
    except ValueError:
        expected = f"a public key of {public.suite.name}"
        raise InputError(place="public key", found="bytes that are none", expected=expected) from None


def decrypt_as(private: PrivateKey, sealed: bytes, info: bytes) -> bytes:
    """Decrypt what `encrypt_to` gave.

    Raises `CheckRefused` with reason "WrongKey" if it was changed, or made for another key or another `info`.
    """
    try:
        return _SUITES[private.suite].decrypt(sealed, _load_private(private), info)
    except (InvalidTag, ValueError):
        raise CheckRefused("WrongKey", "the wrapped key was changed, or belongs to another version or record") from None


def _info(header: Header, recipient: bytes, public: PublicKey) -> bytes:
    """Everything that a wrapped key is bound to; each part has a fixed length."""
    if len(recipient) != 32:
        raise ValueError("a recipient is 32 bytes")
    return _LABEL + bytes((public.suite,)) + recipient + public.fingerprint + header.to_bytes()


def _load_public(public: PublicKey) -> Any:
    x25519 = X25519PublicKey.from_public_bytes(public.raw[-32:])
    if public.suite == KeySuite.X25519:
        return x25519
    return hpke.MLKEM768X25519PublicKey(MLKEM768PublicKey.from_public_bytes(public.raw[:-32]), x25519)


def _load_private(private: PrivateKey) -> Any:
    x25519 = X25519PrivateKey.from_private_bytes(private.raw[-32:])
    if private.suite == KeySuite.X25519:
        return x25519
    return hpke.MLKEM768X25519PrivateKey(MLKEM768PrivateKey.from_seed_bytes(private.raw[:64]), x25519)


def _suite(kem: hpke.KEM) -> hpke.Suite:
    return hpke.Suite(kem, hpke.KDF.HKDF_SHA256, hpke.AEAD.CHACHA20_POLY1305)


_PUBLIC_SIZE: Final[Mapping[KeySuite, int]] = {KeySuite.X25519: 32, KeySuite.MLKEM768_X25519: 1184 + 32}
_PRIVATE_SIZE: Final[Mapping[KeySuite, int]] = {KeySuite.X25519: 32, KeySuite.MLKEM768_X25519: 64 + 32}
_SUITES: Final[Mapping[KeySuite, hpke.Suite]] = {
    KeySuite.X25519: _suite(hpke.KEM.X25519),
    KeySuite.MLKEM768_X25519: _suite(hpke.KEM.MLKEM768_X25519),
}
