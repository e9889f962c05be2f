"""What the commands about medicines share: codes, files of lots, and how organisations are named."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from medtrust.cli.common import open_suite
from medtrust.goods import Goods
from medtrust.lotfile import LotFile
from medtrust.sandbox import ORGANISATIONS
from medtrust.scanner import code_of

__all__ = [
    "ByOption",
    "FileArgument",
    "FileOption",
    "OthersOption",
    "ScanArgument",
    "UnitOption",
    "goods_of",
    "name_of",
]

ScanArgument = Annotated[
    str,
    typer.Argument(
        callback=code_of, help="What the scanner read: an element string, (01)…(21)…, a link; or a picture."
    ),
]
UnitOption = Annotated[
    str | None,
    typer.Option("--unit", callback=lambda text: code_of(text) if text else text, help="One unit of it, as scanned."),
]
FileArgument = Annotated[Path, typer.Argument(help="The file of the lot.")]
FileOption = Annotated[Path, typer.Option("--file", help="The file of the lot.")]
OthersOption = Annotated[
    list[Path] | None, typer.Option("--other", help="The file of another lot of which something is in it; repeat it.")
]
ByOption = Annotated[str, typer.Option("--by", help="The organisation that acts: identifier, id or sandbox name.")]


def goods_of(file: Path, chain: str, account: str | None) -> Goods:
    """Open the lot of a file on a chain, as an account."""
    return Goods(open_suite(chain, account), LotFile.read(file))


def name_of(organisation: bytes) -> str:
    """Name an organisation: its title in the sandbox, else the start of its id."""
    titles = {member.id: member.title for member in ORGANISATIONS.values()}
    return titles.get(organisation, f"0x{organisation.hex()[:12]}…" if organisation else "")
