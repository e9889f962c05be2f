// SPDX-License-Identifier: Apache-2.0
pragma solidity =0.8.30;

import {MerkleProof} from "@openzeppelin/contracts/utils/cryptography/MerkleProof.sol";
import {IDrugProvenance} from "../../interfaces/IDrugProvenance.sol";

/// @title Paths
/// @notice The ways through the packing of a lot.
library Paths {
    uint256 private constant _MAX_DEPTH = 8;
    uint256 private constant _MAX_HASHES = 32;

    /// @notice Whether a path leads to a unit: from the root of the lot down, each leaf in the tree that the one before names.
    /// @dev A lot of n packs has no tree of more than n leaves, so that no proof is longer than log2(n), rounded up.
    function leadsTo(
        IDrugProvenance.Step[] calldata path,
        IDrugProvenance.Lot storage record,
        bytes32 lot,
        bytes32 unit
    ) internal view returns (bool) {
        (bytes32 root, uint256 size) = (record.unitsRoot, record.size);
        uint256 hashes = 0;
        bytes32 last;
        for (uint256 i = 0; i < path.length; ++i) {
            IDrugProvenance.Step calldata step = path[i];
            bytes32[] calldata proof = step.proof;
            hashes += proof.length;
            if (i == _MAX_DEPTH || hashes > _MAX_HASHES || 1 << proof.length >= size << 1) return false;
            last = step.unit;
            bytes32 content = step.content;
            bytes32 leaf = keccak256(bytes.concat(keccak256(abi.encode(lot, last, content))));
            if (MerkleProof.processProofCalldata(proof, leaf) != root) return false;
            root = content;
        }
        return path.length != 0 && last == unit;
    }
}
