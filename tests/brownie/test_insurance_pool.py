"""InsurancePool in Brownie: an insurer's money, which only its adjudicator pays out and only the insurer takes back."""

from __future__ import annotations

import pytest

from medtrust.accreditation import Role

DOLLAR = 10**6


@pytest.fixture(scope="module")
def insurance(accredit, insurer):
    return accredit(insurer, Role.INSURER)


@pytest.fixture
def opened(pool, claims, insurance, insurer):
    return pool.open(insurance, claims, {"from": insurer})


@pytest.fixture
def funded(pool, opened, token, insurance, insurer):
    token.approve(pool, 500 * DOLLAR, {"from": insurer})
    return pool.deposit(insurance, 500 * DOLLAR, {"from": insurer})


class TestOpen:
    """
    when the adjudicator is no contract  -> reverts NotContract
    given an account                     -> reverts AccountExists
    given none                           -> the insurer has one; emits AccountOpened
    """

    def test_reverts_when_the_adjudicator_is_no_contract(self, pool, reverts, insurance, insurer, attacker):
        with reverts("NotContract", attacker):
            pool.open(insurance, attacker, {"from": insurer})

    def test_reverts_given_an_account(self, pool, reverts, opened, claims, insurance, insurer):
        with reverts("AccountExists", insurance):
            pool.open(insurance, claims, {"from": insurer})

    def test_opens_an_account(self, pool, opened, claims, insurance):
        event = opened.events["AccountOpened"]

        assert (bytes(event["insurer"]), event["adjudicator"]) == (insurance, claims)
        assert tuple(pool.accountOf(insurance)) == (claims, 0, 0, 0)


class TestDeposit:
    """
    given no account                     -> reverts UnknownAccount
    given an account                     -> the money is free; emits Deposited; the pool has just that much
    """

    def test_reverts_given_no_account(self, pool, reverts, token, insurance, insurer):
        token.approve(pool, DOLLAR, {"from": insurer})
        with reverts("UnknownAccount", insurance):
            pool.deposit(insurance, DOLLAR, {"from": insurer})

    def test_frees_the_money(self, pool, funded, token, insurance, insurer):
        event = funded.events["Deposited"]

        assert (bytes(event["insurer"]), event["from"], event["amount"]) == (insurance, insurer, 500 * DOLLAR)
        assert pool.accountOf(insurance)[1] == token.balanceOf(pool) == 500 * DOLLAR


class TestWithdraw:
    """
    when the caller is not the insurer   -> reverts NotAuthorised
    when it is more than is free         -> reverts InsufficientFunds
    when the insurer takes what is free  -> it has it; emits Withdrawn; the rest stays
    """

    def test_reverts_when_caller_is_not_the_insurer(self, pool, reverts, funded, insurance, attacker):
        with reverts("NotAuthorised", insurance, attacker, int(Role.INSURER)):
            pool.withdraw(insurance, attacker, 1, {"from": attacker})

    def test_reverts_when_it_is_more_than_is_free(self, pool, reverts, funded, insurance, insurer):
        with reverts("InsufficientFunds", 500 * DOLLAR + 1, 500 * DOLLAR):
            pool.withdraw(insurance, insurer, 500 * DOLLAR + 1, {"from": insurer})

    def test_gives_it_back(self, pool, funded, token, insurance, insurer, wholesaler):
        transaction = pool.withdraw(insurance, wholesaler, 200 * DOLLAR, {"from": insurer})
        event = transaction.events["Withdrawn"]

        assert (bytes(event["insurer"]), event["to"], event["amount"]) == (insurance, wholesaler, 200 * DOLLAR)
        assert token.balanceOf(wholesaler) == 200 * DOLLAR
        assert pool.accountOf(insurance)[1] == token.balanceOf(pool) == 300 * DOLLAR


class TestWindDown:
    """
    given no policy                      -> takes on no more; emits WindDownStarted; the money is the insurer's at once
    """

    def test_gives_the_money_back(self, pool, funded, token, insurance, insurer, wholesaler):
        event = pool.windDown(insurance, {"from": insurer}).events["WindDownStarted"]
        pool.withdraw(insurance, wholesaler, 500 * DOLLAR, {"from": insurer})

        assert bytes(event["insurer"]) == insurance
        assert token.balanceOf(wholesaler) == 500 * DOLLAR


class TestPay:
    """
    when the caller is not the adjudicator -> reverts NotAdjudicator, the money stays
    """

    def test_reverts_when_caller_is_not_the_adjudicator(self, pool, reverts, funded, insurance, insurer):
        with reverts("NotAdjudicator", insurance, insurer):
            pool.pay(insurance, insurance, bytes(32), DOLLAR, {"from": insurer})

        assert pool.accountOf(insurance)[1] == 500 * DOLLAR
