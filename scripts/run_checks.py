"""Check what needs no chain: lint, format, types, Solidity style, artifacts. With --mend, mend what can be mended."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from medtrust.compiler import check_artifacts, warnings_of
from medtrust.errors import MedtrustError
from medtrust.solc import find_node

ROOT = Path(__file__).resolve().parents[1]
PYTHON_FOLDERS = ("medtrust", "scripts", "tests")
SOLIDITY = ("contracts/**/*.sol", "interfaces/**/*.sol")


def main(*, mend: bool) -> int:
    """Run every check, even after one failed, and return 1 if any did."""
    failed = [name for name, check in (mends() if mend else checks()).items() if not passes(name, check)]
    if failed:
        print(f"\nfailed: {', '.join(failed)}")
    return 1 if failed else 0


def checks() -> dict[str, Callable[[], str]]:
    """Name the checks; each returns what is wrong, or nothing."""
    return {
        "ruff (lint)": lambda: python("ruff", "check", "--quiet", *PYTHON_FOLDERS),
        "ruff (format)": lambda: python("ruff", "format", "--check", "--quiet", *PYTHON_FOLDERS),
        "mypy --strict": lambda: python("mypy", "--no-error-summary"),
        "solhint": lambda: javascript("solhint/solhint.js", "--disc", "--noPoster", *SOLIDITY),
        "prettier (Solidity)": lambda: javascript(
            "prettier/bin/prettier.cjs", "--check", "--log-level=warn", *SOLIDITY
        ),
        "compiler warnings": lambda: "\n".join(warnings_of(ROOT)),
        "artifacts": stale_artifacts,
    }


def mends() -> dict[str, Callable[[], str]]:
    """Name what can be mended by itself."""
    return {
        "ruff (lint)": lambda: python("ruff", "check", "--quiet", "--fix", *PYTHON_FOLDERS),
        "ruff (format)": lambda: python("ruff", "format", "--quiet", *PYTHON_FOLDERS),
        "prettier (Solidity)": lambda: javascript(
            "prettier/bin/prettier.cjs", "--write", "--log-level=warn", *SOLIDITY
        ),
    }


def passes(name: str, check: Callable[[], str]) -> bool:
    """Run one check, print its name, time and findings, and say whether it passed."""
    started = time.monotonic()
    try:
        findings = check()
    except MedtrustError as error:
        findings = str(error)
    print(f"{'FAIL' if findings else 'ok':5}{name}  ({time.monotonic() - started:.1f} s)", flush=True)
    if findings:
        print(findings)
    return not findings


def python(*command: str) -> str:
    """Run a module of this Python; return what it printed if it failed."""
    return run([sys.executable, "-m", *command])


def javascript(program: str, *arguments: str) -> str:
    """Run a program of node_modules; return what it printed if it failed."""
    return run([str(find_node()), str(ROOT / "node_modules" / program), *arguments])


def run(command: list[str]) -> str:
    """Run a program in the project's folder; return what it printed if it failed."""
    done = subprocess.run(
        command,
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return (done.stdout.strip() or f"exit code {done.returncode}") if done.returncode else ""


def stale_artifacts() -> str:
    """Name the shipped artifacts that do not fit the sources."""
    stale = check_artifacts(ROOT)
    return f"stale: {', '.join(stale)}; run `make build` and commit medtrust/artifacts" if stale else ""


if __name__ == "__main__":
    sys.exit(main(mend="--mend" in sys.argv[1:]))
