// SPDX-License-Identifier: Apache-2.0
pragma solidity =0.8.30;

import {IAccreditationRegistry} from "../../interfaces/IAccreditationRegistry.sol";

/// @title Timeline
/// @notice Accreditations and signers in time: appended to, never rewritten, asked as of a time.
library Timeline {
    /// @dev The newest interval stands alone so that acting now reads one slot; those before it follow in their order.
    struct Line {
        IAccreditationRegistry.Accreditation newest;
        IAccreditationRegistry.Accreditation[] past;
    }

    /// @notice Begins a new interval now, in place of the one before.
    /// @return index Which interval of the line it is, counted from 0.
    function append(Line storage line, uint64 until) internal returns (uint256 index) {
        IAccreditationRegistry.Accreditation storage newest = line.newest;
        if (newest.from != 0) line.past.push(newest);
        (newest.from, newest.until) = (uint64(block.timestamp), until);
        (newest.suspendedFrom, newest.compromisedFrom) = (0, 0);
        return line.past.length;
    }

    /// @notice How many intervals the line has.
    function count(Line storage line) internal view returns (uint256) {
        return line.newest.from == 0 ? 0 : line.past.length + 1;
    }

    /// @notice The interval at `index`, which must be below {count}.
    function get(
        Line storage line,
        uint256 index
    ) internal view returns (IAccreditationRegistry.Accreditation storage) {
        return index == line.past.length ? line.newest : line.past[index];
    }

    /// @notice How the line stands at a time.
    function standing(Line storage line, uint64 at) internal view returns (IAccreditationRegistry.Standing) {
        IAccreditationRegistry.Accreditation storage interval = line.newest;
        if (at < interval.from) {
            uint256 begun = _countBegun(line.past, at);
            if (begun == 0) return IAccreditationRegistry.Standing.UNKNOWN;
            interval = line.past[begun - 1];
        }
        return _standing(interval, at);
    }

    /// @dev One read of one slot; a copy of it to memory costs every caller more.
    function _standing(
        IAccreditationRegistry.Accreditation storage interval,
        uint64 at
    ) private view returns (IAccreditationRegistry.Standing) {
        (uint64 from, uint64 until, uint64 suspendedFrom, uint64 compromisedFrom) = (
            interval.from,
            interval.until,
            interval.suspendedFrom,
            interval.compromisedFrom
        );
        if (from == 0) return IAccreditationRegistry.Standing.UNKNOWN;
        if (compromisedFrom != 0 && at >= compromisedFrom) return IAccreditationRegistry.Standing.COMPROMISED;
        if (suspendedFrom != 0 && at >= suspendedFrom) return IAccreditationRegistry.Standing.SUSPENDED;
        return at < until ? IAccreditationRegistry.Standing.ACTIVE : IAccreditationRegistry.Standing.LAPSED;
    }

    /// @dev How many of the intervals, which begin in strictly rising order, had begun at a time.
    function _countBegun(
        IAccreditationRegistry.Accreditation[] storage past,
        uint64 at
    ) private view returns (uint256 low) {
        uint256 high = past.length;
        while (low < high) {
            uint256 middle = (low + high) / 2;
            if (past[middle].from <= at) low = middle + 1;
            else high = middle;
        }
    }

    /// @notice Whether a signer acts in `role` at a time, whatever its organisation may do.
    function isActing(
        IAccreditationRegistry.Signer storage signer,
        uint64 role,
        uint64 at
    ) internal view returns (bool) {
        (uint64 from, uint64 until, uint64 compromisedFrom, uint64 roles) = (
            signer.from,
            signer.until,
            signer.compromisedFrom,
            signer.roles
        );
        if (role == 0 || roles & role != role || at < from || at >= until) return false;
        return compromisedFrom == 0 || at < compromisedFrom;
    }
}
