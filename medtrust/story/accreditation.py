"""Accreditation: the authority says who is a hospital, a maker, a wholesaler, a pharmacy, an insurer."""

from __future__ import annotations

from collections.abc import Iterator

from medtrust.sandbox import ORGANISATIONS, accredit, open_jurisdiction
from medtrust.story.stage import Beat, Stage

__all__ = ["introduce"]


def introduce(stage: Stage) -> Iterator[Beat]:
    """Open a jurisdiction and accredit everyone; then let somebody try who may not."""
    yield Beat("chapter", "Who may act as what")
    open_jurisdiction(stage.suite)
    yield Beat(
        "narration",
        "The steward names the authority of a jurisdiction. It registers organisations, accredits each for what it is, "
        "and each names who signs for it.",
    )
    for member in ORGANISATIONS.values():
        accredit(stage.suite, member)
        registry = stage.suite.accreditation
        names = [str(role.name).lower() for role in type(member.roles) if role & member.roles]
        events = registry.history(member.id)
        yield Beat(
            "verdict",
            f"{member.title} ({member.identifier}) is accredited as {', '.join(names)}.",
            registry.standing_of(member.id, next(role for role in type(member.roles) if role & member.roles)).name,
            facts={"events": len(events), "transaction": events[-1].transaction_hash},
        )
    yield stage.refusal(
        "A stranger tries to suspend the hospital.",
        lambda: stage.as_("stranger").accreditation.suspend(stage.id("hospital"), ORGANISATIONS["hospital"].roles),
    )
