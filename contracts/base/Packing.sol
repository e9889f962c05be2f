// SPDX-License-Identifier: Apache-2.0
pragma solidity =0.8.30;

import {IDrugProvenance} from "../../interfaces/IDrugProvenance.sol";
import {Custody} from "../libraries/Custody.sol";
import {Mixes} from "../libraries/Mixes.sol";
import {Roles} from "../libraries/Roles.sol";
import {Accredited} from "./Accredited.sol";
import {LotBook} from "./LotBook.sol";
import {Stock} from "./Stock.sol";

/// @title Packing
/// @notice Puts units into containers, and takes them out.
abstract contract Packing is IDrugProvenance, Accredited, LotBook, Stock {
    /// @inheritdoc IDrugProvenance
    function pack(
        bytes32 organisation,
        bytes32[] calldata lots,
        uint8 level,
        bytes32 container,
        Item[] calldata children
    ) external {
        _checkAuthorised(organisation, Roles.PARTICIPANT);
        Mixes.checkCount(children.length);
        bytes32 mix = Mixes.idOf(organisation, lots, level);
        if (_mix(mix).length == 0) Mixes.keep(_mix(mix), _lot(mix), mix, organisation, lots);
        require(container != bytes32(0), UnitNotProven(mix, container));
        bytes32 word = _wordAt(mix, container);
        if (word != bytes32(0)) _checkHolder(container, organisation, word, Custody.isOwn(word));

        _put(mix, container, Custody.held(organisation, 0));
        for (uint256 i = 0; i < children.length; ++i) {
            (bytes32 lot, bytes32 unit) = (children[i].lot, children[i].unit);
            Mixes.checkListed(_mix(lot), lot, lots, level);
            require(!Custody.isInside(_wordAt(lot, unit)), AlreadyPacked(lot, unit));
            word = _wordOf(_lot(lot), lot, unit, children[i].path);
            _checkHolder(unit, organisation, word, Custody.isOwn(word));
            _put(lot, unit, Custody.inside(mix, container));
            emit UnitPacked(lot, unit, container, mix);
        }
    }

    /// @inheritdoc IDrugProvenance
    function unpack(bytes32 organisation, bytes32 mix, bytes32 container, Item[] calldata children) external {
        _checkAuthorised(organisation, Roles.PARTICIPANT);
        Mixes.checkCount(children.length);
        // A container has a word, so whatever path there is goes unread.
        bytes32 word = _wordOf(_lot(mix), mix, container, children[0].path);
        _checkHolder(container, organisation, word, !Custody.hasLeft(word));

        bytes32 inside = Custody.inside(mix, container);
        for (uint256 i = 0; i < children.length; ++i) {
            (bytes32 lot, bytes32 unit) = (children[i].lot, children[i].unit);
            require(_wordAt(lot, unit) == inside, NotInside(lot, unit, Custody.keyIn(inside)));
            _put(lot, unit, word);
            emit UnitUnpacked(lot, unit, container, mix);
        }
    }
}
