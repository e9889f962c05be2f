"""Checkpoints: signed by the authority, good until they expire, and of one mind with the chain (invariant 27)."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from datetime import date

import pytest

from medtrust.accreditation import Role
from medtrust.certificate import Certificate
from medtrust.checkpoint import PAGE_SIZE, Checkpoint, OfflineRegistry, pages_of
from medtrust.checkpoints import authority_for, make_checkpoint, open_checkpoint, remember_authority
from medtrust.drugs import RecallClass, RecallDepth
from medtrust.errors import CheckRefused, InputError
from medtrust.judgement import judge
from medtrust.keccak import keccak256
from medtrust.packing import PackedLot
from medtrust.presentation import Presentation
from medtrust.shown import Question, judge_shown
from medtrust.types import ZERO_HASH
from medtrust.verdict import Status
from tests.consents import give_ether
from tests.doses import CLINIC, HOSPITAL, batch_of, changed
from tests.world import USA, World

WEEK = 7 * 86_400
ELSEWHERE = [({"chain_id": 1}, "OtherChain"), ({"registry": "0x" + "11" * 20}, "OtherRegistry")]


@pytest.fixture
def certificates(world: World) -> list[Certificate]:
    """Three doses of one batch that is anchored."""
    batch = batch_of(3, lot=ZERO_HASH)
    clinic = world.acting_as("clinic").vaccination
    clinic.anchor(batch.organisation, batch.root, 3)
    return [batch.certificate(place, clinic) for place in range(3)]


@pytest.fixture
def make(world):
    """Write a checkpoint as the authority, good for a week."""

    def write(seconds: int = WEEK) -> Checkpoint:
        return make_checkpoint(world.acting_as("authority"), USA, expires_at=world.chain.now() + seconds)

    return write


@pytest.fixture
def offline(make, world, authority):
    """The registry of a checkpoint, as a verifier opens its file."""

    def read(checkpoint: Checkpoint | None = None, *, by: str | None = authority.address, later: int = 0):
        written = Checkpoint.parse((checkpoint or make()).to_json())
        return OfflineRegistry(written, by, world.chain.now() + later)

    return read


class TestVerify:
    """
    given an anchored dose                                     -> the verdict of the chain, without the chain
    when it is a second before, at, a second after its end     -> ACTIVE, CheckpointExpired, CheckpointExpired: UNKNOWN
    when somebody else signed it, or nobody                    -> UNKNOWN, CheckpointNotSigned
    when anything in it was changed                            -> UNKNOWN, CheckpointNotSigned
    when no authority is known                                 -> UNKNOWN, AuthorityUnknown
    given the batch was anchored after it                      -> UNKNOWN, NotAnchored
    given another chain or registry                            -> UNKNOWN, OtherChain, OtherRegistry
    """

    def test_needs_no_chain(self, world, offline, certificates, monkeypatch):
        registry = offline()
        expected = world.suite.vaccination.verify(certificates[0])
        monkeypatch.setattr(world.chain, "call", lambda *_, **__: pytest.fail("the chain was asked"))
        assert judge(certificates[0], registry) == expected
        assert expected.is_valid

    @pytest.mark.parametrize(("late", "reason"), [(-1, "Active"), (0, "CheckpointExpired"), (1, "CheckpointExpired")])
    def test_ends_by_itself(self, make, authority, certificates, late, reason):
        checkpoint = make()
        registry = OfflineRegistry(checkpoint, authority.address, checkpoint.expires_at + late)
        verdict = judge(certificates[0], registry)
        assert (verdict.reason, verdict.is_valid) == (reason, reason == "Active")
        assert verdict.status is (Status.ACTIVE if late < 0 else Status.UNKNOWN)

    def test_counts_with_the_right_signature_alone(self, world, make, offline, certificates):
        checkpoint = make()
        forged = checkpoint.signed(bytes(world.account("attacker").key))
        for wrong in (forged, replace(checkpoint, signature=b"")):
            verdict = judge(certificates[0], offline(wrong))
            assert (verdict.status, verdict.reason, verdict.shown) == (Status.UNKNOWN, "CheckpointNotSigned", {})

    @pytest.mark.parametrize("member", ["ch", "jurisdiction", "block", "at", "until", "batches", "lots", "disputes"])
    def test_binds_all_that_it_says(self, make, offline, certificates, member):
        raw = json.loads(make().to_json())
        name = "0x" + "11" * 32
        raw[member] = raw[member] + 1 if isinstance(raw[member], int) else [name] if member == "disputes" else {}
        if member == "lots":
            raw[member] = {name: 0}
        verdict = judge(certificates[0], offline(Checkpoint.parse(json.dumps(raw))))
        assert (verdict.status, verdict.reason) == (Status.UNKNOWN, "CheckpointNotSigned")

    def test_needs_an_authority(self, offline, certificates):
        assert judge(certificates[0], offline(by=None)).reason == "AuthorityUnknown"

    def test_knows_nothing_of_what_came_later(self, world, make, offline):
        checkpoint, batch = make(), batch_of(1, lot=ZERO_HASH, tag="later")
        clinic = world.acting_as("clinic").vaccination
        clinic.anchor(batch.organisation, batch.root, 1)
        verdict = judge(batch.certificate(0, clinic), offline(checkpoint))
        assert (verdict.status, verdict.reason) == (Status.UNKNOWN, "NotAnchored")

    @pytest.mark.parametrize(("change", "reason"), ELSEWHERE)
    def test_is_about_one_registry(self, offline, certificates, change, reason):
        assert judge(replace(certificates[0], **change), offline()).reason == reason


class TestMake:
    """
    when caller is not the authority, or nobody signs   -> CheckRefused NotAuthority
    when it would expire at the time of its block       -> InputError
    when it is written twice at one block               -> the same content
    when a file is broken                               -> InputError that names the file
    when the authority was remembered                   -> its signature counts; one that is given goes first
    """

    @pytest.mark.parametrize("who", ["clinic", "steward", None])
    def test_is_refused_to_others(self, world, who):
        suite = world.acting_as(who) if who else world.suite.acting_as(None)
        with pytest.raises(CheckRefused) as caught:
            make_checkpoint(suite, USA, expires_at=2**40)
        assert caught.value.reason == "NotAuthority"

    def test_must_last(self, world):
        now = world.chain.now()
        with pytest.raises(InputError, match="a time after that of the block"):
            make_checkpoint(world.acting_as("authority"), USA, expires_at=now)

    def test_is_the_same_at_one_block(self, make, certificates):
        assert make().to_json() == make().to_json()

    @pytest.mark.parametrize("content", ["", "{}", '{"t": "checkpoint/1"}', "[]", '{"t": "cert/1"}', "[" * 100_000])
    def test_names_a_broken_file(self, tmp_path, content):
        file = tmp_path / "checkpoint.json"
        file.write_text(content)
        with pytest.raises(InputError) as caught:
            open_checkpoint(file)
        assert caught.value.file == str(file)

    def test_remembers_the_authority(self, make, authority, attacker, tmp_path, monkeypatch):
        monkeypatch.setenv("MEDTRUST_HOME", str(tmp_path))
        checkpoint = make()
        assert authority_for(checkpoint, None) is None
        remember_authority(checkpoint, authority.address)
        assert authority_for(checkpoint, None) == authority.address
        assert authority_for(replace(checkpoint, jurisdiction=156), None) is None
        assert authority_for(checkpoint, attacker.address) == attacker.address


class TestPages:
    """
    given doses at the ends of pages -> each is found, its neighbours are not; a page without any is left out
    given a small batch              -> its page tells of 8,192 places all the same
    """

    def test_tell_of_each_dose(self):
        ended = {0, 7, 8, PAGE_SIZE - 1, 3 * PAGE_SIZE, 3 * PAGE_SIZE + 9}
        pages = pages_of(ended)
        assert list(pages) == [0, 3]
        assert {len(page) * 8 for page in pages.values()} == {PAGE_SIZE}
        found = {p * PAGE_SIZE + i for p, page in pages.items() for i in range(PAGE_SIZE) if page[i // 8] >> i % 8 & 1}
        assert found == ended

    def test_are_whole_in_a_small_batch(self, world, make, certificates):
        given = certificates[0]
        world.acting_as("clinic").vaccination.revoke(given.organisation, given.root, given.dose.index)
        (kept,) = make().batches.values()
        assert [len(page) * 8 for page in kept.pages.values()] == [PAGE_SIZE]


class TestOneMind:
    """given any acts of a clinic, an authority, a maker and holders -> chain and checkpoint agree on every verdict"""

    @pytest.mark.parametrize("seed", range(4))
    def test_agrees_with_the_chain(self, world, offline, seed):
        chance = random.Random(seed)
        shown = _act(world, chance)
        registry = offline()
        online = world.suite.vaccination
        met = set()
        for certificate in shown:
            for at in (None, max(0, certificate.anchored_at - 1), certificate.anchored_at):
                verdict = judge(certificate, registry, at=at)
                assert verdict == online.verify(certificate, at=at)
                met.add(verdict.status)
        assert met == set(Status)

    def test_agrees_about_holders(self, world, offline):
        hers = world.patient
        batch = batch_of(2, lot=ZERO_HASH, holder=hers.address)
        clinic = world.acting_as("clinic").vaccination
        clinic.anchor(batch.organisation, batch.root, 2)
        signed = Presentation(batch.certificate(0, clinic), "border", "7", 2**40).signed(bytes(hers.key))
        asked = Question(world.chain.now(), verifier="border", challenge="7")
        assert judge_shown(signed, offline(), asked) == judge_shown(signed, clinic, asked)
        give_ether(world, hers.address)
        world.acting_as(hers).patients.rotate(hers.address, world.account("doctor").address)
        verdict = judge_shown(signed, offline(), asked)
        assert verdict == judge_shown(signed, clinic, asked)
        assert verdict.reason == "NotSignedByHolder"


def _act(world: World, chance: random.Random) -> list[Certificate]:
    """Let everyone act at random, and return what people may show then, some of it forged."""
    lots, doctor = [_lot(world, number) for number in ("A1", "B2")], world.account("doctor")
    batches = []
    for number in range(10):
        issuer, by = [(CLINIC, "clinic"), (HOSPITAL, "hospital")][number % 2]
        lot, size = chance.choice([*lots, ZERO_HASH, keccak256(b"no lot")]), chance.choice([1, 3, 5])
        batch = batch_of(size, issuer=issuer, lot=lot, tag=str(number), holder=doctor.address if number < 2 else "")
        world.acting_as(by).vaccination.anchor(batch.organisation, batch.root, batch.size)
        batches.append(batch)
        world.chain.mine(seconds=3600)
    online = world.suite.vaccination
    shown = [batch.certificate(place, online) for batch in batches for place in range(batch.size)]
    _end_some(world, chance, shown)
    world.acting_as("doctor").vaccination.dispute(doctor.address, shown[0].dose_id)
    stolen_at = batches[-1].certificate(0, online).anchored_at
    world.acting_as("authority").accreditation.compromise(world.hospital, Role.VACCINATOR, since=stolen_at)
    recall = world.acting_as("maker").drugs.recall
    recall(world.maker, lots[0], RecallClass.CLASS_I, depth=RecallDepth.CONSUMER)
    unproven = [replace(one, dose=changed(one.dose, lot=keccak256(b"x"))) for one in shown[:2]]
    never = batch_of(1, tag="never anchored").certificate(0, online)
    return [*shown, *unproven, never, replace(shown[0], size=shown[0].size + 1)]


def _end_some(world: World, chance: random.Random, shown: list[Certificate]) -> None:
    """Withdraw a third of the doses, in two ways, and correct another third by the last."""
    given = [one for one in chance.sample(shown, len(shown)) if one.anchored_at != shown[-1].anchored_at]
    third = len(given) // 3
    for place, certificate in enumerate(given[:third]):
        client = world.acting_as("clinic" if certificate.issuer == CLINIC else "hospital").vaccination
        act = client.revoke if place % 2 else client.enter_in_error
        act(certificate.organisation, certificate.root, certificate.dose.index)
    for name, issuer in (("clinic", CLINIC), ("hospital", HOSPITAL)):
        own = [one for one in given[third:] if one.issuer == issuer]
        for old, new in zip(own[::2], own[1::2], strict=False):
            world.acting_as(name).vaccination.amend(old, new)


def _lot(world: World, number: str) -> bytes:
    """Commission a lot."""
    if number == "A1":
        world.acting_as("regulator").drugs.assign_prefix(world.regulator, world.maker, "0361414")
    packed = PackedLot("00361414567894", number, bytes(32), packs=("1", "2"))
    world.acting_as("maker").drugs.commission(world.maker, packed, prefix_digits=7, expiry=date(2090, 1, 1))
    return packed.id
