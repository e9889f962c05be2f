"""Consent: sign and grant, check, revoke, and look back."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from medtrust.cli import consent_forms, consent_grantee
from medtrust.cli.common import (
    AccountOption,
    ChainOption,
    JsonOption,
    address,
    answer,
    new_app,
    open_suite,
    organisation,
    receipt_answer,
    table,
    time_of,
    when,
)
from medtrust.cli.consent_options import (
    ClassOption,
    FacilityOption,
    JurisdictionOption,
    LabelOption,
    PatientOption,
    PurposeOption,
    ReceiptArgument,
    facility_id,
    request_of,
)
from medtrust.consent import UNLIMITED, ConsentClient, DataClass, Purpose, Request, SignedConsent, Verdict
from medtrust.consent_receipt import read_receipt, to_json, write_receipt
from medtrust.consent_terms import flags_of, level_of
from medtrust.keccak import keccak256
from medtrust.suite import Suite
from medtrust.types import ZERO_HASH, bytes32

__all__ = ["app"]

app = new_app("What patients allow: to whom, for what, where and until when.")
for _show in (consent_forms.show, consent_forms.receipt, consent_forms.export, consent_forms.read):
    app.command()(_show)
for _answer in (consent_grantee.accept, consent_grantee.decline, consent_grantee.use):
    app.command()(_answer)

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
    onward: Annotated[bool, typer.Option("--onward", help="Let other consents stand on this one.")] = False,
    parent: Annotated[Path | None, typer.Option(help="The signed consent that this one stands on.")] = None,
    document: Annotated[Path | None, typer.Option(help="What the patient read; the consent carries its hash.")] = None,
    patient: PatientOption = None,
    chain: ChainOption = "local",
    as_: AccountOption = None,
    json_: JsonOption = False,
) -> None:
    """Sign a consent as its patient and write the receipt; nothing is sent, and no ETH is needed."""
    suite = open_suite(chain, as_)
    client = _client(suite, patient)
    consent = client.draft(
        organisation(grantee),
        flags_of(Purpose, purpose, place="--purpose"),
        flags_of(DataClass, class_, place="--class"),
        until=when(until, suite.chain, default=0),
        since=when(since, suite.chain, default=suite.chain.now()),
        sensitivity=level_of(sensitivity, place="--sensitivity"),
        max_uses=uses,
        jurisdiction=jurisdiction,
        facility=facility_id(facility),
        data_from=when(data_from, suite.chain, default=0),
        data_until=when(data_until, suite.chain, default=0),
        onward=onward,
        parent=read_receipt(parent).id if parent else ZERO_HASH,
        document=keccak256(document.read_bytes()) if document else ZERO_HASH,
    )
    receipt = client.sign(consent)
    write_receipt(out, receipt)
    answer(to_json(receipt), f"signed consent 0x{receipt.id.hex()}\n  receipt {out}", as_json=json_)


@app.command()
def grant(
    receipt: ReceiptArgument,
    direct: Annotated[
        bool, typer.Option("--direct", help="As the patient's key or a guardian; the signature is not shown.")
    ] = False,
    chain: ChainOption = "local",
    as_: AccountOption = None,
    json_: JsonOption = False,
) -> None:
    """Grant a signed consent on the chain; anyone may send it."""
    signed, client = read_receipt(receipt), open_suite(chain, as_).consent
    done = client.grant(signed.consent) if direct else client.grant_by_sig(signed)
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
    jurisdiction: JurisdictionOption = None,
    data_at: Annotated[str | None, typer.Option(help="The time of the data; now unless given.")] = None,
    at: Annotated[str | None, typer.Option(help="As of a time: a date or Unix seconds; now unless given.")] = None,
    under: Annotated[
        list[Path] | None, typer.Option(help="A signed consent that it stands on, the first one first; again for each.")
    ] = None,
    chain: ChainOption = "local",
    json_: JsonOption = False,
) -> None:
    """Say whether a consent covers a request, or the one thing that refuses it; exit 1 unless it does."""
    suite = open_suite(chain, None)
    line = [read_receipt(one) for one in (*(under or ()), receipt)]
    request = request_of(
        suite,
        organisation(for_) if for_ else line[-1].consent.grantee,
        address(actor, suite),
        purpose,
        class_,
        sensitivity=sensitivity,
        facility=facility,
        jurisdiction=jurisdiction,
        data_at=when(data_at, suite.chain, default=suite.chain.now()),
    )
    verdict, about = _ask(suite, line, request, when(at, suite.chain, default=0))
    value = {"decision": verdict.decision.name, "reason": verdict.reason.name, "sentence": verdict.sentence}
    text = f"{verdict} (consent {about + 1} of {len(line)})" if under else str(verdict)
    answer({**value, "consent": line[about].id}, text, as_json=json_)
    if not verdict.is_permitted:
        raise typer.Exit(1)


@app.command()
def revoke(
    consent: Annotated[str, typer.Argument(help="The file of a receipt, or the id as 0x and 64 digits.")],
    patient: PatientOption = None,
    sender: SenderOption = None,
    chain: ChainOption = "local",
    as_: AccountOption = None,
    json_: JsonOption = False,
) -> None:
    """Revoke a consent for ever, as its patient, also one that was only signed."""
    id_ = bytes32(consent, place="consent") if consent.startswith("0x") else read_receipt(Path(consent)).id
    suite = open_suite(chain, as_)
    client = _client(suite, patient)
    if sender is None:
        done = client.revoke(id_)
    else:
        deadline = when("+1h", suite.chain, default=0)
        signature = client.sign_revoke(id_, deadline=deadline)
        relay = open_suite(chain, sender).consent
        done = relay.revoke_by_sig(_patient(suite, patient), id_, signature, deadline=deadline)
    text = f"revoked consent 0x{id_.hex()}" if done.events else "it was revoked before: nothing changed"
    receipt_answer(done, text, as_json=json_, consent=id_)


@app.command()
def revoke_all(
    grantee: Annotated[str | None, typer.Argument(help="Those to this organisation alone; all unless given.")] = None,
    patient: PatientOption = None,
    sender: SenderOption = None,
    chain: ChainOption = "local",
    as_: AccountOption = None,
    json_: JsonOption = False,
) -> None:
    """Revoke all consents of a patient, or all to one organisation, also those that were only signed."""
    suite = open_suite(chain, as_)
    client, id_ = _client(suite, patient), organisation(grantee) if grantee else ZERO_HASH
    if sender is None:
        done = client.revoke_all_of(id_) if grantee else client.revoke_all()
    else:
        who, deadline = _patient(suite, patient), when("+1h", suite.chain, default=0)
        epoch = client.epoch_of(who, id_)
        relay = open_suite(chain, sender).consent
        if grantee:
            signature = client.sign_revoke_all_of(id_, epoch=epoch, deadline=deadline)
            done = relay.revoke_all_of_by_sig(who, id_, signature, epoch=epoch, deadline=deadline)
        else:
            signature = client.sign_revoke_all(epoch=epoch, deadline=deadline)
            done = relay.revoke_all_by_sig(who, signature, epoch=epoch, deadline=deadline)
    receipt_answer(done, f"revoked all consents{f' to {grantee}' if grantee else ''}", as_json=json_)


@app.command()
def history(
    patient: Annotated[str, typer.Argument(help="The address of the patient, or a name on a local chain.")],
    chain: ChainOption = "local",
    json_: JsonOption = False,
) -> None:
    """List what was done about the consents of a patient, oldest first."""
    suite = open_suite(chain, None)
    events = suite.consent.history(address(patient, suite))
    rows = table(f"consents of {patient}", "block", "when", "event", "consent or grantee")
    rows.columns[-2].no_wrap, rows.columns[-1].overflow = True, "fold"
    for event in events:
        about = event.values.get("consent") or event.values.get("grantee") or b""
        at = next(value for name, value in event.values.items() if name.endswith("At"))
        what = f"{event.name}, by a guardian" if event.values.get("isByGuardian") else event.name
        rows.add_row(str(event.block), time_of(at), what, f"0x{about.hex()}" if about else "all")
    value = [{"event": event.name, "block": event.block, **event.values} for event in events]
    answer(value, rows, as_json=json_)


def _ask(suite: Suite, line: list[SignedConsent], request: Request, at: int) -> tuple[Verdict, int]:
    """Ask about the last of a line of consents; also says which of the line (from 0) the reason is about."""
    signed = line[-1]
    if len(line) > 1:
        consents, signatures = [one.consent for one in line], [one.signature for one in line]
        return suite.consent.check_line(consents, request, signatures=signatures, at=at or None)
    if at:
        return suite.consent.check_at(signed.consent, request, at, signature=signed.signature), 0
    return suite.consent.check(signed.consent, request, signature=signed.signature), 0


def _client(suite: Suite, patient: str | None) -> ConsentClient:
    return suite.consent.for_patient(address(patient, suite)) if patient else suite.consent


def _patient(suite: Suite, patient: str | None) -> str:
    return address(patient, suite) if patient else suite.signer_address
