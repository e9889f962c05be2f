// SPDX-License-Identifier: Apache-2.0
pragma solidity =0.8.30;

import {OpenToken} from "./OpenToken.sol";

/// @title ZeroAverseToken
/// @notice Reverts on a transfer of nothing.
contract ZeroAverseToken is OpenToken {
    /// @notice Nothing cannot be transferred.
    error ZeroTransfer();

    constructor() OpenToken(6) {}

    function _update(address from, address to, uint256 value) internal override {
        require(value != 0, ZeroTransfer());
        super._update(from, to, value);
    }
}
