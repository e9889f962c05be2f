"""InsuranceClaims: a second policy pays what the first left of what it allowed, if both pseudonyms sign."""

from __future__ import annotations

from dataclasses import replace

import pytest

from medtrust.adjudication import Benefit, Line, Reason, Totals
from medtrust.dossier import claim_key
from medtrust.explanation import ClaimStatus
from tests.insurance_world import (
    COIN,
    DAY,
    PAYS,
    TERMS,
    VISIT_LINE,
    Insured,
    agreed,
    appoint_reviewer,
    coordinate,
    days_later,
    insure,
    second_policy,
)

LINES = (VISIT_LINE, Line(Benefit.LABORATORY, 2, 100 * COIN))
"""Of which the plan allows 200 coins, pays 160, and leaves 40 to the member."""


@pytest.fixture
def insured(world) -> Insured:
    return insure(world)


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


class TestCoordinate:
    """
    given no such visit                       -> reverts UnknownVisit
    given no such policy                      -> reverts UnknownPolicy
    given the policy of the visit             -> reverts ClaimSettled
    when one of the members did not sign      -> reverts InvalidSignature
    when they signed for another policy       -> reverts InvalidSignature
    when they signed before it was recorded anew -> reverts InvalidSignature
    given the first is held                   -> reverts NotDecided
    given the first is not decided, before, at its last second -> reverts NotDecided, is TIMED_OUT
    given the first was appealed, before, at the end of the days for that -> reverts NotDecided, is closed as it was
    given a reviewer was asked, before, at the end of as many days -> reverts NotDecided, is closed as it was
    given a refused one was appealed          -> is closed as DENIED, and leaves everything
    given another dossier                     -> reverts AnotherDossier
    given the first paid a part               -> pays the rest of what it allowed; emits three events
    given the first paid all that it allowed  -> pays nothing
    given the first denied it                 -> pays as it would alone
    given it was done                         -> reverts ClaimSettled; the first can no longer be appealed
    given the second is above what is automatic -> is HELD, decided and appealed like a first one
    """

    def test_reverts_given_no_such_visit_or_policy(self, insured, visit, reverts):
        policy, member = second_policy(insured)
        other = insured.visit(5)
        with reverts("UnknownVisit", visit=other.id):
            coordinate(insured, other, policy, member)
        unknown = replace(policy, valid_until=policy.valid_until - 1)
        with reverts("UnknownPolicy", policy=unknown.id):
            coordinate(insured, visit, unknown, member)

    def test_reverts_given_the_policy_of_the_visit(self, insured, visit, reverts):
        with reverts("ClaimSettled", visit=visit.id):
            coordinate(insured, visit, insured.policy, insured.member)

    def test_reverts_when_a_member_did_not_sign(self, insured, visit, attacker, reverts):
        policy, member = second_policy(insured)
        with reverts("InvalidSignature", signer=insured.member.address):
            coordinate(replace(insured, member=attacker), visit, policy, member)
        with reverts("InvalidSignature", signer=member.address):
            coordinate(insured, visit, policy, attacker)

    def test_reverts_when_they_signed_for_another_policy(self, world, insured, visit, insurance, reverts):
        policy, member = second_policy(insured)
        other, _ = second_policy(insured, deductible=2)
        signatures = agreed(insured, visit, policy, member)
        with reverts("InvalidSignature", signer=insured.member.address):
            insurance.coordinate(visit, other.id, *signatures)

    def test_reverts_given_the_first_is_held(self, world, reverts):
        insured = insure(world, automatic_up_to=0)
        visit = insured.visit()
        insured.record(visit)
        with reverts("NotDecided", visit=visit.id, status=ClaimStatus.HELD):
            coordinate(insured, visit, *second_policy(insured))

    @pytest.mark.parametrize("seconds", [-60, 0])
    def test_waits_for_the_days_of_the_first(self, world, insurance, seconds, reverts):
        insured = insure(world, attestation_above=0)
        visit = insured.visit()
        at = insured.record(visit).at
        policy, member = second_policy(insured, deductible=0, waiting_days=9)
        world.chain.travel(at + TERMS.decide_days * DAY + seconds)
        if seconds < 0:
            with reverts("NotDecided", visit=visit.id, status=ClaimStatus.PENDING):
                coordinate(insured, visit, policy, member)
            return
        receipt = coordinate(insured, visit, policy, member)
        assert receipt.event("ClaimClosed").values["reason"] == Reason.TIMED_OUT
        claim = insurance.claim_of(visit)
        assert (claim.status, claim.reason, claim.appeals) == (ClaimStatus.DENIED, Reason.TIMED_OUT, 2)
        assert insured.balance("hospital") == PAYS

    def test_reverts_when_they_signed_before_it_was_recorded_anew(self, world, insured, visit, insurance, reverts):
        policy, member = second_policy(insured)
        signatures = agreed(insured, visit, policy, member)
        world.acting_as("hospital").visits.void(visit)
        world.chain.mine(seconds=60)
        insured.record(visit)
        with reverts("InvalidSignature", signer=insured.member.address):
            insurance.coordinate(visit, policy.id, *signatures)
        assert insurance.claim_of(visit).appeals == 0

    @pytest.mark.parametrize("level", [1, 2])
    @pytest.mark.parametrize("seconds", [-60, 0])
    def test_waits_for_an_appeal(self, world, insured, visit, insurance, level, seconds, reverts):
        policy, member = second_policy(insured)
        appealed = world.acting_as("hospital").insurance.appeal(visit).at
        if level == 2:
            days_later(world, TERMS.decide_days)
            appealed = world.acting_as("hospital").insurance.appeal(visit).at
        world.chain.travel(appealed + (TERMS.decide_days + TERMS.appeal_days) * DAY + seconds)
        if seconds < 0:
            status = ClaimStatus.APPEALED if level == 1 else ClaimStatus.ESCALATED
            with reverts("NotDecided", visit=visit.id, status=status):
                coordinate(insured, visit, policy, member)
            return
        receipt = coordinate(insured, visit, policy, member)
        assert receipt.event("ClaimClosed").values["reason"] == Reason.COVERED
        claim = insurance.claim_of(visit)
        assert (claim.status, claim.amount, claim.appeals) == (ClaimStatus.PAID, 160 * COIN, 2)
        assert insurance.claim_of(visit, policy=policy.id).amount == 40 * COIN
        assert insured.balance("hospital") == 200 * COIN
        appoint_reviewer(world, world.carrier, "carrier")
        with reverts("ClaimSettled", visit=visit.id, status=ClaimStatus.PAID):
            world.acting_as("stranger").insurance.decide(visit, world.carrier, 200 * COIN)

    def test_leaves_everything_where_a_refusal_was_appealed(self, world, insurance):
        insured = insure(world, automatic_up_to=0)
        visit = insured.visit()
        insured.record(visit)
        world.acting_as("insurer").insurance.decide(visit, world.insurer, 0)
        world.acting_as("hospital").insurance.appeal(visit)
        days_later(world, TERMS.decide_days + TERMS.appeal_days)
        policy, member = second_policy(insured, deductible=0, automatic_up_to=PAYS)
        coordinate(insured, visit, policy, member)
        assert insurance.claim_of(visit).status is ClaimStatus.DENIED
        assert insurance.claim_of(visit, policy=policy.id).amount == PAYS

    def test_reverts_given_another_dossier(self, world, insured, visit, insurance, reverts):
        policy, member = second_policy(insured)
        signatures = agreed(insured, visit, policy, member)
        dossier = insurance.dossier_of(visit)
        with reverts("AnotherDossier", visit=visit.id):
            forged = replace(dossier, allowed=dossier.allowed + 1)
            insurance._send("coordinate", visit, forged, policy.id, *signatures)

    def test_pays_what_the_first_left(self, world, insured, visit, insurance):
        policy, member = second_policy(insured)
        receipt = coordinate(insured, visit, policy, member)
        assert insured.balance("hospital") == 200 * COIN
        claim = insurance.claim_of(visit, policy=policy.id)
        assert (claim.status, claim.reason, claim.amount) == (ClaimStatus.PAID, Reason.COVERED, 40 * COIN)
        closed = receipt.event("ClaimClosed").values
        assert (closed["visit"], closed["policy"], closed["reason"]) == (visit.id, visit.policy, Reason.COVERED)
        told = receipt.event("ClaimAdjudicated").values
        assert (told["policy"], told["dossier"]["allowed"]) == (policy.id, 40 * COIN)
        assert told["dossier"]["key"] == claim_key(visit.nullifier, is_first=False)
        assert receipt.event("ClaimPaid").values == {
            "visit": visit.id,
            "policy": policy.id,
            "provider": world.hospital,
            "amount": 40 * COIN,
            "status": ClaimStatus.PAID,
        }
        assert insurance.totals_of(policy.id) == Totals(1, 40 * COIN + 1, 40 * COIN, 0)
        assert insurance.totals_of(visit.policy).plan_paid == 160 * COIN

    def test_pays_nothing_where_nothing_is_left(self, insured, insurance):
        visit = insured.visit(0, Line(Benefit.LABORATORY, 1, 0))
        insured.record(visit)
        policy, member = second_policy(insured)
        coordinate(insured, visit, policy, member)
        assert insurance.claim_of(visit, policy=policy.id).amount == 0
        assert insured.balance("hospital") == 0

    def test_pays_as_alone_where_the_first_denied(self, world, insurance):
        insured = insure(world, network=(world.clinic,))
        visit = insured.visit()
        insured.record(visit)
        policy, member = second_policy(insured, deductible=0)
        claim = insurance.claim_of(visit)
        assert claim.reason is Reason.OUT_OF_NETWORK
        coordinate(insured, visit, policy, member)
        second = insurance.claim_of(visit, policy=policy.id)
        assert (second.status, second.reason, second.amount) == (ClaimStatus.PAID, Reason.COVERED, PAYS)
        assert insured.balance("hospital") == PAYS

    def test_reverts_given_it_was_done(self, world, insured, visit, reverts):
        policy, member = second_policy(insured)
        coordinate(insured, visit, policy, member)
        with reverts("ClaimSettled", visit=visit.id, status=ClaimStatus.PAID):
            coordinate(insured, visit, policy, member)
        with reverts("AppealsExhausted", visit=visit.id):
            world.acting_as("hospital").insurance.appeal(visit)

    def test_is_held_and_decided_like_a_first_one(self, world, insured, visit, insurance):
        policy, member = second_policy(insured, automatic_up_to=0)
        coordinate(insured, visit, policy, member)
        assert insurance.claim_of(visit, policy=policy.id).status is ClaimStatus.HELD
        insurer, hospital = world.acting_as("insurer").insurance, world.acting_as("hospital").insurance
        insurer.decide(visit, world.insurer, 10 * COIN, policy=policy.id)
        hospital.appeal(visit, policy=policy.id)
        insurer.decide(visit, world.insurer, 40 * COIN, policy=policy.id)
        claim = insurance.claim_of(visit, policy=policy.id)
        assert (claim.amount, claim.appeals) == (40 * COIN, 1)
        assert insured.balance("hospital") >= 200 * COIN
