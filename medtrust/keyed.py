"""Keyed hashes over several parts, which cannot run into one another."""

from __future__ import annotations

import hmac

__all__ = ["KEY_SIZE", "joined", "keyed_hash", "require_key"]

KEY_SIZE = 32


def keyed_hash(key: bytes, *parts: str | bytes) -> bytes:
    """Return HMAC-SHA-256 over `parts`, each behind its length in bytes (4 bytes, big-endian); strings are UTF-8.

    The lengths make the encoding unambiguous: ("ab", "c") and ("a", "bc") give different hashes.
    """
    return hmac.digest(key, joined(*parts), "sha256")


def joined(*parts: str | bytes) -> bytes:
    """Return what `keyed_hash` hashes: `parts`, each behind its length. What two calls return may be put together."""
    raw = [part.encode() if isinstance(part, str) else part for part in parts]
    return b"".join([piece for part in raw for piece in (len(part).to_bytes(4, "big"), part)])


def require_key(key: bytes) -> bytes:
    """Return `key` if it is 32 bytes; raises `ValueError` otherwise, because a short key can be searched."""
    if len(key) != KEY_SIZE:
        raise ValueError(f"a key is {KEY_SIZE} bytes, found {len(key)}")
    return key
