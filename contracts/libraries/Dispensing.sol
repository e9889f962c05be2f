// SPDX-License-Identifier: Apache-2.0
pragma solidity =0.8.30;

import {IDrugProvenance} from "../../interfaces/IDrugProvenance.sol";
import {Custody} from "./Custody.sol";

/// @title Dispensing
/// @notice The ends of packs, and which prescriptions were filled with them.
library Dispensing {
    uint256 private constant _UNDO_PERIOD = 10 days;
    uint256 private constant _FILL = 1 << 112;

    /// @dev An end is one word, because a struct costs more to take apart: the mark of the pharmacy in 16 bytes, 1 byte of fills, 2 of parts taken, 2 of
    /// parts in all, the last 6 of the root of its lot, and when it was opened in 4. A mix has no root, so that no box passes for the pack.
    struct State {
        mapping(bytes32 pack => uint256 end) ends;
        mapping(bytes32 prescription => bytes32 pack) fills;
    }

    /// @notice What is kept of a pack, in the words of the interface.
    function told(uint256 end) internal pure returns (IDrugProvenance.End memory) {
        return
            IDrugProvenance.End({
                endedAt: uint32(end),
                by: bytes16(bytes32(end)),
                taken: uint16(end >> 96),
                whole: uint16(end >> 80),
                fills: uint8(end >> 112)
            });
    }

    /// @notice Reverts if a pack was dispensed or opened.
    function checkWhole(State storage state, bytes32 pack) internal view {
        uint256 end = state.ends[pack];
        require(end == 0, IDrugProvenance.AlreadyDispensed(pack, uint32(end)));
    }

    /// @notice Whether something is left of a pack for a pharmacy that opened it.
    function isOpenAt(uint256 end, bytes32 pharmacy) internal pure returns (bool) {
        return uint16(end >> 96) != uint16(end >> 80) && bytes16(bytes32(end)) == Custody.markOf(pharmacy);
    }

    /// @notice Notes that a pharmacy gave out a pack, or a portion of it where `filling.whole` is not zero.
    function dispense(
        State storage state,
        bytes32 pharmacy,
        bytes32 root,
        bytes32 pack,
        IDrugProvenance.Filling calldata filling
    ) internal {
        uint256 end = state.ends[pack];
        (uint256 portion, uint256 whole) = (filling.portion, filling.whole);
        if (end == 0) {
            end = uint256(bytes32(Custody.markOf(pharmacy))) | (whole << 80) | block.timestamp;
            end |= uint256(uint48(uint256(root))) << 32;
        } else
            require(
                isOpenAt(end, pharmacy) && uint16(end >> 80) == whole,
                IDrugProvenance.AlreadyDispensed(pack, uint32(end))
            );
        // Each part of the word has room for what is added to it.
        unchecked {
            uint256 taken = uint16(end >> 96);
            bool isPortion = taken + portion <= whole && (portion == 0) == (whole == 0);
            require(isPortion, IDrugProvenance.InvalidPortion(pack, uint16(taken)));
            end += portion << 96;
            bytes32 prescription = filling.prescription;
            if (prescription != bytes32(0)) {
                require(uint8(end >> 112) != 255, IDrugProvenance.InvalidPortion(pack, uint16(taken)));
                require(state.fills[prescription] == bytes32(0), IDrugProvenance.PrescriptionFilled(prescription));
                state.fills[prescription] = pack;
                end += _FILL;
            }
        }
        state.ends[pack] = end;
    }

    /// @notice Takes all of a pack back, and frees each prescription that was filled with it.
    function undo(
        State storage state,
        bytes32 pharmacy,
        bytes32 root,
        bytes32 pack,
        bytes32[] calldata prescriptions
    ) internal {
        uint256 end = state.ends[pack];
        bool isTheirs = bytes16(bytes32(end)) == Custody.markOf(pharmacy) && uint48(end >> 32) == uint48(uint256(root));
        bool isUndoable = isTheirs && block.timestamp < uint256(uint32(end)) + _UNDO_PERIOD;
        require(isUndoable, IDrugProvenance.NotUndoable(pack, uint32(end)));
        require(prescriptions.length == uint8(end >> 112), IDrugProvenance.InvalidCount(prescriptions.length));

        for (uint256 i = 0; i < prescriptions.length; ++i) {
            bytes32 prescription = prescriptions[i];
            require(state.fills[prescription] == pack, IDrugProvenance.NotFilledWith(prescription, pack));
            state.fills[prescription] = 0;
        }
        state.ends[pack] = 0;
    }
}
