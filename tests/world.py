"""The world that every test starts in: the suite on a fresh chain, and organisations that are accredited."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache, cached_property
from pathlib import Path

from eth_account.signers.local import LocalAccount

from medtrust import compiler, wallet
from medtrust.abi import Interface
from medtrust.artifacts import Artifact
from medtrust.chain import Chain
from medtrust.deploy import PLAN, AddressBook, Deployed
from medtrust.sandbox import FAR, JURISDICTION, ORGANISATIONS, accredit, open_jurisdiction
from medtrust.suite import Suite

__all__ = ["CHINA", "FAR", "GENESIS", "ORGANISATIONS", "ROOT", "USA", "World", "build", "compiled"]

ROOT = Path(__file__).parent.parent
USA = JURISDICTION
CHINA = 156
GENESIS = 1_800_000_000
"""The time of the first block (Unix seconds, in 2027)."""

PATIENT_SEED = "test test test test test test test test test test test junk"


@dataclass(frozen=True)
class World:
    """The suite on one chain and everyone in it.

    `world.hospital` and so on are organisation ids; `world.account("hospital")` is the account that signs for it.
    `defended` is false in the twin on which an attack must succeed.
    """

    suite: Suite
    built: Mapping[str, Artifact]
    defended: bool = True

    @property
    def chain(self) -> Chain:
        return self.suite.chain

    def account(self, name: str) -> LocalAccount:
        return wallet.role(name)

    def acting_as(self, name: str | LocalAccount) -> Suite:
        """The suite as the account of a name, or as any account."""
        return self.suite.acting_as(self.account(name) if isinstance(name, str) else name)

    @cached_property
    def patient(self) -> LocalAccount:
        """A patient, as the hospital knows her; she holds no ETH."""
        return wallet.pseudonym(PATIENT_SEED, ORGANISATIONS["hospital"].identifier)

    def __getattr__(self, name: str) -> bytes:
        if name in ORGANISATIONS:
            return ORGANISATIONS[name].id
        raise AttributeError(name)

    def address(self, contract: str) -> str:
        return self.suite.book.get(contract).address

    def deploy(self, contract: str, *arguments: object, by: str = "steward") -> str:
        """Deploy a contract, a mock for one, and return its address."""
        artifact = self.built[contract]
        self.chain.learn(artifact)
        data = Interface(artifact).encode_deployment(arguments)
        return self.chain.send(self.account(by), None, data).contract_address

    def with_twin(self, twin: Artifact) -> World:
        """A world on the same chain in which one contract is replaced, and with it all that know it."""
        stale = {twin.name}
        for step in PLAN:
            if stale & set(step.arguments):
                stale.add(step.contract)
        where = {name: self.suite.book.find(name) for name in self.suite.book.names() if name not in stale}
        world = build(self.chain, {**self.built, twin.name: twin}, standing=where)
        return replace(world, defended=False)


class MemoryBook(AddressBook):
    """An address book that writes no file."""

    def __init__(self, chain_id: int) -> None:
        super().__init__(chain_id, Path("/nonexistent"))

    def _save(self) -> None:
        pass


@cache
def compiled() -> Mapping[str, Artifact]:
    """Every contract of the project, with the shipped artifacts brought up to date first."""
    compiler.write_artifacts(ROOT)
    return compiler.compile_project(ROOT)


def build(chain: Chain, built: Mapping[str, Artifact], *, standing: Mapping[str, Deployed | None] = {}) -> World:
    """Deploy what does not stand yet and accredit everyone if the registry of accreditations is new."""
    book = MemoryBook(chain.id)
    steward = wallet.role("steward")
    known: dict[str, str] = {"steward": steward.address}
    for name, where in standing.items():
        if where is not None:
            book.finish(name, where)
            known[name] = where.address
    for name, contract, arguments in _steps():
        if name in known:
            continue
        data = Interface(built[contract]).encode_deployment([known[argument] for argument in arguments])
        receipt = chain.send(steward, None, data)
        book.finish(name, Deployed(receipt.contract_address, receipt.block, receipt.transaction_hash, "", ""))
        known[name] = receipt.contract_address
    world = World(Suite(chain, book, steward), built)
    if standing.get("AccreditationRegistry") is None:
        open_jurisdiction(world.suite)
        for member in ORGANISATIONS.values():
            accredit(world.suite, member)
        chain.mine(seconds=86_400)
    return world


def _steps() -> list[tuple[str, str, tuple[str, ...]]]:
    return [("token", "Stablecoin", ()), *((step.contract, step.contract, step.arguments) for step in PLAN)]
