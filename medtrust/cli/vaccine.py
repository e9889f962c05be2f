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

from medtrust.bulk_import import import_bulk
from medtrust.bulk_report import BulkReport
from medtrust.certificate import LONGEST_TEXT, MAX_BATCH, Certificate
from medtrust.cli.common import (
    AccountOption,
    ChainOption,
    JsonOption,
    answer,
    console,
    new_app,
    open_suite,
    receipt_answer,
    table,
    time_of,
    when,
)
from medtrust.cli.vaccine_bulk import clinic_identifier, listen, print_bulk_report, unpack
from medtrust.errors import InputError
from medtrust.files import write_whole
from medtrust.import_report import ImportReport
from medtrust.importer import Progress, import_files, write_qr
from medtrust.mapping_file import load_mapping
from medtrust.registry_key import registry_key
from medtrust.stock import Stock
from medtrust.vaccination import Verdict

__all__ = ["app"]

app = new_app("Vaccinations: anchored in batches, shown as certificates, verified by anyone.")
app.command()(unpack)
app.command()(listen)

CertificateArgument = Annotated[
    str, typer.Argument(help="A certificate file, the text of its QR code (MT1:…), or - for stdin.")
]
FieldsOption = Annotated[str, typer.Option("--fields", help="Show these alone, separated by commas; all unless given.")]

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
    if bulk and qr:
        raise InputError(place="--qr", found=qr, expected="no codes with --bulk: export them from certificates")
    with _progress(is_shown=not json_) as progress:
        do = partial(import_bulk, workers=workers) if bulk else partial(import_files, qr=qr)
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
def verify(
    certificate: CertificateArgument,
    at: Annotated[str | None, typer.Option(help="As of a time: a date or Unix seconds; now unless given.")] = None,
    chain: ChainOption = "local",
    json_: JsonOption = False,
) -> None:
    """Say who gave a dose, when it was anchored, how it stands and why; exit 1 unless it is valid."""
    shown = _read(certificate)
    suite = open_suite(chain, None)
    verdict = suite.vaccination.verify(shown, at=when(at, suite.chain, default=0) if at else None)
    value = {
        "valid": verdict.is_valid,
        "status": verdict.status.name,
        "reason": verdict.reason,
        "sentence": verdict.sentence,
        "advisories": verdict.advisories.names,
        "issuer": verdict.issuer,
        "signer": verdict.signer,
        "anchoredAt": verdict.anchored_at,
        "bearer": verdict.bearer,
        "shown": verdict.shown,
    }
    answer(value, lambda: _print_verdict(verdict), as_json=json_)
    if not verdict.is_valid:
        raise typer.Exit(1)


@app.command()
def revoke(
    certificate: CertificateArgument,
    chain: ChainOption = "local",
    as_: AccountOption = None,
    json_: JsonOption = False,
) -> None:
    """Withdraw the dose of a certificate for ever, as its issuer or the authority of its jurisdiction."""
    given = _read(certificate)
    receipt = open_suite(chain, as_).vaccination.revoke(given.organisation, given.root, given.dose.index)
    receipt_answer(receipt, f"withdrew dose {given.dose.index} of the batch 0x{given.root.hex()}", as_json=json_)


@app.command()
def show(certificate: CertificateArgument, json_: JsonOption = False) -> None:
    """Show what a certificate says, and whether it fits together; whether it is valid only `verify` can say."""
    given = _read(certificate)
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
    given = _read(certificate)
    shown = given.show(fields.split(",")) if fields else given
    if qr:
        if qr.suffix not in (".png", ".svg"):
            raise InputError(place="--qr", found=qr.name, expected="a name that ends in .png or .svg")
        write_qr(qr, shown)
    if to:
        write_whole(to, shown.to_json() + b"\n", mode=0o600)
    answer({"text": shown.to_text(), "fields": list(shown.values)}, shown.to_text(), as_json=json_)


def _read(certificate: str) -> Certificate:
    if certificate == "-":
        return Certificate.parse(sys.stdin.read(LONGEST_TEXT + 1))
    if certificate.startswith("MT1:"):
        return Certificate.parse(certificate)
    path = Path(certificate)
    try:
        with path.open("rb") as file:
            return Certificate.parse(file.read(LONGEST_TEXT + 1))
    except OSError as error:
        expected = "a certificate file, or text that begins with MT1:"
        raise InputError(file=certificate, place="file", found=error.strerror or "nothing", expected=expected) from None
    except InputError as error:
        raise error.within(certificate) from None


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


def _print_verdict(verdict: Verdict) -> None:
    rows = table(f"{verdict.status.name}: {verdict.sentence}", "", "")
    rows.add_row("issuer", verdict.issuer)
    if verdict.signer:
        rows.add_row("anchored", f"{time_of(verdict.anchored_at)} by {verdict.signer}")
    for name, value in verdict.shown.items():
        rows.add_row(name, value)
    for sentence in verdict.advisories.sentences:
        rows.add_row("mind", sentence)
    if verdict.bearer and verdict.is_valid:
        rows.add_row("bearer", "whoever holds this certificate can show it: nothing was asked of the holder")
    rows.add_row("reason", verdict.reason)
    console.print(rows)
