"""Attacks on records in emergencies: holders of shares, their services, and merges of unknown persons."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from medtrust import identities, vault
from medtrust.consent import DataClass
from medtrust.custodian import Custodian
from medtrust.emergency_reader import EmergencyReader
from medtrust.envelope import read_header
from medtrust.key_shares import join_shares, unwrap_share, wrap_share
from medtrust.record_service import CHALLENGE_SECONDS, RecordService
from medtrust.record_wire import HandedShare
from medtrust.sharing import Invited, share_record
from medtrust.vault import HeldRecord
from tests.attacks.framework import Attack, AttackTests, attacks_on
from tests.attacks.python_twin import module, off_chain
from tests.emergencies import open_session
from tests.hospitals import READER_KEY, ask, custodian_of, hold, sign_consent
from tests.tourists import (
    DOCTOR_KEY,
    Circle,
    ask_in_emergency,
    circle_of,
    open_everything,
    receive_the_tourist,
    vault_of,
)
from tests.world import World

ATTACKS: list[Attack] = []
attack = attacks_on("", ATTACKS)

ASKED = "or not self._emergency(session, patient, request):"
HOLDER = "laboratory"


class TestAttacks(AttackTests):
    pass


@contextmanager
def circle(world: World, *patch: tuple[str, str], **more: Any) -> Iterator[Circle]:
    """The tourist's record, shared among three; their services are twins without a defence where the world is one."""
    receive_the_tourist(world)
    with tempfile.TemporaryDirectory() as folder:
        service = module(world, "record_service", *patch).RecordService
        with circle_of(world, Path(folder), service=service, is_served=False, **more) as made:
            yield made


def take(world: World, made: Circle, session: int, name: str = HOLDER, **changes: Any) -> HandedShare:
    """Take the share of one holder as the doctor."""
    service = made.holders[name]
    return service.share(ask_in_emergency(world, service, made.card.sharing.id, session, **changes))


def opens(made: Circle, *handed: HandedShare) -> bool:
    """Whether these shares give the key, as the doctor's hospital unwraps them."""
    header = read_header(made.deposits[0].blob)
    return len(join_shares(header, [unwrap_share(header, one.share, DOCTOR_KEY) for one in handed])) == 32


def take_two(world: World, made: Circle, session: int, **changes: Any) -> bool:
    return opens(made, *(take(world, made, session, name, **changes) for name in ("laboratory", "pharmacy")))


# Who asks for a share


@attack("share-without-a-session", defence="each holder asks the chain for an open session", blocked_by="NoEmergency")
@off_chain
def take_without_a_session(world: World) -> None:
    """Ask the holders for their shares on an ordinary day."""
    with circle(world, (ASKED, ":")) as made:
        assert take_two(world, made, 0)


@attack("share-after-the-end", defence="the session is asked for at each release", blocked_by="NoEmergency")
@off_chain
def take_after_the_end(world: World) -> None:
    """Open a session, wait until it is over, and collect the shares then."""
    with circle(world, (ASKED, ":")) as made:
        number = open_everything(world, period=3600)
        world.chain.mine(seconds=3600)
        assert take_two(world, made, number)


@attack(
    "share-for-another-patient",
    defence="the session is one for the patient of the record",
    blocked_by="NoEmergency",
)
@off_chain
def take_another_patients(world: World) -> None:
    """Open a session for a patient who lies here, and take the shares of somebody else's record."""
    accomplice = world.account("stranger").address
    with circle(world, ("sharing.patient, request)", f'"{accomplice}", request)')) as made:
        assert take_two(world, made, open_everything(world, accomplice))


@attack("share-for-another-class", defence="the session covers the class of the record", blocked_by="NoEmergency")
@off_chain
def take_another_class(world: World) -> None:
    """Open vital signs, which nobody will question, and take the shares of a laboratory result."""
    vital = int(DataClass.VITAL_SIGNS)
    with circle(world, ("data_class=sharing.data_class)", f"data_class={vital})")) as made:
        assert take_two(world, made, open_session(world, classes=vital))


@attack("share-by-another-actor", defence="the session is one of who asks", blocked_by="NoEmergency")
@off_chain
def take_by_the_session_of_another(world: World) -> None:
    """As a colleague who may open nothing, ask with the number of the doctor's session."""
    receive_the_tourist(world)
    doctor = world.account("doctor").address
    with tempfile.TemporaryDirectory() as folder:
        patch = ("patient, request.actor, request.data_class", f'patient, "{doctor}", request.data_class')
        rule = module(world, "record_service", patch).emergency_rule(world.suite)
        with circle_of(world, Path(folder), is_served=False, emergency=rule) as made:
            assert take_two(world, made, open_everything(world), signer="hospital")


@attack("share-asked-again", defence="a challenge is answered once", blocked_by="Challenge")
@off_chain
def replay_a_request(world: World) -> None:
    """Listen to the doctor's request for a share, and send it again."""
    with circle(world, ("if expiry < now or nonce in self._answered:", "if expiry < now:")) as made:
        service = made.holders[HOLDER]
        asked = ask_in_emergency(world, service, made.card.sharing.id, open_everything(world))
        service.share(asked)
        assert service.share(asked).blob


@attack("share-asked-late", defence="a challenge is answered soon", blocked_by="Challenge")
@off_chain
def keep_a_request(world: World) -> None:
    """Steal a request for a share that was signed and never sent, and send it an hour later."""
    now = [1_000_000_000.0]
    patch = ("if expiry < now or nonce in self._answered:", "if nonce in self._answered:")
    with circle(world, patch, clock=lambda: now[0]) as made:
        service = made.holders[HOLDER]
        asked = ask_in_emergency(world, service, made.card.sharing.id, open_everything(world))
        now[0] += CHALLENGE_SECONDS + 3600
        assert service.share(asked).blob


@attack("share-request-passed-on", defence="a request names its holder", blocked_by="AnotherAddressee")
@off_chain
def pass_a_request_on(world: World) -> None:
    """As one holder, pass on to another what the doctor signed for oneself, and so come to two shares."""
    with circle(world, ("if ask.custodian != self.custodian.organisation:", "if False:")) as made:
        assert take(world, made, open_everything(world), custodian=world.pharmacy).blob


@attack("share-to-another-key", defence="shares go to the published key alone", blocked_by="EncryptionKey")
@off_chain
def put_another_key(world: World) -> None:
    """Between the doctor and a holder, put one's own key in the place of the hospital's."""
    with circle(world, (" or {asked.public.fingerprint, asked.ask.key} != {published}", "")) as made:
        service = made.holders[HOLDER]
        asked = ask_in_emergency(world, service, made.card.sharing.id, open_everything(world))
        handed = service.share(replace(asked, public=READER_KEY.public))
        assert unwrap_share(read_header(handed.blob), handed.share, READER_KEY).index == 1


@attack("share-taken-back", defence="a holder asks whether the key epoch was ended", blocked_by="SharesTakenBack")
@off_chain
def take_what_was_taken_back(world: World) -> None:
    """Collect shares that the custodian has taken back, as the record turned out to be another person's."""
    patch = (
        "if custodian.suite.records.key_epoch_of(version.custodian, version.record) != version.epoch:",
        "if False:",
    )
    with circle(world, patch) as made:
        number = open_everything(world)
        made.keeper.suite.records.rotate(world.clinic, made.record)
        assert take_two(world, made, number)


# What holders are made to believe, and what they tell


@attack("share-kept-for-an-accomplice", defence="the custodian signs for whom a share is", blocked_by="Signature")
@off_chain
def deposit_for_an_accomplice(world: World) -> None:
    """Carry the share to its holder, and write the name of an accomplice, whose emergency can be staged, on it."""
    with circle(world) as made:
        twin = module(
            world,
            "sharing",
            ("if not suite.accreditation.is_authorised(version.custodian, signer, Role.HOSPITAL):", "if False:"),
        )
        accomplice = world.account("stranger").address
        number = open_everything(world, accomplice)
        sharing = replace(made.card.sharing, patient=accomplice)
        forged = twin.Card(sharing, made.card.signature)
        for place, name in enumerate(("laboratory", "pharmacy")):
            deposit = made.deposits[place]
            made.vault_of(name).keep(twin.Deposit(forged, deposit.share, deposit.blob))
        stolen = replace(made, card=forged)
        assert take_two(world, stolen, number)


@contextmanager
def told(world: World, made: Circle, patch: tuple[str, str], handed: HandedShare) -> Iterator[EmergencyReader]:
    """The doctor, before a holder's service that says one thing."""
    twin = module(world, "emergency_reader", patch)
    known, twin.RecordReader = twin.RecordReader, lambda *_: SimpleNamespace(take_share=lambda *_: handed)
    try:
        yield twin.EmergencyReader(world.acting_as("doctor"), world.hospital, DOCTOR_KEY)
    finally:
        twin.RecordReader = known


@attack("share-that-lies", defence="each share is held against the card", blocked_by="FalseShare")
@off_chain
def lie_about_a_share(world: World) -> None:
    """As one holder, hand out a false share, so that the key is wrong and nobody knows who did it."""
    with circle(world) as made:
        honest, holder = take(world, made, open_everything(world)), made.card.sharing.holders[0]
        header = read_header(honest.blob)
        false = replace(unwrap_share(header, honest.share, DOCTOR_KEY), raw=bytes(32))
        lie = replace(honest, share=wrap_share(header, false, world.hospital, DOCTOR_KEY.public))
        with told(world, made, ("if share_proof(header, share) != holder.proof:", "if False:"), lie) as reader:
            assert reader._take(made.card, 1, holder, 0) == (false, honest.blob)


@attack("share-with-another-envelope", defence="the envelope is held against the chain", blocked_by="AnotherEnvelope")
@off_chain
def send_another_envelope(world: World) -> None:
    """As one holder, send an envelope that was changed, so that the record does not open."""
    with circle(world) as made:
        honest, holder = take(world, made, open_everything(world)), made.card.sharing.holders[0]
        lie = replace(honest, blob=honest.blob[:-1] + bytes((honest.blob[-1] ^ 1,)))
        patch = ("if commitment_of(handed.blob) != sharing.version.commitment:", "if False:")
        with told(world, made, patch, lie) as reader:
            assert reader._take(made.card, 1, holder, 0)[1] == lie.blob


# Who an unknown person is said to be


@contextmanager
def unknown(world: World) -> Iterator[tuple[Custodian, HeldRecord]]:
    """The hospital, and a record of somebody whom nobody knows."""
    with tempfile.TemporaryDirectory() as folder:
        keeper = custodian_of(world, Path(folder))
        world.acting_as("clinic").records.publish_key(world.clinic, READER_KEY.public.fingerprint)
        yield keeper, hold(world, keeper, patient=keeper.receive("ED-2026-117").pseudonym)


@attack("merge-read-after-its-end", defence="who a record belongs to is asked at each release", blocked_by="NotHeld")
@off_chain
def read_after_the_unmerge(world: World) -> None:
    """Keep a consent by which a merged record was read, and read on after the merge was taken back."""
    with unknown(world) as (keeper, held):
        pseudonym, patient = held.patient, world.patient.address
        keeper.merge(pseudonym, patient, why="her brother knew her")
        service = module(
            world,
            "record_service",
            (
                "patient = self.custodian.vault.patient_of(held)\n        is_another",
                f'patient = "{patient}"\n        is_another',
            ),
        ).RecordService(keeper)
        service.ticket(ask(world, service, held.record, sign_consent(world)))
        keeper.unmerge(pseudonym, why="it was another woman")
        assert service.ticket(ask(world, service, held.record, sign_consent(world))).number


@attack("merge-reader-kept", defence="who read a record as another patient's is shut out", blocked_by="SharesTakenBack")
@off_chain
def keep_shares_after_the_unmerge(world: World) -> None:
    """Collect shares for the patient whom an unknown person was taken for, after the merge was taken back."""
    with circle(world) as made:
        keeper = made.keeper
        twin = module(world, "custodian", ("if reader.patient != patient:", "if False:")).Custodian
        keeper = twin(keeper.suite, keeper.organisation, keeper.vault, keeper.blobs, keeper.key)
        held = hold(world, keeper, patient=keeper.receive("ED-2026-117").pseudonym)
        keeper.merge(held.patient, world.patient.address, why="her brother knew her")
        holders = [one.custodian for one in made.holders.values()]
        invited = [Invited(one.organisation, "", one.key.public) for one in holders]
        card, deposits = share_record(keeper, held.record, invited, threshold=2)
        for holder, deposit in zip(holders, deposits, strict=True):
            vault_of(holder).keep(deposit)
        keeper.unmerge(held.patient, why="it was another woman")
        assert take_two(world, replace(made, card=card, deposits=deposits), open_everything(world))


@contextmanager
def storage(world: World) -> Iterator[tuple[Custodian, HeldRecord]]:
    """As `unknown`; in the twin world, nobody looks at the seals of the vault."""
    compared = "if key and not hmac.compare_digest(str(seal), hex_text(_seal(path, value, key))):"
    twin = module(world, "sealed_files", (compared, "if False:"))
    known = vault.read_sealed
    with unknown(world) as (keeper, held):
        vault.read_sealed = identities.read_sealed = twin.read_sealed
        try:
            yield keeper, held
        finally:
            vault.read_sealed = identities.read_sealed = known


@attack("merge-made-by-the-storage", defence="who is who is sealed by its custodian", blocked_by="VaultAltered")
@off_chain
def forge_a_merge(world: World) -> None:
    """As who keeps the disk, write that an unknown person is an accomplice, who consents to everything."""
    with storage(world) as (keeper, held):
        file = keeper.vault.folder / "identities" / f"{held.patient.lower()}.json"
        step = f'"patient": "{held.patient}"'
        file.write_text(file.read_text().replace(step, f'"patient": "{world.patient.address}"'))
        service = RecordService(keeper)
        assert service.ticket(ask(world, service, held.record, sign_consent(world))).number


@attack("merge-exchanged-by-the-storage", defence="a seal names its file", blocked_by="VaultAltered")
@off_chain
def exchange_a_merge(world: World) -> None:
    """As who keeps the disk, put the file of somebody who was identified in the place of another's."""
    with storage(world) as (keeper, held):
        other = keeper.receive("ED-2026-118").pseudonym
        keeper.merge(other, world.patient.address, why="her passport")
        folder = keeper.vault.folder / "identities"
        (folder / f"{held.patient.lower()}.json").write_bytes((folder / f"{other.lower()}.json").read_bytes())
        service = RecordService(keeper)
        assert service.ticket(ask(world, service, held.record, sign_consent(world))).number


@attack("record-moved-by-the-storage", defence="a record is sealed by its custodian", blocked_by="VaultAltered")
@off_chain
def move_a_record(world: World) -> None:
    """As who keeps the disk, write that a record is one of an accomplice."""
    with storage(world) as (keeper, held):
        file = keeper.vault.folder / f"{held.record.hex()}.json"
        file.write_text(file.read_text().replace(held.patient, world.patient.address))
        service = RecordService(keeper)
        assert service.ticket(ask(world, service, held.record, sign_consent(world))).number
