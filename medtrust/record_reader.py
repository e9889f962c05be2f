"""A reader: asks a custodian's service for a record, records the use, and believes only what the chain confirms."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

import requests
from eth_account.signers.local import LocalAccount

from medtrust.consent_terms import Purpose, SignedConsent
from medtrust.encryption_key import public_from_json
from medtrust.envelope import commitment_of, open_sealed, read_header
from medtrust.errors import CheckRefused, InputError, MedtrustError
from medtrust.json_fields import JsonFields
from medtrust.record_terms import Ask, Version
from medtrust.record_wire import Asked, Found, HandedShare, Release, Ticket
from medtrust.records import RecordStatus
from medtrust.signing import sign
from medtrust.suite import Suite
from medtrust.types import ZERO_HASH
from medtrust.wrapping import PrivateKey, PublicKey, unwrap

__all__ = ["ReadRecord", "RecordReader", "published_key"]

_TIMEOUT: Final = 60.0


@dataclass(frozen=True)
class ReadRecord:
    """A record that was read: its content byte for byte, which version it is, and the use that was recorded for it.

    In an emergency no use is recorded: `use_transaction` is "".
    """

    content: bytes = field(repr=False)
    version: Version
    use_transaction: str


class RecordReader:
    """What a hospital does to read the records of another, as the signer of `suite`.

    `organisation` is its 32-byte id, `key` its encryption key, whose fingerprint it published; `url` is where the
    service of the custodian (32-byte id) answers.
    """

    def __init__(self, suite: Suite, organisation: bytes, key: PrivateKey, url: str, custodian: bytes) -> None:
        self.suite = suite
        self.organisation = organisation
        self.custodian = custodian
        self._key = key
        self._url = url.rstrip("/")

    def read(
        self,
        record: bytes,
        receipt: SignedConsent,
        *,
        purpose: int,
        facility: bytes = ZERO_HASH,
        under: Sequence[SignedConsent] = (),
    ) -> ReadRecord:
        """Read the newest version of a record by a consent: ask, record one use, take the key, open.

        A consent that was only signed is granted first. `under` are those that it stands on, the first one first, at
        most 3; the use is recorded for the consent itself. Raises `CheckRefused` with the reason of the service, or
        with what is wrong with its answer, and `Reverted` where the chain refuses the use.
        """
        asked = self._ask(receipt, record=record, purpose=purpose, facility=facility, under=under)
        ticket = Ticket.from_json(self._post("ticket", asked))
        if self.suite.consent.record_of(receipt.consent.patient, receipt.id).granted_at == 0:
            self.suite.consent.grant_by_sig(receipt)
        used = self.suite.consent.use(receipt.consent, ticket.commitment)
        asked = self._ask(receipt, record=record, purpose=purpose, facility=facility, under=under)
        release = Release.from_json(self._post("release", replace(asked, ticket=ticket.number)))
        return ReadRecord(self._open(record, release), release.version, used.transaction_hash)

    def break_glass(
        self, record: bytes, session: int, *, purpose: int = Purpose.ETREAT, facility: bytes = ZERO_HASH
    ) -> ReadRecord:
        """Read the newest version of a record in one act, without a consent, by an emergency session that is open.

        `session` is its number at this organisation. Raises `CheckRefused` as `read` does, and with reason
        "NoEmergency".
        """
        asked = self._ask(session, record=record, purpose=purpose, facility=facility)
        release = Release.from_json(self._post("break-glass", asked))
        return ReadRecord(self._open(record, release), release.version, "")

    def take_share(self, sharing: bytes, session: int, *, purpose: int = Purpose.ETREAT) -> HandedShare:
        """Take the share of a key that this holder keeps, by an emergency session that is open.

        `sharing` is the id of the sharing. Raises `CheckRefused` as `break_glass` does.
        """
        asked = self._ask(session, record=sharing, purpose=purpose, facility=ZERO_HASH)
        return HandedShare.from_json(self._post("share", asked))

    def find(
        self,
        receipt: SignedConsent,
        *,
        purpose: int,
        data_class: int,
        kind: str = "",
        facility: bytes = ZERO_HASH,
        under: Sequence[SignedConsent] = (),
    ) -> list[Found]:
        """Ask what exists of a class of data, youngest first; no use is recorded. `under` is as for `read`.

        Raises `CheckRefused`.
        """
        asked = self._ask(
            receipt, record=ZERO_HASH, purpose=purpose, facility=facility, data_class=data_class, under=under
        )
        answer = JsonFields(self._post("find", replace(asked, kind=kind)), "answer")
        return [Found.from_json(one) for one in answer.each("found")]

    def _open(self, record: bytes, release: Release) -> bytes:
        """Open what the service sent: the newest version on the chain, in the envelope that was anchored."""
        version = release.version
        if (version.custodian, version.record) != (self.custodian, record):
            raise CheckRefused("AnotherRecord", "the service sent another record")
        status = self.suite.records.status_of(version)
        if status != RecordStatus.CURRENT:
            raise CheckRefused(status.name, "the service sent a version that the chain does not name as the newest")
        if commitment_of(release.blob) != version.commitment:
            raise CheckRefused("AnotherEnvelope", "the service sent an envelope that is not the one that was anchored")
        data_key = unwrap(read_header(release.blob), release.key, self.organisation, self._key)
        return open_sealed(release.blob, data_key, version.place(self.suite.chain.id, self.suite.records.address))

    def _ask(
        self,
        basis: SignedConsent | int,
        *,
        record: bytes,
        purpose: int,
        facility: bytes,
        data_class: int = 0,
        under: Sequence[SignedConsent] = (),
    ) -> Asked:
        """Sign what is asked, by a consent or by the number of an emergency session."""
        signer = self._signer()
        receipt = basis if isinstance(basis, SignedConsent) else None
        greeting = JsonFields(self._post("challenge", None), "challenge")
        ask = Ask(
            actor=signer.address,
            organisation=self.organisation,
            custodian=self.custodian,
            consent=basis.id if isinstance(basis, SignedConsent) else basis.to_bytes(32, "big"),
            record=record,
            purpose=int(purpose),
            data_class=int(data_class),
            facility=facility,
            key=self._key.public.fingerprint,
            nonce=greeting.hash("nonce"),
        )
        signature = sign(bytes(signer.key), ask.digest(self.suite.records.domain))
        return Asked(ask, signature, receipt, self._key.public, under=tuple(under))

    def _signer(self) -> LocalAccount:
        if self.suite.signer is None:
            raise InputError(place="signer", found="none", expected="an account that acts for the organisation")
        return self.suite.signer

    def _post(self, act: str, asked: Asked | None) -> Any:
        return _post(self._url, act, asked.to_json() if asked else {})


def published_key(suite: Suite, organisation: bytes, url: str) -> PublicKey:
    """Ask the service of an organisation (32-byte id) for its encryption key, and the chain whether that is it.

    Raises `CheckRefused` with reason "EncryptionKey" if it is not.
    """
    public = public_from_json(JsonFields(_post(url.rstrip("/"), "challenge", {}), "challenge").take("publicKey", dict))
    if public.fingerprint != suite.records.key_of(organisation):
        raise CheckRefused("EncryptionKey", f"the key at {url} is not the one that the organisation published")
    return public


def _post(url: str, act: str, body: dict[str, Any]) -> Any:
    try:
        answer = requests.post(f"{url}/{act}", json=body, timeout=_TIMEOUT, allow_redirects=False)
        value = answer.json()
    except (requests.RequestException, ValueError) as error:
        raise MedtrustError(f"no service for records answers at {url}: {error}") from None
    if answer.status_code == requests.codes.forbidden:
        refusal = JsonFields(value, "refusal")
        raise CheckRefused(refusal.take("reason", str), refusal.take("sentence", str))
    if not answer.ok:
        said = value.get("message") if isinstance(value, dict) else None
        raise MedtrustError(f"the service at {url} says {answer.status_code} to {act}: {said}")
    return value
