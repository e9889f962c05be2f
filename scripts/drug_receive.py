"""Receives a container or pack of the sample lot that is on its way to an organisation of the sandbox.

Runs as `python scripts/drug_receive.py [CODE] [TO]` and as `brownie run drug_receive`, on the local chain or the one
that MEDTRUST_CHAIN names.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from medtrust.sandbox_goods import PALLET, on_its_way


def main(code: str = PALLET, receiver: str = "wholesaler") -> None:
    """Receive what `code` names as `receiver`; its holder ships it first if nobody did."""
    goods = on_its_way(code, receiver)
    offer, receipt = goods.receive(code)
    print(f"{receiver} holds {goods.name(offer.unit)}, gas {receipt.gas_used:,}")


if __name__ == "__main__":
    main(*sys.argv[1:])
