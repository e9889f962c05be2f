// SPDX-License-Identifier: Apache-2.0
pragma solidity =0.8.30;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";

/// @title OpenToken
/// @notice A plain token of any number of decimals: anyone mints.
contract OpenToken is ERC20 {
    uint8 private immutable _DECIMALS;

    /// @param decimals_ Its number of decimals.
    constructor(uint8 decimals_) ERC20("Mock Token", "MOCK") {
        _DECIMALS = decimals_;
    }

    /// @notice Makes money out of nothing.
    /// @param to Who receives it.
    /// @param amount How much (smallest unit).
    function mint(address to, uint256 amount) external {
        _mint(to, amount);
    }

    /// @inheritdoc ERC20
    function decimals() public view override returns (uint8) {
        return _DECIMALS;
    }
}
