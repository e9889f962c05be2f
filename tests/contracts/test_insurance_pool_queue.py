"""InsurancePool: those whom a short pool lets wait are paid round by round, each by its part, whoever asks first."""

from __future__ import annotations

import random

import pytest

from medtrust.accreditation import Role
from medtrust.pool import GUARANTEE_FUND, Wait
from medtrust.types import ZERO_HASH, name_hash
from tests.pool_world import DAY, OWED, PAID, QUEUED, Till, open_till
from tests.world import FAR

SEED = 20_261_123
CLAIM = name_hash("claim")
PAYEES = ("hospital", "clinic", "pharmacy")


@pytest.fixture
def till(world) -> Till:
    """An account without money."""
    return open_till(world)


@pytest.fixture
def waiting(world, till) -> Till:
    """300 and 100 are waited for in one round."""
    till.pay(world.hospital, 300)
    till.pay(world.clinic, 100)
    return till


class TestQueue:
    """
    given too little is free           -> waits; emits PaymentQueued; nothing is paid; what is free stays for it
    given somebody waits               -> waits, also when it is little enough to be paid
    given somebody waits               -> the insurer withdraws nothing
    when enough comes for all          -> is set apart at once; emits Deposited and QueueFunded; nobody waits any more
    when more comes                    -> the rest is free; the next is paid at once
    when less comes within a day of the first, a day after -> is kept together, is set apart by whoever draws
    """

    def test_lets_it_wait(self, world, till):
        till.deposit(99)
        assert till.ask("pay", world.hospital, ZERO_HASH, 100) == QUEUED
        receipt = till.order("pay", world.hospital, ZERO_HASH, 100)
        assert till.told(receipt, "PaymentQueued") == {
            "insurer": world.insurer,
            "payee": world.hospital,
            "round": 1,
            "amount": 100,
        }
        assert till.money == (99, 0, 100)
        assert till.balance("hospital") == 0

    def test_lets_all_wait_while_somebody_does(self, world, till):
        till.deposit(99)
        till.pay(world.hospital, 100)
        assert till.pay(world.clinic, 1) == QUEUED
        assert till.money == (99, 0, 101)

    def test_withdraws_nothing(self, world, till, insurer, reverts):
        till.deposit(99)
        till.pay(world.hospital, 100)
        with reverts("InsufficientFunds", amount=1, free=0):
            world.acting_as("insurer").pool.withdraw(world.insurer, insurer.address, 1)

    def test_sets_enough_apart_at_once(self, world, waiting):
        receipt = waiting.deposit(400)
        assert receipt.event("Deposited").values["amount"] == 400
        assert receipt.event("QueueFunded").values == {"insurer": world.insurer, "round": 1, "amount": 400}
        assert waiting.money == (0, 400, 0)

    def test_pays_at_once_again_given_more(self, world, waiting):
        waiting.deposit(405)
        assert waiting.money == (5, 400, 0)
        assert waiting.pay(world.pharmacy, 5) == PAID
        assert waiting.balance("pharmacy") == 5

    def test_keeps_less_together_for_a_day(self, world, waiting, reverts):
        opened = world.chain.now()
        waiting.deposit(399)
        assert waiting.money == (399, 0, 400)
        world.chain.travel(opened + DAY - 100)
        with reverts("NothingOwed", organisation=world.clinic):
            waiting.draw(world.clinic, 1)
        world.chain.travel(opened + DAY)
        waiting.draw(world.clinic, 1)
        assert waiting.money == (0, 300, 1)


class TestRounds:
    """
    given a round that had money       -> takes in nobody; who comes waits in the next
    when money comes                   -> goes to the older round until it is paid, and to the next after a day
    when it is enough for both         -> both are paid
    given one was paid in full         -> the next to wait opens a round of another number
    """

    @pytest.fixture
    def two(self, world, waiting) -> Till:
        """200 of 400 are set apart for round 1; 50 wait in round 2."""
        world.chain.mine(seconds=DAY)
        waiting.deposit(200)
        waiting.pay(world.pharmacy, 50)
        return waiting

    def test_closes_by_its_first_money(self, world, two):
        assert two.money == (0, 200, 250)
        assert two.pool.waits_of(world.insurer, world.hospital) == [Wait(1, 300, 0, 150)]
        assert two.pool.waits_of(world.insurer, world.pharmacy) == [Wait(2, 50, 0, 0)]

    @pytest.mark.parametrize(("amount", "money"), [(199, (0, 399, 51)), (200, (0, 400, 50)), (201, (1, 400, 50))])
    def test_pays_the_older_first(self, two, amount, money):
        two.deposit(amount)
        assert two.money == money

    def test_pays_the_next_a_day_after_it_was_joined(self, world, two):
        two.deposit(220)
        assert two.money == (20, 400, 50)
        world.chain.mine(seconds=DAY)
        two.draw(world.pharmacy, 2)
        assert two.balance("pharmacy") == 20
        assert two.money == (0, 400, 30)

    def test_pays_both_at_once_given_enough(self, two):
        receipt = two.deposit(250)
        funded = [event.values for event in two.pool._events("QueueFunded", from_block=receipt.block)]
        assert [(one["round"], one["amount"]) for one in funded] == [(1, 200), (2, 50)]
        assert two.money == (0, 450, 0)

    def test_numbers_rounds_once(self, world, two):
        two.deposit(250)
        two.pay(world.hospital, 10)
        assert two.pool.waits_of(world.insurer, world.hospital)[-1] == Wait(3, 10, 0, 0)


class TestDraw:
    """
    given nothing waits, no such round, nothing is set apart -> reverts NothingOwed
    given a part is set apart       -> sends each its part by amount, rounded down; emits SharePaid; others untouched
    when it is drawn again          -> reverts NothingOwed, until more is set apart
    given the payee named no account -> is owed
    when anyone draws, in any order  -> all get the same
    given payments that were split   -> get no more than if they were whole
    """

    @pytest.mark.parametrize("round_", [0, 1, 2])
    def test_reverts_given_nothing_is_set_apart(self, world, till, waiting, reverts, round_):
        for payee in (world.hospital, world.pharmacy):
            with reverts("NothingOwed", organisation=payee):
                till.draw(payee, round_)

    def test_sends_each_its_part(self, world, waiting):
        world.chain.mine(seconds=DAY)
        waiting.deposit(103)
        receipt = waiting.draw(world.hospital, 1)
        assert receipt.event("SharePaid").values == {
            "insurer": world.insurer,
            "payee": world.hospital,
            "round": 1,
            "amount": 77,
            "isOwed": False,
        }
        assert (waiting.balance("hospital"), waiting.balance("clinic")) == (77, 0)
        assert waiting.money == (0, 26, 297)

    def test_sends_it_once(self, world, waiting, reverts):
        world.chain.mine(seconds=DAY)
        waiting.deposit(100)
        waiting.draw(world.clinic, 1)
        with reverts("NothingOwed", organisation=world.clinic):
            waiting.draw(world.clinic, 1)
        waiting.deposit(300)
        waiting.draw(world.clinic, 1)
        assert waiting.balance("clinic") == 100
        assert waiting.pool.waits_of(world.insurer, world.clinic) == []

    def test_owes_it_given_no_payee(self, world, till):
        till.pay(world.laboratory, 70)
        till.deposit(70)
        assert till.draw(world.laboratory, 1).event("SharePaid").values["isOwed"]
        assert till.pool.payee_of(world.laboratory).owed == 70
        assert till.money == (0, 0, 0)

    def test_pays_all_the_same_whoever_asks_first(self, world, till):
        """Invariant 5: claims in any order, then money twice, drawn in any order or between."""
        dice = random.Random(SEED)
        due = [(name, dice.randrange(1, 10**6)) for name in PAYEES for _ in range(3)]
        money = sum(amount for _, amount in due) * 2 // 3
        found = set()
        for _ in range(5):
            before = world.chain.request("evm_snapshot")
            for name, amount in dice.sample(due, len(due)):
                till.pay(getattr(world, name), amount)
            world.chain.mine(seconds=DAY)
            for part in (money // 3, money - money // 3):
                till.deposit(part)
                for name in dice.sample(PAYEES, dice.randrange(len(PAYEES))):
                    till.draw(getattr(world, name), 1)
            for payee in (getattr(world, name) for name in PAYEES):
                if any(wait.ready for wait in till.pool.waits_of(world.insurer, payee)):
                    till.draw(payee, 1)
            found.add(tuple(till.balance(name) for name in PAYEES))
            world.chain.request("evm_revert", before)
        (paid,) = found
        total = sum(amount for _, amount in due)
        assert paid == tuple(sum(one for who, one in due if who == name) * money // total for name in PAYEES)
        assert money - len(PAYEES) < sum(paid) <= money

    def test_gives_no_more_for_splitting(self, world, till):
        """Invariant 6: three parts of 100 get what one payment of 300 gets."""
        for _ in range(3):
            till.pay(world.hospital, 100)
        till.pay(world.clinic, 300)
        world.chain.mine(seconds=DAY)
        till.deposit(401)
        for payee in (world.hospital, world.clinic):
            till.draw(payee, 1)
        assert till.balance("hospital") == till.balance("clinic") == 200


class TestGuarantee:
    """
    given the insurer is accredited    -> reverts StillAccredited
    given it is not, and nobody waits  -> reverts NothingOwed
    given it is not, and some wait     -> moves what they wait for; emits QueueFunded, GuaranteePaid
    given there is less, and their round is open, or a day old -> reverts NothingOwed, moves all there is
    given some of it is in the account, or all -> moves no more than is missing, reverts NothingOwed
    when an insurer would withdraw it  -> reverts NotAuthorised
    given it was moved                 -> an insurer that is accredited again does not withdraw it
    """

    @pytest.fixture
    def failed(self, world, waiting) -> Till:
        """The insurer for whom 400 are waited has lost its accreditation; the fund holds 500."""
        waiting.deposit(500, GUARANTEE_FUND)
        world.acting_as("authority").accreditation.suspend(world.insurer, Role.INSURER)
        return waiting

    def test_reverts_given_the_insurer_is_accredited(self, world, waiting, reverts):
        waiting.deposit(500, GUARANTEE_FUND)
        with reverts("StillAccredited", insurer=world.insurer):
            waiting.pool.acting_as(world.account("relayer")).guarantee(world.insurer)
        assert waiting.pool.guarantee_fund() == 500

    def test_moves_what_they_wait_for(self, world, failed):
        receipt = world.acting_as("relayer").pool.guarantee(world.insurer)
        assert receipt.event("GuaranteePaid").values == {"insurer": world.insurer, "amount": 400}
        assert receipt.event("QueueFunded").values == {"insurer": world.insurer, "round": 1, "amount": 400}
        assert failed.money == (0, 400, 0)
        assert failed.pool.guarantee_fund() == 100
        failed.draw(world.hospital, 1)
        assert failed.balance("hospital") == 300

    def test_moves_all_there_is_once_the_round_closes(self, world, failed, reverts):
        failed.pay(world.pharmacy, 600)
        with reverts("NothingOwed", organisation=world.insurer):
            world.acting_as("relayer").pool.guarantee(world.insurer)
        assert (failed.pool.guarantee_fund(), failed.money) == (500, (0, 0, 1_000))
        world.chain.mine(seconds=DAY)
        world.acting_as("relayer").pool.guarantee(world.insurer)
        assert (failed.pool.guarantee_fund(), failed.money) == (0, (0, 500, 500))
        failed.draw(world.pharmacy, 1)
        assert failed.balance("pharmacy") == 300

    def test_reverts_given_nobody_waits(self, world, failed, reverts):
        failed.deposit(400)
        with reverts("NothingOwed", organisation=world.insurer):
            world.acting_as("relayer").pool.guarantee(world.insurer)
        assert failed.pool.guarantee_fund() == 500
        assert failed.money == (0, 400, 0)

    def test_moves_no_more_than_is_missing(self, world, failed):
        failed.deposit(399)
        assert world.acting_as("relayer").pool.guarantee(world.insurer).event("GuaranteePaid").values["amount"] == 1
        assert failed.money == (0, 400, 0)

    def test_reverts_given_enough_was_unlocked(self, world, till, reverts):
        till.deposit(500)
        till.order("reserve", CLAIM, 450)
        till.pay(world.hospital, 100)
        till.pay(world.clinic, 0, claim=CLAIM)
        assert till.money == (500, 0, 100)
        till.deposit(50, GUARANTEE_FUND)
        world.acting_as("authority").accreditation.suspend(world.insurer, Role.INSURER)
        with reverts("NothingOwed", organisation=world.insurer):
            world.acting_as("relayer").pool.guarantee(world.insurer)

    def test_is_withdrawn_by_nobody(self, world, failed, stranger, reverts):
        with reverts("NotAuthorised", organisation=GUARANTEE_FUND):
            world.acting_as("insurer").pool.withdraw(GUARANTEE_FUND, stranger.address, 1)

    def test_is_not_for_the_insurer_after_it_is_accredited_again(self, world, failed, stranger, reverts):
        world.acting_as("relayer").pool.guarantee(world.insurer)
        world.acting_as("authority").accreditation.accredit(world.insurer, Role.INSURER, until=FAR)
        with reverts("InsufficientFunds", amount=1, free=0):
            world.acting_as("insurer").pool.withdraw(world.insurer, stranger.address, 1)


class TestOwedByAShortPool:
    """
    given a share that is owed -> is withdrawn like anything owed
    """

    def test_is_withdrawn(self, world, till):
        assert till.pay(world.laboratory, 70) == QUEUED
        till.deposit(70)
        till.draw(world.laboratory, 1)
        world.acting_as("laboratory").pool.name_payee(world.laboratory, world.account("laboratory").address)
        world.acting_as("stranger").pool.withdraw_owed(world.laboratory)
        assert till.balance("laboratory") == 70
        till.deposit(1)
        assert till.pay(world.maker, 1) == OWED
