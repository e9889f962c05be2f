"""What popular alternatives cost for the same operation: gas of whole transactions, measured on one local chain."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

__all__ = ["PEERS"]

PEERS: Final[Mapping[str, str]] = {
    "deploy the whole suite": "EAS alone 4.8M",
    "consent grant": "OpenZeppelin grantRole 51k (no scope, no time) · MedRec addViewer 123k-235k · EAS attest 200k",
    "consent grantBySig": "EAS attestByDelegation 216k",
    "consent revoke": "MedRec 50k · EAS revoke 60k",
    "consent check": "frankly-emr 9.4k (no purpose, no place, no class)",
    "vaccination anchor, 1 lot": "EAS multiAttest 165,900 a record · a certificate on chain 119k",
    "vaccination verify, 2^16": "EAS getAttestation 19k (no status)",
    "vaccination revoke": "EAS revokeOffchain 46k",
    "drug commission, any size": "ERC-1155 mintBatch 23.8k a pack · samples 118k-717k a pack",
    "ship and receive a pallet": "samples 116k-518k a hop",
    "drug dispense": "samples 38k-41k (no serial, no checks)",
    "visit to money, 1 line": "Etherisc GIF 2: 1,015,631 in one transaction · GIF 3: 1,732,938",
}
"""By the name of our operation; "" for none is left out. Amounts are gas; what a peer leaves out stands in brackets."""
