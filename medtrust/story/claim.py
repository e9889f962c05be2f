"""Claim: a visit arrives and the insurer's money moves in the same transaction; the explanation reads like a letter."""

from __future__ import annotations

import json
from collections.abc import Iterator

from medtrust import samples, standards
from medtrust.accreditation import Role
from medtrust.explanation import ClaimStatus
from medtrust.money import format_amount
from medtrust.plan import Plan, Policy
from medtrust.plan_file import read_plan
from medtrust.registry_key import registry_key
from medtrust.sandbox import ORGANISATIONS
from medtrust.story.stage import Beat, Stage, require
from medtrust.visit import Visit
from medtrust.visit_file import bills_in

__all__ = ["visit_and_pay"]

_VALID_FROM = 1_767_225_600
_VALID_UNTIL = 1_798_761_600
_MONEY = 100_000
_FILE = "visit_claim.json"


def visit_and_pay(stage: Stage) -> Iterator[Beat]:
    """Publish a plan, enrol the patient, record a visit; read why what was paid was paid."""
    yield Beat("chapter", "A visit pays for itself")
    decimals, symbol = stage.suite.token.decimals(), stage.suite.token.symbol()
    plan = read_plan(json.loads(samples.read("plan.json")), decimals=decimals)
    policy = Policy(plan.id, stage.patient("insurer").address, _VALID_FROM, _VALID_UNTIL)
    yield from _insure(stage, plan, policy, decimals, symbol)
    visit = _visit(stage, plan, policy, decimals)
    payee = stage.as_("clinic").signer_address
    before = stage.suite.token.balance_of(payee)
    receipt = stage.as_("clinic").visits.record(visit, Role.HOSPITAL)
    paid = stage.suite.token.balance_of(payee) - before
    explanation = stage.suite.insurance.explain(visit)
    is_paid = explanation.status is ClaimStatus.PAID and paid == explanation.plan_pays > 0
    require(is_paid, "the insurer's money moved with the visit")
    yield stage.transaction(
        f"{stage.title('clinic')} records the visit from a FHIR Claim ({_FILE}). In the same transaction it is "
        f"decided, and {format_amount(paid, decimals)} {symbol} move from {stage.title('insurer')} to the clinic.",
        receipt,
        f"visit to money, {len(visit.lines)} lines",
    )
    yield Beat("letter", explanation.letter(decimals, symbol))
    yield stage.refusal(
        "The clinic sends the same visit again, as an HL7 v2 DFT this time.",
        lambda: stage.as_("clinic").visits.record(
            _visit(stage, plan, policy, decimals, "visit_dft_p03.hl7"), Role.HOSPITAL
        ),
    )


def _insure(stage: Stage, plan: Plan, policy: Policy, decimals: int, symbol: str) -> Iterator[Beat]:
    insurer = stage.as_("insurer")
    amount = _MONEY * 10**decimals
    insurer.pool.open(stage.id("insurer"), stage.suite.insurance.address)
    insurer.token.mint(insurer.signer_address, amount)
    insurer.token.approve(stage.suite.pool.address, amount)
    deposit = insurer.pool.deposit(stage.id("insurer"), amount)
    yield stage.transaction(
        f"{stage.title('insurer')} names the contract that may pay for it and brings {_MONEY:,} {symbol}.",
        deposit,
    )
    yield stage.transaction(
        "It publishes a plan: deductible, copays, coinsurance, limits, fees. A version never changes.",
        insurer.insurance.publish(plan),
    )
    yield stage.transaction(
        "It enrols the patient, under an address that no other insurer knows.", insurer.insurance.enrol(policy)
    )
    clinic = stage.as_("clinic")
    clinic.pool.name_payee(stage.id("clinic"), clinic.signer_address)


def _visit(stage: Stage, plan: Plan, policy: Policy, decimals: int, file: str = _FILE) -> Visit:
    clinic = ORGANISATIONS["clinic"]
    key = registry_key(clinic.identifier, stage.folder / "clinic.key")
    reading = standards.read(samples.read(file), name=file, key=key, organisation=clinic.identifier)
    (bill,) = bills_in(reading.records)
    return bill.visit(
        key=key,
        payer=stage.suite.insurance.address,
        insurer=plan.insurer,
        policy=policy.id,
        member=policy.member,
        decimals=decimals,
    )
