"""Record: seal and anchor records, read those of others by consent, ask and answer."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from medtrust.cli import record_identities, record_shares
from medtrust.cli.common import (
    AccountOption,
    ChainOption,
    JsonOption,
    address,
    answer,
    console,
    new_app,
    open_suite,
    organisation,
    receipt_answer,
    table,
    time_of,
    when,
)
from medtrust.cli.record_options import (
    ByOption,
    KeyOption,
    RecordArgument,
    StoreOption,
    VaultOption,
    identifier_of,
    open_custodian,
)
from medtrust.consent_receipt import read_receipt
from medtrust.consent_terms import DataClass, Purpose, flags_of, level_of
from medtrust.encryption_key import encryption_key, public_to_json
from medtrust.errors import InputError
from medtrust.files import write_whole
from medtrust.record_letters import Letter, ask_about, seal_content
from medtrust.record_reader import RecordReader
from medtrust.suite import Suite
from medtrust.types import ZERO_HASH, bytes32, name_hash
from medtrust.vault import HeldRecord
from medtrust.wrapping import KeySuite

__all__ = ["app"]

app = new_app("Encrypted records between hospitals: seal, anchor, read by consent or in an emergency, ask and answer.")
for _more in (
    record_shares.share,
    record_shares.keep,
    record_shares.emergency,
    record_identities.unknown,
    record_identities.merge,
    record_identities.unmerge,
    record_identities.identity,
):
    app.command()(_more)

LetterArgument = Annotated[Path, typer.Argument(help="The file of the letter.")]
UrlOption = Annotated[str, typer.Option("--service", help="The URL of the custodian's service.")]
CustodianOption = Annotated[str, typer.Option("--of", help="The custodian: identifier, id, or sandbox name.")]
ReceiptOption = Annotated[Path, typer.Option("--consent", help="The file of the signed consent.")]
UnderOption = Annotated[
    list[Path] | None,
    typer.Option("--under", help="A signed consent that it stands on, the first one first; again for each."),
]
PurposeOption = Annotated[str, typer.Option(help="The purpose of use, such as treat (an HL7 code).")]
FacilityOption = Annotated[str | None, typer.Option(help="Where the data will be used: a name, or a hash.")]


@app.command()
def key(
    by: ByOption,
    post_quantum: Annotated[
        bool, typer.Option("--post-quantum", help="Make a key of MLKEM768_X25519; of X25519 unless given.")
    ] = False,
    publish: Annotated[bool, typer.Option(help="Publish its fingerprint, as the administrator.")] = True,
    file: KeyOption = None,
    chain: ChainOption = "local",
    as_: AccountOption = None,
    json_: JsonOption = False,
) -> None:
    """Make the encryption key of an organisation, or show the one it has, and publish its fingerprint."""
    suite_of_key = KeySuite.MLKEM768_X25519 if post_quantum else KeySuite.X25519
    public = encryption_key(identifier_of(by), file, suite=suite_of_key).public
    value = {"publicKey": public_to_json(public), "fingerprint": public.fingerprint}
    text = f"encryption key of {by}: {public.suite.name} 0x{public.fingerprint.hex()}"
    records = open_suite(chain, as_).records
    if not publish or records.key_of(organisation(by)) == public.fingerprint:
        answer(value, text, as_json=json_)
    else:
        receipt = records.publish_key(organisation(by), public.fingerprint)
        receipt_answer(receipt, f"{text}\n  published", as_json=json_, **value)


@app.command()
def store(
    file: Annotated[Path, typer.Argument(help="The record: a FHIR bundle, or any file.")],
    by: ByOption,
    patient: Annotated[str | None, typer.Option(help="The address by which the custodian knows the patient.")] = None,
    class_: Annotated[str | None, typer.Option("--class", help="The class of data, such as laboratory.")] = None,
    sensitivity: Annotated[str, typer.Option(help="The label of the data: U, L, M, N, R or V.")] = "N",
    data_at: Annotated[str | None, typer.Option(help="The time of the data; now unless given.")] = None,
    kind: Annotated[str, typer.Option(help="What doctors call it, such as http://loinc.org|4548-4.")] = "",
    record: Annotated[str | None, typer.Option(help="The record of which this is the next version.")] = None,
    anchor_: Annotated[bool, typer.Option("--anchor/--no-anchor", help="Whether it goes on the chain now.")] = True,
    vault: VaultOption = None,
    store_: StoreOption = None,
    chain: ChainOption = "local",
    as_: AccountOption = None,
    json_: JsonOption = False,
) -> None:
    """Seal a new record, or the next version of one, keep it, and anchor it."""
    custodian = open_custodian(open_suite(chain, as_), by, vault, store_)
    content = _content(file)
    now = custodian.suite.chain.now()
    if record is not None:
        at = when(data_at, custodian.suite.chain, default=now)
        held = custodian.store_next(bytes32(record, place="--record"), content, data_at=at)
    elif patient is None or class_ is None:
        raise InputError(place="options", found="no --patient or no --class", expected="both, for a new record")
    else:
        held = custodian.store(
            content,
            patient=address(patient, custodian.suite),
            data_class=flags_of(DataClass, class_, place="--class"),
            sensitivity=level_of(sensitivity, place="--sensitivity"),
            data_at=when(data_at, custodian.suite.chain, default=now),
            kind=kind,
        )
    _show(custodian.anchor(held.record) if anchor_ else held, as_json=json_)


@app.command()
def anchor(
    record: RecordArgument,
    by: ByOption,
    vault: VaultOption = None,
    store_: StoreOption = None,
    chain: ChainOption = "local",
    as_: AccountOption = None,
    json_: JsonOption = False,
) -> None:
    """Anchor what was sealed last; run again, nothing changes."""
    custodian = open_custodian(open_suite(chain, as_), by, vault, store_)
    _show(custodian.anchor(bytes32(record, place="record")), as_json=json_)


@app.command(name="open")
def open_(
    record: RecordArgument,
    by: ByOption,
    to: Annotated[Path, typer.Option(help="Where the content goes.")],
    vault: VaultOption = None,
    store_: StoreOption = None,
    chain: ChainOption = "local",
    json_: JsonOption = False,
) -> None:
    """Open the newest version of a record of one's own."""
    custodian = open_custodian(open_suite(chain, None), by, vault, store_)
    content = custodian.read(bytes32(record, place="record"))
    write_whole(to, content, mode=0o600)
    answer({"record": record, "bytes": len(content), "file": str(to)}, f"{len(content):,} bytes in {to}", as_json=json_)


@app.command()
def rotate(
    record: RecordArgument,
    by: ByOption,
    only_if_lost: Annotated[
        bool, typer.Option("--only-if-lost", help="Only if a reader revoked or lost its consent.")
    ] = False,
    vault: VaultOption = None,
    store_: StoreOption = None,
    chain: ChainOption = "local",
    as_: AccountOption = None,
    json_: JsonOption = False,
) -> None:
    """End the key epoch of a record: its next version is made for others alone."""
    suite, id_ = open_suite(chain, as_), bytes32(record, place="record")
    if only_if_lost:
        done = open_custodian(suite, by, vault, store_).sweep(id_)
    else:
        suite.records.rotate(organisation(by), id_)
        done = True
    epoch = suite.records.key_epoch_of(organisation(by), id_)
    text = f"key epoch {epoch}" if done else f"every reader may still read: key epoch {epoch} stays"
    answer({"record": record, "isRotated": done, "epoch": epoch}, text, as_json=json_)


@app.command()
def history(record: RecordArgument, by: ByOption, chain: ChainOption = "local", json_: JsonOption = False) -> None:
    """List the versions of a record from the chain, and how each stands."""
    found = open_suite(chain, None).records.history(organisation(by), bytes32(record, place="record"))
    rows = table(f"record {record}", "version", "key epoch", "anchored", "status")
    for one in found:
        rows.add_row(str(one.version.number), str(one.version.epoch), time_of(one.recorded_at), one.status.name)
    value = [{**vars(one.version), "recordedAt": one.recorded_at, "status": one.status.name} for one in found]
    answer(value, rows, as_json=json_)


@app.command()
def find(
    by: ByOption,
    custodian: CustodianOption,
    service: UrlOption,
    consent: ReceiptOption,
    class_: Annotated[str, typer.Option("--class", help="The class of data, such as laboratory.")],
    under: UnderOption = None,
    purpose: PurposeOption = "treat",
    kind: Annotated[str, typer.Option(help="Of one kind alone, such as http://loinc.org|4548-4.")] = "",
    facility: FacilityOption = None,
    key_: KeyOption = None,
    chain: ChainOption = "local",
    as_: AccountOption = None,
    json_: JsonOption = False,
) -> None:
    """Say what exists of a class at another hospital and how old it is, before a test is repeated."""
    reader = _reader(by, custodian, service, key_, open_suite(chain, as_))
    found = reader.find(
        read_receipt(consent),
        purpose=flags_of(Purpose, purpose, place="--purpose"),
        data_class=flags_of(DataClass, class_, place="--class"),
        kind=kind,
        facility=_facility(facility),
        under=[read_receipt(one) for one in under or ()],
    )
    rows = table(f"{class_} at {custodian}", "record", "kind", "age in days")
    rows.columns[0].overflow = "fold"
    for one in found:
        rows.add_row(f"0x{one.record.hex()}", one.kind, str(one.age // 86_400))
    answer([one.to_json() for one in found], rows, as_json=json_)


@app.command()
def read(
    record: RecordArgument,
    by: ByOption,
    custodian: CustodianOption,
    service: UrlOption,
    to: Annotated[Path, typer.Option(help="Where the content goes.")],
    consent: Annotated[Path | None, typer.Option(help="The file of the signed consent.")] = None,
    under: UnderOption = None,
    session: Annotated[int | None, typer.Option(help="In an emergency: the number of the open session.")] = None,
    purpose: Annotated[str | None, typer.Option(help="treat unless given; in an emergency etreat.")] = None,
    facility: FacilityOption = None,
    key_: KeyOption = None,
    chain: ChainOption = "local",
    as_: AccountOption = None,
    json_: JsonOption = False,
) -> None:
    """Read a record of another hospital: by a consent, of which one use is recorded, or in an emergency."""
    if (consent is None) == (session is None):
        raise InputError(place="options", found="both or neither", expected="--consent or --session")
    if under and consent is None:
        raise InputError(place="options", found="--under without --consent", expected="the consent that stands on it")
    reader = _reader(by, custodian, service, key_, open_suite(chain, as_))
    id_, where = bytes32(record, place="record"), _facility(facility)
    asked = flags_of(Purpose, purpose or ("treat" if consent else "etreat"), place="--purpose")
    if consent is not None:
        line = [read_receipt(one) for one in (*(under or ()), consent)]
        done = reader.read(id_, line[-1], purpose=asked, facility=where, under=line[:-1])
    else:
        done = reader.break_glass(id_, session or 0, purpose=asked, facility=where)
    write_whole(to, done.content, mode=0o600)
    value = {"record": record, "version": done.version.number, "bytes": len(done.content), "file": str(to)}
    text = f"version {done.version.number}, {len(done.content):,} bytes in {to}\n  use {done.use_transaction or 'none'}"
    answer({**value, "use": done.use_transaction}, text, as_json=json_)


@app.command()
def ask(
    file: Annotated[Path, typer.Argument(help="What is asked, as a file of any kind.")],
    letter: LetterArgument,
    by: ByOption,
    custodian: CustodianOption,
    until: Annotated[str, typer.Option(help="When it is too late to answer: a date, or +3d; within 90 days.")] = "+3d",
    chain: ChainOption = "local",
    as_: AccountOption = None,
    json_: JsonOption = False,
) -> None:
    """Ask another hospital for data: the hash goes on the chain, file and letter go to the custodian."""
    suite = open_suite(chain, as_)
    written = ask_about(organisation(by), organisation(custodian), _content(file))
    written.write(letter)
    receipt = suite.records.request(written.question, deadline=when(until, suite.chain, default=0))
    receipt_answer(receipt, f"asked {custodian}\n  letter {letter}", as_json=json_, request=written.question.id)


@app.command()
def respond(
    letter: LetterArgument,
    file: Annotated[Path, typer.Argument(help="What is handed over.")],
    chain: ChainOption = "local",
    as_: AccountOption = None,
    json_: JsonOption = False,
) -> None:
    """Answer a letter: what is handed over is added to it as a hash, which goes on the chain."""
    written = Letter.read(letter)
    answered = Letter(written.question, written.asked, written.delivery or seal_content(_content(file)))
    answered.answered.require(_content(file))
    answered.write(letter)
    receipt = open_suite(chain, as_).records.respond(answered.question, answered.answered.commitment)
    text = f"answered; the letter {letter} and the file go back"
    receipt_answer(receipt, text, as_json=json_, request=answered.question.id)


@app.command()
def refuse(
    letter: LetterArgument,
    file: Annotated[Path, typer.Argument(help="The reason, as a file of any kind.")],
    chain: ChainOption = "local",
    as_: AccountOption = None,
    json_: JsonOption = False,
) -> None:
    """Refuse a letter, for ever; the hash of the reason goes on the chain."""
    written, reason = Letter.read(letter), seal_content(_content(file))
    receipt = open_suite(chain, as_).records.refuse(written.question, reason.commitment)
    receipt_answer(receipt, "refused", as_json=json_, request=written.question.id, salt=reason.salt)


@app.command()
def acknowledge(
    letter: LetterArgument,
    file: Annotated[Path, typer.Argument(help="What was handed over.")],
    chain: ChainOption = "local",
    as_: AccountOption = None,
    json_: JsonOption = False,
) -> None:
    """Confirm that the file is what the answer says; exit 1 if it is not."""
    written = Letter.read(letter)
    written.answered.require(_content(file))
    receipt = open_suite(chain, as_).records.acknowledge(written.question, written.answered.commitment)
    receipt_answer(receipt, "acknowledged", as_json=json_, request=written.question.id)


@app.command()
def dispute(
    letter: LetterArgument,
    file: Annotated[Path, typer.Argument(help="What is wrong, as a file of any kind.")],
    chain: ChainOption = "local",
    as_: AccountOption = None,
    json_: JsonOption = False,
) -> None:
    """Dispute what was handed over, for ever; the hash of what is wrong goes on the chain."""
    written, objection = Letter.read(letter), seal_content(_content(file))
    records = open_suite(chain, as_).records
    receipt = records.dispute(written.question, written.answered.commitment, objection.commitment)
    receipt_answer(receipt, "disputed", as_json=json_, request=written.question.id, salt=objection.salt)


@app.command()
def stage(letter: LetterArgument, chain: ChainOption = "local", json_: JsonOption = False) -> None:
    """Say how a request stands, and until when something can be done about it."""
    question = Letter.read(letter).question
    records = open_suite(chain, None).records
    found, deadline = records.stage_of(question), records.deadline_of(question)
    value = {"request": question.id, "stage": found.name, "deadline": deadline}
    answer(value, f"{found.name}, deadline {time_of(deadline)}", as_json=json_)


def _reader(by: str, custodian: str, url: str, key_: Path | None, suite: Suite) -> RecordReader:
    return RecordReader(suite, organisation(by), encryption_key(identifier_of(by), key_), url, organisation(custodian))


def _show(held: HeldRecord, *, as_json: bool) -> None:
    newest = held.draft or held.newest
    if newest is None:
        raise InputError(place="record", found="no version", expected="one that was stored")
    value = {"record": held.record, "version": newest.version.number, "recordedAt": newest.recorded_at}
    state = f"anchored {time_of(newest.recorded_at)}" if newest.recorded_at else "sealed, not anchored"
    text = f"record 0x{held.record.hex()}\n  version {newest.version.number}, {state}"
    answer({**value, "commitment": newest.version.commitment}, lambda: console.print(text), as_json=as_json)


def _content(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise InputError(place="file", found=error.strerror or "nothing", expected="a file", file=str(file)) from None


def _facility(text: str | None) -> bytes:
    if text is None:
        return ZERO_HASH
    return bytes32(text, place="--facility") if text.startswith("0x") else name_hash(text)
