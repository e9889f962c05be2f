"""What somebody may try who has no right, no longer has it, or has it elsewhere."""

from __future__ import annotations

from medtrust.accreditation import Role, Standing
from medtrust.types import organisation_id
from tests.attacks.framework import Attack, AttackTests, Blocked, attacks_on
from tests.world import CHINA, FAR, USA, World

ATTACKS: list[Attack] = []
attack = attacks_on("AccreditationRegistry", ATTACKS)

TIMELINE = "contracts/libraries/Timeline.sol"
SHAM = organisation_id("urn:gs1:gln:0614141999996")
PREFIX = "0614141"

CHECK_AUTHORITY = "_checkAuthority(jurisdictionOf(organisation), role, {});"
NOT_OF_CHINA = f"msg.sender != authorityOf({CHINA})"
IS_OF_ITS_JURISDICTION = "msg.sender == authorityOf(record.jurisdiction)"
IS_SOMEBODY = "        require(signer != address(0), ZeroIdentifier());\n"
IS_AUTHORITY = "require(msg.sender == authorityOf(jurisdiction), NotAuthority(jurisdiction, msg.sender));"


def regulate(world: World, by: str = "attacker") -> None:
    """Act for the regulator: something that only its signers may do."""
    receipt = world.acting_as(by).drugs.assign_prefix(world.regulator, world.maker, PREFIX)
    assert receipt.event("PrefixAssigned").values["owner"] == world.maker


def registry(world: World, by: str):
    return world.acting_as(by).accreditation


def address(world: World, name: str = "attacker") -> str:
    return world.account(name).address


def hire(world: World, roles: Role = Role.REGULATOR, until: int = FAR) -> None:
    """The regulator makes the attacker a signer of its own."""
    registry(world, "regulator").add_signer(world.regulator, address(world), roles, until=until)
    world.chain.mine(seconds=10)


def appoint(world: World, roles: Role, until: int) -> None:
    """The authority makes the attacker its delegate."""
    registry(world, "authority").appoint(USA, address(world), roles, until=until)


def rule_china(world: World) -> None:
    """The attacker is the authority of another jurisdiction."""
    registry(world, "steward").open_jurisdiction(CHINA, address(world))


def require_not(standing: Standing, *blocking: Standing) -> None:
    if standing in blocking:
        raise Blocked(standing.name)


# The signer


@attack(
    "accreditation-stranger-acts",
    defence="who acts must be a signer of the organisation that he names",
    blocked_by="NotAuthorised",
    contract="DrugProvenance",
    file="contracts/base/Accredited.sol",
    patch=[
        (
            "ACCREDITATION.checkAuthorised(organisation, msg.sender, role)",
            "ACCREDITATION.checkAccredited(organisation, role)",
        )
    ],
)
def stranger_acts(world: World) -> None:
    regulate(world)


@attack(
    "accreditation-signer-of-another",
    defence="a signer is looked up at the organisation that is named, not at any",
    blocked_by="NotAuthorised",
    contract="DrugProvenance",
    file="contracts/base/Accredited.sol",
    patch=[
        (
            "ACCREDITATION.checkAuthorised(organisation, msg.sender, role)",
            'require(ACCREDITATION.signerOf(keccak256("urn:gs1:gln:0614141000012"), msg.sender).from != 0)',
        )
    ],
)
def signer_of_another_acts(world: World) -> None:
    regulate(world, by="clinic")


@attack(
    "accreditation-signer-beyond-roles",
    defence="a signer acts only in the roles that it was given",
    blocked_by="NotAuthorised",
    patch=[("role == 0 || roles & role != role || ", "role == 0 || ")],
    file="contracts/libraries/Timeline.sol",
)
def signer_beyond_roles(world: World) -> None:
    hire(world, Role.PARTICIPANT)
    regulate(world)


@attack(
    "accreditation-organisation-beyond-roles",
    defence="no signer has a role that its organisation does not hold",
    blocked_by="NotAuthorised",
    patch=[(" && isAccredited(organisation, role, at)", "")],
)
def organisation_beyond_roles(world: World) -> None:
    admin = address(world)
    registry(world, "authority").register(SHAM, USA, admin, until=FAR)
    registry(world, "attacker").add_signer(SHAM, admin, Role.REGULATOR, until=FAR)
    world.acting_as("attacker").drugs.assign_prefix(SHAM, SHAM, PREFIX)


@attack(
    "accreditation-removed-signer-acts",
    defence="a signer that is removed has no power from that second on",
    blocked_by="NotAuthorised",
    patch=[("        _signers[organisation][signer].until = uint64(block.timestamp);\n", "")],
)
def removed_signer_acts(world: World) -> None:
    hire(world)
    registry(world, "regulator").remove_signer(world.regulator, address(world))
    regulate(world)


@attack(
    "accreditation-expired-signer-acts",
    defence="a signer acts until its time is over",
    blocked_by="NotAuthorised",
    patch=[(" || at >= until", "")],
    file="contracts/libraries/Timeline.sol",
)
def expired_signer_acts(world: World) -> None:
    hire(world, until=world.chain.now() + 1000)
    world.chain.mine(seconds=1000)
    regulate(world)


@attack(
    "accreditation-stolen-key-acts",
    defence="a signer that is declared compromised acts no more",
    blocked_by="NotAuthorised",
    patch=[("compromisedFrom == 0 || at < compromisedFrom", "true")],
    file="contracts/libraries/Timeline.sol",
)
def stolen_key_acts(world: World) -> None:
    hire(world)
    registry(world, "regulator").compromise_signer(world.regulator, address(world), since=world.chain.now())
    regulate(world)


@attack(
    "accreditation-signer-before-its-time",
    defence="a signer had no right before it was named, so its right covers nothing that was recorded earlier",
    blocked_by="not a signer then",
    patch=[("at < from || ", "")],
    file="contracts/libraries/Timeline.sol",
)
def signer_before_its_time(world: World) -> None:
    yesterday = world.chain.now()
    world.chain.mine(seconds=86_400)
    hire(world)
    if not registry(world, "stranger").is_authorised(world.regulator, address(world), Role.REGULATOR, at=yesterday):
        raise Blocked("not a signer then")


@attack(
    "accreditation-removed-signer-returns",
    defence="who was a signer once does not become one again, so its past cannot be rewritten",
    blocked_by="SignerExists",
    patch=[("        require(record.from == 0, SignerExists(organisation, signer));\n", "")],
)
def removed_signer_returns(world: World) -> None:
    hire(world)
    admin = registry(world, "regulator")
    stolen = world.chain.now()
    admin.compromise_signer(world.regulator, address(world), since=stolen)
    admin.add_signer(world.regulator, address(world), Role.REGULATOR, until=FAR)
    found = admin.signer_of(world.regulator, address(world))
    assert found is not None
    assert found.compromised_from == 0
    regulate(world)


@attack(
    "accreditation-role-of-tomorrow",
    defence="a signer is given known roles alone, none that may come to mean something later",
    blocked_by="InvalidRoles",
    patch=[
        (
            f"{IS_SOMEBODY}        require(roles & Roles.ALL == roles, InvalidRoles(roles));\n",
            IS_SOMEBODY,
        )
    ],
)
def role_of_tomorrow(world: World) -> None:
    registry(world, "hospital").add_signer(world.hospital, address(world), Role(1 << 14), until=FAR)
    found = registry(world, "hospital").signer_of(world.hospital, address(world))
    assert found is not None
    assert found.roles & 1 << 14


# The administrator


@attack(
    "accreditation-stranger-names-signers",
    defence="only the administrator or the authority names the signers of an organisation",
    blocked_by="NotAdmin",
    patch=[
        (
            f"        _checkAdmin(organisation);\n{IS_SOMEBODY}",
            IS_SOMEBODY,
        )
    ],
)
def stranger_names_signers(world: World) -> None:
    registry(world, "attacker").add_signer(world.regulator, address(world), Role.REGULATOR, until=FAR)
    regulate(world)


@attack(
    "accreditation-administrator-of-another",
    defence="an administrator is looked up at the organisation that is named",
    blocked_by="NotAdmin",
    patch=[("msg.sender == record.admin || ", "record.admin != address(0) || ")],
)
def administrator_of_another(world: World) -> None:
    registry(world, "clinic").add_signer(world.regulator, address(world), Role.REGULATOR, until=FAR)
    regulate(world)


@attack(
    "accreditation-old-administrator",
    defence="who handed over administers no more",
    blocked_by="NotAdmin",
    patch=[("        _organisations[organisation].admin = admin;\n", "")],
)
def old_administrator(world: World) -> None:
    registry(world, "regulator").change_admin(world.regulator, address(world, "stranger"))
    registry(world, "regulator").add_signer(world.regulator, address(world), Role.REGULATOR, until=FAR)
    regulate(world)


@attack(
    "accreditation-seize-by-registering",
    defence="an organisation is registered once, whoever asks",
    blocked_by="OrganisationExists",
    patch=[
        (
            "        require(_organisations[organisation].registeredAt == 0, OrganisationExists(organisation));\n",
            "",
        )
    ],
)
def seize_by_registering(world: World) -> None:
    rule_china(world)
    registry(world, "attacker").register(world.regulator, CHINA, address(world), until=FAR)
    registry(world, "attacker").add_signer(world.regulator, address(world), Role.REGULATOR, until=FAR)
    assert registry(world, "attacker").is_authorised(world.regulator, address(world), Role.REGULATOR)


# The organisation


@attack(
    "accreditation-suspended-acts",
    defence="an organisation that is suspended in a role acts no more in it",
    blocked_by="NotAuthorised",
    file=TIMELINE,
    patch=[("suspendedFrom != 0 && at >= suspendedFrom", "false")],
)
def suspended_acts(world: World) -> None:
    registry(world, "authority").suspend(world.regulator, Role.REGULATOR)
    regulate(world, by="regulator")


@attack(
    "accreditation-lapsed-acts",
    defence="an accreditation ends by itself",
    blocked_by="NotAuthorised",
    file=TIMELINE,
    patch=[("at < until ? ", "until != 0 ? ")],
)
def lapsed_acts(world: World) -> None:
    admin = registry(world, "authority")
    admin.register(SHAM, USA, address(world), until=FAR)
    admin.accredit(SHAM, Role.REGULATOR, until=world.chain.now() + 1000)
    registry(world, "attacker").add_signer(SHAM, address(world), Role.REGULATOR, until=FAR)
    world.chain.mine(seconds=1000)
    world.acting_as("attacker").drugs.assign_prefix(SHAM, SHAM, PREFIX)


@attack(
    "accreditation-compromised-past",
    defence="what was recorded at or after a compromise is not trusted, however late that is found out",
    blocked_by="COMPROMISED",
    file=TIMELINE,
    patch=[("compromisedFrom != 0 && at >= compromisedFrom", "false")],
)
def compromised_past(world: World) -> None:
    recorded = world.chain.now()
    world.chain.mine(seconds=86_400)
    registry(world, "authority").compromise(world.hospital, Role.VACCINATOR, since=recorded)
    standing = registry(world, "stranger").standing_of(world.hospital, Role.VACCINATOR, at=recorded)
    require_not(standing, Standing.COMPROMISED)
    assert standing is Standing.ACTIVE


@attack(
    "accreditation-renewed-after-the-fact",
    defence="a renewal counts from its own second: it does not heal the gap before it",
    blocked_by="SUSPENDED",
    file=TIMELINE,
    patch=[("            interval = line.past[begun - 1];\n", "")],
)
def renewed_after_the_fact(world: World) -> None:
    admin = registry(world, "authority")
    admin.suspend(world.hospital, Role.VACCINATOR)
    world.chain.mine(seconds=1000)
    recorded = world.chain.now()
    world.chain.mine(seconds=1000)
    admin.accredit(world.hospital, Role.VACCINATOR, until=FAR)
    standing = admin.standing_of(world.hospital, Role.VACCINATOR, at=recorded)
    require_not(standing, Standing.SUSPENDED)
    assert standing is Standing.ACTIVE


# The declaration


@attack(
    "accreditation-compromise-moved-later",
    defence="a compromise only moves to an earlier time, so nothing becomes trusted again",
    blocked_by="InvalidCompromise",
    patch=[(" && (declared == 0 || compromisedFrom < declared)", "")],
)
def compromise_moved_later(world: World) -> None:
    admin = registry(world, "authority")
    world.chain.mine(seconds=1000)
    recorded = world.chain.now()
    admin.compromise(world.hospital, Role.VACCINATOR, since=recorded)
    world.chain.mine(seconds=1000)
    admin._send("compromise", world.hospital, int(Role.VACCINATOR), 0, world.chain.now())
    assert admin.is_accredited(world.hospital, Role.VACCINATOR, at=recorded)


@attack(
    "accreditation-signer-compromise-moved-later",
    defence="nor does that of a signer",
    blocked_by="InvalidCompromise",
    patch=[(" && (declared == 0 || compromisedFrom < declared)", "")],
)
def signer_compromise_moved_later(world: World) -> None:
    hire(world)
    admin = registry(world, "regulator")
    stolen = world.chain.now()
    admin.compromise_signer(world.regulator, address(world), since=stolen)
    world.chain.mine(seconds=1000)
    admin.compromise_signer(world.regulator, address(world), since=world.chain.now())
    assert admin.is_authorised(world.regulator, address(world), Role.REGULATOR, at=stolen)


@attack(
    "accreditation-suspension-moved-later",
    defence="a suspension is declared once, so its date cannot be moved",
    blocked_by="AlreadySuspended",
    patch=[
        ("        require(newest.suspendedFrom == 0, AlreadySuspended(newest.suspendedFrom));\n", ""),
    ],
)
def suspension_moved_later(world: World) -> None:
    admin = registry(world, "authority")
    admin.suspend(world.hospital, Role.VACCINATOR)
    world.chain.mine(seconds=1000)
    recorded = world.chain.now()
    world.chain.mine(seconds=1000)
    admin.suspend(world.hospital, Role.VACCINATOR)
    assert admin.is_accredited(world.hospital, Role.VACCINATOR, at=recorded)


# The delegate


@attack(
    "accreditation-delegate-beyond-roles",
    defence="a delegate accredits only for the roles that it was given",
    blocked_by="NotAuthority",
    patch=[("role != 0 && delegate.roles & role == role && ", "role != 0 && ")],
)
def delegate_beyond_roles(world: World) -> None:
    appoint(world, Role.PHARMACY, FAR)
    registry(world, "attacker").accredit(world.clinic, Role.REGULATOR, until=FAR)
    assert registry(world, "attacker").is_accredited(world.clinic, Role.REGULATOR)


@attack(
    "accreditation-delegate-after-its-time",
    defence="a delegate has no power when its time is over",
    blocked_by="NotAuthority",
    patch=[
        (" && block.timestamp < delegate.until;", ";"),
        ("        require(until <= delegate.until, BeyondDelegation(until, delegate.until));\n", ""),
    ],
)
def delegate_after_its_time(world: World) -> None:
    appoint(world, Role.REGULATOR, world.chain.now() + 1000)
    world.chain.mine(seconds=1000)
    registry(world, "attacker").accredit(world.clinic, Role.REGULATOR, until=world.chain.now() + 10)
    assert registry(world, "attacker").is_accredited(world.clinic, Role.REGULATOR)


@attack(
    "accreditation-delegate-beyond-time",
    defence="a delegate grants nothing that outlasts its own time",
    blocked_by="BeyondDelegation",
    patch=[("        require(until <= delegate.until, BeyondDelegation(until, delegate.until));\n", "")],
)
def delegate_beyond_time(world: World) -> None:
    until = world.chain.now() + 1000
    appoint(world, Role.REGULATOR, until)
    registry(world, "attacker").accredit(world.clinic, Role.REGULATOR, until=until + 1)
    assert registry(world, "attacker").is_accredited(world.clinic, Role.REGULATOR, at=until)


@attack(
    "accreditation-dismissed-delegate",
    defence="the authority ends a delegation at once",
    blocked_by="NotAuthority",
    patch=[
        (
            "        _delegates[jurisdiction][delegate] = Off",
            "        if (roles != 0) _delegates[jurisdiction][delegate] = Off",
        )
    ],
)
def dismissed_delegate(world: World) -> None:
    appoint(world, Role.REGULATOR, FAR)
    appoint(world, Role(0), 0)
    registry(world, "attacker").accredit(world.clinic, Role.REGULATOR, until=FAR)
    assert registry(world, "attacker").is_accredited(world.clinic, Role.REGULATOR)


@attack(
    "accreditation-self-appointed",
    defence="only the authority appoints delegates",
    blocked_by="NotAuthority",
    patch=[
        (
            f"{IS_AUTHORITY}\n        require(roles & Roles.ALL == roles, InvalidRoles(roles));",
            "require(roles & Roles.ALL == roles, InvalidRoles(roles));",
        )
    ],
)
def self_appointed(world: World) -> None:
    registry(world, "attacker").appoint(USA, address(world), Role.REGULATOR, until=FAR)
    registry(world, "attacker").accredit(world.clinic, Role.REGULATOR, until=FAR)
    assert registry(world, "attacker").is_accredited(world.clinic, Role.REGULATOR)


# The authority of another jurisdiction


@attack(
    "accreditation-foreign-authority-accredits",
    defence="an authority accredits in its own jurisdiction alone, and that of the organisation is looked up",
    blocked_by="NotAuthority",
    patch=[(CHECK_AUTHORITY.format("until"), f"if ({NOT_OF_CHINA}) {CHECK_AUTHORITY.format('until')}")],
)
def foreign_authority_accredits(world: World) -> None:
    rule_china(world)
    registry(world, "attacker").accredit(world.clinic, Role.REGULATOR, until=FAR)
    assert registry(world, "attacker").is_accredited(world.clinic, Role.REGULATOR)


@attack(
    "accreditation-foreign-authority-suspends",
    defence="an authority suspends organisations of its own jurisdiction alone",
    blocked_by="NotAuthority",
    patch=[
        (
            f"{CHECK_AUTHORITY.format(0)}\n        Accreditation storage newest",
            f"if ({NOT_OF_CHINA}) {CHECK_AUTHORITY.format(0)}\n        Accreditation storage newest",
        )
    ],
)
def foreign_authority_suspends(world: World) -> None:
    rule_china(world)
    registry(world, "attacker").suspend(world.hospital, Role.HOSPITAL)
    assert not registry(world, "attacker").is_accredited(world.hospital, Role.HOSPITAL)


@attack(
    "accreditation-foreign-authority-compromises",
    defence="an authority declares compromises in its own jurisdiction alone",
    blocked_by="NotAuthority",
    patch=[
        (
            f"{CHECK_AUTHORITY.format(0)}\n        Timeline.Line storage line",
            f"if ({NOT_OF_CHINA}) {CHECK_AUTHORITY.format(0)}\n        Timeline.Line storage line",
        )
    ],
)
def foreign_authority_compromises(world: World) -> None:
    rule_china(world)
    now = world.chain.now()
    registry(world, "attacker").compromise(world.hospital, Role.HOSPITAL, since=now)
    assert registry(world, "attacker").standing_of(world.hospital, Role.HOSPITAL, at=now) is Standing.COMPROMISED


@attack(
    "accreditation-foreign-authority-registers",
    defence="an authority registers organisations in its own jurisdiction alone",
    blocked_by="NotAuthority",
    patch=[("        _checkAuthority(jurisdiction, Roles.PARTICIPANT, until);\n", "")],
)
def foreign_authority_registers(world: World) -> None:
    rule_china(world)
    registry(world, "attacker").register(SHAM, USA, address(world), until=FAR)
    assert registry(world, "attacker").jurisdiction_of(SHAM) == USA


@attack(
    "accreditation-foreign-authority-names-signers",
    defence="an authority names signers in its own jurisdiction alone",
    blocked_by="NotAdmin",
    patch=[(IS_OF_ITS_JURISDICTION, f"{IS_OF_ITS_JURISDICTION} || msg.sender == authorityOf({CHINA})")],
)
def foreign_authority_names_signers(world: World) -> None:
    rule_china(world)
    registry(world, "attacker").add_signer(world.regulator, address(world), Role.REGULATOR, until=FAR)
    regulate(world)


# The office of an authority


@attack(
    "accreditation-steward-replaces-authority",
    defence="the steward names the first authority of a jurisdiction and never another",
    blocked_by="JurisdictionExists",
    patch=[
        ("        require(authorityOf(jurisdiction) == address(0), JurisdictionExists(jurisdiction));\n", ""),
    ],
)
def steward_replaces_authority(world: World) -> None:
    registry(world, "steward").open_jurisdiction(USA, address(world))
    registry(world, "attacker").accredit(world.clinic, Role.REGULATOR, until=FAR)


@attack(
    "accreditation-stranger-opens-jurisdiction",
    defence="only the steward opens a jurisdiction",
    blocked_by="NotSteward",
    patch=[("        require(msg.sender == STEWARD, NotSteward(msg.sender));\n", "")],
)
def stranger_opens_jurisdiction(world: World) -> None:
    registry(world, "attacker").open_jurisdiction(CHINA, address(world))
    assert registry(world, "attacker").authority_of(CHINA) == address(world)


@attack(
    "accreditation-office-offered-by-a-stranger",
    defence="only the authority offers its office",
    blocked_by="NotAuthority",
    patch=[(f"        {IS_AUTHORITY}\n\n        _successors", "        _successors")],
)
def office_offered_by_a_stranger(world: World) -> None:
    registry(world, "attacker").offer_authority(USA, address(world))
    registry(world, "attacker").accept_authority(USA)
    assert registry(world, "attacker").authority_of(USA) == address(world)


@attack(
    "accreditation-office-taken",
    defence="only the account to which the office is offered takes it",
    blocked_by="NotSuccessor",
    patch=[
        (
            "        require(msg.sender == _successors[jurisdiction], NotSuccessor(jurisdiction, msg.sender));\n",
            "",
        )
    ],
)
def office_taken(world: World) -> None:
    registry(world, "authority").offer_authority(USA, address(world, "stranger"))
    registry(world, "attacker").accept_authority(USA)
    assert registry(world, "attacker").authority_of(USA) == address(world)


@attack(
    "accreditation-office-taken-twice",
    defence="an offer of the office is used up when it is accepted",
    blocked_by="NotSuccessor",
    patch=[("        delete _successors[jurisdiction];\n", "")],
)
def office_taken_twice(world: World) -> None:
    registry(world, "authority").offer_authority(USA, address(world))
    registry(world, "attacker").accept_authority(USA)
    registry(world, "attacker")._send("offerAuthority", USA, address(world, "attacker"))
    registry(world, "attacker").accept_authority(USA)
    world.chain.mine(seconds=10)
    registry(world, "attacker").accept_authority(USA)


class TestAttacks(AttackTests):
    """
    given the registry as it is       -> each attack is blocked, by the error that is meant for it
    given the twin without the defence -> the same attack succeeds
    """
