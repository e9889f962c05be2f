"""Local chains: they answer, they keep what they are told to keep, and nothing of them stays behind."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from medtrust import node
from medtrust.errors import NodeFailed, ToolMissing
from tests.world import ROOT

KINDS: tuple[node.Kind, ...] = ("anvil", "ganache")

FIRST_BLOCK_AT = 1_700_000_000

PUSH0, MCOPY = "5f", "5e"  # brought by Shanghai; by Cancun, which came next

# Starts a chain, says which, and waits to be ended.
# A shell that runs the tests in the background hands down that SIGINT is ignored.
OWNER = """
import signal, sys, time
from pathlib import Path
from medtrust import node
signal.signal(signal.SIGINT, signal.default_int_handler)
chain = node.start(sys.argv[1], Path(sys.argv[2]))
print(chain.pid, flush=True)
if sys.argv[3] == "wait":
    time.sleep(60)
"""


def ask(chain: node.Node, method: str, *params: object) -> Any:
    return answer_to(chain, method, *params)["result"]


def runs(chain: node.Node, code: str) -> bool:
    """Whether the chain's machine knows the instructions of `code`."""
    return "error" not in answer_to(chain, "eth_call", {"data": f"0x{code}", "gas": hex(100_000)}, "latest")


def answer_to(chain: node.Node, method: str, *params: object) -> dict[str, Any]:
    question = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}).encode()
    request = urllib.request.Request(chain.url, question, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request) as answer:
        found: dict[str, Any] = json.load(answer)
    return found


def ask_over_ipc(path: str, method: str) -> Any:
    with socket.socket(socket.AF_UNIX) as pipe:
        pipe.connect(path)
        pipe.sendall(json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": []}).encode())
        return json.loads(pipe.recv(65536))["result"]


def is_running(pid: int) -> bool:
    """Whether a process lives; one that ended and was not yet collected does not."""
    listed = Path(f"/proc/{pid}/stat")
    if Path("/proc/self/stat").is_file():
        return listed.is_file() and listed.read_text().rsplit(")", 1)[1].split()[0] != "Z"
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def ends(pid: int) -> bool:
    """Whether a process ends; it gets ten seconds, so that a slow machine changes no verdict."""
    for _ in range(1000):
        if not is_running(pid):
            return True
        time.sleep(0.01)
    return False


class TestStart:
    """
    given the program of either kind
      when started                          -> answers on loopback, with its chain id, under Shanghai rules
      when a chain id and a time are asked  -> both hold from the first block
      when two are started                  -> each has its own port
      when the kind is anvil                -> it answers over IPC too
      when a state is named                 -> a second start goes on from where the first ended
      when its port is taken                -> raises NodeFailed with the port
      when it ends at once                  -> raises NodeFailed with what it printed, and leaves no files
    given no program                        -> raises ToolMissing with the way to mend it
    """

    @pytest.mark.parametrize("kind", KINDS)
    def test_answers_with_its_chain_id_under_shanghai_rules(self, kind: node.Kind) -> None:
        with node.start(kind, ROOT) as chain:
            assert chain.url.startswith("http://127.0.0.1:")
            assert int(ask(chain, "eth_chainId"), 16) == chain.chain_id == node.CHAIN_IDS[kind]
            assert runs(chain, PUSH0)
            assert not runs(chain, PUSH0 * 3 + MCOPY)

    @pytest.mark.parametrize("kind", KINDS)
    def test_takes_the_chain_id_and_the_time_that_are_asked(self, kind: node.Kind) -> None:
        with node.start(kind, ROOT, chain_id=4242, timestamp=FIRST_BLOCK_AT) as chain:
            assert int(ask(chain, "eth_chainId"), 16) == chain.chain_id == 4242
            assert int(ask(chain, "eth_getBlockByNumber", "0x0", False)["timestamp"], 16) == FIRST_BLOCK_AT

    def test_gives_each_its_own_port(self) -> None:
        with node.start("anvil", ROOT) as one, node.start("anvil", ROOT) as other:
            ask(one, "evm_mine")

            assert one.url != other.url
            assert int(ask(one, "eth_blockNumber"), 16) == 1
            assert int(ask(other, "eth_blockNumber"), 16) == 0

    def test_answers_over_ipc_given_anvil(self) -> None:
        with node.start("anvil", ROOT) as chain:
            assert chain.ipc_path is not None
            assert int(ask_over_ipc(chain.ipc_path, "eth_chainId"), 16) == chain.chain_id

    @pytest.mark.parametrize("kind", KINDS)
    def test_goes_on_from_its_state(self, kind: node.Kind, tmp_path: Path) -> None:
        state = tmp_path / "kept" / "state"
        for expected in (0, 3):
            with node.start(kind, ROOT, state=state) as chain:
                assert int(ask(chain, "eth_blockNumber"), 16) == expected
                for _ in range(3):
                    ask(chain, "evm_mine")

    @pytest.mark.parametrize("kind", KINDS)
    def test_reverts_given_a_port_that_is_taken(self, kind: node.Kind) -> None:
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
            with pytest.raises(NodeFailed, match=f"port {port} is taken"):
                node.start(kind, ROOT, port=port)

    def test_tells_what_it_printed_given_it_ends_at_once(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("tempfile.tempdir", str(tmp_path))

        with pytest.raises(NodeFailed, match="Unknown hardfork: atlantis"):
            node.start("anvil", ROOT, hardfork="atlantis")

        assert list(tmp_path.iterdir()) == []

    @pytest.mark.parametrize("kind", KINDS)
    def test_names_the_way_to_mend_given_no_program(
        self, kind: node.Kind, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("PATH", str(tmp_path))

        with pytest.raises(ToolMissing) as missing:
            node.start(kind, tmp_path)

        assert (missing.value.tool, missing.value.mend) == (kind, "run `make setup`")


class TestStop:
    """
    given a running chain
      when its block is left                 -> its process and its files are gone
      when stopped twice                     -> the second changes nothing
    given a program that started a chain
      when it ends, or by SIGTERM or SIGINT  -> the chain ends, and the program's exit tells the signal
      when it is killed outright             -> the chain ends, on Linux
    given a thread that starts a chain       -> the chain is not tied to its end, which is not the program's
    given another system than Linux          -> the chain is not tied to the program's death either
    """

    @pytest.mark.parametrize("kind", KINDS)
    def test_leaves_nothing_behind(self, kind: node.Kind) -> None:
        with node.start(kind, ROOT) as chain:
            assert is_running(chain.pid)
            assert chain.log.is_file()

        assert not is_running(chain.pid)
        assert not chain.log.parent.exists()

    def test_changes_nothing_when_stopped_twice(self) -> None:
        with node.start("anvil", ROOT) as other:
            chain = node.start("anvil", ROOT)
            chain.stop()
            chain.stop()

            assert not is_running(chain.pid)
            assert is_running(other.pid)

    def test_ends_with_the_program(self) -> None:
        with self._owner("anvil", "leave") as owner:
            pid = self._chain_of(owner)

            assert owner.wait() == 0
            assert ends(pid)

    @pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
    @pytest.mark.parametrize("kind", KINDS)
    def test_ends_by_a_signal_to_the_program(self, kind: node.Kind, number: signal.Signals) -> None:
        with self._owner(kind, "wait") as owner:
            pid = self._chain_of(owner)
            owner.send_signal(number)

            assert owner.wait() == -number
            assert ends(pid)

    @pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a process that its parent was killed")
    @pytest.mark.parametrize("kind", KINDS)
    def test_ends_when_the_program_is_killed(self, kind: node.Kind) -> None:
        with self._owner(kind, "wait") as owner:
            pid = self._chain_of(owner)
            owner.kill()

            assert owner.wait() == -signal.SIGKILL
            assert ends(pid)

    def test_is_not_tied_to_the_thread_that_starts_it(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(sys, "platform", "linux")
        with ThreadPoolExecutor(1) as others:
            assert others.submit(node._die_with_parent).result() is None

    def test_is_not_tied_to_the_program_on_another_system(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(sys, "platform", "darwin")
        assert node._die_with_parent() is None

    @staticmethod
    def _owner(kind: node.Kind, what: str) -> subprocess.Popen[str]:
        command = [sys.executable, "-c", OWNER, kind, str(ROOT), what]
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        pipe = subprocess.PIPE
        return subprocess.Popen(command, stdout=pipe, stderr=subprocess.DEVNULL, text=True, env=environment)

    @staticmethod
    def _chain_of(owner: subprocess.Popen[str]) -> int:
        assert owner.stdout is not None
        return int(owner.stdout.readline())
