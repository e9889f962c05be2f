"""Canonical objects: the one form in which a health event is compared, committed to and shown in part."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import Any, ClassVar
from unicodedata import is_normalized, normalize

from medtrust.canonical_json import canonical_json
from medtrust.errors import InputError
from medtrust.keccak import keccak256
from medtrust.types import checksum_address

__all__ = [
    "Canonical",
    "Claim",
    "ClaimLine",
    "Dispense",
    "Encounter",
    "Immunization",
    "canonical_decimal",
    "canonical_lot",
    "canonical_text",
]

Rule = tuple[Callable[[str], bool], str]


def canonical_text(text: str) -> str:
    """Write `text` in its one form: NFC, without spaces around it."""
    return (text if text.isascii() else normalize("NFC", text)).strip()


def canonical_lot(text: str) -> str:
    """Write a lot number in its one form: upper-case, no spaces, NFC."""
    return canonical_text("".join(text.split()).upper())


def canonical_decimal(text: str) -> str:
    """Write a decimal in its one form: no sign but a minus, no exponent, no zeros that say nothing.

    Raises `ValueError` if it is no decimal of at most 30 digits.
    """
    if not _ANY_DECIMAL.fullmatch(text):
        raise ValueError(f"{text!r} is no decimal number")
    value = Decimal(text)
    return format(value.normalize(), "f") if value else "0"


_ANY_DECIMAL = re.compile(r"[+-]?(?:[0-9]{1,20}\.?[0-9]{0,10}|\.[0-9]{1,10})")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_HASH = re.compile(r"[0-9a-f]{64}")
_URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:\S+")
_MINOR_UNITS = re.compile(r"0|[1-9][0-9]{0,37}")


def _is_text(value: str) -> bool:
    if value.isascii():
        return bool(value) and value == value.strip()
    return value == value.strip() and is_normalized("NFC", value) and not _has_surrogates(value)


def _has_surrogates(value: str) -> bool:
    return any("\ud800" <= character <= "\udfff" for character in value)


@lru_cache(maxsize=4096)
def _is_day(value: str) -> bool:
    try:
        return bool(_DAY.fullmatch(value) and date.fromisoformat(value))
    except ValueError:
        return False


@lru_cache(maxsize=4096)
def _is_address(value: str) -> bool:
    try:
        return checksum_address(value) == value
    except InputError:
        return False


@lru_cache(maxsize=4096)
def _is_lot(value: str) -> bool:
    return _is_text(value) and canonical_lot(value) == value


def _is_decimal(value: str) -> bool:
    return bool(_ANY_DECIMAL.fullmatch(value)) and canonical_decimal(value) == value


def _is_gtin(value: str) -> bool:
    if not re.fullmatch(r"[0-9]{14}", value):
        return False
    return sum(int(digit) * (3, 1)[place % 2] for place, digit in enumerate(value)) % 10 == 0


def _matches(pattern: str | re.Pattern[str]) -> Callable[[str], bool]:
    compiled = re.compile(pattern)
    return lru_cache(maxsize=4096)(lambda value: compiled.fullmatch(value) is not None)


_ADDRESS_RULE: Rule = (_is_address, "an address in ERC-55 form")
_DAY_RULE: Rule = (_is_day, "a calendar day as YYYY-MM-DD")
_TEXT_RULE: Rule = (_is_text, "text in NFC without spaces around it")
_LOT_RULE: Rule = (_is_lot, "a lot number in upper case without spaces")
_HASH_RULE: Rule = (_matches(_HASH), "64 lower-case hexadecimal digits")
_URI_RULE: Rule = (lambda value: _is_text(value) and bool(_URI.fullmatch(value)), "a URI")
_DECIMAL_RULE: Rule = (_is_decimal, "a decimal without needless zeros")
_MONEY_RULE: Rule = (_matches(_MINOR_UNITS), "an amount in minor units")


@dataclass(frozen=True, slots=True)
class Canonical:
    """A health event in its one form. The attributes are the members of the JSON object; "" is an absent one."""

    schema: ClassVar[str]
    identity: ClassVar[tuple[str, ...]]
    rules: ClassVar[Mapping[str, Rule]]
    optional: ClassVar[frozenset[str]] = frozenset()

    def __post_init__(self) -> None:
        for name, (holds, expected) in self.rules.items():
            value = getattr(self, name)
            if not holds(value) and (value or name not in self.optional):
                raise InputError(place=f"{self.schema} {name}", found=repr(value), expected=expected)

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON object: strings, and lists of them or of objects; nothing that is absent."""
        document: dict[str, Any] = {"t": self.schema}
        members: tuple[str, ...] = self.__slots__
        for name in members:
            if value := getattr(self, name):
                document[name] = value
        return document

    def to_json(self) -> bytes:
        """Return the canonical JSON text (RFC 8785)."""
        return canonical_json(self.to_dict())

    def core(self) -> dict[str, Any]:
        """Return the members that say that it is the same event: `identity`."""
        core: dict[str, Any] = {"t": self.schema}
        for name in self.identity:
            if value := getattr(self, name):
                core[name] = value
        return core

    def core_hash(self) -> bytes:
        """Return keccak256 of the core's canonical JSON. Not salted: never on a chain, never given away."""
        return keccak256(canonical_json(self.core()))

    def fields(self) -> dict[str, str]:
        """Return every member as text, by name, the schema as "t"; a list is its canonical JSON."""
        return {
            name: value if isinstance(value, str) else canonical_json(value).decode()
            for name, value in self.to_dict().items()
        }


@dataclass(frozen=True, slots=True)
class Immunization(Canonical):
    """imm/1: one dose of a vaccine, given or not.

    `sub` pseudonym · `vs` code system, always "cvx" · `vc` CVX code · `d` day · `st` "completed", "not-done" or
    "entered-in-error" · `lot` lot number · `mvx` maker's MVX code. Lot and maker are detail, not identity.
    """

    schema = "imm/1"
    identity = ("sub", "vs", "vc", "d", "st")
    optional = frozenset({"lot", "mvx"})
    rules: ClassVar[Mapping[str, Rule]] = {
        "sub": _ADDRESS_RULE,
        "vs": (_matches("cvx"), '"cvx"'),
        "vc": (_matches(r"[0-9]{2,3}"), "a CVX code of two or three digits"),
        "d": _DAY_RULE,
        "st": (_matches("completed|not-done|entered-in-error"), "completed, not-done or entered-in-error"),
        "lot": _LOT_RULE,
        "mvx": (_matches(r"[A-Z]{2,3}"), "an MVX code of two or three letters"),
    }

    sub: str
    vs: str
    vc: str
    d: str
    st: str
    lot: str = ""
    mvx: str = ""


@dataclass(frozen=True, slots=True)
class Encounter(Canonical):
    """enc/1: one visit of a patient to a provider.

    `sub` pseudonym · `org` the provider's identifier URI · `cls` class of HL7 ActCode, such as "AMB" · `start` and
    `end` days · `vn` keyed hash of the visit number. A visit may change class or last longer and is still the same.
    """

    schema = "enc/1"
    identity = ("sub", "org", "start", "vn")
    optional = frozenset({"end"})
    rules: ClassVar[Mapping[str, Rule]] = {
        "sub": _ADDRESS_RULE,
        "org": _URI_RULE,
        "cls": (_matches("[A-Z]{2,10}"), "a class of HL7 ActCode"),
        "start": _DAY_RULE,
        "end": _DAY_RULE,
        "vn": _HASH_RULE,
    }

    sub: str
    org: str
    cls: str
    start: str
    vn: str
    end: str = ""

    def __post_init__(self) -> None:
        Canonical.__post_init__(self)
        if self.end and self.end < self.start:
            raise InputError(place="enc/1 end", found=self.end, expected=f"{self.start}, its start, or later")

    @property
    def days(self) -> str:
        """Its days, for people: the first and the last, if there is a last one."""
        until = f" to {self.end}" if self.end != self.start else ""
        return f"{self.start}{until}" if self.end else f"{self.start} or later"

    def includes(self, day: str) -> bool:
        """Say whether a day is one of the visit; one that has no end has every day from its start on."""
        return self.start <= day and (not self.end or day <= self.end)


@dataclass(frozen=True, slots=True)
class ClaimLine:
    """One line of a claim.

    `n` from 1 · `sys` and `c` code system and code · `q` quantity · `amt` charge in minor units · `d` day.
    """

    n: int
    sys: str
    c: str
    q: str
    amt: str
    d: str

    def __post_init__(self) -> None:
        for name, (holds, expected) in _LINE_RULES.items():
            value = getattr(self, name)
            if not holds(value):
                raise InputError(place=f"claim/1 ln[{self.n}].{name}", found=repr(value), expected=expected)

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON object."""
        return {"n": self.n, "sys": self.sys, "c": self.c, "q": self.q, "amt": self.amt, "d": self.d}


_LINE_RULES: Mapping[str, Rule] = {
    "sys": _TEXT_RULE,
    "c": _TEXT_RULE,
    "q": _DECIMAL_RULE,
    "amt": _MONEY_RULE,
    "d": _DAY_RULE,
}


@dataclass(frozen=True, slots=True)
class Claim(Canonical):
    """claim/1: what a provider charges a payer for one visit.

    `enc` core hash of the visit · `payer` identifier URI · `pol` keyed hash of the policy number · `cur` ISO 4217 ·
    `tot` sum of the lines in minor units · `dx` diagnoses, the first one first · `ln` lines.
    """

    schema = "claim/1"
    identity = ("enc", "payer", "pol")
    rules: ClassVar[Mapping[str, Rule]] = {
        "enc": _HASH_RULE,
        "payer": _URI_RULE,
        "pol": _HASH_RULE,
        "cur": (_matches("[A-Z]{3}"), "a currency of ISO 4217"),
        "tot": _MONEY_RULE,
    }

    enc: str
    payer: str
    pol: str
    cur: str
    tot: str
    dx: tuple[str, ...]
    ln: tuple[ClaimLine, ...]

    def __post_init__(self) -> None:
        Canonical.__post_init__(self)
        for diagnosis in self.dx:
            if not _is_text(diagnosis):
                raise InputError(place="claim/1 dx", found=repr(diagnosis), expected=_TEXT_RULE[1])
        if [line.n for line in self.ln] != list(range(1, len(self.ln) + 1)) or not self.ln:
            numbers = [line.n for line in self.ln]
            raise InputError(place="claim/1 ln", found=f"lines {numbers}", expected="lines numbered from 1")
        total = sum(int(line.amt) for line in self.ln)
        if total != int(self.tot):
            raise InputError(place="claim/1 tot", found=self.tot, expected=f"{total}, the sum of the lines")

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON object, its lines as objects."""
        document = Canonical.to_dict(self)
        document["ln"] = [line.to_dict() for line in self.ln]
        return document


@dataclass(frozen=True, slots=True)
class Dispense(Canonical):
    """disp/1: one pack handed to a patient.

    `sub` pseudonym · `rx` keyed hash of the prescription number · `gtin` 14 digits · `sn` serial number · `lot` ·
    `d` day · `q` quantity · `u` unit of UCUM.
    """

    schema = "disp/1"
    identity = ("sub", "rx", "gtin", "sn", "d")
    optional = frozenset({"sn", "lot"})
    rules: ClassVar[Mapping[str, Rule]] = {
        "sub": _ADDRESS_RULE,
        "rx": _HASH_RULE,
        "gtin": (_is_gtin, "a GTIN of 14 digits with its check digit"),
        "sn": _TEXT_RULE,
        "lot": _LOT_RULE,
        "d": _DAY_RULE,
        "q": _DECIMAL_RULE,
        "u": _TEXT_RULE,
    }

    sub: str
    rx: str
    gtin: str
    sn: str
    lot: str
    d: str
    q: str
    u: str
