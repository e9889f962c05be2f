"""The stories of the demo: what people do, one after the other, each step with a transaction or a verdict."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Final

from medtrust.sandbox import accredit_everyone
from medtrust.story import (
    accreditation,
    claim,
    consent,
    contested,
    doses,
    lost_phone,
    supply,
    teenager,
    terms,
    tourist,
)
from medtrust.story.stage import Beat, Stage

__all__ = ["BEGINS_AT", "STORIES", "Beat", "Stage", "tell", "tell_of_consent"]

BEGINS_AT = 1_791_368_400
"""The time of the chain when the story begins (Unix seconds): 2026-10-07, the day after the last dose of the
samples."""


def tell(stage: Stage) -> Iterator[Beat]:
    """Tell one story through every contract, on a chain where the suite stands and nothing else has happened.

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


def tell_of_consent(stage: Stage) -> Iterator[Beat]:
    """Tell what patients decide and what happens to that, on a chain where the suite stands and nothing else happened.

    Raises `MedtrustError` where something does not happen as it is told.
    """
    accredit_everyone(stage.suite)
    yield from terms.ask_beyond_the_terms(stage)
    yield from terms.use_once(stage)
    yield from teenager.grow_up(stage)
    yield from lost_phone.lose_and_recover(stage)
    yield from tourist.open_in_an_emergency(stage)
    yield from contested.contest_and_suspend(stage)


STORIES: Final[Mapping[str, Callable[[Stage], Iterator[Beat]]]] = {"everything": tell, "consent": tell_of_consent}
"""Every story by its name."""
