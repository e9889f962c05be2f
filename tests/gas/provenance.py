"""What tracing medicines costs, with paths as long as in a lot of 2^20 packs: 64 pallets of 128 cases of 128."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

from medtrust.cold_chain import Summary
from medtrust.drugs import Filling, Item, Offer, Policy, RecallClass, RecallDepth, expires_at
from medtrust.packing import Container, PackedLot, container_id, pack_id
from medtrust.types import name_hash
from tests.drugs_world import EXPIRY, GTIN, assign_prefix, commission, drugs, offer, source_of, sscc
from tests.gas.frame import Operation, execution_gas
from tests.world import World

_PALLETS, _CASES, _PACKS = 64, 128, 128


@cache
def _huge() -> PackedLot:
    """A lot whose paths are as long as in one of 2^20 packs: 6 + 7 + 7 hashes.

    Only the pallet and the case that are opened are full, so that it is built in no time; gas depends on nothing else.
    """
    cases = [
        Container(
            sscc(100_000 + case), packs=tuple(f"BW7K01{case:02x}{n + 1:03}" for n in range(1 if case else _PACKS))
        )
        for case in range(_CASES)
    ]
    pallets = [Container(sscc(1_000), containers=tuple(cases))]
    pallets += [Container(sscc(1_000 + n), packs=(f"BW7K02{n:02x}001",)) for n in range(1, _PALLETS)]
    lot = PackedLot(GTIN, "MT2026X", b"\x05" * 32, containers=pallets)
    assert sum(len(step.proof) for step in lot.path(pack_id(GTIN, "BW7K0100001"))) == 20
    return lot


def _units() -> tuple[bytes, bytes, bytes]:
    return container_id(sscc(1_000)), container_id(sscc(100_000)), pack_id(GTIN, "BW7K0100001")


def _ready(world: World) -> PackedLot:
    """The lot is commissioned, after another one."""
    assign_prefix(world)
    commission(world, PackedLot(GTIN, "FIRST", bytes(32), packs=["1"]))
    commission(world, _huge())
    return _huge()


def _offer(world: World, unit: bytes, sender: str, receiver: str) -> Offer:
    source = source_of(world, _huge().id, unit, _huge().path(unit))
    return replace(offer(world, unit, sender, receiver, lot=_huge().id), until=2_000_000_000, source=source)


def _move(world: World, unit: bytes, sender: str, receiver: str) -> int:
    given = _offer(world, unit, sender, receiver)
    shipped = drugs(world, sender).ship(given, _huge().path(unit)).gas_used
    return shipped + drugs(world, receiver).receive(given).gas_used


def _stock(world: World) -> None:
    _ready(world)
    pallet, case, _ = _units()
    _move(world, pallet, "maker", "wholesaler")
    _move(world, case, "wholesaler", "pharmacy")


def _commission(world: World) -> int:
    assign_prefix(world)
    commission(world, PackedLot(GTIN, "FIRST", bytes(32), packs=["1"]))
    return commission(world, _huge()).gas_used


def _ship_and_receive(world: World) -> int:
    _ready(world)
    return _move(world, _units()[0], "maker", "wholesaler")


def _ship_and_receive_a_pack(world: World) -> int:
    """A pack by itself, out of a case of another's pallet: 20 hashes."""
    _stock(world)
    return _move(world, _units()[2], "pharmacy", "hospital")


def _ship_and_receive_again(world: World) -> int:
    """A unit that was shipped before needs no path."""
    _ready(world)
    pallet = _units()[0]
    _move(world, pallet, "maker", "wholesaler")
    given = _offer(world, pallet, "wholesaler", "hospital")
    return drugs(world, "wholesaler").ship(given).gas_used + drugs(world, "hospital").receive(given).gas_used


def _take_back(world: World) -> int:
    _ready(world)
    given = _offer(world, _units()[0], "maker", "wholesaler")
    drugs(world, "maker").ship(given, _huge().path(given.unit))
    return drugs(world, "maker").take_back(given).gas_used


def _dispense(world: World) -> int:
    _stock(world)
    path = _huge().path(_units()[2])
    return drugs(world, "pharmacy").dispense(world.pharmacy, _huge().id, "BW7K0100001", path).gas_used


def _verify(world: World) -> int:
    _stock(world)
    label = (int(GTIN), "BW7K0100001", "MT2026X", expires_at(EXPIRY))
    path = _huge().path(_units()[2])
    return execution_gas(world.suite.drugs, "verifyPack", _huge().id, label, world.pharmacy, path)


def _recall(world: World) -> int:
    _stock(world)
    client = drugs(world, "regulator")
    return client.recall(world.regulator, _huge().id, RecallClass.CLASS_I, depth=RecallDepth.CONSUMER).gas_used


def _prescribe(world: World) -> int:
    _stock(world)
    filling = Filling(name_hash("prescription 1, refill 0"))
    path = _huge().path(_units()[2])
    return drugs(world, "pharmacy").dispense(world.pharmacy, _huge().id, "BW7K0100001", path, filling=filling).gas_used


def _return(world: World) -> int:
    """The case goes back to the wholesaler that sold it."""
    _stock(world)
    given = _offer(world, _units()[1], "pharmacy", "wholesaler")
    return drugs(world, "pharmacy").ship(given).gas_used + drugs(world, "wholesaler").receive(given).gas_used


def _pack(world: World, count: int) -> int:
    """A second box of a mix; the packs come out of a lot without cases, each with a proof of 8 hashes."""
    assign_prefix(world)
    lot = _bare()
    commission(world, lot)
    packs = [Item(lot.id, unit, lot.path(unit)) for unit in list(lot.units())[: count + 1]]
    maker = drugs(world, "maker")
    maker.pack(world.maker, [lot.id], container_id(sscc(1)), packs[:1])
    return maker.pack(world.maker, [lot.id], container_id(sscc(2)), packs[1:]).gas_used


@cache
def _bare() -> PackedLot:
    return PackedLot(GTIN, "MT2026Y", b"\x05" * 32, packs=[f"{n:03}" for n in range(201)])


def _report(world: World) -> int:
    assign_prefix(world)
    maker, now = drugs(world, "maker"), world.chain.now()
    maker.change_policy(world.maker, GTIN, Policy(200, 800, 700, 0, 600, 86_400), prefix_digits=7)
    commission(world, _huge())
    unit, logger = _units()[0], world.account("carrier").address
    given = replace(_offer(world, unit, "maker", "wholesaler"), logger=logger, logged_from=now)
    maker.ship(given, _huge().path(unit))
    drugs(world, "wholesaler").receive(given)
    readings = Summary(name_hash("readings"), 61, now, world.chain.now(), 300, 500, 0, 60, 400)
    signature = drugs(world, "carrier").sign_report(given, readings)
    gas = drugs(world, "wholesaler").report(given, readings, signature).gas_used
    return gas + 12 * signature.count(0)  # as if no byte of the signature were zero: it is of the second


def _flag(world: World) -> int:
    _stock(world)
    return drugs(world, "pharmacy").flag_suspect(world.pharmacy, Item(_huge().id, _units()[1])).gas_used


def _acknowledge(world: World) -> int:
    _recall(world)
    return drugs(world, "pharmacy").acknowledge(world.pharmacy, _huge().id).gas_used


OPERATIONS = [
    Operation(
        "drug commission, lot of 2^20",
        _commission,
        budget=112_000,
        bound=95_000,
    ),
    Operation(
        "drug ship + receive of a pallet",
        _ship_and_receive,
        budget=140_000,
        bound=120_000,
    ),
    Operation("drug ship + receive of a pack, depth 3, lot of 2^20", _ship_and_receive_a_pack, budget=140_000),
    Operation("drug ship + receive again", _ship_and_receive_again, budget=140_000),
    Operation("drug takeBack", _take_back),
    Operation(
        "drug dispense, depth 3, lot of 2^20",
        _dispense,
        budget=92_000,
        bound=78_000,
    ),
    Operation("drug verifyPack, depth 3, lot of 2^20", _verify, budget=60_000, kind="execution"),
    Operation("drug recall", _recall),
    Operation("drug dispense, with a prescription", _prescribe, budget=115_000),
    Operation("drug ship + receive back", _return, budget=140_000),
    Operation("drug pack 1", lambda world: _pack(world, 1)),
    Operation("drug pack 200", lambda world: _pack(world, 200)),
    Operation("drug report", _report),
    Operation("drug flagSuspect", _flag),
    Operation("drug acknowledge", _acknowledge),
]
