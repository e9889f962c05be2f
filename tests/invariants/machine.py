"""What every state machine shares: a contract in an EVM within this process, and a tally of what its acts came to."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import RuleBasedStateMachine, run_state_machine_as_test

from medtrust.abi import Interface, RevertDecoder
from medtrust.artifacts import Artifact
from medtrust.errors import Reverted
from medtrust.types import checksum_address
from tests.world import GENESIS

pyrevm = pytest.importorskip("pyrevm", reason="pyrevm has no wheel for this Python")

_OUTPUT = re.compile(r"output: 0x([0-9a-f]*)")
_RARE = 0.05
"""Part of its calls in which an act must succeed; below, the machine proves little about it."""


class LocalEvm:
    """An EVM within this process, by the rules of Shanghai, with a clock of its own."""

    def __init__(self) -> None:
        self.evm = pyrevm.EVM(spec_id="SHANGHAI")
        self.now = GENESIS
        self._number = 0
        self.advance(0)

    def advance(self, seconds: int) -> None:
        """Take the next block, so many seconds later."""
        self.now += seconds
        self._number += 1
        self.evm.set_block_env(pyrevm.BlockEnv(number=self._number, timestamp=self.now))

    def deploy(self, artifact: Artifact, *arguments: Any, by: str) -> LocalContract:
        face = Interface(artifact)
        address = self.evm.deploy(by, face.encode_deployment(arguments))
        return LocalContract(self, face, checksum_address(address))


@dataclass
class LocalContract:
    """A contract in it: what it answers, what it emits, and why it refuses."""

    host: LocalEvm
    face: Interface
    address: str
    decoder: RevertDecoder = field(init=False)

    def __post_init__(self) -> None:
        self.decoder = RevertDecoder([self.face.artifact])

    def call(self, function: str, *arguments: Any) -> Any:
        """Ask a view."""
        answer = self._execute("0x" + "00" * 19 + "01", function, arguments, is_static=True)
        return self.face.decode_result(function, answer)

    def send(self, caller: str, function: str, *arguments: Any) -> list[tuple[str, dict[str, Any]]]:
        """Act, and return the events of the contract in their order. Raises `Reverted`."""
        self._execute(caller, function, arguments, is_static=False)
        found = []
        for log in self.host.evm.result.logs:
            topics, data = log.data
            event = self.face.decode_event([bytes(topic) for topic in topics], bytes(data))
            if event is not None:  # others that it calls emit too
                found.append(event)
        return found

    def refusal(self, caller: str, function: str, *arguments: Any) -> tuple[str, dict[str, Any]]:
        """Act, and return the error and its values that it is refused with; ("", events) if it is not."""
        try:
            return "", {"events": self.send(caller, function, *arguments)}
        except Reverted as reverted:
            return reverted.error, reverted.values

    def _execute(self, caller: str, function: str, arguments: tuple[Any, ...], *, is_static: bool) -> bytes:
        return self.run(caller, self.face.encode_call(function, arguments), is_static=is_static)

    def run(self, caller: str, data: bytes, *, gas: int | None = None, is_static: bool = False) -> bytes:
        """Call it with data, with so much gas if it is given, and return what it returns. Raises `Reverted`."""
        try:
            return bytes(self.host.evm.message_call(caller, self.address, data, gas=gas, is_static=is_static))
        except RuntimeError as error:
            said = _OUTPUT.search(str(error))
            output = bytes.fromhex(said.group(1)) if said else b""
            raise self.decoder.decode(output, self.face.artifact.name, str(error)) from None


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
