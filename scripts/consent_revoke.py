"""Revokes a signed consent of the sandbox's invented patient, or all consents of that patient; a relayer sends it.

Runs as `python scripts/consent_revoke.py [FILE]` and as `brownie run consent_revoke`, on the local chain or the one
that MEDTRUST_CHAIN names. FILE is the receipt; without it, everything is revoked.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from medtrust import wallet
from medtrust.consent_receipt import read_receipt
from medtrust.sandbox import connect

HOUR = 3600


def main(file: str | None = None) -> None:
    """Sign the revocation as the patient, who needs no ETH, and send it as somebody else."""
    patient, relayer = connect("stranger").consent, connect("relayer").consent
    address = wallet.role("stranger").address
    deadline = patient.chain.now() + HOUR
    if file:
        consent = read_receipt(Path(file)).id
        signature = patient.sign_revoke(consent, deadline=deadline)
        done = relayer.revoke_by_sig(address, consent, signature, deadline=deadline)
        print(f"revoked 0x{consent.hex()}, gas {done.gas_used:,}")
    else:
        epoch = patient.epoch_of(address)
        signature = patient.sign_revoke_all(epoch=epoch, deadline=deadline)
        done = relayer.revoke_all_by_sig(address, signature, epoch=epoch, deadline=deadline)
        print(f"revoked all consents of {address}, gas {done.gas_used:,}")


if __name__ == "__main__":
    main(*sys.argv[1:])
