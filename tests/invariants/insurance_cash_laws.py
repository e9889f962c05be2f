"""Laws of the money that was handed over, over all time and not only for the claims that stand.

Limits that are counted by what stands alone are no limits to whoever takes back and records anew.
"""

from __future__ import annotations

from collections import Counter

from medtrust.adjudication import Reason
from tests.invariants.insurance_stage import Stage
from tests.invariants.insurance_told import LOOK


def check_cash(stage: Stage) -> None:
    """All of them."""
    _check_unseen(stage)
    _check_silence(stage)
    _check_debts(stage)
    _check_weights(stage)


def _check_unseen(stage: Stage) -> None:
    """What nobody looked at, for one service day of one policy to one provider, is at most what is automatic."""
    for (policy, _, _), paid in stage.told.unseen.items():
        recent = sum(amount for at, amount in paid if at > stage.host.now - LOOK)
        assert recent <= stage.model.plan_of(policy).terms.automatic_up_to, "paid again without a look"


def _check_silence(stage: Stage) -> None:
    """What silence approved for one service day of one policy is at most what silence may approve, void or no void."""
    model = stage.model
    for (policy, _, _), paid in stage.told.silent.items():
        recent = sum(amount for at, amount in paid if at > stage.host.now - LOOK)
        assert recent <= model.plan_of(policy).terms.deemed_up_to, "silence paid again after a void"
    silent: Counter[tuple[bytes, int]] = Counter()
    for claim in model.claims.values():
        if claim.reason is Reason.DEEMED_APPROVED:
            silent[claim.policy, claim.day] += claim.amount
    for (policy, _), amount in silent.items():
        assert amount <= model.plan_of(policy).terms.deemed_up_to, "silence approved more than it may"


def _check_debts(stage: Stage) -> None:
    """Nobody owes an insurer more than it has had, or will have of a round that has begun to be paid."""
    for insurer, books in stage.model.pool.books.items():
        for payee, debt in books.receivables.items():
            comes = sum(one.due[payee] - one.drawn[payee] for one in books.rounds[:-1])
            assert debt <= stage.told.received[insurer, payee] + comes, "a debt for what was never had"


def _check_weights(stage: Stage) -> None:
    """What waits for a payee in the round that is open is at most what the claims that stand were to pay it."""
    due: Counter[tuple[bytes, bytes]] = Counter()
    for key, claim in stage.model.claims.items():
        due[stage.model.plan_of(claim.policy).insurer, claim.provider] += stage.told.handed[key]
    for insurer, books in stage.model.pool.books.items():
        for payee, waits in books.rounds[-1].due.items():
            assert waits <= due[insurer, payee], "a part of a round for what does not stand"
