"""Verifying vaccinations: by the chain or by a checkpoint, of a bearer, of a holder who signs, of a code on paper."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated

import typer

from medtrust.checkpoint import OfflineRegistry
from medtrust.checkpoints import authority_for, make_checkpoint, open_checkpoint, remember_authority
from medtrust.cli.common import (
    AccountOption,
    ChainOption,
    JsonOption,
    answer,
    console,
    open_suite,
    table,
    time_of,
    when,
)
from medtrust.cli.vaccine_options import (
    CertificateArgument,
    FieldsOption,
    HolderKeyOption,
    read_certificate,
    read_shown,
)
from medtrust.errors import InputError
from medtrust.files import write_whole
from medtrust.holder import find_key, hand_over, make_paper
from medtrust.holder import present as signed_over
from medtrust.importer import write_qr_text
from medtrust.instants import instant
from medtrust.pseudonym import PatientIdentifier
from medtrust.registry_key import registry_key
from medtrust.sandbox import JURISDICTION
from medtrust.shown import Question, judge_shown
from medtrust.used_codes import UsedCodes
from medtrust.verdict import Verdict

__all__ = ["AuthorityOption", "OfflineOption", "checkpoint", "codes", "key", "offline_registry", "present", "verify"]

OfflineOption = Annotated[
    Path | None, typer.Option("--offline", help="A checkpoint file, which is asked in place of the chain.")
]
AuthorityOption = Annotated[
    str | None, typer.Option("--authority", help="Whose signature under the checkpoint counts; the known one's else.")
]
QrOption = Annotated[Path | None, typer.Option("--qr", help="Write a QR code, .png or .svg.")]
UntilOption = Annotated[str, typer.Option(help="When it ends: a date, or +N with s, h, d or y.")]


def offline_registry(path: Path, authority: str | None, at: int | None) -> OfflineRegistry:
    """Open a checkpoint as what is asked; it counts by this machine's clock, or by the time asked about if later."""
    found = open_checkpoint(path)
    return OfflineRegistry(found, authority_for(found, authority), max(int(time.time()), at or 0))


def verify(
    certificate: CertificateArgument,
    at: Annotated[str | None, typer.Option(help="As of a time: a date or Unix seconds; now unless given.")] = None,
    challenge: Annotated[str | None, typer.Option(help="The text that the holder was asked to sign.")] = None,
    verifier: Annotated[str, typer.Option(help="Who asks, as the holder was told.")] = "",
    code: Annotated[str | None, typer.Option(help="The one-time code from the paper.")] = None,
    used: Annotated[Path | None, typer.Option(help="The folder of used codes; several desks may share it.")] = None,
    offline: OfflineOption = None,
    authority: AuthorityOption = None,
    chain: ChainOption = "local",
    json_: JsonOption = False,
) -> None:
    """Say who gave a dose, when it was anchored, how it stands and why; exit 1 unless it is valid.

    With --challenge the holder must have signed that, with --code it must be an unused code of the paper.
    """
    shown = read_shown(certificate)
    if offline:
        moment = None if at is None else int(at) if at.isdecimal() else int(instant(at, place="--at"))
        verdict = judge_shown(
            shown,
            offline_registry(offline, authority, moment),
            Question(int(time.time()), moment, verifier, challenge, code, UsedCodes(used).use),
        )
    else:
        suite = open_suite(chain, None)
        moment = when(at, suite.chain, default=0) if at else None
        question = Question(int(time.time()), moment, verifier, challenge, code, UsedCodes(used).use)
        verdict = judge_shown(shown, suite.vaccination, question)
    answer(_to_dict(verdict), lambda: _print_verdict(verdict), as_json=json_)
    if not verdict.is_valid:
        raise typer.Exit(1)


def _to_dict(verdict: Verdict) -> dict[str, object]:
    return {
        "valid": verdict.is_valid,
        "status": verdict.status.name,
        "reason": verdict.reason,
        "sentence": verdict.sentence,
        "advisories": verdict.advisories.names,
        "issuer": verdict.issuer,
        "signer": verdict.signer,
        "anchoredAt": verdict.anchored_at,
        "bearer": verdict.bearer,
        "successor": verdict.successor,
        "shown": verdict.shown,
    }


def _print_verdict(verdict: Verdict) -> None:
    rows = table(f"{verdict.status.name}: {verdict.sentence}", "", "")
    rows.add_row("issuer", verdict.issuer)
    if verdict.signer:
        rows.add_row("anchored", f"{time_of(verdict.anchored_at)} by {verdict.signer}")
    if verdict.successor:
        rows.add_row("successor", verdict.successor)
    for name, value in verdict.shown.items():
        rows.add_row(name, value)
    for sentence in verdict.advisories.sentences:
        rows.add_row("mind", sentence)
    if verdict.is_valid:
        bearer = "whoever holds this certificate can show it: nothing was asked of the holder"
        rows.add_row(*(("bearer", bearer) if verdict.bearer else ("holder", "showed that it is theirs, just now")))
    rows.add_row("reason", verdict.reason)
    console.print(rows)


def present(
    certificate: CertificateArgument,
    verifier: Annotated[str, typer.Option(help="Who asks, as it names itself.")],
    challenge: Annotated[str, typer.Option(help="The text that it asks you to sign.")],
    fields: FieldsOption = "",
    minutes: Annotated[int, typer.Option(min=1, max=1440, help="How long it counts.")] = 10,
    qr: QrOption = None,
    to: Annotated[Path | None, typer.Option(help="Write a file.")] = None,
    holder_key: HolderKeyOption = None,
    as_: AccountOption = None,
    json_: JsonOption = False,
) -> None:
    """Sign a certificate over, as its holder, for one verifier and its challenge, so that a copy is worth nothing."""
    given = read_certificate(certificate)
    shown = given.show(fields.split(",")) if fields else given
    signing_key = find_key(shown, as_, holder_key)
    signed = signed_over(shown, signing_key, verifier=verifier, challenge=challenge, seconds=60 * minutes)
    _write(signed.to_json(), signed.to_text(), to, qr)
    answer({"text": signed.to_text(), "until": signed.expires_at}, signed.to_text(), as_json=json_)


def codes(
    certificate: CertificateArgument,
    count: Annotated[int, typer.Option(min=1, max=100, help="How many codes.")] = 10,
    until: UntilOption = "+1y",
    qr: QrOption = None,
    to: Annotated[Path | None, typer.Option(help="Write a file.")] = None,
    holder_key: HolderKeyOption = None,
    chain: ChainOption = "local",
    as_: AccountOption = None,
    json_: JsonOption = False,
) -> None:
    """Make a certificate for paper with one-time codes, for people with no phone; the codes are shown here alone."""
    given = read_certificate(certificate)
    expires_at = when(until, open_suite(chain, None).chain, default=0)
    paper, written = make_paper(given, find_key(given, as_, holder_key), count=count, expires_at=expires_at)
    _write(paper.to_json(), paper.to_text(), to, qr)
    text = "\n".join([paper.to_text(), *written])
    answer({"text": paper.to_text(), "codes": written, "until": expires_at}, text, as_json=json_)


def _write(content: bytes, text: str, to: Path | None, qr: Path | None) -> None:
    if qr:
        if qr.suffix not in (".png", ".svg"):
            raise InputError(place="--qr", found=qr.name, expected="a name that ends in .png or .svg")
        write_qr_text(qr, text)
    if to:
        write_whole(to, content + b"\n", mode=0o600)


def key(
    certificate: CertificateArgument,
    patient: Annotated[str, typer.Option(help="The identifier by which the clinic knows the person.")],
    to: Annotated[Path, typer.Option(help="Where the key goes; readable by its owner alone.")],
    authority: Annotated[str, typer.Option(help="Who assigned the identifier, as the source names it.")] = "",
    type_: Annotated[str, typer.Option("--type", help="Its kind, such as MR (HL7 table 0203).")] = "",
    registry: Annotated[Path | None, typer.Option("--key", help="The registry key's file.")] = None,
    json_: JsonOption = False,
) -> None:
    """Hand the holder of a certificate the key to sign with, as the clinic that issued it."""
    given = read_certificate(certificate)
    secret = registry_key(given.issuer, registry)
    address = hand_over(given, PatientIdentifier(authority, type_, patient), secret, to)
    answer(
        {"holder": address, "file": str(to)}, f"the key of {address} is in {to}: give it to that person", as_json=json_
    )


def checkpoint(
    to: Annotated[Path, typer.Option(help="Where it goes.")],
    jurisdiction: Annotated[int, typer.Option(help="Whose authority signs (ISO 3166-1 numeric).")] = JURISDICTION,
    until: UntilOption = "+7d",
    chain: ChainOption = "local",
    as_: AccountOption = None,
    json_: JsonOption = False,
) -> None:
    """Write, as the authority, what the registry answers now, for verifiers with no network until it expires."""
    suite = open_suite(chain, as_)
    made = make_checkpoint(suite, jurisdiction, expires_at=when(until, suite.chain, default=0))
    write_whole(to, made.to_json() + b"\n")
    remember_authority(made, suite.signer_address)
    value = {
        "file": str(to),
        "block": made.block,
        "at": made.at,
        "until": made.expires_at,
        "authority": suite.signer_address,
        "issuers": len(made.issuers),
        "batches": len(made.batches),
    }
    text = f"{to}: {len(made.batches)} batches of {len(made.issuers)} issuers at block {made.block}, signed by"
    answer(value, f"{text} {suite.signer_address}, good until {time_of(made.expires_at)}", as_json=json_)
