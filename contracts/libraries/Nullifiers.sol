// SPDX-License-Identifier: Apache-2.0
pragma solidity =0.8.30;

import {IVaccinationRegistry} from "../../interfaces/IVaccinationRegistry.sol";

/// @title Nullifiers
/// @notice Keyed hashes of which each is recorded once.
library Nullifiers {
    uint256 private constant MAX = 256;

    /// @dev Keeps the caller as the one who recorded each; reverts if one of them was recorded before, or twice now.
    function record(mapping(bytes32 nullifier => address) storage recorders, bytes32[] calldata nullifiers) internal {
        require(nullifiers.length <= MAX, IVaccinationRegistry.TooManyNullifiers(nullifiers.length));
        for (uint256 i = 0; i < nullifiers.length; ++i) {
            bytes32 nullifier = nullifiers[i];
            require(recorders[nullifier] == address(0), IVaccinationRegistry.DoseAlreadyRecorded(nullifier));
            recorders[nullifier] = msg.sender;
        }
    }
}
