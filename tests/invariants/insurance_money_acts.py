"""What insurers, providers, attackers and the token do with money, and authorities with trust."""

from __future__ import annotations

from dataclasses import replace
from random import Random

from tests.invariants.insurance_machine import SUBJECTS, InsuranceMachine, act
from tests.invariants.insurance_pool_model import DAY, FUND
from tests.invariants.insurance_stage import (
    ACCOUNT,
    AUTHORITY,
    FIRST,
    FOREVER,
    NAME,
    ORGANISATION,
    PLANS,
    POLICIES,
    ROLES,
    STEWARD,
)


class MoneyActs(InsuranceMachine):
    """Time, trust and money."""

    # Time and trust.

    @act
    def wait(self, dice: Random) -> None:
        days = dice.choice([0, 0, 1, 2, 3]) if dice.random() < 0.9 else 30
        self.stage.host.advance(days * DAY + dice.choice([0, 1, 60]))

    @act
    def change_accreditation(self, dice: Random) -> None:
        """Suspend a provider or an insurer, declare a provider compromised, or accredit it anew."""
        name = dice.choice(["hospital", "clinic", "insurer"])
        organisation, role = ORGANISATION[name], int(ROLES[name])
        registrar, chance = self.stage.registrar, dice.random()
        if chance < 0.2:
            registrar.refusal(AUTHORITY, "suspend", organisation, role)
        elif chance < 0.3 and name in SUBJECTS:
            last = registrar.call("accreditationCountOf", organisation, role) - 1
            since = self.now - dice.choice([0, 60, DAY])
            registrar.refusal(AUTHORITY, "compromise", organisation, role, last, since)
        else:
            for one in ("hospital", "clinic", "insurer", "carrier"):
                registrar.refusal(AUTHORITY, "accredit", ORGANISATION[one], int(ROLES[one]), FOREVER)

    # Money.

    @act
    def enrol(self, dice: Random) -> None:
        policy = dice.choice(POLICIES)
        insurer = PLANS[policy.plan].insurer
        self._enrol(ACCOUNT[NAME[insurer]] if dice.random() < 0.9 else self._anyone(dice), policy)

    @act
    def deposit(self, dice: Random) -> None:
        """Bring money into an account, more often into the guarantee fund or where somebody waits."""
        short = [insurer for insurer, books in self.pool.books.items() if books.waiting]
        insurer = dice.choice([*short, *short, FUND, ORGANISATION["insurer"], ORGANISATION["regulator"]])
        self._deposit(insurer, dice.choice([0, 1, 25, 60, 60, 250, 400]))

    def _deposit(self, insurer: bytes, amount: int) -> None:
        sender = ACCOUNT["insurer"]
        twin = lambda: self.pool.deposit(sender, insurer, amount, self.now)  # noqa: E731
        self._try(self.stage.pool, "deposit", sender, (insurer, amount), twin)

    @act
    def withdraw(self, dice: Random) -> None:
        """Take money out, to anyone; sometimes as much as may be taken."""
        name = dice.choice(["insurer", "carrier"])
        to = dice.choice([*ACCOUNT.values(), self.stage.burner.address])
        amount = dice.choice([0, 1, 60, self.pool.books[ORGANISATION[name]].free])
        sender = ACCOUNT[name] if dice.random() < 0.9 else self._anyone(dice)
        self._withdraw(sender, ORGANISATION[name], to, amount)

    def _withdraw(self, sender: str, insurer: bytes, to: str, amount: int) -> None:
        twin = lambda: self.pool.withdraw(sender, insurer, to, amount, self.now)  # noqa: E731
        self._try(self.stage.pool, "withdraw", sender, (insurer, to, amount), twin)

    @act
    def run_on_the_pool(self, dice: Random) -> None:
        """The carrier takes all free money; then visits are recorded, and some money comes back."""
        carrier = ORGANISATION["carrier"]
        self._withdraw(ACCOUNT["carrier"], carrier, ACCOUNT["stranger"], self.pool.books[carrier].free)
        for _ in range(dice.randint(1, 3)):
            self._record_with_carrier(dice)
        self._deposit(carrier, dice.choice([1, 25, 60]))

    def _record_with_carrier(self, dice: Random, name: str | None = None) -> None:
        policy, name = dice.choice(FIRST[2:4]), name or dice.choice(SUBJECTS)
        visit = replace(self._visit(dice, name, ""), policy=policy.id, member=policy.member)
        self._record(visit, int(ROLES[name]), ACCOUNT[name], "good")

    @act
    def draw(self, dice: Random) -> None:
        """Draw a part of a round, mostly one in which somebody waits; a day may pass before."""
        if dice.random() < 0.2:
            self.stage.host.advance(DAY)
        shares = [
            (insurer, payee, number)
            for insurer, books in self.pool.books.items()
            for number, one in enumerate(books.rounds)
            for payee, due in one.due.items()
            if one.drawn[payee] < due
        ]
        anything = (dice.choice(list(ORGANISATION.values())), ORGANISATION["clinic"], dice.randint(0, 2))
        share = dice.choice(shares) if shares and dice.random() < 0.9 else anything
        twin = lambda: self.pool.draw(*share, self.now)  # noqa: E731
        if shares or dice.random() < 0.1:
            self._try(self.stage.pool, "draw", self._anyone(dice), share, twin)

    @act
    def guarantee(self, dice: Random) -> None:
        """Ask the fund for an insurer that has lost its accreditation, more often when somebody waits for it."""
        short = [insurer for insurer, books in self.pool.books.items() if books.waiting and insurer != FUND]
        insurer = dice.choice(short or [ORGANISATION["insurer"]])
        if short and dice.random() < 0.8:
            self.stage.registrar.refusal(AUTHORITY, "suspend", insurer, int(ROLES["insurer"]))
        if short or dice.random() < 0.2:
            if dice.random() < 0.5:
                self.stage.host.advance(DAY)
            twin = lambda: self.pool.guarantee(insurer, self.now)  # noqa: E731
            self._try(self.stage.pool, "guarantee", self._anyone(dice), (insurer,), twin)

    @act
    def wind_down(self, dice: Random) -> None:
        """Stop an insurer for ever; seldom, since much else needs it."""
        name, sender = dice.choice(["insurer", "carrier"]), self._anyone(dice)
        if dice.random() < 0.5:
            sender = ACCOUNT[name]
            twin = lambda: self.pool.wind_down(sender, ORGANISATION[name], self.now)  # noqa: E731
            self._try(self.stage.pool, "windDown", sender, (ORGANISATION[name],), twin)

    @act
    def name_payee(self, dice: Random) -> None:
        name = dice.choice(SUBJECTS)
        account = dice.choice(
            [ACCOUNT[name], ACCOUNT["stranger"], self.stage.caller.address, self.stage.burner.address]
        )
        sender = ACCOUNT[name] if dice.random() < 0.9 else self._anyone(dice)
        self._name_payee(sender, name, account)

    def _name_payee(self, sender: str, name: str, account: str) -> None:
        twin = lambda: self.pool.name_payee(sender, ORGANISATION[name], account)  # noqa: E731
        self._try(self.stage.pool, "namePayee", sender, (ORGANISATION[name], account), twin)

    @act
    def withdraw_owed(self, dice: Random) -> None:
        owed = [one for one, amount in self.pool.owed.items() if amount]
        organisation = dice.choice(owed or [ORGANISATION["hospital"], ORGANISATION["insurer"]])
        if owed or dice.random() < 0.1:
            twin = lambda: self.pool.withdraw_owed(organisation)  # noqa: E731
            self._try(self.stage.pool, "withdrawOwed", self._anyone(dice), (organisation,), twin)

    @act
    def be_refused_by_the_token(self, dice: Random) -> None:
        """Be paid to an account that the token refuses, name another or be let in, and draw what is owed."""
        name, bad = "clinic", self.stage.burner.address
        if self.stage.kind == "BlocklistToken":
            bad = ACCOUNT["stranger"]
            self._block(bad, is_blocked=True)
        self._name_payee(ACCOUNT[name], name, bad)
        self._deposit(ORGANISATION["carrier"], 60)
        self._record_with_carrier(dice, name)
        if dice.random() < 0.3:
            self._block(bad, is_blocked=False)
        else:
            self._name_payee(ACCOUNT[name], name, ACCOUNT[name])
        self.withdraw_owed(Random(dice.random()))

    @act
    def block(self, dice: Random) -> None:
        """The token blocks an account or no longer, if it is of that kind."""
        account, is_blocked = (
            dice.choice([ACCOUNT["hospital"], ACCOUNT["clinic"], ACCOUNT["stranger"]]),
            dice.random() < 0.4,
        )
        self._block(account, is_blocked=is_blocked)

    def _block(self, account: str, *, is_blocked: bool) -> None:
        if self.stage.kind == "BlocklistToken":
            self.stage.execute(self.stage.token, STEWARD, "setBlocked", account, is_blocked)
            (self.pool.token.blocked.add if is_blocked else self.pool.token.blocked.discard)(account)

    @act
    def call_back(self, dice: Random) -> None:
        """The recipient that is called by its token asks for more while it is paid; it is kept out."""
        name = dice.choice(SUBJECTS)
        face = self.stage.pool.face
        carrier = ORGANISATION["carrier"]
        data = dice.choice(
            [
                face.encode_call("withdrawOwed", [ORGANISATION[name]]),
                face.encode_call("draw", [carrier, ORGANISATION[name], dice.randint(1, 2)]),
                face.encode_call("deposit", [carrier, 1]),
            ]
        )
        self.stage.caller.send(STEWARD, "prepare", self.stage.pool.address, data)
        assert self.stage.caller.call("successes") == 0
