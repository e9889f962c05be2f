"""A custodian's service: who asks, what the chain says to it, and only then the ciphertext and a key for the reader."""

from __future__ import annotations

import hmac
import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final, TypeVar

from medtrust.accreditation import Role
from medtrust.blobs import fetch
from medtrust.consent_rules import Decision, Reason, Verdict, with_emergency
from medtrust.consent_terms import Confidentiality, Request, SignedConsent
from medtrust.custodian import Custodian
from medtrust.envelope import read_header
from medtrust.errors import CheckRefused, InputError, MedtrustError
from medtrust.key_shares import unwrap_share, wrap_share
from medtrust.keyed import keyed_hash
from medtrust.record_terms import ticket_salt
from medtrust.record_wire import Asked, Found, HandedShare, Release, Ticket
from medtrust.share_vault import ShareVault
from medtrust.signing import recover
from medtrust.suite import Suite
from medtrust.types import ZERO_HASH
from medtrust.vault import Basis, HeldRecord, HeldVersion, Reader
from medtrust.wrapping import unwrap, wrap

__all__ = ["CHALLENGE_SECONDS", "TICKET_SECONDS", "EmergencyRule", "RecordService", "emergency_rule"]

CHALLENGE_SECONDS: Final = 120
"""How long a challenge can be answered."""
TICKET_SECONDS: Final = 3600
"""How long after its use was recorded a ticket is redeemed."""

T = TypeVar("T")

_SESSIONS: Final = 2**32
_CHALLENGE: Final = "medtrust/challenge/1"
_NO_CONSENT: Final = Verdict(Decision.DEFAULT_DENIAL, Reason.UNKNOWN)

EmergencyRule = Callable[[int, str, Request], bool]
"""Says whether a session (its number) lets the actor of a request at the class of it of a patient (address), now."""

Log = Callable[[dict[str, Any]], None]
"""Told of every act, with nothing secret in it: who asked for what, and how it ended."""


def emergency_rule(suite: Suite) -> EmergencyRule:
    """Return the rule of the chain: an emergency outranks that there is no consent, and the patient's rule both.

    What the patient withholds, the end of the session, a suspension and who asks are judged by EmergencyAccess, anew
    each time.
    """

    def lets(session: int, patient: str, request: Request) -> bool:
        is_open = suite.emergency.is_open(request.organisation, session, patient, request.actor, request.data_class)
        return with_emergency(_NO_CONSENT, is_open=is_open).is_permitted

    return lets


class RecordService:
    """What answers other hospitals, without any transport.

    It keeps no state but the challenges that were answered in the last two minutes: challenges and tickets carry a
    keyed hash of `secret` (32 bytes, made anew unless given), so tickets survive a restart if the secret does. It does
    one thing at a time, as the vault is a set of files and the chain one connection. Without `emergency`, no key is
    released but by a consent; `shares` are those that it keeps for other custodians.
    """

    def __init__(
        self,
        custodian: Custodian,
        *,
        secret: bytes | None = None,
        log: Log | None = None,
        emergency: EmergencyRule | None = None,
        shares: ShareVault | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.custodian = custodian
        self._secret = secret or secrets.token_bytes(32)
        self._log = log or (lambda _: None)
        self._emergency = emergency
        self._shares = shares
        self._clock = clock
        self._answered: dict[bytes, int] = {}
        self._lock = threading.Lock()

    def challenge(self) -> bytes:
        """Make a nonce that can be signed once within `CHALLENGE_SECONDS`."""
        expiry = int(self._clock()) + CHALLENGE_SECONDS
        return self._stamp(expiry.to_bytes(8, "big") + secrets.token_bytes(8))

    def ticket(self, asked: Asked) -> Ticket:
        """Judge whether an actor may have a record, and say what the use of the consent must record.

        Raises `CheckRefused` with the one reason: "Challenge", "Signature", "AnotherAddressee", "AnotherConsent",
        "NotHeld", "EncryptionKey", or that of the consent, or of one that it stands on.
        """
        return self._logged("ticket", asked, lambda: self._ticket(asked))

    def release(self, asked: Asked) -> Release:
        """Redeem a ticket: hand out the envelope, and its key wrapped to the published key of the organisation.

        Everything is judged again. Raises `CheckRefused` as `ticket` does, and with reason "NotUsed" if the chain has
        no use of the consent by this actor for this ticket, or "TicketExpired" if that was too long ago.
        """
        return self._logged("release", asked, lambda: self._release(asked))

    def find(self, asked: Asked) -> list[Found]:
        """List what there is of one class, and how old it is, for whom the consent lets read it.

        Nothing of the content and no key is released, so no use is recorded. Raises `CheckRefused` as `ticket` does.
        """
        return self._logged("find", asked, lambda: self._find(asked))

    def break_glass(self, asked: Asked) -> Release:
        """Hand out a record in one act, without a consent, to whom the emergency rule lets open this class now.

        What opened the session stands on the chain by itself, and its review does; so no use is recorded here. Raises
        `CheckRefused` as `ticket` does, and with reason "NoEmergency" if no session is open, or none is ever asked for.
        """
        return self._logged("break_glass", asked, lambda: self._break_glass(asked))

    def share(self, asked: Asked) -> HandedShare:
        """Hand out a share that is kept for another custodian, to whom the emergency rule lets open its record now.

        `record` is the id of the sharing. It is wrapped to the published key of the organisation. Raises `CheckRefused`
        as `break_glass` does, and with reason "SharesTakenBack" if the custodian ended the key epoch of the record.
        """
        return self._logged("share", asked, lambda: self._share(asked))

    def _ticket(self, asked: Asked) -> Ticket:
        self._authenticate(asked)
        held, newest = self._held(asked)
        request = self._request(asked, held)
        self._check_key(asked)
        self._require_permitted(asked, request)
        number = secrets.token_bytes(32)
        return Ticket(number, self._salt(number, asked, newest), request)

    def _release(self, asked: Asked) -> Release:
        self._authenticate(asked)
        _receipt(asked)
        held, newest = self._held(asked)
        request = self._request(asked, held)
        self._check_key(asked)
        self._check_used(asked, request.commitment(self._salt(asked.ticket, asked, newest)))
        self._check_again(asked, request)
        return self._hand_out(asked, held, newest, *map(_basis, asked.line))

    def _break_glass(self, asked: Asked) -> Release:
        self._authenticate(asked)
        held, newest = self._held(asked)
        self._check_key(asked)
        self._check_emergency(asked, self.custodian.vault.patient_of(held), self._request(asked, held))
        return self._hand_out(asked, held, newest, Basis(ZERO_HASH, asked.ask.organisation, 0))

    def _share(self, asked: Asked) -> HandedShare:
        self._authenticate(asked)
        if self._shares is None:
            raise CheckRefused("NotHeld", "no shares are kept here")
        kept, custodian = self._shares.get(asked.ask.record), self.custodian
        self._check_key(asked)
        sharing, version = kept.sharing, kept.sharing.version
        request = replace(self._widest_request(asked), data_class=sharing.data_class)
        self._check_emergency(asked, sharing.patient, request)
        if custodian.suite.records.key_epoch_of(version.custodian, version.record) != version.epoch:
            raise CheckRefused("SharesTakenBack", "the custodian ended the key epoch of this record")
        blob = fetch(custodian.blobs, kept.blob)
        header = read_header(blob)
        share = unwrap_share(header, kept.share, custodian.key)
        return HandedShare(wrap_share(header, share, asked.ask.organisation, asked.public), blob)

    def _check_emergency(self, asked: Asked, patient: str, request: Request) -> None:
        session = int.from_bytes(asked.ask.consent, "big")
        is_session = asked.receipt is None and session < _SESSIONS
        if self._emergency is None or not is_session or not self._emergency(session, patient, request):
            raise CheckRefused("NoEmergency", "this actor has no emergency session open for this patient and class")

    def _hand_out(self, asked: Asked, held: HeldRecord, newest: HeldVersion, *line: Basis) -> Release:
        """Note the reader and every consent that it reads by, then wrap the key: who is not noted gets nothing."""
        blob = fetch(self.custodian.blobs, newest.blob)
        header = read_header(blob)
        data_key = unwrap(header, newest.key, self.custodian.organisation, self.custodian.key)
        patient = self.custodian.vault.patient_of(held)
        *under, basis = line
        reader = Reader(basis.consent, basis.organisation, basis.epoch, newest.version.epoch, patient, tuple(under))
        self.custodian.vault.change(held.record, lambda now: now.with_reader(reader))
        return Release(newest.version, wrap(header, data_key, asked.ask.organisation, asked.public), blob)

    def _find(self, asked: Asked) -> list[Found]:
        self._authenticate(asked)
        now, patient = self.custodian.suite.chain.now(), _receipt(asked).consent.patient
        found = []
        for held in self.custodian.vault.belonging_to(patient):
            is_asked = held.data_class == asked.ask.data_class
            if held.newest is None or not is_asked or (asked.kind and asked.kind != held.kind):
                continue
            if self._verdict(asked, self._request(asked, held))[0].is_permitted:
                found.append(Found(held.record, held.kind, held.data_class, max(0, now - held.data_at)))
        if not found:  # who may not read anything of this class is told why, whether there is something or not
            self._require_permitted(asked, self._widest_request(asked))
        return sorted(found, key=lambda one: (one.age, one.record))

    def _authenticate(self, asked: Asked) -> None:
        """Check who signed what for whom; each nonce serves once."""
        ask, suite = asked.ask, self.custodian.suite
        self._spend(ask.nonce)
        try:
            signer = recover(ask.digest(suite.records.domain), asked.signature)
        except InputError as error:
            raise CheckRefused("Signature", str(error)) from None
        if signer != ask.actor:
            raise CheckRefused("Signature", "the request is not signed by the actor that it names")
        if ask.custodian != self.custodian.organisation:
            raise CheckRefused("AnotherAddressee", "the request is signed for another custodian")
        if asked.receipt is None:
            return
        receipt = asked.receipt
        if (ask.consent, ask.organisation) != (receipt.id, receipt.consent.grantee):
            raise CheckRefused("AnotherConsent", "the consent is not the one that the actor named, or is for others")
        if any(one.domain != suite.consent.domain for one in asked.line):
            raise CheckRefused("AnotherConsent", "a consent is for another registry or another chain")

    def _spend(self, nonce: bytes) -> None:
        now = int(self._clock())
        if not hmac.compare_digest(self._stamp(nonce[:16]), nonce):
            raise CheckRefused("Challenge", "this service gave no such challenge")
        expiry = int.from_bytes(nonce[:8], "big")
        self._answered = {one: at for one, at in self._answered.items() if at >= now}
        if expiry < now or nonce in self._answered:
            raise CheckRefused("Challenge", "the challenge has expired or was answered before")
        self._answered[nonce] = expiry

    def _stamp(self, head: bytes) -> bytes:
        return head + keyed_hash(self._secret, _CHALLENGE, head)[:16]

    def _salt(self, number: bytes, asked: Asked, held: HeldVersion) -> bytes:
        """The salt of a ticket for one consent, one encryption key and one version: it fits nothing else."""
        return ticket_salt(self._secret, number, asked.ask.consent, asked.ask.key, held.version.fingerprint)

    def _held(self, asked: Asked) -> tuple[HeldRecord, HeldVersion]:
        """Look a record up; one that belongs to another patient now is answered as one that is not there."""
        held = self.custodian.vault.get(asked.ask.record)
        patient = self.custodian.vault.patient_of(held)
        is_another = asked.receipt is not None and patient != asked.receipt.consent.patient
        if held.newest is None or is_another:
            raise CheckRefused("NotHeld", f"no record 0x{asked.ask.record.hex()} is kept here")
        return held, held.newest

    def _request(self, asked: Asked, held: HeldRecord) -> Request:
        """What is judged: class, label and time are those of the data, never those that the reader claims."""
        widest = self._widest_request(asked)
        return replace(widest, data_class=held.data_class, sensitivity=held.sensitivity, data_at=held.data_at)

    def _widest_request(self, asked: Asked) -> Request:
        """What is judged where there are no data: the class that is asked for, with the lowest label and any time."""
        ask = asked.ask
        return Request(
            actor=ask.actor,
            organisation=ask.organisation,
            purpose=ask.purpose,
            data_class=ask.data_class,
            sensitivity=Confidentiality.U,
            facility=ask.facility,
            jurisdiction=self.custodian.suite.accreditation.jurisdiction_of(ask.organisation),
            data_at=asked.receipt.consent.terms.data_from if asked.receipt else 0,
        )

    def _check_key(self, asked: Asked) -> None:
        """The key is the one that the administrator of the organisation published, whoever shows it."""
        published = self.custodian.suite.records.key_of(asked.ask.organisation)
        if published == ZERO_HASH or {asked.public.fingerprint, asked.ask.key} != {published}:
            raise CheckRefused("EncryptionKey", "the key is not the one that the organisation published")

    def _verdict(self, asked: Asked, request: Request) -> tuple[Verdict, int]:
        """Ask the chain, which judges a consent with all that it stands on; and say which of them (from 0) it means."""
        receipt, registry = _receipt(asked), self.custodian.suite.consent
        if not asked.under:
            return registry.check(receipt.consent, request, signature=receipt.signature), 0
        signatures = [one.signature for one in asked.line]
        return registry.check_line([one.consent for one in asked.line], request, signatures=signatures)

    def _require_permitted(self, asked: Asked, request: Request) -> None:
        _require(*self._verdict(asked, request), len(asked.line))

    def _check_used(self, asked: Asked, commitment: bytes) -> None:
        suite = self.custodian.suite
        for event in suite.consent.uses_of(asked.ask.consent):
            if (event.values["requestCommitment"], event.values["actor"]) == (commitment, asked.ask.actor):
                if event.values["usedAt"] + TICKET_SECONDS < suite.chain.now():
                    raise CheckRefused("TicketExpired", "the consent was used too long ago for this ticket")
                return
        raise CheckRefused("NotUsed", "the chain has no use of the consent for this ticket and this version")

    def _check_again(self, asked: Asked, request: Request) -> None:
        """Judge once more, now that the use is recorded: it may have been the last one, which is no reason against it.

        A consent that it stands on is another matter, as this use did not count there. USES stands before the standing
        of the actor, which is therefore asked for itself; the rest of what follows it was judged for the ticket and
        cannot change.
        """
        verdict, place = self._verdict(asked, request)
        if verdict.reason != Reason.USES or place < len(asked.under):
            _require(verdict, place, len(asked.line))
        elif not self.custodian.suite.accreditation.is_authorised(
            request.organisation, request.actor, Role.PARTICIPANT
        ):
            raise CheckRefused(Reason.ACTOR.name, "the account no longer acts for the organisation")

    def _logged(self, act: str, asked: Asked, do: Callable[[], T]) -> T:
        line: dict[str, Any] = {
            "at": int(self._clock()),
            "act": act,
            "organisation": asked.ask.organisation.hex(),
            "actor": asked.ask.actor,
            "record": asked.ask.record.hex(),
        }
        session = int.from_bytes(asked.ask.consent, "big")
        if asked.receipt is None and session < _SESSIONS:
            line["session"] = session
        try:
            with self._lock:
                answer = do()
        except MedtrustError as error:
            self._log({**line, "outcome": error.reason if isinstance(error, CheckRefused) else type(error).__name__})
            raise
        self._log({**line, "outcome": "done"})
        return answer


def _basis(receipt: SignedConsent) -> Basis:
    return Basis(receipt.id, receipt.consent.grantee, receipt.consent.epoch)


def _require(verdict: Verdict, place: int, length: int) -> None:
    """Refuse what is not permitted, and name the consent that refuses where there are several."""
    if verdict.is_permitted:
        return
    about = f" (consent {place + 1} of {length})" if length > 1 else ""
    raise CheckRefused(verdict.reason.name, verdict.sentence + about)


def _receipt(asked: Asked) -> SignedConsent:
    if asked.receipt is None:
        raise CheckRefused("NoConsent", "the request shows no consent")
    return asked.receipt
