"""Capabilities: each has its row, and the command and the tests that the row names are there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

import pytest
import typer

from medtrust.cli import app
from tests.house.frame import bites, holds
from tests.world import ROOT

GUIDES = {
    "docs/consent.md": [*(f"A{number}" for number in range(1, 11)), "E1", "E2", "E3", "E4", "E5", "E8"],
    "docs/provenance.md": [f"C{number}" for number in range(1, 11)],
    "docs/records.md": ["E1", "E1", "E1", "E2", "E2", "E2", "E3", "E4", "E5", "E5", "E5", "E8"],
    "docs/insurance.md": [f"D{number}" for number in range(1, 11)],
    "docs/vaccination.md": [f"B{number}" for number in range(1, 11)],
}
_ROW = re.compile(r"^\| ([A-Z]\d+) \| (.+) \|$", re.MULTILINE)
_COMMAND = re.compile(r"`medtrust ([a-z-]+(?: [a-z-]+)?)")
_TEST = re.compile(r"`(?:([\w/]+\.py)(?:::)?)?(Test\w+)?`")


@cache
def files_of_tests() -> dict[str, str]:
    """The text of every test file by its path from the root, and by its name alone."""
    found = {file: file.read_text(encoding="utf-8") for file in (ROOT / "tests").rglob("test_*.py")}
    by_path = {file.relative_to(ROOT).as_posix(): text for file, text in found.items()}
    return {file.name: text for file, text in found.items()} | by_path


@cache
def commands() -> set[str]:
    """Every command by its words."""
    root = typer.main.get_command(app)
    groups = getattr(root, "commands", {})
    return {f"{name} {one}" for name, group in groups.items() for one in getattr(group, "commands", {})}


def bad_rows(guide: str, text: str) -> Iterator[str]:
    """Every row that lacks a cell, names a command that is none, or a test that is not there."""
    for name, rest in _ROW.findall(text):
        cells = [cell.strip() for cell in rest.split(" | ")]
        if len(cells) != 4 or not all(cells):
            yield f"{guide}: {name} does not say what it does, the call, the command and the test"
            continue
        yield from (f"{guide}: {name}: no command {one}" for one in _COMMAND.findall(cells[2]) if one not in commands())
        if not _COMMAND.search(cells[2]):
            yield f"{guide}: {name} names no command"
        file = ""
        for path, kind in _TEST.findall(cells[3]):
            file = path or file
            if not kind or f"class {kind}:" not in files_of_tests().get(file, ""):
                yield f"{guide}: {name}: no test {file}::{kind}"


class TestCapabilities:
    """
    given each guide      -> it has a row for each capability, in order
    given each row        -> it says what it does, the call, the command, the test; the command and the test exist
    """

    @pytest.mark.parametrize("guide", GUIDES)
    def test_each_has_its_row(self, guide):
        found = [name for name, _ in _ROW.findall((ROOT / guide).read_text(encoding="utf-8"))]
        assert found == GUIDES[guide]

    @pytest.mark.parametrize("guide", GUIDES)
    def test_each_row_is_true(self, guide):
        holds(bad_rows(guide, (ROOT / guide).read_text(encoding="utf-8")))


GOOD = "| A1 | a | `b` | `medtrust consent sign` | `test_consent_text.py::TestLetter`, `TestWords` |"


class TestTeeth:
    """given a row that is wrong in one thing -> the rule finds it; one that is right -> nothing"""

    @pytest.mark.parametrize(
        ("old", "new", "expected"),
        [
            ("consent sign", "consent draw", "no command consent draw"),
            ("`medtrust consent sign`", "none", "names no command"),
            ("| a |", "|  |", "does not say"),
            ("TestLetter", "TestPoem", "no test test_consent_text.py::TestPoem"),
            ("TestWords", "TestRhymes", "no test test_consent_text.py::TestRhymes"),
            ("test_consent_text.py", "test_nothing.py", "no test test_nothing.py::TestLetter"),
        ],
    )
    def test_finds_what_is_planted(self, old, new, expected):
        bites(bad_rows("guide.md", GOOD.replace(old, new)), expected)

    def test_finds_nothing_in_what_is_right(self):
        holds(bad_rows("guide.md", GOOD))
