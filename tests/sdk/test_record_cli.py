"""Commands about records: a hospital stores and serves, another finds, reads, asks and acknowledges."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from subprocess import PIPE, STDOUT

import pytest
import requests

from medtrust import cli
from medtrust.blobs import FolderBlobs
from medtrust.consent_receipt import write_receipt
from medtrust.custodian import Custodian
from medtrust.deploy import AddressBook
from medtrust.encryption_key import encryption_key
from medtrust.record_service import RecordService
from medtrust.vault import Vault
from tests.hospitals import CONTENT, HBA1C, revoke, serving, sign_consent, sign_line
from tests.world import ORGANISATIONS, ROOT

HOSPITAL = ORGANISATIONS["hospital"].identifier
LOGGED = {"at", "act", "organisation", "actor", "record", "outcome", "session"}


@pytest.fixture
def home(world, tmp_path, monkeypatch):
    """A folder with the address book of the world, and a state folder."""
    monkeypatch.setenv("MEDTRUST_DEPLOYMENTS", str(tmp_path))
    monkeypatch.setenv("MEDTRUST_HOME", str(tmp_path / "home"))
    for name in ("MEDTRUST_KEY", "MEDTRUST_VAULT", "MEDTRUST_STORE"):
        monkeypatch.delenv(name, raising=False)
    book = AddressBook(world.chain.id, tmp_path)
    for name in world.suite.book.names():
        book.finish(name, world.suite.book.get(name))
    return tmp_path


@pytest.fixture
def medtrust(world, home, monkeypatch, capsys):
    """Run a command about records and return its exit code and what it says."""

    def go(*words):
        target = ["--chain", world.chain.target, "--json"]
        monkeypatch.setattr(sys, "argv", ["medtrust", "record", *map(str, words), *target])
        try:
            cli.main()
            code = 0
        except SystemExit as end:
            code = end.code or 0
        return code, json.loads(capsys.readouterr().out)

    return go


@pytest.fixture
def bundle(home):
    file = home / "bundle.json"
    file.write_bytes(CONTENT)
    return file


@pytest.fixture
def stored(medtrust, world, bundle):
    """What `record store` says about a laboratory result."""
    code, told = medtrust(
        *("store", bundle, "--by", HOSPITAL, "--patient", world.patient.address, "--class", "laboratory"),
        *("--kind", HBA1C, "--as", "hospital"),
    )
    assert (code, told["version"]) == (0, 1)
    return told["record"]


class TestCustodian:
    """
    given a file
      when stored, opened, stored again, anchored        -> versions 1 and 2, and the same bytes
      when only sealed                                   -> on the chain after `anchor`
      when the key epoch is ended                        -> one more; `--only-if-lost` changes nothing without a reason
    given a key                                          -> made once, published once, of either suite
    given no file, no patient or no such record          -> exit 2, 2, 1
    """

    def test_stores_and_opens(self, medtrust, home, bundle, stored):
        opened = home / "opened.json"
        assert medtrust("open", stored, "--by", "hospital", "--to", opened)[1]["bytes"] == len(CONTENT)
        assert opened.read_bytes() == CONTENT
        assert opened.stat().st_mode & 0o777 == 0o600
        bundle.write_bytes(b"next")
        code, told = medtrust("store", bundle, "--by", HOSPITAL, "--record", stored, "--as", "hospital", "--no-anchor")
        assert (code, told["version"], told["recordedAt"]) == (0, 2, 0)
        code, told = medtrust("anchor", stored, "--by", HOSPITAL, "--as", "hospital")
        assert (code, told["version"]) == (0, 2)
        assert told["recordedAt"] > 0
        assert [one["status"] for one in medtrust("history", stored, "--by", "hospital")[1]] == [
            "SUPERSEDED",
            "CURRENT",
        ]

    def test_ends_the_key_epoch(self, medtrust, stored):
        code, told = medtrust("rotate", stored, "--by", HOSPITAL, "--only-if-lost", "--as", "hospital")
        assert (code, told["isRotated"], told["epoch"]) == (0, False, 0)
        code, told = medtrust("rotate", stored, "--by", HOSPITAL, "--as", "hospital")
        assert (code, told["isRotated"], told["epoch"]) == (0, True, 1)

    @pytest.mark.parametrize(("more", "suite"), [((), "X25519"), (("--post-quantum",), "MLKEM768_X25519")])
    def test_publishes_a_key_once(self, medtrust, world, more, suite):
        code, told = medtrust("key", "--by", "clinic", "--as", "clinic", *more)
        assert (code, told["publicKey"]["suite"]) == (0, suite)
        assert [event["event"] for event in told["events"]] == ["EncryptionKeyPublished"]
        assert world.suite.records.key_of(world.clinic).hex() == told["fingerprint"][2:]
        assert "events" not in medtrust("key", "--by", "clinic", "--as", "clinic")[1]

    def test_says_what_is_wrong(self, medtrust, bundle, home):
        assert medtrust("store", home / "none", "--by", HOSPITAL, "--as", "hospital")[0] == 2
        assert medtrust("store", bundle, "--by", HOSPITAL, "--as", "hospital")[0] == 2
        code, told = medtrust("open", "0x" + "11" * 32, "--by", HOSPITAL, "--to", home / "x")
        assert (code, told["reason"]) == (1, "NotHeld")


class TestReader:
    """
    given a service and a consent
      when the clinic searches                      -> the record and its age
      when it reads                                 -> the same bytes, and a use on the chain
      when it reads for another purpose             -> exit 1 with the reason, and no file
      when it reads in an emergency                 -> the same bytes, for the session that is open alone
      when it shows both a consent and a session    -> exit 2
      when its consent stands on another            -> found and read with that one; alone, and after it was revoked,
                                                       exit 1 with the reason
      when it shows that one without its own        -> exit 2
    """

    @pytest.fixture
    def url(self, world, home, stored):
        folder = home / "home" / "records" / world.hospital.hex()[:16]
        custodian = Custodian(
            world.acting_as("hospital"),
            world.hospital,
            Vault(folder / "vault"),
            FolderBlobs(folder / "blobs"),
            encryption_key(HOSPITAL),
        )
        with serving(RecordService(custodian, emergency=lambda session, *_: session == 7)) as url:
            yield url

    @pytest.fixture
    def who(self, medtrust, world, home, url):
        medtrust("key", "--by", "clinic", "--as", "clinic")
        write_receipt(home / "consent.json", sign_consent(world))
        return (
            *("--by", "clinic", "--of", "hospital", "--service", url),
            *("--consent", home / "consent.json", "--as", "clinic"),
        )

    def test_finds(self, medtrust, stored, who):
        code, told = medtrust("find", *who, "--class", "laboratory", "--kind", HBA1C)
        assert (code, [(one["record"], one["kind"]) for one in told]) == (0, [(stored, HBA1C)])

    def test_reads(self, medtrust, home, stored, who):
        code, told = medtrust("read", stored, *who, "--to", home / "read.json")
        assert (code, told["version"], told["bytes"]) == (0, 1, len(CONTENT))
        assert (home / "read.json").read_bytes() == CONTENT

    def test_is_refused(self, medtrust, home, stored, who):
        code, told = medtrust("read", stored, *who, "--purpose", "hmarkt", "--to", home / "read.json")
        assert (code, told["reason"]) == (1, "PURPOSE")
        assert not (home / "read.json").exists()

    def test_reads_in_an_emergency(self, medtrust, home, stored, who):
        without = [*who[:6], "--as", "clinic"]
        code, told = medtrust("read", stored, *without, "--session", "7", "--to", home / "read.json")
        assert (code, told["use"], (home / "read.json").read_bytes()) == (0, "", CONTENT)
        code, told = medtrust("read", stored, *without, "--session", "8", "--to", home / "other.json")
        assert (code, told["reason"]) == (1, "NoEmergency")
        code, told = medtrust("read", stored, *who, "--session", "7", "--to", home / "other.json")
        assert (code, told["place"]) == (2, "options")

    def test_reads_by_a_line(self, medtrust, world, home, stored, who):
        (first,), receipt = sign_line(world)
        write_receipt(home / "first.json", first)
        write_receipt(home / "consent.json", receipt)
        under, to = ("--under", home / "first.json"), ("--to", home / "read.json")
        code, told = medtrust("read", stored, *who, *to)
        assert (code, told["reason"]) == (1, "PARENT")
        assert medtrust("find", *who, "--class", "laboratory")[1]["reason"] == "PARENT"
        assert medtrust("find", *who, *under, "--class", "laboratory")[1][0]["record"] == stored
        code, told = medtrust("read", stored, *who, *under, *to)
        assert (code, told["bytes"], (home / "read.json").read_bytes()) == (0, len(CONTENT), CONTENT)
        assert world.suite.consent.record_of(world.patient.address, receipt.id).uses == 1
        revoke(world, first)
        code, told = medtrust("read", stored, *who, *under, "--to", home / "other.json")
        assert (code, told["reason"], "consent 1 of 2" in told["sentence"]) == (1, "REVOKED", True)
        without = [*who[:6], "--as", "clinic", "--session", "7"]
        code, told = medtrust("read", stored, *without, *under, "--to", home / "other.json")
        assert (code, told["place"], told["found"]) == (2, "options", "--under without --consent")
        assert not (home / "other.json").exists()


class TestServe:
    """
    given `medtrust serve records` in a process of its own
      when the clinic reads by a consent                   -> the same bytes
      when a doctor of the hospital reads in an emergency  -> the same bytes, for the session that is open alone
    given its log                                          -> the acts, how they ended, and the session; nothing else:
                                                              neither patient nor consent, signature, salt or key
    """

    def test_serves_the_clinic(self, medtrust, world, home, stored):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        words = ("serve", "records", "--by", HOSPITAL, "--as", "hospital", "--port", str(port), "--json")
        command = [sys.executable, "-m", "medtrust", *words, "--chain", world.chain.target]
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        medtrust("key", "--by", "clinic", "--as", "clinic")
        receipt = sign_consent(world)
        write_receipt(home / "consent.json", receipt)
        url = f"http://127.0.0.1:{port}"
        options = ("--by", "clinic", "--of", "hospital", "--service", url, "--consent", home / "consent.json")
        with subprocess.Popen(command, env=environment, stdout=PIPE, stderr=STDOUT, text=True) as process:
            try:
                _await(url, process)
                code, told = medtrust("read", stored, *options, "--as", "clinic", "--to", home / "read.json")
                opened = self._break_glass(medtrust, world, home, stored, url)
            finally:
                process.terminate()
            said, _ = process.communicate()
        assert (code, (home / "read.json").read_bytes()) == (0, CONTENT), told
        assert opened == [(0, ""), (1, "NoEmergency")]
        assert (home / "opened.json").read_bytes() == CONTENT
        greeting, *lines = map(json.loads, said.splitlines())
        assert greeting == {"organisation": HOSPITAL, "url": url}
        terms = receipt.consent.terms
        secrets = [bytes.fromhex(world.patient.address[2:]), receipt.id, receipt.signature, terms.salt]
        assert [one.hex() for one in secrets if one.hex() in said.lower()] == []
        assert {name for line in lines for name in line} <= LOGGED
        assert [(line["act"], line["outcome"], line.get("session")) for line in lines] == [
            ("ticket", "done", None),
            ("release", "done", None),
            ("break_glass", "done", 0),
            ("break_glass", "NoEmergency", 1),
        ]

    def _break_glass(self, medtrust, world, home, stored, url):
        """Open a session as the hospital, and read by it and by another: exit codes and reasons."""
        medtrust("key", "--by", HOSPITAL, "--as", "hospital")
        world.acting_as("hospital").emergency.open(world.patient.address, world.hospital, bytes(32))
        options = ("--by", HOSPITAL, "--of", "hospital", "--service", url, "--as", "hospital")
        found = []
        for session, file in ((0, "opened.json"), (1, "none.json")):
            code, told = medtrust("read", stored, *options, "--session", session, "--to", home / file)
            found.append((code, told.get("reason", "")))
        return found


def _await(url: str, process: subprocess.Popen[str]) -> None:
    """Wait until a service answers, as long as its process lives."""
    while process.poll() is None:
        try:
            requests.post(f"{url}/challenge", timeout=10)
        except requests.ConnectionError:
            time.sleep(0.02)
        else:
            return
    raise AssertionError(process.communicate()[0])


class TestLetters:
    """
    given a letter to the hospital
      when answered and acknowledged with the file that was handed over -> ACKNOWLEDGED
      when acknowledged with another file                               -> exit 1, and nothing is sent
      when answered again after a crash                                 -> the same hash, refused by the chain: exit 4
      when disputed                                                     -> DISPUTED
      when refused                                                      -> REFUSED
    given a letter that was not answered, or is none                    -> exit 2
    """

    @pytest.fixture
    def letter(self, medtrust, home):
        (home / "question.txt").write_text("the last laboratory results, please")
        (home / "answer.json").write_bytes(CONTENT)
        letter = home / "letter.json"
        code, told = medtrust(
            *("ask", home / "question.txt", letter, "--by", "clinic", "--of", "hospital", "--as", "clinic")
        )
        assert (code, [event["event"] for event in told["events"]]) == (0, ["RecordRequested"])
        return letter

    def test_is_answered_and_acknowledged(self, medtrust, home, letter):
        assert medtrust("stage", letter)[1]["stage"] == "OPEN"
        assert medtrust("respond", letter, home / "answer.json", "--as", "hospital")[0] == 0
        code, told = medtrust("acknowledge", letter, home / "question.txt", "--as", "clinic")
        assert (code, told["reason"]) == (1, "AnotherContent")
        assert medtrust("stage", letter)[1]["stage"] == "ANSWERED"
        assert medtrust("acknowledge", letter, home / "answer.json", "--as", "clinic")[0] == 0
        assert medtrust("stage", letter)[1]["stage"] == "ACKNOWLEDGED"

    def test_is_answered_once(self, medtrust, home, letter):
        medtrust("respond", letter, home / "answer.json", "--as", "hospital")
        before = letter.read_bytes()
        code, told = medtrust("respond", letter, home / "answer.json", "--as", "hospital")
        assert (code, told["error"], letter.read_bytes()) == (4, "WrongStage", before)

    def test_is_disputed(self, medtrust, home, letter):
        medtrust("respond", letter, home / "answer.json", "--as", "hospital")
        code, told = medtrust("dispute", letter, home / "question.txt", "--as", "clinic")
        assert (code, [event["event"] for event in told["events"]]) == (0, ["DeliveryDisputed"])

    def test_is_refused(self, medtrust, home, letter):
        code, told = medtrust("refuse", letter, home / "question.txt", "--as", "hospital")
        assert (code, [event["event"] for event in told["events"]]) == (0, ["RequestRefused"])

    def test_says_what_is_wrong(self, medtrust, home, letter):
        code, told = medtrust("acknowledge", letter, home / "answer.json", "--as", "clinic")
        assert (code, told["place"]) == (2, "letter.delivery")
        (home / "none.json").write_text('{"format": "record-letter/1"}')
        code, told = medtrust("stage", home / "none.json")
        assert (code, told["place"]) == (2, "letter.asked")
