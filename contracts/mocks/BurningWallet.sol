// SPDX-License-Identifier: Apache-2.0
pragma solidity =0.8.30;

import {IERC1271} from "@openzeppelin/contracts/interfaces/IERC1271.sol";

/// @title BurningWallet
/// @notice A wallet that burns all the gas that it is given.
contract BurningWallet is IERC1271 {
    /// @inheritdoc IERC1271
    function isValidSignature(bytes32, bytes calldata) external pure returns (bytes4) {
        while (true) {}
        return IERC1271.isValidSignature.selector;
    }
}
