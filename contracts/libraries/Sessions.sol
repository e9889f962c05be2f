// SPDX-License-Identifier: Apache-2.0
pragma solidity =0.8.30;

import {IEmergencyAccess} from "../../interfaces/IEmergencyAccess.sol";
import {DataClasses} from "./DataClasses.sol";

/// @title Sessions
/// @notice The sessions that clinicians opened in emergencies, by their number.
library Sessions {
    /// @dev How long an organisation has to review a session.
    uint48 internal constant REVIEW_PERIOD = 7 days;

    /// @dev Two slots.
    struct Kept {
        address patient;
        uint48 openedAt;
        uint48 until;
        address actor;
        uint32 classes;
        uint48 contestedAt;
        IEmergencyAccess.Verdict verdict;
    }

    /// @notice Whether a session lets its clinician at a class of one patient's data at a time, where some classes are withheld.
    function covers(
        Kept storage kept,
        address patient,
        address actor,
        uint256 dataClass,
        uint32 withheld,
        uint64 at
    ) internal view returns (bool) {
        bool isTime = kept.openedAt != 0 && at >= kept.openedAt && at < kept.until;
        bool isTheirs = patient == kept.patient && actor == kept.actor;
        return isTime && isTheirs && DataClasses.isWithin(dataClass, kept.classes & ~withheld);
    }

    /// @notice The first of some sessions in their order, from `low` to before `high`, whose review is not due now; `high` if all are.
    function firstNotDue(
        mapping(uint32 number => Kept) storage sessions,
        uint32 low,
        uint32 high
    ) internal view returns (uint32) {
        while (low < high) {
            uint32 middle = low + (high - low) / 2;
            if (block.timestamp >= sessions[middle].openedAt + REVIEW_PERIOD) low = middle + 1;
            else high = middle;
        }
        return low;
    }
}
