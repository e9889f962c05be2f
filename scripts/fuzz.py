"""Drive each contract beside its model for many random steps, and print how often each act was tried and done.

Runs as `python scripts/fuzz.py [STEPS [MACHINE…]]`: all machines share the steps, or those that are named, such as
`provenance`.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
STEPS = 200_000
WHOLE = {"test_insurance_model.py", "test_provenance_model.py"}
"""The machines that take all steps alone, since they move money and medicines; the others share them."""

TWIN = "tests/sdk/test_consent_rules.py::TestTwin"


def main(steps: int = STEPS, *names: str) -> int:
    """Give every machine its part of `steps`, those of `WHOLE` all, and the twin of `check` new dice; return 1 if
    anything disagrees.

    `names` are those of the machines to drive; all, and the twin, unless some are named.
    """
    wanted = [f"test_{name}_model.py" for name in names] or ["test_*.py"]
    files = sorted(file for one in wanted for file in (ROOT / "tests" / "invariants").glob(one))
    machines = [file for file in files if "invariants.machine import" in file.read_text(encoding="utf-8")]
    if not machines:
        print(f"no machine is called {' or '.join(names)}", file=sys.stderr)
        return 2
    others = [str(file) for file in machines if file.name not in WHOLE]
    each = -(-steps // max(len(others), 1))
    print(
        f"{len(others)} machines, {each:,} steps each; of those that take all {len(machines) - len(others)}", flush=True
    )
    tests = [*others, *([] if names else [TWIN])]
    codes = [fuzz(each, *tests)] if tests else []
    codes += [fuzz(steps, str(file)) for file in machines if file.name in WHOLE]
    return int(any(codes))


def fuzz(steps: int, *tests: str) -> int:
    """Run tests with so many steps, and return how pytest ended."""
    command = [sys.executable, "-m", "pytest", "--quiet", "--capture=no", "-k", "not Teeth", f"--steps={steps}"]
    return subprocess.run([*command, *tests], cwd=ROOT, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if sys.argv[1:] else STEPS, *sys.argv[2:]))
