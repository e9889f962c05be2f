"""Names: one meaning for each, and the same in every contract."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Final

import pytest

from tests.house.frame import bites, holds
from tests.house.solidity import Source, own_sources, parameters, parse, returns, signature, type_name, walk

_TIME = re.compile(r"(?:^(?:at|from|until|since)|(?:At|From|Until|Since))$")
_PARTICIPLE = re.compile(
    r"(?:[a-z]ed|Sent|Begun|Held|Paid|Sold|Lost|Told|Kept|Taken|Given|Withdrawn|Made|Shown|Met|Back|Left)$"
)
_NOBODY: Final = {"user", "users", "addr", "account_", "owner_"}
_PACKED: Final = {"Claim", "Entry"}
"""Structs whose times are narrower so that what is kept fills one slot; whoever reads them widens them."""
_STANDARDS: Final = {"supportsInterface", "isValidSignature"}
"""Functions whose names a standard gives."""


def errors_of_two_meanings(sources: Iterable[Source]) -> Iterator[str]:
    """One signature an error name, and one place that declares it."""
    found: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for source in sources:
        for node in source.of_kind("ErrorDefinition"):
            if not source.is_mock:
                found[node["name"]].append((signature(node), source.finding(node, "")))
    for name, places in found.items():
        if len({one for one, _ in places}) > 1:
            for one, place in places:
                yield f"{place}{name} has several signatures: here {one}"
        elif len(places) > 1:
            for _, place in places:
                yield f"{place}{name} is declared {len(places)} times; declare it once and name it from there"


def doubled_names(sources: Iterable[Source]) -> Iterator[str]:
    found: dict[str, list[str]] = defaultdict(list)
    for source in sources:
        for node in source.definitions:
            found[node["name"]].append(source.finding(node, f"{node['name']} is defined more than once"))
    for places in found.values():
        if len(places) > 1:
            yield from places


def badly_named_questions(sources: Iterable[Source]) -> Iterator[str]:
    """A view that answers yes or no is named is… or has…, and never reverts."""
    for source in sources:
        for node in source.members("FunctionDefinition"):
            if node.get("visibility") not in ("external", "public") or node["name"] in _STANDARDS:
                continue
            is_question = [type_name(one) for one in returns(node)] == ["bool"]
            is_view = node["stateMutability"] in ("view", "pure")
            is_named = bool(re.match(r"(?:is|has)[A-Z]", node["name"]))
            if is_question and is_view and not is_named:
                yield source.finding(node, f"{node['name']} answers yes or no: name it is… or has…")
            if is_named and not is_question:
                yield source.finding(node, f"{node['name']} is named as a question and does not answer yes or no")
            if is_named and node.get("body"):
                for one in walk(node["body"]):
                    called = one.get("expression", {}).get("name") if one["nodeType"] == "FunctionCall" else None
                    if called in ("require", "assert") or one["nodeType"] == "RevertStatement":
                        yield source.finding(one, f"{node['name']} answers yes or no, and may revert")


def badly_kept_storage(sources: Iterable[Source]) -> Iterator[str]:
    """Storage is private, begins with _, and names its keys; what is fixed is in capitals."""
    for source in sources:
        if source.is_mock:
            continue
        for node in source.members("VariableDeclaration"):
            name = node["name"]
            if node["constant"] or node["mutability"] == "immutable":
                if name.strip("_") != name.strip("_").upper():
                    yield source.finding(node, f"{name} is fixed: write it in capitals")
                continue
            if node["visibility"] != "private" or not name.startswith("_"):
                yield source.finding(node, f"{name} is storage: private, and named with a leading _")
            for one in walk(node["typeName"]):
                if one["nodeType"] == "Mapping":
                    is_nested = one["valueType"]["nodeType"] == "Mapping"
                    is_plain = one["valueType"]["nodeType"] == "ElementaryTypeName"
                    if not one["keyName"] or (is_plain and not is_nested and not one["valueName"]):
                        yield source.finding(node, f"{name}: name the keys and the values of the mapping")


def badly_kept_times(sources: Iterable[Source]) -> Iterator[str]:
    """A time that anyone sees is Unix seconds in uint64."""
    for source in sources:
        if source.folder != "interfaces":
            continue
        for owner in source.members("StructDefinition", "EventDefinition", "ErrorDefinition", "FunctionDefinition"):
            if owner["name"] in _PACKED:
                continue
            for node in (one for one in walk(owner) if one["nodeType"] == "VariableDeclaration"):
                kind = type_name(node)
                if _TIME.search(node["name"]) and kind.startswith(("uint", "int")) and kind != "uint64":
                    yield source.finding(
                        node, f"{node['name']} of {owner['name']} is a time in {kind}, expected uint64"
                    )


def badly_named_events(sources: Iterable[Source]) -> Iterator[str]:
    """An event is named after what happened, at most three of its values are indexed, its ids are."""
    for source in sources:
        if source.folder != "interfaces":
            continue
        for node in source.members("EventDefinition"):
            if not _PARTICIPLE.search(node["name"]):
                yield source.finding(node, f"{node['name']} does not end in a past participle")
            if not any(one["indexed"] for one in parameters(node)):
                yield source.finding(node, f"{node['name']} has no indexed value")


def badly_named_people(sources: Iterable[Source]) -> Iterator[str]:
    for source in sources:
        for node in source.of_kind("VariableDeclaration"):
            if node["name"].lower() in _NOBODY:
                yield source.finding(node, f"{node['name']}: name people by their role")


RULES = [
    errors_of_two_meanings,
    doubled_names,
    badly_named_questions,
    badly_kept_storage,
    badly_kept_times,
    badly_named_events,
    badly_named_people,
]


class TestNames:
    """given every contract -> each rule of this file finds nothing"""

    @pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
    def test_holds(self, rule):
        holds(rule(own_sources()))


def _body(body: str) -> str:
    return f"pragma solidity =0.8.30;\ninterface IA {{ {body} }}\n"


def _code(body: str) -> str:
    return f"pragma solidity =0.8.30;\ncontract A {{ {body} }}\n"


PLANTED = [
    (errors_of_two_meanings, {"interfaces/IA.sol": _body("error No(); error No(uint8 a);")}, "several signatures"),
    (
        errors_of_two_meanings,
        {"interfaces/IA.sol": _body("error No();"), "contracts/A.sol": _code("error No();")},
        "2 times",
    ),
    (doubled_names, {"interfaces/IA.sol": _body(""), "contracts/IA.sol": _body("")}, "more than once"),
    (
        badly_named_questions,
        {"interfaces/IA.sol": _body("function good() external view returns (bool);")},
        "good answers",
    ),
    (
        badly_named_questions,
        {"interfaces/IA.sol": _body("function isIt() external view returns (uint8);")},
        "isIt is named",
    ),
    (
        badly_named_questions,
        {"contracts/A.sol": _code("function isIt() external view returns (bool) { require(true, N()); }")},
        "may revert",
    ),
    (badly_kept_storage, {"contracts/A.sol": _code("uint256 public count;")}, "count is storage"),
    (badly_kept_storage, {"contracts/A.sol": _code("mapping(bytes32 => uint256) private _counts;")}, "name the keys"),
    (badly_kept_storage, {"contracts/A.sol": _code("address public immutable steward;")}, "in capitals"),
    (badly_kept_times, {"interfaces/IA.sol": _body("struct S { uint256 validUntil; }")}, "validUntil of S is a time"),
    (badly_named_events, {"interfaces/IA.sol": _body("event Grant(bytes32 indexed id);")}, "past participle"),
    (badly_named_events, {"interfaces/IA.sol": _body("event Granted(bytes32 id);")}, "no indexed"),
    (badly_named_people, {"interfaces/IA.sol": _body("function f(address user) external;")}, "user: name people"),
]


class TestTeeth:
    """given a contract that breaks one rule -> the rule finds it"""

    @pytest.mark.parametrize(("rule", "texts", "expected"), PLANTED)
    def test_finds_what_is_planted(self, rule, texts, expected):
        bites(rule(parse(texts)), expected)
