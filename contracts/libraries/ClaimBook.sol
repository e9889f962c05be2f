// SPDX-License-Identifier: Apache-2.0
pragma solidity =0.8.30;

import {IInsuranceClaims} from "../../interfaces/IInsuranceClaims.sol";
import {IVisitRegistry} from "../../interfaces/IVisitRegistry.sol";
import {Days} from "./Days.sol";

/// @title ClaimBook
/// @notice What is kept of plans, policies and claims, and how a claim is begun, found and taken back.
library ClaimBook {
    using Days for Days.Visits;

    /// @dev A plan version without its benefits and its network: five slots.
    struct Version {
        bytes32 insurer;
        IInsuranceClaims.Terms terms;
    }

    /// @dev A policy in two slots.
    struct Enrolment {
        bytes32 plan;
        address member;
        uint48 from;
        uint48 until;
    }

    struct Book {
        mapping(bytes32 plan => Version version) plans;
        mapping(bytes32 plan => mapping(uint256 number => IInsuranceClaims.Benefit benefit)) benefits;
        mapping(bytes32 plan => mapping(bytes32 provider => bool isListed)) networks;
        mapping(bytes32 policy => Enrolment enrolment) policies;
        mapping(bytes32 policy => IInsuranceClaims.Totals totals) totals;
        mapping(bytes32 policy => mapping(uint256 day => uint256 counted)) days_;
        mapping(bytes32 insurer => mapping(bytes32 provider => Days.Visits visits)) visits;
        mapping(bytes32 insurer => mapping(bytes32 subject => uint256 until)) holds;
        mapping(bytes32 key => IInsuranceClaims.Claim claim) claims;
        mapping(bytes32 policy => mapping(uint256 day => uint256 amount)) deemed;
    }

    /// @dev Keeps a plan version.
    function publish(Book storage book, bytes32 id, IInsuranceClaims.Plan calldata plan) internal {
        book.plans[id] = Version({insurer: plan.insurer, terms: plan.terms});
        for (uint256 i; i < plan.benefits.length; ++i) {
            book.benefits[id][plan.benefits[i].benefit] = plan.benefits[i];
        }
        for (uint256 i; i < plan.network.length; ++i) {
            book.networks[id][plan.network[i]] = true;
        }
    }

    function versionOf(Book storage book, bytes32 policy) internal view returns (Version storage) {
        return book.plans[book.policies[policy].plan];
    }

    /// @dev The dossier of a claim that is not decided yet.
    function begin(
        Book storage book,
        IVisitRegistry.Visit calldata visit,
        bytes32 id,
        bytes32 policy
    ) internal view returns (IInsuranceClaims.Dossier memory dossier) {
        require(book.policies[policy].member != address(0), IInsuranceClaims.UnknownPolicy(policy));
        (dossier.visit, dossier.policy, dossier.provider) = (id, policy, visit.provider);
        (dossier.nullifier, dossier.day) = (visit.nullifier, visit.servedAt / 1 days);
        dossier.key = keyOf(visit.nullifier, policy == visit.policy);
        (dossier.decidedAt, dossier.salt) = (uint64(block.timestamp), salt());
    }

    /// @dev Where the claim of an encounter is kept: on the policy that its visit names, or on a second one.
    function keyOf(bytes32 nullifier, bool isFirst) internal pure returns (bytes32) {
        return keccak256(abi.encode(nullifier, isFirst));
    }

    function checkPending(Book storage book, bytes32 key, bytes32 visit) internal view {
        IInsuranceClaims.Status status = book.claims[key].status;
        bool isPending = status == IInsuranceClaims.Status.PENDING;
        require(isPending, IInsuranceClaims.ClaimSettled(visit, status));
    }

    /// @dev Has all claims of a subject looked at until a time, of which the lower 64 bits are told; those above say why.
    function hold(Book storage book, bytes32 insurer, bytes32 subject, uint256 until) internal {
        book.holds[insurer][subject] = until;
        emit IInsuranceClaims.HoldPlaced(insurer, subject, uint64(until));
    }

    /// @dev What a provider does for a policy, as the subject of a hold.
    function pairOf(IInsuranceClaims.Dossier memory dossier) internal pure returns (bytes32) {
        return keccak256(abi.encode(dossier.policy, dossier.provider));
    }

    /// @dev The claim of a dossier, if it is the newest.
    function claimOf(
        Book storage book,
        IInsuranceClaims.Dossier memory dossier
    ) internal view returns (IInsuranceClaims.Claim memory claim) {
        claim = book.claims[dossier.key];
        bool isIts = claim.changedAt != 0 && claim.seal == seal(dossier);
        require(isIts, IInsuranceClaims.AnotherDossier(dossier.visit));
    }

    /// @dev Nobody knows it before this block's parent. Each change of a dossier takes a new one, so that whoever searches for two dossiers
    /// with one seal has seconds for 2^48 tries; a dossier to a given seal takes 2^96.
    function salt() internal view returns (bytes32) {
        return blockhash(block.number - 1);
    }

    function seal(IInsuranceClaims.Dossier memory dossier) internal pure returns (bytes12) {
        return bytes12(keccak256(abi.encode(dossier)));
    }

    /// @dev Keeps a claim with the seal of its dossier.
    function write(
        Book storage book,
        IInsuranceClaims.Dossier memory dossier,
        IInsuranceClaims.Claim memory claim
    ) internal {
        claim.changedAt = uint40(block.timestamp);
        claim.seal = seal(dossier);
        book.claims[dossier.key] = claim;
    }

    /// @dev Takes back all that a claim has counted, so that it is as if it had never been decided.
    function takeBack(Book storage book, IInsuranceClaims.Dossier memory dossier, uint256 amount) internal {
        IInsuranceClaims.Totals storage totals = book.totals[dossier.policy];
        totals.deductibleMet -= uint128(dossier.deductible);
        totals.outOfPocketMet -= uint128(dossier.outOfPocket);
        totals.planPaid -= uint128(amount);
        totals.unattested -= uint128(dossier.unattested);
        book.days_[dossier.policy][dossier.day] -= dossier.counted;
        if (dossier.visits != 0) {
            book.visits[versionOf(book, dossier.policy).insurer][dossier.provider].remove(dossier.day);
        }
        (dossier.deductible, dossier.outOfPocket, dossier.unattested) = (0, 0, 0);
        (dossier.counted, dossier.visits) = (0, 0);
    }
}
