"""The story of the demo: every step of it is a transaction, a verdict or a refusal, on either chain."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from medtrust import node, sandbox
from medtrust.deploy import AddressBook
from medtrust.peers import peers_of
from medtrust.story import BEGINS_AT, Stage, tell
from tests.world import ROOT


@pytest.fixture(scope="module")
def told(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp("demo")
    with node.start(request.config.getoption("--chain"), ROOT, timestamp=BEGINS_AT) as running:
        stage = Stage(sandbox.deploy_suite(running, AddressBook(running.chain_id, folder / "deployments")), folder)
        return stage, list(tell(stage))


class TestStory:
    """
    every transaction    -> has its hash and its gas
    every refusal        -> names what refused
    every verdict        -> names its status
    the refusals         -> are those that the story is about, in their order
    the dose in both     -> is recognised as one
    the table            -> has what the story did, and knows its alternatives
    """

    def test_every_transaction_has_hash_and_gas(self, told):
        transactions = [beat for beat in told[1] if beat.kind == "transaction"]
        assert len(transactions) > 15
        assert all(beat.transaction.startswith("0x") and beat.gas > 21_000 for beat in transactions)

    def test_every_refusal_and_verdict_names_its_reason(self, told):
        judged = [beat for beat in told[1] if beat.kind in ("refusal", "verdict")]
        assert all(beat.reason for beat in judged)

    def test_refuses_what_the_story_is_about(self, told):
        refused = [beat.reason for beat in told[1] if beat.kind == "refusal"]
        assert refused == [
            "NotAuthority",
            "NotInCustody",
            "FieldChanged",
            "UNKNOWN",
            "ACTOR",
            "PURPOSE",
            "DATA_CLASS",
            "REVOKED",
            "AlreadyDispensed",
            "EncounterRecorded",
            "LotRecalled",
        ]

    def test_recognises_the_dose_that_stands_in_both_files(self, told):
        same = [beat.text for beat in told[1] if beat.reason == "SAME DOSE"]
        assert any("immunization.json" in text and "vxu_v04.hl7" in text for text in same)

    def test_ends_with_a_certificate_that_tells_the_recall(self, told):
        assert told[1][-1].reason == "ACTIVE, RECALLED_LOT"

    def test_fills_the_table(self, told):
        gas = told[0].gas
        assert {"consent grantBySig", "drug dispense", "vaccination anchor, 1 lot"} <= set(gas)
        assert all(peers_of(name) for name in ("consent grantBySig", "drug dispense", "vaccination anchor, 1 lot"))


class TestCommand:
    """
    medtrust demo --json -> one JSON object with every step, exit 0, and no chain is left running
    """

    def test_prints_json_and_leaves_no_chain(self, request, tmp_path):
        command = [sys.executable, "-m", "medtrust", "demo", "--json", "--kind", request.config.getoption("--chain")]
        done = subprocess.run(
            command, cwd=ROOT, capture_output=True, text=True, check=False, env={**os.environ, "TMPDIR": str(tmp_path)}
        )
        assert done.returncode == 0, done.stderr
        answer = json.loads(done.stdout)
        assert answer["gas"]
        assert answer["beats"][0]["text"] == "Who may act as what"
        assert not list(tmp_path.iterdir())
