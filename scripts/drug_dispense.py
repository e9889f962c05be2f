"""Dispenses a pack of the sample lot as the pharmacy of the sandbox.

Runs as `python scripts/drug_dispense.py [CODE]` and as `brownie run drug_dispense`, on the local chain or the one
that MEDTRUST_CHAIN names.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from medtrust.sandbox import ORGANISATIONS
from medtrust.sandbox_goods import PACK, in_the_pharmacy


def main(code: str = PACK) -> None:
    """Dispense the pack that `code` names."""
    goods = in_the_pharmacy()
    receipt = goods.dispense(code, pharmacy=ORGANISATIONS["pharmacy"].id)
    print(f"dispensed {goods.name(receipt.event('PackDispensed').values['pack'])}, gas {receipt.gas_used:,}")


if __name__ == "__main__":
    main(*sys.argv[1:])
