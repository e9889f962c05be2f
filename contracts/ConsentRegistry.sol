// SPDX-License-Identifier: Apache-2.0
pragma solidity =0.8.30;

import {IAccreditationRegistry} from "../interfaces/IAccreditationRegistry.sol";
import {IConsentRegistry} from "../interfaces/IConsentRegistry.sol";
import {IPatientRegistry} from "../interfaces/IPatientRegistry.sol";
import {Accredited} from "./base/Accredited.sol";
import {ConsentLedgers} from "./base/ConsentLedgers.sol";
import {ConsentStatements} from "./base/ConsentStatements.sol";
import {Controlled} from "./base/Controlled.sol";
import {Coverage} from "./libraries/Coverage.sol";
import {Epochs} from "./libraries/Epochs.sol";
import {Ledgers} from "./libraries/Ledgers.sol";
import {Roles} from "./libraries/Roles.sol";
import {Scopes} from "./libraries/Scopes.sol";
import {Statements} from "./libraries/Statements.sol";

/// @title ConsentRegistry
/// @notice See {IConsentRegistry}.
contract ConsentRegistry is ConsentLedgers, ConsentStatements, Accredited, Controlled {
    using Epochs for Epochs.State;
    using Ledgers for Ledgers.Entry;
    using Ledgers for Ledgers.Ledger;

    /// @param accreditation The registry in which grantees stand.
    /// @param patients The registry that says who decides for a patient.
    constructor(
        IAccreditationRegistry accreditation,
        IPatientRegistry patients
    ) Accredited(accreditation) Controlled(patients) {}

    /* CONTROLLER OR GUARDIAN, OR ANYONE WITH THEIR SIGNATURE */

    /// @inheritdoc IConsentRegistry
    function grant(Grant calldata outer) external returns (bytes32 consent) {
        consent = Statements.outerInCalldata();
        _grant(outer, consent, _checkMay(outer.patient, Scopes.GRANT));
    }

    /// @inheritdoc IConsentRegistry
    function grantBySig(Grant calldata outer, bytes calldata signature) external returns (bytes32 consent) {
        consent = Statements.outerInCalldata();
        _grant(outer, consent, _checkBySig(outer.patient, Scopes.GRANT, consent, signature));
    }

    function _grant(Grant calldata outer, bytes32 consent, bool isGuardian) private {
        Ledgers.Entry storage entry = _ledger(outer.patient).entries[consent];
        require(entry.revokedAt == 0, AlreadyRevoked(consent, entry.revokedAt));
        if (entry.isGranted()) return;
        bool isWindow = outer.accessFrom < outer.accessUntil && block.timestamp < outer.accessUntil;
        require(isWindow, InvalidAccessWindow(outer.accessFrom, outer.accessUntil));
        _checkEpoch(outer);
        _checkAccredited(outer.grantee, Roles.PARTICIPANT);

        uint40 at = uint40(block.timestamp);
        if (isGuardian) entry.guardedAt = at;
        else entry.grantedAt = at;

        emit ConsentGranted(consent, outer.patient, outer.grantee, outer.accessFrom, outer.accessUntil, at, isGuardian);
    }

    /// @inheritdoc IConsentRegistry
    function revoke(address patient, bytes32 consent) external {
        _checkMay(patient, Scopes.REVOKE);
        _revoke(patient, consent);
    }

    /// @inheritdoc IConsentRegistry
    function revokeBySig(address patient, bytes32 consent, uint64 deadline, bytes calldata signature) external {
        _checkDeadline(deadline);
        _checkBySig(patient, Scopes.REVOKE, Statements.revoke(patient, consent, deadline), signature);
        _revoke(patient, consent);
    }

    /// @dev Whether the id was ever granted is not asked: one that was only signed is revoked the same way.
    function _revoke(address patient, bytes32 consent) private {
        Ledgers.Entry storage entry = _ledger(patient).entries[consent];
        if (entry.revokedAt != 0) return;

        entry.revokedAt = uint40(block.timestamp);

        emit ConsentRevoked(consent, patient, uint64(block.timestamp));
    }

    /// @inheritdoc IConsentRegistry
    function revokeAll(address patient) external {
        _checkMay(patient, Scopes.REVOKE);
        _revokeAll(patient);
    }

    /// @inheritdoc IConsentRegistry
    function revokeAllBySig(address patient, uint64 epoch, uint64 deadline, bytes calldata signature) external {
        _checkDeadline(deadline);
        _checkBySig(patient, Scopes.REVOKE, Statements.revokeAll(patient, epoch, deadline), signature);
        uint64 current = epochOf(patient, bytes32(0));
        require(epoch <= current, WrongEpoch(epoch, current));
        // An epoch that has ended leaves nothing to do, which makes a second copy harmless.
        if (epoch == current) _revokeAll(patient);
    }

    function _revokeAll(address patient) private {
        _ledger(patient).epochs.end();

        emit ConsentsRevoked(patient, epochOf(patient, bytes32(0)), uint64(block.timestamp));
    }

    /// @inheritdoc IConsentRegistry
    function revokeAllOf(address patient, bytes32 grantee) external {
        _checkMay(patient, Scopes.REVOKE);
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
        _checkBySig(patient, Scopes.REVOKE, Statements.revokeAllOf(patient, grantee, epoch, deadline), signature);
        uint64 current = epochOf(patient, grantee);
        require(epoch <= current, WrongEpoch(epoch, current));
        if (epoch == current) _revokeAllOf(patient, grantee);
    }

    /// @dev Nobody is revoked as grantee zero, so that its epoch is that of {revokeAll} alone.
    function _revokeAllOf(address patient, bytes32 grantee) private {
        require(grantee != bytes32(0), IAccreditationRegistry.ZeroIdentifier());

        _ledger(patient).epochs.endOf(grantee);

        emit GranteeConsentsRevoked(patient, grantee, epochOf(patient, grantee), uint64(block.timestamp));
    }

    function _checkBySig(
        address patient,
        uint8 scope,
        bytes32 statement,
        bytes calldata by
    ) private view returns (bool) {
        (, bool isGuardian) = PATIENTS.checkSigned(patient, scope, _digest(statement), by);
        return isGuardian;
    }

    /* GRANTEE */

    /// @inheritdoc IConsentRegistry
    function accept(Grant calldata outer, bytes32 obligations) external {
        (bytes32 consent, ) = _answer(outer);

        emit ConsentAccepted(consent, outer.patient, outer.grantee, msg.sender, obligations, uint64(block.timestamp));
    }

    /// @inheritdoc IConsentRegistry
    function decline(Grant calldata outer) external {
        (bytes32 consent, Ledgers.Entry storage entry) = _answer(outer);

        entry.isDeclined = true;

        emit ConsentDeclined(consent, outer.patient, outer.grantee, msg.sender, uint64(block.timestamp));
    }

    /// @dev Whether it was granted is not asked: one that was only signed is answered the same way.
    function _answer(Grant calldata outer) private returns (bytes32 consent, Ledgers.Entry storage entry) {
        _checkAuthorised(outer.grantee, Roles.PARTICIPANT);
        consent = Statements.outerInCalldata();
        entry = _ledger(outer.patient).entries[consent];
        require(entry.revokedAt == 0, AlreadyRevoked(consent, entry.revokedAt));
        require(entry.answeredAt == 0, AlreadyAnswered(consent, entry.answeredAt));

        entry.answeredAt = uint40(block.timestamp);
    }

    /// @inheritdoc IConsentRegistry
    function use(Grant calldata outer, bytes32 requestCommitment) external {
        _checkAuthorised(outer.grantee, Roles.PARTICIPANT);
        bytes32 consent = Statements.outerInCalldata();
        Ledgers.Entry storage entry = _ledger(outer.patient).entries[consent];
        require(entry.isGranted(), NotGranted(consent));
        require(entry.revokedAt == 0, AlreadyRevoked(consent, entry.revokedAt));
        require(!entry.isDeclined, Declined(consent, entry.answeredAt));
        _checkEpoch(outer);
        bool isInWindow = block.timestamp >= outer.accessFrom && block.timestamp < outer.accessUntil;
        require(isInWindow, OutsideAccessWindow(outer.accessFrom, outer.accessUntil));
        uint32 uses = entry.uses;
        require(uses < outer.maxUses, UsesExhausted(outer.maxUses));

        uint40 at = uint40(block.timestamp);
        (entry.usedAt, entry.uses) = (at, ++uses);

        emit ConsentUsed(consent, outer.patient, outer.grantee, msg.sender, requestCommitment, uses, at);
    }

    /* ANYONE */

    /// @inheritdoc IConsentRegistry
    function check(
        Consent calldata consent,
        Request calldata request,
        bytes calldata signature
    ) external view returns (Decision, Reason) {
        return checkAt(consent, request, signature, uint64(block.timestamp));
    }

    /// @inheritdoc IConsentRegistry
    function checkAt(
        Consent calldata consent,
        Request calldata request,
        bytes calldata signature,
        uint64 at
    ) public view returns (Decision, Reason) {
        if (at > block.timestamp) return (Decision.DEFAULT_DENIAL, Reason.FUTURE);
        return Coverage.decided(_judge(consent, request, signature, at));
    }

    function _judge(
        Consent calldata consent,
        Request calldata request,
        bytes calldata signature,
        uint64 at
    ) private view returns (Reason reason) {
        Reason broken = Coverage.alone(consent);
        reason = _reasonAgainst(consent, Statements.consentAt(4), signature, at, broken, request.dataClass);
        if (reason == Reason.NONE) reason = Coverage.uncovered(consent, request, ACCREDITATION, at);
    }

    /// @inheritdoc IConsentRegistry
    function checkLine(
        Consent[] calldata line,
        Request calldata request,
        bytes[] calldata signatures,
        uint64 at
    ) external view returns (Decision decision, Reason reason, uint256 place) {
        if (at > block.timestamp) return (Decision.DEFAULT_DENIAL, Reason.FUTURE, 0);
        if (!Coverage.isLine(line.length, signatures.length)) return (Decision.DEFAULT_DENIAL, Reason.LINE, 0);
        uint256 last = line.length - 1;
        for (; place <= last; ++place) {
            reason = _reasonInLine(line, place, signatures[place], at, request.dataClass);
            if (reason != Reason.NONE || place == last) break;
        }
        if (reason == Reason.NONE) reason = Coverage.uncovered(line[last], request, ACCREDITATION, at);
        (decision, reason) = Coverage.decided(reason);
    }

    function _reasonInLine(
        Consent[] calldata line,
        uint256 place,
        bytes calldata signature,
        uint64 at,
        uint256 dataClass
    ) private view returns (Reason reason) {
        Consent calldata consent = line[place];
        Reason broken = Coverage.broken(line, place);
        reason = _reasonAgainst(consent, Statements.consentInLine(place), signature, at, broken, dataClass);
        bool isStanding = Coverage.isStanding(consent.grantee, ACCREDITATION, at);
        return reason == Reason.NONE && !isStanding ? Reason.ACCREDITATION : reason;
    }

    /// @dev What the patient withdrew comes first, so that a denial is told from a mere lack of consent.
    function _reasonAgainst(
        Consent calldata consent,
        bytes32 id,
        bytes calldata signature,
        uint64 at,
        Reason broken,
        uint256 dataClass
    ) private view returns (Reason reason) {
        Ledgers.Ledger storage ledger = _ledger(consent.patient);
        reason = ledger.judge(consent, id, at);
        if (reason == Reason.REVOKED || reason == Reason.EPOCH) return reason;
        (bool isGranted, bool isByGuardian) = ledger.entries[id].grantAt(at);
        if (!isGranted) {
            Reason unsigned = _reasonAgainstSignature(consent.patient, id, signature, at);
            if (unsigned != Reason.NONE) return unsigned;
        }
        if (broken != Reason.NONE || reason != Reason.NONE) return broken != Reason.NONE ? broken : reason;
        return isByGuardian ? _reasonOfHiding(consent, dataClass) : Reason.NONE;
    }

    function _reasonOfHiding(Consent calldata consent, uint256 dataClass) private view returns (Reason) {
        uint32 hidden = PATIENTS.hiddenOf(consent.patient, Coverage.jurisdictionOf(consent.grantee, ACCREDITATION));
        return dataClass & hidden == 0 ? Reason.NONE : Reason.HIDDEN;
    }

    /// @dev A key that may be stolen proves nothing that is not on chain already.
    function _reasonAgainstSignature(
        address patient,
        bytes32 id,
        bytes calldata signature,
        uint64 at
    ) private view returns (Reason) {
        if (signature.length == 0) return Reason.UNKNOWN;
        (address controller, uint64 frozenFrom, uint64 frozenUntil) = PATIENTS.controlOf(patient);
        if (at >= frozenFrom && at < frozenUntil) return Reason.FROZEN;
        return PATIENTS.isSignedBy(controller, _digest(id), signature) ? Reason.NONE : Reason.SIGNATURE;
    }
}
