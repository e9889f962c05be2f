"""InsuranceClaims: what is flagged waits for the insurer, for so long and no longer; silence approves up to a cap."""

from __future__ import annotations

from dataclasses import replace

import pytest

from medtrust.accreditation import Role
from medtrust.adjudication import Benefit, Line, Reason, Totals
from medtrust.explanation import ClaimStatus
from medtrust.insurance import Claim
from tests.insurance_world import COIN, DAY, LABORATORY, PAYS, PRIMARY, TERMS, Insured, days_later, insure

LABORATORY_LINE = Line(Benefit.LABORATORY, 1, 50 * COIN)
EXCLUDING = (
    replace(PRIMARY, excludes=1 << Benefit.LABORATORY),
    replace(LABORATORY, excludes=1 << Benefit.PRIMARY_CARE),
)


@pytest.fixture
def insured(world) -> Insured:
    """A plan that pays nothing without a look."""
    return insure(world, automatic_up_to=0)


@pytest.fixture
def insurance(world):
    """The contract as the insurer calls it."""
    return world.acting_as("insurer").insurance


@pytest.fixture
def visit(insured):
    """A visit that is held."""
    found = insured.visit()
    insured.record(found)
    return found


class TestHold:
    """
    when caller does not act for the insurer  -> reverts NotAuthorised
    when it lasts 30 days, one second more    -> holds, reverts HoldTooLong
    when it is placed                         -> emits HoldPlaced
    given a hold on the policy, on the provider -> the claim is HELD
    given a hold that ended, or on others     -> the claim is paid
    given the hold of another insurer         -> the claim is paid
    """

    def test_reverts_when_caller_is_not_the_insurer(self, world, hospital, reverts):
        with reverts("NotAuthorised", organisation=world.insurer, signer=hospital.address, role=Role.INSURER):
            world.acting_as("hospital").insurance.hold(world.insurer, world.hospital, 0)

    def test_reverts_when_it_lasts_too_long(self, world, insurance, reverts):
        latest = world.chain.now() + 30 * DAY
        with reverts("HoldTooLong"):
            insurance.hold(world.insurer, world.hospital, latest + 60)
        receipt = insurance.hold(world.insurer, world.hospital, latest)
        told = {"insurer": world.insurer, "subject": world.hospital, "until": latest}
        assert receipt.event("HoldPlaced").values == told

    @pytest.mark.parametrize("is_policy", [True, False])
    def test_holds_what_is_recorded_meanwhile(self, world, insurance, is_policy):
        insured = insure(world)
        subject = insured.policy.id if is_policy else world.hospital
        insurance.hold(world.insurer, subject, world.chain.now() + DAY)
        visit = insured.visit()
        insured.record(visit)
        assert insurance.claim_of(visit).reason is Reason.ON_HOLD
        days_later(world, 1)
        after = insured.visit(1)
        insured.record(after)
        assert insurance.claim_of(after).status is ClaimStatus.PAID
        assert insurance.claim_of(visit).status is ClaimStatus.HELD

    def test_pays_what_others_hold(self, world, insurance):
        insured = insure(world)
        insurance.hold(world.insurer, world.clinic, world.chain.now() + DAY)
        visit = insured.visit()
        insured.record(visit)
        assert insurance.claim_of(visit).status is ClaimStatus.PAID


class TestFlags:
    """
    when it is just, one unit more than what is automatic for the day -> paid, HELD; the money is set aside; it counts
    when it is above what is automatic with another of the day -> HELD; of another day -> paid
    when it is the last, one more of the provider's visits of a day -> paid, HELD; of another day -> paid
    when benefits exclude each other in one visit, in two, in either order -> HELD; on two days -> paid
    when nothing is to be paid                -> PAID nothing, whatever is flagged
    """

    def test_holds_above_what_is_automatic(self, world, insurance):
        insured = insure(world, automatic_up_to=PAYS - 1)
        visit = insured.visit()
        receipt = insured.record(visit)
        assert insurance.claim_of(visit) == Claim(ClaimStatus.HELD, Reason.ABOVE_AUTOMATIC, 0, receipt.at, PAYS)
        assert insured.free == 10_000 * COIN - PAYS
        assert insured.balance("hospital") == 0
        assert insurance.totals_of(insured.policy.id) == Totals(0, 20 * COIN, PAYS, PAYS)

    def test_pays_just_what_is_automatic_for_a_day(self, world, insurance):
        insured = insure(world, automatic_up_to=PAYS)
        first, second = insured.visit(0), insured.visit(1)
        other_day = replace(insured.visit(2), served_at=first.served_at - 1)
        for visit in (first, second, other_day):
            insured.record(visit)
        statuses = [insurance.claim_of(visit).status for visit in (first, second, other_day)]
        assert statuses == [ClaimStatus.PAID, ClaimStatus.HELD, ClaimStatus.PAID]

    def test_holds_a_visit_too_many_for_a_day(self, world, insurance):
        insured = insure(world, visits_per_day=1)
        first, second = insured.visit(0), insured.visit(1)
        other_day = replace(insured.visit(2), served_at=first.served_at - 1)
        for visit in (first, second, other_day):
            insured.record(visit)
        reasons = [insurance.claim_of(visit).reason for visit in (first, second, other_day)]
        assert reasons == [Reason.COVERED, Reason.IMPOSSIBLE_DAY, Reason.COVERED]

    @pytest.mark.parametrize("lines", [(PRIMARY, LABORATORY), (LABORATORY, PRIMARY)])
    def test_holds_what_excludes_each_other(self, world, insurance, lines):
        insured = insure(world, benefits=EXCLUDING)
        one, other = (Line(benefit.benefit, 1, 50 * COIN) for benefit in lines)
        first, second = insured.visit(0, one), insured.visit(1, other)
        other_day = replace(insured.visit(2, one), served_at=first.served_at - 1)
        both = replace(insured.visit(3, one, other), served_at=first.served_at - 1 - DAY)
        for visit in (first, second, other_day, both):
            insured.record(visit)
        reasons = [insurance.claim_of(visit).reason for visit in (first, second, other_day, both)]
        assert reasons == [Reason.COVERED, Reason.EXCLUDED_PAIR, Reason.COVERED, Reason.EXCLUDED_PAIR]

    def test_pays_nothing_whatever_is_flagged(self, insured, insurance):
        visit = insured.visit(0, Line(Benefit.IMAGING, 1, 70 * COIN))
        insured.record(visit)
        assert insurance.claim_of(visit).status is ClaimStatus.PAID


class TestDecide:
    """
    given a claim that is paid                -> reverts ClaimSettled
    given an older dossier, or one that was never told -> reverts AnotherDossier
    when another organisation decides         -> reverts NotTheInsurer
    when caller does not act for the insurer  -> reverts NotAuthorised
    when it is more than is asked             -> reverts AmountOutOfRange
    given a provider that lost its trust      -> reverts UnknownVisit; may be refused
    when it is approved                       -> pays; emits ClaimDecided and ClaimPaid
    when it is lowered                        -> pays so much; the rest is free and not counted
    when it is refused                        -> pays nothing; all is free, and nothing counted
    when the last second is over              -> anyone: pays up to the cap, whatever the caller says
    given silence approved others of its day  -> pays what the cap leaves; a claim of another day is as it was
    given it was lowered                      -> what it no longer pays does not count for its day
    """

    def test_reverts_given_it_is_paid(self, world, insurance, reverts):
        insured = insure(world)
        visit = insured.visit()
        insured.record(visit)
        with reverts("ClaimSettled", visit=visit.id, status=ClaimStatus.PAID):
            insurance.decide(visit, world.insurer, 0)

    def test_reverts_given_another_dossier(self, world, insurance, visit, reverts):
        dossier = insurance.dossier_of(visit)
        with reverts("AnotherDossier", visit=visit.id):
            insurance._send("decide", replace(dossier, allowed=dossier.allowed + 1), world.insurer, PAYS)
        insurance.decide(visit, world.insurer, 1)
        with reverts("AnotherDossier", visit=visit.id):
            insurance._send("decide", dossier, world.insurer, PAYS)

    def test_reverts_when_another_decides(self, world, insurance, visit, hospital, reverts):
        with reverts("NotTheInsurer", organisation=world.hospital):
            world.acting_as("hospital").insurance.decide(visit, world.hospital, PAYS)
        with reverts("NotAuthorised", organisation=world.insurer, signer=hospital.address, role=Role.INSURER):
            world.acting_as("hospital").insurance.decide(visit, world.insurer, PAYS)

    def test_reverts_when_it_is_more_than_is_asked(self, world, insurance, visit, reverts):
        with reverts("AmountOutOfRange", amount=PAYS + 1, least=0, most=PAYS):
            insurance.decide(visit, world.insurer, PAYS + 1)

    def test_may_only_be_refused_given_a_provider_without_trust(self, world, insured, insurance, visit, reverts):
        at = world.suite.visits.entry_of(visit.nullifier).recorded_at
        world.acting_as("authority").accreditation.compromise(world.hospital, Role.HOSPITAL, since=at)
        with reverts("UnknownVisit", visit=visit.id):
            insurance.decide(visit, world.insurer, 1)
        insurance.decide(visit, world.insurer, 0)
        assert insured.free == 10_000 * COIN

    def test_pays_what_is_approved(self, world, insured, insurance, visit):
        salt = insurance.dossier_of(visit).salt
        receipt = insurance.decide(visit, world.insurer, PAYS)
        assert insurance.claim_of(visit) == Claim(ClaimStatus.PAID, Reason.REVIEWED, 0, receipt.at, PAYS)
        told = receipt.event("ClaimDecided").values
        assert (told["visit"], told["policy"], told["organisation"]) == (visit.id, visit.policy, world.insurer)
        assert (told["reason"], told["amount"], told["counted"]["planPaid"]) == (Reason.REVIEWED, PAYS, PAYS)
        assert told["dossier"]["decidedAt"] == receipt.at
        assert told["dossier"]["salt"] not in (salt, bytes(32))
        assert receipt.event("ClaimPaid").values == {
            "visit": visit.id,
            "policy": visit.policy,
            "provider": world.hospital,
            "amount": PAYS,
            "status": ClaimStatus.PAID,
        }
        assert insured.balance("hospital") == PAYS
        assert insured.balance("clinic") == 0

    def test_pays_less_when_it_is_lowered(self, world, insured, insurance, visit):
        insurance.decide(visit, world.insurer, 30 * COIN)
        assert insurance.claim_of(visit).amount == insured.balance("hospital") == 30 * COIN
        assert insured.free == 10_000 * COIN - 30 * COIN
        assert insurance.totals_of(visit.policy) == Totals(0, 20 * COIN, 30 * COIN, 30 * COIN)

    def test_counts_nothing_when_it_is_refused(self, world, insured, insurance, visit):
        receipt = insurance.decide(visit, world.insurer, 0)
        assert insurance.claim_of(visit) == Claim(ClaimStatus.DENIED, Reason.REVIEWED, 0, receipt.at, 0)
        assert (insured.free, insured.balance("hospital")) == (10_000 * COIN, 0)
        assert insurance.totals_of(visit.policy) == Totals()

    @pytest.mark.parametrize("seconds", [-60, 0, 60])
    def test_is_deemed_approved_when_the_insurer_is_silent(self, world, seconds, stranger, reverts):
        insured = insure(world, automatic_up_to=0, deemed_up_to=50 * COIN)
        visit = insured.visit()
        recorded = insured.record(visit).at
        anyone = world.acting_as(stranger).insurance
        world.chain.travel(recorded + TERMS.decide_days * DAY + seconds)
        if seconds < 0:
            with reverts("NotTheInsurer", organisation=world.clinic):
                anyone.decide(visit, world.clinic, 0)
            return
        receipt = anyone.decide(visit, world.clinic, 0)
        claim = Claim(ClaimStatus.PAID, Reason.DEEMED_APPROVED, 0, receipt.at, 50 * COIN)
        assert anyone.claim_of(visit) == claim
        assert receipt.event("ClaimDecided").values["organisation"] == bytes(32)
        assert insured.balance("hospital") == 50 * COIN
        assert insured.free == 10_000 * COIN - 50 * COIN

    def test_is_deemed_approved_within_one_cap_a_day(self, world, insurance):
        insured = insure(world, automatic_up_to=0, deemed_up_to=100 * COIN)
        visits = [insured.visit(number) for number in range(3)]
        other_day = insured.visit(3, served_at=visits[0].served_at + DAY)
        for one in (*visits, other_day):
            insured.record(one)
        insurance.decide(visits[0], world.insurer, 70 * COIN)
        days_later(world, TERMS.decide_days)
        for one in (visits[1], visits[2], other_day):
            insurance.decide(one, world.insurer, 0)
        amounts = [insurance.claim_of(one).amount for one in (*visits, other_day)]
        assert amounts == [70 * COIN, PAYS, 20 * COIN, PAYS]
        assert insurance.totals_of(insured.policy.id).plan_paid == sum(amounts) == insured.balance("hospital")

    @pytest.mark.parametrize(
        ("amount", "status"),
        [(40 * COIN - 1, ClaimStatus.PAID), (40 * COIN, ClaimStatus.PAID), (40 * COIN + 1, ClaimStatus.HELD)],
    )
    def test_counts_for_its_day_what_it_pays(self, world, insurance, amount, status):
        insured = insure(world, automatic_up_to=40 * COIN + PAYS)
        insurance.hold(world.insurer, insured.policy.id, world.chain.now() + DAY)
        first, second = insured.visit(0), insured.visit(1)
        insured.record(first)
        insurance.decide(first, world.insurer, amount)
        assert insurance.dossier_of(first).plan_paid == amount
        insurance.hold(world.insurer, insured.policy.id, 0)
        insured.record(second)
        assert insurance.claim_of(second).status is status
