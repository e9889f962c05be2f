// SPDX-License-Identifier: Apache-2.0
pragma solidity =0.8.30;

import {ReentrancyGuard} from "@openzeppelin/contracts/utils/ReentrancyGuard.sol";
import {IAccreditationRegistry} from "../interfaces/IAccreditationRegistry.sol";
import {IInsuranceClaims} from "../interfaces/IInsuranceClaims.sol";
import {IInsurancePool} from "../interfaces/IInsurancePool.sol";
import {IPatientRegistry} from "../interfaces/IPatientRegistry.sol";
import {ISignedActions} from "../interfaces/ISignedActions.sol";
import {IVisitListener} from "../interfaces/IVisitListener.sol";
import {IVisitRegistry} from "../interfaces/IVisitRegistry.sol";
import {Accredited} from "./base/Accredited.sol";
import {Controlled} from "./base/Controlled.sol";
import {Payer} from "./base/Payer.sol";
import {ClaimBook} from "./libraries/ClaimBook.sol";
import {PlanRules} from "./libraries/PlanRules.sol";
import {Reviews} from "./libraries/Reviews.sol";
import {Roles} from "./libraries/Roles.sol";
import {Rulings} from "./libraries/Rulings.sol";

/// @title InsuranceClaims
/// @notice See {IInsuranceClaims}.
contract InsuranceClaims is IInsuranceClaims, IVisitListener, Controlled, Payer, ReentrancyGuard {
    using ClaimBook for ClaimBook.Book;
    using Reviews for ClaimBook.Book;
    using Rulings for ClaimBook.Book;

    bytes32 private constant APPEAL_TYPEHASH = keccak256(
        "ClaimAppeal(address claims,bytes32 visit,bytes32 policy,uint256 level,uint64 decidedAt)"
    );
    bytes32 private constant COORDINATION_TYPEHASH = keccak256(
        "Coordination(address claims,bytes32 visit,bytes32 policy,uint64 recordedAt)"
    );
    uint64 private constant MAX_HOLD = 30 days;

    /// @notice The pool from which claims are paid.
    IInsurancePool public immutable POOL;

    /* STORAGE */

    ClaimBook.Book private _book;

    /// @param accreditation The accreditation registry.
    /// @param patients The registry of patients.
    /// @param visits The registry whose visits are decided here.
    /// @param pool The pool from which claims are paid.
    constructor(
        IAccreditationRegistry accreditation,
        IPatientRegistry patients,
        IVisitRegistry visits,
        IInsurancePool pool
    ) Accredited(accreditation) Controlled(patients) Payer(visits) {
        POOL = pool;
    }

    /* INSURER */

    /// @inheritdoc IInsuranceClaims
    function publish(Plan calldata plan) external returns (bytes32 id) {
        _checkAuthorised(plan.insurer, Roles.INSURER);
        PlanRules.check(plan);
        id = keccak256(msg.data[4:]); // its ABI encoding
        require(_book.plans[id].insurer == bytes32(0), PlanExists(id));

        _book.publish(id, plan);

        emit PlanPublished(id, plan.insurer, msg.data[4:]);
    }

    /// @inheritdoc IInsuranceClaims
    function enrol(Policy calldata policy) external nonReentrant returns (bytes32 id) {
        ClaimBook.Version storage plan = _book.plans[policy.plan];
        bytes32 insurer = plan.insurer;
        require(insurer != bytes32(0), UnknownPlan(policy.plan));
        _checkAuthorised(insurer, Roles.INSURER);
        require(policy.member != address(0), IAccreditationRegistry.ZeroIdentifier());
        PlanRules.checkTerm(policy.from, policy.until);
        id = keccak256(abi.encode(policy));
        require(_book.policies[id].member == address(0), PolicyExists(id));

        _book.policies[id] = ClaimBook.Enrolment(policy.plan, policy.member, uint48(policy.from), uint48(policy.until));

        emit PolicyEnrolled(id, policy.plan, policy.member, policy.from, policy.until);

        (uint96 capital, uint64 runOff) = PlanRules.capital(plan.terms);
        POOL.cover(insurer, capital, policy.until + runOff);
    }

    /// @inheritdoc IInsuranceClaims
    function hold(bytes32 insurer, bytes32 subject, uint64 until) external {
        _checkAuthorised(insurer, Roles.INSURER);
        uint64 latest = uint64(block.timestamp) + MAX_HOLD;
        require(until <= latest, HoldTooLong(until, latest));

        _book.hold(insurer, subject, until);
    }

    /* VISIT REGISTRY */

    /// @inheritdoc IVisitListener
    /// @dev The registry calls only the payer that a visit names, and has just checked the provider of one that it records now.
    function onVisit(
        IVisitRegistry.Visit calldata visit,
        bytes32 id,
        IVisitRegistry.Entry memory entry
    ) external nonReentrant {
        require(msg.sender == address(VISITS), NotVisitRegistry(msg.sender));
        if (entry.recordedAt != block.timestamp) _checkTrusted(visit.provider, entry);

        Dossier memory dossier = _book.begin(visit, id, visit.policy);
        if (_book.claims[dossier.key].status == Status.PENDING) _adjudicate(visit, dossier, entry, type(uint256).max);
    }

    /* ANYONE */

    /// @inheritdoc IInsuranceClaims
    function settle(IVisitRegistry.Visit calldata visit) external nonReentrant {
        (bytes32 id, IVisitRegistry.Entry memory entry) = _recorded(visit);
        Dossier memory dossier = _book.begin(visit, id, visit.policy);
        _book.checkPending(dossier.key, id);

        _adjudicate(visit, dossier, entry, type(uint256).max);
    }

    /// @inheritdoc IInsuranceClaims
    function reverse(Dossier memory dossier) external nonReentrant {
        Claim memory claim = _book.claimOf(dossier);
        (, bool isSound) = _standing(dossier);
        require(!isSound, VisitStands(dossier.visit));

        (bytes32 insurer, uint256 paid) = _book.reverse(claim, dossier);

        emit ClaimReversed(dossier.visit, dossier.policy, paid, totalsOf(dossier.policy));

        bool isWaiting = claim.status == Status.APPROVED || claim.appeals != 0;
        POOL.reclaim(insurer, dossier.provider, dossier.key, uint96(paid), isWaiting);
    }

    /* PROVIDER, OR ANYONE WITH THE MEMBER'S SIGNATURE */

    /// @inheritdoc IInsuranceClaims
    function appeal(Dossier memory dossier, bytes calldata signature) external nonReentrant {
        Claim memory claim = _book.claimOf(dossier);
        uint256 level = _book.appeal(claim, dossier);
        if (signature.length == 0) {
            _checkAuthorised(dossier.provider, Roles.PARTICIPANT);
        } else {
            bytes32 statement = keccak256(
                abi.encode(APPEAL_TYPEHASH, address(this), dossier.visit, dossier.policy, level, dossier.decidedAt)
            );
            _checkSigned(_book.policies[dossier.policy].member, statement, signature);
        }

        _book.write(dossier, claim);

        emit ClaimAppealed(dossier.visit, dossier.policy, level, signature.length != 0);
    }

    /* ANYONE WITH THE MEMBER'S SIGNATURES */

    /// @inheritdoc IInsuranceClaims
    function coordinate(
        IVisitRegistry.Visit calldata visit,
        Dossier memory first,
        bytes32 policy,
        bytes calldata signature,
        bytes calldata secondSignature
    ) external nonReentrant {
        (bytes32 id, IVisitRegistry.Entry memory entry) = _recorded(visit);
        Dossier memory second = _book.begin(visit, id, policy);
        bytes32 statement = keccak256(abi.encode(COORDINATION_TYPEHASH, address(this), id, policy, entry.recordedAt));
        _checkSigned(visit.member, statement, signature);
        _checkSigned(_book.policies[policy].member, statement, secondSignature);

        (Dossier memory closed, Reason reason, uint256 room) = _book.close(visit, id, first, entry.recordedAt);
        _book.checkPending(second.key, id);

        emit ClaimClosed(id, visit.policy, reason, closed);

        entry.isAttested = true; // she has just signed
        _adjudicate(visit, second, entry, room);
    }

    function _checkSigned(address member, bytes32 statement, bytes calldata signature) private view {
        require(PATIENTS.isSigned(member, statement, signature), ISignedActions.InvalidSignature(member));
    }

    /* INSURER OR REVIEWER, AND ANYONE WHEN THE INSURER IS SILENT */

    /// @inheritdoc IInsuranceClaims
    function decide(Dossier memory dossier, bytes32 organisation, uint96 amount) external nonReentrant {
        Claim memory claim = _book.claimOf(dossier);
        ClaimBook.Version storage plan = _book.versionOf(dossier.policy);
        uint64 deadline = claim.changedAt + uint64(plan.terms.decideDays) * 1 days;
        bool isHeld = claim.status == Status.HELD;
        (, bool isSound) = _standing(dossier);
        uint256 due;
        if (isHeld && block.timestamp >= deadline) {
            organisation = bytes32(0);
            due = _book.lower(claim, dossier, _book.deem(claim, dossier, isSound));
        } else {
            _checkTurn(dossier, claim, plan.insurer, organisation, deadline);
            require(amount == 0 || isSound, IVisitRegistry.UnknownVisit(dossier.visit));
            due = isHeld ? _book.lower(claim, dossier, amount) : _book.raise(claim, dossier, amount);
        }
        claim.status = claim.amount == 0 ? Status.DENIED : Status.PAID;
        dossier.salt = ClaimBook.salt();

        _tell(dossier, claim, organisation);

        _pay(dossier, claim, plan.insurer, isHeld ? dossier.key : bytes32(0), due);
    }

    function _tell(Dossier memory dossier, Claim memory claim, bytes32 organisation) private {
        (bytes32 visit, bytes32 policy) = (dossier.visit, dossier.policy);
        emit ClaimDecided(visit, policy, organisation, claim.reason, claim.amount, totalsOf(policy), dossier);
    }

    /// @dev Reverts unless the caller's organisation is the one to decide now.
    function _checkTurn(
        Dossier memory dossier,
        Claim memory claim,
        bytes32 insurer,
        bytes32 organisation,
        uint64 deadline
    ) private view {
        Status status = claim.status;
        if (status == Status.ESCALATED) {
            _checkAuthorised(organisation, Roles.REVIEWER);
            bool isIndependent = _isApart(organisation, insurer, dossier.provider, claim.changedAt);
            require(isIndependent, NotIndependent(organisation, msg.sender));
        } else {
            require(status == Status.HELD || status == Status.APPEALED, ClaimSettled(dossier.visit, status));
            require(block.timestamp < deadline, DecisionTooLate(deadline));
            require(organisation == insurer, NotTheInsurer(organisation));
            _checkAuthorised(organisation, Roles.INSURER);
        }
    }

    /* HELPERS */

    function _adjudicate(
        IVisitRegistry.Visit calldata visit,
        Dossier memory dossier,
        IVisitRegistry.Entry memory entry,
        uint256 room
    ) private {
        (Claim memory claim, Decision[] memory lines) = _book.rule(dossier, visit, entry, room);

        emit ClaimAdjudicated(
            dossier.visit,
            dossier.policy,
            claim.status,
            claim.reason,
            lines,
            totalsOf(dossier.policy),
            dossier
        );

        bytes32 insurer = _book.versionOf(dossier.policy).insurer;
        if (claim.status == Status.PAID) {
            _pay(dossier, claim, insurer, 0, claim.amount);
        } else {
            _book.write(dossier, claim);
            if (claim.status == Status.HELD) POOL.reserve(insurer, dossier.key, claim.amount);
        }
    }

    /// @dev The claim is marked as paid before the pool is called, so that it is paid once whatever the pool's token does.
    function _pay(Dossier memory dossier, Claim memory claim, bytes32 insurer, bytes32 lock, uint256 amount) private {
        _book.write(dossier, claim);
        if (amount != 0 || lock != 0) {
            IInsurancePool.Result result = POOL.pay(insurer, dossier.provider, lock, uint96(amount));
            if (result != IInsurancePool.Result.PAID) {
                claim.status = result == IInsurancePool.Result.OWED ? Status.OWED : Status.APPROVED;
                _book.claims[dossier.key].status = claim.status;
            }
        }

        emit ClaimPaid(dossier.visit, dossier.policy, dossier.provider, amount, claim.status);
    }

    /* VIEWS */

    /// @inheritdoc IInsuranceClaims
    function claimOf(bytes32 key) external view returns (Claim memory) {
        return _book.claims[key];
    }

    /// @inheritdoc IInsuranceClaims
    function totalsOf(bytes32 policy) public view returns (Totals memory) {
        return _book.totals[policy];
    }
}
