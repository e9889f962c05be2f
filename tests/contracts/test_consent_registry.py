"""ConsentRegistry: what a patient grants and revokes, and what a request is answered."""

from __future__ import annotations

from dataclasses import fields, replace

import pytest

from medtrust import wallet
from medtrust.accreditation import Role
from medtrust.consent import (
    UNLIMITED,
    Confidentiality,
    Consent,
    ConsentClient,
    DataClass,
    Decision,
    Purpose,
    Reason,
    Record,
    SignedConsent,
)
from medtrust.consent_terms import CONSENT
from medtrust.keccak import keccak256
from medtrust.signing import sign
from medtrust.types import ZERO_ADDRESS, ZERO_HASH, name_hash
from tests.consents import (
    DAY,
    WARD,
    patient_client,
    simulate,
    valid_consent,
    valid_request,
    valid_terms,
)
from tests.world import CHINA, FAR, USA, World

AROUND = [-1, 0, 1]
COMMITMENT = name_hash("a request and its salt")
OTHER_HASH = name_hash("another")


@pytest.fixture
def registry(world: World) -> ConsentClient:
    """The registry as the patient, with ETH."""
    return patient_client(world)


@pytest.fixture
def relayer_registry(world: World) -> ConsentClient:
    return world.acting_as("relayer").consent


@pytest.fixture
def granted(world: World, registry: ConsentClient):
    """A consent that was granted on chain."""
    consent = valid_consent(world)
    registry.grant(consent)
    return consent


class TestGrant:
    """
    when the caller is not the patient       -> reverts NotController
    when the window is empty                 -> reverts InvalidAccessWindow
    when the window is over                  -> reverts InvalidAccessWindow, from its last second on
    when the epoch is not the one of now     -> reverts WrongEpoch
    when the grantee is not registered       -> reverts NotAccredited
    given the grantee is suspended           -> reverts NotAccredited
    given the id was revoked                 -> reverts AlreadyRevoked
    given it was granted                     -> changes nothing and emits nothing
    given none
      when the patient grants                -> it is recorded; emits ConsentGranted; another consent is untouched
    """

    @pytest.mark.parametrize("caller", ["hospital", "attacker"])
    def test_reverts_when_the_caller_is_not_the_patient(self, world, reverts, caller):
        consent = valid_consent(world)
        with reverts("NotController", patient=consent.patient, caller=world.account(caller).address):
            world.acting_as(caller).consent.grant(consent)

    @pytest.mark.parametrize("length", [-1, 0])
    def test_reverts_when_the_window_is_empty(self, world, registry, reverts, length):
        begins = world.chain.now() + DAY
        consent = valid_consent(world, access_from=begins, access_until=begins + length)
        with reverts("InvalidAccessWindow", accessFrom=begins, accessUntil=begins + length):
            registry.grant(consent)

    @pytest.mark.parametrize("late", AROUND)
    def test_reverts_when_the_window_is_over(self, world, registry, reverts, late):
        consent = valid_consent(world)
        world.chain.travel(consent.access_until + late)
        if late < 0:
            assert simulate(registry, "grant", consent.outer) == consent.id
        else:
            with reverts("InvalidAccessWindow", accessFrom=consent.access_from, accessUntil=consent.access_until):
                simulate(registry, "grant", consent.outer)

    @pytest.mark.parametrize("epoch", [0, (1 << 32) | 1, (2 << 32) | 2, 1 << 32, 1])
    def test_reverts_when_the_epoch_is_not_the_one_of_now(self, world, registry, reverts, epoch):
        registry.revoke_all()
        registry.revoke_all_of(world.hospital)
        registry.revoke_all_of(world.hospital)
        with reverts("WrongEpoch", epoch=epoch, current=(1 << 32) | 2):
            registry.grant(valid_consent(world, epoch=epoch))

    def test_reverts_when_the_grantee_is_not_registered(self, world, registry, reverts):
        with reverts("NotAccredited", organisation=OTHER_HASH, role=Role.PARTICIPANT):
            registry.grant(valid_consent(world, grantee=OTHER_HASH))

    def test_reverts_given_the_grantee_is_suspended(self, world, registry, reverts):
        _suspend(world)
        with reverts("NotAccredited", organisation=world.hospital, role=Role.PARTICIPANT):
            registry.grant(valid_consent(world))

    def test_reverts_given_the_id_was_revoked(self, world, registry, reverts):
        consent = valid_consent(world)
        receipt = registry.revoke(consent.id)
        with reverts("AlreadyRevoked", consent=consent.id, revokedAt=receipt.at):
            registry.grant(consent)

    def test_changes_nothing_given_it_was_granted(self, world, registry, granted):
        before = registry.record_of(granted.patient, granted.id)
        world.chain.mine(seconds=100)
        receipt = registry.grant(granted)

        assert receipt.events == ()
        assert registry.record_of(granted.patient, granted.id) == before

    def test_records_it(self, world, registry):
        consent = valid_consent(world)
        other = valid_consent(world, max_uses=9)
        receipt = registry.grant(consent)

        assert receipt.event("ConsentGranted").values == {
            "consent": consent.id,
            "patient": consent.patient,
            "grantee": world.hospital,
            "accessFrom": consent.access_from,
            "accessUntil": consent.access_until,
            "grantedAt": receipt.at,
            "isByGuardian": False,
        }
        assert registry.record_of(consent.patient, consent.id) == Record(granted_at=receipt.at)
        assert registry.record_of(other.patient, other.id) == Record()


class TestGrantBySig:
    """
    when another key signed it               -> reverts InvalidSignature
    when any field differs from what was signed -> reverts InvalidSignature
    given the id was revoked                 -> reverts AlreadyRevoked
    given the window is over                 -> reverts InvalidAccessWindow
    given it was granted                     -> changes nothing and emits nothing
    given none
      when anyone sends it                   -> it is recorded for the patient, who holds no ETH; emits ConsentGranted
      when the patient is a wallet           -> its ERC-1271 answer decides
    """

    def test_reverts_when_another_key_signed_it(self, world, relayer_registry, reverts, attacker):
        receipt = _signed(world, valid_consent(world), attacker.key)
        with reverts("InvalidSignature", signer=world.patient.address):
            relayer_registry.grant_by_sig(receipt)

    @pytest.mark.parametrize("field", [field.name for field in fields(Consent)])
    def test_reverts_when_a_field_differs_from_what_was_signed(self, world, relayer_registry, reverts, field):
        receipt = _signed(world, valid_consent(world))
        changed = _widened(world, receipt.consent, field)
        with reverts("InvalidSignature", signer=changed.patient):
            relayer_registry.grant_by_sig(replace(receipt, consent=changed))

    def test_reverts_given_the_id_was_revoked(self, world, registry, relayer_registry, reverts):
        receipt = _signed(world, valid_consent(world))
        revoked = registry.revoke(receipt.id)
        with reverts("AlreadyRevoked", consent=receipt.id, revokedAt=revoked.at):
            relayer_registry.grant_by_sig(receipt)

    def test_reverts_given_the_window_is_over(self, world, relayer_registry, reverts):
        receipt = _signed(world, valid_consent(world))
        until = receipt.consent.access_until
        world.chain.travel(until)
        with reverts("InvalidAccessWindow", accessFrom=receipt.consent.access_from, accessUntil=until):
            relayer_registry.grant_by_sig(receipt)

    def test_changes_nothing_given_it_was_granted(self, world, registry, relayer_registry):
        receipt = _signed(world, valid_consent(world))
        relayer_registry.grant_by_sig(receipt)
        before = registry.record_of(receipt.consent.patient, receipt.id)
        world.chain.mine(seconds=100)

        assert relayer_registry.grant_by_sig(receipt).events == ()
        assert registry.record_of(receipt.consent.patient, receipt.id) == before

    def test_records_it_for_the_patient(self, world, relayer_registry):
        signed = world.acting_as(world.patient).consent.sign(valid_consent(world))
        receipt = relayer_registry.grant_by_sig(signed)

        assert world.chain.balance(world.patient.address) == 0
        assert receipt.event("ConsentGranted").values == {
            "consent": signed.id,
            "patient": world.patient.address,
            "grantee": world.hospital,
            "accessFrom": signed.consent.access_from,
            "accessUntil": signed.consent.access_until,
            "grantedAt": receipt.at,
            "isByGuardian": False,
        }
        assert relayer_registry.record_of(world.patient.address, signed.id) == Record(granted_at=receipt.at)
        assert relayer_registry.record_of(world.account("relayer").address, signed.id) == Record()

    def test_asks_the_wallet_of_the_patient(self, world, relayer_registry, reverts, patient, attacker):
        wallet_address = world.deploy("OwnedWallet", patient.address)
        consent = valid_consent(world, patient=wallet_address)
        with reverts("InvalidSignature", signer=wallet_address):
            relayer_registry.grant_by_sig(_signed(world, consent, attacker.key))
        receipt = relayer_registry.grant_by_sig(_signed(world, consent, patient.key))

        assert relayer_registry.record_of(wallet_address, consent.id) == Record(granted_at=receipt.at)
        assert relayer_registry.record_of(patient.address, consent.id) == Record()


class TestRevoke:
    """
    when the caller is not the patient       -> reverts NotController; the consent stands
    given it was granted                     -> refused from that second on; emits ConsentRevoked; another one stands
    given it was only signed                 -> refused from that second on, also with its signature
    given it was revoked                     -> changes nothing and emits nothing
    """

    @pytest.mark.parametrize("caller", ["hospital", "attacker"])
    def test_reverts_when_the_caller_is_not_the_patient(self, world, registry, granted, reverts, caller):
        client = world.acting_as(caller).consent
        with reverts("NotController", patient=granted.patient, caller=world.account(caller).address):
            simulate(client, "revoke", granted.patient, granted.id)
        assert registry.check(granted, valid_request(world)).is_permitted

    def test_refuses_from_that_second_on(self, world, registry, granted):
        other = valid_consent(world, max_uses=9)
        registry.grant(other)
        before = registry.record_of(granted.patient, granted.id)
        receipt = registry.revoke(granted.id)
        verdict = registry.check(granted, valid_request(world))

        assert receipt.event("ConsentRevoked").values == {
            "consent": granted.id,
            "patient": granted.patient,
            "revokedAt": receipt.at,
        }
        assert registry.record_of(granted.patient, granted.id) == replace(before, revoked_at=receipt.at)
        assert (verdict.decision, verdict.reason) == (Decision.EXPLICIT_DENIAL, Reason.REVOKED)
        assert registry.check(other, valid_request(world)).is_permitted

    def test_refuses_one_that_was_only_signed(self, world, registry):
        signed = _signed(world, valid_consent(world))
        request = valid_request(world)
        assert registry.check(signed.consent, request, signature=signed.signature).is_permitted
        receipt = registry.revoke(signed.id)

        assert registry.record_of(world.patient.address, signed.id) == Record(revoked_at=receipt.at)
        assert registry.check(signed.consent, request, signature=signed.signature).reason is Reason.REVOKED

    def test_changes_nothing_given_it_was_revoked(self, world, registry, granted):
        registry.revoke(granted.id)
        before = registry.record_of(granted.patient, granted.id)
        world.chain.mine(seconds=100)

        assert registry.revoke(granted.id).events == ()
        assert registry.record_of(granted.patient, granted.id) == before


class TestRevokeBySig:
    """
    when the deadline is over                -> reverts SignatureExpired, from the second after it on
    when another key signed it               -> reverts InvalidSignature
    when a field differs from what was signed -> reverts InvalidSignature
    given it was granted
      when anyone sends it                   -> refused from that second on; emits ConsentRevoked
      when it is sent again                  -> changes nothing and emits nothing
    """

    @pytest.mark.parametrize("late", AROUND)
    def test_reverts_when_the_deadline_is_over(self, world, registry, granted, relayer_registry, reverts, late):
        deadline = world.chain.now() + DAY
        signature = registry.sign_revoke(granted.id, deadline=deadline)
        arguments = ("revokeBySig", granted.patient, granted.id, deadline, signature)
        world.chain.travel(deadline + late)
        if late <= 0:
            simulate(relayer_registry, *arguments)
        else:
            with reverts("SignatureExpired", deadline=deadline):
                simulate(relayer_registry, *arguments)

    def test_reverts_when_another_key_signed_it(self, world, granted, relayer_registry, reverts):
        signature = world.acting_as("attacker").consent.sign_revoke(granted.id, deadline=FAR)
        with reverts("InvalidSignature", signer=granted.patient):
            relayer_registry.revoke_by_sig(granted.patient, granted.id, signature, deadline=FAR)

    @pytest.mark.parametrize("field", ["patient", "consent", "deadline"])
    def test_reverts_when_a_field_differs(self, world, registry, granted, relayer_registry, reverts, field):
        given = {"patient": granted.patient, "consent": granted.id, "deadline": FAR}
        signature = registry.sign_revoke(granted.id, deadline=FAR)
        wrong = {"patient": world.account("stranger").address, "consent": OTHER_HASH, "deadline": FAR + 1}
        sent = {**given, field: wrong[field]}
        with reverts("InvalidSignature", signer=sent["patient"]):
            relayer_registry.revoke_by_sig(sent["patient"], sent["consent"], signature, deadline=sent["deadline"])

    def test_refuses_from_that_second_on_and_once(self, world, registry, granted, relayer_registry):
        signature = registry.sign_revoke(granted.id, deadline=FAR)
        receipt = relayer_registry.revoke_by_sig(granted.patient, granted.id, signature, deadline=FAR)
        record = registry.record_of(granted.patient, granted.id)

        assert receipt.event("ConsentRevoked").values == {
            "consent": granted.id,
            "patient": granted.patient,
            "revokedAt": receipt.at,
        }
        assert registry.check(granted, valid_request(world)).reason is Reason.REVOKED
        world.chain.mine(seconds=100)
        assert relayer_registry.revoke_by_sig(granted.patient, granted.id, signature, deadline=FAR).events == ()
        assert registry.record_of(granted.patient, granted.id) == record


class TestRevokeAll:
    """
    when the caller is not the patient       -> reverts NotController
    when the patient calls                   -> every consent is refused (EPOCH), signed ones too; emits
    ConsentsRevoked; other patients keep theirs; a consent of the new epoch holds
    """

    def test_reverts_when_the_caller_is_not_the_patient(self, world, granted, reverts, attacker):
        with reverts("NotController", patient=granted.patient, caller=attacker.address):
            simulate(world.acting_as("attacker").consent, "revokeAll", granted.patient)

    def test_refuses_every_consent(self, world, registry, granted, stranger):
        request = valid_request(world)
        to_clinic = valid_consent(world, grantee=world.clinic)
        signed = _signed(world, valid_consent(world, max_uses=9))
        foreign = valid_consent(world, patient=stranger.address)
        registry.grant(to_clinic)
        world.acting_as("stranger").consent.grant(foreign)
        receipt = registry.revoke_all()

        assert receipt.event("ConsentsRevoked").values == {
            "patient": granted.patient,
            "epoch": 1 << 32,
            "revokedAt": receipt.at,
        }
        assert registry.epoch_of(granted.patient, world.hospital) == registry.epoch_of(granted.patient) == 1 << 32
        verdict = registry.check(granted, request)
        assert (verdict.decision, verdict.reason) == (Decision.EXPLICIT_DENIAL, Reason.EPOCH)
        assert registry.check(to_clinic, request).reason is Reason.EPOCH
        assert registry.check(signed.consent, request, signature=signed.signature).reason is Reason.EPOCH
        assert registry.check(foreign, request).is_permitted
        renewed = valid_consent(world, epoch=1 << 32)
        registry.grant(renewed)
        assert registry.check(renewed, request).is_permitted


class TestRevokeAllOf:
    """
    when the caller is not the patient       -> reverts NotController
    when the grantee is zero                 -> reverts ZeroIdentifier
    when the patient calls                   -> consents to the grantee are refused (EPOCH); emits
    GranteeConsentsRevoked; consents to others stand; a consent of the new epoch holds
    """

    def test_reverts_when_the_caller_is_not_the_patient(self, world, granted, reverts, attacker):
        with reverts("NotController", patient=granted.patient, caller=attacker.address):
            simulate(world.acting_as("attacker").consent, "revokeAllOf", granted.patient, world.hospital)

    def test_reverts_when_the_grantee_is_zero(self, registry, reverts):
        with reverts("ZeroIdentifier"):
            registry.revoke_all_of(ZERO_HASH)

    def test_refuses_consents_to_the_grantee(self, world, registry, granted):
        to_clinic = valid_consent(world, grantee=world.clinic)
        registry.grant(to_clinic)
        at_clinic = valid_request(world, organisation=world.clinic, actor=world.account("clinic").address)
        receipt = registry.revoke_all_of(world.hospital)

        assert receipt.event("GranteeConsentsRevoked").values == {
            "patient": granted.patient,
            "grantee": world.hospital,
            "epoch": 1,
            "revokedAt": receipt.at,
        }
        assert registry.check(granted, valid_request(world)).reason is Reason.EPOCH
        assert registry.check(to_clinic, at_clinic).is_permitted
        assert registry.epoch_of(granted.patient, world.clinic) == registry.epoch_of(granted.patient) == 0
        renewed = valid_consent(world, epoch=1)
        registry.grant(renewed)
        assert registry.check(renewed, valid_request(world)).is_permitted


class TestRevokeAllBySig:
    """
    when the deadline is over                -> reverts SignatureExpired, from the second after it on
    when another key signed it               -> reverts InvalidSignature
    when the epoch has not begun             -> reverts WrongEpoch
    given the epoch is the one of now        -> it ends; emits ConsentsRevoked
    given the epoch has ended                -> changes nothing and emits nothing; newer consents stand
    """

    @pytest.mark.parametrize("late", AROUND)
    def test_reverts_when_the_deadline_is_over(self, world, registry, relayer_registry, reverts, patient, late):
        deadline = world.chain.now() + DAY
        signature = registry.sign_revoke_all(epoch=0, deadline=deadline)
        world.chain.travel(deadline + late)
        if late <= 0:
            simulate(relayer_registry, "revokeAllBySig", patient.address, 0, deadline, signature)
        else:
            with reverts("SignatureExpired", deadline=deadline):
                simulate(relayer_registry, "revokeAllBySig", patient.address, 0, deadline, signature)

    def test_reverts_when_another_key_signed_it(self, world, relayer_registry, reverts, patient):
        signature = world.acting_as("attacker").consent.sign_revoke_all(epoch=0, deadline=FAR)
        with reverts("InvalidSignature", signer=patient.address):
            relayer_registry.revoke_all_by_sig(patient.address, signature, epoch=0, deadline=FAR)

    @pytest.mark.parametrize("epoch", [1, 1 << 32])
    def test_reverts_when_the_epoch_has_not_begun(self, registry, relayer_registry, reverts, patient, epoch):
        signature = registry.sign_revoke_all(epoch=epoch, deadline=FAR)
        with reverts("WrongEpoch", epoch=epoch, current=0):
            relayer_registry.revoke_all_by_sig(patient.address, signature, epoch=epoch, deadline=FAR)

    def test_ends_the_epoch_of_now_and_no_other(self, world, registry, granted, relayer_registry, patient):
        signature = registry.sign_revoke_all(epoch=0, deadline=FAR)
        receipt = relayer_registry.revoke_all_by_sig(patient.address, signature, epoch=0, deadline=FAR)

        assert receipt.event("ConsentsRevoked").values == {
            "patient": patient.address,
            "epoch": 1 << 32,
            "revokedAt": receipt.at,
        }
        assert registry.check(granted, valid_request(world)).reason is Reason.EPOCH
        renewed = valid_consent(world, epoch=1 << 32)
        registry.grant(renewed)
        assert relayer_registry.revoke_all_by_sig(patient.address, signature, epoch=0, deadline=FAR).events == ()
        assert registry.epoch_of(patient.address) == 1 << 32
        assert registry.check(renewed, valid_request(world)).is_permitted


class TestRevokeAllOfBySig:
    """
    when the deadline is over                -> reverts SignatureExpired, from the second after it on
    when another key signed it               -> reverts InvalidSignature
    when a field differs from what was signed -> reverts InvalidSignature
    when the grantee is zero                 -> reverts ZeroIdentifier
    when the epoch has not begun             -> reverts WrongEpoch
    given the epoch is the one of now        -> it ends; emits GranteeConsentsRevoked
    given the epoch has ended                -> changes nothing and emits nothing; newer consents stand
    given revokeAll ended the epoch          -> changes nothing and emits nothing
    """

    @pytest.mark.parametrize("late", AROUND)
    def test_reverts_when_the_deadline_is_over(self, world, registry, relayer_registry, reverts, patient, late):
        deadline = world.chain.now() + DAY
        signature = registry.sign_revoke_all_of(world.hospital, epoch=0, deadline=deadline)
        arguments = ("revokeAllOfBySig", patient.address, world.hospital, 0, deadline, signature)
        world.chain.travel(deadline + late)
        if late <= 0:
            simulate(relayer_registry, *arguments)
        else:
            with reverts("SignatureExpired", deadline=deadline):
                simulate(relayer_registry, *arguments)

    def test_reverts_when_another_key_signed_it(self, world, relayer_registry, reverts, patient):
        signature = world.acting_as("attacker").consent.sign_revoke_all_of(world.hospital, epoch=0, deadline=FAR)
        with reverts("InvalidSignature", signer=patient.address):
            relayer_registry.revoke_all_of_by_sig(patient.address, world.hospital, signature, epoch=0, deadline=FAR)

    def test_reverts_when_the_grantee_differs(self, world, registry, relayer_registry, reverts, patient):
        signature = registry.sign_revoke_all_of(world.hospital, epoch=0, deadline=FAR)
        with reverts("InvalidSignature", signer=patient.address):
            relayer_registry.revoke_all_of_by_sig(patient.address, world.clinic, signature, epoch=0, deadline=FAR)

    def test_reverts_when_the_grantee_is_zero(self, registry, relayer_registry, reverts, patient):
        signature = registry.sign_revoke_all_of(ZERO_HASH, epoch=0, deadline=FAR)
        with reverts("ZeroIdentifier"):
            relayer_registry.revoke_all_of_by_sig(patient.address, ZERO_HASH, signature, epoch=0, deadline=FAR)

    @pytest.mark.parametrize("epoch", [1, 1 << 32])
    def test_reverts_when_the_epoch_has_not_begun(self, world, registry, relayer_registry, reverts, patient, epoch):
        signature = registry.sign_revoke_all_of(world.hospital, epoch=epoch, deadline=FAR)
        with reverts("WrongEpoch", epoch=epoch, current=0):
            relayer_registry.revoke_all_of_by_sig(patient.address, world.hospital, signature, epoch=epoch, deadline=FAR)

    def test_ends_the_epoch_of_now_and_no_other(self, world, registry, granted, relayer_registry, patient):
        signature = registry.sign_revoke_all_of(world.hospital, epoch=0, deadline=FAR)
        receipt = relayer_registry.revoke_all_of_by_sig(
            patient.address, world.hospital, signature, epoch=0, deadline=FAR
        )

        assert receipt.event("GranteeConsentsRevoked").values == {
            "patient": patient.address,
            "grantee": world.hospital,
            "epoch": 1,
            "revokedAt": receipt.at,
        }
        assert registry.check(granted, valid_request(world)).reason is Reason.EPOCH
        renewed = valid_consent(world, epoch=1)
        registry.grant(renewed)
        again = relayer_registry.revoke_all_of_by_sig(patient.address, world.hospital, signature, epoch=0, deadline=FAR)
        assert again.events == ()
        assert registry.check(renewed, valid_request(world)).is_permitted

    def test_changes_nothing_given_revoke_all_ended_the_epoch(self, world, registry, relayer_registry, patient):
        signature = registry.sign_revoke_all_of(world.hospital, epoch=0, deadline=FAR)
        registry.revoke_all()
        receipt = relayer_registry.revoke_all_of_by_sig(
            patient.address, world.hospital, signature, epoch=0, deadline=FAR
        )

        assert receipt.events == ()
        assert registry.epoch_of(patient.address, world.hospital) == 1 << 32


class TestUse:
    """
    when the caller does not act for the grantee -> reverts NotAuthorised
    given the grantee is suspended           -> reverts NotAuthorised
    given it was not granted                 -> reverts NotGranted
    given it was revoked                     -> reverts AlreadyRevoked
    given all were revoked                   -> reverts WrongEpoch
    given its window has not begun or is over -> reverts OutsideAccessWindow
    given it was used as often as it may     -> reverts UsesExhausted
    given it may be used                     -> it is counted and dated; emits ConsentUsed; another one is untouched
    """

    @pytest.mark.parametrize("caller", ["clinic", "attacker"])
    def test_reverts_when_the_caller_does_not_act_for_the_grantee(self, world, granted, reverts, caller):
        with reverts(
            "NotAuthorised", organisation=world.hospital, signer=world.account(caller).address, role=Role.PARTICIPANT
        ):
            world.acting_as(caller).consent.use(granted, COMMITMENT)

    def test_reverts_given_the_grantee_is_suspended(self, world, granted, reverts, hospital):
        _suspend(world)
        with reverts("NotAuthorised", organisation=world.hospital, signer=hospital.address, role=Role.PARTICIPANT):
            world.acting_as("hospital").consent.use(granted, COMMITMENT)

    def test_reverts_given_it_was_not_granted(self, world, reverts):
        consent = valid_consent(world)
        with reverts("NotGranted", consent=consent.id):
            world.acting_as("hospital").consent.use(consent, COMMITMENT)

    def test_reverts_given_it_was_revoked(self, world, registry, granted, reverts):
        receipt = registry.revoke(granted.id)
        with reverts("AlreadyRevoked", consent=granted.id, revokedAt=receipt.at):
            world.acting_as("hospital").consent.use(granted, COMMITMENT)

    def test_reverts_given_all_were_revoked(self, world, registry, granted, reverts):
        registry.revoke_all()
        with reverts("WrongEpoch", epoch=0, current=1 << 32):
            world.acting_as("hospital").consent.use(granted, COMMITMENT)

    @pytest.mark.parametrize("edge", ["access_from", "access_until"])
    @pytest.mark.parametrize("late", AROUND)
    def test_reverts_outside_its_window(self, world, registry, reverts, edge, late):
        consent = valid_consent(world, access_from=world.chain.now() + DAY)
        registry.grant(consent)
        world.chain.travel(getattr(consent, edge) + late)
        hospital = world.acting_as("hospital").consent
        if (edge == "access_from") == (late >= 0):
            simulate(hospital, "use", consent.outer, COMMITMENT)
        else:
            with reverts("OutsideAccessWindow", accessFrom=consent.access_from, accessUntil=consent.access_until):
                simulate(hospital, "use", consent.outer, COMMITMENT)

    @pytest.mark.parametrize("max_uses", [0, 1, 2])
    def test_reverts_given_it_was_used_as_often_as_it_may(self, world, registry, reverts, max_uses):
        consent = valid_consent(world, max_uses=max_uses)
        registry.grant(consent)
        hospital = world.acting_as("hospital").consent
        for _ in range(max_uses):
            hospital.use(consent, COMMITMENT)
        with reverts("UsesExhausted", maxUses=max_uses):
            hospital.use(consent, COMMITMENT)

    def test_counts_and_dates_it(self, world, registry, granted, hospital):
        other = valid_consent(world, max_uses=UNLIMITED)
        registry.grant(other)
        before = registry.record_of(granted.patient, granted.id)
        world.chain.mine(seconds=100)
        receipt = world.acting_as("hospital").consent.use(granted, COMMITMENT)

        assert receipt.event("ConsentUsed").values == {
            "consent": granted.id,
            "patient": granted.patient,
            "grantee": world.hospital,
            "actor": hospital.address,
            "requestCommitment": COMMITMENT,
            "uses": 1,
            "usedAt": receipt.at,
        }
        assert registry.record_of(granted.patient, granted.id) == replace(before, used_at=receipt.at, uses=1)
        assert registry.record_of(other.patient, other.id).uses == 0


REQUEST_FLIPS = {
    "organisation": ("organisation", lambda world: world.clinic, Reason.ORGANISATION),
    "actor": ("actor", lambda world: world.account("attacker").address, Reason.ACTOR),
    "actor of another organisation": ("actor", lambda world: world.account("clinic").address, Reason.ACTOR),
    "purpose": ("purpose", lambda _: Purpose.HMARKT, Reason.PURPOSE),
    "purpose of its family": ("purpose", lambda _: Purpose.ETREAT, Reason.PURPOSE),
    "no purpose": ("purpose", lambda _: 0, Reason.PURPOSE),
    "two purposes": ("purpose", lambda _: Purpose.TREAT | Purpose.HPAYMT, Reason.PURPOSE),
    "purpose beyond all": ("purpose", lambda _: 1 << 255, Reason.PURPOSE),
    "class": ("data_class", lambda _: DataClass.GENETICS, Reason.DATA_CLASS),
    "no class": ("data_class", lambda _: 0, Reason.DATA_CLASS),
    "two classes": ("data_class", lambda _: DataClass.LABORATORY | DataClass.MEDICATION, Reason.DATA_CLASS),
    "more sensitive": ("sensitivity", lambda _: Confidentiality.R, Reason.SENSITIVITY),
    "no label": ("sensitivity", lambda _: 0, Reason.SENSITIVITY),
    "facility": ("facility", lambda _: OTHER_HASH, Reason.FACILITY),
    "no facility": ("facility", lambda _: ZERO_HASH, Reason.FACILITY),
    "jurisdiction": ("jurisdiction", lambda _: CHINA, Reason.JURISDICTION),
    "no jurisdiction": ("jurisdiction", lambda _: 0, Reason.JURISDICTION),
    "jurisdiction beyond all": ("jurisdiction", lambda _: USA + (1 << 16), Reason.JURISDICTION),
}


class TestCheck:
    """
    given a consent that was granted or signed, which restricts everything
      when the request is just covered       -> permitted
      when any one field of the request differs -> refused with the reason that names it
      when any one field of the consent differs -> refused: unknown, or not what the patient signed
    given nothing was granted or signed      -> refused (UNKNOWN)
    given terms that leave facility, jurisdiction and end open -> any is permitted
    given terms that permit nothing          -> refused with the empty dimension
    given terms with bits that are no code   -> refused: what nobody defined permits nothing
    given a consent with a parent            -> refused (PARENT) when shown alone; one that may be shared onward is not
    given the grantee stands in another jurisdiction than the request says -> refused (JURISDICTION)
    given the grantee was suspended, or the signer removed -> refused (ACCREDITATION, ACTOR)
    given several things are wrong           -> the first in the order of Reason is answered
    when the time is before, in and after the window and the data's time -> permitted inside alone
    """

    @pytest.mark.parametrize("is_granted", [True, False])
    def test_permits_what_is_just_covered(self, world, registry, is_granted):
        signed = _signed(world, valid_consent(world))
        if is_granted:
            registry.grant(signed.consent)
        signature = b"" if is_granted else signed.signature
        verdict = registry.check(signed.consent, valid_request(world), signature=signature)

        assert (verdict.decision, verdict.reason) == (Decision.PERMIT, Reason.NONE)

    @pytest.mark.parametrize("flip", REQUEST_FLIPS)
    @pytest.mark.parametrize("is_granted", [True, False])
    def test_names_the_field_of_the_request_that_differs(self, world, registry, flip, is_granted):
        signed = _signed(world, valid_consent(world))
        if is_granted:
            registry.grant(signed.consent)
        field, value, reason = REQUEST_FLIPS[flip]
        request = valid_request(world, **{field: value(world)})
        verdict = registry.check(signed.consent, request, signature=b"" if is_granted else signed.signature)

        assert (verdict.decision, verdict.reason) == (Decision.DEFAULT_DENIAL, reason)

    @pytest.mark.parametrize("field", ["patient", "grantee", "access_from", "access_until", "max_uses", "terms"])
    @pytest.mark.parametrize("is_granted", [True, False])
    def test_does_not_know_a_consent_that_differs(self, world, registry, granted, field, is_granted):
        signature = b"" if is_granted else _signed(world, granted).signature
        changed = _widened(world, granted, field)
        expected = Reason.UNKNOWN if is_granted else Reason.SIGNATURE

        assert registry.check(changed, valid_request(world), signature=signature).reason is expected

    @pytest.mark.parametrize("epoch", [1, 1 << 32])
    def test_refuses_an_epoch_that_has_not_begun(self, world, registry, epoch):
        signed = _signed(world, valid_consent(world, epoch=epoch))
        verdict = registry.check(signed.consent, valid_request(world), signature=signed.signature)

        assert (verdict.decision, verdict.reason) == (Decision.EXPLICIT_DENIAL, Reason.EPOCH)

    def test_does_not_know_what_was_neither_granted_nor_signed(self, world, registry):
        verdict = registry.check(valid_consent(world), valid_request(world))

        assert (verdict.decision, verdict.reason) == (Decision.DEFAULT_DENIAL, Reason.UNKNOWN)

    @pytest.mark.parametrize(
        ("field", "change"),
        [
            ("facility", {"facility": OTHER_HASH}),
            ("facility", {"facility": ZERO_HASH}),
            ("jurisdiction", {"jurisdiction": CHINA}),
            ("jurisdiction", {"jurisdiction": 0}),
            ("data_until", {"data_at": 2**64 - 1}),
        ],
    )
    def test_permits_any_where_the_terms_leave_it_open(self, world, registry, field, change):
        open_value = ZERO_HASH if field == "facility" else 0
        consent = valid_consent(world, terms=valid_terms(world, **{field: open_value}))
        registry.grant(consent)

        assert registry.check(consent, valid_request(world, **change)).is_permitted

    @pytest.mark.parametrize(
        ("field", "value", "request_field", "reason"),
        [
            ("purposes", 0, "purpose", Reason.PURPOSE),
            ("data_classes", 0, "data_class", Reason.DATA_CLASS),
            ("sensitivity", 0, "sensitivity", Reason.SENSITIVITY),
        ],
    )
    @pytest.mark.parametrize("asked", [0, 1])
    def test_permits_nothing_where_the_terms_are_empty(
        self, world, registry, field, value, request_field, reason, asked
    ):
        consent = valid_consent(world, terms=valid_terms(world, **{field: value}))
        registry.grant(consent)

        assert registry.check(consent, valid_request(world, **{request_field: asked})).reason is reason

    @pytest.mark.parametrize(
        ("field", "value", "request_field", "asked", "reason"),
        [
            ("purposes", 2**31 - 1, "purpose", 1 << 26, Reason.PURPOSE),
            ("data_classes", 2**32 - 1, "data_class", 1 << 21, Reason.DATA_CLASS),
            ("sensitivity", 255, "sensitivity", Confidentiality.V + 1, Reason.SENSITIVITY),
        ],
    )
    def test_permits_no_code_that_nobody_defined(self, world, registry, field, value, request_field, asked, reason):
        consent = valid_consent(world, terms=valid_terms(world, **{field: value}))
        registry.grant(consent)

        assert registry.check(consent, valid_request(world)).is_permitted
        assert registry.check(consent, valid_request(world, **{request_field: asked})).reason is reason

    @pytest.mark.parametrize("label", Confidentiality)
    def test_permits_labels_up_to_the_highest(self, world, registry, granted, label):
        verdict = registry.check(granted, valid_request(world, sensitivity=label))

        assert verdict.reason is (Reason.NONE if label <= Confidentiality.N else Reason.SENSITIVITY)

    @pytest.mark.parametrize(
        ("change", "reason"), [({"onward": True}, Reason.NONE), ({"parent": OTHER_HASH}, Reason.PARENT)]
    )
    def test_refuses_a_consent_with_a_parent_alone(self, world, registry, change, reason):
        consent = valid_consent(world, terms=valid_terms(world, **change))
        registry.grant(consent)

        assert registry.check(consent, valid_request(world)).reason is reason

    def test_compares_the_jurisdiction_that_is_registered(self, world, registry):
        consent = valid_consent(world, terms=valid_terms(world, jurisdiction=CHINA))
        registry.grant(consent)

        assert registry.check(consent, valid_request(world, jurisdiction=CHINA)).reason is Reason.JURISDICTION

    def test_refuses_a_suspended_grantee_and_a_removed_signer(self, world, registry, granted, hospital):
        world.acting_as("hospital").accreditation.remove_signer(world.hospital, hospital.address)
        assert registry.check(granted, valid_request(world)).reason is Reason.ACTOR
        _suspend(world)
        assert registry.check(granted, valid_request(world)).reason is Reason.ACCREDITATION

    def test_answers_the_first_thing_that_is_wrong(self, world, registry):
        terms = valid_terms(world, parent=OTHER_HASH, jurisdiction=CHINA)
        consent = valid_consent(world, terms=terms, max_uses=0, access_from=world.chain.now() + DAY)
        request = valid_request(
            world, actor=ZERO_ADDRESS, purpose=0, data_class=0, sensitivity=0, facility=OTHER_HASH, data_at=0
        )
        found = [registry.check(consent, request).reason]
        found.append(registry.check(consent, request, signature=b"\x01").reason)
        registry.grant(consent)
        found.append(registry.check(consent, request).reason)
        registry.revoke_all()
        found.append(registry.check(consent, request).reason)
        registry.revoke(consent.id)
        found.append(registry.check(consent, request).reason)

        assert found == [Reason.UNKNOWN, Reason.SIGNATURE, Reason.PARENT, Reason.EPOCH, Reason.REVOKED]

    @pytest.mark.parametrize("late", AROUND)
    @pytest.mark.parametrize("edge", ["access_from", "access_until"])
    def test_holds_inside_its_window_alone(self, world, registry, edge, late):
        consent = valid_consent(world, access_from=world.chain.now() + DAY, access_until=world.chain.now() + 2 * DAY)
        registry.grant(consent)
        request = valid_request(world)
        world.chain.travel(getattr(consent, edge) + late)
        reason = registry.check(consent, request).reason

        if edge == "access_from":
            assert reason is (Reason.NOT_YET if late < 0 else Reason.NONE)
        else:
            assert reason is (Reason.NONE if late < 0 else Reason.EXPIRED)

    @pytest.mark.parametrize("late", AROUND)
    @pytest.mark.parametrize("edge", ["data_from", "data_until"])
    def test_covers_data_of_its_time_alone(self, world, registry, granted, edge, late):
        request = valid_request(world, data_at=getattr(granted.terms, edge) + late)
        is_covered = late >= 0 if edge == "data_from" else late < 0

        assert registry.check(granted, request).reason is (Reason.NONE if is_covered else Reason.DATA_TIME)

    @pytest.mark.parametrize("uses", [0, 1, 2])
    def test_holds_until_it_is_used_up(self, world, registry, granted, uses):
        for _ in range(uses):
            world.acting_as("hospital").consent.use(granted, COMMITMENT)

        expected = Reason.USES if uses == granted.max_uses else Reason.NONE
        assert registry.check(granted, valid_request(world)).reason is expected


class TestCheckAt:
    """
    when the time has not come               -> refused (FUTURE)
    given a grant, a revocation, an end of all, an end of all to the grantee
      when it is asked one second before, at and after it -> as it stood then
    given it was used up                     -> permitted up to the second of the last use
    given the signer was removed             -> permitted before, refused from that second on
    given a signed consent of a later epoch  -> refused before that epoch
    """

    def test_does_not_answer_for_the_future(self, world, registry, granted):
        now = world.chain.now()
        request = valid_request(world)

        assert registry.check_at(granted, request, now).is_permitted
        assert registry.check_at(granted, request, now + 1).reason is Reason.FUTURE
        assert registry.check_at(granted, request, 2**64 - 1).decision is Decision.DEFAULT_DENIAL

    def test_knows_when_it_was_granted(self, world, registry):
        consent = valid_consent(world)
        world.chain.mine(seconds=100)
        at = registry.grant(consent).at
        world.chain.mine(seconds=100)

        reasons = [registry.check_at(consent, valid_request(world), at + late).reason for late in AROUND]
        assert reasons == [Reason.UNKNOWN, Reason.NONE, Reason.NONE]

    @pytest.mark.parametrize("act", ["revoke", "revoke_all", "revoke_all_of"])
    def test_knows_when_it_was_revoked(self, world, registry, granted, act):
        world.chain.mine(seconds=100)
        argument = {"revoke": (granted.id,), "revoke_all": (), "revoke_all_of": (world.hospital,)}[act]
        at = getattr(registry, act)(*argument).at
        world.chain.mine(seconds=100)
        getattr(registry, act)(*argument)
        world.chain.mine(seconds=100)

        reasons = [registry.check_at(granted, valid_request(world), at + late).reason for late in AROUND]
        expected = Reason.REVOKED if act == "revoke" else Reason.EPOCH
        assert reasons == [Reason.NONE, expected, expected]

    def test_counts_a_use_from_the_second_after_it(self, world, registry, granted):
        hospital = world.acting_as("hospital").consent
        hospital.use(granted, COMMITMENT)
        world.chain.mine(seconds=100)
        at = hospital.use(granted, COMMITMENT).at
        assert registry.check_at(granted, valid_request(world), at).reason is Reason.USES
        world.chain.mine(seconds=100)

        reasons = [registry.check_at(granted, valid_request(world), at + late).reason for late in AROUND]
        assert reasons == [Reason.NONE, Reason.NONE, Reason.USES]

    def test_knows_who_was_a_signer(self, world, registry, granted, hospital):
        world.chain.mine(seconds=100)
        at = world.acting_as("hospital").accreditation.remove_signer(world.hospital, hospital.address).at
        world.chain.mine(seconds=100)

        reasons = [registry.check_at(granted, valid_request(world), at + late).reason for late in AROUND]
        assert reasons == [Reason.NONE, Reason.ACTOR, Reason.ACTOR]

    @pytest.mark.parametrize("act", ["revoke_all", "revoke_all_of"])
    def test_knows_when_an_epoch_began(self, world, registry, act):
        begins = world.chain.now()
        epoch = 1 << 32 if act == "revoke_all" else 1
        world.chain.mine(seconds=100)
        at = getattr(registry, act)(*(() if act == "revoke_all" else (world.hospital,))).at
        world.chain.mine(seconds=100)
        signed = _signed(world, valid_consent(world, access_from=begins, epoch=epoch))
        request = valid_request(world)

        reasons = [
            registry.check_at(signed.consent, request, at + late, signature=signed.signature).reason for late in AROUND
        ]
        assert reasons == [Reason.EPOCH, Reason.NONE, Reason.NONE]


class TestSignatures:
    """
    given a consent that was only signed
      when the signature is the patient's in the one encoding -> permitted
      when it is empty, cut, padded, of v 0 or 1, high in s, or noise -> refused (UNKNOWN, SIGNATURE); nothing reverts
    given the patient is a wallet that agrees, refuses, reverts, burns its gas, answers with a flood or with four bytes
      when it is asked                       -> permitted if it agrees and refused otherwise; nothing reverts
    given a key whose account takes on code later -> what it signed stays good
    """

    @pytest.mark.parametrize(
        "change",
        [
            lambda signature: signature[:64],
            lambda signature: signature + b"\x00",
            lambda signature: signature[:64] + bytes((signature[64] - 27,)),
            lambda signature: bytes(65),
            lambda signature: b"\xff" * 65,
            lambda signature: b"\x01",
            lambda signature: signature[1:] + signature[:1],
        ],
    )
    def test_takes_one_encoding(self, world, registry, change):
        signed = _signed(world, valid_consent(world))
        request = valid_request(world)

        assert registry.check(signed.consent, request, signature=signed.signature).is_permitted
        assert registry.check(signed.consent, request, signature=change(signed.signature)).reason is Reason.SIGNATURE

    @pytest.mark.parametrize(
        ("kind", "arguments", "reason"),
        [
            ("AgreeingWallet", (), Reason.NONE),
            ("RevertingWallet", (), Reason.SIGNATURE),
            ("BurningWallet", (), Reason.SIGNATURE),
            ("FloodingWallet", (400_000,), Reason.SIGNATURE),
            ("FloodingWallet", (4_000_000,), Reason.SIGNATURE),
            ("CurtWallet", (), Reason.SIGNATURE),
            ("Stablecoin", (), Reason.SIGNATURE),
        ],
    )
    def test_asks_any_wallet_without_reverting(self, world, registry, kind, arguments, reason):
        consent = valid_consent(world, patient=world.deploy(kind, *arguments))

        assert registry.check(consent, valid_request(world), signature=b"\x01").reason is reason

    def test_keeps_what_a_key_signed_before_its_account_took_on_code(self, world, registry):
        signed = _signed(world, valid_consent(world))
        code = world.chain.code(world.deploy("RevertingWallet"))
        _set_code(world, signed.consent.patient, code)

        assert registry.check(signed.consent, valid_request(world), signature=signed.signature).is_permitted


class TestIds:
    """
    given any consent -> contract and Python give it the same id, and its terms the same hash
    given the domain  -> ERC-5267 tells the one in which Python signs
    """

    def test_agree_with_python(self, world, registry):
        consent = valid_consent(world, terms=valid_terms(world, onward=True, parent=OTHER_HASH, facility=WARD))

        assert registry._call("termsHashOf", consent.terms) == consent.terms.hash
        assert (
            registry._call("idOf", consent.outer)
            == consent.id
            == keccak256(
                keccak256(CONSENT.type_string.encode()) + registry.interface.encode_call("idOf", [consent.outer])[4:]
            )
        )

    def test_domain_is_the_one_that_the_contract_tells(self, registry):
        told = registry._call("eip712Domain")

        assert (told["name"], told["version"]) == (registry.domain.name, registry.domain.version)
        assert (told["chainId"], told["verifyingContract"]) == (registry.domain.chain_id, registry.domain.contract)
        assert (told["fields"], told["salt"], told["extensions"]) == (b"\x0f", ZERO_HASH, [])


def _signed(world: World, consent: Consent, key: bytes | None = None) -> SignedConsent:
    domain = world.suite.consent.domain
    signature = sign(bytes(key or world.patient.key), CONSENT.digest(domain, consent.message))
    return SignedConsent(consent, signature, domain)


def _widened(world: World, consent: Consent, field: str) -> Consent:
    """The consent with one field changed for the gain of whoever changes it."""
    value = getattr(consent, field)
    changes = {
        "patient": wallet.role("stranger").address,
        "grantee": world.clinic,
        "access_from": value - 1 if isinstance(value, int) else 0,
        "access_until": value + 1 if isinstance(value, int) else 0,
        "max_uses": UNLIMITED,
        "epoch": 1,
        "terms": replace(consent.terms, purposes=consent.terms.purposes | Purpose.HMARKT),
    }
    return replace(consent, **{field: changes[field]})


def _suspend(world: World) -> None:
    world.acting_as("authority").accreditation.suspend(world.hospital, Role.PARTICIPANT)


def _set_code(world: World, address: str, code: bytes) -> None:
    """Give an account code, as a delegation to a wallet does."""
    method = "evm_setAccountCode" if world.chain.id == 1337 else "anvil_setCode"
    world.chain.request(method, address, "0x" + code.hex())
