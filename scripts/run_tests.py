"""Run every suite: all tests on Anvil, those of Brownie in its own environment, those of the contracts on Ganache."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

from medtrust.compiler import compile_project
from medtrust.errors import MedtrustError

ROOT = Path(__file__).resolve().parents[1]
SUITES = {
    "anvil": ("-m", "pytest", "tests"),
    "brownie": ("scripts/brownie_suite.py",),
    "ganache": ("-m", "pytest", "tests/contracts", "--chain", "ganache"),
}


def main(*names: str) -> int:
    """Run the suites that are named, or all, each even after another failed; return 1 if any did."""
    try:
        compile_project(ROOT)  # once, before several processes ask for it
    except MedtrustError as error:
        print(error, file=sys.stderr)
        return 1
    results = {name: run(name) for name in names or SUITES}
    print()
    for name, (code, seconds) in results.items():
        print(f"{'ok' if code == 0 else 'FAIL':5}{name}  ({seconds:.0f} s)")
    return 1 if any(code for code, _ in results.values()) else 0


def run(name: str) -> tuple[int, float]:
    """Run one suite with its output in view; return its exit code and its seconds."""
    command = [sys.executable, *SUITES[name]]
    if "pytest" in command:
        command += ["--quiet", "--numprocesses", str(min(os.cpu_count() or 1, 4)), "--dist", "loadfile"]
    print(f"\n--- {name}: {' '.join(['python', *command[1:]])}", flush=True)
    started = time.monotonic()
    code = subprocess.run(command, cwd=ROOT, check=False).returncode
    return code, time.monotonic() - started


if __name__ == "__main__":
    unknown = [name for name in sys.argv[1:] if name not in SUITES]
    sys.exit(f"no such suite: {', '.join(unknown)}; there are {', '.join(SUITES)}" if unknown else main(*sys.argv[1:]))
