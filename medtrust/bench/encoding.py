"""Calls as bytes, by encoders that are made once for each function: where a million are sent, a general one is slow."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields
from functools import cache
from operator import attrgetter
from typing import Any

from medtrust.abi import Interface
from medtrust.merkle import leaf_encoder

__all__ = ["call_encoders"]

Abi = Mapping[str, Any]
Encoder = Callable[[Any], bytes]
Part = tuple[Encoder, int]
"""An encoder, and how many bytes it always takes in its place; 0 for what stands behind an offset."""


def call_encoders(face: Interface) -> dict[str, Encoder]:
    """Make the encoder of each function of a contract: from its arguments to selector and arguments.

    Structs may be mappings, sequences or dataclasses whose fields are in the order of the ABI. The encoders raise
    `ValueError` or `OverflowError` for a value that does not fit.
    """
    made = {}
    for name, item in face.functions.items():
        selector = face.selector_of(name)
        encode = _sequence([_part(one) for one in item["inputs"]])
        made[name] = _behind(selector, encode)
    return made


def _behind(selector: bytes, encode: Encoder) -> Encoder:
    return lambda arguments: selector + encode(arguments)


def _part(item: Abi) -> Part:
    kind: str = item["type"]
    if kind.endswith("[]"):
        return _array(_part({**item, "type": kind[:-2]})), 0
    if kind == "tuple":
        parts = [_part(one) for one in item["components"]]
        is_static = all(size for _, size in parts)
        return _struct([one["name"] for one in item["components"]], _sequence(parts)), sum(
            size for _, size in parts
        ) if is_static else 0
    if kind == "string":
        return lambda value: _run(value.encode()), 0
    if kind == "bytes":
        return _run, 0
    return _word(kind), 32


def _word(kind: str) -> Encoder:
    if kind == "bytes32":
        return _hash
    if kind.startswith("uint"):
        return lambda value: value.to_bytes(32, "big")
    encode = leaf_encoder((kind,))
    return lambda value: encode((value,))


def _hash(value: bytes) -> bytes:
    if len(value) != 32:
        raise ValueError(f"{len(value)} bytes are no bytes32")
    return value


def _run(value: bytes) -> bytes:
    return len(value).to_bytes(32, "big") + value + bytes(-len(value) % 32)


def _struct(names: Sequence[str], encode: Encoder) -> Encoder:
    def encode_struct(value: Any) -> bytes:
        if isinstance(value, Mapping):
            return encode([value[name] for name in names])
        return encode(value if isinstance(value, (tuple, list)) else _fields_of(value.__class__)(value))

    return encode_struct


@cache
def _fields_of(kind: type[Any]) -> Callable[[Any], tuple[Any, ...]]:
    if hasattr(kind, "abi_fields"):
        return attrgetter("abi_fields")
    return attrgetter(*(one.name for one in fields(kind)))


def _sequence(parts: Sequence[Part]) -> Encoder:
    """Encode values one after the other: each in its place, or its offset there and itself behind all places."""
    head = sum(size or 32 for _, size in parts)
    if all(size for _, size in parts):
        encoders = [encode for encode, _ in parts]
        return lambda values: b"".join([encode(value) for encode, value in zip(encoders, values, strict=True)])

    def encode_sequence(values: Sequence[Any]) -> bytes:
        places, behind, offset = [], [], head
        for (encode, size), value in zip(parts, values, strict=True):
            data = encode(value)
            if size:
                places.append(data)
            else:
                places.append(offset.to_bytes(32, "big"))
                behind.append(data)
                offset += len(data)
        return b"".join(places + behind)

    return encode_sequence


def _array(part: Part) -> Encoder:
    encode, size = part

    def encode_array(values: Sequence[Any]) -> bytes:
        encoded = [encode(value) for value in values]
        places = [len(encoded).to_bytes(32, "big")]
        if size:
            return b"".join(places + encoded)
        offset = 32 * len(encoded)
        for data in encoded:
            places.append(offset.to_bytes(32, "big"))
            offset += len(data)
        return b"".join(places + encoded)

    return encode_array
