"""Access in emergencies does what its model does, whatever is tried in whatever order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule

from medtrust import wallet
from medtrust.accreditation import Role
from medtrust.artifacts import Artifact, load
from medtrust.consent import DataClass
from medtrust.emergency import _CHANGE_RULE, _CONTEST, EVERYTHING, Verdict
from medtrust.patients import Scope
from medtrust.signing import Domain, TypedData, sign
from medtrust.types import ZERO_HASH, name_hash
from tests.attacks.test_emergency import ATTACKS
from tests.invariants.accreditation_model import Model as AccreditationModel
from tests.invariants.accreditation_model import Refused, Told
from tests.invariants.emergency_model import (
    DAY,
    HOUR,
    MAX_SESSIONS,
    MAX_SPAN,
    MAX_TIME,
    WINDOW,
    Model,
    Session,
    most_sessions,
    most_time,
    replay,
)
from tests.invariants.machine import LocalEvm, Tally, run
from tests.invariants.patients_model import Model as PatientsModel
from tests.invariants.patients_model import Proof

TALLY = Tally()

USA, FOREVER = 840, 2**64 - 1
STEWARD, AUTHORITY = (wallet.role(name).address for name in ("steward", "authority"))
DOCTOR, NURSE, OFFICER, TEMP = (wallet.role(name).address for name in ("doctor", "clinic", "officer", "hospital"))
GUARDIAN, ATTACKER = (wallet.role(name).address for name in ("insurer", "attacker"))
KEYS = {one.address: bytes(one.key) for one in map(wallet.role, ("stranger", "relayer", "insurer"))}
PATIENTS = [*KEYS][:2]
HOUSES = [name_hash("hospital"), name_hash("clinic")]
CARE, PRIVACY = name_hash("emergency unit"), name_hash("privacy office")
STAFF = ((0, DOCTOR, CARE), (0, NURSE, CARE), (0, OFFICER, PRIVACY), (0, TEMP, ZERO_HASH))
STAFF += ((1, NURSE, ZERO_HASH), (1, OFFICER, PRIVACY))
REASON, LABORATORY = name_hash("a reason and its salt"), int(DataClass.LABORATORY)

chances = st.integers(0, 9)
patients = st.sampled_from(PATIENTS)
houses = st.sampled_from([0, 0, 0, 1])
clinicians = st.sampled_from([DOCTOR, DOCTOR, NURSE, TEMP])
callers = st.sampled_from([*KEYS, DOCTOR, NURSE, OFFICER, TEMP, GUARDIAN, ATTACKER, AUTHORITY])
classes = st.sampled_from([LABORATORY, LABORATORY | 1, EVERYTHING, EVERYTHING, 0, EVERYTHING + 1])
picks = st.integers(0, 1000)


class Emergencies(RuleBasedStateMachine):
    """Model and contract take the same acts of the same people at the same times."""

    artifact: Artifact = load("EmergencyAccess")

    def __init__(self) -> None:
        super().__init__()
        self.host = LocalEvm()
        self.registrar = self.host.deploy(load("AccreditationRegistry"), STEWARD, by=STEWARD)
        self.keys = self.host.deploy(load("PatientRegistry"), self.registrar.address, by=STEWARD)
        self.contract = self.host.deploy(self.artifact, self.registrar.address, self.keys.address, by=STEWARD)
        self.contract.decoder.learn(load("PatientRegistry"))
        self.contract.decoder.learn(load("AccreditationRegistry"))
        self.domain = Domain("EmergencyAccess", "1", 1, self.contract.address)
        self.accreditation = AccreditationModel(STEWARD)
        self.owners = PatientsModel({USA: AUTHORITY})
        self.model = Model(self.accreditation.state, self.owners.state)
        self.told: list[Told] = []
        self.nonce = 0
        self.crowd = 0
        self._staff()

    def _staff(self) -> None:
        self._register("openJurisdiction", STEWARD, USA, AUTHORITY)
        for house in HOUSES:
            self._register("register", AUTHORITY, house, USA, AUTHORITY, FOREVER)
            for role in (Role.EMERGENCY_CARE, Role.PRIVACY_OFFICER):
                self._register("accredit", AUTHORITY, house, int(role), FOREVER)
        for house, signer, unit in STAFF:
            roles = Role.PRIVACY_OFFICER if signer == OFFICER else Role.PRIVACY_OFFICER | Role.EMERGENCY_CARE
            self._register("addSigner", AUTHORITY, HOUSES[house], signer, int(roles), FOREVER, unit)
        appointment = (PATIENTS[0], GUARDIAN, int(Scope.CONTEST | Scope.EMERGENCY), 0, 2**47, ZERO_HASH)
        self.keys.send(PATIENTS[0], "addGuardian", appointment)
        self.owners.act(self.now, PATIENTS[0], "addGuardian", *appointment)

    @property
    def now(self) -> int:
        return self.host.now

    @rule(seconds=st.sampled_from([1, 60, HOUR, 4 * HOUR, DAY, 3 * DAY]))
    def wait(self, seconds: int) -> None:
        self.host.advance(seconds)

    @rule(chance=chances, house=houses)
    def change_accreditation(self, chance: int, house: int) -> None:
        """Suspend emergency care now and then, and soon accredit it anew; refusals do not matter."""
        if chance == 0:
            self._register("suspend", AUTHORITY, HOUSES[house], int(Role.EMERGENCY_CARE))
        is_standing = self.accreditation.state.standing(HOUSES[house], Role.EMERGENCY_CARE, self.now) == "ACTIVE"
        if chance > 2 and not is_standing:
            self._register("accredit", AUTHORITY, HOUSES[house], int(Role.EMERGENCY_CARE), FOREVER)

    @rule(
        chance=chances,
        house=houses,
        actor=clinicians,
        caller=callers,
        patient=patients,
        classes=classes,
        period=st.sampled_from([0, 0, 1, HOUR, 12 * HOUR, DAY - 1, DAY, DAY + 1]),
    )
    def open(self, chance: int, house: int, actor: str, caller: str, patient: str, classes: int, period: int) -> None:
        if chance > 6:
            self.catch_up(1, house, ATTACKER)
        self._try("open", actor if chance else caller, patient, HOUSES[house], REASON, classes, period)

    @rule(house=houses, actor=clinicians, patient=patients, periods=st.lists(st.integers(0, 6), min_size=3, max_size=7))
    def roll_over(self, house: int, actor: str, patient: str, periods: list[int]) -> None:
        """Open session after session, now and then within another, and come back when some of them are 30 days old."""
        for number in periods:
            period = (60, HOUR, 10 * HOUR, 12 * HOUR, DAY - HOUR, DAY, DAY)[number]
            self._try("open", actor, patient, HOUSES[house], REASON, LABORATORY, period)
            self.host.advance(period if number % 2 else 1)
        self.catch_up(1, house, ATTACKER)
        known = self.model.state.opened.get((patient, actor), [])
        latest = known[-1 - periods[0] % len(known)].until if known else self.now
        self.host.advance(max(latest + WINDOW - self.now, 0))
        for number in periods:
            self._try("open", actor, patient, HOUSES[house], REASON, LABORATORY, (1, HOUR, DAY)[number % 3])

    @rule(house=houses, patient=patients, period=st.sampled_from([0, 60, HOUR, DAY + 1]), withheld=classes)
    def live_an_emergency(self, house: int, patient: str, period: int, withheld: int) -> None:
        """Open for a patient, and ask at once, after its rule changed, in the last second and after it."""
        self.catch_up(1, house, ATTACKER)
        self._try("changeRule", patient, patient, 0)
        self._try("open", NURSE, patient, HOUSES[house], REASON, LABORATORY, period)
        newest = max(len(self.model.state.organisation(HOUSES[house]).sessions) - 1, 0)
        for pause in (0, (period or 4 * HOUR) - 1, 1):
            self.host.advance(pause)
            self.ask(house, 1 + 3 * newest, NURSE, patient, LABORATORY)
        self._try("changeRule", patient, patient, withheld)
        self.ask(house, 1 + 3 * newest, NURSE, patient, LABORATORY)

    @rule(chance=st.integers(0, 5), house=houses)
    def crowd_in(self, chance: int, house: int) -> None:
        """Once in a while, open for so many patients that no more may wait."""
        if chance:
            return
        self.catch_up(1, house, ATTACKER)
        for _ in range(MAX_SPAN + 1):
            self.crowd += 1
            patient = f"0x{self.crowd:040d}"
            self._try("open", TEMP if house == 0 else NURSE, patient, HOUSES[house], REASON, 1, 1)

    @rule(
        chance=chances,
        house=houses,
        pick=picks,
        caller=callers,
        verdict=st.sampled_from([*Verdict, Verdict.JUSTIFIED, Verdict.UNJUSTIFIED]),
    )
    def review(self, chance: int, house: int, pick: int, caller: str, verdict: Verdict) -> None:
        """Review what waits, mostly as the officer of another unit."""
        reviewer = OFFICER if chance > 3 else (NURSE, TEMP)[chance % 2] if chance > 1 else caller
        self._try("review", reviewer, HOUSES[house], self._pick(house, pick), verdict, REASON)

    @rule(patient=patients, verdict=st.sampled_from([*Verdict]))
    def collude(self, patient: str, verdict: Verdict) -> None:
        """Have a session reviewed by whoever opened it, by her unit, by one without a unit, and late."""
        self.catch_up(1, 0, ATTACKER)
        for classes, period in ((0, 0), (LABORATORY, DAY + 1), (LABORATORY, 0)):
            self._try("open", DOCTOR, patient, HOUSES[0], REASON, classes, period)
        newest = max(len(self.model.state.organisation(HOUSES[0]).sessions) - 1, 0)
        for reviewer in (DOCTOR, NURSE, TEMP, OFFICER):
            self._try("review", reviewer, HOUSES[0], newest, verdict, REASON)
        self.host.advance(7 * DAY - 1)
        self._try("open", NURSE, patient, HOUSES[0], REASON, LABORATORY, 0)
        self.host.advance(1)
        self._try("restore", AUTHORITY, HOUSES[0])
        self._try("open", TEMP, patient, HOUSES[0], REASON, LABORATORY, 0)

    @rule(chance=chances, house=houses, caller=callers)
    def catch_up(self, chance: int, house: int, caller: str) -> None:
        """Review everything that waits, and have the authority restore what is suspended."""
        for number in self.model.state.organisation(HOUSES[house]).waiting:
            self._try("review", OFFICER, HOUSES[house], number, Verdict.JUSTIFIED, REASON)
        if self.model.state.organisation(HOUSES[house]).suspension(self.now) or chance == 2:
            self._try("restore", AUTHORITY if chance else caller, HOUSES[house])

    @rule(house=houses, count=st.integers(1, 5), verdict=st.sampled_from([Verdict.UNJUSTIFIED, Verdict.JUSTIFIED]))
    def abuse(self, house: int, count: int, verdict: Verdict) -> None:
        """Open for many, and have the officer find it unjustified, or the authority after the patients contest it."""
        for number in range(count):
            patient = PATIENTS[number % 2]
            actor = NURSE if house or number % 2 else DOCTOR
            self._try("open", actor, patient, HOUSES[house], REASON, EVERYTHING, 60)
            newest = len(self.model.state.organisation(HOUSES[house]).sessions) - 1
            if newest >= 0:
                self._try("review", OFFICER, HOUSES[house], newest, verdict, REASON)
                self._try("contest", patient, HOUSES[house], newest, REASON)
                self._try("overrule", AUTHORITY, HOUSES[house], newest, REASON)

    @rule(chance=chances, house=houses, pick=picks, caller=callers, by_sig=st.booleans())
    def contest(self, chance: int, house: int, pick: int, caller: str, by_sig: bool) -> None:
        number = self._pick(house, pick)
        arguments = HOUSES[house], number, REASON
        sessions = self.model.state.organisation(HOUSES[house]).sessions
        patient = sessions[number].patient if number < len(sessions) else PATIENTS[0]
        if by_sig:
            message = {"organisation": HOUSES[house], "number": number, "grounds": REASON}
            self._try_by_sig("contest", chance, caller, patient, _CONTEST, message, *arguments)
        else:
            self._try("contest", patient if chance > 1 else caller, *arguments)

    @rule(chance=chances, patient=patients, caller=callers, by_sig=st.booleans(), withheld=classes)
    def change_rule(self, chance: int, patient: str, caller: str, by_sig: bool, withheld: int) -> None:
        if by_sig:
            message = {"patient": patient, "withheld": withheld}
            self._try_by_sig("changeRule", chance, caller, patient, _CHANGE_RULE, message, patient, withheld)
        else:
            self._try("changeRule", patient if chance > 1 else caller, patient, withheld)

    @rule(chance=chances, house=houses, pick=picks, caller=callers)
    def overrule(self, chance: int, house: int, pick: int, caller: str) -> None:
        number = self._pick(house, pick)
        if chance > 6:
            self._try("review", OFFICER, HOUSES[house], number, Verdict.JUSTIFIED, REASON)
        if chance > 4:
            self.contest(5, house, pick, caller, False)
        self._try("overrule", AUTHORITY if chance else caller, HOUSES[house], number, REASON)

    @rule(patient=patients, withheld=classes)
    def freeze(self, patient: str, withheld: int) -> None:
        """Frozen, a patient's rule stays as it is, whoever tries; a session is contested all the same."""
        until = self.now + 60
        self.keys.send(patient, "freeze", patient, until)
        self.owners.act(self.now, patient, "freeze", patient, until)
        self._try("changeRule", patient, patient, withheld)
        self.change_rule(5, patient, GUARDIAN, True, withheld)
        self.host.advance(59)
        self._try("changeRule", patient, patient, withheld)
        self.host.advance(1)
        for chance in (5, 3, 2, 0):
            self.change_rule(chance, patient, GUARDIAN, True, withheld)

    @rule(house=houses, pick=picks, actor=clinicians, patient=patients, data_class=st.sampled_from([LABORATORY, 3, 0]))
    def ask(self, house: int, pick: int, actor: str, patient: str, data_class: int) -> None:
        """What is open is open to one clinician, for one patient, in its time; suspension is told of times to come."""
        number = self._pick(house, pick)
        sessions = self.model.state.organisation(HOUSES[house]).sessions
        if number < len(sessions) and pick % 3:
            actor, patient = sessions[number].actor, sessions[number].patient
        edges = [sessions[number].opened_at, sessions[number].until] if number < len(sessions) else []
        for at in {self.now, *(edge + margin for edge in edges for margin in (-1, 0, 1))}:
            question = HOUSES[house], number, patient, actor, data_class, at
            answer = self.contract.call("isOpen", *question)
            assert answer == self.model.is_open(*question)
            TALLY.note(f"ask: {'open' if answer else 'closed'}", None)
        due = self.model.state.organisation(HOUSES[house]).due_at
        for at in (self.now, self.now + 1, due, max(due - 1, 0)):
            is_suspended = self.model.state.organisation(HOUSES[house]).suspension(at) != 0
            assert self.contract.call("isSuspended", HOUSES[house], at) == is_suspended

    def teardown(self) -> None:
        """Invariants 22 and 31: one event and one state for each session, time under its cap; events rebuild all."""
        state = self.model.state
        rebuilt = replay(self.told)
        for house in HOUSES:
            assert rebuilt.organisation(house) == state.organisation(house)
            opened = Counter(
                one["number"] for name, one in self.told if name == "EmergencyOpened" and one["organisation"] == house
            )
            assert opened == Counter(range(len(state.organisation(house).sessions)))
            for number, session in enumerate(rebuilt.organisation(house).sessions):
                self._compare_session(house, number, session)
        assert rebuilt.rules == state.rules
        assert rebuilt.nonces == state.nonces
        for patient in PATIENTS:
            assert self.contract.call("withheldOf", patient) == rebuilt.rules.get(patient, 0)
        for signer in KEYS:
            used = {nonce for nonce in range(self.nonce + 1) if self.contract.call("isNonceUsed", signer, nonce)}
            assert used == rebuilt.nonces.get(signer, set())
        for sessions in rebuilt.opened.values():
            assert most_time(sessions) <= MAX_TIME
            assert most_sessions(sessions) <= MAX_SESSIONS

    def _compare_session(self, house: bytes, number: int, session: Session) -> None:
        kept = self.contract.call("sessionOf", house, number).values()
        told = (session.patient, session.actor, session.classes, session.opened_at, session.until, session.due_at)
        assert tuple(kept) == (*told, session.contested_at, session.verdict)

    def _pick(self, house: int, pick: int) -> int:
        """A session that waits or one of the newest; now and then one that there is not."""
        known = self.model.state.organisation(HOUSES[house])
        if pick % 20 == 0:
            return len(known.sessions)
        waiting = known.waiting if pick % 3 else []
        found = waiting or [*range(len(known.sessions))][-5:] or [0]
        return found[pick % len(found)]

    def _register(self, act: str, caller: str, *arguments: Any) -> None:
        """Let the registry of accreditations and its model act; the machine of that registry compares them."""
        try:
            self.accreditation.act(act, self.now, caller, *arguments)
        except Refused:
            return
        self.registrar.send(caller, act, *arguments)

    def _try_by_sig(
        self, act: str, chance: int, caller: str, patient: str, statement: TypedData, message: Any, *arguments: Any
    ) -> None:
        """Send what the patient signed, her guardian, or now and then somebody else."""
        self.nonce += 1
        signer = patient if chance and patient in KEYS else next(one for one in KEYS if one != patient)
        signer = GUARDIAN if chance > 6 else signer
        used = self.model.state.nonces.get(signer)
        nonce = max(used) if used and chance in (3, 4, 7) else self.nonce
        deadline = self.now + (-1 if chance == 2 else 0)
        digest = statement.digest(self.domain, {**message, "nonce": nonce, "deadline": deadline})
        proof = Proof(nonce, deadline, signer)
        by_sig = {"contest": self.model.contest_by_sig, "changeRule": self.model.change_rule_by_sig}[act]
        signed = (nonce, deadline, sign(KEYS[signer], digest))
        self._compare(f"{act}BySig", caller, lambda: by_sig(self.now, *arguments, proof), (*arguments, signed))

    def _try(self, act: str, caller: str, *arguments: Any) -> None:
        name = {"changeRule": "change_rule"}.get(act, act)
        self._compare(act, caller, lambda: getattr(self.model, name)(self.now, caller, *arguments), arguments)

    def _compare(self, act: str, caller: str, expect: Callable[[], list[Told]], arguments: tuple[Any, ...]) -> None:
        """Let model and contract act: the same events, or the same error with the same values and no event (32)."""
        try:
            expected, refused = expect(), None
        except Refused as error:
            expected, refused = [], error
        TALLY.note(act, refused.error if refused else None)
        if refused:
            assert self.contract.refusal(caller, act, *arguments) == (refused.error, refused.values)
        else:
            assert self.contract.send(caller, act, *arguments) == expected
            self.told += expected
        for house in HOUSES:
            known = self.model.state.organisation(house)
            due = [number for number in known.waiting if self.now >= known.sessions[number].due_at]
            assert self.contract.call("unreviewedOf", house) == known.waiting
            assert self.contract.call("overdueOf", house) == due
            reviews = tuple(self.contract.call("reviewsOf", house).values())
            assert reviews == (len(known.sessions), known.due_at, known.suspension(self.now))


FEW = {"emergency-rolling-days", "emergency-over-the-quota", "emergency-late-review-undoes", "emergency-self-review"}


def pytest_generate_tests(metafunc):
    """Four of the checks, or all with --full."""
    if "attack" in metafunc.fixturenames:
        is_full = metafunc.config.getoption("--full")
        mine = [attack for attack in ATTACKS if attack.contract == "EmergencyAccess"]
        metafunc.parametrize("attack", [one for one in mine if is_full or one.id in FEW], ids=str)


class TestModel:
    """
    given any acts of anyone at any times -> contract and model agree on each session, view, suspension, event and error
                                          -> one event and one review state for each break-glass; at most 5 sessions and
                                             48 hours of one clinician and patient in any 30 days (22)
                                          -> the events alone rebuild the state, no failed act emits (31, 32)
    given all runs                        -> every act succeeds in at least 5 % of its calls, every error arises
    """

    def test_contract_and_model_agree(self, request):
        run(Emergencies, request, examples=60)
        print(TALLY.report())
        assert TALLY.rare() == []
        assert {"ask: open", "ask: closed"} <= set(TALLY.tried)
        own = {item["name"] for item in load("EmergencyAccess").abi if item["type"] == "error"}
        assert own - set(TALLY.errors) == set()


class TestTeeth:
    """given the contract without one of its checks -> the machine finds it"""

    def test_finds_the_missing_check(self, attack, request, monkeypatch):
        monkeypatch.setattr(Emergencies, "artifact", attack.twin())
        with pytest.raises(AssertionError):
            run(Emergencies, request, shrink=False)
