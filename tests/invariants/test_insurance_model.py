"""Visits, claims and the pool do what their model does, whatever is tried in whatever order; money is conserved.

Invariants 1 to 8 · 31 events rebuild the state: see `insurance_laws`, which is asked after each step.
"""

from __future__ import annotations

import pytest
from hypothesis.stateful import invariant

from medtrust.abi import Interface
from medtrust.artifacts import load
from medtrust.errors import Reverted
from tests.attacks import (
    test_insurance,
    test_insurance_coordination,
    test_insurance_holds,
    test_insurance_pool,
    test_insurance_voids,
)
from tests.attacks.framework import Attack
from tests.invariants.insurance_cycle_acts import CycleActs
from tests.invariants.insurance_laws import check, check_views
from tests.invariants.insurance_machine import TALLY
from tests.invariants.insurance_replay import CLAIMS, POOL, VISITS
from tests.invariants.insurance_stage import Stage
from tests.invariants.machine import run

VIEWED = 20
"""After so many steps the views are asked too."""


class Insurance(CycleActs):
    """Model and contracts take the same acts of the same people at the same times."""

    @invariant()
    def keeps_its_laws(self) -> None:
        if hasattr(self, "stage"):
            check(self.stage)
            if self.steps % VIEWED == 0:
                check_views(self.stage)


class TestInsurance:
    """
    given random acts of providers, insurers, members, reviewers and attackers, tokens and recipients that mean ill too
    -> after each step contracts and model agree on every claim, total and balance and the laws of money hold; refusals
    have the same errors; the events alone rebuild every word of storage
    """

    def test_does_what_its_model_does(self, request: pytest.FixtureRequest) -> None:
        run(Insurance, request, shrink=False, examples=40)
        print(TALLY.report())
        assert TALLY.rare() == []
        assert EVENTS - Stage.heard == set()


EVENTS = {event for name in (VISITS, CLAIMS, POOL) for event in Interface(load(name)).topics} - {"EIP712DomainChanged"}
"""All that the three contracts tell of; what is never told proves nothing."""

FOUND = {
    "phantom-visit-split-below-the-amount",
    "claim-counted-again-when-the-member-signs",
    "limit-stuck-after-a-void",
    "withdrawal-while-others-wait",
    "first-who-asks-drains-the-queue",
    "lock-released-twice",
    "owed-drawn-twice",
    "paid-again-after-each-void",
    "first-of-two-reversed-alone",
    "share-of-a-voided-visit-drawn",
    "key-of-a-second-claim-taken-by-a-visit",
    "second-policy-stopped-by-a-silent-reviewer",
    "deemed-again-and-again-on-one-day",
    "deemed-again-after-each-void",
    "guarantee-kept-by-the-insurer",
    "kept-though-compromised",
}
MODULES = (
    test_insurance,
    test_insurance_coordination,
    test_insurance_holds,
    test_insurance_pool,
    test_insurance_voids,
)
ATTACKS = [one for module in MODULES for one in module.ATTACKS if one.id in FOUND]


class TestTeeth:
    """given a contract without one of its checks -> the machine finds it"""

    @pytest.mark.parametrize("attack", ATTACKS, ids=str)
    def test_finds_the_missing_check(
        self, attack: Attack, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(Insurance, "twins", {attack.contract: attack.twin()})
        with pytest.raises((AssertionError, Reverted)):
            run(Insurance, request, shrink=False, examples=50)
