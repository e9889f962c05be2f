"""InsuranceClaims: a decision is appealed to the insurer, then to a reviewer of neither side, with interest."""

from __future__ import annotations

from dataclasses import replace

import pytest

from medtrust.accreditation import Role
from medtrust.adjudication import UNLIMITED, Benefit, Line, Reason, Totals
from medtrust.explanation import ClaimStatus
from tests.insurance_world import (
    COIN,
    DAY,
    PAYS,
    PRIMARY,
    TERMS,
    Insured,
    appoint_foreign_reviewer,
    appoint_reviewer,
    days_later,
    insure,
)
from tests.world import FAR

YEAR = 365 * DAY


@pytest.fixture
def insured(world) -> Insured:
    return insure(world, automatic_up_to=0)


@pytest.fixture
def insurance(world):
    """The contract as the insurer calls it."""
    return world.acting_as("insurer").insurance


@pytest.fixture
def appellant(world):
    """The contract as the provider calls it."""
    return world.acting_as("hospital").insurance


@pytest.fixture
def visit(world, insured, insurance):
    """A visit that the insurer refused."""
    found = insured.visit()
    insured.record(found)
    insurance.decide(found, world.insurer, 0)
    return found


class TestAppeal:
    """
    given a claim that is held                -> reverts NotDecided
    when caller does not act for the provider -> reverts NotAuthorised
    when the signature is not the member's, or of another level -> reverts InvalidSignature
    when it is the last second, one later     -> appeals, reverts NotAppealable
    when the provider, or the member with whoever brings it, appeals -> emits ClaimAppealed; nothing is paid
    given the insurer has its days            -> reverts NotAppealable; after them it goes on to a reviewer
    given it was appealed twice               -> reverts AppealsExhausted
    """

    def test_reverts_given_it_is_held(self, insured, appellant, reverts):
        visit = insured.visit(1)
        insured.record(visit)
        with reverts("NotDecided", visit=visit.id, status=ClaimStatus.HELD):
            appellant.appeal(visit)

    def test_reverts_when_caller_is_not_the_provider(self, world, visit, attacker, reverts):
        with reverts("NotAuthorised", organisation=world.hospital, signer=attacker.address):
            world.acting_as("attacker").insurance.appeal(visit)

    def test_reverts_when_the_signature_is_not_good(self, world, insured, visit, appellant, reverts):
        signature = world.acting_as(insured.member).insurance.sign_appeal(visit)
        with reverts("InvalidSignature", signer=insured.member.address):
            appellant.appeal(visit, signature=bytes(65))
        appellant.appeal(visit, signature=signature)
        days_later(world, TERMS.decide_days)
        with reverts("InvalidSignature", signer=insured.member.address):
            appellant.appeal(visit, signature=signature)

    @pytest.mark.parametrize("seconds", [-60, 0, 60])
    def test_is_possible_within_the_plans_days(self, world, visit, appellant, seconds, reverts):
        decided = appellant.claim_of(visit).changed_at
        world.chain.travel(decided + TERMS.appeal_days * DAY + seconds)
        if seconds < 0:
            appellant.appeal(visit)
            assert appellant.claim_of(visit).status is ClaimStatus.APPEALED
            return
        with reverts("NotAppealable", **{"from": decided, "until": decided + TERMS.appeal_days * DAY}):
            appellant.appeal(visit)

    @pytest.mark.parametrize("is_member", [True, False])
    def test_waits_for_the_insurer(self, world, insured, visit, is_member, appellant):
        member = world.acting_as(insured.member).insurance
        signature = member.sign_appeal(visit) if is_member else b""
        bringing = world.acting_as("relayer").insurance if is_member else appellant
        receipt = bringing.appeal(visit, signature=signature)
        assert receipt.event("ClaimAppealed").values == {
            "visit": visit.id,
            "policy": visit.policy,
            "level": 1,
            "isByMember": is_member,
        }
        claim = member.claim_of(visit)
        assert (claim.status, claim.appeals, claim.changed_at) == (ClaimStatus.APPEALED, 1, receipt.at)
        assert insured.balance("hospital") == 0

    def test_goes_on_to_a_reviewer_when_the_insurer_is_silent(self, world, visit, appellant, reverts):
        at = appellant.appeal(visit).at
        deadline = at + TERMS.decide_days * DAY
        with reverts("NotAppealable", **{"from": deadline, "until": deadline + TERMS.appeal_days * DAY}):
            appellant.appeal(visit)
        world.chain.travel(deadline)
        assert appellant.appeal(visit).event("ClaimAppealed").values["level"] == 2
        assert appellant.claim_of(visit).status is ClaimStatus.ESCALATED

    def test_reverts_given_it_was_appealed_twice(self, world, visit, appellant, insurance, reverts):
        appellant.appeal(visit)
        insurance.decide(visit, world.insurer, 0)
        appellant.appeal(visit)
        appoint_reviewer(world, world.carrier, "carrier").insurance.decide(visit, world.carrier, 0)
        with reverts("AppealsExhausted", visit=visit.id):
            appellant.appeal(visit)


class TestAnswer:
    """
    when the insurer's last second is over    -> reverts DecisionTooLate
    when it is less than was paid, more than is allowed, more than the limit leaves -> reverts AmountOutOfRange
    when the insurer leaves it                -> it stands as it did; nothing is paid
    when the insurer raises it                -> pays the rest and 10 % a year on it; emits ClaimDecided; counts it
    """

    @pytest.mark.parametrize("seconds", [-60, 0])
    def test_reverts_when_it_is_late(self, world, visit, appellant, insurance, seconds, reverts):
        deadline = appellant.appeal(visit).at + TERMS.decide_days * DAY
        world.chain.travel(deadline + seconds)
        if seconds < 0:
            insurance.decide(visit, world.insurer, PAYS)
            assert insurance.claim_of(visit).amount == PAYS
            return
        with reverts("DecisionTooLate", until=deadline):
            insurance.decide(visit, world.insurer, PAYS)

    def test_reverts_when_the_amount_is_out_of_range(self, world, insured, insurance, appellant, reverts):
        visit = insured.visit(1)
        insured.record(visit)
        insurance.decide(visit, world.insurer, 30 * COIN)
        appellant.appeal(visit)
        for amount in (30 * COIN - 1, 100 * COIN + 1):
            with reverts("AmountOutOfRange", amount=amount, least=30 * COIN, most=100 * COIN):
                insurance.decide(visit, world.insurer, amount)

    def test_reverts_when_it_is_more_than_the_limit_leaves(self, world, insurance, appellant, reverts):
        insured = insure(world, automatic_up_to=0, annual_limit=PAYS)
        visit = insured.visit()
        insured.record(visit)
        insurance.decide(visit, world.insurer, 30 * COIN)
        appellant.appeal(visit)
        with reverts("AmountOutOfRange", amount=PAYS + 1, least=30 * COIN, most=PAYS):
            insurance.decide(visit, world.insurer, PAYS + 1)

    def test_leaves_it_as_it_was(self, world, insured, visit, insurance, appellant):
        appellant.appeal(visit)
        receipt = insurance.decide(visit, world.insurer, 0)
        claim = insurance.claim_of(visit)
        assert (claim.status, claim.reason, claim.amount) == (ClaimStatus.DENIED, Reason.REVIEWED, 0)
        assert receipt.event("ClaimPaid").values["amount"] == 0
        assert insured.free == 10_000 * COIN

    def test_pays_the_rest_with_interest(self, world, insured, visit, insurance, appellant):
        decided = insurance.claim_of(visit).changed_at
        appellant.appeal(visit)
        days_later(world, 10)
        receipt = insurance.decide(visit, world.insurer, PAYS)
        interest = PAYS * 1_000 * (receipt.at - decided) // (10_000 * YEAR)
        assert interest > 0
        assert insured.balance("hospital") == PAYS + interest
        assert receipt.event("ClaimPaid").values["amount"] == PAYS + interest
        told = receipt.event("ClaimDecided").values
        assert (told["reason"], told["amount"], told["dossier"]["interest"]) == (Reason.OVERTURNED, PAYS, interest)
        assert insurance.claim_of(visit).status is ClaimStatus.PAID
        assert insurance.totals_of(visit.policy) == Totals(0, 0, PAYS, 0)
        assert insured.balance("clinic") == 0


class TestInterest:
    """given an amount of 96 bits -> interest takes up to what 96 bits hold beside it; nothing is cut off"""

    def test_ends_at_what_fits(self, world):
        free = replace(PRIMARY, fee=UNLIMITED, copay=0)
        insured = insure(world, funds=0, automatic_up_to=0, attestation_above=UNLIMITED, benefits=(free,))
        visit = insured.visit(0, Line(Benefit.PRIMARY_CARE, 1, UNLIMITED))
        insured.record(visit)
        insurance = world.acting_as("insurer").insurance
        insurance.decide(visit, world.insurer, 0)
        world.acting_as("hospital").insurance.appeal(visit)
        days_later(world, 5)
        receipt = insurance.decide(visit, world.insurer, UNLIMITED - 1)
        assert receipt.event("ClaimPaid").values["amount"] == UNLIMITED
        assert receipt.event("ClaimDecided").values["dossier"]["interest"] == 1
        assert world.suite.pool.account_of(world.insurer).waiting == UNLIMITED


class TestReview:
    """
    when caller is no accredited reviewer     -> reverts NotAuthorised
    when the reviewer's signer signs, or signed, for the insurer or the provider -> reverts NotIndependent
    when one of these names it as its signer after the appeal -> decides all the same
    when the reviewer shares its administrator with a side, or the signer administers one -> reverts NotIndependent
    when the reviewer is of another jurisdiction -> reverts NotIndependent
    when the insurer answers in its place     -> reverts NotAuthorised
    when a reviewer raises it                 -> pays the rest with interest; it is closed
    """

    @pytest.fixture
    def escalated(self, world, visit, insurance, appellant):
        return self.escalate(world, visit, insurance, appellant)

    @staticmethod
    def escalate(world, visit, insurance, appellant):
        appellant.appeal(visit)
        insurance.decide(visit, world.insurer, 0)
        appellant.appeal(visit)
        return visit

    def test_reverts_when_caller_is_no_reviewer(self, world, escalated, insurance, insurer, stranger, reverts):
        with reverts("NotAuthorised", organisation=world.carrier, signer=stranger.address, role=Role.REVIEWER):
            world.acting_as(stranger).insurance.decide(escalated, world.carrier, PAYS)
        with reverts("NotAuthorised", organisation=world.insurer, signer=insurer.address, role=Role.REVIEWER):
            insurance.decide(escalated, world.insurer, 0)

    @pytest.mark.parametrize("side", ["insurer", "hospital"])
    def test_reverts_when_the_reviewer_signs_for_a_side(self, world, escalated, side, reverts):
        account = world.account(side)
        reviewer = appoint_reviewer(world, world.carrier, "carrier", account)
        with reverts("NotIndependent", reviewer=world.carrier, signer=account.address):
            reviewer.insurance.decide(escalated, world.carrier, PAYS)

    def test_reverts_when_the_reviewer_signed_for_a_side_once(
        self, world, visit, insurance, appellant, stranger, reverts
    ):
        insurer = world.acting_as("insurer").accreditation
        insurer.add_signer(world.insurer, stranger.address, Role.INSURER, until=FAR)
        insurer.remove_signer(world.insurer, stranger.address)
        escalated = self.escalate(world, visit, insurance, appellant)
        with reverts("NotIndependent", reviewer=world.carrier, signer=stranger.address):
            appoint_reviewer(world, world.carrier, "carrier").insurance.decide(escalated, world.carrier, PAYS)

    @pytest.mark.parametrize("side", ["insurer", "hospital"])
    def test_takes_a_reviewer_whom_a_side_names_since(self, world, insured, escalated, side, stranger):
        organisation, role = (world.insurer, Role.INSURER) if side == "insurer" else (world.hospital, Role.HOSPITAL)
        world.chain.mine(seconds=60)
        world.acting_as(side).accreditation.add_signer(organisation, stranger.address, role, until=FAR)
        appoint_reviewer(world, world.carrier, "carrier").insurance.decide(escalated, world.carrier, PAYS)
        claim = world.suite.insurance.claim_of(escalated)
        assert (claim.status, claim.amount) == (ClaimStatus.PAID, PAYS)

    @pytest.mark.parametrize("side", ["insurer", "hospital"])
    def test_reverts_when_who_administers_a_side_administers_the_reviewer(
        self, world, escalated, side, stranger, reverts
    ):
        world.acting_as("carrier").accreditation.change_admin(world.carrier, world.account(side).address)
        with reverts("NotIndependent", reviewer=world.carrier, signer=stranger.address):
            appoint_reviewer(world, world.carrier, side).insurance.decide(escalated, world.carrier, PAYS)

    @pytest.mark.parametrize("side", ["insurer", "hospital"])
    def test_reverts_when_the_signer_administers_a_side(self, world, escalated, side, stranger, reverts):
        organisation = world.insurer if side == "insurer" else world.hospital
        world.acting_as(side).accreditation.change_admin(organisation, stranger.address)
        with reverts("NotIndependent", reviewer=world.carrier, signer=stranger.address):
            appoint_reviewer(world, world.carrier, "carrier").insurance.decide(escalated, world.carrier, PAYS)

    def test_reverts_when_the_reviewer_is_foreign(self, world, escalated, stranger, reverts):
        foreign = appoint_foreign_reviewer(world)
        with reverts("NotIndependent", reviewer=foreign, signer=stranger.address):
            world.acting_as(stranger).insurance.decide(escalated, foreign, PAYS)

    def test_pays_what_a_reviewer_grants(self, world, insured, escalated, appellant, reverts):
        reviewer = appoint_reviewer(world, world.carrier, "carrier").insurance
        receipt = reviewer.decide(escalated, world.carrier, PAYS)
        assert receipt.event("ClaimDecided").values["organisation"] == world.carrier
        assert insured.balance("hospital") >= PAYS
        claim = reviewer.claim_of(escalated)
        assert (claim.status, claim.reason, claim.appeals) == (ClaimStatus.PAID, Reason.OVERTURNED, 2)
        with reverts("ClaimSettled", visit=escalated.id, status=ClaimStatus.PAID):
            reviewer.decide(escalated, world.carrier, 100 * COIN)
