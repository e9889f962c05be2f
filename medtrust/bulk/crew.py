"""The crew: processes that do the steps of a very large import side by side, and end when their import does."""

from __future__ import annotations

import gc
import json
import os
import resource
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from selectors import EVENT_READ, DefaultSelector
from typing import Any, Final

from medtrust.bulk.steps import Steps
from medtrust.errors import MedtrustError

__all__ = ["Crew", "peak_memory", "serve"]

_OBJECTS_BETWEEN_COLLECTIONS: Final = 20_000
_KILOBYTE: Final = 1 if sys.platform == "darwin" else 1024


class Crew:
    """Workers under one setup; a single one is this process itself."""

    def __init__(self, size: int, setup: Mapping[str, Any]) -> None:
        self._workers = [_start(setup) for _ in range(size)] if size > 1 else []
        self._own = None if self._workers else Steps(setup)
        self._peaks: dict[int, int] = {}

    def __enter__(self) -> Crew:
        return self

    def __exit__(self, *_: object) -> None:
        """Let the workers end: they do when nobody can give them tasks any more."""
        for worker in self._workers:
            worker.kill()
            worker.communicate()

    def do(self, tasks: Iterable[Mapping[str, Any]]) -> Iterator[dict[str, Any]]:
        """Do every task and yield what came of each, in whatever order they end.

        Raises `MedtrustError` if a worker ends before its task does.
        """
        if self._own:
            yield from map(self._own.do, tasks)
            return
        waiting = iter(tasks)
        with DefaultSelector() as selector:
            for worker in self._workers:
                if _give(worker, waiting):
                    selector.register(worker.stdout, EVENT_READ, worker)  # type: ignore[arg-type]  # it is a pipe
            while selector.get_map():
                for key, _ in selector.select():
                    yield self._answer(key.data)
                    if not _give(key.data, waiting):
                        selector.unregister(key.fileobj)

    def _answer(self, worker: subprocess.Popen[bytes]) -> dict[str, Any]:
        line = worker.stdout.readline() if worker.stdout else b""
        if not line:
            raise MedtrustError(f"a worker of the import ended with exit code {worker.wait()}: run the import again")
        answer: dict[str, Any] = json.loads(line)
        self._peaks[worker.pid] = answer.pop("peak")
        return answer

    @property
    def peak(self) -> int:
        """The most memory that this process and its workers took, each at its own worst moment (bytes)."""
        return peak_memory() + sum(self._peaks.values())


def peak_memory() -> int:
    """Return the most memory that this process took so far (bytes)."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * _KILOBYTE


def serve() -> None:
    """Be a worker: the first line of stdin is the setup, each further one a task, each answered by a line."""
    gc.set_threshold(_OBJECTS_BETWEEN_COLLECTIONS)
    steps = Steps(json.loads(sys.stdin.readline()))
    for line in sys.stdin:
        answer = {**steps.do(json.loads(line)), "peak": peak_memory()}
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


def _start(setup: Mapping[str, Any]) -> subprocess.Popen[bytes]:
    here = str(Path(__file__).resolve().parents[2])
    path = os.pathsep.join(filter(None, (here, os.environ.get("PYTHONPATH"))))
    worker = subprocess.Popen(
        [sys.executable, "-c", "from medtrust.bulk.crew import serve; serve()"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": path},
    )
    _tell(worker, setup)
    return worker


def _give(worker: subprocess.Popen[bytes], waiting: Iterator[Mapping[str, Any]]) -> bool:
    task = next(waiting, None)
    if task is not None:
        _tell(worker, task)
    return task is not None


def _tell(worker: subprocess.Popen[bytes], what: Mapping[str, Any]) -> None:
    if worker.stdin:
        worker.stdin.write(json.dumps(what).encode() + b"\n")
        worker.stdin.flush()
