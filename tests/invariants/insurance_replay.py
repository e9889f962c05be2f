"""The storage of visits, claims and the pool, rebuilt from events alone, word for word."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import astuple, dataclass, field
from functools import cache
from typing import Any

from medtrust.keccak import keccak256
from medtrust.plan import Plan

PERIOD = 183 * 86_400
VISITS, CLAIMS, POOL = "VisitRegistry", "InsuranceClaims", "InsurancePool"
FIELDS = ("visit", "policy", "provider", "nullifier", "key", "day", "allowed", "deductible", "outOfPocket")
DOSSIER = (*FIELDS, "unattested", "counted", "visits", "interest", "decidedAt", "salt")
TERM_BITS = (96, 96, 96, 96, 16, 16, 8, 96, 96, 16, 16, 8, 8)
BENEFIT_BITS = (16, 96, 96, 16, 16, 16)
TOTALS = ("deductibleMet", "outOfPocketMet", "planPaid", "unattested")
DENIED, PAID, APPEALED, ESCALATED = 1, 3, 6, 7
DEEMED, TIMED_OUT = 16, 18

_CAPITAL = re.compile(r"(?<!^)(?=[A-Z])")

Key = bytes | int | str
Event = tuple[str, dict[str, Any], int]


@cache
def mapped(slot: int, *keys: Key) -> int:
    """The slot of a value in a mapping, or in a mapping of mappings."""
    for key in keys:
        slot = int.from_bytes(keccak256(word(key) + slot.to_bytes(32, "big")), "big")
    return slot


def word(value: Key) -> bytes:
    if isinstance(value, int):
        return value.to_bytes(32, "big")
    return (bytes.fromhex(value[2:]) if isinstance(value, str) else value).rjust(32, b"\0")


def seal(dossier: Mapping[str, Any]) -> bytes:
    return keccak256(b"".join(word(dossier[name]) for name in DOSSIER))[:12]


@dataclass
class Storage:
    """Every word that the events tell of, by contract and slot."""

    words: dict[tuple[str, int], int] = field(default_factory=dict)
    dossiers: dict[bytes, dict[str, Any]] = field(default_factory=dict)
    """The newest dossier of each claim, by its key."""

    nullifiers: dict[bytes, bytes] = field(default_factory=dict)

    def read(self, contract: str, slot: int, shift: int = 0, bits: int = 256) -> int:
        return self.words.get((contract, slot), 0) >> shift & (1 << bits) - 1

    def put(self, contract: str, slot: int, value: int, shift: int = 0, bits: int = 256) -> None:
        kept = self.words.get((contract, slot), 0) & ~((1 << bits) - 1 << shift)
        self.words[contract, slot] = kept | (value & (1 << bits) - 1) << shift  # less than nothing until the next event

    def add(self, contract: str, slot: int, delta: int, shift: int = 0, bits: int = 256) -> None:
        self.put(contract, slot, self.read(contract, slot, shift, bits) + delta, shift, bits)

    def receivable(self, insurer: bytes, payee: bytes) -> int:
        return self.read(POOL, mapped(mapped(1, insurer) + 9, payee))

    def key_of(self, told: Mapping[str, Any]) -> bytes:
        """Where the claim of a visit from a policy is kept."""
        key: bytes = self._dossier(told)["key"]
        return key

    def take(self, event: Event) -> None:
        """Take in one event: name, values, time of its block."""
        name, told, at = event
        getattr(self, "_" + _CAPITAL.sub("_", name).lower())(told, at)

    # Visits: `_entries` is at slot 0.

    def _visit_recorded(self, told: dict[str, Any], at: int) -> None:
        nullifier = self.nullifiers[told["visit"]] = told["content"]["nullifier"]
        entry = int.from_bytes(told["visit"][:24], "big") | at << 192 | told["role"] << 232
        self.put(VISITS, mapped(0, nullifier), entry)

    def _visit_attested(self, told: dict[str, Any], at: int) -> None:
        self.put(VISITS, mapped(0, self.nullifiers[told["visit"]]), 1, 248, 8)

    def _visit_voided(self, told: dict[str, Any], at: int) -> None:
        self.put(VISITS, mapped(0, self.nullifiers[told["visit"]]), 0)

    def _payer_not_reached(self, told: dict[str, Any], at: int) -> None:
        """Nothing is kept of it."""

    # Claims: the book begins at slot 1, after the guard against re-entrancy.

    def _plan_published(self, told: dict[str, Any], at: int) -> None:
        plan, version = Plan.decode(told["content"]), mapped(1, told["plan"])
        self.put(CLAIMS, version, int.from_bytes(plan.insurer, "big"))
        terms = list(zip(astuple(plan.terms), TERM_BITS, strict=True))
        for slot, part in enumerate((terms[:2], terms[2:7], terms[7:]), 1):
            self._pack(CLAIMS, version + slot, part)
        for one in plan.benefits:
            benefit = zip(astuple(one), BENEFIT_BITS, strict=True)
            self._pack(CLAIMS, mapped(2, told["plan"], one.benefit), list(benefit))
        for provider in plan.network:
            self.put(CLAIMS, mapped(3, told["plan"], provider), 1)

    def _policy_enrolled(self, told: dict[str, Any], at: int) -> None:
        slot = mapped(4, told["policy"])
        self.put(CLAIMS, slot, int.from_bytes(told["plan"], "big"))
        self._pack(CLAIMS, slot + 1, [(int(told["member"], 16), 160), (told["from"], 48), (told["until"], 48)])

    def _hold_placed(self, told: dict[str, Any], at: int) -> None:
        self.put(CLAIMS, mapped(8, told["insurer"], told["subject"]), told["until"])

    def _claim_adjudicated(self, told: dict[str, Any], at: int) -> None:
        dossier = told["dossier"]
        self._count(dossier, told["counted"])
        amount = dossier["counted"] & (1 << 102) - 1
        self._claim(dossier, [told["status"], told["reason"], 0, at, amount])

    def _claim_decided(self, told: dict[str, Any], at: int) -> None:
        dossier = told["dossier"]
        self._count(dossier, told["counted"])
        if told["reason"] != DEEMED:
            self._undeem(dossier)
        elif not self._is_deemed(dossier):
            self._deem(dossier, told["amount"])
        appeals = self.read(CLAIMS, mapped(9, dossier["key"]), 16, 8)
        status = DENIED if told["amount"] == 0 else PAID
        self._claim(dossier, [status, told["reason"], appeals, at, told["amount"]])

    def _is_deemed(self, dossier: Mapping[str, Any]) -> bool:
        return self.read(CLAIMS, mapped(9, dossier["key"]), 8, 8) == DEEMED

    def _deem(self, dossier: Mapping[str, Any], amount: int) -> None:
        self.add(CLAIMS, mapped(10, dossier["policy"], dossier["day"]), amount)

    def _undeem(self, dossier: Mapping[str, Any]) -> None:
        if self._is_deemed(dossier):
            self._deem(dossier, -self.read(CLAIMS, mapped(9, dossier["key"]), 64, 96))

    def _claim_appealed(self, told: dict[str, Any], at: int) -> None:
        slot = mapped(9, self._dossier(told)["key"])
        self.put(CLAIMS, slot, APPEALED if told["level"] == 1 else ESCALATED, 0, 8)
        self.put(CLAIMS, slot, told["level"], 16, 8)
        self.put(CLAIMS, slot, at, 24, 40)

    def _claim_closed(self, told: dict[str, Any], at: int) -> None:
        slot = mapped(9, told["dossier"]["key"])
        if told["reason"] == TIMED_OUT:
            self._claim(told["dossier"], [DENIED, TIMED_OUT, 2, at, 0])
        if self.read(CLAIMS, slot, 0, 8) in (APPEALED, ESCALATED):
            self.put(CLAIMS, slot, PAID if self.read(CLAIMS, slot, 64, 96) else DENIED, 0, 8)
        self.put(CLAIMS, slot, 2, 16, 8)
        self.put(CLAIMS, slot, at, 24, 40)

    def _claim_paid(self, told: dict[str, Any], at: int) -> None:
        self.put(CLAIMS, mapped(9, self._dossier(told)["key"]), told["status"], 0, 8)

    def _claim_reversed(self, told: dict[str, Any], at: int) -> None:
        dossier = self._dossier(told)
        self._count({**dossier, "counted": 0, "visits": 0}, told["counted"])
        self._undeem(dossier)
        del self.dossiers[dossier["key"]]
        self.put(CLAIMS, mapped(9, dossier["key"]), 0)
        pair = keccak256(dossier["policy"] + dossier["provider"])
        self.put(CLAIMS, mapped(8, self._insurer(dossier), pair), 1, 64)

    def _dossier(self, told: Mapping[str, Any]) -> dict[str, Any]:
        """The newest dossier of a visit's claim from a policy."""
        return next(
            one
            for one in reversed(self.dossiers.values())
            if (one["visit"], one["policy"]) == (told["visit"], told["policy"])
        )

    def _claim(self, dossier: dict[str, Any], head: list[int]) -> None:
        self.dossiers[dossier["key"]] = dossier
        bits = zip([*head, int.from_bytes(seal(dossier), "big")], (8, 8, 8, 40, 96, 96), strict=True)
        self._pack(CLAIMS, mapped(9, dossier["key"]), list(bits))

    def _count(self, dossier: dict[str, Any], counted: dict[str, int]) -> None:
        """Count what a claim counts now, in the place of what it counted before."""
        before = self.dossiers.get(dossier["key"], {"counted": 0, "visits": 0})
        policy = mapped(5, dossier["policy"])
        met, out, paid, unattested = (counted[name] for name in TOTALS)
        self._pack(CLAIMS, policy, [(met, 128), (out, 128)])
        self._pack(CLAIMS, policy + 1, [(paid, 128), (unattested, 128)])
        self.add(CLAIMS, mapped(6, dossier["policy"], dossier["day"]), dossier["counted"] - before["counted"])
        delta = dossier["visits"] - before["visits"]
        if delta:
            block, place = divmod(dossier["day"], 8)
            self.add(CLAIMS, mapped(7, self._insurer(dossier), dossier["provider"], block), delta << 32 * place)

    def _insurer(self, dossier: Mapping[str, Any]) -> int:
        return self.words[CLAIMS, mapped(1, self.words[CLAIMS, mapped(4, dossier["policy"])])]

    def _pack(self, contract: str, slot: int, parts: list[tuple[int, int]]) -> None:
        """Write values of so many bits into one word, the lowest first."""
        value = shift = 0
        for part, bits in parts:
            value |= int(part) << shift
            shift += bits
        self.put(contract, slot, value)

    # The pool: books are at slot 1, payees at slot 2.

    def free(self, insurer: Key, delta: int) -> None:
        self.add(POOL, mapped(1, insurer), delta, 160, 96)

    def _account_opened(self, told: dict[str, Any], at: int) -> None:
        self.put(POOL, mapped(1, told["insurer"]), int(told["adjudicator"], 16), 0, 160)

    def _deposited(self, told: dict[str, Any], at: int) -> None:
        self.free(told["insurer"], told["amount"])

    def _withdrawn(self, told: dict[str, Any], at: int) -> None:
        self.free(told["insurer"], -told["amount"])

    def _wind_down_started(self, told: dict[str, Any], at: int) -> None:
        self.put(POOL, mapped(1, told["insurer"]) + 6, 1)

    def _policy_covered(self, told: dict[str, Any], at: int) -> None:
        books = mapped(1, told["insurer"])
        self.put(POOL, books + 5, max(self.read(POOL, books + 5), told["until"]))
        if told["capital"]:
            self.add(POOL, mapped(books + 7, told["until"] // PERIOD), told["capital"])

    def _reserve_changed(self, told: dict[str, Any], at: int) -> None:
        books = mapped(1, told["insurer"])
        lock = mapped(books + 8, told["claim"])
        delta = told["amount"] - self.read(POOL, lock)
        self.put(POOL, lock, told["amount"])
        self.free(told["insurer"], -delta)
        self.add(POOL, books + 1, delta)

    def _receivable_changed(self, told: dict[str, Any], at: int) -> None:
        self.put(POOL, mapped(mapped(1, told["insurer"]) + 9, told["payee"]), told["amount"])

    def _payment_queued(self, told: dict[str, Any], at: int) -> None:
        books = mapped(1, told["insurer"])
        one = mapped(books + 10, told["round"])
        if self.read(POOL, one) == 0:
            self.put(POOL, books + 4, at)
        self.add(POOL, one, told["amount"])
        self.add(POOL, mapped(books + 11, told["round"], told["payee"]), told["amount"])
        self.add(POOL, books + 2, told["amount"])

    def _payment_left(self, told: dict[str, Any], at: int) -> None:
        books = mapped(1, told["insurer"])
        self.add(POOL, mapped(books + 10, told["round"]), -told["amount"])
        self.add(POOL, mapped(books + 11, told["round"], told["payee"]), -told["amount"])
        self.add(POOL, books + 2, -told["amount"])

    def _queue_funded(self, told: dict[str, Any], at: int) -> None:
        books = mapped(1, told["insurer"])
        self.free(told["insurer"], -told["amount"])
        self.add(POOL, books + 1, told["amount"])
        self.add(POOL, books + 2, -told["amount"])
        self.add(POOL, mapped(books + 10, told["round"]) + 1, told["amount"])
        self.put(POOL, books + 3, max(self.read(POOL, books + 3), told["round"]))

    def _share_paid(self, told: dict[str, Any], at: int) -> None:
        books = mapped(1, told["insurer"])
        self.add(POOL, books + 1, -told["amount"])
        self.add(POOL, mapped(books + 11, told["round"], told["payee"]) + 1, told["amount"])
        self._owe(told)

    def _guarantee_paid(self, told: dict[str, Any], at: int) -> None:
        self.free(0, -told["amount"])
        self.free(told["insurer"], told["amount"])

    def _payment_made(self, told: dict[str, Any], at: int) -> None:
        self.free(told["insurer"], -told["amount"])
        self._owe(told)

    def _owe(self, told: dict[str, Any]) -> None:
        if told["isOwed"]:
            self.add(POOL, mapped(2, told["payee"]), told["amount"], 160, 96)

    def _payee_named(self, told: dict[str, Any], at: int) -> None:
        self.put(POOL, mapped(2, told["organisation"]), int(told["account"], 16), 0, 160)

    def _owed_withdrawn(self, told: dict[str, Any], at: int) -> None:
        self.put(POOL, mapped(2, told["organisation"]), 0, 160, 96)
