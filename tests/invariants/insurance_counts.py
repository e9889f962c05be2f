"""What is kept of visits and claims in plain Python, and what they count: always the sum over what stands."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from medtrust.adjudication import Reason, Totals
from medtrust.explanation import ClaimStatus
from medtrust.keccak import keccak256
from medtrust.plan import Plan, Policy
from medtrust.visit import Visit
from tests.invariants.insurance_pool_model import DAY, Refused


@dataclass(frozen=True)
class Entry:
    """What is kept of a visit."""

    visit: bytes
    recorded_at: int
    role: int
    is_attested: bool


@dataclass
class ClaimRecord:
    """A claim, and what it has counted; `lines` holds (plan pays, member pays, reason) of each."""

    visit: bytes
    nullifier: bytes
    policy: bytes
    provider: bytes
    day: int
    decided_at: int
    status: ClaimStatus = ClaimStatus.DENIED
    reason: Reason = Reason.COVERED
    appeals: int = 0
    changed_at: int = 0
    amount: int = 0
    allowed: int = 0
    deductible: int = 0
    out_of_pocket: int = 0
    unattested: int = 0
    units: dict[int, int] = field(default_factory=dict)
    paid_for_day: int = 0
    visits: int = 0
    interest: int = 0
    lines: tuple[tuple[int, int, Reason], ...] = ()

    def forget(self) -> None:
        """Count nothing any more."""
        self.deductible = self.out_of_pocket = self.unattested = self.paid_for_day = self.visits = self.amount = 0
        self.units = {}


def key_of(nullifier: bytes, *, is_first: bool = True) -> bytes:
    """Where the claim of an encounter is kept: on the policy that its visit names, or on a second one."""
    return keccak256(nullifier + bytes(31) + bytes([is_first]))


def pair_of(policy: bytes, provider: bytes) -> bytes:
    """What a provider does for a policy, as the subject of a hold."""
    return keccak256(policy + provider)


@dataclass
class Counts:
    """Policies, their claims, and what these count. `plans` are all that there are."""

    plans: Mapping[bytes, Plan]
    policies: dict[bytes, Policy] = field(default_factory=dict)
    claims: dict[bytes, ClaimRecord] = field(default_factory=dict)

    def policy_of(self, policy: bytes) -> Policy:
        if policy not in self.policies:
            raise Refused("UnknownPolicy", policy=policy)
        return self.policies[policy]

    def plan_of(self, policy: bytes) -> Plan:
        return self.plans[self.policies[policy].plan]

    def totals(self, policy: bytes) -> Totals:
        of = [claim for claim in self.claims.values() if claim.policy == policy]
        sums = zip(*[(one.deductible, one.out_of_pocket, one.amount, one.unattested) for one in of], strict=True)
        return Totals(*map(sum, sums)) if of else Totals()

    def units(self, policy: bytes, day: int) -> Counter[int]:
        found: Counter[int] = Counter()
        for claim in self.claims.values():
            if (claim.policy, claim.day) == (policy, day):
                found.update(claim.units)
        return found

    def paid_for_day(self, policy: bytes, day: int) -> int:
        return sum(one.paid_for_day for one in self.claims.values() if (one.policy, one.day) == (policy, day))

    def deemed(self, policy: bytes, day: int) -> int:
        """What silence approved for a service day."""
        of = [one for one in self.claims.values() if (one.policy, one.day) == (policy, day)]
        return sum(one.amount for one in of if one.reason is Reason.DEEMED_APPROVED)

    def visits(self, insurer: bytes, provider: bytes, day: int) -> int:
        of = [one for one in self.claims.values() if (one.provider, one.day) == (provider, day)]
        return sum(one.visits for one in of if self.plan_of(one.policy).insurer == insurer)


def judge(visit: Visit, policy: Policy, plan: Plan, recorded_at: int) -> Reason:
    """Whether a policy covers a visit at all."""
    if visit.served_at < policy.valid_from:
        return Reason.BEFORE_COVERAGE
    if visit.served_at < policy.valid_from + plan.terms.waiting_days * DAY:
        return Reason.IN_WAITING_PERIOD
    if visit.served_at >= policy.valid_until:
        return Reason.AFTER_COVERAGE
    if recorded_at >= visit.served_at + plan.terms.filing_days * DAY:
        return Reason.FILED_LATE
    if not plan.terms.is_open and visit.provider not in plan.network:
        return Reason.OUT_OF_NETWORK
    return Reason.COVERED
