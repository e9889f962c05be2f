// SPDX-License-Identifier: Apache-2.0
pragma solidity =0.8.30;

import {IDrugProvenance} from "../../interfaces/IDrugProvenance.sol";
import {Custody} from "../libraries/Custody.sol";
import {Dispensing} from "../libraries/Dispensing.sol";
import {Roles} from "../libraries/Roles.sol";
import {Terms} from "../libraries/Terms.sol";
import {Accredited} from "./Accredited.sol";
import {LotBook} from "./LotBook.sol";
import {Packs} from "./Packs.sol";
import {Stock} from "./Stock.sol";

/// @title Sending
/// @notice Gives units on their way.
abstract contract Sending is IDrugProvenance, Accredited, LotBook, Packs, Stock {
    using Dispensing for Dispensing.State;
    using Terms for Offer;

    /// @inheritdoc IDrugProvenance
    function ship(Offer calldata offer, Step[] calldata path) external {
        _checkAuthorised(offer.from, offer.fromRole());
        uint64 roles = offer.fromRole() | offer.toRole();
        require(roles & Roles.CUSTODIANS == roles, NotCustodialRole(roles));
        require(block.timestamp < offer.until(), OfferExpired(offer.until()));
        bool isCold = _checkActive(offer.lot);
        bool isLogged = offer.logger != address(0) && offer.loggedFrom() <= block.timestamp;
        require(isCold ? isLogged : offer.logger == address(0), WrongLogger(offer.logger, offer.loggedFrom()));
        _packs().checkWhole(offer.unit);
        bytes32 word = _wordOf(_lot(offer.lot), offer.lot, offer.unit, path);
        bool isFree = offer.fromRole() == Roles.CARRIER ? Custody.isHeld(word) : Custody.isOwn(word);
        _checkHolder(offer.unit, offer.from, word, isFree);
        require(bytes16(word << 128) == offer.source(), WrongSource(offer.unit, bytes16(word << 128)));

        _put(offer.lot, offer.unit, Custody.offered());

        _announce(offer);
    }

    function _announce(Offer calldata offer) private {
        emit UnitShipped(offer.lot, offer.unit, offer.to, offer.from, offer.terms, offer.logger);
    }

    /// @inheritdoc IDrugProvenance
    function takeBack(Offer calldata offer) external {
        if (block.timestamp < offer.until()) _checkAuthorised(offer.from, Roles.PARTICIPANT);
        _giveBack(offer);

        emit ShipmentTakenBack(offer.lot, offer.unit, offer.to, offer.from);
    }
}
