"""A tourist whom the clinic knows, unconscious at the hospital: records, holders of shares, and a doctor who opens."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from fastapi import FastAPI

from medtrust.blobs import FolderBlobs
from medtrust.consent import Purpose
from medtrust.custodian import Custodian
from medtrust.emergency import EVERYTHING
from medtrust.record_reader import RecordReader
from medtrust.record_server import application
from medtrust.record_service import RecordService, emergency_rule
from medtrust.record_terms import Ask
from medtrust.record_wire import Asked
from medtrust.share_vault import ShareVault
from medtrust.sharing import Card, Deposit, Invited, share_record
from medtrust.signing import sign
from medtrust.types import ZERO_HASH
from medtrust.vault import Vault
from medtrust.wrapping import PrivateKey
from tests.emergencies import open_session, staff
from tests.hospitals import hold, serving_application
from tests.world import World

__all__ = [
    "DOCTOR_KEY",
    "HOLDERS",
    "Circle",
    "ask_in_emergency",
    "circle_of",
    "doctor_at",
    "keeper_of",
    "open_everything",
    "receive_the_tourist",
    "vault_of",
]

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


HOLDERS = ("laboratory", "pharmacy", "insurer")


@dataclass
class Circle:
    """The clinic's record of the tourist, shared among three holders, two of whom are needed."""

    keeper: Custodian
    record: bytes
    holders: dict[str, RecordService]
    card: Card
    deposits: tuple[Deposit, ...]

    def vault_of(self, name: str) -> ShareVault:
        """Where a holder keeps its shares."""
        return vault_of(self.holders[name].custodian)


def vault_of(holder: Custodian) -> ShareVault:
    """Where a holder keeps its shares: beside its vault."""
    return ShareVault(holder.vault.folder / "shares", holder)


@contextmanager
def circle_of(
    world: World, folder: Path, *, service: Any = RecordService, is_served: bool = True, **more: Any
) -> Iterator[Circle]:
    """Share a record and let the services of its holders run; `service` may be a twin, `more` goes to it."""
    keeper = keeper_of(world, "clinic", folder)
    record = hold(world, keeper).record
    more = {"emergency": emergency_rule(world.suite), **more}
    holders = {}
    for name in HOLDERS:
        holder = keeper_of(world, name, folder)
        holders[name] = service(holder, shares=vault_of(holder), **more)
    with _serving(holders) if is_served else nullcontext("http://127.0.0.1:9") as url:
        invited = [
            Invited(one.custodian.organisation, f"{url}/{name}", one.custodian.key.public)
            for name, one in holders.items()
        ]
        card, deposits = share_record(keeper, record, invited, threshold=2)
        for name, deposit in zip(HOLDERS, deposits, strict=True):
            vault_of(holders[name].custodian).keep(deposit)
        yield Circle(keeper, record, holders, card, deposits)


def _serving(holders: dict[str, RecordService]) -> AbstractContextManager[str]:
    """All holders on one port, each under its name."""
    app = FastAPI()
    for name, service in holders.items():
        app.mount(f"/{name}", application(service))
    return serving_application(app)
