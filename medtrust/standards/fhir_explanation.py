"""FHIR R4 ExplanationOfBenefit: how a claim was decided, as other systems read it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timezone
from decimal import Decimal
from typing import Any

from medtrust.adjudication import Benefit, Line, Outcome, Reason
from medtrust.explanation import ClaimStatus, Explanation
from medtrust.money import Money

__all__ = ["explanation_of_benefit", "fhir_text"]

_HL7 = "http://terminology.hl7.org/CodeSystem/adjudication"
_CARIN = "http://hl7.org/fhir/us/carin-bb/CodeSystem/C4BBAdjudication"
_CATEGORIES = {
    "submitted": (_HL7, "Submitted Amount"),
    "eligible": (_HL7, "Eligible Amount"),
    "deductible": (_HL7, "Deductible"),
    "copay": (_HL7, "CoPay"),
    "coinsurance": (_CARIN, "Co-insurance"),
    "benefit": (_HL7, "Benefit Amount"),
    "memberliability": (_CARIN, "Member liability"),
    "discount": (_CARIN, "Discount"),
    "noncovered": (_CARIN, "Noncovered"),
    "priorpayerpaid": (_CARIN, "Prior payer paid"),
}
_UNDECIDED = (ClaimStatus.PENDING, ClaimStatus.HELD)
_URI = "urn:ietf:rfc:3986"
_BENEFITS = "urn:medtrust:benefit"
_REASONS = "urn:medtrust:reason"


def explanation_of_benefit(explanation: Explanation, insurer: bytes, money: Money | None = None) -> dict[str, Any]:
    """Return the ExplanationOfBenefit of a claim of an `insurer` (organisation id); amounts are `Decimal`.

    Organisations, the policy and the member go by what the chain knows of them: ids and a pseudonym, as URIs. A line
    is a kind of care, because codes and diagnoses are in the canonical claim alone. What the category system of HL7
    has no code for, coinsurance, the member's share and the write-off, takes those of CARIN Blue Button.

    A claim that is held is queued and tells no more than what was submitted, an appealed one is partial, and one whose
    visit was taken back is cancelled. Interest is an adjustment of the payment.
    """
    visit, money = explanation.visit, money or Money()
    day = datetime.fromtimestamp(visit.served_at, timezone.utc).date().isoformat()
    is_known = explanation.outcomes and explanation.status not in _UNDECIDED
    outcomes: Sequence[Outcome | None] = explanation.outcomes if is_known else [None] * len(visit.lines)
    items = [
        _item(number, line, outcome, explanation, day, money)
        for number, (line, outcome) in enumerate(zip(visit.lines, outcomes, strict=True), 1)
    ]
    document: dict[str, Any] = {
        "resourceType": "ExplanationOfBenefit",
        "id": visit.id.hex(),
        "identifier": [_identifier("claim", visit.id)],
        "status": "cancelled" if explanation.is_voided else "active",
        "type": _concept("http://terminology.hl7.org/CodeSystem/claim-type", "professional"),
        "use": "claim",
        "patient": {"identifier": {"system": _URI, "value": f"urn:medtrust:member:{visit.member}"}},
        "billablePeriod": {"start": day, "end": day},
        "created": _instant(explanation.decided_at or visit.served_at),
        "insurer": {"identifier": _identifier("organisation", insurer)},
        "provider": {"identifier": _identifier("organisation", visit.provider)},
        "outcome": _outcome_of(explanation.status),
        "disposition": _disposition(explanation),
        "insurance": _insurance(explanation),
        "item": items,
        "total": [_amount(code, units, money) for code, units in _totals(explanation).items()],
    }
    if explanation.status.is_paid and not explanation.is_voided:
        document["payment"] = _payment(explanation, money)
    if notes := _notes(explanation):
        document["processNote"] = [{"number": number, "text": text} for number, text in enumerate(notes, 1)]
    return document


def _outcome_of(status: ClaimStatus) -> str:
    if status in _UNDECIDED:
        return "queued"
    return "partial" if status.is_open else "complete"


def _insurance(explanation: Explanation) -> list[dict[str, Any]]:
    """The policy that is explained, after the first one if it is the second."""
    policy, first = explanation.policy or explanation.visit.policy, explanation.visit.policy
    policies = [policy] if policy == first else [first, policy]
    return [{"focal": one == policy, "coverage": {"identifier": _identifier("policy", one)}} for one in policies]


def _payment(explanation: Explanation, money: Money) -> dict[str, Any]:
    paid = explanation.plan_pays + explanation.interest
    payment = {"date": _instant(explanation.decided_at)[:10], "amount": _money(paid, money)}
    if not explanation.interest:
        return payment
    interest = {"text": "interest on what an appeal raised"}
    return {**payment, "adjustment": _money(explanation.interest, money), "adjustmentReason": interest}


def _notes(explanation: Explanation) -> list[str]:
    """What happened to the claim beyond its lines."""
    notes = []
    if explanation.outcomes and explanation.reason is not Reason.COVERED:
        notes.append(explanation.reason.sentence)
    if explanation.appeals:
        notes.append("it was appealed once" if explanation.appeals == 1 else "it was appealed twice, or is closed")
    return notes


def fhir_text(value: Any) -> str:
    """Write a document as JSON, each `Decimal` to its last digit."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{json.dumps(name)}: {fhir_text(member)}" for name, member in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(fhir_text, value)) + "]"
    return format(value, "f") if isinstance(value, Decimal) else json.dumps(value, ensure_ascii=False)


def _item(
    number: int, line: Line, outcome: Outcome | None, explanation: Explanation, day: str, money: Money
) -> dict[str, Any]:
    known = line.benefit in Benefit.__members__.values()
    name = Benefit(line.benefit).label if known else f"benefit {line.benefit}"
    shares = _shares(line, outcome, explanation.status)
    adjudication = [_amount(code, units, money) for code, units in shares.items()]
    reason = outcome.reason if outcome else explanation.reason
    if explanation.status not in _UNDECIDED:
        adjudication[-1]["reason"] = _concept(_REASONS, reason.name, reason.sentence)
    return {
        "sequence": number,
        "productOrService": _concept(_BENEFITS, str(int(line.benefit)), name),
        "servicedDate": day,
        "quantity": {"value": line.units},
        "net": _money(line.charge, money),
        "adjudication": adjudication,
    }


def _shares(line: Line, outcome: Outcome | None, status: ClaimStatus) -> dict[str, int]:
    """Return the amounts of a line by their categories; the first is what was charged, the last decides why."""
    if outcome is None:
        if status in _UNDECIDED:
            return {"submitted": line.charge}
        return {"submitted": line.charge, "benefit": 0, "memberliability": line.charge}
    return {
        "submitted": line.charge,
        "eligible": outcome.allowed,
        "deductible": outcome.deductible,
        "copay": outcome.copay,
        "coinsurance": outcome.coinsurance,
        "discount": outcome.write_off,
        "memberliability": outcome.member_pays,
        "benefit": outcome.plan_pays,
    }


def _totals(explanation: Explanation) -> dict[str, int]:
    totals = {"submitted": explanation.visit.charge}
    if explanation.status in _UNDECIDED:
        return totals
    if explanation.refused:
        totals["noncovered"] = explanation.refused
    if explanation.first_paid is not None:
        totals["priorpayerpaid"] = explanation.first_paid
    totals["discount"] = explanation.write_off
    totals["memberliability"] = explanation.member_pays
    totals["benefit"] = explanation.plan_pays
    return totals


def _disposition(explanation: Explanation) -> str:
    parts = [explanation.headline]
    if explanation.reason is not Reason.COVERED:
        parts.append(explanation.reason.sentence)
    if explanation.waits_for:
        parts.append(f"it waits: {explanation.waits_for}")
    return "; ".join(parts)


def _amount(code: str, units: int, money: Money) -> dict[str, Any]:
    system, display = _CATEGORIES[code]
    return {
        "category": {"coding": [{"system": system, "code": code, "display": display}]},
        "amount": _money(units, money),
    }


def _money(units: int, money: Money) -> dict[str, Any]:
    return {"value": money.coins(units), "currency": money.currency}


def _concept(system: str, code: str, text: str = "") -> dict[str, Any]:
    concept: dict[str, Any] = {"coding": [{"system": system, "code": code}]}
    return {**concept, "text": text} if text else concept


def _identifier(kind: str, value: bytes) -> dict[str, str]:
    return {"system": _URI, "value": f"urn:medtrust:{kind}:0x{value.hex()}"}


def _instant(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
