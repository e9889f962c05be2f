"""VisitRegistry: accredited providers alone record visits, each encounter once, whatever its payer does."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace

import pytest

from medtrust.accreditation import Role
from medtrust.adjudication import Benefit, BenefitTerms, Line
from medtrust.errors import InputError, Reverted
from medtrust.explanation import ClaimStatus
from medtrust.types import ZERO_HASH
from medtrust.visit import ATTESTATION
from tests.insurance_world import COIN, PAYS, VISIT_LINE, Insured, give_control, insure

MINUTES_15 = 15 * 60
LAST = max(Benefit)
EXCLUDING_THE_LAST = tuple(
    BenefitTerms(number, 100 * COIN, 10 * COIN, 2_000, 5, 1 << LAST if number != LAST else (1 << LAST) - 2)
    for number in Benefit
)
"""Each excludes the last, so that a whole day is searched for it at each line."""


@pytest.fixture
def insured(world) -> Insured:
    return insure(world)


@pytest.fixture
def visit(insured):
    return insured.visit()


@pytest.fixture
def registry(world):
    """The registry as the hospital calls it."""
    return world.acting_as("hospital").visits


class TestRecord:
    """
    when role is none of a provider            -> reverts NotProviderRole
    when caller signs for another provider     -> reverts NotAuthorised
    when caller does not act in the role       -> reverts NotAuthorised
    given the provider is suspended            -> reverts NotAuthorised
    when the record or the nullifier is zero   -> reverts ZeroIdentifier
    when there are 0, 1, 25, 26 lines          -> reverts InvalidLineCount, records, records, reverts InvalidLineCount
    when served 15 minutes ahead, one second more -> records, reverts ServedInFuture
    given the encounter is recorded            -> reverts EncounterRecorded, the first visit stands
    when the signature is not the member's     -> reverts InvalidSignature
    when the gas leaves too little to the payer -> reverts InsufficientGas, nothing is recorded
    when the gas is the least that is accepted -> 25 lines are decided in a policy's first use: owed, held, or waiting
    given the payer takes it                   -> records; emits VisitRecorded with the whole visit; the payer decides
    given the member signed it                 -> is attested; emits VisitAttested too
    given a payer that is no contract          -> records; emits PayerNotReached
    given a payer that reverts                 -> records; emits PayerNotReached
    given a payer that burns all gas           -> records; emits PayerNotReached; burns no more than its share
    given a payer that floods                  -> records; emits PayerNotReached; the flood is not copied
    """

    def test_reverts_when_role_is_no_provider(self, insured, visit, reverts):
        with reverts("NotProviderRole", role=Role.INSURER):
            insured.record(visit, role=Role.INSURER)
        with reverts("NotProviderRole", role=Role.HOSPITAL | Role.INSURER):
            insured.record(visit, role=Role.HOSPITAL | Role.INSURER)

    def test_reverts_when_caller_signs_for_another_provider(self, world, insured, visit, pharmacy, reverts):
        with reverts("NotAuthorised", organisation=world.hospital, signer=pharmacy.address, role=Role.HOSPITAL):
            insured.record(visit, by="pharmacy")

    def test_reverts_when_caller_does_not_act_in_the_role(self, insured, visit, hospital, reverts):
        for role in (Role.PHARMACY, Role.HOSPITAL | Role.VACCINATOR, Role(0)):
            with reverts("NotAuthorised", signer=hospital.address, role=role):
                insured.record(visit, role=role)

    def test_reverts_given_a_suspended_provider(self, world, insured, visit, hospital, reverts):
        world.acting_as("authority").accreditation.suspend(world.hospital, Role.HOSPITAL)
        with reverts("NotAuthorised", organisation=world.hospital, signer=hospital.address, role=Role.HOSPITAL):
            insured.record(visit)

    def test_reverts_when_an_identifier_is_zero(self, insured, visit, reverts):
        with reverts("ZeroIdentifier"):
            insured.record(replace(visit, record=ZERO_HASH))
        with reverts("ZeroIdentifier"):
            insured.record(replace(visit, nullifier=ZERO_HASH))

    @pytest.mark.parametrize("count", [0, 26])
    def test_reverts_when_lines_are_none_or_too_many(self, insured, visit, reverts, count):
        with reverts("InvalidLineCount", count=count):
            insured.record(replace(visit, lines=(VISIT_LINE,) * count))

    @pytest.mark.parametrize("count", [1, 25])
    def test_records_as_many_lines_as_are_allowed(self, insured, registry, count):
        visit = insured.visit(0, *(Line(Benefit.LABORATORY, 1, COIN) for _ in range(count)))
        insured.record(visit)
        assert registry.visit_of(visit.id) == visit
        assert insured.world.suite.insurance.claim_of(visit).status is ClaimStatus.PAID

    def test_reverts_one_second_after_the_tolerance(self, chain, insured, visit, registry, reverts):
        ahead = replace(visit, served_at=chain.now() + 100_000)
        with reverts("ServedInFuture", servedAt=ahead.served_at):
            insured.record_at(ahead, ahead.served_at - MINUTES_15, -1)
        assert registry.entry_of(visit.nullifier) is None

    @pytest.mark.parametrize("seconds", [0, 1])
    def test_records_at_the_tolerance(self, chain, insured, visit, registry, seconds):
        ahead = replace(visit, served_at=chain.now() + 100_000)
        receipt = insured.record_at(ahead, ahead.served_at - MINUTES_15, seconds)
        assert registry.entry_of(visit.nullifier).recorded_at == receipt.at

    def test_reverts_given_the_encounter_is_recorded(self, insured, visit, registry, reverts):
        recorded_at = insured.record(visit).at
        other = insured.visit(1, nullifier=visit.nullifier)
        with reverts("EncounterRecorded", nullifier=visit.nullifier, recordedAt=recorded_at):
            insured.record(other)
        assert registry.entry_of(visit.nullifier).fingerprint == visit.id[:24]

    def test_reverts_when_signature_is_not_the_members(self, insured, visit, registry, reverts):
        signature = insured.sign(insured.visit(1))
        with reverts("InvalidSignature", signer=insured.member.address):
            insured.record(visit, signature=signature)
        with reverts("InvalidSignature", signer=insured.member.address):
            insured.record(visit, signature=b"\x00")
        assert registry.entry_of(visit.nullifier) is None

    def test_reverts_when_gas_leaves_too_little_to_the_payer(self, visit, registry, reverts):
        with reverts("InsufficientGas", needed=640_000):
            registry._send("record", visit, int(Role.HOSPITAL), b"", gas=650_000)
        assert registry.entry_of(visit.nullifier) is None

    @pytest.mark.parametrize(
        ("terms", "status"),
        [
            ({"is_paid": False}, ClaimStatus.OWED),
            ({"automatic_up_to": 0}, ClaimStatus.HELD),
            ({"funds": 0}, ClaimStatus.APPROVED),
        ],
    )
    def test_gives_the_payer_enough_where_the_gas_is_the_least(self, world, terms, status):
        dearest = {"benefits": EXCLUDING_THE_LAST, "deductible": 100 * COIN, "visits_per_day": 9}
        insured = insure(world, **dearest, **terms)
        lines = (Line(1 + number % (len(Benefit) - 1), 1, 90_123_457) for number in range(25))
        visit = insured.visit(0, *lines)
        visits, signature = world.acting_as("hospital").visits, insured.sign(visit)
        for gas in range(700_000, 1_000_000, 2_000):
            with suppress(Reverted):
                visits._send("record", visit, int(Role.HOSPITAL), signature, gas=gas)
                break
        assert world.suite.insurance.claim_of(visit).status is status

    def test_records_and_wakes_the_payer(self, world, insured, visit, registry, hospital):
        receipt = insured.record(visit)
        assert receipt.event("VisitRecorded").values == {
            "visit": visit.id,
            "provider": world.hospital,
            "member": insured.member.address,
            "role": Role.HOSPITAL,
            "signer": hospital.address,
            "content": registry._events("VisitRecorded")[0].values["content"],
        }
        assert [event.name for event in receipt.events] == ["VisitRecorded"]
        assert registry.visit_of(visit.id) == visit
        entry = registry.entry_of(visit.nullifier)
        assert (entry.fingerprint, entry.recorded_at, entry.role, entry.is_attested) == (
            visit.id[:24],
            receipt.at,
            Role.HOSPITAL,
            False,
        )
        assert world.suite.insurance.claim_of(visit).status is ClaimStatus.PAID
        assert registry.entry_of(insured.visit(1).nullifier) is None

    def test_records_the_members_signature(self, insured, visit, registry):
        receipt = insured.record(visit, signature=insured.sign(visit))
        assert receipt.event("VisitAttested").values == {"visit": visit.id, "member": insured.member.address}
        assert registry.entry_of(visit.nullifier).is_attested

    def test_records_given_a_payer_without_code(self, insured, registry, stranger):
        visit = insured.visit(payer=stranger.address)
        receipt = insured.record(visit)
        assert receipt.event("PayerNotReached").values == {"visit": visit.id, "payer": stranger.address}
        assert registry.visit_of(visit.id) == visit

    @pytest.mark.parametrize("mock", ["RevertingPayer", "BurningPayer", "FloodingPayer"])
    def test_records_given_a_hostile_payer(self, world, insured, registry, mock):
        visit = insured.visit(payer=world.deploy(mock))
        receipt = insured.record(visit)
        assert receipt.event("PayerNotReached").values == {"visit": visit.id, "payer": visit.payer}
        assert registry.entry_of(visit.nullifier).fingerprint == visit.id[:24]
        assert receipt.gas_used < 720_000


class TestAttest:
    """
    given no such visit                        -> reverts UnknownVisit
    given another visit under the nullifier    -> reverts UnknownVisit
    given it is attested                       -> reverts VisitAlreadyAttested
    when the signature is not the member's     -> reverts InvalidSignature
    given she gave control away                -> her key reverts InvalidSignature, that of her controller attests
    when the gas leaves too little to the payer -> reverts InsufficientGas
    given the payer waits for it               -> is attested; emits VisitAttested; the payer decides and pays
    given the claim is paid                    -> is attested; nothing is paid twice
    """

    def test_reverts_given_no_such_visit(self, insured, visit, registry, reverts):
        with reverts("UnknownVisit", visit=visit.id):
            registry.attest(visit, insured.sign(visit))

    def test_reverts_given_another_visit_under_the_nullifier(self, insured, visit, registry, reverts):
        insured.record(visit)
        other = replace(visit, served_at=visit.served_at + 1)
        with reverts("UnknownVisit", visit=other.id):
            registry.attest(other, insured.sign(other))

    def test_reverts_given_it_is_attested(self, insured, visit, registry, reverts):
        insured.record(visit, signature=insured.sign(visit))
        with reverts("VisitAlreadyAttested", visit=visit.id):
            registry.attest(visit, insured.sign(visit))

    def test_reverts_when_signature_is_not_the_members(self, insured, visit, registry, reverts):
        insured.record(visit)
        with reverts("InvalidSignature", signer=insured.member.address):
            registry.attest(visit, insured.sign(insured.visit(1)))
        assert not registry.entry_of(visit.nullifier).is_attested

    def test_asks_who_decides_for_the_member_now(self, world, insured, visit, registry, stranger, reverts):
        give_control(world, insured.member, stranger)
        with reverts("InvalidSignature", signer=insured.member.address):
            insured.record(visit, signature=insured.sign(visit))
        insured.record(visit)
        with reverts("InvalidSignature", signer=insured.member.address):
            registry.attest(visit, insured.sign(visit))
        receipt = registry.attest(visit, world.acting_as(stranger).visits.sign(visit))
        assert receipt.event("VisitAttested").values == {"visit": visit.id, "member": insured.member.address}
        assert registry.entry_of(visit.nullifier).is_attested

    def test_reverts_when_gas_leaves_too_little_to_the_payer(self, insured, visit, registry, reverts):
        insured.record(visit)
        with reverts("InsufficientGas", needed=640_000):
            registry._send("attest", visit, insured.sign(visit), gas=650_000)

    def test_lets_the_payer_decide(self, world, stranger):
        insured = insure(world, attestation_above=PAYS - 1)
        visit = insured.visit()
        insured.record(visit)
        assert world.suite.insurance.claim_of(visit).status is ClaimStatus.PENDING
        receipt = world.acting_as(stranger).visits.attest(visit, insured.sign(visit))
        assert [event.name for event in receipt.events] == ["VisitAttested"]
        assert receipt.event("VisitAttested").values == {"visit": visit.id, "member": insured.member.address}
        assert world.suite.insurance.claim_of(visit).status is ClaimStatus.PAID
        assert insured.balance("hospital") == PAYS

    def test_pays_nothing_twice(self, insured, visit, registry):
        insured.record(visit)
        registry.attest(visit, insured.sign(visit))
        assert registry.entry_of(visit.nullifier).is_attested
        assert insured.balance("hospital") == PAYS


class TestSign:
    """
    given any visit           -> the digest is that of the contract
    when there is no signer   -> raises InputError
    """

    def test_signs_the_digest_of_the_contract(self, visit, registry):
        assert registry.attestation_digest_of(visit.id) == ATTESTATION.digest(registry.domain, {"visit": visit.id})

    def test_raises_when_there_is_no_signer(self, visit, registry):
        registry.signer = None
        with pytest.raises(InputError, match=visit.member):
            registry.sign(visit)


class TestVisitOf:
    """
    given no such visit -> raises InputError
    """

    def test_raises_given_no_such_visit(self, registry, visit):
        with pytest.raises(InputError, match=visit.id.hex()):
            registry.visit_of(visit.id)
