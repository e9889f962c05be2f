// SPDX-License-Identifier: Apache-2.0
pragma solidity =0.8.30;

import {IDrugProvenance} from "../../interfaces/IDrugProvenance.sol";
import {Custody} from "../libraries/Custody.sol";
import {Dispensing} from "../libraries/Dispensing.sol";
import {GS1} from "../libraries/GS1.sol";
import {Roles} from "../libraries/Roles.sol";
import {Standings} from "../libraries/Standings.sol";
import {Accredited} from "./Accredited.sol";
import {LotBook} from "./LotBook.sol";
import {Packs} from "./Packs.sol";
import {Stock} from "./Stock.sol";

/// @title Counter
/// @notice Gives packs out to patients, and takes that back.
abstract contract Counter is IDrugProvenance, Accredited, LotBook, Packs, Stock {
    using Dispensing for Dispensing.State;
    using Standings for Lot;

    /// @inheritdoc IDrugProvenance
    function dispense(
        bytes32 pharmacy,
        bytes32 lot,
        string calldata serial,
        Step[] calldata path,
        Filling calldata filling
    ) external {
        _checkAuthorised(pharmacy, Roles.PHARMACY);
        // A pack is of a lot: a mix is no lot that is known.
        (LotStatus status, ) = _lot(lot).standing();
        Standings.checkActive(lot, status);
        bytes32 unit = GS1.packId(_lot(lot).gtin, serial);
        _packs().dispense(pharmacy, _lot(lot).unitsRoot, unit, filling);
        bytes32 word = _wordOf(_lot(lot), lot, unit, path);
        _checkHolder(unit, pharmacy, word, Custody.isOwn(word));

        emit PackDispensed(unit, lot, pharmacy, filling.prescription, filling.portion, filling.whole);
    }

    /// @inheritdoc IDrugProvenance
    function undo(bytes32 pharmacy, Item calldata item, bytes32[] calldata prescriptions) external {
        _checkAuthorised(pharmacy, Roles.PHARMACY);
        _packs().undo(pharmacy, _lot(item.lot).unitsRoot, item.unit, prescriptions);
        bytes32 word = _wordOf(_lot(item.lot), item.lot, item.unit, item.path);
        _checkHolder(item.unit, pharmacy, word, !Custody.hasLeft(word));

        emit DispenseReversed(item.unit, pharmacy, prescriptions);
    }
}
