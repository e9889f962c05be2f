"""Invented visits: a year of care for the members of one plan, with fraud of six kinds in it, alike for a seed."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

from medtrust.adjudication import Benefit, BenefitTerms, Line, Terms

__all__ = ["BENEFITS", "KINDS", "TERMS", "Invented", "invent"]

COIN: Final = 10**6
KINDS: Final = (
    "same encounter twice",
    "phantom visit",
    "charge above the fee",
    "split over encounters",
    "excluded pair",
    "impossible day",
)
BENEFITS: Final = (
    BenefitTerms(Benefit.PRIMARY_CARE, 100 * COIN, 20 * COIN, 0, 1, excludes=1 << Benefit.INPATIENT_DAY),
    BenefitTerms(Benefit.SPECIALIST, 180 * COIN, 40 * COIN, 1_000, 1),
    BenefitTerms(Benefit.INPATIENT_DAY, 900 * COIN, 0, 1_000, 1, excludes=1 << Benefit.PRIMARY_CARE),
    BenefitTerms(Benefit.LABORATORY, 30 * COIN, 0, 1_000, 6),
    BenefitTerms(Benefit.IMAGING, 250 * COIN, 0, 2_000, 1),
    BenefitTerms(Benefit.VACCINATION, 40 * COIN, 0, 0, 2),
)
TERMS: Final = Terms(
    100 * COIN,
    2_000 * COIN,
    50_000 * COIN,
    attestation_above=150 * COIN,
    waiting_days=0,
    filing_days=30,
    is_open=True,
    automatic_up_to=500 * COIN,
    deemed_up_to=500 * COIN,
    visits_per_day=20,
    decide_days=14,
    appeal_days=30,
)
"""The plan that has to find them: what it pays without a signature, without a look, and for one day."""

_CARE: Final = (Benefit.PRIMARY_CARE,) * 9 + (Benefit.SPECIALIST,) * 3 + (Benefit.IMAGING, Benefit.INPATIENT_DAY)
_SIGNED: Final = 0.98
_BURST: Final = 40
_VICTIMS: Final = 5
"""Who invents visits does so for one in so many of its members, again and again."""


@dataclass(frozen=True, slots=True)
class Invented:
    """One visit: `kind` of fraud, "" if it is honest; `encounter` numbers what took place, or did not."""

    kind: str
    day: int
    provider: int
    member: int
    lines: tuple[Line, ...]
    encounter: int
    is_signed: bool


def invent(count: int, *, days: int, members: int, providers: int, fraud: float, seed: int) -> Iterator[list[Invented]]:
    """Yield the visits of each day, about `count` in so many days, a share of `fraud` of them false, of six kinds."""
    draw = random.Random(seed)  # noqa: S311  it invents visits, and the same ones again
    number, due = 0, dict.fromkeys(KINDS, 0.0)
    for day in range(days):
        today = []
        wanted = (day + 1) * count // days - day * count // days
        for _ in range(round(wanted * (1 - fraud))):
            number += 1
            today.append(_honest(draw, day, members, providers, number))
        for kind in KINDS:
            due[kind] += wanted * fraud / len(KINDS)
            size = _BURST if kind == "impossible day" else 1
            while round(due[kind], 6) >= size and today:
                due[kind] -= size
                number += size
                today += _false(draw, kind, draw.choice(today), members, number)
        yield today


def _honest(draw: random.Random, day: int, members: int, providers: int, number: int) -> Invented:
    care = draw.choice(_CARE)
    lines = [_line(draw, care, 1)]
    if care is not Benefit.INPATIENT_DAY and draw.random() < 0.5:
        lines.append(_line(draw, Benefit.LABORATORY, draw.randint(1, 3)))
    if draw.random() < 0.1:
        lines.append(_line(draw, Benefit.VACCINATION, 1))
    is_signed = draw.random() < _SIGNED
    return Invented("", day, draw.randrange(providers), draw.randrange(members), tuple(lines), number, is_signed)


def _line(draw: random.Random, benefit: Benefit, units: int) -> Line:
    fee = next(one.fee for one in BENEFITS if one.benefit == benefit)
    return Line(int(benefit), units, int(fee * units * draw.uniform(0.7, 1)))


def _false(draw: random.Random, kind: str, base: Invented, members: int, number: int) -> list[Invented]:
    """What a provider adds to an honest visit of the day; of an impossible day, many visits to it at once."""
    false = replace(base, kind=kind, encounter=number, is_signed=True)
    if kind == "same encounter twice":
        return [replace(false, encounter=base.encounter)]
    if kind == "phantom visit":
        member = draw.randrange(max(1, members // _VICTIMS))
        return [replace(false, member=member, lines=(_line(draw, Benefit.PRIMARY_CARE, 1),), is_signed=False)]
    if kind == "charge above the fee":
        member = draw.randrange(members)
        lines = tuple(replace(line, charge=int(line.charge * draw.uniform(1.5, 4))) for line in base.lines)
        return [replace(false, member=member, lines=lines)]
    if kind == "split over encounters":
        return [false]
    if kind == "excluded pair":
        is_inpatient = base.lines[0].benefit == Benefit.INPATIENT_DAY
        if is_inpatient or base.lines[0].benefit == Benefit.PRIMARY_CARE:
            other = Benefit.PRIMARY_CARE if is_inpatient else Benefit.INPATIENT_DAY
            return [replace(false, lines=(_line(draw, other, 1),))]
        pair = _line(draw, Benefit.PRIMARY_CARE, 1), _line(draw, Benefit.INPATIENT_DAY, 1)
        return [replace(false, member=draw.randrange(members), lines=pair)]
    lines = (_line(draw, Benefit.PRIMARY_CARE, 1),)
    return [
        replace(false, member=draw.randrange(members), lines=lines, encounter=number - one) for one in range(_BURST)
    ]
