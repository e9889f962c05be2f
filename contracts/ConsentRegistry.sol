// SPDX-License-Identifier: Apache-2.0
pragma solidity =0.8.30;

import {IAccreditationRegistry} from "../interfaces/IAccreditationRegistry.sol";
import {IConsentRegistry} from "../interfaces/IConsentRegistry.sol";
import {Accredited} from "./base/Accredited.sol";
import {SignedActions} from "./base/SignedActions.sol";
import {Confidentiality} from "./libraries/Confidentiality.sol";
import {DataClasses} from "./libraries/DataClasses.sol";
import {Epochs} from "./libraries/Epochs.sol";
import {Purposes} from "./libraries/Purposes.sol";
import {Roles} from "./libraries/Roles.sol";
import {Statements} from "./libraries/Statements.sol";

/// @title ConsentRegistry
/// @notice See {IConsentRegistry}.
contract ConsentRegistry is IConsentRegistry, Accredited, SignedActions {
    using Epochs for Epochs.State;

    /* STORAGE */

    /// @dev One patient's: what ended all consents at once, and what is known of each.
    struct Ledger {
        Epochs.State epochs;
        mapping(bytes32 consent => Record) records;
    }

    mapping(address patient => Ledger ledger) private _ledgers;

    /// @param accreditation The registry in which grantees stand.
    constructor(IAccreditationRegistry accreditation) Accredited(accreditation) SignedActions("ConsentRegistry", "1") {}

    /* PATIENT, OR ANYONE WITH THE PATIENT'S SIGNATURE */

    /// @inheritdoc IConsentRegistry
    function grant(Grant calldata outer) external returns (bytes32 consent) {
        _checkController(outer.patient);
        consent = Statements.consent(outer);
        _grant(outer, consent);
    }

    /// @inheritdoc IConsentRegistry
    function grantBySig(Grant calldata outer, bytes calldata signature) external returns (bytes32 consent) {
        consent = Statements.consent(outer);
        _checkSigned(outer.patient, consent, signature);
        _grant(outer, consent);
    }

    function _grant(Grant calldata outer, bytes32 consent) private {
        Record storage record = _ledgers[outer.patient].records[consent];
        require(record.revokedAt == 0, AlreadyRevoked(consent, record.revokedAt));
        if (record.grantedAt != 0) return;
        bool isWindow = outer.accessFrom < outer.accessUntil && block.timestamp < outer.accessUntil;
        require(isWindow, InvalidAccessWindow(outer.accessFrom, outer.accessUntil));
        _checkEpoch(outer);
        _checkAccredited(outer.grantee, Roles.PARTICIPANT);

        uint64 grantedAt = uint64(block.timestamp);
        record.grantedAt = grantedAt;

        emit ConsentGranted(consent, outer.patient, outer.grantee, outer.accessFrom, outer.accessUntil, grantedAt);
    }

    function _checkEpoch(Grant calldata outer) private view {
        uint64 current = epochOf(outer.patient, outer.grantee);
        require(outer.epoch == current, WrongEpoch(outer.epoch, current));
    }

    /// @inheritdoc IConsentRegistry
    function revoke(address patient, bytes32 consent) external {
        _checkController(patient);
        _revoke(patient, consent);
    }

    /// @inheritdoc IConsentRegistry
    function revokeBySig(address patient, bytes32 consent, uint64 deadline, bytes calldata signature) external {
        _checkDeadline(deadline);
        _checkSigned(patient, Statements.revoke(patient, consent, deadline), signature);
        _revoke(patient, consent);
    }

    /// @dev Whether the id was ever granted is not asked: one that was only signed is revoked the same way.
    function _revoke(address patient, bytes32 consent) private {
        Record storage record = _ledgers[patient].records[consent];
        if (record.revokedAt != 0) return;

        record.revokedAt = uint64(block.timestamp);

        emit ConsentRevoked(consent, patient, uint64(block.timestamp));
    }

    /// @inheritdoc IConsentRegistry
    function revokeAll(address patient) external {
        _checkController(patient);
        _revokeAll(patient);
    }

    /// @inheritdoc IConsentRegistry
    function revokeAllBySig(address patient, uint64 epoch, uint64 deadline, bytes calldata signature) external {
        _checkDeadline(deadline);
        _checkSigned(patient, Statements.revokeAll(patient, epoch, deadline), signature);
        uint64 current = epochOf(patient, bytes32(0));
        require(epoch <= current, WrongEpoch(epoch, current));
        // An epoch that has ended leaves nothing to do, which makes a second copy harmless.
        if (epoch == current) _revokeAll(patient);
    }

    function _revokeAll(address patient) private {
        _ledgers[patient].epochs.end();

        emit ConsentsRevoked(patient, epochOf(patient, bytes32(0)), uint64(block.timestamp));
    }

    /// @inheritdoc IConsentRegistry
    function revokeAllOf(address patient, bytes32 grantee) external {
        _checkController(patient);
        _revokeAllOf(patient, grantee);
    }

    /// @inheritdoc IConsentRegistry
    function revokeAllOfBySig(
        address patient,
        bytes32 grantee,
        uint64 epoch,
        uint64 deadline,
        bytes calldata signature
    ) external {
        _checkDeadline(deadline);
        _checkSigned(patient, Statements.revokeAllOf(patient, grantee, epoch, deadline), signature);
        uint64 current = epochOf(patient, grantee);
        require(epoch <= current, WrongEpoch(epoch, current));
        if (epoch == current) _revokeAllOf(patient, grantee);
    }

    /// @dev Nobody is revoked as grantee zero, so that its epoch is that of {revokeAll} alone.
    function _revokeAllOf(address patient, bytes32 grantee) private {
        require(grantee != bytes32(0), IAccreditationRegistry.ZeroIdentifier());

        _ledgers[patient].epochs.endOf(grantee);

        emit GranteeConsentsRevoked(patient, grantee, epochOf(patient, grantee), uint64(block.timestamp));
    }

    function _checkController(address patient) private view {
        require(msg.sender == patient, NotController(patient, msg.sender));
    }

    /* GRANTEE */

    /// @inheritdoc IConsentRegistry
    function use(Grant calldata outer, bytes32 requestCommitment) external {
        _checkAuthorised(outer.grantee, Roles.PARTICIPANT);
        bytes32 consent = Statements.consent(outer);
        Record storage record = _ledgers[outer.patient].records[consent];
        require(record.grantedAt != 0, NotGranted(consent));
        require(record.revokedAt == 0, AlreadyRevoked(consent, record.revokedAt));
        _checkEpoch(outer);
        bool isInWindow = block.timestamp >= outer.accessFrom && block.timestamp < outer.accessUntil;
        require(isInWindow, OutsideAccessWindow(outer.accessFrom, outer.accessUntil));
        uint32 uses = record.uses;
        require(uses < outer.maxUses, UsesExhausted(outer.maxUses));

        uint64 usedAt = uint64(block.timestamp);
        record.usedAt = usedAt;
        record.uses = ++uses;

        emit ConsentUsed(consent, outer.patient, outer.grantee, msg.sender, requestCommitment, uses, usedAt);
    }

    /* VIEWS */

    /// @inheritdoc IConsentRegistry
    function check(
        Consent memory consent,
        Request calldata request,
        bytes calldata signature
    ) external view returns (Decision, Reason) {
        Reason reason = _reasonAgainst(consent, request, signature, uint64(block.timestamp));
        return (_decisionOn(reason), reason);
    }

    /// @inheritdoc IConsentRegistry
    function checkAt(
        Consent memory consent,
        Request calldata request,
        bytes calldata signature,
        uint64 at
    ) external view returns (Decision, Reason) {
        if (at > block.timestamp) return (Decision.DEFAULT_DENIAL, Reason.FUTURE);
        Reason reason = _reasonAgainst(consent, request, signature, at);
        return (_decisionOn(reason), reason);
    }

    function _decisionOn(Reason reason) private pure returns (Decision) {
        if (reason == Reason.NONE) return Decision.PERMIT;
        bool isWithdrawn = reason == Reason.REVOKED || reason == Reason.EPOCH;
        return isWithdrawn ? Decision.EXPLICIT_DENIAL : Decision.DEFAULT_DENIAL;
    }

    /// @dev Looks at the consent, then at who asks, then at the terms. What the patient withdrew comes first, so that a denial is told
    /// from a mere lack of consent.
    function _reasonAgainst(
        Consent memory consent,
        Request calldata request,
        bytes calldata signature,
        uint64 at
    ) private view returns (Reason) {
        bytes32 id = Statements.consent(consent);
        Ledger storage ledger = _ledgers[consent.patient];
        Record storage record = ledger.records[id];
        (uint64 grantedAt, uint64 revokedAt) = (record.grantedAt, record.revokedAt);
        if (revokedAt != 0 && at >= revokedAt) return Reason.REVOKED;
        if (!ledger.epochs.isCurrentAt(consent.grantee, consent.epoch, at)) return Reason.EPOCH;
        if (grantedAt == 0 || at < grantedAt) {
            if (signature.length == 0) return Reason.UNKNOWN;
            if (!_isSigned(consent.patient, id, signature)) return Reason.SIGNATURE;
        }
        if (consent.terms.onward || consent.terms.parent != bytes32(0)) return Reason.PARENT;
        if (at < consent.accessFrom) return Reason.NOT_YET;
        if (at >= consent.accessUntil) return Reason.EXPIRED;
        if (record.uses >= consent.maxUses && (at > record.usedAt || at == block.timestamp)) return Reason.USES;
        return _reasonAgainstRequester(consent, request, at);
    }

    /// @dev Standing and jurisdiction are those of the grantee in the registry, never those that the request claims.
    function _reasonAgainstRequester(
        Consent memory consent,
        Request calldata request,
        uint64 at
    ) private view returns (Reason) {
        bytes32 grantee = consent.grantee;
        if (request.organisation != grantee) return Reason.ORGANISATION;
        Terms memory terms = consent.terms;
        uint16 place = terms.jurisdiction;
        if (place != 0 && (place != request.jurisdiction || place != ACCREDITATION.jurisdictionOf(grantee))) {
            return Reason.JURISDICTION;
        }
        if (!ACCREDITATION.isAuthorised(grantee, request.actor, Roles.PARTICIPANT, at)) {
            return ACCREDITATION.isAccredited(grantee, Roles.PARTICIPANT, at) ? Reason.ACTOR : Reason.ACCREDITATION;
        }
        return _reasonAgainstTerms(terms, request);
    }

    function _reasonAgainstTerms(Terms memory terms, Request calldata request) private pure returns (Reason) {
        if (!Purposes.isWithin(request.purpose, terms.purposes)) return Reason.PURPOSE;
        if (!DataClasses.isWithin(request.dataClass, terms.dataClasses)) return Reason.DATA_CLASS;
        if (!Confidentiality.isWithin(request.sensitivity, terms.sensitivity)) return Reason.SENSITIVITY;
        if (terms.facility != bytes32(0) && terms.facility != request.facility) return Reason.FACILITY;
        (uint64 dataAt, uint64 dataUntil) = (request.dataAt, terms.dataUntil);
        if (dataAt < terms.dataFrom || (dataUntil != 0 && dataAt >= dataUntil)) return Reason.DATA_TIME;
        return Reason.NONE;
    }

    /// @inheritdoc IConsentRegistry
    function recordOf(address patient, bytes32 consent) external view returns (Record memory) {
        return _ledgers[patient].records[consent];
    }

    /// @inheritdoc IConsentRegistry
    function epochOf(address patient, bytes32 grantee) public view returns (uint64) {
        return _ledgers[patient].epochs.current(grantee);
    }

    /// @inheritdoc IConsentRegistry
    function idOf(Grant calldata outer) external pure returns (bytes32) {
        return Statements.consent(outer);
    }

    /// @inheritdoc IConsentRegistry
    function termsHashOf(Terms calldata terms) external pure returns (bytes32) {
        return Statements.terms(terms);
    }
}
