"""Visits, claims and the pool do what their model does, whatever is tried in whatever order; money is conserved."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import astuple, replace
from typing import Any, ClassVar

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from medtrust import wallet
from medtrust.accreditation import Role
from medtrust.adjudication import BenefitTerms, Outcome, Reason, Terms, Totals
from medtrust.artifacts import Artifact, load
from medtrust.errors import Reverted
from medtrust.explanation import ClaimStatus
from medtrust.insurance import Claim
from medtrust.keccak import keccak256
from medtrust.plan import Plan, Policy
from medtrust.signing import Domain, sign
from medtrust.types import ZERO_ADDRESS, ZERO_HASH, organisation_id
from medtrust.visit import ATTESTATION, Visit
from tests.attacks.test_insurance import ATTACKS
from tests.invariants.insurance_model import DAY, Model, Refused, lines_of, replay
from tests.invariants.machine import LocalContract, LocalEvm, Tally, run
from tests.world import GENESIS, ORGANISATIONS, compiled

TALLY = Tally()

STEWARD, AUTHORITY = (wallet.role(name).address for name in ("steward", "authority"))
ROLES = {"hospital": Role.HOSPITAL, "clinic": Role.HOSPITAL, "insurer": Role.INSURER, "carrier": Role.INSURER}
ACCOUNT = {name: wallet.role(name).address for name in (*ROLES, "attacker", "stranger")}
ORGANISATION = {name: organisation_id(ORGANISATIONS[name].identifier) for name in ROLES}
ADMINS = {ORGANISATION[name]: ACCOUNT[name] for name in ROLES}
MEMBERS = [wallet.role("doctor"), wallet.role("relayer")]
FOREVER = 2**64 - 1
SUPPLY = 10**6

BENEFITS = (BenefitTerms(1, 50, 5, 2_000, 3), BenefitTerms(2, 90, 0, 1_001, 2), BenefitTerms(5, 20, 20, 0, 9))
TERMS = Terms(60, 150, 240, 120, waiting_days=2, filing_days=9, is_open=True)
PLANS = {
    plan.id: plan
    for plan in (
        Plan(ORGANISATION["insurer"], TERMS, BENEFITS),
        Plan(
            ORGANISATION["carrier"],
            replace(TERMS, deductible=0, attestation_above=0, is_open=False),
            BENEFITS[:2],
            (ORGANISATION["clinic"],),
        ),
    )
}
POLICIES = {
    policy.id: policy
    for plan in PLANS
    for policy in (Policy(plan, member.address, GENESIS - 12 * DAY, GENESIS + 60 * DAY) for member in MEMBERS)
}

accounts = st.sampled_from(sorted(ACCOUNT))
providers = st.sampled_from(["hospital", "hospital", "clinic"])
insurers = st.sampled_from(["insurer", "insurer", "carrier"])
signatures = st.sampled_from(["", "", "good", "good", "bad"])
chances = st.integers(0, 7)
seeds = st.integers(0, 40)
amounts = st.sampled_from([0, 1, 60, 60, 250])


class Insurance(RuleBasedStateMachine):
    """Model and contracts take the same acts of the same people at the same times."""

    twins: ClassVar[dict[str, Artifact]] = {}
    """Contracts that take the place of the real ones."""

    def __init__(self) -> None:
        super().__init__()
        self.host = LocalEvm()
        self.events: list[tuple[str, dict[str, Any], int]] = []
        self.visits: list[Visit] = []
        self._deploy()
        self.model = Model(
            lambda *question: bool(self.registrar.call("isAuthorised", *question)),
            lambda *question: bool(self.registrar.call("isAccredited", *question)),
            ADMINS,
            PLANS,
            POLICIES,
        )
        self._prepare()

    def _deploy(self) -> None:
        host = self.host
        self.registrar = host.deploy(load("AccreditationRegistry"), STEWARD, by=STEWARD)
        self.token = host.deploy(compiled()["BlocklistToken"], by=STEWARD)
        keys = host.deploy(load("PatientRegistry"), self.registrar.address, by=STEWARD)
        self.registry = host.deploy(self._artifact("VisitRegistry"), self.registrar.address, keys.address, by=STEWARD)
        self.pool = host.deploy(self._artifact("InsurancePool"), self.registrar.address, self.token.address, by=STEWARD)
        addresses = self.registrar.address, self.registry.address, self.pool.address
        self.claims = host.deploy(self._artifact("InsuranceClaims"), *addresses, by=STEWARD)
        self.contracts = {one.address.lower(): one for one in (self.registry, self.pool, self.claims)}
        for one in self.contracts.values():
            for name in ("AccreditationRegistry", "VisitRegistry", "InsurancePool", "InsuranceClaims"):
                one.decoder.learn(load(name))
            one.decoder.learn(compiled()["BlocklistToken"])

    def _artifact(self, name: str) -> Artifact:
        return self.twins.get(name) or load(name)

    def _prepare(self) -> None:
        """Two providers, two insurers, of which the second opens its account in its own time, and four policies."""
        self.registrar.send(STEWARD, "openJurisdiction", 840, AUTHORITY)
        for name, role in ROLES.items():
            organisation, account = ORGANISATION[name], ACCOUNT[name]
            self.registrar.send(AUTHORITY, "register", organisation, 840, account, FOREVER)
            self.registrar.send(AUTHORITY, "accredit", organisation, int(role), FOREVER)
            self.registrar.send(account, "addSigner", organisation, account, int(role), FOREVER, ZERO_HASH)
            self._execute(self.token, ACCOUNT[name], "mint", ACCOUNT[name], SUPPLY)
            self._execute(self.token, ACCOUNT[name], "approve", self.pool.address, SUPPLY)
            self.model.balances[account] = SUPPLY
        for plan in PLANS.values():
            self._execute(self.claims, ADMINS[plan.insurer], "publish", plan)
        for policy in POLICIES.values():
            self._execute(self.claims, ADMINS[PLANS[policy.plan].insurer], "enrol", policy)
        self.open_account(0, "insurer", "insurer")
        self.deposit("insurer", 60)
        self.name_payee(0, "hospital", "hospital", "hospital")

    @rule(seconds=st.sampled_from([1, 60, DAY, 3 * DAY]))
    def wait(self, seconds: int) -> None:
        self.host.advance(seconds)

    @rule(name=providers, chance=chances, ago=st.sampled_from([0, 60, DAY]))
    def change_accreditation(self, name: str, chance: int, ago: int) -> None:
        """Suspend a provider, declare it compromised, and accredit it anew; refusals do not matter."""
        organisation, role = ORGANISATION[name], int(ROLES[name])
        acts = {
            0: ("suspend", organisation, role),
            1: (
                "compromise",
                organisation,
                role,
                self.registrar.call("accreditationCountOf", organisation, role) - 1,
                self.host.now - ago,
            ),
        }
        self.registrar.refusal(AUTHORITY, *acts.get(chance, ("accredit", organisation, role, FOREVER)))

    @rule(
        chance=chances, caller=accounts, name=providers, policy=st.integers(0, 4), seed=seeds, ago=st.integers(-1, 9),
        signature=signatures,
    )  # fmt: skip
    def record(self, chance: int, caller: str, name: str, policy: int, seed: int, ago: int, signature: str) -> None:
        """Record a visit of some days ago, mostly as its provider; the encounter may be one that was recorded."""
        self.host.advance(1)
        held = list(POLICIES.values())[policy % 4]
        member = MEMBERS[seed % 2].address if chance == 1 else held.member
        visit = Visit(
            provider=ORGANISATION[name],
            payer=self.claims.address,
            policy=keccak256(b"none") if policy == 4 else held.id,
            member=member,
            served_at=self.host.now - ago * DAY,
            lines=() if chance == 2 else lines_of(seed),
            record=keccak256(b"record"),
            nullifier=keccak256(bytes([seed, chance > 4])),
        )
        role = int(Role.INSURER if chance == 3 else ROLES[name])
        sender = ACCOUNT[caller] if chance == 4 else ACCOUNT[name]
        if self._try(
            self.registry,
            "record",
            sender,
            (visit, role, self._signature(visit, signature)),
            lambda: self.model.record(sender, visit, role, signature, self.host.now),
        ):
            self.visits.append(visit)

    @rule(which=seeds, caller=accounts, signature=signatures, is_changed=st.sampled_from([False] * 5 + [True]))
    def attest(self, which: int, caller: str, signature: str, is_changed: bool) -> None:
        """Attest a visit, one that is not attested if there is any."""
        entries = self.model.state.entries
        unsigned = [one for one in self.visits if not entries[one.nullifier].is_attested]
        if self.visits:
            is_useful = unsigned and not is_changed
            visit = unsigned[which % len(unsigned)] if is_useful else self._pick(which, is_changed=is_changed)
            self._try(
                self.registry,
                "attest",
                ACCOUNT[caller],
                (visit, self._signature(visit, signature)),
                lambda: self.model.attest(visit, signature, self.host.now),
            )

    @rule(name=providers, policy=st.integers(0, 3), seed=st.integers(41, 250), is_signed=st.booleans())
    def record_well(self, name: str, policy: int, seed: int, is_signed: bool) -> None:
        """Record a visit of four days ago in which nothing is wrong but, now and then, the accreditation."""
        self.record(0, name, name, policy, seed, 4, "good" if is_signed else "")

    @rule(which=seeds, caller=accounts, is_changed=st.sampled_from([False] * 5 + [True]))
    def settle(self, which: int, caller: str, is_changed: bool) -> None:
        """Settle a claim, one that was approved and not paid if there is any."""
        short = [one for one in self.visits if self.model.claim_of(one.id).status is ClaimStatus.APPROVED]
        if short and not is_changed:
            self._settle(short[which % len(short)], caller)
        elif self.visits and which % 2:
            self._settle(self._pick(which, is_changed=is_changed), caller)

    @rule(
        name=providers,
        policy=st.integers(0, 3),
        seed=st.integers(41, 250),
        caller=accounts,
        amount=st.sampled_from([1, 250, 900]),
    )
    def find_too_little(self, name: str, policy: int, seed: int, caller: str, amount: int) -> None:
        """Take all free money, record a visit, bring some money back, and settle."""
        plan = PLANS[list(POLICIES.values())[policy].plan]
        insurer = next(one for one, id_ in ORGANISATION.items() if id_ == plan.insurer)
        self.withdraw(0, insurer, insurer, insurer, self.model.state.free.get(plan.insurer, 0))
        before = len(self.visits)
        self.record_well(name, policy, seed, is_signed=True)
        self.deposit(insurer, amount)
        if len(self.visits) > before:
            self._settle(self.visits[-1], caller)

    def _settle(self, visit: Visit, caller: str) -> None:
        self._try(self.claims, "settle", ACCOUNT[caller], (visit,), lambda: self.model.settle(visit, self.host.now))

    @rule(chance=chances, caller=accounts, name=insurers)
    def open_account(self, chance: int, caller: str, name: str) -> None:
        sender = ACCOUNT[caller] if chance == 1 else ACCOUNT[name]
        self._try(
            self.pool,
            "open",
            sender,
            (ORGANISATION[name], self.claims.address),
            lambda: self.model.open(sender, ORGANISATION[name], self.host.now),
        )

    @rule(name=insurers, amount=amounts)
    def deposit(self, name: str, amount: int) -> None:
        sender = ACCOUNT["insurer"]
        if self._try(
            self.pool,
            "deposit",
            sender,
            (ORGANISATION[name], amount),
            lambda: self.model.deposit(ORGANISATION[name], amount),
        ):
            self.model.balances[sender] -= amount

    @rule(chance=chances, caller=accounts, name=insurers, to=accounts, amount=amounts)
    def withdraw(self, chance: int, caller: str, name: str, to: str, amount: int) -> None:
        sender = ACCOUNT[caller] if chance == 1 else ACCOUNT[name]
        self._try(
            self.pool,
            "withdraw",
            sender,
            (ORGANISATION[name], ACCOUNT[to], amount),
            lambda: self.model.withdraw(sender, ORGANISATION[name], ACCOUNT[to], amount, self.host.now),
        )

    @rule(chance=chances, caller=accounts, name=providers, account=accounts)
    def name_payee(self, chance: int, caller: str, name: str, account: str) -> None:
        sender = ACCOUNT[caller] if chance == 1 else ACCOUNT[name]
        self._try(
            self.pool,
            "namePayee",
            sender,
            (ORGANISATION[name], ACCOUNT[account]),
            lambda: self.model.name_payee(sender, ORGANISATION[name], ACCOUNT[account]),
        )

    @rule(caller=accounts, name=providers)
    def withdraw_owed(self, caller: str, name: str) -> None:
        self._try(
            self.pool,
            "withdrawOwed",
            ACCOUNT[caller],
            (ORGANISATION[name],),
            lambda: self.model.withdraw_owed(ORGANISATION[name]),
        )

    @rule(name=providers, seed=st.integers(41, 250), account=accounts, is_unblocked=st.booleans())
    def be_refused_by_the_token(self, name: str, seed: int, account: str, is_unblocked: bool) -> None:
        """Be paid to a blocked account, name another or be let in again, and draw what is owed."""
        self.name_payee(0, name, name, "stranger")
        self.block("stranger", is_blocked=True)
        self.deposit("insurer", 250)
        self.record_well(name, 0, seed, is_signed=True)
        if is_unblocked:
            self.block("stranger", is_blocked=False)
        else:
            self.name_payee(0, name, name, account)
        self.withdraw_owed("stranger", name)

    @rule(account=st.sampled_from(["hospital", "clinic", "stranger"]), is_blocked=st.booleans())
    def block(self, account: str, is_blocked: bool) -> None:
        """The token blocks an account, or no longer."""
        self._execute(self.token, STEWARD, "setBlocked", ACCOUNT[account], is_blocked)
        (self.model.blocked.add if is_blocked else self.model.blocked.discard)(ACCOUNT[account])

    @invariant()
    def agrees_with_the_model(self) -> None:
        state = self.model.state
        for account, balance in self.model.balances.items():
            assert self.token.call("balanceOf", account) == balance
        for name in ROLES:
            account, payee = (
                self.pool.call("accountOf", ORGANISATION[name]),
                self.pool.call("payeeOf", ORGANISATION[name]),
            )
            assert account["free"] == state.free.get(ORGANISATION[name], 0)
            assert payee["owed"] == state.owed.get(ORGANISATION[name], 0)
            assert payee["account"] == state.payees.get(ORGANISATION[name], ZERO_ADDRESS)
        for policy in POLICIES:
            assert tuple(self.claims.call("totalsOf", policy).values()) == astuple(state.totals.get(policy, Totals()))
        for visit in self.visits[-3:]:
            self._check_claim(visit)

    @invariant()
    def keeps_the_laws_of_money(self) -> None:
        """The pool holds what is free and what is owed; no policy is paid beyond its limits; a claim is paid once."""
        state = self.model.state
        assert self.token.call("balanceOf", self.pool.address) == sum(state.free.values()) + sum(state.owed.values())
        for policy, totals in state.totals.items():
            terms = PLANS[POLICIES[policy].plan].terms
            assert totals.plan_paid <= terms.annual_limit
            assert totals.unattested <= terms.attestation_above
            assert totals.out_of_pocket_met <= terms.out_of_pocket_maximum
            assert totals.deductible_met <= terms.deductible
        paid = [told["visit"] for name, told, _ in self.events if name == "ClaimPaid"]
        assert len(paid) == len(set(paid))

    def teardown(self) -> None:
        for visit in self.visits:
            self._check_claim(visit)
            entry, kept = self.registry.call("entryOf", visit.nullifier), self.model.state.entries[visit.nullifier]
            assert tuple(entry.values()) == (kept.visit[:24], kept.recorded_at, kept.role, kept.is_attested)
        rebuilt = replay(self.events)
        state = self.model.state
        assert (rebuilt.entries, rebuilt.claims, rebuilt.totals) == (state.entries, state.claims, state.totals)
        assert (rebuilt.free, rebuilt.owed, rebuilt.payees) == (state.free, state.owed, state.payees)

    def _check_claim(self, visit: Visit) -> None:
        raw = self.claims.call("claimOf", visit.id)
        found = Claim(ClaimStatus(raw["status"]), Reason(raw["reason"]), raw["decidedAt"], raw["amount"])
        assert found == self.model.claim_of(visit.id)
        if visit.policy in POLICIES:
            before = self.model.state.totals.get(visit.policy, Totals())
            plan = POLICIES[visit.policy].plan
            given = dict(
                zip(("deductibleMet", "outOfPocketMet", "planPaid", "unattested"), astuple(before), strict=True)
            )
            raw = self.claims.call("adjudicate", plan, visit.lines, given)
            outcomes = [Outcome(*list(one.values())[:-1], reason=Reason(one["reason"])) for one in raw]
            assert outcomes == self.model.outcomes(visit, before)[0]

    def _pick(self, which: int, *, is_changed: bool) -> Visit:
        visit = self.visits[which % len(self.visits)]
        return replace(visit, served_at=visit.served_at - 1) if is_changed else visit

    def _signature(self, visit: Visit, kind: str) -> bytes:
        if not kind:
            return b""
        member = next((one for one in MEMBERS if one.address == visit.member), MEMBERS[0])
        signer = member if kind == "good" else wallet.role("attacker")
        domain = Domain("VisitRegistry", "1", 1, self.registry.address)
        return sign(bytes(signer.key), ATTESTATION.digest(domain, {"visit": visit.id}))

    def _try(self, contract: LocalContract, function: str, caller: str, arguments: tuple[Any, ...], act: Any) -> bool:
        """Do an act in both; whether it was done. A refusal has the same error and values, and leaves no event."""
        expected = _refusal(act, Refused)
        found = _refusal(lambda: self._execute(contract, caller, function, *arguments), Reverted)
        assert (found and found.error) == (expected and expected.error), (function, found, expected)
        if expected and found:
            assert {name: found.values[name] for name in expected.values} == expected.values
        TALLY.note(function, expected.error if expected else None)
        return expected is None

    def _execute(self, contract: LocalContract, caller: str, function: str, *arguments: Any) -> None:
        """Act, and keep the events of all three contracts."""
        contract._execute(caller, function, arguments, is_static=False)
        for log in self.host.evm.result.logs:
            source = self.contracts.get(log.address.lower())
            if source is not None:
                topics, data = log.data
                told = source.face.decode_event([bytes(topic) for topic in topics], bytes(data))
                assert told is not None
                self.events.append((*told, self.host.now))


def _refusal(act: Callable[[], object], kind: type[Exception]) -> Any:
    try:
        act()
    except kind as refused:
        return refused
    return None


class TestInsurance:
    """
    given random acts of providers, insurers, members and attackers -> contracts and model agree on every claim, total
      and balance, refuse with the same errors, keep the laws of money, and the events alone rebuild the state
    """

    def test_does_what_its_model_does(self, request):
        run(Insurance, request, shrink=False)
        print(TALLY.report())
        assert TALLY.rare() == []


FOUND = {
    "visit-again-with-another-id",
    "short-claim-counted-twice",
    "owed-drawn-twice",
    "annual-limit-by-another-visit",
    "phantom-visit-split-below-the-amount",
}


class TestTeeth:
    """given a contract without one of its checks -> the machine finds it"""

    @pytest.mark.parametrize("attack", [one for one in ATTACKS if one.id in FOUND], ids=str)
    def test_finds_the_missing_check(self, attack, request, monkeypatch):
        monkeypatch.setattr(Insurance, "twins", {attack.contract: attack.twin()})
        with pytest.raises((AssertionError, Reverted)):
            run(Insurance, request, shrink=False)
