"""A model of the registry of vaccinations in plain Python, and the same state told by events alone."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from medtrust.certificate import Dose, dose_leaf
from medtrust.keccak import keccak256
from medtrust.merkle import verify
from medtrust.types import ZERO_ADDRESS, ZERO_HASH
from tests.invariants.accreditation_model import Refused, Told
from tests.invariants.accreditation_model import State as Accreditation

VACCINATOR = 2
DAY = 86_400
MAX_SIZE = 2**20

_LOT_ERRORS = {0: "UnknownLot", 2: "LotQuarantined", 3: "LotRecalled", 4: "LotExpired"}
_ADVISORIES = {0: 4, 2: 2, 3: 1}


@dataclass
class Batch:
    anchored_at: int
    size: int
    signer: str


@dataclass
class State:
    """Everything that the registry keeps: batches by organisation and root, and what was withdrawn, by batch id."""

    batches: dict[tuple[bytes, bytes], Batch] = field(default_factory=dict)
    revoked: dict[bytes, set[int]] = field(default_factory=dict)


class Model:
    """What the registry should do, by what the registries of accreditations and lots hold."""

    def __init__(self, accreditation: Accreditation, lots: dict[bytes, int]) -> None:
        self.accreditation = accreditation
        self.lots = lots
        self.state = State()

    def anchor(
        self, now: int, caller: str, organisation: bytes, root: bytes, size: int, lots: Sequence[bytes]
    ) -> list[Told]:
        self._require_authorised(organisation, caller, now)
        _require(root != ZERO_HASH, "EmptyRoot")
        _require(1 <= size <= MAX_SIZE, "InvalidSize", size=size)
        _require((organisation, root) not in self.state.batches, "BatchExists", organisation=organisation, root=root)
        _require(len(lots) <= 256, "TooManyLots", count=len(lots))
        for lot in lots:
            error = _LOT_ERRORS.get(self.lots.get(lot, 0))
            _require(error is None, str(error), lot=lot)
        self.state.batches[organisation, root] = Batch(now, size, caller)
        told = {"organisation": organisation, "root": root, "signer": caller}
        return [("BatchAnchored", {**told, "anchoredAt": now, "size": size, "lots": list(lots)})]

    def revoke(self, now: int, caller: str, organisation: bytes, root: bytes, index: int) -> list[Told]:
        batch = self.state.batches.get((organisation, root), Batch(0, 0, ZERO_ADDRESS))
        _require(index < batch.size, "UnknownDose", index=index, size=batch.size)
        if not (caller == batch.signer and now < batch.anchored_at + DAY):
            self._require_issuer_or_authority(organisation, caller, now)
        revoked = self.state.revoked.setdefault(batch_id(organisation, root), set())
        _require(index not in revoked, "DoseAlreadyRevoked", index=index)
        revoked.add(index)
        return [("DoseRevoked", {"batch": batch_id(organisation, root), "index": index})]

    def verdict(self, organisation: bytes, root: bytes, dose: Dose, proof: Sequence[bytes], at: int) -> dict[str, Any]:
        """What `verify` should answer: status, advisories, time, size and signer."""
        batch = self.state.batches.get((organisation, root))
        leaf = dose_leaf(organisation, dose)
        is_proven = (
            batch is not None
            and batch.anchored_at <= at
            and dose.index < batch.size
            and verify(root, leaf, proof, size=batch.size)
        )
        if batch is None or not is_proven:
            return {"status": 0, "advisories": 0, "anchoredAt": 0, "size": 0, "signer": ZERO_ADDRESS}
        advisories = 4 if dose.lot == ZERO_HASH else _ADVISORIES.get(self.lots.get(dose.lot, 0), 0)
        status = self._status(organisation, root, batch, dose.index)
        told = {"anchoredAt": batch.anchored_at, "size": batch.size, "signer": batch.signer}
        return {"status": status, "advisories": advisories, **told}

    def _status(self, organisation: bytes, root: bytes, batch: Batch, index: int) -> int:
        if index in self.state.revoked.get(batch_id(organisation, root), ()):
            return 3
        is_authorised = self.accreditation.is_authorised
        return 1 if is_authorised(organisation, batch.signer, VACCINATOR, batch.anchored_at) else 4

    def _require_authorised(self, organisation: bytes, caller: str, now: int) -> None:
        is_authorised = self.accreditation.is_authorised(organisation, caller, VACCINATOR, now)
        _require(is_authorised, "NotAuthorised", organisation=organisation, signer=caller, role=VACCINATOR)

    def _require_issuer_or_authority(self, organisation: bytes, caller: str, now: int) -> None:
        found = self.accreditation.organisations.get(organisation)
        if found is None or caller != self.accreditation.authority_of(found.jurisdiction):
            self._require_authorised(organisation, caller, now)


def batch_id(organisation: bytes, root: bytes) -> bytes:
    return keccak256(organisation + root)


def replay(told: Iterable[Told]) -> State:
    """Rebuild the state from the events alone (invariant 31)."""
    state = State()
    for name, values in told:
        _REPLAYS[name](state, values)
    return state


def _replay_anchor(state: State, values: dict[str, Any]) -> None:
    batch = Batch(values["anchoredAt"], values["size"], values["signer"])
    state.batches[values["organisation"], values["root"]] = batch


def _replay_revoke(state: State, values: dict[str, Any]) -> None:
    state.revoked.setdefault(values["batch"], set()).add(values["index"])


_REPLAYS: dict[str, Callable[[State, dict[str, Any]], None]] = {
    "BatchAnchored": _replay_anchor,
    "DoseRevoked": _replay_revoke,
}


def _require(condition: bool, error: str, **values: Any) -> None:
    if not condition:
        raise Refused(error, **values)
