"""Attacks on voided visits: what was paid for them is taken back, exactly and once."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace

from medtrust.accreditation import Role
from medtrust.adjudication import Benefit, Line
from medtrust.errors import Reverted
from medtrust.explanation import ClaimStatus
from medtrust.keccak import keccak256
from medtrust.visit import Visit
from tests.attacks.framework import Attack, AttackTests, Blocked, attacks_on
from tests.insurance_world import (
    COIN,
    DAY,
    PAYS,
    TERMS,
    VISIT_LINE,
    Insured,
    coordinate,
    days_later,
    fund,
    insure,
    second_policy,
)
from tests.world import World

ATTACKS: list[Attack] = []
on_claims = attacks_on("InsuranceClaims", ATTACKS)
on_visits = attacks_on("VisitRegistry", ATTACKS)
in_book = "contracts/libraries/ClaimBook.sol"
in_reviews = "contracts/libraries/Reviews.sol"
LINES = (VISIT_LINE, Line(Benefit.LABORATORY, 2, 100 * COIN))
"""Of which the plan pays 80 and 80 coins."""


class TestAttacks(AttackTests):
    pass


def paid(world: World, **terms: int) -> tuple[Insured, Visit]:
    """A claim that was paid 160 coins."""
    insured = insure(world, **terms)
    visit = insured.visit(0, *LINES)
    insured.record(visit)
    return insured, visit


@on_visits(
    "void-by-a-stranger",
    defence="a visit is voided by the provider that recorded it",
    blocked_by="NotAuthorised",
    patch=[("_checkAuthorised(visit.provider, entry.role);", "")],
)
def _void_by_a_stranger(world: World) -> None:
    _, visit = paid(world)
    world.acting_as("clinic").visits.void(visit)
    assert world.suite.visits.entry_of(visit.nullifier) is None


@on_visits(
    "void-of-another-visit",
    defence="exactly the visit that is recorded is voided",
    blocked_by="UnknownVisit",
    patch=[("require(entry.fingerprint == bytes24(id), UnknownVisit(id));", "")],
)
def _void_of_another(world: World) -> None:
    _, visit = paid(world)
    world.acting_as("clinic").visits.void(replace(visit, provider=world.clinic))
    assert world.suite.visits.entry_of(visit.nullifier) is None


@on_claims(
    "reversal-of-a-visit-that-stands",
    defence="only the claim of a voided visit is taken back",
    blocked_by="VisitStands",
    patch=[("require(!isSound, VisitStands(dossier.visit));", "isSound;")],
)
def _reversal_of_a_standing(world: World) -> None:
    insured, visit = paid(world)
    world.acting_as("attacker").insurance.reverse(visit)
    assert world.suite.insurance.totals_of(insured.policy.id).plan_paid == 0


@on_claims(
    "kept-though-compromised",
    defence="a claim of a provider that has lost its trust is taken back, though nobody can void its visit",
    blocked_by="taken back",
    patch=[
        (
            "(, bool isSound) = _standing(dossier);\n        require(!",
            "(bool isSound, ) = _standing(dossier);\n        require(!",
        )
    ],
)
def _kept_though_compromised(world: World) -> None:
    insured, visit = paid(world)
    at = world.suite.visits.entry_of(visit.nullifier).recorded_at
    world.acting_as("authority").accreditation.compromise(world.hospital, Role.HOSPITAL, since=at)
    with suppress(Reverted):
        world.acting_as("insurer").insurance.reverse(visit)
    if world.suite.pool.receivable_of(world.insurer, world.hospital) == 160 * COIN:
        raise Blocked("taken back")
    assert world.suite.insurance.totals_of(insured.policy.id).plan_paid == 160 * COIN


@on_claims(
    "reversal-twice",
    defence="a claim that was taken back is gone",
    blocked_by="AnotherDossier",
    patch=[("delete book.claims[dossier.key];", "")],
    file=in_reviews,
)
def _reversal_twice(world: World) -> None:
    insured, visit = paid(world)
    other = insured.visit(1, *LINES)
    insured.record(other)
    dossier = world.suite.insurance.dossier_of(visit)
    world.acting_as("hospital").visits.void(visit)
    for _ in range(2):
        world.acting_as("attacker").insurance._send("reverse", dossier)
    assert world.suite.insurance.totals_of(insured.policy.id).plan_paid == 0


@on_claims(
    "correction-paid-beside-what-was-voided",
    defence="claims are kept by encounter: a correction waits until the voided claim is taken back",
    blocked_by="waits",
    patch=[("keyOf(visit.nullifier, policy == visit.policy)", "policy == visit.policy ? id : keyOf(id, false)")],
    file=in_book,
)
def _correction_beside(world: World) -> None:
    insured, visit = paid(world)
    world.acting_as("hospital").visits.void(visit)
    insured.record(replace(visit, lines=(VISIT_LINE,)))
    if insured.balance("hospital") == 160 * COIN:
        raise Blocked("waits")
    assert insured.balance("hospital") == 240 * COIN


def _after_a_void(world: World) -> Insured:
    insured, visit = paid(world, annual_limit=240 * COIN)
    world.acting_as("hospital").visits.void(visit)
    world.acting_as("relayer").insurance.reverse(visit)
    return insured


@on_claims(
    "limit-stuck-after-a-void",
    defence="what a voided visit counted in the policy is uncounted",
    blocked_by="as before",
    patch=[("totals.planPaid -= uint128(amount);", "amount;")],
    file=in_book,
)
def _limit_stuck(world: World) -> None:
    insured = _after_a_void(world)
    found = world.suite.insurance.totals_of(insured.policy.id).plan_paid
    if found == 0:
        raise Blocked("as before")
    assert found == 160 * COIN


@on_claims(
    "units-stuck-after-a-void",
    defence="what a voided visit counted in the day is uncounted",
    blocked_by="as before",
    patch=[("book.days_[dossier.policy][dossier.day] -= dossier.counted;", "")],
    file=in_book,
)
def _units_stuck(world: World) -> None:
    insured = _after_a_void(world)
    again = insured.visit(1, Line(Benefit.PRIMARY_CARE, 3, 300 * COIN))
    insured.record(again)
    amount = world.suite.insurance.claim_of(again).amount
    if amount == 240 * COIN:
        raise Blocked("as before")
    assert amount == 180 * COIN


@on_claims(
    "paid-again-after-each-void",
    defence="after a claim was taken back, what its provider records of its policy is looked at",
    blocked_by="ON_HOLD",
    patch=[("uint64(holds[ClaimBook.pairOf(dossier)]) > block.timestamp", "false")],
    file="contracts/libraries/Rulings.sol",
)
def _paid_again(world: World) -> None:
    insured, visit = paid(world, annual_limit=160 * COIN)
    for _ in range(3):
        world.acting_as("hospital").visits.void(visit)
        world.acting_as("hospital").insurance.reverse(visit)
        insured.record(visit)
        if world.suite.insurance.claim_of(visit).status is ClaimStatus.HELD:
            raise Blocked(world.suite.insurance.claim_of(visit).reason.name)
    assert insured.balance("hospital") == (160 + 3 * 120) * COIN


SILENT = " > REVERSED + claim.changedAt"


def _deemed_after_a_void(world: World, days: int) -> None:
    """Let silence approve a claim, and again each time it was taken back; the last held for days of the look."""
    insured = insure(world, automatic_up_to=0, deemed_up_to=PAYS, annual_limit=PAYS, decide_days=30, filing_days=366)
    visit = insured.visit(0)
    insured.record(visit)
    hospital = world.acting_as("hospital")
    for _ in range(2):
        days_later(world, 30)
        hospital.insurance.decide(visit, world.hospital, 0)
        if world.suite.insurance.claim_of(visit).status is ClaimStatus.DENIED:
            raise Blocked("nothing")
        hospital.visits.void(visit)
        hospital.insurance.reverse(visit)
        days_later(world, days)
        insured.record(visit)
    assert insured.balance("hospital") == (PAYS + PAYS * 3 // 4)


@on_claims(
    "deemed-again-after-each-void",
    defence="silence approves nothing of what is held in the look after a claim was taken back",
    blocked_by="nothing",
    patch=[(SILENT, " > type(uint256).max - claim.changedAt")],
    file=in_reviews,
)
def _deemed_again(world: World) -> None:
    _deemed_after_a_void(world, 0)


@on_claims(
    "deemed-after-the-look-though-held-in-it",
    defence="what was held in the look is not approved by silence after it either",
    blocked_by="nothing",
    patch=[(SILENT, " > REVERSED + block.timestamp")],
    file=in_reviews,
)
def _deemed_after_the_look(world: World) -> None:
    _deemed_after_a_void(world, 29)


@on_claims(
    "silence-made-a-refusal",
    defence="an insurer's own look does not make its silence a refusal",
    blocked_by="deemed approved",
    patch=[(SILENT, " > claim.changedAt")],
    file=in_reviews,
)
def _silence_made_a_refusal(world: World) -> None:
    insured = insure(world, automatic_up_to=0)
    visit = insured.visit(0)
    pair = keccak256(visit.policy + visit.provider)
    world.acting_as("insurer").insurance.hold(world.insurer, pair, world.chain.now() + 29 * DAY)
    insured.record(visit)
    days_later(world, TERMS.decide_days)
    world.acting_as("hospital").insurance.decide(visit, world.hospital, 0)
    if insured.balance("hospital") == PAYS:
        raise Blocked("deemed approved")
    assert world.suite.insurance.claim_of(visit).status is ClaimStatus.DENIED


@on_claims(
    "first-of-two-reversed-alone",
    defence="of two claims the second is taken back first",
    blocked_by="ClaimSettled",
    patch=[("if (dossier.key != second) book.checkPending(second, dossier.visit);", "second;")],
    file=in_reviews,
)
def _first_reversed_alone(world: World) -> None:
    insured, visit = paid(world)
    coordinate(insured, visit, *second_policy(insured))
    world.acting_as("hospital").visits.void(visit)
    world.acting_as("hospital").insurance.reverse(visit)
    insured.record(visit)
    world.acting_as("insurer").insurance.decide(visit, world.insurer, 160 * COIN)
    of_both = world.suite.insurance
    assert of_both.claim_of(visit).amount == 160 * COIN
    assert insured.balance("hospital") == (160 + 40 + 120) * COIN


def _in_a_short_pool(world: World) -> tuple[Insured, Visit]:
    """The hospital and the clinic wait for 80 coins each."""
    insured = insure(world, funds=0)
    visit = insured.visit(0)
    insured.record(visit)
    insured.record(insured.visit(1, provider=world.clinic), by="clinic")
    return insured, visit


def _drawn_after_a_void(insured: Insured, visit: Visit) -> None:
    world = insured.world
    world.acting_as("hospital").visits.void(visit)
    world.acting_as("hospital").insurance.reverse(visit)
    days_later(world, 1)
    fund(world, PAYS)
    world.acting_as("hospital").pool.draw(world.insurer, world.hospital, 1)
    assert insured.balance("hospital") == PAYS // 2


@on_claims(
    "share-of-a-voided-visit-drawn",
    defence="what waits for a claim that is taken back waits no longer",
    blocked_by="NothingOwed",
    contract="InsurancePool",
    patch=[("if (isWaiting) amount -= books.leave(insurer, payee, amount);", "isWaiting;")],
)
def _share_drawn(world: World) -> None:
    _drawn_after_a_void(*_in_a_short_pool(world))


@on_claims(
    "share-of-a-voided-visit-drawn-after-an-appeal",
    defence="what waits is let go though an appeal hides that it waits",
    blocked_by="NothingOwed",
    patch=[("claim.status == Status.APPROVED || claim.appeals != 0", "claim.status == Status.APPROVED")],
)
def _share_drawn_after_an_appeal(world: World) -> None:
    insured, visit = _in_a_short_pool(world)
    world.acting_as("hospital").insurance.appeal(visit)
    _drawn_after_a_void(insured, visit)
