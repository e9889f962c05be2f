"""Exports: every module says what is public, in order and truly; the package's public names are these and no others."""

from __future__ import annotations

import ast
import importlib
import subprocess
import sys
from collections.abc import Iterable, Iterator

import pytest

import medtrust
from medtrust import errors
from tests.house.frame import bites, holds
from tests.house.python import Module, modules_in, package, parse

PUBLIC = [
    "AccreditationClient",
    "Chain",
    "ChainError",
    "ChainUnreachable",
    "CheckRefused",
    "CompileError",
    "ConsentClient",
    "DrugClient",
    "EmergencyClient",
    "Event",
    "InputError",
    "InsuranceClient",
    "MedtrustError",
    "NodeFailed",
    "NotDeployed",
    "NotMined",
    "PatientClient",
    "PoolClient",
    "Receipt",
    "RecordClient",
    "Reverted",
    "Role",
    "Suite",
    "TokenClient",
    "ToolMissing",
    "VaccinationClient",
    "VisitClient",
    "__version__",
    "name_hash",
    "organisation_id",
]


def bad_exports(modules: Iterable[Module]) -> Iterator[str]:
    for module in modules:
        if module.path.endswith("__main__.py"):
            continue
        if module.exports is None:
            yield module.finding(1, "has no __all__")
            continue
        if module.exports != sorted(module.exports, key=_order):
            yield module.finding(1, f"__all__ is not sorted: {sorted(module.exports, key=_order)}")
        known = set(module.definitions) | {one.name or one.module for one in module.imports}
        for name in module.exports:
            if name not in known:
                yield module.finding(1, f"__all__ names {name}, which is not there")


def missing_sentences(modules: Iterable[Module]) -> Iterator[str]:
    """Every module, public class, function and method has a docstring whose first paragraph ends as a sentence does."""
    for module in modules:
        if not _has_sentence(module.tree):
            yield module.finding(1, "the module has no sentence")
        for node in _public(module.tree.body):
            if not _has_sentence(node):
                yield module.finding(node.lineno, f"{node.name} has no sentence")


def long_modules(modules: Iterable[Module]) -> Iterator[str]:
    for module in modules:
        length = module.text.count("\n")
        if length > 400 and "_generated" not in module.path:
            yield module.finding(1, f"has {length} lines, at most 400")


def bad_file_names(modules: Iterable[Module]) -> Iterator[str]:
    for module in modules:
        parts = module.path.removesuffix(".py").split("/")
        if not all(part == part.lower() and part.isidentifier() for part in parts):
            yield module.finding(1, "a Python file is named in lower case, with words joined by _")


def _public(body: Iterable[ast.stmt]) -> Iterator[ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in body:
        if isinstance(node, (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)) and not node.name.startswith("_"):
            yield node
            if isinstance(node, ast.ClassDef):
                yield from _public(node.body)


def _has_sentence(node: ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    text = ast.get_docstring(node)
    first = (text or "").split("\n\n")[0].strip()
    return first.endswith((".", ":", "?"))


def _order(name: str) -> tuple[int, str]:
    """Constants, then classes, then the rest, as ruff sorts."""
    if name.isupper():
        return 0, name
    return (1, name) if name[:1].isupper() else (2, name)


class TestExports:
    """
    given any module              -> it has `__all__`, sorted, and each name in it is there
    given any public name         -> it has its sentence
    given any module              -> at most 400 lines, and a file named as Python's are
    given the package             -> its public names are the list of this file; each can be had
    given an exception of ours    -> it is public
    given a pure module           -> importing it loads no web3
    """

    def test_every_module_exports(self):
        holds(bad_exports(package()))

    def test_every_public_name_has_its_sentence(self):
        holds(missing_sentences(package()))

    def test_no_module_is_too_long(self):
        holds(long_modules([*package(), *modules_in("scripts")]))

    def test_files_are_named_as_python_names_them(self):
        holds(bad_file_names([*package(), *modules_in("scripts"), *modules_in("tests")]))

    def test_public_names_are_these(self):
        assert medtrust.__all__ == PUBLIC

    @pytest.mark.parametrize("name", PUBLIC)
    def test_every_public_name_can_be_had(self, name):
        assert getattr(medtrust, name) is not None

    def test_every_exception_is_public(self):
        assert set(errors.__all__) <= set(medtrust.__all__)

    def test_an_unknown_name_is_refused(self):
        with pytest.raises(AttributeError, match="no attribute 'Nothing'"):
            medtrust.Nothing  # noqa: B018

    @pytest.mark.parametrize("name", ["merkle", "canonical", "certificate", "disclosure", "packing", "standards"])
    def test_a_pure_module_loads_no_web3(self, name):
        importlib.import_module(f"medtrust.{name}")
        program = f"import sys, medtrust.{name}; sys.exit('web3' in sys.modules)"
        assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


PLANTED = [
    (bad_exports, '"""A."""\n', "has no __all__"),
    (bad_exports, "__all__ = ['b', 'A']\nA = b = 1\n", "not sorted"),
    (bad_exports, "__all__ = ['A']\n", "names A, which is not there"),
    (missing_sentences, "x = 1\n", "the module has no sentence"),
    (missing_sentences, '"""A."""\nclass A:\n    """B."""\n    def c(self): ...\n', "c has no sentence"),
    (missing_sentences, '"""A."""\ndef d():\n    """lower case and no stop"""\n', "d has no sentence"),
    (long_modules, "x = 1\n" * 401, "401 lines"),
]


class TestTeeth:
    """given a module that breaks one rule -> the rule finds it"""

    @pytest.mark.parametrize(("rule", "text", "expected"), PLANTED)
    def test_finds_what_is_planted(self, rule, text, expected):
        bites(rule(parse({"medtrust/planted.py": text})), expected)

    def test_finds_a_file_named_otherwise(self):
        bites(bad_file_names(parse({"medtrust/Consent-Rules.py": ""})), "lower case")
