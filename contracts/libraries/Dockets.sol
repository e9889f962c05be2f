// SPDX-License-Identifier: Apache-2.0
pragma solidity =0.8.30;

/// @title Dockets
/// @notice Which sessions of an organisation still wait for their review: a queue in the order of opening, answered in any order.
library Dockets {
    /// @dev How many sessions the queue spans at most, from the oldest that waits to the newest. A bound on every loop here.
    uint256 internal constant MAX_SPAN = 96;

    /// @dev One slot. Bit i of `reviewed` is session `head + i`; the session at the head always waits. `suspendedFrom` is 0 until a write
    /// finds a reason; a review that is due suspends from `dueAt` on without any.
    struct Docket {
        uint32 head;
        uint8 span;
        uint96 reviewed;
        uint48 dueAt;
        uint48 suspendedFrom;
    }

    /// @notice Since when the organisation is suspended, as known at a time; 0 if it is not.
    function suspension(Docket storage docket, uint64 at) internal view returns (uint48) {
        bool isOverdue = docket.span != 0 && at >= docket.dueAt;
        if (docket.suspendedFrom != 0) return at >= docket.suspendedFrom ? docket.suspendedFrom : 0;
        return isOverdue ? docket.dueAt : 0;
    }

    /// @notice The number of the next session.
    function next(Docket storage docket) internal view returns (uint32) {
        return docket.head + docket.span;
    }

    /// @notice Marks a session as reviewed, and shortens the queue to begin with one that waits.
    /// @dev One that has left the queue was reviewed before, and nothing changes.
    function close(Docket storage docket, uint32 number) internal {
        (uint32 head, uint8 span, uint96 reviewed) = (docket.head, docket.span, docket.reviewed);
        if (number < head) return;
        reviewed |= uint96(1 << (number - head));
        for (; reviewed & 1 != 0; reviewed >>= 1) {
            unchecked {
                (head, span) = (head + 1, span - 1);
            }
        }
        (docket.head, docket.span, docket.reviewed) = (head, span, reviewed);
    }

    /// @notice The sessions that wait, among the first `length` of the queue.
    function waiting(Docket storage docket, uint256 length) internal view returns (uint32[] memory numbers) {
        (uint32 head, uint256 reviewed) = (docket.head, docket.reviewed);
        uint256 count = 0;
        for (uint256 i = 0; i < length; ++i) if ((reviewed >> i) & 1 == 0) ++count;
        numbers = new uint32[](count);
        for (uint256 i = length; i > 0; --i) {
            if ((reviewed >> (i - 1)) & 1 == 0) numbers[--count] = head + uint32(i - 1);
        }
    }
}
