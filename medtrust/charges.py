"""Charges: which coarse benefit a procedure code stands for, and what an amount is in units of a token."""

from __future__ import annotations

from typing import Final

from medtrust.adjudication import Benefit
from medtrust.errors import InputError

__all__ = ["RANGES", "benefit_of_code", "token_units"]

RANGES: Final = (
    ("cpt", "10004", "58999", Benefit.SURGERY),
    ("cpt", "59000", "59899", Benefit.MATERNITY),
    ("cpt", "60000", "69990", Benefit.SURGERY),
    ("cpt", "70010", "79999", Benefit.IMAGING),
    ("cpt", "80047", "89398", Benefit.LABORATORY),
    ("cpt", "90460", "90474", Benefit.VACCINATION),
    ("cpt", "90476", "90759", Benefit.VACCINATION),
    ("cpt", "90785", "90899", Benefit.MENTAL_HEALTH),
    ("cpt", "92002", "92014", Benefit.SPECIALIST),
    ("cpt", "92507", "92526", Benefit.THERAPY),
    ("cpt", "93000", "93799", Benefit.SPECIALIST),
    ("cpt", "97010", "97799", Benefit.THERAPY),
    ("cpt", "99202", "99215", Benefit.PRIMARY_CARE),
    ("cpt", "99221", "99239", Benefit.INPATIENT_DAY),
    ("cpt", "99242", "99255", Benefit.SPECIALIST),
    ("cpt", "99281", "99288", Benefit.EMERGENCY),
    ("cpt", "99381", "99397", Benefit.PRIMARY_CARE),
    ("hcpcs", "A0021", "A0999", Benefit.TRANSPORT),
    ("hcpcs", "E0100", "E8002", Benefit.EQUIPMENT),
    ("hcpcs", "G0008", "G0010", Benefit.VACCINATION),
    ("hcpcs", "J0120", "J9999", Benefit.PHARMACY),
)
"""First and last code of each range that is known, and its benefit.

The ranges are those of the sections of CPT and HCPCS. An office visit counts as primary care whoever gives it: the code
does not say. A code outside them is refused, never guessed.
"""


def benefit_of_code(system: str, code: str, *, place: str = "code") -> Benefit:
    """Return the benefit of a code of `system`, "cpt" or "hcpcs".

    Raises `InputError` for a code that is not in the table.
    """
    for known, first, last, benefit in RANGES:
        if system == known and len(code) == len(first) and first <= code <= last:
            return benefit
    expected = "a CPT or HCPCS code whose benefit is known"
    raise InputError(place=place, found=f"{system} {code}", expected=expected)


def token_units(minor_units: str, currency_digits: int, decimals: int, *, place: str = "amount") -> int:
    """Scale an amount in a currency's minor units to the smallest unit of a token with `decimals` for one coin.

    Raises `InputError` if the token cannot express it to the last minor unit.
    """
    units, rest = divmod(int(minor_units) * int(10**decimals), int(10**currency_digits))
    if rest:
        raise InputError(place=place, found=f"{minor_units} minor units", expected=f"an amount of {decimals} decimals")
    return units
