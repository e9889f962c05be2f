"""Quotes: what a plan would pay for a visit, worked out by the twin of the contract, without any chain."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from medtrust.adjudication import BenefitTerms, Outcome, Reason, Totals, adjudicate, is_excluded
from medtrust.coverage import judge
from medtrust.errors import InputError
from medtrust.explanation import ClaimStatus, Explanation
from medtrust.plan import Plan, Policy
from medtrust.types import ZERO_ADDRESS
from medtrust.visit import Visit
from medtrust.visit_file import Bill

__all__ = ["ASKED", "Quote", "quote"]

ASKED: Final = ("deductible met", "out-of-pocket met", "plan paid", "filed", "currency")
"""The places of refusals that are about what is asked, not about what the visit says."""

_CLOCKS: Final = 15 * 60
"""How far the clocks of provider and chain may be apart, in seconds, as the registry of visits has it."""

_DECIMALS: Final = 6
_DAY: Final = 86_400
_YEAR: Final = 366 * _DAY


@dataclass(frozen=True)
class Quote:
    """An estimate: the explanation that the claim would have, and what its policy would have counted then."""

    explanation: Explanation
    totals: Totals


def quote(
    plan: Plan,
    bill: Bill,
    totals: Totals | None = None,
    *,
    covered_from: int | None = None,
    covered_until: int | None = None,
    recorded_at: int | None = None,
    currency: str = "USD",
    decimals: int = _DECIMALS,
) -> Quote:
    """Say what a plan would pay for a bill in a policy that has counted `totals`, nothing by default.

    The policy lasts from `covered_from` until `covered_until`, and the visit is recorded at `recorded_at` (Unix
    seconds); by default the policy is past its waiting period and the visit is recorded at once. Amounts are in units
    of which 10 to the power of `decimals` make one of the `currency`.

    Raises `InputError` if the totals are beyond the plan's terms or the visit is recorded before it took place, or as
    `Bill.visit`.
    """
    before = totals or Totals()
    _check(plan, before)
    served_at = bill.served_at
    begins = served_at - plan.terms.waiting_days * _DAY if covered_from is None else covered_from
    policy = Policy(plan.id, ZERO_ADDRESS, begins, begins + _YEAR if covered_until is None else covered_until)
    visit = bill.visit(
        key=bytes(32),
        payer=ZERO_ADDRESS,
        insurer=plan.insurer,
        policy=policy.id,
        member=policy.member,
        currency=currency,
        decimals=decimals,
    )
    recorded = served_at if recorded_at is None else recorded_at
    if served_at > recorded + _CLOCKS:
        found, expected = f"{recorded}, before the visit", f"{served_at - _CLOCKS} or later, else ServedInFuture"
        raise InputError(place="filed", found=found, expected=expected)
    reason = judge(plan, policy, visit, recorded_at=recorded)
    if reason is not Reason.COVERED:
        return Quote(Explanation(visit, ClaimStatus.DENIED, reason, 0, ()), before)
    benefits = [plan.terms_for(line) for line in visit.lines]
    outcomes, after = adjudicate(plan.terms, benefits, visit.lines, before)
    after = replace(after, unattested=before.unattested + sum(one.plan_pays for one in outcomes))
    waits = "the member has to sign that it took place" if after.unattested > plan.terms.attestation_above else ""
    asked = sum(one.plan_pays for one in outcomes)
    held = _held(plan, benefits, visit, outcomes)
    status = ClaimStatus.HELD if held and asked else ClaimStatus.APPROVED
    return Quote(Explanation(visit, status, held or reason, 0, tuple(outcomes), waits), after)


def _held(
    plan: Plan, benefits: Sequence[BenefitTerms | None], visit: Visit, outcomes: Sequence[Outcome]
) -> Reason | None:
    """Why the claim would wait for a look, were it the only one of its day; None if it would not."""
    if is_excluded(benefits, visit.lines, outcomes):
        return Reason.EXCLUDED_PAIR
    asked = sum(one.plan_pays for one in outcomes)
    return Reason.ABOVE_AUTOMATIC if asked > plan.terms.automatic_up_to else None


def _check(plan: Plan, totals: Totals) -> None:
    """Refuse totals that no policy of the plan can have counted."""
    terms = plan.terms
    for place, counted, most in (
        ("deductible met", totals.deductible_met, terms.deductible),
        ("out-of-pocket met", totals.out_of_pocket_met, terms.out_of_pocket_maximum),
        ("plan paid", totals.plan_paid, terms.annual_limit),
    ):
        if not 0 <= counted <= most:
            raise InputError(place=place, found=str(counted), expected=f"at most {most}, as the plan says")
