"""Prints each attack with its defence, and without it; exit code 1 unless all are blocked, and all twins fall."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def main() -> int:
    """Run every attack on the contracts as they are and on its twin, and print the table."""
    command = [sys.executable, "-m", "pytest", "tests/attacks", "--table", "--quiet", "--numprocesses", "2"]
    return subprocess.run(command, cwd=ROOT, check=False).returncode


if __name__ == "__main__":
    raise SystemExit(main())
