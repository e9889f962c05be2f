"""What goes between a reader and a custodian's service: what is asked, signed by the actor, and what is answered."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import Any, Final

from medtrust import consent_receipt
from medtrust.consent_rules import MAX_LINE
from medtrust.consent_terms import Request, SignedConsent
from medtrust.encryption_key import public_from_json, public_to_json
from medtrust.errors import InputError
from medtrust.json_fields import JsonFields, base64_text, hex_text
from medtrust.key_shares import WrappedShare
from medtrust.record_terms import Ask, Version
from medtrust.vault import (
    share_from_json,
    share_to_json,
    version_from_json,
    version_to_json,
    wrapped_from_json,
    wrapped_to_json,
)
from medtrust.wrapping import PublicKey, WrappedKey

__all__ = ["Asked", "Found", "HandedShare", "Release", "Ticket"]

_MAX_UNDER: Final = MAX_LINE - 1


@dataclass(frozen=True)
class Asked:
    """One request to a service: the signed ask, the consent it rests on, and the key that a data key is wrapped to.

    `receipt` is None in an emergency. `ticket` is the number of the ticket that is redeemed, empty where none is;
    `kind` narrows a search. `under` are the consents that the receipt's stands on, the first one first, each with its
    signature, which is empty where it was granted on chain.
    """

    ask: Ask
    signature: bytes = field(repr=False)
    receipt: SignedConsent | None
    public: PublicKey
    ticket: bytes = b""
    kind: str = ""
    under: tuple[SignedConsent, ...] = ()

    @property
    def line(self) -> tuple[SignedConsent, ...]:
        """Every consent that is shown, the first one first; none in an emergency."""
        return (*self.under, self.receipt) if self.receipt else ()

    def to_json(self) -> dict[str, Any]:
        """Write it as JSON takes it."""
        plain = {one.name: getattr(self.ask, one.name) for one in fields(self.ask)}
        return {
            "ask": {name: hex_text(value) if isinstance(value, bytes) else value for name, value in plain.items()},
            "signature": hex_text(self.signature),
            "consent": consent_receipt.to_json(self.receipt) if self.receipt else None,
            "publicKey": public_to_json(self.public),
            "ticket": hex_text(self.ticket),
            "kind": self.kind,
            "under": [consent_receipt.to_json(one) for one in self.under],
        }

    @classmethod
    def from_json(cls, raw: Any) -> Asked:
        """Read what `to_json` wrote. Raises `InputError` with the field that is wrong."""
        whole = JsonFields(raw, "request")
        ask = whole.inner("ask")
        return cls(
            ask=Ask(
                actor=ask.address("actor"),
                organisation=ask.hash("organisation"),
                custodian=ask.hash("custodian"),
                consent=ask.hash("consent"),
                record=ask.hash("record"),
                purpose=ask.number("purpose", bits=32),
                data_class=ask.number("data_class", bits=32),
                facility=ask.hash("facility"),
                key=ask.hash("key"),
                nonce=ask.hash("nonce"),
            ),
            signature=whole.octets("signature"),
            receipt=consent_receipt.from_json(whole.take("consent", dict)) if raw.get("consent") else None,
            public=public_from_json(whole.take("publicKey", dict)),
            ticket=whole.octets("ticket"),
            kind=whole.take("kind", str),
            under=_under(whole.take("under", list) if "under" in raw else [], bool(raw.get("consent"))),
        )


def _under(listed: list[Any], has_consent: bool) -> tuple[SignedConsent, ...]:
    """Read the consents that the one that is shown stands on."""
    if len(listed) > _MAX_UNDER or (listed and not has_consent):
        expected = f"at most {_MAX_UNDER}" if has_consent else "none, as no consent stands on them"
        raise InputError(place="request.under", found=f"{len(listed)} consents", expected=expected)
    return tuple(_shown(one, f"request.under[{at}]") for at, one in enumerate(listed))


def _shown(raw: Any, place: str) -> SignedConsent:
    try:
        return consent_receipt.from_json(raw)
    except InputError as error:
        raise InputError(place=f"{place}: {error.place}", found=error.found, expected=error.expected) from None


@dataclass(frozen=True)
class Ticket:
    """Permission to use a consent for one version of a record: the reader records the use, then redeems the ticket.

    `request` is what was judged, with the class, label and time that the custodian knows the data to have; its
    commitment under `salt` is what the use must record.
    """

    number: bytes
    salt: bytes = field(repr=False)
    request: Request

    @property
    def commitment(self) -> bytes:
        """What the use of the consent must record."""
        return self.request.commitment(self.salt)

    def to_json(self) -> dict[str, Any]:
        """Write it as JSON takes it."""
        request = self.request
        return {
            "ticket": hex_text(self.number),
            "salt": hex_text(self.salt),
            "request": {
                "actor": request.actor,
                "organisation": hex_text(request.organisation),
                "purpose": int(request.purpose),
                "dataClass": int(request.data_class),
                "sensitivity": int(request.sensitivity),
                "facility": hex_text(request.facility),
                "jurisdiction": request.jurisdiction,
                "dataAt": request.data_at,
            },
        }

    @classmethod
    def from_json(cls, raw: Any) -> Ticket:
        """Read what `to_json` wrote. Raises `InputError` with the field that is wrong."""
        whole = JsonFields(raw, "ticket")
        request = whole.inner("request")
        return cls(
            number=whole.hash("ticket"),
            salt=whole.hash("salt"),
            request=Request(
                actor=request.address("actor"),
                organisation=request.hash("organisation"),
                purpose=request.number("purpose", bits=32),
                data_class=request.number("dataClass", bits=32),
                sensitivity=request.number("sensitivity", bits=8),
                facility=request.hash("facility"),
                jurisdiction=request.number("jurisdiction", bits=16),
                data_at=request.number("dataAt"),
            ),
        )


@dataclass(frozen=True)
class Release:
    """What a reader gets: the version, its envelope, and the data key wrapped to the reader alone."""

    version: Version
    key: WrappedKey
    blob: bytes = field(repr=False)

    def to_json(self) -> dict[str, Any]:
        """Write it as JSON takes it."""
        return {
            "version": version_to_json(self.version),
            "key": wrapped_to_json(self.key),
            "blob": base64_text(self.blob),
        }

    @classmethod
    def from_json(cls, raw: Any) -> Release:
        """Read what `to_json` wrote. Raises `InputError` with the field that is wrong."""
        whole = JsonFields(raw, "release")
        version, key = version_from_json(whole.inner("version")), wrapped_from_json(whole.inner("key"))
        return cls(version, key, whole.base64("blob"))


@dataclass(frozen=True)
class HandedShare:
    """What a doctor gets of one holder: a share of the key, wrapped to her organisation alone, and the envelope."""

    share: WrappedShare
    blob: bytes = field(repr=False)

    def to_json(self) -> dict[str, Any]:
        """Write it as JSON takes it."""
        return {"share": share_to_json(self.share), "blob": base64_text(self.blob)}

    @classmethod
    def from_json(cls, raw: Any) -> HandedShare:
        """Read what `to_json` wrote. Raises `InputError` with the field that is wrong."""
        whole = JsonFields(raw, "answer")
        return cls(share_from_json(whole.inner("share")), whole.base64("blob"))


@dataclass(frozen=True)
class Found:
    """A record that exists and may be asked for: what it is, and how old its data are, in seconds. None of its content.

    `kind` is what doctors call it, such as "http://loinc.org|4548-4".
    """

    record: bytes
    kind: str
    data_class: int
    age: int

    def to_json(self) -> dict[str, Any]:
        """Write it as JSON takes it."""
        return {
            "record": hex_text(self.record),
            "kind": self.kind,
            "dataClass": self.data_class,
            "age": self.age,
        }

    @classmethod
    def from_json(cls, raw: JsonFields) -> Found:
        """Read what `to_json` wrote. Raises `InputError` with the field that is wrong."""
        return cls(raw.hash("record"), raw.take("kind", str), raw.number("dataClass", bits=32), raw.number("age"))
