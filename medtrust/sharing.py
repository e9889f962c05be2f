"""Sharing: the key of a record split among holders, each of whom hands out its share only in an emergency."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from medtrust.accreditation import Role
from medtrust.blobs import fetch
from medtrust.custodian import Custodian
from medtrust.envelope import commitment_of, read_header
from medtrust.errors import CheckRefused, InputError
from medtrust.files import read_json, write_json
from medtrust.json_fields import JsonFields, base64_text, hex_text
from medtrust.keccak import keccak256
from medtrust.key_shares import WrappedShare, share_proof, split_key, unwrap_share, wrap_share
from medtrust.record_terms import Version
from medtrust.records import RecordStatus
from medtrust.signing import TypedData, recover, sign
from medtrust.suite import Suite
from medtrust.types import ZERO_HASH
from medtrust.vault import Reader, share_from_json, share_to_json, version_from_json, version_to_json
from medtrust.wrapping import PublicKey, unwrap

__all__ = ["Card", "Deposit", "Holder", "Invited", "Sharing", "share_record", "sharing_from_json", "sharing_to_json"]

_CARD: Final = "emergency-card/1"
_DEPOSIT: Final = "key-share/1"
_SHARING: Final = TypedData("Sharing", {"Sharing": {"content": "bytes32"}})


@dataclass(frozen=True)
class Invited:
    """Who is to hold a share: an organisation (32-byte id), where its service answers, and its encryption key."""

    organisation: bytes
    service: str
    public: PublicKey


@dataclass(frozen=True)
class Holder:
    """Who holds a share, where its service answers, and the hash by which a false share is known."""

    organisation: bytes
    service: str
    proof: bytes


@dataclass(frozen=True)
class Sharing:
    """One version of a record whose key any `threshold` of the holders give, in their order.

    `patient` is the address by which the custodian knows the patient, for which an emergency must be open, and
    `data_class` the class that it must cover.
    """

    version: Version
    patient: str
    data_class: int
    threshold: int
    holders: tuple[Holder, ...]

    @property
    def id(self) -> bytes:
        """The 32 bytes by which it is asked for: the hash of all of it."""
        return keccak256(json.dumps(sharing_to_json(self), sort_keys=True, separators=(",", ":")).encode())

    def place_of(self, organisation: bytes) -> int:
        """Find the index of a holder's share, from 1 on. Raises `CheckRefused` with reason "NotAHolder"."""
        for index, holder in enumerate(self.holders, start=1):
            if holder.organisation == organisation:
                return index
        raise CheckRefused("NotAHolder", "no share of this key is for this organisation")


@dataclass(frozen=True)
class Card:
    """What a patient carries: which record opens in an emergency, and where. There is no key in it."""

    sharing: Sharing
    signature: bytes = field(repr=False)

    def require_genuine(self, suite: Suite) -> Card:
        """Return the card if its custodian made it, of a version that stands on the chain.

        Raises `CheckRefused` with reason "Signature" if no hospital's signer of the custodian signed it, and with the
        status of the version unless that is CURRENT or SUPERSEDED.
        """
        version = self.sharing.version
        signer = recover(self.digest(suite), self.signature)
        if not suite.accreditation.is_authorised(version.custodian, signer, Role.HOSPITAL):
            raise CheckRefused("Signature", "the card is not signed for the custodian of the record")
        status = suite.records.status_of(version)
        if status not in (RecordStatus.CURRENT, RecordStatus.SUPERSEDED):
            raise CheckRefused(status.name, "the chain does not vouch for this version of the record")
        return self

    def digest(self, suite: Suite) -> bytes:
        """Hash what the custodian's signer signs."""
        return _SHARING.digest(suite.records.domain, {"content": self.sharing.id})

    def to_json(self) -> dict[str, Any]:
        """Write it as JSON takes it."""
        return {"format": _CARD, "sharing": sharing_to_json(self.sharing), "signature": hex_text(self.signature)}

    @classmethod
    def from_json(cls, raw: Any) -> Card:
        """Read what `to_json` wrote. Raises `InputError` with the field that is wrong."""
        whole = JsonFields(raw, "card")
        whole.require("format", _CARD)
        return cls(sharing_from_json(whole.inner("sharing")), whole.octets("signature"))

    def write(self, path: Path) -> None:
        """Write it to a file that only its owner can read."""
        write_json(path, self.to_json(), mode=0o600)

    @classmethod
    def read(cls, path: Path) -> Card:
        """Read a card from a file. Raises `InputError` with the file and the field that is wrong."""
        try:
            return cls.from_json(read_json(path))
        except InputError as error:
            raise error.within(str(path)) from None


@dataclass(frozen=True)
class Deposit:
    """What one holder keeps: the card, its share wrapped to itself, and the envelope."""

    card: Card
    share: WrappedShare
    blob: bytes = field(repr=False)

    def require_kept_by(self, holder: Custodian) -> Deposit:
        """Return the deposit if it is genuine and this holder can open its share.

        Raises `CheckRefused` as `Card.require_genuine` does, and with reason "NotAHolder", "AnotherHolder",
        "AnotherEnvelope", "WrongKey" or "FalseShare".
        """
        sharing = self.card.require_genuine(holder.suite).sharing
        index = sharing.place_of(holder.organisation)
        if self.share.holder != holder.organisation:
            raise CheckRefused("AnotherHolder", "the share is wrapped to another holder")
        if commitment_of(self.blob) != sharing.version.commitment:
            raise CheckRefused("AnotherEnvelope", "the envelope is not the one that was anchored")
        header = read_header(self.blob)
        share = unwrap_share(header, self.share, holder.key)
        if share.index != index or share_proof(header, share) != sharing.holders[index - 1].proof:
            raise CheckRefused("FalseShare", "the share is not the one that the card lists for this holder")
        return self

    def to_json(self) -> dict[str, Any]:
        """Write it as JSON takes it."""
        return {
            "format": _DEPOSIT,
            "card": self.card.to_json(),
            "share": share_to_json(self.share),
            "blob": base64_text(self.blob),
        }

    @classmethod
    def from_json(cls, raw: Any) -> Deposit:
        """Read what `to_json` wrote. Raises `InputError` with the field that is wrong."""
        whole = JsonFields(raw, "deposit")
        whole.require("format", _DEPOSIT)
        card = Card.from_json(whole.take("card", dict))
        return cls(card, share_from_json(whole.inner("share")), whole.base64("blob"))

    @classmethod
    def read(cls, path: Path) -> Deposit:
        """Read a deposit from a file. Raises `InputError` with the file and the field that is wrong."""
        try:
            return cls.from_json(read_json(path))
        except InputError as error:
            raise error.within(str(path)) from None


def share_record(
    custodian: Custodian, record: bytes, invited: Sequence[Invited], *, threshold: int
) -> tuple[Card, tuple[Deposit, ...]]:
    """Split the key of the newest version of a record among holders; returns the card and a deposit for each of them.

    The card goes to the patient, each deposit to its holder. Nothing goes on the chain; the key epoch of the record,
    ended with `rotate`, takes the shares back. Raises `CheckRefused` with reason "NotHeld", "EncryptionKey", or
    "KeyEpochEnded" if the next version must be stored first, and `InputError` for numbers that make no sense.
    """
    held = custodian.vault.get(record)
    newest = held.newest
    if newest is None:
        raise CheckRefused("NotHeld", "no version of this record is anchored")
    if custodian.suite.records.key_epoch_of(custodian.organisation, record) != newest.version.epoch:
        raise CheckRefused("KeyEpochEnded", "readers were shut out since this version: store the next one first")
    _check_invited(custodian, invited)
    blob = fetch(custodian.blobs, newest.blob)
    header = read_header(blob)
    key = unwrap(header, newest.key, custodian.organisation, custodian.key)
    shares = split_key(header, key, threshold=threshold, count=len(invited))
    holders = tuple(
        Holder(one.organisation, one.service, share_proof(header, share))
        for one, share in zip(invited, shares, strict=True)
    )
    sharing = Sharing(newest.version, custodian.vault.patient_of(held), held.data_class, threshold, holders)
    card = _sign(custodian.suite, sharing)
    noted = Reader(sharing.id, custodian.organisation, 0, newest.version.epoch, sharing.patient)
    custodian.vault.change(record, lambda now: now.with_reader(noted))  # first: what is handed out can be taken back
    return card, tuple(
        Deposit(card, wrap_share(header, share, one.organisation, one.public), blob)
        for one, share in zip(invited, shares, strict=True)
    )


def sharing_to_json(sharing: Sharing) -> dict[str, Any]:
    """Write a sharing as JSON takes it."""
    return {
        "version": version_to_json(sharing.version),
        "patient": sharing.patient,
        "dataClass": sharing.data_class,
        "threshold": sharing.threshold,
        "holders": [
            {"organisation": hex_text(one.organisation), "service": one.service, "proof": hex_text(one.proof)}
            for one in sharing.holders
        ],
    }


def sharing_from_json(raw: JsonFields) -> Sharing:
    """Read what `sharing_to_json` wrote. Raises `InputError` with the field that is wrong."""
    return Sharing(
        version=version_from_json(raw.inner("version")),
        patient=raw.address("patient"),
        data_class=raw.number("dataClass", bits=32),
        threshold=raw.number("threshold", bits=8),
        holders=tuple(
            Holder(one.hash("organisation"), one.take("service", str), one.hash("proof")) for one in raw.each("holders")
        ),
    )


def _check_invited(custodian: Custodian, invited: Sequence[Invited]) -> None:
    if len({one.organisation for one in invited}) != len(invited):
        raise InputError(place="holders", found="one of them twice", expected="different organisations")
    for one in invited:
        published = custodian.suite.records.key_of(one.organisation)
        if published == ZERO_HASH or one.public.fingerprint != published:
            raise CheckRefused("EncryptionKey", "the key of a holder is not the one that its organisation published")


def _sign(suite: Suite, sharing: Sharing) -> Card:
    if suite.signer is None:
        raise InputError(place="signer", found="none", expected="an account that acts for the custodian")
    return Card(sharing, sign(bytes(suite.signer.key), Card(sharing, b"").digest(suite)))
