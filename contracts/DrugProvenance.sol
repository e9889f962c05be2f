// SPDX-License-Identifier: Apache-2.0
pragma solidity =0.8.30;

import {IAccreditationRegistry} from "../interfaces/IAccreditationRegistry.sol";
import {IDrugProvenance} from "../interfaces/IDrugProvenance.sol";
import {IPatientRegistry} from "../interfaces/IPatientRegistry.sol";
import {ISignedActions} from "../interfaces/ISignedActions.sol";
import {Accredited} from "./base/Accredited.sol";
import {Controlled} from "./base/Controlled.sol";
import {Counter} from "./base/Counter.sol";
import {GS1Prefixes} from "./base/GS1Prefixes.sol";
import {NoticeBoard} from "./base/NoticeBoard.sol";
import {Packing} from "./base/Packing.sol";
import {Receiving} from "./base/Receiving.sol";
import {Sending} from "./base/Sending.sol";
import {ColdChain} from "./libraries/ColdChain.sol";
import {Custody} from "./libraries/Custody.sol";
import {Dispensing} from "./libraries/Dispensing.sol";
import {GS1} from "./libraries/GS1.sol";
import {Mixes} from "./libraries/Mixes.sol";
import {Roles} from "./libraries/Roles.sol";
import {Standings} from "./libraries/Standings.sol";
import {Terms} from "./libraries/Terms.sol";

/// @title DrugProvenance
/// @notice See {IDrugProvenance}.
contract DrugProvenance is GS1Prefixes, Sending, Receiving, Packing, Counter, NoticeBoard, Controlled {
    using Dispensing for Dispensing.State;
    using Standings for Lot;
    using Terms for Offer;

    uint256 private constant _MAX_LOT_NUMBER = 20;

    /* STORAGE */

    mapping(uint64 gtin => Policy policy) private _policies;

    /// @param accreditation The accreditation registry.
    /// @param patients The registry that verifies what a logger signed.
    constructor(
        IAccreditationRegistry accreditation,
        IPatientRegistry patients
    ) Accredited(accreditation) Controlled(patients) {}

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
        _checkProduct(manufacturer, gtin, prefixDigits);
        uint256 length = bytes(lotNumber).length;
        require(length != 0 && length <= _MAX_LOT_NUMBER, InvalidLotNumber(length));
        bytes32 lot = GS1.lotId(gtin, lotNumber);
        require(_lot(lot).commissionedAt == 0, LotExists(lot));
        require(expiresAt > block.timestamp, LotExpired(lot));
        require(size != 0 && unitsRoot != bytes32(0), EmptyLot());

        Lot storage record = _lot(lot);
        (record.gtin, record.expiresAt, record.commissionedAt) = (gtin, expiresAt, uint64(block.timestamp));
        (record.size, record.isCold) = (size, _policies[gtin].maxGap != 0);
        (record.manufacturer, record.unitsRoot) = (manufacturer, unitsRoot);

        emit LotCommissioned(lot, manufacturer, gtin, lotNumber, expiresAt, size, unitsRoot);
    }

    /// @inheritdoc IDrugProvenance
    function changePolicy(bytes32 manufacturer, uint64 gtin, uint8 prefixDigits, Policy calldata policy) external {
        _checkProduct(manufacturer, gtin, prefixDigits);

        _policies[gtin] = policy;

        emit PolicyChanged(gtin, manufacturer, policy);
    }

    function _checkProduct(bytes32 manufacturer, uint64 gtin, uint8 digits) private view {
        _checkAuthorised(manufacturer, Roles.MANUFACTURER);
        require(GS1.isGtin(gtin), BadCheckDigit(gtin));
        require(digits <= GS1.MAX_PREFIX_DIGITS, InvalidPrefix(gtin, digits));
        uint64 prefix = GS1.prefixOf(gtin, digits);
        require(prefixOwnerOf(prefix, digits) == manufacturer, PrefixNotOwned(prefix, digits, manufacturer));
    }

    /* RECEIVER */

    /// @inheritdoc IDrugProvenance
    function receiveExcept(Offer calldata offer, Item[] calldata missing, Item[] calldata extra) external {
        (bytes32 id, bytes32 key, bool isCold) = _checkReceiver(offer);
        Mixes.checkCount(missing.length + extra.length);
        _report(offer, id, missing, extra);
        _receive(offer, id, key, isCold);
    }

    function _report(Offer calldata offer, bytes32 id, Item[] calldata missing, Item[] calldata extra) private {
        for (uint256 i = 0; i < missing.length; ++i) {
            (bytes32 lot, bytes32 unit) = (missing[i].lot, missing[i].unit);
            bool isInside = unit != offer.unit && _wordOf(_lot(lot), lot, unit, missing[i].path) == id;
            require(isInside, NotInside(lot, unit, id));
            _put(lot, unit, Custody.returned(offer));
            emit MissingReported(lot, unit, offer.to, offer.from);
        }
        for (uint256 i = 0; i < extra.length; ++i) {
            (bytes32 lot, bytes32 unit) = (extra[i].lot, extra[i].unit);
            bytes32 word = _wordOf(_lot(lot), lot, unit, extra[i].path);
            _checkHolder(unit, offer.from, word, Custody.isHeld(word));
            emit ExtraReported(lot, unit, offer.to, offer.from);
        }
    }

    /* RECEIVER, OR ANYONE WITH WHAT THE LOGGER SIGNED */

    /// @inheritdoc IDrugProvenance
    function report(Offer calldata offer, Report calldata readings, bytes calldata signature) external {
        bytes32 id = Custody.offered();
        uint256 word = uint256(_wordAt(offer.lot, offer.unit));
        uint256 arrivedAt = uint32(word >> 192);
        require(bytes32(word) == Custody.awaiting(id, arrivedAt), OfferNotLive(id));
        bool isSigned = signature.length != 0;
        if (isSigned) {
            bool isTheirs = PATIENTS.isSigned(offer.logger, ColdChain.statement(id), signature);
            require(isTheirs, ISignedActions.InvalidSignature(offer.logger));
        }
        (bool isFine, bool isLate) = _judge(offer, readings, isSigned, arrivedAt);
        // While a better report may come, only the receiver settles for less.
        if (!isFine && !isLate) _checkAuthorised(offer.to, Roles.PARTICIPANT);

        bytes32 next = isFine ? Custody.arrived(offer) : Custody.quarantined(Custody.arrived(offer));
        _put(offer.lot, offer.unit, next);

        emit ReadingsReported(offer.lot, offer.unit, offer.to, id, readings.root, Custody.stateOf(next));
    }

    /// @dev Whether a report, if there is one, lets each lot be used, and whether it is too late for one that would.
    function _judge(
        Offer calldata offer,
        Report calldata readings,
        bool isSigned,
        uint256 arrivedAt
    ) private view returns (bool isFine, bool isLate) {
        isFine = true;
        uint64 first;
        bytes32 lot;
        for (uint256 i = 0; (lot = _lotAt(offer.lot, i)) != bytes32(0); ++i) {
            Policy storage policy = _policies[_lot(lot).gtin];
            // A policy that was switched off asks for no report, also of older lots.
            if (!_lot(lot).isCold || policy.maxGap == 0) continue;
            if (first == 0) first = _lot(lot).gtin;
            isLate = isLate || block.timestamp > arrivedAt + policy.reportWithin;
            isFine = isFine && isSigned && ColdChain.isWithin(policy, readings, offer.loggedFrom(), arrivedAt);
            isFine = isFine && ColdChain.isPlain(_policies[first], policy, readings);
        }
        isFine = isFine && !isLate;
    }

    /* HOLDER */

    /// @inheritdoc IDrugProvenance
    function end(bytes32 organisation, Item calldata item, State fate) external {
        _checkAuthorised(organisation, Roles.PARTICIPANT);
        require(fate >= State.STOLEN && fate <= State.DESTROYED, NotAnEnd(fate));
        _packs().checkWhole(item.unit);
        bytes32 word = _wordOf(_lot(item.lot), item.lot, item.unit, item.path);
        bool isExport = fate == State.EXPORTED;
        _checkHolder(item.unit, organisation, word, isExport ? Custody.isOwn(word) : !Custody.hasLeft(word));
        if (isExport) _checkActive(item.lot);

        _put(item.lot, item.unit, Custody.stopped(fate, Custody.markOf(organisation)));

        emit UnitEnded(item.lot, item.unit, organisation, fate);
    }

    /* MANUFACTURER OR REGULATOR */

    /// @inheritdoc IDrugProvenance
    function recall(bytes32 organisation, bytes32 lot, RecallClass recallClass, RecallDepth recallDepth) external {
        Lot storage record = _lot(lot);
        require(record.commissionedAt != 0, UnknownLot(lot));
        _checkOversees(organisation, record);

        record.recall(recallClass, recallDepth);
        _notify(lot, bytes32(0));

        emit RecallIssued(lot, organisation, recallClass, recallDepth);
    }

    /// @dev A mix has no manufacturer: who packed it oversees it no more than any other holder.
    function _checkOversees(bytes32 organisation, Lot storage record) private view {
        bytes32 manufacturer = record.manufacturer;
        bool isManufacturer = organisation == manufacturer && record.commissionedAt != 0;
        _checkAuthorised(organisation, isManufacturer ? Roles.MANUFACTURER : Roles.REGULATOR);
        if (!isManufacturer) _checkRegulates(organisation, manufacturer);
    }

    /// @inheritdoc IDrugProvenance
    function resolve(bytes32 organisation, bytes32 lot, bytes32 unit, bool isCleared, bytes32 justification) external {
        Lot storage record = _lot(lot);
        _checkOversees(organisation, record);
        require(!isCleared || justification != bytes32(0), MissingJustification());
        bytes32 word = _wordAt(lot, unit);
        bool isStopped =
            unit == bytes32(0) ? record.suspicion == Suspicion.SUSPECT : Custody.stateOf(word) == State.QUARANTINED;
        // Of what left the chain before it was found out, partners must know too.
        require(isStopped || (!isCleared && Custody.hasLeft(word) && !_isNoticed(lot, unit)), NotSuspect(lot, unit));

        if (!isCleared) _notify(lot, unit);
        if (unit == bytes32(0)) record.suspicion = isCleared ? Suspicion.NONE : Suspicion.ILLEGITIMATE;
        else if (isStopped) _put(lot, unit, Custody.resolved(word, isCleared));

        emit SuspectResolved(lot, unit, organisation, isCleared, justification);
    }

    /* HOLDER, MANUFACTURER OR REGULATOR */

    /// @inheritdoc IDrugProvenance
    function flagSuspect(bytes32 organisation, Item calldata item) external {
        Lot storage record = _lot(item.lot);
        bytes32 word;
        if (item.unit == bytes32(0)) {
            require(record.commissionedAt != 0, UnknownLot(item.lot));
            require(record.suspicion == Suspicion.NONE, LotQuarantined(item.lot));
        } else {
            word = _wordOf(_lot(item.lot), item.lot, item.unit, item.path);
            bytes16 holder = Custody.custodianOf(word);
            require(Custody.isHeld(word), NotInCustody(item.unit, organisation, Custody.stateOf(word), holder));
        }
        if (Custody.markOf(organisation) == bytes16(word)) _checkAuthorised(organisation, Roles.PARTICIPANT);
        else _checkOversees(organisation, record);

        _flag(item.lot, item.unit, organisation, word);
    }

    function _flag(bytes32 lot, bytes32 unit, bytes32 organisation, bytes32 held) private {
        if (unit == bytes32(0)) _lot(lot).suspicion = Suspicion.SUSPECT;
        else _put(lot, unit, Custody.quarantined(held));

        emit SuspectFlagged(lot, unit, organisation, bytes16(held), uint8(uint256(held) >> 120));
    }

    /// @inheritdoc IDrugProvenance
    function flagShipment(Offer calldata offer, bytes32 organisation) external {
        bytes32 id = Custody.offered();
        bytes32 word = _wordAt(offer.lot, offer.unit);
        require(Custody.isOf(word, id), OfferNotLive(id));
        _checkOversees(organisation, _overseen(organisation, offer.lot));

        bytes32 held = word == id ? Custody.held(offer.from, offer.source()) : Custody.arrived(offer);
        _flag(offer.lot, offer.unit, organisation, held);
    }

    /// @dev The record by which an organisation may stop what is on its way: of a lot in it that it made, or that was made where it is at home.
    function _overseen(bytes32 organisation, bytes32 lot) private view returns (Lot storage record) {
        record = _lot(lot);
        bytes32 inner;
        for (uint256 i = 0; (inner = _lotAt(lot, i)) != bytes32(0); ++i) {
            if (_lot(inner).manufacturer == organisation) return _lot(inner);
            if (_isHome(organisation, _lot(inner).manufacturer)) record = _lot(inner);
        }
    }

    /* VIEWS */

    /// @inheritdoc IDrugProvenance
    function verifyPack(
        bytes32 lot,
        Scan calldata scan,
        bytes32 holder,
        Step[] calldata path
    ) external view returns (Verdict) {
        bytes32 unit = GS1.packId(scan.gtin, scan.serial);
        uint256 ended = _packs().ends[unit];
        bytes32 word = _find(_lot(lot), lot, unit, path);
        if (ended == 0 && word == bytes32(0)) return Verdict.UNKNOWN_SERIAL;
        LotStatus status = lotStatus(lot);
        if (status == LotStatus.UNKNOWN || GS1.lotId(scan.gtin, scan.lotNumber) != lot) return Verdict.LOT_MISMATCH;
        if (_lot(lot).expiresAt != scan.expiresAt) return Verdict.EXPIRY_MISMATCH;
        if (status == LotStatus.RECALLED) return Verdict.RECALLED;
        if (status == LotStatus.QUARANTINED) return Verdict.QUARANTINED;
        if (status == LotStatus.EXPIRED) return Verdict.EXPIRED;
        if (ended != 0 && !Dispensing.isOpenAt(ended, holder)) return Verdict.ALREADY_DISPENSED;
        Verdict verdict = Custody.verdictOf(word);
        bool isTheirs = Custody.isOwn(word) && bytes16(word) == Custody.markOf(holder);
        return verdict == Verdict.OK && holder != bytes32(0) && !isTheirs ? Verdict.NOT_IN_CUSTODY : verdict;
    }

    /// @inheritdoc IDrugProvenance
    function custodyOf(
        bytes32 lot,
        bytes32 unit,
        Step[] calldata path
    ) external view returns (State state, bytes16 custodian, uint256 detail) {
        bytes32 word = _wordOf(_lot(lot), lot, unit, path);
        return (Custody.stateOf(word), Custody.custodianOf(word), Custody.detailOf(word));
    }
}
