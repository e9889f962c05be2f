"""What is said about a record: its versions as they are anchored, requests and answers, and who asks for its key."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Final

from medtrust.envelope import Place
from medtrust.keccak import keccak256
from medtrust.keyed import keyed_hash
from medtrust.merkle import leaf_encoder
from medtrust.signing import Domain, TypedData

__all__ = ["ASK", "NO_FINGERPRINT", "Ask", "Question", "Version", "ask_domain", "ticket_salt"]

NO_FINGERPRINT: Final = bytes(24)
"""What the first version of a record follows."""

_TICKET: Final = "medtrust/ticket/1"


@dataclass(frozen=True)
class Version:
    """One version of a record, as its custodian anchored it.

    `custodian`, `record` and `commitment` are 32 bytes, `number` counts from 1, `epoch` is the key epoch that it was
    made for, `previous` the 24-byte fingerprint of the version before, `signer` the account that anchored it.
    """

    custodian: bytes
    record: bytes
    number: int
    epoch: int
    commitment: bytes
    previous: bytes
    signer: str

    @property
    def fingerprint(self) -> bytes:
        """The 24 bytes that stand on the chain for this version and all before it."""
        return keccak256(_ENCODE_VERSION(tuple(getattr(self, field.name) for field in fields(self))))[:24]

    def place(self, chain_id: int, registry: str) -> Place:
        """Where an envelope that holds this version must say that it belongs."""
        return Place(chain_id, registry, self.custodian, self.record, self.number, self.epoch)


@dataclass(frozen=True)
class Question:
    """What one organisation asks of another: ids and a salted hash of the request, 32 bytes each."""

    requester: bytes
    custodian: bytes
    commitment: bytes

    @property
    def id(self) -> bytes:
        """The 32-byte id of the request."""
        return keccak256(self.requester + self.custodian + self.commitment)


@dataclass(frozen=True)
class Ask:
    """What an actor signs to get at a record, once: who asks whom, by which consent, for what, and with which key.

    `record` is 32 zero bytes where only a search is meant, for data of the class `data_class`, which is 0 otherwise.
    `facility` is where the data will be used, 32 zero bytes if that is not stated. `key` is the fingerprint of the
    encryption key of the organisation, `nonce` what the custodian's service gave. In an emergency `consent` is not the
    id of a consent but the number of the session, in 32 bytes.
    """

    actor: str
    organisation: bytes
    custodian: bytes
    consent: bytes
    record: bytes
    purpose: int
    data_class: int
    facility: bytes
    key: bytes
    nonce: bytes

    @property
    def message(self) -> dict[str, Any]:
        """The fields by the names that EIP-712 has for them."""
        return {name: getattr(self, field.name) for name, field in zip(_ASK_TYPE, fields(self), strict=True)}

    def digest(self, domain: Domain) -> bytes:
        """Hash what the actor signs."""
        return ASK.digest(domain, self.message)


_ASK_TYPE: Final[Mapping[str, str]] = {
    "actor": "address",
    "organisation": "bytes32",
    "custodian": "bytes32",
    "consent": "bytes32",
    "record": "bytes32",
    "purpose": "uint32",
    "dataClass": "uint32",
    "facility": "bytes32",
    "key": "bytes32",
    "nonce": "bytes32",
}

ASK: Final = TypedData("Ask", {"Ask": _ASK_TYPE})
"""The statement that asks a custodian's service for a record."""

_ENCODE_VERSION: Final = leaf_encoder(("bytes32", "bytes32", "uint256", "uint256", "bytes32", "bytes24", "address"))


def ask_domain(chain_id: int, registry: str) -> Domain:
    """Return the EIP-712 domain of `Ask`: the RecordExchange, although no contract ever sees such a statement."""
    return Domain("RecordExchange", "1", chain_id, registry)


def ticket_salt(secret: bytes, ticket: bytes, *parts: bytes) -> bytes:
    """Derive the salt of a use from the secret of a service, the number of its ticket, and what it was given for.

    A service so recognises its tickets without keeping them.
    """
    return keyed_hash(secret, _TICKET, ticket, *parts)
