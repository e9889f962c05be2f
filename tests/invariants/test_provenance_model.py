"""DrugProvenance beside a plain model of it: the same random acts, the same answers; and the events alone rebuild it.

Invariants 9 one custodian per unit and none after its end · 10 custody changes only by the receiver's acceptance · 11
one live offer per unit · 12 nothing recalled is dispensed or accepted · 14 dispensed is final · 31 events rebuild the
state.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import pytest

from medtrust.drugs import Custody, LotStatus, Offer, RecallClass, RecallDepth, expires_at
from medtrust.errors import Reverted
from medtrust.packing import PackedLot, Path, pack_id
from tests.drugs_world import EXPIRY, GTIN, PREFIX, ROLES, assign_prefix, commission, drugs, packed
from tests.world import FAR, World

STEPS = 220
LOTS = {lot.id: lot for lot in map(packed, ("MT2026A", "MT2026B"))}
HOLDERS = ("maker", "wholesaler", "carrier", "pharmacy", "hospital")
CALLERS = (*HOLDERS, "attacker")
HOUR = 3_600


@dataclass
class Model:
    """What the contract must hold, in the plainest form: no trees, no hashes, no packing of slots."""

    manufacturer: dict[bytes, bytes] = field(default_factory=dict)
    recalled: dict[bytes, tuple[RecallClass, RecallDepth]] = field(default_factory=dict)
    held: dict[tuple[bytes, bytes], bytes] = field(default_factory=dict)
    waiting: dict[tuple[bytes, bytes], Offer] = field(default_factory=dict)
    ended: dict[bytes, bytes] = field(default_factory=dict)
    suspended: set[bytes] = field(default_factory=set)

    def around(self, lot: bytes, unit: bytes) -> list[bytes]:
        """The unit, then what is around it, outwards."""
        return [step.unit for step in reversed(LOTS[lot].path(unit))]

    def custody(self, lot: bytes, unit: bytes) -> Custody:
        if unit in self.ended:
            return Custody(None, None)
        return self.place(lot, unit)

    def place(self, lot: bytes, unit: bytes) -> Custody:
        """Where a unit is, ended or not."""
        for one in self.around(lot, unit):
            if (lot, one) in self.waiting:
                return Custody(None, self.waiting[lot, one].id)
            if (lot, one) in self.held:
                return Custody(self.held[lot, one], None)
        return Custody(self.manufacturer[lot], None)

    def inactive(self, lot: bytes) -> str | None:
        if lot not in self.manufacturer:
            return "UnknownLot"
        return "LotRecalled" if lot in self.recalled else None


class Machine:
    """Does random acts on the contract and on the model, and compares."""

    def __init__(self, world: World, seed: int) -> None:
        self.world = world
        self.random = random.Random(seed)
        self.model = Model()
        self.offers: list[Offer] = []
        self.done: Counter[str] = Counter()
        self.tried: Counter[str] = Counter()
        self.ids = {name: getattr(world, name) for name in HOLDERS}

    def step(self) -> None:
        acts = {"commission": 2, "ship": 9, "receive": 9, "refuse": 3, "take_back": 3, "dispense": 7, "recall": 0.3}
        acts |= {"suspend": 1, "wait": 1}
        name = self.random.choices(list(acts), list(acts.values()))[0]
        if self.model.suspended and self.random.random() < 0.2:
            self.restore()
        getattr(self, name)()

    def attempt(self, name: str, expected: str | None, act: Callable[[], object]) -> bool:
        """Do an act that the model expects to succeed (None) or to be refused with an error."""
        self.tried[name] += 1
        try:
            act()
            found = None
        except Reverted as refused:
            found = refused.error
        assert found == expected, (name, found, expected)
        self.done[name] += found is None
        return found is None

    def unit(self) -> tuple[bytes, bytes, Path]:
        """A unit, of a commissioned lot more often than not."""
        known = [LOTS[lot] for lot in self.model.manufacturer]
        lot = self.random.choice(known if known and self.random.random() < 0.9 else list(LOTS.values()))
        units = list(lot.units())
        containers = [unit for unit in units if len(lot.path(unit)) < 3]
        unit = self.random.choice(containers if self.random.random() < 0.7 else units)
        return lot.id, unit, lot.path(unit)

    def signer(self, wanted: str) -> str:
        return wanted if self.random.random() < 0.9 else self.random.choice(CALLERS)

    def name(self, organisation: bytes) -> str:
        return next(name for name, id_ in self.ids.items() if id_ == organisation)

    def commission(self) -> None:
        missing = [lot for lot in LOTS.values() if lot.id not in self.model.manufacturer]
        lot: PackedLot = self.random.choice(missing or list(LOTS.values()))
        expected = "LotExists" if lot.id in self.model.manufacturer else None
        if self.ids["maker"] in self.model.suspended:
            expected = "NotAuthorised"
        if self.attempt("commission", expected, lambda: commission(self.world, lot)):
            self.model.manufacturer[lot.id] = self.ids["maker"]

    def ship(self) -> None:
        lot, unit, path = self.unit()
        place = self.model.place(lot, unit).custodian if lot in self.model.manufacturer else None
        likely = self.name(place) if place and self.random.random() < 0.9 else self.random.choice(HOLDERS)
        sender, receiver = likely, self.random.choice((*HOLDERS, "pharmacy", "pharmacy"))
        caller = self.signer(sender)
        until = self.world.chain.now() + self.random.choice((HOUR, 30 * HOUR))
        offer = Offer(lot, unit, self.ids[sender], ROLES[sender], self.ids[receiver], ROLES[receiver], until)
        if (lot, unit) in self.model.held and self.random.random() < 0.5:
            path = ()
        if self.attempt("ship", self._ship_error(offer, caller), lambda: drugs(self.world, caller).ship(offer, path)):
            self.model.held.pop((lot, unit), None)
            self.model.waiting[lot, unit] = offer
            self.offers.append(offer)

    def _ship_error(self, offer: Offer, caller: str) -> str | None:
        model = self.model
        if caller != self.name(offer.sender) or offer.sender in model.suspended:
            return "NotAuthorised"
        if offer.receiver in model.suspended:
            return "NotAccredited"
        if model.inactive(offer.lot):
            return model.inactive(offer.lot)
        if offer.unit in model.ended:
            return "AlreadyDispensed"
        is_held = model.place(offer.lot, offer.unit).custodian == offer.sender
        return None if is_held else "NotInCustody"

    def offer(self) -> Offer | None:
        """An offer, live more often than not, sometimes with one thing changed."""
        if not self.offers:
            return None
        live = list(self.model.waiting.values())
        offer = self.random.choice(live if live and self.random.random() < 0.8 else self.offers)
        return replace(offer, until=offer.until + 1) if self.random.random() < 0.05 else offer

    def is_live(self, offer: Offer) -> bool:
        return self.model.waiting.get((offer.lot, offer.unit)) == offer

    def receive(self) -> None:
        offer = self.offer()
        if offer is None:
            return
        caller = self.signer(self.name(offer.receiver))
        error = None
        if caller != self.name(offer.receiver) or offer.receiver in self.model.suspended:
            error = "NotAuthorised"
        elif not self.is_live(offer):
            error = "OfferNotLive"
        elif offer.sender in self.model.suspended:
            error = "NotAccredited"
        elif self.world.chain.now() >= offer.until:
            error = "OfferExpired"
        else:
            error = self.model.inactive(offer.lot)
        if self.attempt("receive", error, lambda: drugs(self.world, caller).receive(offer)):
            self.settle(offer, offer.receiver)

    def refuse(self) -> None:
        offer = self.offer()
        if offer is None:
            return
        caller = self.signer(self.name(offer.receiver))
        error = None if self.is_live(offer) else "OfferNotLive"
        if caller != self.name(offer.receiver):
            error = "NotAuthorised"
        if self.attempt("refuse", error, lambda: drugs(self.world, caller).refuse(offer)):
            self.settle(offer, offer.sender)

    def take_back(self) -> None:
        offer = self.offer()
        if offer is None:
            return
        caller = self.signer(self.name(offer.sender))
        error = None if self.is_live(offer) else "OfferNotLive"
        if caller != self.name(offer.sender) and self.world.chain.now() < offer.until:
            error = "NotAuthorised"
        if self.attempt("take_back", error, lambda: drugs(self.world, caller).take_back(offer)):
            self.settle(offer, offer.sender)

    def settle(self, offer: Offer, holder: bytes) -> None:
        del self.model.waiting[offer.lot, offer.unit]
        self.model.held[offer.lot, offer.unit] = holder

    def dispense(self) -> None:
        active = [lot for lot in LOTS.values() if not self.model.inactive(lot.id)]
        lot = self.random.choice(active if active and self.random.random() < 0.9 else list(LOTS.values()))
        serials = [f"{pallet}-{case}-{n}" for pallet in (1, 2) for case in (1, 2, 3) for n in range(1, 6)]
        here = [serial for serial in serials if self._is_in_pharmacy(lot.id, serial)]
        here = [serial for serial in here if pack_id(GTIN, serial) not in self.model.ended] or here
        serial = self.random.choice(here if here and self.random.random() < 0.8 else serials)
        pack, caller = pack_id(GTIN, serial), self.signer("pharmacy")
        error = self.model.inactive(lot.id)
        if error is None and pack in self.model.ended:
            error = "AlreadyDispensed"
        if error is None and not self._is_in_pharmacy(lot.id, serial):
            error = "NotInCustody"
        pharmacy = self.ids["pharmacy"]
        if caller != "pharmacy" or pharmacy in self.model.suspended:
            error = "NotAuthorised"
        client = drugs(self.world, caller)
        if self.attempt("dispense", error, lambda: client.dispense(pharmacy, lot.id, serial, lot.path(pack))):
            self.model.ended[pack] = pharmacy

    def _is_in_pharmacy(self, lot: bytes, serial: str) -> bool:
        if lot not in self.model.manufacturer:
            return False
        return self.model.place(lot, pack_id(GTIN, serial)).custodian == self.ids["pharmacy"]

    def recall(self) -> None:
        """Rare, or nothing would be left to move: only the second lot, and only late."""
        lot = list(LOTS)[1]
        class_, depth = self.random.choice(list(RecallClass)[1:]), self.random.choice(list(RecallDepth)[1:])
        expected: str | None = None
        if lot not in self.model.manufacturer:
            expected = "UnknownLot"
        elif lot in self.model.recalled:
            old_class, old_depth = self.model.recalled[lot]
            is_stronger = class_ <= old_class and depth >= old_depth and (class_, depth) != (old_class, old_depth)
            expected = None if is_stronger else "RecallNotStronger"
        client = drugs(self.world, "regulator")
        if self.attempt("recall", expected, lambda: client.recall(self.world.regulator, lot, class_, depth=depth)):
            self.model.recalled[lot] = (class_, depth)

    def suspend(self) -> None:
        """Suspend an organisation, or accredit it again."""
        name = self.random.choice(HOLDERS)
        organisation, registry = self.ids[name], self.world.acting_as("authority").accreditation
        if self.model.suspended:
            self.restore()
        else:
            registry.suspend(organisation, ROLES[name])
            self.model.suspended.add(organisation)

    def restore(self) -> None:
        organisation = self.model.suspended.pop()
        self.world.chain.mine(seconds=2)
        role = ROLES[self.name(organisation)]
        self.world.acting_as("authority").accreditation.accredit(organisation, role, until=FAR)

    def wait(self) -> None:
        self.world.chain.mine(seconds=2 * HOUR)

    def compare(self) -> None:
        """Every unit, every lot, every pack."""
        client = self.world.suite.drugs
        for lot in LOTS.values():
            if lot.id not in self.model.manufacturer:
                assert client.lot_status(lot.id) == LotStatus.UNKNOWN
                continue
            record = client.lot_of(lot.id)
            assert record is not None
            found = (record.recall_class, record.recall_depth)
            assert found == self.model.recalled.get(lot.id, (RecallClass.NONE, RecallDepth.NONE))
            for unit in lot.units():
                assert client.custody_of(lot.id, unit, lot.path(unit)) == self.model.custody(lot.id, unit)
                end = client.end_of(unit)
                assert (end.by if end else None) == (self.model.ended[unit][:20] if unit in self.model.ended else None)


def replay(world: World) -> Model:
    """Rebuild the model from the events of the contract alone."""
    client = world.suite.drugs
    names = ("LotCommissioned", "UnitShipped", "UnitReceived", "ShipmentRefused", "ShipmentTakenBack")
    events = [event for name in (*names, "PackDispensed", "RecallIssued") for event in client._events(name)]
    model = Model()
    for event in sorted(events, key=lambda one: (one.block, one.log_index)):
        values = event.values
        place = (values["lot"], values.get("unit", b""))
        if event.name == "LotCommissioned":
            model.manufacturer[values["lot"]] = values["manufacturer"]
        elif event.name == "UnitShipped":
            sides = (values["from"], values["fromRole"], values["to"], values["toRole"], values["until"])
            model.held.pop(place, None)
            model.waiting[place] = Offer(*place, *sides)
        elif event.name == "PackDispensed":
            model.ended[values["pack"]] = values["pharmacy"]
        elif event.name == "RecallIssued":
            model.recalled[values["lot"]] = (RecallClass(values["recallClass"]), RecallDepth(values["recallDepth"]))
        else:
            del model.waiting[place]
            model.held[place] = values["to"] if event.name == "UnitReceived" else values["from"]
    return model


class TestModel:
    """
    any acts in any order, by anyone, in time or late -> contract and model refuse and allow the same, and agree on
    every unit, lot and pack after it
    the events alone                                  -> rebuild what the model holds, and the record of the lot
    """

    @pytest.mark.parametrize("seed", [1, 2, 3])
    def test_9_10_11_12_14_31_contract_and_model_agree(self, world, seed):
        assign_prefix(world)
        machine = Machine(world, seed)
        for number in range(STEPS):
            machine.step()
            if number % 20 == 19:
                machine.compare()
        machine.compare()

        rebuilt = replay(world)
        rebuilt.suspended = machine.model.suspended
        assert rebuilt == machine.model
        print(dict(machine.done), dict(machine.tried))
        for name in ("ship", "receive", "refuse", "take_back", "dispense"):
            assert machine.done[name] >= 0.05 * machine.tried[name] > 0, (name, machine.done, machine.tried)

    def test_31_events_hold_the_record_of_a_lot_and_of_a_prefix(self, world):
        assigned = assign_prefix(world).event("PrefixAssigned").values
        made = commission(world).event("LotCommissioned")
        client = world.suite.drugs
        record = client.lot_of(made.values["lot"])
        assert (f"{made.values['gtin']:014}", made.values["expiresAt"]) == (record.gtin, record.expires_at)
        assert record.expires_at == expires_at(EXPIRY)
        assert (made.values["size"], made.values["unitsRoot"]) == (record.size, record.units_root)
        assert (made.values["manufacturer"], client.chain.time_of(made.block)) == (
            record.manufacturer,
            record.commissioned_at,
        )
        assert f"{assigned['prefix']:0{assigned['digits']}}" == PREFIX
        assert client.prefix_owner_of(PREFIX) == assigned["owner"]
