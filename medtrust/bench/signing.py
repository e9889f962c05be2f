"""Signing: how many EIP-712 statements a second are signed, and their signers recovered."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from medtrust.bench.figures import Figure, rate
from medtrust.signing import Domain, TypedData, public_address, recover, sign

__all__ = ["bench_signing"]

_KEY: Final = bytes(range(1, 33))
_STATEMENT: Final = TypedData(
    "Presentation", {"Presentation": {"holder": "address", "challenge": "bytes32", "expiry": "uint64"}}
)


def bench_signing(count: int = 5000) -> Iterator[Figure]:
    """Yield the two rates, hashes of the values included.

    Raises `AssertionError` if somebody else signed.
    """
    domain = Domain("Bench", "1", 31337, "0x" + "11" * 20)
    address = public_address(_KEY)
    values = [{"holder": address, "challenge": number.to_bytes(32, "big"), "expiry": number} for number in range(count)]
    signing, signatures = rate(
        "EIP-712 statements signed",
        "a second",
        count,
        lambda: [sign(_KEY, _STATEMENT.digest(domain, one)) for one in values],
        goal=">= 5,000",
    )
    recovering, signers = rate(
        "EIP-712 signers recovered",
        "a second",
        count,
        lambda: [
            recover(_STATEMENT.digest(domain, one), signature)
            for one, signature in zip(values, signatures, strict=True)
        ],
        goal=">= 5,000",
    )
    if set(signers) != {address}:
        raise AssertionError("somebody else signed")
    yield signing
    yield recovering
