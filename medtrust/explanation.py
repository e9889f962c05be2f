"""Explanations: how a claim stands and why, line by line, as an insurer's letter says it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timezone
from enum import IntEnum

from medtrust.adjudication import Benefit, Line, Outcome, Reason
from medtrust.money import format_amount
from medtrust.visit import Visit

__all__ = ["ClaimStatus", "Explanation", "LetterRow"]


class ClaimStatus(IntEnum):
    """How a claim stands."""

    PENDING = 0
    DENIED = 1
    APPROVED = 2
    PAID = 3
    OWED = 4


@dataclass(frozen=True)
class LetterRow:
    """One line of a claim in words: what care, the amounts, what the member's share consists of, and why."""

    name: str
    charged: str
    allowed: str
    plan_pays: str
    member_pays: str
    why: str
    note: str

    def lines(self) -> tuple[str, str]:
        """Write it as two lines of text."""
        share = f"{self.member_pays} ({self.why})" if self.why else self.member_pays
        amounts = f"charged {self.charged}, allowed {self.allowed}, the plan pays {self.plan_pays}, your share {share}"
        return f"  {self.name}: {amounts}", f"     {self.note}"


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
    def headline(self) -> str:
        """How it stands, in a few words."""
        return _HEADLINES[self.status]

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

    def rows(self, decimals: int) -> list[LetterRow]:
        """Write each line for people; none while the claim is not decided, or if it was denied."""
        pairs = zip(self.visit.lines, self.outcomes, strict=False)
        return [_row(number, line, outcome, decimals) for number, (line, outcome) in enumerate(pairs, 1)]

    def opening(self) -> list[str]:
        """Write how a letter to the member begins."""
        day = datetime.fromtimestamp(self.visit.served_at, timezone.utc).date()
        return [f"Your visit of {day}: {self.headline}", f"claim 0x{self.visit.id.hex()}"]

    def closing(self, decimals: int, symbol: str) -> list[str]:
        """Write how it ends: who pays what in all, and what the claim waits for."""

        def money(amount: int) -> str:
            return f"{format_amount(amount, decimals)} {symbol}"

        sentences = []
        if self.status is ClaimStatus.DENIED:
            sentences.append(f"Charged {money(self.visit.charge)}. The plan pays nothing: {self.reason.sentence}.")
        if self.outcomes:
            sentences.append(
                f"Charged {money(self.visit.charge)}: the plan pays {money(self.plan_pays)}, you pay "
                f"{money(self.member_pays)}, written off {money(self.write_off)}."
            )
        if self.waits_for:
            sentences.append(f"It waits: {self.waits_for}.")
        return sentences

    def letter(self, decimals: int, symbol: str) -> str:
        """Write the explanation for the member; `decimals` and `symbol` are the token's."""
        lines = [line for row in self.rows(decimals) for line in row.lines()]
        return "\n".join([*self.opening(), *lines, *self.closing(decimals, symbol)])


_HEADLINES = {
    ClaimStatus.PENDING: "not decided yet",
    ClaimStatus.DENIED: "denied",
    ClaimStatus.APPROVED: "approved, not paid yet",
    ClaimStatus.PAID: "paid to the provider",
    ClaimStatus.OWED: "paid, and waiting for the provider to draw it",
}


def _row(number: int, line: Line, outcome: Outcome, decimals: int) -> LetterRow:
    known = line.benefit in Benefit.__members__.values()
    name = Benefit(line.benefit).label if known else f"benefit {line.benefit}"
    shares = {"deductible": outcome.deductible, "copay": outcome.copay, "coinsurance": outcome.coinsurance}
    rest = outcome.member_pays - sum(shares.values())
    shares["not covered" if outcome.reason is Reason.NOT_A_BENEFIT else "over the annual limit"] = rest
    return LetterRow(
        name=f"{number}. {name} x {line.units}",
        charged=format_amount(line.charge, decimals),
        allowed=format_amount(outcome.allowed, decimals),
        plan_pays=format_amount(outcome.plan_pays, decimals),
        member_pays=format_amount(outcome.member_pays, decimals),
        why=", ".join(f"{what} {format_amount(amount, decimals)}" for what, amount in shares.items() if amount),
        note=outcome.reason.sentence,
    )
