"""What must be true after each step: model, storage and EVM agree, and the laws of money (invariants 1 to 8) hold."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from medtrust.dossier import Dossier
from medtrust.errors import Reverted
from medtrust.explanation import ClaimStatus
from tests.invariants.insurance_cash_laws import check_cash
from tests.invariants.insurance_counts import ClaimRecord, key_of
from tests.invariants.insurance_model import ClaimsModel
from tests.invariants.insurance_pool_model import PERIOD, Books, PoolModel
from tests.invariants.insurance_replay import CLAIMS, POOL, VISITS, Storage, mapped
from tests.invariants.insurance_stage import ACCOUNT, GAS, ORGANISATION, PLANS, Stage

PROVIDERS = (ORGANISATION["hospital"], ORGANISATION["clinic"])


def check(stage: Stage) -> None:
    """All of it."""
    evm, told, model = stage.host.evm, stage.told, stage.model
    where = {VISITS: stage.visits.address, CLAIMS: stage.claims.address, POOL: stage.pool.address}
    for (contract, slot), value in told.storage.words.items():
        assert evm.storage(where[contract], slot) == value, (contract, hex(slot))
    _check_pool(model.pool, told.storage)
    _check_claims(model, told.storage)
    _check_money(stage)
    check_cash(stage)
    _check_owed(stage)


def _check_pool(pool: PoolModel, storage: Storage) -> None:
    for insurer, books in pool.books.items():
        slot = mapped(1, insurer)
        assert storage.read(POOL, slot, 160, 96) == books.free
        kept = [storage.read(POOL, slot + offset) for offset in (1, 2, 3, 5, 6)]
        last = len(books.rounds) - 2
        assert kept == [books.reserved, books.waiting, last, books.claims_until, books.is_closing]
        for claim, amount in books.locks.items():
            assert storage.read(POOL, mapped(slot + 8, claim)) == amount
        for payee in PROVIDERS:
            assert storage.read(POOL, mapped(slot + 9, payee)) == books.receivables[payee]
        _check_rounds(books, slot, storage)
        capitals: dict[int, int] = {}
        for capital, until in books.covers:
            capitals[until // PERIOD] = capitals.get(until // PERIOD, 0) + capital
        assert all(storage.read(POOL, mapped(slot + 7, period)) == due for period, due in capitals.items())
    for payee in PROVIDERS:
        assert storage.read(POOL, mapped(2, payee), 160, 96) == pool.owed[payee]
        assert storage.read(POOL, mapped(2, payee), 0, 160) == int(pool.payees[payee], 16)


def _check_rounds(books: Books, slot: int, storage: Storage) -> None:
    """Invariant 5: in a round each has at most its part by amount, and all have at most what was set apart."""
    for number, one in enumerate(books.rounds):
        at = mapped(slot + 10, number)
        assert (storage.read(POOL, at), storage.read(POOL, at + 1)) == (one.due.total(), one.funded)
        for payee, due in one.due.items():
            share = mapped(slot + 11, number, payee)
            assert (storage.read(POOL, share), storage.read(POOL, share + 1)) == (due, one.drawn[payee])
            assert one.drawn[payee] <= (due * one.funded // one.due.total() if due else 0)
        assert one.drawn.total() <= one.funded <= one.due.total()


def _check_claims(model: ClaimsModel, storage: Storage) -> None:
    assert storage.dossiers.keys() == model.claims.keys()
    for key, claim in model.claims.items():
        told, word = Dossier.from_values(storage.dossiers[key]), storage.words[CLAIMS, mapped(9, key)]
        head = [word >> shift & (1 << bits) - 1 for shift, bits in ((0, 8), (8, 8), (16, 8), (24, 40), (64, 96))]
        assert head == [claim.status, claim.reason, claim.appeals, claim.changed_at, claim.amount]
        assert (told.visit, told.policy, told.provider, told.day) == (
            claim.visit,
            claim.policy,
            claim.provider,
            claim.day,
        )
        assert _counted(told) == (
            claim.allowed,
            claim.deductible,
            claim.out_of_pocket,
            claim.unattested,
            claim.paid_for_day,
            {benefit: units for benefit, units in claim.units.items() if units},
            claim.visits,
            claim.interest,
            claim.decided_at,
        )
        for policy, day in ((claim.policy, claim.day),):
            word = storage.read(CLAIMS, mapped(6, policy, day))
            assert word % (1 << 102) == model.paid_for_day(policy, day)
            units = model.units(policy, day)
            assert all(word >> 102 + 11 * (one - 1) & 2047 == units[one] for one in range(1, 15))
            assert storage.read(CLAIMS, mapped(10, policy, day)) == model.deemed(policy, day)
    for on, until in model.holds.items():
        assert storage.read(CLAIMS, mapped(8, *on)) == until | (on in model.looks) << 64
    for nullifier, entry in model.entries.items():
        word = entry.recorded_at << 192 | entry.role << 232 | entry.is_attested << 248
        assert storage.read(VISITS, mapped(0, nullifier)) == int.from_bytes(entry.visit[:24], "big") | word


def _counted(told: Dossier) -> tuple[Any, ...]:
    counted = told.allowed, told.deductible, told.out_of_pocket, told.unattested, told.plan_paid, told.units
    return (*counted, told.visits, told.interest, told.decided_at)


def _check_money(stage: Stage) -> None:
    """Invariants 1 to 4 and 8; that claims are taken back exactly shows in totals that are sums over what stands."""
    model, told = stage.model, stage.told
    pool, read = model.pool, told.storage.read
    accounts = sum(books.free + books.reserved for books in pool.books.values())
    held = stage.token.call("balanceOf", stage.pool.address)
    assert held == pool.token.balances[stage.pool.address] >= accounts + pool.owed.total()
    assert told.moved["handed"] == told.moved["paid"] + told.moved["kept"]
    for policy in model.policies:
        totals, terms = model.totals(policy), PLANS[model.policies[policy].plan].terms
        slot = mapped(5, policy)
        words = (read(CLAIMS, slot), read(CLAIMS, slot + 1))
        assert words == (
            totals.deductible_met | totals.out_of_pocket_met << 128,
            totals.plan_paid | totals.unattested << 128,
        )
        assert totals.plan_paid <= terms.annual_limit
        assert totals.unattested <= terms.attestation_above
        assert totals.out_of_pocket_met <= terms.out_of_pocket_maximum
        assert totals.deductible_met <= terms.deductible
    for key, claim in model.claims.items():
        is_held = claim.status is ClaimStatus.HELD
        assert told.handed[key] == (0 if is_held else claim.amount + claim.interest)
        assert claim.amount <= claim.allowed
        for second in _second(model, key, claim):
            assert claim.status is ClaimStatus.DENIED or claim.amount + second.amount <= claim.allowed


def _second(model: ClaimsModel, key: bytes, claim: ClaimRecord) -> Iterator[ClaimRecord]:
    second = key_of(claim.nullifier, is_first=False)
    if second != key and second in model.claims:
        yield model.claims[second]


def _check_owed(stage: Stage) -> None:
    """Invariant 7: what is owed can be withdrawn now, by anyone, unless the token refuses that account."""
    pool = stage.model.pool
    for provider in PROVIDERS:
        if pool.owed[provider] and not pool.token.refuses(pool.payees[provider]):
            before = stage.host.evm.snapshot()
            try:
                stage.pool.run(ACCOUNT["stranger"], stage.pool.face.encode_call("withdrawOwed", [provider]), gas=GAS)
            except Reverted as refused:
                raise AssertionError("what is owed cannot be withdrawn") from refused
            stage.host.evm.revert(before)


def check_views(stage: Stage) -> None:
    """The views tell what the storage holds."""
    model, pool = stage.model, stage.model.pool
    for insurer, books in pool.books.items():
        account = stage.pool.call("accountOf", insurer)
        assert (account["free"], account["reserved"], account["waiting"]) == (books.free, books.reserved, books.waiting)
    for payee in PROVIDERS:
        told = stage.pool.call("payeeOf", payee)
        assert (int(told["account"], 16), told["owed"]) == (int(pool.payees[payee], 16), pool.owed[payee])
    for policy in model.policies:
        totals = model.totals(policy)
        found = tuple(stage.claims.call("totalsOf", policy).values())
        assert found == (totals.deductible_met, totals.out_of_pocket_met, totals.plan_paid, totals.unattested)
    for key, claim in model.claims.items():
        told = stage.claims.call("claimOf", key)
        assert (told["status"], told["reason"], told["amount"]) == (claim.status, claim.reason, claim.amount)
        lines = [(one["planPays"], one["memberPays"], one["reason"]) for one in stage.told.lines.get(key, ())]
        assert lines == list(claim.lines)
    for nullifier, entry in model.entries.items():
        told = tuple(stage.visits.call("entryOf", nullifier).values())
        assert told == (entry.visit[:24], entry.recorded_at, entry.role, entry.is_attested)
