"""Payout order (invariants 5 and 6): neither who comes first nor who splits gets more, also when money is short."""

from __future__ import annotations

import random
from collections.abc import Sequence

import pytest

from medtrust.adjudication import UNLIMITED, Benefit, BenefitTerms, Line, Terms
from medtrust.explanation import ClaimStatus
from medtrust.keccak import keccak256
from medtrust.plan import Plan, Policy
from medtrust.visit import Visit
from tests.claims_on_evm import ORGANISATION, ClaimsEvm
from tests.world import GENESIS

DAY = 86_400
SEED = 20_261_123
SETS, ORDERS = 1_000, 20
SHORT_SETS = 25
"""So many sets on the contracts in every run; all of them with --full."""

MEMBERS = 5
TERMS = Terms(500, 5_000, 50_000, UNLIMITED, 0, 300, is_open=True)
PLAN = Plan(
    ORGANISATION["insurer"],
    TERMS,
    (BenefitTerms(Benefit.PRIMARY_CARE, 12_000, 2_500, 2_000, 2), BenefitTerms(Benefit.LABORATORY, 6_000, 0, 1_250, 9)),
)
POLICIES = [Policy(PLAN.id, f"0x{number:040x}", GENESIS - DAY, GENESIS + 300 * DAY) for number in range(1, MEMBERS + 1)]


def rationed(due: Sequence[int], money: int) -> list[int]:
    """What each of several claims gets of money that does not suffice: its share of all that is due, rounded down.

    This is the rule that a queue of a short pool is held to: it asks for nothing but the amounts, so no order matters.
    """
    total = sum(due)
    return [amount * min(money, total) // total if total else 0 for amount in due]


def claims_of(dice: random.Random) -> list[int]:
    return [dice.choice((1, 7, dice.randrange(1, 10**4), dice.randrange(1, 2**96))) for _ in range(dice.randint(1, 12))]


class TestRule:
    """
    given 1,000 sets of claims in 20 orders, and too little money -> each gets the same; all is paid but a unit a claim
    given enough money                                            -> each gets what is due
    given a claim that is split                                   -> its parts never get more than the whole did
    """

    @pytest.fixture
    def dice(self) -> random.Random:
        return random.Random(SEED)

    def test_no_order_matters(self, dice: random.Random) -> None:
        for _ in range(SETS):
            due = claims_of(dice)
            money = dice.randrange(sum(due) + 1)
            paid = rationed(due, money)
            assert money - len(due) < sum(paid) <= money
            assert all(0 <= part <= whole for part, whole in zip(paid, due, strict=True))
            numbers = list(range(len(due)))
            for _ in range(ORDERS):
                dice.shuffle(numbers)
                assert rationed([due[number] for number in numbers], money) == [paid[number] for number in numbers]

    def test_enough_pays_all(self, dice: random.Random) -> None:
        for _ in range(SETS):
            due = claims_of(dice)
            assert rationed(due, sum(due)) == rationed(due, sum(due) + dice.randrange(10)) == due

    def test_splitting_gets_no_more(self, dice: random.Random) -> None:
        for _ in range(SETS):
            due = claims_of(dice)
            money = dice.randrange(sum(due) + 1)
            cut = dice.randrange(due[0] + 1)
            first, second, *others = rationed([cut, due[0] - cut, *due[1:]], money)
            whole, *before = rationed(due, money)
            assert whole - 1 <= first + second <= whole
            assert others == before


def visits_of(dice: random.Random, claims: str) -> list[Visit]:
    """One visit of each of several members, of any lines."""
    found = []
    for number, policy in enumerate(dice.sample(POLICIES, dice.randint(2, MEMBERS))):
        lines = tuple(
            Line(dice.choice((Benefit.PRIMARY_CARE, Benefit.LABORATORY)), dice.randint(1, 3), dice.randrange(30_000))
            for _ in range(dice.randint(1, 3))
        )
        names = (f"{what} {number} {dice.random()}".encode() for what in ("record", "encounter"))
        served = GENESIS + dice.randrange(DAY)
        found.append(
            Visit(ORGANISATION["hospital"], claims, policy.id, policy.member, served, lines, *map(keccak256, names))
        )
    return found


class TestContracts:
    """
    given claims of several members, and a pool that is short -> no more is paid than there is; what waits is approved
    when the rest of the money comes, in any order of records and settlements -> every claim is paid, and the same
    """

    def test_no_order_matters_in_the_end(self, request: pytest.FixtureRequest) -> None:
        dice = random.Random(SEED)
        contract = ClaimsEvm(funds=1)
        contract.publish(PLAN)
        for policy in POLICIES:
            contract.enrol(policy)
        waited = 0
        for _ in range(SETS if request.config.getoption("--full") else SHORT_SETS):
            visits = visits_of(dice, contract.claims.address)
            amounts: dict[bytes, int] = {}
            for _ in range(ORDERS):
                found, waits = self._run(contract, visits, dice)
                assert (amounts or found) == found
                amounts, waited = found, waited + waits
        assert waited > SHORT_SETS * ORDERS

    def _run(self, contract: ClaimsEvm, visits: list[Visit], dice: random.Random) -> tuple[dict[bytes, int], int]:
        """Record and settle in a new order with too little money, then with all; return what each was paid."""
        before = contract.host.evm.snapshot()
        now, money = contract.host.now, dice.randrange(1, 20_000)
        contract.deposit(money)
        for visit in dice.sample(visits, len(visits)):
            contract.record(visit, max(now, GENESIS + 2 * DAY))
        claims = [contract.claim(visit) for visit in visits]
        paid = sum(one.amount for one in claims if one.status is ClaimStatus.PAID)
        assert paid <= money + 1
        waits = sum(one.status is ClaimStatus.APPROVED for one in claims)
        contract.deposit(10**6)
        for visit in dice.sample(visits, len(visits)):
            contract.settle(visit)
        after = [contract.claim(visit) for visit in visits]
        assert {one.status for one in after} == {ClaimStatus.PAID}
        assert [one.amount for one in after] == [one.amount for one in claims]
        contract.host.evm.revert(before)
        contract.host.now = now
        contract.host.advance(0)
        return {visit.id: one.amount for visit, one in zip(visits, after, strict=True)}, waits
