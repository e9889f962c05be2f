"""EPCIS 1.2 and 2.0 in XML, read into the same form as JSON-LD; entities and document types are refused."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any, Final

from lxml import etree

from medtrust.errors import InputError
from medtrust.standards.epcis_source import Event, Source
from medtrust.standards.epcis_words import EPC_LISTS, EVENT_FIELDS, QUANTITY_LISTS, TYPED_LISTS, is_query_parameter

__all__ = ["read_xml_source"]

_OWN: Final = re.compile(r"urn:epcglobal:(?:epcis|epcis-query|epcis-masterdata|cbv|)[a-z:-]*xsd:[12]")
_XSI: Final = "{http://www.w3.org/2001/XMLSchema-instance}"
_NUMBER: Final = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?")
_NUMERIC: Final = frozenset(("quantity", "value", "minValue", "maxValue", "meanValue", "sDev", "percRank", "percValue"))
_SHELLS: Final = frozenset(("extension", "baseExtension"))
"""Elements of EPCIS 1.2 that only wrap what a later version added."""

_ORDER: Final = (
    *("eventTime", "recordTime", "eventTimeZoneOffset", "eventID", "errorDeclaration", "certificationInfo"),
    *("parentID", "epcList", "childEPCs", "inputEPCList", "inputQuantityList", "outputEPCList"),
    *("outputQuantityList", "action", "transformationID", "bizStep", "disposition", "readPoint", "bizLocation"),
    "bizTransactionList",
)
"""The order of the first elements of an event in captured documents of version 2.0."""

# Documents of EPCIS have none of these; what has them wants to read other files, or to fill the memory.
_FORBIDDEN: Final = (b"<!doctype", b"<!entity")


def read_xml_source(data: bytes) -> Source:
    """Read a document, a query document, a bare event or a query in XML.

    Raises `InputError` if it is no XML, has a document type or entities, or another root.
    """
    root = _parse(data)
    name = _local(root.tag)
    source = Source("", str(root.get("schemaVersion", "")), dict(root.attrib))
    source.prefixes = {str(prefix): str(uri) for prefix, uri in root.nsmap.items() if prefix}
    if name in EVENT_FIELDS:
        source.kind = "event"
        source.events = [Event("", _event(root, "", source))]
        return source
    if name not in ("EPCISDocument", "EPCISQueryDocument"):
        expected = f"EPCISDocument, EPCISQueryDocument or {', '.join(EVENT_FIELDS)}"
        raise InputError(place="root", found=name, expected=expected)
    source.kind = "document" if name == "EPCISDocument" else "query document"
    poll = next((one for one in root.iter() if _is_own(one) and _local(one.tag) == "Poll"), None)
    if poll is not None:
        source.kind = "query"
        _query(poll, source)
        return source
    list_ = next((one for one in root.iter() if _is_own(one) and _local(one.tag) == "EventList"), None)
    if list_ is None:
        source.refuse("EPCISBody.EventList", "nothing", "a list of events")
        return source
    ignored = (one for one in root.iter() if not _is_own(one) and _local(one.tag) == "ignoreFields")
    source.ignored = frozenset(str(child.tag) for one in ignored for child in one if not _is_own(child))
    in_order = source.kind == "document" and str(root.nsmap.get(root.prefix, "")).endswith(":2")
    for index, element in enumerate(_event_elements(list_)):
        path = f"EventList[{index}]"
        if in_order:
            _check_order(element, path, source)
        source.events.append(Event(path, _event(element, path, source)))
    return source


def _parse(data: bytes) -> Any:
    plain = data.replace(b"\0", b"").lower()
    for forbidden in _FORBIDDEN:
        if forbidden in plain:
            found = forbidden.decode().upper()
            raise InputError(place="document", found=found, expected="XML without document type and entities")
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, remove_comments=True, remove_pis=True, huge_tree=False
    )
    try:
        return etree.fromstring(data, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise InputError(place="document", found=str(error)[:120], expected="XML") from None


def _event_elements(list_: Any) -> Iterator[Any]:
    for child in list_:
        if _is_own(child) and _local(child.tag) in _SHELLS:
            yield from _event_elements(child)
        else:
            yield child


def _check_order(event: Any, path: str, source: Source) -> None:
    """Refuse an event whose first elements do not stand as the schema has them; others may follow in any order."""
    if _local(event.tag) not in ("ObjectEvent", "AggregationEvent", "AssociationEvent", "TransformationEvent"):
        return
    highest = -1
    for child in _flat(event):
        name = _local(child.tag)
        if not _is_own(child) or name not in _ORDER:
            continue
        place = _ORDER.index(name)
        if place < highest:
            source.refuse(f"{path}.{name}", f"it after {_ORDER[highest]}", f"it before {_ORDER[highest]}")
        highest = max(highest, place)


def _flat(element: Any) -> Iterator[Any]:
    """Yield the elements inside, those in shells too."""
    for child in element:
        if _is_own(child) and _local(child.tag) in _SHELLS:
            yield from _flat(child)
        else:
            yield child


def _event(element: Any, path: str, source: Source) -> dict[str, Any]:
    fields: dict[str, Any] = {"type": _local(element.tag)}
    for child in _flat(element):
        name = _name(child)
        value = _field(child, name)
        if name in fields and _is_own(child):
            if name != "certificationInfo":
                source.refuse(f"{path}.{name}", "the element a second time", "each element once")
                continue
            value = [*_listed(fields[name]), value]
        elif name in fields:
            value = [*_listed(fields[name]), value]
        fields[name] = value
    return fields


def _field(element: Any, name: str) -> Any:
    if name in EPC_LISTS:
        return [_text(child) for child in element]
    if name in QUANTITY_LISTS:
        return [_object(child) for child in element]
    if name in TYPED_LISTS:
        return [{**_attributes(child), TYPED_LISTS[name]: _text(child)} for child in element]
    if name == "sensorElementList":
        return [_sensor(child) for child in element]
    if name == "persistentDisposition":
        lasting: dict[str, list[str]] = {}
        for child in element:
            lasting.setdefault(_local(child.tag), []).append(_text(child))
        return lasting
    if name == "errorDeclaration":
        declared = _object(element)
        for child in element:
            if _name(child) == "correctiveEventIDs":
                declared["correctiveEventIDs"] = [_text(one) for one in child]
        return declared
    if name in ("readPoint", "bizLocation", "ilmd"):
        return _object(element)
    return _value(element)


def _sensor(element: Any) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for child in element:
        name = _name(child)
        if name == "sensorReport":
            found.setdefault(name, []).append(_object(child))
        else:
            found[name] = _object(child) if name == "sensorMetadata" else _value(child)
    return found


def _object(element: Any) -> dict[str, Any]:
    """Read attributes and elements as fields; an element that stands several times is a list."""
    found = _attributes(element)
    for child in _flat(element):
        name = _name(child)
        value = _value(child, name)
        found[name] = [*_listed(found[name]), value] if name in found else value
    return found


def _value(element: Any, name: str = "") -> Any:
    if len(element) == 0 and not _attributes(element):
        return _typed(name, _text(element))
    inner = _object(element)
    text = _text(element)
    return {**inner, "#text": text} if text else inner


def _attributes(element: Any) -> dict[str, Any]:
    return {name: _typed(name, value.strip()) for name, value in element.attrib.items() if not name.startswith(_XSI)}


def _typed(name: str, text: str) -> Any:
    if name in _NUMERIC and _NUMBER.fullmatch(text):
        return Decimal(text)
    return {"true": True, "false": False}.get(text, text) if name == "booleanValue" else text


def _query(poll: Any, source: Source) -> None:
    if not any(_local(child.tag) == "queryName" and _text(child) for child in poll):
        source.refuse("Poll.queryName", "nothing", "the name of a query")
    params = [one for one in poll.iter() if isinstance(one.tag, str) and _local(one.tag) == "param"]
    for index, param in enumerate(params):
        path = f"Poll.params[{index}]"
        inner = {_local(child.tag): child for child in param}
        name = _text(inner["name"]) if "name" in inner else ""
        if not is_query_parameter(name):
            source.refuse(f"{path}.name", repr(name), "a parameter of a query over events")
        if "value" not in inner or not (_text(inner["value"]) or len(inner["value"])):
            source.refuse(f"{path}.value", "nothing", f"a value of {name}")


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _text(element: Any) -> str:
    return (element.text or "").strip()


def _local(tag: str) -> str:
    return tag.rpartition("}")[2]


def _name(element: Any) -> str:
    return _local(element.tag) if _is_own(element) else str(element.tag)


def _is_own(element: Any) -> bool:
    """Whether an element is one of EPCIS: with its namespace, or without any."""
    namespace, bracket, _ = str(element.tag).rpartition("}")
    return not bracket or bool(_OWN.fullmatch(namespace[1:]))
