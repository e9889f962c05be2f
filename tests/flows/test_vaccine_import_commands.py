"""Imports of doses as commands: exit codes, the key that is kept, and runs that are killed."""

from __future__ import annotations

import json
import random
import signal
from typing import Any

import pytest

from medtrust.errors import InputError
from medtrust.registry_key import registry_key
from tests.doses import CLINIC
from tests.flows.imports import KEY, anchored_roots, files_in, ndjson

pytestmark = pytest.mark.usefixtures("own_home")

KILLS = 20


class TestKey:
    """
    given no key                 -> one is made, for its owner alone; the next call finds it
    given one that others may read, or that is none -> InputError, which does not show it
    """

    def test_is_made_once(self, tmp_path):
        key = registry_key(CLINIC)
        (file,) = (tmp_path / "home" / "keys").iterdir()
        assert (len(key), registry_key(CLINIC), file.stat().st_mode & 0o777) == (32, key, 0o600)
        assert registry_key("urn:gs1:gln:0614141000005") != key

    @pytest.mark.parametrize(("mode", "text"), [(0o644, "ab" * 32), (0o600, "ab" * 31), (0o600, "no key")])
    def test_is_refused_if_it_is_none(self, tmp_path, mode, text):
        file = tmp_path / "bad.key"
        file.write_text(text)
        file.chmod(mode)
        with pytest.raises(InputError) as caught:
            registry_key(CLINIC, file)
        assert text not in str(caught.value)


class TestCommands:
    """
    given samples -> import, verify, export, show and revoke do what they say, with exit codes 0, 0, 0, 0, 0
    given a changed certificate   -> verify says which field, exit 1
    given a revoked one           -> verify says so, exit 1
    """

    def test_import_verify_and_revoke(self, world, command, sample, tmp_path):
        out = tmp_path / "certificates"
        done = command(
            "import", str(sample("vxu_v04.hl7")), "--as", "clinic", "--out", str(out), "--qr", "svg", "--json"
        )
        assert done.code == 0, done.stderr
        answer = json.loads(done.stdout)
        file = out / answer["issued"][0]["certificate"]
        assert file.with_suffix(".svg").read_bytes().startswith(b"<?xml")
        text = command("export", str(file), "--fields", "vc,d").stdout.strip()
        valid = command("verify", text, "--json")
        assert (valid.code, json.loads(valid.stdout)["shown"]) == (0, {"vc": "115", "d": "2026-10-05"})

        changed = tmp_path / "changed.json"
        changed.write_text(file.read_text().replace('"v":"115"', '"v":"140"'))
        refused = command("verify", str(changed), "--json")
        assert (refused.code, json.loads(refused.stdout)["reason"]) == (1, "FieldChanged")
        assert command("show", str(changed)).code == 1
        assert command("show", str(file)).code == 0

        assert command("revoke", str(file), "--as", "attacker").code == 4
        assert command("revoke", str(file), "--as", "clinic").code == 0
        revoked = command("verify", str(file))
        assert (revoked.code, "REVOKED" in revoked.stdout) == (1, True)

    def test_import_exits_1_if_something_is_refused(self, world, command, sample, tmp_path):
        bad = sample("vxu_v04.hl7", ("20261005", "20261399"))
        done = command("import", str(bad), "--as", "clinic", "--out", str(tmp_path / "out"))
        assert (done.code, "RXA[1]-3" in done.stdout, anchored_roots(world)) == (1, True, [])


class TestKilled:
    """
    given an import that is killed with -9 at any step, and run again
      -> the same roots, the same files byte for byte, each batch anchored once, nothing left half-written
    """

    def test_ends_the_same_when_killed_at_twenty_points(self, world, chain, command, tmp_path):
        if chain.id == 1337:
            pytest.skip("the times of blocks can be repeated on Anvil alone")
        source = ndjson(tmp_path, 12)
        key = tmp_path / "clinic.key"
        key.touch(mode=0o600)
        key.write_text(KEY.hex())

        def run(name: str, die_at: int = 0) -> Any:
            options = ["--as", "clinic", "--batch-size", "5", "--qr", "svg", "--key", str(key)]
            done = command(
                "import", str(source), *options, "--out", str(tmp_path / name), home=f"home-{name}", die_at=die_at
            )
            assert done.code in (0, -signal.SIGKILL), done.stderr
            return done

        chain.request("anvil_setBlockTimestampInterval", 1)
        try:
            snapshot = chain.request("evm_snapshot")
            steps = run("whole").steps
            expected, roots = files_in(tmp_path / "whole"), anchored_roots(world)
            assert (len(expected), len(roots)) == (12 + 12 + 1, 3)
            for number, step in enumerate(_points(steps)):
                chain.request("evm_revert", snapshot)
                snapshot = chain.request("evm_snapshot")
                assert run(f"killed-{number}", die_at=step).code == -signal.SIGKILL
                assert run(f"killed-{number}").code == 0
                assert files_in(tmp_path / f"killed-{number}") == expected, f"killed at step {step} of {steps}"
                assert anchored_roots(world) == roots, f"killed at step {step} of {steps}"
        finally:
            chain.request("anvil_removeBlockTimestampInterval")


def _points(steps: int) -> list[int]:
    """Choose 20 steps at random, among them those around the first transaction: signed, kept, sent."""
    chance = random.Random(20261123)
    around = range(5, 15)  # a plan, a signature, its hash and a transaction take two to four steps each
    others = [step for step in range(1, steps + 1) if step not in around]
    return sorted([*around, *chance.sample(others, KILLS - len(around))])
