"""Identities: pseudonyms for people whom nobody knows, merged into the patient they turn out to be, and un-merged."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import Enum
from pathlib import Path
from typing import Any, Final

from medtrust.errors import CheckRefused
from medtrust.files import remove_drafts
from medtrust.json_fields import JsonFields
from medtrust.keyed import keyed_hash
from medtrust.sealed_files import locked, read_sealed, write_sealed
from medtrust.types import checksum_address

__all__ = ["Act", "Identities", "Identity", "Step"]

_FORMAT: Final = "identity/1"
_UNKNOWN: Final = "medtrust/unknown/1"


class Act(Enum):
    """What was decided about who a person is."""

    MADE = "made"
    MERGED = "merged"
    UNMERGED = "unmerged"


@dataclass(frozen=True)
class Step:
    """One decision: `patient` is the address that the pseudonym stands for since `at` (Unix seconds), and why."""

    act: Act
    patient: str
    at: int
    why: str


@dataclass(frozen=True)
class Identity:
    """The pseudonym of a person whom nobody knew, and everything that was decided about it, oldest first."""

    pseudonym: str
    case: str
    steps: tuple[Step, ...]

    @property
    def patient(self) -> str:
        """The address that the pseudonym stands for now: that of a patient, or its own."""
        return self.steps[-1].patient

    @property
    def is_merged(self) -> bool:
        """Whether it stands for a patient now."""
        return self.patient != self.pseudonym


class Identities:
    """A folder with a sealed file for each pseudonym, and for each patient empty ones with the names of pseudonyms.

    Nothing of it reaches a chain. A merge moves nothing: records stay under the pseudonym that they were made for, and
    what it stands for is looked up each time.
    """

    def __init__(self, folder: Path, key: bytes) -> None:
        self._folder = folder
        self._key = key
        if folder.is_dir():
            remove_drafts(folder)

    def make(self, case: str, *, at: int) -> Identity:
        """Make the pseudonym of an unknown person; `case` is what the house calls her, such as "ED-2026-117".

        It is a keyed hash of the case: nobody has a private key for it, and the same case gives the same again.
        """
        pseudonym = checksum_address("0x" + keyed_hash(self._key, _UNKNOWN, case)[-20:].hex())
        with locked(self._folder):
            known = self.find(pseudonym)
            return known or self._write(Identity(pseudonym, case, (Step(Act.MADE, pseudonym, at, case),)))

    def find(self, address: str) -> Identity | None:
        """Look a pseudonym up; None for an address that was not made here.

        Raises `CheckRefused` with reason "VaultAltered" if somebody else wrote its file.
        """
        file = self._file(address)
        return _from_json(read_sealed(file, self._key)) if file.is_file() else None

    def patient_of(self, address: str) -> str:
        """Return the address that one stands for now: its own, unless it is a pseudonym that was merged."""
        known = self.find(address)
        return known.patient if known else address

    def merged_into(self, patient: str) -> Iterator[str]:
        """List the pseudonyms that stand for a patient now; no others are read."""
        for marker in sorted(self._marks(patient).glob("*")):
            pseudonym = checksum_address(marker.name)
            if pseudonym != patient and self.patient_of(pseudonym) == patient:
                yield pseudonym

    def merge(self, pseudonym: str, patient: str, *, at: int, why: str) -> Identity:
        """Say that a pseudonym stands for a patient; again, it changes nothing.

        Raises `CheckRefused` with reason "NotUnidentified" if it is none that was made here, "AlreadyMerged" if it
        stands for another, and "Unidentified" if the patient is herself somebody whom nobody knows.
        """
        patient = checksum_address(patient, place="patient")
        with locked(self._folder):
            known = self._known(pseudonym)
            if self.find(patient) is not None:
                raise CheckRefused("Unidentified", f"{patient} is itself a person whom nobody knows yet")
            if known.patient == patient:
                return known
            if known.is_merged:
                raise CheckRefused("AlreadyMerged", f"{pseudonym} stands for {known.patient}: un-merge it first")
            marker = self._marks(patient) / known.pseudonym.lower()
            marker.parent.mkdir(parents=True, exist_ok=True)
            marker.touch(mode=0o600)  # first, so that a merge that counts is always found
            return self._write(_with(known, Step(Act.MERGED, patient, at, why)))

    def unmerge(self, pseudonym: str, *, at: int, why: str) -> Identity:
        """Say that a pseudonym stands for itself again; again, it changes nothing.

        Raises `CheckRefused` with reason "NotUnidentified", or "NotMerged" if it never stood for anybody.
        """
        with locked(self._folder):
            known = self._known(pseudonym)
            if known.steps[-1].act is Act.MADE:
                raise CheckRefused("NotMerged", f"{pseudonym} stands for nobody else")
            if not known.is_merged:
                return known
            return self._write(_with(known, Step(Act.UNMERGED, known.pseudonym, at, why)))

    def _known(self, pseudonym: str) -> Identity:
        known = self.find(pseudonym)
        if known is None:
            raise CheckRefused("NotUnidentified", f"no pseudonym {pseudonym} was made here for an unknown person")
        return known

    def _write(self, identity: Identity) -> Identity:
        write_sealed(self._file(identity.pseudonym), _to_json(identity), self._key)
        return identity

    def _file(self, address: str) -> Path:
        return self._folder / f"{address.lower()}.json"

    def _marks(self, patient: str) -> Path:
        return self._folder / "of" / patient.lower()


def _with(identity: Identity, step: Step) -> Identity:
    return replace(identity, steps=(*identity.steps, step))


def _to_json(identity: Identity) -> dict[str, Any]:
    steps = [{"act": one.act.value, "patient": one.patient, "at": one.at, "why": one.why} for one in identity.steps]
    return {"format": _FORMAT, "pseudonym": identity.pseudonym, "case": identity.case, "steps": steps}


def _from_json(raw: Any) -> Identity:
    whole = JsonFields(raw, "identity")
    whole.require("format", _FORMAT)
    steps = tuple(
        Step(Act(one.take("act", str)), one.address("patient"), one.number("at"), one.take("why", str))
        for one in whole.each("steps")
    )
    return Identity(whole.address("pseudonym"), whole.take("case", str), steps)
