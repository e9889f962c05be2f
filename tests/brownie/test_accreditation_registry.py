"""AccreditationRegistry in Brownie: who may act as what, as facts with a time."""

from __future__ import annotations

import pytest

from medtrust.accreditation import Role

USA = 840
CHINA = 156
FAR = 4_000_000_000
DAY = 86_400


@pytest.fixture
def organisation(accredit, hospital):
    return accredit(hospital, Role.HOSPITAL)


class TestOpenJurisdiction:
    """
    when the caller is not the steward   -> reverts NotSteward
    given it is open                     -> reverts JurisdictionExists
    given it is not                      -> it has an authority; emits JurisdictionOpened; others keep theirs
    """

    def test_reverts_when_caller_is_not_the_steward(self, accreditation, reverts, attacker):
        with reverts("NotSteward", attacker):
            accreditation.openJurisdiction(CHINA, attacker, {"from": attacker})

    def test_reverts_given_it_is_open(self, accreditation, reverts, steward, attacker):
        with reverts("JurisdictionExists", USA):
            accreditation.openJurisdiction(USA, attacker, {"from": steward})

    def test_names_the_authority(self, accreditation, steward, authority, regulator):
        transaction = accreditation.openJurisdiction(CHINA, regulator, {"from": steward})

        assert dict(transaction.events["JurisdictionOpened"]) == {"jurisdiction": CHINA, "authority": regulator}
        assert accreditation.authorityOf(CHINA) == regulator
        assert accreditation.authorityOf(USA) == authority


class TestAccredit:
    """
    when the caller is not the authority -> reverts NotAuthority
    when the authority calls             -> its signer is authorised for that role alone; emits RoleAccredited
    """

    def test_reverts_when_caller_is_not_the_authority(self, accreditation, reverts, organisation, hospital):
        with reverts("NotAuthority", USA, hospital):
            accreditation.accredit(organisation, Role.PHARMACY, FAR, {"from": hospital})

    def test_authorises_the_signer_for_that_role_alone(self, accreditation, organisation, authority, hospital, chain):
        transaction = accreditation.accredit(organisation, Role.EMERGENCY_CARE, FAR, {"from": authority})
        accredited = transaction.events["RoleAccredited"]

        assert (accredited["role"], accredited["index"], accredited["until"]) == (Role.EMERGENCY_CARE, 0, FAR)
        assert accredited["from"] == transaction.timestamp
        assert accreditation.isAccredited(organisation, Role.EMERGENCY_CARE, transaction.timestamp)
        assert accreditation.isAuthorised(organisation, hospital, Role.HOSPITAL, transaction.timestamp)
        assert not accreditation.isAccredited(organisation, Role.PHARMACY, transaction.timestamp)


class TestSuspend:
    """
    given a role in force -> from its block on it is not; emits RoleSuspended; what was before stays valid
    given it is suspended -> reverts AlreadySuspended
    """

    def test_ends_the_role_in_its_block(self, accreditation, organisation, authority, chain):
        chain.sleep(DAY)
        transaction = accreditation.suspend(organisation, Role.HOSPITAL, {"from": authority})
        at = transaction.timestamp

        assert transaction.events["RoleSuspended"]["suspendedFrom"] == at
        assert [accreditation.isAccredited(organisation, Role.HOSPITAL, at + step) for step in (-1, 0, 1)] == [
            True,
            False,
            False,
        ]

    def test_reverts_given_it_is_suspended(self, accreditation, reverts, organisation, authority):
        at = accreditation.suspend(organisation, Role.HOSPITAL, {"from": authority}).timestamp

        with reverts("AlreadySuspended", at):
            accreditation.suspend(organisation, Role.HOSPITAL, {"from": authority})
