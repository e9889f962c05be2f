"""Sending: how many transactions a second one account signs, and a local chain takes from it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from medtrust import sandbox, wallet
from medtrust.bench.figures import Figure, rate
from medtrust.bench.imports import local_suite
from medtrust.keccak import keccak256
from medtrust.outbox import Call, Outbox

__all__ = ["bench_sending"]

_GAS = 150_000


def bench_sending(root: Path, scratch: Path, count: int) -> Iterator[Figure]:
    """Yield how many anchors a second are signed, and how many sent and found in their blocks.

    Raises `AssertionError` if one failed.
    """
    clinic = sandbox.ORGANISATIONS["clinic"]
    with local_suite(root, scratch) as (suite, _):
        client = suite.vaccination
        roots = [keccak256(number.to_bytes(8, "big")) for number in range(count)]
        calls = [
            Call(client.address, client.interface.encode_call("anchor", [clinic.id, one, 1, []]), _GAS) for one in roots
        ]
        outbox = Outbox(suite.chain, wallet.role("clinic"))
        signing, signed = rate("transactions signed ahead", "a second", count, lambda: outbox.sign(calls))
        what = "transactions sent in batches, each found in its block"
        sending, sent = rate(what, "a second", count, lambda: list(outbox.send(signed)), goal=">= 1,500")
        if not all(one.is_done for one in sent):
            raise AssertionError("an anchor failed")
        yield signing
        yield sending
