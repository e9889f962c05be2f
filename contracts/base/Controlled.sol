// SPDX-License-Identifier: Apache-2.0
pragma solidity =0.8.30;

import {IPatientRegistry} from "../../interfaces/IPatientRegistry.sol";

/// @title Controlled
/// @notice Asks the registry of patients who decides for a patient now.
abstract contract Controlled {
    /// @notice Where the controllers and guardians of patients, and what they signed, are looked up.
    IPatientRegistry public immutable PATIENTS;

    /// @param patients The registry of patients.
    constructor(IPatientRegistry patients) {
        PATIENTS = patients;
    }

    /// @dev Reverts unless the caller may act for `patient` now within `scope`, as its controller or as a guardian.
    function _checkMay(address patient, uint8 scope) internal view returns (bool isGuardian) {
        return PATIENTS.checkMay(patient, msg.sender, scope) != msg.sender;
    }
}
