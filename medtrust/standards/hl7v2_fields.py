"""HL7 v2 fields that every kind of message has: the patient, days, choices and codes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from typing import TYPE_CHECKING, NoReturn

from medtrust.canonical import canonical_text
from medtrust.pseudonym import PatientIdentifier
from medtrust.standards import codes
from medtrust.standards.identifiers import authority_of_hd
from medtrust.standards.loss import DEFAULTED, MAPPED, Marks

if TYPE_CHECKING:
    from medtrust.standards.er7 import Segment

__all__ = ["calendar_day", "choice", "codings", "day_at", "patient_of", "refuse_code", "single"]

_TIME = re.compile(
    r"([0-9]{4})([0-9]{2})([0-9]{2})"
    r"(?:(?:[01][0-9]|2[0-3])(?:[0-5][0-9](?:[0-5][0-9](?:\.[0-9]{1,4})?)?)?)?(?:[+-][0-9]{4})?"
)
_RECORD_NUMBER = "MR"
# A coded element says its code up to three times: components of code and system.
_CODINGS = ((1, 3), (4, 6), (10, 12))


def patient_of(pid: Segment, marks: Marks) -> PatientIdentifier:
    """Return who the patient is: the first identifier of type MR (medical record number), else the first.

    PID-2, PID-3 and PID-4 are read in this order, the one in which converters fill Patient.identifier of FHIR, so both
    forms name a patient alike.
    """
    found: dict[bool, tuple[int, PatientIdentifier]] = {}
    for field in (2, 3, 4):
        for repeat in pid.repeats(field):
            value, kind = canonical_text(pid.text(field, 1, of=repeat)), pid.text(field, 5, of=repeat)
            if value:
                namespace, universal_id, id_type = pid.subtexts(field, 4, of=repeat)[:3]
                identifier = PatientIdentifier(authority_of_hd(namespace, universal_id, id_type), kind, value)
                found.setdefault(kind == _RECORD_NUMBER, (field, identifier))
    if not found:
        raise pid.error(3, "", "an identifier of the patient")
    field, identifier = found.get(True) or found[False]
    marks[pid.path(field)] = MAPPED
    return identifier


def day_at(segment: Segment, field: int, marks: Marks, disposition: str = MAPPED) -> str:
    """Return the local calendar day of a time as it is written: no time zone is applied."""
    written = segment.text(field)
    if found := calendar_day(written):
        marks[segment.path(field)] = disposition
        return found
    raise segment.error(field, written, "a day of the calendar as YYYYMMDD, with or without a time of day")


def calendar_day(written: str) -> str:
    """Return the day (YYYY-MM-DD) of a time of HL7, which begins with YYYYMMDD; "" if it is none."""
    match = _TIME.fullmatch(written)
    try:
        return date(int(match[1]), int(match[2]), int(match[3])).isoformat() if match else ""
    except ValueError:
        return ""


def single(segment: Segment, field: int, what: str) -> str:
    """Return the only repetition of a field, "" if it is empty; two that differ are refused, not chosen from."""
    repeats = list(dict.fromkeys(segment.repeats(field)))
    if len(repeats) > 1:
        raise segment.error(field, f"{len(repeats)} of them", f"one {what}")
    return repeats[0] if repeats else ""


def choice(segment: Segment, field: int, table: Mapping[str, str], marks: Marks) -> str:
    """Return what a code means by `table`; an empty field is filled in by its default there, if it has one."""
    code = segment.text(field)
    if code not in table:
        raise segment.error(field, code, " or ".join(filter(None, table)) + (", or nothing" if "" in table else ""))
    marks[segment.path(field)] = MAPPED if code else DEFAULTED
    return table[code]


def codings(segment: Segment, field: int) -> list[tuple[str, str]]:
    """Return the (system, code) pairs of every repetition of a coded element, the empty ones too."""
    return [
        (segment.text(field, system, of=repeat), segment.text(field, code, of=repeat))
        for repeat in segment.repeats(field)
        for code, system in _CODINGS
    ]


def refuse_code(segment: Segment, field: int, unknown: codes.CodeUnknown) -> NoReturn:
    """Raise the refusal of a code or code system, with its component."""
    code, system = _CODINGS[unknown.index % len(_CODINGS)]
    component = system if unknown.part == "system" else code
    raise segment.error(field, unknown.found, unknown.expected, component=component) from unknown
