// SPDX-License-Identifier: Apache-2.0
pragma solidity =0.8.30;

import {IDrugProvenance} from "../../interfaces/IDrugProvenance.sol";
import {IVaccinationRegistry} from "../../interfaces/IVaccinationRegistry.sol";
import {Advisories} from "./Advisories.sol";

/// @title Lots
/// @notice What the registry of lots says about the lots of doses.
library Lots {
    uint256 private constant MAX = 256;

    /// @dev Reverts unless each of the lots is in use now.
    function checkUsable(IDrugProvenance provenance, bytes32[] calldata lots) internal view {
        require(lots.length <= MAX, IVaccinationRegistry.TooManyLots(lots.length));
        for (uint256 i = 0; i < lots.length; ++i) {
            IDrugProvenance.LotStatus status = provenance.lotStatus(lots[i]);
            require(status != IDrugProvenance.LotStatus.UNKNOWN, IDrugProvenance.UnknownLot(lots[i]));
            require(status != IDrugProvenance.LotStatus.RECALLED, IDrugProvenance.LotRecalled(lots[i]));
            require(status != IDrugProvenance.LotStatus.QUARANTINED, IDrugProvenance.LotQuarantined(lots[i]));
            require(status != IDrugProvenance.LotStatus.EXPIRED, IDrugProvenance.LotExpired(lots[i]));
        }
    }

    /// @dev A lot that expired since then says nothing about a dose that was given before.
    function advisoriesOf(IDrugProvenance provenance, bytes32 lot) internal view returns (uint8) {
        if (lot == bytes32(0)) return Advisories.UNTRACED_LOT;
        IDrugProvenance.LotStatus status = provenance.lotStatus(lot);
        if (status == IDrugProvenance.LotStatus.RECALLED) return Advisories.RECALLED_LOT;
        if (status == IDrugProvenance.LotStatus.QUARANTINED) return Advisories.QUARANTINED_LOT;
        return status == IDrugProvenance.LotStatus.UNKNOWN ? Advisories.UNTRACED_LOT : 0;
    }
}
