"""Attacks on consents: each is blocked, and succeeds where its one defence is taken out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, replace
from typing import Any

from medtrust.accreditation import Role
from medtrust.consent import (
    UNLIMITED,
    Confidentiality,
    Consent,
    ConsentClient,
    DataClass,
    Purpose,
    Request,
    SignedConsent,
    Terms,
    Verdict,
)
from medtrust.consent_terms import CONSENT
from medtrust.errors import Reverted
from medtrust.signing import Domain, sign
from medtrust.types import ZERO_HASH, name_hash
from tests.attacks.framework import Attack, AttackTests, Blocked, attacks_on
from tests.consents import DAY, patient_client, simulate, valid_consent, valid_request, valid_terms
from tests.gas.frame import execution_gas
from tests.world import CHINA, FAR, World

ATTACKS: list[Attack] = []
attack = attacks_on("ConsentRegistry", ATTACKS)

ACTIONS = "contracts/base/SignedActions.sol"
ECDSA = "node_modules/@openzeppelin/contracts/utils/cryptography/ECDSA.sol"
EPOCHS = "contracts/libraries/Epochs.sol"
COVERAGE = "contracts/libraries/Coverage.sol"
LEDGERS = "contracts/libraries/Ledgers.sol"
SIGNATURES = "contracts/libraries/Signatures.sol"

ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
WALLET_GAS = 400_000
NOT_CONTROLLER = "        require(isAllowed, NotController(patient, account));\n"
COMMITMENT = name_hash("a request and its salt")
NOT_REVOKED = "require(entry.revokedAt == 0, AlreadyRevoked(consent, entry.revokedAt));\n        "
OTHER_HASH = name_hash("another")
ONCE = "    uint256 private immutable _CHAIN = block.chainid;\n"
COMPACT = "ECDSA.tryRecover(digest, bytes32(signature[:32]), bytes32(signature[32:]))"
LOOP = (
    "        bytes32 id = Statements.consentAt(4);\n"
    "        for (uint256 i = 0; i < _all.length; ++i) if (_all[i] == id) break;\n"
)
DATA_TIME_LINE = "dataAt < terms.dataFrom || (dataUntil != 0 && dataAt >= dataUntil)"
UNSIGNED = [("        require(isHers, InvalidSignature(controller));\n", "        isHers;\n")]
ZERO_ADDRESS = "0x" + 40 * "0"
OLD_REGISTRY = "0x0000000000000000000000000000000000000001"


class TestAttacks(AttackTests):
    pass


def registry_of(world: World) -> ConsentClient:
    return world.acting_as("attacker").consent


def signed(world: World, consent: Consent | None = None, *, domain: Domain | None = None) -> SignedConsent:
    """What the patient signed, for the registry of this world unless another domain is given."""
    consent = consent or valid_consent(world)
    domain = domain or registry_of(world).domain
    return SignedConsent(consent, sign(bytes(world.patient.key), CONSENT.digest(domain, consent.message)), domain)


def require_permitted(verdict: Verdict) -> None:
    """Go on only if the request is permitted: that is the damage."""
    if not verdict.is_permitted:
        raise Blocked(verdict.reason.name)


def ask(world: World, receipt: SignedConsent, **changes: Any) -> None:
    """Show a receipt and demand the data."""
    request = valid_request(world, **changes)
    require_permitted(registry_of(world).check(receipt.consent, request, signature=receipt.signature))


# Replay


@attack(
    "consent-replay-other-chain",
    defence="the domain holds the chain",
    blocked_by="InvalidSignature",
    contract="ConsentRegistry",
    file=ACTIONS,
    patch=[("version, block.chainid, address(this)", "version, 1, address(this)")],
)
def replay_on_another_chain(world: World) -> None:
    """Send here what the patient signed for the registry of chain 1."""
    elsewhere = replace(registry_of(world).domain, chain_id=1)
    registry_of(world).grant_by_sig(signed(world, domain=elsewhere))


@attack(
    "consent-replay-other-deployment",
    defence="the domain holds the address of the registry",
    blocked_by="InvalidSignature",
    contract="ConsentRegistry",
    file=ACTIONS,
    patch=[("version, block.chainid, address(this)", "version, block.chainid, address(1)")],
)
def replay_on_another_deployment(world: World) -> None:
    """Send here what the patient signed for an older deployment."""
    elsewhere = replace(registry_of(world).domain, contract=OLD_REGISTRY)
    registry_of(world).grant_by_sig(signed(world, domain=elsewhere))


@attack(
    "consent-replay-after-fork",
    defence="the domain is that of the chain as it is when a statement is sent",
    blocked_by="SIGNATURE",
    contract="ConsentRegistry",
    file=ACTIONS,
    patch=[
        ("    bytes32 private immutable _NAME_HASH;\n", f"    bytes32 private immutable _NAME_HASH;\n{ONCE}"),
        ("version, block.chainid, address(this)", "version, _CHAIN, address(this)"),
    ],
)
def replay_after_a_fork(world: World) -> None:
    """Show on the branch with a new number what was signed before the chain split."""
    receipt = signed(world)
    world.chain.request("anvil_setChainId", world.chain.id + 1)
    try:
        ask(world, receipt)
    finally:
        world.chain.request("anvil_setChainId", world.chain.id)


# Encodings


def send_variant(world: World, change: Callable[[bytes], bytes]) -> None:
    receipt = signed(world)
    registry_of(world).grant_by_sig(replace(receipt, signature=change(receipt.signature)))


@attack(
    "consent-high-s",
    defence="s must be in the lower half",
    blocked_by="InvalidSignature",
    contract="PatientRegistry",
    file=ECDSA,
    patch=[("if (uint256(s) > 0x7FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF5D576E7357A4501DDFE92F46681B20A0) {", "if (false) {")],
)
def send_high_s(world: World) -> None:
    """Make a second signature out of the patient's."""

    def mirror(signature: bytes) -> bytes:
        s = ORDER - int.from_bytes(signature[32:64], "big")
        return signature[:32] + s.to_bytes(32, "big") + bytes((55 - signature[64],))

    send_variant(world, mirror)


@attack(
    "consent-v-of-0-or-1",
    defence="v must be 27 or 28",
    blocked_by="InvalidSignature",
    contract="PatientRegistry",
    file=ECDSA,
    patch=[("ecrecover(hash, v, r, s)", "ecrecover(hash, v < 27 ? v + 27 : v, r, s)")],
)
def send_v_of_0_or_1(world: World) -> None:
    """Write v another way."""
    send_variant(world, lambda signature: signature[:64] + bytes((signature[64] - 27,)))


@attack(
    "consent-compact-signature",
    defence="a signature has 65 bytes",
    blocked_by="InvalidSignature",
    contract="PatientRegistry",
    file=SIGNATURES,
    patch=[
        (
            "ECDSA.tryRecover(digest, signature);",
            f"signature.length == 64 ? {COMPACT} : ECDSA.tryRecover(digest, signature);",
        )
    ],
)
def send_compact(world: World) -> None:
    """Put v into the highest bit of s, as ERC-2098 does."""

    def compact(signature: bytes) -> bytes:
        return signature[:32] + bytes((signature[32] | (signature[64] - 27) << 7,)) + signature[33:64]

    send_variant(world, compact)


@attack(
    "consent-padded-signature",
    defence="a signature has 65 bytes",
    blocked_by="InvalidSignature",
    contract="PatientRegistry",
    file=ECDSA,
    patch=[("if (signature.length == 65) {", "if (signature.length >= 65) {")],
)
def send_padded(world: World) -> None:
    """Append a byte."""
    send_variant(world, lambda signature: signature + b"\x00")


# Wallets


@attack(
    "consent-wallet-speaks-for-another",
    defence="the wallet at the patient's own address is asked, never one that the sender names",
    blocked_by="InvalidSignature",
    contract="PatientRegistry",
    file=SIGNATURES,
    patch=[
        (
            "if (isWallet && _isSignedByWallet(expected, digest, signature)) return expected;",
            (
                "isWallet;\n"
                "        if (_isSignedByWallet(address(bytes20(signature[:20])), digest, signature)) return expected;"
            ),
        )
    ],
)
def bring_a_wallet_that_agrees(world: World) -> None:
    """Name a wallet that always says yes in place of the patient's signature."""
    agreeing = bytes.fromhex(world.deploy("AgreeingWallet")[2:])
    registry_of(world).grant_by_sig(replace(signed(world), signature=agreeing + bytes(45)))


@attack(
    "consent-wallet-without-the-word",
    defence="the answer of a wallet must be the magic value",
    blocked_by="SIGNATURE",
    contract="PatientRegistry",
    file=SIGNATURES,
    patch=[
        (
            "answer.length >= 32 && bytes32(answer) == bytes32(IERC1271.isValidSignature.selector);",
            "answer.length >= 32;",
        )
    ],
)
def speak_for_a_contract_that_answers_anything(world: World) -> None:
    """Take an answer that is no agreement for one: a contract that answers every call with zeros."""
    consent = valid_consent(world, patient=world.deploy("FloodingWallet", 32))
    ask(world, replace(signed(world, consent), signature=b"\x01"))


@attack(
    "consent-wallet-reverts",
    defence="a wallet that reverts has not agreed, and does not stop the answer",
    blocked_by="SIGNATURE",
    contract="PatientRegistry",
    file=SIGNATURES,
    patch=[
        (
            "return isAnswered && answer.length",
            "return IERC1271(wallet).isValidSignature(digest, signature) != bytes4(0) && answer.length",
        )
    ],
)
def stop_the_answer(world: World) -> None:
    """Let whoever asks about a consent fail instead of getting an answer."""
    receipt = signed(world, valid_consent(world, patient=world.deploy("RevertingWallet")))
    try:
        ask(world, receipt)
    except Reverted:
        return


def cost_of_asking(world: World, wallet: str) -> None:
    """Make an answer cost more than 3 times the limit of a wallet."""
    consent = valid_consent(world, patient=wallet)
    registry = registry_of(world)
    data = registry.interface.encode_call("check", [consent, valid_request(world), b"\x01"])
    call = {"to": registry.address, "data": "0x" + data.hex(), "gas": hex(10_000_000)}
    trace = world.chain.request("debug_traceCall", call, "latest", {"tracer": "callTracer"})
    if int(trace["gasUsed"], 16) < 3 * WALLET_GAS:
        raise Blocked("bounded")


UNBOUNDED = [("wallet.staticcall{gas: _WALLET_GAS}(question)", "wallet.staticcall(question)")]


@attack(
    "consent-wallet-burns-gas",
    defence="a wallet gets a limited amount of gas",
    blocked_by="bounded",
    contract="PatientRegistry",
    file=SIGNATURES,
    patch=UNBOUNDED,
)
def burn_gas(world: World) -> None:
    cost_of_asking(world, world.deploy("BurningWallet"))


@attack(
    "consent-wallet-return-bomb",
    defence="a wallet gets a limited amount of gas, and what it returns costs it as much as it costs to read",
    blocked_by="bounded",
    contract="PatientRegistry",
    file=SIGNATURES,
    patch=UNBOUNDED,
)
def return_a_bomb(world: World) -> None:
    cost_of_asking(world, world.deploy("FloodingWallet", 1_000_000))


# Relayers


@attack(
    "consent-front-run-grant",
    defence="a second grant of one id changes nothing and does not fail",
    blocked_by="harmless",
    patch=[("if (entry.isGranted()) return;", "require(!entry.isGranted(), NotGranted(consent));")],
)
def front_run_a_grant(world: World) -> None:
    """Send the patient's grant first, so that the transaction of the hospital, which acts on it, fails."""
    receipt = signed(world)
    registry_of(world).grant_by_sig(receipt)
    try:
        world.acting_as("hospital").consent.grant_by_sig(receipt)
    except Reverted:
        return
    raise Blocked("harmless")


@attack(
    "consent-front-run-revocation",
    defence="a second revocation of one id changes nothing and does not fail",
    blocked_by="harmless",
    patch=[("if (entry.revokedAt != 0) return;", "require(entry.revokedAt == 0, NotGranted(consent));")],
)
def front_run_a_revocation(world: World) -> None:
    """Send the patient's revocation first, so that the patient's own fails."""
    patient = world.patient.address
    consent = valid_consent(world)
    signature = world.acting_as(world.patient).consent.sign_revoke(consent.id, deadline=FAR)
    registry_of(world).revoke_by_sig(patient, consent.id, signature, deadline=FAR)
    try:
        world.acting_as("relayer").consent.revoke_by_sig(patient, consent.id, signature, deadline=FAR)
    except Reverted:
        return
    raise Blocked("harmless")


def replay_after_new_grants(world: World, send: Callable[[ConsentClient], object], epoch: int) -> None:
    """Send a revocation of everything again after the patient granted anew."""
    send(registry_of(world))
    consent = valid_consent(world, epoch=epoch)
    patient_client(world).grant(consent)
    send(registry_of(world))
    if registry_of(world).check(consent, valid_request(world)).is_permitted:
        raise Blocked("harmless")


@attack(
    "consent-replay-revoke-all",
    defence="a revocation of everything names the epoch that it ends",
    blocked_by="harmless",
    patch=[("if (epoch == current) _revokeAll(patient);", "_revokeAll(patient);")],
)
def replay_revoke_all(world: World) -> None:
    signature = world.acting_as(world.patient).consent.sign_revoke_all(epoch=0, deadline=FAR)
    patient = world.patient.address
    replay_after_new_grants(
        world, lambda client: client.revoke_all_by_sig(patient, signature, epoch=0, deadline=FAR), 1 << 32
    )


@attack(
    "consent-replay-revoke-all-of",
    defence="a revocation of everything names the epoch that it ends",
    blocked_by="harmless",
    patch=[("if (epoch == current) _revokeAllOf(patient, grantee);", "_revokeAllOf(patient, grantee);")],
)
def replay_revoke_all_of(world: World) -> None:
    signature = world.acting_as(world.patient).consent.sign_revoke_all_of(world.hospital, epoch=0, deadline=FAR)
    patient = world.patient.address
    replay_after_new_grants(
        world,
        lambda client: client.revoke_all_of_by_sig(patient, world.hospital, signature, epoch=0, deadline=FAR),
        1,
    )


@attack(
    "consent-epoch-ended-in-advance",
    defence="an epoch that has not begun cannot be ended",
    blocked_by="WrongEpoch",
    patch=[
        ("require(epoch <= current, WrongEpoch(epoch, current));\n        // An epoch", "// An epoch"),
        ("if (epoch == current) _revokeAll(patient);", "if (epoch >= current) _revokeAll(patient);"),
    ],
)
def end_an_epoch_in_advance(world: World) -> None:
    """Use a revocation that the patient signed for a later epoch against the consents of this one."""
    signature = world.acting_as(world.patient).consent.sign_revoke_all(epoch=1 << 32, deadline=FAR)
    consent = valid_consent(world)
    patient_client(world).grant(consent)
    registry_of(world).revoke_all_by_sig(world.patient.address, signature, epoch=1 << 32, deadline=FAR)
    assert not registry_of(world).check(consent, valid_request(world)).is_permitted


@attack(
    "consent-revocation-after-deadline",
    defence="a signature is good up to the second of its deadline",
    blocked_by="SignatureExpired",
    contract="ConsentRegistry",
    file=ACTIONS,
    patch=[("block.timestamp <= deadline", "block.timestamp <= deadline + 1")],
)
def revoke_after_the_deadline(world: World) -> None:
    """Send a revocation one second late."""
    deadline = world.chain.now() + DAY
    signature = world.acting_as(world.patient).consent.sign_revoke(OTHER_HASH, deadline=deadline)
    world.chain.travel(deadline + 1)
    simulate(registry_of(world), "revokeBySig", world.patient.address, OTHER_HASH, deadline, signature)


# Held back


@attack(
    "consent-held-back-grant",
    defence="an id that was revoked before it was anchored is not granted any more",
    blocked_by="AlreadyRevoked",
    patch=[
        (
            "require(entry.revokedAt == 0, AlreadyRevoked(consent, entry.revokedAt));\n        if (entry.isGranted",
            "if (entry.isGranted",
        )
    ],
)
def anchor_after_revocation(world: World) -> None:
    """Hold a signed consent back, and announce it as granted after the patient revoked it."""
    receipt = signed(world)
    revoked = patient_client(world).revoke(receipt.id)
    announced = registry_of(world).grant_by_sig(receipt).event("ConsentGranted")
    assert announced.values["grantedAt"] >= revoked.at


@attack(
    "consent-held-back-receipt",
    defence="a revoked id is refused first, also with a signature",
    blocked_by="REVOKED",
    contract="ConsentRegistry",
    file=LEDGERS,
    patch=[("revokedAt != 0 && at >= revokedAt", "revokedAt != 0 && false")],
)
def show_after_revocation(world: World) -> None:
    """Hold a signed consent back, and show it after the patient revoked it."""
    receipt = signed(world)
    patient_client(world).revoke(receipt.id)
    ask(world, receipt)


@attack(
    "consent-held-back-over-revoke-all",
    defence="a consent carries the epoch in which it was made",
    blocked_by="EPOCH",
    contract="ConsentRegistry",
    file=LEDGERS,
    patch=[("!ledger.epochs.isCurrentAt(consent.grantee, consent.epoch, at)", "false")],
)
def show_after_revoke_all(world: World) -> None:
    """Hold a signed consent back that the patient forgot, until after everything was revoked."""
    receipt = signed(world)
    patient_client(world).revoke_all()
    ask(world, receipt)


@attack(
    "consent-held-back-grant-over-revoke-all",
    defence="only a consent of the epoch of now is granted",
    blocked_by="WrongEpoch",
    patch=[("        _checkEpoch(outer);\n        _checkAccredited", "        _checkAccredited")],
)
def anchor_after_revoke_all(world: World) -> None:
    """Announce a consent as granted after the patient revoked everything."""
    receipt = signed(world)
    revoked = patient_client(world).revoke_all()
    announced = registry_of(world).grant_by_sig(receipt).event("ConsentGranted")
    assert announced.values["grantedAt"] >= revoked.at


@attack(
    "consent-epochs-not-begun",
    defence="in the past, an epoch counts from the second in which it began",
    blocked_by="EPOCH",
    contract="ConsentRegistry",
    file=EPOCHS,
    patch=[("(count <= total && at >= times[count - 1])", "count <= total")],
)
def backdate_a_signature(world: World) -> None:
    """Justify an access of the past by a consent that was signed only after everything had been revoked."""
    begins = world.chain.now()
    world.chain.mine(seconds=100)
    patient_client(world).revoke_all()
    world.chain.mine(seconds=100)
    receipt = signed(world, valid_consent(world, access_from=begins, epoch=1 << 32))
    request = valid_request(world)
    registry = registry_of(world)
    require_permitted(registry.check_at(receipt.consent, request, begins + 1, signature=receipt.signature))


# Widened by the relayer


def widened(world: World, consent: Consent, field: str) -> Consent:
    """The consent with one field changed for the gain of whoever changes it."""
    terms = consent.terms
    changes: dict[str, Any] = {
        "patient": world.account("stranger").address,
        "grantee": world.clinic,
        "access_from": consent.access_from - DAY,
        "access_until": consent.access_until + DAY,
        "max_uses": UNLIMITED,
        "purposes": terms.purposes | Purpose.HMARKT,
        "data_classes": terms.data_classes | DataClass.GENETICS,
        "sensitivity": Confidentiality.V,
        "jurisdiction": 0,
        "facility": ZERO_HASH,
        "data_from": 0,
        "data_until": 0,
        "onward": True,
        "parent": OTHER_HASH,
        "document": OTHER_HASH,
        "salt": OTHER_HASH,
    }
    if field in changes and field in {one.name for one in fields(Terms)}:
        return replace(consent, terms=replace(terms, **{field: changes[field]}))
    return replace(consent, **{field: changes[field]})


def add_widening(field: str) -> None:
    @attack(
        f"consent-widened-{field.replace('_', '-')}",
        defence="the patient's signature covers every field",
        blocked_by="InvalidSignature",
        contract="PatientRegistry",
        patch=UNSIGNED,
    )
    def widen(world: World) -> None:
        receipt = signed(world)
        changed = widened(world, receipt.consent, field)
        registry_of(world).grant_by_sig(replace(receipt, consent=changed))
        assert registry_of(world).record_of(changed.patient, changed.id).granted_at > 0


for _field in (*(one.name for one in fields(Consent)), *(one.name for one in fields(Terms))):
    if _field not in ("terms", "epoch"):
        add_widening(_field)


@attack(
    "consent-widened-epoch",
    defence="the patient's signature covers every field",
    blocked_by="InvalidSignature",
    contract="PatientRegistry",
    patch=UNSIGNED,
)
def renew_the_epoch(world: World) -> None:
    """Lift a signed consent that the patient ended with all others into the epoch of now."""
    receipt = signed(world)
    patient_client(world).revoke_all()
    renewed = replace(receipt.consent, epoch=1 << 32)
    registry_of(world).grant_by_sig(replace(receipt, consent=renewed))
    require_permitted(registry_of(world).check(renewed, valid_request(world)))


@attack(
    "consent-widened-when-shown",
    defence="a consent that was not granted is permitted with the patient's signature of just this consent",
    blocked_by="SIGNATURE",
    patch=[("PATIENTS.isSignedBy(controller, _digest(id), signature) ? Reason.NONE : Reason.SIGNATURE", "Reason.NONE")],
)
def show_wider_terms(world: World) -> None:
    """Show the patient's signature with wider terms than it was made for."""
    receipt = signed(world)
    ask(world, replace(receipt, consent=widened(world, receipt.consent, "purposes")), purpose=Purpose.HMARKT)


@attack(
    "consent-never-given",
    defence="a consent that nobody granted or signed is unknown",
    blocked_by="UNKNOWN",
    patch=[("if (signature.length == 0) return Reason.UNKNOWN;", "if (signature.length == 0) return Reason.NONE;")],
)
def show_nothing(world: World) -> None:
    """Write a consent oneself and show no signature."""
    ask(world, replace(signed(world), signature=b""))


# Outside of what was granted


def add_overreach(
    name: str, condition: str, reason: str, build: Callable[[World], tuple[Consent, Request]], *, file: str = COVERAGE
) -> None:
    """Add an attack that asks for more than a granted consent covers; in the twin what refuses it is never so."""

    @attack(
        f"consent-{name}",
        defence=f"check refuses with {reason}",
        blocked_by=reason,
        contract="ConsentRegistry",
        file=file,
        patch=[(condition, "false")],
    )
    def overreach(world: World) -> None:
        consent, request = build(world)
        patient_client(world).grant(consent)
        require_permitted(registry_of(world).check(consent, request))


def asking(**changes: Any) -> Callable[[World], tuple[Consent, Request]]:
    return lambda world: (valid_consent(world), valid_request(world, **changes))


add_overreach(
    "other-purpose",
    "!Purposes.isWithin(request.purpose, terms.purposes)",
    "PURPOSE",
    asking(purpose=Purpose.HMARKT),
)
add_overreach(
    "several-purposes-at-once",
    "!Purposes.isWithin(request.purpose, terms.purposes)",
    "PURPOSE",
    asking(purpose=Purpose.TREAT | Purpose.HMARKT),
)
add_overreach(
    "other-class",
    "!DataClasses.isWithin(request.dataClass, terms.dataClasses)",
    "DATA_CLASS",
    asking(data_class=DataClass.GENETICS),
)
add_overreach(
    "more-sensitive",
    "!Confidentiality.isWithin(request.sensitivity, terms.sensitivity)",
    "SENSITIVITY",
    asking(sensitivity=Confidentiality.R),
)
add_overreach(
    "unlabelled-data",
    "!Confidentiality.isWithin(request.sensitivity, terms.sensitivity)",
    "SENSITIVITY",
    asking(sensitivity=0),
)
add_overreach(
    "other-facility",
    "terms.facility != bytes32(0) && terms.facility != request.facility",
    "FACILITY",
    asking(facility=OTHER_HASH),
)
add_overreach("older-data", DATA_TIME_LINE, "DATA_TIME", asking(data_at=0))
add_overreach(
    "other-organisation",
    "request.organisation != grantee",
    "ORGANISATION",
    lambda world: (valid_consent(world), valid_request(world, organisation=world.clinic)),
)
add_overreach(
    "before-its-window",
    "at < consent.accessFrom",
    "NOT_YET",
    lambda world: (valid_consent(world, access_from=world.chain.now() + DAY), valid_request(world)),
    file=LEDGERS,
)
add_overreach(
    "child-of-a-parent",
    "!isAlone",
    "PARENT",
    lambda world: (valid_consent(world, terms=valid_terms(world, parent=OTHER_HASH)), valid_request(world)),
)


@attack(
    "consent-asked-once-too-often",
    defence="check refuses what was used as often as it may be",
    blocked_by="USES",
    contract="ConsentRegistry",
    file=LEDGERS,
    patch=[("uses >= consent.maxUses && (at > entry.usedAt || at == block.timestamp)", "false")],
)
def ask_once_too_often(world: World) -> None:
    """Ask for data again by a consent for one use."""
    consent = used_up(world)
    require_permitted(registry_of(world).check(consent, valid_request(world)))


@attack(
    "consent-child-of-a-revoked-parent",
    defence="a consent that stands on another is not honoured alone",
    blocked_by="PARENT",
    contract="ConsentRegistry",
    file=COVERAGE,
    patch=[("!isAlone", "false")],
)
def outlive_the_parent(world: World) -> None:
    """Go on under a consent whose parent the patient revoked."""
    patient = patient_client(world)
    parent = valid_consent(world, terms=valid_terms(world, onward=True))
    child = valid_consent(world, terms=valid_terms(world, parent=parent.id))
    patient.grant(parent)
    patient.grant(child)
    patient.revoke(parent.id)
    require_permitted(registry_of(world).check(child, valid_request(world)))


@attack(
    "consent-stranger-asks",
    defence="the actor must be a signer of the grantee, and the grantee in good standing",
    blocked_by="ACTOR",
    contract="ConsentRegistry",
    file=COVERAGE,
    patch=[("!accreditation.isAuthorised(grantee, request.actor, Roles.PARTICIPANT, at)", "false")],
)
def ask_as_a_stranger(world: World) -> None:
    """Ask in the name of the hospital without acting for it."""
    ask(world, signed(world), actor=world.account("attacker").address)


@attack(
    "consent-suspended-organisation-asks",
    defence="the actor must be a signer of the grantee, and the grantee in good standing",
    blocked_by="ACCREDITATION",
    contract="ConsentRegistry",
    file=COVERAGE,
    patch=[("!accreditation.isAuthorised(grantee, request.actor, Roles.PARTICIPANT, at)", "false")],
)
def ask_while_suspended(world: World) -> None:
    """Ask for an organisation that its jurisdiction suspended."""
    world.acting_as("authority").accreditation.suspend(world.hospital, Role.PARTICIPANT)
    ask(world, signed(world))


@attack(
    "consent-claimed-jurisdiction",
    defence="the jurisdiction of the organisation is looked up, not taken from the request",
    blocked_by="JURISDICTION",
    contract="ConsentRegistry",
    file=COVERAGE,
    patch=[
        (
            "(place != request.jurisdiction || place != jurisdictionOf(grantee, accreditation))",
            "place != request.jurisdiction",
        )
    ],
)
def claim_a_jurisdiction(world: World) -> None:
    """Claim to ask from the jurisdiction that the consent is for."""
    receipt = signed(world, valid_consent(world, terms=valid_terms(world, jurisdiction=CHINA)))
    ask(world, receipt, jurisdiction=CHINA)


# Boundary seconds


@attack(
    "consent-in-the-second-of-its-end",
    defence="the window is half-open",
    blocked_by="EXPIRED",
    contract="ConsentRegistry",
    file=LEDGERS,
    patch=[("at >= consent.accessUntil", "at > consent.accessUntil")],
)
def ask_in_the_second_of_its_end(world: World) -> None:
    receipt = signed(world)
    request = valid_request(world)
    world.chain.travel(receipt.consent.access_until)
    require_permitted(registry_of(world).check(receipt.consent, request, signature=receipt.signature))


@attack(
    "consent-in-the-second-before-its-begin",
    defence="the window begins in its second, and not before",
    blocked_by="NOT_YET",
    contract="ConsentRegistry",
    file=LEDGERS,
    patch=[("at < consent.accessFrom", "at + 1 < consent.accessFrom")],
)
def ask_in_the_second_before_its_begin(world: World) -> None:
    begins = world.chain.now() + DAY
    receipt = signed(world, valid_consent(world, access_from=begins, access_until=begins + DAY))
    request = valid_request(world)
    world.chain.travel(begins - 1)
    require_permitted(registry_of(world).check(receipt.consent, request, signature=receipt.signature))


@attack(
    "consent-in-the-second-of-its-revocation",
    defence="a revocation counts from its own second on",
    blocked_by="REVOKED",
    contract="ConsentRegistry",
    file=LEDGERS,
    patch=[("at >= revokedAt", "at > revokedAt")],
)
def ask_in_the_second_of_its_revocation(world: World) -> None:
    receipt = signed(world)
    at = patient_client(world).revoke(receipt.id).at
    request = valid_request(world)
    require_permitted(registry_of(world).check_at(receipt.consent, request, at, signature=receipt.signature))


@attack(
    "consent-in-the-second-of-revoke-all",
    defence="an epoch ends in the second of its revocation",
    blocked_by="EPOCH",
    contract="ConsentRegistry",
    file=EPOCHS,
    patch=[("at < times[count]", "at <= times[count]")],
)
def ask_in_the_second_of_revoke_all(world: World) -> None:
    receipt = signed(world)
    at = patient_client(world).revoke_all().at
    world.chain.mine(seconds=100)
    request = valid_request(world)
    require_permitted(registry_of(world).check_at(receipt.consent, request, at, signature=receipt.signature))


@attack(
    "consent-data-of-the-first-second-outside",
    defence="the time of the data is half-open",
    blocked_by="DATA_TIME",
    contract="ConsentRegistry",
    file=COVERAGE,
    patch=[("dataAt >= dataUntil", "dataAt > dataUntil")],
)
def ask_for_data_of_the_first_second_outside(world: World) -> None:
    receipt = signed(world)
    ask(world, receipt, data_at=receipt.consent.terms.data_until)


@attack(
    "consent-foretold",
    defence="the future is not answered for",
    blocked_by="FUTURE",
    patch=[("if (at > block.timestamp) return (Decision.DEFAULT_DENIAL, Reason.FUTURE);", "")],
)
def ask_about_tomorrow(world: World) -> None:
    """Get a permission today for tomorrow, when the patient may have revoked it."""
    receipt = signed(world)
    tomorrow = world.chain.now() + DAY
    request = valid_request(world)
    require_permitted(registry_of(world).check_at(receipt.consent, request, tomorrow, signature=receipt.signature))


# In another's name


@attack(
    "consent-granted-by-a-stranger",
    defence="only the patient grants without a signature",
    blocked_by="NotController",
    contract="PatientRegistry",
    patch=[(NOT_CONTROLLER, "")],
)
def grant_for_another(world: World) -> None:
    consent = valid_consent(world)
    registry_of(world).grant(consent)
    require_permitted(registry_of(world).check(consent, valid_request(world)))


@attack(
    "consent-revoked-by-a-stranger",
    defence="only the patient revokes without a signature",
    blocked_by="NotController",
    contract="PatientRegistry",
    patch=[(NOT_CONTROLLER, "")],
)
def revoke_for_another(world: World) -> None:
    consent = valid_consent(world)
    patient_client(world).grant(consent)
    registry_of(world)._send("revoke", consent.patient, consent.id)
    assert not registry_of(world).check(consent, valid_request(world)).is_permitted


@attack(
    "consent-revoked-without-signature",
    defence="a revocation that others send carries the patient's signature",
    blocked_by="InvalidSignature",
    contract="PatientRegistry",
    patch=UNSIGNED,
)
def revoke_without_signature(world: World) -> None:
    consent = valid_consent(world)
    patient_client(world).grant(consent)
    registry_of(world).revoke_by_sig(consent.patient, consent.id, bytes(65), deadline=FAR)
    assert not registry_of(world).check(consent, valid_request(world)).is_permitted


@attack(
    "consent-revoke-all-without-signature",
    defence="a revocation that others send carries the patient's signature",
    blocked_by="InvalidSignature",
    contract="PatientRegistry",
    patch=UNSIGNED,
)
def revoke_all_without_signature(world: World) -> None:
    consent = valid_consent(world)
    patient_client(world).grant(consent)
    registry_of(world).revoke_all_by_sig(consent.patient, bytes(65), epoch=0, deadline=FAR)
    assert not registry_of(world).check(consent, valid_request(world)).is_permitted


@attack(
    "consent-of-the-zero-patient",
    defence="a signature that is nobody's is not that of the zero address",
    blocked_by="InvalidSignature",
    contract="PatientRegistry",
    patch=[("signer != address(0) && (!isGuardian_", "(!isGuardian_")],
)
def grant_for_the_zero_patient(world: World) -> None:
    """Name as patient the account that a broken signature seems to come from."""
    consent = valid_consent(world, patient=ZERO_ADDRESS)
    registry_of(world).grant_by_sig(SignedConsent(consent, bytes(65), registry_of(world).domain))
    assert registry_of(world).record_of(ZERO_ADDRESS, consent.id).granted_at > 0


@attack(
    "consent-to-nobody-accredited",
    defence="a consent is granted to an organisation in good standing alone",
    blocked_by="NotAccredited",
    patch=[("        _checkAccredited(outer.grantee, Roles.PARTICIPANT);\n", "")],
)
def grant_to_nobody(world: World) -> None:
    """Have the patient grant to an organisation that does not exist."""
    consent = valid_consent(world, grantee=OTHER_HASH)
    patient_client(world).grant(consent)
    assert registry_of(world).record_of(consent.patient, consent.id).granted_at > 0


@attack(
    "consent-used-by-a-stranger",
    defence="only a signer of the grantee records a use",
    blocked_by="NotAuthorised",
    patch=[("        _checkAuthorised(outer.grantee, Roles.PARTICIPANT);\n        bytes32", "        bytes32")],
)
def use_up_for_another(world: World) -> None:
    """Use a consent up, so that the hospital can no longer use it."""
    consent = valid_consent(world, max_uses=1)
    patient_client(world).grant(consent)
    registry_of(world).use(consent, COMMITMENT)
    assert not registry_of(world).check(consent, valid_request(world)).is_permitted


def add_use(name: str, error: str, prepare: Callable[[World], Consent], line: str, without: str = "") -> None:
    """Add an attack that uses a consent that may not be used; the twin lacks the line that refuses."""

    @attack(f"consent-use-{name}", defence=f"use refuses with {error}", blocked_by=error, patch=[(line, without)])
    def use(world: World) -> None:
        world.acting_as("hospital").consent.use(prepare(world), COMMITMENT)


def granted(world: World, **changes: Any) -> Consent:
    consent = valid_consent(world, **changes)
    patient_client(world).grant(consent)
    return consent


def used_up(world: World) -> Consent:
    consent = granted(world, max_uses=1)
    world.acting_as("hospital").consent.use(consent, COMMITMENT)
    return consent


def revoked(world: World) -> Consent:
    consent = granted(world)
    patient_client(world).revoke(consent.id)
    return consent


def all_revoked(world: World) -> Consent:
    consent = granted(world)
    patient_client(world).revoke_all()
    return consent


def over(world: World) -> Consent:
    consent = granted(world)
    world.chain.travel(consent.access_until)
    return consent


add_use("never-granted", "NotGranted", valid_consent, "require(entry.isGranted(), NotGranted(consent));")
add_use("once-too-often", "UsesExhausted", used_up, "require(uses < outer.maxUses, UsesExhausted(outer.maxUses));")
add_use(
    "after-revocation",
    "AlreadyRevoked",
    revoked,
    "require(entry.revokedAt == 0, AlreadyRevoked(consent, entry.revokedAt));\n        require(!entry.isDeclined",
    "require(!entry.isDeclined",
)
add_use(
    "after-revoke-all",
    "WrongEpoch",
    all_revoked,
    "_checkEpoch(outer);\n        bool isInWindow",
    "bool isInWindow",
)
add_use(
    "after-its-window",
    "OutsideAccessWindow",
    over,
    "require(isInWindow, OutsideAccessWindow(outer.accessFrom, outer.accessUntil));",
    "isInWindow;",
)


# Spam


@attack(
    "consent-spam",
    defence="nothing is enumerated on the chain",
    blocked_by="flat",
    patch=[
        ("    /* CONTROLLER OR GUARDIAN", "    bytes32[] private _all;\n\n    /* CONTROLLER OR GUARDIAN"),
        ("        if (isGuardian) entry", "        _all.push(consent);\n        if (isGuardian) entry"),
        (
            "        Reason broken = Coverage.alone(consent);\n",
            f"        Reason broken = Coverage.alone(consent);\n{LOOP}",
        ),
    ],
)
def spam_the_registry(world: World) -> None:
    """Grant a hundred consents of one's own, so that to ask about the patient's costs more."""
    consent = valid_consent(world, max_uses=9)
    request = valid_request(world)

    def cost() -> int:
        return execution_gas(registry_of(world), "check", consent, request, b"")

    before = cost()
    spam = valid_consent(world, patient=world.account("attacker").address)
    for number in range(100):
        registry_of(world).grant(replace(spam, terms=replace(spam.terms, salt=number.to_bytes(32, "big"))))
    if cost() == before:
        raise Blocked("flat")


# Sharing onward


def shared(world: World, **changes: Any) -> tuple[Consent, Consent]:
    """A consent that the hospital may share, and one to the clinic that stands on it, wider where `changes` say."""
    parent = valid_consent(world, terms=valid_terms(world, onward=True), max_uses=1)
    terms = {one.name: changes[one.name] for one in fields(Terms) if one.name in changes}
    outer = {name: value for name, value in changes.items() if name not in terms}
    child_terms = valid_terms(world, **{"parent": parent.id, "salt": b"\x33" * 32, **terms})
    child = valid_consent(world, grantee=world.clinic, terms=child_terms, **{"max_uses": 1, **outer})
    for consent in (parent, child):
        patient_client(world).grant(consent)
    return parent, child


def ask_along(world: World, line: tuple[Consent, ...], **changes: Any) -> None:
    """Show a line of consents as the clinic and demand the data."""
    clinic = {"actor": world.account("clinic").address, "organisation": world.clinic}
    verdict, _ = registry_of(world).check_line(line, valid_request(world, **{**clinic, **changes}))
    require_permitted(verdict)


@attack(
    "consent-line-over-a-revoked-parent",
    defence="every consent of a line must be in force",
    blocked_by="REVOKED",
    patch=[("for (; place <= last; ++place) {", "for (place = last; place <= last; ++place) {")],
)
def outlive_the_parent_in_a_line(world: World) -> None:
    """Go on under a consent whose parent, which is shown with it, the patient revoked."""
    line = shared(world)
    patient_client(world).revoke(line[0].id)
    ask_along(world, line)


@attack(
    "consent-line-under-another-parent",
    defence="a consent names the one on which it stands",
    blocked_by="PARENT",
    contract="ConsentRegistry",
    file=COVERAGE,
    patch=[(" && child.terms.parent == Statements.consentInLine(place - 1)", "")],
)
def stand_on_another_parent(world: World) -> None:
    """Show, in place of a parent that the patient revoked, another one."""
    parent, child = shared(world)
    patient_client(world).revoke(parent.id)
    other = replace(parent, terms=replace(parent.terms, salt=b"\x44" * 32))
    patient_client(world).grant(other)
    ask_along(world, (other, child))


@attack(
    "consent-line-not-to-be-shared",
    defence="only what is shared onward carries another consent",
    blocked_by="ONWARD",
    contract="ConsentRegistry",
    file=COVERAGE,
    patch=[("        if (!parent.terms.onward) return IConsentRegistry.Reason.ONWARD;\n", "")],
)
def share_what_is_not_to_be_shared(world: World) -> None:
    parent = valid_consent(world)
    child = replace(parent, grantee=world.clinic, terms=valid_terms(world, parent=parent.id))
    for consent in (parent, child):
        patient_client(world).grant(consent)
    ask_along(world, (parent, child))


@attack(
    "consent-line-too-deep",
    defence="at most 4 consents stand on each other",
    blocked_by="LINE",
    contract="ConsentRegistry",
    file=COVERAGE,
    patch=[("return length != 0 && length <= _MAX_LINE &&", "return length != 0 &&")],
)
def share_too_deep(world: World) -> None:
    line = [valid_consent(world, terms=valid_terms(world, onward=True))]
    for number in range(4):
        terms = valid_terms(world, onward=True, parent=line[-1].id, salt=bytes((number,)) * 32)
        line.append(replace(line[-1], grantee=world.clinic, terms=terms))
    for consent in line:
        patient_client(world).grant(consent)
    ask_along(world, tuple(line))


@attack(
    "consent-line-with-a-suspended-middle",
    defence="each organisation of a line is in good standing",
    blocked_by="ACCREDITATION",
    patch=[
        ("return reason == Reason.NONE && !isStanding ? Reason.ACCREDITATION : reason;", "isStanding; return reason;")
    ],
)
def share_through_a_suspended_organisation(world: World) -> None:
    line = shared(world)
    world.acting_as("authority").accreditation.suspend(world.hospital, Role.PARTICIPANT)
    ask_along(world, line)


def add_wider(field: str, change: Callable[[World], dict[str, Any]], asked: dict[str, Any], check: str) -> None:
    """Add a child that is wider than its parent in one dimension; the twin does not compare that one."""

    @attack(
        f"consent-child-wider-{field.replace('_', '-')}",
        defence="a child is narrower than its parent, or equal, in every dimension",
        blocked_by="WIDER",
        contract="ConsentRegistry",
        file=COVERAGE,
        patch=[(check, "false")],
    )
    def widen_a_child(world: World) -> None:
        ask_along(world, shared(world, **change(world)), **asked)


WIDER = [
    ("purposes", lambda _: {"purposes": Purpose.HMARKT}, {"purpose": Purpose.HMARKT}, "wider != 0"),
    (
        "data_classes",
        lambda _: {"data_classes": DataClass.GENETICS},
        {"data_class": DataClass.GENETICS},
        "child.dataClasses & ~parent.dataClasses != 0",
    ),
    (
        "sensitivity",
        lambda _: {"sensitivity": Confidentiality.V},
        {"sensitivity": Confidentiality.V},
        "child.sensitivity > parent.sensitivity",
    ),
    (
        "jurisdiction",
        lambda _: {"jurisdiction": 0},
        {"jurisdiction": CHINA},
        "parent.jurisdiction != 0 && child.jurisdiction != parent.jurisdiction",
    ),
    (
        "facility",
        lambda _: {"facility": ZERO_HASH},
        {"facility": OTHER_HASH},
        "parent.facility != bytes32(0) && child.facility != parent.facility",
    ),
    ("data_from", lambda _: {"data_from": 0}, {"data_at": 0}, "child.dataFrom < parent.dataFrom"),
]
for _wider in WIDER:
    add_wider(*_wider)


def add_wider_span(field: str, change: Callable[[World], dict[str, Any]], check: str) -> None:
    """Add a child that lasts longer, holds more uses or reaches further than its parent; the twin does not compare."""

    @attack(
        f"consent-child-wider-{field.replace('_', '-')}",
        defence="a child is narrower than its parent, or equal, in every dimension",
        blocked_by="WIDER",
        contract="ConsentRegistry",
        file=COVERAGE,
        patch=[(check, "true")],
    )
    def widen_a_child(world: World) -> None:
        ask_along(world, shared(world, **change(world)))


for _span in (
    ("access_from", lambda world: {"access_from": world.chain.now() - DAY}, "child.accessFrom >= parent.accessFrom"),
    ("access_until", lambda _: {"access_until": FAR}, "child.accessUntil <= parent.accessUntil"),
    ("max_uses", lambda _: {"max_uses": UNLIMITED}, "child.maxUses <= parent.maxUses"),
    (
        "data_until",
        lambda _: {"data_until": 0},
        "parent.dataUntil == 0 || (child.dataUntil != 0 && child.dataUntil <= parent.dataUntil)",
    ),
):
    add_wider_span(*_span)


@attack(
    "consent-child-without-its-parents-obligation",
    defence="a child demands acceptance where its parent does",
    blocked_by="WIDER",
    contract="ConsentRegistry",
    file=COVERAGE,
    patch=[("(child.purposes ^ Purposes.OBLIGATION) & ~(parent.purposes ^ Purposes.OBLIGATION)", "0")],
)
def drop_the_obligation(world: World) -> None:
    terms = valid_terms(world, onward=True, purposes=Purpose.TREAT | Purpose.OBLIGATION)
    parent = valid_consent(world, terms=terms)
    child_terms = valid_terms(world, parent=parent.id, purposes=Purpose.TREAT)
    child = valid_consent(world, grantee=world.clinic, terms=child_terms)
    for consent in (parent, child):
        patient_client(world).grant(consent)
    world.acting_as("hospital").consent.accept(parent)
    ask_along(world, (parent, child))


# Acceptance


@attack(
    "consent-read-before-acceptance",
    defence="where the terms demand it, the grantee accepts first",
    blocked_by="NOT_ACCEPTED",
    contract="ConsentRegistry",
    file=LEDGERS,
    patch=[("consent.terms.purposes & Purposes.OBLIGATION != 0", "false")],
)
def read_before_acceptance(world: World) -> None:
    """Read without committing to what the patient asks for."""
    terms = valid_terms(world, purposes=Purpose.TREAT | Purpose.OBLIGATION)
    ask(world, signed(world, valid_consent(world, terms=terms)))


@attack(
    "consent-accepted-by-a-stranger",
    defence="only the grantee accepts",
    blocked_by="NotAuthorised",
    patch=[("        _checkAuthorised(outer.grantee, Roles.PARTICIPANT);\n        consent =", "        consent =")],
)
def accept_for_another(world: World) -> None:
    registry_of(world).accept(granted(world))


@attack(
    "consent-accepted-after-declining",
    defence="a consent is answered once",
    blocked_by="AlreadyAnswered",
    patch=[("        require(entry.answeredAt == 0, AlreadyAnswered(consent, entry.answeredAt));\n", "")],
)
def accept_after_declining(world: World) -> None:
    consent = granted(world)
    hospital = world.acting_as("hospital").consent
    hospital.decline(consent)
    hospital.accept(consent)


@attack(
    "consent-used-after-declining",
    defence="what was declined is not used",
    blocked_by="Declined",
    patch=[("        require(!entry.isDeclined, Declined(consent, entry.answeredAt));\n", "")],
)
def use_after_declining(world: World) -> None:
    consent = granted(world)
    hospital = world.acting_as("hospital").consent
    hospital.decline(consent)
    hospital.use(consent, COMMITMENT)


@attack(
    "consent-read-after-declining",
    defence="check refuses what the grantee declined",
    blocked_by="DECLINED",
    contract="ConsentRegistry",
    file=LEDGERS,
    patch=[("if (entry.isDeclined) reason = IConsentRegistry.Reason.DECLINED;", "")],
)
def read_after_declining(world: World) -> None:
    """Decline the obligations, and read all the same."""
    consent = granted(world, terms=valid_terms(world, purposes=Purpose.TREAT | Purpose.OBLIGATION))
    world.acting_as("hospital").consent.decline(consent)
    require_permitted(registry_of(world).check(consent, valid_request(world)))


@attack(
    "consent-accepted-after-revocation",
    defence="what was revoked is not answered any more",
    blocked_by="AlreadyRevoked",
    patch=[(f"{NOT_REVOKED}require(entry.answeredAt", "require(entry.answeredAt")],
)
def accept_after_revocation(world: World) -> None:
    """Make it look as if a consent that the patient withdrew were taken up."""
    consent = revoked(world)
    world.acting_as("hospital").consent.accept(consent)
    assert registry_of(world).record_of(consent.patient, consent.id).accepted_at > 0
