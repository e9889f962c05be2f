"""Recalls the sample lot as the regulator of the sandbox.

Runs as `python scripts/drug_recall.py [CLASS] [DEPTH]` and as `brownie run drug_recall`, on the local chain or the
one that MEDTRUST_CHAIN names.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from medtrust.drugs import RecallClass, RecallDepth
from medtrust.sandbox import ORGANISATIONS
from medtrust.sandbox_goods import commissioned


def main(class_: str = "1", depth: str = "consumer") -> None:
    """Recall with a class of 1 (can kill) to 3, to the depth wholesale, retail or consumer."""
    goods = commissioned("regulator")
    regulator = ORGANISATIONS["regulator"].id
    receipt = goods.recall(regulator, RecallClass(int(class_)), depth=RecallDepth[depth.upper()])
    print(f"lot {goods.file.lot_number} is recalled, gas {receipt.gas_used:,}")


if __name__ == "__main__":
    main(*sys.argv[1:])
