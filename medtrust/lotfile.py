"""The file of a lot: what a maker knows about it, and what each holder needs to find the path of a unit."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Final

from medtrust.errors import InputError
from medtrust.files import read_json, write_json
from medtrust.packing import Container, PackedLot, container_id, pack_id
from medtrust.packing import Path as UnitPath
from medtrust.standards.gs1 import Element, Scan, element_string, has_check_digit
from medtrust.types import bytes32, organisation_id

__all__ = ["FORMAT", "LotFile"]

FORMAT: Final = "medtrust-lot/1"
_FIELDS: Final = {"format", "manufacturer", "gtin", "companyPrefix", "lot", "expiry", "saltKey", "units", "packs"}
_UNIT_FIELDS: Final = {"sscc", "units", "packs"}


@dataclass(frozen=True)
class LotFile:
    """One lot as its file describes it.

    `manufacturer` is an identifier URI, `gtin` has 14 digits, `company_prefix` 4 to 12, `expiry` is the printed day.
    Who has the file can compute the path of every unit, so it goes to those who handle the goods, and to nobody else.
    """

    manufacturer: str
    gtin: str
    company_prefix: str
    expiry: date
    packed: PackedLot

    @classmethod
    def read(cls, path: Path) -> LotFile:
        """Read and check the file of a lot; one without a salt key gets a random one written into it first.

        Raises `InputError` with the place in the file, what was found and what was expected.
        """
        raw = read_json(path)
        try:
            _check_fields(raw, _FIELDS, "file")
            if "saltKey" not in raw:
                raw = {**raw, "saltKey": secrets.token_hex(32)}
                _parse(raw)
                write_json(path, raw)
            return _parse(raw)
        except InputError as error:
            raise error.within(str(path)) from None

    @property
    def lot_number(self) -> str:
        """The lot number as printed."""
        return self.packed.lot_number

    def find(self, scan: Scan) -> tuple[bytes, UnitPath]:
        """Find the unit that was scanned, a container by its SSCC or a pack by its serial number, and its path.

        The path is empty if the unit is not in this lot. Raises `InputError` if the code names neither.
        """
        if scan.sscc:
            unit = container_id(scan.sscc)
        elif scan.gtin and scan.serial:
            unit = pack_id(scan.gtin, scan.serial)
        else:
            raise InputError(place="scan", found="no unit", expected="an SSCC (00), or a GTIN (01) with a serial (21)")
        return unit, self.packed.path(unit) if unit in self.packed else ()

    def label(self, serial: str) -> str:
        """Write what the DataMatrix on a pack says: product, expiry, lot and serial number, as an element string."""
        return element_string(
            (
                Element("01", self.gtin),
                Element("17", self.expiry.strftime("%y%m%d")),
                Element("10", self.lot_number),
                Element("21", serial),
            )
        )


def _parse(raw: Mapping[str, Any]) -> LotFile:
    if raw.get("format") != FORMAT:
        raise InputError(place="format", found=repr(raw.get("format")), expected=repr(FORMAT))
    manufacturer, gtin, prefix, lot = (_text(raw, name) for name in ("manufacturer", "gtin", "companyPrefix", "lot"))
    organisation_id(manufacturer)
    if not has_check_digit(gtin, 14):
        raise InputError(place="gtin", found=repr(gtin), expected="a GTIN of 14 digits with its check digit")
    if not 4 <= len(prefix) <= 12 or gtin[1 : 1 + len(prefix)] != prefix:
        expected = f"4 to 12 digits that follow the first of {gtin}"
        raise InputError(place="companyPrefix", found=repr(prefix), expected=expected)
    if len(lot) > 20:
        raise InputError(place="lot", found=f"{len(lot)} characters", expected="at most 20")
    key, expiry = bytes32(_text(raw, "saltKey"), place="saltKey"), _day(raw, "expiry")
    containers, packs = _units(raw, "units"), _packs(raw, "packs")
    return LotFile(manufacturer, gtin, prefix, expiry, PackedLot(gtin, lot, key, containers=containers, packs=packs))


def _day(raw: Mapping[str, Any], name: str) -> date:
    text = _text(raw, name)
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise InputError(place=name, found=repr(text), expected="a day as YYYY-MM-DD") from None


def _units(raw: Mapping[str, Any], place: str) -> tuple[Container, ...]:
    return tuple(_container(one, f"{place}[{index}]") for index, one in enumerate(_list(raw, "units", place)))


def _container(raw: Any, place: str) -> Container:
    _check_fields(raw, _UNIT_FIELDS, place)
    sscc = raw.get("sscc", "")
    if not isinstance(sscc, str) or not has_check_digit(sscc, 18):
        raise InputError(place=f"{place}.sscc", found=repr(sscc), expected="an SSCC of 18 digits with its check digit")
    return Container(sscc, packs=_packs(raw, f"{place}.packs"), containers=_units(raw, f"{place}.units"))


def _packs(raw: Mapping[str, Any], place: str) -> tuple[str, ...]:
    serials = _list(raw, "packs", place)
    for index, serial in enumerate(serials):
        if not isinstance(serial, str) or not 1 <= len(serial) <= 20:
            expected = "a serial number of 1 to 20 characters"
            raise InputError(place=f"{place}[{index}]", found=repr(serial), expected=expected)
    return tuple(serials)


def _list(raw: Mapping[str, Any], name: str, place: str) -> Sequence[Any]:
    value = raw.get(name, [])
    if not isinstance(value, list):
        raise InputError(place=place, found=type(value).__name__, expected="a list")
    return value


def _text(raw: Mapping[str, Any], name: str) -> str:
    value = raw.get(name)
    if not isinstance(value, str) or not value:
        raise InputError(place=name, found=repr(value), expected="text")
    return value


def _check_fields(raw: Any, known: set[str], place: str) -> None:
    """Refuse what is no object, and a field that nobody reads: a misspelt one would be lost."""
    if not isinstance(raw, dict):
        raise InputError(place=place, found=type(raw).__name__, expected="an object")
    unknown = sorted(set(raw) - known)
    if unknown:
        raise InputError(place=place, found=", ".join(unknown), expected=f"nothing but {', '.join(sorted(known))}")
