"""VaccinationRegistry: batches are anchored by vaccinators alone, and every verdict names what it rests on."""

from __future__ import annotations

import pytest

from medtrust.accreditation import Role
from medtrust.errors import Reverted
from medtrust.keccak import keccak256
from medtrust.types import ZERO_ADDRESS, ZERO_HASH
from medtrust.vaccination import Advisory, Batch, Status, VaccinationClient
from tests.doses import HOSPITAL, LOT, UNTRACED, ask, batch_of, changed, leaves_only, tell
from tests.world import FAR

DAY = 86_400
NOBODY = {"signer": ZERO_ADDRESS, "successor": ZERO_HASH}
UNKNOWN = {"status": Status.UNKNOWN, "advisories": 0, "anchoredAt": 0, "size": 0, **NOBODY}


@pytest.fixture
def lots(world) -> str:
    """A double of the registry of lots; LOT is active."""
    return world.deploy("ToldLots")


@pytest.fixture
def tell_lot(world, chain, steward, lots):
    def tell_status(lot, status):
        tell(chain, steward, lots, world, lot, status)

    tell_status(LOT, "ACTIVE")
    return tell_status


@pytest.fixture
def registry(world, chain, clinic, lots, tell_lot) -> VaccinationClient:
    """The registry as the clinic calls it, on the double of lots."""
    patients = world.address("PatientRegistry")
    address = world.deploy("VaccinationRegistry", world.address("AccreditationRegistry"), lots, patients)
    return VaccinationClient(chain, address, clinic)


@pytest.fixture
def batch():
    return batch_of(5)


@pytest.fixture
def anchored(registry, batch):
    """The receipt of the anchor of `batch`."""
    return registry.anchor(batch.organisation, batch.root, batch.size, lots=[LOT])


def _revoke_at(registry, batch, at):
    """Withdraw the first dose in a block of this very time; Ganache cannot be told one, so a minute to its side."""
    if registry.chain.id == 1337:
        margin = -60 if at < registry.batch_of(batch.organisation, batch.root).anchored_at + DAY else 60
        registry.chain.travel(at + margin)
    else:
        registry.chain.request("evm_setNextBlockTimestamp", at)
    registry._send("revoke", batch.organisation, batch.root, 0, gas=200_000)


class TestAnchor:
    """
    when caller signs for no vaccinator       -> reverts NotAuthorised
    when root is zero                         -> reverts EmptyRoot
    when size is 0, 2^20, 2^20 + 1            -> reverts InvalidSize, records, reverts InvalidSize
    given this root of this organisation      -> reverts BatchExists, the first anchor stands
    given this root of another organisation   -> records both
    when lots are 255, 256, 257               -> records, records, reverts TooManyLots
    given a lot that is not in use            -> reverts with how it stands
    when everything is in order               -> records time, size and signer; emits BatchAnchored; others untouched
    """

    def test_reverts_when_caller_is_no_signer(self, registry, batch, attacker, reverts):
        expected = {"organisation": batch.organisation, "signer": attacker.address, "role": Role.VACCINATOR}
        with reverts("NotAuthorised", **expected):
            registry.acting_as(attacker).anchor(batch.organisation, batch.root, 5)
        assert registry.batch_of(batch.organisation, batch.root) is None

    def test_reverts_when_organisation_is_no_vaccinator(self, registry, world, pharmacy, reverts):
        with reverts("NotAuthorised", organisation=world.pharmacy, signer=pharmacy.address, role=Role.VACCINATOR):
            registry.acting_as(pharmacy).anchor(world.pharmacy, keccak256(b"root"), 1)

    def test_reverts_when_root_is_zero(self, registry, world, reverts):
        with reverts("EmptyRoot"):
            registry.anchor(world.clinic, ZERO_HASH, 1)

    @pytest.mark.parametrize("size", [0, 2**20 + 1])
    def test_reverts_when_size_is_out_of_range(self, registry, world, reverts, size):
        with reverts("InvalidSize", size=size):
            registry.anchor(world.clinic, keccak256(b"root"), size)

    @pytest.mark.parametrize("size", [1, 2**20])
    def test_records_a_batch_at_the_ends_of_the_range(self, registry, world, size):
        registry.anchor(world.clinic, keccak256(b"root"), size)
        assert registry.batch_of(world.clinic, keccak256(b"root")).size == size

    def test_reverts_given_the_same_root(self, registry, batch, anchored, reverts):
        with reverts("BatchExists", organisation=batch.organisation, root=batch.root):
            registry.anchor(batch.organisation, batch.root, 6)
        assert registry.batch_of(batch.organisation, batch.root).size == 5

    def test_records_the_root_of_another_organisation(self, registry, world, batch, anchored, hospital):
        registry.acting_as(hospital).anchor(world.hospital, batch.root, 7)
        assert registry.batch_of(world.hospital, batch.root).size == 7
        assert registry.batch_of(world.clinic, batch.root).size == 5

    @pytest.mark.parametrize("count", [255, 256])
    def test_records_up_to_256_lots(self, registry, world, count):
        receipt = registry.anchor(world.clinic, keccak256(b"root"), 1, lots=[LOT] * count)
        assert len(receipt.event("BatchAnchored").values["lots"]) == count

    def test_reverts_when_there_are_257_lots(self, registry, world, reverts):
        with reverts("TooManyLots", count=257):
            registry.anchor(world.clinic, keccak256(b"root"), 1, lots=[LOT] * 257)

    @pytest.mark.parametrize(
        ("status", "error"),
        [
            ("UNKNOWN", "UnknownLot"),
            ("RECALLED", "LotRecalled"),
            ("QUARANTINED", "LotQuarantined"),
            ("EXPIRED", "LotExpired"),
        ],
    )
    def test_reverts_given_a_lot_that_is_not_in_use(self, registry, world, tell_lot, reverts, status, error):
        bad = keccak256(b"a bad lot")
        tell_lot(bad, status)
        with reverts(error, lot=bad):
            registry.anchor(world.clinic, keccak256(b"root"), 1, lots=[LOT, bad])
        assert registry.batch_of(world.clinic, keccak256(b"root")) is None

    def test_records_time_size_and_signer(self, registry, world, batch, clinic, anchored):
        assert registry.batch_of(world.clinic, batch.root) == Batch(anchored.at, 5, clinic.address)
        assert registry.batch_of(world.clinic, keccak256(b"another")) is None
        assert anchored.event("BatchAnchored").values == {
            "organisation": world.clinic,
            "root": batch.root,
            "signer": clinic.address,
            "anchoredAt": anchored.at,
            "size": 5,
            "lots": [LOT],
        }


class TestRevoke:
    """
    given no such batch                                    -> reverts UnknownDose with size 0
    when index is size - 1, size, size + 1                 -> records, reverts UnknownDose, reverts UnknownDose
    when caller is neither issuer nor authority            -> reverts NotAuthorised, dose stands
    when caller is the authority of another jurisdiction   -> reverts NotAuthorised
    given it is withdrawn                                  -> reverts DoseAlreadyRevoked
    when caller is another signer, or the authority        -> withdraws
    when caller anchored it, was removed, and a day less a second, a day, a day and a second have passed
                                                           -> withdraws, reverts, reverts NotAuthorised
    when everything is in order                            -> REVOKED at once; emits DoseRevoked; all others stand as
                                                              they stood
    """

    def test_reverts_given_no_such_batch(self, registry, world, reverts):
        with reverts("UnknownDose", index=0, size=0):
            registry.revoke(world.clinic, keccak256(b"none"), 0)

    @pytest.mark.parametrize("index", [5, 6])
    def test_reverts_when_index_is_beyond_the_batch(self, registry, batch, anchored, reverts, index):
        with reverts("UnknownDose", index=index, size=5):
            registry.revoke(batch.organisation, batch.root, index)

    def test_withdraws_the_last_index(self, registry, batch, anchored):
        registry.revoke(batch.organisation, batch.root, 4)
        assert registry.is_revoked(batch.organisation, batch.root, 4)

    @pytest.mark.parametrize("who", ["attacker", "hospital", "steward"])
    def test_reverts_when_caller_has_no_right(self, registry, world, batch, anchored, reverts, who):
        expected = {"organisation": world.clinic, "signer": world.account(who).address, "role": Role.VACCINATOR}
        with reverts("NotAuthorised", **expected):
            registry.acting_as(world.account(who)).revoke(batch.organisation, batch.root, 0)
        assert not registry.is_revoked(batch.organisation, batch.root, 0)

    def test_reverts_when_caller_is_a_foreign_authority(self, registry, world, batch, anchored, stranger, reverts):
        world.acting_as("steward").accreditation.open_jurisdiction(156, stranger.address)
        with reverts("NotAuthorised", signer=stranger.address):
            registry.acting_as(stranger).revoke(batch.organisation, batch.root, 0)

    def test_reverts_given_it_is_withdrawn(self, registry, batch, anchored, reverts):
        registry.revoke(batch.organisation, batch.root, 2)
        with reverts("DoseAlreadyRevoked", index=2):
            registry.revoke(batch.organisation, batch.root, 2)
        assert registry.is_revoked(batch.organisation, batch.root, 2)

    def test_withdraws_when_caller_is_another_signer(self, registry, world, batch, anchored, doctor):
        world.acting_as("clinic").accreditation.add_signer(world.clinic, doctor.address, Role.VACCINATOR, until=FAR)
        registry.acting_as(doctor).revoke(batch.organisation, batch.root, 0)
        assert registry.is_revoked(batch.organisation, batch.root, 0)

    def test_withdraws_when_caller_is_the_authority(self, registry, chain, batch, anchored, authority):
        chain.mine(seconds=400 * DAY)
        registry.acting_as(authority).revoke(batch.organisation, batch.root, 0)
        assert registry.is_revoked(batch.organisation, batch.root, 0)

    def test_withdraws_when_the_signer_acts_a_year_later(self, registry, chain, batch, anchored):
        chain.mine(seconds=365 * DAY)
        registry.revoke(batch.organisation, batch.root, 0)
        assert registry.is_revoked(batch.organisation, batch.root, 0)

    def test_withdraws_its_own_slip_within_a_day(self, registry, world, chain, clinic, batch, anchored):
        world.acting_as("authority").accreditation.remove_signer(world.clinic, clinic.address)
        _revoke_at(registry, batch, anchored.at + DAY - 1)
        assert registry.is_revoked(batch.organisation, batch.root, 0)

    def test_reverts_when_a_removed_signer_is_late(self, registry, world, clinic, batch, anchored, reverts):
        world.acting_as("authority").accreditation.remove_signer(world.clinic, clinic.address)
        with pytest.raises(Reverted):  # its reason is asked for as of the block before, in which there was still none
            _revoke_at(registry, batch, anchored.at + DAY)
        with reverts("NotAuthorised", organisation=world.clinic, signer=clinic.address, role=Role.VACCINATOR):
            registry.revoke(batch.organisation, batch.root, 0)
        assert not registry.is_revoked(batch.organisation, batch.root, 0)

    def test_makes_one_dose_revoked_at_once(self, registry, batch, anchored):
        receipt = registry.revoke(batch.organisation, batch.root, batch.doses[1].index)
        standing = [Status(ask(registry, batch, place)["status"]) for place in range(5)]
        assert standing == [Status.ACTIVE, Status.REVOKED, Status.ACTIVE, Status.ACTIVE, Status.ACTIVE]
        assert receipt.event("DoseRevoked").values == {
            "batch": keccak256(batch.organisation + batch.root),
            "index": batch.doses[1].index,
        }

    def test_keeps_what_was_withdrawn_before(self, registry, batch, anchored):
        for index in (3, 0, 4):
            registry.revoke(batch.organisation, batch.root, index)
        revoked = [index for index in range(5) if registry.is_revoked(batch.organisation, batch.root, index)]
        assert revoked == [0, 3, 4]

    def test_leaves_the_other_pages_alone(self, registry, world):
        registry.anchor(world.clinic, keccak256(b"root"), 1024)
        registry.revoke(world.clinic, keccak256(b"root"), 511)
        near = (0, 255, 256, 510, 511, 512, 767)
        assert [index for index in near if registry.is_revoked(world.clinic, keccak256(b"root"), index)] == [511]


class TestVerify:
    """
    given no such batch                           -> UNKNOWN, and nothing else
    when organisation, root, or any part of the dose is another  -> UNKNOWN
    when the proof is shorter, longer, or turned  -> UNKNOWN
    when no leaf of a batch of that size has such a proof -> UNKNOWN
    when index is not below the size              -> UNKNOWN
    when asked as of before, at, after the anchor -> UNKNOWN, ACTIVE, ACTIVE
    given the accreditation lapsed or was suspended later        -> ACTIVE
    given the signer was removed later            -> ACTIVE
    given a compromise since after, at, before the anchor        -> ACTIVE, ISSUER_UNTRUSTED, ISSUER_UNTRUSTED
    given a revoked dose of a compromised issuer  -> REVOKED
    given a lot that is active or expired, quarantined, recalled, unknown or none
                                                  -> no advisory, QUARANTINED_LOT, RECALLED_LOT, UNTRACED_LOT
    given batches of 1 to 9 and of 2^16 doses     -> each dose ACTIVE with its time and signer
    """

    def test_is_unknown_given_no_such_batch(self, registry, batch):
        assert ask(registry, batch, 0) == UNKNOWN

    @pytest.mark.parametrize(
        "change",
        [
            {"index": 1},
            {"holder": "0x" + "11" * 20},
            {"lot": keccak256(b"another lot")},
            {"lot": ZERO_HASH},
            {"fields": keccak256(b"other fields")},
        ],
        ids=lambda change: next(iter(change)),
    )
    def test_is_unknown_when_the_dose_is_changed(self, registry, batch, anchored, change):
        assert ask(registry, batch, 0, dose=changed(batch.doses[0], **change)) == UNKNOWN

    def test_is_unknown_when_organisation_or_root_is_another(self, registry, world, batch, anchored):
        assert ask(registry, batch, 0, organisation=world.hospital) == UNKNOWN
        assert ask(registry, batch, 0, root=keccak256(b"another")) == UNKNOWN

    def test_is_unknown_when_the_proof_is_another(self, registry, batch, anchored):
        proof = batch.proof(0)
        for wrong in ([], proof[:-1], [*proof, ZERO_HASH], [*proof[1:], proof[0]], [ZERO_HASH] * 32, batch.proof(1)):
            assert ask(registry, batch, 0, proof=wrong) == UNKNOWN

    @pytest.mark.parametrize("size", range(1, 10))
    def test_is_unknown_when_no_proof_in_such_a_batch_is_that_long(self, registry, world, batch, size):
        dose = changed(batch.doses[0], index=0)
        tree = leaves_only(4, dose)
        registry.anchor(world.clinic, tree.root, size)
        answer = ask(registry, batch, 0, root=tree.root, dose=dose, proof=tree.proof(0))
        assert len(tree.proof(0)) == 2
        assert answer["status"] == (Status.ACTIVE if 3 <= size <= 7 else Status.UNKNOWN)

    @pytest.mark.parametrize(("index", "status"), [(3, Status.ACTIVE), (4, Status.UNKNOWN), (5, Status.UNKNOWN)])
    def test_is_unknown_when_the_index_is_beyond_the_batch(self, registry, world, batch, index, status):
        dose = changed(batch.doses[0], index=index)
        tree = leaves_only(4, dose)
        registry.anchor(world.clinic, tree.root, 4)
        answer = ask(registry, batch, 0, root=tree.root, dose=dose, proof=tree.proof(0))
        assert answer["status"] == status

    @pytest.mark.parametrize(("offset", "status"), [(-1, Status.UNKNOWN), (0, Status.ACTIVE), (1, Status.ACTIVE)])
    def test_answers_as_of_a_time(self, registry, batch, anchored, offset, status):
        assert ask(registry, batch, 0, at=anchored.at + offset)["status"] == status

    def test_stays_active_given_a_later_lapse(self, registry, world, chain, batch, anchored):
        chain.travel(FAR)
        assert ask(registry, batch, 0)["status"] == Status.ACTIVE

    def test_stays_active_given_a_later_suspension_and_removal(self, registry, world, chain, clinic, batch, anchored):
        chain.mine(seconds=1)
        accreditation = world.acting_as("authority").accreditation
        accreditation.suspend(world.clinic, Role.VACCINATOR)
        accreditation.remove_signer(world.clinic, clinic.address)
        assert ask(registry, batch, 0)["status"] == Status.ACTIVE

    @pytest.mark.parametrize(
        ("offset", "status"), [(1, Status.ACTIVE), (0, Status.ISSUER_UNTRUSTED), (-1, Status.ISSUER_UNTRUSTED)]
    )
    def test_follows_a_compromise_of_the_organisation(self, registry, world, chain, batch, offset, status):
        chain.mine(seconds=10)
        at = registry.anchor(batch.organisation, batch.root, batch.size).at
        chain.mine(seconds=10)
        world.acting_as("authority").accreditation.compromise(world.clinic, Role.VACCINATOR, since=at + offset)
        assert ask(registry, batch, 0)["status"] == status
        assert ask(registry, batch, 0, at=at)["status"] == status

    @pytest.mark.parametrize(
        ("offset", "status"), [(1, Status.ACTIVE), (0, Status.ISSUER_UNTRUSTED), (-1, Status.ISSUER_UNTRUSTED)]
    )
    def test_follows_a_compromise_of_the_signer(self, registry, world, chain, clinic, batch, offset, status):
        chain.mine(seconds=10)
        at = registry.anchor(batch.organisation, batch.root, batch.size).at
        chain.mine(seconds=10)
        world.acting_as("authority").accreditation.compromise_signer(world.clinic, clinic.address, since=at + offset)
        assert ask(registry, batch, 0)["status"] == status

    def test_stays_revoked_given_a_compromise(self, registry, world, chain, batch, anchored):
        chain.mine(seconds=10)
        registry.revoke(batch.organisation, batch.root, batch.doses[0].index)
        world.acting_as("authority").accreditation.compromise(world.clinic, Role.VACCINATOR, since=anchored.at)
        assert ask(registry, batch, 0)["status"] == Status.REVOKED
        assert ask(registry, batch, 1)["status"] == Status.ISSUER_UNTRUSTED

    @pytest.mark.parametrize(
        ("status", "advisories"),
        [
            ("ACTIVE", 0),
            ("QUARANTINED", Advisory.QUARANTINED_LOT),
            ("RECALLED", Advisory.RECALLED_LOT),
            ("EXPIRED", 0),
            ("UNKNOWN", Advisory.UNTRACED_LOT),
        ],
    )
    def test_advises_on_the_lot(self, registry, batch, anchored, tell_lot, status, advisories):
        tell_lot(LOT, status)
        answer = ask(registry, batch, 0)
        assert (answer["status"], answer["advisories"]) == (Status.ACTIVE, advisories)

    def test_advises_that_a_lot_is_not_traced(self, registry, tell_lot):
        tell_lot(UNTRACED, "ACTIVE")
        batch = batch_of(3, lot=UNTRACED)
        registry.anchor(batch.organisation, batch.root, 3)
        answer = ask(registry, batch, 2)
        assert (answer["status"], answer["advisories"]) == (Status.ACTIVE, Advisory.UNTRACED_LOT)

    @pytest.mark.parametrize("size", range(1, 10))
    def test_is_active_for_every_dose(self, registry, clinic, size):
        batch = batch_of(size)
        at = registry.anchor(batch.organisation, batch.root, size, lots=[LOT]).at
        expected = {**UNKNOWN, "status": Status.ACTIVE, "anchoredAt": at, "size": size, "signer": clinic.address}
        assert [ask(registry, batch, place) for place in range(size)] == [expected] * size

    def test_is_active_in_a_large_batch(self, registry, world, batch):
        tree = leaves_only(2**16, batch.doses[0])
        registry.anchor(world.clinic, tree.root, 2**16)
        answer = ask(registry, batch, 0, root=tree.root, proof=tree.proof(0))
        assert (len(tree.proof(0)), answer["status"]) == (16, Status.ACTIVE)


class TestConstruction:
    """
    when it is deployed -> it knows the registries that it was given, and no organisation has a batch
    """

    def test_keeps_what_it_was_given(self, registry, world, lots):
        assert registry._call("ACCREDITATION") == world.address("AccreditationRegistry")
        assert registry._call("PROVENANCE") == lots
        assert registry.batches_of(world.clinic) == []


class TestEvents:
    """
    given batches of two organisations -> the events of one name its batches alone
    """

    def test_find_the_batches_of_one_organisation(self, registry, world, batch, anchored, hospital):
        other = batch_of(2, issuer=HOSPITAL)
        registry.acting_as(hospital).anchor(world.hospital, other.root, 2)
        assert [event.values["root"] for event in registry.batches_of(world.clinic)] == [batch.root]
        assert [event.values["root"] for event in registry.batches_of(world.hospital)] == [other.root]
