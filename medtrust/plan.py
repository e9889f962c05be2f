"""Plans and policies: the terms of an insurer's plan version, what a member holds of it, and their ids."""

from __future__ import annotations

from dataclasses import astuple, dataclass
from functools import cached_property

from eth_abi.abi import decode, encode

from medtrust.adjudication import BenefitTerms, Line, Terms
from medtrust.keccak import keccak256

__all__ = ["Plan", "Policy"]

_TERMS_TYPE = "(uint96,uint96,uint96,uint96,uint16,uint16,bool,uint96,uint96,uint16,uint16,uint8,uint8)"
_PLAN_TYPE = f"(bytes32,{_TERMS_TYPE},(uint16,uint96,uint96,uint16,uint16,uint16)[],bytes32[])"
_POLICY_TYPE = "(bytes32,address,uint64,uint64)"


@dataclass(frozen=True)
class Plan:
    """One version of a plan.

    `insurer` organisation id · `terms` what holds for a whole policy · `benefits` what it covers, in rising order ·
    `network` ids of the providers that it pays, in rising order; none in an open plan.
    """

    insurer: bytes
    terms: Terms
    benefits: tuple[BenefitTerms, ...]
    network: tuple[bytes, ...] = ()

    @cached_property
    def encoded(self) -> bytes:
        """The plan's ABI encoding."""
        benefits = [astuple(one) for one in self.benefits]
        return encode([_PLAN_TYPE], [(self.insurer, astuple(self.terms), benefits, list(self.network))])

    @cached_property
    def id(self) -> bytes:
        """The plan's id: keccak256 of its ABI encoding."""
        return keccak256(self.encoded)

    @classmethod
    def decode(cls, content: bytes) -> Plan:
        """Read a plan from its ABI encoding, as the event of its publication holds it."""
        ((insurer, terms, benefits, network),) = decode([_PLAN_TYPE], content)
        return cls(insurer, Terms(*terms), tuple(BenefitTerms(*one) for one in benefits), tuple(network))

    def terms_for(self, line: Line) -> BenefitTerms | None:
        """Return the terms for the benefit of a line; None if the plan does not cover it."""
        return next((one for one in self.benefits if one.benefit == line.benefit), None)


@dataclass(frozen=True)
class Policy:
    """What a member holds: `plan` id, `member` pseudonym, and the time that it covers (Unix seconds), half-open."""

    plan: bytes
    member: str
    valid_from: int
    valid_until: int

    @cached_property
    def id(self) -> bytes:
        """The policy's id: keccak256 of its ABI encoding."""
        return keccak256(encode([_POLICY_TYPE], [(self.plan, self.member, self.valid_from, self.valid_until)]))
