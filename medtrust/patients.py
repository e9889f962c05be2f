"""Patients: who decides for a patient, guardians, freezes and recovery."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from enum import IntEnum, IntFlag
from functools import cached_property
from typing import Any, Final

from medtrust.chain import Event, Receipt
from medtrust.contract import Client
from medtrust.errors import InputError, Reverted
from medtrust.signing import Domain, TypedData, sign
from medtrust.types import ZERO_ADDRESS, ZERO_HASH, checksum_address

__all__ = ["Capacity", "Control", "Guardian", "PatientClient", "Recovery", "Scope", "SignedAct"]


class Scope(IntFlag):
    """What a guardian may do for a patient; the bits of the library `Scopes`."""

    GRANT = 1 << 0
    REVOKE = 1 << 1
    CONTEST = 1 << 2
    READ = 1 << 3
    EMERGENCY = 1 << 4
    FREEZE = 1 << 5
    RECOVER = 1 << 6


class Capacity(IntEnum):
    """As what an account may act for a patient."""

    NONE = 0
    CONTROLLER = 1
    GUARDIAN = 2
    FROZEN = 3


@dataclass(frozen=True)
class Control:
    """Who decides for a patient, and the newest freeze: `[frozen_from, frozen_until)` in Unix seconds, 0 for none."""

    controller: str
    frozen_from: int
    frozen_until: int


@dataclass(frozen=True)
class Guardian:
    """The newest appointment of a guardian; times are Unix seconds.

    It may act in `[valid_from, valid_until)`, freeze and recover from `protects_from` on. From `removed_at` on (0 if it
    was not removed) it may freeze and recover alone.
    """

    scope: Scope
    valid_from: int
    valid_until: int
    protects_from: int
    removed_at: int


@dataclass(frozen=True)
class Recovery:
    """How the recovery of a patient stands: `votes` of the `needed` among `total` guardians, ready at a time."""

    controller: str
    ready_at: int
    round: int
    votes: int
    needed: int
    total: int


@dataclass(frozen=True)
class SignedAct:
    """What a controller or a guardian signed, as anyone may send it: the function, its arguments, and what proves it.

    `deadline` is the last second in which it may be sent (Unix seconds).
    """

    function: str
    arguments: tuple[Any, ...]
    nonce: int
    deadline: int
    signature: bytes


class PatientClient(Client):
    """Calls to one deployed PatientRegistry.

    The signer is the controller of the patient, or a guardian where it says so. What one without ETH signs, `send`
    takes from anyone.
    """

    artifact = "PatientRegistry"

    @cached_property
    def domain(self) -> Domain:
        """The EIP-712 domain in which statements to this registry are signed."""
        return Domain("PatientRegistry", "1", self.chain.id, self.address)

    def rotate(self, patient: str, controller: str) -> Receipt:
        """Let another account decide for a patient.

        Raises `Reverted` with error "NotController", "Frozen" or "ZeroIdentifier".
        """
        return self._send("rotate", patient, controller)

    def sign_rotate(self, patient: str, controller: str, *, deadline: int) -> SignedAct:
        """Sign that another account decides for a patient."""
        return self._signed("rotate", (patient, controller), deadline)

    def add_guardian(
        self, patient: str, guardian: str, scope: Scope, *, until: int, since: int = 0, evidence: bytes = ZERO_HASH
    ) -> Receipt:
        """Appoint a guardian in `[since, until)` (Unix seconds); it freezes and recovers from 7 days after now on.

        `evidence` is a salted hash of what the appointment rests on. Raises `Reverted` with error "NotController",
        "Frozen", "InvalidGuardian", "InvalidScope", "InvalidInterval", "GuardianExists" or "TooManyGuardians".
        """
        return self._send("addGuardian", _appointment(patient, guardian, scope, since, until, evidence))

    def sign_add_guardian(
        self,
        patient: str,
        guardian: str,
        scope: Scope,
        *,
        until: int,
        deadline: int,
        since: int = 0,
        evidence: bytes = ZERO_HASH,
    ) -> SignedAct:
        """Sign that a guardian is appointed."""
        appointment = _appointment(patient, guardian, scope, since, until, evidence)
        nonce, signature = self._sign(_STATEMENTS["addGuardian"], tuple(appointment.values()), deadline)
        return SignedAct("addGuardian", (appointment,), nonce, deadline, signature)

    def remove_guardian(self, patient: str, guardian: str) -> Receipt:
        """Remove a guardian, whose powers to freeze and recover stay for 7 days.

        Raises `Reverted` with error "NotController" or "NotGuardian".
        """
        return self._send("removeGuardian", patient, guardian)

    def sign_remove_guardian(self, patient: str, guardian: str, *, deadline: int) -> SignedAct:
        """Sign that a guardian is removed."""
        return self._signed("removeGuardian", (patient, guardian), deadline)

    def change_threshold(self, patient: str, threshold: int) -> Receipt:
        """Ask for another number of votes in a recovery, from 7 days after now on; a majority is needed in any case.

        Raises `Reverted` with error "NotController".
        """
        return self._send("changeThreshold", patient, threshold)

    def sign_change_threshold(self, patient: str, threshold: int, *, deadline: int) -> SignedAct:
        """Sign that another number of votes is asked for."""
        return self._signed("changeThreshold", (patient, threshold), deadline)

    def hide(self, patient: str, classes: int) -> Receipt:
        """Hide classes of data (bits of `DataClass`) from guardians, as far as a jurisdiction lets a patient.

        Raises `Reverted` with error "NotController".
        """
        return self._send("hide", patient, int(classes))

    def sign_hide(self, patient: str, classes: int, *, deadline: int) -> SignedAct:
        """Sign that classes of data are hidden from guardians."""
        return self._signed("hide", (patient, int(classes)), deadline)

    def veto(self, patient: str) -> Receipt:
        """Refuse a recovery that was begun.

        Raises `Reverted` with error "NotController", "RecoveryNotReady" or "VetoOverruled".
        """
        return self._send("veto", patient)

    def sign_veto(self, patient: str, *, deadline: int) -> SignedAct:
        """Sign that the recovery of now is refused."""
        return self._signed("veto", (patient, self.recovery_of(patient).round), deadline)

    def freeze(self, patient: str, until: int) -> Receipt:
        """Freeze a patient until `until` (Unix seconds, at most 7 days), as its controller or a guardian for FREEZE.

        Raises `Reverted` with error "NotController", "FrozenBefore" or "InvalidFreeze".
        """
        return self._send("freeze", patient, until)

    def sign_freeze(self, patient: str, until: int, *, deadline: int) -> SignedAct:
        """Sign that a patient is frozen, as its controller or a guardian for FREEZE."""
        return self._signed("freeze", (patient, until), deadline)

    def send(self, act: SignedAct) -> Receipt:
        """Send what a controller or a guardian signed; anyone may.

        Raises `Reverted` with error "SignatureExpired", "InvalidSignature", "NonceTaken", or what the act raises.
        """
        proof = {"nonce": act.nonce, "deadline": act.deadline, "signature": act.signature}
        return self._send(f"{act.function}BySig", *act.arguments, proof)

    def recover(self, patient: str, controller: str) -> Receipt:
        """Vote for a new controller, as a guardian for RECOVER.

        Raises `Reverted` with error "NotGuardian" or "ZeroIdentifier".
        """
        return self._send("recover", patient, controller)

    def sign_recover(self, patient: str, controller: str, *, deadline: int) -> SignedAct:
        """Sign a vote for a new controller, as a guardian for RECOVER."""
        return self._signed("recover", (patient, controller), deadline)

    def finish_recovery(self, patient: str) -> Receipt:
        """Give a patient the controller for whom enough guardians vote, after the time for a veto; anyone may.

        Raises `Reverted` with error "RecoveryNotReady" or "TooFewVotes".
        """
        return self._send("finishRecovery", patient)

    def resign(self, patient: str) -> Receipt:
        """Resign as a guardian. Raises `Reverted` with error "NotGuardian"."""
        return self._send("resign", patient)

    def sign_resign(self, patient: str, *, deadline: int) -> SignedAct:
        """Sign that a guardian resigns."""
        return self._signed("resign", (patient,), deadline)

    def allow_hiding(self, jurisdiction: int, classes: int) -> Receipt:
        """Let patients hide classes of data from guardians where a jurisdiction holds, as its authority.

        Raises `Reverted` with error "NotAuthority".
        """
        return self._send("allowHiding", jurisdiction, int(classes))

    def controller_of(self, patient: str) -> str:
        """Who decides for a patient: the patient itself unless it was replaced."""
        return str(self._call("controllerOf", patient))

    def changes_of_control(self) -> list[Event]:
        """Read which accounts were let decide for which patients, for all patients, oldest first."""
        found = [event for name in ("ControllerRotated", "PatientRecovered") for event in self._events(name)]
        return sorted(found, key=lambda event: (event.block, event.log_index))

    def control_of(self, patient: str) -> Control:
        """Who decides for a patient, and its newest freeze."""
        raw = self._call("controlOf", patient)
        return Control(raw["controller"], raw["frozenFrom"], raw["frozenUntil"])

    def capacity_of(self, patient: str, account: str, scope: Scope) -> Capacity:
        """As what an account may act for a patient in a scope now."""
        try:
            controller = self._call("checkMay", patient, account, int(scope))
        except Reverted as refused:
            if refused.error not in _REFUSALS:
                raise
            return _REFUSALS[refused.error]
        return Capacity.CONTROLLER if controller == checksum_address(account) else Capacity.GUARDIAN

    def is_guardian(self, patient: str, account: str, scope: Scope, *, at: int | None = None) -> bool:
        """Whether an account is a guardian for all of a scope, now or at a time (Unix seconds)."""
        time = self.chain.now() if at is None else at
        return bool(self._call("isGuardian", patient, account, int(scope), time))

    def guardian_of(self, patient: str, guardian: str) -> Guardian | None:
        """The newest appointment of a guardian; None if there was none."""
        raw = self._call("guardianOf", patient, guardian)
        if raw["until"] == 0:
            return None
        return Guardian(Scope(raw["scope"]), raw["from"], raw["until"], raw["protectFrom"], raw["removedAt"])

    def guardians(self, patient: str) -> dict[str, Guardian]:
        """The guardians of a patient by their accounts, those whose time is over among them until they are replaced."""
        found = {
            str(one): self.guardian_of(patient, one)
            for one in self._call("guardiansOf", patient)
            if one != ZERO_ADDRESS
        }
        return {account: guardian for account, guardian in found.items() if guardian}

    def recovery_of(self, patient: str) -> Recovery:
        """How the recovery of a patient stands; its controller is the zero address if none was begun."""
        raw = self._call("recoveryOf", patient)
        return Recovery(raw["controller"], raw["readyAt"], raw["round"], raw["votes"], raw["needed"], raw["total"])

    def hidden_of(self, patient: str, jurisdiction: int) -> int:
        """Which classes (bits of `DataClass`) a patient hides from guardians where data are shown in a jurisdiction."""
        return int(self._call("hiddenOf", patient, jurisdiction))

    def history(self, patient: str) -> list[Event]:
        """Read everything that was done about who decides for a patient, oldest first."""
        found = [event for name in _EVENTS for event in self._events(name, indexed={"patient": patient})]
        return sorted(found, key=lambda event: (event.block, event.log_index))

    def _signed(self, function: str, arguments: tuple[Any, ...], deadline: int) -> SignedAct:
        nonce, signature = self._sign(_STATEMENTS[function], arguments, deadline)
        return SignedAct(function, arguments, nonce, deadline, signature)

    def _sign(self, statement: TypedData, values: tuple[Any, ...], deadline: int) -> tuple[int, bytes]:
        """Sign with a nonce of the operating system's randomness, so that two devices never pick one number."""
        if self.signer is None:
            raise InputError(place="signer", found="none", expected="the account that signs for the patient")
        nonce = secrets.randbits(256)
        names = statement.types[statement.primary]
        message = dict(zip(names, (*values, nonce, deadline), strict=True))
        return nonce, sign(bytes(self.signer.key), statement.digest(self.domain, message))


def _appointment(patient: str, guardian: str, scope: Scope, since: int, until: int, evidence: bytes) -> dict[str, Any]:
    return {
        "patient": patient,
        "guardian": guardian,
        "scope": int(scope),
        "from": since,
        "until": until,
        "evidence": evidence,
    }


def _statement(name: str, **members: str) -> TypedData:
    fields = {"patient": "address", **members, "nonce": "uint256", "deadline": "uint64"}
    return TypedData(name, {name: fields})


_STATEMENTS: Final = {
    "rotate": _statement("Rotate", controller="address"),
    "freeze": _statement("Freeze", until="uint64"),
    "veto": _statement("Veto", round="uint32"),
    "addGuardian": _statement(
        "AddGuardian",
        **{"guardian": "address", "scope": "uint8", "from": "uint64", "until": "uint64", "evidence": "bytes32"},
    ),
    "removeGuardian": _statement("RemoveGuardian", guardian="address"),
    "changeThreshold": _statement("ChangeThreshold", threshold="uint8"),
    "hide": _statement("Hide", classes="uint32"),
    "recover": _statement("Recover", controller="address"),
    "resign": _statement("Resign"),
}

_REFUSALS: Final = {"NotController": Capacity.NONE, "Frozen": Capacity.FROZEN}

_EVENTS: Final = (
    "ControllerRotated",
    "GuardianAdded",
    "GuardianRemoved",
    "GuardianResigned",
    "ThresholdChanged",
    "HiddenClassesChanged",
    "FreezeBegun",
    "RecoveryVoted",
    "RecoveryBegun",
    "RecoveryVetoed",
    "PatientRecovered",
)
