// SPDX-License-Identifier: Apache-2.0
pragma solidity =0.8.30;

import {IAccreditationRegistry} from "../interfaces/IAccreditationRegistry.sol";
import {IRecordExchange} from "../interfaces/IRecordExchange.sol";
import {Accredited} from "./base/Accredited.sol";
import {Roles} from "./libraries/Roles.sol";

/// @title RecordExchange
/// @notice See {IRecordExchange}.
contract RecordExchange is IRecordExchange, Accredited {
    /// @dev One record: its newest version, and how often its readers changed.
    struct Line {
        Entry newest;
        uint32 epoch;
    }

    /// @dev A request as it was last written; time may have carried it further. What was handed over is kept as the first 24 bytes of its
    /// hash, so that all of it fits one slot.
    struct Exchange {
        bytes24 delivery;
        uint40 deadline;
        Stage stage;
    }

    uint64 private constant _LONGEST_WAIT = 90 days;
    uint64 private constant _DISPUTE_WINDOW = 7 days;

    /* STORAGE */

    mapping(bytes32 custodian => mapping(bytes32 record => Line line)) private _lines;
    mapping(bytes32 organisation => bytes32 key) private _keys;
    mapping(bytes32 request => Exchange exchange) private _exchanges;

    /// @param accreditation The accreditation registry.
    constructor(IAccreditationRegistry accreditation) Accredited(accreditation) {}

    /* CUSTODIAN */

    /// @inheritdoc IRecordExchange
    function anchor(bytes32 custodian, bytes32 record, bytes32 commitment, bytes24 previous, uint32 epoch) external {
        _checkAuthorised(custodian, Roles.HOSPITAL);
        bool isNamed = record != bytes32(0) && commitment != bytes32(0);
        require(isNamed, IAccreditationRegistry.ZeroIdentifier());
        Line storage line = _lines[custodian][record];
        Entry storage newest = line.newest;
        require(previous == newest.fingerprint, NotNewestVersion(previous, newest.fingerprint));
        uint32 current = line.epoch;
        require(epoch == current, WrongKeyEpoch(epoch, current));

        uint24 number = newest.number + 1;
        newest.fingerprint = _fingerprint(Version(custodian, record, number, epoch, commitment, previous, msg.sender));
        (newest.recordedAt, newest.number) = (uint40(block.timestamp), number);

        uint64 recordedAt = uint64(block.timestamp);
        emit RecordAnchored(custodian, record, msg.sender, number, epoch, commitment, previous, recordedAt);
    }

    function _fingerprint(Version memory version) private pure returns (bytes24) {
        return bytes24(keccak256(abi.encode(version)));
    }

    /// @inheritdoc IRecordExchange
    function rotate(bytes32 custodian, bytes32 record) external {
        _checkAuthorised(custodian, Roles.HOSPITAL);
        Line storage line = _lines[custodian][record];
        require(line.newest.number != 0, UnknownRecord(custodian, record));

        uint32 epoch = ++line.epoch;

        emit KeyEpochAdvanced(custodian, record, epoch, uint64(block.timestamp));
    }

    /// @inheritdoc IRecordExchange
    function respond(Question calldata question, bytes32 delivery) external {
        _checkAuthorised(question.custodian, Roles.HOSPITAL);
        require(delivery != bytes32(0), IAccreditationRegistry.ZeroIdentifier());
        bytes32 id = _checkStage(question, Stage.OPEN);

        uint64 deadline = uint64(block.timestamp) + _DISPUTE_WINDOW;
        _write(id, bytes24(delivery), deadline, Stage.ANSWERED);

        emit RequestAnswered(id, delivery, deadline, uint64(block.timestamp));
    }

    /// @inheritdoc IRecordExchange
    function refuse(Question calldata question, bytes32 reason) external {
        _checkAuthorised(question.custodian, Roles.HOSPITAL);
        bytes32 id = _checkStage(question, Stage.OPEN);

        _exchanges[id].stage = Stage.REFUSED;

        emit RequestRefused(id, reason, uint64(block.timestamp));
    }

    /* REQUESTER */

    /// @inheritdoc IRecordExchange
    function request(Question calldata question, uint64 deadline) external returns (bytes32 id) {
        _checkAuthorised(question.requester, Roles.PARTICIPANT);
        _checkAccredited(question.custodian, Roles.HOSPITAL);
        require(question.commitment != bytes32(0), IAccreditationRegistry.ZeroIdentifier());
        uint64 latest = uint64(block.timestamp) + _LONGEST_WAIT;
        require(deadline > block.timestamp && deadline <= latest, InvalidDeadline(deadline, latest));
        id = _checkStage(question, Stage.NONE);

        _write(id, 0, deadline, Stage.OPEN);

        uint64 requestedAt = uint64(block.timestamp);
        emit RecordRequested(id, question.requester, question.custodian, question.commitment, deadline, requestedAt);
    }

    /// @inheritdoc IRecordExchange
    function acknowledge(Question calldata question, bytes32 delivery) external {
        bytes32 id = _settle(question, delivery, Stage.ACKNOWLEDGED);

        emit DeliveryAcknowledged(id, delivery, uint64(block.timestamp));
    }

    /// @inheritdoc IRecordExchange
    function dispute(Question calldata question, bytes32 delivery, bytes32 objection) external {
        bytes32 id = _settle(question, delivery, Stage.DISPUTED);

        emit DeliveryDisputed(id, objection, uint64(block.timestamp));
    }

    function _settle(Question calldata question, bytes32 delivery, Stage stage) private returns (bytes32 id) {
        _checkAuthorised(question.requester, Roles.PARTICIPANT);
        id = _checkStage(question, Stage.ANSWERED);
        require(_exchanges[id].delivery == bytes24(delivery), WrongDelivery(id, delivery));

        _exchanges[id].stage = stage;
    }

    function _checkStage(Question calldata question, Stage expected) private view returns (bytes32 id) {
        id = _idOf(question);
        Stage stage = _stageOf(id);
        require(stage == expected, WrongStage(id, stage));
    }

    /* ADMINISTRATOR */

    /// @inheritdoc IRecordExchange
    function publishKey(bytes32 organisation, bytes32 key) external {
        ACCREDITATION.checkAdmin(organisation, msg.sender);

        _keys[organisation] = key;

        emit EncryptionKeyPublished(organisation, key, uint64(block.timestamp));
    }

    /* VIEWS */

    /// @inheritdoc IRecordExchange
    function statusOf(Version calldata version) external view returns (Status) {
        Entry storage newest = _lines[version.custodian][version.record].newest;
        if (newest.number == 0 || _fingerprint(version) != newest.fingerprint) return Status.UNKNOWN;
        bool isTrusted = ACCREDITATION.isAuthorised(
            version.custodian,
            version.signer,
            Roles.HOSPITAL,
            newest.recordedAt
        );
        return isTrusted ? Status.CURRENT : Status.CUSTODIAN_UNTRUSTED;
    }

    /// @inheritdoc IRecordExchange
    function newestOf(bytes32 custodian, bytes32 record) external view returns (Entry memory) {
        return _lines[custodian][record].newest;
    }

    /// @inheritdoc IRecordExchange
    function keyEpochOf(bytes32 custodian, bytes32 record) external view returns (uint32) {
        return _lines[custodian][record].epoch;
    }

    /// @inheritdoc IRecordExchange
    function keyOf(bytes32 organisation) external view returns (bytes32) {
        return _keys[organisation];
    }

    /// @inheritdoc IRecordExchange
    function stageOf(Question calldata question) external view returns (Stage) {
        return _stageOf(_idOf(question));
    }

    /// @inheritdoc IRecordExchange
    function deadlineOf(Question calldata question) external view returns (uint64) {
        return _exchanges[_idOf(question)].deadline;
    }

    function _write(bytes32 id, bytes24 delivery, uint64 deadline, Stage stage) private {
        Exchange storage exchange = _exchanges[id];
        (exchange.delivery, exchange.deadline, exchange.stage) = (delivery, uint40(deadline), stage);
    }

    function _stageOf(bytes32 id) private view returns (Stage) {
        Exchange storage exchange = _exchanges[id];
        if (block.timestamp < exchange.deadline) return exchange.stage;
        if (exchange.stage == Stage.OPEN) return Stage.OVERDUE;
        return exchange.stage == Stage.ANSWERED ? Stage.UNDISPUTED : exchange.stage;
    }

    function _idOf(Question calldata question) private pure returns (bytes32) {
        return keccak256(abi.encode(question));
    }
}
