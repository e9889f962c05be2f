"""The guides: every line that they show does what they say."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import sys
from pathlib import Path

import pytest

from medtrust import cli, node, sandbox
from medtrust.deploy import AddressBook
from medtrust.files import write_json
from tests.world import ROOT

AT = 1_793_491_200
"""The time of the first block: the first of November 2026, soon after the visit of the samples."""

SAMPLES = ROOT / "medtrust" / "samples"


@pytest.fixture
def running(tmp_path, monkeypatch):
    """What `medtrust up` starts, and an empty folder to work in."""
    monkeypatch.setenv("MEDTRUST_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("MEDTRUST_DEPLOYMENTS", str(tmp_path / "deployments"))
    monkeypatch.setenv("SAMPLES", str(SAMPLES))
    for name in ("MEDTRUST_KEY", "MEDTRUST_CHAIN"):
        monkeypatch.delenv(name, raising=False)
    with node.start("anvil", ROOT, timestamp=AT) as chain:
        sandbox.accredit_everyone(sandbox.deploy_suite(chain, AddressBook(chain.chain_id)))
        write_json(tmp_path / "home" / "local.json", {"target": chain.url})
        (tmp_path / "work").mkdir()
        monkeypatch.chdir(tmp_path / "work")
        yield chain


def blocks(guide: str, language: str) -> list[str]:
    text = (ROOT / "docs" / guide).read_text(encoding="utf-8")
    return re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL)


class TestCommandLine:
    """given the lines of docs/cli.md in their order -> each ends with the exit code that is written beside it, or 0"""

    def test_every_line_does_what_it_says(self, running, capsys, monkeypatch):
        known = {"SAMPLES": str(SAMPLES)}
        for line in "".join(blocks("cli.md", "sh")).splitlines():
            command, _, comment = line.partition("  #")
            words = [_fill(word, known) for word in shlex.split(command)]
            code, output = _run(words, "prints" in comment, capsys, monkeypatch)
            expected = re.search(r"exit (\d)", comment)
            assert code == (int(expected.group(1)) if expected else 0), f"{line}\n{output}"
            if printed := re.search(r"prints (\w+)", comment):
                answer = json.loads(output)
                one = answer[0] if isinstance(answer, list) else answer
                known[printed.group(1)] = one[printed.group(1).lower()]


class TestPython:
    """given the blocks of docs/python.md in their order -> each runs, and each line that names its value has it"""

    def test_every_block_does_what_it_says(self, running):
        Path("samples").symlink_to(SAMPLES)
        names: dict[str, object] = {"__name__": "guide"}
        for block in blocks("python.md", "python"):
            exec(compile(_checked(block), "a block of docs/python.md", "exec"), names)


def _run(words, as_json, capsys, monkeypatch):
    if words[0] == "cp":
        (source,) = sorted(SAMPLES.cwd().glob(words[1]))
        shutil.copy(source, words[2])
        return 0, ""
    monkeypatch.setattr(sys, "argv", [*words, "--json"] if as_json else words)
    try:
        cli.main()
        code = 0
    except SystemExit as end:
        code = end.code or 0
    found = capsys.readouterr()
    return code, found.out if as_json else found.out + found.err


def _fill(word: str, known: dict[str, str]) -> str:
    return re.sub(r"\$(\w+)", lambda match: known[match.group(1)], word)


def _checked(block: str) -> str:
    """Turn `value    # -> expected` into an assertion."""
    lines = []
    for line in block.splitlines():
        value, arrow, expected = line.partition("# -> ")
        lines.append(f"assert ({value.strip()}) == ({expected}), {value.strip()!r}" if arrow else line)
    return "\n".join(lines)
