// SPDX-License-Identifier: Apache-2.0
pragma solidity =0.8.30;

import {IConsentRegistry} from "../../interfaces/IConsentRegistry.sol";
import {Epochs} from "../libraries/Epochs.sol";
import {Ledgers} from "../libraries/Ledgers.sol";

/// @title ConsentLedgers
/// @notice What is kept of the consents of each patient.
abstract contract ConsentLedgers is IConsentRegistry {
    using Epochs for Epochs.State;
    using Ledgers for Ledgers.Entry;

    /* STORAGE */

    mapping(address patient => Ledgers.Ledger ledger) private _ledgers;

    function _ledger(address patient) internal view returns (Ledgers.Ledger storage) {
        return _ledgers[patient];
    }

    function _checkEpoch(Grant calldata outer) internal view {
        uint64 current = epochOf(outer.patient, outer.grantee);
        require(outer.epoch == current, WrongEpoch(outer.epoch, current));
    }

    /* VIEWS */

    /// @inheritdoc IConsentRegistry
    function recordOf(
        address patient,
        bytes32 consent
    )
        external
        view
        returns (
            uint64 grantedAt,
            uint64 revokedAt,
            uint64 usedAt,
            uint32 uses,
            uint64 acceptedAt,
            uint64 declinedAt,
            bool isByGuardian
        )
    {
        Ledgers.Entry storage entry = _ledgers[patient].entries[consent];
        isByGuardian = entry.guardedAt != 0;
        (grantedAt, revokedAt) = (isByGuardian ? entry.guardedAt : entry.grantedAt, entry.revokedAt);
        (usedAt, uses) = (entry.usedAt, entry.uses);
        if (entry.isDeclined) declinedAt = entry.answeredAt;
        else acceptedAt = entry.answeredAt;
    }

    /// @inheritdoc IConsentRegistry
    function epochOf(address patient, bytes32 grantee) public view returns (uint64) {
        return _ledgers[patient].epochs.current(grantee);
    }
}
