"""What a transaction leaves on a chain for everyone to see: its words, in calldata, events, addresses and storage."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from medtrust.chain import Chain

__all__ = ["blobs_of", "calldata_of", "fragments", "logs_of", "storage_of", "words"]

_FRAGMENT = 8


def calldata_of(chain: Chain, transaction: str) -> bytes:
    """The calldata of a transaction."""
    return bytes.fromhex(chain.request("eth_getTransactionByHash", transaction)["input"][2:])


def logs_of(chain: Chain, transaction: str) -> Iterator[bytes]:
    """Who emitted, the topics and the data of each event."""
    for log in chain.request("eth_getTransactionReceipt", transaction)["logs"]:
        yield _bytes(log["address"])
        yield from map(_bytes, log["topics"])
        yield _bytes(log["data"])


def storage_of(chain: Chain, transaction: str) -> Iterator[bytes]:
    """Key and new value of each slot that a transaction changed."""
    options = {"tracer": "prestateTracer", "tracerConfig": {"diffMode": True}}
    changed = chain.request("debug_traceTransaction", transaction, options)
    for account in changed["post"].values():
        for key, value in account.get("storage", {}).items():
            yield _bytes(key)
            yield _bytes(value)


def blobs_of(chain: Chain, transaction: str) -> Iterator[bytes]:
    """Everything of one transaction: calldata without the selector, sender, receiver, events, storage."""
    sent = chain.request("eth_getTransactionByHash", transaction)
    yield _bytes(sent["input"])[4:]
    yield _bytes(sent["from"])
    yield _bytes(sent["to"])
    yield from logs_of(chain, transaction)
    yield from storage_of(chain, transaction)


def words(blobs: Iterable[bytes]) -> set[bytes]:
    """The words of 32 bytes in what was collected; what is shorter stands to the right, as the EVM puts it."""
    return {blob[place : place + 32].rjust(32, b"\x00") for blob in blobs for place in range(0, max(len(blob), 1), 32)}


def fragments(found: Iterable[bytes]) -> set[bytes]:
    """Every 8 bytes within a word that are no number with zeros before it, so that what was packed is found too."""
    windows = {word[place : place + _FRAGMENT] for word in found for place in range(32 - _FRAGMENT + 1)}
    return {window for window in windows if window.count(0) <= 1}


def _bytes(text: str) -> bytes:
    return bytes.fromhex(text[2:])
