"""VaccinationRegistry: what was said is corrected beside it and never overwritten, and a holder may object."""

from __future__ import annotations

from dataclasses import replace

import pytest

from medtrust.accreditation import Role
from medtrust.certificate import Certificate, batch_id
from medtrust.keccak import keccak256
from medtrust.patients import Scope
from medtrust.types import ZERO_HASH
from medtrust.vaccination import Advisory, Status, VaccinationClient
from tests.consents import give_ether
from tests.doses import CLINIC, HOSPITAL, batch_of
from tests.world import FAR, World

DAY = 86_400
REASON = keccak256(b"the wrong vaccine, and a salt")
UNTRACED = Advisory.UNTRACED_LOT


@pytest.fixture
def registry(world: World) -> VaccinationClient:
    """The registry as the clinic calls it."""
    return world.acting_as("clinic").vaccination


@pytest.fixture
def issue(world: World, registry: VaccinationClient):
    """Anchor a batch of an organisation and return its certificates; another tag makes other doses."""

    def anchor(tag: str, *, size: int = 1, issuer: str = CLINIC, by: str = "clinic", holder: str = ""):
        batch = batch_of(size, issuer=issuer, lot=ZERO_HASH, tag=tag, holder=holder)
        world.acting_as(by).vaccination.anchor(batch.organisation, batch.root, batch.size)
        return [batch.certificate(place, registry) for place in range(size)]

    return anchor


@pytest.fixture
def old(issue) -> Certificate:
    return issue("old")[0]


@pytest.fixture
def new(issue) -> Certificate:
    return issue("new")[0]


def standing(registry: VaccinationClient, certificate: Certificate) -> tuple[str, str, str]:
    """Status, reason and successor."""
    verdict = registry.verify(certificate)
    return verdict.status.name, verdict.reason, verdict.successor


def hex_of(certificate: Certificate) -> str:
    return "0x" + certificate.dose_id.hex()


ACTIVE = ("ACTIVE", "Active", "")


class TestAmend:
    """
    when the new dose is of another organisation           -> reverts NotHeir
    when caller signs for no vaccinator                    -> reverts NotAuthorised
    when caller is the authority                           -> reverts NotAuthorised: it withdraws, and does not correct
    given either dose was never anchored, or is beyond its batch -> reverts UnknownDose
    given the old one was revoked, or corrected            -> reverts DoseAlreadyRevoked: no fork
    given the new one was revoked, or corrected            -> reverts DoseAlreadyRevoked: no circle
    when both are the same                                 -> reverts DoseAlreadyRevoked, it stands
    given the new one corrects another                     -> reverts AlreadyCorrection: lines do not meet
    when everything is in order  -> the old one reads SUPERSEDED and names the new one, which is ACTIVE; emits
                                    DoseAmended; the neighbours of both stand
    given a line of three                                  -> each names the next
    given the old one is in the same batch                 -> likewise
    given an heir was named      -> its vaccinator corrects by its own dose; the heir of nobody does not
    given the heir was unnamed                             -> reverts NotHeir
    """

    def test_reverts_when_the_new_dose_is_of_another(self, world, old, issue, hospital, reverts):
        other = issue("other", issuer=HOSPITAL, by="hospital")[0]
        with reverts("NotHeir", organisation=world.clinic, issuer=world.hospital):
            world.acting_as("hospital").vaccination.amend(old, other)
        assert standing(world.suite.vaccination, old) == ACTIVE

    @pytest.mark.parametrize("who", ["attacker", "authority", "hospital"])
    def test_reverts_when_caller_has_no_right(self, world, registry, old, new, reverts, who):
        expected = {"organisation": world.clinic, "signer": world.account(who).address, "role": Role.VACCINATOR}
        with reverts("NotAuthorised", **expected):
            world.acting_as(who).vaccination.amend(old, new)
        assert standing(registry, old) == ACTIVE

    def test_reverts_when_the_signer_was_removed(self, world, registry, old, new, clinic, reverts):
        world.acting_as("authority").accreditation.remove_signer(world.clinic, clinic.address)
        with reverts("NotAuthorised", organisation=world.clinic, signer=clinic.address, role=Role.VACCINATOR):
            registry.amend(old, new)

    @pytest.mark.parametrize("which", ["old", "new"])
    def test_reverts_given_no_such_dose(self, registry, old, new, reverts, which):
        given = {"old": old, "new": new}
        for root, size in ((keccak256(b"none"), 0), (given[which].root, 1)):
            dose = replace(given[which].dose, index=1)
            broken = {**given, which: replace(given[which], root=root, dose=dose)}
            with reverts("UnknownDose", index=1, size=size):
                registry.amend(broken["old"], broken["new"])
        assert standing(registry, old) == standing(registry, new) == ACTIVE

    @pytest.mark.parametrize("act", ["revoke", "enter_in_error"])
    def test_reverts_given_one_was_withdrawn(self, registry, old, new, issue, reverts, act):
        gone = issue("gone")[0]
        getattr(registry, act)(gone.organisation, gone.root, 0)
        for first, second in ((gone, new), (old, gone)):
            with reverts("DoseAlreadyRevoked", index=0):
                registry.amend(first, second)
        assert standing(registry, old) == standing(registry, new) == ACTIVE

    def test_reverts_given_it_was_corrected(self, registry, old, new, issue, reverts):
        third = issue("third")[0]
        registry.amend(old, new)
        with reverts("DoseAlreadyRevoked", index=0):
            registry.amend(old, third)
        assert standing(registry, old) == ("SUPERSEDED", "Superseded", hex_of(new))

    def test_reverts_when_it_would_close_a_circle(self, registry, old, new, reverts):
        registry.amend(old, new)
        with reverts("DoseAlreadyRevoked", index=0):
            registry.amend(new, old)
        assert standing(registry, new) == ACTIVE

    def test_reverts_when_both_are_the_same(self, registry, old, reverts):
        with reverts("DoseAlreadyRevoked", index=0):
            registry.amend(old, old)
        assert standing(registry, old) == ACTIVE

    def test_reverts_given_the_new_one_corrects_another(self, registry, old, new, issue, reverts):
        third = issue("third")[0]
        registry.amend(old, new)
        with reverts("AlreadyCorrection", index=0):
            registry.amend(third, new)
        assert standing(registry, third) == ACTIVE

    def test_supersedes_the_old_one_and_names_the_new(self, registry, issue):
        old, new = issue("old", size=3), issue("new", size=3)
        receipt = registry.amend(old[1], new[2], reason=REASON)
        assert standing(registry, old[1]) == ("SUPERSEDED", "Superseded", hex_of(new[2]))
        assert [standing(registry, one) for one in (old[0], old[2], *new)] == [ACTIVE] * 5
        assert receipt.event("DoseAmended").values == {
            "batch": batch_id(old[1].organisation, old[1].root),
            "correctionBatch": batch_id(new[2].organisation, new[2].root),
            "index": old[1].dose.index,
            "correctionIndex": new[2].dose.index,
            "reason": REASON,
        }

    def test_keeps_a_line_of_corrections(self, registry, old, new, issue):
        third = issue("third")[0]
        registry.amend(old, new)
        registry.amend(new, third)
        named = [standing(registry, one)[2] for one in (old, new, third)]
        assert named == [hex_of(new), hex_of(third), ""]
        assert standing(registry, third) == ACTIVE

    def test_corrects_within_a_batch(self, registry, issue):
        first, second = issue("both", size=2)
        registry.amend(first, second)
        assert standing(registry, first)[2] == hex_of(second)
        assert standing(registry, second) == ACTIVE

    def test_corrects_as_the_heir(self, world, registry, old, issue):
        new = issue("heir", issuer=HOSPITAL, by="hospital")[0]
        world.acting_as("authority").vaccination.name_heir(world.clinic, world.hospital)
        world.acting_as("hospital").vaccination.amend(old, new)
        assert standing(registry, old) == ("SUPERSEDED", "Superseded", hex_of(new))
        assert registry.heir_of(world.hospital) is None

    def test_reverts_given_the_heir_was_unnamed(self, world, old, issue, reverts):
        new = issue("heir", issuer=HOSPITAL, by="hospital")[0]
        authority = world.acting_as("authority").vaccination
        authority.name_heir(world.clinic, world.hospital)
        authority.name_heir(world.clinic, ZERO_HASH)
        with reverts("NotHeir", organisation=world.clinic, issuer=world.hospital):
            world.acting_as("hospital").vaccination.amend(old, new)


class TestEnterInError:
    """
    when caller is neither issuer, heir nor authority -> reverts NotAuthorised, dose stands
    given it was withdrawn, corrected or entered      -> reverts DoseAlreadyRevoked, it reads as before
    when caller is issuer, heir or authority          -> reads REVOKED with ENTERED_IN_ERROR; emits DoseErrorEntered
    given it is in error                              -> revoke reverts DoseAlreadyRevoked
    """

    def test_reverts_when_caller_has_no_right(self, world, registry, old, hospital, reverts):
        with reverts("NotAuthorised", organisation=world.clinic, signer=hospital.address, role=Role.VACCINATOR):
            world.acting_as("hospital").vaccination.enter_in_error(old.organisation, old.root, 0)
        assert standing(registry, old) == ACTIVE

    def test_reverts_given_it_ended(self, registry, old, new, reverts):
        registry.amend(old, new)
        registry.revoke(new.organisation, new.root, 0)
        before = standing(registry, old), standing(registry, new)
        for one in (old, new):
            with reverts("DoseAlreadyRevoked", index=0):
                registry.enter_in_error(one.organisation, one.root, 0)
        assert (standing(registry, old), standing(registry, new)) == before
        assert before[1] == ("REVOKED", "Revoked", "")

    @pytest.mark.parametrize("who", ["clinic", "hospital", "authority"])
    def test_reads_revoked_in_error(self, world, registry, issue, who):
        wrong, right = issue("wrong", size=2)
        world.acting_as("authority").vaccination.name_heir(world.clinic, world.hospital)
        client = world.acting_as(who).vaccination
        receipt = client.enter_in_error(wrong.organisation, wrong.root, wrong.dose.index)
        verdict = registry.verify(wrong)
        assert (verdict.status, verdict.reason) == (Status.REVOKED, "EnteredInError")
        assert (verdict.advisories, verdict.successor) == (UNTRACED | Advisory.ENTERED_IN_ERROR, "")
        assert standing(registry, right) == ACTIVE
        assert receipt.event("DoseErrorEntered").values == {
            "batch": batch_id(wrong.organisation, wrong.root),
            "index": wrong.dose.index,
        }

    def test_is_final(self, registry, old, reverts):
        registry.enter_in_error(old.organisation, old.root, 0)
        with reverts("DoseAlreadyRevoked", index=0):
            registry.revoke(old.organisation, old.root, 0)
        assert registry.is_revoked(old.organisation, old.root, 0)


class TestNameHeir:
    """
    when caller is not the authority of its jurisdiction -> reverts NotAuthority
    when caller is                                       -> recorded; emits HeirNamed; the heir withdraws
    """

    @pytest.mark.parametrize("who", ["clinic", "hospital", "steward"])
    def test_reverts_when_caller_is_no_authority(self, world, registry, reverts, who):
        with reverts("NotAuthority", jurisdiction=840, caller=world.account(who).address):
            world.acting_as(who).vaccination.name_heir(world.clinic, world.hospital)
        assert registry.heir_of(world.clinic) is None

    def test_lets_the_heir_withdraw(self, world, registry, old, hospital, reverts):
        world.chain.mine(seconds=2 * DAY)
        receipt = world.acting_as("authority").vaccination.name_heir(world.clinic, world.hospital)
        assert registry.heir_of(world.clinic) == world.hospital
        assert receipt.event("HeirNamed").values == {"organisation": world.clinic, "heir": world.hospital}
        world.acting_as("hospital").vaccination.revoke(old.organisation, old.root, 0)
        assert standing(registry, old) == ("REVOKED", "Revoked", "")


@pytest.fixture
def hers(world: World, issue) -> list[Certificate]:
    """Two certificates of the patient."""
    return issue("hers", size=2, holder=world.patient.address)


class TestDispute:
    """
    when caller decides neither for the holder nor is a guardian to contest -> reverts NotController
    when the holder does it, or a guardian to contest -> DISPUTED beside its status; emits DoseDisputed; others not
    given it is disputed                              -> nothing changes, no event
    when another disputes it under its own address    -> the dose is not disputed
    given the key was rotated                         -> the old key reverts, the new one disputes
    given it was disputed and corrected               -> SUPERSEDED and DISPUTED, the new one is not disputed
    """

    def test_reverts_when_caller_does_not_decide(self, world, registry, hers, attacker, reverts):
        with reverts("NotController", patient=world.patient.address, caller=attacker.address):
            world.acting_as("attacker").vaccination.dispute(world.patient.address, hers[0].dose_id)
        assert registry.verify(hers[0]).advisories == UNTRACED

    def test_tells_the_reader(self, world, registry, hers):
        give_ether(world, world.patient.address)
        client = world.acting_as(world.patient).vaccination
        receipt = client.dispute(world.patient.address, hers[0].dose_id, statement=REASON)
        assert registry.verify(hers[0]).advisories == UNTRACED | Advisory.DISPUTED
        assert registry.verify(hers[0]).is_valid
        assert registry.verify(hers[1]).advisories == UNTRACED
        told = {"holder": world.patient.address, "dose": hers[0].dose_id, "statement": REASON}
        assert receipt.event("DoseDisputed").values == told
        assert client.dispute(world.patient.address, hers[0].dose_id).events == ()

    @pytest.mark.parametrize(("scope", "is_allowed"), [(Scope.CONTEST, True), (Scope.REVOKE, False)])
    def test_asks_what_a_guardian_may(self, world, registry, hers, doctor, reverts, scope, is_allowed):
        give_ether(world, world.patient.address)
        guards = world.acting_as(world.patient).patients
        guards.add_guardian(world.patient.address, doctor.address, scope, until=FAR)
        world.chain.mine(seconds=8 * DAY)
        act = world.acting_as("doctor").vaccination.dispute
        if is_allowed:
            act(world.patient.address, hers[0].dose_id)
        else:
            with reverts("NotController", patient=world.patient.address, caller=doctor.address):
                act(world.patient.address, hers[0].dose_id)
        assert (Advisory.DISPUTED in registry.verify(hers[0]).advisories) is is_allowed

    def test_counts_under_the_own_address_alone(self, world, registry, hers, attacker):
        world.acting_as("attacker").vaccination.dispute(attacker.address, hers[0].dose_id)
        assert registry.verify(hers[0]).advisories == UNTRACED

    def test_asks_who_decides_now(self, world, registry, hers, doctor, reverts):
        give_ether(world, world.patient.address)
        world.acting_as(world.patient).patients.rotate(world.patient.address, doctor.address)
        assert registry.controller_of(world.patient.address) == doctor.address
        with reverts("NotController", patient=world.patient.address, caller=world.patient.address):
            world.acting_as(world.patient).vaccination.dispute(world.patient.address, hers[0].dose_id)
        world.acting_as("doctor").vaccination.dispute(world.patient.address, hers[0].dose_id)
        assert Advisory.DISPUTED in registry.verify(hers[0]).advisories

    def test_stays_with_the_old_dose(self, world, registry, hers):
        give_ether(world, world.patient.address)
        world.acting_as(world.patient).vaccination.dispute(world.patient.address, hers[0].dose_id)
        registry.amend(hers[0], hers[1])
        assert standing(registry, hers[0]) == ("SUPERSEDED", "Superseded", hex_of(hers[1]))
        assert Advisory.DISPUTED in registry.verify(hers[0]).advisories
        assert registry.verify(hers[1]).advisories == UNTRACED


class TestDisputeBySig:
    """
    when it is sent a second before, at, a second after its deadline -> disputed, disputed, reverts SignatureExpired
    when holder, dose, statement or deadline is another   -> reverts InvalidSignature
    when another key signed it                            -> reverts InvalidSignature
    when it was signed for another registry               -> reverts InvalidSignature
    when it is sent twice                                 -> nothing changes, no event
    when everything is in order                           -> DISPUTED, for a holder without ETH; emits DoseDisputed
    """

    @pytest.fixture
    def signed(self, world, hers):
        signer = world.acting_as(world.patient).vaccination
        return signer.sign_dispute(world.patient.address, hers[0].dose_id, deadline=FAR, statement=REASON)

    @pytest.mark.parametrize(("late", "is_sent"), [(-1, True), (0, True), (1, False)])
    def test_ends_at_its_deadline(self, world, hers, reverts, late, is_sent):
        deadline = world.chain.now() + 100
        signer = world.acting_as(world.patient).vaccination
        signed = signer.sign_dispute(world.patient.address, hers[0].dose_id, deadline=deadline)
        sender = world.acting_as("stranger").vaccination
        if is_sent:
            if world.chain.id != 1337:  # Ganache cannot be told the time of a block
                world.chain.request("evm_setNextBlockTimestamp", deadline + late)
            assert sender.send_dispute(signed).at <= deadline
        else:
            world.chain.mine(seconds=100 + late)
            with reverts("SignatureExpired", deadline=deadline):
                sender.send_dispute(signed)

    @pytest.mark.parametrize(
        "change",
        [
            {"dose": keccak256(b"another")},
            {"statement": ZERO_HASH},
            {"deadline": FAR - 1},
            {"signature": bytes(65)},
        ],
        ids=lambda change: next(iter(change)),
    )
    def test_reverts_when_a_part_is_another(self, world, registry, signed, hers, reverts, change):
        with reverts("InvalidSignature", signer=world.patient.address):
            world.acting_as("stranger").vaccination.send_dispute(replace(signed, **change))
        assert registry.verify(hers[0]).advisories == UNTRACED

    def test_reverts_when_the_holder_is_another(self, world, signed, doctor, reverts):
        with reverts("InvalidSignature", signer=doctor.address):
            world.acting_as("stranger").vaccination.send_dispute(replace(signed, holder=doctor.address))

    def test_reverts_when_another_key_signed(self, world, hers, reverts):
        client = world.acting_as("attacker").vaccination
        signed = client.sign_dispute(world.patient.address, hers[0].dose_id, deadline=FAR)
        with reverts("InvalidSignature", signer=world.patient.address):
            client.send_dispute(signed)

    def test_reverts_when_it_was_signed_for_another_registry(self, world, signed, reverts):
        places = [world.address(name) for name in ("AccreditationRegistry", "DrugProvenance", "PatientRegistry")]
        address = world.deploy("VaccinationRegistry", *places)
        other = VaccinationClient(world.chain, address, world.account("stranger"))
        with reverts("InvalidSignature", signer=world.patient.address):
            other.send_dispute(signed)

    def test_tells_the_reader_once(self, world, registry, signed, hers):
        sender = world.acting_as("stranger").vaccination
        receipt = sender.send_dispute(signed)
        assert registry.verify(hers[0]).advisories == UNTRACED | Advisory.DISPUTED
        told = {"holder": world.patient.address, "dose": hers[0].dose_id, "statement": REASON}
        assert receipt.event("DoseDisputed").values == told
        assert sender.send_dispute(signed).events == ()
        assert registry.verify(hers[1]).advisories == UNTRACED
