"""Visits worked out by hand, with their arithmetic: the Python twin and the contract must both come to it."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest

from medtrust.adjudication import UNLIMITED, Benefit, BenefitTerms, Line, Outcome, Reason, Terms, Totals, adjudicate
from medtrust.coverage import judge
from medtrust.explanation import ClaimStatus
from medtrust.keccak import keccak256
from medtrust.plan import Plan, Policy
from medtrust.visit import Visit
from tests.claims_on_evm import ORGANISATION, ClaimsEvm, ruling_of
from tests.world import GENESIS

DAY = 86_400
COIN = 100

P, S, L, V, X, R = (
    Benefit.PRIMARY_CARE,
    Benefit.SPECIALIST,
    Benefit.LABORATORY,
    Benefit.VACCINATION,
    Benefit.IMAGING,
    Benefit.PHARMACY,
)
M = Benefit.MENTAL_HEALTH

BENEFITS = {
    # fee for one unit, copay, coinsurance in basis points, units in one visit
    P: BenefitTerms(P, 120 * COIN, 25 * COIN, 2_000, 2),
    S: BenefitTerms(S, 200 * COIN, 40 * COIN, 2_000, 1),
    L: BenefitTerms(L, 60 * COIN, 0, 1_000, 12),
    X: BenefitTerms(X, 300 * COIN, 50 * COIN, 2_500, 3),
    V: BenefitTerms(V, 40 * COIN, 0, 0, 4),
    R: BenefitTerms(R, 90 * COIN, 10 * COIN, 1_250, 6),
}
TERMS = Terms(
    deductible=500 * COIN,
    out_of_pocket_maximum=3_000 * COIN,
    annual_limit=20_000 * COIN,
    attestation_above=UNLIMITED,
    waiting_days=10,
    filing_days=30,
    is_open=True,
)
FEE, UNITS, LIMIT, NONE = Reason.FEE_REDUCED, Reason.UNITS_REDUCED, Reason.LIMIT_REACHED, Reason.NOT_A_BENEFIT
OK = Reason.COVERED


def cents(amount: float) -> int:
    return round(amount * COIN)


def lines_of(*told: tuple[Benefit, int, float]) -> list[Line]:
    return [Line(benefit, units, cents(charge)) for benefit, units, charge in told]


def totals_of(deductible: float = 0, out_of_pocket: float = 0, paid: float = 0) -> Totals:
    return Totals(cents(deductible), cents(out_of_pocket), cents(paid))


MET = totals_of(500)


@dataclass(frozen=True)
class Example:
    """Lines in a policy that has counted `before`, and what each comes to: allowed, deductible, copay, coinsurance,
    what the plan pays, what the member pays, what is written off, and why.
    """

    before: Totals
    lines: list[Line]
    expected: list[tuple]
    changed: BenefitTerms | None = None
    terms: Terms = TERMS


EXAMPLES = {
    # ---- the deductible
    "01 the first visit of the year goes into the deductible": Example(
        totals_of(), lines_of((P, 1, 100)), [(100, 100, 0, 0, 0, 100, 0, OK)]),
    "02 a line meets the deductible just so": Example(
        totals_of(400), lines_of((P, 1, 100)), [(100, 100, 0, 0, 0, 100, 0, OK)]),
    "03 a cent of the deductible is left after it": Example(
        totals_of(399.99), lines_of((P, 1, 100)), [(100, 100, 0, 0, 0, 100, 0, OK)]),
    "04 a cent is left over it, and is copay": Example(
        totals_of(400.01), lines_of((P, 1, 100)), [(100, 99.99, 0.01, 0, 0, 100, 0, OK)]),
    "05 the deductible is met in the middle of a line": Example(  # 120 - 50 - 25 = 45, of which 20 % are 9
        totals_of(450), lines_of((P, 1, 120)), [(120, 50, 25, 9, 36, 84, 0, OK)]),
    "06 the deductible is met in the middle of a visit": Example(  # 100 - 60 - 25 = 15; then 10 % of 50
        totals_of(440), lines_of((P, 1, 100), (L, 2, 50)),
        [(100, 60, 25, 3, 12, 88, 0, OK), (50, 0, 0, 5, 45, 5, 0, OK)]),
    "07 the deductible is met by the third line": Example(  # 150 = 100 + 40 + 10; then 10 % of 50
        totals_of(350), lines_of((P, 1, 100), (V, 1, 40), (L, 1, 60)),
        [(100, 100, 0, 0, 0, 100, 0, OK), (40, 40, 0, 0, 0, 40, 0, OK), (60, 10, 0, 5, 45, 15, 0, OK)]),
    "08 the deductible takes what is allowed, not what is charged": Example(
        totals_of(), lines_of((S, 1, 260)), [(200, 200, 0, 0, 0, 200, 60, FEE)]),
    "09 a plan without a deductible pays from the first cent": Example(
        totals_of(), lines_of((V, 1, 40)), [(40, 0, 0, 0, 40, 0, 0, OK)], terms=replace(TERMS, deductible=0)),
    # ---- the copay
    "10 a copay larger than the charge": Example(MET, lines_of((P, 1, 20)), [(20, 0, 20, 0, 0, 20, 0, OK)]),
    "11 a copay of just the charge": Example(MET, lines_of((P, 1, 25)), [(25, 0, 25, 0, 0, 25, 0, OK)]),
    "12 a copay a cent below the charge": Example(  # 20 % of a cent are a cent
        MET, lines_of((P, 1, 25.01)), [(25.01, 0, 25, 0.01, 0, 25.01, 0, OK)]),
    "13 a copay for each line": Example(
        MET, lines_of((P, 1, 100), (P, 1, 100)), [(100, 0, 25, 15, 60, 40, 0, OK)] * 2),
    "14 a copay larger than the deductible left": Example(
        totals_of(485), lines_of((P, 1, 30)), [(30, 15, 15, 0, 0, 30, 0, OK)]),
    # ---- coinsurance, rounded up to a cent
    "15 15.006 is rounded up": Example(
        MET, lines_of((P, 1, 100.03)), [(100.03, 0, 25, 15.01, 60.02, 40.01, 0, OK)]),
    "16 12.5 % of 23.33 is 2.91625": Example(
        MET, lines_of((R, 1, 33.33)), [(33.33, 0, 10, 2.92, 20.41, 12.92, 0, OK)]),
    "17 12.5 % of 80 needs no rounding": Example(MET, lines_of((R, 1, 90)), [(90, 0, 10, 10, 70, 20, 0, OK)]),
    "18 all of it": Example(
        MET, lines_of((L, 1, 60)), [(60, 0, 0, 60, 0, 60, 0, OK)], BenefitTerms(L, 6_000, 0, 10_000, 12)),
    "19 nothing of it": Example(MET, lines_of((V, 2, 80)), [(80, 0, 0, 0, 80, 0, 0, OK)]),
    "20 a ten-thousandth of a cent is a cent": Example(
        MET, lines_of((L, 1, 0.01)), [(0.01, 0, 0, 0.01, 0, 0.01, 0, OK)], BenefitTerms(L, 6_000, 0, 1, 12)),
    # ---- the fee and the units
    "21 a charge above the fee": Example(  # 20 % of 160
        MET, lines_of((S, 1, 260)), [(200, 0, 40, 32, 128, 72, 60, FEE)]),
    "22 a charge of just the fee": Example(MET, lines_of((X, 1, 300)), [(300, 0, 50, 62.50, 187.50, 112.50, 0, OK)]),
    "23 a charge a cent above the fee": Example(
        MET, lines_of((X, 1, 300.01)), [(300, 0, 50, 62.50, 187.50, 112.50, 0.01, FEE)]),
    "24 zero units are worth nothing": Example(MET, lines_of((P, 0, 100)), [(0, 0, 0, 0, 0, 0, 100, FEE)]),
    "25 no charge is nothing": Example(MET, lines_of((P, 1, 0)), [(0, 0, 0, 0, 0, 0, 0, OK)]),
    "26 more units than one visit has": Example(  # 2 x 120 allowed; 20 % of 215
        MET, lines_of((P, 3, 360)), [(240, 0, 25, 43, 172, 68, 120, UNITS)]),
    "27 units are counted over the lines of a visit": Example(
        MET, lines_of((P, 1, 120), (P, 1, 120), (P, 1, 120)),
        [(120, 0, 25, 19, 76, 44, 0, OK)] * 2 + [(0, 0, 0, 0, 0, 0, 120, UNITS)]),
    "28 several units below their fees": Example(MET, lines_of((L, 3, 90)), [(90, 0, 0, 9, 81, 9, 0, OK)]),
    "29 too many units, and still below the fee of those allowed": Example(
        MET, lines_of((P, 3, 200)), [(200, 0, 25, 35, 140, 60, 0, OK)]),
    "30 what is no benefit is the member's, and counts nowhere": Example(
        totals_of(499), lines_of((M, 1, 80), (L, 1, 11)),
        [(0, 0, 0, 0, 0, 80, 0, NONE), (11, 1, 0, 1, 9, 2, 0, OK)]),
    # ---- the out-of-pocket maximum
    "31 the maximum is reached in a line": Example(  # 25 + 15, but 30 are left
        totals_of(500, 2_970), lines_of((P, 1, 100)), [(100, 0, 25, 5, 70, 30, 0, OK)]),
    "32 the maximum is reached just so": Example(
        totals_of(500, 2_960), lines_of((P, 1, 100)), [(100, 0, 25, 15, 60, 40, 0, OK)]),
    "33 the maximum was reached before": Example(
        totals_of(500, 3_000), lines_of((P, 1, 100)), [(100, 0, 0, 0, 100, 0, 0, OK)]),
    "34 the maximum caps the deductible too": Example(
        totals_of(100, 2_960), lines_of((P, 1, 100)), [(100, 40, 0, 0, 60, 40, 0, OK)]),
    "35 the maximum is reached in the middle of a visit": Example(  # 50 left: 40, then 6, then 4 of a copay of 10
        totals_of(500, 2_950), lines_of((P, 1, 100), (L, 1, 60), (R, 1, 90)),
        [(100, 0, 25, 15, 60, 40, 0, OK), (60, 0, 0, 6, 54, 6, 0, OK), (90, 0, 4, 0, 86, 4, 0, OK)]),
    # ---- the annual limit
    "36 the limit is reached in a line": Example(  # 60 would be paid, 30 are left
        totals_of(500, 0, 19_970), lines_of((P, 1, 100)), [(100, 0, 25, 15, 30, 70, 0, LIMIT)]),
    "37 the limit is reached just so": Example(
        totals_of(500, 0, 19_940), lines_of((P, 1, 100)), [(100, 0, 25, 15, 60, 40, 0, OK)]),
    "38 the limit was reached before; the fee still holds": Example(
        totals_of(500, 0, 20_000), lines_of((S, 1, 260)), [(200, 0, 40, 32, 0, 200, 60, LIMIT)]),
    "39 what lies beyond the limit counts nowhere": Example(  # 100 out of pocket are left, and 6 + 40 of them used
        totals_of(500, 2_900, 19_990), lines_of((L, 1, 60), (P, 1, 100)),
        [(60, 0, 0, 6, 10, 50, 0, LIMIT), (100, 0, 25, 15, 0, 100, 0, LIMIT)]),
    "40 the maximum lets all off, the limit lets half of it back on": Example(
        totals_of(500, 3_000, 19_950), lines_of((P, 1, 100)), [(100, 0, 0, 0, 50, 50, 0, LIMIT)]),
}  # fmt: skip

BEGINS = GENESIS + DAY
ENDS = BEGINS + 100 * DAY
COVERED_FROM = BEGINS + 10 * DAY

COVERAGE = {
    # served at, recorded at (Unix seconds), how it is judged
    "41 the second before the policy": (BEGINS - 1, BEGINS, Reason.BEFORE_COVERAGE),
    "42 the first second of the policy": (BEGINS, BEGINS, Reason.IN_WAITING_PERIOD),
    "43 the last second of the waiting period": (COVERED_FROM - 1, COVERED_FROM, Reason.IN_WAITING_PERIOD),
    "44 the first second after it": (COVERED_FROM, COVERED_FROM, Reason.COVERED),
    "45 the last second of the policy": (ENDS - 1, ENDS, Reason.COVERED),
    "46 the second at which it ends": (ENDS, ENDS, Reason.AFTER_COVERAGE),
    "47 the last second of filing": (COVERED_FROM, COVERED_FROM + 30 * DAY - 1, Reason.COVERED),
    "48 the second after it": (COVERED_FROM, COVERED_FROM + 30 * DAY, Reason.FILED_LATE),
    "49 filed in time after the policy ended": (ENDS - 1, ENDS + 29 * DAY, Reason.COVERED),
    "50 before the policy, and late as well": (BEGINS - 1, BEGINS + 40 * DAY, Reason.BEFORE_COVERAGE),
}


@pytest.fixture(scope="module")
def contract() -> ClaimsEvm:
    return ClaimsEvm()


def plan_of(example: Example) -> Plan:
    benefits = {**BENEFITS, **({example.changed.benefit: example.changed} if example.changed else {})}
    return Plan(ORGANISATION["insurer"], example.terms, tuple(benefits[number] for number in sorted(benefits)))


class TestLines:
    """
    given a visit worked out by hand -> the twin and the contract decide each line so; it is conserved, and counted on
    """

    @pytest.mark.parametrize("name", EXAMPLES)
    def test_decides_as_worked_out(self, name: str, contract: ClaimsEvm) -> None:
        example = EXAMPLES[name]
        plan = plan_of(example)
        benefits = [plan.terms_for(line) for line in example.lines]
        found, after = adjudicate(plan.terms, benefits, example.lines, example.before)
        expected = [
            Outcome(one.units, *map(cents, told[:-1]), reason=told[-1])
            for one, told in zip(found, example.expected, strict=True)
        ]
        assert found == expected
        assert [one.plan_pays + one.member_pays + one.write_off for one in found] == [
            line.charge for line in example.lines
        ]
        assert after == Totals(
            example.before.deductible_met + sum(one.deductible for one in expected),
            example.before.out_of_pocket_met + sum(one.deductible + one.copay + one.coinsurance for one in expected),
            example.before.plan_paid + sum(one.plan_pays for one in expected),
        )
        assert contract.rule(plan, example.lines, example.before) == ruling_of(example.lines, expected, after)


def visit_of(policy: Policy, claims: str, served_at: int) -> Visit:
    return Visit(
        provider=ORGANISATION["hospital"],
        payer=claims,
        policy=policy.id,
        member=policy.member,
        served_at=served_at,
        lines=(Line(V, 1, cents(40)),),
        record=keccak256(b"record"),
        nullifier=keccak256(b"encounter"),
    )


class TestCoverage:
    """
    given a second before, at or after each bound          -> the twin and the contract judge the visit so
    given another member, or a provider outside the network -> both deny it for that
    """

    PLAN = Plan(ORGANISATION["insurer"], replace(TERMS, deductible=0), tuple(BENEFITS[one] for one in sorted(BENEFITS)))

    @pytest.mark.parametrize("name", COVERAGE)
    def test_judges_as_worked_out(self, name: str) -> None:
        served_at, recorded_at, expected = COVERAGE[name]
        self._agree(self.PLAN, served_at, recorded_at, expected)

    def test_denies_another_member(self) -> None:
        self._agree(self.PLAN, COVERED_FROM, COVERED_FROM, Reason.NOT_THE_MEMBER, member="0x" + "42" * 20)

    @pytest.mark.parametrize(("name", "expected"), [("clinic", Reason.OUT_OF_NETWORK), ("hospital", Reason.COVERED)])
    def test_pays_the_network_alone(self, name: str, expected: Reason) -> None:
        closed = replace(self.PLAN, terms=replace(self.PLAN.terms, is_open=False), network=(ORGANISATION["hospital"],))
        self._agree(closed, COVERED_FROM, COVERED_FROM, expected, by=name)

    def _agree(
        self, plan: Plan, served_at: int, recorded_at: int, expected: Reason, *, by: str = "hospital", member: str = ""
    ) -> None:
        contract = ClaimsEvm()
        policy = Policy(plan.id, "0x" + "11" * 20, BEGINS, ENDS)
        contract.publish(plan)
        contract.enrol(policy)
        visit = visit_of(policy, contract.claims.address, served_at)
        visit = replace(visit, provider=ORGANISATION[by], member=member or policy.member)
        assert judge(plan, policy, visit, recorded_at=recorded_at) is expected
        claim = contract.record(visit, recorded_at, by=by)
        is_covered = expected is Reason.COVERED
        assert (claim.reason, claim.amount) == (expected, cents(40) if is_covered else 0)
        assert (claim.status is ClaimStatus.DENIED) == (not is_covered)
        assert contract.totals(policy) == Totals(0, 0, claim.amount, claim.amount)
