// SPDX-License-Identifier: Apache-2.0
pragma solidity =0.8.30;

import {IDrugProvenance} from "../../interfaces/IDrugProvenance.sol";
import {Custody} from "../libraries/Custody.sol";
import {Paths} from "../libraries/Paths.sol";
import {LotBook} from "./LotBook.sol";

/// @title Stock
/// @notice What became of each unit, and who has it.
abstract contract Stock is LotBook {
    using Paths for Step[];

    /* STORAGE */

    mapping(bytes32 key => bytes32 word) private _words;

    function _wordAt(bytes32 key) internal view returns (bytes32) {
        return _words[key];
    }

    function _put(bytes32 key, bytes32 word) internal {
        _words[key] = word;
    }

    /// @dev The word of a unit itself, else that of the nearest unit around it, else that its manufacturer holds it; zero if it is not
    /// proven. A unit with a word was proven when it got it.
    function _locate(bytes32 lot, bytes32 unit, Step[] calldata path) internal view returns (bytes32 word) {
        word = _words[Custody.keyOf(lot, unit)];
        if (word == bytes32(0)) {
            Lot storage record = _lot(lot);
            if (!path.leadsTo(record, lot, unit)) return word;
            // A path that leads somewhere is not empty.
            unchecked {
                uint256 i = path.length - 1;
                for (; i != 0 && word == bytes32(0); --i) word = _words[Custody.keyOf(lot, path[i - 1].unit)];
            }
            if (word == bytes32(0)) return Custody.held(record.manufacturer, 0);
        }
        // Ends, because the level of a container is above that of what is in it.
        while (Custody.isInside(word)) word = _words[Custody.keyIn(word)];
    }

    /// @dev The word of a unit; reverts unless it was proven, now or earlier.
    function _wordOf(bytes32 lot, bytes32 unit, Step[] calldata path) internal view returns (bytes32 word) {
        word = _locate(lot, unit, path);
        require(word != bytes32(0), UnitNotProven(lot, unit));
    }

    /// @dev The word of a unit; reverts unless an organisation holds it and is free to use it.
    function _checkHeld(
        bytes32 lot,
        bytes32 unit,
        bytes32 organisation,
        Step[] calldata path
    ) internal view returns (bytes32 word) {
        word = _wordOf(lot, unit, path);
        _checkHolder(unit, organisation, word, Custody.isHeld(word));
    }

    /// @dev Reverts unless a word says that an organisation holds a unit, or that it held it until it was stopped where `isFree`.
    function _checkHolder(bytes32 unit, bytes32 organisation, bytes32 word, bool isFree) internal pure {
        bytes16 custodian = Custody.custodianOf(word);
        bool isHolder = isFree && custodian == Custody.markOf(organisation);
        require(isHolder, NotInCustody(unit, organisation, Custody.stateOf(word), custodian));
    }
}
