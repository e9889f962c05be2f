"""Command line: exit codes, JSON of one line, and what is said when something is wrong."""

from __future__ import annotations

import json
import subprocess
import sys
import time

import pytest

from medtrust import cli, wallet
from medtrust.chain import Chain
from medtrust.cli.common import organisation, run, time_of, when
from medtrust.deploy import AddressBook
from medtrust.errors import (
    ChainError,
    ChainUnreachable,
    CheckRefused,
    CompileError,
    InputError,
    MedtrustError,
    NodeFailed,
    NotDeployed,
    NotMined,
    Reverted,
    ToolMissing,
)
from medtrust.types import organisation_id
from tests.world import FAR, ROOT

CLINIC = "urn:gs1:gln:0614141000012"

ERRORS = [
    (CheckRefused("PurposeNotCovered", "No consent covers it."), 1),
    (InputError(place="line 3", found="x", expected="y", file="a.hl7"), 2),
    (ToolMissing("anvil", "run `make setup`"), 2),
    (CompileError("contracts/A.sol", 3, "no such thing"), 2),
    (NodeFailed("port 8545 is taken"), 2),
    (NotDeployed("no such contract"), 2),
    (ChainError("the node refuses"), 2),
    (NotMined("0x12", 120), 2),
    (ChainUnreachable("nobody answers"), 3),
    (Reverted("NotAuthority", {"caller": "0x12", "id": b"\x01"}, "It is no authority."), 4),
    (Reverted("", {}, "the contract refused without a reason"), 4),
]


@pytest.fixture
def home(world, tmp_path, monkeypatch):
    """A folder with the address book of the world."""
    monkeypatch.setenv("MEDTRUST_DEPLOYMENTS", str(tmp_path))
    monkeypatch.setenv("MEDTRUST_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("MEDTRUST_KEY", raising=False)
    book = AddressBook(world.chain.id, tmp_path)
    for name in world.suite.book.names():
        book.finish(name, world.suite.book.get(name))
    return tmp_path


@pytest.fixture
def medtrust(home, world, capsys, monkeypatch):
    """Run a command of the world's chain in this process: (exit code, output, errors)."""

    def go(*words):
        target = [] if "--chain" in words or words[0] in ("doctor", "compile") else ["--chain", world.chain.target]
        monkeypatch.setattr(sys, "argv", ["medtrust", *words, *target])
        try:
            cli.main()
            code = 0
        except SystemExit as end:
            code = end.code or 0
        output, errors = capsys.readouterr()
        return code, output, errors

    return go


class TestExitCodes:
    """
    given a command that does what it says -> 0
    given a check that says no             -> 1
    given misuse: unknown command, option, argument, account, organisation, time, no signer -> 2, nothing is sent
    given nobody at the address            -> 3
    given a contract that refuses          -> 4, with the error's name and sentence
    given any exception of ours            -> the code of its kind, and no traceback
    """

    def test_0_when_it_is_done(self, medtrust):
        code, output, errors = medtrust("accredit", "role", CLINIC, "insurer", "--as", "authority")
        assert (code, errors) == (0, "")
        assert output.startswith(f"accredited {CLINIC} as insurer until ")

    @pytest.mark.parametrize(
        "words",
        [
            ("nothing",),
            ("accredit", "nothing"),
            ("accredit", "role", CLINIC, "insurer", "--nothing"),
            ("accredit", "role", CLINIC),
            ("accredit", "register", CLINIC, "not-a-number", "0x12"),
            ("accredit", "role", "no uri", "insurer", "--as", "authority"),
            ("accredit", "role", "0x" + "zz" * 32, "insurer", "--as", "authority"),
            ("accredit", "role", CLINIC, "magician", "--as", "authority"),
            ("accredit", "role", CLINIC, "insurer", "--as", "nobody"),
            ("accredit", "role", CLINIC, "insurer"),
            ("accredit", "role", CLINIC, "insurer", "--until", "soon", "--as", "authority"),
            ("accredit", "role", CLINIC, "insurer", "--until", "9" * 30, "--as", "authority"),
            ("accredit", "signer", CLINIC, "0x12", "hospital", "--as", "clinic"),
        ],
    )
    def test_2_when_it_is_misused(self, medtrust, world, words):
        before = world.chain.block_number()
        code, output, errors = medtrust(*words)
        assert (code, output) == (2, "")
        assert errors
        assert "Traceback" not in errors
        assert world.chain.block_number() == before

    def test_3_when_nobody_answers(self, medtrust):
        code, output, errors = medtrust("accredit", "show", CLINIC, "--chain", "http://127.0.0.1:9")
        assert (code, output) == (3, "")
        assert errors.startswith("no chain: no chain at http://127.0.0.1:9")

    def test_4_when_a_contract_refuses(self, medtrust, attacker):
        code, output, errors = medtrust("accredit", "role", CLINIC, "regulator", "--as", "attacker")
        assert (code, output) == (4, "")
        assert errors.startswith(f"the contract refused: NotAuthority(jurisdiction=840, caller={attacker.address}): ")

    @pytest.mark.parametrize(("error", "expected"), ERRORS, ids=lambda value: type(value).__name__)
    def test_every_exception_has_its_code(self, error, expected, capsys, monkeypatch):
        monkeypatch.setattr(sys, "argv", ["medtrust"])
        assert _run_to_the_end(error) == expected
        output, errors = capsys.readouterr()
        assert output == ""
        assert str(error) in errors

    def test_every_exception_is_looked_at(self):
        kinds = {type(error) for error, _ in ERRORS}
        assert kinds == {one for one in _below(MedtrustError) if one.__module__ == "medtrust.errors"}

    def test_a_file_that_cannot_be_used_is_misuse(self, capsys, monkeypatch, tmp_path):
        monkeypatch.setattr(sys, "argv", ["medtrust"])
        assert _run_to_the_end(IsADirectoryError(21, "Is a directory", str(tmp_path))) == 2
        assert f"{tmp_path}: file: found Is a directory" in capsys.readouterr().err

    def test_a_reader_that_went_away_is_none(self, monkeypatch):
        monkeypatch.setattr(sys, "argv", ["medtrust"])
        assert _run_to_the_end(BrokenPipeError()) == 0


class TestJson:
    """
    given --json on any answer   -> one line of JSON, nothing else
    given --json and an error    -> one line of JSON with its name, message and values; the same exit code
    """

    def test_an_answer_is_one_line(self, medtrust, world):
        code, output, errors = medtrust("accredit", "show", CLINIC, "--json")
        assert (code, errors, output.count("\n")) == (0, "", 1)
        shown = json.loads(output)
        assert shown["organisation"] == "0x" + organisation_id(CLINIC).hex()
        assert shown["roles"] == {"participant": "ACTIVE", "vaccinator": "ACTIVE", "hospital": "ACTIVE"}
        assert [event["event"] for event in shown["history"]][:2] == ["OrganisationRegistered", "RoleAccredited"]

    def test_a_transaction_is_one_line(self, medtrust, world):
        code, output, _ = medtrust("accredit", "suspend", CLINIC, "hospital", "--as", "authority", "--json")
        assert (code, output.count("\n")) == (0, 1)
        receipt = json.loads(output)
        assert receipt["events"][0]["event"] == "RoleSuspended"
        assert receipt["block"] == world.chain.block_number()
        assert not world.suite.accreditation.is_accredited(world.clinic, 4)

    def test_a_refusal_of_a_contract_is_one_line(self, medtrust, attacker):
        code, output, errors = medtrust("accredit", "role", CLINIC, "regulator", "--as", "attacker", "--json")
        assert (code, errors, output.count("\n")) == (4, "", 1)
        shown = json.loads(output)
        assert shown["error"] == "NotAuthority"
        assert shown["values"] == {"jurisdiction": 840, "caller": attacker.address}
        assert shown["contract"] == "AccreditationRegistry"
        assert shown["sentence"].endswith(".")

    @pytest.mark.parametrize(("error", "expected"), ERRORS, ids=lambda value: type(value).__name__)
    def test_every_exception_is_one_line(self, error, expected, capsys, monkeypatch):
        monkeypatch.setattr(sys, "argv", ["medtrust", "--json"])
        assert _run_to_the_end(error) == expected
        output, errors = capsys.readouterr()
        assert (errors, output.count("\n")) == ("", 1)
        shown = json.loads(output)
        assert shown["error"] == (getattr(error, "error", "") or type(error).__name__)
        assert shown["message"] == str(error)


class TestValues:
    """
    given a time as Unix seconds, a date, a date-time, or from now -> Unix seconds
    given an organisation by name of the sandbox, id or identifier -> its id
    """

    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("1800000000", 1_800_000_000),
            ("2027-01-15", 1_799_971_200),
            ("2027-01-15T08:00:00", 1_800_000_000),
            ("2027-01-15T08:00:00Z", 1_800_000_000),
            ("2027-01-15T09:00:00+01:00", 1_800_000_000),
        ],
    )
    def test_reads_a_time(self, chain, text, expected):
        assert when(text, chain, default=0) == expected

    @pytest.mark.parametrize(("text", "seconds"), [("+1s", 1), ("+2h", 7200), ("+3d", 259_200), ("+1y", 31_557_600)])
    def test_reads_a_time_from_now(self, chain, text, seconds):
        assert when(text, chain, default=0) == chain.now() + seconds

    @pytest.mark.parametrize("text", ["", "+", "+d", "+3", "-1", "3d", "²", "tomorrow", "2027-13-01"])
    def test_refuses_what_is_no_time(self, chain, text):
        with pytest.raises(InputError, match="time: found"):
            when(text, chain, default=0)

    def test_takes_the_default(self, chain):
        assert when(None, chain, default=FAR) == FAR

    @pytest.mark.parametrize("name", ["clinic", CLINIC, "0x" + organisation_id(CLINIC).hex()])
    def test_reads_an_organisation(self, name):
        assert organisation(name) == organisation_id(CLINIC)

    @pytest.mark.parametrize(
        ("seconds", "text"),
        [(0, "never"), (1_800_000_000, "2027-01-15 08:00:00 UTC"), (2**64 - 1, "for ever")],
    )
    def test_writes_a_time(self, seconds, text):
        assert time_of(seconds) == text


class TestProcess:
    """
    given the command line as a program -> the same codes, streams and JSON
    given `medtrust up`                 -> everything stands and answers until it is ended
    """

    @pytest.mark.parametrize(
        ("words", "code"),
        [
            (("--help",), 0),
            (("nothing",), 2),
            (("accredit", "show", CLINIC, "--chain", "http://127.0.0.1:9", "--json"), 3),
            (("accredit", "show", CLINIC, "--json"), 0),
            (("accredit", "role", CLINIC, "regulator", "--as", "attacker", "--json"), 4),
        ],
    )
    def test_ends_with_its_code(self, home, world, words, code):
        target = ["--chain", world.chain.target] if words[0] == "accredit" and "--chain" not in words else []
        done = subprocess.run(
            [sys.executable, "-m", "medtrust", *words, *target], cwd=ROOT, capture_output=True, text=True, check=False
        )
        assert done.returncode == code, done.stderr
        assert "Traceback" not in done.stderr
        if "--json" in words:
            assert isinstance(json.loads(done.stdout), dict)

    def test_stays_up_until_it_is_ended(self, tmp_path, monkeypatch):
        monkeypatch.setenv("MEDTRUST_DEPLOYMENTS", str(tmp_path))
        monkeypatch.setenv("MEDTRUST_HOME", str(tmp_path))
        process = subprocess.Popen(
            [sys.executable, "-m", "medtrust", "up", "--port", "0", "--json"],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            text=True,
        )
        try:
            assert process.stdout is not None
            answer = json.loads(process.stdout.readline())
            chain = Chain.connect(answer["url"])
            assert (tmp_path / "local.json").exists()
            assert chain.has_contract(answer["contracts"]["AccreditationRegistry"])
            assert chain.balance(wallet.role("hospital").address) > 0
        finally:
            process.terminate()
            process.communicate(timeout=30)
        assert process.returncode == 0
        assert not (tmp_path / "local.json").exists()
        with pytest.raises(ChainUnreachable):
            _wait_until_gone(chain)


def _wait_until_gone(chain):
    for _ in range(200):
        chain.now()
        time.sleep(0.05)


def _run_to_the_end(error):
    def fail():
        raise error

    with pytest.raises(SystemExit) as end:
        run(fail)
    return end.value.code


def _below(kind):
    for one in kind.__subclasses__():
        yield one
        yield from _below(one)
