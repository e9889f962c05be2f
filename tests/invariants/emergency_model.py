"""A model of access in emergencies in plain Python, and the same state told by events alone."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from medtrust.accreditation import Role
from medtrust.emergency import EVERYTHING, Verdict
from medtrust.patients import Capacity, Scope
from medtrust.types import ZERO_HASH
from tests.invariants.accreditation_model import Refused, Told
from tests.invariants.accreditation_model import State as Accreditation
from tests.invariants.patients_model import Proof
from tests.invariants.patients_model import State as Patients

HOUR, DAY = 3_600, 86_400
DEFAULT_PERIOD, MAX_PERIOD = 4 * HOUR, DAY
REVIEW_PERIOD = 7 * DAY
WINDOW, MAX_SESSIONS, MAX_TIME = 30 * DAY, 5, 48 * HOUR
QUOTA_WINDOW, QUOTA = 90 * DAY, 3
MAX_SPAN = 96


@dataclass
class Session:
    patient: str
    actor: str
    classes: int
    opened_at: int
    until: int
    contested_at: int = 0
    verdict: Verdict = Verdict.NONE

    @property
    def is_waiting(self) -> bool:
        return self.verdict in (Verdict.NONE, Verdict.NEEDS_INFORMATION)

    @property
    def due_at(self) -> int:
        return self.opened_at + REVIEW_PERIOD


@dataclass
class Organisation:
    """The sessions of an organisation by number, since when it is suspended, and when sessions were unjustified."""

    sessions: list[Session] = field(default_factory=list)
    suspended_from: int = 0
    unjustified: list[int] = field(default_factory=list)
    _waited: list[int] = field(default_factory=list, compare=False)
    _counted: int = field(default=0, compare=False)

    @property
    def waiting(self) -> list[int]:
        """The sessions without a verdict that is final; none waits again after it."""
        since = (*self._waited, *range(self._counted, len(self.sessions)))
        self._waited, self._counted = [one for one in since if self.sessions[one].is_waiting], len(self.sessions)
        return self._waited

    @property
    def due_at(self) -> int:
        waiting = self.waiting
        return self.sessions[waiting[0]].due_at if waiting else 0

    def suspension(self, at: int) -> int:
        """Since when it is suspended, as known at a time; 0 if it is not."""
        since = self.suspended_from or self.due_at
        return since if 0 < since <= at else 0


@dataclass
class State:
    """Everything that the contract keeps."""

    organisations: dict[bytes, Organisation] = field(default_factory=dict)
    opened: dict[tuple[str, str], list[Session]] = field(default_factory=dict)
    rules: dict[str, int] = field(default_factory=dict)
    nonces: dict[str, set[int]] = field(default_factory=dict)

    def organisation(self, organisation: bytes) -> Organisation:
        return self.organisations.setdefault(organisation, Organisation())

    def find(self, organisation: bytes, number: int) -> Session:
        sessions = self.organisation(organisation).sessions
        _require(number < len(sessions), "UnknownSession", organisation=organisation, number=number)
        return sessions[number]

    def add(self, organisation: bytes, session: Session) -> None:
        self.organisation(organisation).sessions.append(session)
        self.opened.setdefault((session.patient, session.actor), []).append(session)

    def is_within(self, now: int, patient: str, actor: str, period: int) -> bool:
        """Whether one more session is; each counts until 30 days after it and all that were opened before it ended."""
        counted, latest = [], 0
        for one in self.opened.get((patient, actor), []):
            latest = max(latest, one.until)
            if now < latest + WINDOW:
                counted.append(one.until - one.opened_at)
        return len(counted) < MAX_SESSIONS and sum(counted) + period <= MAX_TIME


class Model:
    """What the contract should do: each act changes the state and tells its events, or is refused."""

    def __init__(self, accreditation: Accreditation, patients: Patients) -> None:
        self.accreditation = accreditation
        self.patients = patients
        self.state = State()

    def open(
        self, now: int, caller: str, patient: str, organisation: bytes, reason: bytes, classes: int, period: int
    ) -> list[Told]:
        self._require_authorised(now, organisation, caller, Role.EMERGENCY_CARE)
        house = self.state.organisation(organisation)
        since = house.suspension(now)
        _require(not since, "EmergencyCareSuspended", organisation=organisation, **{"from": since})
        oldest = house.waiting[0] if house.waiting else len(house.sessions)
        is_room = len(house.sessions) - oldest < MAX_SPAN
        _require(is_room, "TooManyUnreviewed", organisation=organisation, oldest=oldest)
        _require(0 < classes <= EVERYTHING, "InvalidClasses", classes=classes)
        period = period or DEFAULT_PERIOD
        _require(period <= MAX_PERIOD, "InvalidPeriod", period=period)
        is_within = self.state.is_within(now, patient, caller, period)
        _require(is_within, "AllowanceSpent", patient=patient, actor=caller)
        session = Session(patient, caller, classes, now, now + period)
        self.state.add(organisation, session)
        told = {"organisation": organisation, "patient": patient, "actor": caller, "number": len(house.sessions) - 1}
        more = {"reason": reason, "classes": classes, "openedAt": now, "until": session.until}
        return [("EmergencyOpened", {**told, **more})]

    def review(
        self, now: int, caller: str, organisation: bytes, number: int, verdict: Verdict, findings: bytes
    ) -> list[Told]:
        self._require_authorised(now, organisation, caller, Role.PRIVACY_OFFICER)
        session = self.state.find(organisation, number)
        _require(session.actor != caller, "SelfReview", actor=caller)
        unit = self._unit(organisation, session.actor)
        _require(unit != self._unit(organisation, caller), "SameUnit", organisation=organisation, unit=unit)
        where = {"organisation": organisation, "number": number}
        _require(session.is_waiting, "AlreadyReviewed", **where, verdict=session.verdict)
        _require(verdict != Verdict.NONE, "InvalidVerdict")
        since = self._record(now, organisation, session, verdict)
        told = {**where, "reviewer": caller, "verdict": verdict, "findings": findings}
        return [("EmergencyReviewed", {**told, "reviewedAt": now, "suspendedFrom": since})]

    def _record(self, now: int, organisation: bytes, session: Session, verdict: Verdict) -> int:
        house = self.state.organisation(organisation)
        house.suspended_from = house.suspension(now)
        session.verdict = verdict
        if verdict == Verdict.UNJUSTIFIED:
            recent = [at for at in house.unjustified if now < at + QUOTA_WINDOW]
            house.unjustified.append(now)
            if len(recent) >= QUOTA:
                house.suspended_from = house.suspended_from or now
        return house.suspended_from

    def contest(self, now: int, caller: str, organisation: bytes, number: int, grounds: bytes) -> list[Told]:
        patient = self.state.find(organisation, number).patient
        self._require_may(now, patient, caller, Scope.CONTEST)
        return self._contest(now, organisation, number, grounds)

    def contest_by_sig(self, now: int, organisation: bytes, number: int, grounds: bytes, proof: Proof) -> list[Told]:
        patient = self.state.find(organisation, number).patient
        used = self._require_proof(now, patient, Scope.CONTEST, proof)
        told = self._contest(now, organisation, number, grounds)
        self.state.nonces.setdefault(proof.signer, set()).add(proof.nonce)
        return [used, *told]

    def _contest(self, now: int, organisation: bytes, number: int, grounds: bytes) -> list[Told]:
        session = self.state.find(organisation, number)
        told = {"organisation": organisation, "number": number}
        _require(not session.contested_at, "AlreadyContested", **told, contestedAt=session.contested_at)
        session.contested_at = now
        more = {"patient": session.patient, "grounds": grounds, "contestedAt": now}
        return [("EmergencyContested", {**told, **more})]

    def change_rule(self, now: int, caller: str, patient: str, withheld: int) -> list[Told]:
        self._require_may(now, patient, caller, Scope.EMERGENCY)
        return self._change_rule(patient, withheld)

    def change_rule_by_sig(self, now: int, patient: str, withheld: int, proof: Proof) -> list[Told]:
        used = self._require_proof(now, patient, Scope.EMERGENCY, proof)
        self.state.nonces.setdefault(proof.signer, set()).add(proof.nonce)
        return [used, *self._change_rule(patient, withheld)]

    def _change_rule(self, patient: str, withheld: int) -> list[Told]:
        self.state.rules[patient] = withheld
        return [("RuleChanged", {"patient": patient, "withheld": withheld})]

    def overrule(self, now: int, caller: str, organisation: bytes, number: int, findings: bytes) -> list[Told]:
        self._require_authority(organisation, caller)
        session = self.state.find(organisation, number)
        where = {"organisation": organisation, "number": number}
        _require(session.contested_at, "NotContested", **where)
        _require(session.verdict == Verdict.JUSTIFIED, "NotJustified", **where, verdict=session.verdict)
        since = self._record(now, organisation, session, Verdict.UNJUSTIFIED)
        told = {**where, "authority": caller, "findings": findings}
        return [("ReviewOverruled", {**told, "overruledAt": now, "suspendedFrom": since})]

    def restore(self, now: int, caller: str, organisation: bytes) -> list[Told]:
        self._require_authority(organisation, caller)
        house = self.state.organisation(organisation)
        _require(house.suspension(now), "NotSuspended", organisation=organisation)
        is_overdue = 0 < house.due_at <= now
        number = house.waiting[0] if house.waiting else 0
        _require(not is_overdue, "ReviewOverdue", organisation=organisation, number=number)
        house.suspended_from, house.unjustified = 0, []
        told = {"organisation": organisation, "authority": caller, "restoredAt": now}
        return [("EmergencyCareRestored", told)]

    def is_open(self, organisation: bytes, number: int, patient: str, actor: str, data_class: int, at: int) -> bool:
        house = self.state.organisation(organisation)
        if number >= len(house.sessions):
            return False
        session = house.sessions[number]
        shown = session.classes & ~self.state.rules.get(patient, 0)
        return (
            session.opened_at <= at < session.until
            and (patient, actor) == (session.patient, session.actor)
            and data_class.bit_count() == 1
            and data_class & shown != 0
            and not house.suspension(at)
            and self.accreditation.is_authorised(organisation, actor, Role.EMERGENCY_CARE, at)
        )

    def _unit(self, organisation: bytes, actor: str) -> bytes:
        signer = self.accreditation.signers.get((organisation, actor))
        return signer.unit if signer else ZERO_HASH

    def _require_authorised(self, now: int, organisation: bytes, caller: str, role: Role) -> None:
        is_authorised = self.accreditation.is_authorised(organisation, caller, role, now)
        _require(is_authorised, "NotAuthorised", organisation=organisation, signer=caller, role=role)

    def _require_authority(self, organisation: bytes, caller: str) -> None:
        known = self.accreditation.organisations.get(organisation)
        place = known.jurisdiction if known else 0
        is_authority = caller == self.accreditation.authority_of(place)
        _require(is_authority, "NotAuthority", jurisdiction=place, caller=caller)

    def _require_may(self, now: int, patient: str, caller: str, scope: Scope) -> None:
        capacity = self.patients.capacity(now, patient, caller, scope)
        _require(capacity != Capacity.NONE, "NotController", patient=patient, caller=caller)
        _require(capacity != Capacity.FROZEN, "Frozen", patient=patient)

    def _require_proof(self, now: int, patient: str, scope: Scope, proof: Proof) -> Told:
        _require(now <= proof.deadline, "SignatureExpired", deadline=proof.deadline)
        capacity = self.patients.capacity(now, patient, proof.signer, scope)
        _require(capacity != Capacity.NONE, "InvalidSignature", signer=self.patients.controller(patient))
        _require(capacity != Capacity.FROZEN, "Frozen", patient=patient)
        used = self.state.nonces.get(proof.signer, set())
        _require(proof.nonce not in used, "NonceTaken", signer=proof.signer, nonce=proof.nonce)
        return "NonceUsed", {"signer": proof.signer, "nonce": proof.nonce}


def replay(told: Iterable[Told]) -> State:
    """Rebuild the state from events alone."""
    state = State()
    for name, values in told:
        house = state.organisation(values["organisation"]) if "organisation" in values else Organisation()
        if name == "EmergencyOpened":
            assert values["number"] == len(house.sessions)
            names = ("patient", "actor", "classes", "openedAt", "until")
            state.add(values["organisation"], Session(*(values[one] for one in names)))
        elif name in ("EmergencyReviewed", "ReviewOverruled"):
            verdict = Verdict(values.get("verdict", Verdict.UNJUSTIFIED))
            house.sessions[values["number"]].verdict = verdict
            house.suspended_from = values["suspendedFrom"]
            if verdict == Verdict.UNJUSTIFIED:
                house.unjustified.append(values.get("reviewedAt", values.get("overruledAt")))
        elif name == "EmergencyContested":
            house.sessions[values["number"]].contested_at = values["contestedAt"]
        elif name == "EmergencyCareRestored":
            house.suspended_from, house.unjustified = 0, []
        elif name == "RuleChanged":
            state.rules[values["patient"]] = values["withheld"]
        elif name == "NonceUsed":
            state.nonces.setdefault(values["signer"], set()).add(values["nonce"])
        else:
            raise AssertionError(f"an event that nobody knows: {name}")
    return state


def most_time(sessions: list[Session]) -> int:
    """The longest time that sessions of one pair were open within any 30 days; times that overlap count twice."""
    starts = {one.opened_at for one in sessions} | {max(one.until - WINDOW, 0) for one in sessions}
    return max(
        sum(max(0, min(one.until, start + WINDOW) - max(one.opened_at, start)) for one in sessions) for start in starts
    )


def most_sessions(sessions: list[Session]) -> int:
    """The most sessions of one pair that were opened within any 30 days."""
    starts = [one.opened_at for one in sessions]
    return max(sum(start <= other < start + WINDOW for other in starts) for start in starts)


def _require(holds: object, error: str, **values: Any) -> None:
    if not holds:
        raise Refused(error, **values)
