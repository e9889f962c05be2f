// SPDX-License-Identifier: Apache-2.0
pragma solidity =0.8.30;

import {MerkleProof} from "@openzeppelin/contracts/utils/cryptography/MerkleProof.sol";
import {IDrugProvenance} from "../../interfaces/IDrugProvenance.sol";
import {Custody} from "./Custody.sol";

/// @title Stock
/// @notice Lots, mixes of lots, and where their units are.
library Stock {
    uint256 private constant _MAX_DEPTH = 8;
    uint256 private constant _MAX_HASHES = 32;
    uint256 private constant _MAX_LOTS = 8;
    uint256 private constant _MAX_CHILDREN = 200;

    /// @dev A mix has the id of a lot, ends with its level, and keeps nothing but its packer in its record.
    struct State {
        mapping(bytes32 lot => IDrugProvenance.Lot record) lots;
        mapping(bytes32 mix => bytes32[] lots) mixes;
        mapping(bytes32 key => bytes32 word) words;
    }

    /* LOTS */

    /// @notice How a lot stands now, or the worst of the lots of a mix, and whether any of them must be kept cold.
    function standing(
        State storage state,
        bytes32 lot
    ) internal view returns (IDrugProvenance.LotStatus status, bool isCold) {
        (status, isCold) = _standing(state.lots[lot]);
        if (status != IDrugProvenance.LotStatus.UNKNOWN) return (status, isCold);
        bytes32[] storage lots = state.mixes[lot];
        for (uint256 i = 0; i < lots.length; ++i) {
            (IDrugProvenance.LotStatus one, bool isOneCold) = _standing(state.lots[lots[i]]);
            isCold = isCold || isOneCold;
            bool isWorse = one != IDrugProvenance.LotStatus.ACTIVE && status != IDrugProvenance.LotStatus.RECALLED;
            if (i == 0 || isWorse) status = one;
        }
    }

    function _standing(
        IDrugProvenance.Lot storage record
    ) private view returns (IDrugProvenance.LotStatus status, bool isCold) {
        isCold = record.isCold;
        if (record.commissionedAt == 0) return (IDrugProvenance.LotStatus.UNKNOWN, isCold);
        if (record.recallClass != IDrugProvenance.RecallClass.NONE)
            return (IDrugProvenance.LotStatus.RECALLED, isCold);
        if (record.suspicion != IDrugProvenance.Suspicion.NONE) return (IDrugProvenance.LotStatus.QUARANTINED, isCold);
        bool isInDate = block.timestamp < record.expiresAt;
        return (isInDate ? IDrugProvenance.LotStatus.ACTIVE : IDrugProvenance.LotStatus.EXPIRED, isCold);
    }

    /// @notice Reverts unless a lot is active; says whether it must be kept cold.
    function checkActive(State storage state, bytes32 lot) internal view returns (bool) {
        (IDrugProvenance.LotStatus status, bool isCold) = standing(state, lot);
        if (status == IDrugProvenance.LotStatus.ACTIVE) return isCold;
        require(status != IDrugProvenance.LotStatus.UNKNOWN, IDrugProvenance.UnknownLot(lot));
        require(status != IDrugProvenance.LotStatus.RECALLED, IDrugProvenance.LotRecalled(lot));
        require(status != IDrugProvenance.LotStatus.EXPIRED, IDrugProvenance.LotExpired(lot));
        require(status != IDrugProvenance.LotStatus.QUARANTINED, IDrugProvenance.LotQuarantined(lot));
        return isCold;
    }

    /// @notice The lots of a mix, or a lot itself.
    function lotsOf(State storage state, bytes32 lot) internal view returns (bytes32[] memory lots) {
        lots = state.mixes[lot];
        if (lots.length == 0) {
            lots = new bytes32[](1);
            lots[0] = lot;
        }
    }

    /* PLACES */

    /// @notice The word of a unit; reverts unless it was proven, now or earlier.
    function wordOf(
        State storage state,
        bytes32 lot,
        bytes32 unit,
        IDrugProvenance.Step[] calldata path
    ) internal view returns (bytes32 word) {
        word = locate(state, lot, unit, path);
        require(word != bytes32(0), IDrugProvenance.UnitNotProven(lot, unit));
    }

    /// @notice Reverts unless an organisation holds a unit, free to do with it as it likes.
    function checkHeld(
        State storage state,
        bytes32 lot,
        bytes32 unit,
        bytes32 organisation,
        IDrugProvenance.Step[] calldata path
    ) internal view returns (bytes32 word) {
        word = wordOf(state, lot, unit, path);
        checkHolder(unit, organisation, word);
    }

    /// @notice Reverts unless a word says that an organisation holds the unit.
    function checkHolder(bytes32 unit, bytes32 organisation, bytes32 word) internal pure {
        (IDrugProvenance.State at, bytes16 holder) = (Custody.stateOf(word), Custody.holderOf(word));
        bool isHolder = at == IDrugProvenance.State.HELD && holder == Custody.markOf(organisation);
        require(isHolder, IDrugProvenance.NotInCustody(unit, organisation, at, holder));
    }

    /// @notice The word of a unit itself, else that of the nearest unit around it, else that its manufacturer holds it; zero if it is not
    /// proven. A unit with a word was proven when it got it.
    function locate(
        State storage state,
        bytes32 lot,
        bytes32 unit,
        IDrugProvenance.Step[] calldata path
    ) internal view returns (bytes32 word) {
        word = state.words[Custody.keyOf(lot, unit)];
        if (word == bytes32(0)) {
            IDrugProvenance.Lot storage record = state.lots[lot];
            uint256 i = path.length;
            bool isProven = i != 0 && path[i - 1].unit == unit && _isProven(lot, record.unitsRoot, record.size, path);
            if (!isProven) return bytes32(0);
            for (--i; i != 0 && word == bytes32(0); --i) {
                word = state.words[Custody.keyOf(lot, path[i - 1].unit)];
            }
            if (word == bytes32(0)) return Custody.held(record.manufacturer, 0);
        }
        // Ends, because the level of a container is above that of what is in it.
        while (Custody.stateOf(word) == IDrugProvenance.State.INSIDE) word = state.words[_keyIn(word)];
    }

    function _keyIn(bytes32 word) private pure returns (bytes32) {
        return bytes32(uint256(uint224(uint256(word))));
    }

    /// @dev From the root of the lot down, each leaf in the tree that the one before names. A lot of n packs has no tree of more than n
    /// leaves, so that no proof is longer than log2(n), rounded up.
    function _isProven(
        bytes32 lot,
        bytes32 root,
        uint256 size,
        IDrugProvenance.Step[] calldata path
    ) private pure returns (bool) {
        uint256 hashes = 0;
        for (uint256 i = 0; i < path.length; ++i) {
            IDrugProvenance.Step calldata step = path[i];
            bytes32[] calldata proof = step.proof;
            hashes += proof.length;
            if (i == _MAX_DEPTH || hashes > _MAX_HASHES || 1 << proof.length >= size << 1) return false;
            bytes32 content = step.content;
            bytes32 leaf = keccak256(bytes.concat(keccak256(abi.encode(lot, step.unit, content))));
            if (MerkleProof.processProofCalldata(proof, leaf) != root) return false;
            root = content;
        }
        return true;
    }

    /* PACKING */

    /// @notice Puts units that a packer holds into a container that is new or its own.
    function pack(
        State storage state,
        bytes32 packer,
        bytes32[] calldata lots,
        uint8 level,
        bytes32 container,
        IDrugProvenance.Item[] calldata children
    ) internal {
        checkCount(children.length);
        bytes32 mix = _mix(state, packer, lots, level);
        bytes32 key = Custody.keyOf(mix, container);
        bytes32 word = state.words[key];
        if (word != bytes32(0)) checkHolder(container, packer, word);

        state.words[key] = Custody.held(packer, 0);
        for (uint256 i = 0; i < children.length; ++i) {
            IDrugProvenance.Item calldata child = children[i];
            _checkListed(state, child.lot, lots, level);
            bytes32 childKey = Custody.keyOf(child.lot, child.unit);
            bool isInside = Custody.stateOf(state.words[childKey]) == IDrugProvenance.State.INSIDE;
            require(!isInside, IDrugProvenance.AlreadyPacked(child.lot, child.unit));
            checkHeld(state, child.lot, child.unit, packer, child.path);

            state.words[childKey] = Custody.inside(key);

            emit IDrugProvenance.UnitPacked(child.lot, child.unit, container, mix);
        }
    }

    /// @dev Its level is a part of its id, so that it costs no read to know that no container comes into itself.
    function _mix(
        State storage state,
        bytes32 packer,
        bytes32[] calldata lots,
        uint8 level
    ) private returns (bytes32 mix) {
        bool isMix = lots.length != 0 && lots.length <= _MAX_LOTS && level != 0 && level <= _MAX_DEPTH;
        require(isMix, IDrugProvenance.InvalidMix(lots.length, level));
        mix = bytes32((uint256(keccak256(abi.encode(packer, level, lots))) & ~uint256(0xff)) | level);
        if (state.mixes[mix].length != 0) return mix;

        state.mixes[mix] = lots;
        state.lots[mix].manufacturer = packer;

        emit IDrugProvenance.MixRegistered(mix, packer, level, lots);
    }

    function _checkListed(State storage state, bytes32 lot, bytes32[] calldata lots, uint8 level) private view {
        bytes32[] storage inner = state.mixes[lot];
        uint256 count = inner.length;
        bool isLower = count == 0 || uint8(uint256(lot)) < level;
        require(isLower, IDrugProvenance.InvalidMix(lots.length, level));
        if (count == 0) return _checkAmong(lot, lots);
        for (uint256 i = 0; i < count; ++i) {
            _checkAmong(inner[i], lots);
        }
    }

    function _checkAmong(bytes32 lot, bytes32[] calldata lots) private pure {
        uint256 i = 0;
        while (i < lots.length && lots[i] != lot) ++i;
        require(i != lots.length, IDrugProvenance.LotNotListed(lot));
    }

    /// @notice Takes units out of a container that an organisation holds.
    function unpack(
        State storage state,
        bytes32 organisation,
        bytes32 mix,
        bytes32 container,
        IDrugProvenance.Item[] calldata children
    ) internal {
        checkCount(children.length);
        bytes32 key = Custody.keyOf(mix, container);
        bytes32 inside = Custody.inside(key);
        bytes32 word = state.words[key];
        while (Custody.stateOf(word) == IDrugProvenance.State.INSIDE) word = state.words[_keyIn(word)];
        checkHolder(container, organisation, word);

        for (uint256 i = 0; i < children.length; ++i) {
            (bytes32 lot, bytes32 unit) = (children[i].lot, children[i].unit);
            bytes32 childKey = Custody.keyOf(lot, unit);
            require(state.words[childKey] == inside, IDrugProvenance.NotInside(lot, unit, container));

            state.words[childKey] = word;

            emit IDrugProvenance.UnitUnpacked(lot, unit, container, mix);
        }
    }

    /// @notice Reverts unless a call brings as many units as it may.
    function checkCount(uint256 count) internal pure {
        require(count != 0 && count <= _MAX_CHILDREN, IDrugProvenance.InvalidCount(count));
    }
}
