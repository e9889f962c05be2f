"""Attacks on insurance: one encounter paid twice, coverage bent, rules split, money taken that is owed to others."""

from __future__ import annotations

from dataclasses import replace

from medtrust.accreditation import Role
from medtrust.adjudication import Benefit, Line, Reason
from medtrust.errors import Reverted
from medtrust.explanation import ClaimStatus
from medtrust.insurance import Claim
from medtrust.plan import Plan, Policy
from medtrust.types import name_hash
from medtrust.visit import Visit
from tests.attacks.framework import Attack, AttackTests, Blocked, attacks_on
from tests.insurance_world import (
    BENEFITS,
    COIN,
    DAY,
    LABORATORY,
    PAYS,
    PRIMARY,
    TERMS,
    Insured,
    ask_mock,
    call_mock,
    give_control,
    insure,
    member_of,
)
from tests.world import FAR, World

ATTACKS: list[Attack] = []
on_visits = attacks_on("VisitRegistry", ATTACKS)
on_claims = attacks_on("InsuranceClaims", ATTACKS)
on_pool = attacks_on("InsurancePool", ATTACKS)
on_rules = "contracts/libraries/Adjudication.sol"
in_rulings = "contracts/libraries/Rulings.sol"
in_book = "contracts/libraries/ClaimBook.sol"
at_payer = "contracts/base/Payer.sol"


class TestAttacks(AttackTests):
    pass


def claim_of(world: World, visit: Visit) -> Claim:
    return world.suite.insurance.claim_of(visit)


def reason_of(world: World, visit: Visit, line: int = 0) -> Reason:
    """Why the contract decided a line of a visit as it did."""
    told = world.suite.insurance._events("ClaimAdjudicated", indexed={"visit": visit.id})[-1]
    return Reason(told.values["lines"][line]["reason"])


def require_paid(world: World, visit: Visit) -> None:
    """What a denied claim says is what blocked the attack."""
    claim = claim_of(world, visit)
    if claim.status is ClaimStatus.DENIED:
        raise Blocked(claim.reason.name)
    if claim.status is ClaimStatus.PENDING:
        world.suite.insurance.settle(visit)


# One encounter, paid once.

ONCE = "require(recordedAt == 0, EncounterRecorded(visit.nullifier, recordedAt));"


@on_visits(
    "visit-again-with-another-id",
    defence="an encounter is recorded once, by its nullifier",
    blocked_by="EncounterRecorded",
    patch=[(ONCE, "recordedAt;")],
)
def _again_with_another_id(world: World) -> None:
    insured = insure(world)
    first = insured.visit(0)
    insured.record(first)
    again = replace(first, record=name_hash("another salt"))
    insured.record(again)
    assert world.suite.visits.entry_of(first.nullifier).fingerprint == again.id[:24]


@on_visits(
    "visit-again-by-another-provider",
    defence="a nullifier is used once across all providers",
    blocked_by="EncounterRecorded",
    patch=[(ONCE, "recordedAt;")],
)
def _again_by_another_provider(world: World) -> None:
    insured = insure(world)
    world.acting_as("clinic").pool.name_payee(world.clinic, world.account("clinic").address)
    first = insured.visit(0)
    insured.record(first)
    again = replace(first, provider=world.clinic)
    insured.record(again, by="clinic")
    assert world.suite.visits.entry_of(first.nullifier).fingerprint == again.id[:24]


@on_visits(
    "visit-again-to-another-insurer",
    defence="a nullifier is used once across all payers",
    blocked_by="EncounterRecorded",
    patch=[(ONCE, "recordedAt;")],
)
def _again_to_another_insurer(world: World) -> None:
    insured = insure(world)
    policy = second_insurer(world)
    first = insured.visit(0)
    insured.record(first)
    again = replace(first, policy=policy.id, member=policy.member)
    insured.record(again)
    assert world.suite.visits.entry_of(first.nullifier).fingerprint == again.id[:24]


def second_insurer(world: World) -> Policy:
    """Another insurer with money of its own, at which the patient has a policy under another pseudonym."""
    signer = world.account("stranger")
    authority = world.acting_as("authority").accreditation
    authority.accredit(world.carrier, Role.INSURER, until=FAR)
    world.acting_as("carrier").accreditation.add_signer(world.carrier, signer.address, Role.INSURER, until=FAR)
    suite = world.acting_as(signer)
    plan = Plan(world.carrier, TERMS, BENEFITS)
    suite.insurance.publish(plan)
    now = world.chain.now()
    policy = Policy(plan.id, member_of("carrier").address, now - 60 * DAY, now + 60 * DAY)
    suite.pool.open(world.carrier, world.address("InsuranceClaims"))
    suite.insurance.enrol(policy)
    suite.token.mint(signer.address, 1_000 * COIN)
    suite.token.approve(world.address("InsurancePool"), 1_000 * COIN)
    suite.pool.deposit(world.carrier, 1_000 * COIN)
    return policy


@on_visits(
    "visit-re-entered-by-its-payer",
    defence="a visit is written before its payer is called",
    blocked_by="kept out",
    patch=[
        ("        _entries[visit.nullifier] = entry;\n\n        emit VisitRecorded", "\n        emit VisitRecorded"),
        (
            "        if (isAttested) emit VisitAttested(id, visit.member);\n\n        _wake(visit, id, entry);",
            "        _wake(visit, id, entry);\n        _entries[visit.nullifier] = entry;",
        ),
        ("uint256 private constant GAS_NEEDED = 640_000;", "uint256 private constant GAS_NEEDED = 0;"),
    ],
)
def _re_entered_by_its_payer(world: World) -> None:
    insured = insure(world)
    payer = world.deploy("CallingBack")
    world.acting_as("hospital").accreditation.add_signer(world.hospital, payer, Role.HOSPITAL, until=FAR)
    visits = world.acting_as("hospital").visits
    visit = insured.visit(0, payer=payer)
    again = visits.interface.encode_call("record", [visit, int(Role.HOSPITAL), b""])
    call_mock(world, "CallingBack", payer, "prepare", visits.address, again)
    data = visits.interface.encode_call("record", [visit, int(Role.HOSPITAL), b""])
    world.chain.send(world.account("hospital"), visits.address, data, gas=3_000_000)
    if ask_mock(world, "CallingBack", payer, "refusals") == 1:
        raise Blocked("kept out")
    assert len(visits._events("VisitRecorded", indexed={"visit": visit.id})) == 2


@on_claims(
    "claim-settled-again",
    defence="a claim is decided and paid once, whoever settles it",
    blocked_by="ClaimSettled",
    patch=[("require(isPending, IInsuranceClaims.ClaimSettled(visit, status));", "isPending;")],
    file=in_book,
)
def _settled_again(world: World) -> None:
    insured = insure(world)
    visit = insured.visit(0)
    insured.record(visit)
    world.acting_as("attacker").insurance.settle(visit)
    assert insured.balance("hospital") == 2 * PAYS


@on_claims(
    "claim-counted-again-when-the-member-signs",
    defence="a decided claim is not decided again when its payer is woken again",
    blocked_by="counted once",
    patch=[("if (_book.claims[dossier.key].status == Status.PENDING) _adj", "_adj")],
)
def _counted_twice(world: World) -> None:
    insured = insure(world)
    visit = insured.visit(0)
    insured.record(visit)
    world.acting_as("attacker").visits.attest(visit, insured.sign(visit))
    if world.suite.insurance.totals_of(insured.policy.id).plan_paid == PAYS:
        raise Blocked("counted once")
    assert insured.balance("hospital") == 2 * PAYS


@on_claims(
    "visit-changed-before-settling",
    defence="what is settled is compared with what was recorded",
    blocked_by="UnknownVisit",
    patch=[("require(entry.fingerprint == bytes24(id), IVisitRegistry.UnknownVisit(id));", "")],
    file=at_payer,
)
def _changed_before_settling(world: World) -> None:
    insured = insure(world)
    visit = insured.visit(0, policy=bytes(31) + b"\x01")
    insured.record(visit)
    world.acting_as("attacker").insurance.settle(replace(visit, policy=insured.policy.id))
    assert insured.balance("hospital") == PAYS


# Who may say that there was a visit.


@on_visits(
    "visit-by-a-stranger",
    defence="only a signer of the provider records its visits",
    blocked_by="NotAuthorised",
    patch=[("_checkAuthorised(visit.provider, role);", "")],
)
def _by_a_stranger(world: World) -> None:
    insured = insure(world)
    insured.record(insured.visit(0), by="attacker")
    assert insured.balance("hospital") == PAYS


@on_visits(
    "visit-by-a-suspended-provider",
    defence="the provider must hold its accreditation when it records",
    blocked_by="NotAuthorised",
    patch=[("_checkAuthorised(visit.provider, role);", "")],
)
def _by_a_suspended_provider(world: World) -> None:
    insured = insure(world)
    world.acting_as("authority").accreditation.suspend(world.hospital, Role.HOSPITAL)
    insured.record(insured.visit(0))
    assert insured.balance("hospital") == PAYS


@on_visits(
    "visit-by-an-insurer",
    defence="only roles of providers record visits",
    blocked_by="NotProviderRole",
    patch=[("require(role & Roles.PROVIDERS == role, NotProviderRole(role));", "")],
)
def _by_an_insurer(world: World) -> None:
    insured = insure(world)
    visit = insured.visit(0, provider=world.insurer)
    insured.record(visit, by="insurer", role=Role.INSURER)
    assert claim_of(world, visit).status is ClaimStatus.OWED


@on_claims(
    "claim-of-a-compromised-provider",
    defence="a settlement asks whether the provider was to be trusted, by what is known now",
    blocked_by="NotAccredited",
    patch=[("        _checkTrusted(visit.provider, entry);\n    }", "    }")],
    file=at_payer,
)
def _of_a_compromised_provider(world: World) -> None:
    insured = insure(world)
    later = replace(insured.policy, valid_until=insured.policy.valid_until + 1)
    visit = insured.visit(0, policy=later.id)
    at = insured.record(visit).at
    world.acting_as("authority").accreditation.compromise(world.hospital, Role.HOSPITAL, since=at)
    world.acting_as("insurer").insurance.enrol(later)
    world.acting_as("attacker").insurance.settle(visit)
    assert insured.balance("hospital") == PAYS


@on_claims(
    "attested-visit-of-a-compromised-provider",
    defence="a visit that is attested later is judged like one that is settled",
    blocked_by="NotAccredited",
    patch=[("if (entry.recordedAt != block.timestamp) _checkTrusted(visit.provider, entry);", "")],
)
def _attested_of_a_compromised_provider(world: World) -> None:
    insured = insure(world, attestation_above=0)
    visit = insured.visit(0)
    at = insured.record(visit).at
    world.chain.mine(seconds=10)
    world.acting_as("authority").accreditation.compromise(world.hospital, Role.HOSPITAL, since=at)
    world.acting_as("attacker").visits.attest(visit, insured.sign(visit))
    require_paid(world, visit)
    assert insured.balance("hospital") == PAYS


@on_visits(
    "phantom-visit-with-a-borrowed-signature",
    defence="a member signs the id of one visit",
    blocked_by="InvalidSignature",
    patch=[
        (
            "require(PATIENTS.isSignedBy(controller, attestationDigestOf(id), signature), InvalidSignature(member));",
            "id; controller; signature;",
        ),
    ],
)
def _with_a_borrowed_signature(world: World) -> None:
    insured = insure(world, attestation_above=0)
    signature = insured.sign(insured.visit(0))
    phantom = insured.visit(1)
    insured.record(phantom, signature=signature)
    assert insured.balance("hospital") == PAYS


@on_visits(
    "phantom-visit-with-a-replaced-key",
    defence="a visit is attested by whoever decides for the member now",
    blocked_by="InvalidSignature",
    patch=[("PATIENTS.controllerOf(member)", "member")],
)
def _with_a_replaced_key(world: World) -> None:
    insured = insure(world, attestation_above=0)
    give_control(world, insured.member, world.account("stranger"))
    phantom = insured.visit(0)
    insured.record(phantom, signature=insured.sign(phantom))
    assert insured.balance("hospital") == PAYS


ATTESTED = """                require(
                    isWithin,
                    IInsuranceClaims.AttestationNeeded(dossier.visit, totals.unattested, terms.attestationAbove)
                );
"""


@on_claims(
    "phantom-visit",
    defence="above the plan's amount the member must sign",
    blocked_by="AttestationNeeded",
    patch=[(ATTESTED, "isWithin;")],
    file=in_rulings,
)
def _phantom_visit(world: World) -> None:
    insured = insure(world, attestation_above=PAYS - 1)
    phantom = insured.visit(0)
    insured.record(phantom)
    require_paid(world, phantom)
    assert insured.balance("hospital") == PAYS


@on_claims(
    "phantom-visit-split-below-the-amount",
    defence="what is paid without the member is counted over the whole policy",
    blocked_by="AttestationNeeded",
    patch=[("totals.unattested += uint128(amount);", "totals.unattested = uint128(amount);")],
    file=in_rulings,
)
def _split_below_the_amount(world: World) -> None:
    insured = insure(world, attestation_above=PAYS)
    for number in range(3):
        visit = insured.visit(number)
        insured.record(visit)
        require_paid(world, visit)
    assert insured.balance("hospital") == 3 * PAYS


@on_claims(
    "forged-wake-up",
    defence="only the visit registry wakes the payer",
    blocked_by="NotVisitRegistry",
    patch=[("require(msg.sender == address(VISITS), NotVisitRegistry(msg.sender));", "")],
)
def _forged_wake_up(world: World) -> None:
    insured = insure(world)
    world.acting_as("carrier").pool.name_payee(world.carrier, world.account("attacker").address)
    invented = insured.visit(0, provider=world.carrier)
    recorded = insured.record(insured.visit(1)).at
    entry = {"fingerprint": bytes(24), "recordedAt": recorded, "role": int(Role.PARTICIPANT), "isAttested": True}
    world.acting_as("attacker").insurance._send("onVisit", invented, invented.id, entry)
    assert insured.balance("attacker") == PAYS


# Coverage, to the second.


@on_visits(
    "visit-of-tomorrow",
    defence="care lies at most 15 minutes ahead",
    blocked_by="ServedInFuture",
    patch=[("require(visit.servedAt <= latest, ServedInFuture(visit.servedAt, latest));", "")],
)
def _of_tomorrow(world: World) -> None:
    insured = insure(world)
    insured.record(insured.visit(0, served_at=world.chain.now() + DAY))
    assert insured.balance("hospital") == PAYS


def pay_for(insured: Insured, visit: Visit) -> None:
    """Record a visit outside a window; only without the judgement of the window it is paid."""
    insured.record(visit)
    require_paid(insured.world, visit)
    assert insured.balance("hospital") == PAYS


BEFORE = "if (servedAt < policy.from) return IInsuranceClaims.Reason.BEFORE_COVERAGE;"
WAITING = "if (servedAt < coveredFrom) return IInsuranceClaims.Reason.IN_WAITING_PERIOD;"


@on_claims(
    "claim-one-second-before-the-policy",
    defence="coverage begins with the policy, on the service date",
    blocked_by="BEFORE_COVERAGE",
    patch=[(BEFORE, ""), (WAITING, "coveredFrom;")],
    file=in_rulings,
)
def _before_the_policy(world: World) -> None:
    insured = insure(world, waiting_days=0, filing_days=100)
    pay_for(insured, insured.visit(0, served_at=insured.policy.valid_from - 1))


@on_claims(
    "claim-one-second-before-the-waiting-period-ends",
    defence="nothing is covered in the waiting period",
    blocked_by="IN_WAITING_PERIOD",
    patch=[(WAITING, "coveredFrom;")],
    file=in_rulings,
)
def _in_the_waiting_period(world: World) -> None:
    insured = insure(world, waiting_days=10, filing_days=100)
    pay_for(insured, insured.visit(0, served_at=insured.policy.valid_from + 10 * DAY - 1))


@on_claims(
    "claim-of-the-second-after-the-policy",
    defence="coverage ends with the policy, on the service date",
    blocked_by="AFTER_COVERAGE",
    patch=[("if (servedAt >= policy.until) return IInsuranceClaims.Reason.AFTER_COVERAGE;", "")],
    file=in_rulings,
)
def _after_the_policy(world: World) -> None:
    insured = insure(world)
    world.chain.travel(insured.policy.valid_until + DAY)
    pay_for(insured, insured.visit(0, served_at=insured.policy.valid_until))


@on_claims(
    "claim-filed-one-second-late",
    defence="a visit is filed until the service date and the filing days",
    blocked_by="FILED_LATE",
    patch=[("if (recordedAt >= filedUntil) return IInsuranceClaims.Reason.FILED_LATE;", "recordedAt; filedUntil;")],
    file=in_rulings,
)
def _filed_late(world: World) -> None:
    insured = insure(world)
    visit = insured.visit(0)
    insured.record_at(visit, visit.served_at + 30 * DAY, 0)
    require_paid(world, visit)
    assert insured.balance("hospital") == PAYS


@on_claims(
    "claim-of-another-member",
    defence="a policy covers its member alone",
    blocked_by="NOT_THE_MEMBER",
    patch=[("if (!isHers) return IInsuranceClaims.Reason.NOT_THE_MEMBER;", "isHers;")],
    file=in_rulings,
)
def _of_another_member(world: World) -> None:
    insured = insure(world)
    pay_for(insured, insured.visit(0, member=world.account("attacker").address))


@on_claims(
    "claim-outside-the-network",
    defence="a plan with a network pays no other provider",
    blocked_by="OUT_OF_NETWORK",
    patch=[("bool isPaid = terms.isOpen ||", "bool isPaid = true || terms.isOpen ||")],
    file=in_rulings,
)
def _outside_the_network(world: World) -> None:
    insured = insure(world, network=(world.clinic,))
    pay_for(insured, insured.visit(0))


@on_claims(
    "policy-by-another-insurer",
    defence="only the plan's insurer enrols in it",
    blocked_by="NotAuthorised",
    patch=[
        (
            "UnknownPlan(policy.plan));\n        _checkAuthorised(insurer, Roles.INSURER);",
            "UnknownPlan(policy.plan));",
        )
    ],
)
def _policy_by_another(world: World) -> None:
    insured = insure(world)
    attacker = world.account("attacker").address
    policy = replace(insured.policy, member=attacker)
    world.acting_as("attacker").insurance.enrol(policy)
    pay_for(insured, insured.visit(0, policy=policy.id, member=attacker))


@on_claims(
    "plan-in-anothers-name",
    defence="only an insurer publishes its plans",
    blocked_by="NotAuthorised",
    patch=[("_checkAuthorised(plan.insurer, Roles.INSURER);", "")],
)
def _plan_in_anothers_name(world: World) -> None:
    insured = insure(world)
    generous = replace(insured.plan, terms=replace(TERMS, attestation_above=1))
    world.acting_as("attacker").insurance.publish(generous)
    assert world.suite.insurance.plan_of(generous.id) == generous


@on_claims(
    "policy-longer-than-a-year",
    defence="a policy lasts at most 366 days, so its limits are annual",
    blocked_by="InvalidTerm",
    patch=[("until - from <= MAX_TERM && ", "")],
    file="contracts/libraries/PlanRules.sol",
)
def _longer_than_a_year(world: World) -> None:
    insured = insure(world)
    policy = replace(insured.policy, valid_until=insured.policy.valid_from + 366 * DAY + 1)
    world.acting_as("insurer").insurance.enrol(policy)
    pay_for(insured, insured.visit(0, policy=policy.id))


# Amounts: more than the plan says.


@on_claims(
    "charge-above-the-fee",
    defence="the plan recognises its fee and no more",
    blocked_by="FEE_REDUCED",
    patch=[("uint256 allowed = benefit.fee * units;", "uint256 allowed = charge + units;")],
    file=on_rules,
)
def _above_the_fee(world: World) -> None:
    insured = insure(world)
    visit = insured.visit(0, Line(Benefit.PRIMARY_CARE, 1, 900 * COIN))
    insured.record(visit)
    if reason_of(world, visit) is not Reason.COVERED:
        raise Blocked(reason_of(world, visit).name)
    assert insured.balance("hospital") == 880 * COIN


@on_claims(
    "units-split-over-lines",
    defence="units of a benefit are counted over the lines of a visit",
    blocked_by="UNITS_REDUCED",
    patch=[("uint256 before = counted + dossier.counted;", "uint256 before = counted;")],
    file=in_rulings,
)
def _units_split(world: World) -> None:
    insured = insure(world)
    line = Line(Benefit.PRIMARY_CARE, PRIMARY.units_per_day, 300 * COIN)
    visit = insured.visit(0, line, line)
    insured.record(visit)
    if reason_of(world, visit, 1) is not Reason.COVERED:
        raise Blocked(reason_of(world, visit, 1).name)
    assert insured.balance("hospital") == 2 * 280 * COIN


@on_claims(
    "line-split-to-gain-by-rounding",
    defence="coinsurance is rounded in the pool's favour",
    blocked_by="no gain",
    patch=[(" + BASIS_POINTS - 1) / BASIS_POINTS", ") / BASIS_POINTS")],
    file=on_rules,
)
def _split_by_rounding(world: World) -> None:
    insured = insure(world, benefits=(replace(LABORATORY, units_per_day=100),))
    whole, parts = insured.visit(0, Line(Benefit.LABORATORY, 20, 80)), [Line(Benefit.LABORATORY, 1, 4)] * 20
    insured.record(whole)
    paid_whole = insured.balance("hospital")
    insured.record(insured.visit(1, *parts))
    gain = insured.balance("hospital") - 2 * paid_whole
    if gain <= 0:
        raise Blocked("no gain")
    assert gain == 16


@on_claims(
    "annual-limit-by-another-visit",
    defence="what the plan paid is counted over the policy",
    blocked_by="LIMIT_REACHED",
    patch=[("uint256 limitLeft = terms.annualLimit - totals.planPaid;", "uint256 limitLeft = terms.annualLimit;")],
    file=on_rules,
)
def _beyond_the_annual_limit(world: World) -> None:
    insured = insure(world, annual_limit=PAYS)
    first, second = insured.visit(0), insured.visit(1)
    insured.record(first)
    insured.record(second)
    if insured.balance("hospital") == PAYS:
        raise Blocked(reason_of(world, second).name)
    assert insured.balance("hospital") == 2 * PAYS


@on_claims(
    "deductible-forgotten-between-visits",
    defence="what the member paid is counted before the next visit",
    blocked_by="counted",
    patch=[("book.totals[dossier.policy] = totals;", "")],
    file=in_rulings,
)
def _deductible_forgotten(world: World) -> None:
    insured = insure(world, deductible=100 * COIN)
    insured.record(insured.visit(0))
    insured.record(insured.visit(1))
    if insured.balance("hospital") == PAYS:
        raise Blocked("counted")
    assert insured.balance("hospital") == 0


@on_claims(
    "policy-without-the-capital",
    defence="a policy needs the capital that its plan asks for",
    blocked_by="InsufficientFunds",
    patch=[("POOL.cover(insurer, capital, policy.until + runOff);", "(capital, runOff);")],
)
def _without_the_capital(world: World) -> None:
    insured = insure(world, funds=0, annual_limit=PAYS)
    solid = replace(insured.plan, terms=replace(insured.plan.terms, solvency=10_000))
    insurance = world.acting_as("insurer").insurance
    insurance.publish(solid)
    policy = replace(insured.policy, plan=solid.id)
    insurance.enrol(policy)
    assert insurance.policy_of(policy.id) == policy


@on_claims(
    "capital-dodged-by-late-claims",
    defence="a plan that needs capital has no claims later than a year after a policy",
    blocked_by="InvalidTerms",
    patch=[("runOff(terms.filingDays, terms.decideDays, terms.appealDays) <= MAX_RUN_OFF", "MAX_RUN_OFF != 0")],
    file="contracts/libraries/PlanRules.sol",
)
def _dodged_by_late_claims(world: World) -> None:
    insured = insure(world, funds=0, annual_limit=PAYS)
    late = replace(insured.plan, terms=replace(insured.plan.terms, solvency=10_000, filing_days=3_000))
    insurance = world.acting_as("insurer").insurance
    insurance.publish(late)
    policy = replace(insured.policy, plan=late.id)
    insurance.enrol(policy)
    assert insurance.policy_of(policy.id) == policy


# The payer that is called.


@on_visits(
    "payer-burns-all-gas",
    defence="a payer is given its share of gas and no more",
    blocked_by="burnt its share",
    patch=[(".onVisit{gas: LISTENER_GAS}(", ".onVisit(")],
)
def _burns_all_gas(world: World) -> None:
    insured = insure(world)
    visit = insured.visit(0, payer=world.deploy("BurningPayer"))
    gas_used = (
        world.acting_as("hospital").visits._send("record", visit, int(Role.HOSPITAL), b"", gas=5_000_000).gas_used
    )
    if gas_used < 720_000:
        raise Blocked("burnt its share")
    assert gas_used > 4_500_000


def require_recorded(world: World, visit: Visit, gas: int = 900_000) -> None:
    """Record a visit with a hostile payer: blocked where it is recorded all the same."""
    visits = world.acting_as("hospital").visits
    try:
        visits._send("record", visit, int(Role.HOSPITAL), b"", gas=gas)
    except Reverted:
        assert visits.entry_of(visit.nullifier) is None
        return
    raise Blocked("recorded all the same")


TRY = (
    "        try IVisitListener(visit.payer).onVisit{gas: LISTENER_GAS}(visit, id, entry) {} catch {\n"
    "            emit PayerNotReached(id, visit.payer);\n"
    "        }\n"
)


@on_visits(
    "payer-reverts",
    defence="a payer cannot object to a visit",
    blocked_by="recorded all the same",
    patch=[(TRY, "        IVisitListener(visit.payer).onVisit{gas: LISTENER_GAS}(visit, id, entry);\n")],
)
def _payer_reverts(world: World) -> None:
    insured = insure(world)
    require_recorded(world, insured.visit(0, payer=world.deploy("RevertingPayer")))


@on_visits(
    "payer-returns-a-flood",
    defence="nothing that a payer returns is copied",
    blocked_by="recorded all the same",
    patch=[(TRY, TRY.replace("catch {", "catch (bytes memory flood) {\n            flood;"))],
)
def _payer_floods(world: World) -> None:
    insured = insure(world)
    require_recorded(world, insured.visit(0, payer=world.deploy("FloodingPayer")), gas=715_000)


@on_visits(
    "payer-is-no-contract",
    defence="a payer without code is not called",
    blocked_by="recorded all the same",
    patch=[("if (visit.payer.code.length == 0) {", "if (visit.payer == address(0)) {")],
)
def _payer_is_no_contract(world: World) -> None:
    insured = insure(world)
    require_recorded(world, insured.visit(0, payer=world.account("attacker").address))


@on_visits(
    "payer-starved-on-purpose",
    defence="what a payer is given must be there before it is called",
    blocked_by="InsufficientGas",
    patch=[("require(gasleft() >= GAS_NEEDED, InsufficientGas(gasleft(), GAS_NEEDED));", "")],
)
def _payer_starved(world: World) -> None:
    """A visit of 25 lines needs more than what the 64th part that is kept back lets a caller starve."""
    insured = insure(world)
    visits = world.acting_as("hospital").visits
    visit = insured.visit(0, *(Line(Benefit.LABORATORY, 1, COIN) for _ in range(25)))
    for gas in range(260_000, 360_000, 10_000):
        try:
            visits._send("record", visit, int(Role.HOSPITAL), b"", gas=gas)
        except Reverted as refused:
            if refused.error == "InsufficientGas":
                raise
        else:
            break
    assert visits.entry_of(visit.nullifier) is not None
    assert claim_of(world, visit).status is ClaimStatus.PENDING
