"""Outbox: very many transactions of one account, signed ahead and handed over many at a time."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from coincurve import PrivateKey
from eth_account.signers.local import LocalAccount

from medtrust.chain import Chain
from medtrust.errors import ChainError, NotMined
from medtrust.keccak import keccak256
from medtrust.transactions import FeeTransaction

__all__ = ["Call", "Outbox", "Sent"]

_TOGETHER: Final = 250
_ROOM: Final = 10
"""How many times as high the base fee may rise while the transactions wait."""

_MINED_WITHIN: Final = 120.0
_KNOWN: Final = ("already known", "already imported", "nonce too low")
"""What nodes say to a transaction that they have, or that stands in a block."""


@dataclass(frozen=True, slots=True)
class Call:
    """One transaction to be: the contract, the data, and the most gas that it may take."""

    to: str
    data: bytes
    gas: int


@dataclass(frozen=True, slots=True)
class Sent:
    """One transaction that stands in a block: its hash, the block, the gas that it took, and whether it succeeded."""

    transaction_hash: str
    block: int
    gas_used: int
    is_done: bool


class Outbox:
    """The transactions of one account on one chain; nobody else may send for the account meanwhile."""

    def __init__(self, chain: Chain, signer: LocalAccount) -> None:
        self._chain, self._address = chain, signer.address
        self._key = PrivateKey(bytes(signer.key))

    def sign(self, calls: Iterable[Call]) -> list[bytes]:
        """Sign a transaction for each call, with nonces in a row from the account's next one on.

        Kept before they are sent, they can be sent again after a crash: the same bytes never take effect twice. Raises
        `ChainError` on a chain without a base fee.
        """
        nonce = _number(self._chain.request("eth_getTransactionCount", self._address, "pending"))
        base = self._chain.request("eth_getBlockByNumber", "latest", False).get("baseFeePerGas")
        if base is None:
            raise ChainError("the chain has no base fee: send transactions one by one")
        tip = _number(self._chain.request("eth_maxPriorityFeePerGas"))
        max_fee = _ROOM * _number(base) + tip
        return [
            FeeTransaction(
                self._chain.id, nonce + at, tip, max_fee, call.gas, bytes.fromhex(call.to[2:]), call.data
            ).sign(self._key)
            for at, call in enumerate(calls)
        ]

    def send(self, signed: Sequence[bytes]) -> Iterator[Sent]:
        """Hand over signed transactions and yield what became of each, in their order; call it as often as it takes.

        One that failed in its block is not `is_done`, and stops no other. Raises `ChainError` if the node refuses one,
        after which those behind it wait for it, and `NotMined` if one enters no block in time.
        """
        for first in range(0, len(signed), _TOGETHER):
            raws = signed[first : first + _TOGETHER]
            answers = self._chain.request_all([("eth_sendRawTransaction", ["0x" + raw.hex()]) for raw in raws])
            for at, answer in enumerate(answers, first):
                said = str((answer.get("error") or {}).get("message") or "")
                if said and not any(known in said.lower() for known in _KNOWN):
                    raise ChainError(f"transaction {at} of {len(signed)} was refused: {said}")
            yield from self._outcomes(["0x" + keccak256(raw).hex() for raw in raws])

    def _outcomes(self, hashes: Sequence[str]) -> Iterator[Sent]:
        found: dict[str, Sent] = {}
        deadline = time.monotonic() + _MINED_WITHIN
        while missing := [one for one in hashes if one not in found]:
            for answer in self._chain.request_all([("eth_getTransactionReceipt", [one]) for one in missing]):
                if receipt := answer.get("result"):
                    sent = _sent(receipt)
                    found[sent.transaction_hash] = sent
            if len(found) < len(hashes):
                if time.monotonic() > deadline:
                    raise NotMined(missing[0], _MINED_WITHIN)
                time.sleep(0.05)
        return (found[one] for one in hashes)


def _sent(receipt: Mapping[str, Any]) -> Sent:
    return Sent(
        transaction_hash=receipt["transactionHash"],
        block=_number(receipt["blockNumber"]),
        gas_used=_number(receipt["gasUsed"]),
        is_done=_number(receipt["status"]) == 1,
    )


def _number(value: int | str) -> int:
    """Read a number that a node wrote in hexadecimal, or that was read already."""
    return int(value, 16) if isinstance(value, str) else value
