"""Payout order (invariants 5 and 6): neither who comes first nor who splits gets more, also when money is short."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace

import pytest

from medtrust.adjudication import UNLIMITED, Benefit, BenefitTerms, Line, Terms
from medtrust.explanation import ClaimStatus
from medtrust.keccak import keccak256
from medtrust.plan import Plan, Policy
from medtrust.visit import Visit
from tests.claims_on_evm import ORGANISATION, PROVIDERS, ClaimsEvm
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

    This is the rule of a round of the pool's queue: it asks for nothing but the amounts, so no order matters.
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


def visits_of(dice: random.Random, claims: str) -> dict[Visit, str]:
    """One visit of each of several members to one of four providers, of any lines, of a day."""
    found = {}
    for number, policy in enumerate(dice.sample(POLICIES, dice.randint(2, MEMBERS))):
        lines = tuple(
            Line(dice.choice((Benefit.PRIMARY_CARE, Benefit.LABORATORY)), dice.randint(1, 3), dice.randrange(30_000))
            for _ in range(dice.randint(1, 3))
        )
        names = (f"{what} {number} {dice.random()}".encode() for what in ("record", "encounter"))
        name, served = dice.choice(PROVIDERS), GENESIS + dice.randrange(DAY)
        where = ORGANISATION[name], claims, policy.id, policy.member
        found[Visit(*where, served, lines, *map(keccak256, names))] = name
    return found


def split(visit: Visit, dice: random.Random) -> list[Visit]:
    """The same care in two encounters of the day, one after the other; one line is cut between them at any place."""
    at = dice.randrange(len(visit.lines))
    line = visit.lines[at]
    units, charge = dice.randint(0, line.units), dice.randint(0, line.charge)
    first = (*visit.lines[:at], replace(line, units=units, charge=charge))
    second = (replace(line, units=line.units - units, charge=line.charge - charge), *visit.lines[at + 1 :])
    encounters = (keccak256(visit.nullifier + part) for part in (b"1", b"2"))
    return [replace(visit, lines=lines, nullifier=next(encounters)) for lines in (first, second)]


class TestContracts:
    """
    given claims of several members at several providers, and a pool that is short
      -> whatever the order of records, deposits and draws, each provider gets its part of the money by amount, rounded
         down, all but a unit each is paid out; and when the rest comes, each gets what is due
      -> a provider that splits a visit over two encounters gets no more
    """

    @pytest.fixture
    def contract(self) -> ClaimsEvm:
        contract = ClaimsEvm(funds=1)
        contract.publish(PLAN)
        for policy in POLICIES:
            contract.enrol(policy)
        return contract

    @pytest.fixture
    def sets(self, request: pytest.FixtureRequest) -> int:
        return SETS if request.config.getoption("--full") else SHORT_SETS

    def test_no_order_matters(self, contract: ClaimsEvm, sets: int) -> None:
        dice, shortages = random.Random(SEED), 0
        for _ in range(sets):
            visits = visits_of(dice, contract.claims.address)
            share = dice.random()
            paid = [self._run(contract, visits, share, dice) for _ in range(ORDERS)]
            assert all(one == paid[0] for one in paid)
            shortages += len(paid[0]) > 1
        assert shortages > sets // 2

    def test_splitting_gets_no_more(self, contract: ClaimsEvm, sets: int) -> None:
        dice, less = random.Random(SEED), 0
        for _ in range(sets):
            visits = visits_of(dice, contract.claims.address)
            who = dice.choice(list(visits))
            parts = dict.fromkeys(split(who, dice), visits[who])
            others = {one: name for one, name in visits.items() if one != who}
            money = dice.randrange(1, 20_000)
            whole = self._run(contract, visits, money, dice)
            apart = self._run(contract, {**others, **parts}, money, dice, is_shuffled=False)
            gained = [apart.get(visits[who], 0), whole.get(visits[who], 0)]
            assert gained[0] <= gained[1]
            less += gained[0] < gained[1]
        assert less

    def _run(
        self,
        contract: ClaimsEvm,
        visits: dict[Visit, str],
        money: float,
        dice: random.Random,
        *,
        is_shuffled: bool = True,
    ) -> dict[str, int]:
        """Record in a new order, bring too little money (so much, or a part of what is due) and then the rest; return
        what each provider got of the first.
        """
        before, now = contract.host.evm.snapshot(), contract.host.now
        due: dict[str, int] = {}
        for visit in dice.sample(list(visits), len(visits)) if is_shuffled else visits:
            claim = contract.record(visit, GENESIS + 2 * DAY, by=visits[visit])
            assert claim.status is (ClaimStatus.APPROVED if claim.amount else ClaimStatus.PAID)
            due[visits[visit]] = due.get(visits[visit], 0) + claim.amount
        total = sum(due.values())
        little = min(int(money * total) if money < 1 else int(money), max(total - 1, 0))
        contract.host.advance(DAY)
        self._bring(contract, little - 1, dice)
        self._draw(contract, dice)
        paid = {name: contract.received(name) for name in due}
        shares = rationed(list(due.values()), little)
        assert list(paid.values()) == shares
        assert little - len(due) < sum(shares) <= little or total == 0
        self._bring(contract, total - little, dice)
        self._draw(contract, dice)
        assert {name: contract.received(name) for name in due} == due
        contract.host.evm.revert(before)
        contract.host.now = now
        contract.host.advance(0)
        return dict(sorted(paid.items()))

    def _bring(self, contract: ClaimsEvm, amount: int, dice: random.Random) -> None:
        """Bring an amount in up to two parts, with a draw between them."""
        first = dice.randint(0, amount)
        for part in (first, amount - first):
            if part:
                contract.deposit(part)
                contract.draw(ORGANISATION[dice.choice(PROVIDERS)], 1)

    def _draw(self, contract: ClaimsEvm, dice: random.Random) -> None:
        """Each provider asks, some of them twice."""
        for name in dice.sample(PROVIDERS * 2, 2 * len(PROVIDERS)):
            contract.draw(ORGANISATION[name], 1)
