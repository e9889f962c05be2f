// SPDX-License-Identifier: Apache-2.0
pragma solidity =0.8.30;

import {IAccreditationRegistry} from "../../interfaces/IAccreditationRegistry.sol";
import {IConsentRegistry} from "../../interfaces/IConsentRegistry.sol";
import {Confidentiality} from "./Confidentiality.sol";
import {DataClasses} from "./DataClasses.sol";
import {Purposes} from "./Purposes.sol";
import {Roles} from "./Roles.sol";
import {Statements} from "./Statements.sol";

/// @title Coverage
/// @notice What terms cover: whether a request, and whether the whole of another consent.
library Coverage {
    /// @dev A consent, one that stands on it, one on that, and one more.
    uint256 private constant _MAX_LINE = 4;

    /// @notice The rank of an answer.
    function decided(
        IConsentRegistry.Reason reason
    ) internal pure returns (IConsentRegistry.Decision, IConsentRegistry.Reason) {
        if (reason == IConsentRegistry.Reason.NONE) return (IConsentRegistry.Decision.PERMIT, reason);
        bool isWithdrawn = reason == IConsentRegistry.Reason.REVOKED || reason == IConsentRegistry.Reason.EPOCH;
        if (isWithdrawn) return (IConsentRegistry.Decision.EXPLICIT_DENIAL, reason);
        return (IConsentRegistry.Decision.DEFAULT_DENIAL, reason);
    }

    /// @notice The first thing that a consent, which is in force, does not cover of a request.
    /// @dev Standing and jurisdiction are those of the grantee in the registry, never those that the request claims.
    function uncovered(
        IConsentRegistry.Consent calldata consent,
        IConsentRegistry.Request calldata request,
        IAccreditationRegistry accreditation,
        uint64 at
    ) internal view returns (IConsentRegistry.Reason) {
        bytes32 grantee = consent.grantee;
        if (request.organisation != grantee) return IConsentRegistry.Reason.ORGANISATION;
        uint16 place = consent.terms.jurisdiction;
        if (place != 0 && (place != request.jurisdiction || place != jurisdictionOf(grantee, accreditation))) {
            return IConsentRegistry.Reason.JURISDICTION;
        }
        if (!accreditation.isAuthorised(grantee, request.actor, Roles.PARTICIPANT, at)) {
            return
                isStanding(grantee, accreditation, at)
                    ? IConsentRegistry.Reason.ACTOR
                    : IConsentRegistry.Reason.ACCREDITATION;
        }
        IConsentRegistry.Terms calldata terms = consent.terms;
        if (!Purposes.isWithin(request.purpose, terms.purposes)) return IConsentRegistry.Reason.PURPOSE;
        if (!DataClasses.isWithin(request.dataClass, terms.dataClasses)) return IConsentRegistry.Reason.DATA_CLASS;
        if (!Confidentiality.isWithin(request.sensitivity, terms.sensitivity)) {
            return IConsentRegistry.Reason.SENSITIVITY;
        }
        if (terms.facility != bytes32(0) && terms.facility != request.facility) {
            return IConsentRegistry.Reason.FACILITY;
        }
        (uint64 dataAt, uint64 dataUntil) = (request.dataAt, terms.dataUntil);
        if (dataAt < terms.dataFrom || (dataUntil != 0 && dataAt >= dataUntil)) {
            return IConsentRegistry.Reason.DATA_TIME;
        }
        return IConsentRegistry.Reason.NONE;
    }

    /// @notice Whether a grantee takes part at a time.
    function isStanding(bytes32 grantee, IAccreditationRegistry accreditation, uint64 at) internal view returns (bool) {
        return accreditation.isAccredited(grantee, Roles.PARTICIPANT, at);
    }

    /// @notice Where a grantee is registered.
    function jurisdictionOf(bytes32 grantee, IAccreditationRegistry accreditation) internal view returns (uint16) {
        return accreditation.jurisdictionOf(grantee);
    }

    /// @notice What is wrong with a consent that is shown alone.
    function alone(IConsentRegistry.Consent calldata consent) internal pure returns (IConsentRegistry.Reason) {
        bool isAlone = consent.terms.parent == bytes32(0);
        return !isAlone ? IConsentRegistry.Reason.PARENT : IConsentRegistry.Reason.NONE;
    }

    /// @notice Whether so many consents may stand on each other, each with its signature or an empty one.
    function isLine(uint256 length, uint256 signatures) internal pure returns (bool) {
        return length != 0 && length <= _MAX_LINE && signatures == length;
    }

    /// @notice What is wrong between a consent of the line with which the calldata begin and the one before it, on which it stands.
    function broken(
        IConsentRegistry.Consent[] calldata line,
        uint256 place
    ) internal pure returns (IConsentRegistry.Reason) {
        IConsentRegistry.Consent calldata child = line[place];
        if (place == 0) return alone(child);
        IConsentRegistry.Consent calldata parent = line[place - 1];
        bool isLinked = child.patient == parent.patient && child.terms.parent == Statements.consentInLine(place - 1);
        if (!isLinked) return IConsentRegistry.Reason.PARENT;
        if (!parent.terms.onward) return IConsentRegistry.Reason.ONWARD;
        return isWithin(child, parent) ? IConsentRegistry.Reason.NONE : IConsentRegistry.Reason.WIDER;
    }

    /// @notice Whether a consent gives nothing that its parent does not: narrower or equal in every dimension.
    function isWithin(
        IConsentRegistry.Consent calldata child,
        IConsentRegistry.Consent calldata parent
    ) internal pure returns (bool) {
        bool isSpan = child.accessFrom >= parent.accessFrom && child.accessUntil <= parent.accessUntil;
        return isSpan && child.maxUses <= parent.maxUses && _isWithin(child.terms, parent.terms);
    }

    /// @dev The obligation is the one bit that narrows: what a parent demands, its children do.
    function _isWithin(
        IConsentRegistry.Terms calldata child,
        IConsentRegistry.Terms calldata parent
    ) private pure returns (bool) {
        uint32 wider = (child.purposes ^ Purposes.OBLIGATION) & ~(parent.purposes ^ Purposes.OBLIGATION);
        if (wider != 0 || child.dataClasses & ~parent.dataClasses != 0) return false;
        if (child.sensitivity > parent.sensitivity) return false;
        if (parent.jurisdiction != 0 && child.jurisdiction != parent.jurisdiction) return false;
        if (parent.facility != bytes32(0) && child.facility != parent.facility) return false;
        if (child.dataFrom < parent.dataFrom) return false;
        return parent.dataUntil == 0 || (child.dataUntil != 0 && child.dataUntil <= parent.dataUntil);
    }
}
