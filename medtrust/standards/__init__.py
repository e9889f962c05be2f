"""Formats in, one canonical form out: HL7 v2, FHIR, C-CDA, X12, JSON, CSV, certificates, each field accounted for."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from medtrust.errors import InputError
from medtrust.standards.ccda import is_ccda, read_ccda
from medtrust.standards.csv_doses import read_csv
from medtrust.standards.csv_mapping import CsvMapping, read_mapping
from medtrust.standards.fhir import is_fhir, read_fhir
from medtrust.standards.foreign import is_foreign
from medtrust.standards.foreign_doses import Vouch, read_foreign
from medtrust.standards.hl7v2 import is_hl7v2, read_hl7v2
from medtrust.standards.loss import LossEntry, LossReport
from medtrust.standards.plain_visits import is_plain_visit, read_plain_visits
from medtrust.standards.reading import Reader, Reading, Record
from medtrust.standards.x12_claims import is_x12, read_x12

__all__ = ["CsvMapping", "LossEntry", "LossReport", "Reading", "Record", "read", "read_mapping"]


def read(
    data: bytes,
    *,
    name: str,
    key: bytes,
    organisation: str,
    take: Collection[str] = ("imm/1", "enc/1", "claim/1"),
    mapping: CsvMapping | None = None,
    payers: Mapping[str, str] | None = None,
    authorities: Mapping[str, str] | None = None,
    vouch: Vouch | None = None,
    beside: Sequence[tuple[str, bytes]] = (),
    policy_number: str = "",
) -> Reading:
    """Read HL7 v2 (one message, several, a batch), FHIR R4 JSON (a resource, a Bundle, NDJSON), C-CDA, X12 837P, CSV,
    a visit in plain JSON ("schema": "visit/1"), an EU DCC or a SMART Health Card.

    They are told apart by how they begin; a table begins with anything, so it is read where a `mapping` says what its
    columns hold. `name` is what refusals call the source; `key` (32 bytes) and `organisation` (identifier URI) are
    those under which patients get their pseudonyms; `take` names the schemas that are wanted, the rest is let by;
    `payers` says the identifier URI of a payer by the number or the name that the source has of it, `authorities` who
    assigned the bare numbers of X12, by "EA" those of patients' records and by "CLM" those of visits. `vouch` is told
    each foreign certificate and raises `CheckRefused` for one that is not to be read, as all are without it. `beside`
    are other files of FHIR, name and content, to whose resources this one may refer, and `policy_number` is that of a
    claim of FHIR whose coverage says none. What cannot be read is among the refusals, and everything else is read all
    the same. Raises `InputError` only if `data` is none of these.
    """
    is_certificate = is_foreign(data)
    reader = Reader(
        name=name,
        key=key,
        organisation=organisation,
        take=take,
        payers=payers,
        authorities=authorities,
        by_name=is_certificate,
        beside=beside,
        policy_number=policy_number,
    )
    wants_visits = bool(reader.take & {"enc/1", "claim/1"})
    if is_hl7v2(data):
        read_hl7v2(data, reader)
    elif wants_visits and is_x12(data):
        read_x12(data, reader)
    elif wants_visits and is_plain_visit(data):
        read_plain_visits(data, reader)
    elif is_certificate:
        read_foreign(data, reader, vouch)
    elif is_fhir(data):
        read_fhir(data, reader)
    elif is_ccda(data):
        read_ccda(data, reader)
    elif mapping is not None:
        read_csv(data, mapping, reader)
    else:
        expected = (
            "HL7 v2 (MSH, FHS or BHS), X12 (ISA), FHIR or plain JSON, C-CDA, a certificate, or CSV with its mapping"
        )
        raise InputError(file=name, place="beginning", found=repr(data[:16]), expected=expected)
    return reader.reading()
