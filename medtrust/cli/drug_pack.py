"""Drug containers: what is packed again, taken out, sent back, destroyed, stolen or exported."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from medtrust.cli.common import (
    AccountOption,
    ChainOption,
    JsonOption,
    address,
    organisation,
    receipt_answer,
    time_of,
    when,
)
from medtrust.cli.drug_options import ByOption, FileOption, OthersOption, ScanArgument, goods_of, name_of
from medtrust.drugs import State
from medtrust.lotfile import LotFile
from medtrust.scanner import code_of
from medtrust.types import ZERO_ADDRESS

__all__ = ["add_to"]

UnitsOption = Annotated[
    list[str], typer.Option("--unit", help="What is put in or taken out, as scanned; repeat it, up to 200 times.")
]
ContainerArgument = Annotated[str, typer.Argument(callback=code_of, help="The container: its SSCC as (00)….")]


def add_to(app: typer.Typer) -> None:
    """Add the commands to the group of drugs."""
    for command in (pack, unpack, end):
        app.command()(command)
    app.command("return")(return_)


def pack(
    container: ContainerArgument,
    file: FileOption,
    unit: UnitsOption,
    by: ByOption,
    other: OthersOption = None,
    chain: ChainOption = "local",
    as_: AccountOption = None,
    json_: JsonOption = False,
) -> None:
    """Put what you hold into a container, new or packed by you; a recall of any of its lots stops it too."""
    goods = goods_of(file, chain, as_)
    units = [code_of(one) for one in unit]
    mix, receipt = goods.pack(container, units, packer=organisation(by), others=_read(other))
    receipt_answer(receipt, f"{len(units)} units are in {container}", as_json=json_, mix=mix)


def unpack(
    container: ContainerArgument,
    file: FileOption,
    unit: UnitsOption,
    by: ByOption,
    other: OthersOption = None,
    chain: ChainOption = "local",
    as_: AccountOption = None,
    json_: JsonOption = False,
) -> None:
    """Take units out of a container that was packed later; what the maker packed needs no unpacking."""
    goods = goods_of(file, chain, as_)
    units = [code_of(one) for one in unit]
    receipt = goods.unpack(container, units, holder=organisation(by), others=_read(other))
    receipt_answer(receipt, f"{len(units)} units are out of {container}", as_json=json_)


def return_(
    scan: ScanArgument,
    file: FileOption,
    by: ByOption,
    until: Annotated[str, typer.Option(help="Until when it can be received: a date, Unix seconds, or +7d.")] = "+7d",
    logger: Annotated[str | None, typer.Option(help="The account of the logger that travels with cold goods.")] = None,
    chain: ChainOption = "local",
    as_: AccountOption = None,
    json_: JsonOption = False,
) -> None:
    """Ship a container or pack back to who sold it to you; anyone else would have to quarantine it."""
    goods = goods_of(file, chain, as_)
    ends = when(until, goods.suite.chain, default=0)
    device = address(logger, goods.suite) if logger else ZERO_ADDRESS
    offer, receipt = goods.give_back(scan, sender=organisation(by), until=ends, logger=device)
    text = f"{goods.name(offer.unit)} is on its way back to {name_of(offer.receiver)}, until {time_of(ends)}"
    receipt_answer(receipt, text, as_json=json_, offer=offer.id, receiver=offer.receiver)


def end(
    scan: ScanArgument,
    fate: Annotated[Literal["destroyed", "stolen", "exported"], typer.Argument(help="How it ended.")],
    file: FileOption,
    by: ByOption,
    chain: ChainOption = "local",
    as_: AccountOption = None,
    json_: JsonOption = False,
) -> None:
    """End what you hold, with everything in it, for ever: destroyed, stolen or exported."""
    goods = goods_of(file, chain, as_)
    receipt = goods.end(scan, State[fate.upper()], organisation=organisation(by))
    unit = receipt.event("UnitEnded").values["unit"]
    receipt_answer(receipt, f"{goods.name(unit)} is {fate}", as_json=json_, unit=unit)


def _read(files: list[Path] | None) -> list[LotFile]:
    return [LotFile.read(file) for file in files or []]
