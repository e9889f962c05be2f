"""Foreign certificates: how many EU DCCs and SMART Health Cards a second are taken apart and verified in full."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Final

from medtrust import foreign, samples
from medtrust.bench.figures import Figure, rate
from medtrust.instants import instant
from medtrust.standards.trust import TrustList
from medtrust.verdict import Verdict

__all__ = ["bench_foreign"]

_AT: Final = instant("2026-11-01")
_SHOWN: Final = (
    ("EU DCCs verified in full", "dcc.txt", "dcc_signer.pem", ">= 1,861"),
    ("SMART Health Cards verified in full", "health_card.smart-health-card", "health_card_keys.json", ""),
)


def bench_foreign(count: int = 5000) -> Iterator[Figure]:
    """Yield a rate for each form, in one process: from the text of the code to the verdict, with nothing kept between.

    Raises `AssertionError` if a sample is not valid.
    """
    for what, name, signer, goal in _SHOWN:
        trust, text = TrustList.read([(signer, samples.read(signer))]), samples.read(name)
        figure, verdicts = rate(what, "a second", count, partial(_verdicts, text, trust, count), goal=goal)
        if not all(verdict.is_valid for verdict in verdicts):
            raise AssertionError(f"{name} is not valid")
        yield figure


def _verdicts(text: bytes, trust: TrustList, count: int) -> list[Verdict]:
    return [foreign.verify([text], trust, at=_AT)[0] for _ in range(count)]
