"""Queries over EPCIS events: which parameters there are, and of what type each is (EPCIS 2.0, 8.2.7.1)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any, Final

from medtrust.standards.epcis_values import Check, Fault, action, each, flag, is_number, number, text, time
from medtrust.standards.epcis_words import COMPARED_FIELDS, QUERY_TIMES, is_query_parameter

__all__ = ["check_query"]

_OPERATORS: Final = ("EQ", "GT", "GE", "LT", "LE")
_DIRECTIONS: Final = ("ASC", "DESC")
_COUNTS: Final = ("eventCountLimit", "maxEventCount", "perPage")


def check_query(parameters: Mapping[str, Any]) -> Iterator[Fault]:
    """Yield what is wrong with the values of a query in JSON; parameters that are not known are passed over."""
    for name, value in parameters.items():
        if name != "@context" and is_query_parameter(name):
            yield from _check_of(name)(value, name)


def _check_of(name: str) -> Check:
    operator, _, field = name.partition("_")
    is_own = ":" in name or field.startswith(("ILMD_", "INNER_", "SENSORELEMENT_", "ERROR_DECLARATION_", "ATTR_"))
    if operator == "EXISTS":
        return _nothing
    if operator == "EQATTR" or (is_own and operator in _OPERATORS):
        return _compared_list if operator in ("EQ", "EQATTR") else _compared
    if operator in ("GE", "LT") and field in QUERY_TIMES:
        return time
    if operator in _OPERATORS and field.split("_")[0] in COMPARED_FIELDS:
        return _numbers if operator == "EQ" else number
    if name in _SINGLE:
        return _SINGLE[name]
    return partial(each, check=action if name == "EQ_action" else text)


def _numbers(value: Any, place: str) -> Iterator[Fault]:
    yield from each(value, place, number) if isinstance(value, list) else number(value, place)


def _nothing(value: Any, place: str) -> Iterator[Fault]:
    """Check the value of a parameter that only stands there: it has none, or a number."""
    if not (value is None or isinstance(value, int)):
        yield place, repr(value), "null, as the parameter alone asks"


def _compared(value: Any, place: str) -> Iterator[Fault]:
    if not is_number(value):
        yield from time(value, place)


def _compared_list(value: Any, place: str) -> Iterator[Fault]:
    if isinstance(value, list):
        yield from each(value, place, text)
    elif not (is_number(value) or isinstance(value, str)):
        yield place, repr(value), "a list of texts, a number or a time"


def _count(value: Any, place: str) -> Iterator[Fault]:
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        yield place, repr(value), "a whole number from 1 on"


def _direction(value: Any, place: str) -> Iterator[Fault]:
    if value not in _DIRECTIONS:
        yield place, repr(value), " or ".join(_DIRECTIONS)


_SINGLE: Final[Mapping[str, Check]] = {
    "EQ_booleanValue": flag,
    "orderBy": text,
    "orderDirection": _direction,
    "nextPageToken": text,
    **dict.fromkeys(_COUNTS, _count),
}
"""Parameters that have one value; every other has a list of texts."""
