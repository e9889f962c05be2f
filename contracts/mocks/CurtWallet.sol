// SPDX-License-Identifier: Apache-2.0
pragma solidity =0.8.30;

import {IERC1271} from "@openzeppelin/contracts/interfaces/IERC1271.sol";

/// @title CurtWallet
/// @notice A wallet that answers with the four bytes of yes and nothing after them.
contract CurtWallet {
    receive() external payable {}

    /// @dev Also answers `isValidSignature`.
    fallback(bytes calldata) external payable returns (bytes memory) {
        return abi.encodePacked(IERC1271.isValidSignature.selector);
    }
}
