"""Judgement: one verdict about a certificate, whether a chain or a signed checkpoint answers for the registry."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Protocol

from medtrust.certificate import Certificate, Flaw
from medtrust.types import ZERO_HASH
from medtrust.verdict import Advisory, Status, Verdict

__all__ = ["Batch", "Registry", "Standing", "judge", "unknown"]

_REASONS: Final = {
    Status.ACTIVE: Flaw("Active", "an accredited vaccinator anchored this dose and has not withdrawn it"),
    Status.SUPERSEDED: Flaw("Superseded", "a correction took the place of this dose"),
    Status.REVOKED: Flaw("Revoked", "the dose was withdrawn"),
    Status.ISSUER_UNTRUSTED: Flaw("IssuerUntrusted", "the issuer could not be trusted when it anchored this dose"),
}
_IN_ERROR: Final = Flaw("EnteredInError", "the dose was never given as recorded")


@dataclass(frozen=True, slots=True)
class Batch:
    """What the chain keeps of a batch: when it was anchored (Unix seconds), how many doses it has, who signed."""

    anchored_at: int
    size: int
    signer: str


@dataclass(frozen=True, slots=True)
class Standing:
    """What a registry answers about a dose that stands in one of its batches.

    `successor` is the 32-byte id of the dose that took its place, zero if none did.
    """

    status: Status
    advisories: Advisory
    batch: Batch
    successor: bytes = ZERO_HASH


class Registry(Protocol):
    """What answers for a registry: a client of the chain, or a checkpoint."""

    @property
    def unfit(self) -> Flaw | None:
        """Why it cannot answer for the registry; None if it can."""

    @property
    def chain_id(self) -> int:
        """The chain that it speaks of."""

    @property
    def address(self) -> str:
        """The contract that it speaks of."""

    def batch_of(self, organisation: bytes, root: bytes) -> Batch | None:
        """What is kept of a batch; None if it was never anchored."""

    def standing_of(self, certificate: Certificate, at: int | None) -> Standing | None:
        """How the dose of a certificate stands as of a time; None if nothing is proven."""

    def controller_of(self, holder: str) -> str:
        """Who decides for a holder now."""


def judge(certificate: Certificate, registry: Registry, *, at: int | None = None) -> Verdict:
    """Say what stands about `certificate`, now or as of a time (Unix seconds).

    It is checked from the fields up to the root, and then `registry` is asked, which the verifier trusts, never one
    that the certificate names. Whatever is not proven is UNKNOWN.
    """
    flaw = certificate.flaw() or registry.unfit or _flaw_of_place(certificate, registry)
    if flaw:
        return unknown(certificate.issuer, flaw)
    standing = registry.standing_of(certificate, at)
    claimed = (certificate.anchored_at, certificate.size)
    if standing is None or (standing.batch.anchored_at, standing.batch.size) != claimed:
        flaw = _flaw_of_batch(certificate, registry.batch_of(certificate.organisation, certificate.root))
        return unknown(certificate.issuer, flaw)
    is_error = Advisory.ENTERED_IN_ERROR in standing.advisories
    told = _IN_ERROR if is_error else _REASONS[standing.status]
    return Verdict(
        status=standing.status,
        reason=told.reason,
        sentence=told.sentence,
        advisories=standing.advisories,
        issuer=certificate.issuer,
        signer=standing.batch.signer,
        anchored_at=standing.batch.anchored_at,
        shown=certificate.values,
        successor="" if standing.successor == ZERO_HASH else "0x" + standing.successor.hex(),
    )


def unknown(issuer: str, flaw: Flaw) -> Verdict:
    """Return the verdict about what is not proven, with the one step that failed."""
    return Verdict(
        status=Status.UNKNOWN,
        reason=flaw.reason,
        sentence=flaw.sentence,
        advisories=Advisory(0),
        issuer=issuer,
        signer="",
        anchored_at=0,
        shown={},
    )


def _flaw_of_place(certificate: Certificate, registry: Registry) -> Flaw | None:
    if certificate.chain_id != registry.chain_id:
        return Flaw("OtherChain", f"it is of chain {certificate.chain_id}, asked is chain {registry.chain_id}")
    if certificate.registry != registry.address:
        return Flaw("OtherRegistry", f"it is of the registry {certificate.registry}, trusted is {registry.address}")
    return None


def _flaw_of_batch(certificate: Certificate, batch: Batch | None) -> Flaw:
    """Say why a registry does not know a certificate that fits together."""
    if batch is None:
        return Flaw("NotAnchored", f"{certificate.issuer} never anchored this batch")
    if batch.size != certificate.size:
        return Flaw("SizeChanged", f"the batch has {batch.size} doses, the certificate says {certificate.size}")
    if batch.anchored_at != certificate.anchored_at:
        sentence = f"the batch was anchored at {batch.anchored_at}, the certificate says {certificate.anchored_at}"
        return Flaw("AnchorTimeChanged", sentence)
    return Flaw("NotYetAnchored", f"the batch was anchored at {batch.anchored_at}, after the time asked about")
