"""Travel: scans of one pack that cannot all be true, because no pack moves that fast or lives on after its end."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from itertools import pairwise
from math import asin, cos, radians, sin, sqrt
from typing import Any, Final

from medtrust.errors import InputError
from medtrust.instants import instant
from medtrust.json_fields import JsonFields
from medtrust.standards.gs1 import Allow, Scan, has_check_digit, parse

__all__ = ["CLOCKS", "SPEED", "Flag", "Place", "Sighting", "flag_scans", "read_sightings"]

SPEED: Final = 900
"""How fast goods travel at most, in km/h: as an airliner."""

CLOCKS: Final = 300
"""By how much the clocks of two scanners may differ, in seconds."""

_END_OF_CALENDAR: Final = 253_402_300_800
_EARTH: Final = 6371.0088
_GLN: Final = "urn:gs1:gln:"
_GEO: Final = re.compile(r"geo:(-?[0-9]{1,3}(?:\.[0-9]+)?),(-?[0-9]{1,3}(?:\.[0-9]+)?)(?:[,;].*)?")


@dataclass(frozen=True)
class Place:
    """Where a scanner stood: its name, and its latitude and longitude in degrees; None where nobody told them."""

    name: str
    latitude: float | None = None
    longitude: float | None = None

    def distance(self, other: Place) -> float | None:
        """Return the kilometres between two places, over the surface of a sphere; None if one is nowhere known."""
        if self.name == other.name:
            return 0.0
        if self.latitude is None or self.longitude is None or other.latitude is None or other.longitude is None:
            return None
        north, south = radians(self.latitude), radians(other.latitude)
        across = sin((south - north) / 2) ** 2
        along = sin(radians(other.longitude - self.longitude) / 2) ** 2
        return 2 * _EARTH * asin(min(1.0, sqrt(across + cos(north) * cos(south) * along)))


@dataclass(frozen=True)
class Sighting:
    """One scan of one pack: product and serial number, when (Unix seconds), where, and whether it was its end."""

    gtin: str
    serial: str
    at: int
    place: Place
    is_end: bool = False


@dataclass(frozen=True)
class Flag:
    """Two scans that cannot both be of one pack: `kind` is "travel" or "ended", `sentence` says why, for people.

    `distance` in kilometres and `speed` in km/h say what the goods would have had to do; None where that is not known
    or without end.
    """

    kind: str
    first: Sighting
    second: Sighting
    sentence: str
    distance: float | None = None
    speed: float | None = None


def flag_scans(sightings: Iterable[Sighting], *, speed: float = SPEED, clocks: int = CLOCKS) -> tuple[Flag, ...]:
    """Find scans of one pack that cannot all be true, sorted by product, serial number and time.

    Two scans one after the other are flagged if the way between them takes longer than the time between them and
    `clocks` seconds, at `speed` km/h; and so is every scan after the end of the pack. Places whose position nobody told
    are passed over. A flag says that there are two packs of one number, or that a scan is wrong, not which of the two.
    """
    by_pack: dict[tuple[str, str], list[Sighting]] = {}
    for one in sightings:
        by_pack.setdefault((one.gtin, one.serial), []).append(one)
    return tuple(flag for _, scans in sorted(by_pack.items()) for flag in _flags(scans, speed, clocks))


def _flags(scans: Sequence[Sighting], speed: float, clocks: int) -> list[Flag]:
    ordered = sorted(scans, key=lambda one: (one.at, one.is_end, one.place.name))
    placed = [one for one in ordered if one.place.latitude is not None]
    found = [flag for before, after in pairwise(placed) if (flag := _travel(before, after, speed, clocks))]
    end = next((one for one in ordered if one.is_end), None)
    if end:
        later = ordered[ordered.index(end) + 1 :]
        found += [Flag("ended", end, one, _after_its_end(end, one)) for one in later]
    return sorted(found, key=lambda flag: (flag.second.at, flag.first.at, flag.kind, flag.second.place.name))


def _travel(before: Sighting, after: Sighting, speed: float, clocks: int) -> Flag | None:
    distance, seconds = before.place.distance(after.place), after.at - before.at
    if distance is None or distance * 3600 <= speed * (seconds + clocks):
        return None
    needed = distance * 3600 / seconds if seconds else None
    pace = f"{needed:,.0f} km/h" if needed is not None else "no time at all"
    sentence = (
        f"Pack {after.serial} of {after.gtin} was scanned at {before.place.name} at {_utc(before.at)} and "
        f"{_span(seconds)} later at {after.place.name}, {distance:,.0f} km away: that takes {pace}, "
        f"and goods travel at most at {speed:,.0f} km/h. One of the two is a copy, or a scan is wrong."
    )
    return Flag("travel", before, after, sentence, distance, needed)


def _after_its_end(end: Sighting, later: Sighting) -> str:
    return (
        f"Pack {later.serial} of {later.gtin} came to its end at {end.place.name} at {_utc(end.at)} and was scanned "
        f"{_span(later.at - end.at)} later at {later.place.name}: one of the two is a copy, or a scan is wrong."
    )


def _utc(at: int) -> str:
    return datetime.fromtimestamp(at, timezone.utc).strftime("%Y-%m-%d %H:%M UTC")


def _span(seconds: int) -> str:
    minutes, hours, days = seconds // 60, seconds // 3600, seconds // 86_400
    if days >= 2:
        return f"{days} days"
    if hours >= 2:
        return f"{hours} hours"
    return f"{minutes} minutes" if minutes >= 2 else f"{seconds} seconds"


# ---- files


def read_sightings(raw: Any) -> tuple[Sighting, ...]:
    """Read a file of scans, as JSON: `{"places": {…}, "scans": […]}`.

    Each scan has `time` (ISO 8601, or Unix seconds), `code` (what the scanner read), `place` (an identifier, or
    `geo:latitude,longitude`), and `end` where the pack was dispensed or destroyed. `places` says where identifiers are:
    `{"urn:gs1:gln:0614141000050": "geo:48.14,11.58"}`. Raises `InputError` with the place of anything else.
    """
    file = JsonFields(raw, "file")
    named = file.take("places", dict) if "places" in raw else {}
    places = {name: _place(name, geo, f"places.{name}") for name, geo in named.items()}
    return tuple(_sighting(one, f"scans[{index}]", places) for index, one in enumerate(file.take("scans", list)))


def _sighting(raw: Any, where: str, places: Mapping[str, Place]) -> Sighting:
    fields = JsonFields(raw, where)
    scan = _pack(fields.take("code", str), f"{where}.code")
    at = raw.get("time")
    if not isinstance(at, int) or isinstance(at, bool):
        at = int(instant(fields.take("time", str), place=f"{where}.time"))
    if not 0 < at < _END_OF_CALENDAR:
        raise InputError(place=f"{where}.time", found=str(at), expected="a time from 1970 to 9999")
    name = fields.take("place", str)
    is_end = fields.take("end", bool) if "end" in raw else False
    place = places[name] if name in places else _place(name, name, f"{where}.place")
    return Sighting(scan.gtin or "", scan.serial or "", at, place, is_end)


def _pack(code: str, where: str) -> Scan:
    try:
        scan = parse(code, allow=Allow(partial=True))
    except InputError as error:
        raise InputError(place=where, found=error.found, expected=error.expected) from None
    if not (scan.gtin and scan.serial):
        raise InputError(place=where, found=code, expected="a pack: GTIN (01) and serial number (21)")
    return scan


def _place(name: str, geo: Any, where: str) -> Place:
    """Read where a place is: `geo:latitude,longitude` (RFC 5870); an identifier alone is a place without position."""
    if isinstance(geo, str) and (found := _GEO.fullmatch(geo)):
        latitude, longitude = float(found[1]), float(found[2])
        if abs(latitude) <= 90 and abs(longitude) <= 180:
            return Place(name, latitude, longitude)
    elif geo == name and _is_identifier(name):
        return Place(name)
    raise InputError(place=where, found=repr(geo), expected="geo:latitude,longitude, or the identifier of a place")


def _is_identifier(name: str) -> bool:
    if name.startswith(_GLN):
        return has_check_digit(name.removeprefix(_GLN), 13)
    return ":" in name and not name.startswith("geo:")
