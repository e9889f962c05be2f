"""Records between hospitals: what one sealed, the other reads by a consent, byte for byte, and only so long."""

from __future__ import annotations

import json
from dataclasses import replace
from hashlib import sha256

import pytest
import requests

from medtrust.blobs import fetch
from medtrust.consent import Confidentiality, DataClass, Purpose, Reason
from medtrust.custodian import Custodian
from medtrust.envelope import commitment_of, is_key_of, open_sealed, read_header
from medtrust.errors import CheckRefused, InputError, MedtrustError, Reverted
from medtrust.record_server import log_line
from medtrust.record_service import CHALLENGE_SECONDS, TICKET_SECONDS, RecordService
from medtrust.record_wire import Asked, Release, Ticket
from medtrust.records import RecordStatus
from medtrust.types import ZERO_HASH, name_hash
from medtrust.wrapping import PrivateKey, unwrap
from tests.hospitals import (
    CONTENT,
    DAY,
    HBA1C,
    READER_KEY,
    ask,
    custodian_of,
    hold,
    reader_of,
    serving,
    sign_consent,
    use_for,
)
from tests.world import ROOT

NEXT = CONTENT.replace(b"1.50", b"1.60")


class Clock:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.now = 1_000_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def custodian(world, tmp_path) -> Custodian:
    return custodian_of(world, tmp_path)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def log() -> list[dict]:
    return []


@pytest.fixture
def service(custodian, clock, log) -> RecordService:
    return RecordService(custodian, clock=clock, log=log.append)


@pytest.fixture
def held(world, custodian):
    """A laboratory result that is anchored."""
    return hold(world, custodian)


@pytest.fixture
def receipt(world):
    return sign_consent(world)


@pytest.fixture
def published(world):
    """The key of the clinic is published."""
    return world.acting_as("clinic").records.publish_key(world.clinic, READER_KEY.public.fingerprint)


@pytest.fixture
def used(world, service, held, receipt, published) -> Ticket:
    """A ticket whose use is recorded."""
    ticket = service.ticket(ask(world, service, held.record, receipt))
    use_for(world, receipt, ticket)
    return ticket


def bundles(corpus) -> list:
    return sorted((corpus / "synthea-r4").rglob("*.json"))


class TestWholeWay:
    """
    given every Synthea bundle, and a sample of our own
      when it is sealed, anchored, asked for by a consent and opened by the clinic -> the same bytes, for one use
    given all transactions of that way -> neither patient, content, key nor digest of the envelope is in them
    """

    def _carry(self, world, custodian, url, content: bytes) -> None:
        reader, receipt = (
            reader_of(world, url),
            sign_consent(world, max_uses=1, terms={"salt": sha256(content).digest()}),
        )
        record = hold(world, custodian, content).record
        first = world.chain.block_number()
        read = reader.read(record, receipt, purpose=Purpose.TREAT)
        assert read.content == content
        assert custodian.read(record) == content
        assert world.suite.consent.record_of(world.patient.address, receipt.id).uses == 1
        assert world.chain.block_number() == first + 2

    def test_carries_every_bundle(self, world, custodian, service, corpus):
        found = bundles(corpus)
        assert found
        with serving(service) as url:
            for file in found:
                self._carry(world, custodian, url, file.read_bytes())

    @pytest.mark.parametrize("sample", ["immunizations_bundle.json", "vxu_v04.hl7"])
    def test_carries_a_sample(self, world, custodian, service, sample):
        with serving(service) as url:
            self._carry(world, custodian, url, (ROOT / "medtrust" / "samples" / sample).read_bytes())

    def test_leaves_nothing_on_the_chain(self, world, custodian, service):
        first = world.chain.block_number() + 1
        record = hold(world, custodian).record
        custodian.publish_key()
        custodian.anchor(custodian.store_next(record, NEXT).record)
        custodian.suite.records.rotate(world.hospital, record)
        written = _written(world.chain, first)
        newest = custodian.vault.get(record).newest
        blob = fetch(custodian.blobs, newest.blob)
        canaries = [
            bytes.fromhex(world.patient.address[2:]),
            bytes.fromhex(newest.blob.digest),
            read_header(blob).salt,
            unwrap(read_header(blob), newest.key, world.hospital, custodian.key),
            CONTENT[:12],
        ]
        assert commitment_of(blob) in written
        assert [one.hex() for one in canaries if one in written] == []


def _written(chain, first: int) -> bytes:
    """All calldata and events since a block."""
    found = b""
    for number in range(first, chain.block_number() + 1):
        for transaction in chain.web3.eth.get_block(number, full_transactions=True)["transactions"]:
            logs = chain.receipt(bytes(transaction["hash"]).hex())[0].logs
            found += bytes(transaction["input"])
            found += b"".join(bytes(log["data"]) + b"".join(map(bytes, log["topics"])) for log in logs)
    return found


class TestRevoke:
    """
    given a clinic that read the first version
      when the patient revokes                 -> the service refuses as REVOKED, also a ticket that was used before
      when the next version is stored          -> its key epoch is a new one; the old key and wrapped key do not open it
      when the patient revokes all of it       -> the same, as EPOCH
      when the patient consents anew           -> the clinic reads the next version
    given a clinic that still may read         -> the key epoch stays
    """

    @pytest.fixture
    def release(self, world, service, held, receipt, used) -> Release:
        return service.release(ask(world, service, held.record, receipt, ticket=used.number))

    def _revoke(self, world, receipt):
        patient, relay = world.acting_as(world.patient).consent, world.acting_as("relayer").consent
        deadline = world.chain.now() + DAY
        relay.revoke_by_sig(
            world.patient.address, receipt.id, patient.sign_revoke(receipt.id, deadline=deadline), deadline=deadline
        )

    def _revoke_all(self, world):
        patient, relay = world.acting_as(world.patient).consent, world.acting_as("relayer").consent
        deadline, address = world.chain.now() + DAY, world.patient.address
        epoch = patient.epoch_of(address)
        signature = patient.sign_revoke_all(epoch=epoch, deadline=deadline)
        relay.revoke_all_by_sig(address, signature, epoch=epoch, deadline=deadline)

    def test_service_refuses_at_once(self, world, service, held, receipt, used):
        self._revoke(world, receipt)
        for asked in (
            ask(world, service, held.record, receipt, ticket=used.number),
            ask(world, service, held.record, receipt),
        ):
            with pytest.raises(CheckRefused) as refused:
                (service.release if asked.ticket else service.ticket)(asked)
            assert refused.value.reason == "REVOKED"

    def test_next_version_is_unreadable_to_the_revoked(self, world, custodian, held, receipt, release):
        old_key = unwrap(read_header(release.blob), release.key, world.clinic, READER_KEY)
        self._revoke(world, receipt)
        newest = custodian.anchor(custodian.store_next(held.record, NEXT).record).newest
        assert (newest.version.number, newest.version.epoch) == (2, 1)
        blob = fetch(custodian.blobs, newest.blob)
        place = newest.version.place(world.chain.id, world.suite.records.address)
        assert not is_key_of(read_header(blob), old_key)
        with pytest.raises(CheckRefused, match="WrongKey"):
            open_sealed(blob, old_key, place)
        with pytest.raises(CheckRefused, match="WrongKey"):
            unwrap(read_header(blob), release.key, world.clinic, READER_KEY)
        assert custodian.read(held.record) == NEXT

    def test_revoking_everything_does_the_same(self, world, custodian, service, held, receipt, release):
        self._revoke_all(world)
        with pytest.raises(CheckRefused) as refused:
            service.ticket(ask(world, service, held.record, receipt))
        assert refused.value.reason == "EPOCH"
        assert custodian.sweep(held.record)
        assert custodian.anchor(custodian.store_next(held.record, NEXT).record).newest.version.epoch == 1

    def test_a_new_consent_opens_the_next_version(self, world, custodian, service, held, receipt, release):
        self._revoke(world, receipt)
        custodian.anchor(custodian.store_next(held.record, NEXT).record)
        again = sign_consent(world, terms={"salt": b"\x01" * 32})
        with serving(service) as url:
            assert reader_of(world, url).read(held.record, again, purpose=Purpose.TREAT).content == NEXT
        assert not custodian.sweep(held.record)

    def test_epoch_stays_while_readers_may_read(self, world, custodian, held, release):
        assert not custodian.sweep(held.record)
        assert custodian.anchor(custodian.store_next(held.record, NEXT).record).newest.version.epoch == 0


class TestTicket:
    """
    given a consent that covers it            -> a ticket for what the custodian knows, not for what is claimed
    when one thing is wrong                   -> refused, and the reason is that one thing
      a challenge of another service, an old one, one that was answered     -> Challenge
      another signer, a signature of something else                         -> Signature
      another custodian                                                     -> AnotherAddressee
      another consent than the one named, or of another registry            -> AnotherConsent
      a record that is not there, not anchored, or of another patient       -> NotHeld
      a key that was not published, or withdrawn                            -> EncryptionKey
      a purpose, class, label, time or account that the consent lacks       -> the reason of the consent
    """

    def _refusal(self, service, asked: Asked) -> str:
        with pytest.raises(CheckRefused) as refused:
            service.ticket(asked)
        return refused.value.reason

    def test_gives_a_ticket(self, world, service, held, receipt, published):
        ticket = service.ticket(ask(world, service, held.record, receipt, data_class=DataClass.GENETICS))
        request = ticket.request
        assert (request.data_class, request.sensitivity) == (DataClass.LABORATORY, Confidentiality.N)
        assert (request.data_at, request.jurisdiction) == (held.data_at, 840)
        assert Ticket.from_json(json.loads(json.dumps(ticket.to_json()))) == ticket

    def test_reverts_given_another_challenge(self, world, service, custodian, held, receipt, published, clock):
        asked = ask(world, service, held.record, receipt, nonce=RecordService(custodian, clock=clock).challenge())
        assert self._refusal(service, asked) == "Challenge"

    @pytest.mark.parametrize(("seconds", "reason"), [(-1, ""), (0, ""), (1, "Challenge")])
    def test_challenge_has_its_time(self, world, service, held, receipt, published, clock, seconds, reason):
        asked = ask(world, service, held.record, receipt)
        clock.now += CHALLENGE_SECONDS + seconds
        if reason:
            assert self._refusal(service, asked) == reason
        else:
            assert service.ticket(asked).request.organisation == world.clinic

    def test_reverts_given_a_challenge_twice(self, world, service, held, receipt, published):
        asked = ask(world, service, held.record, receipt)
        service.ticket(asked)
        assert self._refusal(service, asked) == "Challenge"

    def test_reverts_given_another_signer(self, world, service, held, receipt, published):
        asked = ask(world, service, held.record, receipt, signer=world.account("attacker"))
        assert self._refusal(service, asked) == "Signature"
        asked = ask(world, service, held.record, receipt)
        assert self._refusal(service, replace(asked, ask=replace(asked.ask, purpose=Purpose.HMARKT))) == "Signature"
        asked = ask(world, service, held.record, receipt)
        assert self._refusal(service, replace(asked, signature=b"")) == "Signature"

    def test_reverts_given_another_addressee(self, world, service, held, receipt, published):
        asked = ask(world, service, held.record, receipt, custodian=world.clinic)
        assert self._refusal(service, asked) == "AnotherAddressee"

    def test_reverts_given_another_consent(self, world, service, held, receipt, published):
        for changes in ({"consent": name_hash("other")}, {"organisation": world.insurer}):
            assert self._refusal(service, ask(world, service, held.record, receipt, **changes)) == "AnotherConsent"
        elsewhere = replace(receipt, domain=replace(receipt.domain, chain_id=1))
        assert self._refusal(service, ask(world, service, held.record, elsewhere)) == "AnotherConsent"

    def test_reverts_given_no_such_record(self, world, service, custodian, held, receipt, published):
        other = hold(world, custodian, patient=world.account("doctor").address)
        draft = custodian.store(
            CONTENT, patient=world.patient.address, data_class=DataClass.LABORATORY, sensitivity=4, data_at=1
        )
        for record in (name_hash("nothing"), other.record, draft.record):
            assert self._refusal(service, ask(world, service, record, receipt)) == "NotHeld"

    def test_reverts_given_a_key_that_is_not_published(self, world, service, held, receipt):
        records = world.acting_as("clinic").records
        assert self._refusal(service, ask(world, service, held.record, receipt)) == "EncryptionKey"
        stolen = PrivateKey.generate().public
        records.publish_key(world.clinic, READER_KEY.public.fingerprint)
        swapped = ask(world, service, held.record, receipt, public=stolen)
        assert self._refusal(service, swapped) == "EncryptionKey"
        named = ask(world, service, held.record, receipt, public=stolen, key=stolen.fingerprint)
        assert self._refusal(service, named) == "EncryptionKey"
        records.publish_key(world.clinic, ZERO_HASH)
        assert self._refusal(service, ask(world, service, held.record, receipt)) == "EncryptionKey"

    @pytest.mark.parametrize(
        ("of_record", "of_ask", "reason"),
        [
            ({}, {"purpose": Purpose.HMARKT}, Reason.PURPOSE),
            ({"data_class": DataClass.GENETICS}, {}, Reason.DATA_CLASS),
            ({"sensitivity": Confidentiality.R}, {}, Reason.SENSITIVITY),
        ],
    )
    def test_reverts_given_what_the_consent_lacks(
        self, world, service, custodian, receipt, published, of_record, of_ask, reason
    ):
        held = hold(world, custodian, **of_record)
        assert self._refusal(service, ask(world, service, held.record, receipt, **of_ask)) == reason.name

    def test_reverts_given_an_account_that_does_not_act_for_it(self, world, service, held, receipt, published):
        doctor = world.account("doctor")
        asked = ask(world, service, held.record, receipt, signer=doctor, actor=doctor.address)
        assert self._refusal(service, asked) == "ACTOR"


class TestRelease:
    """
    given a ticket whose use is recorded        -> the envelope, and a key that opens for the published key alone
    given a consent for one use, used for it    -> released; a second ticket is refused as USES
    given a ticket
      when its use is not recorded              -> NotUsed
      when the use is of another actor          -> NotUsed
      when it is redeemed for another consent, with another number, or after a newer version -> NotUsed
      when it is redeemed late                  -> TicketExpired; in the last second -> released
      when the actor was removed since          -> ACTOR
    given a release                             -> the custodian knows its reader
    """

    def _refusal(self, service, asked: Asked) -> str:
        with pytest.raises(CheckRefused) as refused:
            service.release(asked)
        return refused.value.reason

    def test_releases_to_the_published_key(self, world, service, held, receipt, used):
        release = service.release(ask(world, service, held.record, receipt, ticket=used.number))
        assert release.version == held.newest.version
        assert Release.from_json(json.loads(json.dumps(release.to_json()))) == release
        header = read_header(release.blob)
        assert is_key_of(header, unwrap(header, release.key, world.clinic, READER_KEY))
        for wrong in (PrivateKey.generate(), service.custodian.key):
            with pytest.raises(CheckRefused, match="NotForThisReader"):
                unwrap(header, release.key, world.clinic, wrong)

    def test_one_use_is_enough_for_one(self, world, service, held, published):
        receipt = sign_consent(world, max_uses=1)
        ticket = service.ticket(ask(world, service, held.record, receipt))
        use_for(world, receipt, ticket)
        assert service.release(ask(world, service, held.record, receipt, ticket=ticket.number)).blob
        with pytest.raises(CheckRefused) as refused:
            service.ticket(ask(world, service, held.record, receipt))
        assert refused.value.reason == "USES"

    def test_reverts_given_no_use(self, world, service, held, receipt, published):
        ticket = service.ticket(ask(world, service, held.record, receipt))
        world.acting_as("clinic").consent.grant_by_sig(receipt)
        assert self._refusal(service, ask(world, service, held.record, receipt, ticket=ticket.number)) == "NotUsed"

    def test_reverts_given_the_use_of_another_actor(self, world, service, held, receipt, used):
        doctor = world.account("doctor")
        accreditation = world.acting_as("clinic").accreditation
        accreditation.add_signer(world.clinic, doctor.address, 1, until=4_000_000_000)
        asked = ask(world, service, held.record, receipt, ticket=used.number, signer=doctor, actor=doctor.address)
        assert self._refusal(service, asked) == "NotUsed"

    def test_reverts_given_another_ticket_consent_or_version(self, world, service, custodian, held, receipt, used):
        other = sign_consent(world, terms={"salt": b"\x02" * 32})
        assert self._refusal(service, ask(world, service, held.record, receipt, ticket=bytes(32))) == "NotUsed"
        assert self._refusal(service, ask(world, service, held.record, other, ticket=used.number)) == "NotUsed"
        again = hold(world, custodian, NEXT)
        assert self._refusal(service, ask(world, service, again.record, receipt, ticket=used.number)) == "NotUsed"
        custodian.anchor(custodian.store_next(held.record, NEXT).record)
        assert self._refusal(service, ask(world, service, held.record, receipt, ticket=used.number)) == "NotUsed"

    @pytest.mark.parametrize(("late", "reason"), [(-1, ""), (0, ""), (1, "TicketExpired")])
    def test_ticket_has_its_time(self, world, service, held, receipt, used, late, reason):
        used_at = world.suite.consent.record_of(world.patient.address, receipt.id).used_at
        world.chain.travel(used_at + TICKET_SECONDS + late)
        asked = ask(world, service, held.record, receipt, ticket=used.number)
        if reason:
            assert self._refusal(service, asked) == reason
        else:
            assert service.release(asked).blob

    def test_reverts_given_an_actor_who_was_removed(self, world, service, held, published):
        receipt = sign_consent(world, max_uses=1)
        ticket = service.ticket(ask(world, service, held.record, receipt))
        use_for(world, receipt, ticket)
        clinic = world.account("clinic")
        world.acting_as("clinic").accreditation.remove_signer(world.clinic, clinic.address)
        world.chain.mine(seconds=1)
        asked = ask(world, service, held.record, receipt, ticket=ticket.number)
        assert self._refusal(service, asked) == "ACTOR"

    def test_notes_the_reader(self, world, service, custodian, held, receipt, used):
        service.release(ask(world, service, held.record, receipt, ticket=used.number))
        service.release(ask(world, service, held.record, receipt, ticket=used.number))
        (reader,) = custodian.vault.get(held.record).readers
        assert (reader.consent, reader.organisation, reader.key_epoch) == (receipt.id, world.clinic, 0)


class TestBreakGlass:
    """
    given an emergency rule
      when the actor has a session for this patient and class  -> the record in one act, and no use is recorded
      when it has none                                         -> NoEmergency
      when the key is not published, or another signed         -> EncryptionKey, Signature
    given no emergency rule                                    -> NoEmergency
    given a reader in an emergency                             -> the next version is of another key epoch
    given no consent and no session                            -> neither a ticket, a release nor a search: NoConsent
    """

    SESSION = 7

    @pytest.fixture
    def glass(self, world, custodian):
        """A service that knows one open session, of the clinic for laboratory results of the patient."""

        def rule(session, patient, request):
            known = (self.SESSION, world.patient.address, world.account("clinic").address, DataClass.LABORATORY)
            return (session, patient, request.actor, request.data_class) == known

        return RecordService(custodian, emergency=rule)

    def _asked(self, world, service, record, session=SESSION, **changes):
        number = session.to_bytes(32, "big")
        return replace(ask(world, service, record, sign_consent(world), consent=number, **changes), receipt=None)

    def test_opens_in_one_act(self, world, custodian, glass, held):
        before = world.chain.block_number()
        with serving(glass) as url:
            reader = reader_of(world, url)
            read = reader.break_glass(held.record, self.SESSION)
            with pytest.raises(CheckRefused, match="NoEmergency"):
                reader.break_glass(held.record, self.SESSION + 1)
        assert (read.content, read.use_transaction) == (CONTENT, "")
        assert world.chain.block_number() == before + 1  # the key that was published
        (noted,) = custodian.vault.get(held.record).readers
        assert (noted.consent, noted.organisation) == (ZERO_HASH, world.clinic)

    def test_reverts_given_no_session(self, world, custodian, glass, service, held, published):
        genetics = hold(world, custodian, data_class=DataClass.GENETICS)
        others = hold(world, custodian, patient=world.account("doctor").address)
        for asked in (
            self._asked(world, glass, held.record, session=8),
            self._asked(world, glass, genetics.record),
            self._asked(world, glass, others.record),
            self._asked(world, glass, held.record, session=2**32 + self.SESSION),
            ask(world, glass, held.record, sign_consent(world)),
        ):
            with pytest.raises(CheckRefused) as refused:
                glass.break_glass(asked)
            assert refused.value.reason == "NoEmergency"
        with pytest.raises(CheckRefused, match="NoEmergency"):
            service.break_glass(self._asked(world, service, held.record))

    def test_reverts_given_another_key_or_signer(self, world, glass, held):
        with pytest.raises(CheckRefused, match="EncryptionKey"):
            glass.break_glass(self._asked(world, glass, held.record))
        with pytest.raises(CheckRefused, match="Signature"):
            glass.break_glass(self._asked(world, glass, held.record, signer=world.account("attacker")))

    def test_next_version_is_for_others(self, world, custodian, glass, held, published):
        glass.break_glass(self._asked(world, glass, held.record))
        assert custodian.anchor(custodian.store_next(held.record, NEXT).record).newest.version.epoch == 1

    @pytest.mark.parametrize("act", ["ticket", "release", "find"])
    def test_reverts_given_no_consent(self, world, glass, held, published, act):
        with pytest.raises(CheckRefused, match="NoConsent"):
            getattr(glass, act)(self._asked(world, glass, held.record))


class TestFind:
    """
    given results of the class, older and younger -> each with its age, youngest first, and nothing of its content
    given what the consent does not cover         -> it is left out, as if it were not there
    given another kind, patient or class          -> it is left out
    given a consent that does not cover the class -> refused with the reason, whether there is something or not
    """

    def test_tells_what_exists_and_how_old_it_is(self, world, service, custodian, held, receipt):
        younger = hold(world, custodian, data_at=world.chain.now() - DAY, kind="http://loinc.org|2345-7")
        found = service.find(ask(world, service, ZERO_HASH, receipt, data_class=DataClass.LABORATORY))
        now = world.chain.now()
        assert [(one.record, one.kind, one.age) for one in found] == [
            (younger.record, "http://loinc.org|2345-7", now - younger.data_at),
            (held.record, HBA1C, now - held.data_at),
        ]
        narrowed = service.find(ask(world, service, ZERO_HASH, receipt, data_class=DataClass.LABORATORY, kind=HBA1C))
        assert [one.record for one in narrowed] == [held.record]

    def test_leaves_out_what_is_not_covered(self, world, service, custodian, receipt):
        hold(world, custodian, sensitivity=Confidentiality.R)
        hold(world, custodian, patient=world.account("doctor").address)
        hold(world, custodian, data_class=DataClass.IMAGING)
        assert service.find(ask(world, service, ZERO_HASH, receipt, data_class=DataClass.LABORATORY)) == []

    @pytest.mark.parametrize("exists", [True, False])
    def test_reverts_given_a_consent_that_does_not_cover_it(self, world, service, custodian, receipt, exists):
        if exists:
            hold(world, custodian, data_class=DataClass.GENETICS)
        with pytest.raises(CheckRefused) as refused:
            service.find(ask(world, service, ZERO_HASH, receipt, data_class=DataClass.GENETICS))
        assert refused.value.reason == "DATA_CLASS"

    def test_over_the_wire(self, world, service, held, receipt):
        with serving(service) as url:
            reader = reader_of(world, url)
            (found,) = reader.find(receipt, purpose=Purpose.TREAT, data_class=DataClass.LABORATORY)
            assert (found.record, found.kind, found.data_class) == (held.record, HBA1C, DataClass.LABORATORY)


class Lying(RecordService):
    """A service that changes what it releases."""

    lie: staticmethod

    def release(self, asked):
        return type(self).lie(super().release(asked))


class TestReader:
    """
    given a service that lies, when it sends
      the version before                      -> SUPERSEDED
      a version that was never anchored       -> UNKNOWN
      another envelope                        -> AnotherEnvelope
      another record                          -> AnotherRecord
      a key that was wrapped to somebody else -> NotForThisReader
    given nobody who answers, or something else -> MedtrustError
    given nobody who signs                    -> InputError
    given a use that the chain refuses        -> Reverted
    """

    def _read(self, world, custodian, held, receipt, lie) -> str:
        service = type("Liar", (Lying,), {"lie": staticmethod(lie)})(custodian)
        with serving(service) as url, pytest.raises(CheckRefused) as refused:
            reader_of(world, url).read(held.record, receipt, purpose=Purpose.TREAT)
        return refused.value.reason

    def test_refuses_the_version_before(self, world, custodian, held, receipt):
        first = held.newest
        custodian.anchor(custodian.store_next(held.record, NEXT).record)
        old = fetch(custodian.blobs, first.blob)
        reason = self._read(world, custodian, held, receipt, lambda one: replace(one, version=first.version, blob=old))
        assert reason == RecordStatus.SUPERSEDED.name

    @pytest.mark.parametrize(
        ("lie", "reason"),
        [
            (lambda one: replace(one, version=replace(one.version, number=9)), "UNKNOWN"),
            (lambda one: replace(one, version=replace(one.version, epoch=1)), "UNKNOWN"),
            (lambda one: replace(one, version=replace(one.version, record=ZERO_HASH)), "AnotherRecord"),
            (lambda one: replace(one, version=replace(one.version, custodian=ZERO_HASH)), "AnotherRecord"),
            (lambda one: replace(one, blob=one.blob[:-1] + bytes((one.blob[-1] ^ 1,))), "AnotherEnvelope"),
            (lambda one: replace(one, key=replace(one.key, fingerprint=ZERO_HASH)), "NotForThisReader"),
            (lambda one: replace(one, key=replace(one.key, sealed=one.key.sealed[::-1])), "WrongKey"),
        ],
    )
    def test_refuses_what_does_not_fit(self, world, custodian, held, receipt, lie, reason):
        assert self._read(world, custodian, held, receipt, lie) == reason

    def test_reverts_given_nobody_who_answers(self, world, held, receipt):
        with pytest.raises(MedtrustError, match="no service for records answers"):
            reader_of(world, "http://127.0.0.1:9").read(held.record, receipt, purpose=Purpose.TREAT)

    def test_reverts_given_nobody_who_signs(self, world, held, receipt):
        reader = reader_of(world, "http://127.0.0.1:9")
        reader.suite = world.suite.acting_as(None)
        with pytest.raises(InputError, match="signer: found none"):
            reader.read(held.record, receipt, purpose=Purpose.TREAT)

    def test_reverts_given_a_use_that_is_refused(self, world, service, held):
        receipt = sign_consent(world, max_uses=1)
        with serving(service) as url:
            reader = reader_of(world, url)
            ticket = service.ticket(ask(world, service, held.record, receipt))
            use_for(world, receipt, ticket)
            service.ticket = lambda _: ticket
            with pytest.raises(Reverted, match="UsesExhausted"):
                reader.read(held.record, receipt, purpose=Purpose.TREAT)


class TestServer:
    """
    given something that is no request            -> status 400, and the place that is wrong
    given more than a request can be              -> status 413
    given a refusal                               -> status 403 with reason and sentence
    given another path or method                  -> status 404 or 405
    given a chain that does not answer            -> status 503, and nothing about it
    given the log of all this                     -> acts and outcomes; no salt, signature, key, patient or content
    """

    @pytest.mark.parametrize(
        ("body", "place"),
        [(b"", "request"), (b"[]", "request"), (b"{}", "request.ask"), (b'{"ask": {}}', "request.ask.actor")],
    )
    def test_reverts_given_no_request(self, service, body, place):
        with serving(service) as url:
            answer = requests.post(f"{url}/ticket", data=body, timeout=10)
        assert answer.status_code == 400
        assert answer.json()["message"].startswith(f"{place}: found")

    def test_reverts_given_too_much(self, service):
        with serving(service) as url:
            assert requests.post(f"{url}/ticket", data=b" " * 65_537, timeout=10).status_code == 413

    def test_says_why_it_refuses(self, world, service, held, receipt):
        with serving(service) as url:
            body = ask(world, service, held.record, receipt).to_json()
            answer = requests.post(f"{url}/ticket", json=body, timeout=10)
        assert answer.status_code == 403
        assert answer.json()["reason"] == "EncryptionKey"

    def test_has_nothing_else(self, service):
        with serving(service) as url:
            assert requests.get(f"{url}/docs", timeout=10).status_code == 404
            assert requests.get(f"{url}/challenge", timeout=10).status_code == 405

    def test_says_nothing_about_a_chain_that_is_gone(self, world, service, held, receipt, monkeypatch):
        def gone(*_: object, **__: object) -> None:
            raise Reverted("", {}, "http://internal.host:8545")

        asked = ask(world, service, held.record, receipt)
        monkeypatch.setattr(service, "_authenticate", gone)
        with serving(service) as url:
            answer = requests.post(f"{url}/ticket", json=asked.to_json(), timeout=10)
        assert (answer.status_code, "internal" in answer.text) == (503, False)

    def test_log_holds_no_secret(self, world, service, held, receipt, used, log, caplog):
        asked = ask(world, service, held.record, receipt, ticket=used.number)
        release = service.release(asked)
        with pytest.raises(CheckRefused):
            service.ticket(ask(world, service, held.record, receipt, purpose=Purpose.HMARKT))
        assert [(one["act"], one["outcome"]) for one in log] == [
            ("ticket", "done"),
            ("release", "done"),
            ("ticket", "PURPOSE"),
        ]
        with caplog.at_level("INFO", logger="medtrust.records"):
            for line in log:
                log_line(line)
        data_key = unwrap(read_header(release.blob), release.key, world.clinic, READER_KEY)
        secrets = [used.salt, used.number, asked.signature, asked.ask.nonce, data_key, receipt.signature, CONTENT[:12]]
        secrets += [receipt.consent.terms.salt, release.key.sealed, bytes.fromhex(world.patient.address[2:])]
        assert [one.hex() for one in secrets if one.hex() in caplog.text.lower()] == []
        assert caplog.text.count("release") == 1


class TestCustodian:
    """
    given a sealed version
      when the run was killed before its anchor, or after -> the next run anchors it once
      when another version came between                   -> reverts NotNewestVersion, and it is stored anew
      when the readers changed since                      -> reverts WrongKeyEpoch
    given nothing sealed                                  -> InputError; given all anchored -> nothing is sent
    given content that was stored before
      when stored again, sealed or anchored               -> the same record and version
      when stored as the next version for the same readers -> nothing new; for others, after a rotation -> a version
      when stored of another patient, class, label or kind -> another record
    given records of two patients                         -> those of one are found without reading those of the other
    given a store that lies                               -> BlobAltered; that lost it -> BlobMissing
    given files of the vault                              -> mode 0600, and no key or content in them
    given its key                                         -> published once
    """

    def _store(self, world, custodian):
        return custodian.store(
            CONTENT, patient=world.patient.address, data_class=DataClass.LABORATORY, sensitivity=4, data_at=1
        )

    def test_anchors_once_after_a_crash(self, world, custodian):
        held = self._store(world, custodian)
        version = held.draft.version
        custodian.suite.records.anchor(world.hospital, held.record, version.commitment)
        before = world.chain.block_number()
        assert custodian.anchor(held.record).newest.version == version
        assert custodian.anchor(held.record).draft is None
        assert world.chain.block_number() == before

    def test_reverts_given_a_version_between(self, world, custodian, reverts):
        held = self._store(world, custodian)
        custodian.suite.records.anchor(world.hospital, held.record, name_hash("another"))
        with reverts("NotNewestVersion"):
            custodian.anchor(held.record)
        again = custodian.anchor(custodian.store_next(held.record, NEXT).record)
        assert (again.newest.version.number, custodian.read(held.record)) == (2, NEXT)

    def test_reverts_given_other_readers(self, world, custodian, held, reverts):
        custodian.store_next(held.record, NEXT)
        custodian.suite.records.rotate(world.hospital, held.record)
        with reverts("WrongKeyEpoch", epoch=0, current=1):
            custodian.anchor(held.record)

    def test_reverts_given_nothing(self, world, custodian, held):
        with pytest.raises(CheckRefused, match="NotHeld"):
            custodian.anchor(name_hash("nothing"))
        assert custodian.anchor(held.record) == held

    def test_knows_the_same_content_again(self, world, custodian):
        sealed = self._store(world, custodian)
        assert self._store(world, custodian) == sealed
        anchored = custodian.anchor(sealed.record)
        assert self._store(world, custodian) == anchored
        assert custodian.store_next(sealed.record, CONTENT) == anchored
        pending = custodian.store_next(sealed.record, NEXT)
        assert custodian.store_next(sealed.record, NEXT) == pending
        custodian.suite.records.rotate(world.hospital, sealed.record)
        renewed = custodian.store_next(sealed.record, NEXT)
        assert renewed.draft.version.epoch == 1
        assert custodian.anchor(sealed.record).newest.version.number == 2

    def test_touches_no_record_of_others(self, world, custodian, held, tmp_path):
        other = hold(world, custodian, patient=world.account("doctor").address)
        (tmp_path / "vault" / f"{other.record.hex()}.json").write_text("not even JSON")
        assert [one.record for one in custodian.vault.of_patient(world.patient.address)] == [held.record]
        assert list(custodian.vault.of_patient("0x" + "11" * 20)) == []

    @pytest.mark.parametrize(
        "changes",
        [
            {"patient": "0x" + "11" * 20},
            {"data_class": DataClass.IMAGING},
            {"sensitivity": Confidentiality.R},
            {"kind": "http://loinc.org|2345-7"},
        ],
    )
    def test_keeps_what_differs_apart(self, world, custodian, held, changes):
        assert hold(world, custodian).record == held.record
        assert hold(world, custodian, **changes).record != held.record

    def test_finds_a_store_that_lies(self, custodian, held, tmp_path):
        (file,) = [one for one in (tmp_path / "blobs").rglob("*") if one.is_file()]
        file.write_bytes(file.read_bytes()[:-1] + b"x")
        with pytest.raises(CheckRefused, match="BlobAltered"):
            custodian.read(held.record)
        file.unlink()
        with pytest.raises(CheckRefused, match="BlobMissing"):
            custodian.read(held.record)

    def test_files_open_nothing_by_themselves(self, world, custodian, held, tmp_path):
        key = unwrap(
            read_header(fetch(custodian.blobs, held.newest.blob)), held.newest.key, world.hospital, custodian.key
        )
        files = [one for one in tmp_path.rglob("*") if one.is_file()]
        assert {one.stat().st_mode & 0o777 for one in files} == {0o600}
        text = b"".join(one.read_bytes() for one in files)
        assert not any(one in text for one in (key, key.hex().encode(), CONTENT[:12]))

    def test_publishes_its_key_once(self, world, custodian):
        assert custodian.publish_key() is not None
        assert custodian.publish_key() is None
        assert custodian.suite.records.key_of(world.hospital) == custodian.key.public.fingerprint
