"""The syntax of GS1 element strings: application identifiers, FNC1, and the bracketed form that people read."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from biip import ParseError
from biip.gs1_application_identifiers import GS1ApplicationIdentifier

from medtrust.errors import InputError
from medtrust.standards.gs1_values import fault_of

__all__ = ["SEPARATOR", "Element", "bracketed", "concatenated", "element_string", "hri", "one"]

SEPARATOR: Final = "\x1d"
"""What a scanner sends for FNC1 (ASCII group separator)."""

_BRACKETED: Final = re.compile(r"\((\d{2,4})\)", re.ASCII)
_NEXT: Final = re.compile(r"(?<!\\)\(")

_TEXT: Final = r"[!%-?A-Z_a-z\x22]"
_UNKNOWN_VALUE: Final = re.compile(rf"{_TEXT}{{1,90}}")
"""What an application identifier that nobody knows may hold: the 82 characters (General Specifications, 7.11)."""

_OTHER_PATTERNS: Final = {
    "30": r"\d{1,8}",
    "7004": r"\d{1,4}",
    "8010": r"[A-Z0-9/#-]{1,30}",
    **{f"703{last}": rf"\d{{3}}{_TEXT}{{1,27}}" for last in range(10)},
    **{f"723{last}": rf"{_TEXT}{{3,30}}" for last in range(10)},
}
"""Where the table of `biip`, in any of its releases, is wider or narrower than the General Specifications."""

_ADDED: Final = {
    "717": rf"{_TEXT}{{1,20}}",
    "8040": r"\d{15}",
    "8041": r"\d{15}",
    "8042": r"\d{32}",
    "8043": r"\d{18,20}",
}
"""What earlier releases of `biip` do not know."""


@dataclass(frozen=True)
class Element:
    """One element string: the application identifier, and its value as it stands in the code."""

    ai: str
    value: str


@dataclass(frozen=True)
class _Kind:
    """What is known of an application identifier; `length` of its value if no FNC1 need follow, else None."""

    ai: str
    value: re.Pattern[str]
    length: int | None


def concatenated(message: str) -> Iterator[Element]:
    """Take element after element of a message; one of variable length ends at FNC1 or at the end.

    Raises `InputError` with the place in the message.
    """
    rest = message.removeprefix(SEPARATOR)
    while rest:
        place = f"character {len(message) - len(rest) + 1}"
        kind = _kind_at_start(rest)
        if kind is None:
            raise InputError(place=place, found=repr(rest[:24]), expected="a known application identifier")
        value = rest[len(kind.ai) :].partition(SEPARATOR)[0][: kind.length]
        yield _checked(kind, value, place)
        rest = rest[len(kind.ai) + len(value) :].removeprefix(SEPARATOR)


def bracketed(code: str, *, unknown: bool = False) -> Iterator[Element]:
    r"""Read the form that people read, "(01)…(21)…"; an opening bracket that belongs to a value is written "\("."""
    end = 0
    while end < len(code):
        opening = _BRACKETED.match(code, end)
        if opening is None:
            expected = "an application identifier in brackets"
            raise InputError(place=f"character {end + 1}", found=repr(code[end : end + 24]), expected=expected)
        start = opening.end()
        end = next((found.start() for found in _NEXT.finditer(code, start)), len(code))
        ai, value = opening[1], code[start:end].replace("\\(", "(")
        yield one(ai, value, unknown=unknown)


def one(ai: str, value: str, *, unknown: bool = False) -> Element:
    """Check one element by itself. Raises `InputError` if its identifier is not known, or its value does not fit."""
    kind = _kind_at_start(ai)
    if kind is not None and kind.ai == ai:
        return _checked(kind, value, f"({ai})")
    is_free = kind is None and not _begins_others(ai) and re.fullmatch(r"[0-9]{2,4}", ai)
    if unknown and is_free and _UNKNOWN_VALUE.fullmatch(value):
        return Element(ai, value)
    raise InputError(place=f"({ai})", found=repr(value), expected="a known application identifier")


def element_string(elements: Sequence[Element]) -> str:
    """Write elements as one string, each of variable length ended by FNC1 (ASCII 29) unless it is the last.

    Raises `InputError` for a value that does not fit its application identifier.
    """
    parts = []
    for element in elements:
        one(element.ai, element.value, unknown=True)
        kind = _kind_at_start(element.ai)
        parts.append(f"{element.ai}{element.value}{'' if kind and kind.length else SEPARATOR}")
    return "".join(parts).removesuffix(SEPARATOR)


def hri(elements: Sequence[Element]) -> str:
    r"""Write elements as people read them, "(01)…(21)…"; an opening bracket in a value as "\("."""
    return "".join(f"({element.ai}){element.value.replace('(', chr(92) + '(')}" for element in elements)


def _kind_at_start(text: str) -> _Kind | None:
    return _kind(text[:4])


@lru_cache(maxsize=4096)
def _kind(start: str) -> _Kind | None:
    """Find the identifier that up to four characters begin with, in the table that `biip` brings."""
    added = next((ai for ai in _ADDED if start.startswith(ai)), None)
    if added:
        return _Kind(added, re.compile(_ADDED[added], re.ASCII), None)
    try:
        found = GS1ApplicationIdentifier.extract(start)
    except ParseError:
        return None
    pattern = _OTHER_PATTERNS.get(found.ai) or found.pattern.removeprefix(f"^{found.ai}").removesuffix("$")
    length = None if found.separator_required else int(found.format.rpartition("N")[2])
    return _Kind(found.ai, re.compile(pattern, re.ASCII), length)


def _begins_others(ai: str) -> bool:
    """Whether known identifiers begin with these digits, so that they can be none of their own."""
    missing = 4 - len(ai)
    return any(_kind(f"{ai}{rest:0{missing}}") for rest in range(10**missing)) if missing else False


def _checked(kind: _Kind, value: str, place: str) -> Element:
    if not kind.value.fullmatch(value) or not value:
        expected = f"a value that fits application identifier {kind.ai}"
        raise InputError(place=place, found=repr(value), expected=expected)
    fault = fault_of(kind.ai, value)
    if fault:
        raise InputError(place=place, found=f"({kind.ai}){value}", expected=fault)
    return Element(kind.ai, value)
