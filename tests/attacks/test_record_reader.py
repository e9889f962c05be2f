"""Attacks on readers by those who keep their records: each twin is the module without its one defence."""

from __future__ import annotations

from collections.abc import Callable

from medtrust.blobs import fetch
from medtrust.consent import Purpose
from medtrust.envelope import commitment_of, read_header, seal
from medtrust.record_service import RecordService
from medtrust.record_wire import Asked, Release
from medtrust.wrapping import unwrap, wrap
from tests.attacks.framework import Attack, AttackTests, Blocked, attacks_on
from tests.attacks.python_twin import module, off_chain
from tests.attacks.sealed_records import NEXT, POISON, hospital
from tests.hospitals import CONTENT, READER_KEY, ask, hold, sign_consent, use_for
from tests.world import FAR, World

ATTACKS: list[Attack] = []
attack = attacks_on("", ATTACKS)


class TestAttacks(AttackTests):
    pass


def reader_of(
    world: World, service: RecordService, lie: Callable[[Release], Release], *patch: tuple[str, str]
) -> object:
    """The clinic as a reader of a service that changes what it releases."""
    twin = module(world, "record_reader", *patch)
    reader = twin.RecordReader(world.acting_as("clinic"), world.clinic, READER_KEY, "http://nobody", world.hospital)

    def post(act: str, asked: Asked | None) -> object:
        if asked is None:
            return {"nonce": "0x" + service.challenge().hex()}
        answer = getattr(service, act)(asked)
        return (lie(answer) if act == "release" else answer).to_json()

    reader._post = post
    return reader


@attack(
    "reader-given-an-old-version",
    defence="a reader asks the chain which version is the newest",
    blocked_by="SUPERSEDED",
)
@off_chain
def give_an_old_version(world: World) -> None:
    """As the custodian, hand out the version before the correction."""
    with hospital(world) as (keeper, held):
        old = held.newest
        blob = fetch(keeper.blobs, old.blob)
        key = unwrap(read_header(blob), old.key, world.hospital, keeper.key)
        keeper.anchor(keeper.store_next(held.record, NEXT).record)
        wrapped = wrap(read_header(blob), key, world.clinic, READER_KEY.public)
        reader = reader_of(
            world,
            RecordService(keeper),
            lambda _: Release(old.version, wrapped, blob),
            ("if status != RecordStatus.CURRENT:", "if False:"),
        )
        assert reader.read(held.record, sign_consent(world), purpose=Purpose.TREAT).content == CONTENT


@attack(
    "reader-given-another-content", defence="the envelope is the one that was anchored", blocked_by="AnotherEnvelope"
)
@off_chain
def give_each_reader_another_content(world: World) -> None:
    """As the custodian, seal a second content for one reader under the same version."""
    with hospital(world) as (keeper, held):
        version = held.newest.version
        false = seal(version.place(world.chain.id, world.suite.records.address), POISON)
        assert commitment_of(false.blob) != version.commitment
        wrapped = wrap(false.header, false.key, world.clinic, READER_KEY.public)
        reader = reader_of(
            world,
            RecordService(keeper),
            lambda _: Release(version, wrapped, false.blob),
            ("if commitment_of(release.blob) != version.commitment:", "if False:"),
        )
        assert reader.read(held.record, sign_consent(world), purpose=Purpose.TREAT).content == POISON


@attack("reader-given-another-record", defence="a reader gets the record that it asked for", blocked_by="AnotherRecord")
@off_chain
def give_another_record(world: World) -> None:
    """As the custodian, hand out the record of another patient in the place of this one's."""
    with hospital(world) as (keeper, held):
        other = hold(world, keeper, NEXT, patient=world.account("doctor").address).newest
        blob = fetch(keeper.blobs, other.blob)
        key = unwrap(read_header(blob), other.key, world.hospital, keeper.key)
        wrapped = wrap(read_header(blob), key, world.clinic, READER_KEY.public)
        reader = reader_of(
            world,
            RecordService(keeper),
            lambda _: Release(other.version, wrapped, blob),
            ("if (version.custodian, version.record) != (self.custodian, record):", "if False:"),
        )
        assert reader.read(held.record, sign_consent(world), purpose=Purpose.TREAT).content == NEXT


@attack("custodian-forgets-a-revocation", defence="storing ends the key epoch of lost readers", blocked_by="epoch 1")
@off_chain
def store_for_the_old_circle(world: World) -> None:
    """Revoke, and find that the next version was made in the same key epoch as if nobody had left."""
    with hospital(world) as (keeper, held):
        service, receipt = RecordService(keeper), sign_consent(world)
        ticket = service.ticket(ask(world, service, held.record, receipt))
        use_for(world, receipt, ticket)
        service.release(ask(world, service, held.record, receipt, ticket=ticket.number))
        patient = world.acting_as(world.patient).consent
        signature = patient.sign_revoke(receipt.id, deadline=FAR)
        world.acting_as("relayer").consent.revoke_by_sig(world.patient.address, receipt.id, signature, deadline=FAR)
        twin = module(world, "custodian", ("        self.sweep(record)\n", ""))
        careless = twin.Custodian(keeper.suite, keeper.organisation, keeper.vault, keeper.blobs, keeper.key)
        epoch = careless.anchor(careless.store_next(held.record, NEXT).record).newest.version.epoch
        if epoch:
            raise Blocked(f"epoch {epoch}")
