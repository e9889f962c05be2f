// SPDX-License-Identifier: Apache-2.0
pragma solidity =0.8.30;

/// @title SilentToken
/// @notice Transfers and returns nothing, as some old tokens do.
contract SilentToken {
    /// @notice How much an account holds.
    mapping(address account => uint256 amount) public balanceOf;

    /// @notice How much a spender may take.
    mapping(address account => mapping(address spender => uint256 amount)) public allowance;

    /// @notice Makes money out of nothing.
    /// @param to Who receives it.
    /// @param amount How much (smallest unit).
    function mint(address to, uint256 amount) external {
        balanceOf[to] += amount;
    }

    /// @notice Lets a spender take money of the caller.
    /// @param spender Who may take it.
    /// @param amount How much (smallest unit).
    function approve(address spender, uint256 amount) external {
        allowance[msg.sender][spender] = amount;
    }

    /// @notice Sends money of the caller.
    /// @param to Who receives it.
    /// @param amount How much (smallest unit).
    function transfer(address to, uint256 amount) external {
        balanceOf[msg.sender] -= amount;
        balanceOf[to] += amount;
    }

    /// @notice Sends money of another account that allowed it.
    /// @param from Who pays.
    /// @param to Who receives it.
    /// @param amount How much (smallest unit).
    function transferFrom(address from, address to, uint256 amount) external {
        allowance[from][msg.sender] -= amount;
        balanceOf[from] -= amount;
        balanceOf[to] += amount;
    }
}
