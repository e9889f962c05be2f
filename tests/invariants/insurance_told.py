"""What the events told of money over all time, beside the storage that they rebuild."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import Any

from medtrust.adjudication import Reason
from medtrust.types import ZERO_HASH
from tests.invariants.insurance_counts import pair_of
from tests.invariants.insurance_pool_model import DAY
from tests.invariants.insurance_replay import Event, Storage

LOOK = 30 * DAY
"""So long nothing is paid to a provider for a policy without a look, after a claim of it was taken back."""


@dataclass
class Told:
    """What was handed over, for what, and what came back of it."""

    storage: Storage = field(default_factory=Storage)
    handed: Counter[bytes] = field(default_factory=Counter)
    """What was handed over for each claim that stands, by its key."""

    moved: Counter[str] = field(default_factory=Counter)
    """Sums over all claims: handed over, paid or queued, and kept back."""

    received: Counter[tuple[bytes, bytes]] = field(default_factory=Counter)
    """What each payee has had of each insurer, in money or in debts that are settled."""

    unseen: dict[tuple[bytes, bytes, int], list[tuple[int, int]]] = field(default_factory=lambda: defaultdict(list))
    """What was handed over by rule, with nobody's look: when and how much, by policy, provider and service day."""

    silent: dict[tuple[bytes, bytes, int], list[tuple[int, int]]] = field(default_factory=lambda: defaultdict(list))
    """What silence had handed over, in the same way."""

    ended: dict[tuple[bytes, bytes, int], list[tuple[int, int]]] = field(default_factory=dict)
    """What of that the last hold took out."""

    apart: Counter[bytes] = field(default_factory=Counter)
    """What each insurer set apart for those who wait, beyond what the fund gave it."""

    lines: dict[bytes, list[dict[str, Any]]] = field(default_factory=dict)
    by_rule: set[bytes] = field(default_factory=set)
    """The keys of claims that nobody decided but the rules."""

    def take(self, event: Event) -> None:
        name, told, at = event
        storage = self.storage
        if name == "ReceivableChanged":
            before = storage.receivable(told["insurer"], told["payee"])
            kept = max(before - told["amount"], 0)
            self.moved["kept"] += kept
            self.received[told["insurer"], told["payee"]] += kept
        elif name == "QueueFunded":
            self.apart[told["insurer"]] += told["amount"]
        elif name == "GuaranteePaid":
            self.apart[told["insurer"]] -= told["amount"]
            assert self.apart[told["insurer"]] >= 0, "the fund gave what nobody is to get"
        elif name in ("PaymentMade", "PaymentQueued"):
            self.moved["paid"] += told["amount"]
        elif name == "ClaimReversed":
            self._forget(storage.key_of(told))
            self.silent.update(self.ended)  # that hold was the look that it begins
        elif name == "HoldPlaced":
            self._look(told["subject"], told["until"], at)
        if name in ("PaymentMade", "SharePaid"):
            self.received[told["insurer"], told["payee"]] += told["amount"]
        storage.take(event)
        if name == "ClaimPaid":
            self._hand(storage.key_of(told), told["amount"], at)
        elif name == "ClaimAdjudicated":
            self.lines[told["dossier"]["key"]] = told["lines"]
            self.by_rule.add(told["dossier"]["key"])
        elif name == "ClaimDecided":
            self.by_rule.discard(told["dossier"]["key"])
            self._hear(told, at)

    def _hear(self, told: dict[str, Any], at: int) -> None:
        """Silence had a claim paid; or somebody raised one, and what silence may approve of that day is free again."""
        on = self._for(told["dossier"]["key"])
        if told["organisation"] == ZERO_HASH:
            self.silent[on].append((at, told["amount"]))
        elif told["reason"] != Reason.DEEMED_APPROVED:
            self.silent.pop(on, None)

    def _hand(self, key: bytes, amount: int, at: int) -> None:
        self.handed[key] += amount
        self.moved["handed"] += amount
        if key in self.by_rule and amount:
            self.unseen[self._for(key)].append((at, amount))

    def _forget(self, key: bytes) -> None:
        self.handed.pop(key, None)
        self.lines.pop(key, None)
        self.by_rule.discard(key)

    def _look(self, subject: bytes, until: int, at: int) -> None:
        """An insurer that ends the look at what a provider does for a policy has looked."""
        for (policy, provider, _), paid in self.unseen.items():
            if pair_of(policy, provider) == subject and until < at + LOOK:
                paid.clear()
        named = [on for on in self.silent if pair_of(*on[:2]) == subject]
        self.ended = {on: self.silent.pop(on) for on in named}

    def _for(self, key: bytes) -> tuple[bytes, bytes, int]:
        dossier = self.storage.dossiers[key]
        return dossier["policy"], dossier["provider"], dossier["day"]
