"""Coverage: whether a policy covers a visit at all, before any line is decided; the twin of the claims contract."""

from __future__ import annotations

from typing import Final

from medtrust.adjudication import Reason
from medtrust.plan import Plan, Policy
from medtrust.visit import Visit

__all__ = ["judge"]

_DAY: Final = 86_400


def judge(plan: Plan, policy: Policy, visit: Visit, *, recorded_at: int) -> Reason:
    """Return COVERED, or the first reason for which the plan denies a visit that was recorded at a time (Unix seconds).

    The member comes first, then the days: coverage counts on the day of service and filing when it was recorded, each
    until just before the end. The network comes last.
    """
    served_at, terms = visit.served_at, plan.terms
    if visit.member != policy.member:
        return Reason.NOT_THE_MEMBER
    if served_at < policy.valid_from:
        return Reason.BEFORE_COVERAGE
    if served_at < policy.valid_from + terms.waiting_days * _DAY:
        return Reason.IN_WAITING_PERIOD
    if served_at >= policy.valid_until:
        return Reason.AFTER_COVERAGE
    if recorded_at >= served_at + terms.filing_days * _DAY:
        return Reason.FILED_LATE
    if not terms.is_open and visit.provider not in plan.network:
        return Reason.OUT_OF_NETWORK
    return Reason.COVERED
