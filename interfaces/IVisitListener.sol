// SPDX-License-Identifier: Apache-2.0
pragma solidity >=0.8.26;

import {IVisitRegistry} from "./IVisitRegistry.sol";

/// @title IVisitListener
/// @notice A payer that a visit names, and that the visit registry wakes.
interface IVisitListener {
    /// @notice Hears of a visit that was recorded, or that the member has now attested.
    /// @dev The visit stays recorded whatever happens here: a revert or an excess of gas is swallowed by the registry. A listener must
    /// accept calls from the registry that it trusts and from nobody else, and must bear to hear of one visit twice.
    /// @param visit The visit.
    /// @param id The visit's id.
    /// @param entry What the registry keeps of it: when it was recorded, in which role, and whether the member has signed it.
    function onVisit(IVisitRegistry.Visit calldata visit, bytes32 id, IVisitRegistry.Entry calldata entry) external;
}
