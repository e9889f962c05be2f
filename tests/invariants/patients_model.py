"""A model of the registry of patients in plain Python, and the same state told by events alone."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from medtrust.patients import Capacity, Scope
from medtrust.types import ZERO_ADDRESS
from tests.invariants.accreditation_model import Refused, Told

DAY = 86_400
NOTICE = MAX_FREEZE = VOTE_PERIOD = 7 * DAY
DELAY = 2 * DAY
MAX_GUARDIANS = 8
LATEST = 2**48 - 1
PROTECTING = Scope.FREEZE | Scope.RECOVER
GIVING = Scope.GRANT | Scope.EMERGENCY
ALL_SCOPES = 2**7 - 1


@dataclass
class Entry:
    scope: int = 0
    from_: int = 0
    until: int = 0
    protect_from: int = 0
    removed_at: int = 0

    def holds(self, scope: int, at: int) -> bool:
        """Whether all of a scope was held at a time."""
        if scope == 0 or scope & ~self.scope or not self.from_ <= at < self.until:
            return False
        if scope & PROTECTING and at < self.protect_from:
            return False
        return not 0 < self.removed_at <= at or not scope & ~PROTECTING


@dataclass(frozen=True)
class Vote:
    controller: str
    voted_at: int
    round: int


@dataclass
class Patient:
    """Everything that the registry keeps of one patient; no controller stands for the patient."""

    controller: str = ""
    frozen_from: int = 0
    frozen_until: int = 0
    freezable_from: int = 0
    thresholds: list[tuple[int, int]] = field(default_factory=list)
    hidden: int = 0
    round: int = 0
    candidate: str = ZERO_ADDRESS
    ready_at: int = 0
    roster: list[str] = field(default_factory=list)
    entries: dict[str, Entry] = field(default_factory=dict)
    votes: dict[str, Vote] = field(default_factory=dict)

    def entry(self, guardian: str) -> Entry:
        return self.entries.get(guardian, Entry())

    def voters(self, now: int) -> list[str]:
        return [one for one in self.roster if self.entry(one).holds(Scope.RECOVER, now)]

    def tally(self, now: int, controller: str) -> tuple[int, int, int]:
        """How many vote for a controller now, how many must, how many may."""
        voters = self.voters(now)
        given = [self.votes[one] for one in voters if one in self.votes]
        counted = [one for one in given if one.round == self.round and now < one.voted_at + VOTE_PERIOD]
        votes = len([one for one in counted if one.controller == controller])
        asked = next((number for number, since in reversed(self.thresholds) if since <= now), 0)
        return votes, max(min(asked, len(voters)), len(voters) // 2 + 1), len(voters)

    def is_pending(self, now: int, controller: str) -> bool:
        is_same = controller != ZERO_ADDRESS and controller == self.candidate
        return is_same and now < self.ready_at + VOTE_PERIOD

    def change_threshold(self, now: int, threshold: int) -> None:
        """Keep the one that counts now, and take the new one after the notice; one that waited is forgotten."""
        begun = [one for one in self.thresholds if one[1] <= now]
        self.thresholds = [*begun[-1:], (threshold, now + NOTICE)]

    def enrol(self, now: int, guardian: str, entry: Entry) -> bool:
        """Put a guardian on the roster, in the place of the first whose time is over; False if there is no place."""
        places = [place for place, one in enumerate(self.roster) if self.entry(one).until <= now]
        if guardian not in self.roster:
            if places:
                self.roster[places[0]] = guardian
            elif len(self.roster) < MAX_GUARDIANS:
                self.roster.append(guardian)
            else:
                return False
        self.entries[guardian] = entry
        return True

    def end_round(self) -> None:
        self.candidate, self.ready_at = ZERO_ADDRESS, 0
        self.round += 1


@dataclass
class State:
    """Everything that the registry keeps; numbers of statements by who signed."""

    patients: dict[str, Patient] = field(default_factory=dict)
    nonces: dict[str, set[int]] = field(default_factory=dict)
    hideable: dict[int, int] = field(default_factory=dict)

    def patient(self, patient: str) -> Patient:
        return self.patients.setdefault(patient, Patient())

    def controller(self, patient: str) -> str:
        return self.patient(patient).controller or patient

    def capacity(self, now: int, patient: str, account: str, scope: int) -> Capacity:
        is_controller = account == self.controller(patient)
        if not is_controller and not self.patient(patient).entry(account).holds(scope, now):
            return Capacity.NONE
        if scope & GIVING and now < self.patient(patient).frozen_until:
            return Capacity.FROZEN
        return Capacity.CONTROLLER if is_controller else Capacity.GUARDIAN


@dataclass(frozen=True)
class Proof:
    """What comes with a statement, and who signed it; nobody is the empty text."""

    nonce: int
    deadline: int
    signer: str


class Model:
    """What the registry should do: each act changes the state and tells its events, or is refused."""

    def __init__(self, authorities: dict[int, str]) -> None:
        self.authorities = authorities
        self.state = State()

    def act(self, now: int, caller: str, function: str, patient: str, *arguments: Any) -> list[Told]:
        """Do what a function of the contract does that no signature proves."""
        name = re.sub("[A-Z]", lambda match: "_" + match.group().lower(), function)
        if name not in ("freeze", "recover", "resign", "finish_recovery"):
            is_controller = caller == self.state.controller(patient)
            _require(is_controller, "NotController", patient=patient, caller=caller)
        told: list[Told] = getattr(self, name)(now, caller, patient, *arguments)
        return told

    def act_by_sig(self, now: int, function: str, patient: str, *arguments: Any, proof: Proof) -> list[Told]:
        """Do what the function does when a statement is sent; `arguments` of a veto is the round."""
        controller, signer = self.state.controller(patient), proof.signer
        _require(now <= proof.deadline, "SignatureExpired", deadline=proof.deadline)
        _require(signer, "InvalidSignature", signer=controller)
        used = self.state.nonces.get(signer, set())
        _require(proof.nonce not in used, "NonceTaken", signer=signer, nonce=proof.nonce)
        is_by_anyone = function in ("freeze", "recover", "resign")
        _require(is_by_anyone or signer == controller, "InvalidSignature", signer=controller)
        if function == "veto":
            current = self.state.patient(patient).round
            _require(arguments == (current,), "WrongRound", round=arguments[0], current=current)
            arguments = ()
        told = self.act(now, signer, function, patient, *arguments)
        self.state.nonces.setdefault(signer, set()).add(proof.nonce)
        return [("NonceUsed", {"signer": signer, "nonce": proof.nonce}), *told]

    def rotate(self, now: int, caller: str, patient: str, controller: str) -> list[Told]:
        self._require_thawed(now, patient)
        _require(controller != ZERO_ADDRESS, "ZeroIdentifier")
        self.state.patient(patient).controller = controller
        return [("ControllerRotated", {"patient": patient, "controller": controller})]

    def add_guardian(
        self, now: int, caller: str, patient: str, guardian: str, scope: int, from_: int, until: int, evidence: bytes
    ) -> list[Told]:
        state = self.state.patient(patient)
        self._require_thawed(now, patient)
        _require(guardian not in (ZERO_ADDRESS, patient), "InvalidGuardian", guardian=guardian)
        _require(0 < scope <= ALL_SCOPES, "InvalidScope", scope=scope)
        _require(max(from_, now) < until <= LATEST, "InvalidInterval", **{"from": from_, "until": until})
        _require(now >= state.entry(guardian).until, "GuardianExists", patient=patient, guardian=guardian)
        entry = Entry(scope, max(from_, now), until, max(from_, now + NOTICE))
        _require(state.enrol(now, guardian, entry), "TooManyGuardians", patient=patient)
        told = {"patient": patient, "guardian": guardian, "scope": scope, "from": entry.from_, "until": until}
        return [("GuardianAdded", {**told, "protectFrom": entry.protect_from, "evidence": evidence})]

    def remove_guardian(self, now: int, caller: str, patient: str, guardian: str) -> list[Told]:
        entry = self.state.patient(patient).entry(guardian)
        is_standing = now < entry.until and entry.removed_at == 0
        _require(is_standing, "NotGuardian", patient=patient, guardian=guardian)
        is_protecting = entry.scope & PROTECTING and now >= entry.protect_from
        entry.until = min(entry.until, now + NOTICE if is_protecting else now)
        entry.removed_at = now
        told = {"patient": patient, "guardian": guardian, "removedAt": now, "until": entry.until}
        return [("GuardianRemoved", told)]

    def change_threshold(self, now: int, caller: str, patient: str, threshold: int) -> list[Told]:
        self.state.patient(patient).change_threshold(now, threshold)
        return [("ThresholdChanged", {"patient": patient, "threshold": threshold, "from": now + NOTICE})]

    def hide(self, now: int, caller: str, patient: str, classes: int) -> list[Told]:
        self.state.patient(patient).hidden = classes
        return [("HiddenClassesChanged", {"patient": patient, "classes": classes})]

    def veto(self, now: int, caller: str, patient: str) -> list[Told]:
        state = self.state.patient(patient)
        candidate = state.candidate
        _require(candidate != ZERO_ADDRESS, "RecoveryNotReady", patient=patient, readyAt=0)
        votes, needed, total = state.tally(now, candidate)
        is_overruled = total > 0 and votes == total and needed < total
        _require(not is_overruled, "VetoOverruled", patient=patient, votes=votes)
        state.end_round()
        return [("RecoveryVetoed", {"patient": patient, "controller": candidate})]

    def freeze(self, now: int, caller: str, patient: str, until: int) -> list[Told]:
        if caller == self.state.controller(patient):
            return self._freeze(now, caller, patient, until)
        state = self.state.patient(patient)
        is_freezer = state.entry(caller).holds(Scope.FREEZE, now)
        _require(is_freezer, "NotController", patient=patient, caller=caller)
        earliest = state.freezable_from
        _require(now >= earliest, "FrozenBefore", patient=patient, freezableFrom=earliest)
        _require_freeze(now, until)
        state.freezable_from = now + 2 * MAX_FREEZE
        return self._freeze(now, caller, patient, until)

    def _freeze(self, now: int, caller: str, patient: str, until: int) -> list[Told]:
        _require_freeze(now, until)
        state = self.state.patient(patient)
        if now >= state.frozen_until:
            state.frozen_from = now
        state.frozen_until = max(until, state.frozen_until)
        told = {"patient": patient, "caller": caller, "from": state.frozen_from, "until": state.frozen_until}
        return [("FreezeBegun", {**told, "freezableFrom": state.freezable_from})]

    def recover(self, now: int, caller: str, patient: str, controller: str) -> list[Told]:
        state = self.state.patient(patient)
        is_voter = state.entry(caller).holds(Scope.RECOVER, now)
        _require(is_voter, "NotGuardian", patient=patient, guardian=caller)
        _require(controller != ZERO_ADDRESS, "ZeroIdentifier")
        state.votes[caller] = Vote(controller, now, state.round)
        told = {"patient": patient, "guardian": caller, "controller": controller, "round": state.round}
        votes, needed, _ = state.tally(now, controller)
        if votes < needed or state.is_pending(now, controller):
            return [("RecoveryVoted", told)]
        state.candidate, state.ready_at = controller, now + DELAY
        begun = {"patient": patient, "controller": controller, "readyAt": state.ready_at}
        return [("RecoveryVoted", told), ("RecoveryBegun", begun)]

    def resign(self, now: int, caller: str, patient: str) -> list[Told]:
        entry = self.state.patient(patient).entry(caller)
        _require(now < entry.until, "NotGuardian", patient=patient, guardian=caller)
        entry.until = now
        return [("GuardianResigned", {"patient": patient, "guardian": caller, "until": now})]

    def finish_recovery(self, now: int, caller: str, patient: str) -> list[Told]:
        state = self.state.patient(patient)
        candidate = state.candidate
        is_ready = state.ready_at <= now and state.is_pending(now, candidate)
        _require(is_ready, "RecoveryNotReady", patient=patient, readyAt=state.ready_at)
        votes, needed, _ = state.tally(now, candidate)
        _require(votes >= needed, "TooFewVotes", votes=votes, needed=needed)
        state.end_round()
        state.controller, state.frozen_until = candidate, min(state.frozen_until, now)
        return [("PatientRecovered", {"patient": patient, "controller": candidate, "recoveredAt": now})]

    def allow_hiding(self, caller: str, jurisdiction: int, classes: int) -> list[Told]:
        is_authority = caller == self.authorities.get(jurisdiction)
        _require(is_authority, "NotAuthority", jurisdiction=jurisdiction, caller=caller)
        self.state.hideable[jurisdiction] = classes
        return [("HidingAllowed", {"jurisdiction": jurisdiction, "classes": classes})]

    def _require_thawed(self, now: int, patient: str) -> None:
        _require(now >= self.state.patient(patient).frozen_until, "Frozen", patient=patient)


def replay(told: Iterable[tuple[int, Told]]) -> State:
    """Rebuild the state from (time of the block, event) alone."""
    state = State()
    for at, (name, values) in told:
        if name == "HidingAllowed":
            state.hideable[values["jurisdiction"]] = values["classes"]
        elif name == "NonceUsed":
            state.nonces.setdefault(values["signer"], set()).add(values["nonce"])
        else:
            _apply(state.patient(values["patient"]), at, name, values)
    return state


def _apply(patient: Patient, at: int, name: str, values: dict[str, Any]) -> None:
    if name.startswith("Guardian"):
        _apply_to_guardian(patient, at, name, values)
    elif name.startswith("Recovery"):
        _apply_to_recovery(patient, at, name, values)
    elif name == "ControllerRotated":
        patient.controller = values["controller"]
    elif name == "PatientRecovered":
        patient.end_round()
        patient.controller = values["controller"]
        patient.frozen_until = min(patient.frozen_until, values["recoveredAt"])
    elif name == "ThresholdChanged":
        patient.change_threshold(at, values["threshold"])
        assert patient.thresholds[-1] == (values["threshold"], values["from"])
    elif name == "HiddenClassesChanged":
        patient.hidden = values["classes"]
    elif name == "FreezeBegun":
        patient.frozen_from, patient.frozen_until = values["from"], values["until"]
        patient.freezable_from = values["freezableFrom"]
    else:
        raise AssertionError(f"an event that nobody knows: {name}")


def _apply_to_guardian(patient: Patient, at: int, name: str, values: dict[str, Any]) -> None:
    guardian = values["guardian"]
    if name == "GuardianAdded":
        entry = Entry(values["scope"], values["from"], values["until"], values["protectFrom"])
        assert patient.enrol(at, guardian, entry)
        return
    patient.entries[guardian].until = values["until"]
    if name == "GuardianRemoved":
        patient.entries[guardian].removed_at = values["removedAt"]
    else:
        assert name == "GuardianResigned"


def _apply_to_recovery(patient: Patient, at: int, name: str, values: dict[str, Any]) -> None:
    if name == "RecoveryVoted":
        patient.votes[values["guardian"]] = Vote(values["controller"], at, values["round"])
    elif name == "RecoveryBegun":
        patient.candidate, patient.ready_at = values["controller"], values["readyAt"]
    else:
        assert name == "RecoveryVetoed"
        patient.end_round()


def _require_freeze(now: int, until: int) -> None:
    _require(now < until <= now + MAX_FREEZE, "InvalidFreeze", until=until)


def _require(holds: object, error: str, **values: Any) -> None:
    if not holds:
        raise Refused(error, **values)
