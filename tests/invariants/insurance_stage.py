"""The contracts of insurance in an EVM, their model, and what the events told, side by side; and who plays in it."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, ClassVar

from eth_account.signers.local import LocalAccount

from medtrust import wallet
from medtrust.accreditation import Role
from medtrust.adjudication import BenefitTerms, Terms
from medtrust.artifacts import Artifact, load
from medtrust.errors import Reverted
from medtrust.plan import Plan, Policy
from medtrust.signing import Domain, TypedData, sign
from medtrust.types import ZERO_HASH, organisation_id
from medtrust.visit import ATTESTATION, Visit
from tests.invariants.insurance_model import ClaimsModel
from tests.invariants.insurance_pool_model import DAY, PoolModel, Refused, Token
from tests.invariants.insurance_replay import CLAIMS, POOL, VISITS
from tests.invariants.insurance_told import Told
from tests.invariants.machine import LocalContract, LocalEvm
from tests.world import GENESIS, ORGANISATIONS, compiled

STEWARD, AUTHORITY = (wallet.role(name).address for name in ("steward", "authority"))
ROLES = {
    "hospital": Role.HOSPITAL,
    "clinic": Role.HOSPITAL,
    "insurer": Role.INSURER,
    "carrier": Role.INSURER,
    "regulator": Role.REVIEWER,
    "pharmacy": Role.REVIEWER,
}
"""The pharmacy reviews in another jurisdiction."""

PLACES = {name: 156 if name == "pharmacy" else 840 for name in ROLES}
SIGNERS = {name: {name} for name in ROLES} | {"regulator": {"regulator", "hospital"}}
"""One of the regulator's works for the hospital too."""

ACCOUNT: dict[str, str] = {name: wallet.role(name).address for name in (*ROLES, "attacker", "stranger")}
ORGANISATION = {name: organisation_id(ORGANISATIONS[name].identifier) for name in ROLES}
NAME = {id_: name for name, id_ in ORGANISATION.items()}
MEMBERS = [wallet.role("doctor"), wallet.role("relayer")]
SPARE = wallet.role("officer")
"""Whom a member names to decide for her."""

KEYS: dict[str, LocalAccount] = {one.address: one for one in (*MEMBERS, SPARE, wallet.role("stranger"))}
FOREVER = 2**64 - 1
SUPPLY = 10**6
GAS = 3_000_000

BENEFITS = (
    BenefitTerms(1, 50, 5, 2_000, 3, excludes=1 << 2),
    BenefitTerms(2, 90, 0, 1_001, 2, excludes=1 << 1),
    BenefitTerms(5, 20, 20, 0, 9),
)
TERMS = Terms(
    30, 150, 600, 90, 2, 9, True,
    automatic_up_to=90, deemed_up_to=100, visits_per_day=1, solvency=500, decide_days=2, appeal_days=3,
)  # fmt: skip
BY_CARRIER = BenefitTerms(1, 50, 5, 2_000, 3), BenefitTerms(2, 90, 0, 1_001, 2)
LESS = replace(TERMS, deductible=0, attestation_above=40, is_open=False, visits_per_day=0, solvency=0)
PLANS = {
    plan.id: plan
    for plan in (
        Plan(ORGANISATION["insurer"], TERMS, BENEFITS),
        Plan(
            ORGANISATION["carrier"], LESS, BY_CARRIER, tuple(sorted((ORGANISATION["clinic"], ORGANISATION["hospital"])))
        ),
        Plan(ORGANISATION["carrier"], LESS, BY_CARRIER, (ORGANISATION["clinic"],)),
    )
}
POLICIES = [
    Policy(plan, member.address, GENESIS - 12 * DAY, GENESIS + days * DAY)
    for days in (120, 121, 122)
    for plan in PLANS
    for member in MEMBERS
]
FIRST = POLICIES[:6]
"""Those that are enrolled from the start."""

APPEAL = TypedData(
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
COORDINATION = TypedData(
    "Coordination",
    {"Coordination": {"claims": "address", "visit": "bytes32", "policy": "bytes32", "recordedAt": "uint64"}},
)
TOKENS = ("BlocklistToken", "HookToken", "FeeToken")


class Stage:
    """Everything deployed and standing, with a token of a kind; `twins` take the place of real contracts."""

    heard: ClassVar[set[str]] = set()
    """The names of all events that were ever told."""

    def __init__(self, kind: str, twins: Mapping[str, Artifact]) -> None:
        self.kind, self.host = kind, LocalEvm(takes_any_size=bool(twins))
        host, built = self.host, compiled()
        artifacts = {name: twins.get(name) or load(name) for name in (VISITS, CLAIMS, POOL)}
        registrar = host.deploy(load("AccreditationRegistry"), STEWARD, by=STEWARD)
        self.registrar, self.token = registrar, host.deploy(built[kind], by=STEWARD)
        self.patients = host.deploy(load("PatientRegistry"), registrar.address, by=STEWARD)
        self.visits = host.deploy(artifacts[VISITS], registrar.address, self.patients.address, by=STEWARD)
        self.pool = host.deploy(artifacts[POOL], registrar.address, self.token.address, by=STEWARD)
        addresses = (one.address for one in (registrar, self.patients, self.visits, self.pool))
        self.claims = host.deploy(artifacts[CLAIMS], *addresses, by=STEWARD)
        self.caller = host.deploy(built["CallingBack"], by=STEWARD)
        self.burner = host.deploy(built["BurningPayer"], by=STEWARD)
        self.deployed = {one.address.lower(): one for one in (self.visits, self.claims, self.pool)}
        for one in self.deployed.values():
            for artifact in (*map(load, ("AccreditationRegistry", VISITS, POOL, CLAIMS)), built[kind]):
                one.decoder.learn(artifact)
        self.told = Told()
        self.model = self._model()
        self._prepare()
        self._kept = copy.deepcopy((self.told, self.model)), host.now
        self._checkpoint = host.evm.snapshot()

    def _model(self) -> ClaimsModel:
        registrar = self.registrar
        token = Token(fee=1 if self.kind == "FeeToken" else 0)
        token.failing = {self.burner.address} if self.kind == "HookToken" else set()
        pool = PoolModel(
            self.pool.address,
            self.claims.address,
            lambda *question: bool(registrar.call("isAuthorised", *question)),
            lambda *question: bool(registrar.call("isAccredited", *question)),
            {ORGANISATION[name]: ACCOUNT[name] for name in ROLES},
            token,
        )
        signers = {ORGANISATION[name]: {ACCOUNT[one]: 0 for one in SIGNERS[name]} for name in ROLES}
        places = {ORGANISATION[name]: PLACES[name] for name in ROLES}
        return ClaimsModel(pool=pool, signers=signers, places=places, plans=PLANS)

    def _prepare(self) -> None:
        """Two providers, two insurers with some money, two reviewers, and six policies."""
        for place in (840, 156):
            self.registrar.send(STEWARD, "openJurisdiction", place, AUTHORITY)
        for name, role in ROLES.items():
            organisation = ORGANISATION[name]
            self.registrar.send(AUTHORITY, "register", organisation, PLACES[name], ACCOUNT[name], FOREVER)
            self.registrar.send(AUTHORITY, "accredit", organisation, int(role), FOREVER)
            for one in SIGNERS[name]:
                signer = organisation, ACCOUNT[one], int(role), FOREVER, ZERO_HASH
                self.registrar.send(ACCOUNT[name], "addSigner", *signer)
        self.execute(self.token, STEWARD, "mint", ACCOUNT["insurer"], SUPPLY)
        self.execute(self.token, ACCOUNT["insurer"], "approve", self.pool.address, SUPPLY)
        self.model.pool.token.balances[ACCOUNT["insurer"]] = SUPPLY
        if self.kind == "HookToken":
            for hostile in (self.caller, self.burner):
                self.execute(self.token, STEWARD, "hook", hostile.address)
        for name, amount in (("insurer", 300), ("carrier", 100)):
            self._fund(ACCOUNT[name], ORGANISATION[name], amount)
        for plan in PLANS.values():
            self.execute(self.claims, ACCOUNT[NAME[plan.insurer]], "publish", plan)
        for policy in FIRST:
            self._enrol(ACCOUNT[NAME[PLANS[policy.plan].insurer]], policy)
        for name in ("hospital", "clinic"):
            self._name_payee(ACCOUNT[name], ORGANISATION[name])

    def _fund(self, by: str, insurer: bytes, amount: int) -> None:
        pool, source = self.model.pool, ACCOUNT["insurer"]
        self.do(self.pool, "open", by, (insurer, self.claims.address), lambda: pool.open(by, insurer, self.host.now))
        act = lambda: pool.deposit(source, insurer, amount, self.host.now)  # noqa: E731
        self.do(self.pool, "deposit", source, (insurer, amount), act)

    def _enrol(self, by: str, policy: Policy) -> None:
        self.do(self.claims, "enrol", by, (policy,), lambda: self.model.enrol(by, policy, self.host.now))

    def _name_payee(self, by: str, organisation: bytes) -> None:
        act = lambda: self.model.pool.name_payee(by, organisation, by)  # noqa: E731
        self.do(self.pool, "namePayee", by, (organisation, by), act)

    def renew(self) -> None:
        """Go back to how all stood when it was made."""
        kept, self.host.now = self._kept
        self.told, self.model = copy.deepcopy(kept)
        self.host.evm.revert(self._checkpoint)
        self._checkpoint = self.host.evm.snapshot()
        self.host.advance(0)

    def do(
        self, contract: LocalContract, function: str, caller: str, arguments: tuple[Any, ...], act: Callable[[], Any]
    ) -> str | None:
        """Do an act in both, which refuse with the same error and values; return it."""
        expected = _refusal(act, Refused)
        found = _refusal(lambda: self.execute(contract, caller, function, *arguments), Reverted)
        assert (found and found.error) == (expected and expected.error), (function, found, expected)
        if expected is None or found is None:
            return None
        assert {name: found.values[name] for name in expected.values} == expected.values, (function, found, expected)
        return str(expected.error)

    def execute(self, contract: LocalContract, caller: str, function: str, *arguments: Any) -> None:
        """Act, and take in the events of all three contracts."""
        data = contract.face.encode_call(function, arguments)
        contract.run(caller, data, gas=GAS)
        for log in self.host.evm.result.logs:
            source = self.deployed.get(log.address.lower())
            if source is not None:
                topics, words = log.data
                told = source.face.decode_event([bytes(topic) for topic in topics], bytes(words))
                assert told is not None
                self.heard.add(told[0])
                self.told.take((*told, self.host.now))

    # What people sign.

    def attestation(self, visit: Visit, kind: str) -> bytes:
        domain = Domain(VISITS, "1", 1, self.visits.address)
        return self._signed(visit.member, kind, ATTESTATION.digest(domain, {"visit": visit.id}))

    def appeal(self, dossier: Mapping[str, Any], member: str, kind: str, level: int) -> bytes:
        statement = {name: dossier[name] for name in ("visit", "policy", "decidedAt")}
        return self._to_patients(APPEAL, {**statement, "claims": self.claims.address, "level": level}, member, kind)

    def coordination(self, visit: Visit, policy: bytes, member: str, kind: str) -> bytes:
        entry = self.model.entries.get(visit.nullifier)
        recorded_at = entry.recorded_at if entry else 0
        statement = {"claims": self.claims.address, "visit": visit.id, "policy": policy, "recordedAt": recorded_at}
        return self._to_patients(COORDINATION, statement, member, kind)

    def _to_patients(self, kind: TypedData, statement: dict[str, Any], member: str, how: str) -> bytes:
        domain = Domain("PatientRegistry", "1", 1, self.patients.address)
        return self._signed(member, how, kind.digest(domain, statement))

    def _signed(self, member: str, kind: str, digest: bytes) -> bytes:
        """Signed by who decides for the member now; a bad one by who did before, or by anyone."""
        if not kind:
            return b""
        controller = self.model.controllers.get(member, member)
        false = KEYS[member] if controller != member else wallet.role("attacker")
        return sign(bytes((KEYS[controller] if kind == "good" else false).key), digest)

    def rotate(self, member: str) -> None:
        """Let a member name another to decide for her, or take it back."""
        controllers = self.model.controllers
        before = controllers.get(member, member)
        controllers[member] = SPARE.address if before == member else member
        self.patients.send(before, "rotate", member, controllers[member])


def _refusal(act: Callable[[], object], kind: type[Exception]) -> Any:
    try:
        act()
    except kind as refused:
        return refused
    return None
