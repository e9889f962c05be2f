"""Runs the command line in forks of itself, and lets a fork end by SIGKILL at one of the steps that leave a trace.

A step is a moment before or after a file is flushed or put in place, or a transaction is signed or sent. Each line of
stdin is an order in JSON: "arguments", "environment", "output" (a file for stdout, with ".err" for stderr) and "die_at"
(0: never). Each is answered by a line in JSON: "code" and "steps". Forks spare the second that the imports take.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from medtrust.chain import Chain
from medtrust.cli import main


class Steps:
    """Counts the steps into a pipe and dies at one of them."""

    def __init__(self, last: int, pipe: int) -> None:
        self.last, self.count, self.pipe = last, 0, pipe

    def step(self) -> None:
        self.count += 1
        os.write(self.pipe, b".")
        if self.count == self.last:
            os.kill(os.getpid(), signal.SIGKILL)

    def watch(self, owner: Any, name: str) -> None:
        """Count before and after each call of a function."""
        act: Callable[..., Any] = getattr(owner, name)

        def do(*arguments: Any, **named: Any) -> Any:
            self.step()
            result = act(*arguments, **named)
            self.step()
            return result

        setattr(owner, name, do)


def run(order: dict[str, Any], pipe: int) -> None:
    """Be the command, in a fork, and never return."""
    for stream, path in ((1, order["output"]), (2, order["output"] + ".err")):
        os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), stream)
    os.environ.update(order["environment"])
    sys.argv = ["medtrust", *order["arguments"]]
    steps = Steps(order["die_at"], pipe)
    for owner, name in ((os, "fsync"), (Path, "replace"), (Chain, "sign"), (Chain, "broadcast")):
        steps.watch(owner, name)
    code = 70
    try:
        main()
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 0
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def serve() -> None:
    """Carry out one order after another."""
    for line in sys.stdin:
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            run(json.loads(line), writing)
        os.close(writing)
        with os.fdopen(reading, "rb") as pipe:
            steps = len(pipe.read())
        _, status = os.waitpid(child, 0)
        print(json.dumps({"code": os.waitstatus_to_exitcode(status), "steps": steps}), flush=True)


if __name__ == "__main__":
    serve()
