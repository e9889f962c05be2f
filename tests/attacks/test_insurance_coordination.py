"""Attacks on claims from a second policy."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import Any

from medtrust.accreditation import Role
from medtrust.adjudication import Benefit, Line
from medtrust.dossier import claim_key
from medtrust.errors import Reverted
from medtrust.explanation import ClaimStatus
from medtrust.types import name_hash
from medtrust.visit import Visit
from tests.attacks.framework import Attack, AttackTests, Blocked, attacks_on
from tests.insurance_world import (
    COIN,
    PAYS,
    PRIMARY,
    TERMS,
    VISIT_LINE,
    Insured,
    agreed,
    coordinate,
    days_later,
    insure,
    second_policy,
)
from tests.world import World

ATTACKS: list[Attack] = []
on_claims = attacks_on("InsuranceClaims", ATTACKS)
in_book = "contracts/libraries/ClaimBook.sol"
in_reviews = "contracts/libraries/Reviews.sol"
LINES = (VISIT_LINE, Line(Benefit.LABORATORY, 2, 100 * COIN))
"""Of which the plan pays 80 and 80 coins, and allows 100 and 100."""


class TestAttacks(AttackTests):
    pass


def paid(world: World, **terms: Any) -> tuple[Insured, Visit]:
    """A claim of 200 coins, all of which is allowed and 160 paid, if the terms say nothing else."""
    insured = insure(world, **terms)
    visit = insured.visit(0, *LINES)
    insured.record(visit)
    return insured, visit


@on_claims(
    "second-policy-after-another-visits-claim",
    defence="the first claim is that of the visit, not of a voided one of the same encounter",
    blocked_by="AnotherDossier",
    patch=[("require(given.visit == id, IInsuranceClaims.AnotherDossier(id));", "")],
    file=in_reviews,
)
def _after_another_visits_claim(world: World) -> None:
    insured, voided = paid(world)
    world.acting_as("hospital").visits.void(voided)
    visit = replace(voided, record=name_hash("corrected"))
    insured.record(visit)
    first = world.suite.insurance.dossier_of(voided)
    policy, member = second_policy(insured)
    signatures = agreed(insured, visit, policy, member)
    world.acting_as("attacker").insurance._send("coordinate", visit, first, policy.id, *signatures)
    assert world.suite.insurance.claim_of(visit, policy=policy.id).amount == 40 * COIN


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
    "bound-lifted-by-an-appeal-in-vain",
    defence="a first policy that left all to the member bounds the second, also after an appeal that raised nothing",
    blocked_by="not above",
    patch=[
        (
            "claim.status != IInsuranceClaims.Status.DENIED || given.counted != 0",
            "claim.status != IInsuranceClaims.Status.DENIED",
        )
    ],
    file=in_reviews,
)
def _bound_lifted(world: World) -> None:
    insured = insure(world, deductible=1_000 * COIN, benefits=(replace(PRIMARY, fee=50 * COIN),))
    visit = insured.visit()
    insured.record(visit)
    world.acting_as("hospital").insurance.appeal(visit)
    world.acting_as("insurer").insurance.decide(visit, world.insurer, 0)
    dearer = replace(insured, plan=replace(insured.plan, benefits=(PRIMARY,)))
    policy, member = second_policy(dearer, deductible=0)
    coordinate(insured, visit, policy, member)
    if insured.balance("hospital") == 50 * COIN:
        raise Blocked("not above")
    assert insured.balance("hospital") == PAYS


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
    patch=[("_checkOver(claim, id, recordedAt + uint256(terms.decideDays) * 1 days);", "recordedAt;")],
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
    patch=[("_book.checkPending(second.key, id);", "")],
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


KEY = "keccak256(abi.encode(nullifier, isFirst))"


@on_claims(
    "key-of-a-second-claim-taken-by-a-visit",
    defence="first and second claims are kept under keys that no nullifier can be",
    blocked_by="kept apart",
    patch=[
        (
            "return keccak256(abi.encode(nullifier, isFirst));",
            "return isFirst ? nullifier : keccak256(abi.encode(nullifier, isFirst));",
        )
    ],
    file=in_book,
)
def _key_taken(world: World) -> None:
    insured, visit = paid(world)
    world.acting_as("clinic").visits.record(
        replace(insured.visit(1), provider=world.clinic, nullifier=claim_key(visit.nullifier, is_first=False)),
        Role.HOSPITAL,
    )
    with suppress(Reverted):
        coordinate(insured, visit, *second_policy(insured))
    if insured.balance("hospital") == 200 * COIN:
        raise Blocked("kept apart")
    assert insured.balance("hospital") == 160 * COIN


CLOCK = "if (claim.appeals != 0 && claim.status > IInsuranceClaims.Status.OWED) {"


@on_claims(
    "second-policy-stopped-by-an-appeal-left-alone",
    defence="an appeal that is neither answered nor escalated is over with the days for both",
    blocked_by="goes on",
    patch=[(CLOCK, CLOCK.replace("!= 0", "> 1"))],
    file=in_reviews,
)
def _stopped_by_an_appeal(world: World) -> None:
    insured, visit = paid(world)
    world.acting_as("hospital").insurance.appeal(visit)
    _goes_on(insured, visit)


@on_claims(
    "second-policy-stopped-by-a-silent-reviewer",
    defence="a reviewer has the days to decide and to appeal, and then a second policy goes on",
    blocked_by="goes on",
    patch=[(CLOCK, CLOCK.replace("!= 0", "== 1"))],
    file=in_reviews,
)
def _stopped_by_a_reviewer(world: World) -> None:
    insured, visit = paid(world)
    hospital = world.acting_as("hospital").insurance
    hospital.appeal(visit)
    days_later(world, TERMS.decide_days)
    hospital.appeal(visit)
    _goes_on(insured, visit)


def _goes_on(insured: Insured, visit: Visit) -> None:
    days_later(insured.world, TERMS.decide_days + TERMS.appeal_days)
    with suppress(Reverted):
        coordinate(insured, visit, *second_policy(insured))
    if insured.balance("hospital") == 200 * COIN:
        raise Blocked("goes on")
    assert insured.balance("hospital") == 160 * COIN
