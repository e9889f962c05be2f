"""What traders do in the bench's country: each act on the contract and on the model, which must come to the same."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence
from typing import Final

from medtrust.bench.market import Market, Trader
from medtrust.bench.shelves import PACK, Box, Shelves, pack_lot
from medtrust.cold_chain import REPORT, Summary, report_message
from medtrust.drug_types import NO_FILLING, ZERO_MARK, Filling, Item, Offer, Policy, State, mark_of
from medtrust.packing import PackedLot, Path
from medtrust.signing import Domain, public_address, sign
from medtrust.types import ZERO_ADDRESS, ZERO_HASH

__all__ = ["DAY", "Trade"]

DAY: Final = 86_400
_SHELF_LIFE: Final = 900 * DAY
_FRIDGE: Final = Policy(200, 800, 700, 1_800, 600, 30 * DAY)
_LOGGER: Final = bytes(range(1, 33))


class Trade:
    """The acts of everybody; `story` counts what happened."""

    def __init__(self, market: Market, draw: random.Random) -> None:
        """Give the product of the third maker, or of the last, a temperature policy."""
        self.market = market
        self.draw = draw
        self.story: Counter[str] = Counter()
        self.packed: dict[int, PackedLot] = {}
        self._logger = public_address(_LOGGER)
        self._domain = Domain("PatientRegistry", "1", 1, market.drugs.call("PATIENTS"))
        self.cold = market.makers[min(2, len(market.makers) - 1)]
        product = self.cold.id, int(self.cold.gtin), len(self.cold.prefix)
        market.act(self.cold, "changePolicy", *product, _FRIDGE, expected=None)

    def commission(self, shelves: Shelves) -> None:
        """Commission a lot; its tree is kept until it is let go."""
        packed = self.packed[shelves.number] = pack_lot(shelves)
        maker = shelves.maker
        product = maker.id, int(maker.gtin), len(maker.prefix), packed.lot_number
        expires_at = self.market.host.now + _SHELF_LIFE
        self.market.act(maker, "commission", *product, expires_at, packed.size, packed.root, expected=None)

    def path(self, shelves: Shelves, box: Box) -> Path:
        """The path of a box, which it needs until it was moved by itself."""
        return () if box.moved else self.packed[shelves.number].path(box.unit)

    def item(self, shelves: Shelves, box: Box) -> Item:
        """A box as the contract is shown it."""
        return Item(self.packed[shelves.number].id, box.unit, self.path(shelves, box))

    # ---- on the way

    def ship(self, shelves: Shelves, box: Box, to: Trader) -> Offer | None:
        """Ship a box from who has it; None if the contract refused, as it must for a recalled lot."""
        host = self.market.host
        logged = (self._logger, host.now) if shelves.maker is self.cold else (ZERO_ADDRESS, 0)
        sides = box.holder.id, int(box.holder.role), to.id, int(to.role)
        offer = Offer(self.packed[shelves.number].id, box.unit, *sides, host.now + 30 * DAY, box.source, *logged)
        path = self.path(shelves, box)
        if not self.market.act(box.holder, "ship", offer, path, expected=self._recalled(shelves)):
            return None
        shelves.move(box, box.holder, State.IN_TRANSIT)
        return offer

    def receive(
        self,
        shelves: Shelves,
        box: Box,
        offer: Offer,
        to: Trader,
        *,
        missing: Sequence[Box] = (),
        is_warm: bool = False,
    ) -> bool:
        """Receive a box, but for what is missing in it, and send the report of its logger where it has one.

        A recalled lot must be refused; then its sender has the box again.
        """
        items = [self.item(shelves, one) for one in missing]
        function, told = ("receiveExcept", [items, []]) if items else ("receiveUnit", [])
        if not self.market.act(to, function, offer, *told, expected=self._recalled(shelves)):
            self.give_back(shelves, box, offer, to, "refuse")
            return False
        for one in missing:
            self._come_back(shelves, one, box.holder)
        self._arrive(shelves, box, to)
        if shelves.maker is self.cold and box.holder is to and shelves.state(box) is State.AWAITING:
            self._report(shelves, box, offer, is_warm=is_warm)
        return True

    def _arrive(self, shelves: Shelves, box: Box, to: Trader) -> None:
        """A box that goes back to who never sold it, and a cold one until its report, may not be used."""
        is_return = to.role < box.holder.role
        is_saleable = not is_return or box.source[1:] == mark_of(to.id)[1:]
        state = State.AWAITING if shelves.maker is self.cold else State.HELD
        box.source = ZERO_MARK if is_return else bytes(1) + mark_of(box.holder.id)[1:]
        box.holder = to
        shelves.move(box, to, state if is_saleable else State.QUARANTINED)

    def _report(self, shelves: Shelves, box: Box, offer: Offer, *, is_warm: bool) -> None:
        now, span = self.market.host.now, self.market.host.now - offer.logged_from
        highest, excursion = (1_400, 7_200) if is_warm else (690, 0)
        count = span // _FRIDGE.max_gap + 2
        summary = Summary(offer.id, count, offer.logged_from, now, 310, highest, excursion, 600, 480)
        message = report_message(summary, registry=self.market.drugs.address, offer=offer.id)
        signature = sign(_LOGGER, REPORT.digest(self._domain, message))
        self.market.act(box.holder, "report", offer, summary, signature, expected=None)
        shelves.move(box, box.holder, State.QUARANTINED if is_warm else State.HELD)

    def give_back(self, shelves: Shelves, box: Box, offer: Offer, by: Trader, act: str) -> None:
        """Refuse a box as its receiver, or take it back as its sender."""
        self.market.act(by, act, offer, expected=None)
        self._come_back(shelves, box, box.holder)

    def _come_back(self, shelves: Shelves, box: Box, sender: Trader) -> None:
        """What was kept cold comes back without a report, so somebody has to look into it."""
        shelves.move(box, sender, State.QUARANTINED if shelves.maker is self.cold else State.HELD)

    # ---- where it is

    def end(self, shelves: Shelves, box: Box, fate: State) -> None:
        """Say as its holder that a box was stolen or destroyed."""
        self.market.act(box.holder, "end", box.holder.id, self.item(shelves, box), int(fate), expected=None)
        shelves.move(box, box.holder, fate)

    def resolve(self, shelves: Shelves, box: Box, *, is_cleared: bool) -> None:
        """Look into a box in quarantine as its maker: its holder has it again from nobody, or has to destroy it."""
        lot, why = self.packed[shelves.number].id, mark_of(box.unit).ljust(32, b"\0")
        maker = shelves.maker
        self.market.act(maker, "resolve", maker.id, lot, box.unit, is_cleared, why, expected=None)
        box.source = ZERO_MARK
        shelves.move(box, box.holder, State.HELD if is_cleared else State.ILLEGITIMATE)

    def dispense(self, shelves: Shelves, case: Box, pack: int, by: Trader, filling: Filling = NO_FILLING) -> bool:
        """Try to dispense a pack; it must come as the model says."""
        expected = shelves.may_dispense(pack, by)
        packed = self.packed[shelves.number]
        box = shelves.pack(case, pack)
        path = () if shelves.depths[pack] == PACK else packed.path(box.unit)
        arguments = by.id, packed.id, shelves.serial(pack), path, filling
        if not self.market.act(by, "dispense", *arguments, expected=expected):
            return False
        shelves.dispensed[pack] = True
        shelves.dispensed_since_recall += shelves.is_recalled
        return True

    def undo(self, shelves: Shelves, case: Box, pack: int, by: Trader, prescription: bytes) -> None:
        """Take a pack back, with the prescription that it was dispensed for."""
        item = self.item(shelves, shelves.pack(case, pack))
        prescriptions = [] if prescription == ZERO_HASH else [prescription]
        self.market.act(by, "undo", by.id, item, prescriptions, expected=None)
        shelves.dispensed[pack] = False

    # ---- recalls

    def recall(self, shelves: Shelves, by: Trader) -> None:
        """Recall a lot: from now on all its acts must be refused."""
        self.market.act(by, "recall", by.id, self.packed[shelves.number].id, 1, 3, expected=None)
        shelves.is_recalled = True

    def acknowledge(self, shelves: Shelves, by: Trader) -> None:
        """Say that one knows of the recall of a lot."""
        self.market.act(by, "acknowledge", by.id, self.packed[shelves.number].id, ZERO_HASH, expected=None)

    def _recalled(self, shelves: Shelves) -> str | None:
        return "LotRecalled" if shelves.is_recalled else None
