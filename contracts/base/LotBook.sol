// SPDX-License-Identifier: Apache-2.0
pragma solidity =0.8.30;

import {IDrugProvenance} from "../../interfaces/IDrugProvenance.sol";
import {Mixes} from "../libraries/Mixes.sol";
import {Standings} from "../libraries/Standings.sol";

/// @title LotBook
/// @notice Lots, and mixes of lots, and how they stand.
abstract contract LotBook is IDrugProvenance {
    /* STORAGE */

    mapping(bytes32 lot => Lot record) private _lots;
    mapping(bytes32 mix => bytes32[] lots) private _mixes;

    function _lot(bytes32 lot) internal view returns (Lot storage) {
        return _lots[lot];
    }

    function _mix(bytes32 mix) internal view returns (bytes32[] storage) {
        return _mixes[mix];
    }

    function _lotAt(bytes32 lot, uint256 place) internal view returns (bytes32) {
        return Mixes.at(_mixes[lot], lot, place);
    }

    /// @dev Reverts unless a lot is active; says whether it, or any lot of a mix, must be kept cold.
    function _checkActive(bytes32 lot) internal view returns (bool) {
        (LotStatus status, bool isCold) = _standing(lot);
        Standings.checkActive(lot, status);
        return isCold;
    }

    function _standing(bytes32 lot) private view returns (LotStatus worst, bool isCold) {
        (worst, isCold) = Standings.standing(_lots[lot]);
        if (worst != LotStatus.UNKNOWN) return (worst, isCold);
        bytes32[] storage lots = _mixes[lot];
        for (uint256 i = 0; i < lots.length; ++i) {
            (LotStatus status, bool isInnerCold) = Standings.standing(_lots[lots[i]]);
            isCold = isCold || isInnerCold;
            if (i == 0 || (status != LotStatus.ACTIVE && worst != LotStatus.RECALLED)) worst = status;
        }
    }

    /* VIEWS */

    /// @inheritdoc IDrugProvenance
    function lotStatus(bytes32 lot) public view returns (LotStatus status) {
        (status, ) = _standing(lot);
    }

    /// @inheritdoc IDrugProvenance
    function lotOf(bytes32 lot) external view returns (Lot memory) {
        return _lots[lot];
    }
}
