"""What the tests of the pool share: an insurer's account that obeys a mock, so that payments are ordered one by one."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from medtrust.abi import Interface
from medtrust.chain import Receipt
from medtrust.pool import PoolClient
from medtrust.types import ZERO_HASH
from tests.insurance_world import call_mock
from tests.world import World

DAY = 86_400
PAID, OWED, QUEUED = 0, 1, 2


@dataclass(frozen=True)
class Till:
    """The account of one insurer, and the contract that orders its payments."""

    world: World
    insurer: bytes
    orders: str

    @cached_property
    def pool(self) -> PoolClient:
        return self.world.suite.pool

    def order(self, function: str, *arguments: object) -> Receipt:
        """Call the pool as the claims contract of the insurer would."""
        data = self.pool.interface.encode_call(function, [self.insurer, *arguments])
        outer = Interface(self.world.built["CallingBack"]).encode_call("act", [self.pool.address, data])
        steward = self.world.account("steward")
        return self.world.chain.send(steward, self.orders, outer, interface=self.pool.interface, gas=2_000_000)

    def told(self, receipt: Receipt, name: str) -> dict[str, Any]:
        """The values of the only event of a name in the block of a receipt."""
        (event,) = self.pool._events(name, from_block=receipt.block)
        return event.values

    def ask(self, function: str, *arguments: object) -> Any:
        """What the pool would answer, or the error that it would refuse with."""
        data = self.pool.interface.encode_call(function, [self.insurer, *arguments])
        answer = self.world.chain.call(self.pool.address, data, sender=self.orders, contract="InsurancePool")
        return self.pool.interface.decode_result(function, answer)

    def pay(self, payee: bytes, amount: int, *, claim: bytes = ZERO_HASH) -> int:
        """Order a payment, and return what became of it."""
        result = int(self.ask("pay", payee, claim, amount))
        self.order("pay", payee, claim, amount)
        return result

    def deposit(self, amount: int, insurer: bytes | None = None) -> Receipt:
        """Make money, and bring it into the account, or into another one."""
        suite = self.world.acting_as("stranger")
        token, signer = self.world.address("token"), self.world.account("stranger").address
        call_mock(self.world, "SilentToken", token, "mint", signer, amount)
        call_mock(self.world, "SilentToken", token, "approve", self.pool.address, amount, by="stranger")
        return suite.pool.deposit(self.insurer if insurer is None else insurer, amount)

    def draw(self, payee: bytes, round_: int, *, by: str = "relayer") -> Receipt:
        return self.world.acting_as(by).pool.draw(self.insurer, payee, round_)

    @property
    def money(self) -> tuple[int, int, int]:
        """What is free, reserved, and waited for."""
        account = self.pool.account_of(self.insurer)
        assert account is not None
        return account.free, account.reserved, account.waiting

    def balance(self, account: str) -> int:
        """What an account of a name, or an address, holds of the token."""
        address = account if account.startswith("0x") else self.world.account(account).address
        return self.world.suite.token.balance_of(address)


def open_till(world: World, funds: int = 0, *, payees: tuple[str, ...] = ("hospital", "clinic", "pharmacy")) -> Till:
    """Open the insurer's account for a mock that orders payments, fund it, and let providers name their accounts."""
    orders = world.deploy("CallingBack")
    world.acting_as("insurer").pool.open(world.insurer, orders)
    for name in payees:
        world.acting_as(name).pool.name_payee(getattr(world, name), world.account(name).address)
    till = Till(world, world.insurer, orders)
    if funds:
        till.deposit(funds)
    return till
