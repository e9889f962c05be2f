"""VisitRegistry and InsuranceClaims: a voided visit is taken back, exactly, once, and never from the member."""

from __future__ import annotations

from dataclasses import replace

import pytest

from medtrust.accreditation import Role
from medtrust.adjudication import Benefit, Line, Reason, Totals
from medtrust.chain import Receipt
from medtrust.explanation import ClaimStatus
from medtrust.keccak import keccak256
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

LINES = (VISIT_LINE, Line(Benefit.LABORATORY, 2, 100 * COIN))
"""Of which the plan pays 160 coins."""


@pytest.fixture
def insured(world) -> Insured:
    return insure(world, deductible=10 * COIN, visits_per_day=3)


@pytest.fixture
def registry(world):
    """The registry as the hospital calls it."""
    return world.acting_as("hospital").visits


@pytest.fixture
def insurance(world):
    """The contract as anyone calls it."""
    return world.acting_as("relayer").insurance


@pytest.fixture
def visit(insured):
    """A visit that was paid."""
    found = insured.visit(0, *LINES)
    insured.record(found)
    return found


def told_by_pool(world, name: str, receipt: Receipt) -> dict[str, object]:
    """The values of the only event of a name that the pool emitted in a transaction."""
    (event,) = world.suite.pool._events(name, from_block=receipt.block)
    return dict(event.values)


class TestVoid:
    """
    given no such visit, or another under its nullifier -> reverts UnknownVisit
    when caller does not act for the provider -> reverts NotAuthorised
    when the provider voids it                -> the encounter is free; emits VisitVoided; the claim stands
    given it was voided                       -> reverts UnknownVisit; the very same visit can be recorded again
    """

    def test_reverts_given_no_such_visit(self, world, visit, registry, reverts):
        for other in (replace(visit, nullifier=b"\x01" * 32), replace(visit, served_at=visit.served_at - 1)):
            with reverts("UnknownVisit", visit=other.id):
                registry.void(other)

    def test_reverts_when_caller_is_not_the_provider(self, world, visit, clinic, reverts):
        with reverts("NotAuthorised", organisation=world.hospital, signer=clinic.address, role=Role.HOSPITAL):
            world.acting_as("clinic").visits.void(visit)

    def test_frees_the_encounter(self, world, visit, registry, insurance, hospital):
        receipt = registry.void(visit)
        told = {"visit": visit.id, "provider": world.hospital, "signer": hospital.address}
        assert receipt.event("VisitVoided").values == told
        assert registry.entry_of(visit.nullifier) is None
        assert insurance.claim_of(visit).status is ClaimStatus.PAID

    def test_lets_the_same_visit_be_recorded_again(self, insured, visit, registry, insurance, reverts):
        registry.void(visit)
        with reverts("UnknownVisit", visit=visit.id):
            registry.void(visit)
        insured.record(visit)
        with reverts("VisitStands", visit=visit.id):
            insurance.reverse(visit)
        assert insurance.totals_of(visit.policy).plan_paid == insurance.claim_of(visit).amount


class TestReverse:
    """
    given the visit stands                    -> reverts VisitStands
    given its provider was compromised since, at, before it was recorded -> reverts VisitStands, as before it was paid
    given another dossier                     -> reverts AnotherDossier
    given it was reversed                     -> reverts AnotherDossier
    given it was paid                         -> all as before; the provider owes it; emits HoldPlaced, ClaimReversed
    given it was taken back                   -> what its provider records of its policy is held for 30 days, to the
                                                 second, or until the insurer ends it; nothing else is
    given others came before and after        -> exactly what they counted stays
    given it was held                         -> what was set aside is free
    given it was refused, or denied           -> nothing changes, the encounter is free
    given it was raised on appeal             -> the provider owes the interest too
    given a correction was recorded           -> it waits until the reversal, and is decided then
    given it waits in a round without money   -> waits no longer; the provider owes nothing
    given it waits and was appealed           -> waits no longer, as well
    given it was paid and another waits       -> the provider owes it; the other waits on
    given it waited and was paid meanwhile    -> the provider owes it; what it waits for elsewhere stays
    given silence approved it                 -> silence can approve as much again, once the insurer has looked
    given it was taken back                   -> silence approves nothing of what is held in the look
    given another was taken back since        -> the look ends later
    given silence approved it, and an appeal raised it -> silence approves by its cap again, before and after
    given a second policy paid too            -> each is reversed, the second first; else reverts ClaimSettled
    """

    def test_reverts_given_the_visit_stands(self, visit, insurance, reverts):
        with reverts("VisitStands", visit=visit.id):
            insurance.reverse(visit)

    def test_reverts_given_another_dossier(self, visit, registry, insurance, reverts):
        dossier = insurance.dossier_of(visit)
        registry.void(visit)
        for change in ({"deductible": 0}, {"counted": dossier.counted + 1}, {"unattested": 0}, {"visits": 0}):
            with reverts("AnotherDossier", visit=visit.id):
                insurance._send("reverse", replace(dossier, **change))
        insurance._send("reverse", dossier)
        with reverts("AnotherDossier", visit=visit.id):
            insurance._send("reverse", dossier)

    @pytest.mark.parametrize("seconds", [-1, 0, 1])
    def test_needs_no_void_of_a_provider_without_trust(self, world, insured, visit, insurance, seconds, reverts):
        at = insurance.claim_of(visit).changed_at
        amount = insurance.claim_of(visit).amount
        world.chain.mine(seconds=60)
        world.acting_as("authority").accreditation.compromise(world.hospital, Role.HOSPITAL, since=at + seconds)
        if seconds > 0:
            with reverts("VisitStands", visit=visit.id):
                insurance.reverse(visit)
            return
        assert insurance.reverse(visit).event("ClaimReversed").values["reclaimed"] == amount
        assert insurance.totals_of(visit.policy) == Totals()
        assert world.suite.pool.receivable_of(world.insurer, world.hospital) == amount
        assert insurance.claim_of(visit).status is ClaimStatus.PENDING
        with reverts("NotAccredited", organisation=world.hospital, role=Role.HOSPITAL):
            insurance.settle(visit)

    def test_takes_everything_back(self, world, insured, visit, registry, insurance):
        amount = insurance.claim_of(visit).amount
        assert insurance.totals_of(visit.policy) == Totals(10 * COIN, 50 * COIN, amount, amount)
        registry.void(visit)
        receipt = insurance.reverse(visit)
        assert receipt.event("ClaimReversed").values == {
            "visit": visit.id,
            "policy": visit.policy,
            "reclaimed": amount,
            "counted": dict.fromkeys(("deductibleMet", "outOfPocketMet", "planPaid", "unattested"), 0),
        }
        pair = keccak256(visit.policy + visit.provider)
        told = {"insurer": world.insurer, "subject": pair, "until": receipt.at + 30 * DAY}
        assert receipt.event("HoldPlaced").values == told
        assert insurance.totals_of(visit.policy) == Totals()
        assert insurance.claim_of(visit).status is ClaimStatus.PENDING
        assert insured.balance("hospital") == amount
        world.acting_as("insurer").insurance.hold(world.insurer, pair, 0)
        again = [insured.visit(number, Line(Benefit.PRIMARY_CARE, 1, 100 * COIN)) for number in (1, 2, 3)]
        for one in again:
            insured.record(one)
        assert [insurance.claim_of(one).status for one in again] == [ClaimStatus.PAID] * 3
        assert [insurance.explain(one).outcomes[0].units for one in again] == [1, 1, 1]

    def test_leaves_exactly_what_others_counted(self, world, registry, insurance):
        with_it = insure(world, deductible=150 * COIN)
        first, middle, last = (with_it.visit(number, *LINES) for number in range(3))
        for one in (first, middle, last):
            with_it.record(one)
        dossiers = [insurance.dossier_of(one) for one in (first, last)]
        registry.void(middle)
        insurance.reverse(middle)
        paid = sum(insurance.claim_of(one).amount for one in (first, last))
        assert insurance.totals_of(first.policy) == Totals(
            sum(one.deductible for one in dossiers), sum(one.out_of_pocket for one in dossiers), paid, paid
        )

    def test_frees_what_was_set_aside(self, world, registry, insurance):
        insured = insure(world, automatic_up_to=0)
        visit = insured.visit()
        insured.record(visit)
        assert insured.free == 10_000 * COIN - PAYS
        registry.void(visit)
        assert insurance.reverse(visit).event("ClaimReversed").values["reclaimed"] == 0
        assert insured.free == 10_000 * COIN
        assert insurance.totals_of(visit.policy) == Totals()

    @pytest.mark.parametrize("is_denied", [True, False])
    def test_changes_nothing_of_what_was_not_paid(self, world, registry, insurance, is_denied):
        insured = insure(world, automatic_up_to=0)
        visit = insured.visit(0, served_at=0) if is_denied else insured.visit()
        insured.record(visit)
        if not is_denied:
            world.acting_as("insurer").insurance.decide(visit, world.insurer, 0)
        registry.void(visit)
        assert insurance.reverse(visit).event("ClaimReversed").values["reclaimed"] == 0
        assert insurance.claim_of(visit).status is ClaimStatus.PENDING
        assert insurance.totals_of(visit.policy) == Totals()

    def test_takes_the_interest_back_too(self, world, insured, visit, registry, insurance):
        world.acting_as("hospital").insurance.appeal(visit)
        days_later(world, 5)
        world.acting_as("insurer").insurance.decide(visit, world.insurer, 200 * COIN)
        received = insured.balance("hospital")
        assert received > 200 * COIN
        registry.void(visit)
        assert insurance.reverse(visit).event("ClaimReversed").values["reclaimed"] == received

    def test_lets_a_correction_be_decided(self, insured, visit, registry, insurance, reverts):
        registry.void(visit)
        corrected = replace(visit, lines=(VISIT_LINE,))
        insured.record(corrected)
        with reverts("ClaimSettled", visit=corrected.id, status=ClaimStatus.PAID):
            insurance.settle(corrected)
        insurance.reverse(visit)
        insurance.settle(corrected)
        claim = insurance.claim_of(corrected)
        assert (claim.status, claim.reason, claim.amount) == (ClaimStatus.HELD, Reason.ON_HOLD, 70 * COIN)

    @pytest.mark.parametrize(
        ("seconds", "status"), [(-60, ClaimStatus.HELD), (0, ClaimStatus.PAID), (60, ClaimStatus.PAID)]
    )
    def test_looks_at_what_comes_next(self, world, insured, visit, registry, insurance, seconds, status):
        registry.void(visit)
        until = insurance.reverse(visit).at + 30 * DAY
        world.chain.travel(until + seconds)
        again = insured.visit(1, served_at=until - DAY)
        insured.record(again)
        assert insurance.claim_of(again).status is status

    def test_looks_at_nothing_else(self, world, insured, visit, registry, insurance):
        registry.void(visit)
        insurance.reverse(visit)
        policy, member = second_policy(insured, attestation_above=1_000 * COIN)
        of_another = insured.visit(1, policy=policy.id, member=member.address)
        insured.record(of_another)
        by_another = insured.visit(2, provider=world.clinic)
        insured.record(by_another, by="clinic")
        for one in (of_another, by_another):
            assert insurance.claim_of(one).reason is Reason.COVERED

    def test_lets_what_waits_go(self, world, registry, insurance):
        insured = insure(world, funds=PAYS // 2)
        visits = [insured.visit(number) for number in range(2)]
        for one in visits:
            insured.record(one)
        registry.void(visits[0])
        receipt = insurance.reverse(visits[0])
        waited = {"insurer": world.insurer, "payee": world.hospital}
        assert told_by_pool(world, "PaymentLeft", receipt) == {**waited, "round": 1, "amount": PAYS}
        assert told_by_pool(world, "ReceivableChanged", receipt) == {**waited, "amount": 0}
        assert receipt.event("ClaimReversed").values["reclaimed"] == PAYS
        account = world.suite.pool.account_of(world.insurer)
        assert (account.free, account.waiting) == (PAYS // 2, PAYS)

    def test_lets_what_waits_go_after_an_appeal(self, world, registry, insurance):
        insured = insure(world, funds=0)
        visit = insured.visit()
        insured.record(visit)
        world.acting_as("hospital").insurance.appeal(visit)
        registry.void(visit)
        insurance.reverse(visit)
        account = world.suite.pool.account_of(world.insurer)
        assert (account.free, account.waiting) == (0, 0)
        assert world.suite.pool.waits_of(world.insurer, world.hospital) == []
        assert world.suite.pool.receivable_of(world.insurer, world.hospital) == 0

    def test_lets_another_wait_on(self, world, registry, insurance):
        insured = insure(world, funds=PAYS)
        paid, waiting = insured.visit(0), insured.visit(1)
        for one in (paid, waiting):
            insured.record(one)
        registry.void(paid)
        insurance.reverse(paid)
        assert insurance.claim_of(waiting).status is ClaimStatus.APPROVED
        assert world.suite.pool.account_of(world.insurer).waiting == PAYS
        assert world.suite.pool.receivable_of(world.insurer, world.hospital) == PAYS

    def test_leaves_the_debt_of_what_was_paid_meanwhile(self, world, registry, insurance):
        insured = insure(world, funds=0)
        visit = insured.visit()
        insured.record(visit)
        fund(world, PAYS)
        world.acting_as("relayer").pool.draw(world.insurer, world.hospital, 1)
        assert insured.balance("hospital") == PAYS
        by_another = insured.visit(1, provider=world.clinic)
        insured.record(by_another, by="clinic")
        registry.void(visit)
        insurance.reverse(visit)
        assert world.suite.pool.receivable_of(world.insurer, world.hospital) == PAYS
        account = world.suite.pool.account_of(world.insurer)
        assert (account.free, account.waiting) == (0, PAYS)

    @pytest.mark.parametrize("is_raised", [False, True])
    def test_frees_what_silence_may_approve(self, world, registry, insurance, is_raised):
        insured = insure(world, automatic_up_to=0, deemed_up_to=PAYS)
        first, again = insured.visit(0), insured.visit(1)
        insured.record(first)
        days_later(world, TERMS.decide_days)
        insurance.decide(first, world.hospital, 0)
        if is_raised:
            world.acting_as("hospital").insurance.appeal(first)
            world.acting_as("insurer").insurance.decide(first, world.insurer, 100 * COIN)
        else:
            registry.void(first)
            insurance.reverse(first)
            pair = keccak256(first.policy + first.provider)
            world.acting_as("insurer").insurance.hold(world.insurer, pair, world.chain.now() + 30 * DAY)
        insured.record(again)
        days_later(world, TERMS.decide_days)
        insurance.decide(again, world.hospital, 0)
        claim = insurance.claim_of(again)
        assert (claim.status, claim.reason, claim.amount) == (ClaimStatus.PAID, Reason.DEEMED_APPROVED, PAYS)
        if is_raised:
            registry.void(first)
            insurance.reverse(first)
            assert insurance.claim_of(again).amount == insurance.totals_of(insured.policy.id).plan_paid == PAYS

    @pytest.mark.parametrize("is_again", [False, True])
    @pytest.mark.parametrize(("seconds", "amount"), [(-60, 0), (0, PAYS), (60, PAYS)])
    def test_lets_silence_approve_nothing_in_the_look(self, world, registry, insurance, is_again, seconds, amount):
        insured = insure(world, automatic_up_to=0, filing_days=366)
        visit = insured.visit()
        for days in (0, 5)[: 1 + is_again]:
            days_later(world, days)
            insured.record(visit)
            registry.void(visit)
            until = insurance.reverse(visit).at + 30 * DAY
        world.chain.travel(until + seconds)
        insured.record(visit)
        days_later(world, TERMS.decide_days)
        insurance.decide(visit, world.hospital, PAYS)
        claim = insurance.claim_of(visit)
        status = ClaimStatus.PAID if amount else ClaimStatus.DENIED
        assert (claim.status, claim.reason, claim.amount) == (status, Reason.DEEMED_APPROVED, amount)
        assert insurance.totals_of(visit.policy).plan_paid == insured.balance("hospital") == amount
        world.acting_as("hospital").insurance.appeal(visit)
        world.acting_as("insurer").insurance.decide(visit, world.insurer, PAYS)
        assert insurance.totals_of(visit.policy).plan_paid == PAYS

    def test_reverses_each_policy_by_itself(self, world, insured, visit, registry, insurance, reverts):
        policy, member = second_policy(insured)
        coordinate(insured, visit, policy, member)
        first, second = insurance.claim_of(visit).amount, insurance.claim_of(visit, policy=policy.id).amount
        assert second > 0
        registry.void(visit)
        with reverts("ClaimSettled", visit=visit.id, status=ClaimStatus.PAID):
            insurance.reverse(visit)
        assert insurance.reverse(visit, policy=policy.id).event("ClaimReversed").values["reclaimed"] == second
        assert insurance.totals_of(policy.id) == Totals()
        assert insurance.totals_of(visit.policy).plan_paid == first
        assert insurance.reverse(visit).event("ClaimReversed").values["reclaimed"] == first
