// SPDX-License-Identifier: Apache-2.0
pragma solidity =0.8.30;

import {IFieldProofs} from "../../interfaces/IFieldProofs.sol";
import {IVaccinationRegistry} from "../../interfaces/IVaccinationRegistry.sol";
import {VaccinationRegistry} from "../VaccinationRegistry.sol";

/// @title VaccinatedOnly
/// @notice Another contract that asks the registry for one vaccine in a dose of one clinic.
contract VaccinatedOnly {
    /// @notice The registry that is asked.
    VaccinationRegistry public immutable REGISTRY;

    /// @notice The clinic whose word counts.
    bytes32 public immutable CLINIC;

    /// @dev The field that is asked for, with its value.
    bytes32 private immutable _WANTED;

    /// @param registry The registry that is asked.
    /// @param clinic The clinic whose word counts.
    /// @param vaccine The CVX code that is wanted.
    constructor(VaccinationRegistry registry, bytes32 clinic, string memory vaccine) {
        REGISTRY = registry;
        CLINIC = clinic;
        _WANTED = keccak256(abi.encode("vc", vaccine));
    }

    /// @notice Whether a dose is ACTIVE and of the vaccine that is wanted.
    /// @param root The Merkle root of its batch.
    /// @param dose The dose.
    /// @param proof Its siblings.
    /// @param field The field that names the vaccine.
    /// @param fieldProof The siblings of the field.
    /// @return Whether it is.
    function isAdmitted(
        bytes32 root,
        IVaccinationRegistry.Dose calldata dose,
        bytes32[] calldata proof,
        IFieldProofs.Field calldata field,
        bytes32[] calldata fieldProof
    ) external view returns (bool) {
        if (keccak256(abi.encode(field.name, field.value)) != _WANTED) return false;
        if (!REGISTRY.isField(dose.fields, field, fieldProof)) return false;
        uint64 time = uint64(block.timestamp);
        return REGISTRY.verify(CLINIC, root, dose, proof, time).status == IVaccinationRegistry.Status.ACTIVE;
    }
}
