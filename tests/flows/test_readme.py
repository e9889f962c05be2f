"""The README tells the truth: its Python runs as it stands, and its picture of the output is what the demo prints."""

from __future__ import annotations

import contextlib
import io
import re
import subprocess
import sys

import pytest

from medtrust import sandbox
from medtrust.deploy import AddressBook
from medtrust.files import write_json
from tests.gas.frame import recorded
from tests.world import ROOT

README = (ROOT / "README.md").read_text(encoding="utf-8")


def _blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", README, re.MULTILINE | re.DOTALL)


def _without_numbers(text: str) -> str:
    return re.sub(r"[0-9a-fA-F]+", "#", text).strip()


class TestReadme:
    """
    its picture of the demo -> is what the demo prints, numbers aside
    given the sandbox      -> the twenty lines run, and print what their comments say
    every figure of gas     -> is one that is recorded
    every link to a file   -> leads to one
    every target it names  -> is in the Makefile
    """

    def test_its_picture_of_the_demo_is_what_the_demo_prints(self):
        command = [sys.executable, "-m", "medtrust", "demo"]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
        printed = {_without_numbers(line) for line in done.stdout.splitlines()}
        shown = next(block for block in _blocks("") if "✓" in block)
        assert [line for line in shown.splitlines() if line != "…" and _without_numbers(line) not in printed] == []

    def test_its_python_runs(self, world, session_node, tmp_path, monkeypatch):
        monkeypatch.chdir(tmp_path)
        book = AddressBook(session_node.chain_id)
        sandbox.accredit_everyone(sandbox.deploy_suite(session_node, book))
        target = session_node.ipc_path or session_node.url
        write_json(tmp_path / ".medtrust" / "local.json", {"target": target})
        printed = io.StringIO()
        (code,) = _blocks("python")
        with contextlib.redirect_stdout(printed):
            exec(compile(code, "README.md", "exec"), {})
        lines = printed.getvalue().splitlines()
        assert lines[0].startswith("True ")
        assert "PURPOSE" in lines[1]
        assert lines[2].startswith("NotAuthorised 2 ")

    @pytest.mark.parametrize("figure", re.findall(r"^\|[^|]*\| ([0-9,]+) \|", README, re.MULTILINE))
    def test_its_gas_is_what_is_recorded(self, figure):
        assert int(figure.replace(",", "")) in recorded().values()

    @pytest.mark.parametrize("target", sorted(set(re.findall(r"\]\(([^)#:]+)\)", README))))
    def test_its_links_lead_somewhere(self, target):
        assert (ROOT / target).exists()

    @pytest.mark.parametrize("target", sorted(set(re.findall(r"\bmake ([a-z]+)", README))))
    def test_its_targets_exist(self, target):
        assert re.search(rf"^{target}:", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
