"""Questions: whether a consent covers a request, told as a verdict or as the one thing that refused."""

from __future__ import annotations

from medtrust.consent import Confidentiality, Consent, DataClass, Purpose, Request, Verdict
from medtrust.sandbox import JURISDICTION
from medtrust.story.stage import Beat, Kind, Stage, require

__all__ = ["answer", "request_by"]


def request_by(stage: Stage, actor: str, data_class: DataClass) -> Request:
    """What an account of the hospital asks for when it treats a patient, about data of yesterday."""
    return Request(
        actor=actor,
        organisation=stage.id("hospital"),
        purpose=Purpose.TREAT,
        data_class=data_class,
        sensitivity=Confidentiality.N,
        jurisdiction=JURISDICTION,
        data_at=stage.suite.chain.now() - 86_400,
    )


def answer(
    stage: Stage, text: str, consent: Consent, request: Request, expected: str, *, signature: bytes = b""
) -> Beat:
    """Ask the chain, and tell what it answers. Raises `MedtrustError` if the reason is not the one that is expected."""
    verdict: Verdict = stage.suite.consent.check(consent, request, signature=signature)
    require(verdict.reason.name == expected, f"{text}: {verdict.reason.name}")
    kind: Kind = "verdict" if verdict.is_permitted else "refusal"
    name = verdict.decision.name if verdict.is_permitted else verdict.reason.name
    return Beat(kind, f"{text}.", name, facts={"sentence": f"{verdict.sentence}."})
