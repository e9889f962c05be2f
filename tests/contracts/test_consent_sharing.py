"""ConsentRegistry for controllers, guardians and grantees: who grants, who accepts, and what stands on what."""

from __future__ import annotations

from dataclasses import replace

import pytest

from medtrust.accreditation import Role
from medtrust.consent import Consent, DataClass, Decision, Purpose, Reason, Record
from medtrust.patients import PatientClient, Scope
from medtrust.types import name_hash
from tests.consents import DAY, patient_client, simulate, valid_consent, valid_request, valid_terms
from tests.world import FAR, USA, World

AROUND = [-1, 0, 1]
COMMITMENT = name_hash("a request and its salt")
OBLIGATIONS = name_hash("to delete after use, and a salt")


@pytest.fixture
def patients(world: World) -> PatientClient:
    """The registry of patients as the patient, with ETH."""
    patient_client(world)
    return world.acting_as(world.patient).patients


def shared(world: World, depth: int = 2) -> list[Consent]:
    """Consents of the patient that stand on each other, granted, the last to the clinic."""
    line = [valid_consent(world, terms=valid_terms(world, onward=True))]
    while len(line) < depth:
        terms = valid_terms(world, onward=True, parent=line[-1].id, salt=bytes((len(line),)) * 32)
        line.append(replace(line[0], grantee=world.clinic, terms=terms))
    for consent in line:
        patient_client(world).grant(consent)
    return line


def clinics_request(world: World):
    return valid_request(world, actor=world.account("clinic").address, organisation=world.clinic)


class TestControl:
    """
    given the patient has another controller
      when it grants, revokes or signs              -> it counts; what was granted before stands
      when the old key grants, revokes or signs     -> reverts NotController, InvalidSignature; is refused (SIGNATURE)
    given the patient is frozen
      when anyone grants, with a signature or without -> reverts Frozen, until the second in which it ends
      when the controller revokes                   -> it is revoked
      when a signature is shown                     -> refused (FROZEN); what was granted is permitted
    """

    @pytest.fixture
    def rotated(self, world, patients, stranger):
        consent = valid_consent(world)
        patient_client(world).grant(consent)
        patients.rotate(world.patient.address, stranger.address)
        return consent

    def test_counts_what_the_new_one_does(self, world, rotated, patient):
        client = world.acting_as("stranger").consent.for_patient(patient.address)
        assert client.check(rotated, valid_request(world)).is_permitted
        drafted = replace(client.draft(world.hospital, Purpose.TREAT, DataClass.LABORATORY, until=FAR), access_from=1)
        receipt = client.sign(drafted)
        assert receipt.consent.patient == patient.address
        assert client.check(drafted, valid_request(world), signature=receipt.signature).is_permitted
        world.acting_as("relayer").consent.grant_by_sig(receipt)
        client.revoke(rotated.id)
        assert client.check(rotated, valid_request(world)).reason is Reason.REVOKED
        client.revoke_all()
        assert client.check(drafted, valid_request(world)).reason is Reason.EPOCH

    def test_refuses_the_old_key(self, world, rotated, reverts, patient, stranger):
        client = world.acting_as(world.patient).consent
        consent = valid_consent(world, max_uses=9)
        receipt = client.sign(consent)
        for act in (lambda: client.grant(consent), lambda: client.revoke(rotated.id), client.revoke_all):
            with reverts("NotController", patient=patient.address, caller=patient.address):
                act()
        with reverts("InvalidSignature", signer=stranger.address):
            world.acting_as("relayer").consent.grant_by_sig(receipt)
        verdict = client.check(consent, valid_request(world), signature=receipt.signature)
        assert verdict.reason is Reason.SIGNATURE

    @pytest.mark.parametrize("late", AROUND)
    def test_grants_nothing_while_frozen(self, world, patients, reverts, patient, late):
        client = patient_client(world)
        receipt = client.sign(valid_consent(world))
        until = world.chain.now() + DAY
        patients.freeze(patient.address, until)
        world.chain.travel(until + late)
        relayer = world.acting_as("relayer").consent
        for sender, act in (
            (client, ("grant", receipt.consent.outer)),
            (relayer, ("grantBySig", receipt.consent.outer, receipt.signature)),
        ):
            if late < 0:
                with reverts("Frozen", patient=patient.address):
                    simulate(sender, *act)
            else:
                simulate(sender, *act)

    def test_revokes_while_frozen(self, world, patients, patient):
        client = patient_client(world)
        consent = valid_consent(world)
        client.grant(consent)
        patients.freeze(patient.address, world.chain.now() + DAY)
        client.revoke(consent.id)

        assert client.check(consent, valid_request(world)).reason is Reason.REVOKED

    def test_counts_no_signature_while_frozen(self, world, patients, patient):
        client = patient_client(world)
        granted, signed = valid_consent(world), client.sign(valid_consent(world, max_uses=9))
        client.grant(granted)
        frozen = patients.freeze(patient.address, world.chain.now() + DAY).at
        request = valid_request(world)

        assert client.check(granted, request).is_permitted
        assert client.check(signed.consent, request, signature=signed.signature).reason is Reason.FROZEN
        world.chain.travel(frozen + 2 * DAY)
        found = [
            client.check_at(signed.consent, request, frozen + late, signature=signed.signature).reason
            for late in AROUND
        ]
        assert found[1:] == [Reason.FROZEN, Reason.FROZEN]
        assert found[0] is not Reason.FROZEN


class TestGuardian:
    """
    given a guardian for GRANT alone
      when it grants          -> recorded as a guardian's; emits ConsentGranted; permitted
      when it revokes         -> reverts NotController
      when its time is over   -> reverts NotController, from the second of its end on; what it granted stands
    given the patient hides a class from guardians, as her jurisdiction lets her
      when what a guardian granted is asked for it -> refused (HIDDEN); another class is permitted
      when what she granted herself is asked for it -> permitted
    """

    @pytest.fixture
    def majority(self, world, patients, stranger):
        until = world.chain.now() + DAY
        patients.add_guardian(world.patient.address, stranger.address, Scope.GRANT, until=until)
        return until

    def test_grants_in_scope(self, world, majority, patient):
        client = world.acting_as("stranger").consent
        consent = valid_consent(world)
        receipt = client.grant(consent)

        assert receipt.event("ConsentGranted").values["isByGuardian"] is True
        assert client.record_of(patient.address, consent.id) == Record(granted_at=receipt.at, is_by_guardian=True)
        assert client.check(consent, valid_request(world)).is_permitted
        assert patient_client(world).grant(consent).events == ()

    def test_revokes_nothing_out_of_scope(self, world, majority, reverts, patient, stranger):
        client = world.acting_as("stranger").consent.for_patient(patient.address)
        for act in (lambda: client.revoke(COMMITMENT), client.revoke_all, lambda: client.revoke_all_of(world.hospital)):
            with reverts("NotController", patient=patient.address, caller=stranger.address):
                act()

    @pytest.mark.parametrize("late", AROUND)
    def test_ends_at_majority(self, world, majority, reverts, patient, stranger, late):
        client = world.acting_as("stranger").consent
        before = valid_consent(world, max_uses=9)
        client.grant(before)
        world.chain.travel(majority + late)
        outer = valid_consent(world).outer
        if late < 0:
            simulate(client, "grant", outer)
        else:
            with reverts("NotController", patient=patient.address, caller=stranger.address):
                simulate(client, "grant", outer)
        assert client.record_of(patient.address, before.id).granted_at > 0

    def test_grants_nothing_that_is_hidden(self, world, majority, patients, patient):
        world.acting_as("authority").patients.allow_hiding(USA, DataClass.LABORATORY)
        patients.hide(patient.address, DataClass.LABORATORY | DataClass.MEDICATION)
        client = world.acting_as("stranger").consent
        by_guardian, by_herself = valid_consent(world), valid_consent(world, max_uses=9)
        client.grant(by_guardian)
        patient_client(world).grant(by_herself)
        receipt = world.acting_as(patient).consent.sign(by_guardian)
        request = valid_request(world)

        assert client.check(by_guardian, request).reason is Reason.HIDDEN
        assert client.check(by_guardian, request, signature=receipt.signature).reason is Reason.HIDDEN
        assert client.check(by_guardian, replace(request, data_class=int(DataClass.MEDICATION))).is_permitted
        assert client.check(by_herself, request).is_permitted


class TestAnswer:
    """
    when the caller does not act for the grantee -> reverts NotAuthorised
    given it was revoked                         -> reverts AlreadyRevoked
    given it was answered                        -> reverts AlreadyAnswered
    given a consent that must be accepted        -> refused (NOT_ACCEPTED) until it is; emits ConsentAccepted
    given it was declined                        -> refused (DECLINED), and not used; emits ConsentDeclined
    """

    @pytest.fixture
    def consent(self, world):
        terms = valid_terms(world, purposes=Purpose.TREAT | Purpose.OBLIGATION)
        consent = valid_consent(world, terms=terms)
        patient_client(world).grant(consent)
        return consent

    @pytest.mark.parametrize("act", ["accept", "decline"])
    def test_reverts_when_the_caller_may_not(self, world, consent, reverts, clinic, act):
        with reverts("NotAuthorised", organisation=world.hospital, signer=clinic.address, role=Role.PARTICIPANT):
            getattr(world.acting_as("clinic").consent, act)(consent)

    @pytest.mark.parametrize("act", ["accept", "decline"])
    def test_reverts_given_it_was_revoked(self, world, consent, reverts, act):
        at = patient_client(world).revoke(consent.id).at
        with reverts("AlreadyRevoked", consent=consent.id, revokedAt=at):
            getattr(world.acting_as("hospital").consent, act)(consent)

    @pytest.mark.parametrize("first", ["accept", "decline"])
    @pytest.mark.parametrize("second", ["accept", "decline"])
    def test_reverts_given_it_was_answered(self, world, consent, reverts, first, second):
        hospital = world.acting_as("hospital").consent
        at = getattr(hospital, first)(consent).at
        with reverts("AlreadyAnswered", consent=consent.id, answeredAt=at):
            getattr(hospital, second)(consent)

    def test_is_refused_until_it_is_accepted(self, world, consent, hospital):
        client = world.acting_as("hospital").consent
        before = client.check(consent, valid_request(world))
        world.chain.mine(seconds=100)
        receipt = client.accept(consent, obligations=OBLIGATIONS)
        request = valid_request(world)

        assert before.reason is Reason.NOT_ACCEPTED
        assert receipt.event("ConsentAccepted").values == {
            "consent": consent.id,
            "patient": consent.patient,
            "grantee": world.hospital,
            "actor": hospital.address,
            "obligations": OBLIGATIONS,
            "acceptedAt": receipt.at,
        }
        assert client.record_of(consent.patient, consent.id).accepted_at == receipt.at
        assert client.check(consent, request).is_permitted
        assert client.check_at(consent, request, receipt.at - 1).reason is Reason.NOT_ACCEPTED

    def test_is_refused_given_it_was_declined(self, world, reverts, hospital):
        consent = valid_consent(world)
        patient_client(world).grant(consent)
        client = world.acting_as("hospital").consent
        receipt = client.decline(consent)

        assert receipt.event("ConsentDeclined").values == {
            "consent": consent.id,
            "patient": consent.patient,
            "grantee": world.hospital,
            "actor": hospital.address,
            "declinedAt": receipt.at,
        }
        assert client.record_of(consent.patient, consent.id).declined_at == receipt.at
        assert client.check(consent, valid_request(world)).reason is Reason.DECLINED
        with reverts("Declined", consent=consent.id, declinedAt=receipt.at):
            client.use(consent, COMMITMENT)


class TestCheckLine:
    """
    given consents that stand on each other, up to 4 -> permitted for the last; refused (LINE) for more or for none
    given one of them was revoked                    -> refused (REVOKED) as a denial, at its place; others stand
    given one is not the named parent, not to be shared, or narrower -> refused, at its place
    given none was granted                           -> each needs its signature
    given the time has not come                      -> refused (FUTURE)
    """

    @pytest.mark.parametrize("depth", [1, 2, 3, 4, 5])
    def test_permits_up_to_four(self, world, depth):
        line = shared(world, depth)
        request = clinics_request(world) if depth > 1 else valid_request(world)
        verdict, place = patient_client(world).check_line(line, request)

        assert (verdict.reason, place) == ((Reason.NONE, depth - 1) if depth < 5 else (Reason.LINE, 0))

    def test_refuses_none(self, world):
        verdict, place = patient_client(world).check_line([], valid_request(world))
        assert (verdict.decision, verdict.reason, place) == (Decision.DEFAULT_DENIAL, Reason.LINE, 0)

    @pytest.mark.parametrize("place", [0, 1, 2])
    def test_dies_with_any_of_it(self, world, place):
        line = shared(world, 3)
        client = patient_client(world)
        client.revoke(line[place].id)
        verdict, found = client.check_line(line, clinics_request(world))

        assert (verdict.decision, verdict.reason, found) == (Decision.EXPLICIT_DENIAL, Reason.REVOKED, place)
        assert client.check(line[0], valid_request(world)).is_permitted == (place != 0)

    @pytest.mark.parametrize(
        ("build", "reason", "place"),
        [
            (lambda line: line[1:], Reason.PARENT, 0),
            (lambda line: [line[0], line[2]], Reason.PARENT, 1),
            (lambda line: [line[0], replace(line[1], max_uses=3)], Reason.UNKNOWN, 1),
        ],
    )
    def test_is_refused_where_it_is_broken(self, world, build, reason, place):
        verdict, found = patient_client(world).check_line(build(shared(world, 3)), clinics_request(world))
        assert (verdict.reason, found) == (reason, place)

    @pytest.mark.parametrize(("onward", "uses", "reason"), [(False, 2, Reason.ONWARD), (True, 3, Reason.WIDER)])
    def test_is_refused_where_it_gives_more(self, world, onward, uses, reason):
        client = patient_client(world)
        parent = valid_consent(world, terms=valid_terms(world, onward=onward))
        child = replace(parent, max_uses=uses, terms=valid_terms(world, parent=parent.id))
        for consent in (parent, child):
            client.grant(consent)
        verdict, place = client.check_line([parent, child], valid_request(world))

        assert (verdict.reason, place) == (reason, 1)

    def test_takes_signatures(self, world):
        client = world.acting_as(world.patient).consent
        parent = valid_consent(world, terms=valid_terms(world, onward=True))
        child = replace(parent, grantee=world.clinic, terms=valid_terms(world, parent=parent.id))
        signatures = [client.sign(consent).signature for consent in (parent, child)]
        request = clinics_request(world)

        assert client.check_line([parent, child], request, signatures=signatures)[0].is_permitted
        for place in (0, 1):
            shown = [b"" if number == place else one for number, one in enumerate(signatures)]
            verdict, found = client.check_line([parent, child], request, signatures=shown)
            assert (verdict.reason, found) == (Reason.UNKNOWN, place)

    def test_does_not_foretell(self, world):
        line = shared(world)
        verdict, _ = patient_client(world).check_line(line, clinics_request(world), at=world.chain.now() + 1)
        assert verdict.reason is Reason.FUTURE
