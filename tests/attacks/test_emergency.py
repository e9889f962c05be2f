"""Attacks on access in emergencies: each is blocked, and succeeds where its one defence is taken out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from medtrust.accreditation import Role
from medtrust.emergency import EVERYTHING, Verdict
from medtrust.types import name_hash
from tests.attacks.framework import Attack, AttackTests, Blocked, attacks_on
from tests.attacks.test_consent import ACTIONS, NOT_CONTROLLER, OLD_REGISTRY, UNSIGNED
from tests.consents import DAY
from tests.emergencies import LABORATORY, REASON, VITAL, emergency, open_session, review, staff
from tests.world import FAR, World

ATTACKS: list[Attack] = []
attack = attacks_on("EmergencyAccess", ATTACKS)

ALLOWANCE = "contracts/libraries/Allowance.sol"
SESSIONS = "contracts/libraries/Sessions.sol"
NONCES = "contracts/base/UnorderedNonces.sol"
HOUR = 3600


class TestAttacks(AttackTests):
    pass


def others(count: int) -> list[str]:
    return [f"0x{number:040x}" for number in range(1, count + 1)]


def read(world: World, number: int = 0, *, by: str = "doctor", data_class: int = LABORATORY, at: int = 0) -> None:
    """Go on only if the session is open: that is the damage."""
    client, actor = emergency(world), world.account(by).address
    time = at or world.chain.now()
    if not client.is_open(world.hospital, number, world.patient.address, actor, data_class, at=time):
        raise Blocked("closed")


# Opening


@attack(
    "emergency-opened-by-a-stranger",
    defence="only a signer for emergency care opens",
    blocked_by="NotAuthorised",
    patch=[("        _checkAuthorised(organisation, Roles.EMERGENCY_CARE);\n", "")],
)
def open_as_a_stranger(world: World) -> None:
    staff(world)
    open_session(world, by="attacker")
    assert emergency(world).unreviewed(world.hospital)


@attack(
    "emergency-against-the-patients-rule",
    defence="what the patient withholds is not opened",
    blocked_by="closed",
    patch=[("covers(patient, actor, dataClass, _rules[patient], at)", "covers(patient, actor, dataClass, 0, at)")],
)
def open_against_the_rule(world: World) -> None:
    staff(world)
    emergency(world, "patient").change_rule(world.patient.address, EVERYTHING)
    open_session(world)
    read(world)


@attack(
    "emergency-read-against-a-new-rule",
    defence="a rule that the patient makes meanwhile counts at once",
    blocked_by="closed",
    contract="EmergencyAccess",
    file=SESSIONS,
    patch=[("kept.classes & ~withheld", "kept.classes | (withheld & 0)")],
)
def read_against_a_new_rule(world: World) -> None:
    staff(world)
    open_session(world)
    emergency(world, "patient").change_rule(world.patient.address, EVERYTHING)
    read(world)


@attack(
    "emergency-of-a-year",
    defence="a session lasts at most 24 hours",
    blocked_by="InvalidPeriod",
    patch=[("require(period <= _MAX_PERIOD, InvalidPeriod(period));", "")],
)
def open_for_a_day_and_a_second(world: World) -> None:
    staff(world)
    open_session(world, period=DAY + 1)


@attack(
    "emergency-rolling-sessions",
    defence="5 sessions of one clinician with one patient in 30 days",
    blocked_by="AllowanceSpent",
    contract="EmergencyAccess",
    file=ALLOWANCE,
    patch=[("count <= MAX_SESSIONS && ", "")],
)
def roll_sessions(world: World) -> None:
    """Open session after session, so that they add up to a permanent pass."""
    staff(world)
    for number in range(6):
        open_session(world, period=HOUR)
        review(world, number)
        world.chain.mine(seconds=HOUR)
    read(world, 5, at=world.chain.now() - 1)


@attack(
    "emergency-rolling-days",
    defence="48 hours of one clinician with one patient in 30 days",
    blocked_by="AllowanceSpent",
    contract="EmergencyAccess",
    file=ALLOWANCE,
    patch=[(" && time <= MAX_TIME", "")],
)
def roll_days(world: World) -> None:
    staff(world)
    for _ in range(3):
        open_session(world, period=DAY)
        world.chain.mine(seconds=DAY)


@attack(
    "emergency-read-after-its-end",
    defence="a session ends by itself",
    blocked_by="closed",
    contract="EmergencyAccess",
    file=SESSIONS,
    patch=[(" && at < kept.until", "")],
)
def read_after_its_end(world: World) -> None:
    staff(world)
    open_session(world)
    world.chain.mine(seconds=4 * HOUR)
    read(world)


@attack(
    "emergency-read-by-another",
    defence="a session is for the clinician who opened it",
    blocked_by="closed",
    contract="EmergencyAccess",
    file=SESSIONS,
    patch=[(" && actor == kept.actor", "")],
)
def read_as_another(world: World) -> None:
    staff(world)
    open_session(world)
    read(world, by="hospital")


@attack(
    "emergency-read-of-another-patient",
    defence="a session is for one patient",
    blocked_by="closed",
    contract="EmergencyAccess",
    file=SESSIONS,
    patch=[("patient == kept.patient && ", "")],
)
def read_another_patient(world: World) -> None:
    staff(world)
    open_session(world, patient=others(1)[0])
    read(world)


@attack(
    "emergency-read-of-another-class",
    defence="a session is for the classes that were opened",
    blocked_by="closed",
    contract="EmergencyAccess",
    file=SESSIONS,
    patch=[("DataClasses.isWithin(dataClass, kept.classes & ~withheld)", "dataClass & withheld == 0")],
)
def read_another_class(world: World) -> None:
    staff(world)
    open_session(world, classes=VITAL)
    read(world)


@attack(
    "emergency-read-after-dismissal",
    defence="a clinician who does not act for the organisation any more reads nothing",
    blocked_by="closed",
    patch=[
        (
            "        return ACCREDITATION.isAuthorised(organisation, actor, Roles.EMERGENCY_CARE, at);",
            "        return true;",
        )
    ],
)
def read_after_dismissal(world: World) -> None:
    staff(world)
    open_session(world)
    world.acting_as("hospital").accreditation.remove_signer(world.hospital, world.account("doctor").address)
    read(world)


@attack(
    "emergency-read-while-suspended",
    defence="a suspension closes what is open",
    blocked_by="closed",
    patch=[("        if (isSuspended(organisation, at)) return false;\n", "")],
)
def read_while_suspended(world: World) -> None:
    """Open a session an hour before another is overdue, and read on by it while the hospital is suspended."""
    staff(world)
    due = world.chain.now() + 7 * DAY
    open_session(world)
    world.chain.travel(due - HOUR)
    number = open_session(world)
    world.chain.travel(due + HOUR)
    read(world, number)


# Reviews


@attack(
    "emergency-self-review",
    defence="nobody reviews what she opened",
    blocked_by="SelfReview",
    patch=[
        ("        require(msg.sender != actor, SelfReview(actor));\n", ""),
        ("unit != _unitOf(organisation, msg.sender)", "true"),
    ],
)
def review_oneself(world: World) -> None:
    staff(world)
    open_session(world)
    emergency(world, "doctor").review(world.hospital, 0, Verdict.JUSTIFIED)


@attack(
    "emergency-collusion-in-a-unit",
    defence="a session is reviewed by another unit",
    blocked_by="SameUnit",
    patch=[("unit != _unitOf(organisation, msg.sender)", "true")],
)
def collude_in_a_unit(world: World) -> None:
    """Have a colleague of the same unit find it justified."""
    staff(world)
    open_session(world)
    registry, colleague = world.acting_as("hospital").accreditation, world.account("stranger").address
    unit = name_hash("emergency unit")
    registry.add_signer(world.hospital, colleague, Role.PRIVACY_OFFICER, until=FAR, unit=unit)
    emergency(world, "stranger").review(world.hospital, 0, Verdict.JUSTIFIED)


@attack(
    "emergency-collusion-with-another-organisation",
    defence="a session is reviewed by a privacy officer of its own organisation",
    blocked_by="NotAuthorised",
    patch=[("        _checkAuthorised(organisation, Roles.PRIVACY_OFFICER);\n", "")],
)
def collude_with_a_friend(world: World) -> None:
    staff(world)
    open_session(world)
    emergency(world, "clinic").review(world.hospital, 0, Verdict.JUSTIFIED)


@attack(
    "emergency-review-changed",
    defence="a review that has ended stands",
    blocked_by="AlreadyReviewed",
    patch=[
        (
            "        require(isWaiting, AlreadyReviewed(organisation, number, session.verdict));\n",
            "        isWaiting;\n",
        )
    ],
)
def change_a_review(world: World) -> None:
    """Turn what was found unjustified into justified."""
    staff(world)
    review(world, open_session(world), Verdict.UNJUSTIFIED)
    review(world, 0, Verdict.JUSTIFIED)


@attack(
    "emergency-overdue-and-on",
    defence="a review that is overdue suspends by itself",
    blocked_by="EmergencyCareSuspended",
    patch=[("        if (from == 0 && span != 0 && block.timestamp >= dueAt) from = dueAt;\n", "")],
)
def go_on_while_overdue(world: World) -> None:
    staff(world)
    open_session(world)
    world.chain.mine(seconds=7 * DAY)
    open_session(world)


@attack(
    "emergency-late-review-undoes",
    defence="a late review does not undo the suspension",
    blocked_by="EmergencyCareSuspended",
    patch=[("from = docket.suspension(uint64(block.timestamp));", "from = docket.suspendedFrom;")],
)
def undo_by_a_late_review(world: World) -> None:
    staff(world)
    open_session(world)
    world.chain.mine(seconds=7 * DAY)
    review(world, 0)
    open_session(world)


@attack(
    "emergency-information-for-ever",
    defence="asking for information leaves the deadline",
    blocked_by="EmergencyCareSuspended",
    patch=[("if (verdict != Verdict.NEEDS_INFORMATION) docket.close(number);", "docket.close(number);")],
)
def need_information_for_ever(world: World) -> None:
    """Ask for information instead of reviewing."""
    staff(world)
    open_session(world)
    review(world, 0, Verdict.NEEDS_INFORMATION)
    world.chain.mine(seconds=7 * DAY)
    open_session(world)


@attack(
    "emergency-over-the-quota",
    defence="more than 3 unjustified sessions in 90 days suspend by themselves",
    blocked_by="EmergencyCareSuspended",
    patch=[("if (isOver && from == 0)", "if (isOver && from != 0)")],
)
def go_on_over_the_quota(world: World) -> None:
    staff(world)
    for patient in others(4):
        review(world, open_session(world, patient=patient), Verdict.UNJUSTIFIED)
    open_session(world)


@attack(
    "emergency-restores-itself",
    defence="only the authority of the jurisdiction restores",
    blocked_by="NotAuthority",
    patch=[("        ACCREDITATION.checkAuthority(organisation, msg.sender);\n", "")],
)
def restore_oneself(world: World) -> None:
    staff(world)
    open_session(world)
    world.chain.mine(seconds=7 * DAY)
    review(world, 0)
    emergency(world, "hospital").restore(world.hospital)


@attack(
    "emergency-restored-while-overdue",
    defence="what is overdue is reviewed before the organisation is restored",
    blocked_by="ReviewOverdue",
    patch=[("        require(!isOverdue, ReviewOverdue(organisation, docket.head));\n", "        isOverdue;\n")],
)
def restore_while_overdue(world: World) -> None:
    staff(world)
    open_session(world)
    world.chain.mine(seconds=7 * DAY)
    emergency(world, "authority").restore(world.hospital)


@attack(
    "emergency-flood",
    defence="at most 96 sessions wait behind the oldest review",
    blocked_by="TooManyUnreviewed",
    patch=[("        require(span < Dockets.MAX_SPAN, TooManyUnreviewed(organisation, head));\n", "        head;\n")],
)
def flood(world: World) -> None:
    """Open more than anyone reviews."""
    staff(world)
    for patient in others(97):
        open_session(world, patient=patient)


# The patient's part


def add_forged(name: str, act: Callable[[World], None]) -> None:
    """Add an act in the patient's name that an attacker signs; the twin does not look at the signature."""

    @attack(
        f"emergency-{name}-without-signature",
        defence="what others send carries the controller's signature",
        blocked_by="InvalidSignature",
        contract="PatientRegistry",
        patch=UNSIGNED,
    )
    def forge(world: World) -> None:
        staff(world)
        open_session(world)
        act(world)


add_forged(
    "contest",
    lambda world: emergency(world).contest_by_sig(
        emergency(world, "attacker").sign_contest(world.hospital, 0, deadline=FAR)
    ),
)
add_forged(
    "rule",
    lambda world: emergency(world).change_rule_by_sig(
        emergency(world, "attacker").sign_change_rule(world.patient.address, EVERYTHING, deadline=FAR)
    ),
)


@attack(
    "emergency-rule-of-another-deployment",
    defence="the domain holds the address of the contract",
    blocked_by="InvalidSignature",
    contract="EmergencyAccess",
    file=ACTIONS,
    patch=[("version, block.chainid, address(this)", "version, block.chainid, address(1)")],
)
def replay_a_rule_of_another_deployment(world: World) -> None:
    """Send here that everything may be opened, which the patient signed for an older deployment."""
    staff(world)
    client = emergency(world, "patient")
    client.change_rule(world.patient.address, EVERYTHING)
    client.domain = replace(client.domain, contract=OLD_REGISTRY)
    emergency(world).change_rule_by_sig(client.sign_change_rule(world.patient.address, 0, deadline=FAR))
    read(world, open_session(world))


@attack(
    "emergency-rule-replayed",
    defence="each signed statement counts once",
    blocked_by="NonceTaken",
    contract="EmergencyAccess",
    file=NONCES,
    patch=[("        require(!isNonceUsed(signer, nonce), NonceTaken(signer, nonce));\n", "")],
)
def replay_a_rule(world: World) -> None:
    """Send again that everything may be opened, after the patient denied it."""
    staff(world)
    client = emergency(world, "patient")
    signed = client.sign_change_rule(world.patient.address, 0, deadline=FAR)
    emergency(world).change_rule_by_sig(signed)
    client.change_rule(world.patient.address, EVERYTHING)
    emergency(world).change_rule_by_sig(signed)
    open_session(world)


def add_strange(name: str, act: Callable[[World], object]) -> None:
    """Add an act in the patient's name by somebody else; the twin does not ask whose it is."""

    @attack(
        f"emergency-{name}-by-a-stranger",
        defence="only the patient's controller or a guardian acts without a signature",
        blocked_by="NotController",
        contract="PatientRegistry",
        patch=[(NOT_CONTROLLER, "")],
    )
    def act_for_another(world: World) -> None:
        staff(world)
        open_session(world)
        act(world)


add_strange("contest", lambda world: emergency(world).contest(world.hospital, 0))
add_strange("rule", lambda world: emergency(world).change_rule(world.patient.address, EVERYTHING))


@attack(
    "emergency-overruled-by-itself",
    defence="only the authority of the jurisdiction overrules",
    blocked_by="NotAuthority",
    patch=[("        ACCREDITATION.checkAuthority(organisation, msg.sender);\n", "")],
)
def overrule_a_colleague(world: World) -> None:
    """As the hospital, put the blame for a session that was contested on the clinician."""
    staff(world)
    review(world, open_session(world))
    emergency(world, "patient").contest(world.hospital, 0)
    emergency(world, "hospital").overrule(world.hospital, 0, findings=REASON)
    assert emergency(world).session_of(world.hospital, 0).verdict == Verdict.UNJUSTIFIED


@attack(
    "emergency-overruled-out-of-the-blue",
    defence="an authority judges what was contested alone",
    blocked_by="NotContested",
    patch=[("        require(session.contestedAt != 0, NotContested(organisation, number));\n", "")],
)
def overrule_out_of_the_blue(world: World) -> None:
    staff(world)
    review(world, open_session(world))
    emergency(world, "authority").overrule(world.hospital, 0, findings=REASON)
