// SPDX-License-Identifier: Apache-2.0
pragma solidity =0.8.30;

import {BitMaps} from "@openzeppelin/contracts/utils/structs/BitMaps.sol";
import {IUnorderedNonces} from "../../interfaces/IUnorderedNonces.sol";

/// @title UnorderedNonces
/// @notice Lets each signed statement count once, in any order.
abstract contract UnorderedNonces is IUnorderedNonces {
    using BitMaps for BitMaps.BitMap;

    /* STORAGE */

    mapping(address signer => BitMaps.BitMap nonces) private _nonces;

    /// @dev Reverts if the signer used the number; it is used from now on. Numbers are counted by signer, so that nobody uses up another's.
    function _useNonce(address signer, uint256 nonce) internal {
        require(!isNonceUsed(signer, nonce), NonceTaken(signer, nonce));

        _nonces[signer].set(nonce);

        emit NonceUsed(signer, nonce);
    }

    /* VIEWS */

    /// @inheritdoc IUnorderedNonces
    function isNonceUsed(address signer, uint256 nonce) public view returns (bool) {
        return _nonces[signer].get(nonce);
    }
}
