"""GS1 Digital Link: element strings as a web address, read and written (GS1 Digital Link URI Syntax 1.2 and later)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qsl, quote, unquote, urlsplit

from medtrust.errors import InputError
from medtrust.standards.gs1_syntax import Element, one

__all__ = ["Link", "digital_link", "is_link", "read_link"]

_QUALIFIERS: Final[dict[str, tuple[tuple[str, ...], ...]]] = {
    "00": (),
    "01": (("22", "10", "21"), ("235",)),
    "253": (),
    "255": (),
    "401": (),
    "402": (),
    "414": (("254",), ("7040",)),
    "415": (("8020",),),
    "417": (("7040",),),
    "8003": (),
    "8004": (("7040",),),
    "8006": (("22", "10", "21"),),
    "8010": (("8011",),),
    "8013": (),
    "8017": (("8019",),),
    "8018": (("8019",),),
}
"""The primary keys of a link, each with the sequences of qualifiers of which one may follow it, in order."""

_PATH_ALONE: Final = frozenset(
    {"03", "21", "22", "235", "254", "7040", "7041", "8011", "8014", "8019", "8020", "8040", "8041", "8042", "8043"}
) | {"8200"}
"""What may not stand in the query: qualifiers of keys, and what has no place in a link."""

_NAMES: Final = {
    "sscc": "00",
    "gtin": "01",
    "lot": "10",
    "ser": "21",
    "cpv": "22",
    "gdti": "253",
    "glnx": "254",
    "gcn": "255",
    "ginc": "401",
    "gsin": "402",
    "gln": "414",
    "payTo": "415",
    "party": "417",
    "grai": "8003",
    "giai": "8004",
    "itip": "8006",
    "cpid": "8010",
    "cpsn": "8011",
    "gmn": "8013",
    "gsrnp": "8017",
    "gsrn": "8018",
    "srin": "8019",
    "refno": "8020",
}
"""The names that early links used for keys and qualifiers; later versions of the standard have none."""

_ADDRESS: Final = re.compile(r"(https?|HTTPS?)://[A-Za-z0-9._~:\[\]-]+/[A-Za-z0-9._~:/?#\[\]@!$&'()*+,;=%-]*")


@dataclass(frozen=True)
class Link:
    """What a link says: its elements in their order, and what its query holds besides, by name."""

    elements: tuple[Element, ...]
    unread: tuple[tuple[str, str], ...]


def is_link(code: str) -> bool:
    """Say whether a code begins as a web address does."""
    return code.startswith(("http://", "https://", "HTTP://", "HTTPS://"))


def read_link(code: str, *, unknown: bool = False, names: bool = False) -> Link:
    """Read the path and the query of a link; nothing is fetched, so that its host cannot matter.

    The path ends with a primary key and its qualifiers, each once and in their order. `unknown` lets identifiers pass
    that are not known, `names` the names of early links, such as gtin. Raises `InputError`.
    """
    if not _ADDRESS.fullmatch(code):
        raise InputError(place="Digital Link", found=repr(code[:60]), expected="http or https, a host and a path")
    address = urlsplit(code)
    path = list(_path(address.path, names=names))
    found = [one(key, _padded(key, value)) for key, value in path]
    unread: list[tuple[str, str]] = []
    for name, value in parse_qsl(address.query, keep_blank_values=True):
        if name.isascii() and name.isdecimal():
            found.append(one(name, _padded(name, value), unknown=unknown))
        else:
            unread.append((name, value))
    _check_query([element.ai for element in found], len(path))
    return Link(tuple(found), tuple(unread))


def digital_link(elements: Sequence[Element], *, stem: str = "https://id.gs1.org") -> str:
    """Write elements as a link under `stem`: the first primary key and its qualifiers as path, the rest as query.

    Raises `InputError` if there is no primary key, or an element has no place in a link.
    """
    values = {element.ai: element.value for element in elements}
    for ai, value in values.items():
        one(ai, value)
    key = next((ai for ai in values if ai in _QUALIFIERS), None)
    if key is None:
        raise InputError(place="Digital Link", found=", ".join(values) or "nothing", expected="a primary key")
    sequences = _QUALIFIERS[key]
    chosen = next((sequence for sequence in sequences if values.keys() & set(sequence)), ())
    path = [key, *(ai for ai in chosen if ai in values)]
    rest = [ai for ai in values if ai not in path]
    _check_query([*path, *rest], len(path))
    written = "".join(f"/{ai}/{quote(values[ai], safe='')}" for ai in path)
    query = "&".join(f"{ai}={quote(values[ai], safe='')}" for ai in rest)
    return f"{stem.rstrip('/')}{written}{'?' if query else ''}{query}"


def _path(path: str, *, names: bool) -> Iterator[tuple[str, str]]:
    """Yield the pairs of the path from the last primary key on; what stands before it is of no concern."""
    segments = path.split("/")[1:]
    known = [_NAMES.get(segment, segment) if names else segment for segment in segments]
    start = next((at for at in range(len(known) - 2, -1, -2) if known[at] in _QUALIFIERS), None)
    if start is None:
        expected = "a path that ends with a primary key and its value, and with pairs of qualifiers"
        raise InputError(place="Digital Link", found=repr(path), expected=expected)
    keys, values = known[start::2], [unquote(value) for value in segments[start + 1 :: 2]]
    sequences = _QUALIFIERS[keys[0]]
    if len(keys) > 1 and not any(_follows(keys[1:], sequence) for sequence in sequences):
        expected = " or ".join(", ".join(sequence) for sequence in sequences) or "nothing"
        raise InputError(place="Digital Link", found=", ".join(keys[1:]), expected=f"{expected} after {keys[0]}")
    return zip(keys, values, strict=True)


def _follows(keys: Sequence[str], sequence: Sequence[str]) -> bool:
    """Whether keys are among a sequence, each once and in its order."""
    rest = iter(sequence)
    return all(key in rest for key in keys)


def _check_query(ais: Sequence[str], path: int) -> None:
    """Refuse in a query what belongs to the path, and what stands in the link already."""
    key, qualifiers, query = ais[0], ais[1:path], ais[path:]
    sequences = _QUALIFIERS[key]
    of_key = {ai for sequence in sequences if not qualifiers or qualifiers[0] in sequence for ai in sequence}
    for place, ai in enumerate(query, path):
        if ai in ais[:place]:
            raise InputError(place=f"({ai})", found="it a second time", expected="each identifier once in a link")
        if ai in _PATH_ALONE or ai in of_key:
            raise InputError(place=f"({ai})", found="it in the query", expected="what may stand in the query of a link")


def _padded(ai: str, value: str) -> str:
    """Write a GTIN of 8, 12 or 13 digits with 14, as a link may hold it."""
    return value.zfill(14) if ai in ("01", "02") and len(value) in (8, 12, 13) else value
