// SPDX-License-Identifier: Apache-2.0
pragma solidity =0.8.30;

import {IAccreditationRegistry} from "../interfaces/IAccreditationRegistry.sol";
import {IEmergencyAccess} from "../interfaces/IEmergencyAccess.sol";
import {IPatientRegistry} from "../interfaces/IPatientRegistry.sol";
import {Accredited} from "./base/Accredited.sol";
import {Controlled} from "./base/Controlled.sol";
import {SignedActions} from "./base/SignedActions.sol";
import {UnorderedNonces} from "./base/UnorderedNonces.sol";
import {Allowance} from "./libraries/Allowance.sol";
import {DataClasses} from "./libraries/DataClasses.sol";
import {Dockets} from "./libraries/Dockets.sol";
import {EmergencyStatements} from "./libraries/EmergencyStatements.sol";
import {Roles} from "./libraries/Roles.sol";
import {Scopes} from "./libraries/Scopes.sol";
import {Sessions} from "./libraries/Sessions.sol";

/// @title EmergencyAccess
/// @notice See {IEmergencyAccess}.
contract EmergencyAccess is IEmergencyAccess, Accredited, Controlled, SignedActions, UnorderedNonces {
    using Dockets for Dockets.Docket;
    using Sessions for Sessions.Kept;

    uint64 private constant _DEFAULT_PERIOD = 4 hours;
    uint64 private constant _MAX_PERIOD = 24 hours;
    uint256 private constant _QUOTA_WINDOW = 90 days;

    /* STORAGE */

    mapping(bytes32 organisation => mapping(uint32 number => Sessions.Kept)) private _sessions;
    mapping(bytes32 organisation => Dockets.Docket docket) private _dockets;

    /// @dev The times of the 3 newest unjustified sessions, 48 bits each, the newest lowest: one more in the window is over the quota.
    mapping(bytes32 organisation => uint144 times) private _unjustified;

    mapping(address patient => mapping(address actor => uint256 sessions)) private _allowances;
    mapping(address patient => uint32 withheld) private _rules;

    /// @param accreditation The registry in which organisations, their signers and units stand.
    /// @param patients The registry that says who decides for a patient.
    constructor(
        IAccreditationRegistry accreditation,
        IPatientRegistry patients
    ) Accredited(accreditation) Controlled(patients) {}

    /* CLINICIAN */

    /// @inheritdoc IEmergencyAccess
    function open(
        address patient,
        bytes32 organisation,
        bytes32 reason,
        uint32 classes,
        uint64 period
    ) external returns (uint32 number) {
        // What the patient withholds is not asked: {isOpen} says no to it, and the doctor loses no second on asking for less.
        _checkAuthorised(organisation, Roles.EMERGENCY_CARE);
        number = _enqueue(organisation);
        require(classes != 0 && classes & DataClasses.ALL == classes, InvalidClasses(classes));
        if (period == 0) period = _DEFAULT_PERIOD;
        require(period <= _MAX_PERIOD, InvalidPeriod(period));
        (uint256 sessions, bool isWithin) = Allowance.add(_allowances[patient][msg.sender], period);
        require(isWithin, AllowanceSpent(patient, msg.sender));

        _allowances[patient][msg.sender] = sessions;
        uint48 openedAt = uint48(block.timestamp);
        uint48 until = openedAt + uint48(period);
        Sessions.Kept storage session = _sessions[organisation][number];
        (session.patient, session.openedAt, session.until) = (patient, openedAt, until);
        (session.actor, session.classes) = (msg.sender, classes);

        emit EmergencyOpened(organisation, patient, msg.sender, number, reason, classes, openedAt, until);
    }

    function _enqueue(bytes32 organisation) private returns (uint32 number) {
        Dockets.Docket storage docket = _dockets[organisation];
        (uint32 head, uint8 span) = (docket.head, docket.span);
        (uint48 dueAt, uint48 from) = (docket.dueAt, docket.suspendedFrom);
        if (from == 0 && span != 0 && block.timestamp >= dueAt) from = dueAt;
        require(from == 0, EmergencyCareSuspended(organisation, from));
        require(span < Dockets.MAX_SPAN, TooManyUnreviewed(organisation, head));

        number = head + span;
        docket.span = span + 1;
        if (span == 0) docket.dueAt = uint48(block.timestamp) + Sessions.REVIEW_PERIOD;
    }

    /* PRIVACY OFFICER */

    /// @inheritdoc IEmergencyAccess
    function review(bytes32 organisation, uint32 number, Verdict verdict, bytes32 findings) external {
        _checkAuthorised(organisation, Roles.PRIVACY_OFFICER);
        Sessions.Kept storage session = _session(organisation, number);
        _checkIndependent(organisation, session.actor);
        bool isWaiting = session.verdict == Verdict.NONE || session.verdict == Verdict.NEEDS_INFORMATION;
        require(isWaiting, AlreadyReviewed(organisation, number, session.verdict));
        require(verdict != Verdict.NONE, InvalidVerdict());

        session.verdict = verdict;
        uint64 from = _record(organisation, number, verdict);

        emit EmergencyReviewed(organisation, msg.sender, number, verdict, findings, uint64(block.timestamp), from);
    }

    /// @dev Two without a unit count as of one: an organisation names the unit of its officer to set her apart.
    function _checkIndependent(bytes32 organisation, address actor) private view {
        require(msg.sender != actor, SelfReview(actor));
        bytes32 unit = _unitOf(organisation, actor);
        require(unit != _unitOf(organisation, msg.sender), SameUnit(organisation, unit));
    }

    function _unitOf(bytes32 organisation, address signer) private view returns (bytes32) {
        return ACCREDITATION.unitOf(organisation, signer);
    }

    /// @dev A suspension that came by a late review is kept before the review takes its cause away.
    /// @return from Since when the organisation is suspended; 0 if it is not.
    function _record(bytes32 organisation, uint32 number, Verdict verdict) private returns (uint48 from) {
        Dockets.Docket storage docket = _dockets[organisation];
        from = docket.suspension(uint64(block.timestamp));
        if (verdict != Verdict.NEEDS_INFORMATION) docket.close(number);
        if (docket.span != 0) docket.dueAt = _sessions[organisation][docket.head].openedAt + Sessions.REVIEW_PERIOD;
        bool isOver = verdict == Verdict.UNJUSTIFIED && _countUnjustified(organisation);
        if (isOver && from == 0) from = uint48(block.timestamp);
        docket.suspendedFrom = from;
    }

    /// @dev Whether this one is over the quota.
    function _countUnjustified(bytes32 organisation) private returns (bool) {
        uint144 times = _unjustified[organisation];
        _unjustified[organisation] = (times << 48) | uint48(block.timestamp);
        return (times >> 96) + _QUOTA_WINDOW > block.timestamp;
    }

    /* PATIENT'S CONTROLLER OR GUARDIAN, OR ANYONE WITH THEIR SIGNATURE */

    /// @inheritdoc IEmergencyAccess
    function changeRule(address patient, uint32 withheld) external {
        _checkMay(patient, Scopes.EMERGENCY);
        _changeRule(patient, withheld);
    }

    /// @inheritdoc IEmergencyAccess
    function changeRuleBySig(address patient, uint32 withheld, Signed calldata by) external {
        _checkStatement(patient, Scopes.EMERGENCY, EmergencyStatements.changeRule(patient, withheld, by), by);
        _changeRule(patient, withheld);
    }

    function _changeRule(address patient, uint32 withheld) private {
        _rules[patient] = withheld;

        emit RuleChanged(patient, withheld);
    }

    /// @inheritdoc IEmergencyAccess
    function contest(bytes32 organisation, uint32 number, bytes32 grounds) external {
        Sessions.Kept storage session = _session(organisation, number);
        _checkMay(session.patient, Scopes.CONTEST);
        _contest(session, organisation, number, grounds);
    }

    /// @inheritdoc IEmergencyAccess
    function contestBySig(bytes32 organisation, uint32 number, bytes32 grounds, Signed calldata by) external {
        Sessions.Kept storage session = _session(organisation, number);
        bytes32 statement = EmergencyStatements.contest(organisation, number, grounds, by);
        _checkStatement(session.patient, Scopes.CONTEST, statement, by);
        _contest(session, organisation, number, grounds);
    }

    function _contest(Sessions.Kept storage session, bytes32 organisation, uint32 number, bytes32 grounds) private {
        uint64 contestedAt = session.contestedAt;
        require(contestedAt == 0, AlreadyContested(organisation, number, contestedAt));

        session.contestedAt = uint48(block.timestamp);

        emit EmergencyContested(organisation, session.patient, number, grounds, uint64(block.timestamp));
    }

    function _checkStatement(address patient, uint8 scope, bytes32 statement, Signed calldata by) private {
        _checkDeadline(by.deadline);
        (address signer, ) = PATIENTS.checkSigned(patient, scope, _digest(statement), by.signature);
        _useNonce(signer, by.nonce);
    }

    /* AUTHORITY */

    /// @inheritdoc IEmergencyAccess
    function overrule(bytes32 organisation, uint32 number, bytes32 findings) external {
        _checkAuthority(organisation);
        Sessions.Kept storage session = _session(organisation, number);
        require(session.contestedAt != 0, NotContested(organisation, number));
        require(session.verdict == Verdict.JUSTIFIED, NotJustified(organisation, number, session.verdict));

        session.verdict = Verdict.UNJUSTIFIED;
        uint64 from = _record(organisation, number, Verdict.UNJUSTIFIED);

        emit ReviewOverruled(organisation, msg.sender, number, findings, uint64(block.timestamp), from);
    }

    /// @inheritdoc IEmergencyAccess
    function restore(bytes32 organisation) external {
        _checkAuthority(organisation);
        Dockets.Docket storage docket = _dockets[organisation];
        require(isSuspended(organisation, uint64(block.timestamp)), NotSuspended(organisation));
        bool isOverdue = docket.span != 0 && block.timestamp >= docket.dueAt;
        require(!isOverdue, ReviewOverdue(organisation, docket.head));

        docket.suspendedFrom = 0;
        delete _unjustified[organisation];

        emit EmergencyCareRestored(organisation, msg.sender, uint64(block.timestamp));
    }

    function _checkAuthority(bytes32 organisation) private view {
        ACCREDITATION.checkAuthority(organisation, msg.sender);
    }

    /* VIEWS */

    /// @inheritdoc IEmergencyAccess
    function isOpen(
        bytes32 organisation,
        uint32 number,
        address patient,
        address actor,
        uint256 dataClass,
        uint64 at
    ) external view returns (bool) {
        if (!_sessions[organisation][number].covers(patient, actor, dataClass, _rules[patient], at)) return false;
        if (isSuspended(organisation, at)) return false;
        return ACCREDITATION.isAuthorised(organisation, actor, Roles.EMERGENCY_CARE, at);
    }

    /// @inheritdoc IEmergencyAccess
    function isSuspended(bytes32 organisation, uint64 at) public view returns (bool) {
        return _dockets[organisation].suspension(at) != 0;
    }

    /// @inheritdoc IEmergencyAccess
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
        )
    {
        Sessions.Kept storage session = _sessions[organisation][number];
        (patient, actor, classes) = (session.patient, session.actor, session.classes);
        (openedAt, until) = (session.openedAt, session.until);
        if (openedAt != 0) reviewUntil = openedAt + Sessions.REVIEW_PERIOD;
        (contestedAt, verdict) = (session.contestedAt, session.verdict);
    }

    /// @inheritdoc IEmergencyAccess
    function reviewsOf(bytes32 organisation) external view returns (uint32 count, uint64 dueAt, uint64 suspendedFrom) {
        Dockets.Docket storage docket = _dockets[organisation];
        if (docket.span != 0) dueAt = docket.dueAt;
        return (docket.next(), dueAt, docket.suspension(uint64(block.timestamp)));
    }

    /// @inheritdoc IEmergencyAccess
    function unreviewedOf(bytes32 organisation) external view returns (uint32[] memory) {
        Dockets.Docket storage docket = _dockets[organisation];
        return docket.waiting(docket.span);
    }

    /// @inheritdoc IEmergencyAccess
    function overdueOf(bytes32 organisation) external view returns (uint32[] memory) {
        Dockets.Docket storage docket = _dockets[organisation];
        uint32 end = Sessions.firstNotDue(_sessions[organisation], docket.head, docket.next());
        return docket.waiting(end - docket.head);
    }

    /// @inheritdoc IEmergencyAccess
    function withheldOf(address patient) external view returns (uint32) {
        return _rules[patient];
    }

    /* HELPERS */

    function _session(bytes32 organisation, uint32 number) private view returns (Sessions.Kept storage session) {
        session = _sessions[organisation][number];
        require(session.openedAt != 0, UnknownSession(organisation, number));
    }

    function _name() internal pure override returns (string memory) {
        return "EmergencyAccess";
    }
}
