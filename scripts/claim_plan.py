"""Publishes the sample plan as the insurer of the sandbox, enrols the sample's patient, and funds the account.

Runs as `python scripts/claim_plan.py` and as `brownie run claim_plan`, on the local chain or the one that
MEDTRUST_CHAIN names.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from medtrust.money import format_amount
from medtrust.sandbox import ORGANISATIONS, connect
from medtrust.sandbox_claims import insured


def main() -> None:
    """Publish, enrol and fund; what stands already is left as it is."""
    policy = insured()
    suite = connect("insurer")
    account = suite.pool.account_of(ORGANISATIONS["insurer"].id)
    free = format_amount(account.free if account else 0, suite.token.decimals())
    print(f"plan 0x{policy.plan.hex()}\npolicy 0x{policy.id.hex()}\nfree {free} {suite.token.symbol()}")


if __name__ == "__main__":
    main(*sys.argv[1:])
