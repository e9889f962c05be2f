"""Times of a FHIR Period, whose end is included, as half-open intervals of Unix seconds, and back."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone
from typing import Final

from medtrust.errors import InputError
from medtrust.standards.fhir_json import Node
from medtrust.standards.loss import DEFAULTED, MAPPED, Marks

__all__ = ["FOREVER", "instant", "span"]

FOREVER: Final = 2**64 - 1
"""The end of a window that has none."""

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=timezone.utc)
_END_OF_CALENDAR: Final = 253_402_300_800
_MOMENT: Final = re.compile(
    r"([0-9]{4})(?:-([0-9]{2})(?:-([0-9]{2})(T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.0+)?(?:Z|[+-][0-9]{2}:[0-9]{2}))?)?)?"
)


def instant(seconds: int, *, place: str) -> str:
    """Write Unix seconds as a FHIR dateTime in UTC.

    Raises `InputError` if they lie after the year 9999, which a calendar cannot write.
    """
    if seconds >= _END_OF_CALENDAR:
        raise InputError(place=place, found=str(seconds), expected="a time before the year 10000")
    return (_EPOCH + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")


def span(period: Node, name: str, marks: Marks) -> tuple[int, int] | None:
    """Return the first second of what a dateTime covers, and the first after it; None if it is not there.

    A year, a month or a day is covered whole, in UTC, which the ledger shows as `zone`, filled in. Raises `InputError`
    for what is no dateTime, lies before 1970, or does not fall on a second.
    """
    written = period.text(name)
    if name not in period.value:
        return None
    match = _MOMENT.fullmatch(written)
    try:
        if match:
            first, after = _bounds(written, match)
            if first >= 0:
                marks[f"{period.path}.{name}"] = MAPPED
                if match[4] is None:
                    marks[f"{period.path}.{name}.zone"] = DEFAULTED
                return first, after
    except (ValueError, OverflowError):
        pass
    raise period.error(name, written, "a date from 1970 on, or a whole second with its offset")


def _bounds(written: str, match: re.Match[str]) -> tuple[int, int]:
    if match[4]:
        moment = datetime.fromisoformat(re.sub(r"\.0+", "", written).replace("Z", "+00:00"))
        first = _seconds(moment)
        return first, first + 1
    year, month, day = int(match[1]), int(match[2] or 1), int(match[3] or 1)
    start = datetime(year, month, day, tzinfo=timezone.utc)
    if match[3]:
        return _seconds(start), _seconds(start) + 86_400
    if match[2]:
        return _seconds(start), _seconds((start + timedelta(days=31)).replace(day=1))
    return _seconds(start), _seconds(start.replace(year=year + 1))


def _seconds(moment: datetime) -> int:
    return (moment - _EPOCH) // timedelta(seconds=1)
