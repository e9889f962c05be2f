"""How a lot is packed: from a packing list to the tree that commits to it, and to the path of each unit."""

from __future__ import annotations

import hmac
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from medtrust.errors import InputError
from medtrust.keccak import keccak256
from medtrust.merkle import MerkleTree, leaf_encoder, process_proof, proof_lengths
from medtrust.types import ZERO_HASH

__all__ = [
    "MAX_DEPTH",
    "MAX_HASHES",
    "Container",
    "PackedLot",
    "Path",
    "Step",
    "compact",
    "container_id",
    "lot_id",
    "pack_id",
    "path_leads_to",
]

MAX_DEPTH = 8
MAX_HASHES = 32

_encode_leaf = leaf_encoder(("bytes32", "bytes32", "bytes32"))


def lot_id(gtin: str, lot_number: str) -> bytes:
    """Hash the 32-byte id of a lot from the product (GTIN of 14 digits) and the lot number as printed."""
    return _id("lot", int(gtin).to_bytes(32, "big"), lot_number)


def pack_id(gtin: str, serial: str) -> bytes:
    """Hash the 32-byte id of a pack from the product (GTIN of 14 digits) and its serial number."""
    return _id("sgtin", int(gtin).to_bytes(32, "big"), serial)


def container_id(sscc: str) -> bytes:
    """Hash the 32-byte id of a case or pallet from its SSCC (18 digits)."""
    return _id("sscc", b"", sscc)


def _id(kind: str, number: bytes, text: str) -> bytes:
    """Hash the ABI encoding of (bytes32 kind, number if any, string text), written out: a lot has a million of them."""
    raw = text.encode()
    head = kind.encode().ljust(32, b"\0") + number
    offset, length = (len(head) + 32).to_bytes(32, "big"), len(raw).to_bytes(32, "big")
    return keccak256(head + offset + length + raw.ljust(-(-len(raw) // 32) * 32, b"\0"))


@dataclass(frozen=True)
class Container:
    """A case or pallet: its SSCC (18 digits) and what is in it, packs by serial number or further containers."""

    sscc: str
    packs: tuple[str, ...] = ()
    containers: tuple[Container, ...] = ()


@dataclass(frozen=True)
class Step:
    """One unit on the way down: its id, its content (root of what is in it, or salt of a pack) and its proof."""

    unit: bytes
    content: bytes
    proof: tuple[bytes, ...] = ()


Path = tuple[Step, ...]
"""From the outermost container down to a unit, the unit included."""


@dataclass(frozen=True)
class _Branch:
    """The units directly in a container, or outermost in the lot: a tree over them, and what is in each."""

    names: Sequence[str]
    units: tuple[bytes, ...]
    contents: tuple[bytes, ...]
    tree: MerkleTree
    inner: tuple[_Branch, ...]


class PackedLot:
    """A lot with its hierarchy as a tree: `root` is what the chain keeps, `size` how many packs it has.

    Salts come from `salt_key` (32 random bytes): who holds it can compute every path, who does not cannot guess the
    neighbours of a pack.
    """

    def __init__(
        self,
        gtin: str,
        lot_number: str,
        salt_key: bytes,
        *,
        containers: Sequence[Container] = (),
        packs: Sequence[str] = (),
    ) -> None:
        """Build the tree of a lot whose outermost units are `containers`, or of bare `packs`.

        Raises `InputError` if a place is empty or holds both packs and containers, if a serial or an SSCC is packed
        twice, and if it is too deep.
        """
        self.gtin = gtin
        self.lot_number = lot_number
        self.id = lot_id(gtin, lot_number)
        self.size = 0
        self._key = hmac.digest(salt_key, self.id, "sha256")
        self._places: dict[bytes, tuple[int, ...]] = {}
        self._top = self._branch(packs, containers, "lot", ())
        hashes = _longest_proof(self._top)
        if hashes > MAX_HASHES:
            raise InputError(place="lot", found=f"a path of {hashes} hashes", expected=f"at most {MAX_HASHES}")

    @property
    def root(self) -> bytes:
        """The 32 bytes that commit to the whole hierarchy."""
        return self._top.tree.root

    def __contains__(self, unit: bytes) -> bool:
        return unit in self._places

    def units(self) -> Iterator[bytes]:
        """Yield the id of every unit, each container before what is in it."""
        return iter(self._places)

    def packs(self) -> Iterator[tuple[bytes, tuple[bytes, ...]]]:
        """Yield the id of every pack with those of the containers around it, the outermost first."""
        return _packs(self._top, ())

    def path(self, unit: bytes) -> Path:
        """Return the path that proves a unit.

        Raises `InputError` if it is not in this lot.
        """
        place = self._place(unit)
        steps: list[Step] = []
        branch = self._top
        for depth, index in enumerate(place, start=1):
            steps.append(Step(branch.units[index], branch.contents[index], branch.tree.proof(index)))
            if depth < len(place):
                branch = branch.inner[index]
        return tuple(steps)

    def name(self, unit: bytes) -> str:
        """Return what is printed on a unit: the SSCC of a container, the serial number of a pack.

        Raises `InputError` if it is not in this lot.
        """
        *above, index = self._place(unit)
        branch = self._top
        for outer in above:
            branch = branch.inner[outer]
        return branch.names[index]

    def _place(self, unit: bytes) -> tuple[int, ...]:
        if unit not in self._places:
            raise InputError(place="unit", found=f"0x{unit.hex()}", expected=f"a unit of lot {self.lot_number}")
        return self._places[unit]

    def _branch(
        self, packs: Sequence[str], containers: Sequence[Container], place: str, above: tuple[int, ...]
    ) -> _Branch:
        if bool(packs) == bool(containers):
            found = "both packs and containers" if packs else "nothing"
            raise InputError(place=place, found=found, expected="packs or containers")
        if len(above) == MAX_DEPTH:
            raise InputError(place=place, found=f"more than {MAX_DEPTH} levels", expected=f"at most {MAX_DEPTH}")
        if packs:
            ids = tuple(pack_id(self.gtin, serial) for serial in packs)
            self._take(ids, packs, place, above)
            self.size += len(packs)
            return self._tree(packs, ids, tuple(map(self._salt, ids)), ())
        ssccs = [one.sscc for one in containers]
        ids = tuple(map(container_id, ssccs))
        self._take(ids, ssccs, place, above)
        inner = tuple(
            self._branch(one.packs, one.containers, f"{place}, container {one.sscc}", (*above, index))
            for index, one in enumerate(containers)
        )
        return self._tree(ssccs, ids, tuple(branch.tree.root for branch in inner), inner)

    def _take(self, ids: Sequence[bytes], names: Sequence[str], place: str, above: tuple[int, ...]) -> None:
        """Note where each unit is; a unit that is anywhere else already is refused, so that each has one parent."""
        for index, unit in enumerate(ids):
            if unit in self._places:
                raise InputError(place=place, found=f"{names[index]} a second time", expected="each unit in one place")
            self._places[unit] = (*above, index)

    def _salt(self, unit: bytes) -> bytes:
        return hmac.digest(self._key, unit, "sha256")

    def _tree(
        self, names: Sequence[str], units: tuple[bytes, ...], contents: tuple[bytes, ...], inner: tuple[_Branch, ...]
    ) -> _Branch:
        tree = MerkleTree([_leaf(self.id, unit, content) for unit, content in zip(units, contents, strict=True)])
        return _Branch(names, units, contents, tree, inner)


def _packs(branch: _Branch, around: tuple[bytes, ...]) -> Iterator[tuple[bytes, tuple[bytes, ...]]]:
    if not branch.inner:
        for unit in branch.units:
            yield unit, around
    for unit, inner in zip(branch.units, branch.inner, strict=False):
        yield from _packs(inner, (*around, unit))


def _leaf(lot: bytes, unit: bytes, content: bytes) -> bytes:
    return keccak256(keccak256(_encode_leaf((lot, unit, content))))


def _longest_proof(branch: _Branch) -> int:
    return proof_lengths(len(branch.units))[-1] + max(map(_longest_proof, branch.inner), default=0)


def compact(path: Path) -> Path:
    """Return a path without what the registry does not read: all contents but the last, and the last unit."""
    return tuple(
        Step(ZERO_HASH, step.content, step.proof) if place == len(path) else Step(step.unit, ZERO_HASH, step.proof)
        for place, step in enumerate(path, 1)
    )


def path_leads_to(path: Path, *, lot: bytes, root: bytes, size: int) -> bool:
    """Say whether a path proves its last unit in a lot, as the contract judges it: `root` and `size` are the lot's."""
    if not 1 <= len(path) <= MAX_DEPTH or sum(len(step.proof) for step in path) > MAX_HASHES:
        return False
    longest = (size - 1).bit_length()
    node = path[-1].content
    for step in reversed(path):
        if len(step.proof) > longest:
            return False
        node = process_proof(_leaf(lot, step.unit, node), step.proof)
    return node == root
