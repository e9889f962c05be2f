"""Checkpoint files: written from the chain as the authority, and opened where there is no chain."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from medtrust.accreditation import Role
from medtrust.certificate import batch_id
from medtrust.chain import Event
from medtrust.checkpoint import IN_ERROR, LARGEST, Checkpoint, KeptBatch, dispute_key, pages_of
from medtrust.drugs import LotStatus
from medtrust.errors import CheckRefused, InputError
from medtrust.files import read_json, state_folder, write_json
from medtrust.judgement import Batch
from medtrust.keccak import keccak256
from medtrust.suite import Suite
from medtrust.types import checksum_address
from medtrust.verdict import Advisory

__all__ = ["authority_for", "make_checkpoint", "open_checkpoint", "remember_authority"]

_ADVISORIES: Final = {
    LotStatus.RECALLED: Advisory.RECALLED_LOT,
    LotStatus.QUARANTINED: Advisory.QUARANTINED_LOT,
    LotStatus.UNKNOWN: Advisory.UNTRACED_LOT,
}


def make_checkpoint(suite: Suite, jurisdiction: int, *, expires_at: int) -> Checkpoint:
    """Read what the registry answers at the newest block and sign it as the authority of a jurisdiction.

    `expires_at` is the first second in which it no longer counts (Unix seconds). The same registry at the same block
    gives the same content. Raises `CheckRefused` if the signer is not the authority, `InputError` if it would expire
    before the time of the block or nobody signs.
    """
    block = suite.chain.block_number()
    at = suite.chain.time_of(block)
    if expires_at <= at:
        raise InputError(place="expiry", found=str(expires_at), expected=f"a time after that of the block, {at}")
    authority = suite.accreditation.authority_of(jurisdiction)
    if suite.signer is None or suite.signer_address != authority:
        sentence = f"the authority of jurisdiction {jurisdiction} is {authority}: it alone signs checkpoints"
        raise CheckRefused("NotAuthority", sentence)
    return _Reader(suite, block).read(jurisdiction, at, expires_at).signed(bytes(suite.signer.key))


class _Reader:
    """Reads the chain as it stood at one block."""

    def __init__(self, suite: Suite, block: int) -> None:
        self.suite = suite
        self.block = block

    def read(self, jurisdiction: int, at: int, expires_at: int) -> Checkpoint:
        anchored = self._until(self.suite.vaccination.history("BatchAnchored"))
        return Checkpoint(
            chain_id=self.suite.chain.id,
            address=self.suite.vaccination.address,
            jurisdiction=jurisdiction,
            block=self.block,
            at=at,
            expires_at=expires_at,
            issuers=self._issuers(anchored, at),
            batches=self._batches(anchored),
            successors=self._successors(),
            lots=self._lots(),
            disputes=self._disputes(),
            controllers=self._controllers(),
        )

    def _until(self, events: Iterable[Event]) -> list[Event]:
        return [event for event in events if event.block <= self.block]

    def _told(self, name: str) -> list[Event]:
        return self._until(self.suite.vaccination.history(name))

    def _issuers(self, anchored: list[Event], at: int) -> dict[bytes, str]:
        organisations = dict.fromkeys(event.values["organisation"] for event in anchored)
        standing_of = self.suite.accreditation.standing_of
        return {one: standing_of(one, Role.VACCINATOR, at=at, block=self.block).name for one in organisations}

    def _batches(self, anchored: list[Event]) -> dict[bytes, KeptBatch]:
        ended: dict[bytes, list[int]] = defaultdict(list)
        for name in ("DoseRevoked", "DoseErrorEntered", "DoseAmended"):
            for event in self._told(name):
                ended[event.values["batch"]].append(event.values["index"])
        kept = {}
        for event in anchored:
            organisation, root, signer = (event.values[part] for part in ("organisation", "root", "signer"))
            batch = Batch(event.values["anchoredAt"], event.values["size"], signer)
            is_trusted = self.suite.accreditation.is_authorised(
                organisation, signer, Role.VACCINATOR, at=batch.anchored_at, block=self.block
            )
            key = batch_id(organisation, root)
            kept[key] = KeptBatch(batch, is_trusted, pages_of(ended[key]))
        return kept

    def _successors(self) -> dict[bytes, bytes]:
        found = {}
        for event in self._told("DoseErrorEntered"):
            found[_dose(event.values["batch"], event.values["index"])] = IN_ERROR
        for event in self._told("DoseAmended"):
            correction = _dose(event.values["correctionBatch"], event.values["correctionIndex"])
            found[_dose(event.values["batch"], event.values["index"])] = correction
        return found

    def _lots(self) -> dict[bytes, Advisory]:
        lots = [event.values["lot"] for event in self._until(self.suite.drugs.commissioned())]
        status_of = self.suite.drugs.lot_status
        return {lot: _ADVISORIES.get(status_of(lot, block=self.block), Advisory(0)) for lot in lots}

    def _disputes(self) -> frozenset[bytes]:
        return frozenset(
            dispute_key(event.values["holder"], event.values["dose"]) for event in self._told("DoseDisputed")
        )

    def _controllers(self) -> dict[str, str]:
        changes = self._until(self.suite.patients.changes_of_control())
        found = {event.values["patient"]: event.values["controller"] for event in changes}
        return {holder: controller for holder, controller in found.items() if holder != controller}


def _dose(batch: bytes, index: int) -> bytes:
    return keccak256(batch + index.to_bytes(32, "big"))


def open_checkpoint(path: Path) -> Checkpoint:
    """Read a checkpoint file; whether it counts `Checkpoint.flaw` says. Raises `InputError`."""
    try:
        with path.open("rb") as file:
            return Checkpoint.parse(file.read(LARGEST + 1))
    except OSError as error:
        raise InputError(file=str(path), place="file", found=error.strerror or "", expected="a checkpoint") from None
    except InputError as error:
        raise error.within(str(path)) from None


def remember_authority(checkpoint: Checkpoint, authority: str) -> None:
    """Keep in the state folder which account the chain named as the authority that signs for a registry."""
    path = _known()
    known = read_json(path) if path.exists() else {}
    write_json(path, {**known, _name(checkpoint): authority})


def authority_for(checkpoint: Checkpoint, given: str | None) -> str | None:
    """Find whose signature counts: the address that a person gives, else the remembered one; None if there is none."""
    if given is not None:
        return checksum_address(given, place="--authority")
    path = _known()
    found = read_json(path).get(_name(checkpoint)) if path.exists() else None
    return str(found) if found else None


def _known() -> Path:
    return state_folder() / "authorities.json"


def _name(checkpoint: Checkpoint) -> str:
    return f"{checkpoint.chain_id}/{checkpoint.address}/{checkpoint.jurisdiction}"
