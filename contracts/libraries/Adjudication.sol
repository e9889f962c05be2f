// SPDX-License-Identifier: Apache-2.0
pragma solidity =0.8.30;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {IInsuranceClaims} from "../../interfaces/IInsuranceClaims.sol";
import {IVisitRegistry} from "../../interfaces/IVisitRegistry.sol";

/// @title Adjudication
/// @notice What a plan and a member pay for the lines of a visit. Pure; its twin in Python is `medtrust.adjudication`.
/// @dev A line is decided in this order:
///
/// 1. allowed = the plan's fee for the units that the plan recognises, at most the charge; the rest of the charge is written off.
/// 2. The deductible that is left comes first, then the copay, then coinsurance of what remains, rounded up.
/// 3. What the member pays so is capped by what is left of the out-of-pocket maximum; coinsurance is let off first, then the copay,
///    then the deductible.
/// 4. The plan pays the rest of allowed, at most what is left of the annual limit; what lies beyond it falls to the member and does
///    not count towards the out-of-pocket maximum.
///
/// A charge for what is no benefit of the plan falls to the member. In every line plan + member + write-off is the charge. Coinsurance
/// is rounded in the pool's favour, and units are counted by visit, so splitting a line never makes the plan pay more.
library Adjudication {
    uint256 internal constant BASIS_POINTS = 10_000;

    /// @notice Decides the lines of a visit one after the other.
    /// @param terms The plan's terms.
    /// @param benefits The plan's benefit for each line; its fee is zero where the line is not covered.
    /// @param lines The lines.
    /// @param totals What the policy has counted so far; counts on in place, all but `unattested`.
    /// @return outcomes How each line is decided.
    /// @return planPays What the plan pays in all.
    function adjudicate(
        IInsuranceClaims.Terms memory terms,
        IInsuranceClaims.Benefit[] memory benefits,
        IVisitRegistry.Line[] calldata lines,
        IInsuranceClaims.Totals memory totals
    ) internal pure returns (IInsuranceClaims.Outcome[] memory outcomes, uint256 planPays) {
        outcomes = new IInsuranceClaims.Outcome[](lines.length);
        for (uint256 i; i < lines.length; ++i) {
            uint256 unitsLeft = benefits[i].unitsPerVisit - _unitsBefore(lines, i, benefits[i].unitsPerVisit);
            outcomes[i] = decide(terms, benefits[i], lines[i], unitsLeft, totals);
            planPays += outcomes[i].planPays;
        }
    }

    /// @dev How many units of a line's benefit the lines before it used, at most `most`. Bounded: a visit has at most 25 lines.
    function _unitsBefore(
        IVisitRegistry.Line[] calldata lines,
        uint256 index,
        uint256 most
    ) private pure returns (uint256 units) {
        uint16 benefit = lines[index].benefit;
        for (uint256 i; i < index; ++i) {
            if (lines[i].benefit == benefit) units += lines[i].units;
        }
        return Math.min(units, most);
    }

    /// @notice Decides one line.
    /// @param terms The plan's terms.
    /// @param benefit The plan's benefit for this line; its fee is zero if the line is not covered.
    /// @param line The line.
    /// @param unitsLeft How many units of this benefit the visit may still have.
    /// @param totals What the policy has counted so far; counts on in place, all but `unattested`.
    /// @return outcome How the line is decided.
    function decide(
        IInsuranceClaims.Terms memory terms,
        IInsuranceClaims.Benefit memory benefit,
        IVisitRegistry.Line calldata line,
        uint256 unitsLeft,
        IInsuranceClaims.Totals memory totals
    ) internal pure returns (IInsuranceClaims.Outcome memory outcome) {
        if (benefit.fee == 0) {
            outcome.memberPays = line.charge;
            outcome.reason = IInsuranceClaims.Reason.NOT_A_BENEFIT;
            return outcome;
        }
        outcome.allowed = uint128(Math.min(line.charge, benefit.fee * Math.min(line.units, unitsLeft)));
        outcome.writeOff = line.charge - outcome.allowed;
        if (line.units > unitsLeft) outcome.reason = IInsuranceClaims.Reason.UNITS_REDUCED;
        else if (outcome.writeOff != 0) outcome.reason = IInsuranceClaims.Reason.FEE_REDUCED;

        uint128 memberShare = _share(terms, benefit, outcome, totals);

        uint256 planShare = outcome.allowed - memberShare;
        uint256 limitLeft = terms.annualLimit - totals.planPaid;
        if (planShare > limitLeft) outcome.reason = IInsuranceClaims.Reason.LIMIT_REACHED;
        outcome.planPays = uint128(Math.min(planShare, limitLeft));
        outcome.memberPays = outcome.allowed - outcome.planPays;

        totals.deductibleMet += outcome.deductible;
        totals.outOfPocketMet += memberShare;
        totals.planPaid += outcome.planPays;
    }

    /// @dev Deductible, copay and coinsurance of what is allowed, under the out-of-pocket maximum. Fills in each and returns their sum.
    function _share(
        IInsuranceClaims.Terms memory terms,
        IInsuranceClaims.Benefit memory benefit,
        IInsuranceClaims.Outcome memory outcome,
        IInsuranceClaims.Totals memory totals
    ) private pure returns (uint128) {
        uint256 left = terms.outOfPocketMaximum - totals.outOfPocketMet;
        uint256 rest = outcome.allowed;
        uint256 deductible = Math.min(rest, terms.deductible - totals.deductibleMet);
        rest -= deductible;
        uint256 copay = Math.min(rest, benefit.copay);
        rest -= copay;
        uint256 coinsurance = Math.ceilDiv(rest * benefit.coinsurance, BASIS_POINTS);

        deductible = Math.min(deductible, left);
        left -= deductible;
        copay = Math.min(copay, left);
        left -= copay;
        coinsurance = Math.min(coinsurance, left);

        outcome.deductible = uint128(deductible);
        outcome.copay = uint128(copay);
        outcome.coinsurance = uint128(coinsurance);
        return uint128(deductible + copay + coinsurance);
    }
}
