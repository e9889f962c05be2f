"""Deployment: whole, resumed from any point, and refused where the book and the chain do not fit."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from dataclasses import replace

import pytest

from medtrust import artifacts, compiler, wallet
from medtrust.accreditation import Role
from medtrust.artifacts import Artifact
from medtrust.chain import Chain
from medtrust.deploy import PLAN, AddressBook, deploy
from medtrust.errors import InputError, NotDeployed
from medtrust.sandbox import ORGANISATIONS
from medtrust.suite import Suite
from tests.sdk.killing import kill_points, launcher
from tests.world import ROOT

NAMES = ["token", *(step.contract for step in PLAN)]
STEPS = ("nothing noted", "noted", "sent", "in a block")


class Crash(BaseException):
    """The process ends here."""


@pytest.fixture
def book(chain, tmp_path):
    return AddressBook(chain.id, tmp_path)


@pytest.fixture
def run(chain, tmp_path, steward, world):
    """Deploy with a book that is read from its file anew, as another process would."""

    def go(**changed):
        seen = []
        deploy(
            changed.pop("chain", chain),
            steward,
            changed.pop("book", None) or AddressBook(chain.id, tmp_path),
            token=changed.pop("token", world.built["Stablecoin"]),
            progress=lambda name, where, is_new: seen.append((name, where.address, is_new)),
            **changed,
        )
        return seen

    return go


def created(chain, since):
    """The contracts that transactions of their own created after a block."""
    blocks = (chain.request("eth_getBlockByNumber", hex(n), True) for n in range(since + 1, chain.block_number() + 1))
    return [one["hash"] for block in blocks for one in block["transactions"] if not one.get("to")]


def standing(book):
    """What an address book says, all but the hashes of transactions: a node may ask for another fee the second time."""
    whole = json.loads(book.read_text())
    for entry in whole["contracts"].values():
        entry.pop("transaction")
    return whole


class TestDeploy:
    """
    given an empty book        -> each contract stands once, in order, with its address, block and hashes in the book
    given a whole book         -> nothing is sent
    given another argument     -> what depends on it is deployed anew, the rest stands
    given the address of a token -> it is noted, not deployed; no address is refused
    given a steward            -> it is the steward of the registry
    given a book of a chain that began anew -> everything is deployed again
    """

    def test_deploys_everything_once(self, run, chain, book, steward, tmp_path):
        before = chain.block_number()
        seen = run()

        assert [(name, is_new) for name, _, is_new in seen] == [(name, True) for name in NAMES]
        written = json.loads((tmp_path / f"{chain.id}.json").read_text())
        assert list(written) == ["chainId", "contracts"]
        assert list(written["contracts"]) == NAMES
        assert len(created(chain, before)) == len(NAMES)
        for name, address, _ in seen:
            entry = written["contracts"][name]
            assert entry["address"] == address
            assert chain.receipt(entry["transaction"])[0].block == entry["block"]
            assert chain.code(address)
        assert written["contracts"]["VisitRegistry"]["abiHash"] == artifacts.load("VisitRegistry").abi_hash
        suite = Suite(chain, AddressBook(chain.id, tmp_path), steward)
        assert suite.accreditation._call("STEWARD") == steward.address

    def test_sends_nothing_when_everything_stands(self, run, chain):
        first = run()
        before = chain.block_number()
        assert run() == [(name, address, False) for name, address, _ in first]
        assert chain.block_number() == before

    def test_deploys_anew_what_another_steward_concerns(self, run, chain, stranger, tmp_path):
        first = {name: address for name, address, _ in run()}
        second = run(steward=stranger.address)
        changed = [name for name, _, is_new in second if is_new]
        assert changed == [step.contract for step in PLAN]
        assert {name: address for name, address, _ in second}["token"] == first["token"]
        assert not {address for _, address, is_new in second if is_new} & set(first.values())
        suite = Suite(chain, AddressBook(chain.id, tmp_path), None)
        assert suite.accreditation._call("STEWARD") == stranger.address

    def test_deploys_a_changed_contract_at_a_new_address(self, run, monkeypatch):
        first = {name: address for name, address, _ in run()}
        real, changed = artifacts.load, _with_one_function_more("VisitRegistry")
        monkeypatch.setattr(artifacts, "load", lambda name: changed if name == "VisitRegistry" else real(name))

        second = run()
        assert [name for name, _, is_new in second if is_new] == ["VisitRegistry", "InsuranceClaims"]
        assert [address for _, address, is_new in second if not is_new] == [
            first[name] for name in NAMES if name not in ("VisitRegistry", "InsuranceClaims")
        ]

    def test_keeps_a_contract_of_which_only_the_metadata_changed(self, run, monkeypatch):
        run()
        real = artifacts.load
        commented = replace(real("VisitRegistry"), bytecode=_with_other_metadata(real("VisitRegistry").bytecode))
        monkeypatch.setattr(artifacts, "load", lambda name: commented if name == "VisitRegistry" else real(name))
        assert [name for name, _, is_new in run() if is_new] == []

    def test_notes_the_token_that_it_is_given(self, run, world, tmp_path):
        token = world.address("token")
        assert "token" not in [name for name, _, _ in run(token=token)]
        assert AddressBook(world.chain.id, tmp_path).get("token").address == token

    @pytest.mark.parametrize("token", ["", "0x12", "stablecoin"])
    def test_refuses_a_token_that_is_no_address(self, run, chain, token):
        before = chain.block_number()
        with pytest.raises(InputError, match="token"):
            run(token=token)
        assert chain.block_number() == before

    def test_deploys_again_on_a_chain_that_began_anew(self, run, chain):
        snapshot = chain.request("evm_snapshot")
        first = run()
        chain.request("evm_revert", snapshot)
        assert [(name, is_new) for name, _, is_new in run()] == [(name, True) for name, _, _ in first]


class TestBook:
    """
    given no contract in the book                     -> NotDeployed, with the command that mends it
    given a contract in the book and none on the chain -> NotDeployed, before anything is sent
    given a book that is no JSON                      -> InputError with line and column
    given two chains                                  -> two books
    """

    def test_refuses_a_contract_that_is_not_in_the_book(self, chain, book):
        with pytest.raises(NotDeployed, match=f"names no VisitRegistry on chain {chain.id}: run `medtrust deploy`"):
            book.get("VisitRegistry")
        assert book.find("VisitRegistry") is None

    def test_refuses_a_book_of_another_chain(self, run, chain, session_node, tmp_path, steward):
        snapshot = chain.request("evm_snapshot")
        run()
        chain.request("evm_revert", snapshot)
        fresh = Chain.connect(session_node.url)
        with pytest.raises(NotDeployed, match="where nothing is: `medtrust deploy`"):
            Suite(fresh, AddressBook(chain.id, tmp_path), steward).accreditation  # noqa: B018

    def test_refuses_a_book_that_is_no_json(self, chain, tmp_path):
        (tmp_path / f"{chain.id}.json").write_text('{"contracts": {')
        with pytest.raises(InputError, match="line 1, column 16") as caught:
            AddressBook(chain.id, tmp_path)
        assert caught.value.file == str(tmp_path / f"{chain.id}.json")

    def test_keeps_chains_apart(self, run, chain, tmp_path):
        run()
        assert AddressBook(chain.id + 1, tmp_path).names() == []
        assert AddressBook(chain.id, tmp_path).names() == NAMES

    def test_forgets(self, run, chain, tmp_path):
        run()
        AddressBook(chain.id, tmp_path).forget()
        assert AddressBook(chain.id, tmp_path).names() == []


class CrashingChain:
    """A chain that a process reaches until it ends, at one step of one contract."""

    def __init__(self, chain, contract, step):
        self._chain = chain
        self._left = contract
        self._step = step

    def __getattr__(self, name):
        return getattr(self._chain, name)

    def prepare_deployment(self, signer, data):
        if self._left == 0 and self._step == "nothing noted":
            raise Crash
        return self._chain.prepare_deployment(signer, data)

    def broadcast(self, raw):
        if self._left == 0 and self._step == "noted":
            raise Crash
        if self._left == 0 and self._step == "sent":
            self._chain.request("evm_setAutomine", False)
        hash_ = self._chain.broadcast(raw)
        if self._left == 0:
            raise Crash
        self._left -= 1
        return hash_


class TakingChain:
    """A chain that takes the block with what waits right after the first question."""

    def __init__(self, chain):
        self._chain = chain
        self._asked = False

    def __getattr__(self, name):
        found = getattr(self._chain, name)
        if name not in ("code", "receipt", "knows"):
            return found

        def ask(*arguments, **more):
            answer = found(*arguments, **more)
            if not self._asked:
                self._asked = True
                self._chain.request("evm_setAutomine", True)
                self._chain.mine()
            return answer

        return ask


class TestResume:
    """
    given a process that ended at any step of any contract -> the next ends as an undisturbed one, nothing twice
    given a block that takes what waits while the next asks -> nothing twice either
    """

    def test_sends_nothing_twice_when_a_block_comes_in_between(self, run, chain):
        before = chain.block_number()
        with pytest.raises(Crash):
            run(chain=CrashingChain(chain, 0, "sent"))
        run(chain=TakingChain(chain))
        assert len(created(chain, before)) == len(NAMES)

    @pytest.mark.parametrize("step", STEPS)
    @pytest.mark.parametrize("contract", range(len(NAMES)), ids=NAMES)
    def test_ends_the_same(self, run, chain, tmp_path, contract, step):
        snapshot = chain.request("evm_snapshot")
        run()
        undisturbed = standing(tmp_path / f"{chain.id}.json")
        AddressBook(chain.id, tmp_path).forget()
        chain.request("evm_revert", snapshot)

        before = chain.block_number()
        with pytest.raises(Crash):
            run(chain=CrashingChain(chain, contract, step))
        chain.request("evm_setAutomine", True)  # and with it Anvil takes what waits
        run()
        assert standing(tmp_path / f"{chain.id}.json") == undisturbed
        assert len(created(chain, before)) == len(NAMES)


class TestKilled:
    """
    given `medtrust deploy` killed with -9 at 20 random points and run again until it is done
                                      -> the address book is that of an undisturbed run
                                      -> each contract was created once, each organisation accredited once
    """

    def test_ends_as_an_undisturbed_run(self, world, chain, tmp_path, request):
        if os.name != "posix" or not hasattr(os, "fork"):
            pytest.skip("no fork")
        count = 50 if request.config.getoption("--full") else 20
        book = tmp_path / f"{chain.id}.json"
        environment = {"MEDTRUST_DEPLOYMENTS": str(tmp_path), "MEDTRUST_HOME": str(tmp_path / "home")}
        command = ["deploy", "--chain", chain.target, "--json"]
        snapshot = chain.request("evm_snapshot")
        before = chain.block_number()
        with launcher(environment) as commands:
            assert commands.run(command) == 0
            undisturbed, blocks = standing(book), chain.block_number()
            finished = 1
            killed = 0
            for changes, delay in kill_points(10 * count, 8, seed=count):
                if finished:
                    book.unlink()
                    chain.request("evm_revert", snapshot)
                    snapshot = chain.request("evm_snapshot")
                code = commands.kill(command, watched=book, changes=changes, delay=delay)
                assert code in (0, -signal.SIGKILL)
                killed += code != 0
                finished = code == 0
                if finished:
                    _check(chain, before, blocks, book, undisturbed)
                if killed == count:
                    break
            assert killed == count
        done = subprocess.run(
            [sys.executable, "-m", "medtrust", *command],
            cwd=ROOT,
            env={**os.environ, **environment},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        _check(chain, before, blocks, book, undisturbed)
        registry = Suite(chain, AddressBook(chain.id, tmp_path), wallet.role("steward")).accreditation
        for member in ORGANISATIONS.values():
            roles = [role for role in Role if role & (member.roles | Role.PARTICIPANT)]
            assert [registry.accreditation_count_of(member.id, role) for role in roles] == [1] * len(roles)
            assert registry.signer_of(member.id, wallet.role(member.name).address) is not None


def _check(chain, before, blocks, book, undisturbed):
    assert standing(book) == undisturbed
    noted = [entry["transaction"] for entry in json.loads(book.read_text())["contracts"].values()]
    assert noted == created(chain, before)
    assert chain.block_number() == blocks


def _with_one_function_more(contract: str) -> Artifact:
    path = f"contracts/{contract}.sol"
    source = (ROOT / path).read_text(encoding="utf-8").rstrip().removesuffix("}")
    changed = source + "function version() external pure returns (uint256) { return 2; }\n}\n"
    return compiler.compile_sources({path: changed}, contracts=[contract], root=ROOT)[contract]


def _with_other_metadata(bytecode: str) -> str:
    code = bytearray.fromhex(bytecode[2:])
    code[-20] ^= 1
    return "0x" + code.hex()
