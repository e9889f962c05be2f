"""The story of consent: who is refused and why, on either chain, and what is true when it has been told."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile

import pytest
from typer.testing import CliRunner

from medtrust import node, sandbox
from medtrust.chain import Receipt
from medtrust.cli import app
from medtrust.consent_receipt import read_receipt
from medtrust.deploy import AddressBook
from medtrust.emergency import Verdict
from medtrust.patients import Capacity, Scope
from medtrust.story import BEGINS_AT, STORIES, Stage
from tests.world import ROOT

REFUSALS = {
    "The doctor who is refused": [
        *("NOT_ACCEPTED", "PURPOSE", "DATA_CLASS", "SENSITIVITY", "FACILITY", "DATA_TIME", "ORGANISATION"),
    ],
    "The consent for one use": ["USES", "UsesExhausted"],
    "The teenager": [
        *("InvalidSignature", "InvalidSignature", "HIDDEN", "InvalidSignature", "InvalidSignature", "REVOKED"),
    ],
    "The lost phone": [
        *("Frozen", "FROZEN", "Frozen", "RecoveryNotReady", "VetoOverruled", "RecoveryNotReady"),
        *("InvalidSignature", "SIGNATURE", "REVOKED"),
    ],
    "The unconscious tourist": ["NoEmergency"] * 4,
    "The contested break-glass": [
        *("NotAuthorised", "SameUnit", "SelfReview", "NotContested", "NotAuthority"),
        *("EmergencyCareSuspended", "ReviewOverdue", "NotAuthority"),
    ],
}
VERDICTS = {
    "The doctor who is refused": ["PERMIT"],
    "The consent for one use": ["PERMIT"],
    "The teenager": ["PERMIT", "PERMIT", "GUARDIAN", "PERMIT"],
    "The lost phone": ["PERMIT"],
    "The unconscious tourist": ["BREAK_GLASS", "READ"],
    "The contested break-glass": ["UNJUSTIFIED", "IN TIME", "SUSPENDED"],
}


@pytest.fixture(scope="module")
def told(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp("demo")
    with node.start(request.config.getoption("--chain"), ROOT, timestamp=BEGINS_AT) as running:
        stage = Stage(sandbox.deploy_suite(running, AddressBook(running.chain_id, folder / "deployments")), folder)
        yield stage, list(STORIES["consent"](stage))


@pytest.fixture
def stage(told):
    return told[0]


@pytest.fixture
def beats(told):
    return told[1]


def by_chapter(beats, kind):
    """The reasons of one kind of beat, chapter by chapter."""
    found: dict[str, list[str]] = {}
    for beat in beats:
        if beat.kind == "chapter":
            chapter = found.setdefault(beat.text, [])
        elif beat.kind == kind:
            chapter.append(beat.reason)
    return found


class TestStory:
    """
    the chapters and their refusals -> are those that the story is about, in their order
    every transaction               -> stands on the chain with the hash and the gas that are told
    every refusal                   -> has a sentence beside its name
    """

    def test_refuses_what_the_story_is_about(self, beats):
        assert by_chapter(beats, "refusal") == REFUSALS

    def test_permits_what_the_story_is_about(self, beats):
        assert by_chapter(beats, "verdict") == VERDICTS

    def test_every_transaction_stands_on_the_chain(self, stage, beats):
        transactions = [beat for beat in beats if beat.kind == "transaction"]
        assert len({beat.transaction for beat in transactions}) == len(transactions) == 26
        for beat in transactions:
            found = stage.suite.chain.receipt(beat.transaction)
            assert found is not None
            receipt, succeeded = found
            assert isinstance(receipt, Receipt)
            assert (succeeded, receipt.gas_used) == (True, beat.gas)

    def test_every_refusal_has_its_sentence(self, beats):
        assert all(beat.facts["sentence"].endswith(".") for beat in beats if beat.kind == "refusal")

    def test_the_table_names_each_operation_of_a_transaction(self, stage, beats):
        assert stage.gas == {beat.operation: beat.gas for beat in beats if beat.operation}
        assert {"emergency open", "patient finishRecovery", "consent use"} <= set(stage.gas)


class TestOutcome:
    """
    given the story was told
      the receipt            -> is a genuine signature, and its letters lie beside it, in both languages, with all facts
      the mother             -> is no guardian any more, and was one until the last second
      the owner of the phone -> has the new phone as controller; the thief's key is nobody's
      the tourist's session  -> is found unjustified, contested, and every review is done
      the hospital           -> was suspended and may open again
      the records            -> lie encrypted in the folder
    """

    def test_letters_tell_the_consent(self, stage, beats):
        receipt = read_receipt(stage.folder / "consent.json")
        assert receipt.is_genuine
        letters = {beat.facts["language"]: beat for beat in beats if beat.kind == "letter"}
        assert list(letters) == ["en", "zh"]
        for language, beat in letters.items():
            assert (stage.folder / f"consent.{language}.txt").read_text("utf-8") == beat.text
            assert f"0x{receipt.id.hex()}" in beat.text
        english = letters["en"].text
        assert "On which condition: only once the organisation has accepted its obligations\n" in english
        assert re.search(r"answered: accepted on 2026-10-07 [\d:]+ UTC\n", english)
        assert "In an emergency: a doctor may open your data" in english
        assert "条件：仅在该机构接受其义务之后" in letters["zh"].text  # noqa: RUF001 - full-width

    def test_the_mother_decided_until_majority(self, stage):
        daughter, mother = stage.person("daughter").address, stage.person("mother").address
        patients = stage.suite.patients
        majority = patients.guardian_of(daughter, mother).valid_until
        assert [patients.is_guardian(daughter, mother, Scope.GRANT, at=majority + one) for one in (-1, 0, 1)] == [
            True,
            False,
            False,
        ]
        assert patients.capacity_of(daughter, mother, Scope.GRANT) is Capacity.NONE
        assert patients.capacity_of(daughter, daughter, Scope.GRANT) is Capacity.CONTROLLER

    def test_the_new_phone_decides(self, stage):
        owner, new = stage.person("owner of the phone").address, stage.person("new phone").address
        control = stage.suite.patients.control_of(owner)
        assert control.controller == new
        assert control.frozen_until <= stage.suite.chain.now()
        assert stage.suite.patients.capacity_of(owner, owner, Scope.REVOKE) is Capacity.NONE
        names = [event.name for event in stage.suite.patients.history(owner)]
        assert names.count("RecoveryVetoed") == names.count("PatientRecovered") == 1
        assert names.count("RecoveryBegun") == 2

    def test_the_session_is_unjustified(self, stage):
        hospital, emergency = stage.id("hospital"), stage.suite.emergency
        session = emergency.session_of(hospital, 0)
        assert (session.verdict, session.contested_at > 0) == (Verdict.UNJUSTIFIED, True)
        assert session.patient == stage.person("tourist").address
        assert emergency.session_of(hospital, 1).verdict is Verdict.UNJUSTIFIED

    def test_the_hospital_may_open_again(self, stage):
        hospital, emergency = stage.id("hospital"), stage.suite.emergency
        reviews = emergency.reviews_of(hospital)
        assert (reviews.count, reviews.suspended_from, emergency.overdue(hospital)) == (3, 0, [])
        assert [one.number for one in emergency.unreviewed(hospital)] == [2]

    def test_records_lie_encrypted(self, stage):
        kept = [file.read_bytes() for file in (stage.folder / "records").rglob("*") if file.is_file()]
        assert len(kept) >= 4
        assert not any(b"penicillin" in content for content in kept)


class TestCommand:
    """
    medtrust demo consent         -> prints each refusal by its name, exit 0, and leaves nothing
    medtrust demo consent --json  -> one JSON object with every step
    given another story           -> exit 2, and no chain is started
    """

    @pytest.fixture
    def kind(self, request, tmp_path, monkeypatch):
        """Which chain; whatever a command leaves behind is found in the folder for what is temporary."""
        monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
        monkeypatch.setenv("TMPDIR", str(tmp_path))
        yield ("--kind", request.config.getoption("--chain"))
        assert not list(tmp_path.iterdir())

    def test_prints_it_for_people(self, kind):
        told = CliRunner().invoke(app, ["demo", "consent", *kind])
        assert told.exit_code == 0, told.output
        names = re.findall(r"^ +refused: (\w+)", told.stdout, re.MULTILINE)
        assert names == [one for chapter in REFUSALS.values() for one in chapter]
        assert "致患者" in told.stdout
        assert "to the patient" in told.stdout

    def test_prints_json(self, kind):
        command = [sys.executable, "-m", "medtrust", "demo", "consent", "--json", *kind]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        answer = json.loads(done.stdout)
        assert answer["gas"]["emergency open"] > 21_000
        assert answer["beats"][0]["text"] == "The doctor who is refused"

    def test_knows_no_other_story(self, kind):
        told = CliRunner().invoke(app, ["demo", "surgery", *kind])
        assert (told.exit_code, told.stdout) == (2, "")
        assert "surgery" in told.stderr
