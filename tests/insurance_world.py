"""What the tests of insurance share: a plan, a policy, money in the pool, and visits to record."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from eth_account.signers.local import LocalAccount

from medtrust import wallet
from medtrust.abi import Interface
from medtrust.accreditation import Role
from medtrust.adjudication import UNLIMITED, Benefit, BenefitTerms, Line, Terms
from medtrust.chain import Receipt
from medtrust.deploy import Deployed
from medtrust.keccak import keccak256
from medtrust.plan import Plan, Policy
from medtrust.sandbox import ORGANISATIONS
from medtrust.suite import Suite
from medtrust.visit import Visit
from tests.world import CHINA, FAR, World, build

DAY = 86_400
COIN = 10**6
SEED = "test test test test test test test test test test test junk"

TERMS = Terms(
    deductible=0,
    out_of_pocket_maximum=UNLIMITED,
    annual_limit=UNLIMITED,
    attestation_above=1_000 * COIN,
    waiting_days=10,
    filing_days=30,
    is_open=True,
)
"""No deductible and hardly a limit: a test names the term that it is about."""

PRIMARY = BenefitTerms(Benefit.PRIMARY_CARE, fee=100 * COIN, copay=20 * COIN, coinsurance=0, units_per_day=3)
LABORATORY = BenefitTerms(Benefit.LABORATORY, fee=50 * COIN, copay=0, coinsurance=2_000, units_per_day=10)
BENEFITS = (PRIMARY, LABORATORY)

VISIT_LINE = Line(Benefit.PRIMARY_CARE, 1, 100 * COIN)
"""Of which the plan pays 80 coins and the member 20."""
PAYS = 80 * COIN


def member_of(insurer: str = "insurer", number: int = 0) -> LocalAccount:
    """A patient, as the insurer knows her."""
    return wallet.pseudonym(SEED, f"{ORGANISATIONS[insurer].identifier}#{number}")


@dataclass(frozen=True)
class Insured:
    """A member with a policy, at an insurer with money, and a hospital that is paid."""

    world: World
    plan: Plan
    policy: Policy
    member: LocalAccount

    @cached_property
    def claims(self) -> str:
        return self.world.address("InsuranceClaims")

    def visit(self, number: int = 0, *lines: Line, **changes: Any) -> Visit:
        """A visit of yesterday to the hospital; each number is another encounter."""
        visit = Visit(
            provider=self.world.hospital,
            payer=self.claims,
            policy=self.policy.id,
            member=self.member.address,
            served_at=self.policy.valid_from + 49 * DAY,
            lines=lines or (VISIT_LINE,),
            record=keccak256(b"record %d" % number),
            nullifier=keccak256(b"encounter %d" % number),
        )
        return replace(visit, **changes)

    def record(
        self, visit: Visit, *, by: str = "hospital", role: Role = Role.HOSPITAL, signature: bytes = b""
    ) -> Receipt:
        return self.world.acting_as(by).visits.record(visit, role, signature=signature)

    def record_at(self, visit: Visit, at: int, seconds: int) -> Receipt:
        """Record a visit in a block `seconds` after `at`; Ganache cannot be told one, so it takes minutes."""
        chain = self.world.chain
        if chain.id == 1337:
            chain.travel(at + 60 * seconds + (5 if seconds >= 0 else 0))
        else:
            chain.request("evm_setNextBlockTimestamp", at + seconds)
        return self.world.acting_as("hospital").visits._send("record", visit, int(Role.HOSPITAL), b"", gas=2_000_000)

    def sign(self, visit: Visit) -> bytes:
        return self.world.acting_as(self.member).visits.sign(visit)

    def balance(self, account: str) -> int:
        """What an account of a name, or an address, holds of the token."""
        address = account if account.startswith("0x") else self.world.account(account).address
        return self.world.suite.token.balance_of(address)

    @property
    def free(self) -> int:
        found = self.world.suite.pool.account_of(self.world.insurer)
        return found.free if found else 0


def insure(
    world: World,
    *,
    funds: int = 10_000 * COIN,
    benefits: tuple[BenefitTerms, ...] = BENEFITS,
    network: tuple[bytes, ...] = (),
    is_paid: bool = True,
    **terms: Any,
) -> Insured:
    """Publish a plan, open the insurer's account and fund it, enrol a member for 50 days before and after now."""
    suite = world.acting_as("insurer")
    plan = Plan(world.insurer, replace(TERMS, is_open=not network, **terms), benefits, network)
    suite.insurance.publish(plan)
    open_account(world, funds)
    member = member_of()
    today = world.chain.now() // DAY * DAY  # the same in each run, so that gas is the same
    policy = Policy(plan.id, member.address, today - 50 * DAY, today + 50 * DAY)
    suite.insurance.enrol(policy)
    if is_paid:
        world.acting_as("hospital").pool.name_payee(world.hospital, world.account("hospital").address)
    return Insured(world, plan, policy, member)


def second_policy(insured: Insured, **terms: Any) -> tuple[Policy, LocalAccount]:
    """Another policy of the same person, under another pseudonym, in an open plan of the same insurer."""
    suite = insured.world.acting_as("insurer")
    terms = {"attestation_above": 0, "deductible": 1, "is_open": True, **terms}
    plan = replace(insured.plan, terms=replace(insured.plan.terms, **terms), network=())
    suite.insurance.publish(plan)
    member = member_of("insurer", 7)
    policy = replace(insured.policy, plan=plan.id, member=member.address)
    suite.insurance.enrol(policy)
    return policy, member


def coordinate(insured: Insured, visit: Visit, policy: Policy, member: LocalAccount) -> Receipt:
    """Claim a visit from a second policy too, as anyone with the signatures of both pseudonyms of the member."""
    relayer = insured.world.acting_as("relayer").insurance
    return relayer.coordinate(visit, policy.id, *agreed(insured, visit, policy, member))


def agreed(insured: Insured, visit: Visit, policy: Policy, member: LocalAccount) -> list[bytes]:
    """What both pseudonyms of the member sign, so that a visit is claimed from a second policy too."""
    world = insured.world
    entry = world.suite.visits.entry_of(visit.nullifier)
    at = entry.recorded_at if entry else 0
    people = insured.member, member
    return [world.acting_as(one).insurance.sign_coordination(visit, policy.id, at) for one in people]


def give_control(world: World, member: LocalAccount, to: LocalAccount) -> None:
    """Let another account decide for a member, who sends nothing herself."""
    signed = world.acting_as(member).patients.sign_rotate(member.address, to.address, deadline=FAR)
    world.acting_as("relayer").patients.send(signed)


def open_account(world: World, funds: int) -> None:
    """Open the insurer's account for the claims contract of the world, and fund it."""
    suite = world.acting_as("insurer")
    suite.pool.open(world.insurer, world.address("InsuranceClaims"))
    if funds:
        fund(world, funds)


def fund(world: World, amount: int) -> Receipt:
    """Make money and bring it into the insurer's account."""
    suite = world.acting_as("insurer")
    suite.token.mint(world.account("insurer").address, amount)
    suite.token.approve(world.address("InsurancePool"), amount)
    return suite.pool.deposit(world.insurer, amount)


def with_token(world: World, token: str, *arguments: object) -> World:
    """The world with a pool of another token, a mock by its name, and what knows that pool."""
    stale = {"InsurancePool", "InsuranceClaims", "token"}
    where = {name: world.suite.book.find(name) for name in world.suite.book.names() if name not in stale}
    where["token"] = Deployed(world.deploy(token, *arguments), 0, "", "", "")
    return replace(build(world.chain, world.built, standing=where), defended=world.defended)


def call_mock(
    world: World,
    mock: str,
    address: str,
    function: str,
    *arguments: object,
    by: str = "steward",
    gas: int | None = None,
) -> Receipt:
    """Tell a mock what to do."""
    interface = Interface(world.built[mock])
    data = interface.encode_call(function, arguments)
    return world.chain.send(world.account(by), address, data, interface=interface, gas=gas)


def ask_mock(world: World, mock: str, address: str, function: str, *arguments: object) -> Any:
    """Ask a mock."""
    interface = Interface(world.built[mock])
    return interface.decode_result(function, world.chain.call(address, interface.encode_call(function, arguments)))


def appoint_reviewer(world: World, organisation: bytes, by: str, signer: LocalAccount | str = "stranger") -> Suite:
    """Accredit an organisation as REVIEWER, and return the suite as the account acts that signs for it as such."""
    account = world.account(signer) if isinstance(signer, str) else signer
    world.acting_as("authority").accreditation.accredit(organisation, Role.REVIEWER, until=FAR)
    world.acting_as(by).accreditation.add_signer(organisation, account.address, Role.REVIEWER, until=FAR)
    return world.acting_as(account)


def appoint_foreign_reviewer(world: World) -> bytes:
    """An accredited reviewer of another jurisdiction, for which the stranger signs; its organisation."""
    organisation, account = keccak256(b"reviewer abroad"), world.account("stranger")
    world.acting_as("steward").accreditation.open_jurisdiction(CHINA, account.address)
    abroad = world.acting_as(account).accreditation
    abroad.register(organisation, CHINA, account.address, until=FAR)
    abroad.accredit(organisation, Role.REVIEWER, until=FAR)
    abroad.add_signer(organisation, account.address, Role.REVIEWER, until=FAR)
    return organisation


def days_later(world: World, days: int) -> None:
    """Let days pass."""
    world.chain.mine(seconds=days * DAY)
