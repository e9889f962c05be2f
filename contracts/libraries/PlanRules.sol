// SPDX-License-Identifier: Apache-2.0
pragma solidity =0.8.30;

import {IInsuranceClaims} from "../../interfaces/IInsuranceClaims.sol";
import {Adjudication} from "./Adjudication.sol";
import {Benefits} from "./Benefits.sol";
import {Days} from "./Days.sol";

/// @title PlanRules
/// @notice What makes a plan version and a policy sound. Pure.
library PlanRules {
    uint256 private constant MAX_BENEFITS = 64;
    uint256 private constant MAX_PROVIDERS = 256;
    uint64 private constant MAX_TERM = 366 days;
    uint8 private constant MAX_DECIDE_DAYS = 30;

    /// @dev So that the capital of a policy is asked for from the first day: two such years are within what the pool looks at.
    uint64 private constant MAX_RUN_OFF = 366 days;

    /// @notice Reverts unless a plan is sound: with {InvalidOrder}, {InvalidBenefit} or {InvalidNetwork} of {IInsuranceClaims}.
    /// @param plan The plan.
    function check(IInsuranceClaims.Plan calldata plan) internal pure {
        IInsuranceClaims.Terms calldata terms = plan.terms;
        bool isSound =
            terms.decideDays != 0 &&
                terms.decideDays <= MAX_DECIDE_DAYS &&
                terms.appealDays != 0 &&
                terms.deemedUpTo >= terms.automaticUpTo &&
                terms.solvency <= Adjudication.BASIS_POINTS &&
                (terms.solvency == 0 || runOff(terms.filingDays, terms.decideDays, terms.appealDays) <= MAX_RUN_OFF);
        require(isSound, IInsuranceClaims.InvalidTerms());
        _checkBenefits(plan.benefits);
        _checkNetwork(plan.terms.isOpen, plan.network);
    }

    function _checkBenefits(IInsuranceClaims.Benefit[] calldata benefits) private pure {
        uint256 count = benefits.length;
        require(count != 0 && count <= MAX_BENEFITS, IInsuranceClaims.InvalidOrder(count));
        uint16 previous;
        uint256[16] memory excludes;
        for (uint256 i; i < count; ++i) {
            IInsuranceClaims.Benefit calldata benefit = benefits[i];
            bool isSound =
                benefit.benefit <= Benefits.LAST &&
                    benefit.fee != 0 &&
                    benefit.unitsPerDay != 0 &&
                    benefit.unitsPerDay <= Days.MAX_UNITS &&
                    benefit.coinsurance <= Adjudication.BASIS_POINTS;
            require(isSound, IInsuranceClaims.InvalidBenefit(i));
            require(benefit.benefit > previous, IInsuranceClaims.InvalidOrder(i));
            previous = benefit.benefit;
            excludes[previous] = benefit.excludes;
        }
        for (uint256 i; i < 256; ++i) {
            uint256 isNamed = (excludes[i / 16] >> (i % 16)) & 1;
            require(isNamed == (excludes[i % 16] >> (i / 16)) & 1, IInsuranceClaims.OneSidedExclusion(i / 16, i % 16));
        }
    }

    function _checkNetwork(bool isOpen, bytes32[] calldata network) private pure {
        uint256 count = network.length;
        require(isOpen == (count == 0), IInsuranceClaims.InvalidNetwork(isOpen, count));
        require(count <= MAX_PROVIDERS, IInsuranceClaims.InvalidOrder(count));
        bytes32 previous;
        for (uint256 i; i < count; ++i) {
            require(network[i] > previous, IInsuranceClaims.InvalidOrder(i));
            previous = network[i];
        }
    }

    /// @notice Reverts with {InvalidTerm} of {IInsuranceClaims} unless a policy can last so long.
    /// @param from First second of coverage (Unix seconds).
    /// @param until First second without coverage (Unix seconds).
    function checkTerm(uint64 from, uint64 until) internal pure {
        bool isTerm = until > from && until - from <= MAX_TERM && until <= type(uint48).max;
        require(isTerm, IInsuranceClaims.InvalidTerm(from, until));
    }

    /// @notice What an insurer must have free for a policy when it enrols it, and how long after its end claims can come.
    /// @param terms The plan's terms.
    /// @return amount How much (token's smallest unit).
    /// @return tail How long (seconds): filing, a decision, two appeals and their answers.
    function capital(IInsuranceClaims.Terms storage terms) internal view returns (uint96 amount, uint64 tail) {
        amount = uint96((uint256(terms.annualLimit) * terms.solvency) / Adjudication.BASIS_POINTS);
        tail = runOff(terms.filingDays, terms.decideDays, terms.appealDays);
    }

    /// @notice How long after the end of a policy claims can come (seconds): filing, a decision, two appeals and their answers.
    function runOff(uint64 filingDays, uint64 decideDays, uint64 appealDays) internal pure returns (uint64) {
        return (filingDays + 3 * decideDays + 2 * appealDays) * 1 days;
    }
}
