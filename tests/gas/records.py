"""What records between hospitals cost."""

from __future__ import annotations

from medtrust.keccak import keccak256
from medtrust.record_terms import Question
from tests.gas.frame import Operation, execution_gas
from tests.world import World

_RECORD = keccak256(b"record")
_DELIVERY = keccak256(b"delivery")
_DEADLINE = 1_803_456_789
"""Within 90 days of the first block; fixed, as each zero byte of it would cost less."""


def _commitment(number: int) -> bytes:
    return keccak256(f"version {number}".encode())


def _anchor_first(world: World) -> int:
    client = world.acting_as("hospital").records
    client.anchor(world.hospital, keccak256(b"another record"), _commitment(0))
    return client.anchor(world.hospital, _RECORD, _commitment(1)).gas_used


def _anchor_next(world: World) -> int:
    _anchor_first(world)
    client = world.acting_as("hospital").records
    previous = client.newest_of(world.hospital, _RECORD).fingerprint
    return client.anchor(world.hospital, _RECORD, _commitment(2), previous=previous).gas_used


def _rotate(world: World) -> int:
    _anchor_first(world)
    client = world.acting_as("hospital").records
    client.rotate(world.hospital, _RECORD)
    return client.rotate(world.hospital, _RECORD).gas_used


def _publish_key(world: World) -> int:
    client = world.acting_as("hospital").records
    client.publish_key(world.hospital, _commitment(1))
    return client.publish_key(world.hospital, _commitment(2)).gas_used


def _question(world: World, number: int) -> Question:
    return Question(world.clinic, world.hospital, _commitment(number))


def _request(world: World) -> int:
    client = world.acting_as("clinic").records
    client.request(_question(world, 0), deadline=_DEADLINE)
    return client.request(_question(world, 1), deadline=_DEADLINE).gas_used


def _respond(world: World) -> int:
    _request(world)
    client = world.acting_as("hospital").records
    client.respond(_question(world, 0), _DELIVERY)
    return client.respond(_question(world, 1), _DELIVERY).gas_used


def _acknowledge(world: World) -> int:
    _respond(world)
    return world.acting_as("clinic").records.acknowledge(_question(world, 1), _DELIVERY).gas_used


def _status(world: World) -> int:
    _anchor_first(world)
    client = world.acting_as("hospital").records
    return execution_gas(client, "statusOf", client.history(world.hospital, _RECORD)[0].version)


OPERATIONS = [
    Operation("record anchor, first version", _anchor_first, budget=70_000, bound=54_500),
    Operation("record anchor, next version", _anchor_next, budget=54_000, bound=37_400),
    Operation("record rotate key epoch", _rotate, budget=48_000, bound=36_800),
    Operation("record publish key", _publish_key, bound=33_200),
    Operation("record request", _request, budget=72_000, bound=56_900),
    Operation("record respond", _respond, budget=46_000, bound=35_900),
    Operation("record acknowledge", _acknowledge, budget=46_000, bound=35_600),
    Operation("record status (newest version)", _status, bound=8_900, kind="execution"),
]
