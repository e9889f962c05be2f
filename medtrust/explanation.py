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
    HELD = 5
    APPEALED = 6
    ESCALATED = 7

    @property
    def is_paid(self) -> bool:
        """Whether the insurer has paid, though the money may wait for the provider."""
        return self in (ClaimStatus.PAID, ClaimStatus.OWED)

    @property
    def is_open(self) -> bool:
        """Whether somebody still has to decide."""
        return self in (ClaimStatus.PENDING, ClaimStatus.HELD, ClaimStatus.APPEALED, ClaimStatus.ESCALATED)


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

    `outcomes` holds one for each line of the visit as the rules say it; none while it is PENDING, or if the policy does
    not cover it. `decided_at` is Unix seconds, 0 while it is not decided. `waits_for` says what a claim that is not
    settled waits for, "" otherwise. `policy` is the one that the claim is on, that of the visit unless said.

    `amount` is what the plan pays in all, which an insurer, a reviewer or a deadline may have changed; None if it is
    what the rules say. `interest` was paid on top. `appeals` counts how often it was appealed. `first_paid` is what the
    first policy pays, in the claim on a second one. `is_voided` says that the provider took the visit back.
    """

    visit: Visit
    status: ClaimStatus
    reason: Reason
    decided_at: int
    outcomes: tuple[Outcome, ...]
    waits_for: str = ""
    policy: bytes = b""
    amount: int | None = None
    interest: int = 0
    appeals: int = 0
    first_paid: int | None = None
    is_voided: bool = False

    @property
    def headline(self) -> str:
        """How it stands, in a few words."""
        return "taken back by the provider" if self.is_voided else _HEADLINES[self.status]

    @property
    def asked(self) -> int:
        """What the plan would pay by its rules alone."""
        return sum(outcome.plan_pays for outcome in self.outcomes)

    @property
    def plan_pays(self) -> int:
        """What the plan pays in all, interest aside; what is asked while it is held."""
        return self.asked if self.amount is None else self.amount

    @property
    def refused(self) -> int:
        """What was asked and is not paid, because somebody decided so; it is not the member's by the rules."""
        return 0 if self.first_paid is not None else max(self.asked - self.plan_pays, 0)

    @property
    def member_pays(self) -> int:
        """What the member pays in all: everything, if the policy does not cover it; 0 while it is not decided."""
        if not self.outcomes:
            return self.visit.charge if self.status is ClaimStatus.DENIED else 0
        share = sum(outcome.member_pays for outcome in self.outcomes)
        if self.first_paid is not None:
            return max(share + self.asked - self.plan_pays - self.first_paid, 0)
        return share - max(self.plan_pays - self.asked, 0)

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
        if self.status is ClaimStatus.DENIED and self.reason is not Reason.COVERED:
            sentences.append(f"Charged {money(self.visit.charge)}. The plan pays nothing: {self.reason.sentence}.")
        elif self.outcomes:
            pays = f"the plan pays {money(self.plan_pays)}"
            if self.first_paid is not None:
                pays = f"your first plan pays {money(self.first_paid)}, this one {money(self.plan_pays)}"
            sentences.append(
                f"Charged {money(self.visit.charge)}: {pays}, you pay {money(self.member_pays)}, written off "
                f"{money(self.write_off)}."
            )
        if self.status is not ClaimStatus.DENIED and self.reason is not Reason.COVERED:
            sentences.append(f"{_capital(self.reason.sentence)}.")
        if self.refused and self.outcomes:
            sentences.append(f"Asked {money(self.asked)}; {money(self.refused)} of it is refused, and can be appealed.")
        if self.interest:
            sentences.append(f"The plan paid {money(self.interest)} of interest on top.")
        if self.is_voided:
            sentences.append("The provider took this visit back: you owe nothing for it, and nothing is asked of you.")
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
    ClaimStatus.APPROVED: "approved, and waiting for money of the insurer",
    ClaimStatus.PAID: "paid to the provider",
    ClaimStatus.OWED: "paid, and waiting for the provider to draw it",
    ClaimStatus.HELD: "held for a look",
    ClaimStatus.APPEALED: "appealed to the insurer",
    ClaimStatus.ESCALATED: "appealed to a reviewer",
}


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


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
