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
charge. Coinsurance is rounded in the pool's favour, and units are counted by policy and service day, so neither
splitting a line nor splitting a visit makes the plan pay more.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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
    "is_excluded",
    "units_of",
]

BASIS_POINTS: Final = 10_000
UNLIMITED: Final = 2**96 - 1
"""A limit that nothing reaches."""
_NONE: Final[Mapping[int, int]] = {}


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
    """Why a line was decided as it was, or why a whole claim stands so.

    From NOT_THE_MEMBER on it was denied, from ON_HOLD on held, from REVIEWED on decided after a look.
    """

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
    ON_HOLD = 11
    IMPOSSIBLE_DAY = 12
    EXCLUDED_PAIR = 13
    ABOVE_AUTOMATIC = 14
    REVIEWED = 15
    DEEMED_APPROVED = 16
    OVERTURNED = 17
    TIMED_OUT = 18

    @property
    def sentence(self) -> str:
        """What it means for people."""
        return _SENTENCES[self]


_SENTENCES: Final = {
    Reason.COVERED: "covered by the plan",
    Reason.FEE_REDUCED: "the provider charges more than the plan's fee; you do not owe the difference",
    Reason.UNITS_REDUCED: "more units than the plan allows in one day; you do not owe the rest",
    Reason.LIMIT_REACHED: "the annual limit of the plan is reached",
    Reason.NOT_A_BENEFIT: "the plan does not cover this kind of care",
    Reason.NOT_THE_MEMBER: "the policy belongs to another member",
    Reason.BEFORE_COVERAGE: "care was given before the policy began",
    Reason.IN_WAITING_PERIOD: "care was given in the waiting period of the plan",
    Reason.AFTER_COVERAGE: "care was given after the policy ended",
    Reason.FILED_LATE: "the visit was recorded after the last filing day",
    Reason.OUT_OF_NETWORK: "the provider is not in the plan's network",
    Reason.ON_HOLD: "claims of this policy or provider are looked at for a while, or one between them was taken back",
    Reason.IMPOSSIBLE_DAY: "the provider recorded more visits that day than the plan pays without a look",
    Reason.EXCLUDED_PAIR: "the plan does not pay this care and other care of the same day without a look",
    Reason.ABOVE_AUTOMATIC: "it is more for one day than the plan pays without a look",
    Reason.REVIEWED: "the insurer looked at it and decided",
    Reason.DEEMED_APPROVED: "the insurer did not decide in time, so it is approved as far as the plan says",
    Reason.OVERTURNED: "an appeal raised it",
    Reason.TIMED_OUT: "the first insurer did not decide in time, so the second took its place",
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
    `coinsurance` the member's share of the rest in hundredths of a percent, `units_per_day` the most units of it that
    one service day may have. Bit n of `excludes` says that benefit n is not paid for the same day without a look.
    """

    benefit: int
    fee: int
    copay: int
    coinsurance: int
    units_per_day: int
    excludes: int = 0


@dataclass(frozen=True)
class Terms:
    """The terms of a plan that hold for a whole policy.

    `attestation_above` is what the plan pays in a policy, summed over its visits, without the member's signature.
    `waiting_days` follow the policy's begin, `filing_days` the service date. An open plan pays every accredited
    provider. Up to `automatic_up_to` for one service day, and up to `visits_per_day` of one provider (0 for any
    number), is paid without a look; what is held the insurer decides within `decide_days`, else it is approved up to
    `deemed_up_to`. A decision is appealed within `appeal_days`. Enrolment needs `solvency` of the annual limit as free
    money, in hundredths of a percent.
    """

    deductible: int
    out_of_pocket_maximum: int
    annual_limit: int
    attestation_above: int
    waiting_days: int
    filing_days: int
    is_open: bool
    automatic_up_to: int = UNLIMITED
    deemed_up_to: int = UNLIMITED
    visits_per_day: int = 0
    solvency: int = 0
    decide_days: int = 14
    appeal_days: int = 30


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
    """How one line was decided; `plan_pays + member_pays + write_off` is the charge. `units` are those recognised."""

    units: int
    allowed: int
    deductible: int
    copay: int
    coinsurance: int
    plan_pays: int
    member_pays: int
    write_off: int
    reason: Reason


def adjudicate(
    terms: Terms,
    benefits: Sequence[BenefitTerms | None],
    lines: Sequence[Line],
    totals: Totals,
    *,
    units_before: Mapping[int, int] = _NONE,
) -> tuple[list[Outcome], Totals]:
    """Decide the lines of a visit one after the other.

    `benefits` holds the plan's terms for each line, None where it is not covered; `units_before` is what the policy
    counted for the service day before, by benefit. Returns an outcome for each line, and `totals` counted on in all
    but `unattested`.
    """
    outcomes: list[Outcome] = []
    units = dict(units_before)
    for benefit, line in zip(benefits, lines, strict=True):
        before = units.get(line.benefit, 0)
        outcome, totals = decide(terms, benefit, line, totals, units_before=before)
        units[line.benefit] = before + outcome.units
        outcomes.append(outcome)
    return outcomes, totals


def units_of(lines: Sequence[Line], outcomes: Sequence[Outcome]) -> dict[int, int]:
    """Count the units that were recognised, by benefit."""
    units: dict[int, int] = {}
    for line, outcome in zip(lines, outcomes, strict=True):
        units[line.benefit] = units.get(line.benefit, 0) + outcome.units
    return units


def is_excluded(
    benefits: Sequence[BenefitTerms | None],
    lines: Sequence[Line],
    outcomes: Sequence[Outcome],
    *,
    units_before: Mapping[int, int] = _NONE,
) -> bool:
    """Whether a line's benefit excludes one of which units were recognised before it on the service day."""
    units = dict(units_before)
    for benefit, line, outcome in zip(benefits, lines, outcomes, strict=True):
        mask = benefit.excludes if benefit else 0
        if any(count and mask >> number & 1 for number, count in units.items()):
            return True
        units[line.benefit] = units.get(line.benefit, 0) + outcome.units
    return False


def decide(
    terms: Terms, benefit: BenefitTerms | None, line: Line, totals: Totals, *, units_before: int = 0
) -> tuple[Outcome, Totals]:
    """Decide one line, of whose benefit `units_before` units were recognised on the service day before it."""
    if benefit is None:
        return Outcome(0, 0, 0, 0, 0, 0, line.charge, 0, Reason.NOT_A_BENEFIT), totals
    units_left = max(benefit.units_per_day - units_before, 0)
    units = min(line.units, units_left)
    allowed = min(line.charge, benefit.fee * units)
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
    outcome = Outcome(units, allowed, deductible, copay, coinsurance, plan_pays, allowed - plan_pays, write_off, reason)
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
