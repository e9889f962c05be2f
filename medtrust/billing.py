"""Billing: what an insurer and a provider do from files in one step, each safe to do again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from medtrust import standards
from medtrust.accreditation import Role
from medtrust.chain import Receipt
from medtrust.errors import InputError
from medtrust.explanation import ClaimStatus, Explanation
from medtrust.plan import Plan, Policy
from medtrust.plan_file import read_plan
from medtrust.pool import GUARANTEE_FUND, Wait
from medtrust.suite import Suite
from medtrust.types import ZERO_HASH
from medtrust.visit import Visit
from medtrust.visit_file import Bill, bills_in

__all__ = ["Billing", "Filed", "read_bills", "read_claims"]

_SCHEMAS: Final = ("enc/1", "claim/1")


@dataclass(frozen=True)
class Filed:
    """A visit that stands on the chain and how its claim stands; `receipt` is None if it stood there already."""

    visit: Visit
    receipt: Receipt | None
    explanation: Explanation


def read_claims(
    data: bytes,
    *,
    name: str,
    key: bytes,
    organisation: str,
    payers: Mapping[str, str] | None = None,
    authorities: Mapping[str, str] | None = None,
    beside: Sequence[tuple[str, bytes]] = (),
    policy_number: str = "",
) -> standards.Reading:
    """Read the visits and claims in HL7 v2, FHIR R4, X12 837P or plain JSON, and what became of every field.

    What is none of these, or holds neither, is among the refusals. Raises `InputError` if the organisation or a payer
    is no URI.
    """
    try:
        reading = standards.read(
            data,
            name=name,
            key=key,
            organisation=organisation,
            take=_SCHEMAS,
            payers=payers,
            authorities=authorities,
            beside=beside,
            policy_number=policy_number,
        )
    except InputError as error:
        if error.place != "beginning":
            raise
        return standards.Reading((), (error,), standards.LossReport(key))
    if not reading.records and not reading.refusals:
        first = next((entry.path.partition(".")[0] for entry in reading.loss.entries()), "file")
        place = f"{first}.entry" if first == "Bundle" else first
        nothing = InputError(file=name, place=place, found="no claim", expected="a claim or a visit that took place")
        return standards.Reading((), (nothing,), reading.loss)
    return reading


def read_bills(
    data: bytes,
    *,
    name: str,
    key: bytes,
    organisation: str,
    payers: Mapping[str, str] | None = None,
    authorities: Mapping[str, str] | None = None,
    beside: Sequence[tuple[str, bytes]] = (),
    policy_number: str = "",
) -> tuple[Bill, ...]:
    """Read the visits and claims that a provider (identifier URI) files under its registry key.

    `payers` and `authorities` say who is meant by bare numbers, `beside` are files to which it refers, as
    `standards.read` takes them. One visit is one in
    every format only if its patient and its number have the same authorities in all.

    Raises `InputError`, with the place in the source `name`, if anything in it is refused, or if it holds no claim.
    """
    reading = read_claims(
        data,
        name=name,
        key=key,
        organisation=organisation,
        payers=payers,
        authorities=authorities,
        beside=beside,
        policy_number=policy_number,
    )
    if reading.refusals:
        raise reading.refusals[0]
    try:
        bills = bills_in(reading.records)
    except InputError as error:
        raise error.within(name) from None
    if not bills:
        raise InputError(file=name, place="file", found="no claim", expected="a Claim or a DFT message")
    return bills


class Billing:
    """The acts of insurers and providers on one suite, as its signer."""

    def __init__(self, suite: Suite) -> None:
        self.suite = suite

    def publish(self, document: Any) -> tuple[Plan, Receipt | None]:
        """Publish the plan that a document says (`plan_file.read_plan`); None if it is published already.

        Raises `InputError`, `Reverted` as `InsuranceClient.publish`.
        """
        plan = read_plan(document, decimals=self.suite.token.decimals())
        if self.suite.insurance.plan_of(plan.id) == plan:
            return plan, None
        return plan, self.suite.insurance.publish(plan)

    def enrol(self, policy: Policy) -> Receipt | None:
        """Enrol a member; None if the policy stands already. Raises `Reverted` as `InsuranceClient.enrol`."""
        if self.suite.insurance.policy_of(policy.id) == policy:
            return None
        return self.suite.insurance.enrol(policy)

    def fund(self, insurer: bytes, amount: int) -> Receipt:
        """Bring money of the signer into an insurer's account; the insurer's signer opens it first if need be.

        `GUARANTEE_FUND` stands open. Nothing is deposited if the amount is 0 and the account was opened.

        Raises `Reverted` as `PoolClient.open`, `TokenClient.approve` and `PoolClient.deposit`.
        """
        pool = self.suite.pool
        if insurer != GUARANTEE_FUND and pool.account_of(insurer) is None:
            opened = pool.open(insurer, self.suite.insurance.address)
            if amount == 0:
                return opened
        self.suite.token.approve(pool.address, amount)
        return pool.deposit(insurer, amount)

    def visit(
        self, bill: Bill, policies: Mapping[str, bytes], *, key: bytes, currency: str = "USD", test: bool = False
    ) -> Visit:
        """Make the visit of a bill, under the policy of its policy number, or under the one of "" for every other.

        Raises `InputError` with the place of the bill if it is a test and `test` does not say that this is meant, if it
        is in the future, if no policy is named for it, if there is none, or if the bill cannot be expressed.
        """
        id_ = policies.get(bill.policy_number) or policies.get("")
        try:
            bill.check_live(self.suite.chain.now(), test=test)
            if id_ is None:
                raise InputError(place="policy", found=repr(bill.policy_number), expected="a policy number with its id")
            policy = self.suite.insurance.policy_of(id_)
            plan = self.suite.insurance.plan_of(policy.plan) if policy else None
            if policy is None or plan is None:
                raise InputError(place="policy", found="0x" + id_.hex(), expected="the id of a policy")
            return bill.visit(
                key=key,
                payer=self.suite.insurance.address,
                insurer=plan.insurer,
                policy=id_,
                member=policy.member,
                currency=currency,
                decimals=self.suite.token.decimals(),
            )
        except InputError as error:
            place = f"{bill.place}: {error.place}"
            raise InputError(place=place, found=error.found, expected=error.expected) from None

    def attest(self, visit: Visit) -> bytes:
        """Sign that a visit took place, as who decides for its member; nothing is sent.

        Raises `InputError` if this suite's signer does not.
        """
        decider, signer = self.suite.patients.controller_of(visit.member), self.suite.signer_address
        if signer != decider:
            raise InputError(
                place="signer", found=signer or "nobody", expected=f"who decides for the member: {decider}"
            )
        return self.suite.visits.sign(visit)

    def explain(self, visit: Visit, *, policy: bytes | None = None) -> Explanation:
        """Say how the claim of a recorded visit stands and why, with what the registry and the pool know of it."""
        found = self.suite.insurance.explain(visit, policy=policy)
        if found.is_voided:
            return found
        if not self.suite.visits.stands(visit):
            decided = found.amount is not None
            waits = "anyone may settle it now, so that the claim is taken back" if decided else ""
            return replace(found, is_voided=True, waits_for=waits)
        if found.status is ClaimStatus.APPROVED:
            ready = any(wait.ready for wait in self._waits(visit, policy))
            waits = "a part of it can be drawn now: settle it" if ready else "the insurer's account is short of money"
            return replace(found, waits_for=waits)
        return found

    def settle(self, visit: Visit, *, policy: bytes | None = None) -> tuple[Receipt, ...]:
        """Do what anyone may do now to finish a claim.

        It is decided, approved because the insurer was silent, taken back because its visit was, or paid what the pool
        has set apart for its provider. Raises `Reverted` as the act that is due does.
        """
        insurance = self.suite.insurance
        status = insurance.claim_of(visit, policy=policy).status
        if not self.suite.visits.stands(visit):
            return (insurance.reverse(visit, policy=policy),) if policy else self._take_back(visit)
        if status is ClaimStatus.HELD:
            return (insurance.decide(visit, ZERO_HASH, 0, policy=policy),)
        waits = self._waits(visit, policy) if status is ClaimStatus.APPROVED else []
        if not waits:
            return (insurance.settle(visit),)
        insurer = insurance.insurer_of(policy or visit.policy)
        rounds = [one.round for one in waits if one.ready] or [waits[0].round]
        return tuple(self.suite.pool.draw(insurer, visit.provider, one) for one in rounds)

    def void(self, visit: Visit) -> tuple[Receipt, ...]:
        """Take back a visit, as its provider, and then each claim of it. Raises `Reverted` as `VisitClient.void`."""
        done = [self.suite.visits.void(visit)] if self.suite.visits.stands(visit) else []
        return (*done, *self._take_back(visit))

    def _take_back(self, visit: Visit) -> tuple[Receipt, ...]:
        """Take back each claim of a visit: that of a second policy first, which goes beyond what the first left."""
        insurance = self.suite.insurance
        policies = sorted(insurance.policies_of(visit), key=visit.policy.__eq__)
        return tuple(insurance.reverse(visit, policy=policy) for policy in policies)

    def _waits(self, visit: Visit, policy: bytes | None) -> list[Wait]:
        insurer = self.suite.insurance.insurer_of(policy or visit.policy)
        return self.suite.pool.waits_of(insurer, visit.provider)

    def file(self, visits: Sequence[Visit], role: Role, *, signature: bytes = b"") -> tuple[Filed, ...]:
        """Record visits that do not stand yet, in a role of the provider, and say how each claim stands.

        `signature` is the member's, of one visit. Raises `Reverted` as `VisitClient.record`.
        """
        filed = []
        for visit in visits:
            stands = self.suite.visits.stands(visit)
            receipt = None if stands else self.suite.visits.record(visit, role, signature=signature)
            filed.append(Filed(visit, receipt, self.explain(visit)))
        return tuple(filed)
