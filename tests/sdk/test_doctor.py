"""Doctor: what is missing is found, and each finding says how to mend it."""

from __future__ import annotations

import json
import shutil

import pytest

from medtrust import artifacts, compiler, doctor
from medtrust.cli import local
from medtrust.doctor import Finding, examine
from medtrust.errors import ToolMissing
from tests.world import ROOT

EVERYTHING = [
    "Python 3.10 or newer",
    "coincurve (signing)",
    "tiny_keccak (hashing)",
    "artifacts",
    "node.js",
    "anvil",
    "solc",
    "OpenZeppelin",
    "ganache",
    "artifacts fit the sources",
    "a running local chain",
]


@pytest.fixture
def clone(tmp_path, monkeypatch):
    """A clone in which nothing was set up, on a machine without tools."""
    for folder in ("contracts", "interfaces"):
        shutil.copytree(ROOT / folder, tmp_path / folder)
    shutil.copy(ROOT / "brownie-config.yaml", tmp_path)
    monkeypatch.setattr(shutil, "which", lambda *_, **__: None)
    monkeypatch.setenv("MEDTRUST_HOME", str(tmp_path / "home"))
    return tmp_path


@pytest.fixture
def no_compilation(monkeypatch):
    """Compiling everything takes long, and is tested where it is made."""
    monkeypatch.setattr(compiler, "check_artifacts", lambda _: [])


class TestExamine:
    """
    given this clone                     -> everything is looked at, and all is well
    given a clone without node_modules   -> each tool that is missing, with `make setup`
    given stale artifacts                -> their names, with `make build`
    given an artifact that is not there  -> its name
    given no chain                       -> told, and not amiss
    given no clone                       -> what an installed package needs, and no more
    """

    def test_is_well_here(self, no_compilation):
        findings = examine(ROOT)
        assert [one.what for one in findings] == EVERYTHING
        assert [one for one in findings if not one.is_well] == []
        assert all(one.mend == "" for one in findings if one.is_well and "tiny_keccak" not in one.what)

    def test_names_what_is_missing(self, clone, no_compilation):
        found = {one.what: one for one in examine(clone)}
        for what in ("anvil", "OpenZeppelin", "ganache"):
            assert not found[what].is_well
            assert found[what].mend == "run `make setup`"

    def test_names_stale_artifacts(self, monkeypatch):
        monkeypatch.setattr(compiler, "check_artifacts", lambda _: ["ConsentRegistry", "VisitRegistry"])
        found = {one.what: one for one in examine(ROOT)}["artifacts fit the sources"]
        assert found == Finding(found.what, False, "stale: ConsentRegistry, VisitRegistry", "run `make build`")

    def test_names_missing_artifacts(self, monkeypatch, no_compilation):
        real = artifacts.names()
        monkeypatch.setattr(artifacts, "names", lambda: [one for one in real if one != "VisitRegistry"])
        found = {one.what: one for one in examine(ROOT)}["artifacts"]
        assert not found.is_well
        assert found.found == "without VisitRegistry"

    def test_no_chain_is_not_amiss(self, clone, no_compilation, monkeypatch):
        monkeypatch.setattr(doctor, "find_target", lambda _: "http://127.0.0.1:9")
        found = {one.what: one for one in examine(clone)}["a running local chain"]
        assert found.is_well
        assert "make up" in found.found

    def test_looks_at_less_without_a_clone(self, monkeypatch):
        def fail() -> None:
            raise ToolMissing("the folder of the contracts", "run this inside a clone")

        monkeypatch.setattr(compiler, "find_root", fail)
        assert [one.what for one in examine()] == [*EVERYTHING[:4], "a clone of the repository"]


class TestCommand:
    """
    given all is well       -> exit 0, and a list in JSON
    given something missing -> exit 1
    """

    @pytest.mark.parametrize(("is_well", "code"), [(True, 0), (False, 1)])
    def test_ends_with_its_code(self, monkeypatch, capsys, is_well, code):
        found = Finding("anvil", is_well, "somewhere", "" if is_well else "run `make setup`")
        monkeypatch.setattr(local, "examine", lambda: [found])
        monkeypatch.setattr("sys.argv", ["medtrust", "doctor", "--json"])
        from medtrust.cli import main

        with pytest.raises(SystemExit) as end:
            main()
        assert (end.value.code or 0) == code
        shown = json.loads(capsys.readouterr().out)
        assert shown == [{"what": "anvil", "is_well": is_well, "found": "somewhere", "mend": found.mend}]
