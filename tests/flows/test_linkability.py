"""Linkability: from what stands on the chain, nobody tells that two relationships are those of one patient."""

from __future__ import annotations

import random
import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

import pytest
from eth_account.signers.local import LocalAccount

from medtrust import wallet
from medtrust.accreditation import Role
from medtrust.adjudication import Line
from medtrust.chain import Receipt
from medtrust.consent import DataClass, Purpose
from medtrust.emergency import Verdict
from medtrust.patients import Scope
from medtrust.plan import Plan, Policy
from medtrust.suite import Suite
from medtrust.types import name_hash
from medtrust.visit import Visit
from tests.insurance_world import BENEFITS, COIN, DAY, TERMS, open_account
from tests.traces import blobs_of, fragments, words
from tests.world import FAR, ORGANISATIONS, World

Relationship = tuple[int, str]
Act = Callable[[], Receipt]

HOUSES = ("hospital", "clinic", "pharmacy", "laboratory", "insurer")
RELAYERS = ("relayer", "stranger", "wholesaler")
SEED = 20_261_123
FULL, FEW = 50, 8
LEAKS = ("address", "guardian", "obligations", "request", "record")


def salted() -> bytes:
    """A commitment as the guides make them: whatever it is about, 32 bytes that nobody can guess."""
    return secrets.token_bytes(32)


@dataclass
class Person:
    """A patient with a seed of her own, and what she does wrong if she does anything wrong."""

    number: int
    seed: str = field(default_factory=wallet.new_seed)
    leak: str = ""

    @cached_property
    def habit(self) -> bytes:
        return salted()

    def at(self, house: str) -> LocalAccount:
        """The account by which an organisation knows her."""
        known = "everywhere" if self.leak == "address" else ORGANISATIONS[house].identifier
        return wallet.pseudonym(self.seed, known)

    def guardian(self, house: str) -> str:
        """Her guardian, who has an account for each relationship as she does."""
        known = "mother" if self.leak == "guardian" else f"mother at {house}"
        return str(wallet.pseudonym(self.seed, known).address)

    def commitment(self, kind: str) -> bytes:
        """A salted commitment of a kind; made once and used everywhere if that is what she does wrong."""
        return self.habit if self.leak == kind else salted()


class Run:
    """What happens in the relationships of some people, in any order, and which transactions belong to which."""

    def __init__(self, world: World, people: Iterable[Person]) -> None:
        self.world = world
        self.dice = random.Random(SEED)
        self.sent: dict[Relationship, list[str]] = {}
        self.plan = Plan(world.insurer, TERMS, BENEFITS, ())
        self._prepare()
        lives = {(one.number, house): list(self._live(one, house)) for one in people for house in HOUSES}
        self.began = world.chain.now()
        while lives:
            relationship = self.dice.choice(list(lives))
            act = lives[relationship].pop(0)
            self.sent.setdefault(relationship, []).append(act().transaction_hash)
            if not lives[relationship]:
                del lives[relationship]

    def _prepare(self) -> None:
        world = self.world
        registry = world.acting_as("hospital").accreditation
        for name, role in (("doctor", Role.EMERGENCY_CARE), ("attacker", Role.PRIVACY_OFFICER)):
            unit = name_hash(f"unit of the {name}")
            registry.add_signer(world.hospital, world.account(name).address, role, until=FAR, unit=unit)
        world.acting_as("insurer").insurance.publish(self.plan)
        open_account(world, 1_000_000 * COIN)
        world.acting_as("clinic").pool.name_payee(world.clinic, world.account("clinic").address)

    def _live(self, person: Person, house: str) -> Iterator[Act]:
        """What a person does with an organisation; every statement is signed, and sent by some relayer."""
        account = person.at(house)
        yield from self._guard(person, house, account)
        yield from self._consent(person, house, account)
        if house in ("hospital", "clinic"):
            yield from self._keep_records(person, house)
        if house == "hospital":
            yield from self._open(person, account)
        if house == "insurer":
            yield from self._claim(person, account)

    def _guard(self, person: Person, house: str, account: LocalAccount) -> Iterator[Act]:
        hers = self.world.acting_as(account).patients
        guardian = person.guardian(house)
        yield lambda: self._relay().patients.send(
            hers.sign_add_guardian(account.address, guardian, Scope.GRANT, until=FAR, deadline=self._soon())
        )
        yield lambda: self._relay().patients.send(
            hers.sign_hide(account.address, DataClass.MENTAL_HEALTH, deadline=self._soon())
        )

    def _consent(self, person: Person, house: str, account: LocalAccount) -> Iterator[Act]:
        """Two consents: one is accepted and used, the other revoked."""
        hers = self.world.acting_as(account).consent
        house_id = ORGANISATIONS[house].id
        receipts = [
            hers.sign(hers.draft(house_id, Purpose.TREAT, DataClass.LABORATORY, until=self._soon() + days * DAY))
            for days in (30, 90)
        ]
        client = self.world.acting_as(house).consent
        for receipt in receipts:
            yield lambda receipt=receipt: self._relay().consent.grant_by_sig(receipt)
        obligations = person.commitment("obligations")
        yield lambda: client.accept(receipts[0].consent, obligations=obligations)
        yield lambda: client.use(receipts[0].consent, person.commitment("request"))
        yield lambda: self._revoke(account, receipts[1].id)

    def _revoke(self, account: LocalAccount, consent: bytes) -> Receipt:
        deadline = self._soon()
        signature = self.world.acting_as(account).consent.sign_revoke(consent, deadline=deadline)
        return self._relay().consent.revoke_by_sig(account.address, consent, signature, deadline=deadline)

    def _keep_records(self, person: Person, house: str) -> Iterator[Act]:
        """A record is a random number; whose it is, the organisation alone knows."""
        client = self.world.acting_as(house).records
        record = person.commitment("record")
        yield lambda: client.anchor(ORGANISATIONS[house].id, record, salted())
        yield lambda: client.rotate(ORGANISATIONS[house].id, record)

    def _open(self, person: Person, account: LocalAccount) -> Iterator[Act]:
        hers = self.world.acting_as(account).emergency
        house, reason = self.world.hospital, person.commitment("request")
        numbers: list[int] = []

        def opened() -> Receipt:
            doctor = self.world.acting_as("doctor").emergency
            receipt = doctor.open(account.address, house, reason, classes=DataClass.ALLERGY, period=3_600)
            numbers.append(int(receipt.event("EmergencyOpened").values["number"]))
            return receipt

        yield lambda: self._relay().emergency.change_rule_by_sig(
            hers.sign_change_rule(account.address, DataClass.GENETICS, deadline=self._soon())
        )
        yield opened
        yield lambda: self._relay().emergency.contest_by_sig(
            hers.sign_contest(house, numbers[0], deadline=self._soon(), grounds=salted())
        )
        yield lambda: self.world.acting_as("attacker").emergency.review(
            house, numbers[0], Verdict.JUSTIFIED, findings=salted()
        )

    def _claim(self, person: Person, account: LocalAccount) -> Iterator[Act]:
        """A policy, and a visit that the clinic records: the clinic is told the number that the insurer knows."""
        today = self.world.chain.now() // DAY * DAY
        policy = Policy(self.plan.id, account.address, today - 50 * DAY, today + 50 * DAY)
        yield lambda: self.world.acting_as("insurer").insurance.enrol(policy)
        visit = Visit(
            provider=self.world.clinic,
            payer=self.world.address("InsuranceClaims"),
            policy=policy.id,
            member=account.address,
            served_at=today - DAY,
            lines=(Line(BENEFITS[0].benefit, 1, 100 * COIN),),
            record=person.commitment("record"),
            nullifier=salted(),
        )
        yield lambda: self.world.acting_as("clinic").visits.record(visit, Role.HOSPITAL)

    def _relay(self) -> Suite:
        """Somebody who sends what others signed."""
        return self.world.acting_as(self.dice.choice(RELAYERS))

    def _soon(self) -> int:
        return self.world.chain.now() + self.dice.randrange(600, 6_000)

    def traces(self) -> dict[Relationship, set[bytes]]:
        """Every word of each relationship, and every part of a word that is long enough to tell somebody by.

        Left out are times, as a synthetic crowd is small, and words of one bit: 1 in 256 marks of a nonce is the same.
        """
        chain = self.world.chain
        times = range(self.began - 100 * DAY, chain.now() + 200 * DAY)
        found = {}
        for relationship, hashes in self.sent.items():
            told = words(blob for one in hashes for blob in blobs_of(chain, one))
            numbers = {word: int.from_bytes(word, "big") for word in told}
            kept = {word for word, number in numbers.items() if number not in times and number.bit_count() > 1}
            found[relationship] = kept | fragments(kept)
        return found


def links(traces: Mapping[Relationship, set[bytes]]) -> list[str]:
    """What two relationships of one patient share, and no relationship of anybody else."""
    owner: dict[bytes, Relationship | None] = {}
    shared: dict[bytes, str] = {}
    for (number, house), tokens in traces.items():
        for token in tokens:
            first = owner.setdefault(token, (number, house))
            if first is None or first == (number, house):
                continue
            if first[0] == number:
                shared[token] = f"patient {number}: {first[1]} and {house} share 0x{token.hex()}"
            else:
                owner[token] = None
                shared.pop(token, None)
    return sorted(shared.values())


@pytest.fixture(autouse=True)
def _clock(world: World) -> Iterator[None]:
    """Blocks that are seconds apart, as no two that matter are at one time."""
    world.chain.request("anvil_setBlockTimestampInterval", 7)
    yield
    world.chain.request("anvil_removeBlockTimestampInterval")


class TestLinkability:
    """
    given people who are known to 5 organisations each, under an address for each
      when they appoint guardians, hide, grant, are asked for, revoke, are recorded, opened, contested, insured, treated
        -> no word and no part of a word of calldata, events, addresses or storage is in two relationships of one of
           them and in none of anyone else
    given someone who uses one address, guardian, or commitment twice -> that is found
    """

    def test_nothing_links_two_relationships(self, world, request):
        count = FULL if request.config.getoption("--full") else FEW
        run = Run(world, [Person(number) for number in range(count)])
        traces = run.traces()

        assert len(traces) == count * len(HOUSES)
        assert min(map(len, traces.values())) > 500
        assert links(traces) == []

    def test_finds_what_is_planted(self, world):
        run = Run(world, [*(Person(number, leak=leak) for number, leak in enumerate(LEAKS)), Person(5), Person(6)])
        found = links(run.traces())

        linked = {number for number in range(7) if any(one.startswith(f"patient {number}:") for one in found)}
        assert linked == set(range(len(LEAKS))), found
