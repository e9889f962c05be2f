"""Foreign certificates: EU DCCs and SMART Health Cards, told apart by themselves and taken apart."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

from medtrust.errors import CheckRefused, InputError
from medtrust.standards import dcc, shc
from medtrust.standards.shc_profile import check_bundle
from medtrust.standards.trust import TrustList

__all__ = ["LARGEST", "ForeignCertificate", "is_foreign", "parse"]

LARGEST: Final = 4 * 1024 * 1024
"""How many bytes a file with certificates may have; a real one has a few thousand."""

_BASE45 = re.compile(r"[0-9A-Z $%*+./:-]{40,}")
_JWS = re.compile(r"eyJ[A-Za-z0-9_-]*\.[^\s]*")
_BEGINNINGS = (dcc.PREFIX.encode(), shc.PREFIX.encode(), b"eyJ")
_MEMBERS = ("PREFIX", "verifiableCredential")


class ForeignCertificate(Protocol):
    """What every foreign certificate has, taken apart."""

    @property
    def form(self) -> str:
        """What it is: "dcc" or "shc"."""

    @property
    def issuer(self) -> str:
        """Who issued it, as it says."""

    @property
    def key_id(self) -> str:
        """The id of the key that it names."""

    @property
    def issued_at(self) -> float:
        """When it was issued, as it says (Unix seconds)."""

    @property
    def claims(self) -> dict[str, Any]:
        """What it says."""

    def check_signature(self, trust: TrustList) -> None:
        """Raise `CheckRefused` unless somebody trusted signed it."""

    def check_content(self, trust: TrustList, at: float) -> None:
        """Raise `CheckRefused` unless it holds at this time (Unix seconds)."""


@dataclass(frozen=True, slots=True)
class _Unsigned:
    """What a card would say if anybody had signed it; what is wrong with it comes first."""

    form = "shc"
    key_id = ""
    issued_at = 0.0

    content: shc.Payload | dict[str, Any]

    @property
    def issuer(self) -> str:
        return self.content.issuer if isinstance(self.content, shc.Payload) else ""

    @property
    def claims(self) -> dict[str, Any]:
        return {}

    def check_signature(self, trust: TrustList) -> None:
        pass

    def check_content(self, trust: TrustList, at: float) -> None:  # noqa: ARG002, as in the protocol
        if isinstance(self.content, shc.Payload):
            self.content.check_profile(at)
        else:
            check_bundle(self.content)
        raise CheckRefused("NotSigned", "it reads like the inside of a health card, and nobody signed it")


def parse(sources: Sequence[str | bytes]) -> list[ForeignCertificate]:
    """Take apart the certificates of one or several texts: several only if they are chunks of one health card.

    Known are the text of a DCC (HC1:…), a test vector of it (JSON), and of SMART Health Cards the digits of QR codes
    (shc:/…, chunks each in its line or source), a card (JWS), a `.smart-health-card` file, the answer of
    `$health-cards-issue`, and what is inside a card, unsigned. Raises `CheckRefused` with what is wrong.
    """
    texts = [_text(source) for source in sources]
    lines = [line for text in texts for line in text.split("\n")]
    if lines and all(line.startswith(shc.PREFIX) for line in lines):
        return [shc.HealthCard.parse(shc.from_numeric(lines))]
    return [certificate for text in texts for certificate in _parse_one(text)]


def _text(source: str | bytes) -> str:
    """Return the text of a source without the line break that editors put at its end.

    Raises `CheckRefused` with reason "TooLarge" or "UnknownForm".
    """
    if len(source) > LARGEST:
        raise CheckRefused("TooLarge", f"the file has {len(source)} bytes, at most {LARGEST} may be")
    try:
        text = source if isinstance(source, str) else source.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise CheckRefused("UnknownForm", "the file is neither text nor an image that can be read") from None
    return text.replace("\r\n", "\n").removesuffix("\n")


def _parse_one(text: str) -> list[ForeignCertificate]:
    if text.startswith(dcc.PREFIX) or _BASE45.fullmatch(text):
        return [dcc.HealthCertificate.parse(text)]
    inner = text.strip()
    if _JWS.fullmatch(inner):
        return [shc.HealthCard.parse(_tight(text))]
    if not inner.startswith("{"):
        raise CheckRefused("UnknownForm", "it is no certificate of a form that is known")
    raw = shc.load_object(inner, "UnknownForm", "the file")
    if isinstance(raw.get("PREFIX"), str):
        return [dcc.HealthCertificate.parse(raw["PREFIX"])]
    return _parse_card(raw, _tight(text))


def _tight(text: str) -> str:
    """Refuse white space around what is of SMART Health Cards; raises with reason "TrailingCharacters"."""
    if text != text.strip():
        raise CheckRefused("TrailingCharacters", "there is white space before or behind the certificate")
    return text


def _parse_card(raw: dict[str, Any], text: str) -> list[ForeignCertificate]:
    cards = raw.get("verifiableCredential")
    if cards is None and raw.get("resourceType") == "Parameters" and isinstance(raw.get("parameter"), list):
        named = [one for one in raw["parameter"] if isinstance(one, dict) and one.get("name") == "verifiableCredential"]
        cards = [one.get("valueString") for one in named]
    if isinstance(cards, list) and cards and all(isinstance(card, str) for card in cards):
        return [shc.HealthCard.parse(card) for card in cards]
    if "iss" in raw or "vc" in raw:
        return [_Unsigned(shc.Payload.read(raw))]
    if raw.get("resourceType") == "Bundle":
        return [_Unsigned(raw)]
    raise _stranger(text)


def _stranger(text: str) -> CheckRefused:
    """Say why JSON that is no certificate is none; of a key set or a list, what is wrong with it."""
    try:
        TrustList.read([("file", text.encode())])
    except CheckRefused as refused:
        return refused
    except InputError:
        return CheckRefused("UnknownForm", "it is JSON, but no certificate of a form that is known")
    return CheckRefused("UnknownForm", "it says whom to trust, and is no certificate itself")


def is_foreign(data: bytes) -> bool:
    """Say whether `data` is, by its beginning or its members, one of the texts and files that `parse` takes, signed."""
    begun = data.removeprefix(b"\xef\xbb\xbf").lstrip()
    if begun.startswith(_BEGINNINGS):
        return True
    if begun[:1] != b"{" or len(data) > LARGEST or not any(member.encode() in data for member in _MEMBERS):
        return False
    try:
        raw = json.loads(begun)
    except (ValueError, RecursionError):
        return False
    return any(member in raw for member in _MEMBERS) or raw.get("resourceType") == "Parameters"
