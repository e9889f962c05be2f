"""What must be true of an EPCIS event: its fields, their forms, its words, and who may have fields of their own."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from medtrust.errors import InputError
from medtrust.standards.epcis_hash import instant
from medtrust.standards.epcis_query import check_query
from medtrust.standards.epcis_source import Event, Source
from medtrust.standards.epcis_values import (
    Check,
    Fault,
    action,
    certificates,
    each,
    flag,
    hexadecimal,
    is_number,
    number,
    sensor_word,
    text,
    time,
    uri,
)
from medtrust.standards.epcis_words import (
    COMMON_FIELDS,
    EPC_LISTS,
    EVENT_FIELDS,
    PREFIXES,
    QUANTITY_LISTS,
    SENSOR_METADATA,
    SENSOR_REPORT,
    TYPED_LISTS,
    VOCABULARIES,
)

__all__ = ["check_source"]

_OFFSET: Final = re.compile(r"[+-](?:(?:0[0-9]|1[0-3]):[0-5][0-9]|14:00)")
_UOM: Final = re.compile(r"[A-Z0-9]{2,3}")
_WHAT: Final = {
    "ObjectEvent": (("epcList", "quantityList", "sensorElementList"),),
    "AggregationEvent": (),
    "TransactionEvent": (("bizTransactionList",),),
    "TransformationEvent": (
        ("inputEPCList", "inputQuantityList", "transformationID"),
        ("outputEPCList", "outputQuantityList", "transformationID"),
    ),
    "AssociationEvent": (("parentID",),),
}
"""What each kind of event must name: one of each group."""


def check_source(source: Source) -> tuple[InputError, ...]:
    """Return all that is wrong with what was read, each with its path."""
    faults = list(source.problems)
    if source.kind in ("document", "query document"):
        faults += [_error("", fault) for fault in _head(source)]
    elif source.kind == "query":
        faults += [_error("", fault) for fault in check_query(source.head)]
    seen = {(fault.place, fault.expected) for fault in faults}
    for event in source.events:
        for fault in _event(event, is_old=source.version.startswith("1.")):
            error = _error(event.path, fault)
            if (error.place, error.expected) not in seen:
                faults.append(error)
    return tuple(faults)


def _error(path: str, fault: Fault) -> InputError:
    place, found, expected = fault
    return InputError(place=f"{path}.{place}".strip("."), found=found, expected=expected)


def _head(source: Source) -> Iterator[Fault]:
    if not re.fullmatch(r"[12](\.[0-9]+)*", source.version):
        yield "schemaVersion", repr(source.version), "a version such as 2.0"
    created = source.head.get("creationDate")
    if not isinstance(created, str) or instant(created) is None:
        yield "creationDate", repr(created), "a time with its zone, such as 2026-11-23T10:30:00Z"
    if "id" in source.head:
        yield from uri(source.head["id"], "id")
    for name in ("sender", "receiver", "instanceIdentifier"):
        if name in source.head:
            yield from text(source.head[name], name)


def _event(event: Event, *, is_old: bool) -> Iterator[Fault]:
    fields, kind = event.fields, event.kind
    if kind not in EVENT_FIELDS:
        yield "type", repr(fields.get("type")), f"one of {', '.join(EVENT_FIELDS)}"
        return
    known = {"type", "comment", *COMMON_FIELDS, *EVENT_FIELDS[kind]}
    yield from _unknown(fields, known, "")
    yield from _required(fields, kind, is_old=is_old)
    for name, value in fields.items():
        # Version 1 says nothing about what a certification is.
        if name in known and not (is_old and name == "certificationInfo"):
            yield from _field(name, value)
    if kind in ("AggregationEvent", "AssociationEvent"):
        yield from _children(fields)


def _children(fields: Mapping[str, Any]) -> Iterator[Fault]:
    """Check that what is packed has a container, and that something is packed; all may be taken out unnamed."""
    if fields.get("action") in ("ADD", "DELETE") and not fields.get("parentID"):
        yield "parentID", "nothing", "the container, as it is added to or taken from"
    if fields.get("action") != "DELETE" and not ("childEPCs" in fields or "childQuantityList" in fields):
        yield "childEPCs", "nothing", "childEPCs or childQuantityList"


def _unknown(fields: Mapping[str, Any], known: set[str], place: str) -> Iterator[Fault]:
    """Refuse a field that is not of EPCIS and has no namespace: it would be lost in silence."""
    for name in fields:
        if name not in known and not name.startswith(("{", "@", "#")) and ":" not in name:
            yield f"{place}.{name}".strip("."), "an unknown field", "a field of EPCIS, or one with a namespace"


def _required(fields: Mapping[str, Any], kind: str, *, is_old: bool) -> Iterator[Fault]:
    for name in ("eventTime", "eventTimeZoneOffset", *(("action",) if "action" in EVENT_FIELDS[kind] else ())):
        if name not in fields:
            yield name, "nothing", f"what every {kind} has"
    if is_old and kind == "ObjectEvent":
        return
    for group in _WHAT[kind]:
        if not any(name in fields for name in group):
            yield group[0], "nothing", " or ".join(group)


def _field(name: str, value: Any) -> Iterator[Fault]:
    if name in EPC_LISTS:
        yield from each(value, name, uri)
    elif name in QUANTITY_LISTS:
        yield from each(value, name, _quantity)
    elif name in TYPED_LISTS:
        yield from each(value, name, lambda one, place: _typed(one, place, TYPED_LISTS[name]))
    elif name == "sensorElementList":
        yield from each(value, name, _sensor)
    else:
        check = _CHECKS.get(name)
        if check:
            yield from check(value, name)


def _offset(value: Any, place: str) -> Iterator[Fault]:
    if not isinstance(value, str) or not _OFFSET.fullmatch(value):
        yield place, repr(value), "an offset from UTC, such as +01:00"


def _word(value: Any, place: str, vocabulary: str) -> Iterator[Fault]:
    """Check a word of a vocabulary: alone, behind what the vocabulary stands behind, or a URI of somebody's own."""
    words = VOCABULARIES[vocabulary]
    expected = f"a word of the Core Business Vocabulary for {vocabulary}, or a URI of your own"
    if not isinstance(value, str):
        yield place, type(value).__name__, expected
        return
    whole = value.replace("cbv:", PREFIXES["cbv"], 1) if value.startswith("cbv:") else value
    for before in (words.urn, words.web):
        if whole.startswith(before):
            if whole.removeprefix(before) not in words.words:
                yield place, repr(value), expected
            return
    if ":" not in whole and whole not in words.words:
        yield place, repr(value), expected


def _step(value: Any, place: str) -> Iterator[Fault]:
    yield from _word(value, place, "bizStep")


def _disposition(value: Any, place: str) -> Iterator[Fault]:
    yield from _word(value, place, "disposition")


def _persistent(value: Any, place: str) -> Iterator[Fault]:
    if not isinstance(value, dict) or not value:
        yield place, repr(value), "an object with set or unset"
        return
    yield from _unknown(value, {"set", "unset"}, place)
    for name in ("set", "unset"):
        if name in value:
            yield from each(value[name], f"{place}.{name}", _disposition)


def _location(value: Any, place: str) -> Iterator[Fault]:
    if not isinstance(value, dict) or "id" not in value:
        yield f"{place}.id", "nothing", "a URI"
        return
    yield from _unknown(value, {"id", "extension"}, place)
    yield from uri(value["id"], f"{place}.id")


def _quantity(value: Any, place: str) -> Iterator[Fault]:
    if not isinstance(value, dict):
        yield place, type(value).__name__, "an object with epcClass and quantity"
        return
    yield from _unknown(value, {"epcClass", "quantity", "uom"}, place)
    yield from uri(value.get("epcClass"), f"{place}.epcClass")
    if "quantity" in value and not is_number(value["quantity"]):
        yield f"{place}.quantity", repr(value["quantity"]), "a number"
    if "quantity" in value and is_number(value["quantity"]) and value["quantity"] < 0:
        yield f"{place}.quantity", str(value["quantity"]), "a number that is not below zero"
    if "uom" in value and not (isinstance(value["uom"], str) and _UOM.fullmatch(value["uom"])):
        yield f"{place}.uom", repr(value["uom"]), "a unit of two or three capital letters or digits"


def _typed(value: Any, place: str, name: str) -> Iterator[Fault]:
    if not isinstance(value, dict):
        yield place, type(value).__name__, f"an object with {name}"
        return
    yield from _unknown(value, {"type", name}, place)
    yield from uri(value.get(name), f"{place}.{name}")
    if "type" in value:
        yield from _word(value["type"], f"{place}.type", name)
    elif name != "bizTransaction":
        yield f"{place}.type", "nothing", f"the type of the {name}"


def _declaration(value: Any, place: str) -> Iterator[Fault]:
    if not isinstance(value, dict):
        yield place, type(value).__name__, "an object with declarationTime"
        return
    yield from _unknown(value, {"declarationTime", "reason", "correctiveEventIDs"}, place)
    yield from time(value.get("declarationTime"), f"{place}.declarationTime")
    if "reason" in value:
        yield from _word(value["reason"], f"{place}.reason", "reason")
    if "correctiveEventIDs" in value:
        yield from each(value["correctiveEventIDs"], f"{place}.correctiveEventIDs", uri)


def _own_fields(value: Any, place: str) -> Iterator[Fault]:
    if not isinstance(value, dict):
        yield place, type(value).__name__, "an object"
        return
    yield from _unknown(value, {"extension"}, place)


def _sensor(value: Any, place: str) -> Iterator[Fault]:
    if not isinstance(value, dict):
        yield place, type(value).__name__, "an object with sensorReport"
        return
    yield from _unknown(value, {"sensorMetadata", "sensorReport"}, place)
    metadata, reports = value.get("sensorMetadata", {}), value.get("sensorReport")
    yield from _measured(metadata, f"{place}.sensorMetadata", SENSOR_METADATA)
    if not isinstance(reports, list) or not reports:
        yield f"{place}.sensorReport", "nothing", "a list of reports"
        return
    for index, report in enumerate(reports):
        at = f"{place}.sensorReport[{index}]"
        yield from _measured(report, at, SENSOR_REPORT)
        if isinstance(report, dict) and not ("type" in report or "exception" in report):
            yield f"{at}.type", "nothing", "what was measured"


def _measured(value: Any, place: str, known: Sequence[str]) -> Iterator[Fault]:
    if not isinstance(value, dict):
        yield place, type(value).__name__, "an object"
        return
    yield from _unknown(value, set(known), place)
    for name, one in value.items():
        if name in known:
            yield from _SENSOR_CHECKS[name](one, f"{place}.{name}")


_SENSOR_CHECKS: Final[Mapping[str, Check]] = {
    **dict.fromkeys(("time", "startTime", "endTime"), time),
    **dict.fromkeys(("type", "exception", "component"), sensor_word),
    **dict.fromkeys(("deviceID", "deviceMetadata", "rawData", "dataProcessingMethod", "bizRules"), uri),
    **dict.fromkeys(("microorganism", "chemicalSubstance", "coordinateReferenceSystem", "uriValue"), uri),
    **dict.fromkeys(("value", "minValue", "maxValue", "meanValue", "sDev", "percRank", "percValue"), number),
    **dict.fromkeys(("stringValue", "uom"), text),
    "booleanValue": flag,
    "hexBinaryValue": hexadecimal,
}
"""What is checked of each field of a report, and of what is said of all reports."""

_CHECKS: Final[Mapping[str, Check]] = {
    "eventTime": time,
    "recordTime": time,
    "eventTimeZoneOffset": _offset,
    "eventID": uri,
    "action": action,
    "certificationInfo": certificates,
    "bizStep": _step,
    "disposition": _disposition,
    "persistentDisposition": _persistent,
    "readPoint": _location,
    "bizLocation": _location,
    "parentID": uri,
    "transformationID": uri,
    "errorDeclaration": _declaration,
    "ilmd": _own_fields,
}
"""What is checked of each field that is no list."""
