"""Files of loggers: CSV, JSON, or EPCIS documents with sensor elements."""

from __future__ import annotations

from pathlib import Path

from medtrust.cold_chain import Reading, read_readings
from medtrust.errors import InputError
from medtrust.standards.epcis import is_epcis, read_epcis
from medtrust.standards.epcis_sensor import sensor_readings

__all__ = ["read_readings_file"]


def read_readings_file(path: Path, *, now: int | None = None) -> tuple[Reading, ...]:
    """Read what a logger measured, none of it after `now` (Unix seconds).

    Raises `InputError` with the file and the place of a reading that is none, is missing, stands twice, in another
    order or in the future, and with that of the first problem of an EPCIS document.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        found = error.strerror or "nothing"
        raise InputError(file=str(path), place="file", found=found, expected="a file of readings") from None
    try:
        if is_epcis(data):
            document = read_epcis(data)
            if document.problems:
                raise document.problems[0]
            return sensor_readings(document.events, now=now)
        return read_readings(data.decode("utf-8-sig"), now=now)
    except UnicodeDecodeError as error:
        raise InputError(file=str(path), place=f"byte {error.start}", found="no UTF-8", expected="UTF-8") from None
    except InputError as error:
        raise error.within(str(path)) from None
