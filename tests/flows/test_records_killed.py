"""Storing a record that is killed with -9 at any step ends, run again, as if nothing had happened."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from subprocess import PIPE

import pytest

from medtrust.deploy import AddressBook
from medtrust.vault import Vault
from tests.hospitals import CONTENT
from tests.world import ORGANISATIONS, ROOT

NEXT = CONTENT.replace(b"1.50", b"1.60")
HOSPITAL = ORGANISATIONS["hospital"].identifier


@pytest.fixture(scope="module")
def runner():
    """A process that runs the command line in forks of itself."""
    start = [sys.executable, str(ROOT / "tests/flows/killable.py")]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(start, stdin=PIPE, stdout=PIPE, text=True, env=environment) as process:
        yield process
        process.stdin.close()


@pytest.fixture
def store(world, tmp_path, session_node, runner):
    """Run `medtrust record store` in a process of its own, on the session's chain, to die at a step (0: never)."""
    book = AddressBook(world.chain.id, tmp_path / "deployments")
    for name in world.suite.book.names():
        book.finish(name, world.suite.book.get(name))
    file = tmp_path / "content"

    def run(content: bytes, *more: str, home: str, die_at: int = 0) -> tuple[int, int]:
        file.write_bytes(content)
        environment = {
            "MEDTRUST_HOME": str(tmp_path / home),
            "MEDTRUST_DEPLOYMENTS": str(tmp_path / "deployments"),
            "MEDTRUST_CHAIN": session_node.ipc_path or session_node.url,
        }
        arguments = ["record", "store", str(file), "--by", HOSPITAL, "--as", "hospital", *more]
        order = {"arguments": arguments, "environment": environment, "output": str(tmp_path / "output")}
        runner.stdin.write(json.dumps({**order, "die_at": die_at}) + "\n")
        runner.stdin.flush()
        answer = json.loads(runner.stdout.readline())
        assert answer["code"] in (0, -signal.SIGKILL), (tmp_path / "output.err").read_text()
        return answer["code"], answer["steps"]

    return run


class TestKilled:
    """
    given a first version that is killed with -9 at any step, and run again -> one record, anchored once
    given the next version, killed and run again                            -> two versions, each anchored once
    """

    def _held(self, world, tmp_path, home):
        vault = Vault(tmp_path / home / "records" / world.hospital.hex()[:16] / "vault")
        (held,) = vault.of_patient(world.patient.address)
        return held

    def _check(self, world, held, count: int) -> None:
        events = world.suite.records._events("RecordAnchored", indexed={"custodian": world.hospital})
        assert [event.values["number"] for event in events] == list(range(1, count + 1))
        assert {event.values["record"] for event in events} == {held.record}
        assert (held.draft, [one.version.number for one in held.versions]) == (None, list(range(1, count + 1)))
        assert world.suite.records.newest_of(world.hospital, held.record).fingerprint == held.newest.version.fingerprint

    def test_ends_the_same_when_killed_at_any_step(self, world, store, tmp_path):
        first = ("--patient", world.patient.address, "--class", "laboratory")
        chain = world.chain
        snapshot = chain.request("evm_snapshot")
        _, steps = store(CONTENT, *first, home="whole")
        self._check(world, self._held(world, tmp_path, "whole"), 1)
        assert steps > 10
        for step in range(1, steps + 1):
            chain.request("evm_revert", snapshot)
            snapshot = chain.request("evm_snapshot")
            home = f"first-{step}"
            assert store(CONTENT, *first, home=home, die_at=step)[0] == -signal.SIGKILL
            assert store(CONTENT, *first, home=home)[0] == 0
            self._check(world, self._held(world, tmp_path, home), 1)

    def test_ends_the_same_for_the_next_version(self, world, store, tmp_path):
        first = ("--patient", world.patient.address, "--class", "laboratory")
        chain = world.chain
        store(CONTENT, *first, home="home")
        record = "0x" + self._held(world, tmp_path, "home").record.hex()
        vault = tmp_path / "home" / "records" / world.hospital.hex()[:16] / "vault" / f"{record[2:]}.json"
        before = vault.read_bytes()
        snapshot = chain.request("evm_snapshot")
        _, steps = store(NEXT, "--record", record, home="home")
        self._check(world, self._held(world, tmp_path, "home"), 2)
        for step in range(1, steps + 1):
            chain.request("evm_revert", snapshot)
            snapshot = chain.request("evm_snapshot")
            vault.write_bytes(before)
            assert store(NEXT, "--record", record, home="home", die_at=step)[0] == -signal.SIGKILL
            assert store(NEXT, "--record", record, home="home")[0] == 0
            self._check(world, self._held(world, tmp_path, "home"), 2)
