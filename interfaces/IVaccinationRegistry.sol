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
/// A dose has an id: `keccak256(abi.encode(batch, index))`, where `batch` is `keccak256(abi.encode(organisation, root))`.
///
/// No health data is on chain. The lots of a batch are public, but not which dose came from which lot. Reasons and statements are salted
/// commitments.
///
/// An anchor never changes; a revocation, a correction and a dispute are final. What is not proven reads UNKNOWN, never valid. The registry proves who said
/// what and when; it cannot prove that the dose was in the syringe.
interface IVaccinationRegistry {
    /// @notice How a dose stands.
    /// @dev UNKNOWN was not proven to be in a batch that was anchored by that time. ACTIVE is anchored by a trusted issuer and not
    /// withdrawn. SUPERSEDED was corrected: another dose took its place. REVOKED was withdrawn. ISSUER_UNTRUSTED was
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

    /// @notice Where a dose stands.
    /// @param organisation The organisation that gave it.
    /// @param root The Merkle root of its batch.
    /// @param index Its place in the batch.
    struct Place {
        bytes32 organisation;
        bytes32 root;
        uint32 index;
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
    /// @param successor If it is SUPERSEDED, the id of the dose that took its place: `keccak256(abi.encode(batch, index))`; else zero.
    struct Verdict {
        Status status;
        uint8 advisories;
        uint64 anchoredAt;
        uint32 size;
        address signer;
        bytes32 successor;
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

    /// @notice A dose was withdrawn because it was never given as recorded, for ever.
    /// @param batch The id of its batch.
    /// @param index Its place in the batch.
    event DoseErrorEntered(bytes32 indexed batch, uint32 index);

    /// @notice Another dose took the place of a dose, for ever.
    /// @param batch The id of the batch of the old one.
    /// @param correctionBatch The id of the batch of the new one.
    /// @param index The place of the old one in its batch.
    /// @param correctionIndex The place of the new one in its batch.
    /// @param reason A salted commitment to the reason.
    event DoseAmended(
        bytes32 indexed batch,
        bytes32 indexed correctionBatch,
        uint32 index,
        uint32 correctionIndex,
        bytes32 reason
    );

    /// @notice A person says that a dose which is recorded as theirs is wrong, or is not theirs.
    /// @param holder The person.
    /// @param dose The id of the dose; whether it is one of this holder only {verify} knows.
    /// @param statement A salted commitment to what is wrong.
    event DoseDisputed(address indexed holder, bytes32 indexed dose, bytes32 statement);

    /// @notice An organisation may correct and withdraw the doses of another, whose work it took over, or no longer may.
    /// @param organisation The organisation that gave the doses.
    /// @param heir The organisation that took over; zero for none.
    event HeirNamed(bytes32 indexed organisation, bytes32 indexed heir);

    /// @notice Doses of series were recorded, each of which can be recorded once.
    /// @param organisation The clinic or the programme for which they were.
    /// @param signer The account that recorded them.
    /// @param nullifiers Keyed hashes of holder, series and dose number, which say nothing without the key.
    event DosesRecorded(bytes32 indexed organisation, address indexed signer, bytes32[] nullifiers);

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

    /// @notice This dose was withdrawn or corrected already.
    /// @param index Its place in the batch.
    error DoseAlreadyRevoked(uint32 index);

    /// @notice This dose took the place of another dose already; it can take that of one alone.
    /// @param index Its place in its batch.
    error AlreadyCorrection(uint32 index);

    /// @notice Only doses of the same organisation, or of the one that took over its work, take the place of its doses.
    /// @param organisation The organisation that gave the old dose.
    /// @param issuer The organisation that gave the new one.
    error NotHeir(bytes32 organisation, bytes32 issuer);

    /// @notice At most 256 doses of series are recorded at once.
    /// @param count How many were given.
    error TooManyNullifiers(uint256 count);

    /// @notice This dose of the series was recorded for this person already.
    /// @param nullifier The keyed hash that stands for it.
    error DoseAlreadyRecorded(bytes32 nullifier);

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

    /// @notice Records doses of series for `organisation`, each of which nobody can record for it again: all of them, or none.
    /// @dev Optional, and beside {anchor}, so that no nullifier tells in which batch its dose stands; whoever asks for it records before
    /// the dose is given or anchored. A nullifier is a hash under a key that the organisation keeps, over person, series and dose number; how
    /// it is made is not checked. A programme of several clinics is an organisation of its own, whose signers are those of its clinics and who
    /// share its key. Others record for their own organisations alone, so whoever copies a nullifier that it sees keeps nobody from
    /// recording it. What is recorded stays so when a dose is withdrawn; what takes its place is anchored without. Emits {DosesRecorded}.
    ///
    /// Reverts with:
    /// - {IAccreditationRegistry-NotAuthorised} if the caller may not act for the organisation as VACCINATOR now.
    /// - {TooManyNullifiers} if there are more than 256.
    /// - {DoseAlreadyRecorded} if one was recorded for the organisation before, or stands twice among them.
    ///
    /// @param organisation The clinic or the programme.
    /// @param nullifiers At most 256, sorted, so that their order tells nothing.
    function recordOnce(bytes32 organisation, bytes32[] calldata nullifiers) external;

    /// @notice Withdraws one dose, for ever.
    /// @dev The account that anchored the batch may withdraw from it for one day without being looked up, so that a slip is mended
    /// cheaply; even an account that was removed within that day can then only take back what it had itself just said, which the
    /// organisation can anchor again. After that day, and for every other account, the right to act is looked up. Emits {DoseRevoked}.
    ///
    /// Reverts with:
    /// - {UnknownDose} if the organisation never anchored this root, or `index` is not below the size of the batch.
    /// - {IAccreditationRegistry-NotAuthorised} if the caller neither may act now as VACCINATOR for the organisation or for its heir, nor
    ///   is the authority of its jurisdiction, nor anchored the batch within the last day.
    /// - {DoseAlreadyRevoked} if it was withdrawn or corrected before.
    ///
    /// @param organisation The organisation that gave it.
    /// @param root The Merkle root of its batch.
    /// @param index Its place in the batch.
    function revoke(bytes32 organisation, bytes32 root, uint32 index) external;

    /// @notice Withdraws one dose that was never given as recorded, for ever.
    /// @dev It reads REVOKED with ENTERED_IN_ERROR. The right to do so is that of {revoke}. Emits {DoseErrorEntered}.
    ///
    /// Reverts with the errors of {revoke}.
    ///
    /// @param organisation The organisation that gave it.
    /// @param root The Merkle root of its batch.
    /// @param index Its place in the batch.
    function enterInError(bytes32 organisation, bytes32 root, uint32 index) external;

    /// @notice Lets another dose take the place of a dose, for ever: a correction, which never overwrites.
    /// @dev The old one reads SUPERSEDED and names the new one, which was anchored before like any dose and is judged like any. A dose
    /// has at most one successor and takes the place of at most one; and one that ended takes no place. So corrections form lines
    /// without forks or circles. Emits {DoseAmended}.
    ///
    /// Reverts with:
    /// - {NotHeir} if the new dose is neither of the organisation of the old one nor of its heir.
    /// - {IAccreditationRegistry-NotAuthorised} if the caller may not act as VACCINATOR now for the organisation of the new dose.
    /// - {UnknownDose} if one of the doses is in no batch that was anchored.
    /// - {AlreadyCorrection} if the new dose took the place of another before.
    /// - {DoseAlreadyRevoked} if one of the doses was withdrawn or corrected before, or both are the same.
    ///
    /// @param old Where the old dose stands.
    /// @param correction Where the new one stands.
    /// @param reason A salted commitment to the reason; zero if none is given.
    function amend(Place calldata old, Place calldata correction, bytes32 reason) external;

    /// @notice Says that a dose is recorded wrongly, as its holder, whoever decides for it, or a guardian for CONTEST.
    /// @dev It reads DISPUTED from then on, for ever, beside its status; the issuer answers by correcting it, and the new dose is not
    /// disputed. It is not checked that the dose is one of this holder, nor that it exists: {verify} looks a dose up under its own
    /// holder, so a dispute of another changes nothing. So neither lot nor proof becomes public. A second dispute changes nothing.
    /// Emits {DoseDisputed}.
    ///
    /// Reverts with:
    /// - {IPatientRegistry-NotController} if the caller neither decides for the holder now nor is a guardian for CONTEST.
    ///
    /// @param holder The person.
    /// @param dose The id of the dose: `keccak256(abi.encode(batch, index))`.
    /// @param statement A salted commitment to what is wrong; zero if nothing is said.
    function dispute(address holder, bytes32 dose, bytes32 statement) external;

    /// @notice Says that a dose is recorded wrongly, for a holder whose controller signed that; anyone may send it.
    /// @dev What is signed is `Dispute(address registry,address holder,bytes32 dose,bytes32 statement,uint64 deadline)` in the domain of
    /// the registry of patients, see {IPatientRegistry-isSigned}; `registry` is this contract. Emits {DoseDisputed}.
    ///
    /// Reverts with:
    /// - {ISignedActions-SignatureExpired} after `deadline`.
    /// - {ISignedActions-InvalidSignature} if the controller of the holder did not sign this.
    ///
    /// @param holder The person.
    /// @param dose The id of the dose.
    /// @param statement A salted commitment to what is wrong.
    /// @param deadline Last second in which it may be sent (Unix seconds).
    /// @param signature The signature.
    function disputeBySig(
        address holder,
        bytes32 dose,
        bytes32 statement,
        uint64 deadline,
        bytes calldata signature
    ) external;

    /// @notice Says which organisation took over the work of another, as the authority of the other's jurisdiction.
    /// @dev Emits {HeirNamed}.
    ///
    /// Reverts with:
    /// - {IAccreditationRegistry-NotAuthority} if the caller is not the authority of the jurisdiction of `organisation`.
    ///
    /// @param organisation The organisation that gave doses.
    /// @param heir The organisation that may correct and withdraw them from now on beside it; zero for none.
    function nameHeir(bytes32 organisation, bytes32 heir) external;

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

    /// @notice Whether a dose was withdrawn or corrected.
    /// @dev Says nothing about the dose: {verify} does.
    /// @param organisation The organisation.
    /// @param root The Merkle root of its batch.
    /// @param index Its place in the batch.
    /// @return Whether it was.
    function isRevoked(bytes32 organisation, bytes32 root, uint32 index) external view returns (bool);

    /// @notice The account that recorded a dose of a series.
    /// @param organisation The clinic or the programme for which it did.
    /// @param nullifier The keyed hash that stands for the dose.
    /// @return The account; zero if nobody did.
    function recorderOf(bytes32 organisation, bytes32 nullifier) external view returns (address);

    /// @notice The organisation that took over the work of another.
    /// @param organisation The other.
    /// @return The heir; zero if there is none.
    function heirOf(bytes32 organisation) external view returns (bytes32);
}
