"""Options and values that the commands for consents share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from medtrust.consent_terms import DataClass, Purpose, Request, flags_of, level_of
from medtrust.suite import Suite
from medtrust.types import ZERO_HASH, bytes32, name_hash

__all__ = [
    "ClassOption",
    "FacilityOption",
    "JurisdictionOption",
    "LabelOption",
    "PatientOption",
    "PurposeOption",
    "ReceiptArgument",
    "facility_id",
    "request_of",
]

ReceiptArgument = Annotated[Path, typer.Argument(help="The file of the signed consent.")]
PurposeOption = Annotated[str, typer.Option("--purpose", help="Purposes of use, such as treat,hpaymt (HL7 codes).")]
ClassOption = Annotated[str, typer.Option("--class", help="Classes of data, such as immunization,medication.")]
LabelOption = Annotated[str, typer.Option("--sensitivity", help="The label of the data: U, L, M, N, R or V.")]
FacilityOption = Annotated[str | None, typer.Option(help="A facility: its name, or its hash as 0x and 64 digits.")]
JurisdictionOption = Annotated[
    int | None, typer.Option(help="ISO 3166-1 numeric; where the organisation is registered unless given.")
]
PatientOption = Annotated[
    str | None, typer.Option("--patient", help="The patient for whom the signer decides; the signer unless given.")
]


def facility_id(text: str | None) -> bytes:
    """Read a facility: its name, or its hash; 32 zero bytes if none is given."""
    if text is None:
        return ZERO_HASH
    return bytes32(text, place="--facility") if text.startswith("0x") else name_hash(text)


def request_of(
    suite: Suite,
    organisation: bytes,
    actor: str,
    purpose: str,
    class_: str,
    *,
    sensitivity: str,
    facility: str | None,
    jurisdiction: int | None,
    data_at: int,
) -> Request:
    """Read who wants to use which data, for what and where. Raises `InputError` with the option that is wrong."""
    return Request(
        actor=actor,
        organisation=organisation,
        purpose=flags_of(Purpose, purpose, place="--purpose"),
        data_class=flags_of(DataClass, class_, place="--class"),
        sensitivity=level_of(sensitivity, place="--sensitivity"),
        facility=facility_id(facility),
        jurisdiction=suite.accreditation.jurisdiction_of(organisation) if jurisdiction is None else jurisdiction,
        data_at=data_at,
    )
