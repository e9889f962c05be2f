"""Starts a local chain, Anvil or Ganache, on a free port, and stops what it started."""

from __future__ import annotations

import atexit
import contextlib
import ctypes
import json
import os
import platform
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Literal

from medtrust.errors import NodeFailed, ToolMissing
from medtrust.solc import find_node

__all__ = ["CHAIN_IDS", "HARDFORK", "MNEMONIC", "Kind", "Node", "find_anvil", "start"]

Kind = Literal["anvil", "ganache"]

CHAIN_IDS: dict[Kind, int] = {"anvil": 31337, "ganache": 1337}
"""The chain id of each kind unless another is asked for."""

HARDFORK = "shanghai"
"""The rules of both kinds: the newest that Ganache knows and those of the compiled contracts, so gas is the same."""

MNEMONIC = "test test test test test test test test test test test junk"
"""The seed phrase that everyone knows of the accounts with money; for local chains alone."""

_START_SECONDS = 30
_STOP_SECONDS = 5
_PR_SET_PDEATHSIG = 1
_BLOCKS_KEPT = "64"
_BALANCE = "10000"  # ether of each account
_running: dict[Node, int] = {}


@dataclass(frozen=True)
class _Options:
    """What a chain is asked to be, whatever its kind."""

    chain_id: int
    mnemonic: str
    accounts: int
    hardfork: str
    block_time: int | None
    state: Path | None
    timestamp: int | None
    keeps_history: bool
    limits_code: bool


@dataclass(eq=False)
class Node:
    """A running local chain; leaving its `with` block stops it, as do the end of this process, SIGTERM and SIGINT.

    `ipc_path` is None for Ganache, which speaks only over HTTP and WebSocket. `log` is what it printed.
    """

    kind: Kind
    url: str
    ipc_path: str | None
    chain_id: int
    pid: int
    log: Path
    _process: subprocess.Popen[bytes] = field(repr=False)
    _folder: Path = field(repr=False)

    def __enter__(self) -> Node:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        """Stop the chain and delete its temporary files; a second call does nothing."""
        _running.pop(self, None)
        if self._process.poll() is None:
            self._process.terminate()  # not kill: Anvil saves its state when it is asked to end
            try:
                self._process.wait(_STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        shutil.rmtree(self._folder, ignore_errors=True)


def start(
    kind: Kind = "anvil",
    root: Path | None = None,
    *,
    port: int = 0,
    chain_id: int | None = None,
    mnemonic: str = MNEMONIC,
    accounts: int = 20,
    hardfork: str = HARDFORK,
    block_time: int | None = None,
    state: Path | None = None,
    timestamp: int | None = None,
    keeps_history: bool = True,
    limits_code: bool = True,
) -> Node:
    """Start a local chain that listens on loopback alone, and return when it answers.

    `root` is the folder whose node_modules holds the chains, the current one unless given. `port` 0 takes a free one.
    `block_time` is in seconds; without it each transaction gets its block at once. `state` is where the chain is kept
    between two starts: a file for Anvil, a folder for Ganache. `timestamp` is that of the first block (Unix seconds).
    An Anvil that does not keep its history knows the newest state and blocks alone, so that its memory stays small.
    A chain that does not limit code takes contracts of more than 24,576 bytes, which real ones refuse (EIP-170).

    Raises `ToolMissing` without the program, `NodeFailed` if the port is taken or the chain ends before it answers.
    """
    if port and _is_taken(port):
        raise NodeFailed(f"port {port} is taken: stop what listens there, or choose another port (0 takes a free one)")
    if state is not None:
        state.parent.mkdir(parents=True, exist_ok=True)
    place = root or Path.cwd()
    chain = CHAIN_IDS[kind] if chain_id is None else chain_id
    options = _Options(chain, mnemonic, accounts, hardfork, block_time, state, timestamp, keeps_history, limits_code)
    folder = Path(tempfile.mkdtemp(prefix="medtrust-"))
    try:
        if kind == "anvil":
            ipc = str(folder / "anvil.ipc")
            command = _anvil_command(find_anvil(place), port, ipc, options)
        else:
            ipc, port = None, port or _free_port()
            command = _ganache_command(place, port, options)
        return _launch(kind, command, folder, ipc_path=ipc, port=port, chain_id=chain)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise


def find_anvil(root: Path) -> Path:
    """Find the native Anvil: the one of node_modules, whose wrapper swallows exit codes, else the one on PATH.

    Raises `ToolMissing` if there is none.
    """
    system = {"Linux": "linux", "Darwin": "darwin", "Windows": "win32"}.get(platform.system(), "unknown")
    processor = "arm64" if platform.machine().lower() in ("arm64", "aarch64") else "amd64"
    suffix = ".exe" if system == "win32" else ""
    native = root / "node_modules" / "@foundry-rs" / f"anvil-{system}-{processor}" / "bin" / f"anvil{suffix}"
    if native.is_file():
        return native
    on_path = shutil.which("anvil")
    if on_path is None:
        raise ToolMissing("anvil", "run `make setup`")
    return Path(on_path)


def _anvil_command(anvil: Path, port: int, ipc: str, options: _Options) -> list[str]:
    command = [str(anvil), "--host", "127.0.0.1", "--port", str(port), "--ipc", ipc]
    command += ["--chain-id", str(options.chain_id), "--hardfork", options.hardfork]
    command += ["--mnemonic", options.mnemonic, "--accounts", str(options.accounts), "--balance", _BALANCE]
    command += ["--block-time", str(options.block_time)] if options.block_time else []
    command += ["--state", str(options.state), "--state-interval", "5"] if options.state else []
    command += ["--timestamp", str(options.timestamp)] if options.timestamp is not None else []
    command += [] if options.keeps_history else ["--prune-history", "--transaction-block-keeper", _BLOCKS_KEPT]
    command += [] if options.limits_code else ["--disable-code-size-limit"]
    return command


def _ganache_command(root: Path, port: int, options: _Options) -> list[str]:
    program = root / "node_modules" / "ganache" / "dist" / "node" / "cli.js"
    if not program.is_file():
        raise ToolMissing("ganache", "run `make setup`")
    command = [str(find_node()), str(program), "--server.host", "127.0.0.1", "--server.port", str(port)]
    command += ["--chain.chainId", str(options.chain_id), "--chain.networkId", str(options.chain_id)]
    command += ["--chain.hardfork", options.hardfork, "--wallet.mnemonic", options.mnemonic]
    command += ["--wallet.totalAccounts", str(options.accounts), "--wallet.defaultBalance", _BALANCE]
    command += ["--miner.blockTime", str(options.block_time)] if options.block_time else []
    command += ["--database.dbPath", str(options.state)] if options.state else []
    command += ["--chain.time", str(options.timestamp * 1000)] if options.timestamp is not None else []
    command += [] if options.limits_code else ["--chain.allowUnlimitedContractSize", "true"]
    return command


def _launch(kind: Kind, command: list[str], folder: Path, *, ipc_path: str | None, port: int, chain_id: int) -> Node:
    log = folder / "log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # an interrupt at the terminal reaches us alone, and we stop the chain in order
            preexec_fn=_die_with_parent(),
        )
    node = Node(kind, "", ipc_path, chain_id, process.pid, log, process, folder)
    _stop_at_exit(node)
    try:
        node.url = f"http://127.0.0.1:{port or _printed_port(node)}"
        _await(node, lambda: _answers(node))
    except BaseException:
        node.stop()
        raise
    return node


def _printed_port(node: Node) -> int:
    """Read the port that Anvil chose from what it prints, once it listens."""
    marker = "Listening on 127.0.0.1:"
    _await(node, lambda: marker in node.log.read_text(errors="replace"))
    return int(node.log.read_text(errors="replace").split(marker)[1].split()[0])


def _await(node: Node, is_ready: Callable[[], bool]) -> None:
    until = time.monotonic() + _START_SECONDS
    while not is_ready():
        if node._process.poll() is not None:
            last = "\n".join(node.log.read_text(errors="replace").strip().splitlines()[-5:])
            raise NodeFailed(f"{node.kind} ended at once with exit code {node._process.returncode}: {last}")
        if time.monotonic() > until:
            raise NodeFailed(f"{node.kind} did not answer within {_START_SECONDS} seconds")
        time.sleep(0.02)


def _answers(node: Node) -> bool:
    """Whether the chain tells its id; one that tells another is not the one that was started."""
    question = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "eth_chainId", "params": []}).encode()
    headers = {"Content-Type": "application/json"}
    request = urllib.request.Request(node.url, question, headers)  # noqa: S310, it is always http on loopback
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # a proxy has no business on loopback
    try:
        with direct.open(request, timeout=5) as answer:
            found = int(json.load(answer)["result"], 16)
    except OSError:
        return False
    if found != node.chain_id:
        raise NodeFailed(f"another chain (id {found}) answers at {node.url}")
    return True


def _is_taken(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return True
    return False


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _die_with_parent() -> Callable[[], None] | None:
    """Have Linux end the chain when this process is killed outright, which no handler of ours would see.

    The system watches the thread that starts the chain, so only the main thread may ask for it.
    """
    if not sys.platform.startswith("linux") or threading.current_thread() is not threading.main_thread():
        return None
    prctl = ctypes.CDLL(None).prctl
    return lambda: prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def _stop_at_exit(node: Node) -> None:
    """Remember a chain for the end of this process; SIGTERM would else end it without a word."""
    if not _running:
        atexit.register(_stop_all)
    _running[node] = os.getpid()
    is_main = threading.current_thread() is threading.main_thread()
    if is_main and signal.getsignal(signal.SIGTERM) is signal.SIG_DFL:
        signal.signal(signal.SIGTERM, _on_terminate)


def _stop_all() -> None:
    for node, owner in list(_running.items()):
        if owner == os.getpid():  # a forked copy of this process has started none of its chains
            with contextlib.suppress(OSError):
                node.stop()


def _on_terminate(number: int, _: FrameType | None) -> None:
    _stop_all()
    signal.signal(number, signal.SIG_DFL)
    os.kill(os.getpid(), number)
