"""A model of the registry of consents in plain Python, and the same state told by events alone."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from medtrust.consent import Consent, Facts, Record, Request
from medtrust.patients import Capacity, Scope
from medtrust.types import ZERO_HASH
from tests.invariants.accreditation_model import PARTICIPANT, Refused, Told
from tests.invariants.accreditation_model import State as Accreditation
from tests.invariants.patients_model import State as Patients


@dataclass
class State:
    """Everything that the registry keeps: records by patient and id; the ends of epochs, grantee zero for everyone."""

    records: dict[tuple[str, bytes], Record] = field(default_factory=dict)
    ends: dict[tuple[str, bytes], list[int]] = field(default_factory=dict)

    def record(self, patient: str, consent: bytes) -> Record:
        return self.records.get((patient, consent), Record())

    def ends_of(self, patient: str, grantee: bytes) -> list[int]:
        return self.ends.get((patient, grantee), [])

    def epoch(self, patient: str, grantee: bytes) -> int:
        of_grantee = [] if grantee == ZERO_HASH else self.ends_of(patient, grantee)
        return len(self.ends_of(patient, ZERO_HASH)) << 32 | len(of_grantee)


class Model:
    """What the registry should do: each act changes the state and tells its events, or is refused.

    `signer` is whoever signed what is sent, the empty text if that is nobody.
    """

    def __init__(self, accreditation: Accreditation, patients: Patients) -> None:
        self.accreditation = accreditation
        self.patients = patients
        self.state = State()

    def is_frozen(self, patient: str, at: int) -> bool:
        known = self.patients.patient(patient)
        return known.frozen_from <= at < known.frozen_until

    def _require_may(self, now: int, patient: str, caller: str, scope: Scope) -> bool:
        """Whether it is a guardian who acts, if anyone may who does."""
        capacity = self.patients.capacity(now, patient, caller, scope)
        _require(capacity != Capacity.NONE, "NotController", patient=patient, caller=caller)
        _require(capacity != Capacity.FROZEN, "Frozen", patient=patient)
        return capacity == Capacity.GUARDIAN

    def _require_signed(self, now: int, patient: str, signer: str, scope: Scope, deadline: int | None = None) -> bool:
        """Whether it is a guardian who signed, if it counts who did."""
        _require(deadline is None or now <= deadline, "SignatureExpired", deadline=deadline)
        capacity = self.patients.capacity(now, patient, signer, scope)
        _require(capacity != Capacity.NONE, "InvalidSignature", signer=self.patients.controller(patient))
        _require(capacity != Capacity.FROZEN, "Frozen", patient=patient)
        return capacity == Capacity.GUARDIAN

    def grant(self, now: int, caller: str, consent: Consent) -> list[Told]:
        return self._grant(now, consent, self._require_may(now, consent.patient, caller, Scope.GRANT))

    def grant_by_sig(self, now: int, consent: Consent, *, signer: str) -> list[Told]:
        return self._grant(now, consent, self._require_signed(now, consent.patient, signer, Scope.GRANT))

    def _grant(self, now: int, consent: Consent, is_guardian: bool) -> list[Told]:
        record = self.state.record(consent.patient, consent.id)
        _require(record.revoked_at == 0, "AlreadyRevoked", consent=consent.id, revokedAt=record.revoked_at)
        if record.granted_at:
            return []
        window = {"accessFrom": consent.access_from, "accessUntil": consent.access_until}
        _require(consent.access_from < consent.access_until > now, "InvalidAccessWindow", **window)
        self._require_epoch(consent)
        standing = self.accreditation.standing(consent.grantee, PARTICIPANT, now)
        _require(standing == "ACTIVE", "NotAccredited", organisation=consent.grantee, role=PARTICIPANT)
        self.state.records[consent.patient, consent.id] = replace(record, granted_at=now, is_by_guardian=is_guardian)
        told = {"consent": consent.id, "patient": consent.patient, "grantee": consent.grantee}
        return [("ConsentGranted", {**told, **window, "grantedAt": now, "isByGuardian": is_guardian})]

    def _require_epoch(self, consent: Consent) -> None:
        current = self.state.epoch(consent.patient, consent.grantee)
        _require(consent.epoch == current, "WrongEpoch", epoch=consent.epoch, current=current)

    def revoke(self, now: int, caller: str, patient: str, consent: bytes) -> list[Told]:
        self._require_may(now, patient, caller, Scope.REVOKE)
        return self._revoke(now, patient, consent)

    def revoke_by_sig(self, now: int, patient: str, consent: bytes, deadline: int, *, signer: str) -> list[Told]:
        self._require_signed(now, patient, signer, Scope.REVOKE, deadline)
        return self._revoke(now, patient, consent)

    def _revoke(self, now: int, patient: str, consent: bytes) -> list[Told]:
        record = self.state.record(patient, consent)
        if record.revoked_at:
            return []
        self.state.records[patient, consent] = replace(record, revoked_at=now)
        return [("ConsentRevoked", {"consent": consent, "patient": patient, "revokedAt": now})]

    def revoke_all(self, now: int, caller: str, patient: str) -> list[Told]:
        self._require_may(now, patient, caller, Scope.REVOKE)
        return self._end(now, patient, ZERO_HASH)

    def revoke_all_of(self, now: int, caller: str, patient: str, grantee: bytes) -> list[Told]:
        self._require_may(now, patient, caller, Scope.REVOKE)
        _require(grantee != ZERO_HASH, "ZeroIdentifier")
        return self._end(now, patient, grantee)

    def end_by_sig(
        self, now: int, patient: str, grantee: bytes, epoch: int, deadline: int, *, signer: str
    ) -> list[Told]:
        """Do what `revokeAllBySig` does for the zero grantee, and `revokeAllOfBySig` for any other."""
        self._require_signed(now, patient, signer, Scope.REVOKE, deadline)
        current = self.state.epoch(patient, grantee)
        _require(epoch <= current, "WrongEpoch", epoch=epoch, current=current)
        return self._end(now, patient, grantee) if epoch == current else []

    def _end(self, now: int, patient: str, grantee: bytes) -> list[Told]:
        self.state.ends.setdefault((patient, grantee), []).append(now)
        told = {"epoch": self.state.epoch(patient, grantee), "revokedAt": now}
        if grantee == ZERO_HASH:
            return [("ConsentsRevoked", {"patient": patient, **told})]
        return [("GranteeConsentsRevoked", {"patient": patient, "grantee": grantee, **told})]

    def answer(self, now: int, caller: str, consent: Consent, obligations: bytes | None) -> list[Told]:
        """Accept with obligations, or decline where there are none."""
        is_authorised = self.accreditation.is_authorised(consent.grantee, caller, PARTICIPANT, now)
        right = {"organisation": consent.grantee, "signer": caller, "role": PARTICIPANT}
        _require(is_authorised, "NotAuthorised", **right)
        record = self.state.record(consent.patient, consent.id)
        _require(record.revoked_at == 0, "AlreadyRevoked", consent=consent.id, revokedAt=record.revoked_at)
        answered = record.accepted_at or record.declined_at
        _require(answered == 0, "AlreadyAnswered", consent=consent.id, answeredAt=answered)
        told = {"consent": consent.id, "patient": consent.patient, "grantee": consent.grantee, "actor": caller}
        if obligations is None:
            self.state.records[consent.patient, consent.id] = replace(record, declined_at=now)
            return [("ConsentDeclined", {**told, "declinedAt": now})]
        self.state.records[consent.patient, consent.id] = replace(record, accepted_at=now)
        return [("ConsentAccepted", {**told, "obligations": obligations, "acceptedAt": now})]

    def use(self, now: int, caller: str, consent: Consent, commitment: bytes) -> list[Told]:
        is_authorised = self.accreditation.is_authorised(consent.grantee, caller, PARTICIPANT, now)
        right = {"organisation": consent.grantee, "signer": caller, "role": PARTICIPANT}
        _require(is_authorised, "NotAuthorised", **right)
        record = self.state.record(consent.patient, consent.id)
        _require(record.granted_at != 0, "NotGranted", consent=consent.id)
        _require(record.revoked_at == 0, "AlreadyRevoked", consent=consent.id, revokedAt=record.revoked_at)
        _require(record.declined_at == 0, "Declined", consent=consent.id, declinedAt=record.declined_at)
        self._require_epoch(consent)
        window = {"accessFrom": consent.access_from, "accessUntil": consent.access_until}
        _require(consent.access_from <= now < consent.access_until, "OutsideAccessWindow", **window)
        _require(record.uses < consent.max_uses, "UsesExhausted", maxUses=consent.max_uses)
        uses = record.uses + 1
        self.state.records[consent.patient, consent.id] = replace(record, used_at=now, uses=uses)
        told = {"consent": consent.id, "patient": consent.patient, "grantee": consent.grantee, "actor": caller}
        return [("ConsentUsed", {**told, "requestCommitment": commitment, "uses": uses, "usedAt": now})]

    def facts(self, consent: Consent, request: Request, at: int, *, is_signed: bool | None) -> Facts:
        """What is known about a request at a time."""
        known = self.accreditation.organisations.get(consent.grantee)
        is_accredited = self.accreditation.standing(consent.grantee, PARTICIPANT, at) == "ACTIVE"
        is_authorised = self.accreditation.is_authorised(consent.grantee, request.actor, PARTICIPANT, at)
        place = known.jurisdiction if known else 0
        return Facts(
            record=self.state.record(consent.patient, consent.id),
            ends=self.state.ends_of(consent.patient, ZERO_HASH),
            grantee_ends=self.state.ends_of(consent.patient, consent.grantee),
            is_signed=is_signed,
            jurisdiction=place,
            is_accredited=is_accredited,
            is_actor=is_authorised or not is_accredited,
            is_frozen=self.is_frozen(consent.patient, at),
            hidden=self.patients.patient(consent.patient).hidden & self.patients.hideable.get(place, 0),
        )


def replay(events: Iterable[Told]) -> State:
    """Rebuild the state from events alone."""
    state = State()
    for name, values in events:
        key = values["patient"], values.get("consent", values.get("grantee", ZERO_HASH))
        record = state.records.get(key, Record())
        if name == "ConsentGranted":
            state.records[key] = replace(record, granted_at=values["grantedAt"], is_by_guardian=values["isByGuardian"])
        elif name == "ConsentRevoked":
            state.records[key] = replace(record, revoked_at=values["revokedAt"])
        elif name == "ConsentAccepted":
            state.records[key] = replace(record, accepted_at=values["acceptedAt"])
        elif name == "ConsentDeclined":
            state.records[key] = replace(record, declined_at=values["declinedAt"])
        elif name == "ConsentUsed":
            state.records[key] = replace(record, used_at=values["usedAt"], uses=values["uses"])
        elif name in ("ConsentsRevoked", "GranteeConsentsRevoked"):
            state.ends.setdefault(key, []).append(values["revokedAt"])
            assert values["epoch"] == state.epoch(*key)
        else:
            raise AssertionError(f"an event that nobody knows: {name}")
    return state


def _require(holds: bool, error: str, **values: object) -> None:
    if not holds:
        raise Refused(error, **values)
