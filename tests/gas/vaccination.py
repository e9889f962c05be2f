"""What vaccination records cost."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from medtrust.certificate import Certificate, Dose, dose_leaf
from medtrust.keccak import keccak256
from medtrust.merkle import MerkleTree
from medtrust.packing import PackedLot
from tests.doses import batch_of
from tests.gas.frame import Operation, execution_gas
from tests.world import FAR, ORGANISATIONS, World

_GTIN, _LOT_NUMBER = "00361414567894", "MT2026A"
_DAY = 86_400


def _root(number: int) -> bytes:
    return keccak256(f"batch {number}".encode())


def _lot(world: World) -> bytes:
    """Commission a lot and anchor a first batch from it, so that what is measured is the second use."""
    world.acting_as("regulator").drugs.assign_prefix(world.regulator, world.maker, "0361414")
    packed = PackedLot(_GTIN, _LOT_NUMBER, bytes(32), packs=("1", "2"))
    world.acting_as("maker").drugs.commission(world.maker, packed, prefix_digits=7, expiry=date(2090, 1, 1))
    world.acting_as("clinic").vaccination.anchor(world.clinic, _root(0), 1024, lots=[packed.id])
    return packed.id


def _anchor(size: int, *, with_lot: bool = True) -> Callable[[World], int]:
    def measure(world: World) -> int:
        lots = [_lot(world)] if with_lot else []
        return world.acting_as("clinic").vaccination.anchor(world.clinic, _root(1), size, lots=lots).gas_used

    return measure


def _verify(world: World) -> int:
    lot = _lot(world)
    dose = Dose(65_535, "0x" + "11" * 20, lot, keccak256(b"fields"))
    others = (keccak256(place.to_bytes(4, "big")) for place in range(1, 2**16))
    tree = MerkleTree([dose_leaf(world.clinic, dose), *others])
    client = world.acting_as("clinic").vaccination
    client.anchor(world.clinic, tree.root, 2**16, lots=[lot])
    return execution_gas(client, "verify", world.clinic, tree.root, dose, tree.proof(0), 2**64 - 1)


def _revoke(*, days: int, is_used: bool) -> Callable[[World], int]:
    def measure(world: World) -> int:
        client = world.acting_as("clinic").vaccination
        client.anchor(world.clinic, _root(2), 2**20)
        client.revoke(world.clinic, _root(2), 2**20 - 1 if is_used else 0)
        world.chain.mine(seconds=days * _DAY)
        return client.revoke(world.clinic, _root(2), 2**20 - 2).gas_used

    return measure


def _certificate(world: World, number: int) -> Certificate:
    """What names a dose of an anchored batch."""
    clinic = world.acting_as("clinic").vaccination
    clinic.anchor(world.clinic, _root(number), 2**20)
    dose = Dose(2**20 - 2, "0x" + "11" * 20, bytes(32), bytes(32))
    issuer = ORGANISATIONS["clinic"].identifier
    return Certificate(issuer, world.chain.id, clinic.address, _root(number), 2**20, 0, dose, (), ())


def _amend(world: World) -> int:
    """Correct a dose of a batch of which another was withdrawn."""
    client = world.acting_as("clinic").vaccination
    old, new = _certificate(world, 3), _certificate(world, 4)
    client.revoke(world.clinic, old.root, 2**20 - 1)
    return client.amend(old, new, reason=keccak256(b"reason")).gas_used


def _enter_in_error(world: World) -> int:
    client, wrong = world.acting_as("clinic").vaccination, _certificate(world, 5)
    client.revoke(world.clinic, wrong.root, 2**20 - 1)
    return client.enter_in_error(world.clinic, wrong.root, wrong.dose.index).gas_used


def _dispute(world: World) -> int:
    """Dispute as the holder, who has ETH."""
    client = world.acting_as("doctor").vaccination
    return client.dispute(world.account("doctor").address, keccak256(b"dose"), statement=keccak256(b"what")).gas_used


def _dispute_by_signature(world: World) -> int:
    signer = world.acting_as(world.patient).vaccination
    dose, statement = keccak256(b"dose"), keccak256(b"what")
    signed = signer.sign_dispute(world.patient.address, dose, deadline=FAR, statement=statement)
    return world.acting_as("relayer").vaccination.send_dispute(signed).gas_used


def _record_once(doses: int) -> Callable[[World], int]:
    def measure(world: World) -> int:
        client = world.acting_as("clinic").vaccination
        client.record_once(world.clinic, [_root(0)])
        return client.record_once(world.clinic, [_root(number) for number in range(1, doses + 1)]).gas_used

    return measure


def _is_field(world: World) -> int:
    """Ask for the last of the seven fields of a dose."""
    sealed = batch_of(1).fields[0]
    shown = sealed.open()[-1]
    field = {"name": shown.name, "value": shown.value, "salt": shown.salt}
    return execution_gas(world.suite.vaccination, "isField", sealed.root, field, shown.proof)


OPERATIONS = [
    Operation("vaccination anchor 1 dose, 1 lot", _anchor(1), budget=72_000, bound=57_000),
    Operation("vaccination anchor 4,096 doses, 1 lot", _anchor(4096), budget=72_000, bound=57_000),
    Operation("vaccination anchor, lots not traced", _anchor(4096, with_lot=False), budget=72_000, bound=52_000),
    Operation(
        "vaccination verify, 2^16",
        _verify,
        budget=32_000,
        bound=22_000,
        kind="execution",
    ),
    Operation(
        "vaccination revoke, used word",
        _revoke(days=0, is_used=True),
        budget=32_000,
        bound=27_700,
    ),
    Operation("vaccination revoke, new word", _revoke(days=0, is_used=False), bound=44_800),
    Operation("vaccination revoke, used word, after a day", _revoke(days=1, is_used=True), bound=36_600),
    Operation("vaccination amend, used word", _amend),
    Operation("vaccination enterInError, used word", _enter_in_error),
    Operation("vaccination recordOnce, 1 dose", _record_once(1)),
    Operation("vaccination recordOnce, 256 doses", _record_once(256)),
    Operation("vaccination isField, of 7", _is_field, kind="execution"),
    Operation("vaccination dispute", _dispute),
    Operation("vaccination disputeBySig", _dispute_by_signature),
]
