"""Vaccine: import files of vaccinations, and verify, show, export and revoke certificates."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Annotated, Literal

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn
from rich.progress import Progress as Bar

from medtrust.bulk.importing import import_bulk
from medtrust.bulk.report import BulkReport
from medtrust.certificate import MAX_BATCH
from medtrust.cli.common import (
    AccountOption,
    ChainOption,
    JsonOption,
    answer,
    console,
    new_app,
    open_suite,
    table,
)
from medtrust.cli.vaccine_bulk import clinic_identifier, listen, print_bulk_report, unpack
from medtrust.cli.vaccine_correct import amend, dispute, enter_in_error, heir, revoke
from medtrust.cli.vaccine_options import CertificateArgument, FieldsOption, read_certificate
from medtrust.cli.vaccine_public import affected, counts
from medtrust.cli.vaccine_verify import checkpoint, codes, key, present, verify
from medtrust.errors import InputError
from medtrust.files import write_whole
from medtrust.import_report import ImportReport
from medtrust.importer import Progress, import_files, write_qr
from medtrust.mapping_file import load_mapping
from medtrust.registry_key import registry_key
from medtrust.stock import Stock
from medtrust.verification import read_trust

__all__ = ["app"]

app = new_app("Vaccinations: anchored in batches, shown as certificates, verified by anyone.")
app.command()(unpack)
app.command()(listen)
for _command in (verify, present, codes, key, checkpoint, revoke, amend, dispute, heir, affected, counts):
    app.command()(_command)
app.command(name="error")(enter_in_error)

_STAGES = {"read": "reading files", "seal": "sealing batches", "anchor": "anchoring", "write": "writing certificates"}


@app.command(name="import")
def import_(
    files: Annotated[
        list[Path], typer.Argument(help="HL7 v2, FHIR R4, C-CDA or CSV files, or reports of refused ones.")
    ],
    organisation: Annotated[
        str | None, typer.Option(help="Identifier URI of the clinic; that of --as in the sandbox unless given.")
    ] = None,
    out: Annotated[Path, typer.Option(help="Where certificates and the report go.")] = Path("certificates"),
    stock: Annotated[Path | None, typer.Option(help="JSON list of the lots received: gtin, lot, cvx or ndc.")] = None,
    mapping: Annotated[Path | None, typer.Option(help="What the columns of CSV files hold, in YAML or JSON.")] = None,
    lenient: Annotated[bool, typer.Option(help="Anchor the good doses even if others are refused.")] = False,
    qr: Annotated[Literal["", "png", "svg"], typer.Option(help="Write a QR code beside each certificate.")] = "",
    key: Annotated[Path | None, typer.Option(help="The registry key's file; made at first use.")] = None,
    batch_size: Annotated[int, typer.Option(min=1, max=MAX_BATCH, help="How many doses a batch holds.")] = MAX_BATCH,
    bulk: Annotated[
        bool, typer.Option("--bulk", help="Files of any size in constant memory; packs of certificates.")
    ] = False,
    workers: Annotated[int, typer.Option(min=1, max=64, help="With --bulk: how many processes share the work.")] = 2,
    trust: Annotated[
        list[Path] | None, typer.Option("--trust", help="Whose EU DCCs and SMART Health Cards to take; none if none.")
    ] = None,
    chain: ChainOption = "local",
    as_: AccountOption = None,
    json_: JsonOption = False,
) -> None:
    """Anchor the doses in files and write their certificates; run again after a crash, it ends the same.

    Without --lenient nothing is anchored if anything is refused. Exit 1 if something was.
    """
    suite = open_suite(chain, as_)
    issuer = clinic_identifier(organisation, as_)
    secret = registry_key(issuer, key)
    stocked = Stock.read(stock) if stock else None
    columns = load_mapping(mapping) if mapping else None
    if bulk and trust:
        raise InputError(place="--trust", found="--bulk", expected="foreign certificates without --bulk: they are few")
    if bulk and qr:
        raise InputError(place="--qr", found=qr, expected="no codes with --bulk: export them from certificates")
    with _progress(is_shown=not json_) as progress:
        trusted = read_trust(trust) if trust else None
        do = partial(import_bulk, workers=workers) if bulk else partial(import_files, qr=qr, trust=trusted)
        report = do(
            files,
            suite,
            issuer,
            secret,
            out=out,
            stock=stocked,
            strict=not lenient,
            mapping=columns,
            batch_size=batch_size,
            progress=progress,
        )
    answer({**report.to_dict(), "report": str(report.path)}, lambda: _print(report), as_json=json_)
    if report.refused_files:
        raise typer.Exit(1)


@app.command()
def show(certificate: CertificateArgument, json_: JsonOption = False) -> None:
    """Show what a certificate says, and whether it fits together; whether it is valid only `verify` can say."""
    given = read_certificate(certificate)
    flaw = given.flaw()
    rows = table(f"Certificate of {given.issuer}", "field", "value")
    for name, value in given.values.items():
        rows.add_row(name, value)
    answer({**given.to_dict(), "flaw": flaw.reason if flaw else None}, rows, as_json=json_)
    if flaw:
        if not json_:
            console.print(f"It does not fit together: {flaw.sentence}.")
        raise typer.Exit(1)


@app.command()
def export(
    certificate: CertificateArgument,
    fields: FieldsOption = "",
    qr: Annotated[Path | None, typer.Option(help="Write a QR code, .png or .svg.")] = None,
    to: Annotated[Path | None, typer.Option(help="Write a certificate file.")] = None,
    json_: JsonOption = False,
) -> None:
    """Make a certificate that shows fewer fields: a file, a QR code, or its text."""
    given = read_certificate(certificate)
    shown = given.show(fields.split(",")) if fields else given
    if qr:
        if qr.suffix not in (".png", ".svg"):
            raise InputError(place="--qr", found=qr.name, expected="a name that ends in .png or .svg")
        write_qr(qr, shown)
    if to:
        write_whole(to, shown.to_json() + b"\n", mode=0o600)
    answer({"text": shown.to_text(), "fields": list(shown.values)}, shown.to_text(), as_json=json_)


@contextmanager
def _progress(*, is_shown: bool) -> Iterator[Progress | None]:
    """Show a bar for each stage on stderr, where a person looks at it."""
    if not is_shown or not sys.stderr.isatty():
        yield None
        return
    columns = TextColumn("{task.description:>20}"), BarColumn(), MofNCompleteColumn()
    with Bar(*columns, console=Console(stderr=True)) as bar:
        tasks = {stage: bar.add_task(text, total=None, visible=False) for stage, text in _STAGES.items()}
        yield lambda stage, done, total: bar.update(tasks[stage], completed=done, total=total, visible=True)


def _print(report: ImportReport | BulkReport) -> None:
    if isinstance(report, BulkReport):
        print_bulk_report(report)
    else:
        _print_report(report)


def _print_report(report: ImportReport) -> None:
    intake = report.intake
    found = {
        "anchored": len(report.issued),
        "of these with a lot that is traced": sum(one.is_traced for one in report.issued),
        "the same dose again": len(intake.duplicates),
        "anchored by an earlier import": len(report.known),
        "not given": len(intake.not_done),
        "withdrawn by the source": len(intake.withdrawn),
        "refused": len(report.refused),
    }
    rows = table(f"Import for {intake.organisation}", "doses", "")
    for what, count in found.items():
        rows.add_row(what, str(count))
    console.print(rows)
    for batch in report.batches:
        console.print(f"batch 0x{batch.root.hex()}: {batch.size} doses, {len(batch.lots)} lots")
    for one in report.to_revoke:
        console.print(f"{one.source.file} {one.source.place} withdraws dose {one.index} of batch 0x{one.root.hex()}")
    for refusal in report.refused:
        console.print(f"refused: {refusal}")
    if not report.is_complete:
        console.print("Nothing was anchored: mend what was refused, or import the rest with --lenient.")
    console.print(f"certificates and report: {report.path.parent}/, {report.path.name}")
