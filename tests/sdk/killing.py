"""Runs commands of medtrust in processes of their own, and ends them with -9 where it hurts."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests.world import ROOT

# Imports the command line once; then, for each line it reads, runs it in a process of its own and says which.
_LAUNCHER = """
import os, runpy, sys
import medtrust.cli, medtrust.cli.common, medtrust.sandbox
from medtrust import artifacts
[artifacts.load(name) for name in artifacts.names()]
for line in sys.stdin:
    pid = os.fork()
    if pid == 0:
        sys.argv = ["medtrust", *line.rstrip("\\n").split("\\t")]
        silent = os.open(os.devnull, os.O_RDWR)
        for number in (0, 1, 2):
            os.dup2(silent, number)
        code = 70
        try:
            runpy.run_module("medtrust", run_name="__main__")
            code = 0
        except SystemExit as end:
            code = end.code or 0
        finally:
            os._exit(code)
    print(pid, flush=True)
    _, status = os.waitpid(pid, 0)
    print(-os.WTERMSIG(status) if os.WIFSIGNALED(status) else os.WEXITSTATUS(status), flush=True)
"""


class Launcher:
    """Starts commands, and kills them after a file changed so many times and a little later."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def run(self, command: Sequence[str]) -> int:
        """Run a command to its end and return its exit code."""
        self._start(command)
        return self._end()

    def kill(self, command: Sequence[str], *, watched: Path, changes: int, delay: float) -> int:
        """Run a command until `watched` was replaced `changes` times, wait `delay` seconds, and kill it with -9.

        Returns its exit code if it was faster, else -9.
        """
        pid = self._start(command)
        seen = _identity(watched)
        while changes > 0 and _is_alive(pid):
            now = _identity(watched)
            if now != seen:
                seen, changes = now, changes - 1
            time.sleep(0.0002)
        time.sleep(delay)
        if _is_alive(pid):
            os.kill(pid, signal.SIGKILL)
        return self._end()

    def _start(self, command: Sequence[str]) -> int:
        assert self._process.stdin is not None
        self._process.stdin.write("\t".join(command) + "\n")
        self._process.stdin.flush()
        return int(self._line())

    def _end(self) -> int:
        return int(self._line())

    def _line(self) -> str:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line, "the launcher ended"
        return line


@contextmanager
def launcher(environment: Mapping[str, str]) -> Iterator[Launcher]:
    """Start a launcher whose commands see `environment` besides that of this process."""
    process = subprocess.Popen(
        [sys.executable, "-c", _LAUNCHER],
        cwd=ROOT,
        env={**os.environ, **environment},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield Launcher(process)
    finally:
        process.communicate()


def kill_points(count: int, changes: int, *, seed: int = 20) -> Iterator[tuple[int, float]]:
    """Choose points: after how many changes of a file, and how many seconds later; the same for the same seed."""
    chance = random.Random(seed)
    for _ in range(count):
        yield chance.randrange(changes), chance.choice((0.0, chance.uniform(0, 0.01), chance.uniform(0, 0.1)))


def _is_alive(pid: int) -> bool:
    """Whether a process runs still; one that ended and was not yet waited for does not."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(") ")[2][0]
    except OSError:
        return not Path("/proc/self").exists() and _is_there(pid)
    return state not in "ZX"


def _is_there(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def _identity(file: Path) -> tuple[int, int] | None:
    try:
        found = file.stat()
    except FileNotFoundError:
        return None
    return found.st_ino, found.st_mtime_ns
