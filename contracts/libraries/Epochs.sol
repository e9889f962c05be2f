// SPDX-License-Identifier: Apache-2.0
pragma solidity =0.8.30;

/// @title Epochs
/// @notice Ends everything that a patient signed so far, or signed for one grantee, at a fixed cost, and knows since when.
/// @dev An epoch is two counts: in the upper half how often everything was ended, in the lower 32 bits how often that of the grantee was.
library Epochs {
    /// @param ends How often everything was ended.
    /// @param granteeEnds How often that of any one grantee was; while it is 0, `counts` need not be read.
    /// @param counts How often that of each grantee was.
    /// @param times When each of these was; grantee zero stands for everything.
    struct State {
        uint32 ends;
        uint32 granteeEnds;
        mapping(bytes32 grantee => uint32 count) counts;
        mapping(bytes32 grantee => mapping(uint256 index => uint64 time)) times;
    }

    /// @notice Ends the epoch of every grantee.
    function end(State storage state) internal {
        state.times[bytes32(0)][state.ends++] = uint64(block.timestamp);
    }

    /// @notice Ends the epoch of one grantee, which is not zero.
    function endOf(State storage state, bytes32 grantee) internal {
        state.granteeEnds++;
        state.times[grantee][state.counts[grantee]++] = uint64(block.timestamp);
    }

    /// @notice The epoch of a grantee now.
    function current(State storage state, bytes32 grantee) internal view returns (uint64) {
        (uint64 ends, uint32 granteeEnds) = (state.ends, state.granteeEnds);
        uint64 epoch = ends << 32;
        return granteeEnds == 0 ? epoch : epoch | state.counts[grantee];
    }

    /// @notice Whether `epoch` was that of a grantee at a time that is not in the future.
    function isCurrentAt(State storage state, bytes32 grantee, uint64 epoch, uint64 at) internal view returns (bool) {
        if (at == block.timestamp) return epoch == current(state, grantee);
        uint64 latest = current(state, grantee);
        return
            _isCountAt(state.times[bytes32(0)], epoch >> 32, latest >> 32, at) &&
            _isCountAt(state.times[grantee], uint32(epoch), uint32(latest), at);
    }

    /// @dev Whether exactly `count` of the `total` times, which stand in their order, had come.
    function _isCountAt(
        mapping(uint256 index => uint64 time) storage times,
        uint256 count,
        uint256 total,
        uint64 at
    ) private view returns (bool) {
        bool hasBegun = count == 0 || (count <= total && at >= times[count - 1]);
        return hasBegun && count <= total && (count == total || at < times[count]);
    }
}
