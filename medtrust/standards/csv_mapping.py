"""CSV mappings: which column of a table holds which part of a dose, in which codes, and how days are written."""

from __future__ import annotations

import codecs
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

import yaml

from medtrust.errors import InputError
from medtrust.standards import codes

__all__ = ["CsvMapping", "read_mapping"]

_FORM: Final = "csv-mapping/1"
_MEMBERS: Final = {
    "t": set(),
    "encoding": set(),
    "delimiter": set(),
    "patient": {"column", "authority", "type"},
    "vaccine": {"column", "system"},
    "date": {"column", "format"},
    "status": {"column", "values"},
    "lot": {"column"},
    "maker": {"column"},
    "amount": {"column", "unit"},
    "source": {"column", "values"},
    "expires": {"column", "format"},
}
_REQUIRED: Final = ("t", "patient", "vaccine", "date")
_ISO: Final = "YYYY-MM-DD"
_STATUSES: Final = ("completed", "not-done", "entered-in-error")
_SOURCES: Final = ("administered", "historical")
_FORMAT_PARTS: Final = {
    "YYYY": "(?P<year>[0-9]{4})",
    "MM": "(?P<month>[0-9]{2})",
    "DD": "(?P<day>[0-9]{2})",
    "M": "(?P<month>[0-9]{1,2})",
    "D": "(?P<day>[0-9]{1,2})",
    "hh": "(?:[01][0-9]|2[0-3])",
    "mm": "[0-5][0-9]",
    "ss": "[0-5][0-9]",
}
_FORMAT_WORD: Final = re.compile("YYYY|MM|DD|M|D|hh|mm|ss|.", re.DOTALL)


@dataclass(frozen=True)
class CsvMapping:
    """How a table is read: the column of each part, and what its cells mean.

    `columns` by part: patient, vaccine, date, and perhaps status, lot, maker, amount, source, expires · `authority` and
    `kind` who assigned the patients' numbers and of which kind they are · `system` code system of the vaccines · `days`
    how a day is written, by part · `values` what a cell of a part means · `unit` of the amounts · `text` the mapping as
    it is written.
    """

    columns: Mapping[str, str]
    authority: str
    kind: str
    system: str
    days: Mapping[str, re.Pattern[str]]
    formats: Mapping[str, str]
    values: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    unit: str = ""
    text: str = ""
    encoding: str = "utf-8-sig"
    delimiter: str = ","

    def day(self, part: str, written: str) -> str:
        """Return the day (YYYY-MM-DD) that a cell of "date" or "expires" holds; "" if it is none."""
        match = self.days[part].fullmatch(written)
        try:
            return date(int(match["year"]), int(match["month"]), int(match["day"])).isoformat() if match else ""
        except ValueError:
            return ""


def read_mapping(text: str, *, name: str) -> CsvMapping:
    """Read a mapping, in YAML or JSON, of the file called `name`.

    Raises `InputError` with the member that is missing, unknown or not what it should be.
    """
    try:
        raw = yaml.safe_load(text)
    except (yaml.YAMLError, ValueError) as error:
        mark = getattr(error, "problem_mark", None)
        place = f"line {mark.line + 1}, column {mark.column + 1}" if mark else "mapping"
        raise InputError(file=name, place=place, found="something else", expected="a mapping in YAML or JSON") from None
    try:
        return _mapping(raw, text)
    except InputError as error:
        raise error.within(name) from None


def _mapping(raw: Any, text: str) -> CsvMapping:
    parts = _object(raw, "mapping", set(_MEMBERS))
    if parts.get("t") != _FORM:
        raise InputError(place="t", found=repr(parts.get("t")), expected=_FORM)
    for member in _REQUIRED:
        if member not in parts:
            raise InputError(place=member, found="nothing", expected=f"{member} in a mapping of form {_FORM}")
    objects = {part: _object(parts[part], part, known) for part, known in _MEMBERS.items() if known and part in parts}
    columns = {part: _text(one, part, "column") for part, one in objects.items()}
    twice = [column for column in columns.values() if list(columns.values()).count(column) > 1]
    if twice:
        raise InputError(place="column", found=f"{twice[0]!r} for several parts", expected="a column for each part")
    dated = [part for part in objects if "format" in _MEMBERS[part]]
    formats = {part: _text(objects[part], part, "format", _ISO) for part in dated}
    return CsvMapping(
        columns=columns,
        authority=_text(objects["patient"], "patient", "authority"),
        kind=_text(objects["patient"], "patient", "type", "MR"),
        system=_system(objects["vaccine"]),
        days={part: _day_pattern(written, part) for part, written in formats.items()},
        formats=formats,
        values={
            part: _values(objects[part], part, allowed)
            for part, allowed in (("status", _STATUSES), ("source", _SOURCES))
            if part in objects
        },
        unit=_text(objects["amount"], "amount", "unit", "-").strip("-") if "amount" in objects else "",
        text=text,
        encoding=_encoding(_text(parts, "", "encoding", "utf-8")),
        delimiter=_delimiter(_text(parts, "", "delimiter", ",", is_stripped=False)),
    )


def _system(vaccine: Mapping[str, Any]) -> str:
    system = _text(vaccine, "vaccine", "system")
    if codes.coding_system(system) not in ("cvx", "ndc"):
        raise InputError(place="vaccine.system", found=repr(system), expected="CVX or NDC")
    return system


def _values(part: Mapping[str, Any], name: str, allowed: tuple[str, ...]) -> dict[str, str]:
    """Return what each cell means; where nothing is said, the cells hold our own words."""
    if "values" not in part:
        return {value: value for value in allowed}
    raw = _object(part["values"], f"{name}.values", None)
    for cell, meaning in raw.items():
        if meaning not in allowed:
            raise InputError(place=f"{name}.values.{cell}", found=repr(meaning), expected=" or ".join(allowed))
    return {str(cell): meaning for cell, meaning in raw.items()}


def _day_pattern(written: str, part: str) -> re.Pattern[str]:
    pattern, seen = "", []
    for word in _FORMAT_WORD.findall(written):
        pattern += _FORMAT_PARTS.get(word) or re.escape(word)
        seen += [word[0]] if word in ("YYYY", "MM", "DD", "M", "D") else []
    if sorted(seen) != ["D", "M", "Y"]:
        expected = "year, month and day once each, such as DD.MM.YYYY"
        raise InputError(place=f"{part}.format", found=repr(written), expected=expected)
    return re.compile(pattern)


def _encoding(name: str) -> str:
    try:
        found = codecs.lookup(name)
    except LookupError:
        found = None
    if found is None or not getattr(found, "_is_text_encoding", True):
        raise InputError(place="encoding", found=repr(name), expected="a character set such as utf-8 or windows-1252")
    return "utf-8-sig" if found.name == "utf-8" else found.name


def _delimiter(text: str) -> str:
    if len(text) != 1 or text in '"\r\n' or text.isalnum():
        raise InputError(place="delimiter", found=repr(text), expected='one character such as "," or ";"')
    return text


def _object(raw: Any, place: str, known: set[str] | None) -> dict[str, Any]:
    if not isinstance(raw, dict):
        raise InputError(place=place, found=repr(raw), expected="an object")
    for name in raw:
        if known is not None and name not in known:
            raise InputError(place=f"{place}.{name}", found=repr(name), expected=f"one of {', '.join(sorted(known))}")
    return raw


def _text(raw: Mapping[str, Any], place: str, name: str, default: str = "", *, is_stripped: bool = True) -> str:
    value = raw.get(name, default)
    where = f"{place}.{name}".strip(".")
    if not isinstance(value, str) or not value:
        raise InputError(place=where, found=repr(value) if name in raw else "nothing", expected="text")
    return value.strip() if is_stripped else value
