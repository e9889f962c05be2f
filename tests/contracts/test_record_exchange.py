"""RecordExchange: versions of a record form one line, administrators publish keys, answers are final in time."""

from __future__ import annotations

from dataclasses import replace

import pytest

from medtrust.accreditation import Role
from medtrust.errors import Reverted
from medtrust.keccak import keccak256
from medtrust.record_terms import NO_FINGERPRINT, Question, Version
from medtrust.records import Newest, RecordClient, RecordStatus, Stage
from medtrust.types import ZERO_HASH

DAY = 86_400
WAIT = 90 * DAY
WINDOW = 7 * DAY
RECORD = keccak256(b"a record")
FIRST, SECOND = keccak256(b"first"), keccak256(b"second")
DELIVERY, OBJECTION = keccak256(b"delivery"), keccak256(b"objection")


@pytest.fixture
def exchange(world) -> RecordClient:
    """The exchange as the hospital calls it."""
    return world.acting_as("hospital").records


@pytest.fixture
def anchored(exchange, world):
    """The receipt of the first version of RECORD."""
    return exchange.anchor(world.hospital, RECORD, FIRST)


@pytest.fixture
def version(anchored, world, hospital) -> Version:
    """The first version of RECORD."""
    return Version(world.hospital, RECORD, 1, 0, FIRST, NO_FINGERPRINT, hospital.address)


@pytest.fixture
def question(world) -> Question:
    """What the clinic asks of the hospital."""
    return Question(world.clinic, world.hospital, keccak256(b"question"))


@pytest.fixture
def clinic_side(world) -> RecordClient:
    """The exchange as the clinic calls it."""
    return world.acting_as("clinic").records


@pytest.fixture
def requested(clinic_side, question):
    """The receipt of the question, which can be answered for a day."""
    return clinic_side.request(question, deadline=clinic_side.chain.now() + DAY)


@pytest.fixture
def answered(requested, exchange, question):
    """The receipt of the answer."""
    return exchange.respond(question, DELIVERY)


def send_at(client: RecordClient, at: int, function: str, *arguments: object) -> None:
    """Send in a block of this very time; Ganache cannot be told one, so a minute to its side."""
    if client.chain.id == 1337:
        client.chain.travel(at - 60 if at < client.deadline_of(arguments[0]) else at + 60)
    else:
        client.chain.request("evm_setNextBlockTimestamp", at)
    client._send(function, *arguments, gas=200_000)


class TestAnchor:
    """
    given no version of the record
      when the caller does not act for the custodian as HOSPITAL  -> reverts NotAuthorised
      when record or commitment is zero                           -> reverts ZeroIdentifier
      when a previous version is named                            -> reverts NotNewestVersion
      when an epoch is named that has not begun                   -> reverts WrongKeyEpoch
      when all is right   -> it is the newest, number 1; emits RecordAnchored; another custodian's stays unknown
    given a version
      when the same is sent again, or it follows another          -> reverts NotNewestVersion
      when another custodian anchors the same record              -> a line of its own
      when the next follows it                                    -> number 2, its fingerprint covers the one before
    given a key epoch that ended
      when the version is for the old one                         -> reverts WrongKeyEpoch
      when it is for the new one                                  -> anchored
    """

    @pytest.mark.parametrize("caller", ["clinic", "insurer", "stranger"])
    def test_reverts_when_caller_is_no_signer(self, world, reverts, caller):
        account = world.account(caller)
        with reverts("NotAuthorised", organisation=world.hospital, signer=account.address, role=Role.HOSPITAL):
            world.acting_as(caller).records.anchor(world.hospital, RECORD, FIRST)

    def test_reverts_when_custodian_is_no_hospital(self, world, reverts, insurer):
        with reverts("NotAuthorised", organisation=world.insurer, signer=insurer.address, role=Role.HOSPITAL):
            world.acting_as("insurer").records.anchor(world.insurer, RECORD, FIRST)

    @pytest.mark.parametrize(("record", "commitment"), [(ZERO_HASH, FIRST), (RECORD, ZERO_HASH)])
    def test_reverts_when_an_id_is_zero(self, exchange, world, reverts, record, commitment):
        with reverts("ZeroIdentifier"):
            exchange.anchor(world.hospital, record, commitment)

    def test_reverts_when_nothing_can_be_followed(self, exchange, world, reverts):
        previous = b"\x01" * 24
        with reverts("NotNewestVersion", previous=previous, current=NO_FINGERPRINT):
            exchange.anchor(world.hospital, RECORD, FIRST, previous=previous)

    def test_reverts_when_epoch_has_not_begun(self, exchange, world, reverts):
        with reverts("WrongKeyEpoch", epoch=1, current=0):
            exchange.anchor(world.hospital, RECORD, FIRST, epoch=1)

    def test_anchors_the_first_version(self, exchange, world, anchored, version, hospital):
        assert exchange.newest_of(world.hospital, RECORD) == Newest(version.fingerprint, anchored.at, 1)
        assert anchored.event("RecordAnchored").values == {
            "custodian": world.hospital,
            "record": RECORD,
            "signer": hospital.address,
            "number": 1,
            "epoch": 0,
            "commitment": FIRST,
            "previous": NO_FINGERPRINT,
            "recordedAt": anchored.at,
        }
        assert exchange.newest_of(world.clinic, RECORD) == Newest(NO_FINGERPRINT, 0, 0)

    def test_reverts_when_sent_again(self, exchange, world, version, reverts):
        with reverts("NotNewestVersion", previous=NO_FINGERPRINT, current=version.fingerprint):
            exchange.anchor(world.hospital, RECORD, FIRST)

    def test_reverts_when_following_an_older_one(self, exchange, world, version, reverts):
        exchange.anchor(world.hospital, RECORD, SECOND, previous=version.fingerprint)
        newest = exchange.newest_of(world.hospital, RECORD)
        with reverts("NotNewestVersion", previous=version.fingerprint, current=newest.fingerprint):
            exchange.anchor(world.hospital, RECORD, FIRST, previous=version.fingerprint)
        assert exchange.newest_of(world.hospital, RECORD) == newest

    def test_keeps_a_line_for_each_custodian(self, exchange, clinic_side, world, version, clinic):
        receipt = clinic_side.anchor(world.clinic, RECORD, SECOND)
        theirs = Version(world.clinic, RECORD, 1, 0, SECOND, NO_FINGERPRINT, clinic.address)
        assert exchange.newest_of(world.clinic, RECORD) == Newest(theirs.fingerprint, receipt.at, 1)
        assert exchange.newest_of(world.hospital, RECORD).fingerprint == version.fingerprint

    def test_anchors_the_next_version(self, exchange, world, version):
        receipt = exchange.anchor(world.hospital, RECORD, SECOND, previous=version.fingerprint)
        second = replace(version, number=2, commitment=SECOND, previous=version.fingerprint)
        assert exchange.newest_of(world.hospital, RECORD) == Newest(second.fingerprint, receipt.at, 2)

    def test_reverts_given_an_epoch_that_ended(self, exchange, world, version, reverts):
        exchange.rotate(world.hospital, RECORD)
        with reverts("WrongKeyEpoch", epoch=0, current=1):
            exchange.anchor(world.hospital, RECORD, SECOND, previous=version.fingerprint)

    def test_anchors_for_the_new_epoch(self, exchange, world, version):
        exchange.rotate(world.hospital, RECORD)
        exchange.anchor(world.hospital, RECORD, SECOND, previous=version.fingerprint, epoch=1)
        second = replace(version, number=2, epoch=1, commitment=SECOND, previous=version.fingerprint)
        assert exchange.status_of(second) == RecordStatus.CURRENT


class TestRotate:
    """
    given no version of the record                  -> reverts UnknownRecord
    given a version
      when the caller does not act for the custodian -> reverts NotAuthorised
      when it does                                   -> one epoch more; emits KeyEpochAdvanced; the version stands
    """

    def test_reverts_given_no_version(self, exchange, world, reverts):
        with reverts("UnknownRecord", custodian=world.hospital, record=RECORD):
            exchange.rotate(world.hospital, RECORD)

    def test_reverts_when_caller_is_no_signer(self, world, clinic_side, anchored, reverts, clinic):
        with reverts("NotAuthorised", organisation=world.hospital, signer=clinic.address, role=Role.HOSPITAL):
            clinic_side.rotate(world.hospital, RECORD)

    def test_advances_the_epoch(self, exchange, world, version):
        receipt = exchange.rotate(world.hospital, RECORD)
        assert exchange.key_epoch_of(world.hospital, RECORD) == 1
        assert receipt.event("KeyEpochAdvanced").values == {
            "custodian": world.hospital,
            "record": RECORD,
            "epoch": 1,
            "advancedAt": receipt.at,
        }
        assert exchange.status_of(version) == RecordStatus.CURRENT


class TestPublishKey:
    """
    given an organisation
      when the caller is not its administrator -> reverts NotAdmin, also for another signer of it
      when it is                               -> the key is that one; emits EncryptionKeyPublished; others keep theirs
      when zero is published                   -> the organisation has none
    """

    def test_reverts_when_caller_is_not_the_administrator(self, world, exchange, clinic_side, reverts, doctor, clinic):
        world.acting_as("hospital").accreditation.add_signer(
            world.hospital, doctor.address, Role.HOSPITAL | Role.PARTICIPANT, until=4_000_000_000
        )
        for account, client in ((doctor, world.acting_as(doctor).records), (clinic, clinic_side)):
            with reverts("NotAdmin", organisation=world.hospital, caller=account.address):
                client.publish_key(world.hospital, FIRST)
        assert exchange.key_of(world.hospital) == ZERO_HASH

    def test_publishes_a_key(self, exchange, world):
        receipt = exchange.publish_key(world.hospital, FIRST)
        assert exchange.key_of(world.hospital) == FIRST
        assert receipt.event("EncryptionKeyPublished").values == {
            "organisation": world.hospital,
            "key": FIRST,
            "publishedAt": receipt.at,
        }
        assert exchange.key_of(world.clinic) == ZERO_HASH

    def test_withdraws_a_key(self, exchange, world):
        exchange.publish_key(world.hospital, FIRST)
        exchange.publish_key(world.hospital, ZERO_HASH)
        assert exchange.key_of(world.hospital) == ZERO_HASH


class TestStatus:
    """
    given a version that is the newest            -> CURRENT
      when any one field of it is changed         -> UNKNOWN
      when its signer was compromised by then     -> CUSTODIAN_UNTRUSTED; compromised a second later -> CURRENT
    given a version that another followed         -> SUPERSEDED by the log, UNKNOWN on the chain
    given a record that was never anchored        -> UNKNOWN
    """

    def test_newest_is_current(self, exchange, version, anchored):
        assert exchange.status_of(version) == RecordStatus.CURRENT
        assert [(one.version, one.recorded_at, one.status) for one in exchange.history(*_key(version))] == [
            (version, anchored.at, RecordStatus.CURRENT)
        ]

    @pytest.mark.parametrize(
        "changes",
        [
            {"custodian": SECOND},
            {"record": SECOND},
            {"number": 2},
            {"epoch": 1},
            {"commitment": SECOND},
            {"previous": b"\x01" * 24},
            {"signer": "0x" + "11" * 20},
        ],
        ids=lambda one: next(iter(one)),
    )
    def test_changed_version_is_unknown(self, exchange, version, changes):
        assert exchange.status_of(replace(version, **changes)) == RecordStatus.UNKNOWN

    @pytest.mark.parametrize(
        ("offset", "status"),
        [
            (-1, RecordStatus.CUSTODIAN_UNTRUSTED),
            (0, RecordStatus.CUSTODIAN_UNTRUSTED),
            (1, RecordStatus.CURRENT),
        ],
    )
    def test_compromise_counts_from_its_second(self, world, exchange, version, anchored, hospital, offset, status):
        world.chain.mine(seconds=DAY)
        world.acting_as("authority").accreditation.compromise_signer(
            world.hospital, hospital.address, since=anchored.at + offset
        )
        assert exchange.status_of(version) == status

    def test_followed_version_is_superseded(self, exchange, world, version):
        exchange.anchor(world.hospital, RECORD, SECOND, previous=version.fingerprint)
        assert exchange.status_of(version) == RecordStatus.SUPERSEDED
        assert exchange._call("statusOf", version) == RecordStatus.UNKNOWN
        statuses = [one.status for one in exchange.history(*_key(version))]
        assert statuses == [RecordStatus.SUPERSEDED, RecordStatus.CURRENT]

    def test_record_of_nobody_is_unknown(self, exchange, world, hospital):
        nothing = Version(world.hospital, RECORD, 0, 0, ZERO_HASH, NO_FINGERPRINT, hospital.address)
        assert exchange.status_of(nothing) == RecordStatus.UNKNOWN
        assert exchange.history(world.hospital, RECORD) == []


def _key(version: Version) -> tuple[bytes, bytes]:
    return version.custodian, version.record


class TestRequest:
    """
    given no such request
      when the caller does not act for the requester        -> reverts NotAuthorised
      when the custodian is no HOSPITAL                     -> reverts NotAccredited
      when the commitment is zero                           -> reverts ZeroIdentifier
      when the deadline is now or before, or beyond 90 days -> reverts InvalidDeadline; one second within -> made
      when all is right                                     -> OPEN; emits RecordRequested
    given the request, whatever its stage                   -> reverts WrongStage
    """

    def test_reverts_when_caller_is_no_signer(self, world, question, reverts, attacker):
        client = world.acting_as("attacker").records
        with reverts("NotAuthorised", organisation=world.clinic, signer=attacker.address, role=Role.PARTICIPANT):
            client.request(question, deadline=client.chain.now() + DAY)

    def test_reverts_when_custodian_is_no_hospital(self, world, clinic_side, question, reverts):
        with reverts("NotAccredited", organisation=world.insurer, role=Role.HOSPITAL):
            clinic_side.request(replace(question, custodian=world.insurer), deadline=clinic_side.chain.now() + DAY)

    def test_reverts_when_commitment_is_zero(self, clinic_side, question, reverts):
        with reverts("ZeroIdentifier"):
            clinic_side.request(replace(question, commitment=ZERO_HASH), deadline=clinic_side.chain.now() + DAY)

    @pytest.mark.parametrize("ahead", [-1, 0, WAIT + 1])
    def test_reverts_when_deadline_is_out_of_reach(self, clinic_side, question, ahead):
        now = clinic_side.chain.now()
        data = clinic_side.interface.encode_call("request", (question, now + ahead))
        with pytest.raises(Reverted) as refused:
            clinic_side.chain.call(clinic_side.address, data, sender=clinic_side.signer.address)
        assert refused.value.error == "InvalidDeadline"
        assert refused.value.values == {"deadline": now + ahead, "latest": now + WAIT}

    @pytest.mark.parametrize("ahead", [1, WAIT])
    def test_takes_the_nearest_and_the_farthest_deadline(self, clinic_side, question, ahead):
        data = clinic_side.interface.encode_call("request", (question, clinic_side.chain.now() + ahead))
        answer = clinic_side.chain.call(clinic_side.address, data, sender=clinic_side.signer.address)
        assert answer == question.id

    def test_makes_a_request(self, clinic_side, question, requested):
        values = requested.event("RecordRequested").values
        assert values == {
            "request": question.id,
            "requester": question.requester,
            "custodian": question.custodian,
            "commitment": question.commitment,
            "deadline": clinic_side.deadline_of(question),
            "requestedAt": requested.at,
        }
        assert clinic_side.stage_of(question) == Stage.OPEN
        other = replace(question, commitment=SECOND)
        assert (clinic_side.stage_of(other), clinic_side.deadline_of(other)) == (Stage.NONE, 0)

    def test_reverts_given_the_request(self, clinic_side, question, requested, reverts):
        with reverts("WrongStage", request=question.id, stage=Stage.OPEN):
            clinic_side.request(question, deadline=clinic_side.chain.now() + DAY)

    def test_reverts_given_the_request_was_answered(self, clinic_side, question, answered, reverts):
        with reverts("WrongStage", request=question.id, stage=Stage.ANSWERED):
            clinic_side.request(question, deadline=clinic_side.chain.now() + DAY)


class TestRespond:
    """
    given no request                                         -> reverts WrongStage NONE
    given an open request
      when the caller does not act for the custodian         -> reverts NotAuthorised, also for the requester
      when the delivery is zero                              -> reverts ZeroIdentifier
      when in the last second                                -> ANSWERED; emits RequestAnswered
      when in the second of the deadline, or after           -> reverts WrongStage OVERDUE
    given an answer                                          -> reverts WrongStage ANSWERED
    """

    def test_reverts_given_no_request(self, exchange, question, reverts):
        with reverts("WrongStage", request=question.id, stage=Stage.NONE):
            exchange.respond(question, DELIVERY)

    def test_reverts_when_caller_is_no_signer(self, world, clinic_side, question, requested, reverts, clinic):
        with reverts("NotAuthorised", organisation=world.hospital, signer=clinic.address, role=Role.HOSPITAL):
            clinic_side.respond(question, DELIVERY)

    def test_reverts_when_delivery_is_zero(self, exchange, question, requested, reverts):
        with reverts("ZeroIdentifier"):
            exchange.respond(question, ZERO_HASH)

    def test_answers_in_the_last_second(self, exchange, question, requested):
        send_at(exchange, exchange.deadline_of(question) - 1, "respond", question, DELIVERY)
        assert exchange.stage_of(question) == Stage.ANSWERED

    @pytest.mark.parametrize("late", [0, 1])
    def test_reverts_from_the_deadline_on(self, exchange, question, requested, reverts, late):
        with reverts("WrongStage", request=question.id, stage=Stage.OVERDUE):
            send_at(exchange, exchange.deadline_of(question) + late, "respond", question, DELIVERY)
        exchange.chain.mine()
        assert exchange.stage_of(question) == Stage.OVERDUE

    def test_records_the_answer(self, exchange, question, answered):
        assert answered.event("RequestAnswered").values == {
            "request": question.id,
            "delivery": DELIVERY,
            "deadline": answered.at + WINDOW,
            "answeredAt": answered.at,
        }
        assert exchange.stage_of(question) == Stage.ANSWERED
        assert exchange.deadline_of(question) == answered.at + WINDOW

    def test_reverts_given_an_answer(self, exchange, question, answered, reverts):
        with reverts("WrongStage", request=question.id, stage=Stage.ANSWERED):
            exchange.respond(question, SECOND)


class TestRefuse:
    """
    given an open request
      when the caller does not act for the custodian -> reverts NotAuthorised
      when it does                                   -> REFUSED, for ever; emits RequestRefused
    given an answer                                  -> reverts WrongStage ANSWERED
    """

    def test_reverts_when_caller_is_no_signer(self, world, clinic_side, question, requested, reverts, clinic):
        with reverts("NotAuthorised", organisation=world.hospital, signer=clinic.address, role=Role.HOSPITAL):
            clinic_side.refuse(question, OBJECTION)

    def test_refuses_for_ever(self, exchange, question, requested, reverts):
        receipt = exchange.refuse(question, OBJECTION)
        assert receipt.event("RequestRefused").values == {
            "request": question.id,
            "reason": OBJECTION,
            "refusedAt": receipt.at,
        }
        exchange.chain.mine(seconds=2 * DAY)
        assert exchange.stage_of(question) == Stage.REFUSED
        with reverts("WrongStage", request=question.id, stage=Stage.REFUSED):
            exchange.respond(question, DELIVERY)

    def test_reverts_given_an_answer(self, exchange, question, answered, reverts):
        with reverts("WrongStage", request=question.id, stage=Stage.ANSWERED):
            exchange.refuse(question, OBJECTION)


class TestSettle:
    """
    given an open request                                 -> neither acknowledged nor disputed: reverts WrongStage OPEN
    given an answer
      when the caller does not act for the requester      -> reverts NotAuthorised, also for the custodian
      when another delivery is named                      -> reverts WrongDelivery
      when it is acknowledged                             -> ACKNOWLEDGED, for ever; emits DeliveryAcknowledged
      when it is disputed                                 -> DISPUTED, for ever; emits DeliveryDisputed
      when in the last second of 7 days                   -> settled
      when in the second of the deadline, or after        -> reverts WrongStage UNDISPUTED
    """

    def test_reverts_given_an_open_request(self, clinic_side, question, requested, reverts):
        with reverts("WrongStage", request=question.id, stage=Stage.OPEN):
            clinic_side.acknowledge(question, DELIVERY)
        with reverts("WrongStage", request=question.id, stage=Stage.OPEN):
            clinic_side.dispute(question, DELIVERY, OBJECTION)

    def test_reverts_when_caller_is_no_signer(self, world, exchange, question, answered, reverts, hospital):
        values = {"organisation": world.clinic, "signer": hospital.address, "role": Role.PARTICIPANT}
        with reverts("NotAuthorised", **values):
            exchange.acknowledge(question, DELIVERY)
        with reverts("NotAuthorised", **values):
            exchange.dispute(question, DELIVERY, OBJECTION)

    def test_reverts_when_another_delivery_is_named(self, clinic_side, question, answered, reverts):
        with reverts("WrongDelivery", request=question.id, delivery=SECOND):
            clinic_side.acknowledge(question, SECOND)
        with reverts("WrongDelivery", request=question.id, delivery=SECOND):
            clinic_side.dispute(question, SECOND, OBJECTION)

    def test_acknowledges_for_ever(self, clinic_side, question, answered, reverts):
        receipt = clinic_side.acknowledge(question, DELIVERY)
        assert receipt.event("DeliveryAcknowledged").values == {
            "request": question.id,
            "delivery": DELIVERY,
            "acknowledgedAt": receipt.at,
        }
        assert clinic_side.stage_of(question) == Stage.ACKNOWLEDGED
        with reverts("WrongStage", request=question.id, stage=Stage.ACKNOWLEDGED):
            clinic_side.dispute(question, DELIVERY, OBJECTION)

    def test_disputes_for_ever(self, clinic_side, question, answered, reverts):
        receipt = clinic_side.dispute(question, DELIVERY, OBJECTION)
        assert receipt.event("DeliveryDisputed").values == {
            "request": question.id,
            "objection": OBJECTION,
            "disputedAt": receipt.at,
        }
        clinic_side.chain.mine(seconds=WINDOW)
        assert clinic_side.stage_of(question) == Stage.DISPUTED
        with reverts("WrongStage", request=question.id, stage=Stage.DISPUTED):
            clinic_side.acknowledge(question, DELIVERY)

    def test_settles_in_the_last_second(self, clinic_side, question, answered):
        send_at(clinic_side, answered.at + WINDOW - 1, "acknowledge", question, DELIVERY)
        assert clinic_side.stage_of(question) == Stage.ACKNOWLEDGED

    @pytest.mark.parametrize("late", [0, 1])
    def test_reverts_from_the_deadline_on(self, clinic_side, question, answered, reverts, late):
        with reverts("WrongStage", request=question.id, stage=Stage.UNDISPUTED):
            send_at(clinic_side, answered.at + WINDOW + late, "dispute", question, DELIVERY, OBJECTION)
        clinic_side.chain.mine()
        assert clinic_side.stage_of(question) == Stage.UNDISPUTED
