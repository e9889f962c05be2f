"""Decides whether a request is covered by a consent: the twin of the contract's `check`, from facts that are given."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from medtrust.consent_terms import Confidentiality, Consent, DataClass, Purpose, Request, Terms
from medtrust.errors import CheckRefused
from medtrust.types import ZERO_HASH

__all__ = ["Decision", "Facts", "Reason", "Record", "Verdict", "decide"]

_PURPOSES: Final = sum(Purpose)
_DATA_CLASSES: Final = sum(DataClass)


class Decision(IntEnum):
    """The answer to a request, in rising precedence; BREAK_GLASS is the rank of access in an emergency."""

    DEFAULT_DENIAL = 0
    PERMIT = 1
    BREAK_GLASS = 2
    EXPLICIT_DENIAL = 3


class Reason(IntEnum):
    """The one thing that is wrong, in the order in which they are looked at."""

    NONE = 0
    FUTURE = 1
    REVOKED = 2
    EPOCH = 3
    UNKNOWN = 4
    SIGNATURE = 5
    PARENT = 6
    NOT_YET = 7
    EXPIRED = 8
    USES = 9
    ORGANISATION = 10
    JURISDICTION = 11
    ACCREDITATION = 12
    ACTOR = 13
    PURPOSE = 14
    DATA_CLASS = 15
    SENSITIVITY = 16
    FACILITY = 17
    DATA_TIME = 18


_SENTENCES: Final = {
    Reason.NONE: "the patient's consent covers the request",
    Reason.FUTURE: "the time that is asked about has not come",
    Reason.REVOKED: "the patient revoked this consent",
    Reason.EPOCH: "the patient revoked all consents of its time, or it was made for another time",
    Reason.UNKNOWN: "this consent was not granted, and no signature was shown",
    Reason.SIGNATURE: "the signature is not the patient's",
    Reason.PARENT: "a consent with onward sharing, or under another consent, is not honoured",
    Reason.NOT_YET: "the window of access has not begun",
    Reason.EXPIRED: "the window of access is over",
    Reason.USES: "the consent was used as often as it may be",
    Reason.ORGANISATION: "the consent was given to another organisation",
    Reason.JURISDICTION: "the consent is for another jurisdiction",
    Reason.ACCREDITATION: "the organisation is not in good standing",
    Reason.ACTOR: "the account does not act for the organisation",
    Reason.PURPOSE: "the consent does not cover this purpose of use",
    Reason.DATA_CLASS: "the consent does not cover this class of data",
    Reason.SENSITIVITY: "the data are more sensitive than the consent allows",
    Reason.FACILITY: "the consent is for another facility",
    Reason.DATA_TIME: "the consent does not cover data of this time",
}


@dataclass(frozen=True)
class Record:
    """What the chain keeps of a consent; times are Unix seconds, 0 is never."""

    granted_at: int = 0
    revoked_at: int = 0
    used_at: int = 0
    uses: int = 0


@dataclass(frozen=True)
class Facts:
    """What is known beside the consent and the request.

    `ends` and `grantee_ends` are the times (Unix seconds, rising) at which the patient revoked everything, and
    everything of the grantee. `is_signed` says whether the signature that was shown is the patient's; None if none was
    shown. `jurisdiction` is that of the grantee, `is_accredited` its standing at the time, `is_actor` whether the actor
    was one of its signers then.
    """

    record: Record = Record()
    ends: Sequence[int] = ()
    grantee_ends: Sequence[int] = ()
    is_signed: bool | None = None
    jurisdiction: int = 0
    is_accredited: bool = True
    is_actor: bool = True


@dataclass(frozen=True)
class Verdict:
    """The answer to a request: the decision, the one thing that is wrong, and what that means for people."""

    decision: Decision
    reason: Reason

    @property
    def sentence(self) -> str:
        """What the answer means."""
        return _SENTENCES[self.reason]

    def __str__(self) -> str:
        """Write the answer for people: PURPOSE: the consent does not cover this purpose of use."""
        return f"{self.decision.name if self.is_permitted else self.reason.name}: {self.sentence}"

    @property
    def is_permitted(self) -> bool:
        """Whether the request may be served."""
        return self.decision is Decision.PERMIT

    def require_permitted(self) -> Verdict:
        """Return the verdict if it permits; raises `CheckRefused` with its reason otherwise."""
        if not self.is_permitted:
            raise CheckRefused(self.reason.name, self.sentence)
        return self


def decide(consent: Consent, request: Request, facts: Facts, *, now: int, at: int | None = None) -> Verdict:
    """Decide as the contract does at the time `now`, about now or about an earlier time `at` (Unix seconds).

    Precedence: what the patient withdrew, then everything else that is wrong in the order of `Reason`, then permit.
    """
    reason = _against_consent(consent, facts, now if at is None else at, now)
    reason = reason or _against_requester(consent, request, facts)
    reason = reason or _against_terms(consent.terms, request)
    if reason is Reason.NONE:
        return Verdict(Decision.PERMIT, reason)
    is_withdrawn = reason in (Reason.REVOKED, Reason.EPOCH)
    return Verdict(Decision.EXPLICIT_DENIAL if is_withdrawn else Decision.DEFAULT_DENIAL, reason)


def _against_consent(consent: Consent, facts: Facts, at: int, now: int) -> Reason:
    record = facts.record
    is_granted = 0 < record.granted_at <= at
    epoch = bisect_right(facts.ends, at) << 32 | bisect_right(facts.grantee_ends, at)
    is_used_up = record.uses >= consent.max_uses and (at > record.used_at or at == now)
    return _first(
        (Reason.FUTURE, at > now),
        (Reason.REVOKED, 0 < record.revoked_at <= at),
        (Reason.EPOCH, consent.epoch != epoch),
        (Reason.UNKNOWN, not is_granted and facts.is_signed is None),
        (Reason.SIGNATURE, not is_granted and facts.is_signed is False),
        (Reason.PARENT, consent.terms.onward or consent.terms.parent != ZERO_HASH),
        (Reason.NOT_YET, at < consent.access_from),
        (Reason.EXPIRED, at >= consent.access_until),
        (Reason.USES, is_used_up),
    )


def _against_requester(consent: Consent, request: Request, facts: Facts) -> Reason:
    place = consent.terms.jurisdiction
    return _first(
        (Reason.ORGANISATION, request.organisation != consent.grantee),
        (Reason.JURISDICTION, place != 0 and not place == request.jurisdiction == facts.jurisdiction),
        (Reason.ACCREDITATION, not facts.is_accredited),
        (Reason.ACTOR, not facts.is_actor),
    )


def _against_terms(terms: Terms, request: Request) -> Reason:
    highest = min(terms.sensitivity, Confidentiality.V)
    is_after = terms.data_until != 0 and request.data_at >= terms.data_until
    return _first(
        (Reason.PURPOSE, not _is_one_of(request.purpose, terms.purposes & _PURPOSES)),
        (Reason.DATA_CLASS, not _is_one_of(request.data_class, terms.data_classes & _DATA_CLASSES)),
        (Reason.SENSITIVITY, not Confidentiality.U <= request.sensitivity <= highest),
        (Reason.FACILITY, terms.facility not in (ZERO_HASH, request.facility)),
        (Reason.DATA_TIME, request.data_at < terms.data_from or is_after),
    )


def _is_one_of(bit: int, mask: int) -> bool:
    return bit.bit_count() == 1 and bit & mask != 0


def _first(*refusals: tuple[Reason, bool]) -> Reason:
    return next((reason for reason, applies in refusals if applies), Reason.NONE)
