// SPDX-License-Identifier: Apache-2.0
pragma solidity =0.8.30;

import {OpenToken} from "./OpenToken.sol";

/// @title BlocklistToken
/// @notice Reverts when it would pay a blocked account.
contract BlocklistToken is OpenToken {
    /// @notice Whether an account is blocked.
    mapping(address account => bool blocked) public isBlocked;

    /// @notice This account is blocked.
    /// @param account The account.
    error AccountBlocked(address account);

    constructor() OpenToken(6) {}

    /// @notice Blocks an account, or no longer.
    /// @param account The account.
    /// @param blocked Whether it is blocked.
    function setBlocked(address account, bool blocked) external {
        isBlocked[account] = blocked;
    }

    function _update(address from, address to, uint256 value) internal override {
        require(!isBlocked[to], AccountBlocked(to));
        super._update(from, to, value);
    }
}
