"""Drive each contract beside its model for many random steps, and print how often each act was tried and done."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
STEPS = 200_000
WHOLE = "test_insurance_model.py"
"""The machine that takes all steps alone, since it moves money; the others share them."""

TWIN = "tests/sdk/test_consent_rules.py::TestTwin"


def main(steps: int = STEPS) -> int:
    """Give every machine its part of `steps`, that of money all, and the twin of `check` new dice; return 1 if anything
    disagrees.
    """
    files = sorted((ROOT / "tests" / "invariants").glob("test_*.py"))
    machines = [file for file in files if "invariants.machine import" in file.read_text(encoding="utf-8")]
    others = [str(file) for file in machines if file.name != WHOLE]
    each = -(-steps // len(others))
    print(f"{len(others)} machines, {each:,} steps each; that of insurance {steps:,}", flush=True)
    codes = [fuzz(each, *others, TWIN), fuzz(steps, *(str(file) for file in machines if file.name == WHOLE))]
    return int(any(codes))


def fuzz(steps: int, *tests: str) -> int:
    """Run tests with so many steps, and return how pytest ended."""
    command = [sys.executable, "-m", "pytest", "--quiet", "--capture=no", "-k", "not Teeth", f"--steps={steps}"]
    return subprocess.run([*command, *tests], cwd=ROOT, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:2])))
