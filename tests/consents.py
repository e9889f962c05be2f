"""Consents of the default patient to the hospital, restricted in every dimension, and requests that they just cover."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from medtrust.consent import Confidentiality, Consent, ConsentClient, DataClass, Purpose, Request, Terms
from medtrust.contract import Client
from medtrust.types import ZERO_HASH, name_hash
from tests.world import USA, World

DAY = 86_400
WARD = name_hash("ward 3")
SALT = b"\x5a" * 32


def valid_terms(world: World, **changes: Any) -> Terms:
    """Terms that restrict everything that can be restricted."""
    terms = Terms(
        purposes=Purpose.TREAT | Purpose.HPAYMT,
        data_classes=DataClass.LABORATORY | DataClass.MEDICATION,
        sensitivity=Confidentiality.N,
        jurisdiction=USA,
        facility=WARD,
        data_from=world.chain.now() - 365 * DAY,
        data_until=world.chain.now() + DAY,
        onward=False,
        parent=ZERO_HASH,
        document=name_hash("what the patient read"),
        salt=SALT,
    )
    return replace(terms, **changes)


def valid_consent(world: World, *, terms: Terms | None = None, **changes: Any) -> Consent:
    """A consent of the patient to the hospital, from now for ten days."""
    consent = Consent(
        patient=world.patient.address,
        grantee=world.hospital,
        access_from=world.chain.now(),
        access_until=world.chain.now() + 10 * DAY,
        max_uses=2,
        epoch=0,
        terms=terms or valid_terms(world),
    )
    return replace(consent, **changes)


def valid_request(world: World, **changes: Any) -> Request:
    """A request of the hospital that such a consent just covers."""
    request = Request(
        actor=world.account("hospital").address,
        organisation=world.hospital,
        purpose=Purpose.TREAT,
        data_class=DataClass.LABORATORY,
        sensitivity=Confidentiality.N,
        facility=WARD,
        jurisdiction=USA,
        data_at=world.chain.now(),
    )
    return replace(request, **changes)


def give_ether(world: World, account: str) -> None:
    """Let an account send transactions of its own."""
    world.chain.send(world.account("steward"), account, b"", value=10**18)


def patient_client(world: World) -> ConsentClient:
    """The registry as the patient, who was given ETH."""
    if world.chain.balance(world.patient.address) == 0:
        give_ether(world, world.patient.address)
    return world.acting_as(world.patient).consent


def simulate(client: Client, function: str, *arguments: Any) -> bytes:
    """Try a transaction in the very second of the newest block, without sending it."""
    data = client.interface.encode_call(function, arguments)
    sender = client.signer.address if client.signer else None
    return client.chain.call(client.address, data, sender=sender)
