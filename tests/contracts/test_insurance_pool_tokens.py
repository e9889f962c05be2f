"""InsurancePool with fourteen kinds of token: no money is lost, none is made, and none stays locked up."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from medtrust.errors import Reverted
from medtrust.types import ZERO_HASH, name_hash
from tests.insurance_world import call_mock, with_token
from tests.pool_world import DAY, OWED, PAID, QUEUED, Till, open_till
from tests.world import World

FUNDS = 1_000
CLAIM = name_hash("claim")


@dataclass(frozen=True)
class Kind:
    """One kind of token: how it is deployed, how it refuses an account, and how it is appeased again."""

    token: str
    arguments: tuple[object, ...] = ()
    refuse: Callable[[World], None] = field(default=lambda world: None)
    appease: Callable[[World], None] = field(default=lambda world: None)
    arrives: int = FUNDS
    """What arrives of `FUNDS`."""


def tell(token: str, function: str, *arguments: object) -> Callable[[World], None]:
    """Tell a token something; "hospital" stands for its account."""

    def told(world: World) -> None:
        given = [world.account(one).address if isinstance(one, str) else one for one in arguments]
        call_mock(world, token, world.address("token"), function, *given)

    return told


def hook_that_burns(world: World) -> None:
    """The hospital is paid to a contract that burns all gas when it is."""
    payee = world.deploy("BurningPayer")
    call_mock(world, "HookToken", world.address("token"), "hook", payee)
    world.acting_as("hospital").pool.name_payee(world.hospital, payee)


def pay_to_the_hospital(world: World) -> None:
    world.acting_as("hospital").pool.name_payee(world.hospital, world.account("hospital").address)


ZOO = {
    "standard": Kind("Stablecoin"),
    "no return": Kind("SilentToken"),
    "returns false": Kind(
        "RefusingToken",
        (),
        tell("RefusingToken", "refuse", "hospital", True),
        tell("RefusingToken", "refuse", "hospital", False),
    ),
    "fee on transfer": Kind("FeeToken", arrives=FUNDS * 99 // 100),
    "hooks": Kind("HookToken", (), hook_that_burns, pay_to_the_hospital),
    "blocklist": Kind(
        "BlocklistToken",
        (),
        tell("BlocklistToken", "setBlocked", "hospital", True),
        tell("BlocklistToken", "setBlocked", "hospital", False),
    ),
    "pausable": Kind(
        "PausableToken", (), tell("PausableToken", "setPaused", True), tell("PausableToken", "setPaused", False)
    ),
    "rebasing": Kind("RebasingToken"),
    "0 decimals": Kind("OpenToken", (0,)),
    "6 decimals": Kind("OpenToken", (6,)),
    "18 decimals": Kind("OpenToken", (18,)),
    "27 decimals": Kind("OpenToken", (27,)),
    "reverts on zero": Kind("ZeroAverseToken"),
    "double entry": Kind("TwoEntryToken"),
}
REFUSING = {name: ZOO[name] for name in ("returns false", "hooks", "blocklist", "pausable")}


def holds_what_it_says(till: Till, *payees: bytes) -> bool:
    """Invariant 1: the pool holds what is free, reserved and owed, and no unit more or less where nobody donated."""
    free, reserved, _ = till.money
    owed = sum(till.pool.payee_of(payee).owed for payee in payees)
    return till.balance(till.pool.address) == free + reserved + owed


@pytest.fixture(params=ZOO.values(), ids=ZOO)
def kind(request: pytest.FixtureRequest) -> Kind:
    return request.param  # type: ignore[no-any-return]  # a parameter of pytest is of any type


@pytest.fixture
def till(world: World, kind: Kind) -> Till:
    return open_till(with_token(world, kind.token, *kind.arguments), FUNDS)


class TestEveryToken:
    """
    given each of fourteen kinds of token
      when money is brought            -> what arrived counts
      when a claim is paid, held and paid, waits and is drawn, is withdrawn -> the pool holds what it says after each
      when all is over                 -> nothing is left in the pool: none is locked up
      when nothing is paid             -> nothing is transferred
    """

    def test_neither_loses_nor_locks_up(self, till: Till, kind: Kind) -> None:
        world, payees = till.world, (till.world.hospital, till.world.clinic, till.world.laboratory)
        assert till.money == (kind.arrives, 0, 0)
        assert till.pay(world.hospital, 100) == PAID
        till.order("reserve", CLAIM, 200)
        assert holds_what_it_says(till, *payees)
        assert till.pay(world.hospital, 150, claim=CLAIM) == PAID
        assert till.pay(world.laboratory, 50) == OWED
        assert holds_what_it_says(till, *payees)
        left = till.money[0]
        for payee in payees[:2]:
            assert till.pay(payee, left + 1) == QUEUED
        world.chain.mine(seconds=DAY)
        for payee in payees[:2]:
            till.draw(payee, 1)
        assert till.money[0] == 0
        assert holds_what_it_says(till, *payees)
        till.deposit(2 * FUNDS)
        for payee in payees[:2]:
            till.draw(payee, 1)
        world.acting_as("laboratory").pool.name_payee(world.laboratory, world.account("laboratory").address)
        world.acting_as("stranger").pool.withdraw_owed(world.laboratory)
        world.acting_as("insurer").pool.withdraw(world.insurer, world.account("stranger").address, till.money[0])
        assert till.money == (0, 0, 0)
        assert till.balance(till.pool.address) == 0

    def test_transfers_nothing_when_nothing_is_paid(self, till: Till, kind: Kind) -> None:
        assert till.pay(till.world.hospital, 0) == PAID
        assert till.money == (kind.arrives, 0, 0)


class TestATokenThatRefuses:
    """
    given a token that returns false, burns gas in a hook, blocks the payee, or is paused
      when a claim is paid, or a share drawn -> is owed; the account of the insurer is less by it; others are paid
      when what is owed is withdrawn         -> reverts and stays owed, until the token takes it again
    """

    @pytest.fixture(params=REFUSING.values(), ids=REFUSING)
    def kind(self, request: pytest.FixtureRequest) -> Kind:
        return request.param  # type: ignore[no-any-return]  # a parameter of pytest is of any type

    def test_owes_and_pays_later(self, till: Till, kind: Kind) -> None:
        world = till.world
        kind.refuse(world)
        assert till.pay(world.hospital, 100) == OWED
        till.pay(world.hospital, 901)
        kind.appease(world)
        till.deposit(1)
        kind.refuse(world)
        assert till.draw(world.hospital, 1).event("SharePaid").values["isOwed"]
        assert till.pool.payee_of(world.hospital).owed == 1_001
        assert (till.money, till.balance("hospital")) == ((0, 0, 0), 0)
        with pytest.raises(Reverted):
            world.acting_as("stranger").pool._send("withdrawOwed", world.hospital, gas=1_000_000)
        assert till.pool.payee_of(world.hospital).owed == 1_001
        kind.appease(world)
        world.acting_as("stranger").pool.withdraw_owed(world.hospital)
        assert (till.balance("hospital"), till.balance(till.pool.address)) == (1_001, 0)

    @pytest.mark.parametrize("kind", [ZOO[name] for name in ("returns false", "hooks", "blocklist")], indirect=True)
    def test_pays_others(self, till: Till, kind: Kind) -> None:
        kind.refuse(till.world)
        till.pay(till.world.hospital, 100)
        assert till.pay(till.world.clinic, 100) == PAID
        assert till.balance("clinic") == 100


class TestATokenThatChangesBalances:
    """
    given a rebasing token that shrinks what the pool holds
      when what is left suffices      -> pays; what is missing is missed by whoever comes last, and is owed
      when the balance is made good    -> all that is owed is paid
    given one that grows it            -> belongs to nobody and changes nothing
    """

    def rebase(self, till: Till, percent: int) -> None:
        token = till.world.address("token")
        call_mock(till.world, "RebasingToken", token, "rebase", till.pool.address, percent)

    @pytest.fixture
    def till(self, world: World) -> Till:
        return open_till(with_token(world, "RebasingToken"), FUNDS)

    def test_owes_what_is_missing(self, till: Till) -> None:
        self.rebase(till, 50)
        assert till.pay(till.world.clinic, 400) == PAID
        assert till.pay(till.world.hospital, 600) == OWED
        assert till.money == (0, 0, 0)
        call_mock(till.world, "RebasingToken", till.world.address("token"), "mint", till.pool.address, 500)
        till.world.acting_as("stranger").pool.withdraw_owed(till.world.hospital)
        assert (till.balance("clinic"), till.balance("hospital")) == (400, 600)

    def test_changes_nothing_when_it_grows(self, till: Till) -> None:
        self.rebase(till, 150)
        assert till.money == (FUNDS, 0, 0)
        assert till.pay(till.world.hospital, FUNDS + 1) == QUEUED


class TestATokenOfTwoAddresses:
    """
    given a token with a second address -> nobody moves the pool's money through it
    """

    def test_moves_nothing(self, world: World) -> None:
        till = open_till(with_token(world, "TwoEntryToken"), FUNDS)
        second = till.world.deploy("SecondEntry", till.world.address("token"))
        call_mock(till.world, "TwoEntryToken", till.world.address("token"), "nameEntry", second)
        attacker = till.world.account("attacker").address
        with pytest.raises(Reverted):
            call_mock(till.world, "SecondEntry", second, "transfer", attacker, 1, by="attacker")
        data = till.pool.interface.encode_call("pay", [till.insurer, till.world.clinic, ZERO_HASH, 10])
        with pytest.raises(Reverted):
            till.world.chain.call(till.pool.address, data, sender=second, contract="InsurancePool")
        assert holds_what_it_says(till)
