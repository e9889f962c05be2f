"""Card keys: the P-256 key with which a clinic signs health cards, and the key set that it publishes."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from medtrust.errors import InputError
from medtrust.files import state_folder, write_once
from medtrust.standards.jwk import published

__all__ = ["card_key", "key_set"]


def card_key(issuer: str, path: Path | None = None) -> ec.EllipticCurvePrivateKey:
    """Return the key of an issuer (URL), made at first use from the system's randomness.

    It is kept as PEM, readable by its owner alone, in `keys/` of the state folder unless `path` names another file.
    Whoever has it can issue cards in the clinic's name. Raises `InputError`, which never shows the key, if the file
    holds no key on P-256, others may read it, or the issuer is no such URL.
    """
    if not issuer.startswith("https://"):
        raise InputError(place="issuer", found=repr(issuer), expected="the https:// URL where its key set is published")
    file = path or state_folder() / "keys" / f"{_slug(issuer)}.pem"
    if not file.exists():
        made = ec.generate_private_key(ec.SECP256R1())
        write_once(file, made.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()), mode=0o600)
    if os.name == "posix" and file.stat().st_mode & 0o077:
        raise InputError(file=str(file), place="permissions", found="others may read it", expected="mode 0600")
    try:
        key = load_pem_private_key(file.read_bytes(), password=None)
    except (TypeError, ValueError):
        key = None
    if not isinstance(key, ec.EllipticCurvePrivateKey) or not isinstance(key.curve, ec.SECP256R1):
        raise InputError(file=str(file), place="key", found="something else", expected="a private key on P-256 in PEM")
    return key


def key_set(key: ec.EllipticCurvePrivateKey) -> dict[str, Any]:
    """Return the key set that the issuer publishes at `<issuer>/.well-known/jwks.json`: the public key alone."""
    return {"keys": [published(key.public_key())]}


def _slug(identifier: str) -> str:
    return re.sub(r"[^A-Za-z0-9]+", "-", identifier).strip("-").lower()
