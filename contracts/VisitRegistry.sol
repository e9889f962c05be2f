// SPDX-License-Identifier: Apache-2.0
pragma solidity =0.8.30;

import {IAccreditationRegistry} from "../interfaces/IAccreditationRegistry.sol";
import {IPatientRegistry} from "../interfaces/IPatientRegistry.sol";
import {IVisitListener} from "../interfaces/IVisitListener.sol";
import {IVisitRegistry} from "../interfaces/IVisitRegistry.sol";
import {Accredited} from "./base/Accredited.sol";
import {Controlled} from "./base/Controlled.sol";
import {SignedActions} from "./base/SignedActions.sol";
import {Roles} from "./libraries/Roles.sol";

/// @title VisitRegistry
/// @notice See {IVisitRegistry}.
/// @dev Needs no guard against re-entrancy: a visit is written whole before its payer is called, nothing is read or written after, and
/// a payer that calls back can do no more than anyone else.
contract VisitRegistry is IVisitRegistry, Accredited, Controlled, SignedActions {
    bytes32 private constant ATTESTATION_TYPEHASH = keccak256("VisitAttestation(bytes32 visit)");
    uint256 private constant MAX_LINES = 25;
    uint64 private constant CLOCK_TOLERANCE = 15 minutes;

    /// @dev What a payer may burn: enough for 25 lines and a payment, in a policy that counts for the first time.
    uint256 private constant LISTENER_GAS = 600_000;

    /// @dev What must be left before a payer is woken, so that a caller cannot make it fail by giving little: 64/63 of its gas and the
    /// encoding of 25 lines.
    uint256 private constant GAS_NEEDED = 640_000;

    /* STORAGE */

    mapping(bytes32 nullifier => Entry entry) private _entries;

    /// @param accreditation The accreditation registry.
    /// @param patients Where signatures are checked.
    constructor(
        IAccreditationRegistry accreditation,
        IPatientRegistry patients
    ) Accredited(accreditation) Controlled(patients) {}

    /* PROVIDER */

    /// @inheritdoc IVisitRegistry
    function record(Visit calldata visit, uint64 role, bytes calldata memberSignature) external {
        require(role & Roles.PROVIDERS == role, NotProviderRole(role));
        _checkAuthorised(visit.provider, role);
        _checkVisit(visit);
        bytes32 id = keccak256(abi.encode(visit));
        bool isAttested = memberSignature.length != 0;
        if (isAttested) _checkAttestation(id, visit.member, memberSignature);

        Entry memory entry = Entry({
            fingerprint: bytes24(id),
            recordedAt: uint40(block.timestamp),
            role: uint16(role),
            isAttested: isAttested
        });
        _entries[visit.nullifier] = entry;

        emit VisitRecorded(id, visit.provider, visit.member, role, msg.sender, visit);
        if (isAttested) emit VisitAttested(id, visit.member);

        _wake(visit, id, entry);
    }

    function _checkVisit(Visit calldata visit) private view {
        bool isNamed = visit.record != bytes32(0) && visit.nullifier != bytes32(0);
        require(isNamed, IAccreditationRegistry.ZeroIdentifier());
        uint256 count = visit.lines.length;
        require(count != 0 && count <= MAX_LINES, InvalidLineCount(count));
        uint64 latest = uint64(block.timestamp) + CLOCK_TOLERANCE;
        require(visit.servedAt <= latest, ServedInFuture(visit.servedAt, latest));
        uint64 recordedAt = _entries[visit.nullifier].recordedAt;
        require(recordedAt == 0, EncounterRecorded(visit.nullifier, recordedAt));
    }

    /// @inheritdoc IVisitRegistry
    function void(Visit calldata visit) external {
        (bytes32 id, Entry memory entry) = _recorded(visit);
        _checkAuthorised(visit.provider, entry.role);

        delete _entries[visit.nullifier];

        emit VisitVoided(id, visit.provider, msg.sender);
    }

    function _recorded(Visit calldata visit) private view returns (bytes32 id, Entry memory entry) {
        id = keccak256(abi.encode(visit));
        entry = _entries[visit.nullifier];
        require(entry.fingerprint == bytes24(id), UnknownVisit(id));
    }

    /* ANYONE WITH THE MEMBER'S SIGNATURE */

    /// @inheritdoc IVisitRegistry
    function attest(Visit calldata visit, bytes calldata memberSignature) external {
        (bytes32 id, Entry memory entry) = _recorded(visit);
        require(!entry.isAttested, VisitAlreadyAttested(id));
        _checkAttestation(id, visit.member, memberSignature);

        entry.isAttested = true;
        _entries[visit.nullifier] = entry;

        emit VisitAttested(id, visit.member);

        _wake(visit, id, entry);
    }

    function _checkAttestation(bytes32 id, address member, bytes calldata signature) private view {
        address controller = PATIENTS.controllerOf(member);
        require(PATIENTS.isSignedBy(controller, attestationDigestOf(id), signature), InvalidSignature(member));
    }

    /// @dev The payer is told and cannot object. Nothing that it returns is copied, so a flood of data costs nobody but itself.
    function _wake(Visit calldata visit, bytes32 id, Entry memory entry) private {
        require(gasleft() >= GAS_NEEDED, InsufficientGas(gasleft(), GAS_NEEDED));
        if (visit.payer.code.length == 0) {
            emit PayerNotReached(id, visit.payer);
            return;
        }
        try IVisitListener(visit.payer).onVisit{gas: LISTENER_GAS}(visit, id, entry) {} catch {
            emit PayerNotReached(id, visit.payer);
        }
    }

    /* VIEWS */

    /// @inheritdoc IVisitRegistry
    function entryOf(bytes32 nullifier) external view returns (Entry memory) {
        return _entries[nullifier];
    }

    /// @inheritdoc IVisitRegistry
    function attestationDigestOf(bytes32 visit) public view returns (bytes32) {
        return _digest(keccak256(abi.encode(ATTESTATION_TYPEHASH, visit)));
    }

    function _name() internal pure override returns (string memory) {
        return "VisitRegistry";
    }
}
