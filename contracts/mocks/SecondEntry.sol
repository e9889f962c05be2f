// SPDX-License-Identifier: Apache-2.0
pragma solidity =0.8.30;

import {TwoEntryToken} from "./TwoEntryToken.sol";

/// @title SecondEntry
/// @notice The other address of a token that has two: what is transferred here is the same money.
contract SecondEntry {
    TwoEntryToken private immutable _TOKEN;

    /// @param token The token.
    constructor(TwoEntryToken token) {
        _TOKEN = token;
    }

    /// @notice Sends money of the caller.
    /// @param to Who receives it.
    /// @param value How much (smallest unit).
    /// @return Whether it did.
    function transfer(address to, uint256 value) external returns (bool) {
        _TOKEN.transferFor(msg.sender, to, value);
        return true;
    }

    /// @notice How much an account holds.
    /// @param account The account.
    /// @return How much (smallest unit).
    function balanceOf(address account) external view returns (uint256) {
        return _TOKEN.balanceOf(account);
    }
}
