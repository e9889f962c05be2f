"""Says what a scanned pack of the sample lot is.

Runs as `python scripts/drug_verify.py [CODE]` and as `brownie run drug_verify`, on the local chain or the one that
MEDTRUST_CHAIN names.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from medtrust.sandbox_goods import PACK, commissioned


def main(code: str = PACK) -> None:
    """Verify the pack that `code` names."""
    verdict = commissioned("pharmacy").verify(code)
    print(f"{verdict.name}: {verdict.sentence}")


if __name__ == "__main__":
    main(*sys.argv[1:])
