"""A holder's vault: shares of keys that it keeps for other custodians, until an emergency."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from medtrust.blobs import Blob
from medtrust.custodian import Custodian
from medtrust.errors import CheckRefused
from medtrust.json_fields import JsonFields, hex_text
from medtrust.key_shares import WrappedShare
from medtrust.keyed import keyed_hash
from medtrust.sealed_files import read_sealed, write_sealed
from medtrust.sharing import Deposit, Sharing, sharing_from_json, sharing_to_json
from medtrust.vault import share_from_json, share_to_json

__all__ = ["KeptShare", "ShareVault"]

_FORMAT: Final = "kept-share/1"
_SEALING: Final = "medtrust/share-vault/1"


@dataclass(frozen=True)
class KeptShare:
    """A share of the key of another custodian's record, wrapped to its holder, and where the envelope is."""

    sharing: Sharing
    share: WrappedShare
    blob: Blob


class ShareVault:
    """A folder with one sealed file for each share; mode 0600."""

    def __init__(self, folder: Path, holder: Custodian) -> None:
        self.folder = folder
        self._holder = holder
        self._seal = keyed_hash(holder.key.raw, _SEALING)

    def keep(self, deposit: Deposit) -> KeptShare:
        """Keep a share that a custodian hands over; again, it changes nothing.

        Raises `CheckRefused` as `Deposit.require_kept_by` does.
        """
        deposit.require_kept_by(self._holder)
        kept = KeptShare(deposit.card.sharing, deposit.share, self._holder.blobs.put(deposit.blob))
        value = {
            "format": _FORMAT,
            "sharing": sharing_to_json(kept.sharing),
            "share": share_to_json(kept.share),
            "digest": kept.blob.digest,
            "reference": kept.blob.reference,
        }
        write_sealed(self._file(kept.sharing.id), value, self._seal)
        return kept

    def get(self, sharing: bytes) -> KeptShare:
        """Look a share up by the id of its sharing. Raises `CheckRefused` with reason "NotHeld" or "VaultAltered"."""
        file = self._file(sharing)
        if not file.is_file():
            raise CheckRefused("NotHeld", f"no share of {hex_text(sharing)} is kept here")
        whole = JsonFields(read_sealed(file, self._seal), "share")
        whole.require("format", _FORMAT)
        blob = Blob(whole.take("digest", str), whole.take("reference", str))
        return KeptShare(sharing_from_json(whole.inner("sharing")), share_from_json(whole.inner("share")), blob)

    def _file(self, sharing: bytes) -> Path:
        return self.folder / f"{sharing.hex()}.json"
