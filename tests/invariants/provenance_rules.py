"""What everybody tries to do with medicines: mostly what is his to do, now and then what is not."""

from __future__ import annotations

from hypothesis import strategies as st
from hypothesis.stateful import rule

from medtrust.packing import pack_id
from medtrust.types import ZERO_HASH
from tests.invariants.provenance_model import (
    DAY,
    NO_END,
    At,
    Item,
    Place,
    Unit,
)
from tests.invariants.provenance_moves import DISPENSERS, HOLDERS, HOUR, WHY, Moves, chances, holders, numbers, people
from tests.invariants.provenance_people import (
    ACCOUNTS,
    AUTHORITY,
    BOXES,
    COLD,
    EXPIRES_AFTER,
    FOREVER,
    HOUSES,
    LOTS,
    NAMES,
    PACKED,
    PLAIN,
    POLICY,
    ROLES,
    WAYS,
)

PRESCRIPTIONS = [bytes([number]) * 32 for number in range(1, 9)]


class Provenance(Moves):
    """All acts, in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.change_policy(2, 0)
        self.commission(2, 0)
        self.commission(2, 2)
        for unit, sender, receiver in (((LOTS[0].id, 0), "maker", "wholesaler"), ((LOTS[2].id, 0), "maker", "depot")):
            self._move(self.units(unit[0])[unit[1]], sender, receiver)
        self._move(self.units(LOTS[0].id)[2], "wholesaler", "pharmacy")

    def _move(self, unit: Unit, sender: str, receiver: str) -> None:
        offer = self._offer_for(unit, sender, receiver, DAY)
        assert self._ship(offer, ACCOUNTS[sender], self.path(unit, 2))
        assert self.attempt("receiveUnit", ACCOUNTS[receiver], offer)

    @rule(seconds=st.sampled_from([1, 1, 60, HOUR, HOUR, DAY - 1, DAY, 11 * DAY]))
    def wait(self, seconds: int) -> None:
        self.host.advance(seconds)

    @rule(name=st.sampled_from(HOLDERS), chance=chances)
    def change_accreditation(self, name: str, chance: int) -> None:
        """Suspend somebody, and mostly accredit him again at once; who was suspended before comes back."""
        for house, roles in ROLES.items():
            for role in roles:
                self._register("accredit", AUTHORITY, HOUSES[house], role, FOREVER)
        if chance < 4:
            self._register("suspend", AUTHORITY, HOUSES[name], ROLES[name][chance % len(ROLES[name])])
        self.host.advance(1)

    @rule(chance=chances, lot=st.integers(0, 2))
    def commission(self, chance: int, lot: int) -> None:
        """Commission a lot, new or again; now and then as somebody whose product it is not, or too late."""
        packed = LOTS[lot]
        expires_at = self.host.now + (0 if chance == 0 else EXPIRES_AFTER[packed.lot_number])
        name = "wholesaler" if chance == 1 else "maker"
        number = packed.lot_number if chance < 4 else f"{packed.lot_number}{len(self.told)}"
        product = HOUSES[name], int(packed.gtin), 7 if chance != 3 else 6
        self.attempt("commission", ACCOUNTS[name], *product, number, expires_at, packed.size, packed.root)

    @rule(chance=chances, number=numbers)
    def change_policy(self, chance: int, number: int) -> None:
        """Change what a product bears, switch it off, and seldom on for the one that was not cold."""
        name = "depot" if chance == 0 else "maker"
        policy = POLICY if chance < 6 else POLICY._replace(highest=700 + number % 200, excursion=number)
        if chance > 9:
            policy = policy._replace(gap=0)
        product = PLAIN if chance in (5, 11) else COLD
        self.attempt("changePolicy", ACCOUNTS[name], HOUSES[name], int(product), 7, policy)

    # ---- with its holder

    @rule(chance=chances, caller=people, number=numbers, other=numbers, box=st.integers(0, 4), level=st.integers(0, 9))
    def pack(self, chance: int, caller: str, number: int, other: int, box: int, level: int) -> None:
        """Pack what somebody has into a new container or one of his, with one more of his units or any."""
        first = self.pick(number, lambda place, unit: place.at is At.HELD and self.is_loose(unit), chance)
        holder = NAMES.get(self.place(first).holder or b"", "maker")
        mates = [one for one in self.all_units() if self.place(one) == self.place(first) and self.is_loose(one)]
        second = [self.pick(other, lambda *_: True, 5)] if chance == 1 else mates[other % (len(mates) or 1) :][:1]
        children = [first, *(one for one in second if chance < 6 and one != first)]
        listed = sorted({lot for one in children for lot in self.model.state.lots_of(one[0])})
        inner = [self.model.state.mixes[one[0]].level for one in children if one[0] in self.model.state.mixes]
        if chance == 2:
            listed = [next(lot.id for lot in LOTS if lot.id != listed[0])]
        right = max(inner, default=0) + 1
        chosen = level if chance == 3 else min(right if chance < 9 else right + level % 2, 9)
        items = [Item(*one, self.path(one, chance)) for one in children]
        caller = caller if chance == 4 else holder
        self.attempt("pack", ACCOUNTS[caller], HOUSES[holder], listed, chosen, BOXES[box], items)

    @rule(chance=chances, caller=people, number=numbers, other=numbers)
    def unpack(self, chance: int, caller: str, number: int, other: int) -> None:
        """Unpack a container that somebody has, mostly of something that is in it."""
        places = self.model.state.places
        free = [place for place in places if place[0] in self.model.state.mixes and self.is_held(place)]
        if not free:
            return
        mix, box = container = free[number % len(free)]
        inside = [unit for unit, place in places.items() if place.container == container]
        child = inside[other % len(inside)] if inside and chance > 0 else self.pick(other, lambda *_: True, 5)
        holder = NAMES[self.place(container).holder or b""]
        caller = caller if chance == 1 else holder
        self.attempt("unpack", ACCOUNTS[caller], HOUSES[holder], mix, box, [Item(*child)])

    @rule(chance=chances, caller=people, number=numbers, fate=st.sampled_from([At.STOLEN, At.EXPORTED, At.DESTROYED]))
    def end(self, chance: int, caller: str, number: int, fate: At) -> None:
        """End a unit, mostly a small one: little would be left to trade in."""
        unit = self.pick(number, lambda place, unit: place.holder is not None and self.is_small(unit), chance)
        holder = NAMES.get(self.place(unit).holder or b"", "maker")
        who = caller if chance == 1 and caller in HOUSES else holder
        caller = "attacker" if chance == 2 else who
        fate = At.QUARANTINED if chance == 3 else fate
        self.attempt("end", ACCOUNTS[caller], HOUSES[who], Item(*unit, self.path(unit, chance)), fate)

    # ---- at the pharmacy

    @rule(
        chance=chances, caller=people, number=numbers, prescription=st.sampled_from([None, None, *PRESCRIPTIONS]),
        portion=st.sampled_from([(0, 0), (0, 0), (2, 4), (1, 4), (4, 4), (0, 4), (5, 4)]),
    )  # fmt: skip
    def dispense(
        self, chance: int, caller: str, number: int, prescription: bytes | None, portion: tuple[int, int]
    ) -> None:
        """Dispense a pack that a pharmacy has, or the rest of one; now and then a second time, or another's."""

        def is_here(place: Place, unit: Unit) -> bool:
            is_whole = number % 3 == 0 or self.is_free(unit)
            return is_whole and self.is_pack(unit) and NAMES.get(place.holder or b"", "") in DISPENSERS

        unit = self.pick(number, is_here, chance)
        if not self.is_pack(unit):
            return
        lot = PACKED[unit[0]]
        end = self.model.state.ends.get(unit[1], NO_END)
        holder = NAMES.get(self.place(unit).holder or b"", "pharmacy")
        who = caller if chance == 1 and caller in HOUSES else holder
        if end.whole and chance > 3:
            portion = 1, end.whole
        filling = prescription or ZERO_HASH, *portion
        named = [*self.model.state.mixes, lot.id][0] if chance == 5 else lot.id
        arguments = HOUSES[who], named, lot.name(unit[1]), self.path(unit, chance), filling
        self.attempt("dispense", ACCOUNTS["attacker" if chance == 2 else who], *arguments)

    @rule(chance=chances, caller=people, number=numbers, receiver=holders)
    def undo(self, chance: int, caller: str, number: int, receiver: str) -> None:
        """Take back what was dispensed; now and then after the case in which the pack was went on."""
        state = self.model.state
        packs = list(state.ends) or [pack_id(LOTS[0].gtin, "0")] * (chance == 2)
        if not packs:
            return
        pack = packs[number % len(packs)]
        filled = [one for one, unit in state.fills.items() if unit == pack]
        if chance == 0:
            filled = filled[1:] or PRESCRIPTIONS[:1]
        elif chance == 1:
            filled = PRESCRIPTIONS[: len(filled)]
        owner = NAMES.get(state.ends.get(pack, NO_END).by or b"", "pharmacy")
        who = caller if chance == 2 and caller in HOUSES else owner
        lots = [lot for lot in PACKED if pack in PACKED[lot] and lot in state.lots]
        lots += [mix for mix, unit in state.places if mix in state.mixes and unit == pack] * 2
        if pack in state.ends and chance not in (3, 4, 5):
            lots = [state.ends[pack].lot]
        unit = lots[number % len(lots)], pack
        if chance > 9:
            self._hand_on((lots[0], WAYS[lots[0], pack][-2].unit), receiver, 0)
        self.attempt("undo", ACCOUNTS[who], HOUSES[who], Item(*unit, self.path(unit, chance)), filled)

    # ---- when something is wrong

    @rule(chance=chances, caller=people, number=numbers, by=st.sampled_from(["", "", "maker", "regulator", "stranger"]))
    def flag_suspect(self, chance: int, caller: str, number: int, by: str) -> None:
        """Freeze a unit, mostly a small one as its holder; seldom a whole lot."""
        unit = self.pick(number, lambda place, unit: place.at is At.HELD and self.is_small(unit), chance)
        who = by or NAMES.get(self.place(unit).holder or b"", "maker")
        if chance == 11:
            unit, who = (unit[0], ZERO_HASH), by or "maker"
        path = self.path(unit, chance) if unit[1] != ZERO_HASH else ()
        caller = caller if chance == 1 else who
        self.attempt("flagSuspect", ACCOUNTS[caller], HOUSES[who], Item(*unit, path))

    @rule(chance=chances, caller=people, number=numbers, by=st.sampled_from(["maker", "regulator", "stranger"]))
    def flag_shipment(self, chance: int, caller: str, number: int, by: str) -> None:
        """Freeze what is on its way, or what waits for its report."""
        places = self.model.state.places.values()
        awaited = [self.offers[place.offer] for place in places if place.at is At.AWAITING and place.offer]
        offer = awaited[number % len(awaited)] if awaited and chance > 6 else self.waiting(number, chance)
        if offer is not None:
            self.attempt("flagShipment", ACCOUNTS[caller if chance == 1 else by], offer, HOUSES[by])

    @rule(chance=chances, caller=people, number=numbers, is_cleared=st.booleans())
    def resolve(self, chance: int, caller: str, number: int, is_cleared: bool) -> None:
        """Look into what was stopped, and mostly clear a whole lot."""
        state = self.model.state
        stopped = [unit for unit, place in state.places.items() if place.at is At.QUARANTINED]
        lots = [(lot, ZERO_HASH) for lot in state.lots if state.lots[lot].suspicion]
        gone = [unit for unit, place in state.places.items() if place.at in (At.STOLEN, At.EXPORTED, At.DESTROYED)]
        known = (lots or stopped) if chance not in (3, 4) else gone if chance == 4 else self.all_units()
        if not known:
            return
        unit = known[number % len(known)]
        who = "regulator" if chance < 6 or unit[0] not in PACKED else "maker"
        who = caller if chance == 1 and caller in HOUSES else who
        is_cleared = is_cleared or (bool(lots) and chance > 0)
        why = ZERO_HASH if chance == 11 else WHY
        self.attempt("resolve", ACCOUNTS["attacker" if chance == 2 else who], HOUSES[who], *unit, is_cleared, why)

    @rule(chance=chances, caller=people, number=numbers, partner=holders)
    def acknowledge(self, chance: int, caller: str, number: int, partner: str) -> None:
        state = self.model.state
        notices = list(state.notices) or [(LOTS[0].id, ZERO_HASH)] * (chance == 0)
        if not notices:
            return
        of = notices[number % len(notices)]
        if chance > 3:
            silent = [name for name in HOLDERS if state.answers.get((of, HOUSES[name]), 0) < state.notices.get(of, 0)]
            partner = (silent or [partner])[number % (len(silent) or 1)]
        self.attempt("acknowledge", ACCOUNTS[caller if chance == 1 else partner], HOUSES[partner], *of)

    @rule(
        chance=chances, caller=people, lot=st.sampled_from([0, 1, 2]), class_=st.integers(0, 3),
        depth=st.integers(0, 3),
    )  # fmt: skip
    def recall(self, chance: int, caller: str, lot: int, class_: int, depth: int) -> None:
        """Seldom recall a lot, or nothing would be left to move; mostly it is nobody's to recall."""
        who = "maker" if chance < 3 else "regulator" if chance < 6 else "stranger" if chance < 8 else caller
        who = "attacker" if chance > 5 and who in ("maker", "regulator") else who
        house = HOUSES.get(who, HOUSES["regulator"])
        self.attempt("recall", ACCOUNTS[who], house, LOTS[lot].id, class_ or chance % 2, depth or 1)
