"""Who trades in medicines beside the model, with what, and how model and contract are compared after each act."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any, ClassVar

from hypothesis.stateful import RuleBasedStateMachine

from medtrust import wallet
from medtrust.artifacts import Artifact, load
from medtrust.keccak import keccak256
from medtrust.packing import Container, PackedLot, Path, container_id, pack_id
from medtrust.standards.gs1 import check_digit
from medtrust.types import ZERO_ADDRESS, ZERO_HASH, checksum_address, organisation_id
from tests.drugs_world import sscc
from tests.invariants.accreditation_model import Model as AccreditationModel
from tests.invariants.accreditation_model import Refused, Told
from tests.invariants.machine import LocalEvm, Tally
from tests.invariants.provenance_acts import Model
from tests.invariants.provenance_checks import mark_of
from tests.invariants.provenance_model import (
    CARRIER,
    DAY,
    HOSPITAL,
    MANUFACTURER,
    PARTICIPANT,
    PHARMACY,
    REGULATOR,
    WHOLESALER,
    At,
    Offer,
    Place,
    Policy,
    Unit,
)

TALLY = Tally()

STEWARD, AUTHORITY = (wallet.role(name).address for name in ("steward", "authority"))
FOREVER = 2**64 - 1
ROLES: dict[str, tuple[int, ...]] = {
    "maker": (MANUFACTURER,),
    "wholesaler": (WHOLESALER,),
    "depot": (WHOLESALER,),
    "carrier": (CARRIER,),
    "haulier": (CARRIER, WHOLESALER),
    "courier": (CARRIER, PHARMACY),
    "pharmacy": (PHARMACY,),
    "chemist": (PHARMACY,),
    "drugstore": (PHARMACY, WHOLESALER),
    "hospital": (HOSPITAL,),
    "regulator": (REGULATOR,),
    "stranger": (REGULATOR,),
}
"""Who there is, in which roles; the stranger regulates another country."""

HOUSES = {name: organisation_id(f"urn:example:{name}") for name in ROLES}
ACCOUNTS = {name: checksum_address("0x" + keccak256(name.encode())[12:].hex()) for name in (*ROLES, "attacker")}
NAMES = {house: name for name, house in HOUSES.items()}
LOGGER = wallet.role("doctor")

PREFIX = "0361414"
PLAIN, COLD = (PREFIX_ + check_digit(PREFIX_) for PREFIX_ in (f"0{PREFIX}00001", f"0{PREFIX}00002"))
POLICY = Policy(200, 800, 700, 3_600, 600, 2 * DAY)


def _packed(gtin: str, number: str, pallets: int, first: int, serial: int) -> PackedLot:
    """Pallets of two cases of two packs."""

    def case(pallet: int, place: int) -> Container:
        packs = tuple(str(serial + 4 * pallet + 2 * place + n) for n in (0, 1))
        return Container(sscc(first + 10 * pallet + place), packs=packs)

    outer = [Container(sscc(first + 10 * one + 9), containers=(case(one, 0), case(one, 1))) for one in range(pallets)]
    return PackedLot(gtin, number, b"\x07" * 32, containers=outer)


LOTS = [_packed(PLAIN, "A", 2, 100, 0), _packed(PLAIN, "B", 1, 200, 7), _packed(COLD, "C", 1, 300, 0)]
"""The last serial number of the first is also the first of the second: a pack that was commissioned twice."""

PACKED = {lot.id: lot for lot in LOTS}
WAYS: dict[Unit, Path] = {(lot.id, unit): lot.path(unit) for lot in LOTS for unit in lot.units()}
"""How each unit is proven; computed once, for every step of a machine asks."""

BOXES = [*(container_id(sscc(number)) for number in (901, 902, 903)), pack_id(PLAIN, "0"), ZERO_HASH]
"""The last two bear the id of a pack, and none."""
EXPIRES_AFTER = {"A": 900 * DAY, "B": 40 * DAY, "C": 900 * DAY}


class Trade(RuleBasedStateMachine):
    """Model and contract take the same acts of the same people at the same times."""

    artifact: ClassVar[Artifact] = load("DrugProvenance")

    def __init__(self) -> None:
        super().__init__()
        self.host = LocalEvm()
        self.registrar = self.host.deploy(load("AccreditationRegistry"), STEWARD, by=STEWARD)
        patients = self.host.deploy(load("PatientRegistry"), self.registrar.address, by=STEWARD)
        addresses = self.registrar.address, patients.address
        self.contract = self.host.deploy(self.artifact, *addresses, by=STEWARD)
        for name in ("AccreditationRegistry", "PatientRegistry"):
            self.contract.decoder.learn(load(name))
        self.accreditation = AccreditationModel(STEWARD)
        self.model = Model(self.accreditation.state, WAYS)
        self.told: list[tuple[int, list[Told]]] = []
        self.offers: dict[bytes, Offer] = {}
        self._accredit()

    def _accredit(self) -> None:
        for jurisdiction in (840, 156):
            self._register("openJurisdiction", STEWARD, jurisdiction, AUTHORITY)
        for name, house in HOUSES.items():
            jurisdiction = 156 if name == "stranger" else 840
            self._register("register", AUTHORITY, house, jurisdiction, ACCOUNTS[name], FOREVER)
            for role in ROLES[name]:
                self._register("accredit", AUTHORITY, house, role, FOREVER)
            roles = sum(ROLES[name]) | PARTICIPANT
            self._register("addSigner", ACCOUNTS[name], house, ACCOUNTS[name], roles, FOREVER, ZERO_HASH)
        assigned = HOUSES["regulator"], HOUSES["maker"], int(PREFIX), 7
        self.contract.send(ACCOUNTS["regulator"], "assignPrefix", *assigned)
        self.model.owners[PREFIX] = HOUSES["maker"]

    def _register(self, act: str, caller: str, *arguments: Any) -> None:
        """Let the registry of accreditations and its model act; the machine of that registry compares them."""
        try:
            self.accreditation.act(act, self.host.now, caller, *arguments)
        except Refused:
            return
        self.registrar.send(caller, act, *arguments)

    def attempt(self, act: str, caller: str, *arguments: Any, told_model: tuple[Any, ...] = ()) -> bool:
        """Let model and contract act: the same events, or the same error with the same values and no event.

        `told_model` is what the model is told in place of the last arguments.
        """
        name = re.sub("[A-Z]", lambda match: "_" + match.group().lower(), act)
        plain = (*arguments[: len(arguments) - len(told_model)], *told_model)
        refused = None
        expected: list[Told] = []
        try:
            expected = self.model.act(name, self.host.now, caller, *plain)
        except Refused as error:
            refused = error
        TALLY.note(act, refused.error if refused else None)
        error, found = self.contract.refusal(caller, act, *arguments)
        if refused or error:
            assert (error, found) == (refused and refused.error, refused and refused.values), act
            return False
        found = found["events"]
        assert found == expected, act
        self.told.append((self.host.now, found))
        self.check(found)
        return True

    def check(self, told: list[Told]) -> None:
        """Look at what an act did, by the events that it told."""

    def units(self, lot: bytes) -> list[Unit]:
        """The units of a lot, or the containers of a mix."""
        if lot in PACKED:
            return [(lot, unit) for unit in PACKED[lot].units()] if lot in self.model.state.lots else []
        return [place for place in self.model.state.places if place[0] == lot]

    # ---- choosing

    def all_units(self) -> list[Unit]:
        """Every unit of every lot and mix."""
        return [unit for lot in (*PACKED, *self.model.state.mixes) for unit in self.units(lot)]

    def pick(self, number: int, fits: Callable[[Place, Unit], bool], chance: int) -> Unit:
        """One unit of those that fit; any where none does, or now and then."""
        every = self.all_units()
        fit = [unit for unit in every if fits(self.place(unit), unit)] if chance > 0 else []
        return (fit or every)[number % len(fit or every)]

    def path(self, unit: Unit, chance: int) -> Path:
        """The path of a unit; none where none is needed, and now and then that of its neighbour."""
        way = WAYS.get(unit, ())
        if chance % 2 and unit in self.model.state.places:
            return ()
        return way[:-1] if chance == 6 else way

    def is_pack(self, unit: Unit) -> bool:
        return len(WAYS.get(unit, ())) == 3

    def is_small(self, unit: Unit) -> bool:
        return len(WAYS.get(unit, ())) > 1

    def may_lack(self, unit: Unit, chance: int) -> bool:
        """Whether something may be missing from it; now and then only what must be kept cold."""
        return not self.is_pack(unit) and (chance < 9 or self.model.state.is_cold(unit[0]))

    def is_free(self, unit: Unit) -> bool:
        return unit[1] not in self.model.state.ends

    def is_held(self, unit: Unit) -> bool:
        return self.place(unit).at is At.HELD

    def is_loose(self, unit: Unit) -> bool:
        """Whether it was not packed into anything later."""
        known = self.model.state.places.get(unit)
        return known is None or known.container is None

    def waiting(self, number: int, chance: int) -> Offer | None:
        """An offer, mostly a live one, often of cold goods, now and then with one thing changed."""
        known = self.model.state.places.values()
        live = [self.offers[place.offer] for place in known if place.at is At.IN_TRANSIT and place.offer]
        if chance > 8:
            live = [offer for offer in live if offer.logger != ZERO_ADDRESS] or live
        chosen = live if live and chance > 0 else list(self.offers.values()) if chance < 2 else []
        if not chosen:
            return None
        offer = chosen[number % len(chosen)]
        return replace(offer, until=offer.until + 1) if chance == 4 else offer

    def receiver(self, offer: Offer, caller: str, chance: int) -> str:
        return ACCOUNTS[caller if chance == 1 else NAMES[offer.receiver]]

    # ---- asking

    def answer(self, unit: Unit) -> tuple[int, bytes, int]:
        """Ask the contract where a unit is: its state, the mark of its custodian, and what else there is to tell."""
        told = self.contract.answer("custodyOf", *unit, self.path(unit, 5))
        return told[31], told[32:48], int.from_bytes(told[64:], "big")

    def expected(self, unit: Unit) -> tuple[int, bytes, int]:
        """What the model answers."""
        place = self.place(unit)
        return place.at, mark_of(place.holder), detail(place)

    def place(self, unit: Unit) -> Place:
        place = self.model.locate(*unit, WAYS.get(unit, ()))
        assert place is not None
        return place


def role_of(name: str, number: int) -> int:
    """One of the roles that somebody has."""
    return ROLES[name][number % len(ROLES[name])]


def detail(place: Place) -> int:
    """What custody tells beside state and custodian."""
    if place.at is At.HELD:
        return int.from_bytes(place.source.told, "big")
    if place.offer is not None:
        return int.from_bytes(place.offer, "big")
    return place.since
