"""Consents in other forms: on the screen, as a letter in English or Chinese, as a FHIR Consent, both ways."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from medtrust.cli.common import ChainOption, JsonOption, answer, open_suite, table, time_of
from medtrust.cli.consent_options import ReceiptArgument
from medtrust.cli.standards import COMPARISON_KEY
from medtrust.consent_receipt import read_receipt, to_json
from medtrust.consent_standing import standing_of
from medtrust.consent_terms import UNLIMITED, Confidentiality, Consent, DataClass, Purpose, SignedConsent, names_of
from medtrust.consent_text import Standing, letter
from medtrust.errors import InputError
from medtrust.sandbox import ORGANISATIONS
from medtrust.standards.fhir_consent import ConsentReading, read_consent, write_consent
from medtrust.standards.loss import LossReport
from medtrust.types import ZERO_ADDRESS, ZERO_HASH, organisation_id

__all__ = ["export", "read", "receipt", "show"]

GranteeOption = Annotated[
    str | None, typer.Option(help="The organisation's identifier (URI), of which the receipt has the hash alone.")
]
OutOption = Annotated[Path | None, typer.Option(help="Where it goes; the terminal unless given.")]


def show(receipt: ReceiptArgument, chain: ChainOption = "local", json_: JsonOption = False) -> None:
    """Show what a signed consent says, and what the chain knows of it."""
    suite, signed = open_suite(chain, None), read_receipt(receipt)
    standing = standing_of(suite, signed.consent)
    rows = table(f"consent 0x{signed.id.hex()}", "what", "value")
    rows.columns[-1].overflow = "fold"
    for name, value in (*_words(signed.consent), *_known(standing)):
        rows.add_row(name, value)
    rows.add_row("signature", "the patient's key" if signed.is_genuine else "not a key's: a wallet must be asked")
    answer({**to_json(signed), "record": _record(standing)}, rows, as_json=json_)


def receipt(
    receipt: ReceiptArgument,
    language: Annotated[Literal["en", "zh"], typer.Option(help="English or Chinese.")] = "en",
    grantee: GranteeOption = None,
    out: OutOption = None,
    chain: ChainOption = "local",
    json_: JsonOption = False,
) -> None:
    """Write a signed consent and how it stands now as a letter to its patient: who granted it, what became of it."""
    suite, signed = open_suite(chain, None), read_receipt(receipt)
    names = _names(_known_grantee(grantee, signed))
    shown = letter(signed.consent, language, names, standing=standing_of(suite, signed.consent))
    _give(shown, {"consent": signed.id, "language": language, "text": shown}, out, as_json=json_)


def export(
    receipt: ReceiptArgument,
    fhir: Annotated[bool, typer.Option("--fhir", help="As a FHIR R4 Consent; its losses are told on stderr.")] = False,
    text: Annotated[
        Literal["en", "zh"] | None, typer.Option("--text", help="As a letter in English or in Chinese.")
    ] = None,
    grantee: GranteeOption = None,
    out: OutOption = None,
    json_: JsonOption = False,
) -> None:
    """Write a signed consent as a FHIR Consent, or as a letter to its patient; no chain is asked."""
    signed = read_receipt(receipt)
    if fhir == (text is not None):
        raise InputError(place="--fhir, --text", found="both" if fhir else "neither", expected="one of them")
    grantee = _known_grantee(grantee, signed)
    if text:
        shown = letter(signed.consent, text, _names(grantee))
        _give(shown, {"consent": signed.id, "language": text, "text": shown}, out, as_json=json_)
    else:
        _export_fhir(signed, grantee, out, as_json=json_)


def read(
    file: Annotated[Path, typer.Argument(help="A FHIR R4 Consent (JSON), or a Bundle with one.")],
    json_: JsonOption = False,
) -> None:
    """Read a FHIR Consent: what it permits, and what of it a consent cannot carry; what says more is refused."""
    found = read_consent(file.read_bytes(), name=str(file), key=COMPARISON_KEY)
    value = _plain(found)
    rows = table(f"what {file} permits", "what", "value")
    rows.columns[-1].overflow = "fold"
    for name, one in value.items():
        rows.add_row(name, _shown(name, one))
    for disposition in ("defaulted", "dropped"):
        paths = [entry.path for entry in found.loss.entries() if entry.disposition == disposition]
        rows.add_row(disposition, "\n".join(paths) or "nothing")
    answer({**value, "loss": _losses(found.loss)}, rows, as_json=json_)


def _export_fhir(signed: SignedConsent, grantee: str | None, out: Path | None, *, as_json: bool) -> None:
    known = [member.identifier for member in ORGANISATIONS.values()] + ([grantee] if grantee else [])
    written = write_consent(signed.consent, key=COMPARISON_KEY, known=known)
    shown = json.dumps(written.document, indent=2, ensure_ascii=False) + "\n"
    value = {"consent": signed.id, "resource": written.document, "loss": _losses(written.loss)}
    _give(shown, value, out, as_json=as_json)
    if not as_json:
        lost = ", ".join(entry.path for entry in written.loss.entries() if entry.disposition == "dropped")
        typer.echo(f"not carried: {lost}", err=True)


def _give(text: str, value: dict[str, Any], out: Path | None, *, as_json: bool) -> None:
    """Write a text to a file, or print it as it is; as JSON, print the value."""
    if out:
        out.write_text(text, encoding="utf-8")
        answer({**value, "file": str(out)}, f"written to {out}", as_json=as_json)
    else:
        answer(value, lambda: typer.echo(text, nl=False), as_json=as_json)


def _known_grantee(grantee: str | None, signed: SignedConsent) -> str | None:
    if grantee and organisation_id(grantee) != signed.consent.grantee:
        expected = f"the identifier of 0x{signed.consent.grantee.hex()}"
        raise InputError(place="--grantee", found=grantee, expected=expected)
    return grantee


def _words(consent: Consent) -> list[tuple[str, str]]:
    terms = consent.terms
    return [
        ("patient", consent.patient),
        ("grantee", "0x" + consent.grantee.hex()),
        ("access", f"{time_of(consent.access_from)} to {time_of(consent.access_until)}"),
        ("uses", "no limit" if consent.max_uses == UNLIMITED else str(consent.max_uses)),
        ("purposes", ", ".join(names_of(Purpose(terms.purposes)))),
        ("classes", ", ".join(names_of(DataClass(terms.data_classes)))),
        ("highest label", Confidentiality(terms.sensitivity).name),
        ("jurisdiction", str(terms.jurisdiction or "any")),
        ("facility", "any" if terms.facility == ZERO_HASH else "0x" + terms.facility.hex()),
        ("data from", time_of(terms.data_from) if terms.data_from else "any"),
        ("data until", time_of(terms.data_until) if terms.data_until else "any"),
        ("passing on", "allowed" if terms.onward else "not allowed"),
        ("stands on", "none" if terms.parent == ZERO_HASH else "0x" + terms.parent.hex()),
    ]


def _known(now: Standing) -> list[tuple[str, str]]:
    record = now.record
    who = "a guardian" if record.is_by_guardian else "the patient"
    withheld = ", ".join(names_of(DataClass(now.withheld)))
    return [
        ("granted", f"{time_of(record.granted_at)}, by {who}" if record.granted_at else "never"),
        ("accepted", time_of(record.accepted_at)),
        ("declined", time_of(record.declined_at)),
        ("used", f"{record.uses} times, last {time_of(record.used_at)}"),
        ("revoked", time_of(record.revoked_at) if now.is_current or record.revoked_at else "with all others"),
        ("controller", now.controller),
        ("in an emergency", f"opened, except {withheld}" if withheld else "opened"),
    ]


def _record(now: Standing) -> dict[str, Any]:
    record = now.record
    return {
        "grantedAt": record.granted_at,
        "isByGuardian": record.is_by_guardian,
        "acceptedAt": record.accepted_at,
        "declinedAt": record.declined_at,
        "usedAt": record.used_at,
        "uses": record.uses,
        "revokedAt": record.revoked_at,
        "isCurrentEpoch": now.is_current,
        "controller": now.controller,
        "withheldInEmergencies": names_of(DataClass(now.withheld)),
    }


def _names(grantee: str | None) -> dict[bytes, str]:
    """What people call the organisations that are known: those of the sandbox, and the one that is given."""
    names = {member.id: f"{member.title} ({member.identifier})" for member in ORGANISATIONS.values()}
    return {organisation_id(grantee): grantee, **names} if grantee else names


def _plain(found: ConsentReading) -> dict[str, Any]:
    consent, terms = found.outline, found.outline.terms
    return {
        "patient": "" if consent.patient == ZERO_ADDRESS else consent.patient,
        "organisation": found.organisation,
        "grantee": consent.grantee,
        "accessFrom": consent.access_from,
        "accessUntil": consent.access_until,
        "maxUses": consent.max_uses,
        "purposes": names_of(Purpose(terms.purposes)),
        "dataClasses": names_of(DataClass(terms.data_classes)),
        "sensitivity": Confidentiality(terms.sensitivity).name,
        "jurisdiction": terms.jurisdiction,
        "facility": terms.facility,
        "dataFrom": terms.data_from,
        "dataUntil": terms.data_until,
        "onward": terms.onward,
        "parent": terms.parent,
        "document": terms.document,
    }


def _shown(name: str, value: Any) -> str:
    if value in (0, ZERO_HASH) and value is not False:
        return "none" if name in ("parent", "document") else "any"
    if name.endswith(("From", "Until")):
        return time_of(value)
    if isinstance(value, bytes):
        return "0x" + value.hex()
    if value == UNLIMITED:
        return "no limit"
    return ", ".join(value) if isinstance(value, list) else str(value)


def _losses(loss: LossReport) -> list[dict[str, str]]:
    return [entry.to_dict() for entry in loss.entries()]
