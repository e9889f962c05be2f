"""The contracts of insurance in an EVM within this process: they decide whole visits and pay them, without a chain."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from medtrust import wallet
from medtrust.accreditation import Role
from medtrust.adjudication import Line, Outcome, Reason, Totals, units_of
from medtrust.artifacts import load
from medtrust.dossier import Dossier, claim_key
from medtrust.explanation import ClaimStatus
from medtrust.insurance import Claim
from medtrust.keccak import keccak256
from medtrust.plan import Plan, Policy
from medtrust.types import ZERO_HASH, organisation_id
from medtrust.visit import Visit
from tests.invariants.insurance_replay import mapped
from tests.invariants.machine import LocalContract, LocalEvm
from tests.world import GENESIS, ORGANISATIONS, compiled

STEWARD, AUTHORITY = (wallet.role(name).address for name in ("steward", "authority"))
PROVIDERS = ("hospital", "clinic", "pharmacy", "laboratory")
ROLES = {**dict.fromkeys(PROVIDERS, Role.HOSPITAL), "insurer": Role.INSURER}
ACCOUNT = {name: wallet.role(name).address for name in ROLES}
ORGANISATION = {name: organisation_id(ORGANISATIONS[name].identifier) for name in ROLES}
FOREVER = 2**64 - 1
MONEY = 2**95
TOTALS = 5
"""The slot of the totals of policies in the claims contract."""

DAY = 86_400
GAS = 3_000_000


@dataclass(frozen=True)
class Ruling:
    """How a visit was decided: (plan pays, member pays, reason) of each line, and what was counted."""

    lines: list[tuple[int, int, Reason]]
    allowed: int
    units: dict[int, int]
    counted: Totals


def ruling_of(lines: Sequence[Line], outcomes: Sequence[Outcome], after: Totals) -> Ruling:
    """What the contract must say of a visit that nobody signed, by what the twin says of it."""
    paid = sum(one.plan_pays for one in outcomes)
    units = {benefit: count for benefit, count in units_of(lines, outcomes).items() if count}
    told = [(one.plan_pays, one.member_pays, one.reason) for one in outcomes]
    counted = replace(after, unattested=after.unattested + paid)
    return Ruling(told, sum(one.allowed for one in outcomes), units, counted)


@dataclass
class ClaimsEvm:
    """The suite of insurance with an insurer that has money, and four providers that are accredited and paid."""

    host: LocalEvm = field(default_factory=LocalEvm)
    funds: int = MONEY

    def __post_init__(self) -> None:
        host = self.host
        registrar = host.deploy(load("AccreditationRegistry"), STEWARD, by=STEWARD)
        self.token = host.deploy(compiled()["BlocklistToken"], by=STEWARD)
        patients = host.deploy(load("PatientRegistry"), registrar.address, by=STEWARD)
        self.registry = host.deploy(load("VisitRegistry"), registrar.address, patients.address, by=STEWARD)
        self.pool = host.deploy(load("InsurancePool"), registrar.address, self.token.address, by=STEWARD)
        addresses = registrar.address, patients.address, self.registry.address, self.pool.address
        self.claims = host.deploy(load("InsuranceClaims"), *addresses, by=STEWARD)
        registrar.send(STEWARD, "openJurisdiction", 840, AUTHORITY)
        for name, role in ROLES.items():
            registrar.send(AUTHORITY, "register", ORGANISATION[name], 840, ACCOUNT[name], FOREVER)
            registrar.send(AUTHORITY, "accredit", ORGANISATION[name], int(role), FOREVER)
            signer = ORGANISATION[name], ACCOUNT[name], int(role), FOREVER, ZERO_HASH
            registrar.send(ACCOUNT[name], "addSigner", *signer)
        self._act(self.token, ACCOUNT["insurer"], "mint", ACCOUNT["insurer"], MONEY)
        self._act(self.token, ACCOUNT["insurer"], "approve", self.pool.address, MONEY)
        self._act(self.pool, ACCOUNT["insurer"], "open", ORGANISATION["insurer"], self.claims.address)
        self.deposit(self.funds)
        for name in PROVIDERS:
            self._act(self.pool, ACCOUNT[name], "namePayee", ORGANISATION[name], ACCOUNT[name])

    def publish(self, plan: Plan) -> None:
        self._act(self.claims, ACCOUNT["insurer"], "publish", plan)

    def enrol(self, policy: Policy) -> None:
        self._act(self.claims, ACCOUNT["insurer"], "enrol", policy)

    def record(self, visit: Visit, at: int, *, by: str = "hospital") -> Claim:
        """Record a visit at a time, and return how its claim stands."""
        self.host.advance(at - self.host.now)
        self._act(self.registry, ACCOUNT[by], "record", visit, int(Role.HOSPITAL), b"")
        return self.claim(visit)

    def rule(self, plan: Plan, lines: Sequence[Line], totals: Totals) -> Ruling:
        """Have a visit decided in a policy of a plan that has counted totals, and forget it all."""
        plan = replace(plan, terms=replace(plan.terms, waiting_days=0, filing_days=9))
        policy = Policy(plan.id, "0x" + "22" * 20, GENESIS, GENESIS + DAY)
        before = self.host.evm.snapshot()
        self.publish(plan)
        self.enrol(policy)
        words = totals.deductible_met | totals.out_of_pocket_met << 128, totals.plan_paid | totals.unattested << 128
        for offset, word in enumerate(words):
            self.host.evm.insert_account_storage(self.claims.address, mapped(TOTALS, policy.id) + offset, word)
        names = [keccak256(what) for what in (b"record", b"encounter")]
        where = ORGANISATION["hospital"], self.claims.address, policy.id, policy.member
        self._act(
            self.registry,
            ACCOUNT["hospital"],
            "record",
            Visit(*where, GENESIS, tuple(lines), *names),
            int(Role.HOSPITAL),
            b"",
        )
        ruling = self._ruling()
        self.host.evm.revert(before)
        return ruling

    def _ruling(self) -> Ruling:
        """What the last transaction decided."""
        for log in self.host.evm.result.logs:
            topics, data = log.data
            found = self.claims.face.decode_event([bytes(topic) for topic in topics], bytes(data))
            if found and found[0] == "ClaimAdjudicated":
                told, dossier = found[1], Dossier.from_values(found[1]["dossier"])
                lines = [(one["planPays"], one["memberPays"], Reason(one["reason"])) for one in told["lines"]]
                return Ruling(lines, dossier.allowed, dossier.units, Totals(*told["counted"].values()))
        raise AssertionError("the payer was not reached")

    def claim(self, visit: Visit) -> Claim:
        """How the claim of a visit stands."""
        told = self.claims.call("claimOf", claim_key(visit.nullifier))
        head = ClaimStatus(told["status"]), Reason(told["reason"]), told["appeals"], told["changedAt"]
        return Claim(*head, told["amount"])

    def deposit(self, amount: int) -> None:
        self._act(self.pool, ACCOUNT["insurer"], "deposit", ORGANISATION["insurer"], amount)

    def draw(self, provider: bytes, round_: int) -> bool:
        """Have a provider's part of a round sent; whether there was any."""
        asked = ORGANISATION["insurer"], provider, round_
        error, _ = self.pool.refusal(STEWARD, "draw", *asked)
        assert error in ("", "NothingOwed")
        return not error

    def received(self, name: str) -> int:
        """What a provider's account holds of the token."""
        return int(self.token.call("balanceOf", ACCOUNT[name]))

    def totals(self, policy: Policy) -> Totals:
        """What a policy has counted."""
        return Totals(*self.claims.call("totalsOf", policy.id).values())

    def _act(self, contract: LocalContract, caller: str, function: str, *arguments: object) -> None:
        contract.run(caller, contract.face.encode_call(function, arguments), gas=GAS)
