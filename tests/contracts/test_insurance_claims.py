"""InsuranceClaims: plans never change, coverage is judged to the second, and a claim is decided and paid once."""

from __future__ import annotations

from dataclasses import replace

import pytest

from medtrust.accreditation import Role
from medtrust.adjudication import UNLIMITED, Benefit, BenefitTerms, Line, Reason, Totals
from medtrust.dossier import claim_key
from medtrust.explanation import ClaimStatus
from medtrust.insurance import Claim
from medtrust.plan import Plan, Policy
from medtrust.types import ZERO_ADDRESS
from medtrust.visit import Visit
from tests.insurance_world import (
    BENEFITS,
    COIN,
    DAY,
    LABORATORY,
    PAYS,
    PRIMARY,
    TERMS,
    VISIT_LINE,
    Insured,
    fund,
    insure,
    member_of,
    open_account,
)

LATEST = 366 - 3 * TERMS.decide_days - 2 * TERMS.appeal_days
"""The most days to file in a plan that needs capital."""


@pytest.fixture
def insured(world) -> Insured:
    return insure(world)


@pytest.fixture
def insurance(world):
    """The contract as the insurer calls it."""
    return world.acting_as("insurer").insurance


@pytest.fixture
def plan(world) -> Plan:
    return Plan(world.insurer, TERMS, BENEFITS)


def event_of(insured: Insured, name: str) -> dict:
    """The values of the newest event of the claims contract."""
    return dict(insured.world.suite.insurance._events(name)[-1].values)


class TestPublish:
    """
    when caller does not act for the insurer  -> reverts NotAuthorised
    when there are 0 or 65 benefits           -> reverts InvalidOrder
    when benefits are repeated or fall        -> reverts InvalidOrder
    when a benefit is not sound               -> reverts InvalidBenefit
    when a benefit excludes one that is not there, or not it -> reverts OneSidedExclusion
    when 0, 1, 30, 31 days are given to decide -> reverts InvalidTerms, publishes, publishes, reverts InvalidTerms
    when a term is not sound otherwise        -> reverts InvalidTerms
    when it is open and lists providers, or neither -> reverts InvalidNetwork
    when 256, 257 providers are listed        -> publishes, reverts InvalidOrder
    when providers are repeated               -> reverts InvalidOrder
    given it is published                     -> reverts PlanExists
    when it is sound                          -> keeps it under its id; emits PlanPublished with all of it
    when one term differs                     -> is another plan; the first is as it was
    """

    def test_reverts_when_caller_is_not_the_insurer(self, world, plan, hospital, reverts):
        with reverts("NotAuthorised", organisation=world.insurer, signer=hospital.address, role=Role.INSURER):
            world.acting_as("hospital").insurance.publish(plan)
        with reverts("NotAuthorised", organisation=world.hospital, signer=hospital.address, role=Role.INSURER):
            world.acting_as("hospital").insurance.publish(replace(plan, insurer=world.hospital))

    def test_reverts_when_benefits_are_none_or_too_many(self, insurance, plan, reverts):
        with reverts("InvalidOrder", index=0):
            insurance.publish(replace(plan, benefits=()))
        with reverts("InvalidOrder", index=65):
            insurance.publish(replace(plan, benefits=(PRIMARY,) * 65))

    def test_reverts_when_benefits_are_out_of_order(self, insurance, plan, reverts):
        for benefits in ((PRIMARY, PRIMARY), (LABORATORY, PRIMARY)):
            with reverts("InvalidOrder", index=1):
                insurance.publish(replace(plan, benefits=benefits))

    @pytest.mark.parametrize(
        "change",
        [
            {"fee": 0},
            {"units_per_day": 0},
            {"units_per_day": 2_048},
            {"coinsurance": 10_001},
            {"benefit": Benefit.EQUIPMENT + 1},
        ],
    )
    def test_reverts_when_a_benefit_is_not_sound(self, insurance, plan, reverts, change):
        with reverts("InvalidBenefit", index=1):
            insurance.publish(replace(plan, benefits=(PRIMARY, replace(LABORATORY, **change))))

    def test_publishes_at_the_bounds_of_a_benefit(self, insurance, plan):
        bound = BenefitTerms(Benefit.EQUIPMENT, 1, UNLIMITED, 10_000, 2_047)
        at_bounds = replace(plan, benefits=(bound,))
        insurance.publish(at_bounds)
        assert insurance.plan_of(at_bounds.id) == at_bounds

    def test_reverts_when_an_exclusion_is_one_sided(self, insurance, plan, reverts):
        other = replace(PRIMARY, excludes=1 << Benefit.LABORATORY)
        with reverts("OneSidedExclusion", benefit=Benefit.PRIMARY_CARE, other=Benefit.LABORATORY):
            insurance.publish(replace(plan, benefits=(other, LABORATORY)))
        with reverts("OneSidedExclusion", benefit=Benefit.PRIMARY_CARE, other=Benefit.LABORATORY):
            insurance.publish(replace(plan, benefits=(other,)))
        back = replace(LABORATORY, excludes=1 << Benefit.PRIMARY_CARE)
        insurance.publish(replace(plan, benefits=(other, back)))

    @pytest.mark.parametrize(
        "change",
        [
            {"decide_days": 0},
            {"decide_days": 31},
            {"appeal_days": 0},
            {"automatic_up_to": 2, "deemed_up_to": 1},
            {"solvency": 10_001},
            {"solvency": 1, "filing_days": LATEST + 1},
        ],
    )
    def test_reverts_when_a_term_is_not_sound(self, insurance, plan, reverts, change):
        with reverts("InvalidTerms"):
            insurance.publish(replace(plan, terms=replace(TERMS, **change)))

    @pytest.mark.parametrize(
        "change",
        [
            {"decide_days": 1, "appeal_days": 1},
            {"decide_days": 30, "appeal_days": 255},
            {"automatic_up_to": 2, "deemed_up_to": 2, "solvency": 10_000},
            {"solvency": 1, "filing_days": LATEST - 1},
            {"solvency": 1, "filing_days": LATEST},
            {"solvency": 0, "filing_days": LATEST + 1},
        ],
    )
    def test_publishes_at_the_bounds_of_the_terms(self, insurance, plan, change):
        bound = replace(plan, terms=replace(TERMS, **change))
        insurance.publish(bound)
        assert insurance.plan_of(bound.id) == bound

    def test_reverts_when_network_does_not_fit(self, insurance, plan, world, reverts):
        with reverts("InvalidNetwork", isOpen=True, providers=1):
            insurance.publish(replace(plan, network=(world.hospital,)))
        with reverts("InvalidNetwork", isOpen=False, providers=0):
            insurance.publish(replace(plan, terms=replace(TERMS, is_open=False)))

    @pytest.mark.parametrize("count", [1, 255, 256])
    def test_publishes_as_many_providers_as_are_allowed(self, insurance, plan, count):
        network = tuple(number.to_bytes(32, "big") for number in range(1, count + 1))
        closed = replace(plan, terms=replace(TERMS, is_open=False), network=network)
        insurance.publish(closed)
        assert insurance.plan_of(closed.id).network == network

    def test_reverts_when_providers_are_too_many_or_out_of_order(self, insurance, plan, reverts):
        closed = replace(plan, terms=replace(TERMS, is_open=False))
        network = tuple(number.to_bytes(32, "big") for number in range(1, 258))
        with reverts("InvalidOrder", index=257):
            insurance.publish(replace(closed, network=network))
        with reverts("InvalidOrder", index=1):
            insurance.publish(replace(closed, network=(network[1], network[1])))

    def test_reverts_given_it_is_published(self, insurance, plan, reverts):
        insurance.publish(plan)
        with reverts("PlanExists", plan=plan.id):
            insurance.publish(plan)

    def test_keeps_it_under_its_id(self, insurance, plan, world):
        receipt = insurance.publish(plan)
        event = receipt.event("PlanPublished")
        assert (event.values["plan"], event.values["insurer"]) == (plan.id, world.insurer)
        assert insurance.plan_of(plan.id) == plan
        assert Plan.decode(event.values["content"]) == plan

    def test_is_another_plan_when_a_term_differs(self, insurance, plan):
        other = replace(plan, terms=replace(TERMS, deductible=1))
        insurance.publish(plan)
        insurance.publish(other)
        assert insurance.plan_of(plan.id) == plan
        assert insurance.plan_of(other.id) == other
        assert insurance.plan_of(bytes(32)) is None


class TestEnrol:
    """
    given no such plan                        -> reverts UnknownPlan
    when caller does not act for the insurer  -> reverts NotAuthorised
    when the member is zero                   -> reverts ZeroIdentifier
    when it lasts 0, 1 s, 366 days, one second more -> reverts InvalidTerm, enrols, enrols, reverts InvalidTerm
    when its end does not fit 48 bits         -> reverts InvalidTerm
    given it is enrolled                      -> reverts PolicyExists
    given no account for this contract        -> reverts NotAdjudicator
    given less, just as much free as the plan asks for -> reverts InsufficientFunds, enrols
    when it is sound                          -> keeps it under its id; emits PolicyEnrolled; nothing is counted yet
    """

    @pytest.fixture
    def policy(self, insurance, plan, chain, world) -> Policy:
        open_account(world, 0)
        insurance.publish(plan)
        return Policy(plan.id, member_of().address, chain.now(), chain.now() + DAY)

    def test_reverts_given_no_such_plan(self, insurance, policy, reverts):
        with reverts("UnknownPlan", plan=bytes(32)):
            insurance.enrol(replace(policy, plan=bytes(32)))

    def test_reverts_when_caller_is_not_the_insurer(self, world, policy, hospital, reverts):
        with reverts("NotAuthorised", organisation=world.insurer, signer=hospital.address, role=Role.INSURER):
            world.acting_as("hospital").insurance.enrol(policy)

    def test_reverts_when_member_is_zero(self, insurance, policy, reverts):
        with reverts("ZeroIdentifier"):
            insurance.enrol(replace(policy, member=ZERO_ADDRESS))

    @pytest.mark.parametrize("seconds", [-1, 0, 366 * DAY + 1])
    def test_reverts_when_term_is_none_or_too_long(self, insurance, policy, reverts, seconds):
        until = policy.valid_from + seconds
        with reverts("InvalidTerm", **{"from": policy.valid_from, "until": until}):
            insurance.enrol(replace(policy, valid_until=until))

    @pytest.mark.parametrize("seconds", [1, 366 * DAY])
    def test_enrols_at_the_bounds(self, insurance, policy, seconds):
        bound = replace(policy, valid_until=policy.valid_from + seconds)
        insurance.enrol(bound)
        assert insurance.policy_of(bound.id) == bound

    def test_reverts_when_end_does_not_fit(self, insurance, policy, reverts):
        with reverts("InvalidTerm", until=2**48):
            insurance.enrol(replace(policy, valid_from=2**48 - 1, valid_until=2**48))
        insurance.enrol(replace(policy, valid_from=2**48 - 2, valid_until=2**48 - 1))

    def test_reverts_given_it_is_enrolled(self, insurance, policy, reverts):
        insurance.enrol(policy)
        with reverts("PolicyExists", policy=policy.id):
            insurance.enrol(policy)

    def test_keeps_it_under_its_id(self, insurance, policy):
        receipt = insurance.enrol(policy)
        assert receipt.event("PolicyEnrolled").values == {
            "policy": policy.id,
            "plan": policy.plan,
            "member": policy.member,
            "from": policy.valid_from,
            "until": policy.valid_until,
        }
        assert insurance.policy_of(policy.id) == policy
        assert insurance.totals_of(policy.id) == Totals()
        assert insurance.policy_of(bytes(32)) is None

    def test_reverts_given_no_account(self, world, insurance, plan, chain, reverts):
        insurance.publish(plan)
        with reverts("NotAdjudicator", insurer=world.insurer, caller=world.address("InsuranceClaims")):
            insurance.enrol(Policy(plan.id, member_of().address, chain.now(), chain.now() + DAY))

    def test_enrols_while_there_is_the_capital_that_the_plan_asks_for(self, world, insurance, policy, plan, reverts):
        solid = replace(plan, terms=replace(TERMS, annual_limit=1_000, solvency=5_001))
        insurance.publish(solid)
        first = replace(policy, plan=solid.id)
        fund(world, 499)
        with reverts("InsufficientFunds", amount=500, free=499):
            insurance.enrol(first)
        fund(world, 1)
        insurance.enrol(first)
        with reverts("InsufficientFunds", amount=1_000, free=500):
            insurance.enrol(replace(first, member=member_of(number=1).address))


class TestOnVisit:
    """
    when caller is not the visit registry     -> reverts NotVisitRegistry
    given no such policy                      -> the claim is PENDING
    given another member                      -> is denied NOT_THE_MEMBER
    when served before, at, after the begin   -> is denied BEFORE_COVERAGE, covered, covered
    when served before, at, after the waiting period -> is denied IN_WAITING_PERIOD, covered, covered
    when served before, at, after the end     -> covered, is denied AFTER_COVERAGE twice
    when filed before, at, after the last day -> covered, is denied FILED_LATE twice; also after the policy ended
    given a provider outside the network      -> is denied OUT_OF_NETWORK
    given a provider in the network           -> covered
    given no payment is due                   -> is PAID nothing
    given a covered visit                     -> pays in the same transaction; counts; says so
    when the plan would pay just the limit, one unit more, without the member -> pays, is PENDING
    given the limit was used up by another visit -> is PENDING; the member's signature lifts it
    given the account is short                -> is APPROVED: it waits in the pool
    given the token refuses the provider      -> is OWED
    """

    def test_reverts_when_caller_is_not_the_registry(self, world, insured, insurer, reverts):
        entry = {"fingerprint": bytes(24), "recordedAt": 1, "role": 4, "isAttested": True}
        with reverts("NotVisitRegistry", caller=insurer.address):
            world.acting_as("insurer").insurance._send("onVisit", insured.visit(), bytes(32), entry)

    def test_waits_given_no_such_policy(self, insured, insurance):
        visit = insured.visit(policy=bytes(31) + b"\x01")
        receipt = insured.record(visit)
        assert receipt.event("PayerNotReached").values["visit"] == visit.id
        assert insurance.claim_of(visit).status is ClaimStatus.PENDING
        assert "no such policy" in insurance.explain(visit).waits_for

    def assert_denied(self, insured: Insured, visit, receipt, reason: Reason):
        insurance = insured.world.suite.insurance
        assert insurance.claim_of(visit) == Claim(ClaimStatus.DENIED, reason, 0, receipt.at, 0)
        told = event_of(insured, "ClaimAdjudicated")
        assert (told["visit"], told["policy"], told["reason"]) == (visit.id, insured.policy.id, reason)
        assert (told["status"], told["lines"]) == (ClaimStatus.DENIED, [])
        assert insurance.totals_of(insured.policy.id) == Totals()
        assert insured.free == 10_000 * COIN

    def assert_covered(self, insured: Insured, visit):
        assert insured.world.suite.insurance.claim_of(visit).status is ClaimStatus.PAID

    def test_denies_another_member(self, insured, stranger):
        visit = insured.visit(member=stranger.address)
        self.assert_denied(insured, visit, insured.record(visit), Reason.NOT_THE_MEMBER)

    def test_denies_before_coverage(self, world):
        insured = insure(world, waiting_days=0)
        begin = insured.policy.valid_from
        before = insured.visit(0, served_at=begin - 1)
        self.assert_denied(insured, before, insured.record(before), Reason.BEFORE_COVERAGE)

    @pytest.mark.parametrize("seconds", [0, 1])
    def test_covers_from_the_begin(self, world, seconds):
        insured = insure(world, waiting_days=0, filing_days=100)
        visit = insured.visit(served_at=insured.policy.valid_from + seconds)
        insured.record(visit)
        self.assert_covered(insured, visit)

    def test_denies_in_the_waiting_period(self, world):
        insured = insure(world, filing_days=100)
        visit = insured.visit(served_at=insured.policy.valid_from + 10 * DAY - 1)
        self.assert_denied(insured, visit, insured.record(visit), Reason.IN_WAITING_PERIOD)

    @pytest.mark.parametrize("seconds", [0, 1])
    def test_covers_after_the_waiting_period(self, world, seconds):
        insured = insure(world, filing_days=100)
        visit = insured.visit(served_at=insured.policy.valid_from + 10 * DAY + seconds)
        insured.record(visit)
        self.assert_covered(insured, visit)

    @pytest.mark.parametrize("seconds", [0, 1])
    def test_denies_after_coverage(self, chain, insured, seconds):
        chain.travel(insured.policy.valid_until + DAY)
        visit = insured.visit(served_at=insured.policy.valid_until + seconds)
        self.assert_denied(insured, visit, insured.record(visit), Reason.AFTER_COVERAGE)

    def test_covers_until_the_end_and_may_be_filed_after_it(self, chain, insured):
        chain.travel(insured.policy.valid_until + DAY)
        visit = insured.visit(served_at=insured.policy.valid_until - 1)
        insured.record(visit)
        self.assert_covered(insured, visit)

    @pytest.mark.parametrize("seconds", [0, 1])
    def test_denies_what_is_filed_late(self, insured, seconds):
        visit = insured.visit()
        receipt = insured.record_at(visit, visit.served_at + 30 * DAY, seconds)
        self.assert_denied(insured, visit, receipt, Reason.FILED_LATE)

    def test_covers_what_is_filed_in_the_last_second(self, insured):
        visit = insured.visit()
        insured.record_at(visit, visit.served_at + 30 * DAY, -1)
        self.assert_covered(insured, visit)

    def test_covers_as_long_a_filing_as_a_plan_can_have(self, world):
        insured = insure(world, filing_days=2**16 - 1, waiting_days=0)
        visit = insured.visit(served_at=insured.policy.valid_from)
        insured.record(visit)
        self.assert_covered(insured, visit)

    def test_denies_outside_the_network(self, world):
        insured = insure(world, network=(world.clinic,))
        visit = insured.visit()
        self.assert_denied(insured, visit, insured.record(visit), Reason.OUT_OF_NETWORK)

    def test_covers_in_the_network(self, world):
        insured = insure(world, network=(world.hospital,))
        visit = insured.visit()
        insured.record(visit)
        self.assert_covered(insured, visit)

    def test_pays_nothing_where_nothing_is_due(self, insured, insurance):
        visit = insured.visit(0, Line(Benefit.IMAGING, 1, 70 * COIN))
        receipt = insured.record(visit)
        assert insurance.claim_of(visit) == Claim(ClaimStatus.PAID, Reason.COVERED, 0, receipt.at, 0)
        assert insured.balance("hospital") == 0
        assert insurance.explain(visit).member_pays == 70 * COIN

    def test_pays_in_the_same_transaction(self, world, insured, insurance):
        visit = insured.visit()
        receipt = insured.record(visit)
        assert insurance.claim_of(visit) == Claim(ClaimStatus.PAID, Reason.COVERED, 0, receipt.at, PAYS)
        totals = Totals(0, 20 * COIN, PAYS, PAYS)
        assert insurance.totals_of(insured.policy.id) == totals
        told = event_of(insured, "ClaimAdjudicated")
        dossier = told.pop("dossier")
        assert told == {
            "visit": visit.id,
            "policy": insured.policy.id,
            "status": ClaimStatus.PAID,
            "reason": Reason.COVERED,
            "lines": [{"planPays": PAYS, "memberPays": 20 * COIN, "reason": Reason.COVERED}],
            "counted": {
                "deductibleMet": 0,
                "outOfPocketMet": 20 * COIN,
                "planPaid": PAYS,
                "unattested": PAYS,
            },
        }
        assert dossier == {
            "visit": visit.id,
            "policy": insured.policy.id,
            "provider": world.hospital,
            "nullifier": visit.nullifier,
            "key": claim_key(visit.nullifier),
            "day": visit.served_at // DAY,
            "allowed": 100 * COIN,
            "deductible": 0,
            "outOfPocket": 20 * COIN,
            "unattested": PAYS,
            "counted": PAYS + (1 << 102),
            "visits": 0,
            "interest": 0,
            "decidedAt": receipt.at,
            "salt": dossier["salt"],
        }
        assert any(dossier["salt"])
        assert event_of(insured, "ClaimPaid") == {
            "visit": visit.id,
            "policy": insured.policy.id,
            "provider": world.hospital,
            "amount": PAYS,
            "status": ClaimStatus.PAID,
        }
        assert insured.balance("hospital") == PAYS
        assert insured.free == 10_000 * COIN - PAYS
        assert insured.balance("clinic") == 0

    def test_pays_just_the_limit_without_the_member(self, world):
        insured = insure(world, attestation_above=PAYS)
        visit = insured.visit()
        insured.record(visit)
        self.assert_covered(insured, visit)

    def test_waits_for_the_member_one_unit_above_the_limit(self, world, insurance, reverts):
        insured = insure(world, attestation_above=PAYS - 1)
        visit = insured.visit()
        insured.record(visit)
        assert insurance.claim_of(visit).status is ClaimStatus.PENDING
        assert insurance.totals_of(insured.policy.id) == Totals()
        with reverts("AttestationNeeded", visit=visit.id, unattested=PAYS, limit=PAYS - 1):
            insurance.settle(visit)

    def test_counts_towards_the_limit_what_was_paid_without_the_member(self, world, insurance):
        insured = insure(world, attestation_above=2 * PAYS - 1)
        first, second, third = (insured.visit(number) for number in range(3))
        insured.record(first)
        insured.record(second)
        assert insurance.claim_of(second).status is ClaimStatus.PENDING
        insured.record(third, signature=insured.sign(third))
        self.assert_covered(insured, third)
        assert insurance.totals_of(insured.policy.id) == Totals(0, 40 * COIN, 2 * PAYS, PAYS)

    def test_waits_in_the_pool_given_a_short_account(self, world, insurance):
        insured = insure(world, funds=PAYS - 1)
        visit = insured.visit()
        receipt = insured.record(visit)
        assert insurance.claim_of(visit) == Claim(ClaimStatus.APPROVED, Reason.COVERED, 0, receipt.at, PAYS)
        told = event_of(insured, "ClaimPaid")
        assert (told["visit"], told["amount"], told["status"]) == (visit.id, PAYS, ClaimStatus.APPROVED)
        assert insured.balance("hospital") == 0

    def test_is_owed_given_no_payee(self, world, insurance):
        insured = insure(world, is_paid=False)
        visit = insured.visit()
        insured.record(visit)
        assert insurance.claim_of(visit).status is ClaimStatus.OWED
        assert event_of(insured, "ClaimPaid")["status"] == ClaimStatus.OWED
        assert world.suite.pool.payee_of(world.hospital).owed == PAYS


class TestSettle:
    """
    given a visit that names another payer    -> reverts AnotherPayer
    given no such visit                       -> reverts UnknownVisit
    given another visit under the nullifier   -> reverts UnknownVisit
    given the claim is paid, owed, or denied  -> reverts ClaimSettled
    given the provider was compromised since before the visit -> reverts NotAccredited
    given the provider was suspended after it -> settles
    given no such policy                      -> reverts UnknownPolicy
    given it waits in the pool                -> reverts ClaimSettled
    given a policy that came later            -> decides, by when the visit was recorded
    """

    def test_reverts_given_another_payer(self, insured, insurance, stranger, reverts):
        with reverts("AnotherPayer", payer=stranger.address):
            insurance.settle(insured.visit(payer=stranger.address))

    def test_reverts_given_no_such_visit(self, insured, insurance, reverts):
        visit = insured.visit()
        with reverts("UnknownVisit", visit=visit.id):
            insurance.settle(visit)

    def test_reverts_given_another_visit_under_the_nullifier(self, insured, insurance, reverts):
        visit = insured.visit(policy=bytes(31) + b"\x01")
        insured.record(visit)
        other = replace(visit, policy=insured.policy.id)
        with reverts("UnknownVisit", visit=other.id):
            insurance.settle(other)

    def test_reverts_given_the_claim_is_settled(self, world, insurance, reverts):
        insured = insure(world, is_paid=False)
        owed = insured.visit(0)
        denied = insured.visit(1, served_at=0)
        insured.record(owed)
        insured.record(denied)
        world.acting_as("hospital").pool.name_payee(world.hospital, world.account("hospital").address)
        paid = insured.visit(2)
        insured.record(paid)
        statuses = {owed: ClaimStatus.OWED, denied: ClaimStatus.DENIED, paid: ClaimStatus.PAID}
        for visit, status in statuses.items():
            with reverts("ClaimSettled", visit=visit.id, status=status):
                insurance.settle(visit)

    @pytest.fixture
    def unsigned(self, world) -> tuple[Insured, Visit]:
        """A visit that waits for the signature of the member, in a policy that is enrolled only later."""
        insured = insure(world)
        visit = insured.visit(policy=replace(insured.policy, valid_until=insured.policy.valid_until + 1).id)
        insured.record(visit)
        return insured, visit

    def enrol_later(self, insured: Insured) -> None:
        later = replace(insured.policy, valid_until=insured.policy.valid_until + 1)
        insured.world.acting_as("insurer").insurance.enrol(later)

    def test_reverts_given_a_compromised_provider(self, world, insurance, unsigned, reverts):
        insured, visit = unsigned
        self.enrol_later(insured)
        at = world.suite.visits.entry_of(visit.nullifier).recorded_at
        world.acting_as("authority").accreditation.compromise(world.hospital, Role.HOSPITAL, since=at)
        with reverts("NotAccredited", organisation=world.hospital, role=Role.HOSPITAL):
            insurance.settle(visit)
        assert insured.free == 10_000 * COIN

    def test_settles_given_a_provider_that_was_suspended_after_it(self, world, insurance, unsigned):
        insured, visit = unsigned
        self.enrol_later(insured)
        world.chain.mine(seconds=1)
        world.acting_as("authority").accreditation.suspend(world.hospital, Role.HOSPITAL)
        insurance.settle(visit)
        assert insured.balance("hospital") == PAYS

    def test_reverts_given_no_such_policy(self, insured, insurance, reverts):
        policy = bytes(31) + b"\x01"
        visit = insured.visit(policy=policy)
        insured.record(visit)
        with reverts("UnknownPolicy", policy=policy):
            insurance.settle(visit)

    def test_reverts_given_it_waits_in_the_pool(self, world, insurance, reverts):
        insured = insure(world, funds=PAYS - 1)
        visit = insured.visit()
        insured.record(visit)
        with reverts("ClaimSettled", visit=visit.id, status=ClaimStatus.APPROVED):
            insurance.settle(visit)

    def test_judges_by_when_the_visit_was_recorded(self, world, insured, insurance):
        later = replace(insured.policy, valid_until=insured.policy.valid_until + 1)
        visit = insured.visit(policy=later.id)
        insured.record(visit)
        world.chain.mine(seconds=100 * DAY)
        insurance.enrol(later)
        insurance.settle(visit)
        assert insurance.claim_of(visit).status is ClaimStatus.PAID


class TestUnits:
    """
    given units of one benefit on two lines   -> counts them together
    given units of one benefit in two visits of a day -> counts them together; another day counts anew
    given the last benefit, one before, one after -> it alone is covered
    """

    def test_counts_units_of_two_lines_together(self, insured, insurance):
        lines = (Line(Benefit.PRIMARY_CARE, 2, 200 * COIN), Line(Benefit.PRIMARY_CARE, 2, 200 * COIN))
        visit = insured.visit(0, *lines)
        insured.record(visit)
        first, second = insurance.explain(visit).outcomes
        assert (first.allowed, first.reason) == (200 * COIN, Reason.COVERED)
        assert (second.allowed, second.write_off, second.reason) == (100 * COIN, 100 * COIN, Reason.UNITS_REDUCED)

    def test_counts_units_of_two_visits_of_a_day_together(self, insured, insurance):
        line = Line(Benefit.PRIMARY_CARE, 2, 200 * COIN)
        first, second = insured.visit(0, line), insured.visit(1, line)
        other_day = replace(insured.visit(2, line), served_at=first.served_at - 1)
        for visit in (first, second, other_day):
            insured.record(visit)
        paid = [insurance.claim_of(visit).amount for visit in (first, second, other_day)]
        assert paid == [180 * COIN, 80 * COIN, 180 * COIN]
        assert insurance.explain(second).outcomes[0].reason is Reason.UNITS_REDUCED

    def test_knows_benefits_up_to_the_last(self, world, insurance):
        insured = insure(world, benefits=(replace(PRIMARY, benefit=max(Benefit)),))
        visit = insured.visit(0, *(replace(VISIT_LINE, benefit=max(Benefit) + step) for step in (-1, 0, 1)))
        insured.record(visit)
        reasons = [line["reason"] for line in event_of(insured, "ClaimAdjudicated")["lines"]]
        assert reasons == [Reason.NOT_A_BENEFIT, Reason.COVERED, Reason.NOT_A_BENEFIT]


class TestExplain:
    """
    given several claims of one policy -> explains each with what was counted before it
    """

    def test_explains_each_with_what_was_counted_before(self, world, insurance):
        insured = insure(world, deductible=50 * COIN)
        first, second = insured.visit(0), insured.visit(1)
        insured.record(first)
        insured.record(second)
        assert insurance.explain(first).outcomes[0].deductible == 50 * COIN
        assert insurance.explain(second).outcomes[0].deductible == 0
        letter = insurance.explain(first).letter(6, "mUSD")
        assert "the plan pays 30.00 mUSD, you pay 70.00 mUSD" in letter
