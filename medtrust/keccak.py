"""The one Keccak-256 that every module hashes with: native where a wheel exists, portable elsewhere."""

from __future__ import annotations

from collections.abc import Callable

__all__ = ["keccak256"]

# The digest of no bytes, from the Keccak team's submission; NIST's later SHA3-256 pads differently and gives another.
_OF_NOTHING = bytes.fromhex("c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470")


def _portable(data: bytes, /) -> bytes:
    """Hash with pycryptodome, which comes with eth-account: ten times slower, on every platform."""
    from Crypto.Hash import keccak

    return keccak.new(digest_bits=256, data=data).digest()


def _fastest() -> Callable[[bytes], bytes]:
    """Return the native function if it can be imported and hashes as Ethereum does, else the portable one."""
    try:
        from tiny_keccak import keccak256 as native
    except ImportError:
        return _portable
    return native if native(b"") == _OF_NOTHING else _portable


keccak256: Callable[[bytes], bytes] = _fastest()
