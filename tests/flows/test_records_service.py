"""The service for records: keys by tickets whose use is recorded, or in an emergency, and each refusal by its name."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from medtrust.consent import Confidentiality, DataClass, Purpose, Reason
from medtrust.envelope import is_key_of, read_header
from medtrust.errors import CheckRefused
from medtrust.record_service import CHALLENGE_SECONDS, TICKET_SECONDS, RecordService
from medtrust.record_wire import Asked, Release, Ticket
from medtrust.types import ZERO_HASH, name_hash
from medtrust.wrapping import PrivateKey, unwrap
from tests.hospitals import CONTENT, NEXT, READER_KEY, ask, hold, reader_of, serving, sign_consent, use_for


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
