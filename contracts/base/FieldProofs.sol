// SPDX-License-Identifier: Apache-2.0
pragma solidity =0.8.30;

import {MerkleProof} from "@openzeppelin/contracts/utils/cryptography/MerkleProof.sol";
import {IFieldProofs} from "../../interfaces/IFieldProofs.sol";

/// @title FieldProofs
/// @notice See {IFieldProofs}.
abstract contract FieldProofs is IFieldProofs {
    /// @dev The depth of a tree of 32 fields.
    uint256 private constant _LONGEST_PROOF = 5;

    /// @inheritdoc IFieldProofs
    function isField(bytes32 fields, Field calldata field, bytes32[] calldata proof) external pure returns (bool) {
        // Hashed twice, so that no inner node, which is a hash of 64 bytes, can be offered as a leaf.
        bytes32 leaf = keccak256(bytes.concat(keccak256(abi.encode(field.name, field.value, field.salt))));
        return proof.length <= _LONGEST_PROOF && MerkleProof.verifyCalldata(proof, fields, leaf);
    }
}
