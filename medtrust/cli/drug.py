"""Drug: commission a lot, ship and receive, verify, dispense, recall and trace."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from medtrust.cli import drug_events
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
from medtrust.drugs import Movement, Offer, RecallClass, RecallDepth, Verdict
from medtrust.errors import CheckRefused, InputError
from medtrust.goods import Goods, verify_alone
from medtrust.lotfile import LotFile
from medtrust.sandbox import ORGANISATIONS
from medtrust.scanner import code_of

__all__ = ["app"]

app = new_app("Where medicines are: lots and packs from their maker to the one time they are dispensed.")
drug_events.add_to(app)

ScanArgument = Annotated[
    str,
    typer.Argument(
        callback=code_of, help="What the scanner read: an element string, (01)…(21)…, a link; or a picture."
    ),
]
FileArgument = Annotated[Path, typer.Argument(help="The file of the lot.")]
FileOption = Annotated[Path, typer.Option("--file", help="The file of the lot.")]
ByOption = Annotated[str, typer.Option("--by", help="The organisation that acts: identifier, id or sandbox name.")]


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
    goods = Goods(open_suite(chain, as_), LotFile.read(file))
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
    chain: ChainOption = "local",
    as_: AccountOption = None,
    json_: JsonOption = False,
) -> None:
    """Give a container or pack, with everything in it, on its way."""
    suite = open_suite(chain, as_)
    goods = Goods(suite, LotFile.read(file))
    ends = when(until, suite.chain, default=0)
    offer, receipt = goods.ship(scan, sender=organisation(from_), receiver=organisation(to), until=ends)
    text = f"{goods.name(offer.unit)} is on its way from {from_} to {to}, who can receive it until {time_of(ends)}"
    receipt_answer(receipt, text, as_json=json_, offer=offer.id)


@app.command()
def receive(
    scan: ScanArgument,
    file: FileOption,
    chain: ChainOption = "local",
    as_: AccountOption = None,
    json_: JsonOption = False,
) -> None:
    """Take over a container or pack that is on its way, as its receiver."""
    goods = Goods(open_suite(chain, as_), LotFile.read(file))
    offer, receipt = goods.receive(scan)
    receipt_answer(receipt, f"{_name(offer.receiver)} holds {goods.name(offer.unit)}", as_json=json_, offer=offer.id)


@app.command()
def refuse(
    scan: ScanArgument,
    file: FileOption,
    chain: ChainOption = "local",
    as_: AccountOption = None,
    json_: JsonOption = False,
) -> None:
    """Send a container or pack back that is on its way, as its receiver."""
    goods = Goods(open_suite(chain, as_), LotFile.read(file))
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
    goods = Goods(open_suite(chain, as_), LotFile.read(file))
    offer, receipt = goods.take_back(scan)
    receipt_answer(receipt, _goes_back(goods, offer), as_json=json_, offer=offer.id)


@app.command()
def verify(
    scan: ScanArgument,
    file: Annotated[Path | None, typer.Option("--file", help="The file of the lot, if you have it.")] = None,
    holder: Annotated[str | None, typer.Option(help="The organisation that should hold it.")] = None,
    chain: ChainOption = "local",
    json_: JsonOption = False,
) -> None:
    """Say what a scanned pack is; exit code 1 unless it is OK."""
    suite = open_suite(chain, None)
    holder_id = organisation(holder) if holder else None
    if file:
        verdict = Goods(suite, LotFile.read(file)).verify(scan, holder=holder_id)
    else:
        verdict = verify_alone(suite, scan, holder=holder_id)
    if verdict == Verdict.UNKNOWN_SERIAL and not file:
        raise CheckRefused(verdict.name, "This pack cannot be told from its code alone: name the file of its lot.")
    if verdict != Verdict.OK:
        raise CheckRefused(verdict.name, verdict.sentence)
    answer({"code": verdict.name, "sentence": verdict.sentence}, f"OK: {verdict.sentence}", as_json=json_)


@app.command()
def dispense(
    scan: ScanArgument,
    file: FileOption,
    by: ByOption,
    chain: ChainOption = "local",
    as_: AccountOption = None,
    json_: JsonOption = False,
) -> None:
    """Dispense a pack, as the pharmacy that holds it: the one time that it can be."""
    goods = Goods(open_suite(chain, as_), LotFile.read(file))
    receipt = goods.dispense(scan, pharmacy=organisation(by))
    pack = receipt.event("PackDispensed").values["pack"]
    receipt_answer(receipt, f"{by} dispensed {goods.name(pack)}", as_json=json_, pack=pack)


@app.command()
def recall(
    file: FileArgument,
    by: ByOption,
    class_: Annotated[int, typer.Option("--class", min=1, max=3, help="1 can kill, 2 can harm, 3 is unlikely to.")],
    depth: Annotated[str, typer.Option(help="What must come back: wholesale, retail or consumer.")] = "consumer",
    chain: ChainOption = "local",
    as_: AccountOption = None,
    json_: JsonOption = False,
) -> None:
    """Recall a lot, as its manufacturer or a regulator; final."""
    if depth.upper() not in RecallDepth.__members__:
        raise InputError(place="--depth", found=repr(depth), expected="wholesale, retail or consumer")
    goods = Goods(open_suite(chain, as_), LotFile.read(file))
    receipt = goods.recall(organisation(by), RecallClass(class_), depth=RecallDepth[depth.upper()])
    text = f"lot {goods.file.lot_number} is recalled, class {'I' * class_}, to {depth.lower()} depth"
    receipt_answer(receipt, text, as_json=json_, lot=goods.lot)


@app.command()
def trace(
    scan: ScanArgument,
    file: FileOption,
    chain: ChainOption = "local",
    json_: JsonOption = False,
) -> None:
    """Print the whole way of a container or pack."""
    goods = Goods(open_suite(chain, None), LotFile.read(file))
    movements = goods.trace(scan)
    shown = table(f"The way of {scan}", "when (UTC)", "act", "what", "by", "with")
    for movement in movements:
        shown.add_row(*_row(goods, movement))
    answer([_plain(goods, movement) for movement in movements], shown, as_json=json_)


def _row(goods: Goods, movement: Movement) -> tuple[str, ...]:
    other = _name(movement.other) if movement.other else ""
    act = movement.act.name.lower().replace("_", " ")
    by = _name(movement.organisation)
    return time_of(movement.at).removesuffix(" UTC"), act, goods.name(movement.unit), by, other


def _plain(goods: Goods, movement: Movement) -> dict[str, object]:
    return {
        "at": movement.at,
        "act": movement.act.name,
        "unit": movement.unit,
        "name": goods.name(movement.unit),
        "organisation": movement.organisation,
        "other": movement.other,
        "transaction": movement.transaction_hash,
    }


def _goes_back(goods: Goods, offer: Offer) -> str:
    return f"{goods.name(offer.unit)} goes back to {_name(offer.sender)}"


def _name(organisation_: bytes) -> str:
    """Name an organisation: its title in the sandbox, else the start of its id."""
    titles = {member.id: member.title for member in ORGANISATIONS.values()}
    return titles.get(organisation_, f"0x{organisation_.hex()[:12]}…")
