"""Goods that are watched: temperatures, suspects, recalls, and who was told of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from medtrust.chain import Receipt
from medtrust.cold_chain import Reading, Summary, check_summary, summarise
from medtrust.drugs import (
    Act,
    Custody,
    Item,
    Movement,
    Offer,
    Policy,
    RecallClass,
    RecallDepth,
    State,
    mark_of,
)
from medtrust.errors import InputError
from medtrust.goods_places import LotGoods, later_movements, partners_of
from medtrust.recall_effect import PackState, RecallEffect, Whereabouts, recall_effect
from medtrust.suite import Suite
from medtrust.types import ZERO_HASH, organisation_id

__all__ = ["WatchedGoods", "reported"]

_WHEREABOUTS = {
    State.IN_TRANSIT: Whereabouts.ON_ITS_WAY,
    State.AWAITING: Whereabouts.ON_ITS_WAY,
    State.QUARANTINED: Whereabouts.QUARANTINED,
    State.ILLEGITIMATE: Whereabouts.QUARANTINED,
    State.STOLEN: Whereabouts.STOLEN,
    State.EXPORTED: Whereabouts.EXPORTED,
    State.DESTROYED: Whereabouts.DESTROYED,
    State.HELD: Whereabouts.HELD,
}


class WatchedGoods(LotGoods):
    """The units of one lot, as those see them who watch over it."""

    # ---- cold chain

    def change_policy(self, policy: Policy) -> Receipt:
        """Lay down what the temperature of the product may be. Raises `Reverted` as `DrugClient.change_policy`."""
        maker, digits = organisation_id(self.file.manufacturer), len(self.file.company_prefix)
        return self.suite.drugs.change_policy(maker, self.file.gtin, policy, prefix_digits=digits)

    def summarise(self, offer: Offer, readings: Sequence[Reading]) -> Summary:
        """Sum up what the logger of a shipment measured, by the policy of the product.

        Raises `InputError` if the product need not be kept cold, and as `cold_chain.summarise`.
        """
        policy = self._policy()
        return summarise(readings, offer.id, lowest=policy.lowest, highest=policy.highest)

    def report(self, code: str, readings: Sequence[Reading], *, logger: WatchedGoods) -> tuple[Summary, Receipt]:
        """Let the logger sign what it measured on the way of the scanned unit, and bring it to the chain.

        `logger` is the same goods as the account of the logger. Raises as `summarise`, `InputError` if the unit waits
        in no shipment, and `Reverted` as `DrugClient.report`.
        """
        offer = self.offer(code)
        summary = self.summarise(offer, readings)
        signature = logger.suite.drugs.sign_report(offer, summary)
        return summary, self.suite.drugs.report(offer, summary, signature)

    def give_up_report(self, code: str) -> Receipt:
        """Stop waiting for the report on the scanned unit, as its receiver, or as anyone once it is overdue.

        Raises as `offer` and `DrugClient.give_up_report`.
        """
        return self.suite.drugs.give_up_report(self.offer(code))

    def check_report(self, code: str, readings: Sequence[Reading]) -> Summary:
        """Compute what was reported of the scanned unit last again, from the readings; the two must agree.

        Raises `InputError` if nothing was reported, or with the first number that does not agree.
        """
        item, policy = self.item(code), self._policy()
        reports = [one for one in self.suite.drugs.movements(item.lot) if one.act is Act.REPORTED]
        found = [reported(self.suite, one) for one in reports if one.unit == item.unit][-1:]
        if not found or found[0] is None:
            raise InputError(place="scan", found=f"a unit without a report: {code}", expected="one that has one")
        offer, claimed = found[0]
        check_summary(claimed, readings, offer.id, lowest=policy.lowest, highest=policy.highest)
        return claimed

    def offer(self, code: str) -> Offer:
        """Find the offer that the scanned unit waits in. Raises `InputError` if it is not on its way."""
        item = self.item(code)
        offer = self.suite.drugs.offer_of(item.lot, item.unit)
        if offer is None:
            raise InputError(
                place="scan", found=f"a unit that is not on its way: {code}", expected="one that was shipped"
            )
        return offer

    def _policy(self) -> Policy:
        policy = self.suite.drugs.policy_of(self.file.gtin)
        if policy is None:
            raise InputError(place="gtin", found=f"{self.file.gtin}, without a policy", expected="a cold product")
        return policy

    # ---- suspects

    def suspect(self, organisation: bytes, code: str | None = None) -> Receipt:
        """Stop the scanned unit, or the whole lot, as suspect; also a shipment, as who oversees the lot.

        Raises `Reverted` as `DrugClient.flag_suspect`, or `flag_shipment` where the unit is on its way.
        """
        item = self._named(code)
        offer = self.suite.drugs.offer_of(item.lot, item.unit) if code else None
        if offer is not None:
            return self.suite.drugs.flag_shipment(offer, organisation)
        return self.suite.drugs.flag_suspect(organisation, item)

    def resolve(
        self, organisation: bytes, code: str | None = None, *, is_cleared: bool, justification: bytes = ZERO_HASH
    ) -> Receipt:
        """Decide what was stopped, the scanned unit or the whole lot; what is cleared needs a `justification`.

        That is the salted hash of the reasons, see `reasons.committed`. Raises `Reverted` as `DrugClient.resolve`.
        """
        item = self._named(code)
        return self.suite.drugs.resolve(
            organisation, item.lot, item.unit, is_cleared=is_cleared, justification=justification
        )

    def acknowledge(self, organisation: bytes, code: str | None = None) -> Receipt:
        """Say that an organisation knows: of the recall, or that the scanned unit or the whole lot is illegitimate.

        Raises `Reverted` as `DrugClient.acknowledge`.
        """
        item = self._named(code)
        return self.suite.drugs.acknowledge(organisation, item.lot, item.unit)

    def late(self, code: str | None = None) -> tuple[bytes, ...]:
        """List the partners that let 24 hours pass before they acknowledged, of the scanned unit or the whole lot."""
        item = self._named(code)
        return self.suite.drugs.late_of(item.lot, item.unit, self.partners(code))

    def partners(self, code: str | None = None) -> tuple[bytes, ...]:
        """List the organisations that had the scanned unit, or any of the lot, in hands or were to have it."""
        if code:
            return partners_of(self.trace(code))
        return partners_of([*self.suite.drugs.movements(self.lot), *later_movements(self.suite.drugs, self.lot)])

    def _named(self, code: str | None) -> Item:
        return self.item(code) if code else Item(self.lot, ZERO_HASH)

    # ---- recalls

    def recall(self, organisation: bytes, recall_class: RecallClass, *, depth: RecallDepth) -> Receipt:
        """Recall the lot. Raises `Reverted` as `DrugClient.recall`."""
        return self.suite.drugs.recall(organisation, self.lot, recall_class, depth=depth)

    def recall_effect(self) -> RecallEffect:
        """Say how far the recall of the lot has come, by what the chain knows of each pack now.

        Raises `InputError` if the lot is not recalled.
        """
        drugs = self.suite.drugs
        movements = drugs.movements(self.lot)
        recalls = [one.at for one in movements if one.act is Act.RECALLED]
        if not recalls:
            raise InputError(place="lot", found=f"{self.file.lot_number}, not recalled", expected="a recalled lot")
        partners = partners_of([*movements, *later_movements(drugs, self.lot)])
        of_all = [one for one in movements if one.unit == self.lot]
        return recall_effect(
            self._packs(movements, partners),
            recalled_at=recalls[0],
            noticed_at=max(one.at for one in of_all if one.act in (Act.RECALLED, Act.ILLEGITIMATE)),
            partners=partners,
            acknowledged={one.organisation: one.at for one in of_all if one.act is Act.ACKNOWLEDGED},
            now=self.suite.chain.now(),
        )

    def _packs(self, movements: Iterable[Movement], partners: Iterable[bytes]) -> Counter[PackState]:
        """Count the packs of the lot by their state: that of the nearest unit around each that has one of its own."""
        names = {mark_of(one): one for one in partners}
        drugs, maker = self.suite.drugs, organisation_id(self.file.manufacturer)
        moved = {one.unit for one in movements if one.moves}
        own = {unit: _state(drugs.custody_of(self.lot, unit), names, maker) for unit in moved}
        given = _dispensed(movements)
        at_first = PackState(Whereabouts.WITH_MAKER, maker)
        counted: Counter[PackState] = Counter()
        for pack, around in self.file.packed.packs():
            nearest = next((own[unit] for unit in (pack, *reversed(around)) if unit in own), at_first)
            counted[given.get(pack, nearest)] += 1
        return counted


def reported(suite: Suite, movement: Movement) -> tuple[Offer, Summary] | None:
    """Read from its transaction what a logger reported of a shipment; None if it does not show that."""
    sent = suite.chain.input_of(movement.transaction_hash)
    call = suite.drugs.interface.decode_call("report", sent)
    if call is None or not call["signature"]:
        return None
    return Offer.shipped(call["offer"]), Summary(*call["readings"].values())


def _state(custody: Custody, names: Mapping[bytes, bytes], maker: bytes) -> PackState:
    holder = names.get(custody.custodian or b"", custody.custodian or b"")
    where = _WHEREABOUTS[custody.state]
    if where is Whereabouts.HELD and holder == maker:
        where = Whereabouts.WITH_MAKER
    return PackState(where, holder, custody.since if custody.state > State.ILLEGITIMATE else 0)


def _dispensed(movements: Iterable[Movement]) -> dict[bytes, PackState]:
    """Replay what was dispensed and undone: each pack that is out of the hands of its pharmacy, or opened there."""
    found: dict[bytes, PackState] = {}
    taken: Counter[bytes] = Counter()
    for one in movements:
        if one.act is Act.UNDONE:
            found.pop(one.unit, None)
            del taken[one.unit]
        elif one.act is Act.DISPENSED:
            portion, whole = one.portion
            taken[one.unit] += portion
            since = found[one.unit].ended_at if one.unit in found else one.at
            where = Whereabouts.DISPENSED if taken[one.unit] == whole or not whole else Whereabouts.OPENED
            found[one.unit] = PackState(where, one.organisation, since)
    return found
