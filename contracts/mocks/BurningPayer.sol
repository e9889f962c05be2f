// SPDX-License-Identifier: Apache-2.0
pragma solidity =0.8.30;

import {IVisitListener} from "../../interfaces/IVisitListener.sol";
import {IVisitRegistry} from "../../interfaces/IVisitRegistry.sol";

/// @title BurningPayer
/// @notice A payer that burns all the gas that it is given.
contract BurningPayer is IVisitListener {
    uint256 private _burnt;

    /// @inheritdoc IVisitListener
    function onVisit(IVisitRegistry.Visit calldata, bytes32, IVisitRegistry.Entry calldata) external {
        while (true) ++_burnt;
    }
}
