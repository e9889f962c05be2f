"""From files to anchored, verified certificates, through the importer."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from medtrust import samples
from medtrust.mapping_file import load_mapping
from medtrust.vaccination import Advisory, Status
from tests.doses import CLINIC
from tests.flows.imports import LOT_NUMBER, anchored_roots, certificates, files_in, ndjson

pytestmark = pytest.mark.usefixtures("own_home")


class TestImport:
    """
    given a VXU and the FHIR resource of one dose      -> anchored once, the other is a duplicate
    given one dose in HL7 v2, FHIR, C-CDA and CSV      -> anchored once, the others are duplicates
    given a Bundle of several people                   -> each completed dose is anchored, the not-done one is listed
    when it is imported again                          -> the same files, and no transaction
    given another file with a dose that was anchored   -> the dose is known, the others are anchored
    given a dose that was revoked                      -> it is known as revoked, and not anchored anew
    when the key is another                            -> another root, no shared word
    """

    def test_anchors_one_dose_of_two_formats_once(self, world, do_import, sample):
        report = do_import(sample("vxu_v04.hl7"), sample("immunization.json"))
        assert (len(report.issued), len(report.intake.duplicates)) == (1, 1)
        assert report.intake.duplicates[0].differs == ()
        assert anchored_roots(world) == [report.batches[0].root]
        (certificate,) = certificates(report)
        verdict = world.suite.vaccination.verify(certificate)
        assert (verdict.status, verdict.advisories) == (Status.ACTIVE, Advisory.UNTRACED_LOT)
        assert (verdict.signer, verdict.issuer) == (world.account("clinic").address, CLINIC)
        assert (verdict.shown["vc"], verdict.shown["d"], verdict.shown["lot"]) == ("115", "2026-10-05", LOT_NUMBER)

    def test_anchors_one_dose_of_four_formats_once(self, world, do_import, sample):
        with samples.path("csv_mapping.yaml") as path:
            mapping = load_mapping(path)
        names = ("immunizations.csv", "immunization_ccda.xml", "immunization.json", "vxu_v04.hl7")
        report = do_import(*map(sample, names), mapping=mapping)
        assert (len(report.issued), [one.differs for one in report.intake.duplicates]) == (1, [()] * 3)
        assert report.refused == ()
        (certificate,) = certificates(report)
        assert world.suite.vaccination.verify(certificate).is_valid
        assert set(report.intake.losses) == {one.source.file for one in (report.issued[0], *report.intake.duplicates)}

    def test_lists_what_was_not_given(self, world, do_import, sample):
        report = do_import(sample("vxu_v04.hl7"), sample("immunizations_bundle.json"))
        intake = report.intake
        assert (len(report.issued), len(intake.duplicates), len(intake.not_done)) == (3, 1, 1)
        assert [one.status for one in map(world.suite.vaccination.verify, certificates(report))] == [Status.ACTIVE] * 3
        written = json.loads(report.path.read_text())
        assert written == json.loads(json.dumps(report.to_dict()))
        assert [one["place"] for one in written["notDone"]] == [intake.not_done[0].place]

    def test_ends_the_same_when_imported_again(self, world, do_import, sample, tmp_path):
        files = sample("vxu_v04.hl7"), sample("immunizations_bundle.json")
        do_import(*files)
        before, block = files_in(tmp_path / "out"), world.chain.block_number()
        do_import(*files)
        assert (files_in(tmp_path / "out"), world.chain.block_number()) == (before, block)

    def test_knows_what_an_earlier_import_anchored(self, world, do_import, sample):
        first = do_import(sample("vxu_v04.hl7"))
        second = do_import(sample("immunizations_bundle.json"))
        assert [(one.root, one.index, one.is_revoked) for one in second.known] == [(first.batches[0].root, 0, False)]
        assert len(second.issued) == 2
        assert len(anchored_roots(world)) == 2

    def test_does_not_bring_back_what_was_revoked(self, world, do_import, sample):
        first = do_import(sample("vxu_v04.hl7"))
        world.acting_as("clinic").vaccination.revoke(world.clinic, first.batches[0].root, 0)
        second = do_import(sample("immunization.json"))
        assert ([one.is_revoked for one in second.known], second.issued, second.batches) == ([True], (), ())
        assert len(anchored_roots(world)) == 1

    def test_shares_nothing_under_another_key(self, world, do_import, sample):
        one = certificates(do_import(sample("vxu_v04.hl7")))[0]
        other = certificates(do_import(sample("vxu_v04.hl7"), key=bytes(32), out="other"))[0]
        salts = {field.salt for field in one.shown}
        assert one.dose.holder != other.dose.holder
        assert one.dose.fields != other.dose.fields
        assert salts.isdisjoint(field.salt for field in other.shown)


class TestWithdrawals:
    """
    given a dose that the same file deletes            -> not anchored, listed as withdrawn
    given a dose that was anchored and is now deleted  -> named to be revoked, until it is
    given an update of a dose in the same import       -> anchored once, as updated
    """

    def test_leaves_out_what_the_file_deletes(self, world, do_import, sample):
        deleted = sample("vxu_v04.hl7", ("|CP|A", "|CP|D"))
        report = do_import(sample("vxu_v04.hl7"), deleted)
        assert (report.issued, len(report.intake.withdrawn), report.to_revoke) == ((), 1, ())
        assert anchored_roots(world) == []

    def test_names_what_is_to_be_revoked(self, world, do_import, sample):
        first = do_import(sample("vxu_v04.hl7"))
        deleted = sample("vxu_v04.hl7", ("|CP|A", "|CP|D"))
        report = do_import(deleted)
        assert [(one.root, one.index) for one in report.to_revoke] == [(first.batches[0].root, 0)]
        assert world.suite.vaccination.verify(certificates(first)[0]).is_valid
        world.acting_as("clinic").vaccination.revoke(world.clinic, first.batches[0].root, 0)
        assert do_import(deleted).to_revoke == ()
        assert world.suite.vaccination.verify(certificates(first)[0]).status is Status.REVOKED

    def test_takes_the_update(self, do_import, sample):
        updated = sample("vxu_v04.hl7", ("|CP|A", "|CP|U"), ("mt2026a", "mt2026z"))
        report = do_import(sample("vxu_v04.hl7"), updated)
        assert [one.values["lot"] for one in certificates(report)] == ["MT2026Z"]
        assert [one.differs for one in report.intake.duplicates] == [("lot",)]


class TestBatches:
    """
    given more doses than a batch holds -> several batches, every dose in one, indices 0 to size - 1
    given two orders of the same files  -> one root
    """

    def test_divides_doses(self, world, do_import, tmp_path):
        report = do_import(ndjson(tmp_path, 12), batch_size=5)
        assert [batch.size for batch in report.batches] == [5, 5, 2]
        found = certificates(report)
        assert [one.dose.index for one in found] == [0, 1, 2, 3, 4, 0, 1, 2, 3, 4, 0, 1]
        assert all(world.suite.vaccination.verify(one).is_valid for one in found)
        assert len({one.dose.holder for one in found}) == 12

    def test_reaches_one_root_in_any_order(self, world, do_import, sample, chain):
        files = sample("vxu_v04.hl7"), sample("immunizations_bundle.json")
        snapshot = chain.request("evm_snapshot")
        first = do_import(*files)
        chain.request("evm_revert", snapshot)
        second = do_import(*reversed(files))
        assert [one.root for one in first.batches] == [one.root for one in second.batches]


class TestPrivacy:
    """
    given an import -> nothing that the files say, and no hash of it without the key, stands in a transaction or an
                       event; the journal holds none of it either
    """

    def test_leaves_nothing_on_the_chain_or_in_the_journal(self, world, chain, do_import, sample, tmp_path):
        first = chain.block_number() + 1
        report = do_import(sample("vxu_v04.hl7"), sample("immunizations_bundle.json"))
        sent = [
            chain.request("eth_getBlockByNumber", hex(block), True) for block in range(first, chain.block_number() + 1)
        ]
        logs = chain.request("eth_getLogs", {"fromBlock": hex(first), "toBlock": "latest"})
        seen = json.dumps([sent, logs], default=dict).lower()
        journal = "".join(path.read_text() for path in (tmp_path / "home" / "imports").rglob("*.json")).lower()
        assert report.batches[0].root.hex() in seen
        assert report.batches[0].root.hex() in journal
        for certificate, dose in zip(certificates(report), report.intake.doses.values(), strict=False):
            secrets = [certificate.dose.holder[2:].lower(), dose.given.core_hash().hex(), certificate.dose.fields.hex()]
            secrets += [text.encode().hex() for text in ("700101", "Quint", "2026-10-05", LOT_NUMBER)]
            assert [secret for secret in secrets if secret in seen] == []
            assert [secret for secret in [*secrets, "700101", "quint", LOT_NUMBER.lower()] if secret in journal] == []


class TestRealFiles:
    """
    given each real VXU and RSP message -> every dose is anchored, and its certificate valid; or it is refused with
                                           segment and field
    given the Immunizations of Synthea  -> every dose is anchored, and its certificate valid
    """

    def test_vaccination_messages(self, world, do_import, corpus):
        messages = [path for path in sorted(corpus.glob("hl7v2/**/*.hl7")) if _is_of_vaccination(path)]
        assert len(messages) >= 10
        issued = 0
        for number, path in enumerate(messages):
            report = do_import(path, out=f"out-{number}", strict=False)
            issued += len(report.issued)
            assert all(world.suite.vaccination.verify(one).is_valid for one in certificates(report))
            for refusal in report.refused:
                assert refusal.file == str(path)
                assert refusal.place[:3].isalnum()
                assert "-" in refusal.place or refusal.place.startswith("message")
                assert refusal.found
                assert refusal.expected
            entries = [report.issued, report.known, report.refused, report.intake.not_done, report.intake.withdrawn]
            assert sum(map(len, entries)) + len(report.intake.duplicates) > 0, path.name
        assert issued >= 10

    def test_immunizations_of_synthea(self, world, do_import, corpus):
        bundles = sorted(corpus.glob("synthea-r4/**/*.json"))
        report = do_import(*bundles)
        assert (report.refused, len(report.batches)) == ((), 1)
        expected = sum(path.read_text().count('"resourceType": "Immunization"') for path in bundles)
        assert len(report.issued) + len(report.intake.duplicates) == expected > 0
        assert all(world.suite.vaccination.verify(one).is_valid for one in certificates(report))


def _is_of_vaccination(path: Path) -> bool:
    text = path.read_bytes()
    return b"VXU^V04" in text or b"RSP^K11" in text
