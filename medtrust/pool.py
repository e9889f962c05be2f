"""Pool: the money of insurers, from which claims are paid."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import Final

from medtrust.chain import Receipt
from medtrust.contract import Client
from medtrust.types import ZERO_ADDRESS, ZERO_HASH

__all__ = ["GUARANTEE_FUND", "Account", "Payee", "PoolClient", "Wait"]

GUARANTEE_FUND: Final = ZERO_HASH
"""The insurer to whose account one contributes; nobody withdraws from it."""


@dataclass(frozen=True)
class Account:
    """The account of an insurer: the claims contract that may pay from it, and its money.

    `free` is neither reserved nor paid, `reserved` is locked for held claims or set apart for payees who waited, and
    `waiting` is what payees wait for beyond that.
    """

    adjudicator: str
    free: int
    reserved: int = 0
    waiting: int = 0


@dataclass(frozen=True)
class Payee:
    """How an organisation is paid: where its money goes ("" if it has named no account), and what waits for it."""

    account: str
    owed: int


@dataclass(frozen=True)
class Wait:
    """What an organisation waits for in one round of an insurer's queue: what is due, was sent, can be drawn now."""

    round: int
    due: int
    drawn: int
    ready: int


class PoolClient(Client):
    """Calls to one deployed InsurancePool. Amounts are in the token's smallest unit."""

    artifact = "InsurancePool"

    def open(self, insurer: bytes, adjudicator: str) -> Receipt:
        """Open the account of an insurer and name the claims contract that may pay from it, for ever.

        Raises `Reverted` with error "NotAuthorised", "AccountExists" or "NotContract".
        """
        return self._send("open", insurer, adjudicator)

    def deposit(self, insurer: bytes, amount: int) -> Receipt:
        """Bring money of the caller, who has approved it to the pool, into the account of an insurer.

        Raises `Reverted` with error "UnknownAccount" or "NothingReceived", or as the token refuses.
        """
        return self._send("deposit", insurer, amount)

    def withdraw(self, insurer: bytes, to: str, amount: int) -> Receipt:
        """Take free money out of the account of an insurer.

        Raises `Reverted` with error "NotAuthorised", "WindingDown" or "InsufficientFunds", or as the token refuses.
        """
        return self._send("withdraw", insurer, to, amount)

    def wind_down(self, insurer: bytes) -> Receipt:
        """Stop taking on policies, for ever; the money stays until the last claim is over.

        Raises `Reverted` with error "NotAuthorised".
        """
        return self._send("windDown", insurer)

    def draw(self, insurer: bytes, payee: bytes, round_: int) -> Receipt:
        """Send an organisation its part of what is set apart for a round of those who wait; anyone may.

        Raises `Reverted` with error "NothingOwed".
        """
        return self._send("draw", insurer, payee, round_)

    def guarantee(self, insurer: bytes) -> Receipt:
        """Move money of the guarantee fund to those who wait for an insurer that lost its accreditation; anyone may.

        Raises `Reverted` with error "StillAccredited" or "NothingOwed".
        """
        return self._send("guarantee", insurer)

    def name_payee(self, organisation: bytes, account: str) -> Receipt:
        """Name the account that an organisation is paid to, as its administrator.

        Raises `Reverted` with error "NotAdmin" or "ZeroIdentifier".
        """
        return self._send("namePayee", organisation, account)

    def withdraw_owed(self, organisation: bytes) -> Receipt:
        """Send an organisation what it is owed, to the account that it named; anyone may.

        Raises `Reverted` with error "NoPayee" or "NothingOwed", or as the token refuses.
        """
        return self._send("withdrawOwed", organisation)

    def account_of(self, insurer: bytes) -> Account | None:
        """The account of an insurer; None if it is not open."""
        raw = self._call("accountOf", insurer)
        found = Account(raw["adjudicator"], raw["free"], raw["reserved"], raw["waiting"])
        return None if raw["adjudicator"] == ZERO_ADDRESS else found

    def guarantee_fund(self) -> int:
        """What is in the guarantee fund."""
        return int(self._call("accountOf", GUARANTEE_FUND)["free"])

    def waits_of(self, insurer: bytes, payee: bytes) -> list[Wait]:
        """What an organisation waits for, or could draw, in each round of an insurer's queue; read from events."""
        everyone, own, drawn, funded = (defaultdict[int, int](int) for _ in range(4))
        for name, sign in (("PaymentQueued", 1), ("PaymentLeft", -1)):
            for event in self._events(name, indexed={"insurer": insurer}):
                everyone[event.values["round"]] += sign * event.values["amount"]
                if event.values["payee"] == payee:
                    own[event.values["round"]] += sign * event.values["amount"]
        for event in self._events("QueueFunded", indexed={"insurer": insurer}):
            funded[event.values["round"]] += event.values["amount"]
        for event in self._events("SharePaid", indexed={"insurer": insurer, "payee": payee}):
            drawn[event.values["round"]] += event.values["amount"]
        waits = (
            Wait(one, due, drawn[one], due * funded[one] // everyone[one] - drawn[one])
            for one, due in own.items()
            if due
        )
        return [wait for wait in waits if wait.ready or funded[wait.round] < everyone[wait.round]]

    def receivable_of(self, insurer: bytes, payee: bytes) -> int:
        """What an organisation has to give back to an insurer, out of its next payments; read from events."""
        changes = self._events("ReceivableChanged", indexed={"insurer": insurer, "payee": payee})
        return int(changes[-1].values["amount"]) if changes else 0

    def is_winding_down(self, insurer: bytes) -> bool:
        """Whether an insurer stopped taking on policies; read from events."""
        return bool(self._events("WindDownStarted", indexed={"insurer": insurer}))

    def payee_of(self, organisation: bytes) -> Payee:
        """How an organisation is paid."""
        raw = self._call("payeeOf", organisation)
        return Payee("" if raw["account"] == ZERO_ADDRESS else raw["account"], raw["owed"])

    def token(self) -> str:
        """The address of the ERC-20 token in which all accounts are kept."""
        return str(self._call("TOKEN"))
