// SPDX-License-Identifier: Apache-2.0
pragma solidity =0.8.30;

import {IPatientRegistry} from "../../interfaces/IPatientRegistry.sol";
import {ISignedActions} from "../../interfaces/ISignedActions.sol";
import {Scopes} from "../libraries/Scopes.sol";

/// @title Controlled
/// @notice Asks the registry of patients who decides for a patient now.
abstract contract Controlled {
    /// @notice Where the controllers and guardians of patients are looked up.
    IPatientRegistry public immutable PATIENTS;

    /// @param patients The registry of patients.
    constructor(IPatientRegistry patients) {
        PATIENTS = patients;
    }

    /// @dev Reverts unless the caller may act for `patient` now within `scope`, as its controller or as a guardian.
    function _checkMay(address patient, uint8 scope) internal view returns (bool isGuardian) {
        IPatientRegistry.Capacity capacity = PATIENTS.capacityOf(patient, msg.sender, scope);
        require(capacity != IPatientRegistry.Capacity.NONE, IPatientRegistry.NotController(patient, msg.sender));
        require(capacity != IPatientRegistry.Capacity.FROZEN, IPatientRegistry.Frozen(patient));
        return capacity == IPatientRegistry.Capacity.GUARDIAN;
    }

    /// @dev Reverts unless what `signer` signed counts for `patient` within `scope`.
    function _checkSigner(
        address patient,
        uint8 scope,
        IPatientRegistry.Control memory control,
        address signer
    ) internal view returns (bool isGuardian) {
        uint64 at = uint64(block.timestamp);
        isGuardian = signer != control.controller;
        bool isHers = signer != address(0) && (!isGuardian || PATIENTS.isGuardian(patient, signer, scope, at));
        require(isHers, ISignedActions.InvalidSignature(control.controller));
        bool isStopped = scope & Scopes.GIVING != 0 && _isFrozenAt(control, at);
        require(!isStopped, IPatientRegistry.Frozen(patient));
    }

    function _isFrozenAt(IPatientRegistry.Control memory control, uint64 at) internal pure returns (bool) {
        return at >= control.frozenFrom && at < control.frozenUntil;
    }
}
