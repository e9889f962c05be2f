// SPDX-License-Identifier: Apache-2.0
pragma solidity >=0.8.26;

/// @title IRecordExchange
/// @notice Encrypted records between hospitals: which version of each is the newest, to which key its readers' keys are wrapped, and who
/// asked whom for what.
/// @dev Ciphertext, keys, patients and classes of data never reach the chain. A record is 32 random bytes that its custodian chose. It is kept
/// under (custodian, record), so that nobody can take a record's place by being first. Its versions form a line: each names the fingerprint
/// of the one before, and only the newest is kept, in one slot. A fingerprint is the first 24 bytes of `keccak256(abi.encode(version))`, so it
/// stands for the whole line; the log tells the rest.
///
/// Key epochs: whoever loses the right to read makes the custodian advance the epoch of the record. From then on only a version that was made
/// for the new epoch can be anchored, so that none is given to the old circle of readers by mistake. Each version has a data key of its
/// own, so an old key never opens a new version.
///
/// Asking and answering carry commitments alone: hashes with a salt of what was asked and of what was handed over. They prove who asked, who
/// answered in time, and whether the answer was acknowledged or disputed. What they commit to is shown only where somebody disagrees.
///
/// What this contract cannot know: whether a record is true, or was read. All times are Unix seconds.
interface IRecordExchange {
    /// @notice How a version of a record stands.
    /// @dev UNKNOWN is not the newest version that this custodian anchored: never anchored, or followed by another, as the log tells. CURRENT is the
    /// newest, anchored by a trusted account. CUSTODIAN_UNTRUSTED is the newest, anchored by an account that, as known now, could not be trusted then.
    enum Status {
        UNKNOWN,
        CURRENT,
        CUSTODIAN_UNTRUSTED
    }

    /// @notice How a request stands.
    /// @dev NONE was never made. OPEN waits for an answer. OVERDUE got none in time, for ever. ANSWERED waits to be acknowledged or disputed.
    /// UNDISPUTED was answered, and nobody disputed it in time. REFUSED, ACKNOWLEDGED and DISPUTED are final.
    enum Stage {
        NONE,
        OPEN,
        OVERDUE,
        ANSWERED,
        UNDISPUTED,
        REFUSED,
        ACKNOWLEDGED,
        DISPUTED
    }

    /// @notice One version of a record.
    /// @param custodian The organisation that keeps it.
    /// @param record The record, 32 random bytes.
    /// @param number Which version it is, from 1 on.
    /// @param epoch The key epoch that it was made for.
    /// @param commitment A salted hash of the ciphertext.
    /// @param previous The fingerprint of the version before; zero for the first.
    /// @param signer The account that anchored it.
    struct Version {
        bytes32 custodian;
        bytes32 record;
        uint24 number;
        uint32 epoch;
        bytes32 commitment;
        bytes24 previous;
        address signer;
    }

    /// @notice What is kept of the newest version of a record, in one slot.
    /// @param fingerprint The first 24 bytes of `keccak256(abi.encode(version))`; zero if the record was never anchored.
    /// @param recordedAt When it was anchored (Unix seconds).
    /// @param number Which version it is, from 1 on.
    struct Entry {
        bytes24 fingerprint;
        uint40 recordedAt;
        uint24 number;
    }

    /// @notice What one organisation asks of another.
    /// @param requester The organisation that asks.
    /// @param custodian The organisation that is asked.
    /// @param commitment A salted hash of the request.
    struct Question {
        bytes32 requester;
        bytes32 custodian;
        bytes32 commitment;
    }

    /// @notice A version of a record was anchored.
    /// @param custodian The organisation that keeps it.
    /// @param record The record.
    /// @param signer The account that anchored it.
    /// @param number Which version it is, from 1 on.
    /// @param epoch The key epoch that it was made for.
    /// @param commitment A salted hash of the ciphertext.
    /// @param previous The fingerprint of the version before; zero for the first.
    /// @param recordedAt When (Unix seconds).
    event RecordAnchored(
        bytes32 indexed custodian,
        bytes32 indexed record,
        address indexed signer,
        uint24 number,
        uint32 epoch,
        bytes32 commitment,
        bytes24 previous,
        uint64 recordedAt
    );

    /// @notice Somebody lost the right to read a record: its next version is for others alone.
    /// @param custodian The organisation that keeps it.
    /// @param record The record.
    /// @param epoch The key epoch from now on.
    /// @param advancedAt When (Unix seconds).
    event KeyEpochAdvanced(bytes32 indexed custodian, bytes32 indexed record, uint32 epoch, uint64 advancedAt);

    /// @notice An organisation published the key that others encrypt to, or withdrew it.
    /// @param organisation The organisation.
    /// @param key The fingerprint of the key; zero if there is none from now on.
    /// @param publishedAt When (Unix seconds).
    event EncryptionKeyPublished(bytes32 indexed organisation, bytes32 indexed key, uint64 publishedAt);

    /// @notice One organisation asked another.
    /// @param request The id of the request.
    /// @param requester The organisation that asks.
    /// @param custodian The organisation that is asked.
    /// @param commitment A salted hash of the request.
    /// @param deadline The first second in which it is too late to answer (Unix seconds).
    /// @param requestedAt When (Unix seconds).
    event RecordRequested(
        bytes32 indexed request,
        bytes32 indexed requester,
        bytes32 indexed custodian,
        bytes32 commitment,
        uint64 deadline,
        uint64 requestedAt
    );

    /// @notice A request was answered.
    /// @param request The id of the request.
    /// @param delivery A salted hash of what was handed over.
    /// @param deadline The first second in which it is too late to dispute it (Unix seconds).
    /// @param answeredAt When (Unix seconds).
    event RequestAnswered(bytes32 indexed request, bytes32 delivery, uint64 deadline, uint64 answeredAt);

    /// @notice A request was refused.
    /// @param request The id of the request.
    /// @param reason A salted hash of the reason.
    /// @param refusedAt When (Unix seconds).
    event RequestRefused(bytes32 indexed request, bytes32 reason, uint64 refusedAt);

    /// @notice The requester confirmed that it got what the answer says.
    /// @param request The id of the request.
    /// @param delivery A salted hash of what was handed over.
    /// @param acknowledgedAt When (Unix seconds).
    event DeliveryAcknowledged(bytes32 indexed request, bytes32 delivery, uint64 acknowledgedAt);

    /// @notice The requester denied that it got what it asked for.
    /// @param request The id of the request.
    /// @param objection A salted hash of what is wrong.
    /// @param disputedAt When (Unix seconds).
    event DeliveryDisputed(bytes32 indexed request, bytes32 objection, uint64 disputedAt);

    /// @notice The record has a newer version than the one that this one follows, or none at all.
    /// @param previous The fingerprint that was given.
    /// @param current The fingerprint of the newest version; zero if there is none.
    error NotNewestVersion(bytes24 previous, bytes24 current);

    /// @notice The readers changed since this version was encrypted, or its key epoch has not begun.
    /// @param epoch The epoch that was given.
    /// @param current The epoch now.
    error WrongKeyEpoch(uint32 epoch, uint32 current);

    /// @notice This organisation never anchored this record.
    /// @param custodian The organisation.
    /// @param record The record.
    error UnknownRecord(bytes32 custodian, bytes32 record);

    /// @notice The time to answer must end after now and within 90 days.
    /// @param deadline The first second in which it would be too late (Unix seconds).
    /// @param latest The latest that it may be (Unix seconds).
    error InvalidDeadline(uint64 deadline, uint64 latest);

    /// @notice This request does not stand where this can be done.
    /// @param request The id of the request.
    /// @param stage Where it stands.
    error WrongStage(bytes32 request, Stage stage);

    /// @notice This is not what the answer says was handed over.
    /// @param request The id of the request.
    /// @param delivery What was named.
    error WrongDelivery(bytes32 request, bytes32 delivery);

    /// @notice Anchors the next version of a record.
    /// @dev A version that follows anything but the newest is refused, so a transaction that is sent again changes nothing and two that were
    /// written at once do not hide each other. Emits {RecordAnchored}.
    ///
    /// Reverts with:
    /// - {IAccreditationRegistry-NotAuthorised} if the caller may not act for the custodian as HOSPITAL now.
    /// - {IAccreditationRegistry-ZeroIdentifier} if `record` or `commitment` is zero.
    /// - {NotNewestVersion} if `previous` is not the fingerprint of the newest version.
    /// - {WrongKeyEpoch} if `epoch` is not the one of now.
    ///
    /// @param custodian The organisation that keeps it.
    /// @param record The record, 32 random bytes.
    /// @param commitment A salted hash of the ciphertext.
    /// @param previous The fingerprint of the version before; zero for the first.
    /// @param epoch The key epoch that it was made for.
    function anchor(bytes32 custodian, bytes32 record, bytes32 commitment, bytes24 previous, uint32 epoch) external;

    /// @notice Ends the key epoch of a record, because somebody lost the right to read it.
    /// @dev What was read stays read; the newest version stays what it is until another is anchored. Emits {KeyEpochAdvanced}.
    ///
    /// Reverts with:
    /// - {IAccreditationRegistry-NotAuthorised} if the caller may not act for the custodian as HOSPITAL now.
    /// - {UnknownRecord} if the custodian never anchored it.
    ///
    /// @param custodian The organisation that keeps it.
    /// @param record The record.
    function rotate(bytes32 custodian, bytes32 record) external;

    /// @notice Publishes the fingerprint of the key that others encrypt to, in place of the one before; zero withdraws it.
    /// @dev Only the administrator may: whoever could set this key would read everything that is sent to the organisation. Never the key
    /// of an account that signs. Emits {EncryptionKeyPublished}.
    ///
    /// Reverts with:
    /// - {IAccreditationRegistry-NotAdmin} if the caller is not the administrator of the organisation.
    ///
    /// @param organisation The organisation.
    /// @param key The fingerprint of the public key: the SHA-256 of its suite and its bytes.
    function publishKey(bytes32 organisation, bytes32 key) external;

    /// @notice Asks another organisation for data.
    /// @dev Emits {RecordRequested}.
    ///
    /// Reverts with:
    /// - {IAccreditationRegistry-NotAuthorised} if the caller does not act for the requester, or the requester is not in good standing.
    /// - {IAccreditationRegistry-NotAccredited} if the custodian is not accredited as HOSPITAL now.
    /// - {IAccreditationRegistry-ZeroIdentifier} if the commitment is zero.
    /// - {InvalidDeadline} if `deadline` is not after now, or more than 90 days ahead.
    /// - {WrongStage} if this request was made before.
    ///
    /// @param question Who asks whom for what.
    /// @param deadline The first second in which it is too late to answer (Unix seconds).
    /// @return The id of the request.
    function request(Question calldata question, uint64 deadline) external returns (bytes32);

    /// @notice Acknowledges what was handed over, for ever.
    /// @dev Emits {DeliveryAcknowledged}.
    ///
    /// Reverts with:
    /// - {IAccreditationRegistry-NotAuthorised} if the caller does not act for the requester, or the requester is not in good standing.
    /// - {WrongStage} if the request was not answered, or is settled, by time or otherwise.
    /// - {WrongDelivery} if the answer says something else.
    ///
    /// @param question Who asked whom for what.
    /// @param delivery The salted hash of what was handed over, as in the answer.
    function acknowledge(Question calldata question, bytes32 delivery) external;

    /// @notice Disputes what was handed over, for ever.
    /// @dev Emits {DeliveryDisputed}.
    ///
    /// Reverts with:
    /// - {IAccreditationRegistry-NotAuthorised} if the caller does not act for the requester, or the requester is not in good standing.
    /// - {WrongStage} if the request was not answered, or is settled, by time or otherwise.
    /// - {WrongDelivery} if the answer says something else.
    ///
    /// @param question Who asked whom for what.
    /// @param delivery The salted hash of what was handed over, as in the answer.
    /// @param objection A salted hash of what is wrong.
    function dispute(Question calldata question, bytes32 delivery, bytes32 objection) external;

    /// @notice Answers a request: commits to what was handed over.
    /// @dev The requester then has 7 days to acknowledge or dispute it. Emits {RequestAnswered}.
    ///
    /// Reverts with:
    /// - {IAccreditationRegistry-NotAuthorised} if the caller may not act for the custodian as HOSPITAL now.
    /// - {IAccreditationRegistry-ZeroIdentifier} if `delivery` is zero.
    /// - {WrongStage} if the request does not wait for an answer, or no longer.
    ///
    /// @param question Who asked whom for what.
    /// @param delivery A salted hash of what was handed over.
    function respond(Question calldata question, bytes32 delivery) external;

    /// @notice Refuses a request, for ever.
    /// @dev Emits {RequestRefused}.
    ///
    /// Reverts with:
    /// - {IAccreditationRegistry-NotAuthorised} if the caller may not act for the custodian as HOSPITAL now.
    /// - {WrongStage} if the request does not wait for an answer, or no longer.
    ///
    /// @param question Who asked whom for what.
    /// @param reason A salted hash of the reason.
    function refuse(Question calldata question, bytes32 reason) external;

    /// @notice How a version of a record stands now.
    /// @dev Never reverts. The custodian is judged by the time of the anchor with what is known now: a compromise that was declared later counts.
    /// @param version The version.
    /// @return How it stands.
    function statusOf(Version calldata version) external view returns (Status);

    /// @notice What is kept of the newest version of a record.
    /// @param custodian The organisation that keeps it.
    /// @param record The record.
    /// @return The entry; all zero if it was never anchored.
    function newestOf(bytes32 custodian, bytes32 record) external view returns (Entry memory);

    /// @notice The key epoch that the next version of a record must be made for.
    /// @param custodian The organisation that keeps it.
    /// @param record The record.
    /// @return How often its epoch was ended.
    function keyEpochOf(bytes32 custodian, bytes32 record) external view returns (uint32);

    /// @notice The fingerprint of the key that others encrypt to.
    /// @param organisation The organisation.
    /// @return The fingerprint; zero if there is none.
    function keyOf(bytes32 organisation) external view returns (bytes32);

    /// @notice How a request stands now.
    /// @param question Who asked whom for what.
    /// @return How it stands.
    function stageOf(Question calldata question) external view returns (Stage);

    /// @notice The first second in which it is too late to answer, or, once it was answered, to dispute.
    /// @param question Who asked whom for what.
    /// @return The time (Unix seconds); 0 if it was never asked.
    function deadlineOf(Question calldata question) external view returns (uint64);
}
