"""What the commands about records have in common: options, and the custodian that they open."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from medtrust.blobs import open_store
from medtrust.cli.common import organisation
from medtrust.custodian import Custodian
from medtrust.encryption_key import encryption_key
from medtrust.files import state_folder
from medtrust.sandbox import ORGANISATIONS
from medtrust.share_vault import ShareVault
from medtrust.suite import Suite
from medtrust.vault import Vault

__all__ = [
    "ByOption",
    "KeyOption",
    "RecordArgument",
    "StoreOption",
    "VaultOption",
    "identifier_of",
    "open_custodian",
    "shares_of",
]

ByOption = Annotated[str, typer.Option("--by", help="The organisation: its identifier, or its name in the sandbox.")]
RecordArgument = Annotated[str, typer.Argument(help="The record, as 0x and 64 digits.")]
VaultOption = Annotated[
    Path | None,
    typer.Option("--vault", envvar="MEDTRUST_VAULT", help="Where the custodian keeps what it knows of its records."),
]
StoreOption = Annotated[
    str | None,
    typer.Option(
        "--store",
        envvar="MEDTRUST_STORE",
        help="Where envelopes go: a folder, s3://bucket/prefix or ipfs+http://host:port.",
    ),
]
KeyOption = Annotated[
    Path | None, typer.Option("--key", help="The file of the encryption key; in the state folder unless given.")
]


def open_custodian(
    suite: Suite, by: str, vault: Path | None, store_: str | None, key_: Path | None = None
) -> Custodian:
    """Open the vault, the store and the key of a custodian; in the state folder unless they are named."""
    identifier = identifier_of(by)
    home = state_folder() / "records" / organisation(by).hex()[:16]
    blobs = open_store(store_ or str(home / "blobs"))
    return Custodian(suite, organisation(by), Vault(vault or home / "vault"), blobs, encryption_key(identifier, key_))


def shares_of(holder: Custodian) -> ShareVault:
    """Open what an organisation keeps for others: a folder in its vault."""
    return ShareVault(holder.vault.folder / "shares", holder)


def identifier_of(by: str) -> str:
    """The identifier of an organisation, under which its key is kept."""
    return ORGANISATIONS[by].identifier if by in ORGANISATIONS else by
