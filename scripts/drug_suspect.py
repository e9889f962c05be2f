"""Stops a unit of the sample lot as suspect, as the pharmacy of the sandbox, and lets the regulator clear it.

Runs as `python scripts/drug_suspect.py [CODE]` and as `brownie run drug_suspect`, on the local chain or the one that
MEDTRUST_CHAIN names.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from medtrust.goods import Goods
from medtrust.reasons import committed
from medtrust.sandbox import ORGANISATIONS
from medtrust.sandbox_goods import CASE, in_the_pharmacy


def main(code: str = CASE) -> None:
    """Flag what `code` names, and clear it."""
    goods = in_the_pharmacy()
    flagged = goods.suspect(ORGANISATIONS["pharmacy"].id, code)
    regulator = Goods(goods.suite.acting_as("regulator"), goods.file)
    _, why = committed("the seal was ours")
    cleared = regulator.resolve(ORGANISATIONS["regulator"].id, code, is_cleared=True, justification=why)
    name = goods.name(goods.item(code).unit)
    print(f"{name} was suspect, gas {flagged.gas_used:,}, and is cleared, gas {cleared.gas_used:,}")


if __name__ == "__main__":
    main(*sys.argv[1:])
