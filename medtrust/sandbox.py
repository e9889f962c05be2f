"""A sandbox: the suite on a local chain, with one accredited organisation of each kind. Everyone in it is invented."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from medtrust import compiler, node, wallet
from medtrust.accreditation import Role
from medtrust.artifacts import Artifact
from medtrust.chain import Chain
from medtrust.deploy import AddressBook, Progress, deploy
from medtrust.suite import Suite, find_target
from medtrust.types import name_hash, organisation_id

__all__ = [
    "FAR",
    "JURISDICTION",
    "ORGANISATIONS",
    "STAFF",
    "Colleague",
    "Member",
    "accredit",
    "accredit_everyone",
    "connect",
    "deploy_suite",
    "employ",
    "mock_token",
    "open_jurisdiction",
    "suite_on",
]

JURISDICTION: Final = 840
"""The jurisdiction of the sandbox (ISO 3166-1 numeric): the United States."""

FAR: Final = 4_000_000_000
"""When the accreditations of the sandbox end (Unix seconds): in 2096."""


@dataclass(frozen=True)
class Member:
    """An organisation of the sandbox; the local account of the same name is its administrator and its signer."""

    name: str
    identifier: str
    title: str
    roles: Role

    @property
    def id(self) -> bytes:
        """The 32-byte id of the organisation."""
        return organisation_id(self.identifier)


_CARE: Final = Role.HOSPITAL | Role.VACCINATOR

ORGANISATIONS: Final[Mapping[str, Member]] = {
    member.name: member
    for member in (
        Member("clinic", "urn:gs1:gln:0614141000012", "Lindenfeld Clinic", _CARE),
        Member(
            "hospital",
            "urn:gs1:gln:0614141000029",
            "St. Brannoc Hospital",
            _CARE | Role.EMERGENCY_CARE | Role.PRIVACY_OFFICER,
        ),
        Member("maker", "urn:gs1:gln:0614141000036", "Brightwater Biologics", Role.MANUFACTURER),
        Member("wholesaler", "urn:gs1:gln:0614141000043", "Harbour Wholesale", Role.WHOLESALER),
        Member("pharmacy", "urn:gs1:gln:0614141000050", "Corner Pharmacy", Role.PHARMACY),
        Member("insurer", "urn:gs1:gln:0614141000067", "Meridian Mutual", Role.INSURER),
        Member("carrier", "urn:gs1:gln:0614141000074", "Coldway Logistics", Role.CARRIER),
        Member("laboratory", "urn:gs1:gln:0614141000081", "Northside Laboratory", Role.LABORATORY),
        Member("regulator", "urn:gs1:gln:0614141000098", "Medicines Agency", Role.REGULATOR),
    )
}
"""The organisations of the sandbox by the name of their account."""


@dataclass(frozen=True)
class Colleague:
    """Who acts for an organisation beside its administrator, from one unit of it, by the local account of the name."""

    name: str
    employer: str
    roles: Role
    unit: str


STAFF: Final[Mapping[str, Colleague]] = {
    colleague.name: colleague
    for colleague in (
        Colleague("doctor", "hospital", Role.EMERGENCY_CARE, "emergency unit"),
        Colleague("officer", "hospital", Role.PRIVACY_OFFICER, "privacy office"),
    )
}
"""Who opens data in emergencies at the hospital, and who reviews that."""


def mock_token(root: Path | None = None) -> Artifact:
    """Compile the stablecoin with which insurers pay in the sandbox; it is a test double and worth nothing.

    Raises `ToolMissing` outside a clone of the repository.
    """
    return compiler.compile_sources({}, contracts=["Stablecoin"], root=root)["Stablecoin"]


def deploy_suite(running: node.Node, book: AddressBook, *, progress: Progress | None = None) -> Suite:
    """Deploy the suite on a local chain; what stands already is left alone."""
    chain = Chain.connect(running.ipc_path or running.url)
    deploy(chain, wallet.role("steward"), book, token=mock_token(), progress=progress)
    return suite_on(chain, book)


def connect(name: str) -> Suite:
    """Connect to the chain that MEDTRUST_CHAIN names, "local" unless set, as the account of a name; for scripts.

    On a local chain, what does not stand yet is deployed and accredited first.
    """
    chain = Chain.connect(find_target(os.environ.get("MEDTRUST_CHAIN", "local")))
    book = AddressBook(chain.id)
    if chain.is_local:
        deploy(chain, wallet.role("steward"), book, token=mock_token())
        accredit_everyone(suite_on(chain, book))
    return suite_on(chain, book).acting_as(name)


def suite_on(chain: Chain, book: AddressBook) -> Suite:
    """Open the suite on a local chain as its steward."""
    return Suite(chain, book, wallet.role("steward"))


def accredit_everyone(suite: Suite) -> None:
    """Open the jurisdiction, accredit every organisation and employ its staff; run again, it adds what is missing."""
    open_jurisdiction(suite)
    for member in ORGANISATIONS.values():
        accredit(suite, member)
    for colleague in STAFF.values():
        employ(suite, colleague)


def open_jurisdiction(suite: Suite) -> None:
    """Name the authority of the sandbox, unless it has one."""
    registry = suite.acting_as("steward").accreditation
    if int(registry.authority_of(JURISDICTION), 16) == 0:
        registry.open_jurisdiction(JURISDICTION, wallet.role("authority").address)


def accredit(suite: Suite, member: Member) -> None:
    """Register an organisation, accredit it for its roles and name its signer; run again, it adds what is missing."""
    registry = suite.acting_as("authority").accreditation
    signer = wallet.role(member.name).address
    if registry.organisation_of(member.id) is None:
        registry.register(member.id, JURISDICTION, signer, until=FAR)
    for role in Role:
        if role & member.roles and not registry.is_accredited(member.id, role):
            registry.accredit(member.id, role, until=FAR)
    if registry.signer_of(member.id, signer) is None:
        registry.add_signer(member.id, signer, member.roles, until=FAR)


def employ(suite: Suite, colleague: Colleague) -> None:
    """Let a colleague act for the employer; run again, it changes nothing."""
    registry = suite.acting_as(colleague.employer).accreditation
    employer, account = ORGANISATIONS[colleague.employer].id, wallet.role(colleague.name).address
    if registry.signer_of(employer, account) is None:
        registry.add_signer(employer, account, colleague.roles, until=FAR, unit=name_hash(colleague.unit))
