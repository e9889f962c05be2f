"""Explains a claim line by line, as an insurer's letter does; without an id, that of the sample visit.

Runs as `python scripts/claim_explain.py [CLAIM]` and as `brownie run claim_explain`, on the local chain or the one that
MEDTRUST_CHAIN names.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from medtrust.sandbox import connect
from medtrust.sandbox_claims import filed
from medtrust.types import bytes32


def main(claim: str | None = None) -> None:
    """Explain the claim of an id (0x and 64 digits), or of the sample visit, which is recorded first if need be."""
    suite = connect("clinic")
    visit = suite.visits.visit_of(bytes32(claim)) if claim else filed().visit
    print(suite.insurance.explain(visit).letter(suite.token.decimals(), suite.token.symbol()))


if __name__ == "__main__":
    main(*sys.argv[1:])
