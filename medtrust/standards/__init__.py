"""Formats in, one canonical form out: HL7 v2 and FHIR files as canonical objects, and what became of every field."""

from __future__ import annotations

from collections.abc import Collection

from medtrust.errors import InputError
from medtrust.standards.fhir import is_fhir, read_fhir
from medtrust.standards.hl7v2 import is_hl7v2, read_hl7v2
from medtrust.standards.loss import LossEntry, LossReport
from medtrust.standards.reading import Reader, Reading, Record

__all__ = ["LossEntry", "LossReport", "Reading", "Record", "read"]


def read(
    data: bytes, *, name: str, key: bytes, organisation: str, take: Collection[str] = ("imm/1", "enc/1", "claim/1")
) -> Reading:
    """Read HL7 v2 (one message, several, a batch) or FHIR R4 JSON (a resource, a Bundle, NDJSON), told apart by itself.

    `name` is what refusals call the source; `key` (32 bytes) and `organisation` (identifier URI) are those under which
    patients get their pseudonyms; `take` names the schemas that are wanted, the rest is let by. What cannot be read
    is among the refusals, and everything else is read all the same. Raises `InputError` only if `data` is neither.
    """
    reader = Reader(name=name, key=key, organisation=organisation, take=take)
    if is_hl7v2(data):
        read_hl7v2(data, reader)
    elif is_fhir(data):
        read_fhir(data, reader)
    else:
        expected = "HL7 v2, which begins with MSH, FHS or BHS, or FHIR in JSON, which begins with {"
        raise InputError(file=name, place="beginning", found=repr(data[:16]), expected=expected)
    return reader.reading()
