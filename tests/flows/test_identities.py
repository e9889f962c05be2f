"""Unidentified patients: recorded under a pseudonym, merged into who they turn out to be, and un-merged."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from dataclasses import replace
from subprocess import PIPE

import pytest

from medtrust.cli.record_options import open_custodian
from medtrust.consent import DataClass, Purpose
from medtrust.deploy import AddressBook
from medtrust.errors import CheckRefused
from medtrust.identities import Act
from medtrust.record_service import RecordService, emergency_rule
from tests.emergencies import emergency
from tests.hospitals import CONTENT, READER_KEY, ask, custodian_of, hold, reader_of, serving, sign_consent
from tests.tourists import ask_in_emergency, open_everything, receive_the_tourist
from tests.world import ORGANISATIONS, ROOT

CASE = "ED-2026-117"
BROTHER = "her brother knew her"
ERROR = "it was another woman"


@pytest.fixture
def custodian(world, tmp_path):
    return custodian_of(world, tmp_path)


@pytest.fixture
def unknown(custodian) -> str:
    """The pseudonym of a woman whom nobody knows."""
    return custodian.receive(CASE).pseudonym


@pytest.fixture
def held(world, custodian, unknown):
    """What was found when she came."""
    return hold(world, custodian, patient=unknown)


@pytest.fixture
def service(world, custodian):
    return RecordService(custodian, emergency=emergency_rule(world.suite))


def refused(act, *arguments, **named) -> str:
    with pytest.raises(CheckRefused) as caught:
        act(*arguments, **named)
    return caught.value.reason


class TestMerge:
    """
    given a person whom nobody knows, and a record of her
      when the same case is received again              -> the same pseudonym; of another case -> another
      when she is merged into a patient                 -> the record belongs to the patient; what is her own still does
      when merged again into the same                   -> nothing changes
      when merged into another meanwhile                -> AlreadyMerged
      when merged into somebody unknown                 -> Unidentified
      when the pseudonym was not made here              -> NotUnidentified
    given a merge
      when it is taken back                             -> all is as before, and the history has each step
      when it is taken back again                       -> nothing changes
      when merged into another                          -> the record belongs to that one
    given none                                          -> NotMerged
    given all of this                                   -> not one transaction, where nobody has read
    given two unknown who are one person                -> both are merged into her
    """

    def test_makes_one_pseudonym_for_a_case(self, custodian, unknown):
        before = custodian.vault.identities.find(unknown)
        assert custodian.receive(CASE) == before
        assert [step.act for step in before.steps] == [Act.MADE]
        assert custodian.receive("ED-2026-118").pseudonym != unknown

    def test_gives_the_record_to_the_patient(self, world, custodian, unknown, held):
        own = hold(world, custodian, b"her own")
        before = world.chain.block_number()
        merged = custodian.merge(unknown, world.patient.address, why=BROTHER)
        assert (merged.patient, merged.is_merged) == (world.patient.address, True)
        belonging = [one.record for one in custodian.vault.belonging_to(world.patient.address)]
        assert sorted(belonging) == sorted([own.record, held.record])
        assert list(custodian.vault.belonging_to(unknown)) == []
        assert custodian.vault.get(held.record) == held
        assert custodian.read(held.record) == CONTENT
        assert custodian.merge(unknown, world.patient.address.lower(), why="again") == merged
        assert world.chain.block_number() == before

    def test_reverts_given_another_patient(self, world, custodian, unknown):
        custodian.merge(unknown, world.patient.address, why=BROTHER)
        other, second = world.account("stranger").address, custodian.receive("ED-2026-118").pseudonym
        assert refused(custodian.merge, unknown, other, why=BROTHER) == "AlreadyMerged"
        assert refused(custodian.merge, second, unknown, why=BROTHER) == "Unidentified"
        assert refused(custodian.merge, second, second, why=BROTHER) == "Unidentified"
        assert refused(custodian.merge, other, world.patient.address, why=BROTHER) == "NotUnidentified"
        assert refused(custodian.unmerge, other, why=ERROR) == "NotUnidentified"
        assert refused(custodian.unmerge, second, why=ERROR) == "NotMerged"
        assert custodian.vault.identities.patient_of(unknown) == world.patient.address

    def test_takes_it_back(self, world, custodian, unknown, held):
        before, other = world.chain.block_number(), world.account("stranger").address
        custodian.merge(unknown, world.patient.address, why=BROTHER)
        single = custodian.unmerge(unknown, why=ERROR)
        assert (single.patient, single.is_merged) == (unknown, False)
        assert [one.record for one in custodian.vault.belonging_to(unknown)] == [held.record]
        assert list(custodian.vault.belonging_to(world.patient.address)) == []
        assert custodian.unmerge(unknown, why="again") == single
        assert custodian.vault.get(held.record) == held
        again = custodian.merge(unknown, other, why="her passport")
        assert [(one.act, one.patient, one.why) for one in again.steps] == [
            (Act.MADE, unknown, CASE),
            (Act.MERGED, world.patient.address, BROTHER),
            (Act.UNMERGED, unknown, ERROR),
            (Act.MERGED, other, "her passport"),
        ]
        assert [one.record for one in custodian.vault.belonging_to(other)] == [held.record]
        assert world.chain.block_number() == before

    def test_merges_two_into_one(self, world, custodian, unknown, held):
        second = custodian.receive("ED-2026-118").pseudonym
        other = hold(world, custodian, b"of the second", patient=second)
        for one in (unknown, second):
            custodian.merge(one, world.patient.address, why=BROTHER)
        custodian.unmerge(unknown, why=ERROR)
        assert [one.record for one in custodian.vault.belonging_to(world.patient.address)] == [other.record]


class TestAccess:
    """
    given an unknown woman's record, and the consent of the patient who she turns out to be
      when she is not merged                  -> NotHeld, and no search finds it
      when she is                             -> the clinic finds and reads it by that consent
      when that was wrong and is taken back   -> NotHeld, for a ticket that was used before too; the key epoch is ended
      when it is taken back unread            -> no transaction
    given an emergency
      when opened for the pseudonym           -> the record opens while she is unknown, and not when she is merged
      when opened for the patient             -> the record opens when she is merged, unless the patient withholds it
    given all transactions of this            -> none names both the pseudonym and the patient
    """

    def test_is_read_by_the_consent_of_the_patient(self, world, custodian, service, unknown, held):
        receipt = sign_consent(world)
        with serving(service) as url:
            reader = reader_of(world, url)
            assert refused(reader.read, held.record, receipt, purpose=Purpose.TREAT) == "NotHeld"
            custodian.merge(unknown, world.patient.address, why=BROTHER)
            (found,) = reader.find(receipt, purpose=Purpose.TREAT, data_class=DataClass.LABORATORY)
            assert found.record == held.record
            assert reader.read(held.record, receipt, purpose=Purpose.TREAT).content == CONTENT
            assert custodian.readers_by(unknown, world.patient.address) == [(held.record, world.clinic)]
            custodian.unmerge(unknown, why=ERROR)
            assert refused(reader.read, held.record, receipt, purpose=Purpose.TREAT) == "NotHeld"
            assert reader.find(receipt, purpose=Purpose.TREAT, data_class=DataClass.LABORATORY) == []
        assert world.suite.records.key_epoch_of(world.hospital, held.record) == 1
        assert custodian.readers_by(unknown, world.patient.address) == [(held.record, world.clinic)]

    def test_ends_with_a_ticket_that_was_used(self, world, custodian, service, unknown, held):
        reader_of(world, "")
        custodian.merge(unknown, world.patient.address, why=BROTHER)
        receipt = sign_consent(world)
        ticket = service.ticket(ask(world, service, held.record, receipt))
        clinic = world.acting_as("clinic").consent
        clinic.grant_by_sig(receipt)
        clinic.use(receipt.consent, ticket.commitment)
        before = world.chain.block_number()
        custodian.unmerge(unknown, why=ERROR)
        assert world.chain.block_number() == before
        asked = ask(world, service, held.record, receipt, ticket=ticket.number)
        assert refused(service.release, asked) == "NotHeld"

    def test_opens_in_an_emergency(self, world, custodian, service, unknown, held):
        receive_the_tourist(world)
        hers, patients = open_everything(world, unknown), open_everything(world)

        def outcome(number):
            try:
                service.break_glass(ask_in_emergency(world, service, held.record, number))
            except CheckRefused as error:
                return error.reason
            return "open"

        assert [outcome(hers), outcome(patients)] == ["open", "NoEmergency"]
        custodian.merge(unknown, world.patient.address, why=BROTHER)
        assert [outcome(hers), outcome(patients)] == ["NoEmergency", "open"]
        assert world.suite.records.key_epoch_of(world.hospital, held.record) == 1
        emergency(world, "patient").change_rule(world.patient.address, DataClass.LABORATORY)
        assert [outcome(hers), outcome(patients)] == ["NoEmergency", "NoEmergency"]
        custodian.unmerge(unknown, why=ERROR)
        assert [outcome(hers), outcome(patients)] == ["open", "NoEmergency"]

    def test_links_nothing_on_the_chain(self, world, custodian, service, unknown, held):
        receive_the_tourist(world)
        start = world.chain.block_number()
        first = open_everything(world, unknown)
        service.break_glass(ask_in_emergency(world, service, held.record, first))
        custodian.merge(unknown, world.patient.address, why=BROTHER)
        second = open_everything(world)
        service.break_glass(ask_in_emergency(world, service, held.record, second))
        custodian.unmerge(unknown, why=ERROR)
        custodian.anchor(custodian.store_next(held.record, b"next").record)
        pseudonym, patient = unknown[2:].lower(), world.patient.address[2:].lower()
        seen = set()
        for number in range(start + 1, world.chain.block_number() + 1):
            block = world.chain.request("eth_getBlockByNumber", hex(number), True)
            for transaction in block["transactions"]:
                logs = world.chain.request("eth_getTransactionReceipt", transaction["hash"])["logs"]
                text = json.dumps([transaction, logs], default=dict).lower()
                named = (pseudonym in text, patient in text)
                assert named != (True, True)
                assert CASE.encode().hex() not in text
                seen.add((named, held.record.hex() in text))
        assert seen == {((True, False), False), ((False, True), False), ((False, False), True)}


class TestFiles:
    """
    given the file of a merge
      when its mode is looked at            -> 0600
      when somebody without the key changed it, or put that of another in its place -> VaultAltered
      when a marker is there without a merge -> only what was merged is read
    """

    def _file(self, custodian, pseudonym):
        return custodian.vault.folder / "identities" / f"{pseudonym.lower()}.json"

    def test_is_readable_by_its_owner(self, world, custodian, unknown):
        custodian.merge(unknown, world.patient.address, why=BROTHER)
        files = [one for one in (custodian.vault.folder / "identities").rglob("*") if one.is_file()]
        assert {one.stat().st_mode & 0o777 for one in files} == {0o600}

    def test_refuses_what_was_changed(self, world, custodian, unknown, held):
        custodian.merge(unknown, world.patient.address, why=BROTHER)
        file = self._file(custodian, unknown)
        mine = world.account("attacker").address
        file.write_text(file.read_text().replace(world.patient.address, mine))
        assert refused(custodian.vault.patient_of, held) == "VaultAltered"
        second = custodian.receive("ED-2026-118").pseudonym
        file.write_bytes(self._file(custodian, second).read_bytes())
        assert refused(custodian.vault.patient_of, held) == "VaultAltered"

    def test_a_marker_alone_merges_nothing(self, world, custodian, unknown, held):
        marker = custodian.vault.folder / "identities" / "of" / world.patient.address.lower() / unknown.lower()
        marker.parent.mkdir(parents=True)
        marker.touch()
        assert list(custodian.vault.belonging_to(world.patient.address)) == []


class TestKilled:
    """
    given a merge, or its end, that is killed with -9 at any step, and run again -> as if nothing had happened, and no
                                                                                    record is lost at any moment
    """

    @pytest.fixture
    def medtrust(self, world, tmp_path, session_node):
        """Run `medtrust record` in a fork of its own, to die at a step (0: never); returns its code and its steps."""
        book = AddressBook(world.chain.id, tmp_path / "deployments")
        for name in world.suite.book.names():
            book.finish(name, world.suite.book.get(name))
        environment = {
            "MEDTRUST_HOME": str(tmp_path / "home"),
            "MEDTRUST_DEPLOYMENTS": str(tmp_path / "deployments"),
            "MEDTRUST_CHAIN": session_node.ipc_path or session_node.url,
        }
        start = [sys.executable, str(ROOT / "tests/flows/killable.py")]
        paths = {**os.environ, "PYTHONPATH": str(ROOT)}
        with subprocess.Popen(start, stdin=PIPE, stdout=PIPE, text=True, env=paths) as process:

            def run(*words, die_at=0):
                by = ("--by", ORGANISATIONS["hospital"].identifier, "--as", "hospital", "--json")
                order = {"arguments": ["record", *words, *by], "environment": environment, "die_at": die_at}
                process.stdin.write(json.dumps({**order, "output": str(tmp_path / "output")}) + "\n")
                process.stdin.flush()
                answer = json.loads(process.stdout.readline())
                assert answer["code"] in (0, -signal.SIGKILL), (tmp_path / "output.err").read_text()
                return answer["code"], answer["steps"]

            yield run
            process.stdin.close()

    def _custodian(self, world, tmp_path, monkeypatch):
        monkeypatch.setenv("MEDTRUST_HOME", str(tmp_path / "home"))
        return open_custodian(world.acting_as("hospital"), ORGANISATIONS["hospital"].identifier, None, None)

    def _run_again(self, custodian, act, unknown, owner):
        if act == "merge":
            custodian.merge(unknown, owner, why=BROTHER)
        else:
            custodian.unmerge(unknown, why=BROTHER)

    def test_ends_the_same_when_killed_at_any_step(self, world, medtrust, tmp_path, monkeypatch):
        custodian = self._custodian(world, tmp_path, monkeypatch)
        unknown = custodian.receive(CASE).pseudonym
        record = hold(world, custodian, patient=unknown).record
        world.acting_as("clinic").records.publish_key(world.clinic, READER_KEY.public.fingerprint)
        service = RecordService(custodian, emergency=lambda *_: True)
        identity = custodian.vault.folder / "identities" / f"{unknown.lower()}.json"
        kept = custodian.vault.folder / f"{record.hex()}.json"
        for act, owner, ended in (("merge", world.patient.address, 1), ("unmerge", unknown, 0)):
            words = (act, unknown, *((owner,) if act == "merge" else ()), "--why", BROTHER)
            asked = ask(world, service, record, sign_consent(world), consent=bytes(32))
            service.break_glass(replace(asked, receipt=None))
            before = (identity.read_bytes(), kept.read_bytes())
            snapshot = world.chain.request("evm_snapshot")
            epoch = world.suite.records.key_epoch_of(world.hospital, record)
            _, steps = medtrust(*words)
            assert steps == (8 if act == "merge" else 4)  # a file, and where a key was released, a transaction
            whole = custodian.vault.identities.find(unknown)
            for step in range(1, steps + 1):
                world.chain.request("evm_revert", snapshot)
                snapshot = world.chain.request("evm_snapshot")
                identity.write_bytes(before[0])
                kept.write_bytes(before[1])
                assert medtrust(*words, die_at=step)[0] == -signal.SIGKILL
                assert custodian.read(record) == CONTENT
                assert custodian.vault.patient_of(custodian.vault.get(record)) in (unknown, world.patient.address)
                self._run_again(custodian, act, unknown, owner)
                found = custodian.vault.identities.find(unknown)
                assert [(one.act, one.patient) for one in found.steps] == [
                    (one.act, one.patient) for one in whole.steps
                ]
                assert [one.record for one in custodian.vault.belonging_to(owner)] == [record]
                assert world.suite.records.key_epoch_of(world.hospital, record) == epoch + ended
