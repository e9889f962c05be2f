"""Plan files: an insurer's plan as people write it, in JSON with decimal amounts, as the terms of a plan version."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Any, Final

from medtrust.adjudication import BASIS_POINTS, UNLIMITED, Benefit, BenefitTerms, Terms
from medtrust.errors import InputError
from medtrust.money import parse_amount
from medtrust.plan import Plan
from medtrust.types import organisation_id

__all__ = ["currency_of", "read_plan"]

_SHARE = re.compile(r"([0-9]{1,3})(?:\.([0-9]{1,2}))?%")
_TERMS: Final = {"deductible", "outOfPocketMaximum", "annualLimit", "attestationAbove", "waitingDays", "filingDays"}
_DEFAULTS: Final[Mapping[str, Any]] = {
    "automaticUpTo": "none",
    "deemedUpTo": "none",
    "visitsPerDay": 0,
    "solvency": "0%",
    "decideDays": 14,
    "appealDays": 30,
}
_OPTIONAL: Final = {"name", "currency", *_DEFAULTS}
_KNOWN: Final = _TERMS | _OPTIONAL | {"insurer", "network", "benefits"}
_BENEFIT: Final = {"benefit", "fee", "copay", "coinsurance", "unitsPerDay", "excludes"}
_MOST_UNITS: Final = 2_047
_MOST_DECIDE_DAYS: Final = 30
_MOST_RUN_OFF: Final = 366
"""Days from the end of a policy to its last claim, where money must be free for it."""
_UNLIMITED: Final = "none"


def read_plan(document: Any, *, decimals: int = 6) -> Plan:
    """Read a plan: an object with `insurer` (URI), its terms, `benefits`, and `network` ("open" or a list of URIs).

    Amounts are decimal text such as "50.00", "none" for a limit that is not there; `coinsurance` is a percentage such
    as "20%". `name` and `currency` are for people. `decimals` are those of the token. What a plan need not say is in
    `docs/insurance.md`: what is paid without a look, and how long the insurer and appeals take.

    Raises `InputError` with the place of what is missing, unknown or not what it should be.
    """
    plan = {**_DEFAULTS, **_object(document, "plan", _KNOWN, optional=_OPTIONAL)}
    reviews, filing = _reviews(plan, decimals), _whole(plan["filingDays"], "filingDays")
    most = _MOST_RUN_OFF - 3 * reviews["decide_days"] - 2 * reviews["appeal_days"]
    if reviews["solvency"] and filing > most:
        expected = f"at most {most} days: with `solvency`, filing, three decisions and two appeals end within a year"
        raise InputError(place="filingDays", found=str(filing), expected=expected)
    listed = _network(plan["network"])
    return Plan(
        insurer=organisation_id(_text(plan["insurer"], "insurer")),
        terms=Terms(
            deductible=_amount(plan, "deductible", decimals),
            out_of_pocket_maximum=_limit(plan, "outOfPocketMaximum", decimals),
            annual_limit=_limit(plan, "annualLimit", decimals),
            attestation_above=_limit(plan, "attestationAbove", decimals),
            waiting_days=_whole(plan["waitingDays"], "waitingDays"),
            filing_days=filing,
            is_open=plan["network"] == "open",
            **reviews,
        ),
        benefits=_benefits(plan["benefits"], decimals),
        network=listed,
    )


def currency_of(document: Any, asked: str = "", *, default: str = "USD") -> str:
    """Return the currency of a plan: what the document says, else what is `asked` for, else the default.

    Raises `InputError` if the two differ or it is no text.
    """
    said = _text(document.get("currency", ""), "currency") if isinstance(document, Mapping) else ""
    if asked and said not in ("", asked):
        raise InputError(place="currency", found=said, expected=f"{asked}, as is asked for")
    return said or asked or default


def _network(value: Any) -> tuple[bytes, ...]:
    """The organisations of a network that is not open, in the order of their ids."""
    if value == "open":
        return ()
    if not isinstance(value, Sequence) or isinstance(value, str):
        raise InputError(place="network", found=repr(value), expected='"open" or a list of identifier URIs')
    return tuple(sorted(organisation_id(_text(one, f"network[{index}]")) for index, one in enumerate(value)))


def _reviews(plan: Mapping[str, Any], decimals: int) -> dict[str, int]:
    """The terms about what is looked at, and when."""
    automatic, deemed = _limit(plan, "automaticUpTo", decimals), _limit(plan, "deemedUpTo", decimals)
    if deemed < automatic:
        raise InputError(place="deemedUpTo", found=repr(plan["deemedUpTo"]), expected="no less than automaticUpTo")
    days = {name: _whole(plan[name], name) for name in ("decideDays", "appealDays")}
    for name, most in (("decideDays", _MOST_DECIDE_DAYS), ("appealDays", 2**8 - 1)):
        if not 0 < days[name] <= most:
            raise InputError(place=name, found=str(days[name]), expected=f"1 to {most} days")
    return {
        "automatic_up_to": automatic,
        "deemed_up_to": deemed,
        "visits_per_day": _whole(plan["visitsPerDay"], "visitsPerDay"),
        "solvency": _share(_text(plan["solvency"], "solvency"), "solvency"),
        "decide_days": days["decideDays"],
        "appeal_days": days["appealDays"],
    }


def _benefits(value: Any, decimals: int) -> tuple[BenefitTerms, ...]:
    if not isinstance(value, Sequence) or isinstance(value, str) or not value:
        raise InputError(place="benefits", found=repr(value), expected="a list of benefits")
    found = [_benefit(one, f"benefits[{index}]", decimals) for index, one in enumerate(value)]
    numbers = [one.benefit for one in found]
    for index, number in enumerate(numbers):
        if number in numbers[:index]:
            place = f"benefits[{index}].benefit"
            raise InputError(place=place, found=repr(Benefit(number).label), expected="each benefit once")
    excludes = {one.benefit: one.excludes for one in found}
    for index, one in enumerate(found):
        for other in (number for number in Benefit if one.excludes >> number & 1):
            if not excludes.get(other, 0) >> one.benefit & 1:
                place = f"benefits[{index}].excludes"
                raise InputError(place=place, found=repr(other.label), expected="a benefit that excludes this one too")
    return tuple(sorted(found, key=lambda one: one.benefit))


def _benefit(value: Any, place: str, decimals: int) -> BenefitTerms:
    benefit = _object(value, place, _BENEFIT, optional={"excludes"})
    fee = parse_amount(_text(benefit["fee"], f"{place}.fee"), decimals, place=f"{place}.fee")
    units = _whole(benefit["unitsPerDay"], f"{place}.unitsPerDay")
    for name, number in (("fee", fee), ("unitsPerDay", units)):
        if not number:
            raise InputError(place=f"{place}.{name}", found="0", expected="more than nothing")
    if units > _MOST_UNITS:
        raise InputError(place=f"{place}.unitsPerDay", found=str(units), expected=f"at most {_MOST_UNITS}")
    others = benefit.get("excludes", [])
    if not isinstance(others, Sequence) or isinstance(others, str):
        raise InputError(place=f"{place}.excludes", found=repr(others), expected="a list of benefits")
    return BenefitTerms(
        benefit=_number_of(_text(benefit["benefit"], f"{place}.benefit"), f"{place}.benefit"),
        fee=fee,
        copay=parse_amount(_text(benefit["copay"], f"{place}.copay"), decimals, place=f"{place}.copay"),
        coinsurance=_share(_text(benefit["coinsurance"], f"{place}.coinsurance"), f"{place}.coinsurance"),
        units_per_day=units,
        excludes=sum({1 << _number_of(_text(one, f"{place}.excludes"), f"{place}.excludes") for one in others}),
    )


def _number_of(label: str, place: str) -> int:
    for benefit in Benefit:
        if benefit.label == label:
            return int(benefit)
    raise InputError(place=place, found=repr(label), expected=f"one of {', '.join(one.label for one in Benefit)}")


def _share(text: str, place: str) -> int:
    match = _SHARE.fullmatch(text)
    share = int(match[1]) * 100 + int((match[2] or "").ljust(2, "0")) if match else BASIS_POINTS + 1
    if share > BASIS_POINTS:
        raise InputError(place=place, found=repr(text), expected="a percentage such as 20% or 12.5%, at most 100%")
    return share


def _amount(plan: Mapping[str, Any], name: str, decimals: int) -> int:
    amount = parse_amount(_text(plan[name], name), decimals, place=name)
    if amount > UNLIMITED:
        raise InputError(place=name, found=repr(plan[name]), expected="an amount of 96 bits in the token's units")
    return amount


def _limit(plan: Mapping[str, Any], name: str, decimals: int) -> int:
    return UNLIMITED if plan[name] == _UNLIMITED else _amount(plan, name, decimals)


def _whole(value: Any, place: str) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 2**16:
        raise InputError(place=place, found=repr(value), expected="a whole number up to 65535")
    return value


def _text(value: Any, place: str) -> str:
    if not isinstance(value, str):
        raise InputError(place=place, found=repr(value), expected="text")
    return value


def _object(
    value: Any, place: str, known: AbstractSet[str], *, optional: AbstractSet[str] = frozenset()
) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise InputError(place=place, found=type(value).__name__, expected="an object")
    for name in sorted(set(value) - known):
        raise InputError(place=f"{place}.{name}", found="a name that is not known", expected=", ".join(sorted(known)))
    for name in sorted(known - optional - set(value)):
        raise InputError(place=f"{place}.{name}", found="nothing", expected="a value")
    return value
