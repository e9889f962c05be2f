// SPDX-License-Identifier: Apache-2.0
pragma solidity =0.8.30;

/// @title GS1
/// @notice What is printed on a package of medicine, as numbers and ids.
library GS1 {
    uint8 internal constant MIN_PREFIX_DIGITS = 4;
    uint8 internal constant MAX_PREFIX_DIGITS = 12;

    /// @dev Different first words keep the ids of lots and packs apart, whatever is printed on them.
    bytes32 private constant _LOT = "lot";
    bytes32 private constant _PACK = "sgtin";

    /// @notice Whether `gtin` has at most 14 digits, of which the last checks the others: all together, every second one from the
    /// right taken thrice, they are a multiple of ten.
    function isGtin(uint64 gtin) internal pure returns (bool) {
        uint256 sum = 0;
        for (uint256 rest = gtin; rest != 0;) {
            // Twenty digits at most: nothing here comes near the end of its range.
            unchecked {
                sum += (rest % 10) + ((rest / 10) % 10) * 3;
                rest /= 100;
            }
        }
        return gtin != 0 && gtin < 10 ** 14 && sum % 10 == 0;
    }

    /// @notice The company prefix of `gtin` if it has `digits` digits, at most 12: it follows the indicator digit.
    function prefixOf(uint64 gtin, uint8 digits) internal pure returns (uint64) {
        return uint64(((gtin / 10) % 10 ** 12) / 10 ** (MAX_PREFIX_DIGITS - digits));
    }

    /// @notice The id of a lot.
    function lotId(uint64 gtin, string calldata lotNumber) internal pure returns (bytes32) {
        return keccak256(abi.encode(_LOT, gtin, lotNumber));
    }

    /// @notice The id of a pack.
    function packId(uint64 gtin, string calldata serial) internal pure returns (bytes32) {
        return keccak256(abi.encode(_PACK, gtin, serial));
    }
}
