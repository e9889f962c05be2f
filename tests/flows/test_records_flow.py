"""Records between hospitals: what one sealed, the other reads by a consent, byte for byte, and only so long."""

from __future__ import annotations

from hashlib import sha256

import pytest

from medtrust.blobs import fetch
from medtrust.consent import Confidentiality, DataClass, Purpose
from medtrust.envelope import commitment_of, is_key_of, open_sealed, read_header
from medtrust.errors import CheckRefused
from medtrust.record_wire import Release
from medtrust.types import ZERO_HASH
from medtrust.wrapping import unwrap
from tests.hospitals import CONTENT, DAY, HBA1C, NEXT, READER_KEY, ask, hold, reader_of, serving, sign_consent
from tests.world import ROOT


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
