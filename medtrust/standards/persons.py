"""Persons on certificates, which have no number: known by name, as passports write it, and date of birth."""

from __future__ import annotations

import re
from unicodedata import combining, normalize

from medtrust.pseudonym import PatientIdentifier

__all__ = ["person"]

AUTHORITY = "urn:medtrust:name-and-birth-date"

# Letters that are not a base letter with marks on it, as ICAO Doc 9303-3 transliterates them.
_LETTERS = str.maketrans({"Æ": "AE", "Œ": "OE", "Ø": "OE", "Đ": "D", "Ð": "D", "Ł": "L", "Þ": "TH"})
_NO_LETTER = re.compile(r"[.'\u2019`]")
_BETWEEN = re.compile(r"[\s<-]+")


def person(family: str, given: str, born: str) -> PatientIdentifier:
    """Return who someone is by family name, given names and date of birth (YYYY-MM-DD).

    Names are brought into one form: capitals, "<" between the parts, neither marks on letters nor points. So a DCC,
    which has its names in that form, and a health card, which has them as people write them, name the same person
    wherever the letters are those of ASCII. Two persons of one name who were born on one day are one here.
    """
    return PatientIdentifier(AUTHORITY, "", f"{_in_capitals(family)}<<{_in_capitals(given)}<<{born}")


def _in_capitals(name: str) -> str:
    plain = "".join(letter for letter in normalize("NFD", name.upper().translate(_LETTERS)) if not combining(letter))
    return _BETWEEN.sub("<", _NO_LETTER.sub("", plain).strip()).strip("<")
