// SPDX-License-Identifier: Apache-2.0
pragma solidity =0.8.30;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {IInsuranceClaims} from "../../interfaces/IInsuranceClaims.sol";
import {IVisitRegistry} from "../../interfaces/IVisitRegistry.sol";
import {Adjudication} from "./Adjudication.sol";
import {Benefits} from "./Benefits.sol";
import {ClaimBook} from "./ClaimBook.sol";
import {Days} from "./Days.sol";

/// @title Rulings
/// @notice What a policy owes for a visit: whether it covers it, what it pays, and whether that is paid without a look.
library Rulings {
    using ClaimBook for ClaimBook.Book;
    using Days for Days.Visits;

    /// @notice Decides a claim, and counts it unless it is denied.
    /// @dev Reverts with {UnknownPolicy} or {AttestationNeeded} of {IInsuranceClaims} if it cannot be decided yet.
    /// @param room The most that is left for this policy to pay.
    function rule(
        ClaimBook.Book storage book,
        IInsuranceClaims.Dossier memory dossier,
        IVisitRegistry.Visit calldata visit,
        IVisitRegistry.Entry memory entry,
        uint256 room
    ) internal returns (IInsuranceClaims.Claim memory claim, IInsuranceClaims.Decision[] memory lines) {
        IInsuranceClaims.Terms memory terms = book.versionOf(dossier.policy).terms;
        claim.status = IInsuranceClaims.Status.DENIED;
        claim.reason = _judge(book, terms, dossier, visit, entry.recordedAt);
        IInsuranceClaims.Totals memory totals = book.totals[dossier.policy];
        bool isExcluded;
        (lines, isExcluded) = _decideLines(book, terms, visit.lines, totals, dossier);
        if (dossier.allowed > room) dossier.allowed = room;
        if (claim.reason != IInsuranceClaims.Reason.COVERED) {
            dossier.counted = 0;
            return (claim, new IInsuranceClaims.Decision[](0));
        }
        _total(book, terms, totals, dossier, entry.isAttested);
        claim.amount = uint96(Days.amount(dossier.counted)); // at most the annual limit
        claim.reason = _flag(book, terms, dossier, isExcluded);
        bool isPaid = claim.amount == 0 || claim.reason == IInsuranceClaims.Reason.COVERED;
        claim.status = isPaid ? IInsuranceClaims.Status.PAID : IInsuranceClaims.Status.HELD;
    }

    /// @dev Whether a policy covers a visit at all: COVERED, or the first reason why not.
    function _judge(
        ClaimBook.Book storage book,
        IInsuranceClaims.Terms memory terms,
        IInsuranceClaims.Dossier memory dossier,
        IVisitRegistry.Visit calldata visit,
        uint256 recordedAt
    ) private view returns (IInsuranceClaims.Reason) {
        ClaimBook.Enrolment storage policy = book.policies[dossier.policy];
        uint256 servedAt = visit.servedAt;
        // Whose second policy it is has been shown by her signature.
        bool isHers = dossier.policy != visit.policy || visit.member == policy.member;
        if (!isHers) return IInsuranceClaims.Reason.NOT_THE_MEMBER;
        unchecked {
            uint256 coveredFrom = policy.from + uint256(terms.waitingDays) * 1 days;
            uint256 filedUntil = servedAt + uint256(terms.filingDays) * 1 days;
            if (servedAt < policy.from) return IInsuranceClaims.Reason.BEFORE_COVERAGE;
            if (servedAt < coveredFrom) return IInsuranceClaims.Reason.IN_WAITING_PERIOD;
            if (servedAt >= policy.until) return IInsuranceClaims.Reason.AFTER_COVERAGE;
            if (recordedAt >= filedUntil) return IInsuranceClaims.Reason.FILED_LATE;
        }
        bool isPaid = terms.isOpen || book.networks[policy.plan][visit.provider];
        return isPaid ? IInsuranceClaims.Reason.COVERED : IInsuranceClaims.Reason.OUT_OF_NETWORK;
    }

    /// @dev Decides the lines of a visit; counts in memory alone. Says whether a benefit excludes another of the same day.
    function _decideLines(
        ClaimBook.Book storage book,
        IInsuranceClaims.Terms memory terms,
        IVisitRegistry.Line[] calldata content,
        IInsuranceClaims.Totals memory totals,
        IInsuranceClaims.Dossier memory dossier
    ) private view returns (IInsuranceClaims.Decision[] memory lines, bool isExcluded) {
        mapping(uint256 => IInsuranceClaims.Benefit) storage benefits = book.benefits[
            book.policies[dossier.policy].plan
        ];
        uint256 counted = book.days_[dossier.policy][dossier.day];
        lines = new IInsuranceClaims.Decision[](content.length);
        IInsuranceClaims.Outcome memory outcome;
        for (uint256 i; i < content.length; ++i) {
            uint256 number = content[i].benefit;
            if (number > Benefits.LAST) number = 0;
            IInsuranceClaims.Benefit memory benefit = benefits[number];
            unchecked {
                uint256 before = counted + dossier.counted;
                Adjudication.decide(terms, benefit, content[i], Days.units(before, number), totals, outcome);
                if (Days.isAny(before, benefit.excludes)) isExcluded = true;
                dossier.counted += Days.word(number, outcome.units);
                dossier.allowed += outcome.allowed;
            }
            IInsuranceClaims.Decision memory line = lines[i];
            line.planPays = outcome.planPays;
            line.memberPays = outcome.memberPays;
            line.reason = outcome.reason;
        }
    }

    /// @dev Counts a claim in its policy and its day.
    function _total(
        ClaimBook.Book storage book,
        IInsuranceClaims.Terms memory terms,
        IInsuranceClaims.Totals memory totals,
        IInsuranceClaims.Dossier memory dossier,
        bool isAttested
    ) private {
        IInsuranceClaims.Totals storage before = book.totals[dossier.policy];
        unchecked {
            dossier.deductible = totals.deductibleMet - before.deductibleMet;
            dossier.outOfPocket = totals.outOfPocketMet - before.outOfPocketMet;
            uint256 amount = Math.min(totals.planPaid - before.planPaid, dossier.allowed);
            totals.planPaid = before.planPaid + uint128(amount);
            if (!isAttested) {
                // Counted over the policy and not by visit, so that splitting a visit does not do without the member.
                dossier.unattested = amount;
                totals.unattested += uint128(amount);
                bool isWithin = totals.unattested <= terms.attestationAbove;
                require(
                    isWithin,
                    IInsuranceClaims.AttestationNeeded(dossier.visit, totals.unattested, terms.attestationAbove)
                );
            }
            book.totals[dossier.policy] = totals;
            dossier.counted += amount;
            book.days_[dossier.policy][dossier.day] += dossier.counted;
        }
    }

    /// @dev Counts a visit of its provider's day, and says why the claim waits for a look: COVERED, if it does not.
    function _flag(
        ClaimBook.Book storage book,
        IInsuranceClaims.Terms memory terms,
        IInsuranceClaims.Dossier memory dossier,
        bool isExcluded
    ) private returns (IInsuranceClaims.Reason) {
        bytes32 insurer = book.versionOf(dossier.policy).insurer;
        if (terms.visitsPerDay != 0) {
            dossier.visits = 1;
            uint256 visits = book.visits[insurer][dossier.provider].add(dossier.day);
            if (visits > terms.visitsPerDay) return IInsuranceClaims.Reason.IMPOSSIBLE_DAY;
        }
        mapping(bytes32 => uint256) storage holds = book.holds[insurer];
        bool isHeld =
            holds[dossier.policy] > block.timestamp ||
                holds[dossier.provider] > block.timestamp ||
                uint64(holds[ClaimBook.pairOf(dossier)]) > block.timestamp;
        if (isHeld) return IInsuranceClaims.Reason.ON_HOLD;
        if (isExcluded) return IInsuranceClaims.Reason.EXCLUDED_PAIR;
        bool isAutomatic = Days.amount(book.days_[dossier.policy][dossier.day]) <= terms.automaticUpTo;
        return isAutomatic ? IInsuranceClaims.Reason.COVERED : IInsuranceClaims.Reason.ABOVE_AUTOMATIC;
    }
}
