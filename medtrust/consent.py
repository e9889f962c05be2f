"""Consent: who may use a patient's data, for what, where, and until when."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from functools import cached_property
from typing import Final

from eth_account.signers.local import LocalAccount

from medtrust.chain import Event, Receipt
from medtrust.consent_rules import Decision, Facts, Reason, Record, Verdict, decide, decide_line, with_emergency
from medtrust.consent_terms import (
    CONSENT,
    REVOKE,
    REVOKE_ALL,
    REVOKE_ALL_OF,
    UNLIMITED,
    Confidentiality,
    Consent,
    DataClass,
    Purpose,
    Request,
    SignedConsent,
    Terms,
)
from medtrust.contract import Client
from medtrust.errors import InputError
from medtrust.signing import Domain, TypedData, sign
from medtrust.types import ZERO_HASH, checksum_address

__all__ = [
    "UNLIMITED",
    "Confidentiality",
    "Consent",
    "ConsentClient",
    "DataClass",
    "Decision",
    "Facts",
    "Purpose",
    "Reason",
    "Record",
    "Request",
    "SignedConsent",
    "Terms",
    "Verdict",
    "decide",
    "decide_line",
    "with_emergency",
]

_EVENTS: Final = (
    "ConsentGranted",
    "ConsentRevoked",
    "ConsentsRevoked",
    "GranteeConsentsRevoked",
    "ConsentAccepted",
    "ConsentDeclined",
    "ConsentUsed",
)


class ConsentClient(Client):
    """Calls to one deployed ConsentRegistry.

    The patient is the signer of this client wherever a patient acts, unless `for_patient` names another, for whom the
    signer decides or is a guardian. A patient without ETH signs, and anyone sends.
    """

    artifact = "ConsentRegistry"
    _named: str | None = None

    def for_patient(self, patient: str) -> ConsentClient:
        """Copy the client for a patient whose controller or guardian the signer is."""
        copied = self.acting_as(self.signer)
        copied._named = checksum_address(patient)
        return copied

    @cached_property
    def domain(self) -> Domain:
        """The EIP-712 domain in which statements to this registry are signed."""
        return Domain("ConsentRegistry", "1", self.chain.id, self.address)

    def draft(
        self,
        grantee: bytes,
        purposes: Purpose,
        data_classes: DataClass,
        *,
        until: int,
        sensitivity: Confidentiality = Confidentiality.N,
        since: int | None = None,
        max_uses: int = UNLIMITED,
        jurisdiction: int = 0,
        facility: bytes = ZERO_HASH,
        data_from: int = 0,
        data_until: int = 0,
        document: bytes = ZERO_HASH,
        onward: bool = False,
        parent: bytes = ZERO_HASH,
    ) -> Consent:
        """Write a consent of this client's patient for the epoch of now, with a new salt; nothing is sent.

        The grantee (32-byte id) may use data in `[since, until)` (Unix seconds, from now unless given), up to the label
        `sensitivity`. Zero is any jurisdiction, facility or end of the data's time. With `onward`, other consents may
        stand on it; `parent` is the id of the one that it stands on. Raises `InputError` without signer.
        """
        patient = self._patient
        return Consent(
            patient=patient,
            grantee=grantee,
            access_from=self.chain.now() if since is None else since,
            access_until=until,
            max_uses=max_uses,
            epoch=self.epoch_of(patient, grantee),
            terms=Terms(
                purposes=int(purposes),
                data_classes=int(data_classes),
                sensitivity=int(sensitivity),
                jurisdiction=jurisdiction,
                facility=facility,
                data_from=data_from,
                data_until=data_until,
                onward=onward,
                parent=parent,
                document=document,
                salt=secrets.token_bytes(32),
            ),
        )

    def grant(self, consent: Consent) -> Receipt:
        """Grant a consent on chain, as the patient's controller or a guardian; again, it changes nothing.

        Raises `Reverted` with error "NotController", "Frozen", "AlreadyRevoked", "InvalidAccessWindow", "WrongEpoch" or
        "NotAccredited".
        """
        return self._send("grant", consent.outer)

    def sign(self, consent: Consent) -> SignedConsent:
        """Sign a consent for its patient: a receipt that the grantee can show, and nothing is sent.

        It counts while this client's signer decides for the patient. Raises `InputError` if the consent is not of this
        client's patient.
        """
        if consent.patient != self._patient:
            raise InputError(place="signer", found=self._patient, expected=f"the patient {consent.patient}")
        return SignedConsent(consent, self._sign(CONSENT, consent.message), self.domain)

    def grant_by_sig(self, receipt: SignedConsent) -> Receipt:
        """Grant a consent that its patient signed; anyone may send it.

        Raises `Reverted` with error "InvalidSignature" or what `grant` raises.
        """
        return self._send("grantBySig", receipt.consent.outer, receipt.signature)

    def revoke(self, consent: bytes) -> Receipt:
        """Revoke a consent of this client's patient by its id, for ever, also one that was only signed."""
        return self._send("revoke", self._patient, consent)

    def sign_revoke(self, consent: bytes, *, deadline: int) -> bytes:
        """Sign that a consent of this client's patient is revoked; it can be sent until `deadline` (Unix seconds)."""
        return self._sign(REVOKE, {"patient": self._patient, "consent": consent, "deadline": deadline})

    def revoke_by_sig(self, patient: str, consent: bytes, signature: bytes, *, deadline: int) -> Receipt:
        """Revoke a consent in the name of a patient who signed that; again, it changes nothing.

        Raises `Reverted` with error "SignatureExpired" or "InvalidSignature".
        """
        return self._send("revokeBySig", patient, consent, deadline, signature)

    def revoke_all(self) -> Receipt:
        """Revoke all consents of this client's patient, at a fixed cost."""
        return self._send("revokeAll", self._patient)

    def sign_revoke_all(self, *, epoch: int, deadline: int) -> bytes:
        """Sign that an epoch of this client's patient ends: `epoch_of` for no grantee, as it is now."""
        return self._sign(REVOKE_ALL, {"patient": self._patient, "epoch": epoch, "deadline": deadline})

    def revoke_all_by_sig(self, patient: str, signature: bytes, *, epoch: int, deadline: int) -> Receipt:
        """End an epoch in the name of a patient who signed that; where it has ended already, nothing changes.

        Raises `Reverted` with error "SignatureExpired", "InvalidSignature" or "WrongEpoch".
        """
        return self._send("revokeAllBySig", patient, epoch, deadline, signature)

    def revoke_all_of(self, grantee: bytes) -> Receipt:
        """Revoke all consents of this client's patient to one organisation, at a fixed cost.

        Raises `Reverted` with error "ZeroIdentifier".
        """
        return self._send("revokeAllOf", self._patient, grantee)

    def sign_revoke_all_of(self, grantee: bytes, *, epoch: int, deadline: int) -> bytes:
        """Sign that an epoch of this client's patient and an organisation ends: `epoch_of` as it is now."""
        message = {"patient": self._patient, "grantee": grantee, "epoch": epoch, "deadline": deadline}
        return self._sign(REVOKE_ALL_OF, message)

    def revoke_all_of_by_sig(
        self, patient: str, grantee: bytes, signature: bytes, *, epoch: int, deadline: int
    ) -> Receipt:
        """End an epoch of a patient and an organisation; where it has ended already, nothing changes.

        Raises `Reverted` with error "SignatureExpired", "InvalidSignature", "ZeroIdentifier" or "WrongEpoch".
        """
        return self._send("revokeAllOfBySig", patient, grantee, epoch, deadline, signature)

    def accept(self, consent: Consent, *, obligations: bytes = ZERO_HASH) -> Receipt:
        """Accept a consent as its grantee; `obligations` is a salted hash of what it commits itself to.

        Raises `Reverted` with error "NotAuthorised", "AlreadyRevoked" or "AlreadyAnswered".
        """
        return self._send("accept", consent.outer, obligations)

    def decline(self, consent: Consent) -> Receipt:
        """Decline a consent as its grantee, for ever.

        Raises `Reverted` with error "NotAuthorised", "AlreadyRevoked" or "AlreadyAnswered".
        """
        return self._send("decline", consent.outer)

    def use(self, consent: Consent, commitment: bytes) -> Receipt:
        """Record one use of a granted consent as its grantee; `commitment` is `Request.commitment` of what it was for.

        Raises `Reverted` with error "NotAuthorised", "NotGranted", "AlreadyRevoked", "Declined", "WrongEpoch",
        "OutsideAccessWindow" or "UsesExhausted".
        """
        return self._send("use", consent.outer, commitment)

    def check(self, consent: Consent, request: Request, *, signature: bytes = b"") -> Verdict:
        """Ask whether a request is covered now; with the patient's signature if it was not granted on chain."""
        return _verdict(self._call("check", consent, request, signature))

    def check_at(self, consent: Consent, request: Request, at: int, *, signature: bytes = b"") -> Verdict:
        """Ask whether a request was covered at a time (Unix seconds), from the facts that the chain keeps.

        It cannot date a signature: one that is shown counts as if it had always been there.
        """
        return _verdict(self._call("checkAt", consent, request, signature, at))

    def check_line(
        self, line: Sequence[Consent], request: Request, *, signatures: Sequence[bytes] = (), at: int | None = None
    ) -> tuple[Verdict, int]:
        """Ask whether a request is covered, now or at a time, by the last of up to 4 consents that stand on each other.

        `signatures` are one for each, empty for those granted on chain. Returns the verdict and which consent of the
        line (from 0) its reason is about.
        """
        shown = list(signatures) or [b""] * len(line)
        time = self.chain.now() if at is None else at
        raw = self._call("checkLine", list(line), request, shown, time)
        return _verdict((raw["decision"], raw["reason"])), int(raw["place"])

    def record_of(self, patient: str, consent: bytes) -> Record:
        """What the chain keeps of a consent, by its id; all zero if nothing."""
        raw = self._call("recordOf", patient, consent)
        return Record(
            raw["grantedAt"],
            raw["revokedAt"],
            raw["usedAt"],
            raw["uses"],
            raw["acceptedAt"],
            raw["declinedAt"],
            raw["isByGuardian"],
        )

    def epoch_of(self, patient: str, grantee: bytes = ZERO_HASH) -> int:
        """The epoch that a new consent must carry; without a grantee, what `sign_revoke_all` takes."""
        return int(self._call("epochOf", patient, grantee))

    def ends_of(self, patient: str, grantee: bytes = ZERO_HASH) -> list[int]:
        """Read when everything of a patient was revoked, or everything of one grantee (Unix seconds, rising)."""
        if grantee == ZERO_HASH:
            found = self._events("ConsentsRevoked", indexed={"patient": patient})
        else:
            found = self._events("GranteeConsentsRevoked", indexed={"patient": patient, "grantee": grantee})
        return [event.values["revokedAt"] for event in found]

    def uses_of(self, consent: bytes) -> list[Event]:
        """Read every use of a consent by its id, oldest first."""
        return self._events("ConsentUsed", indexed={"consent": consent})

    def history(self, patient: str) -> list[Event]:
        """Read everything that was done about the consents of a patient, oldest first."""
        found = [event for name in _EVENTS for event in self._events(name, indexed={"patient": patient})]
        return sorted(found, key=lambda event: (event.block, event.log_index))

    @property
    def _patient(self) -> str:
        return self._named or str(self._signer.address)

    @property
    def _signer(self) -> LocalAccount:
        if self.signer is None:
            raise InputError(place="signer", found="none", expected="the account of the patient")
        return self.signer

    def _sign(self, statement: TypedData, message: dict[str, object]) -> bytes:
        return sign(bytes(self._signer.key), statement.digest(self.domain, message))


def _verdict(raw: tuple[int, int]) -> Verdict:
    decision, reason = raw
    return Verdict(Decision(decision), Reason(reason))
