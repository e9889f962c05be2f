// SPDX-License-Identifier: Apache-2.0
pragma solidity =0.8.30;

import {IDrugProvenance} from "../../interfaces/IDrugProvenance.sol";

/// @title ToldLots
/// @notice Answers for each lot the status that it was told, also one that nothing sets yet.
contract ToldLots {
    /// @notice How a lot stands.
    mapping(bytes32 lot => IDrugProvenance.LotStatus told) public lotStatus;

    /// @notice Tells how a lot stands from now on.
    /// @param lot The lot.
    /// @param status How it stands.
    function tell(bytes32 lot, IDrugProvenance.LotStatus status) external {
        lotStatus[lot] = status;
    }
}
