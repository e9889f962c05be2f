"""Drug: commission a lot, ship and receive, verify, dispense and trace."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final

import typer

from medtrust.cli import drug_cold, drug_events, drug_pack, drug_stop
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
from medtrust.cli.drug_options import ByOption, FileArgument, FileOption, ScanArgument, goods_of, name_of
from medtrust.drugs import Filling, Movement, Offer, State, Verdict
from medtrust.errors import CheckRefused, InputError
from medtrust.files import write_whole
from medtrust.goods import Goods, verify_alone
from medtrust.goods_picture import rows_of
from medtrust.lotfile import LotFile
from medtrust.nullifier import prescription_nullifier
from medtrust.registry_key import registry_key
from medtrust.sandbox import ORGANISATIONS
from medtrust.scanner import code_of
from medtrust.suite import Suite
from medtrust.trace_picture import draw_trace
from medtrust.types import ZERO_ADDRESS, ZERO_HASH

__all__ = ["app"]

app = new_app("Where medicines are: lots and packs from their maker to the one time they are dispensed.")
for module in (drug_events, drug_pack, drug_stop, drug_cold):
    module.add_to(app)

_UNREADABLE: Final = "UNREADABLE"
"""The code of a scan that is no code of a package, or of a file that cannot be read."""

_ARRIVED = {
    State.HELD: "free to be used",
    State.AWAITING: "once the report of its logger is in order",
    State.QUARANTINED: "in quarantine: it did not sell it",
}


@app.command()
def prefix(
    digits: Annotated[str, typer.Argument(help="The GS1 company prefix, 4 to 12 digits, zeros included.")],
    owner: Annotated[str, typer.Argument(help="The organisation that gets it.")],
    by: ByOption,
    chain: ChainOption = "local",
    as_: AccountOption = None,
    json_: JsonOption = False,
) -> None:
    """Assign a GS1 company prefix to a manufacturer, as a regulator; for ever."""
    receipt = open_suite(chain, as_).drugs.assign_prefix(organisation(by), organisation(owner), digits)
    receipt_answer(receipt, f"{owner} may commission under {digits}", as_json=json_)


@app.command()
def commission(
    file: FileArgument,
    chain: ChainOption = "local",
    as_: AccountOption = None,
    json_: JsonOption = False,
) -> None:
    """Record a lot with all its packs, as its manufacturer; run again, it finds that this is done."""
    goods = goods_of(file, chain, as_)
    if goods.is_commissioned():
        answer({"lot": goods.lot}, f"lot {goods.file.lot_number} of {goods.file.gtin} is commissioned", as_json=json_)
        return
    receipt = goods.commission()
    text = f"commissioned lot {goods.file.lot_number} of {goods.file.gtin}: {goods.file.packed.size:,} packs"
    receipt_answer(receipt, text, as_json=json_, lot=goods.lot)


@app.command()
def ship(
    scan: ScanArgument,
    file: FileOption,
    from_: Annotated[str, typer.Option("--from", help="The organisation that ships.")],
    to: Annotated[str, typer.Option("--to", help="The organisation that is to receive.")],
    until: Annotated[str, typer.Option(help="Until when it can be received: a date, Unix seconds, or +7d.")] = "+7d",
    logger: Annotated[str | None, typer.Option(help="The account of the logger that travels with cold goods.")] = None,
    logged_from: Annotated[str | None, typer.Option(help="Since when it measures; now unless given.")] = None,
    chain: ChainOption = "local",
    as_: AccountOption = None,
    json_: JsonOption = False,
) -> None:
    """Give a container or pack, with everything in it, on its way."""
    goods = goods_of(file, chain, as_)
    suite = goods.suite
    ends = when(until, suite.chain, default=0)
    device = address(logger, suite) if logger else ZERO_ADDRESS
    began = when(logged_from, suite.chain, default=0) or None
    sides = {"sender": organisation(from_), "receiver": organisation(to)}
    offer, receipt = goods.ship(scan, **sides, until=ends, logger=device, logged_from=began)
    text = f"{goods.name(offer.unit)} is on its way from {from_} to {to}, who can receive it until {time_of(ends)}"
    receipt_answer(receipt, text, as_json=json_, offer=offer.id)


@app.command()
def receive(
    scan: ScanArgument,
    file: FileOption,
    missing: Annotated[list[str] | None, typer.Option(help="A unit that is not in it; repeat it.")] = None,
    extra: Annotated[list[str] | None, typer.Option(help="A unit of the sender's that is too much; repeat it.")] = None,
    chain: ChainOption = "local",
    as_: AccountOption = None,
    json_: JsonOption = False,
) -> None:
    """Take over what is on its way, as its receiver; what is missing or too much stays the sender's."""
    goods = goods_of(file, chain, as_)
    lacking, surplus = [code_of(one) for one in missing or []], [code_of(one) for one in extra or []]
    offer, receipt = goods.receive(scan, missing=lacking, extra=surplus)
    state = State(receipt.event("UnitReceived").values["state"])
    text = f"{name_of(offer.receiver)} has {goods.name(offer.unit)}, {_ARRIVED[state]}"
    receipt_answer(receipt, text, as_json=json_, offer=offer.id, state=state.name)


@app.command()
def refuse(
    scan: ScanArgument,
    file: FileOption,
    chain: ChainOption = "local",
    as_: AccountOption = None,
    json_: JsonOption = False,
) -> None:
    """Send a container or pack back that is on its way, as its receiver."""
    goods = goods_of(file, chain, as_)
    offer, receipt = goods.refuse(scan)
    receipt_answer(receipt, _goes_back(goods, offer), as_json=json_, offer=offer.id)


@app.command()
def take_back(
    scan: ScanArgument,
    file: FileOption,
    chain: ChainOption = "local",
    as_: AccountOption = None,
    json_: JsonOption = False,
) -> None:
    """End a shipment that was not received: as its sender at any time, as anyone once its time is over."""
    goods = goods_of(file, chain, as_)
    offer, receipt = goods.take_back(scan)
    receipt_answer(receipt, _goes_back(goods, offer), as_json=json_, offer=offer.id)


@app.command()
def verify(
    scan: Annotated[str, typer.Argument(help="What the scanner read, as for the other commands; or a picture.")],
    file: Annotated[Path | None, typer.Option("--file", help="The file of the lot, if you have it.")] = None,
    holder: Annotated[str | None, typer.Option(help="The organisation that should hold it.")] = None,
    chain: ChainOption = "local",
    json_: JsonOption = False,
) -> None:
    """Say what a scanned pack is; exit code 1 unless it is OK."""
    holder_id = organisation(holder) if holder else None
    try:
        verdict = _verdict(open_suite(chain, None), code_of(scan), file, holder_id)
    except (CheckRefused, InputError) as error:
        # A program finds the verdict under one name, whatever it is.
        vars(error)["code"] = error.reason if isinstance(error, CheckRefused) else _UNREADABLE
        raise
    answer({"code": verdict.name, "sentence": verdict.sentence}, f"OK: {verdict.sentence}", as_json=json_)


def _verdict(suite: Suite, scan: str, file: Path | None, holder: bytes | None) -> Verdict:
    """Return what a pack is, if it is OK; raises `CheckRefused` with the verdict as its reason if it is not."""
    if file:
        verdict = Goods(suite, LotFile.read(file)).verify(scan, holder=holder)
    else:
        verdict = verify_alone(suite, scan, holder=holder)
    if verdict == Verdict.UNKNOWN_SERIAL and not file:
        raise CheckRefused(verdict.name, "This pack cannot be told from its code alone: name the file of its lot.")
    if verdict != Verdict.OK:
        raise CheckRefused(verdict.name, verdict.sentence)
    return verdict


@app.command()
def dispense(
    scan: ScanArgument,
    file: FileOption,
    by: ByOption,
    part: Annotated[str | None, typer.Option(help="How much of it, such as 10/30; all of it unless given.")] = None,
    prescription: Annotated[str | None, typer.Option(help="The number of the prescription.")] = None,
    refill: Annotated[int, typer.Option(min=0, max=99, help="Which refill of it; 0 is the first time.")] = 0,
    programme: Annotated[
        str | None, typer.Option(help="Identifier URI of the pharmacies that share a key; that of --by else.")
    ] = None,
    key: Annotated[Path | None, typer.Option(help="The key that they share; made at first use.")] = None,
    chain: ChainOption = "local",
    as_: AccountOption = None,
    json_: JsonOption = False,
) -> None:
    """Dispense a pack or a part of it, as the pharmacy that holds it: each part and each prescription once."""
    filled = ZERO_HASH
    if prescription is not None:
        shared = programme or (ORGANISATIONS[by].identifier if by in ORGANISATIONS else by)
        filled = prescription_nullifier(registry_key(shared, key), shared, prescription, refill)
    goods = goods_of(file, chain, as_)
    receipt = goods.dispense(scan, pharmacy=organisation(by), filling=Filling(filled, *_portion(part)))
    pack = receipt.event("PackDispensed").values["pack"]
    text = f"{by} dispensed {f'{part} of ' if part else ''}{goods.name(pack)}"
    receipt_answer(receipt, text, as_json=json_, pack=pack, prescription=filled)


@app.command()
def undo(
    scan: ScanArgument,
    file: FileOption,
    by: ByOption,
    chain: ChainOption = "local",
    as_: AccountOption = None,
    json_: JsonOption = False,
) -> None:
    """Take back all that was dispensed of a pack, as the pharmacy that did so, within 10 days."""
    goods = goods_of(file, chain, as_)
    receipt = goods.undo(scan, pharmacy=organisation(by))
    pack = receipt.event("DispenseReversed").values["pack"]
    receipt_answer(receipt, f"{goods.name(pack)} is whole again", as_json=json_, pack=pack)


@app.command()
def trace(
    scan: ScanArgument,
    file: FileOption,
    svg: Annotated[Path | None, typer.Option(help="Draw it as a picture into this file.")] = None,
    chain: ChainOption = "local",
    json_: JsonOption = False,
) -> None:
    """Print the whole way of a container or pack."""
    goods = goods_of(file, chain, None)
    movements = goods.trace(scan)
    rows = rows_of(goods, movements, name_of)
    if svg:
        write_whole(svg, draw_trace(f"The way of {scan}", rows).encode())
    shown = table(f"The way of {scan}", "when (UTC)", "act", "what", "by", "with")
    for row, movement in zip(rows, movements, strict=True):
        shown.add_row(row.when, row.act, row.what, row.by, name_of(movement.other) if movement.other else "")
    answer([_plain(goods, movement) for movement in movements], shown, as_json=json_)


def _portion(part: str | None) -> tuple[int, int]:
    """Read how much of a pack is dispensed: 10/30."""
    if part is None:
        return 0, 0
    taken, _, whole = part.partition("/")
    if not (taken.isdecimal() and whole.isdecimal() and 0 < int(taken) <= int(whole) < 1 << 16):
        raise InputError(place="--part", found=repr(part), expected="a part of a pack, such as 10/30")
    return int(taken), int(whole)


def _plain(goods: Goods, movement: Movement) -> dict[str, object]:
    more = {"container": movement.container, "state": movement.state.name if movement.state is not None else None}
    portion = {"portion": list(movement.portion)} if movement.portion[1] else {}
    return {
        "at": movement.at,
        "act": movement.act.name,
        "unit": movement.unit,
        "name": goods.name(movement.unit),
        "organisation": movement.organisation,
        "other": movement.other,
        "transaction": movement.transaction_hash,
        **{name: value for name, value in more.items() if value is not None},
        **portion,
    }


def _goes_back(goods: Goods, offer: Offer) -> str:
    return f"{goods.name(offer.unit)} goes back to {name_of(offer.sender)}"
