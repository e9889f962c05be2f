// SPDX-License-Identifier: Apache-2.0
pragma solidity =0.8.30;

import {IInsuranceClaims} from "../../interfaces/IInsuranceClaims.sol";
import {IVisitRegistry} from "../../interfaces/IVisitRegistry.sol";
import {Adjudication} from "../libraries/Adjudication.sol";

/// @title AdjudicationHarness
/// @notice Lets tests call the pure library.
contract AdjudicationHarness {
    /// @notice Decides the lines of a visit.
    /// @param terms The plan's terms.
    /// @param benefits The plan's benefit for each line.
    /// @param lines The lines.
    /// @param totals What the policy has counted so far.
    /// @return outcomes How each line is decided.
    /// @return planPays What the plan pays in all.
    /// @return counted What the policy has counted then.
    function adjudicate(
        IInsuranceClaims.Terms memory terms,
        IInsuranceClaims.Benefit[] memory benefits,
        IVisitRegistry.Line[] calldata lines,
        IInsuranceClaims.Totals memory totals
    )
        external
        pure
        returns (IInsuranceClaims.Outcome[] memory outcomes, uint256 planPays, IInsuranceClaims.Totals memory counted)
    {
        (outcomes, planPays) = Adjudication.adjudicate(terms, benefits, lines, totals);
        counted = totals;
    }
}
