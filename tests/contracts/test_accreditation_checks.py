"""AccreditationRegistry: what other contracts ask it, and have refused in its words."""

from __future__ import annotations

from typing import Any

import pytest

from medtrust.accreditation import Role
from medtrust.types import organisation_id
from tests.world import FAR, USA, World

NEWCOMER = organisation_id("urn:gs1:gln:0614141999996")


def check(world: World, function: str, *arguments: Any) -> None:
    world.suite.accreditation._call(function, *arguments)


class TestCheckAuthorised:
    """
    when the account is no signer             -> reverts NotAuthorised
    when the signer was not given the role    -> reverts NotAuthorised
    given the organisation lacks the role     -> reverts NotAuthorised
    given the role was suspended              -> reverts NotAuthorised
    given the signer was removed              -> reverts NotAuthorised
    given the end of the role, in threes      -> passes before it, reverts at it and after
    given the signer acts in a role it has    -> passes
    """

    @staticmethod
    def _refuses(world, reverts, account, role):
        with reverts("NotAuthorised", organisation=world.hospital, signer=account.address, role=int(role)):
            check(world, "checkAuthorised", world.hospital, account.address, int(role))

    def test_reverts_when_the_account_is_no_signer(self, world, reverts, clinic):
        self._refuses(world, reverts, clinic, Role.HOSPITAL)

    def test_reverts_when_the_signer_was_not_given_the_role(self, world, reverts, doctor):
        admin = world.acting_as("hospital").accreditation
        admin.add_signer(world.hospital, doctor.address, Role.VACCINATOR, until=FAR)
        self._refuses(world, reverts, doctor, Role.HOSPITAL)

    def test_reverts_given_the_organisation_lacks_the_role(self, world, reverts, doctor):
        admin = world.acting_as("hospital").accreditation
        admin.add_signer(world.hospital, doctor.address, Role.INSURER, until=FAR)
        self._refuses(world, reverts, doctor, Role.INSURER)

    def test_reverts_given_the_role_was_suspended(self, world, reverts, hospital):
        world.acting_as("authority").accreditation.suspend(world.hospital, Role.HOSPITAL)
        self._refuses(world, reverts, hospital, Role.HOSPITAL)

    def test_reverts_given_the_signer_was_removed(self, world, reverts, hospital):
        world.acting_as("authority").accreditation.remove_signer(world.hospital, hospital.address)
        self._refuses(world, reverts, hospital, Role.HOSPITAL)

    @pytest.mark.parametrize(("seconds", "is_acting"), [(-1, True), (0, False), (1, False)])
    def test_is_judged_by_the_clock_of_the_chain(self, world, reverts, doctor, seconds, is_acting):
        until = world.chain.now() + 1000
        admin = world.acting_as("hospital").accreditation
        admin.add_signer(world.hospital, doctor.address, Role.HOSPITAL, until=until)
        world.chain.mine(seconds=until + seconds - world.chain.now())

        if is_acting:
            check(world, "checkAuthorised", world.hospital, doctor.address, int(Role.HOSPITAL))
        else:
            self._refuses(world, reverts, doctor, Role.HOSPITAL)

    def test_passes_given_the_signer_acts_in_a_role_it_has(self, world, hospital):
        check(world, "checkAuthorised", world.hospital, hospital.address, int(Role.HOSPITAL))


class TestCheckAccredited:
    """
    given an unknown organisation             -> reverts NotAccredited
    given it lacks the role                   -> reverts NotAccredited
    given the role was suspended              -> reverts NotAccredited
    given the end of the role, in threes      -> passes before it, reverts at it and after
    """

    @staticmethod
    def _refuses(world, reverts, organisation, role):
        with reverts("NotAccredited", organisation=organisation, role=int(role)):
            check(world, "checkAccredited", organisation, int(role))

    def test_reverts_given_an_unknown_organisation(self, world, reverts):
        self._refuses(world, reverts, NEWCOMER, Role.PARTICIPANT)

    def test_reverts_given_it_lacks_the_role(self, world, reverts):
        self._refuses(world, reverts, world.hospital, Role.INSURER)

    def test_reverts_given_the_role_was_suspended(self, world, reverts):
        world.acting_as("authority").accreditation.suspend(world.hospital, Role.HOSPITAL)
        self._refuses(world, reverts, world.hospital, Role.HOSPITAL)

    @pytest.mark.parametrize(("seconds", "is_standing"), [(-1, True), (0, False), (1, False)])
    def test_is_judged_by_the_clock_of_the_chain(self, world, reverts, seconds, is_standing):
        until = world.chain.now() + 1000
        world.acting_as("authority").accreditation.accredit(world.hospital, Role.LABORATORY, until=until)
        world.chain.mine(seconds=until + seconds - world.chain.now())

        if is_standing:
            check(world, "checkAccredited", world.hospital, int(Role.LABORATORY))
        else:
            self._refuses(world, reverts, world.hospital, Role.LABORATORY)


class TestCheckAuthority:
    """
    given an unknown organisation             -> reverts NotAuthority of jurisdiction 0
    when the account is not the authority     -> reverts NotAuthority
    when it is a delegate of the authority    -> reverts NotAuthority
    when it is the authority                  -> passes
    """

    def test_reverts_given_an_unknown_organisation(self, world, reverts, authority):
        with reverts("NotAuthority", jurisdiction=0, caller=authority.address):
            check(world, "checkAuthority", NEWCOMER, authority.address)

    def test_reverts_when_the_account_is_not_the_authority(self, world, reverts, hospital):
        with reverts("NotAuthority", jurisdiction=USA, caller=hospital.address):
            check(world, "checkAuthority", world.hospital, hospital.address)

    def test_reverts_when_it_is_a_delegate(self, world, reverts, stranger):
        world.acting_as("authority").accreditation.appoint(USA, stranger.address, Role.HOSPITAL, until=FAR)
        with reverts("NotAuthority", jurisdiction=USA, caller=stranger.address):
            check(world, "checkAuthority", world.hospital, stranger.address)

    def test_passes_when_it_is_the_authority(self, world, authority):
        check(world, "checkAuthority", world.hospital, authority.address)


class TestCheckAdmin:
    """
    given an unknown organisation             -> reverts NotAdmin
    when the account is another's             -> reverts NotAdmin
    when it is the authority                  -> reverts NotAdmin
    when it is the administrator              -> passes, until another one is named
    """

    @pytest.mark.parametrize("caller", ["clinic", "authority"])
    def test_reverts_when_it_is_not_the_administrator(self, world, reverts, caller):
        account = world.account(caller).address
        for organisation in (world.hospital, NEWCOMER):
            with reverts("NotAdmin", organisation=organisation, caller=account):
                check(world, "checkAdmin", organisation, account)

    def test_passes_until_another_one_is_named(self, world, reverts, hospital, stranger):
        check(world, "checkAdmin", world.hospital, hospital.address)
        world.acting_as("hospital").accreditation.change_admin(world.hospital, stranger.address)

        check(world, "checkAdmin", world.hospital, stranger.address)
        with reverts("NotAdmin", organisation=world.hospital, caller=hospital.address):
            check(world, "checkAdmin", world.hospital, hospital.address)


class TestCheckTakeover:
    """
    when the signer may not act for who takes over   -> reverts NotAuthorised
    given who hands it over lacks the role           -> reverts NotAccredited
    given both have their roles                      -> passes
    """

    @staticmethod
    def _check(world, signer):
        sides = (world.pharmacy, signer.address, int(Role.PHARMACY), world.wholesaler, int(Role.WHOLESALER))
        check(world, "checkTakeover", *sides)

    def test_reverts_when_the_signer_may_not_act(self, world, reverts, wholesaler):
        refused = {"organisation": world.pharmacy, "signer": wholesaler.address, "role": int(Role.PHARMACY)}
        with reverts("NotAuthorised", **refused):
            self._check(world, wholesaler)

    def test_reverts_given_the_other_side_lacks_its_role(self, world, reverts, pharmacy):
        world.acting_as("authority").accreditation.suspend(world.wholesaler, Role.WHOLESALER)
        with reverts("NotAccredited", organisation=world.wholesaler, role=int(Role.WHOLESALER)):
            self._check(world, pharmacy)

    def test_passes_given_both_have_their_roles(self, world, pharmacy):
        self._check(world, pharmacy)
