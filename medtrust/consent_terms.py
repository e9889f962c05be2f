"""What a consent says: purposes, classes of data, terms, the statement that the patient signs, and its id."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from enum import IntEnum, IntFlag
from functools import cached_property
from typing import Any, Final, TypeVar

from medtrust.errors import InputError
from medtrust.keccak import keccak256
from medtrust.merkle import leaf_encoder
from medtrust.signing import Domain, TypedData, recover
from medtrust.types import ZERO_HASH, bytes32, checksum_address

__all__ = [
    "CONSENT",
    "REVOKE",
    "REVOKE_ALL",
    "REVOKE_ALL_OF",
    "UNLIMITED",
    "Confidentiality",
    "Consent",
    "DataClass",
    "Purpose",
    "Request",
    "SignedConsent",
    "Terms",
    "flags_of",
    "level_of",
    "names_of",
]

UNLIMITED: Final = 2**32 - 1
"""The number of uses that means no limit."""

F = TypeVar("F", bound=IntFlag)


class Purpose(IntFlag):
    """What data may be used for: codes of HL7 v3 PurposeOfUse; the bits of the library `Purposes`.

    Each stands for itself: a consent to TREAT does not cover ETREAT.
    """

    TREAT = 1 << 0
    ETREAT = 1 << 1
    BTG = 1 << 2
    CAREMGT = 1 << 3
    COC = 1 << 4
    POPHLTH = 1 << 5
    HPAYMT = 1 << 6
    CLMATTCH = 1 << 7
    COVERAGE = 1 << 8
    ELIGDTRM = 1 << 9
    HOPERAT = 1 << 10
    HQUALIMP = 1 << 11
    HLEGAL = 1 << 12
    FRAUD = 1 << 13
    PATSFTY = 1 << 14
    TRAIN = 1 << 15
    HMARKT = 1 << 16
    HRESCH = 1 << 17
    CLINTRCH = 1 << 18
    PUBHLTH = 1 << 19
    DISASTER = 1 << 20
    THREAT = 1 << 21
    PATRQT = 1 << 22
    FAMRQT = 1 << 23
    PWATRNY = 1 << 24
    SUPNWK = 1 << 25


class DataClass(IntFlag):
    """Which data: classes named after groups of FHIR resources; the bits of the library `DataClasses`."""

    SUMMARY = 1 << 0
    DEMOGRAPHICS = 1 << 1
    PROBLEM = 1 << 2
    MEDICATION = 1 << 3
    ALLERGY = 1 << 4
    IMMUNIZATION = 1 << 5
    LABORATORY = 1 << 6
    IMAGING = 1 << 7
    VITAL_SIGNS = 1 << 8
    PROCEDURE = 1 << 9
    DEVICE = 1 << 10
    DOCUMENT = 1 << 11
    CARE_PLAN = 1 << 12
    VISIT = 1 << 13
    CLAIM = 1 << 14
    FAMILY_HISTORY = 1 << 15
    SOCIAL_HISTORY = 1 << 16
    MENTAL_HEALTH = 1 << 17
    SUBSTANCE_USE = 1 << 18
    SEXUAL_HEALTH = 1 << 19
    GENETICS = 1 << 20


class Confidentiality(IntEnum):
    """How sensitive data are: HL7 v3 Confidentiality in its order; 0 is a label that nobody set."""

    U = 1
    L = 2
    M = 3
    N = 4
    R = 5
    V = 6


@dataclass(frozen=True)
class Terms:
    """What a consent covers. An empty mask permits nothing.

    `sensitivity` is the highest label released, 0 for none. `jurisdiction` (ISO 3166-1 numeric), `facility` (32 bytes)
    and `data_until` (Unix seconds, first time no longer covered) are 0 for any. `document` is the hash of what the
    patient read, `salt` 32 random bytes. Consents with `onward` or `parent` are kept, and refused when asked for.
    """

    purposes: int
    data_classes: int
    sensitivity: int
    jurisdiction: int
    facility: bytes
    data_from: int
    data_until: int
    onward: bool
    parent: bytes
    document: bytes
    salt: bytes

    def __post_init__(self) -> None:
        """Raise `InputError` for a field that does not fit its type."""
        _require_fit(self, _TERMS_TYPE, "terms")

    @cached_property
    def hash(self) -> bytes:
        """The EIP-712 struct hash, which stands for the terms on the chain."""
        return _TERMS.hash_struct(_message(self, _TERMS_TYPE))


@dataclass(frozen=True)
class Consent:
    """A patient's consent that an organisation uses data, as the patient signs it.

    `grantee` is the id of the organisation. It may use data in `[access_from, access_until)` (Unix seconds), at most
    `max_uses` times. `epoch` is what the registry answered for the patient and the grantee when the consent was made.
    """

    patient: str
    grantee: bytes
    access_from: int
    access_until: int
    max_uses: int
    epoch: int
    terms: Terms

    def __post_init__(self) -> None:
        """Raise `InputError` for a field that does not fit its type."""
        _require_fit(self, _CONSENT_TYPE, "consent")

    @cached_property
    def id(self) -> bytes:
        """The id of the consent: its EIP-712 struct hash, 32 bytes."""
        return CONSENT.hash_struct(self.message)

    @property
    def message(self) -> dict[str, Any]:
        """The fields by the names that EIP-712 has for them."""
        return {**_message(self, _CONSENT_TYPE), "terms": _message(self.terms, _TERMS_TYPE)}

    @property
    def outer(self) -> dict[str, Any]:
        """What a transaction carries: the consent with the hash of its terms in their place."""
        values = _message(self, _CONSENT_TYPE)
        del values["terms"]
        return {**values, "termsHash": self.terms.hash}


@dataclass(frozen=True)
class SignedConsent:
    """A receipt: a consent, the patient's signature of it, and the registry for which it counts."""

    consent: Consent
    signature: bytes
    domain: Domain

    @property
    def id(self) -> bytes:
        """The id of the consent."""
        return self.consent.id

    @property
    def is_genuine(self) -> bool:
        """Whether the key of the patient's address signed it; a wallet can be asked on the chain only."""
        try:
            return recover(CONSENT.digest(self.domain, self.consent.message), self.signature) == self.consent.patient
        except InputError:
            return False


@dataclass(frozen=True)
class Request:
    """Who wants to use which data, for what and where.

    `organisation` and `facility` are 32-byte ids, `facility` zero if it is not stated. `data_at` is the time of the
    data (Unix seconds).
    """

    actor: str
    organisation: bytes
    purpose: int
    data_class: int
    sensitivity: int
    facility: bytes = ZERO_HASH
    jurisdiction: int = 0
    data_at: int = 0

    def __post_init__(self) -> None:
        """Raise `InputError` for a field that does not fit its type."""
        _require_fit(self, _REQUEST_TYPE, "request")

    def commitment(self, salt: bytes) -> bytes:
        """Hash the request with 32 random bytes: what a use of the consent records of it."""
        return keccak256(_ENCODE_REQUEST((*(getattr(self, field.name) for field in fields(self)), salt)))


def names_of(flags: IntFlag) -> list[str]:
    """List the names of the flags that are set, in the order of their bits."""
    return [str(one.name) for one in type(flags) if one in flags]


def flags_of(kind: type[F], names: str, *, place: str) -> F:
    """Read flags from their names, separated by commas, in any case: "treat,hpaymt".

    Raises `InputError` for a name that is none.
    """
    result = kind(0)
    for name in names.split(","):
        key = name.strip().upper().replace("-", "_")
        if key not in kind.__members__:
            raise InputError(place=place, found=repr(name), expected=f"one of {', '.join(kind.__members__)}")
        result |= kind[key]
    return result


def level_of(code: str, *, place: str) -> Confidentiality:
    """Read a level of confidentiality from its HL7 code: U, L, M, N, R or V. Raises `InputError` for another."""
    key = code.strip().upper()
    if key not in Confidentiality.__members__:
        raise InputError(place=place, found=repr(code), expected=f"one of {', '.join(Confidentiality.__members__)}")
    return Confidentiality[key]


_TERMS_TYPE: Final = {
    "purposes": "uint32",
    "dataClasses": "uint32",
    "sensitivity": "uint8",
    "jurisdiction": "uint16",
    "facility": "bytes32",
    "dataFrom": "uint64",
    "dataUntil": "uint64",
    "onward": "bool",
    "parent": "bytes32",
    "document": "bytes32",
    "salt": "bytes32",
}
_CONSENT_TYPE: Final = {
    "patient": "address",
    "grantee": "bytes32",
    "accessFrom": "uint64",
    "accessUntil": "uint64",
    "maxUses": "uint32",
    "epoch": "uint64",
    "terms": "Terms",
}
_TERMS: Final = TypedData("Terms", {"Terms": _TERMS_TYPE})

CONSENT: Final = TypedData("Consent", {"Consent": _CONSENT_TYPE, "Terms": _TERMS_TYPE})
"""The statement of a consent."""
REVOKE: Final = TypedData("Revoke", {"Revoke": {"patient": "address", "consent": "bytes32", "deadline": "uint64"}})
"""The statement that one consent is revoked."""
REVOKE_ALL: Final = TypedData(
    "RevokeAll", {"RevokeAll": {"patient": "address", "epoch": "uint64", "deadline": "uint64"}}
)
"""The statement that an epoch of a patient is ended."""
REVOKE_ALL_OF: Final = TypedData(
    "RevokeAllOf",
    {"RevokeAllOf": {"patient": "address", "grantee": "bytes32", "epoch": "uint64", "deadline": "uint64"}},
)
"""The statement that an epoch of a patient and an organisation is ended."""

_REQUEST_TYPE: Final = {
    "actor": "address",
    "organisation": "bytes32",
    "purpose": "uint256",
    "dataClass": "uint256",
    "sensitivity": "uint256",
    "facility": "bytes32",
    "jurisdiction": "uint256",
    "dataAt": "uint64",
}
_ENCODE_REQUEST: Final = leaf_encoder((*_REQUEST_TYPE.values(), "bytes32"))


def _message(value: Any, kind: Mapping[str, str]) -> dict[str, Any]:
    """Name the fields of a dataclass as EIP-712 does; both have them in one order."""
    return {name: getattr(value, field.name) for name, field in zip(kind, fields(value), strict=True)}


def _require_fit(value: Any, kinds: Mapping[str, str], place: str) -> None:
    for name, field in _message(value, kinds).items():
        kind = kinds[name]
        if kind.startswith("uint"):
            bits = int(kind[4:])
            if not isinstance(field, int) or not 0 <= field < 1 << bits:
                raise InputError(place=f"{place}.{name}", found=repr(field), expected=f"a number below 2^{bits}")
        elif kind == "bytes32":
            bytes32(field, place=f"{place}.{name}")
        elif kind == "address" and checksum_address(field, place=f"{place}.{name}") != field:
            raise InputError(place=f"{place}.{name}", found=field, expected=checksum_address(field))
