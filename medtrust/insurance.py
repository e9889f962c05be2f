"""Insurance: plans, policies, and what was decided about each visit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from medtrust.adjudication import BenefitTerms, Line, Outcome, Reason, Terms, Totals
from medtrust.chain import Receipt
from medtrust.contract import Client
from medtrust.errors import Reverted
from medtrust.explanation import ClaimStatus, Explanation
from medtrust.plan import Plan, Policy
from medtrust.types import ZERO_ADDRESS, ZERO_HASH
from medtrust.visit import Visit

__all__ = ["Claim", "InsuranceClient"]


@dataclass(frozen=True)
class Claim:
    """A claim: how it stands, COVERED or why it was denied, when it was decided (Unix seconds), what the plan pays."""

    status: ClaimStatus
    reason: Reason
    decided_at: int
    amount: int


class InsuranceClient(Client):
    """Calls to one deployed InsuranceClaims. Amounts are in the smallest unit of the pool's token."""

    artifact = "InsuranceClaims"

    def publish(self, plan: Plan) -> Receipt:
        """Publish a plan version, as its insurer; its id is `plan.id`.

        Raises `Reverted` with error "NotAuthorised", "InvalidOrder", "InvalidBenefit", "InvalidNetwork" or
        "PlanExists".
        """
        return self._send("publish", plan)

    def enrol(self, policy: Policy) -> Receipt:
        """Enrol a member in a plan, as the plan's insurer; the policy's id is `policy.id`.

        Raises `Reverted` with error "UnknownPlan", "NotAuthorised", "ZeroIdentifier", "InvalidTerm" or "PolicyExists".
        """
        return self._send("enrol", policy)

    def settle(self, visit: Visit) -> Receipt:
        """Finish a claim that is recorded but not decided, or decided but not paid; anyone may.

        Raises `Reverted` with error "AnotherPayer", "UnknownVisit", "NotAccredited", "ClaimSettled", "UnknownPolicy",
        "AttestationNeeded" or "StillUnfunded".
        """
        return self._send("settle", visit)

    def claim_of(self, visit: bytes) -> Claim:
        """How the claim of a visit (its id) stands; PENDING if there is none."""
        raw = self._call("claimOf", visit)
        return Claim(ClaimStatus(raw["status"]), Reason(raw["reason"]), raw["decidedAt"], raw["amount"])

    def explain(self, visit: Visit) -> Explanation:
        """Say how the claim of a recorded visit stands and why, line by line."""
        claim = self.claim_of(visit.id)
        is_settled = claim.status not in (ClaimStatus.PENDING, ClaimStatus.APPROVED)
        return Explanation(
            visit=visit,
            status=claim.status,
            reason=claim.reason,
            decided_at=claim.decided_at,
            outcomes=() if claim.status in (ClaimStatus.PENDING, ClaimStatus.DENIED) else self._outcomes(visit),
            waits_for="" if is_settled else self._obstacle(visit),
        )

    def adjudicate(self, plan: bytes, lines: Sequence[Line], totals: Totals | None = None) -> tuple[Outcome, ...]:
        """Say how a plan (its id) decides lines in a policy that has counted `totals`; an estimate.

        Raises `Reverted` with error "TotalsBeyondTerms".
        """
        return tuple(_outcome(raw) for raw in self._call("adjudicate", plan, list(lines), totals or Totals()))

    def _outcomes(self, visit: Visit) -> tuple[Outcome, ...]:
        """Decide an approved claim again, with what its policy had counted when it was decided."""
        counted = Totals()
        for event in self._events("ClaimApproved", indexed={"policy": visit.policy}):
            if event.values["visit"] == visit.id:
                break
            counted = _totals(event.values["counted"])
        return self.adjudicate(self._call("policyOf", visit.policy)["plan"], visit.lines, counted)

    def _obstacle(self, visit: Visit) -> str:
        """What a settlement would be refused for now."""
        try:
            self._call("settle", visit)
        except Reverted as reason:
            return reason.sentence.rstrip(".")
        return "anyone may settle it now"

    def policy_of(self, policy: bytes) -> Policy | None:
        """A policy by its id; None if there is none."""
        raw = self._call("policyOf", policy)
        return None if raw["member"] == ZERO_ADDRESS else Policy(raw["plan"], raw["member"], raw["from"], raw["until"])

    def totals_of(self, policy: bytes) -> Totals:
        """What has been counted in a policy (its id)."""
        return _totals(self._call("totalsOf", policy))

    def plan_of(self, plan: bytes) -> Plan | None:
        """Read a plan version by its id, from its event; None if it is not published."""
        if self._call("planOf", plan)["insurer"] == ZERO_HASH:
            return None
        return _plan(self._events("PlanPublished", indexed={"plan": plan})[0].values["content"])

    def insurer_of(self, policy: bytes) -> bytes:
        """The insurer (organisation id) behind a policy (its id); zero if there is none."""
        return bytes(self._call("planOf", self._call("policyOf", policy)["plan"])["insurer"])

    def benefit_of(self, plan: bytes, benefit: int) -> BenefitTerms | None:
        """What a plan version (its id) pays for a benefit; None if it does not cover it."""
        raw = self._call("benefitOf", plan, benefit)
        return _benefit(raw) if raw["fee"] else None

    def is_in_network(self, plan: bytes, provider: bytes) -> bool:
        """Whether a plan version (its id) pays a provider."""
        return bool(self._call("isInNetwork", plan, provider))


def _plan(raw: Mapping[str, Any]) -> Plan:
    terms = raw["terms"]
    return Plan(
        insurer=raw["insurer"],
        terms=Terms(
            deductible=terms["deductible"],
            out_of_pocket_maximum=terms["outOfPocketMaximum"],
            annual_limit=terms["annualLimit"],
            attestation_above=terms["attestationAbove"],
            waiting_days=terms["waitingDays"],
            filing_days=terms["filingDays"],
            is_open=terms["isOpen"],
        ),
        benefits=tuple(_benefit(benefit) for benefit in raw["benefits"]),
        network=tuple(raw["network"]),
    )


def _benefit(raw: Mapping[str, Any]) -> BenefitTerms:
    return BenefitTerms(raw["benefit"], raw["fee"], raw["copay"], raw["coinsurance"], raw["unitsPerVisit"])


def _totals(raw: Mapping[str, Any]) -> Totals:
    return Totals(raw["deductibleMet"], raw["outOfPocketMet"], raw["planPaid"], raw["unattested"])


def _outcome(raw: Mapping[str, Any]) -> Outcome:
    return Outcome(
        allowed=raw["allowed"],
        deductible=raw["deductible"],
        copay=raw["copay"],
        coinsurance=raw["coinsurance"],
        plan_pays=raw["planPays"],
        member_pays=raw["memberPays"],
        write_off=raw["writeOff"],
        reason=Reason(raw["reason"]),
    )
