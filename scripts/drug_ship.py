"""Ships a container or pack of the sample lot between two organisations of the sandbox.

Runs as `python scripts/drug_ship.py [CODE] [FROM] [TO]` and as `brownie run drug_ship`, on the local chain or the one
that MEDTRUST_CHAIN names.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from medtrust.sandbox import ORGANISATIONS
from medtrust.sandbox_goods import PALLET, WEEK, commissioned


def main(code: str = PALLET, sender: str = "maker", receiver: str = "wholesaler") -> None:
    """Ship what `code` names from `sender` to `receiver`, to be received within a week."""
    goods = commissioned(sender)
    until = goods.suite.chain.now() + WEEK
    here, there = ORGANISATIONS[sender].id, ORGANISATIONS[receiver].id
    offer, receipt = goods.ship(code, sender=here, receiver=there, until=until)
    print(f"{goods.name(offer.unit)} is on its way from {sender} to {receiver}, gas {receipt.gas_used:,}")


if __name__ == "__main__":
    main(*sys.argv[1:])
