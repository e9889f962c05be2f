"""A custodian: seals records, anchors their versions, and shuts out whoever lost the right to read."""

from __future__ import annotations

import secrets
from dataclasses import replace
from hashlib import sha256
from typing import Final

from medtrust.blobs import BlobStore, fetch
from medtrust.chain import Receipt
from medtrust.envelope import commitment_of, open_sealed, read_header, seal
from medtrust.errors import CheckRefused, InputError
from medtrust.identities import Identity
from medtrust.keyed import keyed_hash
from medtrust.record_terms import Version
from medtrust.suite import Suite
from medtrust.types import ZERO_HASH, bytes32
from medtrust.vault import Basis, HeldRecord, HeldVersion, Reader, Vault
from medtrust.wrapping import PrivateKey, unwrap, wrap

__all__ = ["Custodian"]

_CONTENT: Final = "medtrust/content/1"


class Custodian:
    """What a hospital does with the records that it keeps, as the signer of `suite`.

    `organisation` is its 32-byte id, `key` its encryption key, to which each data key is wrapped first; so neither the
    vault nor the store of blobs opens anything by itself.
    """

    def __init__(self, suite: Suite, organisation: bytes, vault: Vault, blobs: BlobStore, key: PrivateKey) -> None:
        self.suite = suite
        self.organisation = bytes32(organisation, place="organisation")
        self.vault = vault.sealed_with(key)
        self.blobs = blobs
        self.key = key

    def publish_key(self) -> Receipt | None:
        """Publish the fingerprint of the encryption key, as the administrator; None if it stands there already.

        Raises `Reverted` with error "NotAdmin".
        """
        fingerprint = self.key.public.fingerprint
        if self.suite.records.key_of(self.organisation) == fingerprint:
            return None
        return self.suite.records.publish_key(self.organisation, fingerprint)

    def store(
        self,
        content: bytes,
        *,
        patient: str,
        data_class: int,
        sensitivity: int,
        data_at: int,
        kind: str = "",
    ) -> HeldRecord:
        """Seal the first version of a new record and keep it; `anchor` puts it on the chain.

        Run again with the same content for the same patient, class, label and kind, it returns the record there is.
        The content is kept byte for byte. `patient` is the address by which this custodian knows the patient;
        `data_class` is one bit of `DataClass`, `sensitivity` a level of `Confidentiality`, `data_at` the time of the
        data (Unix seconds), `kind` what doctors call it, such as "http://loinc.org|4548-4".
        """
        record = secrets.token_bytes(32)
        held = HeldRecord(record, patient, int(data_class), int(sensitivity), data_at, kind)
        known = [one for one in self.vault.of_patient(patient) if self._is_like(one, held, content)]
        return known[0] if known else self.vault.add(replace(held, draft=self._seal(record, content)))

    def store_next(self, record: bytes, content: bytes, *, data_at: int | None = None) -> HeldRecord:
        """Seal the next version of a record and keep it, in place of one that was sealed and never anchored.

        First, `sweep` shuts out whoever lost the right to read. Run again with the same content for the same readers,
        it changes nothing. Raises `CheckRefused` with reason "NotHeld".
        """
        known = self.settle(record)
        self.sweep(record)
        if self._is_up_to_date(known, content):
            return known
        draft = self._seal(record, content)

        def take(held: HeldRecord) -> HeldRecord:
            return replace(held, draft=draft, data_at=held.data_at if data_at is None else data_at)

        return self.vault.change(record, take)

    def anchor(self, record: bytes) -> HeldRecord:
        """Anchor the version that was sealed last; one that stands on the chain already is only noted.

        Raises `InputError` if there is none, and `Reverted` with error "NotAuthorised", or "WrongKeyEpoch" if the
        readers changed since it was sealed: store it anew.
        """
        held = self.settle(record)
        if held.draft is None:
            if held.versions:
                return held
            raise InputError(place="record", found="nothing sealed", expected="a stored version")
        version = held.draft.version
        self.suite.records.anchor(
            version.custodian, version.record, version.commitment, previous=version.previous, epoch=version.epoch
        )
        return self.settle(record)

    def settle(self, record: bytes) -> HeldRecord:
        """Note a sealed version as anchored if the chain has it, so that a run that was killed is taken up again."""
        held = self.vault.get(record)
        if held.draft is None:
            return held
        newest = self.suite.records.newest_of(self.organisation, record)
        if newest.fingerprint != held.draft.version.fingerprint:
            return held

        def note(held: HeldRecord) -> HeldRecord:
            if held.draft is None or held.draft.version.fingerprint != newest.fingerprint:
                return held
            anchored = replace(held.draft, recorded_at=newest.recorded_at)
            return replace(held, versions=(*held.versions, anchored), draft=None)

        return self.vault.change(record, note)

    def sweep(self, record: bytes) -> bool:
        """End the key epoch of a record if a consent of a reader was revoked, or one read in an emergency.

        A consent that stands on others counts as revoked with any of them.

        So it is if the record belongs to another patient than when it was read or shared. Returns whether it did.
        """
        held = self.vault.get(record)
        epoch = self.suite.records.key_epoch_of(self.organisation, record)
        patient = self.vault.patient_of(held)
        lost = any(self._is_lost(reader, patient) for reader in held.readers if reader.key_epoch == epoch)
        if lost:
            self.suite.records.rotate(self.organisation, record)
        return lost

    def _is_lost(self, reader: Reader, patient: str) -> bool:
        """Whether a reader may not read on; holders of shares, noted as this custodian itself, ask the chain then."""
        if reader.patient != patient:
            return True
        if reader.organisation == self.organisation:
            return False
        return reader.consent == ZERO_HASH or any(self._is_withdrawn(basis, patient) for basis in reader.bases)

    def _is_withdrawn(self, basis: Basis, patient: str) -> bool:
        consent = self.suite.consent
        return (
            consent.record_of(patient, basis.consent).revoked_at != 0
            or consent.epoch_of(patient, basis.organisation) != basis.epoch
        )

    def receive(self, case: str) -> Identity:
        """Make the pseudonym of a person whom nobody knows; `case` is what the house calls her. Again, the same one.

        Her records are stored under it like anyone's, and it can be opened in emergencies.
        """
        return self.vault.identities.make(case, at=self.suite.chain.now())

    def merge(self, pseudonym: str, patient: str, *, why: str) -> Identity:
        """Identify an unknown person: what was recorded under the pseudonym belongs to the patient (address) from now.

        Who reads the patient's records by her consents reads these too. Keys end that were released for the pseudonym.
        Nothing on the chain links the two. Again, it changes nothing, and goes on where it was killed. Raises
        `CheckRefused` with reason "NotUnidentified", "AlreadyMerged" or "Unidentified".
        """
        merged = self.vault.identities.merge(pseudonym, patient, at=self.suite.chain.now(), why=why)
        self._sweep_all(pseudonym)
        return merged

    def unmerge(self, pseudonym: str, *, why: str) -> Identity:
        """Take a merge back that was wrong: the records belong to the unknown person again, and nothing is lost.

        Keys end that were released for the patient; `readers_by` says who has read. Again, it changes nothing, and goes
        on where it was killed. Raises `CheckRefused` with reason "NotUnidentified" or "NotMerged".
        """
        single = self.vault.identities.unmerge(pseudonym, at=self.suite.chain.now(), why=why)
        self._sweep_all(pseudonym)
        return single

    def readers_by(self, pseudonym: str, patient: str) -> list[tuple[bytes, bytes]]:
        """List who was given records of a pseudonym as those of a patient: record and organisation, 32 bytes each."""
        return [
            (held.record, reader.organisation)
            for held in self.vault.of_patient(pseudonym)
            for reader in held.readers
            if reader.patient == patient and reader.organisation != self.organisation
        ]

    def _sweep_all(self, pseudonym: str) -> None:
        for held in self.vault.of_patient(pseudonym):
            if held.readers:
                self.sweep(held.record)

    def read(self, record: bytes) -> bytes:
        """Open the newest version of a record of one's own.

        Raises `CheckRefused` with reason "NotHeld", "BlobMissing", "BlobAltered", or what `unwrap` and `open_sealed`
        find.
        """
        held = self.vault.get(record).newest
        if held is None:
            raise CheckRefused("NotHeld", "no version of this record is anchored")
        blob = fetch(self.blobs, held.blob)
        header = read_header(blob)
        key = unwrap(header, held.key, self.organisation, self.key)
        return open_sealed(blob, key, held.version.place(self.suite.chain.id, self.suite.records.address))

    def _is_like(self, known: HeldRecord, held: HeldRecord, content: bytes) -> bool:
        newest = known.draft or known.newest
        facts = [(one.patient, one.data_class, one.sensitivity, one.kind) for one in (known, held)]
        return newest is not None and newest.content == self._content_hash(content) and facts[0] == facts[1]

    def _is_up_to_date(self, known: HeldRecord, content: bytes) -> bool:
        """Whether the newest version holds this content, and can be anchored, or was, for the readers of now."""
        newest = known.draft or known.newest
        if newest is None or newest.content != self._content_hash(content):
            return False
        records = self.suite.records
        on_chain = records.newest_of(self.organisation, known.record).fingerprint
        fits = newest.version.previous if newest is known.draft else newest.version.fingerprint
        return on_chain == fits and newest.version.epoch == records.key_epoch_of(self.organisation, known.record)

    def _content_hash(self, content: bytes) -> bytes:
        return keyed_hash(self.key.raw, _CONTENT, sha256(content).digest())

    def _seal(self, record: bytes, content: bytes) -> HeldVersion:
        records = self.suite.records
        newest = records.newest_of(self.organisation, record)
        version = Version(
            custodian=self.organisation,
            record=record,
            number=newest.number + 1,
            epoch=records.key_epoch_of(self.organisation, record),
            commitment=ZERO_HASH,
            previous=newest.fingerprint,
            signer=self.suite.signer_address,
        )
        sealed = seal(version.place(self.suite.chain.id, records.address), content)
        return HeldVersion(
            version=replace(version, commitment=commitment_of(sealed.blob)),
            blob=self.blobs.put(sealed.blob),
            key=wrap(sealed.header, sealed.key, self.organisation, self.key.public),
            content=self._content_hash(content),
        )
