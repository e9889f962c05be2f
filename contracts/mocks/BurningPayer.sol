// SPDX-License-Identifier: Apache-2.0
pragma solidity =0.8.30;

import {IVisitListener} from "../../interfaces/IVisitListener.sol";
import {IVisitRegistry} from "../../interfaces/IVisitRegistry.sol";

/// @title BurningPayer
/// @notice A payer, and a recipient, that burns all the gas that it is given.
contract BurningPayer is IVisitListener {
    uint256 private _burnt;

    /// @inheritdoc IVisitListener
    function onVisit(IVisitRegistry.Visit calldata, bytes32, IVisitRegistry.Entry calldata) external {
        _burn();
    }

    /// @notice Hears from a token that its money moves.
    function tokensMoved() external {
        _burn();
    }

    function _burn() private {
        while (true) ++_burnt;
    }
}
