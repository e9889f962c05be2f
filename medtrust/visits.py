"""Visits: what providers recorded, each of which wakes the payer that it names."""

from __future__ import annotations

from dataclasses import dataclass

from medtrust.chain import Receipt
from medtrust.contract import Client
from medtrust.errors import InputError
from medtrust.signing import Domain, sign
from medtrust.visit import ATTESTATION, Visit

__all__ = ["Entry", "VisitClient"]


@dataclass(frozen=True)
class Entry:
    """What the chain keeps of a visit.

    `fingerprint` the first 24 bytes of its id · `recorded_at` Unix seconds · `role` the bit of the role in which the
    provider recorded it · `is_attested` whether the member signed it.
    """

    fingerprint: bytes
    recorded_at: int
    role: int
    is_attested: bool


class VisitClient(Client):
    """Calls to one deployed VisitRegistry."""

    artifact = "VisitRegistry"

    @property
    def domain(self) -> Domain:
        """The EIP-712 domain in which members attest visits."""
        return Domain("VisitRegistry", "1", self.chain.id, self.address)

    def record(self, visit: Visit, role: int, *, signature: bytes = b"") -> Receipt:
        """Record a visit in a role of the provider (one bit) and wake its payer; `signature` is the member's, if there
        is one.

        Raises `Reverted` with error "NotProviderRole", "NotAuthorised", "ZeroIdentifier", "InvalidLineCount",
        "ServedInFuture", "EncounterRecorded", "InvalidSignature" or "InsufficientGas"; never because of the payer.
        """
        return self._send("record", visit, int(role), signature)

    def void(self, visit: Visit) -> Receipt:
        """Take back a visit, as the provider that recorded it; its encounter may be recorded anew.

        Raises `Reverted` with error "UnknownVisit" or "NotAuthorised".
        """
        return self._send("void", visit)

    def attest(self, visit: Visit, signature: bytes) -> Receipt:
        """Add the member's signature to a recorded visit and wake its payer again.

        Raises `Reverted` with error "UnknownVisit", "VisitAlreadyAttested", "InvalidSignature" or "InsufficientGas".
        """
        return self._send("attest", visit, signature)

    def sign(self, visit: Visit) -> bytes:
        """Attest a visit as this client's signer, who decides for its member; nothing is sent.

        Raises `InputError` if there is no signer.
        """
        if self.signer is None:
            raise InputError(place="signer", found="nobody", expected=f"the member {visit.member}")
        return sign(bytes(self.signer.key), ATTESTATION.digest(self.domain, {"visit": visit.id}))

    def entry_of(self, nullifier: bytes) -> Entry | None:
        """What the chain keeps of the visit that used a nullifier; None if it is unused."""
        raw = self._call("entryOf", nullifier)
        if raw["recordedAt"] == 0:
            return None
        return Entry(raw["fingerprint"], raw["recordedAt"], raw["role"], raw["isAttested"])

    def recorded_at(self, visit: Visit) -> int:
        """When a visit that stands was recorded (Unix seconds).

        Raises `InputError` if it does not.
        """
        entry = self.entry_of(visit.nullifier)
        if entry is None or entry.fingerprint != visit.id[:24]:
            raise InputError(place="visit", found="0x" + visit.id.hex(), expected="a visit that stands")
        return entry.recorded_at

    def stands(self, visit: Visit) -> bool:
        """Whether exactly this visit is recorded, and was not taken back."""
        entry = self.entry_of(visit.nullifier)
        return entry is not None and entry.fingerprint == visit.id[:24]

    def visit_of(self, visit: bytes) -> Visit:
        """Read a recorded visit by its id, from its event.

        Raises `InputError` if no such visit is recorded.
        """
        found = self._events("VisitRecorded", indexed={"visit": visit})
        if not found:
            raise InputError(place="visit", found="0x" + visit.hex(), expected="the id of a recorded visit")
        return Visit.from_values(found[0].values["content"])

    def recorded(self, *, provider: bytes | None = None, member: str | None = None) -> list[Visit]:
        """Read the recorded visits in their order, all or those of a provider or of a member."""
        wanted = {"provider": provider, "member": member}
        indexed = {name: value for name, value in wanted.items() if value is not None}
        return [Visit.from_values(event.values["content"]) for event in self._events("VisitRecorded", indexed=indexed)]

    def attestation_digest_of(self, visit: bytes) -> bytes:
        """The hash that a member signs to attest the visit of an id."""
        return bytes(self._call("attestationDigestOf", visit))
