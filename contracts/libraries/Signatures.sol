// SPDX-License-Identifier: Apache-2.0
pragma solidity =0.8.30;

import {IERC1271} from "@openzeppelin/contracts/interfaces/IERC1271.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";

/// @title Signatures
/// @notice Who signed: a key, or a wallet that says so.
library Signatures {
    /// @dev Enough for a wallet that verifies a passkey in Solidity. What a wallet returns costs it as much memory as it costs the caller
    /// to read, so this limit also bounds an answer that is made long on purpose.
    uint256 private constant _WALLET_GAS = 400_000;

    /// @notice Who signed: `expected`, or another account by its key, or zero, which is nobody, also where it is expected.
    /// @dev A key is tried first, so that what it signed stays good when its account takes on code later.
    function signerOf(
        address expected,
        bytes32 digest,
        bytes calldata signature
    ) internal view returns (address signer) {
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
