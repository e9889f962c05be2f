"""What may be done with medicines, by whom, and what it is refused with: the acts of the plain model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from medtrust.cold_chain import Summary
from medtrust.packing import Path, lot_id, pack_id
from medtrust.types import ZERO_ADDRESS, ZERO_HASH
from tests.invariants.accreditation_model import Refused, Told
from tests.invariants.provenance_checks import Checks, count, is_outside, is_within, mark_of, require
from tests.invariants.provenance_model import (
    CARRIER,
    CUSTODIANS,
    DAY,
    ILLEGITIMATE,
    MANUFACTURER,
    MAX_DEPTH,
    NO_END,
    PARTICIPANT,
    PHARMACY,
    SUSPECT,
    TRUSTED,
    At,
    End,
    Item,
    Lot,
    Mix,
    Offer,
    Place,
    Policy,
    Unit,
    arrived,
    cleared,
    key_of,
    mix_id,
    quarantined,
    returned,
)

UNDO = 10 * DAY
MAX_ITEMS = 200
MAX_LOTS = 8


class Model(Checks):
    """What the contract should do, by what the registry of accreditations holds; `ways` is how lots are packed."""

    def act(self, function: str, now: int, caller: str, *arguments: Any) -> list[Told]:
        """Do what a function of the contract does, all of it or nothing. Raises `Refused`."""
        before = self.state.copy()
        try:
            told: list[Told] = getattr(self, function)(now, caller, *arguments)
        except Refused:
            self.state = before
            raise
        return told

    # ---- maker

    def commission(
        self,
        now: int,
        caller: str,
        manufacturer: bytes,
        gtin: int,
        digits: int,
        number: str,
        expires_at: int,
        size: int,
        root: bytes,
    ) -> list[Told]:
        self._product(now, caller, manufacturer, gtin, digits)
        lot = lot_id(f"{gtin:014}", number)
        require(lot not in self.state.lots, "LotExists", lot=lot)
        require(expires_at > now, "LotExpired", lot=lot)
        is_cold = gtin in self.state.policies and self.state.policies[gtin].gap != 0
        self.state.lots[lot] = Lot(gtin, expires_at, now, size, manufacturer, root, is_cold)
        told = {"lot": lot, "manufacturer": manufacturer, "gtin": gtin, "lotNumber": number, "expiresAt": expires_at}
        return [("LotCommissioned", {**told, "size": size, "unitsRoot": root})]

    def change_policy(
        self, now: int, caller: str, manufacturer: bytes, gtin: int, digits: int, policy: Policy
    ) -> list[Told]:
        self._product(now, caller, manufacturer, gtin, digits)
        self.state.policies[gtin] = policy
        names = ("min", "max", "maxKinetic", "maxExcursion", "maxGap", "reportWithin")
        told = {"gtin": gtin, "manufacturer": manufacturer, "policy": dict(zip(names, policy, strict=True))}
        return [("PolicyChanged", told)]

    def _product(self, now: int, caller: str, manufacturer: bytes, gtin: int, digits: int) -> None:
        self._authorised(manufacturer, caller, MANUFACTURER, now)
        prefix = f"{gtin:014}"[1 : 1 + digits]
        is_owner = self.owners.get(prefix) == manufacturer
        require(is_owner, "PrefixNotOwned", prefix=int(prefix), digits=digits, organisation=manufacturer)

    # ---- sender and receiver

    def ship(self, now: int, caller: str, offer: Offer, path: Path) -> list[Told]:
        self._authorised(offer.sender, caller, offer.sender_role, now)
        roles = offer.sender_role | offer.receiver_role
        require(roles & CUSTODIANS == roles, "NotCustodialRole", role=roles)
        require(now < offer.until, "OfferExpired", until=offer.until)
        self._active(offer.lot, now)
        is_logged = offer.logger != ZERO_ADDRESS and offer.logged_from <= now
        is_right = is_logged if self.state.is_cold(offer.lot) else offer.logger == ZERO_ADDRESS
        require(is_right, "WrongLogger", logger=offer.logger, loggedFrom=offer.logged_from)
        self._whole(offer.unit)
        place = self._held(*offer.place, offer.sender, path, may_be_carried=offer.sender_role == CARRIER)
        require(place.source.told == offer.source, "WrongSource", unit=offer.unit, source=place.source.told)
        self.state.places[offer.place] = Place(At.IN_TRANSIT, offer=offer.id)
        names = ("lot", "unit", "from", "to", "terms", "logger")
        return [("UnitShipped", dict(zip(names, offer.abi_fields, strict=True)))]

    def take_back(self, now: int, caller: str, offer: Offer) -> list[Told]:
        if now < offer.until:
            self._authorised(offer.sender, caller, PARTICIPANT, now)
        self._live(offer)
        self.state.places[offer.place] = returned(offer, now)
        return [_told("ShipmentTakenBack", offer)]

    def refuse(self, now: int, caller: str, offer: Offer) -> list[Told]:
        self._authorised(offer.receiver, caller, PARTICIPANT, now)
        self._live(offer)
        self.state.places[offer.place] = returned(offer, now)
        return [_told("ShipmentRefused", offer)]

    def receive_unit(self, now: int, caller: str, offer: Offer) -> list[Told]:
        self._may_receive(now, caller, offer)
        return [self._receive(now, offer)]

    def _may_receive(self, now: int, caller: str, offer: Offer) -> None:
        self._authorised(offer.receiver, caller, offer.receiver_role, now)
        self._accredited(offer.sender, offer.sender_role, now)
        self._live(offer)
        require(now < offer.until, "OfferExpired", until=offer.until)
        self._active(offer.lot, now)

    def receive_except(
        self, now: int, caller: str, offer: Offer, missing: Sequence[Item], extra: Sequence[Item]
    ) -> list[Told]:
        self._may_receive(now, caller, offer)
        count(len(missing) + len(extra))
        told = []
        for item in missing:
            is_inside = item.unit != offer.unit and self._place(*item).offer == offer.id
            require(is_inside, "NotInside", lot=item.lot, unit=item.unit, place=offer.id)
            self.state.places[item.place] = returned(offer, now)
            told.append(_told("MissingReported", offer, item.place))
        for item in extra:
            self._held(item.lot, item.unit, offer.sender, item.path, may_be_carried=True)
            told.append(_told("ExtraReported", offer, item.place))
        return [*told, self._receive(now, offer)]

    def _receive(self, now: int, offer: Offer) -> Told:
        place = arrived(offer, now)
        if self.state.is_cold(offer.lot) and place.at is At.HELD:
            place = Place(At.AWAITING, offer=offer.id, since=now)
        self.state.places[offer.place] = place
        name, received = _told("UnitReceived", offer)
        return name, {**received, "state": place.at}

    def _live(self, offer: Offer) -> None:
        place = self.state.places.get(offer.place)
        is_live = place is not None and place.at is At.IN_TRANSIT and place.offer == offer.id
        require(is_live, "OfferNotLive", offer=offer.id)

    def report(self, now: int, caller: str, offer: Offer, report: Summary, signature: str) -> list[Told]:
        """`signature` is "" for none, "good" or "bad"."""
        place = self.state.places.get(offer.place, Place(At.HELD))
        is_awaited = place.at is At.AWAITING and place.offer == offer.id
        require(is_awaited, "OfferNotLive", offer=offer.id)
        require(signature != "bad", "InvalidSignature", signer=offer.logger)
        cold = [self.state.lots[lot] for lot in self.state.lots_of(offer.lot) if self.state.lots[lot].is_cold]
        policies = [policy for lot in cold if (policy := self.state.policies[lot.gtin]).gap]
        is_mixed = len({policy[:2] for policy in policies}) > 1
        is_late = any(now > place.since + policy.report_within for policy in policies)
        is_good = all(signature and is_within(one, report, offer.logged_from, place.since, now) for one in policies)
        is_good = is_good and not (is_mixed and any(is_outside(one, report) for one in policies))
        if not is_late and not is_good:
            self._authorised(offer.receiver, caller, PARTICIPANT, now)
        next_ = arrived(offer, now) if is_good and not is_late else quarantined(arrived(offer, now), now)
        self.state.places[offer.place] = next_
        told = {"lot": offer.lot, "unit": offer.unit, "to": offer.receiver, "offer": offer.id}
        return [("ReadingsReported", {**told, "root": report.root, "state": next_.at})]

    # ---- holder

    def pack(
        self, now: int, caller: str, packer: bytes, lots: Sequence[bytes], level: int, container: bytes,
        children: Sequence[Item],
    ) -> list[Told]:  # fmt: skip
        self._authorised(packer, caller, PARTICIPANT, now)
        count(len(children))
        is_mix = 0 < len(lots) <= MAX_LOTS and 0 < level <= MAX_DEPTH
        require(is_mix, "InvalidMix", lots=len(lots), level=level)
        mix, told = mix_id(packer, level, lots), []
        if mix not in self.state.mixes:
            self.state.mixes[mix] = Mix(packer, level, tuple(lots))
            told.append(("MixRegistered", {"mix": mix, "packer": packer, "level": level, "lots": list(lots)}))
        require(container != ZERO_HASH, "UnitNotProven", lot=mix, unit=container)
        place = self.state.places.get((mix, container))
        if place is not None:
            self._holder(container, packer, place)
        self.state.places[mix, container] = Place(At.HELD, packer)
        for child in children:
            inner = self.state.mixes.get(child.lot)
            require(inner is None or inner.level < level, "InvalidMix", lots=len(lots), level=level)
            for lot in self.state.lots_of(child.lot):
                require(lot in lots, "LotNotListed", lot=lot)
            known = self.state.places.get(child.place)
            is_free = known is None or known.at is not At.INSIDE
            require(is_free, "AlreadyPacked", lot=child.lot, unit=child.unit)
            self._held(child.lot, child.unit, packer, child.path)
            self.state.places[child.place] = Place(At.INSIDE, container=(mix, container))
            packed = {"lot": child.lot, "unit": child.unit, "container": container, "mix": mix}
            told.append(("UnitPacked", packed))
        return told

    def unpack(
        self, now: int, caller: str, organisation: bytes, mix: bytes, container: bytes, children: Sequence[Item]
    ) -> list[Told]:
        self._authorised(organisation, caller, PARTICIPANT, now)
        count(len(children))
        place = self.state.own((mix, container)) if container != ZERO_HASH else None
        require(place is not None, "UnitNotProven", lot=mix, unit=container)
        there = (At.HELD, At.QUARANTINED, At.ILLEGITIMATE)
        self._holder(container, organisation, place or Place(At.HELD), there, may_be_carried=True)
        told = []
        for child in children:
            known = self.state.places.get(child.place)
            is_inside = known is not None and known.container == (mix, container)
            require(is_inside, "NotInside", lot=child.lot, unit=child.unit, place=key_of(mix, container))
            self.state.places[child.place] = place or Place(At.HELD)
            unpacked = {"lot": child.lot, "unit": child.unit, "container": container, "mix": mix}
            told.append(("UnitUnpacked", unpacked))
        return told

    def end(self, now: int, caller: str, organisation: bytes, item: Item, fate: At) -> list[Told]:
        self._authorised(organisation, caller, PARTICIPANT, now)
        require(fate in (At.STOLEN, At.EXPORTED, At.DESTROYED), "NotAnEnd", fate=fate)
        self._whole(item.unit)
        place = self._place(*item)
        may_end = (At.HELD,) if fate is At.EXPORTED else (At.HELD, At.QUARANTINED, At.ILLEGITIMATE)
        self._holder(item.unit, organisation, place, may_end, may_be_carried=fate is not At.EXPORTED)
        if fate is At.EXPORTED:
            self._active(item.lot, now)
        self.state.places[item.place] = Place(fate, organisation, since=now)
        told = {"lot": item.lot, "unit": item.unit, "organisation": organisation, "fate": fate}
        return [("UnitEnded", told)]

    # ---- pharmacy

    def dispense(
        self, now: int, caller: str, pharmacy: bytes, lot: bytes, serial: str, path: Path,
        filling: tuple[bytes, int, int],
    ) -> list[Told]:  # fmt: skip
        self._authorised(pharmacy, caller, PHARMACY, now)
        require(lot in self.state.lots, "UnknownLot", lot=lot)
        self._active(lot, now)
        pack = pack_id(f"{self.state.lots[lot].gtin:014}", serial)
        prescription, portion, whole = filling
        end = self.state.ends.get(pack, NO_END)
        is_open = end.taken < end.whole == whole and end.by == pharmacy
        require(end.ended_at == 0 or is_open, "AlreadyDispensed", pack=pack, endedAt=end.ended_at)
        taken = end.taken + portion
        is_portion = taken <= whole and (portion == 0) == (whole == 0)
        require(is_portion, "InvalidPortion", pack=pack, taken=end.taken)
        is_prescribed = prescription != ZERO_HASH
        require(prescription not in self.state.fills, "PrescriptionFilled", prescription=prescription)
        self._held(lot, pack, pharmacy, path)
        if is_prescribed:
            self.state.fills[prescription] = pack
        since = end.ended_at if is_open else now
        self.state.ends[pack] = End(since, pharmacy, taken, whole, end.fills + is_prescribed, end.lot or lot)
        told = {"pack": pack, "lot": lot, "pharmacy": pharmacy, "prescription": prescription}
        return [("PackDispensed", {**told, "portion": portion, "whole": whole})]

    def undo(self, now: int, caller: str, pharmacy: bytes, item: Item, prescriptions: Sequence[bytes]) -> list[Told]:
        self._authorised(pharmacy, caller, PHARMACY, now)
        pack = item.unit
        end = self.state.ends.get(pack, NO_END)
        is_theirs = end.by == pharmacy and end.lot == item.lot and now < end.ended_at + UNDO
        require(is_theirs, "NotUndoable", pack=pack, endedAt=end.ended_at)
        require(len(prescriptions) == end.fills, "InvalidCount", count=len(prescriptions))
        fills = dict(self.state.fills)
        for one in prescriptions:
            require(fills.pop(one, None) == pack, "NotFilledWith", prescription=one, pack=pack)
        there = (At.HELD, At.QUARANTINED, At.ILLEGITIMATE)
        self._holder(pack, pharmacy, self._place(*item), there, may_be_carried=True)
        self.state.fills = fills
        del self.state.ends[pack]
        return [("DispenseReversed", {"pack": pack, "pharmacy": pharmacy, "prescriptions": list(prescriptions)})]

    # ---- maker, regulator, partners

    def recall(self, now: int, caller: str, organisation: bytes, lot: bytes, class_: int, depth: int) -> list[Told]:
        require(lot in self.state.lots, "UnknownLot", lot=lot)
        self._oversees(now, caller, organisation, lot)
        old_class, old_depth = old = self.state.lots[lot].recall
        is_stronger = old == (0, 0) or (class_ <= old_class and depth >= old_depth and (class_, depth) != old)
        require(
            class_ > 0 and depth > 0 and is_stronger, "RecallNotStronger", recallClass=old_class, recallDepth=old_depth
        )
        self.state.lots[lot] = replace(self.state.lots[lot], recall=(class_, depth))
        self.state.notices[lot, ZERO_HASH] = now
        told = {"lot": lot, "organisation": organisation, "recallClass": class_, "recallDepth": depth}
        return [("RecallIssued", told)]

    def flag_suspect(self, now: int, caller: str, organisation: bytes, item: Item) -> list[Told]:
        holder = None
        if item.unit == ZERO_HASH:
            require(item.lot in self.state.lots, "UnknownLot", lot=item.lot)
            require(self._suspicion(item.lot) == TRUSTED, "LotQuarantined", lot=item.lot)
        else:
            place = self._place(*item)
            holder = place.holder
            told = {"organisation": organisation, "state": place.at, "custodian": mark_of(holder)}
            require(place.at is At.HELD, "NotInCustody", unit=item.unit, **told)
        if organisation == holder:
            self._authorised(organisation, caller, PARTICIPANT, now)
        else:
            self._oversees(now, caller, organisation, item.lot)
        if item.unit == ZERO_HASH:
            self._suspect(item.lot, SUSPECT)
        else:
            self.state.places[item.place] = quarantined(place, now)
        return [_flagged(*item.place, organisation, self.state.places.get(item.place))]

    def flag_shipment(self, now: int, caller: str, offer: Offer, organisation: bytes) -> list[Told]:
        place = self.state.places.get(offer.place, Place(At.HELD))
        require(place.offer == offer.id, "OfferNotLive", offer=offer.id)
        self._oversees(now, caller, organisation, self._overseen(organisation, offer.lot))
        held = Place(At.HELD, offer.sender, offer.sold_by) if place.at is At.IN_TRANSIT else arrived(offer, now)
        self.state.places[offer.place] = quarantined(held, now)
        return [_flagged(*offer.place, organisation, self.state.places[offer.place])]

    def _overseen(self, organisation: bytes, lot: bytes) -> bytes:
        """The lot in a shipment by which somebody may stop it: one that he made, else the last one made at his home."""
        known = [one for one in self.state.lots_of(lot) if one in self.state.lots]
        own = [one for one in known if self.state.lots[one].manufacturer == organisation]
        near = [one for one in known if self._is_home(organisation, self.state.lots[one].manufacturer)]
        return [lot, *near, *own][-1]

    def resolve(
        self, now: int, caller: str, organisation: bytes, lot: bytes, unit: bytes, is_cleared: bool, why: bytes
    ) -> list[Told]:
        self._oversees(now, caller, organisation, lot)
        require(not is_cleared or why != ZERO_HASH, "MissingJustification")
        place = self.state.places.get((lot, unit), Place(At.HELD))
        is_suspect = place.at is At.QUARANTINED if unit != ZERO_HASH else self._suspicion(lot) == SUSPECT
        has_left = place.at in (At.STOLEN, At.EXPORTED, At.DESTROYED)
        is_found_out = has_left and not is_cleared and (lot, unit) not in self.state.notices
        require(is_suspect or is_found_out, "NotSuspect", lot=lot, unit=unit)
        if not is_cleared:
            self.state.notices[lot, unit] = now
        if unit == ZERO_HASH:
            self._suspect(lot, TRUSTED if is_cleared else ILLEGITIMATE)
        elif is_cleared:
            self.state.places[lot, unit] = cleared(place)
        elif is_suspect:
            self.state.places[lot, unit] = Place(At.ILLEGITIMATE, place.holder, since=now)
        told = {"lot": lot, "unit": unit, "organisation": organisation, "isCleared": is_cleared}
        return [("SuspectResolved", {**told, "justification": why})]

    def acknowledge(self, now: int, caller: str, organisation: bytes, lot: bytes, unit: bytes) -> list[Told]:
        self._authorised(organisation, caller, PARTICIPANT, now)
        of, at = (lot, unit), self.state.answers.get(((lot, unit), organisation), 0)
        is_due = at < self.state.notices.get(of, 0)
        require(is_due, "NothingToAcknowledge", organisation=organisation, acknowledgedAt=at)
        self.state.answers[of, organisation] = now
        return [("NoticeAcknowledged", {"lot": lot, "unit": unit, "organisation": organisation})]

    def _suspicion(self, lot: bytes) -> int:
        return self.state.lots[lot].suspicion if lot in self.state.lots else TRUSTED

    def _suspect(self, lot: bytes, suspicion: int) -> None:
        self.state.lots[lot] = replace(self.state.lots[lot], suspicion=suspicion)


def _flagged(lot: bytes, unit: bytes, organisation: bytes, stopped: Place | None) -> Told:
    told = {"lot": lot, "unit": unit, "organisation": organisation}
    if stopped is None:
        return "SuspectFlagged", {**told, "custodian": bytes(16), "carriedFor": 0}
    return "SuspectFlagged", {**told, "custodian": mark_of(stopped.holder), "carriedFor": stopped.source.tier}


def _told(name: str, offer: Offer, place: Unit | None = None) -> Told:
    lot, unit = place or offer.place
    return name, {"lot": lot, "unit": unit, "to": offer.receiver, "from": offer.sender}
