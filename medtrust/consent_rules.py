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

__all__ = [
    "MAX_LINE",
    "Decision",
    "Facts",
    "Reason",
    "Record",
    "Verdict",
    "decide",
    "decide_line",
    "is_within",
    "with_emergency",
]

MAX_LINE: Final = 4
"""How many consents may stand on each other, the first counted."""

_PURPOSES: Final = sum(Purpose) & ~Purpose.OBLIGATION
_DATA_CLASSES: Final = sum(DataClass)


class Decision(IntEnum):
    """The answer to a request, in rising precedence; BREAK_GLASS is the rank of access in an emergency."""

    DEFAULT_DENIAL = 0
    PERMIT = 1
    BREAK_GLASS = 2
    EXPLICIT_DENIAL = 3


class Reason(IntEnum):
    """The one thing that is wrong; `IConsentRegistry` says in which order they are looked at."""

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
    FROZEN = 19
    ONWARD = 20
    WIDER = 21
    DECLINED = 22
    NOT_ACCEPTED = 23
    HIDDEN = 24
    LINE = 25


_SENTENCES: Final = {
    Reason.NONE: "the patient's consent covers the request",
    Reason.FUTURE: "the time that is asked about has not come",
    Reason.REVOKED: "the patient revoked this consent",
    Reason.EPOCH: "the patient revoked all consents of its time, or it was made for another time",
    Reason.UNKNOWN: "this consent was not granted, and no signature was shown",
    Reason.SIGNATURE: "the signature is not that of whoever decides for the patient",
    Reason.PARENT: "the consent stands on another one, which was not shown before it",
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
    Reason.FROZEN: "the patient's key may be stolen, so no signature counts",
    Reason.ONWARD: "the consent before it does not share onward",
    Reason.WIDER: "the consent gives more than the one on which it stands",
    Reason.DECLINED: "the organisation declined the consent",
    Reason.NOT_ACCEPTED: "the organisation has not accepted its obligations",
    Reason.HIDDEN: "a guardian granted it, and the patient hides these data from guardians",
    Reason.LINE: "from one to four consents are shown, each with its signature or none",
}


@dataclass(frozen=True)
class Record:
    """What the chain keeps of a consent; times are Unix seconds, 0 is never."""

    granted_at: int = 0
    revoked_at: int = 0
    used_at: int = 0
    uses: int = 0
    accepted_at: int = 0
    declined_at: int = 0
    is_by_guardian: bool = False


@dataclass(frozen=True)
class Facts:
    """What is known beside the consent and the request.

    `ends` and `grantee_ends` are the times (Unix seconds, rising) at which the patient revoked everything, and
    everything of the grantee. `is_signed` says whether the signature that was shown is that of the patient's
    controller; None if none was shown. `jurisdiction` is that of the grantee, `is_accredited` its standing at the time,
    `is_actor` whether the actor was one of its signers then. `is_frozen` says whether the patient was frozen at the
    time, `hidden` which classes it hides from guardians where the grantee is (bits of `DataClass`).
    """

    record: Record = Record()
    ends: Sequence[int] = ()
    grantee_ends: Sequence[int] = ()
    is_signed: bool | None = None
    jurisdiction: int = 0
    is_accredited: bool = True
    is_actor: bool = True
    is_frozen: bool = False
    hidden: int = 0


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
        return self.decision in (Decision.PERMIT, Decision.BREAK_GLASS)

    def require_permitted(self) -> Verdict:
        """Return the verdict if it permits; raises `CheckRefused` with its reason otherwise."""
        if not self.is_permitted:
            raise CheckRefused(self.reason.name, self.sentence)
        return self


def decide(consent: Consent, request: Request, facts: Facts, *, now: int, at: int | None = None) -> Verdict:
    """Decide as the contract's `check` does at the time `now`, about now or about an earlier time `at` (Unix seconds).

    Precedence: what the patient withdrew, then everything else that is wrong in the order of `Reason`, then permit.
    """
    time = now if at is None else at
    broken = Reason.NONE if consent.terms.parent == ZERO_HASH else Reason.PARENT
    reason = Reason.FUTURE if time > now else _against_consent(consent, request, facts, time, now, broken)
    return _verdict(reason or _against_request(consent, request, facts))


def decide_line(
    line: Sequence[Consent], request: Request, facts: Sequence[Facts], *, now: int, at: int | None = None
) -> tuple[Verdict, int]:
    """Decide as the contract's `checkLine` does, and say which consent of the line (from 0) the reason is about.

    `facts` are those of each consent of the line; `is_accredited` of each, `is_actor` of the last alone counts.
    """
    time = now if at is None else at
    if time > now:
        return _verdict(Reason.FUTURE), 0
    if not 0 < len(line) <= MAX_LINE or len(facts) != len(line):
        return _verdict(Reason.LINE), 0
    for place, (consent, known) in enumerate(zip(line, facts, strict=True)):
        broken = _broken(consent, line[place - 1] if place else None)
        reason = _against_consent(consent, request, known, time, now, broken)
        reason = reason or (Reason.NONE if known.is_accredited else Reason.ACCREDITATION)
        if reason:
            return _verdict(reason), place
    last = len(line) - 1
    return _verdict(_against_request(line[last], request, facts[last])), last


def is_within(child: Consent, parent: Consent) -> bool:
    """Whether a consent gives nothing that its parent does not: narrower or equal in every dimension."""
    mine, theirs = child.terms, parent.terms
    flipped = Purpose.OBLIGATION  # the one bit that narrows
    return (
        child.access_from >= parent.access_from
        and child.access_until <= parent.access_until
        and child.max_uses <= parent.max_uses
        and (mine.purposes ^ flipped) & ~(theirs.purposes ^ flipped) == 0
        and mine.data_classes & ~theirs.data_classes == 0
        and mine.sensitivity <= theirs.sensitivity
        and theirs.jurisdiction in (0, mine.jurisdiction)
        and theirs.facility in (ZERO_HASH, mine.facility)
        and mine.data_from >= theirs.data_from
        and (theirs.data_until == 0 or 0 < mine.data_until <= theirs.data_until)
    )


def with_emergency(verdict: Verdict, *, is_open: bool) -> Verdict:
    """Add what an open emergency session allows: it ranks above a permission and below a denial by the patient."""
    if not is_open or verdict.decision is Decision.EXPLICIT_DENIAL:
        return verdict
    return Verdict(Decision.BREAK_GLASS, Reason.NONE)


def _verdict(reason: Reason) -> Verdict:
    if reason is Reason.NONE:
        return Verdict(Decision.PERMIT, reason)
    is_withdrawn = reason in (Reason.REVOKED, Reason.EPOCH)
    return Verdict(Decision.EXPLICIT_DENIAL if is_withdrawn else Decision.DEFAULT_DENIAL, reason)


def _broken(child: Consent, parent: Consent | None) -> Reason:
    """What is wrong between a consent of a line and the one before it."""
    if parent is None:
        return Reason.NONE if child.terms.parent == ZERO_HASH else Reason.PARENT
    return _first(
        (Reason.PARENT, child.patient != parent.patient or child.terms.parent != parent.id),
        (Reason.ONWARD, not parent.terms.onward),
        (Reason.WIDER, not is_within(child, parent)),
    )


def _against_consent(consent: Consent, request: Request, facts: Facts, at: int, now: int, broken: Reason) -> Reason:
    record = facts.record
    is_granted = 0 < record.granted_at <= at
    epoch = bisect_right(facts.ends, at) << 32 | bisect_right(facts.grantee_ends, at)
    is_used_up = record.uses >= consent.max_uses and (at > record.used_at or at == now)
    is_accepted = 0 < record.accepted_at <= at
    is_hidden = is_granted and record.is_by_guardian and request.data_class & facts.hidden != 0
    return _first(
        (Reason.REVOKED, 0 < record.revoked_at <= at),
        (Reason.EPOCH, consent.epoch != epoch),
        (Reason.UNKNOWN, not is_granted and facts.is_signed is None),
        (Reason.FROZEN, not is_granted and facts.is_frozen),
        (Reason.SIGNATURE, not is_granted and facts.is_signed is False),
        (broken, broken is not Reason.NONE),
        (Reason.NOT_YET, at < consent.access_from),
        (Reason.EXPIRED, at >= consent.access_until),
        (Reason.USES, is_used_up),
        (Reason.DECLINED, 0 < record.declined_at <= at),
        (Reason.NOT_ACCEPTED, consent.terms.purposes & Purpose.OBLIGATION != 0 and not is_accepted),
        (Reason.HIDDEN, is_hidden),
    )


def _against_request(consent: Consent, request: Request, facts: Facts) -> Reason:
    return _against_requester(consent, request, facts) or _against_terms(consent.terms, request)


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
