"""EPCIS: whether a document of events is valid, and the hash of each of its events."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from medtrust.cli.common import JsonOption, answer, new_app, table
from medtrust.errors import InputError
from medtrust.standards.epcis import Epcis, read_epcis

__all__ = ["app"]

app = new_app("EPCIS events: documents in JSON-LD and XML, checked and hashed.")

FileArgument = Annotated[Path, typer.Argument(help="A document, an event or a query: JSON-LD or XML; - reads stdin.")]


@app.command()
def validate(file: FileArgument, json_: JsonOption = False) -> None:
    """Say what is wrong with a document, each with its path; exit code 1 if anything is."""
    try:
        found = _read(file)
    except InputError as error:
        found = Epcis("unreadable", "", (), (error,))
    value = {
        "valid": found.is_valid,
        "kind": found.kind,
        "version": found.version,
        "events": len(found.events),
        "problems": [_told(one) for one in found.problems],
    }
    text = f"valid: {found.kind} with {len(found.events)} events" if found.is_valid else (lambda: _say(found))
    answer(value, text, as_json=json_)
    if not found.is_valid:
        raise typer.Exit(1)


@app.command("hash")
def hash_events(
    file: FileArgument,
    prehash: Annotated[bool, typer.Option("--prehash", help="Print the text that is hashed, too.")] = False,
    json_: JsonOption = False,
) -> None:
    """Print the hash of every event: the same for every way to write the event down; exit code 1 if it has none."""
    try:
        found = _read(file)
    except InputError as error:
        unreadable = Epcis("unreadable", "", (), (error,))
        answer({"refused": [_told(error)]}, lambda: _say(unreadable), as_json=json_)
        raise typer.Exit(1) from None
    value = [
        {"path": event.path, "type": event.kind, "hash": event.hash, **({"prehash": event.prehash} if prehash else {})}
        for event in found.events
    ]
    if json_:
        answer(value, "", as_json=True)
        return
    for event in found.events:
        typer.echo(event.hash)
        if prehash:
            typer.echo(f"  {event.prehash}")


def _read(file: Path) -> Epcis:
    name = "stdin" if str(file) == "-" else str(file)
    try:
        data = typer.get_binary_stream("stdin").read() if str(file) == "-" else file.read_bytes()
    except OSError as error:
        raise InputError(place="file", found=error.strerror or "nothing", expected="a file", file=name) from None
    return read_epcis(data, name=name)


def _told(problem: InputError) -> dict[str, str]:
    return {"path": problem.place, "found": problem.found, "expected": problem.expected, "message": str(problem)}


def _say(found: Epcis) -> None:
    shown = table(f"{len(found.problems)} problems", "path", "found", "expected")
    for one in found.problems:
        shown.add_row(one.place, one.found, one.expected)
    Console(stderr=True, soft_wrap=True, highlight=False, markup=False).print(shown)
