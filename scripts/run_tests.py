"""Run every suite: all tests on Anvil, those of Brownie in its own environment, those of the contracts on Ganache."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO

from medtrust.compiler import compile_project
from medtrust.errors import MedtrustError

ROOT = Path(__file__).resolve().parents[1]
SUITES = {
    "anvil": ("-m", "pytest", "tests"),
    "brownie": ("scripts/brownie_suite.py",),
    # But for the pool's queue, reserves and fourteen kinds of token, many of which need a world of their own.
    "ganache": (
        "-m",
        "pytest",
        "tests/contracts",
        "--chain",
        "ganache",
        "--ignore-glob",
        "tests/contracts/test_insurance_pool_*.py",
    ),
}


def main(*names: str) -> int:
    """Run the suites that are named, or all, each even after another failed; return 1 if any did."""
    wanted = [name for name in SUITES if name in (names or SUITES)]
    with ThreadPoolExecutor() as pool, TemporaryFile("w+") as told:
        # Brownie compiles and waits on one core; beside our compiler and the others it costs little of the time.
        beside = pool.submit(run, "brownie", told) if "brownie" in wanted and len(wanted) > 1 else None
        try:
            compile_project(ROOT)  # once, before several processes ask for it
        except MedtrustError as error:
            print(error, file=sys.stderr)
            return 1
        results = {name: run(name) for name in wanted if beside is None or name != "brownie"}
        if beside:
            results["brownie"] = beside.result()
            told.seek(0)
            print(told.read(), end="")
    print()
    for name, (code, seconds) in results.items():
        print(f"{'ok' if code == 0 else 'FAIL':5}{name}  ({seconds:.0f} s)")
    return 1 if any(code for code, _ in results.values()) else 0


def run(name: str, told: IO[str] | None = None) -> tuple[int, float]:
    """Run one suite with its output in view, or kept in `told`; return its exit code and its seconds."""
    command = [sys.executable, *SUITES[name]]
    if "pytest" in command:
        processes = str(min(os.cpu_count() or 1, 4))
        # In the order of names, as the files of the last folder are short: no process waits long for another.
        command += ["--quiet", "--numprocesses", processes, "--dist", "loadfile", "--no-loadscope-reorder"]
    print(f"\n--- {name}: {' '.join(['python', *command[1:]])}", file=told, flush=True)
    started = time.monotonic()
    code = subprocess.run(command, cwd=ROOT, check=False, stdout=told, stderr=told).returncode
    return code, time.monotonic() - started


if __name__ == "__main__":
    unknown = [name for name in sys.argv[1:] if name not in SUITES]
    sys.exit(f"no such suite: {', '.join(unknown)}; there are {', '.join(SUITES)}" if unknown else main(*sys.argv[1:]))
