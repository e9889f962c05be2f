"""A tourist whom the clinic knows, unconscious at the hospital: records, holders of shares, and a doctor who opens."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from medtrust.blobs import FolderBlobs
from medtrust.consent import Purpose
from medtrust.custodian import Custodian
from medtrust.emergency import EVERYTHING
from medtrust.record_reader import RecordReader
from medtrust.record_service import RecordService
from medtrust.record_terms import Ask
from medtrust.record_wire import Asked
from medtrust.signing import sign
from medtrust.types import ZERO_HASH
from medtrust.vault import Vault
from medtrust.wrapping import PrivateKey
from tests.emergencies import open_session, staff
from tests.world import World

__all__ = ["DOCTOR_KEY", "ask_in_emergency", "doctor_at", "keeper_of", "open_everything", "receive_the_tourist"]

KEYS = {name: PrivateKey.generate() for name in ("hospital", "clinic", "laboratory", "pharmacy", "insurer")}
DOCTOR_KEY = KEYS["hospital"]


def keeper_of(world: World, name: str, folder: Path) -> Custodian:
    """An organisation as a custodian, with a vault and a store of its own in a folder, its key published."""
    vault, blobs = Vault(folder / name / "vault"), FolderBlobs(folder / name / "blobs")
    custodian = Custodian(world.acting_as(name), getattr(world, name), vault, blobs, KEYS[name])
    custodian.publish_key()
    return custodian


def receive_the_tourist(world: World) -> None:
    """The hospital has a doctor of its emergency unit, a privacy officer, and a published key."""
    staff(world)
    world.acting_as("hospital").records.publish_key(world.hospital, DOCTOR_KEY.public.fingerprint)


def open_everything(world: World, patient: str = "", **more: Any) -> int:
    """Open every class of the patient's data as the doctor; returns the number of the session."""
    return open_session(world, patient=patient, classes=EVERYTHING, **more)


def doctor_at(world: World, url: str, custodian: bytes, by: str = "doctor") -> RecordReader:
    """The hospital as a reader, by its doctor."""
    return RecordReader(world.acting_as(by), world.hospital, DOCTOR_KEY, url, custodian)


def ask_in_emergency(
    world: World, service: RecordService, record: bytes, session: int, *, signer: str = "doctor", **changes: Any
) -> Asked:
    """What the doctor asks of a service, signed; `changes` are made to the statement before it is signed."""
    account = world.account(signer)
    statement = Ask(
        actor=account.address,
        organisation=world.hospital,
        custodian=service.custodian.organisation,
        consent=session.to_bytes(32, "big"),
        record=record,
        purpose=Purpose.ETREAT,
        data_class=0,
        facility=ZERO_HASH,
        key=DOCTOR_KEY.public.fingerprint,
        nonce=service.challenge(),
    )
    statement = replace(statement, **changes)
    signature = sign(bytes(account.key), statement.digest(world.suite.records.domain))
    return Asked(statement, signature, None, DOCTOR_KEY.public)
