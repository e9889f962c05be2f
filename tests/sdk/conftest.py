"""The command line as a test runs it, in this process and on the chain of the world; and a project to compile."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from medtrust import cli
from medtrust.deploy import AddressBook
from tests.sdk.keepers import SOURCES, lay_out


@pytest.fixture
def home(world, tmp_path, monkeypatch):
    """An empty folder to work in, with the address book of the world."""
    monkeypatch.setenv("MEDTRUST_DEPLOYMENTS", str(tmp_path / "deployments"))
    monkeypatch.setenv("MEDTRUST_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("MEDTRUST_KEY", raising=False)
    book = AddressBook(world.chain.id, tmp_path / "deployments")
    for name in world.suite.book.names():
        book.finish(name, world.suite.book.get(name))
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def command(home, world, capsys, monkeypatch):
    """Run a command: its exit code, what it prints, and what it says on stderr."""

    def go(*words):
        target = [] if "--chain" in words else ["--chain", world.chain.target]
        monkeypatch.setattr(sys, "argv", ["medtrust", *map(str, words), *target])
        try:
            cli.main()
            code = 0
        except SystemExit as end:
            code = end.code or 0
        output, errors = capsys.readouterr()
        return code, output, errors

    return go


@pytest.fixture
def as_json(command):
    """Run a command with --json: its exit code, and the one line that it prints."""

    def go(*words):
        code, output, errors = command(*words, "--json")
        assert (errors, output.count("\n")) == ("", 1)
        return code, json.loads(output)

    return go


@pytest.fixture(scope="module")
def no_named_compiler_folder() -> Iterator[None]:
    """No folder of compilers is named in the environment."""
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("SOLCX_BINARY_PATH", raising=False)
        yield


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small project, for every test of a file."""
    return lay_out(tmp_path_factory.mktemp("project"), SOURCES)
