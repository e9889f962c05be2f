// SPDX-License-Identifier: Apache-2.0
pragma solidity =0.8.30;

/// @title Statements
/// @notice What a patient signs about consents: the EIP-712 struct hash of each statement.
library Statements {
    bytes32 private constant TERMS = keccak256(
        "Terms(uint32 purposes,uint32 dataClasses,uint8 sensitivity,uint16 jurisdiction,bytes32 facility,"
        "uint64 dataFrom,uint64 dataUntil,bool onward,bytes32 parent,bytes32 document,bytes32 salt)"
    );
    bytes32 private constant CONSENT = keccak256(
        "Consent(address patient,bytes32 grantee,uint64 accessFrom,uint64 accessUntil,uint32 maxUses,uint64 epoch,"
        "Terms terms)"
        "Terms(uint32 purposes,uint32 dataClasses,uint8 sensitivity,uint16 jurisdiction,bytes32 facility,"
        "uint64 dataFrom,uint64 dataUntil,bool onward,bytes32 parent,bytes32 document,bytes32 salt)"
    );
    bytes32 private constant REVOKE = keccak256("Revoke(address patient,bytes32 consent,uint64 deadline)");
    bytes32 private constant REVOKE_ALL = keccak256("RevokeAll(address patient,uint64 epoch,uint64 deadline)");
    bytes32 private constant REVOKE_ALL_OF = keccak256(
        "RevokeAllOf(address patient,bytes32 grantee,uint64 epoch,uint64 deadline)"
    );

    /// @notice The hash of the terms with which the calldata begin, which stands for them in a consent.
    /// @dev In the calldata, words stand as they are hashed: nothing is copied field by field. Whoever soils a word gets another hash.
    function termsInCalldata() internal pure returns (bytes32) {
        return keccak256(bytes.concat(TERMS, msg.data[4:356]));
    }

    /// @notice The hash of the consent, its id, with whose outer fields the calldata begin.
    function outerInCalldata() internal pure returns (bytes32) {
        return keccak256(bytes.concat(CONSENT, msg.data[4:228]));
    }

    /// @notice The hash of the consent, its id, at a place in the first list of which the calldata tell.
    function consentInLine(uint256 place) internal pure returns (bytes32) {
        unchecked {
            return consentAt(uint256(bytes32(msg.data[4:36])) + 36 + place * 544);
        }
    }

    /// @notice The hash of the consent, its id, at a place in the calldata: 6 words, then the 11 of the terms.
    function consentAt(uint256 place) internal pure returns (bytes32) {
        unchecked {
            bytes32 termsHash = keccak256(bytes.concat(TERMS, msg.data[place + 192:place + 544]));
            return keccak256(bytes.concat(CONSENT, msg.data[place:place + 192], termsHash));
        }
    }

    /// @notice The hash of the statement that one consent is revoked.
    function revoke(address patient, bytes32 id, uint64 deadline) internal pure returns (bytes32) {
        return keccak256(abi.encode(REVOKE, patient, id, deadline));
    }

    /// @notice The hash of the statement that an epoch of a patient is ended.
    function revokeAll(address patient, uint64 epoch, uint64 deadline) internal pure returns (bytes32) {
        return keccak256(abi.encode(REVOKE_ALL, patient, epoch, deadline));
    }

    /// @notice The hash of the statement that an epoch of a patient and an organisation is ended.
    function revokeAllOf(
        address patient,
        bytes32 grantee,
        uint64 epoch,
        uint64 deadline
    ) internal pure returns (bytes32) {
        return keccak256(abi.encode(REVOKE_ALL_OF, patient, grantee, epoch, deadline));
    }
}
