"""Attacks on what is looked at: fraud spread over visits, insurers that stall, claims decided by others."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import Any

from medtrust.accreditation import Role
from medtrust.adjudication import Benefit, Line
from medtrust.errors import Reverted
from medtrust.explanation import ClaimStatus
from medtrust.visit import Visit
from tests.attacks.framework import Attack, AttackTests, Blocked, attacks_on
from tests.insurance_world import COIN, DAY, LABORATORY, PAYS, PRIMARY, TERMS, Insured, days_later, insure
from tests.world import World

ATTACKS: list[Attack] = []
on_claims = attacks_on("InsuranceClaims", ATTACKS)
in_rulings = "contracts/libraries/Rulings.sol"
in_reviews = "contracts/libraries/Reviews.sol"

EXCLUDING = (
    replace(PRIMARY, excludes=1 << Benefit.LABORATORY),
    replace(LABORATORY, excludes=1 << Benefit.PRIMARY_CARE),
)


class TestAttacks(AttackTests):
    pass


def require_unheld(insured: Insured, visit: Visit, paid: int) -> None:
    """Record a visit: what a held claim says is what blocked the attack."""
    insured.record(visit)
    claim = insured.world.suite.insurance.claim_of(visit)
    if claim.status is ClaimStatus.HELD:
        raise Blocked(claim.reason.name)
    assert insured.balance("hospital") == paid


def held(world: World, **terms: Any) -> tuple[Insured, Visit]:
    """A claim that waits for the insurer."""
    insured = insure(world, **{"automatic_up_to": 0, **terms})
    visit = insured.visit(0)
    insured.record(visit)
    return insured, visit


@on_claims(
    "units-split-over-visits",
    defence="units of a benefit are counted over the visits of a day",
    blocked_by="counted together",
    patch=[("uint256 before = counted + dossier.counted;", "uint256 before = dossier.counted; counted;")],
    file=in_rulings,
)
def _units_over_visits(world: World) -> None:
    insured = insure(world)
    line = Line(Benefit.PRIMARY_CARE, PRIMARY.units_per_day, 300 * COIN)
    insured.record(insured.visit(0, line))
    insured.record(insured.visit(1, line))
    if insured.balance("hospital") == 280 * COIN:
        raise Blocked("counted together")
    assert insured.balance("hospital") == 2 * 280 * COIN


@on_claims(
    "excluded-pair-in-two-visits",
    defence="benefits that exclude each other are looked for over the whole day",
    blocked_by="EXCLUDED_PAIR",
    patch=[("if (Days.isAny(before, benefit.excludes)) isExcluded = true;", "")],
    file=in_rulings,
)
def _excluded_pair(world: World) -> None:
    insured = insure(world, benefits=EXCLUDING)
    insured.record(insured.visit(0, Line(Benefit.LABORATORY, 1, 50 * COIN)))
    require_unheld(insured, insured.visit(1), PAYS + 40 * COIN)


@on_claims(
    "excluded-pair-in-the-other-order",
    defence="a plan whose benefits exclude each other one way only is refused",
    blocked_by="OneSidedExclusion",
    patch=[("for (uint256 i; i < 256; ++i)", "for (uint256 i; i < 0; ++i)")],
    file="contracts/libraries/PlanRules.sol",
)
def _excluded_pair_in_the_other_order(world: World) -> None:
    insured = insure(world, benefits=(EXCLUDING[0], LABORATORY))
    insured.record(insured.visit(0))
    require_unheld(insured, insured.visit(1, Line(Benefit.LABORATORY, 1, 50 * COIN)), PAYS + 40 * COIN)


@on_claims(
    "impossible-day",
    defence="a provider's visits of a day are counted over all policies of the insurer",
    blocked_by="IMPOSSIBLE_DAY",
    patch=[("if (visits > terms.visitsPerDay) return", "if (visits > type(uint32).max) return")],
    file=in_rulings,
)
def _impossible_day(world: World) -> None:
    insured = insure(world, visits_per_day=2)
    insured.record(insured.visit(0))
    insured.record(insured.visit(1))
    require_unheld(insured, insured.visit(2), 3 * PAYS)


@on_claims(
    "split-just-below-the-automatic-amount",
    defence="what is paid without a look is summed over the day",
    blocked_by="ABOVE_AUTOMATIC",
    patch=[("Days.amount(book.days_[dossier.policy][dossier.day]) <=", "Days.amount(dossier.counted) <=")],
    file=in_rulings,
)
def _split_below_the_automatic_amount(world: World) -> None:
    insured = insure(world, automatic_up_to=PAYS)
    insured.record(insured.visit(0))
    require_unheld(insured, insured.visit(1), 2 * PAYS)


@on_claims(
    "paid-during-a-hold",
    defence="what is recorded during a hold is looked at",
    blocked_by="ON_HOLD",
    patch=[("if (isHeld) return IInsuranceClaims.Reason.ON_HOLD;", "isHeld;")],
    file=in_rulings,
)
def _paid_during_a_hold(world: World) -> None:
    insured = insure(world)
    world.acting_as("insurer").insurance.hold(world.insurer, world.hospital, world.chain.now() + DAY)
    require_unheld(insured, insured.visit(0), PAYS)


AUTHORITY = "_checkAuthorised(insurer, Roles.INSURER);\n        uint64 latest"


@on_claims(
    "hold-by-a-competitor",
    defence="only the insurer holds claims on its policies",
    blocked_by="NotAuthorised",
    patch=[(AUTHORITY, "uint64 latest")],
)
def _hold_by_a_competitor(world: World) -> None:
    insured = insure(world)
    world.acting_as("clinic").insurance.hold(world.insurer, world.hospital, world.chain.now() + DAY)
    visit = insured.visit(0)
    insured.record(visit)
    assert world.suite.insurance.claim_of(visit).status is ClaimStatus.HELD


@on_claims(
    "hold-without-an-end",
    defence="a hold lasts at most 30 days",
    blocked_by="HoldTooLong",
    patch=[("require(until <= latest, HoldTooLong(until, latest));", "latest;")],
)
def _hold_without_an_end(world: World) -> None:
    insured = insure(world)
    world.acting_as("insurer").insurance.hold(world.insurer, insured.policy.id, world.chain.now() + 40 * DAY)
    days_later(world, 35)
    visit = insured.visit(0, served_at=world.chain.now())
    insured.record(visit)
    assert world.suite.insurance.claim_of(visit).status is ClaimStatus.HELD


DEEMED = "if (isHeld && block.timestamp >= deadline) {"


@on_claims(
    "hold-renewed-for-ever",
    defence="each held claim has a clock of its own: a silent insurer approves it, whatever it holds since",
    blocked_by="deemed approved",
    patch=[(DEEMED, "if (isHeld && block.timestamp >= deadline && deadline == 0) {")],
)
def _hold_renewed(world: World) -> None:
    insured = insure(world)
    insurer = world.acting_as("insurer").insurance
    insurer.hold(world.insurer, insured.policy.id, world.chain.now() + 30 * DAY)
    visit = insured.visit(0)
    insured.record(visit)
    days_later(world, TERMS.decide_days)
    insurer.hold(world.insurer, insured.policy.id, world.chain.now() + 30 * DAY)
    with suppress(Reverted):
        world.acting_as("hospital").insurance.decide(visit, world.hospital, 0)
    if insured.balance("hospital") == PAYS:
        raise Blocked("deemed approved")
    assert world.suite.insurance.claim_of(visit).status is ClaimStatus.HELD


@on_claims(
    "refused-after-the-deadline",
    defence="an insurer that is late can no longer refuse",
    blocked_by="deemed approved",
    patch=[
        (DEEMED, "if (isHeld && block.timestamp >= deadline && organisation != plan.insurer) {"),
        ("require(block.timestamp < deadline, DecisionTooLate(deadline));", ""),
    ],
)
def _refused_late(world: World) -> None:
    insured, visit = held(world)
    days_later(world, TERMS.decide_days)
    world.acting_as("insurer").insurance.decide(visit, world.insurer, 0)
    if insured.balance("hospital") == PAYS:
        raise Blocked("deemed approved")
    assert world.suite.insurance.claim_of(visit).status is ClaimStatus.DENIED


@on_claims(
    "deemed-above-the-cap",
    defence="silence approves up to the plan's cap",
    blocked_by="capped",
    patch=[("Math.min(claim.amount, plan.terms.deemedUpTo - before)", "claim.amount")],
    file=in_reviews,
)
def _deemed_above_the_cap(world: World) -> None:
    insured, visit = held(world, deemed_up_to=30 * COIN)
    days_later(world, TERMS.decide_days)
    world.acting_as("hospital").insurance.decide(visit, world.hospital, PAYS)
    if insured.balance("hospital") == 30 * COIN:
        raise Blocked("capped")
    assert insured.balance("hospital") == PAYS


@on_claims(
    "deemed-again-and-again-on-one-day",
    defence="the cap of what silence approves holds for a service day, over all claims of a policy",
    blocked_by="capped",
    patch=[("        deemed[dossier.day] = before + amount;\n", "")],
    file=in_reviews,
)
def _deemed_again_and_again(world: World) -> None:
    insured, visit = held(world, deemed_up_to=PAYS)
    another = insured.visit(1)
    insured.record(another)
    days_later(world, TERMS.decide_days)
    for one in (visit, another):
        world.acting_as("hospital").insurance.decide(one, world.hospital, 0)
    if insured.balance("hospital") == PAYS:
        raise Blocked("capped")
    assert insured.balance("hospital") == 2 * PAYS


@on_claims(
    "deemed-though-compromised",
    defence="silence approves nothing of a provider that has lost its trust",
    blocked_by="nothing",
    patch=[("if (isSound && !isLooked) amount", "isSound; if (!isLooked) amount")],
    file=in_reviews,
)
def _deemed_though_compromised(world: World) -> None:
    insured, visit = held(world)
    at = world.suite.visits.entry_of(visit.nullifier).recorded_at
    world.acting_as("authority").accreditation.compromise(world.hospital, Role.HOSPITAL, since=at)
    days_later(world, TERMS.decide_days)
    world.acting_as("hospital").insurance.decide(visit, world.hospital, PAYS)
    if insured.balance("hospital") == 0:
        raise Blocked("nothing")
    assert insured.balance("hospital") == PAYS


@on_claims(
    "held-claim-approved-by-its-provider",
    defence="only the policy's insurer decides what is held",
    blocked_by="NotTheInsurer",
    patch=[
        ("require(organisation == insurer, NotTheInsurer(organisation));\n", ""),
        ("            _checkAuthorised(organisation, Roles.INSURER);\n        }\n    }", "        }\n    }"),
    ],
)
def _approved_by_its_provider(world: World) -> None:
    insured, visit = held(world)
    world.acting_as("hospital").insurance.decide(visit, world.hospital, PAYS)
    assert insured.balance("hospital") == PAYS


@on_claims(
    "held-claim-approved-by-a-stranger",
    defence="who decides for the insurer signs for it",
    blocked_by="NotAuthorised",
    patch=[("            _checkAuthorised(organisation, Roles.INSURER);\n        }\n    }", "        }\n    }")],
)
def _approved_by_a_stranger(world: World) -> None:
    insured, visit = held(world)
    world.acting_as("attacker").insurance.decide(visit, world.insurer, PAYS)
    assert insured.balance("hospital") == PAYS


@on_claims(
    "held-claim-approved-above-what-is-asked",
    defence="a held claim pays at most what is asked",
    blocked_by="AmountOutOfRange",
    patch=[("require(amount <= claim.amount, IInsuranceClaims.AmountOutOfRange(amount, 0, claim.amount));", "")],
    file=in_reviews,
)
def _approved_above(world: World) -> None:
    insured, visit = held(world)
    world.acting_as("insurer").insurance.decide(visit, world.insurer, 5 * PAYS)
    assert insured.balance("hospital") == 5 * PAYS


@on_claims(
    "held-claim-paid-to-another",
    defence="whoever acts on a claim brings what its newest event shows, and its seal is compared",
    blocked_by="AnotherDossier",
    patch=[("require(isIts, IInsuranceClaims.AnotherDossier(dossier.visit));", "isIts;")],
    file="contracts/libraries/ClaimBook.sol",
)
def _paid_to_another(world: World) -> None:
    insured, visit = held(world)
    world.acting_as("clinic").pool.name_payee(world.clinic, world.account("attacker").address)
    insurance = world.acting_as("attacker").insurance
    dossier = insurance.dossier_of(visit)
    days_later(world, TERMS.decide_days)
    assert dossier
    insurance._send("decide", replace(dossier, provider=world.clinic), world.clinic, 0)
    assert insured.balance("attacker") == PAYS
