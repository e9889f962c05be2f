"""What every state machine shares: an EVM within this process, and a tally of what the acts came to."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import RuleBasedStateMachine, run_state_machine_as_test

from medtrust.bench.evm import LocalContract, LocalEvm

__all__ = ["LocalContract", "LocalEvm", "Tally", "run"]

pytest.importorskip("pyrevm", reason="pyrevm has no wheel for this Python")

_RARE = 0.05
"""Part of its calls in which an act must succeed; below, the machine proves little about it."""


class Tally:
    """How often each act was tried and how often it succeeded, over all runs of a machine."""

    def __init__(self) -> None:
        self.tried: Counter[str] = Counter()
        self.done: Counter[str] = Counter()
        self.errors: Counter[str] = Counter()

    def note(self, act: str, error: str | None) -> None:
        self.tried[act] += 1
        self.done[act] += error is None
        if error is not None:
            self.errors[error] += 1

    def report(self) -> str:
        lines = [f"{act:24}{self.done[act]:7} of {self.tried[act]:7}" for act in sorted(self.tried)]
        lines += [f"{error:24}{count:7}" for error, count in sorted(self.errors.items())]
        return "\n".join(lines)

    def rare(self) -> list[str]:
        """The acts that succeed too seldom to prove anything."""
        return [act for act, tried in self.tried.items() if self.done[act] < _RARE * tried]


def run(
    machine: type[RuleBasedStateMachine], request: pytest.FixtureRequest, *, shrink: bool = True, examples: int = 80
) -> None:
    """Run a machine: short and always alike, or at random, long with --full, as long as wanted with --steps.

    `shrink` seeks the shortest failure; `examples` is how many histories of 50 steps the short form has.
    """
    steps = request.config.getoption("--steps")
    is_long = steps or request.config.getoption("--full")
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=max(1, (steps or 100_000) // 100) if is_long else examples,
            stateful_step_count=100 if is_long else 50,
            derandomize=not is_long,
            deadline=None,
            database=None,
            phases=[Phase.generate, Phase.shrink] if shrink else [Phase.generate],
            report_multiple_bugs=False,
            suppress_health_check=list(HealthCheck),
        ),
    )
