"""Dossiers: what a claim is about and has counted, as its newest event shows it; whoever acts on a claim brings it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from medtrust.adjudication import Benefit
from medtrust.keccak import keccak256
from medtrust.types import ZERO_HASH

__all__ = ["NO_DOSSIER", "Dossier", "claim_key", "pair_of"]

_AMOUNT_BITS: Final = 102
_UNIT_BITS: Final = 11


@dataclass(frozen=True)
class Dossier:
    """What a claim is about and what it has counted, beside its amount.

    `visit` and `policy` ids · `provider` who is paid · `nullifier` of the visit · `key` where the claim is kept
    (`claim_key`) · `day` the service day, counted from 1970 · `allowed` the most
    that it may ever pay · `deductible`, `out_of_pocket`, `unattested` and `visits` what it counted so · `counted` what
    it counted for the service day: the amount in the low 102 bits, then 11 bits of units for each benefit · `interest`
    what was paid as such · `decided_at` when it was first decided (Unix seconds) · `salt` a block's hash.
    """

    visit: bytes
    policy: bytes
    provider: bytes
    nullifier: bytes
    key: bytes
    day: int
    allowed: int
    deductible: int
    out_of_pocket: int
    unattested: int
    counted: int
    visits: int
    interest: int
    decided_at: int
    salt: bytes

    @classmethod
    def from_values(cls, values: Mapping[str, Any]) -> Dossier:
        """Take a dossier from the values of an event."""
        return cls(*values.values())

    @property
    def plan_paid(self) -> int:
        """What it counted as paid by the plan for its service day."""
        return self.counted % (1 << _AMOUNT_BITS)

    @property
    def units(self) -> dict[int, int]:
        """The units that it counted for its service day, by benefit."""
        words = {int(one): self.counted >> (_AMOUNT_BITS + _UNIT_BITS * (one - 1)) for one in Benefit}
        units = {one: word % (1 << _UNIT_BITS) for one, word in words.items()}
        return {one: count for one, count in units.items() if count}


NO_DOSSIER: Final = Dossier(ZERO_HASH, ZERO_HASH, ZERO_HASH, ZERO_HASH, ZERO_HASH, 0, 0, 0, 0, 0, 0, 0, 0, 0, ZERO_HASH)
"""That of a claim which was never decided."""


def claim_key(nullifier: bytes, *, is_first: bool = True) -> bytes:
    """Where the claim of an encounter is kept: on the policy that its visit names, or on a second one."""
    return keccak256(nullifier + int(is_first).to_bytes(32, "big"))


def pair_of(policy: bytes, provider: bytes) -> bytes:
    """What a provider does for a policy, as the subject of a hold: the chain places one when a claim is taken back."""
    return keccak256(policy + provider)
