// SPDX-License-Identifier: Apache-2.0
pragma solidity =0.8.30;

import {OpenToken} from "./OpenToken.sol";

/// @title RebasingToken
/// @notice Changes what an account holds without a transfer, as tokens do that follow a price or pay interest.
contract RebasingToken is OpenToken {
    constructor() OpenToken(6) {}

    /// @notice Changes what an account holds to so many hundredths of it.
    /// @param account The account.
    /// @param percent How much of it is left, or becomes of it, in hundredths.
    function rebase(address account, uint256 percent) external {
        uint256 held = balanceOf(account);
        uint256 left = (held * percent) / 100;
        if (left < held) _burn(account, held - left);
        else _mint(account, left - held);
    }
}
