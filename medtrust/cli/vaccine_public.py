"""Public health: whom a recall reaches, and counts that are published."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from medtrust.cli.common import ChainOption, JsonOption, answer, console, open_suite, table
from medtrust.counting import affected as affected_by
from medtrust.counting import commitment_of, counted_doses, find_lot, release
from medtrust.counts import CountTable
from medtrust.files import read_json, write_json
from medtrust.suppression import TOTAL

__all__ = ["affected", "counts"]

SourcesArgument = Annotated[list[Path], typer.Argument(help="Certificates, packs of them, or their folders.")]


def affected(
    lot: Annotated[str, typer.Argument(help="The lot: GTIN:number, such as 00361414567894:MT2026A, or its id.")],
    sources: SourcesArgument,
    chain: ChainOption = "local",
    json_: JsonOption = False,
) -> None:
    """List the clinic's own certificates of doses from a lot, so that it can call the people in."""
    wanted = find_lot(lot)
    status = open_suite(chain, None).drugs.lot_status(wanted)
    found = [(path, one) for path, one in affected_by(wanted, sources)]
    rows = table(f"lot 0x{wanted.hex()} is {status.name}: {len(found)} certificates", "file", "holder", "given", "dose")
    listed: list[dict[str, Any]] = []
    for path, one in found:
        day, dose = one.values.get("d", ""), "0x" + one.dose_id.hex()
        rows.add_row(str(path), one.dose.holder, day, dose)
        listed.append({"file": str(path), "holder": one.dose.holder, "given": day, "dose": dose})
    answer({"lot": wanted, "status": status.name, "certificates": listed}, rows, as_json=json_)


def counts(
    sources: Annotated[list[Path], typer.Argument(help="Certificates, packs, folders, or CSV: date, region, product.")],
    ledger: Annotated[Path, typer.Option(help="The file that keeps what was released before.")],
    by: Annotated[Literal["week", "month", "quarter", "year"], typer.Option(help="The periods.")] = "month",
    regions: Annotated[Path | None, typer.Option(help="JSON: the region of each issuer, by its identifier.")] = None,
    to: Annotated[Path | None, typer.Option(help="Write the tables that may be published.")] = None,
    unchecked: Annotated[bool, typer.Option("--unchecked", help="Count without asking the chain.")] = False,
    chain: ChainOption = "local",
    json_: JsonOption = False,
) -> None:
    """Count doses by period, region and product, and keep back whatever could lead to persons.

    Exit 1 if a small count followed from this release and an earlier one: then nothing is released.
    """
    is_asked = not unchecked and any(source.suffix != ".csv" for source in sources)
    suite = open_suite(chain, None) if is_asked else None
    made = release(counted_doses(sources, read_json(regions) if regions else {}, suite), by, ledger)
    value = {**made.to_dict(), "commitment": commitment_of(made)}
    if to:
        write_json(to, value)
    answer(value, lambda: _print(made.tables), as_json=json_)


def _print(tables: tuple[CountTable, ...]) -> None:
    for one in tables:
        columns = (*one.products, TOTAL)
        rows = table(one.period, "region", *columns)
        for region in (*one.regions, TOTAL):
            found = (one.cells[region, column] for column in columns)
            rows.add_row(region, *("kept back" if count is None else f"{count:,}" for count in found))
        console.print(rows)
