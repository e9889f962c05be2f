"""The hash of an event: the same for every way to write it down (CBV 2.0, 8.9).

An event is written as one text in a fixed order, with times in UTC, identifiers and words in one form, lists sorted,
and what somebody added at the end of where it stands. When it was recorded, its id and a declaration that it was an
error do not count.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from medtrust.standards.epcis_uris import canonical_uri
from medtrust.standards.epcis_words import (
    EPC_LISTS,
    PREFIXES,
    QUANTITY_LISTS,
    SENSOR_METADATA,
    SENSOR_REPORT,
    TYPED_LISTS,
    VOCABULARIES,
)

__all__ = ["event_hash", "hash_of", "instant", "pre_hash"]

_IGNORED: Final = frozenset(("recordTime", "eventID", "type", "errorDeclaration", "@context"))
_COMMENTS: Final = frozenset(("comment", f"{{{PREFIXES['rdfs']}}}comment"))
_WEB: Final = "https://gs1.org/voc/"

_Order = tuple[tuple[str, Any], ...]

_QUANTITIES: Final[_Order] = (("quantityElement", (("epcClass", ()), ("quantity", ()), ("uom", ()))),)
_EPCS: Final[_Order] = (("epc", ()),)
_METADATA: Final[_Order] = tuple((name, ()) for name in SENSOR_METADATA)
_REPORT: Final[_Order] = tuple((name, ()) for name in SENSOR_REPORT if name != "bizRules")
_ORDER: Final[_Order] = (
    *((name, ()) for name in ("eventTime", "eventTimeZoneOffset", "certificationInfo", "parentID")),
    *((name, _EPCS) for name in ("epcList", "inputEPCList", "childEPCs")),
    *((name, _QUANTITIES) for name in ("quantityList", "childQuantityList", "inputQuantityList")),
    ("outputEPCList", _EPCS),
    ("outputQuantityList", _QUANTITIES),
    *((name, ()) for name in ("action", "transformationID", "bizStep", "disposition")),
    ("persistentDisposition", (("set", ()), ("unset", ()))),
    ("readPoint", (("id", ()),)),
    ("bizLocation", (("id", ()),)),
    *((name, ((inner, ()),)) for name, inner in TYPED_LISTS.items()),
    ("sensorElementList", (("sensorElement", (("sensorMetadata", _METADATA), ("sensorReport", _REPORT))),)),
)
_TIME_FIELDS: Final = frozenset(("eventTime", "time", "startTime", "endTime"))
_TIME: Final = re.compile(
    r"(\d{4}-\d\d-\d\d)T(\d\d:\d\d)(:\d\d)?(?:\.(\d+))?(Z|[+-]\d\d:\d\d)",
    re.ASCII,
)


@dataclass
class _Node:
    """One field as the text has it: its name, its own text, and the fields inside."""

    name: str
    text: str = ""
    inner: list[_Node] = field(default_factory=list)


def event_hash(event: Mapping[str, Any], *, ignored: Collection[str] = ()) -> str:
    """Hash an event (fields as EPCIS 2.0 names them) to its id as a named information URI, "ni:///sha-256;…".

    `ignored` names fields of somebody's own, as "{namespace}name", that its document leaves out of account.
    """
    return hash_of(pre_hash(event, ignored=ignored))


def hash_of(text: str) -> str:
    """Hash the text of an event to its id."""
    return f"ni:///sha-256;{hashlib.sha256(text.encode()).hexdigest()}?ver=CBV2.0"


def pre_hash(event: Mapping[str, Any], *, ignored: Collection[str] = ()) -> str:
    """Write an event as the text that is hashed."""
    nodes = [node for node in _nodes(event) if node.name not in _IGNORED and node.name not in ignored]
    text, rest = _ordered(nodes, _ORDER, is_event=True)
    return f"eventType={event.get('type', '')}{text}{_sorted(rest)}"


def instant(text: str) -> datetime | None:
    """Read a time with its zone, rounded to the millisecond; None if it is none (ISO 8601, as EPCIS has it)."""
    found = _TIME.fullmatch(text)
    if not found:
        return None
    day, time, seconds, fraction, zone = found.groups()
    try:
        moment = datetime.fromisoformat(f"{day}T{time}{seconds or ':00'}{'+00:00' if zone == 'Z' else zone}")
        thousandths, next_digit = (fraction or "").ljust(3, "0")[:3], (fraction or "")[3:4]
        up = next_digit >= "5"
        return (moment + timedelta(milliseconds=int(thousandths) + up)).astimezone(timezone.utc)
    except (ValueError, OverflowError):
        return None


def _nodes(fields: Mapping[str, Any]) -> Iterator[_Node]:
    for name, value in fields.items():
        if name in _COMMENTS or name == "#text":
            continue
        if name in EPC_LISTS:
            yield _Node(name, inner=[_Node("epc", _plain(one)) for one in _many(value)])
        elif name in QUANTITY_LISTS:
            yield _Node(name, inner=[_node("quantityElement", one) for one in _many(value)])
        elif name in TYPED_LISTS:
            yield _Node(name, inner=[_typed(TYPED_LISTS[name], one) for one in _many(value)])
        elif name == "sensorElementList":
            yield _Node(name, inner=[_node("sensorElement", one) for one in _many(value)])
        else:
            yield from (_node(name, one) for one in _many(value))


def _node(name: str, value: Any) -> _Node:
    if isinstance(value, Mapping):
        return _Node(name, _plain(value.get("#text", "")), list(_nodes(value)))
    return _Node(name, _word(name, _plain(value)))


def _typed(name: str, value: Any) -> _Node:
    """Write one of a list with types: the type stands before what has it."""
    if not isinstance(value, Mapping):
        return _Node(name, _plain(value))
    kind = _word(name, _plain(value.get("type", "")))
    own = [_Node("type", kind)] if kind else []
    rest = {key: one for key, one in value.items() if key not in ("type", name)}
    return _Node(name, _plain(value.get(name, "")), [*own, *_nodes(rest)])


def _word(name: str, text: str) -> str:
    """Write a bare word of a vocabulary as the address that it stands for."""
    vocabulary = VOCABULARIES.get("disposition" if name in ("set", "unset") else name)
    if vocabulary and text in vocabulary.words:
        return vocabulary.web + text
    if name in ("type", "exception") and re.fullmatch(r"[A-Za-z_]+", text):
        return _WEB + text
    if name == "component" and re.fullmatch(r"[a-z_]+", text):
        return f"https://ref.gs1.org/cbv/Comp-{text}"
    return text


def _ordered(nodes: Sequence[_Node], order: _Order, *, is_event: bool = False) -> tuple[str, list[_Node]]:
    """Write nodes in an order, and return what the order does not name."""
    rest = list(nodes)
    text = ""
    for name, inner_order in order:
        values = []
        for node in [one for one in nodes if one.name == name]:
            rest.remove(node)
            written, left = _written(node, inner_order)
            if written:
                values.append(written)
            if left:
                rest.append(_Node(name, inner=left))
        text += "".join(sorted(values))
    if not is_event:
        own = [node for node in rest if node.name.startswith("{")]
        rest = [node for node in rest if not node.name.startswith("{")]
        text += _sorted(own)
    return text, rest


def _written(node: _Node, order: _Order) -> tuple[str, list[_Node]]:
    if node.name in TYPED_LISTS.values():
        before = "".join(f"type={_canonical('type', one.text)}" for one in node.inner if one.name == "type")
        own = _sorted([one for one in node.inner if one.name != "type"])
        return f"{before}{node.name}={_canonical(node.name, node.text)}{own}", []
    inner, left = _ordered(node.inner, order) if order else ("", list(node.inner))
    value = _canonical(node.name, node.text)
    if not (value or inner):
        return "", left
    return f"{node.name}{'=' if value else ''}{value}{inner}", left


def _sorted(nodes: Sequence[_Node]) -> str:
    return "".join(sorted(_generic(node) for node in nodes))


def _generic(node: _Node) -> str:
    value = _canonical("", node.text)
    return f"{node.name}{'=' if value else ''}{value}{_sorted(node.inner)}"


def _canonical(name: str, text: str) -> str:
    """Write a value in its one form: time, word, number or identifier; anything else stays as it is."""
    text = text.strip()
    if name in _TIME_FIELDS and (moment := instant(text)):
        return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03}Z"
    for vocabulary in VOCABULARIES.values():
        if text.startswith(vocabulary.urn):
            return vocabulary.web + text.removeprefix(vocabulary.urn)
    for prefix in ("cbv", "gs1"):
        if text.startswith(f"{prefix}:"):
            return PREFIXES[prefix] + text.removeprefix(f"{prefix}:")
    return _number(text) or canonical_uri(text)


def _number(text: str) -> str:
    """Write a number without needless zeros and signs, "" if it is none; none of its digits is lost."""
    if not re.fullmatch(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?", text):
        return ""
    try:
        written = f"{Decimal(text):f}"
    except InvalidOperation:
        return ""
    if "." in written:
        written = written.rstrip("0").rstrip(".")
    return "0" if written in ("-0", "") else written


def _many(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _plain(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"{value:f}" if isinstance(value, Decimal) else str(value)
