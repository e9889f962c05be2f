"""The claims contract in an EVM within this process: it decides lines and whole visits, without a chain."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from medtrust import wallet
from medtrust.accreditation import Role
from medtrust.adjudication import Line, Outcome, Reason, Totals
from medtrust.artifacts import load
from medtrust.errors import Reverted
from medtrust.explanation import ClaimStatus
from medtrust.insurance import Claim
from medtrust.plan import Plan, Policy
from medtrust.types import ZERO_HASH, organisation_id
from medtrust.visit import Visit
from tests.invariants.machine import LocalContract, LocalEvm
from tests.world import ORGANISATIONS, compiled

STEWARD, AUTHORITY = (wallet.role(name).address for name in ("steward", "authority"))
ROLES = {"hospital": Role.HOSPITAL, "clinic": Role.HOSPITAL, "insurer": Role.INSURER}
ACCOUNT = {name: wallet.role(name).address for name in ROLES}
ORGANISATION = {name: organisation_id(ORGANISATIONS[name].identifier) for name in ROLES}
FOREVER = 2**64 - 1
MONEY = 2**95


@dataclass
class ClaimsEvm:
    """The suite of insurance with an insurer that has money, and two hospitals that are accredited."""

    host: LocalEvm = field(default_factory=LocalEvm)
    funds: int = MONEY

    def __post_init__(self) -> None:
        host = self.host
        registrar = host.deploy(load("AccreditationRegistry"), STEWARD, by=STEWARD)
        token = host.deploy(compiled()["BlocklistToken"], by=STEWARD)
        keys = host.deploy(load("PatientRegistry"), registrar.address, by=STEWARD)
        self.registry = host.deploy(load("VisitRegistry"), registrar.address, keys.address, by=STEWARD)
        self.pool = host.deploy(load("InsurancePool"), registrar.address, token.address, by=STEWARD)
        addresses = registrar.address, self.registry.address, self.pool.address
        self.claims = host.deploy(load("InsuranceClaims"), *addresses, by=STEWARD)
        registrar.send(STEWARD, "openJurisdiction", 840, AUTHORITY)
        for name, role in ROLES.items():
            registrar.send(AUTHORITY, "register", ORGANISATION[name], 840, ACCOUNT[name], FOREVER)
            registrar.send(AUTHORITY, "accredit", ORGANISATION[name], int(role), FOREVER)
            signer = ORGANISATION[name], ACCOUNT[name], int(role), FOREVER, ZERO_HASH
            registrar.send(ACCOUNT[name], "addSigner", *signer)
        insurer = ACCOUNT["insurer"]
        for contract, function, arguments in (
            (token, "mint", (insurer, MONEY)),
            (token, "approve", (self.pool.address, MONEY)),
            (self.pool, "open", (ORGANISATION["insurer"], self.claims.address)),
            (self.pool, "deposit", (ORGANISATION["insurer"], self.funds)),
            (self.pool, "namePayee", (ORGANISATION["hospital"], ACCOUNT["hospital"])),
        ):
            self._act(contract, ACCOUNT["hospital"] if function == "namePayee" else insurer, function, *arguments)

    def publish(self, plan: Plan) -> None:
        self._act(self.claims, ACCOUNT["insurer"], "publish", plan)

    def enrol(self, policy: Policy) -> None:
        self._act(self.claims, ACCOUNT["insurer"], "enrol", policy)

    def adjudicate(self, plan: Plan, lines: Sequence[Line], totals: Totals) -> list[Outcome]:
        """Decide lines as the contract does, in a policy that has counted totals."""
        told = self.claims.call("adjudicate", plan.id, list(lines), totals)
        return [Outcome(*list(one.values())[:-1], reason=Reason(one["reason"])) for one in told]

    def record(self, visit: Visit, at: int, *, by: str = "hospital") -> Claim:
        """Record a visit at a time, and return how its claim stands."""
        self.host.advance(at - self.host.now)
        self._act(self.registry, ACCOUNT[by], "record", visit, int(Role.HOSPITAL), b"")
        return self.claim(visit)

    def claim(self, visit: Visit) -> Claim:
        """How the claim of a visit stands."""
        told = self.claims.call("claimOf", visit.id)
        return Claim(ClaimStatus(told["status"]), Reason(told["reason"]), told["decidedAt"], told["amount"])

    def settle(self, visit: Visit) -> None:
        """Finish a claim, which may still find too little money."""
        with suppress(Reverted):
            self._act(self.claims, STEWARD, "settle", visit)

    def deposit(self, amount: int) -> None:
        self._act(self.pool, ACCOUNT["insurer"], "deposit", ORGANISATION["insurer"], amount)

    def totals(self, policy: Policy) -> Totals:
        """What a policy has counted."""
        return Totals(*self.claims.call("totalsOf", policy.id).values())

    def _act(self, contract: LocalContract, caller: str, function: str, *arguments: object) -> None:
        contract._execute(caller, function, arguments, is_static=False)
