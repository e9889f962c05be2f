// SPDX-License-Identifier: Apache-2.0
pragma solidity =0.8.30;

import {IDrugProvenance} from "../../interfaces/IDrugProvenance.sol";

/// @title Terms
/// @notice What one word of an offer holds: 16 bytes of source, 2 of each role, 6 of each time.
library Terms {
    /// @notice The source of the unit in the sender's hands.
    function source(IDrugProvenance.Offer calldata offer) internal pure returns (bytes16) {
        return bytes16(offer.terms);
    }

    /// @notice The role in which it is shipped.
    function fromRole(IDrugProvenance.Offer calldata offer) internal pure returns (uint64) {
        return uint16(uint256(offer.terms) >> 112);
    }

    /// @notice The role in which it is received.
    function toRole(IDrugProvenance.Offer calldata offer) internal pure returns (uint64) {
        return uint16(uint256(offer.terms) >> 96);
    }

    /// @notice First second in which it can no longer be received.
    function until(IDrugProvenance.Offer calldata offer) internal pure returns (uint64) {
        return uint48(uint256(offer.terms) >> 48);
    }

    /// @notice Since when its logger measures.
    function loggedFrom(IDrugProvenance.Offer calldata offer) internal pure returns (uint64) {
        return uint48(uint256(offer.terms));
    }
}
