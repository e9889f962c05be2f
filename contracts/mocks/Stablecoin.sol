// SPDX-License-Identifier: Apache-2.0
pragma solidity =0.8.30;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {ERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Permit.sol";

/// @title Stablecoin
/// @notice A token of 6 decimals with permit, for local chains: anyone mints.
contract Stablecoin is ERC20Permit {
    constructor() ERC20("Mock Dollar", "mUSD") ERC20Permit("Mock Dollar") {}

    /// @notice Makes money out of nothing.
    /// @param to Who receives it.
    /// @param amount How much (smallest unit).
    function mint(address to, uint256 amount) external {
        _mint(to, amount);
    }

    /// @inheritdoc ERC20
    function decimals() public pure override returns (uint8) {
        return 6;
    }
}
