"""Visits and claims in plain Python: who may do what, and what comes of it."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace

from medtrust.accreditation import Role
from medtrust.adjudication import Reason, adjudicate, is_excluded, units_of
from medtrust.explanation import ClaimStatus
from medtrust.plan import Plan, Policy
from medtrust.types import ZERO_HASH
from medtrust.visit import MAX_LINES, Visit
from tests.invariants.insurance_counts import ClaimRecord, Counts, Entry, judge, key_of, pair_of
from tests.invariants.insurance_pool_model import DAY, OWED, QUEUED, PoolModel, Refused

TOLERANCE = 900
YEAR = 365 * DAY
MAX_HOLD = 30 * DAY
PROVIDERS = Role.HOSPITAL | Role.PHARMACY | Role.LABORATORY | Role.VACCINATOR
UNBOUNDED = 2**256 - 1
SETTLED = {OWED: ClaimStatus.OWED, QUEUED: ClaimStatus.APPROVED}


@dataclass(kw_only=True)
class ClaimsModel(Counts):
    """The registry of visits and the claims contract, as a person would write them down.

    The pool's model knows who is accredited and who acts for whom; `signers` names whoever ever signed for an
    organisation, and since when, `places` its jurisdiction.
    """

    pool: PoolModel
    signers: Mapping[bytes, dict[str, int]]
    places: Mapping[bytes, int]
    entries: dict[bytes, Entry] = field(default_factory=dict)
    holds: dict[tuple[bytes, bytes], int] = field(default_factory=dict)
    looks: dict[tuple[bytes, bytes], int] = field(default_factory=dict)
    """Until when what a provider does for a policy is looked at because a claim was taken back."""

    controllers: dict[str, str] = field(default_factory=dict)
    """Who decides for a member who named another than herself."""

    # Visits. A signature is "" for none, "good" or "bad".

    def record(self, caller: str, visit: Visit, role: int, signature: str, now: int) -> None:
        if role & PROVIDERS != role:
            raise Refused("NotProviderRole", role=role)
        self._check_authorised(visit.provider, caller, role, now)
        if ZERO_HASH in (visit.record, visit.nullifier):
            raise Refused("ZeroIdentifier")
        if not 0 < len(visit.lines) <= MAX_LINES:
            raise Refused("InvalidLineCount", count=len(visit.lines))
        if visit.served_at > now + TOLERANCE:
            raise Refused("ServedInFuture", servedAt=visit.served_at, latest=now + TOLERANCE)
        if known := self.entries.get(visit.nullifier):
            raise Refused("EncounterRecorded", nullifier=visit.nullifier, recordedAt=known.recorded_at)
        if signature == "bad":
            raise Refused("InvalidSignature", signer=visit.member)
        entry = self.entries[visit.nullifier] = Entry(visit.id, now, role, signature == "good")
        self._wake(visit, entry, now)

    def attest(self, visit: Visit, signature: str, now: int) -> None:
        entry = self._entry(visit)
        if entry.is_attested:
            raise Refused("VisitAlreadyAttested", visit=visit.id)
        if signature != "good":
            raise Refused("InvalidSignature", signer=visit.member)
        entry = self.entries[visit.nullifier] = replace(entry, is_attested=True)
        self._wake(visit, entry, now)

    def void(self, caller: str, visit: Visit, now: int) -> None:
        entry = self._entry(visit)
        self._check_authorised(visit.provider, caller, entry.role, now)
        del self.entries[visit.nullifier]

    def _entry(self, visit: Visit) -> Entry:
        entry = self.entries.get(visit.nullifier)
        if entry is None or entry.visit != visit.id:
            raise Refused("UnknownVisit", visit=visit.id)
        return entry

    def _wake(self, visit: Visit, entry: Entry, now: int) -> None:
        """The payer cannot object: what it refuses changes nothing."""
        is_trusted = entry.recorded_at == now or self._is_trusted(visit.provider, entry)
        if is_trusted and visit.payer == self.pool.claims and key_of(visit.nullifier) not in self.claims:
            with suppress(Refused):
                self._adjudicate(visit, visit.policy, key_of(visit.nullifier), entry, now)

    def _is_trusted(self, provider: bytes, entry: Entry) -> bool:
        return self.pool.is_accredited(provider, entry.role, entry.recorded_at)

    # The insurer.

    def enrol(self, caller: str, policy: Policy, now: int) -> None:
        plan = self.plans[policy.plan]
        self._check_authorised(plan.insurer, caller, Role.INSURER, now)
        if policy.id in self.policies:
            raise Refused("PolicyExists", policy=policy.id)
        days = plan.terms.filing_days + 3 * plan.terms.decide_days + 2 * plan.terms.appeal_days
        capital = plan.terms.annual_limit * plan.terms.solvency // 10_000
        self.pool.cover(plan.insurer, capital, policy.valid_until + days * DAY, now)
        self.policies[policy.id] = policy

    def hold(self, caller: str, insurer: bytes, subject: bytes, until: int, now: int) -> None:
        self._check_authorised(insurer, caller, Role.INSURER, now)
        if until > now + MAX_HOLD:
            raise Refused("HoldTooLong", until=until, latest=now + MAX_HOLD)
        self.holds[insurer, subject] = until
        self.looks.pop((insurer, subject), None)

    # Anyone.

    def settle(self, visit: Visit, now: int) -> None:
        entry = self._recorded(visit)
        self.policy_of(visit.policy)
        self._check_pending(visit.id, key_of(visit.nullifier))
        self._adjudicate(visit, visit.policy, key_of(visit.nullifier), entry, now)

    def reverse(self, key: bytes, now: int) -> None:
        claim = self.claims[key]
        second = key_of(claim.nullifier, is_first=False)
        if self.is_sound(claim):
            raise Refused("VisitStands", visit=claim.visit)
        if key != second:
            self._check_pending(claim.visit, second)
        paid = 0 if claim.status is ClaimStatus.HELD else claim.amount + claim.interest
        is_waiting = claim.status is ClaimStatus.APPROVED or claim.appeals > 0
        insurer = self.plan_of(claim.policy).insurer
        del self.claims[key]
        pair = insurer, pair_of(claim.policy, claim.provider)
        self.holds[pair] = self.looks[pair] = now + MAX_HOLD
        self.pool.reclaim(insurer, claim.provider, key, paid, now, is_waiting=is_waiting)

    def is_sound(self, claim: ClaimRecord) -> bool:
        """Whether the visit of a claim stands, and who recorded it is to be trusted."""
        entry = self.entries.get(claim.nullifier)
        return entry is not None and entry.visit == claim.visit and self._is_trusted(claim.provider, entry)

    def _recorded(self, visit: Visit) -> Entry:
        if visit.payer != self.pool.claims:
            raise Refused("AnotherPayer", payer=visit.payer)
        entry = self._entry(visit)
        if not self._is_trusted(visit.provider, entry):
            raise Refused("NotAccredited", organisation=visit.provider, role=entry.role)
        return entry

    def _check_pending(self, visit: bytes, key: bytes) -> None:
        if key in self.claims:
            raise Refused("ClaimSettled", visit=visit, status=self.claims[key].status)

    # Appeals, a second policy, and decisions.

    def appeal(self, caller: str, key: bytes, signature: str, now: int) -> None:
        claim = self.claims[key]
        terms = self.plan_of(claim.policy).terms
        start = claim.changed_at
        if claim.status is ClaimStatus.APPEALED:
            start += terms.decide_days * DAY
        else:
            self._check_decided(claim)
        if claim.appeals == 2:
            raise Refused("AppealsExhausted", visit=claim.visit)
        end = start + terms.appeal_days * DAY
        if not start <= now < end:
            raise Refused("NotAppealable", **{"from": start, "until": end})
        if not signature:
            self._check_authorised(claim.provider, caller, Role.PARTICIPANT, now)
        elif signature == "bad":
            raise Refused("InvalidSignature", signer=self.policies[claim.policy].member)
        claim.appeals += 1
        claim.status = ClaimStatus.ESCALATED if claim.appeals == 2 else ClaimStatus.APPEALED
        claim.changed_at = now

    def _check_decided(self, claim: ClaimRecord) -> None:
        if claim.status > ClaimStatus.OWED:
            raise Refused("NotDecided", visit=claim.visit, status=claim.status)

    def coordinate(self, visit: Visit, told: bytes | None, policy: bytes, signed: tuple[str, str], now: int) -> None:
        """`told` is the visit of the dossier that is given; None if it was not decided."""
        entry, second = self._recorded(visit), self.policy_of(policy)
        key = key_of(visit.nullifier, is_first=policy == visit.policy)
        for signature, member in zip(signed, (visit.member, second.member), strict=True):
            if signature != "good":
                raise Refused("InvalidSignature", signer=member)
        first, room = self._first_of_two(visit, told, entry, now)
        if policy == visit.policy:
            raise Refused("ClaimSettled", visit=visit.id, status=first.status)
        self._check_pending(visit.id, key)
        self._adjudicate(visit, policy, key, replace(entry, is_attested=True), now, room)
        first.appeals, first.changed_at = 2, now
        self.claims[key_of(visit.nullifier)] = first

    def _first_of_two(self, visit: Visit, told: bytes | None, entry: Entry, now: int) -> tuple[ClaimRecord, int]:
        """How the first claim is closed, and what it leaves."""
        terms = self.plan_of(self.policy_of(visit.policy).id).terms
        first = copy.copy(self.claims.get(key_of(visit.nullifier)))
        if first is None:
            first = ClaimRecord(visit.id, visit.nullifier, visit.policy, visit.provider, visit.served_at // DAY, now)
            first.reason = Reason.TIMED_OUT
            if now < entry.recorded_at + terms.decide_days * DAY:
                raise Refused("NotDecided", visit=visit.id, status=ClaimStatus.PENDING)
        elif told != visit.id:
            raise Refused("AnotherDossier", visit=visit.id)
        else:
            is_over = now >= first.changed_at + (terms.decide_days + terms.appeal_days) * DAY
            if first.appeals and first.status > ClaimStatus.OWED and is_over:
                first.status = ClaimStatus.PAID if first.amount else ClaimStatus.DENIED
            self._check_decided(first)
        is_refused = first.status is ClaimStatus.DENIED and not any(first.units.values())
        return first, UNBOUNDED if is_refused else first.allowed - first.amount

    def decide(self, caller: str, key: bytes, organisation: bytes, amount: int, now: int) -> None:
        claim = self.claims[key]
        plan = self.plan_of(claim.policy)
        deadline = claim.changed_at + plan.terms.decide_days * DAY
        is_held, is_late = claim.status is ClaimStatus.HELD, now >= deadline
        is_sound = self.is_sound(claim)
        if is_held and is_late:
            left = plan.terms.deemed_up_to - self.deemed(claim.policy, claim.day)
            looked_until = self.looks.get((plan.insurer, pair_of(claim.policy, claim.provider)), 0)
            amount = min(claim.amount, left) if is_sound and looked_until <= claim.changed_at else 0
        else:
            self._check_decider(caller, organisation, claim, plan.insurer, deadline, now)
            if amount and not is_sound:
                raise Refused("UnknownVisit", visit=claim.visit)
        if is_held:
            self._check_range(amount, 0, claim.amount)
            claim.reason = Reason.DEEMED_APPROVED if is_late else Reason.REVIEWED
            due = self._lower(claim, amount, now)
        else:
            limit = plan.terms.annual_limit + claim.amount - self.totals(claim.policy).plan_paid
            self._check_range(amount, claim.amount, min(claim.allowed, limit))
            due = self._raise(claim, amount, now)
        claim.status = ClaimStatus.PAID if claim.amount else ClaimStatus.DENIED
        self._pay(claim, key if is_held else b"", due, now)

    def _check_decider(
        self, caller: str, organisation: bytes, claim: ClaimRecord, insurer: bytes, deadline: int, now: int
    ) -> None:
        if claim.status is ClaimStatus.ESCALATED:
            self._check_authorised(organisation, caller, Role.REVIEWER, now)
            parties = insurer, claim.provider
            admins = {self.pool.admins[one] for one in parties}
            named = {one for party in parties for one, at in self.signers[party].items() if at <= claim.changed_at}
            is_bound = caller in admins | named
            is_bound |= self.pool.admins[organisation] in admins
            if is_bound or self.places[organisation] != self.places[insurer]:
                raise Refused("NotIndependent", reviewer=organisation, signer=caller)
            return
        if claim.status not in (ClaimStatus.HELD, ClaimStatus.APPEALED):
            raise Refused("ClaimSettled", visit=claim.visit, status=claim.status)
        if now >= deadline:
            raise Refused("DecisionTooLate", until=deadline)
        if organisation != insurer:
            raise Refused("NotTheInsurer", organisation=organisation)
        self._check_authorised(organisation, caller, Role.INSURER, now)

    def _check_range(self, amount: int, least: int, most: int) -> None:
        if not least <= amount <= most:
            raise Refused("AmountOutOfRange", amount=amount, least=least, most=most)

    def _lower(self, claim: ClaimRecord, amount: int, now: int) -> int:
        if amount == 0:
            claim.forget()
        claim.paid_for_day -= claim.amount - amount if amount else 0
        claim.unattested = min(claim.unattested, amount)
        claim.amount, claim.decided_at = amount, now
        return amount

    def _raise(self, claim: ClaimRecord, amount: int, now: int) -> int:
        further = amount - claim.amount
        if not further:
            return 0
        interest = further * (now - claim.decided_at) // (10 * YEAR)
        claim.amount, claim.reason = amount, Reason.OVERTURNED
        claim.interest += interest
        return further + interest

    # What a policy owes.

    def _adjudicate(
        self, visit: Visit, policy_id: bytes, key: bytes, entry: Entry, now: int, room: int = UNBOUNDED
    ) -> None:
        policy, plan, totals = self.policy_of(policy_id), self.plan_of(policy_id), self.totals(policy_id)
        day = visit.served_at // DAY
        claim = ClaimRecord(visit.id, visit.nullifier, policy_id, visit.provider, day, now, changed_at=now)
        terms = [plan.terms_for(line) for line in visit.lines]
        before = self.units(policy_id, claim.day)
        outcomes, after = adjudicate(plan.terms, terms, visit.lines, totals, units_before=before)
        claim.allowed = min(room, sum(one.allowed for one in outcomes))
        is_hers = policy_id != visit.policy or visit.member == policy.member
        claim.reason = judge(visit, policy, plan, entry.recorded_at) if is_hers else Reason.NOT_THE_MEMBER
        if claim.reason is Reason.COVERED:
            amount = min(room, after.plan_paid - totals.plan_paid)
            claim.amount = claim.paid_for_day = amount
            claim.deductible = after.deductible_met - totals.deductible_met
            claim.out_of_pocket = after.out_of_pocket_met - totals.out_of_pocket_met
            claim.unattested = 0 if entry.is_attested else amount
            if not entry.is_attested and totals.unattested + amount > plan.terms.attestation_above:
                values = {"unattested": totals.unattested + amount, "limit": plan.terms.attestation_above}
                raise Refused("AttestationNeeded", visit=visit.id, **values)
            claim.units = units_of(visit.lines, outcomes)
            claim.visits = int(plan.terms.visits_per_day != 0)
            claim.lines = tuple((one.plan_pays, one.member_pays, one.reason) for one in outcomes)
            claim.reason = self._flag(claim, plan, is_excluded(terms, visit.lines, outcomes, units_before=before), now)
            is_paid = not amount or claim.reason is Reason.COVERED
            claim.status = ClaimStatus.PAID if is_paid else ClaimStatus.HELD
        self.claims[key] = claim
        if claim.status is ClaimStatus.PAID:
            self._pay(claim, b"", claim.amount, now)
        elif claim.status is ClaimStatus.HELD:
            self.pool.reserve(plan.insurer, key, claim.amount)

    def _flag(self, claim: ClaimRecord, plan: Plan, is_pair: bool, now: int) -> Reason:
        """Why a claim waits for a look, it itself counted; COVERED if it does not."""
        terms, insurer = plan.terms, plan.insurer
        visits = self.visits(insurer, claim.provider, claim.day) + claim.visits
        if terms.visits_per_day and visits > terms.visits_per_day:
            return Reason.IMPOSSIBLE_DAY
        subjects = claim.policy, claim.provider, pair_of(claim.policy, claim.provider)
        if any(self.holds.get((insurer, subject), 0) > now for subject in subjects):
            return Reason.ON_HOLD
        if is_pair:
            return Reason.EXCLUDED_PAIR
        paid = self.paid_for_day(claim.policy, claim.day) + claim.paid_for_day
        return Reason.COVERED if paid <= terms.automatic_up_to else Reason.ABOVE_AUTOMATIC

    def _pay(self, claim: ClaimRecord, lock: bytes, amount: int, now: int) -> None:
        claim.changed_at = now
        if amount or lock:
            result = self.pool.pay(self.plan_of(claim.policy).insurer, claim.provider, lock, amount, now)
            claim.status = SETTLED.get(result, claim.status)

    def _check_authorised(self, organisation: bytes, caller: str, role: int, now: int) -> None:
        if not self.pool.is_authorised(organisation, caller, role, now):
            raise Refused("NotAuthorised", organisation=organisation, signer=caller, role=role)
