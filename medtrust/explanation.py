"""Explanations: how a claim stands and why, line by line, as an insurer's letter says it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timezone
from enum import IntEnum

from medtrust.adjudication import Benefit, Line, Outcome, Reason
from medtrust.money import format_amount
from medtrust.visit import Visit

__all__ = ["ClaimStatus", "Explanation"]


class ClaimStatus(IntEnum):
    """How a claim stands."""

    PENDING = 0
    DENIED = 1
    APPROVED = 2
    PAID = 3
    OWED = 4


@dataclass(frozen=True)
class Explanation:
    """How the claim of a visit stands and why.

    `outcomes` holds one for each line of the visit; none while it is PENDING or if it was DENIED. `decided_at` is Unix
    seconds, 0 while it is not decided. `waits_for` says what a claim that is not settled waits for, "" otherwise.
    """

    visit: Visit
    status: ClaimStatus
    reason: Reason
    decided_at: int
    outcomes: tuple[Outcome, ...]
    waits_for: str = ""

    @property
    def plan_pays(self) -> int:
        """What the plan pays in all."""
        return sum(outcome.plan_pays for outcome in self.outcomes)

    @property
    def member_pays(self) -> int:
        """What the member pays in all: everything, if the claim was denied; 0 while it is not decided."""
        if self.status is ClaimStatus.DENIED:
            return self.visit.charge
        return sum(outcome.member_pays for outcome in self.outcomes)

    @property
    def write_off(self) -> int:
        """What nobody pays."""
        return sum(outcome.write_off for outcome in self.outcomes)

    def letter(self, decimals: int, symbol: str) -> str:
        """Write the explanation for the member; `decimals` and `symbol` are the token's."""

        def money(amount: int) -> str:
            return f"{format_amount(amount, decimals)} {symbol}"

        day = datetime.fromtimestamp(self.visit.served_at, timezone.utc).date()
        parts = [f"Your visit of {day}: {_HEADLINES[self.status]}", f"claim 0x{self.visit.id.hex()}"]
        if self.status is ClaimStatus.DENIED:
            parts.append(f"Charged {money(self.visit.charge)}. The plan pays nothing: {self.reason.sentence}.")
        for number, (line, outcome) in enumerate(zip(self.visit.lines, self.outcomes, strict=False), 1):
            parts += _line(number, line, outcome, decimals)
        if self.outcomes:
            parts.append(
                f"Charged {money(self.visit.charge)}: the plan pays {money(self.plan_pays)}, you pay "
                f"{money(self.member_pays)}, written off {money(self.write_off)}."
            )
        if self.waits_for:
            parts.append(f"It waits: {self.waits_for}.")
        return "\n".join(parts)


_HEADLINES = {
    ClaimStatus.PENDING: "not decided yet",
    ClaimStatus.DENIED: "denied",
    ClaimStatus.APPROVED: "approved, not paid yet",
    ClaimStatus.PAID: "paid to the provider",
    ClaimStatus.OWED: "paid, and waiting for the provider to draw it",
}


def _line(number: int, line: Line, outcome: Outcome, decimals: int) -> list[str]:
    known = line.benefit in Benefit.__members__.values()
    name = Benefit(line.benefit).label if known else f"benefit {line.benefit}"
    shares = {"deductible": outcome.deductible, "copay": outcome.copay, "coinsurance": outcome.coinsurance}
    rest = outcome.member_pays - sum(shares.values())
    shares["not covered" if outcome.reason is Reason.NOT_A_BENEFIT else "over the annual limit"] = rest
    why = ", ".join(f"{what} {format_amount(amount, decimals)}" for what, amount in shares.items() if amount)
    return [
        f"  {number}. {name} x {line.units}: charged {format_amount(line.charge, decimals)}, allowed "
        f"{format_amount(outcome.allowed, decimals)}, the plan pays {format_amount(outcome.plan_pays, decimals)}, your "
        f"share {format_amount(outcome.member_pays, decimals)}" + (f" ({why})" if why else ""),
        f"     {outcome.reason.sentence}",
    ]
