"""Visits, claims and the pool do what their model does, whatever is tried in whatever order; money is conserved.

Invariants 1 to 8 · 31 events rebuild the state: see `insurance_laws`, which is asked after each step.
"""

from __future__ import annotations

from hypothesis.stateful import invariant

from tests.invariants.insurance_claim_acts import ClaimActs
from tests.invariants.insurance_laws import check, check_views
from tests.invariants.insurance_machine import TALLY
from tests.invariants.insurance_money_acts import MoneyActs
from tests.invariants.machine import run

VIEWED = 20
"""After so many steps the views are asked too."""


class Insurance(ClaimActs, MoneyActs):
    """Model and contracts take the same acts of the same people at the same times."""

    steps = 0

    @invariant()
    def keeps_its_laws(self) -> None:
        if not hasattr(self, "stage"):
            return
        check(self.stage)
        self.steps += 1
        if self.steps % VIEWED == 0:
            check_views(self.stage)


class TestInsurance:
    """
    given random acts of providers, insurers, members, reviewers and attackers, tokens and recipients that mean ill too
    -> after each step contracts and model agree on every claim, total and balance and the laws of money hold; refusals
    have the same errors; the events alone rebuild every word of storage
    """

    def test_does_what_its_model_does(self, request):
        run(Insurance, request, shrink=False)
        print(TALLY.report())
        assert TALLY.rare() == []
