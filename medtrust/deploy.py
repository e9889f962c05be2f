"""Deploys the suite; killed at any step and run again, it ends the same."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from eth_account.signers.local import LocalAccount

from medtrust import artifacts
from medtrust.abi import Interface
from medtrust.artifacts import Artifact
from medtrust.chain import Chain, create_address
from medtrust.errors import InputError, NotDeployed
from medtrust.files import read_json, write_json
from medtrust.json_fields import JsonFields
from medtrust.keccak import keccak256
from medtrust.types import checksum_address

__all__ = ["PLAN", "AddressBook", "Deployed", "Progress", "Step", "deploy"]


@dataclass(frozen=True)
class Step:
    """One contract of the suite and its constructor arguments: names of earlier contracts, "steward" or "token"."""

    contract: str
    arguments: tuple[str, ...]


PLAN: Final = (
    Step("AccreditationRegistry", ("steward",)),
    Step("PatientRegistry", ("AccreditationRegistry",)),
    Step("ConsentRegistry", ("AccreditationRegistry", "PatientRegistry")),
    Step("EmergencyAccess", ("AccreditationRegistry", "PatientRegistry")),
    Step("DrugProvenance", ("AccreditationRegistry", "PatientRegistry")),
    Step("VaccinationRegistry", ("AccreditationRegistry", "DrugProvenance", "PatientRegistry")),
    Step("VisitRegistry", ("AccreditationRegistry", "PatientRegistry")),
    Step("InsurancePool", ("AccreditationRegistry", "token")),
    Step("InsuranceClaims", ("AccreditationRegistry", "PatientRegistry", "VisitRegistry", "InsurancePool")),
    Step("RecordExchange", ("AccreditationRegistry",)),
)
"""The suite in the order of its needs."""


@dataclass(frozen=True)
class Deployed:
    """Where a contract stands and what it is.

    `block` and `transaction` are those of its deployment. `abi_hash` is the SHA-256 of its ABI, `code_hash` the
    Keccak-256 of its creation code (without the compiler's metadata, so that a comment changes nothing) and
    constructor arguments.
    """

    address: str
    block: int
    transaction: str
    abi_hash: str
    code_hash: str


Progress = Callable[[str, Deployed, bool], None]
"""Told of each contract: its name, where it stands, and whether it is new."""


class AddressBook:
    """The contracts on one chain, in `deployments/<chain id>.json`; MEDTRUST_DEPLOYMENTS names another folder."""

    def __init__(self, chain_id: int, folder: Path | None = None) -> None:
        folder = folder or Path(os.environ.get("MEDTRUST_DEPLOYMENTS") or "deployments")
        self.chain_id = chain_id
        self.path = folder / f"{chain_id}.json"
        raw = read_json(self.path) if self.path.exists() else {}
        self._contracts = self._part(raw, "contracts")
        self._pending = self._part(raw, "pending")

    def _part(self, raw: Any, name: str) -> dict[str, dict[str, Any]]:
        """Take a part of the file, empty if it is left out. Raises `InputError` if it is no such file."""
        part = raw.get(name, {}) if isinstance(raw, dict) else None
        if not isinstance(part, dict) or not all(isinstance(entry, dict) for entry in part.values()):
            raise InputError(file=str(self.path), place=name, found=repr(part)[:60], expected="objects by contract")
        return part

    def find(self, contract: str) -> Deployed | None:
        """Look a contract up; None if the book does not name it."""
        if contract not in self._contracts:
            return None
        entry = JsonFields(self._contracts[contract], f"contracts.{contract}")
        try:
            words = [entry.take(name, str) for name in ("transaction", "abiHash", "codeHash")]
            return Deployed(entry.take("address", str), entry.take("block", int), *words)
        except InputError as error:
            raise error.within(str(self.path)) from None

    def get(self, contract: str) -> Deployed:
        """Look a contract up. Raises `NotDeployed` if the book does not name it."""
        found = self.find(contract)
        if found is None:
            raise NotDeployed(f"{self.path} names no {contract} on chain {self.chain_id}: run `medtrust deploy`")
        return found

    def names(self) -> list[str]:
        """List the contracts that the book names, in the order of their deployment."""
        return list(self._contracts)

    def pending(self, contract: str) -> dict[str, Any] | None:
        """Return what is known of a deployment that was begun and not yet seen to end."""
        return self._pending.get(contract)

    def begin(self, contract: str, entry: Mapping[str, Any]) -> None:
        """Note a deployment before it is sent."""
        self._pending[contract] = dict(entry)
        self._save()

    def finish(self, contract: str, entry: Deployed) -> None:
        """Note where a contract stands."""
        self._pending.pop(contract, None)
        self._contracts[contract] = {
            "address": entry.address,
            "block": entry.block,
            "transaction": entry.transaction,
            "abiHash": entry.abi_hash,
            "codeHash": entry.code_hash,
        }
        self._save()

    def forget(self) -> None:
        """Forget every contract; for a local chain that began anew."""
        self._contracts.clear()
        self._pending.clear()
        self.path.unlink(missing_ok=True)

    def _save(self) -> None:
        value: dict[str, Any] = {"chainId": self.chain_id, "contracts": self._contracts}
        if self._pending:
            value["pending"] = self._pending
        write_json(self.path, value)


def deploy(
    chain: Chain,
    signer: LocalAccount,
    book: AddressBook,
    *,
    token: str | Artifact,
    steward: str | None = None,
    progress: Progress | None = None,
) -> dict[str, Deployed]:
    """Deploy what the book does not yet name, and return where every contract stands.

    `token` is the address of the ERC-20 that insurers pay in, or the artifact of one to deploy with the suite (a
    mock, for a local chain). `steward` names the authorities of jurisdictions; the signer unless given. `progress` is
    told each contract, where it stands, and whether it is new.

    Before a deployment is sent, its hash and the address that it will have are noted in the book; a later run waits
    for it, or sends it anew if the chain does not know it. Raises `Reverted`, `NotMined`, `ChainUnreachable`.
    """
    known = {"steward": checksum_address(steward or signer.address)}
    done: dict[str, Deployed] = {}
    if isinstance(token, Artifact):
        done["token"] = _deploy_one(chain, signer, book, "token", token, (), progress)
        known["token"] = done["token"].address
    else:
        known["token"] = checksum_address(token, place="token")
    for step in PLAN:
        arguments = [known[name] for name in step.arguments]
        where = _deploy_one(chain, signer, book, step.contract, artifacts.load(step.contract), arguments, progress)
        done[step.contract] = where
        known[step.contract] = where.address
    if "token" not in done and book.find("token") is None:
        book.finish("token", Deployed(known["token"], 0, "", "", ""))
    return done


def _deploy_one(
    chain: Chain,
    signer: LocalAccount,
    book: AddressBook,
    name: str,
    artifact: Artifact,
    arguments: Any,
    progress: Progress | None,
) -> Deployed:
    data = Interface(artifact).encode_deployment(arguments)
    code_hash = _code_hash(artifact, data)
    found = book.find(name)
    if found and found.code_hash == code_hash and chain.code(found.address):
        if progress:
            progress(name, found, False)
        return found
    pending = book.pending(name)
    if not (pending and pending["codeHash"] == code_hash and _is_under_way(chain, pending)):
        transaction = chain.prepare_deployment(signer, data)
        raw = chain.sign(signer, transaction)
        pending = {
            "address": create_address(signer.address, int(transaction["nonce"])),
            "transaction": "0x" + keccak256(raw).hex(),
            "codeHash": code_hash,
        }
        book.begin(name, pending)
        chain.broadcast(raw)
    receipt = chain.wait(pending["transaction"])
    where = Deployed(receipt.contract_address, receipt.block, receipt.transaction_hash, artifact.abi_hash, code_hash)
    book.finish(name, where)
    if progress:
        progress(name, where, True)
    return where


def _is_under_way(chain: Chain, pending: Mapping[str, Any]) -> bool:
    """Whether the chain took, or still holds, a deployment that an earlier run may have sent.

    The receipt is asked for first: a block may take the transaction between two questions, and it is known even then.
    """
    found = chain.receipt(pending["transaction"])
    return found[1] if found else chain.knows(pending["transaction"])


def _code_hash(artifact: Artifact, data: bytes) -> str:
    """Hash creation code and arguments; the last two bytes of the code give the length of the metadata before them."""
    code = bytes.fromhex(artifact.bytecode[2:])
    arguments = data[len(code) :]
    metadata = int.from_bytes(code[-2:], "big") + 2
    return keccak256(code[:-metadata] + arguments).hex()
