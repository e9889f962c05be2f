// SPDX-License-Identifier: Apache-2.0
pragma solidity =0.8.30;

import {IDrugProvenance} from "../../interfaces/IDrugProvenance.sol";
import {Dispensing} from "../libraries/Dispensing.sol";

/// @title Packs
/// @notice Which packs were dispensed.
abstract contract Packs is IDrugProvenance {
    /* STORAGE */

    Dispensing.State private _dispensed;

    function _packs() internal view returns (Dispensing.State storage) {
        return _dispensed;
    }

    /* VIEWS */

    /// @inheritdoc IDrugProvenance
    function endOf(bytes32 unit) external view returns (End memory) {
        return Dispensing.told(_dispensed.ends[unit]);
    }
}
