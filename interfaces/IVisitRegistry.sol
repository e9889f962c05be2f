// SPDX-License-Identifier: Apache-2.0
pragma solidity >=0.8.26;

/// @title IVisitRegistry
/// @notice Visits of patients to accredited providers; recording one wakes the payer that it names.
/// @dev A visit names its member by a pseudonym that only this insurer knows, and care by coarse benefits. Codes and diagnoses stand
/// in the canonical claim, of which `record` is a salted commitment.
///
/// The nullifier stands for the encounter. It is a keyed hash, so nobody can guess a visit from it, and it is used once across all
/// providers and all payers: one encounter is billed once. That two encounters are truly different is the provider's word; what a
/// provider says falsely it has said under its name for ever. So has a provider that uses the nullifier of another's transaction which is
/// not in a block yet, and so keeps that visit from being recorded: send visits where others do not see them first.
///
/// Recording never fails because of the payer: a payer that is no contract, reverts, burns its gas or returns a flood of data leaves
/// the visit recorded, and anyone can hand it to the payer later, since the event holds the whole visit.
interface IVisitRegistry {
    /// @notice One kind of care in a visit.
    /// @param benefit The kind, a number of `Benefits`.
    /// @param units How many units of it.
    /// @param charge What the provider charges for all of them (token's smallest unit).
    struct Line {
        uint16 benefit;
        uint32 units;
        uint128 charge;
    }

    /// @notice One visit of a member to a provider. Its id is the keccak256 of its ABI encoding.
    /// @param provider The organisation that gave the care.
    /// @param payer The contract that decides and pays.
    /// @param policy The member's policy with this payer.
    /// @param member The member's pseudonym with this insurer.
    /// @param servedAt When care was given (Unix seconds).
    /// @param lines The kinds of care, 1 to 25.
    /// @param record The salted commitment to the canonical claim.
    /// @param nullifier The keyed hash of the encounter.
    struct Visit {
        bytes32 provider;
        address payer;
        bytes32 policy;
        address member;
        uint64 servedAt;
        Line[] lines;
        bytes32 record;
        bytes32 nullifier;
    }

    /// @notice What is kept of a visit, in one slot.
    /// @param fingerprint The first 24 bytes of the visit's id; zero if the nullifier is unused.
    /// @param recordedAt When it was recorded (Unix seconds).
    /// @param role The role in which the provider recorded it, one bit of `Roles`.
    /// @param isAttested Whether the member has signed it.
    struct Entry {
        bytes24 fingerprint;
        uint40 recordedAt;
        uint16 role;
        bool isAttested;
    }

    /// @notice A provider recorded a visit.
    /// @param visit The visit's id.
    /// @param provider The organisation that gave the care.
    /// @param member The member's pseudonym with this insurer.
    /// @param role The role in which the provider recorded it, one bit of `Roles`.
    /// @param signer The account that recorded it.
    /// @param content The visit.
    event VisitRecorded(
        bytes32 indexed visit,
        bytes32 indexed provider,
        address indexed member,
        uint64 role,
        address signer,
        Visit content
    );

    /// @notice A member signed that a visit took place.
    /// @param visit The visit's id.
    /// @param member The member's pseudonym with this insurer.
    event VisitAttested(bytes32 indexed visit, address indexed member);

    /// @notice A provider voided a visit that it had recorded: it never took place, or not so. Its encounter can be recorded anew.
    /// @param visit The visit's id.
    /// @param provider The organisation that had recorded it.
    /// @param signer The account that voided it.
    event VisitVoided(bytes32 indexed visit, bytes32 indexed provider, address signer);

    /// @notice The payer did not take a visit: it is no contract, it reverted, or it needed more gas than it is given.
    /// @param visit The visit's id.
    /// @param payer The contract that was called.
    event PayerNotReached(bytes32 indexed visit, address indexed payer);

    /// @notice Visits are recorded in the role of a hospital, a pharmacy, a laboratory or a vaccinator.
    /// @param role The role that was given.
    error NotProviderRole(uint64 role);

    /// @notice A visit has 1 to 25 lines.
    /// @param count How many were given.
    error InvalidLineCount(uint256 count);

    /// @notice The visit lies in the future.
    /// @param servedAt When care is said to have been given (Unix seconds).
    /// @param latest The latest time that is accepted now (Unix seconds).
    error ServedInFuture(uint64 servedAt, uint64 latest);

    /// @notice This encounter was recorded before.
    /// @param nullifier The keyed hash of the encounter.
    /// @param recordedAt When it was recorded (Unix seconds).
    error EncounterRecorded(bytes32 nullifier, uint64 recordedAt);

    /// @notice No such visit is recorded.
    /// @param visit The visit's id.
    error UnknownVisit(bytes32 visit);

    /// @notice The member has attested this visit already.
    /// @param visit The visit's id.
    error VisitAlreadyAttested(bytes32 visit);

    /// @notice The transaction has too little gas left for the payer to be given its share.
    /// @param available The gas that was left.
    /// @param needed The gas that must be left.
    error InsufficientGas(uint256 available, uint256 needed);

    /// @notice Records a visit and wakes its payer.
    /// @dev `servedAt` is the provider's claim; the time of the block is kept beside it. Emits {VisitRecorded}, {VisitAttested} if
    /// it is signed, {PayerNotReached} if the payer did not take it, and whatever the payer emits.
    ///
    /// Reverts with:
    /// - {NotProviderRole} if `role` is none of `Roles.PROVIDERS`.
    /// - {NotAuthorised} if the caller does not act for the provider in this role, or the provider does not hold it.
    /// - {ZeroIdentifier} if the record or the nullifier is zero.
    /// - {InvalidLineCount} if there is no line or more than 25.
    /// - {ServedInFuture} if `servedAt` is more than 15 minutes ahead.
    /// - {EncounterRecorded} if the nullifier was used.
    /// - {InvalidSignature} if a signature is given that is not of whoever decides for the member now.
    /// - {InsufficientGas} if the payer could not be given its share of gas.
    ///
    /// @param visit The visit.
    /// @param role The role in which the provider records it, one bit of `Roles`.
    /// @param memberSignature The member's signature of the visit's id (EIP-712); empty if it comes later or is not needed.
    function record(Visit calldata visit, uint64 role, bytes calldata memberSignature) external;

    /// @notice Takes back a visit, by the provider that recorded it and nobody else.
    /// @dev The encounter may be recorded anew, as it was. Nothing is told to the payer, so nothing of it can stop this: a payer asks
    /// {entryOf}, and anyone has it take back what it paid. Emits {VisitVoided}.
    ///
    /// Reverts with:
    /// - {UnknownVisit} if exactly this visit is not recorded.
    /// - {NotAuthorised} if the caller does not act for the provider in the role of the record.
    ///
    /// @param visit The visit.
    function void(Visit calldata visit) external;

    /// @notice Adds the member's signature to a recorded visit and wakes its payer again.
    /// @dev Anyone may bring it. It stands for one visit and for ever, so it has neither a nonce nor a deadline. Emits
    /// {VisitAttested}, {PayerNotReached} if the payer did not take it, and whatever the payer emits.
    ///
    /// Reverts with:
    /// - {UnknownVisit} if exactly this visit is not recorded.
    /// - {VisitAlreadyAttested} if it is attested.
    /// - {InvalidSignature} if it is not the signature of whoever decides for the member now.
    /// - {InsufficientGas} if the payer could not be given its share of gas.
    ///
    /// @param visit The visit.
    /// @param memberSignature The member's signature of the visit's id (EIP-712).
    function attest(Visit calldata visit, bytes calldata memberSignature) external;

    /// @notice What is kept of the visit that used a nullifier.
    /// @dev Whoever is handed a visit must compare its fingerprint, since the nullifier alone does not say what was recorded.
    /// @param nullifier The keyed hash of the encounter.
    /// @return The entry; all zero if the nullifier is unused.
    function entryOf(bytes32 nullifier) external view returns (Entry memory);

    /// @notice The hash of the statement that a member signs to attest a visit.
    /// @param visit The visit's id.
    /// @return The EIP-712 digest.
    function attestationDigestOf(bytes32 visit) external view returns (bytes32);
}
