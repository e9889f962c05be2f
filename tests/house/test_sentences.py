"""Sentences: whatever an interface offers says what it is, in words that the SDK shows to people."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

import pytest

from medtrust import artifacts
from tests.house.frame import bites, holds
from tests.house.solidity import Node, Source, own_sources, parameters, parse, returns, tag, tags

_REFERENCE = re.compile(r"\{(\w+)\}")
_OTHERS = {"IERC5267", "IERC1271", "EIP712", "ERC20", "IERC20", "SafeERC20", "MerkleProof", "SignatureChecker"}
"""What sentences may point to and is not ours."""


def missing_notices(sources: Iterable[Source]) -> Iterator[str]:
    kinds = "FunctionDefinition", "EventDefinition", "ErrorDefinition", "StructDefinition", "EnumDefinition"
    for source in sources:
        if source.folder != "interfaces":
            continue
        for node in source.members(*kinds):
            yield from _bad_sentence(source, node, "@notice", tag(node, "notice"))


def missing_parameters(sources: Iterable[Source]) -> Iterator[str]:
    """Every parameter of a function, an event or an error, every field of a struct, every value returned."""
    for source in sources:
        if source.folder != "interfaces":
            continue
        for node in source.members("FunctionDefinition", "EventDefinition", "ErrorDefinition", "StructDefinition"):
            fields = node["members"] if node["nodeType"] == "StructDefinition" else parameters(node)
            told = dict(text.partition(" ")[::2] for one, text in tags(node) if one == "param")
            for one in fields:
                yield from _bad_sentence(source, node, f"@param {one['name']}", told.get(one["name"]))
            for name in sorted(set(told) - {one["name"] for one in fields}):
                yield source.finding(node, f"{node['name']}: @param {name} is no parameter")
            answers = [text for one, text in tags(node) if one == "return"]
            if len(answers) != len(returns(node)):
                yield source.finding(node, f"{node['name']}: {len(answers)} @return for {len(returns(node))} values")
            for text, one in zip(answers, returns(node), strict=False):
                yield from _bad_sentence(source, node, "@return", text.removeprefix(f"{one['name']} "))


def missing_inheritance(sources: Iterable[Source]) -> Iterator[str]:
    """Outside interfaces an open function or variable points to its sentence; every other has one or needs none."""
    for source in sources:
        if source.folder not in ("contracts", "contracts/base"):
            continue
        for node in source.members("FunctionDefinition", "VariableDeclaration"):
            is_open = node.get("visibility") in ("external", "public")
            told = {one for one, _ in tags(node)} or source.tags_above(node)
            if is_open and not told & {"inheritdoc", "notice"}:
                yield source.finding(node, f"{node['name']} has neither @inheritdoc nor @notice")


def missing_effects(sources: Iterable[Source]) -> Iterator[str]:
    """A function that writes says what it emits; what it reverts with stands in bullets, one an error."""
    for source in sources:
        if source.folder != "interfaces":
            continue
        errors = {node["name"] for one in sources for node in one.members("ErrorDefinition")}
        for node in source.members("FunctionDefinition"):
            text = " ".join((tag(node, "dev") or "").split(" "))
            is_write = node["stateMutability"] in ("nonpayable", "payable")
            emits = re.search(r"\b[Ee]mits\s", text)
            if is_write and not emits and node["name"][:2] != "on":
                yield source.finding(node, f"{node['name']} writes and does not say what it emits")
            bullets = text.partition("Reverts with:")[2]
            for name in _REFERENCE.findall("\n".join(one for one in bullets.split("\n") if one.startswith("- {"))):
                if name not in errors and name not in _OTHERS:
                    yield source.finding(node, f"{node['name']}: reverts with {name}, which is no error")


def dangling_references(sources: Iterable[Source]) -> Iterator[str]:
    """What a sentence names in braces is there."""
    everyone = [*own_sources(), *sources]
    known = {node["name"] for one in everyone for node in one.definitions} | _OTHERS
    known |= {node.get("name", "") for one in everyone for kind in one.definitions for node in kind["nodes"]}
    for source in sources:
        for node in [*source.definitions, *(one for kind in source.definitions for one in kind["nodes"])]:
            for _, text in tags(node):
                for name in _REFERENCE.findall(text):
                    if name not in known:
                        yield source.finding(node, f"{{{name}}} is nothing that there is")


def _bad_sentence(source: Source, node: Node, what: str, text: str | None) -> Iterator[str]:
    if not text:
        yield source.finding(node, f"{node['name']} has no {what}")
    elif not re.match(r"[A-Z0-9`\"]", text):
        yield source.finding(node, f"{node['name']}: {what} begins in lower case: {text[:40]!r}")
    elif not text.rstrip().endswith("."):
        yield source.finding(node, f"{node['name']}: {what} ends without a full stop: {text[-40:]!r}")


RULES = [missing_notices, missing_parameters, missing_inheritance, missing_effects, dangling_references]


class TestSentences:
    """
    given every interface         -> each function, event, error, struct, enum, parameter and value has its sentence
    given every contract          -> each open function points to its sentence
    given every shipped artifact  -> each of its errors and events has the sentence that the SDK shows
    """

    @pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
    def test_holds(self, rule):
        holds(rule(own_sources()))

    def test_every_shipped_error_and_event_has_its_sentence(self):
        holds(
            f"medtrust/artifacts/{name}.json:1: {item['type']} {item['name']} has no sentence"
            for name in artifacts.names()
            if (artifact := artifacts.load(name)).source.startswith(("contracts/", "interfaces/"))
            for item in artifact.abi
            if item["type"] in ("error", "event")
            and not {"error": artifact.errors, "event": artifact.events}[item["type"]].get(item["name"])
            and not _is_of_a_library(item["name"])
        )


def _is_of_a_library(name: str) -> bool:
    """Whether an error or an event is none of ours, but of OpenZeppelin."""
    own = {node["name"] for one in own_sources() for node in one.members("ErrorDefinition", "EventDefinition")}
    return name not in own


INTERFACE = "interfaces/IVisitRegistry.sol"


def _interface(body: str) -> str:
    return f"pragma solidity >=0.8.26;\n/// @title I\n/// @notice N.\ninterface IVisitRegistry {{\n{body}\n}}\n"


PLANTED = [
    (missing_notices, _interface("error Wrong();"), "Wrong has no @notice"),
    (missing_notices, _interface("/// @notice it is wrong.\nerror Wrong();"), "lower case"),
    (missing_notices, _interface("/// @notice It is wrong\nevent Done();"), "without a full stop"),
    (missing_parameters, _interface("/// @notice N.\nerror Wrong(uint64 at);"), "Wrong has no @param at"),
    (missing_parameters, _interface("/// @notice N.\nstruct S { uint64 at; }"), "S has no @param at"),
    (missing_parameters, _interface("/// @notice N.\n/// @param b B.\nevent Done();"), "@param b is no parameter"),
    (missing_parameters, _interface("/// @notice N.\nfunction f() external returns (bool);"), "0 @return for 1"),
    (missing_effects, _interface("/// @notice N.\nfunction f() external;"), "does not say what it emits"),
    (missing_effects, _interface("/// @dev Reverts with:\n/// - {No} if.\nfunction f() external;"), "No, which is no"),
    (dangling_references, _interface("/// @dev Emits {Nowhere}.\nfunction f() external;"), "{Nowhere} is nothing"),
]


class TestTeeth:
    """given an interface that breaks one rule -> the rule finds it"""

    @pytest.mark.parametrize(("rule", "text", "expected"), PLANTED)
    def test_finds_what_is_planted(self, rule, text, expected):
        bites(rule(parse({INTERFACE: text})), expected)

    def test_finds_an_open_function_without_a_sentence(self):
        text = "pragma solidity =0.8.30;\ncontract A { function f() external {} }\n"
        bites(missing_inheritance(parse({"contracts/A.sol": text})), "f has neither")
