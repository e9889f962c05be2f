// SPDX-License-Identifier: Apache-2.0
pragma solidity >=0.8.26;

/// @title IFieldProofs
/// @notice Proves what a single field of a committed object says, without the others.
/// @dev The fields of an object are the leaves of a tree as OpenZeppelin's StandardMerkleTree makes it, of the types string, string and
/// bytes32: `keccak256(keccak256(abi.encode(name, value, salt)))`. An object has at most 32 fields.
interface IFieldProofs {
    /// @notice One field that is shown.
    /// @param name Its name, such as "vc".
    /// @param value What it says, such as "113".
    /// @param salt The 32 bytes that keep it from being guessed while it is not shown.
    struct Field {
        string name;
        string value;
        bytes32 salt;
    }

    /// @notice Whether a field stands under a root of fields.
    /// @dev It says nothing about the root: of a dose, ask {IVaccinationRegistry-verify} too, and take the root from the very dose that is
    /// ACTIVE there. Compare name and value with what you need; a code means nothing without the field that names its system. What a
    /// transaction shows is public for ever, for every contract that asks: show there only what the holder agreed to publish.
    /// @param fields The Merkle root over the salted fields of the object.
    /// @param field The field.
    /// @param proof Its siblings from the leaf up; one of more than 5 proves nothing.
    /// @return Whether it does.
    function isField(bytes32 fields, Field calldata field, bytes32[] calldata proof) external pure returns (bool);
}
