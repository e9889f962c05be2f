"""The story of the demo: one sample after another through every contract, each step with a transaction or a verdict."""

from __future__ import annotations

from collections.abc import Iterator

from medtrust.story import accreditation, claim, consent, doses, supply
from medtrust.story.stage import Beat, Stage

__all__ = ["BEGINS_AT", "Beat", "Stage", "tell"]

BEGINS_AT = 1_791_368_400
"""The time of the chain when the story begins (Unix seconds): 2026-10-07, the day after the last dose of the
samples."""


def tell(stage: Stage) -> Iterator[Beat]:
    """Tell the whole story on a chain where the suite stands and nothing else has happened.

    Raises `MedtrustError` where something does not happen as it is told.
    """
    supply.prepare(stage)
    yield from accreditation.introduce(stage)
    yield from supply.deliver(stage)
    yield from doses.import_and_verify(stage)
    yield from consent.ask_and_withdraw(stage)
    yield from supply.dispense(stage)
    yield from claim.visit_and_pay(stage)
    yield from supply.recall(stage)
    yield from doses.read_again(stage)
