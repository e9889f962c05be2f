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
TWIN = "tests/sdk/test_consent_rules.py::TestTwin"


def main(steps: int = STEPS, *names: str) -> int:
    """Give every machine its part of `steps`, and the twin of `check` new dice; return 1 if anything disagrees.

    `names` are those of the machines to drive; all, and the twin, unless some are named.
    """
    wanted = [f"test_{name}_model.py" for name in names] or ["test_*.py"]
    files = sorted(file for one in wanted for file in (ROOT / "tests" / "invariants").glob(one))
    machines = [file for file in files if "invariants.machine import" in file.read_text(encoding="utf-8")]
    if not machines:
        print(f"no machine is called {' or '.join(names)}", file=sys.stderr)
        return 2
    each = -(-steps // len(machines))
    print(f"{len(machines)} machines, {each:,} steps each", flush=True)
    command = [sys.executable, "-m", "pytest", "--quiet", "--capture=no", "-k", "not Teeth", f"--steps={each}"]
    return subprocess.run([*command, *map(str, machines), *([] if names else [TWIN])], cwd=ROOT, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if sys.argv[1:] else STEPS, *sys.argv[2:]))
