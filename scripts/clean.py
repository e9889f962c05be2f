"""Delete what tools built and keep, so that the next run starts anew; the environments and node_modules stay."""

from __future__ import annotations

import shutil
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
CACHES = (
    *(f".medtrust/{name}" for name in ("brownie-home", "cache", "setup", "solc")),  # keys and journals stay
    ".mypy_cache",
    ".pytest_cache",
    ".ruff_cache",
    ".hypothesis",
    "build",
    "reports",
    "dist",
)


def main() -> None:
    """Delete the caches and say which were there."""
    there = [ROOT / name for name in CACHES if (ROOT / name).exists()]
    for folder in there:
        shutil.rmtree(folder)
    print(f"deleted {', '.join(str(folder.relative_to(ROOT)) for folder in there) or 'nothing'}")


if __name__ == "__main__":
    main()
