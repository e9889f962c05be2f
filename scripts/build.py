"""Compile the contracts and bring the shipped artifacts up to date: all of them, or only those that are named."""

from __future__ import annotations

import sys

from medtrust.compiler import compile_project, find_root, warnings_of, write_artifacts
from medtrust.errors import MedtrustError


def main(*contracts: str) -> None:
    """Compile, write medtrust/artifacts, and print what changed and what the compiler warns of."""
    root = find_root()
    changed = write_artifacts(root, contracts or None)
    if contracts:
        print(f"wrote {', '.join(changed) or 'nothing: all are up to date'}")
        return
    built = compile_project(root)
    largest = max(built.values(), key=lambda artifact: artifact.deployed_size)
    print(f"compiled {len(built)} contracts; the largest, {largest.name}: {largest.deployed_size:,} of 24,576 bytes")
    print(f"artifacts: {', '.join(changed) or 'all up to date'}")
    for warning in warnings_of(root):
        print(f"warning: {warning}")


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except MedtrustError as error:
        sys.exit(str(error))
