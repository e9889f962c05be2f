"""Vaccination: batches of doses that a clinic anchored, and what stands about each dose."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from medtrust.certificate import Certificate, Flaw
from medtrust.chain import Event, Receipt
from medtrust.contract import Client
from medtrust.verdict import Advisory, Status, Verdict

__all__ = ["Advisory", "Batch", "Status", "VaccinationClient", "Verdict"]

_NOW: Final = 2**64 - 1


_REASONS: Final = {
    Status.ACTIVE: Flaw("Active", "an accredited vaccinator anchored this dose and has not withdrawn it"),
    Status.SUPERSEDED: Flaw("Superseded", "a correction took the place of this dose"),
    Status.REVOKED: Flaw("Revoked", "the dose was withdrawn"),
    Status.ISSUER_UNTRUSTED: Flaw("IssuerUntrusted", "the issuer could not be trusted when it anchored this dose"),
}


@dataclass(frozen=True)
class Batch:
    """What the chain keeps of a batch: when it was anchored (Unix seconds), how many doses it has, who signed."""

    anchored_at: int
    size: int
    signer: str


class VaccinationClient(Client):
    """Calls to one deployed VaccinationRegistry."""

    artifact = "VaccinationRegistry"

    def anchor(
        self,
        organisation: bytes,
        root: bytes,
        size: int,
        *,
        lots: Sequence[bytes] = (),
        announce: Callable[[str], None] | None = None,
    ) -> Receipt:
        """Record a batch of `size` doses (1 to 2^20) under `root` (32 bytes), from these lots (ids, at most 256).

        `announce` is told the hash of the transaction before it is sent, so that a run after a crash can find it.

        Raises `Reverted` with error "NotAuthorised", "EmptyRoot", "InvalidSize", "BatchExists", "TooManyLots", or, by
        how a lot stands, "UnknownLot", "LotRecalled", "LotQuarantined" or "LotExpired".
        """
        return self._send("anchor", organisation, root, size, list(lots), announce=announce)

    def revoke(self, organisation: bytes, root: bytes, index: int) -> Receipt:
        """Withdraw one dose for ever.

        Raises `Reverted` with error "UnknownDose", "NotAuthorised" or "DoseAlreadyRevoked".
        """
        return self._send("revoke", organisation, root, index)

    def verify(self, certificate: Certificate, *, at: int | None = None) -> Verdict:
        """Say what stands about `certificate`, now or as of a time (Unix seconds).

        The certificate is checked from the fields up to the root, and then the registry that this client knows, never
        one that the certificate names, is asked once. Whatever is not proven is UNKNOWN. Never raises `Reverted`.
        """
        flaw = certificate.flaw() or self._flaw_of_place(certificate)
        if flaw:
            return _unknown(certificate, flaw)
        raw = self._call(
            "verify",
            certificate.organisation,
            certificate.root,
            certificate.dose,
            certificate.proof,
            _NOW if at is None else at,
        )
        status = Status(raw["status"])
        claimed = (certificate.anchored_at, certificate.size)
        if status is Status.UNKNOWN or (raw["anchoredAt"], raw["size"]) != claimed:
            return _unknown(certificate, self._flaw_of_batch(certificate))
        return Verdict(
            status=status,
            reason=_REASONS[status].reason,
            sentence=_REASONS[status].sentence,
            advisories=Advisory(raw["advisories"]),
            issuer=certificate.issuer,
            signer=raw["signer"],
            anchored_at=raw["anchoredAt"],
            shown=certificate.values,
        )

    def _flaw_of_place(self, certificate: Certificate) -> Flaw | None:
        if certificate.chain_id != self.chain.id:
            return Flaw("OtherChain", f"it is of chain {certificate.chain_id}, asked is chain {self.chain.id}")
        if certificate.registry != self.address:
            return Flaw("OtherRegistry", f"it is of the registry {certificate.registry}, trusted is {self.address}")
        return None

    def _flaw_of_batch(self, certificate: Certificate) -> Flaw:
        """Say why the registry does not know a certificate that fits together."""
        batch = self.batch_of(certificate.organisation, certificate.root)
        if batch is None:
            return Flaw("NotAnchored", f"{certificate.issuer} never anchored this batch")
        if batch.size != certificate.size:
            return Flaw("SizeChanged", f"the batch has {batch.size} doses, the certificate says {certificate.size}")
        if batch.anchored_at != certificate.anchored_at:
            sentence = f"the batch was anchored at {batch.anchored_at}, the certificate says {certificate.anchored_at}"
            return Flaw("AnchorTimeChanged", sentence)
        return Flaw("NotYetAnchored", f"the batch was anchored at {batch.anchored_at}, after the time asked about")

    def batch_of(self, organisation: bytes, root: bytes) -> Batch | None:
        """What the chain keeps of a batch; None if it was never anchored."""
        raw = self._call("batchOf", organisation, root)
        if raw["anchoredAt"] == 0:
            return None
        return Batch(raw["anchoredAt"], raw["size"], raw["signer"])

    def is_revoked(self, organisation: bytes, root: bytes, index: int) -> bool:
        """Whether a dose was withdrawn."""
        return bool(self._call("isRevoked", organisation, root, index))

    def batches_of(self, organisation: bytes) -> list[Event]:
        """Read the events BatchAnchored of an organisation, oldest first."""
        return self._events("BatchAnchored", indexed={"organisation": organisation})


def _unknown(certificate: Certificate, flaw: Flaw) -> Verdict:
    return Verdict(
        status=Status.UNKNOWN,
        reason=flaw.reason,
        sentence=flaw.sentence,
        advisories=Advisory(0),
        issuer=certificate.issuer,
        signer="",
        anchored_at=0,
        shown={},
    )
