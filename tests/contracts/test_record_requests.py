"""RecordExchange: requests are answered or refused in time, what is handed over is settled, and that is final."""

from __future__ import annotations

from dataclasses import replace

import pytest

from medtrust.accreditation import Role
from medtrust.errors import Reverted
from medtrust.keccak import keccak256
from medtrust.record_terms import Question
from medtrust.records import RecordClient, Stage
from medtrust.types import ZERO_HASH
from tests.exchanges import DAY, DELIVERY, OBJECTION, SECOND, WAIT, WINDOW


@pytest.fixture
def question(world) -> Question:
    """What the clinic asks of the hospital."""
    return Question(world.clinic, world.hospital, keccak256(b"question"))


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
