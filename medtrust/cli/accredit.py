"""Accredit: register organisations, accredit them, name their signers."""

from __future__ import annotations

from typing import Annotated

import typer

from medtrust.accreditation import Role, parse_roles
from medtrust.cli.common import (
    AccountOption,
    ChainOption,
    JsonOption,
    answer,
    new_app,
    open_suite,
    organisation,
    receipt_answer,
    table,
    time_of,
    when,
)
from medtrust.types import ZERO_HASH, checksum_address, name_hash

__all__ = ["app"]

app = new_app("Who may act as what: jurisdictions, organisations, roles and signers.")

OrganisationArgument = Annotated[str, typer.Argument(help="Identifier as a URI, such as urn:gs1:gln:0614141000005.")]
RoleArgument = Annotated[str, typer.Argument(help="A role, such as hospital or vaccinator.")]
UntilOption = Annotated[str, typer.Option("--until", help="When it ends: a date, Unix seconds, or +365d.")]
JurisdictionArgument = Annotated[int, typer.Argument(help="ISO 3166-1 numeric, such as 840.")]


@app.command()
def jurisdiction(
    number: JurisdictionArgument,
    authority: Annotated[str, typer.Argument(help="The address of its authority.")],
    chain: ChainOption = "local",
    as_: AccountOption = None,
    json_: JsonOption = False,
) -> None:
    """Open a jurisdiction: name its first authority, as the steward."""
    receipt = open_suite(chain, as_).accreditation.open_jurisdiction(number, checksum_address(authority))
    receipt_answer(receipt, f"jurisdiction {number} has the authority {authority}", as_json=json_)


@app.command()
def register(
    identifier: OrganisationArgument,
    number: JurisdictionArgument,
    admin: Annotated[str, typer.Argument(help="The address that names its signers.")],
    until: UntilOption = "+365d",
    chain: ChainOption = "local",
    as_: AccountOption = None,
    json_: JsonOption = False,
) -> None:
    """Register an organisation in a jurisdiction, as its authority."""
    suite = open_suite(chain, as_)
    ends = when(until, suite.chain, default=0)
    id_ = organisation(identifier)
    receipt = suite.accreditation.register(id_, number, checksum_address(admin), until=ends)
    receipt_answer(receipt, f"registered {identifier} until {time_of(ends)}", as_json=json_, organisation=id_)


@app.command()
def role(
    identifier: OrganisationArgument,
    name: RoleArgument,
    until: UntilOption = "+365d",
    chain: ChainOption = "local",
    as_: AccountOption = None,
    json_: JsonOption = False,
) -> None:
    """Accredit an organisation for a role, as the authority or its delegate."""
    suite = open_suite(chain, as_)
    ends = when(until, suite.chain, default=0)
    receipt = suite.accreditation.accredit(organisation(identifier), parse_roles(name), until=ends)
    receipt_answer(receipt, f"accredited {identifier} as {name} until {time_of(ends)}", as_json=json_)


@app.command()
def signer(
    identifier: OrganisationArgument,
    account: Annotated[str, typer.Argument(help="The address that may act for it.")],
    roles: Annotated[str, typer.Argument(help="In which roles, separated by commas.")],
    until: UntilOption = "+365d",
    unit: Annotated[str | None, typer.Option(help="The unit of the organisation that it belongs to.")] = None,
    chain: ChainOption = "local",
    as_: AccountOption = None,
    json_: JsonOption = False,
) -> None:
    """Let an account act for an organisation, as its administrator."""
    suite = open_suite(chain, as_)
    ends = when(until, suite.chain, default=0)
    receipt = suite.accreditation.add_signer(
        organisation(identifier),
        checksum_address(account),
        parse_roles(roles),
        until=ends,
        unit=name_hash(unit) if unit else ZERO_HASH,
    )
    receipt_answer(receipt, f"{account} may act for {identifier} as {roles}", as_json=json_)


@app.command()
def remove_signer(
    identifier: OrganisationArgument,
    account: Annotated[str, typer.Argument(help="The address that may no longer act for it.")],
    chain: ChainOption = "local",
    as_: AccountOption = None,
    json_: JsonOption = False,
) -> None:
    """Take an account's right to act for an organisation, for ever."""
    registry = open_suite(chain, as_).accreditation
    receipt = registry.remove_signer(organisation(identifier), checksum_address(account))
    receipt_answer(receipt, f"{account} no longer acts for {identifier}", as_json=json_)


@app.command()
def suspend(
    identifier: OrganisationArgument,
    name: RoleArgument,
    chain: ChainOption = "local",
    as_: AccountOption = None,
    json_: JsonOption = False,
) -> None:
    """Suspend an accreditation from now on; what was recorded before stays valid."""
    receipt = open_suite(chain, as_).accreditation.suspend(organisation(identifier), parse_roles(name))
    receipt_answer(receipt, f"{identifier} is suspended as {name}", as_json=json_)


@app.command()
def compromise(
    identifier: OrganisationArgument,
    name: RoleArgument,
    since: Annotated[str, typer.Argument(help="Since when nothing is to be trusted: a date or Unix seconds.")],
    chain: ChainOption = "local",
    as_: AccountOption = None,
    json_: JsonOption = False,
) -> None:
    """Declare that what an organisation recorded in a role since a time is not to be trusted."""
    suite = open_suite(chain, as_)
    begins = when(since, suite.chain, default=0)
    receipts = suite.accreditation.compromise(organisation(identifier), parse_roles(name), since=begins)
    text = f"{identifier} is not trusted as {name} since {time_of(begins)}, in {len(receipts)} intervals"
    answer({"since": begins, "transactions": [one.transaction_hash for one in receipts]}, text, as_json=json_)


@app.command()
def show(
    identifier: OrganisationArgument,
    at: Annotated[str | None, typer.Option(help="As of a time: a date or Unix seconds; now unless given.")] = None,
    chain: ChainOption = "local",
    json_: JsonOption = False,
) -> None:
    """Show an organisation: its jurisdiction, its roles as of a time, and what was recorded about it."""
    suite = open_suite(chain, None)
    registry = suite.accreditation
    id_ = organisation(identifier)
    moment = when(at, suite.chain, default=suite.chain.now())
    standings = {
        str(role.name).lower(): registry.standing_of(id_, role, at=moment).name
        for role in Role
        if registry.accreditation_count_of(id_, role)
    }
    history = registry.history(id_)
    rows = table(f"{identifier} as of {time_of(moment)}", "role", "standing")
    for name, standing in standings.items():
        rows.add_row(name, standing)
    value = {
        "organisation": id_,
        "record": registry.organisation_of(id_),
        "at": moment,
        "roles": standings,
        "history": [{"event": event.name, "block": event.block, **event.values} for event in history],
    }
    answer(value, rows, as_json=json_)
