// SPDX-License-Identifier: Apache-2.0
pragma solidity =0.8.30;

import {IERC1271} from "@openzeppelin/contracts/interfaces/IERC1271.sol";

/// @title RevertingWallet
/// @notice A wallet that reverts when it is asked about a signature.
contract RevertingWallet is IERC1271 {
    error NotNow();

    /// @inheritdoc IERC1271
    function isValidSignature(bytes32, bytes calldata) external pure returns (bytes4) {
        revert NotNow();
    }
}
