"""The project's Solidity as the compiler parses it, and the walks that the rules of the house need."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import PurePosixPath
from typing import Any

from medtrust import compiler
from medtrust.solc import find_solc
from tests.world import ROOT

Node = dict[str, Any]


@dataclass(frozen=True)
class Source:
    """One file: its path from the root, its text and its syntax tree."""

    path: str
    text: str
    tree: Node = field(repr=False)

    @property
    def folder(self) -> str:
        """contracts, contracts/base, contracts/libraries, contracts/mocks or interfaces."""
        return str(PurePosixPath(self.path).parent)

    @property
    def stem(self) -> str:
        return PurePosixPath(self.path).stem

    @cached_property
    def definitions(self) -> list[Node]:
        """The contracts, interfaces and libraries of the file."""
        return [node for node in self.tree["nodes"] if node["nodeType"] == "ContractDefinition"]

    @cached_property
    def imports(self) -> list[Node]:
        return [node for node in self.tree["nodes"] if node["nodeType"] == "ImportDirective"]

    @property
    def is_mock(self) -> bool:
        return self.folder == "contracts/mocks"

    def of_kind(self, *kinds: str) -> Iterator[Node]:
        """Every node of some kinds, wherever in the file."""
        return (node for node in walk(self.tree) if node["nodeType"] in kinds)

    def members(self, *kinds: str) -> Iterator[Node]:
        """The nodes of some kinds directly inside the contracts of the file."""
        return (node for one in self.definitions for node in one["nodes"] if node["nodeType"] in kinds)

    def line_of(self, node: Node) -> int:
        return self.text.encode()[: _span(node)[0]].count(b"\n") + 1

    def lines_of(self, node: Node) -> int:
        """How many lines a node takes, without its documentation."""
        start, length = _span(node)
        return self.text.encode()[start : start + length].count(b"\n") + 1

    def tags_above(self, node: Node) -> set[str]:
        """The NatSpec tags in the lines above a variable, whose documentation the parser leaves out."""
        found: set[str] = set()
        for line in reversed(self.text.splitlines()[: self.line_of(node) - 1]):
            if not line.strip().startswith("///"):
                break
            found |= {word[1:] for word in line.split() if word.startswith("@")}
        return found

    def finding(self, node: Node, what: str) -> str:
        return f"{self.path}:{self.line_of(node)}: {what}"


@cache
def own_sources() -> tuple[Source, ...]:
    """Every Solidity file of the project."""
    files = sorted(file for folder in ("contracts", "interfaces") for file in (ROOT / folder).rglob("*.sol"))
    return parse({file.relative_to(ROOT).as_posix(): file.read_text(encoding="utf-8") for file in files})


def parse(texts: Mapping[str, str]) -> tuple[Source, ...]:
    """Parse texts by path, without resolving what they import."""
    request = {
        "language": "Solidity",
        "sources": {path: {"content": text} for path, text in texts.items()},
        "settings": {"stopAfter": "parsing", "outputSelection": {"*": {"": ["ast"]}}},
    }
    answer = compiler_process().compile(request)
    wrong = [one["formattedMessage"] for one in answer.get("errors", []) if one["severity"] == "error"]
    assert not wrong, "\n".join(wrong)
    return tuple(Source(path, text, answer["sources"][path]["ast"]) for path, text in texts.items())


@cache
def compiler_process() -> Any:
    return find_solc(compiler.find_root(ROOT))


def walk(tree: Any) -> Iterator[Node]:
    """Every node of a syntax tree, parents first."""
    if isinstance(tree, dict):
        if "nodeType" in tree:
            yield tree
        for value in tree.values():
            yield from walk(value)
    elif isinstance(tree, list):
        for value in tree:
            yield from walk(value)


def parameters(node: Node) -> list[Node]:
    return list(node["parameters"]["parameters"])


def returns(node: Node) -> list[Node]:
    return list((node.get("returnParameters") or {}).get("parameters", []))


def type_name(node: Node) -> str:
    """The type of a variable as it is written, arrays and mappings aside."""
    kind = node.get("typeName") or node
    if kind["nodeType"] == "ElementaryTypeName":
        return str(kind["name"])
    if kind["nodeType"] == "UserDefinedTypeName":
        return str(kind["pathNode"]["name"])
    if kind["nodeType"] == "ArrayTypeName":
        return type_name(kind["baseType"]) + "[]"
    return str(kind["nodeType"])


def signature(node: Node) -> str:
    """The name of an error, an event or a function with its types as they are written."""
    return f"{node['name']}({','.join(type_name(one) for one in parameters(node))})"


def tags(node: Node) -> list[tuple[str, str]]:
    """The NatSpec of a node: (tag, text) in their order, the text on one line."""
    documentation = node.get("documentation")
    text = documentation["text"] if isinstance(documentation, dict) else documentation or ""
    found: list[tuple[str, str]] = []
    for line in text.splitlines():
        stripped = line.strip()
        if stripped.startswith("@"):
            tag, _, rest = stripped[1:].partition(" ")
            found.append((tag, rest.strip()))
        elif found:
            found[-1] = (found[-1][0], f"{found[-1][1]}\n{stripped}".strip())
        elif stripped:
            found.append(("notice", stripped))
    return found


def tag(node: Node, name: str) -> str | None:
    """The text of the first tag of a name; None without one."""
    return next((text for one, text in tags(node) if one == name), None)


def _span(node: Node) -> tuple[int, int]:
    start, length, _ = (int(part) for part in node["src"].split(":"))
    return start, length
