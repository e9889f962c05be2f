"""What a visit costs from its record to the money, each further line, and what an insurer sets up once."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import replace

from medtrust.adjudication import UNLIMITED, Benefit, BenefitTerms, Line
from medtrust.chain import Receipt
from medtrust.explanation import ClaimStatus
from medtrust.plan import Plan
from medtrust.visit import Visit
from tests.gas.frame import Operation
from tests.insurance_world import COIN, DAY, PAYS, TERMS, Insured, coordinate, fund, insure, member_of, second_policy
from tests.world import World

PLAN = tuple(BenefitTerms(number, 100 * COIN, 10 * COIN, 2_000, 5) for number in Benefit)
CHARGE = 120_500_000
_ZERO_BYTE_SAVES = 12
"""What a byte of calldata costs less if it is zero."""


def _second_use(world: World) -> Insured:
    """A policy in which three visits were paid and the deductible is met: every counter is written again."""
    terms = {"deductible": 250 * COIN, "out_of_pocket_maximum": 10_000 * COIN, "attestation_above": UNLIMITED}
    insured = insure(world, funds=100_000 * COIN, benefits=PLAN, **terms)
    for number in range(3):
        _paid(insured, _visit(insured, number, 1))
    return insured


def _paid(insured: Insured, visit: Visit, signature: bytes = b"") -> int:
    gas = insured.record(visit, signature=signature).gas_used
    assert insured.world.suite.insurance.claim_of(visit).status is ClaimStatus.PAID
    return gas


def _visit(insured: Insured, number: int, lines: int) -> Visit:
    """Lines of as many benefits; their order starts anew after the fourteenth."""
    return insured.visit(number, *(Line(1 + index % len(PLAN), 1, CHARGE) for index in range(lines)))


def _record(lines: int):
    def measure(world: World) -> int:
        insured = _second_use(world)
        return _paid(insured, _visit(insured, 3, lines))

    return measure


def _further_line(world: World) -> int:
    """The dearest of the second to the fourteenth line, each of another benefit."""
    insured = _second_use(world)
    costs = [_paid(insured, _visit(insured, 10 + lines, lines)) for lines in range(1, 15)]
    return max(after - before for before, after in itertools.pairwise(costs))


def _attested(world: World) -> int:
    insured = _second_use(world)
    visit = _visit(insured, 3, 1)
    return _paid(insured, visit, insured.sign(visit))


def _attest(world: World) -> int:
    insured = insure(world, attestation_above=PAYS)
    insured.record(insured.visit(0))
    visit = insured.visit(1)
    insured.record(visit)
    world.chain.mine(seconds=60)  # the member signs later than the visit is recorded, which writes more
    return world.acting_as("relayer").visits.attest(visit, insured.sign(visit)).gas_used


def _late_policy(world: World) -> tuple[Insured, Visit]:
    """A visit that was recorded before its policy."""
    insured = _second_use(world)
    policy = replace(insured.policy, valid_until=insured.policy.valid_until + 1)
    visit = insured.visit(3, policy=policy.id)
    insured.record(visit)
    world.acting_as("insurer").insurance.enrol(policy)
    return insured, visit


def _settle(world: World) -> int:
    _, visit = _late_policy(world)
    return world.acting_as("relayer").insurance.settle(visit).gas_used


def _short(world: World) -> int:
    insured = insure(world, funds=PAYS)
    for number in range(3):
        gas = insured.record(insured.visit(number)).gas_used
    return gas


def _held(world: World, number: int = 2) -> tuple[Insured, Visit]:
    insured = insure(world, automatic_up_to=0)
    for before in range(number):
        insured.record(insured.visit(before))
    return insured, insured.visit(number)


def _bringing(world: World, visit: Visit, act: Callable[[], Receipt]) -> int:
    """What an act costs that brings a dossier, were no byte of its salt zero: it is a block's hash, so it varies."""
    dossier = world.suite.insurance.dossier_of(visit)
    assert dossier is not None
    return act().gas_used + _ZERO_BYTE_SAVES * dossier.salt.count(0)


def _hold(world: World) -> int:
    insured, visit = _held(world)
    return insured.record(visit).gas_used


def _decide(world: World) -> int:
    insured, visit = _held(world)
    insured.record(visit)
    insurer = world.acting_as("insurer").insurance
    return _bringing(world, visit, lambda: insurer.decide(visit, world.insurer, PAYS))


def _refused(world: World) -> tuple[Insured, Visit]:
    insured, visit = _held(world)
    insured.record(visit)
    world.acting_as("insurer").insurance.decide(visit, world.insurer, 0)
    return insured, visit


def _appeal(world: World) -> int:
    _, visit = _refused(world)
    return _bringing(world, visit, lambda: world.acting_as("hospital").insurance.appeal(visit))


def _overturn(world: World) -> int:
    _, visit = _refused(world)
    world.acting_as("hospital").insurance.appeal(visit)
    world.chain.mine(seconds=3_600)
    insurer = world.acting_as("insurer").insurance
    return _bringing(world, visit, lambda: insurer.decide(visit, world.insurer, PAYS))


def _void(world: World) -> int:
    insured = _second_use(world)
    visit = _visit(insured, 3, 1)
    insured.record(visit)
    return world.acting_as("hospital").visits.void(visit).gas_used


def _reverse(world: World) -> int:
    insured = _second_use(world)
    visit = _visit(insured, 3, 1)
    insured.record(visit)
    world.acting_as("hospital").visits.void(visit)
    return _bringing(world, visit, lambda: world.acting_as("relayer").insurance.reverse(visit))


def _coordinate(world: World) -> int:
    insured = insure(world)
    second, member = second_policy(insured)
    first, visit = insured.visit(0), insured.visit(1)
    insured.record(first)
    coordinate(insured, first, second, member)
    # In the same second each time: she signs it, and a zero byte of a signature costs less.
    insured.record_at(visit, insured.policy.valid_from, 51 * DAY)
    return _bringing(world, visit, lambda: coordinate(insured, visit, second, member))


def _publish(world: World) -> int:
    insure(world)
    plan = Plan(world.insurer, replace(TERMS, deductible=1), PLAN)
    return world.acting_as("insurer").insurance.publish(plan).gas_used


def _enrol(world: World) -> int:
    insured = insure(world)
    policy = replace(insured.policy, member=member_of(number=1).address)
    return world.acting_as("insurer").insurance.enrol(policy).gas_used


def _deposit(world: World) -> int:
    insure(world)
    return fund(world, COIN).gas_used


OPERATIONS = [
    Operation("visit to money, 1 line", _record(1), budget=220_000, bound=150_000),
    Operation("visit to money, 10 lines", _record(10), budget=292_000),
    Operation("visit to money, 25 lines", _record(25), budget=412_000),
    Operation("visit, each further line", _further_line, budget=8_000),
    Operation("visit to money, signed by the member", _attested),
    Operation("visit attest, then decided and paid", _attest),
    Operation("visit to the queue of a short pool", _short),
    Operation("visit to a hold", _hold),
    Operation("claim settle, when the policy came in", _settle),
    Operation("claim decide, what was held", _decide),
    Operation("claim appeal, by the provider", _appeal),
    Operation("claim decide, an appeal, with interest", _overturn),
    Operation("claim coordinate, a second policy", _coordinate),
    Operation("visit void", _void),
    Operation("claim reverse, of a voided visit", _reverse),
    Operation("plan publish, 14 benefits", _publish),
    Operation("policy enrol", _enrol),
    Operation("pool deposit", _deposit),
]
