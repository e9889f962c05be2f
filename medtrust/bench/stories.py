"""What becomes of the pallets of the bench's country: sold on, short, stolen, returned, warmed, copied and recalled."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Final

from medtrust.accreditation import Role
from medtrust.bench.market import Trader
from medtrust.bench.shelves import Box, Shelves
from medtrust.bench.trade import Trade
from medtrust.drug_types import NO_FILLING, Filling, State
from medtrust.keccak import keccak256
from medtrust.types import ZERO_HASH

__all__ = ["Stories"]

_SOLD: Final = 0.93
"""How many of the packs on the shelf of a pharmacy are dispensed in the end."""

_PRESCRIBED: Final = 0.2
_UNDONE: Final = 0.002


class Stories:
    """Tells the story of each pallet, one act at a time, so that many can be told at once.

    `copies` are the packs of which somebody made a copy, by lot. `caught` are those of which a copy was refused,
    `sold_twice` those that were dispensed more than once; there must be none.
    """

    def __init__(self, trade: Trade, copies: dict[int, set[int]]) -> None:
        """Begin with nothing told."""
        self.trade = trade
        self.copies = copies
        self.caught: set[tuple[int, int]] = set()
        self.sold_twice: set[tuple[int, int]] = set()
        self._sold: set[tuple[int, int]] = set()

    def pallet(self, shelves: Shelves, pallet: Box) -> Iterator[None]:
        """From the maker over one or two wholesalers to the pharmacies."""
        draw, market = self.trade.draw, self.trade.market
        hops = 2 if draw.random() < 0.1 else 1
        for wholesaler in draw.sample(market.wholesalers, hops):
            lost = draw.sample(shelves.cases(pallet), 1) if draw.random() < 0.05 else []
            lost = [case for case in lost if shelves.contents(case) and not self._is_apart(shelves, case)]
            yield from self._deliver(shelves, pallet, wholesaler, lost)
        for case in shelves.cases(pallet):
            if not self._is_apart(shelves, case):
                yield from self._case(shelves, case)

    def _is_apart(self, shelves: Shelves, case: Box) -> bool:
        """Whether a case was missing from its pallet, and is with who sent it."""
        return shelves.depths[case.packs[0]] > 1

    def _deliver(self, shelves: Shelves, box: Box, to: Trader, lost: Collection[Box] = ()) -> Iterator[None]:
        """Ship a box until it is received: first refused or left lying now and then, seldom warm on its way."""
        trade, draw = self.trade, self.trade.draw
        while self._is_usable(shelves, box):
            offer = trade.ship(shelves, box, to)
            yield
            if offer is None:
                return
            chance = draw.random()
            if chance > 0.04:
                break
            act, by = ("refuse", to) if chance < 0.02 else ("takeBack", box.holder)
            trade.give_back(shelves, box, offer, by, act)
            trade.story["shipments refused or taken back"] += 1
            yield
            yield from self._look_into(shelves, box)
        else:
            return
        is_warm = shelves.maker is trade.cold and draw.random() < 0.03
        sender = box.holder
        if not trade.receive(shelves, box, offer, to, missing=list(lost), is_warm=is_warm):
            trade.story["shipments in flight stopped by a recall"] += 1
            return
        yield
        for one in lost:
            trade.story["discrepancies"] += 1
            yield from self._look_into(shelves, one)
            if draw.random() < 0.5 and self._is_usable(shelves, one):
                self._steal(shelves, one)
                yield
            else:
                yield from self._deliver(shelves, one, draw.choice(trade.market.pharmacies))
            yield from self._sell(shelves, one)
        if is_warm and box.holder is not sender:
            yield from self._look_into(shelves, box)
            trade.story["cold-chain breaches"] += 1

    def _look_into(self, shelves: Shelves, box: Box) -> Iterator[None]:
        """A box in quarantine is cleared by its maker, or destroyed; a few are never looked into."""
        trade, chance = self.trade, self.trade.draw.random()
        if shelves.state(box) is not State.QUARANTINED:
            return
        if chance < 0.6:
            trade.resolve(shelves, box, is_cleared=True)
            yield
        elif chance < 0.9:
            trade.resolve(shelves, box, is_cleared=False)
            yield
            trade.end(shelves, box, State.DESTROYED)
            yield

    def _steal(self, shelves: Shelves, box: Box) -> None:
        """A box is stolen; some fence tries to have a pack of it dispensed."""
        trade = self.trade
        trade.end(shelves, box, State.STOLEN)
        trade.story["thefts"] += 1
        inside = shelves.contents(box)
        if inside:
            self._try(shelves, box, inside[0], trade.draw.choice(trade.market.pharmacies))

    def _case(self, shelves: Shelves, case: Box) -> Iterator[None]:
        """From the wholesaler to a pharmacy, perhaps back and to another one, and over the counter."""
        trade, draw = self.trade, self.trade.draw
        if draw.random() < 0.01 and self._is_usable(shelves, case):
            self._steal(shelves, case)
            yield
        if self._is_usable(shelves, case):
            pharmacy = draw.choice(trade.market.pharmacies)
            lost = [shelves.pack(case, draw.choice(case.packs))] if draw.random() < 0.02 else []
            yield from self._deliver(shelves, case, pharmacy, lost)
            if case.holder is pharmacy and draw.random() < 0.03 and self._is_usable(shelves, case):
                yield from self._return(shelves, case)
        yield from self._sell(shelves, case)

    def _is_usable(self, shelves: Shelves, box: Box) -> bool:
        return shelves.state(box) is State.HELD

    def _return(self, shelves: Shelves, case: Box) -> Iterator[None]:
        """Back to who sold it, who sells it again; or to somebody else, who has to put it into quarantine."""
        trade, draw, market = self.trade, self.trade.draw, self.trade.market
        wholesaler = draw.choice(market.wholesalers)
        seller = next((one for one in market.wholesalers if market.mark(one)[1:] == case.source[1:]), wholesaler)
        to = seller if draw.random() < 0.7 else wholesaler
        yield from self._deliver(shelves, case, to)
        if case.holder is not to:
            return
        if to is seller and self._is_usable(shelves, case):
            trade.story["returns sold again"] += 1
            yield from self._deliver(shelves, case, draw.choice(market.pharmacies))
        elif not self._is_usable(shelves, case):
            trade.story["returns quarantined"] += 1
            yield from self._look_into(shelves, case)

    def _sell(self, shelves: Shelves, box: Box) -> Iterator[None]:
        """Over the counter, pack by pack, if a pharmacy has the box; and whatever was copied, wherever the box is."""
        is_here, copies = box.holder.role == Role.PHARMACY, self.copies.get(shelves.number, set())
        for pack in box.packs:
            if pack in copies:
                self._copy(shelves, box, pack)
                yield
            if is_here and self.trade.draw.random() < _SOLD and shelves.depths[pack] <= box.depth:
                self._give_out(shelves, box, pack)
                yield

    def _give_out(self, shelves: Shelves, case: Box, pack: int) -> None:
        """Dispense a pack where it is, one in five on a prescription; seldom take it back, and not sell it again."""
        trade, draw = self.trade, self.trade.draw
        prescription = keccak256(draw.randbytes(16)) if draw.random() < _PRESCRIBED else ZERO_HASH
        is_new = self._try(shelves, case, pack, case.holder, Filling(prescription))
        if is_new and draw.random() < _UNDONE:
            trade.undo(shelves, case, pack, case.holder, prescription)
            self._sold.discard((shelves.number, pack))
            trade.story["dispenses undone"] += 1

    def _copy(self, shelves: Shelves, box: Box, pack: int) -> None:
        """A pack and its copy are both brought to counters: at two pharmacies, or twice to the one that has it."""
        draw, pharmacies = self.trade.draw, self.trade.market.pharmacies
        here, elsewhere = draw.sample(pharmacies, 2)
        if box.holder.role == Role.PHARMACY:
            here = box.holder
        counters = draw.choice([(elsewhere, here), (here, here), (here, elsewhere)])
        refused = [not self._try(shelves, box, pack, counter) for counter in counters]
        if any(refused):
            self.caught.add((shelves.number, pack))

    def _try(self, shelves: Shelves, box: Box, pack: int, counter: Trader, filling: Filling = NO_FILLING) -> bool:
        """Have a pack dispensed at a counter; note if it was before."""
        name, is_done = (shelves.number, pack), self.trade.dispense(shelves, box, pack, counter, filling)
        if is_done and name in self._sold:
            self.sold_twice.add(name)
        if is_done:
            self._sold.add(name)
        return is_done
