// SPDX-License-Identifier: Apache-2.0
pragma solidity =0.8.30;

import {IInsuranceClaims} from "../../interfaces/IInsuranceClaims.sol";
import {IVisitRegistry} from "../../interfaces/IVisitRegistry.sol";
import {Adjudication} from "../libraries/Adjudication.sol";

/// @title AdjudicationHarness
/// @notice Lets tests call the pure library.
contract AdjudicationHarness {
    /// @notice Decides one line.
    /// @param terms The plan's terms.
    /// @param benefit The plan's benefit for this line.
    /// @param line The line.
    /// @param unitsBefore How many units of this benefit the lines before it had.
    /// @param totals What the policy has counted so far.
    /// @return outcome How the line is decided.
    /// @return counted What the policy has counted then.
    function decide(
        IInsuranceClaims.Terms memory terms,
        IInsuranceClaims.Benefit memory benefit,
        IVisitRegistry.Line calldata line,
        uint256 unitsBefore,
        IInsuranceClaims.Totals memory totals
    ) external pure returns (IInsuranceClaims.Outcome memory outcome, IInsuranceClaims.Totals memory counted) {
        Adjudication.decide(terms, benefit, line, unitsBefore, totals, outcome);
        counted = totals;
    }
}
