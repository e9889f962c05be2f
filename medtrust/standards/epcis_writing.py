"""Events written down: EPCIS 2.0 in JSON-LD, from the fields that reading gives, so that their hashes stay."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

from medtrust.standards.epcis_words import PREFIXES

__all__ = ["write_document", "written_fields"]

_CONTEXT: Final = "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"
_NAMESPACED: Final = re.compile(r"\{([^}]*)\}(.*)", re.DOTALL)


def write_document(events: Sequence[Mapping[str, Any]], *, created: str) -> dict[str, Any]:
    """Write events (fields as EPCIS 2.0 names them, others as "{namespace}name") as one document for `json.dumps`.

    `created` is a time with its zone. Each event is read again with the hash that it has.
    """
    prefixes = _prefixes(events)
    own = {prefix: namespace for namespace, prefix in prefixes.items() if prefix not in PREFIXES}
    return {
        "@context": [_CONTEXT, own] if own else [_CONTEXT],
        "type": "EPCISDocument",
        "schemaVersion": "2.0",
        "creationDate": created,
        "epcisBody": {"eventList": [_written(event, prefixes) for event in events]},
    }


def written_fields(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Write the fields of an event so that JSON takes them, with the names that reading gave them."""
    return {name: _plain(value) for name, value in fields.items()}


def _prefixes(events: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """Give each namespace a prefix: the known one, else ns1, ns2 … in the order in which they come."""
    known = {namespace: prefix for prefix, namespace in PREFIXES.items()}
    found: dict[str, str] = {}
    for namespace in (one for event in events for one in _namespaces(event)):
        if namespace not in found:
            own = sum(prefix not in PREFIXES for prefix in found.values())
            found[namespace] = known.get(namespace) or f"ns{own + 1}"
    return found


def _namespaces(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        for name, inner in value.items():
            if found := _NAMESPACED.fullmatch(name):
                yield found[1]
            yield from _namespaces(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _namespaces(inner)


def _written(value: Any, prefixes: Mapping[str, str]) -> Any:
    if isinstance(value, Mapping):
        return {_name(name, prefixes): _written(inner, prefixes) for name, inner in value.items()}
    if isinstance(value, list):
        return [_written(inner, prefixes) for inner in value]
    return _plain(value)


def _name(name: str, prefixes: Mapping[str, str]) -> str:
    found = _NAMESPACED.fullmatch(name)
    return f"{prefixes[found[1]]}:{found[2]}" if found else name


def _plain(value: Any) -> Any:
    """Write a number as JSON has it; one that no float can hold stays as its digits."""
    if isinstance(value, Mapping):
        return {name: _plain(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_plain(inner) for inner in value]
    if isinstance(value, Decimal):
        if value == value.to_integral_value():
            return int(value)
        return float(value) if Decimal(repr(float(value))) == value else f"{value:f}"
    return value
