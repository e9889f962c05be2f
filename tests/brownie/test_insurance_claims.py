"""InsuranceClaims in Brownie: the visit arrives, and the insurer's money moves in the same transaction."""

from __future__ import annotations

import pytest

from medtrust.accreditation import Role
from medtrust.dossier import claim_key

DOLLAR = 10**6
KEY = claim_key(bytes([1]) * 32)
"""Where the claim of the one encounter is kept."""
DAY = 86_400
PRIMARY_CARE, IMAGING = 1, 6
PAID, DENIED = 3, 1
COVERED, FEE_REDUCED, NOT_THE_MEMBER, OUT_OF_NETWORK = 0, 1, 5, 10
REVIEWS = (500 * DOLLAR, 500 * DOLLAR, 0, 0, 14, 30)
"""What is paid without a look, and by silence; no limit of visits, no capital; days to decide and to appeal."""


@pytest.fixture(scope="module")
def insurance(accredit, insurer):
    return accredit(insurer, Role.INSURER)


@pytest.fixture(scope="module")
def provider(accredit, hospital):
    return accredit(hospital, Role.HOSPITAL)


@pytest.fixture
def published(claims, insurance, provider, insurer):
    """A plan that pays $100 for primary care, of which the member pays $20 and a fifth of the rest."""
    terms = (0, 1_000 * DOLLAR, 5_000 * DOLLAR, 500 * DOLLAR, 0, 90, False, *REVIEWS)
    benefits = [(PRIMARY_CARE, 100 * DOLLAR, 20 * DOLLAR, 2_000, 1, 0)]
    return claims.publish((insurance, terms, benefits, [provider]), {"from": insurer})


@pytest.fixture
def policy(claims, published, funded, insurer, patient, chain):
    plan = published.events["PlanPublished"]["plan"]
    enrolled = claims.enrol((plan, patient, chain.time() - 30 * DAY, chain.time() + 300 * DAY), {"from": insurer})
    return enrolled.events["PolicyEnrolled"]["policy"]


@pytest.fixture
def funded(pool, claims, token, insurance, provider, insurer, hospital):
    """The insurer has $1,000 in the pool, and the hospital named the account that is paid."""
    pool.open(insurance, claims, {"from": insurer})
    token.approve(pool, 1_000 * DOLLAR, {"from": insurer})
    pool.deposit(insurance, 1_000 * DOLLAR, {"from": insurer})
    pool.namePayee(provider, hospital, {"from": hospital})


@pytest.fixture
def record(visits, claims, policy, funded, provider, patient, hospital, chain):
    """Record a visit with one line, by default of primary care at $120.50."""

    def visit(number=1, *, benefit=PRIMARY_CARE, member=patient):
        content = (
            provider,
            claims,
            policy,
            member,
            chain.time() - DAY,
            [(benefit, 1, 120_500_000)],
            bytes([number]) * 32,
            bytes([number]) * 32,
        )
        return visits.record(content, Role.HOSPITAL, b"", {"from": hospital})

    return visit


class TestPublish:
    """
    when the caller is not the insurer   -> reverts NotAuthorised
    when a benefit has no fee            -> reverts InvalidBenefit
    """

    def test_reverts_when_caller_is_not_the_insurer(self, claims, reverts, insurance, attacker):
        plan = (insurance, (0, 0, 0, 0, 0, 90, True, *REVIEWS), [(PRIMARY_CARE, DOLLAR, 0, 0, 1, 0)], [])
        with reverts("NotAuthorised", insurance, attacker, int(Role.INSURER)):
            claims.publish(plan, {"from": attacker})

    def test_reverts_when_a_benefit_has_no_fee(self, claims, reverts, insurance, insurer):
        plan = (insurance, (0, 0, 0, 0, 0, 90, True, *REVIEWS), [(PRIMARY_CARE, 0, 0, 0, 1, 0)], [])
        with reverts("InvalidBenefit", 0):
            claims.publish(plan, {"from": insurer})


class TestVisit:
    """
    given a policy and money
      when the visit is covered          -> paid in the same transaction, once; emits ClaimAdjudicated and ClaimPaid
      when the member is another         -> denied with that reason; no money moves
      when it is no benefit              -> nothing is paid, the member owes it
    """

    def test_pays_in_the_same_transaction(self, claims, pool, token, record, insurance, hospital):
        transaction = record()
        line = transaction.events["ClaimAdjudicated"]["lines"][0]

        assert tuple(line) == (64 * DOLLAR, 36 * DOLLAR, FEE_REDUCED)
        assert transaction.events["ClaimPaid"]["amount"] == 64 * DOLLAR
        claim = claims.claimOf(KEY)
        assert tuple(claim)[:5] == (PAID, COVERED, 0, transaction.timestamp, 64 * DOLLAR)
        assert token.balanceOf(hospital) == 64 * DOLLAR
        assert pool.accountOf(insurance)[1] == token.balanceOf(pool) == 936 * DOLLAR

    def test_denies_another_member(self, claims, token, record, hospital, attacker):
        transaction = record(member=attacker)

        assert transaction.events["ClaimAdjudicated"]["reason"] == NOT_THE_MEMBER
        claim = claims.claimOf(KEY)
        assert tuple(claim)[:5] == (DENIED, NOT_THE_MEMBER, 0, transaction.timestamp, 0)
        assert token.balanceOf(hospital) == 0

    def test_leaves_what_is_no_benefit_to_the_member(self, token, record, hospital):
        transaction = record(benefit=IMAGING)

        assert transaction.events["ClaimPaid"]["amount"] == 0
        assert transaction.events["ClaimAdjudicated"]["lines"][0][1] == 120_500_000
        assert token.balanceOf(hospital) == 0


class TestSettle:
    """
    given the claim is settled           -> reverts ClaimSettled, nothing is paid twice
    """

    def test_reverts_given_it_is_settled(self, claims, reverts, token, record, hospital, patient):
        event = record().events["VisitRecorded"]

        with reverts("ClaimSettled", event["visit"], PAID):
            claims.settle(event["content"], {"from": patient})

        assert token.balanceOf(hospital) == 64 * DOLLAR
