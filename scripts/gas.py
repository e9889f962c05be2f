"""Prints what each operation costs, beside its budget, its bound and its peers; --write records it.

Exit code 1 if an operation is over its budget, or costs otherwise than tests/gas.json says.
"""

from __future__ import annotations

import sys
from pathlib import Path

from rich.console import Console
from rich.table import Table

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from medtrust.peers import peers_of
from tests.gas.frame import Operation, measure_all, operations, recorded, write_record


def main() -> int:
    """Measure, print, and say by the exit code whether everything is within its budget and as recorded."""
    measured = measure_all()
    if "--write" in sys.argv[1:]:
        write_record(measured)
    known = recorded()
    table = Table(
        title="Gas: whole transactions, second use (Shanghai, optimizer 200 runs, via IR); views: execution alone"
    )
    for heading, justify in (("operation", "left"), ("gas", "right"), ("recorded", "right"), ("budget", "right")):
        table.add_column(heading, justify=justify)  # type: ignore[arg-type]  # rich wants its own literal here
    table.add_column("bound", justify="right")
    table.add_column("peers")
    bad = 0
    for operation in operations():
        gas = measured[operation.name]
        is_bad = gas > (operation.budget or gas) or gas != known.get(operation.name)
        bad += is_bad
        style = "red" if is_bad else ""
        table.add_row(*_row(operation, gas, known.get(operation.name)), style=style)
    Console(width=None if sys.stdout.isatty() else 150).print(table)
    if bad:
        print(f"{bad} operations are over budget or differ from tests/gas.json (--write records them)")
    return 1 if bad else 0


def _row(operation: Operation, gas: int, known: int | None) -> tuple[str, ...]:
    name = operation.name + (" (execution)" if operation.kind == "execution" else "")
    return (
        name,
        f"{gas:,}",
        _number(known),
        _number(operation.budget),
        _number(operation.bound),
        peers_of(operation.name),
    )


def _number(value: int | None) -> str:
    return "" if value is None else f"{value:,}"


if __name__ == "__main__":
    raise SystemExit(main())
