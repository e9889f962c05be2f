"""The whole suite on one chain: one object, one client per contract."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import TypeVar

from eth_account.signers.local import LocalAccount

from medtrust import wallet
from medtrust.accreditation import AccreditationClient
from medtrust.chain import Chain
from medtrust.consent import ConsentClient
from medtrust.contract import Client
from medtrust.deploy import AddressBook
from medtrust.drugs import DrugClient
from medtrust.emergency import EmergencyClient
from medtrust.errors import InputError, NotDeployed
from medtrust.files import read_json, state_folder
from medtrust.insurance import InsuranceClient
from medtrust.patients import PatientClient
from medtrust.pool import PoolClient
from medtrust.records import RecordClient
from medtrust.token import TokenClient
from medtrust.vaccination import VaccinationClient
from medtrust.visits import VisitClient

__all__ = ["Suite", "find_target"]

C = TypeVar("C", bound=Client)

_DEFAULT_URL = "http://127.0.0.1:8545"


class Suite:
    """Every contract of the suite on one chain, as one signer.

    >>> suite = Suite.connect("local", signer="hospital")
    >>> suite.acting_as("insurer").pool.account(insurer)
    """

    def __init__(self, chain: Chain, book: AddressBook, signer: LocalAccount | None = None) -> None:
        self.chain = chain
        self.book = book
        self.signer = signer

    @classmethod
    def connect(
        cls,
        target: str = "local",
        *,
        signer: LocalAccount | str | None = None,
        deployments: Path | None = None,
    ) -> Suite:
        """Connect to a chain on which the suite stands.

        `target` is "local" (the chain that `medtrust up` started, or one on port 8545), a URL, or the path of an IPC
        socket. `signer` is an account, a private key, the path of a keystore, or on a local chain a name such as
        "hospital". `deployments` is the folder of the address books.

        Raises `ChainUnreachable`, and `InputError` for a signer that cannot be used.
        """
        chain = Chain.connect(find_target(target))
        return cls(chain, AddressBook(chain.id, deployments), _find_signer(signer, is_local=chain.is_local))

    def acting_as(self, signer: LocalAccount | str | None) -> Suite:
        """Copy the suite for another signer, given as to `connect`."""
        return Suite(self.chain, self.book, _find_signer(signer, is_local=self.chain.is_local))

    @property
    def signer_address(self) -> str:
        """The address of the signer. Raises `InputError` if nobody signs."""
        if self.signer is None:
            raise InputError(place="signer", found="none", expected="an account")
        return str(self.signer.address)

    @cached_property
    def accreditation(self) -> AccreditationClient:
        """Who may act as what."""
        return self._client(AccreditationClient)

    @cached_property
    def patients(self) -> PatientClient:
        """Who decides for a patient: its key, another one, guardians."""
        return self._client(PatientClient)

    @cached_property
    def emergency(self) -> EmergencyClient:
        """What was opened in emergencies, and its review."""
        return self._client(EmergencyClient)

    @cached_property
    def consent(self) -> ConsentClient:
        """Who may use a patient's data, for what, and until when."""
        return self._client(ConsentClient)

    @cached_property
    def vaccination(self) -> VaccinationClient:
        """Which doses were recorded by whom."""
        return self._client(VaccinationClient)

    @cached_property
    def drugs(self) -> DrugClient:
        """Where each lot and pack is, and whether it may be dispensed."""
        return self._client(DrugClient)

    @cached_property
    def records(self) -> RecordClient:
        """Which versions of which encrypted records are anchored, and who asked whom for them."""
        return self._client(RecordClient)

    @cached_property
    def visits(self) -> VisitClient:
        """Which visits providers recorded."""
        return self._client(VisitClient)

    @cached_property
    def insurance(self) -> InsuranceClient:
        """Plans, policies, and what was decided about each visit."""
        return self._client(InsuranceClient)

    @cached_property
    def pool(self) -> PoolClient:
        """The money of the insurers."""
        return self._client(PoolClient)

    @cached_property
    def token(self) -> TokenClient:
        """The ERC-20 that insurers pay in."""
        return self._client(TokenClient, "token")

    def _client(self, kind: type[C], name: str | None = None) -> C:
        where = self.book.get(name or kind.artifact)
        if not self.chain.has_contract(where.address):
            place = f"{where.address} on chain {self.chain.id}"
            raise NotDeployed(f"{self.book.path} names {kind.artifact} at {place}, where nothing is: `medtrust deploy`")
        return kind(self.chain, where.address, self.signer, first_block=where.block)


def find_target(target: str) -> str:
    """Resolve "local" to the chain that `medtrust up` started, else to port 8545 of this machine."""
    if target != "local":
        return target
    running = state_folder() / "local.json"
    return str(read_json(running)["target"]) if running.exists() else _DEFAULT_URL


def _find_signer(signer: LocalAccount | str | None, *, is_local: bool) -> LocalAccount | None:
    if isinstance(signer, str) and signer.startswith("0x"):
        return wallet.from_key(signer)
    if signer is None or isinstance(signer, str):
        return wallet.account(signer, is_local=is_local)
    return signer
