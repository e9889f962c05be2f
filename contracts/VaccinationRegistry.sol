// SPDX-License-Identifier: Apache-2.0
pragma solidity =0.8.30;

import {MerkleProof} from "@openzeppelin/contracts/utils/cryptography/MerkleProof.sol";
import {IAccreditationRegistry} from "../interfaces/IAccreditationRegistry.sol";
import {IDrugProvenance} from "../interfaces/IDrugProvenance.sol";
import {IPatientRegistry} from "../interfaces/IPatientRegistry.sol";
import {ISignedActions} from "../interfaces/ISignedActions.sol";
import {IVaccinationRegistry} from "../interfaces/IVaccinationRegistry.sol";
import {Accredited} from "./base/Accredited.sol";
import {Controlled} from "./base/Controlled.sol";
import {FieldProofs} from "./base/FieldProofs.sol";
import {Advisories} from "./libraries/Advisories.sol";
import {Lots} from "./libraries/Lots.sol";
import {Nullifiers} from "./libraries/Nullifiers.sol";
import {Roles} from "./libraries/Roles.sol";
import {Scopes} from "./libraries/Scopes.sol";

/// @title VaccinationRegistry
/// @notice See {IVaccinationRegistry}.
contract VaccinationRegistry is IVaccinationRegistry, Accredited, Controlled, FieldProofs {
    /// @dev One batch, and which of its doses ended: bit `index % 256` of page `index / 256`. Read and written by hand, because a
    /// library's separate `get` and `set` look the page up twice, for 250 gas.
    struct Record {
        Batch batch;
        mapping(uint256 page => uint256 bits) ended;
    }

    /// @dev What stands for a successor where a dose was never given as recorded.
    bytes32 private constant _IN_ERROR = bytes32(uint256(1));

    bytes32 private constant _DISPUTE = keccak256(
        "Dispute(address registry,address holder,bytes32 dose,bytes32 statement,uint64 deadline)"
    );

    uint32 private constant _MAX_SIZE = 1 << 20;

    /// @dev How long an issuer may withdraw its own doses without being looked up.
    uint256 private constant _SLIP_WINDOW = 1 days;

    /// @notice Where lots are looked up.
    IDrugProvenance public immutable PROVENANCE;

    /* STORAGE */

    mapping(bytes32 batchId => Record record) private _records;
    mapping(bytes32 dose => bytes32 successor) private _successors;
    mapping(bytes32 dose => bool isCorrection) private _corrections;
    mapping(address holder => mapping(bytes32 dose => bool isDisputed)) private _disputes;
    mapping(bytes32 organisation => bytes32 heir) private _heirs;
    mapping(bytes32 organisation => mapping(bytes32 nullifier => address signer)) private _recorders;

    /// @param accreditation The accreditation registry.
    /// @param provenance The registry of lots.
    /// @param patients The registry that says who decides for a holder.
    constructor(
        IAccreditationRegistry accreditation,
        IDrugProvenance provenance,
        IPatientRegistry patients
    ) Accredited(accreditation) Controlled(patients) {
        PROVENANCE = provenance;
    }

    /* VACCINATOR */

    /// @inheritdoc IVaccinationRegistry
    function anchor(bytes32 organisation, bytes32 root, uint32 size, bytes32[] calldata lots) external {
        _checkVaccinator(organisation);
        require(root != bytes32(0), EmptyRoot());
        require(size != 0 && size <= _MAX_SIZE, InvalidSize(size));
        bytes32 batchId = _batchIdOf(organisation, root);
        require(_records[batchId].batch.anchoredAt == 0, BatchExists(organisation, root));
        Lots.checkUsable(PROVENANCE, lots);

        Batch storage batch = _records[batchId].batch;
        (batch.anchoredAt, batch.size, batch.signer) = (uint64(block.timestamp), size, msg.sender);

        emit BatchAnchored(organisation, root, msg.sender, uint64(block.timestamp), size, lots);
    }

    /// @inheritdoc IVaccinationRegistry
    function recordOnce(bytes32 organisation, bytes32[] calldata nullifiers) external {
        _checkVaccinator(organisation);
        Nullifiers.record(_recorders[organisation], nullifiers);

        emit DosesRecorded(organisation, msg.sender, nullifiers);
    }

    /* VACCINATOR, ITS HEIR, OR THE AUTHORITY */

    /// @inheritdoc IVaccinationRegistry
    function revoke(bytes32 organisation, bytes32 root, uint32 index) external {
        emit DoseRevoked(_withdraw(organisation, root, index), index);
    }

    /// @inheritdoc IVaccinationRegistry
    function enterInError(bytes32 organisation, bytes32 root, uint32 index) external {
        bytes32 batchId = _withdraw(organisation, root, index);

        _successors[_doseIdOf(batchId, index)] = _IN_ERROR;

        emit DoseErrorEntered(batchId, index);
    }

    function _withdraw(bytes32 organisation, bytes32 root, uint32 index) private returns (bytes32 batchId) {
        batchId = _batchIdOf(organisation, root);
        Record storage record = _records[batchId];
        (uint256 anchoredAt, uint256 size, address signer) = (
            record.batch.anchoredAt,
            record.batch.size,
            record.batch.signer
        );
        require(index < size, UnknownDose(index, size));
        bool isSlip = msg.sender == signer && block.timestamp < anchoredAt + _SLIP_WINDOW;
        if (!isSlip) _checkMayWithdraw(organisation);
        _end(record, index);
    }

    /// @dev The issuer is asked first, because it is the usual one.
    function _checkMayWithdraw(bytes32 organisation) private view {
        if (_isVaccinator(organisation) || _isVaccinator(_heirs[organisation])) return;
        address authority = ACCREDITATION.authorityOf(ACCREDITATION.jurisdictionOf(organisation));
        if (msg.sender != authority) _checkVaccinator(organisation);
    }

    function _checkVaccinator(bytes32 organisation) private view {
        _checkAuthorised(organisation, Roles.VACCINATOR);
    }

    function _isVaccinator(bytes32 organisation) private view returns (bool) {
        return ACCREDITATION.isAuthorised(organisation, msg.sender, Roles.VACCINATOR, uint64(block.timestamp));
    }

    /* VACCINATOR OR ITS HEIR */

    /// @inheritdoc IVaccinationRegistry
    function amend(Place calldata old, Place calldata correction, bytes32 reason) external {
        bytes32 issuer = correction.organisation;
        bool isOurs = issuer == old.organisation || issuer == _heirs[old.organisation];
        require(isOurs, NotHeir(old.organisation, issuer));
        _checkVaccinator(issuer);
        (bytes32 batchId, bytes32 doseId) = _find(old);
        (bytes32 newBatchId, bytes32 newDoseId) = _find(correction);
        require(!_corrections[newDoseId], AlreadyCorrection(correction.index));

        // The old one ends first, so that a dose which takes its own place has ended.
        _end(_records[batchId], old.index);
        require(!_hasEnded(newBatchId, correction.index), DoseAlreadyRevoked(correction.index));
        _successors[doseId] = newDoseId;
        _corrections[newDoseId] = true;

        emit DoseAmended(batchId, newBatchId, old.index, correction.index, reason);
    }

    function _find(Place calldata place) private view returns (bytes32 batchId, bytes32 doseId) {
        batchId = _batchIdOf(place.organisation, place.root);
        uint256 size = _records[batchId].batch.size;
        require(place.index < size, UnknownDose(place.index, size));
        doseId = _doseIdOf(batchId, place.index);
    }

    function _end(Record storage record, uint32 index) private {
        uint256 bits = record.ended[index >> 8];
        uint256 bit = 1 << (index & 0xff);
        require(bits & bit == 0, DoseAlreadyRevoked(index));

        record.ended[index >> 8] = bits | bit;
    }

    /* HOLDER, OR ANYONE WITH ITS SIGNATURE */

    /// @inheritdoc IVaccinationRegistry
    function dispute(address holder, bytes32 dose, bytes32 statement) external {
        _checkMay(holder, Scopes.CONTEST);
        _dispute(holder, dose, statement);
    }

    /// @inheritdoc IVaccinationRegistry
    function disputeBySig(
        address holder,
        bytes32 dose,
        bytes32 statement,
        uint64 deadline,
        bytes calldata signature
    ) external {
        require(block.timestamp <= deadline, ISignedActions.SignatureExpired(deadline));
        bytes32 signed = keccak256(abi.encode(_DISPUTE, address(this), holder, dose, statement, deadline));
        require(PATIENTS.isSigned(holder, signed, signature), ISignedActions.InvalidSignature(holder));
        _dispute(holder, dose, statement);
    }

    /// @dev Whether it is a dose of this holder is not asked: {verify} looks a dose up under its own holder. A second copy does nothing.
    function _dispute(address holder, bytes32 dose, bytes32 statement) private {
        if (_disputes[holder][dose]) return;

        _disputes[holder][dose] = true;

        emit DoseDisputed(holder, dose, statement);
    }

    /* AUTHORITY */

    /// @inheritdoc IVaccinationRegistry
    function nameHeir(bytes32 organisation, bytes32 heir) external {
        ACCREDITATION.checkAuthority(organisation, msg.sender);

        _heirs[organisation] = heir;

        emit HeirNamed(organisation, heir);
    }

    /* VIEWS */

    /// @inheritdoc IVaccinationRegistry
    function verify(
        bytes32 organisation,
        bytes32 root,
        Dose calldata dose,
        bytes32[] calldata proof,
        uint64 at
    ) external view returns (Verdict memory verdict) {
        bytes32 batchId = _batchIdOf(organisation, root);
        Batch storage batch = _records[batchId].batch;
        if (batch.anchoredAt == 0 || at < batch.anchoredAt || dose.index >= batch.size) return verdict;
        if (!_isProofLength(proof.length, batch.size)) return verdict;
        if (!MerkleProof.verifyCalldata(proof, root, _leafOf(organisation, dose))) return verdict;

        bytes32 doseId = _doseIdOf(batchId, dose.index);
        verdict.advisories = Lots.advisoriesOf(PROVENANCE, dose.lot);
        if (_disputes[dose.holder][doseId]) verdict.advisories |= Advisories.DISPUTED;
        if (_hasEnded(batchId, dose.index)) _tellEnd(verdict, doseId);
        else verdict.status = _statusBy(organisation, batch);
        verdict.anchoredAt = batch.anchoredAt;
        verdict.size = batch.size;
        verdict.signer = batch.signer;
    }

    function _tellEnd(Verdict memory verdict, bytes32 doseId) private view {
        bytes32 successor = _successors[doseId];
        verdict.status = uint256(successor) > uint256(_IN_ERROR) ? Status.SUPERSEDED : Status.REVOKED;
        if (successor == _IN_ERROR) verdict.advisories |= Advisories.ENTERED_IN_ERROR;
        else verdict.successor = successor;
    }

    /// @dev With `length` siblings a leaf stands among the nodes 2^length - 1 to 2^(length + 1) - 2, counted from the root; the leaves
    /// of the tree are its nodes size - 1 to 2 * size - 2. The two must meet.
    function _isProofLength(uint256 length, uint256 size) private pure returns (bool) {
        return size >> length < 2 && (2 * size - 1) >> length != 0;
    }

    /// @dev Hashed twice, so that no inner node, which is a hash of 64 bytes, can be offered as a leaf.
    function _leafOf(bytes32 organisation, Dose calldata dose) private pure returns (bytes32) {
        return
            keccak256(
                bytes.concat(keccak256(abi.encode(organisation, dose.index, dose.holder, dose.lot, dose.fields)))
            );
    }

    /// @dev The issuer is judged by the block time of the anchor, which nobody can choose, and by what is known now.
    function _statusBy(bytes32 organisation, Batch storage batch) private view returns (Status) {
        bool isTrusted = ACCREDITATION.isAuthorised(organisation, batch.signer, Roles.VACCINATOR, batch.anchoredAt);
        return isTrusted ? Status.ACTIVE : Status.ISSUER_UNTRUSTED;
    }

    /// @inheritdoc IVaccinationRegistry
    function batchOf(bytes32 organisation, bytes32 root) external view returns (Batch memory) {
        return _records[_batchIdOf(organisation, root)].batch;
    }

    /// @inheritdoc IVaccinationRegistry
    function isRevoked(bytes32 organisation, bytes32 root, uint32 index) external view returns (bool) {
        return _hasEnded(_batchIdOf(organisation, root), index);
    }

    /// @inheritdoc IVaccinationRegistry
    function heirOf(bytes32 organisation) external view returns (bytes32) {
        return _heirs[organisation];
    }

    /// @inheritdoc IVaccinationRegistry
    function recorderOf(bytes32 organisation, bytes32 nullifier) external view returns (address) {
        return _recorders[organisation][nullifier];
    }

    function _hasEnded(bytes32 batchId, uint32 index) private view returns (bool) {
        return _records[batchId].ended[index >> 8] & (1 << (index & 0xff)) != 0;
    }

    function _doseIdOf(bytes32 batchId, uint32 index) private pure returns (bytes32) {
        return keccak256(abi.encode(batchId, index));
    }

    function _batchIdOf(bytes32 organisation, bytes32 root) private pure returns (bytes32) {
        return keccak256(abi.encode(organisation, root));
    }
}
