"""Nullifiers: what keeps the same dose of a series from being recorded twice for one person, and tells nobody whose."""

from __future__ import annotations

import re
from typing import Final

from medtrust.errors import InputError
from medtrust.keyed import keyed_hash, require_key
from medtrust.pseudonym import PatientIdentifier

__all__ = ["nullifier"]

_NULLIFIER: Final = "medtrust/nullifier/1"
_SERIES: Final = re.compile(r"[a-z0-9][a-z0-9.:/-]{0,63}")
_MOST_DOSES: Final = 99


def nullifier(key: bytes, programme: str, patient: PatientIdentifier, series: str, number: int) -> bytes:
    """Return the 32 bytes that stand for dose `number` (1 to 99) of `series` for `patient`.

    HMAC-SHA-256 under the `key` (32 bytes) that the clinics of `programme` (identifier URI) share, or that one clinic
    keeps for itself. Two doses of a person have nothing in common for whoever has no key; whoever has it can try people
    out. It is the identifier that counts, not the pseudonym, because each clinic knows a person by another: clinics of
    one programme must use the same kind of number, such as a national one. `series` is the name that the programme
    gives it, in lower case without spaces.

    Raises `InputError` for another name or number, `ValueError` for a key of another length.
    """
    if not _SERIES.fullmatch(series):
        raise InputError(place="series", found=repr(series), expected="up to 64 of a-z, 0-9 and .:/- such as hepb")
    if not 1 <= number <= _MOST_DOSES:
        raise InputError(place="number", found=str(number), expected=f"a number from 1 to {_MOST_DOSES}")
    who = (patient.authority, patient.type, patient.value)
    return keyed_hash(require_key(key), _NULLIFIER, programme, *who, series, str(number))
