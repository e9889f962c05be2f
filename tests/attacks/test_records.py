"""Attacks on the versions and keys of records: each is blocked, and succeeds where its one defence is taken out."""

from __future__ import annotations

from dataclasses import replace

from medtrust.accreditation import Role
from medtrust.keccak import keccak256
from medtrust.record_terms import Version
from medtrust.records import RecordStatus
from tests.attacks.framework import Attack, AttackTests, Blocked, attacks_on
from tests.exchanges import DAY, FIRST, RECORD, SECOND, anchored, at
from tests.world import FAR, World

ATTACKS: list[Attack] = []
attack = attacks_on("RecordExchange", ATTACKS)

OF_CUSTODIAN = "        _checkAuthorised(custodian, Roles.HOSPITAL);\n"


class TestAttacks(AttackTests):
    pass


def require(world: World, version: Version, status: RecordStatus = RecordStatus.CURRENT) -> None:
    """Go on only if a version has a status: that is the damage."""
    found = RecordStatus(at(world, "stranger")._call("statusOf", version))
    if found != status:
        raise Blocked(found.name)


@attack(
    "record-anchored-by-a-stranger",
    defence="only who acts for the custodian anchors its records",
    blocked_by="NotAuthorised",
    patch=[(f"{OF_CUSTODIAN}        bool isNamed", "        bool isNamed")],
)
def anchor_for_another(world: World) -> None:
    """Put a version of one's own in the place of the newest."""
    first = anchored(world)
    at(world, "attacker").anchor(world.hospital, RECORD, SECOND, previous=first.fingerprint)
    assert at(world, "attacker").newest_of(world.hospital, RECORD).number == 2


@attack(
    "record-anchored-by-an-insurer",
    defence="only hospitals anchor records",
    blocked_by="NotAuthorised",
    patch=[
        (
            f"{OF_CUSTODIAN}        bool isNamed",
            f"{OF_CUSTODIAN.replace('HOSPITAL', 'PARTICIPANT')}        bool isNamed",
        )
    ],
)
def anchor_as_an_insurer(world: World) -> None:
    """Pass for a custodian without being a hospital."""
    at(world, "insurer").anchor(world.insurer, RECORD, FIRST)
    assert at(world, "insurer").newest_of(world.insurer, RECORD).number == 1


@attack(
    "record-old-version-replayed",
    defence="a version follows the newest one, and no other",
    blocked_by="NotNewestVersion",
    patch=[("        require(previous == newest.fingerprint, NotNewestVersion(previous, newest.fingerprint));\n", "")],
)
def replay_an_old_version(world: World) -> None:
    """Send the first version again after its correction: readers get the old content as the newest."""
    first = anchored(world)
    hospital = at(world, "hospital")
    hospital.anchor(world.hospital, RECORD, SECOND, previous=first.fingerprint)
    hospital.anchor(world.hospital, RECORD, FIRST)
    assert hospital.newest_of(world.hospital, RECORD).number == 3


@attack(
    "record-name-squatted",
    defence="records stand under their custodian",
    blocked_by="the custodian anchors all the same",
    patch=[
        (
            "Line storage line = _lines[custodian][record];\n        Entry",
            "Line storage line = _lines[0][record];\n        Entry",
        ),
        ("return _lines[custodian][record].newest;", "return _lines[0][record].newest;"),
    ],
)
def squat_on_a_record(world: World) -> None:
    """See a record on its way to a block, and anchor its id first, so that its custodian never can."""
    at(world, "clinic").anchor(world.clinic, RECORD, SECOND)
    if at(world, "hospital").newest_of(world.hospital, RECORD).number == 0:
        anchored(world)
        raise Blocked("the custodian anchors all the same")
    newest = at(world, "hospital").newest_of(world.hospital, RECORD)
    assert newest == at(world, "clinic").newest_of(world.clinic, RECORD)


@attack(
    "record-next-version-for-the-revoked",
    defence="a version is made for the key epoch of now",
    blocked_by="WrongKeyEpoch",
    patch=[("        require(epoch == current, WrongKeyEpoch(epoch, current));\n", "")],
)
def anchor_for_the_old_circle(world: World) -> None:
    """Anchor a version that was sealed for readers of whom one has revoked since."""
    first = anchored(world)
    hospital = at(world, "hospital")
    hospital.rotate(world.hospital, RECORD)
    hospital.anchor(world.hospital, RECORD, SECOND, previous=first.fingerprint, epoch=0)
    require(world, replace(first, number=2, commitment=SECOND, previous=first.fingerprint))


@attack(
    "record-epoch-not-begun",
    defence="a version is made for the key epoch of now, not for one to come",
    blocked_by="WrongKeyEpoch",
    patch=[("require(epoch == current, WrongKeyEpoch", "require(epoch >= current, WrongKeyEpoch")],
)
def anchor_for_an_epoch_to_come(world: World) -> None:
    """Anchor for an epoch that has not begun, so that a later revocation does not reach the version."""
    at(world, "hospital").anchor(world.hospital, RECORD, FIRST, epoch=1)
    assert at(world, "hospital").newest_of(world.hospital, RECORD).number == 1


@attack(
    "record-epoch-ended-by-a-stranger",
    defence="only who acts for the custodian ends a key epoch",
    blocked_by="NotAuthorised",
    patch=[(f"{OF_CUSTODIAN}        Line storage line", "        Line storage line")],
)
def end_the_epoch_of_another(world: World) -> None:
    """End the epoch before every anchor of a custodian, which so never gets a version through."""
    anchored(world)
    at(world, "attacker").rotate(world.hospital, RECORD)
    assert at(world, "attacker").key_epoch_of(world.hospital, RECORD) == 1


@attack(
    "record-epoch-of-nothing",
    defence="only a record that was anchored has a key epoch to end",
    blocked_by="UnknownRecord",
    patch=[("        require(line.newest.number != 0, UnknownRecord(custodian, record));\n", "")],
)
def end_the_epoch_of_nothing(world: World) -> None:
    """Let a record that does not exist look as if somebody had lost it."""
    at(world, "hospital").rotate(world.hospital, RECORD)
    assert at(world, "hospital").key_epoch_of(world.hospital, RECORD) == 1


@attack(
    "record-key-swapped-by-a-clerk",
    defence="only the administrator publishes the key of an organisation",
    blocked_by="NotAdmin",
    patch=[("        ACCREDITATION.checkAdmin(organisation, msg.sender);\n", "")],
)
def publish_a_key_as_a_clerk(world: World) -> None:
    """Publish a key of one's own as a signer of the clinic, and read all that is sent to it."""
    clerk, theirs = world.account("doctor"), keccak256(b"the clerk's key")
    admin = world.acting_as("clinic").accreditation
    admin.add_signer(world.clinic, clerk.address, Role.PARTICIPANT | Role.HOSPITAL, until=FAR)
    at(world, "doctor").publish_key(world.clinic, theirs)
    assert at(world, "hospital").key_of(world.clinic) == theirs


@attack(
    "record-key-swapped-by-a-stranger",
    defence="only the administrator publishes the key of an organisation",
    blocked_by="NotAdmin",
    patch=[("        ACCREDITATION.checkAdmin(organisation, msg.sender);\n", "")],
)
def publish_a_key_as_a_stranger(world: World) -> None:
    """Publish a key of one's own for a hospital, and read all that is sent to it."""
    theirs = keccak256(b"the attacker's key")
    at(world, "attacker").publish_key(world.hospital, theirs)
    assert at(world, "clinic").key_of(world.hospital) == theirs


@attack(
    "record-version-forged",
    defence="a version is held against the fingerprint of all its fields",
    blocked_by="UNKNOWN",
    patch=[(" || _fingerprint(version) != newest.fingerprint", "")],
)
def forge_a_version(world: World) -> None:
    """Show an envelope of one's own as the newest version of a record of the hospital."""
    require(world, replace(anchored(world), commitment=SECOND))


@attack(
    "record-version-of-another-signer",
    defence="the fingerprint covers who anchored",
    blocked_by="UNKNOWN",
    patch=[
        (
            "return bytes24(keccak256(abi.encode(version)));",
            "version.signer = address(0);\n        return bytes24(keccak256(abi.encode(version)));",
        )
    ],
)
def name_another_signer(world: World) -> None:
    """After the signer of a version was found compromised, show the version under the name of one who was not."""
    first = anchored(world)
    world.chain.mine(seconds=DAY)
    admin = world.acting_as("hospital").accreditation
    admin.add_signer(world.hospital, world.account("doctor").address, Role.HOSPITAL, until=FAR)
    require(world, replace(first, signer=world.account("doctor").address), RecordStatus.CUSTODIAN_UNTRUSTED)


@attack(
    "record-of-a-compromised-custodian",
    defence="who anchored is judged by the time of the anchor, with what is known now",
    blocked_by="CUSTODIAN_UNTRUSTED",
    patch=[("return isTrusted ? Status.CURRENT : Status.CUSTODIAN_UNTRUSTED;", "return Status.CURRENT;")],
)
def trust_a_stolen_key(world: World) -> None:
    """Anchor a version with a stolen key, whose theft is declared later."""
    first = anchored(world)
    since = at(world, "hospital").newest_of(world.hospital, RECORD).recorded_at
    world.chain.mine(seconds=DAY)
    authority = world.acting_as("authority").accreditation
    authority.compromise_signer(world.hospital, world.account("hospital").address, since=since)
    require(world, first)
