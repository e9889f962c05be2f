"""A model of the registry of vaccinations in plain Python, and the same state told by events alone."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from medtrust.certificate import Dose, batch_id, dose_id, dose_leaf
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
_NOBODY = {"signer": ZERO_ADDRESS, "successor": ZERO_HASH}

Place = dict[str, Any]
"""Where a dose stands: organisation, root and index."""


@dataclass
class Batch:
    anchored_at: int
    size: int
    signer: str


@dataclass
class State:
    """Everything that the registry keeps.

    Batches by organisation and root, what was withdrawn or corrected by batch id, ids of doses in error, corrections by
    the id of the old dose, disputes by holder and dose, heirs of organisations, who recorded what once by organisation
    and nullifier.
    """

    batches: dict[tuple[bytes, bytes], Batch] = field(default_factory=dict)
    revoked: dict[bytes, set[int]] = field(default_factory=dict)
    in_error: set[bytes] = field(default_factory=set)
    successors: dict[bytes, bytes] = field(default_factory=dict)
    disputes: set[tuple[str, bytes]] = field(default_factory=set)
    heirs: dict[bytes, bytes] = field(default_factory=dict)
    recorders: dict[tuple[bytes, bytes], str] = field(default_factory=dict)


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

    def recordOnce(self, now: int, caller: str, organisation: bytes, nullifiers: Sequence[bytes]) -> list[Told]:  # noqa: N802
        self._require_authorised(organisation, caller, now)
        _require(len(nullifiers) <= 256, "TooManyNullifiers", count=len(nullifiers))
        for place, one in enumerate(nullifiers):
            is_first = (organisation, one) not in self.state.recorders and one not in nullifiers[:place]
            _require(is_first, "DoseAlreadyRecorded", nullifier=one)
        self.state.recorders |= {(organisation, one): caller for one in nullifiers}
        return [("DosesRecorded", {"organisation": organisation, "signer": caller, "nullifiers": list(nullifiers)})]

    def revoke(self, now: int, caller: str, organisation: bytes, root: bytes, index: int) -> list[Told]:
        self._withdraw(now, caller, organisation, root, index)
        return [("DoseRevoked", {"batch": batch_id(organisation, root), "index": index})]

    def enterInError(self, now: int, caller: str, organisation: bytes, root: bytes, index: int) -> list[Told]:  # noqa: N802
        self._withdraw(now, caller, organisation, root, index)
        self.state.in_error.add(dose_id(organisation, root, index))
        return [("DoseErrorEntered", {"batch": batch_id(organisation, root), "index": index})]

    def _withdraw(self, now: int, caller: str, organisation: bytes, root: bytes, index: int) -> None:
        batch = self._batch_with(organisation, root, index)
        if not (caller == batch.signer and now < batch.anchored_at + DAY):
            self._require_issuer_or_authority(organisation, caller, now)
        self._end(organisation, root, index)

    def _batch_with(self, organisation: bytes, root: bytes, index: int) -> Batch:
        batch = self.state.batches.get((organisation, root), Batch(0, 0, ZERO_ADDRESS))
        _require(index < batch.size, "UnknownDose", index=index, size=batch.size)
        return batch

    def _end(self, organisation: bytes, root: bytes, index: int) -> None:
        self._require_standing(organisation, root, index)
        self.state.revoked.setdefault(batch_id(organisation, root), set()).add(index)

    def _require_standing(self, organisation: bytes, root: bytes, index: int) -> None:
        ended = self.state.revoked.get(batch_id(organisation, root), set())
        _require(index not in ended, "DoseAlreadyRevoked", index=index)

    def amend(self, now: int, caller: str, old: Place, correction: Place, reason: bytes) -> list[Told]:
        issuer = correction["organisation"]
        is_ours = issuer in (old["organisation"], self.state.heirs.get(old["organisation"], ZERO_HASH))
        _require(is_ours, "NotHeir", organisation=old["organisation"], issuer=issuer)
        self._require_authorised(issuer, caller, now)
        self._batch_with(**old)
        self._batch_with(**correction)
        first, second = dose_id(**old), dose_id(**correction)
        is_first = second not in self.state.successors.values()
        _require(is_first, "AlreadyCorrection", index=correction["index"])
        self._require_standing(**old)
        _require(first != second, "DoseAlreadyRevoked", index=correction["index"])
        self._require_standing(**correction)
        self._end(**old)
        self.state.successors[first] = second
        told = {"batch": batch_id(old["organisation"], old["root"]), "index": old["index"], "reason": reason}
        told |= {"correctionBatch": batch_id(issuer, correction["root"]), "correctionIndex": correction["index"]}
        return [("DoseAmended", told)]

    def dispute(self, now: int, caller: str, holder: str, dose: bytes, statement: bytes) -> list[Told]:
        _require(caller == holder, "NotController", patient=holder, caller=caller)
        if (holder, dose) in self.state.disputes:
            return []
        self.state.disputes.add((holder, dose))
        return [("DoseDisputed", {"holder": holder, "dose": dose, "statement": statement})]

    def nameHeir(self, now: int, caller: str, organisation: bytes, heir: bytes) -> list[Told]:  # noqa: N802
        found = self.accreditation.organisations.get(organisation)
        jurisdiction = found.jurisdiction if found else 0
        is_authority = caller == self.accreditation.authority_of(jurisdiction)
        _require(is_authority, "NotAuthority", jurisdiction=jurisdiction, caller=caller)
        self.state.heirs[organisation] = heir
        return [("HeirNamed", {"organisation": organisation, "heir": heir})]

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
            return {"status": 0, "advisories": 0, "anchoredAt": 0, "size": 0, **_NOBODY}
        advisories = 4 if dose.lot == ZERO_HASH else _ADVISORIES.get(self.lots.get(dose.lot, 0), 0)
        name = dose_id(organisation, root, dose.index)
        advisories |= 8 * ((dose.holder, name) in self.state.disputes) + 16 * (name in self.state.in_error)
        status = self._status(organisation, root, batch, dose.index)
        told = {"anchoredAt": batch.anchored_at, "size": batch.size, "signer": batch.signer}
        told["successor"] = self.state.successors.get(name, ZERO_HASH)
        return {"status": status, "advisories": advisories, **told}

    def _status(self, organisation: bytes, root: bytes, batch: Batch, index: int) -> int:
        if index in self.state.revoked.get(batch_id(organisation, root), ()):
            return 2 if dose_id(organisation, root, index) in self.state.successors else 3
        is_authorised = self.accreditation.is_authorised
        return 1 if is_authorised(organisation, batch.signer, VACCINATOR, batch.anchored_at) else 4

    def _require_authorised(self, organisation: bytes, caller: str, now: int) -> None:
        is_authorised = self.accreditation.is_authorised(organisation, caller, VACCINATOR, now)
        _require(is_authorised, "NotAuthorised", organisation=organisation, signer=caller, role=VACCINATOR)

    def _require_issuer_or_authority(self, organisation: bytes, caller: str, now: int) -> None:
        found = self.accreditation.organisations.get(organisation)
        heir = self.state.heirs.get(organisation, ZERO_HASH)
        is_heir = self.accreditation.is_authorised(heir, caller, VACCINATOR, now)
        if not is_heir and (found is None or caller != self.accreditation.authority_of(found.jurisdiction)):
            self._require_authorised(organisation, caller, now)


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


def _replay_error(state: State, values: dict[str, Any]) -> None:
    _replay_revoke(state, values)
    state.in_error.add(_dose(values["batch"], values["index"]))


def _replay_amendment(state: State, values: dict[str, Any]) -> None:
    _replay_revoke(state, values)
    correction = _dose(values["correctionBatch"], values["correctionIndex"])
    state.successors[_dose(values["batch"], values["index"])] = correction


def _replay_dispute(state: State, values: dict[str, Any]) -> None:
    state.disputes.add((values["holder"], values["dose"]))


def _replay_heir(state: State, values: dict[str, Any]) -> None:
    state.heirs[values["organisation"]] = values["heir"]


def _replay_record(state: State, values: dict[str, Any]) -> None:
    state.recorders |= {(values["organisation"], one): values["signer"] for one in values["nullifiers"]}


def _dose(batch: bytes, index: int) -> bytes:
    return keccak256(batch + index.to_bytes(32, "big"))


_REPLAYS: dict[str, Callable[[State, dict[str, Any]], None]] = {
    "BatchAnchored": _replay_anchor,
    "DoseRevoked": _replay_revoke,
    "DoseErrorEntered": _replay_error,
    "DoseAmended": _replay_amendment,
    "DoseDisputed": _replay_dispute,
    "HeirNamed": _replay_heir,
    "DosesRecorded": _replay_record,
}


def _require(condition: bool, error: str, **values: Any) -> None:
    if not condition:
        raise Refused(error, **values)
