// SPDX-License-Identifier: Apache-2.0
pragma solidity =0.8.30;

/// @title FloodingWallet
/// @notice A wallet that answers with as many bytes as its gas buys, up to a size.
contract FloodingWallet {
    uint256 private immutable _SIZE;

    /// @param size How many bytes it answers with.
    constructor(uint256 size) {
        _SIZE = size;
    }

    /// @dev Also answers `isValidSignature`, with zeros and no length before them.
    fallback(bytes calldata) external payable returns (bytes memory) {
        return new bytes(_SIZE);
    }
}
