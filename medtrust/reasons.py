"""Reasons: words that stay with who wrote them, and the salted hash of them that reaches the chain."""

from __future__ import annotations

import secrets

from medtrust.keccak import keccak256

__all__ = ["committed", "is_reason"]


def committed(words: str) -> tuple[bytes, bytes]:
    """Hash words with a new salt of 32 bytes; returns the salt, which proves them later, and the hash."""
    salt = secrets.token_bytes(32)
    return salt, keccak256(salt + words.encode())


def is_reason(words: str, salt: bytes, commitment: bytes) -> bool:
    """Whether these words, with their salt, are those that a hash stands for."""
    return keccak256(salt + words.encode()) == commitment
