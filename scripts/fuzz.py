"""Drive each contract beside its model for many random steps, and print how often each act was tried and done."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
STEPS = 200_000
TWIN = "tests/sdk/test_consent_rules.py::TestTwin"


def main(steps: int = STEPS) -> int:
    """Give every machine its part of `steps`, and the twin of `check` new dice; return 1 if anything disagrees."""
    files = sorted((ROOT / "tests" / "invariants").glob("test_*.py"))
    machines = [file for file in files if "invariants.machine import" in file.read_text(encoding="utf-8")]
    each = -(-steps // len(machines))
    print(f"{len(machines)} machines, {each:,} steps each", flush=True)
    command = [sys.executable, "-m", "pytest", "--quiet", "--capture=no", "-k", "not Teeth", f"--steps={each}"]
    return subprocess.run([*command, *map(str, machines), TWIN], cwd=ROOT, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:2])))
