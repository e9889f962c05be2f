"""Certificate: verify whatever certificate somebody shows, and write ours in the forms that others read."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Annotated, Any

import typer

from medtrust.card_key import card_key, key_set
from medtrust.certificate import Certificate
from medtrust.cli.common import ChainOption, JsonOption, answer, console, new_app, open_suite, table, time_of
from medtrust.cli.vaccine_verify import AuthorityOption, OfflineOption, offline_registry
from medtrust.errors import CheckRefused
from medtrust.exporting import card_of, write_card, write_fhir, write_page, write_picture
from medtrust.files import write_json
from medtrust.instants import instant
from medtrust.standards.fhir_certificate import Person
from medtrust.verdict import Verdict
from medtrust.verification import load, read_shown, read_trust, unproven, verify_certificates

__all__ = ["app"]

app = new_app("Certificates of any kind: ours, EU DCCs, SMART Health Cards.")

SourcesArgument = Annotated[
    list[str],
    typer.Argument(
        metavar="FILE...", help="A file, a picture of a QR code, its text (MT1:…, HC1:…, shc:/…), or - for stdin."
    ),
]
TrustOption = Annotated[
    list[Path] | None,
    typer.Option("--trust", help="Whom to trust: a certificate, a key set (JWKS), a directory, a revocation list."),
]
IssuerOption = Annotated[str, typer.Option("--issuer", help="The URL under which the clinic publishes its key set.")]
KeyOption = Annotated[Path | None, typer.Option("--key", help="The file of the clinic's P-256 key; made at first use.")]


@app.command()
def verify(
    sources: SourcesArgument,
    trust: TrustOption = None,
    at: Annotated[str | None, typer.Option(help="As of a time (ISO 8601); now unless given.")] = None,
    offline: OfflineOption = None,
    authority: AuthorityOption = None,
    chain: ChainOption = "local",
    json_: JsonOption = False,
) -> None:
    """Say who issued a certificate, whether it stands and why; exit 1 unless it is valid.

    Several files are the chunks of one health card. The chain, or a checkpoint, is asked about our own certificates
    alone.
    """
    moment = instant(at, place="--at") if at else time.time()
    try:
        verdicts = verify_certificates(
            [part for source in sources for part in _shown(source)],
            read_trust(trust or []),
            lambda: open_suite(chain, None),
            at=moment,
            is_now=at is None,
            offline=offline_registry(offline, authority, int(moment)) if offline else None,
        )
    except CheckRefused as refused:
        verdicts = [unproven(refused)]
    first = next((verdict for verdict in verdicts if not verdict.is_valid), verdicts[0])
    value = _to_dict(first)
    if len(verdicts) > 1:
        value["certificates"] = [_to_dict(verdict) for verdict in verdicts]
    answer(value, lambda: _print(verdicts), as_json=json_)
    if not first.is_valid:
        raise typer.Exit(1)


@app.command()
def export(
    source: Annotated[str, typer.Argument(metavar="FILE", help="A certificate of ours: a file, its text, or - .")],
    shc: Annotated[
        Path | None,
        typer.Option("--shc", help="Write a health card: .smart-health-card, or .png or .svg, its QR code."),
    ] = None,
    fhir: Annotated[Path | None, typer.Option("--fhir", help="Write a FHIR Bundle.")] = None,
    png: Annotated[
        Path | None, typer.Option("--png", help="Write the QR code of the certificate, .png or .svg.")
    ] = None,
    pdf: Annotated[Path | None, typer.Option("--pdf", help="Write a page to print.")] = None,
    family: Annotated[str, typer.Option(help="The person's family name, for --shc and --fhir.")] = "",
    given: Annotated[str, typer.Option(help="The person's given names.")] = "",
    born: Annotated[str, typer.Option(help="The person's date of birth, YYYY-MM-DD.")] = "",
    issuer: IssuerOption = "",
    key: KeyOption = None,
    chain: ChainOption = "local",
    json_: JsonOption = False,
) -> None:
    """Write a certificate as FHIR, as a SMART Health Card signed with the clinic's key, as a picture, as a page.

    A health card is signed only while the chain says that the dose stands; exit 1 if it does not.
    """
    certificate = Certificate.parse((_shown(source) or [b""])[0])
    person = Person(family, given, born) if family or given or born or shc else None
    written = {name: str(path) for name, path in {"shc": shc, "fhir": fhir, "png": png, "pdf": pdf}.items() if path}
    if shc and person:
        open_suite(chain, None).vaccination.verify(certificate).require_valid()
        card = card_of(certificate, person, card_key(issuer, key), issuer, at=int(time.time()))
        write_card(shc, card)
        written["rid"] = card.rid
    if fhir:
        write_fhir(fhir, certificate, person)
    if png:
        write_picture(png, certificate)
    if pdf:
        write_page(pdf, certificate)
    answer(written, "\n".join(f"{name}: {value}" for name, value in written.items()), as_json=json_)


@app.command()
def keys(
    issuer: IssuerOption = "",
    key: KeyOption = None,
    to: Annotated[Path | None, typer.Option("--to", help="Write the key set into a file.")] = None,
    json_: JsonOption = False,
) -> None:
    """Print the key set that the clinic publishes at <issuer>/.well-known/jwks.json; the key is made at first use."""
    found = key_set(card_key(issuer, key))
    if to:
        write_json(to, found)
    answer(found, json.dumps(found, indent=2), as_json=json_)


def _shown(source: str) -> list[str | bytes]:
    return read_shown(typer.get_binary_stream("stdin").read()) if source == "-" else load(source)


def _to_dict(verdict: Verdict) -> dict[str, Any]:
    return {
        "verdict": verdict.status.name,
        "reason": verdict.reason,
        "issuer": verdict.issuer,
        "claims": verdict.shown,
        "sentence": verdict.sentence,
        "form": verdict.form,
        "signer": verdict.signer,
        "anchoredAt": verdict.anchored_at,
        "advisories": verdict.advisories.names,
        "bearer": verdict.bearer,
        "successor": verdict.successor,
    }


def _print(verdicts: list[Verdict]) -> None:
    for verdict in verdicts:
        rows = table(f"{verdict.status.name}: {verdict.sentence}", "", "")
        rows.add_row("issuer", verdict.issuer or "unknown")
        rows.add_row("signer", verdict.signer or "unknown")
        if verdict.anchored_at:
            rows.add_row("anchored", time_of(verdict.anchored_at))
        for sentence in verdict.advisories.sentences:
            rows.add_row("mind", sentence)
        rows.add_row("reason", verdict.reason)
        console.print(rows)
        if verdict.shown:
            console.print(json.dumps(verdict.shown, indent=2, ensure_ascii=False))
