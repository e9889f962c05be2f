"""AccreditationRegistry: who may act as what, as facts with a time."""

from __future__ import annotations

import pytest

from medtrust.accreditation import Accreditation, Role, Standing
from medtrust.types import ZERO_ADDRESS, ZERO_HASH, organisation_id
from tests.world import CHINA, FAR, USA

NEWCOMER = organisation_id("urn:gs1:gln:0614141999996")
WARD = b"\x07" * 32


class TestOpenJurisdiction:
    """
    when the caller is not the steward     -> reverts NotSteward
    when the number is 0 or above 999      -> reverts InvalidJurisdiction
    when the authority is zero             -> reverts ZeroIdentifier
    given it is open                       -> reverts JurisdictionExists
    given it is not
      when the steward calls               -> it has an authority; emits JurisdictionOpened; others keep theirs
    """

    def test_reverts_when_caller_is_not_the_steward(self, world, reverts, attacker):
        with reverts("NotSteward", caller=attacker.address):
            world.acting_as("attacker").accreditation.open_jurisdiction(CHINA, attacker.address)

    @pytest.mark.parametrize("number", [0, 1000])
    def test_reverts_when_the_number_is_no_jurisdiction(self, world, reverts, authority, number):
        with reverts("InvalidJurisdiction", jurisdiction=number):
            world.suite.accreditation.open_jurisdiction(number, authority.address)

    def test_reverts_when_the_authority_is_zero(self, world, reverts):
        with reverts("ZeroIdentifier"):
            world.suite.accreditation.open_jurisdiction(CHINA, ZERO_ADDRESS)

    def test_reverts_given_it_is_open(self, world, reverts, attacker):
        with reverts("JurisdictionExists", jurisdiction=USA):
            world.suite.accreditation.open_jurisdiction(USA, attacker.address)

    @pytest.mark.parametrize("number", [1, CHINA, 999])
    def test_names_the_authority(self, world, stranger, authority, number):
        receipt = world.suite.accreditation.open_jurisdiction(number, stranger.address)

        assert receipt.event("JurisdictionOpened").values == {"jurisdiction": number, "authority": stranger.address}
        assert world.suite.accreditation.authority_of(number) == stranger.address
        assert world.suite.accreditation.authority_of(USA) == authority.address


class TestAuthority:
    """
    offer
      when the caller is not the authority -> reverts NotAuthority
      when the authority calls             -> a successor may accept; emits AuthorityOffered; the authority stays
    accept
      when it was not offered to the caller -> reverts NotSuccessor
      when the successor calls             -> it is the authority; emits AuthorityChanged; the past is remembered; the
      offer is gone
    """

    def test_offer_reverts_when_caller_is_not_the_authority(self, world, reverts, attacker):
        with reverts("NotAuthority", jurisdiction=USA, caller=attacker.address):
            world.acting_as("attacker").accreditation.offer_authority(USA, attacker.address)

    def test_offer_changes_nothing_yet(self, world, authority, stranger):
        receipt = world.acting_as("authority").accreditation.offer_authority(USA, stranger.address)

        assert receipt.event("AuthorityOffered").values == {"jurisdiction": USA, "successor": stranger.address}
        assert world.suite.accreditation.authority_of(USA) == authority.address

    def test_accept_reverts_when_it_was_not_offered(self, world, reverts, attacker, stranger):
        world.acting_as("authority").accreditation.offer_authority(USA, stranger.address)
        with reverts("NotSuccessor", jurisdiction=USA, caller=attacker.address):
            world.acting_as("attacker").accreditation.accept_authority(USA)

    def test_accept_changes_the_authority_and_remembers_the_past(self, world, reverts, authority, stranger):
        world.chain.mine(seconds=100)
        world.acting_as("authority").accreditation.offer_authority(USA, stranger.address)
        receipt = world.acting_as("stranger").accreditation.accept_authority(USA)

        registry = world.suite.accreditation
        assert receipt.event("AuthorityChanged").values == {"jurisdiction": USA, "authority": stranger.address}
        assert registry.authority_of(USA) == stranger.address
        assert registry.authority_of(USA, at=receipt.at - 1) == authority.address
        assert registry.authority_of(USA, at=receipt.at) == stranger.address
        with reverts("NotSuccessor"):
            world.acting_as("stranger").accreditation.accept_authority(USA)


class TestRegister:
    """
    when the caller is not the authority   -> reverts NotAuthority
    when organisation or admin is zero     -> reverts ZeroIdentifier
    when until is not in the future        -> reverts InvalidInterval
    given it is registered                 -> reverts OrganisationExists
    given it is not
      when the authority calls             -> it is a participant; emits OrganisationRegistered and RoleAccredited; it
      has no other role
    """

    def test_reverts_when_caller_is_not_the_authority(self, world, reverts, attacker):
        with reverts("NotAuthority", jurisdiction=USA, caller=attacker.address):
            world.acting_as("attacker").accreditation.register(NEWCOMER, USA, attacker.address, until=FAR)

    def test_reverts_when_the_organisation_is_zero(self, world, reverts, stranger):
        with reverts("ZeroIdentifier"):
            world.acting_as("authority").accreditation.register(ZERO_HASH, USA, stranger.address, until=FAR)

    def test_reverts_when_the_admin_is_zero(self, world, reverts):
        with reverts("ZeroIdentifier"):
            world.acting_as("authority").accreditation.register(NEWCOMER, USA, ZERO_ADDRESS, until=FAR)

    def test_reverts_when_until_is_not_in_the_future(self, world, reverts, stranger):
        now = world.chain.now()
        with reverts("InvalidInterval", until=now):
            world.acting_as("authority").accreditation.register(NEWCOMER, USA, stranger.address, until=now)

    def test_reverts_given_it_is_registered(self, world, reverts, stranger):
        with reverts("OrganisationExists", organisation=world.hospital):
            world.acting_as("authority").accreditation.register(world.hospital, USA, stranger.address, until=FAR)

    def test_makes_it_a_participant(self, world, stranger):
        receipt = world.acting_as("authority").accreditation.register(NEWCOMER, USA, stranger.address, until=FAR)

        registry = world.suite.accreditation
        assert receipt.event("OrganisationRegistered").values == {
            "organisation": NEWCOMER,
            "jurisdiction": USA,
            "admin": stranger.address,
        }
        assert receipt.event("RoleAccredited").values == {
            "organisation": NEWCOMER,
            "role": Role.PARTICIPANT,
            "index": 0,
            "from": receipt.at,
            "until": FAR,
        }
        assert registry.is_accredited(NEWCOMER, Role.PARTICIPANT)
        assert not registry.is_accredited(NEWCOMER, Role.HOSPITAL)
        found = registry.organisation_of(NEWCOMER)
        assert (found.admin, found.jurisdiction, found.registered_at) == (stranger.address, USA, receipt.at)
        assert registry.jurisdiction_of(NEWCOMER) == USA


class TestAccredit:
    """
    given an unknown organisation          -> reverts UnknownOrganisation
    when the role is not exactly one role  -> reverts InvalidRoles
    when the caller is not the authority   -> reverts NotAuthority
    when until is not in the future        -> reverts InvalidInterval
    given it was never accredited
      when the authority calls             -> it is from now until `until`; emits RoleAccredited; other roles stay
    given it was suspended
      when the authority calls             -> a second interval; the suspension stays visible
    """

    def test_reverts_given_an_unknown_organisation(self, world, reverts):
        with reverts("UnknownOrganisation", organisation=NEWCOMER):
            world.acting_as("authority").accreditation.accredit(NEWCOMER, Role.HOSPITAL, until=FAR)

    @pytest.mark.parametrize("role", [0, Role.HOSPITAL | Role.INSURER, 1 << 14])
    def test_reverts_when_it_is_not_one_role(self, world, reverts, role):
        with reverts("InvalidRoles", roles=role):
            world.acting_as("authority").accreditation.accredit(world.clinic, role, until=FAR)

    def test_reverts_when_caller_is_not_the_authority(self, world, reverts, clinic):
        with reverts("NotAuthority", jurisdiction=USA, caller=clinic.address):
            world.acting_as("clinic").accreditation.accredit(world.clinic, Role.INSURER, until=FAR)

    def test_reverts_when_until_is_not_in_the_future(self, world, reverts):
        now = world.chain.now()
        with reverts("InvalidInterval", until=now):
            world.acting_as("authority").accreditation.accredit(world.clinic, Role.INSURER, until=now)

    def test_holds_from_now_until_the_end(self, world):
        until = world.chain.now() + 1000
        receipt = world.acting_as("authority").accreditation.accredit(world.clinic, Role.INSURER, until=until)

        registry = world.suite.accreditation
        assert receipt.event("RoleAccredited").values == {
            "organisation": world.clinic,
            "role": Role.INSURER,
            "index": 0,
            "from": receipt.at,
            "until": until,
        }
        standings = [
            registry.standing_of(world.clinic, Role.INSURER, at=at)
            for at in (receipt.at - 1, receipt.at, receipt.at + 1, until - 1, until, until + 1)
        ]
        assert standings == [
            Standing.UNKNOWN, Standing.ACTIVE, Standing.ACTIVE, Standing.ACTIVE, Standing.LAPSED, Standing.LAPSED,
        ]  # fmt: skip
        assert not registry.is_accredited(world.clinic, Role.PHARMACY)

    def test_leaves_an_earlier_suspension_visible(self, world):
        registry = world.acting_as("authority").accreditation
        suspended = registry.suspend(world.clinic, Role.VACCINATOR)
        world.chain.mine(seconds=100)
        again = registry.accredit(world.clinic, Role.VACCINATOR, until=FAR)

        assert again.event("RoleAccredited").values["index"] == 1
        times = (suspended.at - 1, suspended.at, again.at - 1, again.at)
        standings = [registry.standing_of(world.clinic, Role.VACCINATOR, at=at) for at in times]
        assert standings == [Standing.ACTIVE, Standing.SUSPENDED, Standing.SUSPENDED, Standing.ACTIVE]
        assert registry.accreditation_count_of(world.clinic, Role.VACCINATOR) == 2
        first = registry.accreditation_of(world.clinic, Role.VACCINATOR, 0)
        assert first.suspended_from == suspended.at
        assert registry.accreditation_of(world.clinic, Role.VACCINATOR, 1) == Accreditation(again.at, FAR, 0, 0)
        assert registry.accreditation_of(world.clinic, Role.VACCINATOR, 2) == Accreditation(0, 0, 0, 0)

    def test_finds_the_interval_among_many(self, world):
        registry = world.acting_as("authority").accreditation
        begun = []
        for _ in range(9):
            begun.append(registry.accredit(world.clinic, Role.ADVISER, until=world.chain.now() + 5_000).at)
            world.chain.mine(seconds=10_000)

        for at in begun:
            times = (at - 1, at, at + 4_000, at + 6_000)
            found = [registry.is_accredited(world.clinic, Role.ADVISER, at=time) for time in times]
            assert found == [False, True, True, False]


class TestDelegate:
    """
    appoint
      when the caller is not the authority -> reverts NotAuthority
      when a bit is no role                -> reverts InvalidRoles
      when the authority calls             -> emits DelegateAppointed; the delegate may accredit its roles within its
      time
    given a delegate for pharmacies
      when it accredits a hospital         -> reverts NotAuthority
      when it grants beyond its time       -> reverts BeyondDelegation
      when its time is over                -> reverts NotAuthority
      when it accredits a pharmacy         -> the pharmacy is accredited
    """

    def test_reverts_when_caller_is_not_the_authority(self, world, reverts, attacker):
        with reverts("NotAuthority", jurisdiction=USA, caller=attacker.address):
            world.acting_as("attacker").accreditation.appoint(USA, attacker.address, Role.PHARMACY, until=FAR)

    def test_reverts_when_a_bit_is_no_role(self, world, reverts, stranger):
        with reverts("InvalidRoles", roles=1 << 20):
            world.acting_as("authority").accreditation.appoint(USA, stranger.address, 1 << 20, until=FAR)

    def _appointed(self, world, until=FAR):
        delegate = world.account("stranger").address
        return world.acting_as("authority").accreditation.appoint(USA, delegate, Role.PHARMACY, until=until)

    def test_appoints(self, world, stranger):
        receipt = self._appointed(world)

        assert receipt.event("DelegateAppointed").values == {
            "jurisdiction": USA,
            "delegate": stranger.address,
            "roles": Role.PHARMACY,
            "until": FAR,
        }
        world.acting_as("stranger").accreditation.accredit(world.clinic, Role.PHARMACY, until=FAR)
        assert world.suite.accreditation.is_accredited(world.clinic, Role.PHARMACY)
        assert not world.suite.accreditation.is_accredited(world.clinic, Role.INSURER)

    def test_reverts_when_it_accredits_another_role(self, world, reverts, stranger):
        self._appointed(world)
        with reverts("NotAuthority", jurisdiction=USA, caller=stranger.address):
            world.acting_as("stranger").accreditation.accredit(world.clinic, Role.INSURER, until=FAR)

    def test_grants_within_its_time_only(self, world, reverts):
        limit = world.chain.now() + 1000
        self._appointed(world, until=limit)
        registry = world.acting_as("stranger").accreditation
        with reverts("BeyondDelegation", until=limit + 1, limit=limit):
            registry.accredit(world.clinic, Role.PHARMACY, until=limit + 1)
        registry.accredit(world.clinic, Role.PHARMACY, until=limit)

    def test_reverts_when_its_time_is_over(self, world, reverts, stranger):
        limit = world.chain.now() + 1000
        self._appointed(world, until=limit)
        world.chain.travel(limit)
        with reverts("NotAuthority", jurisdiction=USA, caller=stranger.address):
            world.acting_as("stranger").accreditation.suspend(world.pharmacy, Role.PHARMACY)


class TestSuspend:
    """
    when the caller is not the authority   -> reverts NotAuthority
    given no accreditation                 -> reverts UnknownAccreditation
    given it is suspended                  -> reverts AlreadySuspended
    given it holds                         -> it ends at once; emits RoleSuspended; the past and other roles stay
    """

    def test_reverts_when_caller_is_not_the_authority(self, world, reverts, attacker):
        with reverts("NotAuthority", jurisdiction=USA, caller=attacker.address):
            world.acting_as("attacker").accreditation.suspend(world.hospital, Role.HOSPITAL)

    def test_reverts_given_no_accreditation(self, world, reverts):
        with reverts("UnknownAccreditation", organisation=world.hospital, role=Role.INSURER, index=0):
            world.acting_as("authority").accreditation.suspend(world.hospital, Role.INSURER)

    def test_reverts_given_it_is_suspended(self, world, reverts):
        registry = world.acting_as("authority").accreditation
        since = registry.suspend(world.hospital, Role.HOSPITAL).at
        with reverts("AlreadySuspended", suspendedFrom=since):
            registry.suspend(world.hospital, Role.HOSPITAL)

    def test_ends_it_at_once_and_leaves_the_past(self, world, hospital):
        registry = world.acting_as("authority").accreditation
        receipt = registry.suspend(world.hospital, Role.HOSPITAL)

        assert receipt.event("RoleSuspended").values == {
            "organisation": world.hospital,
            "role": Role.HOSPITAL,
            "suspendedFrom": receipt.at,
        }
        times = (receipt.at - 1, receipt.at, receipt.at + 1)
        found = [registry.is_authorised(world.hospital, hospital.address, Role.HOSPITAL, at=at) for at in times]
        assert found == [True, False, False]
        assert registry.is_accredited(world.hospital, Role.VACCINATOR)


class TestCompromise:
    """
    when the caller is not the authority   -> reverts NotAuthority
    given no such interval                 -> reverts UnknownAccreditation
    when the time is in the future         -> reverts InvalidCompromise
    when it is before the interval         -> reverts InvalidCompromise
    given an earlier declaration
      when the new time is not before it   -> reverts InvalidCompromise
    given one interval                     -> what came before stands, what came after does not; emits RoleCompromised
    given several intervals                -> the SDK declares it in each that it touches, and only there
    """

    def test_reverts_when_caller_is_not_the_authority(self, world, reverts, attacker):
        with reverts("NotAuthority", jurisdiction=USA, caller=attacker.address):
            world.acting_as("attacker").accreditation.compromise(world.hospital, Role.HOSPITAL, since=world.chain.now())

    def test_reverts_given_no_such_interval(self, world, reverts):
        with reverts("UnknownAccreditation", organisation=world.hospital, role=Role.INSURER, index=0):
            world.acting_as("authority").accreditation.compromise(world.hospital, Role.INSURER, since=world.chain.now())

    def test_reverts_when_the_time_is_in_the_future(self, world, reverts):
        future = world.chain.now() + 1000
        with reverts("InvalidCompromise", compromisedFrom=future):
            world.acting_as("authority").accreditation.compromise(world.hospital, Role.HOSPITAL, since=future)

    def test_reverts_when_it_is_before_the_interval(self, world, reverts):
        registry = world.acting_as("authority").accreditation
        before = registry.accreditation_of(world.hospital, Role.HOSPITAL, 0).valid_from - 1
        with reverts("InvalidCompromise", compromisedFrom=before):
            registry._send("compromise", world.hospital, int(Role.HOSPITAL), 0, before)

    def test_moves_only_to_an_earlier_time(self, world, reverts):
        registry = world.acting_as("authority").accreditation
        world.chain.mine(seconds=1000)
        since = world.chain.now() - 500
        registry.compromise(world.hospital, Role.HOSPITAL, since=since)
        with reverts("InvalidCompromise", compromisedFrom=since):
            registry._send("compromise", world.hospital, int(Role.HOSPITAL), 0, since)
        registry.compromise(world.hospital, Role.HOSPITAL, since=since - 1)
        assert registry.accreditation_of(world.hospital, Role.HOSPITAL, 0).compromised_from == since - 1

    def test_divides_the_past(self, world):
        registry = world.acting_as("authority").accreditation
        world.chain.mine(seconds=1000)
        since = world.chain.now() - 500
        (receipt,) = registry.compromise(world.hospital, Role.HOSPITAL, since=since)

        assert receipt.event("RoleCompromised").values == {
            "organisation": world.hospital,
            "role": Role.HOSPITAL,
            "index": 0,
            "compromisedFrom": since,
        }
        found = [registry.standing_of(world.hospital, Role.HOSPITAL, at=at) for at in (since - 1, since, since + 1)]
        assert found == [Standing.ACTIVE, Standing.COMPROMISED, Standing.COMPROMISED]
        assert registry.is_accredited(world.hospital, Role.VACCINATOR)

    def test_touches_every_interval_since_and_none_before(self, world):
        registry = world.acting_as("authority").accreditation
        begun = []
        for _ in range(3):
            begun.append(registry.accredit(world.clinic, Role.ADVISER, until=FAR).at)
            world.chain.mine(seconds=100)
        since = begun[1] + 10
        receipts = registry.compromise(world.clinic, Role.ADVISER, since=since)

        assert [receipt.event("RoleCompromised").values["index"] for receipt in receipts] == [1, 2]
        times = (begun[1] - 1, since - 1, since, begun[2])
        found = [registry.is_accredited(world.clinic, Role.ADVISER, at=at) for at in times]
        assert found == [True, True, False, False]
        assert registry.compromise(world.clinic, Role.ADVISER, since=since) == []


class TestAdmin:
    """
    given an unknown organisation          -> reverts NotAdmin
    when the caller is a stranger          -> reverts NotAdmin
    when the new administrator is zero     -> reverts ZeroIdentifier
    when the administrator calls           -> another one; emits AdminChanged; the old one has no power
    when the authority calls               -> another one
    """

    def test_reverts_given_an_unknown_organisation(self, world, reverts, authority):
        with reverts("NotAdmin", organisation=NEWCOMER, caller=authority.address):
            world.acting_as("authority").accreditation.change_admin(NEWCOMER, authority.address)

    def test_reverts_when_caller_is_a_stranger(self, world, reverts, stranger):
        with reverts("NotAdmin", organisation=world.hospital, caller=stranger.address):
            world.acting_as("stranger").accreditation.change_admin(world.hospital, stranger.address)

    def test_reverts_when_the_new_one_is_zero(self, world, reverts):
        with reverts("ZeroIdentifier"):
            world.acting_as("hospital").accreditation.change_admin(world.hospital, ZERO_ADDRESS)

    @pytest.mark.parametrize("caller", ["hospital", "authority"])
    def test_hands_over(self, world, reverts, stranger, hospital, caller):
        receipt = world.acting_as(caller).accreditation.change_admin(world.hospital, stranger.address)

        assert receipt.event("AdminChanged").values == {"organisation": world.hospital, "admin": stranger.address}
        assert world.suite.accreditation.organisation_of(world.hospital).admin == stranger.address
        assert world.suite.accreditation.organisation_of(world.clinic).admin == world.account("clinic").address
        with reverts("NotAdmin", organisation=world.hospital, caller=hospital.address):
            world.acting_as("hospital").accreditation.change_admin(world.hospital, hospital.address)


class TestSigners:
    """
    add
      when the caller is a stranger        -> reverts NotAdmin
      when the signer is zero              -> reverts ZeroIdentifier
      when a bit is no role                -> reverts InvalidRoles
      when until is not in the future      -> reverts InvalidInterval
      given it is or was a signer          -> reverts SignerExists
      when the administrator calls         -> it acts in its roles and as a participant; emits SignerAdded; not in
      other roles
    remove
      when the caller is a stranger        -> reverts NotAdmin
      given it is none                     -> reverts NotSigner
      when the administrator calls         -> no power in that second; emits SignerRemoved; the past stands; others stay
    compromise
      given it never was one               -> reverts NotSigner
      when the time is in the future       -> reverts InvalidCompromise
      when the administrator calls         -> what came before stands; emits SignerCompromised
    a role that the organisation lacks     -> gives a signer no power
    """

    def _add(self, world, account, roles=Role.VACCINATOR, until=FAR, unit=ZERO_HASH, by="hospital"):
        registry = world.acting_as(by).accreditation
        return registry.add_signer(world.hospital, account, roles, until=until, unit=unit)

    def test_add_reverts_when_caller_is_a_stranger(self, world, reverts, stranger):
        with reverts("NotAdmin", organisation=world.hospital, caller=stranger.address):
            self._add(world, stranger.address, by="stranger")

    def test_add_reverts_when_the_signer_is_zero(self, world, reverts):
        with reverts("ZeroIdentifier"):
            self._add(world, ZERO_ADDRESS)

    def test_add_reverts_when_a_bit_is_no_role(self, world, reverts, doctor):
        with reverts("InvalidRoles", roles=1 << 14):
            self._add(world, doctor.address, roles=1 << 14)

    def test_add_reverts_when_until_is_not_in_the_future(self, world, reverts, doctor):
        now = world.chain.now()
        with reverts("InvalidInterval", until=now):
            self._add(world, doctor.address, until=now)

    def test_add_reverts_given_it_was_a_signer(self, world, reverts, doctor):
        self._add(world, doctor.address)
        world.acting_as("hospital").accreditation.remove_signer(world.hospital, doctor.address)
        with reverts("SignerExists", organisation=world.hospital, signer=doctor.address):
            self._add(world, doctor.address)

    def test_adds(self, world, doctor):
        until = world.chain.now() + 1000
        receipt = self._add(world, doctor.address, until=until, unit=WARD)

        registry = world.suite.accreditation
        assert receipt.event("SignerAdded").values == {
            "organisation": world.hospital,
            "signer": doctor.address,
            "roles": Role.VACCINATOR | Role.PARTICIPANT,
            "until": until,
            "unit": WARD,
        }
        times = (receipt.at - 1, receipt.at, until - 1, until)
        found = [registry.is_authorised(world.hospital, doctor.address, Role.VACCINATOR, at=at) for at in times]
        assert found == [False, True, True, False]
        assert registry.is_authorised(world.hospital, doctor.address, Role.PARTICIPANT)
        assert not registry.is_authorised(world.hospital, doctor.address, Role.HOSPITAL)
        assert not registry.is_authorised(world.clinic, doctor.address, Role.VACCINATOR)
        assert not registry.is_authorised(world.hospital, doctor.address, Role(0))
        assert registry.unit_of(world.hospital, doctor.address) == WARD
        assert registry.signer_of(world.hospital, doctor.address).valid_from == receipt.at

    def test_remove_reverts_when_caller_is_a_stranger(self, world, reverts, stranger, hospital):
        with reverts("NotAdmin", organisation=world.hospital, caller=stranger.address):
            world.acting_as("stranger").accreditation.remove_signer(world.hospital, hospital.address)

    def test_remove_reverts_given_it_is_none(self, world, reverts, doctor):
        with reverts("NotSigner", organisation=world.hospital, signer=doctor.address):
            world.acting_as("hospital").accreditation.remove_signer(world.hospital, doctor.address)

    def test_removes_in_that_second_and_leaves_the_past(self, world, doctor, hospital):
        self._add(world, doctor.address)
        world.chain.mine(seconds=10)
        receipt = world.acting_as("authority").accreditation.remove_signer(world.hospital, doctor.address)

        registry = world.suite.accreditation
        assert receipt.event("SignerRemoved").values == {"organisation": world.hospital, "signer": doctor.address}
        times = (receipt.at - 1, receipt.at, receipt.at + 1)
        found = [registry.is_authorised(world.hospital, doctor.address, Role.VACCINATOR, at=at) for at in times]
        assert found == [True, False, False]
        assert registry.is_authorised(world.hospital, hospital.address, Role.VACCINATOR)

    def test_compromise_reverts_given_it_never_was_one(self, world, reverts, doctor):
        with reverts("NotSigner", organisation=world.hospital, signer=doctor.address):
            world.acting_as("hospital").accreditation.compromise_signer(world.hospital, doctor.address, since=1)

    def test_compromise_reverts_when_the_time_is_in_the_future(self, world, reverts, doctor):
        self._add(world, doctor.address)
        future = world.chain.now() + 1000
        with reverts("InvalidCompromise", compromisedFrom=future):
            world.acting_as("hospital").accreditation.compromise_signer(world.hospital, doctor.address, since=future)

    def test_compromise_divides_the_past(self, world, doctor):
        self._add(world, doctor.address)
        world.chain.mine(seconds=1000)
        since = world.chain.now() - 500
        registry = world.acting_as("hospital").accreditation
        receipt = registry.compromise_signer(world.hospital, doctor.address, since=since)

        assert receipt.event("SignerCompromised").values == {
            "organisation": world.hospital,
            "signer": doctor.address,
            "compromisedFrom": since,
        }
        times = (since - 1, since, receipt.at)
        found = [registry.is_authorised(world.hospital, doctor.address, Role.VACCINATOR, at=at) for at in times]
        assert found == [True, False, False]
        assert registry.is_accredited(world.hospital, Role.VACCINATOR)

    def test_has_no_power_in_a_role_that_the_organisation_lacks(self, world, doctor):
        self._add(world, doctor.address, roles=Role.INSURER)
        assert not world.suite.accreditation.is_authorised(world.hospital, doctor.address, Role.INSURER)


class TestHistory:
    """The events alone tell everything that was recorded about an organisation, in its order."""

    def test_lists_everything_in_order(self, world, doctor):
        world.acting_as("authority").accreditation.register(NEWCOMER, USA, doctor.address, until=FAR)
        world.acting_as("doctor").accreditation.add_signer(NEWCOMER, doctor.address, Role.HOSPITAL, until=FAR)
        world.acting_as("authority").accreditation.suspend(NEWCOMER, Role.PARTICIPANT)

        names = [event.name for event in world.suite.accreditation.history(NEWCOMER)]
        assert names == ["OrganisationRegistered", "RoleAccredited", "SignerAdded", "RoleSuspended"]
