// SPDX-License-Identifier: Apache-2.0
pragma solidity >=0.8.26;

import {IUnorderedNonces} from "./IUnorderedNonces.sol";

/// @title IPatientRegistry
/// @notice Says who decides for a patient: the patient's own key, one that took its place, or a guardian.
/// @dev A patient is a pseudonymous address and needs no registration: it controls itself until this registry says otherwise. Everything else is
/// bound to that address, so consents, rules and records survive a change of its key. What was only signed does not: a signature counts
/// while its key controls the patient, so a receipt that should outlive a key is granted on chain.
///
/// Against a thief of the key stand a freeze and a recovery. A freeze stops what gives something away (grants, rules for emergencies, new
/// guardians, another controller), ends by itself within 7 days, and never stops a revocation. In a recovery, guardians vote for a new
/// controller; once enough do, the present one has 2 days to veto. Enough is what the patient asks for, at least a majority. A recovery for
/// which all guardians vote, where fewer would do, is beyond a veto, as the veto may be the thief's: a patient who asks for all votes keeps
/// the veto in every case.
///
/// Whatever changes who may freeze and recover, takes effect after 7 days: a new guardian protects from then on, a removed one until then,
/// a new threshold holds from then on. So a thief can neither bring guardians of his own nor get rid of those there are in time.
///
/// All times are Unix seconds, and intervals are half-open: `[from, until)`.
interface IPatientRegistry is IUnorderedNonces {
    /// @notice What a guardian is appointed for.
    /// @param patient The patient.
    /// @param guardian The account of the guardian.
    /// @param scope What it may do, as bits of `Scopes`.
    /// @param from First second in which it may (Unix seconds); an earlier time than now means now.
    /// @param until First second in which it may no longer (Unix seconds), such as the patient's majority.
    /// @param evidence A salted hash of what the appointment rests on; zero if nothing.
    struct Appointment {
        address patient;
        address guardian;
        uint8 scope;
        uint64 from;
        uint64 until;
        bytes32 evidence;
    }

    /// @notice Another account decides for a patient.
    /// @param patient The patient.
    /// @param controller Who decides from now on.
    event ControllerRotated(address indexed patient, address indexed controller);

    /// @notice A guardian was appointed.
    /// @param patient The patient.
    /// @param guardian The account of the guardian.
    /// @param scope What it may do, as bits of `Scopes`.
    /// @param from First second in which it may (Unix seconds).
    /// @param until First second in which it may no longer (Unix seconds).
    /// @param protectFrom First second in which it may freeze or recover (Unix seconds).
    /// @param evidence A salted hash of what the appointment rests on; zero if nothing.
    event GuardianAdded(
        address indexed patient,
        address indexed guardian,
        uint8 scope,
        uint64 from,
        uint64 until,
        uint64 protectFrom,
        bytes32 evidence
    );

    /// @notice A guardian was removed.
    /// @param patient The patient.
    /// @param guardian The account of the guardian.
    /// @param removedAt From when on it may freeze and recover alone (Unix seconds).
    /// @param until First second in which it may not even do that (Unix seconds).
    event GuardianRemoved(address indexed patient, address indexed guardian, uint64 removedAt, uint64 until);

    /// @notice A guardian resigned.
    /// @param patient The patient.
    /// @param guardian The account that is none any more.
    /// @param until Since when (Unix seconds).
    event GuardianResigned(address indexed patient, address indexed guardian, uint64 until);

    /// @notice A patient asks for another number of votes in a recovery.
    /// @param patient The patient.
    /// @param threshold The number; what is below a majority counts as a majority, what is above all as all.
    /// @param from First second in which it holds (Unix seconds).
    event ThresholdChanged(address indexed patient, uint8 threshold, uint64 from);

    /// @notice A patient hides other classes of data from guardians.
    /// @param patient The patient.
    /// @param classes The classes from now on, as bits of `DataClasses`.
    event HiddenClassesChanged(address indexed patient, uint32 classes);

    /// @notice A jurisdiction lets patients hide other classes of data from guardians.
    /// @param jurisdiction The jurisdiction (ISO 3166-1 numeric).
    /// @param classes The classes from now on, as bits of `DataClasses`.
    event HidingAllowed(uint16 indexed jurisdiction, uint32 classes);

    /// @notice A patient was frozen, or a freeze was asked for that others may outlast.
    /// @param patient The patient.
    /// @param caller Who sent it.
    /// @param from First second of the freeze (Unix seconds).
    /// @param until First second after it (Unix seconds).
    /// @param freezableFrom From when on guardians may freeze it again (Unix seconds).
    event FreezeBegun(address indexed patient, address indexed caller, uint64 from, uint64 until, uint64 freezableFrom);

    /// @notice A guardian voted for a new controller.
    /// @param patient The patient.
    /// @param guardian The guardian.
    /// @param controller For whom it votes.
    /// @param round The round in which the vote counts.
    event RecoveryVoted(address indexed patient, address indexed guardian, address controller, uint32 round);

    /// @notice Enough guardians voted for a new controller.
    /// @param patient The patient.
    /// @param controller Who would decide.
    /// @param readyAt First second in which it may be finished (Unix seconds); until then the present controller may veto.
    event RecoveryBegun(address indexed patient, address indexed controller, uint64 readyAt);

    /// @notice The present controller refused a recovery; all votes are void.
    /// @param patient The patient.
    /// @param controller Who would have decided.
    event RecoveryVetoed(address indexed patient, address indexed controller);

    /// @notice Guardians gave a patient a new controller; a freeze is over, all votes are void.
    /// @param patient The patient.
    /// @param controller Who decides from now on.
    /// @param recoveredAt When (Unix seconds).
    event PatientRecovered(address indexed patient, address indexed controller, uint64 recoveredAt);

    /// @notice This account does not decide for this patient.
    /// @param patient The patient.
    /// @param caller The account that tried.
    error NotController(address patient, address caller);

    /// @notice This patient is frozen, as its key may be stolen: it can revoke, and not give.
    /// @param patient The patient.
    error Frozen(address patient);

    /// @notice A freeze must end in the future and within 7 days.
    /// @param until When it was to end (Unix seconds).
    error InvalidFreeze(uint64 until);

    /// @notice Guardians froze this patient before and must leave it free for a while.
    /// @param patient The patient.
    /// @param freezableFrom From when on they may freeze it again (Unix seconds).
    error FrozenBefore(address patient, uint64 freezableFrom);

    /// @notice This account cannot be a guardian of this patient.
    /// @param guardian The account.
    error InvalidGuardian(address guardian);

    /// @notice These are no powers that a guardian can have.
    /// @param scope What was given.
    error InvalidScope(uint8 scope);

    /// @notice This account is a guardian already; remove it first, and wait until its powers have ended.
    /// @param patient The patient.
    /// @param guardian The account.
    error GuardianExists(address patient, address guardian);

    /// @notice A patient has at most 8 guardians.
    /// @param patient The patient.
    error TooManyGuardians(address patient);

    /// @notice This account is no guardian of this patient, or not for that, or not now.
    /// @param patient The patient.
    /// @param guardian The account.
    error NotGuardian(address patient, address guardian);

    /// @notice The veto was signed for another recovery.
    /// @param round The round for which it was signed.
    /// @param current The round now.
    error WrongRound(uint32 round, uint32 current);

    /// @notice All guardians vote for this recovery, where fewer would do: it cannot be vetoed.
    /// @param patient The patient.
    /// @param votes How many vote for it.
    error VetoOverruled(address patient, uint256 votes);

    /// @notice There is no recovery that could be vetoed or finished now.
    /// @param patient The patient.
    /// @param readyAt When one may be finished (Unix seconds), for 7 days; 0 if none was begun.
    error RecoveryNotReady(address patient, uint64 readyAt);

    /// @notice Too few guardians vote for the recovery by now.
    /// @param votes How many do.
    /// @param needed How many must.
    error TooFewVotes(uint256 votes, uint256 needed);

    /// @notice Lets another account decide for a patient.
    /// @dev Emits {ControllerRotated}.
    ///
    /// Reverts with:
    /// - {NotController} if the caller does not decide for the patient.
    /// - {Frozen} if the patient is frozen.
    /// - {IAccreditationRegistry-ZeroIdentifier} if `controller` is zero.
    ///
    /// @param patient The patient.
    /// @param controller Who decides from now on.
    function rotate(address patient, address controller) external;

    /// @notice Lets another account decide for a patient whose controller signed that; anyone may send it.
    /// @dev Signed: `Rotate(address patient,address controller,uint256 nonce,uint64 deadline)`. Emits
    /// {IUnorderedNonces-NonceUsed} and {ControllerRotated}.
    ///
    /// Reverts with:
    /// - {ISignedActions-SignatureExpired} if the deadline is over.
    /// - {ISignedActions-InvalidSignature} if the controller did not sign it.
    /// - {IUnorderedNonces-NonceTaken} if the controller used its number.
    /// - what {rotate} reverts with, {NotController} aside.
    ///
    /// @param patient The patient.
    /// @param controller Who decides from now on.
    /// @param by The number, the deadline and the controller's signature.
    function rotateBySig(address patient, address controller, Signed calldata by) external;

    /// @notice Appoints a guardian.
    /// @dev It may freeze and recover from 7 days after now at the earliest. Emits {GuardianAdded}.
    ///
    /// Reverts with:
    /// - {NotController} if the caller does not decide for the patient.
    /// - {Frozen} if the patient is frozen.
    /// - {InvalidGuardian} if the guardian is zero or the patient.
    /// - {InvalidScope} if the powers are none, or none that there are.
    /// - {IAccreditationRegistry-InvalidInterval} if its time is empty, over, or beyond what can be kept.
    /// - {GuardianExists} if it is a guardian.
    /// - {TooManyGuardians} if there are 8 whose time is not over.
    ///
    /// @param appointment Who is appointed for whom, for what and for how long.
    function addGuardian(Appointment calldata appointment) external;

    /// @notice Appoints a guardian of a patient whose controller signed that; anyone may send it.
    /// @dev Signed: `AddGuardian(address patient,address guardian,uint8 scope,uint64 from,uint64 until,bytes32 evidence,uint256 nonce,uint64 deadline)`. Emits
    /// {IUnorderedNonces-NonceUsed} and {GuardianAdded}.
    ///
    /// Reverts with:
    /// - {ISignedActions-SignatureExpired} if the deadline is over.
    /// - {ISignedActions-InvalidSignature} if the controller did not sign it.
    /// - {IUnorderedNonces-NonceTaken} if the controller used its number.
    /// - what {addGuardian} reverts with, {NotController} aside.
    ///
    /// @param appointment Who is appointed for whom, for what and for how long.
    /// @param by The number, the deadline and the controller's signature.
    function addGuardianBySig(Appointment calldata appointment, Signed calldata by) external;

    /// @notice Removes a guardian.
    /// @dev Powers to freeze and to recover that have begun stay for 7 days, all others end now. Emits {GuardianRemoved}.
    ///
    /// Reverts with:
    /// - {NotController} if the caller does not decide for the patient.
    /// - {NotGuardian} if it is none, or was removed.
    ///
    /// @param patient The patient.
    /// @param guardian The account of the guardian.
    function removeGuardian(address patient, address guardian) external;

    /// @notice Removes a guardian of a patient whose controller signed that; anyone may send it.
    /// @dev Signed: `RemoveGuardian(address patient,address guardian,uint256 nonce,uint64 deadline)`. Emits
    /// {IUnorderedNonces-NonceUsed} and {GuardianRemoved}.
    ///
    /// Reverts with:
    /// - {ISignedActions-SignatureExpired} if the deadline is over.
    /// - {ISignedActions-InvalidSignature} if the controller did not sign it.
    /// - {IUnorderedNonces-NonceTaken} if the controller used its number.
    /// - what {removeGuardian} reverts with, {NotController} aside.
    ///
    /// @param patient The patient.
    /// @param guardian The account of the guardian.
    /// @param by The number, the deadline and the controller's signature.
    function removeGuardianBySig(address patient, address guardian, Signed calldata by) external;

    /// @notice Asks for another number of votes in a recovery, from 7 days after now on.
    /// @dev At least a majority is needed in any case, and never more than there are. Emits {ThresholdChanged}.
    ///
    /// Reverts with:
    /// - {NotController} if the caller does not decide for the patient.
    ///
    /// @param patient The patient.
    /// @param threshold The number of votes.
    function changeThreshold(address patient, uint8 threshold) external;

    /// @notice Asks for another number of votes for a patient whose controller signed that; anyone may send it.
    /// @dev Signed: `ChangeThreshold(address patient,uint8 threshold,uint256 nonce,uint64 deadline)`. Emits
    /// {IUnorderedNonces-NonceUsed} and {ThresholdChanged}.
    ///
    /// Reverts with:
    /// - {ISignedActions-SignatureExpired} if the deadline is over.
    /// - {ISignedActions-InvalidSignature} if the controller did not sign it.
    /// - {IUnorderedNonces-NonceTaken} if the controller used its number.
    /// - what {changeThreshold} reverts with, {NotController} aside.
    ///
    /// @param patient The patient.
    /// @param threshold The number of votes.
    /// @param by The number, the deadline and the controller's signature.
    function changeThresholdBySig(address patient, uint8 threshold, Signed calldata by) external;

    /// @notice Hides classes of data from guardians, as far as a jurisdiction lets a patient do so.
    /// @dev Replaces what was hidden. Emits {HiddenClassesChanged}.
    ///
    /// Reverts with:
    /// - {NotController} if the caller does not decide for the patient.
    ///
    /// @param patient The patient.
    /// @param classes The classes, as bits of `DataClasses`.
    function hide(address patient, uint32 classes) external;

    /// @notice Hides classes of data for a patient whose controller signed that; anyone may send it.
    /// @dev Signed: `Hide(address patient,uint32 classes,uint256 nonce,uint64 deadline)`. Emits
    /// {IUnorderedNonces-NonceUsed} and {HiddenClassesChanged}.
    ///
    /// Reverts with:
    /// - {ISignedActions-SignatureExpired} if the deadline is over.
    /// - {ISignedActions-InvalidSignature} if the controller did not sign it.
    /// - {IUnorderedNonces-NonceTaken} if the controller used its number.
    /// - what {hide} reverts with, {NotController} aside.
    ///
    /// @param patient The patient.
    /// @param classes The classes, as bits of `DataClasses`.
    /// @param by The number, the deadline and the controller's signature.
    function hideBySig(address patient, uint32 classes, Signed calldata by) external;

    /// @notice Refuses a recovery that was begun.
    /// @dev All votes are void; guardians may vote anew. Emits {RecoveryVetoed}.
    ///
    /// Reverts with:
    /// - {NotController} if the caller does not decide for the patient.
    /// - {RecoveryNotReady} if none was begun.
    /// - {VetoOverruled} if all guardians vote for it, where fewer would do.
    ///
    /// @param patient The patient.
    function veto(address patient) external;

    /// @notice Refuses a recovery for a patient whose controller signed that; anyone may send it.
    /// @dev Signed: `Veto(address patient,uint32 round,uint256 nonce,uint64 deadline)`. Emits
    /// {IUnorderedNonces-NonceUsed} and {RecoveryVetoed}.
    ///
    /// Reverts with:
    /// - {ISignedActions-SignatureExpired} if the deadline is over.
    /// - {ISignedActions-InvalidSignature} if the controller did not sign it.
    /// - {IUnorderedNonces-NonceTaken} if the controller used its number.
    /// - {WrongRound} if another recovery was meant.
    /// - what {veto} reverts with, {NotController} aside.
    ///
    /// @param patient The patient.
    /// @param round The round of the recovery, as {recoveryOf} answers.
    /// @param by The number, the deadline and the controller's signature.
    function vetoBySig(address patient, uint32 round, Signed calldata by) external;

    /// @notice Freezes a patient whose key may be stolen.
    /// @dev Freezes meet in the later end. Guardians may do it too, once in 14 days. Emits {FreezeBegun}.
    ///
    /// Reverts with:
    /// - {NotController} if the caller neither decides for the patient nor is a guardian for FREEZE.
    /// - {FrozenBefore} if guardians froze it less than 14 days before.
    /// - {InvalidFreeze} if it does not end in the future and within 7 days.
    ///
    /// @param patient The patient.
    /// @param until First second after the freeze (Unix seconds).
    function freeze(address patient, uint64 until) external;

    /// @notice Freezes a patient whose controller signed that, or the key of a guardian; anyone may send it.
    /// @dev Signed: `Freeze(address patient,uint64 until,uint256 nonce,uint64 deadline)`. Emits
    /// {IUnorderedNonces-NonceUsed} and {FreezeBegun}.
    ///
    /// Reverts with:
    /// - {ISignedActions-SignatureExpired} if the deadline is over.
    /// - {IUnorderedNonces-NonceTaken} if the signer used its number.
    /// - what {freeze} reverts with, for whoever signed.
    ///
    /// @param patient The patient.
    /// @param until First second after the freeze (Unix seconds).
    /// @param by The number, the deadline and the signature.
    function freezeBySig(address patient, uint64 until, Signed calldata by) external;

    /// @notice Votes for a new controller, as a guardian for RECOVER.
    /// @dev A later vote replaces an earlier one, and a vote counts for 7 days. Emits {RecoveryVoted}, and {RecoveryBegun} when there are
    /// enough.
    ///
    /// Reverts with:
    /// - {NotGuardian} if the caller is no guardian for that now.
    /// - {IAccreditationRegistry-ZeroIdentifier} if `controller` is zero.
    ///
    /// @param patient The patient.
    /// @param controller Who should decide.
    function recover(address patient, address controller) external;

    /// @notice Votes for a new controller for a guardian who signed that by a key; anyone may send it.
    /// @dev Signed: `Recover(address patient,address controller,uint256 nonce,uint64 deadline)`. Emits {IUnorderedNonces-NonceUsed},
    /// {RecoveryVoted}, and {RecoveryBegun} when there are enough.
    ///
    /// Reverts with:
    /// - {ISignedActions-SignatureExpired} if the deadline is over.
    /// - {IUnorderedNonces-NonceTaken} if the signer used its number.
    /// - what {recover} reverts with, for whoever signed.
    ///
    /// @param patient The patient.
    /// @param controller Who should decide.
    /// @param by The number, the deadline and the guardian's signature.
    function recoverBySig(address patient, address controller, Signed calldata by) external;

    /// @notice Resigns as a guardian, at once.
    /// @dev Emits {GuardianResigned}.
    ///
    /// Reverts with:
    /// - {NotGuardian} if the caller is none, or its time is over.
    ///
    /// @param patient The patient.
    function resign(address patient) external;

    /// @notice Takes the powers of a guardian who signed that by a key; anyone may send it.
    /// @dev Signed: `Resign(address patient,uint256 nonce,uint64 deadline)`. Emits {IUnorderedNonces-NonceUsed} and {GuardianResigned}.
    ///
    /// Reverts with:
    /// - {ISignedActions-SignatureExpired} if the deadline is over.
    /// - {IUnorderedNonces-NonceTaken} if the signer used its number.
    /// - what {resign} reverts with, for whoever signed.
    ///
    /// @param patient The patient.
    /// @param by The number, the deadline and the guardian's signature.
    function resignBySig(address patient, Signed calldata by) external;

    /// @notice Gives a patient the controller that enough guardians still vote for, after the time for a veto; anyone may send it.
    /// @dev Ends a freeze. Emits {PatientRecovered}.
    ///
    /// Reverts with:
    /// - {RecoveryNotReady} if none was begun, or it is too early, or more than 7 days too late.
    /// - {TooFewVotes} if votes have lapsed, or guardians have.
    ///
    /// @param patient The patient.
    function finishRecovery(address patient) external;

    /// @notice Lets the patients of a jurisdiction hide classes of data from their guardians, as its authority.
    /// @dev Replaces what was allowed. Which jurisdiction counts is that of the organisation that would show the data. Emits {HidingAllowed}.
    ///
    /// Reverts with:
    /// - {IAccreditationRegistry-NotAuthority} if the caller is not its authority.
    ///
    /// @param jurisdiction The jurisdiction (ISO 3166-1 numeric).
    /// @param classes The classes, as bits of `DataClasses`.
    function allowHiding(uint16 jurisdiction, uint32 classes) external;

    /// @notice Who decides for a patient now.
    /// @param patient The patient.
    /// @return The account; the patient itself unless it was replaced.
    function controllerOf(address patient) external view returns (address);

    /// @notice Who decides for a patient now, and its newest freeze.
    /// @param patient The patient.
    /// @return controller The account that decides.
    /// @return frozenFrom First second of the newest freeze (Unix seconds); 0 if there was none.
    /// @return frozenUntil First second after it (Unix seconds).
    function controlOf(
        address patient
    ) external view returns (address controller, uint64 frozenFrom, uint64 frozenUntil);

    /// @notice Does nothing if an account may act for a patient now.
    /// @dev For contracts that ask before they act: a refusal reaches whoever called them as it is.
    ///
    /// Reverts with:
    /// - {NotController} if it neither decides for the patient nor is a guardian for all of the scope.
    /// - {Frozen} if the patient is frozen and the scope gives something away.
    ///
    /// @param patient The patient.
    /// @param account The account.
    /// @param scope What it wants to do, as bits of `Scopes`.
    /// @return Who decides for the patient: if that is not the account, it may as a guardian.
    function checkMay(address patient, address account, uint8 scope) external view returns (address);

    /// @notice Does nothing if what somebody signed for a patient counts now.
    /// @dev For contracts that take statements in the name of patients: the statement is theirs, and so is its domain; who may sign it is known
    /// here. A wallet with code is asked with at most 400,000 gas.
    ///
    /// Reverts with:
    /// - {ISignedActions-InvalidSignature} if neither the controller signed it nor the key of a guardian for all of the scope.
    /// - {Frozen} if the patient is frozen and the scope gives something away.
    ///
    /// @param patient The patient.
    /// @param scope What the statement does, as bits of `Scopes`.
    /// @param digest The EIP-712 digest of the statement.
    /// @param signature The signature.
    /// @return signer Who signed it.
    /// @return isGuardian True if that is a guardian, false if it is the controller.
    function checkSigned(
        address patient,
        uint8 scope,
        bytes32 digest,
        bytes calldata signature
    ) external view returns (address signer, bool isGuardian);

    /// @notice Whether an account signed a digest, by its key or as a wallet with code.
    /// @dev Asks nothing about patients: one place knows which signatures count.
    /// @param account The account; zero signs nothing.
    /// @param digest The EIP-712 digest, which says for which chain and which contract it is.
    /// @param signature The signature.
    /// @return True if it did.
    function isSignedBy(address account, bytes32 digest, bytes calldata signature) external view returns (bool);

    /// @notice Whether the controller of a patient signed a statement that another contract defines.
    /// @dev The signature is over the EIP-712 typed data of this contract, so that one place knows who signs for a patient. Whoever
    /// defines a statement names itself in it, by its address, or the signature would be good for others too; limits its time; and makes
    /// a second use harmless. A freeze changes nothing here.
    /// @param patient The patient.
    /// @param statement The EIP-712 struct hash of the statement.
    /// @param signature The signature.
    /// @return True if it did.
    function isSigned(address patient, bytes32 statement, bytes calldata signature) external view returns (bool);

    /// @notice Whether an account is a guardian for all of a scope at a time.
    /// @dev Knows the newest appointment of the account alone.
    /// @param patient The patient.
    /// @param account The account.
    /// @param scope What it wants to do, as bits of `Scopes`; nobody is a guardian for nothing.
    /// @param at The time (Unix seconds).
    /// @return True if it is.
    function isGuardian(address patient, address account, uint8 scope, uint64 at) external view returns (bool);

    /// @notice The newest appointment of a guardian.
    /// @param patient The patient.
    /// @param guardian The account.
    /// @return scope What it may do, as bits of `Scopes`; all is zero if there was none.
    /// @return from First second in which it may (Unix seconds).
    /// @return until First second in which it may no longer (Unix seconds).
    /// @return protectFrom First second in which it may freeze or recover (Unix seconds).
    /// @return removedAt When it was removed (Unix seconds), from when on it may freeze and recover alone; 0 if it was not.
    function guardianOf(
        address patient,
        address guardian
    ) external view returns (uint8 scope, uint64 from, uint64 until, uint64 protectFrom, uint64 removedAt);

    /// @notice Who is a guardian of a patient, or was and was not replaced.
    /// @param patient The patient.
    /// @return 8 accounts, in the order of their appointment; zero where there are fewer.
    function guardiansOf(address patient) external view returns (address[8] memory);

    /// @notice How the recovery of a patient stands.
    /// @param patient The patient.
    /// @return controller Who would decide; zero if no recovery was begun.
    /// @return readyAt First second in which it may be finished (Unix seconds).
    /// @return round The round in which votes count now.
    /// @return votes How many guardians vote for it now.
    /// @return needed How many must.
    /// @return total How many may vote now.
    function recoveryOf(
        address patient
    )
        external
        view
        returns (address controller, uint64 readyAt, uint32 round, uint256 votes, uint256 needed, uint256 total);

    /// @notice Which classes of data are hidden from the guardians of a patient, where the data are shown in a jurisdiction.
    /// @param patient The patient.
    /// @param jurisdiction The jurisdiction of the organisation that shows the data (ISO 3166-1 numeric).
    /// @return The classes, as bits of `DataClasses`.
    function hiddenOf(address patient, uint16 jurisdiction) external view returns (uint32);
}
