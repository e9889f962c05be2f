"""Doses of series that are recorded once: what a clinic, or a programme of several, lets nobody record again."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from medtrust.cli.common import AccountOption, ChainOption, JsonOption, open_suite, receipt_answer
from medtrust.cli.vaccine_bulk import clinic_identifier
from medtrust.nullifier import nullifier
from medtrust.pseudonym import PatientIdentifier
from medtrust.registry_key import registry_key
from medtrust.types import organisation_id

__all__ = ["once"]


def once(
    series: Annotated[str, typer.Argument(help="The name that the programme gives the series, such as hepb.")],
    number: Annotated[int, typer.Argument(help="Which dose of the series it is, from 1.")],
    patient: Annotated[str, typer.Option(help="The identifier by which all clinics of the programme know the person.")],
    authority: Annotated[str, typer.Option(help="Who assigned the identifier.")] = "",
    type_: Annotated[str, typer.Option("--type", help="Its kind, such as NI (HL7 table 0203).")] = "",
    organisation: Annotated[
        str | None, typer.Option(help="Identifier URI of the programme or clinic; that of --as in the sandbox else.")
    ] = None,
    key: Annotated[Path | None, typer.Option(help="The key that its clinics share; made at first use.")] = None,
    chain: ChainOption = "local",
    as_: AccountOption = None,
    json_: JsonOption = False,
) -> None:
    """Record a dose of a series before it is given, so that nobody records the same one for this person again.

    Exit 4 if it was recorded before. Nothing that names the person reaches the chain.
    """
    issuer = clinic_identifier(organisation, as_)
    person = PatientIdentifier(authority, type_, patient)
    made = nullifier(registry_key(issuer, key), issuer, person, series, number)
    receipt = open_suite(chain, as_).vaccination.record_once(organisation_id(issuer), [made])
    text = f"dose {number} of {series} is recorded as 0x{made.hex()}"
    receipt_answer(receipt, text, as_json=json_, nullifier=made)
