"""Visits, claims and the pool in plain Python, and their state rebuilt from events alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any

from medtrust.accreditation import Role
from medtrust.adjudication import Line, Outcome, Reason, Totals, adjudicate
from medtrust.explanation import ClaimStatus
from medtrust.insurance import Claim
from medtrust.plan import Plan, Policy
from medtrust.visit import MAX_LINES, Visit

DAY = 86_400
TOLERANCE = 900
PROVIDERS = Role.HOSPITAL | Role.PHARMACY | Role.LABORATORY | Role.VACCINATOR
UNDECIDED = Claim(ClaimStatus.PENDING, Reason.COVERED, 0, 0)


class Refused(Exception):
    """The error that the contract must give."""

    def __init__(self, error: str, **values: Any) -> None:
        super().__init__(error)
        self.error = error
        self.values = values


@dataclass(frozen=True)
class Entry:
    """What is kept of a visit."""

    visit: bytes
    recorded_at: int
    role: int
    is_attested: bool


@dataclass
class State:
    """What the three contracts keep, in amounts of the token's smallest unit."""

    entries: dict[bytes, Entry] = field(default_factory=dict)
    claims: dict[bytes, Claim] = field(default_factory=dict)
    totals: dict[bytes, Totals] = field(default_factory=dict)
    free: dict[bytes, int] = field(default_factory=dict)
    owed: dict[bytes, int] = field(default_factory=dict)
    payees: dict[bytes, str] = field(default_factory=dict)


@dataclass
class Model:
    """The contracts as a person would write them down.

    `is_authorised` and `is_accredited` ask the registry of accreditations, which has a model of its own; `plans` and
    `policies` are all that there are.
    """

    is_authorised: Callable[[bytes, str, int, int], bool]
    is_accredited: Callable[[bytes, int, int], bool]
    admins: Mapping[bytes, str]
    plans: Mapping[bytes, Plan]
    policies: Mapping[bytes, Policy]
    state: State = field(default_factory=State)
    balances: dict[str, int] = field(default_factory=dict)
    blocked: set[str] = field(default_factory=set)

    def record(self, caller: str, visit: Visit, role: int, signature: str, now: int) -> None:
        """`signature` is "" for none, "good" or "bad"."""
        if role & PROVIDERS != role:
            raise Refused("NotProviderRole", role=role)
        if not self.is_authorised(visit.provider, caller, role, now):
            raise Refused("NotAuthorised", organisation=visit.provider, signer=caller, role=role)
        if not 0 < len(visit.lines) <= MAX_LINES:
            raise Refused("InvalidLineCount", count=len(visit.lines))
        if visit.served_at > now + TOLERANCE:
            raise Refused("ServedInFuture", servedAt=visit.served_at, latest=now + TOLERANCE)
        known = self.state.entries.get(visit.nullifier)
        if known:
            raise Refused("EncounterRecorded", nullifier=visit.nullifier, recordedAt=known.recorded_at)
        if signature == "bad":
            raise Refused("InvalidSignature", signer=visit.member)
        entry = Entry(visit.id, now, role, signature == "good")
        self.state.entries[visit.nullifier] = entry
        self._wake(visit, entry, now)

    def attest(self, visit: Visit, signature: str, now: int) -> None:
        entry = self.state.entries.get(visit.nullifier)
        if entry is None or entry.visit != visit.id:
            raise Refused("UnknownVisit", visit=visit.id)
        if entry.is_attested:
            raise Refused("VisitAlreadyAttested", visit=visit.id)
        if signature != "good":
            raise Refused("InvalidSignature", signer=visit.member)
        entry = self.state.entries[visit.nullifier] = replace(entry, is_attested=True)
        self._wake(visit, entry, now)

    def settle(self, visit: Visit, now: int) -> None:
        entry = self.state.entries.get(visit.nullifier)
        if entry is None or entry.visit != visit.id:
            raise Refused("UnknownVisit", visit=visit.id)
        if not self.is_accredited(visit.provider, entry.role, entry.recorded_at):
            raise Refused("NotAccredited", organisation=visit.provider, role=entry.role)
        before = self.claim_of(visit.id).status
        if before not in (ClaimStatus.PENDING, ClaimStatus.APPROVED):
            raise Refused("ClaimSettled", visit=visit.id, status=before)
        if before is ClaimStatus.APPROVED and self.state.free[self._insurer(visit)] < self.claim_of(visit.id).amount:
            raise Refused("StillUnfunded", visit=visit.id, amount=self.claim_of(visit.id).amount)
        self._process(visit, entry, now)

    def _wake(self, visit: Visit, entry: Entry, now: int) -> None:
        """The payer cannot object: what it refuses changes nothing."""
        if entry.recorded_at != now and not self.is_accredited(visit.provider, entry.role, entry.recorded_at):
            return
        with suppress(Refused):
            self._process(visit, entry, now)

    def _process(self, visit: Visit, entry: Entry, now: int) -> None:
        if self.claim_of(visit.id).status is ClaimStatus.PENDING:
            self._decide(visit, entry, now)
        if self.claim_of(visit.id).status is ClaimStatus.APPROVED:
            self._pay(visit)

    def _decide(self, visit: Visit, entry: Entry, now: int) -> None:
        policy = self.policies.get(visit.policy)
        if policy is None:
            raise Refused("UnknownPolicy", policy=visit.policy)
        plan = self.plans[policy.plan]
        reason = judge(visit, policy, plan, entry.recorded_at)
        if reason is not Reason.COVERED:
            self.state.claims[visit.id] = Claim(ClaimStatus.DENIED, reason, now, 0)
            return
        totals = self.state.totals.get(visit.policy, Totals())
        outcomes, after = self.outcomes(visit, totals)
        amount = sum(one.plan_pays for one in outcomes)
        if not entry.is_attested:
            after = replace(after, unattested=after.unattested + amount)
            if after.unattested > plan.terms.attestation_above:
                limit = plan.terms.attestation_above
                raise Refused("AttestationNeeded", visit=visit.id, unattested=after.unattested, limit=limit)
        if amount and plan.insurer not in self.state.free:
            raise Refused("NotAdjudicator", insurer=plan.insurer)
        self.state.totals[visit.policy] = after
        self.state.claims[visit.id] = Claim(ClaimStatus.APPROVED, Reason.COVERED, now, amount)

    def _pay(self, visit: Visit) -> None:
        claim, insurer = self.claim_of(visit.id), self._insurer(visit)
        status = ClaimStatus.PAID
        if claim.amount:
            if self.state.free[insurer] < claim.amount:
                return
            self.state.free[insurer] -= claim.amount
            payee = self.state.payees.get(visit.provider)
            if payee is None or payee in self.blocked:
                status = ClaimStatus.OWED
                self.state.owed[visit.provider] = self.state.owed.get(visit.provider, 0) + claim.amount
            else:
                self.balances[payee] = self.balances.get(payee, 0) + claim.amount
        self.state.claims[visit.id] = replace(claim, status=status)

    def outcomes(self, visit: Visit, totals: Totals) -> tuple[list[Outcome], Totals]:
        plan = self.plans[self.policies[visit.policy].plan]
        return adjudicate(plan.terms, [plan.terms_for(line) for line in visit.lines], visit.lines, totals)

    def open(self, caller: str, insurer: bytes, now: int) -> None:
        self._check_insurer(insurer, caller, now)
        if insurer in self.state.free:
            raise Refused("AccountExists", insurer=insurer)
        self.state.free[insurer] = 0

    def deposit(self, insurer: bytes, amount: int) -> None:
        if insurer not in self.state.free:
            raise Refused("UnknownAccount", insurer=insurer)
        if amount == 0:
            raise Refused("NothingReceived")
        self.state.free[insurer] += amount

    def withdraw(self, caller: str, insurer: bytes, to: str, amount: int, now: int) -> None:
        self._check_insurer(insurer, caller, now)
        free = self.state.free.get(insurer, 0)
        if amount > free:
            raise Refused("InsufficientFunds", amount=amount, free=free)
        if to in self.blocked:
            raise Refused("AccountBlocked", account=to)
        if insurer in self.state.free:
            self.state.free[insurer] -= amount
        self.balances[to] = self.balances.get(to, 0) + amount

    def name_payee(self, caller: str, organisation: bytes, account: str) -> None:
        if self.admins.get(organisation) != caller:
            raise Refused("NotAdmin", organisation=organisation, caller=caller)
        self.state.payees[organisation] = account

    def withdraw_owed(self, organisation: bytes) -> None:
        payee, owed = self.state.payees.get(organisation), self.state.owed.get(organisation, 0)
        if payee is None:
            raise Refused("NoPayee", organisation=organisation)
        if not owed:
            raise Refused("NothingOwed", organisation=organisation)
        if payee in self.blocked:
            raise Refused("AccountBlocked", account=payee)
        self.state.owed[organisation] = 0
        self.balances[payee] = self.balances.get(payee, 0) + owed

    def claim_of(self, visit: bytes) -> Claim:
        return self.state.claims.get(visit, UNDECIDED)

    def _insurer(self, visit: Visit) -> bytes:
        return self.plans[self.policies[visit.policy].plan].insurer

    def _check_insurer(self, insurer: bytes, caller: str, now: int) -> None:
        if not self.is_authorised(insurer, caller, Role.INSURER, now):
            raise Refused("NotAuthorised", organisation=insurer, signer=caller, role=Role.INSURER)


def judge(visit: Visit, policy: Policy, plan: Plan, recorded_at: int) -> Reason:
    """Whether a policy covers a visit at all."""
    if visit.member != policy.member:
        return Reason.NOT_THE_MEMBER
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


def replay(events: list[tuple[str, dict[str, Any], int]]) -> State:
    """Rebuild the state from events alone: name, values, time of the block."""
    state = State()
    nullifiers: dict[bytes, bytes] = {}
    for name, told, at in events:
        if name == "VisitRecorded":
            nullifier = told["content"]["nullifier"]
            nullifiers[told["visit"]] = nullifier
            state.entries[nullifier] = Entry(told["visit"], at, told["role"], is_attested=False)
        elif name == "VisitAttested":
            nullifier = nullifiers[told["visit"]]
            state.entries[nullifier] = replace(state.entries[nullifier], is_attested=True)
        elif name == "ClaimApproved":
            counted = told["counted"]
            names = ("deductibleMet", "outOfPocketMet", "planPaid", "unattested")
            state.totals[told["policy"]] = Totals(*(counted[one] for one in names))
            amount = sum(line["planPays"] for line in told["lines"])
            state.claims[told["visit"]] = Claim(ClaimStatus.APPROVED, Reason.COVERED, at, amount)
        elif name == "ClaimDenied":
            state.claims[told["visit"]] = Claim(ClaimStatus.DENIED, Reason(told["reason"]), at, 0)
        elif name == "ClaimPaid":
            status = ClaimStatus.OWED if told["isOwed"] else ClaimStatus.PAID
            state.claims[told["visit"]] = replace(state.claims[told["visit"]], status=status)
        else:
            _replay_money(state, name, told)
    return state


def _replay_money(state: State, name: str, told: dict[str, Any]) -> None:
    if name == "AccountOpened":
        state.free[told["insurer"]] = 0
    elif name == "Deposited":
        state.free[told["insurer"]] += told["amount"]
    elif name == "Withdrawn" and told["insurer"] in state.free:
        state.free[told["insurer"]] -= told["amount"]
    elif name == "PayeeNamed":
        state.payees[told["organisation"]] = told["account"]
    elif name == "PaymentMade":
        state.free[told["insurer"]] -= told["amount"]
        if told["isOwed"]:
            state.owed[told["payee"]] = state.owed.get(told["payee"], 0) + told["amount"]
    elif name == "OwedWithdrawn":
        state.owed[told["organisation"]] = 0


def lines_of(seed: int) -> tuple[Line, ...]:
    """One of the small visits that there can be."""
    first = Line(1 + seed % 3, 1 + seed % 4, 30 + 7 * (seed % 11))
    return (first, Line(5, 1, 40), first)[: 1 + seed % 3]
