// SPDX-License-Identifier: Apache-2.0
pragma solidity =0.8.30;

import {MerkleProof} from "@openzeppelin/contracts/utils/cryptography/MerkleProof.sol";
import {IAccreditationRegistry} from "../interfaces/IAccreditationRegistry.sol";
import {IDrugProvenance} from "../interfaces/IDrugProvenance.sol";
import {Accredited} from "./base/Accredited.sol";
import {GS1Prefixes} from "./base/GS1Prefixes.sol";
import {GS1} from "./libraries/GS1.sol";
import {Roles} from "./libraries/Roles.sol";

/// @title DrugProvenance
/// @notice See {IDrugProvenance}.
contract DrugProvenance is GS1Prefixes {
    uint256 private constant _MAX_LOT_NUMBER = 20;
    uint256 private constant _MAX_DEPTH = 8;
    uint256 private constant _MAX_HASHES = 32;

    /* STORAGE */

    mapping(bytes32 lot => Lot record) private _lots;

    /// @dev Of units that were shipped by themselves: who holds them, or the id of the offer that they wait in.
    mapping(bytes32 lot => mapping(bytes32 unit => bytes32 custody)) private _custody;

    mapping(bytes32 pack => End end) private _ends;

    /// @param accreditation The accreditation registry.
    constructor(IAccreditationRegistry accreditation) Accredited(accreditation) {}

    /* MANUFACTURER */

    /// @inheritdoc IDrugProvenance
    function commission(
        bytes32 manufacturer,
        uint64 gtin,
        uint8 prefixDigits,
        string calldata lotNumber,
        uint64 expiresAt,
        uint32 size,
        bytes32 unitsRoot
    ) external {
        _checkAuthorised(manufacturer, Roles.MANUFACTURER);
        _checkIdentifier(manufacturer);
        _checkProduct(manufacturer, gtin, prefixDigits);
        uint256 length = bytes(lotNumber).length;
        require(length != 0 && length <= _MAX_LOT_NUMBER, InvalidLotNumber(length));
        bytes32 lot = GS1.lotId(gtin, lotNumber);
        require(_lots[lot].commissionedAt == 0, LotExists(lot));
        require(expiresAt > block.timestamp, LotExpired(lot));
        require(size != 0 && unitsRoot != bytes32(0), EmptyLot());

        _lots[lot] = Lot({
            gtin: gtin,
            expiresAt: expiresAt,
            commissionedAt: uint64(block.timestamp),
            size: size,
            recallClass: RecallClass.NONE,
            recallDepth: RecallDepth.NONE,
            manufacturer: manufacturer,
            unitsRoot: unitsRoot
        });

        emit LotCommissioned(lot, manufacturer, gtin, lotNumber, expiresAt, size, unitsRoot);
    }

    function _checkProduct(bytes32 manufacturer, uint64 gtin, uint8 digits) private view {
        require(GS1.isGtin(gtin), BadCheckDigit(gtin));
        require(digits <= GS1.MAX_PREFIX_DIGITS, InvalidPrefix(gtin, digits));
        uint64 prefix = GS1.prefixOf(gtin, digits);
        require(prefixOwnerOf(prefix, digits) == manufacturer, PrefixNotOwned(prefix, digits, manufacturer));
    }

    /* SENDER */

    /// @inheritdoc IDrugProvenance
    function ship(Offer calldata offer, Step[] calldata path) external {
        _checkAuthorised(offer.from, offer.fromRole);
        _checkAccredited(offer.to, offer.toRole);
        uint64 roles = offer.fromRole | offer.toRole;
        require(roles & Roles.CUSTODIANS == roles, NotCustodialRole(roles));
        _checkIdentifier(offer.to);
        require(block.timestamp < offer.until, OfferExpired(offer.until));
        _checkActive(offer.lot);
        _checkNotEnded(offer.unit);
        _checkHeld(offer.lot, offer.unit, offer.from, path);

        _custody[offer.lot][offer.unit] = _idOf(offer);

        emit UnitShipped(offer.lot, offer.unit, offer.to, offer.from, offer.fromRole, offer.toRole, offer.until);
    }

    /// @inheritdoc IDrugProvenance
    function takeBack(Offer calldata offer) external {
        if (block.timestamp < offer.until) _checkAuthorised(offer.from, Roles.PARTICIPANT);
        _checkLive(offer);

        _custody[offer.lot][offer.unit] = offer.from;

        emit ShipmentTakenBack(offer.lot, offer.unit, offer.to, offer.from);
    }

    /* RECEIVER */

    /// @inheritdoc IDrugProvenance
    function receiveUnit(Offer calldata offer) external {
        _checkAuthorised(offer.to, offer.toRole);
        _checkLive(offer);
        _checkAccredited(offer.from, offer.fromRole);
        require(block.timestamp < offer.until, OfferExpired(offer.until));
        _checkActive(offer.lot);

        _custody[offer.lot][offer.unit] = offer.to;

        emit UnitReceived(offer.lot, offer.unit, offer.to, offer.from);
    }

    /// @inheritdoc IDrugProvenance
    function refuse(Offer calldata offer) external {
        _checkAuthorised(offer.to, Roles.PARTICIPANT);
        _checkLive(offer);

        _custody[offer.lot][offer.unit] = offer.from;

        emit ShipmentRefused(offer.lot, offer.unit, offer.to, offer.from);
    }

    /// @dev The one slot of the unit holds the id of one offer: this very one, or the offer is over.
    function _checkLive(Offer calldata offer) private view {
        bytes32 id = _idOf(offer);
        require(_custody[offer.lot][offer.unit] == id, OfferNotLive(id));
    }

    /// @dev Without its first four bytes, which tells it from an organisation; see {_checkIdentifier}.
    function _idOf(Offer calldata offer) private pure returns (bytes32) {
        return bytes32(uint256(uint224(uint256(keccak256(abi.encode(offer))))));
    }

    /* PHARMACY */

    /// @inheritdoc IDrugProvenance
    function dispense(bytes32 pharmacy, bytes32 lot, string calldata serial, Step[] calldata path) external {
        _checkAuthorised(pharmacy, Roles.PHARMACY);
        _checkActive(lot);
        bytes32 pack = GS1.packId(_lots[lot].gtin, serial);
        _checkNotEnded(pack);
        _checkHeld(lot, pack, pharmacy, path);

        End storage end = _ends[pack];
        (end.endedAt, end.fate, end.by) = (uint64(block.timestamp), Fate.DISPENSED, bytes20(pharmacy));

        emit PackDispensed(pack, lot, pharmacy);
    }

    /* MANUFACTURER OR REGULATOR */

    /// @inheritdoc IDrugProvenance
    function recall(bytes32 organisation, bytes32 lot, RecallClass recallClass, RecallDepth recallDepth) external {
        Lot storage record = _lots[lot];
        require(record.commissionedAt != 0, UnknownLot(lot));
        bool isManufacturer = organisation == record.manufacturer;
        _checkAuthorised(organisation, isManufacturer ? Roles.MANUFACTURER : Roles.REGULATOR);
        if (!isManufacturer) _checkRegulates(organisation, record.manufacturer);
        bool isStronger = _isStronger(record, recallClass, recallDepth);
        require(isStronger, RecallNotStronger(record.recallClass, record.recallDepth));

        (record.recallClass, record.recallDepth) = (recallClass, recallDepth);

        emit RecallIssued(lot, organisation, recallClass, recallDepth);
    }

    function _isStronger(Lot storage record, RecallClass class_, RecallDepth depth) private view returns (bool) {
        if (class_ == RecallClass.NONE || depth == RecallDepth.NONE) return false;
        if (record.recallClass == RecallClass.NONE) return true;
        bool isWeaker = class_ > record.recallClass || depth < record.recallDepth;
        return !isWeaker && (class_ != record.recallClass || depth != record.recallDepth);
    }

    /* VIEWS */

    /// @inheritdoc IDrugProvenance
    function verifyPack(
        bytes32 lot,
        Scan calldata scan,
        bytes32 holder,
        Step[] calldata path
    ) external view returns (Verdict) {
        bytes32 pack = GS1.packId(scan.gtin, scan.serial);
        bool hasEnded = _ends[pack].endedAt != 0;
        (bool isProven, bytes32 custody) = _locate(lot, pack, path);
        if (!hasEnded && !isProven) return Verdict.UNKNOWN_SERIAL;
        LotStatus status = lotStatus(lot);
        if (status == LotStatus.UNKNOWN || GS1.lotId(scan.gtin, scan.lotNumber) != lot) return Verdict.LOT_MISMATCH;
        if (_lots[lot].expiresAt != scan.expiresAt) return Verdict.EXPIRY_MISMATCH;
        if (status == LotStatus.RECALLED) return Verdict.RECALLED;
        if (status == LotStatus.EXPIRED) return Verdict.EXPIRED;
        if (hasEnded) return Verdict.ALREADY_DISPENSED;
        if (holder != bytes32(0) && _custodianOf(custody) != holder) return Verdict.NOT_IN_CUSTODY;
        return Verdict.OK;
    }

    /// @inheritdoc IDrugProvenance
    function lotStatus(bytes32 lot) public view returns (LotStatus) {
        Lot storage record = _lots[lot];
        if (record.commissionedAt == 0) return LotStatus.UNKNOWN;
        if (record.recallClass != RecallClass.NONE) return LotStatus.RECALLED;
        return block.timestamp < record.expiresAt ? LotStatus.ACTIVE : LotStatus.EXPIRED;
    }

    /// @inheritdoc IDrugProvenance
    function lotOf(bytes32 lot) external view returns (Lot memory) {
        return _lots[lot];
    }

    /// @inheritdoc IDrugProvenance
    function custodyOf(
        bytes32 lot,
        bytes32 unit,
        Step[] calldata path
    ) external view returns (bytes32 custodian, bytes32 offer) {
        (bool isProven, bytes32 custody) = _locate(lot, unit, path);
        require(isProven, UnitNotProven(lot, unit));
        if (_ends[unit].endedAt != 0) return (bytes32(0), bytes32(0));
        return _isOffer(custody) ? (bytes32(0), custody) : (custody, bytes32(0));
    }

    /// @inheritdoc IDrugProvenance
    function endOf(bytes32 pack) external view returns (End memory) {
        return _ends[pack];
    }

    /* CHECKS */

    function _checkActive(bytes32 lot) private view {
        LotStatus status = lotStatus(lot);
        if (status == LotStatus.ACTIVE) return;
        require(status != LotStatus.UNKNOWN, UnknownLot(lot));
        require(status != LotStatus.RECALLED, LotRecalled(lot));
        require(status != LotStatus.EXPIRED, LotExpired(lot));
    }

    function _checkNotEnded(bytes32 pack) private view {
        uint64 endedAt = _ends[pack].endedAt;
        require(endedAt == 0, AlreadyDispensed(pack, endedAt));
    }

    function _checkHeld(bytes32 lot, bytes32 unit, bytes32 organisation, Step[] calldata path) private view {
        (bool isProven, bytes32 custody) = _locate(lot, unit, path);
        require(isProven, UnitNotProven(lot, unit));
        bytes32 custodian = _custodianOf(custody);
        require(custodian == organisation, NotInCustody(unit, organisation, custodian));
    }

    /// @dev One of four billion organisations has such an id by chance; it must not be taken for an offer, nor an offer for it.
    function _checkIdentifier(bytes32 organisation) private pure {
        require(!_isOffer(organisation), ReservedIdentifier(organisation));
    }

    function _isOffer(bytes32 custody) private pure returns (bool) {
        return uint256(custody) >> 224 == 0;
    }

    function _custodianOf(bytes32 custody) private pure returns (bytes32) {
        return _isOffer(custody) ? bytes32(0) : custody;
    }

    /// @dev The state of the unit itself, else that of the nearest unit around it, else the manufacturer. A unit with a state was proven
    /// when it was first shipped.
    function _locate(bytes32 lot, bytes32 unit, Step[] calldata path) private view returns (bool, bytes32 custody) {
        mapping(bytes32 unit => bytes32 custody) storage states = _custody[lot];
        custody = states[unit];
        if (custody != bytes32(0)) return (true, custody);
        Lot storage record = _lots[lot];
        uint256 i = path.length;
        bool isProven = i != 0 && path[i - 1].unit == unit && _isProven(lot, record.unitsRoot, record.size, path);
        if (!isProven) return (false, bytes32(0));
        for (--i; i != 0 && custody == bytes32(0); --i) {
            custody = states[path[i - 1].unit];
        }
        return (true, custody == bytes32(0) ? record.manufacturer : custody);
    }

    /// @dev From the root of the lot down, each leaf in the tree that the one before names. A lot of n packs has no tree of more than n
    /// leaves, so that no proof is longer than log2(n), rounded up.
    function _isProven(bytes32 lot, bytes32 root, uint256 size, Step[] calldata path) private pure returns (bool) {
        uint256 hashes = 0;
        for (uint256 i = 0; i < path.length; ++i) {
            Step calldata step = path[i];
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
}
