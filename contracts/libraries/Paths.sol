// SPDX-License-Identifier: Apache-2.0
pragma solidity =0.8.30;

import {MerkleProof} from "@openzeppelin/contracts/utils/cryptography/MerkleProof.sol";
import {IDrugProvenance} from "../../interfaces/IDrugProvenance.sol";
import {Custody} from "./Custody.sol";

/// @title Paths
/// @notice The ways through the packing of a lot.
library Paths {
    uint256 private constant _MAX_DEPTH = 8;
    uint256 private constant _MAX_HASHES = 32;

    /// @notice Whether a path leads to a unit: from its own leaf up, each tree's root being the content of the unit around it.
    /// @dev A lot of n packs has no tree of more than n leaves, so that no proof is longer than log2(n), rounded up.
    function leadsTo(
        IDrugProvenance.Step[] calldata path,
        IDrugProvenance.Lot storage record,
        bytes32 lot,
        bytes32 unit
    ) internal view returns (bool) {
        uint256 depth = path.length;
        if (depth == 0 || depth > _MAX_DEPTH) return false;
        uint256 size = record.size;
        uint256 hashes = 0;
        IDrugProvenance.Step calldata step = path[depth - 1];
        bytes32 node = step.content;
        // Counts of what stands in the calldata come nowhere near the end of their range.
        unchecked {
            for (--depth; ; --depth) {
                bytes32[] calldata proof = step.proof;
                uint256 length = proof.length;
                hashes += length;
                if (hashes > _MAX_HASHES || 1 << length >= size << 1) return false;
                node = keccak256(abi.encode(keccak256(abi.encode(lot, unit, node))));
                node = MerkleProof.processProofCalldata(proof, node);
                if (depth == 0) break;
                step = path[depth - 1];
                unit = step.unit;
            }
        }
        return node == record.unitsRoot;
    }

    /// @notice The word of a unit itself, else that of the nearest unit around it, else that its manufacturer holds it; zero if it is not
    /// proven. A unit with a word was proven when it got it.
    function locate(
        mapping(bytes32 key => bytes32 word) storage words,
        IDrugProvenance.Lot storage record,
        bytes32 lot,
        bytes32 unit,
        IDrugProvenance.Step[] calldata path
    ) internal view returns (bytes32 word) {
        word = words[Custody.keyOf(lot, unit)];
        if (word == bytes32(0)) {
            if (!leadsTo(path, record, lot, unit)) return word;
            // A path that leads somewhere is not empty.
            unchecked {
                uint256 i = path.length - 1;
                for (; i != 0 && word == bytes32(0); --i) word = words[Custody.keyOf(lot, path[i - 1].unit)];
            }
            if (word == bytes32(0)) return Custody.held(record.manufacturer, 0);
        }
        // Ends, because the level of a container is above that of what is in it.
        while (Custody.isInside(word)) word = words[Custody.keyIn(word)];
    }
}
