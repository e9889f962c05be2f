"""Consent: sign and grant, check, revoke, and look back."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from medtrust import wallet
from medtrust.cli import consent_forms
from medtrust.cli.common import (
    AccountOption,
    ChainOption,
    JsonOption,
    answer,
    new_app,
    open_suite,
    organisation,
    receipt_answer,
    table,
    time_of,
    when,
)
from medtrust.consent import UNLIMITED, Confidentiality, Consent, DataClass, Purpose, Request, SignedConsent, Verdict
from medtrust.consent_receipt import read_receipt, to_json, write_receipt
from medtrust.consent_terms import flags_of, level_of, names_of
from medtrust.errors import InputError
from medtrust.suite import Suite
from medtrust.types import ZERO_HASH, bytes32, checksum_address, name_hash

__all__ = ["app"]

app = new_app("What patients allow: to whom, for what, where and until when.")
app.command()(consent_forms.export)
app.command()(consent_forms.read)

ReceiptArgument = Annotated[Path, typer.Argument(help="The file of the signed consent.")]
PurposeOption = Annotated[str, typer.Option("--purpose", help="Purposes of use, such as treat,hpaymt (HL7 codes).")]
ClassOption = Annotated[str, typer.Option("--class", help="Classes of data, such as immunization,medication.")]
LabelOption = Annotated[str, typer.Option("--sensitivity", help="The label of the data: U, L, M, N, R or V.")]
FacilityOption = Annotated[str | None, typer.Option(help="A facility: its name, or its hash as 0x and 64 digits.")]
SenderOption = Annotated[
    str | None, typer.Option(help="Who sends and pays for what the patient signs; the patient unless given.")
]


@app.command()
def sign(
    grantee: Annotated[str, typer.Argument(help="The organisation: its identifier, id, or sandbox name.")],
    out: Annotated[Path, typer.Argument(help="Where the receipt goes.")],
    purpose: PurposeOption,
    class_: ClassOption,
    until: Annotated[str, typer.Option(help="When it ends: a date, Unix seconds, or +30d.")] = "+30d",
    since: Annotated[str | None, typer.Option(help="When it begins; now unless given.")] = None,
    sensitivity: LabelOption = "N",
    uses: Annotated[int, typer.Option(help="How many uses may be recorded.", min=0, max=UNLIMITED)] = UNLIMITED,
    jurisdiction: Annotated[int, typer.Option(help="Where alone (ISO 3166-1 numeric); 0 for anywhere.")] = 0,
    facility: FacilityOption = None,
    data_from: Annotated[str | None, typer.Option(help="The earliest time of the data; any unless given.")] = None,
    data_until: Annotated[str | None, typer.Option(help="The end of the data's time; any unless given.")] = None,
    chain: ChainOption = "local",
    as_: AccountOption = None,
    json_: JsonOption = False,
) -> None:
    """Sign a consent as its patient and write the receipt; nothing is sent, and no ETH is needed."""
    suite = open_suite(chain, as_)
    consent = suite.consent.draft(
        organisation(grantee),
        flags_of(Purpose, purpose, place="--purpose"),
        flags_of(DataClass, class_, place="--class"),
        until=when(until, suite.chain, default=0),
        since=when(since, suite.chain, default=suite.chain.now()),
        sensitivity=level_of(sensitivity, place="--sensitivity"),
        max_uses=uses,
        jurisdiction=jurisdiction,
        facility=_facility(facility),
        data_from=when(data_from, suite.chain, default=0),
        data_until=when(data_until, suite.chain, default=0),
    )
    receipt = suite.consent.sign(consent)
    write_receipt(out, receipt)
    answer(to_json(receipt), f"signed consent 0x{receipt.id.hex()}\n  receipt {out}", as_json=json_)


@app.command()
def grant(
    receipt: ReceiptArgument, chain: ChainOption = "local", as_: AccountOption = None, json_: JsonOption = False
) -> None:
    """Grant a signed consent on the chain; anyone may send it."""
    signed = read_receipt(receipt)
    done = open_suite(chain, as_).consent.grant_by_sig(signed)
    text = f"granted consent 0x{signed.id.hex()}" if done.events else "it was granted before: nothing changed"
    receipt_answer(done, text, as_json=json_, consent=signed.id)


@app.command()
def check(
    receipt: ReceiptArgument,
    actor: Annotated[str, typer.Option(help="Who asks: an address, or a name on a local chain.")],
    purpose: PurposeOption,
    class_: ClassOption,
    for_: Annotated[
        str | None, typer.Option("--for", help="The organisation it asks for; the grantee unless given.")
    ] = None,
    sensitivity: LabelOption = "N",
    facility: FacilityOption = None,
    jurisdiction: Annotated[
        int | None, typer.Option(help="ISO 3166-1 numeric; where the organisation is registered unless given.")
    ] = None,
    data_at: Annotated[str | None, typer.Option(help="The time of the data; now unless given.")] = None,
    at: Annotated[str | None, typer.Option(help="As of a time: a date or Unix seconds; now unless given.")] = None,
    chain: ChainOption = "local",
    json_: JsonOption = False,
) -> None:
    """Say whether a consent covers a request, or the one thing that refuses it; exit 1 unless it does."""
    suite = open_suite(chain, None)
    signed = read_receipt(receipt)
    asking = organisation(for_) if for_ else signed.consent.grantee
    request = Request(
        actor=_address(actor, suite),
        organisation=asking,
        purpose=flags_of(Purpose, purpose, place="--purpose"),
        data_class=flags_of(DataClass, class_, place="--class"),
        sensitivity=level_of(sensitivity, place="--sensitivity"),
        facility=_facility(facility),
        jurisdiction=suite.accreditation.jurisdiction_of(asking) if jurisdiction is None else jurisdiction,
        data_at=when(data_at, suite.chain, default=suite.chain.now()),
    )
    verdict = _ask(suite, signed, request, when(at, suite.chain, default=0))
    value = {"decision": verdict.decision.name, "reason": verdict.reason.name, "sentence": verdict.sentence}
    answer({**value, "consent": signed.id}, str(verdict), as_json=json_)
    if not verdict.is_permitted:
        raise typer.Exit(1)


@app.command()
def revoke(
    consent: Annotated[str, typer.Argument(help="The file of a receipt, or the id as 0x and 64 digits.")],
    sender: SenderOption = None,
    chain: ChainOption = "local",
    as_: AccountOption = None,
    json_: JsonOption = False,
) -> None:
    """Revoke a consent for ever, as its patient, also one that was only signed."""
    id_ = bytes32(consent, place="consent") if consent.startswith("0x") else read_receipt(Path(consent)).id
    suite = open_suite(chain, as_)
    if sender is None:
        done = suite.consent.revoke(id_)
    else:
        deadline = when("+1h", suite.chain, default=0)
        signature = suite.consent.sign_revoke(id_, deadline=deadline)
        relay = open_suite(chain, sender).consent
        done = relay.revoke_by_sig(_patient(suite), id_, signature, deadline=deadline)
    text = f"revoked consent 0x{id_.hex()}" if done.events else "it was revoked before: nothing changed"
    receipt_answer(done, text, as_json=json_, consent=id_)


@app.command()
def revoke_all(
    grantee: Annotated[str | None, typer.Argument(help="Those to this organisation alone; all unless given.")] = None,
    sender: SenderOption = None,
    chain: ChainOption = "local",
    as_: AccountOption = None,
    json_: JsonOption = False,
) -> None:
    """Revoke all consents of a patient, or all to one organisation, also those that were only signed."""
    suite = open_suite(chain, as_)
    id_ = organisation(grantee) if grantee else ZERO_HASH
    if sender is None:
        done = suite.consent.revoke_all_of(id_) if grantee else suite.consent.revoke_all()
    else:
        patient, deadline = _patient(suite), when("+1h", suite.chain, default=0)
        epoch = suite.consent.epoch_of(patient, id_)
        relay = open_suite(chain, sender).consent
        if grantee:
            signature = suite.consent.sign_revoke_all_of(id_, epoch=epoch, deadline=deadline)
            done = relay.revoke_all_of_by_sig(patient, id_, signature, epoch=epoch, deadline=deadline)
        else:
            signature = suite.consent.sign_revoke_all(epoch=epoch, deadline=deadline)
            done = relay.revoke_all_by_sig(patient, signature, epoch=epoch, deadline=deadline)
    receipt_answer(done, f"revoked all consents{f' to {grantee}' if grantee else ''}", as_json=json_)


@app.command()
def show(receipt: ReceiptArgument, chain: ChainOption = "local", json_: JsonOption = False) -> None:
    """Show what a signed consent says, and what the chain knows of it."""
    suite = open_suite(chain, None)
    signed = read_receipt(receipt)
    consent = signed.consent
    record = suite.consent.record_of(consent.patient, signed.id)
    is_current = suite.consent.epoch_of(consent.patient, consent.grantee) == consent.epoch
    rows = table(f"consent 0x{signed.id.hex()}", "what", "value")
    rows.columns[-1].overflow = "fold"
    for name, value in _words(consent):
        rows.add_row(name, value)
    rows.add_row("granted", time_of(record.granted_at))
    rows.add_row("revoked", time_of(record.revoked_at) if is_current or record.revoked_at else "with all others")
    rows.add_row("used", f"{record.uses} times, last {time_of(record.used_at)}")
    rows.add_row("signature", "the patient's key" if signed.is_genuine else "not a key's: a wallet must be asked")
    known = {
        "grantedAt": record.granted_at,
        "revokedAt": record.revoked_at,
        "usedAt": record.used_at,
        "uses": record.uses,
        "isCurrentEpoch": is_current,
    }
    answer({**to_json(signed), "record": known}, rows, as_json=json_)


@app.command()
def history(
    patient: Annotated[str, typer.Argument(help="The address of the patient, or a name on a local chain.")],
    chain: ChainOption = "local",
    json_: JsonOption = False,
) -> None:
    """List what was done about the consents of a patient, oldest first."""
    suite = open_suite(chain, None)
    events = suite.consent.history(_address(patient, suite))
    rows = table(f"consents of {patient}", "block", "event", "consent or grantee")
    rows.columns[-1].overflow = "fold"
    for event in events:
        about = event.values.get("consent") or event.values.get("grantee") or b""
        rows.add_row(str(event.block), event.name, f"0x{about.hex()}" if about else "all")
    value = [{"event": event.name, "block": event.block, **event.values} for event in events]
    answer(value, rows, as_json=json_)


def _ask(suite: Suite, signed: SignedConsent, request: Request, at: int) -> Verdict:
    if at:
        return suite.consent.check_at(signed.consent, request, at, signature=signed.signature)
    return suite.consent.check(signed.consent, request, signature=signed.signature)


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
    ]


def _address(text: str, suite: Suite) -> str:
    """Read an account: its address, or on a local chain one of the names there."""
    return wallet.role(text).address if suite.chain.is_local and text in wallet.ROLES else checksum_address(text)


def _facility(text: str | None) -> bytes:
    if text is None:
        return ZERO_HASH
    return bytes32(text, place="--facility") if text.startswith("0x") else name_hash(text)


def _patient(suite: Suite) -> str:
    if suite.signer is None:
        raise InputError(place="signer", found="none", expected="the account of the patient (--as)")
    return suite.signer.address
