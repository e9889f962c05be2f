"""EmergencyAccess: data opened in one act, for hours, and the review that follows."""

from __future__ import annotations

from dataclasses import replace

import pytest

from medtrust.accreditation import Role
from medtrust.consent import DataClass, Decision, Reason, with_emergency
from medtrust.consent import Verdict as ConsentVerdict
from medtrust.emergency import EVERYTHING, EmergencyClient, Reviews, Session, Verdict
from medtrust.patients import Scope
from medtrust.types import ZERO_HASH, name_hash
from tests.consents import DAY, simulate
from tests.emergencies import FINDINGS, LABORATORY, REASON, VITAL, emergency, officer, open_session, review, staff
from tests.world import FAR, World

AROUND = [-1, 0, 1]
HOUR = 3600
REVIEW_PERIOD, QUOTA_WINDOW = 7 * DAY, 90 * DAY
GROUNDS = name_hash("the grounds and a salt")


@pytest.fixture(autouse=True)
def _staff(world: World) -> None:
    staff(world)


@pytest.fixture
def doctors(world: World) -> EmergencyClient:
    """The contract as the doctor of the emergency unit."""
    return emergency(world, "doctor")


@pytest.fixture
def officers(world: World) -> EmergencyClient:
    """The contract as the privacy officer."""
    return emergency(world, "carrier")


@pytest.fixture
def hers(world: World) -> str:
    """The address of the patient."""
    return str(world.patient.address)


def others(count: int) -> list[str]:
    """Addresses of other patients."""
    return [f"0x{number:040x}" for number in range(1, count + 1)]


def find_unjustified(world: World, count: int) -> int:
    """Have sessions with other patients reviewed as unjustified; returns when the last was."""
    for patient in others(count):
        review(world, open_session(world, patient=patient), Verdict.UNJUSTIFIED)
    return world.chain.now()


class TestOpen:
    """
    when the caller does not act for the organisation in EMERGENCY_CARE -> reverts NotAuthorised
    when the classes are none or unknown     -> reverts InvalidClasses
    when it would last longer than 24 hours  -> reverts InvalidPeriod, from the second after it on
    given a review is overdue                -> reverts EmergencyCareSuspended, from its second on
    given 96 sessions wait                   -> reverts TooManyUnreviewed
    given 5 sessions of this pair in 30 days -> reverts AllowanceSpent; another pair is free
    given 48 hours of this pair in 30 days   -> reverts AllowanceSpent
    given none of this
      when the doctor opens                  -> a session of 4 hours; emits EmergencyOpened; the next is the next
    """

    @pytest.mark.parametrize("caller", ["carrier", "attacker", "patient"])
    def test_reverts_when_the_caller_may_not(self, world, hers, reverts, caller):
        client = emergency(world, caller)
        signer = client.signer.address
        with reverts("NotAuthorised", organisation=world.hospital, signer=signer, role=Role.EMERGENCY_CARE):
            client.open(hers, world.hospital, REASON)

    @pytest.mark.parametrize("classes", [0, 1 << 21, (1 << 32) - 1])
    def test_reverts_when_the_classes_are_none(self, world, doctors, hers, reverts, classes):
        with reverts("InvalidClasses", classes=classes):
            doctors.open(hers, world.hospital, REASON, classes=classes)

    @pytest.mark.parametrize("more", AROUND)
    def test_reverts_when_it_is_too_long(self, world, doctors, hers, reverts, more):
        arguments = ("open", hers, world.hospital, REASON, int(LABORATORY), DAY + more)
        if more <= 0:
            simulate(doctors, *arguments)
        else:
            with reverts("InvalidPeriod", period=DAY + more):
                simulate(doctors, *arguments)

    @pytest.mark.parametrize("late", AROUND)
    def test_reverts_given_a_review_is_overdue(self, world, doctors, hers, reverts, late):
        due = doctors.session_of(world.hospital, open_session(world)).review_until
        world.chain.travel(due + late)
        arguments = ("open", others(1)[0], world.hospital, REASON, int(LABORATORY), 0)
        if late < 0:
            simulate(doctors, *arguments)
        else:
            with reverts("EmergencyCareSuspended", organisation=world.hospital, **{"from": due}):
                simulate(doctors, *arguments)

    def test_reverts_given_96_sessions_wait(self, world, doctors, hers, reverts):
        for patient in others(96):
            open_session(world, patient=patient)
        review(world, 5)
        with reverts("TooManyUnreviewed", organisation=world.hospital, oldest=0):
            doctors.open(hers, world.hospital, REASON)
        review(world, 0)
        assert open_session(world) == 96

    @pytest.mark.parametrize("late", AROUND)
    def test_reverts_given_5_sessions(self, world, doctors, hers, reverts, late):
        first = doctors.session_of(world.hospital, open_session(world, period=HOUR))
        review(world, 0)
        for number in range(1, 5):
            open_session(world, period=HOUR)
            review(world, number)
        world.chain.travel(first.until + 30 * DAY + late)
        arguments = (world.hospital, REASON, int(LABORATORY), HOUR)
        if late < 0:
            with reverts("AllowanceSpent", patient=hers, actor=doctors.signer.address):
                simulate(doctors, "open", hers, *arguments)
        else:
            simulate(doctors, "open", hers, *arguments)
        simulate(doctors, "open", others(1)[0], *arguments)

    @pytest.mark.parametrize("more", AROUND)
    def test_reverts_given_48_hours(self, world, doctors, hers, reverts, more):
        open_session(world, period=DAY)
        open_session(world, period=DAY - HOUR)
        arguments = ("open", hers, world.hospital, REASON, int(LABORATORY), HOUR + more)
        if more <= 0:
            simulate(doctors, *arguments)
        else:
            with reverts("AllowanceSpent", patient=hers, actor=doctors.signer.address):
                simulate(doctors, *arguments)

    def test_opens_for_4_hours(self, world, doctors, hers):
        receipt = doctors.open(hers, world.hospital, REASON, classes=LABORATORY | VITAL)
        actor = doctors.signer.address

        assert receipt.event("EmergencyOpened").values == {
            "organisation": world.hospital,
            "patient": hers,
            "actor": actor,
            "number": 0,
            "reason": REASON,
            "classes": int(LABORATORY | VITAL),
            "openedAt": receipt.at,
            "until": receipt.at + 4 * HOUR,
        }
        assert doctors.session_of(world.hospital, 0) == Session(
            number=0,
            patient=hers,
            actor=actor,
            classes=int(LABORATORY | VITAL),
            opened_at=receipt.at,
            until=receipt.at + 4 * HOUR,
            review_until=receipt.at + REVIEW_PERIOD,
            contested_at=0,
            verdict=Verdict.NONE,
        )
        assert doctors.reviews_of(world.hospital) == Reviews(1, receipt.at + REVIEW_PERIOD, 0)
        assert doctors.reviews_of(world.clinic) == Reviews(0, 0, 0)
        assert doctors.session_of(world.hospital, 1) is None
        assert open_session(world) == 1


class TestIsOpen:
    """
    given a session
      when asked for its patient, clinician and class                   -> true, in its time alone
      when one of these, the organisation or the number is another's    -> false
    given the patient withholds the class since                         -> false
    given the organisation is suspended, or the clinician removed since -> false
    """

    def test_ends_by_itself(self, world, doctors, hers, doctor):
        session = doctors.session_of(world.hospital, open_session(world))
        found = [
            doctors.is_open(world.hospital, 0, hers, doctor.address, LABORATORY, at=time + late)
            for time in (session.opened_at, session.until)
            for late in AROUND
        ]
        assert found == [False, True, True, True, False, False]

    def test_is_for_what_it_says_alone(self, world, doctors, hers, doctor):
        open_session(world)
        given = [world.hospital, 0, hers, doctor.address, LABORATORY]
        assert doctors.is_open(*given)
        wrong = [world.clinic, 1, others(1)[0], officer(world), DataClass.GENETICS]
        for place, value in enumerate(wrong):
            assert not doctors.is_open(*given[:place], value, *given[place + 1 :])
        assert not doctors.is_open(*given[:4], LABORATORY | VITAL)

    def test_ends_given_the_patient_withholds(self, world, doctors, hers, doctor):
        open_session(world)
        emergency(world, "patient").change_rule(hers, LABORATORY)

        assert not doctors.is_open(world.hospital, 0, hers, doctor.address, LABORATORY)
        assert doctors.is_open(world.hospital, 0, hers, doctor.address, VITAL)

    def test_ends_given_the_clinician_is_removed(self, world, doctors, hers, doctor):
        open_session(world)
        world.acting_as("hospital").accreditation.remove_signer(world.hospital, doctor.address)

        assert not doctors.is_open(world.hospital, 0, hers, doctor.address, LABORATORY)

    def test_ends_given_the_organisation_is_suspended(self, world, doctors, hers, doctor):
        find_unjustified(world, 3)
        number = open_session(world)
        assert doctors.is_open(world.hospital, number, hers, doctor.address, LABORATORY)
        review(world, number, Verdict.UNJUSTIFIED)

        assert not doctors.is_open(world.hospital, number, hers, doctor.address, LABORATORY)


class TestReview:
    """
    when the caller is no privacy officer       -> reverts NotAuthorised
    when there is no such session               -> reverts UnknownSession
    when the officer opened it                  -> reverts SelfReview
    when the officer is of the clinician's unit -> reverts SameUnit, also where neither has one
    when the verdict is none                    -> reverts InvalidVerdict
    given it was reviewed                       -> reverts AlreadyReviewed
    given it needs information                  -> it waits on, with the same deadline
    given it waits                              -> the verdict stands; emits EmergencyReviewed; the next is due
    given it is overdue                         -> the verdict stands, and the suspension since the deadline too
    """

    @pytest.mark.parametrize("caller", ["attacker", "patient"])
    def test_reverts_when_the_caller_is_no_officer(self, world, reverts, caller):
        open_session(world)
        client = emergency(world, caller)
        signer = client.signer.address
        with reverts("NotAuthorised", organisation=world.hospital, signer=signer, role=Role.PRIVACY_OFFICER):
            client.review(world.hospital, 0, Verdict.JUSTIFIED)

    def test_reverts_when_there_is_none(self, world, officers, reverts):
        with reverts("UnknownSession", organisation=world.hospital, number=0):
            officers.review(world.hospital, 0, Verdict.JUSTIFIED)

    def test_reverts_when_the_officer_opened_it(self, world, doctors, doctor, reverts):
        open_session(world)
        with reverts("SelfReview", actor=doctor.address):
            doctors.review(world.hospital, 0, Verdict.JUSTIFIED)

    def test_reverts_when_the_officer_is_of_the_same_unit(self, world, reverts, stranger):
        open_session(world)
        unit = name_hash("emergency unit")
        registry = world.acting_as("hospital").accreditation
        registry.add_signer(world.hospital, stranger.address, Role.PRIVACY_OFFICER, until=FAR, unit=unit)
        with reverts("SameUnit", organisation=world.hospital, unit=unit):
            emergency(world, "stranger").review(world.hospital, 0, Verdict.JUSTIFIED)

    def test_reverts_when_neither_has_a_unit(self, world, reverts, stranger):
        open_session(world, by="hospital")
        registry = world.acting_as("hospital").accreditation
        registry.add_signer(world.hospital, stranger.address, Role.PRIVACY_OFFICER, until=FAR)
        with reverts("SameUnit", organisation=world.hospital, unit=ZERO_HASH):
            emergency(world, "stranger").review(world.hospital, 0, Verdict.JUSTIFIED)

    def test_reverts_when_the_verdict_is_none(self, world, officers, reverts):
        open_session(world)
        with reverts("InvalidVerdict"):
            officers.review(world.hospital, 0, Verdict.NONE)

    @pytest.mark.parametrize("verdict", [Verdict.JUSTIFIED, Verdict.UNJUSTIFIED])
    def test_reverts_given_it_was_reviewed(self, world, officers, reverts, verdict):
        review(world, open_session(world), verdict)
        with reverts("AlreadyReviewed", organisation=world.hospital, number=0, verdict=verdict):
            officers.review(world.hospital, 0, Verdict.JUSTIFIED)

    def test_waits_on_given_it_needs_information(self, world, officers):
        before = officers.session_of(world.hospital, open_session(world))
        review(world, 0, Verdict.NEEDS_INFORMATION)

        assert officers.session_of(world.hospital, 0) == replace(before, verdict=Verdict.NEEDS_INFORMATION)
        assert [session.number for session in officers.unreviewed(world.hospital)] == [0]
        assert officers.reviews_of(world.hospital).due_at == before.review_until
        review(world, 0)
        assert officers.unreviewed(world.hospital) == []

    def test_records_the_verdict(self, world, officers):
        for patient in others(3):
            open_session(world, patient=patient)
            world.chain.mine(seconds=HOUR)
        receipt = officers.review(world.hospital, 0, Verdict.JUSTIFIED, findings=FINDINGS)
        second = officers.session_of(world.hospital, 1)

        assert receipt.event("EmergencyReviewed").values == {
            "organisation": world.hospital,
            "reviewer": officer(world),
            "number": 0,
            "verdict": Verdict.JUSTIFIED,
            "findings": FINDINGS,
            "reviewedAt": receipt.at,
            "suspendedFrom": 0,
        }
        assert officers.session_of(world.hospital, 0).verdict is Verdict.JUSTIFIED
        assert second.verdict is Verdict.NONE
        assert officers.reviews_of(world.hospital) == Reviews(3, second.review_until, 0)

    def test_keeps_the_suspension_given_it_is_overdue(self, world, officers):
        due = officers.session_of(world.hospital, open_session(world)).review_until
        world.chain.travel(due + DAY)
        receipt = officers.review(world.hospital, 0, Verdict.JUSTIFIED)

        assert receipt.event("EmergencyReviewed").values["suspendedFrom"] == due
        assert officers.reviews_of(world.hospital) == Reviews(1, 0, due)
        assert [officers.is_suspended(world.hospital, at=due + late) for late in AROUND] == [False, True, True]


class TestQuota:
    """
    given 3 sessions were unjustified in 90 days -> the organisation goes on
      when one more is                           -> it is suspended from that second on, without anyone suspending it
      when one more is after the first is 90 days old -> it goes on; one second earlier it does not
    """

    def test_suspends_one_over_the_quota(self, world, officers, hers, reverts):
        find_unjustified(world, 3)
        assert not officers.is_suspended(world.hospital)
        number = open_session(world)
        receipt = officers.review(world.hospital, number, Verdict.UNJUSTIFIED)

        assert receipt.event("EmergencyReviewed").values["suspendedFrom"] == receipt.at
        assert officers.is_suspended(world.hospital)
        assert not officers.is_suspended(world.clinic)
        with reverts("EmergencyCareSuspended", organisation=world.hospital, **{"from": receipt.at}):
            open_session(world)

    @pytest.mark.parametrize("late", AROUND)
    def test_forgets_after_90_days(self, world, officers, late):
        first = find_unjustified(world, 1)
        world.chain.mine(seconds=DAY)
        for patient in others(3)[1:]:
            review(world, open_session(world, patient=patient), Verdict.UNJUSTIFIED)
        world.chain.travel(first + QUOTA_WINDOW - HOUR)
        number = open_session(world)
        world.chain.travel(first + QUOTA_WINDOW + late)
        officers.review(world.hospital, number, Verdict.UNJUSTIFIED)

        assert officers.is_suspended(world.hospital) == (late < 0)


class TestRestore:
    """
    when the caller is not the authority -> reverts NotAuthority
    given it is not suspended            -> reverts NotSuspended
    given a review is overdue still      -> reverts ReviewOverdue
    given it was reviewed late           -> it may open again; emits EmergencyCareRestored
    given it was over the quota          -> it may open again, and begins at none
    """

    @pytest.mark.parametrize("caller", ["hospital", "carrier", "attacker"])
    def test_reverts_when_the_caller_is_not_the_authority(self, world, reverts, caller):
        with reverts("NotAuthority", jurisdiction=840, caller=world.account(caller).address):
            emergency(world, caller).restore(world.hospital)

    def test_reverts_given_it_is_not_suspended(self, world, reverts):
        open_session(world)
        with reverts("NotSuspended", organisation=world.hospital):
            emergency(world, "authority").restore(world.hospital)

    def test_reverts_given_a_review_is_overdue(self, world, reverts):
        open_session(world)
        world.chain.mine(seconds=REVIEW_PERIOD)
        with reverts("ReviewOverdue", organisation=world.hospital, number=0):
            emergency(world, "authority").restore(world.hospital)

    def test_restores(self, world, officers, authority):
        open_session(world)
        world.chain.mine(seconds=REVIEW_PERIOD)
        review(world, 0)
        receipt = emergency(world, "authority").restore(world.hospital)

        assert receipt.event("EmergencyCareRestored").values == {
            "organisation": world.hospital,
            "authority": authority.address,
            "restoredAt": receipt.at,
        }
        assert officers.reviews_of(world.hospital) == Reviews(1, 0, 0)
        assert open_session(world) == 1

    def test_begins_at_none(self, world, officers):
        find_unjustified(world, 4)
        emergency(world, "authority").restore(world.hospital)
        review(world, open_session(world), Verdict.UNJUSTIFIED)

        assert not officers.is_suspended(world.hospital)


class TestContest:
    """
    when there is no such session           -> reverts UnknownSession
    when the caller may not                 -> reverts NotController
    when a guardian's scope is another      -> reverts NotController
    given it was contested                  -> reverts AlreadyContested
    given it was not
      when the patient or a guardian contests, or anyone with her signature -> recorded; emits EmergencyContested
      when her signature is of another session, or another's                -> reverts InvalidSignature
    """

    def test_reverts_when_there_is_none(self, world, reverts):
        with reverts("UnknownSession", organisation=world.hospital, number=0):
            emergency(world, "patient").contest(world.hospital, 0)

    @pytest.mark.parametrize("scope", [Scope(0), Scope.GRANT | Scope.REVOKE | Scope.READ])
    def test_reverts_when_the_caller_may_not(self, world, hers, reverts, stranger, scope):
        open_session(world)
        if scope:
            world.acting_as(world.patient).patients.add_guardian(hers, stranger.address, scope, until=FAR)
        with reverts("NotController", patient=hers, caller=stranger.address):
            emergency(world, "stranger").contest(world.hospital, 0)

    def test_reverts_given_it_was_contested(self, world, reverts):
        open_session(world)
        at = emergency(world, "patient").contest(world.hospital, 0).at
        with reverts("AlreadyContested", organisation=world.hospital, number=0, contestedAt=at):
            emergency(world, "patient").contest(world.hospital, 0)

    @pytest.mark.parametrize("how", ["patient", "guardian", "signature"])
    def test_records_it(self, world, doctors, hers, stranger, how):
        before = doctors.session_of(world.hospital, open_session(world))
        if how == "patient":
            receipt = emergency(world, "patient").contest(world.hospital, 0, grounds=GROUNDS)
        elif how == "guardian":
            world.acting_as(world.patient).patients.add_guardian(hers, stranger.address, Scope.CONTEST, until=FAR)
            receipt = emergency(world, "stranger").contest(world.hospital, 0, grounds=GROUNDS)
        else:
            signed = emergency(world, "patient").sign_contest(world.hospital, 0, deadline=FAR, grounds=GROUNDS)
            receipt = emergency(world, "relayer").contest_by_sig(signed)

        assert receipt.event("EmergencyContested").values == {
            "organisation": world.hospital,
            "patient": hers,
            "number": 0,
            "grounds": GROUNDS,
            "contestedAt": receipt.at,
        }
        assert doctors.session_of(world.hospital, 0) == replace(before, contested_at=receipt.at)

    def test_reverts_when_the_signature_is_another(self, world, hers, reverts):
        open_session(world)
        open_session(world)
        signed = emergency(world, "patient").sign_contest(world.hospital, 0, deadline=FAR)
        forged = emergency(world, "attacker").sign_contest(world.hospital, 1, deadline=FAR)
        for wrong in (replace(signed, number=1), replace(signed, grounds=GROUNDS), forged):
            with reverts("InvalidSignature", signer=hers):
                emergency(world, "relayer").contest_by_sig(wrong)


class TestOverrule:
    """
    when the caller is not the authority  -> reverts NotAuthority
    given it was not contested            -> reverts NotContested
    given it was not found justified      -> reverts NotJustified
    given it was justified and contested  -> unjustified; emits ReviewOverruled; counts for the quota
    """

    def test_reverts_when_the_caller_is_not_the_authority(self, world, reverts, attacker):
        open_session(world)
        with reverts("NotAuthority", jurisdiction=840, caller=attacker.address):
            emergency(world, "attacker").overrule(world.hospital, 0)

    def test_reverts_given_it_was_not_contested(self, world, reverts):
        review(world, open_session(world))
        with reverts("NotContested", organisation=world.hospital, number=0):
            emergency(world, "authority").overrule(world.hospital, 0)

    @pytest.mark.parametrize("verdict", [None, Verdict.NEEDS_INFORMATION, Verdict.UNJUSTIFIED])
    def test_reverts_given_it_was_not_justified(self, world, reverts, verdict):
        open_session(world)
        if verdict:
            review(world, 0, verdict)
        emergency(world, "patient").contest(world.hospital, 0)
        with reverts("NotJustified", organisation=world.hospital, number=0, verdict=verdict or Verdict.NONE):
            emergency(world, "authority").overrule(world.hospital, 0)

    def test_finds_it_unjustified(self, world, officers, authority):
        find_unjustified(world, 3)
        number = open_session(world)
        review(world, number)
        emergency(world, "patient").contest(world.hospital, number)
        receipt = emergency(world, "authority").overrule(world.hospital, number, findings=FINDINGS)

        assert receipt.event("ReviewOverruled").values == {
            "organisation": world.hospital,
            "authority": authority.address,
            "number": number,
            "findings": FINDINGS,
            "overruledAt": receipt.at,
            "suspendedFrom": receipt.at,
        }
        assert officers.session_of(world.hospital, number).verdict is Verdict.UNJUSTIFIED
        assert officers.is_suspended(world.hospital)


class TestRule:
    """
    when the caller may not              -> reverts NotController
    given the patient is frozen          -> reverts Frozen, also with a signature
    when the patient or a guardian changes it, or anyone with her signature -> the rule stands; emits RuleChanged
    when she denies all                  -> a session gives nothing
    when she denies some                 -> a session gives the others
    when the signature is sent again     -> reverts NonceTaken
    """

    def test_reverts_when_the_caller_may_not(self, world, hers, reverts, attacker):
        with reverts("NotController", patient=hers, caller=attacker.address):
            emergency(world, "attacker").change_rule(hers, 0)

    def test_reverts_given_the_patient_is_frozen(self, world, hers, reverts):
        client = emergency(world, "patient")
        signed = client.sign_change_rule(hers, 0, deadline=FAR)
        world.acting_as(world.patient).patients.freeze(hers, world.chain.now() + DAY)
        with reverts("Frozen", patient=hers):
            client.change_rule(hers, 0)
        with reverts("Frozen", patient=hers):
            emergency(world, "relayer").change_rule_by_sig(signed)

    @pytest.mark.parametrize("how", ["patient", "guardian", "signature"])
    def test_changes_it(self, world, hers, stranger, reverts, how):
        withheld = int(DataClass.GENETICS)
        if how == "patient":
            receipt = emergency(world, "patient").change_rule(hers, withheld)
        elif how == "guardian":
            world.acting_as(world.patient).patients.add_guardian(hers, stranger.address, Scope.EMERGENCY, until=FAR)
            receipt = emergency(world, "stranger").change_rule(hers, withheld)
        else:
            signed = emergency(world, "patient").sign_change_rule(hers, withheld, deadline=FAR)
            receipt = emergency(world, "relayer").change_rule_by_sig(signed)
            with reverts("NonceTaken", signer=hers, nonce=signed.nonce):
                emergency(world, "relayer").change_rule_by_sig(signed)

        assert receipt.event("RuleChanged").values == {"patient": hers, "withheld": withheld}
        assert emergency(world).withheld_of(hers) == withheld
        assert emergency(world).withheld_of(stranger.address) == 0

    def test_denies_all(self, world, hers, doctors):
        emergency(world, "patient").change_rule(hers, EVERYTHING)
        number = open_session(world, classes=VITAL)
        assert not doctors.is_open(world.hospital, number, hers, doctors.signer.address, VITAL)
        assert doctors.session_of(world.hospital, number).classes == VITAL

    def test_denies_some_and_opens_the_others(self, world, hers, doctors):
        emergency(world, "patient").change_rule(hers, DataClass.GENETICS | LABORATORY)
        number = open_session(world, classes=LABORATORY | VITAL)
        answers = [
            doctors.is_open(world.hospital, number, hers, doctors.signer.address, it) for it in (LABORATORY, VITAL)
        ]
        assert answers == [False, True]


class TestLists:
    """
    given sessions of several days, some reviewed -> those that wait, and those that are overdue at each second
    given sessions that end one after another     -> those that still run at each second, also reviewed ones
    given a patient's sessions                    -> her history, and nothing of others
    """

    def test_lists_what_waits_and_what_is_overdue(self, world, officers):
        sessions = []
        for patient in others(5):
            number = open_session(world, patient=patient)
            sessions.append(officers.session_of(world.hospital, number))
            world.chain.mine(seconds=DAY)
        review(world, 1)
        review(world, 3)

        def numbers(found: list[Session]) -> list[int]:
            return [session.number for session in found]

        assert numbers(officers.unreviewed(world.hospital)) == [0, 2, 4]
        assert officers.overdue(world.hospital) == []
        world.chain.travel(sessions[2].review_until - 1)
        assert numbers(officers.overdue(world.hospital)) == [0]
        world.chain.travel(sessions[2].review_until)
        assert numbers(officers.overdue(world.hospital)) == [0, 2]
        review(world, 0)
        assert numbers(officers.overdue(world.hospital)) == [2]
        assert numbers(officers.unreviewed(world.hospital)) == [2, 4]
        world.chain.travel(sessions[4].review_until + DAY)
        assert numbers(officers.overdue(world.hospital)) == [2, 4]

    def test_lists_what_still_runs(self, world, officers):
        for patient, hours in zip(others(3), (1, 3, 2), strict=True):
            open_session(world, patient=patient, period=hours * 3600)
        review(world, 0)
        review(world, 1, Verdict.UNJUSTIFIED)
        sessions = [officers.session_of(world.hospital, number) for number in range(3)]
        ends = [session.until for session in sessions]

        running = officers.running(world.hospital)
        assert running == sessions
        assert [session.verdict for session in running] == [Verdict.JUSTIFIED, Verdict.UNJUSTIFIED, Verdict.NONE]
        for at, expected in (
            (ends[0] - 1, [0, 1, 2]),
            (ends[0], [1, 2]),
            (ends[0] + 1, [1, 2]),
            (ends[2], [1]),
            (ends[1] - 1, [1]),
            (ends[1], []),
        ):
            world.chain.travel(at)
            assert [session.number for session in officers.running(world.hospital)] == expected
        assert officers.running(world.clinic) == []
        assert [session.number for session in officers.unreviewed(world.hospital)] == [2]

    def test_tells_the_history_of_a_patient(self, world, hers):
        client = emergency(world, "patient")
        open_session(world, patient=others(1)[0])
        open_session(world)
        client.contest(world.hospital, 1)
        client.change_rule(hers, EVERYTHING)

        names = [event.name for event in client.history(hers)]
        assert names == ["EmergencyOpened", "EmergencyContested", "RuleChanged"]


class TestPrecedence:
    """
    given an open session -> above a permission and a lack of consent, below what the patient denied
    given none            -> what the consent says
    """

    @pytest.mark.parametrize(
        ("decision", "reason", "expected"),
        [
            (Decision.DEFAULT_DENIAL, Reason.UNKNOWN, Decision.BREAK_GLASS),
            (Decision.PERMIT, Reason.NONE, Decision.BREAK_GLASS),
            (Decision.EXPLICIT_DENIAL, Reason.REVOKED, Decision.EXPLICIT_DENIAL),
        ],
    )
    def test_ranks(self, decision, reason, expected):
        verdict = ConsentVerdict(decision, reason)
        found = with_emergency(verdict, is_open=True)

        assert found.decision is expected
        assert found.is_permitted == (expected is Decision.BREAK_GLASS)
        assert with_emergency(verdict, is_open=False) == verdict
