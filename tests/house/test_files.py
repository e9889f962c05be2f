"""Files: nothing in the repository names a machine, a registry or a task, and nothing of the corpus is in it."""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

import pytest

from tests.house.frame import bites, holds
from tests.world import ROOT

_HOSTS = (
    "registry." + "npmjs",
    "pypi" + ".org/simple",
    "files." + "pythonhosted",
    "registry." + "yarnpkg",
    "resol" + 'ved":',
)
_PLACES = re.compile(r"(?<![\w.}/-])/(?:work|root|tmp|home/\w+|Users/\w+)" + r"(?:/|\b)(?!\*)")
_UNDONE = re.compile(r"\b(?:TO" + r"DO|FIX" + r"ME|X" + r"XX|HA" + r"CK)\b")
_TASKS = re.compile(r"\bissue\s+#?\d+", re.IGNORECASE)
_OF_OTHERS = re.compile(r"ERC-3643 issue 101")
_EXACT = re.compile(r"\d+\.\d+\.\d+")
_GENERATED = ("medtrust/artifacts/", "LICENSE")


@cache
def tracked() -> tuple[Path, ...]:
    """The files of the repository, as git knows them."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return tuple(file for name in listed.split("\0") if name and (file := ROOT / name).is_file())


def texts() -> Iterator[tuple[str, str]]:
    for file in tracked():
        path = file.relative_to(ROOT).as_posix()
        if not path.startswith(_GENERATED):
            yield path, file.read_text(encoding="utf-8", errors="replace")


def forbidden_text(files: Iterable[tuple[str, str]]) -> Iterator[str]:
    for path, text in files:
        for number, line in enumerate(text.splitlines(), start=1):
            found = [host for host in _HOSTS if host in line]
            found += [match.group() for match in _PLACES.finditer(line)]
            found += [match.group() for match in _UNDONE.finditer(line)]
            found += [match.group() for match in _TASKS.finditer(_OF_OTHERS.sub("", line))]
            for what in found:
                yield f"{path}:{number}: {what!r} does not belong in the repository"


class TestFiles:
    """
    given any tracked file  -> no place of a machine, no registry's host, nothing undone, no task
    given package.json      -> each version is exact
    given the corpus        -> none of its files is in the repository
    given the artifacts     -> they name no machine either
    """

    def test_no_forbidden_text(self):
        holds(forbidden_text(texts()))

    def test_node_packages_are_exact(self):
        package = json.loads((ROOT / "package.json").read_text(encoding="utf-8"))
        versions = {**package.get("dependencies", {}), **package.get("devDependencies", {})}
        assert {name: one for name, one in versions.items() if not _EXACT.fullmatch(one)} == {}

    def test_no_lock_file_with_addresses(self):
        assert [file.name for file in tracked() if file.name in ("package-lock.json", "yarn.lock")] == []

    def test_nothing_of_the_corpus(self, corpus):
        theirs = {_digest(file) for file in corpus.rglob("*") if file.is_file() and file.stat().st_size}
        assert [file.relative_to(ROOT).as_posix() for file in tracked() if _digest(file) in theirs] == []

    def test_artifacts_name_no_machine(self):
        named = [file.name for file in tracked() if file.suffix == ".json" and str(ROOT) in file.read_text("utf-8")]
        assert named == []


PLANTED = [
    ("see /" + "work/main for more", "work"),
    ('FOLDER = "/' + 'tmp/x"', "tmp"),
    ("https://registry." + "npmjs" + ".org/solc", "npmjs"),
    ("# TO" + "DO: later", "TO" + "DO"),
    ("as asked in iss" + "ue 7", "ue 7"),
]


class TestTeeth:
    """given a line that does not belong -> it is found; given one that only looks like it -> it is not"""

    @pytest.mark.parametrize(("line", "expected"), PLANTED)
    def test_finds_what_is_planted(self, line, expected):
        bites(forbidden_text([("planted.md", line)]), expected)

    @pytest.mark.parametrize(
        "line", ["node_modules/.bin/x", "the works/ of", "https://a.org/" + "work/a", "an issue of trust"]
    )
    def test_passes_over_what_is_harmless(self, line):
        assert list(forbidden_text([("planted.md", line)])) == []


def _digest(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()
