// SPDX-License-Identifier: Apache-2.0
pragma solidity =0.8.30;

import {IDrugProvenance} from "../../interfaces/IDrugProvenance.sol";
import {Custody} from "../libraries/Custody.sol";
import {Roles} from "../libraries/Roles.sol";
import {Terms} from "../libraries/Terms.sol";
import {Accredited} from "./Accredited.sol";
import {LotBook} from "./LotBook.sol";
import {Stock} from "./Stock.sol";

/// @title Receiving
/// @notice Takes over what is on its way, or sends it back.
abstract contract Receiving is IDrugProvenance, Accredited, LotBook, Stock {
    using Terms for Offer;

    /// @inheritdoc IDrugProvenance
    function receiveUnit(Offer calldata offer) external {
        _receive(offer, _checkReceiver(offer));
    }

    function _checkReceiver(Offer calldata offer) internal view returns (bytes32 id) {
        _checkAuthorised(offer.to, offer.toRole());
        id = _checkLive(offer);
        _checkAccredited(offer.from, offer.fromRole());
        require(block.timestamp < offer.until(), OfferExpired(offer.until()));
    }

    function _receive(Offer calldata offer, bytes32 id) internal {
        bool isCold = _checkActive(offer.lot);

        bytes32 word = Custody.arrived(offer);
        if (isCold && Custody.isHeld(word)) word = Custody.awaiting(id, block.timestamp);
        _put(offer.lot, offer.unit, word);

        emit UnitReceived(offer.lot, offer.unit, offer.to, offer.from, Custody.stateOf(word));
    }

    /// @inheritdoc IDrugProvenance
    function refuse(Offer calldata offer) external {
        _checkAuthorised(offer.to, Roles.PARTICIPANT);
        _giveBack(offer);

        emit ShipmentRefused(offer.lot, offer.unit, offer.to, offer.from);
    }
}
