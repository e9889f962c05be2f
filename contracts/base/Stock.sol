// SPDX-License-Identifier: Apache-2.0
pragma solidity =0.8.30;

import {IDrugProvenance} from "../../interfaces/IDrugProvenance.sol";
import {Custody} from "../libraries/Custody.sol";
import {Paths} from "../libraries/Paths.sol";

/// @title Stock
/// @notice What became of each unit, and who has it.
abstract contract Stock is IDrugProvenance {
    /* STORAGE */

    mapping(bytes32 key => bytes32 word) private _words;

    function _wordAt(bytes32 lot, bytes32 unit) internal view returns (bytes32) {
        return _words[Custody.keyOf(lot, unit)];
    }

    function _put(bytes32 lot, bytes32 unit, bytes32 word) internal {
        _keep(Custody.keyOf(lot, unit), word);
    }

    function _keep(bytes32 key, bytes32 word) internal {
        _words[key] = word;
    }

    /// @dev The word of a unit or of what it is in; zero if it is not proven. `own` is the record of its lot.
    function _find(Lot storage own, bytes32 lot, bytes32 unit, Step[] calldata path) internal view returns (bytes32) {
        return Paths.locate(_words, own, lot, unit, path);
    }

    /// @dev The word of a unit; reverts unless it was proven, now or earlier.
    function _wordOf(Lot storage own, bytes32 lot, bytes32 unit, Step[] calldata path) internal view returns (bytes32) {
        bytes32 word = _find(own, lot, unit, path);
        // No unit has the id that stands for a whole lot.
        require(word != bytes32(0) && unit != bytes32(0), UnitNotProven(lot, unit));
        return word;
    }

    /// @dev Reverts unless a word says that a unit is with an organisation, and it is as free there as it must be.
    function _checkHolder(bytes32 unit, bytes32 organisation, bytes32 word, bool isFree) internal pure {
        bytes16 custodian = Custody.custodianOf(word);
        if (isFree && custodian == Custody.markOf(organisation)) return;
        require(false, NotInCustody(unit, organisation, Custody.stateOf(word), custodian));
    }

    /// @dev Reverts unless the word of a unit is the id of one offer: this very one, or the offer is over.
    function _checkLive(Offer calldata offer) internal view returns (bytes32 id, bytes32 key) {
        (id, key) = (Custody.offered(), Custody.keyOf(offer.lot, offer.unit));
        require(_words[key] == id, OfferNotLive(id));
    }

    function _giveBack(Offer calldata offer) internal {
        (, bytes32 key) = _checkLive(offer);

        _words[key] = Custody.returned(offer);
    }
}
