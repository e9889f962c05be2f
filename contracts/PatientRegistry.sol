// SPDX-License-Identifier: Apache-2.0
pragma solidity =0.8.30;

import {IAccreditationRegistry} from "../interfaces/IAccreditationRegistry.sol";
import {IPatientRegistry} from "../interfaces/IPatientRegistry.sol";
import {Accredited} from "./base/Accredited.sol";
import {Keys} from "./base/Keys.sol";
import {UnorderedNonces} from "./base/UnorderedNonces.sol";
import {Guardianship} from "./libraries/Guardianship.sol";
import {PatientStatements} from "./libraries/PatientStatements.sol";
import {Scopes} from "./libraries/Scopes.sol";
import {Signatures} from "./libraries/Signatures.sol";

/// @title PatientRegistry
/// @notice See {IPatientRegistry}.
contract PatientRegistry is Keys, Accredited, UnorderedNonces {
    using Guardianship for Guardianship.State;

    /* STORAGE */

    mapping(uint16 jurisdiction => uint32 classes) private _hideable;

    /// @param accreditation The registry in which the authority of each jurisdiction stands.
    constructor(IAccreditationRegistry accreditation) Accredited(accreditation) {}

    /* CONTROLLER, OR ANYONE WITH ITS SIGNATURE */

    /// @inheritdoc IPatientRegistry
    function rotate(address patient, address controller) external {
        _checkController(patient);
        _rotate(patient, controller);
    }

    /// @inheritdoc IPatientRegistry
    function rotateBySig(address patient, address controller, Signed calldata by) external {
        _checkStatement(patient, abi.encode(PatientStatements.ROTATE, patient, controller), by);
        _rotate(patient, controller);
    }

    function _rotate(address patient, address controller) private {
        _checkThawed(patient);
        require(controller != address(0), IAccreditationRegistry.ZeroIdentifier());

        _key(patient).controller = controller;

        emit ControllerRotated(patient, controller);
    }

    /// @inheritdoc IPatientRegistry
    function addGuardian(Appointment calldata appointment) external {
        _checkController(appointment.patient);
        _addGuardian(appointment);
    }

    /// @inheritdoc IPatientRegistry
    function addGuardianBySig(Appointment calldata appointment, Signed calldata by) external {
        _checkStatement(appointment.patient, abi.encode(PatientStatements.ADD_GUARDIAN, appointment), by);
        _addGuardian(appointment);
    }

    function _addGuardian(Appointment calldata appointment) private {
        address patient = appointment.patient;
        _checkThawed(patient);

        (uint64 from, uint64 protectFrom) = _guardianship(patient).add(appointment);

        emit GuardianAdded(
            patient,
            appointment.guardian,
            appointment.scope,
            from,
            appointment.until,
            protectFrom,
            appointment.evidence
        );
    }

    /// @inheritdoc IPatientRegistry
    function removeGuardian(address patient, address guardian) external {
        _checkController(patient);
        _removeGuardian(patient, guardian);
    }

    /// @inheritdoc IPatientRegistry
    function removeGuardianBySig(address patient, address guardian, Signed calldata by) external {
        _checkStatement(patient, abi.encode(PatientStatements.REMOVE_GUARDIAN, patient, guardian), by);
        _removeGuardian(patient, guardian);
    }

    function _removeGuardian(address patient, address guardian) private {
        uint64 until = _guardianship(patient).remove(patient, guardian);

        emit GuardianRemoved(patient, guardian, uint64(block.timestamp), until);
    }

    /// @inheritdoc IPatientRegistry
    function changeThreshold(address patient, uint8 threshold) external {
        _checkController(patient);
        _changeThreshold(patient, threshold);
    }

    /// @inheritdoc IPatientRegistry
    function changeThresholdBySig(address patient, uint8 threshold, Signed calldata by) external {
        _checkStatement(patient, abi.encode(PatientStatements.CHANGE_THRESHOLD, patient, threshold), by);
        _changeThreshold(patient, threshold);
    }

    function _changeThreshold(address patient, uint8 threshold) private {
        uint64 from = _guardianship(patient).changeThreshold(threshold);

        emit ThresholdChanged(patient, threshold, from);
    }

    /// @inheritdoc IPatientRegistry
    function hide(address patient, uint32 classes) external {
        _checkController(patient);
        _hide(patient, classes);
    }

    /// @inheritdoc IPatientRegistry
    function hideBySig(address patient, uint32 classes, Signed calldata by) external {
        _checkStatement(patient, abi.encode(PatientStatements.HIDE, patient, classes), by);
        _hide(patient, classes);
    }

    function _hide(address patient, uint32 classes) private {
        _guardianship(patient).hidden = classes;

        emit HiddenClassesChanged(patient, classes);
    }

    /// @inheritdoc IPatientRegistry
    function veto(address patient) external {
        _checkController(patient);
        _veto(patient);
    }

    /// @inheritdoc IPatientRegistry
    function vetoBySig(address patient, uint32 round, Signed calldata by) external {
        _checkStatement(patient, abi.encode(PatientStatements.VETO, patient, round), by);
        uint32 current = _guardianship(patient).round;
        require(round == current, WrongRound(round, current));
        _veto(patient);
    }

    function _veto(address patient) private {
        address controller = _guardianship(patient).veto(patient);

        emit RecoveryVetoed(patient, controller);
    }

    /* CONTROLLER OR GUARDIAN, OR ANYONE WITH THEIR SIGNATURE */

    /// @inheritdoc IPatientRegistry
    function freeze(address patient, uint64 until) external {
        _freeze(patient, msg.sender, until);
    }

    /// @inheritdoc IPatientRegistry
    function freezeBySig(address patient, uint64 until, Signed calldata by) external {
        _freeze(patient, _signer(patient, abi.encode(PatientStatements.FREEZE, patient, until), by), until);
    }

    function _freeze(address patient, address by, uint64 until) private {
        if (by != controllerOf(patient)) _guardianship(patient).pause(patient, by);
        require(until > block.timestamp && until <= block.timestamp + Guardianship.MAX_FREEZE, InvalidFreeze(until));
        Key storage key = _key(patient);

        if (block.timestamp >= key.frozenUntil) key.frozenFrom = uint48(block.timestamp);
        if (until > key.frozenUntil) key.frozenUntil = uint48(until);

        emit FreezeBegun(patient, by, key.frozenFrom, key.frozenUntil, _guardianship(patient).freezableFrom);
    }

    /* GUARDIAN, OR ANYONE WITH ITS SIGNATURE */

    /// @inheritdoc IPatientRegistry
    function recover(address patient, address controller) external {
        _recover(patient, msg.sender, controller);
    }

    /// @inheritdoc IPatientRegistry
    function recoverBySig(address patient, address controller, Signed calldata by) external {
        address guardian = _signer(patient, abi.encode(PatientStatements.RECOVER, patient, controller), by);
        _recover(patient, guardian, controller);
    }

    function _recover(address patient, address guardian, address controller) private {
        Guardianship.State storage state = _guardianship(patient);
        uint64 readyAt = state.vote(patient, guardian, controller);

        emit RecoveryVoted(patient, guardian, controller, state.round);
        if (readyAt != 0) emit RecoveryBegun(patient, controller, readyAt);
    }

    /// @inheritdoc IPatientRegistry
    function resign(address patient) external {
        _resign(patient, msg.sender);
    }

    /// @inheritdoc IPatientRegistry
    function resignBySig(address patient, Signed calldata by) external {
        _resign(patient, _signer(patient, abi.encode(PatientStatements.RESIGN, patient), by));
    }

    function _resign(address patient, address guardian) private {
        _guardianship(patient).resign(patient, guardian);

        emit GuardianResigned(patient, guardian, uint64(block.timestamp));
    }

    /* ANYONE */

    /// @inheritdoc IPatientRegistry
    function finishRecovery(address patient) external {
        address controller = _guardianship(patient).finish(patient);

        Key storage key = _key(patient);
        key.controller = controller;
        if (block.timestamp < key.frozenUntil) key.frozenUntil = uint48(block.timestamp);

        emit PatientRecovered(patient, controller, uint64(block.timestamp));
    }

    /* AUTHORITY */

    /// @inheritdoc IPatientRegistry
    function allowHiding(uint16 jurisdiction, uint32 classes) external {
        bool isAuthority = msg.sender == ACCREDITATION.authorityOf(jurisdiction);
        require(isAuthority, IAccreditationRegistry.NotAuthority(jurisdiction, msg.sender));

        _hideable[jurisdiction] = classes;

        emit HidingAllowed(jurisdiction, classes);
    }

    /* VIEWS */

    /// @inheritdoc IPatientRegistry
    function checkMay(address patient, address account, uint8 scope) external view returns (address controller) {
        controller = controllerOf(patient);
        bool isAllowed = account == controller || _isHeld(patient, account, scope);
        require(isAllowed, NotController(patient, account));
        _checkGiving(patient, scope);
    }

    /// @inheritdoc IPatientRegistry
    function checkSigned(
        address patient,
        uint8 scope,
        bytes32 digest,
        bytes calldata signature
    ) external view returns (address signer, bool isGuardian_) {
        address controller = controllerOf(patient);
        signer = Signatures.signerOf(controller, digest, signature);
        isGuardian_ = signer != controller;
        bool isHers = signer != address(0) && (!isGuardian_ || _isHeld(patient, signer, scope));
        require(isHers, InvalidSignature(controller));
        _checkGiving(patient, scope);
    }

    /// @inheritdoc IPatientRegistry
    function hiddenOf(address patient, uint16 jurisdiction) external view returns (uint32) {
        return _guardianship(patient).hidden & _hideable[jurisdiction];
    }

    /* HELPERS */

    function _name() internal pure override returns (string memory) {
        return "PatientRegistry";
    }

    function _checkStatement(address patient, bytes memory said, Signed calldata by) private {
        address controller = controllerOf(patient);
        require(_signer(patient, said, by) == controller, InvalidSignature(controller));
    }

    /// @dev Who signed for once and in time: the controller, or whoever's key it is.
    function _signer(address patient, bytes memory said, Signed calldata by) private returns (address signer) {
        _checkDeadline(by.deadline);
        address controller = controllerOf(patient);
        signer = Signatures.signerOf(controller, _digest(PatientStatements.hash(said, by)), by.signature);
        require(signer != address(0), InvalidSignature(controller));
        _useNonce(signer, by.nonce);
    }

    function _isHeld(address patient, address account, uint8 scope) private view returns (bool) {
        return isGuardian(patient, account, scope, uint64(block.timestamp));
    }

    function _checkGiving(address patient, uint8 scope) private view {
        if (scope & Scopes.GIVING != 0) _checkThawed(patient);
    }
}
