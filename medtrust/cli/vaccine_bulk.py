"""Vaccine, in bulk: very large files, packs of certificates, and messages that come in one by one."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from medtrust.bulk_report import BulkReport, packs_in, read_pack
from medtrust.cli.common import JsonOption, answer, console, table
from medtrust.files import write_whole

__all__ = ["print_bulk_report", "unpack"]

_ROWS = {
    "anchored": "anchored",
    "traced": "of these with a lot that is traced",
    "duplicate": "the same dose again",
    "known": "anchored by an earlier import",
    "notDone": "not given",
    "withdrawn": "withdrawn by the source",
    "refused": "refused",
}


def unpack(
    packs: Annotated[list[Path], typer.Argument(help="Packs that an import with --bulk wrote, or their folder.")],
    out: Annotated[Path, typer.Option(help="Where the certificates go, a file each.")] = Path("certificates"),
    place: Annotated[
        str, typer.Option(help="Only the dose that stood at this place, such as message[17] RXA[1].")
    ] = "",
    json_: JsonOption = False,
) -> None:
    """Take certificates out of packs, a file each, named by the pack and the line."""
    written = []
    for pack in packs_in(packs):
        for number, one in enumerate(read_pack(pack), 1):
            if place in ("", one.place):
                path = out / f"{pack.stem}-{number}.json"
                write_whole(path, one.certificate.to_json() + b"\n", mode=0o600, is_flushed=False)
                written.append({"certificate": path.name, "file": one.file, "place": one.place})
    rows = table(f"{len(written)} certificates in {out}/", "certificate", "place")
    for name in written[:20]:
        rows.add_row(name["certificate"], name["place"])
    answer(written, rows, as_json=json_)
    if not written:
        raise typer.Exit(1)


def print_bulk_report(report: BulkReport) -> None:
    """Print the figures of an import with --bulk for people."""
    rows = table(f"Import for {report.organisation}", "doses", "")
    for name, what in _ROWS.items():
        rows.add_row(what, str(report.counts[name]))
    rows.add_row("peak memory", f"{report.peak_memory / 2**20:.0f} MiB")
    console.print(rows)
    for batch in report.batches:
        console.print(f"batch 0x{batch.root.hex()}: {batch.size} doses, {len(batch.lots)} lots")
    if not report.is_complete:
        console.print("Nothing was anchored: mend what was refused, or import the rest with --lenient.")
    folder = report.path.parent
    console.print(f"{len(report.packs)} packs of certificates, {report.problems.name}, {report.path.name}: {folder}/")
