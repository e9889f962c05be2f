// SPDX-License-Identifier: Apache-2.0
pragma solidity =0.8.30;

import {OpenToken} from "./OpenToken.sol";
import {CallingBack} from "./CallingBack.sol";

/// @title HookToken
/// @notice Calls a sender that is a contract before, and a recipient that is one after every transfer.
contract HookToken is OpenToken {
    constructor() OpenToken(6) {}

    function _update(address from, address to, uint256 value) internal override {
        if (from.code.length != 0) _call(from);
        super._update(from, to, value);
        if (from != address(0) && to.code.length != 0) _call(to);
    }

    function _call(address account) private {
        try CallingBack(account).tokensMoved() {} catch {}
    }
}
