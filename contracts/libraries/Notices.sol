// SPDX-License-Identifier: Apache-2.0
pragma solidity =0.8.30;

import {IDrugProvenance} from "../../interfaces/IDrugProvenance.sol";

/// @title Notices
/// @notice Since when the partners of a chain must know of a unit or a lot, and when each of them acknowledged it.
library Notices {
    uint256 private constant _PERIOD = 24 hours;

    /// @dev What stands under no organisation is when the clock began.
    struct State {
        mapping(bytes32 lot => mapping(bytes32 unit => mapping(bytes32 organisation => uint256 at))) times;
    }

    /// @notice Starts the clock, anew where it runs.
    function start(State storage state, bytes32 lot, bytes32 unit) internal {
        state.times[lot][unit][bytes32(0)] = block.timestamp;
    }

    /// @notice Whether the clock ever began.
    function isRunning(State storage state, bytes32 lot, bytes32 unit) internal view returns (bool) {
        return state.times[lot][unit][bytes32(0)] != 0;
    }

    /// @notice Notes that an organisation knows.
    function acknowledge(State storage state, bytes32 lot, bytes32 unit, bytes32 organisation) internal {
        uint256 at = state.times[lot][unit][organisation];
        bool isDue = at < state.times[lot][unit][bytes32(0)];
        require(isDue, IDrugProvenance.NothingToAcknowledge(organisation, uint64(at)));

        state.times[lot][unit][organisation] = block.timestamp;
    }

    /// @notice Whether an organisation let the time pass without a word, or has spoken too late.
    function isLate(State storage state, bytes32 lot, bytes32 unit, bytes32 organisation) internal view returns (bool) {
        uint256 startedAt = state.times[lot][unit][bytes32(0)];
        uint256 at = state.times[lot][unit][organisation];
        if (startedAt == 0) return false;
        return (at < startedAt ? block.timestamp : at) >= startedAt + _PERIOD;
    }
}
