"""RecordExchange: versions of a record form one line, and administrators publish keys."""

from __future__ import annotations

from dataclasses import replace

import pytest

from medtrust.accreditation import Role
from medtrust.record_terms import NO_FINGERPRINT, Version
from medtrust.records import Newest, RecordStatus
from medtrust.types import ZERO_HASH
from tests.exchanges import DAY, FIRST, RECORD, SECOND


@pytest.fixture
def anchored(exchange, world):
    """The receipt of the first version of RECORD."""
    return exchange.anchor(world.hospital, RECORD, FIRST)


@pytest.fixture
def version(anchored, world, hospital) -> Version:
    """The first version of RECORD."""
    return Version(world.hospital, RECORD, 1, 0, FIRST, NO_FINGERPRINT, hospital.address)


class TestAnchor:
    """
    given no version of the record
      when the caller does not act for the custodian as HOSPITAL  -> reverts NotAuthorised
      when record or commitment is zero                           -> reverts ZeroIdentifier
      when a previous version is named                            -> reverts NotNewestVersion
      when an epoch is named that has not begun                   -> reverts WrongKeyEpoch
      when all is right   -> it is the newest, number 1; emits RecordAnchored; another custodian's stays unknown
    given a version
      when the same is sent again, or it follows another          -> reverts NotNewestVersion
      when another custodian anchors the same record              -> a line of its own
      when the next follows it                                    -> number 2, its fingerprint covers the one before
    given a key epoch that ended
      when the version is for the old one                         -> reverts WrongKeyEpoch
      when it is for the new one                                  -> anchored
    """

    @pytest.mark.parametrize("caller", ["clinic", "insurer", "stranger"])
    def test_reverts_when_caller_is_no_signer(self, world, reverts, caller):
        account = world.account(caller)
        with reverts("NotAuthorised", organisation=world.hospital, signer=account.address, role=Role.HOSPITAL):
            world.acting_as(caller).records.anchor(world.hospital, RECORD, FIRST)

    def test_reverts_when_custodian_is_no_hospital(self, world, reverts, insurer):
        with reverts("NotAuthorised", organisation=world.insurer, signer=insurer.address, role=Role.HOSPITAL):
            world.acting_as("insurer").records.anchor(world.insurer, RECORD, FIRST)

    @pytest.mark.parametrize(("record", "commitment"), [(ZERO_HASH, FIRST), (RECORD, ZERO_HASH)])
    def test_reverts_when_an_id_is_zero(self, exchange, world, reverts, record, commitment):
        with reverts("ZeroIdentifier"):
            exchange.anchor(world.hospital, record, commitment)

    def test_reverts_when_nothing_can_be_followed(self, exchange, world, reverts):
        previous = b"\x01" * 24
        with reverts("NotNewestVersion", previous=previous, current=NO_FINGERPRINT):
            exchange.anchor(world.hospital, RECORD, FIRST, previous=previous)

    def test_reverts_when_epoch_has_not_begun(self, exchange, world, reverts):
        with reverts("WrongKeyEpoch", epoch=1, current=0):
            exchange.anchor(world.hospital, RECORD, FIRST, epoch=1)

    def test_anchors_the_first_version(self, exchange, world, anchored, version, hospital):
        assert exchange.newest_of(world.hospital, RECORD) == Newest(version.fingerprint, anchored.at, 1)
        assert anchored.event("RecordAnchored").values == {
            "custodian": world.hospital,
            "record": RECORD,
            "signer": hospital.address,
            "number": 1,
            "epoch": 0,
            "commitment": FIRST,
            "previous": NO_FINGERPRINT,
            "recordedAt": anchored.at,
        }
        assert exchange.newest_of(world.clinic, RECORD) == Newest(NO_FINGERPRINT, 0, 0)

    def test_reverts_when_sent_again(self, exchange, world, version, reverts):
        with reverts("NotNewestVersion", previous=NO_FINGERPRINT, current=version.fingerprint):
            exchange.anchor(world.hospital, RECORD, FIRST)

    def test_reverts_when_following_an_older_one(self, exchange, world, version, reverts):
        exchange.anchor(world.hospital, RECORD, SECOND, previous=version.fingerprint)
        newest = exchange.newest_of(world.hospital, RECORD)
        with reverts("NotNewestVersion", previous=version.fingerprint, current=newest.fingerprint):
            exchange.anchor(world.hospital, RECORD, FIRST, previous=version.fingerprint)
        assert exchange.newest_of(world.hospital, RECORD) == newest

    def test_keeps_a_line_for_each_custodian(self, exchange, clinic_side, world, version, clinic):
        receipt = clinic_side.anchor(world.clinic, RECORD, SECOND)
        theirs = Version(world.clinic, RECORD, 1, 0, SECOND, NO_FINGERPRINT, clinic.address)
        assert exchange.newest_of(world.clinic, RECORD) == Newest(theirs.fingerprint, receipt.at, 1)
        assert exchange.newest_of(world.hospital, RECORD).fingerprint == version.fingerprint

    def test_anchors_the_next_version(self, exchange, world, version):
        receipt = exchange.anchor(world.hospital, RECORD, SECOND, previous=version.fingerprint)
        second = replace(version, number=2, commitment=SECOND, previous=version.fingerprint)
        assert exchange.newest_of(world.hospital, RECORD) == Newest(second.fingerprint, receipt.at, 2)

    def test_reverts_given_an_epoch_that_ended(self, exchange, world, version, reverts):
        exchange.rotate(world.hospital, RECORD)
        with reverts("WrongKeyEpoch", epoch=0, current=1):
            exchange.anchor(world.hospital, RECORD, SECOND, previous=version.fingerprint)

    def test_anchors_for_the_new_epoch(self, exchange, world, version):
        exchange.rotate(world.hospital, RECORD)
        exchange.anchor(world.hospital, RECORD, SECOND, previous=version.fingerprint, epoch=1)
        second = replace(version, number=2, epoch=1, commitment=SECOND, previous=version.fingerprint)
        assert exchange.status_of(second) == RecordStatus.CURRENT


class TestRotate:
    """
    given no version of the record                  -> reverts UnknownRecord
    given a version
      when the caller does not act for the custodian -> reverts NotAuthorised
      when it does                                   -> one epoch more; emits KeyEpochAdvanced; the version stands
    """

    def test_reverts_given_no_version(self, exchange, world, reverts):
        with reverts("UnknownRecord", custodian=world.hospital, record=RECORD):
            exchange.rotate(world.hospital, RECORD)

    def test_reverts_when_caller_is_no_signer(self, world, clinic_side, anchored, reverts, clinic):
        with reverts("NotAuthorised", organisation=world.hospital, signer=clinic.address, role=Role.HOSPITAL):
            clinic_side.rotate(world.hospital, RECORD)

    def test_advances_the_epoch(self, exchange, world, version):
        receipt = exchange.rotate(world.hospital, RECORD)
        assert exchange.key_epoch_of(world.hospital, RECORD) == 1
        assert receipt.event("KeyEpochAdvanced").values == {
            "custodian": world.hospital,
            "record": RECORD,
            "epoch": 1,
            "advancedAt": receipt.at,
        }
        assert exchange.status_of(version) == RecordStatus.CURRENT


class TestPublishKey:
    """
    given an organisation
      when the caller is not its administrator -> reverts NotAdmin, also for another signer of it
      when it is                               -> the key is that one; emits EncryptionKeyPublished; others keep theirs
      when zero is published                   -> the organisation has none
    """

    def test_reverts_when_caller_is_not_the_administrator(self, world, exchange, clinic_side, reverts, doctor, clinic):
        world.acting_as("hospital").accreditation.add_signer(
            world.hospital, doctor.address, Role.HOSPITAL | Role.PARTICIPANT, until=4_000_000_000
        )
        for account, client in ((doctor, world.acting_as(doctor).records), (clinic, clinic_side)):
            with reverts("NotAdmin", organisation=world.hospital, caller=account.address):
                client.publish_key(world.hospital, FIRST)
        assert exchange.key_of(world.hospital) == ZERO_HASH

    def test_publishes_a_key(self, exchange, world):
        receipt = exchange.publish_key(world.hospital, FIRST)
        assert exchange.key_of(world.hospital) == FIRST
        assert receipt.event("EncryptionKeyPublished").values == {
            "organisation": world.hospital,
            "key": FIRST,
            "publishedAt": receipt.at,
        }
        assert exchange.key_of(world.clinic) == ZERO_HASH

    def test_withdraws_a_key(self, exchange, world):
        exchange.publish_key(world.hospital, FIRST)
        exchange.publish_key(world.hospital, ZERO_HASH)
        assert exchange.key_of(world.hospital) == ZERO_HASH


class TestStatus:
    """
    given a version that is the newest            -> CURRENT
      when any one field of it is changed         -> UNKNOWN
      when its signer was compromised by then     -> CUSTODIAN_UNTRUSTED; compromised a second later -> CURRENT
    given a version that another followed         -> SUPERSEDED by the log, UNKNOWN on the chain
    given a record that was never anchored        -> UNKNOWN
    """

    def test_newest_is_current(self, exchange, version, anchored):
        assert exchange.status_of(version) == RecordStatus.CURRENT
        assert [(one.version, one.recorded_at, one.status) for one in exchange.history(*_key(version))] == [
            (version, anchored.at, RecordStatus.CURRENT)
        ]

    @pytest.mark.parametrize(
        "changes",
        [
            {"custodian": SECOND},
            {"record": SECOND},
            {"number": 2},
            {"epoch": 1},
            {"commitment": SECOND},
            {"previous": b"\x01" * 24},
            {"signer": "0x" + "11" * 20},
        ],
        ids=lambda one: next(iter(one)),
    )
    def test_changed_version_is_unknown(self, exchange, version, changes):
        assert exchange.status_of(replace(version, **changes)) == RecordStatus.UNKNOWN

    @pytest.mark.parametrize(
        ("offset", "status"),
        [
            (-1, RecordStatus.CUSTODIAN_UNTRUSTED),
            (0, RecordStatus.CUSTODIAN_UNTRUSTED),
            (1, RecordStatus.CURRENT),
        ],
    )
    def test_compromise_counts_from_its_second(self, world, exchange, version, anchored, hospital, offset, status):
        world.chain.mine(seconds=DAY)
        world.acting_as("authority").accreditation.compromise_signer(
            world.hospital, hospital.address, since=anchored.at + offset
        )
        assert exchange.status_of(version) == status

    def test_followed_version_is_superseded(self, exchange, world, version):
        exchange.anchor(world.hospital, RECORD, SECOND, previous=version.fingerprint)
        assert exchange.status_of(version) == RecordStatus.SUPERSEDED
        assert exchange._call("statusOf", version) == RecordStatus.UNKNOWN
        statuses = [one.status for one in exchange.history(*_key(version))]
        assert statuses == [RecordStatus.SUPERSEDED, RecordStatus.CURRENT]

    def test_record_of_nobody_is_unknown(self, exchange, world, hospital):
        nothing = Version(world.hospital, RECORD, 0, 0, ZERO_HASH, NO_FINGERPRINT, hospital.address)
        assert exchange.status_of(nothing) == RecordStatus.UNKNOWN
        assert exchange.history(world.hospital, RECORD) == []


def _key(version: Version) -> tuple[bytes, bytes]:
    return version.custodian, version.record
