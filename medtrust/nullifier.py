"""Nullifiers: what keeps a dose or a prescription of one person from counting twice, and tells nobody whose."""

from __future__ import annotations

import re
from typing import Final

from medtrust.errors import InputError
from medtrust.keyed import keyed_hash, require_key
from medtrust.pseudonym import PatientIdentifier

__all__ = ["nullifier", "prescription_nullifier"]

_NULLIFIER: Final = "medtrust/nullifier/1"
_SERIES: Final = re.compile(r"[a-z0-9][a-z0-9.:/-]{0,63}")
_MOST_DOSES: Final = 99
_PRESCRIPTION: Final = "medtrust/prescription/1"
_LONGEST_NUMBER: Final = 64


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


def prescription_nullifier(key: bytes, programme: str, prescription: str, refill: int = 0) -> bytes:
    """Return the 32 bytes that stand for `refill` (0 to 99) of a prescription, by its number as its issuer wrote it.

    HMAC-SHA-256 under the `key` (32 bytes) that the pharmacies of `programme` (identifier URI) share: pharmacies with
    one key, in whatever country, find out what was filled at another of them. Nobody without it can try numbers out.

    Raises `InputError` for another number, `ValueError` for a key of another length.
    """
    if not 1 <= len(prescription.strip()) <= _LONGEST_NUMBER:
        found, expected = repr(prescription), f"a number of 1 to {_LONGEST_NUMBER} characters"
        raise InputError(place="prescription", found=found, expected=expected)
    if not 0 <= refill <= _MOST_DOSES:
        raise InputError(place="refill", found=str(refill), expected=f"a number from 0 to {_MOST_DOSES}")
    return keyed_hash(require_key(key), _PRESCRIPTION, programme, prescription.strip(), str(refill))
