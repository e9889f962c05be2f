// SPDX-License-Identifier: Apache-2.0
pragma solidity >=0.8.26;

import {IVisitRegistry} from "./IVisitRegistry.sol";

/// @title IInsuranceClaims
/// @notice Plans, policies and the decisions on visits: a recorded visit is adjudicated and paid with no claimant doing anything.
/// @dev A plan version never changes; a policy pins one and lasts at most a year, so its limits are annual. Coverage is judged on the
/// service date, and a visit may be filed until the service date plus the plan's filing days, also after the policy ended. Every
/// boundary is a second and half-open: `[from, until)`.
///
/// A decision is made once. What the registry could not hand over, what waits for the member's signature, and what the pool was
/// too short to pay is finished by {settle}, which anyone may call. Deciding changes no money of the member: what the member pays is
/// settled with the provider.
///
/// Amounts are in the smallest unit of the pool's token. All rounding is in the pool's favour, by less than one unit a line.
interface IInsuranceClaims {
    /// @notice How a claim stands.
    /// @dev PENDING is not decided, APPROVED is decided and not yet paid, OWED left the insurer's account and waits for the provider.
    enum Status {
        PENDING,
        DENIED,
        APPROVED,
        PAID,
        OWED
    }

    /// @notice Why a line was decided as it was, or why a whole claim was denied.
    /// @dev COVERED, FEE_REDUCED (the charge was above the plan's fee), UNITS_REDUCED (more units than the plan allows a visit) and
    /// LIMIT_REACHED (the annual limit) and NOT_A_BENEFIT are of a line; the others deny the claim.
    enum Reason {
        COVERED,
        FEE_REDUCED,
        UNITS_REDUCED,
        LIMIT_REACHED,
        NOT_A_BENEFIT,
        NOT_THE_MEMBER,
        BEFORE_COVERAGE,
        IN_WAITING_PERIOD,
        AFTER_COVERAGE,
        FILED_LATE,
        OUT_OF_NETWORK
    }

    /// @notice What a plan pays for one benefit.
    /// @param benefit The kind of care, a number of `Benefits`.
    /// @param fee The most that is allowed for one unit.
    /// @param copay What the member pays of a line before coinsurance.
    /// @param coinsurance The member's share of the rest, in hundredths of a percent (10,000 is all of it).
    /// @param unitsPerVisit The most units of this benefit that one visit may have.
    struct Benefit {
        uint16 benefit;
        uint96 fee;
        uint96 copay;
        uint16 coinsurance;
        uint16 unitsPerVisit;
    }

    /// @notice The terms of a plan that hold for a whole policy.
    /// @param deductible What the member pays in a policy before the plan pays anything.
    /// @param outOfPocketMaximum The most that deductible, copays and coinsurance take from the member in a policy.
    /// @param annualLimit The most that the plan pays in a policy.
    /// @param attestationAbove What the plan pays in a policy, summed over its visits, without the member's signature.
    /// @param waitingDays Days after the policy's begin in which nothing is covered.
    /// @param filingDays Days after the service date within which a visit must be recorded.
    /// @param isOpen Whether it pays every accredited provider, rather than those that the plan lists.
    struct Terms {
        uint96 deductible;
        uint96 outOfPocketMaximum;
        uint96 annualLimit;
        uint96 attestationAbove;
        uint16 waitingDays;
        uint16 filingDays;
        bool isOpen;
    }

    /// @notice One version of a plan. Its id is the keccak256 of its ABI encoding.
    /// @param insurer The organisation that offers it.
    /// @param terms What holds for a whole policy.
    /// @param benefits What it covers, in rising order of `benefit`.
    /// @param network The providers that it pays, in rising order; none in an open plan.
    struct Plan {
        bytes32 insurer;
        Terms terms;
        Benefit[] benefits;
        bytes32[] network;
    }

    /// @notice What a member holds. Its id is the keccak256 of its ABI encoding.
    /// @param plan The id of the plan version.
    /// @param member The member's pseudonym with this insurer.
    /// @param from First second of coverage (Unix seconds), before the waiting period.
    /// @param until First second without coverage (Unix seconds).
    struct Policy {
        bytes32 plan;
        address member;
        uint64 from;
        uint64 until;
    }

    /// @notice What has been counted in a policy.
    /// @param deductibleMet What the member paid towards the deductible.
    /// @param outOfPocketMet What the member paid in deductible, copays and coinsurance.
    /// @param planPaid What the plan paid.
    /// @param unattested How much of it without the member's signature.
    struct Totals {
        uint128 deductibleMet;
        uint128 outOfPocketMet;
        uint128 planPaid;
        uint128 unattested;
    }

    /// @notice How one line was decided.
    /// @dev `planPays + memberPays + writeOff` is the charge, and `deductible + copay + coinsurance` is at most `memberPays`; the rest
    /// of it lies beyond the annual limit or is not covered.
    /// @param allowed What the plan recognises of the charge.
    /// @param deductible What of it the member pays towards the deductible.
    /// @param copay What of it the member pays as copay.
    /// @param coinsurance What of it the member pays as a share.
    /// @param planPays What the plan pays.
    /// @param memberPays What the member pays in all.
    /// @param writeOff What nobody pays, because the provider charges more than is allowed.
    /// @param reason Why.
    struct Outcome {
        uint256 allowed;
        uint256 deductible;
        uint256 copay;
        uint256 coinsurance;
        uint256 planPays;
        uint256 memberPays;
        uint256 writeOff;
        Reason reason;
    }

    /// @notice What was decided about one line, in short.
    /// @param planPays What the plan pays.
    /// @param memberPays What the member pays; the rest of the charge is written off.
    /// @param reason Why.
    struct Decision {
        uint256 planPays;
        uint256 memberPays;
        Reason reason;
    }

    /// @notice A decided claim.
    /// @param status How it stands.
    /// @param reason COVERED, or why it was denied.
    /// @param decidedAt When it was decided (Unix seconds); 0 while it is not.
    /// @param amount What the plan pays.
    struct Claim {
        Status status;
        Reason reason;
        uint64 decidedAt;
        uint96 amount;
    }

    /// @notice An insurer published a plan version.
    /// @param plan The plan's id.
    /// @param insurer The insurer.
    /// @param content The plan.
    event PlanPublished(bytes32 indexed plan, bytes32 indexed insurer, Plan content);

    /// @notice An insurer enrolled a member.
    /// @param policy The policy's id.
    /// @param plan The plan's id.
    /// @param member The member's pseudonym with this insurer.
    /// @param from First second of coverage (Unix seconds), before the waiting period.
    /// @param until First second without coverage (Unix seconds).
    event PolicyEnrolled(
        bytes32 indexed policy,
        bytes32 indexed plan,
        address indexed member,
        uint64 from,
        uint64 until
    );

    /// @notice A claim was approved: what the plan and the member pay for each line of the visit, in its order.
    /// @param visit The visit's id.
    /// @param policy The policy's id.
    /// @param isAttested Whether the member had signed the visit.
    /// @param lines What was decided about each line; {adjudicate} tells how, given what had been counted before.
    /// @param counted What the policy has counted with this claim.
    event ClaimApproved(
        bytes32 indexed visit,
        bytes32 indexed policy,
        bool isAttested,
        Decision[] lines,
        Totals counted
    );

    /// @notice A claim was denied: the plan pays nothing of it.
    /// @param visit The visit's id.
    /// @param policy The policy's id.
    /// @param reason Why.
    event ClaimDenied(bytes32 indexed visit, bytes32 indexed policy, Reason reason);

    /// @notice The money of an approved claim left the insurer's account.
    /// @param visit The visit's id.
    /// @param provider The organisation that is paid.
    /// @param amount How much.
    /// @param isOwed Whether it waits for the provider, because it could not be transferred.
    event ClaimPaid(bytes32 indexed visit, bytes32 indexed provider, uint96 amount, bool isOwed);

    /// @notice The insurer's account holds too little for an approved claim; it stays approved.
    /// @param visit The visit's id.
    /// @param amount How much is needed.
    event ClaimUnfunded(bytes32 indexed visit, uint96 amount);

    /// @notice Only the visit registry wakes this contract.
    /// @param caller The account that tried.
    error NotVisitRegistry(address caller);

    /// @notice This visit names another payer.
    /// @param payer The payer that it names.
    error AnotherPayer(address payer);

    /// @notice This plan version is published already.
    /// @param plan The plan's id.
    error PlanExists(bytes32 plan);

    /// @notice There is no such plan version.
    /// @param plan The plan's id.
    error UnknownPlan(bytes32 plan);

    /// @notice A plan covers 1 to 64 benefits and lists at most 256 providers, each once and in rising order.
    /// @param index Where the order or the size is broken.
    error InvalidOrder(uint256 index);

    /// @notice An open plan lists no providers, any other plan at least one.
    /// @param isOpen Whether the plan is open.
    /// @param providers How many it lists.
    error InvalidNetwork(bool isOpen, uint256 providers);

    /// @notice A benefit needs a known number, a fee, at least one unit, and a share of at most 10,000.
    /// @param index Which benefit of the plan, counted from 0.
    error InvalidBenefit(uint256 index);

    /// @notice No policy of this plan can have counted that: it is more than its terms allow, or there is no such plan.
    /// @param plan The plan's id.
    error TotalsBeyondTerms(bytes32 plan);

    /// @notice A policy lasts longer than nothing, at most 366 days, and its end fits 48 bits.
    /// @param from First second of coverage (Unix seconds).
    /// @param until First second without coverage (Unix seconds).
    error InvalidTerm(uint64 from, uint64 until);

    /// @notice This member holds this policy already.
    /// @param policy The policy's id.
    error PolicyExists(bytes32 policy);

    /// @notice There is no such policy.
    /// @param policy The policy's id.
    error UnknownPolicy(bytes32 policy);

    /// @notice The member must sign this visit: with it, the plan would have paid more than it pays without a signature.
    /// @param visit The visit's id.
    /// @param unattested What the plan would have paid without the member's signature.
    /// @param limit What it pays without.
    error AttestationNeeded(bytes32 visit, uint256 unattested, uint96 limit);

    /// @notice The insurer's account still holds too little for this claim.
    /// @param visit The visit's id.
    /// @param amount How much is needed.
    error StillUnfunded(bytes32 visit, uint96 amount);

    /// @notice This claim is settled: nothing is left to do.
    /// @param visit The visit's id.
    /// @param status How it stands.
    error ClaimSettled(bytes32 visit, Status status);

    /// @notice Publishes a plan version.
    /// @dev Emits {PlanPublished}.
    ///
    /// Reverts with:
    /// - {NotAuthorised} if the caller does not act for the insurer as INSURER.
    /// - {InvalidOrder} if benefits or providers are none, too many, repeated or out of order.
    /// - {InvalidBenefit} if a benefit is not sound.
    /// - {InvalidNetwork} if it is open and lists providers, or neither.
    /// - {PlanExists} if it is published.
    ///
    /// @param plan The plan.
    /// @return id The plan's id.
    function publish(Plan calldata plan) external returns (bytes32 id);

    /// @notice Enrols a member in a plan.
    /// @dev Coverage may begin in the past: it is the insurer's promise. Emits {PolicyEnrolled}.
    ///
    /// Reverts with:
    /// - {UnknownPlan} if there is no such plan.
    /// - {NotAuthorised} if the caller does not act for the plan's insurer as INSURER.
    /// - {ZeroIdentifier} if the member is zero.
    /// - {InvalidTerm} if the policy lasts no second or more than 366 days.
    /// - {PolicyExists} if it is enrolled.
    ///
    /// @param policy The policy.
    /// @return id The policy's id.
    function enrol(Policy calldata policy) external returns (bytes32 id);

    /// @notice Finishes a claim that is recorded but not decided, or decided but not paid.
    /// @dev Judged by the time when the visit was recorded, not by the time of this call. Emits what {IVisitListener-onVisit} emits.
    ///
    /// Reverts with:
    /// - {AnotherPayer} if the visit names another payer.
    /// - {UnknownVisit} if exactly this visit is not recorded.
    /// - {NotAccredited} if the provider was not accredited when it recorded the visit, by what is known now.
    /// - {ClaimSettled} if nothing is left to do.
    /// - {UnknownPolicy} if there is no such policy.
    /// - {AttestationNeeded} if the member must sign first.
    /// - {StillUnfunded} if it is approved and the insurer's account is still too short.
    ///
    /// @param visit The visit, as its event shows it.
    function settle(IVisitRegistry.Visit calldata visit) external;

    /// @notice How a claim stands.
    /// @param visit The visit's id.
    /// @return The claim; all zero while it is not decided.
    function claimOf(bytes32 visit) external view returns (Claim memory);

    /// @notice How a plan version decides the lines of a visit in a policy that has counted so much.
    /// @dev With what the {ClaimApproved} before it in the policy shows as counted it explains a decision, line by line; before a visit it
    /// is an estimate. It does not judge coverage.
    ///
    /// Reverts with:
    /// - {TotalsBeyondTerms} if no policy of this plan can have counted that.
    ///
    /// @param plan The plan's id.
    /// @param lines The lines of the visit.
    /// @param counted What the policy has counted before them.
    /// @return outcomes How each line is decided.
    function adjudicate(
        bytes32 plan,
        IVisitRegistry.Line[] calldata lines,
        Totals memory counted
    ) external view returns (Outcome[] memory outcomes);

    /// @notice A policy.
    /// @param policy The policy's id.
    /// @return The policy; all zero if there is none.
    function policyOf(bytes32 policy) external view returns (Policy memory);

    /// @notice What has been counted in a policy.
    /// @param policy The policy's id.
    /// @return The totals.
    function totalsOf(bytes32 policy) external view returns (Totals memory);

    /// @notice The insurer and the terms of a plan version.
    /// @param plan The plan's id.
    /// @return insurer The insurer; zero if there is no such plan.
    /// @return terms The terms.
    function planOf(bytes32 plan) external view returns (bytes32 insurer, Terms memory terms);

    /// @notice What a plan version pays for a benefit.
    /// @param plan The plan's id.
    /// @param benefit The kind of care, a number of `Benefits`.
    /// @return The benefit; its fee is zero if it is not covered.
    function benefitOf(bytes32 plan, uint16 benefit) external view returns (Benefit memory);

    /// @notice Whether a plan version pays a provider.
    /// @param plan The plan's id.
    /// @param provider The organisation.
    /// @return Whether it does.
    function isInNetwork(bytes32 plan, bytes32 provider) external view returns (bool);
}
