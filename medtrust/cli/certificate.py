"""Certificate: verify whatever certificate somebody shows, ours, an EU DCC or a SMART Health Card."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Annotated, Any

import typer

from medtrust.cli.common import ChainOption, JsonOption, answer, console, new_app, open_suite, table, time_of
from medtrust.instants import instant
from medtrust.verdict import Verdict
from medtrust.verification import load, read_trust, verify_certificates

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


@app.command()
def verify(
    sources: SourcesArgument,
    trust: TrustOption = None,
    at: Annotated[str | None, typer.Option(help="As of a time (ISO 8601); now unless given.")] = None,
    chain: ChainOption = "local",
    json_: JsonOption = False,
) -> None:
    """Say who issued a certificate, whether it stands and why; exit 1 unless it is valid.

    Several files are the chunks of one health card. The chain is asked about our own certificates alone.
    """
    shown = [part for source in sources for part in (_stdin() if source == "-" else load(source))]
    verdicts = verify_certificates(
        shown,
        read_trust(trust or []),
        lambda: open_suite(chain, None),
        at=instant(at, place="--at") if at else time.time(),
        is_now=at is None,
    )
    first = next((verdict for verdict in verdicts if not verdict.is_valid), verdicts[0])
    value = _to_dict(first)
    if len(verdicts) > 1:
        value["certificates"] = [_to_dict(verdict) for verdict in verdicts]
    answer(value, lambda: _print(verdicts), as_json=json_)
    if not first.is_valid:
        raise typer.Exit(1)


def _stdin() -> list[str | bytes]:
    return [typer.get_binary_stream("stdin").read()]


def _to_dict(verdict: Verdict) -> dict[str, Any]:
    return {
        "verdict": verdict.status.name,
        "reason": verdict.reason,
        "sentence": verdict.sentence,
        "issuer": verdict.issuer,
        "claims": verdict.shown,
        "form": verdict.form,
        "signer": verdict.signer,
        "anchoredAt": verdict.anchored_at,
        "advisories": verdict.advisories.names,
        "bearer": verdict.bearer,
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
