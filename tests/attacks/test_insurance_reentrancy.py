"""Re-entrancy: whoever is called out to, by any act on visits, claims and money, meets every entry of all three."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import pytest

from medtrust.accreditation import Role
from medtrust.errors import Reverted
from medtrust.explanation import ClaimStatus
from medtrust.plan import Policy
from medtrust.types import ZERO_ADDRESS, ZERO_HASH, name_hash
from medtrust.visit import Visit
from tests.attacks.test_insurance_pool import hooked
from tests.house.test_blast_radius import writes
from tests.insurance_world import COIN, DAY, PAYS, VISIT_LINE, Insured, ask_mock, call_mock, fund, insure, with_token
from tests.world import FAR, World

CLIENTS = {"VisitRegistry": "visits", "InsuranceClaims": "insurance", "InsurancePool": "pool"}
PAID, HELD, NEXT, OUTER = range(4)
"""Visits: one paid, one held, one not recorded, and one by which the call-out is made."""


@dataclass(frozen=True)
class Stage:
    """A recipient that calls back, and signs for the hospital and the insurer: nobody could do more."""

    insured: Insured
    callee: str

    @property
    def world(self) -> World:
        return self.insured.world

    def visit(self, number: int, **changes: Any) -> Visit:
        lines = (VISIT_LINE, VISIT_LINE) if number == HELD else (VISIT_LINE,)
        day = self.insured.policy.valid_from + (49 - number) * DAY
        return self.insured.visit(number, *lines, **{"served_at": day, **changes})

    def dossier(self, number: int) -> Any:
        return self.world.suite.insurance.dossier_of(self.visit(number))

    def encode(self, contract: str, function: str, arguments: list[Any]) -> tuple[str, bytes]:
        client = getattr(self.world.suite, CLIENTS[contract])
        return client.address, client.interface.encode_call(function, arguments)

    def call_from_callee(self, to: str, data: bytes) -> None:
        call_mock(self.world, "CallingBack", self.callee, "act", to, data, gas=3_000_000)

    def holds_what_it_says(self) -> bool:
        """Invariant 1, to the unit: the pool holds what is free, reserved and owed, and nothing was made or lost."""
        suite = self.world.suite
        account = suite.pool.account_of(self.world.insurer)
        owed = suite.pool.payee_of(self.world.hospital).owed
        books = account.free + account.reserved + owed + suite.pool.guarantee_fund()
        return suite.token.balance_of(suite.pool.address) == books


def entry_of(stage: Stage) -> dict[str, Any]:
    return {"fingerprint": stage.visit(NEXT).id[:24], "recordedAt": 1, "role": 4, "isAttested": True}


Arguments = Callable[[Stage], list[Any]]
ROWS: dict[str, dict[str, Arguments]] = {
    "VisitRegistry": {
        "record": lambda s: [s.visit(NEXT), int(Role.HOSPITAL), b""],
        "attest": lambda s: [s.visit(PAID), s.insured.sign(s.visit(PAID))],
        "void": lambda s: [s.visit(PAID)],
    },
    "InsuranceClaims": {
        "publish": lambda s: [replace(s.insured.plan, terms=replace(s.insured.plan.terms, waiting_days=9))],
        "enrol": lambda s: [Policy(s.insured.plan.id, s.callee, 1, 2)],
        "hold": lambda s: [s.world.insurer, s.world.hospital, s.world.chain.now() + DAY],
        "onVisit": lambda s: [s.visit(NEXT), s.visit(NEXT).id, entry_of(s)],
        "settle": lambda s: [s.visit(OUTER)],
        "decide": lambda s: [s.dossier(HELD), s.world.insurer, PAYS],
        "appeal": lambda s: [s.dossier(PAID), b""],
        "coordinate": lambda s: [s.visit(PAID), s.dossier(PAID), s.insured.policy.id, bytes(65), bytes(65)],
        "reverse": lambda s: [s.dossier(PAID)],
    },
    "InsurancePool": {
        "open": lambda s: [s.world.insurer, s.callee],
        "withdraw": lambda s: [s.world.insurer, s.callee, 1],
        "windDown": lambda s: [s.world.insurer],
        "cover": lambda s: [s.world.insurer, 0, FAR],
        "reserve": lambda s: [s.world.insurer, name_hash("claim"), 1],
        "pay": lambda s: [s.world.insurer, s.world.hospital, ZERO_HASH, 1],
        "reclaim": lambda s: [s.world.insurer, s.world.hospital, name_hash("claim"), 1, False],
        "draw": lambda s: [s.world.insurer, s.world.hospital, 1],
        "guarantee": lambda s: [s.world.insurer],
        "namePayee": lambda s: [s.world.hospital, s.callee],
        "deposit": lambda s: [s.world.insurer, 1],
        "withdrawOwed": lambda s: [s.world.hospital],
    },
}
"""How each entry is called."""

MOVES = {"withdraw", "pay", "draw", "deposit", "withdrawOwed"}
"""The entries of the pool that move tokens: none is let in while another runs."""
DECIDES = {"settle", "decide", "reverse", "coordinate", "onVisit", "enrol", "appeal"}
"""The entries of the claims contract that reach the pool or change a claim: none is let in while it pays."""


def _pay(stage: Stage) -> Callable[[], None]:
    visit = stage.visit(OUTER)
    hospital = stage.world.acting_as("hospital").visits
    return lambda: void(hospital._send("record", visit, int(Role.HOSPITAL), b"", gas=3_000_000))


def _draw(stage: Stage) -> Callable[[], None]:
    world, insurer = stage.world, stage.world.account("insurer").address
    suite = world.acting_as("insurer")
    suite.pool.withdraw(world.insurer, insurer, suite.pool.account_of(world.insurer).free)
    stage.insured.record(stage.visit(OUTER))
    fund(world, PAYS)
    return lambda: void(suite.pool._send("draw", world.insurer, world.hospital, 1, gas=3_000_000))


def _withdraw_owed(stage: Stage) -> Callable[[], None]:
    world = stage.world
    call_mock(world, "HookToken", world.address("token"), "hook", world.address("token"))  # which no payment reaches
    admin = world.acting_as("hospital").pool
    admin.name_payee(world.hospital, world.address("token"))
    stage.insured.record(stage.visit(OUTER))
    admin.name_payee(world.hospital, stage.callee)
    return lambda: void(admin._send("withdrawOwed", world.hospital, gas=3_000_000))


def _withdraw(stage: Stage) -> Callable[[], None]:
    pool = stage.world.acting_as("insurer").pool
    return lambda: void(pool._send("withdraw", stage.world.insurer, stage.callee, COIN, gas=3_000_000))


def _deposit(stage: Stage) -> Callable[[], None]:
    to, data = stage.encode("InsurancePool", "deposit", [stage.world.insurer, 100])
    return lambda: stage.call_from_callee(to, data)


def _wake(stage: Stage) -> Callable[[], None]:
    visit = stage.visit(OUTER, payer=stage.callee)
    hospital = stage.world.acting_as("hospital").visits
    return lambda: void(hospital._send("record", visit, int(Role.HOSPITAL), b"", gas=3_000_000))


def void(_: object) -> None:
    """Drop a receipt."""


CALL_OUTS: dict[str, tuple[Callable[[Stage], Callable[[], None]], set[str]]] = {
    "a payee while a visit is paid": (_pay, MOVES | DECIDES),
    "a payee while a share is drawn": (_draw, MOVES),
    "a payee while what is owed is sent": (_withdraw_owed, MOVES),
    "whom the insurer withdraws to": (_withdraw, MOVES),
    "a payer while it deposits": (_deposit, MOVES),
    "a payer while it is woken": (_wake, set()),
}
"""Every call-out: how it is made ready, and what is kept out of it."""


@pytest.fixture(scope="module")
def stage(session_world: World) -> Iterator[Stage]:
    before = session_world.chain.request("evm_snapshot")
    world = with_token(session_world, "HookToken")
    insured = insure(world, funds=1_000 * COIN, automatic_up_to=100 * COIN)
    callee = hooked(world, "CallingBack")
    made = Stage(insured, callee)
    insured.record(made.visit(PAID))
    insured.record(made.visit(HELD))
    for name, role in (("hospital", Role.HOSPITAL), ("insurer", Role.INSURER)):
        registry = world.acting_as(name).accreditation
        registry.add_signer(getattr(world, name), callee, role, until=FAR)
    world.acting_as("hospital").pool.name_payee(world.hospital, callee)
    token = world.suite.token
    world.acting_as("stranger").token.mint(callee, 10 * COIN)
    made.call_from_callee(token.address, token.interface.encode_call("approve", [world.address("InsurancePool"), FAR]))
    yield made
    session_world.chain.request("evm_revert", before)


class TestMatrix:
    """
    given each entry of the ABIs            -> has its row
    given each call-out, and in it each entry -> no money is lost or made, no claim is paid twice, nothing is locked up
    given a token calls out                 -> every entry that moves money is kept out, though it would be let in alone
    given a visit is recorded inside        -> stands, is not decided there, and is settled later
    """

    @pytest.mark.parametrize("contract", CLIENTS)
    def test_has_a_row_for_each_entry(self, contract: str) -> None:
        assert set(ROWS[contract]) == writes(contract)

    @pytest.mark.parametrize("name", CALL_OUTS)
    def test_meets_every_entry(self, stage: Stage, name: str) -> None:
        make_ready, kept_out = CALL_OUTS[name]
        chain, let_in_alone, tried = stage.world.chain, set(), 0
        for contract, entries in ROWS.items():
            for entry, arguments in entries.items():
                before = chain.request("evm_snapshot")
                try:
                    act = make_ready(stage)
                    to, data = stage.encode(contract, entry, arguments(stage))
                    if self._is_let_in(stage, to, data):
                        let_in_alone.add(entry)
                    refusals, successes = self._act(stage, act, to, data)
                    tried += refusals + successes
                    assert not (entry in kept_out and successes), f"{name} was let into {entry}"
                    self._holds(stage, f"{name} in {entry}")
                finally:
                    chain.request("evm_revert", before)
        assert tried >= 20, "an entry that needs more than a transfer may burn is kept out by that"
        assert let_in_alone >= {"deposit", "decide", "record", "hold", "appeal", "void"}

    def _is_let_in(self, stage: Stage, to: str, data: bytes) -> bool:
        try:
            stage.world.chain.call(to, data, sender=stage.callee)
        except Reverted:
            return False
        return True

    def _act(self, stage: Stage, act: Callable[[], None], to: str, data: bytes) -> tuple[int, int]:
        call_mock(stage.world, "CallingBack", stage.callee, "prepare", to, data)
        counted = self._counted(stage)
        act()
        refusals, successes = self._counted(stage)
        return refusals - counted[0], successes - counted[1]

    def _counted(self, stage: Stage) -> tuple[int, int]:
        """How often the callee was kept out, and let in."""
        refusals, successes = (
            ask_mock(stage.world, "CallingBack", stage.callee, one) for one in ("refusals", "successes")
        )
        return refusals, successes

    def _holds(self, stage: Stage, where: str) -> None:
        """The books are true, each claim is paid once, and what is owed can be withdrawn (invariants 1, 4 and 7)."""
        world = stage.world
        assert stage.holds_what_it_says(), where
        paid = [event.values for event in world.suite.insurance._events("ClaimPaid")]
        for visit in (stage.visit(one) for one in (PAID, HELD, NEXT, OUTER)):
            times = sum(one["amount"] > 0 for one in paid if one["visit"] == visit.id)
            assert times <= 1, where
        call_mock(world, "CallingBack", stage.callee, "prepare", ZERO_ADDRESS, b"")
        if world.suite.pool.payee_of(world.hospital).owed:
            world.acting_as("stranger").pool._send("withdrawOwed", world.hospital, gas=3_000_000)
        assert world.suite.pool.payee_of(world.hospital).owed == 0, where

    def test_records_but_decides_nothing_inside(self, stage: Stage) -> None:
        before = stage.world.chain.request("evm_snapshot")
        to, data = stage.encode("VisitRegistry", "record", [stage.visit(NEXT), int(Role.HOSPITAL), b""])
        assert self._act(stage, _withdraw(stage), to, data) == (0, 1)
        insurance = stage.world.suite.insurance
        assert stage.world.suite.visits.stands(stage.visit(NEXT))
        assert insurance.claim_of(stage.visit(NEXT)).status is ClaimStatus.PENDING
        stage.world.acting_as("stranger").insurance.settle(stage.visit(NEXT))
        assert insurance.claim_of(stage.visit(NEXT)).status is ClaimStatus.PAID
        stage.world.chain.request("evm_revert", before)
