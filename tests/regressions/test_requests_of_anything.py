"""A request that named a suite by a list, or half a character as its form, ended in an error that nobody had named."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from medtrust.consent import Consent, DataClass, Purpose, SignedConsent, Terms
from medtrust.envelope import Place, seal
from medtrust.errors import InputError
from medtrust.key_shares import split_key, wrap_share
from medtrust.record_terms import NO_FINGERPRINT, Ask, Version
from medtrust.record_wire import Asked, HandedShare, Release, Ticket
from medtrust.signing import Domain
from medtrust.types import ZERO_HASH
from medtrust.wrapping import PrivateKey, wrap

SOMEBODY = "0x" + "11" * 20
HOUSE = b"h" * 32
KEY = PrivateKey.generate()
TERMS = Terms(Purpose.TREAT, DataClass.LABORATORY, 4, 840, ZERO_HASH, 0, 0, False, ZERO_HASH, ZERO_HASH, b"s" * 32)
CONSENT = Consent(SOMEBODY, HOUSE, 1, 2, 3, 0, TERMS)
SIGNED = SignedConsent(CONSENT, bytes(65), Domain("ConsentRegistry", "1", 31337, SOMEBODY))
ASK = Ask(SOMEBODY, HOUSE, HOUSE, CONSENT.id, ZERO_HASH, 1, 0, ZERO_HASH, KEY.public.fingerprint, b"n" * 32)
VERSION = Version(HOUSE, b"r" * 32, 1, 0, b"c" * 32, NO_FINGERPRINT, SOMEBODY)
SEALED = seal(Place(31337, SOMEBODY, HOUSE, b"r" * 32, 1, 0), b"content")
SHARE = split_key(SEALED.header, SEALED.key, threshold=2, count=2)[0]
ANYTHING = [
    *(None, True, -1, 0, 2**16, 2**32, 2**64, 2**256, 1.5, float("nan"), "", "x", "0x", "0x" + "ff" * 32, "\u0663"),
    *("\ud800", [], {}, [None], [[]], ["\ud800"], {"x": 1}),
]


def messages() -> dict[str, tuple[Any, dict[str, Any]]]:
    """What goes over the wire, by its kind: what reads it, and one that is right."""
    request = {"actor": SOMEBODY, "organisation": "0x" + HOUSE.hex(), "purpose": 1, "dataClass": 1, "sensitivity": 4}
    request |= {"facility": "0x" + "00" * 32, "jurisdiction": 840, "dataAt": 1}
    hash_ = "0x" + "22" * 32
    wrapped = wrap(SEALED.header, SEALED.key, HOUSE, KEY.public)
    share = wrap_share(SEALED.header, SHARE, HOUSE, KEY.public)
    return {
        "asked": (Asked, Asked(ASK, bytes(65), SIGNED, KEY.public).to_json()),
        "ticket": (Ticket, {"ticket": hash_, "salt": hash_, "request": request}),
        "release": (Release, Release(VERSION, wrapped, SEALED.blob).to_json()),
        "share": (HandedShare, HandedShare(share, SEALED.blob).to_json()),
    }


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield path
    below = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, inner in below:
        yield from places(inner, (*path, name))


def put(document: dict[str, Any], path: tuple[Any, ...], value: Any) -> Any:
    """The document with a value in the place of what stands at a path."""
    if not path:
        return value
    changed = json.loads(json.dumps(document))
    node = changed
    for name in path[:-1]:
        node = node[name]
    node[path[-1]] = value
    return changed


class TestRequestsOfAnything:
    """
    given any message between a reader and a service, right -> read
    when anything stands at any place of it                 -> read, or refused with a place, in text that can be sent
    """

    @pytest.mark.parametrize("kind", messages())
    def test_reads_or_names_what_is_wrong(self, kind):
        reader, document = messages()[kind]
        assert reader.from_json(document).to_json() == document
        refused = []
        for path in places(document):
            for value in ANYTHING:
                try:
                    reader.from_json(put(document, path, value))
                except InputError as error:
                    refused.append(error)
        assert len(refused) > 100
        assert [one for one in refused if not one.place or not str(one).encode()] == []
