// SPDX-License-Identifier: Apache-2.0
pragma solidity =0.8.30;

import {IPatientRegistry} from "../../interfaces/IPatientRegistry.sol";
import {Signatures} from "../libraries/Signatures.sol";
import {Guarded} from "./Guarded.sol";
import {SignedActions} from "./SignedActions.sol";

/// @title Keys
/// @notice Keeps whose key decides for a patient, and knows what is signed.
abstract contract Keys is Guarded, SignedActions {
    /* STORAGE */

    /// @dev All that a grant reads, in one slot. The zero controller stands for the patient.
    struct Key {
        address controller;
        uint48 frozenFrom;
        uint48 frozenUntil;
    }

    mapping(address patient => Key key) private _keys;

    function _key(address patient) internal view returns (Key storage) {
        return _keys[patient];
    }

    function _checkController(address patient) internal view {
        require(msg.sender == controllerOf(patient), NotController(patient, msg.sender));
    }

    function _checkThawed(address patient) internal view {
        require(block.timestamp >= _keys[patient].frozenUntil, Frozen(patient));
    }

    /* VIEWS */

    /// @inheritdoc IPatientRegistry
    function controllerOf(address patient) public view returns (address) {
        address controller = _keys[patient].controller;
        return controller == address(0) ? patient : controller;
    }

    /// @inheritdoc IPatientRegistry
    function controlOf(
        address patient
    ) external view returns (address controller, uint64 frozenFrom, uint64 frozenUntil) {
        Key storage key = _keys[patient];
        return (controllerOf(patient), key.frozenFrom, key.frozenUntil);
    }

    /// @inheritdoc IPatientRegistry
    function isSigned(address patient, bytes32 statement, bytes calldata signature) external view returns (bool) {
        return isSignedBy(controllerOf(patient), _digest(statement), signature);
    }

    /// @inheritdoc IPatientRegistry
    function isSignedBy(address account, bytes32 digest, bytes calldata signature) public view returns (bool) {
        return account != address(0) && Signatures.signerOf(account, digest, signature) == account;
    }
}
