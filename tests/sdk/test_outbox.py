"""The outbox: the same bytes as eth-account's, in order, once, and what became of each."""

from __future__ import annotations

import pytest
from coincurve import PrivateKey
from eth_account import Account
from hypothesis import given
from hypothesis import strategies as st

from medtrust.errors import ChainError
from medtrust.keccak import keccak256
from medtrust.outbox import Call, Outbox
from medtrust.transactions import FeeTransaction
from tests.world import World

KEY = bytes(range(1, 33))


class TestFeeTransaction:
    """
    given any transaction -> the bytes that eth-account signs
    """

    @given(
        st.integers(1, 2**53),
        st.integers(0, 2**32),
        st.integers(0, 2**64),
        st.integers(21_000, 30_000_000),
        st.binary(min_size=20, max_size=20),
        st.binary(max_size=300),
    )
    def test_is_that_of_eth_account(self, chain_id, nonce, fee, gas, to, data):
        ours = FeeTransaction(chain_id, nonce, fee // 3, fee, gas, to, data).sign(PrivateKey(KEY))
        fields = {
            "type": 2,
            "chainId": chain_id,
            "nonce": nonce,
            "gas": gas,
            "value": 0,
            "data": data,
            "accessList": [],
        }
        fees = {"maxPriorityFeePerGas": fee // 3, "maxFeePerGas": fee, "to": Account.from_key(KEY).address}
        signed = Account.sign_transaction({**fields, **fees, "to": to}, KEY)
        assert ours == bytes(signed.raw_transaction)


@pytest.fixture
def outbox(world: World, chain):
    if chain.id == 1337:
        pytest.skip("Ganache gives no base fee to this fork's transactions in batches")
    return Outbox(chain, world.account("clinic"))


def anchors(world: World, count: int, *, organisation: bytes | None = None) -> list[Call]:
    client = world.suite.vaccination
    roots = [keccak256(number.to_bytes(4, "big")) for number in range(count)]
    owner = world.clinic if organisation is None else organisation
    return [
        Call(client.address, client.interface.encode_call("anchor", [owner, root, 1, []]), 150_000) for root in roots
    ]


class TestOutbox:
    """
    given many calls                       -> each takes effect once, in their order
    when the same bytes are sent again     -> the same outcomes, no second effect
    given one that fails in its block      -> named; the others take effect
    given one that the node refuses        -> ChainError that names it
    """

    def test_sends_each_once(self, world, outbox):
        signed = outbox.sign(anchors(world, 30))
        sent = list(outbox.send(signed))
        assert all(one.is_done for one in sent)
        assert [one.transaction_hash for one in sent] == ["0x" + keccak256(raw).hex() for raw in signed]
        assert [one.block for one in sent] == sorted(one.block for one in sent)
        assert len(world.suite.vaccination.batches_of(world.clinic)) == 30

    def test_sends_again_without_a_second_effect(self, world, outbox):
        signed = outbox.sign(anchors(world, 6))
        first = list(outbox.send(signed))
        block = world.chain.block_number()
        assert list(outbox.send(signed)) == first
        assert world.chain.block_number() == block

    def test_names_what_failed(self, world, outbox):
        good = anchors(world, 3)
        calls = [good[0], *anchors(world, 1, organisation=world.hospital), *good[1:]]
        assert [one.is_done for one in outbox.send(outbox.sign(calls))] == [True, False, True, True]
        assert len(world.suite.vaccination.batches_of(world.clinic)) == 3

    def test_names_what_was_refused(self, world, outbox):
        calls = anchors(world, 2)
        signed = outbox.sign([calls[0], Call(calls[1].to, calls[1].data, 1_000)])
        with pytest.raises(ChainError, match="transaction 1 of 2 was refused"):
            list(outbox.send(signed))
        world.chain.wait("0x" + keccak256(signed[0]).hex())  # else its block comes after what is undone at the end
