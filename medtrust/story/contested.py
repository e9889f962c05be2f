"""Contested: who may not review, a patient who does not believe it, an authority, and a suspension by itself."""

from __future__ import annotations

import secrets
from collections.abc import Generator, Iterator

from medtrust.accreditation import Role
from medtrust.consent import DataClass
from medtrust.emergency import Verdict
from medtrust.keccak import keccak256
from medtrust.sandbox import FAR, STAFF
from medtrust.story.stage import Beat, Stage, clock, require
from medtrust.types import name_hash

__all__ = ["contest_and_suspend"]

_DAY = 86_400


def contest_and_suspend(stage: Stage) -> Iterator[Beat]:
    """Review the tourist's session, contest it, overrule; leave another unreviewed, and see what that does."""
    yield Beat("chapter", "The contested break-glass")
    number = stage.kept["session"]["number"]
    yield from _review(stage, number)
    yield from _contest(stage, number)
    late = yield from _forget(stage)
    yield from _restore(stage, late)


def _review(stage: Stage, number: int) -> Iterator[Beat]:
    hospital = stage.id("hospital")
    colleague, unit = stage.funded("colleague"), name_hash(STAFF["doctor"].unit)
    stage.as_("hospital").accreditation.add_signer(
        hospital, colleague.address, Role.PRIVACY_OFFICER | Role.EMERGENCY_CARE, until=FAR, unit=unit
    )
    yield stage.refusal(
        "The doctor reviews what she opened.",
        lambda: stage.as_("doctor").emergency.review(hospital, number, Verdict.JUSTIFIED),
    )
    yield stage.refusal(
        "A colleague of the emergency unit, who may review, does it for her.",
        lambda: stage.as_(colleague).emergency.review(hospital, number, Verdict.JUSTIFIED),
    )
    own = stage.as_(colleague).emergency.open(stage.person("tourist").address, hospital, _salted("help"))
    stage.kept["late"] = int(own.event("EmergencyOpened").values["number"])
    yield stage.transaction(f"The colleague opens the tourist's data as well: session {stage.kept['late']}.", own)
    yield stage.refusal(
        "And reviews that herself.",
        lambda: stage.as_(colleague).emergency.review(hospital, stage.kept["late"], Verdict.JUSTIFIED),
    )
    reviewed = stage.as_("officer").emergency.review(
        hospital, number, Verdict.JUSTIFIED, findings=_salted("the log shows an ambulance")
    )
    yield stage.transaction(
        f"The officer of the {STAFF['officer'].unit} finds session {number}, the doctor's, justified.",
        reviewed,
        "emergency review",
    )


def _contest(stage: Stage, number: int) -> Iterator[Beat]:
    hospital = stage.id("hospital")
    tourist = stage.as_(stage.person("tourist")).emergency
    deadline = stage.suite.chain.now() + _DAY
    signed = tourist.sign_contest(hospital, number, deadline=deadline, grounds=_salted("I was awake, nobody asked"))
    yield stage.refusal(
        "Before it is contested, even the authority leaves it alone.",
        lambda: stage.as_("authority").emergency.overrule(hospital, number),
    )
    contested = stage.as_("relayer").emergency.contest_by_sig(signed)
    yield stage.transaction("The tourist is awake and contests it.", contested, "emergency contestBySig")
    yield stage.refusal(
        "The hospital cannot judge that.", lambda: stage.as_("hospital").emergency.overrule(hospital, number)
    )
    overruled = stage.as_("authority").emergency.overrule(hospital, number, findings=_salted("she was awake"))
    yield stage.transaction("The authority of the jurisdiction asks both and overrules.", overruled)
    session = stage.suite.emergency.session_of(hospital, number)
    require(session is not None and session.verdict is Verdict.UNJUSTIFIED, "the session is unjustified")
    yield Beat("verdict", "What the session is now, for ever.", Verdict.UNJUSTIFIED.name)


def _forget(stage: Stage) -> Generator[Beat, None, int]:
    """Leave the colleague's session unreviewed until its review is overdue."""
    hospital, emergency, late = stage.id("hospital"), stage.suite.emergency, int(stage.kept["late"])
    due = emergency.reviews_of(hospital).due_at
    stage.suite.chain.travel(due - 1)
    require(not emergency.is_suspended(hospital), "a review has its time")
    yield Beat(
        "verdict",
        f"Nobody reviews the colleague's session. One second before that is overdue ({clock(due - 1)}).",
        "IN TIME",
    )
    stage.suite.chain.travel(due)
    overdue = [session.number for session in emergency.overdue(hospital)]
    require(emergency.is_suspended(hospital) and overdue == [late], "an overdue review suspends by itself")
    yield Beat(
        "verdict",
        f"One second later ({clock(due)}) {stage.title('hospital')} is suspended from emergencies; nobody did it.",
        "SUSPENDED",
        facts={"overdue": overdue},
    )
    yield stage.refusal(
        "The doctor opens the data of the next patient.",
        lambda: stage.as_("doctor").emergency.open(stage.person("daughter").address, hospital, _salted("an accident")),
    )
    return late


def _restore(stage: Stage, late: int) -> Iterator[Beat]:
    hospital, authority = stage.id("hospital"), stage.as_("authority").emergency
    yield stage.refusal("The authority does not restore what still waits.", lambda: authority.restore(hospital))
    reviewed = stage.as_("officer").emergency.review(hospital, late, Verdict.UNJUSTIFIED, findings=_salted("curious"))
    require(stage.suite.emergency.is_suspended(hospital), "a late review does not undo a suspension")
    yield stage.transaction("The officer reviews it late: unjustified. The suspension stays.", reviewed)
    yield stage.refusal("The hospital restores itself.", lambda: stage.as_("hospital").emergency.restore(hospital))
    yield stage.transaction("The authority restores it.", authority.restore(hospital), "emergency restore")
    opened = stage.as_("doctor").emergency.open(
        stage.person("daughter").address, hospital, _salted("an accident"), classes=DataClass.ALLERGY
    )
    yield stage.transaction("The doctor opens the data of the next patient.", opened)


def _salted(words: str) -> bytes:
    return keccak256(secrets.token_bytes(32) + words.encode())
