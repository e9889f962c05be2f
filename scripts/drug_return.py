"""Sends a pack of the sample lot back from the pharmacy of the sandbox to who sold it.

Runs as `python scripts/drug_return.py [CODE]` and as `brownie run drug_return`, on the local chain or the one that
MEDTRUST_CHAIN names.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from medtrust.sandbox import ORGANISATIONS
from medtrust.sandbox_goods import PACK, WEEK, in_the_pharmacy


def main(code: str = PACK) -> None:
    """Ship what `code` names back, to be received within a week."""
    goods = in_the_pharmacy()
    until = goods.suite.chain.now() + WEEK
    offer, receipt = goods.give_back(code, sender=ORGANISATIONS["pharmacy"].id, until=until)
    print(f"{goods.name(offer.unit)} is on its way back to 0x{offer.receiver.hex()[:12]}, gas {receipt.gas_used:,}")


if __name__ == "__main__":
    main(*sys.argv[1:])
