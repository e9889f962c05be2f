"""Records in emergencies: share the key of one among holders, keep a share for others, open with shares in one act."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from medtrust.cli.common import AccountOption, ChainOption, JsonOption, answer, open_suite, organisation
from medtrust.cli.emergency import WhyOption
from medtrust.cli.record_options import (
    ByOption,
    KeyOption,
    RecordArgument,
    StoreOption,
    VaultOption,
    identifier_of,
    open_custodian,
    shares_of,
)
from medtrust.emergency_reader import EmergencyReader
from medtrust.encryption_key import encryption_key
from medtrust.errors import InputError
from medtrust.files import state_folder, write_json, write_whole
from medtrust.json_fields import hex_text
from medtrust.reasons import committed
from medtrust.record_reader import published_key
from medtrust.records import RecordStatus
from medtrust.sharing import Card, Deposit, Invited, share_record
from medtrust.suite import Suite
from medtrust.types import bytes32

__all__ = ["emergency", "keep", "share"]

CardArgument = Annotated[Path, typer.Argument(help="The file of the patient's emergency card.")]
HolderOption = Annotated[
    list[str], typer.Option("--holder", help="Who holds a share, and its service: laboratory=https://…; one for each.")
]


def share(
    record: RecordArgument,
    by: ByOption,
    holder: HolderOption,
    to: Annotated[Path, typer.Option(help="The folder for the card and for one file for each holder.")],
    needed: Annotated[int, typer.Option(help="How many of them open it together.")] = 2,
    vault: VaultOption = None,
    store: StoreOption = None,
    chain: ChainOption = "local",
    as_: AccountOption = None,
    json_: JsonOption = False,
) -> None:
    """Split the key of a record among holders, who hand their shares out in an emergency alone."""
    custodian = open_custodian(open_suite(chain, as_), by, vault, store)
    invited = [_invited(one, custodian.suite) for one in holder]
    card, deposits = share_record(custodian, bytes32(record, place="record"), invited, threshold=needed)
    files = [to / f"share-{one.organisation.hex()[:16]}.json" for one in invited]
    for file, deposit in zip(files, deposits, strict=True):
        write_json(file, deposit.to_json(), mode=0o600)
    card.write(to / "card.json")
    text = f"the patient's card: {to / 'card.json'}\nfor the holders: {', '.join(map(str, files))}"
    value = {"sharing": card.sharing.id, "card": str(to / "card.json"), "deposits": [str(one) for one in files]}
    answer(value, text, as_json=json_)


def keep(
    file: Annotated[Path, typer.Argument(help="The file of the share, as the custodian of the record made it.")],
    by: ByOption,
    vault: VaultOption = None,
    store: StoreOption = None,
    chain: ChainOption = "local",
    json_: JsonOption = False,
) -> None:
    """Keep a share of the key of another's record, and hand it out in an emergency; exit 1 if it is not genuine."""
    holder = open_custodian(open_suite(chain, None), by, vault, store)
    kept = shares_of(holder).keep(Deposit.read(file))
    answer({"sharing": kept.sharing.id}, f"kept: a share of 0x{kept.sharing.id.hex()}", as_json=json_)


def emergency(
    card: CardArgument,
    by: ByOption,
    why: WhyOption,
    to: Annotated[Path, typer.Option(help="Where the content goes.")],
    hours: Annotated[int, typer.Option(help="How long the session lasts, at most 24.", min=1, max=24)] = 4,
    key: KeyOption = None,
    chain: ChainOption = "local",
    as_: AccountOption = None,
    json_: JsonOption = False,
) -> None:
    """Open an unconscious patient's record in one act: open a session, collect shares, decrypt.

    The reason and its salt stay in `emergencies/` of the state folder, for the review.
    """
    suite, shown = open_suite(chain, as_), Card.read(card)
    reader = EmergencyReader(suite, organisation(by), encryption_key(identifier_of(by), key))
    session = reader.find_session(shown)
    if session is None:
        session = reader.open_session(shown, _reason(why), period=hours * 3600)
    opened = reader.read(shown, session)
    write_whole(to, opened.content, mode=0o600)
    text = f"session {session}, {len(opened.content):,} bytes in {to}"
    if opened.status is RecordStatus.SUPERSEDED:
        text += "\nits custodian has a newer version"
    for who, reason in opened.refusals.items():
        text += f"\nno good share of 0x{who.hex()}: {reason}"
    value = {
        "session": session,
        "version": opened.version.number,
        "status": opened.status.name,
        "bytes": len(opened.content),
        "file": str(to),
        "refusals": {f"0x{who.hex()}": reason for who, reason in opened.refusals.items()},
    }
    answer(value, text, as_json=json_)


def _reason(why: str) -> bytes:
    """Hash the reason with a salt, and keep both, before anything is sent: who reviews the session asks for them."""
    salt, reason = committed(why)
    file = state_folder() / "emergencies" / f"{reason.hex()}.json"
    write_json(file, {"why": why, "salt": hex_text(salt)}, mode=0o600)
    return reason


def _invited(text: str, suite: Suite) -> Invited:
    name, equals, service = text.partition("=")
    if not equals or not service:
        raise InputError(place="--holder", found=repr(text), expected="an organisation, = and the URL of its service")
    id_ = organisation(name)
    return Invited(id_, service.rstrip("/"), published_key(suite, id_, service))
