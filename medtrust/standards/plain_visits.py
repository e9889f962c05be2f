"""Visits in plain JSON, for programs that speak no standard, as enc/1 and claim/1."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial

from medtrust.canonical import Claim, ClaimLine, Encounter, canonical_decimal, canonical_text
from medtrust.errors import InputError
from medtrust.pseudonym import PatientIdentifier
from medtrust.standards import codes
from medtrust.standards.fhir_json import Node, parse, present
from medtrust.standards.fhir_source import day
from medtrust.standards.identifiers import is_uri
from medtrust.standards.loss import MAPPED, Marks
from medtrust.standards.reading import Reader, Record

__all__ = ["is_plain_visit", "read_plain_visits"]

_SCHEMA, _ANY_VERSION = "visit/1", "visit/"
_CLASS = re.compile("[A-Z]{2,10}")


def is_plain_visit(data: bytes) -> bool:
    """Say whether `data` is a visit in plain JSON, which says so by "schema": "visit/1", or several, one on a line.

    One of another version is one as well, and is refused as such.
    """
    if _ANY_VERSION.encode() not in data or not data.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"{"):
        return False
    _, first, _ = next(parse(data))
    if not isinstance(first, dict) or "resourceType" in first:
        return False
    schema = first.get("schema")
    return isinstance(schema, str) and schema.startswith(_ANY_VERSION)


def read_plain_visits(data: bytes, reader: Reader) -> None:
    """Read each visit of `data` into `reader`: records, refusals with their paths, and the ledger."""
    for path, document, text in parse(data):
        marks: Marks = {}
        if isinstance(document, InputError):
            reader.loss.add(partial(_unread, path, text), marks)
            reader.refuse(document)
        else:
            reader.loss.add(partial(present, document, path), marks)
            _read_visit(Node(document, path), reader, marks)


def _unread(path: str, text: str, _: Marks) -> Iterator[tuple[str, str, str]]:
    yield path, "", text


def _read_visit(node: Node, reader: Reader, marks: Marks) -> None:
    """Read one visit and the claim for it; the visit stands when the claim is refused."""
    own: Marks = {}
    try:
        if node.text("schema") != _SCHEMA:
            raise node.error("schema", node.text("schema"), _SCHEMA)
        own[f"{node.path}.schema"] = MAPPED
        patient = _patient(node.child("patient"), own)
        visit = _visit(node, patient, reader, own)
        reader.records.append(Record(visit, node.path, patient))
        marks.update(own)
        claim, policy = _claim(node, visit, reader, own)
        days = tuple(f"{line.path}.day" for line in node.children("lines"))
        reader.records.append(Record(claim, node.path, patient, beside={"policy": policy}, days=days))
        marks.update(own)
    except InputError as error:
        reader.refuse(error)


def _text(node: Node, name: str, expected: str, marks: Marks) -> str:
    """Return a text that has to be there."""
    found = canonical_text(node.text(name))
    if not found:
        raise node.error(name, "", expected)
    marks[f"{node.path}.{name}"] = MAPPED
    return found


def _uri(node: Node, name: str, expected: str, marks: Marks) -> str:
    found = _text(node, name, expected, marks)
    if not is_uri(found):
        raise node.error(name, found, f"{expected}, as a URI")
    return found


def _patient(node: Node, marks: Marks) -> PatientIdentifier:
    """Return who the patient is: `value`, and who assigned it and of what type it is if that is said."""
    for name in ("authority", "type"):
        marks[f"{node.path}.{name}"] = MAPPED
    value = _text(node, "value", "the number of the patient", marks)
    return PatientIdentifier(canonical_text(node.text("authority")), node.text("type"), value)


def _visit(node: Node, patient: PatientIdentifier, reader: Reader, marks: Marks) -> Encounter:
    visit = node.child("visit")
    number = _text(visit, "number", "the visit number", marks)
    kind = _text(visit, "class", "a class of HL7 ActCode, such as AMB", marks)
    if not _CLASS.fullmatch(kind):
        raise visit.error("class", kind, "a class of HL7 ActCode, such as AMB")
    marks[f"{visit.path}.authority"] = MAPPED
    start, end = day(visit, "start", marks), day(visit, "end", marks) if "end" in visit.value else ""
    if end and end < start:
        raise visit.error("end", end, f"{start}, when it starts, or later")
    return Encounter(
        sub=reader.pseudonym(patient),
        org=_uri(node, "provider", "the provider's identifier", marks),
        cls=kind,
        start=start,
        vn=reader.visit_number(canonical_text(visit.text("authority")), number),
        end=end,
    )


def _claim(node: Node, visit: Encounter, reader: Reader, marks: Marks) -> tuple[Claim, str]:
    payer = _uri(node, "payer", "the payer's identifier", marks)
    policy = _text(node, "policy", "the policy number", marks)
    currency = _text(node, "currency", "a currency of ISO 4217", marks)
    lines = tuple(_line(number, one, visit, currency, marks) for number, one in enumerate(node.children("lines"), 1))
    total = sum(int(line.amt) for line in lines)
    if "total" in node.value and _amount(node, "total", currency, marks) != str(total):
        raise node.error("total", node.text("total"), f"{total} minor units of {currency}, the sum of the lines")
    if not lines:
        raise node.error("lines", "none", "a line")
    claim = Claim(
        enc=visit.core_hash().hex(),
        payer=payer,
        pol=reader.policy_number(payer, policy),
        cur=currency,
        tot=str(total),
        dx=tuple(dict.fromkeys(_diagnosis(one, marks) for one in node.children("diagnoses"))),
        ln=lines,
    )
    return claim, policy


def _line(number: int, node: Node, visit: Encounter, currency: str, marks: Marks) -> ClaimLine:
    try:
        system, code = codes.charge_code(*_coding(node, marks))
    except codes.CodeUnknown as unknown:
        raise node.error(unknown.part, unknown.found, unknown.expected) from unknown
    try:
        units = canonical_decimal(_text(node, "units", "a decimal number", marks))
    except ValueError as error:
        raise node.error("units", node.text("units"), "a decimal number") from error
    amount, served = _amount(node, "amount", currency, marks), day(node, "day", marks)
    if not visit.includes(served):
        raise node.error("day", served, f"a day of the visit, {visit.days}")
    return ClaimLine(n=number, sys=system, c=code, q=units, amt=amount, d=served)


def _coding(node: Node, marks: Marks) -> tuple[str, str]:
    """Return system and code; a system may go by the name that canonical objects have for it."""
    system, code = node.text("system"), node.text("code")
    marks[f"{node.path}.system"] = marks[f"{node.path}.code"] = MAPPED
    return codes.written_form(system), code


def _amount(node: Node, name: str, currency: str, marks: Marks) -> str:
    """Return a decimal amount, such as "120.50", in minor units."""
    written = _text(node, name, "an amount such as 120.50", marks)
    try:
        return codes.minor_units(canonical_decimal(written), currency)
    except ValueError as error:
        raise node.error(name, written, f"an amount such as 120.50: {error}") from error


def _diagnosis(node: Node, marks: Marks) -> str:
    try:
        return codes.diagnosis_code(*_coding(node, marks))
    except codes.CodeUnknown as unknown:
        raise node.error(unknown.part, unknown.found, unknown.expected) from unknown
