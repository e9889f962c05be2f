"""Asks, for the sandbox's hospital, whether a signed consent covers a look at immunizations for some purposes.

Runs as `python scripts/consent_check.py [FILE]` and as `brownie run consent_check`, on the local chain or the one that
MEDTRUST_CHAIN names. FILE is the receipt; without it, one is signed on the spot.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from medtrust import wallet
from medtrust.consent import Confidentiality, DataClass, Purpose, Request, SignedConsent
from medtrust.consent_receipt import read_receipt
from medtrust.sandbox import ORGANISATIONS, connect
from medtrust.suite import Suite

DAY = 86_400


def main(file: str | None = None) -> None:
    """Print an answer for each purpose; each refusal names the one thing that refused."""
    suite = connect("stranger")
    receipt = read_receipt(Path(file)) if file else _sign(suite)
    for purpose in (Purpose.TREAT, Purpose.HMARKT):
        request = Request(
            actor=wallet.role("hospital").address,
            organisation=ORGANISATIONS["hospital"].id,
            purpose=purpose,
            data_class=DataClass.IMMUNIZATION,
            sensitivity=Confidentiality.N,
            data_at=suite.chain.now(),
        )
        print(f"{purpose.name}: {suite.consent.check(receipt.consent, request, signature=receipt.signature)}")


def _sign(suite: Suite) -> SignedConsent:
    until = suite.chain.now() + DAY
    hospital = ORGANISATIONS["hospital"].id
    return suite.consent.sign(suite.consent.draft(hospital, Purpose.TREAT, DataClass.IMMUNIZATION, until=until))


if __name__ == "__main__":
    main(*sys.argv[1:])
