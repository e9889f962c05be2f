"""What a provider does who takes back and records anew, who splits, and who trusts that nobody answers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from random import Random

from medtrust.adjudication import Line
from medtrust.explanation import ClaimStatus
from medtrust.keccak import keccak256
from medtrust.plan import Policy
from medtrust.visit import Visit
from tests.invariants.insurance_claim_acts import OPEN, ClaimActs
from tests.invariants.insurance_counts import ClaimRecord, key_of
from tests.invariants.insurance_machine import SUBJECTS, act
from tests.invariants.insurance_money_acts import MoneyActs
from tests.invariants.insurance_pool_model import DAY, FUND
from tests.invariants.insurance_stage import ACCOUNT, AUTHORITY, FIRST, FOREVER, NAME, ORGANISATION, ROLES


class CycleActs(ClaimActs, MoneyActs):
    """Histories of several acts, each of which is in order."""

    @act
    def cycle(self, dice: Random) -> None:
        """Take back a visit that was paid, have its claims reversed, record it again as it was; and so on."""
        paid = (ClaimStatus.PAID, ClaimStatus.OWED, ClaimStatus.APPROVED)
        visit = self._with(dice, lambda claim: claim.status in paid and claim.amount > 0)
        for _ in range(dice.randint(1, 2)):
            if visit is None or not self._take_back(dice, visit):
                return
            self._record_again(visit)

    @act
    def cycle_while_a_round_is_open(self, dice: Random) -> None:
        """Empty an account, let two providers wait, and weigh one part up by taking back and recording anew."""
        carrier = ORGANISATION["carrier"]
        self._withdraw(ACCOUNT["carrier"], carrier, ACCOUNT["stranger"], self.pool.books[carrier].free)
        for name in SUBJECTS:
            self._record_with_carrier(dice, name)
        self.cycle(dice)
        self._deposit(carrier, dice.choice([1, 25, 60]))

    @act
    def be_saved_in_part(self, dice: Random) -> None:
        """Let somebody wait for an insurer without money, ask a fund that has less, and begin anew."""
        carrier = ORGANISATION["carrier"]
        self._withdraw(ACCOUNT["carrier"], carrier, ACCOUNT["stranger"], self.pool.books[carrier].free)
        self._record_with_carrier(dice)
        self._deposit(FUND, dice.choice([1, 5]))
        self.guarantee(dice)
        self.stage.host.advance(1)
        self.stage.registrar.refusal(AUTHORITY, "accredit", carrier, int(ROLES["carrier"]), FOREVER)

    @act
    def take_back_one_of_two(self, dice: Random) -> None:
        """Claim a visit from two policies, have the first or the second alone reversed, and record it as it was."""
        first, second = dice.sample([one for one in FIRST if one.plan != FIRST[0].plan], 2)
        name = dice.choice(SUBJECTS)
        visit = replace(self._clean(dice, name, dice.randint(20, 90)), policy=first.id, member=first.member)
        if self._claim_from_two(dice, visit, second, is_refused=dice.random() < 0.5) and self._void(
            visit, ACCOUNT[name]
        ):
            for key in dice.sample(_keys(visit), dice.choice([1, 1, 2])):
                if key in self.model.claims:
                    self._reverse(dice, key)
            self._record_again(visit)

    def _claim_from_two(self, dice: Random, visit: Visit, second: Policy, *, is_refused: bool) -> bool:
        """Record a visit and claim it from a second policy; the insurer of the first holds and refuses it, or not."""
        provider = ACCOUNT[NAME[visit.provider]]
        insurer = self.model.plan_of(visit.policy).insurer
        if is_refused:
            self._hold(ACCOUNT[NAME[insurer]], insurer, visit.policy, self.now + DAY)
        if not self._record(visit, int(ROLES[NAME[visit.provider]]), provider, "good"):
            return False
        if is_refused:
            if key_of(visit.nullifier) in self.model.claims:
                self._decide(dice, key_of(visit.nullifier), ACCOUNT[NAME[insurer]], insurer, 0)
            self._hold(ACCOUNT[NAME[insurer]], insurer, visit.policy, self.now)
        self._coordinate(dice, visit, second, ("good", "good"))
        return True

    @act
    def record_under_the_key_of_another(self, dice: Random) -> None:
        """Use as the encounter of a visit what a second claim of another visit is kept under, or would be."""
        if self.recorded:
            name = dice.choice(SUBJECTS)
            other = dice.choice(self.recorded)
            visit = replace(
                self._clean(dice, name, 60), nullifier=dice.choice([keccak256(other.nullifier), *_keys(other)])
            )
            self._record(visit, int(ROLES[name]), ACCOUNT[name], "good")

    @act
    def split_and_wait(self, dice: Random) -> None:
        """Split care of one day so that each part is held, and have silence approve all of them."""
        name, policy = dice.choice(SUBJECTS), dice.choice(FIRST[2:4])
        ago = dice.choice([1, 2])
        for _ in range(dice.randint(2, 3)):
            visit = replace(self._clean(dice, name, 90), policy=policy.id, member=policy.member)
            visit = replace(visit, served_at=self.now - ago * DAY, lines=(Line(1, 1, 50), Line(2, 1, 90)))
            self._record(visit, int(ROLES[name]), ACCOUNT[name], "good")
        self.stage.host.advance(2 * DAY)
        for key in self._held_since(2 * DAY):
            self._decide(dice, key, self._anyone(dice), ORGANISATION["pharmacy"], 0)

    @act
    def cycle_in_silence(self, dice: Random) -> None:
        """Have silence approve a claim, take it back, record it as it was, and wait for the silence again."""
        name, policy = dice.choice(SUBJECTS), dice.choice(FIRST[2:4])
        visit = replace(self._clean(dice, name, 90), policy=policy.id, member=policy.member)
        visit = replace(visit, served_at=self.now - DAY, lines=(Line(1, 2, 100), Line(2, 1, 90)))
        self._record_again(visit)
        for _ in range(2):
            self.stage.host.advance(2 * DAY)
            for key in set(self._held_since(2 * DAY)) & set(_keys(visit)):
                self._decide(dice, key, self._anyone(dice), ORGANISATION["pharmacy"], 0)
            if visit not in self.recorded or not self._take_back(dice, visit):
                return
            self._record_again(visit)

    @act
    def be_left_without_an_answer(self, dice: Random) -> None:
        """Appeal and wait until everybody's days are over; then somebody asks a second policy, or appeals further."""
        key = self._key(dice, lambda claim: claim.status not in OPEN and not claim.appeals)
        visit = next((one for one in self.recorded if key_of(one.nullifier) == key), None)
        if key is None or visit is None:
            return
        self._appeal(dice, key, ACCOUNT[NAME[visit.provider]], "good")
        if dice.random() < 0.5:
            self.stage.host.advance(2 * DAY)
            self._appeal(dice, key, self._anyone(dice), "good")
        self.stage.host.advance(dice.choice([2, 3, 5, 5]) * DAY)
        second = dice.choice([one for one in FIRST if one.id != visit.policy])
        self._coordinate(dice, visit, second, ("good", "good"))
        if dice.random() < 0.3:
            self._decide(dice, key, ACCOUNT["regulator"], ORGANISATION["regulator"], self.model.claims[key].allowed)

    @act
    def move_control(self, dice: Random) -> None:
        """A member names another key to decide for her, or takes it back; seldom."""
        if dice.random() < 0.3:
            self.stage.rotate(dice.choice(FIRST).member)

    # Steps of them.

    def _with(self, dice: Random, is_wanted: Callable[[ClaimRecord], bool]) -> Visit | None:
        """A recorded visit whose first claim is wanted."""
        claims = self.model.claims
        wanted = [one for one in self.recorded if (key := key_of(one.nullifier)) in claims and is_wanted(claims[key])]
        return dice.choice(wanted) if wanted else None

    def _take_back(self, dice: Random, visit: Visit) -> bool:
        if not self._void(visit, ACCOUNT[NAME[visit.provider]]):
            return False
        for key in _keys(visit)[:: dice.choice([1, -1, -1, -1])]:
            if key in self.model.claims:
                self._reverse(dice, key)
        return True

    def _record_again(self, visit: Visit) -> None:
        name = NAME[visit.provider]
        self._record(visit, int(ROLES[name]), ACCOUNT[name], "good")

    def _clean(self, dice: Random, name: str, charge: int) -> Visit:
        visit = self._visit(dice, name, "")
        return replace(visit, lines=(Line(dice.choice([1, 2]), 1, charge),), served_at=self.now - 3 * DAY)

    def _held_since(self, seconds: int) -> list[bytes]:
        claims = self.model.claims.items()
        return [k for k, one in claims if one.status is ClaimStatus.HELD and self.now >= one.changed_at + seconds]


def _keys(visit: Visit) -> list[bytes]:
    """Where the claims of a visit are kept."""
    return [key_of(visit.nullifier), key_of(visit.nullifier, is_first=False)]
