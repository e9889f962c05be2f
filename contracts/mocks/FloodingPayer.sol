// SPDX-License-Identifier: Apache-2.0
pragma solidity =0.8.30;

import {IVisitListener} from "../../interfaces/IVisitListener.sol";
import {IVisitRegistry} from "../../interfaces/IVisitRegistry.sol";

/// @title FloodingPayer
/// @notice A payer that reverts with as much data as its gas buys, so that copying it costs its caller as much again.
contract FloodingPayer is IVisitListener {
    /// @inheritdoc IVisitListener
    function onVisit(IVisitRegistry.Visit calldata, bytes32, IVisitRegistry.Entry calldata) external pure {
        revert(string(new bytes(145_000)));
    }
}
