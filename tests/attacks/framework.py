"""Attacks with teeth: each is blocked by a defence, and succeeds on the twin that lacks it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import pytest

from medtrust import compiler
from medtrust.artifacts import Artifact
from medtrust.errors import Reverted
from tests.world import ROOT, World

Run = Callable[[World], None]


class Blocked(Exception):
    """A verdict, not a revert, stopped the attack."""


@dataclass(frozen=True)
class Attack:
    """One attack.

    `run` tries it: it lets `Reverted` through or raises `Blocked(reason)` where it is stopped, and asserts the damage
    where it is not. `blocked_by` is the error, or the reason, that must stop it. `patch` takes the defence out of a
    copy of `file` by exact replacements, each of which must apply once; `contract` is then compiled and takes the
    place of the real one. An attack on code off the chain has no contract: `run` then asks `world.defended`.
    """

    id: str
    defence: str
    blocked_by: str
    run: Run
    contract: str = ""
    patch: Sequence[tuple[str, str]] = ()
    file: str = ""

    def __str__(self) -> str:
        return self.id

    def twin(self, *, is_small: bool = False) -> Artifact:
        """Compile the contract without the defence, in a hurry; a small one takes longer, and fits any EVM."""
        file = self.file or f"contracts/{self.contract}.sol"
        source = (ROOT / file).read_text(encoding="utf-8")
        for old, new in self.patch:
            assert source.count(old) == 1, f"{self.id}: {source.count(old)} places in {file} hold {old!r}"
            source = source.replace(old, new)
        wanted = [self.contract]
        return compiler.compile_sources({file: source}, contracts=wanted, root=ROOT, quick=True, small=is_small)[
            self.contract
        ]


class AttackTests:
    """
    given the contracts as they are   -> the attack is blocked, by the error that is meant for it
    given the twin without the defence -> the same attack succeeds
    """

    def test_is_blocked(self, attack: Attack, world: World, record_property: Callable[[str, object], None]) -> None:
        _record(record_property, attack)
        with pytest.raises((Reverted, Blocked)) as stopped:
            attack.run(world)
        reason = stopped.value.error if isinstance(stopped.value, Reverted) else str(stopped.value)
        assert reason == attack.blocked_by, str(stopped.value)

    def test_succeeds_without_the_defence(
        self, attack: Attack, world: World, record_property: Callable[[str, object], None]
    ) -> None:
        _record(record_property, attack)
        attack.run(_undefended(attack, world))


def attacks_on(contract: str, attacks: list[Attack]) -> Callable[..., Callable[[Run], Run]]:
    """Make a decorator that adds its function to `attacks` as an attack on `contract`."""

    def attack(
        name: str, *, defence: str, blocked_by: str, patch: Sequence[tuple[str, str]] = (), **more: str
    ) -> Callable[[Run], Run]:
        def add(run: Run) -> Run:
            target = more.get("contract", contract) if patch else ""
            attacks.append(Attack(name, defence, blocked_by, run, target, patch, more.get("file", "")))
            return run

        return add

    return attack


def _undefended(attack: Attack, world: World) -> World:
    if attack.contract:
        return world.with_twin(attack.twin())
    return replace(world, defended=False)


def _record(record_property: Callable[[str, object], None], attack: Attack) -> None:
    record_property("attack", attack.id)
    record_property("defence", attack.defence)


def rows(reports: Sequence[pytest.TestReport]) -> Iterator[tuple[str, str, str, str]]:
    """Collect what the tests found: id, defence, with it, without it."""
    found: dict[str, dict[str, str]] = {}
    for report in reports:
        properties = dict(report.user_properties)
        if report.when != "call" or "attack" not in properties:
            continue
        row = found.setdefault(str(properties["attack"]), {"defence": str(properties["defence"])})
        if "test_is_blocked" in report.nodeid:
            row["with"] = "blocked" if report.passed else "EXPLOITED"
        else:
            row["without"] = "exploited" if report.passed else "STILL BLOCKED"
    for name, row in sorted(found.items()):
        yield name, row["defence"], row.get("with", "not run"), row.get("without", "not run")
