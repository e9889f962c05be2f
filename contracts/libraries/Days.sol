// SPDX-License-Identifier: Apache-2.0
pragma solidity =0.8.30;

/// @title Days
/// @notice Counters by day, several to a slot.
/// @dev The word of a policy and a service day holds what the plan paid for that day in its low 102 bits, and above it 11 bits of units for
/// each of 14 benefits. Words are added and subtracted whole, so that what one claim counted can be taken back exactly.
library Days {
    uint256 internal constant MAX_UNITS = 2 ** _UNIT_BITS - 1;
    uint256 private constant _UNIT_BITS = 11;
    uint256 private constant _AMOUNT_BITS = 102;
    uint256 private constant _VISIT_BITS = 32;
    uint256 private constant _DAYS = 8;

    /// @dev A provider's visits by service day, eight days to a slot. 2^32 visits do not fit into a day's blocks.
    struct Visits {
        mapping(uint256 block_ => uint256 counts) counts;
    }

    /// @dev What the plan paid for the day.
    function amount(uint256 counted) internal pure returns (uint256) {
        return counted & (2 ** _AMOUNT_BITS - 1);
    }

    /// @dev How many units of a benefit were counted on the day.
    function units(uint256 counted, uint256 benefit) internal pure returns (uint256) {
        return (counted >> _shift(benefit)) & MAX_UNITS;
    }

    /// @dev So many units as a word.
    function word(uint256 benefit, uint256 count) internal pure returns (uint256) {
        return count << _shift(benefit);
    }

    /// @dev Whether units of any of some benefits were counted on the day; bit n of the mask stands for benefit n.
    function isAny(uint256 counted, uint256 mask) internal pure returns (bool) {
        counted >>= _AMOUNT_BITS;
        for (mask >>= 1; mask != 0; mask >>= 1) {
            if (mask & 1 == 1 && counted & MAX_UNITS != 0) return true;
            counted >>= _UNIT_BITS;
        }
        return false;
    }

    /// @dev Counts a visit and returns how many there are that day.
    function add(Visits storage visits, uint256 day) internal returns (uint256) {
        uint256 counts = visits.counts[day / _DAYS] + (1 << _place(day));
        visits.counts[day / _DAYS] = counts;
        return uint32(counts >> _place(day));
    }

    /// @dev Takes back a visit that was counted.
    function remove(Visits storage visits, uint256 day) internal {
        visits.counts[day / _DAYS] -= 1 << _place(day);
    }

    function _shift(uint256 benefit) private pure returns (uint256) {
        unchecked {
            return _AMOUNT_BITS + _UNIT_BITS * (benefit - 1);
        }
    }

    function _place(uint256 day) private pure returns (uint256) {
        return (day % _DAYS) * _VISIT_BITS;
    }
}
