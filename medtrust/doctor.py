"""Finds out what is missing on a machine, and says how to mend it."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from medtrust import artifacts, compiler, keccak, node
from medtrust.chain import Chain
from medtrust.deploy import PLAN, AddressBook
from medtrust.errors import MedtrustError
from medtrust.solc import find_node, find_solc
from medtrust.suite import find_target

__all__ = ["Finding", "examine"]


@dataclass(frozen=True)
class Finding:
    """One thing that is needed: whether it is well, what was found, and how to mend it ("" if nothing is amiss)."""

    what: str
    is_well: bool
    found: str
    mend: str = ""


def examine(root: Path | None = None) -> list[Finding]:
    """Look at everything that the commands rely on; a chain that does not run is told, but is not amiss."""
    findings = [_python(), _native("coincurve", "signing"), _native("tiny_keccak", "hashing"), _shipped()]
    try:
        place = root or compiler.find_root()
    except MedtrustError as error:
        return [*findings, Finding("a clone of the repository", True, f"none: {error}")]
    findings += [
        _look("node.js", lambda: str(find_node()), "run `make setup`"),
        _look("anvil", lambda: str(node.find_anvil(place)), "run `make setup`"),
        _look("solc", lambda: _solc(place), "run `make setup`"),
        _folder("OpenZeppelin", place / "node_modules" / "@openzeppelin" / "contracts"),
        _folder("ganache", place / "node_modules" / "ganache"),
        _up_to_date(place),
        _chain(),
    ]
    return findings


def _python() -> Finding:
    found = ".".join(str(part) for part in sys.version_info[:3])
    return Finding("Python 3.10 or newer", sys.version_info >= (3, 10), found, "")


def _native(module: str, work: str) -> Finding:
    is_there = importlib.util.find_spec(module) is not None
    how = "native" if is_there else "portable, about ten times slower"
    is_keccak = module == "tiny_keccak"
    if is_keccak and is_there and keccak.keccak256(b"")[:2] != b"\xc5\xd2":
        return Finding(f"{module} ({work})", False, "hashes otherwise than Ethereum", f"reinstall {module}")
    mend = "" if is_there else f"pip install {module.replace('_', '-')}"
    return Finding(f"{module} ({work})", is_there or is_keccak, how, mend)


def _shipped() -> Finding:
    missing = [step.contract for step in PLAN if step.contract not in artifacts.names()]
    found = f"without {', '.join(missing)}" if missing else f"{len(artifacts.names())} contracts"
    return Finding("artifacts", not missing, found, "run `make build`, or reinstall medtrust" if missing else "")


def _look(what: str, find: Callable[[], str], mend: str) -> Finding:
    try:
        return Finding(what, True, find())
    except MedtrustError as error:
        return Finding(what, False, str(error), mend)


def _solc(root: Path) -> str:
    solc = find_solc(root)
    try:
        return "native" if solc.is_native else "the npm build, twice as slow; same version and commit"
    finally:
        solc.close()


def _folder(what: str, folder: Path) -> Finding:
    is_there = folder.is_dir()
    return Finding(what, is_there, "there" if is_there else "not there", "" if is_there else "run `make setup`")


def _up_to_date(root: Path) -> Finding:
    try:
        stale = compiler.check_artifacts(root)
    except MedtrustError as error:
        return Finding("artifacts fit the sources", False, str(error), "mend the source, then `make build`")
    found = f"stale: {', '.join(stale)}" if stale else "yes"
    return Finding("artifacts fit the sources", not stale, found, "run `make build`" if stale else "")


def _chain() -> Finding:
    try:
        chain = Chain.connect(find_target("local"), timeout=3)
    except MedtrustError:
        return Finding("a running local chain", True, "none; `make up` starts one")
    known = AddressBook(chain.id).names()
    return Finding("a running local chain", True, f"chain {chain.id}, {len(known)} contracts in the address book")
