"""Figures: what was measured, as lines for people and as a JSON object."""

from __future__ import annotations

import resource
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

__all__ = ["Figure", "Stopwatch", "rate"]

T = TypeVar("T")


@dataclass(frozen=True)
class Figure:
    """One measured value: what of, how much, in which unit, and the goal, "" if it has none."""

    what: str
    value: float
    unit: str
    goal: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON object."""
        return {"what": self.what, "value": round(self.value, 3), "unit": self.unit, "goal": self.goal}

    def __str__(self) -> str:
        shown = f"{self.value:,.2f}" if self.value < 100 else f"{self.value:,.0f}"
        return f"{self.what:<66} {shown:>12} {self.unit:<10} {f'goal {self.goal}' if self.goal else ''}".rstrip()


class Stopwatch:
    """Says how many seconds a block took, and how many of a core, its child processes' included.

    The first hang on what else the machine does, the second hardly do.
    """

    seconds = 0.0
    core_seconds = 0.0

    @contextmanager
    def running(self) -> Iterator[None]:
        """Measure the block."""
        start, cores = time.perf_counter(), _core_seconds()
        yield
        self.seconds, self.core_seconds = time.perf_counter() - start, _core_seconds() - cores


def _core_seconds() -> float:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def rate(what: str, unit: str, count: int, act: Callable[[], T], *, goal: str = "") -> tuple[Figure, T]:
    """Measure how many of `count` things a second `act` does."""
    watch = Stopwatch()
    with watch.running():
        result = act()
    return Figure(what, count / watch.seconds, unit, goal), result
