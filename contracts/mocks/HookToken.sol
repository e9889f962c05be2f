// SPDX-License-Identifier: Apache-2.0
pragma solidity =0.8.30;

import {OpenToken} from "./OpenToken.sol";
import {CallingBack} from "./CallingBack.sol";

/// @title HookToken
/// @notice Calls an account that asked for it, a sender before and a recipient after every transfer, and fails if the call does.
contract HookToken is OpenToken {
    /// @notice Whether an account is called.
    mapping(address account => bool called) public isCalled;

    constructor() OpenToken(6) {}

    /// @notice Calls an account from now on.
    /// @param account The account.
    function hook(address account) external {
        isCalled[account] = true;
    }

    function _update(address from, address to, uint256 value) internal override {
        if (isCalled[from]) CallingBack(from).tokensMoved();
        super._update(from, to, value);
        if (isCalled[to]) CallingBack(to).tokensMoved();
    }
}
