"""What a scanner reads from a package: GS1 element strings, their bracketed form, and Digital Link URIs."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final
from urllib.parse import parse_qsl, unquote, urlsplit

from biip import ParseError
from biip.checksums import gs1_standard_check_digit
from biip.gs1_element_strings import GS1ElementString

from medtrust.errors import InputError
from medtrust.standards.loss import DROPPED, MAPPED, PRESERVED, LossReport, Marks

__all__ = ["Element", "Scan", "check_digit", "element_string", "has_check_digit", "parse"]

SEPARATOR: Final = "\x1d"
"""What a scanner sends for FNC1 (ASCII group separator)."""

_SYMBOLOGIES = ("]C1", "]e0", "]d2", "]Q3", "]J1")
"""GS1-128, DataBar, DataMatrix, QR and DotCode, when the symbol says that it holds element strings."""

_PLAIN_LINKS = ("]d1", "]Q1")
"""DataMatrix and QR that hold anything else, such as a Digital Link."""

_BRACKETED = re.compile(r"\((\d{2,4})\)")

_FIELDS: Final = {
    "00": "sscc",
    "01": "gtin",
    "02": "content_gtin",
    "10": "lot",
    "11": "produced",
    "15": "best_before",
    "17": "expiry",
    "21": "serial",
    "37": "count",
    "240": "additional_id",
    "414": "location",
}
_QUALIFIERS: Final = {
    "00": (),
    "01": ("22", "10", "21", "235"),
    "253": (),
    "255": (),
    "401": (),
    "402": (),
    "414": ("254", "7040"),
    "415": ("8020",),
    "417": ("7040",),
    "8003": (),
    "8004": ("7040",),
    "8006": ("22", "10", "21"),
    "8010": ("8011",),
    "8013": (),
    "8017": ("8019",),
    "8018": ("8019",),
}
"""The primary keys of a Digital Link, each with the qualifiers that may follow it in the path."""

_NATIONAL = ("710", "711", "712", "713", "714", "715", "716", "717")
_NET_WEIGHT = tuple(f"310{decimals}" for decimals in range(6))
_DATES = frozenset({"produced", "best_before", "expiry"})


@dataclass(frozen=True)
class Element:
    """One element string: the application identifier, and its value as it stands in the code."""

    ai: str
    value: str


@dataclass(frozen=True)
class Scan:
    """What a code says; None or empty where it says nothing.

    `gtin` 14 digits · `serial` · `lot` · `expiry`, `best_before`, `produced` calendar days · `sscc` 18 digits ·
    `content_gtin` 14 digits and `count`: what is in a logistic unit, and how often · `location` a GLN of 13 digits ·
    `additional_id` of the maker · `net_weight` in kilograms · `national` reimbursement numbers by identifier (710 …
    717) · `elements` everything, in the order of the code · `unread` what a Digital Link holds besides, by its key.
    """

    gtin: str | None = None
    serial: str | None = None
    lot: str | None = None
    expiry: date | None = None
    sscc: str | None = None
    content_gtin: str | None = None
    count: int | None = None
    produced: date | None = None
    best_before: date | None = None
    location: str | None = None
    additional_id: str | None = None
    net_weight: Decimal | None = None
    national: tuple[Element, ...] = ()
    elements: tuple[Element, ...] = ()
    unread: tuple[tuple[str, str], ...] = ()

    def loss(self, key: bytes) -> LossReport:
        """Say what became of every element: mapped to a field, preserved among `elements`, or dropped.

        `key` (32 bytes) is that under which the values are hashed.
        """
        report = LossReport(key)
        report.add(self._present, {})
        return report

    def _present(self, _: Marks) -> Iterator[tuple[str, str, str]]:
        for element in self.elements:
            is_mapped = element.ai in _FIELDS or element.ai in _NATIONAL or element.ai in _NET_WEIGHT
            yield f"({element.ai})", MAPPED if is_mapped else PRESERVED, element.value
        for name, value in self.unread:
            yield f"?{name}", DROPPED, value


def parse(text: str) -> Scan:
    """Read a code as a scanner or a person gives it, and check its formats, check digits and dates.

    Takes an element string (FNC1 as ASCII 29, with or without a symbology identifier such as "]d2"), its bracketed form
    "(01)…(21)…", and a Digital Link URI. A day 00 is the last of its month (GS1 General Specifications, 3.4).

    Raises `InputError` with the place in the code, what was found and what was expected.
    """
    code = text.strip(" \r\n\t")
    if code.startswith("]"):
        code = _without_symbology(code)
    unread: list[tuple[str, str]] = []
    if code.lower().startswith(("http://", "https://")):
        found = list(_digital_link(code, unread))
    elif code.startswith("("):
        found = list(_bracketed(code))
    else:
        found = list(_concatenated(code))
    if not found:
        raise InputError(place="code", found="nothing", expected="at least one element string")
    return _scan(found, tuple(unread))


def check_digit(digits: str) -> str:
    """Compute the last digit of a GTIN, SSCC or GLN from those before it."""
    return str(gs1_standard_check_digit(digits))


def has_check_digit(number: str, length: int) -> bool:
    """Say whether a number has `length` decimal digits of which the last checks the others."""
    is_number = len(number) == length and number.isascii() and number.isdecimal()
    return is_number and check_digit(number[:-1]) == number[-1]


def element_string(elements: Sequence[Element]) -> str:
    """Write elements as one string, each of variable length ended by FNC1 (ASCII 29) unless it is the last.

    Raises `InputError` for a value that does not fit its application identifier.
    """
    parts = []
    for element in elements:
        checked = _one(element.ai, element.value)
        parts.append(f"{element.ai}{element.value}{SEPARATOR if checked.ai.separator_required else ''}")
    return "".join(parts).removesuffix(SEPARATOR)


def _without_symbology(code: str) -> str:
    prefix, rest = code[:3], code[3:]
    if prefix not in (*_SYMBOLOGIES, *_PLAIN_LINKS):
        raise InputError(place="characters 1 to 3", found=repr(prefix), expected=f"one of {', '.join(_SYMBOLOGIES)}")
    if prefix in _PLAIN_LINKS and not rest.lower().startswith("http"):
        raise InputError(place="character 4", found=repr(rest[:8]), expected=f"a Digital Link URI after {prefix}")
    return rest


def _concatenated(code: str) -> Iterator[GS1ElementString]:
    """Take element after element; one of variable length ends at FNC1 or at the end of the code."""
    rest = code.removeprefix(SEPARATOR)
    while rest:
        place = f"character {len(code) - len(rest) + 1}"
        try:
            element = GS1ElementString.extract(rest)
        except ParseError as error:
            raise InputError(place=place, found=repr(rest[:24]), expected=_expectation(error)) from None
        rest = rest[len(element) :]
        if rest and element.ai.separator_required and not rest.startswith(SEPARATOR):
            found = f"{rest[0]!r} right after {element.as_hri()}"
            raise InputError(place=f"character {len(code) - len(rest) + 1}", found=found, expected="FNC1, or the end")
        rest = rest.removeprefix(SEPARATOR)
        yield _checked(element, place)


def _bracketed(code: str) -> Iterator[GS1ElementString]:
    before, *parts = _BRACKETED.split(code)
    if before:
        raise InputError(place="character 1", found=repr(before[:24]), expected="an application identifier in brackets")
    for ai, value in zip(parts[::2], parts[1::2], strict=True):
        yield _one(ai, value)


def _digital_link(code: str, unread: list[tuple[str, str]]) -> Iterator[GS1ElementString]:
    """Read path and query of a URI; what its query holds besides application identifiers goes to `unread`.

    The path ends with a primary key and its qualifiers, each at most once and in their order (GS1 Digital Link 1.2).
    """
    address = urlsplit(code)
    segments = address.path.split("/")
    start = next((place for place, segment in enumerate(segments) if segment in _QUALIFIERS), None)
    if start is None:
        raise InputError(place="Digital Link", found=repr(address.path), expected="a primary key in the path")
    keys, values = segments[start::2], [unquote(value) for value in segments[start + 1 :: 2]]
    if len(keys) != len(values):
        raise InputError(place="Digital Link", found=f"{keys[-1]!r} without a value", expected="pairs in the path")
    following = iter(_QUALIFIERS[keys[0]])
    for key in keys[1:]:
        if key not in following:
            expected = f"qualifiers among {_QUALIFIERS[keys[0]]}, in this order"
            raise InputError(place="Digital Link", found=repr(key), expected=expected)
    for key, value in zip(keys, values, strict=True):
        yield _one(key, _padded(key, value))
    for name, value in parse_qsl(address.query, keep_blank_values=True):
        if name.isascii() and name.isdecimal():
            yield _one(name, _padded(name, value))
        else:
            unread.append((name, value))


def _padded(ai: str, value: str) -> str:
    """Write a GTIN of 8, 12 or 13 digits with 14, as a link may hold it."""
    return value.zfill(14) if ai in ("01", "02") and len(value) in (8, 12, 13) else value


def _one(ai: str, value: str) -> GS1ElementString:
    """Read exactly one element; FNC1 ends one and so is never part of a value."""
    try:
        element = GS1ElementString.extract(ai + value)
    except ParseError as error:
        raise InputError(place=f"({ai})", found=repr(value), expected=_expectation(error)) from None
    if element.ai.ai != ai:
        raise InputError(place=f"({ai})", found=repr(value), expected="a known application identifier")
    if element.value != value:
        expected = f"a value that fits application identifier {ai}"
        raise InputError(place=f"({ai})", found=repr(value), expected=expected)
    return _checked(element, f"({ai})")


def _checked(element: GS1ElementString, place: str) -> GS1ElementString:
    """Refuse a number whose check digit is wrong, which the library only notes."""
    wrong = element.gtin_error or element.sscc_error or element.gln_error
    if wrong:
        expected = f"a check digit {check_digit(element.value[:-1])}"
        raise InputError(place=place, found=element.as_hri(), expected=expected)
    return element


def _expectation(error: ParseError) -> str:
    """Say in our words what the library expected, which shows a pattern."""
    if "Failed to get GS1 Application Identifier" in str(error):
        return "a known application identifier"
    pattern = re.search(r"GS1 AI \((\d+)\) pattern", str(error))
    return f"a value that fits application identifier {pattern[1]}" if pattern else "a calendar date"


def _scan(found: Sequence[GS1ElementString], unread: tuple[tuple[str, str], ...]) -> Scan:
    values: dict[str, object] = {}
    once: dict[str, str] = {}
    for element in found:
        ai = element.ai.ai
        if once.setdefault(ai, element.value) != element.value:
            raise InputError(place=f"({ai})", found=f"{element.value!r} beside {once[ai]!r}", expected="one value")
        name = "net_weight" if ai in _NET_WEIGHT else _FIELDS.get(ai)
        if name:
            values[name] = _typed(name, element)
    elements = tuple(Element(element.ai.ai, element.value) for element in found)
    national = tuple(element for element in elements if element.ai in _NATIONAL)
    return Scan(**values, national=national, elements=elements, unread=unread)  # type: ignore[arg-type]  # typed by _typed


def _typed(name: str, element: GS1ElementString) -> object:
    if name in _DATES:
        return element.date
    if name == "net_weight":
        return element.decimal
    return int(element.value) if name == "count" else element.value
