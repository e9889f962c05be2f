"""Gives each test of a module every attack that the module lists in ATTACKS, and prints the table of `make attacks`."""

from __future__ import annotations

import pytest
from rich.console import Console
from rich.table import Table

from tests.attacks.framework import rows


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "attack" in metafunc.fixturenames:
        metafunc.parametrize("attack", metafunc.module.ATTACKS, ids=str)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    if not config.getoption("--table"):
        return
    reports = [*terminalreporter.getreports("passed"), *terminalreporter.getreports("failed")]
    table = Table("attack", "defence", "with", "without", title="Attacks")
    for row in rows(reports):
        table.add_row(*row)
    Console(width=160).print(table)
    terminalreporter.write_line(f"{table.row_count} attacks")
