// SPDX-License-Identifier: Apache-2.0
pragma solidity =0.8.30;

/// @title Allowance
/// @notice How long one clinician may open one patient's data in an emergency within any 30 days: at most 5 times and 48 hours.
/// @dev The 5 newest sessions stand in one word, each with its end in 34 bits (until the year 2514) and its length in 17. One that ends before
/// an older one is kept with the end of that, so that ends never rise towards older sessions and the first that is too old ends the search.
/// Nothing here can overflow.
library Allowance {
    uint256 internal constant MAX_SESSIONS = 5;
    uint256 internal constant MAX_TIME = 48 hours;
    uint256 internal constant WINDOW = 30 days;

    uint256 private constant _BITS = 51;
    uint256 private constant _LENGTH_BITS = 17;

    /// @notice Adds a session from now on for `period` seconds, at most a day.
    /// @return sessions What was given with the session added to it.
    /// @return isWithin Whether it still may be.
    function add(uint256 given, uint64 period) internal view returns (uint256 sessions, bool isWithin) {
        unchecked {
            uint256 time = period;
            uint256 count = 1;
            for (uint256 i = 0; i < MAX_SESSIONS; ++i) {
                uint256 session = (given >> (i * _BITS)) & ((1 << _BITS) - 1);
                if ((session >> _LENGTH_BITS) + WINDOW <= block.timestamp) break;
                time += session & ((1 << _LENGTH_BITS) - 1);
                ++count;
            }
            uint256 end = block.timestamp + period;
            uint256 latest = (given >> _LENGTH_BITS) & ((1 << (_BITS - _LENGTH_BITS)) - 1);
            sessions = (given << _BITS) | ((end < latest ? latest : end) << _LENGTH_BITS) | period;
            isWithin = count <= MAX_SESSIONS && time <= MAX_TIME;
        }
    }
}
