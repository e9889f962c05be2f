"""Settles a claim that waits to be decided or paid; without an id, every one that waits.

Runs as `python scripts/claim_settle.py [CLAIM]` and as `brownie run claim_settle`, on the local chain or the one that
MEDTRUST_CHAIN names.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from medtrust.billing import Billing
from medtrust.errors import Reverted
from medtrust.sandbox import connect
from medtrust.sandbox_claims import waiting
from medtrust.types import bytes32


def main(claim: str | None = None) -> None:
    """Settle the claim of an id (0x and 64 digits), or every one that waits."""
    suite = connect("clinic")
    visits = [suite.visits.visit_of(bytes32(claim))] if claim else waiting()
    for visit in visits:
        try:
            gas_used = sum(receipt.gas_used for receipt in Billing(suite).settle(visit))
            print(f"0x{visit.id.hex()}: {suite.insurance.claim_of(visit).status.name}, gas {gas_used:,}")
        except Reverted as refused:
            print(f"0x{visit.id.hex()}: {refused.sentence}")
    if not visits:
        print("no claim waits")


if __name__ == "__main__":
    main(*sys.argv[1:])
