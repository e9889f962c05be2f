"""Holders: the key by which a person signs over a certificate, handed out by the clinic that knows the person."""

from __future__ import annotations

import os
import secrets
import time
from pathlib import Path
from typing import Final

from medtrust import wallet
from medtrust.certificate import Certificate
from medtrust.errors import CheckRefused, InputError
from medtrust.files import write_whole
from medtrust.paper import CODE_BYTES, PaperCertificate, write_code
from medtrust.presentation import Presentation
from medtrust.pseudonym import PatientIdentifier, pseudonym, pseudonym_key

__all__ = ["find_key", "hand_over", "make_paper", "present"]

_LOCAL_CHAINS: Final = (31337, 1337)


def hand_over(certificate: Certificate, patient: PatientIdentifier, registry_key: bytes, path: Path) -> str:
    """Write the private key of the holder of a certificate into a file for that person, and return the address.

    The clinic derives it from its registry key and the identifier by which it knows the person. Raises `CheckRefused`
    if that gives the key of somebody else.
    """
    address = pseudonym(registry_key, certificate.issuer, patient)
    if address != certificate.dose.holder:
        sentence = f"this identifier is {address}, the certificate is that of {certificate.dose.holder}"
        raise CheckRefused("OtherHolder", sentence)
    key = pseudonym_key(registry_key, certificate.issuer, patient)
    write_whole(path, key.hex().encode() + b"\n", mode=0o600)
    return address


def find_key(certificate: Certificate, account: str | None, file: Path | None) -> bytes:
    """Find the private key (32 bytes) that signs for a holder: in a key file, or that of an account.

    Raises `InputError`, which never shows the key, if there is none or others may read the file.
    """
    if file is not None:
        if os.name == "posix" and file.exists() and file.stat().st_mode & 0o077:
            raise InputError(file=str(file), place="permissions", found="others may read it", expected="mode 0600")
        try:
            return bytes(wallet.from_key(file.read_text(encoding="ascii").strip()).key)
        except (OSError, UnicodeDecodeError):
            raise InputError(file=str(file), place="file", found="none", expected="a key file") from None
    signer = wallet.account(account, is_local=certificate.chain_id in _LOCAL_CHAINS)
    if signer is None:
        raise InputError(
            place="signer", found="none", expected="the key of the holder: --holder-key, --as, MEDTRUST_KEY"
        )
    return bytes(signer.key)


def present(certificate: Certificate, key: bytes, *, verifier: str, challenge: str, seconds: int) -> Presentation:
    """Sign a certificate over for a verifier and its challenge, for so many seconds from now."""
    return Presentation(certificate, verifier, challenge, int(time.time()) + seconds).signed(key)


def make_paper(
    certificate: Certificate, key: bytes, *, count: int, expires_at: int
) -> tuple[PaperCertificate, tuple[str, ...]]:
    """Make a certificate for paper and its one-time codes (1 to 100), from the system's randomness.

    Raises `InputError` for another number.
    """
    random = [secrets.token_bytes(CODE_BYTES) for _ in range(count)]
    paper = PaperCertificate.make(certificate, random, expires_at=expires_at).signed(key)
    return paper, tuple(write_code(one) for one in random)
