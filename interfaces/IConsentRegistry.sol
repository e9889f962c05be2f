// SPDX-License-Identifier: Apache-2.0
pragma solidity >=0.8.26;

/// @title IConsentRegistry
/// @notice Patients decide to whom, for what, where and when their data are shown; everyone can ask whether a request is covered.
/// @dev A consent is an EIP-712 struct and its id is the struct hash, so it needs no registration: a patient may grant it on chain, or sign
/// it and hand it over, in which case the signature is the receipt and anyone may anchor it with {grantBySig}. Either way the patient
/// revokes it here by its id. Only the outer fields and the hash of the terms ever reach the chain in a transaction; purposes, classes
/// and places are given to {check} alone, which is a view.
///
/// There are no nonces. What is known of a consent stands under (patient, id), so a second grant of one id changes nothing and a revoked id
/// stays revoked, also when it is revoked before it was ever anchored. A revocation of everything names the epoch that it ends, so a second
/// copy of it does nothing, whatever was granted since.
///
/// Epochs: {revokeAll} and {revokeAllOf} end all consents at once by advancing {epochOf}, which every consent carries. Their times are kept, so
/// {checkAt} answers for the past.
///
/// Intervals are half-open: `[from, until)`. All times are Unix seconds. A grant or a revocation counts from its own second on.
///
/// What this registry cannot know: whether the purpose, the class, the label, the facility and the time in a request are true. It is asked
/// by whoever holds the data, who must state them honestly, and enforce the answer. It does know organisation, actor, accreditation and
/// jurisdiction, and looks them up. Revocation cannot undo what was read.
interface IConsentRegistry {
    /// @notice What a consent covers. Hidden from the chain behind its hash.
    /// @dev An empty mask permits nothing. Zero means "any" for `jurisdiction`, `facility` and `dataUntil`, and for nothing else. A consent with
    /// `parent` set stands on that one and dies with it: {checkLine} judges both, {check} refuses it (PARENT).
    /// @param purposes The purposes of use, as bits of `Purposes`; the highest bit says that the grantee must accept before it uses.
    /// @param dataClasses The classes of data, as bits of `DataClasses`.
    /// @param sensitivity The highest label that is released, a level of `Confidentiality`; 0 releases nothing.
    /// @param jurisdiction Where the organisation must be registered (ISO 3166-1 numeric); 0 for anywhere.
    /// @param facility The facility at which data may be used, as a hash; zero for any.
    /// @param dataFrom The earliest time of the data (Unix seconds).
    /// @param dataUntil The first time of data that is no longer covered (Unix seconds); 0 for no end.
    /// @param onward Whether other consents may stand on this one, for whom the grantee shares with.
    /// @param parent The consent under which this one was given; zero if none.
    /// @param document The hash of what the patient read; zero if none.
    /// @param salt 32 random bytes, so that the terms cannot be guessed from their hash.
    struct Terms {
        uint32 purposes;
        uint32 dataClasses;
        uint8 sensitivity;
        uint16 jurisdiction;
        bytes32 facility;
        uint64 dataFrom;
        uint64 dataUntil;
        bool onward;
        bytes32 parent;
        bytes32 document;
        bytes32 salt;
    }

    /// @notice A patient's consent that an organisation uses data, as the patient signs it.
    /// @param patient The patient's address for this relationship.
    /// @param grantee The organisation that may use data, as the keccak256 of its identifier.
    /// @param accessFrom First second in which it may (Unix seconds).
    /// @param accessUntil First second in which it may no longer (Unix seconds).
    /// @param maxUses How many uses may be recorded; the largest number means no limit, 0 means none.
    /// @param epoch What {epochOf} answered for the patient and the grantee when it was made.
    /// @param terms What it covers.
    struct Consent {
        address patient;
        bytes32 grantee;
        uint64 accessFrom;
        uint64 accessUntil;
        uint32 maxUses;
        uint64 epoch;
        Terms terms;
    }

    /// @notice A consent with its terms replaced by their hash: what a transaction carries.
    /// @dev EIP-712 hashes a nested struct to exactly that, so both have the same id.
    /// @param patient The patient's address for this relationship.
    /// @param grantee The organisation that may use data, as the keccak256 of its identifier.
    /// @param accessFrom First second in which it may (Unix seconds).
    /// @param accessUntil First second in which it may no longer (Unix seconds).
    /// @param maxUses How many uses may be recorded; the largest number means no limit, 0 means none.
    /// @param epoch What {epochOf} answered for the patient and the grantee when it was made.
    /// @param termsHash The EIP-712 struct hash of the terms.
    struct Grant {
        address patient;
        bytes32 grantee;
        uint64 accessFrom;
        uint64 accessUntil;
        uint32 maxUses;
        uint64 epoch;
        bytes32 termsHash;
    }

    /// @notice Who wants to use which data, for what and where.
    /// @dev Codes are whole words, so that one that is too large is refused with its reason instead of without any.
    /// @param actor The account of the person or machine that asks.
    /// @param organisation The organisation for which it acts.
    /// @param purpose The purpose of use, exactly one bit of `Purposes`.
    /// @param dataClass The class of the data, exactly one bit of `DataClasses`.
    /// @param sensitivity The label of the data, a level of `Confidentiality`.
    /// @param facility The facility at which the data would be used, as a hash; zero if it is not stated.
    /// @param jurisdiction The jurisdiction of the organisation (ISO 3166-1 numeric); 0 if it is not stated. Looked up where the
    /// consent is for one jurisdiction, and of no effect where it is for any.
    /// @param dataAt The time of the data (Unix seconds).
    struct Request {
        address actor;
        bytes32 organisation;
        uint256 purpose;
        uint256 dataClass;
        uint256 sensitivity;
        bytes32 facility;
        uint256 jurisdiction;
        uint64 dataAt;
    }

    /// @notice The answer to a request, in rising precedence: where several answers meet, the highest holds.
    /// @dev BREAK_GLASS is the rank of access in an emergency, of which {IEmergencyAccess} knows. A patient's own denial outranks it.
    enum Decision {
        DEFAULT_DENIAL,
        PERMIT,
        BREAK_GLASS,
        EXPLICIT_DENIAL
    }

    /// @notice The one thing that is wrong, in the order in which they are looked at: the first that applies is answered.
    /// @dev NONE: nothing, the request is permitted. FUTURE: the time asked about has not come. REVOKED: the patient revoked this consent. EPOCH: the
    /// patient revoked all consents, or all to this organisation, or the epoch had not begun. UNKNOWN: it was not granted by then, and no signature
    /// was given. SIGNATURE: the signature is not that of the patient's controller. PARENT: it stands on another consent, which was not shown before
    /// it, or of which the patient is another. NOT_YET, EXPIRED: the time is before or after its window. USES: it was used as often as it may.
    /// ORGANISATION: it was given to another one. JURISDICTION: the consent is for one jurisdiction, and the request or the organisation is of
    /// another. ACCREDITATION: the organisation is not in good standing. ACTOR: the account does not act for it. PURPOSE, DATA_CLASS, SENSITIVITY,
    /// FACILITY, DATA_TIME: not covered by the terms.
    ///
    /// Those that follow have their places among these. FROZEN, before SIGNATURE: the patient is frozen, so no signature counts. ONWARD and WIDER,
    /// after PARENT: the parent does not share onward, or gives less than this one. DECLINED, NOT_ACCEPTED, after USES: the grantee declined, or has
    /// not accepted what must be accepted. HIDDEN, after them: a guardian granted it, and the patient hides this class from guardians. LINE: no consent,
    /// more than 4, or not one signature for each.
    enum Reason {
        NONE,
        FUTURE,
        REVOKED,
        EPOCH,
        UNKNOWN,
        SIGNATURE,
        PARENT,
        NOT_YET,
        EXPIRED,
        USES,
        ORGANISATION,
        JURISDICTION,
        ACCREDITATION,
        ACTOR,
        PURPOSE,
        DATA_CLASS,
        SENSITIVITY,
        FACILITY,
        DATA_TIME,
        FROZEN,
        ONWARD,
        WIDER,
        DECLINED,
        NOT_ACCEPTED,
        HIDDEN,
        LINE
    }

    /// @notice A patient granted a consent.
    /// @param consent The id of the consent.
    /// @param patient The patient.
    /// @param grantee The organisation that may use data.
    /// @param accessFrom First second in which it may (Unix seconds).
    /// @param accessUntil First second in which it may no longer (Unix seconds).
    /// @param grantedAt When (Unix seconds).
    /// @param isByGuardian Whether a guardian granted it, and not the controller.
    event ConsentGranted(
        bytes32 indexed consent,
        address indexed patient,
        bytes32 indexed grantee,
        uint64 accessFrom,
        uint64 accessUntil,
        uint64 grantedAt,
        bool isByGuardian
    );

    /// @notice A patient revoked a consent for ever.
    /// @param consent The id of the consent.
    /// @param patient The patient.
    /// @param revokedAt When (Unix seconds).
    event ConsentRevoked(bytes32 indexed consent, address indexed patient, uint64 revokedAt);

    /// @notice A patient revoked all consents.
    /// @param patient The patient.
    /// @param epoch The epoch from now on, as {epochOf} answers for the zero grantee.
    /// @param revokedAt When (Unix seconds).
    event ConsentsRevoked(address indexed patient, uint64 epoch, uint64 revokedAt);

    /// @notice A patient revoked all consents to one organisation.
    /// @param patient The patient.
    /// @param grantee The organisation.
    /// @param epoch The epoch of this pair from now on.
    /// @param revokedAt When (Unix seconds).
    event GranteeConsentsRevoked(address indexed patient, bytes32 indexed grantee, uint64 epoch, uint64 revokedAt);

    /// @notice An organisation accepted a consent, and so has seen its terms.
    /// @param consent The id of the consent.
    /// @param patient The patient.
    /// @param grantee The organisation.
    /// @param actor The account that acted for it.
    /// @param obligations A salted hash of what it committed itself to; zero if nothing.
    /// @param acceptedAt When (Unix seconds).
    event ConsentAccepted(
        bytes32 indexed consent,
        address indexed patient,
        bytes32 indexed grantee,
        address actor,
        bytes32 obligations,
        uint64 acceptedAt
    );

    /// @notice An organisation declined a consent for ever.
    /// @param consent The id of the consent.
    /// @param patient The patient.
    /// @param grantee The organisation.
    /// @param actor The account that acted for it.
    /// @param declinedAt When (Unix seconds).
    event ConsentDeclined(
        bytes32 indexed consent,
        address indexed patient,
        bytes32 indexed grantee,
        address actor,
        uint64 declinedAt
    );

    /// @notice An organisation used a consent.
    /// @param consent The id of the consent.
    /// @param patient The patient.
    /// @param grantee The organisation.
    /// @param actor The account that acted for it.
    /// @param requestCommitment A salted hash of the request.
    /// @param uses How often it was used by now.
    /// @param usedAt When (Unix seconds).
    event ConsentUsed(
        bytes32 indexed consent,
        address indexed patient,
        bytes32 indexed grantee,
        address actor,
        bytes32 requestCommitment,
        uint32 uses,
        uint64 usedAt
    );

    /// @notice The window of access is empty or already over.
    /// @param accessFrom First second of the window (Unix seconds).
    /// @param accessUntil First second after it (Unix seconds).
    error InvalidAccessWindow(uint64 accessFrom, uint64 accessUntil);

    /// @notice All consents of its time were revoked, or its epoch has not begun: it must be made anew.
    /// @param epoch The epoch that was given.
    /// @param current The epoch now.
    error WrongEpoch(uint64 epoch, uint64 current);

    /// @notice The patient revoked this consent; it does not come back.
    /// @param consent The id of the consent.
    /// @param revokedAt Since when (Unix seconds).
    error AlreadyRevoked(bytes32 consent, uint64 revokedAt);

    /// @notice The organisation answered this consent before; it answers once.
    /// @param consent The id of the consent.
    /// @param answeredAt When (Unix seconds).
    error AlreadyAnswered(bytes32 consent, uint64 answeredAt);

    /// @notice The organisation declined this consent.
    /// @param consent The id of the consent.
    /// @param declinedAt When (Unix seconds).
    error Declined(bytes32 consent, uint64 declinedAt);

    /// @notice This consent was not granted on chain.
    /// @param consent The id of the consent.
    error NotGranted(bytes32 consent);

    /// @notice This is not the time in which the consent may be used.
    /// @param accessFrom First second in which it may be used (Unix seconds).
    /// @param accessUntil First second in which it may no longer be used (Unix seconds).
    error OutsideAccessWindow(uint64 accessFrom, uint64 accessUntil);

    /// @notice This consent was used as often as it may be.
    /// @param maxUses How often that is.
    error UsesExhausted(uint32 maxUses);

    /// @notice Grants a consent, as the patient's controller or a guardian for GRANT.
    /// @dev Granting it again changes nothing and emits nothing. Emits {ConsentGranted}.
    ///
    /// Reverts with:
    /// - {IPatientRegistry-NotController} if the caller is neither.
    /// - {IPatientRegistry-Frozen} if the patient is frozen.
    /// - {AlreadyRevoked} if this id was revoked.
    /// - {InvalidAccessWindow} if the window is empty or over.
    /// - {WrongEpoch} if its epoch is not the one of now.
    /// - {IAccreditationRegistry-NotAccredited} if the grantee is not in good standing.
    ///
    /// @param outer The consent, its terms as a hash.
    /// @return The id of the consent.
    function grant(Grant calldata outer) external returns (bytes32);

    /// @notice Grants a consent that the patient's controller signed, or the key of a guardian for GRANT; anyone may send it.
    /// @dev What is signed is the `Consent` itself. It needs no deadline, as the window of access ends it. Emits {ConsentGranted}.
    ///
    /// Reverts with:
    /// - {ISignedActions-InvalidSignature} if neither the patient's controller nor the key of a guardian for that signed it.
    /// - what {grant} reverts with, {IPatientRegistry-NotController} aside.
    ///
    /// @param outer The consent, its terms as a hash.
    /// @param signature The signature of the consent by the patient's controller.
    /// @return The id of the consent.
    function grantBySig(Grant calldata outer, bytes calldata signature) external returns (bytes32);

    /// @notice Revokes a consent for ever, as the patient's controller or a guardian for REVOKE, from this second on, also one that was only signed.
    /// @dev Revoking it again changes nothing and emits nothing. Emits {ConsentRevoked}.
    ///
    /// Reverts with:
    /// - {IPatientRegistry-NotController} if the caller is neither.
    ///
    /// @param patient The patient.
    /// @param consent The id of the consent.
    function revoke(address patient, bytes32 consent) external;

    /// @notice Revokes a consent in the name of a patient who signed that; anyone may send it.
    /// @dev Signed: `Revoke(address patient,bytes32 consent,uint64 deadline)`. Emits {ConsentRevoked}.
    ///
    /// Reverts with:
    /// - {ISignedActions-SignatureExpired} if the deadline is over.
    /// - {ISignedActions-InvalidSignature} if neither the patient's controller nor the key of a guardian for that signed it.
    ///
    /// @param patient The patient.
    /// @param consent The id of the consent.
    /// @param deadline Last second in which it may be sent (Unix seconds).
    /// @param signature The patient's signature.
    function revokeBySig(address patient, bytes32 consent, uint64 deadline, bytes calldata signature) external;

    /// @notice Revokes all consents of a patient, as its controller or a guardian for REVOKE, also those only signed, at a fixed cost.
    /// @dev Emits {ConsentsRevoked}.
    ///
    /// Reverts with:
    /// - {IPatientRegistry-NotController} if the caller is neither.
    ///
    /// @param patient The patient.
    function revokeAll(address patient) external;

    /// @notice Revokes all consents in the name of a patient who signed that; anyone may send it.
    /// @dev Signed: `RevokeAll(address patient,uint64 epoch,uint64 deadline)`. Where that epoch has ended already, nothing changes and nothing is
    /// emitted, so neither a second copy nor a late one touches newer consents. Emits {ConsentsRevoked}.
    ///
    /// Reverts with:
    /// - {ISignedActions-SignatureExpired} if the deadline is over.
    /// - {ISignedActions-InvalidSignature} if neither the patient's controller nor the key of a guardian for that signed it.
    /// - {WrongEpoch} if the epoch has not begun.
    ///
    /// @param patient The patient.
    /// @param epoch The epoch that it ends, as {epochOf} answers for the zero grantee.
    /// @param deadline Last second in which it may be sent (Unix seconds).
    /// @param signature The patient's signature.
    function revokeAllBySig(address patient, uint64 epoch, uint64 deadline, bytes calldata signature) external;

    /// @notice Revokes all consents of a patient to one organisation, as its controller or a guardian for REVOKE, also those only signed.
    /// @dev Emits {GranteeConsentsRevoked}.
    ///
    /// Reverts with:
    /// - {IPatientRegistry-NotController} if the caller is neither.
    /// - {IAccreditationRegistry-ZeroIdentifier} if `grantee` is zero.
    ///
    /// @param patient The patient.
    /// @param grantee The organisation.
    function revokeAllOf(address patient, bytes32 grantee) external;

    /// @notice Revokes all consents to one organisation in the name of a patient who signed that; anyone may send it.
    /// @dev Signed: `RevokeAllOf(address patient,bytes32 grantee,uint64 epoch,uint64 deadline)`. Where that epoch has ended already, by this or by
    /// {revokeAll}, nothing changes and nothing is emitted. Emits {GranteeConsentsRevoked}.
    ///
    /// Reverts with:
    /// - {ISignedActions-SignatureExpired} if the deadline is over.
    /// - {ISignedActions-InvalidSignature} if neither the patient's controller nor the key of a guardian for that signed it.
    /// - {IAccreditationRegistry-ZeroIdentifier} if `grantee` is zero.
    /// - {WrongEpoch} if the epoch has not begun.
    ///
    /// @param patient The patient.
    /// @param grantee The organisation.
    /// @param epoch The epoch of this pair that it ends.
    /// @param deadline Last second in which it may be sent (Unix seconds).
    /// @param signature The patient's signature.
    function revokeAllOfBySig(
        address patient,
        bytes32 grantee,
        uint64 epoch,
        uint64 deadline,
        bytes calldata signature
    ) external;

    /// @notice Accepts a consent as the organisation that it was given to, also one that was only signed.
    /// @dev Proves that the organisation saw the terms, as the id is their hash. Where the terms demand it, {check} refuses until it is done.
    /// Emits {ConsentAccepted}.
    ///
    /// Reverts with:
    /// - {IAccreditationRegistry-NotAuthorised} if the caller does not act for the grantee, or the grantee is not in good standing.
    /// - {AlreadyRevoked} if this id was revoked.
    /// - {AlreadyAnswered} if it was accepted or declined.
    ///
    /// @param outer The consent, its terms as a hash.
    /// @param obligations A salted hash of what the organisation commits itself to; zero if nothing.
    function accept(Grant calldata outer, bytes32 obligations) external;

    /// @notice Declines a consent for ever, as the organisation that it was given to, also one that was only signed.
    /// @dev Emits {ConsentDeclined}.
    ///
    /// Reverts with:
    /// - {IAccreditationRegistry-NotAuthorised} if the caller does not act for the grantee, or the grantee is not in good standing.
    /// - {AlreadyRevoked} if this id was revoked.
    /// - {AlreadyAnswered} if it was accepted or declined.
    ///
    /// @param outer The consent, its terms as a hash.
    function decline(Grant calldata outer) external;

    /// @notice Records one use of a consent by the organisation that it was given to.
    /// @dev Counts, and does not judge the terms, which it never sees: whoever releases data calls {check} and then asks for this. A consent that
    /// was only signed is granted first. Emits {ConsentUsed}.
    ///
    /// Reverts with:
    /// - {IAccreditationRegistry-NotAuthorised} if the caller does not act for the grantee, or the grantee is not in good standing.
    /// - {NotGranted} if it was not granted on chain.
    /// - {AlreadyRevoked} if this id was revoked.
    /// - {Declined} if the organisation declined it.
    /// - {WrongEpoch} if all consents of its time were revoked.
    /// - {OutsideAccessWindow} if this is not its time.
    /// - {UsesExhausted} if it was used as often as it may.
    ///
    /// @param outer The consent, its terms as a hash.
    /// @param requestCommitment A hash of the request with a salt, so that it can be proven and not guessed.
    function use(Grant calldata outer, bytes32 requestCommitment) external;

    /// @notice Whether a request is covered by a consent now.
    /// @dev Never reverts, whatever the signature or the patient's wallet does. The signature is looked at only where the consent was not granted on
    /// chain. An ERC-1271 wallet may cost up to 3 times its limit of gas.
    /// @param consent The consent with its terms.
    /// @param request Who wants what.
    /// @param signature The signature of the consent by the patient's controller; empty if it was granted on chain.
    /// @return The answer.
    /// @return The first thing that is wrong; NONE if it is permitted.
    function check(
        Consent calldata consent,
        Request calldata request,
        bytes calldata signature
    ) external view returns (Decision, Reason);

    /// @notice Whether a request was covered by a consent at a time, from the facts that are stored.
    /// @dev Never reverts. For the time of now it answers as {check}. What it cannot date: a signature counts as if it had always been there, and a
    /// wallet answers as it would today; a consent that was used up is taken as such from the second after its last use. An accreditation is
    /// judged with what is known now, so a compromise that was declared later counts. So are the controller, whose signature is asked for, the
    /// newest freeze, and what is hidden from guardians.
    /// @param consent The consent with its terms.
    /// @param request Who wanted what.
    /// @param signature The signature of the consent by the patient's controller; empty if it was granted on chain.
    /// @param at The time that is asked about (Unix seconds).
    /// @return The answer.
    /// @return The first thing that was wrong; NONE if it was permitted.
    function checkAt(
        Consent calldata consent,
        Request calldata request,
        bytes calldata signature,
        uint64 at
    ) external view returns (Decision, Reason);

    /// @notice Whether a request was covered at a time by a consent that stands on others.
    /// @dev Never reverts. All of the line must be in force: the request is judged by the last, and each is refused that gives more than the one
    /// before it, in any dimension. What is used is counted for the last alone. Everything else is as with {checkAt}.
    /// @param line The consents, at most 4: one that stands alone, then each on the one before it.
    /// @param request Who wanted what.
    /// @param signatures One for each consent; empty for those granted on chain.
    /// @param at The time that is asked about (Unix seconds).
    /// @return The answer.
    /// @return The first thing that was wrong; NONE if it was permitted.
    /// @return Which consent of the line it is wrong with, counted from 0.
    function checkLine(
        Consent[] calldata line,
        Request calldata request,
        bytes[] calldata signatures,
        uint64 at
    ) external view returns (Decision, Reason, uint256);

    /// @notice What is known of a consent.
    /// @dev Says nothing about epochs, window or terms: {check} does.
    /// @param patient The patient.
    /// @param consent The id of the consent.
    /// @return grantedAt When it was granted on chain (Unix seconds); 0 if it was not.
    /// @return revokedAt When it was revoked by its id (Unix seconds); 0 while it was not.
    /// @return usedAt When it was last used (Unix seconds); 0 if never.
    /// @return uses How many uses were recorded.
    /// @return acceptedAt When the grantee accepted it (Unix seconds); 0 if it did not.
    /// @return declinedAt When the grantee declined it (Unix seconds); 0 if it did not.
    /// @return isByGuardian Whether a guardian granted it on chain, and not the patient's controller.
    function recordOf(
        address patient,
        bytes32 consent
    )
        external
        view
        returns (
            uint64 grantedAt,
            uint64 revokedAt,
            uint64 usedAt,
            uint32 uses,
            uint64 acceptedAt,
            uint64 declinedAt,
            bool isByGuardian
        );

    /// @notice The epoch that a new consent of `patient` to `grantee` must carry.
    /// @dev The upper half counts the calls of {revokeAll}, the lower 32 bits those of {revokeAllOf}. For the zero grantee the lower half is zero.
    /// @param patient The patient.
    /// @param grantee The organisation.
    /// @return The epoch.
    function epochOf(address patient, bytes32 grantee) external view returns (uint64);

    /// @notice The id of a consent: its EIP-712 struct hash.
    /// @param outer The consent, its terms as a hash.
    /// @return The id.
    function idOf(Grant calldata outer) external pure returns (bytes32);

    /// @notice The EIP-712 struct hash of terms, which stands for them in a `Grant`.
    /// @param terms The terms.
    /// @return Their hash.
    function termsHashOf(Terms calldata terms) external pure returns (bytes32);
}
