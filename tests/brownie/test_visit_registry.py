"""VisitRegistry in Brownie: a provider records a visit once, whatever its payer does."""

from __future__ import annotations

import pytest

from medtrust.accreditation import Role
from medtrust.types import ZERO_ADDRESS, ZERO_HASH

RECORD, NULLIFIER = b"\x01" * 32, b"\x02" * 32
CLOCK_TOLERANCE = 15 * 60
PRIMARY_CARE = 1


@pytest.fixture(scope="module")
def provider(accredit, hospital):
    return accredit(hospital, Role.HOSPITAL)


@pytest.fixture
def visit(provider, patient, chain):
    """A visit of a quarter of an hour ago whose payer is nobody."""
    lines = [(PRIMARY_CARE, 1, 120_500_000)]
    return (provider, ZERO_ADDRESS, ZERO_HASH, patient.address, chain.time() - 900, lines, RECORD, NULLIFIER)


class TestRecord:
    """
    when the caller does not sign for the provider -> reverts NotAuthorised
    when it has no line                            -> reverts InvalidLineCount
    when it is of the future                       -> reverts ServedInFuture
    given the encounter was recorded               -> reverts EncounterRecorded
    when a provider calls                          -> it stands; emits VisitRecorded, and PayerNotReached as none is
    """

    def test_reverts_when_caller_does_not_sign_for_the_provider(self, visits, reverts, visit, provider, attacker):
        with reverts("NotAuthorised", provider, attacker, int(Role.HOSPITAL)):
            visits.record(visit, Role.HOSPITAL, b"", {"from": attacker})

    def test_reverts_when_it_has_no_line(self, visits, reverts, visit, hospital):
        with reverts("InvalidLineCount", 0):
            visits.record((*visit[:5], [], *visit[6:]), Role.HOSPITAL, b"", {"from": hospital})

    def test_reverts_when_it_is_of_the_future(self, visits, reverts, visit, hospital, web3):
        now = 2_000_000_000
        latest = now + CLOCK_TOLERANCE
        web3.provider.make_request("evm_setNextBlockTimestamp", [now])
        with reverts("ServedInFuture", latest + 1, latest):
            visits.record((*visit[:4], latest + 1, *visit[5:]), Role.HOSPITAL, b"", {"from": hospital})

    def test_reverts_given_the_encounter_was_recorded(self, visits, reverts, visit, hospital):
        at = visits.record(visit, Role.HOSPITAL, b"", {"from": hospital}).timestamp

        with reverts("EncounterRecorded", NULLIFIER, at):
            visits.record((*visit[:6], b"\x09" * 32, NULLIFIER), Role.HOSPITAL, b"", {"from": hospital})

    def test_records_it_though_nobody_pays(self, visits, visit, provider, patient, hospital):
        transaction = visits.record(visit, Role.HOSPITAL, b"", {"from": hospital})
        event = transaction.events["VisitRecorded"]
        _, recorded_at, role, is_attested = visits.entryOf(NULLIFIER)

        assert (bytes(event["provider"]), event["member"]) == (provider, patient)
        assert (event["role"], event["signer"]) == (int(Role.HOSPITAL), hospital)
        assert transaction.events["PayerNotReached"]["visit"] == event["visit"]
        assert (recorded_at, role, is_attested) == (transaction.timestamp, int(Role.HOSPITAL), False)
        assert tuple(visits.entryOf(b"\x03" * 32))[1] == 0
