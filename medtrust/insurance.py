"""Insurance: plans, policies, and what was decided about each visit."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from medtrust.adjudication import Outcome, Reason, Totals, adjudicate
from medtrust.chain import Event, Receipt
from medtrust.contract import Client
from medtrust.dossier import NO_DOSSIER, Dossier, claim_key
from medtrust.errors import InputError, Reverted
from medtrust.explanation import ClaimStatus, Explanation
from medtrust.instants import minute_of
from medtrust.plan import Plan, Policy
from medtrust.signing import Domain, TypedData, sign
from medtrust.types import ZERO_HASH
from medtrust.visit import Visit

__all__ = ["Claim", "InsuranceClient"]

_APPEAL: Final = TypedData(
    "ClaimAppeal",
    {
        "ClaimAppeal": {
            "claims": "address",
            "visit": "bytes32",
            "policy": "bytes32",
            "level": "uint256",
            "decidedAt": "uint64",
        }
    },
)
_COORDINATION: Final = TypedData(
    "Coordination",
    {"Coordination": {"claims": "address", "visit": "bytes32", "policy": "bytes32", "recordedAt": "uint64"}},
)
_TOLD: Final = ("ClaimAdjudicated", "ClaimDecided", "ClaimClosed", "ClaimReversed")
"""The events that change what a claim has counted."""
_DAY: Final = 86_400


@dataclass(frozen=True)
class Claim:
    """A claim: how it stands, COVERED or why it stands so, how often it was appealed, when it changed (Unix seconds),
    and what the plan pays, interest aside, or what is asked while it is held.
    """

    status: ClaimStatus
    reason: Reason
    appeals: int
    changed_at: int
    amount: int


class InsuranceClient(Client):
    """Calls to one deployed InsuranceClaims. Amounts are in the smallest unit of the pool's token.

    A visit has a claim on the policy that it names, and may have another on a second `policy` (its id).
    """

    artifact = "InsuranceClaims"

    def publish(self, plan: Plan) -> Receipt:
        """Publish a plan version, as its insurer; its id is `plan.id`.

        Raises `Reverted` with error "NotAuthorised", "InvalidTerms", "InvalidOrder", "InvalidBenefit",
        "OneSidedExclusion", "InvalidNetwork" or "PlanExists".
        """
        return self._send("publish", plan)

    def enrol(self, policy: Policy) -> Receipt:
        """Enrol a member in a plan, as the plan's insurer, whose account is open; the policy's id is `policy.id`.

        Raises `Reverted` with error "UnknownPlan", "NotAuthorised", "ZeroIdentifier", "InvalidTerm", "PolicyExists",
        "NotAdjudicator", "WindingDown" or "InsufficientFunds".
        """
        return self._send("enrol", policy)

    def hold(self, insurer: bytes, subject: bytes, until: int) -> Receipt:
        """Look at every claim of a policy or a provider (its id), or of both (`pair_of`), until a time (Unix seconds).

        Only the insurer may; a time that is over ends a look, also one that began because a claim was taken back.
        Raises `Reverted` with error "NotAuthorised" or "HoldTooLong".
        """
        return self._send("hold", insurer, subject, until)

    def decide(self, visit: Visit, organisation: bytes, amount: int, *, policy: bytes | None = None) -> Receipt:
        """Decide what is held or appealed: the insurer a held claim and the first appeal, a reviewer the second.

        Anyone may, when the days of the insurer for a held claim are over: it is then approved as far as the plan says.
        Raises `InputError` if there is no claim, `Reverted` with error "AnotherDossier", "UnknownVisit",
        "ClaimSettled", "DecisionTooLate", "NotTheInsurer", "NotAuthorised", "NotIndependent" or "AmountOutOfRange".
        """
        return self._send("decide", self._dossier(visit, policy), organisation, amount)

    def appeal(self, visit: Visit, *, policy: bytes | None = None, signature: bytes = b"") -> Receipt:
        """Appeal a decision, as the provider, or as anyone with the member's `signature` (`sign_appeal`).

        Raises `InputError` if there is no claim, `Reverted` with error "AnotherDossier", "NotDecided",
        "AppealsExhausted", "NotAppealable", "NotAuthorised" or "InvalidSignature".
        """
        return self._send("appeal", self._dossier(visit, policy), signature)

    def sign_appeal(self, visit: Visit, *, policy: bytes | None = None) -> bytes:
        """Appeal a decision as this client's signer, who decides for the member; nothing is sent.

        Raises `InputError` if there is no claim.
        """
        dossier, level = self._dossier(visit, policy), self.claim_of(visit, policy=policy).appeals + 1
        about = {"visit": visit.id, "policy": dossier.policy, "level": level}
        return self._sign(_APPEAL, {**about, "decidedAt": dossier.decided_at})

    def coordinate(self, visit: Visit, policy: bytes, signature: bytes, second_signature: bytes) -> Receipt:
        """Claim a visit from a second policy too, with what its two members signed (`sign_coordination`); anyone may.

        Raises `Reverted` with error "AnotherPayer", "UnknownVisit", "NotAccredited", "UnknownPolicy", "ClaimSettled",
        "InvalidSignature", "NotDecided", "AnotherDossier" or "AttestationNeeded".
        """
        first = self.dossier_of(visit) or NO_DOSSIER
        return self._send("coordinate", visit, first, policy, signature, second_signature)

    def sign_coordination(self, visit: Visit, policy: bytes, recorded_at: int) -> bytes:
        """Agree that a visit is claimed from a second policy too, as a member of one of the two; nothing is sent.

        `recorded_at` is when it was recorded (Unix seconds). It links the two pseudonyms for ever.
        """
        return self._sign(_COORDINATION, {"visit": visit.id, "policy": policy, "recordedAt": recorded_at})

    def settle(self, visit: Visit) -> Receipt:
        """Finish a claim that is recorded but not decided; anyone may.

        Raises `Reverted` with error "AnotherPayer", "UnknownVisit", "NotAccredited", "ClaimSettled", "UnknownPolicy"
        or "AttestationNeeded".
        """
        return self._send("settle", visit)

    def reverse(self, visit: Visit, *, policy: bytes | None = None) -> Receipt:
        """Take back the claim of a visit that its provider voided, or whose provider lost its trust; anyone may.

        Raises `InputError` if there is no claim, `Reverted` with error "AnotherDossier" or "VisitStands".
        """
        return self._send("reverse", self._dossier(visit, policy))

    def claim_of(self, visit: Visit, *, policy: bytes | None = None) -> Claim:
        """How the claim of a visit stands; PENDING if there is none."""
        is_second = policy is not None and policy != visit.policy
        raw = self._call("claimOf", claim_key(visit.nullifier, is_first=not is_second))
        status, reason = ClaimStatus(raw["status"]), Reason(raw["reason"])
        return Claim(status, reason, raw["appeals"], raw["changedAt"], raw["amount"])

    def dossier_of(self, visit: Visit, *, policy: bytes | None = None) -> Dossier | None:
        """The newest dossier of a claim, read from events; None if it is not decided or was taken back."""
        told = self._history(policy or visit.policy, visit.id)
        return Dossier.from_values(told[-1].values["dossier"]) if told else None

    def policies_of(self, visit: Visit) -> list[bytes]:
        """The policies under which a visit has a claim that was not taken back."""
        told = self._events("ClaimAdjudicated", indexed={"visit": visit.id})
        policies = dict.fromkeys(event.values["policy"] for event in told)
        return [policy for policy in policies if self._history(policy, visit.id)]

    def explain(self, visit: Visit, *, policy: bytes | None = None) -> Explanation:
        """Say how the claim of a recorded visit stands and why, line by line."""
        policy = policy or visit.policy
        claim, told = self.claim_of(visit, policy=policy), self._history(policy, visit.id)
        taken_back = None if told else self._taken_back(policy, visit.id)
        if taken_back:
            claim, told = taken_back
        dossier = Dossier.from_values(told[-1].values["dossier"]) if told else NO_DOSSIER
        ruled = next((event for event in told if event.name == "ClaimAdjudicated"), None)
        return Explanation(
            visit=visit,
            status=claim.status,
            reason=claim.reason,
            decided_at=claim.changed_at,
            outcomes=self._outcomes(visit, ruled) if ruled and ruled.values["lines"] else (),
            waits_for="" if taken_back else self._obstacle(visit, policy, claim),
            policy=policy,
            amount=claim.amount if ruled else None,
            interest=dossier.interest,
            appeals=claim.appeals,
            first_paid=None if policy == visit.policy else self.claim_of(visit).amount,
            is_voided=taken_back is not None,
        )

    def _taken_back(self, policy: bytes, visit: bytes) -> tuple[Claim, list[Event]] | None:
        """A claim that was taken back, as it stood before, and what was told of it; None if none was."""
        told = self._told(policy, visit)
        if not told:
            return None
        before, last = _reversals(told)[-2:]
        kept = told[before : last - 1]
        paid = told[-1].values["reclaimed"] - Dossier.from_values(kept[-1].values["dossier"]).interest
        status = ClaimStatus.PAID if paid else ClaimStatus.DENIED
        return Claim(status, Reason(kept[-1].values["reason"]), 0, 0, paid), kept

    def _dossier(self, visit: Visit, policy: bytes | None) -> Dossier:
        found = self.dossier_of(visit, policy=policy)
        if found is None:
            raise InputError(place="claim", found="0x" + visit.id.hex(), expected="the id of a claim that is decided")
        return found

    def _sign(self, statement: TypedData, values: Mapping[str, Any]) -> bytes:
        if self.signer is None:
            raise InputError(place="signer", found="nobody", expected="the member")
        domain = Domain("PatientRegistry", "1", self.chain.id, self._call("PATIENTS"))
        return sign(bytes(self.signer.key), statement.digest(domain, {"claims": self.address, **values}))

    def _history(self, policy: bytes, visit: bytes) -> list[Event]:
        """What was told of a claim, in order, since it was taken back last."""
        told = self._told(policy, visit)
        return told[_reversals(told)[-1] :]

    def _told(self, policy: bytes, visit: bytes | None = None) -> list[Event]:
        """What was ever told of the claims of a policy, or of one, in order."""
        indexed = {"policy": policy} if visit is None else {"policy": policy, "visit": visit}
        return sorted((event for name in _TOLD for event in self._events(name, indexed=indexed)), key=_position)

    def _outcomes(self, visit: Visit, ruled: Event) -> tuple[Outcome, ...]:
        """Decide a claim again by the twin, with what its policy had counted when it was adjudicated."""
        dossier, counted = Dossier.from_values(ruled.values["dossier"]), _totals(ruled.values["counted"])
        before = Totals(
            counted.deductible_met - dossier.deductible,
            counted.out_of_pocket_met - dossier.out_of_pocket,
            counted.plan_paid - dossier.plan_paid,
            counted.unattested - dossier.unattested,
        )
        plan = self._plan_behind(dossier.policy)
        benefits = [plan.terms_for(line) for line in visit.lines]
        units = self._units_before(dossier, ruled)
        return tuple(adjudicate(plan.terms, benefits, visit.lines, before, units_before=units)[0])

    def _units_before(self, dossier: Dossier, ruled: Event) -> dict[int, int]:
        """The units that the other claims of a policy had counted for the service day, by benefit."""
        counted: dict[bytes, dict[int, int]] = {}
        for event in self._told(dossier.policy):
            if _position(event) >= _position(ruled):
                break
            if event.name == "ClaimReversed":
                counted.pop(event.values["visit"], None)
                continue
            other = Dossier.from_values(event.values["dossier"])
            if other.day == dossier.day:
                counted[other.visit] = other.units
        return dict(sum((Counter(units) for units in counted.values()), Counter()))

    def _obstacle(self, visit: Visit, policy: bytes, claim: Claim) -> str:
        """What a claim waits for; "" if it is settled."""
        if claim.status is ClaimStatus.PENDING:
            try:
                self._call("settle", visit)
            except Reverted as reason:
                return reason.sentence.rstrip(".")
            return "anyone may settle it now"
        if claim.status not in (ClaimStatus.HELD, ClaimStatus.APPEALED, ClaimStatus.ESCALATED):
            return ""
        terms = self._plan_behind(policy).terms
        deadline = claim.changed_at + terms.decide_days * _DAY
        if claim.status is ClaimStatus.ESCALATED:
            free = minute_of(deadline + terms.appeal_days * _DAY)
            return f"a reviewer who is independent of both decides the appeal; a second policy can be asked from {free}"
        if claim.status is ClaimStatus.APPEALED:
            return f"the insurer answers the appeal before {minute_of(deadline)}, else it goes on to a reviewer"
        if self.chain.now() >= deadline:
            return "the insurer said nothing in time, so anyone may settle it now"
        return f"the insurer decides before {minute_of(deadline)}, else it is approved as far as the plan says"

    def policy_of(self, policy: bytes) -> Policy | None:
        """Read a policy by its id, from its event; None if there is none."""
        told = self._events("PolicyEnrolled", indexed={"policy": policy})
        names = ("plan", "member", "from", "until")
        return Policy(*(told[0].values[name] for name in names)) if told else None

    def totals_of(self, policy: bytes) -> Totals:
        """What has been counted in a policy (its id)."""
        return _totals(self._call("totalsOf", policy))

    def plan_of(self, plan: bytes) -> Plan | None:
        """Read a plan version by its id, from its event; None if it is not published."""
        told = self._events("PlanPublished", indexed={"plan": plan})
        return Plan.decode(told[0].values["content"]) if told else None

    def insurer_of(self, policy: bytes) -> bytes:
        """The insurer (organisation id) behind a policy (its id); zero if there is none."""
        found = self.policy_of(policy)
        plan = self.plan_of(found.plan) if found else None
        return plan.insurer if plan else ZERO_HASH

    def _plan_behind(self, policy: bytes) -> Plan:
        found = self.policy_of(policy)
        plan = self.plan_of(found.plan) if found else None
        if plan is None:
            raise InputError(place="policy", found="0x" + policy.hex(), expected="the id of a policy")
        return plan


def _position(event: Event) -> tuple[int, int]:
    return event.block, event.log_index


def _reversals(told: list[Event]) -> list[int]:
    """The places right behind each reversal, after that of the beginning."""
    return [0, *(place for place, event in enumerate(told, 1) if event.name == "ClaimReversed")]


def _totals(raw: Mapping[str, Any]) -> Totals:
    return Totals(raw["deductibleMet"], raw["outOfPocketMet"], raw["planPaid"], raw["unattested"])
