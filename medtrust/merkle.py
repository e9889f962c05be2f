"""Merkle trees with many sorted leaves and one root, as OpenZeppelin's StandardMerkleTree builds them."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from struct import Struct
from typing import Any

from eth_abi.abi import encode

from medtrust.keccak import keccak256

__all__ = ["MerkleTree", "leaf_encoder", "process_proof", "proof_lengths", "standard_leaf", "verify"]

_HASH = 32
_TOGETHER = 4096
_PAIR = Struct("32s32s")

Encoder = Callable[[Any], bytes]


class MerkleTree:
    """A tree over leaf hashes that keeps every node, so that each proof costs only its own length.

    The nodes lie in one array: the root first, the children of node i at 2i + 1 and 2i + 2, the leaves last and
    descending. That is the array which the JavaScript library dumps, for any number of leaves. Memory is 64 bytes a
    leaf plus 4 for its position.
    """

    __slots__ = ("_nodes", "_positions")

    def __init__(self, leaf_hashes: Sequence[bytes]) -> None:
        """Build the tree over `leaf_hashes` (32 bytes each, in any order, at least one).

        Raises `ValueError` if there is none or one has another length.
        """
        size = len(leaf_hashes)
        if size == 0:
            raise ValueError("a Merkle tree needs at least one leaf, found none")
        if set(map(len, leaf_hashes)) != {_HASH}:
            raise ValueError("a leaf hash is 32 bytes, found another length")
        order = sorted(range(size), key=leaf_hashes.__getitem__)
        order.reverse()  # after sorting, so that equal leaves lie as the JavaScript library lays them
        positions = array("I", bytes(4 * size))
        for position, index in enumerate(order, size - 1):
            positions[index] = position
        self._positions: array[int] | memoryview = positions
        leaves = b"".join([leaf_hashes[index] for index in order])
        nodes = bytearray(_HASH * (size - 1)) + leaves
        _hash_inner_nodes(nodes, size - 1)
        self._nodes: bytearray | memoryview = nodes

    @classmethod
    def load(cls, nodes: memoryview, positions: memoryview) -> MerkleTree:
        """Return the tree that `dump` wrote; the two stay where they are, in memory or in mapped files."""
        tree = cls.__new__(cls)
        tree._nodes, tree._positions = nodes, positions.cast("I")
        return tree

    def dump(self) -> tuple[memoryview, memoryview]:
        """Return every node, and the place of each leaf among them, as `load` takes them on this machine."""
        return memoryview(self._nodes).cast("B"), memoryview(self._positions).cast("B")

    @property
    def root(self) -> bytes:
        """The 32 bytes that commit to every leaf."""
        return self._node(0)

    def __len__(self) -> int:
        return len(self._positions)

    def leaf(self, index: int) -> bytes:
        """Return the leaf hash that the caller gave at `index`."""
        return self._node(self._position(index))

    def proof(self, index: int) -> tuple[bytes, ...]:
        """Return the siblings on the way from leaf `index` (in the caller's order) up to the root.

        Raises `IndexError` if there is no such leaf; a negative index is none.
        """
        return tuple(self._siblings(self._position(index)))

    def nodes(self) -> Iterator[bytes]:
        """Yield every node from the root on, as the JavaScript library's `dump().tree` lists them."""
        return map(self._node, range(2 * len(self) - 1))

    def _position(self, index: int) -> int:
        if not 0 <= index < len(self):
            raise IndexError(f"leaf {index} of a tree of {len(self)}")
        return self._positions[index]

    def _siblings(self, position: int) -> Iterator[bytes]:
        while position:
            yield self._node(position + 1 if position % 2 else position - 1)
            position = (position - 1) // 2

    def _node(self, position: int) -> bytes:
        return bytes(self._nodes[_HASH * position : _HASH * (position + 1)])


def _hash_inner_nodes(nodes: bytearray, count: int) -> None:
    """Fill the first `count` nodes, level by level up to the root, some thousands at a time."""
    hash_, last = keccak256, 2 * count
    first = (1 << (last + 1).bit_length() - 1) - 1  # of the deepest level; the first of a level is 2^depth - 1
    while first:
        pairs = (min(last, 2 * first) - first + 1) // 2
        for done in range(0, pairs, _TOGETHER):
            start = _HASH * (first + 2 * done)
            level = bytes(nodes[start : start + 2 * _HASH * min(_TOGETHER, pairs - done)])
            siblings = _PAIR.iter_unpack(level)
            parents = [hash_(left + right if left < right else right + left) for left, right in siblings]
            parent = _HASH * (first // 2 + done)
            nodes[parent : parent + _HASH * len(parents)] = b"".join(parents)
        first //= 2


def process_proof(leaf: bytes, proof: Sequence[bytes]) -> bytes:
    """Return the root that `leaf` (32 bytes) and its `proof` lead to."""
    node = leaf
    for sibling in proof:
        node = keccak256(node + sibling if node < sibling else sibling + node)
    return node


def proof_lengths(size: int) -> range:
    """Return the lengths that a proof can have in a tree of `size` leaves: one or two neighbouring ones."""
    return range(size.bit_length() - 1, (size - 1).bit_length() + 1)


def verify(root: bytes, leaf: bytes, proof: Sequence[bytes], *, size: int) -> bool:
    """Say whether `leaf` is one of the `size` leaves under `root`.

    A proof whose length no leaf of such a tree has is refused: a shorter one would start at an inner node, a longer
    one would end below a leaf. So is any part that is not 32 bytes. Never raises for a wrong proof.
    """
    if size < 1 or len(proof) not in proof_lengths(size):
        return False
    if len(leaf) != _HASH or any(len(sibling) != _HASH for sibling in proof):
        return False
    return process_proof(leaf, proof) == root


def standard_leaf(types: Sequence[str], values: Sequence[Any]) -> bytes:
    """Return the leaf hash keccak256(keccak256(abi.encode(values))) for Solidity `types` such as "bytes32", "uint64".

    Raises `ValueError` if a value does not fit its type or their numbers differ.
    """
    return keccak256(keccak256(leaf_encoder(tuple(types))(values)))


@cache
def leaf_encoder(types: tuple[str, ...]) -> Callable[[Sequence[Any]], bytes]:
    """Return the ABI encoder for `types`, compiled once: several times faster than a general one for elementary types.

    Lists, tuples, `bytes` and `string` go through eth-abi. The encoder raises `ValueError` for a value out of range.
    """
    encoders = tuple(map(_static_encoder, types))

    def encode_static(values: Sequence[Any]) -> bytes:
        if len(values) != len(encoders):
            raise ValueError(f"{len(encoders)} values expected, found {len(values)}")
        return b"".join([encoder(value) for encoder, value in zip(encoders, values, strict=True) if encoder])

    def encode_any(values: Sequence[Any]) -> bytes:
        try:
            return encode(types, values)
        except Exception as error:  # eth-abi has a tree of its own and lets built-in ones through
            raise ValueError(str(error)) from error

    return encode_any if None in encoders else encode_static


def _static_encoder(kind: str) -> Encoder | None:
    """Return the encoder of one elementary type to 32 bytes, or None where the type has no fixed size."""
    if kind == "address":
        return _encode_address
    if kind == "bool":
        return _encode_bool
    for prefix, make, sizes in _SIZED:
        size = kind.removeprefix(prefix)
        if size != kind and size.isdecimal() and int(size) in sizes:
            return make(int(size))
    return None


def _unsigned(bits: int) -> Encoder:
    def encode_uint(value: int) -> bytes:
        if not 0 <= value < 1 << bits:
            raise ValueError(f"{value} is no uint{bits}")
        return value.to_bytes(32, "big")

    return encode_uint


def _signed(bits: int) -> Encoder:
    def encode_int(value: int) -> bytes:
        if not -(1 << bits - 1) <= value < 1 << bits - 1:
            raise ValueError(f"{value} is no int{bits}")
        return value.to_bytes(32, "big", signed=True)

    return encode_int


def _fixed_bytes(size: int) -> Encoder:
    def encode_bytes(value: bytes) -> bytes:
        if len(value) != size:
            raise ValueError(f"{len(value)} bytes are no bytes{size}")
        return value.ljust(32, b"\0")

    return encode_bytes


def _encode_address(value: str | bytes) -> bytes:
    """Encode 20 bytes, or their hexadecimal form with 0x."""
    raw = bytes.fromhex(value.removeprefix("0x")) if isinstance(value, str) else value
    if len(raw) != 20:
        raise ValueError(f"{value!r} is no address")
    return raw.rjust(32, b"\0")


def _encode_bool(value: bool) -> bytes:
    if value is not True and value is not False:
        raise ValueError(f"{value!r} is no bool")
    return int(value).to_bytes(32, "big")


_SIZED: tuple[tuple[str, Callable[[int], Encoder], range], ...] = (
    ("uint", _unsigned, range(8, 257, 8)),
    ("int", _signed, range(8, 257, 8)),
    ("bytes", _fixed_bytes, range(1, 33)),
)
