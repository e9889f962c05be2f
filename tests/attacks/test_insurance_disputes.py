"""Attacks on what comes after a decision: appeals and reviewers."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from medtrust.accreditation import Role
from medtrust.errors import Reverted
from medtrust.explanation import ClaimStatus
from medtrust.keccak import keccak256
from medtrust.visit import Visit
from tests.attacks.framework import Attack, AttackTests, Blocked, attacks_on
from tests.insurance_world import (
    COIN,
    PAYS,
    TERMS,
    Insured,
    appoint_foreign_reviewer,
    appoint_reviewer,
    days_later,
    insure,
)
from tests.world import FAR, USA, World

ATTACKS: list[Attack] = []
on_claims = attacks_on("InsuranceClaims", ATTACKS)
in_book = "contracts/libraries/ClaimBook.sol"
in_reviews = "contracts/libraries/Reviews.sol"
at_payer = "contracts/base/Payer.sol"


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
    patch=[("bytes32 party = provider;", "bytes32 party = insurer;")],
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
    patch=[("            if (signsFrom != 0 && signsFrom <= at) return false;\n", "signsFrom; at;")],
    file=at_payer,
)
def _employed_by_the_insurer(world: World) -> None:
    insurer = world.acting_as("insurer").accreditation
    insurer.add_signer(world.insurer, world.account("stranger").address, Role.INSURER, until=FAR)
    insurer.remove_signer(world.insurer, world.account("stranger").address)
    _, visit = escalated(world)
    appoint_reviewer(world, world.carrier, "carrier").insurance.decide(visit, world.carrier, 0)
    assert world.suite.insurance.claim_of(visit).status is ClaimStatus.DENIED


@on_claims(
    "reviewer-named-by-the-insurer-unasked",
    defence="whom a side names as its signer when a claim is with the reviewers may decide it all the same",
    blocked_by="decided",
    patch=[("signsFrom != 0 && signsFrom <= at", "signsFrom != 0 && at != 0")],
    file=at_payer,
)
def _named_unasked(world: World) -> None:
    _, visit = escalated(world)
    reviewer = appoint_reviewer(world, world.carrier, "carrier")
    world.chain.mine(seconds=60)
    account = world.account("stranger").address
    world.acting_as("insurer").accreditation.add_signer(world.insurer, account, Role.INSURER, until=FAR)
    with suppress(Reverted):
        reviewer.insurance.decide(visit, world.carrier, PAYS)
    if world.suite.insurance.claim_of(visit).status is ClaimStatus.PAID:
        raise Blocked("decided")
    assert world.suite.insurance.claim_of(visit).status is ClaimStatus.ESCALATED


@on_claims(
    "reviewer-of-another-jurisdiction",
    defence="a reviewer is of the insurer's jurisdiction",
    blocked_by="NotIndependent",
    patch=[("return own.jurisdiction == other.jurisdiction;", "return true;")],
    file=at_payer,
)
def _of_another_jurisdiction(world: World) -> None:
    insured, visit = escalated(world)
    abroad = appoint_foreign_reviewer(world)
    world.acting_as("stranger").insurance.decide(visit, abroad, PAYS)
    assert insured.balance("hospital") >= PAYS


ADMINISTERED = "            if (other.admin == own.admin || other.admin == msg.sender) return false;\n"


@on_claims(
    "reviewer-administered-by-the-provider",
    defence="who administers insurer or provider administers no reviewer of their claims",
    blocked_by="NotIndependent",
    patch=[(ADMINISTERED, ADMINISTERED.replace("other.admin == own.admin || ", ""))],
    file=at_payer,
)
def _administered_by_the_provider(world: World) -> None:
    insured, visit = escalated(world)
    own, admin = keccak256(b"a reviewer of its own"), world.account("hospital")
    world.acting_as("authority").accreditation.register(own, USA, admin.address, until=FAR)
    appoint_reviewer(world, own, "hospital").insurance.decide(visit, own, PAYS)
    assert insured.balance("hospital") >= PAYS


@on_claims(
    "reviewer-who-administers-the-insurer",
    defence="who administers insurer or provider reviews none of their claims",
    blocked_by="NotIndependent",
    patch=[(ADMINISTERED, ADMINISTERED.replace(" || other.admin == msg.sender", ""))],
    file=at_payer,
)
def _who_administers_the_insurer(world: World) -> None:
    _, visit = escalated(world)
    admin = world.account("attacker")
    world.acting_as("insurer").accreditation.change_admin(world.insurer, admin.address)
    appoint_reviewer(world, world.carrier, "carrier", admin).insurance.decide(visit, world.carrier, 0)
    assert world.suite.insurance.claim_of(visit).status is ClaimStatus.DENIED


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


@on_claims(
    "appeal-signature-used-for-a-visit-recorded-anew",
    defence="the member signs which decision she appeals",
    blocked_by="InvalidSignature",
    patch=[("(uint64(block.timestamp), salt())", "(visit.servedAt, salt())")],
    file=in_book,
)
def _signature_used_again(world: World) -> None:
    insured = insure(world)
    visit = insured.visit()
    insured.record(visit)
    signature = world.acting_as(insured.member).insurance.sign_appeal(visit)
    hospital = world.acting_as("hospital")
    hospital.visits.void(visit)
    hospital.insurance.reverse(visit)
    world.acting_as("insurer").insurance.hold(world.insurer, keccak256(visit.policy + visit.provider), 0)
    world.chain.mine(seconds=60)
    insured.record(visit)
    world.acting_as("attacker").insurance.appeal(visit, signature=signature)
    assert world.suite.insurance.claim_of(visit).status is ClaimStatus.APPEALED
