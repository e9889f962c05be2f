"""Records the sample visit, or that of a file, as the clinic of the sandbox; it is decided and paid in one transaction.

Runs as `python scripts/claim_visit.py [FILE]` and as `brownie run claim_visit`, on the local chain or the one that
MEDTRUST_CHAIN names.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from medtrust.sandbox import connect
from medtrust.sandbox_claims import filed


def main(file: str | None = None) -> None:
    """Record the visit in `file` (FHIR Claim or HL7 v2 DFT), or the sample, and print the explanation."""
    done = filed(Path(file).read_bytes(), file) if file else filed()
    token = connect("clinic").token
    print(done.explanation.letter(token.decimals(), token.symbol()))
    print(f"gas {done.receipt.gas_used:,}" if done.receipt else "It was recorded before.")


if __name__ == "__main__":
    main(*sys.argv[1:])
