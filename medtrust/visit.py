"""Visits: what a provider records of one, its id, and what the member signs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

from eth_abi.abi import encode

from medtrust.adjudication import Line
from medtrust.keccak import keccak256
from medtrust.signing import TypedData

__all__ = ["ATTESTATION", "MAX_LINES", "Visit"]

MAX_LINES: Final = 25

ATTESTATION: Final = TypedData("VisitAttestation", {"VisitAttestation": {"visit": "bytes32"}})
"""What a member signs to say that a visit took place."""

_TYPE = "(bytes32,address,bytes32,address,uint64,(uint16,uint32,uint128)[],bytes32,bytes32)"


@dataclass(frozen=True)
class Visit:
    """One visit of a member to a provider, as the visit registry takes it.

    `provider` organisation id · `payer` the address of the claims contract · `policy` id · `member` the pseudonym that
    this insurer knows · `served_at` when care was given (Unix seconds) · `lines` 1 to 25 · `record` the salted
    commitment to the canonical claim · `nullifier` the keyed hash of the encounter.
    """

    provider: bytes
    payer: str
    policy: bytes
    member: str
    served_at: int
    lines: tuple[Line, ...]
    record: bytes
    nullifier: bytes

    @cached_property
    def id(self) -> bytes:
        """The visit's id: keccak256 of its ABI encoding."""
        lines = [(line.benefit, line.units, line.charge) for line in self.lines]
        value = (
            self.provider,
            self.payer,
            self.policy,
            self.member,
            self.served_at,
            lines,
            self.record,
            self.nullifier,
        )
        return keccak256(encode([_TYPE], [value]))

    @property
    def charge(self) -> int:
        """What the provider charges in all."""
        return sum(line.charge for line in self.lines)

    @classmethod
    def from_values(cls, values: Mapping[str, Any]) -> Visit:
        """Take a visit from the values of an event."""
        return cls(
            provider=values["provider"],
            payer=values["payer"],
            policy=values["policy"],
            member=values["member"],
            served_at=values["servedAt"],
            lines=tuple(Line(line["benefit"], line["units"], line["charge"]) for line in values["lines"]),
            record=values["record"],
            nullifier=values["nullifier"],
        )
