"""The values in EPCIS: times, URIs, numbers, words and lists of them, each refused with its place if it is none."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any, Final

from medtrust.standards.epcis_hash import instant
from medtrust.standards.epcis_uris import is_malformed
from medtrust.standards.epcis_words import ACTIONS

__all__ = [
    "Check",
    "Fault",
    "action",
    "certificates",
    "each",
    "flag",
    "hexadecimal",
    "is_number",
    "number",
    "sensor_word",
    "text",
    "time",
    "uri",
]

Fault = tuple[str, str, str]
"""Where in an event, what was found there, what was expected."""

Check = Callable[[Any, str], Iterator[Fault]]
"""What is wrong with a value that stands at a place."""

_URI: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[^\s<>\"{}|\\^`]+")
_HEXADECIMAL: Final = re.compile(r"[0-9A-Fa-f]+")
_WORD: Final = re.compile(r"[A-Za-z][A-Za-z0-9_]*")


def each(value: Any, place: str, check: Check) -> Iterator[Fault]:
    """Check every value of a list."""
    if not isinstance(value, list):
        yield place, type(value).__name__, "a list"
        return
    for index, one in enumerate(value):
        yield from check(one, f"{place}[{index}]")


def time(value: Any, place: str) -> Iterator[Fault]:
    """Check a time with its zone."""
    if not isinstance(value, str) or instant(value) is None:
        yield place, repr(value), "a time with its zone, such as 2026-11-23T10:30:00.000+01:00"


def action(value: Any, place: str) -> Iterator[Fault]:
    """Check what was done to the goods."""
    if value not in ACTIONS:
        yield place, repr(value), ", ".join(ACTIONS)


def uri(value: Any, place: str) -> Iterator[Fault]:
    """Check a URI, and an EPC for its parts."""
    if not isinstance(value, str) or not _URI.fullmatch(value.strip()):
        yield place, repr(value), "a URI"
    elif is_malformed(value.strip()):
        yield place, repr(value), "an EPC with its company prefix and reference"


def sensor_word(value: Any, place: str) -> Iterator[Fault]:
    """Check a word of the vocabulary of sensors, such as "Temperature", or a URI of somebody's own."""
    if not isinstance(value, str) or not (_WORD.fullmatch(value) or _URI.fullmatch(value.strip())):
        yield place, repr(value), "a word of the vocabulary of GS1 for sensors, or a URI of your own"


def text(value: Any, place: str) -> Iterator[Fault]:
    """Check text."""
    if not isinstance(value, str):
        yield place, repr(value), "text"


def hexadecimal(value: Any, place: str) -> Iterator[Fault]:
    """Check octets, written as hexadecimal digits."""
    if not isinstance(value, str) or not _HEXADECIMAL.fullmatch(value):
        yield place, repr(value), "hexadecimal digits"


def number(value: Any, place: str) -> Iterator[Fault]:
    """Check a number."""
    if not is_number(value):
        yield place, repr(value), "a number"


def flag(value: Any, place: str) -> Iterator[Fault]:
    """Check a boolean."""
    if not isinstance(value, bool):
        yield place, repr(value), "true or false"


def certificates(value: Any, place: str) -> Iterator[Fault]:
    """Check the URI of a certificate, or a list of them."""
    yield from each(value, place, uri) if isinstance(value, list) else uri(value, place)


def is_number(value: Any) -> bool:
    """Say whether a value is a number; true and false are none."""
    return isinstance(value, (int, float, Decimal)) and not isinstance(value, bool)
