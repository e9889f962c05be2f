"""The package's Python as its syntax trees, and the walks that the rules of the house need."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path, PurePosixPath

from tests.world import ROOT


@dataclass(frozen=True)
class Import:
    """One imported name: `from module import name`, or `import module` with no name."""

    module: str
    name: str
    line: int

    @property
    def top(self) -> str:
        """The first part of the module: web3 of web3.types."""
        return self.module.split(".")[0]


@dataclass(frozen=True)
class Module:
    """One file: its path from the root, its dotted name, its text and its syntax tree."""

    path: str
    text: str
    tree: ast.Module = field(repr=False)

    @property
    def name(self) -> str:
        """The dotted name: medtrust.standards.gs1; a package is named after its folder."""
        parts = PurePosixPath(self.path).with_suffix("").parts
        return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)

    @property
    def short(self) -> str:
        """The dotted name inside the package: standards.gs1."""
        return self.name.partition(".")[2]

    @cached_property
    def imports(self) -> list[Import]:
        """Every import, wherever it stands in the file."""
        found = []
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                found += [Import(one.name, "", node.lineno) for one in node.names]
            elif isinstance(node, ast.ImportFrom):
                assert node.level == 0, f"{self.path}:{node.lineno}: a relative import"
                found += [Import(str(node.module), one.name, node.lineno) for one in node.names]
        return found

    @cached_property
    def exports(self) -> list[str] | None:
        """The names in `__all__`; None without one."""
        for node in self.tree.body:
            if isinstance(node, ast.Assign) and any(_is_name(one, "__all__") for one in node.targets):
                return list(ast.literal_eval(node.value))
        return None

    @cached_property
    def definitions(self) -> dict[str, ast.stmt]:
        """What the module defines at its top level, by name."""
        found: dict[str, ast.stmt] = {}
        for node in _top_level(self.tree):
            if isinstance(node, (ast.FunctionDef, ast.ClassDef, ast.AsyncFunctionDef)):
                found[node.name] = node
            elif isinstance(node, ast.Assign):
                found.update({one.id: node for one in node.targets if isinstance(one, ast.Name)})
            elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
                found[node.target.id] = node
        return found

    def finding(self, line: int, what: str) -> str:
        return f"{self.path}:{line}: {what}"


@cache
def package() -> tuple[Module, ...]:
    """Every module of the package."""
    return modules_in("medtrust")


@cache
def modules_in(folder: str) -> tuple[Module, ...]:
    files = [file for file in sorted((ROOT / folder).rglob("*.py")) if "__pycache__" not in file.parts]
    return parse({file.relative_to(ROOT).as_posix(): Path(file).read_text(encoding="utf-8") for file in files})


def parse(texts: Mapping[str, str]) -> tuple[Module, ...]:
    """Parse texts by path."""
    return tuple(Module(path, text, ast.parse(text, path)) for path, text in texts.items())


def _top_level(tree: ast.Module) -> Iterator[ast.stmt]:
    for node in tree.body:
        yield node
        if isinstance(node, (ast.If, ast.Try)):
            yield from node.body
            yield from node.orelse
            for handler in getattr(node, "handlers", []):
                yield from handler.body


def _is_name(node: ast.expr, name: str) -> bool:
    return isinstance(node, ast.Name) and node.id == name
