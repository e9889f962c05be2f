"""Pool: the money of insurers, from which claims are paid."""

from __future__ import annotations

from dataclasses import dataclass

from medtrust.chain import Receipt
from medtrust.contract import Client
from medtrust.types import ZERO_ADDRESS

__all__ = ["Account", "Payee", "PoolClient"]


@dataclass(frozen=True)
class Account:
    """The account of an insurer: the claims contract that may pay from it, and what is free."""

    adjudicator: str
    free: int


@dataclass(frozen=True)
class Payee:
    """How an organisation is paid: where its money goes ("" if it has named no account), and what waits for it."""

    account: str
    owed: int


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

        Raises `Reverted` with error "NotAuthorised" or "InsufficientFunds", or as the token refuses.
        """
        return self._send("withdraw", insurer, to, amount)

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
        return None if raw["adjudicator"] == ZERO_ADDRESS else Account(raw["adjudicator"], raw["free"])

    def payee_of(self, organisation: bytes) -> Payee:
        """How an organisation is paid."""
        raw = self._call("payeeOf", organisation)
        return Payee("" if raw["account"] == ZERO_ADDRESS else raw["account"], raw["owed"])

    def token(self) -> str:
        """The address of the ERC-20 token in which all accounts are kept."""
        return str(self._call("TOKEN"))
