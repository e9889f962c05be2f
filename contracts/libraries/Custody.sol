// SPDX-License-Identifier: Apache-2.0
pragma solidity =0.8.30;

import {IDrugProvenance} from "../../interfaces/IDrugProvenance.sol";
import {Roles} from "./Roles.sol";
import {Terms} from "./Terms.sol";

/// @title Custody
/// @notice What one word says about a unit: its state in the first four bytes, or, where the first bit is set, its holder and its source.
/// @dev
/// - in transit: the id of the one live offer in the last 24 bytes
/// - inside: the key of the container in the last 28 bytes
/// - awaiting: when it arrived in 4 bytes, then the id of the offer
/// - stopped (from QUARANTINED to DESTROYED): the mark of its holder in 16 bytes, 1 byte that says for whom it is carried, then since when in 11
/// - held: the mark of its holder in 16 bytes, then its source in 16
library Custody {
    using Terms for IDrugProvenance.Offer;

    uint256 private constant _HELD = 1 << 255;

    /// @dev How near a role is to the maker. Pharmacies and those who give what they hold to patients are furthest; a carrier is nowhere.
    uint256 private constant _RETAIL = 1;

    /// @notice What stands for an organisation in a word: 127 bits of the hash of its id.
    /// @dev Hashed, because an authority may register any id, also one that begins as that of an organisation elsewhere.
    function markOf(bytes32 organisation) internal pure returns (bytes16) {
        return bytes16(bytes32(uint256(keccak256(abi.encode(organisation))) | _HELD));
    }

    /// @notice What stands for a unit of a lot.
    function keyOf(bytes32 lot, bytes32 unit) internal pure returns (bytes32) {
        return bytes32(uint256(uint224(uint256(keccak256(abi.encode(lot, unit))))));
    }

    /// @notice The word of a unit that an organisation holds.
    function held(bytes32 organisation, bytes16 source) internal pure returns (bytes32) {
        return markOf(organisation) | (bytes32(source) >> 128);
    }

    /// @notice The word of a unit that is on its way with an offer.
    /// @dev Every function that takes an offer takes it first, so its six words stand there in the calldata as they are hashed.
    function offered() internal pure returns (bytes32) {
        return bytes32(uint256(uint192(uint256(keccak256(msg.data[4:196])))));
    }

    /// @notice The word of a unit in a container.
    function inside(bytes32 mix, bytes32 container) internal pure returns (bytes32) {
        return keyOf(mix, container) | bytes32(uint256(IDrugProvenance.State.INSIDE) << 224);
    }

    /// @notice The word of a unit that arrived now and waits for its report.
    function awaiting(bytes32 id, uint256 at) internal pure returns (bytes32) {
        return id | bytes32((uint256(IDrugProvenance.State.AWAITING) << 224) | (at << 192));
    }

    /// @notice The word of a unit that is stopped now where it is.
    function stopped(IDrugProvenance.State state, bytes16 holder) internal view returns (bytes32) {
        return bytes32((uint256(state) << 224) | block.timestamp) | (bytes32(holder) >> 32);
    }

    /// @notice The word of a unit that is held, in quarantine there: what is carried for another stays so.
    function quarantined(bytes32 word) internal view returns (bytes32) {
        bytes32 tier = bytes32(uint256(uint8(uint256(word) >> 120)) << 88);
        return stopped(IDrugProvenance.State.QUARANTINED, bytes16(word)) | tier;
    }

    /// @notice Whether a unit is in the hands of its holder.
    function isHeld(bytes32 word) internal pure returns (bool) {
        return uint256(word) >= _HELD;
    }

    /// @notice Whether its holder may do with a unit what it likes: what a carrier brings is only handed on.
    function isOwn(bytes32 word) internal pure returns (bool) {
        return isHeld(word) && uint8(uint256(word) >> 120) == 0;
    }

    /// @notice Whether a unit is on its way with an offer, or came with it and waits for its report.
    function isOf(bytes32 word, bytes32 id) internal pure returns (bool) {
        return uint192(uint256(word)) == uint192(uint256(id));
    }

    /// @notice Whether a unit is in a container.
    function isInside(bytes32 word) internal pure returns (bool) {
        return uint256(word) >> 224 == uint256(IDrugProvenance.State.INSIDE);
    }

    /// @notice Whether a unit left the chain.
    function hasLeft(bytes32 word) internal pure returns (bool) {
        return !isHeld(word) && uint256(word) >> 224 >= uint256(IDrugProvenance.State.STOLEN);
    }

    /// @notice What a word says.
    function stateOf(bytes32 word) internal pure returns (IDrugProvenance.State) {
        return IDrugProvenance.State(isHeld(word) ? uint256(IDrugProvenance.State.HELD) : uint256(word) >> 224);
    }

    /// @notice The key of the container that a unit is in.
    function keyIn(bytes32 word) internal pure returns (bytes32) {
        return bytes32(uint256(uint224(uint256(word))));
    }

    /// @notice The mark of who holds a unit, or held it last; zero while nobody does.
    function custodianOf(bytes32 word) internal pure returns (bytes16) {
        if (isHeld(word)) return bytes16(word);
        return _isAnywhere(word) ? bytes16(0) : bytes16(word << 32);
    }

    /// @notice The word of a unit in quarantine after it was looked into: its holder has it again, from nobody, or to carry on, or it is illegitimate.
    function resolved(bytes32 word, bool isCleared) internal view returns (bytes32) {
        bytes16 holder = custodianOf(word);
        bytes32 tier = bytes32(uint256(uint8(uint256(word) >> 88)) << 120);
        return isCleared ? holder | tier : stopped(IDrugProvenance.State.ILLEGITIMATE, holder);
    }

    /// @notice What a word lets a scan say.
    function verdictOf(bytes32 word) internal pure returns (IDrugProvenance.Verdict) {
        IDrugProvenance.State state = stateOf(word);
        if (state == IDrugProvenance.State.STOLEN) return IDrugProvenance.Verdict.STOLEN;
        if (state == IDrugProvenance.State.EXPORTED) return IDrugProvenance.Verdict.EXPORTED;
        if (state == IDrugProvenance.State.DESTROYED) return IDrugProvenance.Verdict.DESTROYED;
        bool isFree = state == IDrugProvenance.State.HELD || state == IDrugProvenance.State.IN_TRANSIT;
        return isFree ? IDrugProvenance.Verdict.OK : IDrugProvenance.Verdict.QUARANTINED;
    }

    /// @notice What a word says beside its state and holder: the id of the offer, the source, or since when.
    function detailOf(bytes32 word) internal pure returns (uint256) {
        if (isHeld(word)) return uint128(uint256(word));
        return _isAnywhere(word) ? uint192(uint256(word)) : uint88(uint256(word));
    }

    /// @dev Whether it is with nobody: on its way or waiting for its report.
    function _isAnywhere(bytes32 word) private pure returns (bool) {
        return uint256(word) >> 224 < uint256(IDrugProvenance.State.QUARANTINED);
    }

    /// @notice The word of a unit that did not arrive: what must be kept cold comes back into quarantine, for nobody told how warm it was.
    function returned(IDrugProvenance.Offer calldata offer) internal view returns (bytes32) {
        bytes32 word = held(offer.from, offer.source());
        return offer.logger == address(0) ? word : quarantined(word);
    }

    /// @notice The word of a unit that arrived, whatever its temperature was.
    /// @dev A receiver nearer to the maker takes something back: it may sell that again only if it had sold it to whom it comes from. A carrier
    /// trades with nobody, so its source tells on whose behalf it carries: the tier of the trader in the first byte, then the seller.
    function arrived(IDrugProvenance.Offer calldata offer) internal view returns (bytes32) {
        uint256 source = uint256(offer.terms) >> 128;
        (uint256 tier, uint256 seller) = offer.fromRole() == Roles.CARRIER
            ? (source >> 120, uint120(source))
            : (_tierOf(offer.fromRole()), uint120(uint128(markOf(offer.from))));
        uint256 tierTo = _tierOf(offer.toRole());
        if (tierTo == 0) {
            if (offer.fromRole() != Roles.CARRIER && tier == _RETAIL) seller = uint120(source);
            // Whoever hands on its own goods as a carrier might be anybody: they are carried as if for a pharmacy.
            if (tier == 0) tier = _RETAIL;
            return held(offer.to, bytes16(uint128((tier << 120) | seller)));
        }
        // What a carrier brings from one pharmacy to another was sold to the second by nobody who is known here.
        if (offer.fromRole() == Roles.CARRIER && tier == _RETAIL && tierTo == _RETAIL) seller = 0;
        if (tierTo <= tier) return held(offer.to, bytes16(uint128(seller)));
        bytes16 mark = markOf(offer.to);
        bool isSaleable = uint120(source) == uint120(uint128(mark));
        return isSaleable ? held(offer.to, 0) : stopped(IDrugProvenance.State.QUARANTINED, mark);
    }

    function _tierOf(uint64 role) private pure returns (uint256) {
        if (role == Roles.CARRIER) return 0;
        if (role == Roles.MANUFACTURER) return 3;
        return role == Roles.WHOLESALER ? 2 : _RETAIL;
    }
}
