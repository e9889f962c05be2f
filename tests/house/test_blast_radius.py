"""Blast radius: what each account could do if it were taken over, function by function, with none left out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import pytest

from medtrust.abi import Interface
from medtrust.artifacts import load
from medtrust.deploy import PLAN
from medtrust.errors import Reverted
from tests.powers import AUTHORITY, ROWS, Row, Stage, actors
from tests.world import World


def writes(contract: str) -> set[str]:
    """The functions of a contract that change anything, by its ABI."""
    abi = load(contract).abi
    return {one["name"] for one in abi if one["type"] == "function" and one["stateMutability"] not in ("view", "pure")}


def unlisted(contracts: Iterable[str], rows: Mapping[str, Mapping[str, Row]]) -> list[str]:
    """Functions without a row, and rows without a function."""
    return sorted(f"{name}.{one}" for name in contracts for one in writes(name) ^ set(rows.get(name, {})))


def outcome(stage: Stage, contract: str, function: str, row: Row, caller: str) -> str:
    """What happens where an account calls: the name of the error, or nothing."""
    world = stage.world
    data = Interface(load(contract)).encode_call(function, row.arguments(stage))
    try:
        world.chain.call(world.address(contract), data, sender=caller, contract=contract)
    except Reverted as refused:
        return refused.error
    return ""


def violations(stage: Stage, contract: str, rows: Mapping[str, Row]) -> list[str]:
    """Everyone who may and cannot, and everyone who can and may not."""
    found = []
    for function, row in rows.items():
        for name, account in actors(stage.world).items():
            error = outcome(stage, contract, function, row, account.address)
            may = not row.by or name in row.by
            is_as_told = error == row.past if may else error in AUTHORITY
            if not is_as_told:
                found.append(f"{contract}.{function} as {name}: {error or 'done'}")
    return found


@pytest.fixture(scope="module")
def stage(session_world: World):
    snapshot = session_world.chain.request("evm_snapshot")
    yield Stage(session_world)
    session_world.chain.request("evm_revert", snapshot)


class TestBlastRadius:
    """
    given every function of every contract that changes anything -> it has a row that says who may
    given a world in which each could happen next
      when each of 18 accounts calls it -> it is done for those who may, or stops past the gate as is told
                                        -> for all others the contract says that they may not
    given a row that is missing, or one that lets too many or too few -> that is found
    """

    def test_every_function_has_a_row(self):
        assert unlisted([step.contract for step in PLAN], ROWS) == []

    @pytest.mark.parametrize("contract", ROWS)
    def test_only_those_may(self, stage, contract):
        assert violations(stage, contract, ROWS[contract]) == []

    def test_finds_what_is_missing(self):
        less = {**ROWS, "ConsentRegistry": {"grant": ROWS["ConsentRegistry"]["grant"]}}
        assert "ConsentRegistry.revoke" in unlisted(["ConsentRegistry"], less)

    @pytest.mark.parametrize(
        ("by", "expected"),
        [({"patient"}, "as guardian: done"), ({"patient", "guardian", "attacker"}, "as attacker: Not")],
    )
    def test_finds_a_row_that_is_wrong(self, stage, by, expected):
        row = Row(frozenset(by), ROWS["ConsentRegistry"]["grant"].arguments)
        (found,) = violations(stage, "ConsentRegistry", {"grant": row})
        assert expected in found
