// SPDX-License-Identifier: Apache-2.0
pragma solidity =0.8.30;

import {IDrugProvenance} from "../../interfaces/IDrugProvenance.sol";

/// @title Standings
/// @notice How one lot stands.
library Standings {
    /// @notice How a lot stands now, and whether it must be kept cold.
    function standing(
        IDrugProvenance.Lot storage record
    ) internal view returns (IDrugProvenance.LotStatus status, bool isCold) {
        isCold = record.isCold;
        status =
            block.timestamp < record.expiresAt ? IDrugProvenance.LotStatus.ACTIVE : IDrugProvenance.LotStatus.EXPIRED;
        if (record.suspicion != IDrugProvenance.Suspicion.NONE) status = IDrugProvenance.LotStatus.QUARANTINED;
        if (record.recallClass != IDrugProvenance.RecallClass.NONE) status = IDrugProvenance.LotStatus.RECALLED;
        if (record.commissionedAt == 0) status = IDrugProvenance.LotStatus.UNKNOWN;
    }

    /// @notice Reverts unless a lot is active.
    function checkActive(bytes32 lot, IDrugProvenance.LotStatus status) internal pure {
        if (status == IDrugProvenance.LotStatus.ACTIVE) return;
        require(status != IDrugProvenance.LotStatus.UNKNOWN, IDrugProvenance.UnknownLot(lot));
        require(status != IDrugProvenance.LotStatus.RECALLED, IDrugProvenance.LotRecalled(lot));
        require(status != IDrugProvenance.LotStatus.EXPIRED, IDrugProvenance.LotExpired(lot));
        require(status != IDrugProvenance.LotStatus.QUARANTINED, IDrugProvenance.LotQuarantined(lot));
    }

    /// @notice Makes the recall of a lot stronger; reverts where it does not.
    function recall(
        IDrugProvenance.Lot storage record,
        IDrugProvenance.RecallClass recallClass,
        IDrugProvenance.RecallDepth recallDepth
    ) internal {
        (IDrugProvenance.RecallClass class_, IDrugProvenance.RecallDepth depth) = (
            record.recallClass,
            record.recallDepth
        );
        bool isComplete =
            recallClass != IDrugProvenance.RecallClass.NONE && recallDepth != IDrugProvenance.RecallDepth.NONE;
        bool isFirst = class_ == IDrugProvenance.RecallClass.NONE;
        bool isWeaker = !isFirst && (recallClass > class_ || recallDepth < depth);
        bool isSame = recallClass == class_ && recallDepth == depth;
        bool isStronger = isComplete && !isWeaker && !isSame;
        require(isStronger, IDrugProvenance.RecallNotStronger(class_, depth));

        (record.recallClass, record.recallDepth) = (recallClass, recallDepth);
    }
}
