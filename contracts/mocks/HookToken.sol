// SPDX-License-Identifier: Apache-2.0
pragma solidity =0.8.30;

import {OpenToken} from "./OpenToken.sol";
import {CallingBack} from "./CallingBack.sol";

/// @title HookToken
/// @notice Calls a recipient that is a contract after every transfer.
contract HookToken is OpenToken {
    constructor() OpenToken(6) {}

    function _update(address from, address to, uint256 value) internal override {
        super._update(from, to, value);
        if (from != address(0) && to.code.length != 0) {
            try CallingBack(to).tokensReceived() {} catch {}
        }
    }
}
