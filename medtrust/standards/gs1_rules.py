"""Which GS1 application identifiers go together on a package: GS1 General Specifications, 4.13 and 4.14."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Final

from medtrust.errors import InputError
from medtrust.standards.gs1_syntax import Element

__all__ = ["check_pairs", "find"]

_EXCLUDED: Final = (
    ("01", "02 255 37 8006"),
    ("02", "03 255 8026"),
    ("03", "01 02 235 37 8006 8026"),
    ("21", "235"),
    ("37", "8006"),
    ("255", "415 8006 8020 8026"),
    ("8006", "8026"),
    ("390n", "390n 391n 394n 8111"),
    ("391n", "391n"),
    ("392n", "392n 393n 395n"),
    ("393n", "393n 395n"),
    ("394n", "394n 8111"),
    ("395n", "395n 8005"),
    ("420", "421"),
    ("421", "4307"),
    ("426", "422 423 424 425"),
    ("4330", "4331"),
    ("4332", "4333"),
    ("7240", "03"),
    ("7250", "7251"),
    ("7256", "7253 7254 7255 7259"),
    ("7259", "7253 7254 7255"),
    ("8017", "8018"),
)
"""Identifiers, and those that none of them may stand with; n is any digit, and none excludes itself."""

_MEASURES: Final = tuple(range(310, 317)) + tuple(range(320, 338)) + tuple(range(340, 370))
"""The first three digits of what says a weight or dimension; the fourth says how many decimals, so one is enough."""

_TRADE: Final = "01 02 03 8006 8026"
"""A trade item, or what a logistic unit holds of one."""

_MEASURE_OF_TRADE: Final = "30 31nn 32nn 35nn 36nn"

_NEEDED: Final = (
    ("02", "37"),
    ("10 11 13 15 16 20 240 241 422", _TRADE),
    ("12", "8020"),
    ("17", f"{_TRADE} 255"),
    ("21", "01 03 8006"),
    ("22 235 710 711 712 713 714 715 716 717 8001 8014 8200 337n", "01"),
    ("242", "01 02 8006 8026"),
    ("243", "01 03"),
    ("250", "01+21 03+21 8006+21"),
    ("251 7021 8012", "01 03 8006"),
    ("254", "414"),
    ("30 31nn 32nn 350n 351n 352n 356n 357n 360n 361n 364n 365n 366n", "01 02"),
    ("330n 331n 332n 333n 334n 335n 336n 34nn 353n 354n 355n 362n 363n 367n 368n 369n", "00 01"),
    ("37", "00+02 00+8026"),
    ("390n", "255 8020"),
    ("391n", "8020"),
    ("392n", " ".join(f"01+{measure}" for measure in _MEASURE_OF_TRADE.split())),
    ("393n 395n", _MEASURE_OF_TRADE),
    ("394n 8111", "255"),
    ("403 4300 4301 4302 4304 4305 4306 4307 4308 4309 432n 433n 7041", "00"),
    ("4310 4311 4312 4314 4315 4316 4317 4318 4319", "00"),
    ("4303", "4302"),
    ("4313", "4312"),
    ("415", "8020"),
    ("423 424 425 426 7003 7010 7011 8008", "01 02 03"),
    ("427", "01+422 02+422 03+422"),
    ("7001", "01 02 8006 8026"),
    ("7002 7005 7006 7007 7008 7009 703n 8005", "01 02"),
    ("7004", "01+10 03+10"),
    ("7020", "01+416 03+416 8006+416"),
    ("7022", "01+7021 03+7021 8006+7021"),
    ("723n", "01 8004"),
    ("7240", "01 8006"),
    ("7241 7242 7253 7254 7255 7256 8019", "8017 8018"),
    ("7250 7251 7252 7257", "8018"),
    ("7258", "8018+7259"),
    ("7259", "8018"),
    ("8007 8020", "415"),
    ("8009", "00 01 03"),
    ("8011", "8010"),
    ("8026", "37"),
    ("8030", "00 01+21 03+21 253 255 8003 8004 8006+21 8010+8011 8017 8018"),
    ("8040", "01+21"),
    ("8041 8042 8043", "01+21+8040"),
)
"""Identifiers, and what each needs: one of these, where a + stands all that it joins."""

_SERIALISED: Final = {"253": 13, "255": 13, "8003": 14}
"""Keys of which a signature (8030) needs the serial number too: the length of one without."""


def check_pairs(elements: Sequence[Element], *, partial: bool = False) -> None:
    """Refuse elements that may not stand together, and, unless `partial`, ones that lack what they need.

    An identifier that stands several times must have one value. Raises `InputError`.
    """
    _check_repeats(elements)
    present = {element.ai for element in elements}
    for ai in sorted(present):
        for pattern in _excluded(ai):
            other = find(pattern, present, ignoring=ai)
            if other:
                raise InputError(place=f"({ai})", found=f"it beside ({other})", expected="one of the two alone")
    _check_signature(elements, present)
    if not partial:
        for ai in sorted(present):
            for groups in _needs(ai):
                if not any(all(find(one, present, ignoring=ai) for one in group) for group in groups):
                    expected = " or ".join(" with ".join(f"({one})" for one in group) for group in groups)
                    raise InputError(place=f"({ai})", found="it without what it belongs to", expected=expected)


def find(pattern: str, present: Iterator[str] | Sequence[str] | set[str], *, ignoring: str = "") -> str | None:
    """Find an identifier of a pattern such as "01" or "310n" (n is any digit, at the end alone), but not `ignoring`."""
    start = pattern.rstrip("n")
    if not start.isdecimal():
        return None
    fitting = (ai for ai in sorted(present) if len(ai) == len(pattern) and ai.startswith(start) and ai != ignoring)
    return next(fitting, None)


def _check_repeats(elements: Sequence[Element]) -> None:
    once: dict[str, str] = {}
    for element in elements:
        first = once.setdefault(element.ai, element.value)
        if first != element.value:
            found = f"{element.value!r} beside {first!r}"
            raise InputError(place=f"({element.ai})", found=found, expected="one value")


def _check_signature(elements: Sequence[Element], present: set[str]) -> None:
    for element in elements:
        if "8030" in present and len(element.value) == _SERIALISED.get(element.ai):
            expected = "a serial number in it, beside a signature (8030)"
            raise InputError(place=f"({element.ai})", found=element.value, expected=expected)


@lru_cache(maxsize=1024)
def _excluded(ai: str) -> tuple[str, ...]:
    """List the patterns that an identifier may not stand with."""
    patterns = [other for one, others in _EXCLUDED if find(one, {ai}) for other in others.split()]
    if ai[:3].isdecimal() and len(ai) == 4 and int(ai[:3]) in _MEASURES:
        patterns.append(f"{ai[:3]}n")
    return tuple(patterns)


@lru_cache(maxsize=1024)
def _needs(ai: str) -> tuple[tuple[tuple[str, ...], ...], ...]:
    """List what an identifier needs, rule by rule: groups of which one must be there whole."""
    rules = [groups for names, groups in _NEEDED if any(find(name, {ai}) for name in names.split())]
    return tuple(tuple(tuple(group.split("+")) for group in rule.split()) for rule in rules)
