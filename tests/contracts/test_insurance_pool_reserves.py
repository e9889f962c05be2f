"""InsurancePool: what is locked for a claim, or must stay for policies, stays; what was paid wrongly comes back."""

from __future__ import annotations

import pytest

from medtrust.accreditation import Role
from medtrust.adjudication import UNLIMITED
from medtrust.types import ZERO_HASH, name_hash
from tests.pool_world import DAY, OWED, PAID, QUEUED, Till, open_till

FUNDS = 1_000
CLAIM, OTHER = name_hash("claim"), name_hash("another claim")
HALF_YEAR = 183 * DAY


@pytest.fixture
def till(world) -> Till:
    return open_till(world, FUNDS)


@pytest.fixture
def pool(world):
    """The pool as the insurer calls it."""
    return world.acting_as("insurer").pool


class TestReserve:
    """
    when caller is not the adjudicator         -> reverts NotAdjudicator
    when it is just what is free, one unit more -> locks it; emits ReserveChanged; locks nothing and is silent
    given something is locked for the claim    -> is added to it; another claim's stays
    given others wait                          -> locks nothing
    given it is locked                         -> is not withdrawn, and pays nobody else
    """

    def test_reverts_when_caller_is_not_the_adjudicator(self, world, till, insurer, reverts):
        with reverts("NotAdjudicator", insurer=world.insurer, caller=insurer.address):
            world.acting_as("insurer").pool._send("reserve", world.insurer, CLAIM, 1)

    def test_locks_just_what_is_free(self, world, till):
        receipt = till.order("reserve", CLAIM, FUNDS)
        assert till.told(receipt, "ReserveChanged") == {"insurer": world.insurer, "claim": CLAIM, "amount": FUNDS}
        assert till.money == (0, FUNDS, 0)

    def test_locks_nothing_when_it_is_one_unit_more(self, till):
        receipt = till.order("reserve", CLAIM, FUNDS + 1)
        assert till.pool._events("ReserveChanged", from_block=receipt.block) == []
        assert till.money == (FUNDS, 0, 0)

    def test_adds_to_what_is_locked(self, till):
        till.order("reserve", OTHER, 5)
        till.order("reserve", CLAIM, 100)
        assert till.told(till.order("reserve", CLAIM, 30), "ReserveChanged")["amount"] == 130
        assert till.money == (FUNDS - 135, 135, 0)

    def test_locks_nothing_given_others_wait(self, world, till):
        till.order("pay", world.hospital, ZERO_HASH, FUNDS + 1)
        till.order("reserve", CLAIM, 1)
        assert till.money == (FUNDS, 0, FUNDS + 1)

    def test_is_not_withdrawn(self, world, till, pool, stranger, reverts):
        till.order("reserve", CLAIM, 400)
        with reverts("InsufficientFunds", amount=601, free=600):
            pool.withdraw(world.insurer, stranger.address, 601)
        pool.withdraw(world.insurer, stranger.address, 600)
        assert till.money == (0, 400, 0)
        assert till.balance(till.pool.address) == 400

    def test_pays_nobody_else(self, world, till):
        till.order("reserve", CLAIM, 400)
        assert till.pay(world.clinic, 601) == QUEUED
        assert till.balance("clinic") == 0


class TestPayALockedClaim:
    """
    when it is all of it, less, nothing -> pays it; the rest is free
    when it is more                     -> pays it if so much is free, else it waits whole
    given others wait                   -> is paid before them, from its lock; the rest is for them
    given the payee cannot be sent it   -> is owed
    when it is paid again               -> nothing is locked any more
    """

    @pytest.mark.parametrize("amount", [400, 399, 1, 0])
    def test_pays_from_the_lock(self, world, till, amount):
        till.order("reserve", CLAIM, 400)
        till.order("reserve", OTHER, 50)
        assert till.pay(world.hospital, amount, claim=CLAIM) == PAID
        assert till.money == (FUNDS - 50 - amount, 50, 0)
        assert till.balance("hospital") == amount

    def test_pays_more_from_what_is_free(self, world, till):
        till.order("reserve", CLAIM, 400)
        assert till.pay(world.hospital, FUNDS, claim=CLAIM) == PAID
        assert till.money == (0, 0, 0)

    def test_waits_whole_when_it_is_more_than_there_is(self, world, till):
        till.order("reserve", CLAIM, 400)
        assert till.pay(world.hospital, FUNDS + 1, claim=CLAIM) == QUEUED
        assert till.money == (FUNDS, 0, FUNDS + 1)

    def test_is_paid_before_those_who_wait(self, world, till):
        till.order("reserve", CLAIM, 400)
        assert till.pay(world.clinic, 601) == QUEUED
        assert till.pay(world.hospital, 300, claim=CLAIM) == PAID
        assert till.money == (700, 0, 601)
        till.draw(world.clinic, 1)
        assert (till.balance("hospital"), till.balance("clinic")) == (300, 601)

    def test_is_owed_given_no_payee(self, world, till):
        till.order("reserve", CLAIM, 400)
        assert till.pay(world.laboratory, 400, claim=CLAIM) == OWED
        assert till.pool.payee_of(world.laboratory).owed == 400

    def test_is_unlocked_once(self, world, till):
        till.order("reserve", CLAIM, 400)
        till.pay(world.hospital, 0, claim=CLAIM)
        till.order("reserve", OTHER, FUNDS)
        assert till.pay(world.hospital, 400, claim=CLAIM) == QUEUED
        assert till.money == (0, FUNDS, 400)


class TestCover:
    """
    when caller is not the adjudicator        -> reverts NotAdjudicator
    when its capital is just free, one more   -> covers it; emits PolicyCovered; reverts InsufficientFunds
    given capital of other policies           -> all of it must be free
    given others wait                         -> reverts InsufficientFunds; without capital it covers
    given its last claim is over by half-years -> its capital is free again, not before
    given capital                             -> the insurer does not withdraw it; claims are paid from it
    """

    def now(self, world) -> int:
        return world.chain.now()

    def test_reverts_when_caller_is_not_the_adjudicator(self, world, till, insurer, reverts):
        with reverts("NotAdjudicator", insurer=world.insurer, caller=insurer.address):
            world.acting_as("insurer").pool._send("cover", world.insurer, 0, 1)

    def test_covers_when_its_capital_is_just_free(self, world, till):
        until = self.now(world) + 400 * DAY
        receipt = till.order("cover", FUNDS, until)
        assert till.told(receipt, "PolicyCovered") == {"insurer": world.insurer, "capital": FUNDS, "until": until}
        assert till.money == (FUNDS, 0, 0)

    def test_reverts_when_it_is_one_unit_more(self, world, till, reverts):
        with reverts("InsufficientFunds", amount=FUNDS + 1, free=FUNDS):
            till.ask("cover", FUNDS + 1, self.now(world) + 400 * DAY)

    def test_reverts_given_capital_of_others(self, world, till, reverts):
        for days in (30, 400, 700):
            till.order("cover", 300, self.now(world) + days * DAY)
        with reverts("InsufficientFunds", amount=1_001, free=FUNDS):
            till.ask("cover", 101, self.now(world) + 30 * DAY)
        till.ask("cover", 100, self.now(world) + 30 * DAY)

    def test_reverts_given_others_wait(self, world, till, reverts):
        till.order("pay", world.hospital, ZERO_HASH, FUNDS + 1)
        with reverts("InsufficientFunds", amount=1, free=0):
            till.ask("cover", 1, self.now(world) + DAY)
        till.ask("cover", 0, self.now(world) + DAY)

    def test_frees_capital_by_half_years(self, world, till, reverts):
        end = (self.now(world) // HALF_YEAR + 2) * HALF_YEAR
        till.order("cover", FUNDS, end - 1)
        world.chain.travel(end - 10)
        with reverts("InsufficientFunds", amount=FUNDS + 1, free=FUNDS):
            till.ask("cover", 1, end + DAY)
        world.chain.travel(end)
        till.ask("cover", FUNDS, end + DAY)

    def test_is_not_withdrawn(self, world, till, pool, stranger, reverts):
        till.order("cover", 700, self.now(world) + 400 * DAY)
        with reverts("InsufficientFunds", amount=1_001, free=FUNDS):
            pool.withdraw(world.insurer, stranger.address, 301)
        pool.withdraw(world.insurer, stranger.address, 300)
        assert till.pay(world.hospital, 700) == PAID


class TestWindDown:
    """
    when caller does not act for the insurer -> reverts NotAuthorised
    when caller does                         -> emits WindDownStarted; policies are refused; claims are paid
    given claims can come, and no longer     -> withdraws nothing, withdraws what is free
    given there was no policy                -> withdraws at once
    """

    def test_reverts_when_caller_is_not_the_insurer(self, world, till, hospital, reverts):
        with reverts("NotAuthorised", organisation=world.insurer, signer=hospital.address, role=Role.INSURER):
            world.acting_as("hospital").pool.wind_down(world.insurer)

    def test_refuses_policies_and_pays_claims(self, world, till, pool, reverts):
        until = world.chain.now() + 90 * DAY
        till.order("cover", 0, until)
        assert not pool.is_winding_down(world.insurer)
        assert pool.wind_down(world.insurer).event("WindDownStarted").values == {"insurer": world.insurer}
        assert pool.is_winding_down(world.insurer)
        with reverts("WindingDown", insurer=world.insurer, claimsUntil=until):
            till.ask("cover", 0, until)
        assert till.pay(world.hospital, 10) == PAID

    def test_withdraws_when_the_last_claim_is_over(self, world, till, pool, stranger, reverts):
        until = world.chain.now() + 90 * DAY
        for end in (until - DAY, until, until - 2 * DAY):
            till.order("cover", 0, end)
        pool.wind_down(world.insurer)
        world.chain.travel(until - 10)
        with reverts("WindingDown", insurer=world.insurer, claimsUntil=until):
            pool.withdraw(world.insurer, stranger.address, 1)
        world.chain.travel(until)
        pool.withdraw(world.insurer, stranger.address, FUNDS)
        assert till.money == (0, 0, 0)

    def test_withdraws_at_once_given_no_policy(self, world, till, pool, stranger):
        pool.wind_down(world.insurer)
        pool.withdraw(world.insurer, stranger.address, FUNDS)
        assert till.balance("stranger") == FUNDS


class TestReclaim:
    """
    when caller is not the adjudicator       -> reverts NotAdjudicator
    when caller is                           -> notes it; emits ReceivableChanged; no money moves; others owe nothing
    given something is locked for the claim  -> is free again, also when nothing is taken back
    given a receivable above, at, below a quarter of the next payment -> keeps back a quarter, all, all
    given the next payment is short          -> waits for what is left
    given all was kept back                  -> pays in full again
    when it may wait, and less, as much, more waits than is taken back -> that waits no longer; emits PaymentLeft;
                                                the rest is noted
    when it does not wait                    -> what waits stays
    given the round had money                -> what waits stays
    given as much as 96 bits hold is owed    -> notes no more
    given what is free is enough once it left -> is set apart for who still waits; emits QueueFunded
    given the last one left a round          -> money goes to nobody, and the next to come opens it anew
    """

    def test_reverts_when_caller_is_not_the_adjudicator(self, world, till, insurer, reverts):
        with reverts("NotAdjudicator", insurer=world.insurer, caller=insurer.address):
            world.acting_as("insurer").pool._send("reclaim", world.insurer, world.hospital, CLAIM, 1, False)

    def test_notes_it(self, world, till):
        receipt = till.order("reclaim", world.hospital, CLAIM, 60, False)
        assert till.told(receipt, "ReceivableChanged") == {
            "insurer": world.insurer,
            "payee": world.hospital,
            "amount": 60,
        }
        assert till.told(till.order("reclaim", world.hospital, CLAIM, 5, False), "ReceivableChanged")["amount"] == 65
        assert till.money == (FUNDS, 0, 0)
        assert till.pool.receivable_of(world.insurer, world.hospital) == 65
        assert till.pool.receivable_of(world.insurer, world.clinic) == 0
        assert till.pay(world.clinic, 100) == PAID
        assert till.balance("clinic") == 100

    def test_unlocks_the_claim(self, world, till):
        till.order("reserve", CLAIM, 400)
        till.order("reserve", OTHER, 5)
        receipt = till.order("reclaim", world.hospital, CLAIM, 0, False)
        assert till.told(receipt, "ReserveChanged") == {"insurer": world.insurer, "claim": CLAIM, "amount": 0}
        assert till.money == (FUNDS - 5, 5, 0)

    @pytest.mark.parametrize(("receivable", "kept"), [(101, 100), (100, 100), (99, 99)])
    def test_keeps_back_at_most_a_quarter(self, world, till, receivable, kept):
        till.order("reclaim", world.hospital, CLAIM, receivable, False)
        assert till.pay(world.hospital, 403) == PAID
        assert till.balance("hospital") == 403 - kept
        assert till.money == (FUNDS - 403 + kept, 0, 0)
        assert till.pool.receivable_of(world.insurer, world.hospital) == receivable - kept

    def test_waits_for_what_is_left(self, world, till):
        till.order("reclaim", world.hospital, CLAIM, 1_000, False)
        assert till.pay(world.hospital, 2_000) == QUEUED
        assert till.money == (FUNDS, 0, 1_500)

    def test_pays_in_full_again(self, world, till):
        till.order("reclaim", world.hospital, CLAIM, 30, False)
        for _ in range(2):
            till.pay(world.hospital, 200)
        assert till.balance("hospital") == 370
        assert till.pool.receivable_of(world.insurer, world.hospital) == 0

    @pytest.mark.parametrize(("waits", "left", "noted"), [(99, 99, 1), (100, 100, 0), (101, 100, 0)])
    def test_lets_what_waits_go(self, world, till, waits, left, noted):
        till.order("reserve", OTHER, FUNDS)
        till.pay(world.hospital, waits)
        till.pay(world.clinic, 7)
        receipt = till.order("reclaim", world.hospital, CLAIM, 100, True)
        told = {"insurer": world.insurer, "payee": world.hospital}
        assert till.told(receipt, "PaymentLeft") == {**told, "round": 1, "amount": left}
        assert till.told(receipt, "ReceivableChanged") == {**told, "amount": noted}
        assert till.money == (0, FUNDS, waits - left + 7)

    def test_keeps_what_waits_for_others(self, world, till):
        till.pay(world.hospital, FUNDS + 1)
        till.order("reclaim", world.hospital, CLAIM, 100, False)
        assert till.money == (FUNDS, 0, FUNDS + 1)
        assert till.pool.receivable_of(world.insurer, world.hospital) == 100
        assert till.pool._events("PaymentLeft") == []

    def test_keeps_what_waits_in_a_round_that_had_money(self, world, till):
        till.pay(world.hospital, 2 * FUNDS)
        world.chain.mine(seconds=DAY)
        till.deposit(1)
        till.order("reclaim", world.hospital, CLAIM, 2 * FUNDS, True)
        assert till.money == (0, FUNDS + 1, FUNDS - 1)
        assert till.pool.receivable_of(world.insurer, world.hospital) == 2 * FUNDS

    def test_notes_at_most_what_fits(self, world, till):
        for amount in (UNLIMITED - 1, 2, UNLIMITED):
            receipt = till.order("reclaim", world.hospital, CLAIM, amount, False)
        assert till.told(receipt, "ReceivableChanged")["amount"] == UNLIMITED
        assert till.pool.receivable_of(world.insurer, world.hospital) == UNLIMITED
        assert till.money == (FUNDS, 0, 0)

    @pytest.mark.parametrize(
        ("more", "money"), [(-1, (1, FUNDS - 1, 0)), (0, (0, FUNDS, 0)), (1, (FUNDS, 0, FUNDS + 1))]
    )
    def test_sets_apart_for_who_still_waits(self, world, till, more, money):
        till.pay(world.hospital, FUNDS + 9)
        till.pay(world.clinic, FUNDS + more)
        receipt = till.order("reclaim", world.hospital, CLAIM, FUNDS + 9, True)
        assert till.money == money
        if more <= 0:
            told = {"insurer": world.insurer, "round": 1, "amount": FUNDS + more}
            assert till.told(receipt, "QueueFunded") == told

    def test_opens_a_round_anew(self, world, till, reverts):
        till.pay(world.hospital, FUNDS + 1)
        till.order("reclaim", world.hospital, CLAIM, FUNDS + 1, True)
        assert till.money == (FUNDS, 0, 0)
        with reverts("NothingOwed", organisation=world.hospital):
            till.draw(world.hospital, 1)
        world.chain.mine(seconds=DAY)
        till.pay(world.clinic, FUNDS + 2)
        till.deposit(1)
        assert till.money == (FUNDS + 1, 0, FUNDS + 2)
        till.deposit(1)
        assert till.money == (0, FUNDS + 2, 0)
