"""Places of service: the two digits by which claims say where care was given, as classes of visits."""

from __future__ import annotations

from typing import Final

__all__ = ["class_of_place"]

_CLASSES: Final = {
    "EMER": "23",
    "IMP": "21 31 32 33 34 51 55 56 61",
    "HH": "04 12 13 14 16",
    "VR": "02 10",
    "FLD": "15 41 42",
    "AMB": "01 03 05 06 07 08 09 11 17 18 19 20 22 24 25 26 27 49 50 52 53 54 57 58 60 62 65 66 71 72 81 99",
}
"""By class of HL7 ActCode: the codes of the list that CMS keeps, which X12 and FHIR's ex-serviceplace share."""

_BY_PLACE: Final = {code: name for name, codes in _CLASSES.items() for code in codes.split()}


def class_of_place(code: str) -> str:
    """Return the class of a visit at a place of service, "" if the list does not have it."""
    return _BY_PLACE.get(code, "")
