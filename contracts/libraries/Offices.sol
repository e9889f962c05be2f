// SPDX-License-Identifier: Apache-2.0
pragma solidity =0.8.30;

/// @title Offices
/// @notice Who held an office, one after the other, asked as of a time.
library Offices {
    /// @dev A holder and the first second of its term, which lasts until the next one.
    struct Term {
        address holder;
        uint64 from;
    }

    /// @dev The newest term stands alone so that asking about now reads one slot. Those before it follow in their order, behind one of
    /// nobody that began at zero, so that at any time some term had begun.
    struct Office {
        Term newest;
        Term[] past;
    }

    /// @dev An account that acts for the holder in some roles, until a time that what it grants does not outlast.
    struct Delegate {
        uint64 roles;
        uint64 until;
    }

    /// @notice Begins a new term now.
    function take(Office storage office, address holder) internal {
        Term storage newest = office.newest;
        office.past.push(newest);
        (newest.holder, newest.from) = (holder, uint64(block.timestamp));
    }

    /// @notice Who held it at a time; zero if nobody did.
    function holderAt(Office storage office, uint64 at) internal view returns (address) {
        if (at >= office.newest.from) return office.newest.holder;
        Term[] storage past = office.past;
        (uint256 low, uint256 high) = (0, past.length);
        while (low + 1 < high) {
            uint256 middle = (low + high) / 2;
            if (past[middle].from <= at) low = middle;
            else high = middle;
        }
        return past[low].holder;
    }
}
