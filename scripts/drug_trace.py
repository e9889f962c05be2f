"""Prints the whole way of a pack or container of the sample lot.

Runs as `python scripts/drug_trace.py [CODE]` and as `brownie run drug_trace`, on the local chain or the one that
MEDTRUST_CHAIN names.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from medtrust.sandbox_goods import PACK, commissioned


def main(code: str = PACK) -> None:
    """Trace what `code` names."""
    goods = commissioned("pharmacy")
    for movement in goods.trace(code):
        print(
            f"{movement.at}  {movement.act.name:12}  {goods.name(movement.unit)}  0x{movement.organisation.hex()[:12]}"
        )


if __name__ == "__main__":
    main(*sys.argv[1:])
