"""FHIR ExplanationOfBenefit: what was decided about each line, in the words of HL7, of CARIN and of Medicare."""

from __future__ import annotations

from collections.abc import Iterator

from medtrust.standards.fhir_json import Node
from medtrust.standards.loss import PRESERVED, Marks

__all__ = ["decided_lines", "submitted", "submitted_total"]

_SUBMITTED = "submitted"
# What adjudication categories mean: those of HL7 and CARIN, and the last part of Medicare's URLs.
_MEANINGS = {
    _SUBMITTED: _SUBMITTED,
    "line_sbmtd_chrg_amt": _SUBMITTED,
    "rev_cntr_tot_chrg_amt": _SUBMITTED,
    "eligible": "allowed",
    "line_alowd_chrg_amt": "allowed",
    "deductible": "deductible",
    "line_bene_ptb_ddctbl_amt": "deductible",
    "copay": "copay",
    "coinsurance": "coinsurance",
    "line_coinsrnc_amt": "coinsurance",
    "benefit": "planPays",
    "line_prvdr_pmt_amt": "planPays",
    "memberliability": "memberPays",
}


def decided_lines(resource: Node, marks: Marks) -> list[dict[str, str]]:
    """Return for each line the amounts that were decided, as they are written, by our names.

    These are `submitted`, `allowed`, `deductible`, `copay`, `coinsurance`, `planPays`, `memberPays`; what a line does
    not say is not there.

    Raises `InputError` with the path of an amount that is none.
    """
    lines = []
    for item in resource.children("item"):
        told: dict[str, str] = {}
        for meaning, money in _amounts(item, "adjudication"):
            if meaning not in told:
                told[meaning] = money.number("value")
                marks[money.path] = PRESERVED
        lines.append(told)
    return lines


def submitted(item: Node) -> Node | None:
    """Return the amount that the provider charged for a line, None if it is not among what was decided."""
    return next((money for meaning, money in _amounts(item, "adjudication") if meaning == _SUBMITTED), None)


def submitted_total(resource: Node) -> Node:
    """Return the amount that the provider charged in all; an empty one if it is not said."""
    found = (money for meaning, money in _amounts(resource, "total") if meaning == _SUBMITTED)
    return next(found, Node({}, f"{resource.path}.total", resource.resource))


def _amounts(holder: Node, name: str) -> Iterator[tuple[str, Node]]:
    """Yield what each amount in a list means, and the amount."""
    for entry in holder.children(name):
        money = entry.child("amount")
        if not money.number("value"):
            continue
        for coding in entry.child("category").children("coding"):
            meaning = _MEANINGS.get(coding.text("code").rpartition("/")[2], "")
            if meaning:
                yield meaning, money
                break
