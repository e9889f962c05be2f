"""Attacks on patients' keys and guardians: each is blocked, and succeeds where its one defence is taken out."""

from __future__ import annotations

from dataclasses import replace

from medtrust.consent import DataClass, SignedConsent
from medtrust.consent_terms import CONSENT
from medtrust.errors import Reverted
from medtrust.patients import PatientClient, Scope, SignedAct
from medtrust.signing import TypedData, sign
from tests.attacks.framework import Attack, AttackTests, Blocked, attacks_on
from tests.attacks.test_consent import ACTIONS, require_permitted
from tests.consents import DAY, give_ether, simulate, valid_consent, valid_request
from tests.world import FAR, USA, World

ATTACKS: list[Attack] = []
attack = attacks_on("PatientRegistry", ATTACKS)

GUARDIANSHIP = "contracts/libraries/Guardianship.sol"
KEYS = "contracts/base/Keys.sol"
SCOPES = "contracts/libraries/Scopes.sol"
NONCES = "contracts/base/UnorderedNonces.sol"
EVERYTHING = Scope(127)
PROTECTING = Scope.FREEZE | Scope.RECOVER
RECOVER = {"patient": "address", "controller": "address", "nonce": "uint256", "deadline": "uint64"}
GUARDIANS = ("doctor", "relayer", "stranger")


class TestAttacks(AttackTests):
    pass


def hers(world: World) -> PatientClient:
    """The registry as whoever has the patient's key: the patient, or a thief of it."""
    if world.chain.balance(world.patient.address) == 0:
        give_ether(world, world.patient.address)
    return world.acting_as(world.patient).patients


def as_(world: World, name: str) -> PatientClient:
    return world.acting_as(name).patients


def guard(world: World, scope: Scope = EVERYTHING, *, until: int = FAR) -> PatientClient:
    """Appoint three guardians and wait until they protect."""
    client = hers(world)
    for name in GUARDIANS:
        client.add_guardian(world.patient.address, world.account(name).address, scope, until=until)
    world.chain.mine(seconds=7 * DAY)
    return client


def vote(world: World, *names: str, controller: str = "attacker") -> None:
    for name in names:
        as_(world, name).recover(world.patient.address, world.account(controller).address)


def take_over(world: World, controller: str = "attacker") -> None:
    """Wait for the delay and finish the recovery: that is the damage."""
    world.chain.mine(seconds=2 * DAY)
    as_(world, "attacker").finish_recovery(world.patient.address)
    assert as_(world, "attacker").controller_of(world.patient.address) == world.account(controller).address


def send_grant(world: World, by: str) -> None:
    """Have anyone send a grant of the patient's data that somebody signed, and get the data."""
    consent = valid_consent(world)
    domain = world.suite.consent.domain
    proof = sign(bytes(world.account(by).key), CONSENT.digest(domain, consent.message))
    world.acting_as("attacker").consent.grant_by_sig(SignedConsent(consent, proof, domain))
    require_permitted(world.suite.consent.check(consent, valid_request(world)))


def grant(world: World, by: str) -> None:
    """Grant the patient's consent as somebody, and get the data."""
    consent = valid_consent(world)
    client = world.acting_as(world.patient if by == "patient" else by).consent
    client.grant(consent)
    require_permitted(client.check(consent, valid_request(world)))


# In another's name


@attack(
    "patient-rotated-by-a-stranger",
    defence="only the controller rotates without a signature",
    blocked_by="NotController",
    contract="PatientRegistry",
    file=KEYS,
    patch=[("require(msg.sender == controllerOf(patient), NotController(patient, msg.sender));", "patient;")],
)
def rotate_another(world: World) -> None:
    as_(world, "attacker").rotate(world.patient.address, world.account("attacker").address)
    grant(world, "attacker")


@attack(
    "patient-rotated-without-signature",
    defence="what others send carries the controller's signature",
    blocked_by="InvalidSignature",
    patch=[("        require(_signer(patient, said, by) == controller, InvalidSignature(controller));\n", "")],
)
def rotate_without_signature(world: World) -> None:
    attacker = world.account("attacker").address
    signed = as_(world, "attacker").sign_rotate(world.patient.address, attacker, deadline=FAR)
    as_(world, "relayer").send(signed)
    grant(world, "attacker")


@attack(
    "patient-rotation-replayed",
    defence="each signed statement counts once",
    blocked_by="NonceTaken",
    contract="PatientRegistry",
    file=NONCES,
    patch=[("        require(!isNonceUsed(signer, nonce), NonceTaken(signer, nonce));\n", "")],
)
def replay_a_rotation(world: World) -> None:
    """Send again that an old phone decides, after the patient came back to her own key."""
    patient = world.patient.address
    signed = hers(world).sign_rotate(patient, world.account("stranger").address, deadline=FAR)
    as_(world, "attacker").send(signed)
    as_(world, "stranger").rotate(patient, patient)
    as_(world, "attacker").send(signed)
    assert hers(world).controller_of(patient) == world.account("stranger").address


@attack(
    "patient-rotation-of-another-chain",
    defence="the domain holds the chain",
    blocked_by="InvalidSignature",
    contract="PatientRegistry",
    file=ACTIONS,
    patch=[("version, block.chainid, address(this)", "version, 1, address(this)")],
)
def replay_a_rotation_of_another_chain(world: World) -> None:
    """Send here that a shared key decides, which the patient signed for a chain on which she tried things out."""
    client = hers(world)
    client.domain = replace(client.domain, chain_id=1)
    signed = client.sign_rotate(world.patient.address, world.account("attacker").address, deadline=FAR)
    as_(world, "attacker").send(signed)
    grant(world, "attacker")


@attack(
    "patient-old-key-after-rotation",
    defence="the key that was replaced decides no more",
    blocked_by="NotController",
    patch=[
        (
            "isAllowed = account == controller ||",
            "isAllowed = account == controller || account == patient ||",
        )
    ],
)
def grant_with_the_old_key(world: World) -> None:
    hers(world).rotate(world.patient.address, world.account("stranger").address)
    grant(world, "patient")


# Guardians beyond their powers


@attack(
    "guardian-out-of-scope",
    defence="a guardian acts within its scope",
    blocked_by="NotController",
    contract="PatientRegistry",
    file=GUARDIANSHIP,
    patch=[("entry.scope & scope != scope || ", "")],
)
def grant_out_of_scope(world: World) -> None:
    """Grant as a guardian who may revoke alone."""
    hers(world).add_guardian(world.patient.address, world.account("doctor").address, Scope.REVOKE, until=FAR)
    grant(world, "doctor")


@attack(
    "guardian-after-majority",
    defence="a guardian's powers end by themselves",
    blocked_by="NotController",
    contract="PatientRegistry",
    file=GUARDIANSHIP,
    patch=[("at < entry.from || at >= entry.until) return false", "at < entry.from) return false")],
)
def grant_after_majority(world: World) -> None:
    """Grant as a parent in the second in which the child comes of age."""
    majority = world.chain.now() + DAY
    hers(world).add_guardian(world.patient.address, world.account("doctor").address, Scope.GRANT, until=majority)
    world.chain.travel(majority)
    grant(world, "doctor")


@attack(
    "guardian-out-of-scope-by-signature",
    defence="what a guardian signs counts within its scope",
    blocked_by="InvalidSignature",
    patch=[("_isHeld(patient, signer, scope)", "_isHeld(patient, signer, Scopes.REVOKE)")],
)
def sign_out_of_scope(world: World) -> None:
    """Have a grant sent that a guardian signed who may revoke alone."""
    hers(world).add_guardian(world.patient.address, world.account("doctor").address, Scope.REVOKE, until=FAR)
    send_grant(world, "doctor")


@attack(
    "guardian-after-majority-by-signature",
    defence="what a guardian signed counts while it is one, however late it is sent",
    blocked_by="InvalidSignature",
    contract="PatientRegistry",
    file=GUARDIANSHIP,
    patch=[("at < entry.from || at >= entry.until) return false", "at < entry.from) return false")],
)
def sign_before_majority_and_send_after(world: World) -> None:
    majority = world.chain.now() + DAY
    hers(world).add_guardian(world.patient.address, world.account("doctor").address, Scope.GRANT, until=majority)
    world.chain.travel(majority)
    send_grant(world, "doctor")


@attack(
    "guardian-freezes-out-of-scope",
    defence="a guardian freezes only where it may",
    blocked_by="NotController",
    contract="PatientRegistry",
    file=GUARDIANSHIP,
    patch=[
        ("        require(isFreezer, IPatientRegistry.NotController(patient, guardian));\n", "        isFreezer;\n"),
    ],
)
def freeze_out_of_scope(world: World) -> None:
    """Stop a patient from granting, as a guardian who may revoke alone."""
    hers(world).add_guardian(world.patient.address, world.account("doctor").address, Scope.REVOKE, until=FAR)
    as_(world, "doctor").freeze(world.patient.address, world.chain.now() + DAY)
    assert hers(world).capacity_of(world.patient.address, world.patient.address, Scope.GRANT).name == "FROZEN"


@attack(
    "guardian-appoints-an-accomplice",
    defence="only the controller appoints guardians, whatever the scope of others",
    blocked_by="NotController",
    patch=[("        _checkController(appointment.patient);\n", "")],
)
def appoint_an_accomplice(world: World) -> None:
    """As the one guardian who may do everything, make a majority of one's own."""
    hers(world).add_guardian(world.patient.address, world.account("doctor").address, EVERYTHING, until=FAR)
    accomplice = world.account("attacker").address
    as_(world, "doctor").add_guardian(world.patient.address, accomplice, EVERYTHING, until=FAR)
    assert as_(world, "doctor").is_guardian(world.patient.address, accomplice, Scope.GRANT)


@attack(
    "guardian-uncovers-what-a-minor-hides",
    defence="only the controller says what is hidden from guardians",
    blocked_by="NotController",
    patch=[("        _checkController(patient);\n        _hide(", "        _hide(")],
)
def uncover_what_is_hidden(world: World) -> None:
    """As a parent, hide nothing from parents any more, and grant what a teenager hid."""
    as_(world, "authority").allow_hiding(USA, DataClass.LABORATORY)
    hers(world).hide(world.patient.address, DataClass.LABORATORY)
    hers(world).add_guardian(world.patient.address, world.account("doctor").address, EVERYTHING, until=FAR)
    as_(world, "doctor").hide(world.patient.address, DataClass(0))
    grant(world, "doctor")


@attack(
    "guardian-uses-up-the-patients-number",
    defence="numbers of statements are counted by who signed",
    blocked_by="vetoed all the same",
    patch=[("_useNonce(signer, by.nonce);", "_useNonce(controller, by.nonce);")],
)
def use_up_a_number(world: World) -> None:
    """Sign a vote with the number of a veto that is on its way, and send it first."""
    guard(world)
    vote(world, "doctor", "relayer")
    veto = hers(world).sign_veto(world.patient.address, deadline=FAR)
    registry = as_(world, "doctor")
    attacker = world.account("attacker").address
    message = {"patient": world.patient.address, "controller": attacker, "nonce": veto.nonce, "deadline": FAR}
    digest = TypedData("Recover", {"Recover": RECOVER}).digest(registry.domain, message)
    proof = sign(bytes(world.account("doctor").key), digest)
    registry.send(SignedAct("recover", (world.patient.address, attacker), veto.nonce, FAR, proof))
    try:
        as_(world, "relayer").send(veto)
    except Reverted:
        return take_over(world)
    raise Blocked("vetoed all the same")


@attack(
    "guardian-before-its-time",
    defence="a guardian's powers begin at their time",
    blocked_by="NotController",
    contract="PatientRegistry",
    file=GUARDIANSHIP,
    patch=[("at < entry.from || at >= entry.until", "at >= entry.until")],
)
def grant_before_its_time(world: World) -> None:
    begins, doctor = world.chain.now() + DAY, world.account("doctor").address
    hers(world).add_guardian(world.patient.address, doctor, Scope.GRANT, since=begins, until=FAR)
    grant(world, "doctor")


@attack(
    "guardian-after-removal",
    defence="a removed guardian gives nothing any more",
    blocked_by="NotController",
    contract="PatientRegistry",
    file=GUARDIANSHIP,
    patch=[
        (
            "entry.removedAt == 0 || at < entry.removedAt || scope & ~Scopes.PROTECTING == 0;",
            "true;",
        )
    ],
)
def grant_after_removal(world: World) -> None:
    """Use the days in which a removed guardian still protects, for granting."""
    guard(world).remove_guardian(world.patient.address, world.account("doctor").address)
    grant(world, "doctor")


@attack(
    "guardian-opens-what-a-minor-hides",
    defence="what a guardian granted does not cover what the patient hides from guardians",
    blocked_by="HIDDEN",
    contract="ConsentRegistry",
    patch=[("dataClass & hidden == 0 ? Reason.NONE : Reason.HIDDEN", "Reason.NONE")],
)
def open_what_is_hidden(world: World) -> None:
    """Grant as a parent what a teenager hides from parents."""
    as_(world, "authority").allow_hiding(USA, DataClass.LABORATORY)
    hers(world).hide(world.patient.address, DataClass.LABORATORY)
    hers(world).add_guardian(world.patient.address, world.account("doctor").address, Scope.GRANT, until=FAR)
    grant(world, "doctor")


# Recovery


@attack(
    "recovery-by-a-minority",
    defence="a majority must vote, whatever the patient asks for",
    blocked_by="RecoveryNotReady",
    contract="PatientRegistry",
    file=GUARDIANSHIP,
    patch=[("if (needed < total / 2 + 1) needed = total / 2 + 1;", "if (needed == 0) needed = 1;")],
)
def recover_as_a_minority(world: World) -> None:
    guard(world)
    vote(world, "doctor")
    take_over(world)


@attack(
    "recovery-with-one-vote-twice",
    defence="a guardian has one vote",
    blocked_by="RecoveryNotReady",
    contract="PatientRegistry",
    file=GUARDIANSHIP,
    patch=[
        ("if (isCounted && given.controller == controller) ++votes;", "if (given.controller == controller) votes += 2;")
    ],
)
def vote_twice(world: World) -> None:
    guard(world)
    vote(world, "doctor", "doctor")
    take_over(world)


@attack(
    "recovery-without-delay",
    defence="the present key has 2 days to veto",
    blocked_by="RecoveryNotReady",
    contract="PatientRegistry",
    file=GUARDIANSHIP,
    patch=[("block.timestamp >= state.readyAt && ", "")],
)
def recover_at_once(world: World) -> None:
    """Take a patient over before she can see it."""
    guard(world)
    vote(world, "doctor", "relayer")
    as_(world, "attacker").finish_recovery(world.patient.address)
    grant(world, "attacker")


@attack(
    "recovery-after-a-veto",
    defence="a veto ends the round, and votes count in their round alone",
    blocked_by="RecoveryNotReady",
    contract="PatientRegistry",
    file=GUARDIANSHIP,
    patch=[
        (
            "        (state.controller, state.readyAt) = (address(0), 0);\n        ++state.round;\n",
            "        ++state.round;\n        --state.round;\n",
        )
    ],
)
def finish_after_a_veto(world: World) -> None:
    client = guard(world)
    vote(world, "doctor", "relayer")
    client.veto(world.patient.address)
    take_over(world)


@attack(
    "recovery-a-second-early",
    defence="the present key may veto up to the last second of its 2 days",
    blocked_by="RecoveryNotReady",
    contract="PatientRegistry",
    file=GUARDIANSHIP,
    patch=[("block.timestamp >= state.readyAt && ", "block.timestamp + 1 >= state.readyAt && ")],
)
def recover_a_second_early(world: World) -> None:
    guard(world)
    vote(world, "doctor", "relayer")
    ready = hers(world).recovery_of(world.patient.address).ready_at
    world.chain.travel(ready - 1)
    simulate(as_(world, "attacker"), "finishRecovery", world.patient.address)


@attack(
    "recovery-kept-for-years",
    defence="a recovery that nobody finishes lapses, and votes with it",
    blocked_by="RecoveryNotReady",
    contract="PatientRegistry",
    file=GUARDIANSHIP,
    patch=[("return isSame && block.timestamp < uint256(state.readyAt) + VOTE_PERIOD;", "return isSame;")],
)
def keep_a_recovery(world: World) -> None:
    """Let the patient forget a recovery, then vote anew and finish it without another delay."""
    guard(world)
    vote(world, "doctor", "relayer")
    world.chain.mine(seconds=365 * DAY)
    vote(world, "doctor", "relayer")
    as_(world, "attacker").finish_recovery(world.patient.address)
    grant(world, "attacker")


@attack(
    "recovery-by-guardians-of-yesterday",
    defence="the votes are counted again when it is finished",
    blocked_by="TooFewVotes",
    contract="PatientRegistry",
    file=GUARDIANSHIP,
    patch=[
        (
            "        require(votes >= needed, IPatientRegistry.TooFewVotes(votes, needed));\n",
            "        votes;\n        needed;\n",
        )
    ],
)
def recover_after_majority(world: World) -> None:
    """Begin as parents a day before the child comes of age, and finish after."""
    majority = world.chain.now() + 20 * DAY
    guard(world, until=majority)
    world.chain.travel(majority - DAY)
    vote(world, "doctor", "relayer")
    take_over(world)


# A thief of the key


@attack(
    "thief-keeps-a-veto",
    defence="a veto names the round that it ends",
    blocked_by="WrongRound",
    patch=[("        require(round == current, WrongRound(round, current));\n", "        current;\n")],
)
def keep_a_veto(world: World) -> None:
    """Hold back a veto that the patient signed against one recovery, and send it against the next, which is hers."""
    guard(world)
    vote(world, "doctor", "relayer")
    kept = hers(world).sign_veto(world.patient.address, deadline=FAR)
    hers(world).veto(world.patient.address)
    vote(world, "doctor", "relayer", controller="clinic")
    as_(world, "attacker").send(kept)
    assert hers(world).recovery_of(world.patient.address).votes == 0


@attack(
    "thief-vetoes-every-recovery",
    defence="a recovery for which all guardians vote is beyond a veto, where fewer would do",
    blocked_by="VetoOverruled",
    contract="PatientRegistry",
    file=GUARDIANSHIP,
    patch=[
        (
            "        require(votes < total || needed >= total, IPatientRegistry.VetoOverruled(patient, votes));\n",
            "        votes;\n        needed;\n        total;\n",
        )
    ],
)
def veto_all(world: World) -> None:
    client = guard(world)
    vote(world, *GUARDIANS, controller="clinic")
    client.veto(world.patient.address)
    assert client.recovery_of(world.patient.address).votes == 0


@attack(
    "thief-shakes-guardians-off",
    defence="a removed guardian protects for 7 more days",
    blocked_by="recovered",
    contract="PatientRegistry",
    file=GUARDIANSHIP,
    patch=[
        ("uint48(block.timestamp) + (isProtecting ? NOTICE : 0)", "uint48(block.timestamp) + (isProtecting ? 0 : 0)")
    ],
)
def shake_off(world: World) -> None:
    """Remove all guardians with the stolen key before they can recover it."""
    client = guard(world)
    for name in GUARDIANS:
        client.remove_guardian(world.patient.address, world.account(name).address)
    if all(client.is_guardian(world.patient.address, world.account(name).address, PROTECTING) for name in GUARDIANS):
        vote(world, "doctor", "relayer", controller="clinic")
        take_over(world, controller="clinic")
        raise Blocked("recovered")


@attack(
    "thief-outvotes-the-guardians",
    defence="a new guardian votes only 7 days after it was named",
    blocked_by="NotGuardian",
    contract="PatientRegistry",
    file=GUARDIANSHIP,
    patch=[("if (scope & Scopes.PROTECTING != 0 && at < entry.protectFrom) return false;", "")],
)
def outvote(world: World) -> None:
    """Name guardians of one's own with the stolen key, so that the patient's are no majority any more."""
    client = guard(world)
    for name in ("attacker", "maker", "wholesaler", "carrier"):
        client.add_guardian(world.patient.address, world.account(name).address, EVERYTHING, until=FAR)
    vote(world, "attacker", "maker", "wholesaler", "carrier")
    take_over(world)


@attack(
    "thief-raises-the-threshold",
    defence="another threshold holds only 7 days after it was asked for",
    blocked_by="VetoOverruled",
    contract="PatientRegistry",
    file=GUARDIANSHIP,
    patch=[("from = uint48(block.timestamp) + NOTICE;", "from = uint48(block.timestamp);")],
)
def raise_the_threshold(world: World) -> None:
    """Ask for all votes with the stolen key, so that the veto cannot be overruled."""
    client = guard(world)
    client.change_threshold(world.patient.address, 3)
    vote(world, *GUARDIANS, controller="clinic")
    client.veto(world.patient.address)


@attack(
    "thief-rotates-a-frozen-key",
    defence="a frozen patient gets no other controller but by recovery",
    blocked_by="Frozen",
    patch=[("        _checkThawed(patient);\n        require(controller", "        require(controller")],
)
def rotate_a_frozen_key(world: World) -> None:
    client = guard(world)
    as_(world, "doctor").freeze(world.patient.address, world.chain.now() + DAY)
    client.rotate(world.patient.address, world.account("attacker").address)


@attack(
    "thief-grants-while-frozen",
    defence="a freeze stops grants, whoever gives them",
    blocked_by="Frozen",
    patch=[("if (scope & Scopes.GIVING != 0) _checkThawed(patient);", "patient;\n        scope;")],
)
def grant_while_frozen(world: World) -> None:
    guard(world)
    as_(world, "doctor").freeze(world.patient.address, world.chain.now() + DAY)
    grant(world, "patient")


@attack(
    "thief-shows-signatures-while-frozen",
    defence="while a patient is frozen, no signature counts that is not on chain",
    blocked_by="FROZEN",
    contract="ConsentRegistry",
    patch=[
        (
            "if (at >= frozenFrom && at < frozenUntil) return",
            "if (at >= frozenFrom && at < frozenUntil && false) return",
        )
    ],
)
def show_while_frozen(world: World) -> None:
    """Sign with the stolen key and show that, instead of granting on chain."""
    guard(world)
    as_(world, "doctor").freeze(world.patient.address, world.chain.now() + DAY)
    client = world.acting_as(world.patient).consent
    receipt = client.sign(valid_consent(world))
    require_permitted(client.check(receipt.consent, valid_request(world), signature=receipt.signature))


@attack(
    "thief-shows-signatures-after-recovery",
    defence="a signature counts while its key decides for the patient",
    blocked_by="SIGNATURE",
    contract="ConsentRegistry",
    patch=[("isSignedBy(controller, _digest(id), signature)", "isSignedBy(patient, _digest(id), signature)")],
)
def show_after_recovery(world: World) -> None:
    guard(world)
    vote(world, "doctor", "relayer", controller="clinic")
    take_over(world, controller="clinic")
    client = world.acting_as(world.patient).consent
    receipt = client.sign(valid_consent(world))
    require_permitted(client.check(receipt.consent, valid_request(world), signature=receipt.signature))


# Freezes turned against the patient


@attack(
    "freeze-that-blocks-revoking",
    defence="a freeze stops what gives, and never a revocation",
    blocked_by="revoked",
    contract="PatientRegistry",
    file=SCOPES,
    patch=[("uint8 internal constant GIVING = GRANT | EMERGENCY;", "uint8 internal constant GIVING = ALL;")],
)
def block_revoking(world: World) -> None:
    """Freeze a patient, so that she cannot take a consent back."""
    guard(world)
    consent = valid_consent(world)
    client = world.acting_as(world.patient).consent
    client.grant(consent)
    as_(world, "doctor").freeze(world.patient.address, world.chain.now() + DAY)
    if hers(world).capacity_of(world.patient.address, world.patient.address, Scope.REVOKE).name == "FROZEN":
        return
    client.revoke(consent.id)
    assert not client.check(consent, valid_request(world)).is_permitted
    raise Blocked("revoked")


@attack(
    "freeze-for-ever",
    defence="guardians leave a patient free for as long as they may freeze",
    blocked_by="FrozenBefore",
    contract="PatientRegistry",
    file=GUARDIANSHIP,
    patch=[
        ("require(block.timestamp >= freezableFrom, IPatientRegistry.FrozenBefore(patient, freezableFrom));", ""),
    ],
)
def freeze_for_ever(world: World) -> None:
    """Freeze a patient again as soon as a freeze ends, by turns."""
    guard(world)
    for name in ("doctor", "relayer", "doctor"):
        until = world.chain.now() + 7 * DAY
        as_(world, name).freeze(world.patient.address, until)
        world.chain.travel(until)


@attack(
    "freeze-of-a-year",
    defence="a freeze lasts at most 7 days",
    blocked_by="InvalidFreeze",
    patch=[("until <= block.timestamp + Guardianship.MAX_FREEZE", "until <= type(uint48).max")],
)
def freeze_for_a_year(world: World) -> None:
    guard(world)
    as_(world, "doctor").freeze(world.patient.address, world.chain.now() + 365 * DAY)


@attack(
    "hiding-without-the-jurisdiction",
    defence="only the authority says what may be hidden from guardians",
    blocked_by="NotAuthority",
    patch=[
        (
            "        require(isAuthority, IAccreditationRegistry.NotAuthority(jurisdiction, msg.sender));\n",
            "        isAuthority;\n",
        )
    ],
)
def allow_hiding(world: World) -> None:
    as_(world, "attacker").allow_hiding(USA, DataClass.LABORATORY)
