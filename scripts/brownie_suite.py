"""Run Brownie in its own environment, with a home of its own, the pinned compiler and a free port.

Without arguments it runs tests/brownie; with arguments it runs that Brownie command: `run demo`, `console`.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys

import setup

from medtrust.node import HARDFORK, find_anvil
from medtrust.solc import find_solc, solc_folder

ROOT = setup.ROOT
VENV = ROOT / ".venv-brownie"
HOME = ROOT / ".medtrust" / "brownie-home"
INPUTS = ["pyproject.toml", "tests/brownie/constraints.txt", "tests/brownie/requirements.txt"]


def main(*arguments: str) -> int:
    """Set up what is missing, run Brownie and return its exit code."""
    try:
        setup.step(install_brownie, INPUTS, [VENV / "bin" / "brownie"])
    except setup.StepFailed as failure:
        print(f"\nmake brownie: {failure}", file=sys.stderr)
        return 1
    find_solc(ROOT)
    port = free_port()
    environment = environment_at(port)
    brownie = str(VENV / "bin" / "brownie")
    chain = ["networks", "modify", "development", f"port={port}", f"evm_version={HARDFORK}", "accounts=20"]
    subprocess.run([brownie, *chain], cwd=ROOT, env=environment, check=True, stdout=subprocess.DEVNULL)
    return subprocess.run(
        [brownie, *(arguments or ("test", "tests/brownie"))], cwd=ROOT, env=environment, check=False
    ).returncode


def install_brownie() -> None:
    """Install Brownie, and medtrust as Brownie's pins allow, into .venv-brownie."""
    setup.make_environment(VENV)
    pins = ["--constraint", INPUTS[1], "--requirement", INPUTS[2]]
    setup.run(
        [VENV / "bin" / "python", *setup.PIP_INSTALL, *pins, "--editable", "."],
        f"pip could not install Brownie. Is the package index reachable? {setup.REACH.format('pip')}",
    )


def environment_at(port: int) -> dict[str, str]:
    """Name what Brownie looks up in its environment: the home of its settings, Anvil, node, the compiler, our chain."""
    HOME.mkdir(parents=True, exist_ok=True)
    path = [VENV / "bin", find_anvil(ROOT).parent, setup.NODE.parent, os.environ.get("PATH", os.defpath)]
    return {
        **os.environ,
        "HOME": str(HOME),
        "PATH": os.pathsep.join(str(folder) for folder in path),
        "SOLCX_BINARY_PATH": str(solc_folder(ROOT)),
        "MEDTRUST_CHAIN": f"http://127.0.0.1:{port}",
    }


def free_port() -> int:
    """Find a port that nothing listens on, so that Brownie starts its own chain instead of joining another."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
