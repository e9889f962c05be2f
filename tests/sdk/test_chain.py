"""Chain: calls, transactions, events, and every revert as a named exception."""

from __future__ import annotations

import socket
import threading

import pytest

from medtrust import node, wallet
from medtrust.abi import Interface
from medtrust.chain import Chain, create_address
from medtrust.contract import Client
from medtrust.errors import ChainError, ChainUnreachable, InputError, NotDeployed, NotMined, Reverted
from medtrust.types import ZERO_HASH
from tests.sdk.refuser import refuser
from tests.world import GENESIS, ROOT

LOT = b"\x01" * 32


class RefuserClient(Client):
    artifact = "Refuser"

    @property
    def interface(self):
        return Interface(refuser())


@pytest.fixture
def refusing(world, stranger):
    """A client of a contract that refuses in every way."""
    artifact = refuser()
    world.chain.learn(artifact)
    address = world.chain.send(stranger, None, Interface(artifact).encode_deployment([])).contract_address
    return RefuserClient(world.chain, address, stranger)


class TestReverts:
    """
    given a custom error, in a call or a transaction -> its name, all values, its sentence; nothing is spent
    given one of a contract further down             -> named all the same
    given a text, an assertion, a range, a division, an index -> Error and Panic with what they mean
    given no reason, or data that nobody knows       -> no name, and a sentence that says so
    given a transaction that fails in its block      -> the reason all the same, and gas was spent
    given one that burns all its gas                 -> a sentence that says so
    """

    @pytest.mark.parametrize("way", ["_call", "_send"])
    def test_names_a_custom_error(self, refusing, patient, stranger, way):
        before = refusing.chain.balance(stranger.address)
        with pytest.raises(Reverted) as caught:
            getattr(refusing, way)("named", patient.address)
        error = caught.value
        assert (error.error, error.sentence, error.contract) == ("TooLate", "The dose is too late.", "Refuser")
        assert error.values == {"dose": {"lot": ZERO_HASH[:-1] + b"\x01", "at": 42}, "patient": patient.address}
        assert refusing.chain.balance(stranger.address) == before

    def test_names_the_error_of_a_contract_further_down(self, refusing, patient):
        with pytest.raises(Reverted) as caught:
            refusing._send("nested", refusing.address, patient.address)
        assert caught.value.error == "TooLate"
        assert caught.value.values["patient"] == patient.address

    @pytest.mark.parametrize(
        ("function", "arguments", "error", "values", "sentence"),
        [
            ("unexplained", [], "Unexplained", {"id": ZERO_HASH[:-1] + b"\x02"}, "Unexplained"),
            ("text", [], "Error", {"reason": "in words"}, "in words"),
            ("assertion", [], "Panic", {"code": 0x01}, "an assertion failed"),
            ("overflow", [], "Panic", {"code": 0x11}, "a number ran over or under its range"),
            ("division", [], "Panic", {"code": 0x12}, "a division by zero"),
            ("index", [[1]], "Panic", {"code": 0x32}, "an index is outside the array"),
        ],
    )
    def test_names_what_solidity_refuses(self, refusing, function, arguments, error, values, sentence):
        with pytest.raises(Reverted) as caught:
            refusing._call(function, *arguments)
        assert (caught.value.error, caught.value.values, caught.value.sentence) == (error, values, sentence)

    def test_says_that_there_is_no_reason(self, refusing):
        with pytest.raises(Reverted) as caught:
            refusing._call("silent")
        assert (caught.value.error, caught.value.values, caught.value.data) == ("", {}, b"")
        assert "revert" in caught.value.sentence

    def test_shows_data_that_nobody_knows(self, refusing):
        with pytest.raises(Reverted) as caught:
            refusing._call("raw")
        assert (caught.value.error, caught.value.data) == ("", bytes.fromhex("deadbeef01"))
        assert "0xdeadbeef01" in caught.value.sentence

    def test_finds_the_reason_of_a_failure_in_a_block(self, refusing, stranger):
        before = refusing.chain.balance(stranger.address)
        until = refusing.chain.now()
        with pytest.raises(Reverted) as caught:
            refusing._send("late", until, gas=100_000)
        assert (caught.value.error, caught.value.values) == ("Unexplained", {"id": until.to_bytes(32, "big")})
        assert refusing.chain.balance(stranger.address) < before

    def test_finds_the_reason_that_only_its_block_shows(self, refusing):
        now = refusing.chain.now()
        refusing.chain.request("evm_setNextBlockTimestamp", now + 100)
        with pytest.raises(Reverted) as caught:
            refusing._send("late", now + 50, gas=100_000)
        assert (caught.value.error, caught.value.values) == ("Unexplained", {"id": (now + 50).to_bytes(32, "big")})

    def test_says_that_gas_ran_out(self, refusing):
        with pytest.raises(Reverted) as caught:
            refusing._send("burn", gas=100_000)
        assert caught.value.error == ""
        assert "gas" in caught.value.sentence.lower()


class TestTransactions:
    """
    given a transaction              -> its block, time, gas, events with all values; the events of the name asked for
    given two events of one name     -> event() refuses to choose
    given nobody who signs           -> InputError, nothing is sent
    given a sender without ETH       -> ChainError
    given several in a row           -> nonces follow each other
    given a deployment               -> it stands where the nonce said
    """

    def test_tells_what_a_transaction_did(self, refusing, patient):
        receipt = refusing._send("refuse", patient.address, "a note", [(LOT, 5)])
        event = receipt.event("Refused")
        assert event.values["patient"] == patient.address
        assert event.values["count"] == 7
        assert event.values["doses"] == [{"lot": LOT, "at": 5}]
        assert (event.contract, event.block) == (refusing.address, receipt.block)
        assert event.transaction_hash == receipt.transaction_hash
        assert receipt.at == refusing.chain.time_of(receipt.block) == refusing.chain.now()
        assert receipt.block == refusing.chain.block_number()
        assert receipt.gas_used > 21_000

    @pytest.mark.parametrize(("name", "count"), [("Kept", 2), ("Nothing", 0)])
    def test_refuses_to_choose_an_event(self, refusing, patient, name, count):
        receipt = refusing._send("refuse", patient.address, "", [])
        with pytest.raises(ChainError, match=f"holds {count} events {name}, expected 1"):
            receipt.event(name)

    def test_refuses_without_a_signer(self, refusing):
        before = refusing.chain.block_number()
        with pytest.raises(InputError, match="an account that signs"):
            refusing.acting_as(None)._send("nothing")
        assert refusing.chain.block_number() == before

    def test_refuses_a_sender_without_ether(self, refusing, patient):
        with pytest.raises(ChainError) as caught:
            refusing.acting_as(patient)._send("nothing")
        assert not isinstance(caught.value, (Reverted, ChainUnreachable))

    def test_sends_one_after_the_other(self, refusing):
        blocks = [refusing._send("nothing").block for _ in range(3)]
        assert blocks == list(range(blocks[0], blocks[0] + 3))

    def test_knows_where_a_deployment_will_stand(self, world, stranger):
        transaction = world.chain.prepare_deployment(stranger, Interface(refuser()).encode_deployment([]))
        expected = create_address(stranger.address, int(transaction["nonce"]))
        raw = world.chain.sign(stranger, transaction)
        assert not world.chain.has_contract(expected)
        assert world.chain.wait(world.chain.broadcast(raw)).contract_address == expected
        assert world.chain.has_contract(expected)


class TestEvents:
    """
    given events of several blocks -> in their order, narrowed by block and by indexed values
    """

    def test_narrows_and_orders(self, refusing, patient, doctor):
        blocks = [refusing._send("refuse", who.address, "", []).block for who in (patient, doctor, patient)]
        assert [event.block for event in refusing._events("Refused")] == blocks
        assert [event.block for event in refusing._events("Refused", from_block=blocks[1])] == blocks[1:]
        mine = refusing._events("Refused", indexed={"patient": patient.address})
        assert [event.block for event in mine] == [blocks[0], blocks[2]]
        assert [event.values["count"] for event in refusing._events("Kept", indexed={"count": 2})] == [2, 2, 2]


class TestCalls:
    """
    given a view        -> its value, as of now or of an earlier block
    given no contract   -> NotDeployed, not a wrong value
    """

    def test_asks_as_of_a_block(self, refusing):
        block = refusing.chain.block_number()
        refusing._send("nothing")
        assert refusing._call("one") == 8
        assert refusing._call("one", block=block) == 7

    def test_refuses_where_nothing_stands(self, world, stranger, patient):
        with pytest.raises(NotDeployed, match="no Refuser: `one` answers 0 bytes"):
            RefuserClient(world.chain, patient.address, stranger)._call("one")


class TestConnection:
    """
    given nobody at the address, a file, a web server, a chain that went away -> ChainUnreachable, with the address
    given a node that answers with an error                                   -> ChainError
    """

    def test_refuses_a_port_where_nobody_listens(self):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            url = f"http://127.0.0.1:{probe.getsockname()[1]}"
        with pytest.raises(ChainUnreachable, match=url):
            Chain.connect(url, timeout=2)

    def test_refuses_a_path_where_nothing_is(self, tmp_path):
        with pytest.raises(ChainUnreachable, match="medtrust up"):
            Chain.connect(str(tmp_path / "anvil.ipc"))

    def test_refuses_a_file_that_is_no_socket(self, tmp_path):
        file = tmp_path / "anvil.ipc"
        file.write_text("not a socket")
        with pytest.raises(ChainUnreachable, match=str(file)):
            Chain.connect(str(file), timeout=2)

    def test_refuses_a_server_that_is_no_chain(self):
        with socket.create_server(("127.0.0.1", 0)) as server:
            threading.Thread(target=_answer_with_a_page, args=(server,), daemon=True).start()
            with pytest.raises(ChainUnreachable):
                Chain.connect(f"http://127.0.0.1:{server.getsockname()[1]}", timeout=2)

    def test_says_that_the_chain_went_away(self):
        with node.start("anvil", ROOT, timestamp=GENESIS) as running:
            chain = Chain.connect(running.url, timeout=2)
        with pytest.raises(ChainUnreachable, match=running.url):
            chain.now()

    def test_passes_on_what_the_node_refuses(self, world):
        with pytest.raises(ChainError, match=r"EthRpcCall|method"):
            world.chain.request("no_such_method")


class TestWaiting:
    """
    given a chain that takes no blocks -> NotMined with the hash; the transaction may still come, and then it is found
    given a hash that nobody knows     -> no receipt, and the node does not know it
    """

    def test_gives_up_and_finds_it_later(self, monkeypatch):
        monkeypatch.setattr("medtrust.chain._MINED_WITHIN", 0.05)
        with node.start("anvil", ROOT, timestamp=GENESIS) as running:
            chain = Chain.connect(running.url)
            chain.request("evm_setAutomine", False)
            signer = wallet.role("stranger")
            with pytest.raises(NotMined) as caught:
                chain.send(signer, signer.address, b"")
            hash_ = caught.value.transaction_hash
            assert chain.knows(hash_)
            assert chain.receipt(hash_) is None
            chain.mine()
            assert chain.wait(hash_).transaction_hash == hash_

    def test_does_not_know_what_nobody_sent(self, world):
        assert not world.chain.knows("0x" + "12" * 32)
        assert world.chain.receipt("0x" + "12" * 32) is None


class TestClock:
    """given a local chain -> time passes as it is told, to the second"""

    def test_moves_the_clock(self, chain):
        now = chain.now()
        chain.mine(seconds=100)
        assert chain.now() >= now + 100
        chain.travel(now + 1000)
        assert chain.now() == now + 1000


def _answer_with_a_page(server: socket.socket) -> None:
    body = b"<html>not a chain</html>"
    while True:
        try:
            connection, _ = server.accept()
        except OSError:
            return
        with connection:
            connection.recv(65536)
            head = f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
            connection.sendall(head.encode() + body)
