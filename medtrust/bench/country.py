"""A country of makers, wholesalers and pharmacies: a million packs from commission to counter, held against a model.

Everything that happens is drawn from a seed. Every act is done by the contract, in an EVM within this process, and by a
model that knows of each single pack where it is; they must come to the same at every step and at the end.
"""

from __future__ import annotations

import multiprocessing
import random
import resource
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Final

from medtrust.bench.figures import Figure, Stopwatch
from medtrust.bench.market import Market
from medtrust.bench.shelves import PACK, PALLET, Box, Shelves, pack_lot
from medtrust.bench.stories import Stories
from medtrust.bench.trade import DAY, Trade
from medtrust.drug_types import State
from medtrust.packing import lot_id, pack_id
from medtrust.types import ZERO_HASH

__all__ = ["Country", "Sizes", "bench_country"]

_LOT: Final = 10 * PALLET
"""Packs in a lot, at most."""
_AT_ONCE: Final = 24
"""How many pallets are on their way at a time."""

_PAUSES: Final = 0.1
_ANSWERED: Final = 0.9

Say = Callable[[str], None]


@dataclass(frozen=True)
class Sizes:
    """How large the country is."""

    packs: int = 1_000_000
    makers: int = 10
    wholesalers: int = 100
    pharmacies: int = 2_000
    clones: int = 200
    recalls: int = 3
    seed: int = 1


class Country:
    """The country, from its first lot to its last pack."""

    def __init__(self, sizes: Sizes) -> None:
        """Found it: deploy, accredit, and choose which packs will be copied and which lots recalled."""
        self.sizes = sizes
        self.draw = random.Random(sizes.seed)  # noqa: S311  it invents a country, and the same one again
        self.market = Market(sizes.makers, sizes.wholesalers, sizes.pharmacies)
        lot = min(_LOT, -(-sizes.packs // (sizes.makers * PALLET)) * PALLET)
        self.lots = [
            Shelves(number, self.market.makers[number % sizes.makers], min(lot, sizes.packs - start))
            for number, start in enumerate(range(0, sizes.packs, lot))
        ]
        copies: dict[int, set[int]] = {}
        for place in self.draw.sample(range(sizes.packs), sizes.clones):
            copies.setdefault(place // lot, set()).add(place % lot)
        self.trade = Trade(self.market, self.draw)
        self.stories = Stories(self.trade, copies)
        self._told: Counter[int] = Counter()
        self._answers: dict[int, dict[int, bool]] = {}
        self._to_recall = set(self.draw.sample(range(len(self.lots)), min(sizes.recalls, len(self.lots))))

    def live(self, say: Say) -> None:
        """Tell the stories of all pallets, some of them at a time, each act in its turn by chance."""
        coming = self._pallets(say)
        telling = list(islice(coming, _AT_ONCE))
        while telling:
            place = self.draw.randrange(len(telling))
            if next(telling[place], "over") == "over":
                telling[place : place + 1] = islice(coming, 1)
            if self.draw.random() < _PAUSES:
                self.market.host.advance(self.draw.randrange(600))
        self.market.host.advance(DAY)

    def _pallets(self, say: Say) -> Iterator[Iterator[None]]:
        """The stories of all pallets, lot by lot."""
        for shelves in self.lots:
            say(f"lot {shelves.number + 1} of {len(self.lots)}")
            self.trade.commission(shelves)
            pallets = shelves.pallets()
            for place, pallet in enumerate(pallets):
                if shelves.number in self._to_recall and place == len(pallets) // 2:
                    self._recall(shelves)
                yield self._tell(shelves, pallet)

    def _tell(self, shelves: Shelves, pallet: Box) -> Iterator[None]:
        """Tell the story of a pallet; after the last one of a lot its tree is let go."""
        yield from self.stories.pallet(shelves, pallet)
        self._told[shelves.number] += 1
        if self._told[shelves.number] == len(shelves.pallets()):
            del self.trade.packed[shelves.number]

    def _recall(self, shelves: Shelves) -> None:
        """Recall a lot while some of it is on its way; nine in ten of those who have it answer."""
        self.trade.recall(shelves, self.draw.choice([self.market.regulator, shelves.maker]))
        answers = {number: self.draw.random() < _ANSWERED for number in sorted(set(shelves.holders))}
        for number in (number for number, is_answered in answers.items() if is_answered):
            self.trade.acknowledge(shelves, self.market.traders[number])
        self._answers[shelves.number] = answers

    # ---- the end

    def check(self, workers: int) -> Counter[str]:
        """Compare every pack and every partner of a recall with the model, and count where packs are.

        Raises `AssertionError` if a single one differs.
        """
        self._check_late()
        numbers = range(len(self.lots))
        if workers == 1:
            counts = list(map(self.check_lot, numbers))
        else:
            _born.append(self)
            with multiprocessing.get_context("fork").Pool(workers) as pool:
                counts = pool.map(_check_lot, numbers, chunksize=1)
            _born.pop()
        return sum(counts, Counter())

    def _check_late(self) -> None:
        for number, answers in self._answers.items():
            shelves, partners = self.lots[number], [self.market.traders[one] for one in answers]
            lot = lot_id(shelves.maker.gtin, shelves.lot_number)
            late = self.market.drugs.call("lateOf", lot, ZERO_HASH, [one.id for one in partners])
            if [not one for one in late] != list(answers.values()):
                raise AssertionError(f"lot {number}: the contract finds others late than the model")

    def check_lot(self, number: int) -> Counter[str]:
        """Ask the contract about every pack of a lot, and count where they are.

        Raises `AssertionError` if one is elsewhere than in the model.
        """
        shelves, drugs = self.lots[number], self.market.drugs
        packed = pack_lot(shelves)
        counts: Counter[str] = Counter()
        for pack in range(shelves.size):
            unit = pack_id(shelves.maker.gtin, shelves.serial(pack))
            path = () if shelves.depths[pack] == PACK else packed.path(unit)
            place = drugs.answer("custodyOf", packed.id, unit, path)
            ended = any(drugs.answer("endOf", unit)[:32])
            state = State(shelves.states[pack])
            is_held = state not in (State.IN_TRANSIT, State.AWAITING)
            holder = self.market.mark(self.market.traders[shelves.holders[pack]]) if is_held else bytes(16)
            found = State(place[31]), place[32:48], ended
            if found != (state, holder, bool(shelves.dispensed[pack])):
                raise AssertionError(f"lot {number}, pack {pack}: the contract says {found}, the model {state.name}")
            counts["DISPENSED" if ended else state.name] += 1
        return counts


_born: list[Country] = []
"""The country that is looked at by processes of this one."""


def _check_lot(number: int) -> Counter[str]:
    return _born[-1].check_lot(number)


def bench_country(sizes: Sizes, workers: int, say: Say) -> Iterator[Figure]:
    """Live through a country and yield what it took.

    Raises `AssertionError` if contract and model differ in anything, if a copy was dispensed beside its original, or
    a recalled pack after the block of its recall; `ToolMissing` without pyrevm.
    """
    country = Country(sizes)
    living, looking = Stopwatch(), Stopwatch()
    with living.running():
        country.live(say)
    host, trade, stories = country.market.host, country.trade, country.stories
    sent, gas = host.sent, host.gas
    with looking.running():
        where = country.check(workers)
    if stories.sold_twice:
        raise AssertionError(f"dispensed twice: {sorted(stories.sold_twice)}")
    late = sum(shelves.dispensed_since_recall for shelves in country.lots)
    if len(stories.caught) != sizes.clones:
        raise AssertionError(f"{len(stories.caught)} of {sizes.clones} copies were refused")
    if late:
        raise AssertionError(f"{late} packs dispensed after their recall")
    everybody = f"{sizes.makers} makers, {sizes.wholesalers} wholesalers, {sizes.pharmacies:,} pharmacies"
    yield Figure(f"packs in {len(country.lots)} lots: {everybody}", sizes.packs, "packs")
    yield Figure("  from commission to counter", sizes.packs / living.seconds, "packs/s")
    yield Figure("  the same in seconds of a core", living.core_seconds, "s")
    yield Figure("  each looked up at the end, in seconds of a core", looking.core_seconds, "s")
    yield Figure("  transactions", sent, "")
    yield Figure("  transactions a pack", sent / sizes.packs, "")
    yield Figure("  gas a pack", gas / sizes.packs, "gas")
    for what, times in sorted(trade.story.items()):
        yield Figure(f"  {what}", times, "times")
    for error, times in sorted(country.market.errors.items()):
        yield Figure(f"  refused: {error}", times, "times")
    for state, packs in sorted(where.items()):
        yield Figure(f"  in the end {state}", packs, "packs")
    yield Figure("  copies refused", len(stories.caught), "copies", str(sizes.clones))
    yield Figure("  copies dispensed beside their original", len(stories.sold_twice), "packs", "0")
    yield Figure("  recalled packs dispensed after the block", late, "packs", "0")
    yield Figure("  packs that are elsewhere than in the model", sizes.packs - sum(where.values()), "packs", "0")
    used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1 << (30 if sys.platform == "darwin" else 20))
    yield Figure("  memory at its peak", used, "GB")
