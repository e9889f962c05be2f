"""A model of the exchange of records in plain Python, and the same state told by events alone."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from medtrust.record_terms import NO_FINGERPRINT, Question, Version
from medtrust.types import ZERO_ADDRESS, ZERO_HASH
from tests.invariants.accreditation_model import Refused, Told
from tests.invariants.accreditation_model import State as Accreditation

PARTICIPANT = 1
HOSPITAL = 4
DAY = 86_400
WAIT = 90 * DAY
WINDOW = 7 * DAY
NONE, OPEN, OVERDUE, ANSWERED, UNDISPUTED, REFUSED, ACKNOWLEDGED, DISPUTED = range(8)


@dataclass
class Exchange:
    stage: int
    deadline: int
    delivery: bytes = ZERO_HASH


@dataclass
class State:
    """Everything that the exchange keeps: the newest versions, key epochs, keys and requests."""

    newest: dict[tuple[bytes, bytes], tuple[Version, int]] = field(default_factory=dict)
    epochs: dict[tuple[bytes, bytes], int] = field(default_factory=dict)
    keys: dict[bytes, bytes] = field(default_factory=dict)
    exchanges: dict[bytes, Exchange] = field(default_factory=dict)

    def stage_of(self, request: bytes, now: int) -> int:
        found = self.exchanges.get(request, Exchange(NONE, 0))
        if now < found.deadline:
            return found.stage
        return {OPEN: OVERDUE, ANSWERED: UNDISPUTED}.get(found.stage, found.stage)


class Model:
    """What the exchange should do, by what the registry of accreditations holds."""

    def __init__(self, accreditation: Accreditation) -> None:
        self.accreditation = accreditation
        self.state = State()

    def anchor(
        self,
        now: int,
        caller: str,
        custodian: bytes,
        record: bytes,
        commitment: bytes,
        previous: bytes,
        epoch: int,
    ) -> list[Told]:
        self._require_authorised(custodian, caller, HOSPITAL, now)
        _require(ZERO_HASH not in (record, commitment), "ZeroIdentifier")
        key = custodian, record
        newest = self.state.newest.get(key, (None, 0))[0]
        current = newest.fingerprint if newest else NO_FINGERPRINT
        _require(previous == current, "NotNewestVersion", previous=previous, current=current)
        _require(epoch == self.state.epochs.get(key, 0), "WrongKeyEpoch", epoch=epoch, current=self._epoch(key))
        number = newest.number + 1 if newest else 1
        self.state.newest[key] = Version(custodian, record, number, epoch, commitment, previous, caller), now
        told = {"custodian": custodian, "record": record, "signer": caller, "number": number, "epoch": epoch}
        return [("RecordAnchored", {**told, "commitment": commitment, "previous": previous, "recordedAt": now})]

    def rotate(self, now: int, caller: str, custodian: bytes, record: bytes) -> list[Told]:
        self._require_authorised(custodian, caller, HOSPITAL, now)
        _require((custodian, record) in self.state.newest, "UnknownRecord", custodian=custodian, record=record)
        self.state.epochs[custodian, record] = self._epoch((custodian, record)) + 1
        told = {"custodian": custodian, "record": record, "epoch": self._epoch((custodian, record))}
        return [("KeyEpochAdvanced", {**told, "advancedAt": now})]

    def publish_key(self, now: int, caller: str, organisation: bytes, key: bytes) -> list[Told]:
        found = self.accreditation.organisations.get(organisation)
        is_admin = caller == (found.admin if found else ZERO_ADDRESS)
        _require(is_admin, "NotAdmin", organisation=organisation, caller=caller)
        self.state.keys[organisation] = key
        return [("EncryptionKeyPublished", {"organisation": organisation, "key": key, "publishedAt": now})]

    def request(self, now: int, caller: str, question: Question, deadline: int) -> list[Told]:
        self._require_authorised(question.requester, caller, PARTICIPANT, now)
        is_hospital = self.accreditation.standing(question.custodian, HOSPITAL, now) == "ACTIVE"
        _require(is_hospital, "NotAccredited", organisation=question.custodian, role=HOSPITAL)
        _require(question.commitment != ZERO_HASH, "ZeroIdentifier")
        _require(now < deadline <= now + WAIT, "InvalidDeadline", deadline=deadline, latest=now + WAIT)
        self._require_stage(question, NONE, now)
        self.state.exchanges[question.id] = Exchange(OPEN, deadline)
        told = {"request": question.id, "requester": question.requester, "custodian": question.custodian}
        more = {"commitment": question.commitment, "deadline": deadline, "requestedAt": now}
        return [("RecordRequested", {**told, **more})]

    def respond(self, now: int, caller: str, question: Question, delivery: bytes) -> list[Told]:
        self._require_authorised(question.custodian, caller, HOSPITAL, now)
        _require(delivery != ZERO_HASH, "ZeroIdentifier")
        self._require_stage(question, OPEN, now)
        self.state.exchanges[question.id] = Exchange(ANSWERED, now + WINDOW, delivery)
        told = {"request": question.id, "delivery": delivery, "deadline": now + WINDOW, "answeredAt": now}
        return [("RequestAnswered", told)]

    def refuse(self, now: int, caller: str, question: Question, reason: bytes) -> list[Told]:
        self._require_authorised(question.custodian, caller, HOSPITAL, now)
        self._require_stage(question, OPEN, now)
        self.state.exchanges[question.id].stage = REFUSED
        return [("RequestRefused", {"request": question.id, "reason": reason, "refusedAt": now})]

    def acknowledge(self, now: int, caller: str, question: Question, delivery: bytes) -> list[Told]:
        self._settle(now, caller, question, delivery, ACKNOWLEDGED)
        told = {"request": question.id, "delivery": delivery, "acknowledgedAt": now}
        return [("DeliveryAcknowledged", told)]

    def dispute(self, now: int, caller: str, question: Question, delivery: bytes, objection: bytes) -> list[Told]:
        self._settle(now, caller, question, delivery, DISPUTED)
        return [("DeliveryDisputed", {"request": question.id, "objection": objection, "disputedAt": now})]

    def status_of(self, version: Version) -> int:
        """What `statusOf` should answer."""
        newest, at = self.state.newest.get((version.custodian, version.record), (None, 0))
        if newest is None or newest.fingerprint != version.fingerprint:
            return 0
        return 1 if self.accreditation.is_authorised(version.custodian, version.signer, HOSPITAL, at) else 2

    def _settle(self, now: int, caller: str, question: Question, delivery: bytes, stage: int) -> None:
        self._require_authorised(question.requester, caller, PARTICIPANT, now)
        self._require_stage(question, ANSWERED, now)
        found = self.state.exchanges[question.id]
        _require(found.delivery == delivery, "WrongDelivery", request=question.id, delivery=delivery)
        found.stage = stage

    def _require_stage(self, question: Question, stage: int, now: int) -> None:
        found = self.state.stage_of(question.id, now)
        _require(found == stage, "WrongStage", request=question.id, stage=found)

    def _require_authorised(self, organisation: bytes, caller: str, role: int, now: int) -> None:
        is_authorised = self.accreditation.is_authorised(organisation, caller, role, now)
        _require(is_authorised, "NotAuthorised", organisation=organisation, signer=caller, role=role)

    def _epoch(self, key: tuple[bytes, bytes]) -> int:
        return self.state.epochs.get(key, 0)


def replay(told: Iterable[Told]) -> State:
    """Rebuild the state from the events alone (invariant 31)."""
    state = State()
    for name, values in told:
        _REPLAYS[name](state, values)
    return state


def _replay_anchor(state: State, values: dict[str, Any]) -> None:
    version = Version(
        values["custodian"],
        values["record"],
        values["number"],
        values["epoch"],
        values["commitment"],
        values["previous"],
        values["signer"],
    )
    state.newest[version.custodian, version.record] = version, values["recordedAt"]


def _replay_rotate(state: State, values: dict[str, Any]) -> None:
    state.epochs[values["custodian"], values["record"]] = values["epoch"]


def _replay_key(state: State, values: dict[str, Any]) -> None:
    state.keys[values["organisation"]] = values["key"]


def _replay_request(state: State, values: dict[str, Any]) -> None:
    state.exchanges[values["request"]] = Exchange(OPEN, values["deadline"])


def _replay_answer(state: State, values: dict[str, Any]) -> None:
    state.exchanges[values["request"]] = Exchange(ANSWERED, values["deadline"], values["delivery"])


def _replay_stage(stage: int) -> Callable[[State, dict[str, Any]], None]:
    def replay_stage(state: State, values: dict[str, Any]) -> None:
        state.exchanges[values["request"]].stage = stage

    return replay_stage


_REPLAYS: dict[str, Callable[[State, dict[str, Any]], None]] = {
    "RecordAnchored": _replay_anchor,
    "KeyEpochAdvanced": _replay_rotate,
    "EncryptionKeyPublished": _replay_key,
    "RecordRequested": _replay_request,
    "RequestAnswered": _replay_answer,
    "RequestRefused": _replay_stage(REFUSED),
    "DeliveryAcknowledged": _replay_stage(ACKNOWLEDGED),
    "DeliveryDisputed": _replay_stage(DISPUTED),
}


def _require(condition: bool, error: str, **values: Any) -> None:
    if not condition:
        raise Refused(error, **values)
