"""CSV: each row of a table as one dose, by a mapping that says what its columns hold."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Final, NoReturn

from medtrust.canonical import Immunization, canonical_decimal, canonical_lot, canonical_text
from medtrust.errors import InputError
from medtrust.pseudonym import PatientIdentifier
from medtrust.standards import codes
from medtrust.standards.csv_mapping import CsvMapping
from medtrust.standards.loss import DEFAULTED, MAPPED, PRESERVED, Marks
from medtrust.standards.part import Part
from medtrust.standards.reading import ADDED, DELETED, Reader, Record

__all__ = ["read_csv"]

_LINES: Final = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+")
_UNKNOWN_AMOUNT: Final = "999"


@dataclass(frozen=True, slots=True)
class _Row:
    """One row: the line on which it begins, and its cells by column."""

    line: int
    cells: Mapping[str, str]
    mapping: CsvMapping

    def has(self, part: str) -> bool:
        return part in self.mapping.columns

    def cell(self, part: str) -> str:
        """Return the cell of a part without spaces around it, "" if the table has no such part."""
        return self.cells[self.mapping.columns[part]].strip() if self.has(part) else ""

    def path(self, part: str) -> str:
        return f"line[{self.line}].{self.mapping.columns[part]}"

    def refuse(self, part: str, found: str, expected: str) -> NoReturn:
        place = f"line {self.line}, column {self.mapping.columns[part]!r}"
        raise InputError(place=place, found=found or "nothing", expected=expected)

    def present(self, marks: Marks) -> Iterator[tuple[str, str, str]]:
        """Yield (path, disposition, value) of each cell that is not empty."""
        for column, value in self.cells.items():
            if value:
                path = f"line[{self.line}].{column}"
                yield path, marks.get(path, ""), value


def read_csv(data: bytes, mapping: CsvMapping, reader: Reader, part: Part | None = None) -> None:
    """Read every row of `data` into `reader`: records, refusals with line and column, and the ledger.

    The first row names the columns. A table in which a column of the mapping is missing, or that cannot be taken
    apart, is refused where that shows; the rows before it are read. A `part` of a table has the first row, too, and its
    other lines are numbered on.
    """
    try:
        for row in _rows(data, mapping, reader, part.lines if part else 0):
            marks: Marks = {}
            own: Marks = {}
            reader.loss.add(row.present, marks)
            try:
                reader.records.append(_dose(row, reader, own))
                marks.update(own)
            except InputError as error:
                reader.refuse(error)
    except InputError as error:
        reader.refuse(error)


def _rows(data: bytes, mapping: CsvMapping, reader: Reader, skipped: int) -> Iterator[_Row]:
    text = _decoded(data, mapping, reader, skipped)
    lines = csv.reader(iter(_LINES.findall(text)), delimiter=mapping.delimiter, strict=True)
    header: list[str] = []
    line = 1
    while True:
        try:
            cells = next(lines, None)
        except csv.Error as error:
            reader.loss.add(partial(_rest, text, line, skipped), {})
            raise InputError(place=f"line {line}", found=str(error), expected="a row of CSV") from None
        if cells is None:
            break
        if not header and any(cells):
            header = _header(cells, line, mapping)
        elif any(cells):
            if len(cells) == len(header):
                yield _Row(line, dict(zip(header, cells, strict=True)), mapping)
            else:
                reader.loss.add(partial(_uneven, cells, line), {})
                wrong = InputError(
                    place=f"line {line}", found=f"{len(cells)} cells", expected=f"{len(header)}, as in the first row"
                )
                reader.refuse(wrong)
        line = lines.line_num + 1 + skipped
    if not header:
        raise InputError(place="line 1", found="nothing", expected="a row that names the columns")


def _decoded(data: bytes, mapping: CsvMapping, reader: Reader, skipped: int) -> str:
    try:
        return data.decode(mapping.encoding)
    except UnicodeDecodeError as error:
        reader.loss.add(lambda _: [("table", "", data.decode("latin-1"))], {})
        place, found = f"line {data[: error.start].count(10) + 1 + skipped}", f"byte {data[error.start]:#04x}"
        raise InputError(place=place, found=found, expected=f"text in {mapping.encoding}") from None


def _header(cells: list[str], line: int, mapping: CsvMapping) -> list[str]:
    header = [cell.strip() for cell in cells]
    for name in header:
        if header.count(name) > 1:
            raise InputError(place=f"line {line}", found=f"column {name!r} twice", expected="each column once")
    for part, column in mapping.columns.items():
        if column not in header:
            expected = f"a column {column!r}, which holds the {part}"
            raise InputError(place=f"line {line}", found=", ".join(map(repr, header)), expected=expected)
    return header


def _uneven(cells: list[str], line: int, _marks: Marks) -> Iterator[tuple[str, str, str]]:
    for number, value in enumerate(cells, 1):
        yield f"line[{line}].{number}", "", value


def _rest(text: str, line: int, skipped: int, _marks: Marks) -> Iterator[tuple[str, str, str]]:
    yield f"line[{line}]", "", "".join(_LINES.findall(text)[line - skipped - 1 :])


def _dose(row: _Row, reader: Reader, marks: Marks) -> Record:
    mapping = row.mapping
    number = canonical_text(row.cell("patient"))
    if not number:
        row.refuse("patient", "", "the number of the patient")
    patient = PatientIdentifier(mapping.authority, mapping.kind, number)
    status = _status(row, marks)
    vaccine = _vaccine(row)
    if status == "completed" and not codes.is_vaccine(vaccine):
        row.refuse("vaccine", f"{vaccine}, no vaccine, in a dose that is completed", "a vaccine")
    lot = canonical_lot(row.cell("lot"))
    maker = codes.maker_code("MVX", row.cell("maker"))
    occurred = mapping.day("date", row.cell("date"))
    if not occurred:
        row.refuse("date", row.cell("date"), f"a day of the calendar as {mapping.formats['date']}")
    filled = {"patient": number, "vaccine": vaccine, "date": occurred, "lot": lot, "maker": maker}
    marks.update({row.path(part): MAPPED for part, value in filled.items() if value})
    dose = Immunization(sub=reader.pseudonym(patient), vs="cvx", vc=vaccine, d=occurred, st=status, lot=lot, mvx=maker)
    action = DELETED if status == "entered-in-error" else ADDED
    return Record(dose, f"line {row.line}", patient, action, _beside(row, marks))


def _status(row: _Row, marks: Marks) -> str:
    """Return what the status means; a table without one, or with an empty cell, holds doses that were given."""
    if not row.has("status"):
        return "completed"
    cell, values = row.cell("status"), row.mapping.values["status"]
    if cell and cell not in values:
        row.refuse("status", cell, " or ".join(values))
    marks[row.path("status")] = MAPPED if cell else DEFAULTED
    return values[cell] if cell else values.get("", "completed")


def _vaccine(row: _Row) -> str:
    try:
        return codes.vaccine_code([(row.mapping.system, row.cell("vaccine"))])
    except codes.CodeUnknown as unknown:
        row.refuse("vaccine", row.cell("vaccine"), unknown.expected)


def _beside(row: _Row, marks: Marks) -> Mapping[str, str]:
    """Return what is kept beside a dose: where the record comes from, the amount (999 says unknown) and the expiry."""
    found = {
        "source": row.mapping.values.get("source", {}).get(row.cell("source"), ""),
        "amount": _amount(row.cell("amount")),
        "expires": row.mapping.day("expires", row.cell("expires")) if row.has("expires") else "",
    }
    beside = {part: value for part, value in found.items() if value}
    marks.update({row.path(part): PRESERVED for part in beside})
    if beside.get("amount") == _UNKNOWN_AMOUNT:
        marks[row.path("amount")] = DEFAULTED
        del beside["amount"]
    if "amount" in beside and row.mapping.unit:
        beside["unit"] = row.mapping.unit
    return beside


def _amount(written: str) -> str:
    try:
        return canonical_decimal(written)
    except ValueError:
        return ""
