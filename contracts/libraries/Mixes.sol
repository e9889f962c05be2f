// SPDX-License-Identifier: Apache-2.0
pragma solidity =0.8.30;

import {IDrugProvenance} from "../../interfaces/IDrugProvenance.sol";

/// @title Mixes
/// @notice Which lots may come into a container that is packed later.
library Mixes {
    uint256 private constant _MAX_LOTS = 8;
    uint256 private constant _MAX_LEVEL = 8;
    uint256 private constant _MAX_UNITS = 200;

    /// @notice Reverts unless a call names as many units as it may.
    function checkCount(uint256 count) internal pure {
        require(count != 0 && count <= _MAX_UNITS, IDrugProvenance.InvalidCount(count));
    }

    /// @notice The id of a mix; its level is a part of it, so that it costs no read to know that no container comes into itself.
    function idOf(bytes32 packer, bytes32[] calldata lots, uint8 level) internal pure returns (bytes32) {
        bool isMix = lots.length != 0 && lots.length <= _MAX_LOTS && level != 0 && level <= _MAX_LEVEL;
        require(isMix, IDrugProvenance.InvalidMix(lots.length, level));
        return bytes32((uint256(keccak256(abi.encode(packer, level, lots))) & ~uint256(0xff)) | level);
    }

    /// @notice The lot at a place of a mix, or at the first place a lot itself; zero where there is no more.
    function at(bytes32[] storage inner, bytes32 lot, uint256 place) internal view returns (bytes32) {
        if (place < inner.length) return inner[place];
        return place == 0 ? lot : bytes32(0);
    }

    /// @notice Keeps the lots of a mix, and who packs it.
    function keep(
        bytes32[] storage inner,
        IDrugProvenance.Lot storage record,
        bytes32 mix,
        bytes32 packer,
        bytes32[] calldata lots
    ) internal {
        record.manufacturer = packer;
        for (uint256 i = 0; i < lots.length; ++i) {
            inner.push(lots[i]);
        }

        emit IDrugProvenance.MixRegistered(mix, packer, uint8(uint256(mix)), lots);
    }

    /// @notice Reverts unless the units of a lot, or of a mix of a lower level, may come into a mix of some lots.
    function checkListed(bytes32[] storage inner, bytes32 lot, bytes32[] calldata lots, uint8 level) internal view {
        uint256 count = inner.length;
        bool isLower = count == 0 || uint8(uint256(lot)) < level;
        require(isLower, IDrugProvenance.InvalidMix(lots.length, level));
        if (count == 0) checkAmong(lot, lots);
        for (uint256 i = 0; i < count; ++i) {
            checkAmong(inner[i], lots);
        }
    }

    /// @notice Reverts unless a lot is among some lots.
    function checkAmong(bytes32 lot, bytes32[] calldata lots) internal pure {
        uint256 i = 0;
        while (i < lots.length && lots[i] != lot) ++i;
        require(i != lots.length, IDrugProvenance.LotNotListed(lot));
    }
}
