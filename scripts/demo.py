"""Tells one story through every contract on a local chain of its own; the same as `medtrust demo`.

Runs as `python scripts/demo.py` and as `brownie run demo`.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from medtrust.cli.demo import demo


def main() -> None:
    """Tell the story."""
    demo()


if __name__ == "__main__":
    main()
