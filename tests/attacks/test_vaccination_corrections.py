"""Attacks on corrections and disputes of doses: each is blocked, and succeeds where its one defence is taken out."""

from __future__ import annotations

from dataclasses import replace

from medtrust.certificate import Certificate
from medtrust.signing import sign
from medtrust.types import ZERO_HASH
from medtrust.vaccination import _DISPUTE, Advisory, SignedDispute, VaccinationClient
from tests.attacks.framework import Attack, AttackTests, attacks_on
from tests.doses import CLINIC, HOSPITAL, batch_of
from tests.world import FAR, World

ATTACKS: list[Attack] = []
attack = attacks_on("VaccinationRegistry", ATTACKS)

ENDS_ONCE = "require(bits & bit == 0, DoseAlreadyRevoked(index));"


class TestAttacks(AttackTests):
    pass


def as_(world: World, name: str) -> VaccinationClient:
    return world.acting_as(name).vaccination


def issue(world: World, tag: str, *, issuer: str = CLINIC, by: str = "clinic", holder: str = "") -> Certificate:
    """Anchor a batch of one dose and return its certificate."""
    batch = batch_of(1, issuer=issuer, lot=ZERO_HASH, tag=tag, holder=holder)
    as_(world, by).anchor(batch.organisation, batch.root, 1)
    return batch.certificate(0, as_(world, by))


def named_by(world: World, certificate: Certificate) -> str:
    return as_(world, "clinic").verify(certificate).successor


@attack(
    "vaccination-two-successors",
    defence="a dose ends once",
    blocked_by="DoseAlreadyRevoked",
    patch=[(ENDS_ONCE, "")],
)
def correct_twice(world: World) -> None:
    """Let a second correction take the place of the first, so that what readers were told is overwritten."""
    old, first, second = (issue(world, tag) for tag in "abc")
    for correction in (first, second):
        as_(world, "clinic").amend(old, correction)
    assert named_by(world, old) == "0x" + second.dose_id.hex()


@attack(
    "vaccination-two-predecessors",
    defence="a dose takes the place of one other alone",
    blocked_by="AlreadyCorrection",
    patch=[("require(!_corrections[newDoseId], AlreadyCorrection(correction.index));", "")],
)
def merge_two_people(world: World) -> None:
    """Let one dose stand for those of two people."""
    first, second, one = (issue(world, tag) for tag in "abc")
    for old in (first, second):
        as_(world, "clinic").amend(old, one)
    assert named_by(world, first) == named_by(world, second)


@attack(
    "vaccination-circle",
    defence="what ended takes no place",
    blocked_by="DoseAlreadyRevoked",
    patch=[("require(!_hasEnded(newBatchId, correction.index), DoseAlreadyRevoked(correction.index));", "")],
)
def close_a_circle(world: World) -> None:
    """Let a dose and its correction name each other, so that a reader who follows them never ends."""
    first, second = issue(world, "a"), issue(world, "b")
    as_(world, "clinic").amend(first, second)
    as_(world, "clinic").amend(second, first)
    assert named_by(world, second) == "0x" + first.dose_id.hex()


@attack(
    "vaccination-amend-for-another",
    defence="only a vaccinator of the issuer corrects",
    blocked_by="NotAuthorised",
    patch=[("        _checkVaccinator(issuer);\n", "")],
)
def correct_for_another(world: World) -> None:
    """Swap two certificates of a rival."""
    old, new = issue(world, "a"), issue(world, "b")
    as_(world, "hospital").amend(old, new)
    assert named_by(world, old)


@attack(
    "vaccination-amend-by-own-dose",
    defence="a correction is of the same organisation or of its heir",
    blocked_by="NotHeir",
    patch=[("        require(isOurs, NotHeir(old.organisation, issuer));\n", "")],
)
def correct_by_an_own_dose(world: World) -> None:
    """Put a dose of one's own in the place of a rival's."""
    old = issue(world, "a")
    own = issue(world, "b", issuer=HOSPITAL, by="hospital")
    as_(world, "hospital").amend(old, own)
    assert named_by(world, old) == "0x" + own.dose_id.hex()


@attack(
    "vaccination-own-heir",
    defence="the authority alone names the heir of an organisation",
    blocked_by="NotAuthority",
    patch=[("        ACCREDITATION.checkAuthority(organisation, msg.sender);\n", "")],
)
def name_oneself_the_heir(world: World) -> None:
    """Declare oneself the heir of a rival, and withdraw its doses."""
    old = issue(world, "a")
    as_(world, "hospital").name_heir(world.clinic, world.hospital)
    as_(world, "hospital").revoke(old.organisation, old.root, 0)
    assert as_(world, "clinic").is_revoked(old.organisation, old.root, 0)


@attack(
    "vaccination-error-for-another",
    defence="only the issuer, its heir or the authority withdraws",
    blocked_by="NotAuthorised",
    patch=[("if (!isSlip) _checkMayWithdraw(organisation);", "")],
)
def enter_in_error_for_another(world: World) -> None:
    """Say of a rival's dose that it was never given."""
    old = issue(world, "a")
    as_(world, "hospital").enter_in_error(old.organisation, old.root, 0)
    assert as_(world, "clinic").verify(old).reason == "EnteredInError"


@attack(
    "vaccination-dispute-for-another",
    defence="only who decides for the holder disputes",
    blocked_by="NotController",
    patch=[("        _checkMay(holder, Scopes.CONTEST);\n", "")],
)
def dispute_for_another(world: World) -> None:
    """Cast doubt on the certificate of somebody else."""
    dose = issue(world, "a")
    as_(world, "attacker").dispute(dose.dose.holder, dose.dose_id)
    _require_doubt(world, dose)


@attack(
    "vaccination-forged-dispute",
    defence="the controller of the holder signs a dispute",
    blocked_by="InvalidSignature",
    patch=[
        (
            "        require(PATIENTS.isSigned(holder, signed, signature), ISignedActions.InvalidSignature(holder));\n",
            "",
        )
    ],
)
def forge_a_dispute(world: World) -> None:
    """Sign as somebody else for the holder."""
    dose = issue(world, "a")
    forger = as_(world, "attacker")
    forger.send_dispute(forger.sign_dispute(dose.dose.holder, dose.dose_id, deadline=FAR))
    _require_doubt(world, dose)


@attack(
    "vaccination-dispute-of-another-dose",
    defence="the dose is part of what is signed",
    blocked_by="InvalidSignature",
    patch=[("holder, dose, statement, deadline));", "holder, statement, statement, deadline));")],
)
def dispute_another_dose(world: World) -> None:
    """Turn what a holder signed about one dose against another of hers."""
    hers = world.patient.address
    first, second = issue(world, "a", holder=hers), issue(world, "b", holder=hers)
    meant = first.dose_id if world.defended else ZERO_HASH
    signed = world.acting_as(world.patient).vaccination.sign_dispute(hers, meant, deadline=FAR)
    as_(world, "attacker").send_dispute(replace(signed, dose=second.dose_id))
    _require_doubt(world, second)


@attack(
    "vaccination-dispute-other-registry",
    defence="what is signed names the registry",
    blocked_by="InvalidSignature",
    patch=[("abi.encode(_DISPUTE, address(this),", "abi.encode(_DISPUTE, address(PATIENTS),")],
)
def dispute_in_another_registry(world: World) -> None:
    """Send what was signed for an earlier registry to this one, where a dose has the same id."""
    dose = issue(world, "a", holder=world.patient.address)
    registry = world.address("DrugProvenance") if world.defended else world.address("PatientRegistry")
    message = {
        "registry": registry,
        "holder": world.patient.address,
        "dose": dose.dose_id,
        "statement": ZERO_HASH,
        "deadline": FAR,
    }
    digest = _DISPUTE.digest(world.suite.patients.domain, message)
    signature = sign(bytes(world.patient.key), digest)
    as_(world, "attacker").send_dispute(SignedDispute(world.patient.address, dose.dose_id, ZERO_HASH, FAR, signature))
    _require_doubt(world, dose)


@attack(
    "vaccination-old-dispute",
    defence="what is signed ends at its deadline",
    blocked_by="SignatureExpired",
    patch=[("        require(block.timestamp <= deadline, ISignedActions.SignatureExpired(deadline));\n", "")],
)
def send_an_old_dispute(world: World) -> None:
    """Send years later what a holder signed and never sent."""
    dose = issue(world, "a", holder=world.patient.address)
    deadline = world.chain.now() + 60
    signer = world.acting_as(world.patient).vaccination
    signed = signer.sign_dispute(world.patient.address, dose.dose_id, deadline=deadline)
    world.chain.mine(seconds=1000)
    as_(world, "attacker").send_dispute(signed)
    _require_doubt(world, dose)


def _require_doubt(world: World, certificate: Certificate) -> None:
    assert Advisory.DISPUTED in as_(world, "clinic").verify(certificate).advisories
