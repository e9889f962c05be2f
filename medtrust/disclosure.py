"""Selective disclosure: the fields of a canonical object, salted and hashed under one root, shown in part."""

from __future__ import annotations

import hmac
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from medtrust.errors import InputError
from medtrust.keccak import keccak256
from medtrust.keyed import joined, keyed_hash, require_key
from medtrust.merkle import MerkleTree, process_proof

if TYPE_CHECKING:
    from medtrust.canonical import Canonical

__all__ = ["OpenField", "SealedFields", "check_fields", "field_leaf", "field_salt", "seal"]

# A proof in a tree of at most 32 fields.
_LONGEST_PROOF = 5


@dataclass(frozen=True, slots=True)
class OpenField:
    """One field that a holder shows: its name, value and salt, and the proof that it stands under the fields' root."""

    name: str
    value: str
    salt: bytes
    proof: tuple[bytes, ...]

    def root(self) -> bytes:
        """Return the root that the field and its proof lead to."""
        return process_proof(field_leaf(self.name, self.value, self.salt), self.proof)


class SealedFields:
    """The salted fields of one canonical object under one root, of which a holder may show some."""

    __slots__ = ("_salts", "_tree", "_values")

    def __init__(self, values: Mapping[str, str], salts: Mapping[str, bytes]) -> None:
        self._values = dict(values)
        self._salts = salts
        self._tree = MerkleTree([field_leaf(name, value, salts[name]) for name, value in values.items()])

    @property
    def root(self) -> bytes:
        """The 32 bytes that commit to every field: `fields` of a dose."""
        return self._tree.root

    @property
    def names(self) -> tuple[str, ...]:
        """The names of all fields, in the order of the object."""
        return tuple(self._values)

    def salted(self) -> Iterator[tuple[str, str, bytes]]:
        """Yield name, value and salt of each field, in the order of the object."""
        return ((name, value, self._salts[name]) for name, value in self._values.items())

    def open(self, names: Sequence[str] | None = None) -> tuple[OpenField, ...]:
        """Return the fields of these `names` (all if None) with their proofs.

        Raises `InputError` if the object has no such field.
        """
        return tuple(self._open(name) for name in (self.names if names is None else names))

    def _open(self, name: str) -> OpenField:
        if name not in self._values:
            raise InputError(place="field", found=repr(name), expected=f"one of {', '.join(self._values)}")
        proof = self._tree.proof(self.names.index(name))
        return OpenField(name, self._values[name], self._salts[name], proof)


def seal(canonical: Canonical, key: bytes, beside: Mapping[str, str] | None = None) -> SealedFields:
    """Salt and hash every field of `canonical` under one root, and what stands `beside` it, by name.

    `key` (32 bytes) is the patient's: whoever has it reaches the same root from the same facts. Without one, pass 32
    random bytes and keep them. Losing the key makes the root unopenable.
    """
    require_key(key)
    values = {**canonical.fields(), **(beside or {})}
    before = joined(canonical.schema, canonical.core_hash())
    return SealedFields(values, {name: hmac.digest(key, before + joined(name), "sha256") for name in values})


def check_fields(root: bytes, shown: Sequence[OpenField]) -> bool:
    """Say whether every field `shown` stands under `root`; False if there is none, or one is shown twice.

    An inner node cannot pass as a field: it hashes 64 bytes, the outer hash of a leaf 32.
    """
    names = {field.name for field in shown}
    if not shown or len(names) != len(shown):
        return False
    return all(len(field.proof) <= _LONGEST_PROOF and field.root() == root for field in shown)


def field_salt(key: bytes, schema: str, core: bytes, field: str) -> bytes:
    """Return the 32-byte salt of one field: HMAC-SHA-256 over schema, core hash and field name."""
    return keyed_hash(key, schema, core, field)


def field_leaf(name: str, value: str, salt: bytes) -> bytes:
    """Return the leaf of one field: that of the types ["string", "string", "bytes32"].

    Encoded here because the general encoder takes thirty times as long, and every dose has seven of these.
    """
    first, second = _abi_string(name), _abi_string(value)
    offsets = _FIRST_OFFSET + (0x60 + len(first)).to_bytes(32, "big")
    return keccak256(keccak256(offsets + salt + first + second))


_FIRST_OFFSET = (0x60).to_bytes(32, "big")


def _abi_string(text: str) -> bytes:
    raw = text.encode()
    return len(raw).to_bytes(32, "big") + raw + bytes(-len(raw) % 32)
