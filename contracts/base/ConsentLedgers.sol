// SPDX-License-Identifier: Apache-2.0
pragma solidity =0.8.30;

import {IConsentRegistry} from "../../interfaces/IConsentRegistry.sol";
import {Epochs} from "../libraries/Epochs.sol";
import {Ledgers} from "../libraries/Ledgers.sol";
import {Statements} from "../libraries/Statements.sol";

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

    /* VIEWS */

    /// @inheritdoc IConsentRegistry
    function recordOf(address patient, bytes32 consent) external view returns (Record memory) {
        return _ledgers[patient].entries[consent].record();
    }

    /// @inheritdoc IConsentRegistry
    function epochOf(address patient, bytes32 grantee) public view returns (uint64) {
        return _ledgers[patient].epochs.current(grantee);
    }

    /// @inheritdoc IConsentRegistry
    function idOf(Grant calldata outer) external pure returns (bytes32) {
        return Statements.consent(outer);
    }

    /// @inheritdoc IConsentRegistry
    function termsHashOf(Terms calldata terms) external pure returns (bytes32) {
        return Statements.terms(terms);
    }
}
