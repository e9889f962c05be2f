"""Counting: certificates and lists of doses become tables, and a ledger keeps what was released before."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import date
from pathlib import Path

import rfc8785

from medtrust.bulk.report import packs_in, read_pack
from medtrust.certificate import LONGEST_TEXT, Certificate
from medtrust.counts import CountedDose, Release, make_release
from medtrust.errors import InputError
from medtrust.files import read_json, write_json
from medtrust.keccak import keccak256
from medtrust.packing import lot_id
from medtrust.suite import Suite
from medtrust.types import ZERO_HASH, bytes32

__all__ = ["affected", "commitment_of", "counted_doses", "find_lot", "read_certificates", "read_ledger", "release"]

_COLUMNS = ("date", "region", "product")


def read_certificates(paths: Iterable[Path]) -> Iterator[tuple[Path, Certificate]]:
    """Read the certificates in files, packs and folders of these, each with its file; reports beside them are not read.

    Raises `InputError`, which names the file, for one that cannot be read.
    """
    for path in paths:
        if path.is_dir():
            files = sorted(one for one in path.glob("*.json") if not one.name.startswith("report-"))
            yield from read_certificates([*files, *packs_in([path])])
        elif path.suffix == ".ndjson":
            for packed in read_pack(path):
                yield path, packed.certificate
        else:
            yield path, _read(path)


def _read(path: Path) -> Certificate:
    try:
        with path.open("rb") as file:
            return Certificate.parse(file.read(LONGEST_TEXT + 1))
    except OSError as error:
        expected = "a certificate, a pack, or a folder of them"
        raise InputError(file=str(path), place="file", found=error.strerror or "", expected=expected) from None
    except InputError as error:
        raise error.within(str(path)) from None


def find_lot(text: str) -> bytes:
    """Read a lot: its id as 0x and 64 digits, or GTIN and lot number as "00361414567894:MT2026A"."""
    if text.startswith("0x"):
        return bytes32(text, place="lot")
    gtin, _, number = text.partition(":")
    if not (gtin.isdecimal() and len(gtin) == 14 and number):
        raise InputError(place="lot", found=repr(text), expected="its id, or GTIN:lot such as 00361414567894:MT2026A")
    return lot_id(gtin, number)


def affected(lot: bytes, paths: Iterable[Path]) -> Iterator[tuple[Path, Certificate]]:
    """Find the certificates of doses that came from a lot (its 32-byte id)."""
    return ((path, one) for path, one in read_certificates(paths) if one.dose.lot == lot)


def counted_doses(
    paths: Sequence[Path], regions: Mapping[str, str], suite: Suite | None = None
) -> Iterator[CountedDose]:
    """Read the doses in certificates, and in CSV files with the columns date, region and product.

    `regions` gives the region of each issuer of certificates (identifier URI); an issuer that it does not name stands
    for itself. With a suite only certificates that are ACTIVE count. Raises `InputError`.
    """
    for path in paths:
        if path.suffix == ".csv":
            yield from _listed(path)
            continue
        for file, certificate in read_certificates([path]):
            if suite is None or suite.vaccination.verify(certificate).is_valid:
                yield _counted(file, certificate, regions)


def _counted(file: Path, certificate: Certificate, regions: Mapping[str, str]) -> CountedDose:
    shown = certificate.values
    for name in ("d", "vs", "vc"):
        if name not in shown:
            raise InputError(file=str(file), place=name, found="nothing", expected="a certificate that shows it")
    day = _day(shown["d"], str(file), "d")
    return CountedDose(day, regions.get(certificate.issuer, certificate.issuer), f"{shown['vs']}:{shown['vc']}")


def _listed(path: Path) -> Iterator[CountedDose]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = csv.DictReader(file)
        missing = [name for name in _COLUMNS if name not in (rows.fieldnames or ())]
        if missing:
            raise InputError(file=str(path), place="line 1", found="other columns", expected=", ".join(_COLUMNS))
        for row in rows:
            place = f"line {rows.line_num}"
            if not all(row[name] for name in _COLUMNS):
                raise InputError(file=str(path), place=place, found="nothing", expected="date, region and product")
            yield CountedDose(_day(row["date"], str(path), place), row["region"], row["product"])


def _day(text: str, file: str, place: str) -> date:
    with suppress(ValueError):
        return date.fromisoformat(text)
    raise InputError(file=file, place=place, found=repr(text), expected="a day such as 2026-10-05")


def read_ledger(path: Path) -> list[Release]:
    """Read what was released before, oldest first; nothing if there is no file.

    Raises `InputError` if a release was changed, left out or put in between: each names the one before it.
    """
    if not path.exists():
        return []
    raw = read_json(path)
    if not isinstance(raw, list):
        found = f"a JSON {type(raw).__name__}"
        raise InputError(file=str(path), place="file", found=found, expected="a list of releases")
    releases = [Release.from_dict(one) for one in raw]
    expected = "0x" + ZERO_HASH.hex()
    for place, one in enumerate(releases, 1):
        if one.previous != expected:
            raise InputError(file=str(path), place=f"release {place}", found=one.previous, expected=expected)
        expected = commitment_of(one)
    return releases


def commitment_of(release: Release) -> str:
    """Return the hash of a release, as 0x and 64 digits: what one publishes beside it, and the next release names."""
    return "0x" + keccak256(rfc8785.dumps(release.to_dict())).hex()


def release(doses: Iterable[CountedDose], by: str, ledger: Path) -> Release:
    """Make the next release and add it to the ledger; see `make_release`.

    Raises `CheckRefused` with reason "DifferencingAttack", and then the ledger is as it was.
    """
    earlier = read_ledger(ledger)
    previous = commitment_of(earlier[-1]) if earlier else "0x" + ZERO_HASH.hex()
    made = make_release(doses, by, earlier=earlier, previous=previous)
    write_json(ledger, [one.to_dict() for one in (*earlier, made)])
    return made
