"""Trees: ours beside those of JavaScript, each from the same leaf hashes to a tree that can prove every leaf."""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from medtrust.bench.figures import Figure, Stopwatch
from medtrust.errors import MedtrustError, ToolMissing
from medtrust.merkle import MerkleTree

__all__ = ["bench_trees"]

_HASH: Final = 32
_SCRIPT: Final = Path("scripts") / "bench_trees.js"


def bench_trees(root: Path, scratch: Path, count: int, peers_count: int) -> Iterator[Figure]:
    """Yield the seconds that a tree takes: ours of `count` leaves, then ours and the peers' of `peers_count`.

    All build from the same random leaf hashes, sort them, keep every node, and prove one leaf; their roots must agree,
    but for merkletreejs, which hashes other pairs where the number of leaves is no power of two. Raises `ToolMissing`
    without node or the libraries, `MedtrustError` if one ends without a tree, `AssertionError` if a root differs.
    """
    yield from _ours(count, scratch)[0]
    (ours, cores), expected = _ours(peers_count, scratch)
    if peers_count != count:
        yield from (ours, cores)
    for name in ("@openzeppelin/merkle-tree", "merkletreejs"):
        found = _theirs(root, name, scratch / f"leaves-{peers_count}")
        if name.startswith("@openzeppelin") and found["root"] != expected:
            raise AssertionError(f"{name} says {found['root']}, we say {expected}")
        what = f"tree of {peers_count:,} leaves, proof-ready: {name} {found['version']}"
        yield Figure(what, found["seconds"], "s")
        yield Figure("  the same in seconds of a core", found["coreSeconds"], "s")
        yield Figure(f"  times as long as ours ({name})", found["seconds"] / ours.value, "times", goal=found["goal"])


def _ours(count: int, scratch: Path) -> tuple[tuple[Figure, Figure], str]:
    draw = random.Random(count)  # noqa: S311  leaves that anyone can draw again
    data = draw.randbytes(_HASH * count)
    (scratch / f"leaves-{count}").write_bytes(data)
    leaves = [data[at : at + _HASH] for at in range(0, len(data), _HASH)]
    watch = Stopwatch()
    with watch.running():
        tree = MerkleTree(leaves)
        tree.proof(count // 2)
    goal = "<= 4" if count == 1_000_000 else ""
    figures = (
        Figure(f"tree of {count:,} leaves, proof-ready: medtrust", watch.seconds, "s", goal),
        Figure("  the same in seconds of a core", watch.core_seconds, "s", goal),
    )
    return figures, "0x" + tree.root.hex()


def _theirs(root: Path, name: str, leaves: Path) -> dict[str, Any]:
    node = shutil.which("node", path=f"{root / '.venv' / 'bin'}{os.pathsep}{os.environ.get('PATH', '')}")
    if node is None or not (root / "node_modules" / name).is_dir():
        raise ToolMissing(name, "run `make setup` in a clone of the repository")
    command = [node, "--max-old-space-size=12000", str(root / _SCRIPT), name, str(leaves)]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True)
    if done.returncode:
        raise MedtrustError(f"{name} ended with exit code {done.returncode}: {done.stderr[-300:]}")
    return {**json.loads(done.stdout), "goal": ">= 40" if name.startswith("@openzeppelin") else ""}
