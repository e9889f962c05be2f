"""Facts that hospitals, patients, pharmacies, drug makers and insurers can trust, on any Ethereum-compatible chain.

>>> from medtrust import Suite
>>> suite = Suite.connect("local", signer="hospital")
"""

from __future__ import annotations

from importlib import import_module, metadata
from typing import TYPE_CHECKING, Any, Final

from medtrust.errors import (
    ChainError,
    ChainUnreachable,
    CheckRefused,
    CompileError,
    InputError,
    MedtrustError,
    NodeFailed,
    NotDeployed,
    NotMined,
    Reverted,
    ToolMissing,
)
from medtrust.types import name_hash, organisation_id

if TYPE_CHECKING:
    from medtrust.accreditation import AccreditationClient, Role
    from medtrust.chain import Chain, Event, Receipt
    from medtrust.consent import ConsentClient
    from medtrust.drugs import DrugClient
    from medtrust.emergency import EmergencyClient
    from medtrust.insurance import InsuranceClient
    from medtrust.patients import PatientClient
    from medtrust.pool import PoolClient
    from medtrust.records import RecordClient
    from medtrust.suite import Suite
    from medtrust.token import TokenClient
    from medtrust.vaccination import VaccinationClient
    from medtrust.visits import VisitClient

__all__ = [
    "AccreditationClient",
    "Chain",
    "ChainError",
    "ChainUnreachable",
    "CheckRefused",
    "CompileError",
    "ConsentClient",
    "DrugClient",
    "EmergencyClient",
    "Event",
    "InputError",
    "InsuranceClient",
    "MedtrustError",
    "NodeFailed",
    "NotDeployed",
    "NotMined",
    "PatientClient",
    "PoolClient",
    "Receipt",
    "RecordClient",
    "Reverted",
    "Role",
    "Suite",
    "TokenClient",
    "ToolMissing",
    "VaccinationClient",
    "VisitClient",
    "__version__",
    "name_hash",
    "organisation_id",
]

__version__: Final = metadata.version("medtrust")

_MODULE_OF: Final = {
    "AccreditationClient": "accreditation",
    "Chain": "chain",
    "ConsentClient": "consent",
    "DrugClient": "drugs",
    "EmergencyClient": "emergency",
    "Event": "chain",
    "InsuranceClient": "insurance",
    "PatientClient": "patients",
    "PoolClient": "pool",
    "Receipt": "chain",
    "RecordClient": "records",
    "Role": "accreditation",
    "Suite": "suite",
    "TokenClient": "token",
    "VaccinationClient": "vaccination",
    "VisitClient": "visits",
}
"""What is imported when it is first used, so that the pure modules, such as `medtrust.merkle`, load no web3."""


def __getattr__(name: str) -> Any:
    """Import a public name that speaks to a chain when it is first used."""
    if name not in _MODULE_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULE_OF[name]}"), name)
