"""Transactions of EIP-1559, signed: the same bytes as eth-account's, many times as fast, for who signs very many."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from coincurve import PrivateKey

from medtrust.keccak import keccak256

__all__ = ["FeeTransaction"]

_TYPE: Final = b"\x02"
_SHORT: Final = 55

Item = bytes | int | list["Item"]


@dataclass(frozen=True, slots=True)
class FeeTransaction:
    """A call that pays at most `max_fee` for a unit of gas, `tip` of it to who makes the block (wei).

    `to` and `data` as bytes; no value is sent along.
    """

    chain_id: int
    nonce: int
    tip: int
    max_fee: int
    gas: int
    to: bytes
    data: bytes

    def sign(self, key: PrivateKey) -> bytes:
        """Return the signed transaction; the keccak256 of it is its hash."""
        fields: list[Item] = [self.chain_id, self.nonce, self.tip, self.max_fee, self.gas, self.to, 0, self.data, []]
        digest = keccak256(_TYPE + _rlp(fields))
        raw = key.sign_recoverable(digest, hasher=None)
        signature: list[Item] = [raw[64], int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:64], "big")]
        return _TYPE + _rlp([*fields, *signature])


def _rlp(item: Item) -> bytes:
    """Encode in the recursive length prefix of Ethereum's yellow paper."""
    if isinstance(item, list):
        return _prefixed(b"".join(map(_rlp, item)), 0xC0)
    raw = item.to_bytes((item.bit_length() + 7) // 8, "big") if isinstance(item, int) else item
    if len(raw) == 1 and raw[0] < 0x80:
        return raw
    return _prefixed(raw, 0x80)


def _prefixed(raw: bytes, first: int) -> bytes:
    if len(raw) <= _SHORT:
        return bytes((first + len(raw),)) + raw
    length = len(raw).to_bytes((len(raw).bit_length() + 7) // 8, "big")
    return bytes((first + _SHORT + len(length),)) + length + raw
