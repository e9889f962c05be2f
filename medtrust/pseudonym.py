"""Pseudonyms: the address that one organisation knows a patient by, and who the patient is before it."""

from __future__ import annotations

from dataclasses import dataclass

from coincurve import PrivateKey

from medtrust.keccak import keccak256
from medtrust.keyed import keyed_hash, require_key
from medtrust.types import checksum_address

__all__ = ["PatientIdentifier", "patient_key", "pseudonym", "pseudonym_key"]

_PSEUDONYM = "medtrust/pseudonym/1"
_PATIENT_KEY = "medtrust/patient-key/1"
_CURVE_ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141


@dataclass(frozen=True, slots=True)
class PatientIdentifier:
    """What tells one patient from all others: the value, its kind, and who assigned it.

    `authority` is "urn:oid:…", another URI, or the plain name that an HL7 v2 assigning authority goes by where it has
    nothing better; "" if the source names none. A plain name or none holds inside one organisation only, and so does
    every pseudonym. `type` is the code of HL7 table 0203, such as "MR"; "" if the source gives none. All three count:
    the numbers of two authorities, or a record number and a social security number, never name one person by accident.
    """

    authority: str
    type: str
    value: str


def pseudonym(key: bytes, organisation: str, patient: PatientIdentifier) -> str:
    """Return the address (ERC-55) that `organisation` (identifier URI) knows `patient` by under its registry `key`.

    Two organisations, or two keys, give addresses that nobody can link without a key.
    """
    secret = pseudonym_key(key, organisation, patient)
    point = PrivateKey(secret).public_key.format(compressed=False)
    return checksum_address("0x" + keccak256(point[1:])[-20:].hex())


def pseudonym_key(key: bytes, organisation: str, patient: PatientIdentifier) -> bytes:
    """Return the private key behind `pseudonym`, so that the registry can hand it to the patient.

    It is a keyed hash of organisation and patient, brought into 1 … n - 1 of secp256k1 (the bias is below 2^-127).
    """
    digest = keyed_hash(require_key(key), _PSEUDONYM, organisation, patient.authority, patient.type, patient.value)
    return (int.from_bytes(digest, "big") % (_CURVE_ORDER - 1) + 1).to_bytes(32, "big")


def patient_key(key: bytes, organisation: str, patient: PatientIdentifier) -> bytes:
    """Return the 32-byte key of `patient` that salts come from, for a registry that keeps no key for each patient.

    Handed to another hospital, it lets that one reach the same commitments. A registry that must be able to destroy
    one patient's commitments keeps a random key for each patient instead: this one lives as long as `key` does.
    """
    return keyed_hash(require_key(key), _PATIENT_KEY, organisation, patient.authority, patient.type, patient.value)
