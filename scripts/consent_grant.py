"""Signs a consent of the sandbox's invented patient to the hospital, for treatment, and has a relayer grant it.

Runs as `python scripts/consent_grant.py [FILE]` and as `brownie run consent_grant`, on the local chain or the one that
MEDTRUST_CHAIN names. FILE is where the receipt goes.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from medtrust.consent import DataClass, Purpose
from medtrust.consent_receipt import write_receipt
from medtrust.sandbox import ORGANISATIONS, connect

DAY = 86_400


def main(file: str = "consent.json") -> None:
    """Sign as the patient, who needs no ETH, and send as somebody else."""
    patient = connect("stranger")
    consent = patient.consent.draft(
        ORGANISATIONS["hospital"].id,
        Purpose.TREAT,
        DataClass.IMMUNIZATION | DataClass.ALLERGY,
        until=patient.chain.now() + 30 * DAY,
    )
    receipt = patient.consent.sign(consent)
    write_receipt(Path(file), receipt)
    granted = connect("relayer").consent.grant_by_sig(receipt)
    print(f"consent 0x{receipt.id.hex()}: receipt {file}, gas {granted.gas_used:,}")


if __name__ == "__main__":
    main(*sys.argv[1:])
