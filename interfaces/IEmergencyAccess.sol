// SPDX-License-Identifier: Apache-2.0
pragma solidity >=0.8.26;

import {IUnorderedNonces} from "./IUnorderedNonces.sol";

/// @title IEmergencyAccess
/// @notice In an emergency a clinician opens a patient's data in one act without asking, for hours, and is reviewed for it.
/// @dev A session ends by itself. Each must be reviewed within 7 days by a privacy officer of the same organisation who is neither the clinician
/// nor of the clinician's unit. While a review is overdue, or after more than 3 unjustified sessions in 90 days, the organisation may not
/// open anything: that is so from that second on, without anyone acting, and until the authority of its jurisdiction restores it. A late
/// review does not undo it.
///
/// A patient's standing rule outranks an emergency: a session may be opened for anything, and gives nothing of what is withheld. A change of
/// the rule counts at once, also for sessions that run. One clinician may open one patient's data at most 5 times and for 48 hours in any 30 days.
///
/// Whoever holds data asks {isOpen} before each release. An answer of yes ranks above a permission and below a denial by the patient.
///
/// What this contract cannot know: whether there was an emergency. Reasons, findings and grounds are salted hashes; who reviews, and an
/// authority that is asked, see what they stand for.
///
/// All times are Unix seconds, and intervals are half-open: `[from, until)`.
interface IEmergencyAccess is IUnorderedNonces {
    /// @notice What a review found. NONE and NEEDS_INFORMATION still wait for their end.
    enum Verdict {
        NONE,
        NEEDS_INFORMATION,
        JUSTIFIED,
        UNJUSTIFIED
    }

    /// @notice A clinician opened a patient's data in an emergency.
    /// @param organisation The organisation.
    /// @param patient The patient.
    /// @param actor The account of the clinician.
    /// @param number The number of the session at the organisation.
    /// @param reason A salted hash of the reason.
    /// @param classes The classes of data, as bits of `DataClasses`.
    /// @param openedAt First second of the session (Unix seconds).
    /// @param until First second after it (Unix seconds).
    event EmergencyOpened(
        bytes32 indexed organisation,
        address indexed patient,
        address indexed actor,
        uint32 number,
        bytes32 reason,
        uint32 classes,
        uint64 openedAt,
        uint64 until
    );

    /// @notice A privacy officer reviewed a session.
    /// @param organisation The organisation.
    /// @param reviewer The account of the officer.
    /// @param number The number of the session.
    /// @param verdict What was found.
    /// @param findings A salted hash of the findings.
    /// @param reviewedAt When (Unix seconds).
    /// @param suspendedFrom Since when the organisation may open nothing (Unix seconds); 0 if it may.
    event EmergencyReviewed(
        bytes32 indexed organisation,
        address indexed reviewer,
        uint32 indexed number,
        Verdict verdict,
        bytes32 findings,
        uint64 reviewedAt,
        uint64 suspendedFrom
    );

    /// @notice An authority found a session unjustified that was reviewed as justified and contested.
    /// @param organisation The organisation.
    /// @param authority The authority of its jurisdiction.
    /// @param number The number of the session.
    /// @param findings A salted hash of the findings.
    /// @param overruledAt When (Unix seconds).
    /// @param suspendedFrom Since when the organisation may open nothing (Unix seconds); 0 if it may.
    event ReviewOverruled(
        bytes32 indexed organisation,
        address indexed authority,
        uint32 indexed number,
        bytes32 findings,
        uint64 overruledAt,
        uint64 suspendedFrom
    );

    /// @notice A session was contested for the patient.
    /// @param organisation The organisation.
    /// @param patient The patient.
    /// @param number The number of the session.
    /// @param grounds A salted hash of the grounds.
    /// @param contestedAt When (Unix seconds).
    event EmergencyContested(
        bytes32 indexed organisation,
        address indexed patient,
        uint32 indexed number,
        bytes32 grounds,
        uint64 contestedAt
    );

    /// @notice A patient's standing rule for emergencies changed.
    /// @param patient The patient.
    /// @param withheld The classes that are never opened, as bits of `DataClasses`; none allows all, all denies.
    event RuleChanged(address indexed patient, uint32 withheld);

    /// @notice An authority lets an organisation open data in emergencies again; its unjustified sessions are forgotten.
    /// @param organisation The organisation.
    /// @param authority The authority of its jurisdiction.
    /// @param restoredAt When (Unix seconds).
    event EmergencyCareRestored(bytes32 indexed organisation, address indexed authority, uint64 restoredAt);

    /// @notice This organisation may open nothing in emergencies: a review is overdue, or too many sessions were unjustified.
    /// @param organisation The organisation.
    /// @param from Since when (Unix seconds).
    error EmergencyCareSuspended(bytes32 organisation, uint64 from);

    /// @notice Too many sessions of this organisation wait behind its oldest review.
    /// @param organisation The organisation.
    /// @param oldest The number of the session whose review they wait behind.
    error TooManyUnreviewed(bytes32 organisation, uint32 oldest);

    /// @notice These are no classes of data.
    /// @param classes What was given.
    error InvalidClasses(uint32 classes);

    /// @notice A session lasts at most 24 hours.
    /// @param period What was given, in seconds.
    error InvalidPeriod(uint64 period);

    /// @notice This clinician opened this patient's data as often, or for as long, as may be within 30 days.
    /// @param patient The patient.
    /// @param actor The account of the clinician.
    error AllowanceSpent(address patient, address actor);

    /// @notice There is no such session.
    /// @param organisation The organisation.
    /// @param number The number that was given.
    error UnknownSession(bytes32 organisation, uint32 number);

    /// @notice Nobody reviews what she opened herself.
    /// @param actor The account of the clinician.
    error SelfReview(address actor);

    /// @notice A session is reviewed by someone of another unit than the clinician's.
    /// @param organisation The organisation.
    /// @param unit The unit of both; zero if neither has one.
    error SameUnit(bytes32 organisation, bytes32 unit);

    /// @notice This session was reviewed.
    /// @param organisation The organisation.
    /// @param number The number of the session.
    /// @param verdict What was found.
    error AlreadyReviewed(bytes32 organisation, uint32 number, Verdict verdict);

    /// @notice A review finds something.
    error InvalidVerdict();

    /// @notice This session was contested.
    /// @param organisation The organisation.
    /// @param number The number of the session.
    /// @param contestedAt When (Unix seconds).
    error AlreadyContested(bytes32 organisation, uint32 number, uint64 contestedAt);

    /// @notice This session was not contested, so nobody is asked about it.
    /// @param organisation The organisation.
    /// @param number The number of the session.
    error NotContested(bytes32 organisation, uint32 number);

    /// @notice This session was not found justified, so there is nothing to overrule.
    /// @param organisation The organisation.
    /// @param number The number of the session.
    /// @param verdict What was found.
    error NotJustified(bytes32 organisation, uint32 number, Verdict verdict);

    /// @notice This organisation is not suspended.
    /// @param organisation The organisation.
    error NotSuspended(bytes32 organisation);

    /// @notice A review of this organisation is overdue; it is done before the organisation is restored.
    /// @param organisation The organisation.
    /// @param number The number of the session.
    error ReviewOverdue(bytes32 organisation, uint32 number);

    /// @notice Opens a patient's data in an emergency, as a signer of an organisation for EMERGENCY_CARE; nobody is asked.
    /// @dev What the patient's standing rule withholds stays closed: {isOpen} refuses it. Emits {EmergencyOpened}.
    ///
    /// Reverts with:
    /// - {IAccreditationRegistry-NotAuthorised} if the caller does not act for the organisation in that role.
    /// - {EmergencyCareSuspended} if a review is overdue, or too many were unjustified.
    /// - {TooManyUnreviewed} if 96 sessions wait behind the oldest review.
    /// - {InvalidClasses} if the classes are none, or none that there are.
    /// - {InvalidPeriod} if it would last longer than 24 hours.
    /// - {AllowanceSpent} if the caller opened this patient's data 5 times, or would for more than 48 hours, within 30 days.
    ///
    /// @param patient The patient.
    /// @param organisation The organisation for which the caller acts.
    /// @param reason A salted hash of the reason.
    /// @param classes The classes of data, as bits of `DataClasses`.
    /// @param period How long, in seconds; 0 for 4 hours.
    /// @return The number of the session at the organisation.
    function open(
        address patient,
        bytes32 organisation,
        bytes32 reason,
        uint32 classes,
        uint64 period
    ) external returns (uint32);

    /// @notice Reviews a session, as a signer of the organisation for PRIVACY_OFFICER.
    /// @dev A late review is recorded, and the organisation stays suspended. NEEDS_INFORMATION leaves the session to be reviewed in the same time.
    /// Emits {EmergencyReviewed}.
    ///
    /// Reverts with:
    /// - {IAccreditationRegistry-NotAuthorised} if the caller does not act for the organisation in that role.
    /// - {UnknownSession} if there is no such session.
    /// - {SelfReview} if the caller opened it.
    /// - {SameUnit} if the caller is of the clinician's unit, or neither has one.
    /// - {AlreadyReviewed} if its review has ended.
    /// - {InvalidVerdict} if the verdict is NONE.
    ///
    /// @param organisation The organisation.
    /// @param number The number of the session.
    /// @param verdict What is found.
    /// @param findings A salted hash of the findings.
    function review(bytes32 organisation, uint32 number, Verdict verdict, bytes32 findings) external;

    /// @notice Changes a patient's standing rule, as its controller or a guardian for EMERGENCY.
    /// @dev Counts at once, also for sessions that run. Emits {RuleChanged}.
    ///
    /// Reverts with:
    /// - {IPatientRegistry-NotController} if the caller is neither.
    /// - {IPatientRegistry-Frozen} if the patient is frozen.
    ///
    /// @param patient The patient.
    /// @param withheld The classes that are never opened, as bits of `DataClasses`: none allows all, all denies.
    function changeRule(address patient, uint32 withheld) external;

    /// @notice Changes the standing rule of a patient whose controller signed that, or the key of a guardian; anyone may send it.
    /// @dev Signed: `ChangeRule(address patient,uint32 withheld,uint256 nonce,uint64 deadline)`. Emits {IUnorderedNonces-NonceUsed} and {RuleChanged}.
    ///
    /// Reverts with:
    /// - {IPatientRegistry-Frozen} if the patient is frozen.
    /// - {ISignedActions-SignatureExpired} if the deadline is over.
    /// - {ISignedActions-InvalidSignature} if neither the controller nor the key of a guardian for that signed it.
    /// - {IUnorderedNonces-NonceTaken} if the signer used its number.
    ///
    /// @param patient The patient.
    /// @param withheld The classes that are never opened, as bits of `DataClasses`.
    /// @param by The number, the deadline and the signature.
    function changeRuleBySig(address patient, uint32 withheld, Signed calldata by) external;

    /// @notice Contests a session, as the patient's controller or a guardian for CONTEST, so that the authority may overrule its review.
    /// @dev Emits {EmergencyContested}.
    ///
    /// Reverts with:
    /// - {UnknownSession} if there is no such session.
    /// - {IPatientRegistry-NotController} if the caller is neither.
    /// - {AlreadyContested} if it was contested.
    ///
    /// @param organisation The organisation.
    /// @param number The number of the session.
    /// @param grounds A salted hash of the grounds.
    function contest(bytes32 organisation, uint32 number, bytes32 grounds) external;

    /// @notice Contests a session for a patient whose controller signed that, or the key of a guardian; anyone may send it.
    /// @dev Signed: `Contest(bytes32 organisation,uint32 number,bytes32 grounds,uint256 nonce,uint64 deadline)`. Emits
    /// {IUnorderedNonces-NonceUsed} and {EmergencyContested}.
    ///
    /// Reverts with:
    /// - {UnknownSession} if there is no such session.
    /// - {ISignedActions-SignatureExpired} if the deadline is over.
    /// - {ISignedActions-InvalidSignature} if neither the controller nor the key of a guardian for that signed it.
    /// - {IUnorderedNonces-NonceTaken} if the signer used its number.
    /// - {AlreadyContested} if it was contested.
    ///
    /// @param organisation The organisation.
    /// @param number The number of the session.
    /// @param grounds A salted hash of the grounds.
    /// @param by The number, the deadline and the signature.
    function contestBySig(bytes32 organisation, uint32 number, bytes32 grounds, Signed calldata by) external;

    /// @notice Finds a contested session unjustified that its organisation found justified, as the authority of the jurisdiction.
    /// @dev Emits {ReviewOverruled}.
    ///
    /// Reverts with:
    /// - {IAccreditationRegistry-NotAuthority} if the caller is not the authority.
    /// - {UnknownSession} if there is no such session.
    /// - {NotContested} if it was not contested.
    /// - {NotJustified} if it was not found justified.
    ///
    /// @param organisation The organisation.
    /// @param number The number of the session.
    /// @param findings A salted hash of the findings.
    function overrule(bytes32 organisation, uint32 number, bytes32 findings) external;

    /// @notice Lets a suspended organisation open data in emergencies again, as the authority of its jurisdiction.
    /// @dev Forgets its unjustified sessions. Emits {EmergencyCareRestored}.
    ///
    /// Reverts with:
    /// - {IAccreditationRegistry-NotAuthority} if the caller is not the authority.
    /// - {NotSuspended} if it is not suspended.
    /// - {ReviewOverdue} if a review is overdue still.
    ///
    /// @param organisation The organisation.
    function restore(bytes32 organisation) external;

    /// @notice Whether a session lets its clinician at a class of one patient's data at a time.
    /// @dev The rule of the patient and the suspension of the organisation are those known now; the clinician must act for the organisation
    /// in EMERGENCY_CARE at that time.
    /// @param organisation The organisation.
    /// @param number The number of the session.
    /// @param patient Whose data they are.
    /// @param actor The account that asks.
    /// @param dataClass The class of the data, exactly one bit of `DataClasses`.
    /// @param at The time (Unix seconds).
    /// @return True if it does.
    function isOpen(
        bytes32 organisation,
        uint32 number,
        address patient,
        address actor,
        uint256 dataClass,
        uint64 at
    ) external view returns (bool);

    /// @notice Whether an organisation is suspended from opening data in emergencies at a time.
    /// @dev Knows the present reasons alone: what was restored is forgotten.
    /// @param organisation The organisation.
    /// @param at The time (Unix seconds), also one to come if no review is done until then.
    /// @return True if it is.
    function isSuspended(bytes32 organisation, uint64 at) external view returns (bool);

    /// @notice A session.
    /// @param organisation The organisation.
    /// @param number The number of the session.
    /// @return patient The patient.
    /// @return actor The account of the clinician.
    /// @return classes The classes of data that were opened, as bits of `DataClasses`.
    /// @return openedAt First second of it (Unix seconds); 0 if there is no such session.
    /// @return until First second after it (Unix seconds).
    /// @return reviewUntil First second in which its review is overdue (Unix seconds).
    /// @return contestedAt When it was contested (Unix seconds); 0 if it was not.
    /// @return verdict What its review found.
    function sessionOf(
        bytes32 organisation,
        uint32 number
    )
        external
        view
        returns (
            address patient,
            address actor,
            uint32 classes,
            uint64 openedAt,
            uint64 until,
            uint64 reviewUntil,
            uint64 contestedAt,
            Verdict verdict
        );

    /// @notice How an organisation stands with its reviews.
    /// @param organisation The organisation.
    /// @return count How many sessions were opened for it ever; the next has this number.
    /// @return dueAt First second in which the oldest review that waits is overdue (Unix seconds); 0 if none waits.
    /// @return suspendedFrom Since when it may open nothing (Unix seconds); 0 if it may.
    function reviewsOf(bytes32 organisation) external view returns (uint32 count, uint64 dueAt, uint64 suspendedFrom);

    /// @notice The sessions of an organisation whose review has not ended.
    /// @param organisation The organisation.
    /// @return Their numbers, rising, at most 96.
    function unreviewedOf(bytes32 organisation) external view returns (uint32[] memory);

    /// @notice The sessions of an organisation whose review is overdue.
    /// @param organisation The organisation.
    /// @return Their numbers, rising, at most 96.
    function overdueOf(bytes32 organisation) external view returns (uint32[] memory);

    /// @notice The classes that a patient's standing rule withholds.
    /// @param patient The patient.
    /// @return The classes, as bits of `DataClasses`; 0 if there is no rule.
    function withheldOf(address patient) external view returns (uint32);
}
