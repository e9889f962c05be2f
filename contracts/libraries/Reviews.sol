// SPDX-License-Identifier: Apache-2.0
pragma solidity =0.8.30;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {IInsuranceClaims} from "../../interfaces/IInsuranceClaims.sol";
import {IVisitRegistry} from "../../interfaces/IVisitRegistry.sol";
import {ClaimBook} from "./ClaimBook.sol";

/// @title Reviews
/// @notice What people change: a held claim is approved, lowered or refused; a decided one is appealed, and raised or left; the first of two
/// is closed.
library Reviews {
    using ClaimBook for ClaimBook.Book;

    uint8 private constant LEVELS = 2;
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
        if (claim.reason != IInsuranceClaims.Reason.DEEMED_APPROVED) claim.reason = IInsuranceClaims.Reason.REVIEWED;
        dossier.decidedAt = uint64(block.timestamp);
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

    /// @notice Brings a decided claim to the next level of appeal, if that is possible now.
    /// @return level 1 for the insurer, 2 for a reviewer.
    function appeal(
        ClaimBook.Book storage book,
        IInsuranceClaims.Claim memory claim,
        IInsuranceClaims.Dossier memory dossier
    ) internal view returns (uint256 level) {
        IInsuranceClaims.Terms storage terms = book.versionOf(dossier.policy).terms;
        uint64 from = claim.changedAt;
        if (claim.status == IInsuranceClaims.Status.APPEALED) from += uint64(terms.decideDays) * 1 days;
        else _checkDecided(claim, dossier.visit);
        require(claim.appeals < LEVELS, IInsuranceClaims.AppealsExhausted(dossier.visit));
        uint64 until = from + uint64(terms.appealDays) * 1 days;
        bool isOpen = block.timestamp >= from && block.timestamp < until;
        require(isOpen, IInsuranceClaims.NotAppealable(from, until));
        level = ++claim.appeals;
        claim.status = level == LEVELS ? IInsuranceClaims.Status.ESCALATED : IInsuranceClaims.Status.APPEALED;
    }

    /// @notice Closes the claim of the first policy, so that what it leaves cannot be paid twice.
    /// @param given Its newest dossier, if it was decided.
    /// @return first Its dossier now.
    /// @return reason Why it stands as it does.
    /// @return room What it leaves of what it allowed; no bound where it paid nothing.
    function close(
        ClaimBook.Book storage book,
        IVisitRegistry.Visit calldata visit,
        bytes32 id,
        IInsuranceClaims.Dossier memory given,
        uint256 recordedAt
    ) internal returns (IInsuranceClaims.Dossier memory first, IInsuranceClaims.Reason reason, uint256 room) {
        IInsuranceClaims.Claim memory claim = book.claims[visit.nullifier];
        (first, room) = (given, type(uint256).max);
        if (claim.status == IInsuranceClaims.Status.PENDING) {
            first = book.begin(visit, id, visit.policy);
            uint256 until = recordedAt + uint256(book.versionOf(visit.policy).terms.decideDays) * 1 days;
            require(block.timestamp >= until, IInsuranceClaims.NotDecided(id, claim.status));
            claim.status = IInsuranceClaims.Status.DENIED;
            claim.reason = IInsuranceClaims.Reason.TIMED_OUT;
        } else {
            claim = book.claimOf(given);
            require(given.visit == id, IInsuranceClaims.AnotherDossier(id));
            _checkDecided(claim, id);
            if (claim.status != IInsuranceClaims.Status.DENIED) room = given.allowed - claim.amount;
        }
        claim.appeals = LEVELS;
        book.write(first, claim);
        reason = claim.reason;
    }

    function _checkDecided(IInsuranceClaims.Claim memory claim, bytes32 visit) private pure {
        bool isDecided = claim.status <= IInsuranceClaims.Status.OWED;
        require(isDecided, IInsuranceClaims.NotDecided(visit, claim.status));
    }
}
