"""What everybody does with medicines that go from hand to hand: mostly what is his to do, now and then what is not."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import strategies as st
from hypothesis.stateful import rule

from medtrust import wallet
from medtrust.cold_chain import REPORT, Summary, report_message
from medtrust.packing import Path
from medtrust.signing import Domain, sign
from medtrust.types import ZERO_ADDRESS
from tests.invariants.provenance_model import (
    CUSTODIANS,
    DAY,
    PHARMACY,
    REGULATOR,
    At,
    Item,
    Offer,
    Place,
    Unit,
    mark,
)
from tests.invariants.provenance_people import (
    ACCOUNTS,
    HOUSES,
    LOGGER,
    NAMES,
    POLICY,
    ROLES,
    Trade,
    role_of,
)

HOUR = 3_600
HOLDERS = [name for name, roles in ROLES.items() if sum(roles) & CUSTODIANS]
DISPENSERS = [name for name, roles in ROLES.items() if PHARMACY in roles]
WHY = b"\x11" * 32

chances = st.integers(0, 11)
numbers = st.integers(0, 5_000)
people = st.sampled_from(sorted(ACCOUNTS))
holders = st.sampled_from(HOLDERS)
hands = st.sampled_from(HOLDERS + 2 * [name for name in HOLDERS if len(ROLES[name]) > 1])
"""Mostly those who have two roles."""


class Moves(Trade):
    """All that is done with goods on their way."""

    # ---- on the way

    @rule(chance=chances, caller=people, number=numbers, receiver=holders, ahead=st.sampled_from([HOUR, DAY, DAY, 0]))
    def ship(self, chance: int, caller: str, number: int, receiver: str, ahead: int) -> None:
        """Ship a unit that somebody has, mostly as he; now and then something in the offer is wrong."""
        unit = self.pick(number, lambda place, unit: place.at is At.HELD and self.is_free(unit), chance)
        holder = NAMES.get(self.place(unit).holder or b"", "maker")
        offer = self._offer_for(unit, holder, receiver, ahead or (0 if chance < 3 else HOUR), number)
        if chance == 1:
            offer = replace(offer, source=mark(HOUSES[receiver]))
        elif chance == 2:
            offer = replace(offer, receiver=HOUSES["regulator"], receiver_role=REGULATOR)
        elif chance == 3:
            offer = replace(offer, logger=LOGGER.address if offer.logger == ZERO_ADDRESS else ZERO_ADDRESS)
        elif chance == 4:
            offer = replace(offer, sender=HOUSES.get(caller, offer.sender))
        elif chance > 8:
            offer = replace(offer, sender_role=role_of(holder, number))
        self._ship(offer, ACCOUNTS[caller if chance in (4, 5) else holder], self.path(unit, chance))

    def _ship(self, offer: Offer, caller: str, path: Path) -> bool:
        self.offers[offer.id] = offer
        return self.attempt("ship", caller, offer, path)

    def _offer_for(self, unit: Unit, sender: str, receiver: str, ahead: int, number: int = 0) -> Offer:
        """An offer in the roles that fit: what was received as a carrier is carried on, all else is sold."""
        is_carried = self.place(unit).source.tier > 0
        role = ROLES[sender][0] if is_carried else role_of(sender, number // 7)
        sides = HOUSES[sender], role, HOUSES[receiver], role_of(receiver, number)
        logged = (LOGGER.address, self.host.now) if self.model.state.is_cold(unit[0]) else (ZERO_ADDRESS, 0)
        return Offer(*unit, *sides, self.host.now + ahead, self.place(unit).source.told, *logged)

    @rule(number=numbers, way=st.lists(st.tuples(hands, numbers), min_size=1, max_size=4))
    def hand_on(self, number: int, way: list[tuple[str, int]]) -> None:
        """Ship what somebody has, and receive it at once, from hand to hand; now and then in a role that is wrong."""
        unit = self.pick(number, lambda place, unit: place.at is At.HELD and self.is_free(unit), 1)
        for receiver, dice in way:
            self._hand_on(unit, receiver, dice)

    def _hand_on(self, unit: Unit, receiver: str, dice: int) -> None:
        holder = NAMES.get(self.place(unit).holder or b"", "maker")
        offer = self._offer_for(unit, holder, receiver, HOUR, dice)
        if dice % 2:
            offer = replace(offer, sender_role=role_of(holder, dice // 2))
        is_there = self._ship(offer, ACCOUNTS[holder], self.path(unit, 2))
        is_there = is_there and self.attempt("receiveUnit", ACCOUNTS[receiver], offer)
        if is_there and self.place(unit).at is At.AWAITING:
            self._report(offer, dice // 2 % 24, receiver, dice, "" if dice % 11 == 5 else "good")

    @rule(chance=chances, caller=people, number=numbers)
    def receive(self, chance: int, caller: str, number: int) -> None:
        offer = self.waiting(number, chance)
        if offer is not None:
            self.attempt("receiveUnit", self.receiver(offer, caller, chance), offer)

    @rule(chance=chances, caller=people, number=numbers, other=numbers)
    def receive_except(self, chance: int, caller: str, number: int, other: int) -> None:
        """Receive, but for units that are in the shipment, and with one more that its sender has; or that are not."""
        unit = self.pick(other, lambda place, unit: place.at is At.HELD and self.may_lack(unit, chance), 5)
        offer = self._offer_for(unit, NAMES.get(self.place(unit).holder or b"", "maker"), "chemist", DAY)
        is_new = self._ship(offer, ACCOUNTS[NAMES[offer.sender]], self.path(unit, 2)) and chance > 4
        offer = offer if is_new else self.waiting(number, chance)
        if offer is None:
            return
        parts = [one for one in self.all_units() if self.place(one).offer == offer.id and one != offer.place]
        others = [one for one in self.all_units() if self.place(one).holder == offer.sender]
        missing = [parts[other % len(parts)]] if parts and chance > 1 else []
        extra = [others[other % len(others)]] if others and chance % 2 else []
        if chance == 2 and parts:
            missing *= 2
        if chance == 5:
            missing = [offer.place]
        if chance == 3:
            extra = [self.pick(other, lambda place, _: place.holder != offer.sender, 5)]
        items = [[Item(*one, self.path(one, 5)) for one in some] for some in (missing, extra)]
        self.attempt("receiveExcept", self.receiver(offer, caller, chance), offer, *items)

    @rule(chance=chances, caller=people, number=numbers)
    def refuse(self, chance: int, caller: str, number: int) -> None:
        offer = self.waiting(number, chance)
        if offer is not None:
            self.attempt("refuse", self.receiver(offer, caller, chance), offer)

    @rule(chance=chances, caller=people, number=numbers)
    def take_back(self, chance: int, caller: str, number: int) -> None:
        offer = self.waiting(number, chance)
        if offer is not None:
            sender = NAMES[offer.sender]
            self.attempt("takeBack", ACCOUNTS[caller if chance < 5 else sender], offer)

    @rule(chance=chances, caller=people, number=numbers, kind=st.sampled_from(["good"] * 5 + ["", "bad"]))
    def report(self, chance: int, caller: str, number: int, kind: str) -> None:
        """Report what a logger measured, mostly nothing bad; now and then too late, with gaps, or for another offer."""
        awaited = [place.offer for place in self.model.state.places.values() if place.at is At.AWAITING]
        known = [self.offers[id_] for id_ in awaited if id_]
        if chance == 8:
            known = list(self.offers.values())
        if not known:
            return
        self._report(known[number % len(known)], chance, caller, number, kind)

    def _report(self, offer: Offer, chance: int, caller: str, number: int, kind: str) -> None:
        if chance == 0:
            offer = replace(offer, until=offer.until + 1)
        since = self.model.state.places.get(offer.place, Place(At.HELD)).since or self.host.now
        span = max(0, since - offer.logged_from)
        good = Summary(WHY, span // POLICY.gap + 2, offer.logged_from, since, 300, 650, 0, 600, 500)
        changes = {
            1: {"highest": 900, "excursion": number},
            2: {"lowest": 100},
            3: {"count": good.count // 2},
            4: {"gap": 601},
            5: {"since": offer.logged_from + 599 + number % 3, "until": since + 1},
            6: {"kinetic": 699 + number % 3},
        }
        readings = replace(good, **changes.get(chance, {}))
        caller = caller if chance == 7 or number % 4 == 0 else NAMES[offer.receiver]
        signature = self._signature(offer, readings, kind)
        self.attempt("report", ACCOUNTS[caller], offer, readings, signature, told_model=(kind,))

    def _signature(self, offer: Offer, readings: Summary, kind: str) -> bytes:
        if not kind:
            return b""
        signer = LOGGER if kind == "good" else wallet.role("attacker")
        domain = Domain("PatientRegistry", "1", 1, self.contract.call("PATIENTS"))
        message = report_message(readings, registry=self.contract.address, offer=offer.id)
        return sign(bytes(signer.key), REPORT.digest(domain, message))
