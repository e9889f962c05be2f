"""InsurancePool: an insurer's money leaves by its claims contract or by itself, and what is owed is never touched."""

from __future__ import annotations

from contextlib import suppress

import pytest

from medtrust.abi import Interface
from medtrust.accreditation import Role
from medtrust.errors import Reverted
from medtrust.explanation import ClaimStatus
from medtrust.pool import Account, Payee
from medtrust.types import ZERO_ADDRESS
from tests.insurance_world import COIN, PAYS, Insured, call_mock, fund, insure, open_account, with_token

FUNDS = 1_000 * COIN


@pytest.fixture
def pool(world):
    """The pool as the insurer calls it."""
    return world.acting_as("insurer").pool


@pytest.fixture
def claims(world) -> str:
    return world.address("InsuranceClaims")


@pytest.fixture
def owed(world) -> Insured:
    """A hospital without a payee, to which one visit is owed."""
    insured = insure(world, funds=FUNDS, is_paid=False)
    insured.record(insured.visit())
    return insured


class TestConstructor:
    """
    when the token is no contract -> reverts NotContract
    """

    def test_reverts_when_token_is_no_contract(self, world, stranger, reverts):
        with reverts("NotContract", account=stranger.address):
            world.deploy("InsurancePool", world.address("AccreditationRegistry"), stranger.address)


class TestOpen:
    """
    when caller does not act for the insurer -> reverts NotAuthorised
    given it is open                         -> reverts AccountExists, also for another adjudicator
    when the adjudicator is no contract      -> reverts NotContract
    when it is new                           -> names the adjudicator; emits AccountOpened; holds nothing
    """

    def test_reverts_when_caller_is_not_the_insurer(self, world, claims, hospital, reverts):
        with reverts("NotAuthorised", organisation=world.insurer, signer=hospital.address, role=Role.INSURER):
            world.acting_as("hospital").pool.open(world.insurer, claims)

    def test_reverts_given_it_is_open(self, world, pool, claims, reverts):
        pool.open(world.insurer, claims)
        with reverts("AccountExists", insurer=world.insurer):
            pool.open(world.insurer, world.address("VisitRegistry"))
        assert pool.account_of(world.insurer) == Account(claims, 0)

    def test_reverts_when_adjudicator_is_no_contract(self, world, pool, stranger, reverts):
        with reverts("NotContract", account=stranger.address):
            pool.open(world.insurer, stranger.address)

    def test_names_the_adjudicator(self, world, pool, claims):
        receipt = pool.open(world.insurer, claims)
        assert receipt.event("AccountOpened").values == {"insurer": world.insurer, "adjudicator": claims}
        assert pool.account_of(world.insurer) == Account(claims, 0)
        assert pool.account_of(world.hospital) is None


class TestDeposit:
    """
    given no account                  -> reverts UnknownAccount
    when nothing arrives              -> reverts NothingReceived
    when the caller has not approved  -> reverts as the token does
    when it is approved               -> adds what arrived; emits Deposited; others untouched
    """

    def test_reverts_given_no_account(self, world, pool, reverts):
        with reverts("UnknownAccount", insurer=world.insurer):
            pool.deposit(world.insurer, 1)

    def test_reverts_when_nothing_arrives(self, world, pool, claims, reverts):
        pool.open(world.insurer, claims)
        with reverts("NothingReceived"):
            pool.deposit(world.insurer, 0)

    def test_reverts_when_not_approved(self, world, pool, claims, reverts):
        pool.open(world.insurer, claims)
        with reverts("ERC20InsufficientAllowance", needed=1):
            pool.deposit(world.insurer, 1)

    def test_adds_what_arrived(self, world, pool, claims, insurer):
        pool.open(world.insurer, claims)
        receipt = fund(world, FUNDS)
        assert receipt.event("Deposited").values == {
            "insurer": world.insurer,
            "from": insurer.address,
            "amount": FUNDS,
        }
        assert pool.account_of(world.insurer) == Account(claims, FUNDS)
        assert world.suite.token.balance_of(pool.address) == FUNDS


class TestWithdraw:
    """
    when caller does not act for the insurer -> reverts NotAuthorised
    when it is just what is free, one unit more -> withdraws, reverts InsufficientFunds
    given something is owed                  -> it stays
    """

    def test_reverts_when_caller_is_not_the_insurer(self, world, claims, hospital, reverts):
        open_account(world, FUNDS)
        with reverts("NotAuthorised", organisation=world.insurer, signer=hospital.address, role=Role.INSURER):
            world.acting_as("hospital").pool.withdraw(world.insurer, hospital.address, 1)

    def test_withdraws_just_what_is_free(self, world, pool, stranger):
        open_account(world, FUNDS)
        receipt = pool.withdraw(world.insurer, stranger.address, FUNDS)
        assert receipt.event("Withdrawn").values == {
            "insurer": world.insurer,
            "to": stranger.address,
            "amount": FUNDS,
        }
        assert pool.account_of(world.insurer).free == 0
        assert world.suite.token.balance_of(stranger.address) == FUNDS

    def test_reverts_when_it_is_one_unit_more(self, world, pool, stranger, reverts):
        open_account(world, FUNDS)
        with reverts("InsufficientFunds", amount=FUNDS + 1, free=FUNDS):
            pool.withdraw(world.insurer, stranger.address, FUNDS + 1)

    def test_leaves_what_is_owed(self, world, pool, owed, stranger, reverts):
        with reverts("InsufficientFunds", amount=FUNDS, free=FUNDS - PAYS):
            pool.withdraw(world.insurer, stranger.address, FUNDS)
        pool.withdraw(world.insurer, stranger.address, FUNDS - PAYS)
        assert world.suite.token.balance_of(pool.address) == PAYS
        assert pool.payee_of(world.hospital).owed == PAYS


class TestPay:
    """
    when caller is not the adjudicator   -> reverts NotAdjudicator
    given no account                     -> reverts NotAdjudicator
    when it is just what is free, one unit more -> pays, is SHORT and changes nothing
    given the payee named no account     -> is owed; emits PaymentMade
    given the token reverts or is false  -> is owed
    given the token returns nothing      -> pays; owes where there is no payee, though the token would pay nobody
    when the gas is too little at any place -> reverts or pays, and never owes
    """

    def test_reverts_when_caller_is_not_the_adjudicator(self, world, pool, insurer, reverts):
        with reverts("NotAdjudicator", insurer=world.insurer, caller=insurer.address):
            pool._send("pay", world.insurer, world.hospital, 1)
        open_account(world, FUNDS)
        with reverts("NotAdjudicator", insurer=world.insurer, caller=insurer.address):
            pool._send("pay", world.insurer, world.hospital, 1)

    def test_pays_just_what_is_free(self, world, pool, hospital):
        insured = insure(world, funds=PAYS)
        insured.record(insured.visit())
        (event,) = pool._events("PaymentMade")
        assert event.values == {
            "insurer": world.insurer,
            "payee": world.hospital,
            "amount": PAYS,
            "isOwed": False,
        }
        assert (insured.free, insured.balance("hospital")) == (0, PAYS)
        assert pool.payee_of(world.hospital) == Payee(hospital.address, 0)

    def test_changes_nothing_when_short(self, world, pool):
        insured = insure(world, funds=PAYS - 1)
        insured.record(insured.visit())
        assert pool._events("PaymentMade") == []
        assert (insured.free, insured.balance("hospital")) == (PAYS - 1, 0)

    def test_owes_given_no_payee(self, world, pool, owed):
        (event,) = pool._events("PaymentMade")
        assert event.values == {"insurer": world.insurer, "payee": world.hospital, "amount": PAYS, "isOwed": True}
        assert pool.payee_of(world.hospital) == Payee("", PAYS)
        assert owed.free == FUNDS - PAYS

    @pytest.mark.parametrize(("token", "function"), [("BlocklistToken", "setBlocked"), ("RefusingToken", "refuse")])
    def test_owes_given_a_token_that_refuses(self, world, hospital, token, function):
        other = with_token(world, token)
        insured = insure(other, funds=FUNDS)
        address = other.address("token")
        call_mock(other, token, address, function, hospital.address, True)
        visit = insured.visit()
        insured.record(visit)
        assert other.suite.insurance.claim_of(visit.id).status is ClaimStatus.OWED
        assert other.suite.pool.payee_of(other.hospital) == Payee(hospital.address, PAYS)
        assert insured.balance(other.address("InsurancePool")) == FUNDS

    def test_pays_with_a_token_that_returns_nothing(self, world):
        other = with_token(world, "SilentToken")
        insured = insure(other, funds=FUNDS)
        insured.record(insured.visit())
        assert insured.balance("hospital") == PAYS

    def test_owes_given_no_payee_and_a_token_that_pays_nobody(self, world):
        other = with_token(world, "SilentToken")
        insured = insure(other, funds=FUNDS, is_paid=False)
        insured.record(insured.visit())
        assert other.suite.pool.payee_of(other.hospital).owed == PAYS
        assert insured.balance(ZERO_ADDRESS) == 0

    def test_never_owes_because_gas_is_short(self, world, chain):
        insured = insure(world, funds=0)
        visit = insured.visit()
        insured.record(visit)
        fund(world, PAYS)
        insurance, found = world.suite.insurance, set()
        for gas in range(60_000, 160_000, 2_500):
            snapshot = chain.request("evm_snapshot")
            with suppress(Reverted):
                insurance._send("settle", visit, gas=gas)
            found.add(insurance.claim_of(visit.id).status)
            chain.request("evm_revert", snapshot)
        assert found == {ClaimStatus.APPROVED, ClaimStatus.PAID}


class TestNamePayee:
    """
    when caller is not the administrator -> reverts NotAdmin, also the authority
    when the account is zero             -> reverts ZeroIdentifier
    when caller is the administrator     -> names it; emits PayeeNamed; what is owed stays
    """

    @pytest.mark.parametrize("name", ["attacker", "authority"])
    def test_reverts_when_caller_is_not_the_administrator(self, world, reverts, name):
        caller = world.account(name)
        with reverts("NotAdmin", organisation=world.hospital, caller=caller.address):
            world.acting_as(name).pool.name_payee(world.hospital, caller.address)

    def test_reverts_given_an_organisation_that_is_not_registered(self, world, attacker, reverts):
        with reverts("NotAdmin", organisation=bytes(32), caller=attacker.address):
            world.acting_as("attacker").pool.name_payee(bytes(32), attacker.address)

    def test_reverts_when_account_is_zero(self, world, reverts):
        with reverts("ZeroIdentifier"):
            world.acting_as("hospital").pool.name_payee(world.hospital, ZERO_ADDRESS)

    def test_names_it(self, world, owed, stranger):
        receipt = world.acting_as("hospital").pool.name_payee(world.hospital, stranger.address)
        assert receipt.event("PayeeNamed").values == {
            "organisation": world.hospital,
            "account": stranger.address,
        }
        assert world.suite.pool.payee_of(world.hospital) == Payee(stranger.address, PAYS)


class TestWithdrawOwed:
    """
    given no payee         -> reverts NoPayee
    given nothing is owed  -> reverts NothingOwed
    given something is     -> sends it to the payee, whoever asks; emits OwedWithdrawn; once
    given the token refuses -> reverts; it stays owed
    """

    def test_reverts_given_no_payee(self, world, owed, pool, reverts):
        with reverts("NoPayee", organisation=world.hospital):
            pool.withdraw_owed(world.hospital)

    def test_reverts_given_nothing_is_owed(self, world, pool, reverts):
        world.acting_as("hospital").pool.name_payee(world.hospital, world.account("hospital").address)
        with reverts("NothingOwed", organisation=world.hospital):
            pool.withdraw_owed(world.hospital)

    def test_sends_it_once(self, world, owed, hospital, reverts):
        world.acting_as("hospital").pool.name_payee(world.hospital, hospital.address)
        pool = world.acting_as("stranger").pool
        receipt = pool.withdraw_owed(world.hospital)
        assert receipt.event("OwedWithdrawn").values == {
            "organisation": world.hospital,
            "account": hospital.address,
            "amount": PAYS,
        }
        assert owed.balance("hospital") == PAYS
        assert pool.payee_of(world.hospital) == Payee(hospital.address, 0)
        assert owed.free == FUNDS - PAYS
        with reverts("NothingOwed", organisation=world.hospital):
            pool.withdraw_owed(world.hospital)

    def test_stays_owed_given_the_token_refuses(self, world, hospital, stranger, reverts):
        other = with_token(world, "BlocklistToken")
        insured = insure(other, funds=FUNDS)
        address = other.address("token")
        call_mock(other, "BlocklistToken", address, "setBlocked", hospital.address, True)
        insured.record(insured.visit())
        with reverts("AccountBlocked", account=hospital.address):
            other.acting_as("stranger").pool.withdraw_owed(other.hospital)
        assert other.suite.pool.payee_of(other.hospital).owed == PAYS
        other.acting_as("hospital").pool.name_payee(other.hospital, stranger.address)
        other.acting_as("stranger").pool.withdraw_owed(other.hospital)
        assert insured.balance("stranger") == PAYS


class TestTokens:
    """
    given a fee on transfer        -> what arrived counts
    given a paused token           -> is owed, and drawn when it is no longer paused
    given 0, 18, 27 decimals       -> pays to the last unit
    given more than 96 bits arrive -> reverts
    given money that was not deposited -> it belongs to nobody and changes nothing
    """

    def test_counts_what_arrived_of_a_token_with_a_fee(self, world):
        other = with_token(world, "FeeToken")
        insured = insure(other, funds=1_000)
        assert insured.free == 990
        assert insured.balance(other.address("InsurancePool")) == 990

    def test_draws_later_what_a_paused_token_refused(self, world, stranger):
        other = with_token(world, "PausableToken")
        insured = insure(other, funds=FUNDS)
        address = other.address("token")
        call_mock(other, "PausableToken", address, "setPaused", True)
        insured.record(insured.visit())
        assert insured.balance("hospital") == 0
        call_mock(other, "PausableToken", address, "setPaused", False)
        other.acting_as("stranger").pool.withdraw_owed(other.hospital)
        assert insured.balance("hospital") == PAYS

    @pytest.mark.parametrize("decimals", [0, 18, 27])
    def test_pays_to_the_last_unit(self, world, decimals):
        other = with_token(world, "OpenToken", decimals)
        insured = insure(other, funds=PAYS + 1)
        insured.record(insured.visit())
        assert (insured.free, insured.balance("hospital")) == (1, PAYS)
        assert insured.balance(other.address("InsurancePool")) == 1

    def test_reverts_given_more_than_96_bits_arrive(self, world, pool, reverts):
        open_account(world, 2**96 - 1)
        with pytest.raises(Reverted):
            fund(world, 1)
        assert pool.account_of(world.insurer).free == 2**96 - 1

    def test_changes_nothing_given_a_donation(self, world, pool):
        open_account(world, FUNDS)
        world.acting_as("stranger").token.mint(pool.address, 5)
        assert pool.account_of(world.insurer).free == FUNDS
        fund(world, 7)
        assert pool.account_of(world.insurer).free == FUNDS + 7


class TestToken:
    """
    given the mock -> has 6 decimals and a permit
    """

    def test_is_a_stablecoin(self, world):
        assert (world.suite.token.decimals(), world.suite.token.symbol()) == (6, "mUSD")
        assert "permit" in Interface(world.built["Stablecoin"]).functions
        assert world.suite.pool.token() == world.address("token")
        assert world.suite.token.allowance(ZERO_ADDRESS, ZERO_ADDRESS) == 0
