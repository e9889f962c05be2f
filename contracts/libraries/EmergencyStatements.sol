// SPDX-License-Identifier: Apache-2.0
pragma solidity =0.8.30;

import {IUnorderedNonces} from "../../interfaces/IUnorderedNonces.sol";

/// @title EmergencyStatements
/// @notice What a patient's controller signs about emergencies: the EIP-712 struct hash of each statement.
library EmergencyStatements {
    bytes32 private constant CHANGE_RULE = keccak256(
        "ChangeRule(address patient,uint32 withheld,uint256 nonce,uint64 deadline)"
    );
    bytes32 private constant CONTEST = keccak256(
        "Contest(bytes32 organisation,uint32 number,bytes32 grounds,uint256 nonce,uint64 deadline)"
    );

    /// @notice The hash of the statement that other classes are withheld in emergencies.
    function changeRule(
        address patient,
        uint32 withheld,
        IUnorderedNonces.Signed calldata by
    ) internal pure returns (bytes32) {
        return keccak256(abi.encode(CHANGE_RULE, patient, withheld, by.nonce, by.deadline));
    }

    /// @notice The hash of the statement that a session is contested.
    function contest(
        bytes32 organisation,
        uint32 number,
        bytes32 grounds,
        IUnorderedNonces.Signed calldata by
    ) internal pure returns (bytes32) {
        return keccak256(abi.encode(CONTEST, organisation, number, grounds, by.nonce, by.deadline));
    }
}
