"""The pool in plain Python: accounts, locks, rounds of those who wait, debts of payees; and the token that it keeps."""

from __future__ import annotations

import copy
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from medtrust.accreditation import Role
from medtrust.types import ZERO_HASH

DAY = 86_400
PERIOD, PERIODS = 183 * DAY, 5
FUND = ZERO_HASH
PAID, OWED, QUEUED = 0, 1, 2


class Refused(Exception):
    """The error that the contract must give."""

    def __init__(self, error: str, **values: Any) -> None:
        super().__init__(error)
        self.error = error
        self.values = values


@dataclass
class Token:
    """Who holds what, and whom it refuses: by itself (with an error) or because the recipient makes it fail."""

    fee: int = 0
    balances: Counter[str] = field(default_factory=Counter)
    blocked: set[str] = field(default_factory=set)
    failing: set[str] = field(default_factory=set)

    def refuses(self, to: str) -> bool:
        return to in self.blocked or to in self.failing

    def move(self, source: str, to: str, amount: int) -> int:
        """Move an amount, and return what arrives."""
        if to in self.blocked:
            raise Refused("AccountBlocked", account=to)
        if to in self.failing:
            raise Refused("")
        arrives = amount - amount * self.fee // 100
        self.balances[source] -= amount
        self.balances[to] += arrives
        return arrives


@dataclass
class Round:
    """What payees wait for together, what was set apart for them, and what each has had of it."""

    due: Counter[bytes] = field(default_factory=Counter)
    funded: int = 0
    drawn: Counter[bytes] = field(default_factory=Counter)

    def rest(self) -> int:
        return self.due.total() - self.funded


@dataclass
class Books:
    """The account of one insurer."""

    free: int = 0
    locks: Counter[bytes] = field(default_factory=Counter)
    receivables: Counter[bytes] = field(default_factory=Counter)
    rounds: list[Round] = field(default_factory=lambda: [Round(), Round()])
    opened_at: int = 0
    covers: list[tuple[int, int]] = field(default_factory=list)
    claims_until: int = 0
    is_closing: bool = False

    @property
    def reserved(self) -> int:
        return self.locks.total() + sum(one.funded - one.drawn.total() for one in self.rounds)

    @property
    def waiting(self) -> int:
        return sum(one.rest() for one in self.rounds)

    @property
    def available(self) -> int:
        return 0 if self.waiting else self.free

    def check_free(self, needed: int, now: int) -> None:
        """The capital of policies whose last claim comes within five half-years must stay, beside what is needed."""
        near = range(now // PERIOD, now // PERIOD + PERIODS)
        needed += sum(capital for capital, until in self.covers if until // PERIOD in near)
        if needed > self.available:
            raise Refused("InsufficientFunds", amount=needed, free=self.available)

    def unlock(self, claim: bytes) -> int:
        before = self.locks.pop(claim, 0)
        self.free += before
        return before

    def feed(self, now: int) -> None:
        """Money goes to the round that has had some; then the last one closes, if it is old or can be paid whole."""
        self._fill(self.rounds[-2])
        last = self.rounds[-1]
        if self.free and last.rest() and (self.free >= last.rest() or now >= self.opened_at + DAY):
            self._fill(last)
            self.rounds.append(Round())

    def _fill(self, one: Round) -> None:
        amount = min(self.free, one.rest())
        self.free -= amount
        one.funded += amount


@dataclass
class PoolModel:
    """All accounts, what is owed to whom, and where it goes."""

    address: str
    claims: str
    is_authorised: Callable[[bytes, str, int, int], bool]
    is_accredited: Callable[[bytes, int, int], bool]
    admins: Mapping[bytes, str]
    token: Token = field(default_factory=Token)
    books: dict[bytes, Books] = field(default_factory=lambda: {FUND: Books()})
    payees: dict[bytes, str] = field(default_factory=dict)
    owed: Counter[bytes] = field(default_factory=Counter)

    # The claims contract.

    def cover(self, insurer: bytes, capital: int, until: int, now: int) -> None:
        books = self.books.get(insurer)
        if books is None:
            raise Refused("NotAdjudicator", insurer=insurer, caller=self.claims)
        if books.is_closing:
            raise Refused("WindingDown", insurer=insurer, claimsUntil=books.claims_until)
        if capital:
            changed = copy.deepcopy(books)
            changed.covers.append((capital, until))
            changed.check_free(0, now)
            books.covers.append((capital, until))
        books.claims_until = max(books.claims_until, until)

    def reserve(self, insurer: bytes, claim: bytes, amount: int) -> None:
        books = self.books[insurer]
        if amount <= books.available:
            books.free -= amount
            books.locks[claim] += amount

    def pay(self, insurer: bytes, payee: bytes, claim: bytes, amount: int, now: int) -> int:
        books = self.books[insurer]
        locked = books.unlock(claim)
        offset = min(books.receivables[payee], amount // 4)
        books.receivables[payee] -= offset
        amount -= offset
        if not amount:
            return PAID
        if amount > locked and amount > books.available:
            if not books.rounds[-1].due.total():
                books.opened_at = now
            books.rounds[-1].due[payee] += amount
            return QUEUED
        books.free -= amount
        return OWED if self._send(payee, amount) else PAID

    def reclaim(self, insurer: bytes, payee: bytes, claim: bytes, amount: int, now: int, *, is_waiting: bool) -> None:
        books = self.books[insurer]
        books.unlock(claim)
        due = books.rounds[-1].due
        left = min(amount, due[payee]) if is_waiting else 0
        due[payee] -= left
        books.receivables[payee] += amount - left
        books.feed(now)

    def _send(self, payee: bytes, amount: int) -> bool:
        """Send, or owe where that fails; whether it is owed."""
        account = self.payees.get(payee)
        if account is None or self.token.refuses(account):
            self.owed[payee] += amount
            return True
        self.token.move(self.address, account, amount)
        return False

    # The insurer.

    def open(self, caller: str, insurer: bytes, now: int) -> None:
        self.check_insurer(insurer, caller, now)
        if insurer in self.books:
            raise Refused("AccountExists", insurer=insurer)
        self.books[insurer] = Books()

    def withdraw(self, caller: str, insurer: bytes, to: str, amount: int, now: int) -> None:
        self.check_insurer(insurer, caller, now)
        books = self.books.get(insurer, Books())
        if books.is_closing and now < books.claims_until:
            raise Refused("WindingDown", insurer=insurer, claimsUntil=books.claims_until)
        books.check_free(amount, now)
        self.token.move(self.address, to, amount)
        books.free -= amount

    def wind_down(self, caller: str, insurer: bytes, now: int) -> None:
        self.check_insurer(insurer, caller, now)
        self.books[insurer].is_closing = True

    def check_insurer(self, insurer: bytes, caller: str, now: int) -> None:
        if not self.is_authorised(insurer, caller, Role.INSURER, now):
            raise Refused("NotAuthorised", organisation=insurer, signer=caller, role=Role.INSURER)

    # Anyone.

    def deposit(self, caller: str, insurer: bytes, amount: int, now: int) -> None:
        if insurer not in self.books:
            raise Refused("UnknownAccount", insurer=insurer)
        received = self.token.move(caller, self.address, amount)
        if not received:
            raise Refused("NothingReceived")
        self.books[insurer].free += received
        self.books[insurer].feed(now)

    def name_payee(self, caller: str, organisation: bytes, account: str) -> None:
        if self.admins.get(organisation) != caller:
            raise Refused("NotAdmin", organisation=organisation, caller=caller)
        self.payees[organisation] = account

    def withdraw_owed(self, organisation: bytes) -> None:
        payee, owed = self.payees.get(organisation), self.owed[organisation]
        if payee is None:
            raise Refused("NoPayee", organisation=organisation)
        if not owed:
            raise Refused("NothingOwed", organisation=organisation)
        self.token.move(self.address, payee, owed)
        self.owed[organisation] = 0

    def draw(self, insurer: bytes, payee: bytes, number: int, now: int) -> None:
        books = copy.deepcopy(self.books.get(insurer, Books()))
        books.feed(now)
        one = books.rounds[number] if number < len(books.rounds) else Round()
        share = one.due[payee] * one.funded // one.due.total() - one.drawn[payee] if one.due[payee] else 0
        if not share:
            raise Refused("NothingOwed", organisation=payee)
        one.drawn[payee] += share
        self.books[insurer] = books
        self._send(payee, share)

    def guarantee(self, insurer: bytes, now: int) -> None:
        if self.is_accredited(insurer, Role.INSURER, now):
            raise Refused("StillAccredited", insurer=insurer)
        books = copy.deepcopy(self.books.get(insurer, Books()))
        books.feed(now)
        if not books.waiting:
            raise Refused("NothingOwed", organisation=insurer)
        amount = min(self.books[FUND].free, books.waiting - books.free)
        books.free += amount
        books.feed(now)
        back = min(amount, books.free)
        if amount == back:
            raise Refused("NothingOwed", organisation=insurer)
        self.books[FUND].free -= amount - back
        books.free -= back
        self.books[insurer] = books
