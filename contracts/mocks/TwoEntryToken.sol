// SPDX-License-Identifier: Apache-2.0
pragma solidity =0.8.30;

import {OpenToken} from "./OpenToken.sol";

/// @title TwoEntryToken
/// @notice Has a second address through which the same money is transferred.
contract TwoEntryToken is OpenToken {
    /// @notice The second address.
    address public entry;

    /// @notice Only the second address sends money for others.
    /// @param caller The account that tried.
    error NotSecondAddress(address caller);

    constructor() OpenToken(6) {}

    /// @notice Names the second address.
    /// @param entry_ The address.
    function nameEntry(address entry_) external {
        entry = entry_;
    }

    /// @notice Sends money for the second address.
    /// @param from Who pays.
    /// @param to Who receives it.
    /// @param value How much (smallest unit).
    function transferFor(address from, address to, uint256 value) external {
        require(msg.sender == entry, NotSecondAddress(msg.sender));
        _transfer(from, to, value);
    }
}
