"""One FHIR file while it is read: who its patients and organisations are, and which of its leaves were used."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any, NoReturn

from medtrust.canonical import canonical_text
from medtrust.errors import InputError
from medtrust.pseudonym import PatientIdentifier
from medtrust.standards import codes
from medtrust.standards.fhir_json import Library, Node, present
from medtrust.standards.identifiers import UNIVERSAL_ID_TYPES, authority_of_uri, identifier_uri
from medtrust.standards.loss import MAPPED, Marks
from medtrust.standards.persons import person
from medtrust.standards.reading import Reader

__all__ = ["Source", "check_rules", "choice", "codings", "day", "refuse_code"]

_DATE_TIME = re.compile(
    r"([0-9]{4})-([0-9]{2})-([0-9]{2})"
    r"(?:T(?:[01][0-9]|2[0-3]):[0-5][0-9]:(?:[0-5][0-9]|60)(?:\.[0-9]+)?(?:Z|[+-](?:0[0-9]|1[0-4]):[0-5][0-9]))?"
)
_RECORD_NUMBER = "MR"


class Source:
    """The resources of one file, the reader that they go to, and the marks of the ledger."""

    __slots__ = ("_documents", "library", "marks", "reader", "unread")

    def __init__(self, reader: Reader) -> None:
        self.reader = reader
        self.library = Library()
        self.marks: Marks = {}
        self.unread: list[tuple[str, str]] = []
        self._documents: list[tuple[str, Mapping[str, Any]]] = []

    def add(self, document: Mapping[str, Any], path: str) -> None:
        """Add a document of the file; raises `InputError` if it is a Bundle that cannot be taken apart."""
        self._documents.append((path, document))
        self.library.add(document, path)

    def present(self, marks: Marks) -> Iterator[tuple[str, str, str]]:
        """Yield (path, disposition, value) of every leaf of every document, and each piece that could not be read."""
        for path, document in self._documents:
            yield from present(document, path, marks)
        for path, text in self.unread:
            yield path, "", text

    def patient(self, reference: Node, marks: Marks) -> PatientIdentifier:
        """Return who the patient is whom `reference` leads to.

        That is the first identifier of type MR, else the first; the numbers that HL7 v2 has in PID-2, PID-3 and PID-4
        stand in this order. An identifier whose authority a converter lost is passed over, because another patient
        may have the same number. Without an identifier, who is known by name has one (`person`). Raises `InputError` if
        nothing in the file says who it is.
        """
        found: dict[bool, tuple[Node, PatientIdentifier]] = {}
        for node in self.identifiers(reference, "Patient"):
            value, authority = canonical_text(node.text("value")), self._authority(node)
            if value and authority is not None:
                kind = _type_code(node)
                found.setdefault(kind == _RECORD_NUMBER, (node, PatientIdentifier(authority, kind, value)))
        patient = None if found or not self.reader.by_name else self.library.find(reference, "Patient")
        if patient is not None:
            return self._named(patient, reference, marks)
        if not found:
            expected = "a Patient in this file, or contained, who has an identifier; or one in the reference"
            raise reference.error("reference", reference.text("reference"), expected)
        node, identifier = found.get(True) or found[False]
        marks[reference.path] = marks[node.path] = MAPPED
        return identifier

    def _named(self, patient: Node, reference: Node, marks: Marks) -> PatientIdentifier:
        """Return who a Patient is by the first name and the date of birth. Raises `InputError` if one is missing."""
        names = patient.children("name")
        given = names[0].value.get("given", []) if names else []
        if not names or not isinstance(given, list) or not all(isinstance(one, str) for one in given):
            raise patient.error("name", "nothing", "a name with family and given")
        born = day(patient, "birthDate", marks)
        marks[reference.path] = marks[f"{names[0].path}.family"] = marks[f"{names[0].path}.given"] = MAPPED
        return person(names[0].text("family"), " ".join(given), born)

    def organisation(self, reference: Node, marks: Marks) -> str:
        """Return the URI of the organisation that `reference` leads to, "" if it has no identifier that makes one."""
        for node in self.identifiers(reference, "Organization"):
            uri = identifier_uri(authority_of_uri(node.text("system")), canonical_text(node.text("value")))
            if uri:
                marks[reference.path] = marks[node.path] = MAPPED
                return uri
        return ""

    def identifiers(self, reference: Node, kind: str) -> list[Node]:
        """Return the identifiers of the resource (of this `kind`) that a Reference leads to, else its own one."""
        resource = self.library.find(reference, kind)
        if resource:
            return resource.children("identifier")
        return [reference.child("identifier")] if "identifier" in reference.value else []

    def _authority(self, identifier: Node) -> str | None:
        """Return who assigned an identifier; None if only the kind of its universal id is left."""
        authority = authority_of_uri(identifier.text("system"))
        if authority not in UNIVERSAL_ID_TYPES:
            return authority
        for node in self.identifiers(identifier.child("assigner"), "Organization"):
            if _type_code(node) == authority and node.text("value"):
                return f"{authority}:{canonical_text(node.text('value'))}"
        return None


def _type_code(identifier: Node) -> str:
    """Return the code of HL7 table 0203 (or 0301) that an identifier is typed with, "" if none."""
    return next((node.text("code") for node in identifier.child("type").children("coding") if node.text("code")), "")


def day(node: Node, name: str, marks: Marks, disposition: str = MAPPED) -> str:
    """Return the local calendar day of a date or dateTime as it is written: no time zone is applied."""
    written = node.text(name)
    match = _DATE_TIME.fullmatch(written)
    try:
        if match:
            found = date(int(match[1]), int(match[2]), int(match[3])).isoformat()
            marks[f"{node.path}.{name}"] = disposition
            return found
    except ValueError:
        pass
    raise node.error(name, written, "a day of the calendar as YYYY-MM-DD, with or without a time and its offset")


def check_rules(resource: Node) -> None:
    """Refuse what must not be processed by one who does not know what is said there (FHIR R4, 2.4.2 and 2.26.3).

    That are rules that were implied, and extensions that change the meaning; none is known here.
    """
    if resource.value.get("implicitRules"):
        raise resource.error(
            "implicitRules", str(resource.value["implicitRules"]), "none: no such rules are known here"
        )
    stack: list[tuple[str, Any]] = [(resource.path, resource.value)]
    while stack:
        path, value = stack.pop()
        if isinstance(value, list):
            stack.extend((f"{path}[{index}]", one) for index, one in enumerate(value))
        elif isinstance(value, dict):
            if value.get("modifierExtension"):
                expected = "none: it changes the meaning, and is not known here"
                raise InputError(place=f"{path}.modifierExtension", found="an extension", expected=expected)
            stack.extend((f"{path}.{name}", one) for name, one in value.items() if name != "contained")


def choice(node: Node, name: str, table: Mapping[str, str], marks: Marks) -> str:
    """Return what a code means by `table`; raises `InputError` if it is not there."""
    code = node.text(name)
    if code not in table:
        raise node.error(name, code, " or ".join(table))
    marks[f"{node.path}.{name}"] = MAPPED
    return table[code]


def codings(concept: Node) -> list[tuple[str, str]]:
    """Return the (system, code) pairs of a CodeableConcept."""
    return [(coding.text("system"), coding.text("code")) for coding in concept.children("coding")]


def refuse_code(concept: Node, unknown: codes.CodeUnknown) -> NoReturn:
    """Raise the refusal of a coding in a CodeableConcept, with its place."""
    raise concept.error(f"coding[{unknown.index}].{unknown.part}", unknown.found, unknown.expected) from unknown
