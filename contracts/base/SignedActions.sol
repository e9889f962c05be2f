// SPDX-License-Identifier: Apache-2.0
pragma solidity =0.8.30;

import {IERC1271} from "@openzeppelin/contracts/interfaces/IERC1271.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {ISignedActions} from "../../interfaces/ISignedActions.sol";

/// @title SignedActions
/// @notice Lets people who hold no ETH act by a signature that others send.
abstract contract SignedActions is ISignedActions, EIP712 {
    /// @dev Enough for a wallet that verifies a passkey in Solidity. What a wallet returns costs it as much memory as it costs the caller
    /// to read, so this limit also bounds an answer that is made long on purpose.
    uint256 private constant _WALLET_GAS = 400_000;

    /// @param name The name of the contract in the domain.
    /// @param version The version in the domain.
    constructor(string memory name, string memory version) EIP712(name, version) {}

    function _checkDeadline(uint64 deadline) internal view {
        require(block.timestamp <= deadline, SignatureExpired(deadline));
    }

    function _checkSigned(address signer, bytes32 structHash, bytes calldata signature) internal view {
        require(_isSigned(signer, structHash, signature), InvalidSignature(signer));
    }

    /// @dev Whether `signer` signed.
    function _isSigned(address signer, bytes32 structHash, bytes calldata signature) internal view returns (bool) {
        return signer != address(0) && _signerOf(signer, structHash, signature) == signer;
    }

    /// @dev Who signed: `expected`, or another account by its key, or zero, which is nobody, also where it is expected. A key is tried first, so that what it signed stays good when its
    /// account takes on code later.
    function _signerOf(
        address expected,
        bytes32 structHash,
        bytes calldata signature
    ) internal view returns (address signer) {
        bytes32 digest = _hashTypedDataV4(structHash);
        (signer, , ) = ECDSA.tryRecover(digest, signature);
        bool isWallet = signer != expected && expected.code.length != 0;
        if (isWallet && _isSignedByWallet(expected, digest, signature)) return expected;
    }

    /// @dev The whole word is compared, so that neither a short nor a soiled answer counts or makes the decoder revert.
    function _isSignedByWallet(address wallet, bytes32 digest, bytes calldata signature) private view returns (bool) {
        bytes memory question = abi.encodeCall(IERC1271.isValidSignature, (digest, signature));
        // solhint-disable-next-line avoid-low-level-calls -- a typed call reverts on a short answer
        (bool isAnswered, bytes memory answer) = wallet.staticcall{gas: _WALLET_GAS}(question);
        return isAnswered && answer.length >= 32 && bytes32(answer) == bytes32(IERC1271.isValidSignature.selector);
    }
}
