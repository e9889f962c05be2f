"""Checkpoints: what a registry answers about its doses at one block, signed by an authority, read with no network."""

from __future__ import annotations

import base64
import binascii
import json
import re
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Final

import rfc8785

from medtrust.certificate import Certificate, Flaw, batch_id
from medtrust.errors import InputError
from medtrust.judgement import Batch, Standing
from medtrust.keccak import keccak256
from medtrust.merkle import verify
from medtrust.signing import Domain, TypedData, recover, sign
from medtrust.types import ZERO_HASH, bytes32, checksum_address
from medtrust.verdict import Advisory, Status

__all__ = ["IN_ERROR", "LARGEST", "PAGE_SIZE", "Checkpoint", "KeptBatch", "OfflineRegistry", "dispute_key", "pages_of"]

SCHEMA: Final = "checkpoint/1"
PAGE_SIZE: Final = 8192
"""How many doses a status page tells about; it is read whole, so nobody learns which of them was asked about."""

LARGEST: Final = 256 * 1024 * 1024
"""How many bytes a checkpoint may have."""

IN_ERROR: Final = (1).to_bytes(32, "big")
"""What stands for a successor where a dose was never given as recorded."""

_PAGE_BYTES: Final = PAGE_SIZE // 8
_STANDING = re.compile(r"[A-Z]{1,32}")
_STATEMENT: Final = TypedData(
    "Checkpoint",
    {
        "Checkpoint": {
            "jurisdiction": "uint16",
            "content": "bytes32",
            "block": "uint64",
            "at": "uint64",
            "expiresAt": "uint64",
        }
    },
)


@dataclass(frozen=True, slots=True)
class KeptBatch:
    """A batch, whether its issuer is trusted for it, and its status pages: bit i of page p is dose p * 8192 + i."""

    batch: Batch
    is_trusted: bool
    pages: Mapping[int, bytes] = field(default_factory=dict)

    def has_ended(self, index: int) -> bool:
        """Whether a dose was withdrawn or corrected."""
        page = self.pages.get(index // PAGE_SIZE)
        return page is not None and bool(page[index % PAGE_SIZE // 8] >> index % 8 & 1)


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What the registry `address` on a chain answers at `block`, whose time is `at`; good until `expires_at`.

    Times are Unix seconds. `issuers` are the standings of organisations by id, `batches` are kept by the id of the
    batch, `successors` by the id of a dose that ended (`IN_ERROR`, or the dose in its place), `lots` are the
    advisories of every lot that was commissioned, `disputes` hashes of holder and dose, `controllers` those of holders
    who do not decide for themselves.
    """

    chain_id: int
    address: str
    jurisdiction: int
    block: int
    at: int
    expires_at: int
    issuers: Mapping[bytes, str]
    batches: Mapping[bytes, KeptBatch]
    successors: Mapping[bytes, bytes]
    lots: Mapping[bytes, Advisory]
    disputes: frozenset[bytes]
    controllers: Mapping[str, str]
    signature: bytes = b""

    # ---- what it answers, as the registry would

    def batch_of(self, organisation: bytes, root: bytes) -> Batch | None:
        """What is kept of a batch; None if it was never anchored."""
        kept = self.batches.get(batch_id(organisation, root))
        return kept.batch if kept else None

    def standing_of(self, certificate: Certificate, at: int | None = None) -> Standing | None:
        """How the dose of a certificate stands as of a time; None if nothing is proven."""
        kept = self.batches.get(batch_id(certificate.organisation, certificate.root))
        if kept is None or not _is_proven(certificate, kept.batch, at):
            return None
        name, dose = certificate.dose_id, certificate.dose
        advisories = self._lot_advisories(dose.lot)
        if dispute_key(dose.holder, name) in self.disputes:
            advisories |= Advisory.DISPUTED
        if not kept.has_ended(dose.index):
            status = Status.ACTIVE if kept.is_trusted else Status.ISSUER_UNTRUSTED
            return Standing(status, advisories, kept.batch)
        successor = self.successors.get(name, ZERO_HASH)
        if successor == IN_ERROR:
            return Standing(Status.REVOKED, advisories | Advisory.ENTERED_IN_ERROR, kept.batch)
        status = Status.REVOKED if successor == ZERO_HASH else Status.SUPERSEDED
        return Standing(status, advisories, kept.batch, successor)

    def _lot_advisories(self, lot: bytes) -> Advisory:
        return self.lots.get(lot, Advisory.UNTRACED_LOT)

    def controller_of(self, holder: str) -> str:
        """Who decides for a holder."""
        return self.controllers.get(holder, holder)

    # ---- whether it counts

    @property
    def domain(self) -> Domain:
        """The EIP-712 domain in which it is signed."""
        return Domain("VaccinationRegistry", "1", self.chain_id, self.address)

    @property
    def digest(self) -> bytes:
        """The 32 bytes that are signed."""
        message = {
            "jurisdiction": self.jurisdiction,
            "content": keccak256(rfc8785.dumps(self._content())),
            "block": self.block,
            "at": self.at,
            "expiresAt": self.expires_at,
        }
        return _STATEMENT.digest(self.domain, message)

    def signed(self, private_key: bytes) -> Checkpoint:
        """Copy it with the signature of a private key (32 bytes): that of the authority."""
        return replace(self, signature=sign(private_key, self.digest))

    def flaw(self, authority: str, *, now: int) -> Flaw | None:
        """Say why it does not count at a time by the verifier's clock (Unix seconds); None if `authority` signed it."""
        try:
            signer = recover(self.digest, self.signature)
        except InputError as error:
            return Flaw("CheckpointNotSigned", f"the checkpoint is not signed: {error.found}")
        if signer != authority:
            return Flaw("CheckpointNotSigned", f"{signer} signed the checkpoint, trusted is {authority}")
        if now >= self.expires_at:
            return Flaw("CheckpointExpired", f"the checkpoint was good until {self.expires_at}, it is {now}")
        return None

    # ---- its form

    def to_json(self) -> bytes:
        """Return the canonical JSON text (RFC 8785)."""
        return rfc8785.dumps({**self._content(), "sig": "0x" + self.signature.hex()})

    def _content(self) -> dict[str, Any]:
        return {
            "t": SCHEMA,
            "ch": self.chain_id,
            "reg": self.address,
            "jurisdiction": self.jurisdiction,
            "block": self.block,
            "at": self.at,
            "until": self.expires_at,
            "issuers": {_hex(issuer): standing for issuer, standing in self.issuers.items()},
            "batches": {_hex(name): _plain(kept) for name, kept in self.batches.items()},
            "successors": {_hex(dose): _hex(successor) for dose, successor in self.successors.items()},
            "lots": {_hex(lot): int(advisories) for lot, advisories in self.lots.items()},
            "disputes": sorted(_hex(one) for one in self.disputes),
            "controllers": dict(self.controllers),
        }

    @classmethod
    def parse(cls, text: str | bytes) -> Checkpoint:
        """Read a checkpoint. Raises `InputError` for anything that none has; whether it counts `flaw` says."""
        if len(text) > LARGEST:
            raise InputError(place="checkpoint", found=f"{len(text)} bytes", expected=f"at most {LARGEST}")
        try:
            raw = json.loads(text)
            if raw["t"] != SCHEMA:
                raise InputError(place="t", found=repr(raw["t"]), expected=SCHEMA)
            return cls(
                chain_id=_number(raw["ch"]),
                address=checksum_address(raw["reg"], place="reg"),
                jurisdiction=_number(raw["jurisdiction"], below=2**16),
                block=_number(raw["block"]),
                at=_number(raw["at"]),
                expires_at=_number(raw["until"]),
                issuers={bytes32(issuer): _standing(one) for issuer, one in raw["issuers"].items()},
                batches={bytes32(name): _kept(one) for name, one in raw["batches"].items()},
                successors={bytes32(dose): bytes32(one) for dose, one in raw["successors"].items()},
                lots={bytes32(lot): Advisory(_number(one, below=32)) for lot, one in raw["lots"].items()},
                disputes=frozenset(bytes32(one) for one in raw["disputes"]),
                controllers={checksum_address(a): checksum_address(b) for a, b in raw["controllers"].items()},
                signature=bytes.fromhex(raw["sig"].removeprefix("0x")),
            )
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError, binascii.Error, zlib.error) as error:
            place = str(error) if isinstance(error, KeyError) else "checkpoint"
            raise InputError(place=place, found="something else", expected=f"a file of form {SCHEMA}") from None


@dataclass(frozen=True)
class OfflineRegistry:
    """A checkpoint that answers for its registry, if `authority` signed it and it counts at `now` (Unix seconds).

    `authority` is the address whose signature the verifier trusts, None if it knows none; `now` is its own clock, or
    the time that is asked about where that is later.
    """

    checkpoint: Checkpoint
    authority: str | None
    now: int

    @cached_property
    def unfit(self) -> Flaw | None:
        """Why it cannot answer for the registry; None if it can."""
        if self.authority is None:
            return Flaw("AuthorityUnknown", "nobody said whose signature under the checkpoint counts")
        return self.checkpoint.flaw(self.authority, now=self.now)

    @property
    def chain_id(self) -> int:
        """The chain that it speaks of."""
        return self.checkpoint.chain_id

    @property
    def address(self) -> str:
        """The contract that it speaks of."""
        return self.checkpoint.address

    def batch_of(self, organisation: bytes, root: bytes) -> Batch | None:
        """What is kept of a batch; None if it was never anchored."""
        return self.checkpoint.batch_of(organisation, root)

    def standing_of(self, certificate: Certificate, at: int | None) -> Standing | None:
        """How the dose of a certificate stands as of a time; None if nothing is proven."""
        return self.checkpoint.standing_of(certificate, at)

    def controller_of(self, holder: str) -> str:
        """Who decides for a holder."""
        return self.checkpoint.controller_of(holder)


def pages_of(indices: Iterable[int]) -> dict[int, bytes]:
    """Write the status pages of a batch of which the doses at `indices` ended; a page without any is left out."""
    pages: dict[int, bytearray] = {}
    for index in indices:
        page = pages.setdefault(index // PAGE_SIZE, bytearray(_PAGE_BYTES))
        page[index % PAGE_SIZE // 8] |= 1 << index % 8
    return {number: bytes(page) for number, page in sorted(pages.items())}


def dispute_key(holder: str, dose: bytes) -> bytes:
    """Return what a checkpoint keeps of a dispute: a hash of holder and dose."""
    return keccak256(bytes.fromhex(holder[2:]) + dose)


def _is_proven(certificate: Certificate, batch: Batch, at: int | None) -> bool:
    """Whether the registry would find the dose in its batch; that the certificate fits together is known."""
    is_there = (at is None or at >= batch.anchored_at) and certificate.dose.index < batch.size
    return is_there and verify(certificate.root, certificate.leaf, certificate.proof, size=batch.size)


def _plain(kept: KeptBatch) -> dict[str, Any]:
    batch = kept.batch
    pages = {str(number): base64.b64encode(zlib.compress(page, 9)).decode() for number, page in kept.pages.items()}
    told = {"at": batch.anchored_at, "size": batch.size, "signer": batch.signer}
    return {**told, "trusted": kept.is_trusted, "pages": pages}


def _kept(raw: Mapping[str, Any]) -> KeptBatch:
    batch = Batch(_number(raw["at"]), _number(raw["size"]), checksum_address(raw["signer"]))
    return KeptBatch(batch, raw["trusted"] is True, {int(number): _page(one) for number, one in raw["pages"].items()})


def _number(value: Any, *, below: int = 2**53) -> int:
    if type(value) is not int or not 0 <= value < below:
        raise InputError(place="checkpoint", found=repr(value), expected=f"a whole number below {below}")
    return value


def _standing(value: Any) -> str:
    if not isinstance(value, str) or not _STANDING.fullmatch(value):
        raise InputError(place="issuers", found=ascii(value), expected="a standing such as ACTIVE")
    return value


def _page(packed: str) -> bytes:
    page = zlib.decompressobj().decompress(base64.b64decode(packed, validate=True), _PAGE_BYTES + 1)
    if len(page) != _PAGE_BYTES:
        raise InputError(place="pages", found=f"{len(page)} bytes", expected=str(_PAGE_BYTES))
    return page


def _hex(value: bytes) -> str:
    return "0x" + value.hex()
