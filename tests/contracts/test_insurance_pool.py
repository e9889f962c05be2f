"""InsurancePool: an insurer's money leaves by its claims contract or by itself, and what is owed is never touched."""

from __future__ import annotations

from contextlib import suppress

import pytest

from medtrust.abi import Interface
from medtrust.accreditation import Role
from medtrust.errors import Reverted
from medtrust.pool import GUARANTEE_FUND, Account, Payee
from medtrust.types import ZERO_ADDRESS, ZERO_HASH
from tests.insurance_world import call_mock, fund
from tests.pool_world import PAID, Till, open_till

FUNDS = 1_000
DUE = 80


@pytest.fixture
def pool(world):
    """The pool as the insurer calls it."""
    return world.acting_as("insurer").pool


@pytest.fixture
def claims(world) -> str:
    return world.address("InsuranceClaims")


@pytest.fixture
def owed(world) -> Till:
    """A hospital without a payee, to which something is owed."""
    till = open_till(world, FUNDS, payees=())
    till.pay(world.hospital, DUE)
    return till


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
    given more than 96 bits arrive    -> reverts
    given money that was not deposited -> it belongs to nobody and changes nothing
    when it is for nobody             -> is in the guarantee fund
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

    def test_reverts_given_more_than_96_bits_arrive(self, world, pool):
        till = open_till(world, 2**96 - 1)
        with pytest.raises(Reverted):
            till.deposit(1)
        assert till.money == (2**96 - 1, 0, 0)

    def test_changes_nothing_given_a_donation(self, world, pool):
        till = open_till(world, FUNDS)
        world.acting_as("stranger").token.mint(pool.address, 5)
        assert till.money == (FUNDS, 0, 0)
        till.deposit(7)
        assert till.money == (FUNDS + 7, 0, 0)

    def test_is_in_the_guarantee_fund(self, world, pool):
        till = open_till(world, FUNDS)
        assert till.deposit(30, GUARANTEE_FUND).event("Deposited").values["insurer"] == GUARANTEE_FUND
        assert pool.guarantee_fund() == 30
        assert till.money == (FUNDS, 0, 0)
        assert pool.account_of(GUARANTEE_FUND) is None


class TestWithdraw:
    """
    when caller does not act for the insurer -> reverts NotAuthorised
    when it is just what is free, one unit more -> withdraws, reverts InsufficientFunds
    given something is owed                  -> it stays
    """

    def test_reverts_when_caller_is_not_the_insurer(self, world, hospital, reverts):
        open_till(world, FUNDS)
        with reverts("NotAuthorised", organisation=world.insurer, signer=hospital.address, role=Role.INSURER):
            world.acting_as("hospital").pool.withdraw(world.insurer, hospital.address, 1)

    def test_withdraws_just_what_is_free(self, world, pool, stranger):
        till = open_till(world, FUNDS)
        receipt = pool.withdraw(world.insurer, stranger.address, FUNDS)
        assert receipt.event("Withdrawn").values == {
            "insurer": world.insurer,
            "to": stranger.address,
            "amount": FUNDS,
        }
        assert till.money == (0, 0, 0)
        assert till.balance("stranger") == FUNDS

    def test_reverts_when_it_is_one_unit_more(self, world, pool, stranger, reverts):
        till = open_till(world, FUNDS)
        with reverts("InsufficientFunds", amount=FUNDS + 1, free=FUNDS):
            pool.withdraw(world.insurer, stranger.address, FUNDS + 1)
        assert till.money == (FUNDS, 0, 0)

    def test_leaves_what_is_owed(self, world, pool, owed, stranger, reverts):
        with reverts("InsufficientFunds", amount=FUNDS, free=FUNDS - DUE):
            pool.withdraw(world.insurer, stranger.address, FUNDS)
        pool.withdraw(world.insurer, stranger.address, FUNDS - DUE)
        assert owed.balance(pool.address) == DUE
        assert pool.payee_of(world.hospital).owed == DUE


class TestPay:
    """
    when caller is not the adjudicator   -> reverts NotAdjudicator
    given no account                     -> reverts NotAdjudicator
    when it is just what is free, nothing -> pays; emits PaymentMade; is silent and pays nobody
    given the payee named no account     -> is owed; emits PaymentMade
    when the gas is too little at any place -> reverts or pays, and never owes
    """

    def test_reverts_when_caller_is_not_the_adjudicator(self, world, pool, insurer, reverts):
        with reverts("NotAdjudicator", insurer=world.insurer, caller=insurer.address):
            pool._send("pay", world.insurer, world.hospital, ZERO_HASH, 1)
        open_till(world, FUNDS)
        with reverts("NotAdjudicator", insurer=world.insurer, caller=insurer.address):
            pool._send("pay", world.insurer, world.hospital, ZERO_HASH, 1)

    def test_pays_just_what_is_free(self, world, pool, hospital):
        till = open_till(world, FUNDS)
        assert till.ask("pay", world.hospital, ZERO_HASH, FUNDS) == PAID
        receipt = till.order("pay", world.hospital, ZERO_HASH, FUNDS)
        assert till.told(receipt, "PaymentMade") == {
            "insurer": world.insurer,
            "payee": world.hospital,
            "amount": FUNDS,
            "isOwed": False,
        }
        assert (till.money, till.balance("hospital")) == ((0, 0, 0), FUNDS)
        assert pool.payee_of(world.hospital) == Payee(hospital.address, 0)

    def test_pays_nothing(self, world, pool):
        till = open_till(world, FUNDS)
        assert till.pay(world.hospital, 0) == PAID
        assert pool._events("PaymentMade") == []
        assert till.money == (FUNDS, 0, 0)

    def test_owes_given_no_payee(self, world, pool, owed):
        (event,) = pool._events("PaymentMade")
        assert event.values == {"insurer": world.insurer, "payee": world.hospital, "amount": DUE, "isOwed": True}
        assert pool.payee_of(world.hospital) == Payee("", DUE)
        assert owed.money == (FUNDS - DUE, 0, 0)

    def test_never_owes_because_gas_is_short(self, world, chain):
        till = open_till(world, FUNDS)
        paid = set()
        data = till.pool.interface.encode_call("pay", [world.insurer, world.hospital, ZERO_HASH, DUE])
        for gas in range(60_000, 160_000, 2_500):
            snapshot = chain.request("evm_snapshot")
            with suppress(Reverted):
                call_mock(world, "CallingBack", till.orders, "act", till.pool.address, data, gas=gas)
            paid.add((till.balance("hospital"), till.pool.payee_of(world.hospital).owed))
            chain.request("evm_revert", snapshot)
        assert paid == {(0, 0), (DUE, 0)}


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
        assert world.suite.pool.payee_of(world.hospital) == Payee(stranger.address, DUE)


class TestWithdrawOwed:
    """
    given no payee         -> reverts NoPayee
    given nothing is owed  -> reverts NothingOwed
    given something is     -> sends it to the payee, whoever asks; emits OwedWithdrawn; once
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
            "amount": DUE,
        }
        assert owed.balance("hospital") == DUE
        assert pool.payee_of(world.hospital) == Payee(hospital.address, 0)
        assert owed.money == (FUNDS - DUE, 0, 0)
        with reverts("NothingOwed", organisation=world.hospital):
            pool.withdraw_owed(world.hospital)


class TestToken:
    """
    given the mock -> has 6 decimals and a permit
    """

    def test_is_a_stablecoin(self, world):
        assert (world.suite.token.decimals(), world.suite.token.symbol()) == (6, "mUSD")
        assert "permit" in Interface(world.built["Stablecoin"]).functions
        assert world.suite.pool.token() == world.address("token")
        assert world.suite.token.allowance(ZERO_ADDRESS, ZERO_ADDRESS) == 0
