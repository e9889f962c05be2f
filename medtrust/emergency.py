"""Emergency: a patient's data opened in one act, for hours, and the review that follows."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from functools import cached_property
from typing import Any, Final

from medtrust.chain import Event, Receipt
from medtrust.contract import Client
from medtrust.errors import InputError
from medtrust.signing import Domain, TypedData, sign
from medtrust.types import ZERO_HASH

__all__ = ["EVERYTHING", "EmergencyClient", "Reviews", "Session", "SignedContest", "SignedRule", "Verdict"]

EVERYTHING: Final = (1 << 21) - 1
"""Every class of data, as bits of `DataClass`."""


class Verdict(IntEnum):
    """What a review found; the first two still wait for its end."""

    NONE = 0
    NEEDS_INFORMATION = 1
    JUSTIFIED = 2
    UNJUSTIFIED = 3


@dataclass(frozen=True)
class Session:
    """A session of one clinician with one patient's data, in `[opened_at, until)`; times are Unix seconds, 0 is never.

    `review_until` is the first second in which its review is overdue.
    """

    number: int
    patient: str
    actor: str
    classes: int
    opened_at: int
    until: int
    review_until: int
    contested_at: int
    verdict: Verdict


@dataclass(frozen=True)
class Reviews:
    """How an organisation stands: sessions ever, when the oldest review is due, since when it is suspended (0: not)."""

    count: int
    due_at: int
    suspended_from: int


@dataclass(frozen=True)
class SignedRule:
    """A change of a patient's standing rule, as anyone may send it until `deadline` (Unix seconds)."""

    patient: str
    withheld: int
    nonce: int
    deadline: int
    signature: bytes


@dataclass(frozen=True)
class SignedContest:
    """The contest of a session, as anyone may send it until `deadline` (Unix seconds)."""

    organisation: bytes
    number: int
    grounds: bytes
    nonce: int
    deadline: int
    signature: bytes


class EmergencyClient(Client):
    """Calls to one deployed EmergencyAccess."""

    artifact = "EmergencyAccess"

    @cached_property
    def domain(self) -> Domain:
        """The EIP-712 domain in which statements to this contract are signed."""
        return Domain("EmergencyAccess", "1", self.chain.id, self.address)

    def open(
        self, patient: str, organisation: bytes, reason: bytes, *, classes: int = EVERYTHING, period: int = 0
    ) -> Receipt:
        """Open a patient's data in an emergency, as a signer of the organisation for EMERGENCY_CARE.

        `reason` is a salted hash, `classes` bits of `DataClass`, `period` seconds (at most 24 hours; 0 for 4). The
        number of the session stands in the event EmergencyOpened. Raises `Reverted` with error "NotAuthorised",
        "EmergencyCareSuspended", "TooManyUnreviewed", "InvalidClasses", "InvalidPeriod" or "AllowanceSpent". What the
        patient withholds stays closed (`withheld_of`), whatever is asked for here.
        """
        return self._send("open", patient, organisation, reason, int(classes), period)

    def review(self, organisation: bytes, number: int, verdict: Verdict, *, findings: bytes = ZERO_HASH) -> Receipt:
        """Review a session, as a signer of the organisation for PRIVACY_OFFICER of another unit than the clinician's.

        Raises `Reverted` with error "NotAuthorised", "UnknownSession", "SelfReview", "SameUnit", "AlreadyReviewed" or
        "InvalidVerdict".
        """
        return self._send("review", organisation, number, int(verdict), findings)

    def contest(self, organisation: bytes, number: int, *, grounds: bytes = ZERO_HASH) -> Receipt:
        """Contest a session, as the patient's controller or a guardian for CONTEST.

        Raises `Reverted` with error "UnknownSession", "NotController" or "AlreadyContested".
        """
        return self._send("contest", organisation, number, grounds)

    def sign_contest(
        self, organisation: bytes, number: int, *, deadline: int, grounds: bytes = ZERO_HASH
    ) -> SignedContest:
        """Sign that a session is contested, as the patient's controller."""
        nonce, signature = self._sign(_CONTEST, (organisation, number, grounds), deadline)
        return SignedContest(organisation, number, grounds, nonce, deadline, signature)

    def contest_by_sig(self, signed: SignedContest) -> Receipt:
        """Contest a session for a patient whose controller signed that; anyone may send it.

        Raises `Reverted` with error "SignatureExpired", "InvalidSignature", "NonceTaken" or what `contest` raises.
        """
        return self._send("contestBySig", signed.organisation, signed.number, signed.grounds, _proof(signed))

    def change_rule(self, patient: str, withheld: int) -> Receipt:
        """Change a patient's standing rule: classes (bits of `DataClass`) never to be opened, `EVERYTHING` to deny.

        The signer is the patient's controller or a guardian for EMERGENCY. Raises `Reverted` with error "NotController"
        or "Frozen".
        """
        return self._send("changeRule", patient, int(withheld))

    def sign_change_rule(self, patient: str, withheld: int, *, deadline: int) -> SignedRule:
        """Sign a change of a patient's standing rule, as its controller."""
        nonce, signature = self._sign(_CHANGE_RULE, (patient, int(withheld)), deadline)
        return SignedRule(patient, int(withheld), nonce, deadline, signature)

    def change_rule_by_sig(self, signed: SignedRule) -> Receipt:
        """Change the standing rule of a patient whose controller signed that; anyone may send it.

        Raises `Reverted` with error "Frozen", "SignatureExpired", "InvalidSignature" or "NonceTaken".
        """
        return self._send("changeRuleBySig", signed.patient, signed.withheld, _proof(signed))

    def overrule(self, organisation: bytes, number: int, *, findings: bytes = ZERO_HASH) -> Receipt:
        """Find a contested session unjustified that was found justified, as the authority of the jurisdiction.

        Raises `Reverted` with error "NotAuthority", "UnknownSession", "NotContested" or "NotJustified".
        """
        return self._send("overrule", organisation, number, findings)

    def restore(self, organisation: bytes) -> Receipt:
        """Let a suspended organisation open data in emergencies again, as the authority of its jurisdiction.

        Raises `Reverted` with error "NotAuthority", "NotSuspended" or "ReviewOverdue".
        """
        return self._send("restore", organisation)

    def is_open(
        self, organisation: bytes, number: int, patient: str, actor: str, data_class: int, *, at: int | None = None
    ) -> bool:
        """Whether a session lets its clinician at a class of a patient's data, now or at a time (Unix seconds)."""
        time = self.chain.now() if at is None else at
        return bool(self._call("isOpen", organisation, number, patient, actor, int(data_class), time))

    def is_suspended(self, organisation: bytes, *, at: int | None = None) -> bool:
        """Whether an organisation may open nothing, now or at a time (Unix seconds), also one to come."""
        return bool(self._call("isSuspended", organisation, self.chain.now() if at is None else at))

    def session_of(self, organisation: bytes, number: int) -> Session | None:
        """A session by its number; None if there is none."""
        raw = self._call("sessionOf", organisation, number)
        if raw["openedAt"] == 0:
            return None
        return Session(
            number=number,
            patient=raw["patient"],
            actor=raw["actor"],
            classes=raw["classes"],
            opened_at=raw["openedAt"],
            until=raw["until"],
            review_until=raw["reviewUntil"],
            contested_at=raw["contestedAt"],
            verdict=Verdict(raw["verdict"]),
        )

    def reviews_of(self, organisation: bytes) -> Reviews:
        """How an organisation stands with its reviews."""
        raw = self._call("reviewsOf", organisation)
        return Reviews(raw["count"], raw["dueAt"], raw["suspendedFrom"])

    def unreviewed(self, organisation: bytes) -> list[Session]:
        """The sessions of an organisation whose review has not ended, oldest first."""
        return self._sessions(organisation, "unreviewedOf")

    def overdue(self, organisation: bytes) -> list[Session]:
        """The sessions of an organisation whose review is overdue, oldest first."""
        return self._sessions(organisation, "overdueOf")

    def running(self, organisation: bytes) -> list[Session]:
        """The sessions of an organisation that have not ended, oldest first, also those that were reviewed early.

        By the clock of the chain. Whether one still lets its clinician at data, `is_open` says: an organisation may be
        suspended, a clinician dismissed.
        """
        now, opened = self.chain.now(), self._events("EmergencyOpened", indexed={"organisation": organisation})
        return self._all(organisation, [one.values["number"] for one in opened if now < one.values["until"]])

    def withheld_of(self, patient: str) -> int:
        """Which classes (bits of `DataClass`) a patient's standing rule withholds; 0 if there is no rule."""
        return int(self._call("withheldOf", patient))

    def history(self, patient: str) -> list[Event]:
        """Read what was opened, contested and ruled about a patient, oldest first."""
        names = ("EmergencyOpened", "EmergencyContested", "RuleChanged")
        found = [event for name in names for event in self._events(name, indexed={"patient": patient})]
        return sorted(found, key=lambda event: (event.block, event.log_index))

    def _sessions(self, organisation: bytes, view: str) -> list[Session]:
        return self._all(organisation, self._call(view, organisation))

    def _all(self, organisation: bytes, numbers: Sequence[int]) -> list[Session]:
        found = [self.session_of(organisation, number) for number in numbers]
        return [session for session in found if session]

    def _sign(self, statement: TypedData, values: tuple[Any, ...], deadline: int) -> tuple[int, bytes]:
        if self.signer is None:
            raise InputError(place="signer", found="none", expected="the account that decides for the patient")
        nonce = secrets.randbits(256)
        message = dict(zip(statement.types[statement.primary], (*values, nonce, deadline), strict=True))
        return nonce, sign(bytes(self.signer.key), statement.digest(self.domain, message))


def _proof(signed: SignedRule | SignedContest) -> dict[str, Any]:
    return {"nonce": signed.nonce, "deadline": signed.deadline, "signature": signed.signature}


_CHANGE_RULE: Final = TypedData(
    "ChangeRule",
    {"ChangeRule": {"patient": "address", "withheld": "uint32", "nonce": "uint256", "deadline": "uint64"}},
)
_CONTEST: Final = TypedData(
    "Contest",
    {
        "Contest": {
            "organisation": "bytes32",
            "number": "uint32",
            "grounds": "bytes32",
            "nonce": "uint256",
            "deadline": "uint64",
        }
    },
)
