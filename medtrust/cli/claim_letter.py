"""How a claim stands, for people and for programs."""

from __future__ import annotations

from typing import Any

from rich.table import Table

from medtrust.cli.common import console
from medtrust.explanation import Explanation

__all__ = ["explained", "print_letter"]


def explained(explanation: Explanation) -> dict[str, Any]:
    """Return what the JSON of a claim holds; amounts are in the token's smallest unit."""
    return {
        "claim": explanation.visit.id,
        "status": explanation.status.name,
        "reason": explanation.reason.name,
        "decidedAt": explanation.decided_at,
        "charged": explanation.visit.charge,
        "planPays": explanation.plan_pays,
        "memberPays": explanation.member_pays,
        "writeOff": explanation.write_off,
        "refused": explanation.refused,
        "interest": explanation.interest,
        "appeals": explanation.appeals,
        "firstPaid": explanation.first_paid,
        "isVoided": explanation.is_voided,
        "waitsFor": explanation.waits_for,
        "lines": [
            {
                "benefit": line.benefit,
                "units": line.units,
                "charge": line.charge,
                "allowed": outcome.allowed,
                "deductible": outcome.deductible,
                "copay": outcome.copay,
                "coinsurance": outcome.coinsurance,
                "planPays": outcome.plan_pays,
                "memberPays": outcome.member_pays,
                "writeOff": outcome.write_off,
                "reason": outcome.reason.name,
            }
            for line, outcome in zip(explanation.visit.lines, explanation.outcomes, strict=False)
        ],
    }


def print_letter(explanation: Explanation, decimals: int, symbol: str, *, headline: str = "") -> None:
    """Print an explanation as an insurer's letter, its lines as a table; `headline` instead of how it stands."""
    for sentence in [headline] if headline else explanation.opening():
        console.print(sentence)
    if explanation.outcomes:
        console.print(_table(explanation, decimals))
    for sentence in explanation.closing(decimals, symbol):
        console.print(sentence)


def _table(explanation: Explanation, decimals: int) -> Table:
    shown = Table(box=None, pad_edge=False)
    shown.add_column("")
    for heading in ("charged", "allowed", "plan pays", "you pay"):
        shown.add_column(heading, justify="right", no_wrap=True)
    shown.add_column("why")
    for row in explanation.rows(decimals):
        why = "; ".join(filter(None, (row.why, row.note)))
        shown.add_row(row.name, row.charged, row.allowed, row.plan_pays, row.member_pays, why)
    return shown
