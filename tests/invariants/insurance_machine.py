"""What the state machine of insurance stands on: where it begins, whom and what it picks, and how an act is tried."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from random import Random
from typing import Any, ClassVar, TypeVar

from hypothesis import note
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from medtrust.adjudication import Line
from medtrust.artifacts import Artifact
from medtrust.keccak import keccak256
from medtrust.plan import Policy
from medtrust.visit import Visit
from tests.invariants.insurance_model import ClaimsModel
from tests.invariants.insurance_pool_model import DAY, PoolModel
from tests.invariants.insurance_stage import ACCOUNT, ORGANISATION, POLICIES, TOKENS, Stage
from tests.invariants.machine import LocalContract, Tally

TALLY = Tally()
STAGES: dict[tuple[str, ...], Stage] = {}
"""Those that were made, to be used again."""

SUBJECTS = ("hospital", "clinic")
A = TypeVar("A", bound=Callable[..., None])


def act(method: A) -> A:
    """Make a method one of the acts of the machine."""
    method.is_act = True  # type: ignore[attr-defined]  # a mark on the function itself
    return method


class InsuranceMachine(RuleBasedStateMachine):
    """The beginning, and what acts have in common."""

    twins: ClassVar[dict[str, Artifact]] = {}
    """Contracts that take the place of the real ones."""

    stage: Stage

    @initialize(kind=st.sampled_from(TOKENS))
    def begin(self, kind: str) -> None:
        key = (kind, *(one.bytecode for one in self.twins.values()))
        if key not in STAGES:
            STAGES[key] = Stage(kind, self.twins)
        self.stage = STAGES[key]
        self.stage.renew()
        self.recorded: list[Visit] = []
        self.voided: list[Visit] = []
        self.steps = 0

    @rule(seed=st.integers(0, 2**32 - 1))
    def step(self, seed: int) -> None:
        """Do one of the acts, each as often as any other."""
        dice = Random(seed << 10 | self.steps)  # small seeds come often, and are to be different each time
        self.steps += 1
        name = dice.choice([name for name in dir(type(self)) if hasattr(getattr(type(self), name), "is_act")])
        note(name)
        getattr(self, name)(dice)

    @property
    def model(self) -> ClaimsModel:
        return self.stage.model

    @property
    def pool(self) -> PoolModel:
        return self.stage.model.pool

    @property
    def now(self) -> int:
        return self.stage.host.now

    # Who and which.

    def _anyone(self, dice: Random) -> str:
        return dice.choice(list(ACCOUNT.values()))

    def _signature(self, dice: Random) -> str:
        return dice.choice(["", "good", "good", "good", "bad"])

    def _pick(self, dice: Random, wanted: list[Visit]) -> Visit | None:
        """One of those that are wanted, or any, seldom with something changed."""
        visits = wanted if wanted and dice.random() < 0.9 else self.recorded
        if not visits or (not wanted and dice.random() < 0.7):
            return None
        visit = dice.choice(visits)
        return replace(visit, served_at=visit.served_at - 1) if dice.random() < 0.05 else visit

    def _try(
        self, contract: LocalContract, function: str, caller: str, arguments: tuple[Any, ...], act: Callable[[], Any]
    ) -> bool:
        error = self.stage.do(contract, function, caller, arguments, act)
        TALLY.note(function, error)
        return error is None

    def _enrol(self, sender: str, policy: Policy) -> None:
        twin = lambda: self.model.enrol(sender, policy, self.now)  # noqa: E731
        self._try(self.stage.claims, "enrol", sender, (policy,), twin)

    def _visit(self, dice: Random, name: str, wrong: str) -> Visit:
        policy = dice.choice([one for one in POLICIES if one.id in self.model.policies])
        lines = [Line(dice.choice([1, 2, 5]), dice.randint(1, 3), dice.randint(20, 150)) for _ in range(3)]
        used = [one.nullifier for one in (*self.recorded, *self.voided)]
        nullifier = dice.choice(used) if used and wrong == "encounter" else dice.randbytes(32)
        unknown = next((one.id for one in POLICIES if one.id not in self.model.policies), keccak256(b"none"))
        others: dict[str, Any] = {"policy": unknown, "payer": self.stage.burner.address, "member": ACCOUNT["stranger"]}
        visit = Visit(
            provider=ORGANISATION[name],
            payer=self.stage.claims.address,
            policy=policy.id,
            member=policy.member,
            served_at=self.now - dice.choice([0, 1, 1, 2, 4, 4, 9, 11] if wrong else [1, 1, 2, 4]) * DAY,
            lines=() if wrong == "lines" else tuple(lines[: dice.randint(1, 3)]),
            record=keccak256(b"record"),
            nullifier=nullifier,
        )
        return replace(visit, **{wrong: others[wrong]}) if wrong in others else visit

    def _record(self, visit: Visit, role: int, sender: str, signature: str) -> bool:
        self.stage.host.advance(1)
        is_done = self._try(
            self.stage.visits,
            "record",
            sender,
            (visit, role, self.stage.attestation(visit, signature)),
            lambda: self.model.record(sender, visit, role, signature, self.now),
        )
        if is_done:
            self.recorded.append(visit)
        return is_done
