"""Shares of a data key: any few of several holders open a record together, and fewer learn nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from Crypto.Protocol.SecretSharing import Shamir

from medtrust.envelope import Header, is_key_of
from medtrust.errors import CheckRefused, InputError
from medtrust.wrapping import PrivateKey, PublicKey, decrypt_as, encrypt_to

__all__ = [
    "MOST_HOLDERS",
    "KeyShare",
    "WrappedShare",
    "join_shares",
    "share_proof",
    "split_key",
    "unwrap_share",
    "wrap_share",
]

MOST_HOLDERS: Final = 16
"""How many holders a key may have."""

_LABEL: Final = b"medtrust/share/1"
_PROOF: Final = b"medtrust/share-proof/1"
_HALF: Final = 16


@dataclass(frozen=True, slots=True)
class KeyShare:
    """One share of a data key: its index from 1 on, how many are needed, and 32 secret bytes that its text hides."""

    index: int
    threshold: int
    raw: bytes

    def __repr__(self) -> str:
        return f"KeyShare(index={self.index}, threshold={self.threshold}, raw=…)"


@dataclass(frozen=True, slots=True)
class WrappedShare:
    """A share that one holder (32-byte id) can unwrap."""

    index: int
    threshold: int
    holder: bytes
    sealed: bytes


def split_key(header: Header, key: bytes, *, threshold: int, count: int) -> tuple[KeyShare, ...]:
    """Split the data key of an envelope into `count` shares, `threshold` of which give it back (Shamir's scheme).

    The scheme works on 16 bytes, so each half of the key is split by itself. Raises `InputError` for numbers outside
    2 ≤ threshold ≤ count ≤ `MOST_HOLDERS`, and `CheckRefused` with reason "WrongKey" for the key of another envelope.
    """
    if not 2 <= threshold <= count <= MOST_HOLDERS:
        expected = f"2 <= threshold <= count <= {MOST_HOLDERS}"
        raise InputError(place="shares", found=f"{threshold} of {count}", expected=expected)
    if not is_key_of(header, key):
        raise CheckRefused("WrongKey", "the data key is not that of this envelope")
    halves = [Shamir.split(threshold, count, key[start : start + _HALF], ssss=False) for start in (0, _HALF)]
    return tuple(
        KeyShare(int(index), threshold, bytes(first) + bytes(second))
        for (index, first), (_, second) in zip(*halves, strict=True)
    )


def join_shares(header: Header, shares: Sequence[KeyShare]) -> bytes:
    """Give back the data key of an envelope from shares of it.

    Shares carry no proof of their own: what they give is held against the commitment in the header. Raises
    `CheckRefused` with reason "TooFewShares", or "WrongShares" if one of them is another's or was changed.
    """
    by_index = {share.index: share for share in shares}
    needed = max((share.threshold for share in shares), default=2)
    if len(by_index) < needed:
        raise CheckRefused("TooFewShares", f"{len(by_index)} shares of different holders, {needed} are needed")
    chosen = [by_index[index] for index in sorted(by_index)[:needed]]
    halves = [
        bytes(Shamir.combine([(share.index, share.raw[start : start + _HALF]) for share in chosen], ssss=False))
        for start in (0, _HALF)
    ]
    key = b"".join(halves)
    if not is_key_of(header, key):
        raise CheckRefused("WrongShares", "the shares do not give the key of this envelope")
    return key


def share_proof(header: Header, share: KeyShare) -> bytes:
    """Hash a share for a list by which a false one is known; who lacks it learns nothing from its 256 unknown bits."""
    return sha256(_PROOF + bytes((share.index, share.threshold)) + share.raw + header.to_bytes()).digest()


def wrap_share(header: Header, share: KeyShare, holder: bytes, public: PublicKey) -> WrappedShare:
    """Wrap a share to its holder (32-byte id), for this envelope and this index alone."""
    sealed = encrypt_to(public, share.raw, _info(header, share.index, share.threshold, holder, public))
    return WrappedShare(share.index, share.threshold, holder, sealed)


def unwrap_share(header: Header, wrapped: WrappedShare, private: PrivateKey) -> KeyShare:
    """Unwrap a share as its holder.

    Raises `CheckRefused` with reason "WrongKey" if it was changed, or belongs to another holder, index or envelope.
    """
    info = _info(header, wrapped.index, wrapped.threshold, wrapped.holder, private.public)
    return KeyShare(wrapped.index, wrapped.threshold, decrypt_as(private, wrapped.sealed, info))


def _info(header: Header, index: int, threshold: int, holder: bytes, public: PublicKey) -> bytes:
    return _LABEL + bytes((index, threshold)) + holder + public.fingerprint + header.to_bytes()
