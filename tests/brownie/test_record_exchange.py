"""RecordExchange in Brownie: versions in one line, key epochs, published keys, a request and its answer."""

from __future__ import annotations

import pytest

from medtrust.accreditation import Role
from medtrust.keccak import keccak256
from medtrust.record_terms import NO_FINGERPRINT, Question, Version
from medtrust.records import RecordStatus, Stage

RECORD, FIRST, SECOND = keccak256(b"record"), keccak256(b"first"), keccak256(b"second")
DELIVERY = keccak256(b"delivery")
DAY = 86_400


@pytest.fixture
def house(accredit, hospital):
    """The id of a hospital whose signer is `hospital`."""
    return accredit(hospital, Role.HOSPITAL)


@pytest.fixture
def version(exchange, house, hospital):
    """The first version of a record."""
    exchange.anchor(house, RECORD, FIRST, NO_FINGERPRINT, 0, {"from": hospital})
    return Version(house, RECORD, 1, 0, FIRST, NO_FINGERPRINT, hospital.address)


def as_tuple(version):
    return tuple(vars(version).values())


class TestAnchor:
    """
    when the caller signs for no hospital      -> reverts NotAuthorised
    given a version, when it is sent again     -> reverts NotNewestVersion
    given a key epoch that ended               -> reverts WrongKeyEpoch
    when everything is in order                -> CURRENT, with fingerprint, time and number; emits RecordAnchored
    """

    def test_reverts_when_caller_signs_for_no_hospital(self, exchange, house, reverts, attacker):
        with reverts("NotAuthorised", house, attacker, Role.HOSPITAL.value):
            exchange.anchor(house, RECORD, FIRST, NO_FINGERPRINT, 0, {"from": attacker})

    def test_reverts_given_the_version(self, exchange, house, version, reverts, hospital):
        with reverts("NotNewestVersion", NO_FINGERPRINT, version.fingerprint):
            exchange.anchor(house, RECORD, FIRST, NO_FINGERPRINT, 0, {"from": hospital})

    def test_reverts_given_an_epoch_that_ended(self, exchange, house, version, reverts, hospital):
        exchange.rotate(house, RECORD, {"from": hospital})
        with reverts("WrongKeyEpoch", 0, 1):
            exchange.anchor(house, RECORD, SECOND, version.fingerprint, 0, {"from": hospital})

    def test_anchors_a_version(self, exchange, house, version, hospital):
        done = exchange.anchor(house, RECORD, SECOND, version.fingerprint, 0, {"from": hospital})
        second = Version(house, RECORD, 2, 0, SECOND, version.fingerprint, hospital.address)
        event = done.events["RecordAnchored"]
        assert (event["signer"], event["number"], event["recordedAt"]) == (hospital, 2, done.timestamp)
        assert exchange.statusOf(as_tuple(second)) == RecordStatus.CURRENT
        assert exchange.statusOf(as_tuple(version)) == RecordStatus.UNKNOWN
        assert tuple(map(int, exchange.newestOf(house, RECORD)[1:])) == (done.timestamp, 2)


class TestPublishKey:
    """when the caller is not the administrator -> reverts NotAdmin; when it is -> the key is that one"""

    def test_reverts_when_caller_is_not_the_administrator(self, exchange, house, reverts, attacker):
        with reverts("NotAdmin", house, attacker):
            exchange.publishKey(house, FIRST, {"from": attacker})

    def test_publishes_a_key(self, exchange, house, hospital):
        exchange.publishKey(house, FIRST, {"from": hospital})
        assert bytes(exchange.keyOf(house)) == FIRST


class TestRequest:
    """
    given a request, when a stranger answers                     -> reverts NotAuthorised
    given an answer, when something else is acknowledged         -> reverts WrongDelivery
    given an answer, when it is acknowledged                     -> ACKNOWLEDGED; emits DeliveryAcknowledged
    given a request that nobody answered, when its time is over  -> OVERDUE
    """

    @pytest.fixture
    def question(self, exchange, accredit, house, insurer, chain):
        asking = accredit(insurer, Role.INSURER)
        question = Question(asking, house, keccak256(b"question"))
        exchange.request(tuple(vars(question).values()), chain.time() + DAY, {"from": insurer})
        return question

    def test_reverts_when_a_stranger_answers(self, exchange, house, question, reverts, attacker):
        with reverts("NotAuthorised", house, attacker, Role.HOSPITAL.value):
            exchange.respond(tuple(vars(question).values()), DELIVERY, {"from": attacker})

    def test_is_acknowledged(self, exchange, question, reverts, hospital, insurer):
        asked = tuple(vars(question).values())
        exchange.respond(asked, DELIVERY, {"from": hospital})
        with reverts("WrongDelivery", question.id, SECOND):
            exchange.acknowledge(asked, SECOND, {"from": insurer})
        done = exchange.acknowledge(asked, DELIVERY, {"from": insurer})
        assert done.events["DeliveryAcknowledged"]["acknowledgedAt"] == done.timestamp
        assert exchange.stageOf(asked) == Stage.ACKNOWLEDGED

    def test_is_overdue(self, exchange, question, chain):
        chain.sleep(DAY + 1)
        chain.mine()
        assert exchange.stageOf(tuple(vars(question).values())) == Stage.OVERDUE
