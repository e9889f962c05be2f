"""The registry of patients does what its model does, whatever is tried in whatever order."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule

from medtrust import wallet
from medtrust.artifacts import Artifact, load
from medtrust.errors import Reverted
from medtrust.patients import _STATEMENTS, Capacity, Scope
from medtrust.signing import Domain, sign
from medtrust.types import ZERO_ADDRESS, ZERO_HASH
from tests.attacks.test_patients import ATTACKS
from tests.invariants.accreditation_model import Refused, Told
from tests.invariants.machine import LocalEvm, Tally, run
from tests.invariants.patients_model import ALL_SCOPES, DAY, DELAY, MAX_FREEZE, NOTICE, Entry, Model, Proof, replay

TALLY = Tally()

USA, CHINA = 840, 156
STEWARD, AUTHORITY = (wallet.role(name).address for name in ("steward", "authority"))
OWNERS = ("stranger", "relayer", "doctor", "attacker")
KEYS = {one.address: bytes(one.key) for one in map(wallet.role, OWNERS)}
PATIENTS = list(KEYS)[:2]
SIGNING = {wallet.role(name).address: bytes(wallet.role(name).key) for name in wallet.ROLES}
GUARDIANS = [wallet.role(name).address for name in wallet.ROLES if name not in (*OWNERS, "steward", "authority")]
LABORATORY = 1 << 6
FAR = 2**47

chances = st.integers(0, 9)
patients = st.sampled_from(PATIENTS)
keys = st.sampled_from([*KEYS])
guardians = st.sampled_from(GUARDIANS)
callers = st.sampled_from([*KEYS, *GUARDIANS, AUTHORITY])
scopes = st.sampled_from([ALL_SCOPES, ALL_SCOPES, 3, 1, int(Scope.RECOVER), int(Scope.FREEZE | Scope.READ), 0, 128])
SIGNABLE = {"rotate", "addGuardian", "removeGuardian", "changeThreshold", "hide", "veto", "freeze", "recover", "resign"}


class Registry(RuleBasedStateMachine):
    """Model and contract take the same acts of the same people at the same times."""

    artifact: Artifact = load("PatientRegistry")

    def __init__(self) -> None:
        super().__init__()
        self.host = LocalEvm()
        registrar = self.host.deploy(load("AccreditationRegistry"), STEWARD, by=STEWARD)
        registrar.send(STEWARD, "openJurisdiction", USA, AUTHORITY)
        self.contract = self.host.deploy(self.artifact, registrar.address, by=STEWARD)
        self.contract.decoder.learn(load("AccreditationRegistry"))
        self.domain = Domain("PatientRegistry", "1", 1, self.contract.address)
        self.model = Model({USA: AUTHORITY})
        self.told: list[tuple[int, Told]] = []
        self.nonce = 0
        for number, guardian in enumerate(GUARDIANS[:5]):
            patient = PATIENTS[number % 2]
            self._try(patient, "addGuardian", patient, guardian, ALL_SCOPES, 0, FAR, ZERO_HASH)
        self.host.advance(NOTICE + DAY)

    @property
    def now(self) -> int:
        return self.host.now

    @rule(seconds=st.sampled_from([1, 1, 60, 60, DAY, DELAY, 3 * DAY, NOTICE - 1]))
    def wait(self, seconds: int) -> None:
        self.host.advance(seconds)

    @rule(chance=chances, patient=patients, caller=callers, by_sig=st.booleans(), key=keys)
    def rotate(self, chance: int, patient: str, caller: str, by_sig: bool, key: str) -> None:
        self._decide(chance, caller, "rotate", patient, key if chance != 1 else ZERO_ADDRESS, by_sig=by_sig)

    @rule(
        chance=chances,
        patient=patients,
        caller=callers,
        by_sig=st.booleans(),
        guardian=st.sampled_from([*GUARDIANS, *GUARDIANS, ZERO_ADDRESS, PATIENTS[0]]),
        scope=scopes,
        begins=st.sampled_from([0, 0, 0, 1, DAY]),
        lasts=st.sampled_from([FAR, FAR, NOTICE + 1, 2 * NOTICE, 60, DAY, 0, 2**49]),
    )
    def add_guardian(
        self, chance: int, patient: str, caller: str, by_sig: bool, guardian: str, scope: int, begins: int, lasts: int
    ) -> None:
        """Appoint a guardian for ever, until a majority that comes soon, or for no time at all."""
        from_ = self.now + begins if begins else 0
        arguments = guardian, scope, from_, max(from_, self.now) + lasts, ZERO_HASH
        self._decide(chance, caller, "addGuardian", patient, *arguments, by_sig=by_sig)

    @rule(patient=patients, count=st.integers(4, 10))
    def gather(self, patient: str, count: int) -> None:
        """Appoint many at once, more than there is room for."""
        for guardian in GUARDIANS[:count]:
            if self.now >= self.model.state.patient(patient).entry(guardian).until:
                controller = self.model.state.controller(patient)
                self._try(controller, "addGuardian", patient, guardian, ALL_SCOPES, 0, FAR, ZERO_HASH)

    @rule(chance=chances, patient=patients, caller=callers, by_sig=st.booleans(), number=st.integers(0, 20))
    def remove_guardian(self, chance: int, patient: str, caller: str, by_sig: bool, number: int) -> None:
        guardian = self._some_guardian(patient, number) if chance else GUARDIANS[number % 10]
        self._decide(chance, caller, "removeGuardian", patient, guardian, by_sig=by_sig)

    @rule(
        chance=chances,
        patient=patients,
        caller=callers,
        by_sig=st.booleans(),
        threshold=st.sampled_from([0, 1, 2, 3, 5, 255]),
    )
    def change_threshold(self, chance: int, patient: str, caller: str, by_sig: bool, threshold: int) -> None:
        self._decide(chance, caller, "changeThreshold", patient, threshold, by_sig=by_sig)

    @rule(
        chance=chances,
        patient=patients,
        caller=callers,
        by_sig=st.booleans(),
        classes=st.sampled_from([0, LABORATORY, 2**32 - 1]),
    )
    def hide(self, chance: int, patient: str, caller: str, by_sig: bool, classes: int) -> None:
        self._decide(chance, caller, "hide", patient, classes, by_sig=by_sig)

    @rule(chance=chances, caller=callers, place=st.sampled_from([USA, USA, CHINA]))
    def allow_hiding(self, chance: int, caller: str, place: int) -> None:
        caller = AUTHORITY if chance > 1 else caller
        self._act(caller, "allowHiding", place, chance * LABORATORY)

    @rule(
        chance=chances,
        patient=patients,
        caller=callers,
        by_sig=st.booleans(),
        period=st.sampled_from([1, 60, DAY, DAY, MAX_FREEZE, MAX_FREEZE + 1, 0]),
    )
    def freeze(self, chance: int, patient: str, caller: str, by_sig: bool, period: int) -> None:
        """Freeze, as the controller or as a guardian."""
        if chance > 5:
            self._act_as(self._some_guardian(patient, chance), "freeze", patient, self.now + period, by_sig=by_sig)
        else:
            self._decide(chance, caller, "freeze", patient, self.now + period, by_sig=by_sig)

    @rule(chance=chances, patient=patients, number=st.integers(0, 20), key=keys, caller=callers, by_sig=st.booleans())
    def recover(self, chance: int, patient: str, number: int, key: str, caller: str, by_sig: bool) -> None:
        """Vote for a controller: mostly one of the guardians, now and then nobody's guardian or for nobody."""
        caller = self._some_guardian(patient, number) if chance > 1 else caller
        self._act_as(caller, "recover", patient, ZERO_ADDRESS if chance == 2 else key, by_sig=by_sig)

    @rule(chance=st.integers(0, 5), patient=patients, number=st.integers(0, 20), caller=callers, by_sig=st.booleans())
    def resign(self, chance: int, patient: str, number: int, caller: str, by_sig: bool) -> None:
        """Seldom, or nobody is left to recover."""
        if chance < 3:
            self._act_as(self._some_guardian(patient, number) if chance else caller, "resign", patient, by_sig=by_sig)

    @rule(chance=chances, patient=patients, caller=callers, by_sig=st.booleans(), ahead=st.sampled_from([0, 0, 1]))
    def veto(self, chance: int, patient: str, caller: str, by_sig: bool, ahead: int) -> None:
        """Refuse a recovery; where there is none it is seldom tried."""
        state = self.model.state.patient(patient)
        if state.candidate != ZERO_ADDRESS or chance < 1:
            self._decide(chance, caller, "veto", patient, *([state.round + ahead] if by_sig else []), by_sig=by_sig)

    @rule(chance=chances, patient=patients, caller=callers)
    def finish(self, chance: int, patient: str, caller: str) -> None:
        if self.model.state.patient(patient).candidate != ZERO_ADDRESS or chance < 1:
            self._try(caller, "finishRecovery", patient)

    @rule(
        patient=patients,
        key=keys,
        count=st.integers(1, 5),
        pause=st.sampled_from([DELAY - 1, DELAY, DELAY, DELAY + 1, NOTICE - 1, NOTICE, DELAY + NOTICE]),
        end=st.integers(0, 4),
    )
    def live_a_recovery(self, patient: str, key: str, count: int, pause: int, end: int) -> None:
        """Let some guardians vote, wait, and then vetoes whoever decides, or somebody finishes."""
        for guardian in self.model.state.patient(patient).voters(self.now)[:count]:
            self._try(guardian, "recover", patient, key)
        self.host.advance(pause)
        round_ = self.model.state.patient(patient).round
        if end == 0:
            self._try(self.model.state.controller(patient), "veto", patient)
        elif end < 3:
            self._decide(5, key, "veto", patient, round_ + 2 - end, by_sig=True)
        if end > 1:
            self._try(key, "finishRecovery", patient)

    @rule(patient=patients, key=keys, pause=st.sampled_from([0, 59, 60, 61]), act=st.integers(0, 3))
    def live_a_theft(self, patient: str, key: str, pause: int, act: int) -> None:
        """Freeze, and then give away what a thief might; one second before the end, at it and after."""
        self._decide(5, key, "freeze", patient, self.now + 60, by_sig=act > 1)
        self.ask(patient, act, int(Scope.GRANT))
        self.host.advance(pause)
        if act == 0:
            self._decide(5, key, "addGuardian", patient, GUARDIANS[-1], ALL_SCOPES, 0, FAR, ZERO_HASH, by_sig=True)
        else:
            self._decide(5, key, "rotate", patient, key, by_sig=act == 1)

    @rule(patient=patients, number=st.integers(0, 20), scope=st.sampled_from([*range(1, 4), 8, 32, 64, 96, 97, 0]))
    def ask(self, patient: str, number: int, scope: int) -> None:
        """A guardian's powers begin and end in their seconds, without anyone acting."""
        guardian = self._some_guardian(patient, number)
        entry = self.model.state.patient(patient).entry(guardian)
        for time in {entry.from_, entry.until, entry.protect_from, entry.removed_at, self.now}:
            for at in (time - 1, time, time + 1):
                if at >= 0:
                    answer = self.contract.call("isGuardian", patient, guardian, scope, at)
                    assert answer == entry.holds(scope, at), (entry, scope, at)
                    TALLY.note(f"ask: {'held' if answer else 'not held'}", None)
        for account in (guardian, *KEYS):
            capacity = self.model.state.capacity(self.now, patient, account, scope)
            assert self._capacity(patient, account, scope) == capacity
            TALLY.note(f"ask: {Capacity(capacity).name}", None)
        for place in (USA, CHINA):
            hidden = self.model.state.patient(patient).hidden & self.model.state.hideable.get(place, 0)
            assert self.contract.call("hiddenOf", patient, place) == hidden

    def _capacity(self, patient: str, account: str, scope: int) -> Capacity:
        try:
            controller = self.contract.call("checkMay", patient, account, scope)
        except Reverted as refused:
            return {"NotController": Capacity.NONE, "Frozen": Capacity.FROZEN}[refused.error]
        return Capacity.CONTROLLER if controller == account else Capacity.GUARDIAN

    def teardown(self) -> None:
        """Invariants 18 and 31: a used number stays used, and the events alone rebuild what the registry keeps."""
        rebuilt = replay(self.told)
        assert (rebuilt.hideable, rebuilt.nonces) == (self.model.state.hideable, self.model.state.nonces)
        for signer in SIGNING:
            used = {nonce for nonce in range(self.nonce + 1) if self.contract.call("isNonceUsed", signer, nonce)}
            assert used == rebuilt.nonces.get(signer, set())
        for patient in PATIENTS:
            assert rebuilt.patient(patient) == self.model.state.patient(patient)
            self._compare(patient)
            for guardian in GUARDIANS:
                entry = rebuilt.patient(patient).entry(guardian)
                kept = Entry(*self.contract.call("guardianOf", patient, guardian).values())
                assert kept == entry

    def _some_guardian(self, patient: str, number: int) -> str:
        """One of the patient's guardians, if there is any."""
        known = self.model.state.patient(patient).roster or GUARDIANS
        return known[number % len(known)]

    def _decide(self, chance: int, caller: str, act: str, patient: str, *arguments: Any, by_sig: bool) -> None:
        """Act as whoever decides for the patient, with its key or with a signature; now and then as somebody else."""
        controller = self.model.state.controller(patient)
        if not by_sig:
            self._try(controller if chance else caller, act, patient, *arguments)
            return
        signer = controller if chance else next(one for one in KEYS if one != controller)
        self._send_signed(signer, chance, act, patient, *arguments)

    def _act_as(self, account: str, act: str, patient: str, *arguments: Any, by_sig: bool) -> None:
        """Act as anyone, with its key or with a signature."""
        if by_sig:
            self._send_signed(account, 5, act, patient, *arguments)
        else:
            self._try(account, act, patient, *arguments)

    def _send_signed(self, signer: str, chance: int, act: str, patient: str, *arguments: Any) -> None:
        """Send what somebody signed; now and then too late, with a number that was used, or spoiled."""
        self.nonce += 1
        used = self.model.state.nonces.get(signer)
        nonce = max(used) if used and chance in (3, 4) else self.nonce
        deadline = self.now + (chance != 2) * 60 - (chance == 2)
        statement = _STATEMENTS[act]
        values = (patient, *arguments, nonce, deadline)
        message = dict(zip(statement.types[statement.primary], values, strict=True))
        signature = sign(SIGNING[signer], statement.digest(self.domain, message))
        proof = Proof(nonce, deadline, signer)
        if chance == 1:
            signature, proof = signature[:64], Proof(nonce, deadline, "")
        given = ((patient, *arguments),) if act == "addGuardian" else (patient, *arguments)
        self._compare_act(
            f"{act}BySig",
            GUARDIANS[0],
            lambda: self.model.act_by_sig(self.now, act, patient, *arguments, proof=proof),
            (*given, (nonce, deadline, signature)),
        )
        self._compare(patient)

    def _try(self, caller: str, act: str, patient: str, *arguments: Any) -> None:
        given = ((patient, *arguments),) if act == "addGuardian" else (patient, *arguments)
        self._compare_act(act, caller, lambda: self.model.act(self.now, caller, act, patient, *arguments), given)
        self._compare(patient)

    def _act(self, caller: str, act: str, *arguments: Any) -> None:
        self._compare_act(act, caller, lambda: self.model.allow_hiding(caller, *arguments), arguments)

    def _compare_act(self, act: str, caller: str, expect: Any, arguments: tuple[Any, ...]) -> None:
        """Let model and contract act: the same events, or the same error with the same values and no event."""
        try:
            expected, refused = expect(), None
        except Refused as error:
            expected, refused = [], error
        TALLY.note(act, refused.error if refused else None)
        if refused:
            assert self.contract.refusal(caller, act, *arguments) == (refused.error, refused.values)
            return
        assert self.contract.send(caller, act, *arguments) == expected
        self.told += [(self.now, one) for one in expected]
        self._check_laws(expected)

    def _check_laws(self, told: list[Told]) -> None:
        """A majority that was known for two days recovers; a guardian protects after 7 days; a freeze is short."""
        for name, values in told:
            if name == "PatientRecovered":
                self._check_recovery(values["patient"], values["controller"])
            elif name == "GuardianAdded":
                assert values["protectFrom"] >= self.now + NOTICE
            elif name == "FreezeBegun":
                assert self.now < values["until"] <= self.now + MAX_FREEZE

    def _check_recovery(self, patient: str, controller: str) -> None:
        """From the events and the contract's answers, without the model."""
        mine = [(at, name, values) for at, (name, values) in self.told if values.get("patient") == patient]
        ends = [place for place, one in enumerate(mine[:-1]) if one[1] in ("RecoveryVetoed", "PatientRecovered")]
        round_ = mine[ends[-1] + 1 if ends else 0 : -1]
        votes = {
            one["guardian"]: one["controller"]
            for at, name, one in round_
            if name == "RecoveryVoted" and self.now < at + NOTICE
        }
        assert any(
            name == "RecoveryBegun" and one["controller"] == controller and self.now >= at + DELAY
            for at, name, one in round_
        )
        scope = int(Scope.RECOVER)
        # The block's own guardians: who may vote now, by the contract's own answer.
        holders = [one for one in GUARDIANS if self.contract.call("isGuardian", patient, one, scope, self.now)]
        assert 2 * len([one for one in holders if votes.get(one) == controller]) > len(holders)

    def _compare(self, patient: str) -> None:
        state = self.model.state.patient(patient)
        control = self.contract.call("controlOf", patient).values()
        assert list(control) == [self.model.state.controller(patient), state.frozen_from, state.frozen_until]
        assert self.contract.call("controllerOf", patient) == self.model.state.controller(patient)
        assert [one for one in self.contract.call("guardiansOf", patient) if one != ZERO_ADDRESS] == state.roster
        recovery = self.contract.call("recoveryOf", patient).values()
        told = (state.candidate, state.ready_at, state.round, *state.tally(self.now, state.candidate))
        assert tuple(recovery) == told


FEW = {"recovery-by-a-minority", "thief-shakes-guardians-off", "patient-rotated-without-signature", "freeze-for-ever"}


def pytest_generate_tests(metafunc):
    """Four of the checks, or all with --full."""
    if "attack" in metafunc.fixturenames:
        is_full = metafunc.config.getoption("--full")
        mine = [attack for attack in ATTACKS if attack.contract == "PatientRegistry"]
        metafunc.parametrize("attack", [one for one in mine if is_full or one.id in FEW], ids=str)


class TestModel:
    """
    given any acts of anyone at any times -> contract and model agree on each power, recovery, event and error
                                          -> a majority known for 2 days recovers; nobody new protects within 7 days
                                          -> a used number stays used (18), the events alone rebuild the state (31)
    given all runs                        -> every act succeeds in at least 5 % of its calls, every error arises
    """

    def test_contract_and_model_agree(self, request):
        run(Registry, request)
        print(TALLY.report())
        assert TALLY.rare() == []
        assert {f"{act}BySig" for act in SIGNABLE} <= set(TALLY.tried)
        assert {f"ask: {one.name}" for one in Capacity} <= set(TALLY.tried)
        own = {item["name"] for item in load("PatientRegistry").abi if item["type"] == "error"}
        assert own - set(TALLY.errors) == set()


class TestTeeth:
    """given the registry without one of its checks -> the machine finds it"""

    def test_finds_the_missing_check(self, attack, request, monkeypatch):
        monkeypatch.setattr(Registry, "artifact", attack.twin())
        with pytest.raises(AssertionError):
            run(Registry, request, shrink=False)
