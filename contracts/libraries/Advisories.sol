// SPDX-License-Identifier: Apache-2.0
pragma solidity =0.8.30;

/// @title Advisories
/// @notice What a reader of a dose should know beside its status; one bit each.
library Advisories {
    /// @dev The lot was recalled.
    uint8 internal constant RECALLED_LOT = 1 << 0;
    /// @dev The lot is held back while it is examined.
    uint8 internal constant QUARANTINED_LOT = 1 << 1;
    /// @dev The dose names no lot on chain, or one that nobody commissioned: a recall would not reach it.
    uint8 internal constant UNTRACED_LOT = 1 << 2;
    /// @dev The holder says that the record of it is wrong.
    uint8 internal constant DISPUTED = 1 << 3;
    /// @dev The issuer withdrew it because it was never given as recorded.
    uint8 internal constant ENTERED_IN_ERROR = 1 << 4;
}
