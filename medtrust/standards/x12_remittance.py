"""X12 835: the facts of a remittance advice as JSON: claim payment (CLP), adjustments (CAS), service lines (SVC)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timezone
from decimal import Decimal
from typing import Any, Final

from medtrust.adjudication import Line, Outcome, Reason
from medtrust.explanation import ClaimStatus, Explanation
from medtrust.money import Money

__all__ = ["remittance"]

# Claim adjustment reason codes: of the member's shares, and of why a charge was cut or a claim denied.
_DEDUCTIBLE, _COINSURANCE, _COPAY = "1", "2", "3"
_CODES: Final = {
    Reason.FEE_REDUCED: "45",
    Reason.UNITS_REDUCED: "222",
    Reason.LIMIT_REACHED: "119",
    Reason.NOT_A_BENEFIT: "204",
    Reason.NOT_THE_MEMBER: "31",
    Reason.BEFORE_COVERAGE: "26",
    Reason.IN_WAITING_PERIOD: "179",
    Reason.AFTER_COVERAGE: "27",
    Reason.FILED_LATE: "29",
    Reason.OUT_OF_NETWORK: "242",
}
_REFUSED, _BY_ANOTHER, _CORRECTED = "A1", "23", "129"
_MEMBER, _PROVIDER, _OTHER = "PR", "CO", "OA"
_PRIMARY, _SECONDARY, _DENIED, _REVERSAL = "1", "2", "4", "22"


def remittance(explanation: Explanation, money: Money | None = None) -> dict[str, Any]:
    """Return what an 835 says of a decided claim, amounts as decimal text; {} while it is not decided, or is held.

    In every line, and in the claim, the charge less all adjustments is the payment, as the standard wants it. Each
    adjustment has its group, PR for the member's part and CO for what the provider writes off, and its reason code.
    What somebody decided over the rules adjusts the whole claim (`CAS`): CO-A1 what was refused, OA-23 what another
    plan paid, OA-129 what an appeal raised. A visit that was taken back reverses all, so each amount is negative.
    """
    if explanation.status in (ClaimStatus.PENDING, ClaimStatus.HELD):
        return {}
    money = money or Money()
    if explanation.is_voided:
        money = _Reversed(money.currency, money.decimals)
    outcomes = explanation.outcomes or (None,) * len(explanation.visit.lines)
    services = [
        _service(line, outcome, explanation.reason, money)
        for line, outcome in zip(explanation.visit.lines, outcomes, strict=True)
    ]
    facts: dict[str, Any] = {
        "CLP": {
            "patientControlNumber": "0x" + explanation.visit.id.hex(),
            "claimStatus": _status(explanation),
            "charge": _text(explanation.visit.charge, money),
            "payment": _text(explanation.plan_pays, money),
            "patientResponsibility": _text(explanation.member_pays, money),
        },
        "serviceDate": _day(explanation.visit.served_at),
        "decidedDate": _day(explanation.decided_at) if explanation.decided_at else None,
        "isPaid": explanation.status.is_paid,
        "currency": money.currency,
        "SVC": services,
    }
    if adjusted := _claim_adjustments(explanation):
        facts["CAS"] = [{"group": one, "reason": code, "amount": _text(units, money)} for one, code, units in adjusted]
    if explanation.interest:
        facts["AMT"] = {"I": _text(explanation.interest, money)}
    return facts


@dataclass(frozen=True)
class _Reversed(Money):
    """Amounts of what is taken back."""

    def coins(self, units: int) -> Decimal:
        return super().coins(-units)


def _status(explanation: Explanation) -> str:
    if explanation.is_voided:
        return _REVERSAL
    if explanation.status is ClaimStatus.DENIED:
        return _DENIED
    return _PRIMARY if explanation.first_paid is None else _SECONDARY


def _claim_adjustments(explanation: Explanation) -> list[tuple[str, str, int]]:
    """Return group, code and amount of what was decided over the rules of the lines."""
    changed = explanation.asked - explanation.plan_pays
    if not explanation.outcomes or not changed:
        return []
    if explanation.first_paid is not None:
        return [(_OTHER, _BY_ANOTHER, changed)]
    return [(_PROVIDER, _REFUSED, changed)] if changed > 0 else [(_OTHER, _CORRECTED, changed)]


def _service(line: Line, outcome: Outcome | None, reason: Reason, money: Money) -> dict[str, Any]:
    adjustments = [
        {"group": group, "reason": code, "amount": _text(amount, money)}
        for group, code, amount in _adjustments(line, outcome, reason)
        if amount
    ]
    return {
        "benefit": int(line.benefit),
        "charge": _text(line.charge, money),
        "payment": _text(outcome.plan_pays if outcome else 0, money),
        "units": line.units,
        "allowed": _text(outcome.allowed if outcome else 0, money),
        "CAS": adjustments,
    }


def _adjustments(line: Line, outcome: Outcome | None, reason: Reason) -> list[tuple[str, str, int]]:
    """Return group, code and amount of what lies between the charge and the payment of a line."""
    if outcome is None:
        return [(_MEMBER, _CODES[reason], line.charge)]
    rest = outcome.member_pays - outcome.deductible - outcome.copay - outcome.coinsurance
    beyond = Reason.NOT_A_BENEFIT if outcome.reason is Reason.NOT_A_BENEFIT else Reason.LIMIT_REACHED
    cut = Reason.UNITS_REDUCED if outcome.reason is Reason.UNITS_REDUCED else Reason.FEE_REDUCED
    return [
        (_PROVIDER, _CODES[cut], outcome.write_off),
        (_MEMBER, _DEDUCTIBLE, outcome.deductible),
        (_MEMBER, _COPAY, outcome.copay),
        (_MEMBER, _COINSURANCE, outcome.coinsurance),
        (_MEMBER, _CODES[beyond], rest),
    ]


def _text(units: int, money: Money) -> str:
    return format(money.coins(units), "f")


def _day(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, timezone.utc).date().isoformat()
