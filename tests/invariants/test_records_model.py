"""The exchange of records does what its model does, whatever is tried in whatever order."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule

from medtrust import wallet
from medtrust.artifacts import Artifact, load
from medtrust.keccak import keccak256
from medtrust.record_terms import NO_FINGERPRINT, Question
from medtrust.records import RecordStatus, Stage
from medtrust.types import ZERO_HASH, organisation_id
from tests.attacks.test_record_requests import ATTACKS as ON_REQUESTS
from tests.attacks.test_records import ATTACKS as ON_RECORDS
from tests.invariants.accreditation_model import Model as AccreditationModel
from tests.invariants.accreditation_model import Refused
from tests.invariants.machine import LocalEvm, Tally, run
from tests.invariants.records_model import DAY, HOSPITAL, PARTICIPANT, WAIT, WINDOW, Exchange, Model, replay
from tests.world import ORGANISATIONS

TALLY = Tally()

STEWARD, AUTHORITY = (wallet.role(name).address for name in ("steward", "authority"))
SIGNERS = [wallet.role(name).address for name in ("hospital", "clinic", "insurer")]
PEOPLE = [*SIGNERS, wallet.role("doctor").address, wallet.role("attacker").address]
HOUSES = [organisation_id(ORGANISATIONS[name].identifier) for name in ("hospital", "clinic", "insurer")]
RECORDS = [keccak256(b"record 1"), keccak256(b"record 2")]
FOREVER = 2**64 - 1

people = st.sampled_from(PEOPLE)
houses = st.sampled_from([0] * 5 + [1] * 4 + [2])
records = st.sampled_from([*RECORDS, RECORDS[0], ZERO_HASH])
chances = st.integers(0, 7)
numbers = st.integers(0, 5)


def some(kind: str, number: int) -> bytes:
    """One of a few hashes of a kind; the last is zero."""
    return keccak256(f"{kind} {number}".encode()) if number < 5 else ZERO_HASH


class Exchanges(RuleBasedStateMachine):
    """Model and contract take the same acts of the same people at the same times."""

    artifact: Artifact = load("RecordExchange")

    def __init__(self) -> None:
        super().__init__()
        self.host = LocalEvm()
        self.registrar = self.host.deploy(load("AccreditationRegistry"), STEWARD, by=STEWARD)
        self.contract = self.host.deploy(self.artifact, self.registrar.address, by=STEWARD)
        self.contract.decoder.learn(load("AccreditationRegistry"))
        self.accreditation = AccreditationModel(STEWARD)
        self.model = Model(self.accreditation.state)
        self.told: list[Any] = []
        self.asked: list[Question] = []
        self._register("openJurisdiction", STEWARD, 840, AUTHORITY)
        for place, (house, signer) in enumerate(zip(HOUSES, SIGNERS, strict=True)):
            self._register("register", AUTHORITY, house, 840, signer, FOREVER)
            if place < 2:
                self._register("accredit", AUTHORITY, house, HOSPITAL, FOREVER)
            self._register("addSigner", signer, house, signer, HOSPITAL | PARTICIPANT, FOREVER, ZERO_HASH)
        for chance in range(5, 8):
            self.anchor(chance, SIGNERS[0], 0, RECORDS[chance % 2], chance - 4, b"")
            self.request(chance, SIGNERS[1], 1, 0, chance, WAIT)
        self.respond(5, SIGNERS[0], 0, 1)

    @rule(seconds=st.sampled_from([1, 1, 1, 60, 3600, DAY - 1, DAY, WINDOW]))
    def wait(self, seconds: int) -> None:
        self.host.advance(seconds)

    @rule(house=st.integers(0, 1), chance=st.sampled_from([1, 2]), ago=st.sampled_from([0, 1, DAY]), again=chances)
    def change_accreditation(self, house: int, chance: int, ago: int, again: int) -> None:
        """Suspend or declare a compromise, and mostly accredit anew at once; refusals do not matter."""
        organisation, now = HOUSES[house], self.host.now
        line = self.accreditation.state.lines[organisation, HOSPITAL]
        if chance == 1:
            self._register("suspend", AUTHORITY, organisation, HOSPITAL)
        else:
            since = max(now - ago, line[-1].from_)
            self._register("compromise", AUTHORITY, organisation, HOSPITAL, len(line) - 1, since)
        if again:
            self.host.advance(1)
            self._register("accredit", AUTHORITY, organisation, HOSPITAL, FOREVER)
        self._ask_about_all()

    @rule(
        chance=chances,
        caller=people,
        house=houses,
        record=records,
        number=numbers,
        other=st.binary(min_size=24, max_size=24),
    )
    def anchor(self, chance: int, caller: str, house: int, record: bytes, number: int, other: bytes) -> None:
        """Anchor the next version; now and then after another one, for another epoch, or as somebody else."""
        key = HOUSES[house], record
        newest = self.model.state.newest.get(key, (None, 0))[0]
        previous = newest.fingerprint if newest else NO_FINGERPRINT
        epoch = self.model.state.epochs.get(key, 0)
        if chance == 1:
            previous = newest.previous if newest and number else other
        caller = caller if chance == 2 else SIGNERS[house]
        epoch = epoch + 1 if chance == 3 else max(epoch - 1, 0) if chance == 4 else epoch
        if self._try("anchor", caller, *key, some("commitment", number), previous, epoch):
            self._ask_about_all()

    @rule(chance=chances, caller=people, house=houses, record=records)
    def rotate(self, chance: int, caller: str, house: int, record: bytes) -> None:
        known = sorted(self.model.state.newest)
        house_, record_ = known[chance % len(known)] if known and chance > 1 else (HOUSES[house], record)
        self._try("rotate", caller if chance == 3 else SIGNERS[HOUSES.index(house_)], house_, record_)

    @rule(chance=chances, caller=people, house=st.integers(0, 2), number=numbers)
    def publish_key(self, chance: int, caller: str, house: int, number: int) -> None:
        self._try("publishKey", SIGNERS[house] if chance else caller, HOUSES[house], some("key", number))

    @rule(
        chance=chances,
        caller=people,
        requester=st.integers(0, 2),
        custodian=houses,
        number=numbers,
        ahead=st.sampled_from([DAY, DAY, WAIT, 1, 0, -1, WAIT + 1]),
    )
    def request(self, chance: int, caller: str, requester: int, custodian: int, number: int, ahead: int) -> None:
        """Ask something new, or now and then what was asked before."""
        content = some("question", number) if chance < 3 else keccak256(len(self.told).to_bytes(4, "big"))
        question = Question(HOUSES[requester], HOUSES[custodian], content)
        right = caller if chance == 3 else SIGNERS[requester]
        if self._try("request", right, question, self.host.now + (ahead if chance % 2 else DAY)):
            self.asked.append(question)

    @rule(chance=chances, caller=people, place=st.integers(0, 20), number=numbers)
    def respond(self, chance: int, caller: str, place: int, number: int) -> None:
        question = self._question(place, (Stage.OPEN,), chance)
        right = caller if chance == 1 else SIGNERS[HOUSES.index(question.custodian)]
        self._try("respond", right, question, some("delivery", number))

    @rule(chance=chances, caller=people, place=st.integers(0, 20), number=numbers)
    def refuse(self, chance: int, caller: str, place: int, number: int) -> None:
        question = self._question(place, (Stage.OPEN,), chance)
        right = caller if chance == 1 else SIGNERS[HOUSES.index(question.custodian)]
        self._try("refuse", right, question, some("reason", number))

    @rule(chance=chances, caller=people, place=st.integers(0, 20), number=numbers, dispute=st.booleans())
    def settle(self, chance: int, caller: str, place: int, number: int, dispute: bool) -> None:
        """Acknowledge or dispute what was handed over, or now and then something else."""
        question = self._question(place, (Stage.ANSWERED,), chance)
        is_answered = self.model.state.stage_of(question.id, self.host.now) == Stage.ANSWERED
        if not is_answered and chance > 3:
            return
        right = caller if chance == 1 else SIGNERS[HOUSES.index(question.requester)]
        known = self.model.state.exchanges.get(question.id, Exchange(0, 0))
        delivery = some("delivery", number) if chance == 2 else known.delivery
        if is_answered and number == 0:
            self._try("acknowledge", right, question, some("another", 0))
        if dispute:
            self._try("dispute", right, question, delivery, some("objection", number))
        else:
            self._try("acknowledge", right, question, delivery)

    def teardown(self) -> None:
        """Invariant 31: the events alone rebuild the state, and the contract keeps just that."""
        state = self.model.state
        assert replay(self.told) == state
        for house in HOUSES:
            assert self.contract.call("keyOf", house) == state.keys.get(house, ZERO_HASH)
            for record in RECORDS:
                version, at = state.newest.get((house, record), (None, 0))
                kept = tuple(self.contract.call("newestOf", house, record).values())
                assert kept == ((version.fingerprint, at, version.number) if version else (NO_FINGERPRINT, 0, 0))
                assert self.contract.call("keyEpochOf", house, record) == state.epochs.get((house, record), 0)
        for question in self.asked:
            stage = self.contract.call("stageOf", question)
            TALLY.note(f"stage: {Stage(stage).name}", None)
            assert stage == state.stage_of(question.id, self.host.now)
            assert self.contract.call("deadlineOf", question) == state.exchanges[question.id].deadline

    def _ask_about_all(self) -> None:
        """Each newest version has the status of the model, and with any field exchanged it is UNKNOWN."""
        for version, _ in self.model.state.newest.values():
            status = self.contract.call("statusOf", version)
            TALLY.note(f"status: {RecordStatus(status).name}", None)
            assert status == self.model.status_of(version)
            for changes in ({"commitment": ZERO_HASH}, {"signer": AUTHORITY}, {"number": version.number + 1}):
                assert self.contract.call("statusOf", replace(version, **changes)) == RecordStatus.UNKNOWN

    def _question(self, place: int, stages: tuple[Stage, ...], chance: int) -> Question:
        """Mostly one that stands where the act can be done."""
        now, state = self.host.now, self.model.state
        fit = [one for one in self.asked if state.stage_of(one.id, now) in stages] if chance > 1 else []
        found = fit or self.asked or [Question(HOUSES[1], HOUSES[0], some("question", 0))]
        return found[place % len(found)]

    def _register(self, act: str, caller: str, *arguments: Any) -> None:
        """Let the registry of accreditations and its model act; the machine of that registry compares them."""
        try:
            self.accreditation.act(act, self.host.now, caller, *arguments)
        except Refused:
            return
        self.registrar.send(caller, act, *arguments)

    def _try(self, act: str, caller: str, *arguments: Any) -> bool:
        """Let model and contract act: the same events, or the same error with the same values and no event."""
        name = re.sub("[A-Z]", lambda match: "_" + match.group().lower(), act)
        try:
            expected, refused = getattr(self.model, name)(self.host.now, caller, *arguments), None
        except Refused as error:
            expected, refused = [], error
        TALLY.note(act, refused.error if refused else None)
        if refused:
            assert self.contract.refusal(caller, act, *arguments) == (refused.error, refused.values)
            return False
        assert self.contract.send(caller, act, *arguments) == expected
        self.told += expected
        return True


FEW = {
    "record-old-version-replayed",
    "record-next-version-for-the-revoked",
    "record-of-a-compromised-custodian",
    "answer-too-late",
    "delivery-of-something-else-acknowledged",
    "record-key-swapped-by-a-stranger",
}


def pytest_generate_tests(metafunc):
    """Six of the checks, or all with --full."""
    if "attack" in metafunc.fixturenames:
        is_full = metafunc.config.getoption("--full")
        chosen = [attack for attack in [*ON_RECORDS, *ON_REQUESTS] if is_full or attack.id in FEW]
        metafunc.parametrize("attack", chosen, ids=str)


class TestModel:
    """
    given any acts of anyone at any times -> contract and model agree on each status, stage, event and error
                                          -> the events alone rebuild the state (invariant 31)
    given all runs                        -> every act succeeds in at least 5 % of its calls; every error, status and
                                             stage arises
    """

    def test_contract_and_model_agree(self, request):
        run(Exchanges, request, examples=120)
        print(TALLY.report())
        assert TALLY.rare() == []
        stages = {f"stage: {one.name}" for one in Stage if one != Stage.NONE}
        statuses = {"status: CURRENT", "status: CUSTODIAN_UNTRUSTED"}
        assert stages | statuses <= set(TALLY.tried)
        own = {item["name"] for item in load("RecordExchange").abi if item["type"] == "error"}
        assert own - set(TALLY.errors) == set()


class TestTeeth:
    """given the exchange without one of its checks -> the machine finds it"""

    def test_finds_the_missing_check(self, attack, request, monkeypatch):
        monkeypatch.setattr(Exchanges, "artifact", attack.twin())
        with pytest.raises(AssertionError):
            run(Exchanges, request, shrink=False, examples=120)
