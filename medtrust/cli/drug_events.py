"""Drug events: EPCIS documents become transactions, and what the chain has becomes an EPCIS document."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from medtrust.cli.common import AccountOption, ChainOption, JsonOption, answer, open_suite, table
from medtrust.errors import InputError
from medtrust.event_export import export_events
from medtrust.event_import import EventReport, import_events, plan_of, read_lots
from medtrust.files import write_whole
from medtrust.sandbox import ORGANISATIONS
from medtrust.standards.epcis import Epcis, read_epcis
from medtrust.standards.epcis_plan import Plan, PlannedAct

__all__ = ["add_to"]

LotsOption = Annotated[Path, typer.Option("--lots", help="The folder with the files of lots.")]


def add_to(app: typer.Typer) -> None:
    """Add the commands to the group of drugs."""
    app.command("import-epcis")(import_epcis)
    app.command("export-epcis")(export_epcis)


def import_epcis(
    file: Annotated[Path, typer.Argument(help="An EPCIS document: 2.0 in JSON-LD or XML, 1.2 in XML.")],
    by: Annotated[str, typer.Option("--by", help="Whose acts are carried over: identifier URI or sandbox name.")],
    lots: LotsOption,
    days: Annotated[int, typer.Option(min=1, help="For how many days a shipment can be received.")] = 7,
    prefix: Annotated[str, typer.Option(help="The GS1 company prefix, where no identifier shows it.")] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what the events ask for, and do nothing.")] = False,
    chain: ChainOption = "local",
    as_: AccountOption = None,
    json_: JsonOption = False,
) -> None:
    """Carry over what a document says that an organisation did; run again, nothing is sent twice.

    The hash of an event is its key. What the chain refuses is said, and the exit code is 1. What a document says that
    you did is done: import your own.
    """
    document = _document(_bytes_of(file), str(file), as_json=json_)
    if dry_run:
        plan = plan_of(document)
        answer([_asked(act) for act in plan.acts], lambda: _show_plan(plan), as_json=json_)
        return
    identifier = ORGANISATIONS[by].identifier if by in ORGANISATIONS else by
    suite = open_suite(chain, as_)
    report = import_events(document, suite, identifier, lots=lots, days=days, prefix=prefix)
    answer(_plain(report), lambda: _show(report), as_json=json_)
    if not report.is_complete:
        raise typer.Exit(1)


def _document(data: bytes, name: str, *, as_json: bool) -> Epcis:
    """Read a document; one that is no valid one is told with its path, and the exit code is 1."""
    try:
        document = read_epcis(data, name=name)
        problems = document.problems
    except InputError as error:
        problems = (error,)
    if not problems:
        return document
    told = [{"path": one.place, "found": one.found, "expected": one.expected, "message": str(one)} for one in problems]
    answer({"refused": told}, f"refused: {problems[0]}", as_json=as_json)
    raise typer.Exit(1)


def export_epcis(
    lots: LotsOption,
    out: Annotated[Path | None, typer.Option(help="Where the document goes; the terminal unless given.")] = None,
    organisation: Annotated[
        list[str] | None, typer.Option(help="The identifier (URI) of an organisation that is to be named.")
    ] = None,
    chain: ChainOption = "local",
    json_: JsonOption = False,
) -> None:
    """Write what happened to lots as an EPCIS document: what was carried over as it was, the rest from the chain."""
    named = [*(organisation or []), *(member.identifier for member in ORGANISATIONS.values())]
    document = export_events(open_suite(chain, None), read_lots(lots), identifiers=named)
    text = json.dumps(document, indent=2, ensure_ascii=False)
    if out:
        write_whole(out, text.encode() + b"\n")
        count = len(document["epcisBody"]["eventList"])
        answer({"file": out, "events": count}, f"{count} events in {out}", as_json=json_)
    else:
        typer.echo(json.dumps(document, ensure_ascii=False) if json_ else text)


def _asked(act: PlannedAct) -> dict[str, object]:
    named = {"units": list(act.units), "actor": act.actor, "other": act.other, "reason": act.reason}
    return {"path": act.event.path, "hash": act.event.hash, "deed": act.deed.value, **named}


def _show_plan(plan: Plan) -> None:
    shown = table(f"{len(plan.acts)} events, {len(plan.lots)} lots", "event", "asks to", "units", "by", "with")
    for act in plan.acts:
        place = act.event.path.rpartition(".")[2]
        shown.add_row(place, act.deed.value, " ".join(act.units), act.actor, act.other or act.reason)
    answer(None, shown, as_json=False)


def _plain(report: EventReport) -> dict[str, object]:
    return {
        "complete": report.is_complete,
        "counts": dict(report.counts()),
        "events": [
            {
                "path": one.event.path,
                "hash": one.event.hash,
                "deed": one.deed.value,
                "state": one.state,
                "reason": one.reason,
                "transactions": list(one.transactions),
            }
            for one in report.outcomes
        ],
    }


def _show(report: EventReport) -> None:
    counts = ", ".join(f"{count} {state}" for state, count in report.counts().items())
    shown = table(f"{len(report.outcomes)} events: {counts}", "event", "asks to", "state", "why")
    for one in report.outcomes:
        shown.add_row(one.event.path.rpartition(".")[2], one.deed.value, one.state, one.reason)
    answer(None, shown, as_json=False)


def _bytes_of(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        found = error.strerror or "nothing"
        raise InputError(place="file", found=found, expected="a file", file=str(file)) from None
