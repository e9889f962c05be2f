"""Demo: start a chain, deploy everything, tell a story, stop the chain."""

from __future__ import annotations

import json
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import Annotated, Literal

import typer
from rich.console import Console
from rich.padding import Padding
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from medtrust import compiler, node, sandbox
from medtrust.abi import to_plain
from medtrust.cli.common import JsonOption, KindOption, table
from medtrust.deploy import AddressBook
from medtrust.peers import peers_of
from medtrust.story import BEGINS_AT, STORIES, Beat, Stage

__all__ = ["demo"]

_WIDTH = 118
console = Console(width=None if sys.stdout.isatty() else _WIDTH, highlight=False)

_MARKS = {"transaction": ("✓", "green"), "verdict": ("✓", "green"), "refusal": ("✗", "red")}


def demo(
    story: Annotated[
        Literal["everything", "consent"],
        typer.Argument(
            help="everything: samples through every contract; consent: what patients decide, and emergencies."
        ),
    ] = "everything",
    kind: KindOption = "anvil",
    folder: Annotated[
        Path | None, typer.Option(help="Where to keep what is written; deleted at the end unless given.")
    ] = None,
    json_: JsonOption = False,
) -> None:
    """Tell a story on a local chain of its own, and print what each step cost."""
    with tempfile.TemporaryDirectory(prefix="medtrust-demo-") as scratch:
        place = folder or Path(scratch)
        with node.start(kind, compiler.find_root(), timestamp=BEGINS_AT) as running:
            if not json_:
                console.print(
                    f"A local chain of its own: {running.kind}, chain {running.chain_id}. Deploying the suite …"
                )
            book = AddressBook(running.chain_id, place / "deployments")
            stage = Stage(sandbox.deploy_suite(running, book), place)
            beats = [_tell(beat, as_json=json_) for beat in STORIES[story](stage)]
            _close(stage, beats, as_json=json_)


def _tell(beat: Beat, *, as_json: bool) -> Beat:
    if not as_json:
        _print(beat)
    return beat


def _print(beat: Beat) -> None:
    if beat.kind == "chapter":
        console.print(f"\n[bold]{beat.text}[/bold]")
        return
    mark, colour = _MARKS.get(beat.kind, ("", ""))
    told = Text(beat.text)
    if beat.kind == "refusal":
        sentence = beat.facts.get("sentence")
        told.append(f"\nrefused: {beat.reason}" + (f": {sentence}" if sentence else ""), style="red")
    elif beat.reason:
        told.append(f"  {beat.reason}", style="bold")
    if beat.transaction:
        told.append(f"  gas {beat.gas:,}", style="dim")
    if beat.kind == "letter":
        letter = Panel(beat.text, title=beat.facts.get("title", "to the member"), title_align="left", expand=False)
        console.print(Padding(letter, (0, 0, 0, 5)))
        return
    line = Table.grid(padding=(0, 1))
    line.add_row("  ", Text(mark, style=colour), told)
    console.print(line)


def _close(stage: Stage, beats: list[Beat], *, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps({"beats": to_plain(beats), "gas": stage.gas}, ensure_ascii=False))
        return
    rows = table("\nWhat it cost (gas of whole transactions), and what popular alternatives cost", "operation")
    rows.add_column("gas", justify="right")
    rows.add_column("alternatives")
    for operation, gas in stage.gas.items():
        rows.add_row(operation, f"{gas:,}", peers_of(operation))
    console.print(rows)
    counts = Counter(beat.kind for beat in beats)
    console.print(
        f"{counts['transaction']} transactions, {counts['verdict']} verdicts, {counts['refusal']} refusals. "
        "The chain is stopped; nothing is left."
    )
