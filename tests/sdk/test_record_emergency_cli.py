"""Commands about records in emergencies: share, keep, serve, open in one act; unknown persons, merged and un-merged."""

from __future__ import annotations

import json

import pytest
from fastapi import FastAPI

from medtrust.cli.record_options import open_custodian, shares_of
from medtrust.keccak import keccak256
from medtrust.record_server import application
from medtrust.record_service import RecordService, emergency_rule
from tests.emergencies import staff
from tests.hospitals import CONTENT, serving_application
from tests.world import ORGANISATIONS


@pytest.fixture
def medtrust(as_json, monkeypatch):
    """Run a command and return its exit code and what it says."""
    for name in ("MEDTRUST_VAULT", "MEDTRUST_STORE"):
        monkeypatch.delenv(name, raising=False)
    return as_json


@pytest.fixture
def url(world, medtrust):
    """What `medtrust serve records` answers with for two holders, who have published their keys, on one port."""
    app = FastAPI()
    for name in ("laboratory", "pharmacy"):
        medtrust("record", "key", "--by", name, "--as", name)
        holder = open_custodian(world.acting_as(name), name, None, None)
        service = RecordService(holder, emergency=emergency_rule(world.suite), shares=shares_of(holder))
        app.mount(f"/{name}", application(service))
    with serving_application(app) as url:
        yield url


@pytest.fixture
def stored(medtrust, world, home):
    """A record of the tourist at the clinic."""
    (home / "bundle.json").write_bytes(CONTENT)
    words = ("--patient", world.patient.address, "--class", "laboratory", "--as", "clinic")
    code, told = medtrust("record", "store", home / "bundle.json", "--by", "clinic", *words)
    assert code == 0
    return told["record"]


@pytest.fixture
def card(medtrust, world, home, stored, url):
    """The card of the tourist; two holders keep their shares."""
    holders = [word for name in ("laboratory", "pharmacy") for word in ("--holder", f"{name}={url}/{name}")]
    words = ("--by", "clinic", "--as", "clinic", "--to", home / "shares")
    code, told = medtrust("record", "share", stored, *words, *holders)
    assert code == 0
    for name, file in zip(("laboratory", "pharmacy"), told["deposits"], strict=True):
        code, kept = medtrust("record", "keep", file, "--by", name)
        assert (code, kept["sharing"]) == (0, told["sharing"])
    return told["card"]


class TestEmergency:
    """
    given a card, and holders who keep their shares
      when the doctor opens the record with one command -> the same bytes, a session, and the reason kept for its review
      when she does so again                            -> by the same session
      when a clerk does                                 -> exit 4, and no file
    given a suspended or a silent holder                -> exit 1, and what each said
    given a share for another holder                    -> exit 1; given no share or card -> exit 2
    given no service, or one of another organisation    -> exit 2, 1
    """

    @pytest.fixture
    def doctor(self, medtrust, world, home, card):
        staff(world)
        medtrust("record", "key", "--by", "hospital", "--as", "hospital")
        words = ("record", "emergency", card, "--by", "hospital", "--why", "unconscious, no papers")
        return lambda by="doctor": medtrust(*words, "--to", home / "read.json", "--as", by)

    def test_opens_in_one_command(self, world, home, doctor):
        code, told = doctor()
        assert (code, told["session"], told["status"], told["refusals"]) == (0, 0, "CURRENT", {})
        assert (home / "read.json").read_bytes() == CONTENT
        assert (home / "read.json").stat().st_mode & 0o777 == 0o600
        (opened,) = world.suite.emergency.history(world.patient.address)
        reason = opened.values["reason"]
        kept = json.loads((home / "home" / "emergencies" / f"{reason.hex()}.json").read_text())
        assert keccak256(bytes.fromhex(kept["salt"][2:]) + kept["why"].encode()) == reason
        assert doctor()[1]["session"] == 0
        assert len(world.suite.emergency.history(world.patient.address)) == 1

    def test_is_refused_to_a_clerk(self, home, doctor):
        code, told = doctor("stranger")
        assert (code, told["error"]) == (4, "NotAuthorised")
        assert not (home / "read.json").exists()

    def test_says_what_each_holder_said(self, home, doctor, card, world):
        shares = shares_of(open_custodian(world.acting_as("pharmacy"), "pharmacy", None, None))
        (file,) = shares.folder.glob("*.json")
        file.unlink()
        code, told = doctor()
        assert (code, told["reason"]) == (1, "TooFewShares")
        assert "NotHeld" in told["sentence"]
        assert not (home / "read.json").exists()

    def test_says_what_is_wrong(self, medtrust, home, stored, card, url):
        (deposit,) = [
            one for one in (home / "shares").glob("share-*") if ORGANISATIONS["pharmacy"].id.hex()[:16] in one.name
        ]
        assert medtrust("record", "keep", deposit, "--by", "laboratory")[1]["reason"] == "AnotherHolder"
        assert medtrust("record", "keep", deposit, "--by", "maker")[1]["reason"] == "NotAHolder"
        code, told = medtrust("record", "keep", card, "--by", "laboratory")
        assert (code, told["file"]) == (2, card)
        share = ("record", "share", stored, "--by", "clinic", "--as", "clinic", "--to", home / "x")
        assert medtrust(*share, "--holder", "laboratory")[0] == 2
        code, told = medtrust(*share, "--holder", f"laboratory={url}/pharmacy")
        assert (code, told["reason"]) == (1, "EncryptionKey")
        assert not (home / "x").exists()


class TestIdentity:
    """
    given a case of somebody whom nobody knows
      when received, again                 -> the same pseudonym
      when a record is stored under it     -> like anyone's
      when merged, shown, un-merged, shown -> each step with its reason, nobody to tell
      when un-merged without a merge, or another address is merged -> exit 1
    """

    def test_tells_who_a_person_was_taken_for(self, medtrust, world, home):
        by = ("--by", "hospital", "--as", "hospital")
        code, told = medtrust("record", "unknown", "ED-2026-117", *by)
        pseudonym = told["pseudonym"]
        assert (code, medtrust("record", "unknown", "ED-2026-117", *by)[1]["pseudonym"]) == (0, pseudonym)
        (home / "bundle.json").write_bytes(CONTENT)
        assert (
            medtrust("record", "store", home / "bundle.json", "--patient", pseudonym, "--class", "visit", *by)[0] == 0
        )
        assert medtrust("record", "unmerge", pseudonym, "--why", "?", *by)[1]["reason"] == "NotMerged"
        code, told = medtrust("record", "merge", pseudonym, "stranger", "--why", "her brother knew her", *by)
        assert (code, told["patient"]) == (0, world.account("stranger").address)
        code, told = medtrust("record", "unmerge", pseudonym, "--why", "it was another woman", *by)
        assert (code, told["patient"], told["readers"]) == (0, pseudonym, [])
        code, told = medtrust("record", "identity", pseudonym, "--by", "hospital")
        assert (code, [one["act"] for one in told["steps"]]) == (0, ["made", "merged", "unmerged"])
        assert told["steps"][2]["why"] == "it was another woman"

    def test_refuses_an_address_that_was_not_made_here(self, medtrust):
        other = "0x" + "11" * 20
        by = ("--by", "hospital", "--as", "hospital")
        assert medtrust("record", "merge", other, "stranger", "--why", "?", *by)[1]["reason"] == "NotUnidentified"
        assert medtrust("record", "identity", other, "--by", "hospital")[0] == 1
