// SPDX-License-Identifier: Apache-2.0
pragma solidity =0.8.30;

/// @title Confidentiality
/// @notice How sensitive data are: the codes of HL7 v3 Confidentiality in their order.
/// @dev Counted from 1, so that a label that nobody set is none of them.
library Confidentiality {
    /// @dev HL7 code U.
    uint8 internal constant UNRESTRICTED = 1;
    /// @dev HL7 code L.
    uint8 internal constant LOW = 2;
    /// @dev HL7 code M.
    uint8 internal constant MODERATE = 3;
    /// @dev HL7 code N.
    uint8 internal constant NORMAL = 4;
    /// @dev HL7 code R.
    uint8 internal constant RESTRICTED = 5;
    /// @dev HL7 code V.
    uint8 internal constant VERY_RESTRICTED = 6;

    /// @notice Whether data with a label may be released where `highest` is the highest label released.
    function isWithin(uint256 label, uint256 highest) internal pure returns (bool) {
        return label >= UNRESTRICTED && label <= VERY_RESTRICTED && label <= highest;
    }
}
