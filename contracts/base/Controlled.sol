// SPDX-License-Identifier: Apache-2.0
pragma solidity =0.8.30;

import {IPatientRegistry} from "../../interfaces/IPatientRegistry.sol";

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

    function _controllerOf(address patient) internal view returns (address) {
        return PATIENTS.controllerOf(patient);
    }

    /// @dev Whose signature counts for `patient` in an act that a freeze stops. Reverts while it is frozen.
    function _thawedControllerOf(address patient) internal view returns (address) {
        IPatientRegistry.Control memory control = PATIENTS.controlOf(patient);
        require(!_isFrozenAt(control, uint64(block.timestamp)), IPatientRegistry.Frozen(patient));
        return control.controller;
    }

    function _isFrozenAt(IPatientRegistry.Control memory control, uint64 at) internal pure returns (bool) {
        return at >= control.frozenFrom && at < control.frozenUntil;
    }
}
