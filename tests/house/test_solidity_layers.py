"""Solidity layers: contracts know interfaces, bases and libraries alone, and of interfaces only those of lower rows."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator
from typing import Final

import pytest

from medtrust.deploy import PLAN
from tests.house.frame import bites, holds
from tests.house.solidity import Source, own_sources, parameters, parse, returns, tag, type_name, walk

ROW_OF: Final = {
    "AccreditationRegistry": 1,
    "PatientRegistry": 2,
    "ConsentRegistry": 2,
    "EmergencyAccess": 2,
    "VaccinationRegistry": 3,
    "DrugProvenance": 3,
    "RecordExchange": 3,
    "VisitRegistry": 3,
    "InsurancePool": 4,
    "InsuranceClaims": 4,
}
"""The picture of the contracts: who may act, the patient's will, records, money."""

UPWARD: Final = "VisitListener"
"""The one interface that is called upwards: the visit names it."""

SHARED: Final = {"FieldProofs", "SignedActions", "UnorderedNonces", UPWARD}
"""Interfaces of no row: what several contracts are, and what a contract is woken by."""

MAY_IMPORT: Final = {
    "contracts": ("interfaces", "contracts/base", "contracts/libraries"),
    "contracts/base": ("interfaces", "contracts/base", "contracts/libraries"),
    "contracts/libraries": ("interfaces", "contracts/libraries"),
    "contracts/mocks": ("interfaces", "contracts", "contracts/base", "contracts/libraries", "contracts/mocks"),
    "interfaces": ("interfaces",),
}
KIND_OF: Final = {
    "contracts": ("contract", False),
    "contracts/base": ("contract", True),
    "contracts/libraries": ("library", False),
    "contracts/mocks": ("contract", False),
    "interfaces": ("interface", False),
}
"""What a folder holds: the kind of definition, and whether it is abstract."""

MAX_LINES: Final = {"contracts": 300, "contracts/base": 60, "contracts/libraries": 300, "contracts/mocks": 300}
MAX_FUNCTION_LINES: Final = 40
MAX_DEPTH: Final = 2
FORBIDDEN_CALLS: Final = {"delegatecall", "callcode", "selfdestruct", "suicide"}
OWNERS: Final = {
    "onlyOwner",
    "onlyAdmin",
    "Ownable",
    "Ownable2Step",
    "AccessControl",
    "Initializable",
    "UUPSUpgradeable",
}


def targets(source: Source) -> Iterator[tuple[str, dict[str, object]]]:
    """What a file imports, as paths from the root; libraries of others keep their name."""
    for node in source.imports:
        name = str(node["file"])
        folder = posixpath.dirname(source.path)
        yield (posixpath.normpath(posixpath.join(folder, name)) if name.startswith(".") else name), node


def foreign_imports(sources: Iterable[Source]) -> Iterator[str]:
    for source in sources:
        for target, node in targets(source):
            is_allowed = posixpath.dirname(target) in MAY_IMPORT[source.folder]
            if not is_allowed and not target.startswith("@openzeppelin/contracts/"):
                yield source.finding(node, f"{source.folder} imports {target}")
            if not node["symbolAliases"]:
                yield source.finding(node, f"imports {target} without naming what")


def upward_imports(sources: Iterable[Source]) -> Iterator[str]:
    """A contract, with its bases and libraries, knows interfaces of its own row and of lower ones."""
    by_path = {source.path: source for source in [*own_sources(), *sources]}
    for source in sources:
        if source.is_mock or source.folder not in ("contracts", "interfaces"):
            continue
        name = source.stem.removeprefix("I") if source.folder == "interfaces" else source.stem
        if name in SHARED:
            continue
        if name not in ROW_OF:
            yield f"{source.path}:1: {name} has no row in the picture of the contracts"
            continue
        for known in sorted(_known_interfaces(source, by_path) - SHARED - {name}):
            if known not in ROW_OF:
                yield f"{source.path}:1: knows I{known}, which has no row in the picture of the contracts"
            elif ROW_OF[known] > ROW_OF[name]:
                yield f"{source.path}:1: {name} knows I{known} of a higher row"


def circles(sources: Iterable[Source]) -> Iterator[str]:
    """No two contracts know each other, directly or through others."""
    by_path = {source.path: source for source in sources}
    knows = {
        source.stem: _known_interfaces(source, by_path) - SHARED - {source.stem}
        for source in sources
        if source.folder == "contracts"
    }
    for name in knows:
        reached: set[str] = set()
        waiting = list(knows[name])
        while waiting:
            one = waiting.pop()
            if one not in reached:
                reached.add(one)
                waiting += knows.get(one, ())
        if name in reached:
            yield f"contracts/{name}.sol:1: {name} knows itself through {', '.join(sorted(reached - {name}))}"


def _known_interfaces(source: Source, by_path: dict[str, Source]) -> set[str]:
    found: set[str] = set()
    seen: set[str] = set()
    waiting = [source.path]
    while waiting:
        path = waiting.pop()
        if path in seen or path not in by_path:
            continue
        seen.add(path)
        for target, _ in targets(by_path[path]):
            if posixpath.dirname(target) == "interfaces":
                found.add(posixpath.basename(target)[1:].removesuffix(".sol"))
            else:
                waiting.append(target)
    return found


def wrong_contents(sources: Iterable[Source]) -> Iterator[str]:
    """One definition a file, named as the file, of the kind that the folder holds, and nothing after its last brace."""
    for source in sources:
        kind, is_abstract = KIND_OF[source.folder]
        names = [node["name"] for node in source.definitions]
        if names != [source.stem]:
            yield f"{source.path}:1: defines {', '.join(names) or 'nothing'}, expected {source.stem} alone"
        for node in source.definitions:
            if (node["contractKind"], node["abstract"]) != (kind, is_abstract):
                expected = f"{'abstract ' if is_abstract else ''}{kind}"
                yield source.finding(node, f"{node['name']} is no {expected}, which alone stands in {source.folder}")
        if source.folder == "interfaces" and not source.stem.startswith("I"):
            yield f"{source.path}:1: an interface is named I and the name of its contract"
        if not source.text.endswith("}\n"):
            yield f"{source.path}:{source.text.count(chr(10))}: something stands after the last brace"


def long_ones(sources: Iterable[Source]) -> Iterator[str]:
    for source in sources:
        length = source.text.count("\n")
        if length > MAX_LINES.get(source.folder, length):
            yield f"{source.path}:1: has {length} lines, at most {MAX_LINES[source.folder]}"
        for node in source.members("FunctionDefinition"):
            if source.lines_of(node) > MAX_FUNCTION_LINES:
                yield source.finding(node, f"{node['name']} has {source.lines_of(node)} lines, at most 40")


def deep_ones(sources: Iterable[Source]) -> Iterator[str]:
    """Interfaces aside, a contract has at most a base and the base of that one."""
    bases = {
        node["name"]: [base["baseName"]["name"] for base in node["baseContracts"]]
        for source in [*own_sources(), *sources]
        for node in source.definitions
        if node["contractKind"] == "contract"
    }

    def depth(name: str) -> int:
        above = [base for base in bases.get(name, ()) if not (base.startswith("I") and base[1:2].isupper())]
        return 1 + max(map(depth, above)) if above else 0

    for source in sources:
        for node in source.definitions:
            if not source.is_mock and depth(node["name"]) > MAX_DEPTH:
                yield source.finding(node, f"{node['name']} inherits {depth(node['name'])} deep, at most {MAX_DEPTH}")


def low_level(sources: Iterable[Source]) -> Iterator[str]:
    """No assembly, no delegatecall, no selfdestruct; no contract makes another; no text in place of a named error."""
    for source in sources:
        for node in source.of_kind("InlineAssembly"):
            yield source.finding(node, "assembly")
        if source.is_mock:
            continue
        for node in source.of_kind("MemberAccess", "Identifier"):
            if (name := node.get("memberName") or node.get("name")) in FORBIDDEN_CALLS:
                yield source.finding(node, f"{name}")
        for node in source.of_kind("NewExpression"):
            if node["typeName"]["nodeType"] == "UserDefinedTypeName":
                yield source.finding(node, f"makes a contract {type_name(node)}")
        for node in source.of_kind("FunctionCall"):
            called, given = node["expression"], node["arguments"]
            if called.get("name") == "require" and (len(given) != 2 or given[1]["nodeType"] != "FunctionCall"):
                yield source.finding(node, "require without a named error")
            if called.get("name") == "revert":
                yield source.finding(node, "revert without a named error")


def wiring(sources: Iterable[Source]) -> Iterator[str]:
    """What a contract knows is immutable; nobody owns it, nothing sets it."""
    for source in sources:
        if source.is_mock:
            continue
        for node in source.of_kind(
            "ImportDirective", "ModifierInvocation", "InheritanceSpecifier", "ModifierDefinition"
        ):
            for name in sorted(OWNERS & {one.get("name") for one in walk(node)}):
                yield source.finding(node, f"{name}: no owner, no proxy")
        for node in source.members("VariableDeclaration"):
            kind = type_name(node)
            is_contract = kind[:1] == "I" and kind[1:2].isupper() and "." not in kind
            if is_contract and node["mutability"] != "immutable":
                yield source.finding(node, f"{node['name']} knows a contract and is not immutable")
        for node in source.members("FunctionDefinition"):
            is_open = node.get("visibility") in ("external", "public")
            if is_open and node["name"].startswith(("set", "initialize", "upgrade")) and node["name"][3:4].isupper():
                yield source.finding(node, f"{node['name']}: no setters")


def misplaced(sources: Iterable[Source]) -> Iterator[str]:
    """Structs, enums, errors and events stand in interfaces; a struct that nobody outside sees may stay."""
    for source in sources:
        if source.folder not in ("contracts", "contracts/base", "contracts/libraries"):
            continue
        for node in source.members("EnumDefinition", "ErrorDefinition", "EventDefinition"):
            yield source.finding(node, f"{node['name']} belongs in the interface")
        seen = {
            type_name(one).removesuffix("[]")
            for node in source.members("FunctionDefinition")
            if node.get("visibility") in ("external", "public")
            for one in [*parameters(node), *returns(node)]
        }
        for node in source.members("StructDefinition"):
            if node["name"] in seen:
                yield source.finding(node, f"{node['name']} belongs in the interface")


def untitled(sources: Iterable[Source]) -> Iterator[str]:
    for source in sources:
        for node in source.definitions:
            if tag(node, "title") != node["name"]:
                yield source.finding(node, f"its @title is not {node['name']}")
            if not tag(node, "notice"):
                yield source.finding(node, f"{node['name']} has no @notice")


RULES = [
    foreign_imports,
    upward_imports,
    circles,
    wrong_contents,
    long_ones,
    deep_ones,
    low_level,
    wiring,
    misplaced,
    untitled,
]


class TestLayers:
    """
    given every contract -> each rule of this file finds nothing
    given the plan       -> it deploys exactly the contracts at the top level, each after what it knows
    """

    @pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
    def test_holds(self, rule):
        holds(rule(own_sources()))

    def test_the_plan_deploys_exactly_the_top_level(self):
        top = {source.stem for source in own_sources() if source.folder == "contracts"}
        assert {step.contract for step in PLAN} == top

    def test_the_plan_deploys_each_after_what_it_knows(self):
        known = {"steward", "token"}
        for step in PLAN:
            assert known >= set(step.arguments), step
            known.add(step.contract)


def _contract(body: str = "", head: str = "", name: str = "VisitRegistry") -> str:
    title = f"/// @title {name}\n/// @notice Keeps visits.\n"
    return f"pragma solidity =0.8.30;\n{head}\n{title}contract {name} {{\n{body}\n}}\n"


VISITS = "contracts/VisitRegistry.sol"
PLANTED = [
    (foreign_imports, VISITS, _contract(head='import {A} from "./DrugProvenance.sol";'), "imports contracts/Drug"),
    (foreign_imports, VISITS, _contract(head='import {A} from "solady/src/A.sol";'), "imports solady"),
    (foreign_imports, VISITS, _contract(head='import "../interfaces/IVisitRegistry.sol";'), "without naming"),
    (upward_imports, VISITS, _contract(head='import {I} from "../interfaces/IInsurancePool.sol";'), "higher row"),
    (upward_imports, "contracts/Ledger.sol", _contract(name="Ledger"), "Ledger has no row"),
    (wrong_contents, VISITS, _contract() + "contract Other {}\n", "defines VisitRegistry, Other"),
    (wrong_contents, "contracts/base/A.sol", _contract(name="A"), "no abstract contract"),
    (wrong_contents, VISITS, _contract() + "// the end\n", "after the last brace"),
    (long_ones, VISITS, _contract("\n" * 300), "lines, at most 300"),
    (long_ones, VISITS, _contract("function f() external {" + "\n" * 40 + "}"), "f has 41 lines"),
    (low_level, VISITS, _contract("function f() external { assembly {} }"), "assembly"),
    (low_level, VISITS, _contract("function f(address a) external { a.delegatecall(''); }"), "delegatecall"),
    (low_level, VISITS, _contract("function f() external { new Other(); }"), "makes a contract Other"),
    (low_level, VISITS, _contract("function f() external { require(true, 'text'); }"), "without a named error"),
    (low_level, VISITS, _contract("function f() external { require(true); }"), "without a named error"),
    (wiring, VISITS, _contract("IInsurancePool private _pool;"), "not immutable"),
    (wiring, VISITS, _contract("function setPool(address pool) external {}"), "no setters"),
    (wiring, VISITS, _contract("function f() external onlyOwner {}"), "no owner"),
    (misplaced, VISITS, _contract("error Wrong();"), "belongs in the interface"),
    (misplaced, VISITS, _contract("struct S { bool a; } function f(S memory s) external {}"), "S belongs"),
    (misplaced, VISITS, _contract("event Done();"), "belongs in the interface"),
    (untitled, VISITS, "pragma solidity =0.8.30;\ncontract VisitRegistry {}\n", "@title"),
]


class TestTeeth:
    """given a contract that breaks one rule -> the rule finds it"""

    @pytest.mark.parametrize(("rule", "path", "text", "expected"), PLANTED)
    def test_finds_what_is_planted(self, rule, path, text, expected):
        bites(rule(parse({path: text})), expected)

    def test_finds_deep_inheritance(self):
        chain = "abstract contract A {}\nabstract contract B is A {}\nabstract contract C is B {}\ncontract D is C {}\n"
        bites(deep_ones(parse({"contracts/D.sol": chain})), "D inherits 3 deep")

    def test_finds_a_circle(self):
        planted = {
            f"contracts/{one}.sol": _contract(head=f'import {{I}} from "../interfaces/I{two}.sol";', name=one)
            for one, two in (("VisitRegistry", "DrugProvenance"), ("DrugProvenance", "VisitRegistry"))
        }
        bites(circles(parse(planted)), "knows itself through DrugProvenance")
