// SPDX-License-Identifier: Apache-2.0
pragma solidity =0.8.30;

import {MerkleProof} from "@openzeppelin/contracts/utils/cryptography/MerkleProof.sol";
import {IAccreditationRegistry} from "../interfaces/IAccreditationRegistry.sol";
import {IDrugProvenance} from "../interfaces/IDrugProvenance.sol";
import {IVaccinationRegistry} from "../interfaces/IVaccinationRegistry.sol";
import {Accredited} from "./base/Accredited.sol";
import {Advisories} from "./libraries/Advisories.sol";
import {Roles} from "./libraries/Roles.sol";

/// @title VaccinationRegistry
/// @notice See {IVaccinationRegistry}.
contract VaccinationRegistry is IVaccinationRegistry, Accredited {
    /// @dev One batch, and which of its doses were withdrawn: bit `index % 256` of page `index / 256`. Read and written by hand,
    /// because a library's separate `get` and `set` look the page up twice, for 250 gas.
    struct Record {
        Batch batch;
        mapping(uint256 page => uint256 bits) revoked;
    }

    uint32 private constant _MAX_SIZE = 1 << 20;
    uint256 private constant _MAX_LOTS = 256;

    /// @dev How long an issuer may withdraw its own doses without being looked up.
    uint256 private constant _SLIP_WINDOW = 1 days;

    /// @notice Where lots are looked up.
    IDrugProvenance public immutable PROVENANCE;

    /* STORAGE */

    mapping(bytes32 batchId => Record record) private _records;

    /// @param accreditation The accreditation registry.
    /// @param provenance The registry of lots.
    constructor(IAccreditationRegistry accreditation, IDrugProvenance provenance) Accredited(accreditation) {
        PROVENANCE = provenance;
    }

    /* VACCINATOR */

    /// @inheritdoc IVaccinationRegistry
    function anchor(bytes32 organisation, bytes32 root, uint32 size, bytes32[] calldata lots) external {
        _checkAuthorised(organisation, Roles.VACCINATOR);
        require(root != bytes32(0), EmptyRoot());
        require(size != 0 && size <= _MAX_SIZE, InvalidSize(size));
        bytes32 batchId = _batchIdOf(organisation, root);
        require(_records[batchId].batch.anchoredAt == 0, BatchExists(organisation, root));
        _checkLots(lots);

        _records[batchId].batch = Batch({anchoredAt: uint64(block.timestamp), size: size, signer: msg.sender});

        emit BatchAnchored(organisation, root, msg.sender, uint64(block.timestamp), size, lots);
    }

    function _checkLots(bytes32[] calldata lots) private view {
        require(lots.length <= _MAX_LOTS, TooManyLots(lots.length));
        for (uint256 i = 0; i < lots.length; ++i) {
            IDrugProvenance.LotStatus status = PROVENANCE.lotStatus(lots[i]);
            require(status != IDrugProvenance.LotStatus.UNKNOWN, IDrugProvenance.UnknownLot(lots[i]));
            require(status != IDrugProvenance.LotStatus.RECALLED, IDrugProvenance.LotRecalled(lots[i]));
            require(status != IDrugProvenance.LotStatus.QUARANTINED, IDrugProvenance.LotQuarantined(lots[i]));
            require(status != IDrugProvenance.LotStatus.EXPIRED, IDrugProvenance.LotExpired(lots[i]));
        }
    }

    /* VACCINATOR OR AUTHORITY */

    /// @inheritdoc IVaccinationRegistry
    function revoke(bytes32 organisation, bytes32 root, uint32 index) external {
        bytes32 batchId = _batchIdOf(organisation, root);
        Record storage record = _records[batchId];
        (uint256 anchoredAt, uint256 size, address signer) = (
            record.batch.anchoredAt,
            record.batch.size,
            record.batch.signer
        );
        require(index < size, UnknownDose(index, size));
        bool isSlip = msg.sender == signer && block.timestamp < anchoredAt + _SLIP_WINDOW;
        if (!isSlip) _checkMayRevoke(organisation);
        uint256 bits = record.revoked[index >> 8];
        uint256 bit = 1 << (index & 0xff);
        require(bits & bit == 0, DoseAlreadyRevoked(index));

        record.revoked[index >> 8] = bits | bit;

        emit DoseRevoked(batchId, index);
    }

    /// @dev The issuer is asked first, because it is the usual one.
    function _checkMayRevoke(bytes32 organisation) private view {
        if (ACCREDITATION.isAuthorised(organisation, msg.sender, Roles.VACCINATOR, uint64(block.timestamp))) return;
        require(
            msg.sender == ACCREDITATION.authorityOf(ACCREDITATION.jurisdictionOf(organisation)),
            IAccreditationRegistry.NotAuthorised(organisation, msg.sender, Roles.VACCINATOR)
        );
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
        Record storage record = _records[_batchIdOf(organisation, root)];
        Batch memory batch = record.batch;
        if (batch.anchoredAt == 0 || at < batch.anchoredAt || dose.index >= batch.size) return verdict;
        if (!_isProofLength(proof.length, batch.size)) return verdict;
        if (!MerkleProof.verifyCalldata(proof, root, _leafOf(organisation, dose))) return verdict;

        verdict.status = _hasBit(record, dose.index) ? Status.REVOKED : _statusBy(organisation, batch);
        verdict.advisories = _advisoriesOf(dose.lot);
        verdict.anchoredAt = batch.anchoredAt;
        verdict.size = batch.size;
        verdict.signer = batch.signer;
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
    function _statusBy(bytes32 organisation, Batch memory batch) private view returns (Status) {
        bool isTrusted = ACCREDITATION.isAuthorised(organisation, batch.signer, Roles.VACCINATOR, batch.anchoredAt);
        return isTrusted ? Status.ACTIVE : Status.ISSUER_UNTRUSTED;
    }

    /// @dev A lot that expired since then says nothing about a dose that was given before.
    function _advisoriesOf(bytes32 lot) private view returns (uint8) {
        if (lot == bytes32(0)) return Advisories.UNTRACED_LOT;
        IDrugProvenance.LotStatus status = PROVENANCE.lotStatus(lot);
        if (status == IDrugProvenance.LotStatus.RECALLED) return Advisories.RECALLED_LOT;
        if (status == IDrugProvenance.LotStatus.QUARANTINED) return Advisories.QUARANTINED_LOT;
        return status == IDrugProvenance.LotStatus.UNKNOWN ? Advisories.UNTRACED_LOT : 0;
    }

    /// @inheritdoc IVaccinationRegistry
    function batchOf(bytes32 organisation, bytes32 root) external view returns (Batch memory) {
        return _records[_batchIdOf(organisation, root)].batch;
    }

    /// @inheritdoc IVaccinationRegistry
    function isRevoked(bytes32 organisation, bytes32 root, uint32 index) external view returns (bool) {
        return _hasBit(_records[_batchIdOf(organisation, root)], index);
    }

    function _hasBit(Record storage record, uint32 index) private view returns (bool) {
        return record.revoked[index >> 8] & (1 << (index & 0xff)) != 0;
    }

    function _batchIdOf(bytes32 organisation, bytes32 root) private pure returns (bytes32) {
        return keccak256(abi.encode(organisation, root));
    }
}
