"""Envelopes: a record encrypted under a key of its own, and that key wrapped to each of its readers."""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import IntEnum
from hashlib import sha256
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM, ChaCha20Poly1305
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from medtrust.errors import CheckRefused, InputError
from medtrust.keccak import keccak256
from medtrust.types import checksum_address

__all__ = [
    "CHUNK",
    "HEADER_SIZE",
    "KEY_SIZE",
    "Cipher",
    "Header",
    "Place",
    "Sealed",
    "commitment_of",
    "is_key_of",
    "open_sealed",
    "read_header",
    "seal",
]

KEY_SIZE: Final = 32
"""Bytes of a data key."""
CHUNK: Final = 65_536
"""Bytes of content in each chunk but the last."""

_MAGIC: Final = b"MTR1"
_TAG: Final = 16
_LABEL: Final = b"medtrust/envelope/1"
_COMMITMENT_LABEL: Final = b"medtrust/record/1"


class Cipher(IntEnum):
    """How the content is encrypted, as the header names it; the key schedule is HKDF-SHA-256 in both."""

    AES_256_GCM = 1
    CHACHA20_POLY1305 = 2


_AEAD: Final[Mapping[Cipher, type[AESGCM] | type[ChaCha20Poly1305]]] = {
    Cipher.AES_256_GCM: AESGCM,
    Cipher.CHACHA20_POLY1305: ChaCha20Poly1305,
}


@dataclass(frozen=True, slots=True)
class Place:
    """Which version of which record an envelope holds.

    `registry` is the address of the RecordExchange, `custodian` and `record` are 32 bytes, `number` is the version from
    1 on, `epoch` the key epoch that it was made for.
    """

    chain_id: int
    registry: str
    custodian: bytes
    record: bytes
    number: int
    epoch: int

    def to_bytes(self) -> bytes:
        """Encode it in 100 bytes. Raises `ValueError` for a number or an id that does not fit."""
        if len(self.custodian) != 32 or len(self.record) != 32:
            raise ValueError("custodian and record are 32 bytes each")
        parts = (
            self.chain_id.to_bytes(8, "big"),
            bytes.fromhex(self.registry[2:]),
            self.custodian,
            self.record,
            self.number.to_bytes(4, "big"),
            self.epoch.to_bytes(4, "big"),
        )
        return b"".join(parts)

    @classmethod
    def from_bytes(cls, raw: bytes) -> Place:
        """Read what `to_bytes` wrote."""
        return cls(
            chain_id=int.from_bytes(raw[:8], "big"),
            registry=checksum_address("0x" + raw[8:28].hex()),
            custodian=raw[28:60],
            record=raw[60:92],
            number=int.from_bytes(raw[92:96], "big"),
            epoch=int.from_bytes(raw[96:100], "big"),
        )


@dataclass(frozen=True, slots=True)
class Header:
    """What stands in the clear before the content; every bit of it is authenticated with each chunk.

    `salt` is 32 random bytes. `commitment` is a hash of the data key and of all that stands before it, so no second
    key opens the same envelope.
    """

    cipher: Cipher
    place: Place
    salt: bytes
    commitment: bytes

    def to_bytes(self) -> bytes:
        """Encode it in `HEADER_SIZE` bytes."""
        return _prefix(self.cipher, self.place, self.salt) + self.commitment


HEADER_SIZE: Final = len(_MAGIC) + 1 + 100 + 32 + 32
"""Bytes of a header."""


@dataclass(frozen=True)
class Sealed:
    """An envelope, and the data key that opens it."""

    blob: bytes
    key: bytes

    @property
    def header(self) -> Header:
        """The header of the envelope."""
        return read_header(self.blob)


def seal(place: Place, content: bytes, *, cipher: Cipher = Cipher.AES_256_GCM) -> Sealed:
    """Encrypt `content` under a new random key, which is used for nothing else.

    The content is cut into chunks of `CHUNK` bytes, each with its number and a mark on the last one in the nonce (the
    STREAM construction), so none can be dropped, moved or doubled. Raises `ValueError` for a place that does not fit.
    """
    key, salt = secrets.token_bytes(KEY_SIZE), secrets.token_bytes(32)
    return Sealed(_seal_with(key, salt, place, content, cipher), key)


def _seal_with(key: bytes, salt: bytes, place: Place, content: bytes, cipher: Cipher) -> bytes:
    prefix = _prefix(cipher, place, salt)
    content_key, commitment = _derive(key, salt, prefix)
    header = prefix + commitment
    aead = _AEAD[cipher](content_key)
    pieces = [content[start : start + CHUNK] for start in range(0, len(content), CHUNK)] or [b""]
    nonces = _nonces(len(pieces))
    return header + b"".join(aead.encrypt(nonce, piece, header) for nonce, piece in zip(nonces, pieces, strict=True))


def open_sealed(blob: bytes, key: bytes, place: Place) -> bytes:
    """Decrypt an envelope that must hold `place`; nothing of the content is returned before all of it is authentic.

    Raises `CheckRefused` with reason "NotAnEnvelope", "UnknownCipher", "AnotherRecord", "AnotherVersion", "WrongKey" or
    "Altered".
    """
    header = read_header(blob)
    _check_place(header.place, place)
    if not is_key_of(header, key):
        raise CheckRefused("WrongKey", "the data key is not that of this envelope, or its header was changed")
    content_key, _ = _derive(key, header.salt, _prefix(header.cipher, header.place, header.salt))
    aead = _AEAD[header.cipher](content_key)
    body, associated = blob[HEADER_SIZE:], blob[:HEADER_SIZE]
    pieces = [body[start : start + CHUNK + _TAG] for start in range(0, len(body), CHUNK + _TAG)]
    if not pieces or len(pieces[-1]) < _TAG + (len(pieces) > 1):
        raise CheckRefused("Altered", "the envelope does not end where its content does")
    try:
        opened = [
            aead.decrypt(nonce, piece, associated) for nonce, piece in zip(_nonces(len(pieces)), pieces, strict=True)
        ]
    except InvalidTag:
        raise CheckRefused("Altered", "the content was changed, cut short, reordered or doubled") from None
    return b"".join(opened)


def read_header(blob: bytes) -> Header:
    """Read the header of an envelope, which is not authentic before the envelope was opened.

    Raises `CheckRefused` with reason "NotAnEnvelope" or "UnknownCipher".
    """
    if len(blob) < HEADER_SIZE or blob[:4] != _MAGIC:
        raise CheckRefused("NotAnEnvelope", "the file does not begin as an envelope does")
    if blob[4] not in set(Cipher):
        raise CheckRefused("UnknownCipher", f"the header names cipher {blob[4]}, which nobody here knows")
    return Header(Cipher(blob[4]), Place.from_bytes(blob[5:105]), blob[105:137], blob[137:HEADER_SIZE])


def commitment_of(blob: bytes) -> bytes:
    """Hash an envelope to the 32 bytes that are anchored: anyone who holds it can tell, and nobody can guess it.

    It is not the digest under which a store keeps the envelope, so the chain leads nobody to it.
    """
    return keccak256(_COMMITMENT_LABEL + read_header(blob).salt + sha256(blob).digest())


def is_key_of(header: Header, key: bytes) -> bool:
    """Whether `key` is the data key to which a header is committed."""
    _require_key(key)
    _, commitment = _derive(key, header.salt, _prefix(header.cipher, header.place, header.salt))
    return hmac.compare_digest(commitment, header.commitment)


def _check_place(found: Place, expected: Place) -> None:
    if (found.chain_id, found.registry, found.custodian, found.record) != (
        expected.chain_id,
        expected.registry,
        expected.custodian,
        expected.record,
    ):
        raise CheckRefused("AnotherRecord", "the envelope holds another record, or one of another registry")
    if (found.number, found.epoch) != (expected.number, expected.epoch):
        versions = f"version {found.number} of epoch {found.epoch}, expected {expected.number} of {expected.epoch}"
        raise CheckRefused("AnotherVersion", f"the envelope holds {versions}")


def _prefix(cipher: Cipher, place: Place, salt: bytes) -> bytes:
    return _MAGIC + bytes((cipher,)) + place.to_bytes() + salt


def _derive(key: bytes, salt: bytes, prefix: bytes) -> tuple[bytes, bytes]:
    """Derive the key of the content and the commitment: two blocks of one HKDF over everything that identifies both."""
    both = HKDF(algorithm=SHA256(), length=64, salt=salt, info=_LABEL + prefix).derive(key)
    return both[:32], both[32:]


def _nonces(count: int) -> Iterator[bytes]:
    return (number.to_bytes(11, "big") + bytes((number == count - 1,)) for number in range(count))


def _require_key(key: bytes) -> None:
    if len(key) != KEY_SIZE:
        raise InputError(place="data key", found=f"{len(key)} bytes", expected=f"{KEY_SIZE} bytes")
