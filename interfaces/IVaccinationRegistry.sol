// SPDX-License-Identifier: Apache-2.0
pragma solidity >=0.8.26;

/// @title IVaccinationRegistry
/// @notice Doses of vaccine that accredited organisations gave, anchored in batches: one slot a batch, whatever its size.
/// @dev A batch is the Merkle root over its doses. A dose is one leaf: `keccak256(keccak256(abi.encode(organisation, index, holder, lot,
/// fields)))`, the tree that of OpenZeppelin's StandardMerkleTree with sorted pairs. The organisation in the leaf keeps another
/// organisation from anchoring the root as its own; `fields` commits to the salted fields of the immunization, so a leaf cannot be
/// guessed; `index` is the place of the dose in the status bitmap, and should be a random permutation, because an order of enrolment
/// would link what is later revoked to persons.
///
/// No health data is on chain. The lots of a batch are public, but not which dose came from which lot.
///
/// An anchor never changes and a revocation is final. What is not proven reads UNKNOWN, never valid. The registry proves who said
/// what and when; it cannot prove that the dose was in the syringe.
interface IVaccinationRegistry {
    /// @notice How a dose stands.
    /// @dev UNKNOWN was not proven to be in a batch that was anchored by that time. ACTIVE is anchored by a trusted issuer and not
    /// withdrawn. SUPERSEDED is kept for corrections and never answered by this version. REVOKED was withdrawn. ISSUER_UNTRUSTED was
    /// anchored by an account that, as known now, could not be trusted then.
    enum Status {
        UNKNOWN,
        ACTIVE,
        SUPERSEDED,
        REVOKED,
        ISSUER_UNTRUSTED
    }

    /// @notice One dose, as the leaf of a batch commits to it.
    /// @param index Its place in the batch, below the size; a random permutation.
    /// @param holder The pseudonym of the person, which only this organisation uses.
    /// @param lot The lot it came from, as `DrugProvenance` names it; zero if the lot is not traced on chain.
    /// @param fields The Merkle root over the salted fields of the canonical immunization.
    struct Dose {
        uint32 index;
        address holder;
        bytes32 lot;
        bytes32 fields;
    }

    /// @notice What is kept of a batch.
    /// @param anchoredAt When it was anchored (Unix seconds); 0 if it never was.
    /// @param size How many doses it has.
    /// @param signer The account that anchored it for the organisation.
    struct Batch {
        uint64 anchoredAt;
        uint32 size;
        address signer;
    }

    /// @notice What is known of a dose.
    /// @param status How it stands.
    /// @param advisories What else a reader should know, as bits of `Advisories`; 0 if there is nothing.
    /// @param anchoredAt When its batch was anchored (Unix seconds); 0 if it is UNKNOWN.
    /// @param size How many doses its batch has; 0 if it is UNKNOWN.
    /// @param signer The account that anchored its batch; zero if it is UNKNOWN.
    struct Verdict {
        Status status;
        uint8 advisories;
        uint64 anchoredAt;
        uint32 size;
        address signer;
    }

    /// @notice An organisation anchored a batch of doses.
    /// @param organisation The organisation that gave them.
    /// @param root The Merkle root over the doses.
    /// @param signer The account that anchored it.
    /// @param anchoredAt When (Unix seconds).
    /// @param size How many doses it has.
    /// @param lots The lots that were used, each once; empty if none is traced on chain.
    event BatchAnchored(
        bytes32 indexed organisation,
        bytes32 indexed root,
        address indexed signer,
        uint64 anchoredAt,
        uint32 size,
        bytes32[] lots
    );

    /// @notice A dose was withdrawn, for ever.
    /// @param batch The id of its batch: `keccak256(abi.encode(organisation, root))`.
    /// @param index Its place in the batch.
    event DoseRevoked(bytes32 indexed batch, uint32 index);

    /// @notice The root of a batch must not be zero.
    error EmptyRoot();

    /// @notice A batch has from 1 to 1,048,576 doses.
    /// @param size What was given.
    error InvalidSize(uint32 size);

    /// @notice A batch names at most 256 lots.
    /// @param count How many were given.
    error TooManyLots(uint256 count);

    /// @notice This organisation anchored this root already.
    /// @param organisation The organisation.
    /// @param root The Merkle root.
    error BatchExists(bytes32 organisation, bytes32 root);

    /// @notice The batch has no dose at this place, or was never anchored.
    /// @param index The place that was named.
    /// @param size How many doses the batch has; 0 if it was never anchored.
    error UnknownDose(uint32 index, uint256 size);

    /// @notice This dose was withdrawn already.
    /// @param index Its place in the batch.
    error DoseAlreadyRevoked(uint32 index);

    /// @notice Records a batch of doses that `organisation` gave.
    /// @dev It is not checked that the leaves exist, nor that each of their lots is among `lots`: a verifier sees the lot of each dose
    /// that it is shown and is told if that lot is unknown or recalled. Emits {BatchAnchored}.
    ///
    /// Reverts with:
    /// - {IAccreditationRegistry-NotAuthorised} if the caller may not act for the organisation as VACCINATOR now.
    /// - {EmptyRoot} if `root` is zero.
    /// - {InvalidSize} if `size` is 0 or above 2^20.
    /// - {BatchExists} if the organisation anchored this root before.
    /// - {TooManyLots} if there are more than 256 lots.
    /// - {IDrugProvenance-UnknownLot}, {IDrugProvenance-LotRecalled}, {IDrugProvenance-LotQuarantined} or
    ///   {IDrugProvenance-LotExpired} if a lot is not in use now.
    ///
    /// @param organisation The organisation that gave the doses.
    /// @param root The Merkle root over them.
    /// @param size How many they are, from 1 to 2^20; bounds the length of the proofs.
    /// @param lots The lots that were used, as `DrugProvenance` names them; at most 256.
    function anchor(bytes32 organisation, bytes32 root, uint32 size, bytes32[] calldata lots) external;

    /// @notice Withdraws one dose, for ever.
    /// @dev The account that anchored the batch may withdraw from it for one day without being looked up, so that a slip is mended
    /// cheaply; even an account that was removed within that day can then only take back what it had itself just said, which the
    /// organisation can anchor again. After that day, and for every other account, the right to act is looked up. Emits {DoseRevoked}.
    ///
    /// Reverts with:
    /// - {UnknownDose} if the organisation never anchored this root, or `index` is not below the size of the batch.
    /// - {IAccreditationRegistry-NotAuthorised} if the caller neither may act for the organisation as VACCINATOR now, nor is the authority
    ///   of its jurisdiction, nor anchored the batch within the last day.
    /// - {DoseAlreadyRevoked} if it was withdrawn before.
    ///
    /// @param organisation The organisation that gave it.
    /// @param root The Merkle root of its batch.
    /// @param index Its place in the batch.
    function revoke(bytes32 organisation, bytes32 root, uint32 index) external;

    /// @notice How a dose stands, as of a time.
    /// @dev Never reverts. The issuer is judged by the time of the anchor with what is known now: a compromise that was declared later
    /// counts. So do withdrawals and recalls. A time that is ahead is answered with what is known now. A recall does not change the
    /// status of a dose: it was given all the same.
    ///
    /// It is the caller who must trust `organisation`: a verdict says that this organisation said so, as an accredited vaccinator.
    ///
    /// @param organisation The organisation that gave it.
    /// @param root The Merkle root of its batch.
    /// @param dose The dose.
    /// @param proof Its siblings from the leaf up.
    /// @param at The time that is asked about (Unix seconds); before the anchor the dose is UNKNOWN.
    /// @return The verdict.
    function verify(
        bytes32 organisation,
        bytes32 root,
        Dose calldata dose,
        bytes32[] calldata proof,
        uint64 at
    ) external view returns (Verdict memory);

    /// @notice What is kept of a batch.
    /// @param organisation The organisation.
    /// @param root The Merkle root.
    /// @return The record; all zero if it was never anchored.
    function batchOf(bytes32 organisation, bytes32 root) external view returns (Batch memory);

    /// @notice Whether a dose was withdrawn.
    /// @dev Says nothing about the dose: {verify} does.
    /// @param organisation The organisation.
    /// @param root The Merkle root of its batch.
    /// @param index Its place in the batch.
    /// @return Whether it was.
    function isRevoked(bytes32 organisation, bytes32 root, uint32 index) external view returns (bool);
}
