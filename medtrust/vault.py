"""A custodian's vault: what it knows of each record that it keeps, in files that only it can read."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from medtrust.blobs import Blob
from medtrust.errors import CheckRefused
from medtrust.files import remove_drafts
from medtrust.identities import Identities
from medtrust.json_fields import JsonFields, hex_text
from medtrust.key_shares import WrappedShare
from medtrust.keyed import keyed_hash
from medtrust.record_terms import Version
from medtrust.sealed_files import locked, read_sealed, write_sealed
from medtrust.wrapping import KeySuite, PrivateKey, WrappedKey

__all__ = [
    "Basis",
    "HeldRecord",
    "HeldVersion",
    "Reader",
    "Vault",
    "share_from_json",
    "share_to_json",
    "version_from_json",
    "version_to_json",
    "wrapped_from_json",
    "wrapped_to_json",
]

_FORMAT: Final = "record/1"
_SEALING: Final = "medtrust/vault/1"


@dataclass(frozen=True)
class HeldVersion:
    """One version of a record: what is anchored of it, where its envelope is, and its key, wrapped to the custodian.

    `content` is a hash of the content under a key of the custodian, so that the same content is known again.
    `recorded_at` is when it was anchored (Unix seconds), 0 before.
    """

    version: Version
    blob: Blob
    key: WrappedKey
    content: bytes
    recorded_at: int = 0


@dataclass(frozen=True)
class Basis:
    """A consent that somebody reads by: its id, whom it was given to, and of which epoch of the patient it is."""

    consent: bytes
    organisation: bytes
    epoch: int


@dataclass(frozen=True)
class Reader:
    """Who was given a key: by which consent, of which epoch of the patient, and in which key epoch of the record.

    `consent` is 32 zero bytes for who read in an emergency. `patient` is the address whose consent or emergency it was.
    Where the custodian handed shares of the key to others, the reader is itself, and `consent` the id of the sharing.
    `under` are the consents that the consent stands on, the first one first.
    """

    consent: bytes
    organisation: bytes
    consent_epoch: int
    key_epoch: int
    patient: str
    under: tuple[Basis, ...] = ()

    @property
    def bases(self) -> tuple[Basis, ...]:
        """All the consents that it reads by: each must stand."""
        return (*self.under, Basis(self.consent, self.organisation, self.consent_epoch))


@dataclass(frozen=True)
class HeldRecord:
    """A record as its custodian knows it. Nothing of this ever reaches a chain.

    `patient` is the address by which the custodian knows the patient, `data_class` and `sensitivity` are what a consent
    must cover, `kind` says for doctors what it is ("http://loinc.org|4548-4"), `data_at` is the time of the data (Unix
    seconds). `draft` is a version that was sealed and not yet seen on the chain.
    """

    record: bytes
    patient: str
    data_class: int
    sensitivity: int
    data_at: int
    kind: str = ""
    versions: tuple[HeldVersion, ...] = ()
    draft: HeldVersion | None = None
    readers: tuple[Reader, ...] = ()

    @property
    def newest(self) -> HeldVersion | None:
        """The newest version that is anchored."""
        return self.versions[-1] if self.versions else None

    def with_reader(self, reader: Reader) -> HeldRecord:
        """Copy it with one more reader."""
        return self if reader in self.readers else replace(self, readers=(*self.readers, reader))


class Vault:
    """A folder with one file for each record, and for each patient an empty one with its name; mode 0600.

    A custodian seals each file (`sealed_with`), so that whoever can write to the folder changes nothing unseen. Who
    puts back an older file is not found out.
    """

    def __init__(self, folder: Path, *, seal: bytes = b"") -> None:
        self.folder = folder
        self._seal = seal
        self.identities = Identities(folder / "identities", seal)
        if folder.is_dir():
            remove_drafts(folder)

    def sealed_with(self, key: PrivateKey) -> Vault:
        """Open the same folder as its owner, who has this key."""
        return Vault(self.folder, seal=keyed_hash(key.raw, _SEALING))

    def get(self, record: bytes) -> HeldRecord:
        """Look a record up. Raises `CheckRefused` with reason "NotHeld", or "VaultAltered" if others wrote its file."""
        file = self._file(record)
        if not file.is_file():
            raise CheckRefused("NotHeld", f"no record {hex_text(record)} is kept here")
        return _from_json(read_sealed(file, self._seal))

    def add(self, held: HeldRecord) -> HeldRecord:
        """Write a new record, whole or not at all."""
        marker = self._marks(held.patient) / held.record.hex()
        marker.parent.mkdir(parents=True, exist_ok=True)
        marker.touch(mode=0o600)  # first, so that a record that is there is always found
        write_sealed(self._file(held.record), _to_json(held), self._seal)
        return held

    def change(self, record: bytes, change: Callable[[HeldRecord], HeldRecord]) -> HeldRecord:
        """Change a record while no other process does, so that a service and a command lose nothing of each other.

        Raises `CheckRefused` with reason "NotHeld".
        """
        with locked(self.folder):
            return self.add(change(self.get(record)))

    def patient_of(self, held: HeldRecord) -> str:
        """Return the address of the patient that a record belongs to now: merged ones belong to who was identified."""
        return self.identities.patient_of(held.patient)

    def belonging_to(self, patient: str) -> Iterator[HeldRecord]:
        """Read the records that belong to a patient (address) now, with those of pseudonyms that stand for it."""
        if self.identities.patient_of(patient) == patient:
            yield from self.of_patient(patient)
        for pseudonym in self.identities.merged_into(patient):
            yield from self.of_patient(pseudonym)

    def of_patient(self, patient: str) -> Iterator[HeldRecord]:
        """Read the records that were made for an address, in the order of their ids; others are not touched."""
        for marker in sorted(self._marks(patient).glob("*")):
            if self._file(bytes.fromhex(marker.name)).is_file():
                yield self.get(bytes.fromhex(marker.name))

    def _marks(self, patient: str) -> Path:
        return self.folder / "patients" / patient.lower()

    def _file(self, record: bytes) -> Path:
        return self.folder / f"{record.hex()}.json"


def version_to_json(version: Version) -> dict[str, Any]:
    """Write a version as JSON takes it."""
    return {
        "custodian": hex_text(version.custodian),
        "record": hex_text(version.record),
        "number": version.number,
        "epoch": version.epoch,
        "commitment": hex_text(version.commitment),
        "previous": hex_text(version.previous),
        "signer": version.signer,
    }


def version_from_json(raw: JsonFields) -> Version:
    """Read what `version_to_json` wrote. Raises `InputError` with the field that is wrong."""
    return Version(
        custodian=raw.hash("custodian"),
        record=raw.hash("record"),
        number=raw.number("number", bits=24),
        epoch=raw.number("epoch", bits=32),
        commitment=raw.hash("commitment"),
        previous=raw.octets("previous", length=24),
        signer=raw.address("signer"),
    )


def wrapped_to_json(wrapped: WrappedKey) -> dict[str, Any]:
    """Write a wrapped key as JSON takes it."""
    return {
        "suite": wrapped.suite.name,
        "recipient": hex_text(wrapped.recipient),
        "fingerprint": hex_text(wrapped.fingerprint),
        "sealed": hex_text(wrapped.sealed),
    }


def wrapped_from_json(raw: JsonFields) -> WrappedKey:
    """Read what `wrapped_to_json` wrote. Raises `InputError` with the field that is wrong."""
    name = raw.take("suite", str)
    if name not in KeySuite.__members__:
        raw.require("suite", " or ".join(KeySuite.__members__))
    return WrappedKey(KeySuite[name], raw.hash("recipient"), raw.hash("fingerprint"), raw.octets("sealed"))


def share_to_json(share: WrappedShare) -> dict[str, Any]:
    """Write a wrapped share as JSON takes it."""
    return {
        "index": share.index,
        "threshold": share.threshold,
        "holder": hex_text(share.holder),
        "sealed": hex_text(share.sealed),
    }


def share_from_json(raw: JsonFields) -> WrappedShare:
    """Read what `share_to_json` wrote. Raises `InputError` with the field that is wrong."""
    return WrappedShare(
        index=raw.number("index", bits=8),
        threshold=raw.number("threshold", bits=8),
        holder=raw.hash("holder"),
        sealed=raw.octets("sealed"),
    )


def _to_json(held: HeldRecord) -> dict[str, Any]:
    return {
        "format": _FORMAT,
        "record": hex_text(held.record),
        "patient": held.patient,
        "dataClass": held.data_class,
        "sensitivity": held.sensitivity,
        "dataAt": held.data_at,
        "kind": held.kind,
        "versions": [_held_to_json(one) for one in held.versions],
        "drafts": [_held_to_json(held.draft)] if held.draft else [],
        "readers": [
            {
                "consent": hex_text(one.consent),
                "organisation": hex_text(one.organisation),
                "consentEpoch": one.consent_epoch,
                "keyEpoch": one.key_epoch,
                "patient": one.patient,
                "under": [_basis_to_json(basis) for basis in one.under],
            }
            for one in held.readers
        ],
    }


def _from_json(raw: Any) -> HeldRecord:
    whole = JsonFields(raw, "record")
    whole.require("format", _FORMAT)
    drafts = [_held_from_json(one) for one in whole.each("drafts")]
    return HeldRecord(
        record=whole.hash("record"),
        patient=whole.address("patient"),
        data_class=whole.number("dataClass", bits=32),
        sensitivity=whole.number("sensitivity", bits=8),
        data_at=whole.number("dataAt"),
        kind=whole.take("kind", str),
        versions=tuple(_held_from_json(one) for one in whole.each("versions")),
        draft=drafts[0] if drafts else None,
        readers=tuple(_reader_from_json(one) for one in whole.each("readers")),
    )


def _reader_from_json(raw: JsonFields) -> Reader:
    return Reader(
        consent=raw.hash("consent"),
        organisation=raw.hash("organisation"),
        consent_epoch=raw.number("consentEpoch"),
        key_epoch=raw.number("keyEpoch"),
        patient=raw.address("patient"),
        under=tuple(_basis_from_json(one) for one in raw.each("under", is_optional=True)),
    )


def _basis_to_json(basis: Basis) -> dict[str, Any]:
    return {
        "consent": hex_text(basis.consent),
        "organisation": hex_text(basis.organisation),
        "epoch": basis.epoch,
    }


def _basis_from_json(raw: JsonFields) -> Basis:
    return Basis(raw.hash("consent"), raw.hash("organisation"), raw.number("epoch"))


def _held_to_json(held: HeldVersion) -> dict[str, Any]:
    return {
        "version": version_to_json(held.version),
        "digest": held.blob.digest,
        "reference": held.blob.reference,
        "key": wrapped_to_json(held.key),
        "content": hex_text(held.content),
        "recordedAt": held.recorded_at,
    }


def _held_from_json(raw: JsonFields) -> HeldVersion:
    return HeldVersion(
        version=version_from_json(raw.inner("version")),
        blob=Blob(raw.take("digest", str), raw.take("reference", str)),
        key=wrapped_from_json(raw.inner("key")),
        content=raw.hash("content"),
        recorded_at=raw.number("recordedAt"),
    )
