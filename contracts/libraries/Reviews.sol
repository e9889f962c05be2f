// SPDX-License-Identifier: Apache-2.0
pragma solidity =0.8.30;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {IInsuranceClaims} from "../../interfaces/IInsuranceClaims.sol";
import {ClaimBook} from "./ClaimBook.sol";

/// @title Reviews
/// @notice What a decision by people changes: a held claim is approved, lowered or refused, an appealed one is raised or left.
library Reviews {
    using ClaimBook for ClaimBook.Book;

    uint256 private constant BASIS_POINTS = 10_000;

    /// @dev What is owed in a year for each unit that was paid late.
    uint256 private constant INTEREST = 1_000;

    /// @notice Settles what a held claim pays; what it does not pay is no longer counted. A refused one has counted nothing.
    /// @return What is to be paid now.
    function lower(
        ClaimBook.Book storage book,
        IInsuranceClaims.Claim memory claim,
        IInsuranceClaims.Dossier memory dossier,
        uint256 amount
    ) internal returns (uint256) {
        require(amount <= claim.amount, IInsuranceClaims.AmountOutOfRange(amount, 0, claim.amount));
        if (amount == 0) {
            book.takeBack(dossier, claim.amount);
        } else {
            unchecked {
                IInsuranceClaims.Totals storage totals = book.totals[dossier.policy];
                totals.planPaid -= uint128(claim.amount - amount);
                if (dossier.unattested > amount) {
                    totals.unattested -= uint128(dossier.unattested - amount);
                    dossier.unattested = amount;
                }
            }
        }
        dossier.decidedAt = block.timestamp;
        claim.amount = uint96(amount);
        return amount;
    }

    /// @notice Raises what an appealed claim pays, or leaves it.
    /// @return What is to be paid now: what was paid too little, and interest on it since the first decision, rounded down.
    function raise(
        ClaimBook.Book storage book,
        IInsuranceClaims.Claim memory claim,
        IInsuranceClaims.Dossier memory dossier,
        uint256 amount
    ) internal returns (uint256) {
        IInsuranceClaims.Totals storage totals = book.totals[dossier.policy];
        uint256 before = claim.amount;
        uint256 limit = book.versionOf(dossier.policy).terms.annualLimit + before - totals.planPaid;
        uint256 most = Math.min(dossier.allowed, limit);
        require(amount >= before && amount <= most, IInsuranceClaims.AmountOutOfRange(amount, before, most));
        if (amount == before) return 0;

        unchecked {
            uint256 further = amount - before;
            uint256 interest = (further * INTEREST * (block.timestamp - dossier.decidedAt)) / (BASIS_POINTS * 365 days);
            totals.planPaid += uint128(further);
            dossier.interest += interest;
            claim.amount = uint96(amount);
            claim.reason = IInsuranceClaims.Reason.OVERTURNED;
            return further + interest;
        }
    }
}
