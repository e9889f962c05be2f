"""Accounts: the named ones of a local chain, and keys from a keystore or from the environment."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path
from typing import Final, cast

from eth_account import Account
from eth_account.hdaccount import generate_mnemonic
from eth_account.signers.local import LocalAccount
from eth_account.types import Language

from medtrust.errors import InputError
from medtrust.files import read_json
from medtrust.keccak import keccak256
from medtrust.recursion import restore_recursion_limit

__all__ = ["ROLES", "account", "from_key", "new_seed", "pseudonym", "role"]

restore_recursion_limit()

ROLES: Final = (
    "steward",
    "authority",
    "hospital",
    "clinic",
    "maker",
    "wholesaler",
    "carrier",
    "pharmacy",
    "laboratory",
    "insurer",
    "regulator",
    "doctor",
    "relayer",
    "attacker",
    "stranger",
    "officer",
)
"""The accounts of a local chain that have names, in the order of the seed that everyone knows."""

_DEVELOPMENT_SEED: Final = "test test test test test test test test test test test junk"
_KEY_VARIABLE: Final = "MEDTRUST_KEY"
_PASSWORD_VARIABLE: Final = "MEDTRUST_PASSWORD"  # noqa: S105, the name of a variable
_HARDENED: Final = 2**31

Account.enable_unaudited_hdwallet_features()


@cache
def role(name: str) -> LocalAccount:
    """Return the account of a name in `ROLES`. Its key is public: for local chains alone.

    Raises `InputError` for another name.
    """
    if name not in ROLES:
        raise InputError(place="account", found=repr(name), expected=f"one of {', '.join(ROLES)}")
    return _derive(_DEVELOPMENT_SEED, f"m/44'/60'/0'/0/{ROLES.index(name)}")


def new_seed() -> str:
    """Make a new seed phrase of 24 words from the operating system's randomness."""
    return str(generate_mnemonic(24, Language.ENGLISH))


def pseudonym(seed: str, relationship: str) -> LocalAccount:
    """Derive the account by which one party knows a patient; no two parties see the same address.

    `relationship` is the identifier of the organisation, a URI. The path (BIP 32) takes 93 bits of its hash,
    hardened, so that one leaked account gives away no other.
    """
    digest = int.from_bytes(keccak256(relationship.encode()), "big")
    steps = "/".join(f"{digest >> (31 * i) & (_HARDENED - 1)}'" for i in range(3))
    return _derive(seed, f"m/44'/60'/{steps}")


def from_key(key: str) -> LocalAccount:
    """Return the account of a private key, 64 hexadecimal digits. Raises `InputError`, which never shows the key."""
    try:
        return cast("LocalAccount", Account.from_key(key))
    except Exception:
        raise InputError(place="private key", found="something else", expected="64 hexadecimal digits") from None


def account(name: str | None, *, is_local: bool) -> LocalAccount | None:
    """Find the account that a person means.

    `name` is a name in `ROLES` (on a local chain), the path of an Ethereum keystore file (its password in
    MEDTRUST_PASSWORD), or None for the private key in MEDTRUST_KEY. Returns None if nothing is named. Raises
    `InputError`.
    """
    if name is None:
        key = os.environ.get(_KEY_VARIABLE)
        return from_key(key) if key else None
    if name in ROLES:
        if not is_local:
            raise InputError(
                place="account", found=repr(name), expected="a keystore: named accounts are for local chains"
            )
        return role(name)
    if Path(name).is_file():
        return _open_keystore(Path(name))
    raise InputError(place="account", found=repr(name), expected=f"a keystore file or one of {', '.join(ROLES)}")


def _open_keystore(path: Path) -> LocalAccount:
    password = os.environ.get(_PASSWORD_VARIABLE)
    if password is None:
        raise InputError(
            place="password", found="none", expected=f"{_PASSWORD_VARIABLE} in the environment", file=str(path)
        )
    content = read_json(path)
    try:
        key = Account.decrypt(content, password)
    except ValueError:
        raise InputError(place="keystore", found="no match", expected="its password", file=str(path)) from None
    except (KeyError, TypeError, NotImplementedError):
        raise InputError(place="file", found="none", expected="an Ethereum keystore", file=str(path)) from None
    return from_key(key.hex())


def _derive(seed: str, path: str) -> LocalAccount:
    return cast("LocalAccount", Account.from_mnemonic(seed, account_path=path))
