"""Revocation lists: those of SMART Health Cards, by card, and those of the EU DCC, by hash."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from medtrust.errors import CheckRefused

__all__ = ["CardList", "HashList", "card_list", "hash_list"]

_CARD_ID = re.compile(r"[A-Za-z0-9_-]+")
_LONGEST_CARD_ID = 24
_HASH_BYTES = 16
_HASH_TYPES = ("SIGNATURE", "UCI", "COUNTRYCODEUCI")


@dataclass(frozen=True, slots=True)
class CardList:
    """The cards that an issuer withdrew, of those signed with one key.

    `cards` by revocation id: cards issued before that time (Unix seconds) are withdrawn, all if it is None.
    """

    kid: str
    version: int
    cards: Mapping[str, int | None]

    def withdraws(self, rid: str, issued_at: float) -> bool:
        """Whether a card of this revocation id, issued at this time (Unix seconds), was withdrawn."""
        if rid not in self.cards:
            return False
        before = self.cards[rid]
        return before is None or issued_at < before


@dataclass(frozen=True, slots=True)
class HashList:
    """DCCs that were withdrawn, as hashes of one kind: "SIGNATURE", "UCI" or "COUNTRYCODEUCI", of 16 bytes each."""

    kind: str
    hashes: frozenset[bytes]


def card_list(raw: Mapping[str, Any], place: str) -> CardList:
    """Read a revocation list of SMART Health Cards (`/.well-known/crl/<kid>.json`).

    Raises `CheckRefused` with reason "RevocationBroken", "RevocationMethod", "RevocationId", "RevocationIdTooLong" or
    "RevocationIdTwice".
    """
    kid, version, listed = raw.get("kid"), raw.get("ctr"), raw.get("rids")
    if not isinstance(kid, str) or type(version) is not int or not isinstance(listed, list):
        raise CheckRefused("RevocationBroken", f"{place}: a revocation list has kid, ctr and rids")
    if raw.get("method") != "rid":
        raise CheckRefused("RevocationMethod", f"{place}.method is {raw.get('method')!r}, known is 'rid'")
    cards: dict[str, int | None] = {}
    for index, entry in enumerate(listed):
        rid, before = _card_entry(entry, f"{place}.rids[{index}]")
        if rid in cards:
            raise CheckRefused("RevocationIdTwice", f"{place}.rids[{index}] lists {rid!r} once more")
        cards[rid] = before
    return CardList(kid, version, cards)


def _card_entry(entry: Any, place: str) -> tuple[str, int | None]:
    rid, dot, before = entry.partition(".") if isinstance(entry, str) else ("", "", "")
    if not _CARD_ID.fullmatch(rid) or (dot and not (before.isascii() and before.isdigit())):
        raise CheckRefused(
            "RevocationId", f"{place} is {entry!r}, expected base64url, perhaps with a dot and Unix seconds"
        )
    if len(rid) > _LONGEST_CARD_ID:
        raise CheckRefused(
            "RevocationIdTooLong", f"{place} has {len(rid)} characters, at most {_LONGEST_CARD_ID} may be"
        )
    return rid, int(before) if dot else None


def hash_list(raw: Mapping[str, Any], place: str) -> HashList:
    """Read a batch of the EU DCC's revocation list: `hashType`, and `entries` with a `hash` in base64 each.

    Raises `CheckRefused` with reason "RevocationBroken".
    """
    kind, entries = raw.get("hashType"), raw.get("entries")
    if kind not in _HASH_TYPES or not isinstance(entries, list):
        raise CheckRefused("RevocationBroken", f"{place}: a batch has entries and hashType, {' or '.join(_HASH_TYPES)}")
    try:
        hashes = frozenset(base64.b64decode(entry["hash"], validate=True) for entry in entries)
    except (TypeError, KeyError, binascii.Error):
        hashes = frozenset((b"",))
    if any(len(one) != _HASH_BYTES for one in hashes):
        raise CheckRefused("RevocationBroken", f"{place}.entries: every hash is {_HASH_BYTES} bytes in base64")
    return HashList(kind, hashes)
