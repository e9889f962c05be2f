"""Where medicines are, told by the events of the contract alone."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from medtrust.types import ZERO_HASH
from tests.invariants.accreditation_model import Told
from tests.invariants.provenance_model import (
    ILLEGITIMATE,
    NO_END,
    SUSPECT,
    TRUSTED,
    At,
    End,
    Lot,
    Mix,
    Offer,
    Place,
    Policy,
    Source,
    State,
    arrived,
    cleared,
    mark,
    quarantined,
    returned,
)

Transaction = tuple[int, Sequence[Told]]
"""The time of its block (Unix seconds), and its events in their order."""


class Replay:
    """Rebuilds the state from the events alone (invariant 31): no packing list is needed, nor anything else."""

    def __init__(self, transactions: Sequence[Transaction]) -> None:
        self.state = State()
        self.offers: dict[bytes, Offer] = {}
        self.organisations: dict[bytes, bytes] = {}
        for at, told in transactions:
            self.now = at
            for name, values in told:
                self._meet(values)
                getattr(self, re.sub("[A-Z]", lambda match: "_" + match.group().lower(), name))(values, told)

    def _meet(self, values: dict[str, Any]) -> None:
        """Remember organisations by their marks: whoever holds something was named by an event before."""
        named = (values[name] for name in ("manufacturer", "from", "to", "packer") if name in values)
        self.organisations.update((mark(one), one) for one in named)

    def _lot_commissioned(self, values: dict[str, Any], _: Sequence[Told]) -> None:
        gtin = values["gtin"]
        is_cold = gtin in self.state.policies and self.state.policies[gtin].gap != 0
        self.state.lots[values["lot"]] = Lot(
            gtin, values["expiresAt"], self.now, values["size"], values["manufacturer"], values["unitsRoot"], is_cold
        )

    def _policy_changed(self, values: dict[str, Any], _: Sequence[Told]) -> None:
        self.state.policies[values["gtin"]] = Policy(*values["policy"].values())

    def _unit_shipped(self, values: dict[str, Any], _: Sequence[Told]) -> None:
        offer = Offer.shipped(values)
        self.offers[offer.id] = offer
        self.state.places[offer.place] = Place(At.IN_TRANSIT, offer=offer.id)

    def _offer(self, values: dict[str, Any]) -> Offer:
        """The offer that a unit waits in."""
        waiting = self.state.places[values["lot"], values["unit"]].offer
        assert waiting is not None
        return self.offers[waiting]

    def _unit_received(self, values: dict[str, Any], _: Sequence[Told]) -> None:
        offer = self._offer(values)
        place = Place(At.AWAITING, offer=offer.id, since=self.now)
        if values["state"] != At.AWAITING:
            place = arrived(offer, self.now)
        assert place.at == values["state"]
        self.state.places[offer.place] = place

    def _missing_reported(self, values: dict[str, Any], told: Sequence[Told]) -> None:
        """The sender has it, as it had the shipment that was received in the same transaction."""
        ((_, received),) = (one for one in told if one[0] == "UnitReceived")
        self.state.places[values["lot"], values["unit"]] = returned(self._offer(received), self.now)

    def _extra_reported(self, values: dict[str, Any], _: Sequence[Told]) -> None:
        pass

    def _given_back(self, values: dict[str, Any], _: Sequence[Told]) -> None:
        offer = self._offer(values)
        self.state.places[offer.place] = returned(offer, self.now)

    _shipment_refused = _shipment_taken_back = _given_back

    def _readings_reported(self, values: dict[str, Any], _: Sequence[Told]) -> None:
        offer = self.offers[values["offer"]]
        place = arrived(offer, self.now)
        if values["state"] == At.QUARANTINED:
            place = quarantined(place, self.now)
        self.state.places[offer.place] = place

    def _mix_registered(self, values: dict[str, Any], _: Sequence[Told]) -> None:
        self.state.mixes[values["mix"]] = Mix(values["packer"], values["level"], tuple(values["lots"]))

    def _unit_packed(self, values: dict[str, Any], _: Sequence[Told]) -> None:
        container = values["mix"], values["container"]
        self.state.places[container] = Place(At.HELD, self.state.mixes[values["mix"]].packer)
        self.state.places[values["lot"], values["unit"]] = Place(At.INSIDE, container=container)

    def _unit_unpacked(self, values: dict[str, Any], _: Sequence[Told]) -> None:
        place = self.state.own((values["mix"], values["container"]))
        assert place is not None
        self.state.places[values["lot"], values["unit"]] = place

    def _unit_ended(self, values: dict[str, Any], _: Sequence[Told]) -> None:
        place = Place(At(values["fate"]), values["organisation"], since=self.now)
        self.state.places[values["lot"], values["unit"]] = place

    def _pack_dispensed(self, values: dict[str, Any], _: Sequence[Told]) -> None:
        before = self.state.ends.get(values["pack"], NO_END)
        taken, is_prescribed = before.taken + values["portion"], values["prescription"] != ZERO_HASH
        if is_prescribed:
            self.state.fills[values["prescription"]] = values["pack"]
        since = before.ended_at or self.now
        fills = before.fills + is_prescribed
        lot = before.lot or values["lot"]
        self.state.ends[values["pack"]] = End(since, values["pharmacy"], taken, values["whole"], fills, lot)

    def _dispense_reversed(self, values: dict[str, Any], _: Sequence[Told]) -> None:
        del self.state.ends[values["pack"]]
        for one in values["prescriptions"]:
            del self.state.fills[one]

    def _recall_issued(self, values: dict[str, Any], _: Sequence[Told]) -> None:
        lot = values["lot"]
        recall = values["recallClass"], values["recallDepth"]
        self.state.lots[lot] = replace(self.state.lots[lot], recall=recall)
        self.state.notices[lot, ZERO_HASH] = self.now

    def _suspect_flagged(self, values: dict[str, Any], _: Sequence[Told]) -> None:
        unit = values["lot"], values["unit"]
        if unit[1] == ZERO_HASH:
            self._suspect(unit[0], SUSPECT)
        else:
            holder = self.organisations[values["custodian"]]
            source = Source(values["carriedFor"])
            self.state.places[unit] = Place(At.QUARANTINED, holder, source, since=self.now)

    def _suspect_resolved(self, values: dict[str, Any], _: Sequence[Told]) -> None:
        unit = values["lot"], values["unit"]
        if not values["isCleared"]:
            self.state.notices[unit] = self.now
        if unit[1] == ZERO_HASH:
            self._suspect(unit[0], TRUSTED if values["isCleared"] else ILLEGITIMATE)
            return
        place = self.state.places[unit]
        if values["isCleared"]:
            self.state.places[unit] = cleared(place)
        elif place.at is At.QUARANTINED:
            self.state.places[unit] = Place(At.ILLEGITIMATE, place.holder, since=self.now)

    def _suspect(self, lot: bytes, suspicion: int) -> None:
        self.state.lots[lot] = replace(self.state.lots[lot], suspicion=suspicion)

    def _notice_acknowledged(self, values: dict[str, Any], _: Sequence[Told]) -> None:
        self.state.answers[(values["lot"], values["unit"]), values["organisation"]] = self.now
