"""Vaccination: batches of doses that a clinic anchored, and what stands about each dose."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

from medtrust.abi import interface
from medtrust.certificate import Certificate
from medtrust.chain import Event, Receipt
from medtrust.contract import Client
from medtrust.disclosure import OpenField
from medtrust.errors import InputError
from medtrust.judgement import Batch, Standing, judge
from medtrust.signing import Domain, TypedData, sign
from medtrust.types import ZERO_ADDRESS, ZERO_HASH
from medtrust.verdict import Advisory, Status, Verdict

__all__ = ["Advisory", "Batch", "SignedDispute", "Status", "VaccinationClient", "Verdict"]

_NOW: Final = 2**64 - 1
_DISPUTE: Final = TypedData(
    "Dispute",
    {
        "Dispute": {
            "registry": "address",
            "holder": "address",
            "dose": "bytes32",
            "statement": "bytes32",
            "deadline": "uint64",
        }
    },
)


@dataclass(frozen=True)
class SignedDispute:
    """What a holder signed about a dose (its 32-byte id), as anyone may send it until `deadline` (Unix seconds)."""

    holder: str
    dose: bytes
    statement: bytes
    deadline: int
    signature: bytes


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

    def record_once(self, organisation: bytes, nullifiers: Iterable[bytes]) -> Receipt:
        """Record doses of series (see `nullifier`, at most 256) for a clinic or a programme: all of them, or none.

        They are sent sorted, so that their order tells nothing. Raises `Reverted` with error "NotAuthorised",
        "TooManyNullifiers" or "DoseAlreadyRecorded".
        """
        return self._send("recordOnce", organisation, sorted(nullifiers))

    def recorder_of(self, organisation: bytes, nullifier: bytes) -> str | None:
        """Find the account that recorded a dose of a series for an organisation; None if nobody did."""
        found = str(self._call("recorderOf", organisation, nullifier))
        return None if found == ZERO_ADDRESS else found

    def is_field(self, fields: bytes, shown: OpenField) -> bool:
        """Ask the contract whether a field stands under a root of fields, as another contract would.

        Asked off the chain nobody hears of it; a transaction publishes what it shows, for ever.
        """
        field = {"name": shown.name, "value": shown.value, "salt": shown.salt}
        return bool(self._call("isField", fields, field, shown.proof))

    def revoke(self, organisation: bytes, root: bytes, index: int) -> Receipt:
        """Withdraw one dose for ever.

        Raises `Reverted` with error "UnknownDose", "NotAuthorised" or "DoseAlreadyRevoked".
        """
        return self._send("revoke", organisation, root, index)

    def enter_in_error(self, organisation: bytes, root: bytes, index: int) -> Receipt:
        """Withdraw one dose for ever because it was never given as recorded.

        Raises `Reverted` with error "UnknownDose", "NotAuthorised" or "DoseAlreadyRevoked".
        """
        return self._send("enterInError", organisation, root, index)

    def amend(self, old: Certificate, correction: Certificate, *, reason: bytes = ZERO_HASH) -> Receipt:
        """Let the dose of one certificate take the place of that of another for ever; both are anchored.

        `reason` is a salted commitment (32 bytes). The signer acts for the organisation of `correction`, which is that
        of `old` or its heir. Raises `Reverted` with error "NotHeir", "NotAuthorised", "UnknownDose",
        "AlreadyCorrection" or "DoseAlreadyRevoked".
        """
        return self._send("amend", _place(old), _place(correction), reason)

    def dispute(self, holder: str, dose: bytes, *, statement: bytes = ZERO_HASH) -> Receipt:
        """Say that a dose (its 32-byte id) of `holder` is recorded wrongly, as whoever decides for the holder.

        `statement` is a salted commitment (32 bytes) to what is wrong. Raises `Reverted` with error "NotController".
        """
        return self._send("dispute", holder, dose, statement)

    def sign_dispute(self, holder: str, dose: bytes, *, deadline: int, statement: bytes = ZERO_HASH) -> SignedDispute:
        """Sign that a dose is recorded wrongly, for anyone to send until `deadline`; the signer needs no ETH."""
        if self.signer is None:
            raise InputError(place="signer", found="none", expected="the account that decides for the holder")
        message = {
            "registry": self.address,
            "holder": holder,
            "dose": dose,
            "statement": statement,
            "deadline": deadline,
        }
        digest = _DISPUTE.digest(self._patients_domain, message)
        return SignedDispute(holder, dose, statement, deadline, sign(bytes(self.signer.key), digest))

    def send_dispute(self, signed: SignedDispute) -> Receipt:
        """Send what a holder signed.

        Raises `Reverted` with error "SignatureExpired" or "InvalidSignature".
        """
        return self._send(
            "disputeBySig", signed.holder, signed.dose, signed.statement, signed.deadline, signed.signature
        )

    def name_heir(self, organisation: bytes, heir: bytes) -> Receipt:
        """Say which organisation took over the work of another, as the authority; 32 zero bytes for none.

        Raises `Reverted` with error "NotAuthority".
        """
        return self._send("nameHeir", organisation, heir)

    def heir_of(self, organisation: bytes) -> bytes | None:
        """Find the organisation that took over the work of another; None if none did."""
        heir = bytes(self._call("heirOf", organisation))
        return None if heir == ZERO_HASH else heir

    def verify(self, certificate: Certificate, *, at: int | None = None) -> Verdict:
        """Say what stands about `certificate`, now or as of a time (Unix seconds).

        The certificate is checked from the fields up to the root, and then the registry that this client knows, never
        one that the certificate names, is asked once. Whatever is not proven is UNKNOWN. Never raises `Reverted`.
        """
        return judge(certificate, self, at=at)

    @property
    def unfit(self) -> None:
        """None: the chain answers for itself."""

    @property
    def chain_id(self) -> int:
        """The chain on which the registry stands."""
        return self.chain.id

    def standing_of(self, certificate: Certificate, at: int | None = None) -> Standing | None:
        """Ask how the dose of a certificate stands, now or as of a time; None if the registry does not know it."""
        time = _NOW if at is None else at
        issuer, root, proof = certificate.organisation, certificate.root, certificate.proof
        raw = self._call("verify", issuer, root, certificate.dose, proof, time)
        status = Status(raw["status"])
        if status is Status.UNKNOWN:
            return None
        return Standing(status, Advisory(raw["advisories"]), _batch(raw), bytes(raw["successor"]))

    def batch_of(self, organisation: bytes, root: bytes) -> Batch | None:
        """What the chain keeps of a batch; None if it was never anchored."""
        raw = self._call("batchOf", organisation, root)
        return _batch(raw) if raw["anchoredAt"] else None

    def is_revoked(self, organisation: bytes, root: bytes, index: int) -> bool:
        """Whether a dose was withdrawn or corrected."""
        return bool(self._call("isRevoked", organisation, root, index))

    def controller_of(self, holder: str) -> str:
        """Ask the registry of patients, where this one looks, who decides for a holder now."""
        patients = interface("PatientRegistry")
        data = patients.encode_call("controllerOf", (holder,))
        answer = self.chain.call(self._patients_domain.contract, data, contract="PatientRegistry")
        return str(patients.decode_result("controllerOf", answer))

    def batches_of(self, organisation: bytes) -> list[Event]:
        """Read the events BatchAnchored of an organisation, oldest first."""
        return self._events("BatchAnchored", indexed={"organisation": organisation})

    def history(self, name: str) -> list[Event]:
        """Read all events of a name, oldest first."""
        return self._events(name)

    @cached_property
    def _patients_domain(self) -> Domain:
        """The EIP-712 domain of the registry of patients, in which holders sign."""
        return Domain("PatientRegistry", "1", self.chain.id, str(self._call("PATIENTS")))


def _batch(raw: Mapping[str, Any]) -> Batch:
    return Batch(raw["anchoredAt"], raw["size"], raw["signer"])


def _place(certificate: Certificate) -> dict[str, Any]:
    """Write where the dose of a certificate stands, as the ABI names its parts."""
    return {"organisation": certificate.organisation, "root": certificate.root, "index": certificate.dose.index}
