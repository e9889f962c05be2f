// SPDX-License-Identifier: Apache-2.0
pragma solidity =0.8.30;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {IInsuranceClaims} from "../../interfaces/IInsuranceClaims.sol";
import {IVisitRegistry} from "../../interfaces/IVisitRegistry.sol";
import {ClaimBook} from "./ClaimBook.sol";

/// @title Reviews
/// @notice What people change: a held claim is approved, lowered or refused; a decided one is appealed, and raised or left; the first of two
/// is closed; that of a voided visit is taken back.
library Reviews {
    using ClaimBook for ClaimBook.Book;

    uint8 private constant LEVELS = 2;
    uint256 private constant BASIS_POINTS = 10_000;

    /// @dev What is owed in a year for each unit that was paid late.
    uint256 private constant INTEREST = 1_000;

    /// @dev How long what a provider records for a policy is looked at, after a claim of its was taken back.
    uint256 private constant LOOK = 30 days;

    /// @dev Marks such a look. An insurer cannot set it, so that it does not make a refusal of its own silence.
    uint256 private constant REVERSED = 1 << 64;

    /// @notice Approves a held claim by the silence of its insurer, up to what the plan lets silence approve for a service day.
    /// @dev Nothing of what was held before a look ended that began with a reversal: else silence would pay again after each void.
    /// @return amount What it pays.
    function deem(
        ClaimBook.Book storage book,
        IInsuranceClaims.Claim memory claim,
        IInsuranceClaims.Dossier memory dossier,
        bool isSound
    ) internal returns (uint256 amount) {
        mapping(uint256 => uint256) storage deemed = book.deemed[dossier.policy];
        uint256 before = deemed[dossier.day];
        ClaimBook.Version storage plan = book.versionOf(dossier.policy);
        bool isLooked = book.holds[plan.insurer][ClaimBook.pairOf(dossier)] > REVERSED + claim.changedAt;
        if (isSound && !isLooked) amount = Math.min(claim.amount, plan.terms.deemedUpTo - before);
        deemed[dossier.day] = before + amount;
        claim.reason = IInsuranceClaims.Reason.DEEMED_APPROVED;
    }

    /// @dev What somebody decided, or nobody needs to any more, is not approved by silence.
    function _undeem(
        ClaimBook.Book storage book,
        IInsuranceClaims.Claim memory claim,
        IInsuranceClaims.Dossier memory dossier
    ) private {
        if (claim.reason != IInsuranceClaims.Reason.DEEMED_APPROVED) return;
        book.deemed[dossier.policy][dossier.day] -= claim.amount;
    }

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
                uint256 less = claim.amount - amount;
                totals.planPaid -= uint128(less);
                book.days_[dossier.policy][dossier.day] -= less;
                dossier.counted -= less;
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
        _undeem(book, claim, dossier);

        unchecked {
            uint256 further = amount - before;
            uint256 interest = (further * INTEREST * (block.timestamp - dossier.decidedAt)) / (BASIS_POINTS * 365 days);
            interest = Math.min(interest, type(uint96).max - further);
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
        IInsuranceClaims.Claim memory claim = book.claims[ClaimBook.keyOf(visit.nullifier, true)];
        IInsuranceClaims.Terms storage terms = book.versionOf(visit.policy).terms;
        (first, room) = (given, type(uint256).max);
        if (claim.status == IInsuranceClaims.Status.PENDING) {
            first = book.begin(visit, id, visit.policy);
            _checkOver(claim, id, recordedAt + uint256(terms.decideDays) * 1 days);
            claim.status = IInsuranceClaims.Status.DENIED;
            claim.reason = IInsuranceClaims.Reason.TIMED_OUT;
        } else {
            claim = book.claimOf(given);
            require(given.visit == id, IInsuranceClaims.AnotherDossier(id));
            if (claim.appeals != 0 && claim.status > IInsuranceClaims.Status.OWED) {
                // Nobody answered: no later level can be reached, or its reviewer had as long.
                uint256 days_ = uint256(terms.decideDays) + terms.appealDays;
                _checkOver(claim, id, claim.changedAt + days_ * 1 days);
                bool isPaid = claim.amount != 0;
                claim.status = isPaid ? IInsuranceClaims.Status.PAID : IInsuranceClaims.Status.DENIED;
            }
            _checkDecided(claim, id);
            // An appeal that raised nothing leaves what was all the member's as denied; that counts units all the same.
            bool isBound = claim.status != IInsuranceClaims.Status.DENIED || given.counted != 0;
            if (isBound) room = given.allowed - claim.amount;
        }
        claim.appeals = LEVELS;
        book.write(first, claim);
        reason = claim.reason;
    }

    function _checkOver(IInsuranceClaims.Claim memory claim, bytes32 visit, uint256 until) private view {
        require(block.timestamp >= until, IInsuranceClaims.NotDecided(visit, claim.status));
    }

    function _checkDecided(IInsuranceClaims.Claim memory claim, bytes32 visit) private pure {
        bool isDecided = claim.status <= IInsuranceClaims.Status.OWED;
        require(isDecided, IInsuranceClaims.NotDecided(visit, claim.status));
    }

    /// @notice Takes back the claim of a voided visit, of two the second first, and has looked at what its provider records next.
    /// @dev The look ends by itself. Without it, voiding and recording anew would be paid each time, since limits count what stands.
    /// @return insurer Who pays.
    /// @return paid What was paid for it or waits in the pool, with interest.
    function reverse(
        ClaimBook.Book storage book,
        IInsuranceClaims.Claim memory claim,
        IInsuranceClaims.Dossier memory dossier
    ) internal returns (bytes32 insurer, uint256 paid) {
        // Else the first could be paid anew in full, beside what the second was paid of it.
        bytes32 second = ClaimBook.keyOf(dossier.nullifier, false);
        if (dossier.key != second) book.checkPending(second, dossier.visit);
        bool isDecided = claim.status != IInsuranceClaims.Status.HELD;
        if (isDecided) paid = Math.min(type(uint96).max, claim.amount + dossier.interest);
        insurer = book.versionOf(dossier.policy).insurer;
        _undeem(book, claim, dossier);
        book.takeBack(dossier, claim.amount);
        delete book.claims[dossier.key];
        book.hold(insurer, ClaimBook.pairOf(dossier), REVERSED + block.timestamp + LOOK);
    }
}
