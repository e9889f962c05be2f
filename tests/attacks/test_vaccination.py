"""Attacks on vaccination records: each is blocked, and succeeds where its one defence is taken out."""

from __future__ import annotations

import base64
import json
import unicodedata
import zlib

from medtrust import samples
from medtrust.accreditation import Role
from medtrust.certificate import LONGEST_TEXT, Certificate, Dose, dose_leaf
from medtrust.disclosure import SealedFields
from medtrust.errors import InputError
from medtrust.importer import _Run
from medtrust.intake import Intake
from medtrust.keccak import keccak256
from medtrust.merkle import MerkleTree, process_proof, standard_leaf
from medtrust.standards import codes
from medtrust.stock import Stock
from medtrust.types import ZERO_HASH
from medtrust.vaccination import Status, VaccinationClient, Verdict
from tests.attacks.framework import Attack, AttackTests, Blocked, attacks_on
from tests.doses import CLINIC, DoseBatch, ask, batch_of, changed
from tests.gas.frame import execution_gas
from tests.world import World

ATTACKS: list[Attack] = []
attack = attacks_on("VaccinationRegistry", ATTACKS)

KEY = bytes(range(32))
DAY = 86_400
LEAF = "abi.encode(organisation, dose.index, dose.holder, dose.lot, dose.fields)"


class TestAttacks(AttackTests):
    pass


def clinic_of(world: World) -> VaccinationClient:
    return world.acting_as("clinic").vaccination


def anchor(world: World, batch: DoseBatch) -> None:
    """Anchor a batch whose lots are not traced."""
    clinic_of(world).anchor(batch.organisation, batch.root, batch.size)


def require_active(status: object) -> None:
    """Go on only if the verdict is ACTIVE: that is the damage."""
    if status != Status.ACTIVE:
        raise Blocked(Status(status).name)  # type: ignore[arg-type]  # what the contract answers is a number


@attack(
    "vaccination-inner-node-as-leaf",
    defence="a leaf is hashed twice from the five parts of a dose",
    blocked_by="UNKNOWN",
    patch=[(f"bytes.concat(keccak256({LEAF}))", "abi.encode(dose.lot, dose.fields)")],
)
def offer_an_inner_node(world: World) -> None:
    """Pass off the two children of an inner node as lot and fields of a dose that nobody recorded."""
    batch = batch_of(5, lot=ZERO_HASH)
    anchor(world, batch)
    nodes = list(batch.tree.nodes())
    children, proof = sorted(nodes[7:9]), [nodes[4], nodes[2]]
    assert process_proof(keccak256(b"".join(children)), proof) == batch.root
    forged = changed(batch.doses[0], lot=children[0], fields=children[1])
    require_active(ask(clinic_of(world), batch, 0, dose=forged, proof=proof)["status"])


@attack(
    "vaccination-duplicated-last-leaf",
    defence="each leaf carries its own index",
    blocked_by="UNKNOWN",
    patch=[(LEAF, "abi.encode(organisation, dose.holder, dose.lot, dose.fields)")],
)
def show_the_duplicate_of_a_revoked_dose(world: World) -> None:
    """In a tree filled up with its last leaf, revoke that dose and show its copy."""
    given = batch_of(3, lot=ZERO_HASH)
    first, second, last = (_leaf(world, given, dose) for dose in given.doses)
    pairs = [keccak256(b"".join(sorted(pair))) for pair in ((first, second), (last, last))]
    root = keccak256(b"".join(sorted(pairs)))
    client, dose, proof = clinic_of(world), given.doses[2], [last, pairs[0]]
    client.anchor(given.organisation, root, 4)
    client.revoke(given.organisation, root, dose.index)
    assert ask(client, given, 2, root=root, dose=dose, proof=proof)["status"] == Status.REVOKED
    copy = changed(dose, index=3)
    require_active(ask(client, given, 2, root=root, dose=copy, proof=proof)["status"])


def _leaf(world: World, batch: DoseBatch, dose: Dose) -> bytes:
    if world.defended:
        return dose_leaf(batch.organisation, dose)
    values = (batch.organisation, dose.holder, dose.lot, dose.fields)
    return standard_leaf(("bytes32", "address", "bytes32", "bytes32"), values)


@attack(
    "vaccination-more-doses-than-declared",
    defence="the size of a batch bounds the length of its proofs",
    blocked_by="UNKNOWN",
    patch=[("if (!_isProofLength(proof.length, batch.size)) return verdict;", "")],
)
def hide_doses_in_a_batch_of_one(world: World) -> None:
    """Declare one dose and issue certificates for four, by proofs that are longer than the batch."""
    doses = [changed(dose, index=0) for dose in batch_of(4, lot=ZERO_HASH).doses]
    tree = MerkleTree([dose_leaf(world.clinic, dose) for dose in doses])
    clinic_of(world).anchor(world.clinic, tree.root, 1)
    for place, dose in enumerate(doses):
        proof = tree.proof(place)
        answer = ask(clinic_of(world), batch_of(4), 0, root=tree.root, dose=dose, proof=proof)
        require_active(answer["status"])


@attack(
    "vaccination-proof-bomb",
    defence="the length of a proof is judged before anything is hashed",
    blocked_by="refused at once",
    patch=[("if (!_isProofLength(proof.length, batch.size)) return verdict;", "")],
)
def burn_gas_with_a_long_proof(world: World) -> None:
    """Make a contract that verifies pay for four hundred hashes."""
    batch = batch_of(2, lot=ZERO_HASH)
    anchor(world, batch)
    bomb = [keccak256(bytes([step % 256])) for step in range(400)]
    question = (batch.organisation, batch.root, batch.doses[0], bomb, 2**64 - 1)
    gas = execution_gas(clinic_of(world), "verify", *question)
    if gas < 20_000:
        raise Blocked("refused at once")
    assert gas > 60_000


@attack(
    "vaccination-root-copied",
    defence="each leaf carries the organisation of its batch",
    blocked_by="UNKNOWN",
    patch=[(LEAF, "abi.encode(dose.index, dose.holder, dose.lot, dose.fields)")],
)
def copy_the_root_of_another(world: World) -> None:
    """As another accredited hospital, anchor the clinic's root and show its doses as one's own."""
    batch = batch_of(2, lot=ZERO_HASH)
    tree = batch.tree
    if not world.defended:
        parts = ((dose.index, dose.holder, dose.lot, dose.fields) for dose in batch.doses)
        tree = MerkleTree([standard_leaf(("uint32", "address", "bytes32", "bytes32"), part) for part in parts])
    clinic_of(world).anchor(world.clinic, tree.root, 2)
    thief = world.acting_as("hospital").vaccination
    thief.anchor(world.hospital, tree.root, 2)
    answer = ask(thief, batch, 0, organisation=world.hospital, root=tree.root, proof=tree.proof(0))
    require_active(answer["status"])


@attack(
    "vaccination-stolen-key",
    defence="the issuer is judged by what is known now about the time of the anchor",
    blocked_by="ISSUER_UNTRUSTED",
    patch=[("return isTrusted ? Status.ACTIVE : Status.ISSUER_UNTRUSTED;", "return Status.ACTIVE;")],
)
def anchor_with_a_stolen_key(world: World) -> None:
    """Anchor forged doses before the theft is noticed, and show them after it is declared."""
    forged = _anchor_after_theft(world)
    require_active(ask(clinic_of(world), forged, 0)["status"])


@attack(
    "vaccination-backdating",
    defence="a dose is UNKNOWN before the block time of its anchor",
    blocked_by="UNKNOWN",
    patch=[
        ("if (batch.anchoredAt == 0 || at < batch.anchoredAt ||", "if (batch.anchoredAt == 0 ||"),
        ("verdict.status = _statusBy(organisation, batch);", "verdict.status = _statusBy(organisation, batch, at);"),
        (
            "_statusBy(bytes32 organisation, Batch storage batch)",
            "_statusBy(bytes32 organisation, Batch storage batch, uint64 at)",
        ),
        ("Roles.VACCINATOR, batch.anchoredAt)", "Roles.VACCINATOR, at)"),
    ],
)
def backdate_after_a_compromise(world: World) -> None:
    """Show a dose that was anchored with a stolen key as of a time before the theft."""
    before = world.chain.now()
    forged = _anchor_after_theft(world)
    require_active(ask(clinic_of(world), forged, 0, at=before)["status"])


def _anchor_after_theft(world: World) -> DoseBatch:
    world.chain.mine(seconds=DAY)
    stolen_at = world.chain.now()
    world.chain.mine(seconds=DAY)
    forged = batch_of(2, lot=ZERO_HASH)
    anchor(world, forged)
    world.chain.mine(seconds=DAY)
    world.acting_as("authority").accreditation.compromise(world.clinic, Role.VACCINATOR, since=stolen_at)
    return forged


@attack(
    "vaccination-un-revoke",
    defence="a bit is only ever set, and once",
    blocked_by="DoseAlreadyRevoked",
    patch=[("require(bits & bit == 0, DoseAlreadyRevoked(index));", ""), ("= bits | bit;", "= bits ^ bit;")],
)
def revoke_twice(world: World) -> None:
    """Revoke a revoked dose once more, so that it stands again."""
    batch = batch_of(2, lot=ZERO_HASH)
    anchor(world, batch)
    for _ in range(2):
        clinic_of(world).revoke(batch.organisation, batch.root, batch.doses[0].index)
    require_active(ask(clinic_of(world), batch, 0)["status"])


@attack(
    "vaccination-anchor-again",
    defence="a root is anchored once by one organisation",
    blocked_by="BatchExists",
    patch=[("require(_records[batchId].batch.anchoredAt == 0, BatchExists(organisation, root));", "")],
)
def anchor_again_after_a_compromise(world: World) -> None:
    """Wash a batch that a compromise spoilt: have it anchored again once the clinic is accredited anew."""
    forged = _anchor_after_theft(world)
    world.acting_as("authority").accreditation.accredit(world.clinic, Role.VACCINATOR, until=world.chain.now() + DAY)
    world.chain.mine(seconds=1)
    anchor(world, forged)
    require_active(ask(clinic_of(world), forged, 0)["status"])


@attack(
    "vaccination-anchor-for-another",
    defence="only a signer of an accredited vaccinator anchors for it",
    blocked_by="NotAuthorised",
    patch=[("_checkVaccinator(organisation);\n        require(root", "require(root")],
)
def anchor_for_another(world: World) -> None:
    """Anchor a batch in the name of the clinic."""
    batch = batch_of(2, lot=ZERO_HASH)
    world.acting_as("attacker").vaccination.anchor(batch.organisation, batch.root, 2)
    assert clinic_of(world).batch_of(batch.organisation, batch.root) is not None


@attack(
    "vaccination-revoke-for-another",
    defence="only the issuer or the authority of its jurisdiction revokes",
    blocked_by="NotAuthorised",
    patch=[("if (!isSlip) _checkMayWithdraw(organisation);", "")],
)
def revoke_for_another(world: World) -> None:
    """Withdraw a rival's doses, as a hospital that is accredited itself."""
    _anchor_and_revoke_as(world, "hospital", days=0)


@attack(
    "vaccination-removed-signer-revokes",
    defence="after a day the right to revoke is looked up",
    blocked_by="NotAuthorised",
    patch=[("msg.sender == signer && block.timestamp < anchoredAt + _SLIP_WINDOW;", "msg.sender == signer;")],
)
def revoke_after_removal(world: World) -> None:
    """With the key of a removed signer, withdraw what it had anchored long ago."""
    signer = world.account("clinic").address
    _anchor_and_revoke_as(world, "clinic", days=1, before=lambda: _remove(world, signer))


def _remove(world: World, signer: str) -> None:
    world.acting_as("authority").accreditation.remove_signer(world.clinic, signer)


def _anchor_and_revoke_as(world: World, who: str, *, days: int, before=lambda: None) -> None:
    batch = batch_of(2, lot=ZERO_HASH)
    anchor(world, batch)
    before()
    world.chain.mine(seconds=days * DAY)
    world.acting_as(who).vaccination.revoke(batch.organisation, batch.root, 0)
    assert clinic_of(world).is_revoked(batch.organisation, batch.root, 0)


@attack(
    "vaccination-invented-lot",
    defence="every lot of a batch is looked up in the registry of lots",
    blocked_by="UnknownLot",
    patch=[("Lots.checkUsable(PROVENANCE, lots);", "")],
)
def anchor_an_invented_lot(world: World) -> None:
    """Anchor doses from a lot that no manufacturer commissioned."""
    batch = batch_of(2)
    clinic_of(world).anchor(batch.organisation, batch.root, 2, lots=[keccak256(b"counterfeit")])
    assert clinic_of(world).batch_of(batch.organisation, batch.root) is not None


@attack(
    "vaccination-own-registry",
    defence="a certificate is judged by the registry that the verifier knows",
    blocked_by="OtherRegistry",
)
def show_a_certificate_of_an_own_registry(world: World) -> None:
    """Deploy registries of one's own, accredit oneself as the clinic there, and show the certificate."""
    own = _clinic_in_own_registry(world)
    batch = batch_of(2, lot=ZERO_HASH)
    own.anchor(batch.organisation, batch.root, 2)
    shown = batch.certificate(0, own)
    trusted = clinic_of(world) if world.defended else own
    _require_valid(trusted.verify(shown))


def _clinic_in_own_registry(world: World) -> VaccinationClient:
    attacker = world.account("attacker")
    accreditation_address = world.deploy("AccreditationRegistry", attacker.address, by="attacker")
    accreditation = type(world.suite.accreditation)(world.chain, accreditation_address, attacker)
    accreditation.open_jurisdiction(840, attacker.address)
    accreditation.register(world.clinic, 840, attacker.address, until=2**40)
    accreditation.accredit(world.clinic, Role.VACCINATOR, until=2**40)
    accreditation.add_signer(world.clinic, attacker.address, Role.VACCINATOR, until=2**40)
    others = world.address("DrugProvenance"), world.address("PatientRegistry")
    address = world.deploy("VaccinationRegistry", accreditation_address, *others, by="attacker")
    return VaccinationClient(world.chain, address, attacker)


def _require_valid(verdict: Verdict) -> None:
    if not verdict.is_valid:
        raise Blocked(verdict.reason)


@attack(
    "vaccination-changed-field", defence="each field is hashed with its salt under the dose", blocked_by="FieldChanged"
)
def change_a_shown_field(world: World) -> None:
    """Show another vaccine than the one that was given."""
    batch = batch_of(2, lot=ZERO_HASH)
    anchor(world, batch)
    shown = batch.certificate(0, clinic_of(world)).to_dict()
    field = next(one for one in shown["shown"] if one["n"] == "vc")
    field["v"] = "140"
    forged = Certificate.parse(json.dumps(shown))
    if world.defended:
        _require_valid(clinic_of(world).verify(forged))
    assert ask(clinic_of(world), batch, 0, dose=forged.dose)["status"] == Status.ACTIVE
    assert forged.values["vc"] == "140"  # what a reader would believe who asks about the dose and not about its fields


@attack("vaccination-guessed-leaf", defence="each field has a salt of 32 secret bytes", blocked_by="none of them")
def guess_a_hidden_field(world: World) -> None:
    """Knowing all about a dose but the vaccine, find that by trying every one there is against the dose's fields."""
    batch = batch_of(1, lot=ZERO_HASH)
    values = {field.name: field.value for field in batch.fields[0].open()}
    unsalted = dict.fromkeys(values, ZERO_HASH)
    committed = batch.fields[0].root if world.defended else SealedFields(values, unsalted).root
    guesses = codes.CVX_CODES.split()
    found = [guess for guess in guesses if SealedFields({**values, "vc": guess}, unsalted).root == committed]
    if not found:
        raise Blocked("none of them")
    assert found == ["115"]


@attack(
    "vaccination-enrolment-order",
    defence="the index of a dose is its rank among keyed hashes",
    blocked_by="no better than chance",
)
def find_a_person_by_the_order_of_the_day(world: World) -> None:
    """Knowing the clinic's appointments, tell from a revoked index whose dose it was."""
    intake = _intake(world)
    one = json.dumps(json.loads(samples.read("immunization.json")))
    people = [one.replace("700101", f"8{number:05}") for number in range(64)]
    intake.read("appointments.ndjson", "\n".join(people).encode())
    run = _Run(world.suite, CLINIC, KEY, Stock(), None, None, strict=True, batch_size=64)
    order = list(intake.doses)
    if world.defended:
        order = [digest for batch in run._plan(intake, {}) for digest in batch.digests]
    met = sum(digest == guess for digest, guess in zip(order, intake.doses, strict=True))
    if met < 8:
        raise Blocked("no better than chance")
    assert met == 64


def _intake(world: World) -> Intake:
    return Intake(CLINIC, KEY, Stock(), world.chain.now(), lambda lot: "")


def _anchor_twice(world: World, first: bytes, second: bytes) -> None:
    """Have one dose counted as two by writing it in two ways."""
    intake = _intake(world)
    intake.read("first", first)
    intake.read("second", second)
    assert intake.refused == []
    digests = intake.doses if world.defended else {keccak256(text) for text in (first, second)}
    if len(digests) == 1:
        raise Blocked("one dose")
    assert len(digests) == 2


def _canonical(name: str) -> dict[str, str]:
    return {"defence": f"{name} have one canonical form", "blocked_by": "one dose"}


def _vxu(*changes: tuple[str, str]) -> bytes:
    text = samples.read("vxu_v04.hl7").decode()
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new)
    return text.encode()


@attack("vaccination-twice-by-ndc", **_canonical("drug codes"))
def write_the_drug_code_in_two_ways(world: World) -> None:
    """58160-842-52, and 58160084252."""
    _anchor_twice(world, _vxu(), _vxu(("58160-842-52", "58160084252")))


@attack("vaccination-twice-by-time-zone", **_canonical("days"))
def write_the_time_in_two_zones(world: World) -> None:
    """The day alone, and the day with a time late in the evening that is another day in UTC."""
    _anchor_twice(world, _vxu(), _vxu(("|20261005||58160", "|20261005234500-0500||58160")))


@attack("vaccination-twice-by-unicode", **_canonical("texts"))
def write_the_patient_in_two_normal_forms(world: World) -> None:
    """A record number with an umlaut, composed (NFC) and decomposed (NFD)."""
    composed = _vxu(("700101^^^", "700101Ü^^^"))
    _anchor_twice(world, composed, unicodedata.normalize("NFD", composed.decode()).encode())


@attack("vaccination-twice-by-lot", **_canonical("lot numbers"))
def write_the_lot_in_two_ways(world: World) -> None:
    """mt2026a, and MT 2026 A: a detail that is no part of the identity either."""
    _anchor_twice(world, _vxu(), _vxu(("mt2026a", "MT 2026 A")))


@attack("vaccination-twice-by-format", **_canonical("formats"))
def write_the_dose_in_two_formats(world: World) -> None:
    """The HL7 v2 message and the FHIR resource of one dose."""
    _anchor_twice(world, _vxu(), samples.read("immunization.json"))


@attack("vaccination-code-bomb", defence="QR text is inflated to a bound", blocked_by="QR text that does not end")
def send_a_code_that_unpacks_for_ever(world: World) -> None:
    """Show a code of a few thousand characters that unpacks to twenty million."""
    packed = base64.b32encode(zlib.compress(b"0" * 20_000_000, 9)).decode()
    if world.defended:
        try:
            Certificate.parse(f"MT1:{packed.rstrip('=')}")
        except InputError as error:
            raise Blocked(error.found) from None
    assert len(zlib.decompress(base64.b32decode(packed))) > 100 * LONGEST_TEXT
