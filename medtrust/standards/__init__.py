"""Formats in, one canonical form out: HL7 v2, FHIR, C-CDA and CSV as canonical objects, each field accounted for."""

from __future__ import annotations

from collections.abc import Collection

from medtrust.errors import InputError
from medtrust.standards.ccda import is_ccda, read_ccda
from medtrust.standards.csv_doses import read_csv
from medtrust.standards.csv_mapping import CsvMapping, read_mapping
from medtrust.standards.fhir import is_fhir, read_fhir
from medtrust.standards.hl7v2 import is_hl7v2, read_hl7v2
from medtrust.standards.loss import LossEntry, LossReport
from medtrust.standards.reading import Reader, Reading, Record

__all__ = ["CsvMapping", "LossEntry", "LossReport", "Reading", "Record", "read", "read_mapping"]


def read(
    data: bytes,
    *,
    name: str,
    key: bytes,
    organisation: str,
    take: Collection[str] = ("imm/1", "enc/1", "claim/1"),
    mapping: CsvMapping | None = None,
) -> Reading:
    """Read HL7 v2 (one message, several, a batch), FHIR R4 JSON (a resource, a Bundle, NDJSON), C-CDA or CSV.

    They are told apart by how they begin; a table begins with anything, so it is read where a `mapping` says what its
    columns hold. `name` is what refusals call the source; `key` (32 bytes) and `organisation` (identifier URI) are
    those under which patients get their pseudonyms; `take` names the schemas that are wanted, the rest is let by. What
    cannot be read is among the refusals, and everything else is read all the same. Raises `InputError` only if `data`
    is none of these.
    """
    reader = Reader(name=name, key=key, organisation=organisation, take=take)
    if is_hl7v2(data):
        read_hl7v2(data, reader)
    elif is_fhir(data):
        read_fhir(data, reader)
    elif is_ccda(data):
        read_ccda(data, reader)
    elif mapping is not None:
        read_csv(data, mapping, reader)
    else:
        expected = "HL7 v2, which begins with MSH, FHS or BHS, FHIR in JSON, C-CDA in XML, or CSV with its mapping"
        raise InputError(file=name, place="beginning", found=repr(data[:16]), expected=expected)
    return reader.reading()
