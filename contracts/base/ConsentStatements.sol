// SPDX-License-Identifier: Apache-2.0
pragma solidity =0.8.30;

import {IConsentRegistry} from "../../interfaces/IConsentRegistry.sol";
import {Statements} from "../libraries/Statements.sol";
import {SignedActions} from "./SignedActions.sol";

/// @title ConsentStatements
/// @notice What patients sign, and in which domain.
abstract contract ConsentStatements is IConsentRegistry, SignedActions {
    function _name() internal pure override returns (string memory) {
        return "ConsentRegistry";
    }

    /* VIEWS */

    /// @inheritdoc IConsentRegistry
    function idOf(Grant calldata) external pure returns (bytes32) {
        return Statements.outerInCalldata();
    }

    /// @inheritdoc IConsentRegistry
    function termsHashOf(Terms calldata) external pure returns (bytes32) {
        return Statements.termsInCalldata();
    }
}
