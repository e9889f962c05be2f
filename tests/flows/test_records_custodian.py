"""The custodian of records: each version is anchored once, whatever comes between, and its files open nothing."""

from __future__ import annotations

import pytest

from medtrust.blobs import fetch
from medtrust.consent import Confidentiality, DataClass
from medtrust.envelope import read_header
from medtrust.errors import CheckRefused
from medtrust.types import name_hash
from medtrust.wrapping import unwrap
from tests.hospitals import CONTENT, NEXT, hold


class TestCustodian:
    """
    given a sealed version
      when the run was killed before its anchor, or after -> the next run anchors it once
      when another version came between                   -> reverts NotNewestVersion, and it is stored anew
      when the readers changed since                      -> reverts WrongKeyEpoch
    given nothing sealed                                  -> InputError; given all anchored -> nothing is sent
    given content that was stored before
      when stored again, sealed or anchored               -> the same record and version
      when stored as the next version for the same readers -> nothing new; for others, after a rotation -> a version
      when stored of another patient, class, label or kind -> another record
    given records of two patients                         -> those of one are found without reading those of the other
    given a store that lies                               -> BlobAltered; that lost it -> BlobMissing
    given files of the vault                              -> mode 0600, and no key or content in them
    given its key                                         -> published once
    """

    def _store(self, world, custodian):
        return custodian.store(
            CONTENT, patient=world.patient.address, data_class=DataClass.LABORATORY, sensitivity=4, data_at=1
        )

    def test_anchors_once_after_a_crash(self, world, custodian):
        held = self._store(world, custodian)
        version = held.draft.version
        custodian.suite.records.anchor(world.hospital, held.record, version.commitment)
        before = world.chain.block_number()
        assert custodian.anchor(held.record).newest.version == version
        assert custodian.anchor(held.record).draft is None
        assert world.chain.block_number() == before

    def test_reverts_given_a_version_between(self, world, custodian, reverts):
        held = self._store(world, custodian)
        custodian.suite.records.anchor(world.hospital, held.record, name_hash("another"))
        with reverts("NotNewestVersion"):
            custodian.anchor(held.record)
        again = custodian.anchor(custodian.store_next(held.record, NEXT).record)
        assert (again.newest.version.number, custodian.read(held.record)) == (2, NEXT)

    def test_reverts_given_other_readers(self, world, custodian, held, reverts):
        custodian.store_next(held.record, NEXT)
        custodian.suite.records.rotate(world.hospital, held.record)
        with reverts("WrongKeyEpoch", epoch=0, current=1):
            custodian.anchor(held.record)

    def test_reverts_given_nothing(self, world, custodian, held):
        with pytest.raises(CheckRefused, match="NotHeld"):
            custodian.anchor(name_hash("nothing"))
        assert custodian.anchor(held.record) == held

    def test_knows_the_same_content_again(self, world, custodian):
        sealed = self._store(world, custodian)
        assert self._store(world, custodian) == sealed
        anchored = custodian.anchor(sealed.record)
        assert self._store(world, custodian) == anchored
        assert custodian.store_next(sealed.record, CONTENT) == anchored
        pending = custodian.store_next(sealed.record, NEXT)
        assert custodian.store_next(sealed.record, NEXT) == pending
        custodian.suite.records.rotate(world.hospital, sealed.record)
        renewed = custodian.store_next(sealed.record, NEXT)
        assert renewed.draft.version.epoch == 1
        assert custodian.anchor(sealed.record).newest.version.number == 2

    def test_touches_no_record_of_others(self, world, custodian, held, tmp_path):
        other = hold(world, custodian, patient=world.account("doctor").address)
        (tmp_path / "vault" / f"{other.record.hex()}.json").write_text("not even JSON")
        assert [one.record for one in custodian.vault.of_patient(world.patient.address)] == [held.record]
        assert list(custodian.vault.of_patient("0x" + "11" * 20)) == []

    @pytest.mark.parametrize(
        "changes",
        [
            {"patient": "0x" + "11" * 20},
            {"data_class": DataClass.IMAGING},
            {"sensitivity": Confidentiality.R},
            {"kind": "http://loinc.org|2345-7"},
        ],
    )
    def test_keeps_what_differs_apart(self, world, custodian, held, changes):
        assert hold(world, custodian).record == held.record
        assert hold(world, custodian, **changes).record != held.record

    def test_finds_a_store_that_lies(self, custodian, held, tmp_path):
        (file,) = [one for one in (tmp_path / "blobs").rglob("*") if one.is_file()]
        file.write_bytes(file.read_bytes()[:-1] + b"x")
        with pytest.raises(CheckRefused, match="BlobAltered"):
            custodian.read(held.record)
        file.unlink()
        with pytest.raises(CheckRefused, match="BlobMissing"):
            custodian.read(held.record)

    def test_files_open_nothing_by_themselves(self, world, custodian, held, tmp_path):
        key = unwrap(
            read_header(fetch(custodian.blobs, held.newest.blob)), held.newest.key, world.hospital, custodian.key
        )
        files = [one for one in tmp_path.rglob("*") if one.is_file()]
        assert {one.stat().st_mode & 0o777 for one in files} == {0o600}
        text = b"".join(one.read_bytes() for one in files)
        assert not any(one in text for one in (key, key.hex().encode(), CONTENT[:12]))

    def test_publishes_its_key_once(self, world, custodian):
        assert custodian.publish_key() is not None
        assert custodian.publish_key() is None
        assert custodian.suite.records.key_of(world.hospital) == custodian.key.public.fingerprint
