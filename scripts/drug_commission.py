"""Commissions a lot as the maker of the sandbox, with its company prefix if nobody has it; without a file, the sample.

Runs as `python scripts/drug_commission.py [FILE]` and as `brownie run drug_commission`, on the local chain or the one
that MEDTRUST_CHAIN names.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from medtrust import samples
from medtrust.goods import Goods
from medtrust.lotfile import LotFile
from medtrust.sandbox import ORGANISATIONS, connect


def main(file: str | None = None) -> None:
    """Commission the lot in `file`, or the sample."""
    with samples.path("lot.json") as sample:
        lot = LotFile.read(Path(file) if file else sample)
    regulator = connect("regulator").drugs
    if regulator.prefix_owner_of(lot.company_prefix) is None:
        regulator.assign_prefix(ORGANISATIONS["regulator"].id, ORGANISATIONS["maker"].id, lot.company_prefix)
    receipt = Goods(connect("maker"), lot).commission()
    print(f"lot {lot.lot_number} of {lot.gtin}: {lot.packed.size} packs, gas {receipt.gas_used:,}")


if __name__ == "__main__":
    main(*sys.argv[1:])
