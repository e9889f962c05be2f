"""Identifiers in events: EPC URNs and GS1 Digital Links, and the one form in which each is compared and hashed.

The one form is the canonical Digital Link with the finest identification and nothing else (CBV 2.0, 8.9): a serial
number makes the lot superfluous, and a consumer product variant never counts.
"""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import quote

from medtrust.errors import InputError
from medtrust.standards.gs1_link import is_link, read_link
from medtrust.standards.gs1_syntax import Element, one
from medtrust.standards.gs1_values import check_digit

__all__ = ["canonical_uri", "company_prefix", "elements_of", "epc_uri", "is_malformed"]

_STEM: Final = "https://id.gs1.org"
_URN: Final = re.compile(r"urn:epc:(id|class|idpat):([a-z]+):(.+)")
_PREFIX: Final = re.compile(r"[0-9]{6,12}")

_WITH_INDICATOR: Final = {"sgtin": 13, "itip": 13, "upui": 13, "lgtin": 13, "sscc": 17}
"""Keys whose reference begins with the digit that comes first in the number: digits before the check digit."""

_NUMBERS: Final = {
    "sgln": ("414", "", 12),
    "pgln": ("417", "", 12),
    "grai": ("8003", "0", 12),
    "gdti": ("253", "", 12),
    "sgcn": ("255", "", 12),
    "gsrn": ("8018", "", 17),
    "gsrnp": ("8017", "", 17),
    "gsin": ("402", "", 16),
}
"""Keys that are a number: identifier, what stands before the number, digits before the check digit."""

_TEXTS: Final = {"giai": "8004", "ginc": "401", "cpi": "8010"}
"""Keys that are the company prefix and a text."""

_QUALIFIERS: Final = {"sgtin": "21", "itip": "21", "upui": "235", "lgtin": "10", "sgln": "254", "cpi": "8011"}
"""What the part after the reference is, where it does not belong to the key itself."""

_FINEST: Final = (("21",), ("235",), ("10",), ("254",), ("8011",), ("7040",), ("8019",), ("8020",))
_UNSAFE: Final = str.maketrans({sign: f"%{ord(sign):02X}" for sign in "!()*+,:"})


def canonical_uri(text: str) -> str:
    """Write an EPC URN or a Digital Link in the one form; anything else comes back as it is."""
    try:
        if text.startswith("urn:epc:"):
            return _canonical(*_from_urn(text))
        if is_link(text):
            return _from_link(text)
    except InputError:
        pass
    return text


def company_prefix(uri: str) -> str:
    """Return the GS1 company prefix that an EPC URN shows; "" for anything else, as a link does not show it."""
    found = _URN.fullmatch(uri)
    prefix = found[3].partition(".")[0] if found else ""
    return prefix if _PREFIX.fullmatch(prefix) else ""


def is_malformed(uri: str) -> bool:
    """Say whether a URI is an EPC with a GS1 key that is not as such EPCs are."""
    found = _URN.fullmatch(uri)
    has_key = found is not None and found[1] != "idpat" and found[2] in {*_WITH_INDICATOR, *_NUMBERS, *_TEXTS}
    return uri.startswith("urn:epc:") and (found is None or (has_key and canonical_uri(uri) == uri))


def elements_of(uri: str) -> tuple[Element, ...]:
    """Read what an EPC URN or a Digital Link identifies: its key, then its lot, serial number or extension.

    Raises `InputError` if it is neither, or its check digit is wrong.
    """
    link = canonical_uri(uri)
    if not link.startswith(f"{_STEM}/"):
        raise InputError(place="identifier", found=repr(uri), expected="an EPC URN or a GS1 Digital Link")
    return read_link(link).elements


def epc_uri(elements: tuple[Element, ...]) -> str:
    """Write elements as the Digital Link that identifies them in events. Raises `InputError` for a wrong value."""
    for element in elements:
        one(element.ai, element.value)
    return _STEM + "".join(f"/{element.ai}/{quote(element.value, safe='')}" for element in elements)


def _canonical(ai: str, key: str, qualifier: str, rest: str) -> str:
    more = f"/{qualifier}/{rest.translate(_UNSAFE)}" if qualifier and rest else ""
    return f"{_STEM}/{ai}/{key.translate(_UNSAFE)}{more}"


def _from_urn(urn: str) -> tuple[str, str, str, str]:
    """Take an EPC URN apart: identifier and value of its key, and those of its qualifier, "" if it has none.

    Values keep the percent signs that both forms use.
    """
    found = _URN.fullmatch(urn)
    if not found:
        raise InputError(place="identifier", found=repr(urn), expected="an EPC URN")
    scheme, kind, body = found.groups()
    company, *parts = body.split(".")
    if not _PREFIX.fullmatch(company) or not parts:
        raise InputError(place="identifier", found=repr(urn), expected="a company prefix of 6 to 12 digits")
    if scheme == "idpat":
        if parts[-1] != "*":
            raise InputError(place="identifier", found=repr(urn), expected="a pattern that ends with *")
        parts = parts[:-1]
    if kind in _WITH_INDICATOR:
        return _with_indicator(kind, company, parts, urn)
    if kind in _NUMBERS:
        return _number(kind, company, parts, urn)
    if kind in _TEXTS:
        reference, serial = (parts[0], ".".join(parts[1:])) if kind == "cpi" else (".".join(parts), "")
        return _TEXTS[kind], company + reference, _QUALIFIERS.get(kind, ""), serial
    raise InputError(place="identifier", found=repr(urn), expected="a kind of EPC with a GS1 key")


def _with_indicator(kind: str, company: str, parts: list[str], urn: str) -> tuple[str, str, str, str]:
    reference = parts[0]
    number = reference[:1] + company + reference[1:]
    _digits(number, _WITH_INDICATOR[kind], urn)
    number += check_digit(number)
    if kind == "sscc":
        return "00", number, "", ""
    if kind == "itip":
        return "8006", number + "".join(parts[1:3]), "21", ".".join(parts[3:])
    return "01", number, _QUALIFIERS[kind], ".".join(parts[1:])


def _number(kind: str, company: str, parts: list[str], urn: str) -> tuple[str, str, str, str]:
    ai, before, length = _NUMBERS[kind]
    number = company + parts[0]
    _digits(number, length, urn)
    number = before + number + check_digit(before + number)
    rest = ".".join(parts[1:])
    if kind == "sgln":
        return ai, number, "254", "" if rest == "0" else rest
    return ai, number + rest, "", ""


def _digits(number: str, length: int, urn: str) -> None:
    if len(number) != length or not (number.isascii() and number.isdecimal()):
        raise InputError(place="identifier", found=repr(urn), expected=f"prefix and reference of {length} digits")


def _from_link(link: str) -> str:
    elements = read_link(link, names=True).elements
    key, *rest = (element for element in elements if element.ai != "22")
    for choice in _FINEST:
        for element in rest:
            if element.ai in choice:
                return _canonical(key.ai, _quoted(key.value), element.ai, _quoted(element.value))
    return _canonical(key.ai, _quoted(key.value), "", "")


def _quoted(value: str) -> str:
    return quote(value, safe="!()*+,:;='-._~")
