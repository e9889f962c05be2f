"""Adjudication: what a plan and a member pay for the lines of a visit; the twin of the Solidity library `Adjudication`.

Amounts are integers in the smallest unit of the pool's token. A line is decided in this order:

1. allowed = the plan's fee for the units that the plan recognises, at most the charge; the rest of the charge is
   written off.
2. The deductible that is left comes first, then the copay, then coinsurance of what remains, rounded up.
3. What the member pays so is capped by what is left of the out-of-pocket maximum; coinsurance is let off first, then
   the copay, then the deductible.
4. The plan pays the rest of allowed, at most what is left of the annual limit; what lies beyond it falls to the
   member and does not count towards the out-of-pocket maximum.

A charge for what is no benefit of the plan falls to the member. In every line plan + member + write-off is the
charge. Coinsurance is rounded in the pool's favour, and units are counted by visit, so splitting a line never makes
the plan pay more.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import IntEnum
from typing import Final

__all__ = [
    "BASIS_POINTS",
    "UNLIMITED",
    "Benefit",
    "BenefitTerms",
    "Line",
    "Outcome",
    "Reason",
    "Terms",
    "Totals",
    "adjudicate",
    "decide",
]

BASIS_POINTS: Final = 10_000
UNLIMITED: Final = 2**96 - 1
"""A limit that nothing reaches."""


class Benefit(IntEnum):
    """The coarse kinds of care that a visit's lines name; the numbers of the library `Benefits`."""

    PRIMARY_CARE = 1
    SPECIALIST = 2
    EMERGENCY = 3
    INPATIENT_DAY = 4
    LABORATORY = 5
    IMAGING = 6
    VACCINATION = 7
    PHARMACY = 8
    SURGERY = 9
    MENTAL_HEALTH = 10
    THERAPY = 11
    MATERNITY = 12
    TRANSPORT = 13
    EQUIPMENT = 14

    @property
    def label(self) -> str:
        """The name as people write it: "primary care"."""
        return self.name.lower().replace("_", " ")


class Reason(IntEnum):
    """Why a line was decided as it was, or why a whole claim was denied (from NOT_THE_MEMBER on)."""

    COVERED = 0
    FEE_REDUCED = 1
    UNITS_REDUCED = 2
    LIMIT_REACHED = 3
    NOT_A_BENEFIT = 4
    NOT_THE_MEMBER = 5
    BEFORE_COVERAGE = 6
    IN_WAITING_PERIOD = 7
    AFTER_COVERAGE = 8
    FILED_LATE = 9
    OUT_OF_NETWORK = 10

    @property
    def sentence(self) -> str:
        """What it means for people."""
        return _SENTENCES[self]


_SENTENCES: Final = {
    Reason.COVERED: "covered by the plan",
    Reason.FEE_REDUCED: "the provider charges more than the plan's fee; you do not owe the difference",
    Reason.UNITS_REDUCED: "more units than the plan allows in one visit; you do not owe the rest",
    Reason.LIMIT_REACHED: "the annual limit of the plan is reached",
    Reason.NOT_A_BENEFIT: "the plan does not cover this kind of care",
    Reason.NOT_THE_MEMBER: "the policy belongs to another member",
    Reason.BEFORE_COVERAGE: "care was given before the policy began",
    Reason.IN_WAITING_PERIOD: "care was given in the waiting period of the plan",
    Reason.AFTER_COVERAGE: "care was given after the policy ended",
    Reason.FILED_LATE: "the visit was recorded after the last filing day",
    Reason.OUT_OF_NETWORK: "the provider is not in the plan's network",
}


@dataclass(frozen=True)
class Line:
    """One kind of care in a visit: its benefit's number, how many units, and what the provider charges for all of
    them.
    """

    benefit: int
    units: int
    charge: int


@dataclass(frozen=True)
class BenefitTerms:
    """What a plan pays for one benefit.

    `fee` is the most that is allowed for one unit, `copay` what the member pays of a line before coinsurance,
    `coinsurance` the member's share of the rest in hundredths of a percent, `units_per_visit` the most units of it
    that one visit may have.
    """

    benefit: int
    fee: int
    copay: int
    coinsurance: int
    units_per_visit: int


@dataclass(frozen=True)
class Terms:
    """The terms of a plan that hold for a whole policy.

    `attestation_above` is what the plan pays in a policy, summed over its visits, without the member's signature.
    `waiting_days` follow the policy's begin, `filing_days` the service date. An open plan pays every accredited
    provider.
    """

    deductible: int
    out_of_pocket_maximum: int
    annual_limit: int
    attestation_above: int
    waiting_days: int
    filing_days: int
    is_open: bool


@dataclass(frozen=True)
class Totals:
    """What has been counted in a policy: paid by the member, paid by the plan, and how much of that without the
    member's signature.
    """

    deductible_met: int = 0
    out_of_pocket_met: int = 0
    plan_paid: int = 0
    unattested: int = 0


@dataclass(frozen=True)
class Outcome:
    """How one line was decided; `plan_pays + member_pays + write_off` is the charge."""

    allowed: int
    deductible: int
    copay: int
    coinsurance: int
    plan_pays: int
    member_pays: int
    write_off: int
    reason: Reason


def adjudicate(
    terms: Terms, benefits: Sequence[BenefitTerms | None], lines: Sequence[Line], totals: Totals
) -> tuple[list[Outcome], Totals]:
    """Decide the lines of a visit one after the other.

    `benefits` holds the plan's terms for each line, None where it is not covered. Returns an outcome for each line,
    and `totals` counted on in all but `unattested`.
    """
    outcomes = []
    for index, (benefit, line) in enumerate(zip(benefits, lines, strict=True)):
        units_before = sum(other.units for other in lines[:index] if other.benefit == line.benefit)
        outcome, totals = decide(terms, benefit, line, totals, units_before=units_before)
        outcomes.append(outcome)
    return outcomes, totals


def decide(
    terms: Terms, benefit: BenefitTerms | None, line: Line, totals: Totals, *, units_before: int = 0
) -> tuple[Outcome, Totals]:
    """Decide one line of a visit in which lines before it used `units_before` units of the same benefit."""
    if benefit is None:
        return Outcome(0, 0, 0, 0, 0, line.charge, 0, Reason.NOT_A_BENEFIT), totals
    units_left = max(benefit.units_per_visit - units_before, 0)
    allowed = min(line.charge, benefit.fee * min(line.units, units_left))
    write_off = line.charge - allowed
    deductible, copay, coinsurance = _share(terms, benefit, allowed, totals)
    member_share = deductible + copay + coinsurance
    plan_share = allowed - member_share
    plan_pays = min(plan_share, terms.annual_limit - totals.plan_paid)
    reason = Reason.COVERED
    if plan_pays < plan_share:
        reason = Reason.LIMIT_REACHED
    elif write_off:
        reason = Reason.UNITS_REDUCED if line.units > units_left else Reason.FEE_REDUCED
    outcome = Outcome(allowed, deductible, copay, coinsurance, plan_pays, allowed - plan_pays, write_off, reason)
    return outcome, replace(
        totals,
        deductible_met=totals.deductible_met + deductible,
        out_of_pocket_met=totals.out_of_pocket_met + member_share,
        plan_paid=totals.plan_paid + plan_pays,
    )


def _share(terms: Terms, benefit: BenefitTerms, allowed: int, totals: Totals) -> tuple[int, int, int]:
    """Deductible, copay and coinsurance of what is allowed, under the out-of-pocket maximum."""
    deductible = min(allowed, terms.deductible - totals.deductible_met)
    copay = min(allowed - deductible, benefit.copay)
    coinsurance = -(-(allowed - deductible - copay) * benefit.coinsurance // BASIS_POINTS)
    left = terms.out_of_pocket_maximum - totals.out_of_pocket_met
    deductible = min(deductible, left)
    copay = min(copay, left - deductible)
    return deductible, copay, min(coinsurance, left - deductible - copay)
