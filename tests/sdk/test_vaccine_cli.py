"""Vaccine commands: what scripts read, and the exit codes that they branch on."""

from __future__ import annotations

import json
import sys

import pytest

from medtrust import cli
from medtrust.deploy import AddressBook
from medtrust.holder import hand_over
from medtrust.pseudonym import PatientIdentifier, pseudonym
from medtrust.types import ZERO_HASH
from tests.doses import CLINIC, batch_of

PERSON = PatientIdentifier("CLINIC", "MR", "700101")
SECRET = bytes(range(32))
LATE = "4000000000"


@pytest.fixture
def medtrust(world, tmp_path, capsys, monkeypatch):
    """Run a command with --json in an empty folder: (exit code, answer)."""
    monkeypatch.setenv("MEDTRUST_DEPLOYMENTS", str(tmp_path / "deployments"))
    monkeypatch.setenv("MEDTRUST_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("MEDTRUST_CHAIN", world.chain.target)
    monkeypatch.delenv("MEDTRUST_KEY", raising=False)
    monkeypatch.chdir(tmp_path)
    book = AddressBook(world.chain.id, tmp_path / "deployments")
    for name in world.suite.book.names():
        book.finish(name, world.suite.book.get(name))

    def go(*words):
        monkeypatch.setattr(sys, "argv", ["medtrust", *map(str, words), "--json"])
        try:
            cli.main()
            code = 0
        except SystemExit as end:
            code = end.code or 0
        return code, json.loads(capsys.readouterr().out)

    return go


@pytest.fixture
def certificates(world, tmp_path):
    """The files of two doses of one person of the clinic, and that person's key."""
    clinic = world.acting_as("clinic").vaccination
    batch = batch_of(2, lot=ZERO_HASH, holder=pseudonym(SECRET, CLINIC, PERSON))
    clinic.anchor(batch.organisation, batch.root, 2)
    files = [tmp_path / "certificates" / f"{place}.json" for place in range(2)]
    files[0].parent.mkdir()
    for place, file in enumerate(files):
        file.write_bytes(batch.certificate(place, clinic).to_json())
    hand_over(batch.certificate(0, clinic), PERSON, SECRET, tmp_path / "patient.key")
    return files


class TestCorrect:
    """
    when a dose is corrected    -> 0; the old one verifies with 1, SUPERSEDED, and names the new one
    when it is corrected again  -> 4, DoseAlreadyRevoked
    when one is in error        -> 0; it verifies with 1, REVOKED, EnteredInError
    when a holder disputes with a key file, sent by another -> 0; the verdict has DISPUTED
    """

    def test_names_the_successor(self, medtrust, certificates):
        old, new = certificates
        code, done = medtrust("vaccine", "amend", old, new, "--why", "another lot", "--as", "clinic")
        assert (code, done["events"][0]["event"], len(done["salt"])) == (0, "DoseAmended", 66)
        code, verdict = medtrust("vaccine", "verify", old)
        assert (code, verdict["status"], verdict["successor"]) == (1, "SUPERSEDED", done["successor"])
        code, refused = medtrust("vaccine", "amend", old, new, "--as", "clinic")
        assert (code, refused["error"]) == (4, "AlreadyCorrection")

    def test_says_that_it_was_in_error(self, medtrust, certificates):
        assert medtrust("vaccine", "error", certificates[0], "--as", "clinic")[0] == 0
        code, verdict = medtrust("vaccine", "verify", certificates[0])
        assert (code, verdict["status"], verdict["reason"]) == (1, "REVOKED", "EnteredInError")

    def test_sends_what_a_holder_signed(self, medtrust, certificates):
        dispute = ("vaccine", "dispute", certificates[0], "--holder-key", "patient.key", "--sender", "relayer")
        assert medtrust(*dispute)[0] == 0
        code, verdict = medtrust("vaccine", "verify", certificates[0])
        assert (code, verdict["advisories"]) == (0, ["UNTRACED_LOT", "DISPUTED"])


class TestHolder:
    """
    when a challenge is answered          -> 0, no bearer's; another challenge -> 1, OtherChallenge
    when the answer is shown as QR text   -> the same
    when a bare certificate is shown      -> 0, a bearer's
    when a code of the paper is shown     -> 0; again -> 1, CodeUsed
    """

    ASKED = ("--verifier", "border", "--challenge", "7")

    def test_answers_a_challenge(self, medtrust, certificates):
        code, made = medtrust("vaccine", "present", certificates[0], *self.ASKED, "--holder-key", "patient.key")
        assert code == 0
        code, verdict = medtrust("vaccine", "verify", made["text"], *self.ASKED)
        assert (code, verdict["bearer"], verdict["valid"]) == (0, False, True)
        code, verdict = medtrust("vaccine", "verify", made["text"], "--verifier", "border", "--challenge", "8")
        assert (code, verdict["reason"], verdict["shown"]) == (1, "OtherChallenge", {})

    def test_calls_a_bearer_a_bearer(self, medtrust, certificates):
        code, verdict = medtrust("vaccine", "verify", certificates[0])
        assert (code, verdict["bearer"]) == (0, True)

    def test_takes_a_code_once(self, medtrust, certificates):
        paper = ("--count", 2, "--until", LATE, "--holder-key", "patient.key", "--to", "paper.json")
        code, made = medtrust("vaccine", "codes", certificates[0], *paper)
        assert (code, len(made["codes"])) == (0, 2)
        answers = [medtrust("vaccine", "verify", "paper.json", "--code", made["codes"][0]) for _ in range(2)]
        assert [(code, verdict["reason"]) for code, verdict in answers] == [(0, "Active"), (1, "CodeUsed")]


class TestOffline:
    """
    given a checkpoint                       -> both commands answer as with the chain, and need no chain
    when it is asked about after its end     -> 1, CheckpointExpired
    when another authority is trusted        -> 1, CheckpointNotSigned
    when somebody else writes one            -> 1, NotAuthority
    """

    @pytest.fixture
    def checkpoint(self, medtrust, certificates):
        written = ("--to", "checkpoint.json", "--until", LATE, "--as", "authority")
        code, made = medtrust("vaccine", "checkpoint", *written)
        assert (code, made["batches"], made["until"]) == (0, 1, int(LATE))
        return "checkpoint.json"

    def test_needs_no_chain(self, medtrust, certificates, checkpoint, monkeypatch):
        _, online = medtrust("vaccine", "verify", certificates[0])
        monkeypatch.setenv("MEDTRUST_CHAIN", "http://127.0.0.1:9")
        assert medtrust("vaccine", "verify", certificates[0], "--offline", checkpoint) == (0, online)
        code, verdict = medtrust("certificate", "verify", certificates[0], "--offline", checkpoint)
        assert (code, verdict["verdict"], verdict["claims"]) == (0, "ACTIVE", online["shown"])

    def test_ends_by_itself(self, medtrust, certificates, checkpoint):
        asked = ("--offline", checkpoint, "--at", "2100-01-01T00:00:00Z")
        for command in ("vaccine", "certificate"):
            code, verdict = medtrust(command, "verify", certificates[0], *asked)
            assert (code, verdict["reason"]) == (1, "CheckpointExpired")

    def test_trusts_the_named_authority(self, medtrust, certificates, checkpoint, world):
        other = world.account("attacker").address
        code, verdict = medtrust("vaccine", "verify", certificates[0], "--offline", checkpoint, "--authority", other)
        assert (code, verdict["status"], verdict["reason"]) == (1, "UNKNOWN", "CheckpointNotSigned")

    def test_is_written_by_the_authority(self, medtrust, certificates):
        code, refused = medtrust("vaccine", "checkpoint", "--to", "own.json", "--until", LATE, "--as", "attacker")
        assert (code, refused["reason"]) == (1, "NotAuthority")


class TestPublic:
    """
    given certificates of a lot                    -> listed with their holders
    given doses                                    -> counted, what is small is null
    given a second release that differs by a few   -> 1, DifferencingAttack, and the file is not written
    """

    def test_lists_whom_a_recall_reaches(self, medtrust, certificates):
        code, found = medtrust("vaccine", "affected", "0x" + ZERO_HASH.hex(), "certificates")
        assert (code, found["status"], len(found["certificates"])) == (0, "UNKNOWN", 2)

    def test_counts(self, medtrust, certificates, tmp_path):
        code, made = medtrust("vaccine", "counts", "certificates", "--ledger", "ledger.json", "--to", "counts.json")
        assert (code, made["tables"][0]["period"]) == (0, "2026-10")
        assert made["tables"][0]["counts"] == {CLINIC: [None, None], "total": [None, None]}
        assert json.loads((tmp_path / "counts.json").read_text()) == made

    def test_refuses_a_difference(self, medtrust, tmp_path):
        rows = ["date,region,product", *["2026-10-05,north,a"] * 40, *["2026-10-05,south,a"] * 50]
        for more, expected in ((0, 0), (3, 1)):
            (tmp_path / "doses.csv").write_text("\n".join([*rows, *rows[1:2] * more]) + "\n")
            code, made = medtrust("vaccine", "counts", "doses.csv", "--ledger", "ledger.json", "--to", f"{more}.json")
            assert code == expected
        assert made["reason"] == "DifferencingAttack"
        assert not (tmp_path / "3.json").exists()
