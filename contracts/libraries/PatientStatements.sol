// SPDX-License-Identifier: Apache-2.0
pragma solidity =0.8.30;

import {IUnorderedNonces} from "../../interfaces/IUnorderedNonces.sol";

/// @title PatientStatements
/// @notice What a controller or a guardian signs about who decides for a patient: the EIP-712 struct hash of each statement.
library PatientStatements {
    bytes32 internal constant ROTATE = keccak256(
        "Rotate(address patient,address controller,uint256 nonce,uint64 deadline)"
    );
    bytes32 internal constant FREEZE = keccak256("Freeze(address patient,uint64 until,uint256 nonce,uint64 deadline)");
    bytes32 internal constant VETO = keccak256("Veto(address patient,uint32 round,uint256 nonce,uint64 deadline)");
    bytes32 internal constant REMOVE_GUARDIAN = keccak256(
        "RemoveGuardian(address patient,address guardian,uint256 nonce,uint64 deadline)"
    );
    bytes32 internal constant CHANGE_THRESHOLD = keccak256(
        "ChangeThreshold(address patient,uint8 threshold,uint256 nonce,uint64 deadline)"
    );
    bytes32 internal constant RECOVER = keccak256(
        "Recover(address patient,address controller,uint256 nonce,uint64 deadline)"
    );
    bytes32 internal constant HIDE = keccak256("Hide(address patient,uint32 classes,uint256 nonce,uint64 deadline)");

    bytes32 internal constant ADD_GUARDIAN = keccak256(
        "AddGuardian(address patient,address guardian,uint8 scope,uint64 from,uint64 until,bytes32 evidence,"
        "uint256 nonce,uint64 deadline)"
    );
    bytes32 internal constant RESIGN = keccak256("Resign(address patient,uint256 nonce,uint64 deadline)");

    /// @notice The hash of a statement: what it says, with its type before, then its number and its end.
    function hash(bytes memory said, IUnorderedNonces.Signed calldata by) internal pure returns (bytes32) {
        return keccak256(abi.encodePacked(said, by.nonce, uint256(by.deadline)));
    }
}
