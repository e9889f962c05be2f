"""PatientRegistry: who decides for a patient, guardians, freezes and recovery."""

from __future__ import annotations

from dataclasses import replace

import pytest

from medtrust.consent import DataClass
from medtrust.keccak import keccak256
from medtrust.patients import Capacity, Control, Guardian, PatientClient, Recovery, Scope
from medtrust.signing import sign
from medtrust.types import ZERO_ADDRESS, ZERO_HASH, name_hash
from tests.consents import DAY, give_ether
from tests.world import CHINA, FAR, USA, World

AROUND = [-1, 0, 1]
NOTICE, DELAY, VOTE_PERIOD = 7 * DAY, 2 * DAY, 7 * DAY
GUARDIANS = ("doctor", "relayer", "stranger")
EVIDENCE = name_hash("a court order and its salt")
EVERYTHING = Scope(127)


@pytest.fixture
def registry(world: World) -> PatientClient:
    """The registry as the patient, with ETH."""
    give_ether(world, world.patient.address)
    return world.acting_as(world.patient).patients


@pytest.fixture
def hers(world: World) -> str:
    """The address of the patient."""
    return str(world.patient.address)


@pytest.fixture
def guarded(world: World, registry: PatientClient, hers: str) -> PatientClient:
    """Three guardians for everything, whose powers have all begun."""
    for name in GUARDIANS:
        registry.add_guardian(hers, world.account(name).address, EVERYTHING, until=FAR)
    world.chain.mine(seconds=NOTICE)
    return registry


@pytest.fixture
def lost(world: World, guarded: PatientClient, hers: str) -> str:
    """The controller that two of the three guardians voted for."""
    new = str(world.account("clinic").address)
    for name in GUARDIANS[:2]:
        as_(world, name).recover(hers, new)
    return new


def as_(world: World, name: str) -> PatientClient:
    return world.acting_as(name).patients


def simulate(client: PatientClient, function: str, *arguments: object) -> None:
    """Try a transaction in the very second of the newest block, without sending it."""
    assert client.signer
    data = client.interface.encode_call(function, arguments)
    client.chain.call(client.address, data, sender=client.signer.address)


class TestControllerOf:
    """
    given nothing was done -> an address decides for itself; nobody else has a capacity
    """

    def test_decides_for_itself(self, world, hers, attacker):
        registry = as_(world, "attacker")
        assert registry.controller_of(hers) == hers
        assert registry.control_of(hers) == Control(hers, 0, 0)
        assert registry.capacity_of(hers, hers, Scope.GRANT) is Capacity.CONTROLLER
        assert registry.capacity_of(hers, attacker.address, Scope.GRANT) is Capacity.NONE
        assert registry.guardian_of(hers, attacker.address) is None


class TestRotate:
    """
    when the caller is not the controller  -> reverts NotController
    when the new controller is zero        -> reverts ZeroIdentifier
    given the patient is frozen            -> reverts Frozen, until the second in which it ends
    given a controller                     -> the new one decides; emits ControllerRotated; the old one does not
    """

    @pytest.mark.parametrize("caller", ["hospital", "attacker"])
    def test_reverts_when_the_caller_is_not_the_controller(self, world, hers, reverts, caller):
        account = world.account(caller).address
        with reverts("NotController", patient=hers, caller=account):
            as_(world, caller).rotate(hers, account)

    def test_reverts_when_the_new_controller_is_zero(self, registry, hers, reverts):
        with reverts("ZeroIdentifier"):
            registry.rotate(hers, ZERO_ADDRESS)

    @pytest.mark.parametrize("late", AROUND)
    def test_reverts_given_the_patient_is_frozen(self, world, registry, hers, reverts, stranger, late):
        until = world.chain.now() + DAY
        registry.freeze(hers, until)
        world.chain.travel(until + late)
        if late < 0:
            with reverts("Frozen", patient=hers):
                simulate(registry, "rotate", hers, stranger.address)
        else:
            simulate(registry, "rotate", hers, stranger.address)

    def test_lets_the_new_one_decide(self, world, registry, hers, reverts, stranger, attacker):
        receipt = registry.rotate(hers, stranger.address)

        assert receipt.event("ControllerRotated").values == {"patient": hers, "controller": stranger.address}
        assert registry.control_of(hers) == Control(stranger.address, 0, 0)
        assert registry.controller_of(attacker.address) == attacker.address
        with reverts("NotController", patient=hers, caller=hers):
            registry.rotate(hers, hers)
        as_(world, "stranger").rotate(hers, hers)
        assert registry.controller_of(hers) == hers


SIGNED = {
    "rotate": lambda client, patient, world: client.sign_rotate(
        patient, world.account("stranger").address, deadline=FAR
    ),
    "addGuardian": lambda client, patient, world: client.sign_add_guardian(
        patient, world.account("hospital").address, Scope.REVOKE, until=FAR, deadline=FAR
    ),
    "removeGuardian": lambda client, patient, world: client.sign_remove_guardian(
        patient, world.account("doctor").address, deadline=FAR
    ),
    "changeThreshold": lambda client, patient, world: client.sign_change_threshold(patient, 3, deadline=FAR),
    "hide": lambda client, patient, world: client.sign_hide(patient, DataClass.GENETICS, deadline=FAR),
    "veto": lambda client, patient, world: client.sign_veto(patient, deadline=FAR),
    "freeze": lambda client, patient, world: client.sign_freeze(patient, world.chain.now() + DAY, deadline=FAR),
}


@pytest.mark.parametrize("act", SIGNED)
class TestBySig:
    """
    given an act of a controller, for each kind of act
      when another key signed it              -> reverts InvalidSignature; a freeze NotController
      when the deadline is over               -> reverts SignatureExpired
      when anyone sends it                    -> it is done and its number is used; a second copy reverts NonceTaken
      when the controller was replaced before -> reverts the same way
    """

    def test_reverts_when_another_key_signed_it(self, world, lost, hers, reverts, act):
        signed = SIGNED[act](as_(world, "attacker"), hers, world)
        with self.refused(reverts, act, hers, by=world.account("attacker").address, controller=hers):
            as_(world, "relayer").send(signed)

    @staticmethod
    def refused(reverts, act, patient, *, by, controller):
        """What is reverted with where a key signed that does not decide."""
        if act == "freeze":
            return reverts("NotController", patient=patient, caller=by)
        return reverts("InvalidSignature", signer=controller)

    def test_reverts_when_the_deadline_is_over(self, world, lost, registry, hers, reverts, act):
        signed = replace(SIGNED[act](registry, hers, world), deadline=world.chain.now())
        world.chain.mine(seconds=1)
        with reverts("SignatureExpired", deadline=signed.deadline):
            as_(world, "relayer").send(signed)

    def test_does_it_once(self, world, lost, registry, hers, reverts, act):
        signed = SIGNED[act](registry, hers, world)
        relayer = as_(world, "relayer")
        receipt = relayer.send(signed)

        assert receipt.event("NonceUsed").values == {"signer": hers, "nonce": signed.nonce}
        assert len(receipt.events) == 2
        assert relayer._call("isNonceUsed", hers, signed.nonce)
        assert not relayer._call("isNonceUsed", hers, signed.nonce ^ 1)
        if act == "rotate":
            as_(world, "stranger").rotate(hers, hers)
        with reverts("NonceTaken", signer=hers, nonce=signed.nonce):
            relayer.send(signed)

    def test_reverts_given_the_controller_was_replaced(self, world, lost, registry, hers, reverts, act):
        signed = SIGNED[act](registry, hers, world)
        new = world.account("hospital").address
        registry.rotate(hers, new)
        with self.refused(reverts, act, hers, by=hers, controller=new):
            as_(world, "relayer").send(signed)


class TestIsSigned:
    """
    given the patient signed a statement of another contract -> it is signed; no other statement is
    given another key signed it                              -> it is not
    given the key was rotated                                -> the new key's signature counts, the old one's no more
    given the patient is frozen                              -> it is signed all the same
    """

    STATEMENT = name_hash("a statement of another contract")

    def signed_by(self, registry: PatientClient, key: bytes) -> bytes:
        digest = keccak256(b"\x19\x01" + registry.domain.separator + self.STATEMENT)
        return sign(key, digest)

    def test_knows_the_signature_of_the_patient(self, world, registry, hers, attacker):
        signature = self.signed_by(registry, bytes(world.patient.key))
        assert registry._call("isSigned", hers, self.STATEMENT, signature)
        assert not registry._call("isSigned", hers, name_hash("another"), signature)
        assert not registry._call("isSigned", hers, self.STATEMENT, self.signed_by(registry, bytes(attacker.key)))
        assert not registry._call("isSigned", hers, self.STATEMENT, b"")

    def test_asks_who_decides_now(self, world, registry, hers, doctor):
        registry.rotate(hers, doctor.address)
        found = [
            registry._call("isSigned", hers, self.STATEMENT, self.signed_by(registry, bytes(one.key)))
            for one in (world.patient, doctor)
        ]
        assert found == [False, True]

    def test_is_not_stopped_by_a_freeze(self, world, registry, hers):
        registry.freeze(hers, world.chain.now() + DAY)
        assert registry._call("isSigned", hers, self.STATEMENT, self.signed_by(registry, bytes(world.patient.key)))


class TestVetoBySig:
    """
    when it was signed for another round -> reverts WrongRound
    """

    def test_reverts_when_it_was_signed_for_another_round(self, world, lost, registry, hers, reverts):
        signed = registry.sign_veto(hers, deadline=FAR)
        registry.veto(hers)
        with reverts("WrongRound", round=0, current=1):
            as_(world, "relayer").send(signed)


class TestAddGuardian:
    """
    when the caller is not the controller   -> reverts NotController
    when the guardian is zero or the patient -> reverts InvalidGuardian
    when the scope is empty or unknown      -> reverts InvalidScope
    when its time is empty, over, too far   -> reverts InvalidInterval
    given the patient is frozen             -> reverts Frozen
    given it is a guardian                  -> reverts GuardianExists; from the second of its end on it may come anew
    given 8 guardians                       -> reverts TooManyGuardians; one whose time is over makes place
    given none                              -> it may act from then on; emits GuardianAdded; no one else may
    """

    @pytest.mark.parametrize("caller", ["doctor", "attacker"])
    def test_reverts_when_the_caller_is_not_the_controller(self, world, guarded, hers, reverts, caller):
        account = world.account(caller).address
        with reverts("NotController", patient=hers, caller=account):
            as_(world, caller).add_guardian(hers, account, Scope.GRANT, until=FAR)

    def test_reverts_when_the_guardian_is_none(self, registry, hers, reverts):
        for account in (ZERO_ADDRESS, hers):
            with reverts("InvalidGuardian", guardian=account):
                registry.add_guardian(hers, account, Scope.GRANT, until=FAR)

    @pytest.mark.parametrize("scope", [0, 128, 255])
    def test_reverts_when_the_scope_is_none(self, registry, hers, doctor, reverts, scope):
        with reverts("InvalidScope", scope=scope):
            registry.add_guardian(hers, doctor.address, Scope(scope), until=FAR)

    @pytest.mark.parametrize(
        ("since", "until"), [(FAR, FAR), (0, 1), (FAR, FAR - 1), (0, 1 << 48)], ids=["empty", "over", "back", "far"]
    )
    def test_reverts_when_its_time_is_wrong(self, registry, hers, doctor, reverts, since, until):
        with reverts("InvalidInterval", **{"from": since, "until": until}):
            registry.add_guardian(hers, doctor.address, Scope.GRANT, since=since, until=until)

    def test_reverts_given_the_patient_is_frozen(self, world, registry, hers, doctor, reverts):
        registry.freeze(hers, world.chain.now() + DAY)
        with reverts("Frozen", patient=hers):
            registry.add_guardian(hers, doctor.address, Scope.GRANT, until=FAR)

    @pytest.mark.parametrize("late", AROUND)
    def test_reverts_given_it_is_a_guardian(self, world, registry, hers, doctor, reverts, late):
        until = world.chain.now() + DAY
        registry.add_guardian(hers, doctor.address, Scope.GRANT, until=until)
        world.chain.travel(until + late)
        appointment = (hers, doctor.address, int(Scope.GRANT), 0, FAR, ZERO_HASH)
        if late < 0:
            with reverts("GuardianExists", patient=hers, guardian=doctor.address):
                simulate(registry, "addGuardian", appointment)
        else:
            simulate(registry, "addGuardian", appointment)

    def test_reverts_given_8_guardians(self, world, registry, hers, reverts):
        *first, leaver, ninth = (f"0x{number:040x}" for number in range(1, 10))
        until = world.chain.now() + DAY
        for guardian in first:
            registry.add_guardian(hers, guardian, Scope.REVOKE, until=FAR)
        registry.add_guardian(hers, leaver, Scope.REVOKE, until=until)
        with reverts("TooManyGuardians", patient=hers):
            registry.add_guardian(hers, ninth, Scope.REVOKE, until=FAR)
        world.chain.travel(until)
        registry.add_guardian(hers, ninth, Scope.REVOKE, until=FAR)

        assert len(registry.guardians(hers)) == 8
        assert registry.is_guardian(hers, ninth, Scope.REVOKE)

    def test_lets_it_act(self, world, registry, hers, doctor, stranger):
        receipt = registry.add_guardian(hers, doctor.address, Scope.GRANT | Scope.RECOVER, until=FAR, evidence=EVIDENCE)
        expected = Guardian(Scope.GRANT | Scope.RECOVER, receipt.at, FAR, receipt.at + NOTICE, 0)

        assert receipt.event("GuardianAdded").values == {
            "patient": hers,
            "guardian": doctor.address,
            "scope": int(Scope.GRANT | Scope.RECOVER),
            "from": receipt.at,
            "until": FAR,
            "protectFrom": receipt.at + NOTICE,
            "evidence": EVIDENCE,
        }
        assert registry.guardian_of(hers, doctor.address) == expected
        assert registry.capacity_of(hers, doctor.address, Scope.GRANT) is Capacity.GUARDIAN
        assert registry.capacity_of(hers, doctor.address, Scope.REVOKE) is Capacity.NONE
        assert registry.capacity_of(hers, stranger.address, Scope.GRANT) is Capacity.NONE


class TestIsGuardian:
    """
    given a guardian until the patient's majority
      when asked before, at and after its begin, and before, at and after its end -> true inside alone
      when asked for freezing and recovering before, at and after 7 days          -> true from then on
      when asked for nothing, or for one power too many                           -> false
    """

    def test_knows_begin_and_end(self, world, registry, hers, doctor):
        begins, majority = world.chain.now() + DAY, world.chain.now() + 30 * DAY
        registry.add_guardian(hers, doctor.address, Scope.REVOKE, since=begins, until=majority)
        found = [
            registry.is_guardian(hers, doctor.address, Scope.REVOKE, at=time + late)
            for time in (begins, majority)
            for late in AROUND
        ]

        assert found == [False, True, True, True, False, False]

    @pytest.mark.parametrize("scope", [Scope.FREEZE, Scope.RECOVER, Scope.RECOVER | Scope.GRANT])
    def test_protects_after_notice(self, registry, hers, doctor, scope):
        added = registry.add_guardian(hers, doctor.address, EVERYTHING, until=FAR).at
        found = [registry.is_guardian(hers, doctor.address, scope, at=added + NOTICE + late) for late in AROUND]

        assert found == [False, True, True]
        assert registry.is_guardian(hers, doctor.address, Scope.GRANT, at=added)

    def test_gives_no_more_than_the_scope(self, registry, hers, doctor):
        registry.add_guardian(hers, doctor.address, Scope.GRANT, until=FAR)

        assert not registry.is_guardian(hers, doctor.address, Scope(0))
        assert not registry.is_guardian(hers, doctor.address, Scope.GRANT | Scope.REVOKE)


class TestRemoveGuardian:
    """
    when the caller is not the controller -> reverts NotController
    given it is none, or was removed      -> reverts NotGuardian
    given a guardian for everything       -> freezes and recovers for 7 more days, nothing else; emits GuardianRemoved
    given one that does not protect yet   -> ends at once
    """

    def test_reverts_when_the_caller_is_not_the_controller(self, world, guarded, hers, attacker, doctor, reverts):
        with reverts("NotController", patient=hers, caller=attacker.address):
            as_(world, "attacker").remove_guardian(hers, doctor.address)

    def test_reverts_given_it_is_none(self, guarded, hers, attacker, doctor, reverts):
        guarded.remove_guardian(hers, doctor.address)
        for account in (attacker, doctor):
            with reverts("NotGuardian", patient=hers, guardian=account.address):
                guarded.remove_guardian(hers, account.address)

    def test_leaves_what_protects_for_7_days(self, guarded, hers, doctor, stranger):
        receipt = guarded.remove_guardian(hers, doctor.address)

        def holds(scope: Scope, at: int) -> bool:
            return guarded.is_guardian(hers, doctor.address, scope, at=at)

        assert receipt.event("GuardianRemoved").values == {
            "patient": hers,
            "guardian": doctor.address,
            "removedAt": receipt.at,
            "until": receipt.at + NOTICE,
        }
        assert [holds(Scope.GRANT, receipt.at + late) for late in AROUND] == [True, False, False]
        assert [holds(Scope.RECOVER, receipt.at + NOTICE + late) for late in AROUND] == [True, False, False]
        assert guarded.is_guardian(hers, stranger.address, EVERYTHING)

    def test_ends_at_once_given_it_does_not_protect_yet(self, registry, hers, doctor):
        registry.add_guardian(hers, doctor.address, EVERYTHING, until=FAR)
        removed = registry.remove_guardian(hers, doctor.address).at

        assert not registry.is_guardian(hers, doctor.address, Scope.RECOVER, at=removed + NOTICE)
        assert not registry.is_guardian(hers, doctor.address, Scope.GRANT, at=removed)


class TestResign:
    """
    given it is no guardian -> reverts NotGuardian
    given a guardian        -> ends at once; emits GuardianResigned; the others stay
    """

    def test_reverts_given_it_is_none(self, world, guarded, hers, attacker, reverts):
        with reverts("NotGuardian", patient=hers, guardian=attacker.address):
            as_(world, "attacker").resign(hers)

    def test_ends_at_once(self, world, guarded, hers, doctor, stranger):
        receipt = as_(world, "doctor").resign(hers)

        assert receipt.event("GuardianResigned").values == {
            "patient": hers,
            "guardian": doctor.address,
            "until": receipt.at,
        }
        assert not guarded.is_guardian(hers, doctor.address, Scope.RECOVER, at=receipt.at)
        assert guarded.is_guardian(hers, stranger.address, EVERYTHING)


class TestFreeze:
    """
    when the caller is neither controller nor guardian for it -> reverts NotController
    when it ends now, or after more than 7 days               -> reverts InvalidFreeze
    when a guardian froze it within 14 days                   -> reverts FrozenBefore for guardians alone
    given it is frozen longer already                         -> the longer freeze stays
    given it is not                                           -> nothing is given until it ends; emits FreezeBegun
    """

    def test_reverts_when_the_caller_may_not(self, world, registry, hers, doctor, reverts):
        registry.add_guardian(hers, doctor.address, EVERYTHING, until=FAR)
        with reverts("NotController", patient=hers, caller=doctor.address):
            as_(world, "doctor").freeze(hers, world.chain.now() + DAY)

    @pytest.mark.parametrize("late", AROUND)
    def test_reverts_when_it_is_too_long(self, world, registry, hers, reverts, late):
        until = world.chain.now() + NOTICE + late
        if late <= 0:
            simulate(registry, "freeze", hers, until)
        else:
            with reverts("InvalidFreeze", until=until):
                simulate(registry, "freeze", hers, until)

    def test_reverts_when_it_ends_now(self, world, registry, hers, reverts):
        now = world.chain.now()
        with reverts("InvalidFreeze", until=now):
            simulate(registry, "freeze", hers, now)

    @pytest.mark.parametrize("late", AROUND)
    def test_reverts_when_guardians_froze_it_before(self, world, guarded, hers, reverts, late):
        begins = as_(world, "doctor").freeze(hers, world.chain.now() + DAY).at
        again = begins + 14 * DAY
        world.chain.travel(again + late)
        if late < 0:
            with reverts("FrozenBefore", patient=hers, freezableFrom=again):
                simulate(as_(world, "stranger"), "freeze", hers, again + DAY)
        else:
            simulate(as_(world, "stranger"), "freeze", hers, again + DAY)
        simulate(guarded, "freeze", hers, again + DAY)

    def test_keeps_the_longer_one(self, world, registry, hers):
        first = registry.freeze(hers, world.chain.now() + 2 * DAY)
        registry.freeze(hers, world.chain.now() + DAY)

        assert registry.control_of(hers).frozen_until == first.event("FreezeBegun").values["until"]
        assert registry.control_of(hers).frozen_from == first.at

    def test_stops_what_gives(self, world, guarded, hers, doctor, stranger):
        until = world.chain.now() + DAY
        receipt = as_(world, "doctor").freeze(hers, until)

        assert receipt.event("FreezeBegun").values == {
            "patient": hers,
            "caller": doctor.address,
            "from": receipt.at,
            "until": until,
            "freezableFrom": receipt.at + 14 * DAY,
        }
        for account in (hers, stranger.address):
            assert guarded.capacity_of(hers, account, Scope.GRANT) is Capacity.FROZEN
            assert guarded.capacity_of(hers, account, Scope.EMERGENCY) is Capacity.FROZEN
        assert guarded.capacity_of(hers, hers, Scope.REVOKE) is Capacity.CONTROLLER
        assert guarded.capacity_of(hers, stranger.address, Scope.REVOKE) is Capacity.GUARDIAN
        world.chain.travel(until)
        assert guarded.capacity_of(hers, hers, Scope.GRANT) is Capacity.CONTROLLER


class TestRecover:
    """
    when the caller is no guardian for it  -> reverts NotGuardian
    when the controller is zero            -> reverts ZeroIdentifier
    given one vote of three                -> a vote and no recovery; emits RecoveryVoted
    given two votes of three               -> a recovery that is ready after 2 days; emits RecoveryBegun
    given two votes for different accounts -> no recovery
    given a vote of 7 days ago             -> it does not count any more
    given the patient asks for all votes   -> two are too few, from 7 days after that on
    """

    def test_reverts_when_the_caller_is_no_guardian(self, world, registry, hers, doctor, attacker, reverts):
        registry.add_guardian(hers, doctor.address, EVERYTHING, until=FAR)
        for name in ("doctor", "attacker"):
            with reverts("NotGuardian", patient=hers, guardian=world.account(name).address):
                as_(world, name).recover(hers, attacker.address)

    def test_reverts_when_the_controller_is_zero(self, world, guarded, hers, reverts):
        with reverts("ZeroIdentifier"):
            as_(world, "doctor").recover(hers, ZERO_ADDRESS)

    def test_counts_one_vote(self, world, guarded, hers, doctor, clinic):
        receipt = as_(world, "doctor").recover(hers, clinic.address)

        assert [event.name for event in receipt.events] == ["RecoveryVoted"]
        assert receipt.event("RecoveryVoted").values == {
            "patient": hers,
            "guardian": doctor.address,
            "controller": clinic.address,
            "round": 0,
        }
        assert guarded.recovery_of(hers) == Recovery(ZERO_ADDRESS, 0, 0, 0, 2, 3)
        assert guarded.controller_of(hers) == hers

    def test_begins_with_a_majority(self, world, guarded, hers, clinic):
        as_(world, "doctor").recover(hers, clinic.address)
        receipt = as_(world, "relayer").recover(hers, clinic.address)

        assert receipt.event("RecoveryBegun").values == {
            "patient": hers,
            "controller": clinic.address,
            "readyAt": receipt.at + DELAY,
        }
        assert guarded.recovery_of(hers) == Recovery(clinic.address, receipt.at + DELAY, 0, 2, 2, 3)
        assert guarded.controller_of(hers) == hers

    def test_needs_votes_for_one_account(self, world, guarded, hers, clinic, attacker):
        as_(world, "doctor").recover(hers, clinic.address)
        receipt = as_(world, "relayer").recover(hers, attacker.address)

        assert [event.name for event in receipt.events] == ["RecoveryVoted"]

    @pytest.mark.parametrize("late", AROUND)
    def test_forgets_a_vote_after_7_days(self, world, guarded, hers, clinic, late):
        voted = as_(world, "doctor").recover(hers, clinic.address).at
        if world.chain.id == 1337:  # Ganache cannot be told a second
            world.chain.travel(voted + VOTE_PERIOD + 60 * late)
        else:
            world.chain.request("evm_setNextBlockTimestamp", voted + VOTE_PERIOD + late)
        receipt = as_(world, "relayer").recover(hers, clinic.address)

        assert (receipt.at < voted + VOTE_PERIOD) == (late < 0)
        assert ("RecoveryBegun" in [event.name for event in receipt.events]) == (late < 0)

    @pytest.mark.parametrize("late", AROUND)
    def test_asks_for_the_threshold_after_notice(self, world, guarded, hers, clinic, late):
        receipt = guarded.change_threshold(hers, 3)
        holds = receipt.at + NOTICE
        assert receipt.event("ThresholdChanged").values == {"patient": hers, "threshold": 3, "from": holds}
        world.chain.travel(holds + late)
        as_(world, "doctor").recover(hers, clinic.address)
        begun = [event.name for event in as_(world, "relayer").recover(hers, clinic.address).events]

        assert ("RecoveryBegun" in begun) == (late < 0)

    @pytest.mark.parametrize("threshold", [0, 1, 200])
    def test_needs_a_majority_and_no_more_than_all(self, world, guarded, hers, threshold):
        guarded.change_threshold(hers, threshold)
        world.chain.mine(seconds=NOTICE)

        assert guarded.recovery_of(hers).needed == (2 if threshold < 2 else 3)


class TestVeto:
    """
    when the caller is not the controller         -> reverts NotController
    given no recovery was begun                   -> reverts RecoveryNotReady
    given all guardians vote, where two would do  -> reverts VetoOverruled
    given all vote, and the patient asks for all  -> it is refused
    given enough vote                             -> no recovery; emits RecoveryVetoed; old votes count no more
    """

    def test_reverts_when_the_caller_is_not_the_controller(self, world, lost, hers, doctor, reverts):
        with reverts("NotController", patient=hers, caller=doctor.address):
            as_(world, "doctor").veto(hers)

    def test_reverts_given_none_was_begun(self, guarded, hers, reverts):
        with reverts("RecoveryNotReady", patient=hers, readyAt=0):
            guarded.veto(hers)

    def test_reverts_given_all_vote(self, world, lost, guarded, hers, reverts):
        as_(world, "stranger").recover(hers, lost)
        with reverts("VetoOverruled", patient=hers, votes=3):
            guarded.veto(hers)

    def test_refuses_given_the_patient_asks_for_all(self, world, guarded, hers, clinic):
        guarded.change_threshold(hers, 3)
        world.chain.mine(seconds=NOTICE)
        for name in GUARDIANS:
            as_(world, name).recover(hers, clinic.address)
        guarded.veto(hers)

        assert guarded.recovery_of(hers).controller == ZERO_ADDRESS

    def test_refuses(self, world, lost, guarded, hers):
        receipt = guarded.veto(hers)

        assert receipt.event("RecoveryVetoed").values == {"patient": hers, "controller": lost}
        assert guarded.recovery_of(hers) == Recovery(ZERO_ADDRESS, 0, 1, 0, 2, 3)
        assert guarded.controller_of(hers) == hers
        begun = [event.name for event in as_(world, "stranger").recover(hers, lost).events]
        assert begun == ["RecoveryVoted"]


class TestFinishRecovery:
    """
    given none was begun            -> reverts RecoveryNotReady
    given it is too early           -> reverts RecoveryNotReady, until the second of its end
    given it is 7 days too late     -> reverts RecoveryNotReady
    given a guardian's time is over -> reverts TooFewVotes, from the second of its end on
    given its votes stand           -> the new controller decides, a freeze is over; emits PatientRecovered
    """

    def test_reverts_given_none_was_begun(self, world, guarded, hers, reverts):
        with reverts("RecoveryNotReady", patient=hers, readyAt=0):
            as_(world, "attacker").finish_recovery(hers)

    @pytest.mark.parametrize("late", AROUND)
    def test_reverts_given_it_is_too_early(self, world, lost, guarded, hers, reverts, late):
        ready = guarded.recovery_of(hers).ready_at
        world.chain.travel(ready + late)
        if late < 0:
            with reverts("RecoveryNotReady", patient=hers, readyAt=ready):
                simulate(as_(world, "attacker"), "finishRecovery", hers)
        else:
            simulate(as_(world, "attacker"), "finishRecovery", hers)

    @pytest.mark.parametrize("late", AROUND)
    def test_reverts_given_it_is_too_late(self, world, lost, guarded, hers, reverts, late):
        ready = guarded.recovery_of(hers).ready_at
        world.chain.travel(ready + 3 * DAY)
        for name in GUARDIANS[:2]:
            as_(world, name).recover(hers, lost)
        world.chain.travel(ready + VOTE_PERIOD + late)
        if late >= 0:
            with reverts("RecoveryNotReady", patient=hers, readyAt=ready):
                simulate(as_(world, "attacker"), "finishRecovery", hers)
        else:
            simulate(as_(world, "attacker"), "finishRecovery", hers)

    @pytest.mark.parametrize("late", AROUND)
    def test_reverts_given_a_guardians_time_is_over(self, world, registry, hers, reverts, clinic, late):
        majority = world.chain.now() + 20 * DAY
        for name, until in zip(GUARDIANS, (majority, FAR, FAR), strict=True):
            registry.add_guardian(hers, world.account(name).address, EVERYTHING, until=until)
        world.chain.travel(majority - 3 * DAY)
        for name in GUARDIANS[:2]:
            as_(world, name).recover(hers, clinic.address)
        world.chain.travel(majority + late)
        if late < 0:
            simulate(as_(world, "attacker"), "finishRecovery", hers)
        else:
            with reverts("TooFewVotes", votes=1, needed=2):
                simulate(as_(world, "attacker"), "finishRecovery", hers)

    def test_lets_the_new_one_decide(self, world, lost, guarded, hers):
        as_(world, "stranger").freeze(hers, world.chain.now() + 5 * DAY)
        world.chain.mine(seconds=DELAY)
        receipt = as_(world, "attacker").finish_recovery(hers)

        assert receipt.event("PatientRecovered").values == {
            "patient": hers,
            "controller": lost,
            "recoveredAt": receipt.at,
        }
        assert guarded.controller_of(hers) == lost
        assert guarded.control_of(hers).frozen_until == receipt.at
        assert guarded.capacity_of(hers, hers, Scope.REVOKE) is Capacity.NONE
        assert set(guarded.guardians(hers)) == {world.account(name).address for name in GUARDIANS}


class TestHiding:
    """
    when the caller is not the authority   -> reverts NotAuthority
    when the caller is not the controller  -> reverts NotController
    given the jurisdiction lets a patient  -> what both name is hidden there, nothing elsewhere; emits both
    """

    def test_reverts_when_the_caller_is_not_the_authority(self, world, hospital, reverts):
        with reverts("NotAuthority", jurisdiction=USA, caller=hospital.address):
            as_(world, "hospital").allow_hiding(USA, DataClass.SEXUAL_HEALTH)

    def test_reverts_when_the_caller_is_not_the_controller(self, world, guarded, hers, doctor, reverts):
        with reverts("NotController", patient=hers, caller=doctor.address):
            as_(world, "doctor").hide(hers, DataClass.SEXUAL_HEALTH)

    def test_hides_what_both_name(self, world, registry, hers, attacker):
        both = DataClass.SEXUAL_HEALTH
        allowed = as_(world, "authority").allow_hiding(USA, both | DataClass.MENTAL_HEALTH)
        hidden = registry.hide(hers, both | DataClass.MEDICATION)

        assert allowed.event("HidingAllowed").values == {
            "jurisdiction": USA,
            "classes": int(both | DataClass.MENTAL_HEALTH),
        }
        assert hidden.event("HiddenClassesChanged").values == {
            "patient": hers,
            "classes": int(both | DataClass.MEDICATION),
        }
        assert registry.hidden_of(hers, USA) == both
        assert registry.hidden_of(hers, CHINA) == 0
        assert registry.hidden_of(attacker.address, USA) == 0


class TestHistory:
    """
    given acts of a patient and her guardians -> all in their order, and nothing of others
    """

    def test_tells_what_was_done(self, world, lost, guarded, hers):
        names = [event.name for event in guarded.history(hers)]

        assert names == ["GuardianAdded"] * 3 + ["RecoveryVoted"] * 2 + ["RecoveryBegun"]
        assert guarded.history(world.account("attacker").address) == []
