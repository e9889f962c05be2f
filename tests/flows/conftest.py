"""Commands in processes of their own, on the session's chain, which can be killed at any step."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from subprocess import PIPE

import pytest

from medtrust.deploy import AddressBook
from tests.world import ROOT


@dataclass(frozen=True)
class Done:
    """How a command ended, what it printed, and how many steps it took."""

    code: int
    stdout: str
    stderr: str
    steps: int


@pytest.fixture(scope="module")
def runner():
    """A process that runs the command line in forks of itself."""
    start = [sys.executable, str(ROOT / "tests/flows/killable.py")]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(start, stdin=PIPE, stdout=PIPE, text=True, env=environment) as process:
        yield process
        process.stdin.close()


@pytest.fixture
def command(world, tmp_path, session_node, runner):
    """Run `medtrust vaccine …` in a process of its own, on the session's chain, to die at a step (0: never)."""
    book = AddressBook(world.chain.id, tmp_path / "deployments")
    for name in world.suite.book.names():
        book.finish(name, world.suite.book.get(name))

    def run(*arguments: str, home: str = "home", die_at: int = 0) -> Done:
        environment = {
            "MEDTRUST_HOME": str(tmp_path / home),
            "MEDTRUST_DEPLOYMENTS": str(tmp_path / "deployments"),
            "MEDTRUST_CHAIN": session_node.ipc_path or session_node.url,
        }
        output = tmp_path / "output"
        order = {"arguments": ["vaccine", *arguments], "environment": environment, "output": str(output)}
        runner.stdin.write(json.dumps({**order, "die_at": die_at}) + "\n")
        runner.stdin.flush()
        answer = json.loads(runner.stdout.readline())
        said = output.read_text(), output.with_name("output.err").read_text()
        return Done(answer["code"], *said, answer["steps"])

    return run
