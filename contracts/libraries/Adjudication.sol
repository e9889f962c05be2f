// SPDX-License-Identifier: Apache-2.0
pragma solidity =0.8.30;

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
/// is rounded in the pool's favour, and units are counted by policy and service day, so that neither splitting a line nor splitting a
/// visit makes the plan pay more.
library Adjudication {
    uint256 internal constant BASIS_POINTS = 10_000;

    /// @notice Decides one line.
    /// @param terms The plan's terms.
    /// @param benefit The plan's benefit for this line; its fee is zero if the line is not covered.
    /// @param line The line.
    /// @param unitsBefore How many units of this benefit were recognised on the service day before this line.
    /// @param totals What the policy has counted so far, within the terms; counts on in place, all but `unattested`.
    /// @param outcome How the line is decided; every field is written.
    function decide(
        IInsuranceClaims.Terms memory terms,
        IInsuranceClaims.Benefit memory benefit,
        IVisitRegistry.Line calldata line,
        uint256 unitsBefore,
        IInsuranceClaims.Totals memory totals,
        IInsuranceClaims.Outcome memory outcome
    ) internal pure {
        uint256 charge = line.charge;
        if (benefit.fee == 0) return _leaveToMember(charge, outcome);
        // Nothing overflows: a fee has 96 bits and units have 32, only the smaller of two is subtracted from the greater, and totals stay
        // within the terms.
        unchecked {
            IInsuranceClaims.Reason reason = IInsuranceClaims.Reason.FEE_REDUCED;
            uint256 units = line.units;
            uint256 unitsLeft = benefit.unitsPerDay > unitsBefore ? benefit.unitsPerDay - unitsBefore : 0;
            if (units > unitsLeft) {
                units = unitsLeft;
                reason = IInsuranceClaims.Reason.UNITS_REDUCED;
            }
            uint256 allowed = benefit.fee * units;
            if (allowed >= charge) {
                allowed = charge;
                reason = IInsuranceClaims.Reason.COVERED;
            }
            uint256 planPays = allowed - _share(terms, benefit, allowed, totals, outcome);
            uint256 limitLeft = terms.annualLimit - totals.planPaid;
            if (planPays > limitLeft) {
                planPays = limitLeft;
                reason = IInsuranceClaims.Reason.LIMIT_REACHED;
            }
            totals.planPaid += uint128(planPays);
            outcome.units = units;
            outcome.allowed = allowed;
            outcome.planPays = planPays;
            outcome.memberPays = allowed - planPays;
            outcome.writeOff = charge - allowed;
            outcome.reason = reason;
        }
    }

    function _leaveToMember(uint256 charge, IInsuranceClaims.Outcome memory outcome) private pure {
        outcome.units = 0;
        outcome.allowed = 0;
        outcome.deductible = 0;
        outcome.copay = 0;
        outcome.coinsurance = 0;
        outcome.planPays = 0;
        outcome.memberPays = charge;
        outcome.writeOff = 0;
        outcome.reason = IInsuranceClaims.Reason.NOT_A_BENEFIT;
    }

    /// @dev Deductible, copay and coinsurance of what is allowed, under the out-of-pocket maximum. Fills in each and returns their sum.
    function _share(
        IInsuranceClaims.Terms memory terms,
        IInsuranceClaims.Benefit memory benefit,
        uint256 allowed,
        IInsuranceClaims.Totals memory totals,
        IInsuranceClaims.Outcome memory outcome
    ) private pure returns (uint256 share) {
        unchecked {
            uint256 left = terms.outOfPocketMaximum - totals.outOfPocketMet;
            uint256 deductible = terms.deductible - totals.deductibleMet;
            if (deductible > allowed) deductible = allowed;
            allowed -= deductible;
            uint256 copay = benefit.copay;
            if (copay > allowed) copay = allowed;
            allowed -= copay;
            uint256 coinsurance = (allowed * benefit.coinsurance + BASIS_POINTS - 1) / BASIS_POINTS;

            share = deductible + copay + coinsurance;
            if (share > left) {
                share = left;
                if (deductible > left) deductible = left;
                left -= deductible;
                if (copay > left) copay = left;
                coinsurance = left - copay;
            }
            outcome.deductible = deductible;
            outcome.copay = copay;
            outcome.coinsurance = coinsurance;
            totals.deductibleMet += uint128(deductible);
            totals.outOfPocketMet += uint128(share);
        }
    }
}
