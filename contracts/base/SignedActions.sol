// SPDX-License-Identifier: Apache-2.0
pragma solidity =0.8.30;

import {IERC5267} from "@openzeppelin/contracts/interfaces/IERC5267.sol";
import {ISignedActions} from "../../interfaces/ISignedActions.sol";

/// @title SignedActions
/// @notice Lets people who hold no ETH act by a signature that others send: the domain in which they sign.
/// @dev OpenZeppelin's EIP712 keeps a hash of the domain for the chain on which it was deployed and names of any length: 1.2 kB of code in each
/// contract to save 300 gas. Here the hash is made when it is needed, of the chain as it is then.
abstract contract SignedActions is ISignedActions, IERC5267 {
    bytes32 private constant _DOMAIN = keccak256(
        "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
    );
    string private constant _VERSION = "1";

    bytes32 private immutable _NAME_HASH;

    constructor() {
        _NAME_HASH = keccak256(bytes(_name()));
    }

    /// @dev The name of the contract in the domain.
    function _name() internal pure virtual returns (string memory);

    /// @inheritdoc IERC5267
    function eip712Domain()
        external
        view
        returns (
            bytes1 fields,
            string memory name,
            string memory version,
            uint256 chainId,
            address verifyingContract,
            bytes32 salt,
            uint256[] memory extensions
        )
    {
        return (0x0f, _name(), _VERSION, block.chainid, address(this), bytes32(0), extensions);
    }

    /// @dev The EIP-712 digest of a statement to this contract.
    function _digest(bytes32 statement) internal view returns (bytes32) {
        bytes32 version = keccak256(bytes(_VERSION));
        bytes32 domain = keccak256(abi.encode(_DOMAIN, _NAME_HASH, version, block.chainid, address(this)));
        return keccak256(abi.encodePacked(hex"1901", domain, statement));
    }

    function _checkDeadline(uint64 deadline) internal view {
        require(block.timestamp <= deadline, SignatureExpired(deadline));
    }
}
