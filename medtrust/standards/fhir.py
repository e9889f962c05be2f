"""FHIR R4: doses, visits, claims and their explanations, alone, in a Bundle or in NDJSON, as canonical objects."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress

from medtrust.canonical import Immunization, canonical_decimal, canonical_lot
from medtrust.errors import InputError
from medtrust.standards import codes
from medtrust.standards.fhir_claims import read_claim, read_explanation
from medtrust.standards.fhir_json import Node, parse
from medtrust.standards.fhir_source import Source, choice, codings, day, refuse_code
from medtrust.standards.fhir_visits import read_encounter
from medtrust.standards.loss import DEFAULTED, MAPPED, PRESERVED, Marks
from medtrust.standards.part import Part
from medtrust.standards.reading import ADDED, DELETED, Reader, Record

__all__ = ["is_fhir", "read_fhir"]

_STATUSES = {status: status for status in ("completed", "not-done", "entered-in-error")}
_UNKNOWN_AMOUNT = "999"


def is_fhir(data: bytes) -> bool:
    """Say whether `data` begins as a JSON object does, perhaps behind a byte order mark."""
    return data.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] == b"{"


def read_fhir(data: bytes, reader: Reader, part: Part | None = None) -> None:
    """Read every resource of `data` into `reader`: records, refusals with their paths, and the ledger.

    Resources of kinds that no canonical object comes from are let by: others refer to them. Only where the whole file
    is one of them it is refused. A `part` of a file is of NDJSON, and its lines are numbered on.
    """
    source = Source(reader)
    reader.loss.add(source.present, source.marks)
    for name, content in reader.beside:
        _add_beside(name, content, source)
    for path, document, text in parse(data, part):
        try:
            if isinstance(document, InputError):
                source.unread.append((path, text))
                raise document
            source.add(document, path)
        except InputError as error:
            reader.refuse(error)
    for resource in source.library.resources:
        schema, read = _READERS.get(str(resource.value.get("resourceType")), ("", None))
        if read and schema in reader.take:
            read(resource, source)
    _refuse_stranger(source)


def _add_beside(name: str, content: bytes, source: Source) -> None:
    """Add the resources of a file beside, which are there to be referred to."""
    for path, document, _ in parse(content):
        try:
            if isinstance(document, InputError):
                raise document
            source.library.add_beside(document, f"{name}:{path}")
        except InputError as error:
            source.reader.refusals.append(error.within(name))


def _refuse_stranger(source: Source) -> None:
    """Refuse a file that is one resource from which nothing came, and nobody said why."""
    resources, reader = source.library.resources, source.reader
    alone = len(resources) == 1 and "." not in resources[0].path
    if alone and not reader.records and not reader.refusals:
        found = str(resources[0].value.get("resourceType") or "nothing")
        wanted = [kind for kind, (schema, _) in _READERS.items() if schema in reader.take]
        expected = f"{' or '.join(wanted)} of something that took place, or a Bundle of them"
        reader.refuse(InputError(place=resources[0].path, found=found, expected=expected))


def _read_immunization(resource: Node, source: Source) -> None:
    marks: Marks = {}
    try:
        source.reader.records.append(_dose(resource, source, marks))
        source.marks.update(marks)
    except InputError as error:
        source.reader.refuse(error)


def _dose(resource: Node, source: Source, marks: Marks) -> Record:
    patient = source.patient(resource.child("patient"), marks)
    occurred = day(resource, "occurrenceDateTime", marks)
    status = choice(resource, "status", _STATUSES, marks)
    coded = resource.child("vaccineCode")
    try:
        vaccine = codes.vaccine_code(codings(coded))
    except codes.CodeUnknown as unknown:
        refuse_code(coded, unknown)
    marks[f"{coded.path}.coding"] = MAPPED
    if status == "completed" and not codes.is_vaccine(vaccine):
        raise coded.error("coding[0].code", f"{vaccine}, no vaccine, in a dose that is completed", "a vaccine")
    lot = canonical_lot(resource.text("lotNumber"))
    if lot:
        marks[f"{resource.path}.lotNumber"] = MAPPED
    dose = Immunization(
        sub=source.reader.pseudonym(patient),
        vs="cvx",
        vc=vaccine,
        d=occurred,
        st=status,
        lot=lot,
        mvx=_maker(resource.child("manufacturer"), source, marks),
    )
    action = DELETED if status == "entered-in-error" else ADDED
    return Record(dose, resource.path, patient, action, _beside(resource, marks))


def _maker(reference: Node, source: Source, marks: Marks) -> str:
    """Return the MVX code among the identifiers of the manufacturer, "" if there is none or nobody is found."""
    for identifier in source.identifiers(reference, "Organization"):
        maker = codes.maker_code(identifier.text("system"), identifier.text("value"))
        if maker:
            marks[reference.path] = marks[identifier.path] = MAPPED
            return maker
    return ""


def _beside(resource: Node, marks: Marks) -> Mapping[str, str]:
    """Return what is kept beside a dose: where the record comes from, the amount (999 says unknown) and the expiry."""
    beside = {}
    primary = resource.value.get("primarySource")
    if isinstance(primary, bool):
        beside["source"] = "administered" if primary else "historical"
        marks[f"{resource.path}.primarySource"] = PRESERVED
    quantity = resource.child("doseQuantity")
    if amount := quantity.number("value"):
        amount = _plain(amount)
        unknown = amount == _UNKNOWN_AMOUNT
        marks[f"{quantity.path}.value"] = DEFAULTED if unknown else PRESERVED
        if not unknown:
            beside["amount"] = amount
            for name in ("code", "unit"):
                if "unit" not in beside and quantity.text(name):
                    beside["unit"] = quantity.text(name)
                    marks[f"{quantity.path}.{name}"] = PRESERVED
    # A date of another precision is dropped, not refused: it is no part of the dose.
    with suppress(InputError):
        beside["expires"] = day(resource, "expirationDate", marks, PRESERVED)
    return beside


def _plain(amount: str) -> str:
    """Write an amount in its one form if it has one; a computed one of too many digits stays as it is written."""
    try:
        return canonical_decimal(amount)
    except ValueError:
        return amount


_READERS: dict[str, tuple[str, Callable[[Node, Source], None]]] = {
    "Immunization": ("imm/1", _read_immunization),
    "Encounter": ("enc/1", read_encounter),
    "Claim": ("claim/1", read_claim),
    "ExplanationOfBenefit": ("claim/1", read_explanation),
}
