// SPDX-License-Identifier: Apache-2.0
pragma solidity =0.8.30;

import {IVisitListener} from "../../interfaces/IVisitListener.sol";
import {IVisitRegistry} from "../../interfaces/IVisitRegistry.sol";

/// @title RevertingPayer
/// @notice A payer that refuses every visit.
contract RevertingPayer is IVisitListener {
    /// @notice This payer wants no visit.
    error Unwilling();

    /// @inheritdoc IVisitListener
    function onVisit(IVisitRegistry.Visit calldata, bytes32, IVisitRegistry.Entry calldata) external pure {
        revert Unwilling();
    }
}
