"""Deploys the suite on the local chain or the one that MEDTRUST_CHAIN names; run again, it deploys what is missing.

Runs as `python scripts/deploy.py` and as `brownie run deploy`.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from medtrust.sandbox import connect


def main() -> None:
    """Deploy, accredit everyone, and print where each contract stands."""
    suite = connect("steward")
    for name in suite.book.names():
        print(f"{name:24}{suite.book.get(name).address}")


if __name__ == "__main__":
    main()
