// SPDX-License-Identifier: Apache-2.0
pragma solidity =0.8.30;

import {IPatientRegistry} from "../../interfaces/IPatientRegistry.sol";
import {Guardianship} from "../libraries/Guardianship.sol";

/// @title Guarded
/// @notice Keeps the guardians of patients, and answers for them.
abstract contract Guarded is IPatientRegistry {
    using Guardianship for Guardianship.State;

    /* STORAGE */

    mapping(address patient => Guardianship.State state) private _guardianships;

    function _guardianship(address patient) internal view returns (Guardianship.State storage) {
        return _guardianships[patient];
    }

    /* VIEWS */

    /// @inheritdoc IPatientRegistry
    function isGuardian(address patient, address account, uint8 scope, uint64 at) public view returns (bool) {
        return _guardianships[patient].isHeld(account, scope, at);
    }

    /// @inheritdoc IPatientRegistry
    function guardianOf(
        address patient,
        address guardian
    ) external view returns (uint8 scope, uint64 from, uint64 until, uint64 protectFrom, uint64 removedAt) {
        Guardianship.Entry storage entry = _guardianships[patient].entries[guardian];
        return (entry.scope, entry.from, entry.until, entry.protectFrom, entry.removedAt);
    }

    /// @inheritdoc IPatientRegistry
    function guardiansOf(address patient) external view returns (address[8] memory) {
        return _guardianships[patient].roster;
    }

    /// @inheritdoc IPatientRegistry
    function recoveryOf(
        address patient
    )
        external
        view
        returns (address controller, uint64 readyAt, uint32 round, uint256 votes, uint256 needed, uint256 total)
    {
        Guardianship.State storage state = _guardianships[patient];
        (controller, readyAt, round) = (state.controller, state.readyAt, state.round);
        (votes, needed, total) = state.tally(controller);
    }
}
