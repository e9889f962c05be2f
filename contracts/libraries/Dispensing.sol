// SPDX-License-Identifier: Apache-2.0
pragma solidity =0.8.30;

import {IDrugProvenance} from "../../interfaces/IDrugProvenance.sol";
import {Custody} from "./Custody.sol";

/// @title Dispensing
/// @notice The ends of packs, and which prescriptions were filled with them.
library Dispensing {
    uint256 private constant _UNDO_PERIOD = 10 days;

    struct State {
        mapping(bytes32 pack => IDrugProvenance.End end) ends;
        mapping(bytes32 prescription => bytes32 pack) fills;
    }

    /// @notice Reverts if a pack was dispensed or opened.
    function checkWhole(State storage state, bytes32 pack) internal view {
        uint64 endedAt = state.ends[pack].endedAt;
        require(endedAt == 0, IDrugProvenance.AlreadyDispensed(pack, endedAt));
    }

    /// @notice Notes that a pharmacy gave out a pack, or a portion of it where `filling.whole` is not zero.
    function dispense(
        State storage state,
        bytes32 pharmacy,
        bytes32 pack,
        IDrugProvenance.Filling calldata filling
    ) internal {
        IDrugProvenance.End memory end = state.ends[pack];
        (uint256 taken, uint256 whole) = (uint256(end.taken) + filling.portion, filling.whole);
        bool isOpen = end.taken != end.whole && end.whole == whole && isBy(end, pharmacy);
        require(end.endedAt == 0 || isOpen, IDrugProvenance.AlreadyDispensed(pack, end.endedAt));
        bool isPortion = taken <= whole && (filling.portion == 0) == (whole == 0) && end.fills != type(uint8).max;
        require(isPortion, IDrugProvenance.InvalidPortion(pack, end.taken));

        if (filling.prescription != bytes32(0)) {
            ++end.fills;
            bool isNew = state.fills[filling.prescription] == bytes32(0);
            require(isNew, IDrugProvenance.PrescriptionFilled(filling.prescription));
            state.fills[filling.prescription] = pack;
        }
        if (!isOpen) (end.endedAt, end.by) = (uint64(block.timestamp), Custody.markOf(pharmacy));
        (end.taken, end.whole) = (uint16(taken), uint16(whole));
        state.ends[pack] = end;
    }

    /// @notice Takes all of a pack back, and frees each prescription that was filled with it.
    function undo(State storage state, bytes32 pharmacy, bytes32 pack, bytes32[] calldata prescriptions) internal {
        IDrugProvenance.End memory end = state.ends[pack];
        bool isTheirs = isBy(end, pharmacy) && block.timestamp < end.endedAt + _UNDO_PERIOD;
        require(isTheirs, IDrugProvenance.NotUndoable(pack, end.endedAt));
        require(prescriptions.length == end.fills, IDrugProvenance.InvalidCount(prescriptions.length));

        for (uint256 i = 0; i < prescriptions.length; ++i) {
            bool isFilled = state.fills[prescriptions[i]] == pack;
            require(isFilled, IDrugProvenance.NotFilledWith(prescriptions[i], pack));
            delete state.fills[prescriptions[i]];
        }
        delete state.ends[pack];
    }

    /// @notice Whether a pack ended, or was opened, at a pharmacy.
    function isBy(IDrugProvenance.End memory end, bytes32 pharmacy) internal pure returns (bool) {
        return end.by == Custody.markOf(pharmacy);
    }
}
