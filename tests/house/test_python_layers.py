"""Python layers: cli, public names, suite and deploy, clients, contract, chain, abi, artifacts, errors."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator

import pytest

from tests.house.frame import bites, holds
from tests.house.python import Module, modules_in, package, parse

PURE = {
    "adjudication",
    "canonical",
    "canonical_json",
    "certificate",
    "checkpoint",
    "consent_rules",
    "consent_terms",
    "consent_text",
    "consent_words",
    "counts",
    "cold_chain",
    "coverage",
    "disclosure",
    "drug_movements",
    "drug_types",
    "dossier",
    "envelope",
    "explanation",
    "foreign",
    "instants",
    "json_fields",
    "judgement",
    "keccak",
    "key_shares",
    "keyed",
    "merkle",
    "money",
    "nullifier",
    "packing",
    "paper",
    "page",
    "plan",
    "presentation",
    "pseudonym",
    "reasons",
    "recall_effect",
    "record_terms",
    "recursion",
    "shown",
    "signing",
    "trace_picture",
    "transactions",
    "travel",
    "suppression",
    "types",
    "verdict",
    "visit",
    "wrapping",
}
CLIENTS = {
    "accreditation",
    "consent",
    "drugs",
    "emergency",
    "insurance",
    "patients",
    "pool",
    "records",
    "token",
    "vaccination",
    "visits",
}
TOOLS = {"compiler", "files", "node", "solc", "wallet"}
SINGLE = {"errors", "artifacts", "abi", "chain", "contract"}

_BELOW_CHAIN = {"errors", "pure", "artifacts", "abi"}
ALLOWED = {
    "errors": set(),
    "pure": {"errors", "pure"},
    "artifacts": {"errors"},
    "tool": {"errors", "pure", "artifacts", "tool"},
    "abi": {"errors", "pure", "artifacts"},
    "chain": _BELOW_CHAIN,
    "contract": _BELOW_CHAIN | {"chain"},
    "client": _BELOW_CHAIN | {"chain", "contract"},
    "service": _BELOW_CHAIN | {"chain", "contract", "client", "tool", "service", "samples"},
    "samples": {"errors"},
    "bench": _BELOW_CHAIN | {"chain", "contract", "client", "tool", "service", "samples", "bench"},
    "cli": _BELOW_CHAIN | {"chain", "contract", "client", "tool", "service", "samples", "cli"},
    "root": _BELOW_CHAIN | {"chain", "contract", "client", "tool", "service", "cli"},
}
"""What each layer may import of the package; a service is what stands between the clients and the command line.

Nothing imports the bench.
"""

ONLY_IN = {"web3": {"chain"}, "typer": {"cli"}, "rich": {"cli"}, "click": {"cli"}, "pyrevm": {"bench"}}
NOWHERE = {"brownie", "tests", "scripts", "pytest", "hypothesis"}
IMPURE = {
    "asyncio",
    "http",
    "io",
    "os",
    "pathlib",
    "random",
    "requests",
    "shutil",
    "socket",
    "subprocess",
    "tempfile",
    "threading",
    "time",
    "urllib.request",
    "web3",
}
IMPURE_BUILTINS = {"open", "input", "print"}
IMPURE_METHODS = {"now", "utcnow", "today", "read_text", "read_bytes", "write_text", "write_bytes"}


def layer_of(name: str) -> str:
    """The layer of a module, by its dotted name inside the package."""
    head = name.split(".")[0]
    if head in ("", "__main__"):
        return "root"
    if head in ("bench", "cli", "samples"):
        return head
    if head == "standards" or head in PURE:
        return "pure"
    if head in CLIENTS:
        return "client"
    if head in TOOLS:
        return "tool"
    return head if head in SINGLE else "service"


def imported_modules(module: Module, known: set[str]) -> Iterator[tuple[str, int]]:
    """What a module imports of the package, `from medtrust import x` as x."""
    for one in module.imports:
        if one.top == "medtrust":
            whole = f"{one.module}.{one.name}"
            yield (whole if whole in known else one.module).partition(".")[2], one.line


def upward_imports(modules: Iterable[Module]) -> Iterator[str]:
    known = {module.name for module in package()} | {module.name for module in modules}
    for module in modules:
        layer = layer_of(module.short)
        for name, line in imported_modules(module, known):
            if layer_of(name) not in ALLOWED[layer]:
                yield module.finding(line, f"{layer} {module.short} imports {layer_of(name)} {name or 'medtrust'}")


def foreign_imports(modules: Iterable[Module]) -> Iterator[str]:
    for module in modules:
        for one in module.imports:
            if one.top in NOWHERE:
                yield module.finding(one.line, f"imports {one.top}, which the package never needs")
            if one.top in ONLY_IN and layer_of(module.short) not in ONLY_IN[one.top]:
                yield module.finding(one.line, f"imports {one.top}, which only {', '.join(ONLY_IN[one.top])} may")


def impurities(modules: Iterable[Module]) -> Iterator[str]:
    for module in modules:
        if layer_of(module.short) != "pure":
            continue
        for one in module.imports:
            if one.top in IMPURE or one.module in IMPURE:
                yield module.finding(one.line, f"is pure and imports {one.module}")
        for node in ast.walk(module.tree):
            called = node.func if isinstance(node, ast.Call) else None
            if isinstance(called, ast.Name) and called.id in IMPURE_BUILTINS:
                yield module.finding(node.lineno, f"is pure and calls {called.id}()")
            if isinstance(called, ast.Attribute) and called.attr in IMPURE_METHODS:
                yield module.finding(node.lineno, f"is pure and calls {called.attr}()")


def private_imports(modules: Iterable[Module]) -> Iterator[str]:
    """One module takes from another only what that one exports."""
    by_name = {module.name: module for module in package()} | {module.name: module for module in modules}
    for module in modules:
        for one in module.imports:
            source = by_name.get(one.module)
            if source is None or not one.name or f"{one.module}.{one.name}" in by_name:
                continue
            if one.name not in (source.exports or []):
                yield module.finding(one.line, f"imports {one.name}, which {source.path} does not export")


def unlisted_clients(modules: Iterable[Module]) -> Iterator[str]:
    for module in modules:
        for node in module.definitions.values():
            is_client = isinstance(node, ast.ClassDef) and any(getattr(one, "id", "") == "Client" for one in node.bases)
            if is_client and layer_of(module.short) != "client":
                yield module.finding(node.lineno, f"defines the client {node.name} in layer {layer_of(module.short)}")


class TestLayers:
    """
    given any module of the package -> it imports lower layers alone; clients never import each other
    given web3, typer, rich, pyrevm -> they stand in chain, cli, cli, bench alone; test tools nowhere
    given a pure module             -> no web3, no files, no clock
    given an import of ours         -> the name is exported there
    given a client                  -> it stands in the layer of clients
    given scripts                   -> they import neither tests nor private names
    """

    def test_imports_go_down(self):
        holds(upward_imports(package()))

    def test_libraries_stay_in_their_layer(self):
        holds(foreign_imports(package()))

    def test_pure_modules_are_pure(self):
        holds(impurities(package()))

    def test_only_exported_names_are_imported(self):
        holds(private_imports([*package(), *modules_in("scripts")]))

    def test_clients_are_where_clients_are(self):
        holds(unlisted_clients(package()))

    def test_every_listed_module_exists(self):
        heads = {module.short.split(".")[0] for module in package()}
        assert heads >= (CLIENTS | TOOLS | SINGLE)


PLANTED = [
    (upward_imports, "medtrust/consent.py", "from medtrust.accreditation import Role", "client consent imports client"),
    (upward_imports, "medtrust/consent.py", "from medtrust import suite", "imports service suite"),
    (upward_imports, "medtrust/chain.py", "from medtrust.contract import Client", "chain imports contract"),
    (upward_imports, "medtrust/merkle.py", "from medtrust.abi import Interface", "pure merkle imports abi"),
    (upward_imports, "medtrust/suite.py", "def f():\n    from medtrust.cli import app", "imports cli"),
    (upward_imports, "medtrust/suite.py", "def f():\n    import medtrust.bench.evm", "imports bench"),
    (foreign_imports, "medtrust/abi.py", "import web3.types", "imports web3"),
    (foreign_imports, "medtrust/suite.py", "def f():\n    import pyrevm", "imports pyrevm"),
    (foreign_imports, "medtrust/suite.py", "from rich.table import Table", "imports rich"),
    (foreign_imports, "medtrust/deploy.py", "from tests.world import ROOT", "imports tests"),
    (impurities, "medtrust/merkle.py", "from pathlib import Path", "imports pathlib"),
    (impurities, "medtrust/standards/gs1.py", "import datetime\ndatetime.date.today()", "calls today()"),
    (impurities, "medtrust/types.py", "open('x')", "calls open()"),
    (private_imports, "medtrust/drugs.py", "from medtrust.abi import selector", "imports selector"),
    (unlisted_clients, "medtrust/ledger.py", "class Ledger(Client): ...", "the client Ledger in layer service"),
]


class TestTeeth:
    """given a module that breaks one rule -> the rule finds it"""

    @pytest.mark.parametrize(("rule", "path", "text", "expected"), PLANTED)
    def test_finds_what_is_planted(self, rule, path, text, expected):
        bites(rule(parse({path: text})), expected)
