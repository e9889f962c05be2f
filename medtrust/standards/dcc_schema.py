"""The form of an EU DCC: which members a certificate has, and what stands in each (EU DCC schema 1.0 to 1.3.3)."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any
from unicodedata import category

from medtrust.errors import CheckRefused, InputError
from medtrust.instants import instant

__all__ = ["GROUPS", "check_form"]

Rule = tuple[Callable[[Any], bool], str]

_LONGEST = 80
_MOST_ENTRIES = 16


def _matches(pattern: str) -> Callable[[Any], bool]:
    compiled = re.compile(pattern)
    return lambda value: isinstance(value, str) and compiled.fullmatch(value) is not None


def _is_day(value: Any) -> bool:
    """Whether it is a day, or, as older issuers wrote it, midnight of one."""
    try:
        return isinstance(value, str) and bool(_DAY.fullmatch(value) and date.fromisoformat(value[:10]))
    except ValueError:
        return False


def _is_picture(character: str) -> bool:
    return category(character) == "So"


def _is_moment(value: Any) -> bool:
    try:
        return isinstance(value, str) and "T" in value and instant(value) >= 0
    except InputError:
        return False


_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(T[0-9:.]+(Z|[+-][0-9:]+)?)?")

_DAY_RULE: Rule = (_is_day, "a day as YYYY-MM-DD")
_TEXT: Rule = (
    lambda value: isinstance(value, str) and len(value) <= _LONGEST,
    f"text of at most {_LONGEST} characters",
)
_CODE: Rule = (lambda value: isinstance(value, str), "a code")
_WRITTEN: Rule = (lambda value: _TEXT[0](value) and not any(map(_is_picture, value)), "a name without pictures")
_COUNT: Rule = (lambda value: type(value) is int and value >= 1, "a whole number from 1 on")
_COUNTRY: Rule = (_matches("[A-Z]{0,10}"), "a country")
_LATIN: Rule = (lambda value: _TEXT[0](value) and _matches("[A-Z<]*")(value), "a name in A-Z and <")
_BIRTH: Rule = (
    _matches(r"((19|20)\d\d(-\d\d){0,2}(T[0-9:.]+(Z|[+-][0-9:]+)?)?)?"),
    "a date of birth from 1900 to 2099, perhaps without day or month",
)

_ALL = {"tg": _CODE, "co": _COUNTRY, "is": _TEXT, "ci": _TEXT}
_VACCINATION = {**_ALL, "vp": _CODE, "mp": _CODE, "ma": _CODE, "dn": _COUNT, "sd": _COUNT, "dt": _DAY_RULE}
_TEST = {**_ALL, "tt": _CODE, "sc": (_is_moment, "a moment as 2021-04-25T12:45:31Z"), "tr": _CODE}
_RECOVERY = {**_ALL, "fr": _DAY_RULE, "df": _DAY_RULE, "du": _DAY_RULE}
_OPTIONAL = {"nm": _TEXT, "tc": _TEXT, "ma": _CODE}
_NAME = {"fn": _WRITTEN, "gn": _WRITTEN, "fnt": _LATIN, "gnt": _LATIN}
_ONE_ENTRY_SINCE = (1, 3)

GROUPS: Mapping[str, Mapping[str, Rule]] = {"v": _VACCINATION, "t": _TEST, "r": _RECOVERY}
"""The three groups, vaccination, test and recovery, with the rules of their entries."""


def check_form(document: Any) -> str:
    """Check the form of a certificate and return its group: "v", "t" or "r".

    Members without a value count as absent; from version 1.3 on there is one entry. Raises `CheckRefused` with reason
    "SchemaBroken", which names the member.
    """
    if not isinstance(document, Mapping):
        raise _broken("certificate", document, "an object")
    _check(document, {"ver": (_matches(r"\d+\.\d+\.\d+"), "a version as 1.3.3"), "dob": _BIRTH}, "")
    _check_name(document.get("nam"))
    groups = [group for group in GROUPS if document.get(group) is not None]
    if len(groups) != 1:
        raise _broken("certificate", groups, "one of v, t and r")
    group = groups[0]
    entries = document[group]
    most = 1 if tuple(map(int, document["ver"].split(".")[:2])) >= _ONE_ENTRY_SINCE else _MOST_ENTRIES
    if not isinstance(entries, list) or not 1 <= len(entries) <= most:
        raise _broken(group, entries, "a list of one entry")
    for index, entry in enumerate(entries):
        _check_entry(entry, group, f"{group}[{index}]")
    return group


def _check_entry(entry: Any, group: str, place: str) -> None:
    if not isinstance(entry, Mapping):
        raise _broken(place, entry, "an object")
    optional = _OPTIONAL if group == "t" else {}
    _check(entry, GROUPS[group], f"{place}.")
    _check(entry, {name: rule for name, rule in optional.items() if entry.get(name) is not None}, f"{place}.")


def _check_name(name: Any) -> None:
    if not isinstance(name, Mapping) or all(name.get(member) is None for member in ("fnt", "gnt")):
        raise _broken("nam", name, "a name with fnt or gnt")
    _check(name, {member: rule for member, rule in _NAME.items() if name.get(member) is not None}, "nam.")


def _check(members: Mapping[str, Any], rules: Mapping[str, Rule], place: str) -> None:
    for name, (holds, expected) in rules.items():
        if not holds(members.get(name)):
            raise _broken(place + name, members.get(name), expected)


def _broken(place: str, found: Any, expected: str) -> CheckRefused:
    return CheckRefused("SchemaBroken", f"{place}: found {found!r:.60}, expected {expected}")
