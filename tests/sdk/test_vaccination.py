"""VaccinationClient: a verdict names who, when, how it stands and why; what is not proven is never valid."""

from __future__ import annotations

from dataclasses import replace

import pytest

from medtrust.accreditation import Role
from medtrust.errors import CheckRefused, Reverted
from medtrust.types import ZERO_HASH
from medtrust.vaccination import Advisory, Batch, Status, VaccinationClient
from tests.doses import CLINIC, HOSPITAL, batch_of


@pytest.fixture
def batch():
    return batch_of(4, lot=ZERO_HASH)


@pytest.fixture
def client(world) -> VaccinationClient:
    return world.acting_as("clinic").vaccination


@pytest.fixture
def certificate(client, batch):
    """The certificate of an anchored dose."""
    client.anchor(batch.organisation, batch.root, batch.size)
    return batch.certificate(1, client)


class TestVerify:
    """
    given an anchored dose               -> ACTIVE with issuer, signer, time, advisories, fields; it is a bearer's
    when asked as of before the anchor   -> UNKNOWN, NotYetAnchored
    given a revoked dose                 -> REVOKED
    given a compromised issuer           -> ISSUER_UNTRUSTED
    when the certificate does not fit together            -> UNKNOWN with its flaw, and the chain is not asked
    when chain, registry, size or time of the anchor are others -> UNKNOWN; it says which
    given a batch that was never anchored                 -> UNKNOWN, NotAnchored
    """

    def test_names_who_when_how_and_why(self, client, batch, certificate, clinic):
        verdict = client.verify(certificate)
        assert (verdict.status, verdict.reason, verdict.is_valid) == (Status.ACTIVE, "Active", True)
        assert (verdict.issuer, verdict.signer) == (CLINIC, clinic.address)
        assert verdict.anchored_at == client.batch_of(batch.organisation, batch.root).anchored_at
        assert (verdict.advisories, verdict.advisories.names) == (Advisory.UNTRACED_LOT, ("UNTRACED_LOT",))
        assert verdict.shown == certificate.values
        assert verdict.bearer
        assert verdict.require_valid() is verdict

    @pytest.mark.parametrize(("offset", "reason"), [(-1, "NotYetAnchored"), (0, "Active"), (1, "Active")])
    def test_answers_as_of_a_time(self, client, certificate, offset, reason):
        assert client.verify(certificate, at=certificate.anchored_at + offset).reason == reason

    def test_says_that_it_was_revoked(self, client, certificate):
        client.revoke(certificate.organisation, certificate.root, certificate.dose.index)
        verdict = client.verify(certificate)
        assert (verdict.status, verdict.reason, verdict.shown) == (Status.REVOKED, "Revoked", certificate.values)
        with pytest.raises(CheckRefused) as caught:
            verdict.require_valid()
        assert (caught.value.reason, caught.value.sentence) == ("Revoked", "the dose was withdrawn")

    def test_says_that_the_issuer_is_not_trusted(self, world, client, certificate):
        registry = world.acting_as("authority").accreditation
        registry.compromise(world.clinic, Role.VACCINATOR, since=certificate.anchored_at)
        verdict = client.verify(certificate)
        assert (verdict.status, verdict.is_valid) == (Status.ISSUER_UNTRUSTED, False)

    def test_does_not_ask_about_what_does_not_fit(self, client, certificate, monkeypatch):
        monkeypatch.setattr(client, "_call", lambda *_: pytest.fail("the chain was asked"))
        verdict = client.verify(replace(certificate, root=ZERO_HASH))
        assert (verdict.status, verdict.reason, verdict.shown) == (Status.UNKNOWN, "DoseNotInBatch", {})
        assert (verdict.signer, verdict.anchored_at, verdict.advisories) == ("", 0, Advisory(0))

    @pytest.mark.parametrize(
        ("change", "reason"),
        [
            ({"chain_id": 1}, "OtherChain"),
            ({"registry": "0x" + "11" * 20}, "OtherRegistry"),
            ({"anchored_at": 1}, "AnchorTimeChanged"),
            ({"size": 5}, "SizeChanged"),
        ],
    )
    def test_says_what_is_another(self, client, certificate, change, reason):
        verdict = client.verify(replace(certificate, **change))
        assert (verdict.status, verdict.reason, verdict.is_valid) == (Status.UNKNOWN, reason, False)

    def test_says_that_it_was_never_anchored(self, client, batch):
        verdict = client.verify(batch.certificate(0, client))
        assert (verdict.status, verdict.reason) == (Status.UNKNOWN, "NotAnchored")
        assert CLINIC in verdict.sentence


class TestAnchor:
    """
    when announce is given       -> it is told the hash before the transaction is sent
    given a batch                -> batch_of says time, size and signer; None for another organisation
    when nothing may be anchored -> Reverted, with the name, the values and the sentence of the error
    """

    def test_announces_the_hash_before_it_is_sent(self, client, batch, chain):
        told = []
        receipt = client.anchor(
            batch.organisation,
            batch.root,
            4,
            announce=lambda transaction: told.append((transaction, chain.knows(transaction))),
        )
        assert told == [(receipt.transaction_hash, False)]
        assert chain.knows(receipt.transaction_hash)

    def test_keeps_time_size_and_signer(self, world, client, batch, certificate, clinic):
        assert client.batch_of(world.clinic, batch.root) == Batch(certificate.anchored_at, 4, clinic.address)
        assert client.batch_of(world.hospital, batch.root) is None

    def test_raises_with_name_values_and_sentence(self, world, batch, attacker):
        with pytest.raises(Reverted) as caught:
            world.acting_as(attacker).vaccination.anchor(batch.organisation, batch.root, 4)
        assert (caught.value.error, caught.value.values["signer"]) == ("NotAuthorised", attacker.address)
        assert caught.value.sentence.startswith("The organisation is not accredited for this role")


class TestBatchesOf:
    """
    given batches of two organisations -> the events of each name its own
    """

    def test_lists_those_of_one_organisation(self, world, client, batch, certificate):
        other = batch_of(2, issuer=HOSPITAL, lot=ZERO_HASH)
        world.acting_as("hospital").vaccination.anchor(world.hospital, other.root, 2)
        assert [event.values["root"] for event in client.batches_of(world.clinic)] == [batch.root]
        assert [event.values["size"] for event in client.batches_of(world.hospital)] == [2]
