// SPDX-License-Identifier: Apache-2.0
pragma solidity =0.8.30;

import {OpenToken} from "./OpenToken.sol";

/// @title RefusingToken
/// @notice Returns false and moves nothing, instead of reverting, when it would pay a refused account.
contract RefusingToken is OpenToken {
    /// @notice Whether an account is refused.
    mapping(address account => bool refused) public isRefused;

    constructor() OpenToken(6) {}

    /// @notice Refuses an account, or no longer.
    /// @param account The account.
    /// @param refused Whether it is refused.
    function refuse(address account, bool refused) external {
        isRefused[account] = refused;
    }

    /// @notice Sends money of the caller.
    /// @param to Who receives it.
    /// @param value How much (smallest unit).
    /// @return Whether it did.
    function transfer(address to, uint256 value) public override returns (bool) {
        return !isRefused[to] && super.transfer(to, value);
    }
}
