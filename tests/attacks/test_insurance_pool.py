"""Attacks on the pool: money taken that is owed, locked or waited for, and money that was never there."""

from __future__ import annotations

from contextlib import suppress

from medtrust.accreditation import Role
from medtrust.adjudication import UNLIMITED
from medtrust.errors import Reverted
from medtrust.pool import GUARANTEE_FUND
from medtrust.types import ZERO_HASH, name_hash
from tests.attacks.framework import Attack, AttackTests, Blocked, attacks_on
from tests.insurance_world import ask_mock, call_mock, with_token
from tests.pool_world import DAY, PAID, QUEUED, Till, open_till
from tests.world import FAR, World

ATTACKS: list[Attack] = []
on_pool = attacks_on("InsurancePool", ATTACKS)
on_books = "contracts/libraries/Solvency.sol"
FUNDS = 10_000
CLAIM = name_hash("claim")


class TestAttacks(AttackTests):
    pass


def withdraw(till: Till, amount: int) -> None:
    suite = till.world.acting_as("insurer")
    suite.pool.withdraw(till.insurer, till.world.account("insurer").address, amount)


def taken(till: Till) -> bool:
    """Whether the pool holds less than what it says."""
    free, reserved, _ = till.money
    return till.balance(till.pool.address) < free + reserved


# Who orders, and who names.


@on_pool(
    "payment-ordered-by-a-stranger",
    defence="only the claims contract that the insurer named pays from its account",
    blocked_by="NotAdjudicator",
    patch=[("require(msg.sender == books.account.adjudicator, NotAdjudicator(insurer, msg.sender));", "")],
)
def _ordered_by_a_stranger(world: World) -> None:
    till = open_till(world, FUNDS)
    world.acting_as("carrier").pool.name_payee(world.carrier, world.account("attacker").address)
    world.acting_as("attacker").pool._send("pay", world.insurer, world.carrier, ZERO_HASH, FUNDS)
    assert till.balance("attacker") == FUNDS


@on_pool(
    "debt-ordered-by-a-stranger",
    defence="only the claims contract that the insurer named takes a payment back",
    blocked_by="NotAdjudicator",
    patch=[("require(msg.sender == books.account.adjudicator, NotAdjudicator(insurer, msg.sender));", "")],
)
def _debt_ordered_by_a_stranger(world: World) -> None:
    till = open_till(world, FUNDS)
    world.acting_as("attacker").pool._send("reclaim", world.insurer, world.hospital, CLAIM, FUNDS, False)
    till.pay(world.hospital, 400)
    assert till.balance("hospital") == 300


@on_pool(
    "adjudicator-swapped",
    defence="an account names its claims contract once",
    blocked_by="AccountExists",
    patch=[("require(account.adjudicator == address(0), AccountExists(insurer));", "")],
)
def _adjudicator_swapped(world: World) -> None:
    till = open_till(world, FUNDS)
    mine = world.deploy("CallingBack")
    world.acting_as("insurer").pool.open(world.insurer, mine)
    account = till.pool.account_of(world.insurer)
    assert account is not None
    assert account.adjudicator == mine


@on_pool(
    "account-without-a-contract",
    defence="an adjudicator is a contract",
    blocked_by="NotContract",
    patch=[("require(adjudicator.code.length != 0, NotContract(adjudicator));", "")],
)
def _account_without_a_contract(world: World) -> None:
    suite = world.acting_as("insurer")
    suite.pool.open(world.insurer, world.account("insurer").address)
    Till(world, world.insurer, "").deposit(100)
    suite.pool._send("pay", world.insurer, world.hospital, ZERO_HASH, 100)
    assert suite.pool.payee_of(world.hospital).owed == 100


@on_pool(
    "payee-named-by-a-stranger",
    defence="the administrator of a provider names its payee",
    blocked_by="NotAdmin",
    patch=[("        ACCREDITATION.checkAdmin(organisation, msg.sender);\n", "")],
)
def _payee_named_by_a_stranger(world: World) -> None:
    till = open_till(world, FUNDS)
    world.acting_as("attacker").pool.name_payee(world.hospital, world.account("attacker").address)
    till.pay(world.hospital, 80)
    assert till.balance("attacker") == 80


# What an insurer takes that is not its own.


@on_pool(
    "withdrawal-by-a-stranger",
    defence="only the insurer withdraws its money",
    blocked_by="NotAuthorised",
    patch=[
        (
            "uint96 amount) external nonReentrant {\n        _checkAuthorised(insurer, Roles.INSURER);",
            "uint96 amount) external nonReentrant {",
        )
    ],
)
def _withdrawal_by_a_stranger(world: World) -> None:
    till = open_till(world, FUNDS)
    world.acting_as("attacker").pool.withdraw(world.insurer, world.account("attacker").address, FUNDS)
    assert till.balance("attacker") == FUNDS


@on_pool(
    "withdrawal-of-what-is-owed",
    defence="what is owed leaves the account at once",
    blocked_by="InsufficientFunds",
    patch=[("        books.account.free -= amount;\n        bool isOwed", "        bool isOwed")],
)
def _withdrawal_of_what_is_owed(world: World) -> None:
    till = open_till(world, FUNDS, payees=())
    till.pay(world.hospital, 80)
    withdraw(till, FUNDS)
    assert till.balance(till.pool.address) < till.pool.payee_of(world.hospital).owed


@on_pool(
    "withdrawal-under-the-reserves",
    defence="what is locked for a claim is not free",
    blocked_by="InsufficientFunds",
    patch=[("books.account.free = books.account.free + before - amount;", "")],
    file=on_books,
)
def _withdrawal_under_the_reserves(world: World) -> None:
    till = open_till(world, FUNDS)
    till.order("reserve", CLAIM, 400)
    withdraw(till, FUNDS)
    assert taken(till)


NOTHING_FREE = [("return books.account.waiting == 0 ? books.account.free : 0;", "return books.account.free;")]


@on_pool(
    "withdrawal-while-others-wait",
    defence="while anybody waits nothing is free",
    blocked_by="InsufficientFunds",
    patch=NOTHING_FREE,
    file=on_books,
)
def _withdrawal_while_others_wait(world: World) -> None:
    till = open_till(world, FUNDS)
    till.pay(world.hospital, FUNDS + 1)
    withdraw(till, FUNDS)
    assert till.money == (0, 0, FUNDS + 1)


@on_pool(
    "withdrawal-of-the-capital",
    defence="the capital of policies stays",
    blocked_by="InsufficientFunds",
    patch=[("for (uint256 i; i < PERIODS; ++i) needed += books.capitals[period + i];", "period;")],
    file=on_books,
)
def _withdrawal_of_the_capital(world: World) -> None:
    till = open_till(world, FUNDS)
    till.order("cover", 700, world.chain.now() + 400 * DAY)
    withdraw(till, FUNDS)
    assert till.money == (0, 0, 0)


@on_pool(
    "withdrawal-in-run-off",
    defence="who winds down withdraws nothing until the last claim is over",
    blocked_by="WindingDown",
    patch=[("require(!isRunOff, WindingDown(insurer, uint64(books.claimsUntil)));", "isRunOff;")],
)
def _withdrawal_in_run_off(world: World) -> None:
    till = open_till(world, FUNDS)
    till.order("cover", 0, world.chain.now() + 400 * DAY)
    world.acting_as("insurer").pool.wind_down(world.insurer)
    withdraw(till, FUNDS)
    assert till.money == (0, 0, 0)


@on_pool(
    "policy-below-the-ratio",
    defence="a policy is covered only with the capital of all",
    blocked_by="InsufficientFunds",
    patch=[("        checkFree(books, 0);\n", "")],
    file=on_books,
)
def _policy_below_the_ratio(world: World) -> None:
    till = open_till(world, FUNDS)
    for _ in range(2):
        till.ask("cover", FUNDS, world.chain.now() + 400 * DAY)
        till.order("cover", FUNDS, world.chain.now() + 400 * DAY)
    assert len(till.pool._events("PolicyCovered")) == 2


@on_pool(
    "policy-while-winding-down",
    defence="who winds down takes on no policy",
    blocked_by="WindingDown",
    patch=[("require(books.closing == 0, WindingDown(insurer, uint64(books.claimsUntil)));", "")],
)
def _policy_while_winding_down(world: World) -> None:
    till = open_till(world, FUNDS)
    world.acting_as("insurer").pool.wind_down(world.insurer)
    till.ask("cover", 0, world.chain.now() + 400 * DAY)
    till.order("cover", 0, world.chain.now() + 400 * DAY)
    assert len(till.pool._events("PolicyCovered")) == 1


# A short pool.


@on_pool(
    "queue-jumped-by-a-small-claim",
    defence="while anybody waits everybody does",
    blocked_by="waits too",
    patch=NOTHING_FREE,
    file=on_books,
)
def _queue_jumped(world: World) -> None:
    till = open_till(world, FUNDS)
    till.pay(world.hospital, FUNDS + 1)
    if till.pay(world.clinic, FUNDS) == QUEUED:
        raise Blocked("waits too")
    assert till.balance("clinic") == FUNDS


@on_pool(
    "first-who-asks-drains-the-queue",
    defence="each gets its part of what is set apart",
    blocked_by="its part",
    patch=[
        ("due = (due * round.funded) / round.due - share.drawn;", "due = Math.min(due, round.funded) - share.drawn;")
    ],
    file=on_books,
)
def _first_who_asks(world: World) -> None:
    till = open_till(world)
    for payee in (world.hospital, world.clinic):
        till.pay(payee, 100)
    world.chain.mine(seconds=DAY)
    till.deposit(100)
    till.draw(world.hospital, 1)
    if till.balance("hospital") == 50:
        raise Blocked("its part")
    assert till.balance("hospital") == 100


@on_pool(
    "round-closed-by-one-unit",
    defence="whoever comes within a day shares the first money",
    blocked_by="shared",
    patch=[("books.account.free >= due || block.timestamp >= books.openedAt + WINDOW", "due == due")],
    file=on_books,
)
def _round_closed(world: World) -> None:
    """The hospital pays in one unit, so that whoever comes later waits behind it."""
    till = open_till(world)
    till.pay(world.hospital, 100)
    till.deposit(1)
    till.pay(world.clinic, 100)
    world.chain.mine(seconds=DAY)
    till.deposit(99)
    till.draw(world.hospital, 1)
    if till.balance("hospital") == 50:
        raise Blocked("shared")
    assert till.balance("hospital") == 100


@on_pool(
    "share-drawn-twice",
    defence="what was sent of a share is noted",
    blocked_by="NothingOwed",
    patch=[("        share.drawn += due;\n", "")],
    file=on_books,
)
def _share_drawn_twice(world: World) -> None:
    till = open_till(world)
    for payee in (world.hospital, world.clinic):
        till.pay(payee, 100)
    till.deposit(200)
    for _ in range(2):
        till.draw(world.hospital, 1)
    assert till.balance("hospital") == 200


@on_pool(
    "lock-released-twice",
    defence="what is locked for a claim is released once",
    blocked_by="once",
    patch=[("        books.locks[claim] = amount;\n", "        if (amount != 0) books.locks[claim] = amount;\n")],
    file=on_books,
)
def _lock_released_twice(world: World) -> None:
    till = open_till(world, 100)
    till.deposit(100, GUARANTEE_FUND)
    till.order("reserve", CLAIM, 100)
    till.pay(world.hospital, 100, claim=CLAIM)
    if till.pay(world.hospital, 100, claim=CLAIM) != PAID:
        raise Blocked("once")
    assert till.balance("hospital") == 200


@on_pool(
    "debt-that-takes-everything",
    defence="at most a quarter of a payment is kept back",
    blocked_by="a quarter",
    patch=[("Math.min(books.receivables[payee], amount / OFFSET_PART)", "Math.min(books.receivables[payee], amount)")],
    file=on_books,
)
def _debt_that_takes_everything(world: World) -> None:
    till = open_till(world, FUNDS)
    till.order("reclaim", world.hospital, CLAIM, FUNDS, False)
    till.pay(world.hospital, 400)
    if till.balance("hospital") == 300:
        raise Blocked("a quarter")
    assert till.balance("hospital") == 0


@on_pool(
    "debt-that-is-never-kept-back",
    defence="a payment that waits is smaller by what is kept back, too",
    blocked_by="kept back",
    patch=[("        amount -= offset;\n", "        if (amount <= books.available()) amount -= offset;\n")],
)
def _debt_never_kept_back(world: World) -> None:
    till = open_till(world)
    till.order("reclaim", world.hospital, CLAIM, 100, False)
    till.pay(world.hospital, 400)
    till.deposit(400)
    till.draw(world.hospital, 1)
    if till.balance("hospital") == 300:
        raise Blocked("kept back")
    assert till.balance("hospital") == 400


# The guarantee fund.


@on_pool(
    "guarantee-for-a-healthy-insurer",
    defence="the fund pays for insurers that lost their accreditation",
    blocked_by="StillAccredited",
    patch=[("require(!isActive, StillAccredited(insurer));", "isActive;")],
)
def _guarantee_for_a_healthy(world: World) -> None:
    till = open_till(world)
    till.deposit(500, GUARANTEE_FUND)
    till.pay(world.hospital, 400)
    world.acting_as("insurer").pool.guarantee(world.insurer)
    assert till.pool.guarantee_fund() == 100


@on_pool(
    "guarantee-beyond-what-is-missing",
    defence="the fund pays what is missing",
    blocked_by="what is missing",
    patch=[("uint96 back = uint96(Math.min(amount, account.free));", "uint96 back = 0;")],
)
def _guarantee_beyond(world: World) -> None:
    till = open_till(world, 399)
    till.deposit(500, GUARANTEE_FUND)
    till.pay(world.hospital, 400)
    world.acting_as("authority").accreditation.suspend(world.insurer, Role.INSURER)
    world.acting_as("attacker").pool.guarantee(world.insurer)
    if till.pool.guarantee_fund() == 499:
        raise Blocked("what is missing")
    assert till.money == (499, 400, 0)


@on_pool(
    "guarantee-kept-by-the-insurer",
    defence="what the fund gives and nobody is set apart for goes back at once",
    blocked_by="NothingOwed",
    patch=[("uint96 back = uint96(Math.min(amount, account.free));", "uint96 back = 0;")],
)
def _guarantee_kept(world: World) -> None:
    till = open_till(world)
    till.deposit(300, GUARANTEE_FUND)
    till.pay(world.hospital, 400)
    authority = world.acting_as("authority").accreditation
    authority.suspend(world.insurer, Role.INSURER)
    world.acting_as("attacker").pool.guarantee(world.insurer)
    till.order("reclaim", world.hospital, CLAIM, 400, True)
    world.chain.mine(seconds=60)
    authority.accredit(world.insurer, Role.INSURER, until=FAR)
    before = till.balance("insurer")
    withdraw(till, 300)
    assert till.balance("insurer") == before + 300


@on_pool(
    "debt-that-blocks-what-follows",
    defence="a debt ends at the most that 96 bits hold, and what follows is noted",
    blocked_by="noted",
    patch=[("uint256(books.receivables[payee]) + amount)", "books.receivables[payee] + amount)")],
)
def _debt_that_blocks(world: World) -> None:
    till = open_till(world, FUNDS)
    till.order("reserve", CLAIM, 400)
    till.order("reclaim", world.hospital, name_hash("another"), UNLIMITED, False)
    with suppress(Reverted):
        till.order("reclaim", world.hospital, CLAIM, 1, False)
    if till.money == (FUNDS, 0, 0):
        raise Blocked("noted")
    assert till.money == (FUNDS - 400, 400, 0)


# What is owed, and tokens that lie, refuse or call back.


@on_pool(
    "owed-drawn-twice",
    defence="what is owed is struck out when it is drawn",
    blocked_by="NothingOwed",
    patch=[("        payee.owed = 0;\n", "")],
)
def _owed_drawn_twice(world: World) -> None:
    till = open_till(world, FUNDS, payees=())
    till.pay(world.hospital, 80)
    pool = world.acting_as("hospital").pool
    pool.name_payee(world.hospital, world.account("hospital").address)
    for _ in range(2):
        pool.withdraw_owed(world.hospital)
    assert till.balance("hospital") == 160


@on_pool(
    "owed-drawn-by-re-entering",
    defence="what is owed is struck out before it is sent, and nothing that moves money is re-entered",
    blocked_by="kept out",
    patch=[
        (
            "function withdrawOwed(bytes32 organisation) external nonReentrant {",
            "function withdrawOwed(bytes32 organisation) external {",
        ),
        ("        payee.owed = 0;\n", ""),
        ("TOKEN.safeTransfer(account, owed);", "TOKEN.safeTransfer(account, owed);\n        payee.owed = 0;"),
    ],
)
def _owed_drawn_by_re_entering(world: World) -> None:
    other = with_token(world, "HookToken")
    till = open_till(other, FUNDS, payees=())
    till.pay(other.hospital, 80)
    payee = hooked(other, "CallingBack")
    pool = other.acting_as("hospital").pool
    pool.name_payee(other.hospital, payee)
    again = pool.interface.encode_call("withdrawOwed", [other.hospital])
    call_mock(other, "CallingBack", payee, "prepare", pool.address, again)
    pool._send("withdrawOwed", other.hospital, gas=1_000_000)
    if ask_mock(other, "CallingBack", payee, "refusals") == 1:
        assert till.balance(payee) == 80
        raise Blocked("kept out")
    assert till.balance(payee) == 160


@on_pool(
    "deposit-counted-twice-by-re-entering",
    defence="a deposit is not re-entered while it is measured",
    blocked_by="counted once",
    patch=[
        (
            "function deposit(bytes32 insurer, uint96 amount) external nonReentrant {",
            "function deposit(bytes32 insurer, uint96 amount) external {",
        )
    ],
)
def _deposit_counted_twice(world: World) -> None:
    other = with_token(world, "HookToken")
    till = open_till(other)
    sender = hooked(other, "CallingBack")
    pool, token = other.acting_as("attacker").pool, other.acting_as("attacker").token
    token.mint(sender, 200)
    approve = token.interface.encode_call("approve", [pool.address, 200])
    deposit = pool.interface.encode_call("deposit", [other.insurer, 100])
    call_mock(other, "CallingBack", sender, "act", token.address, approve)
    call_mock(other, "CallingBack", sender, "prepare", pool.address, deposit)
    call_mock(other, "CallingBack", sender, "act", pool.address, deposit)
    if not taken(till):
        raise Blocked("counted once")
    assert (till.money[0], till.balance(pool.address)) == (300, 200)


def hooked(world: World, mock: str) -> str:
    """Deploy a mock that the token of the world calls when its money moves."""
    address = world.deploy(mock)
    call_mock(world, "HookToken", world.address("token"), "hook", address)
    return address


@on_pool(
    "deposit-of-a-token-with-a-fee",
    defence="what arrived counts, not what was sent",
    blocked_by="measured",
    patch=[("SafeCast.toUint96(TOKEN.balanceOf(address(this)) - before)", "SafeCast.toUint96(amount + 0 * before)")],
)
def _deposit_with_a_fee(world: World) -> None:
    other = with_token(world, "FeeToken")
    till = open_till(other, 1_000)
    if not taken(till):
        raise Blocked("measured")
    assert (till.money[0], till.balance(till.pool.address)) == (1_000, 990)


@on_pool(
    "donation-claimed-as-a-deposit",
    defence="only what a deposit itself brought counts",
    blocked_by="NothingReceived",
    patch=[("uint256 before = TOKEN.balanceOf(address(this));", "uint256 before = books.account.free;")],
)
def _donation_claimed(world: World) -> None:
    till = open_till(world, 10)
    world.acting_as("stranger").token.mint(world.address("InsurancePool"), 1_000)
    world.acting_as("insurer").pool.deposit(world.insurer, 0)
    assert till.money[0] == 1_010


@on_pool(
    "payment-that-the-token-answers-with-false",
    defence="a token that answers false has not paid",
    blocked_by="owed",
    patch=[
        (
            "return isDone && (answer.length == 0 || (answer.length >= 32 && abi.decode(answer, (uint256)) == 1));",
            "return isDone;",
        )
    ],
)
def _answered_with_false(world: World) -> None:
    other = with_token(world, "RefusingToken")
    till = open_till(other, FUNDS)
    call_mock(other, "RefusingToken", other.address("token"), "refuse", other.account("hospital").address, True)
    if till.pay(other.hospital, 80) != PAID:
        raise Blocked("owed")
    assert (till.balance("hospital"), till.pool.payee_of(other.hospital).owed) == (0, 0)


@on_pool(
    "recipient-blocked-so-that-the-insurer-keeps-it",
    defence="what cannot be transferred is owed, and leaves the account of the insurer",
    blocked_by="InsufficientFunds",
    patch=[("return isDone && (answer", "require(isDone, NothingReceived());\n        return isDone && (answer")],
)
def _recipient_blocked(world: World) -> None:
    other = with_token(world, "BlocklistToken")
    till = open_till(other, FUNDS)
    call_mock(other, "BlocklistToken", other.address("token"), "setBlocked", other.account("hospital").address, True)
    with suppress(Reverted):
        till.pay(other.hospital, 80)
    withdraw(till, FUNDS)
    assert till.balance(till.pool.address) == 0


@on_pool(
    "recipient-burns-all-gas",
    defence="a transfer is given its share of gas and no more",
    blocked_by="burnt its share",
    patch=[(".call{gas: TRANSFER_GAS}(question)", ".call(question)")],
)
def _recipient_burns(world: World) -> None:
    other = with_token(world, "HookToken")
    till = open_till(other, FUNDS)
    other.acting_as("hospital").pool.name_payee(other.hospital, hooked(other, "BurningPayer"))
    gas_used = till.order("pay", other.hospital, ZERO_HASH, 80).gas_used
    assert till.pool.payee_of(other.hospital).owed == 80
    if gas_used < 400_000:
        raise Blocked("burnt its share")
    assert gas_used > 1_500_000
