"""Records by consents that stand on others: read while the whole line stands, and not a second longer."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from medtrust.blobs import fetch
from medtrust.consent import DataClass, Purpose
from medtrust.envelope import is_key_of, read_header
from medtrust.errors import CheckRefused, InputError
from medtrust.record_service import RecordService
from medtrust.record_wire import Asked
from medtrust.types import ZERO_HASH
from medtrust.vault import Basis, Vault
from medtrust.wrapping import unwrap
from tests.hospitals import (
    CONTENT,
    DAY,
    NEXT,
    READER_KEY,
    ask,
    hold,
    reader_of,
    revoke,
    serving,
    sign_consent,
    sign_line,
    use_for,
)


@pytest.fixture
def service(custodian) -> RecordService:
    return RecordService(custodian)


@pytest.fixture
def held(world, custodian):
    """A laboratory result that is anchored; the key of the clinic is published."""
    world.acting_as("clinic").records.publish_key(world.clinic, READER_KEY.public.fingerprint)
    return hold(world, custodian)


def refusal(do, asked: Asked) -> CheckRefused:
    with pytest.raises(CheckRefused) as refused:
        do(asked)
    return refused.value


class TestOnward:
    """
    given a record, a consent to the pharmacy that is shared onward, and one to the clinic that stands on it
      when the clinic finds and reads it         -> the same bytes; one use, of its own consent, and none of the other
      when the patient revokes the pharmacy's    -> refused as REVOKED, which names the first consent
                                                 -> the next version is of another key epoch, whose key is another
    given a line of four                         -> read; of five -> LINE
    given a first consent that was only granted on the chain -> read without its signature; before -> UNKNOWN
    """

    def test_is_read_until_the_parent_is_revoked(self, world, custodian, service, held):
        under, receipt = sign_line(world)
        consents, patient = world.suite.consent, world.patient.address
        with serving(service) as url:
            reader = reader_of(world, url)
            (found,) = reader.find(receipt, purpose=Purpose.TREAT, data_class=DataClass.LABORATORY, under=under)
            read = reader.read(found.record, receipt, purpose=Purpose.TREAT, under=under)
            revoke(world, under[0])
            with pytest.raises(CheckRefused) as refused:
                reader.read(held.record, receipt, purpose=Purpose.TREAT, under=under)
        assert (found.record, read.content) == (held.record, CONTENT)
        (used,) = consents.uses_of(receipt.id)
        actor = world.account("clinic").address
        assert (used.values["grantee"], used.values["actor"], used.values["uses"]) == (world.clinic, actor, 1)
        assert consents.uses_of(under[0].id) == []
        assert consents.record_of(patient, under[0].id).granted_at == 0
        assert refused.value.reason == "REVOKED"
        assert refused.value.sentence == "the patient revoked this consent (consent 1 of 2)"

    def test_next_version_is_unreadable(self, world, custodian, service, held):
        under, receipt = sign_line(world)
        ticket = service.ticket(ask(world, service, held.record, receipt, under=under))
        use_for(world, receipt, ticket)
        release = service.release(ask(world, service, held.record, receipt, ticket=ticket.number, under=under))
        old_key = unwrap(read_header(release.blob), release.key, world.clinic, READER_KEY)
        assert not custodian.sweep(held.record)
        revoke(world, under[0])
        newest = custodian.anchor(custodian.store_next(held.record, NEXT).record).newest
        header = read_header(fetch(custodian.blobs, newest.blob))
        assert (newest.version.number, newest.version.epoch) == (2, 1)
        assert is_key_of(read_header(release.blob), old_key)
        assert not is_key_of(header, old_key)
        with pytest.raises(CheckRefused, match="WrongKey"):
            unwrap(header, release.key, world.clinic, READER_KEY)
        assert custodian.read(held.record) == NEXT

    @pytest.mark.parametrize(("depth", "reason"), [(3, ""), (4, ""), (5, "LINE")])
    def test_line_has_its_length(self, world, service, held, depth, reason):
        under, receipt = sign_line(world, depth)
        asked = ask(world, service, held.record, receipt, under=under)
        if reason:
            assert refusal(service.ticket, asked).reason == reason
        else:
            assert service.ticket(asked).request.organisation == world.clinic

    def test_signature_is_needed_where_it_was_not_granted(self, world, service, held):
        (first,), receipt = sign_line(world)
        bare = replace(first, signature=b"")
        assert refusal(service.ticket, ask(world, service, held.record, receipt, under=[bare])).reason == "UNKNOWN"
        world.acting_as("relayer").consent.grant_by_sig(first)
        assert service.ticket(ask(world, service, held.record, receipt, under=[bare])).number


class TestLost:
    """
    given a ticket whose use is recorded, of a consent that stands on another
      when the other is revoked                        -> no release: REVOKED; the use stays, and opened nothing
      when all of its grantee are revoked              -> EPOCH, and the key epoch ends
      when it was used up by its own grantee meanwhile -> USES, of the first consent
      when the own one was used up by this very use    -> released
    given a use that is recorded under a revoked one   -> the chain takes it, and it opens nothing
    """

    @pytest.fixture
    def line(self, world):
        return sign_line(world, max_uses=1)

    @pytest.fixture
    def ticket(self, world, service, held, line):
        under, receipt = line
        ticket = service.ticket(ask(world, service, held.record, receipt, under=under))
        use_for(world, receipt, ticket)
        return ticket

    def _redeem(self, world, service, held, line, ticket) -> Asked:
        under, receipt = line
        return ask(world, service, held.record, receipt, ticket=ticket.number, under=under)

    def test_reverts_given_a_revoked_parent(self, world, service, custodian, held, line, ticket):
        revoke(world, line[0][0])
        refused = refusal(service.release, self._redeem(world, service, held, line, ticket))
        assert (refused.reason, "consent 1 of 2" in refused.sentence) == ("REVOKED", True)
        assert world.suite.consent.record_of(world.patient.address, line[1].id).uses == 1
        assert custodian.vault.get(held.record).readers == ()

    def test_ends_with_all_of_the_parents_grantee(self, world, service, custodian, held, line, ticket):
        service.release(self._redeem(world, service, held, line, ticket))
        patient, relay = world.acting_as(world.patient).consent, world.acting_as("relayer").consent
        deadline, epoch = world.chain.now() + DAY, patient.epoch_of(world.patient.address, world.pharmacy)
        signature = patient.sign_revoke_all_of(world.pharmacy, epoch=epoch, deadline=deadline)
        relay.revoke_all_of_by_sig(world.patient.address, world.pharmacy, signature, epoch=epoch, deadline=deadline)
        assert refusal(service.release, self._redeem(world, service, held, line, ticket)).reason == "EPOCH"
        assert custodian.sweep(held.record)
        assert world.suite.records.key_epoch_of(world.hospital, held.record) == 1

    def test_reverts_given_a_parent_that_was_used_up(self, world, service, held, line, ticket):
        (first,), _ = line
        pharmacy = world.acting_as("pharmacy").consent
        pharmacy.grant_by_sig(first)
        pharmacy.use(first.consent, ZERO_HASH)
        refused = refusal(service.release, self._redeem(world, service, held, line, ticket))
        assert (refused.reason, "consent 1 of 2" in refused.sentence) == ("USES", True)

    def test_releases_for_the_last_use(self, world, service, custodian, held, line, ticket):
        assert service.release(self._redeem(world, service, held, line, ticket)).version == held.newest.version
        (reader,) = custodian.vault.get(held.record).readers
        first = line[0][0]
        assert reader.under == (Basis(first.id, world.pharmacy, first.consent.epoch),)
        assert (reader.consent, reader.organisation) == (line[1].id, world.clinic)

    def test_a_use_under_a_revoked_parent_opens_nothing(self, world, service, held):
        under, receipt = sign_line(world)
        ticket = service.ticket(ask(world, service, held.record, receipt, under=under))
        revoke(world, under[0])
        use_for(world, receipt, ticket)
        assert world.suite.consent.record_of(world.patient.address, receipt.id).uses == 1
        asked = ask(world, service, held.record, receipt, ticket=ticket.number, under=under)
        assert refusal(service.release, asked).reason == "REVOKED"


class TestAsked:
    """
    given what is asked with a line             -> the same after JSON; left out, there is none
    given more than three under it, a line under nothing, something else in it -> InputError with its place
    given a consent of the line of another chain -> AnotherConsent
    given a vault that was written before        -> its readers read by one consent each
    """

    @pytest.fixture
    def asked(self, world, service, held) -> Asked:
        under, receipt = sign_line(world, 4)
        return ask(world, service, held.record, receipt, under=under)

    def test_is_carried_as_json(self, asked):
        raw = json.loads(json.dumps(asked.to_json()))
        assert (len(asked.line), Asked.from_json(raw)) == (4, asked)
        del raw["under"]
        assert Asked.from_json(raw) == replace(asked, under=())

    @pytest.mark.parametrize(
        ("change", "place", "found", "expected"),
        [
            (lambda raw: {"under": raw["under"] * 2}, "request.under", "6 consents", "at most 3"),
            (lambda raw: {"under": [*raw["under"], raw["consent"]]}, "request.under", "4 consents", "at most 3"),
            (lambda raw: {"consent": None}, "request.under", "3 consents", "none, as no consent stands on them"),
            (lambda raw: {"under": "all"}, "request.under", "'all'", "list"),
            (lambda raw: {"under": [7]}, "request.under[0]: receipt", "7", "a JSON object"),
            (
                lambda raw: {"under": [raw["under"][0], {**raw["under"][1], "format": "consent/0"}]},
                "request.under[1]: receipt.format",
                "consent/0",
                "consent/1",
            ),
        ],
    )
    def test_reverts_given_something_else(self, asked, change, place, found, expected):
        raw = json.loads(json.dumps(asked.to_json()))
        with pytest.raises(InputError) as wrong:
            Asked.from_json({**raw, **change(raw)})
        assert (wrong.value.place, wrong.value.found, wrong.value.expected) == (place, found, expected)

    def test_reverts_given_another_chain(self, world, service, held):
        (first,), receipt = sign_line(world)
        elsewhere = replace(first, domain=replace(first.domain, chain_id=1))
        asked = ask(world, service, held.record, receipt, under=[elsewhere])
        assert refusal(service.ticket, asked).reason == "AnotherConsent"

    def test_reverts_given_a_child_alone(self, world, service, held):
        _, receipt = sign_line(world)
        assert refusal(service.ticket, ask(world, service, held.record, receipt)).reason == "PARENT"
        other = sign_consent(world, terms={"onward": True, "salt": b"\x07" * 32})
        asked = ask(world, service, held.record, receipt, under=[other])
        assert refusal(service.ticket, asked).reason == "PARENT"

    def test_reads_an_older_vault(self, world, service, custodian, held, tmp_path):
        receipt = sign_consent(world)
        ticket = service.ticket(ask(world, service, held.record, receipt))
        use_for(world, receipt, ticket)
        service.release(ask(world, service, held.record, receipt, ticket=ticket.number))
        now, older = custodian.vault.get(held.record), Vault(tmp_path / "older")
        older.add(now)
        (file,) = (tmp_path / "older").glob("*.json")
        raw = json.loads(file.read_text())
        assert raw["readers"][0].pop("under") == []
        file.write_text(json.dumps(raw))
        assert older.get(held.record) == now
