"""Records of people whom nobody knows yet: under a pseudonym, merged into the patient, un-merged if that was wrong."""

from __future__ import annotations

from typing import Annotated

import typer

from medtrust.cli.common import AccountOption, ChainOption, JsonOption, address, answer, open_suite, table, time_of
from medtrust.cli.record_options import ByOption, StoreOption, VaultOption, open_custodian
from medtrust.errors import CheckRefused
from medtrust.identities import Identity

__all__ = ["identity", "merge", "unknown", "unmerge"]

PseudonymArgument = Annotated[str, typer.Argument(help="The pseudonym that `medtrust record unknown` gave.")]
WhyOption = Annotated[str, typer.Option("--why", help="Why, in words; they stay in the vault.")]


def unknown(
    case: Annotated[str, typer.Argument(help="What the house calls the person, such as ED-2026-117.")],
    by: ByOption,
    vault: VaultOption = None,
    store: StoreOption = None,
    chain: ChainOption = "local",
    as_: AccountOption = None,
    json_: JsonOption = False,
) -> None:
    """Make the pseudonym of a person whom nobody knows; the same case gives the same again."""
    made = open_custodian(open_suite(chain, as_), by, vault, store).receive(case)
    answer(_plain(made), f"{case}: {made.pseudonym}", as_json=json_)


def merge(
    pseudonym: PseudonymArgument,
    patient: Annotated[str, typer.Argument(help="The address by which the custodian knows the patient.")],
    by: ByOption,
    why: WhyOption,
    vault: VaultOption = None,
    store: StoreOption = None,
    chain: ChainOption = "local",
    as_: AccountOption = None,
    json_: JsonOption = False,
) -> None:
    """Identify a person: what was recorded under the pseudonym belongs to the patient from now on."""
    suite = open_suite(chain, as_)
    custodian = open_custodian(suite, by, vault, store)
    merged = custodian.merge(pseudonym, address(patient, suite), why=why)
    answer(_plain(merged), f"{pseudonym} is {merged.patient}", as_json=json_)


def unmerge(
    pseudonym: PseudonymArgument,
    by: ByOption,
    why: WhyOption,
    vault: VaultOption = None,
    store: StoreOption = None,
    chain: ChainOption = "local",
    as_: AccountOption = None,
    json_: JsonOption = False,
) -> None:
    """Take a merge back that was wrong, and say who has read by it and must be told."""
    custodian = open_custodian(open_suite(chain, as_), by, vault, store)
    single = custodian.unmerge(pseudonym, why=why)
    readers = custodian.readers_by(single.pseudonym, single.steps[-2].patient)
    text = f"{pseudonym} is a person whom nobody knows"
    for record, organisation in readers:
        text += f"\ntell 0x{organisation.hex()}: it read 0x{record.hex()} as another patient's"
    told = [{"record": record, "organisation": organisation} for record, organisation in readers]
    answer({**_plain(single), "readers": told}, text, as_json=json_)


def identity(
    pseudonym: PseudonymArgument,
    by: ByOption,
    vault: VaultOption = None,
    store: StoreOption = None,
    chain: ChainOption = "local",
    json_: JsonOption = False,
) -> None:
    """Show who a person was taken for, since when and why; exit 1 if the pseudonym was not made here."""
    found = open_custodian(open_suite(chain, None), by, vault, store).vault.identities.find(pseudonym)
    if found is None:
        raise CheckRefused("NotUnidentified", f"no pseudonym {pseudonym} was made here for an unknown person")
    rows = table(f"{found.case}: {pseudonym}", "since", "", "stands for", "why")
    for step in found.steps:
        rows.add_row(time_of(step.at), step.act.value, step.patient, step.why)
    answer(_plain(found), rows, as_json=json_)


def _plain(identity: Identity) -> dict[str, object]:
    steps = [{**vars(step), "act": step.act.value} for step in identity.steps]
    return {"pseudonym": identity.pseudonym, "patient": identity.patient, "case": identity.case, "steps": steps}
