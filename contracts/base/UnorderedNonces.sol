// SPDX-License-Identifier: Apache-2.0
pragma solidity =0.8.30;

import {BitMaps} from "@openzeppelin/contracts/utils/structs/BitMaps.sol";
import {IUnorderedNonces} from "../../interfaces/IUnorderedNonces.sol";
import {SignedActions} from "./SignedActions.sol";

/// @title UnorderedNonces
/// @notice Lets each signed statement count once, in any order.
abstract contract UnorderedNonces is IUnorderedNonces, SignedActions {
    using BitMaps for BitMaps.BitMap;

    /* STORAGE */

    mapping(address signer => BitMaps.BitMap nonces) private _nonces;

    /// @dev Who signed, as {SignedActions} answers, for once and in time. Numbers are counted by signer, so that nobody uses up another's.
    function _signerOnce(address expected, bytes32 statement, Signed calldata by) internal returns (address signer) {
        _checkDeadline(by.deadline);
        signer = _signerOf(expected, statement, by.signature);
        require(signer != address(0), InvalidSignature(expected));
        require(!isNonceUsed(signer, by.nonce), NonceTaken(signer, by.nonce));

        _nonces[signer].set(by.nonce);

        emit NonceUsed(signer, by.nonce);
    }

    /* VIEWS */

    /// @inheritdoc IUnorderedNonces
    function isNonceUsed(address signer, uint256 nonce) public view returns (bool) {
        return _nonces[signer].get(nonce);
    }
}
