// SPDX-License-Identifier: Apache-2.0
pragma solidity =0.8.30;

import {IERC1271} from "@openzeppelin/contracts/interfaces/IERC1271.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";

/// @title OwnedWallet
/// @notice A wallet that says yes to what its owner signed.
contract OwnedWallet is IERC1271 {
    address private immutable _OWNER;

    /// @param owner The account whose signature it accepts.
    constructor(address owner) {
        _OWNER = owner;
    }

    /// @inheritdoc IERC1271
    function isValidSignature(bytes32 hash, bytes calldata signature) external view returns (bytes4) {
        return ECDSA.recover(hash, signature) == _OWNER ? IERC1271.isValidSignature.selector : bytes4(0);
    }
}
