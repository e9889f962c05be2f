// SPDX-License-Identifier: Apache-2.0
pragma solidity =0.8.30;

import {IAccreditationRegistry} from "../../interfaces/IAccreditationRegistry.sol";

/// @title Accredited
/// @notice Asks the accreditation registry who may act now.
abstract contract Accredited {
    /// @notice Where organisations, roles and signers are looked up.
    IAccreditationRegistry public immutable ACCREDITATION;

    /// @param accreditation The accreditation registry.
    constructor(IAccreditationRegistry accreditation) {
        ACCREDITATION = accreditation;
    }

    /// @dev Reverts unless the caller may act now for `organisation` in `role`.
    function _checkAuthorised(bytes32 organisation, uint64 role) internal view {
        ACCREDITATION.checkAuthorised(organisation, msg.sender, role);
    }

    /// @dev Reverts unless `organisation` is accredited now for `role`.
    function _checkAccredited(bytes32 organisation, uint64 role) internal view {
        ACCREDITATION.checkAccredited(organisation, role);
    }
}
