"""Money: amounts in a token's smallest unit, as people write them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal

from medtrust.errors import InputError

__all__ = ["Money", "format_amount", "parse_amount"]

_AMOUNT = re.compile(r"[0-9]{1,30}(?:\.[0-9]{1,30})?")


@dataclass(frozen=True)
class Money:
    """What amounts are in: a `currency` of ISO 4217, of which 10 to the power of `decimals` units make one."""

    currency: str = "USD"
    decimals: int = 6

    def coins(self, units: int) -> Decimal:
        """Return an amount in whole coins, exact, without needless zeros behind the point."""
        whole, rest = divmod(abs(units), 10**self.decimals)
        digits = f"{rest:0{self.decimals}d}".rstrip("0") if rest else ""
        coins = Decimal(f"{whole}.{digits}" if digits else whole)
        return -coins if units < 0 else coins


def parse_amount(text: str, decimals: int, *, place: str = "amount") -> int:
    """Read an amount such as "120.50" into units of which 10 to the power of `decimals` make one coin.

    Raises `InputError` if it is no amount, is negative, or is finer than one unit.
    """
    if not _AMOUNT.fullmatch(text):
        raise InputError(place=place, found=repr(text), expected="an amount such as 120.50")
    whole, _, fraction = text.partition(".")
    if len(fraction.rstrip("0")) > decimals:
        raise InputError(place=place, found=repr(text), expected=f"at most {decimals} decimals")
    return int(whole + fraction.rstrip("0").ljust(decimals, "0"))


def format_amount(amount: int, decimals: int) -> str:
    """Write an amount for people: at least two decimals, and as many as it needs."""
    coins, rest = divmod(amount, 10**decimals)
    digits = f"{rest:0{decimals}d}".rstrip("0") if decimals else ""
    return f"{Decimal(coins):,}.{digits.ljust(2, '0')}"
