"""Attacks on what comes after a decision: appeals, and claims from a second policy."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from medtrust.accreditation import Role
from medtrust.adjudication import Benefit, Line
from medtrust.explanation import ClaimStatus
from medtrust.types import name_hash
from medtrust.visit import Visit
from tests.attacks.framework import Attack, AttackTests, Blocked, attacks_on
from tests.insurance_world import (
    COIN,
    PAYS,
    TERMS,
    VISIT_LINE,
    Insured,
    agreed,
    appoint_foreign_reviewer,
    appoint_reviewer,
    coordinate,
    days_later,
    insure,
    second_policy,
)
from tests.world import FAR, World

ATTACKS: list[Attack] = []
on_claims = attacks_on("InsuranceClaims", ATTACKS)
in_reviews = "contracts/libraries/Reviews.sol"
at_payer = "contracts/base/Payer.sol"
LINES = (VISIT_LINE, Line(Benefit.LABORATORY, 2, 100 * COIN))
"""Of which the plan pays 80 and 80 coins, and allows 100 and 100."""


class TestAttacks(AttackTests):
    pass


def refused(world: World, **terms: Any) -> tuple[Insured, Visit]:
    """A claim that the insurer looked at and refused."""
    insured = insure(world, **{"automatic_up_to": 0, **terms})
    visit = insured.visit(0)
    insured.record(visit)
    world.acting_as("insurer").insurance.decide(visit, world.insurer, 0)
    return insured, visit


def escalated(world: World, **terms: Any) -> tuple[Insured, Visit]:
    """A claim that the insurer refused, and did not answer an appeal of."""
    insured, visit = refused(world, **terms)
    hospital = world.acting_as("hospital").insurance
    hospital.appeal(visit)
    days_later(world, TERMS.decide_days)
    hospital.appeal(visit)
    return insured, visit


@on_claims(
    "appeal-by-a-stranger",
    defence="the provider appeals, or the member",
    blocked_by="NotAuthorised",
    patch=[("_checkAuthorised(dossier.provider, Roles.PARTICIPANT);", "")],
)
def _appeal_by_a_stranger(world: World) -> None:
    _, visit = refused(world)
    world.acting_as("attacker").insurance.appeal(visit)
    assert world.suite.insurance.claim_of(visit).appeals == 1


@on_claims(
    "appeal-by-a-forged-member",
    defence="an appeal of the member carries her signature",
    blocked_by="InvalidSignature",
    patch=[("_checkSigned(_book.policies[dossier.policy].member, statement, signature);", "statement;")],
)
def _appeal_by_a_forged_member(world: World) -> None:
    _, visit = refused(world)
    insurance = world.acting_as("attacker").insurance
    insurance.appeal(visit, signature=insurance.sign_appeal(visit))
    assert world.suite.insurance.claim_of(visit).appeals == 1


@on_claims(
    "appeal-after-the-last-day",
    defence="a decision is appealed within the plan's days",
    blocked_by="NotAppealable",
    patch=[("require(isOpen, IInsuranceClaims.NotAppealable(from, until));", "isOpen;")],
    file=in_reviews,
)
def _appeal_late(world: World) -> None:
    _, visit = refused(world)
    days_later(world, TERMS.appeal_days)
    world.acting_as("hospital").insurance.appeal(visit)
    assert world.suite.insurance.claim_of(visit).status is ClaimStatus.APPEALED


@on_claims(
    "appeal-a-third-time",
    defence="each level of appeal is there once",
    blocked_by="AppealsExhausted",
    patch=[("require(claim.appeals < LEVELS, IInsuranceClaims.AppealsExhausted(dossier.visit));", "")],
    file=in_reviews,
)
def _appeal_again(world: World) -> None:
    _, visit = escalated(world)
    appoint_reviewer(world, world.carrier, "carrier").insurance.decide(visit, world.carrier, 0)
    world.acting_as("hospital").insurance.appeal(visit)
    assert world.suite.insurance.claim_of(visit).appeals == 3


@on_claims(
    "appeal-answered-by-no-reviewer",
    defence="the second level is decided by an accredited reviewer",
    blocked_by="NotAuthorised",
    patch=[("_checkAuthorised(organisation, Roles.REVIEWER);", "")],
)
def _no_reviewer(world: World) -> None:
    insured, visit = escalated(world)
    world.acting_as("attacker").insurance.decide(visit, world.carrier, PAYS)
    assert insured.balance("hospital") >= PAYS


@on_claims(
    "reviewer-employed-by-the-provider",
    defence="a reviewer never signed for the provider",
    blocked_by="NotIndependent",
    patch=[(" && !_everSigned(provider)", "")],
    file=at_payer,
)
def _employed_by_the_provider(world: World) -> None:
    insured, visit = escalated(world)
    reviewer = appoint_reviewer(world, world.carrier, "carrier", world.account("hospital"))
    reviewer.insurance.decide(visit, world.carrier, PAYS)
    assert insured.balance("hospital") >= PAYS


@on_claims(
    "reviewer-once-employed-by-the-insurer",
    defence="a reviewer never signed for the insurer, also not before",
    blocked_by="NotIndependent",
    patch=[(" && !_everSigned(insurer)", "")],
    file=at_payer,
)
def _employed_by_the_insurer(world: World) -> None:
    _, visit = escalated(world)
    insurer = world.acting_as("insurer").accreditation
    insurer.add_signer(world.insurer, world.account("stranger").address, Role.INSURER, until=FAR)
    insurer.remove_signer(world.insurer, world.account("stranger").address)
    appoint_reviewer(world, world.carrier, "carrier").insurance.decide(visit, world.carrier, 0)
    assert world.suite.insurance.claim_of(visit).status is ClaimStatus.DENIED


@on_claims(
    "reviewer-of-another-jurisdiction",
    defence="a reviewer is of the insurer's jurisdiction",
    blocked_by="NotIndependent",
    patch=[("_jurisdictionOf(reviewer) == _jurisdictionOf(insurer) &&", "_jurisdictionOf(reviewer) != 0 &&")],
    file=at_payer,
)
def _of_another_jurisdiction(world: World) -> None:
    insured, visit = escalated(world)
    abroad = appoint_foreign_reviewer(world)
    world.acting_as("stranger").insurance.decide(visit, abroad, PAYS)
    assert insured.balance("hospital") >= PAYS


@on_claims(
    "second-policy-after-another-visits-claim",
    defence="the first claim is that of the visit, not of a voided one of the same encounter",
    blocked_by="AnotherDossier",
    patch=[("require(given.visit == id, IInsuranceClaims.AnotherDossier(id));", "")],
    file=in_reviews,
)
def _after_another_visits_claim(world: World) -> None:
    insured, voided = paid(world)
    hospital = world.acting_as("hospital")
    hospital.visits.void(voided)
    visit = replace(voided, record=name_hash("corrected"))
    insured.record(visit)
    first = world.suite.insurance.dossier_of(voided)
    policy, member = second_policy(insured)
    signatures = agreed(insured, visit, policy, member)
    world.acting_as("attacker").insurance._send("coordinate", visit, first, policy.id, *signatures)
    hospital.insurance.reverse(voided)
    hospital.insurance.settle(visit)
    assert world.suite.insurance.claim_of(visit).amount == 160 * COIN
    assert world.suite.insurance.claim_of(visit, policy=policy.id).amount == 40 * COIN


@on_claims(
    "appeal-raised-above-what-is-allowed",
    defence="an appeal raises a claim to what the plan allows",
    blocked_by="AmountOutOfRange",
    patch=[("Math.min(dossier.allowed, limit)", "limit")],
    file=in_reviews,
)
def _raised_above_allowed(world: World) -> None:
    insured, visit = escalated(world)
    appoint_reviewer(world, world.carrier, "carrier").insurance.decide(visit, world.carrier, 500 * COIN)
    assert insured.balance("hospital") >= 500 * COIN


@on_claims(
    "appeal-raised-above-the-annual-limit",
    defence="an appeal raises a claim to what the annual limit leaves",
    blocked_by="AmountOutOfRange",
    patch=[("Math.min(dossier.allowed, limit)", "dossier.allowed; limit")],
    file=in_reviews,
)
def _raised_above_the_limit(world: World) -> None:
    insured, visit = escalated(world, annual_limit=50 * COIN)
    appoint_reviewer(world, world.carrier, "carrier").insurance.decide(visit, world.carrier, PAYS)
    assert insured.balance("hospital") >= PAYS


@on_claims(
    "appeal-answered-late-by-the-insurer",
    defence="an insurer that was silent no longer answers an appeal",
    blocked_by="DecisionTooLate",
    patch=[("require(block.timestamp < deadline, DecisionTooLate(deadline));", "")],
)
def _answered_late(world: World) -> None:
    _, visit = refused(world)
    world.acting_as("hospital").insurance.appeal(visit)
    days_later(world, TERMS.decide_days)
    world.acting_as("insurer").insurance.decide(visit, world.insurer, 0)
    assert world.suite.insurance.claim_of(visit).status is ClaimStatus.DENIED


# A second policy.


def paid(world: World, **terms: Any) -> tuple[Insured, Visit]:
    """A claim of 200 coins, all of which is allowed and 160 paid, if the terms say nothing else."""
    insured = insure(world, **terms)
    visit = insured.visit(0, *LINES)
    insured.record(visit)
    return insured, visit


@on_claims(
    "both-policies-above-what-is-allowed",
    defence="a second policy pays at most what the first left of what it allowed",
    blocked_by="not above",
    patch=[("room = given.allowed - claim.amount;", "room = given.allowed;")],
    file=in_reviews,
)
def _above_allowed(world: World) -> None:
    insured, visit = paid(world)
    coordinate(insured, visit, *second_policy(insured))
    if insured.balance("hospital") == 200 * COIN:
        raise Blocked("not above")
    assert insured.balance("hospital") > 200 * COIN


@on_claims(
    "second-policy-before-the-first-decided",
    defence="a second policy waits until the first has decided",
    blocked_by="NotDecided",
    patch=[("            _checkDecided(claim, id);\n", "")],
    file=in_reviews,
)
def _before_the_first_decided(world: World) -> None:
    insured, visit = paid(world, automatic_up_to=0)
    policy, member = second_policy(insured, automatic_up_to=1_000 * COIN)
    coordinate(insured, visit, policy, member)
    assert world.suite.insurance.claim_of(visit, policy=policy.id).status is ClaimStatus.PAID


@on_claims(
    "second-policy-before-the-first-had-its-days",
    defence="a first policy that has not decided has its days",
    blocked_by="NotDecided",
    patch=[("require(block.timestamp >= until, IInsuranceClaims.NotDecided(id, claim.status));", "until;")],
    file=in_reviews,
)
def _before_its_days(world: World) -> None:
    insured, visit = paid(world, attestation_above=0)
    coordinate(insured, visit, *second_policy(insured))
    assert insured.balance("hospital") == 160 * COIN - 1


@on_claims(
    "first-policy-appealed-after-the-second",
    defence="a first claim is closed when a second policy takes over",
    blocked_by="AppealsExhausted",
    patch=[("        claim.appeals = LEVELS;\n", "")],
    file=in_reviews,
)
def _first_appealed_after(world: World) -> None:
    insured, visit = paid(world)
    coordinate(insured, visit, *second_policy(insured))
    world.acting_as("hospital").insurance.appeal(visit)
    world.acting_as("insurer").insurance.decide(visit, world.insurer, 200 * COIN)
    assert insured.balance("hospital") >= 240 * COIN


@on_claims(
    "second-policy-claimed-twice",
    defence="a visit is claimed from one second policy",
    blocked_by="ClaimSettled",
    patch=[("_book.checkPending(second);", "")],
)
def _claimed_twice(world: World) -> None:
    insured, visit = paid(world)
    policy, member = second_policy(insured)
    coordinate(insured, visit, policy, member)
    other = second_policy(insured, deductible=2)
    coordinate(insured, visit, *other)
    assert insured.balance("hospital") == 240 * COIN


@on_claims(
    "policy-linked-without-the-visits-member",
    defence="the member of the visit agrees to a second policy",
    blocked_by="InvalidSignature",
    patch=[("_checkSigned(visit.member, statement, signature);", "")],
)
def _linked_without_the_first(world: World) -> None:
    insured, visit = paid(world)
    policy, member = second_policy(insured)
    coordinate(replace(insured, member=world.account("attacker")), visit, policy, member)
    assert insured.balance("hospital") == 200 * COIN


@on_claims(
    "policy-linked-without-its-member",
    defence="the member of the second policy agrees to it",
    blocked_by="InvalidSignature",
    patch=[("_checkSigned(_book.policies[policy].member, statement, secondSignature);", "")],
)
def _linked_without_the_second(world: World) -> None:
    insured, visit = paid(world)
    policy, _ = second_policy(insured)
    coordinate(insured, visit, policy, world.account("attacker"))
    assert insured.balance("hospital") == 200 * COIN
