// SPDX-License-Identifier: Apache-2.0
pragma solidity =0.8.30;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {ReentrancyGuard} from "@openzeppelin/contracts/utils/ReentrancyGuard.sol";
import {IAccreditationRegistry} from "../interfaces/IAccreditationRegistry.sol";
import {IInsuranceClaims} from "../interfaces/IInsuranceClaims.sol";
import {IInsurancePool} from "../interfaces/IInsurancePool.sol";
import {IPatientRegistry} from "../interfaces/IPatientRegistry.sol";
import {ISignedActions} from "../interfaces/ISignedActions.sol";
import {IVisitListener} from "../interfaces/IVisitListener.sol";
import {IVisitRegistry} from "../interfaces/IVisitRegistry.sol";
import {Accredited} from "./base/Accredited.sol";
import {ClaimBook} from "./libraries/ClaimBook.sol";
import {PlanRules} from "./libraries/PlanRules.sol";
import {Reviews} from "./libraries/Reviews.sol";
import {Roles} from "./libraries/Roles.sol";
import {Rulings} from "./libraries/Rulings.sol";

/// @title InsuranceClaims
/// @notice See {IInsuranceClaims}.
contract InsuranceClaims is IInsuranceClaims, IVisitListener, Accredited, ReentrancyGuard {
    using ClaimBook for ClaimBook.Book;
    using Reviews for ClaimBook.Book;
    using Rulings for ClaimBook.Book;

    bytes32 private constant APPEAL_TYPEHASH =
        keccak256("ClaimAppeal(address claims,bytes32 visit,bytes32 policy,uint256 level)");
    bytes32 private constant COORDINATION_TYPEHASH =
        keccak256("Coordination(address claims,bytes32 visit,bytes32 policy)");
    uint64 private constant MAX_HOLD = 30 days;
    uint256 private constant LEVELS = 2;

    /// @notice The registry of patients, which knows who signs for a member.
    IPatientRegistry public immutable PATIENTS;

    /// @notice The registry whose visits are decided here.
    IVisitRegistry public immutable VISITS;

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
    ) Accredited(accreditation) {
        PATIENTS = patients;
        VISITS = visits;
        POOL = pool;
    }

    /* INSURER */

    /// @inheritdoc IInsuranceClaims
    function publish(Plan calldata plan) external returns (bytes32 id) {
        _checkAuthorised(plan.insurer, Roles.INSURER);
        PlanRules.check(plan);
        id = keccak256(msg.data[4:]); // its ABI encoding
        require(_book.plans[id].insurer == bytes32(0), PlanExists(id));

        _book.plans[id] = ClaimBook.Version({insurer: plan.insurer, terms: plan.terms});
        for (uint256 i; i < plan.benefits.length; ++i) {
            _book.benefits[id][plan.benefits[i].benefit] = plan.benefits[i];
        }
        for (uint256 i; i < plan.network.length; ++i) {
            _book.networks[id][plan.network[i]] = true;
        }

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

        _book.policies[id] = ClaimBook.Enrolment(
            policy.plan,
            policy.member,
            uint48(policy.from),
            uint48(policy.until)
        );

        emit PolicyEnrolled(id, policy.plan, policy.member, policy.from, policy.until);

        (uint96 capital, uint64 runOff) = PlanRules.capital(plan.terms);
        POOL.cover(insurer, capital, policy.until + runOff);
    }

    /// @inheritdoc IInsuranceClaims
    function hold(bytes32 insurer, bytes32 subject, uint64 until) external {
        _checkAuthorised(insurer, Roles.INSURER);
        uint64 latest = uint64(block.timestamp) + MAX_HOLD;
        require(until <= latest, HoldTooLong(until, latest));

        _book.holds[insurer][subject] = until;

        emit HoldPlaced(insurer, subject, until);
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

        if (_book.claims[visit.nullifier].status == Status.PENDING) {
            _adjudicate(visit, _begin(visit, id, visit.policy, visit.nullifier), entry, type(uint256).max);
        }
    }

    /* ANYONE */

    /// @inheritdoc IInsuranceClaims
    function settle(IVisitRegistry.Visit calldata visit) external nonReentrant {
        (bytes32 id, IVisitRegistry.Entry memory entry) = _recorded(visit);
        Dossier memory dossier = _begin(visit, id, visit.policy, visit.nullifier);
        _checkPending(dossier);

        _adjudicate(visit, dossier, entry, type(uint256).max);
    }

    /// @inheritdoc IInsuranceClaims
    function reverse(Dossier memory dossier) external nonReentrant {
        Claim memory claim = _book.claimOf(dossier);
        require(!_stands(VISITS.entryOf(dossier.nullifier), dossier.visit), VisitStands(dossier.visit));

        uint256 paid = claim.status == Status.HELD ? 0 : claim.amount + dossier.interest;
        _book.takeBack(dossier, claim.amount);
        delete _book.claims[dossier.key];

        emit ClaimReversed(dossier.visit, dossier.policy, paid, _book.totals[dossier.policy]);

        POOL.reclaim(_book.versionOf(dossier.policy).insurer, dossier.provider, dossier.key, uint96(paid));
    }

    /* PROVIDER, OR ANYONE WITH THE MEMBER'S SIGNATURE */

    /// @inheritdoc IInsuranceClaims
    function appeal(Dossier memory dossier, bytes calldata signature) external {
        Claim memory claim = _book.claimOf(dossier);
        Terms storage terms = _book.versionOf(dossier.policy).terms;
        uint256 from = claim.changedAt;
        if (claim.status == Status.APPEALED) from += uint256(terms.decideDays) * 1 days;
        else _checkDecided(dossier, claim);
        require(claim.appeals < LEVELS, AppealsExhausted(dossier.visit));
        uint256 until = from + uint256(terms.appealDays) * 1 days;
        require(block.timestamp >= from && block.timestamp < until, NotAppealable(from, until));
        uint256 level = ++claim.appeals;
        if (signature.length == 0) {
            _checkAuthorised(dossier.provider, Roles.PARTICIPANT);
        } else {
            bytes32 statement = keccak256(
                abi.encode(APPEAL_TYPEHASH, address(this), dossier.visit, dossier.policy, level)
            );
            _checkSigned(_book.policies[dossier.policy].member, statement, signature);
        }

        claim.status = level == LEVELS ? Status.ESCALATED : Status.APPEALED;
        _write(dossier, claim);

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
        Dossier memory second = _begin(visit, id, policy, keccak256(abi.encode(visit.nullifier)));
        _checkPending(second);
        bytes32 statement = keccak256(abi.encode(COORDINATION_TYPEHASH, address(this), id, policy));
        _checkSigned(visit.member, statement, signature);
        _checkSigned(_book.policies[policy].member, statement, secondSignature);

        Claim memory claim = _book.claims[visit.nullifier];
        uint256 room = type(uint256).max;
        if (claim.status == Status.PENDING) {
            uint256 until = entry.recordedAt + uint256(_book.versionOf(visit.policy).terms.decideDays) * 1 days;
            require(block.timestamp >= until, NotDecided(id, claim.status));
            first = _begin(visit, id, visit.policy, visit.nullifier);
            (claim.status, claim.reason) = (Status.DENIED, Reason.TIMED_OUT);
        } else {
            require(first.key == visit.nullifier, AnotherDossier(id));
            claim = _book.claimOf(first);
            _checkDecided(first, claim);
            if (claim.amount != 0) room = first.allowed - claim.amount;
        }
        claim.appeals = uint8(LEVELS);
        _write(first, claim);

        emit ClaimClosed(id, visit.policy, claim.reason, first);

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
        uint256 deadline = claim.changedAt + uint256(plan.terms.decideDays) * 1 days;
        bool isLate = block.timestamp >= deadline;
        bool isHeld = claim.status == Status.HELD;
        IVisitRegistry.Entry memory entry = VISITS.entryOf(dossier.nullifier);
        bool isSound = _stands(entry, dossier.visit) && _isTrusted(dossier.provider, entry);
        uint256 due;
        if (isHeld && isLate) {
            (organisation, claim.reason) = (bytes32(0), Reason.DEEMED_APPROVED);
            due = _book.lower(claim, dossier, isSound ? Math.min(claim.amount, plan.terms.deemedUpTo) : 0);
        } else {
            require(isSound || amount == 0, IVisitRegistry.UnknownVisit(dossier.visit));
            if (claim.status == Status.ESCALATED) {
                _checkReviewer(organisation, plan.insurer, dossier.provider);
            } else {
                require(isHeld || claim.status == Status.APPEALED, ClaimSettled(dossier.visit, claim.status));
                require(!isLate, DecisionTooLate(deadline));
                require(organisation == plan.insurer, NotTheInsurer(organisation));
                _checkAuthorised(organisation, Roles.INSURER);
            }
            if (isHeld) claim.reason = Reason.REVIEWED;
            due = isHeld ? _book.lower(claim, dossier, amount) : _book.raise(claim, dossier, amount);
        }
        claim.status = claim.amount == 0 ? Status.DENIED : Status.PAID;

        emit ClaimDecided(
            dossier.visit,
            dossier.policy,
            organisation,
            claim.reason,
            claim.amount,
            _book.totals[dossier.policy],
            dossier
        );

        _pay(dossier, claim, plan.insurer, isHeld ? dossier.key : bytes32(0), due);
    }

    /// @dev Whoever ever signed for the insurer or the provider is not independent of them.
    function _checkReviewer(bytes32 reviewer, bytes32 insurer, bytes32 provider) private view {
        _checkAuthorised(reviewer, Roles.REVIEWER);
        bool isIndependent = ACCREDITATION.signerOf(insurer, msg.sender).from == 0 &&
            ACCREDITATION.signerOf(provider, msg.sender).from == 0 &&
            ACCREDITATION.jurisdictionOf(reviewer) == ACCREDITATION.jurisdictionOf(insurer);
        require(isIndependent, NotIndependent(reviewer, msg.sender));
    }

    /* HELPERS */

    function _checkPending(Dossier memory dossier) private view {
        Status status = _book.claims[dossier.key].status;
        require(status == Status.PENDING, ClaimSettled(dossier.visit, status));
    }

    function _checkDecided(Dossier memory dossier, Claim memory claim) private pure {
        require(claim.status <= Status.OWED, NotDecided(dossier.visit, claim.status));
    }

    /// @dev The id of a visit that names this contract, and what the registry keeps of it.
    function _recorded(
        IVisitRegistry.Visit calldata visit
    ) private view returns (bytes32 id, IVisitRegistry.Entry memory entry) {
        require(visit.payer == address(this), AnotherPayer(visit.payer));
        id = keccak256(abi.encode(visit));
        entry = VISITS.entryOf(visit.nullifier);
        require(_stands(entry, id), IVisitRegistry.UnknownVisit(id));
        _checkTrusted(visit.provider, entry);
    }

    function _stands(IVisitRegistry.Entry memory entry, bytes32 id) private pure returns (bool) {
        return entry.fingerprint == bytes24(id);
    }

    /// @dev A compromise that was declared since then takes the trust from what the provider recorded; a lapse does not.
    function _checkTrusted(bytes32 provider, IVisitRegistry.Entry memory entry) private view {
        require(_isTrusted(provider, entry), IAccreditationRegistry.NotAccredited(provider, entry.role));
    }

    function _isTrusted(bytes32 provider, IVisitRegistry.Entry memory entry) private view returns (bool) {
        return ACCREDITATION.isAccredited(provider, entry.role, entry.recordedAt);
    }

    function _begin(
        IVisitRegistry.Visit calldata visit,
        bytes32 id,
        bytes32 policy,
        bytes32 key
    ) private view returns (Dossier memory dossier) {
        require(_book.policies[policy].member != address(0), UnknownPolicy(policy));
        (dossier.visit, dossier.policy, dossier.provider) = (id, policy, visit.provider);
        (dossier.nullifier, dossier.key, dossier.day) = (visit.nullifier, key, visit.servedAt / 1 days);
        (dossier.decidedAt, dossier.salt) = (block.timestamp, blockhash(block.number - 1));
    }

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
            _book.totals[dossier.policy],
            dossier
        );

        bytes32 insurer = _book.versionOf(dossier.policy).insurer;
        if (claim.status == Status.PAID) {
            _pay(dossier, claim, insurer, 0, claim.amount);
        } else {
            _write(dossier, claim);
            if (claim.status == Status.HELD) POOL.reserve(insurer, dossier.key, claim.amount);
        }
    }

    function _write(Dossier memory dossier, Claim memory claim) private {
        claim.changedAt = uint40(block.timestamp);
        claim.seal = ClaimBook.seal(dossier);
        _book.claims[dossier.key] = claim;
    }

    /// @dev The claim is marked as paid before the pool is called, so that it is paid once whatever the pool's token does.
    function _pay(Dossier memory dossier, Claim memory claim, bytes32 insurer, bytes32 lock, uint256 amount) private {
        _write(dossier, claim);
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
    function totalsOf(bytes32 policy) external view returns (Totals memory) {
        return _book.totals[policy];
    }
}
