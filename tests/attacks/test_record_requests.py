"""Attacks on requests for records: each is blocked, and succeeds where its one defence is taken out."""

from __future__ import annotations

from medtrust.keccak import keccak256
from medtrust.record_terms import Question
from medtrust.records import Stage
from tests.attacks.framework import Attack, AttackTests, attacks_on
from tests.exchanges import DAY, DELIVERY, answered, asked, at
from tests.world import World

ATTACKS: list[Attack] = []
attack = attacks_on("RecordExchange", ATTACKS)

OTHER = keccak256(b"another delivery")
OF_ANSWER = "        _checkAuthorised(question.custodian, Roles.HOSPITAL);\n"
OF_QUESTION = "        _checkAuthorised(question.requester, Roles.PARTICIPANT);\n"


class TestAttacks(AttackTests):
    pass


@attack(
    "request-in-the-name-of-another",
    defence="only who acts for the requester asks for it",
    blocked_by="NotAuthorised",
    patch=[(f"{OF_QUESTION}        _checkAccredited", "        _checkAccredited")],
)
def ask_as_another(world: World) -> None:
    """Ask in the name of the clinic."""
    question = Question(world.clinic, world.hospital, keccak256(b"question"))
    at(world, "attacker").request(question, deadline=world.chain.now() + DAY)
    assert at(world, "clinic").stage_of(question) == Stage.OPEN


@attack(
    "request-to-nobody",
    defence="only a hospital can be asked",
    blocked_by="NotAccredited",
    patch=[("        _checkAccredited(question.custodian, Roles.HOSPITAL);\n", "")],
)
def ask_who_cannot_answer(world: World) -> None:
    """Ask somebody who cannot answer, and show that it did not."""
    question = Question(world.clinic, world.insurer, keccak256(b"question"))
    at(world, "clinic").request(question, deadline=world.chain.now() + DAY)
    world.chain.mine(seconds=DAY)
    assert at(world, "clinic").stage_of(question) == Stage.OVERDUE


@attack(
    "request-overdue-at-once",
    defence="the time to answer ends after now",
    blocked_by="InvalidDeadline",
    patch=[("deadline > block.timestamp && deadline <= latest", "deadline <= latest")],
)
def ask_too_late(world: World) -> None:
    """Make a custodian look as if it had not answered in time."""
    question = Question(world.clinic, world.hospital, keccak256(b"question"))
    at(world, "clinic").request(question, deadline=world.chain.now() - DAY)
    assert at(world, "clinic").stage_of(question) == Stage.OVERDUE


@attack(
    "request-for-ever",
    defence="the time to answer ends within 90 days",
    blocked_by="InvalidDeadline",
    patch=[("deadline > block.timestamp && deadline <= latest", "deadline > block.timestamp")],
)
def ask_for_ever(world: World) -> None:
    """Choose a deadline that wraps around in its slot, so that the request is overdue at once."""
    question = Question(world.clinic, world.hospital, keccak256(b"question"))
    at(world, "clinic").request(question, deadline=2**40 + 1)
    assert at(world, "clinic").stage_of(question) == Stage.OVERDUE


@attack(
    "request-made-again",
    defence="a request is made once",
    blocked_by="WrongStage",
    patch=[("id = _checkStage(question, Stage.NONE);", "id = _idOf(question);")],
)
def ask_again(world: World) -> None:
    """Open a request anew that the custodian has answered, and so delete the answer."""
    question = answered(world)
    at(world, "clinic").request(question, deadline=world.chain.now() + DAY)
    assert at(world, "clinic").stage_of(question) == Stage.OPEN


@attack(
    "answer-by-a-stranger",
    defence="only who acts for the custodian answers",
    blocked_by="NotAuthorised",
    patch=[(f"{OF_ANSWER}        require(delivery", "        require(delivery")],
)
def answer_for_another(world: World) -> None:
    """Answer in the name of the hospital, so that it cannot."""
    question = asked(world)
    at(world, "attacker").respond(question, OTHER)
    assert at(world, "clinic").stage_of(question) == Stage.ANSWERED


@attack(
    "answer-refused-by-the-requester",
    defence="only who acts for the custodian refuses",
    blocked_by="NotAuthorised",
    patch=[(f"{OF_ANSWER}        bytes32 id", "        bytes32 id")],
)
def refuse_for_another(world: World) -> None:
    """Refuse one's own request in the name of the hospital."""
    question = asked(world)
    at(world, "clinic").refuse(question, OTHER)
    assert at(world, "clinic").stage_of(question) == Stage.REFUSED


@attack(
    "answer-too-late",
    defence="an overdue request is final",
    blocked_by="WrongStage",
    patch=[("        if (exchange.stage == Stage.OPEN) return Stage.OVERDUE;\n", "")],
)
def answer_too_late(world: World) -> None:
    """Answer after the deadline, and so hide that nobody answered in time."""
    question = asked(world)
    world.chain.mine(seconds=DAY)
    at(world, "hospital").respond(question, DELIVERY)
    assert at(world, "clinic").stage_of(question) == Stage.ANSWERED


@attack(
    "answer-changed",
    defence="a request is answered once",
    blocked_by="WrongStage",
    patch=[("        require(stage == expected, WrongStage(id, stage));\n", "")],
)
def change_the_answer(world: World) -> None:
    """Put another delivery in the place of the one that was disputed."""
    question = answered(world)
    at(world, "clinic").dispute(question, DELIVERY, OTHER)
    at(world, "hospital").respond(question, OTHER)
    assert at(world, "clinic").stage_of(question) == Stage.ANSWERED


@attack(
    "delivery-acknowledged-by-the-custodian",
    defence="only who acts for the requester acknowledges",
    blocked_by="NotAuthorised",
    patch=[
        (
            f"{OF_QUESTION}        id = _checkStage(question, Stage.ANSWERED)",
            "        id = _checkStage(question, Stage.ANSWERED)",
        )
    ],
)
def acknowledge_for_another(world: World) -> None:
    """Acknowledge one's own delivery."""
    question = answered(world)
    at(world, "hospital").acknowledge(question, DELIVERY)
    assert at(world, "clinic").stage_of(question) == Stage.ACKNOWLEDGED


@attack(
    "delivery-of-something-else-acknowledged",
    defence="what is acknowledged is what the answer says",
    blocked_by="WrongDelivery",
    patch=[
        (
            "        require(_exchanges[id].delivery == bytes24(delivery), WrongDelivery(id, delivery));\n",
            "        delivery;\n",
        )
    ],
)
def acknowledge_something_else(world: World) -> None:
    """Acknowledge something that was never handed over, and later show that as proof."""
    question = answered(world)
    receipt = at(world, "clinic").acknowledge(question, OTHER)
    assert receipt.event("DeliveryAcknowledged").values["delivery"] == OTHER


@attack(
    "delivery-disputed-too-late",
    defence="what nobody disputed within 7 days is settled",
    blocked_by="WrongStage",
    patch=[("exchange.stage == Stage.ANSWERED ? Stage.UNDISPUTED : exchange.stage", "exchange.stage")],
)
def dispute_too_late(world: World) -> None:
    """Dispute a delivery long after it was used."""
    question = answered(world)
    world.chain.mine(seconds=8 * DAY)
    at(world, "clinic").dispute(question, DELIVERY, OTHER)
    assert at(world, "clinic").stage_of(question) == Stage.DISPUTED


@attack(
    "delivery-disputed-after-acknowledging",
    defence="what was acknowledged is final",
    blocked_by="WrongStage",
    patch=[("        require(stage == expected, WrongStage(id, stage));\n", "")],
)
def dispute_what_was_acknowledged(world: World) -> None:
    """Acknowledge a delivery, use it, and dispute it."""
    question = answered(world)
    at(world, "clinic").acknowledge(question, DELIVERY)
    at(world, "clinic").dispute(question, DELIVERY, OTHER)
    assert at(world, "clinic").stage_of(question) == Stage.DISPUTED
