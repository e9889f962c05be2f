"""Stock: the lots that a clinic received, and which of them a dose came from."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any

from medtrust.canonical import Immunization, canonical_lot
from medtrust.errors import InputError
from medtrust.files import read_json
from medtrust.packing import lot_id
from medtrust.standards import codes
from medtrust.standards.gs1 import has_check_digit

__all__ = ["Stock", "StockedLot"]


@dataclass(frozen=True, slots=True)
class StockedLot:
    """One lot as it was received.

    `gtin` 14 digits · `lot` as printed · `expiry` last day of use, "" if unknown · `vaccine` CVX code · `maker` MVX
    code, "" if unknown.
    """

    gtin: str
    lot: str
    expiry: str
    vaccine: str
    maker: str

    @property
    def id(self) -> bytes:
        """The 32-byte id of the lot, as DrugProvenance computes it."""
        return lot_id(self.gtin, self.lot)

    def fits(self, dose: Immunization) -> bool:
        """Whether a dose can have come from it: same lot number and vaccine, and no other maker."""
        is_of_maker = not (self.maker and dose.mvx) or self.maker == dose.mvx
        return canonical_lot(self.lot) == dose.lot and self.vaccine == dose.vc and is_of_maker


class Stock:
    """Every lot that a clinic received."""

    def __init__(self, lots: Sequence[StockedLot] = ()) -> None:
        self._lots = tuple(dict.fromkeys(lots))
        self._by_number: dict[str, list[StockedLot]] = {}
        for lot in self._lots:
            self._by_number.setdefault(canonical_lot(lot.lot), []).append(lot)

    @classmethod
    def read(cls, path: Path) -> Stock:
        """Read a stock file: a JSON list of objects with gtin, lot, cvx or ndc, and perhaps expiry and mvx.

        Raises `InputError` with the place in the list for anything else.
        """
        raw = read_json(path)
        if not isinstance(raw, list):
            raise InputError(file=str(path), place="file", found=type(raw).__name__, expected="a JSON list of lots")
        try:
            return cls([_lot(one, f"[{place}]") for place, one in enumerate(raw)])
        except InputError as error:
            raise error.within(str(path)) from None

    def lot_of(self, dose: Immunization) -> StockedLot | None:
        """Find the lot that a dose came from; None if the dose names none or the stock does not have it.

        Raises `InputError` if several products fit, because none may be guessed.
        """
        found = [lot for lot in self._by_number.get(dose.lot, ()) if lot.fits(dose)] if dose.lot else []
        if len(found) > 1:
            gtins = ", ".join(lot.gtin for lot in found)
            raise InputError(
                place="lot", found=f"{dose.lot} of the products {gtins}", expected="one product in the stock"
            )
        return found[0] if found else None

    @classmethod
    def from_json(cls, text: str) -> Stock:
        """Read what `to_json` wrote."""
        return cls([StockedLot(**lot) for lot in json.loads(text)])

    def to_json(self) -> str:
        """Write the stock in one form, for telling two stocks apart."""
        return json.dumps([asdict(lot) for lot in self._lots], sort_keys=True)


def _lot(raw: Any, place: str) -> StockedLot:
    if not isinstance(raw, dict):
        raise InputError(place=place, found=type(raw).__name__, expected="an object with gtin, lot, and cvx or ndc")
    gtin, lot, expiry = (_text(raw, name, place) for name in ("gtin", "lot", "expiry"))
    if not has_check_digit(gtin, 14):
        raise InputError(place=f"{place}.gtin", found=repr(gtin), expected="a GTIN of 14 digits with its check digit")
    if not 1 <= len(lot) <= 20:
        raise InputError(place=f"{place}.lot", found=repr(lot), expected="a lot number of 1 to 20 characters")
    try:
        if expiry:
            date.fromisoformat(expiry)
    except ValueError:
        raise InputError(place=f"{place}.expiry", found=repr(expiry), expected="a day as YYYY-MM-DD") from None
    maker = _text(raw, "mvx", place)
    if maker and not codes.maker_code("MVX", maker):
        raise InputError(place=f"{place}.mvx", found=repr(maker), expected="an MVX code")
    return StockedLot(gtin, lot, expiry, _vaccine(raw, place), maker)


def _vaccine(raw: Mapping[str, Any], place: str) -> str:
    codings = [(name.upper(), _text(raw, name, place)) for name in ("cvx", "ndc")]
    try:
        return codes.vaccine_code([coding for coding in codings if coding[1]])
    except codes.CodeUnknown as unknown:
        raise InputError(place=f"{place}.cvx", found=unknown.found, expected=unknown.expected) from None


def _text(raw: Mapping[str, Any], name: str, place: str) -> str:
    value = raw.get(name, "")
    if not isinstance(value, str):
        raise InputError(place=f"{place}.{name}", found=repr(value), expected="text")
    return value.strip()
