"""Where events come from: EPCIS documents in JSON-LD and XML, read into one form; nothing is fetched, ever."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final

from medtrust.errors import InputError
from medtrust.standards.epcis_words import CONTEXTS, EVENT_FIELDS, PREFIXES, is_query_parameter

__all__ = ["Event", "Source", "read_json_source"]

_MASTER_DATA: Final = "urn:epcglobal:cbv:mda:"
"""How JSON-LD writes the namespace of master data, which XML writes without the colon at its end."""

_MAX_DEPTH: Final = 100
_BRACKETS: Final = re.compile(rb'"(?:[^"\\]|\\.)*"|[\[\]{}]', re.DOTALL)
"""Strings, so that what is in them does not count, and brackets."""

_NAMESPACED: Final = re.compile(r"(.*[/#])([^/#]+)")


@dataclass(frozen=True)
class Event:
    """One event: where it stands, and its fields as EPCIS 2.0 names them in JSON.

    Fields of somebody's own are named "{namespace}name", whatever prefix the source had for them.
    """

    path: str
    fields: Mapping[str, Any]

    @property
    def kind(self) -> str:
        """Its type, such as "ObjectEvent"; "" if it has none."""
        kind = self.fields.get("type")
        return kind if isinstance(kind, str) else ""


@dataclass
class Source:
    """What was read: `kind` document, query document, event or query; and what is wrong with the reading of it.

    `ignored` are the fields of somebody's own that the document leaves out of account for the hash of its events.
    """

    kind: str
    version: str
    head: Mapping[str, Any]
    events: list[Event] = field(default_factory=list)
    prefixes: dict[str, str] = field(default_factory=dict)
    ignored: frozenset[str] = frozenset()
    problems: list[InputError] = field(default_factory=list)

    def refuse(self, place: str, found: str, expected: str) -> None:
        """Note one thing that is wrong."""
        self.problems.append(InputError(place=place, found=found, expected=expected))


def read_json_source(data: bytes) -> Source:
    """Read a document, a query document, a bare event or a query in JSON-LD.

    Raises `InputError` if it is no JSON object, or names a field twice.
    """
    raw = _load(data)
    source = Source("", str(raw.get("schemaVersion", "")), raw)
    source.prefixes = {**PREFIXES, **_context(raw.get("@context"), "@context", source)}
    kind = raw.get("type")
    if isinstance(kind, str) and kind in EVENT_FIELDS:
        source.kind = "event"
        _take([raw], "", source)
    elif kind == "EPCISDocument":
        source.kind = "document"
        _take_body(raw, ("epcisBody",), source)
    elif kind == "EPCISQueryDocument":
        source.kind = "query document"
        _take_body(raw, ("epcisBody", "queryResults", "resultsBody"), source)
    elif "type" not in raw and any(is_query_parameter(name) for name in raw):
        source.kind = "query"
        for name in raw:
            if name != "@context" and not is_query_parameter(name):
                source.refuse(name, "an unknown parameter", "a parameter of a query over events")
    else:
        expected = f"EPCISDocument, EPCISQueryDocument, {', '.join(EVENT_FIELDS)}, or a query"
        raise InputError(place="type", found=repr(kind), expected=expected)
    return source


def _load(data: bytes) -> dict[str, Any]:
    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        names = [name for name, _ in pairs]
        if len(set(names)) != len(names):
            twice = next(name for name in names if names.count(name) > 1)
            raise InputError(place=twice, found="the field a second time", expected="each field once")
        return dict(pairs)

    def constant(text: str) -> None:
        raise InputError(place="document", found=text, expected="a number")

    _check_depth(data)
    try:
        raw = json.loads(data, object_pairs_hook=once, parse_float=Decimal, parse_constant=constant)
        json.dumps(raw, ensure_ascii=False, default=str).encode()
    except (ValueError, RecursionError) as error:
        raise InputError(place="document", found=str(error)[:120], expected="JSON in Unicode") from None
    if not isinstance(raw, dict):
        raise InputError(place="document", found=type(raw).__name__, expected="a JSON object")
    return raw


def _check_depth(data: bytes) -> None:
    """Refuse what is nested deeper than any event, before a parser goes down that deep."""
    depth = 0
    for found in _BRACKETS.finditer(data):
        bracket = found[0]
        depth += (bracket in (b"[", b"{")) - (bracket in (b"]", b"}"))
        if depth > _MAX_DEPTH:
            raise InputError(place="document", found=f"more than {_MAX_DEPTH} levels", expected="fewer")


def _context(raw: Any, place: str, source: Source) -> dict[str, str]:
    """Read what a context declares: prefixes, and the one context that is known here by its address."""
    prefixes: dict[str, str] = {}
    parts = raw if isinstance(raw, list) else [] if raw is None else [raw]
    is_known = False
    for index, part in enumerate(parts):
        at = f"{place}[{index}]" if isinstance(raw, list) else place
        if isinstance(part, str):
            is_known = is_known or part.startswith(CONTEXTS)
            if not part.startswith(CONTEXTS):
                source.refuse(at, repr(part), f"a context under {CONTEXTS[0]}; no other is known here")
        elif isinstance(part, dict):
            for name, value in part.items():
                if isinstance(value, str):
                    prefixes[name] = PREFIXES["cbvmda"] if value == _MASTER_DATA else value
                elif not name.startswith("@"):
                    source.refuse(f"{at}.{name}", type(value).__name__, "the address of a namespace")
        else:
            source.refuse(at, type(part).__name__, "an address or an object")
    if place == "@context" and not is_known:
        source.refuse(place, "no context of EPCIS", f"one under {CONTEXTS[0]}")
    return prefixes


def _take_body(raw: Mapping[str, Any], names: tuple[str, ...], source: Source) -> None:
    at: Any = raw
    source.ignored = _ignored(raw, source.prefixes)
    for depth, name in enumerate(names):
        if not isinstance(at, dict) or name not in at:
            source.refuse(".".join(names[: depth + 1]), "nothing", "an object")
            return
        at = at[name]
        source.ignored |= _ignored(at, source.prefixes)
    place = ".".join(names)
    if not isinstance(at, dict) or not ("eventList" in at or "event" in at):
        source.refuse(f"{place}.eventList", "nothing", "a list of events")
    elif "eventList" in at and isinstance(at["eventList"], list):
        _take(at["eventList"], f"{place}.eventList", source)
    elif isinstance(at.get("event"), dict):
        _take([at["event"]], f"{place}.event", source)
    else:
        source.refuse(f"{place}.eventList", type(at.get("eventList")).__name__, "a list of events")


def _ignored(raw: Any, prefixes: Mapping[str, str]) -> frozenset[str]:
    """List what a document leaves out of account: fields of somebody's own, never one of EPCIS."""
    named = [raw[name] for name in raw if name.endswith(":ignoreFields")] if isinstance(raw, dict) else []
    fields = [one for names in named if isinstance(names, list) for one in names if isinstance(one, str)]
    split = [one.partition(":") for one in fields]
    return frozenset(f"{{{prefixes[prefix]}}}{local}" for prefix, _, local in split if prefix in prefixes)


def _take(events: list[Any], place: str, source: Source) -> None:
    for index, raw in enumerate(events):
        path = f"{place}[{index}]" if place.endswith("List") else place
        if not isinstance(raw, dict):
            source.refuse(path, type(raw).__name__, "an event")
            continue
        inner = _context(raw.get("@context"), f"{path}.@context", source) if path and "@context" in raw else {}
        fields = {name: value for name, value in raw.items() if name != "@context"}
        source.events.append(Event(path, _expanded(fields, path, {**source.prefixes, **inner}, source)))


def _expanded(value: Any, path: str, prefixes: Mapping[str, str], source: Source) -> Any:
    """Replace the prefix of every field by its namespace; one that nobody declared is refused."""
    if isinstance(value, list):
        return [_expanded(one, f"{path}[{index}]", prefixes, source) for index, one in enumerate(value)]
    if not isinstance(value, dict):
        return value
    result: dict[str, Any] = {}
    for name, inner in value.items():
        at = f"{path}.{name}" if path else name
        result[_expanded_name(name, at, prefixes, source)] = _expanded(inner, at, prefixes, source)
    return result


def _expanded_name(name: str, at: str, prefixes: Mapping[str, str], source: Source) -> str:
    prefix, colon, local = name.partition(":")
    if not colon:
        return f"{{{prefixes[name]}}}" if name in prefixes and name not in PREFIXES else name
    if local.startswith("//") and (whole := _NAMESPACED.fullmatch(name)):
        return f"{{{whole[1]}}}{whole[2]}"
    if prefix not in prefixes:
        source.refuse(at, f"the prefix {prefix!r}", "a prefix that the context declares")
        return name
    return f"{{{prefixes[prefix]}}}{local}"
