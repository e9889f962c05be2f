"""What a scanner reads from a package: GS1 element strings, their bracketed form, and Digital Link URIs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Final

from biip.gs1_element_strings import GS1ElementString

from medtrust.errors import InputError
from medtrust.standards.gs1_link import digital_link, is_link, read_link
from medtrust.standards.gs1_rules import check_pairs
from medtrust.standards.gs1_syntax import SEPARATOR, Element, bracketed, concatenated, element_string, hri
from medtrust.standards.gs1_values import check_digit, has_check_digit
from medtrust.standards.loss import DROPPED, MAPPED, PRESERVED, LossReport, Marks

__all__ = [
    "Allow",
    "Element",
    "Scan",
    "check_digit",
    "digital_link",
    "element_string",
    "has_check_digit",
    "hri",
    "parse",
]

_SYMBOLOGIES: Final = {
    "]C1": "GS1-128",
    "]e0": "GS1 DataBar",
    "]d2": "GS1 DataMatrix",
    "]Q3": "GS1 QR Code",
    "]J1": "GS1 DotCode",
    "]d1": "Data Matrix",
    "]Q1": "QR Code",
    "]J0": "DotCode",
    "]E0": "EAN-13",
    "]E4": "EAN-8",
    "]I1": "ITF-14",
}
"""What a symbology identifier says (ISO/IEC 15424)."""

_PLAIN = ("]d1", "]Q1", "]J0")
"""Symbols that hold anything, such as a Digital Link."""

_GTIN_ALONE: Final = {"]E0": 13, "]E4": 8, "]I1": 14}
"""Symbols that hold the digits of a GTIN, and how many."""

_COMPOSITE: Final = "|]e0"
"""What stands between a linear symbol and the one above it."""

_CARET: Final = "^"
"""What people write for FNC1; it can be part of no value."""

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
_NATIONAL = ("710", "711", "712", "713", "714", "715", "716", "717")
_NET_WEIGHT = tuple(f"310{decimals}" for decimals in range(6))
_DATES = frozenset({"produced", "best_before", "expiry"})


@dataclass(frozen=True)
class Allow:
    """What `parse` lets pass that it else refuses.

    `partial` identifiers without what they belong to, as in one symbol of several on a package · `unknown` application
    identifiers that are not known, in brackets and links · `names` the names of early links, such as gtin.
    """

    partial: bool = False
    unknown: bool = False
    names: bool = False


@dataclass(frozen=True)
class Scan:
    """What a code says; None or empty where it says nothing.

    `gtin` 14 digits · `serial` · `lot` · `expiry`, `best_before`, `produced` calendar days · `sscc` 18 digits ·
    `content_gtin` 14 digits and `count`: what is in a logistic unit, and how often · `location` a GLN of 13 digits ·
    `additional_id` of the maker · `net_weight` in kilograms · `national` reimbursement numbers by identifier (710 …
    717) · `elements` everything, in the order of the code · `unread` what a Digital Link holds besides, by its key ·
    `symbology` the kind of symbol, if its identifier says it · `plain` what a symbol holds that is no GS1 data.
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
    symbology: str | None = field(default=None, compare=False)
    plain: str | None = None

    def to_dict(self) -> dict[str, object]:
        """Write everything as JSON takes it: days as ISO 8601, numbers as they are, elements in their order.

        `hri` is the form that people read, `message` the element string, `link` the Digital Link; None where the
        code has none.
        """
        try:
            link = digital_link(self.elements) if self.elements else None
        except InputError:
            link = None
        fields = {name: getattr(self, name) for name in ("net_weight", *_FIELDS.values())}
        written = {name: value.isoformat() if isinstance(value, date) else value for name, value in fields.items()}
        return {
            "elements": [{"ai": element.ai, "value": element.value} for element in self.elements],
            **written,
            "net_weight": None if self.net_weight is None else str(self.net_weight),
            "national": [{"ai": element.ai, "value": element.value} for element in self.national],
            "hri": hri(self.elements) or None,
            "message": element_string(self.elements) or None,
            "link": link,
            "symbology": self.symbology,
            "plain": self.plain,
            "unread": dict(self.unread),
        }

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


def parse(text: str, *, allow: Allow | None = None) -> Scan:
    """Read a code as a scanner or a person gives it, and check formats, check digits, dates, and what goes together.

    Takes an element string (FNC1 as ASCII 29), its bracketed form "(01)…(21)…" and a Digital Link URI, and what a
    symbol holds after its symbology identifier such as "]d2". A code that itself begins with FNC1 (ASCII 29, or "^",
    which then stands for it throughout) is one symbol of perhaps several: it may be partial. A day 00 is the last of
    its month (GS1 General Specifications, 3.4).

    Raises `InputError` with the place in the code, what was found and what was expected.
    """
    allow = allow or Allow()
    code = text.strip(" \r\n\t")
    if code.startswith("]"):
        return _of_symbol(code[:3], code[3:], allow)
    if is_link(code):
        return _of_link(code, allow)
    if code.startswith("("):
        return _scan(list(bracketed(code, unknown=allow.unknown)), allow)
    if code.startswith(_CARET):
        code = code.replace(_CARET, SEPARATOR)
    if code.startswith(SEPARATOR):
        allow = Allow(partial=True, unknown=allow.unknown, names=allow.names)
    return _scan(list(concatenated(code)), allow)


def _of_symbol(identifier: str, held: str, allow: Allow) -> Scan:
    """Read what a symbol holds; what its kind may hold besides GS1 data is kept as plain text."""
    if identifier not in _SYMBOLOGIES:
        expected = f"one of {', '.join(_SYMBOLOGIES)}"
        raise InputError(place="characters 1 to 3", found=repr(identifier), expected=expected)
    symbology = _SYMBOLOGIES[identifier]
    if identifier in _PLAIN:
        return _of_link(held, allow, symbology) if is_link(held) else Scan(plain=held, symbology=symbology)
    found = []
    if identifier in _GTIN_ALONE:
        length = _GTIN_ALONE[identifier]
        number, mark, held = held.partition(_COMPOSITE)
        if not has_check_digit(number, length):
            expected = f"{length} digits of which the last checks the others"
            raise InputError(place="character 4", found=repr(number), expected=expected)
        found = [Element("01", number.zfill(14))]
        if not mark:
            return _scan(found, allow, symbology=symbology)
    return _scan([*found, *concatenated(held)], allow, symbology=symbology)


def _of_link(code: str, allow: Allow, symbology: str | None = None) -> Scan:
    link = read_link(code, unknown=allow.unknown, names=allow.names)
    return _scan(link.elements, allow, unread=link.unread, symbology=symbology)


def _scan(
    found: Sequence[Element],
    allow: Allow,
    *,
    unread: tuple[tuple[str, str], ...] = (),
    symbology: str | None = None,
) -> Scan:
    if not found:
        raise InputError(place="code", found="nothing", expected="at least one element string")
    check_pairs(found, partial=allow.partial)
    values: dict[str, object] = {}
    for element in found:
        name = "net_weight" if element.ai in _NET_WEIGHT else _FIELDS.get(element.ai)
        if name:
            values[name] = _typed(name, element)
    national = tuple(element for element in found if element.ai in _NATIONAL)
    return Scan(
        **values,  # type: ignore[arg-type]  # typed by _typed
        national=national,
        elements=tuple(found),
        unread=unread,
        symbology=symbology,
    )


def _typed(name: str, element: Element) -> object:
    if name in _DATES:
        return GS1ElementString.extract(element.ai + element.value).date
    if name == "net_weight":
        return Decimal(int(element.value)).scaleb(-int(element.ai[3]))
    return int(element.value) if name == "count" else element.value
