"""Estimated in one second, a transaction ran out of gas in a block of the next, where it had to write a new slot."""

from __future__ import annotations

from tests.world import USA


class TestGasRoom:
    """
    given a transaction whose gas depends on the second of its block -> it has room for two new slots more than it uses
    """

    def test_leaves_room_for_two_new_slots(self, world, stranger):
        world.acting_as("authority").accreditation.offer_authority(USA, stranger.address)
        receipt = world.acting_as("stranger").accreditation.accept_authority(USA)

        sent = world.chain.web3.eth.get_transaction(receipt.transaction_hash)
        assert sent["gas"] - receipt.gas_used >= 2 * 22_100
