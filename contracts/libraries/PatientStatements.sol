// SPDX-License-Identifier: Apache-2.0
pragma solidity =0.8.30;

import {IPatientRegistry} from "../../interfaces/IPatientRegistry.sol";
import {IUnorderedNonces} from "../../interfaces/IUnorderedNonces.sol";

/// @title PatientStatements
/// @notice What a controller or a guardian signs about who decides for a patient: the EIP-712 struct hash of each statement.
library PatientStatements {
    bytes32 private constant ROTATE = keccak256(
        "Rotate(address patient,address controller,uint256 nonce,uint64 deadline)"
    );
    bytes32 private constant FREEZE = keccak256("Freeze(address patient,uint64 until,uint256 nonce,uint64 deadline)");
    bytes32 private constant VETO = keccak256("Veto(address patient,uint32 round,uint256 nonce,uint64 deadline)");
    bytes32 private constant ADD_GUARDIAN = keccak256(
        "AddGuardian(address patient,address guardian,uint8 scope,uint64 from,uint64 until,bytes32 evidence,"
        "uint256 nonce,uint64 deadline)"
    );
    bytes32 private constant REMOVE_GUARDIAN = keccak256(
        "RemoveGuardian(address patient,address guardian,uint256 nonce,uint64 deadline)"
    );
    bytes32 private constant CHANGE_THRESHOLD = keccak256(
        "ChangeThreshold(address patient,uint8 threshold,uint256 nonce,uint64 deadline)"
    );
    bytes32 private constant RECOVER = keccak256(
        "Recover(address patient,address controller,uint256 nonce,uint64 deadline)"
    );
    bytes32 private constant RESIGN = keccak256("Resign(address patient,uint256 nonce,uint64 deadline)");
    bytes32 private constant HIDE = keccak256("Hide(address patient,uint32 classes,uint256 nonce,uint64 deadline)");

    /// @notice The hash of the statement that another account decides from now on.
    function rotate(
        address patient,
        address controller,
        IUnorderedNonces.Signed calldata by
    ) internal pure returns (bytes32) {
        return keccak256(abi.encode(ROTATE, patient, controller, by.nonce, by.deadline));
    }

    /// @notice The hash of the statement that a key is frozen.
    function freeze(
        address patient,
        uint64 until,
        IUnorderedNonces.Signed calldata by
    ) internal pure returns (bytes32) {
        return keccak256(abi.encode(FREEZE, patient, until, by.nonce, by.deadline));
    }

    /// @notice The hash of the statement that a recovery is refused.
    function veto(address patient, uint32 round, IUnorderedNonces.Signed calldata by) internal pure returns (bytes32) {
        return keccak256(abi.encode(VETO, patient, round, by.nonce, by.deadline));
    }

    /// @notice The hash of the statement that a guardian is appointed.
    function addGuardian(
        IPatientRegistry.Appointment calldata appointment,
        IUnorderedNonces.Signed calldata by
    ) internal pure returns (bytes32) {
        return keccak256(abi.encode(ADD_GUARDIAN, appointment, by.nonce, by.deadline));
    }

    /// @notice The hash of the statement that a guardian is removed.
    function removeGuardian(
        address patient,
        address guardian,
        IUnorderedNonces.Signed calldata by
    ) internal pure returns (bytes32) {
        return keccak256(abi.encode(REMOVE_GUARDIAN, patient, guardian, by.nonce, by.deadline));
    }

    /// @notice The hash of the statement that another number of guardians is asked for.
    function changeThreshold(
        address patient,
        uint8 threshold,
        IUnorderedNonces.Signed calldata by
    ) internal pure returns (bytes32) {
        return keccak256(abi.encode(CHANGE_THRESHOLD, patient, threshold, by.nonce, by.deadline));
    }

    /// @notice The hash of the statement that a guardian votes for a controller.
    function recover(
        address patient,
        address controller,
        IUnorderedNonces.Signed calldata by
    ) internal pure returns (bytes32) {
        return keccak256(abi.encode(RECOVER, patient, controller, by.nonce, by.deadline));
    }

    /// @notice The hash of the statement that a guardian resigns.
    function resign(address patient, IUnorderedNonces.Signed calldata by) internal pure returns (bytes32) {
        return keccak256(abi.encode(RESIGN, patient, by.nonce, by.deadline));
    }

    /// @notice The hash of the statement that classes are hidden from guardians.
    function hide(
        address patient,
        uint32 classes,
        IUnorderedNonces.Signed calldata by
    ) internal pure returns (bytes32) {
        return keccak256(abi.encode(HIDE, patient, classes, by.nonce, by.deadline));
    }
}
