"""What a value of a GS1 application identifier must be besides its length: check digits, dates, countries, parts."""

from __future__ import annotations

import calendar
import re
from collections.abc import Callable
from typing import Final

from biip.checksums import gs1_standard_check_digit

__all__ = ["check_digit", "check_pair", "fault_of", "has_check_digit"]

_CHECKED_DIGITS: Final = {
    **dict.fromkeys(("00", "8017", "8018"), (0, 18)),
    **dict.fromkeys(("01", "02", "03", "8006", "8026"), (0, 14)),
    **dict.fromkeys(("253", "255", *(f"41{last}" for last in range(8))), (0, 13)),
    "402": (0, 17),
    "8003": (1, 14),
}
"""Where in a value the number stands whose last digit checks the others: from, until."""

_CHECKED_PAIRS: Final = frozenset({"8013", "8014"})
"""Model numbers, whose last two characters check the others."""

_PAIR_VALUES: Final = "!\"%&'()*+,-./0123456789:;<=>?ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz"
_PAIR_CHARACTERS: Final = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"

_MAY_LACK_DAY: Final = frozenset({"11", "12", "13", "15", "16", "17", "4324", "4325"})
"""Dates whose day may be 00: the month is meant."""

_COUNTRY_NUMBERS: Final = """
    004 008 010 012 016 020 024 028 031 032 036 040 044 048 050 051 052 056 060 064 068 070 072 074 076 084 086
    090 092 096 100 104 108 112 116 120 124 132 136 140 144 148 152 156 158 162 166 170 174 175 178 180 184 188
    191 192 196 203 204 208 212 214 218 222 226 231 232 233 234 238 239 242 246 248 250 254 258 260 262 266 268
    270 275 276 288 292 296 300 304 308 312 316 320 324 328 332 334 336 340 344 348 352 356 360 364 368 372 376
    380 384 388 392 398 400 404 408 410 414 417 418 422 426 428 430 434 438 440 442 446 450 454 458 462 466 470
    474 478 480 484 492 496 498 499 500 504 508 512 516 520 524 528 531 533 534 535 540 548 554 558 562 566 570
    574 578 580 581 583 584 585 586 591 598 600 604 608 612 616 620 624 626 630 634 638 642 643 646 652 654 659
    660 662 663 666 670 674 678 682 686 688 690 694 702 703 704 705 706 710 716 724 728 729 732 740 744 748 752
    756 760 762 764 768 772 776 780 784 788 792 795 796 798 800 804 807 818 826 831 832 833 834 840 850 854 858
    860 862 876 882 887 894
"""
"""ISO 3166-1 numeric."""

_COUNTRIES: Final = frozenset(_COUNTRY_NUMBERS.split())


def check_digit(digits: str) -> str:
    """Compute the last digit of a GTIN, SSCC or GLN from those before it."""
    return str(gs1_standard_check_digit(digits))


def has_check_digit(number: str, length: int) -> bool:
    """Say whether a number has `length` decimal digits of which the last checks the others."""
    is_number = len(number) == length and number.isascii() and number.isdecimal()
    return is_number and check_digit(number[:-1]) == number[-1]


def check_pair(characters: str) -> str:
    """Compute the last two characters of a GMN from those before them (General Specifications, 7.9.5)."""
    primes = (2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83)
    weighed = zip(reversed(characters), primes, strict=False)
    total = sum(_PAIR_VALUES.index(character) * prime for character, prime in weighed) % 1021
    return _PAIR_CHARACTERS[total >> 5] + _PAIR_CHARACTERS[total & 31]


def fault_of(ai: str, value: str) -> str:
    """Say what was expected of a value that has the right length and characters; "" if nothing is wrong with it."""
    if ai in _CHECKED_DIGITS:
        start, end = _CHECKED_DIGITS[ai]
        number = value[start:end]
        if not has_check_digit(number, end - start):
            return f"a check digit {check_digit(number[:-1])}"
    check = _CHECKS.get(ai)
    return check(ai, value) if check else ""


def _pair(ai: str, value: str) -> str:
    if len(value) < 3 or check_pair(value[:-2]) != value[-2:]:
        return "its check characters at the end"
    return "a letter or sign in it" if ai == "8014" and value.isdecimal() else ""


def _moment(ai: str, value: str) -> str:
    """A day YYMMDD, then perhaps hours, minutes and seconds; 9999 stands for no time in what deliveries say."""
    year, month, day, time = 2000 + int(value[:2]), int(value[2:4]), int(value[4:6]), value[6:]
    if not 1 <= month <= 12 or day > calendar.monthrange(year, month)[1] or (day == 0 and ai not in _MAY_LACK_DAY):
        return "a calendar date"
    if time == "9999" and ai in ("4324", "4325"):
        return ""
    parts = [int(time[start : start + 2]) for start in range(0, len(time), 2)]
    return "" if all(part < limit for part, limit in zip(parts, (24, 60, 60), strict=False)) else "a time of the day"


def _birth(_: str, value: str) -> str:
    year, month, day = int(value[:4]), int(value[4:6]), int(value[6:8])
    is_day = year > 0 and 1 <= month <= 12 and 1 <= day <= calendar.monthrange(year, month)[1]
    return "" if is_day else "a calendar date"


def _harvest(ai: str, value: str) -> str:
    days = (value[:6], value[6:] or value[:6])
    return next((fault for day in days if (fault := _moment(ai, day))), "")


def _countries(_: str, value: str) -> str:
    found = {value[start : start + 3] for start in range(0, len(value), 3)}
    return "" if found <= _COUNTRIES else "numbers of countries (ISO 3166-1)"


def _country_first(ai: str, value: str) -> str:
    is_other = value[:3] == "999" and ai.startswith("703")
    return "" if is_other or value[:3] in _COUNTRIES else "the number of a country (ISO 3166-1) at its beginning"


def _piece(_: str, value: str) -> str:
    return "" if 1 <= int(value[14:16]) <= int(value[16:18]) else "a piece of a total, at its end"


def _roll(_: str, value: str) -> str:
    dimensions = int(value[:4]), int(value[4:9]), int(value[9:12])
    return "" if all(dimensions) and value[12] in "019" else "dimensions above zero, and a winding 0, 1 or 9"


def _iban(_: str, value: str) -> str:
    moved = value[4:] + value[:4]
    if not re.fullmatch(r"[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}", value):
        return "an account number (IBAN)"
    return "" if int("".join(str(int(letter, 36)) for letter in moved)) % 97 == 1 else "an IBAN with its check digits"


def _place(_: str, value: str) -> str:
    is_on_earth = int(value[:10]) <= 180 * 10**7 and int(value[10:]) <= 360 * 10**7
    return "" if is_on_earth else "a latitude and a longitude"


def _percent(_: str, value: str) -> str:
    return "" if re.fullmatch(r"(?:[^%]|%[0-9A-Fa-f]{2})*", value) else "two hexadecimal digits after each %"


def _sex(_: str, value: str) -> str:
    return "" if value in "0129" else "0, 1, 2 or 9 (ISO 5218)"


def _sequence(_: str, value: str) -> str:
    return "" if 1 <= int(value[0]) <= int(value[2]) else "a place in a sequence, such as 1/2"


def _no_leading_zero(_: str, value: str) -> str:
    return "a number without a leading zero" if value.startswith("0") else ""


def _letters(_: str, value: str) -> str:
    return "" if re.fullmatch("[A-Z]{2}", value) else "the two letters of a country (ISO 3166-1)"


_DATES: Final = (*_MAY_LACK_DAY, "4326", "7003", "7006", "7011", "8008")
_TEXTS: Final = ("4300", "4301", "4302", "4303", "4304", "4305", "4306", "4310", "4311", "4312", "4313", "4314", "4315")

_CHECKS: Final[dict[str, Callable[[str, str], str]]] = {
    **dict.fromkeys(_CHECKED_PAIRS, _pair),
    **dict.fromkeys(_DATES, _moment),
    **dict.fromkeys((*_TEXTS, "4316", "4320", "7253", "7254", "7256", "7257", "7259"), _percent),
    **dict.fromkeys(("422", "423", "424", "425", "426"), _countries),
    **dict.fromkeys(("421", *(f"703{last}" for last in range(10))), _country_first),
    **dict.fromkeys(("4307", "4317"), _letters),
    **dict.fromkeys(("7250", "7251"), _birth),
    **dict.fromkeys(("8006", "8026"), _piece),
    "4309": _place,
    "7007": _harvest,
    "7252": _sex,
    "7258": _sequence,
    "8001": _roll,
    "8007": _iban,
    "8011": _no_leading_zero,
}
"""What is checked of which identifier. Currencies, media and package types are not."""
