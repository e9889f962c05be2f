"""The trees against @openzeppelin/merkle-tree, and their own properties."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from eth_abi import encode
from hypothesis import given
from hypothesis import strategies as st

from medtrust.keccak import keccak256
from medtrust.merkle import MerkleTree, leaf_encoder, process_proof, proof_lengths, standard_leaf, verify

TYPES = ("uint32", "bytes32", "address", "bytes32")
SIZES = (*range(1, 258), 1_000, 4_096, 4_097)
DUMPED = (1, 2, 3, 5, 8, 13, 100, 256, 257, 1_000)
ALL_PROVED = 40


def values_of(index: int) -> tuple[int, bytes, str, bytes]:
    """Return the values of one leaf, always the same for an index."""
    digest = keccak256(index.to_bytes(4, "big"))
    return index, digest, "0x" + digest[:20].hex(), keccak256(digest)


@pytest.fixture(scope="module")
def hashes() -> list[bytes]:
    return [standard_leaf(TYPES, values_of(index)) for index in range(max(SIZES))]


@pytest.fixture(scope="module")
def oracle() -> dict[int, dict[str, Any]]:
    """What the JavaScript library builds for every size, asked in one go."""
    node = shutil.which("node") or shutil.which("node", path=str(Path(sys.executable).parent))
    assert node, "node is part of the tools that `make setup` installs"
    hexed = [[str(n), "0x" + a.hex(), who, "0x" + b.hex()] for n, a, who, b in map(values_of, range(max(SIZES)))]
    task = {"types": TYPES, "values": hexed, "sizes": SIZES, "dumped": DUMPED, "proved": ALL_PROVED}
    root = Path(__file__).parents[2]
    found = subprocess.run(
        [node, str(root / "tests/sdk/merkle_oracle.js")],
        input=json.dumps(task),
        capture_output=True,
        text=True,
        check=True,
        cwd=root,
    )
    return {answer["size"]: answer for answer in json.loads(found.stdout)}


def hexes(nodes: Any) -> list[str]:
    return ["0x" + node.hex() for node in nodes]


class TestAgainstTheJavaScriptLibrary:
    """
    for every size from 1 to 257, and 1,000, 4,096, 4,097
      -> the same root, and the same proofs, which verify
    for ten of the sizes
      -> the same array of nodes
    """

    @pytest.mark.parametrize("size", SIZES)
    def test_root_and_proofs_agree(self, oracle: dict[int, dict[str, Any]], hashes: list[bytes], size: int) -> None:
        tree = MerkleTree(hashes[:size])
        theirs = oracle[size]

        assert len(tree) == size
        assert "0x" + tree.root.hex() == theirs["root"]
        assert len(theirs["proofs"]) == (size if size <= ALL_PROVED else 3)
        for index, proof in theirs["proofs"]:
            assert hexes(tree.proof(index)) == proof
            assert verify(tree.root, hashes[index], tree.proof(index), size=size)

    @pytest.mark.parametrize("size", DUMPED)
    def test_every_node_agrees(self, oracle: dict[int, dict[str, Any]], hashes: list[bytes], size: int) -> None:
        assert hexes(MerkleTree(hashes[:size]).nodes()) == oracle[size]["nodes"]


leaves = st.lists(st.binary(min_size=32, max_size=32), min_size=1, max_size=70)


class TestMerkleTree:
    """
    given no leaves                        -> refused
    given a leaf hash of 31 or 33 bytes    -> refused, also when the sum of lengths is right
    given any leaves
      each leaf                            -> is proved by its proof
      their order                          -> does not matter to the root
      equal leaves                         -> each have a proof
    when an index is negative or too high  -> IndexError
    """

    def test_refuses_no_leaves(self) -> None:
        with pytest.raises(ValueError, match="at least one leaf, found none"):
            MerkleTree([])

    @pytest.mark.parametrize("lengths", [(31,), (33,), (31, 33), (32, 0)])
    def test_refuses_a_hash_of_another_length(self, lengths: tuple[int, ...]) -> None:
        with pytest.raises(ValueError, match="32 bytes"):
            MerkleTree([bytes(length) for length in lengths])

    @given(leaves)
    def test_proves_every_leaf(self, given_leaves: list[bytes]) -> None:
        tree = MerkleTree(given_leaves)
        for index, leaf in enumerate(given_leaves):
            assert tree.leaf(index) == leaf
            assert verify(tree.root, leaf, tree.proof(index), size=len(given_leaves))

    @given(leaves, st.randoms())
    def test_root_does_not_depend_on_the_order(self, given_leaves: list[bytes], random: Any) -> None:
        shuffled = random.sample(given_leaves, len(given_leaves))
        assert MerkleTree(shuffled).root == MerkleTree(given_leaves).root

    @pytest.mark.parametrize("index", [-1, 3, 4])
    def test_has_no_leaf_beyond_its_own(self, hashes: list[bytes], index: int) -> None:
        with pytest.raises(IndexError, match=f"leaf {index} of a tree of 3"):
            MerkleTree(hashes[:3]).proof(index)


class TestVerify:
    """
    given a valid proof
      when one byte of it, of the leaf or of the root changes   -> false
      when it is longer or shorter than a tree of the size has  -> false, even if it leads to the root
      when a part is not 32 bytes                               -> false
      when two siblings change places                           -> false
    when an inner node is offered as a leaf                     -> false
    given a size of 0                                           -> false
    """

    @given(leaves, st.data())
    def test_refuses_every_changed_byte(self, given_leaves: list[bytes], data: st.DataObject) -> None:
        tree = MerkleTree(given_leaves)
        index = data.draw(st.integers(0, len(given_leaves) - 1))
        message = bytearray(tree.root + tree.leaf(index) + b"".join(tree.proof(index)))
        place = data.draw(st.integers(0, len(message) - 1))
        message[place] ^= data.draw(st.integers(1, 255))
        root, leaf, *proof = (bytes(message[at : at + 32]) for at in range(0, len(message), 32))
        assert not verify(root, leaf, proof, size=len(given_leaves))

    @pytest.mark.parametrize(
        ("size", "lengths"), [(1, [0]), (2, [1]), (3, [1, 2]), (4, [2]), (5, [2, 3]), (1 << 20, [20])]
    )
    def test_bounds_the_length(self, size: int, lengths: list[int]) -> None:
        assert list(proof_lengths(size)) == lengths
        for length in range(34):
            proof = [bytes(32)] * length
            leaf = os.urandom(32)
            assert verify(process_proof(leaf, proof), leaf, proof, size=size) is (length in lengths)

    @pytest.mark.parametrize("place", [0, 1, 2])
    @pytest.mark.parametrize("length", [0, 31, 33])
    def test_refuses_a_part_of_another_length(self, hashes: list[bytes], place: int, length: int) -> None:
        tree = MerkleTree(hashes[:4])
        parts = [tree.leaf(0), *tree.proof(0)]
        parts[place] = bytes(length)
        assert not verify(process_proof(parts[0], parts[1:]), parts[0], parts[1:], size=4)

    def test_refuses_reordered_siblings(self, hashes: list[bytes]) -> None:
        tree = MerkleTree(hashes[:8])
        assert not verify(tree.root, tree.leaf(5), tree.proof(5)[::-1], size=8)

    @pytest.mark.parametrize("size", [2, 3, 8, 13, 257])
    def test_refuses_an_inner_node_as_a_leaf(self, hashes: list[bytes], size: int) -> None:
        tree = MerkleTree(hashes[:size])
        nodes = list(tree.nodes())
        for position in range(size - 1):
            proof, at = [], position
            while at:
                proof.append(nodes[at + 1 if at % 2 else at - 1])
                at = (at - 1) // 2
            assert process_proof(nodes[position], proof) == tree.root
            if len(proof) in proof_lengths(size):
                continue  # an inner node beside leaves: no value hashes to it, as the next test shows
            assert not verify(tree.root, nodes[position], proof, size=size)

    def test_no_values_hash_to_an_inner_node(self, hashes: list[bytes]) -> None:
        """A leaf is a hash of 32 bytes, an inner node one of 64: the same bytes can never be both."""
        tree = MerkleTree(hashes[:3])
        pair = b"".join(sorted((tree.leaf(0), tree.leaf(1))))
        assert standard_leaf(("bytes32", "bytes32"), (pair[:32], pair[32:])) != keccak256(pair)

    def test_refuses_an_empty_tree(self) -> None:
        assert not verify(bytes(32), bytes(32), [], size=0)


FIXED = {
    "uint8": st.integers(0, 2**8 - 1),
    "uint64": st.integers(0, 2**64 - 1),
    "uint256": st.integers(0, 2**256 - 1),
    "int16": st.integers(-(2**15), 2**15 - 1),
    "int256": st.integers(-(2**255), 2**255 - 1),
    "bytes4": st.binary(min_size=4, max_size=4),
    "bytes32": st.binary(min_size=32, max_size=32),
    "bool": st.booleans(),
    "address": st.binary(min_size=20, max_size=20).map(lambda raw: "0x" + raw.hex()),
    "string": st.text(max_size=40),
    "uint64[]": st.lists(st.integers(0, 2**64 - 1), max_size=5),
}


class TestLeafEncoder:
    """
    for any values of any types         -> the bytes that eth-abi gives
    when a value does not fit its type  -> ValueError
    when the numbers differ             -> ValueError
    standard_leaf                       -> the double hash of the encoding
    """

    @given(
        st.lists(st.sampled_from(sorted(FIXED)), min_size=1, max_size=6).flatmap(
            lambda types: st.tuples(st.just(tuple(types)), st.tuples(*(FIXED[kind] for kind in types)))
        )
    )
    def test_encodes_as_eth_abi_does(self, case: tuple[tuple[str, ...], tuple[Any, ...]]) -> None:
        types, values = case
        assert leaf_encoder(types)(values) == encode(types, values)

    @pytest.mark.parametrize(
        ("kind", "value"),
        [
            ("uint8", 256), ("uint8", -1), ("int8", 128), ("int8", -129), ("bytes32", bytes(31)), ("bytes4", bytes(5)),
            ("address", "0x00"), ("bool", 2), ("string", 5),
        ],
    )  # fmt: skip
    def test_refuses_a_value_out_of_range(self, kind: str, value: Any) -> None:
        with pytest.raises(ValueError):
            leaf_encoder((kind,))((value,))

    @pytest.mark.parametrize("values", [(1,), (1, 2, 3)])
    def test_refuses_another_number_of_values(self, values: tuple[int, ...]) -> None:
        with pytest.raises(ValueError, match=f"2 values expected, found {len(values)}"):
            leaf_encoder(("uint8", "uint8"))(values)

    def test_leaf_is_the_double_hash(self) -> None:
        values = values_of(7)
        assert standard_leaf(TYPES, values) == keccak256(keccak256(encode(TYPES, values)))
