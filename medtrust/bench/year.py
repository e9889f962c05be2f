"""A year of an insurer: invented visits, fraud among them, recorded on a local chain, decided, looked at and paid."""

from __future__ import annotations

import random
import resource
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import mean, median
from typing import Any, Final

from coincurve import PrivateKey

from medtrust import wallet
from medtrust.accreditation import Role
from medtrust.adjudication import Reason
from medtrust.bench.figures import Figure, Stopwatch
from medtrust.bench.imports import local_suite
from medtrust.bench.invented_visits import BENEFITS, KINDS, TERMS, Invented, invent
from medtrust.explanation import ClaimStatus
from medtrust.keccak import keccak256
from medtrust.outbox import Call, Outbox
from medtrust.plan import Plan, Policy
from medtrust.sandbox import FAR, JURISDICTION, ORGANISATIONS
from medtrust.signing import sign
from medtrust.suite import Suite
from medtrust.types import checksum_address, organisation_id
from medtrust.visit import ATTESTATION, Visit

__all__ = ["bench_year"]

_DAY: Final = 86_400
_BLOCK_SECONDS: Final = 12
_TOGETHER: Final = 100
_GAS: Final = 900_000
_BLOCK_GAS: Final = 100_000_000
_PROVIDERS: Final = 40
_VISITS_A_MEMBER: Final = 20
_SILENCE: Final = 0.02
"""Of what is held, the part that the insurer forgets to look at."""

_LOOKS: Final = (1, 3)
"""How many days a look takes, at least and at most."""


@dataclass
class _Found:
    """What became of the visits."""

    outcomes: dict[str, Counter[str]] = field(default_factory=lambda: {kind: Counter() for kind in ("", *KINDS)})
    gas: list[int] = field(default_factory=list)
    waits: list[int] = field(default_factory=list)
    """Blocks from visit to money, of each claim that moved some."""


@dataclass(frozen=True)
class _Look:
    """A held claim that is looked at on a day, or never."""

    kind: str
    dossier: Mapping[str, Any]
    amount: int
    recorded_at: int
    is_silent: bool


def bench_year(
    root: Path,
    scratch: Path,
    count: int,
    *,
    days: int = 365,
    fraud: float = 0.05,
    seed: int = 1,
    progress: Callable[[str], None] = print,
) -> Iterator[Figure]:
    """Yield what was caught and missed of each kind, false alarms, gas, claims a second, and blocks until the money.

    `count` visits in so many `days`, a share of `fraud` of them false. A false visit is caught if it is refused,
    reduced, held for a look, or waits for the member's signature; missed if it is paid as asked, or by silence.
    """
    with local_suite(root, scratch, keeps_history=False) as (suite, _):
        year = _Year(suite, max(50, count // _VISITS_A_MEMBER), random.Random(seed))  # noqa: S311  repeatable
        year.begin()
        watch, visits = Stopwatch(), 0
        lived = invent(count, days=days, members=len(year.members), providers=_PROVIDERS, fraud=fraud, seed=seed)
        with watch.running():
            for day, today in enumerate(lived):
                year.live(day, today)
                visits += len(today)
                progress(f"day {day + 1} of the year, {visits:,} visits")
            year.live_on()
        yield from _figures(year.found, visits, watch)


def _figures(found: _Found, visits: int, watch: Stopwatch) -> Iterator[Figure]:
    yield Figure("visits recorded, decided and paid or held", visits, "visits")
    for kind in KINDS:
        outcomes = found.outcomes[kind]
        yield Figure(f"  {kind}: caught", outcomes.total() - outcomes["paid"], "visits")
        yield Figure(f"  {kind}: missed", outcomes["paid"], "visits")
    honest = found.outcomes[""]
    for outcome, what in (("held", "held for a look"), ("waiting", "waiting for a signature"), ("reduced", "reduced")):
        yield Figure(f"  false alarms: honest visits {what}", honest[outcome], "visits")
    yield Figure("  false alarms: honest visits refused or denied", honest["refused"] + honest["denied"], "visits")
    yield Figure("gas of a claim from visit to money, of one to three lines, on average", mean(found.gas), "gas")
    yield Figure(
        "claims recorded and decided, with all that this machine does for it", visits / watch.seconds, "claims/s"
    )
    yield Figure("  the same for each second of a core of this process", visits / watch.core_seconds, "claims/s")
    at_once = found.waits.count(0) / max(1, len(found.waits))
    later = [wait for wait in found.waits if wait] or [0]
    yield Figure("claims that were paid in the block of their visit", 100 * at_once, "%")
    yield Figure("  the others, after a look: blocks of 12 s from visit to money, median", median(later), "blocks")
    yield Figure("  at most", max(later), "blocks")
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    yield Figure("most memory of this process", memory, "MiB")


class _Year:
    """The insurer's year on one chain. One clearing house signs for all providers."""

    def __init__(self, suite: Suite, members: int, draw: random.Random) -> None:
        self.suite, self.chain, self.draw = suite, suite.chain, draw
        self.found = _Found()
        self.insurer = ORGANISATIONS["insurer"].id
        self.providers = [organisation_id(f"urn:example:provider:{number}") for number in range(_PROVIDERS)]
        self.members = [PrivateKey(keccak256(b"invented member %d" % number)) for number in range(members)]
        self.addresses = [_address(key) for key in self.members]
        self.clearing, self.desk = (Outbox(self.chain, wallet.role(name)) for name in ("clinic", "insurer"))
        self.start = self.chain.now() // _DAY * _DAY + 2 * _DAY
        self.plan = Plan(self.insurer, TERMS, BENEFITS)
        until = self.start + 366 * _DAY
        self.policies = [Policy(self.plan.id, one, self.start, until).id for one in self.addresses]
        self.looks: dict[int, list[_Look]] = {}
        self.claims, self.visits = suite.insurance, suite.visits
        self.paid = "0x" + suite.pool.interface.topics["PaymentMade"].hex()
        self.adjudicated = "0x" + self.claims.interface.topics["ClaimAdjudicated"].hex()

    def begin(self) -> None:
        """Accredit the providers, publish the plan, fund the pool, and enrol everyone."""
        registry, house = self.suite.acting_as(wallet.role("authority")).accreditation, wallet.role("clinic").address
        clearing, desk = (self.suite.acting_as(wallet.role(name)) for name in ("clinic", "insurer"))
        for provider in self.providers:
            registry.register(provider, JURISDICTION, house, until=FAR)
            registry.accredit(provider, Role.HOSPITAL, until=FAR)
            clearing.accreditation.add_signer(provider, house, Role.HOSPITAL, until=FAR)
            clearing.pool.name_payee(provider, house)
        money = 2**90
        desk.token.mint(desk.signer_address, money)
        desk.token.approve(desk.pool.address, money)
        desk.pool.open(self.insurer, self.claims.address)
        desk.pool.deposit(self.insurer, money)
        desk.insurance.publish(self.plan)
        self.chain.request("evm_setAutomine", False)
        self.chain.request("evm_setBlockGasLimit", hex(_BLOCK_GAS))
        until = self.start + 366 * _DAY
        calls = [self._call("enrol", [Policy(self.plan.id, member, self.start, until)]) for member in self.addresses]
        at = self.start - _DAY
        for first in range(0, len(calls), _TOGETHER):
            at += _BLOCK_SECONDS
            self._mine(self.desk, calls[first : first + _TOGETHER], at)

    def live(self, day: int, today: Sequence[Invented]) -> None:
        """Decide what was looked at by this day, then record the day's visits in its evening."""
        at = self._decide(self.looks.pop(day, []), self.start + day * _DAY + 20 * 3600)
        for first in range(0, len(today), _TOGETHER):
            at += _BLOCK_SECONDS
            part = today[first : first + _TOGETHER]
            for one, receipt in zip(
                part, self._mine(self.clearing, [self._record(one) for one in part], at), strict=True
            ):
                self._note(one, receipt, day, at)

    def live_on(self) -> None:
        """Decide what is still held after the year."""
        for day in sorted(self.looks):
            self._decide(self.looks.pop(day), self.start + day * _DAY + 20 * 3600)

    def _record(self, one: Invented) -> Call:
        visit = Visit(
            provider=self.providers[one.provider],
            payer=self.claims.address,
            policy=self.policies[one.member],
            member=self.addresses[one.member],
            served_at=self.start + one.day * _DAY + 12 * 3600,
            lines=one.lines,
            record=keccak256(b"record %d" % one.encounter),
            nullifier=keccak256(b"encounter %d" % one.encounter),
        )
        signature = b""
        if one.is_signed:
            digest = ATTESTATION.digest(self.visits.domain, {"visit": visit.id})
            signature = sign(self.members[one.member], digest)
        data = self.visits.interface.encode_call("record", [visit, int(Role.HOSPITAL), signature])
        return Call(self.visits.address, data, _GAS)

    def _note(self, one: Invented, receipt: Mapping[str, Any], day: int, at: int) -> None:
        """What the chain made of a visit: refused, waiting, denied, held, reduced or paid."""
        log = next((log for log in receipt["logs"] if log["topics"][0] == self.adjudicated), None)
        outcome = "refused" if int(receipt["status"], 16) == 0 else "waiting"
        if log:
            words = [int(log["data"][start : start + 64], 16) for start in range(2, len(log["data"]), 64)]
            outcome = _outcome(words)
            if outcome in ("paid", "reduced"):
                self.found.gas.append(int(receipt["gasUsed"], 16))
                self._note_money(receipt, at, at)
            if outcome == "held":
                self._hold(one, log, day, at)
        self.found.outcomes[one.kind][outcome] += 1

    def _hold(self, one: Invented, log: Mapping[str, Any], day: int, at: int) -> None:
        topics = [bytes.fromhex(topic[2:]) for topic in log["topics"]]
        found = self.claims.interface.decode_event(topics, bytes.fromhex(log["data"][2:]))
        told = found[1] if found else {}
        is_silent = self.draw.random() < _SILENCE
        due = day + (TERMS.decide_days if is_silent else self.draw.randint(*_LOOKS))
        amount = sum(line["planPays"] for line in told["lines"])
        self.looks.setdefault(due, []).append(_Look(one.kind, told["dossier"], amount, at, is_silent))

    def _decide(self, looks: Sequence[_Look], at: int) -> int:
        """Approve what is honest and refuse what is not; of what was forgotten the silence approves a part."""
        for first in range(0, len(looks), _TOGETHER):
            at += _BLOCK_SECONDS
            part = looks[first : first + _TOGETHER]
            calls = [self._call("decide", [one.dossier, self.insurer, 0 if one.kind else one.amount]) for one in part]
            for one, receipt in zip(part, self._mine(self.desk, calls, at), strict=True):
                if int(receipt["status"], 16) == 0:
                    raise AssertionError("a held claim could not be decided")
                self._note_money(receipt, one.recorded_at, at)
                if one.kind and one.is_silent:
                    self.found.outcomes[one.kind].update(held=-1, paid=1)
        return at

    def _note_money(self, receipt: Mapping[str, Any], recorded_at: int, at: int) -> None:
        """How many blocks after its visit a claim was paid, if it was now: one that pays nothing moves no money."""
        if any(log["topics"][0] == self.paid for log in receipt["logs"]):
            self.found.waits.append((at - recorded_at) // _BLOCK_SECONDS)

    def _call(self, function: str, arguments: Sequence[Any]) -> Call:
        return Call(self.claims.address, self.claims.interface.encode_call(function, arguments), _GAS)

    def _mine(self, outbox: Outbox, calls: Sequence[Call], at: int) -> list[Mapping[str, Any]]:
        """Have one block at a time hold these transactions, and return their receipts in order."""
        signed = outbox.sign(calls)
        for answer in self.chain.request_all([("eth_sendRawTransaction", ["0x" + raw.hex()]) for raw in signed]):
            if answer.get("error"):
                raise AssertionError(answer["error"])
        self.chain.request("evm_setNextBlockTimestamp", at)
        self.chain.request("evm_mine")
        receipts: list[Mapping[str, Any]] = self.chain.request("eth_getBlockReceipts", "latest")
        if len(receipts) != len(calls):
            raise AssertionError(f"{len(receipts)} of {len(calls)} transactions are in the block")
        return receipts


def _outcome(words: Sequence[int]) -> str:
    """Read status and lines of the data of ClaimAdjudicated: each line is what plan and member pay, and why."""
    if words[0] == ClaimStatus.HELD:
        return "held"
    if words[0] == ClaimStatus.DENIED:
        return "denied"
    first = words[2] // 32
    reasons = [words[first + 3 + 3 * line] for line in range(words[first])]
    return "reduced" if {Reason.FEE_REDUCED, Reason.UNITS_REDUCED} & set(reasons) else "paid"


def _address(key: PrivateKey) -> str:
    return checksum_address("0x" + keccak256(key.public_key.format(compressed=False)[1:])[12:].hex())
