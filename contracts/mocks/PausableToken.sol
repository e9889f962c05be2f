// SPDX-License-Identifier: Apache-2.0
pragma solidity =0.8.30;

import {OpenToken} from "./OpenToken.sol";

/// @title PausableToken
/// @notice Reverts on every transfer while it is paused.
contract PausableToken is OpenToken {
    /// @notice Whether it is paused.
    bool public isPaused;

    /// @notice Transfers are paused.
    error TransfersPaused();

    constructor() OpenToken(6) {}

    /// @notice Pauses it, or no longer.
    /// @param paused Whether it is paused.
    function setPaused(bool paused) external {
        isPaused = paused;
    }

    function _update(address from, address to, uint256 value) internal override {
        require(!isPaused, TransfersPaused());
        super._update(from, to, value);
    }
}
