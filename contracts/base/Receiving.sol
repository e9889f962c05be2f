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
        (bytes32 id, bytes32 key, bool isCold) = _checkReceiver(offer);
        _receive(offer, id, key, isCold);
    }

    function _checkReceiver(Offer calldata offer) internal view returns (bytes32 id, bytes32 key, bool isCold) {
        ACCREDITATION.checkTakeover(offer.to, msg.sender, offer.toRole(), offer.from, offer.fromRole());
        (id, key) = _checkLive(offer);
        require(block.timestamp < offer.until(), OfferExpired(offer.until()));
        isCold = _checkActive(offer.lot);
    }

    function _receive(Offer calldata offer, bytes32 id, bytes32 key, bool isCold) internal {
        bytes32 word = Custody.arrived(offer);
        if (isCold && Custody.isHeld(word)) word = Custody.awaiting(id, block.timestamp);
        _keep(key, word);

        emit UnitReceived(offer.lot, offer.unit, offer.to, offer.from, Custody.stateOf(word));
    }

    /// @inheritdoc IDrugProvenance
    function refuse(Offer calldata offer) external {
        _checkAuthorised(offer.to, Roles.PARTICIPANT);
        _giveBack(offer);

        emit ShipmentRefused(offer.lot, offer.unit, offer.to, offer.from);
    }
}
