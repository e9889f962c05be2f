"""Records that hospitals anchor and requests that they answer within WAIT, to be disputed within WINDOW (seconds)."""

from __future__ import annotations

from medtrust.keccak import keccak256
from medtrust.record_terms import NO_FINGERPRINT, Question, Version
from medtrust.records import RecordClient
from tests.world import World

DAY = 86_400
WAIT = 90 * DAY
WINDOW = 7 * DAY
RECORD = keccak256(b"a record")
FIRST, SECOND = keccak256(b"first"), keccak256(b"second")
DELIVERY, OBJECTION = keccak256(b"delivery"), keccak256(b"objection")


def at(world: World, name: str) -> RecordClient:
    return world.acting_as(name).records


def anchored(world: World) -> Version:
    """The first version of a record of the hospital."""
    at(world, "hospital").anchor(world.hospital, RECORD, FIRST)
    return Version(world.hospital, RECORD, 1, 0, FIRST, NO_FINGERPRINT, world.account("hospital").address)


def asked(world: World) -> Question:
    """What the clinic asks of the hospital, to be answered within a day."""
    question = Question(world.clinic, world.hospital, keccak256(b"question"))
    at(world, "clinic").request(question, deadline=world.chain.now() + DAY)
    return question


def answered(world: World) -> Question:
    question = asked(world)
    at(world, "hospital").respond(question, DELIVERY)
    return question
