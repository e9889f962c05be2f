"""EIP-712: what a patient signs without holding ETH, its hash, and who signed it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from functools import cached_property
from typing import Any, Final

from coincurve import PrivateKey, PublicKey

from medtrust.errors import InputError
from medtrust.keccak import keccak256
from medtrust.merkle import leaf_encoder
from medtrust.types import checksum_address

__all__ = ["Domain", "TypedData", "public_address", "recover", "sign"]

_ORDER: Final = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
_ARRAY = re.compile(r"(.+)\[(\d*)\]")

Encoder = Callable[[Any], bytes]


@dataclass(frozen=True)
class Domain:
    """Where a signature counts: one version of one contract on one chain."""

    name: str
    version: str
    chain_id: int
    contract: str

    @cached_property
    def separator(self) -> bytes:
        """The 32-byte hash that ERC-5267 calls the domain separator."""
        return _DOMAIN.hash_struct(
            {
                "name": self.name,
                "version": self.version,
                "chainId": self.chain_id,
                "verifyingContract": self.contract,
            }
        )


class TypedData:
    """One kind of statement: the type that is signed, and the types of the structs in it, as EIP-712 writes them.

    >>> mail = TypedData("Mail", {"Mail": {"to": "address", "contents": "string"}})
    >>> mail.digest(domain, {"to": "0x…", "contents": "Hello"})

    Hashes of types are computed once; so keep it, and the `Domain`, as long as they serve.
    """

    def __init__(self, primary: str, types: Mapping[str, Mapping[str, str]]) -> None:
        """Prepare the type `primary`; `types` gives the fields of every struct, in their order, by name and type.

        Raises `ValueError` if a type is unknown, contains itself, or is not used.
        """
        self.primary = primary
        self.types = {name: dict(members) for name, members in types.items()}
        self._encoders: dict[str, Callable[[Any], bytes]] = {}
        self._building: list[str] = []
        self._hash = self._struct(primary)
        unused = set(types) - set(self._encoders)
        if unused:
            raise ValueError(f"{', '.join(sorted(unused))}: not used by {primary}")

    @cached_property
    def type_string(self) -> str:
        """The encoding of the type: the primary struct, then those in it, sorted by name."""
        return self._type_string(self.primary)

    @cached_property
    def type_hash(self) -> bytes:
        """The hash of `type_string`, which the contract has as a constant."""
        return keccak256(self.type_string.encode())

    def hash_struct(self, message: Any) -> bytes:
        """Hash one statement, a mapping or a dataclass whose names are those of the type, to 32 bytes.

        Raises `ValueError` if a field is missing, is one too many, or does not fit its type.
        """
        return self._hash(message)

    def digest(self, domain: Domain, message: Any) -> bytes:
        """Hash what is signed: one statement in one domain."""
        return keccak256(b"\x19\x01" + domain.separator + self._hash(message))

    def _struct(self, name: str) -> Encoder:
        """Compile the hash of a struct; the order of the stack shows a type that contains itself."""
        if name in self._encoders:
            return self._encoders[name]
        if name in self._building:
            raise ValueError(f"{name} contains itself")
        self._building.append(name)
        members = self.types[name]
        encoders = [(field, self._encoder(kind)) for field, kind in members.items()]
        self._building.pop()
        type_hash = keccak256(self._type_string(name).encode())

        def hash_struct(message: Any) -> bytes:
            values = _values(message, name, members)
            return keccak256(type_hash + b"".join([encode(values[field]) for field, encode in encoders]))

        self._encoders[name] = hash_struct
        return hash_struct

    def _encoder(self, kind: str) -> Encoder:
        """Compile the encoding of one field to 32 bytes."""
        if kind in self.types:
            return self._struct(kind)
        if kind == "string":
            return _hash_text
        if kind == "bytes":
            return _hash_bytes
        array = _ARRAY.fullmatch(kind)
        if array:
            return _array(self._encoder(array[1]), kind, int(array[2]) if array[2] else None)
        elementary = leaf_encoder((kind,))
        if kind == "address" or re.fullmatch(r"bool|u?int\d+|bytes\d+", kind):
            return lambda value: elementary((value,))
        raise ValueError(f"{kind!r} is no type of EIP-712")

    def _type_string(self, name: str) -> str:
        inner = sorted(self._inner(name, set()) - {name})
        return "".join(self._one_type(one) for one in (name, *inner))

    def _inner(self, name: str, seen: set[str]) -> set[str]:
        seen.add(name)
        for kind in self.types[name].values():
            base = kind.split("[")[0]
            if base in self.types and base not in seen:
                self._inner(base, seen)
        return seen

    def _one_type(self, name: str) -> str:
        return f"{name}({','.join(f'{kind} {field}' for field, kind in self.types[name].items())})"


def sign(private_key: PrivateKey | bytes, digest: bytes) -> bytes:
    """Sign a 32-byte digest: 65 bytes r ‖ s ‖ v with s in the lower half and v 27 or 28.

    Pass a `coincurve.PrivateKey` to sign many: making one from 32 bytes costs as much as a signature.
    """
    key = private_key if isinstance(private_key, PrivateKey) else PrivateKey(private_key)
    raw = key.sign_recoverable(digest, hasher=None)
    return raw[:64] + bytes((27 + raw[64],))


def recover(digest: bytes, signature: bytes) -> str:
    """Return the address (ERC-55) whose key signed `digest`.

    Takes the one encoding that contracts take. Raises `InputError` for another length, a v other than 27 and 28, an s
    in the upper half, or numbers that no key gives.
    """
    if len(signature) != 65:
        raise _malformed(f"{len(signature)} bytes", "65 bytes")
    if signature[64] not in (27, 28):
        raise _malformed(f"v = {signature[64]}", "v = 27 or 28")
    if int.from_bytes(signature[32:64], "big") > _ORDER // 2:
        raise _malformed("s in the upper half", "s in the lower half")
    try:
        key = PublicKey.from_signature_and_message(signature[:64] + bytes((signature[64] - 27,)), digest, hasher=None)
    except Exception:  # the library raises plain Exception and ValueError
        raise _malformed("numbers that are no signature", "a signature") from None
    return _address(key)


def public_address(private_key: PrivateKey | bytes) -> str:
    """Return the address (ERC-55) of a private key."""
    key = private_key if isinstance(private_key, PrivateKey) else PrivateKey(private_key)
    return _address(key.public_key)


def _address(key: PublicKey) -> str:
    return checksum_address("0x" + keccak256(key.format(compressed=False)[1:])[12:].hex())


def _malformed(found: str, expected: str) -> InputError:
    return InputError(place="signature", found=found, expected=expected)


def _values(message: Any, name: str, members: Mapping[str, str]) -> Mapping[str, Any]:
    """Take the fields of a statement by name, exactly those of its type."""
    if is_dataclass(message) and not isinstance(message, type):
        message = {field.name: getattr(message, field.name) for field in fields(message)}
    if message.keys() != members.keys():
        raise ValueError(f"{name} has the fields {', '.join(members)}, found {', '.join(message)}")
    values: Mapping[str, Any] = message
    return values


def _hash_text(value: str) -> bytes:
    return keccak256(value.encode())


def _hash_bytes(value: bytes) -> bytes:
    return keccak256(bytes(value))


def _array(encode: Encoder, kind: str, length: int | None) -> Encoder:
    def encode_array(values: Sequence[Any]) -> bytes:
        if length is not None and len(values) != length:
            raise ValueError(f"{kind} has {length} elements, found {len(values)}")
        return keccak256(b"".join([encode(value) for value in values]))

    return encode_array


_DOMAIN = TypedData(
    "EIP712Domain",
    {"EIP712Domain": {"name": "string", "version": "string", "chainId": "uint256", "verifyingContract": "address"}},
)
