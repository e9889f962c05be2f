"""Records in emergencies, against the real contracts: one act opens, and only so far, so long, and for whom."""

from __future__ import annotations

import pytest

from medtrust.consent import DataClass
from medtrust.emergency import EVERYTHING, Verdict
from medtrust.errors import CheckRefused
from medtrust.record_service import RecordService, emergency_rule
from medtrust.types import ZERO_HASH, name_hash
from tests.emergencies import emergency, review
from tests.hospitals import CONTENT, DAY, hold, serving
from tests.tourists import ask_in_emergency, doctor_at, keeper_of, open_everything, receive_the_tourist

HOUR = 3600


@pytest.fixture
def keeper(world, tmp_path):
    """The clinic, which keeps the tourist's records."""
    receive_the_tourist(world)
    return keeper_of(world, "clinic", tmp_path)


@pytest.fixture
def service(world, keeper, log) -> RecordService:
    return RecordService(keeper, log=log.append, emergency=emergency_rule(world.suite))


@pytest.fixture
def held(world, keeper):
    """A laboratory result that the clinic keeps."""
    return hold(world, keeper)


def refusal(service: RecordService, asked) -> str:
    with pytest.raises(CheckRefused) as refused:
        service.break_glass(asked)
    return refused.value.reason


class TestTourist:
    """
    given an unconscious tourist whose records another hospital keeps
      when a doctor opens her data in one act   -> she reads at its service: one transaction, no use of a consent
      when she has not                          -> NoEmergency
      when the session is over                  -> NoEmergency, from that second on
      when the tourist withholds the class      -> NoEmergency, also in a session that runs; other classes are read
      when the session is for another class     -> NoEmergency
      when another doctor shows the session     -> NoEmergency
      when the hospital is suspended            -> NoEmergency, also in a session that runs
      when the doctor is dismissed              -> NoEmergency
    given the log of this                       -> the session and the outcome, and neither patient nor content
    """

    def test_reads_in_one_act(self, world, keeper, service, held, log):
        before, known = world.chain.block_number(), world.suite.emergency.reviews_of(world.hospital).count
        number = open_everything(world)
        with serving(service) as url:
            read = doctor_at(world, url, world.clinic).break_glass(held.record, number)
        assert (read.content, read.use_transaction) == (CONTENT, "")
        assert (number, world.chain.block_number()) == (known, before + 1)
        (noted,) = keeper.vault.get(held.record).readers
        assert (noted.organisation, noted.consent) == (world.hospital, ZERO_HASH)
        (opened,) = world.suite.emergency.history(world.patient.address)
        (line,) = log
        assert (line["act"], line["session"], line["outcome"]) == ("break_glass", opened.values["number"], "done")
        text = repr(log).lower()
        assert not any(one in text for one in (world.patient.address.lower()[2:], CONTENT.hex(), "1.50"))

    def test_is_refused_without_a_session(self, world, service, held):
        assert refusal(service, ask_in_emergency(world, service, held.record, 0)) == "NoEmergency"

    @pytest.mark.parametrize(("late", "is_open"), [(-1, True), (0, False), (1, False)])
    def test_ends_by_itself(self, world, service, held, late, is_open):
        number = open_everything(world, period=HOUR)
        until = world.suite.emergency.session_of(world.hospital, number).until
        world.chain.mine(seconds=until + late - world.chain.now())
        asked = ask_in_emergency(world, service, held.record, number)
        if is_open:
            assert service.break_glass(asked).blob
        else:
            assert refusal(service, asked) == "NoEmergency"

    def test_leaves_closed_what_the_tourist_withholds(self, world, keeper, service, held):
        number = open_everything(world)
        genetics = hold(world, keeper, data_class=DataClass.GENETICS)
        emergency(world, "patient").change_rule(world.patient.address, DataClass.GENETICS)
        assert refusal(service, ask_in_emergency(world, service, genetics.record, number)) == "NoEmergency"
        assert service.break_glass(ask_in_emergency(world, service, held.record, number)).blob
        emergency(world, "patient").change_rule(world.patient.address, EVERYTHING)
        assert refusal(service, ask_in_emergency(world, service, held.record, number)) == "NoEmergency"

    def test_opens_the_classes_that_were_named(self, world, service, keeper, held):
        opened = emergency(world, "doctor").open(
            world.patient.address, world.hospital, name_hash("why"), classes=DataClass.ALLERGY
        )
        number = opened.event("EmergencyOpened").values["number"]
        assert refusal(service, ask_in_emergency(world, service, held.record, number)) == "NoEmergency"

    def test_is_for_who_opened_it(self, world, service, held):
        number = open_everything(world)
        asked = ask_in_emergency(world, service, held.record, number, signer="hospital")
        assert refusal(service, asked) == "NoEmergency"

    def test_is_for_its_patient(self, world, service, held):
        number = open_everything(world, world.account("stranger").address)
        assert refusal(service, ask_in_emergency(world, service, held.record, number)) == "NoEmergency"

    def test_ends_with_the_suspension_of_the_hospital(self, world, service, held):
        for _ in range(4):
            review(world, open_everything(world, period=HOUR), Verdict.UNJUSTIFIED)
        assert world.suite.emergency.is_suspended(world.hospital)
        assert refusal(service, ask_in_emergency(world, service, held.record, 3)) == "NoEmergency"

    def test_ends_where_a_review_is_overdue(self, world, service, held):
        open_everything(world, world.account("stranger").address)
        world.chain.mine(seconds=7 * DAY - HOUR)
        number = open_everything(world)
        assert service.break_glass(ask_in_emergency(world, service, held.record, number)).blob
        world.chain.mine(seconds=HOUR)
        assert refusal(service, ask_in_emergency(world, service, held.record, number)) == "NoEmergency"

    def test_ends_with_the_dismissal_of_the_doctor(self, world, service, held):
        number = open_everything(world)
        world.acting_as("hospital").accreditation.remove_signer(world.hospital, world.account("doctor").address)
        world.chain.mine(seconds=1)
        assert refusal(service, ask_in_emergency(world, service, held.record, number)) == "NoEmergency"
