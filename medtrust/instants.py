"""Instants: the moments that people and certificates write, as Unix seconds, and back."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone

from medtrust.errors import InputError

__all__ = ["instant", "minute_of"]

_ISO = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})"
    r"(?:[T ]([0-9]{2}:[0-9]{2})(?::([0-9]{2})(?:[.,]([0-9]+))?)?(?:(Z)|([+-])([0-9]{2}):?([0-9]{2})?)?)?"
)
_MICROSECOND_DIGITS = 6


def instant(text: str, *, place: str = "time") -> float:
    """Return the Unix seconds of an ISO 8601 date or date-time; without a zone it is in UTC.

    Any number of digits may stand behind the seconds, and the zone may lack its colon. Raises `InputError` for anything
    else.
    """
    match = _ISO.fullmatch(text.strip())
    try:
        if match:
            return _seconds(*match.groups())
    except ValueError:
        pass
    raise InputError(place=place, found=repr(text), expected="a time as 2027-01-31 or 2027-01-31T12:00:00Z")


def minute_of(seconds: int) -> str:
    """Write Unix seconds for people: the minute in UTC."""
    return datetime.fromtimestamp(seconds, timezone.utc).strftime("%Y-%m-%d %H:%M UTC")


def _seconds(
    day: str,
    minute: str | None,
    second: str | None,
    fraction: str | None,
    _utc: str | None,
    sign: str | None,
    hours: str | None,
    minutes: str | None,
) -> float:
    digits = (fraction or "0")[:_MICROSECOND_DIGITS].ljust(_MICROSECOND_DIGITS, "0")
    written = datetime.fromisoformat(f"{day}T{minute or '00:00'}:{second or '00'}.{digits}")
    offset = timedelta(hours=int(hours or 0), minutes=int(minutes or 0)) * (-1 if sign == "-" else 1)
    return written.replace(tzinfo=timezone(offset)).timestamp()
