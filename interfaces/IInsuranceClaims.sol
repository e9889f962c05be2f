// SPDX-License-Identifier: Apache-2.0
pragma solidity >=0.8.26;

import {IVisitRegistry} from "./IVisitRegistry.sol";

/// @title IInsuranceClaims
/// @notice Plans, policies and the decisions on visits: a recorded visit is adjudicated and paid with no claimant doing anything.
/// @dev A plan version never changes; a policy pins one and lasts at most a year, so its limits are annual. Coverage is judged on the
/// service date, and a visit may be filed until the service date plus the plan's filing days, also after the policy ended. Every
/// boundary is a second and half-open: `[from, until)`. A service day is a day of UTC.
///
/// What is small and clean is paid at once. What is flagged is HELD: its money is set aside, the insurer decides, and when the insurer
/// says nothing until the plan's last day for it, anyone has the claim deemed approved, up to the plan's cap. Provider and member may
/// appeal, first to the insurer and then to a reviewer who works for neither; what was paid too little is paid with interest. A visit
/// may be claimed from a second policy of the same person, after the first. A visit that its provider voids is taken back exactly.
///
/// Claims are kept by encounter, not by visit: under the keccak256 of the ABI encoding of the visit's nullifier and of whether the policy is
/// the one that the visit names. So what a provider records in the place of a voided visit is decided only when the voided one has been
/// taken back, and nothing is paid twice in between. For 30 days after that the insurer looks at what this provider records of this
/// policy.
///
/// What a claim has counted stands in its {Dossier}, which the events show; the chain keeps a seal of it alone. Deciding changes no
/// money of the member: what the member pays is settled with the provider, and nothing is ever taken back from the member.
///
/// Amounts are in the smallest unit of the pool's token. All rounding is in the pool's favour, by less than one unit a line.
interface IInsuranceClaims {
    /// @notice How a claim stands.
    /// @dev PENDING is not decided. APPROVED waits in the pool, which was short of money; PAID was transferred; OWED waits for the provider in
    /// the pool, because it could not be transferred: to the claims contract all three are paid, and so stays a claim that an appeal
    /// did not raise. HELD waits for the insurer, APPEALED too, ESCALATED for a reviewer.
    enum Status {
        PENDING,
        DENIED,
        APPROVED,
        PAID,
        OWED,
        HELD,
        APPEALED,
        ESCALATED
    }

    /// @notice Why a line was decided as it was, or why a whole claim stands as it does.
    /// @dev Of a line: COVERED, FEE_REDUCED (the charge was above the plan's fee), UNITS_REDUCED (more units than the plan allows a day),
    /// LIMIT_REACHED (the annual limit) and NOT_A_BENEFIT. From NOT_THE_MEMBER to OUT_OF_NETWORK: why a claim was denied. From ON_HOLD
    /// to ABOVE_AUTOMATIC: why it was held. REVIEWED: the insurer decided what was held; DEEMED_APPROVED: it did not in time;
    /// OVERTURNED: an appeal raised it; TIMED_OUT: the first policy never decided, and a second one took its place.
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
        OUT_OF_NETWORK,
        ON_HOLD,
        IMPOSSIBLE_DAY,
        EXCLUDED_PAIR,
        ABOVE_AUTOMATIC,
        REVIEWED,
        DEEMED_APPROVED,
        OVERTURNED,
        TIMED_OUT
    }

    /// @notice What a plan pays for one benefit.
    /// @param benefit The kind of care, a number of `Benefits`.
    /// @param fee The most that is allowed for one unit.
    /// @param copay What the member pays of a line before coinsurance.
    /// @param coinsurance The member's share of the rest, in hundredths of a percent (10,000 is all of it).
    /// @param unitsPerDay The most units of this benefit that one service day may have, over all visits; at most 2,047.
    /// @param excludes Which benefits are not paid for the same day without a look: bit n stands for benefit n, and both name each other.
    struct Benefit {
        uint16 benefit;
        uint96 fee;
        uint96 copay;
        uint16 coinsurance;
        uint16 unitsPerDay;
        uint16 excludes;
    }

    /// @notice The terms of a plan that hold for a whole policy.
    /// @param deductible What the member pays in a policy before the plan pays anything.
    /// @param outOfPocketMaximum The most that deductible, copays and coinsurance take from the member in a policy.
    /// @param annualLimit The most that the plan pays in a policy.
    /// @param attestationAbove What the plan pays in a policy, summed over its visits, without the member's signature.
    /// @param waitingDays Days after the policy's begin in which nothing is covered.
    /// @param filingDays Days after the service date within which a visit must be recorded.
    /// @param isOpen Whether it pays every accredited provider, rather than those that the plan lists.
    /// @param automaticUpTo What is paid in a policy for one service day, summed over its visits, without the insurer's look.
    /// @param deemedUpTo The most that is paid in a policy for one service day because the insurer did not decide in time, summed over its
    /// held claims; at least `automaticUpTo`.
    /// @param visitsPerDay How many visits of one provider on one service day the insurer pays without a look; 0 for any number.
    /// @param solvency What the insurer must have free for a policy when it enrols one, in hundredths of a percent of `annualLimit`.
    /// @param decideDays Days within which the insurer decides what is held or appealed; 1 to 30.
    /// @param appealDays Days within which a decision may be appealed; at least 1.
    struct Terms {
        uint96 deductible;
        uint96 outOfPocketMaximum;
        uint96 annualLimit;
        uint96 attestationAbove;
        uint16 waitingDays;
        uint16 filingDays;
        bool isOpen;
        uint96 automaticUpTo;
        uint96 deemedUpTo;
        uint16 visitsPerDay;
        uint16 solvency;
        uint8 decideDays;
        uint8 appealDays;
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
    /// @param planPaid What the plan paid, interest aside.
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
    /// @param units How many units the plan recognises.
    /// @param allowed What the plan recognises of the charge.
    /// @param deductible What of it the member pays towards the deductible.
    /// @param copay What of it the member pays as copay.
    /// @param coinsurance What of it the member pays as a share.
    /// @param planPays What the plan pays.
    /// @param memberPays What the member pays in all.
    /// @param writeOff What nobody pays, because the provider charges more than is allowed.
    /// @param reason Why.
    struct Outcome {
        uint256 units;
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

    /// @notice What a claim is about and what it has counted, beside its amount: whoever acts on a decided claim brings it, as the newest
    /// event showed it.
    /// @param visit The visit's id.
    /// @param policy The policy's id.
    /// @param provider The organisation that is paid.
    /// @param nullifier The visit's nullifier.
    /// @param key Where the claim is kept: the keccak256 of the nullifier and of whether it is of the policy that the visit names.
    /// @param day The service day, counted from 1970.
    /// @param allowed The most that this claim may ever pay.
    /// @param deductible What it counted towards the deductible.
    /// @param outOfPocket What it counted towards the out-of-pocket maximum.
    /// @param unattested What it counted as paid without the member's signature.
    /// @param counted What it counted for the service day: the amount in the low 102 bits, above it 11 bits of units for each benefit.
    /// @param visits 1 if it counted among the visits of the provider's day, else 0.
    /// @param interest What was paid as interest.
    /// @param decidedAt When it was first decided by rule or, if it was held, by the insurer or its silence (Unix seconds).
    /// @param salt The hash of the block before the one in which it was adjudicated, or decided last.
    struct Dossier {
        bytes32 visit;
        bytes32 policy;
        bytes32 provider;
        bytes32 nullifier;
        bytes32 key;
        uint256 day;
        uint256 allowed;
        uint256 deductible;
        uint256 outOfPocket;
        uint256 unattested;
        uint256 counted;
        uint256 visits;
        uint256 interest;
        uint64 decidedAt;
        bytes32 salt;
    }

    /// @notice A claim, in one slot.
    /// @param status How it stands.
    /// @param reason COVERED, or why it stands so.
    /// @param appeals How often it was appealed; 2 also if it can no longer be.
    /// @param changedAt When it was adjudicated, decided or appealed last (Unix seconds); 0 while it is not decided.
    /// @param amount What the plan pays, interest aside; of a held claim, what is asked.
    /// @param seal The first 12 bytes of the keccak256 of the ABI encoding of its dossier.
    struct Claim {
        Status status;
        Reason reason;
        uint8 appeals;
        uint40 changedAt;
        uint96 amount;
        bytes12 seal;
    }

    /// @notice An insurer published a plan version.
    /// @param plan The plan's id.
    /// @param insurer The insurer.
    /// @param content The plan, ABI-encoded.
    event PlanPublished(bytes32 indexed plan, bytes32 indexed insurer, bytes content);

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

    /// @notice An insurer looks at every claim of a policy, of a provider, or of a provider on a policy, until a time.
    /// @param insurer The insurer.
    /// @param subject The policy's id, the provider, or the keccak256 of both in this order.
    /// @param until First second without the hold (Unix seconds).
    event HoldPlaced(bytes32 indexed insurer, bytes32 indexed subject, uint64 until);

    /// @notice A claim was adjudicated: what the plan and the member pay for each line of the visit, in its order.
    /// @param visit The visit's id.
    /// @param policy The policy's id.
    /// @param status PAID if it is paid now, HELD, or DENIED.
    /// @param reason COVERED, or why it was held or denied.
    /// @param lines What was decided about each line; none if it was denied.
    /// @param counted What the policy has counted with this claim.
    /// @param dossier What the claim is about, and what of that it has counted.
    event ClaimAdjudicated(
        bytes32 indexed visit,
        bytes32 indexed policy,
        Status status,
        Reason reason,
        Decision[] lines,
        Totals counted,
        Dossier dossier
    );

    /// @notice A held or appealed claim was decided.
    /// @param visit The visit's id.
    /// @param policy The policy's id.
    /// @param organisation Who decided: the insurer, or the reviewer; zero if the insurer was silent.
    /// @param reason REVIEWED, DEEMED_APPROVED or OVERTURNED, or as it was, if an appeal raised nothing.
    /// @param amount What the plan pays in all, interest aside.
    /// @param counted What the policy has counted now.
    /// @param dossier What the claim is about, and what of that it has counted.
    event ClaimDecided(
        bytes32 indexed visit,
        bytes32 indexed policy,
        bytes32 indexed organisation,
        Reason reason,
        uint96 amount,
        Totals counted,
        Dossier dossier
    );

    /// @notice A decision was appealed.
    /// @param visit The visit's id.
    /// @param policy The policy's id.
    /// @param level 1 to the insurer, 2 to a reviewer.
    /// @param isByMember Whether by the member, rather than by the provider.
    event ClaimAppealed(bytes32 indexed visit, bytes32 indexed policy, uint256 level, bool isByMember);

    /// @notice The claim of the first policy was closed, because a second policy takes over what is left: it cannot be appealed any more.
    /// @dev With TIMED_OUT it was not decided in time and is denied now. An appeal that nobody answered in time is over: the claim pays what it
    /// paid, or is denied.
    /// @param visit The visit's id.
    /// @param policy The first policy's id.
    /// @param reason Why it stands as it does.
    /// @param dossier What the claim is about and what it has counted.
    event ClaimClosed(bytes32 indexed visit, bytes32 indexed policy, Reason reason, Dossier dossier);

    /// @notice The money of a claim was handed over.
    /// @param visit The visit's id.
    /// @param policy The policy's id.
    /// @param provider The organisation that is paid.
    /// @param amount How much now, with interest; may be nothing.
    /// @param status How the claim stands: PAID, OWED, APPROVED if it waits in the pool, or DENIED.
    event ClaimPaid(
        bytes32 indexed visit,
        bytes32 indexed policy,
        bytes32 indexed provider,
        uint256 amount,
        Status status
    );

    /// @notice The claim of a voided visit was taken back: it is as if it had never been decided.
    /// @param visit The visit's id.
    /// @param policy The policy's id.
    /// @param reclaimed What was paid for it or waits, with interest: what waits is let go where that can be, the rest is a debt to the pool.
    /// @param counted What the policy has counted now.
    event ClaimReversed(bytes32 indexed visit, bytes32 indexed policy, uint256 reclaimed, Totals counted);

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

    /// @notice A benefit needs a known number, a fee, 1 to 2,047 units a day, and a share of at most 10,000.
    /// @param index Which benefit of the plan, counted from 0.
    error InvalidBenefit(uint256 index);

    /// @notice Benefits that exclude each other are both of the plan, and each names the other.
    /// @param benefit A benefit.
    /// @param other The other, which one of the two does not name.
    error OneSidedExclusion(uint256 benefit, uint256 other);

    /// @notice A plan decides within 1 to 30 days, takes appeals for at least one, approves by silence at least what it pays by itself,
    /// needs at most its whole limit as capital, and if it needs any, has no claims later than 366 days after the end of a policy.
    error InvalidTerms();

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

    /// @notice A hold lasts at most 30 days.
    /// @param until What was asked for (Unix seconds).
    /// @param latest The latest time that is accepted now (Unix seconds).
    error HoldTooLong(uint64 until, uint64 latest);

    /// @notice The member must sign this visit: with it, the plan would have paid more than it pays without a signature.
    /// @param visit The visit's id.
    /// @param unattested What the plan would have paid without the member's signature.
    /// @param limit What it pays without.
    error AttestationNeeded(bytes32 visit, uint256 unattested, uint96 limit);

    /// @notice This claim is settled: nothing is left to do.
    /// @param visit The visit's id.
    /// @param status How it stands.
    error ClaimSettled(bytes32 visit, Status status);

    /// @notice This claim is not decided yet.
    /// @param visit The visit's id.
    /// @param status How it stands.
    error NotDecided(bytes32 visit, Status status);

    /// @notice This is not what the newest event of a claim shows.
    /// @param visit The visit's id.
    error AnotherDossier(bytes32 visit);

    /// @notice Only the policy's insurer decides this.
    /// @param organisation Who tried.
    error NotTheInsurer(bytes32 organisation);

    /// @notice A reviewer is of the insurer's jurisdiction, has another administrator than the insurer and the provider, and whoever acts for
    /// it is neither of these nor acted for them before the second appeal.
    /// @param reviewer The reviewer.
    /// @param signer The account that tried.
    error NotIndependent(bytes32 reviewer, address signer);

    /// @notice The insurer's time to decide this is over.
    /// @param until First second in which it was too late (Unix seconds).
    error DecisionTooLate(uint64 until);

    /// @notice A decision stays within bounds: a held claim pays what is asked or less, an appealed one what it paid or more, and never more
    /// than is allowed or than the annual limit leaves.
    /// @param amount What was decided.
    /// @param least The least that is possible.
    /// @param most The most that is possible.
    error AmountOutOfRange(uint256 amount, uint256 least, uint256 most);

    /// @notice This decision can be appealed only within the plan's appeal days.
    /// @param from First second (Unix seconds).
    /// @param until First second in which it is too late (Unix seconds).
    error NotAppealable(uint64 from, uint64 until);

    /// @notice This claim was appealed on both levels, or a second policy has taken over.
    /// @param visit The visit's id.
    error AppealsExhausted(bytes32 visit);

    /// @notice This visit is recorded: a claim is taken back when its visit was voided, or its provider lost its trust.
    /// @param visit The visit's id.
    error VisitStands(bytes32 visit);

    /// @notice Publishes a plan version.
    /// @dev Emits {PlanPublished}.
    ///
    /// Reverts with:
    /// - {NotAuthorised} if the caller does not act for the insurer as INSURER.
    /// - {InvalidTerms} if its terms are not sound.
    /// - {InvalidOrder} if benefits or providers are none, too many, repeated or out of order.
    /// - {InvalidBenefit} if a benefit is not sound.
    /// - {OneSidedExclusion} if a benefit excludes one that does not exclude it.
    /// - {InvalidNetwork} if it is open and lists providers, or neither.
    /// - {PlanExists} if it is published.
    ///
    /// @param plan The plan.
    /// @return id The plan's id.
    function publish(Plan calldata plan) external returns (bytes32 id);

    /// @notice Enrols a member in a plan.
    /// @dev Coverage may begin in the past: it is the insurer's promise. The pool must have the capital that the plan asks for, and keeps
    /// the insurer's account in run-off until the last claim can have come. Emits {PolicyEnrolled}.
    ///
    /// Reverts with:
    /// - {UnknownPlan} if there is no such plan.
    /// - {NotAuthorised} if the caller does not act for the plan's insurer as INSURER.
    /// - {ZeroIdentifier} if the member is zero.
    /// - {InvalidTerm} if the policy lasts no second or more than 366 days.
    /// - {PolicyExists} if it is enrolled.
    /// - whatever the pool refuses it for: see {IInsurancePool-cover}.
    ///
    /// @param policy The policy.
    /// @return id The policy's id.
    function enrol(Policy calldata policy) external returns (bytes32 id);

    /// @notice Looks at every claim of a policy or of a provider until a time, at most 30 days; a time in the past ends it.
    /// @dev What is recorded meanwhile is HELD, each claim with its own clock, so that no chain of holds keeps one for ever. It also ends, or
    /// begins anew, what {reverse} places on a provider and a policy. Emits {HoldPlaced}.
    ///
    /// Reverts with:
    /// - {NotAuthorised} if the caller does not act for the insurer as INSURER.
    /// - {HoldTooLong} if it would last more than 30 days.
    ///
    /// @param insurer The insurer; its own policies alone are concerned.
    /// @param subject The policy's id, the provider, or the keccak256 of both in this order.
    /// @param until First second without the hold (Unix seconds).
    function hold(bytes32 insurer, bytes32 subject, uint64 until) external;

    /// @notice Decides what is held or appealed: the insurer a held claim and the first appeal, a reviewer the second.
    /// @dev When the insurer's days for a held claim are over, anyone may call it: the claim is deemed approved up to the plan's cap for
    /// its service day, whatever organisation and amount are given; but nothing is, of a visit that was voided or whose provider lost its
    /// trust, and of what was held before a look ended that {reverse} began. A held claim that pays nothing has counted nothing. What an appeal raises is paid with interest of 10 % a year since the first decision.
    /// Emits {ClaimDecided} and {ClaimPaid}.
    ///
    /// Reverts with:
    /// - {AnotherDossier} if this is not the newest dossier of a claim.
    /// - {UnknownVisit} if an amount is given, and the visit was voided or its provider is not to be trusted, by what is known now.
    /// - {ClaimSettled} if it is neither held nor appealed.
    /// - {DecisionTooLate} if the insurer's days for an appeal are over.
    /// - {NotTheInsurer} if the organisation is not the policy's insurer, though it is its turn.
    /// - {NotAuthorised} if the caller does not act for it as INSURER, or as REVIEWER.
    /// - {NotIndependent} if the caller signed for the insurer or the provider up to the second appeal or administers one, or the reviewer is administered by
    /// who administers one, or is of another jurisdiction.
    /// - {AmountOutOfRange} if it is more than is asked, less than was paid, or more than is allowed.
    ///
    /// @param dossier The claim, as its newest event shows it.
    /// @param organisation The insurer, or the reviewer.
    /// @param amount What the plan pays in all, interest aside; 0 refuses a held claim.
    function decide(Dossier memory dossier, bytes32 organisation, uint96 amount) external;

    /// @notice Appeals a decision: first to the insurer; then, when it has answered or its days are over, to a reviewer.
    /// @dev Each level once. It costs the member nothing: anyone brings her signature. Emits {ClaimAppealed}.
    ///
    /// Reverts with:
    /// - {AnotherDossier} if this is not the newest dossier of a claim.
    /// - {NotDecided} if it is held or with a reviewer.
    /// - {AppealsExhausted} if it was appealed twice, or a second policy has taken over.
    /// - {NotAppealable} if it is too early or too late.
    /// - {NotAuthorised} if there is no signature and the caller does not act for the provider.
    /// - {InvalidSignature} if the signature is not the member's.
    ///
    /// @param dossier The claim, as its newest event shows it.
    /// @param signature Empty from the provider; else the member's, of `ClaimAppeal(address claims,bytes32 visit,bytes32 policy,uint256
    /// level,uint64 decidedAt)` in the domain of the registry of patients, with the dossier's time of decision.
    function appeal(Dossier memory dossier, bytes calldata signature) external;

    /// @notice Claims a visit from a second policy of the same person, after the first has decided or let its days pass.
    /// @dev The first claim is closed by it. The second pays at most what the first left of what it allowed, so that both together never
    /// exceed what is allowed. It links two pseudonyms for ever: so both sign, and nobody else can do it. Emits {ClaimClosed},
    /// {ClaimAdjudicated}, and {ClaimPaid} if it is paid.
    ///
    /// Reverts with:
    /// - {AnotherPayer}, {UnknownVisit} or {NotAccredited} if the visit does not stand.
    /// - {UnknownPolicy} if there is no such policy.
    /// - {ClaimSettled} if a second policy was claimed from.
    /// - {InvalidSignature} if one of the members did not sign.
    /// - {NotDecided} if the first is held; if it is not decided and the days to decide are not over; or if it is under appeal and the days to
    /// decide and to appeal are not over since that, the insurer's or the reviewer's.
    /// - {AnotherDossier} if it is decided and this is not the newest dossier of this visit's claim.
    /// - {AttestationNeeded} if the member must sign the visit too.
    ///
    /// @param visit The visit, as its event shows it.
    /// @param first The first claim, as its newest event shows it; anything if it was not decided.
    /// @param policy The second policy's id.
    /// @param signature The signature of the visit's member, of `Coordination(address claims,bytes32 visit,bytes32 policy,uint64 recordedAt)` in
    /// the domain of the registry of patients, with the time when the visit was recorded.
    /// @param secondSignature That of the second policy's member.
    function coordinate(
        IVisitRegistry.Visit calldata visit,
        Dossier memory first,
        bytes32 policy,
        bytes calldata signature,
        bytes calldata secondSignature
    ) external;

    /// @notice Finishes a claim that is recorded but not decided.
    /// @dev Judged by the time when the visit was recorded, not by the time of this call. Emits {ClaimAdjudicated}, and {ClaimPaid} if it is
    /// paid.
    ///
    /// Reverts with:
    /// - {AnotherPayer} if the visit names another payer.
    /// - {UnknownVisit} if exactly this visit is not recorded.
    /// - {NotAccredited} if the provider was not accredited when it recorded the visit, by what is known now.
    /// - {ClaimSettled} if it is decided, or a voided visit of this encounter has not been taken back.
    /// - {UnknownPolicy} if there is no such policy.
    /// - {AttestationNeeded} if the member must sign first.
    ///
    /// @param visit The visit, as its event shows it.
    function settle(IVisitRegistry.Visit calldata visit) external;

    /// @notice Takes back the claim of a visit that its provider voided.
    /// @dev Everything that it counted is uncounted, exactly, whatever came in between; what is set aside for it is free again, and what was
    /// paid for it becomes a debt of the provider to the pool. Nothing is taken from the member. For 30 days what this provider records of
    /// this policy is held, unless the insurer ends that, and silence approves nothing of it: limits count what stands, so voiding and
    /// recording anew could be paid each time. Emits {HoldPlaced} and {ClaimReversed}.
    ///
    /// Reverts with:
    /// - {AnotherDossier} if this is not the newest dossier of a claim.
    /// - {VisitStands} if the visit is recorded, and its provider to be trusted by what is known now.
    /// - {ClaimSettled} if it is the first of two, and the second was not taken back.
    ///
    /// @param dossier The claim, as its newest event shows it.
    function reverse(Dossier memory dossier) external;

    /// @notice How a claim stands.
    /// @param key The keccak256 of the ABI encoding of the visit's nullifier, and of true for the policy that it names or false for a second.
    /// @return The claim; all zero while it is not decided.
    function claimOf(bytes32 key) external view returns (Claim memory);

    /// @notice What has been counted in a policy.
    /// @param policy The policy's id.
    /// @return The totals.
    function totalsOf(bytes32 policy) external view returns (Totals memory);
}
