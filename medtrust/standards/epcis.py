"""EPCIS: what happened to which goods, where, when and why; documents in JSON-LD and XML, checked and hashed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from medtrust.errors import InputError
from medtrust.standards.epcis_check import check_source
from medtrust.standards.epcis_hash import hash_of, instant, pre_hash
from medtrust.standards.epcis_source import read_json_source
from medtrust.standards.epcis_xml import read_xml_source

__all__ = ["Epcis", "EpcisEvent", "is_epcis", "read_epcis"]


@dataclass(frozen=True)
class EpcisEvent:
    """One event: its `path` in the document, its `hash`, and its fields as EPCIS 2.0 names them in JSON.

    Fields of somebody's own are named "{namespace}name". `prehash` is the text that was hashed.
    """

    path: str
    hash: str
    prehash: str
    fields: Mapping[str, Any]

    @property
    def kind(self) -> str:
        """Its type, such as "ObjectEvent"."""
        return str(self.fields.get("type", ""))

    @property
    def at(self) -> datetime | None:
        """When it happened, in UTC."""
        return instant(str(self.fields.get("eventTime", "")))

    @property
    def is_declared_wrong(self) -> bool:
        """Whether it declares that the event with the same hash was an error."""
        return "errorDeclaration" in self.fields


@dataclass(frozen=True)
class Epcis:
    """One document: its `kind`, the `version` of its schema, its events, and all that is wrong with it."""

    kind: str
    version: str
    events: tuple[EpcisEvent, ...]
    problems: tuple[InputError, ...]

    @property
    def is_valid(self) -> bool:
        """Whether nothing is wrong with it."""
        return not self.problems


def is_epcis(data: bytes) -> bool:
    """Say whether data looks like a document, an event or a query of EPCIS."""
    start = data.removeprefix(b"\xef\xbb\xbf").lstrip()[:4096]
    return (start[:1] == b"{" or start[:1] == b"<") and b"epcis" in start.lower()


def read_epcis(data: bytes, *, name: str = "") -> Epcis:
    """Read and check a document, a query document, a bare event or a query: EPCIS 2.0 in JSON-LD, 1.x and 2.0 in XML.

    What is wrong is among the problems, each with its path and with `name` as its file. No address in it is ever
    asked. Raises `InputError` if it cannot be read at all: neither JSON nor XML, entities, or another root.
    """
    try:
        start = data.removeprefix(b"\xef\xbb\xbf").lstrip()[:1]
        source = read_xml_source(data) if start == b"<" else read_json_source(data.removeprefix(b"\xef\xbb\xbf"))
    except InputError as error:
        raise error.within(name) from None
    texts = [pre_hash(event.fields, ignored=source.ignored) for event in source.events]
    events = tuple(
        EpcisEvent(event.path, hash_of(text), text, event.fields)
        for event, text in zip(source.events, texts, strict=True)
    )
    problems = tuple(problem.within(name) for problem in check_source(source))
    return Epcis(source.kind, source.version, events, problems)
