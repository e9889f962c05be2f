"""Whole visits: the claims contract decides any lines under any plan as its Python twin does, to the last unit."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from medtrust.adjudication import (
    BASIS_POINTS,
    UNLIMITED,
    Benefit,
    BenefitTerms,
    Line,
    Reason,
    Terms,
    Totals,
    adjudicate,
)
from medtrust.plan import Plan
from medtrust.visit import MAX_LINES
from tests.claims_on_evm import ORGANISATION, ClaimsEvm, ruling_of

SEED = 61_123
SHORT, FULL = 250, 10_000


def amount(dice: random.Random, most: int = UNLIMITED) -> int:
    """An amount of any size, often a bound."""
    return min(dice.choice((0, 1, 99, most, dice.randrange(10**4), dice.randrange(10**8), dice.randrange(2**96))), most)


def plan_of(dice: random.Random, number: int) -> Plan:
    """A plan of one to fourteen benefits; each case has its own."""
    covered = sorted(dice.sample(list(Benefit), dice.randint(1, len(Benefit))))
    benefits = tuple(
        BenefitTerms(
            int(one),
            amount(dice) or 1,
            amount(dice),
            dice.choice((0, 1, 1_250, 2_000, 3_333, BASIS_POINTS, dice.randrange(BASIS_POINTS))),
            dice.choice((1, 2, 5, 2_047)),
        )
        for one in covered
    )
    terms = Terms(amount(dice), amount(dice), amount(dice), UNLIMITED, number % 2**16, number // 2**16, is_open=True)
    return Plan(ORGANISATION["insurer"], terms, benefits)


def lines_of(dice: random.Random, plan: Plan) -> list[Line]:
    """One line to the most that a visit has, some of them for what the plan does not cover."""
    numbers = [*(one.benefit for one in plan.benefits), *Benefit, 0, 15, 2**16 - 1]
    lines = []
    for _ in range(dice.choice((1, 2, 3, dice.randint(1, MAX_LINES)))):
        line = Line(int(dice.choice(numbers)), dice.choice((0, 1, 2, 6, 2**32 - 1)), 0)
        terms = plan.terms_for(line)
        fee = terms.fee if terms else 1
        lines.append(replace(line, charge=dice.choice((amount(dice), fee, fee + 1, fee * 3, 2**96))))
    return lines


def totals_of(dice: random.Random, terms: Terms) -> Totals:
    """What a policy of the plan can have counted."""
    return Totals(
        amount(dice, terms.deductible), amount(dice, terms.out_of_pocket_maximum), amount(dice, terms.annual_limit)
    )


class TestTwin:
    """
    given random plans, totals and lines -> contract and twin decide every line alike; every reason occurs
    """

    def test_agrees_with_the_contract(self, request: pytest.FixtureRequest) -> None:
        dice, contract = random.Random(SEED), ClaimsEvm()
        reasons: set[Reason] = set()
        for number in range(FULL if request.config.getoption("--full") else SHORT):
            plan = plan_of(dice, number)
            lines, totals = lines_of(dice, plan), totals_of(dice, plan.terms)
            found, after = adjudicate(plan.terms, [plan.terms_for(line) for line in lines], lines, totals)
            ruling = contract.rule(plan, lines, totals)
            assert ruling == ruling_of(lines, found, after), (number, plan, lines, totals)
            reasons |= {one.reason for one in found}
        assert reasons == {reason for reason in Reason if reason <= Reason.NOT_A_BENEFIT}
