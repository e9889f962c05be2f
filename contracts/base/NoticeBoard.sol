// SPDX-License-Identifier: Apache-2.0
pragma solidity =0.8.30;

import {IDrugProvenance} from "../../interfaces/IDrugProvenance.sol";
import {Notices} from "../libraries/Notices.sol";
import {Roles} from "../libraries/Roles.sol";
import {Accredited} from "./Accredited.sol";

/// @title NoticeBoard
/// @notice Of what partners must know, and who said that it does.
abstract contract NoticeBoard is IDrugProvenance, Accredited {
    using Notices for Notices.State;

    /* STORAGE */

    Notices.State private _notices;

    /// @dev Starts the clock, anew where it runs.
    function _notify(bytes32 lot, bytes32 unit) internal {
        _notices.start(lot, unit);
    }

    function _isNoticed(bytes32 lot, bytes32 unit) internal view returns (bool) {
        return _notices.isRunning(lot, unit);
    }

    /* PARTNER */

    /// @inheritdoc IDrugProvenance
    function acknowledge(bytes32 organisation, bytes32 lot, bytes32 unit) external {
        _checkAuthorised(organisation, Roles.PARTICIPANT);
        _notices.acknowledge(lot, unit, organisation);

        emit NoticeAcknowledged(lot, unit, organisation);
    }

    /* VIEWS */

    /// @inheritdoc IDrugProvenance
    function lateOf(
        bytes32 lot,
        bytes32 unit,
        bytes32[] calldata organisations
    ) external view returns (bool[] memory late) {
        late = new bool[](organisations.length);
        for (uint256 i = 0; i < late.length; ++i) {
            late[i] = _notices.isLate(lot, unit, organisations[i]);
        }
    }
}
