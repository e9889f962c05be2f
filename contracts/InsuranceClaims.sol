// SPDX-License-Identifier: Apache-2.0
pragma solidity =0.8.30;

import {ReentrancyGuard} from "@openzeppelin/contracts/utils/ReentrancyGuard.sol";
import {IAccreditationRegistry} from "../interfaces/IAccreditationRegistry.sol";
import {IInsuranceClaims} from "../interfaces/IInsuranceClaims.sol";
import {IInsurancePool} from "../interfaces/IInsurancePool.sol";
import {IVisitListener} from "../interfaces/IVisitListener.sol";
import {IVisitRegistry} from "../interfaces/IVisitRegistry.sol";
import {Accredited} from "./base/Accredited.sol";
import {Adjudication} from "./libraries/Adjudication.sol";
import {Benefits} from "./libraries/Benefits.sol";
import {PlanRules} from "./libraries/PlanRules.sol";
import {Roles} from "./libraries/Roles.sol";

/// @title InsuranceClaims
/// @notice See {IInsuranceClaims}.
contract InsuranceClaims is IInsuranceClaims, IVisitListener, Accredited, ReentrancyGuard {
    /// @notice The registry whose visits are decided here.
    IVisitRegistry public immutable VISITS;

    /// @notice The pool from which claims are paid.
    IInsurancePool public immutable POOL;

    /// @dev A plan version without its benefits and its network: three slots.
    struct Version {
        bytes32 insurer;
        Terms terms;
    }

    /// @dev A policy in two slots.
    struct Enrolment {
        bytes32 plan;
        address member;
        uint48 from;
        uint48 until;
    }

    /* STORAGE */

    mapping(bytes32 plan => Version version) private _plans;
    mapping(bytes32 plan => mapping(uint16 number => Benefit benefit)) private _benefits;
    mapping(bytes32 plan => mapping(bytes32 provider => bool isListed)) private _networks;
    mapping(bytes32 policy => Enrolment enrolment) private _policies;
    mapping(bytes32 policy => Totals totals) private _totals;
    mapping(bytes32 visit => Claim claim) private _claims;

    /// @param accreditation The accreditation registry.
    /// @param visits The registry whose visits are decided here.
    /// @param pool The pool from which claims are paid.
    constructor(
        IAccreditationRegistry accreditation,
        IVisitRegistry visits,
        IInsurancePool pool
    ) Accredited(accreditation) {
        VISITS = visits;
        POOL = pool;
    }

    /* INSURER */

    /// @inheritdoc IInsuranceClaims
    function publish(Plan calldata plan) external returns (bytes32 id) {
        _checkAuthorised(plan.insurer, Roles.INSURER);
        PlanRules.check(plan);
        id = keccak256(abi.encode(plan));
        require(_plans[id].insurer == bytes32(0), PlanExists(id));

        _plans[id] = Version({insurer: plan.insurer, terms: plan.terms});
        for (uint256 i; i < plan.benefits.length; ++i) {
            _benefits[id][plan.benefits[i].benefit] = plan.benefits[i];
        }
        for (uint256 i; i < plan.network.length; ++i) {
            _networks[id][plan.network[i]] = true;
        }

        emit PlanPublished(id, plan.insurer, plan);
    }

    /// @inheritdoc IInsuranceClaims
    function enrol(Policy calldata policy) external returns (bytes32 id) {
        bytes32 insurer = _plans[policy.plan].insurer;
        require(insurer != bytes32(0), UnknownPlan(policy.plan));
        _checkAuthorised(insurer, Roles.INSURER);
        require(policy.member != address(0), IAccreditationRegistry.ZeroIdentifier());
        PlanRules.checkTerm(policy.from, policy.until);
        id = keccak256(abi.encode(policy));
        require(_policies[id].member == address(0), PolicyExists(id));

        _policies[id] = Enrolment(policy.plan, policy.member, uint48(policy.from), uint48(policy.until));

        emit PolicyEnrolled(id, policy.plan, policy.member, policy.from, policy.until);
    }

    /* VISIT REGISTRY */

    /// @inheritdoc IVisitListener
    /// @dev The registry calls only the payer that a visit names, and has just checked the provider of one that it records now.
    function onVisit(
        IVisitRegistry.Visit calldata visit,
        bytes32 id,
        IVisitRegistry.Entry calldata entry
    ) external nonReentrant {
        require(msg.sender == address(VISITS), NotVisitRegistry(msg.sender));
        if (entry.recordedAt != block.timestamp) _checkTrusted(visit.provider, entry);

        _process(visit, id, entry);
    }

    /* ANYONE */

    /// @inheritdoc IInsuranceClaims
    function settle(IVisitRegistry.Visit calldata visit) external nonReentrant {
        require(visit.payer == address(this), AnotherPayer(visit.payer));
        bytes32 id = keccak256(abi.encode(visit));
        IVisitRegistry.Entry memory entry = VISITS.entryOf(visit.nullifier);
        require(entry.fingerprint == bytes24(id), IVisitRegistry.UnknownVisit(id));
        _checkTrusted(visit.provider, entry);
        Status status = _claims[id].status;
        require(status == Status.PENDING || status == Status.APPROVED, ClaimSettled(id, status));

        _process(visit, id, entry);

        require(_claims[id].status != status, StillUnfunded(id, _claims[id].amount));
    }

    /// @dev A compromise that was declared since then takes the trust from what the provider recorded; a lapse does not.
    function _checkTrusted(bytes32 provider, IVisitRegistry.Entry memory entry) private view {
        require(
            ACCREDITATION.isAccredited(provider, entry.role, entry.recordedAt),
            IAccreditationRegistry.NotAccredited(provider, entry.role)
        );
    }

    /// @dev Brings a claim as far as it goes; does nothing to one that is settled.
    function _process(IVisitRegistry.Visit calldata visit, bytes32 id, IVisitRegistry.Entry memory entry) private {
        if (_claims[id].status == Status.PENDING) _decide(visit, id, entry);
        if (_claims[id].status == Status.APPROVED) _pay(visit, id);
    }

    function _decide(IVisitRegistry.Visit calldata visit, bytes32 id, IVisitRegistry.Entry memory entry) private {
        Enrolment memory policy = _policies[visit.policy];
        require(policy.member != address(0), UnknownPolicy(visit.policy));
        Terms memory terms = _plans[policy.plan].terms;

        Reason reason = _judge(visit, policy, terms, entry.recordedAt);
        if (reason == Reason.COVERED) {
            _approve(visit, id, policy.plan, terms, entry.isAttested);
        } else {
            _claims[id] = Claim(Status.DENIED, reason, uint64(block.timestamp), 0);
            emit ClaimDenied(id, visit.policy, reason);
        }
    }

    /// @dev Whether the policy covers the visit at all: COVERED, or the first reason why not.
    function _judge(
        IVisitRegistry.Visit calldata visit,
        Enrolment memory policy,
        Terms memory terms,
        uint256 recordedAt
    ) private view returns (Reason) {
        uint256 servedAt = visit.servedAt;
        uint256 coveredFrom = policy.from + uint256(terms.waitingDays) * 1 days;
        if (visit.member != policy.member) return Reason.NOT_THE_MEMBER;
        if (servedAt < policy.from) return Reason.BEFORE_COVERAGE;
        if (servedAt < coveredFrom) return Reason.IN_WAITING_PERIOD;
        if (servedAt >= policy.until) return Reason.AFTER_COVERAGE;
        if (recordedAt >= servedAt + uint256(terms.filingDays) * 1 days) return Reason.FILED_LATE;
        if (!terms.isOpen && !_networks[policy.plan][visit.provider]) return Reason.OUT_OF_NETWORK;
        return Reason.COVERED;
    }

    function _approve(
        IVisitRegistry.Visit calldata visit,
        bytes32 id,
        bytes32 plan,
        Terms memory terms,
        bool isAttested
    ) private {
        Totals memory totals = _totals[visit.policy];
        uint256 planPaid = totals.planPaid;
        Decision[] memory lines = _decideLines(plan, terms, visit.lines, totals);
        uint96 amount = uint96(totals.planPaid - planPaid); // at most the annual limit
        if (!isAttested) totals.unattested += amount;
        // Counted over the policy and not by visit, so that splitting a visit does not do without the member.
        bool isWithin = isAttested || totals.unattested <= terms.attestationAbove;
        require(isWithin, AttestationNeeded(id, totals.unattested, terms.attestationAbove));

        _totals[visit.policy] = totals;
        _claims[id] = Claim(Status.APPROVED, Reason.COVERED, uint64(block.timestamp), amount);

        emit ClaimApproved(id, visit.policy, isAttested, lines, totals);
    }

    function _decideLines(
        bytes32 plan,
        Terms memory terms,
        IVisitRegistry.Line[] calldata lines,
        Totals memory totals
    ) private view returns (Decision[] memory decisions) {
        decisions = new Decision[](lines.length);
        uint256[] memory units = new uint256[](Benefits.LAST + 1);
        Outcome memory outcome;
        mapping(uint16 number => Benefit benefit) storage benefits = _benefits[plan];
        for (uint256 i; i < lines.length; ++i) {
            _decideLine(benefits, terms, lines[i], totals, units, outcome);
            Decision memory decision = decisions[i];
            decision.planPays = outcome.planPays;
            decision.memberPays = outcome.memberPays;
            decision.reason = outcome.reason;
        }
    }

    function _decideLine(
        mapping(uint16 number => Benefit benefit) storage benefits,
        Terms memory terms,
        IVisitRegistry.Line calldata line,
        Totals memory totals,
        uint256[] memory units,
        Outcome memory outcome
    ) private view {
        uint16 number = line.benefit;
        if (number > Benefits.LAST) number = 0;
        uint256 before = units[number];
        unchecked {
            units[number] = before + line.units; // 25 lines of 32 bits
        }
        Adjudication.decide(terms, benefits[number], line, before, totals, outcome);
    }

    /// @dev The claim is marked as paid before the pool is called, so that it is paid once whatever the pool's token does.
    function _pay(IVisitRegistry.Visit calldata visit, bytes32 id) private {
        Claim storage claim = _claims[id];
        uint96 amount = claim.amount;
        claim.status = Status.PAID;
        if (amount != 0) {
            bytes32 insurer = _plans[_policies[visit.policy].plan].insurer;
            IInsurancePool.Result result = POOL.pay(insurer, visit.provider, amount);
            if (result == IInsurancePool.Result.SHORT) {
                claim.status = Status.APPROVED;
                emit ClaimUnfunded(id, amount);
                return;
            }
            if (result == IInsurancePool.Result.OWED) claim.status = Status.OWED;
        }
        emit ClaimPaid(id, visit.provider, amount, claim.status == Status.OWED);
    }

    /* VIEWS */

    /// @inheritdoc IInsuranceClaims
    function adjudicate(
        bytes32 plan,
        IVisitRegistry.Line[] calldata lines,
        Totals memory counted
    ) external view returns (Outcome[] memory outcomes) {
        Terms memory terms = _plans[plan].terms;
        require(Adjudication.isWithin(terms, counted), TotalsBeyondTerms(plan));
        uint256[] memory units = new uint256[](Benefits.LAST + 1);
        outcomes = new Outcome[](lines.length);
        for (uint256 i; i < lines.length; ++i) {
            _decideLine(_benefits[plan], terms, lines[i], counted, units, outcomes[i]);
        }
    }

    /// @inheritdoc IInsuranceClaims
    function claimOf(bytes32 visit) external view returns (Claim memory) {
        return _claims[visit];
    }

    /// @inheritdoc IInsuranceClaims
    function policyOf(bytes32 policy) external view returns (Policy memory) {
        Enrolment memory held = _policies[policy];
        return Policy(held.plan, held.member, held.from, held.until);
    }

    /// @inheritdoc IInsuranceClaims
    function totalsOf(bytes32 policy) external view returns (Totals memory) {
        return _totals[policy];
    }

    /// @inheritdoc IInsuranceClaims
    function planOf(bytes32 plan) external view returns (bytes32 insurer, Terms memory terms) {
        return (_plans[plan].insurer, _plans[plan].terms);
    }

    /// @inheritdoc IInsuranceClaims
    function benefitOf(bytes32 plan, uint16 benefit) external view returns (Benefit memory) {
        return _benefits[plan][benefit];
    }

    /// @inheritdoc IInsuranceClaims
    function isInNetwork(bytes32 plan, bytes32 provider) external view returns (bool) {
        return _plans[plan].terms.isOpen || _networks[plan][provider];
    }
}
