"""Vaccine, in bulk: very large files, packs of certificates, and messages that come in one by one."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from medtrust.bulk.report import BulkReport, packs_in, read_pack
from medtrust.cli.common import AccountOption, ChainOption, JsonOption, answer, console, open_suite, table
from medtrust.errors import InputError
from medtrust.feed import Feed
from medtrust.files import write_whole
from medtrust.import_report import ImportReport
from medtrust.mllp import MllpServer
from medtrust.registry_key import registry_key
from medtrust.sandbox import ORGANISATIONS
from medtrust.stock import Stock

__all__ = ["clinic_identifier", "listen", "print_bulk_report", "unpack"]

_ROWS = {
    "anchored": "anchored",
    "traced": "of these with a lot that is traced",
    "duplicate": "the same dose again",
    "known": "anchored by an earlier import",
    "notDone": "not given",
    "withdrawn": "withdrawn by the source",
    "refused": "refused",
}


def clinic_identifier(organisation: str | None, account: str | None) -> str:
    """Find the clinic's identifier: as given, or that of a name in the sandbox."""
    name = organisation or account or ""
    if name in ORGANISATIONS:
        return ORGANISATIONS[name].identifier
    if organisation is None:
        raise InputError(place="--organisation", found="nothing", expected="the clinic's identifier URI")
    return organisation


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


def listen(
    organisation: Annotated[
        str | None, typer.Option(help="Identifier URI of the clinic; that of --as in the sandbox unless given.")
    ] = None,
    host: Annotated[str, typer.Option(help="The address to listen on; MLLP has no TLS of its own.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="The port to listen on; 0 takes any.")] = 2575,
    batch: Annotated[int, typer.Option(min=1, help="Anchor as soon as so many messages wait.")] = 1000,
    every: Annotated[float, typer.Option(min=0, help="Anchor what has waited so many seconds.")] = 60.0,
    out: Annotated[Path, typer.Option(help="Where certificates and reports go.")] = Path("certificates"),
    stock: Annotated[Path | None, typer.Option(help="JSON list of the lots received: gtin, lot, cvx or ndc.")] = None,
    key: Annotated[Path | None, typer.Option(help="The registry key's file; made at first use.")] = None,
    chain: ChainOption = "local",
    as_: AccountOption = None,
    json_: JsonOption = False,
) -> None:
    """Take in VXU^V04 messages over MLLP, answer each, anchor them in batches, and stay until you press Ctrl-C.

    Answered AA is what lies on the disk; AE says segment and field of what is wrong, AR that it is no vaccination.
    """
    issuer = clinic_identifier(organisation, as_)
    feed = Feed(
        open_suite(chain, as_),
        issuer,
        registry_key(issuer, key),
        out,
        Stock.read(stock) if stock else Stock(),
        batch,
        every,
        on_report=lambda report: _say_report(report, as_json=json_),
        on_problem=lambda error: answer(
            {"problem": str(error), "again": every},
            f"not anchored yet, tried again in {every:g} s: {error}",
            as_json=json_,
        ),
    )
    with MllpServer((host, port), feed.answer, feed.tick) as server:
        url = f"mllp://{host}:{server.port}"
        text = f"vaccinations for {issuer} at {url}. Press Ctrl-C to stop."
        answer({"organisation": issuer, "url": url}, text, as_json=json_)
        server.serve_forever()


def _say_report(report: ImportReport, *, as_json: bool) -> None:
    """Say how many, and where the rest stands: what was refused may be about persons, and this may be a log."""
    anchored, refused, path = len(report.issued), len(report.refused), str(report.path)
    roots = [f"0x{batch.root.hex()}" for batch in report.batches]
    not_taken = f", {refused} refused" if refused else ""
    text = f"anchored {anchored} doses{not_taken}: batches {', '.join(roots) or 'none'}; {path}"
    answer({"anchored": anchored, "refused": refused, "batches": roots, "report": path}, text, as_json=as_json)


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
