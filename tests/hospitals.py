"""Two hospitals of the default world: the hospital keeps records and serves them, the clinic reads them by consents."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from eth_account.signers.local import LocalAccount

from medtrust.blobs import FolderBlobs
from medtrust.consent import Confidentiality, Consent, DataClass, Purpose, SignedConsent, Terms
from medtrust.custodian import Custodian
from medtrust.record_background import serving, serving_application
from medtrust.record_reader import RecordReader
from medtrust.record_service import RecordService
from medtrust.record_terms import Ask
from medtrust.record_wire import Asked, Ticket
from medtrust.signing import sign
from medtrust.types import ZERO_HASH
from medtrust.vault import HeldRecord, Vault
from medtrust.wrapping import PrivateKey, PublicKey
from tests.world import USA, World

__all__ = [
    "CONTENT",
    "DAY",
    "HBA1C",
    "NEXT",
    "READER_KEY",
    "ask",
    "custodian_of",
    "hold",
    "reader_of",
    "revoke",
    "serving",
    "serving_application",
    "sign_consent",
    "sign_line",
    "use_for",
]

DAY = 86_400
HBA1C = "http://loinc.org|4548-4"
CONTENT = b'{"resourceType":"Bundle","type":"document","entry":[{"resource":{"value":1.50}}]}\n'
NEXT = CONTENT.replace(b"1.50", b"1.60")
CUSTODIAN_KEY = PrivateKey.generate()
READER_KEY = PrivateKey.generate()


def custodian_of(world: World, folder: Path) -> Custodian:
    """The hospital as a custodian, with a vault and a store in a folder."""
    suite = world.acting_as("hospital")
    return Custodian(suite, world.hospital, Vault(folder / "vault"), FolderBlobs(folder / "blobs"), CUSTODIAN_KEY)


def hold(world: World, custodian: Custodian, content: bytes = CONTENT, **changes: Any) -> HeldRecord:
    """A record of the default patient, anchored: a laboratory result of a month ago, unless said otherwise."""
    values: dict[str, Any] = {
        "patient": world.patient.address,
        "data_class": DataClass.LABORATORY,
        "sensitivity": Confidentiality.N,
        "data_at": world.chain.now() - 30 * DAY,
        "kind": HBA1C,
        **changes,
    }
    return custodian.anchor(custodian.store(content, **values).record)


def sign_consent(world: World, *, terms: dict[str, Any] | None = None, **changes: Any) -> SignedConsent:
    """A receipt by which the patient lets the clinic read laboratory results for treatment, for ten days."""
    limits = Terms(
        purposes=Purpose.TREAT,
        data_classes=DataClass.LABORATORY,
        sensitivity=Confidentiality.N,
        jurisdiction=USA,
        facility=ZERO_HASH,
        data_from=0,
        data_until=0,
        onward=False,
        parent=ZERO_HASH,
        document=ZERO_HASH,
        salt=b"\x5a" * 32,
    )
    now = world.chain.now()
    patient = world.acting_as(world.patient).consent
    epoch = patient.epoch_of(world.patient.address, world.clinic)
    limits = replace(limits, **(terms or {}))
    consent = Consent(world.patient.address, world.clinic, now, now + 10 * DAY, 3, epoch, limits)
    return patient.sign(replace(consent, **changes))


def sign_line(world: World, depth: int = 2, **changes: Any) -> tuple[list[SignedConsent], SignedConsent]:
    """Consents to the pharmacy, each on the one before it, and the one to the clinic that stands on them.

    Together they are `depth`; `changes` are made to each of them.
    """
    now, patient = world.chain.now(), world.acting_as(world.patient).consent
    window = {"access_from": now, "access_until": now + 10 * DAY, **changes}
    of_pharmacy = {"grantee": world.pharmacy, "epoch": patient.epoch_of(world.patient.address, world.pharmacy)}
    line: list[SignedConsent] = []
    while len(line) < depth - 1:
        parent = line[-1].id if line else ZERO_HASH
        line.append(sign_consent(world, terms={"onward": True, "parent": parent}, **{**of_pharmacy, **window}))
    return line, sign_consent(world, terms={"parent": line[-1].id}, **window)


def reader_of(world: World, url: str, *, publish: bool = True) -> RecordReader:
    """The clinic as a reader, its key published."""
    suite = world.acting_as("clinic")
    if publish:
        suite.records.publish_key(world.clinic, READER_KEY.public.fingerprint)
    return RecordReader(suite, world.clinic, READER_KEY, url, world.hospital)


def ask(
    world: World,
    service: RecordService,
    record: bytes,
    receipt: SignedConsent,
    *,
    signer: LocalAccount | None = None,
    public: PublicKey | None = None,
    ticket: bytes = b"",
    kind: str = "",
    under: Sequence[SignedConsent] = (),
    **changes: Any,
) -> Asked:
    """What the clinic asks of the service, signed; `changes` are made to the statement before it is signed."""
    statement = Ask(
        actor=world.account("clinic").address,
        organisation=world.clinic,
        custodian=world.hospital,
        consent=receipt.id,
        record=record,
        purpose=Purpose.TREAT,
        data_class=0,
        facility=ZERO_HASH,
        key=READER_KEY.public.fingerprint,
        nonce=service.challenge(),
    )
    statement = replace(statement, **changes)
    key = bytes((signer or world.account("clinic")).key)
    signature = sign(key, statement.digest(world.suite.records.domain))
    return Asked(statement, signature, receipt, public or READER_KEY.public, ticket, kind, tuple(under))


def use_for(world: World, receipt: SignedConsent, ticket: Ticket) -> None:
    """Record the use that a ticket asks for, of a consent that is granted first."""
    clinic = world.acting_as("clinic").consent
    clinic.grant_by_sig(receipt)
    clinic.use(receipt.consent, ticket.commitment)


def revoke(world: World, receipt: SignedConsent) -> None:
    """Revoke a consent as the patient, who has no ETH; another sends it."""
    patient, deadline = world.acting_as(world.patient).consent, world.chain.now() + DAY
    signature = patient.sign_revoke(receipt.id, deadline=deadline)
    relay = world.acting_as("relayer").consent
    relay.revoke_by_sig(world.patient.address, receipt.id, signature, deadline=deadline)
