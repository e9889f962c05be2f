"""Commands: each is documented, and what is documented is a command; the two guides are twins."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
import typer

from medtrust.cli import app
from tests.house.frame import holds
from tests.world import ROOT

CLI = ROOT / "docs" / "cli.md"
PYTHON = ROOT / "docs" / "python.md"
_MENTION = re.compile(r"\bmedtrust ((?:[a-z][a-z0-9-]*)(?: [a-z][a-z0-9-]*)?)")
_TASK = re.compile(r"^## (.+)$", re.MULTILINE)


def commands() -> dict[str, Any]:
    """Every command by its words: "consent grant"."""
    return dict(_walk(typer.main.get_command(app), ""))


def _walk(command: Any, words: str) -> Iterator[tuple[str, Any]]:
    if hasattr(command, "commands"):
        for name, one in command.commands.items():
            yield from _walk(one, f"{words} {name}".strip())
    else:
        yield words, command


def _text(file) -> str:
    return file.read_text(encoding="utf-8") if file.exists() else ""


class TestCommands:
    """
    given any command         -> docs/cli.md shows it; it has a sentence, and so has each argument; it takes --json
    given docs/cli.md         -> it shows nothing that is no command
    given the two guides      -> they name the same tasks in the same order
    """

    def test_every_command_is_documented(self):
        holds(
            f"docs/cli.md:1: medtrust {one} is not documented"
            for one in commands()
            if f"medtrust {one}" not in _text(CLI)
        )

    @pytest.mark.parametrize("name", commands())
    def test_every_command_and_parameter_has_its_sentence(self, name):
        command = commands()[name]
        assert (command.help or "").strip().split("\n\n")[0].endswith("."), f"medtrust {name} has no sentence"
        unsaid = [one.name for one in command.params if one.name != "help" and not (getattr(one, "help", None) or "")]
        assert unsaid == [], f"medtrust {name} does not say what these are"

    def test_every_command_takes_json(self):
        taking = {name for name, one in commands().items() if any("--json" in other.opts for other in one.params)}
        assert set(commands()) - taking == set()

    def test_nothing_else_is_documented(self):
        known = set(commands()) | {one.split()[0] for one in commands()}
        mentioned = set(_MENTION.findall(_text(CLI)))
        assert {one for one in mentioned if one not in known and one.split()[0] not in known} == set()

    def test_the_guides_are_twins(self):
        assert _TASK.findall(_text(CLI)) == _TASK.findall(_text(PYTHON)) != []
